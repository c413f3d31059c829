/**
 * Wilcoxon's signed-rank test for paired differences, with the Hodges-Lehmann estimate and the interval that inverting
 * the test gives (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3.1 to 3.3). It asks for differences
 * symmetric about their centre, not for normal ones, and its interval keeps its promise at the six to twelve repetitions that one
 * can afford, where a bootstrap interval does not.
 *
 * Zeros are left out of the test (Wilcoxon 1945, as R's wilcox.test does) and kept in the estimate. Ties: the null distribution is
 * counted over all 2^n signs of the midranks actually seen, so the p-value is exact up to 50 differences also with ties;
 * beyond that it is the normal approximation with tie and continuity corrections, which is good near 5 % and far too large in the tail (at 30
 * differences fourteenfold where the exact p is 1.2e-6), where p must be to survive a correction for many comparisons. The interval uses the untied distribution.
 * The smallest two-sided p of n differences is 2/2^n: 8 repetitions can never survive a correction for 20 comparisons.
 */
import { ascending, median } from "./order-statistics";
import { normalQuantile, normalUpperTail } from "./normal";
import { midranks } from "./ranks";

/** 2^50 choices of signs are still counted exactly in a double. */
export const EXACT_SIGNED_RANK_UP_TO = 50;

export interface SignedRank {
  /** Sum of the ranks of the positive differences. */
  readonly statistic: number;
  /** Two-sided; 1 when every difference is zero. */
  readonly p: number;
  /** Differences that are not zero. */
  readonly n: number;
}

export function signedRank(differences: readonly number[]): SignedRank {
  const nonZero = differences.filter((difference) => difference !== 0);
  const n = nonZero.length;
  if (n === 0) return { statistic: 0, p: 1, n: 0 };
  const { doubled, tieSizes } = midranks(nonZero.map(Math.abs));
  let doubledSum = 0;
  for (const [i, difference] of nonZero.entries()) if (difference > 0) doubledSum += doubled[i];
  const statistic = doubledSum / 2;
  if (n <= EXACT_SIGNED_RANK_UP_TO) {
    const counts = signCounts(doubled);
    const total = counts.length - 1;
    const extreme = Math.min(doubledSum, total - doubledSum);
    return { statistic, p: Math.min(1, 2 * lowerTail(counts, extreme)), n };
  }
  const mean = (n * (n + 1)) / 4;
  const ties = tieSizes.reduce((sum, t) => sum + (t * t * t - t), 0);
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  const z = Math.max(0, Math.abs(statistic - mean) - 0.5) / Math.sqrt(variance);
  return { statistic, p: Math.min(1, 2 * normalUpperTail(z)), n };
}

export interface ShiftEstimate {
  readonly estimate: number;
  /** Null where so few values cannot give the confidence asked for. */
  readonly lo: number | null;
  readonly hi: number | null;
}

/** Hodges-Lehmann centre of the differences: the median of all pairwise (Walsh) means, and its interval. */
export function hodgesLehmann(differences: readonly number[], confidence = 0.95): ShiftEstimate {
  const n = differences.length;
  const means: number[] = [];
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) means.push((differences[i] + differences[j]) / 2);
  const sorted = ascending(means);
  const outside = signedRankCritical(n, 1 - confidence);
  if (outside === null) return { estimate: median(sorted), lo: null, hi: null };
  return { estimate: median(sorted), lo: sorted[outside], hi: sorted[sorted.length - 1 - outside] };
}

/** The largest c with 2 P(T <= c) <= alpha: the interval runs from the (c+1)-th Walsh mean to the (c+1)-th from the top. */
function signedRankCritical(n: number, alpha: number): number | null {
  const key = `${n} ${alpha}`;
  let critical = CRITICAL.get(key);
  if (critical === undefined) CRITICAL.set(key, (critical = findCritical(n, alpha)));
  return critical;
}

/** Found once: a table of comparisons asks for the same again and again. */
const CRITICAL = new Map<string, number | null>();

function findCritical(n: number, alpha: number): number | null {
  if (n === 0) return null;
  if (n > EXACT_SIGNED_RANK_UP_TO) {
    const spread = normalQuantile(1 - alpha / 2) * Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24);
    return Math.max(0, Math.floor((n * (n + 1)) / 4 - spread - 0.5));
  }
  const counts = signCounts(Array.from({ length: n }, (_, i) => i + 1));
  let critical: number | null = null;
  for (let c = 0; 2 * lowerTail(counts, c) <= alpha; c++) critical = c;
  return critical;
}

/** How many of the 2^n choices of signs give each sum of positive ranks. */
function signCounts(ranks: readonly number[]): number[] {
  const counts = new Array<number>(ranks.reduce((sum, rank) => sum + rank, 0) + 1).fill(0);
  counts[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    reached += rank;
    for (let sum = reached; sum >= rank; sum--) counts[sum] += counts[sum - rank];
  }
  return counts;
}

function lowerTail(counts: readonly number[], upTo: number): number {
  let below = 0;
  let all = 0;
  for (const [sum, count] of counts.entries()) {
    all += count;
    if (sum <= upTo) below += count;
  }
  return below / all;
}
