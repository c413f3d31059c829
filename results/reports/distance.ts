/**
 * The section that answers how far the worlds are apart: one sentence, the picture percentile by percentile, and a table of what a
 * reader builds on. Everything else on the page keeps the worlds apart; here they meet, and only as twins.
 */
import { chartInput } from "../charts/cells";
import type { ChartFigure } from "../charts/chart";
import { escapeText } from "../charts/markup";
import { percent, plain, signedWithUnit } from "../charts/numbers";
import {
  errorsInWords,
  visibilityErrors,
  visibilityInWorlds,
  type VisibilityErrors,
} from "../charts/visibility-in-worlds";
import { DISTANCE_INTERVAL, errorInWords, worldDistance } from "../charts/world-distance";
import type { LoadedRun } from "../record/run-folder";
import { worldDistances, type CellDistance, type DistanceRow } from "../statistics/distance";
import { inWorld } from "../statistics/worlds";
import { figureHtml, type ChartSectionOptions } from "./chart-section";
import { dataTable } from "./tables";

/** What is drawn in this section: undefined where the worlds left nothing to set side by side. */
export interface DistanceFigures {
  readonly latency: ChartFigure | undefined;
  readonly visibility: ChartFigure | undefined;
}

/** HTML. */
export function distanceSection(run: LoadedRun, figures: DistanceFigures, options: ChartSectionOptions): string {
  const distances = worldDistances(run);
  return (
    `<h2>${escapeText(worldDistance.question)}</h2>` +
    figureHtml(worldDistance, figures.latency, options) +
    `<div id="${visibilityInWorlds.id}">${figureHtml(visibilityInWorlds, figures.visibility, options)}</div>` +
    (distances.length === 0 ? "" : summaryTable(run, distances))
  );
}

const COLUMNS: readonly (readonly [heading: string, quantity: string, percentile: number | null])[] = [
  ["read p50, ratio", "read", 50],
  ["read p99, ratio", "read", 99],
  ["write p50, ratio", "write", 50],
  ["write p99, ratio", "write", 99],
  ["stale reads, difference", "p_stale", null],
  ["siblings mean, difference", "siblings_mean", null],
  ["throughput, ratio", "throughput_ops_s", null],
];

function summaryTable(run: LoadedRun, distances: readonly CellDistance[]): string {
  const names = new Map(chartInput(inWorld(run, "processes")).cells.map((cell) => [cell.summary.id, cell.label]));
  const columns = COLUMNS.filter(([, quantity, percentile]) =>
    distances.some((one) => find(one, quantity, percentile) !== undefined),
  );
  const errors = new Map(visibilityErrors(chartInput(run)).map((one) => [one.processes, one]));
  const ages = [...errors.values()].some(({ predicted, simulated }) => (predicted ?? simulated) !== undefined);
  const latency = [...errors.values()].some(({ latency: of }) => (of.read ?? of.write) !== undefined);
  const kinds = [...new Set(distances.flatMap(({ rows }) => rows.map(({ interval }) => interval)))];
  const rows = distances.map((one) => [
    names.get(one.processes) ?? one.processes,
    ...columns.map(([heading, quantity, percentile]) =>
      inWords(find(one, quantity, percentile), heading.endsWith("ratio")),
    ),
    one.nrmse
      .map(
        (error) =>
          `${error.kind}s ${errorInWords(error)}${error.percentiles < 100 ? `, up to p${error.percentiles}` : ""}`,
      )
      .join("; ") || "not measured",
    ...(latency ? [latencyInWords(errors.get(one.processes))] : []),
    ...(ages ? [errorOf(errors.get(one.processes))] : []),
  ]);
  return (
    `<h3>Processes against simulation</h3><div class="wide">` +
    dataTable(
      {
        columns: [
          ...["configuration", ...columns.map(([heading]) => heading), "N-RMSE, percentiles 1 to 99.9"],
          ...(latency ? ["predicted latency, N-RMSE"] : []),
          ...(ages ? ["consistent by age, RMSE"] : []),
        ],
        rows,
      },
      Infinity,
      "plain",
    ) +
    `</div><p class="facts">${escapeText(
      `Ratios are processes over simulation, differences processes minus simulation. In brackets: ${kinds.map((kind) => DISTANCE_INTERVAL[kind]).join("; ")}. All percentiles and both kinds of figure: summaries/distance.csv and .json.`,
    )} <a href="../summaries/distance.csv">CSV</a> · <a href="../summaries/distance.json">JSON</a></p>`
  );
}

function latencyInWords(errors: VisibilityErrors | undefined): string {
  const { read, write } = errors?.latency ?? {};
  const parts = [
    ...(read === undefined ? [] : [`reads ${percent(read)}`]),
    ...(write === undefined ? [] : [`writes ${percent(write)}`]),
  ];
  return parts.join("; ") || "not measured";
}

function errorOf(errors: VisibilityErrors | undefined): string {
  return errors === undefined ? "not measured" : errorsInWords(errors);
}

function find({ rows }: CellDistance, quantity: string, percentile: number | null): DistanceRow | undefined {
  return rows.find((row) => row.quantity === quantity && row.percentile === percentile);
}

function inWords(row: DistanceRow | undefined, ratio: boolean): string {
  if (row === undefined) return "not measured";
  if (ratio) return row.ratio === null ? "no ratio" : bracketed(row.ratio, (value) => plain(value));
  return bracketed(row.difference, (value) => signedWithUnit(value, row.unit));
}

function bracketed(
  of: { readonly value: number; readonly lo: number | null; readonly hi: number | null },
  words: (value: number) => string,
): string {
  return of.lo === null || of.hi === null ? words(of.value) : `${words(of.value)} [${words(of.lo)}, ${words(of.hi)}]`;
}
