/**
 * Conditions in an experiment file: the text of an expression, read with the place of everything in it. `sweep.where`
 * takes cells out before they are checked, so that a grid may hold combinations that would be mistakes (R above N); what
 * it says of a name is judged in every cell, because a name may stand for a word in one and for a duration in another.
 */
import {
  parseExpression,
  printExpression,
  type Expression,
  type ExpressionFault,
} from "../../engine/vocabulary/expression";
import { holds, type Evaluated, type Names } from "../../engine/vocabulary/expression-value";
import { settingNames, type ResolvedSettings } from "../../engine/vocabulary/setting-names";
import { printWritten } from "../../engine/vocabulary/value-kinds";
import { resolvedOf } from "./cell";
import { nodeAt, written, type Located, type LocatedMap, type Place } from "./located";
import { Problems } from "./problems";
import type { RecordedDistributions } from "./recorded-distribution";
import { applyCombination, warnOfEmptySteps, type Combination, type Sweep } from "./sweep";
import { Values } from "./values";

/** An expression and where it was written. */
export interface Condition {
  readonly text: string;
  readonly expression: Expression;
  /** Tells what is wrong with it, where in the file that stands. */
  readonly refuse: (fault: ExpressionFault) => void;
  readonly warn: (message: string) => void;
}

/** Undefined when it is none; that has been told. `what`: `sweep.where`, for messages. */
export function readConditionText(node: Located, what: string, problems: Problems): Condition | undefined {
  if (node.kind !== "scalar" || typeof node.value !== "string") {
    problems.error(
      node.at,
      `${what} is ${printWritten(written(node))}; write a condition in quotes, such as "r + w > n_val"`,
    );
    return undefined;
  }
  const text = node.value;
  const refuse = ({ at, message, suggestion }: ExpressionFault): void => {
    const head = message.startsWith("is ") ? `${what} ` : `${what}: `;
    problems.error(placeWithin(node, at), `${head}${message}`, suggestion);
  };
  const parsed = parseExpression(text);
  const warn = (message: string): void => problems.warning(node.at, `${what} ${message}`);
  if (parsed.ok) return { text, expression: parsed.expression, refuse, warn };
  refuse(parsed.fault);
  return undefined;
}

/** Behind the quotation mark, where the text stands on one line as it is. */
function placeWithin(node: Located & { readonly kind: "scalar" }, at: number): Place {
  return node.textColumn === undefined ? node.at : { ...node.at, column: node.textColumn + at };
}

/** Whether it holds; undefined also after telling that it cannot be judged. */
export function judge(condition: Condition, names: Names): boolean | undefined {
  const result: Evaluated<boolean | undefined> = holds(condition.expression, names);
  if (result.ok) return result.value;
  condition.refuse(result.fault);
  return undefined;
}

/** The sweep without the cells that `sweep.where` leaves out. */
export function applyWhere(tree: LocatedMap, sweep: Sweep, recorded: RecordedDistributions, problems: Problems): Sweep {
  const node = nodeAt(tree, ["sweep", "where"]);
  if (node === undefined) return sweep;
  const condition = readConditionText(node, "sweep.where", problems);
  if (condition === undefined) return sweep;
  const kept = sweep.combinations.filter((combination) => {
    const before = holds(condition.expression, settingNames(settingsOf(tree, combination, recorded)));
    if (before.ok) return before.value === true;
    condition.refuse(before.fault);
    return true;
  });
  if (kept.length === 0)
    problems.error(node.at, `sweep.where takes every cell out: ${printExpression(condition.expression)} holds in none`);
  const before = new Set(sweep.combinations.flat());
  const steps = sweep.groups.map((group) => group.filter(([first]) => before.has(first)));
  warnOfEmptySteps(steps, kept, `sweep.where takes out every cell with it (${condition.text})`, problems);
  const excluded = sweep.excluded + sweep.combinations.length - kept.length;
  return { ...sweep, combinations: kept, excluded };
}

/** What a combination of axis values says before it is checked: its mistakes are told where it is kept. */
export function settingsOf(
  tree: LocatedMap,
  combination: Combination,
  recorded: RecordedDistributions,
): ResolvedSettings {
  const cellTree = applyCombination(tree, combination);
  return resolvedOf(new Values(cellTree, recorded, new Problems()), combination, cellTree);
}
