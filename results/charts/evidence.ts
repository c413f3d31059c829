/**
 * The cases behind the counts: which operations show that a clock erred. They are numbered once (E1, E2, …), so that the table
 * of a report, the drawing of a key's versions and a reader's notes mean the same case; those whose key is drawn come
 * first. Which keys are drawn is decided here too: configurations that erred before those that did not, one picture for
 * each different set of errors, and one without, before a second of the same, because the tenth lost update teaches less
 * than the first false conflict or the clock that made none.
 */
import type { AnomalyEvidence, TrialFigures, VersionGraph } from "../record/figures";
import { anomalyCounts } from "./anomaly-words";
import type { ChartCell, ChartInput } from "./cells";
import { slug } from "./markup";

export interface DrawnGraph {
  readonly cell: ChartCell;
  readonly trial: TrialFigures;
  /** From 1. */
  readonly repetition: number;
  readonly graph: VersionGraph;
  /** Of the trial's evidence, what is about this key. */
  readonly evidence: readonly AnomalyEvidence[];
}

export interface NumberedEvidence {
  /** From 1: shown as `E1`. */
  readonly number: number;
  readonly cell: ChartCell;
  readonly trial: TrialFigures;
  readonly repetition: number;
  readonly evidence: AnomalyEvidence;
  /** The drawing of its key, where there is one. */
  readonly drawn: DrawnGraph | undefined;
}

const MOST_GRAPHS = 3;

/** At most three; of configurations without an error at most one. */
export function drawnGraphs(input: ChartInput): DrawnGraph[] {
  const all = input.cells
    .flatMap((cell) => graphOf(input, cell) ?? [])
    .map((drawn) => ({ drawn, errors: errorsOf(drawn.cell), kinds: kindsOf(drawn) }))
    .sort((a, b) => Number(b.kinds !== "") - Number(a.kinds !== "") || b.errors - a.errors);
  const seen = new Set<string>();
  const [first, again] = [[] as DrawnGraph[], [] as DrawnGraph[]];
  for (const { drawn, kinds } of all) {
    if (!seen.has(kinds)) first.push(drawn);
    else if (kinds !== "") again.push(drawn);
    seen.add(kinds);
  }
  // For contrast one without an error comes before a second of the same kind.
  const chosen = [...first, ...again].slice(0, MOST_GRAPHS);
  return [...chosen.filter(erred), ...chosen.filter((one) => !erred(one))];
}

/** Every case of every repetition, those of drawn keys first. */
export function numberedEvidence(input: ChartInput, graphs: readonly DrawnGraph[]): NumberedEvidence[] {
  const all = input.cells.flatMap((cell) =>
    cell.figures.flatMap((trial) =>
      (trial.causality?.evidence ?? []).map((evidence) => ({
        cell,
        trial,
        repetition: repetitionOf(input, trial),
        evidence,
        drawn: graphs.find((one) => one.trial === trial && one.graph.key === evidence.key),
      })),
    ),
  );
  const ofGraphs = graphs.flatMap((graph) => all.filter(({ drawn }) => drawn === graph));
  return [...ofGraphs, ...all.filter(({ drawn }) => drawn === undefined)].map((one, i) => ({ ...one, number: i + 1 }));
}

/** The element of a write in the drawing of its key: unique in a page, because a cell is drawn once. */
export function writeElementId(cell: ChartCell, write: number): string {
  return `write-${slug(cell.summary.id)}-${write}`;
}

function graphOf(input: ChartInput, cell: ChartCell): DrawnGraph | undefined {
  const all = cell.figures.flatMap((trial): DrawnGraph[] => {
    const { causality } = trial;
    if (causality === undefined || causality.graph === null || causality.graph.writes.length === 0) return [];
    const { graph } = causality;
    const evidence = causality.evidence.filter(({ key }) => key === graph.key);
    return [{ cell, trial, repetition: repetitionOf(input, trial), graph, evidence }];
  });
  return all.find(erred) ?? all[0];
}

function erred({ evidence }: DrawnGraph): boolean {
  return evidence.length > 0;
}

function kindsOf({ evidence }: DrawnGraph): string {
  return [...new Set(evidence.map(({ kind }) => kind))].sort().join();
}

function errorsOf(cell: ChartCell): number {
  return anomalyCounts([cell]).reduce((sum, { rate }) => sum + (rate?.value ?? 0), 0);
}

function repetitionOf({ run }: ChartInput, figures: TrialFigures): number {
  return run.trials.find((trial) => trial.figures === figures)!.record.repetition;
}
