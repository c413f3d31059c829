/**
 * When an open loop wants its operations: an endless schedule of instants, fixed before anything is sent and deaf to how
 * the store fares. That is what keeps a slow answer from thinning the load that would have shown it (coordinated
 * omission: G. Tene, "How NOT to measure latency"; Schroeder, Wierman, Harchol-Balter, "Open versus closed", NSDI 2006).
 *
 * Instants are whole microseconds, but the schedule adds in doubles and rounds only what it hands out: rounding each gap
 * would bend a rate of 300,000/s by ten per cent. A rate that changes makes a non-homogeneous Poisson process, by thinning one
 * of the highest rate (Lewis and Shedler, Naval Research Logistics Quarterly 26, 1979): exact for any shape that is known.
 */
import { assert } from "../engine/vocabulary/assert";
import type { Micros } from "../engine/vocabulary/micros";
import { MICROS_PER_SECOND } from "../engine/vocabulary/micros";
import type { Random } from "../engine/vocabulary/random";
import { cosineOfTurns, ln } from "../engine/vocabulary/mathematics";
import type { WorkloadSettings } from "./settings";

export interface Arrivals {
  /** The next intended instant, from the start of the schedule; never less than the one before. */
  next(): Micros;
}

export type ArrivalSettings = Omit<Extract<WorkloadSettings["load"], { readonly model: "open" }>, "model" | "clients">;
export type ArrivalsName = ArrivalSettings["arrivals"];

/** How many arrivals a second a schedule aims at, by seconds since it began. */
export interface ArrivalRate {
  readonly highest: number;
  at(seconds: number): number;
  /** Arrivals expected until then: the integral of `at`. */
  expectedBy(seconds: number): number;
}

export interface ArrivalStrategy {
  readonly name: ArrivalsName;
  /** For `explain`. */
  readonly prose: string;
  rate(settings: ArrivalSettings): ArrivalRate;
  create(settings: ArrivalSettings, random: Random): Arrivals;
}

const constant: ArrivalStrategy = {
  name: "constant",
  prose: "Evenly spaced. Kinder to queues than independent users are.",
  rate: steady,
  create({ ratePerSecond }) {
    let made = 0;
    // From the count, not by adding gaps: no rounding ever accumulates.
    return { next: () => Math.round((made++ * MICROS_PER_SECOND) / ratePerSecond) };
  },
};

const poisson: ArrivalStrategy = {
  name: "poisson",
  prose: "Exponential gaps, as many independent users make them: bursts and lulls at the same mean rate.",
  rate: steady,
  create({ ratePerSecond }, random) {
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

const diurnal: ArrivalStrategy = {
  name: "diurnal",
  prose:
    "Independent users whose number follows the day: a sinusoid from its lowest at the beginning to its highest half a period later, whose mean is the rate.",
  rate({ ratePerSecond, diurnal: day }) {
    assert(day !== undefined && day.trough >= 0 && day.trough <= 1, "a day has a period and a trough");
    const swing = (1 - day.trough) / (1 + day.trough);
    const period = day.periodMs / 1_000;
    return {
      highest: ratePerSecond * (1 + swing),
      at: (seconds) => ratePerSecond * (1 - swing * cosineOfTurns(seconds / period)),
      // The integral of the cosine is the sine, which is the cosine a quarter later.
      expectedBy: (seconds) =>
        ratePerSecond * (seconds - ((swing * period) / (2 * Math.PI)) * cosineOfTurns(seconds / period - 0.25)),
    };
  },
  create(settings, random) {
    return thinned(diurnal.rate(settings), random);
  },
};

function steady({ ratePerSecond }: ArrivalSettings): ArrivalRate {
  return { highest: ratePerSecond, at: () => ratePerSecond, expectedBy: (seconds) => seconds * ratePerSecond };
}

/** A Poisson process of any rate: candidates come at the highest, and each stays with the share of it that its own instant has. */
function thinned(rate: ArrivalRate, random: Random): Arrivals {
  const meanGap = MICROS_PER_SECOND / rate.highest;
  let at = 0;
  return {
    next: () => {
      do at -= ln(1 - random.nextFloat()) * meanGap;
      while (random.nextFloat() * rate.highest >= rate.at(at / MICROS_PER_SECOND));
      return Math.round(at);
    },
  };
}

/** Every schedule by the name used in `arrivals:`. */
export const ARRIVALS: Readonly<Record<ArrivalsName, ArrivalStrategy>> = { constant, poisson, diurnal };

/** A schedule at `ratePerSecond` > 0 from instant 0 on, determined by its arguments. */
export function arrivals(settings: ArrivalSettings, random: Random): Arrivals {
  return ARRIVALS[settings.arrivals].create(settings, random);
}

/** Arrivals a second that are aimed at between two instants, seconds since the schedule began. */
export function offeredBetween(settings: ArrivalSettings, from: number, to: number): number {
  assert(from < to, "a stretch of time has a length");
  const rate = ARRIVALS[settings.arrivals].rate(settings);
  return (rate.expectedBy(to) - rate.expectedBy(from)) / (to - from);
}
