/**
 * Chart 6, latency over time: the percentiles of each interval, one panel a configuration. A figure for the whole run
 * cannot say whether it was slow all the time or for one bad second (a collection, a fault, a neighbour); this can.
 * Each interval's percentile stands for itself; over repetitions the median of an interval is drawn, and the band is
 * from the lowest repetition to the highest.
 */
import type { MetricValue } from "../record/figures";
import { panelCells, medianOf, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Plain } from "./chart";
import { faultLanes } from "./fault-lanes";
import { band, chartPanel, legendOf, line, logBounds, panelSize } from "./frame";
import { metricInWords, plain } from "./numbers";
import { DRAIN_LEFT_OUT, endOfLoad, hasDrain, overRepetitions, underLoad, type Band } from "./over-time";
import type { SeriesStyle } from "./theme";

export const latencyOverTime: ChartDefinition = {
  id: "latency-over-time",
  number: 6,
  title: "Latency over time",
  question: "When is it slow?",
  prose:
    "One panel a configuration, time from left to right, from the start of the warm-up. p50 is the latency that half of an interval's operations stayed under, p99 the one that 99 of 100 did. A line that rises at one instant in every panel points at the machine; one that rises in one panel points at the configuration.",
  absence: "No interval holds a successful operation, so there is no latency to follow over time.",
  draw: (input) => drawLatencyLines(latencyOverTime, LINES, answerOf, input),
};

/** A line of latency by interval; of several columns the first that a run has. */
export interface LatencyLine {
  readonly name: string;
  readonly columns: readonly string[];
  readonly style: SeriesStyle;
}

export interface DrawnCell {
  readonly cell: ChartCell;
  readonly bands: readonly { readonly name: string; readonly values: Band }[];
}

/** Write columns by the first name that a run has. */
const WRITES = ["write", "update", "insert"];
const LINES: readonly LatencyLine[] = [
  { name: "read p50", columns: ["read_p50_ms"], style: { colour: "$s1", dash: [2, 2], marker: "line" } },
  { name: "read p95", columns: ["read_p95_ms"], style: { colour: "$s5", dash: [8, 3], marker: "line" } },
  { name: "read p99", columns: ["read_p99_ms"], style: { colour: "$s1", dash: [], marker: "line" } },
  { name: "read max", columns: ["read_max_ms"], style: { colour: "$muted", dash: [1, 3], marker: "line" } },
  {
    name: "write p50",
    columns: WRITES.map((kind) => `${kind}_p50_ms`),
    style: { colour: "$s2", dash: [2, 2], marker: "line" },
  },
  {
    name: "write p99",
    columns: WRITES.map((kind) => `${kind}_p99_ms`),
    style: { colour: "$s2", dash: [], marker: "line" },
  },
];

/** One panel a configuration with the given lines. */
export function drawLatencyLines(
  { id, number, title, question }: Pick<ChartDefinition, "id" | "number" | "title" | "question">,
  lines: readonly LatencyLine[],
  answer: (drawn: readonly DrawnCell[]) => string,
  input: ChartInput,
): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const drawn = shown.map((cell) => ({ cell, bands: bandsOf(cell, lines) })).filter(({ bands }) => bands.length > 0);
  if (drawn.length === 0) return undefined;
  const all = drawn.flatMap(({ bands }) => bands.flatMap(({ values }) => [...values.low, ...values.high]));
  const bounds = logBounds(all.map((point) => point.y));
  const end = endOfLoad(shown.flatMap((cell) => cell.figures));
  const size = panelSize(drawn.length);
  const cells = drawn.map(({ cell }) => cell);
  // The tail: the highest line of which there is one.
  const shaded = lines.some(({ name }) => name.endsWith("p99.9")) ? "p99.9" : "p99";
  const faults = faultLanes(cells, end);
  const drain = cells.some((cell) => cell.figures.some(hasDrain)) ? DRAIN_LEFT_OUT : "";
  return {
    id,
    number,
    title,
    question,
    answer: answer(drawn),
    caption:
      `Response time of successful operations in each interval; ${medianOf(cells)}, ` +
      `shaded from the lowest repetition to the highest for ${shaded}. Equal axes in all panels.${drain}${faults.note}${note}`,
    description:
      "Lines of latency in milliseconds over the seconds of the run. " +
      drawn
        .map(
          ({ cell, bands }) =>
            `${cell.label}: ${bands.map(({ name, values }) => `${name} between ${range(values)} ms`).join(", ")}`,
        )
        .join("; ") +
      ".",
    axes: { x: "time (s)", y: "latency (ms)" },
    legend: [
      ...legendOf(
        lines.filter(({ name }) => drawn.some(({ bands }) => bands.some((one) => one.name === name))),
        "line",
      ),
      ...faults.legend,
    ],
    panels: drawn.map(({ cell, bands }) =>
      chartPanel(drawn.length === 1 ? "" : cell.label, size, {
        type: "line",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: { title: "response time (ms, log)", scale: "logarithmic", ...bounds, unit: "ms", name: "latency" },
        datasets: bands.flatMap(({ name, style, values }): { readonly [key: string]: Plain }[] => [
          line(name, style, values.middle, { pointRadius: 0, borderWidth: 1.5 }),
          ...(values.repetitions > 1 && name.endsWith(shaded) ? band(name, style, values.low, values.high) : []),
        ]),
        faults: faults.of([cell]),
      }),
    ),
    table: {
      columns: ["configuration", "line", "time (s)", "median (ms)", "lowest (ms)", "highest (ms)"],
      rows: drawn.flatMap(({ cell, bands }) =>
        bands.flatMap(({ name, values }) =>
          values.middle.map((point, i) => [
            cell.label,
            name,
            point.x,
            point.y,
            values.low[i]?.y ?? null,
            values.high[i]?.y ?? null,
          ]),
        ),
      ),
    },
  };
}

function bandsOf(cell: ChartCell, lines: readonly LatencyLine[]): { name: string; style: SeriesStyle; values: Band }[] {
  const intervals = cell.figures.map(underLoad);
  return lines.flatMap(({ name, columns, style }) => {
    for (const column of columns) {
      const values = overRepetitions(intervals, column);
      if (values !== undefined && values.middle.some((point) => point.y > 0)) return [{ name, style, values }];
    }
    return [];
  });
}

function answerOf(drawn: readonly DrawnCell[]): string {
  let worst: { cell: ChartCell; at: number; ms: number } | undefined;
  for (const { cell, bands } of drawn)
    for (const point of bands.find(({ name }) => name === "read p99")?.values.middle ?? [])
      if (worst === undefined || point.y > worst.ms) worst = { cell, at: point.x, ms: point.y };
  if (worst === undefined) return "No read succeeded in any interval; the lines show the other operations.";
  const whole = worst.cell.summary.metrics["read_p99_ms"] as MetricValue | undefined;
  const slowest = `The slowest interval for reads was at ${plain(worst.at)} s with ${worst.cell.label}: p99 ${plain(worst.ms)} ms`;
  // An invalid configuration is drawn, and has no numbers to be told.
  if (whole === undefined || whole.value === null) return `${slowest}.`;
  return `${slowest}, against ${metricInWords(whole)} over its whole measured phase.`;
}

function range(values: Band): string {
  const ys = values.middle.map((point) => point.y);
  return `${plain(Math.min(...ys))} and ${plain(Math.max(...ys))}`;
}
