/**
 * Chart 44, rings that change: what an even ring costs when a node comes or goes, and when one fails. Movement is told as a multiple of the least
 * that any ring with those shares must move, so that 1 is perfect whatever the number of nodes. Neighbours are those with whom a node shares
 * keys: helpers in a rebuild, and each one more whose failure meets it. Panels have axes of their own, because they count different things.
 */
import { MOST_PANELS, repetitions, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Panel } from "./chart";
import { chartPanel, legendOf, line, logBounds, panelSize, type Axis } from "./frame";
import { listed, plain, trimmed } from "./numbers";
import {
  entriesOf,
  inPanels,
  metricOf,
  partInWords,
  pointsOf,
  PUBLISHED_LEGEND,
  publishedLine,
  publishedPoints,
  ringCurves,
  type RingCurve,
} from "./ring-curves";

export const ringChanges: ChartDefinition = {
  id: "ring-changes",
  number: 44,
  title: "What moves when the ring changes, and who shares keys",
  question: "What does a change of members, or a failure, cost?",
  prose:
    "One curve a strategy, ring sizes along x. Moved over the minimum: how much of all copies changes place, as a multiple of the least that the change of shares makes necessary; 1 cannot be beaten, 20 means that nearly everything moves. Neighbours: with how many other nodes a node shares some key. Many of them rebuild a failed node together, and any of them failing meanwhile takes a quorum. Outages, where they were simulated: failures in a century that leave some key without a quorum.",
  absence: "No rings were drawn besides the one that was run; measure.rings asks for them.",
  concerns: ({ rings }) => rings !== undefined,
  draw,
};

const QUANTITIES: readonly {
  readonly metric: string;
  readonly title: string;
  readonly axis: string;
  readonly unit: string;
}[] = [
  { metric: "ring_join_moved_ratio", title: "a node joins", axis: "times the minimum", unit: "times the minimum" },
  {
    metric: "ring_leave_moved_ratio",
    title: "a node leaves",
    axis: "times the minimum",
    unit: "times the minimum",
  },
  { metric: "ring_neighbours", title: "neighbours", axis: "nodes that share keys", unit: "nodes" },
  { metric: "outages_per_century", title: "outages", axis: "outages in a century", unit: "in a century" },
];

function draw(input: ChartInput): ChartFigure | undefined {
  const curves = ringCurves(input);
  const quantities = QUANTITIES.filter(({ metric }) => curves.some((curve) => pointsOf(curve, metric).length > 0));
  if (quantities.length === 0) return undefined;
  const cells = curves.flatMap((curve) => curve.cells);
  const x: Axis = {
    title: "what every node must know (entries, log scale)",
    scale: "logarithmic",
    ...logBounds(cells.map((cell) => entriesOf(cell)!)),
    unit: "entries",
    name: "entries",
  };
  const parts = inPanels(curves, Math.floor(MOST_PANELS / quantities.length));
  const size = panelSize(quantities.length * parts.length);
  const published = curves.flatMap((curve) =>
    quantities.flatMap(({ metric }) => publishedPoints(input, curve, metric)),
  );
  const panels = quantities.flatMap(({ metric, title, axis, unit }): Panel[] => {
    const all = curves.flatMap((curve) => [...pointsOf(curve, metric), ...publishedPoints(input, curve, metric)]);
    const most = Math.max(...all.map(({ y }) => y));
    const ratio = metric.endsWith("_ratio");
    return parts.map((part, i) =>
      chartPanel([title, partInWords(i, parts.length)].filter(Boolean).join(", "), size, {
        type: "line",
        x,
        y: ratio
          ? {
              title: `${axis} (log)`,
              scale: "logarithmic",
              min: 0.9,
              max: Math.max(2, trimmed(most * 1.2)),
              unit,
              name: axis,
            }
          : { title: axis, scale: "linear", min: 0, max: niceAbove(most), unit, name: axis },
        datasets: part.flatMap((curve) => [
          ...publishedLine(curve, publishedPoints(input, curve, metric)),
          line(curve.name, curve.style, pointsOf(curve, metric), { pointRadius: 3.5, order: 1, clip: 8 }),
        ]),
      }),
    );
  });
  return {
    id: ringChanges.id,
    number: ringChanges.number,
    title: ringChanges.title,
    question: ringChanges.question,
    answer: answerOf(curves),
    caption:
      `Means over the first rings drawn (at most 60 a mark); ${repetitions(cells)}. Moved: copies on a node where they were not before, over the least that the change of shares makes necessary.` +
      (published.length === 0
        ? ""
        : ` Open circles on dotted lines: published or expected values (${listed([...new Set(published.map(({ source }) => source))])}).`),
    description:
      "Lines by strategy against entries of ring metadata. " +
      quantities
        .map(
          ({ metric, title, unit }) =>
            `${title}: ${curves
              .map(
                (curve) =>
                  `${curve.name} ${pointsOf(curve, metric)
                    .map(({ y }) => plain(y))
                    .join(", ")} ${unit}`,
              )
              .join("; ")}`,
        )
        .join(". ") +
      ".",
    axes: { x: "entries of metadata (log scale)", y: listed([...new Set(quantities.map(({ axis }) => axis))]) },
    legend: [
      ...legendOf(curves.map(({ name, style }) => ({ name, style }))),
      ...(published.length === 0 ? [] : [PUBLISHED_LEGEND]),
    ],
    panels,
    table: {
      columns: [
        ...["configuration", "strategy", "entries", "moved when a node joins (% of copies)", "over the minimum"],
        ...["moved when a node leaves (% of copies)", "over the minimum", "neighbours", "outages in a century"],
      ],
      rows: curves.flatMap((curve) =>
        curve.cells.map((cell) => {
          const value = (metric: string, factor = 1): number | null => {
            const found = metricOf(cell, metric);
            return found === undefined ? null : trimmed(factor * found);
          };
          return [
            ...[cell.label, curve.name, entriesOf(cell)!],
            ...[value("ring_join_moved", 100), value("ring_join_moved_ratio")],
            ...[value("ring_leave_moved", 100), value("ring_leave_moved_ratio")],
            ...[value("ring_neighbours"), value("outages_per_century")],
          ];
        }),
      ),
    },
  };
}

function niceAbove(value: number): number {
  const step = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9))) / 2;
  return trimmed(Math.ceil((value * 1.05) / step) * step);
}

/** Who moves more than it must, and between how many neighbours. */
function answerOf(curves: readonly RingCurve[]): string {
  const most = (when: string, metric: string): string[] => {
    const all = curves.flatMap((curve) => pointsOf(curve, metric).map(({ y }) => ({ y, name: curve.name })));
    if (all.length === 0) return [];
    const worst = all.reduce((a, b) => (b.y > a.y ? b : a));
    if (worst.y < NO_MORE) return [`When ${when}, no more moves than must.`];
    return [`When ${when}, ${worst.name} moves most: up to ${plain(worst.y)} times the minimum.`];
  };
  const all = (metric: string): number[] => curves.flatMap((curve) => pointsOf(curve, metric).map(({ y }) => y));
  const neighbours = all("ring_neighbours");
  const outages = all("outages_per_century");
  return [
    ...most("a node joins", "ring_join_moved_ratio"),
    ...most("one leaves", "ring_leave_moved_ratio"),
    ...(neighbours.length === 0 ? [] : [`A node shares keys with ${fromTo(neighbours)} others.`]),
    ...(outages.length === 0 ? [] : [`In a century ${fromTo(outages)} failures leave some key without a quorum.`]),
  ].join(" ");
}

/** A multiple of the minimum that is as good as the minimum. */
const NO_MORE = 1.05;

function fromTo(values: readonly number[]): string {
  const [least, most] = [plain(Math.min(...values)), plain(Math.max(...values))];
  return least === most ? least : `${least} to ${most}`;
}
