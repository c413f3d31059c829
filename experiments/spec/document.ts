/**
 * From text to a located tree, by YAML 1.2 (where `no` and `on` are text). Hostile or broken input ends in problems,
 * never in an exception: the parser's own errors, duplicate keys, tags, keys that are no text, and trees that aliases or
 * nesting blow up beyond what any experiment needs.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Scalar,
} from "yaml";
import type { Entry, Located, LocatedMap, Origin, Place } from "./located";
import type { Problems } from "./problems";

export const MAX_FILE_BYTES = 1_048_576;
const MAX_NODES = 20_000;
const MAX_DEPTH = 32;
const MAX_SYNTAX_ERRORS = 20;

/** The tree of a whole file, or undefined with the reasons in `problems`. The root of an experiment is a map. */
export function readDocument(text: string, file: string, problems: Problems): LocatedMap | undefined {
  const start: Place = { file, line: 1, column: 1, origin: "file" };
  if (text.length > MAX_FILE_BYTES) {
    problems.error(start, `the file has ${text.length} characters; allowed: at most ${MAX_FILE_BYTES}`);
    return undefined;
  }
  if (text.includes("\0")) {
    problems.error(start, "the file is not text (it has a zero byte); an experiment is a YAML file");
    return undefined;
  }
  const node = readValue(text, start, problems);
  if (node === undefined) return undefined;
  if (node.kind === "map") return node;
  const what = node.kind === "list" ? "a list" : node.value === null ? "empty" : "a single value";
  problems.error(node.at, `the file is ${what}; an experiment is a map of keys, such as "name: my-experiment"`);
  return undefined;
}

/** A value as written after `-S key=`; places all point at the flag. */
export function readFlagValue(text: string, flag: string, problems: Problems): Located | undefined {
  const at: Place = { file: flag, line: 1, column: 1, origin: "flag" };
  return readValue(text, at, problems);
}

function readValue(text: string, start: Place, problems: Problems): Located | undefined {
  const lines = new LineCounter();
  const { file, origin } = start;
  const place = (offset: number): Place => {
    if (origin === "flag") return start;
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), origin };
  };
  if (looksTooDeep(text)) {
    problems.error(start, `is nested too deeply; allowed: at most ${MAX_DEPTH} levels`);
    return undefined;
  }
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      version: "1.2",
      lineCounter: lines,
      prettyErrors: false,
      strict: true,
      uniqueKeys: true,
      merge: false,
    });
  } catch (error) {
    problems.error(start, `cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  if (document.errors.some((error) => error.code === "RESOURCE_EXHAUSTION")) {
    problems.error(start, `is nested too deeply; allowed: at most ${MAX_DEPTH} levels`);
    return undefined;
  }
  for (const error of document.errors.slice(0, MAX_SYNTAX_ERRORS))
    problems.error(place(error.pos[0]), syntaxMessage(error.code, error.message));
  for (const warning of document.warnings.slice(0, MAX_SYNTAX_ERRORS)) {
    problems.error(place(warning.pos[0]), `${warning.message}; tags have no meaning in an experiment`);
  }
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
  if (document.contents === null) return { kind: "scalar", at: start, value: null };
  return new Builder(document, place, problems, start, origin).build(document.contents);
}

/**
 * The parser takes time that grows with the square of the depth, so obvious depth is refused before it: far more
 * brackets opened than closed, or a line that is nothing but list marks. Brackets in prose are balanced or few.
 */
function looksTooDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "[" || c === "{") depth++;
    else if ((c === "]" || c === "}") && depth > 0) depth--;
    if (depth > 10 * MAX_DEPTH) return true;
  }
  return /(?:[-?:] +){100}/.test(text);
}

function syntaxMessage(code: string, message: string): string {
  if (code === "DUPLICATE_KEY") return "this key stands twice in its map; keep one";
  if (code === "MULTIPLE_DOCS") return "a second document starts here; an experiment is one document";
  if (code === "TAB_AS_INDENT") return "a tab is used as indentation; YAML wants spaces";
  return `YAML: ${message}`;
}

/** Walks the parser's tree; aliases are followed, so the walk is what a billion-laughs file would blow up. */
class Builder {
  private nodes = 0;
  private refused = false;

  constructor(
    private readonly document: Document.Parsed,
    private readonly place: (offset: number) => Place,
    private readonly problems: Problems,
    private readonly start: Place,
    private readonly origin: Origin,
  ) {}

  build(contents: Node): Located | undefined {
    const tree = this.node(contents, this.start, 0);
    return this.refused ? undefined : tree;
  }

  private refuse(at: Place, message: string): Located {
    if (!this.refused) this.problems.error(at, message);
    this.refused = true;
    return { kind: "scalar", at, value: null };
  }

  private node(node: unknown, fallback: Place, depth: number): Located {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    const at = range === undefined || range === null ? fallback : this.place(range[0]);
    if (this.refused) return { kind: "scalar", at, value: null };
    if (++this.nodes > MAX_NODES) return this.refuse(at, `has more than ${MAX_NODES} values once aliases are followed`);
    if (depth > MAX_DEPTH) return this.refuse(at, `is nested too deeply; allowed: at most ${MAX_DEPTH} levels`);
    if (isAlias(node)) {
      const target = node.resolve(this.document);
      if (target === undefined) return this.refuse(at, `refers to an anchor "${node.source}" that is not there`);
      return this.node(target, at, depth + 1);
    }
    if (isMap(node)) return this.map(node.items, at, depth);
    if (isSeq(node)) return { kind: "list", at, items: node.items.map((item) => this.node(item, at, depth + 1)) };
    if (isScalar(node)) return { ...this.scalar(node.value, at), ...textColumnOf(node, at) };
    return { kind: "scalar", at, value: null };
  }

  private map(items: readonly { key: unknown; value: unknown }[], at: Place, depth: number): Located {
    const entries = new Map<string, Entry>();
    for (const { key, value } of items) {
      const keyRange = (key as { range?: readonly number[] | null } | null)?.range;
      const keyAt = keyRange === undefined || keyRange === null ? at : this.place(keyRange[0]);
      if (!isScalar(key) || (typeof key.value !== "string" && typeof key.value !== "number")) {
        this.problems.error(keyAt, "this key is no text; keys are plain names");
        continue;
      }
      entries.set(String(key.value), { keyAt, node: this.node(value, keyAt, depth + 1) });
    }
    return { kind: "map", at, entries };
  }

  private scalar(value: unknown, at: Place): Located & { readonly kind: "scalar" } {
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", at, value };
    }
    return {
      kind: "scalar",
      at: { ...at, origin: this.origin },
      value: typeof value === "bigint" ? Number(value) : null,
    };
  }
}

/** Plain and quoted texts that are written as they are read. */
function textColumnOf(node: Scalar, at: Place): { readonly textColumn?: number } {
  if (typeof node.value !== "string" || node.range === undefined || node.range === null) return {};
  const quotes = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE" ? 1 : 0;
  const asWritten = node.range[1] - node.range[0] === node.value.length + 2 * quotes;
  return (quotes === 1 || node.type === "PLAIN") && asWritten ? { textColumn: at.column + quotes } : {};
}
