/**
 * Chart 19, hints: how many copies wait for a replica to come back, over all nodes, and at the node that holds most. A backlog that still
 * grows when the fault has ended goes home slower than it came; one that falls to zero before replicas agree tells that hints
 * were not all that was missing.
 */
import { facets, medianOf, type ChartCell, type ChartInput, type Series } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Plain } from "./chart";
import { faultLanes } from "./fault-lanes";
import { chartPanel, legendOf, line, panelSize } from "./frame";
import { endOfRun, knowsTrouble } from "./healing";
import { plain, trimmed } from "./numbers";
import { alignedByTime, overRepetitions, type Band } from "./over-time";

export const hintsOverTime: ChartDefinition = {
  id: "hints-over-time",
  number: 19,
  title: "Hints that wait",
  question: "Where is the backlog?",
  prose:
    "The line is how many copies wait in hints, over all nodes; the thin one how many at the node that holds most. Hints are written while a replica is away and taken home when it is back. Where the line does not come down after the fault has ended, deliveries are slower than new hints, or the home is still believed to be away.",
  absence: "No node held a hint, or none told how many it held.",
  concerns: knowsTrouble,
  draw,
};

const FULLEST: LegendEntry = { series: "at the fullest node", colour: "$muted", dash: [3, 3], mark: "thin" };

interface Held {
  readonly all: Band;
  readonly fullest: Band | undefined;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const drawn = facets(input)
    .map((facet) => ({ facet, held: facet.series.map(({ cell }) => heldOf(cell)) }))
    .filter(({ held }) => held.some((one) => one !== undefined));
  const all = drawn.flatMap(({ facet, held }) =>
    facet.series.flatMap(({ cell }, i) => (held[i] === undefined ? [] : [{ cell, held: held[i] }])),
  );
  const top = Math.max(0, ...all.map(({ held }) => peak(held).y));
  if (top === 0) return undefined;
  const cells = all.map(({ cell }) => cell);
  const end = endOfRun(drawn.flatMap(({ facet }) => facet.series.map(({ cell }) => cell)));
  const faults = faultLanes(cells, end);
  const size = panelSize(drawn.length);
  return {
    id: hintsOverTime.id,
    number: hintsOverTime.number,
    title: hintsOverTime.title,
    question: hintsOverTime.question,
    answer: answerOf(all),
    caption: `Copies in hints, by the nodes' own count, about once an interval; ${medianOf(cells)}. Equal axes in all panels; the drain is drawn too.${faults.note}`,
    description:
      "Lines of how many copies wait in hints over the seconds of the run. " +
      all.map(({ cell, held }) => `${cell.label}: up to ${plain(trimmed(peak(held).y))}`).join("; ") +
      ".",
    axes: { x: "time (s)", y: "hints (copies)" },
    legend: [
      ...legendOf(
        drawn.flatMap(({ facet }) => facet.series),
        "line",
      ),
      FULLEST,
      ...faults.legend,
    ],
    panels: drawn.map(({ facet, held }) =>
      chartPanel(facet.title, size, {
        type: "line",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: { title: "hints held (copies)", scale: "linear", min: 0, max: top * 1.08, unit: "copies", name: "hints" },
        datasets: [
          ...facet.series.flatMap((series, i) => datasets(series, held[i])),
          line(FULLEST.series, { colour: FULLEST.colour, dash: FULLEST.dash, marker: "line" }, []),
        ],
        faults: faults.of(facet.series.map(({ cell }) => cell)),
      }),
    ),
    table: {
      columns: ["configuration", "time (s)", "hints, all nodes (copies)", "at the fullest node (copies)"],
      rows: all.flatMap(({ cell, held }) =>
        held.all.middle.map(({ x, y }) => [
          cell.label,
          x,
          y,
          held.fullest?.middle.find((point) => point.x === x)?.y ?? null,
        ]),
      ),
    },
  };
}

function datasets({ name, style }: Series, held: Held | undefined): { readonly [key: string]: Plain }[] {
  if (held === undefined) return [];
  return [
    line(name, style, held.all.middle, { pointRadius: 0 }),
    ...(held.fullest === undefined
      ? []
      : [
          line(name, style, held.fullest.middle, {
            label: `${name}, ${FULLEST.series}`,
            borderWidth: 0.9,
            borderDash: [3, 3],
            borderColor: `${style.colour}/70`,
            pointRadius: 0,
          }),
        ]),
  ];
}

function heldOf(cell: ChartCell): Held | undefined {
  const series = alignedByTime(cell.figures.flatMap(({ repair }) => repair ?? []));
  const all = overRepetitions(series, "hints_held");
  return all === undefined ? undefined : { all, fullest: overRepetitions(series, "hints_held_fullest") };
}

function peak({ all }: Held): { readonly x: number; readonly y: number } {
  return all.middle.reduce((most, point) => (point.y > most.y ? point : most));
}

function answerOf(all: readonly { readonly cell: ChartCell; readonly held: Held }[]): string {
  const worst = [...all].sort((a, b) => peak(b.held).y - peak(a.held).y)[0];
  const { x, y } = peak(worst.held);
  const last = worst.held.all.middle.at(-1)!;
  const after =
    last.y === 0 ? "none waited at the end" : `${plain(trimmed(last.y))} still waited at ${plain(last.x)} s`;
  return `The most copies waited in hints at ${plain(x)} s with ${worst.cell.label}: ${plain(trimmed(y))}; ${after}.`;
}
