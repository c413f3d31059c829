/**
 * One-way delays as they happened, for the four legs of the WARS model of Bailis et al. (VLDB 2012): a write on its way
 * to a replica (w), its acknowledgement (a), a read on its way (r) and its response (s). A prediction of staleness is
 * only as good as these four distributions, so they are kept whole rather than as a few percentiles.
 *
 * Bins are log-linear, as in Tene's HdrHistogram: exact below 256 us, then 128 to each doubling, so that no value is off
 * by 1 % and a histogram of anything up to a day has four thousand bins. Histograms add up: bins of many nodes, or of
 * many phases, merge into those of all their values. Both worlds record into this one.
 */
import { assert } from "./assert";
import { MICROS_PER_MS, type Micros } from "./micros";

export type Leg = "w" | "a" | "r" | "s";

export const LEGS: readonly Leg[] = ["w", "a", "r", "s"];

/** The leg that a message of this kind (`PeerMessage["kind"]`) travels; undefined for all others. */
export function legOf(kind: string): Leg | undefined {
  switch (kind) {
    case "replica-put":
    case "replica-update":
      return "w";
    case "replica-put-reply":
    case "replica-updated":
      return "a";
    case "replica-get":
    case "range":
      return "r";
    case "replica-get-reply":
    case "range-reply":
      return "s";
    default:
      return undefined;
  }
}

/** A distribution by its quantile function: `ms[i]` at probability `at[i]`; both ascend, from 0 to 1. */
export interface Quantiles {
  readonly count: number;
  readonly at: readonly number[];
  readonly ms: readonly number[];
}

/** A histogram as plain data, for messages between processes: only bins that hold something. */
export interface SparseBins {
  readonly least: Micros;
  readonly most: Micros;
  /** Bin, count, bin, count, ...; bins ascend. */
  readonly bins: readonly number[];
}

export type SparseLegs = Readonly<Record<Leg, SparseBins>>;

export class DelayHistogram {
  private readonly bins = new Float64Array(BINS);
  private least = Infinity;
  private most = 0;
  count = 0;

  /** `micros` is an integer of 0 or more; anything beyond a day and a half counts as that. */
  record(micros: Micros): void {
    const value = micros < LIMIT ? micros : LIMIT - 1;
    this.bins[binOf(value)]++;
    this.count++;
    if (value < this.least) this.least = value;
    if (value > this.most) this.most = value;
  }

  reset(): void {
    this.bins.fill(0);
    this.least = Infinity;
    this.most = 0;
    this.count = 0;
  }

  merge(other: SparseBins): void {
    const { bins, least, most } = other;
    for (let i = 0; i + 1 < bins.length; i += 2) {
      assert(bins[i] < BINS, "bins of the same layout");
      this.bins[bins[i]] += bins[i + 1];
      this.count += bins[i + 1];
    }
    if (bins.length === 0) return;
    this.least = Math.min(this.least, least);
    this.most = Math.max(this.most, most);
  }

  toSparse(): SparseBins {
    const bins: number[] = [];
    for (let i = 0; i < BINS; i++) if (this.bins[i] > 0) bins.push(i, this.bins[i]);
    return { least: this.count === 0 ? 0 : this.least, most: this.most, bins };
  }

  /**
   * Edges of bins with the share of values below them, thinned to about a thousand points and more towards the tail, where
   * steps shrink with what is left above. Straight lines in between are what is known. No points when nothing was recorded.
   */
  toQuantiles(): Quantiles {
    const { count, least, most } = this;
    const at: number[] = [];
    const ms: number[] = [];
    if (count === 0) return { count, at, ms };
    const point = (share: number, micros: Micros): void => {
      at.push(Math.round(share * SHARE_DIGITS) / SHARE_DIGITS);
      ms.push(Math.min(most, Math.max(least, micros)) / MICROS_PER_MS);
    };
    point(0, least);
    let below = 0;
    let drawn = 0;
    let lastEdge = least;
    const last = binOf(most);
    for (let bin = binOf(least); bin <= last; bin++) {
      const here = this.bins[bin];
      if (here === 0) continue;
      const low = lowEdge(bin);
      // Nothing lies in between: the line goes straight up, not slowly across the gap.
      if (low > lastEdge) {
        point(below / count, lastEdge);
        point(below / count, low);
        drawn = below;
      }
      below += here;
      lastEdge = lowEdge(bin + 1);
      const step = Math.min(STEP * count, (count - below) * TAIL_STEP);
      if (bin === last || below - drawn >= step) {
        point(below / count, lastEdge);
        drawn = below;
      }
    }
    return { count, at, ms };
  }
}

export class LegHistograms {
  readonly w = new DelayHistogram();
  readonly a = new DelayHistogram();
  readonly r = new DelayHistogram();
  readonly s = new DelayHistogram();

  record(leg: Leg, micros: Micros): void {
    this[leg].record(micros);
  }

  reset(): void {
    for (const leg of LEGS) this[leg].reset();
  }

  /** Adds what another has recorded; {@link toSparse} is its form between processes. */
  merge(other: SparseLegs): void {
    for (const leg of LEGS) this[leg].merge(other[leg]);
  }

  toSparse(): SparseLegs {
    return { w: this.w.toSparse(), a: this.a.toSparse(), r: this.r.toSparse(), s: this.s.toSparse() };
  }

  toQuantiles(): Readonly<Record<Leg, Quantiles>> {
    return { w: this.w.toQuantiles(), a: this.a.toQuantiles(), r: this.r.toQuantiles(), s: this.s.toQuantiles() };
  }
}

/** Bins to each doubling, and the power of two up to which bins are single microseconds. */
const PER_DOUBLING = 128;
const EXACT_BITS = 8;
/** 2^37 us is a day and a half. */
const LIMIT_BITS = 37;
const LIMIT = 2 ** LIMIT_BITS;
const BINS = (LIMIT_BITS - EXACT_BITS) * PER_DOUBLING + 2 ** EXACT_BITS;
/** Points of a quantile function: so much further in share, or so much of what is left above. */
const STEP = 0.001;
const TAIL_STEP = 0.02;
const SHARE_DIGITS = 1e9;

function binOf(value: Micros): number {
  if (value < 2 ** EXACT_BITS) return value;
  const top = value < 2 ** 31 ? 31 - Math.clz32(value) : 62 - Math.clz32(Math.floor(value / 2 ** 31));
  const doubling = top - (EXACT_BITS - 1);
  return doubling * PER_DOUBLING + Math.floor(value / 2 ** doubling);
}

/** The least value of a bin; that of the bin after the last is the limit. */
function lowEdge(bin: number): Micros {
  if (bin < 2 ** EXACT_BITS) return bin;
  const doubling = Math.floor(bin / PER_DOUBLING) - 1;
  return (bin - doubling * PER_DOUBLING) * 2 ** doubling;
}
