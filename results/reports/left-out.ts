/**
 * Trials that do not count because their own checks call them invalid: shown one by one with their values and the reasons, so
 * that a reader can see what was measured, and never added to anything. A trial that fails its checks is evidence about
 * the machine or the load, not about the store; hiding it would hide how often that happens.
 */
import { count, counted, metricInWords } from "../charts/numbers";
import { chartInput } from "../charts/cells";
import type { LoadedRun, TrialSummary } from "../record/run-folder";
import { inAxisOrder } from "../statistics/axis-order";
import { isSound } from "../statistics/summarise";
import { headlines } from "./headline";

export type InvalidTrial = LoadedRun["trials"][number] & { readonly summary: TrialSummary };

/** In the order of the run's trials. */
export function invalidTrials(run: Pick<LoadedRun, "trials">): readonly InvalidTrial[] {
  return run.trials.filter((trial): trial is InvalidTrial => trial.summary !== null && !isSound(trial));
}

/** Of trials whose folders are not there; empty where none is missing. */
export function missingInWords({ missing = [], trials }: LoadedRun): string {
  if (missing.length === 0) return "";
  const names = missing.slice(0, MOST_NAMED).join(", ");
  const more = missing.length > MOST_NAMED ? ` and ${count(missing.length - MOST_NAMED)} more` : "";
  return (
    `${count(missing.length)} of ${counted(missing.length + trials.length, "trial")} that this run names ${missing.length === 1 ? "is" : "are"} not in its experiment's folder trials/ ` +
    `(${names}${more}): charts are made without ${missing.length === 1 ? "it" : "them"}, tables of configurations are as they were summarised.`
  );
}

const MOST_NAMED = 6;

export interface LeftOut {
  readonly configuration: string;
  readonly repetition: number;
  readonly trial: string;
  /** Kinds of doubt that make it invalid. */
  readonly kinds: readonly string[];
  readonly reasons: readonly string[];
  /** `read p99 12 ms`: the headline's metrics that it measured. */
  readonly values: readonly string[];
}

export function leftOutTrials(run: LoadedRun): readonly LeftOut[] {
  const invalid = invalidTrials(run);
  if (invalid.length === 0) return [];
  const labels = new Map(chartInput(inAxisOrder(run)).cells.map((cell) => [cell.summary.id, cell.label]));
  // Columns that no valid trial fills are not among the headlines of cells: those of the trials themselves stand in.
  const measured = { ...run, cells: invalid.map(({ record, summary }) => asCell(run, record.cell, summary)) };
  const shown = headlines(measured);
  return invalid.map(({ record, summary }) => {
    const why = summary.validity.doubts.filter(({ verdict }) => verdict === "invalid");
    return {
      configuration: labels.get(record.cell) ?? record.cell,
      repetition: record.repetition,
      trial: record.id,
      kinds: why.map(({ kind }) => kind),
      reasons: why.map(({ reason }) => reason),
      values: shown.flatMap(({ name, title }) => {
        const metric = summary.metrics[name];
        return metric === undefined || metric.value === null
          ? []
          : [`${title} ${metricInWords({ ...metric, lo: null, hi: null })}`];
      }),
    };
  });
}

function asCell(run: LoadedRun, id: string, { metrics, validity }: TrialSummary): LoadedRun["cells"][number] {
  const { axes, world, trials } = run.cells.find((cell) => cell.id === id)!;
  return { id, axes, world, metrics, trials, validity };
}
