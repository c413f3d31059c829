/**
 * A run as text: one row a cell with what varied, the headline metrics and their intervals, and a mark where a number
 * is in doubt. It is for the eye at the end of a run; programs read the JSON. Where the terminal is too narrow the
 * last metrics are left out and named, because a table that wraps cannot be read.
 */
import { chartInput } from "../charts/cells";
import { intervalsInWords } from "../charts/interval-words";
import { counted, intervalInWords, metricInWords, NBSP, signedWithUnit, withUnit } from "../charts/numbers";
import type { CellSummary, LoadedRun } from "../record/run-folder";
import { inAxisOrder } from "../statistics/axis-order";
import { effectsOf } from "../statistics/effects";
import { inWorld, WORLD_IN_WORDS, worldsOf } from "../statistics/worlds";
import { isComparable, isDecided, verdictInWords, whyNothingCanShow } from "./comparison";
import { couldShow, effectsInWords } from "./effects";
import { headlines, unitInWords, worstValidity, type Headline } from "./headline";
import { leftOutTrials, missingInWords } from "./left-out";
import { judgeHypotheses } from "../statistics/expectations";
import { judgeObjectives } from "../statistics/service-levels";
import {
  countVerdicts,
  evidenceInWords,
  frontInWords,
  labelsOf,
  markCells,
  MARKS,
  objectiveInWords,
  toldTogether,
} from "./objectives";
import { saturationTexts } from "./saturation";
import { axisTitle, axisValue, bareMetric } from "./tables";
import { comparableInWords, opinionInWords, opinionsOf, storesInWords, targetsInWords } from "./targets";
import { aboutInWords, besidePublished, VERDICT_IN_WORDS } from "./published";
import { verdictsOf } from "./verdict";

export interface TerminalOptions {
  /** ANSI colours. */
  readonly color: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
}

interface Column {
  readonly head: string;
  readonly values: readonly string[];
  readonly right: boolean;
}

/** Ends with a line break. Control characters in texts that people wrote are replaced. */
export function renderTerminal(unordered: LoadedRun, options: TerminalOptions): string {
  const run = inAxisOrder(unordered);
  const { manifest } = run;
  const paint = (code: string, text: string): string => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const width = Math.max(40, options.columns);
  const worlds = worldsOf(run);
  const lines: string[] = [];
  const what = targetsInWords(run);
  const on = what === "" ? "" : `, ${clean(what)}`;
  lines.push(paint("1", clean(manifest.title)));
  lines.push(
    ...wrapped(
      `${clean(manifest.experiment)}  ${clean(manifest.run)}  ${worlds.map((world) => WORLD_IN_WORDS[world]).join(" and ")}${on}, profile ${clean(manifest.profile)}, ${run.trials.length === 0 ? "no trial: nothing was measured" : counted(run.trials.length, "trial")}`,
      width,
    ),
  );
  const labels = Object.entries(manifest.tags).map(([key, value]) => `${key}=${value}`);
  if (labels.length > 0) lines.push(...wrapped(`tags: ${clean(labels.join(", "))}`, width));
  if (manifest.note !== null && manifest.note !== "") lines.push(...wrapped(`note: ${clean(manifest.note)}`, width));
  for (const { world, text } of verdictsOf(run))
    lines.push(
      "",
      ...wrapped(clean(worlds.length < 2 || world === undefined ? text : `${WORLD_IN_WORDS[world]}: ${text}`), width),
    );
  if (manifest.stopped !== undefined)
    lines.push("", ...wrapped(`the run stopped itself: ${clean(manifest.stopped.reason)}`, width));
  lines.push(
    ...saturationLines(run, width, paint),
    ...objectiveLines(run, width, paint),
    ...hypothesisLines(run, width),
    "",
  );
  for (const world of worlds) {
    const part = inWorld(run, world);
    if (worlds.length > 1) lines.push(paint("1", `${WORLD_IN_WORDS[world]}:`));
    lines.push(...resultLines(part, width, paint), ...comparisons(part, width, paint));
    for (const effects of effectsOf(part))
      if (couldShow(part, effects)) lines.push("", ...wrapped(clean(effectsInWords(part, effects)), width));
    if (worlds.length > 1 && world !== worlds.at(-1)) lines.push("");
  }
  const between = comparableInWords(run);
  if (between !== "") lines.push("", ...wrapped(clean(between), width));
  for (const line of storesInWords(run)) lines.push("", ...wrapped(clean(line), width));
  const opinions = opinionsOf(run);
  if (opinions.length > 0) lines.push("", ...opinions.flatMap((one) => wrapped(clean(opinionInWords(one)), width)));
  const missing = missingInWords(run);
  if (missing !== "") lines.push("", ...wrapped(clean(missing), width));
  lines.push(...publishedLines(run, width), ...doubtLines(run, width), ...leftOutLines(run, width));
  return (
    lines
      .join("\n")
      .replace(new RegExp(NBSP, "g"), " ")
      .replace(/\u202f/g, " ") + "\n"
  );
}

type Painter = (code: string, text: string) => string;

/** The table of one world, and what to know about it. */
function resultLines(run: LoadedRun, width: number, paint: Painter): string[] {
  const lines: string[] = [];
  const axes = run.manifest.axes.map((axis): Column =>
    column(
      axisTitle(run, axis),
      run.cells.map((cell) => axisValue(axis, cell.axes[axis])),
    ),
  );
  if (axes.length === 0)
    axes.push(
      column(
        "configuration",
        run.cells.map((cell) => cell.id),
      ),
    );
  const doubts = column(
    "",
    run.cells.map((cell) =>
      cell.validity.verdict === "valid" ? "" : cell.validity.verdict === "invalid" ? "!!" : "!",
    ),
  );
  const marks = markCells(run);
  const stars = column(
    "",
    run.cells.map(({ id }) => marks.get(id) ?? ""),
  );
  const fixed = [...(marks.size > 0 ? [stars] : []), ...axes, doubts, ...objectiveColumn(run)];
  const metrics = headlines(run).map((headline) => metricColumn(run.cells, headline));
  const fitting = fit(fixed, metrics, width);
  const table = [...fixed, ...fitting];
  if (run.cells.length > 0) {
    lines.push(
      paint(
        "1",
        row(table, (one) => one.head),
      ),
    );
    run.cells.forEach((cell, i) => {
      const text = row(table, (one) => one.values[i]);
      lines.push(cell.validity.verdict === "valid" ? text : paint("33", text));
    });
  }
  const left = metrics.slice(fitting.length);
  if (left.length > 0)
    lines.push(...wrapped(`not shown for want of room: ${left.map(({ head }) => head).join(", ")}`, width));
  const notes = [footnote(run), frontInWords(run)].filter((note) => note !== "");
  lines.push(...notes.flatMap((note) => wrapped(note, width)).map((text) => paint("2", text)));
  return lines;
}

/** One mark for each objective that is not met: `✗ converge`, `? read-p99`; `✓` where all are. */
function objectiveColumn(run: LoadedRun): Column[] {
  const judged = judgeObjectives(run);
  if (judged.length === 0) return [];
  return [
    column(
      "SLOs",
      run.cells.map(({ id }) => {
        const open = judged.filter(({ cell, verdict }) => cell.id === id && verdict !== "pass");
        return open.length === 0 ? MARKS.pass : open.map((one) => `${MARKS[one.verdict]}${one.objective.id}`).join(" ");
      }),
    ),
  ];
}

/** Of a search: every rate tried, and the answer, curve by curve. */
function saturationLines(run: LoadedRun, width: number, paint: Painter): string[] {
  return saturationTexts(run).flatMap(({ heading, table, answer }) => {
    const columns = table.columns.map((head, i) =>
      column(
        head,
        table.rows.map((cells) => String(cells[i])),
      ),
    );
    return [
      "",
      ...(heading === "" ? [] : [paint("1", clean(heading))]),
      row(columns, (one) => one.head),
      ...table.rows.map((_, i) => row(columns, (one) => one.values[i])),
      ...wrapped(clean(answer), width),
    ];
  });
}

/** The table of objectives, and of each that is not met everywhere why, once for each reason. */
function objectiveLines(run: LoadedRun, width: number, paint: Painter): string[] {
  const judged = judgeObjectives(run);
  if (judged.length === 0) return [];
  const counts = countVerdicts(judged);
  const table = [
    column(
      "SLOs",
      counts.map(({ objective }) => objective.id),
    ),
    column(
      "",
      counts.map(({ objective }) => objectiveInWords(objective)),
    ),
    column(
      "cells",
      counts.map(() => String(run.cells.length)),
    ),
    ...(["pass", "fail", "inconclusive"] as const).map((verdict) =>
      column(
        verdict,
        counts.map((one) => String(one.counts[verdict])),
      ),
    ),
  ];
  const labels = labelsOf(run);
  const told = counts.flatMap(({ objective }) =>
    (["fail", "inconclusive"] as const).flatMap((verdict) =>
      toldTogether(judged.filter((each) => each.objective === objective && each.verdict === verdict)).flatMap(
        ({ first: { cell }, many, value, ground }) => {
          const others = many === 1 ? "" : `, and ${counted(many - 1, "other")}`;
          return wrapped(
            clean(
              `  ${MARKS[verdict]} ${objective.id}: ${labels.get(cell.id) ?? cell.id}${others}: ${value} (${ground})`,
            ),
            width,
          );
        },
      ),
    ),
  );
  return [
    "",
    paint(
      "1",
      row(table, (one) => one.head),
    ),
    ...counts.map(({ counts: { fail, inconclusive } }, i) =>
      paint(
        fail > 0 ? "31" : inconclusive > 0 ? "33" : "32",
        row(table, (one) => one.values[i]),
      ),
    ),
    ...told,
  ];
}

/** Hypotheses with a condition; those in words alone are for the report. */
function hypothesisLines(run: LoadedRun, width: number): string[] {
  const judged = judgeHypotheses(run).filter(({ verdict }) => verdict !== "stated");
  if (judged.length === 0) return [];
  const labels = labelsOf(run);
  return [
    "",
    ...judged.flatMap((one) =>
      wrapped(
        clean(
          `${one.hypothesis.id} ${one.verdict}: ${one.hypothesis.text.replace(/\s+/g, " ").trim()} (${evidenceInWords(one, labels)})`,
        ),
        width,
      ),
    ),
  ];
}

/** Published values beside the measured ones. */
function publishedLines(run: LoadedRun, width: number): string[] {
  const all = besidePublished(run);
  if (all.length === 0) return [];
  const labels = new Map(chartInput(run).cells.map((cell) => [cell.summary.id, cell.label]));
  return [
    "",
    "published beside measured",
    ...all.flatMap((one) => {
      const { published, measured, verdict } = one;
      const unit = measured?.unit ?? "";
      const about = aboutInWords(one, ({ id }) => labels.get(id) ?? id);
      return wrapped(
        clean(
          `  ${about}  ${published.metric}: ${metricInWords(measured)}, published ${withUnit(published.value, unit)} (${published.source})  ${VERDICT_IN_WORDS[verdict]}`,
        ),
        width,
      );
    }),
  ];
}

function column(head: string, values: readonly string[]): Column {
  const cleaned = values.map(clean);
  return { head: clean(head), values: cleaned, right: cleaned.every((value) => /^-?[\d.]+$/.test(value)) };
}

function metricColumn(cells: readonly CellSummary[], { name, title, unit }: Headline): Column {
  return {
    // "lost updates" says that it is a count.
    head: unit === "count" ? title : `${title} ${unitInWords(unit)}`,
    values: cells.map((cell) => {
      const metric = cell.metrics[name];
      if (metric === undefined || metric.value === null) return cell.validity.verdict === "invalid" ? "invalid" : "-";
      const interval = intervalInWords(metric);
      return `${bareMetric(metric)}${interval === "" ? "" : ` ${interval}`}`;
    }),
    right: false,
  };
}

function widthOf({ head, values }: Column): number {
  return Math.max(head.length, ...values.map((value) => value.length));
}

/** As many metrics, from the first, as the width has room for; at least one. */
function fit(fixed: readonly Column[], metrics: readonly Column[], width: number): readonly Column[] {
  let used = fixed.reduce((sum, one) => sum + widthOf(one) + 2, 0);
  let n = 0;
  for (const metric of metrics) {
    used += widthOf(metric) + 2;
    if (used > width && n > 0) break;
    n += 1;
  }
  return metrics.slice(0, n);
}

function row(columns: readonly Column[], text: (column: Column) => string): string {
  return columns
    .map((one) => (one.right ? text(one).padStart(widthOf(one)) : text(one).padEnd(widthOf(one))))
    .join("  ")
    .trimEnd();
}

function footnote(run: LoadedRun): string {
  if (run.cells.length === 0) return "no configuration finished";
  const least = Math.min(...run.cells.map((cell) => cell.trials.length));
  return `${counted(least, "repetition")}; ${intervalsInWords(run.cells)}.`
    .replace(/below (it|them)/g, "beside $1")
    .replace(/beside it stands/, "in brackets stands");
}

function comparisons(run: LoadedRun, width: number, paint: Painter): string[] {
  if (run.comparisons.length === 0) return [];
  const hopeless = whyNothingCanShow(run);
  if (hopeless !== undefined) return ["", ...wrapped(clean(hopeless), width)];
  const labels = new Map(chartInput(run).cells.map((cell) => [cell.summary.id, cell.label]));
  const name = (id: string): string => labels.get(id) ?? id;
  // The report shows all; a screen has room for what was decided.
  const decided = run.comparisons.filter(isDecided);
  const refused = run.comparisons.filter((one) => !isComparable(one));
  const rows = run.comparisons.length <= FEW_COMPARISONS ? run.comparisons : [...decided, ...refused];
  const open = run.comparisons.filter((one) => one.verdict === "inconclusive").length;
  const same = run.comparisons.length - decided.length - open - refused.length;
  const summary = wrapped(
    `Against ${clean(name(run.comparisons[0].baseline))}: ${counted(decided.length, "difference")}, ${same} the same, ${open} inconclusive${refused.length === 0 ? "" : `, ${refused.length} not comparable`} of ${counted(run.comparisons.length, "comparison")} (${[...new Set(run.comparisons.map(({ metric }) => metric))].join(", ")}). Inconclusive means that this run cannot tell, never that they are the same: add repetitions.`,
    width,
  );
  if (rows.length === 0) return ["", ...summary];
  const table = [
    column(
      "against the baseline",
      rows.map((one) => name(one.cell)),
    ),
    column(
      "metric",
      rows.map((one) => one.metric),
    ),
    column(
      "difference",
      rows.map((one) => (one.difference === null ? "-" : signedWithUnit(one.difference, one.unit))),
    ),
    column("verdict", rows.map(verdictInWords)),
  ];
  return [
    "",
    paint(
      "1",
      row(table, (one) => one.head),
    ),
    ...rows.map((one, i) => {
      const text = row(table, (each) => each.values[i]);
      const code =
        one.verdict === "better" ? "32" : one.verdict === "worse" ? "31" : one.verdict === "different" ? "0" : "2";
      return paint(code, text);
    }),
    ...summary,
  ];
}

function doubtLines(run: LoadedRun, width: number): string[] {
  const worst = worstValidity(run.cells);
  if (worst.verdict === "valid" || worst.verdict === "nothing") return [];
  const seen = new Map<string, { cells: number; text: string }>();
  for (const cell of run.cells)
    for (const doubt of cell.validity.doubts) {
      const known = seen.get(doubt.kind);
      if (known === undefined) seen.set(doubt.kind, { cells: 1, text: `${doubt.reason}. ${doubt.advice}` });
      else known.cells += 1;
    }
  return [
    "",
    `! ${worst.verdict}: ${worst.count} of ${counted(run.cells.length, "configuration")}`,
    ...[...seen].flatMap(([kind, { cells, text }]) =>
      wrapped(clean(`  ${kind} (${counted(cells, "configuration")}): ${text}`), width),
    ),
  ];
}

/** Invalid trials with their values, one by one; a screen has room for some. */
function leftOutLines(run: LoadedRun, width: number): string[] {
  const all = leftOutTrials(run);
  if (all.length === 0) return [];
  const more = all.length - MOST_LEFT_OUT;
  return [
    "",
    `${counted(all.length, "trial")} invalid, in no number above:`,
    ...all
      .slice(0, MOST_LEFT_OUT)
      .flatMap(({ configuration, repetition, kinds, values }) =>
        wrapped(
          clean(`  ${configuration}, repetition ${repetition}: ${kinds.join(", ")}; ${values.join(", ")}`),
          width,
        ),
      ),
    ...(more > 0 ? [`  and ${more} more: summaries/trials.csv has all`] : []),
  ];
}

const MOST_LEFT_OUT = 10;

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" && lines.length === 0 ? word : line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** More than these push the results off the screen. */
const FEW_COMPARISONS = 8;

/** A title must not move the cursor. */
function clean(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}
