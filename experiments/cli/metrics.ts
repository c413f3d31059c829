/** The metrics and what they mean, from the room of results, loaded when asked for. */
import type { MetricDescription } from "../../results/record/run-folder";

export function metricDescriptions(): readonly MetricDescription[] {
  const { METRICS } = require("../../results/record/metrics") as typeof import("../../results/record/metrics");
  return METRICS;
}
