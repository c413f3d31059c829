/**
 * When an open loop wants its operations: an endless schedule of instants, fixed before anything is sent and deaf to how
 * the store fares. That is what keeps a slow answer from thinning the load that would have shown it (coordinated
 * omission: G. Tene, "How NOT to measure latency"; Schroeder, Wierman, Harchol-Balter, "Open versus closed", NSDI 2006).
 *
 * Instants are whole microseconds, but the schedule adds in doubles and rounds only what it hands out: rounding each gap
 * would bend a rate of 300,000/s by ten per cent. A rate that changes makes a non-homogeneous Poisson process. One made of
 * straight pieces is drawn by inverting its integral, piece after piece; the sinusoid by thinning one of the highest rate
 * (Lewis and Shedler, Naval Research Logistics Quarterly 26, 1979). Both are exact.
 */
import { assert, InvariantViolated } from "../engine/vocabulary/assert";
import type { Micros } from "../engine/vocabulary/micros";
import { MICROS_PER_SECOND } from "../engine/vocabulary/micros";
import type { Random } from "../engine/vocabulary/random";
import { cosineOfTurns, ln } from "../engine/vocabulary/mathematics";
import type { ArrivalSettings, WorkloadSettings } from "./settings";

export type { ArrivalSettings } from "./settings";

export interface Arrivals {
  /** The next intended instant, from the start of the schedule; never less than the one before. Infinity: there are no more. */
  next(): Micros;
}

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
  create({ ratePerSecond, turn = ALONE }) {
    let made = 0;
    const { index, of } = turn;
    // From the count, not by adding gaps: no rounding ever accumulates.
    return { next: () => Math.round(((made++ * of + index) * MICROS_PER_SECOND) / (ratePerSecond * of)) };
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

const bursts = ofPieces(
  "bursts",
  "Independent users who come in bursts: a high rate for a while, then a lull, over and over, beginning with a burst. The mean over burst and lull is the rate.",
  function* ({ ratePerSecond, bursts: shape }) {
    assert(shape !== undefined && shape.onMs > 0 && shape.offMs > 0, "bursts and lulls have a length");
    const [on, off] = [shape.onMs / 1_000, shape.offMs / 1_000];
    const high = (ratePerSecond * (on + off)) / (on + off * shape.lull);
    for (;;) {
      yield { seconds: on, from: high, to: high };
      yield { seconds: off, from: high * shape.lull, to: high * shape.lull };
    }
  },
);

const ramp = ofPieces(
  "ramp",
  "Independent users whose number grows or falls in a straight line to the rate, which then stays.",
  function* ({ ratePerSecond, ramp: shape }) {
    assert(shape !== undefined && shape.overMs > 0, "a ramp has a length");
    yield { seconds: shape.overMs / 1_000, from: shape.fromPerSecond, to: ratePerSecond };
    yield { seconds: Infinity, from: ratePerSecond, to: ratePerSecond };
  },
);

const steps = ofPieces(
  "steps",
  "Independent users whose number changes in steps, each at its own instant; the last one stays.",
  function* ({ steps: list }) {
    assert(list !== undefined && list.length > 0 && list[0].atMs === 0, "steps begin at the beginning");
    for (const [i, { atMs, ratePerSecond }] of list.entries()) {
      const until = i + 1 < list.length ? list[i + 1].atMs : Infinity;
      assert(until > atMs, "steps come one after the other");
      yield { seconds: (until - atMs) / 1_000, from: ratePerSecond, to: ratePerSecond };
    }
  },
);

const spike = ofPieces(
  "spike",
  "Independent users at the rate, and once many more of them for a while.",
  function* ({ ratePerSecond, spike: shape }) {
    assert(shape !== undefined && shape.forMs > 0, "a spike has a length");
    const high = ratePerSecond * shape.factor;
    if (shape.atMs > 0) yield { seconds: shape.atMs / 1_000, from: ratePerSecond, to: ratePerSecond };
    yield { seconds: shape.forMs / 1_000, from: high, to: high };
    yield { seconds: Infinity, from: ratePerSecond, to: ratePerSecond };
  },
);

/** The workload says itself when, by what was recorded: see {@link "./operation".Workload.arrivals}. */
const trace: ArrivalStrategy = {
  name: "trace",
  prose: "At the recorded instants of a trace, whatever the store. Belongs to mix_name trace.",
  rate: steady,
  create: () => {
    throw new InvariantViolated("a workload that follows a trace has its own schedule");
  },
};

/** A stretch of time in which the rate goes from one value to another in a straight line. */
interface Piece {
  readonly seconds: number;
  readonly from: number;
  readonly to: number;
}

/** A strategy whose rate is made of straight pieces without end: the last one yielded lasts for ever, or there is no last one. */
function ofPieces(
  name: ArrivalsName,
  prose: string,
  pieces: (settings: ArrivalSettings) => Generator<Piece, void>,
): ArrivalStrategy {
  return {
    name,
    prose,
    rate: (settings) => ({
      highest: highestOf(pieces(settings)),
      at: (seconds) => {
        const { piece, into } = pieceAt(pieces(settings), seconds);
        return rateWithin(piece, into);
      },
      expectedBy: (seconds) => {
        const { piece, into, before } = pieceAt(pieces(settings), seconds);
        return before + massOf(piece, into);
      },
    }),
    create: (settings, random) => inverted(pieces(settings), random),
  };
}

function rateWithin({ seconds, from, to }: Piece, into: number): number {
  return from === to ? from : from + (to - from) * (into / seconds);
}

/** Arrivals expected in the first `into` seconds of a piece. */
function massOf(piece: Piece, into: number): number {
  return ((piece.from + rateWithin(piece, into)) / 2) * into;
}

function pieceAt(
  pieces: Generator<Piece, void>,
  seconds: number,
): { readonly piece: Piece; readonly into: number; readonly before: number } {
  let begun = 0;
  let before = 0;
  for (const piece of pieces) {
    if (seconds < begun + piece.seconds) return { piece, into: seconds - begun, before };
    begun += piece.seconds;
    before += massOf(piece, piece.seconds);
  }
  throw new InvariantViolated("the last piece of a rate lasts for ever");
}

/** Of the pieces of one turn: bursts repeat, and the rest end. */
function highestOf(pieces: Generator<Piece, void>): number {
  let highest = 0;
  let left = MOST_PIECES;
  for (const { from, to } of pieces) {
    highest = Math.max(highest, from, to);
    if (--left === 0) break;
  }
  return highest;
}

/** A Poisson process whose rate is made of pieces: unit-exponential amounts of its integral, turned back into time. */
function inverted(pieces: Generator<Piece, void>, random: Random): Arrivals {
  let piece = pieceFrom(pieces);
  let begun = 0;
  let into = 0;
  return {
    next: () => {
      let wanted = -ln(1 - random.nextFloat());
      for (;;) {
        const rate = rateWithin(piece, into);
        const left = massOf(piece, piece.seconds) - massOf(piece, into);
        if (piece.seconds === Infinity || wanted < left) {
          const slope = piece.from === piece.to ? 0 : (piece.to - piece.from) / piece.seconds;
          // The root of rate x + slope x^2 / 2 = wanted, in the form that loses no digits where the slope is small.
          into += (2 * wanted) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * wanted)));
          return Math.round((begun + into) * MICROS_PER_SECOND);
        }
        wanted -= left;
        begun += piece.seconds;
        into = 0;
        piece = pieceFrom(pieces);
      }
    },
  };
}

function pieceFrom(pieces: Generator<Piece, void>): Piece {
  const next = pieces.next();
  if (next.done === true) throw new InvariantViolated("the last piece of a rate lasts for ever");
  return next.value;
}

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
export const ARRIVALS: Readonly<Record<ArrivalsName, ArrivalStrategy>> = {
  constant,
  poisson,
  bursts,
  diurnal,
  ramp,
  steps,
  spike,
  trace,
};

/** A schedule at `ratePerSecond` > 0 from instant 0 on, determined by its arguments. */
export function arrivals(settings: ArrivalSettings, random: Random): Arrivals {
  return ARRIVALS[settings.arrivals].create(settings, random);
}

/** Operations a second that a load asks for, over its whole length where that changes; undefined where every client waits for its answer. */
export function ratePerSecondOf(load: WorkloadSettings["load"]): number | undefined {
  return load.model === "closed" ? load.targetPerSecond : load.ratePerSecond;
}

/** The same schedule with `factor` times as many arrivals. */
export function scaledArrivals(settings: ArrivalSettings, factor: number): ArrivalSettings {
  const { ramp: slope, steps: list } = settings;
  return {
    ...settings,
    ratePerSecond: settings.ratePerSecond * factor,
    ...(slope === undefined ? {} : { ramp: { ...slope, fromPerSecond: slope.fromPerSecond * factor } }),
    ...(list === undefined
      ? {}
      : { steps: list.map((step) => ({ ...step, ratePerSecond: step.ratePerSecond * factor })) }),
  };
}

/** Arrivals a second that are aimed at between two instants, seconds since the schedule began. */
export function offeredBetween(settings: ArrivalSettings, from: number, to: number): number {
  assert(from < to, "a stretch of time has a length");
  const rate = ARRIVALS[settings.arrivals].rate(settings);
  return (rate.expectedBy(to) - rate.expectedBy(from)) / (to - from);
}

const ALONE: NonNullable<ArrivalSettings["turn"]> = { index: 0, of: 1 };
/** More than the steps that a workload may have. */
const MOST_PIECES = 1_024;
