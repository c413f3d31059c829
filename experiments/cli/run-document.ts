/**
 * A run as the JSON document that `run`, `show` and `report` print. Other programs rely on its shape: fields may be
 * added, never changed in meaning.
 */
import type { CellSummary, LoadedRun } from "../../results/record/run-folder";
import type { ValidityVerdict } from "../../results/record/figures";
import type { BesidePublished } from "../../results/reports/published";

const ORDER: readonly ValidityVerdict[] = ["valid", "doubtful", "invalid"];

/** `folder` and `report` as they are shown to people. */
export function runDocument(run: LoadedRun, folder: string, report: string): unknown {
  const { manifest, cells, trials } = run;
  const { besidePublished } =
    require("../../results/reports/published") as typeof import("../../results/reports/published");
  const { worldDistances } =
    require("../../results/statistics/distance") as typeof import("../../results/statistics/distance");
  const { intervalKind } =
    require("../../results/statistics/summarise") as typeof import("../../results/statistics/summarise");
  const { sloDocuments } =
    require("../../results/reports/objectives") as typeof import("../../results/reports/objectives");
  const { runVerdict } =
    require("../../results/reports/run-verdict") as typeof import("../../results/reports/run-verdict");
  const { judgeHypotheses } =
    require("../../results/statistics/expectations") as typeof import("../../results/statistics/expectations");
  const { judgeObjectives } =
    require("../../results/statistics/service-levels") as typeof import("../../results/statistics/service-levels");
  const { paretoFront } =
    require("../../results/statistics/pareto") as typeof import("../../results/statistics/pareto");
  const { effectsOf } =
    require("../../results/statistics/effects") as typeof import("../../results/statistics/effects");
  const { effectDocuments } =
    require("../../results/statistics/effects-table") as typeof import("../../results/statistics/effects-table");
  const { saturationDocuments } =
    require("../../results/reports/saturation") as typeof import("../../results/reports/saturation");
  const objectives = judgeObjectives(run);
  const front = paretoFront(run);
  const { WORLDS } = require("../../results/statistics/worlds") as typeof import("../../results/statistics/worlds");
  const beside = besidePublished(run);
  const { invalidTrials } =
    require("../../results/reports/left-out") as typeof import("../../results/reports/left-out");
  const left = invalidTrials(run);
  const failed = trials.filter((trial) => trial.record.outcome === "failed").length;
  return {
    schema: "quorumlab/run@1",
    experiment: manifest.experiment,
    run: manifest.run,
    path: folder,
    report,
    status: manifest.status,
    world: WORLDS.filter((world) => manifest.worlds.includes(world)),
    profile: manifest.profile,
    seed: manifest.seed,
    note: manifest.note,
    tags: manifest.tags,
    verdict:
      failed > 0 || manifest.status !== "done" ? "incomplete" : verdictOf(runVerdict(run, objectives).verdict, cells),
    ...(manifest.stopped === undefined ? {} : { stopped: manifest.stopped }),
    validity: worst(cells),
    trials: { done: trials.length - failed, failed, invalid: left.length, reused: manifest.reused ?? 0 },
    invalid_trials: left.map(({ record, summary }) => ({
      trial: record.id,
      cell: record.cell,
      repetition: record.repetition,
      doubts: summary.validity.doubts,
      metrics: summary.metrics,
    })),
    cells: cells.map((cell) => ({
      id: cell.id,
      axes: cell.axes,
      world: cell.world,
      target: cell.target?.name ?? "engine",
      validity: cell.validity.verdict,
      doubts: cell.validity.doubts,
      metrics: Object.fromEntries(
        Object.entries(cell.metrics).map(([name, metric]) => [name, { ...metric, interval: intervalKind(metric.n) }]),
      ),
      ...publishedOf(beside.filter((one) => one.cell === cell && one.published.relativeTo === undefined)),
    })),
    ...sharesOf(beside.filter(({ published }) => published.relativeTo !== undefined)),
    distance: worldDistances(run),
    comparisons: run.comparisons,
    effects: effectDocuments(effectsOf(run)),
    slos: sloDocuments(objectives),
    ...(manifest.saturation === undefined ? {} : { saturation: saturationDocuments(run) }),
    hypotheses: judgeHypotheses(run).map(({ hypothesis, verdict, met, refuted, open }) => ({
      ...hypothesis,
      verdict,
      met,
      refuted,
      open,
    })),
    pareto: front === undefined ? [] : [...front.front],
    warnings: manifest.warnings,
  };
}

/** `published_shares`, only where the experiment names a value that is a share of other cells. */
function sharesOf(shares: readonly BesidePublished[]): object {
  if (shares.length === 0) return {};
  return {
    published_shares: shares.map(({ cells, published, measured, verdict }) => ({
      metric: published.metric,
      where: published.where,
      relative_to: published.relativeTo,
      cells: cells.map(({ id }) => id),
      measured: measured?.value ?? null,
      ...{ value: published.value, tolerance: published.tolerance, source: published.source, verdict },
    })),
  };
}

/** `published` by metric, only where the experiment names a value for the cell. Of several for one metric the last counts. */
function publishedOf(beside: readonly BesidePublished[]): object {
  if (beside.length === 0) return {};
  return {
    published: Object.fromEntries(
      beside.map(({ published: { metric, value, source, tolerance, within }, verdict }) => [
        metric,
        { value, source, tolerance, ...(within === undefined ? {} : { within }), verdict },
      ]),
    ),
  };
}

/** Of a run without a single cell nothing passes. */
function verdictOf(verdict: "pass" | "fail" | "inconclusive" | undefined, cells: readonly CellSummary[]): string {
  return verdict ?? (cells.length === 0 ? "inconclusive" : "pass");
}

/** Of a run without a single cell nothing is to be believed. */
function worst(cells: readonly CellSummary[]): ValidityVerdict {
  if (cells.length === 0) return "invalid";
  return ORDER[Math.max(0, ...cells.map((cell) => ORDER.indexOf(cell.validity.verdict)))];
}
