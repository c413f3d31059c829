/**
 * Exports on disk: all files are filled under names that open with a dot and get their own names together at the end, so
 * whoever finds a file finds a whole one, and a full disk or an interrupt leaves nothing that looks finished. What is there
 * already is not replaced unless that was asked for.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { makeFolders, syncFolder } from "../record/files";
import { partialName } from "../record/half-written";
import { isFolderName } from "../record/names";
import { writing } from "../record/results-not-writable";
import { ExportRefused, type ExportFile, type Piece } from "./format";

export interface WriteOptions {
  /** Replace files that are there. */
  readonly force: boolean;
  /** Looked at between pieces; what was begun is removed. */
  readonly signal?: AbortSignal;
}

/** Name on disk and bytes of each file. */
export type Written = readonly { readonly path: string; readonly bytes: number }[];

/** One file under a name of the caller's choice. Throws ExportRefused, ResultsNotWritable. */
export async function writeExportFile(file: ExportFile, target: string, options: WriteOptions): Promise<Written> {
  return writeAll([{ file, target }], options);
}

/** Files below a folder, which is made. Throws ExportRefused, ResultsNotWritable. */
export async function writeExportFolder(
  files: readonly ExportFile[],
  folder: string,
  options: WriteOptions,
): Promise<Written> {
  const targets = files.map((file) => ({ file, target: path.join(folder, ...partsOf(file.name)) }));
  const twice = targets.find(({ target }, i) => targets.findIndex((other) => other.target === target) !== i);
  if (twice !== undefined) throw new ExportRefused(`two files of this export would be called ${twice.file.name}`);
  return writeAll(targets, options);
}

function partsOf(name: string): readonly string[] {
  const parts = name.split("/");
  const wrong = parts.find((part) => !isFolderName(part));
  if (wrong !== undefined) throw new ExportRefused(`"${name}" is no name for a file of an export`);
  return parts;
}

async function writeAll(
  targets: readonly { readonly file: ExportFile; readonly target: string }[],
  { force, signal }: WriteOptions,
): Promise<Written> {
  for (const { target } of targets) {
    const found = fs.statSync(target, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) throw new ExportRefused(`${target} is a folder`);
    if (found !== undefined && !force) throw new ExportRefused(`${target} is there already; --force replaces it`);
  }
  const partials: string[] = [];
  try {
    const sizes: number[] = [];
    for (const { file, target } of targets) {
      const partial = path.join(path.dirname(target), partialName(path.basename(target)));
      writing(target, () => makeFolders(path.dirname(target)));
      partials.push(partial);
      sizes.push(await fill(partial, target, file, signal));
    }
    for (const [i, { target }] of targets.entries()) writing(target, () => fs.renameSync(partials[i], target));
    for (const folder of new Set(targets.map(({ target }) => path.dirname(target)))) syncFolder(folder);
    return targets.map(({ target }, i) => ({ path: target, bytes: sizes[i] }));
  } finally {
    for (const partial of partials) fs.rmSync(partial, { force: true });
  }
}

async function fill(partial: string, target: string, file: ExportFile, signal?: AbortSignal): Promise<number> {
  const descriptor = writing(target, () => fs.openSync(partial, "w", file.executable === true ? 0o755 : 0o644));
  let bytes = 0;
  try {
    for await (const piece of file.pieces() as AsyncIterable<Piece>) {
      signal?.throwIfAborted();
      const buffer = typeof piece === "string" ? Buffer.from(piece) : piece;
      for (let at = 0; at < buffer.length;)
        at += writing(target, () => fs.writeSync(descriptor, buffer, at, buffer.length - at));
      bytes += buffer.length;
    }
    writing(target, () => fs.fsyncSync(descriptor));
  } finally {
    fs.closeSync(descriptor);
  }
  return bytes;
}
