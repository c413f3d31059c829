/**
 * Chart 7, raw operations: one mark an operation, when it was wanted and how long it took. Two lines of a percentile may hide that
 * there were two ways to be answered, a band of retries at exactly the timeout, or one bad second; marks show all
 * three. A run has millions, so a sample drawn by chance is shown, but the slowest and the failed are kept whole while there is
 * room: a sample loses just those. Of each configuration one repetition, because marks of several are not one cloud.
 */
import { MOST_SLOWEST, type OperationSample } from "../record/single-operations";
import { panelCells, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Plain } from "./chart";
import { faultLanes } from "./fault-lanes";
import { chartPanel, logBounds, panelSize } from "./frame";
import { count, counted, listed, plain, trimmed, withUnit } from "./numbers";
import { endOfLoad } from "./over-time";

export const rawOperations: ChartDefinition = {
  id: "raw-operations",
  number: 7,
  title: "Single operations",
  question: "Is a percentile hiding modes?",
  prose:
    "One mark an operation: from left to right when it was wanted, upwards how long it took until its answer, on a log scale. Two separate bands are two ways to be answered (from a near replica and from a far one, without a queue and with one); a flat band at the timeout is operations that were given up. Most operations are left out, by chance; the slowest and those that failed are not, so the upper edge looks fuller than it is.",
  absence: "No trial kept single operations: it was run by a version that did not, or no operation was sent.",
  draw,
};

/** Answered operations drawn by chance in a panel, where there are few panels and where there are many. */
const DRAWN_OF_FEW = 320;
const DRAWN_OF_MANY = 120;
const FEW_PANELS = 4;

interface Kind {
  readonly name: string;
  readonly colour: string;
  readonly marker: string;
}
const READ: Kind = { name: "read, answered", colour: "$s1", marker: "circle" };
const WRITE: Kind = { name: "write, answered", colour: "$s3", marker: "triangle" };
const SCAN: Kind = { name: "scan, answered", colour: "$s5", marker: "rect" };
const REFUSED: Kind = { name: "failed for certain", colour: "$s4", marker: "crossRot" };
const UNKNOWN: Kind = { name: "outcome unknown", colour: "$s2", marker: "star" };
const KINDS = [READ, WRITE, SCAN, REFUSED, UNKNOWN];

interface Mark {
  readonly kind: Kind;
  readonly operation: string;
  readonly x: number;
  readonly y: number;
  readonly why: "by chance" | "among the slowest" | "failed";
}

interface Drawn {
  readonly cell: ChartCell;
  readonly sample: OperationSample;
  readonly marks: readonly Mark[];
}

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const having = shown.filter((cell) => sampleOf(cell) !== undefined);
  const most = having.length <= FEW_PANELS ? DRAWN_OF_FEW : DRAWN_OF_MANY;
  const drawn = having
    .map((cell): Drawn => ({ cell, sample: sampleOf(cell)!, marks: marksOf(sampleOf(cell)!, most) }))
    .filter(({ marks }) => marks.length > 0);
  if (drawn.length === 0) return undefined;
  const cells = drawn.map(({ cell }) => cell);
  const end = Math.max(endOfLoad(cells.flatMap((cell) => cell.figures.slice(0, 1))), 0.001);
  const bounds = logBounds(drawn.flatMap(({ marks }) => marks.map(({ y }) => y)));
  const faults = faultLanes(cells, end);
  const size = panelSize(drawn.length);
  const kinds = KINDS.filter((kind) => drawn.some(({ marks }) => marks.some((mark) => mark.kind === kind)));
  return {
    id: rawOperations.id,
    number: rawOperations.number,
    title: rawOperations.title,
    question: rawOperations.question,
    answer: answerOf(drawn),
    caption: captionOf(drawn) + faults.note + note,
    description:
      "Marks of single operations: seconds of the run to the right, response time in milliseconds upwards on a log scale. " +
      drawn
        .map(
          ({ cell, marks }) =>
            `${cell.label}: ${counted(marks.length, "operation")} between ${plain(Math.min(...marks.map(({ y }) => y)))} and ${plain(Math.max(...marks.map(({ y }) => y)))} ms`,
        )
        .join("; ") +
      ".",
    axes: { x: "time (s)", y: "response time (ms)" },
    legend: [
      ...kinds.map(({ name, colour, marker }): LegendEntry => ({ series: name, colour, dash: [], mark: marker })),
      ...faults.legend,
    ],
    panels: drawn.map(({ cell, marks }) =>
      chartPanel(drawn.length === 1 ? "" : cell.label, size, {
        type: "scatter",
        interaction: "point",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: { title: "response time (ms, log)", scale: "logarithmic", ...bounds, unit: "ms", name: "response time" },
        datasets: kinds.map((kind) => dataset(kind, marks)),
        faults: faults.of([cell]),
      }),
    ),
    table: {
      columns: ["configuration", "operation", "wanted at (s)", "response time (ms)", "ended", "kept because"],
      rows: drawn.flatMap(({ cell, marks }) =>
        marks
          .filter(({ why }) => why !== "by chance")
          .map(({ operation, kind, x, y, why }) => [cell.label, operation, x, y, endedIn(kind), why]),
      ),
    },
  };
}

function sampleOf(cell: ChartCell): OperationSample | undefined {
  return cell.figures[0]?.operations;
}

function marksOf(sample: OperationSample, most: number): Mark[] {
  const { drawn, slowest } = sample;
  const every = Math.max(1, drawn / most);
  const kept = new Set(Array.from({ length: Math.min(drawn, most) }, (_, i) => Math.floor(i * every)));
  // Those of the slowest that chance drew stand among the drawn, and thinning out must not lose them.
  const answered = Array.from({ length: drawn + slowest }, (_, i) => i);
  const top = new Set(answered.sort((a, b) => sample.ms[b] - sample.ms[a]).slice(0, MOST_SLOWEST));
  return sample.t.flatMap((t, i): Mark[] => {
    const byChance = i < drawn;
    const isDrawn = byChance && kept.has(i);
    if (byChance && !isDrawn && !top.has(i)) return [];
    const operation = sample.kinds[sample.kind[i]] ?? "";
    const y = sample.ms[i];
    // What took no measurable time has no place on a log scale.
    if (!Number.isFinite(t) || !(y > 0)) return [];
    const why = isDrawn ? "by chance" : i < drawn + slowest ? "among the slowest" : "failed";
    return [{ kind: kindOf(sample.fate[i], operation), operation, x: trimmed(t), y: trimmed(y), why }];
  });
}

function kindOf(fate: number, operation: string): Kind {
  if (fate === 1) return REFUSED;
  if (fate === 2) return UNKNOWN;
  return operation === "read" ? READ : operation === "scan" ? SCAN : WRITE;
}

function endedIn(kind: Kind): string {
  return kind === REFUSED || kind === UNKNOWN ? kind.name : "answered";
}

function dataset(kind: Kind, marks: readonly Mark[]): { readonly [key: string]: Plain } {
  const line = kind.marker === "crossRot" || kind.marker === "star";
  return {
    label: kind.name,
    series: kind.name,
    data: marks.filter((mark) => mark.kind === kind).map(({ x, y }) => ({ x, y })),
    pointStyle: kind.marker,
    pointRadius: line ? 4 : 2,
    pointHoverRadius: 5,
    pointHitRadius: 3,
    borderWidth: line ? 1.25 : 0.5,
    borderColor: kind.colour,
    backgroundColor: kind.colour,
    clip: 5,
    order: line ? 0 : 1,
  };
}

function captionOf(drawn: readonly Drawn[]): string {
  const all = drawn.reduce((sum, { sample }) => sum + sample.of.reduce((a, b) => a + b, 0), 0);
  const tally = (why: Mark["why"]): number =>
    drawn.reduce((sum, { marks }) => sum + marks.filter((mark) => mark.why === why).length, 0);
  const failed = drawn.reduce((sum, { sample }) => sum + (sample.of[1] ?? 0) + (sample.of[2] ?? 0), 0);
  const failures =
    failed === 0
      ? "none failed"
      : tally("failed") === failed
        ? `all ${counted(failed, "one")} that failed`
        : `${count(tally("failed"))} of ${count(failed)} that failed, by chance`;
  const of = drawn.map(({ cell }) => cell);
  const whose = of.some(({ figures }) => figures.length > 1)
    ? `Of ${repetitions(of)} the first valid one`
    : `Of ${repetitions(of)}`;
  return (
    `${whose}: ${count(tally("by chance"))} of ${counted(all, "operation")} drawn by chance, besides the ` +
    `${count(tally("among the slowest"))} slowest that chance did not draw; ${failures}. The table lists those that are not there by chance. Equal axes in all panels.`
  );
}

function answerOf(drawn: readonly Drawn[]): string {
  let slowest: { readonly cell: ChartCell; readonly mark: Mark } | undefined;
  for (const { cell, marks } of drawn)
    for (const mark of marks)
      if (endedIn(mark.kind) === "answered" && (slowest === undefined || mark.y > slowest.mark.y))
        slowest = { cell, mark };
  const sum = (fate: number): number => drawn.reduce((total, { sample }) => total + (sample.of[fate] ?? 0), 0);
  const failed = [
    ...(sum(1) > 0 ? [`${count(sum(1))} failed for certain`] : []),
    ...(sum(2) > 0 ? [`${count(sum(2))} had no certain answer`] : []),
  ];
  const rest = failed.length === 0 ? "none failed" : listed(failed);
  if (slowest === undefined) return `No operation was answered: ${rest}.`;
  const { cell, mark } = slowest;
  return `The slowest answered operation of those drawn was a${/^[aeiou]/.test(mark.operation) ? "n" : ""} ${mark.operation} wanted at ${plain(mark.x)} s with ${cell.label}: ${withUnit(mark.y, "ms")}; of all, ${rest}.`;
}
