/**
 * Chart 2, the trade-off: what a configuration's reads cost against how often they are wrong. The cheapest reads of a
 * quorum system are those that ask few replicas, and those are the ones that may miss the last write (Bailis and
 * others, VLDB 2012); this picture puts both on one sheet. A cell is drawn with the intervals of both figures, and the
 * line of best choices only where more than two cells make a line worth drawing: the line joins estimates, so the
 * caption says that crosses which overlap decide nothing.
 */
import { quorumsOverlap, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Plain } from "./chart";
import { chartPanel, logBounds, panelSize } from "./frame";
import { intervalHeading } from "./interval-words";
import { counted, metricInWords, percent, plain, trimmed, withUnit } from "./numbers";
import { seriesStyle } from "./theme";
import { paretoFront } from "../statistics/pareto";

export const tradeOff: ChartDefinition = {
  id: "trade-off",
  number: 2,
  title: "Stale reads against read latency",
  question: "Which configuration should I pick?",
  prose:
    "One mark a configuration. To the left: reads are fast even at their slowest percent. To the bottom: few reads miss an acknowledged write. The best place is the lower left corner. Crosses are the intervals of both figures, of the kind the caption names; where two crosses overlap, this run does not tell the two apart.",
  absence:
    "No configuration has both a read latency and a share of stale reads, so the two cannot be set against each other.",
  draw,
};

interface Mark {
  readonly cell: ChartCell;
  readonly x: number;
  readonly xLo: number;
  readonly xHi: number;
  readonly y: number;
  readonly yLo: number;
  readonly yHi: number;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const marks = input.cells.flatMap(markOf);
  if (marks.length === 0) return undefined;
  const quorums = [...new Set(marks.map((mark) => mark.cell.quorum))];
  const others = [...new Set(marks.map((mark) => mark.cell.other))];
  // With one of the two alone, it gets both channels.
  const shapeOf = (cell: ChartCell): string =>
    seriesStyle(quorums.length > 1 ? quorums.indexOf(cell.quorum) : others.indexOf(cell.other)).marker;
  const colourOf = (cell: ChartCell): string =>
    seriesStyle(others.length > 1 ? others.indexOf(cell.other) : quorums.indexOf(cell.quorum)).colour;
  const datasets: { readonly [key: string]: Plain }[] = [];
  // The experiment's own front, over its own metrics, where it names them; a line of it would join what is no curve here.
  const front = paretoFront(input.run);
  const starred = front === undefined ? [] : marks.filter(({ cell }) => front.front.has(cell.summary.id));
  const best = marks.length > 2 && front === undefined ? bestChoices(marks) : [];
  if (best.length > 1)
    datasets.push({
      type: "line",
      label: "",
      series: "best choices",
      data: best.map((mark) => ({ x: mark.x, y: mark.y })),
      borderColor: "$line",
      borderWidth: 1.5,
      borderDash: [4, 3],
      pointRadius: 0,
      order: 3,
    });
  for (const mark of marks) {
    const colour = colourOf(mark.cell);
    datasets.push({
      label: mark.cell.label,
      series: mark.cell.label,
      labels: [`${mark.cell.label}: read p99 ${metricInWords(mark.cell.summary.metrics["read_p99_ms"])}`],
      data: [{ x: mark.x, y: mark.y }],
      clip: 12,
      pointStyle: shapeOf(mark.cell),
      pointRadius: 6,
      pointHoverRadius: 8,
      borderWidth: 2,
      borderColor: colour,
      backgroundColor: `${colour}/45`,
      order: 1,
    });
    const cross = [
      [
        { x: mark.xLo, y: mark.y },
        { x: mark.xHi, y: mark.y },
      ],
      [
        { x: mark.x, y: mark.yLo },
        { x: mark.x, y: mark.yHi },
      ],
    ];
    for (const data of cross)
      datasets.push({
        type: "line",
        label: "",
        series: mark.cell.label,
        data,
        borderColor: colour,
        borderWidth: 1.25,
        pointRadius: 0,
        pointHitRadius: 0,
        order: 2,
      });
  }
  if (starred.length > 0)
    datasets.push({
      label: "",
      series: ON_THE_FRONT,
      labels: starred.map(({ cell }) => `${cell.label}: on the Pareto front`),
      data: starred.map(({ x, y }) => ({ x, y })),
      clip: 14,
      pointStyle: "star",
      pointRadius: 12,
      pointHoverRadius: 12,
      borderWidth: 1.5,
      borderColor: "$ink",
      backgroundColor: "transparent",
      order: 4,
    });
  const bounds = logBounds(marks.flatMap((mark) => [mark.xLo, mark.xHi]));
  const top = Math.max(...marks.map((mark) => mark.yHi));
  const panel = chartPanel("", panelSize(1), {
    type: "scatter",
    interaction: "point",
    x: {
      title: "read latency, 99th percentile (ms, log scale)",
      scale: "logarithmic",
      ...bounds,
      unit: "ms",
      name: "read p99 (ms)",
    },
    y: {
      title: "stale reads (% of reads)",
      scale: "linear",
      min: 0,
      max: top === 0 ? 1 : niceAbove(top * 1.08),
      unit: "% stale",
      name: "stale reads",
    },
    datasets,
  });
  const stalest = marks.reduce((a, b) => (b.y > a.y ? b : a));
  const freshest = marks.reduce((a, b) => (b.y < a.y ? b : a));
  const fastest = marks.reduce((a, b) => (b.x < a.x ? b : a));
  const slowest = marks.reduce((a, b) => (b.x > a.x ? b : a));
  return {
    id: tradeOff.id,
    number: tradeOff.number,
    title: titleOf({ stalest, freshest, fastest, slowest }),
    question: tradeOff.question,
    answer: answerOf(marks, fastest),
    caption:
      `${counted(marks.length, "configuration")} of ${repetitions(marks.map((mark) => mark.cell))}. ` +
      `Marks are medians over repetitions (one repetition: its own value); crosses, where they are known: ${intervalHeading(marks.map((mark) => mark.cell.summary))}.` +
      (best.length > 1
        ? " The grey dashed line joins the configurations that no other beats in both figures, by their estimates; where crosses overlap this run does not decide."
        : "") +
      (starred.length > 0
        ? ` Stars behind marks: on the Pareto front of ${front!.goals.map(({ metric }) => metric).join(", ")}, by the estimates; it has more sides than this picture where it has more than these two metrics.`
        : ""),
    description:
      `Scatter chart of read p99 latency in milliseconds against the share of stale reads. ` +
      marks.map((mark) => `${mark.cell.label}: ${plain(mark.x)} ms, ${percent(mark.y / 100)} stale`).join("; ") +
      ".",
    axes: { x: "read p99 (ms)", y: "stale reads (%)" },
    legend: [...legend(quorums, others), ...(starred.length > 0 ? [STAR_LEGEND] : [])],
    panels: [panel],
    table: {
      columns: [
        "configuration",
        "read p99 (ms)",
        "lo",
        "hi",
        "stale reads (%)",
        "lo",
        "hi",
        "R + W > N",
        "repetitions",
        ...(front === undefined ? [] : ["Pareto front"]),
      ],
      rows: marks.map((mark) => {
        const overlap = quorumsOverlap(mark.cell);
        return [
          mark.cell.label,
          trimmed(mark.x),
          trimmed(mark.xLo),
          trimmed(mark.xHi),
          trimmed(mark.y),
          trimmed(mark.yLo),
          trimmed(mark.yHi),
          overlap === undefined ? "unknown" : overlap ? "yes" : "no",
          mark.cell.figures.length,
          ...(front === undefined ? [] : [starred.includes(mark) ? "★" : ""]),
        ];
      }),
    },
  };
}

function markOf(cell: ChartCell): Mark[] {
  const latency = cell.summary.metrics["read_p99_ms"];
  const stale = cell.summary.metrics["p_stale"];
  if (latency === undefined || stale === undefined || latency.value === null || stale.value === null) return [];
  if (latency.value <= 0) return [];
  return [
    {
      cell,
      x: latency.value,
      xLo: latency.lo !== null && latency.lo > 0 ? latency.lo : latency.value,
      xHi: latency.hi ?? latency.value,
      y: stale.value * 100,
      yLo: (stale.lo ?? stale.value) * 100,
      yHi: (stale.hi ?? stale.value) * 100,
    },
  ];
}

/** Cells that no other beats in both figures, from the fastest on. */
function bestChoices(marks: readonly Mark[]): Mark[] {
  return marks
    .filter((a) => !marks.some((b) => b.x <= a.x && b.y <= a.y && (b.x < a.x || b.y < a.y)))
    .sort((a, b) => a.x - b.x);
}

function titleOf(of: { stalest: Mark; freshest: Mark; fastest: Mark; slowest: Mark }): string {
  const apart = of.stalest.yLo > of.freshest.yHi && of.fastest.xHi < of.slowest.xLo;
  if (!apart) return tradeOff.title;
  if (of.stalest.x < of.freshest.x) return "Faster reads are bought with stale ones";
  return tradeOff.title;
}

function answerOf(marks: readonly Mark[], fastest: Mark): string {
  const say = (mark: Mark): string => {
    const metrics = mark.cell.summary.metrics;
    return `${mark.cell.label} (read p99 ${metricInWords(metrics["read_p99_ms"])}; ${metricInWords(metrics["p_stale"])} stale)`;
  };
  if (marks.length === 1) return `There is one configuration to look at: ${say(fastest)}.`;
  // Fresh: not told apart from never stale at this precision.
  const fresh = marks
    .filter((mark) => mark.yLo <= FRESH_PERCENT && mark.y <= FRESH_PERCENT)
    .sort((a, b) => a.x - b.x)[0];
  const first = `The fastest reads were at ${say(fastest)}`;
  if (fresh === undefined)
    return `${first}; no configuration kept stale reads below ${withUnit(FRESH_PERCENT / 100, "ratio")}.`;
  if (fresh === fastest) return `${first}, which is also among the freshest.`;
  return `${first}; the fastest with under ${withUnit(FRESH_PERCENT / 100, "ratio")} of stale reads was ${say(fresh)}.`;
}

function legend(quorums: readonly string[], others: readonly string[]): LegendEntry[] {
  const shapes = quorums.length > 1 ? quorums : [];
  const colours = others.length > 1 ? others : [];
  const onlyOne = shapes.length === 0 || colours.length === 0;
  return [
    ...shapes.map((name, index) => ({
      series: name,
      colour: onlyOne ? seriesStyle(index).colour : "$muted",
      dash: [],
      mark: seriesStyle(index).marker,
    })),
    ...colours.map((name, index) => ({
      series: name,
      colour: seriesStyle(index).colour,
      dash: [],
      mark: onlyOne ? seriesStyle(index).marker : "bar",
    })),
  ];
}

function niceAbove(value: number): number {
  const step = Math.pow(10, Math.floor(Math.log10(value))) / 2;
  return Number((Math.ceil(value / step) * step).toPrecision(3));
}

const FRESH_PERCENT = 0.1;
const ON_THE_FRONT = "on the Pareto front";
const STAR_LEGEND: LegendEntry = { series: ON_THE_FRONT, colour: "$ink", dash: [], mark: "star" };
