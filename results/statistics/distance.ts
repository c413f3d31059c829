/**
 * How far the two worlds are apart: each cell that ran on processes against its twin in virtual time, percentile by
 * percentile of the latencies and in the metrics that a reader builds on. Differences and ratios are processes over simulation;
 * repetition k of one world is paired with repetition k of the other. From six pairs on the interval is Hodges and Lehmann's
 * (of the logarithms for a ratio); with fewer it is the envelope of what the runs themselves leave open, which
 * knows nothing of how other runs would differ, and is called so.
 *
 * N-RMSE is the figure of Bailis and others (PBS, VLDB 2012, section 5): the root of the mean squared difference of the percentiles
 * 1, 2, ... 99 and 99.9, over the range of those measured on processes.
 */
import type { LatencySpectrum, MetricValue, TrialFigures } from "../record/figures";
import type { AxisValues, CellSummary, LoadedRun } from "../record/run-folder";
import { median, medianInterval, quantileRanks } from "./order-statistics";
import { hodgesLehmann, type ShiftEstimate } from "./signed-rank";
import { byCell, countedTrials, intervalKind, type IntervalKind } from "./summarise";
import type { Table } from "./tables";
import { otherAxes, twins } from "./worlds";

/** Where the curves are compared; those with enough samples beyond. */
export const DISTANCE_PERCENTILES: readonly number[] = [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9];
export const DISTANCE_METRICS: readonly string[] = [
  "p_stale",
  "siblings_mean",
  "siblings_max",
  "throughput_ops_s",
  "availability",
];
/** Of which the N-RMSE is the mean: as the paper's, evenly over the operations. */
const NRMSE_PERCENTILES: readonly number[] = [...Array.from({ length: 99 }, (_, i) => i + 1), 99.9];
/** With fewer the tail that matters is missing. */
const FEWEST_FOR_NRMSE = 90;
/** Figures of before these percentiles were kept have near ones: 49.88 for the median. */
const NEAR_PERCENT = 0.15;

export interface Estimate {
  readonly value: number;
  /** Null where nothing bounds it. */
  readonly lo: number | null;
  readonly hi: number | null;
}

export interface DistanceRow {
  /** `read` or `write` for latencies, else the metric's name. */
  readonly quantity: string;
  /** 0 to 100; null for a metric. */
  readonly percentile: number | null;
  readonly unit: string;
  /** Medians over the pairs. */
  readonly processes: number;
  readonly simulation: number;
  /** Processes minus simulation. */
  readonly difference: Estimate;
  /** Processes over simulation; null where the simulation's is 0 in some pair, or either is in a pair of a ratio over several. */
  readonly ratio: Estimate | null;
  readonly interval: IntervalKind;
  /** Pairs of repetitions. */
  readonly n: number;
}

export interface NormalisedError {
  readonly kind: "read" | "write";
  /** Shares of the range of the percentiles on processes. Median over pairs; from six pairs on with its interval, before with lowest and highest. */
  readonly value: number;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly percentiles: number;
  readonly n: number;
}

export interface CellDistance {
  /** Ids of the twins. */
  readonly processes: string;
  readonly simulation: string;
  /** Without the world. */
  readonly axes: AxisValues;
  readonly rows: readonly DistanceRow[];
  readonly nrmse: readonly NormalisedError[];
}

/** One entry a cell that both worlds have and that left figures of repetitions not invalid in both, in the run's order. */
export function worldDistances(run: LoadedRun): CellDistance[] {
  const trials = byCell(run.trials);
  const countedOf = ({ id }: CellSummary): readonly Trial[] => countedTrials(trials.get(id) ?? []) as readonly Trial[];
  return twins(run.cells).flatMap(({ processes, simulation }) => {
    const pairs = pairsOf(countedOf(processes), countedOf(simulation));
    if (pairs.length === 0) return [];
    const rows = [
      ...KINDS.flatMap((kind) => DISTANCE_PERCENTILES.flatMap((percentile) => latencyRow(pairs, kind, percentile))),
      ...DISTANCE_METRICS.flatMap((name) => metricRow(pairs, name)),
    ];
    return [
      {
        processes: processes.id,
        simulation: simulation.id,
        axes: otherAxes(processes.axes),
        rows,
        nrmse: KINDS.flatMap((kind) => normalisedError(pairs, kind)),
      },
    ];
  });
}

/** `summaries/distance.csv`; `axes` are the experiment's axis keys in order. */
export function distanceTable(axes: readonly string[], distances: readonly CellDistance[]): Table {
  const keys = axes.filter((axis) => distances.some((one) => axis in one.axes));
  return {
    name: "distance",
    header: [
      ...["cell_processes", "cell_simulation", ...keys, "quantity", "percentile", "unit", "processes", "simulation"],
      ...["diff", "diff_lo", "diff_hi", "ratio", "ratio_lo", "ratio_hi", "n", "interval"],
    ],
    rows: distances.flatMap((one) => {
      const names = [one.processes, one.simulation, ...keys.map((axis) => one.axes[axis])];
      return [
        ...one.rows.map(({ quantity, percentile, unit, processes, simulation, difference, ratio, n, interval }) => [
          ...names,
          ...[quantity, percentile, unit, processes, simulation],
          ...[difference.value, difference.lo, difference.hi],
          ...[ratio?.value ?? null, ratio?.lo ?? null, ratio?.hi ?? null, n, interval],
        ]),
        ...one.nrmse.map(({ kind, value, lo, hi, n }) => [
          ...names,
          ...[`${kind}_nrmse`, null, "ratio", null, null, value, lo, hi, null, null, null, n, intervalKind(n)],
        ]),
      ];
    }),
  };
}

const KINDS = ["read", "write"] as const;

type Trial = LoadedRun["trials"][number];

interface Pair {
  /** On processes, and simulated. */
  readonly a: Trial;
  readonly b: Trial;
}

function pairsOf(processes: readonly Trial[], simulation: readonly Trial[]): Pair[] {
  const byRepetition = new Map(simulation.map((trial) => [trial.record.repetition, trial]));
  return processes.flatMap((a) => {
    const b = byRepetition.get(a.record.repetition);
    return b === undefined ? [] : [{ a, b }];
  });
}

interface Sides {
  readonly a: MetricValue & { readonly value: number };
  readonly b: MetricValue & { readonly value: number };
}

function latencyRow(pairs: readonly Pair[], kind: string, percentile: number): DistanceRow[] {
  return rowOf(
    { quantity: kind, percentile, unit: "ms" },
    pairs.map(({ a, b }) => ({ a: latencyAt(a.figures, kind, percentile), b: latencyAt(b.figures, kind, percentile) })),
  );
}

function metricRow(pairs: readonly Pair[], name: string): DistanceRow[] {
  const sides = pairs.map(({ a, b }) => ({ a: a.summary?.metrics[name], b: b.summary?.metrics[name] }));
  const unit = sides.find(({ a }) => a !== undefined)?.a?.unit ?? "";
  return rowOf({ quantity: name, percentile: null, unit }, sides);
}

function rowOf(
  of: Pick<DistanceRow, "quantity" | "percentile" | "unit">,
  sides: readonly { readonly a: MetricValue | undefined; readonly b: MetricValue | undefined }[],
): DistanceRow[] {
  // Of lower bounds there is no difference.
  const exact = (one: MetricValue | undefined): boolean => (one?.value ?? null) !== null && one?.atLeast !== true;
  const known = sides.filter((one): one is Sides => exact(one.a) && exact(one.b));
  if (known.length === 0) return [];
  return [
    {
      ...of,
      processes: median(known.map(({ a }) => a.value)),
      simulation: median(known.map(({ b }) => b.value)),
      difference: estimate(known, DIFFERENCE),
      ratio: known.every(({ a, b }) => a.value > 0 && b.value > 0) ? estimate(known, RATIO) : ratioOfOne(known),
      interval: intervalKind(known.length),
      n: known.length,
    },
  ];
}

/** How two numbers are set against each other, on a scale on which differences add. */
interface Contrast {
  readonly of: (a: number, b: number) => number;
  readonly toScale: (contrast: number) => number;
  readonly fromScale: (onScale: number) => number;
  /** Whether a bound may be used. */
  readonly allows: (bound: number) => boolean;
}

const DIFFERENCE: Contrast = {
  of: (a, b) => a - b,
  toScale: (contrast) => contrast,
  fromScale: (onScale) => onScale,
  allows: () => true,
};
const RATIO: Contrast = {
  of: (a, b) => a / b,
  toScale: Math.log,
  fromScale: Math.exp,
  allows: (bound) => bound > 0,
};

function estimate(known: readonly Sides[], contrast: Contrast): Estimate {
  const shift: ShiftEstimate = hodgesLehmann(known.map(({ a, b }) => contrast.toScale(contrast.of(a.value, b.value))));
  const value = contrast.fromScale(shift.estimate);
  if (intervalKind(known.length) === "over-repetitions")
    return {
      value,
      lo: shift.lo === null ? null : contrast.fromScale(shift.lo),
      hi: shift.hi === null ? null : contrast.fromScale(shift.hi),
    };
  const envelope = (own: "lo" | "hi", other: "lo" | "hi", pick: (...values: number[]) => number): number | null => {
    const bounds = known.map(({ a, b }) => ({ a: a[own], b: b[other] }));
    return bounds.every((one): one is { a: number; b: number } => one.a !== null && one.b !== null) &&
      bounds.every(({ b }) => contrast.allows(b))
      ? pick(...bounds.map(({ a, b }) => contrast.of(a, b)))
      : null;
  };
  return { value, lo: envelope("lo", "hi", Math.min), hi: envelope("hi", "lo", Math.max) };
}

/** Nought over something is a ratio too, but has no logarithm; of several pairs there is then no centre to estimate. */
function ratioOfOne(known: readonly Sides[]): Estimate | null {
  if (known.length > 1 || known[0].b.value <= 0) return null;
  const [{ a, b }] = known;
  return {
    value: a.value / b.value,
    lo: a.lo === null || b.hi === null ? null : a.lo / b.hi,
    hi: a.hi === null || b.lo === null || b.lo <= 0 ? null : a.hi / b.lo,
  };
}

/** With the interval that the ranks within the run give; undefined where the spectrum does not reach so far. */
function latencyAt(figures: TrialFigures | null, kind: string, percentile: number): MetricValue | undefined {
  const spectrum = spectrumOf(figures, kind);
  if (spectrum === undefined) return undefined;
  const value = valueNear(spectrum, percentile);
  if (value === undefined || value <= 0) return undefined;
  const ranks = quantileRanks(spectrum.count, percentile / 100);
  const at = (rank: number | null): number | null =>
    rank === null ? null : between(spectrum, (rank / spectrum.count) * 100);
  const [lo, hi] = [at(ranks.lo), at(ranks.hi)];
  return {
    value,
    lo: lo === null ? null : Math.min(lo, value),
    hi: hi === null ? null : Math.max(hi, value),
    n: spectrum.count,
    unit: "ms",
  };
}

function spectrumOf(figures: TrialFigures | null, kind: string): LatencySpectrum | undefined {
  return figures?.spectra.find((one) => one.kind === kind && one.basis === "response");
}

function valueNear({ percentiles, ms }: LatencySpectrum, percentile: number): number | undefined {
  let best: number | undefined;
  for (const [i, p] of percentiles.entries()) {
    const off = Math.abs(p - percentile);
    // Near means near in the tail too: from 99.9 on a tenth of a percent is a whole decade.
    if (off > Math.min(NEAR_PERCENT, (100 - percentile) / 20)) continue;
    if (best === undefined || off < Math.abs(percentiles[best] - percentile)) best = i;
  }
  return best === undefined ? undefined : ms[best];
}

/** Latency at any percentile, on straight lines between those kept over the logarithm of what lies beyond; null outside. */
function between({ percentiles, ms }: LatencySpectrum, percentile: number): number | null {
  const above = percentiles.findIndex((p) => p >= percentile);
  if (above < 0) return null;
  if (percentiles[above] === percentile) return ms[above];
  if (above === 0) return null;
  const x = (p: number): number => -Math.log(1 - p / 100);
  const [from, to] = [percentiles[above - 1], percentiles[above]];
  const share = (x(percentile) - x(from)) / (x(to) - x(from));
  return ms[above - 1] + share * (ms[above] - ms[above - 1]);
}

/**
 * N-RMSE of another curve against a spectrum over the percentiles 1 to 99.9 that both have, by the range of the spectrum's;
 * undefined where they are too few to speak of a curve.
 */
export function errorAgainst(
  real: LatencySpectrum,
  otherAt: (percentile: number) => number | null,
): { readonly error: number; readonly percentiles: number } | undefined {
  const both = NRMSE_PERCENTILES.flatMap((percentile) => {
    const [one, other] = [between(real, percentile), otherAt(percentile)];
    return one === null || other === null ? [] : [{ one, other }];
  });
  const range = Math.max(...both.map(({ one }) => one)) - Math.min(...both.map(({ one }) => one));
  if (both.length < FEWEST_FOR_NRMSE || range <= 0) return undefined;
  const squares = both.reduce((sum, { one, other }) => sum + (one - other) ** 2, 0);
  return { error: Math.sqrt(squares / both.length) / range, percentiles: both.length };
}

function normalisedError(pairs: readonly Pair[], kind: "read" | "write"): NormalisedError[] {
  const errors = pairs.flatMap(({ a, b }) => {
    const [real, simulated] = [spectrumOf(a.figures, kind), spectrumOf(b.figures, kind)];
    if (real === undefined || simulated === undefined) return [];
    return errorAgainst(real, (percentile) => between(simulated, percentile)) ?? [];
  });
  if (errors.length === 0) return [];
  const values = errors.map(({ error }) => error);
  const over = intervalKind(values.length) === "over-repetitions";
  const { lo, hi } = over
    ? medianInterval(values)
    : values.length > 1
      ? { lo: Math.min(...values), hi: Math.max(...values) }
      : { lo: null, hi: null };
  const percentiles = Math.min(...errors.map((one) => one.percentiles));
  return [{ kind, value: median(values), lo, hi, percentiles, n: values.length }];
}
