/**
 * Where a configuration saturates: the trials of a search judged one by one, put together by rate and by curve. A trial that an
 * overload spoilt has given an answer (the objective is not met, whatever the percentile of the lucky rest says); one that
 * the machine spoilt has given none. A store that refuses most of what it is asked has a splendid p99 of the remainder, so
 * too few successes count as overload, unless the objectives say themselves how many failures are allowed.
 */
import { parseRatePerSecond } from "../../engine/vocabulary/quantities";
import type { MetricValue, TrialFigures } from "../record/figures";
import type { AxisValues, LoadedRun } from "../record/run-folder";
import { axesOfCurve, curveKey, RATE_AXIS, type SaturationQuestion, type SaturationTarget } from "../record/saturation";
import { ascending, median } from "./order-statistics";
import {
  knownSoFar,
  nextStep,
  verdictOf,
  type RateEvidence,
  type RateVerdict,
  type SearchAnswer,
  type SearchOutcome,
} from "./saturation-search";
import { byCell, type MeasuredTrial } from "./summarise";
import { WORLDS, type World } from "./worlds";

/** `overloaded`: it did not meet, because the load was more than the store, or the driver's patience, could bear. */
export type TrialVerdict = "met" | "failed" | "overloaded" | "undecided";

export interface JudgedTrial {
  readonly verdict: TrialVerdict;
  /** Of what did not meet or was not decided: a clause. */
  readonly why: string;
}

/** Of several trials. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface TriedRate extends RateEvidence {
  /** Its cell's id. */
  readonly cell: string;
  readonly verdict: RateVerdict;
  /** Of `failed`. */
  readonly overloaded: number;
  /** Each reason once. */
  readonly why: readonly string[];
  /** Over the trials that kept up; where most were overloaded or none decided, of one alone. Operations that succeeded in time, per second. */
  readonly achieved: Spread | undefined;
  /** By metric, of the same trials: those of the objectives, and percentiles of latency. */
  readonly metrics: Readonly<Record<string, Spread>>;
}

/** One curve: everything alike but the rate. */
export interface Saturation {
  readonly key: string;
  /** Without the rate. */
  readonly axes: AxisValues;
  readonly world: World;
  /** By rate. */
  readonly rates: readonly TriedRate[];
  readonly outcome: SearchOutcome | "unfinished";
  readonly answer: Omit<SearchAnswer, "outcome">;
}

/** Doubts of a trial that come of too much load. Any other that makes it invalid is of the machine or of the measurement. */
const OVERLOAD: ReadonlySet<string> = new Set(["achieved-rate", "dropped-operations", "nothing-succeeded"]);
/** Share of operations that must succeed where the objectives do not say; as the validity of an achieved rate. */
export const LEAST_AVAILABLE = 0.95;
const AVAILABILITY = "availability";
const ACHIEVED = "throughput_ops_s";
const LATENCIES = /^(?:[a-z]+|multi_get)_p(50|99|999)_ms$/;
/** Arrivals of one rate from the beginning to the end. */
const STEADY: readonly unknown[] = ["constant", "poisson"];

/** Figures, where they are at hand: read-modify-writes are two requests, and only they tell how many requests an operation is. */
type Trial = MeasuredTrial & { readonly figures?: TrialFigures | null };

export function judgeTrial({ record, summary }: MeasuredTrial, targets: readonly SaturationTarget[]): JudgedTrial {
  if (summary === null) return { verdict: "undecided", why: `a trial failed: ${record.error ?? "no reason recorded"}` };
  const { doubts } = summary.validity;
  const spoilt = doubts.find(({ kind, verdict }) => verdict === "invalid" && !OVERLOAD.has(kind));
  if (spoilt !== undefined) return { verdict: "undecided", why: spoilt.reason };
  const overload = doubts.find(({ kind }) => OVERLOAD.has(kind));
  if (overload !== undefined) return { verdict: "overloaded", why: overload.reason };
  const available = summary.metrics[AVAILABILITY]?.value;
  if (
    typeof available === "number" &&
    available < LEAST_AVAILABLE &&
    !targets.some(({ metric }) => metric === AVAILABILITY)
  )
    return {
      verdict: "overloaded",
      why: `${percent(available)} of operations succeeded, and ${percent(LEAST_AVAILABLE)} must where no objective on availability says otherwise`,
    };
  const judged = targets.map((target) => judgeTarget(target, summary.metrics[target.metric]));
  return (
    judged.find(({ verdict }) => verdict === "failed") ??
    judged.find(({ verdict }) => verdict === "undecided") ?? { verdict: "met", why: "" }
  );
}

function judgeTarget(target: SaturationTarget, metric: MetricValue | undefined): JudgedTrial {
  const { metric: name, op, value } = target;
  if (metric === undefined || metric.value === null) return { verdict: "undecided", why: `${name} was not measured` };
  const below = op === "<" || op === "<=";
  const meets =
    op === "<"
      ? metric.value < value
      : op === "<="
        ? metric.value <= value
        : op === ">"
          ? metric.value > value
          : metric.value >= value;
  // What had not happened yet took at least so long: beyond the bound it has failed, within it nobody knows.
  if (metric.atLeast === true && meets === below)
    return below
      ? { verdict: "undecided", why: `${name} had not come about when the trial ended` }
      : { verdict: "undecided", why: `${name} is only known to be at least ${metric.value}` };
  return meets ? { verdict: "met", why: "" } : { verdict: "failed", why: "" };
}

/** The rate of a trial or a cell on the axis workload.rate; undefined: it is on none. */
export function rateOf(axes: AxisValues): number | undefined {
  const value = axes[RATE_AXIS];
  return value === undefined ? undefined : parseRatePerSecond(String(value));
}

/** One entry a rate, in order. The trials are of one curve. */
export function triedRates(trials: readonly Trial[], question: SaturationQuestion): readonly TriedRate[] {
  return [...byCell(trials).values()]
    .flatMap((ofCell): TriedRate[] => {
      const ratePerSecond = rateOf(ofCell[0].record.axes);
      return ratePerSecond === undefined ? [] : [triedRate(ratePerSecond, ofCell, question)];
    })
    .sort((a, b) => a.ratePerSecond - b.ratePerSecond);
}

/** The trials of one cell. */
export function triedRate(
  ratePerSecond: number,
  trials: readonly Trial[],
  { targets, repetitions }: Pick<SaturationQuestion, "targets" | "repetitions">,
): TriedRate {
  const judged = trials.map((trial) => ({ trial, ...judgeTrial(trial, targets) }));
  const count = (...verdicts: readonly TrialVerdict[]): number =>
    judged.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const evidence: RateEvidence = {
    ratePerSecond,
    met: count("met"),
    failed: count("failed", "overloaded"),
    undecided: count("undecided"),
  };
  const counted = representative(judged).map(({ trial }) => trial);
  return {
    ...evidence,
    cell: trials[0].record.cell,
    verdict: verdictOf(evidence, repetitions),
    overloaded: count("overloaded"),
    why: [...new Set(judged.map(({ why }) => why))].filter((why) => why !== ""),
    achieved: spreadOf(counted.flatMap((trial) => achievedOf(trial, ratePerSecond) ?? [])),
    metrics: metricsOf(counted, new Set([...targets.map(({ metric }) => metric), AVAILABILITY])),
  };
}

/**
 * Whose numbers stand for a rate: of the trials that kept up, all. An overloaded trial, and one that says nothing, is shown and never
 * pooled: where most are overloaded the first of them stands alone, for the lucky rest would make the rate look better than it is.
 */
function representative<Judged extends JudgedTrial>(judged: readonly Judged[]): readonly Judged[] {
  const kept = judged.filter(({ verdict }) => verdict === "met" || verdict === "failed");
  const overloaded = judged.filter(({ verdict }) => verdict === "overloaded");
  if (overloaded.length > kept.length) return overloaded.slice(0, 1);
  return kept.length > 0 ? kept : judged.slice(0, 1);
}

/** Operations, not requests, where the figures tell how many of these an operation is. */
function achievedOf({ record, summary, figures }: Trial, ratePerSecond: number): number | undefined {
  const requests = summary?.metrics[ACHIEVED]?.value;
  if (typeof requests !== "number") return undefined;
  const offered = figures?.intervals.columns["offered"];
  const phases = figures?.phases;
  if (offered === undefined || phases === undefined || !STEADY.includes(record.resolved["workload.arrivals"]))
    return requests;
  const within = offered.filter((value, i): value is number => {
    const t = figures!.intervals.t[i];
    return value !== null && t >= phases.measureFromS && t < phases.measureToS;
  });
  const mean = within.reduce((sum, value) => sum + value, 0) / Math.max(1, within.length);
  return requests / Math.max(1, mean / ratePerSecond);
}

function metricsOf(trials: readonly MeasuredTrial[], wanted: ReadonlySet<string>): Readonly<Record<string, Spread>> {
  const names = new Set(trials.flatMap(({ summary }) => Object.keys(summary?.metrics ?? {})));
  return Object.fromEntries(
    [...names]
      .filter((name) => wanted.has(name) || LATENCIES.test(name))
      .flatMap((name) => {
        const spread = spreadOf(trials.flatMap(({ summary }) => summary?.metrics[name]?.value ?? []));
        return spread === undefined ? [] : [[name, spread]];
      }),
  );
}

function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = ascending(values);
  return { median: median(values), least: sorted[0], most: sorted.at(-1)! };
}

/** One entry a curve, in order of the cells; none where the run is no search. */
export function saturationsOf(run: Pick<LoadedRun, "manifest" | "cells" | "trials">): readonly Saturation[] {
  const question = run.manifest.saturation;
  if (question === undefined) return [];
  const curves = new Map<string, Trial[]>();
  const worlds = [...WORLDS];
  const ordered = [...run.cells].sort((a, b) => worlds.indexOf(a.world) - worlds.indexOf(b.world));
  for (const cell of ordered) curves.set(curveKey(cell), []);
  for (const trial of run.trials) curves.get(curveKey(trial.record))?.push(trial);
  return [...curves].flatMap(([key, trials]) => {
    if (trials.length === 0) return [];
    const { axes, world } = trials[0].record;
    const rates = triedRates(trials, question);
    const step = nextStep(rates, question);
    return [
      {
        key,
        axes: axesOfCurve(axes),
        world,
        rates,
        outcome: step.kind === "over" ? step.answer.outcome : ("unfinished" as const),
        answer: step.kind === "over" ? step.answer : knownSoFar(rates, question),
      },
    ];
  });
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
