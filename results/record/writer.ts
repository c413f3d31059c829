/**
 * Writes a run to disk (`run-folder.ts` has the layout): every file replaced as a whole, trials by `trial-writer.ts`. The operating
 * system's refusals become ResultsNotWritable; what was begun is removed.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { csv, type CsvField } from "./csv";
import {
  appendLineDurably,
  filesBelow,
  makeFolders,
  replaceFile,
  replaceLink,
  sha256OfFile,
  syncFolder,
  writeDurably,
} from "./files";
import { sweepHalfWritten } from "./half-written";
import { Journal } from "./journal";
import { isFolderName, RESERVED_NAMES } from "./names";
import { ResultsNotWritable, writing } from "./results-not-writable";
import { SUMMARIES_LEGEND } from "./summaries-legend";
import type { CellSummary, ComparisonRow, RunManifest } from "./run-folder";
import { TrialWriter } from "./trial-writer";

export interface RunPlace {
  /** `results/runs`, or what -o says. */
  readonly root: string;
  readonly experiment: string;
  readonly run: string;
}

/** A line of `plan.jsonl`. */
export interface PlannedTrial {
  readonly trial: string;
  readonly cell: string;
  readonly repetition: number;
  readonly seed: number;
}

/** A line of `<root>/index.jsonl`, the catalogue of all runs. */
export interface IndexEntry {
  readonly schema: "quorumlab/index@1";
  readonly experiment: string;
  readonly run: string;
  readonly startedAt: string;
  readonly status: RunManifest["status"];
  readonly profile: string;
  readonly title: string;
  readonly validity: "valid" | "doubtful" | "invalid";
  readonly cells: number;
  readonly trials: number;
  /** Relative to the root; null when there is none. */
  readonly report: string | null;
  readonly note: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Of its objectives; lines of before these fields, and runs without any, have none. */
  readonly verdict?: "pass" | "fail" | "inconclusive";
  readonly worlds?: RunManifest["worlds"];
}

export class RunWriter {
  /** The run's folder. */
  readonly folder: string;
  readonly journal: Journal;
  /** Of the experiment. */
  readonly trialsFolder: string;

  /** Creates the folders, or opens those of a run that is resumed. */
  constructor(private readonly place: RunPlace) {
    for (const name of [place.experiment, place.run])
      if (!isFolderName(name)) throw new RangeError(`"${name}" cannot be the name of a folder`);
    if (RESERVED_NAMES.has(place.run)) throw new RangeError(`"${place.run}" cannot be the name of a run`);
    this.folder = path.join(place.root, place.experiment, place.run);
    this.trialsFolder = path.join(place.root, place.experiment, "trials");
    writing(this.folder, () => {
      makeFolders(this.trialsFolder);
      makeFolders(path.join(this.folder, "summaries"));
      // Before anything is measured: a folder that exists may still be read-only.
      writeDurably(path.join(this.folder, ".writable"), "");
      fs.rmSync(path.join(this.folder, ".writable"));
      syncFolder(path.join(place.root, place.experiment));
    });
    this.journal = new Journal(path.join(this.folder, "journal.jsonl"));
  }

  /** Takes away what processes that were killed left half written: for this run, its experiment, and the catalogue. */
  sweep(): void {
    for (const folder of [this.place.root, path.dirname(this.folder), this.trialsFolder]) sweepHalfWritten(folder);
    sweepHalfWritten(this.folder);
    for (const name of ["summaries", "report", "report/figures", "provenance"])
      sweepHalfWritten(path.join(this.folder, name));
  }

  /** Removes a file of the run's folder, if it is there. */
  remove(name: string): void {
    const file = path.join(this.folder, ...name.split("/"));
    writing(file, () => fs.rmSync(file, { force: true }));
  }

  /** Where a whole trial stands. */
  trialFolder(id: string): string {
    return path.join(this.trialsFolder, id);
  }

  /** What a whole trial takes on disk. */
  trialBytes(id: string): number {
    const folder = this.trialFolder(id);
    return filesBelow(folder).reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0);
  }

  /** Begins a trial's folder, which nobody sees before `commit`. */
  trial(id: string): TrialWriter {
    if (!isFolderName(id)) throw new RangeError(`"${id}" cannot be the name of a folder`);
    return new TrialWriter(this.trialsFolder, id);
  }

  /** Replaces `manifest.json`; call it when the run begins and when it ends. */
  writeManifest(manifest: RunManifest): void {
    this.write("manifest.json", json(manifest));
  }

  writePlan(trials: readonly PlannedTrial[]): void {
    this.write("plan.jsonl", trials.map((trial) => JSON.stringify(trial) + "\n").join(""));
  }

  /** `trials.txt`: the trials that this run consists of. */
  writeTrialIds(ids: readonly string[]): void {
    this.write("trials.txt", ids.map((id) => id + "\n").join(""));
  }

  /** What reports read back; the CSV files beside them say the same to other programs, and a legend says it of their columns. */
  writeSummaries(cells: readonly CellSummary[], comparisons: readonly ComparisonRow[]): void {
    this.write("summaries/README.txt", SUMMARIES_LEGEND);
    this.write("summaries/cells.json", json({ schema: "quorumlab/cells@1", cells }));
    this.write("summaries/comparisons.json", json({ schema: "quorumlab/comparisons@1", comparisons }));
  }

  writeTable(name: string, header: readonly string[], rows: Iterable<readonly CsvField[]>): void {
    this.write(`summaries/${name}.csv`, csv(header, rows));
  }

  /**
   * Any file of the run's folder by relative name, replaced as a whole (`experiment.yaml`, `report/index.html`). A report is hundreds of
   * files that can be made again: for those it does not wait until they are on disk.
   */
  write(name: string, content: string | Uint8Array): void {
    const parts = name.split("/");
    const file = path.join(this.folder, ...parts);
    // A folder of the run that is a link would carry what is written out of the results.
    const parent = path.join(this.folder, parts[0]);
    if (parts.length > 1 && fs.lstatSync(parent, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new ResultsNotWritable(
        `cannot write results to ${parent}: it is a link, which is not followed`,
        parent,
        "ELOOP",
      );
    writing(file, () => {
      makeFolders(path.dirname(file));
      replaceFile(file, content, name.startsWith("report/") ? "soon" : "now");
    });
  }

  /** Points `latest` of the experiment and of the root at this run. Where links cannot be made, readers use the names' order. */
  linkLatest(): void {
    writing(this.folder, () => {
      try {
        replaceLink(path.join(this.place.root, this.place.experiment, "latest"), this.place.run);
        replaceLink(path.join(this.place.root, "latest"), `${this.place.experiment}/${this.place.run}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
      }
    });
  }

  /** Appends to `index.jsonl` and replaces `index.html` by what `page` makes of all its entries, newest last. */
  appendIndex(entry: IndexEntry, page: (entries: readonly IndexEntry[]) => string): void {
    const file = path.join(this.place.root, "index.jsonl");
    writing(file, () => {
      appendLineDurably(file, JSON.stringify(entry));
      replaceFile(path.join(this.place.root, "index.html"), page(readIndex(file)));
    });
  }

  /** `SHA256SUMS` over the run's files and those of its trials; `sha256sum -c` reads it. Write it last. */
  writeChecksums(trialIds: readonly string[]): void {
    const names = [
      ...filesBelow(this.folder).filter((name) => name !== "SHA256SUMS"),
      ...trialIds.flatMap((id) =>
        filesBelow(path.join(this.trialsFolder, id)).map((name) => `../trials/${id}/${name}`),
      ),
    ];
    const lines = names.map((name) => `${sha256OfFile(path.join(this.folder, name))}  ${name}\n`);
    this.write("SHA256SUMS", lines.join(""));
  }
}

/** Entries of `index.jsonl` that are whole and of this schema, the latest of a bounded number. */
function readIndex(file: string): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  for (const line of fs
    .readFileSync(file, "utf8")
    .split("\n")
    .slice(-MAX_INDEXED - 1)) {
    try {
      const entry = JSON.parse(line) as Partial<IndexEntry> | null;
      if (entry?.schema === "quorumlab/index@1" && typeof entry.cells === "number") entries.push(entry as IndexEntry);
    } catch {
      continue;
    }
  }
  // Of a run that was resumed, what it came to in the end.
  return [...new Map(entries.map((entry) => [`${entry.experiment}/${entry.run}`, entry])).values()];
}

/** Runs that the page of runs lists. */
const MAX_INDEXED = 500;

/** JSON for people too; NaN and infinities become null, as the schema says. */
function json(value: unknown): string {
  return JSON.stringify(value, null, 1) + "\n";
}
