/**
 * What a notebook imports: `import { simulate, chart, display } from "quorumlab/notebook"`. Runs to load or to make, the
 * report's charts, tables, prose with numbers in it, and expectations that fail the notebook when a number no longer says what the
 * prose says. Nothing here returns something to be printed: what is to be seen is shown.
 */
import { inspect } from "node:util";
import { describeMetric } from "../../results/record/metrics";
import { axisInWords, isQuorumAxis } from "../../results/charts/cells";
import type { ChartTable } from "../../results/charts/chart";
import { count, metricInWords, NBSP, percent, plain, withUnit } from "../../results/charts/numbers";
import { Configurations, Run } from "./notebook-run";
import { OUTPUT_KINDS, type Output, type TableOutput } from "./outputs";
import { show, showExpectation } from "./show";

export { chart, type ChartName, type ChartOptions, type Charts, type DrawChart } from "./charts";
export { Configurations, Run, type ConfigurationRow, type ReadsOfAge, type Where } from "./notebook-run";
export { predict, type PredictionQuestion } from "./predicted";
export { load, simulate, type ExperimentSpec, type SimulateOptions, type SpecValue } from "./stored-simulation";
export type { ChartOutput, TableOutput } from "./outputs";
export { count, percent, plain, withUnit };

/** Shows a chart, a table, or any value. */
export function display(value: unknown): void {
  if (isOutput(value)) show(value);
  else if (value instanceof Configurations) show(table(value));
  else if (value instanceof Run) show(table(value.cells(headlineOf(value))));
  else {
    const json = jsonOf(value);
    const text = typeof value === "string" ? value : inspect(value, { depth: 4, breakLength: 100 });
    show(json === undefined ? { kind: "value", text } : { kind: "value", text, json });
  }
}

/** Shows prose with numbers in it: Markdown. */
export function markdown(text: string): void {
  show({ kind: "markdown", text: undented(text) });
}

/** Shows a line that opens to prose: what came out, for a reader who has made a guess. */
export function answer(summary: string, text: string): void {
  show({ kind: "answer", summary, text: undented(text) });
}

/**
 * Says that something is so. Where it is not, the notebook goes on and `quorumlab notebook check` fails.
 * `evidence`: by which numbers.
 */
export function expect(what: string, holds: boolean, evidence = ""): void {
  showExpectation({ text: what, verdict: holds ? "holds" : "fails", evidence });
}

export type Row = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A table of configurations with their metrics, of rows whose keys are the columns, or of what a chart was drawn from. */
export function table(of: Configurations | readonly Row[] | ChartTable, caption = ""): TableOutput {
  if (of instanceof Configurations) return { kind: "table", table: configurationTable(of), caption };
  if ("columns" in of) return { kind: "table", table: of, caption };
  const columns = [...new Set(of.flatMap((row) => Object.keys(row)))];
  const rows = of.map((row) => columns.map((column) => cellOf(row[column])));
  return { kind: "table", table: { columns, rows }, caption };
}

function configurationTable({ rows, metrics }: Configurations): ChartTable {
  const axes = [...new Set(rows.flatMap((row) => Object.keys(row.axes)))];
  const heads = metrics.map((name) => {
    const described = describeMetric(name);
    const unit = rows.find((row) => row.metrics[name] !== undefined)?.metrics[name].unit ?? described?.unit ?? "";
    const shown = unit === "ratio" ? "%" : unit;
    return `${described?.title ?? name}${shown === "" || shown === "count" ? "" : ` (${shown})`}`;
  });
  return {
    columns: [...(axes.length === 0 ? ["configuration"] : axes.map(axisName)), ...heads],
    rows: rows.map((row) => [
      ...(axes.length === 0 ? [row.label] : axes.map((axis) => axisValueOf(axis, row.axes[axis]))),
      ...metrics.map((name) => withoutUnit(metricInWords(row.metrics[name]), row.metrics[name]?.unit ?? "")),
    ]),
  };
}

/** Its unit stands in the heading. */
function withoutUnit(text: string, unit: string): string {
  const shown = unit === "ratio" ? "%" : unit === "1/s" ? "/s" : unit;
  return shown === "" ? text : text.replace(`${NBSP}${shown}`, "");
}

function axisName(axis: string): string {
  const name = axis.slice(axis.lastIndexOf(".") + 1);
  return isQuorumAxis(axis) ? (name === "n_val" ? "N" : name.toUpperCase()) : name.replaceAll("_", " ");
}

function axisValueOf(axis: string, value: string | number | boolean | undefined): string {
  if (value === undefined) return "–";
  const words = axisInWords(axis, value);
  return words.slice(words.indexOf("=") + 1);
}

function headlineOf(run: Run): readonly string[] {
  const asked = run.loaded.manifest.report?.headline ?? [];
  const usual = asked.length > 0 ? asked : ["read_p50_ms", "read_p99_ms", "write_p99_ms", "p_stale", "availability"];
  return usual.filter((name) => run.metrics.includes(name));
}

function cellOf(value: Row[string]): string | number | null {
  if (value === undefined || value === null) return null;
  return typeof value === "boolean" ? (value ? "yes" : "no") : value;
}

function isOutput(value: unknown): value is Output {
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  return typeof kind === "string" && OUTPUT_KINDS.includes(kind);
}

/** Data alone: a number that JSON does not know would come back as another. */
function jsonOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    const text = JSON.stringify(value);
    return text.length > MOST_JSON ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

const MOST_JSON = 100_000;

/** Text in a template literal is indented as the code around it: what all lines have in common goes. */
function undented(text: string): string {
  const lines = text
    .replace(/^\s*\n/, "")
    .trimEnd()
    .split("\n");
  const indents = lines.slice(text.startsWith("\n") ? 0 : 1).filter((line) => line.trim() !== "");
  const least = Math.min(...indents.map((line) => /^ */.exec(line)![0].length));
  return lines
    .map((line) => (Number.isFinite(least) && line.startsWith(" ".repeat(least)) ? line.slice(least) : line))
    .join("\n");
}
