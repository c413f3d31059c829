/**
 * `tag.paper=s4 and read_p99_ms<20`: the expressions of experiment files, over runs. Two things are added because they are typed in a
 * shell, where quotes are dear: a single `=` means `==`, and a word that is no name, on either side of an equality with one, is a text.
 * A run is kept where one of its configurations meets the whole condition: that R is 1 in one and the latency is low in another is not
 * what anybody asks. What was not measured meets no condition.
 */
import { namesOf, parseExpression, type Expression } from "../../engine/vocabulary/expression";
import { holds } from "../../engine/vocabulary/expression-value";
import { nearest } from "../../engine/vocabulary/nearest";
import { describeMetric } from "../record/metrics";
import type { CellSummary } from "../record/run-folder";
import { namesIn, valueIn } from "./columns";
import type { CataloguedRun } from "./run-catalogue";

/** The message is one sentence for the person who typed it. */
export class FilterNotUnderstood extends Error {
  override readonly name = "FilterNotUnderstood";
}

export interface KeptRun {
  readonly run: CataloguedRun;
  /** Those that meet the condition; all where there is none. */
  readonly cells: readonly CellSummary[];
}

/** Throws {@link FilterNotUnderstood}. */
export function filterRuns(runs: readonly CataloguedRun[], condition: string | undefined): KeptRun[] {
  if (condition === undefined) return runs.map((run) => ({ run, cells: run.cells }));
  const parsed = parseExpression(withDoubleEquals(condition));
  if (!parsed.ok) throw new FilterNotUnderstood(`${condition}: ${parsed.fault.message}`);
  const known = namesIn(runs);
  const words = wordsOf(parsed.expression, (name) => isName(name, known));
  for (const name of namesOf(parsed.expression))
    if (!isName(name, known) && !words.has(name)) {
      const near = nearest(name, known);
      throw new FilterNotUnderstood(
        `${condition}: no run has anything called "${name}"${near === undefined ? "; a text stands in quotes" : `; did you mean ${near}?`}`,
      );
    }
  return runs.flatMap((run) => {
    const meets = (cell: CellSummary | undefined): boolean => {
      const result = holds(parsed.expression, {
        valueOf: (name) =>
          words.has(name) ? { kind: "text", text: name } : (valueIn(run, cell, name) ?? { kind: "text", text: "none" }),
        known: () => known,
        what: "column",
      });
      // Of two runs one may be set to a word where the other has a number: not met, and no mistake.
      return result.ok && result.value === true;
    };
    if (run.cells.length === 0) return meets(undefined) ? [{ run, cells: [] }] : [];
    const cells = run.cells.filter(meets);
    return cells.length === 0 ? [] : [{ run, cells }];
  });
}

function isName(name: string, known: ReadonlySet<string>): boolean {
  return known.has(name) || /^tags?\./.test(name) || describeMetric(name) !== undefined;
}

/** Names that are no names, on one side of an equality whose other side has one. */
function wordsOf(expression: Expression, named: (name: string) => boolean): ReadonlySet<string> {
  const words = new Set<string>();
  const walk = (one: Expression): void => {
    if (one.kind === "comparison" && (one.operator === "==" || one.operator === "!=")) {
      const { left, right } = one;
      if (left.kind === "name" && right.kind === "name") {
        if (named(left.name) && !named(right.name)) words.add(right.name);
        if (named(right.name) && !named(left.name)) words.add(left.name);
      }
    }
    if ("of" in one) walk(one.of);
    else if ("left" in one) {
      walk(one.left);
      walk(one.right);
    }
  };
  walk(expression);
  return words;
}

/** Outside of quotes. */
function withDoubleEquals(text: string): string {
  return text
    .split(/('[^']*'|"[^"]*")/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/(^|[^<>=!])=(?!=)/g, "$1==")))
    .join("");
}
