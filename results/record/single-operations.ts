/**
 * What a trial keeps of its operations one by one, besides what is folded into figures: some drawn by chance, the slowest and
 * those that failed, and a table of time by latency that holds all of them. Both are bounded, whatever the length of a run:
 * a percentile hides that there were two ways to be answered, and raw history need not be kept to see it. Runs of before these
 * fields have neither.
 */
import type { Shape } from "./shape";

/** How an operation ended, by its place in this list; as the history's certainties. */
export const FATES = ["answered", "refused", "unknown"] as const;
export type Fate = (typeof FATES)[number];

/** So many of the slowest answered operations are kept whatever chance draws. */
export const MOST_SLOWEST = 60;

/**
 * Operations of warm-up, measured phase and drain that were sent, spans of several requests left out. Parallel arrays: first `drawn` ones by
 * chance of the answered, then the `slowest` of the answered that are not among those, then those that were not
 * answered. Seconds from the start of the warm-up to the intended instant; response time from there.
 */
export interface OperationSample {
  readonly kinds: readonly string[];
  readonly drawn: number;
  readonly slowest: number;
  /** All there were, in the order of FATES. */
  readonly of: readonly number[];
  readonly t: readonly number[];
  readonly ms: readonly number[];
  /** Index into `kinds`. */
  readonly kind: readonly number[];
  /** Index into FATES. */
  readonly fate: readonly number[];
}

/**
 * Answered operations by when they ended and how long they took from the intended instant. Column c begins at `c * widthS` seconds from the start
 * of the warm-up and is `[first bin, count, count, …]`, or empty; bin b is from `edgesMs[b]` to `edgesMs[b + 1]`, the first and the last
 * also hold what lies beyond.
 */
export interface LatencyBins {
  readonly widthS: number;
  readonly edgesMs: readonly number[];
  readonly planes: readonly {
    readonly kind: "read" | "write" | "scan";
    readonly count: number;
    readonly columns: readonly (readonly number[])[];
  }[];
}

export const OPERATION_SAMPLE: Shape = {
  ...{ kinds: ["string"], drawn: "number", slowest: "number", of: ["number"] },
  ...{ t: ["number"], ms: ["number"], kind: ["number"], fate: ["number"] },
};
export const LATENCY_BINS: Shape = {
  widthS: "number",
  edgesMs: ["number"],
  planes: [{ kind: { oneOf: ["read", "write", "scan"] }, count: "number", columns: [["number"]] }],
};

/** Widths are this times a power of two, so that tables of trials of other lengths can be put together. */
export const NARROWEST_COLUMN_S = 0.1;

/** Ten to a decade by Renard's numbers, from 10 µs to 100 s. */
export const EDGES_MICROS: readonly number[] = [
  ...Array.from({ length: 7 }, (_, decade) =>
    [100, 125, 160, 200, 250, 315, 400, 500, 630, 800].map((step) => (step * 10 ** decade) / 10),
  ).flat(),
  100_000_000,
];
