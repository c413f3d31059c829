/**
 * `extends: ./base.yaml`: a file that says only in what it differs from another. The base (which may extend a further one)
 * is read with its own places, so that a mistake in it is told by its name and line, and what goes wrong on the way to it
 * (no such file, a circle, too many steps) is told at the line that says `extends`. Merged as profiles are: maps key by key,
 * lists and values that are one whole replaced, items of lists by their id, an empty value takes a key away.
 *
 * `name` is not inherited. Two experiments under one name would share a folder of results, and `compare` would take
 * runs of one for runs of the other.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, normalize, resolve } from "node:path";
import { nearest } from "../../engine/vocabulary/nearest";
import { printWritten } from "../../engine/vocabulary/value-kinds";
import { catalogueFile, catalogueNames } from "../catalogue";
import { MAX_FILE_BYTES, readDocument } from "./document";
import { removeAt, withOrigin, written, type Located, type LocatedMap } from "./located";
import { layFile } from "./overlay";
import type { Problems } from "./problems";

/** Files above one another; more is a way to hide what an experiment says. */
const MOST_BASES = 8;

/** A file as it is shown, with its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a file and its bases say together, one step for each of them. */
export interface ExtendedFile {
  /** The farthest base first, the file itself last; each tree is what is said up to there. */
  readonly steps: readonly { readonly path: string; readonly tree: LocatedMap }[];
  /** The nearest first. */
  readonly bases: readonly SourceFile[];
}

/** Undefined after telling why the file, or one of its bases, cannot be read. */
export function readExtended(file: SourceFile, problems: Problems): ExtendedFile | undefined {
  return readOne(file, [{ shown: file.path, real: realOf(resolve(file.path)) }], problems);
}

interface Link {
  readonly shown: string;
  readonly real: string;
}

function readOne(file: SourceFile, chain: readonly Link[], problems: Problems): ExtendedFile | undefined {
  const read = readDocument(file.text, file.path, problems);
  if (read === undefined) return undefined;
  const own = chain.length === 1 ? read : (withOrigin(read, "extends") as LocatedMap);
  const node = own.entries.get("extends")?.node;
  if (node === undefined) return { steps: [{ path: file.path, tree: own }], bases: [] };
  const found = locate(node, file.path, chain);
  if (!found.ok) {
    problems.error(node.at, found.message, found.suggestion);
    return undefined;
  }
  const { shown, real, text } = found;
  const base = readOne({ path: shown, text }, [...chain, { shown, real }], problems);
  if (base === undefined) return undefined;
  const below = removeAt(base.steps[base.steps.length - 1].tree, ["name"]);
  const tree = layFile(below, removeAt(own, ["extends"]), problems);
  return {
    steps: [...base.steps, { path: file.path, tree: { ...tree, at: own.at } }],
    bases: [{ path: shown, text }, ...base.bases],
  };
}

type Found =
  | { readonly ok: true; readonly shown: string; readonly real: string; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly suggestion?: string };

function locate(node: Located, from: string, chain: readonly Link[]): Found {
  const no = (message: string, suggestion?: string): Found => ({
    ok: false,
    message: `extends ${message}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
  const typed = node.kind === "scalar" && typeof node.value === "string" ? node.value.trim() : "";
  if (typed === "") {
    const value = printWritten(written(node));
    return no(`is ${value}; it names one file beside this one, such as ./base.yaml, or an experiment of the catalogue`);
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(typed)) return no(`is "${typed}"; a base is a file, nothing is fetched`);
  const beside = isAbsolute(typed) ? typed : join(dirname(from), typed);
  const ofCatalogue = /^[\w-]+$/.test(typed) && !existsSync(beside) && catalogueNames().includes(typed);
  const shown = normalize(ofCatalogue ? catalogueFile(typed) : beside);
  const real = realOf(resolve(shown));
  if (chain.some((link) => link.real === real)) {
    const names = [...chain.slice(chain.findIndex((link) => link.real === real)).map((link) => link.shown), shown];
    return no(`goes in a circle: ${names.join(" → ")}`);
  }
  if (chain.length > MOST_BASES) {
    return no(`goes through more than ${MOST_BASES} files: ${[...chain.map((link) => link.shown), shown].join(" → ")}`);
  }
  const read = textOf(shown);
  if (read.ok) return { ok: true, shown, real, text: read.text };
  const near = read.missing === true ? nearTo(shown, typed) : undefined;
  return no(`"${typed}": ${read.message}${near === undefined ? "" : `; did you mean "${near}"?`}`, near);
}

type Read =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly missing?: boolean };

function textOf(path: string): Read {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const missing = code === "ENOENT" || code === "ENOTDIR";
    return { ok: false, message: missing ? `there is no file ${path}` : `${path} cannot be read (${code})`, missing };
  }
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) return { ok: false, message: `${path} is a folder` };
    if (!status.isFile()) return { ok: false, message: `${path} is no regular file` };
    if (status.size > MAX_FILE_BYTES)
      return { ok: false, message: `${path} has ${status.size} bytes; allowed: at most ${MAX_FILE_BYTES}` };
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(descriptor)) };
  } catch {
    return { ok: false, message: `${path} is not text in UTF-8` };
  } finally {
    closeSync(descriptor);
  }
}

/** Files are the same when their real paths are, whatever links lead there. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** A file beside the missing one, or an experiment of the catalogue, of nearly that name. */
function nearTo(path: string, typed: string): string | undefined {
  const folder = dirname(path);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)) : [];
  const near = nearest(basename(path), names);
  if (near !== undefined) return typed.slice(0, typed.length - basename(typed).length) + near;
  return nearest(typed, catalogueNames());
}
