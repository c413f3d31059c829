/** What a notebook is called: its first heading, else the name of its file. */
import { basename } from "node:path";
import type { NotebookResult } from "./notebook-process";

export const EXTENSION = ".nb.ts";

export function titleOf({ cells, file }: Pick<NotebookResult, "cells" | "file">): string {
  for (const { cell } of cells) {
    const found = cell.kind === "markdown" ? /^# +(.+)$/m.exec(cell.source) : null;
    if (found !== null) return found[1].replace(/[*_`]/g, "").trim();
  }
  return stemOf(file);
}

/** `quorums` of `/somewhere/quorums.nb.ts`. */
export function stemOf(file: string): string {
  return basename(file).slice(0, -EXTENSION.length);
}
