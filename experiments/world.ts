/**
 * Carries out one trial in the world that its cell names, and keeps its raw history if that is wanted. It runs on the main
 * thread or, for simulations, on a worker's: the trial cannot tell.
 */
import { join } from "node:path";
import { formatDuration } from "../engine/vocabulary/quantities";
import { DEFAULT_TARGET, recordOfTarget, TARGETS } from "../results/record/capabilities";
import { figuresSeen } from "../results/record/figures-seen";
import { makeFolders } from "../results/record/files";
import { HistoryWriter } from "../results/record/history-file";
import { metricsSeen } from "../results/record/metrics";
import { writeTrace } from "../results/record/trace-file";
import { runOnOtherStore } from "./other-store-trial";
import { runOnProcesses } from "./processes-trial";
import { ScheduleFile } from "./recorded-operations";
import { runInSimulation } from "./simulated-trial";
import type { Cell } from "./spec/experiment";
import type { TrialOptions, TrialOutput } from "./trial";

export interface HistoryWanted {
  readonly file: string;
  /** Share of keys kept. */
  readonly keyFraction: number;
}

export interface ExecutionOptions extends Omit<TrialOptions, "record"> {
  readonly history?: HistoryWanted;
  /** Where the trace of each of the cell's windows goes. */
  readonly traces?: string;
  /** The file that keeps what was due when, as a trace for other trials. */
  readonly schedule?: string;
}

/** Rejects with TrialFailed or, when the signal fired, resolves to undefined. */
export async function runTrial(options: ExecutionOptions): Promise<TrialOutput | undefined> {
  const { history: wanted, traces, schedule: file, ...rest } = options;
  const history = wanted === undefined ? undefined : new HistoryWriter(wanted.file, wanted.keyFraction);
  const schedule = file === undefined ? undefined : new ScheduleFile(file, options.trial.cell.workload);
  const run = runnerFor(options.trial.cell);
  try {
    const output = seenOn(
      options.trial.cell,
      await run({
        ...rest,
        ...(history === undefined ? {} : { record: (record) => history.operation(record) }),
        ...(schedule === undefined ? {} : { workload: (own) => schedule.watch(rest.workload?.(own) ?? own) }),
      }),
    );
    await history?.close();
    if (traces !== undefined && output !== undefined) writeTraces(traces, output);
    if (output !== undefined) schedule?.write();
    return output;
  } catch (error) {
    await history?.close().catch(() => undefined);
    throw error;
  }
}

function runnerFor({ world, target = DEFAULT_TARGET }: Cell): typeof runOnProcesses {
  if (world === "simulation") return runInSimulation;
  return TARGETS[target].store === "ours" ? runOnProcesses : runOnOtherStore;
}

/** Without metrics and figures that say nothing of the target. */
function seenOn({ target = DEFAULT_TARGET }: Cell, output: TrialOutput | undefined): TrialOutput | undefined {
  if (output === undefined || target === DEFAULT_TARGET) return output;
  const record = recordOfTarget(target);
  const metrics = metricsSeen(output.summary.metrics, record);
  return { ...output, summary: { ...output.summary, metrics }, figures: figuresSeen(output.figures, record) };
}

/** `trace-19s-22s.jsonl.gz`, one a window. */
function writeTraces(folder: string, { traces }: TrialOutput): void {
  if (traces === undefined || traces.length === 0) return;
  makeFolders(folder);
  for (const { window, trace } of traces)
    writeTrace(join(folder, `trace-${formatDuration(window.fromMs)}-${formatDuration(window.toMs)}.jsonl.gz`), trace);
}
