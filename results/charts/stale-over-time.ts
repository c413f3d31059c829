/**
 * Chart 13, stale reads over time: whether faults cause staleness, and how long it outlasts them. Each interval's share stands for itself,
 * over the reads that ended in it and could be judged; an interval without one is a gap. With few reads an interval the line is ragged:
 * the table beside it in the report adds up what came before, during and after.
 */
import { facets, medianOf, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Plain } from "./chart";
import { faultLanes } from "./fault-lanes";
import { band, chartPanel, legendOf, line, panelSize } from "./frame";
import { endOfRun, knowsTrouble } from "./healing";
import { counted, metricInWords, percent, plain, trimmed } from "./numbers";
import { overRepetitions, underLoad, type Band } from "./over-time";

export const staleOverTime: ChartDefinition = {
  id: "stale-over-time",
  number: 13,
  title: "Stale reads over time",
  question: "Do faults make reads stale, and for how long?",
  prose:
    "The share of an interval's reads that missed an acknowledged write. Lanes at the top are faults. A line that rises with a fault and falls with its end was stale because replicas could not be reached; one that stays up after the end waits for copies to be repaired.",
  absence: "No interval holds a read that could be judged, so there is no staleness to follow over time.",
  concerns: knowsTrouble,
  draw,
};

function draw(input: ChartInput): ChartFigure | undefined {
  const drawn = facets(input)
    .map((facet) => ({ facet, bands: facet.series.map(({ cell }) => bandOf(cell)) }))
    .filter(({ bands }) => bands.some((one) => one !== undefined));
  if (drawn.length === 0) return undefined;
  const cells = drawn.flatMap(({ facet }) => facet.series.map(({ cell }) => cell));
  const all = drawn.flatMap(({ facet, bands }) =>
    facet.series.flatMap(({ cell }, i) => (bands[i] === undefined ? [] : [{ cell, values: bands[i] }])),
  );
  const end = endOfRun(cells);
  const faults = faultLanes(cells, end);
  const top = Math.max(1, ...all.flatMap(({ values }) => values.high.map(({ y }) => 100 * y)));
  const size = panelSize(drawn.length);
  const few = all.every(({ values }) => values.repetitions < 2) || all.length > 4;
  return {
    id: staleOverTime.id,
    number: staleOverTime.number,
    title: staleOverTime.title,
    question: staleOverTime.question,
    answer: answerOf(all),
    caption: `Stale reads of those judged in each interval; ${medianOf(cells)}${few ? "" : ", shaded from the lowest repetition to the highest"}. Equal axes in all panels.${faults.note}`,
    description:
      "Lines of the share of stale reads over the seconds of the run. " +
      all.map(({ cell, values }) => `${cell.label}: up to ${percent(peak(values).y)}`).join("; ") +
      ".",
    axes: { x: "time (s)", y: "stale reads (%)" },
    legend: [
      ...legendOf(
        drawn.flatMap(({ facet }) => facet.series),
        "line",
      ),
      ...faults.legend,
    ],
    panels: drawn.map(({ facet, bands }) =>
      chartPanel(facet.title, size, {
        type: "line",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: {
          title: "stale reads (%)",
          scale: "linear",
          min: 0,
          max: Math.min(100, top * 1.05),
          unit: "%",
          name: "stale",
        },
        datasets: facet.series.flatMap(({ name, style }, i): { readonly [key: string]: Plain }[] => {
          const values = bands[i];
          if (values === undefined) return [];
          const shown = (points: Band["middle"]) => points.map(({ x, y }) => ({ x, y: trimmed(100 * y) }));
          return [
            line(name, style, shown(values.middle), { pointRadius: 0, borderWidth: 1.5 }),
            ...(few ? [] : band(name, style, shown(values.low), shown(values.high))),
          ];
        }),
        faults: faults.of(facet.series.map(({ cell }) => cell)),
      }),
    ),
    table: {
      columns: ["configuration", "time (s)", "stale reads, median (%)", "lowest (%)", "highest (%)"],
      rows: all.flatMap(({ cell, values }) =>
        values.middle.map(({ x, y }, i) => [
          ...[cell.label, x, trimmed(100 * y)],
          ...[trimmed(100 * (values.low[i]?.y ?? y)), trimmed(100 * (values.high[i]?.y ?? y))],
        ]),
      ),
    },
  };
}

function bandOf(cell: ChartCell): Band | undefined {
  return overRepetitions(cell.figures.map(underLoad), "p_stale");
}

function peak({ middle }: Band): { readonly x: number; readonly y: number } {
  return middle.reduce((most, point) => (point.y > most.y ? point : most));
}

function answerOf(all: readonly { readonly cell: ChartCell; readonly values: Band }[]): string {
  const worst = [...all].sort((a, b) => peak(b.values).y - peak(a.values).y)[0];
  const { x, y } = peak(worst.values);
  if (y === 0) return `In none of ${counted(worst.values.middle.length, "interval")} was a read stale.`;
  const whole = worst.cell.summary.metrics["p_stale"];
  return `The worst interval was at ${plain(x)} s with ${worst.cell.label}: ${percent(y)} of its reads were stale${whole === undefined || whole.value === null ? "" : `, against ${metricInWords(whole)} over its whole measured phase`}.`;
}
