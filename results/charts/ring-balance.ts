/**
 * Chart 20, ring balance: does every node carry the share of keys and work that its part of the ring gives it? Random
 * tokens make unequal parts (Dynamo, section 6.2, strategies 1 and 3), and popular keys make unequal work even over
 * equal parts; bars beside the ring's own share tell the two apart. The ring itself is drawn by hand, with one key and
 * the walk to its preference list.
 */
import type { TrialFigures } from "../record/figures";
import { panelCells, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Panel } from "./chart";
import { chartPanel, line, panelSize } from "./frame";
import { percent, plain, trimmed } from "./numbers";
import { ringDrawing } from "./ring-drawing";
import type { SeriesStyle } from "./theme";

export const ringBalance: ChartDefinition = {
  id: "ring-balance",
  number: 20,
  title: "Load of each node against its share of the ring",
  question: "Is load even?",
  prose:
    "Bars: which share of all operations, and of all stored keys, each node carried. The dash across a pair of bars is the share of the ring that the node owns. Bars at the dash: load follows the ring. Dashes at different heights: the ring itself is uneven. Where there are many nodes, or not equally many everywhere, lines take the place of bars: nodes from the busiest to the idlest, each quantity in an order of its own, as multiples of an even share; a flat line at 1 is perfect balance. The circle shows who owns which arc; the numbered nodes are the preference list of the example key, clockwise from its position.",
  absence: "No node reported operations or keys, so the balance between nodes is unknown.",
  draw,
};

interface Share {
  readonly node: string;
  readonly operations: number;
  readonly keys: number;
  readonly ring: number;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const drawn = shown.map((cell) => ({ cell, shares: sharesOf(cell) })).filter(({ shares }) => shares.length > 0);
  if (drawn.length === 0) return undefined;
  const top = Math.max(...drawn.flatMap(({ shares }) => shares.flatMap((one) => [one.operations, one.keys, one.ring])));
  const rings = distinctRings(drawn.map(({ cell }) => cell));
  const size = panelSize(drawn.length + rings.length);
  const ranked = drawn.some(({ shares }) => shares.length > MOST_BARS || shares.length !== drawn[0].shares.length);
  const most = Math.max(
    ...drawn.flatMap(({ shares }) => LINES.flatMap(({ of }) => shares.map((one) => (of(one) * shares.length) / 100))),
  );
  const panels: Panel[] = rings.map(({ cell, ring, several }) => ({
    title: several ? `the ring: ${cell.label}` : "the ring, and the nodes of one key",
    width: 340,
    height: 340,
    drawing: { kind: "svg", content: ringDrawing(ring) },
  }));
  for (const { cell, shares } of drawn)
    panels.push(
      ranked
        ? rankedPanel(cell.label, shares, size, most)
        : chartPanel(cell.label, size, {
            type: "bar",
            labels: shares.map(({ node }) => node),
            x: { title: "node", scale: "category", unit: "", name: "node" },
            y: {
              title: "share of all (%)",
              scale: "linear",
              min: 0,
              max: Math.ceil(top * 1.1),
              unit: "%",
              name: "share",
            },
            datasets: [
              {
                type: "line",
                label: RING.series,
                series: RING.series,
                data: shares.map(({ ring }) => trimmed(ring)),
                showLine: false,
                pointStyle: "line",
                pointRadius: Math.max(6, 90 / shares.length),
                pointHoverRadius: Math.max(6, 90 / shares.length),
                borderColor: RING.colour,
                borderWidth: 2,
                order: 0,
              },
              bars(
                OPERATIONS,
                shares.map(({ operations }) => trimmed(operations)),
              ),
              bars(
                KEYS,
                shares.map(({ keys }) => trimmed(keys)),
              ),
            ],
          }),
    );
  return {
    id: ringBalance.id,
    number: ringBalance.number,
    title: ringBalance.title,
    question: ringBalance.question,
    answer: answerOf(drawn),
    caption:
      `Shares of the sum over all nodes, ${repetitions(drawn.map(({ cell }) => cell))} added up${ranked ? ", as multiples of an even share; each line in an order of its own" : ""}. ` +
      `Equal axes in all panels.${note}`,
    description:
      "Bars of each node's share of operations and of stored keys, with its share of the ring. " +
      drawn
        .map(
          ({ cell, shares }) =>
            `${cell.label}: ${[...shares]
              .sort((a, b) => b.operations - a.operations)
              .slice(0, MOST_BARS)
              .map((one) => `${one.node} ${plain(one.operations)} % of operations`)
              .join(", ")}${shares.length > MOST_BARS ? ` and ${shares.length - MOST_BARS} with less` : ""}`,
        )
        .join("; ") +
      ".",
    axes: ranked ? { x: "nodes, busiest first (%)", y: "times the even share" } : { x: "node", y: "share of all (%)" },
    legend: ranked
      ? LINES.map(({ name, style }) => ({ series: name, colour: style.colour, dash: style.dash, mark: style.marker }))
      : [OPERATIONS, KEYS, RING],
    panels,
    table: {
      columns: ["configuration", "node", "operations (%)", "keys (%)", "ring (%)"],
      rows: drawn.flatMap(({ cell, shares }) =>
        shares.map((one) => [cell.label, one.node, trimmed(one.operations), trimmed(one.keys), trimmed(one.ring)]),
      ),
    },
  };
}

const OPERATIONS: LegendEntry = { series: "operations", colour: "$s1", dash: [], mark: "bar" };
const KEYS: LegendEntry = { series: "stored keys", colour: "$s6", dash: [], mark: "bar" };
const RING: LegendEntry = { series: "share of the ring", colour: "$ink", dash: [], mark: "line" };

/** Above so many nodes bars are hairlines and names cannot be read. */
const MOST_BARS = 40;

const LINES: readonly { readonly name: string; readonly style: SeriesStyle; readonly of: (share: Share) => number }[] =
  [
    { name: "operations", style: { colour: "$s1", dash: [], marker: "line" }, of: ({ operations }) => operations },
    { name: "stored keys", style: { colour: "$s6", dash: [7, 3], marker: "line" }, of: ({ keys }) => keys },
    { name: "share of the ring", style: { colour: "$ink", dash: [2, 2], marker: "line" }, of: ({ ring }) => ring },
  ];

function rankedPanel(
  title: string,
  shares: readonly Share[],
  size: { readonly width: number; readonly height: number },
  most: number,
): Panel {
  // A falling line needs no more points than it has pixels.
  const every = Math.ceil(shares.length / 200);
  return chartPanel(title, size, {
    type: "line",
    x: {
      title: "nodes, busiest first (%)",
      scale: "linear",
      min: 0,
      max: 100,
      unit: "%",
      name: "of nodes are at least as busy",
    },
    y: {
      title: "times the even share",
      scale: "linear",
      min: 0,
      max: Math.ceil(most * 5.25) / 5,
      unit: "times the even share",
      name: "load",
    },
    datasets: LINES.map(({ name, style, of }) => {
      const sorted = shares.map((one) => (of(one) * shares.length) / 100).sort((a, b) => b - a);
      // In the middle of a node's part of the axis, and at both ends so that the line spans it.
      const points = [
        { x: 0, y: sorted[0] },
        ...sorted.map((y, i) => ({ x: (100 * (i + 0.5)) / sorted.length, y })).filter((_, i) => i % every === 0),
        { x: 100, y: sorted[sorted.length - 1] },
      ].map(({ x, y }) => ({ x: trimmed(x), y: trimmed(y) }));
      return line(name, style, points, { pointRadius: 0 });
    }),
  });
}

function bars(
  entry: LegendEntry,
  data: readonly number[],
): { readonly [key: string]: string | number | readonly number[] } {
  return {
    label: entry.series,
    series: entry.series,
    data,
    backgroundColor: `${entry.colour}/75`,
    borderColor: entry.colour,
    borderWidth: 1,
    order: 1,
    categoryPercentage: 0.75,
    barPercentage: 0.95,
  };
}

/** Sums over repetitions, as percentages of all nodes. */
function sharesOf(cell: ChartCell): Share[] {
  const sums = new Map<string, { operations: number; keys: number; ring: number }>();
  for (const { load } of cell.figures)
    for (const { node, operations, keys, ringShare } of load) {
      const sum = sums.get(node) ?? { operations: 0, keys: 0, ring: 0 };
      sum.operations += operations;
      sum.keys += keys;
      sum.ring += ringShare;
      sums.set(node, sum);
    }
  const all = { operations: 0, keys: 0, ring: 0 };
  for (const sum of sums.values()) {
    all.operations += sum.operations;
    all.keys += sum.keys;
    all.ring += sum.ring;
  }
  if (all.operations === 0 && all.keys === 0) return [];
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : (part / whole) * 100);
  return [...sums].map(([node, sum]) => ({
    node,
    operations: share(sum.operations, all.operations),
    keys: share(sum.keys, all.keys),
    ring: share(sum.ring, all.ring),
  }));
}

/** One cell for each different ring, at most four. */
function distinctRings(
  cells: readonly ChartCell[],
): { readonly cell: ChartCell; readonly ring: TrialFigures["ring"]; readonly several: boolean }[] {
  const byShape = new Map<string, { cell: ChartCell; ring: TrialFigures["ring"] }>();
  for (const cell of cells) {
    const ring = cell.figures[0].ring;
    if (ring.tokens.length === 0) continue;
    const shape = `${ring.strategy} ${ring.tokens.length} ${ring.tokens
      .slice(0, 8)
      .map(({ at, node }) => `${at}${node}`)
      .join()}`;
    if (!byShape.has(shape)) byShape.set(shape, { cell, ring });
  }
  return [...byShape.values()].slice(0, 4).map((one) => ({ ...one, several: byShape.size > 1 }));
}

function answerOf(drawn: readonly { cell: ChartCell; shares: readonly Share[] }[]): string {
  const busiest = drawn
    .map(({ cell, shares }) => ({ cell, shares, top: shares.reduce((a, b) => (b.operations > a.operations ? b : a)) }))
    .sort((a, b) => b.top.operations * b.shares.length - a.top.operations * a.shares.length)[0];
  const even = 100 / busiest.shares.length;
  return (
    `The busiest node anywhere was ${busiest.top.node} at ${busiest.cell.label}: ${percent(busiest.top.operations / 100)} of operations ` +
    `where an even share is ${percent(even / 100)}; its part of the ring is ${percent(busiest.top.ring / 100)}.`
  );
}
