/**
 * YCSB's zipfian ranks, after Gray, Sundaresan, Englert, Baclawski and Weinberger, "Quickly generating billion-record
 * synthetic databases" (SIGMOD 1994): exact for the two hottest ranks, a power law inverted in one step for the rest.
 * It is an approximation: the masses of ranks from 2 on are *near* k^-theta, which is why `zipf` exists beside it.
 *
 * With theta 0.99 the exponent 1/(1 - theta) is 100, taken here by eight multiplications, which round alike on every
 * machine (YCSB's own double holds 99.99999999999991; no rank below a thousand million moves).
 */
import { pow } from "../../engine/vocabulary/mathematics";
import { zeta } from "./zeta";

export const YCSB_THETA = 0.99;

/** Draws ranks in [0, items). The number of items may grow; zeta then grows by the terms that came. */
export class GrayZipfian {
  private items: number;
  private zetan: number;
  private eta: number;

  /** `items` >= 1. `zetan` where it is known, as for YCSB's fixed ten thousand million items. */
  constructor(items: number, zetan: number = zeta(items, YCSB_THETA)) {
    this.items = items;
    this.zetan = zetan;
    this.eta = this.etaNow();
  }

  /** Extends the law to `items`, which never shrinks. */
  grow(items: number): void {
    if (items <= this.items) return;
    for (let k = this.items + 1; k <= items; k++) this.zetan += pow(k, -YCSB_THETA);
    this.items = items;
    this.eta = this.etaNow();
  }

  /** The rank for `u` in [0, 1). */
  rank(u: number): number {
    const scaled = u * this.zetan;
    if (scaled < 1) return 0;
    if (scaled < ZETA_TWO) return 1;
    const x = this.eta * u - this.eta + 1;
    const x4 = x * x * (x * x);
    const x8 = x4 * x4;
    const x32 = x8 * x8 * (x8 * x8);
    // x < 1, so the product stays below items, but for a last rounding.
    return Math.min(this.items - 1, Math.floor(this.items * (x32 * x32 * x32 * x4)));
  }

  /** Probability that the algorithm gives exactly `rank`: the law that draws are to be tested against. */
  mass(rank: number): number {
    const first = Math.min(1, 1 / this.zetan);
    const head = Math.min(1, ZETA_TWO / this.zetan);
    const exact = rank === 0 ? first : rank === 1 ? head - first : 0;
    if (this.items <= 2) return exact;
    const begin = Math.max(head, this.beginOf(rank));
    const end = rank === this.items - 1 ? 1 : this.beginOf(rank + 1);
    return exact + Math.max(0, end - begin);
  }

  get count(): number {
    return this.items;
  }

  /** The least u whose power-law branch gives `rank` or more. */
  private beginOf(rank: number): number {
    return 1 - (1 - pow(rank / this.items, 1 - YCSB_THETA)) / this.eta;
  }

  private etaNow(): number {
    // Two items or fewer never leave the exact branches, where eta would divide by zero.
    if (this.items <= 2) return 0;
    return (1 - pow(2 / this.items, 1 - YCSB_THETA)) / (1 - ZETA_TWO / this.zetan);
  }
}

/** 1 + 0.5^theta. */
const ZETA_TWO = 1.5034777750283594;
