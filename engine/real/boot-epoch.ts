/**
 * The durable count of a node's boots. It is part of every dot the node mints: whatever a crash made it forget, the
 * next boot writes under another name, so no dot ever stands for two writes. Written before the node answers anybody.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MAX_EPOCH } from "../clocks/clock";
import { replaceDurably } from "./durable-file";

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
  replaceDurably(directory, file, `${String(epoch)}\n`);
  return epoch;
}
