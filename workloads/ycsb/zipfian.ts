/**
 * YCSB's `zipfian`, faithfully: a rank out of a fixed ten thousand million, by Gray's algorithm with theta 0.99, then
 * scattered by FNV-1a over M = loaded keys + expected inserts + 1 numbers. It is often mistaken for a zipf law over the
 * keys: whatever the number of keys, the first rank has 1/26.469 = 3.78 % of the draws, and the long tail folds evenly
 * over all keys. For a zipf law over the keys there are, see `zipf`.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { ChooserStrategy, KeyChooser, KeyRange } from "./chooser";
import { GrayZipfian } from "./gray-zipfian";
import { KeyHash } from "./key-number";

/** YCSB gives its generator the closed range 0 to 10^10. */
export const SCRAMBLED_ITEMS = 10_000_000_001;
export const SCRAMBLED_ZETA = 26.46902820178302;

export const zipfian: ChooserStrategy<"zipfian"> = {
  name: "zipfian",
  prose:
    "YCSB's scrambled zipfian: theta 0.99 over a fixed 10^10 ranks, folded over the keys by a hash. The hottest key has " +
    "about 3.8 % of the operations whatever the number of keys.",
  source: "YCSB, ScrambledZipfianGenerator; Gray et al., SIGMOD 1994",
  create: (_settings, range) => new Zipfian(range),
};

class Zipfian implements KeyChooser {
  readonly name = "zipfian";
  private readonly law = new GrayZipfian(SCRAMBLED_ITEMS, SCRAMBLED_ZETA);
  private readonly hash = new KeyHash();
  private readonly modulus: number;
  private hottest: number | undefined;

  constructor(private readonly range: KeyRange) {
    this.modulus = range.count + range.expectedInserts + 1;
  }

  next(random: Random): number {
    for (;;) {
      const rank = this.law.rank(random.nextFloat());
      const number = this.range.first + this.hash.of(rank).mod(this.modulus);
      if (number <= this.range.acknowledged.newest) return number;
    }
  }

  hottestShare(): number | undefined {
    if (this.range.growing) return undefined;
    this.hottest ??= this.reckonHottest();
    return this.hottest;
  }

  /**
   * The head's ranks are folded one by one; the tail, where no rank has a share worth naming, is spread evenly. Draws
   * above the newest key are redrawn, so the shares are of what is left.
   */
  private reckonHottest(): number {
    const folded = new Map<number, number>();
    let named = 0;
    for (let rank = 0; rank < NAMED_RANKS; rank++) {
      const slot = this.hash.of(rank).mod(this.modulus);
      const mass = this.law.mass(rank);
      named += mass;
      folded.set(slot, (folded.get(slot) ?? 0) + mass);
    }
    const evenly = (1 - named) / this.modulus;
    const choosable = Math.min(this.modulus, this.range.acknowledged.newest - this.range.first + 1);
    let kept = evenly * choosable;
    let hottest = 0;
    for (const [slot, mass] of folded) {
      if (slot >= choosable) continue;
      kept += mass;
      hottest = Math.max(hottest, mass);
    }
    return (hottest + evenly) / kept;
  }
}

const NAMED_RANKS = 65_536;
