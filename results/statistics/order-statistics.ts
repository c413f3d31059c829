/**
 * Intervals for medians and other quantiles from the order of the sample alone: the number of values below the true
 * p-quantile is binomial(n, p), whatever the distribution (David and Nagaraja, Order Statistics, 7.1). For a median at 95 % it
 * takes six values, [min, max] covering 1 - 2/2^6 = 96.9 %; with fewer there is no such interval and none is given.
 */
import { Z_95 } from "./normal";

export interface Ranks {
  /** 1 is the smallest value; 0 or n + 1 would be needed where null stands. */
  readonly lo: number | null;
  readonly hi: number | null;
}

/** Exact up to this size; the normal approximation to the binomial is far within its accuracy beyond. */
const EXACT_UP_TO = 2_000;

/**
 * Ranks whose values enclose the `p`-quantile with at least 95 %: each tail outside holds at most 2.5 %. An end that
 * would lie outside the sample is null.
 */
export function quantileRanks(n: number, p: number): Ranks {
  if (!(p > 0 && p < 1)) throw new RangeError(`a quantile needs 0 < p < 1, not ${p}`);
  if (n < 1) return { lo: null, hi: null };
  if (n > EXACT_UP_TO) {
    const spread = Z_95 * Math.sqrt(n * p * (1 - p));
    return within(n, Math.floor(n * p - spread), Math.ceil(n * p + spread) + 1);
  }
  // X = number of values below the quantile. [x_lo, x_hi] misses it when X < lo or X >= hi.
  const tail = 0.025;
  let below = 0;
  let lo = 0;
  let hi = n + 1;
  // In logarithms: (1 - p)^n underflows long before n is large.
  let logChance = n * Math.log(1 - p);
  for (let k = 0; k <= n; k++) {
    const chance = Math.exp(logChance);
    if (below + chance <= tail) lo = k + 1;
    const reached = below + chance;
    if (1 - reached <= tail && hi === n + 1) hi = k + 1;
    below = reached;
    if (k < n) logChance += Math.log(((n - k) / (k + 1)) * (p / (1 - p)));
  }
  return within(n, lo, hi);
}

function within(n: number, lo: number, hi: number): Ranks {
  return { lo: lo >= 1 ? lo : null, hi: hi <= n ? hi : null };
}

/** The middle value, or the mean of the two; NaN of nothing. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** 95 % interval of the median; both ends null with fewer than six values. */
export function medianInterval(values: readonly number[]): { readonly lo: number | null; readonly hi: number | null } {
  const ranks = quantileRanks(values.length, 0.5);
  if (ranks.lo === null || ranks.hi === null) return { lo: null, hi: null };
  const sorted = ascending(values);
  return { lo: sorted[ranks.lo - 1], hi: sorted[ranks.hi - 1] };
}

export function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
