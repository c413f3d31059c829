/**
 * The tables of a report as HTML: cells with their headline metrics, and plain data tables. A number never stands
 * without its interval where there is one, and a doubt stands beside the numbers it is about.
 */
import { axisInWords, chartInput, isQuorumAxis } from "../charts/cells";
import type { ChartTable } from "../charts/chart";
import { intervalHeading } from "../charts/interval-words";
import { escapeText } from "../charts/markup";
import { count, intervalInWords, NBSP, withUnit } from "../charts/numbers";
import type { MetricValue } from "../record/figures";
import type { LoadedRun } from "../record/run-folder";
import { headlines, unitInWords } from "./headline";
import { frontInWords, markCells } from "./objectives";

/** One row a cell: varying axes, headline metrics with intervals, and doubts. */
export function cellsTable(run: LoadedRun): string {
  const metrics = headlines(run);
  const axes = run.manifest.axes;
  const marks = markCells(run);
  const starred = marks.size > 0;
  const heads = [
    ...(starred ? [`<th><span class="visually-hidden">on the Pareto front</span></th>`] : []),
    ...axes.map((axis) => `<th class="name">${escapeText(axisTitle(run, axis))}</th>`),
    ...(axes.length === 0 ? [`<th class="name">configuration</th>`] : []),
    `<th>doubts</th>`,
    ...metrics.map(
      ({ name, title, unit }) =>
        `<th class="number"><a href="#metric-${escapeText(name)}">${escapeText(title)}</a><span class="unit">${escapeText(unitInWords(unit))}</span></th>`,
    ),
  ];
  const rows = run.cells.map((cell) => {
    const values = axes.map((axis) => `<td class="name">${escapeText(axisValue(axis, cell.axes[axis]))}</td>`);
    if (axes.length === 0) values.push(`<td class="name">${escapeText(cell.id)}</td>`);
    values.push(
      cell.validity.verdict === "valid"
        ? `<td class="dim name">none</td>`
        : `<td><span class="doubt">! ${cell.validity.verdict}</span><span class="interval">${escapeText(doubtsInBrief(cell.validity.doubts.map((doubt) => doubt.kind)))}</span></td>`,
    );
    for (const { name } of metrics) {
      const metric = cell.metrics[name];
      const interval = intervalInWords(metric);
      values.push(
        metric === undefined || metric.value === null
          ? `<td class="number dim">${cell.validity.verdict === "invalid" ? "no valid trial" : "–"}</td>`
          : `<td class="number">${escapeText(bareMetric(metric))}${interval === "" ? "" : `<span class="interval">${escapeText(interval)}</span>`}</td>`,
      );
    }
    if (starred) values.unshift(`<td class="star">${marks.get(cell.id) ?? ""}</td>`);
    return `<tr>${values.join("")}</tr>`;
  });
  return (
    `<div class="scroll"><table><thead><tr>${heads.join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>` +
    (starred ? `<p class="facts">${escapeText(frontInWords(run))}</p>` : "")
  );
}

/** More than a page can carry, or anybody reads. */
const MOST_METRIC_ROWS = 3_000;

function doubtsInBrief(kinds: readonly string[]): string {
  return kinds.length <= 1 ? (kinds[0] ?? "") : `${kinds[0]} and ${kinds.length - 1} more`;
}

/** Every metric of every cell, one a row. */
export function allMetricsTable(run: LoadedRun): string {
  const labels = chartInput(run).cells;
  const rows = run.cells.flatMap((cell, i) =>
    Object.entries(cell.metrics).map(([name, metric]) => [
      labels[i].label,
      name,
      metric.value === null
        ? cell.validity.verdict === "invalid"
          ? "measured, but in no valid trial"
          : "not measured"
        : `${metric.atLeast === true ? "at least " : ""}${withUnit(metric.value, metric.unit)}`,
      intervalInWords(metric),
      metric.n,
    ]),
  );
  const shown = dataTable(
    {
      columns: ["configuration", "metric", "value", intervalHeading(run.cells), "n (repetitions)"],
      rows: rows.slice(0, MOST_METRIC_ROWS),
    },
    Infinity,
  );
  if (rows.length <= MOST_METRIC_ROWS) return shown;
  return `${shown}<p class="facts">${count(rows.length - MOST_METRIC_ROWS)} more rows are in the run's summaries/cells.csv.</p>`;
}

/** A data table in a box of its own, which a `tall` one scrolls inside; rows beyond `most` are counted, not shown. */
export function dataTable(table: ChartTable, most = 300, box: "tall" | "plain" = "tall"): string {
  const numeric = table.columns.map((_, i) => table.rows.every((row) => typeof row[i] !== "string"));
  const head = table.columns
    .map((name, i) => `<th${numeric[i] ? ' class="number"' : ""}>${escapeText(name)}</th>`)
    .join("");
  const body = table.rows
    .slice(0, most)
    .map(
      (row) =>
        `<tr>${row.map((value, i) => `<td${numeric[i] ? ' class="number"' : ""}>${value === null ? "–" : escapeText(String(value))}</td>`).join("")}</tr>`,
    )
    .join("\n");
  const more =
    table.rows.length > most
      ? `<p class="facts">${count(table.rows.length - most)} more rows are in the CSV file.</p>`
      : "";
  return `<div class="scroll ${box}"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>${more}`;
}

/** `R`, `N`, `clock`, `vnodes per node`. */
export function axisTitle(run: LoadedRun, axis: string): string {
  const name = axis.slice(axis.lastIndexOf(".") + 1);
  if (isQuorumAxis(axis)) return name === "n_val" ? "N" : name.toUpperCase();
  const row = run.manifest.tunables.find((tunable) => tunable.key === axis || tunable.key.endsWith(`.${name}`));
  const unit = row === undefined || row.unit === "" ? "" : ` (${row.unit})`;
  return name.replace(/_/g, " ") + unit;
}

export function axisValue(axis: string, value: string | number | boolean | undefined): string {
  if (value === undefined) return "–";
  const words = axisInWords(axis, value);
  const at = words.indexOf("=");
  return at < 0 ? words : words.slice(at + 1);
}

/** The value alone: its unit stands in the heading. */
export function bareMetric({ value, unit, atLeast }: MetricValue): string {
  if (value === null) return "–";
  return `${atLeast === true ? "≥ " : ""}${bare(value, unit)}`;
}

/** Without a mark for a lower bound. */
export function bare(value: number, unit: string): string {
  const text = withUnit(value, unit);
  const tail = `${NBSP}${unit === "ratio" ? "%" : unit === "1/s" ? "/s" : unit}`;
  return text.endsWith(tail) ? text.slice(0, -tail.length) : text;
}
