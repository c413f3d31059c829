/**
 * Chart 6 of several sides at once: the 99th percentile of each interval, one line a side in one panel, where the chart of a run has
 * a panel a configuration. Two pictures side by side leave it to the eye whether one side was slower during the fault or only before
 * it; here the lines lie over each other. Each interval's percentile is its own; over repetitions their median is drawn.
 */
import { panelCells, medianOf, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Plain } from "./chart";
import { faultLanes } from "./fault-lanes";
import { band, chartPanel, legendOf, line, logBounds, panelSize } from "./frame";
import { plain } from "./numbers";
import { DRAIN_LEFT_OUT, endOfLoad, hasDrain, overRepetitions, underLoad, type Band } from "./over-time";
import { seriesStyle, type SeriesStyle } from "./theme";

export const latencyCompared: ChartDefinition = {
  id: "latency-compared",
  number: 6,
  title: "Slowest percent over time, side by side",
  question: "When is one side slower than the other?",
  prose:
    "One panel a matched configuration and kind of operation, one line a side: the latency that 99 of 100 operations of each interval stayed under. Shaded from the lowest repetition to the highest. Where the shaded areas lie apart the sides differ at that time.",
  absence: "No interval of any side holds a successful operation, so there is no latency to follow over time.",
  draw,
};

const KINDS = [
  { title: "reads", columns: ["read_p99_ms"] },
  { title: "writes", columns: ["write_p99_ms", "update_p99_ms", "insert_p99_ms"] },
];

interface Drawn {
  readonly title: string;
  readonly lines: readonly {
    readonly cell: ChartCell;
    readonly name: string;
    readonly style: SeriesStyle;
    readonly values: Band;
  }[];
}

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const sides = [...new Set(input.cells.map(({ quorum }) => quorum))];
  const groups = [...new Set(shown.map(({ other }) => other))];
  const parts = groups.flatMap((group) =>
    KINDS.flatMap(({ title, columns }): Drawn[] => {
      const lines = shown
        .filter(({ other }) => other === group)
        .flatMap((cell) => {
          const values = bandOf(cell, columns);
          const style = seriesStyle(sides.indexOf(cell.quorum));
          return values === undefined ? [] : [{ cell, name: cell.quorum, style, values }];
        });
      return lines.length === 0 ? [] : [{ title: group === "" ? title : `${title}, ${group}`, lines }];
    }),
  );
  if (parts.length === 0) return undefined;
  const all = parts.flatMap(({ lines }) => lines);
  const bounds = logBounds(all.flatMap(({ values }) => [...values.low, ...values.high].map(({ y }) => y)));
  const cells = [...new Set(all.map(({ cell }) => cell))];
  const end = endOfLoad(cells.flatMap(({ figures }) => figures));
  const faults = faultLanes(cells, end);
  const drain = cells.some((cell) => cell.figures.some(hasDrain)) ? DRAIN_LEFT_OUT : "";
  const size = panelSize(parts.length);
  return {
    id: latencyCompared.id,
    number: latencyCompared.number,
    title: latencyCompared.title,
    question: latencyCompared.question,
    answer: answerOf(all),
    caption: `99th percentile of the response time of successful operations in each interval; ${medianOf(cells)}, shaded from the lowest repetition to the highest. Equal axes in all panels.${drain}${faults.note}${note}`,
    description: `Lines of the 99th percentile of latency in milliseconds over the seconds of the run. ${parts.map(({ title, lines }) => `${title}: ${lines.map(({ name, values }) => `${name} between ${rangeOf(values)} ms`).join(", ")}`).join("; ")}.`,
    axes: { x: "time (s)", y: "latency (ms)" },
    legend: [...legendOf(all, "line"), ...faults.legend],
    panels: parts.map(({ title, lines }) =>
      chartPanel(title, size, {
        type: "line",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: { title: "response time p99 (ms, log)", scale: "logarithmic", ...bounds, unit: "ms", name: "latency" },
        datasets: lines.flatMap(({ name, style, values }): { readonly [key: string]: Plain }[] => [
          line(name, style, values.middle, { pointRadius: 0 }),
          ...(values.repetitions > 1 ? band(name, style, values.low, values.high) : []),
        ]),
        faults: faults.of(lines.map(({ cell }) => cell)),
      }),
    ),
    table: {
      columns: ["configuration", "operation", "time (s)", "median (ms)", "lowest (ms)", "highest (ms)"],
      rows: parts.flatMap(({ title, lines }) =>
        lines.flatMap(({ cell, values }) =>
          values.middle.map((point, i) => [
            ...[cell.label, title, point.x, point.y],
            ...[values.low[i]?.y ?? null, values.high[i]?.y ?? null],
          ]),
        ),
      ),
    },
  };
}

function bandOf(cell: ChartCell, columns: readonly string[]): Band | undefined {
  const intervals = cell.figures.map(underLoad);
  for (const column of columns) {
    const values = overRepetitions(intervals, column);
    if (values !== undefined && values.middle.some(({ y }) => y > 0)) return values;
  }
  return undefined;
}

function answerOf(all: Drawn["lines"]): string {
  const worst = all
    .flatMap(({ cell, values }) => values.middle.map((point) => ({ cell, point })))
    .sort((a, b) => b.point.y - a.point.y)[0];
  return `The slowest interval of all sides was at ${plain(worst.point.x)} s with ${worst.cell.label}: p99 ${plain(worst.point.y)} ms.`;
}

function rangeOf({ middle }: Band): string {
  const ys = middle.map(({ y }) => y);
  return `${plain(Math.min(...ys))} and ${plain(Math.max(...ys))}`;
}
