/**
 * Newest first by a zipf law (YCSB's `latest`, workload D): newest − rank, where rank is zipfian over as many items as
 * the newest key's number, so key 0 is never chosen while there are others. Newest is the last *acknowledged* insert.
 * The law grows with every insert by the terms of zeta that came; YCSB leaves one coefficient (eta) at the original
 * number of items, which moves the tail by less than any sample shows, and which is not imitated here.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { ChooserStrategy, KeyChooser, KeyRange } from "./chooser";
import { GrayZipfian } from "./gray-zipfian";

export const latest: ChooserStrategy<"latest"> = {
  name: "latest",
  prose: "Zipfian (theta 0.99) counted back from the newest acknowledged key.",
  source: "YCSB, SkewedLatestGenerator",
  create: (_settings, range) => new Latest(range),
};

class Latest implements KeyChooser {
  readonly name = "latest";
  private readonly law: GrayZipfian;

  constructor(private readonly range: KeyRange) {
    this.law = new GrayZipfian(Math.max(1, range.acknowledged.newest));
  }

  next(random: Random): number {
    const newest = this.range.acknowledged.newest;
    this.law.grow(newest);
    return newest - this.law.rank(random.nextFloat());
  }

  hottestShare(): number | undefined {
    return this.range.growing ? undefined : this.law.mass(0);
  }
}
