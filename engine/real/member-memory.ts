/**
 * What a member has promised, beside its records: one small file, written anew and made durable before anything that
 * depends on it is sent. It belongs to the node's identity, as the count of its boots does, and not to its data: whoever
 * loses the disk keeps the name.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceDurably } from "./durable-file";
import { rememberedFrom } from "../membership/remembered";

export class MemberMemory {
  private readonly file: string;

  constructor(private readonly directory: string) {
    this.file = join(directory, "membership.json");
  }

  /** What the last life wrote; undefined: nothing. @throws Error naming the file when it cannot be read, or is damaged. */
  read(): string | undefined {
    try {
      const text = readFileSync(this.file, "utf8");
      rememberedFrom(text);
      return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new Error(`${this.file}: ${(error as Error).message}`);
    }
  }

  /** Durable when it returns. */
  write(text: string): void {
    replaceDurably(this.directory, this.file, text);
  }
}
