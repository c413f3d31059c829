/**
 * When an open loop wants its operations: an endless schedule of instants, fixed before anything is sent and deaf to how
 * the store fares. That is what keeps a slow answer from thinning the load that would have shown it (coordinated
 * omission: G. Tene, "How NOT to measure latency"; Schroeder, Wierman, Harchol-Balter, "Open versus closed", NSDI 2006).
 *
 * Instants are whole microseconds, but the schedule adds in doubles and rounds only what it hands out: rounding each gap
 * would bend a rate of 300,000/s by ten per cent.
 */
import type { Micros } from "../engine/vocabulary/micros";
import { MICROS_PER_SECOND } from "../engine/vocabulary/micros";
import type { Random } from "../engine/vocabulary/random";
import { ln } from "../engine/vocabulary/mathematics";

export interface Arrivals {
  /** The next intended instant, from the start of the schedule; never less than the one before. */
  next(): Micros;
}

export type ArrivalsName = "constant" | "poisson";

export interface ArrivalStrategy {
  readonly name: ArrivalsName;
  /** For `explain`. */
  readonly prose: string;
  create(ratePerSecond: number, random: Random): Arrivals;
}

const constant: ArrivalStrategy = {
  name: "constant",
  prose: "Evenly spaced. Kinder to queues than independent users are.",
  create(ratePerSecond) {
    let made = 0;
    // From the count, not by adding gaps: no rounding ever accumulates.
    return { next: () => Math.round((made++ * MICROS_PER_SECOND) / ratePerSecond) };
  },
};

const poisson: ArrivalStrategy = {
  name: "poisson",
  prose: "Exponential gaps, as many independent users make them: bursts and lulls at the same mean rate.",
  create(ratePerSecond, random) {
    const meanGap = MICROS_PER_SECOND / ratePerSecond;
    let at = 0;
    return {
      next: () => {
        // 1 - u is in (0, 1]: the logarithm is finite.
        at -= ln(1 - random.nextFloat()) * meanGap;
        return Math.round(at);
      },
    };
  },
};

/** Every schedule by the name used in `arrivals:`. */
export const ARRIVALS: Readonly<Record<ArrivalsName, ArrivalStrategy>> = { constant, poisson };

/** A schedule at `ratePerSecond` > 0 from instant 0 on, determined by its arguments. */
export function arrivals(
  settings: { readonly arrivals: ArrivalsName; readonly ratePerSecond: number },
  random: Random,
): Arrivals {
  return ARRIVALS[settings.arrivals].create(settings.ratePerSecond, random);
}
