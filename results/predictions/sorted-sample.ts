/**
 * A large sample of lengths of time, sorted once, asked for quantiles and for the share at or below a length. Every
 * answer carries what the size of the sample leaves open: a quantile the values at the order statistics around it, a
 * share Wilson's interval, both at 95 %.
 */
import { quantileRanks } from "../statistics/order-statistics";
import { wilson } from "../statistics/wilson";

export interface Estimate {
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
}

export class SortedSample {
  readonly size: number;

  /** Sorts `values` in place and keeps it. Milliseconds, one or more. */
  constructor(private readonly values: Float64Array) {
    if (values.length === 0) throw new RangeError("a sample without values has no quantiles");
    this.size = values.length;
    values.sort();
  }

  /** The smallest value that at least a share `p` of the sample does not exceed; 0 < p < 1. */
  quantile(p: number): Estimate {
    const { lo, hi } = quantileRanks(this.size, p);
    return { value: this.at(Math.ceil(p * this.size)), lo: this.at(lo ?? 1), hi: this.at(hi ?? this.size) };
  }

  /** Of the sample, how much is at or below `ms`. */
  shareAtOrBelow(ms: number): Estimate {
    const count = this.countAtOrBelow(ms);
    return { value: count / this.size, ...wilson(count, this.size) };
  }

  /** The mean of {@link shareAtOrBelow} over all lengths from `fromMs` to `toMs`, exact for this sample. */
  meanShare(fromMs: number, toMs: number): number {
    if (!(toMs > fromMs)) return this.countAtOrBelow(fromMs) / this.size;
    const below = this.countAtOrBelow(fromMs);
    const end = this.countAtOrBelow(toMs);
    let part = 0;
    for (let i = below; i < end; i++) part += (toMs - this.values[i]) / (toMs - fromMs);
    return (below + part) / this.size;
  }

  countAtOrBelow(ms: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.values[middle] <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** By rank from 1. */
  private at(rank: number): number {
    return this.values[Math.min(this.size, Math.max(1, rank)) - 1];
  }
}
