/**
 * Chart 30, mistakes: how often a running node is taken for dead, for one pair of nodes and second (lambda_M of Chen, Toueg and
 * Aguilera), against the detector's threshold where a number of the detector was swept, else detector beside detector. On a log
 * axis there is no place for zero: where no mistake was seen an open triangle stands at the upper end of what could have
 * been and still not shown in so much time, and points down. A point at the bottom of the axis would claim what no run can.
 */
import { MOST_PANELS, repetitions, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Panel, Plain } from "./chart";
import {
  knowsDetection,
  mistakeRateOf,
  numberOf,
  restOf,
  sweptAxis,
  weathers,
  wordsOf,
  type DetectorCell,
  type Rate,
} from "./detection-cells";
import { chartPanel, legendOf, line, logBounds, panelSize } from "./frame";
import { count, counted, plain, trimmed } from "./numbers";
import { seriesStyle, type SeriesStyle } from "./theme";

export const mistakeRate: ChartDefinition = {
  id: "mistake-rate",
  number: 30,
  title: "Mistakes of the failure detector",
  question: "How often is a running node taken for dead?",
  prose:
    "Each mark is a configuration: how many times a second one node wrongly begins to suspect one other node that runs and can be reached. 0.001 /s is one mistake a pair in a thousand seconds; a cluster of 5 has 20 pairs. The axis is logarithmic, so equal steps down are equal factors. An open triangle that points down: no mistake was seen, and the true rate is probably below this mark (95 %); more time would push it down. Bars are 95 % intervals that take mistakes as independent; bursts make them too narrow.",
  absence: "No pair of nodes was judged while both ran and could reach each other.",
  concerns: knowsDetection,
  draw,
};

const ALL = "mistakes";
const NONE_SEEN: LegendEntry = { series: "no mistake seen: at most", colour: "$muted", dash: [], mark: "triangle" };

interface Mark {
  readonly one: DetectorCell;
  readonly rate: Rate;
  readonly x: number;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const all = weathers(input)
    .map(({ title, cells }) => ({
      title,
      cells: cells.flatMap((one) => {
        const rate = mistakeRateOf(one.cell);
        return rate === undefined ? [] : [{ one, rate }];
      }),
    }))
    .filter(({ cells }) => cells.length > 0);
  const marks = all.flatMap(({ cells }) => cells);
  if (marks.length === 0) return undefined;
  const axis = sweptAxis(marks.map(({ one }) => one));
  const shown = all.slice(0, MOST_PANELS);
  const bounds = logBounds(marks.flatMap(({ rate }) => [rate.lo, rate.hi]));
  const size = panelSize(shown.length);
  const names = [...new Set(marks.map(({ one }) => (axis === undefined ? one.detector : restOf(one, axis))))];
  const styleOf = (name: string): SeriesStyle => seriesStyle(names.indexOf(name));
  const none = marks.some(({ rate }) => rate.bound);
  const panel = ({ title, cells }: (typeof shown)[number]): Panel =>
    axis === undefined
      ? rows(
          title,
          cells.map((mark, x) => ({ ...mark, x })),
          bounds,
          { ...size, height: heightOf(size.height, cells.length) },
        )
      : curves(
          title,
          cells.map((mark) => ({ ...mark, x: numberOf(mark.one, axis)! })),
          { axis, bounds, size, styleOf },
        );
  return {
    id: mistakeRate.id,
    number: mistakeRate.number,
    title: mistakeRate.title,
    question: mistakeRate.question,
    answer: answerOf(marks),
    caption:
      `${counted(marks.length, "configuration")} of ${repetitions(marks.map(({ one }) => one.cell))}, all repetitions of one taken together; bars: 95 % intervals of the counts. ` +
      (none ? "Open triangles: no mistake seen, drawn at the upper end of the 95 % interval. " : "") +
      (all.length > shown.length ? `The first ${shown.length} of ${all.length} panels. ` : "") +
      "Per pair of an observer and a subject, over time in which both ran and could reach each other.",
    description:
      "Marks of how many mistakes a second one pair of nodes makes, on a log scale. " +
      marks.map(({ one, rate }) => `${one.cell.label}: ${inWords(rate)}`).join("; ") +
      ".",
    axes: {
      x: axis === undefined ? "mistake rate (1/s)" : axisTitle(axis),
      y: axis === undefined ? "detector" : "mistake rate (1/s)",
    },
    legend: [
      ...(axis === undefined ? [] : legendOf(names.map((name) => ({ name, style: styleOf(name) })))),
      ...(none ? [NONE_SEEN] : []),
    ],
    panels: shown.map(panel),
    table: {
      columns: ["configuration", "mistakes", "rate (1/s)", "lo", "hi", "mean length (ms)", "query accuracy (%)"],
      rows: marks.map(({ one: { cell }, rate }) => {
        const { fd_mistake_ms: length, fd_query_accuracy: accuracy } = cell.summary.metrics;
        return [
          ...[cell.label, rate.mistakes, rate.bound ? 0 : trimmed(rate.value)],
          ...[rate.bound ? 0 : trimmed(rate.lo), trimmed(rate.hi)],
          length?.value === undefined || length.value === null ? null : trimmed(length.value),
          accuracy?.value === undefined || accuracy.value === null
            ? null
            : Number((100 * accuracy.value).toPrecision(7)),
        ];
      }),
    },
  };
}

type Bounds = { readonly min: number; readonly max: number };
type Size = { readonly width: number; readonly height: number };

/** One row a configuration. */
function rows(title: string, marks: readonly Mark[], bounds: Bounds, size: Size): Panel {
  const datasets = marks.flatMap((mark) => markOf({ mark, style: seriesStyle(0), name: "", across: true }));
  return chartPanel(title, size, {
    type: "scatter",
    interaction: "point",
    x: {
      title: "mistake rate (1/s, log scale)",
      scale: "logarithmic",
      ...bounds,
      unit: "/s",
      name: "mistake rate (1/s)",
    },
    y: {
      title: "",
      scale: "names",
      labels: marks.map(({ one }) => one.detector),
      ...{ min: -0.5, max: marks.length - 0.5, unit: "", name: "detector", grid: false },
    },
    datasets,
  });
}

function heightOf(least: number, count: number): number {
  return Math.max(least, 90 + 22 * count);
}

/** Along the number that was swept; a line a detector. */
function curves(
  title: string,
  marks: readonly Mark[],
  how: {
    readonly axis: string;
    readonly bounds: Bounds;
    readonly size: Size;
    readonly styleOf: (name: string) => SeriesStyle;
  },
): Panel {
  const { axis, bounds, size, styleOf } = how;
  const bySeries = new Map<string, Mark[]>();
  for (const mark of marks) {
    const name = restOf(mark.one, axis);
    bySeries.set(name, [...(bySeries.get(name) ?? []), mark]);
  }
  const values = marks.map(({ x }) => x);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low) * 0.06;
  const datasets = [...bySeries].flatMap(([name, all]) => [
    line(
      name,
      styleOf(name),
      [...all].sort((a, b) => a.x - b.x).map(({ x, rate }) => ({ x, y: trimmed(rate.value) })),
      {
        pointRadius: 0,
        pointHitRadius: 0,
        borderWidth: 1,
      },
    ),
    ...all.flatMap((mark) => markOf({ mark, style: styleOf(name), name, across: false })),
  ]);
  return chartPanel(title, size, {
    type: "scatter",
    interaction: "point",
    x: { title: axisTitle(axis), scale: "linear", min: low - room, max: high + room, unit: "", name: wordsOf(axis) },
    y: { title: "mistake rate (1/s, log)", scale: "logarithmic", ...bounds, unit: "/s", name: "mistake rate" },
    datasets,
  });
}

function markOf({
  mark: { one, rate, x },
  style,
  name,
  across,
}: {
  readonly mark: Mark;
  readonly style: SeriesStyle;
  /** Empty where rows are named on the axis. */
  readonly name: string;
  /** Rates from left to right. */
  readonly across: boolean;
}): { readonly [key: string]: Plain }[] {
  const point = (value: number): { x: number; y: number } =>
    across ? { x: trimmed(value), y: x } : { x, y: trimmed(value) };
  return [
    {
      type: "line",
      label: name === "" ? one.detector : name,
      series: name === "" ? ALL : name,
      labels: [`${one.cell.label}: ${inWords(rate)}`],
      data: [point(rate.value)],
      showLine: false,
      clip: 12,
      pointStyle: rate.bound ? "triangle" : across ? "circle" : style.marker,
      pointRotation: rate.bound ? (across ? 270 : 180) : 0,
      pointRadius: 5,
      pointHoverRadius: 7,
      borderWidth: 1.75,
      borderColor: style.colour,
      backgroundColor: rate.bound ? "transparent" : style.colour,
    },
    ...(rate.bound || rate.hi <= rate.lo
      ? []
      : [
          {
            type: "line",
            label: "",
            series: name === "" ? ALL : name,
            data: [point(rate.lo), point(rate.hi)],
            borderColor: style.colour,
            borderWidth: 1.25,
            pointRadius: 0,
            pointHitRadius: 0,
          },
        ]),
  ];
}

function axisTitle(axis: string): string {
  const words = wordsOf(axis);
  return /timeout|interval|margin|guard|pause|patience/.test(words) ? `${words} (ms)` : words;
}

function inWords(rate: Rate): string {
  return rate.bound ? `none seen, at most ${plain(rate.hi)} /s` : `${plain(rate.value)} /s`;
}

function answerOf(marks: readonly Omit<Mark, "x">[]): string {
  const none = marks.filter(({ rate }) => rate.bound);
  const worst = marks.filter(({ rate }) => !rate.bound).sort((a, b) => b.rate.value - a.rate.value)[0];
  if (worst === undefined)
    return `No configuration took a running node for dead (${counted(marks.length, "configuration")}); at most ${plain(Math.max(...marks.map(({ rate }) => rate.hi)))} /s for a pair could have gone unseen.`;
  const seldom = marks.filter(({ rate }) => !rate.bound).sort((a, b) => a.rate.value - b.rate.value)[0];
  const best =
    none.length > 0
      ? `${count(none.length)} of ${counted(marks.length, "configuration")} made no mistake that was seen`
      : `least at ${seldom.one.cell.label}: ${plain(seldom.rate.value)} /s`;
  return `Mistakes were most frequent at ${worst.one.cell.label}: ${plain(worst.rate.value)} /s for a pair; ${best}.`;
}
