/**
 * Imbalance over time, as Dynamo's figure 6 has it: in each window of time a node is out of balance when the requests it had to do
 * with differ from the mean of all nodes by 15 % or more, and what is told is the share of nodes that are. It is a count of
 * counts, so it has two causes that look alike: shares that differ (a popular key lies on three nodes and on no others), and few
 * requests, whose numbers scatter though the shares be equal. Only the second goes away as load rises.
 *
 * Windows are the stretches between two samples of the nodes' own totals, about one `measure.interval` each.
 */
import type { MetricValue, TrialFigures } from "../record/figures";
import type { Micros } from "../record/history";
import type { CounterSample, NodeTotals } from "../record/repair-counters";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { notMeasured } from "./percentiles";

const MICROS_PER_SECOND = 1_000_000;
/** From the mean, relative: Dynamo, section 6.2. */
export const OUT_OF_BALANCE = 0.15;
/** Windows of high and of low load are the quarters with the most and the fewest requests. */
const QUARTER = 4;
/** Fewer windows make quarters of one. */
const LEAST_WINDOWS = 8;
/** The quarters' loads differ at least so many times, or nothing rises that imbalance could fall with. */
const LEAST_RISE = 2;
/** Beyond it nothing is kept: a day of windows of a second. */
const MOST_WINDOWS = 86_400;

interface Window {
  readonly from: Micros;
  readonly to: Micros;
  /** Requests a second and node, mean. */
  readonly load: number;
  readonly out: number;
}

export class ImbalanceMeasure implements Measure {
  readonly name = "imbalance";
  private readonly grid: IntervalGrid;
  private last: CounterSample | undefined;
  private readonly windows: Window[] = [];

  constructor(setup: MeasureSetup) {
    this.grid = setup.grid;
  }

  operation(): void {
    // Judged from the nodes' own counters, which no client can see.
  }

  counters(sample: CounterSample): void {
    const { startOfMeasure, endOfMeasure } = this.grid.phases;
    if (sample.at < startOfMeasure || sample.at > endOfMeasure || this.windows.length >= MOST_WINDOWS) return;
    const { last } = this;
    this.last = sample;
    if (last === undefined || sample.at <= last.at) return;
    const before = new Map(last.nodes.map(({ node, requests }) => [node, requests]));
    // A node that did not tell, or began anew: the others' mean would not be the mean of all.
    if (sample.nodes.length !== last.nodes.length) return;
    const counts = sample.nodes
      .filter((node) => !isUnborn(node))
      .map(({ node, requests }) => (requests ?? NaN) - (before.get(node) ?? NaN));
    if (!counts.every((count) => count >= 0)) return;
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    if (!(mean > 0)) return;
    const out = counts.filter((count) => Math.abs(count - mean) >= OUT_OF_BALANCE * mean).length;
    const seconds = (sample.at - last.at) / MICROS_PER_SECOND;
    this.windows.push({ from: last.at, to: sample.at, load: mean / seconds, out: out / counts.length });
  }

  finish(): Findings {
    const windows = wholeWindows(this.windows);
    return {
      metrics: {
        out_of_balance: meanShare(windows),
        ...byLoad(windows),
      },
      ...(windows.length === 0 ? {} : { figures: { imbalance: this.figureOf(windows) } }),
    };
  }

  private figureOf(windows: readonly Window[]): NonNullable<TrialFigures["imbalance"]> {
    const { startOfWarmup } = this.grid.phases;
    return {
      threshold: OUT_OF_BALANCE,
      windowS: middleLength(windows) / MICROS_PER_SECOND,
      rises: quarters(windows) !== undefined,
      t: windows.map(({ from }) => (from - startOfWarmup) / MICROS_PER_SECOND),
      columns: {
        out_of_balance: windows.map(({ out }) => out),
        requests_per_node: windows.map(({ load }) => load),
      },
    };
  }
}

/** A spare that has not started: it has never said a word. */
function isUnborn({ requests, byCause }: NodeTotals): boolean {
  if (requests !== 0 || byCause === undefined) return false;
  return Object.values(byCause).every(({ messages }) => messages === 0);
}

/** Without stubs, such as the last: where a window is short its counts are small, and small counts are out of balance. */
function wholeWindows(windows: readonly Window[]): readonly Window[] {
  const least = middleLength(windows) / 2;
  return windows.filter(({ from, to }) => to - from >= least);
}

function middleLength(windows: readonly Window[]): number {
  const lengths = windows.map(({ from, to }) => to - from).sort((a, b) => a - b);
  return lengths[lengths.length >> 1] ?? 0;
}

/** The windows with the fewest and with the most requests; undefined where load does not rise from the ones to the others. */
function quarters(
  windows: readonly Window[],
): { readonly low: readonly Window[]; readonly high: readonly Window[] } | undefined {
  if (windows.length < LEAST_WINDOWS) return undefined;
  const sorted = [...windows].sort((a, b) => a.load - b.load);
  const quarter = Math.floor(sorted.length / QUARTER);
  const [low, high] = [sorted.slice(0, quarter), sorted.slice(sorted.length - quarter)];
  return meanLoad(high) >= LEAST_RISE * meanLoad(low) ? { low, high } : undefined;
}

function byLoad(windows: readonly Window[]): Readonly<Record<string, MetricValue>> {
  const told = quarters(windows);
  if (told === undefined) return {};
  const [low, high] = [meanShare(told.low), meanShare(told.high)];
  return {
    imbalance_low_load: low,
    imbalance_high_load: high,
    imbalance_low_over_high:
      high.value === 0
        ? notMeasured("times")
        : { value: low.value! / high.value!, lo: null, hi: null, n: low.n + high.n, unit: "times" },
  };
}

function meanLoad(windows: readonly Window[]): number {
  return windows.reduce((sum, { load }) => sum + load, 0) / windows.length;
}

function meanShare(windows: readonly Window[]): MetricValue {
  if (windows.length === 0) return notMeasured("ratio");
  const value = windows.reduce((sum, { out }) => sum + out, 0) / windows.length;
  return { value, lo: null, hi: null, n: windows.length, unit: "ratio" };
}
