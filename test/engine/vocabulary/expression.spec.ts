/**
 * The grammar of conditions: what it reads, where it points when it cannot, and against two dumb twins: printing and
 * reading back gives the same tree, and what intervals prove is true of every point in them.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  namesOf,
  parseExpression,
  printExpression,
  type ArithmeticOperator,
  type ComparisonOperator,
  type Expression,
} from "../../../engine/vocabulary/expression";
import {
  exactly,
  holds,
  valueOfSetting,
  type ExpressionValue,
  type Names,
} from "../../../engine/vocabulary/expression-value";

function parsed(text: string): Expression {
  const result = parseExpression(text);
  if (!result.ok) assert.fail(`${text}: ${result.fault.message}`);
  return result.expression;
}

function refusal(text: string): string {
  const result = parseExpression(text);
  assert.ok(!result.ok, `${text} is read`);
  return `${result.fault.at}: ${result.fault.message}`;
}

function names(values: Readonly<Record<string, ExpressionValue>>): Names {
  return { valueOf: (name) => values[name], known: () => Object.keys(values), what: "axis or setting" };
}

const SETTINGS = names({
  r: exactly(2, "plain"),
  n_val: exactly(3, "plain"),
  aae: valueOfSetting("{interval: 15s, tree_depth: 10}"),
  read_repair: valueOfSetting("none"),
  hint_window: valueOfSetting("10m"),
  digest_reads: valueOfSetting(true),
  "faults.slow-disk.factor": exactly(8, "plain"),
  read_p99_ms: { kind: "number", lo: 18, hi: 24, dimension: "duration", own: 1 },
  convergence_s: { kind: "number", lo: 21_000, hi: Infinity, dimension: "duration", own: 1_000 },
});

function verdict(text: string): boolean | undefined | string {
  const result = holds(parsed(text), SETTINGS);
  return result.ok ? result.value : `${result.fault.at}: ${result.fault.message}`;
}

describe("an expression", () => {
  it("binds as it is read aloud: or, and, not, comparison, sum, product, sign", () => {
    assert.equal(
      printExpression(parsed("not r <= n_val and w = 1 or a + b * -c - 2 < floor(d / 2)")),
      "(((not (r <= n_val)) and (w == 1)) or (((a + (b * (- c))) - 2) < floor((d / 2))))",
    );
    assert.equal(printExpression(parsed("a - b - c == (a - b) - c")), "(((a - b) - c) == ((a - b) - c))");
  });

  it("reads units, percentages, both quotes, and names through lists and tags", () => {
    assert.equal(
      printExpression(parsed(`x < 15s and y == 5% and z >= 500/s`)),
      "(((x < 15000ms) and (y == 0.05)) and (z >= 500/s))",
    );
    assert.equal(
      printExpression(parsed(`b > 1KiB and c < 2MB/s and t != "it's"`)),
      `(((b > 1024B) and (c < 2000000B/s)) and (t != "it's"))`,
    );
    assert.deepEqual(namesOf(parsed("faults.slow-disk.factor - 1 > r-1 and tags.arm == 'a' and r == 1")), [
      "faults.slow-disk.factor",
      "r",
      "tags.arm",
    ]);
  });

  it("says what it cannot read, and where", () => {
    assert.equal(refusal(""), "0: is empty");
    assert.equal(refusal("r <="), "4: ends where a name, a number or a text should follow");
    assert.equal(refusal("1 < r < 3"), '6: a comparison has two sides; join two with "and", such as 1 < r and r < 3');
    assert.equal(refusal("r == 1 && w == 1"), '7: "&&" is written and here');
    assert.equal(refusal("(r == 1"), "7: a bracket is opened before and not closed here");
    assert.equal(refusal("r == 'one"), "5: the text that begins here has no closing '");
    assert.equal(refusal("sqrt(r) < 2"), '0: "sqrt" is no function; the only one is floor(…)');
    assert.equal(refusal("r == 1 w == 2"), '7: nothing can follow here, and "w" does');
    assert.equal(
      refusal("x < 15sec"),
      '4: "15sec" has the unit "sec", which is none; known: us, ms, s, m, h, %, B, KiB, MB, /s',
    );
    assert.match(refusal("process.exit(1)"), /"process.exit" is no function/);
    assert.equal(refusal("(".repeat(100) + "1"), "60: is nested too deeply; allowed: at most 60 levels");
    assert.match(refusal("r == 1 or ".repeat(200)), /longer than 1000 characters/);
    assert.equal(refusal("a; b"), '1: ";" has no meaning here');
  });

  it("compares settings: numbers, words, quantities with units, switches", () => {
    assert.equal(verdict("r <= n_val"), true);
    assert.equal(verdict("r + 2 <= n_val"), false);
    assert.equal(verdict("aae == 'disabled'"), false);
    assert.equal(verdict("read_repair == 'none' and not aae == 'disabled'"), true);
    assert.equal(verdict("hint_window == '10m' and hint_window < 1h and hint_window / 5m == 2"), true);
    assert.equal(verdict("digest_reads and digest_reads != false"), true);
    assert.equal(verdict("floor(n_val / 2) + 1 == r"), true);
    assert.equal(verdict("hint_window > 0"), true);
  });

  it("has no answer where an interval straddles, and one where the rest decides", () => {
    assert.equal(verdict("read_p99_ms < 25ms"), true);
    assert.equal(verdict("read_p99_ms < 25"), true, "a bare number is in the metric's own unit");
    assert.equal(verdict("read_p99_ms <= 20ms"), undefined);
    assert.equal(verdict("read_p99_ms > 30ms"), false);
    assert.equal(verdict("convergence_s > 20 and convergence_s > 20s"), true);
    assert.equal(verdict("convergence_s <= 30s"), undefined);
    assert.equal(verdict("convergence_s <= 30s or r == 2"), true);
    assert.equal(verdict("convergence_s <= 30s and r == 1"), false);
    assert.equal(verdict("not convergence_s <= 30s"), undefined);
    assert.equal(verdict("read_p99_ms / (r - 2) > 1"), undefined, "nothing is known of a division by nought");
  });

  it("tells names that are none, with the nearest, and kinds that do not go together", () => {
    assert.equal(
      verdict("read_repare == 'none'"),
      '0: "read_repare" is no axis or setting; did you mean "read_repair"?',
    );
    assert.equal(
      verdict("r == 1 or zebra == 2"),
      "10: \"zebra\" is no axis or setting; a text stands in quotes, such as 'none'",
    );
    assert.equal(
      verdict("hint_window < 20"),
      "12: a duration stands beside a number without a unit; write it with its unit, such as 20ms",
    );
    assert.equal(verdict("read_repair < 'z'"), '12: texts are equal or not; "<" has no meaning between them');
    assert.equal(verdict("r"), "0: is a number and no condition; compare it with something, such as r <= 2");
    assert.equal(verdict("r and r == 1"), "0: r is a number where a condition should stand, such as r <= 2");
    assert.equal(verdict("read_repair + 1 == 2"), "0: read_repair is the text 'none' where a number should stand");
    assert.equal(verdict("hint_window * hint_window > 1"), "12: a duration cannot be multiplied by a duration");
    assert.equal(verdict("digest_reads == 1"), "13: a condition cannot be compared with a number");
  });
});

const COMPARISONS: readonly ComparisonOperator[] = ["==", "!=", "<", "<=", ">", ">="];
const ARITHMETIC: readonly ArithmeticOperator[] = ["+", "-", "*", "/"];
const AT = { at: 0 };

const numeric = fc.letrec<{ sum: Expression }>((tie) => ({
  sum: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.integer({ min: 0, max: 50 }).map((value): Expression => ({ ...AT, kind: "number", value, dimension: "plain" })),
    fc.constantFrom("x", "y", "z").map((name): Expression => ({ ...AT, kind: "name", name })),
    fc
      .tuple(fc.constantFrom("negative" as const, "floor" as const), tie("sum"))
      .map(([kind, of]): Expression => ({ ...AT, kind, of })),
    fc
      .tuple(fc.constantFrom(...ARITHMETIC), tie("sum"), tie("sum"))
      .map(([operator, left, right]): Expression => ({ ...AT, kind: "arithmetic", operator, left, right })),
  ),
})).sum;

const condition = fc.letrec<{ whole: Expression }>((tie) => ({
  whole: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc
      .tuple(fc.constantFrom(...COMPARISONS), numeric, numeric)
      .map(([operator, left, right]): Expression => ({ ...AT, kind: "comparison", operator, left, right })),
    tie("whole").map((of): Expression => ({ ...AT, kind: "not", of })),
    fc
      .tuple(fc.constantFrom("and" as const, "or" as const), tie("whole"), tie("whole"))
      .map(([kind, left, right]): Expression => ({ ...AT, kind, left, right })),
  ),
})).whole;

function withoutPlaces(expression: Expression): unknown {
  return JSON.parse(JSON.stringify(expression, (key, value: unknown) => (key === "at" ? undefined : value)));
}

/** The dumb twin: points instead of intervals, two truths. NaN where nothing can be said. */
function plainly(expression: Expression, at: Readonly<Record<string, number>>): number | boolean {
  switch (expression.kind) {
    case "number":
    case "truth":
      return expression.value;
    case "name":
      return at[expression.name];
    case "negative":
      return -(plainly(expression.of, at) as number);
    case "floor":
      return Math.floor(plainly(expression.of, at) as number);
    case "not":
      return plainly(expression.of, at) === false;
    case "and":
      return plainly(expression.left, at) === true && plainly(expression.right, at) === true;
    case "or":
      return plainly(expression.left, at) === true || plainly(expression.right, at) === true;
    case "text":
      throw new Error("no texts here");
    default: {
      const a = plainly(expression.left, at) as number;
      const b = plainly(expression.right, at) as number;
      switch (expression.operator) {
        case "+":
          return a + b;
        case "-":
          return a - b;
        case "*":
          return a * b;
        case "/":
          return a / b;
        case "==":
          return a === b;
        case "!=":
          return a !== b;
        case "<":
          return a < b;
        case "<=":
          return a <= b;
        case ">":
          return a > b;
        case ">=":
          return a >= b;
      }
    }
  }
}

/** Whether any part of it has no value at these points: then there is nothing to compare with. */
function isDefined(expression: Expression, at: Readonly<Record<string, number>>): boolean {
  if ("of" in expression && !isDefined(expression.of, at)) return false;
  if ("left" in expression && !(isDefined(expression.left, at) && isDefined(expression.right, at))) return false;
  const value = plainly(expression, at);
  return typeof value === "boolean" || Number.isFinite(value);
}

describe("any expression", () => {
  it("reads back as it was printed", () => {
    fc.assert(
      fc.property(condition, (expression) => {
        const text = printExpression(expression);
        fc.pre(text.length <= 1_000);
        const again = parseExpression(text);
        assert.ok(again.ok, text);
        assert.deepEqual(withoutPlaces(again.expression), withoutPlaces(expression));
      }),
    );
  });

  it("is true of every point where its intervals prove it, and false of every one where they refute it", () => {
    const span = fc.tuple(
      fc.integer({ min: -9, max: 9 }),
      fc.integer({ min: 0, max: 6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    let decided = 0;
    fc.assert(
      fc.property(condition, fc.tuple(span, span, span), (expression, spans) => {
        const values: Record<string, ExpressionValue> = {};
        const point: Record<string, number> = {};
        ["x", "y", "z"].forEach((name, i) => {
          const [lo, length, share] = spans[i];
          values[name] = { kind: "number", lo, hi: lo + length, dimension: "plain" };
          // Halves and quarters: sums and products of them are exact.
          point[name] = lo + Math.round(share * length * 4) / 4;
        });
        const result = holds(expression, names(values));
        assert.ok(result.ok);
        if (result.value === undefined || !isDefined(expression, point)) return;
        decided++;
        assert.equal(plainly(expression, point), result.value, printExpression(expression));
      }),
      { numRuns: 2_000, seed: 20_261_123 },
    );
    assert.ok(decided > 500, `only ${decided} were decided`);
  });

  it("never throws, whatever it is made of", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const result = parseExpression(text);
        if (result.ok) holds(result.expression, SETTINGS);
        else assert.ok(result.fault.at >= 0 && result.fault.at <= text.length);
      }),
      { numRuns: 1_000 },
    );
  });
});
