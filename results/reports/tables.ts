/**
 * The tables of a report as HTML: cells with their headline metrics, comparisons with the baseline, and plain data
 * tables. A number never stands without its interval where there is one, a doubt stands beside the numbers it is
 * about, and what is inconclusive is called so: absence of a proven difference is not proof of sameness.
 */
import { axisInWords, chartInput, isQuorumAxis } from "../charts/cells";
import type { ChartTable } from "../charts/chart";
import { escapeText } from "../charts/markup";
import { count, intervalInWords, plain, withUnit } from "../charts/numbers";
import type { ComparisonRow, LoadedRun } from "../record/run-folder";
import { describeMetric, headlines, unitInWords } from "./headline";

/** One row a cell: varying axes, headline metrics with intervals, and doubts. */
export function cellsTable(run: LoadedRun): string {
  const metrics = headlines(run);
  const axes = run.manifest.axes;
  const heads = [
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
          ? `<td class="number dim">–</td>`
          : `<td class="number">${escapeText(bare(metric.value, metric.unit))}${interval === "" ? "" : `<span class="interval">${escapeText(interval)}</span>`}</td>`,
      );
    }
    return `<tr>${values.join("")}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${heads.join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

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
      metric.value === null ? "not measured" : withUnit(metric.value, metric.unit),
      intervalInWords(metric),
      metric.n,
    ]),
  );
  return dataTable({ columns: ["configuration", "metric", "value", "95 % interval", "n"], rows }, Infinity);
}

export function comparisonTable(run: LoadedRun): string {
  const labels = new Map(chartInput(run).cells.map((cell) => [cell.summary.id, cell.label]));
  const rows = run.comparisons.map((row) => {
    const cell = labels.get(row.cell) ?? row.cell;
    const unsure = row.verdict === "inconclusive" || row.verdict === "same";
    const metric = describeMetric(run, row.metric);
    const words = verdictInWords(row);
    return (
      `<tr${unsure ? ' class="dim"' : ""}><td class="name">${escapeText(cell)}</td>` +
      `<td class="name">${escapeText(metric?.title ?? row.metric)}</td>` +
      `<td class="name ${row.verdict === "better" || row.verdict === "worse" ? row.verdict : ""}">${escapeText(words)}</td>` +
      `<td class="number">${escapeText(row.difference === null ? "–" : signed(row.difference, row.unit))}` +
      `${row.lo === null || row.hi === null ? "" : `<span class="interval">[${escapeText(signed(row.lo, row.unit))}, ${escapeText(signed(row.hi, row.unit))}]</span>`}</td>` +
      `<td class="number">${row.pAdjusted === null ? "–" : escapeText(probability(row.pAdjusted))}</td><td class="number">${count(row.n)}</td></tr>`
    );
  });
  return (
    `<div class="scroll"><table><thead><tr><th>configuration</th><th>metric</th><th>verdict</th><th class="number">difference<span class="unit">and its 95 % interval</span></th>` +
    `<th class="number">p<span class="unit">adjusted</span></th><th class="number">n<span class="unit">pairs</span></th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`
  );
}

/** `▲ worse`, `~ same`, `? inconclusive`: the arrow is the direction of the value, the word its meaning. */
export function verdictInWords(row: ComparisonRow): string {
  switch (row.verdict) {
    case "same":
      return "~ same (inside the noise floor)";
    case "inconclusive":
      return "? inconclusive: add repetitions";
    case "better":
    case "worse":
    case "different":
      return `${row.difference === null || row.difference === 0 ? "≠" : row.difference > 0 ? "▲" : "▼"} ${row.verdict}`;
  }
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
export function bare(value: number, unit: string): string {
  return withUnit(value, unit).replace(/\u00a0(%|\/s|ms|s|us|keys|versions|bytes|entries)$/, "");
}

/** p-values print their first two digits, and never as nought. */
function probability(p: number): string {
  return p < 0.0001 ? "< 0.0001" : plain(Number(p.toPrecision(2)));
}

/** `+1.2 ms`, `−3 %-points`. */
export function signed(value: number, unit: string): string {
  // A share's difference is in points: "−3 %" could also mean three hundredths less.
  const text = withUnit(Math.abs(value), unit).replace(/%$/, "%-points");
  return value > 0 ? `+${text}` : value < 0 ? `−${text}` : text;
}
