/**
 * Rings drawn besides the one that was run, as curves: a strategy is a series, and along it the entries of metadata grow. Both charts of rings
 * are made of these. A published value of a cell is a point of a second, open curve beside it, so that a paper's figure and ours are one
 * picture; what nobody published leaves the curve alone.
 */
import { publishedFor } from "../statistics/published-values";
import { axesInWords, type ChartCell, type ChartInput } from "./cells";
import type { LegendEntry, Plain } from "./chart";
import { line, type Point } from "./frame";
import { trimmed } from "./numbers";
import { seriesStyle, type SeriesStyle } from "./theme";

export interface RingCurve {
  readonly name: string;
  readonly style: SeriesStyle;
  /** By entries of metadata. */
  readonly cells: readonly ChartCell[];
}

/** A series for each strategy and whatever else varies but the ring's size. */
export function ringCurves({ cells }: ChartInput): RingCurve[] {
  const byName = new Map<string, ChartCell[]>();
  for (const cell of cells) {
    const rings = cell.figures.find((figures) => figures.rings !== undefined)?.rings;
    if (rings === undefined || entriesOf(cell) === undefined) continue;
    const others = axesInWords(cell.summary.axes, (key) => !/^(ring|tags)\.|^(vnodes_per_node|partitions)$/.test(key));
    const known = others === "" ? rings.strategy : `${rings.strategy}, ${others}`;
    const name = cell.invalid ? `${known} (invalid)` : known;
    byName.set(name, [...(byName.get(name) ?? []), cell]);
  }
  return [...byName].map(([name, all], i) => ({
    name,
    style: seriesStyle(i),
    cells: all.sort((a, b) => entriesOf(a)! - entriesOf(b)!),
  }));
}

/** Nobody reads the seventh line of a picture. */
const MOST_CURVES = 6;

/** Alike many in each panel, with equal axes, and at most so many panels: what is left stands in the table. */
export function inPanels(curves: readonly RingCurve[], most: number): readonly (readonly RingCurve[])[] {
  const count = Math.ceil(curves.length / MOST_CURVES);
  const each = Math.ceil(curves.length / count);
  return Array.from({ length: Math.min(count, most) }, (_, i) => curves.slice(i * each, (i + 1) * each));
}

/** For the titles of panels; empty where there is one. */
export function partInWords(part: number, of: number): string {
  return of === 1 ? "" : `${part + 1} of ${of}`;
}

export function entriesOf(cell: ChartCell): number | undefined {
  return metricOf(cell, "ring_metadata_entries");
}

export function metricOf(cell: ChartCell, metric: string): number | undefined {
  return cell.summary.metrics[metric]?.value ?? undefined;
}

export function pointsOf(curve: RingCurve, metric: string, factor = 1): Point[] {
  return curve.cells.flatMap((cell) => {
    const value = metricOf(cell, metric);
    return value === undefined ? [] : [{ x: entriesOf(cell)!, y: trimmed(factor * value) }];
  });
}

export interface PublishedPoint extends Point {
  readonly cell: ChartCell;
  readonly source: string;
}

/** Of each cell the first value of the metric that was published for it. */
export function publishedPoints({ run }: ChartInput, curve: RingCurve, metric: string, factor = 1): PublishedPoint[] {
  return curve.cells.flatMap((cell) => {
    const found = run.manifest.published?.find(
      (one) => one.metric === metric && one.relativeTo === undefined && publishedFor(run, cell.summary, one),
    );
    if (found === undefined) return [];
    return [{ x: entriesOf(cell)!, y: trimmed(factor * found.value), cell, source: found.source }];
  });
}

/** The name under which published curves stand in the legend, whatever series they are of. */
export const PUBLISHED = "published or expected";

export const PUBLISHED_LEGEND: LegendEntry = {
  series: PUBLISHED,
  colour: "$muted",
  dash: [2, 3],
  mark: "circle",
  group: PUBLISHED,
};

export function publishedLine(
  curve: RingCurve,
  points: readonly PublishedPoint[],
): { readonly [key: string]: Plain }[] {
  if (points.length === 0) return [];
  return [
    {
      ...line("", curve.style, points, {
        series: curve.name,
        group: PUBLISHED,
        borderWidth: 1,
        borderDash: [2, 3],
        pointStyle: "circle",
        pointRadius: 5,
        pointBorderWidth: 1.25,
        backgroundColor: "transparent",
        order: 2,
      }),
    },
  ];
}
