/**
 * Chart 9, throughput and outcomes: what clients got, second by second. Throughput alone praises a store that answers
 * fast with nothing; so every operation's ending is stacked: right, stale, not found, refused (it did not happen) and
 * unknown (it may have). The line is what was offered: room between it and the stack is work that nobody took.
 */
import { panelCells, medianOf, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Plain } from "./chart";
import { faultLanes } from "./fault-lanes";
import { chartPanel, line, panelSize } from "./frame";
import type { MetricValue } from "../record/figures";
import { intervalInWords, metricInWords, plain } from "./numbers";
import { DRAIN_LEFT_OUT, endOfLoad, hasDrain, overRepetitions, underLoad, type Band } from "./over-time";

export const outcomes: ChartDefinition = {
  id: "outcomes",
  number: 9,
  title: "Throughput by outcome",
  question: "What did clients get?",
  prose:
    "The height of the stack is the rate of finished operations. Green: answered, nothing missed. Orange: a read that missed an acknowledged write. Grey: a read that found nothing. Purple: refused or failed for certain, it did not happen. Black: no certain answer, a write may or may not have happened. The dashed line is the rate the workload asked for, in an open loop; a closed loop asks for none.",
  absence: "No operation ended in any interval, so there is no throughput to show.",
  draw,
};

const PARTS = [
  { column: "ok", name: "answered, fresh", colour: "$s3" },
  { column: "stale_ok", name: "answered, stale", colour: "$s6" },
  { column: "not_found", name: "not found", colour: "$line" },
  { column: "definite", name: "failed for certain", colour: "$s4" },
  { column: "indefinite", name: "outcome unknown", colour: "$s0" },
] as const;
const OFFERED = { name: "offered", style: { colour: "$ink", dash: [5, 4], marker: "line" } } as const;

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const drawn = shown
    .map((cell) => {
      const intervals = cell.figures.map(underLoad);
      const parts = PARTS.map((part) => ({ ...part, values: overRepetitions(intervals, part.column) }));
      return { cell, parts, offered: overRepetitions(intervals, "offered") };
    })
    .filter(({ parts }) => parts.some(({ values }) => values?.middle.some((point) => point.y > 0) === true));
  if (drawn.length === 0) return undefined;
  const present = PARTS.filter((part) =>
    drawn.some(({ parts }) => parts.some((one) => one.column === part.column && some(one.values))),
  );
  const end = endOfLoad(shown.flatMap((cell) => cell.figures));
  const cells = drawn.map(({ cell }) => cell);
  const faults = faultLanes(cells, end);
  const drain = cells.some((cell) => cell.figures.some(hasDrain)) ? DRAIN_LEFT_OUT : "";
  const top = Math.max(...drawn.map(({ parts, offered }) => Math.max(stackTop(parts), highest(offered))));
  const size = panelSize(drawn.length);
  return {
    id: outcomes.id,
    number: outcomes.number,
    title: outcomes.title,
    question: outcomes.question,
    answer: answerOf(drawn.map(({ cell }) => cell)),
    caption:
      `Operations a second by how they ended, in each interval; ${medianOf(drawn.map(({ cell }) => cell))}. ` +
      `Outcomes that never happened are left out. Equal axes in all panels.${drain}${faults.note}${note}`,
    description:
      "Stacked areas of operations per second over time, by outcome. " +
      drawn.map(({ cell }) => `${cell.label}: ${metricInWords(cell.summary.metrics["throughput_ops_s"])}`).join("; ") +
      ".",
    axes: { x: "time (s)", y: "operations (1/s)" },
    legend: [
      ...present.map((part) => ({ series: part.name, colour: part.colour, dash: [], mark: "bar" })),
      ...(drawn.some(({ offered }) => some(offered))
        ? [{ series: OFFERED.name, colour: OFFERED.style.colour, dash: OFFERED.style.dash, mark: "line" }]
        : []),
      ...faults.legend,
    ],
    panels: drawn.map(({ cell, parts, offered }) => {
      const datasets: { readonly [key: string]: Plain }[] = parts
        .filter(({ column }) => present.some((part) => part.column === column))
        .flatMap(({ name, colour, values }, i) =>
          values === undefined
            ? []
            : [
                line(name, { colour, dash: [], marker: "rect" }, values.middle, {
                  // By number: "stack" would fill up to the line of the offered rate too.
                  fill: i === 0 ? "origin" : "-1",
                  borderWidth: 0.5,
                  backgroundColor: `${colour}/70`,
                  pointRadius: 0,
                  stack: "outcomes",
                }),
              ],
        );
      if (some(offered))
        datasets.push(
          line(OFFERED.name, OFFERED.style, offered!.middle, { pointRadius: 0, stack: "offered", order: -1 }),
        );
      return chartPanel(drawn.length === 1 ? "" : cell.label, size, {
        type: "line",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: {
          title: "operations (1/s)",
          scale: "linear",
          min: 0,
          max: top * 1.08,
          stacked: true,
          unit: "/s",
          name: "operations",
        },
        datasets,
        legendMark: "rect",
        faults: faults.of([cell]),
      });
    }),
    table: {
      columns: ["configuration", "time (s)", ...present.map((part) => `${part.name} (1/s)`), "offered (1/s)"],
      rows: drawn.flatMap(({ cell, parts, offered }) => {
        const longest = parts.reduce<readonly { x: number }[]>(
          (a, { values }) => ((values?.middle.length ?? 0) > a.length ? values!.middle : a),
          [],
        );
        return longest.map(({ x }) => [
          cell.label,
          x,
          ...present.map((part) => at(parts.find(({ column }) => column === part.column)?.values, x)),
          at(offered, x),
        ]);
      }),
    },
  };
}

function rate(metric: MetricValue): string {
  const interval = intervalInWords(metric);
  return `${plain(metric.value!)}${interval === "" ? "" : ` ${interval}`}`;
}

function some(band: Band | undefined): boolean {
  return band?.middle.some((point) => point.y > 0) === true;
}

function highest(band: Band | undefined): number {
  return band === undefined ? 0 : Math.max(0, ...band.middle.map((point) => point.y));
}

function at(band: Band | undefined, x: number): number | null {
  return band?.middle.find((point) => point.x === x)?.y ?? null;
}

function stackTop(parts: readonly { values: Band | undefined }[]): number {
  const sums = new Map<number, number>();
  for (const { values } of parts)
    for (const point of values?.middle ?? []) sums.set(point.x, (sums.get(point.x) ?? 0) + point.y);
  return Math.max(0, ...sums.values());
}

function answerOf(cells: readonly ChartCell[]): string {
  const rates = cells
    .map((cell) => ({ cell, metric: cell.summary.metrics["throughput_ops_s"] }))
    .filter(({ metric }) => metric !== undefined && metric.value !== null)
    .sort((a, b) => b.metric.value! - a.metric.value!);
  const worst = cells
    .map((cell) => ({ cell, metric: cell.summary.metrics["availability"] }))
    .filter(({ metric }) => metric !== undefined && metric.value !== null)
    .sort((a, b) => a.metric.value! - b.metric.value!)[0];
  const first = rates[0];
  const last = rates.at(-1);
  let text = "The rate of finished operations is drawn below.";
  if (first !== undefined && last !== undefined)
    text =
      first === last
        ? `Clients finished ${rate(first.metric)} operations a second.`
        : `Clients finished between ${rate(last.metric)} (${last.cell.label}) and ${rate(first.metric)} (${first.cell.label}) operations a second.`;
  if (worst === undefined) return text;
  return worst.metric.value === 1
    ? `${text} Every operation that was due succeeded.`
    : `${text} The lowest availability was ${metricInWords(worst.metric)}, at ${worst.cell.label} (${plain((1 - worst.metric.value!) * 100)} % of operations due did not succeed).`;
}
