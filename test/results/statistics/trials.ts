/** Made-up trials for tests: a cell, a repetition, a seed and its metrics. */
import type { MetricValue, Validity } from "../../../results/record/figures";
import type { MeasuredTrial } from "../../../results/statistics/summarise";

const INVALID: Validity = {
  verdict: "invalid",
  doubts: [{ kind: "outside-load", verdict: "invalid", reason: "somebody else was busy", advice: "Try again." }],
};

export function trial(
  cell: string,
  repetition: number,
  metrics: Readonly<Record<string, number | null>>,
  more: { seed?: number; spread?: number; failed?: boolean; invalid?: boolean } = {},
): MeasuredTrial {
  const values: Record<string, MetricValue> = {};
  for (const [name, value] of Object.entries(metrics)) {
    const half = more.spread ?? 0;
    values[name] = {
      value,
      lo: value === null ? null : value - half,
      hi: value === null ? null : value + half,
      n: 100,
      unit: "ms",
    };
  }
  return {
    record: {
      schema: "quorumlab/trial@1",
      id: `${cell}-${repetition}`,
      experiment: "made-up",
      cell,
      axes: { r: cell },
      repetition,
      world: "simulation",
      seed: more.seed ?? repetition,
      resolved: {},
      semanticsVersion: "1",
      startedAt: "2026-11-23T00:00:00.000Z",
      endedAt: "2026-11-23T00:00:01.000Z",
      outcome: more.failed === true ? "failed" : "done",
      ...(more.failed === true ? { error: "node-2 did not start" } : {}),
      operations: 100,
    },
    summary:
      more.failed === true
        ? null
        : {
            schema: "quorumlab/summary@1",
            metrics: values,
            validity: more.invalid === true ? INVALID : { verdict: "valid", doubts: [] },
            calibration: null,
          },
  };
}
