/**
 * The run's numbers as tables for a paper, with booktabs alone: a value is split at its decimal point into two columns, so
 * that points stand below each other without another package. A value is bold only where it is shown to be best, that is where
 * every other configuration of its world is worse by the report's own test (corrected over all of them): the smallest of
 * several noisy numbers is not a finding. Wide tables are cut into several, because a table that runs off the page is none.
 */
import { otherAxes, worldsOf, inWorld, WORLD_IN_WORDS } from "../statistics/worlds";
import { inAxisOrder } from "../statistics/axis-order";
import { compareCells } from "../statistics/compare";
import { intervalKind, REPETITIONS_FOR_INTERVAL } from "../statistics/summarise";
import type { CellSummary, LoadedRun } from "../record/run-folder";
import { describeMetric, headlines } from "../reports/headline";
import { tex, texComment } from "./tex";
import { intervalInTex, inTex, unitOfColumn } from "./values";

export interface PaperTable {
  /** `tab-main-1`: file and label. */
  readonly name: string;
  readonly caption: string;
  readonly content: string;
  readonly metrics: readonly string[];
}

/** Metrics side by side. */
const METRICS_A_TABLE = 3;
/** Rows that fit on a page. */
const ROWS_A_TABLE = 40;

/** Cells whose value of the metric is shown to be the best of its world, at most one a world. */
export function shownBest(run: LoadedRun, metric: string): ReadonlySet<string> {
  const better = describeMetric(run, metric)?.better ?? "neutral";
  if (better === "neutral") return new Set();
  const { alpha, noiseFloor } = run.manifest.analysis ?? { alpha: 0.05, noiseFloor: 0.02 };
  return new Set(
    worldsOf(run).flatMap((world) => {
      const here = inWorld(run, world);
      const measured = here.cells.filter(
        ({ metrics, validity }) => (metrics[metric]?.value ?? null) !== null && validity.verdict !== "invalid",
      );
      if (measured.length < 2 || measured.some(({ metrics }) => metrics[metric].atLeast === true)) return [];
      const sign = better === "lower" ? 1 : -1;
      const best = measured.reduce((a, b) =>
        sign * (b.metrics[metric].value! - a.metrics[metric].value!) < 0 ? b : a,
      );
      const rows = compareCells(here.trials, { baseline: best.id, metrics: [metric], alpha, noiseFloor });
      const others = rows.filter((row) => row.cell !== best.id && row.metric === metric);
      const all = others.length === measured.length - 1 && others.every(({ verdict }) => verdict === "worse");
      return all ? [best.id] : [];
    }),
  );
}

export function tablesOf(unordered: LoadedRun): readonly PaperTable[] {
  const run = inAxisOrder(unordered);
  const metrics = headlines(run).filter(({ name }) =>
    run.cells.some((cell) => (cell.metrics[name]?.value ?? null) !== null),
  );
  const worlds = worldsOf(run);
  return worlds.flatMap((world) => {
    const { cells } = inWorld(run, world);
    const chunks = chunked(metrics, METRICS_A_TABLE);
    return chunks.flatMap((some, i) =>
      chunked(cells, ROWS_A_TABLE).map((rows, j) => {
        const part = [
          worlds.length > 1 ? `-${world}` : "",
          chunks.length > 1 ? `-${i + 1}` : "",
          j > 0 ? `-page${j + 1}` : "",
        ];
        const name = `tab-main${part.join("")}`;
        return {
          name,
          caption: captionOf(run, world, some, rows),
          content: tableTex(run, some, rows),
          metrics: some.map((one) => one.name),
        };
      }),
    );
  });
}

/** Counts what the numbers rest on: trials that failed or are not valid are no repetitions of a median. */
function captionOf(
  run: LoadedRun,
  world: CellSummary["world"],
  metrics: readonly { readonly name: string }[],
  cells: readonly CellSummary[],
): string {
  const found = cells.flatMap((cell) => metrics.flatMap(({ name }) => cell.metrics[name] ?? []));
  const measured = found.filter(({ value }) => value !== null).map(({ n }) => n);
  const counts = measured.length === 0 ? [0] : measured;
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const n = least === most ? String(least) : `${least} to ${most}`;
  const kinds = new Set(measured.map(intervalKind));
  const interval =
    kinds.size === 1 && kinds.has("over-repetitions")
      ? "95 % intervals of the median in brackets"
      : kinds.has("over-repetitions")
        ? `in brackets 95 % intervals of the median where there are at least ${REPETITIONS_FOR_INTERVAL} repetitions, else what single runs show`
        : "too few repetitions for an interval over them: in brackets what single runs show";
  const title = run.manifest.title.trim();
  return `${title}${/[.?!]$/.test(title) ? "" : "."} Median of ${n} ${most === 1 ? "repetition" : "repetitions"}, ${interval}; ${WORLD_IN_WORDS[world]}. Bold: shown to be best.`;
}

function tableTex(
  run: LoadedRun,
  metrics: readonly { readonly name: string; readonly title: string; readonly unit: string }[],
  cells: readonly CellSummary[],
): string {
  const axes = run.manifest.axes.filter((axis) => axis !== "world");
  const heads = axes.length === 0 ? ["configuration"] : axes.map((axis) => axis.split(".").at(-1)!);
  const best = new Map(metrics.map(({ name }) => [name, shownBest(run, name)]));
  const columns = [...heads.map(() => "l"), ...metrics.map(() => "r@{}l@{\\;}l")].join("");
  const titles = [
    ...heads.map(tex),
    ...metrics.map(({ title, unit }) => `\\multicolumn{3}{c}{${tex(title)}${ofUnit(unit)}}`),
  ];
  const rules = metrics
    .map((_, i) => `\\cmidrule(lr){${heads.length + 1 + 3 * i}-${heads.length + 3 + 3 * i}}`)
    .join("");
  const rows = cells.map((cell) => {
    const own = otherAxes(cell.axes);
    const invalid = cell.validity.verdict === "invalid";
    const names =
      axes.length === 0
        ? [tex(cell.id)]
        : axes.map((axis) => (own[axis] === undefined ? "--" : tex(valueOfAxis(own[axis]))));
    const values = metrics.map(({ name }) => {
      const value = cell.metrics[name];
      if (invalid) return "\\multicolumn{3}{c}{no valid trial}";
      if (value === undefined || value.value === null) return "\\multicolumn{3}{c}{--}";
      const bold = best.get(name)!.has(cell.id);
      const [whole, ...rest] = splitAtPoint(inTex(value));
      const b = (text: string): string => (bold && text !== "" ? `\\textbf{${text}}` : text);
      const interval = intervalInTex(value);
      return `${b(whole)}&${b(rest.join(""))}&${interval === "--" ? "" : `\\footnotesize ${interval}`}`;
    });
    // A bracket or a star at the beginning of a row would be taken for an argument of the line before.
    return `{}${[...names, ...values].join(" & ")} \\\\`;
  });
  return [
    texComment(`${run.manifest.experiment}, run ${run.manifest.run}. Needs \\usepackage{booktabs}`),
    `\\begin{tabular}{${columns}}`,
    "\\toprule",
    `{}${titles.join(" & ")} \\\\`,
    rules === "" ? "\\midrule" : rules,
    ...rows,
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

function valueOfAxis(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function ofUnit(unit: string): string {
  const text = unitOfColumn(unit);
  return text === "" ? "" : ` (${text})`;
}

/** `14.9` is `14` and `.9`; a power of ten or a grouped number stays whole. */
function splitAtPoint(text: string): readonly string[] {
  const found = /^((?:\\ensuremath\{[^}]*\}\\?,?)?[^.]*?)(\.\d+)$/.exec(text);
  return found === null ? [text] : [found[1], found[2]];
}

function chunked<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** A label for `\ref` made of letters and hyphens. */
export function labelOf(name: string): string {
  return `tab:${name.replace(/^tab-/, "")}`;
}
