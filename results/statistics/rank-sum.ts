/**
 * The Mann-Whitney (Wilcoxon rank-sum) test for two independent samples, with the Hodges-Lehmann estimate of the shift
 * and the interval that inverting the test gives (Hollander, Wolfe and Chicken, 4.1 to 4.3). Used where repetitions
 * cannot be paired by seed.
 *
 * Up to 20 values a side the p-value is exact: the distribution of the rank sum over all ways to deal the midranks
 * actually seen into two groups, so ties need no correction there. Beyond that the normal approximation with tie and
 * continuity corrections. The interval uses the untied distribution.
 */
import { ascending, median } from "./order-statistics";
import { normalQuantile, normalUpperTail } from "./normal";
import { midranks } from "./ranks";
import type { ShiftEstimate } from "./signed-rank";

export const EXACT_RANK_SUM_UP_TO = 20;

export interface RankSum {
  /** Pairs in which the value of the first sample is the larger; ties count half. */
  readonly u: number;
  /** Two-sided. */
  readonly p: number;
}

export function rankSum(first: readonly number[], second: readonly number[]): RankSum {
  const m = first.length;
  const n = second.length;
  if (m === 0 || n === 0) return { u: 0, p: 1 };
  const { doubled, tieSizes } = midranks([...first, ...second]);
  const doubledSum = doubled.slice(0, m).reduce((sum, rank) => sum + rank, 0);
  const u = doubledSum / 2 - (m * (m + 1)) / 2;
  if (m <= EXACT_RANK_SUM_UP_TO && n <= EXACT_RANK_SUM_UP_TO) {
    const counts = dealCounts(doubled, m);
    const p =
      2 *
      Math.min(
        share(counts, (sum) => sum <= doubledSum),
        share(counts, (sum) => sum >= doubledSum),
      );
    return { u, p: Math.min(1, p) };
  }
  const all = m + n;
  const ties = tieSizes.reduce((sum, t) => sum + (t * t * t - t), 0);
  const variance = ((m * n) / 12) * (all + 1 - ties / (all * (all - 1)));
  if (variance === 0) return { u, p: 1 };
  const z = Math.max(0, Math.abs(u - (m * n) / 2) - 0.5) / Math.sqrt(variance);
  return { u, p: Math.min(1, 2 * normalUpperTail(z)) };
}

/** How much the first sample lies above the second: the median of all differences, and its interval. */
export function shift(first: readonly number[], second: readonly number[], confidence = 0.95): ShiftEstimate {
  const differences: number[] = [];
  for (const a of first) for (const b of second) differences.push(a - b);
  const sorted = ascending(differences);
  const outside = rankSumCritical(first.length, second.length, 1 - confidence);
  if (outside === null) return { estimate: median(sorted), lo: null, hi: null };
  return { estimate: median(sorted), lo: sorted[outside], hi: sorted[sorted.length - 1 - outside] };
}

/** The largest c with 2 P(U <= c) <= alpha; null when there is none. */
function rankSumCritical(m: number, n: number, alpha: number): number | null {
  const key = `${m} ${n} ${alpha}`;
  let critical = CRITICAL.get(key);
  if (critical === undefined) CRITICAL.set(key, (critical = findCritical(m, n, alpha)));
  return critical;
}

/** Found once: a table of comparisons asks for the same again and again. */
const CRITICAL = new Map<string, number | null>();

function findCritical(m: number, n: number, alpha: number): number | null {
  if (m === 0 || n === 0) return null;
  if (m > EXACT_RANK_SUM_UP_TO || n > EXACT_RANK_SUM_UP_TO) {
    const spread = normalQuantile(1 - alpha / 2) * Math.sqrt((m * n * (m + n + 1)) / 12);
    const critical = Math.floor((m * n) / 2 - spread - 0.5);
    return critical < 0 ? null : critical;
  }
  const smallest = (m * (m + 1)) / 2;
  const counts = dealCounts(
    Array.from({ length: m + n }, (_, i) => i + 1),
    m,
  );
  let critical: number | null = null;
  for (let c = 0; c <= m * n && 2 * share(counts, (sum) => sum <= smallest + c) <= alpha; c++) critical = c;
  return critical;
}

/** How many ways of taking `m` of the ranks give each sum. At most C(40, 20), about 1.4e11: exact in a double. */
function dealCounts(ranks: readonly number[], m: number): number[] {
  const highest = ranks.reduce((sum, rank) => sum + rank, 0);
  const ways = Array.from({ length: m + 1 }, () => new Array<number>(highest + 1).fill(0));
  ways[0][0] = 1;
  for (const rank of ranks)
    for (let taken = m; taken >= 1; taken--)
      for (let sum = highest; sum >= rank; sum--) ways[taken][sum] += ways[taken - 1][sum - rank];
  return ways[m];
}

function share(counts: readonly number[], wanted: (sum: number) => boolean): number {
  let hits = 0;
  let all = 0;
  for (const [sum, count] of counts.entries()) {
    all += count;
    if (wanted(sum)) hits += count;
  }
  return hits / all;
}
