/**
 * The durable count of a node's boots. It is part of every dot the node mints: whatever a crash made it forget, the
 * next boot writes under another name, so no dot ever stands for two writes. Written before the node answers anybody.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { MAX_EPOCH } from "../clocks/clock";

/** The epoch of this boot: one more than any earlier boot of this directory. Throws when it cannot be made durable. */
export function nextBootEpoch(directory: string): number {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "boot-epoch");
  let previous = 0;
  try {
    const text = readFileSync(file, "utf8").trim();
    previous = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(previous)) throw new Error(`is damaged: "${text.slice(0, 40)}"`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw new Error(`${file}: ${(error as Error).message}`);
  }
  const epoch = previous + 1;
  if (epoch >= MAX_EPOCH) throw new Error(`${file}: ${String(epoch)} exceeds ${String(MAX_EPOCH)}`);
  const temporary = `${file}.new`;
  const descriptor = openSync(temporary, "w");
  try {
    writeSync(descriptor, `${String(epoch)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
  const folder = openSync(directory, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return epoch;
}
