/**
 * Objectives (SLOs) judged in every cell, with three answers (see the SRE book, chapter 4, for the words: indicator,
 * objective). `pass` and `fail` are said only where the evidence lies wholly on one side of the objective; anything else is
 * `inconclusive` with what would decide it. A median over repetitions is judged by its 95 % interval, so it takes six of
 * them. `max`, `min` and percentiles are of the repetitions at hand: the k-th smallest of what each repetition is known to
 * lie between, no more and no less, for no interval of a p90 exists before 36 of them.
 *
 * What had not happened when a trial ended took at least so long. Taking that for the value would pass every objective
 * that is longer than the trial.
 */
import { compareIntervals } from "../../engine/vocabulary/expression-value";
import type { Healing, TrialFigures } from "../record/figures";
import { shareOfPercentile, type Objective } from "../record/objectives";
import type { CellSummary, LoadedRun } from "../record/run-folder";
import { kaplanMeier, survivalQuantile } from "./kaplan-meier";
import { ascending, median, medianInterval } from "./order-statistics";
import {
  byCell,
  countedTrials,
  isOfKnowledge,
  isSound,
  REPETITIONS_FOR_INTERVAL,
  upperEnd,
  type MeasuredTrial,
} from "./summarise";

export type ObjectiveVerdict = "pass" | "fail" | "inconclusive";

/**
 * Why it is not decided, or that it is. `censored`: it had not happened when nobody looked any more; `straddles`: what is known of it
 * reaches over the objective.
 */
export type ObjectiveGround =
  "decided" | "not-measured" | "partly-measured" | "invalid" | "too-few-repetitions" | "censored" | "straddles";

export interface JudgedObjective {
  readonly objective: Objective;
  readonly cell: CellSummary;
  readonly verdict: ObjectiveVerdict;
  /** The statistic that was judged; null: not measured. */
  readonly value: number | null;
  /** What it is known to lie between; null: no end on that side. */
  readonly lo: number | null;
  readonly hi: number | null;
  /** Repetitions that measured it, of so many. */
  readonly n: number;
  readonly of: number;
  readonly ground: ObjectiveGround;
  /** What had not happened in the repetition or repetitions that decide is a lower bound. */
  readonly atLeast: boolean;
}

type Trial = MeasuredTrial & { readonly figures?: TrialFigures | null };
/** Of one repetition. */
interface Known {
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
  /** It had not happened; without it, an end that is open is of too few operations. */
  readonly never?: true;
}

/** Over repetitions. */
interface Statistic extends Known {
  readonly atLeast: boolean;
}

/** Every objective in every cell, in their order. */
export function judgeObjectives(run: Pick<LoadedRun, "manifest" | "cells" | "trials">): JudgedObjective[] {
  const objectives = run.manifest.slos ?? [];
  if (objectives.length === 0) return [];
  const trials = byCell(run.trials);
  return objectives.flatMap((objective) =>
    run.cells.map((cell) => judgeIn(objective, cell, (trials.get(cell.id) ?? []) as readonly Trial[])),
  );
}

/** Whether one complete trial surely fails the objective by itself: what `severity: abort` asks. */
export function failsAlone(objective: Objective, trial: Trial): boolean {
  if (!isSound(trial)) return false;
  const known = indicatorOf(objective, trial);
  return known !== undefined && meets(objective, known) === false;
}

function judgeIn(objective: Objective, cell: CellSummary, ofCell: readonly Trial[]): JudgedObjective {
  const trials = countedTrials(ofCell);
  const known = trials.map((trial) => indicatorOf(objective, trial));
  const measured = known.filter((one) => one !== undefined);
  const about = { objective, cell, n: measured.length, of: trials.length };
  if (measured.length === 0) {
    const nothing = { value: null, lo: null, hi: null, atLeast: false };
    const invalid = trials.length === 0 && ofCell.some(({ summary }) => summary !== null);
    return { ...about, ...nothing, verdict: "inconclusive", ground: invalid ? "invalid" : "not-measured" };
  }
  const told =
    objective.repetitions === "median" ? medianOf(measured, isOfKnowledge(objective.unit)) : rankOf(objective, known);
  const shown = { value: finite(told.value), lo: finite(told.lo), hi: finite(told.hi), atLeast: told.atLeast };
  const open = (ground: ObjectiveGround): JudgedObjective => ({ ...about, ...shown, verdict: "inconclusive", ground });
  if (objective.repetitions === "median" && measured.length < REPETITIONS_FOR_INTERVAL)
    return open("too-few-repetitions");
  const answer = meets(objective, told);
  if (answer !== undefined) return { ...about, ...shown, verdict: answer ? "pass" : "fail", ground: "decided" };
  if (measured.length < trials.length && objective.repetitions !== "median") return open("partly-measured");
  return open(told.atLeast ? "censored" : "straddles");
}

function meets({ op, value }: Objective, known: Known): boolean | undefined {
  return compareIntervals(op, known, { lo: value, hi: value });
}

/** With its 95 % interval; what had not happened may be anything above. */
function medianOf(measured: readonly Known[], ofKnowledge: boolean): Statistic {
  const { lo } = medianInterval(measured.map(({ value }) => value));
  const { hi } = medianInterval(measured.map((one) => (ofKnowledge || one.hi === Infinity ? one.hi : one.value)));
  const value = median(measured.map((one) => one.value));
  const atLeast = median(measured.map((one) => (one.never === true ? Infinity : one.value))) !== value;
  return { value, lo: lo ?? -Infinity, hi: hi ?? Infinity, atLeast };
}

/** The k-th smallest repetition. One that did not measure it may be anywhere. */
function rankOf({ repetitions }: Objective, known: readonly (Known | undefined)[]): Statistic {
  const n = known.length;
  const share = repetitions === "max" ? 1 : repetitions === "min" ? 0 : (shareOfPercentile(repetitions) ?? 1);
  // 0.9 × 10 is a little more than 9.
  const k = Math.min(n, Math.max(1, Math.ceil(share * n - 1e-9)));
  const at = (of: (one: Known | undefined) => number): number => ascending(known.map(of))[k - 1];
  const values = ascending(known.flatMap((one) => one?.value ?? []));
  const measured = known.filter((one) => one !== undefined);
  const highest = [...measured].sort((a, b) => a.hi - b.hi || a.value - b.value)[Math.min(k, measured.length) - 1];
  return {
    value: values[Math.min(k, values.length) - 1],
    lo: at((one) => one?.lo ?? -Infinity),
    hi: at((one) => one?.hi ?? Infinity),
    atLeast: highest.hi === Infinity && highest.never === true,
  };
}

/** The indicator in one trial; undefined where it was not measured. */
function indicatorOf(objective: Objective, trial: Trial): Known | undefined {
  if (objective.fault !== undefined || objective.keys !== undefined)
    return trial.figures === undefined || trial.figures === null ? undefined : convergenceOf(objective, trial.figures);
  const metric = trial.summary?.metrics[objective.metric];
  if (metric === undefined || metric.value === null) return undefined;
  const { value, lo } = metric;
  if (metric.atLeast === true) return { value, lo: value, hi: Infinity, never: true };
  return { value, lo: lo ?? value, hi: upperEnd(metric) ?? value };
}

/** The worst of the outages that the objective is about. */
function convergenceOf({ fault, keys }: Objective, figures: TrialFigures): Known | undefined {
  const healings = figures.convergence?.healings ?? [];
  const outages = healings.filter(({ faults }) => fault === undefined || faults.includes(fault));
  const share = keys === undefined || keys === "max" ? undefined : shareOfPercentile(keys);
  const each = outages.map((outage): Known => {
    if (share === undefined) return fault === undefined ? ofAllKeys(outage) : throughLaterFaults(outage, figures);
    const { atS, converged, censored } = outage.keys;
    const followed = atS.map((at, i) => ({ at, events: converged[i], censored: censored[i] }));
    // Of keys that never differed all agree at once.
    if (followed.length === 0) return { value: 0, lo: 0, hi: 0 };
    const { value, observed } = survivalQuantile(kaplanMeier(followed), share);
    return value === null
      ? { value: observed, lo: observed, hi: Infinity, never: true }
      : { value, lo: value, hi: value };
  });
  if (each.length === 0) return undefined;
  const most = (of: (one: Known) => number): number => Math.max(...each.map(of));
  const worst = { value: most(({ value }) => value), lo: most(({ lo }) => lo), hi: most(({ hi }) => hi) };
  return worst.hi === Infinity ? { ...worst, never: true } : worst;
}

/** Known to one interval between scans. */
function ofAllKeys({ convergedS, divergedUntilS, observedS }: Healing): Known {
  if (convergedS === null) return { value: observedS, lo: observedS, hi: Infinity, never: true };
  return { value: convergedS, lo: divergedUntilS, hi: convergedS };
}

/**
 * An objective that names one fault asks about that one: where the next begins before replicas agree, they are watched on to the end of
 * the run, until the scan from which on none differs. What later faults bring counts as the named one's; it can only make it later.
 */
function throughLaterFaults(outage: Healing, { divergence }: TrialFigures): Known {
  if (outage.convergedS !== null) return ofAllKeys(outage);
  const scans = divergence.t
    .map((t, i) => ({ after: t - outage.endedAtS, divergent: divergence.columns["divergent"]?.[i] ?? null }))
    .filter(({ after, divergent }) => after >= 0 && divergent !== null);
  const last = scans.findLastIndex(({ divergent }) => divergent !== 0);
  if (last < 0 || scans.length === 0) return ofAllKeys(outage);
  const lo = Math.max(outage.observedS, scans[last].after);
  if (last === scans.length - 1) return { value: lo, lo, hi: Infinity, never: true };
  return { value: scans[last + 1].after, lo, hi: scans[last + 1].after };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
