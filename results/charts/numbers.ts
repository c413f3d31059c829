/**
 * Numbers for readers: three significant digits, units always, intervals in square brackets, a missing value said to
 * be missing. One place, so that the same figure never appears in two spellings, and no locale, so that a report made
 * anywhere has the same bytes.
 */
import type { MetricValue } from "../record/figures";

/** Keeps a number and its unit on one line. */
export const NBSP = "\u00a0";

/** Three significant digits, thousands set apart: `12 300`, `0.0124`. */
export function plain(value: number): string {
  if (!Number.isFinite(value)) return "unknown";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return grouped(Math.round(Number(value.toPrecision(size >= 1e6 ? 4 : 3))));
  if (size < 0.0001) return value.toExponential(1).replace("e-", "e−");
  return String(Number(value.toPrecision(3)));
}

/** A count, exact: `12 345`. */
export function count(value: number): string {
  return Number.isInteger(value) ? grouped(value) : plain(value);
}

/** A share of 0 to 1 as a percentage: `3.2 %`; a tiny one keeps its first digits. */
export function percent(ratio: number): string {
  if (!Number.isFinite(ratio)) return "unknown";
  const value = ratio * 100;
  if (value === 0) return `0${NBSP}%`;
  if (value < 0.001) return `under 0.001${NBSP}%`;
  if (value > 99.9 && value < 100) return `${Math.floor(value * 1000) / 1000}${NBSP}%`;
  return `${Number(value.toPrecision(value < 0.1 ? 1 : value > 99 && value < 100 ? 4 : 3))}${NBSP}%`;
}

/** A value with its unit. Ratios are shown as percentages. */
export function withUnit(value: number, unit: string): string {
  if (unit === "ratio") return percent(value);
  if (unit === "1/s") return `${plain(value)}${NBSP}/s`;
  if (unit === "count") return count(value);
  return unit === "" ? plain(value) : `${plain(value)}${NBSP}${unit}`;
}

/** A difference with its sign: `+1.2 ms`, `−3 %-points`. */
export function signedWithUnit(value: number, unit: string): string {
  // A share's difference is in points: "−3 %" could also mean three hundredths less.
  const text = withUnit(Math.abs(value), unit).replace(/%$/, "%-points");
  return value > 0 ? `+${text}` : value < 0 ? `−${text}` : text;
}

/** `3.2 % [2.9, 3.5]`, `4.1 ms [4, 4.3]`; without an interval the value alone; `not measured` where there is none. */
export function metricInWords(metric: MetricValue | undefined): string {
  if (metric?.value === null && metric.noneValid === true) return "measured, but in no valid trial";
  if (metric === undefined || metric.value === null) return "not measured";
  if (metric.atLeast === true) return `at least ${withUnit(metric.value, metric.unit)}`;
  const interval = intervalInWords(metric);
  return interval === "" ? withUnit(metric.value, metric.unit) : `${withUnit(metric.value, metric.unit)} ${interval}`;
}

/** `[2.9, 3.5]` in the unit of the value, or nothing. */
export function intervalInWords(metric: MetricValue | undefined): string {
  if (metric === undefined || metric.lo === null || metric.hi === null) return "";
  const bare = (value: number): string =>
    metric.unit === "ratio"
      ? percent(value).replace(/\u00a0%$/, "")
      : metric.unit === "count"
        ? count(value)
        : plain(value);
  return `[${bare(metric.lo)}, ${bare(metric.hi)}]`;
}

/** `1 repetition`, `3 repetitions`. */
export function counted(n: number, singular: string, plural = `${singular}s`): string {
  return `${count(n)} ${n === 1 ? singular : plural}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)!}`;
}

/** Middle value; of an even number the mean of the two in the middle. undefined of nothing. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Four significant digits: enough for a data table, and for a picture a thousand pixels wide. */
export function trimmed(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : 0;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
