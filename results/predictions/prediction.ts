/**
 * Everything that PBS says about one model and one quorum, gathered: the curve of consistency over t, latencies, both
 * estimators of t-visibility, the closed forms, and what was published of it. One place, so that the command line, the
 * reproduction targets and the tests speak of the same numbers.
 */
import { leastLoad, missChance, monotonicReads, withinVersions, withinVersionsAt } from "./closed-forms";
import { publishedCell, type PublishedCell } from "./published";
import type { Estimate } from "./sorted-sample";
import { exactQuantile, firstCrossing, gridFor, type FirstCrossing, type GridName } from "./t-visibility";
import { simulateWars, type WarsModel } from "./wars";

export interface PredictionRequest {
  readonly model: WarsModel & { readonly name: string; readonly grid?: GridName };
  readonly n: number;
  readonly r: number;
  readonly w: number;
  readonly trials: number;
  readonly seed: number;
  /** Where the curve is wanted, ascending; left out, round numbers around the t-visibility. */
  readonly atMs?: readonly number[];
  readonly onProgress?: (done: number) => void;
}

export interface CurvePoint {
  readonly tMs: number;
  readonly consistent: Estimate;
  /** The chance to be within 1, 2, … {@link MOST_VERSIONS_AT_T} versions, by the conservative rule. */
  readonly withinVersions: readonly number[];
}

export interface Latencies {
  readonly p50: Estimate;
  readonly p99: Estimate;
  readonly p999: Estimate;
}

export interface Prediction {
  readonly atCommit: Estimate;
  readonly curve: readonly CurvePoint[];
  readonly quantileMs: Estimate;
  readonly crossing: FirstCrossing;
  readonly read: Latencies;
  readonly write: Latencies;
  /** For quorums that do not grow. */
  readonly closed: {
    /** Within 1, 2, … {@link MOST_VERSIONS} versions. */
    readonly kStaleness: readonly number[];
    /** Where the key is written as often as the client reads it. */
    readonly monotonicReads: number;
    /** Of the busiest replica, at least, at this chance to miss the last write. */
    readonly leastLoad: number;
  };
  readonly published: PublishedCell | undefined;
}

/** The share of reads for which the published t-visibility is given. */
export const TARGET = 0.999;
export const MOST_VERSIONS = 10;
export const MOST_VERSIONS_AT_T = 3;

/** @throws RangeError for what {@link simulateWars} refuses. */
export function predict({ model, n, r, w, trials, seed, atMs, onProgress }: PredictionRequest): Prediction {
  const outcome = simulateWars({
    model,
    n,
    pairs: [{ r, w }],
    trials,
    seed,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const windows = outcome.windowMs({ r, w });
  const quantileMs = exactQuantile(windows, TARGET);
  const latencies = (sample: ReturnType<typeof outcome.readMs>): Latencies => ({
    p50: sample.quantile(0.5),
    p99: sample.quantile(0.99),
    p999: sample.quantile(0.999),
  });
  const quorums = { n, r, w };
  return {
    atCommit: windows.shareAtOrBelow(0),
    curve: (atMs ?? roundTimes(quantileMs.value)).map((tMs) => {
      const consistent = windows.shareAtOrBelow(tMs);
      const versions = Array.from({ length: MOST_VERSIONS_AT_T }, (_, i) => withinVersionsAt(consistent.value, i + 1));
      return { tMs, consistent, withinVersions: versions };
    }),
    quantileMs,
    crossing: firstCrossing(windows, TARGET, model.grid ?? gridFor(quantileMs.value), seed),
    read: latencies(outcome.readMs(r)),
    write: latencies(outcome.writeMs(w)),
    closed: {
      kStaleness: Array.from({ length: MOST_VERSIONS }, (_, i) => withinVersions(quorums, i + 1)),
      monotonicReads: monotonicReads(quorums, { writesPerSecond: 1, readsPerSecond: 1 }),
      leastLoad: leastLoad(n, missChance(quorums), 1),
    },
    published: publishedCell(model.name, n, { r, w }),
  };
}

/** 0 and 1, 2, 5 of each decade from a hundredth of the window to a little beyond it. */
function roundTimes(windowMs: number): readonly number[] {
  const times = [0];
  if (windowMs === 0) return times;
  for (let power = -3; power <= 8; power++) {
    for (const step of [1, 2, 5]) {
      const t = Number((step * 10 ** power).toPrecision(1));
      if (t >= windowMs / 60 && t <= windowMs * 2.5) times.push(t);
    }
  }
  return times;
}
