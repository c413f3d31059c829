/**
 * Newest first, falling off exponentially (YCSB's `exponential`): newest − Exp(gamma), where gamma puts `percentile` per
 * cent of the draws within the newest `fraction` of the records. YCSB's default fraction is 6/7, though a comment in
 * its source says 1/7; about three draws in a hundred then fall below key 0 and are drawn again.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { ChooserStrategy, KeyChooser, KeyRange } from "./chooser";
import { exp, ln } from "../../engine/vocabulary/mathematics";

export const exponential: ChooserStrategy<"exponential"> = {
  name: "exponential",
  prose: "Counted back from the newest key by an exponential law: most draws fall in the newest records.",
  source: "YCSB, ExponentialGenerator",
  create: (settings, range) => new Exponential(settings, range),
};

class Exponential implements KeyChooser {
  readonly name = "exponential";
  private readonly gamma: number;

  constructor(
    settings: { readonly percentile: number; readonly fraction: number },
    private readonly range: KeyRange,
  ) {
    this.gamma = -ln(1 - settings.percentile / 100) / (range.recordCount * settings.fraction);
  }

  next(random: Random): number {
    const newest = this.range.acknowledged.newest;
    for (;;) {
      // 1 - u is in (0, 1]: the logarithm is finite.
      const back = Math.floor(-ln(1 - random.nextFloat()) / this.gamma);
      if (back <= newest) return newest - back;
    }
  }

  hottestShare(): number | undefined {
    if (this.range.growing) return undefined;
    return (1 - exp(-this.gamma)) / (1 - exp(-this.gamma * (this.range.acknowledged.newest + 1)));
  }
}
