/**
 * Series over time, put together over repetitions: at each interval the median, and the lowest and highest as a band.
 * Repetitions start at different instants but their intervals are counted from the start of each warm-up, so interval
 * i of one lies beside interval i of another. An interval nobody measured is a gap, never a zero. What happens at instants
 * of its own, such as a scan that takes as long as it takes, is put beside its like by time first (`alignedByTime`).
 */
import type { TimeSeries, TrialFigures } from "../record/figures";
import { capped, type Point } from "./frame";
import { median, trimmed } from "./numbers";

export interface Band {
  readonly middle: readonly Point[];
  readonly low: readonly Point[];
  readonly high: readonly Point[];
  /** Repetitions that had the column at all. */
  readonly repetitions: number;
}

/**
 * The intervals in which load was offered. What ends in the drain is a backlog without new work: its few slow operations would
 * stand at the right edge as a bump of latency and a collapse of throughput. `series.csv` of the trial has them.
 */
export function underLoad({ intervals, phases }: TrialFigures): TimeSeries {
  if (phases === undefined) return intervals;
  const within = intervals.t.filter((t) => t < phases.measureToS - SLACK_S).length;
  const columns = Object.entries(intervals.columns).map(([name, values]) => [name, values.slice(0, within)]);
  return { t: intervals.t.slice(0, within), columns: Object.fromEntries(columns) as TimeSeries["columns"] };
}

/** Whether a repetition has intervals that `underLoad` leaves out. */
export function hasDrain(figures: TrialFigures): boolean {
  return underLoad(figures).t.length < figures.intervals.t.length;
}

/** Where the pictures of load end, seconds: the end of the measured phase, else the beginning of the last interval. */
export function endOfLoad(all: readonly TrialFigures[]): number {
  return Math.max(0, ...all.map((figures) => underLoad(figures).t.at(-1) ?? 0));
}

/** For captions. */
export const DRAIN_LEFT_OUT =
  " Operations that ended after the measured phase are not drawn; each trial's series.csv has them.";

/** An interval's start is computed from microseconds. */
const SLACK_S = 1e-9;

/** undefined when no repetition has a number in the column. */
export function overRepetitions(series: readonly TimeSeries[], column: string): Band | undefined {
  const columns = series.filter(
    (one) => one.columns[column]?.some((value) => value !== null && Number.isFinite(value)) === true,
  );
  if (columns.length === 0) return undefined;
  const longest = columns.reduce((a, b) => (b.t.length > a.t.length ? b : a));
  const middle: Point[] = [];
  const low: Point[] = [];
  const high: Point[] = [];
  longest.t.forEach((t, i) => {
    const values = columns
      .map((one) => one.columns[column][i])
      .filter((value): value is number => value !== null && value !== undefined && Number.isFinite(value));
    if (values.length === 0 || !Number.isFinite(t)) return;
    const x = trimmed(t);
    middle.push({ x, y: trimmed(median(values)!) });
    low.push({ x, y: trimmed(Math.min(...values)) });
    high.push({ x, y: trimmed(Math.max(...values)) });
  });
  if (middle.length === 0) return undefined;
  return { middle: capped(middle), low: capped(low), high: capped(high), repetitions: columns.length };
}

/**
 * The same series on common instants. Instants closer than half the usual distance become one, the latest of them; each
 * value lands in exactly one, so no peak is lost. Where a series has nothing at an instant, its last values stand for it,
 * as long as they are not older than one and a half times that distance: beyond that it is a gap.
 */
export function alignedByTime(series: readonly TimeSeries[]): TimeSeries[] {
  const distance = Math.max(0, ...series.map(({ t }) => median(t.slice(1).map((at, i) => at - t[i])) ?? 0));
  const instants: { last: number; readonly first: number; readonly at: Map<number, number> }[] = [];
  const all = series.flatMap(({ t }, which) => t.map((at, index) => ({ at, which, index })));
  for (const { at, which, index } of all.sort((a, b) => a.at - b.at)) {
    const open = instants.at(-1);
    if (open === undefined || at - open.first > distance / 2 || open.at.has(which))
      instants.push({ first: at, last: at, at: new Map([[which, index]]) });
    else {
      open.last = at;
      open.at.set(which, index);
    }
  }
  const t = instants.map(({ last }) => last);
  return series.map((one, which) => {
    let latest: number | undefined;
    const rows = instants.map(({ at, last }) => {
      latest = at.get(which) ?? latest;
      return latest !== undefined && last - one.t[latest] <= 1.5 * distance ? latest : undefined;
    });
    const columns: Record<string, (number | null)[]> = {};
    for (const [name, values] of Object.entries(one.columns))
      columns[name] = rows.map((index) => (index === undefined ? null : (values[index] ?? null)));
    return { t, columns };
  });
}

/** The latest instant of any series, seconds. */
export function lastInstant(series: readonly TimeSeries[]): number {
  return Math.max(0, ...series.map((one) => one.t.at(-1) ?? 0));
}
