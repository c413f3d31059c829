/**
 * Chart 18, repair work: bytes between nodes a second, by what caused them. What mends replicas stands at the bottom of the stack, where its
 * height can be read from the axis, and the client's own traffic on top of it, so that the price of repair is seen beside what it is
 * a price of. Where messages are not encoded there are no bytes, and messages are counted instead.
 */
import type { TimeSeries } from "../record/figures";
import { medianOf, panelCells, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure } from "./chart";
import { faultLanes } from "./fault-lanes";
import { endOfRun, knowsTrouble } from "./healing";
import { metricInWords, plain, trimmed } from "./numbers";
import { alignedByTime, overRepetitions } from "./over-time";
import { showsSomething, stackedAreas, type StackPart, stackTop } from "./stacked-over-time";

export const repairWork: ChartDefinition = {
  id: "repair-work",
  number: 18,
  title: "Traffic between nodes by cause",
  question: "What does healing cost?",
  prose:
    "The height of the stack is what nodes send each other in a second. Coloured, at the bottom: read repair (a replica brought up to date after a read), hints (writes kept for an absent replica, and taken home), anti-entropy (ranges compared and exchanged), transfers (copies offered and sent to new owners while the ring changes). Pale, above: the clients' own writes and reads, requests handed on, the failure detector and gossip; the metrics bytes_per_op_… tell these apart. A hump of hints after a fault is the backlog going home; a steady floor of anti-entropy is what it costs to look.",
  absence: "Nodes did not tell what their messages were for, so their traffic cannot be told apart by cause.",
  concerns: knowsTrouble,
  draw,
};

const PARTS = [
  { causes: ["hint"], name: "hints", colour: "$s2", opacity: 75 },
  { causes: ["read_repair"], name: "read repair", colour: "$s6", opacity: 75 },
  { causes: ["anti_entropy"], name: "anti-entropy", colour: "$s3", opacity: 75 },
  { causes: ["handoff"], name: "transfers to new owners", colour: "$s4", opacity: 75 },
  {
    ...{ causes: ["replication", "reading", "forwarding", "detector", "gossip"], name: "all other" },
    ...{ colour: "$s5", opacity: 35 },
  },
] as const;

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const known = shown.filter((cell) => cell.figures.some(({ repair }) => repair !== undefined));
  // Of all cells alike, or the axes would have two units.
  const inBytes = known.some((cell) => columnsOf(cell).some((name) => name.startsWith("bytes_")));
  const unit = inBytes ? "bytes" : "messages";
  const drawn = known
    .map((cell) => ({ cell, parts: partsOf(cell, unit) }))
    .filter(({ parts }) => parts.some(showsSomething));
  if (drawn.length === 0) return undefined;
  const present = PARTS.filter(({ name }) =>
    drawn.some(({ parts }) => showsSomething(parts.find((part) => part.name === name))),
  );
  const cells = drawn.map(({ cell }) => cell);
  const end = endOfRun(cells);
  const faults = faultLanes(cells, end);
  const top = Math.max(...drawn.map(({ parts }) => stackTop(parts)));
  return {
    id: repairWork.id,
    number: repairWork.number,
    title: repairWork.title,
    question: repairWork.question,
    answer: answerOf(cells),
    caption:
      `${inBytes ? "Bytes" : "Messages"} sent between nodes a second, between two samples of the nodes' own counters; ${medianOf(cells)}, cause by cause. ` +
      `Causes that sent nothing are left out. Equal axes in all panels; the drain is drawn too.${faults.note}${note}`,
    description:
      `Stacked areas of ${unit} per second over time, by cause. ` +
      drawn
        .map(({ cell, parts }) => `${cell.label}: at most ${plain(trimmed(stackTop(parts)))} ${unit} a second`)
        .join("; ") +
      ".",
    axes: { x: "time (s)", y: `${unit} (1/s)` },
    ...stackedAreas({
      ...{ drawn, present, top, end, faults },
      y: { title: `sent (${unit}/s)`, unit: `${unit}/s`, name: "sent" },
    }),
  };
}

function columnsOf(cell: ChartCell): string[] {
  return cell.figures.flatMap(({ repair }) => Object.keys(repair?.columns ?? {}));
}

function partsOf(cell: ChartCell, unit: "bytes" | "messages"): StackPart[] {
  const series = alignedByTime(
    cell.figures.flatMap(({ repair }) => (repair === undefined ? [] : summed(repair, unit))),
  );
  return PARTS.map(({ name, colour, opacity }) => ({
    ...{ name, colour, opacity },
    borderWidth: opacity > 50 ? 1 : 0.5,
    values: overRepetitions(series, name),
  }));
}

/** One column a part. */
function summed({ t, columns }: TimeSeries, unit: "bytes" | "messages"): TimeSeries {
  const parts = PARTS.map(({ causes, name }) => {
    const values = t.map((_, i) => {
      const all = causes.flatMap((cause) => columns[`${unit}_${cause}`]?.[i] ?? []);
      return all.length === 0 ? null : all.reduce((sum, one) => sum + one, 0);
    });
    return [name, values] as const;
  });
  return { t, columns: Object.fromEntries(parts) };
}

function answerOf(cells: readonly ChartCell[]): string {
  const known = cells
    .map((cell) => ({ cell, metric: cell.summary.metrics["repair_bytes_per_op"] }))
    .filter(({ metric }) => metric !== undefined && metric.value !== null)
    .sort((a, b) => b.metric.value! - a.metric.value!);
  if (known.length === 0)
    return `Traffic by cause is drawn for ${cells.length === 1 ? "1 configuration" : `${cells.length} configurations`}; it was not set against operations.`;
  const [most, least] = [known[0], known.at(-1)!];
  const of = ({ cell, metric }: (typeof known)[number]): string => {
    const all = cell.summary.metrics["bytes_per_op"];
    return `${metricInWords(metric)} at ${cell.label}${all === undefined || all.value === null ? "" : `, where all traffic of the measured phase alone was ${metricInWords(all)}`}`;
  };
  const whole = "Repair, what the drain took included, cost";
  return most === least ? `${whole} ${of(most)}.` : `${whole} the most ${of(most)}; the least ${of(least)}.`;
}
