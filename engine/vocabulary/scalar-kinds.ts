/**
 * Values of one part, as the experiment wrote them, and the checker that goes with each kind: a number, a word, a duration
 * with its unit. A checker returns either the value in the engine's units or *every* fault in it, each with the path to
 * the offending part, so that the caller can point at a line and a column.
 *
 * The alternative, a parser at each point of use, is how a store comes to accept `timeout: 200` in three meanings.
 */
import { nearest } from "./nearest";
import {
  formatDuration,
  formatSize,
  parseBytesPerSecond,
  parseDurationMs,
  parseRatePerSecond,
  parseRatio,
  parseSizeBytes,
} from "./quantities";

/** A value as written: what YAML or a command line can say. */
export type Written = string | number | boolean | null | readonly Written[] | ReadonlyMap<string, Written>;

export type ScalarKind =
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "number"; readonly min: number; readonly max: number }
  /** A share of one: `0.05` or `5%`. */
  | { readonly kind: "ratio"; readonly max: number }
  /** A number of replicas, or a word for one. */
  | { readonly kind: "quorum"; readonly min: number }
  | { readonly kind: "boolean" }
  /** `later` names what the vocabulary knows and this version cannot do yet. */
  | { readonly kind: "choice"; readonly values: readonly string[]; readonly later: readonly string[] }
  | { readonly kind: "duration"; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: "rate"; readonly min: number; readonly max: number }
  | { readonly kind: "size"; readonly minBytes: number; readonly maxBytes: number }
  /** Bytes per second; `none` means without limit and comes back as undefined. */
  | { readonly kind: "byte-rate"; readonly min: number; readonly max: number }
  | { readonly kind: "text"; readonly maxLength: number };

/** One thing wrong in a value. `path` leads from the value to the part; `key` when the name and not the content is wrong. */
export interface Fault {
  readonly path: readonly (string | number)[];
  readonly about: "key" | "value";
  readonly message: string;
  readonly suggestion?: string;
}

export type Checked =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly faults: readonly Fault[] };

export const QUORUM_WORDS = ["one", "quorum", "all"] as const;

/** The range in words, for messages, `explain` and the reference. */
export function scalarRangeText(kind: ScalarKind): string {
  switch (kind.kind) {
    case "integer":
      return `an integer from ${kind.min} to ${kind.max}`;
    case "number":
      return `a number from ${kind.min} to ${kind.max}`;
    case "ratio":
      return `a ratio from 0 to ${kind.max}, such as 0.05 or 5%`;
    case "quorum":
      return `an integer from ${kind.min} to n_val, or ${QUORUM_WORDS.join(", ")}`;
    case "boolean":
      return "true or false";
    case "choice":
      return kind.values.length === 1 ? kind.values[0] : kind.values.join(", ");
    case "duration":
      return `a duration from ${formatDuration(kind.minMs)} to ${formatDuration(kind.maxMs)}`;
    case "rate":
      return `a rate from ${kind.min}/s to ${kind.max}/s`;
    case "size":
      return `a size from ${formatSize(kind.minBytes)} to ${formatSize(kind.maxBytes)}`;
    case "byte-rate":
      return `none, or a size per second from ${formatSize(kind.min)}/s to ${formatSize(kind.max)}/s`;
    case "text":
      return `text of at most ${kind.maxLength} characters`;
  }
}

/** The value as a person would recognise it, cut to a line. */
export function printWritten(value: Written): string {
  const text = flow(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function flow(value: Written): string {
  if (value === null) return "empty";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (isList(value)) return `[${value.map(flow).join(", ")}]`;
  return `{${[...value].map(([k, v]) => `${k}: ${flow(v)}`).join(", ")}}`;
}

export function isList(value: Written): value is readonly Written[] {
  return Array.isArray(value);
}

export function isMap(value: Written): value is ReadonlyMap<string, Written> {
  return value instanceof Map;
}

/** One fault about the whole value. */
export function wrong(message: string, suggestion?: string): Checked {
  return {
    ok: false,
    faults: [{ path: [], about: "value", message, ...(suggestion === undefined ? {} : { suggestion }) }],
  };
}

function right(value: unknown): Checked {
  return { ok: true, value };
}

const UNIT_ADVICE = {
  duration: "a duration with its unit (us, ms, s, m, h, d), such as 5ms",
  rate: "a rate with its unit (/s, /min), such as 500/s",
  size: "a size with its unit (B, KB, KiB, MB, MiB), such as 100B",
  "byte-rate": "a size per second with its unit (KB/s, KiB/s, MB/s), such as 1MB/s",
} as const;

/**
 * Checks `value` against `kind`. Messages start with what was found and read after the key's name: "is 5; …".
 * Durations come back in milliseconds, rates per second, sizes in bytes, ratios as shares of one.
 */
export function checkScalar(kind: ScalarKind, value: Written): Checked {
  const found = `is ${printWritten(value)}`;
  const allowed = (): Checked => wrong(`${found}; allowed: ${scalarRangeText(kind)}`);
  switch (kind.kind) {
    case "integer":
      return Number.isSafeInteger(value) && within(value as number, kind.min, kind.max) ? right(value) : allowed();
    case "number":
      return typeof value === "number" && within(value, kind.min, kind.max) ? right(value) : allowed();
    case "ratio": {
      const ratio = parseRatio(value);
      return ratio !== undefined && within(ratio, 0, kind.max) ? right(ratio) : allowed();
    }
    case "quorum":
      return checkQuorum(kind.min, value, found, allowed);
    case "boolean":
      return typeof value === "boolean" ? right(value) : allowed();
    case "choice":
      return checkChoice(kind, value, found);
    case "duration":
      return quantity(value, found, "duration", parseDurationMs, kind.minMs, kind.maxMs, allowed);
    case "rate":
      return quantity(value, found, "rate", parseRatePerSecond, kind.min, kind.max, allowed);
    case "size":
      return quantity(value, found, "size", parseSizeBytes, kind.minBytes, kind.maxBytes, allowed);
    case "byte-rate":
      if (value === "none") return right(undefined);
      return quantity(value, found, "byte-rate", parseBytesPerSecond, kind.min, kind.max, allowed);
    case "text": {
      // A version or a year is text that YAML reads as a number.
      const text = typeof value === "number" ? String(value) : value;
      return typeof text === "string" && text.length <= kind.maxLength ? right(text) : allowed();
    }
  }
}

function within(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function checkQuorum(min: number, value: Written, found: string, allowed: () => Checked): Checked {
  if (Number.isSafeInteger(value) && (value as number) >= min) return right(value);
  if (typeof value !== "string") return allowed();
  if ((QUORUM_WORDS as readonly string[]).includes(value)) return right(value);
  const near = nearest(value, QUORUM_WORDS) ?? (/quorum/i.test(value) ? "quorum" : undefined);
  if (near === undefined) return allowed();
  return wrong(
    `${found}; did you mean "${near}"? Allowed: an integer from ${min} to n_val, or ${QUORUM_WORDS.join(", ")}`,
    near,
  );
}

function checkChoice(kind: Extract<ScalarKind, { kind: "choice" }>, value: Written, found: string): Checked {
  if (typeof value === "string") {
    if (kind.values.includes(value)) return right(value);
    const have = kind.values.length === 1 ? `only ${kind.values[0]}` : kind.values.join(", ");
    if (kind.later.includes(value))
      return wrong(`${found}, which is not supported by this version yet; it has ${have}`);
    const near = nearest(value, kind.values);
    if (near !== undefined) return wrong(`${found}; did you mean "${near}"? Known: ${kind.values.join(", ")}`, near);
    const nearLater = nearest(value, kind.later);
    if (nearLater !== undefined) {
      return wrong(
        `${found}; the nearest name is "${nearLater}", which is not supported by this version yet; it has ${have}`,
      );
    }
  }
  return wrong(`${found}; known: ${kind.values.join(", ")}`);
}

function quantity(
  value: Written,
  found: string,
  unit: keyof typeof UNIT_ADVICE,
  parse: (text: string) => number | undefined,
  min: number,
  max: number,
  allowed: () => Checked,
): Checked {
  if (typeof value === "number") return wrong(`${found} without a unit; write ${UNIT_ADVICE[unit]}`);
  const parsed = typeof value === "string" ? parse(value) : undefined;
  if (parsed === undefined) return wrong(`${found}; write ${UNIT_ADVICE[unit]}`);
  return within(parsed, min, max) ? right(parsed) : allowed();
}
