/**
 * A hot set and a cold set, each uniform inside (YCSB's `hotspot`). The hot set is the *lowest* key numbers; with hashed
 * key names they lie scattered over the ring all the same. Where YCSB would divide by zero, because one of the sets is
 * empty, every draw goes to the other.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { ChooserStrategy, KeyChooser, KeyRange } from "./chooser";

export const hotspot: ChooserStrategy<"hotspot"> = {
  name: "hotspot",
  prose: "A share of the operations goes to the lowest-numbered share of the keys; uniform inside both sets.",
  source: "YCSB, HotspotIntegerGenerator",
  create: (settings, range) => new Hotspot(settings, range),
};

class Hotspot implements KeyChooser {
  readonly name = "hotspot";
  private readonly first: number;
  private readonly hot: number;
  private readonly cold: number;
  private readonly share: number;

  constructor(settings: { readonly dataFraction: number; readonly operationFraction: number }, range: KeyRange) {
    this.first = range.first;
    this.hot = Math.floor(range.count * settings.dataFraction);
    this.cold = range.count - this.hot;
    this.share = this.hot === 0 ? 0 : this.cold === 0 ? 1 : settings.operationFraction;
  }

  next(random: Random): number {
    if (random.nextFloat() < this.share) return this.first + random.nextBelow(this.hot);
    // A share of 1 never comes here: a float drawn is below 1.
    return this.first + this.hot + random.nextBelow(this.cold);
  }

  hottestShare(): number {
    const hot = this.hot === 0 ? 0 : this.share / this.hot;
    const cold = this.cold === 0 ? 0 : (1 - this.share) / this.cold;
    return Math.max(hot, cold);
  }
}
