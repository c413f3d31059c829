/**
 * Chart 41, imbalance over time, as Dynamo's figure 6: in each window the share of nodes whose requests are 15 % or more away from the mean
 * of all, and beneath it on the same time axis how many requests that mean was. The load belongs below and not behind: the claim
 * is about both lines together, and two scales on one axis would cross wherever one likes.
 */
import { facets, medianOf, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Panel, Plain } from "./chart";
import { band, chartPanel, legendOf, line } from "./frame";
import { metricInWords, percent, plain, trimmed } from "./numbers";
import { alignedByTime, overRepetitions, type Band } from "./over-time";

export const imbalanceOverTime: ChartDefinition = {
  id: "imbalance-over-time",
  number: 41,
  title: "Nodes out of balance over time, and the load",
  question: "Does imbalance fall as load rises?",
  prose:
    "One picture has the share of nodes whose requests in a window differ from the mean of all nodes by 15 % or more, the other that mean, as requests a second. Where the share falls as the load rises, nodes are out of balance because they see few requests, whose numbers scatter; where it does not, their shares differ for good (a popular key, an uneven ring), and more load does not help.",
  absence:
    "Load did not change enough over the run, or nodes did not tell their work, so imbalance cannot be set against it.",
  concerns: ({ imbalance }) => imbalance?.rises === true,
  draw,
};

interface Lines {
  readonly out: Band;
  readonly load: Band;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const drawn = facets(input)
    .map((facet) => ({ facet, lines: facet.series.map(({ cell }) => linesOf(cell)) }))
    .filter(({ lines }) => lines.some((one) => one !== undefined));
  const all = drawn.flatMap(({ facet, lines }) =>
    facet.series.flatMap(({ cell }, i) => (lines[i] === undefined ? [] : [{ cell, lines: lines[i] }])),
  );
  if (all.length === 0) return undefined;
  const cells = all.map(({ cell }) => cell);
  const windowS = Math.max(
    ...cells.flatMap(({ figures }) => figures.flatMap(({ imbalance }) => imbalance?.windowS ?? [])),
  );
  const end = windowS + Math.max(...all.map(({ lines }) => lines.load.middle.at(-1)!.x));
  const top = Math.max(1, ...all.flatMap(({ lines }) => lines.out.high.map(({ y }) => 100 * y)));
  const most = Math.max(...all.flatMap(({ lines }) => lines.load.high.map(({ y }) => y)));
  const few = all.every(({ lines }) => lines.out.repetitions < 2) || all.length > 4;
  const time = {
    title: "time since warm-up began (s)",
    scale: "linear",
    min: 0,
    max: end,
    unit: "s",
    name: "time (s)",
  } as const;
  const width = drawn.length === 1 ? 960 : 500;
  const linesIn = (
    { facet, lines }: (typeof drawn)[number],
    of: keyof Lines,
    shown: (points: Band["middle"]) => Band["middle"],
  ): { readonly [key: string]: Plain }[] =>
    facet.series.flatMap(({ name, style }, i) => {
      const values = lines[i]?.[of];
      if (values === undefined) return [];
      return [
        line(name, style, shown(values.middle), { pointRadius: values.middle.length < 2 ? 2.5 : 0, borderWidth: 1.5 }),
        ...(few || of === "load" ? [] : band(name, style, shown(values.low), shown(values.high))),
      ];
    });
  return {
    id: imbalanceOverTime.id,
    number: imbalanceOverTime.number,
    title: imbalanceOverTime.title,
    question: imbalanceOverTime.question,
    answer: answerOf(cells),
    caption:
      `By window of ${plain(trimmed(windowS))} s, from the nodes' own counters (replica reads, replica writes, requests coordinated); ${medianOf(cells)}` +
      `${few ? "" : ", shares shaded from the lowest repetition to the highest"}. Equal axes for all configurations.`,
    description:
      "Lines of the share of nodes out of balance over the seconds of the run, and beneath them of the load. " +
      all
        .map(
          ({ cell, lines }) =>
            `${cell.label}: between ${percent(least(lines.out))} and ${percent(peak(lines.out))} of nodes, at ${plain(least(lines.load))} to ${plain(peak(lines.load))} requests a second and node`,
        )
        .join("; ") +
      ".",
    axes: { x: "time (s)", y: "nodes out of balance (%); requests (1/s a node)" },
    legend: legendOf(
      drawn.flatMap(({ facet }) => facet.series),
      "line",
    ),
    panels: [
      ...drawn.map((one): Panel =>
        chartPanel(
          one.facet.title,
          { width, height: 300 },
          {
            type: "line",
            x: time,
            y: {
              title: "nodes out of balance (%)",
              scale: "linear",
              min: 0,
              max: Math.min(100, Math.ceil(top / 10) * 10),
              unit: "%",
              name: "out of balance",
            },
            datasets: linesIn(one, "out", (points) => points.map(({ x, y }) => ({ x, y: trimmed(100 * y) }))),
          },
        ),
      ),
      ...drawn.map((one): Panel => ({
        ...chartPanel(
          one.facet.title,
          { width, height: 190 },
          {
            type: "line",
            x: time,
            y: {
              title: "load (1/s a node)",
              scale: "linear",
              min: 0,
              max: roundUp(most),
              unit: "/s a node",
              name: "load",
            },
            datasets: linesIn(one, "load", (points) => points),
          },
        ),
        leastHeight: 190,
      })),
    ],
    table: {
      columns: [
        ...["configuration", "time (s)", "nodes out of balance, median (%)", "lowest (%)", "highest (%)"],
        "requests (1/s a node)",
      ],
      rows: all.flatMap(({ cell, lines: { out, load } }) =>
        out.middle.map(({ x, y }, i) => [
          ...[cell.label, x, trimmed(100 * y)],
          ...[trimmed(100 * (out.low[i]?.y ?? y)), trimmed(100 * (out.high[i]?.y ?? y))],
          load.middle[i]?.y ?? null,
        ]),
      ),
    },
  };
}

function linesOf(cell: ChartCell): Lines | undefined {
  const series = alignedByTime(cell.figures.flatMap(({ imbalance }) => imbalance ?? []));
  const out = overRepetitions(series, "out_of_balance");
  const load = overRepetitions(series, "requests_per_node");
  return out === undefined || load === undefined ? undefined : { out, load };
}

function peak({ middle }: Band): number {
  return Math.max(...middle.map(({ y }) => y));
}

function least({ middle }: Band): number {
  return Math.min(...middle.map(({ y }) => y));
}

function roundUp(value: number): number {
  const step = 10 ** Math.floor(Math.log10(value)) / 2;
  return Math.ceil((value * 1.02) / step) * step;
}

function answerOf(cells: readonly ChartCell[]): string {
  const known = cells.flatMap((cell) => {
    const { imbalance_low_load: low, imbalance_high_load: high, imbalance_low_over_high: fell } = cell.summary.metrics;
    const known = typeof low?.value === "number" && typeof high?.value === "number";
    return known ? [{ cell, low, high, fell }] : [];
  });
  if (known.length === 0)
    return `${cells.length === 1 ? "1 configuration is" : `${cells.length} configurations are`} drawn; load did not rise enough to compare.`;
  const said = known.slice(0, 4).map(({ cell, low, high, fell }) => {
    const times = typeof fell?.value === "number" ? ` (${metricInWords(fell)} as many)` : "";
    return `${known.length === 1 ? "" : `${cell.label}: `}${metricInWords(low)} at low load, ${metricInWords(high)} at high load${times}`;
  });
  return `Nodes out of balance: ${said.join("; ")}${known.length > 4 ? `; and ${known.length - 4} more in the table` : ""}.`;
}
