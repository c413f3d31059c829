/**
 * A comparison as text for a terminal: sides, whether they may be compared, what they differ in, the verdicts, and what is behind them.
 * One table a matched configuration, a row a metric and side, so that three sides need no wider terminal than two; a reason that is
 * too long for its column stands below the table once, with the rows that it belongs to.
 */
import { listed } from "../charts/numbers";
import type { ComparedMetric, RunComparison } from "../comparison/run-comparison";
import {
  differenceInWords,
  geometricMeansInWords,
  methodInWords,
  pInWords,
  relativeInWords,
  sideInWords,
  valueInWords,
  verdictMark,
  verdictSentences,
  WEIGHT_IN_WORDS,
} from "./compare-words";
import { utc } from "./method";

export interface ComparisonTextOptions {
  readonly color: boolean;
  readonly columns: number;
  /** Equal parameters too. */
  readonly all?: boolean;
  /** The optional geometric means. */
  readonly geometricMeans?: boolean;
}

/** Ends with a line break. */
export function renderComparisonText(comparison: RunComparison, options: ComparisonTextOptions): string {
  const width = Math.max(60, options.columns);
  const paint = (code: string, text: string): string => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines: string[] = [];
  const title = (text: string): void => void lines.push("", paint("1", text));
  for (const { letter, name, experiment, run, startedAt, cells, trials } of comparison.sides)
    lines.push(
      ...wrapped(
        `${letter}  ${name}  ${comparison.by.length > 0 || name !== run ? `${experiment} ${run}` : experiment}  ${utc(startedAt)}  ${cells} ${cells === 1 ? "configuration" : "configurations"}, ${trials} trials${letter === "A" ? "  (baseline)" : ""}`,
        width,
        "   ",
      ),
    );
  title("comparable?");
  const { comparable, differences } = comparison.comparability;
  lines.push(
    differences.some(({ kind }) => kind === "nothing-valid")
      ? paint("31", "there is nothing to compare:")
      : comparable
        ? "yes" + (differences.length === 0 ? ": nothing that matters differs" : ", with this in mind:")
        : paint("31", "no:"),
  );
  for (const { weight, text } of differences)
    lines.push(
      ...wrapped(`${WEIGHT_IN_WORDS[weight]}: ${text}`, width, "   ").map((line) =>
        weight === "note" ? paint("2", line) : line,
      ),
    );
  const parameters = comparison.parameters.filter(({ differs }) => differs || options.all === true);
  title(
    `parameters that differ (${comparison.sameParameters} are the same${options.all === true ? ", shown too" : ""})`,
  );
  if (parameters.length === 0) lines.push("none");
  else
    lines.push(
      ...table(
        ["", ...comparison.sides.map(({ letter }) => letter)],
        parameters.map(({ key, values }) => [key, ...values]),
        width,
      ).lines,
    );
  if (comparison.unmatched.length > 0) {
    title("on one side only, not compared");
    for (const { letter, label, why } of comparison.unmatched.slice(0, 12))
      lines.push(...wrapped(`${letter}  ${label}: ${why}`, width, "   "));
    if (comparison.unmatched.length > 12)
      lines.push(`and ${comparison.unmatched.length - 12} more (--json has them all)`);
  }
  for (const { id, label } of comparison.groups) {
    const rows = comparison.rows.filter(({ group }) => group === id);
    if (rows.length === 0) continue;
    title(label === "" ? "verdicts" : `verdicts: ${label}`);
    lines.push(...verdicts(comparison, rows, width, paint));
  }
  title("in words");
  for (const sentence of verdictSentences(comparison)) lines.push(...wrapped(sentence, width));
  if (options.geometricMeans === true)
    for (const sentence of geometricMeansInWords(comparison)) lines.push(...wrapped(sentence, width));
  if (comparison.rows.length > 0)
    lines.push(...wrapped(methodInWords(comparison), width).map((line) => paint("2", line)));
  return `${lines.join("\n").replace(/\u00a0|\u202f/g, " ")}\n`;
}

function verdicts(
  comparison: RunComparison,
  rows: readonly ComparedMetric[],
  width: number,
  paint: (code: string, text: string) => string,
): string[] {
  const several = comparison.sides.length > 2;
  const head = [
    "metric",
    ...(several ? [""] : []),
    ...["better", "A", several ? "other" : comparison.sides[1].letter, DIFFERENCE, "of A", "p adj", "verdict"],
  ];
  const cells = (brief: boolean): string[][] =>
    rows.map((row) => [
      row.title,
      ...(several ? [row.letter] : []),
      row.better === "neutral" ? "·" : row.better,
      ...[row.baseline, row.value].map((value) =>
        brief ? valueInWords(value).replace(/ \[.*\]$/, "") : valueInWords(value),
      ),
      ...[differenceInWords(row), relativeInWords(row), pInWords(row), verdictMark(row)],
    ]);
  const reasons = new Map<string, string[]>();
  for (const row of rows)
    if (row.reason !== null)
      reasons.set(row.reason, [
        ...(reasons.get(row.reason) ?? []),
        several ? `${row.letter}, ${row.title}` : row.title,
      ]);
  // The interval of the difference says more than those of the two values.
  const full = table(head, cells(false), width);
  const drawn = full.left.length === 0 ? full : table(head, cells(true), width);
  const dropped = drawn.left.length === 0 ? [] : [`(not shown for want of room: ${listed(drawn.left)})`];
  return [
    paint("1", drawn.lines[0]),
    ...drawn.lines.slice(1).map((line, i) => colour(rows[i], line, paint)),
    ...dropped,
    ...[...reasons].flatMap(([reason, names]) => wrapped(`${listed(names)}: ${reason}`, width, "   ")),
  ];
}

function colour(row: ComparedMetric | undefined, line: string, paint: (code: string, text: string) => string): string {
  switch (row?.verdict) {
    case "better":
      return paint("32", line);
    case "worse":
      return paint("31", line);
    case "different":
      return line;
    default:
      return paint("2", line);
  }
}

const DIFFERENCE = "difference [95 % CI]";

/** Columns as wide as their widest cell; where they do not fit some go, named, and the verdict never. */
function table(
  head: readonly string[],
  written: readonly (readonly string[])[],
  width: number,
): { readonly lines: string[]; readonly left: readonly string[] } {
  const rows = written.map((row) => row.map(clean));
  let kept = head.map((_, i) => i);
  const left: string[] = [];
  const size = (i: number): number => Math.max(...[head, ...rows].map((row) => row[i].length));
  const total = (): number => kept.reduce((sum, i) => sum + size(i) + 2, 2);
  // One value without the other says nothing that the difference does not.
  for (const names of [["better"], ["p adj"], ["A", "other", "B"], ["of A"], [DIFFERENCE]]) {
    if (total() <= width || !head.includes("verdict")) break;
    const gone = names.filter((name) => head.includes(name));
    kept = kept.filter((i) => !gone.includes(head[i]));
    left.push(...gone);
  }
  const lines = [head, ...rows].map((row) => {
    const line = `  ${kept.map((i) => row[i].padEnd(size(i))).join("  ")}`.trimEnd();
    return line.length > width ? `${line.slice(0, width - 1)}…` : line;
  });
  return { lines, left };
}

function wrapped(text: string, width: number, hang = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of clean(text).split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length > width && line !== "") {
      lines.push(line);
      line = hang + word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Names come from files that anyone may have written. */
function clean(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

/** For headings of a page or a pull request: `A (R=1), B (R=2)`. */
export function sidesInWords({ sides }: RunComparison): string {
  return listed(sides.map(sideInWords));
}
