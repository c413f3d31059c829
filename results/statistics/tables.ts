/**
 * The tidy tables of `summaries/`: one row a trial, one row a trial and metric, one row a cell and metric, one row a
 * comparison. Axes are columns; metrics keep the names and units that they have everywhere else.
 */
import type { CsvField } from "../record/csv";
import { describeMetric } from "../record/metrics";
import type { CellSummary, ComparisonRow } from "../record/run-folder";
import { median } from "./order-statistics";
import { byCell, countedTrials, intervalKind, type MeasuredTrial } from "./summarise";
import { WORLD_AXIS } from "./worlds";

export interface Table {
  /** File name without ending. */
  readonly name: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly CsvField[])[];
}

/** The four tables, ready for `RunWriter.writeTable`. `axes` are the experiment's axis keys in order. */
export function summaryTables(
  allAxes: readonly string[],
  trials: readonly MeasuredTrial[],
  cells: readonly CellSummary[],
  comparisons: readonly ComparisonRow[],
): Table[] {
  // The world has a column of its own, whether or not it is an axis.
  const axes = allAxes.filter((axis) => axis !== WORLD_AXIS);
  return [
    trialsTable(axes, trials),
    metricsLong(axes, trials),
    cellsTable(axes, trials, cells),
    comparisonsTable(cells, comparisons),
  ];
}

function trialsTable(axes: readonly string[], trials: readonly MeasuredTrial[]): Table {
  const metrics = metricNames(trials);
  return {
    name: "trials",
    header: ["trial", "cell", ...axes, "repetition", "world", "seed", "outcome", "validity", "operations", ...metrics],
    rows: trials.map(({ record, summary }) => [
      record.id,
      record.cell,
      ...axes.map((axis) => record.axes[axis]),
      record.repetition,
      record.world,
      record.seed,
      record.outcome,
      summary?.validity.verdict,
      record.operations,
      ...metrics.map((metric) => summary?.metrics[metric]?.value),
    ]),
  };
}

function metricsLong(axes: readonly string[], trials: readonly MeasuredTrial[]): Table {
  return {
    name: "metrics_long",
    header: [
      ...["cell", ...axes, "repetition", "metric", "unit", "value", "lo", "hi", "n"],
      ...["world", "at_least", "validity"],
    ],
    rows: trials.flatMap(({ record, summary }) =>
      Object.entries(summary?.metrics ?? {}).map(([metric, one]) => [
        record.cell,
        ...axes.map((axis) => record.axes[axis]),
        record.repetition,
        metric,
        one.unit,
        one.value,
        one.lo,
        one.hi,
        one.n,
        record.world,
        one.atLeast === true ? 1 : null,
        summary?.validity.verdict,
      ]),
    ),
  };
}

function cellsTable(axes: readonly string[], trials: readonly MeasuredTrial[], cells: readonly CellSummary[]): Table {
  const grouped = byCell(trials);
  return {
    name: "cells",
    header: [
      ...["cell", ...axes, "metric", "unit", "better", "n", "median", "ci_lo", "ci_hi"],
      ...["mean", "sd", "min", "max", "interval", "world", "at_least"],
    ],
    rows: cells.flatMap((cell) =>
      Object.entries(cell.metrics).map(([metric, one]) => {
        const counted = countedTrials(grouped.get(cell.id) ?? []);
        const values = counted.flatMap(({ summary }) => summary?.metrics[metric]?.value ?? []);
        return [
          cell.id,
          ...axes.map((axis) => cell.axes[axis]),
          metric,
          one.unit,
          describeMetric(metric)?.better,
          values.length,
          values.length === 0 ? null : median(values),
          one.lo,
          one.hi,
          ...spread(values),
          one.lo === null && one.hi === null ? null : intervalKind(values.length),
          cell.world,
          one.atLeast === true ? 1 : null,
        ];
      }),
    ),
  };
}

function comparisonsTable(cells: readonly CellSummary[], comparisons: readonly ComparisonRow[]): Table {
  const worlds = new Map(cells.map(({ id, world }) => [id, world]));
  return {
    name: "comparisons",
    header: [
      "cell",
      "baseline",
      "metric",
      "unit",
      "diff",
      "ci_lo",
      "ci_hi",
      "p",
      "p_adj",
      "n",
      "verdict",
      "world",
      "reason",
    ],
    rows: comparisons.map((row) => [
      row.cell,
      row.baseline,
      row.metric,
      row.unit,
      row.difference,
      row.lo,
      row.hi,
      row.p,
      row.pAdjusted,
      row.n,
      row.verdict,
      worlds.get(row.cell),
      row.reason,
    ]),
  };
}

function metricNames(trials: readonly MeasuredTrial[]): string[] {
  return [...new Set(trials.flatMap(({ summary }) => Object.keys(summary?.metrics ?? {})))];
}

/** Mean, sample standard deviation, smallest and largest; empty fields where there are too few values. */
function spread(values: readonly number[]): CsvField[] {
  if (values.length === 0) return [null, null, null, null];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const sd = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null;
  return [mean, sd, Math.min(...values), Math.max(...values)];
}
