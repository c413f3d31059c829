/**
 * A small file that is either the old one or the new one, whenever the machine stops: written beside, synced, put in its
 * place, and the folder synced, or the new name could be lost with the power though the bytes were not. What a node must
 * not forget, the count of its boots and what it has promised as a member, is kept this way.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";

/** Durable when it returns. `file` lies in `directory`. */
export function replaceDurably(directory: string, file: string, text: string): void {
  const temporary = `${file}.new`;
  const descriptor = openSync(temporary, "w");
  try {
    writeSync(descriptor, text);
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
}
