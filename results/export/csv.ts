/**
 * Tidy tables: one row a trial, one row a trial and metric, one row a cell and metric, one row a comparison, and the
 * series of all trials in one long table. The first four are made as the run's own `summaries/` are; the fifth spares
 * everybody the loop over trial folders.
 */
import { existsSync, readFileSync } from "node:fs";
import { csv as csvText, parseCsv, type CsvField } from "../record/csv";
import type { LoadedRun } from "../record/run-folder";
import { summaryTables, type Table } from "../statistics/tables";
import { axesOf, trialFile, type ExportFile, type ExportFormat, type ExportRequest, type Piece } from "./format";

export const csv: ExportFormat = {
  name: "csv",
  title: "tidy tables: trials, metrics, cells, comparisons, and the series of all trials",
  plan(request) {
    const { run } = request;
    return {
      files: [...tablesOf(request).map(tableFile), { name: "series.csv", pieces: () => series(run) }],
      notes: [],
    };
  },
};

/** The tables of the run's summaries; of one trial alone only those that are about trials. */
export function tablesOf({ run, oneTrial }: ExportRequest): readonly Table[] {
  return summaryTables(axesOf(run), run.trials, run.cells, run.comparisons).filter(
    ({ name }) => !oneTrial || name === "trials" || name === "metrics_long",
  );
}

function tableFile({ name, header, rows }: Table): ExportFile {
  return { name: `${name}.csv`, pieces: () => [csvText(header, rows)] };
}

export const SERIES_COLUMNS = ["trial", "cell", "repetition", "world", "t_s", "series", "value"] as const;

function* series(run: LoadedRun): Generator<Piece> {
  yield csvText(SERIES_COLUMNS, []);
  for (const rows of seriesOf(run)) yield csvText(SERIES_COLUMNS, rows).slice(csvText(SERIES_COLUMNS, []).length);
}

/** One trial's rows at a time, from its `series.csv`. An instant without a value has no row. */
export function* seriesOf(run: LoadedRun): Generator<readonly (readonly CsvField[])[]> {
  for (const trial of run.trials) {
    const file = trialFile(run, trial, "series.csv");
    if (!existsSync(file)) continue;
    const [header, ...rows] = parseCsv(readFileSync(file, "utf8"));
    const { id, cell, repetition, world } = trial.record;
    yield rows.flatMap(([t, ...values]) =>
      values.flatMap((value, i) =>
        value === "" || header[i + 1] === undefined ? [] : [[id, cell, repetition, world, t, header[i + 1], value]],
      ),
    );
  }
}
