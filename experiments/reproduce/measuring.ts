/**
 * What a target may use to measure: an experiment of the catalogue, run now or taken from trials that are there already (a simulated trial
 * is the same whenever it is run), and figures of its cells with their intervals. Ratios of two cells are taken repetition by repetition,
 * because common seeds make both high or low together; the interval of such ratios is Student's over repetitions.
 */
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { loadRun } from "../../results/record/reader";
import type { AxisValues, CellSummary, LoadedRun } from "../../results/record/run-folder";
import type { ReproductionSize } from "../../results/record/reproduction";
import { studentQuantile } from "../../results/statistics/blocks";
import { publishedFor } from "../../results/statistics/published-values";
import { catalogueFile } from "../catalogue";
import type { ProgressEvent, RunExperiment } from "../run-types";
import { resolveExperiment } from "../spec/resolve";
import type { Estimate } from "./judge";

/** Thrown through a target's `measure` when the person had enough. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export interface RunRequest {
  /** A name of the catalogue. */
  readonly experiment: string;
  /** In its place, an experiment of the target's own. */
  readonly text?: string;
  readonly profile?: string;
  readonly sets?: readonly string[];
  readonly only?: readonly string[];
}

export interface MeasuringOptions {
  readonly size: ReproductionSize;
  readonly runsRoot: string;
  readonly argv: readonly string[];
  readonly jobs?: number;
  readonly fresh: boolean;
  readonly signal: AbortSignal;
  readonly runner: RunExperiment;
  readonly progress: (event: ProgressEvent) => void;
}

export interface UsedRuns {
  /** `<experiment>/<run id>` */
  readonly runs: readonly string[];
  readonly trials: number;
  readonly reused: number;
  /** That the trials which were there already had taken. */
  readonly reusedSeconds: number;
}

export class MeasuringContext {
  readonly size: ReproductionSize;
  private readonly used: string[] = [];
  private trials = 0;
  private reused = 0;
  private reusedSeconds = 0;

  constructor(
    private readonly options: MeasuringOptions,
    private readonly target: string,
    /** Runs of this session by what was asked: two targets may share one. */
    private readonly known: Map<string, string>,
  ) {
    this.size = options.size;
  }

  get quick(): boolean {
    return this.size === "quick";
  }

  usedRuns(): UsedRuns {
    return { runs: this.used, trials: this.trials, reused: this.reused, reusedSeconds: this.reusedSeconds };
  }

  /** What another target's measuring left and this one uses took so long. */
  tookBefore(seconds: number): void {
    this.reusedSeconds += seconds;
  }

  /** Lets signals in, between pieces of a long computation. @throws Interrupted */
  async breathe(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.options.signal.aborted) throw new Interrupted("interrupted");
  }

  /** @throws Interrupted; Error naming what failed. */
  async run(request: RunRequest): Promise<LoadedRun> {
    const { options } = this;
    const key = JSON.stringify(request);
    const before = this.known.get(key);
    if (before !== undefined) return this.take(before, Date.now());
    const path = request.text === undefined ? catalogueFile(request.experiment) : `${request.experiment}.yaml`;
    const { text = readFileSync(path, "utf8"), profile, sets, only } = request;
    const resolution = resolveExperiment({
      ...{ path, text },
      ...(profile === undefined ? {} : { profile }),
      ...(sets === undefined ? {} : { sets }),
      ...(only === undefined ? {} : { only }),
    });
    if (!resolution.ok)
      throw new Error(`${request.experiment}: ${resolution.problems.map(({ message }) => message).join("; ")}`);
    const began = Date.now();
    const result = await options.runner(resolution.experiment, {
      resultsRoot: options.runsRoot,
      argv: options.argv,
      note: `for target ${this.target}`,
      tags: { reproduce: this.target.replace("/", "-") },
      onError: "continue",
      reuse: !options.fresh,
      ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
      progress: options.progress,
      signal: options.signal,
    });
    if (result.exit === 130 || options.signal.aborted) throw new Interrupted("interrupted");
    if (result.failures.length > 0) throw new Error(`${request.experiment}: ${result.failures[0]}`);
    this.known.set(key, result.folder);
    return this.take(result.folder, began);
  }

  private take(folder: string, began: number): LoadedRun {
    const run = loadRun(folder);
    this.used.push(`${basename(dirname(folder))}/${basename(folder)}`);
    for (const { record } of run.trials) {
      this.trials++;
      const startedAt = Date.parse(record.startedAt);
      if (startedAt >= began) continue;
      this.reused++;
      this.reusedSeconds += Math.max(0, (Date.parse(record.endedAt) - startedAt) / 1_000);
    }
    return run;
  }
}

/** The one cell whose axes or settings have these values. */
export function cellOf(run: LoadedRun, where: AxisValues, world?: CellSummary["world"]): CellSummary {
  const found = cellsOf(run, where, world);
  if (found.length !== 1)
    throw new Error(`${found.length} cells of ${run.manifest.experiment} are ${JSON.stringify(where)}`);
  return found[0];
}

export function cellsOf(run: LoadedRun, where: AxisValues, world?: CellSummary["world"]): readonly CellSummary[] {
  return run.cells.filter(
    (cell) =>
      (world === undefined || cell.world === world) &&
      publishedFor(run, cell, { metric: "", where, value: 0, tolerance: 0, source: "" }),
  );
}

/** With both ends said to be missing where they are. */
export interface Known {
  readonly value: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
}

/** In another unit. */
export function scaled({ value, lo, hi }: Known, factor: number): Known {
  const times = (one: number | null): number | null => (one === null ? null : one * factor);
  return { value: times(value), lo: times(lo), hi: times(hi) };
}

/** A metric with its interval; nothing where its trials are invalid, or where it is only known to be at least so much. */
export function metricOf(run: LoadedRun, metric: string, where: AxisValues, world?: CellSummary["world"]): Known {
  const cell = cellOf(run, where, world);
  if (cell.validity.verdict === "invalid") return { value: null, lo: null, hi: null };
  const { value = null, lo = null, hi = null, atLeast } = cell.metrics[metric] ?? {};
  return atLeast === true ? { value: null, lo: null, hi: null } : { value, lo, hi };
}

/** Values of a metric by repetition, summed over the cells. */
export function byRepetition(
  run: LoadedRun,
  metric: string,
  where: AxisValues,
  world?: CellSummary["world"],
): Map<number, number> {
  const cells = new Set(cellsOf(run, where, world).map(({ id }) => id));
  if (cells.size === 0) throw new Error(`no cell of ${run.manifest.experiment} is ${JSON.stringify(where)}`);
  const sums = new Map<number, number>();
  for (const { record, summary } of run.trials) {
    const value = summary?.metrics[metric]?.value;
    if (!cells.has(record.cell) || value === undefined || value === null) continue;
    if (summary!.validity.verdict === "invalid") continue;
    sums.set(record.repetition, (sums.get(record.repetition) ?? 0) + value);
  }
  return sums;
}

/** The metric in some cells over what it is in others: of the sums, with the interval of the repetitions' own ratios. */
export function ratioOf(
  run: LoadedRun,
  metric: string,
  own: AxisValues,
  others: AxisValues,
  world?: CellSummary["world"],
): Estimate {
  const a = byRepetition(run, metric, own, world);
  const b = byRepetition(run, metric, others, world);
  const pairs = [...a].flatMap(([repetition, value]): [number, number][] => {
    const other = b.get(repetition);
    return other === undefined || other === 0 ? [] : [[value, other]];
  });
  return ratioOfPairs(pairs);
}

/** At least one pair, no second value 0. */
export function ratioOfPairs(pairs: readonly (readonly [number, number])[]): Estimate {
  if (pairs.length === 0) return { value: null };
  const sum = (index: 0 | 1): number => pairs.reduce((total, pair) => total + pair[index], 0);
  const value = sum(0) / sum(1);
  return {
    value,
    ...around(
      value,
      pairs.map(([one, other]) => one / other),
    ),
  };
}

/** The mean with Student's interval. */
export function meanOf(values: readonly number[]): Known {
  if (values.length === 0) return { value: null, lo: null, hi: null };
  const value = values.reduce((sum, one) => sum + one, 0) / values.length;
  return { value, ...around(value, values) };
}

function around(centre: number, values: readonly number[]): { readonly lo: number | null; readonly hi: number | null } {
  const n = values.length;
  if (n < 2) return { lo: null, hi: null };
  const mean = values.reduce((sum, one) => sum + one, 0) / n;
  const deviation = Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1));
  const half = (studentQuantile(0.975, n - 1) * deviation) / Math.sqrt(n);
  return { lo: centre - half, hi: centre + half };
}
