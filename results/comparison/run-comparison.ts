/**
 * A comparison of runs, or of the cells of one run split by an axis, as plain data: the terminal, the page, Markdown and JSON
 * all show this object, so that they cannot say different things. Sides are lettered; A is the baseline and every difference
 * is the other side minus A. What could not be compared stands here too, with the reason: a comparison that drops what does
 * not fit looks like agreement.
 */
import type { MetricValue } from "../record/figures";
import type { AxisValues, ComparisonRow } from "../record/run-folder";
import type { World } from "../statistics/worlds";

export interface RunComparison {
  readonly schema: "quorumlab/compare@1";
  /** Axes that one run was split by; empty where runs are compared. */
  readonly by: readonly string[];
  /** The first is the baseline. */
  readonly sides: readonly ComparedSide[];
  readonly comparability: Comparability;
  readonly parameters: readonly ComparedParameter[];
  /** Resolved keys that are the same on all sides. */
  readonly sameParameters: number;
  readonly groups: readonly MatchedCells[];
  readonly unmatched: readonly UnmatchedCell[];
  /** In order of groups, then metrics, then sides. */
  readonly rows: readonly ComparedMetric[];
  readonly analysis: {
    readonly alpha: number;
    readonly noiseFloor: number;
    /** Rows that were tested: what Holm's correction counted. */
    readonly tested: number;
    readonly metrics: readonly string[];
  };
  readonly shifts: readonly ShiftCurve[];
  readonly geometricMeans: readonly GeometricMean[];
  readonly counts: Readonly<Record<ComparisonRow["verdict"], number>>;
}

export interface ComparedSide {
  readonly letter: string;
  /** What tells it from the others, in few words: `R=2`, else the run's id. */
  readonly name: string;
  readonly experiment: string;
  readonly title: string;
  readonly run: string;
  readonly folder: string;
  readonly startedAt: string;
  readonly profile: string;
  readonly status: "running" | "done" | "interrupted" | "failed";
  readonly worlds: readonly World[];
  /** Configurations and trials that are looked at. */
  readonly cells: number;
  readonly trials: number;
}

/** `refusal`: the numbers mean nothing together; `caution`: read them with it in mind; `note`: good to know. */
export type Weight = "refusal" | "caution" | "note";

export interface Comparability {
  /** False where there is a refusal, forced or not. */
  readonly comparable: boolean;
  readonly differences: readonly Difference[];
}

export interface Difference {
  /** Stable: `hardware`, `semantics`, `profile`, `workload`, … */
  readonly kind: string;
  readonly weight: Weight;
  /** One sentence. */
  readonly text: string;
}

export interface ComparedParameter {
  readonly key: string;
  /** By side; the values of all its matched cells, printed, `unset` where it has none. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

/** One configuration on every side that has it. */
export interface MatchedCells {
  readonly id: string;
  /** `R=1 · dvvset`; empty where there is one. */
  readonly label: string;
  readonly world: World;
  readonly axes: AxisValues;
  /** Cell ids by side; null where the side has no such configuration. */
  readonly cells: readonly (string | null)[];
}

export interface UnmatchedCell {
  readonly letter: string;
  readonly cell: string;
  readonly label: string;
  readonly why: string;
}

export interface SideValue extends MetricValue {
  /** Repetitions in which it had not happened when nobody looked any more. */
  readonly never?: number;
}

export interface ComparedMetric {
  /** Id of the matched cells. */
  readonly group: string;
  /** The side that is held against A. */
  readonly letter: string;
  readonly metric: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "lower" | "higher" | "neutral";
  /** Medians over repetitions with their intervals; null where the side did not measure it. */
  readonly baseline: SideValue | null;
  readonly value: SideValue | null;
  /** Of the pairs, not the difference of the medians beside it. */
  readonly difference: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  /** The three over the baseline's median; null where that is 0. */
  readonly relative: { readonly value: number; readonly lo: number | null; readonly hi: number | null } | null;
  readonly p: number | null;
  readonly pAdjusted: number | null;
  /** Pairs, or the smaller sample. */
  readonly n: number;
  readonly method: "signed-rank" | "mann-whitney" | "none";
  readonly verdict: ComparisonRow["verdict"];
  /** Why there are no numbers, or what an inconclusive row needs. */
  readonly reason: string | null;
  /** Repetitions that would probably decide it, of an inconclusive row; null: more than can be said. */
  readonly needs: number | null;
  /** By seed, where repetitions are paired. */
  readonly pairs: readonly { readonly seed: number; readonly baseline: number; readonly value: number }[];
}

/** Ratio of pooled latencies, side over A. Parallel arrays; `lo` and `hi` are empty where there are no repetitions to draw from. */
export interface ShiftCurve {
  readonly group: string;
  readonly letter: string;
  readonly kind: "read" | "write";
  /** 0 to 100. */
  readonly percentiles: readonly number[];
  readonly ratio: readonly number[];
  readonly lo: readonly number[];
  readonly hi: readonly number[];
  readonly repetitions: number;
  readonly operations: number;
  readonly paired: boolean;
}

/** Of ratios of medians, side over A, over metrics of one unit that are all above nought. No test stands behind it. */
export interface GeometricMean {
  readonly letter: string;
  readonly unit: string;
  readonly metrics: readonly string[];
  readonly ratio: number;
  /** Ratios that went in. */
  readonly n: number;
}
