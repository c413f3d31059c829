/**
 * What an export is: files made from a stored run for programs that are not ours, piece by piece, so that a history of
 * ten million operations never stands in memory. A format knows names and contents and nothing of disks; writing is
 * the business of `export-files.ts`. Numbers are those of the run's summaries, digit for digit: an export that rounds, or
 * gives a metric another unit, is a second truth.
 */
import * as path from "node:path";
import { isFolderName } from "../record/names";
import type { AxisValues, CellSummary, LoadedRun } from "../record/run-folder";
import { countedTrials } from "../statistics/summarise";

/** What the run cannot give, or was not asked for rightly: a sentence for a person. */
export class ExportRefused extends Error {
  override readonly name = "ExportRefused";
}

export type Piece = string | Uint8Array;

export interface ExportFile {
  /** Relative, folders divided by `/`; each part is a plain name. */
  readonly name: string;
  /** Not for a terminal or a pipe of text. */
  readonly binary?: boolean;
  readonly executable?: boolean;
  /** From the beginning, each time it is called. */
  pieces(): Iterable<Piece> | AsyncIterable<Piece>;
}

export interface ExportPlan {
  readonly files: readonly ExportFile[];
  /** What a reader must know: what is missing, what was put together. */
  readonly notes: readonly string[];
}

export interface ExportRequest {
  /** Narrowed to the cells and trials asked for. */
  readonly run: LoadedRun;
  /** One trial was asked for: what is summed up over repetitions is left out. */
  readonly oneTrial: boolean;
  /** A file for each trial where the format would put a cell's repetitions together. */
  readonly eachTrial: boolean;
  /** Of histograms. */
  readonly operation: string;
  readonly outcome: string;
  readonly basis: string;
}

export interface ExportFormat {
  readonly name: string;
  /** For the list of formats and the help. */
  readonly title: string;
  plan(request: ExportRequest): ExportPlan | Promise<ExportPlan>;
}

export type Trial = LoadedRun["trials"][number];

/** Where a trial's file stands, if it has it. Ids come from files that anyone may have written. */
export function trialFile(run: LoadedRun, { record }: Trial, ...names: readonly string[]): string {
  if (!isFolderName(record.id))
    throw new ExportRefused(`"${record.id}" cannot be the name of a trial's folder; the run's files are damaged`);
  return path.join(path.dirname(run.folder), "trials", record.id, ...names);
}

/** `text` as a part of a file's name; refuses what leads elsewhere. */
export function fileName(text: string): string {
  if (/[/\\]|\.\./.test(text) || text.includes("\0"))
    throw new ExportRefused(`"${text}" cannot be part of a file's name: it would lead out of the folder`);
  const name = text.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^\.+/, "");
  if (!isFolderName(name)) throw new ExportRefused(`"${text}" cannot be part of a file's name`);
  return name;
}

/** The axes of a run but the world, which has a column of its own everywhere. */
export function axesOf(run: LoadedRun): readonly string[] {
  return run.manifest.axes.filter((axis) => axis !== "world");
}

/** Cells with the trials that their numbers are made from: the sound ones, or all where none is. */
export function trialsByCell(
  run: LoadedRun,
): readonly { readonly cell: CellSummary; readonly trials: readonly Trial[] }[] {
  return run.cells.map((cell) => {
    const ofCell = run.trials.filter(({ record }) => record.cell === cell.id && record.outcome === "done");
    const sound = countedTrials(ofCell);
    return { cell, trials: sound.length > 0 ? sound : ofCell };
  });
}

/** `r=1 w=1`, for comments in files. */
export function axesInWords(axes: AxisValues): string {
  return Object.entries(axes)
    .map(([axis, value]) => `${axis}=${String(value)}`)
    .join(" ")
    .replaceAll(/[\r\n]+/g, " ");
}
