/**
 * Chart 21, repetitions: every repetition of every configuration as a point, with a box about the middle half where there are enough of
 * them. An interval in a table is a summary of just these; two clusters of points, one far away, or a spread wider than the
 * difference that one is after are seen here and nowhere else. Nothing is called an outlier and nothing is left out. A box of
 * fewer than five is a drawing of nothing: points alone then.
 */
import { repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Panel, Plain } from "./chart";
import { chartPanel, logBounds, type Axis } from "./frame";
import { count, counted, median, NBSP, plain, trimmed, withUnit } from "./numbers";
import { wrapped } from "./text-width";
import { byCell, isSound, type MeasuredTrial } from "../statistics/summarise";

export const repetitionsApart: ChartDefinition = {
  id: "repetitions",
  number: 21,
  title: "Every repetition",
  question: "How noisy is my estimate?",
  prose:
    "One row a configuration, one mark a repetition: what that repetition alone measured. The upright stroke is the median; the bar is the middle half, from the first quartile to the third, drawn from five repetitions on; the thin line goes from the lowest to the highest. Where the marks of two rows lie among each other, one repetition of each would have told you nothing. An open mark is a lower bound: what it times had not happened when nobody looked any more.",
  absence: "No valid repetition measured any of the headline metrics.",
  draw,
};

/** Where the experiment names no headline. */
const USUAL = ["read_p99_ms", "write_p99_ms", "p_stale", "throughput_ops_s", "convergence_s", "availability"];
const MOST_METRICS = 4;
const MOST_ROWS = 24;
const NAME_WIDTH = 150;
const LEAST_FOR_BOX = 5;
/** A log axis from here on between the lowest and the highest. */
const WIDE = 20;

const REPETITION = { name: "a repetition", colour: "$s1" };
const MEDIAN = { name: "median", colour: "$s2" };
const BOX = { name: "middle half", colour: "$muted" };

interface Value {
  readonly repetition: number;
  readonly value: number;
  readonly atLeast: boolean;
}
interface Row {
  readonly cell: ChartCell;
  /** Ascending. */
  readonly values: readonly Value[];
}
interface Metric {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
}

function draw(input: ChartInput): ChartFigure | undefined {
  const metrics = metricsOf(input);
  if (metrics.length === 0) return undefined;
  const shown = metrics.map((metric) => ({ ...metric, rows: metric.rows.slice(0, MOST_ROWS) }));
  const most = Math.max(...metrics.map(({ rows }) => rows.length));
  const boxes = shown.some(({ rows }) => rows.some(hasBox));
  const open = shown.some(({ rows }) => rows.some(({ values }) => values.some(({ atLeast }) => atLeast)));
  const several = shown.some(({ rows }) => rows.some(({ values }) => values.length > 1));
  return {
    id: repetitionsApart.id,
    number: repetitionsApart.number,
    title: repetitionsApart.title,
    question: repetitionsApart.question,
    answer: answerOf(metrics),
    caption:
      `One mark a repetition, of ${repetitions([...new Set(metrics.flatMap(({ rows }) => rows.map(({ cell }) => cell)))])}; n stands beside the configuration. ` +
      (boxes ? `Bars from the first quartile to the third where there are at least ${LEAST_FOR_BOX}. ` : "") +
      (several ? "Upright strokes are medians, thin lines go from the lowest to the highest. " : "") +
      (open ? "Open marks are lower bounds. " : "") +
      "Marks of a row are set apart upwards and downwards only so that they do not hide each other." +
      (most > MOST_ROWS ? ` The first ${MOST_ROWS} of ${most} configurations are drawn; the table has all.` : ""),
    description:
      metrics
        .map((metric) => `${metric.title}: ${metric.rows.map((row) => rowInWords(row, metric.unit)).join("; ")}`)
        .join(". ") + ".",
    axes: { x: metrics.map(({ title }) => title).join(", "), y: "configuration" },
    legend: [
      { series: REPETITION.name, colour: REPETITION.colour, dash: [], mark: "circle" },
      ...(several ? [{ series: MEDIAN.name, colour: MEDIAN.colour, dash: [], mark: "line" }] : []),
      ...(boxes ? [{ series: BOX.name, colour: BOX.colour, dash: [], mark: "bar" }] : []),
    ] satisfies LegendEntry[],
    panels: shown.map((metric) =>
      tall(
        chartPanel(shown.length === 1 ? "" : metric.title, sizeOf(shown), {
          type: "scatter",
          interaction: "point",
          x: axisOf(metric),
          y: {
            ...{ title: "", scale: "names", unit: "", name: "" },
            labels: metric.rows.map(rowName),
            min: -0.6,
            max: metric.rows.length - 0.4,
          },
          datasets: datasetsOf(metric),
        }),
      ),
    ),
    table: {
      columns: ["configuration", "metric", "unit", "repetition", "value", "lower bound"],
      rows: metrics.flatMap(({ name, unit, rows }) =>
        rows.flatMap(({ cell, values }) =>
          [...values]
            .sort((a, b) => a.repetition - b.repetition)
            .map((one) => [cell.label, name, unit, one.repetition, trimmed(one.value), one.atLeast ? "yes" : ""]),
        ),
      ),
    },
  };
}

/** Rows need their height however narrow the page is. */
function tall(panel: Panel): Panel {
  return { ...panel, leastHeight: panel.height };
}

function metricsOf({ run, cells }: ChartInput): Metric[] {
  const trialsOf = byCell(run.trials);
  const asked = run.manifest.report?.headline ?? [];
  const names = asked.length > 0 ? asked : USUAL;
  const metrics = names.flatMap((name): Metric[] => {
    let unit = "";
    const rows = cells.flatMap((cell): Row[] => {
      const values = countedOf(cell, trialsOf.get(cell.summary.id) ?? []).flatMap(({ record, summary }): Value[] => {
        const metric = summary!.metrics[name];
        if (metric === undefined || metric.value === null || !Number.isFinite(metric.value)) return [];
        unit = metric.unit;
        return [{ repetition: record.repetition, value: metric.value, atLeast: metric.atLeast === true }];
      });
      return values.length === 0 ? [] : [{ cell, values: values.sort((a, b) => a.value - b.value) }];
    });
    const title = run.manifest.metrics.find((one) => one.name === name)?.title ?? name;
    return rows.length === 0 ? [] : [{ name, title, unit, rows }];
  });
  return metrics.slice(0, MOST_METRICS);
}

/** Those that the summary is made of; where there is none the first invalid one, alone. */
function countedOf(cell: ChartCell, trials: readonly MeasuredTrial[]): readonly MeasuredTrial[] {
  return cell.invalid ? trials.filter(({ summary }) => summary !== null).slice(0, 1) : trials.filter(isSound);
}

/** In lines: a long name takes the room of the picture, and all of it on a phone. */
function rowName({ cell, values }: Row): readonly string[] {
  return wrapped(`${cell.label} (n${NBSP}=${NBSP}${values.length})`, NAME_WIDTH, 12, false);
}

function sizeOf(metrics: readonly Metric[]): { width: number; height: number } {
  const rows = Math.max(...metrics.map((metric) => metric.rows.length));
  const lines = Math.max(...metrics.flatMap((metric) => metric.rows.map((row) => rowName(row).length)));
  return { width: metrics.length === 1 ? 960 : 500, height: 70 + Math.max(3, rows) * (10 + 14 * lines) };
}

function axisOf({ title, unit, rows }: Metric): Axis {
  const all = rows.flatMap(({ values }) => values.map(({ value }) => shown(value, unit)));
  const [lowest, highest] = [Math.min(...all), Math.max(...all)];
  const heading = unit === "ratio" ? "%" : unit;
  const words = `${title}${heading === "" ? "" : ` (${heading})`}`;
  const common = { unit: heading, name: title } as const;
  if (lowest > 0 && highest / lowest >= WIDE)
    return { ...common, title: `${words}, log scale`, scale: "logarithmic", ...logBounds(all) };
  const room = highest > lowest ? 0.06 * (highest - lowest) : Math.abs(highest) * 0.1 || 1;
  // Zero is shown where it is near: a spread looks as large as it is.
  const min = lowest >= 0 && lowest < highest - lowest ? 0 : lowest - room;
  return { ...common, title: words, scale: "linear", min: trimmed(min), max: trimmed(highest + room) };
}

function shown(value: number, unit: string): number {
  return unit === "ratio" ? value * 100 : value;
}

function datasetsOf({ rows, unit }: Metric): { readonly [key: string]: Plain }[] {
  const at = (value: number): number => trimmed(shown(value, unit));
  const stroke = (
    series: string,
    colour: string,
    width: number,
    order: number,
    data: readonly { x: number; y: number }[],
  ): { readonly [key: string]: Plain } => ({
    ...{ type: "line", label: "", series, data, borderColor: colour, borderWidth: width, borderCapStyle: "butt" },
    ...{ pointRadius: 0, pointHitRadius: 0, order },
  });
  const marks = rows.flatMap(({ cell, values }, row) =>
    values.map((one, i) => ({
      x: at(one.value),
      y: row + offset(i, values.length),
      open: one.atLeast,
      words: `${cell.label}, repetition ${one.repetition}: ${one.atLeast ? "at least " : ""}${withUnit(one.value, unit)}`,
    })),
  );
  const points = (open: boolean): { readonly [key: string]: Plain } => {
    const chosen = marks.filter((mark) => mark.open === open);
    return {
      label: open ? "" : REPETITION.name,
      series: REPETITION.name,
      labels: chosen.map(({ words }) => words),
      data: chosen.map(({ x, y }) => ({ x, y })),
      ...{ pointStyle: "circle", pointRadius: 3, pointHoverRadius: 6, borderWidth: 1.25, clip: 6, order: 0 },
      borderColor: REPETITION.colour,
      backgroundColor: open ? "$page" : `${REPETITION.colour}/55`,
    };
  };
  return [
    points(false),
    ...(marks.some(({ open }) => open) ? [points(true)] : []),
    ...rows.flatMap((row, y) => {
      const { values } = row;
      if (values.length < 2) return [];
      const middle = at(median(values.map(({ value }) => value))!);
      const ends = [at(values[0].value), at(values.at(-1)!.value)];
      return [
        stroke(
          MEDIAN.name,
          MEDIAN.colour,
          2.5,
          1,
          [-0.3, 0.3].map((up) => ({ x: middle, y: y + up })),
        ),
        stroke(
          BOX.name,
          BOX.colour,
          1,
          3,
          ends.map((x) => ({ x, y })),
        ),
        ...(hasBox(row)
          ? [
              stroke(
                BOX.name,
                `${BOX.colour}/30`,
                11,
                4,
                quartiles(values).map((value) => ({ x: at(value), y })),
              ),
            ]
          : []),
      ];
    }),
  ];
}

/** Up and down by turns: marks of equal value stand below each other. */
function offset(index: number, of: number): number {
  if (of === 1) return 0;
  return [0, 0.16, -0.16, 0.08, -0.08][index % 5];
}

function hasBox({ values }: Row): boolean {
  return values.length >= LEAST_FOR_BOX;
}

/** Medians of the lower and of the upper half, the middle one in both: Tukey's hinges. */
function quartiles(values: readonly Value[]): [number, number] {
  const sorted = values.map(({ value }) => value);
  const half = Math.ceil(sorted.length / 2);
  return [median(sorted.slice(0, half))!, median(sorted.slice(-half))!];
}

function rowInWords({ cell, values }: Row, unit: string): string {
  const [lowest, highest] = [values[0].value, values.at(-1)!.value];
  if (values.length === 1) return `${cell.label} ${withUnit(lowest, unit)}, one repetition`;
  return `${cell.label} from ${withUnit(lowest, unit)} to ${withUnit(highest, unit)} over ${counted(values.length, "repetition")}`;
}

function answerOf(metrics: readonly Metric[]): string {
  if (metrics.every(({ rows }) => rows.every(({ values }) => values.length === 1)))
    return "Each configuration has one valid repetition: how much repetitions differ cannot be told.";
  let widest: { readonly metric: Metric; readonly row: Row; readonly spread: number } | undefined;
  for (const metric of metrics) {
    for (const row of metric.rows) {
      const middle = Math.abs(median(row.values.map(({ value }) => value))!);
      const spread = (row.values.at(-1)!.value - row.values[0].value) / middle;
      if (row.values.length > 1 && Number.isFinite(spread) && (widest === undefined || spread > widest.spread))
        widest = { metric, row, spread };
    }
  }
  if (widest === undefined) return "Repetitions do not differ in any of these metrics, or their median is nought.";
  const { metric, row, spread } = widest;
  return (
    `Repetitions are furthest apart, for their size, in ${metric.title} with ${rowInWords(row, metric.unit)}: ` +
    `the distance is ${spread < 10 ? `${plain(spread * 100)}${NBSP}%` : `${count(Math.round(spread))} times`} of the median.`
  );
}
