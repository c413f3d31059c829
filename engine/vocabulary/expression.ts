/**
 * Expressions as people write them in `sweep.where` and in hypotheses: names, numbers with or without a unit, quoted
 * text, comparison, `and or not`, `+ - * /` and `floor`. There is no call of anything else, no assignment, no property
 * of a value and no `eval`: a file from a stranger can compute nothing but a truth. Every node keeps where it stands, so
 * that what is wrong with it can be pointed at; a chain such as `1 < r < 3`, which means something else in every
 * language, is refused with what to write instead.
 *
 * A name may hold `-` behind a dot where no blank surrounds it (`faults.slow-disk.factor`); elsewhere `-` subtracts.
 */
import { parseBytesPerSecond, parseDurationMs, parseRatePerSecond, parseSizeBytes } from "./quantities";

export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type ArithmeticOperator = "+" | "-" | "*" | "/";
/** What a number counts; `plain` also where its unit is a metric's own. */
export type Dimension = "plain" | "duration" | "rate" | "size" | "byte-rate";

interface At {
  /** Characters from the beginning of the text. */
  readonly at: number;
}

export type Expression = At &
  (
    | { readonly kind: "number"; readonly value: number; readonly dimension: Dimension }
    | { readonly kind: "text"; readonly value: string }
    | { readonly kind: "truth"; readonly value: boolean }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "not"; readonly of: Expression }
    | { readonly kind: "negative"; readonly of: Expression }
    | { readonly kind: "floor"; readonly of: Expression }
    | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: "comparison";
        readonly operator: ComparisonOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: "arithmetic";
        readonly operator: ArithmeticOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
  );

/** One thing wrong, and where in the text. */
export interface ExpressionFault extends At {
  readonly message: string;
  readonly suggestion?: string;
}

export type ParsedExpression =
  { readonly ok: true; readonly expression: Expression } | { readonly ok: false; readonly fault: ExpressionFault };

export function parseExpression(text: string): ParsedExpression {
  if (text.length > LONGEST) return { ok: false, fault: { at: 0, message: `is longer than ${LONGEST} characters` } };
  try {
    return { ok: true, expression: new Parser(tokensOf(text), text.length).whole() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, fault: { at: error.at, message: error.message } };
    throw error;
  }
}

/** Every name in the expression, in order of first appearance, each once. */
export function namesOf(expression: Expression): readonly string[] {
  const names = new Set<string>();
  const walk = (one: Expression): void => {
    if (one.kind === "name") names.add(one.name);
    else if ("of" in one) walk(one.of);
    else if ("left" in one) {
      walk(one.left);
      walk(one.right);
    }
  };
  walk(expression);
  return [...names];
}

/** The expression with every operation in brackets: it reads back as the same. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "number":
      return `${plainDecimal(expression.value)}${UNIT_OF[expression.dimension]}`;
    case "text":
      return expression.value.includes("'") ? `"${expression.value}"` : `'${expression.value}'`;
    case "truth":
      return String(expression.value);
    case "name":
      return expression.name;
    case "not":
      return `(not ${printExpression(expression.of)})`;
    case "negative":
      return `(- ${printExpression(expression.of)})`;
    case "floor":
      return `floor(${printExpression(expression.of)})`;
    case "and":
    case "or":
      return `(${printExpression(expression.left)} ${expression.kind} ${printExpression(expression.right)})`;
    default:
      return `(${printExpression(expression.left)} ${expression.operator} ${printExpression(expression.right)})`;
  }
}

/** Numbers have no exponent in the grammar. */
function plainDecimal(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(20).replace(/\.?0+$/, "") : text;
}

class Refusal extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

type Token = At &
  (
    | { readonly kind: "number"; readonly value: number; readonly dimension: Dimension }
    | { readonly kind: "text"; readonly value: string }
    | { readonly kind: "name"; readonly value: string }
    | { readonly kind: "sign"; readonly value: string }
  );

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const blank = /^\s+/.exec(rest);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const token = numberAt(rest, at) ?? textAt(rest, at) ?? nameAt(rest, at) ?? signAt(rest, at);
    tokens.push(token.token);
    at += token.length;
  }
  return tokens;
}

interface Found {
  readonly token: Token;
  readonly length: number;
}

function numberAt(rest: string, at: number): Found | undefined {
  const match = /^(?:\d+(?:\.\d+)?|\.\d+)(%|(?:[A-Za-zµ]+)?(?:\/(?:s|min|m|h)(?![A-Za-z0-9_]))?)/.exec(rest);
  if (match === null) return undefined;
  const [whole, unit] = match;
  const digits = Number(whole.slice(0, whole.length - unit.length));
  const found = (value: number, dimension: Dimension): Found => ({
    token: { kind: "number", at, value, dimension },
    length: whole.length,
  });
  if (unit === "") return found(digits, "plain");
  if (unit === "%") return found(Number((digits / 100).toPrecision(15)), "plain");
  for (const [dimension, parse] of PARSERS) {
    const value = parse(whole);
    if (value !== undefined) return found(value, dimension);
  }
  throw new Refusal(at, `"${whole}" has the unit "${unit}", which is none; known: us, ms, s, m, h, %, B, KiB, MB, /s`);
}

function textAt(rest: string, at: number): Found | undefined {
  const quote = rest[0];
  if (quote !== "'" && quote !== '"') return undefined;
  const end = rest.indexOf(quote, 1);
  if (end < 0) throw new Refusal(at, `the text that begins here has no closing ${quote}`);
  return { token: { kind: "text", at, value: rest.slice(1, end) }, length: end + 1 };
}

function nameAt(rest: string, at: number): Found | undefined {
  const match = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*)*/.exec(rest);
  return match === null ? undefined : { token: { kind: "name", at, value: match[0] }, length: match[0].length };
}

function signAt(rest: string, at: number): Found {
  const match = /^(?:==|!=|<=|>=|&&|\|\||[<>=+\-*/()!])/.exec(rest);
  if (match === null) throw new Refusal(at, `"${rest[0]}" has no meaning here`);
  const advice = FOREIGN.get(match[0]);
  if (advice !== undefined) throw new Refusal(at, `"${match[0]}" is written ${advice} here`);
  return { token: { kind: "sign", at, value: match[0] }, length: match[0].length };
}

/** Recursive descent, from what binds least; the depth is bounded before the stack is. */
class Parser {
  private next = 0;
  private depth = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly end: number,
  ) {}

  whole(): Expression {
    if (this.tokens.length === 0) throw new Refusal(0, "is empty");
    const expression = this.either();
    const token = this.peek();
    if (token !== undefined) throw new Refusal(token.at, `nothing can follow here, and "${textOf(token)}" does`);
    return expression;
  }

  private peek(): Token | undefined {
    return this.tokens[this.next];
  }

  /** Takes the next token when it is the word or the sign. */
  private took(kind: "name" | "sign", ...values: readonly string[]): Token | undefined {
    const token = this.peek();
    if (token?.kind !== kind || !values.includes(token.value)) return undefined;
    this.next++;
    return token;
  }

  private deeper<T>(at: number, read: () => T): T {
    if (++this.depth > DEEPEST) throw new Refusal(at, `is nested too deeply; allowed: at most ${DEEPEST} levels`);
    const result = read();
    this.depth--;
    return result;
  }

  private either(): Expression {
    let left = this.both();
    while (this.took("name", "or") !== undefined) left = { kind: "or", at: left.at, left, right: this.both() };
    return left;
  }

  private both(): Expression {
    let left = this.negated();
    while (this.took("name", "and") !== undefined) left = { kind: "and", at: left.at, left, right: this.negated() };
    return left;
  }

  private negated(): Expression {
    const word = this.took("name", "not");
    if (word === undefined) return this.comparison();
    return this.deeper(word.at, () => ({ kind: "not", at: word.at, of: this.negated() }));
  }

  private comparison(): Expression {
    const left = this.sum();
    const sign = this.took("sign", ...COMPARISONS, "=");
    if (sign === undefined) return left;
    const right = this.sum();
    const chained = this.peek();
    if (chained?.kind === "sign" && [...COMPARISONS, "="].includes(chained.value))
      throw new Refusal(chained.at, 'a comparison has two sides; join two with "and", such as 1 < r and r < 3');
    const operator = sign.value === "=" ? "==" : (sign.value as ComparisonOperator);
    return { kind: "comparison", at: sign.at, operator, left, right };
  }

  private sum(): Expression {
    let left = this.product();
    for (let sign = this.took("sign", "+", "-"); sign !== undefined; sign = this.took("sign", "+", "-"))
      left = {
        kind: "arithmetic",
        at: sign.at,
        operator: sign.value as ArithmeticOperator,
        left,
        right: this.product(),
      };
    return left;
  }

  private product(): Expression {
    let left = this.signed();
    for (let sign = this.took("sign", "*", "/"); sign !== undefined; sign = this.took("sign", "*", "/"))
      left = {
        kind: "arithmetic",
        at: sign.at,
        operator: sign.value as ArithmeticOperator,
        left,
        right: this.signed(),
      };
    return left;
  }

  private signed(): Expression {
    const sign = this.took("sign", "-");
    if (sign === undefined) return this.primary();
    return this.deeper(sign.at, () => ({ kind: "negative", at: sign.at, of: this.signed() }));
  }

  private primary(): Expression {
    const token = this.peek();
    if (token === undefined) throw new Refusal(this.end, "ends where a name, a number or a text should follow");
    this.next++;
    switch (token.kind) {
      case "number":
        return { kind: "number", at: token.at, value: token.value, dimension: token.dimension };
      case "text":
        return { kind: "text", at: token.at, value: token.value };
      case "name":
        return this.named(token);
      case "sign":
        if (token.value === "(") return this.bracketed(token.at);
        throw new Refusal(token.at, `"${token.value}" stands where a name, a number or a text should`);
    }
  }

  private named(token: Token & { readonly kind: "name" }): Expression {
    const { at, value: name } = token;
    if (name === "true" || name === "false") return { kind: "truth", at, value: name === "true" };
    if (RESERVED.has(name)) throw new Refusal(at, `"${name}" stands where a name, a number or a text should`);
    const bracket = this.took("sign", "(");
    if (bracket === undefined) return { kind: "name", at, name };
    if (name !== "floor") throw new Refusal(at, `"${name}" is no function; the only one is floor(…)`);
    return { kind: "floor", at, of: this.bracketed(bracket.at) };
  }

  /** Behind an opening bracket. */
  private bracketed(at: number): Expression {
    const inner = this.deeper(at, () => this.either());
    if (this.took("sign", ")") === undefined)
      throw new Refusal(this.peek()?.at ?? this.end, "a bracket is opened before and not closed here");
    return inner;
  }
}

function textOf(token: Token): string {
  return token.kind === "number" ? String(token.value) : token.value;
}

const LONGEST = 1_000;
const DEEPEST = 60;
const COMPARISONS: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];
const RESERVED: ReadonlySet<string> = new Set(["and", "or", "not"]);
/** What other languages call it. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ["&&", "and"],
  ["||", "or"],
  ["!", "not"],
]);
const PARSERS: readonly (readonly [Dimension, (text: string) => number | undefined])[] = [
  ["duration", parseDurationMs],
  ["rate", parseRatePerSecond],
  ["size", parseSizeBytes],
  ["byte-rate", parseBytesPerSecond],
];
const UNIT_OF: Readonly<Record<Dimension, string>> = {
  plain: "",
  duration: "ms",
  rate: "/s",
  size: "B",
  "byte-rate": "B/s",
};
