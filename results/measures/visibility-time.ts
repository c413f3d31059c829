/**
 * How long until reads are as good as consistent: the smallest time t since an acknowledgement from which on at least 99.9 % of
 * reads return that write (t-visibility at p = .999, Bailis et al., PBS, 2012). Each read is a draw at its own age. Under the only
 * assumption that more time never makes reads staler, the share by age is fitted by isotonic regression over bins of 2.3 %
 * of their age; the first crossing of raw bins would be an artefact of the thinnest one.
 *
 * The interval inverts one-sided checks on windows. Reads younger than t are at most as consistent as those at t: where a window of reads
 * from age s on stays below 99.9 % even at the upper end of its Wilson interval, s is too early (the lower bound); where a
 * window that ends at u stays above it even at the lower end, u is late enough (the upper bound, null if no window
 * is large enough to show that).
 */
import type { MetricValue } from "../record/figures";
import type { Micros } from "../record/history";
import { risingShares, type Bin } from "../statistics/isotonic";
import { wilson } from "../statistics/wilson";
import { notMeasured } from "./percentiles";

const WANTED = 0.999;
/** Reads at that age or older without which no such share was measured: one of them may be stale. */
const FEWEST_READS = 1_000;
/** The fewest reads that can show a share above 99.9 %: none stale of 3,842 has a lower Wilson bound of .999. */
const FEWEST_TO_SHOW = 4_000;
const BINS_PER_DECADE = 100;
/** From 0.01 ms; what is younger is in the first bin, what is older than 1,000 s in the last. */
const FIRST_EDGE_MS = 0.01;
const DECADES = 8;
const MICROS_PER_MS = 1_000;

export class VisibilityTime {
  private readonly bins: { hits: number; total: number }[] = Array.from(
    { length: DECADES * BINS_PER_DECADE + 1 },
    () => ({ hits: 0, total: 0 }),
  );

  /** `sinceWrite`: from the end of the latest acknowledged write to the beginning of the read, at least 0. */
  add(sinceWrite: Micros, consistent: boolean): void {
    const decades = Math.log10(sinceWrite / MICROS_PER_MS / FIRST_EDGE_MS);
    const bin = this.bins[Math.max(0, Math.min(this.bins.length - 1, 1 + Math.floor(decades * BINS_PER_DECADE)))];
    bin.total++;
    if (consistent) bin.hits++;
  }

  /** `designEffect`: how much wider the truth is than the binomial, at least 1. */
  metric(designEffect: number): MetricValue {
    const first = this.bins.findIndex(({ total }) => total > 0);
    const none = notMeasured("ms");
    if (first < 0) return none;
    const block = risingShares(this.bins).find(({ hits, total }) => total > 0 && hits >= WANTED * total);
    if (block === undefined) return none;
    const from = Math.max(first, block.first);
    const beyond = sum(this.bins.slice(from));
    if (beyond.total < FEWEST_READS || beyond.hits < WANTED * beyond.total) return none;
    const value = edgeMs(from);
    const early = this.tooEarly(designEffect);
    const late = this.lateEnough(designEffect);
    return {
      value,
      lo: Math.min(value, early === undefined ? 0 : edgeMs(early)),
      hi: late === undefined ? null : Math.max(value, edgeMs(late)),
      n: sum(this.bins).total,
      unit: "ms",
    };
  }

  /** The latest bin from which a window of reads is shown to be below. */
  private tooEarly(designEffect: number): number | undefined {
    for (let start = this.bins.length - 1; start >= 0; start--) {
      if (this.bins[start].total === 0) continue;
      const window = this.windowFrom(start, 1, FEWEST_READS);
      if (window !== undefined && bounds(window, designEffect).hi < WANTED) return start;
    }
    return undefined;
  }

  /** The earliest edge up to which a window of reads is shown to be above. */
  private lateEnough(designEffect: number): number | undefined {
    for (let end = 0; end < this.bins.length; end++) {
      if (this.bins[end].total === 0) continue;
      const window = this.windowFrom(end, -1, FEWEST_TO_SHOW * designEffect);
      if (window !== undefined && bounds(window, designEffect).lo > WANTED) return end + 1;
    }
    return undefined;
  }

  /** Bins from `start` in `direction` until they hold `fewest` reads; undefined when there are not so many. */
  private windowFrom(start: number, direction: 1 | -1, fewest: number): Bin | undefined {
    let hits = 0;
    let total = 0;
    for (let index = start; index >= 0 && index < this.bins.length; index += direction) {
      hits += this.bins[index].hits;
      total += this.bins[index].total;
      if (total >= fewest) return { hits, total };
    }
    return undefined;
  }
}

function bounds({ hits, total }: Bin, designEffect: number): { readonly lo: number; readonly hi: number } {
  return wilson(hits / designEffect, total / designEffect);
}

function sum(bins: readonly Bin[]): Bin {
  let hits = 0;
  let total = 0;
  for (const bin of bins) {
    hits += bin.hits;
    total += bin.total;
  }
  return { hits, total };
}

/** Where bin `index` begins, milliseconds. */
function edgeMs(index: number): number {
  return index === 0 ? 0 : Number((FIRST_EDGE_MS * 10 ** ((index - 1) / BINS_PER_DECADE)).toPrecision(4));
}
