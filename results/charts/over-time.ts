/**
 * Series over time, put together over repetitions: at each interval the median, and the lowest and highest as a band.
 * Repetitions start at different instants but their intervals are counted from the start of each warm-up, so interval
 * i of one lies beside interval i of another. An interval nobody measured is a gap, never a zero.
 */
import type { TimeSeries } from "../record/figures";
import { capped, type Point } from "./frame";
import { median, trimmed } from "./numbers";

export interface Band {
  readonly middle: readonly Point[];
  readonly low: readonly Point[];
  readonly high: readonly Point[];
  /** Repetitions that had the column at all. */
  readonly repetitions: number;
}

/** undefined when no repetition has a number in the column. `transform` is applied last, e.g. log10(1 + value). */
export function overRepetitions(
  series: readonly TimeSeries[],
  column: string,
  transform: (value: number) => number = (value) => value,
): Band | undefined {
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
    middle.push({ x, y: trimmed(transform(median(values)!)) });
    low.push({ x, y: trimmed(transform(Math.min(...values))) });
    high.push({ x, y: trimmed(transform(Math.max(...values))) });
  });
  if (middle.length === 0) return undefined;
  return { middle: capped(middle), low: capped(low), high: capped(high), repetitions: columns.length };
}

/** The latest instant of any series, seconds. */
export function lastInstant(series: readonly TimeSeries[]): number {
  return Math.max(0, ...series.map((one) => one.t.at(-1) ?? 0));
}
