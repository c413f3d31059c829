/**
 * Cells against a baseline, metric by metric. Repetitions that share a seed are paired (signed-rank test, Hodges-Lehmann
 * difference and its interval); others are two samples (Mann-Whitney and its shift). p-values are corrected over the whole table
 * (Holm). The verdict: *better* or *worse* when the corrected p is below alpha and the difference is above the noise
 * floor; *same* when the whole interval lies within the floor; anything else is *inconclusive*, which is not "same".
 * A metric without a direction of goodness is *different* at most. Each world is compared within itself, with the baseline's
 * twin there, as a table of its own. Cells of different targets are compared in what both show, and a metric that one of them does
 * not is *incomparable*, with the reason in place of numbers. Invalid trials prove nothing and are left out; a cell that
 * has no others is inconclusive, with n 0; so is a row in which anything is only known to be at least so much.
 */
import { targetOfRecord, whyIncomparable } from "../record/capabilities";
import { describeMetric, metricsToCompare } from "../record/metrics";
import type { ComparisonRow } from "../record/run-folder";
import { holm } from "./holm";
import { median } from "./order-statistics";
import { rankSum, shift } from "./rank-sum";
import { hodgesLehmann, signedRank, type ShiftEstimate } from "./signed-rank";
import { byCell, isSound, type MeasuredTrial } from "./summarise";
import { settingOf, WORLDS } from "./worlds";

export interface CompareOptions {
  /** Cell id that the others are compared with, in the other world its twin; without it there is nothing to compare. */
  readonly baseline: string | undefined;
  /** Names of metrics, those of `report.headline`; the usual ones when left out or empty. */
  readonly metrics?: readonly string[];
  /** Significance level after correction. */
  readonly alpha: number;
  /** Relative difference below which a difference is noise, e.g. 0.02. */
  readonly noiseFloor: number;
}

/** A row says besides how it was tested and how large the baseline is, so that a reader can form the ratio. */
export interface DetailedComparison extends ComparisonRow {
  readonly method: "signed-rank" | "mann-whitney" | "none";
  readonly baselineMedian: number | null;
  /** Difference over the baseline's median; null when that is 0. */
  readonly relative: number | null;
}

/** All cells but the baseline, in order, each with every metric that both were measured in. Differences are cell minus baseline. */
export function compareCells(trials: readonly MeasuredTrial[], options: CompareOptions): DetailedComparison[] {
  const named = trials.find(({ record }) => record.cell === options.baseline)?.record;
  if (named === undefined) return [];
  return WORLDS.flatMap((world) => {
    const inWorld = trials.filter(({ record }) => record.world === world);
    const baseline = inWorld.find(({ record }) => settingOf(record.axes) === settingOf(named.axes))?.record.cell;
    return baseline === undefined ? [] : compareWith(baseline, byCell(inWorld), options);
  });
}

function compareWith(
  baseline: string,
  cells: ReadonlyMap<string, readonly MeasuredTrial[]>,
  options: CompareOptions,
): DetailedComparison[] {
  const pairs = [...cells]
    .filter(([cell]) => cell !== baseline)
    .map(([cell, ofCell]): CellPair => ({ cell, baseline, ofCell, ofBaseline: cells.get(baseline)! }));
  return comparePairs(pairs, options);
}

/** Trials of a cell, and of what it is held against. */
export interface CellPair {
  readonly cell: string;
  readonly baseline: string;
  readonly ofCell: readonly MeasuredTrial[];
  readonly ofBaseline: readonly MeasuredTrial[];
  /** False where equal seeds drew different streams, as under another workload: then they are two samples. */
  readonly pairable?: boolean;
}

/** One table over several pairs of cells, of one run or of two: p-values are corrected over all of it. */
export function comparePairs(
  pairs: readonly CellPair[],
  options: Omit<CompareOptions, "baseline">,
): DetailedComparison[] {
  const tested: (Tested & { readonly baseline: string })[] = [];
  const metrics = metricsToCompare(options.metrics);
  for (const { cell, baseline, ofCell, ofBaseline, pairable } of pairs) {
    if (ofCell.length === 0 || ofBaseline.length === 0) continue;
    const [ours, theirs] = [ofCell, ofBaseline].map((trials) => targetOfRecord(trials[0].record));
    for (const metric of metrics) {
      const reason = whyIncomparable(describeMetric(metric)?.needs, ours, theirs);
      const sample =
        reason === undefined
          ? sampleOf(ofCell, ofBaseline, metric, pairable ?? true)
          : refused([...ofCell, ...ofBaseline], metric, reason);
      if (sample !== undefined) tested.push({ cell, baseline, metric, ...sample });
    }
  }
  const adjusted = holm(tested.map((one) => one.p));
  return tested.map((one, index) => {
    const { cell, baseline, metric, unit, estimate, p, n, method, baselineMedian, reason } = one;
    const pAdjusted = adjusted[index];
    return {
      cell,
      baseline,
      metric,
      unit,
      difference: estimate?.estimate ?? null,
      lo: estimate?.lo ?? null,
      hi: estimate?.hi ?? null,
      p,
      pAdjusted,
      n,
      verdict:
        reason !== undefined
          ? "incomparable"
          : estimate === null || baselineMedian === null
            ? "inconclusive"
            : verdictOf(metric, estimate, baselineMedian, pAdjusted, options),
      ...(reason === undefined ? {} : { reason }),
      method,
      baselineMedian,
      relative: estimate === null || !baselineMedian ? null : estimate.estimate / Math.abs(baselineMedian),
    };
  });
}

interface Sample {
  readonly unit: string;
  /** null, as the three below, where only invalid trials measured it. */
  readonly estimate: ShiftEstimate | null;
  readonly p: number | null;
  /** Pairs, or the smaller sample. */
  readonly n: number;
  readonly method: DetailedComparison["method"];
  readonly baselineMedian: number | null;
  /** Why there is nothing to test. */
  readonly reason?: string;
}

interface Tested extends Sample {
  readonly cell: string;
  readonly metric: string;
}

const UNTESTED = { estimate: null, p: null, n: 0, method: "none", baselineMedian: null } as const;

/** A row without numbers; none where nobody measured it anyway. */
function refused(trials: readonly MeasuredTrial[], metric: string, reason: string): Sample | undefined {
  const found = measured(trials, metric);
  return found.length === 0 ? undefined : { ...UNTESTED, unit: found[0].unit, reason };
}

function sampleOf(
  cell: readonly MeasuredTrial[],
  baseline: readonly MeasuredTrial[],
  metric: string,
  pairable: boolean,
): Sample | undefined {
  const all = measured(cell, metric);
  if (all.length === 0 || measured(baseline, metric).length === 0) return undefined;
  const { unit } = all[0];
  const ours = measured(cell.filter(isSound), metric);
  const theirs = measured(baseline.filter(isSound), metric);
  const untested: Sample = { unit, ...UNTESTED };
  if (ours.length === 0 || theirs.length === 0) return untested;
  // Neither a difference nor a rank can be told from a bound.
  if ([...ours, ...theirs].some((one) => one.atLeast)) return untested;
  if (pairable && sharesSeeds(cell, baseline)) {
    const byRepetition = new Map(theirs.map((one) => [one.repetition, one.value]));
    const pairs = ours.filter((one) => byRepetition.has(one.repetition));
    if (pairs.length === 0) return untested;
    const differences = pairs.map((one) => one.value - byRepetition.get(one.repetition)!);
    return {
      unit,
      estimate: hodgesLehmann(differences),
      p: signedRank(differences).p,
      n: pairs.length,
      method: "signed-rank",
      baselineMedian: median(pairs.map((one) => byRepetition.get(one.repetition)!)),
    };
  }
  const [a, b] = [ours.map((one) => one.value), theirs.map((one) => one.value)];
  return {
    unit,
    estimate: shift(a, b),
    p: rankSum(a, b).p,
    n: Math.min(a.length, b.length),
    method: "mann-whitney",
    baselineMedian: median(b),
  };
}

function measured(
  trials: readonly MeasuredTrial[],
  metric: string,
): { readonly repetition: number; readonly value: number; readonly unit: string; readonly atLeast: boolean }[] {
  return trials.flatMap(({ record, summary }) => {
    const found = summary?.metrics[metric];
    if (found === undefined || found.value === null) return [];
    return [{ repetition: record.repetition, value: found.value, unit: found.unit, atLeast: found.atLeast === true }];
  });
}

/** The same repetitions with the same seeds: repetition k of both drew the same streams. */
function sharesSeeds(a: readonly MeasuredTrial[], b: readonly MeasuredTrial[]): boolean {
  const seeds = (trials: readonly MeasuredTrial[]): Map<number, number> =>
    new Map(trials.map(({ record }) => [record.repetition, record.seed]));
  const [ours, theirs] = [seeds(a), seeds(b)];
  return (
    ours.size === a.length &&
    theirs.size === b.length &&
    ours.size === theirs.size &&
    [...ours].every(([repetition, seed]) => theirs.get(repetition) === seed)
  );
}

export function verdictOf(
  metric: string,
  estimate: ShiftEstimate,
  baselineMedian: number,
  pAdjusted: number | null,
  options: Omit<CompareOptions, "baseline">,
): ComparisonRow["verdict"] {
  const floor = options.noiseFloor * Math.abs(baselineMedian);
  const { lo, hi } = estimate;
  if (pAdjusted !== null && pAdjusted < options.alpha && Math.abs(estimate.estimate) > floor) {
    const better = describeMetric(metric)?.better ?? "neutral";
    if (better === "neutral") return "different";
    return estimate.estimate < 0 === (better === "lower") ? "better" : "worse";
  }
  return lo !== null && hi !== null && lo >= -floor && hi <= floor ? "same" : "inconclusive";
}
