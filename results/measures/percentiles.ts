/**
 * Percentiles of one run as metrics. The interval is the binomial one of the ranks: it says how well this many
 * operations fix the percentile *of this run*, takes them as independent (which they are not quite) and says nothing of how
 * another run would come out; that is what repetitions are for. A percentile needs samples beyond it: one for those up to
 * p99, ten for the far tail. Without them it was not measured, and the value is null with n 0, not a maximum in disguise.
 */
import type { MetricValue } from "../record/figures";
import type { LatencyHistogram } from "../record/histogram";
import { quantileRanks } from "../statistics/order-statistics";

const MICROS_PER_MS = 1_000;
export const SAMPLES_BEYOND = 10;

/** `p50`, `p99`, `p999`: the percentile without its point. */
export function percentileName(percentile: number): string {
  return `p${String(percentile).replace(".", "")}`;
}

/** Samples that lie beyond the percentile. */
export function samplesBeyond(count: number, percentile: number): number {
  // 99.9 has no exact double: without rounding, 10,000 samples would count 9.99999999 beyond it.
  return Math.round(count * (100 - percentile) * 1e6) / 1e8;
}

export function isMeasurable(count: number, percentile: number): boolean {
  return samplesBeyond(count, percentile) >= (percentile > 99 ? SAMPLES_BEYOND : 1);
}

export function notMeasured(unit: string): MetricValue {
  return { value: null, lo: null, hi: null, n: 0, unit };
}

/** A percentile of latencies, milliseconds. */
export function latencyPercentile(histogram: LatencyHistogram, percentile: number): MetricValue {
  if (!isMeasurable(histogram.count, percentile)) return notMeasured("ms");
  return percentileMetric(histogram.count, percentile, "ms", (rank) => histogram.valueAtRank(rank) / MICROS_PER_MS);
}

function percentileMetric(
  count: number,
  percentile: number,
  unit: string,
  valueAtRank: (rank: number) => number,
): MetricValue {
  const ranks = quantileRanks(count, percentile / 100);
  return {
    value: valueAtRank(rankOf(count, percentile)),
    lo: ranks.lo === null ? null : valueAtRank(ranks.lo),
    hi: ranks.hi === null ? null : valueAtRank(ranks.hi),
    n: count,
    unit,
  };
}

/** The smallest rank at or below which `percentile` of `count` values lie. */
function rankOf(count: number, percentile: number): number {
  return Math.max(1, Math.ceil(Math.round(count * percentile * 1e6) / 1e8));
}

/** Counts of small whole numbers (siblings, versions behind), with one last cell for "this or more". */
export class Tally {
  private readonly counts: number[] = [];
  private highest = 0;
  private total = 0;
  private sumOfAll = 0;

  constructor(private readonly last: number) {}

  add(value: number, times = 1): void {
    const cell = Math.min(value, this.last);
    while (this.counts.length <= cell) this.counts.push(0);
    this.counts[cell] += times;
    this.total += times;
    this.sumOfAll += value * times;
    if (value > this.highest) this.highest = value;
  }

  get count(): number {
    return this.total;
  }

  get sum(): number {
    return this.sumOfAll;
  }

  get max(): number {
    return this.highest;
  }

  /** By value, ending with the last that occurred. */
  get cells(): readonly number[] {
    return this.counts;
  }

  /** Every cell, so that the last one is always that of "this or more"; none when nothing was counted. */
  get cellsToLast(): readonly number[] {
    return this.total === 0 ? [] : Array.from({ length: this.last + 1 }, (_, value) => this.counts[value] ?? 0);
  }

  percentile(percentile: number, unit: string): MetricValue {
    if (!isMeasurable(this.total, percentile)) return notMeasured(unit);
    return percentileMetric(this.total, percentile, unit, (rank) => this.valueAtRank(rank));
  }

  /** NaN when empty. */
  valueAtPercentile(percentile: number): number {
    return this.total === 0 ? NaN : this.valueAtRank(rankOf(this.total, percentile));
  }

  clear(): void {
    this.counts.length = 0;
    this.highest = this.total = this.sumOfAll = 0;
  }

  private valueAtRank(rank: number): number {
    let below = 0;
    for (const [value, count] of this.counts.entries()) {
      below += count;
      if (below >= rank) return value;
    }
    return this.highest;
  }
}
