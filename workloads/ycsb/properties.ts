/**
 * Java `.properties` text, the form YCSB's workload files have: `key=value`, `key:value` or `key value`; `#` and `!`
 * comments; a backslash at a line's end continues it; `\uXXXX` and the usual escapes. Source: the grammar in the
 * documentation of java.util.Properties.load.
 *
 * One departure, on purpose: blanks at the end of a value are dropped. Java keeps them, and then its number parsing
 * fails on a file that looks right. An escaped blank (`\ `) at the end is kept.
 *
 * Entries keep their order and line, duplicates included, so that a caller can say *where* a number is wrong; the map
 * that an importer reads is made by {@link propertyMap}, where the last duplicate wins.
 */

export interface PropertyEntry {
  readonly key: string;
  readonly value: string;
  /** Line of the entry's first character, from 1. */
  readonly line: number;
}

export interface PropertyProblem {
  readonly line: number;
  readonly message: string;
}

export type PropertyReading =
  | { readonly ok: true; readonly entries: readonly PropertyEntry[] }
  | { readonly ok: false; readonly problems: readonly PropertyProblem[] };

/** Reads a whole file's text (Latin-1 or ASCII decoded). Never throws; every malformed escape is reported at once. */
export function readProperties(text: string): PropertyReading {
  if (text.length > MAX_PROPERTY_CHARACTERS) {
    return refused(1, `longer than ${MAX_PROPERTY_CHARACTERS} characters: not a property file`);
  }
  const entries: PropertyEntry[] = [];
  const problems: PropertyProblem[] = [];
  for (const { content, line } of logicalLines(text)) {
    if (entries.length === MAX_PROPERTY_ENTRIES) return refused(line, `more than ${MAX_PROPERTY_ENTRIES} properties`);
    const { keyEnd, valueStart } = split(content);
    const report = (message: string): void => void problems.push({ line, message });
    const key = unescape(content.slice(0, keyEnd), report);
    const value = unescape(trimEnd(content.slice(valueStart)), report);
    if (key === "") report("a value without a key");
    entries.push({ key, value, line });
  }
  return problems.length === 0 ? { ok: true, entries } : { ok: false, problems };
}

/** Key to value over several lists in order (files, then command line settings): the last one wins, as in YCSB. */
export function propertyMap(...lists: readonly (readonly PropertyEntry[])[]): Map<string, string> {
  const map = new Map<string, string>();
  for (const entries of lists) for (const { key, value } of entries) map.set(key, value);
  return map;
}

function refused(line: number, message: string): PropertyReading {
  return { ok: false, problems: [{ line, message }] };
}

interface LogicalLine {
  readonly content: string;
  readonly line: number;
}

/** Joins continued lines and drops blank ones and comments; leading blanks are gone, escapes are still there. */
function* logicalLines(text: string): Generator<LogicalLine> {
  const natural = text.split(/\r\n|\n|\r/);
  for (let i = 0; i < natural.length; i++) {
    let content = natural[i].replace(LEADING_BLANKS, "");
    if (content === "" || content[0] === "#" || content[0] === "!") continue;
    const line = i + 1;
    while (continues(content)) {
      content = content.slice(0, -1);
      i++;
      if (i === natural.length) break;
      content += natural[i].replace(LEADING_BLANKS, "");
    }
    // A lone backslash leaves nothing behind, and Java makes no entry of it.
    if (content !== "") yield { content, line };
  }
}

/** An odd number of backslashes at the end: the last one escapes the line break, not another backslash. */
function continues(line: string): boolean {
  let backslashes = 0;
  for (let i = line.length - 1; i >= 0 && line[i] === "\\"; i--) backslashes++;
  return backslashes % 2 === 1;
}

/** Where the key ends and the value begins: at the first separator that is not escaped. */
function split(content: string): { keyEnd: number; valueStart: number } {
  let at = 0;
  while (at < content.length && !isBlank(content[at]) && content[at] !== "=" && content[at] !== ":") {
    at += content[at] === "\\" ? 2 : 1;
  }
  const keyEnd = Math.min(at, content.length);
  let valueStart = keyEnd;
  while (valueStart < content.length && isBlank(content[valueStart])) valueStart++;
  if (content[valueStart] === "=" || content[valueStart] === ":") valueStart++;
  while (valueStart < content.length && isBlank(content[valueStart])) valueStart++;
  return { keyEnd, valueStart };
}

function trimEnd(raw: string): string {
  let end = raw.length;
  while (end > 0 && isBlank(raw[end - 1]) && !continues(raw.slice(0, end - 1))) end--;
  return raw.slice(0, end);
}

function unescape(raw: string, report: (message: string) => void): string {
  if (!raw.includes("\\")) return raw;
  let text = "";
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] !== "\\") {
      text += raw[i];
      continue;
    }
    i++;
    if (i === raw.length) break;
    if (raw[i] === "u") {
      const digits = raw.slice(i + 1, i + 5);
      if (/^[0-9a-fA-F]{4}$/.test(digits)) text += String.fromCharCode(parseInt(digits, 16));
      else report(`malformed \\u escape "\\u${digits}": four hexadecimal digits are needed`);
      i += 4;
      continue;
    }
    text += ESCAPES.get(raw[i]) ?? raw[i];
  }
  return text;
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || character === "\f";
}

const LEADING_BLANKS = /^[ \t\f]+/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["t", "\t"],
  ["n", "\n"],
  ["r", "\r"],
  ["f", "\f"],
]);
/** YCSB's own template, mostly comments, is 12 KB. */
export const MAX_PROPERTY_CHARACTERS = 1 << 20;
export const MAX_PROPERTY_ENTRIES = 10_000;
