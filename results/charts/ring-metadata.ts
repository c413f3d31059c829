/**
 * Chart 43, balance against metadata: Dynamo's figure 8. Along x what every node must know of the ring, along y how even the load is that its
 * ranges make; a strategy is a curve. Where an experiment states the published values, they are open circles beside ours. Random tokens buy
 * balance with metadata; equal partitions have it nearly for nothing; and the picture shows at which size one overtakes the other.
 */
import { MOST_PANELS, repetitions, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure } from "./chart";
import { chartPanel, legendOf, line, logBounds, panelSize } from "./frame";
import { count, counted, listed, percent, trimmed } from "./numbers";
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
} from "./ring-curves";

export const ringMetadata: ChartDefinition = {
  id: "ring-metadata",
  number: 43,
  title: "Balance of the ring against its metadata",
  question: "How even is load for what every node must know?",
  prose:
    "One mark a ring size, one curve a strategy. To the right: every node must know more (tokens or owners of partitions). Upwards: the fullest node has little more than the mean; 100 % is perfectly even. Load is the share of all copies that a node's ranges give it, without any keys, as a mean over rings drawn anew. Open circles on dotted lines are published or expected values, where the experiment names some.",
  absence: "No rings were drawn besides the one that was run; measure.rings asks for them.",
  concerns: ({ rings }) => rings !== undefined,
  draw,
};

function draw(input: ChartInput): ChartFigure | undefined {
  const curves = ringCurves(input).filter((curve) => pointsOf(curve, "ring_efficiency").length > 0);
  if (curves.length === 0) return undefined;
  const drawn = curves.map((curve) => ({
    curve,
    points: pointsOf(curve, "ring_efficiency", 100),
    published: publishedPoints(input, curve, "ring_efficiency", 100),
  }));
  const all = drawn.flatMap(({ points, published }) => [...points, ...published]);
  const least = Math.min(...all.map(({ y }) => y));
  const cells = curves.flatMap((curve) => curve.cells);
  const beside = drawn.flatMap(({ published }) => published);
  const sources = [...new Set(beside.map(({ source }) => source.replace(/, strategy .*$/, "")))];
  const parts = inPanels(curves, MOST_PANELS);
  const rings = cells[0].figures.find((figures) => figures.rings !== undefined)?.rings?.drawn ?? 0;
  return {
    id: ringMetadata.id,
    number: ringMetadata.number,
    title: ringMetadata.title,
    question: ringMetadata.question,
    answer: answerOf(drawn),
    caption:
      `Mean over maximum of the copies that nodes hold by their ranges, a mean over ${counted(rings, "ring")} a mark; ${repetitions(cells)}.` +
      (beside.length === 0
        ? ""
        : ` Open circles on dotted lines, in the colour of their strategy: published or expected values (${listed(sources)}).`),
    description:
      "Lines of load efficiency in percent against entries of ring metadata, by strategy. " +
      drawn
        .map(
          ({ curve, points }) =>
            `${curve.name}: ${points.map(({ x, y }) => `${percent(y / 100)} with ${count(x)} entries`).join(", ")}`,
        )
        .join("; ") +
      ".",
    axes: { x: "entries of metadata (log scale)", y: "load efficiency (%)" },
    legend: [
      ...legendOf(curves.map(({ name, style }) => ({ name, style }))),
      ...(beside.length === 0 ? [] : [PUBLISHED_LEGEND]),
    ],
    panels: parts.map((part, i) =>
      chartPanel(partInWords(i, parts.length), panelSize(parts.length), {
        type: "line",
        x: {
          title: "what every node must know (entries, log scale)",
          scale: "logarithmic",
          ...logBounds(all.map(({ x }) => x)),
          unit: "entries",
          name: "entries",
        },
        y: {
          title: "load efficiency (%)",
          scale: "linear",
          min: Math.max(0, Math.floor((least - 4) / 10) * 10),
          max: 100,
          unit: "%",
          name: "efficiency",
        },
        datasets: drawn
          .filter(({ curve }) => part.includes(curve))
          .flatMap(({ curve, points, published }) => [
            ...publishedLine(curve, published),
            line(curve.name, curve.style, points, { pointRadius: 4, order: 1, clip: 8 }),
          ]),
      }),
    ),
    table: {
      columns: [
        ...["configuration", "strategy", "entries", "bytes", "efficiency (%)", "published (%)"],
        ...["c.v. (%)", "max/mean", "first copies: efficiency (%)", "first copies: c.v. (%)"],
      ],
      rows: drawn.flatMap(({ curve, published }) =>
        curve.cells.map((cell) => [
          ...[cell.label, curve.name, entriesOf(cell)!, metricOf(cell, "ring_metadata_bytes") ?? null],
          inPercent(metricOf(cell, "ring_efficiency")),
          published.find((one) => one.cell === cell)?.y ?? null,
          inPercent(metricOf(cell, "ring_cv")),
          trimmedOrNull(metricOf(cell, "ring_max_over_mean")),
          inPercent(metricOf(cell, "ring_primary_efficiency")),
          inPercent(metricOf(cell, "ring_primary_cv")),
        ]),
      ),
    },
  };
}

function inPercent(value: number | undefined): number | null {
  return value === undefined ? null : trimmed(100 * value);
}

function trimmedOrNull(value: number | undefined): number | null {
  return value === undefined ? null : trimmed(value);
}

/** The most even, all that are, with the fewest entries; and the least even. */
function answerOf(drawn: readonly { curve: { name: string }; points: readonly { x: number; y: number }[] }[]): string {
  const all = drawn.flatMap(({ curve, points }) => points.map((point) => ({ ...point, name: curve.name })));
  const top = Math.max(...all.map(({ y }) => y));
  const worst = all.reduce((a, b) => (b.y < a.y ? b : a));
  const say = ({ name, x }: { name: string; x: number }): string => `${name} with ${counted(x, "entry", "entries")}`;
  if (worst.y > top - ALIKE) return `Load is ${percent(top / 100)} even everywhere.`;
  const best = drawn.flatMap(({ curve }) =>
    all
      .filter(({ name, y }) => name === curve.name && y > top - ALIKE)
      .sort((a, b) => a.x - b.x)
      .slice(0, 1),
  );
  return `Most even, ${percent(top / 100)}: ${listed(best.map(say))}. Least even, ${percent(worst.y / 100)}: ${say(worst)}.`;
}

/** Percentage points that no picture shows. */
const ALIKE = 0.05;
