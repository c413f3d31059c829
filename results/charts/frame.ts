/**
 * The frame around every chart: axes with titles and units, quiet grid lines, tooltips, and the switches that make
 * Chart.js draw at once and the same everywhere (no animation, no parsing magic, no rotation of ticks). Legends are
 * not drawn here but by the page, once for all panels of a chart; a picture on its own switches Chart.js's legend on.
 */
import type { LegendEntry, Panel, Plain } from "./chart";
import { laneOptions, type DrawnFault } from "./fault-lanes";
import type { SeriesStyle } from "./theme";

export interface Axis {
  /** With its unit: `read p99 (ms)`. */
  readonly title: string;
  /** `percentile`: 1/(1−p) on a log axis. `log1p`: log10(1 + value), zero included. `names`: rows from the top, or columns from the left, 0 the first of `labels`. */
  readonly scale: "linear" | "logarithmic" | "category" | "percentile" | "log1p" | "names";
  /** A name of several lines as a list of them. */
  readonly labels?: readonly (string | readonly string[])[];
  /** Of `names`: where each stands; 0, 1, 2, … where left out. */
  readonly positions?: readonly number[];
  readonly min?: number;
  readonly max?: number;
  readonly stacked?: boolean;
  /** Whole numbers only: no tick at half a session. */
  readonly whole?: boolean;
  /** For tooltips: `ms`, `%`. */
  readonly unit: string;
  /** For tooltips, on x: what the number is. */
  readonly name: string;
  readonly grid?: boolean;
}

export interface FrameOptions {
  readonly type: "line" | "bar" | "scatter";
  readonly x: Axis;
  readonly y: Axis;
  readonly datasets: readonly { readonly [key: string]: Plain }[];
  readonly labels?: readonly string[];
  readonly interaction?: "nearest" | "index" | "point";
  /** What stands beside a name in the legend of a picture on its own; lines with their dash unless told otherwise. */
  readonly legendMark?: string;
  /** Over time: lanes across the top. */
  readonly faults?: readonly DrawnFault[];
  /** Coloured cells beneath the datasets: `heatOptions` of heat-map-plugin.ts. */
  readonly heat?: Plain;
}

/** A Chart.js configuration as plain data. */
export function frame(options: FrameOptions): { readonly [key: string]: Plain } {
  const mode = options.interaction ?? (options.type === "bar" ? "index" : "nearest");
  const mark = options.legendMark ?? (options.type === "line" ? "line" : options.type === "bar" ? "rect" : "");
  const faults = options.faults ?? [];
  const lanes = faults.reduce((most, { lane }) => Math.max(most, lane + 1), 0);
  return {
    type: options.type,
    data: { datasets: options.datasets, ...(options.labels === undefined ? {} : { labels: options.labels }) },
    options: {
      animation: false,
      responsive: false,
      maintainAspectRatio: false,
      devicePixelRatio: 1,
      parsing: options.labels !== undefined || options.type === "bar" ? {} : false,
      normalized: true,
      interaction: { mode, intersect: mode === "point", ...(mode === "nearest" ? { axis: "x" } : {}) },
      layout: { padding: { top: 8, right: 12, bottom: 0, left: 0 } },
      axesInWords: { x: options.x.name, xScale: options.x.scale, y: options.y.unit, yScale: options.y.scale },
      plugins: {
        legend: {
          display: false,
          labels: {
            usePointStyle: true,
            pointStyleWidth: mark === "line" ? 28 : 12,
            color: "$ink",
            filter: "@legendFilter",
            ...(mark === "" ? {} : { pointStyle: mark }),
          },
        },
        title: { display: false, color: "$ink", font: { size: 13, weight: "bold" } },
        tooltip: {
          filter: "@tooltipFilter",
          usePointStyle: true,
          callbacks: { title: "@tooltipTitle", label: "@tooltipLabel" },
        },
      },
      ...(options.heat === undefined ? {} : { heat: options.heat }),
      ...(lanes === 0 ? {} : { faultLanes: laneOptions(faults), faultInk: "$muted" }),
      scales: {
        x: scale(options.x, "x"),
        y: scale(options.y, "y"),
        ...(lanes === 0 ? {} : { lanes: roomForLanes(lanes) }),
      },
    },
  };
}

/** A scale without ticks or lines that takes the room above the plot in which `fault-lanes-plugin.ts` draws. */
function roomForLanes(lanes: number): { readonly [key: string]: Plain } {
  return {
    type: "linear",
    axis: "x",
    position: "top",
    min: 0,
    max: 1,
    laneCount: lanes,
    afterFit: "@lanesFit",
    ticks: { display: false },
    grid: { display: false },
    border: { display: false },
  };
}

function scale(axis: Axis, dimension: "x" | "y"): { readonly [key: string]: Plain } {
  const kind = axis.scale;
  const ticks: { [key: string]: Plain } = {
    color: "$muted",
    maxRotation: 0,
    minRotation: 0,
    autoSkipPadding: 12,
    includeBounds: false,
  };
  // Every row has its name, or nobody knows whose it is.
  if (kind === "names") ticks.autoSkip = false;
  if (kind === "percentile") ticks.callback = "@percentileTick";
  else if (kind === "log1p") ticks.callback = "@log1pTick";
  else if (kind === "names") ticks.callback = "@nameTick";
  else if (kind !== "category") ticks.callback = "@numberTick";
  if (kind === "linear") ticks.maxTicksLimit = dimension === "x" ? 8 : 7;
  if (axis.whole === true) ticks.precision = 0;
  const build =
    kind === "percentile"
      ? "@percentileTicks"
      : kind === "log1p"
        ? "@log1pTicks"
        : kind === "logarithmic"
          ? "@logTicks"
          : kind === "names"
            ? "@nameTicks"
            : undefined;
  return {
    type: TYPES[kind],
    ...(kind === "names" ? { reverse: dimension === "y", labels: axis.labels ?? [] } : {}),
    ...(axis.positions === undefined ? {} : { positions: axis.positions }),
    ...(axis.min === undefined ? {} : { min: axis.min }),
    ...(axis.max === undefined ? {} : { max: axis.max === axis.min ? roomAbove(axis.max, kind) : axis.max }),
    ...(axis.stacked === true ? { stacked: true } : {}),
    ...(build === undefined ? {} : { afterBuildTicks: build }),
    title: { display: true, text: axis.title, color: "$ink" },
    ticks,
    grid: { color: "$grid", display: axis.grid ?? kind !== "category" },
    border: { color: "$line" },
  };
}

const TYPES: Readonly<Record<Axis["scale"], string>> = {
  ...{ category: "category", linear: "linear", log1p: "linear", names: "linear" },
  ...{ logarithmic: "logarithmic", percentile: "logarithmic" },
};

/** An axis from a number to itself has no length: one interval, or one value, would be drawn at 0/0. */
function roomAbove(value: number, kind: Axis["scale"]): number {
  return kind === "logarithmic" || kind === "percentile" ? value * 10 : value + 1;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line with a dash, and markers where there are few points. */
export function line(
  name: string,
  style: SeriesStyle,
  points: readonly Point[],
  more: { readonly [key: string]: Plain } = {},
): { readonly [key: string]: Plain } {
  return {
    type: "line",
    label: name,
    series: name,
    data: points.map((point) => ({ x: point.x, y: point.y })),
    borderColor: style.colour,
    backgroundColor: style.colour,
    borderWidth: 1.75,
    borderDash: style.dash,
    pointStyle: style.marker,
    pointRadius: points.length <= 30 ? 2.5 : 0,
    pointHitRadius: 8,
    tension: 0,
    clip: 5,
    fill: false,
    ...more,
  };
}

/** The area between two lines, as two datasets without a name of their own: it belongs to the series of `name`. */
export function band(
  name: string,
  style: SeriesStyle,
  lower: readonly Point[],
  upper: readonly Point[],
): { readonly [key: string]: Plain }[] {
  const edge = { borderWidth: 0, pointRadius: 0, label: "", pointHitRadius: 0 };
  return [
    { ...line(name, style, lower), ...edge, fill: false },
    { ...line(name, style, upper), ...edge, fill: "-1", backgroundColor: `${style.colour}/16` },
  ];
}

export function legendOf(
  series: readonly { readonly name: string; readonly style: SeriesStyle }[],
  mark = "",
): LegendEntry[] {
  const seen = new Map<string, LegendEntry>();
  for (const { name, style } of series)
    if (!seen.has(name))
      seen.set(name, { series: name, colour: style.colour, dash: style.dash, mark: mark === "" ? style.marker : mark });
  return [...seen.values()];
}

/** At most `most` points: the lowest and the highest of each stretch are kept, so that spikes survive. */
export function capped(points: readonly Point[], most = 240): readonly Point[] {
  if (points.length <= most) return points;
  const stretch = Math.ceil(points.length / (most / 2));
  const kept: Point[] = [];
  for (let from = 0; from < points.length; from += stretch) {
    const part = points.slice(from, from + stretch);
    let low = part[0];
    let high = part[0];
    for (const point of part) {
      if (point.y < low.y) low = point;
      if (point.y > high.y) high = point;
    }
    if (low === high) kept.push(low);
    else kept.push(...(low.x < high.x ? [low, high] : [high, low]));
  }
  return kept;
}

/** Panel sizes by how many stand in the chart. */
export function panelSize(panels: number): { readonly width: number; readonly height: number } {
  if (panels <= 1) return { width: 960, height: 380 };
  if (panels === 2 || panels === 4) return { width: 500, height: 320 };
  return { width: 340, height: 240 };
}

export function chartPanel(
  title: string,
  size: { readonly width: number; readonly height: number },
  options: FrameOptions,
): Panel {
  return { title, ...size, drawing: { kind: "chart", config: frame(options) } };
}

/** Next power of ten at or above (`up`) or at or below the value, which must be positive. */
export function powerOfTen(value: number, direction: "up" | "down"): number {
  const exponent = Math.log10(value);
  return Math.pow(10, direction === "up" ? Math.ceil(exponent - 1e-9) : Math.floor(exponent + 1e-9));
}

/** Bounds for a log axis: a little room around the values, at least a factor of two in all. */
export function logBounds(values: readonly number[]): { readonly min: number; readonly max: number } {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return { min: 0.1, max: 10 };
  let min = positive[0];
  let max = positive[0];
  for (const value of positive) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const room = Math.max(1.15, Math.sqrt((2 * min) / max));
  return { min: nice(min / room), max: nice(max * room) };
}

function nice(value: number): number {
  return Number(value.toPrecision(2));
}
