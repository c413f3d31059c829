/**
 * The way from a command to a stored run: the reader of run folders and the two reports, loaded when they are needed.
 * A folder that is no run, or a damaged one, is the person's problem and not ours: one line, no trace.
 */
import type { LoadedRun } from "../../results/record/run-folder";
import { UserError } from "./user-error";

/** `folder` holds a run. Throws {@link UserError}. */
export function loadRunAt(folder: string): LoadedRun {
  const { loadRun } = require("../../results/record/reader") as typeof import("../../results/record/reader");
  try {
    return loadRun(folder);
  } catch (error) {
    if (error instanceof Error && error.name === "RunNotReadable") throw new UserError(error.message);
    throw error;
  }
}

/** Ends with a line break. */
export function terminalReport(run: LoadedRun, color: boolean, columns: number): string {
  const { renderTerminal } =
    require("../../results/reports/terminal") as typeof import("../../results/reports/terminal");
  const text = renderTerminal(run, { color, columns });
  return text.endsWith("\n") ? text : `${text}\n`;
}
