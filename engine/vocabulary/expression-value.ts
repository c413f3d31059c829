/**
 * What an expression comes to. A number is an interval: a setting is exact, but a metric is known between two ends, and a
 * comparison of what is not known exactly may have no answer yet. So a truth has three values (Kleene's logic), and
 * `p99 < 20ms` is true only where the whole interval lies below. An expression that collapsed intervals to their middles
 * would call a coin toss a finding.
 *
 * Numbers carry what they count. A bare number beside a metric means the metric's own unit (`read_p99_ms < 20`); beside a
 * setting, whose unit is not in its name, it is refused.
 */
import {
  printExpression,
  type ComparisonOperator,
  type Dimension,
  type Expression,
  type ExpressionFault,
} from "./expression";
import { nearest } from "./nearest";
import { parseBytesPerSecond, parseDurationMs, parseRatePerSecond, parseRatio, parseSizeBytes } from "./quantities";

export interface NumberValue {
  readonly kind: "number";
  /** Ends of the interval; equal when exact. In milliseconds, per second, bytes, or as it is. */
  readonly lo: number;
  readonly hi: number;
  readonly dimension: Dimension;
  /** How much of that a bare number beside it means; undefined: a bare number beside it means nothing. */
  readonly own?: number;
}

export type ExpressionValue =
  | NumberValue
  | { readonly kind: "text"; readonly text: string }
  /** undefined: the intervals do not tell. */
  | { readonly kind: "truth"; readonly truth: boolean | undefined };

export type Evaluated<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: ExpressionFault };

export interface Names {
  readonly valueOf: (name: string) => ExpressionValue | undefined;
  /** Called with a name that has no value: names to suggest from. */
  readonly known: () => Iterable<string>;
  /** What the names are, for the complaint: "axis or setting". */
  readonly what: string;
}

/** Whether the expression holds; undefined where intervals do not tell. */
export function holds(expression: Expression, names: Names): Evaluated<boolean | undefined> {
  try {
    const value = evaluate(expression, names);
    if (value.kind !== "truth")
      throw new Wrong(
        expression.at,
        `is ${describe(value)} and no condition; compare it with something, such as r <= 2`,
      );
    return { ok: true, value: value.truth };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const { at, message, suggestion } = error;
    return { ok: false, fault: { at, message, ...(suggestion === undefined ? {} : { suggestion }) } };
  }
}

/** A value of an experiment: text that is a quantity (`15s`) is one. */
export function valueOfSetting(written: string | number | boolean): ExpressionValue {
  if (typeof written === "boolean") return { kind: "truth", truth: written };
  if (typeof written === "number") return exactly(written, "plain");
  return quantityOf(written) ?? { kind: "text", text: written };
}

export function exactly(value: number, dimension: Dimension): NumberValue {
  return { kind: "number", lo: value, hi: value, dimension };
}

class Wrong extends Error {
  constructor(
    readonly at: number,
    message: string,
    readonly suggestion?: string,
  ) {
    super(message);
  }
}

function evaluate(expression: Expression, names: Names): ExpressionValue {
  switch (expression.kind) {
    case "number":
      return exactly(expression.value, expression.dimension);
    case "text":
      return { kind: "text", text: expression.value };
    case "truth":
      return { kind: "truth", truth: expression.value };
    case "name":
      return valueOfName(expression, names);
    case "not": {
      const { truth } = truthOf(expression.of, names);
      return { kind: "truth", truth: truth === undefined ? undefined : !truth };
    }
    case "and":
    case "or": {
      // Both sides, also where one decides: a mistake is told whatever the values happen to be.
      const left = truthOf(expression.left, names).truth;
      const right = truthOf(expression.right, names).truth;
      const decisive = expression.kind === "or";
      if (left === decisive || right === decisive) return { kind: "truth", truth: decisive };
      return { kind: "truth", truth: left === undefined || right === undefined ? undefined : !decisive };
    }
    case "comparison":
      return compare(expression, evaluate(expression.left, names), evaluate(expression.right, names));
    case "negative": {
      const of = numberOf(expression.of, names);
      return { ...of, lo: -of.hi, hi: -of.lo };
    }
    case "floor": {
      const of = numberOf(expression.of, names);
      if (of.dimension !== "plain")
        throw new Wrong(expression.at, `floor takes a number without a unit, not ${describe(of)}`);
      return { kind: "number", lo: Math.floor(of.lo), hi: Math.floor(of.hi), dimension: "plain" };
    }
    case "arithmetic":
      return calculate(expression, numberOf(expression.left, names), numberOf(expression.right, names));
  }
}

function valueOfName(expression: Expression & { readonly kind: "name" }, names: Names): ExpressionValue {
  const value = names.valueOf(expression.name);
  if (value !== undefined) return value;
  const near = nearest(expression.name, names.known());
  throw new Wrong(
    expression.at,
    `"${expression.name}" is no ${names.what}; ${near === undefined ? "a text stands in quotes, such as 'none'" : `did you mean "${near}"?`}`,
    near,
  );
}

function truthOf(expression: Expression, names: Names): { readonly truth: boolean | undefined } {
  const value = evaluate(expression, names);
  if (value.kind === "truth") return value;
  throw new Wrong(
    expression.at,
    `${printExpression(expression)} is ${describe(value)} where a condition should stand, such as r <= 2`,
  );
}

function numberOf(expression: Expression, names: Names): NumberValue {
  const value = evaluate(expression, names);
  if (value.kind === "number") return value;
  throw new Wrong(expression.at, `${printExpression(expression)} is ${describe(value)} where a number should stand`);
}

function compare(
  expression: Expression & { readonly kind: "comparison" },
  left: ExpressionValue,
  right: ExpressionValue,
): ExpressionValue {
  const { operator, at } = expression;
  const truth = (value: boolean | undefined): ExpressionValue => ({ kind: "truth", truth: value });
  const isEquality = operator === "==" || operator === "!=";
  // A word for one of several values, where the other value happens to be a number (`aae: disabled` or a duration).
  const [a, b] = [asQuantityBeside(left, right), asQuantityBeside(right, left)];
  if (a.kind === "number" && b.kind === "number") {
    const [x, y] = alike(a, b, at);
    return truth(compareIntervals(operator, x, y));
  }
  if (a.kind === "text" && b.kind === "text") {
    if (!isEquality) throw new Wrong(at, `texts are equal or not; "${operator}" has no meaning between them`);
    return truth((a.text === b.text) === (operator === "=="));
  }
  if (a.kind === "truth" && b.kind === "truth") {
    if (!isEquality) throw new Wrong(at, `conditions are equal or not; "${operator}" has no meaning between them`);
    if (a.truth === undefined || b.truth === undefined) return truth(undefined);
    return truth((a.truth === b.truth) === (operator === "=="));
  }
  // Of a name that is a word in one cell and a number in another (an axis of words and durations) they differ.
  if (isEquality && [a.kind, b.kind].every((kind) => kind !== "truth")) return truth(operator === "!=");
  throw new Wrong(at, `${describe(left)} cannot be compared with ${describe(right)}`);
}

function asQuantityBeside(value: ExpressionValue, other: ExpressionValue): ExpressionValue {
  if (value.kind !== "text" || other.kind !== "number") return value;
  return quantityOf(value.text) ?? value;
}

/** The intervals in one unit. */
function alike(a: NumberValue, b: NumberValue, at: number): readonly [NumberValue, NumberValue] {
  if (a.dimension === b.dimension) return [a, b];
  if (a.dimension === "plain") return [inUnitOf(a, b, at), b];
  if (b.dimension === "plain") return [a, inUnitOf(b, a, at)];
  throw new Wrong(at, `${describe(a)} and ${describe(b)} do not go together`);
}

function inUnitOf(bare: NumberValue, other: NumberValue, at: number): NumberValue {
  // Nothing is nothing in any unit.
  if (other.own === undefined && bare.lo === 0 && bare.hi === 0) return { ...bare, dimension: other.dimension };
  if (other.own === undefined)
    throw new Wrong(at, `${describe(other)} stands beside a number without a unit; write ${EXAMPLE[other.dimension]}`);
  return { ...bare, lo: bare.lo * other.own, hi: bare.hi * other.own, dimension: other.dimension };
}

/** undefined: some values of the intervals satisfy it and some do not. */
export function compareIntervals(
  operator: ComparisonOperator,
  a: { readonly lo: number; readonly hi: number },
  b: { readonly lo: number; readonly hi: number },
): boolean | undefined {
  switch (operator) {
    case "<":
      return a.hi < b.lo ? true : a.lo >= b.hi ? false : undefined;
    case "<=":
      return a.hi <= b.lo ? true : a.lo > b.hi ? false : undefined;
    case ">":
      return compareIntervals("<", b, a);
    case ">=":
      return compareIntervals("<=", b, a);
    case "==":
      if (a.lo === a.hi && b.lo === b.hi && a.lo === b.lo) return true;
      return a.hi < b.lo || b.hi < a.lo ? false : undefined;
    case "!=": {
      const equal = compareIntervals("==", a, b);
      return equal === undefined ? undefined : !equal;
    }
  }
}

function calculate(
  { operator, at }: Expression & { readonly kind: "arithmetic" },
  left: NumberValue,
  right: NumberValue,
): NumberValue {
  if (operator === "+" || operator === "-") {
    const [a, b] = alike(left, right, at);
    const own = a.own ?? b.own;
    const [lo, hi] = operator === "+" ? [a.lo + b.lo, a.hi + b.hi] : [a.lo - b.hi, a.hi - b.lo];
    return bounded({ kind: "number", lo, hi, dimension: a.dimension, ...(own === undefined ? {} : { own }) });
  }
  if (operator === "*") {
    if (left.dimension !== "plain" && right.dimension !== "plain")
      throw new Wrong(at, `${describe(left)} cannot be multiplied by ${describe(right)}`);
    const unit = left.dimension === "plain" ? right : left;
    return bounded({ ...unit, ...ends(left, right, (a, b) => a * b) });
  }
  if (right.dimension !== "plain" && right.dimension !== left.dimension)
    throw new Wrong(at, `${describe(left)} cannot be divided by ${describe(right)}`);
  const unit: NumberValue = right.dimension === "plain" ? left : { kind: "number", lo: 0, hi: 0, dimension: "plain" };
  // Of a divisor that may be nought nothing is known.
  if (right.lo <= 0 && right.hi >= 0) return { ...unit, lo: -Infinity, hi: Infinity };
  return bounded({ ...unit, ...ends(left, right, (a, b) => a / b) });
}

function ends(
  a: NumberValue,
  b: NumberValue,
  combine: (a: number, b: number) => number,
): { readonly lo: number; readonly hi: number } {
  const all = [combine(a.lo, b.lo), combine(a.lo, b.hi), combine(a.hi, b.lo), combine(a.hi, b.hi)];
  return { lo: Math.min(...all), hi: Math.max(...all) };
}

/** Infinity minus infinity and nought times infinity are anything. */
function bounded(value: NumberValue): NumberValue {
  return Number.isNaN(value.lo) || Number.isNaN(value.hi) ? { ...value, lo: -Infinity, hi: Infinity } : value;
}

function quantityOf(text: string): NumberValue | undefined {
  const parsers: readonly (readonly [Dimension, (written: string) => number | undefined])[] = [
    ["duration", parseDurationMs],
    ["rate", parseRatePerSecond],
    ["size", parseSizeBytes],
    ["byte-rate", parseBytesPerSecond],
    ["plain", parseRatio],
  ];
  for (const [dimension, parse] of parsers) {
    const value = parse(text);
    if (value !== undefined) return exactly(value, dimension);
  }
  return undefined;
}

function describe(value: ExpressionValue): string {
  if (value.kind === "text") return `the text '${value.text.slice(0, 40)}'`;
  if (value.kind === "truth") return "a condition";
  return value.dimension === "plain" ? "a number" : IN_WORDS[value.dimension];
}

const IN_WORDS: Readonly<Record<Exclude<Dimension, "plain">, string>> = {
  duration: "a duration",
  rate: "a rate",
  size: "a size",
  "byte-rate": "a size per second",
};
const EXAMPLE: Readonly<Record<Dimension, string>> = {
  plain: "a number",
  duration: "it with its unit, such as 20ms",
  rate: "it with its unit, such as 500/s",
  size: "it with its unit, such as 1KiB",
  "byte-rate": "it with its unit, such as 1MB/s",
};
