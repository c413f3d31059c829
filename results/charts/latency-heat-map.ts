/**
 * Chart 8, the latency heat map: how many operations ended in each slice of time with each latency, as colour. It is chart 7 for
 * runs of any length: nothing is left out by chance, two ways to be answered are two bands, and a fault is a cloud above
 * them. The scale of colours is logarithmic, because one operation in a thousand is what one looks for.
 */
import { panelCells, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry } from "./chart";
import { faultLanes } from "./fault-lanes";
import { chartPanel, panelSize } from "./frame";
import { heatOptions } from "./heat-map-plugin";
import { byLatency, modesOf, pooledTable, type PooledTable } from "./latency-modes";
import { count, counted, listed, percent, plain, trimmed } from "./numbers";
import { endOfLoad } from "./over-time";

export const latencyHeatMap: ChartDefinition = {
  id: "latency-heat-map",
  number: 8,
  title: "Latency of all operations over time",
  question: "How are latencies spread, and when?",
  prose:
    "Time from left to right, response time upwards on a log scale with ten steps to a factor of ten; the lowest and the highest also hold what lies beyond them. A cell's colour says how many answered operations ended then with that latency: the fewer the paler on a light page, the fewer the darker on a dark one; nothing where there was none. Separate bands are separate ways to be answered. Repetitions are put together.",
  absence: "No trial kept operations by time and latency: it was run by a version that did not, or none was answered.",
  draw,
};

const COLOURS = ["$heat0", "$heat1", "$heat2", "$heat3", "$heat4", "$heat5"];
const FEW_PANELS = 4;
const IN_WORDS = { read: "reads", write: "writes", scan: "scans" } as const;
type Kind = keyof typeof IN_WORDS;

interface Drawn {
  readonly cell: ChartCell;
  readonly kind: Kind;
  readonly table: PooledTable;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const having = shown.filter((cell) => tablesOf(cell).length > 0);
  if (having.length === 0) return undefined;
  const end = Math.max(endOfLoad(having.flatMap((cell) => cell.figures)), 0.1);
  // All kinds of few configurations; of many the first kind that there is, for the eye has no room for both.
  const kinds = (Object.keys(IN_WORDS) as Kind[]).filter((kind) =>
    having.some((cell) => tablesOf(cell).some(({ planes }) => planes.some((one) => one.kind === kind))),
  );
  const chosen = having.length * kinds.length <= FEW_PANELS ? kinds : kinds.slice(0, 1);
  const most = having.length * chosen.length <= FEW_PANELS ? 120 : 60;
  const drawn = having.flatMap((cell) =>
    chosen.flatMap((kind): Drawn[] => {
      const table = pooledTable(tablesOf(cell), kind, end, most);
      return table === undefined ? [] : [{ cell, kind, table }];
    }),
  );
  if (drawn.length === 0) return undefined;
  const cells = [...new Set(drawn.map(({ cell }) => cell))];
  const faults = faultLanes(cells, end);
  const levels = levelsOf(Math.max(...drawn.map(({ table }) => Math.max(...table.counts.flat()))));
  const colours = COLOURS.slice(0, levels.length);
  const bounds = boundsOf(drawn);
  const size = panelSize(drawn.length);
  const names = levels.map((least, i) => levelName(least, levels[i + 1]));
  const left = kinds.filter((kind) => !chosen.includes(kind));
  return {
    id: latencyHeatMap.id,
    number: latencyHeatMap.number,
    title: latencyHeatMap.title,
    question: latencyHeatMap.question,
    answer: answerOf(drawn),
    caption:
      `Answered ${listed(chosen.map((kind) => IN_WORDS[kind]))} by when they ended, in slices of ${plain(drawn[0].table.widthS)} s, and by response time; ` +
      `${repetitions(cells)}, counts added. Colour by count in a cell, on a log scale: darker is more on a light page, brighter is more on a dark one. ` +
      `Modes: peaks of at least 1 % of operations with a valley below half of the lower one between.` +
      `${left.length > 0 ? ` There is no room for ${listed(left.map((kind) => IN_WORDS[kind]))}.` : ""} Equal axes in all panels.${faults.note}${note}`,
    description:
      "Heat map: seconds of the run to the right, response time in milliseconds upwards on a log scale, counts of operations as colour. " +
      drawn.map((one) => `${nameOf(one)}: ${modesInWords(one)}`).join("; ") +
      ".",
    axes: { x: "time (s)", y: "response time (ms)" },
    legend: [
      ...names.map((series, i): LegendEntry => ({ series, colour: colours[i], dash: [], mark: "bar" })),
      ...faults.legend,
    ],
    panels: drawn.map((one) => {
      const { edges, columns } = cut(one.table);
      return chartPanel(
        drawn.length === 1 && chosen.length === 1 ? "" : panelName(one, cells.length, chosen.length),
        size,
        {
          type: "scatter",
          x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
          y: { title: "response time (ms, log)", scale: "logarithmic", ...bounds, unit: "ms", name: "response time" },
          datasets: names.map((series, i) => ({
            ...{ label: series, series, data: [], pointStyle: "rect" },
            ...{ backgroundColor: colours[i], borderColor: colours[i] },
          })),
          faults: faults.of([one.cell]),
          heat: heatOptions({
            ...{ width: one.table.widthS, edges, columns, levels, colours },
            ...{ ink: "$ink", paper: "$panel", what: IN_WORDS[one.kind] },
          }),
        },
      );
    }),
    table: {
      columns: ["configuration", "operation", "from (ms)", "to (ms)", "operations", "share (%)", "mode"],
      rows: drawn.flatMap((one) => {
        const sums = byLatency(one.table);
        const modes = modesOf(sums);
        return sums.flatMap((sum, bin) =>
          sum === 0
            ? []
            : [
                [
                  one.cell.label,
                  one.kind,
                  one.table.edgesMs[bin],
                  one.table.edgesMs[bin + 1],
                  sum,
                  trimmed((100 * sum) / one.table.total),
                  modes.includes(bin) ? "peak" : "",
                ],
              ],
        );
      }),
    },
  };
}

function tablesOf(cell: ChartCell): NonNullable<ChartCell["figures"][number]["latencyBins"]>[] {
  return cell.figures.flatMap(({ latencyBins }) => latencyBins ?? []);
}

/** Without the bins above and below that are empty everywhere. */
function cut({ counts, edgesMs }: PooledTable): { edges: number[]; columns: number[][] } {
  const used = byLatency({ counts, edgesMs, widthS: 1, total: 1 });
  const first = used.findIndex((sum) => sum > 0);
  const last = used.findLastIndex((sum) => sum > 0);
  return {
    edges: edgesMs.slice(first, last + 2),
    columns: counts.map((column) => {
      const part = column.slice(first, last + 1);
      const from = part.findIndex((one) => one > 0);
      return from < 0 ? [] : [from, ...part.slice(from, part.findLastIndex((one) => one > 0) + 1)];
    }),
  };
}

function boundsOf(drawn: readonly Drawn[]): { min: number; max: number } {
  const edges = drawn.map(({ table }) => cut(table).edges);
  return { min: Math.min(...edges.map((one) => one[0])), max: Math.max(...edges.map((one) => one.at(-1)!)) };
}

/** Up to six, from 1 on, by equal factors; whole numbers, no two alike. */
export function levelsOf(most: number): number[] {
  const levels = COLOURS.map((_, i) => Math.round(Number(Math.pow(most + 1, i / COLOURS.length).toPrecision(2))));
  return [...new Set(levels)].filter((level) => level <= most);
}

function levelName(least: number, next: number | undefined): string {
  if (next === undefined) return `${count(least)} or more`;
  return next - 1 === least ? count(least) : `${count(least)} to ${count(next - 1)}`;
}

function panelName({ cell, kind }: Drawn, cells: number, kinds: number): string {
  return [...(cells > 1 ? [cell.label] : []), ...(kinds > 1 ? [IN_WORDS[kind]] : [])].join(", ");
}

function nameOf({ cell, kind }: Drawn): string {
  return `${IN_WORDS[kind]} with ${cell.label}`;
}

function modesInWords({ table }: Drawn): string {
  const modes = modesOf(byLatency(table)).map(
    (bin) => `${plain(table.edgesMs[bin])} to ${plain(table.edgesMs[bin + 1])} ms`,
  );
  return modes.length < 2
    ? `one mode${modes.length === 0 ? "" : `, ${modes[0]}`}`
    : `${modes.length} modes, ${listed(modes)}`;
}

function answerOf(drawn: readonly Drawn[]): string {
  const split = drawn.filter(({ table }) => modesOf(byLatency(table)).length > 1);
  if (split.length === 0)
    return `No percentile hides modes: every one of ${counted(drawn.length, "picture")} has a single peak, that of ${nameOf(drawn[0])} at ${modesInWords(drawn[0]).replace(/^one mode,? ?/, "")}.`;
  const [first] = split;
  const sums = byLatency(first.table);
  const modes = modesOf(sums);
  const valley = sums
    .slice(modes[0], modes[1])
    .reduce((least, sum, i) => (sum < least.sum ? { sum, i } : least), { sum: Infinity, i: 0 });
  const below = sums.slice(0, modes[0] + valley.i).reduce((sum, one) => sum + one, 0);
  const which =
    split.length < drawn.length
      ? `${count(split.length)} of ${counted(drawn.length, "picture")} ${split.length === 1 ? "shows" : "show"}`
      : drawn.length === 1
        ? "The picture shows"
        : "Every picture shows";
  return (
    `${which} more than one mode: ${nameOf(first)}, ${modesInWords(first)}, ` +
    `with ${percent(below / first.table.total)} of operations on the near side of the first valley.`
  );
}
