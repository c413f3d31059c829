/**
 * A figure by bins of a whole number (writes of the key so far, sessions that wrote it), over all repetitions: the mean
 * weighted by how many observations each bin holds, and the largest of the largest. Two charts draw such curves: the mean
 * as the line of its configuration, the largest as a thin dashed one, on log axes where the numbers span more than a
 * factor of a hundred, because only there does "grows with" show as a straight line.
 */
import type { SeriesStyle } from "./theme";
import type { LegendEntry, Plain } from "./chart";
import { line, logBounds, type Axis, type Point } from "./frame";
import { trimmed } from "./numbers";

export interface Bins {
  /** [from, to). */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly count: readonly number[];
  readonly mean: readonly number[];
  readonly max: readonly number[];
}

export interface PooledBin {
  readonly from: number;
  /** Not finite: open. */
  readonly to: number;
  readonly count: number;
  readonly mean: number;
  readonly max: number;
}

/** In order of `from`; bins without an observation are left out. */
export function pooledBins(all: readonly Bins[]): PooledBin[] {
  const sums = new Map<string, { from: number; to: number; count: number; sum: number; max: number }>();
  for (const bins of all)
    bins.from.forEach((from, i) => {
      // What cannot be written as JSON comes back as null.
      const to = bins.to[i] ?? Infinity;
      const count = bins.count[i];
      if (!(count > 0)) return;
      const key = `${from}/${to}`;
      const known = sums.get(key) ?? { from, to, count: 0, sum: 0, max: 0 };
      known.count += count;
      known.sum += count * bins.mean[i];
      known.max = Math.max(known.max, bins.max[i]);
      sums.set(key, known);
    });
  return [...sums.values()]
    .sort((a, b) => a.from - b.from || a.to - b.to)
    .map(({ from, to, count, sum, max }) => ({ from, to, count, mean: sum / count, max }));
}

/**
 * Neighbouring bins put together where there are many of them and their observations differ: a mean of two reads beside one of
 * three is a saw, not a curve. What does not differ within a bin (a script that is the same every time) stays as it is.
 */
export function withoutSaw(bins: readonly PooledBin[]): readonly PooledBin[] {
  const differs = bins.some(({ count, mean, max }) => count > 1 && mean < max);
  if (bins.length <= FEW_BINS || !differs) return bins;
  const merged: PooledBin[] = [];
  let open: PooledBin | undefined;
  for (const bin of bins) {
    open = open === undefined ? bin : together(open, bin);
    const wide = open.to / Math.max(1, open.from);
    if ((open.count >= ENOUGH && wide >= NARROWEST) || wide >= WIDEST) {
      merged.push(open);
      open = undefined;
    }
  }
  const last = merged.at(-1);
  if (open !== undefined)
    if (open.count < ENOUGH && last !== undefined) merged[merged.length - 1] = together(last, open);
    else merged.push(open);
  return merged;
}

const FEW_BINS = 24;
const ENOUGH = 30;
/** Ratios of a bin's ends. */
const NARROWEST = 1.12;
const WIDEST = 1.6;

function together(a: PooledBin, b: PooledBin): PooledBin {
  const count = a.count + b.count;
  const mean = (a.count * a.mean + b.count * b.mean) / count;
  return { from: a.from, to: b.to, count, mean, max: Math.max(a.max, b.max) };
}

/** Where a bin of whole numbers stands: a bin of one number at that number, a wider one at its middle on a log axis. */
export function middleOf({ from, to }: PooledBin): number {
  const last = Number.isFinite(to) ? to - 1 : from;
  return last <= from ? from : trimmed(from === 0 ? last / 2 : Math.sqrt(from * last));
}

/** `3`, `8 to 15`, `1024 or more`. */
export function binInWords({ from, to }: PooledBin): string {
  if (!Number.isFinite(to)) return `${from} or more`;
  return to - 1 <= from ? String(from) : `${from} to ${to - 1}`;
}

/** A factor beyond which a log axis says more than a linear one. */
const SPAN = 100;

export function isWide(values: readonly number[]): boolean {
  const positive = values.filter((value) => value > 0);
  return positive.length > 0 && Math.max(...positive) > SPAN * Math.min(...positive);
}

/** Whole numbers that begin at 0 or 1 on x. */
export function numberAxis(values: readonly number[], axis: Pick<Axis, "title" | "unit" | "name">): Axis {
  const title = (words: string): string => axis.title.replace("$scale", words);
  if (!isWide(values)) {
    const most = Math.max(1, ...values);
    return { ...axis, title: title(""), scale: "linear", min: 0, max: Math.ceil(most * 1.03), whole: true };
  }
  // The first bin may be of nought, which a log axis of 1 + x still shows.
  if (values.includes(0))
    return { ...axis, title: title(", log scale"), scale: "log1p", min: 0, max: log1p(Math.max(...values) * 1.1) };
  return { ...axis, title: title(", log scale"), scale: "logarithmic", ...logBounds(values) };
}

export function log1p(value: number): number {
  return Number(Math.log10(1 + value).toPrecision(5));
}

/** The same values as they stand on the axis. */
export function onAxis(points: readonly Point[], x: Axis, y: Axis): Point[] {
  const place = (value: number, axis: Axis): number => (axis.scale === "log1p" ? log1p(value) : value);
  return points
    .filter((point) => y.scale !== "logarithmic" || point.y > 0)
    .map((point) => ({ x: place(point.x, x), y: place(point.y, y) }));
}

const GROUP = "most";
const DASH = [3, 3];

/** The mean, and beside it the largest where it is another line. */
export function meanAndMost(
  { name, style }: { readonly name: string; readonly style: SeriesStyle },
  mean: readonly Point[],
  most: readonly Point[],
): { readonly [key: string]: Plain }[] {
  if (mean.length === 0) return [];
  const lines = [line(name, style, mean, { borderWidth: 2 })];
  if (most.some(({ y }, i) => y !== mean[i]?.y))
    lines.push(
      line(name, { ...style, dash: DASH, marker: "line" }, most, {
        label: `${name}, most`,
        group: GROUP,
        borderWidth: 1,
        pointRadius: 0,
      }),
    );
  return lines;
}

export const MOST_LEGEND: LegendEntry = {
  series: "thin dashed: the most seen",
  colour: "$muted",
  dash: DASH,
  mark: "line",
  group: GROUP,
};

/** For the legend of a picture on its own. */
export function mostKey(): { readonly [key: string]: Plain } {
  return line(MOST_LEGEND.series, { ...MOST_LEGEND, marker: "line" }, [], { borderWidth: 1, group: GROUP });
}
