/**
 * One run of YCSB's client: the cluster is started, the records are loaded (in silence, unless loading is what was asked
 * for), so many operations are made of it, and what clients saw becomes YCSB's measurements. Status lines come by the
 * time of the world: in a simulation a minute of them may pass in a second.
 *
 * What lies beyond YCSB's report (staleness, siblings, divergence) is written behind it in lines of the same shape.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import type { Io } from "../cli/io";
import { UserError } from "../cli/user-error";
import type { MetricValue } from "../../results/record/figures";
import type { OperationRecord } from "../../results/record/history";
import { EXPORTERS, type Exporter } from "../../results/ycsb/exporters";
import { Measurements, OK } from "../../results/ycsb/measurements";
import { CLEANUP, YcsbRecorder } from "../../results/ycsb/recorder";
import type { SeriesOutputs } from "../../results/ycsb/series";
import { statusLine } from "../../results/ycsb/status-line";
import { monotonicMicros } from "../../engine/real/monotonic";
import type { Random } from "../../engine/vocabulary/random";
import type { Workload } from "../../workloads/operation";
import { CountedWorkload } from "../../workloads/ycsb/counted-workload";
import type { TrialOutput } from "../trial";
import { runOnProcesses } from "../processes-trial";
import { runInSimulation } from "../simulated-trial";
import type { YcsbPlan } from "./plan";

export interface YcsbOutcome {
  /** Undefined where it was interrupted before there was anything to report. */
  readonly report: string | undefined;
  readonly operationsPerSecond: number;
  readonly output: TrialOutput | undefined;
  /** Clients that gave up because an insert failed. */
  readonly gaveUp: number;
  /** Nothing of what was to be loaded before the run is there. */
  readonly nothingLoaded: boolean;
  readonly stopped: boolean;
}

/** Lines of nodes that are shown. */
const MOST_LOGGED = 20;

/** Metrics of ours that are written behind the report, by the name they stand under. */
const OURS: readonly (readonly [string, readonly string[]])[] = [
  ["OUTCOMES", ["availability", "indefinite_ratio", "definite_failure_ratio", "indefinite_writes_seen"]],
  ["STALENESS", ["p_stale", "staleness_t_p50_ms", "staleness_t_p99_ms", "staleness_k_p99", "t_visibility_999_ms"]],
  ["SIBLINGS", ["siblings_mean", "siblings_p99", "siblings_max"]],
  ["DIVERGENCE", ["divergent_keys_final", "missing_keys_final", "stale_keys_final", "conflicting_keys_final"]],
  ["CAUSALITY", ["lost_updates", "missed_conflicts", "false_dominance", "false_conflicts", "resurrected_deletes"]],
];

/** Carries the plan out. Rejects with TrialFailed. Files are opened first: a path that cannot be written costs no run. */
export async function carryOut(plan: YcsbPlan, io: Io, random: Random): Promise<YcsbOutcome> {
  return new Execution(plan, io, random).run();
}

class Execution {
  private readonly simulated: boolean;
  private readonly controller = new AbortController();
  private readonly exportFile: { write(text: string): void; close(): void } | undefined;
  private readonly outputs: SeriesOutputs;
  private counted: CountedWorkload | undefined;
  private measurements: Measurements | undefined;
  private recorder: YcsbRecorder | undefined;
  private ticker: NodeJS.Timeout | undefined;
  /** Of the world, in microseconds. */
  private began = 0;
  private lastEnd = 0;
  private loaded = 0;
  /** Operations that were over with the last record. */
  private told = 0;
  private shown = { operations: 0, atMs: 0 };
  private nextStatusMs = 0;
  private stopped = false;
  private logged = 0;

  constructor(
    private readonly plan: YcsbPlan,
    private readonly io: Io,
    private readonly random: Random,
  ) {
    this.simulated = plan.trial.cell.world === "simulation";
    this.outputs = {
      file: (path, mode) => openFile(resolve(io.cwd, path), mode),
      standard: (text) => io.stdout.write(text),
    };
    const { exportFile } = plan.client;
    if (exportFile !== undefined) this.exportFile = this.outputs.file(exportFile, "write");
  }

  async run(): Promise<YcsbOutcome> {
    const { plan, io, controller } = this;
    const stopListening = io.onInterrupt(() => this.interrupted());
    let output: TrialOutput | undefined;
    try {
      const run = this.simulated ? runInSimulation : runOnProcesses;
      output = await run({
        trial: plan.trial,
        signal: controller.signal,
        progress: () => undefined,
        log: (line) => {
          if (++this.logged <= MOST_LOGGED) io.stderr.write(`${line}\n`);
        },
        latencyLog: () => undefined,
        workload: (own) => this.counting(own),
        begun: ({ startOfWarmup }) => this.begin(startOfWarmup),
        record: (record) => this.operation(record),
      });
    } finally {
      stopListening();
      clearTimeout(this.ticker);
    }
    if (output === undefined) return this.nothing();
    return this.conclude(output);
  }

  private nothing(): YcsbOutcome {
    this.exportFile?.close();
    return {
      report: undefined,
      operationsPerSecond: 0,
      output: undefined,
      gaveUp: 0,
      nothingLoaded: false,
      stopped: true,
    };
  }

  /** The first time what is under way is finished and reported; before anything has begun, all ends. */
  private interrupted(): void {
    const { io } = this;
    if (this.stopped) return io.exitNow(130);
    this.stopped = true;
    io.stderr.write("interrupted: no operation is begun any more; once more to end without a report\n");
    if (this.recorder === undefined) this.controller.abort();
    else this.counted?.stop();
  }

  private counting(own: Workload): Workload {
    const { plan, io } = this;
    for (const note of own.notes) io.stderr.write(`note: ${note}\n`);
    const verifies = plan.trial.cell.workload.records.dataIntegrity;
    const verify: NonNullable<Workload["verify"]> = (key, value) => {
      const from = this.simulated ? 0 : performance.now();
      const matches = own.verify?.(key, value) ?? true;
      const micros = this.simulated ? 0 : Math.floor((performance.now() - from) * 1_000);
      this.recorder?.verified(matches, micros);
      return matches;
    };
    this.counted = new CountedWorkload({
      own,
      clients: plan.threads,
      operations: plan.operations,
      ...(plan.inserts === undefined ? {} : { inserts: plan.inserts }),
      random: this.random.fork("retries"),
      tell: (line) => io.stderr.write(`${line}\n`),
      ...(verifies ? { verify } : {}),
    });
    io.stderr.write(
      plan.inserts === undefined
        ? `Loading ${own.loadCount} records into a cluster of this command's own...\n`
        : "Starting test.\n",
    );
    return this.counted;
  }

  private begin(at: number): void {
    const { plan, io } = this;
    const { records } = plan.trial.cell.workload;
    if (plan.inserts === undefined) io.stderr.write("Starting test.\n");
    this.began = at;
    this.lastEnd = at;
    this.measurements = new Measurements({
      settings: plan.measurement,
      outputs: this.outputs,
      beganMs: Date.now(),
    });
    this.recorder = new YcsbRecorder({
      measurements: this.measurements,
      paced: plan.target !== undefined,
      verifies: records.dataIntegrity,
      began: at,
    });
    if (!plan.client.status) return;
    this.status(0);
    this.nextStatusMs = plan.client.statusIntervalMs;
    if (!this.simulated) this.tick();
  }

  /** What follows the last operation (the inspection of the replicas) is no part of the run. */
  private tick(): void {
    if (this.counted!.over()) return;
    const elapsedMs = (monotonicMicros() - this.began) / 1_000;
    if (elapsedMs >= this.nextStatusMs) {
      this.status(elapsedMs);
      this.nextStatusMs += this.plan.client.statusIntervalMs;
    }
    // A timer may come a little early, and then waits again.
    this.ticker = setTimeout(() => this.tick(), Math.max(1, Math.ceil(this.nextStatusMs - elapsedMs)));
  }

  private operation(record: OperationRecord): void {
    if (record.phase === "load") {
      if (record.outcome === "ok") this.loaded++;
      return;
    }
    while (this.simulated && this.plan.client.status && (record.end - this.began) / 1_000 >= this.nextStatusMs) {
      this.status(this.nextStatusMs);
      this.nextStatusMs += this.plan.client.statusIntervalMs;
    }
    this.lastEnd = Math.max(this.lastEnd, record.end);
    this.recorder!.operation(record);
    this.told = this.counted!.done;
  }

  private status(elapsedMs: number): void {
    const { plan, io, shown, told: operations } = this;
    // A pair's records come together, so nothing that is held waits for one that comes later.
    this.recorder!.settle();
    const line = statusLine({
      label: plan.client.label,
      date: new Date(),
      elapsedMs,
      operations,
      todo: plan.operations === undefined ? 0 : Math.max(0, plan.operations - operations),
      lately: { operations: operations - shown.operations, ms: elapsedMs - shown.atMs },
      summary: this.measurements!.summary(elapsedMs),
    });
    this.shown = { operations, atMs: elapsedMs };
    io.stderr.write(line);
    if (plan.measurement.type === "timeseries") io.stdout.write(line);
  }

  private conclude(output: TrialOutput): YcsbOutcome {
    const { plan, counted } = this;
    const measurements = this.measurements!;
    const missing = plan.inserts === undefined ? counted!.loadCount - this.loaded : 0;
    if (missing > 0) this.io.stderr.write(`warning: ${missing} of ${counted!.loadCount} records were not loaded\n`);
    const runTimeMs = Math.max(1, Math.round((this.lastEnd - this.began) / 1_000));
    this.recorder!.settle();
    // Clients have no connection of their own to give back: nothing is done, in no time.
    for (let thread = 0; thread < plan.threads; thread++)
      measurements.operation(CLEANUP, OK, { fromSend: 0, fromIntended: 0 }, runTimeMs);
    const endMs = Math.max(runTimeMs, this.shown.atMs);
    if (plan.client.status) this.status(endMs);
    const exporter = EXPORTERS[plan.client.exporter]();
    const operationsPerSecond = (1_000 * counted!.done) / runTimeMs;
    exporter.write("OVERALL", "RunTime(ms)", { long: runTimeMs });
    exporter.write("OVERALL", "Throughput(ops/sec)", { double: operationsPerSecond });
    measurements.export(exporter, endMs);
    this.exportOurs(exporter, output.metrics);
    const report = exporter.finish();
    if (this.exportFile === undefined) this.io.stdout.write(report);
    else {
      this.exportFile.write(report);
      this.exportFile.close();
    }
    const nothingLoaded = plan.inserts === undefined && this.loaded === 0;
    return { report, operationsPerSecond, output, gaveUp: counted!.gaveUp, nothingLoaded, stopped: this.stopped };
  }

  private exportOurs(exporter: Exporter, metrics: Readonly<Record<string, MetricValue>>): void {
    exporter.write("WORLD", "Simulation", { long: this.simulated ? 1 : 0 });
    for (const [name, wanted] of OURS)
      for (const metric of wanted) {
        const value = metrics[metric]?.value;
        if (value === undefined || value === null) continue;
        exporter.write(name, metric, { double: value });
      }
  }
}

/** Throws UserError where it cannot be written. */
function openFile(path: string, mode: "write" | "append"): { write(text: string): void; close(): void } {
  let descriptor: number;
  try {
    descriptor = openSync(path, mode === "append" ? "a" : "w");
  } catch (error) {
    throw new UserError(`${path}: cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  let open = true;
  return {
    write: (text) => void writeSync(descriptor, text),
    close: () => {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}
