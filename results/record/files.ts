/**
 * Writing that survives a crash: a file's bytes reach the disk before its name says that it is whole (write, fsync, then
 * rename, then fsync of the folder that holds the name). All of it synchronous: results are written between trials.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { partialName } from "./half-written";

/** Writes all of `content` and waits until it is on disk. */
export function writeDurably(file: string, content: string | Uint8Array): void {
  const descriptor = fs.openSync(file, "w");
  try {
    fs.writeFileSync(descriptor, content);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Appends one line, newline added, and waits until it is on disk. */
export function appendLineDurably(file: string, line: string): void {
  const descriptor = fs.openSync(file, "a");
  try {
    fs.writeSync(descriptor, line + "\n");
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** A file that is either the old one or the new one, whenever one looks; on disk `now`, or when the system gets to it. */
export function replaceFile(file: string, content: string | Uint8Array, onDisk: "now" | "soon" = "now"): void {
  const temporary = path.join(path.dirname(file), partialName(path.basename(file)));
  try {
    if (onDisk === "now") writeDurably(temporary, content);
    else fs.writeFileSync(temporary, content);
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  if (onDisk === "now") syncFolder(path.dirname(file));
}

/** A symbolic link that always leads somewhere, also while it is changed. */
export function replaceLink(link: string, target: string): void {
  const temporary = path.join(path.dirname(link), partialName(path.basename(link)));
  fs.rmSync(temporary, { force: true });
  fs.symlinkSync(target, temporary);
  fs.renameSync(temporary, link);
  syncFolder(path.dirname(link));
}

/** Makes renames and creations in `folder` durable, where the file system can. */
export function syncFolder(folder: string): void {
  let descriptor: number;
  try {
    descriptor = fs.openSync(folder, "r");
  } catch {
    return; // a platform that does not open folders
  }
  try {
    fs.fsyncSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** In hexadecimal; in pieces, because raw histories are long. */
export function sha256OfFile(file: string): string {
  const hash = createHash("sha256");
  const descriptor = fs.openSync(file, "r");
  try {
    const piece = Buffer.allocUnsafe(1 << 20);
    for (let read = fs.readSync(descriptor, piece); read > 0; read = fs.readSync(descriptor, piece))
      hash.update(piece.subarray(0, read));
  } finally {
    fs.closeSync(descriptor);
  }
  return hash.digest("hex");
}

/** All regular files below `folder`, relative, sorted; links and names that open with a dot are left out. */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  const visit = (relative: string): void => {
    for (const entry of fs.readdirSync(path.join(folder, relative), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const name = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) visit(name);
      else if (entry.isFile()) found.push(name);
    }
  };
  visit("");
  return found.sort();
}

/**
 * `mkdir -p`, one level at a time. Node's own recursive variant never returns where the system refuses a new folder with
 * ENOENT (below /proc, for one): it takes the parent for missing and tries for ever.
 */
export function makeFolders(folder: string): void {
  if (fs.existsSync(folder)) return;
  const parent = path.dirname(folder);
  if (parent !== folder) makeFolders(parent);
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    // Somebody else was quicker.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
