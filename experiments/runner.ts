/**
 * Carries out an experiment: every trial of the plan in turn, each one's folder written whole or not at all, then the
 * summaries, the report and the checksums. Everything a reader needs to trust or to doubt the run is on disk before
 * the first trial begins and is corrected when the last has ended.
 *
 * The manifest says `running` until the run is over: a folder left behind by a crash never looks finished.
 */
import { availableParallelism } from "node:os";
import { customAlphabet } from "nanoid";
import { formatDuration } from "../engine/vocabulary/quantities";
import { SEMANTICS_VERSION } from "../engine/vocabulary/semantics";
import { DEFAULT_TARGET, recordOfTarget } from "../results/record/capabilities";
import type { Validity } from "../results/record/figures";
import { MEASURES_VERSION } from "../results/record/measures-version";
import { accountOf, readJournal } from "../results/record/journal";
import type { Objective } from "../results/record/objectives";
import { loadTrial } from "../results/record/reader";
import type { RunManifest, TrialRecord, TrialSummary } from "../results/record/run-folder";
import { lockRun, RunInUse } from "../results/record/run-lock";
import type { TrialWriter } from "../results/record/trial-writer";
import { RunWriter } from "../results/record/writer";
import { failsAlone, type ObjectiveVerdict } from "../results/statistics/service-levels";
import type { MeasuredTrial } from "../results/statistics/summarise";
import { claimsOf } from "./claims";
import { executionDocument, EXECUTION_FILE } from "./execution-record";
import { bytesInWords, planTrials, seedOf, trialId, type PlannedTrial } from "./plan";
import { codeProvenance } from "./provenance";
import { tracesToKeep } from "./recorded-operations";
import { concludeRun, type Conclusion } from "./run-conclusion";
import { describeRun, resolvedDocument } from "./run-manifest";
import type { RunOptions, RunResult, Stage } from "./run-types";
import type { Experiment } from "./spec/experiment";
import { keptFiles } from "./spec/source-files";
import { doubtsHere, essence, standingTrial } from "./standing-trials";
import { TrialFailed, type TrialOutput } from "./trial";
import { TrialPool } from "./trial-pool";
import { CELLS_FILE } from "./verification";
import { runTrial } from "./world";

/** Without the letters that look like others. */
const suffix = customAlphabet("0123456789abcdefghjkmnpqrstvwxyz", 6);
/** Log lines of nodes shown per trial. */
const MAX_LOG_LINES = 20;
/** Trials on disk that do not count, told one by one. */
const MAX_TOLD = 5;

/** By the worst verdict of any objective or hypothesis in any cell. */
const EXITS: Readonly<Record<ObjectiveVerdict, 0 | 1 | 4>> = { pass: 0, fail: 1, inconclusive: 4 };

/** Runs all trials and writes the run's folder. Throws ResultsNotWritable when there is nowhere to write, RunInUse when somebody does. */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<RunResult> {
  const run = new Execution(experiment, options);
  return run.carryOut();
}

type TrialRunner = (options: Parameters<typeof runTrial>[0]) => Promise<TrialOutput | undefined>;

class Execution {
  private readonly run: string;
  private readonly writer: RunWriter;
  private readonly started = performance.now();
  private readonly cpu = process.cpuUsage();
  private experiment: Experiment;
  private readonly plan: PlannedTrial[];
  private readonly measured: MeasuredTrial[] = [];
  /** Doubts of this run's own, where the trial's folder has others. */
  private readonly judgedHere = new Map<string, Validity>();
  private readonly failures: string[] = [];
  private readonly positions: Map<string, number>;
  /** Trials on disk that were told not to count. */
  private readonly told = new Set<string>();
  /** Of a run in stages: trials that may still follow those that are planned. */
  private expected = 0;
  /** Of a stage that was not begun any more. */
  private unbegun = 0;
  private reused = 0;
  private pool: TrialPool | undefined;
  private manifest: RunManifest;
  /** Why no further trial is started. */
  private stopWhy: { readonly by: "budget" | "objective"; readonly why: string } | undefined;
  private diskBytes = 0;
  private readonly release: () => void;

  constructor(
    experiment: Experiment,
    private readonly options: RunOptions,
  ) {
    const startedAt = new Date();
    const { resumed } = options;
    this.experiment = experiment;
    const stamp = startedAt.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
    this.run = resumed?.manifest.run ?? `${stamp}-${suffix()}`;
    // In stages the first is asked for when everything stands that a trial needs.
    this.plan =
      resumed !== undefined
        ? [...resumed.plan]
        : options.nextStage === undefined
          ? [...planTrials(experiment, this.run)]
          : [];
    this.positions = new Map(this.plan.map(({ id, index }) => [id, index]));
    this.writer = new RunWriter({ root: options.resultsRoot, experiment: experiment.name, run: this.run });
    this.release = lockRun(this.writer.folder);
    try {
      if (resumed !== undefined) this.refuseIfItWentOn(resumed);
      this.writer.sweep();
      const { code, patch } = codeProvenance();
      if (resumed === undefined) {
        this.manifest = describeRun(experiment, options, { run: this.run, startedAt, code });
        for (const [name, text] of keptFiles(experiment.source)) this.writer.write(name, text);
        if (patch !== undefined && patch !== "") this.writer.write("provenance/dirty.patch", patch);
        this.writePlan();
      } else {
        const { stopped: _over, ...before } = resumed.manifest;
        const sittings = before.resumed ?? [];
        const sitting = { at: startedAt.toISOString(), argv: options.argv, quorumlab: code };
        const unknown = { endedAt: null, wallSeconds: null, cpuSeconds: null, status: "running" } as const;
        this.manifest = { ...before, ...unknown, resumed: [...sittings, sitting] };
        this.reopen();
      }
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** What is to be run, and of what it is made: on disk before it begins. The manifest comes last: a folder without one is no run. */
  private writePlan(): void {
    const { experiment, writer } = this;
    writer.write("experiment.resolved.json", JSON.stringify(resolvedDocument(experiment), null, 1) + "\n");
    for (const [name, content] of tracesToKeep(experiment.cells)) writer.write(name, content);
    writer.write(CELLS_FILE, JSON.stringify({ schema: "quorumlab/resolved-cells@1", cells: experiment.cells }) + "\n");
    writer.write(EXECUTION_FILE, executionDocument(experiment, this.options));
    writer.writePlan(
      this.plan.map(({ id, cell, repetition, seed }) => ({ trial: id, cell: cell.id, repetition, seed })),
    );
    writer.writeTrialIds(this.plan.map(({ id }) => id));
    writer.journal.append({ at: now(), event: "planned" });
    writer.writeManifest(this.manifest);
  }

  /** Between the look at its folder and the lock, another process may have had the run, and given it back. */
  private refuseIfItWentOn({ account: seen }: NonNullable<RunOptions["resumed"]>): void {
    const { folder, journal } = this.writer;
    const { started, ends, wallMs } = accountOf(readJournal(journal.file));
    if (started.size !== seen.started.size || ends.size !== seen.ends.size || wallMs !== seen.wallMs)
      throw new RunInUse(`${folder} went on in another process meanwhile; type the command again`);
  }

  /** From here on the folder is that of a run that is under way again. */
  private reopen(): void {
    const { writer } = this;
    writer.remove("SHA256SUMS");
    writer.journal.append({ at: now(), event: "resumed" });
    writer.writeManifest(this.manifest);
    writer.writeTrialIds(this.plan.map(({ id }) => id));
  }

  /** Takes the stage's trials into the plan, and returns them. */
  private begin({ experiment, trials, expected }: Stage): readonly PlannedTrial[] {
    const cells = new Map(experiment.cells.map((cell) => [cell.id, cell]));
    const planned = trials.map(({ cell: id, repetition }, i): PlannedTrial => {
      const cell = cells.get(id);
      if (cell === undefined) throw new Error(`a stage names the cell ${id}, which its experiment does not have`);
      const seed = seedOf(experiment, repetition);
      return { id: trialId(cell, seed, this.run), index: this.plan.length + i, cell, repetition, seed };
    });
    this.experiment = experiment;
    this.expected = expected;
    this.plan.push(...planned);
    for (const { id, index } of planned) this.positions.set(id, index);
    const { loadAverageAtStart, quorumlab: code, startedAt } = this.manifest;
    const identity = { run: this.run, startedAt: new Date(startedAt), code };
    this.manifest = { ...describeRun(experiment, this.options, identity), loadAverageAtStart };
    this.writePlan();
    return planned;
  }

  async carryOut(): Promise<RunResult> {
    const { signal, onError } = this.options;
    try {
      await this.allTrials(signal, onError);
      this.measured.sort((a, b) => this.positionOf(a.record.id) - this.positionOf(b.record.id));
      const interrupted = signal.aborted;
      if (interrupted) this.writer.journal.append({ at: now(), event: "interrupted" });
      const { stopped } = this;
      if (stopped !== undefined) this.writer.journal.append({ at: now(), event: "stopped", reason: stopped.reason });
      const { report, verdict, reason } = this.conclude(interrupted);
      const exit =
        interrupted || stopped?.by === "budget" ? 130 : this.failures.length > 0 ? 3 : EXITS[verdict ?? "pass"];
      return {
        ...{ folder: this.writer.folder, run: this.run, report, failures: this.failures, reused: this.reused },
        trials: this.plan.length,
        ended: this.measured.length,
        exit,
        ...(exit === 1 || exit === 4 ? { because: reason } : {}),
        ...(stopped === undefined ? {} : { stopped: stopped.reason }),
      };
    } catch (error) {
      // Whatever broke off, a folder without its report and checksums must not look finished.
      this.tryToMark("failed");
      throw error;
    } finally {
      this.release();
    }
  }

  private async allTrials(signal: AbortSignal, onError: RunOptions["onError"]): Promise<void> {
    const { nextStage } = this.options;
    try {
      if (nextStage === undefined) {
        const left = this.settle(this.plan);
        this.tellPlan(left.length);
        await this.trials(left, signal, onError);
        return;
      }
      let goesOn = true;
      while (goesOn && !signal.aborted) {
        const stage = nextStage([...this.measured]);
        if (stage === undefined) return;
        if (!this.mayStart()) {
          this.unbegun = stage.trials.length;
          return;
        }
        goesOn = await this.trials(this.settle(this.begin(stage)), signal, onError);
      }
    } finally {
      await this.pool?.close();
    }
  }

  /**
   * Processes first, one trial at a time on a quiet machine; then simulations, as many at once as there are threads. False: a
   * trial failed, and no more are wanted after that.
   */
  private async trials(
    planned: readonly PlannedTrial[],
    signal: AbortSignal,
    onError: RunOptions["onError"],
  ): Promise<boolean> {
    let stopped = false;
    const take = async (trials: readonly PlannedTrial[], run: TrialRunner, atOnce: number): Promise<void> => {
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < trials.length && !stopped && !signal.aborted && this.mayStart()) {
          const ok = await this.trial(trials[next++], run);
          if (!ok && onError === "stop") stopped = true;
        }
      };
      // Every lane ends before anything is thrown: no trial is left running behind an error.
      const ended = await Promise.allSettled(Array.from({ length: atOnce }, lane));
      for (const result of ended) if (result.status === "rejected") throw result.reason;
    };
    const simulated = planned.filter(({ cell }) => cell.world === "simulation");
    await take(
      planned.filter(({ cell }) => cell.world !== "simulation"),
      runTrial,
      1,
    );
    const atOnce = Math.max(1, Math.min(this.options.jobs ?? availableParallelism(), simulated.length));
    if (atOnce === 1) await take(simulated, runTrial, 1);
    else {
      const pool = (this.pool ??= new TrialPool());
      await take(simulated, (options) => pool.run(options), atOnce);
    }
    return !stopped;
  }

  /** Takes what stands on disk and counts; the rest is to be carried out. */
  private settle(planned: readonly PlannedTrial[]): readonly PlannedTrial[] {
    const { options, writer } = this;
    const standing = { trials: writer.trialsFolder, reuse: options.reuse === true, resumed: options.resumed };
    let usual = 0;
    let unusual = 0;
    const left = planned.filter((trial) => {
      const { id, cell, repetition } = trial;
      if (this.records(trial) && !this.mayHaveRecorded(trial)) return true;
      const found = standingTrial(trial, standing, (why, isUsual) => {
        this.told.add(id);
        if (isUsual) usual++;
        else if (++unusual <= MAX_TOLD)
          this.log("warning", `trial ${id} (${cell.id}, repetition ${repetition}) is made again: ${why}`);
      });
      if (found === undefined) return true;
      const { record, summary, figures } = found.trial;
      if (found.entry !== undefined)
        writer.journal.append({ at: now(), event: found.entry, trial: id, cell: cell.id, repetition });
      if (found.end === "reused") this.reused++;
      if (found.end === "failed")
        this.failures.push(`${cell.id}, repetition ${repetition}: ${record.error ?? "failed"}`);
      // This run's own trials were judged by what it claims when they were made, unless --fresh left an older one in its place.
      const judgedAlready = found.end !== "reused" && standing.reuse;
      const validity = judgedAlready ? undefined : doubtsHere(found.trial, claimsOf(this.experiment));
      if (validity !== undefined) this.judgedHere.set(id, validity);
      const judged = summary === null || validity === undefined ? summary : { ...summary, validity };
      this.measured.push({ record, summary: judged });
      if (judged !== null && figures !== null) this.watchObjectives(record, judged, figures);
      return false;
    });
    if (unusual > MAX_TOLD) this.log("warning", `${unusual - MAX_TOLD} more trials on disk are made again`);
    if (usual > 0)
      this.log("info", `${usual} trial${usual === 1 ? "" : "s"} on disk of another version, to be made again`);
    return left;
  }

  private tellPlan(left: number): void {
    const failed = this.failures.length;
    const done = this.plan.length - left - failed;
    this.options.progress({ kind: "planned", trials: this.plan.length, done, reused: this.reused, failed, left });
  }

  private log(level: "info" | "warning", message: string): void {
    this.options.progress({ kind: "log", level, message });
  }

  /** Whether it is the trial whose schedule is kept. */
  private records({ cell, repetition }: PlannedTrial): boolean {
    return this.options.recordTrace !== undefined && cell.id === this.experiment.cells[0].id && repetition === 1;
  }

  /** What is to be recorded has to happen: in this run, of which an earlier run's trial like it is no sign. */
  private mayHaveRecorded({ id, cell }: PlannedTrial): boolean {
    const account = this.options.resumed?.account;
    return account !== undefined && (account.ends.has(id) || cell.world !== "simulation");
  }

  /** False, with the reason kept, where the budget is used up or an objective says so. */
  private mayStart(): boolean {
    if (this.stopWhy !== undefined) return false;
    const { wallMs, diskBytes } = this.experiment.budget;
    const spent =
      wallMs !== undefined && performance.now() - this.started >= wallMs
        ? `budget.wall of ${formatDuration(wallMs)}`
        : diskBytes !== undefined && this.diskBytes >= diskBytes
          ? `budget.disk of ${bytesInWords(diskBytes)}`
          : undefined;
    if (spent === undefined) return true;
    this.stop("budget", `${spent} is used up`);
    return false;
  }

  private stop(by: "budget" | "objective", why: string): void {
    this.stopWhy ??= { by, why };
  }

  /** Once every trial that was started has ended. */
  private get stopped(): RunManifest["stopped"] {
    if (this.stopWhy === undefined) return undefined;
    const { by, why } = this.stopWhy;
    const wanted = this.plan.length + this.unbegun;
    const left = wanted - this.measured.length;
    return left === 0 ? undefined : { by, reason: `${why}; ${left} of ${wanted} trials were not started` };
  }

  /** An objective of severity abort that a complete trial fails ends the sweep. */
  private watchObjectives(record: TrialRecord, summary: TrialSummary, figures: TrialOutput["figures"]): void {
    const aborts = ({ severity }: Objective): boolean => severity === "abort";
    const failed = this.experiment.objectives
      .filter(aborts)
      .find((objective) => failsAlone(objective, { record, summary, figures }));
    if (failed !== undefined)
      this.stop(
        "objective",
        `objective ${failed.id} (severity: abort) fails in ${record.cell}, repetition ${record.repetition}`,
      );
  }

  private positionOf(id: string): number {
    return this.positions.get(id) ?? 0;
  }

  /** Returns whether it succeeded; an interrupted trial leaves nothing. */
  private async trial(trial: PlannedTrial, run: TrialRunner): Promise<boolean> {
    const { options, writer } = this;
    const { id, cell, repetition, seed } = trial;
    const position = { cell: cell.id, repetition, index: trial.index, total: this.plan.length + this.expected };
    const startedAt = now();
    const began = performance.now();
    writer.journal.append({ at: startedAt, event: "started", trial: id, cell: cell.id, repetition });
    options.progress({ kind: "trial-started", trial: id, ...position });
    const folder = writer.trial(id);
    const raw = cell.measure.rawHistory;
    const keyFraction = raw.kind === "none" ? undefined : raw.kind === "all" ? 1 : raw.fraction;
    const describe = (operations: number, failed?: string, output?: TrialOutput): TrialRecord => ({
      schema: "quorumlab/trial@1",
      id,
      experiment: this.experiment.name,
      cell: cell.id,
      axes: cell.axes,
      repetition,
      world: cell.world,
      target: recordOfTarget(cell.target ?? DEFAULT_TARGET),
      seed,
      resolved: cell.resolved,
      semanticsVersion: SEMANTICS_VERSION,
      startedAt,
      endedAt: now(),
      outcome: failed === undefined ? "done" : "failed",
      ...(failed === undefined ? {} : { error: failed }),
      operations,
      measures: MEASURES_VERSION,
      ...(output?.simulation === undefined ? {} : { simulation: output.simulation }),
      ...(output?.store === undefined ? {} : { store: output.store }),
      ...(output?.drawnFaults === undefined ? {} : { drawnFaults: output.drawnFaults.map((fault) => ({ ...fault })) }),
    });
    let logged = 0;
    try {
      const result = await run({
        trial: { ...trial, claims: claimsOf(this.experiment) },
        signal: options.signal,
        progress: (phase, elapsedMs, totalMs, operations) =>
          options.progress({ kind: "trial-progress", phase, elapsedMs, totalMs, operations, ...position }),
        log: (message) => {
          if (++logged <= MAX_LOG_LINES) options.progress({ kind: "log", level: "info", message });
        },
        ...(keyFraction === undefined ? {} : { history: { file: folder.historyFile, keyFraction } }),
        ...(cell.measure.traceWindows === undefined ? {} : { traces: folder.samplesFolder }),
        ...(this.records(trial) ? { schedule: options.recordTrace } : {}),
      });
      if (result === undefined) {
        folder.abandon();
        return false;
      }
      const record = describe(result.operations, undefined, result);
      folder.writeSummary(result.summary);
      folder.writeFigures(result.figures);
      folder.writeLatencyLog(result.latencyLog);
      folder.writeRecord(record);
      this.committed(trial, folder.commit(), result.summary);
      this.diskBytes += writer.trialBytes(id);
      this.measured.push({ record, summary: result.summary });
      this.watchObjectives(record, result.summary, result.figures);
      writer.journal.append({ at: now(), event: "done", trial: id, cell: cell.id, repetition });
      const elapsedMs = performance.now() - began;
      options.progress({ kind: "trial-done", elapsedMs, operations: result.operations, ...position });
      return true;
    } catch (error) {
      folder.abandon();
      if (!(error instanceof TrialFailed)) throw error;
      const reason = error.message;
      const record = describe(0, reason);
      const failed = writer.trial(id);
      failed.writeRecord(record);
      failed.commit();
      this.measured.push({ record, summary: null });
      this.failures.push(`${cell.id}, repetition ${String(repetition)}: ${reason}`);
      writer.journal.append({ at: now(), event: "failed", trial: id, cell: cell.id, repetition, reason });
      options.progress({ kind: "trial-failed", reason, ...position });
      return false;
    }
  }

  private committed(
    { id, cell, repetition }: PlannedTrial,
    how: ReturnType<TrialWriter["commit"]>,
    { validity }: TrialSummary,
  ): void {
    if (how === "replaced" && !this.told.has(id) && this.options.resumed?.account.ends.has(id) !== true)
      this.log(
        "warning",
        `trial ${id} (${cell.id}, repetition ${repetition}) came out otherwise than the one that stood there, and replaces it; verify of earlier runs with it will tell`,
      );
    if (how !== "kept") return;
    const stored = loadTrial(this.writer.trialFolder(id)).summary?.validity;
    if (stored !== undefined && essence(stored) !== essence(validity)) this.judgedHere.set(id, validity);
  }

  /** The report's file is empty when there is nothing to report. */
  private conclude(interrupted: boolean): Conclusion {
    const { experiment, writer, stopped, measured, judgedHere } = this;
    const cpu = process.cpuUsage(this.cpu);
    const cpuSeconds = (cpu.user + cpu.system) / 1e6;
    const succeeded = measured.some(({ summary }) => summary !== null);
    const before = this.options.resumed;
    this.manifest = {
      ...this.manifest,
      endedAt: now(),
      wallSeconds: (performance.now() - this.started + (before?.account.wallMs ?? 0)) / 1_000,
      cpuSeconds: before === undefined ? cpuSeconds : sum(before.manifest.cpuSeconds, cpuSeconds),
      // Stopped by its first failure, a run is not what its plan says.
      status:
        interrupted || (stopped !== undefined && succeeded)
          ? "interrupted"
          : succeeded && measured.length === this.plan.length
            ? "done"
            : "failed",
      reused: this.reused,
      ...(stopped === undefined ? {} : { stopped }),
    };
    const { manifest } = this;
    const reporting = (): void => this.log("info", "writing the report");
    return concludeRun({ experiment, writer, manifest, measured, judgedHere, reporting });
  }

  private tryToMark(status: RunManifest["status"]): void {
    try {
      this.writer.writeManifest({ ...this.manifest, endedAt: now(), status });
    } catch {
      // The disk that refused the results refuses this too; the manifest on it still says "running".
    }
  }
}

/** Whoever was killed told nobody what it had used. */
function sum(before: number | null, since: number): number | null {
  return before === null ? null : before + since;
}

function now(): string {
  return new Date().toISOString();
}
