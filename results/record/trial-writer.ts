/**
 * Writes one trial's folder. It is filled under a name of its own (`half-written.ts`) and renamed when every file is on disk, so
 * what has its final name is whole, whatever crashes. Trials are shared by the runs of an experiment: the same simulated trial made
 * once more is not put in the place of the one that is there, whose checksums earlier runs hold.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { csv } from "./csv";
import type { FaultLane, TrialFigures } from "./figures";
import { filesBelow, makeFolders, sha256OfFile, syncFolder, writeDurably } from "./files";
import { partialName, replacedName } from "./half-written";
import { HistoryWriter } from "./history-file";
import { isFolderName } from "./names";
import { writing } from "./results-not-writable";
import type { TrialRecord, TrialSummary } from "./run-folder";
import { storedTrial } from "./whole-trial";

/** One trial's folder while it is being filled. End it with `commit` or `abandon`. */
export class TrialWriter {
  private readonly partial: string;
  private readonly aside: string;
  private readonly final: string;
  private record: TrialRecord | undefined;

  constructor(trialsFolder: string, id: string) {
    this.partial = path.join(trialsFolder, partialName(id));
    this.aside = path.join(trialsFolder, replacedName(id));
    this.final = path.join(trialsFolder, id);
    writing(this.partial, () => {
      fs.rmSync(this.partial, { recursive: true, force: true });
      makeFolders(this.partial);
    });
  }

  /** Reaches the disk with `commit`, after all others, whose checksums it has. */
  writeRecord(record: TrialRecord): void {
    this.record = record;
  }

  writeSummary(summary: TrialSummary): void {
    this.write("summary.json", json(summary));
  }

  /** `figures.json`, `series.csv` of its intervals, and `events.jsonl` where something was done to the cluster. */
  writeFigures(figures: TrialFigures): void {
    this.write("figures.json", JSON.stringify(figures) + "\n");
    const events = faultEvents(figures.faults ?? []);
    if (events.length > 0) this.write("events.jsonl", events.map((event) => JSON.stringify(event) + "\n").join(""));
    const columns = Object.entries(figures.intervals.columns);
    this.write(
      "series.csv",
      csv(
        ["t_s", ...columns.map(([name]) => name)],
        figures.intervals.t.map((t, i) => [t, ...columns.map(([, values]) => values[i])]),
      ),
    );
  }

  writeLatencyLog(text: string): void {
    this.write("latency.hlog", text);
  }

  /** Where a {@link HistoryWriter} puts the raw history, in whatever thread it runs; close it before `commit`. */
  get historyFile(): string {
    return path.join(this.partial, "history.jsonl.gz");
  }

  /** Where traces of single windows go, in whatever thread they are written; before `commit`. */
  get samplesFolder(): string {
    return path.join(this.partial, "samples");
  }

  /** Raw history, kept for `keyFraction` of the keys; close it before `commit`. */
  history(keyFraction: number): HistoryWriter {
    return new HistoryWriter(this.historyFile, keyFraction);
  }

  write(name: string, content: string | Uint8Array): void {
    if (!isFolderName(name)) throw new RangeError(`"${name}" cannot be the name of a file`);
    try {
      writing(path.join(this.final, name), () => writeDurably(path.join(this.partial, name), content));
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /**
   * Gives the folder its final name. `kept`: the same simulated trial stands there already and stays, so that what earlier runs
   * say of it holds; `replaced`: another one stood there.
   */
  commit(): "new" | "kept" | "replaced" {
    if (this.record === undefined) throw new Error("a trial without its record is not whole");
    this.write("trial.json", json({ ...this.record, files: this.sums() }));
    return writing(this.final, () => {
      syncFolder(this.partial);
      const stored = storedTrial(this.final).kind;
      if (stored === "absent" && this.takeName()) return "new";
      // One that was damaged, its list of checksums included, would be damaged for every run to come.
      if (stored !== "damaged" && sameTrial(this.partial, this.final)) {
        this.abandon();
        return "kept";
      }
      fs.rmSync(this.aside, { recursive: true, force: true });
      fs.renameSync(this.final, this.aside);
      // Whoever is killed here finds the older one under its name again: see `half-written.ts`.
      fs.renameSync(this.partial, this.final);
      syncFolder(path.dirname(this.final));
      fs.rmSync(this.aside, { recursive: true, force: true });
      return "replaced";
    });
  }

  private sums(): NonNullable<TrialRecord["files"]> {
    return writing(this.final, () =>
      Object.fromEntries(
        filesBelow(this.partial).map((name) => {
          const file = path.join(this.partial, name);
          return [name, { bytes: fs.statSync(file).size, sha256: sha256OfFile(file) }];
        }),
      ),
    );
  }

  /** False: somebody else was quicker. */
  private takeName(): boolean {
    try {
      fs.renameSync(this.partial, this.final);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOTEMPTY" || code === "EEXIST") return false;
      throw error;
    }
    syncFolder(path.dirname(this.final));
    return true;
  }

  /** Leaves nothing behind. Never throws: it is called when something else has gone wrong. */
  abandon(): void {
    try {
      fs.rmSync(this.partial, { recursive: true, force: true });
    } catch {
      // It opens with a dot, so no reader takes it for a trial.
    }
  }
}

/**
 * Whether two executions of a simulated trial left the same: every byte, but for what a clock on the wall said, and for doubts,
 * which depend on what the experiment claims. Unreadable is not the same.
 */
function sameTrial(a: string, b: string): boolean {
  try {
    const names = filesBelow(a);
    if (names.join("\n") !== filesBelow(b).join("\n")) return false;
    return names.every((name) => {
      const [one, other] = [a, b].map((folder) => fs.readFileSync(path.join(folder, name)));
      if (one.equals(other)) return true;
      const timeless = TIMELESS[name];
      return timeless !== undefined && timeless(one) === timeless(other);
    });
  } catch {
    return false;
  }
}

const TIMELESS: Readonly<Record<string, (content: Buffer) => string>> = {
  "trial.json": (content) => {
    const { startedAt: _from, endedAt: _to, files: _files, simulation, ...rest } = parsed<TrialRecord>(content);
    if (rest.world !== "simulation") throw new Error("no two trials of processes are the same");
    return JSON.stringify({ ...rest, simulation: { ...simulation, wallSeconds: 0 } });
  },
  "summary.json": withoutDoubts,
  "figures.json": withoutDoubts,
};

function withoutDoubts(content: Buffer): string {
  return JSON.stringify({ ...parsed<{ readonly validity: unknown }>(content), validity: null });
}

function parsed<T>(content: Buffer): T {
  return JSON.parse(content.toString("utf8")) as T;
}

/** A line of `events.jsonl`: seconds from the start of the warm-up, when a fault really began or ended. */
export interface FaultEvent {
  readonly t_s: number;
  readonly event: "fault-begin" | "fault-end";
  readonly id: string;
  readonly kind: string;
  readonly what: string;
  /** At the end of an overload; over the whole trial, those that were answered later too. */
  readonly requests?: FaultLane["requests"];
}

/** In order of time; a fault that had not ended when the run did has no end. */
function faultEvents(lanes: readonly FaultLane[]): readonly FaultEvent[] {
  const events = lanes.flatMap(({ id, kind, what, fromS, toS, requests }): FaultEvent[] => [
    { t_s: fromS, event: "fault-begin", id, kind, what },
    ...(toS === null
      ? []
      : [{ t_s: toS, event: "fault-end", id, kind, what, ...(requests === undefined ? {} : { requests }) } as const]),
  ]);
  return events.sort((a, b) => a.t_s - b.t_s);
}

/** JSON for people too; NaN and infinities become null, as the schema says. */
function json(value: unknown): string {
  return JSON.stringify(value, null, 1) + "\n";
}
