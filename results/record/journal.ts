/**
 * `journal.jsonl`: what happened to each trial of a run, a line an event, on disk before the runner goes on. It is what
 * `resume` reads after a crash, so a torn last line is expected and skipped.
 */
import * as fs from "node:fs";
import { appendLineDurably } from "./files";
import { writing } from "./results-not-writable";

export type JournalEvent = "planned" | "started" | "done" | "reused" | "failed" | "interrupted" | "resumed" | "stopped";

export interface JournalEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly event: JournalEvent;
  /** Trial id; absent when the whole run is meant. */
  readonly trial?: string;
  readonly cell?: string;
  readonly repetition?: number;
  /** For failures, and where the run stopped itself: one sentence. */
  readonly reason?: string;
}

export class Journal {
  private mended = false;

  constructor(readonly file: string) {}

  append(entry: JournalEntry): void {
    writing(this.file, () => {
      if (!this.mended && endsTorn(this.file)) fs.appendFileSync(this.file, "\n");
      this.mended = true;
      appendLineDurably(this.file, JSON.stringify(entry));
    });
  }
}

/** A crash may have left half a line; the next entry must not become its other half. */
function endsTorn(file: string): boolean {
  if (!fs.existsSync(file)) return false;
  const content = fs.readFileSync(file);
  return content.length > 0 && content[content.length - 1] !== 0x0a;
}

/** Entries in order; lines that are not entries (torn by a crash) are left out. A missing file has none. */
export function readJournal(file: string): JournalEntry[] {
  if (!fs.existsSync(file)) return [];
  const entries: JournalEntry[] = [];
  for (const line of fs.readFileSync(file, "utf8").split("\n")) {
    try {
      const entry = JSON.parse(line) as JournalEntry | null;
      if (entry !== null && typeof entry === "object" && typeof entry.event === "string") entries.push(entry);
    } catch {
      continue;
    }
  }
  return entries;
}

/** What became of a trial in the end; one that was only started was cut off. */
export type TrialEnd = "done" | "reused" | "failed";

export interface JournalAccount {
  /** Trials that ended, each by its last end. */
  readonly ends: ReadonlyMap<string, TrialEnd>;
  /** Trials that this run began. */
  readonly started: ReadonlySet<string>;
  /** What its sittings took, each from its first to its last entry: whoever is killed cannot say when. */
  readonly wallMs: number;
}

const ENDS: ReadonlySet<string> = new Set<TrialEnd>(["done", "reused", "failed"]);

export function accountOf(entries: readonly JournalEntry[]): JournalAccount {
  const ends = new Map<string, TrialEnd>();
  const started = new Set<string>();
  let wallMs = 0;
  let last: number | undefined;
  for (const { at, event, trial } of entries) {
    const time = Date.parse(at);
    if (last !== undefined && event !== "resumed") wallMs += Math.max(0, time - last) || 0;
    if (Number.isFinite(time)) last = time;
    if (trial === undefined) continue;
    if (event === "started") started.add(trial);
    // Under way again: what it came to before no longer counts.
    if (event === "started") ends.delete(trial);
    if (ENDS.has(event)) ends.set(trial, event as TrialEnd);
  }
  return { ends, started, wallMs };
}
