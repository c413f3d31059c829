/** Stand-in until engine/vocabulary/distributions.ts. */
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import { fromMs } from "../../engine/vocabulary/micros";
import type { Random } from "../../engine/vocabulary/random";
import { ln } from "./mathematics";
export interface Distribution {
  sample(random: Random): number;
}
export function distributionOf(s: DistributionSettings): Distribution {
  switch (s.dist) {
    case "constant":
      return { sample: () => fromMs(s.valueMs) };
    case "exponential":
      return { sample: (random) => fromMs(s.shiftMs - ln(1 - random.nextFloat()) * s.meanMs) };
    default:
      throw new RangeError(s.dist);
  }
}
