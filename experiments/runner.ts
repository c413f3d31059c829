/**
 * Carries out an experiment: every trial of the plan in turn, each one's folder written whole or not at all, then the
 * summaries, the report and the checksums. Everything a reader needs to trust or to doubt the run is on disk before
 * the first trial begins and is corrected when the last has ended.
 *
 * The manifest says `running` until the run is over: a folder left behind by a crash never looks finished.
 */
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { customAlphabet } from "nanoid";
import { TUNABLES } from "../engine/vocabulary/tunables";
import { SEMANTICS_VERSION } from "../engine/vocabulary/semantics";
import { judgedByClaims, worstVerdict } from "../results/statistics/validity";
import { DEFAULT_TARGET, recordOfTarget } from "../results/record/capabilities";
import { METRICS } from "../results/record/metrics";
import type { Objective } from "../results/record/objectives";
import { loadRun, loadTrial } from "../results/record/reader";
import type { LoadedRun, RunManifest, TrialRecord, TrialSummary, TunableLabel } from "../results/record/run-folder";
import { type IndexEntry, RunWriter } from "../results/record/writer";
import { renderIndex } from "../results/reports/index-page";
import { overallVerdict, sloDocuments } from "../results/reports/objectives";
import { reportFiles } from "../results/reports/run-report";
import { compareCells } from "../results/statistics/compare";
import { failsAlone, judgeObjectives, type ObjectiveVerdict } from "../results/statistics/service-levels";
import { type MeasuredTrial, summariseCells } from "../results/statistics/summarise";
import { summaryTables } from "../results/statistics/tables";
import { claimsOf } from "./claims";
import { bytesInWords, planTrials, seedOf, trialId, type PlannedTrial } from "./plan";
import { allowedEnvironment, codeProvenance, loadAverage, machineProvenance, sha256 } from "./provenance";
import type { RunOptions, RunResult, Stage } from "./run-types";
import { formatDuration } from "../engine/vocabulary/quantities";
import type { Experiment } from "./spec/experiment";
import { TrialFailed, type TrialOutput } from "./trial";
import { TrialPool } from "./trial-pool";
import { tracesToKeep } from "./recorded-operations";
import { CELLS_FILE } from "./verification";
import { runTrial } from "./world";

/** Without the letters that look like others. */
const suffix = customAlphabet("0123456789abcdefghjkmnpqrstvwxyz", 6);
/** Units of what a tunable holds, where it has one. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["duration", "time"],
  ["rate", "1/s"],
  ["size", "bytes"],
]);
/** Log lines of nodes shown per trial. */
const MAX_LOG_LINES = 20;

/** By the worst verdict of any objective in any cell. */
const EXITS: Readonly<Record<ObjectiveVerdict, 0 | 1 | 4>> = { pass: 0, fail: 1, inconclusive: 4 };

/** Runs all trials and writes the run's folder. Throws ResultsNotWritable when there is nowhere to write. */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<RunResult> {
  const run = new Execution(experiment, options);
  return run.carryOut();
}

type TrialRunner = (options: Parameters<typeof runTrial>[0]) => Promise<TrialOutput | undefined>;

class Execution {
  private readonly run: string;
  private readonly writer: RunWriter;
  private readonly startedAt = new Date();
  private readonly started = performance.now();
  private experiment: Experiment;
  private readonly plan: PlannedTrial[];
  private readonly measured: MeasuredTrial[] = [];
  private readonly failures: string[] = [];
  private readonly positions: Map<string, number>;
  /** Of a run in stages: trials that may still follow those that are planned. */
  private expected = 0;
  private reused = 0;
  private readonly whole: ReadonlySet<string>;
  private pool: TrialPool | undefined;
  private manifest: RunManifest;
  /** Why no further trial is started. */
  private stopWhy: { readonly by: "budget" | "objective"; readonly why: string } | undefined;
  private diskBytes = 0;

  constructor(
    experiment: Experiment,
    private readonly options: RunOptions,
  ) {
    this.experiment = experiment;
    const stamp = this.startedAt.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
    this.run = `${stamp}-${suffix()}`;
    // In stages the first is asked for when everything stands that a trial needs.
    this.plan = options.nextStage === undefined ? [...planTrials(experiment, this.run)] : [];
    this.positions = new Map(this.plan.map(({ id, index }) => [id, index]));
    this.writer = new RunWriter({ root: options.resultsRoot, experiment: experiment.name, run: this.run });
    this.whole = options.reuse === true ? this.writer.completeTrials() : new Set();
    const { code, patch } = codeProvenance();
    this.manifest = this.describe(code);
    this.writer.write("experiment.yaml", experiment.source.text);
    if (patch !== undefined && patch !== "") this.writer.write("provenance/dirty.patch", patch);
    this.writePlan();
  }

  /** What is to be run, and of what it is made: on disk before it begins. */
  private writePlan(): void {
    const { experiment, writer } = this;
    writer.writeManifest(this.manifest);
    writer.write("experiment.resolved.json", JSON.stringify(resolvedDocument(experiment), null, 1) + "\n");
    for (const [name, content] of tracesToKeep(experiment.cells)) writer.write(name, content);
    writer.write(CELLS_FILE, JSON.stringify({ schema: "quorumlab/resolved-cells@1", cells: experiment.cells }) + "\n");
    writer.writePlan(
      this.plan.map(({ id, cell, repetition, seed }) => ({ trial: id, cell: cell.id, repetition, seed })),
    );
    writer.writeTrialIds(this.plan.map(({ id }) => id));
    writer.journal.append({ at: now(), event: "planned" });
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
    const { loadAverageAtStart, quorumlab } = this.manifest;
    this.manifest = { ...this.describe(quorumlab), loadAverageAtStart };
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
      const { report, verdict } = this.conclude(interrupted);
      return {
        ...{ folder: this.writer.folder, run: this.run, report, failures: this.failures, reused: this.reused },
        exit: interrupted || stopped?.by === "budget" ? 130 : this.failures.length > 0 ? 3 : EXITS[verdict ?? "pass"],
        ...(stopped === undefined ? {} : { stopped: stopped.reason }),
      };
    } catch (error) {
      // Whatever broke off, a folder without its report and checksums must not look finished.
      this.tryToMark("failed");
      throw error;
    }
  }

  private async allTrials(signal: AbortSignal, onError: RunOptions["onError"]): Promise<void> {
    const { nextStage } = this.options;
    try {
      if (nextStage === undefined) {
        await this.trials(this.plan, signal, onError);
        return;
      }
      let goesOn = true;
      while (goesOn && !signal.aborted) {
        const stage = nextStage([...this.measured]);
        if (stage === undefined || !this.mayStart()) return;
        goesOn = await this.trials(this.begin(stage), signal, onError);
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
    const fresh = simulated.filter((trial) => !this.take(trial));
    const atOnce = Math.max(1, Math.min(this.options.jobs ?? availableParallelism(), fresh.length));
    if (atOnce === 1) await take(fresh, runTrial, 1);
    else {
      const pool = (this.pool ??= new TrialPool());
      await take(fresh, (options) => pool.run(options), atOnce);
    }
    return !stopped;
  }

  /** Whether the trial is there, whole, from an earlier run, and was taken into this one. Its id says that it is the same. */
  private take({ id, cell, repetition }: PlannedTrial): boolean {
    if (!this.whole.has(id)) return false;
    const { record, summary, figures } = loadTrial(this.writer.trialFolder(id));
    if (summary === null || figures === null || record.cell !== cell.id || record.repetition !== repetition)
      return false;
    this.reused++;
    // What this experiment claims may be more, or less, than what the earlier one did.
    const validity = judgedByClaims(summary.validity, summary.metrics, claimsOf(this.experiment));
    this.measured.push({ record, summary: { ...summary, validity } });
    this.writer.journal.append({ at: now(), event: "reused", trial: id, cell: cell.id, repetition });
    return true;
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
    const left = this.plan.length - this.measured.length;
    return left === 0 ? undefined : { by, reason: `${why}; ${left} of ${this.plan.length} trials were not started` };
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
        ...(options.recordTrace === undefined || cell.id !== this.experiment.cells[0].id || repetition !== 1
          ? {}
          : { schedule: options.recordTrace }),
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
      folder.commit();
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

  /** Summaries, verdicts, report, checksums. The report's file is empty when there is nothing to report. */
  private conclude(interrupted: boolean): { readonly report: string; readonly verdict: ObjectiveVerdict | undefined } {
    const { experiment, writer } = this;
    const cpu = process.cpuUsage();
    const ids = this.measured.map(({ record }) => record.id);
    const succeeded = this.measured.some(({ summary }) => summary !== null);
    this.manifest = {
      ...this.manifest,
      endedAt: now(),
      wallSeconds: (performance.now() - this.started) / 1_000,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      // Stopped by its first failure, a run is not what its plan says.
      status:
        interrupted || (this.stopped !== undefined && succeeded)
          ? "interrupted"
          : succeeded && ids.length === this.plan.length
            ? "done"
            : "failed",
      ...(this.stopped === undefined ? {} : { stopped: this.stopped }),
    };
    writer.writeTrialIds(ids);
    const cells = summariseCells(this.measured);
    const comparisons =
      experiment.baseline === undefined
        ? []
        : compareCells(this.measured, {
            baseline: experiment.baseline,
            metrics: experiment.report.headline,
            alpha: experiment.analysis.alpha,
            noiseFloor: experiment.analysis.noiseFloor,
          });
    writer.writeSummaries(cells, comparisons);
    for (const { name, header, rows } of summaryTables(experiment.axisKeys, this.measured, cells, comparisons)) {
      writer.writeTable(name, header, rows);
    }
    writer.writeManifest(this.manifest);
    let report = "";
    let verdict: ObjectiveVerdict | undefined;
    if (succeeded) {
      this.progressReport();
      const run = loadRun(writer.folder);
      verdict = this.judge(run);
      // What a configuration without a valid trial would have come to is not known.
      if (verdict !== "fail" && cells.some(({ validity }) => validity.verdict === "invalid")) verdict = "inconclusive";
      for (const [name, content] of reportFiles(run)) writer.write(`report/${name}`, content);
      report = `${writer.folder}/report/index.html`;
    }
    writer.writeChecksums(ids);
    if (succeeded) writer.linkLatest();
    const entry: IndexEntry = {
      schema: "quorumlab/index@1",
      experiment: experiment.name,
      run: this.run,
      startedAt: this.manifest.startedAt,
      status: this.manifest.status,
      profile: experiment.profile,
      title: experiment.title,
      validity: worstVerdict(cells.map(({ validity }) => validity.verdict)),
      cells: cells.length,
      trials: ids.length,
      report: succeeded ? `${experiment.name}/${this.run}/report/index.html` : null,
      note: this.manifest.note,
      tags: this.manifest.tags,
    };
    writer.appendIndex(entry, (entries) =>
      renderIndex(entries.map((one) => ({ ...one, report: one.report ?? undefined }))),
    );
    return { report, verdict };
  }

  /** `summaries/slos.json`, where the experiment has objectives. */
  private judge(run: LoadedRun): ObjectiveVerdict | undefined {
    const judged = judgeObjectives(run);
    if (judged.length > 0)
      this.writer.write(
        "summaries/slos.json",
        `${JSON.stringify({ schema: "quorumlab/slos@1", slos: sloDocuments(judged) }, null, 1)}\n`,
      );
    return overallVerdict(judged);
  }

  private progressReport(): void {
    this.options.progress({ kind: "log", level: "info", message: "writing the report" });
  }

  private tryToMark(status: RunManifest["status"]): void {
    try {
      this.writer.writeManifest({ ...this.manifest, endedAt: now(), status });
    } catch {
      // The disk that refused the results refuses this too; the manifest on it still says "running".
    }
  }

  private describe(code: RunManifest["quorumlab"]): RunManifest {
    const { experiment, options } = this;
    return {
      schema: "quorumlab/manifest@1",
      run: this.run,
      experiment: experiment.name,
      title: experiment.title,
      question: experiment.question,
      profile: experiment.profile,
      seed: experiment.seed,
      quorumlab: code,
      machine: machineProvenance(),
      argv: options.argv,
      configPath: relative(process.cwd(), experiment.source.path) || experiment.source.path,
      configSha256: sha256(experiment.source.text),
      startedAt: this.startedAt.toISOString(),
      endedAt: null,
      wallSeconds: null,
      cpuSeconds: null,
      loadAverageAtStart: loadAverage(),
      random:
        "xoshiro128** seeded from text, forked by name; the ring, the network of each link, the workload and the driver have streams of their own",
      worlds: [...new Set(experiment.cells.map(({ world }) => world))],
      note: options.note ?? null,
      tags: options.tags,
      environment: allowedEnvironment(),
      warnings: experiment.warnings.map(({ message }) => message),
      axes: experiment.axisKeys,
      axisGroups: experiment.axisGroups,
      ...(experiment.published.length === 0 ? {} : { published: experiment.published }),
      ...(experiment.objectives.length === 0 ? {} : { slos: experiment.objectives }),
      ...(experiment.hypotheses.length === 0 ? {} : { hypotheses: experiment.hypotheses }),
      ...(experiment.pareto.length === 0 ? {} : { pareto: experiment.pareto }),
      ...(experiment.saturation === undefined ? {} : { saturation: experiment.saturation }),
      report: experiment.report,
      metrics: METRICS,
      tunables: TUNABLES.map(labelOf),
      status: "running",
    };
  }
}

function labelOf(row: (typeof TUNABLES)[number]): TunableLabel {
  return {
    key: row.key,
    title: row.title,
    unit: UNITS.get(row.kind.kind) ?? "",
    default: row.default,
    prose: `${row.buys} ${row.costs}`,
  };
}

/** What `experiment.resolved.json` holds: every value of every cell, and where each came from. */
function resolvedDocument(experiment: Experiment): object {
  const { name, seed, profile, repetitions, axisKeys, baseline, analysis, origins } = experiment;
  return {
    schema: "quorumlab/resolved@1",
    name,
    seed,
    profile,
    repetitions,
    axes: axisKeys,
    baseline: baseline ?? null,
    analysis,
    origins,
    cells: experiment.cells.map(({ id, axes, world, resolved, warnings }) => ({ id, axes, world, resolved, warnings })),
  };
}

function now(): string {
  return new Date().toISOString();
}
