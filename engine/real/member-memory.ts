/**
 * What a member has promised and what it knows to be said of buckets, beside its records: two small files, each written anew and
 * made durable before anything that depends on it is sent. They belong to the node's identity, as the count of its boots does,
 * and not to its data: whoever loses the disk keeps the name.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entriesFrom } from "../buckets/remembered";
import type { PersistSlot } from "../io";
import { replaceDurably } from "./durable-file";
import { rememberedFrom } from "../membership/remembered";

export class MemberMemory {
  constructor(private readonly directory: string) {}

  /** What the last life wrote; undefined: nothing. @throws Error naming the file when it cannot be read, or is damaged. */
  read(slot: PersistSlot): string | undefined {
    const file = this.fileOf(slot);
    try {
      const text = readFileSync(file, "utf8");
      if (slot === "membership") rememberedFrom(text);
      else entriesFrom(text);
      return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new Error(`${file}: ${(error as Error).message}`);
    }
  }

  /** Durable when it returns. */
  write(slot: PersistSlot, text: string): void {
    replaceDurably(this.directory, this.fileOf(slot), text);
  }

  private fileOf(slot: PersistSlot): string {
    return join(this.directory, `${slot}.json`);
  }
}
