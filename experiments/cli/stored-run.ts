/**
 * The way from a command to a stored run: the reader of run folders and the two reports, loaded when they are needed.
 * A folder that is no run, or a damaged one, is the person's problem and not ours: one line, no trace.
 */
import type { LoadedRun } from "../../results/record/run-folder";
import { UserError } from "./user-error";

interface Reader {
  readonly loadRun: (folder: string) => LoadedRun;
}
interface TerminalReport {
  readonly renderTerminal: (run: LoadedRun, options: { readonly color: boolean; readonly columns: number }) => string;
}

export function loadRunAt(folder: string): LoadedRun {
  const { loadRun } = require("../../results/record/reader") as Reader;
  try {
    return loadRun(folder);
  } catch (error) {
    throw new UserError(
      `${folder}: cannot be read as a run: ${error instanceof Error ? error.message : String(error)}`,
      3,
    );
  }
}

/** Ends with a line break. */
export function terminalReport(run: LoadedRun, color: boolean, columns: number): string {
  const { renderTerminal } = require("../../results/reports/terminal") as TerminalReport;
  const text = renderTerminal(run, { color, columns });
  return text.endsWith("\n") ? text : `${text}\n`;
}
