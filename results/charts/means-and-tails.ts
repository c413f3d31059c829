/**
 * Chart 46, means and tails as load rises and falls: the four curves of Dynamo's figure 4, mean and 99.9th percentile of reads
 * and of writes by the hour, on a logarithmic axis. A mean that hardly moves beside a tail that follows the day is what made its
 * authors judge by the tail. Drawn where the offered rate changes; where it does not, latency over time says all.
 */
import type { ChartDefinition } from "./chart";
import { drawLatencyLines, type DrawnCell, type LatencyLine } from "./latency-over-time";
import { median, plain } from "./numbers";
import { underLoad, type Band } from "./over-time";

export const meansAndTails: ChartDefinition = {
  id: "means-and-tails",
  number: 46,
  title: "Means and tails as load changes",
  question: "How far is the tail from the mean, at low load and at high load?",
  prose:
    "One panel a configuration: the mean and the 99.9th percentile of reads and of writes in each interval, on a logarithmic axis, so that equal distances are equal ratios. An interval needs 1,000 operations of a kind for its 99.9th percentile to be drawn, which is then one of its slowest few. Offered load over the same time stands in the chart of outcomes.",
  absence: "No interval holds enough successful operations for a mean and a 99.9th percentile.",
  concerns: (figures) => {
    const offered = underLoad(figures).columns["offered"]?.filter((value): value is number => value !== null) ?? [];
    return offered.length > 2 && Math.min(...offered) < LOW_SHARE * Math.max(...offered);
  },
  draw: (input) => drawLatencyLines(meansAndTails, LINES, answerOf, input),
};

const WRITES = ["write", "update", "insert"];
const LINES: readonly LatencyLine[] = [
  {
    name: "write p99.9",
    columns: WRITES.map((kind) => `${kind}_p999_ms`),
    style: { colour: "$s2", dash: [], marker: "line" },
  },
  { name: "read p99.9", columns: ["read_p999_ms"], style: { colour: "$s1", dash: [], marker: "line" } },
  {
    name: "write mean",
    columns: WRITES.map((kind) => `${kind}_mean_ms`),
    style: { colour: "$s2", dash: [2, 2], marker: "line" },
  },
  { name: "read mean", columns: ["read_mean_ms"], style: { colour: "$s1", dash: [2, 2], marker: "line" } },
];

function answerOf(drawn: readonly DrawnCell[]): string {
  const sentences = drawn.map(({ cell, bands }) => {
    const of = (name: string): Band["middle"] => bands.find((one) => one.name === name)?.values.middle ?? [];
    const parts = (["read", "write"] as const).flatMap((kind) => {
      const means = new Map(of(`${kind} mean`).map(({ x, y }) => [x, y]));
      const ratios = of(`${kind} p99.9`).flatMap(({ x, y }) => ((means.get(x) ?? 0) > 0 ? [y / means.get(x)!] : []));
      if (ratios.length === 0) return [];
      return [
        `${plain(median(ratios)!)} times their mean for ${kind}s (from ${plain(Math.min(...ratios))} to ${plain(Math.max(...ratios))} over ${ratios.length} intervals)`,
      ];
    });
    if (parts.length === 0) return undefined;
    return `${drawn.length === 1 ? "p99.9" : `${cell.label}: p99.9`} is ${parts.join(" and ")}.`;
  });
  const told = sentences.filter((one) => one !== undefined);
  return told.length === 0
    ? "No interval has enough operations for a 99.9th percentile beside its mean."
    : told.slice(0, MOST_TOLD).join(" ");
}

/** Configurations that the sentence speaks of; the table has them all. */
const MOST_TOLD = 3;
/** Lowest offered rate over the highest, below which it is said to change. */
const LOW_SHARE = 0.8;
