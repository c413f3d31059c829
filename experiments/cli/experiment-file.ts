/**
 * From what was typed to the text of an experiment: the file, or a name of the catalogue. Each way this can go wrong
 * (missing, a folder, huge, no text) has its own message, because "ENOENT" is not advice.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { nearest } from "../../engine/vocabulary/nearest";
import { catalogueFile, catalogueFolder, catalogueNames } from "../catalogue";
import type { Io } from "./io";
import { UserError } from "./user-error";

const MAX_BYTES = 1_048_576;

export interface ExperimentFile {
  /** As it is shown: relative to the working folder where it lies below it. */
  readonly path: string;
  readonly text: string;
}

/** Throws {@link UserError}. */
export function readExperimentFile(typed: string, io: Io): ExperimentFile {
  const path = locate(typed, io);
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "ENOENT" || code === "ENOTDIR") throw new UserError(`${typed}: no such file${suggestion(typed, io)}`);
    if (code === "EACCES") throw new UserError(`${typed}: permission denied; check who may read it`);
    throw new UserError(`${typed}: cannot be read (${code})`);
  }
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw new UserError(`${typed}: is a folder; name a file in it${experimentsIn(path)}`);
    if (!status.isFile()) throw new UserError(`${typed}: is no regular file`);
    if (status.size > MAX_BYTES)
      throw new UserError(`${typed}: has ${status.size} bytes; an experiment has at most ${MAX_BYTES}`);
    return { path: shownPath(path, io), text: decode(readFileSync(descriptor), typed) };
  } finally {
    closeSync(descriptor);
  }
}

/** A path for people and for copying: relative below the working folder, else absolute. */
export function shownPath(path: string, io: Io): string {
  const absolute = resolve(io.cwd, path);
  const short = relative(io.cwd, absolute);
  return short !== "" && !short.startsWith(`..${sep}`) && short !== ".." && !isAbsolute(short) ? short : absolute;
}

function locate(typed: string, io: Io): string {
  const path = resolve(io.cwd, typed);
  const bare = /^[\w-]+$/.test(typed);
  if (bare && !existsSync(path) && catalogueNames().includes(typed)) return catalogueFile(typed);
  return path;
}

function decode(bytes: Uint8Array, typed: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Told below, as any other bytes that are no text.
  }
  throw new UserError(`${typed}: is not text; an experiment is a YAML file in UTF-8`);
}

function suggestion(typed: string, io: Io): string {
  const wanted = basename(typed);
  const folder = dirname(resolve(io.cwd, typed));
  const beside = existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder).filter(isExperiment) : [];
  const near = nearest(wanted, beside);
  if (near !== undefined) return `; did you mean ${shownPath(join(folder, near), io)}?`;
  const ready = nearest(wanted.replace(/\.ya?ml$/, ""), catalogueNames());
  if (ready !== undefined) return `; did you mean ${shownPath(join(catalogueFolder(), `${ready}.yaml`), io)}?`;
  return "; quorumlab list experiments shows the ready ones";
}

function experimentsIn(folder: string): string {
  const found = readdirSync(folder).filter(isExperiment);
  return found.length === 0 ? "" : `, such as ${join(basename(folder), found.sort()[0])}`;
}

function isExperiment(name: string): boolean {
  return /\.ya?ml$/.test(name);
}
