/** Figures and metrics of rings drawn besides the one that was run, as an experiment with `measure.rings` has them. */
import type { MetricValue, RingsFigures } from "../../results/record/figures";

/** Random tokens where all acknowledge, which is as good a way as any to have two strategies in four configurations. */
export function madeUpRings(w: number): RingsFigures {
  return { drawn: 60, strategy: w === 1 ? "random-tokens" : "equal-partitions" };
}

/** Of `n` repetitions: a trial's own figure stands on 60 rings, a cell's on its trials. */
export function madeUpRingMetrics(r: number, w: number, n: number): Record<string, MetricValue> {
  const even = w !== 1;
  const of = (value: number, unit = "ratio"): MetricValue => ({
    value,
    lo: value * 0.98,
    hi: value * 1.02,
    n,
    unit,
  });
  return {
    ring_metadata_entries: of(60 * r, "count"),
    ring_metadata_bytes: of(360 * r, "bytes"),
    ring_efficiency: of(even ? 0.98 : 0.5 + 0.1 * r),
    ring_cv: of(even ? 0.02 : 0.4 / r),
    ring_max_over_mean: of(even ? 1.02 : 2 / r + 1, "times"),
    ring_neighbours: of(even ? 4 : 4 + 3 * r, "nodes"),
    ring_join_moved: of(0.03),
    ring_join_moved_ratio: of(1, "times"),
    ring_leave_moved: of(0.04),
    ring_leave_moved_ratio: of(even ? 1.3 : 1, "times"),
  };
}
