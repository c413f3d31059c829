/**
 * Traces of operations on disk, for trials: read for one that follows a trace, written for one whose schedule is kept. A
 * trial that follows a trace is addressed by the trace's digest, so a file that has changed since the experiment was read
 * is refused; a run keeps a copy, by which it can be verified when the file is gone.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { replaceFile } from "../results/record/files";
import { ScheduleRecorder } from "../workloads/mixes/schedule-recorder";
import type { TraceForm } from "../workloads/mixes/trace-lines";
import type { Workload } from "../workloads/operation";
import type { TraceSettings, WorkloadSettings } from "../workloads/settings";
import { TrialFailed } from "./trial";

/** The last one read: cells of a sweep follow the same. */
let latest: { readonly sha256: string; readonly text: string } | undefined;

/** The same settings with what is in the file. Throws {@link TrialFailed} when it is not there or is another one now. */
export function withRecorded(settings: WorkloadSettings): WorkloadSettings {
  const { mixture } = settings;
  if (mixture?.name !== "trace") return settings;
  return { ...settings, mixture: { ...mixture, text: textOf(mixture) } };
}

function textOf({ path, sha256 }: TraceSettings): string {
  if (latest?.sha256 === sha256) return latest.text;
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new TrialFailed(`${path}: the trace cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
  if (createHash("sha256").update(bytes).digest("hex") !== sha256)
    throw new TrialFailed(`${path}: the trace is not the one that the experiment was made with; run it anew`);
  latest = { sha256, text: bytes.toString("utf8") };
  return latest.text;
}

/** Where a run's folder keeps the trace of a cell. */
function keptName({ sha256, form }: TraceSettings): string {
  return `provenance/operations-${sha256.slice(0, 12)}.${form}`;
}

/** Files that a run keeps, so that its trials can be run again: names below its folder, and what is in them. */
export function tracesToKeep(
  cells: readonly { readonly workload: WorkloadSettings }[],
): ReadonlyMap<string, Uint8Array> {
  const kept = new Map<string, Uint8Array>();
  for (const { workload } of cells) {
    const { mixture } = workload;
    if (mixture?.name !== "trace" || kept.has(keptName(mixture))) continue;
    kept.set(keptName(mixture), Buffer.from(textOf(mixture)));
  }
  return kept;
}

/** The settings of a stored run's cell, its trace taken from the run's folder if that has it. */
export function fromFolder(folder: string, settings: WorkloadSettings): WorkloadSettings {
  const { mixture } = settings;
  if (mixture?.name !== "trace") return settings;
  const path = join(folder, keptName(mixture));
  return existsSync(path) ? { ...settings, mixture: { ...mixture, path } } : settings;
}

/** Undefined for a file that is neither .jsonl nor .csv. */
export function traceFormOf(file: string): TraceForm | undefined {
  const kind = extname(file).toLowerCase();
  return kind === ".jsonl" ? "jsonl" : kind === ".csv" ? "csv" : undefined;
}

/** Keeps the schedule of one trial. */
export class ScheduleFile {
  private readonly recorder: ScheduleRecorder;

  constructor(
    private readonly file: string,
    { bucket, mixture, load }: WorkloadSettings,
  ) {
    const model = mixture?.name === "trace" ? mixture.recordedModel : load.model;
    const header = { bucket, ...(model === undefined ? {} : { model }), clients: load.clients };
    this.recorder = new ScheduleRecorder(header, traceFormOf(file) ?? "jsonl");
  }

  watch(workload: Workload): Workload {
    workload.due = (due) => this.recorder.due(due);
    return workload;
  }

  /** Throws {@link TrialFailed} where there was more than can be kept. */
  write(): void {
    const { leftOut } = this.recorder;
    if (leftOut > 0)
      throw new TrialFailed(
        `${this.file}: ${leftOut} operations more were due than a trace can hold; record a shorter trial`,
      );
    replaceFile(this.file, [...this.recorder.pieces()].join(""));
  }
}
