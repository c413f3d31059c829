/**
 * What WARS predicts for a run, from the one-way delays of that very run: the model and the store are then asked the same
 * question, and what is left between the two curves is what the model leaves out (repair, further writes, replicas that
 * are not alike, delays that depend on one another) and not a wrong guess about the network.
 */
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import type { DelayQuantiles, LegDelays, TrialFigures } from "../record/figures";
import { SortedSample } from "./sorted-sample";
import { simulateWars, type WarsModel } from "./wars";

export interface LegsQuestion {
  readonly n: number;
  readonly r: number;
  readonly w: number;
  /** Of all repetitions together. */
  readonly trials: number;
  readonly seed: number | string;
}

/** Arrays are parallel and in order of t. */
export interface VisibilityCurve {
  readonly tMs: readonly number[];
  /** The chance that a read which begins t after the acknowledgement is consistent. */
  readonly p: readonly number[];
  /** 95 % interval from the number of trials alone. */
  readonly lo: readonly number[];
  readonly hi: readonly number[];
  readonly trials: number;
  /** The mean chance over all t from one to another, for comparison with a bin. */
  readonly meanOver: (fromMs: number, toMs: number) => number;
}

/** How far a prediction is from the measured bins. */
export interface Distance {
  /** Root mean square of the difference, each bin counted by its reads; a share of 1. */
  readonly rms: number;
  /** What it would be on average were the prediction right, because bins are samples. */
  readonly byChance: number;
  readonly reads: number;
}

/** False when a kind of message was never seen: there is nothing to draw from. */
export function areComplete(legs: LegDelays): boolean {
  return [legs.w, legs.a, legs.r, legs.s].every(({ count, at }) => count > 0 && at.length > 0);
}

/**
 * `repetitions`: the delays of each, all complete. Every repetition is predicted from its own and the predictions are
 * pooled in equal parts. `atMs` says where the curve is wanted; left out, at 0 and along the windows' own quantiles. With
 * R + W > N nothing is drawn, because no delay can make such a read stale.
 *
 * @throws RangeError when there is no repetition, or a delay or number is impossible.
 */
export function predictFromLegs(
  repetitions: readonly LegDelays[],
  { n, r, w, trials, seed }: LegsQuestion,
  atMs?: readonly number[],
): VisibilityCurve {
  if (repetitions.length === 0) throw new RangeError("no delays to predict from");
  if (r + w > n) {
    const tMs = atMs ?? [0];
    const ones = tMs.map(() => 1);
    return { tMs, p: ones, lo: ones, hi: ones, trials: 0, meanOver: () => 1 };
  }
  const each = Math.max(1, Math.ceil(trials / repetitions.length));
  const windows = new Float64Array(each * repetitions.length);
  repetitions.forEach((legs, i) => {
    const outcome = simulateWars({ model: modelOf(legs), n, pairs: [{ r, w }], trials: each, seed: `${seed}/${i}` });
    windows.set(outcome.rawWindows({ r, w }), i * each);
  });
  const sample = new SortedSample(windows);
  const tMs = atMs ?? [
    ...new Set([0, ...Array.from({ length: 60 }, (_, i) => sample.quantile(1 - 0.9 ** (i + 1)).value)]),
  ];
  const at = tMs.map((t) => sample.shareAtOrBelow(t));
  return {
    tMs,
    p: at.map(({ value }) => value),
    lo: at.map(({ lo }) => lo),
    hi: at.map(({ hi }) => hi),
    trials: sample.size,
    meanOver: (fromMs, toMs) => sample.meanShare(fromMs, toMs),
  };
}

/**
 * What reads and writes take at their coordinator by the same model, of `trials` trials: the Rth and the Wth fastest of N ways
 * there and back. The way between client and coordinator comes on top.
 *
 * @throws RangeError like {@link predictFromLegs}.
 */
export function latencyFromLegs(
  legs: LegDelays,
  { n, r, w, trials, seed }: LegsQuestion,
): { readonly read: SortedSample; readonly write: SortedSample } {
  const outcome = simulateWars({ model: modelOf(legs), n, pairs: [{ r, w }], trials, seed });
  return { read: outcome.readMs(r), write: outcome.writeMs(w) };
}

function modelOf({ w, a, r, s }: LegDelays): WarsModel {
  return { legs: { w: asDistribution(w), a: asDistribution(a), r: asDistribution(r), s: asDistribution(s) } };
}

/** Undefined without reads. A bin without an upper end is compared half as far again behind its lower one. */
export function distanceFromBins(curve: VisibilityCurve, bins: TrialFigures["tVisibility"]): Distance | undefined {
  let squares = 0;
  let chance = 0;
  let reads = 0;
  bins.reads.forEach((count, i) => {
    if (count === 0) return;
    const predicted = predictedInBin(curve, { fromMs: bins.fromMs[i], toMs: bins.toMs[i], meanMs: bins.meanMs?.[i] });
    squares += count * (bins.consistent[i] / count - predicted) ** 2;
    chance += predicted * (1 - predicted);
    reads += count;
  });
  return reads === 0 ? undefined : { rms: Math.sqrt(squares / reads), byChance: Math.sqrt(chance / reads), reads };
}

/**
 * What the curve says of the reads in a bin. Where their mean age is not the bin's middle it is as if some of them stood at the
 * nearer edge and the others anywhere in the bin: exact for ages spread evenly, for probes sent at once, and for
 * any mixture of the two. Without the mean they are taken to be spread evenly, which places probes at t = 0 too late.
 */
export function predictedInBin(
  curve: VisibilityCurve,
  { fromMs, toMs, meanMs }: { readonly fromMs: number; readonly toMs: number; readonly meanMs?: number | undefined },
): number {
  const at = (ms: number): number => curve.meanOver(ms, ms);
  if (!Number.isFinite(toMs)) return at(meanMs ?? 1.5 * fromMs);
  const anywhere = curve.meanOver(fromMs, toMs);
  if (meanMs === undefined) return anywhere;
  const aside = Math.max(-1, Math.min(1, (2 * meanMs - fromMs - toMs) / (toMs - fromMs)));
  return (1 - Math.abs(aside)) * anywhere + Math.abs(aside) * at(aside < 0 ? fromMs : toMs);
}

function asDistribution({ at, ms }: DelayQuantiles): DistributionSettings {
  if (at.length === 1) return { dist: "constant", valueMs: ms[0] };
  return { dist: "empirical", points: at.map((probability, i) => [probability, ms[i]] as const) };
}
