/**
 * Chart 28, divergence by kind: a missing copy wants to be sent, a stale one to be replaced, conflicting ones to be merged, and mechanisms
 * differ in which they mend. One panel a configuration, stacked, so that the height is all keys that differ (chart 14 compares
 * configurations). Samples are scaled to all keys as there.
 */
import { medianOf, panelCells, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure } from "./chart";
import { scaledToAllKeys } from "./divergence";
import { faultLanes } from "./fault-lanes";
import { endOfRun, knowsTrouble } from "./healing";
import { counted, listed, plain, trimmed } from "./numbers";
import { alignedByTime, overRepetitions } from "./over-time";
import { showsSomething, stackedAreas, type StackPart, stackTop } from "./stacked-over-time";

export const divergenceByKind: ChartDefinition = {
  id: "divergence-by-kind",
  number: 28,
  title: "Divergent keys by kind",
  question: "In what way do replicas differ?",
  prose:
    "The height of the stack is the keys whose replicas differ. Missing: a replica holds no copy. Stale: somebody is behind, and has nothing that the others have not seen and replaced. Conflicting: two replicas each hold a write that the other knows nothing of. Kind not known: the recorder no longer remembers what those writes had seen. By what clients had read before they wrote, not by the store's clock.",
  absence: "No scan of replicas told keys that differ apart by kind.",
  concerns: knowsTrouble,
  draw,
};

const PARTS = [
  { column: "conflicting", name: "conflicting", words: "conflicting", colour: "$s2" },
  { column: "missing", name: "missing copy", words: "with a missing copy", colour: "$s4" },
  { column: "stale", name: "stale copy", words: "with a stale copy", colour: "$s6" },
  { column: "unclassified", name: "kind not known", words: "of a kind not known", colour: "$line" },
] as const;

interface Part extends StackPart {
  readonly column: string;
  readonly words: string;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const drawn = shown
    .map((cell) => ({ cell, parts: partsOf(cell) }))
    .filter(({ parts }) => parts.some(({ values }) => values !== undefined));
  if (drawn.length === 0) return undefined;
  const present = PARTS.filter(
    ({ column }) =>
      column !== "unclassified" ||
      drawn.some(({ parts }) => showsSomething(parts.find((one) => one.column === column))),
  );
  const cells = drawn.map(({ cell }) => cell);
  const end = endOfRun(cells);
  const faults = faultLanes(cells, end);
  const top = Math.max(1, ...drawn.map(({ parts }) => stackTop(parts)));
  return {
    id: divergenceByKind.id,
    number: divergenceByKind.number,
    title: divergenceByKind.title,
    question: divergenceByKind.question,
    answer: answerOf(drawn),
    caption: `By direct inspection of replicas, scaled to all keys where a sample was looked at; ${medianOf(cells)}, kind by kind. Keys with a write in flight are left out. Equal axes in all panels.${faults.note}${note}`,
    description:
      "Stacked areas of keys whose replicas differ over time, by kind. " +
      drawn.map(({ cell, parts }) => `${cell.label}: ${peaks(parts)}`).join("; ") +
      ".",
    axes: { x: "time (s)", y: "keys" },
    ...stackedAreas({ drawn, present, y: { title: "differing (keys)", unit: "keys", name: "keys" }, top, end, faults }),
  };
}

function partsOf(cell: ChartCell): Part[] {
  const known = cell.figures.filter(({ divergence }) => divergence.columns["stale"] !== undefined);
  const names = PARTS.map(({ column }) => column);
  const series = alignedByTime(known.map(({ divergence }) => scaledToAllKeys(divergence, names)));
  return PARTS.map((part) => ({
    ...part,
    opacity: 70,
    borderWidth: 0.75,
    values: series.length === 0 ? undefined : overRepetitions(series, part.column),
  }));
}

function highest(part: Part | undefined): number {
  return Math.max(0, ...(part?.values?.middle ?? []).map(({ y }) => y));
}

function peaks(parts: readonly Part[]): string {
  const seen = parts.filter(showsSomething);
  return seen.length === 0
    ? "0 keys"
    : listed(seen.map((part) => `up to ${plain(trimmed(highest(part)))} ${part.words}`));
}

function answerOf(drawn: readonly { readonly cell: ChartCell; readonly parts: readonly Part[] }[]): string {
  const worst = [...drawn].sort((a, b) => stackTop(b.parts) - stackTop(a.parts))[0];
  const top = stackTop(worst.parts);
  if (top === 0) return `No two replicas differed in any scan of ${counted(drawn.length, "configuration")}.`;
  return `At the worst, with ${worst.cell.label}, ${plain(trimmed(top))} keys differed at once: ${peaks(worst.parts)}.`;
}
