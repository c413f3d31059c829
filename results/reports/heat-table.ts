/**
 * Heat tables, number 3 of the report's list: a metric over two axes of the sweep as a table whose cells are coloured, for the eye that looks
 * for a region and the one that wants the number. It is a table and no picture, because a small grid is better read, copied and spoken as one.
 * Colours are a sequence whose lightness alone tells the order, with its direction written beside it; the ink on them is black or white,
 * whichever stands out more, which on any colour is at least 4.5 to 1. A bound, a hole and what was not measured have no colour, for they have
 * no place on the scale. Where more than two axes vary the others are fixed by a choice above the table; without scripts the
 * first table stands.
 */
import { factorInWords, levelInWords, levelValue } from "../charts/factor-words";
import { escapeText } from "../charts/markup";
import { count, counted, intervalInWords, metricInWords, withUnit } from "../charts/numbers";
import type { AxisValues, CellSummary, LoadedRun } from "../record/run-folder";
import { inAxisOrder } from "../statistics/axis-order";
import { designOf, type Design, type Factor } from "../statistics/factors";
import { inWorld, worldsOf } from "../statistics/worlds";
import { describeMetric, headlines, unitInWords, type Headline } from "./headline";
import { bareMetric } from "./tables";
import { worldBadge } from "./world-badge";

export const HEAT_SECTION = { id: "heat-tables", name: "Heat tables" } as const;

const QUESTION = "Where in the space is it good?";
/** Larger grids are not read as tables. */
const MOST_LEVELS = 12;
const MOST_METRICS = 8;
/** Of all tables of a world together: what is left out is counted. */
const MOST_CELLS = 1_500;

interface Grid {
  readonly rows: Factor;
  readonly columns: Factor;
  /** Settings of the other axes, in order; one without any where only two vary. */
  readonly settings: readonly { readonly key: string; readonly words: string }[];
  /** By setting, row and column. */
  readonly cells: ReadonlyMap<string, CellSummary>;
  readonly metrics: readonly Headline[];
  readonly left: number;
}

/** Empty where no world has two axes of which a table can be made. HTML. */
export function heatSection(unordered: LoadedRun): string {
  const run = inAxisOrder(unordered);
  const several = worldsOf(run).length > 1;
  const parts = worldsOf(run).flatMap((world) => {
    const part = inWorld(run, world);
    const grid = gridOf(part);
    if (grid === undefined) return [];
    return [`${several ? `<p class="whose">${worldBadge(world)}</p>` : ""}${ofWorld(part, grid, world)}`];
  });
  return parts.length === 0 ? "" : `<h2>${QUESTION}</h2>${parts.join("")}`;
}

function gridOf(run: LoadedRun): Grid | undefined {
  if (run.manifest.saturation !== undefined) return undefined;
  const design = designOf(
    run.manifest.axisGroups ?? run.manifest.axes.map((axis) => [axis]),
    run.cells.map(({ axes }) => axes),
  );
  const small = design.factors.filter(({ levels }) => levels.length <= MOST_LEVELS);
  if (small.length < 2) return undefined;
  const [first, second] = small;
  // The longer way is down: a phone scrolls there.
  const [rows, columns] = first.levels.length < second.levels.length ? [second, first] : [first, second];
  const cells = new Map<string, CellSummary>();
  const settings = new Map<string, string>();
  for (const cell of run.cells) {
    const { key, words } = settingOf(design, [rows, columns], cell.axes);
    settings.set(key, words);
    cells.set(`${key}|${placeOf(design, rows, cell.axes)}|${placeOf(design, columns, cell.axes)}`, cell);
  }
  const metrics = headlines(run)
    .filter(({ name }) => new Set(run.cells.map(({ metrics: of }) => of[name]?.value ?? null)).size > 1)
    .slice(0, MOST_METRICS);
  if (metrics.length === 0) return undefined;
  const size = rows.levels.length * columns.levels.length * metrics.length;
  const shown = Math.max(1, Math.floor(MOST_CELLS / size));
  const all = [...settings].map(([key, words]) => ({ key, words }));
  return { rows, columns, settings: all.slice(0, shown), cells, metrics, left: Math.max(0, all.length - shown) };
}

function placeOf(design: Design, factor: Factor, axes: AxisValues): number {
  return design.levelsOf(axes)[design.factors.indexOf(factor)];
}

function settingOf(
  { factors, levelsOf }: Design,
  shown: readonly Factor[],
  axes: AxisValues,
): { readonly key: string; readonly words: string } {
  const levels = levelsOf(axes);
  const others = factors
    .map((factor, i) => ({ factor, level: levels[i] }))
    .filter(({ factor }) => !shown.includes(factor));
  return {
    key: others.map(({ level }) => level).join("-"),
    words: others.map(({ factor, level }) => levelInWords(factor, factor.levels[level])).join(", "),
  };
}

function ofWorld(run: LoadedRun, grid: Grid, world: string): string {
  const { metrics, settings, left, rows, columns } = grid;
  const select = (label: string, options: readonly string[]): string =>
    `<label>${escapeText(label)} <select>${options.map((text, i) => `<option value="${i}">${escapeText(text)}</option>`).join("")}</select></label>`;
  const choices = [
    ...(metrics.length > 1 ? [select("Metric", metrics.map(({ title }) => title))] : []), // prettier-ignore
    ...(settings.length > 1 ? [select("with", settings.map(({ words }) => words))] : []), // prettier-ignore
  ];
  const tables = metrics.flatMap((metric, m) =>
    settings.map((setting, s) => {
      const id = [...(metrics.length > 1 ? [m] : []), ...(settings.length > 1 ? [s] : [])].join(" ");
      return `<div class="heat" data-heat="${id}"${m + s > 0 ? " hidden" : ""}>${tableOf(run, grid, metric, setting)}</div>`;
    }),
  );
  const many = tables.length > 1;
  const notes = [
    `${factorInWords(rows)} down, ${factorInWords(columns)} across; medians over repetitions with their intervals, as in the table of results.`,
    ...(left === 0 ? [] : [`Of ${count(left + settings.length)} settings of the other axes the first ${count(settings.length)} are here; all are in summaries/cells.csv.`]), // prettier-ignore
    ...(many ? [`Without scripts only the first of ${counted(tables.length, "table")} is shown; all numbers stand under “All metrics of all configurations”.`] : []), // prettier-ignore
  ];
  return (
    `<p class="answer">${escapeText(answerOf(run, grid))}</p><div class="heats" id="heats-${world}">` +
    (choices.length === 0 ? "" : `<p class="heat-choice" hidden>${choices.join(" ")}</p>`) +
    `${tables.join("\n")}</div><p class="facts">${escapeText(notes.join(" "))}</p>`
  );
}

/** The best cell of the first metric that has a good direction, and how many others cannot be told from it. */
function answerOf(run: LoadedRun, grid: Grid): string {
  const directed = grid.metrics.find(({ name }) => betterOf(run, name) !== "neutral") ?? grid.metrics[0];
  const { name, title } = directed;
  const better = betterOf(run, name);
  const known = [...grid.cells.values()].filter((cell) => typeof valueOf(cell, name) === "number");
  if (known.length === 0) return `No configuration has a value of ${title} that is more than a bound; ${counted(grid.cells.size, "configuration")} stand below.`; // prettier-ignore
  const sorted = [...known].sort((a, b) => (valueOf(a, name)! - valueOf(b, name)!) * (better === "higher" ? -1 : 1));
  const [best, worst] = [sorted[0], sorted.at(-1)!];
  const say = (cell: CellSummary): string => `${placeInWords(run, cell)} (${metricInWords(cell.metrics[name])})`;
  const ends = (cell: CellSummary): { lo: number; hi: number } => {
    const { value, lo, hi } = cell.metrics[name];
    return { lo: lo ?? value!, hi: hi ?? value! };
  };
  const alike = sorted.slice(1).filter((cell) => ends(cell).lo <= ends(best).hi && ends(cell).hi >= ends(best).lo);
  const words = better === "neutral" ? ["lowest", "highest"] : ["best", "worst"];
  return (
    `Of ${counted(known.length, "configuration")}, ${title} is ${words[0]} at ${say(best)} and ${words[1]} at ${say(worst)}` +
    (known.some(({ metrics }) => metrics[name].lo === null || metrics[name].hi === null)
      ? "; not all of them have intervals, so whether that is more than chance is not told."
      : alike.length === 0
        ? "; no other interval reaches the first's."
        : `; the intervals of ${counted(alike.length, "other")} overlap with the first's, so which of them is ${words[0]} is not told.`)
  );
}

function placeInWords(run: LoadedRun, cell: CellSummary): string {
  const design = designOf(
    run.manifest.axisGroups ?? run.manifest.axes.map((axis) => [axis]),
    run.cells.map(({ axes }) => axes),
  );
  const levels = design.levelsOf(cell.axes);
  return design.factors.map((factor, i) => levelInWords(factor, factor.levels[levels[i]])).join(" ");
}

function tableOf(run: LoadedRun, grid: Grid, metric: Headline, setting: Grid["settings"][number]): string {
  const { rows, columns, cells } = grid;
  // One scale for all settings, or a colour would mean another value in the next table.
  const values = [...cells.values()].flatMap((cell) => valueOf(cell, metric.name) ?? []);
  const scale = scaleOf(values);
  const body = rows.levels.map((level, r) => {
    const across = columns.levels.map((_, c) =>
      cellHtml(cells.get(`${setting.key}|${r}|${c}`), metric, scale, betterOf(run, metric.name)),
    );
    return `<tr><th scope="row">${escapeText(levelValue(rows, level))}</th>${across.join("")}</tr>`;
  });
  const caption = `${metric.title}${metric.unit === "" ? "" : ` (${unitInWords(metric.unit)})`}${setting.words === "" ? "" : ` with ${setting.words}`}`;
  return `<div class="scroll"><table><caption>${escapeText(caption)}</caption><thead><tr><th scope="col">${escapeText(`${factorInWords(rows)} \\ ${factorInWords(columns)}`)}</th>${columns.levels
    .map((level) => `<th scope="col">${escapeText(levelValue(columns, level))}</th>`)
    .join(
      "",
    )}</tr></thead><tbody>${body.join("")}</tbody></table></div>${legend(scale, metric, betterOf(run, metric.name))}`;
}

function cellHtml(cell: CellSummary | undefined, { name }: Headline, scale: Scale, better: Better): string {
  if (cell === undefined) return `<td class="dim">not run</td>`;
  const metric = cell.metrics[name];
  if (metric === undefined || metric.value === null)
    return `<td class="dim">${cell.validity.verdict === "invalid" ? "no valid trial" : "–"}</td>`;
  const doubt = cell.validity.verdict === "valid" ? "" : ` <span title="${cell.validity.verdict}">!</span>`;
  const interval = intervalInWords(metric);
  const text = `${escapeText(bareMetric(metric))}${doubt}${interval === "" ? "" : `<span class="interval">${escapeText(interval)}</span>`}`;
  if (metric.atLeast === true) return `<td>${text}</td>`;
  const colour = colourAt(better === "higher" ? 1 - scale.at(metric.value) : scale.at(metric.value));
  return `<td style="background:${hex(colour)};color:${inkOn(colour)}">${text}</td>`;
}

type Better = "lower" | "higher" | "neutral";

function betterOf(run: LoadedRun, metric: string): Better {
  return describeMetric(run, metric)?.better ?? "neutral";
}

/** Not of a bound, nor of what was not measured. */
function valueOf(cell: CellSummary, name: string): number | undefined {
  const metric = cell.metrics[name];
  return metric === undefined || metric.value === null || metric.atLeast === true ? undefined : metric.value;
}

interface Scale {
  readonly min: number;
  readonly max: number;
  readonly logarithmic: boolean;
  /** 0 at the lowest, 1 at the highest. */
  readonly at: (value: number) => number;
}

function scaleOf(values: readonly number[]): Scale {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const logarithmic = min > 0 && max / min >= 10;
  const of = (value: number): number => (logarithmic ? Math.log(value) : value);
  return { min, max, logarithmic, at: (value) => (max > min ? (of(value) - of(min)) / (of(max) - of(min)) : 0) };
}

/** Bright is better where there is a better, else bright is low. */
function legend({ min, max, logarithmic }: Scale, { unit }: Headline, better: Better): string {
  if (!Number.isFinite(min)) return "";
  const [bright, dark] = better === "higher" ? [max, min] : [min, max];
  const words = better === "neutral" ? ["lowest", "highest"] : ["best", "worst"];
  const stops = STOPS.map(hex).join(",");
  return `<p class="heat-legend"><span>${words[0]}: ${escapeText(withUnit(bright, unit))}</span><span class="bar" style="background:linear-gradient(90deg,${stops})" role="img" aria-label="bright to dark"></span><span>${words[1]}: ${escapeText(withUnit(dark, unit))}</span><span>${logarithmic ? "scale of factors" : "even scale"}; the darker the ${better === "neutral" ? "higher" : "worse"}</span></p>`;
}

type Colour = readonly [red: number, green: number, blue: number];

/** After viridis (van der Walt and Smith 2015), from bright to dark. */
const STOPS: readonly Colour[] = [
  [253, 231, 37],
  [122, 209, 81],
  [34, 168, 132],
  [42, 120, 142],
  [65, 68, 135],
  [68, 1, 84],
];

export function colourAt(share: number): Colour {
  const at = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const from = Math.min(STOPS.length - 2, Math.floor(at));
  return STOPS[from].map((value, i) =>
    Math.round(value + (STOPS[from + 1][i] - value) * (at - from)),
  ) as unknown as Colour;
}

/** Black or white, whichever has the higher contrast (WCAG 2.1): their limit is where both have 4.58 to 1. */
export function inkOn(colour: Colour): "#000" | "#fff" {
  return luminance(colour) > 0.179 ? "#000" : "#fff";
}

export function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function hex(colour: Colour): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
