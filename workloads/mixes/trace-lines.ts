/**
 * Operations as text, one a line: what was due when, at which key, by whom. Two forms with the same columns, JSON lines
 * with a header first and CSV, because the one is what we write and the other what people have. Any text may come in as a
 * trace, so every line is checked, every fault has its line, and a line that is at fault is never half understood.
 *
 * Lines are read as they are wanted: a trace of a million operations is one text and never a million objects. Recorded are
 * sizes and not bytes, which an experiment has no use for and which may be somebody's.
 */
import { MAX_KEY_BYTES } from "../../engine/vocabulary/address";
import { nearest } from "../../engine/vocabulary/nearest";
import { octetsFromText } from "../../engine/vocabulary/octets";
import type { Micros } from "../../engine/vocabulary/micros";
import type { OperationKind } from "../operation";

export const TRACE_SCHEMA = "quorumlab/operations@1";
export type TraceForm = "jsonl" | "csv";

/** `load` is a write of the load phase, which has no instant. */
export type TracedKind = OperationKind | "load";

export interface TracedOperation {
  /** From the start of the warm-up; undefined for `load`. */
  readonly at: Micros | undefined;
  readonly op: TracedKind;
  /** Of a scan or listing where it begins; of a multi-get the first of {@link keys}. */
  readonly key: string;
  /** Of a write. A read-modify-write without one writes what follows from what it read. */
  readonly size?: number;
  /** The very bytes, instead of a size. */
  readonly value?: string;
  readonly client?: number;
  readonly scanLength?: number;
  readonly scanEnd?: string;
  readonly keys?: readonly string[];
  readonly delimiter?: string;
  readonly blind?: true;
}

/** What a trace says of itself. */
export interface TraceHeader {
  readonly bucket?: string;
  /** Who decided when: closed, open or partly-open. */
  readonly model?: string;
  readonly clients?: number;
}

export type TraceLine =
  | { readonly line: number; readonly operation: TracedOperation }
  | { readonly line: number; readonly problems: readonly string[] };

export const COLUMNS = [
  "at_us",
  "op",
  "key",
  "size",
  "value",
  "client",
  "scan_length",
  "scan_end",
  "keys",
  "delimiter",
  "blind",
] as const;
type Column = (typeof COLUMNS)[number];

/** Which columns an operation must have and may have beside `at_us`, `op` and `client`. */
const PARTS: Readonly<Record<TracedKind, { readonly needs: readonly Column[]; readonly may: readonly Column[] }>> = {
  load: { needs: ["key"], may: ["size", "value"] },
  read: { needs: ["key"], may: [] },
  update: { needs: ["key"], may: ["size", "value", "blind"] },
  insert: { needs: ["key"], may: ["size", "value"] },
  delete: { needs: ["key"], may: ["blind"] },
  rmw: { needs: ["key"], may: ["size", "value"] },
  scan: { needs: ["scan_length"], may: ["key", "scan_end"] },
  list: { needs: ["scan_length"], may: ["key", "delimiter"] },
  "multi-get": { needs: ["keys"], may: ["key"] },
};
const NEED_A_SIZE: readonly TracedKind[] = ["load", "update", "insert"];

const INTEGERS: Readonly<Partial<Record<Column, readonly [least: number, most: number]>>> = {
  at_us: [0, 1e15],
  size: [0, 16_777_216],
  client: [0, 9_999],
  scan_length: [1, 1_000_000],
};
const MOST_KEYS = 1_000;
/** Of a line, so that a file without ends of lines is told and not read. */
const MOST_CHARACTERS = 32 * 2 ** 20;
const SHOWN_CHARACTERS = 40;

/** Reads one line after the other. What it yields of a text is always the same. */
export class TraceReader {
  /** Known once the first line was read; undefined where there is none. */
  header: TraceHeader | undefined;
  private readonly text: string;
  private readonly form: TraceForm;
  private at: number;
  private line = 0;
  private begun = false;
  private columns: readonly Column[] = [];
  private latest: Micros = -1;

  /** `trusted`: whoever gave the text has read every line, and found nothing wrong. */
  constructor(
    text: string,
    form: TraceForm,
    private readonly trusted = false,
  ) {
    this.text = text;
    this.form = form;
    this.at = text.startsWith("\ufeff") ? 1 : 0;
  }

  /** Undefined at the end. */
  next(): TraceLine | undefined {
    if (!this.begun) {
      this.begun = true;
      const problem = this.form === "jsonl" ? this.readHeader() : this.readColumns();
      if (problem !== undefined) {
        // Nothing behind it can be understood.
        const { line } = this;
        this.at = this.text.length;
        return { line: Math.max(1, line), problems: [problem] };
      }
    }
    for (;;) {
      const line = this.line + 1;
      const raw = this.form === "jsonl" ? this.takeObject() : this.takeRow();
      if (raw === undefined) return undefined;
      if (raw === BLANK) continue;
      if (typeof raw === "string") return { line, problems: [raw] };
      return this.checked(line, raw);
    }
  }

  private readHeader(): string | undefined {
    const text = this.takeLine();
    if (text === undefined || text.trim() === "")
      return `is empty; the first line is a header, {"schema":"${TRACE_SCHEMA}"}`;
    const header = parsed(text);
    if (!isRecord(header) || header.schema === undefined)
      return `is no header; the first line is {"schema":"${TRACE_SCHEMA}"}, with bucket, model and clients if they are known`;
    return this.takeHeader(header);
  }

  /** CSV may say of itself what a header says, in a first line that begins with #. */
  private readColumns(): string | undefined {
    let text = this.takeLine();
    if (text?.startsWith("#") === true) {
      const header = parsed(text.slice(1));
      if (isRecord(header) && header.schema !== undefined) {
        const problem = this.takeHeader(header);
        if (problem !== undefined) return problem;
      }
      text = this.takeLine();
    }
    if (text === undefined || text.trim() === "")
      return `is empty; the first line names the columns, ${COLUMNS.join(",")}`;
    const names = fieldsOf(text).map((name) => name.trim());
    for (const name of names) {
      if ((COLUMNS as readonly string[]).includes(name)) continue;
      const near = nearest(name, COLUMNS);
      return `has a column ${shown(name)}; ${near === undefined ? `known: ${COLUMNS.join(", ")}` : `did you mean "${near}"?`}`;
    }
    if (new Set(names).size < names.length) return "names a column twice";
    const lacking = (["at_us", "op", "key"] as const).filter((name) => !names.includes(name));
    if (lacking.length > 0) return `lacks the column ${lacking.join(" and ")}; the first line names the columns`;
    this.columns = names as readonly Column[];
    return undefined;
  }

  private takeHeader(header: Readonly<Record<string, unknown>>): string | undefined {
    const { schema, bucket, model, clients } = header;
    if (schema !== TRACE_SCHEMA) return `has schema ${shown(schema)}; this version reads "${TRACE_SCHEMA}"`;
    if (bucket !== undefined && (typeof bucket !== "string" || bucket === "" || bucket.length > 255))
      return `has bucket ${shown(bucket)}; allowed: a name of up to 255 characters`;
    if (model !== undefined && !["closed", "open", "partly-open"].includes(model as string))
      return `has model ${shown(model)}; allowed: closed, open, partly-open`;
    if (clients !== undefined && !isWithin(clients, [1, 10_000]))
      return `has clients ${shown(clients)}; allowed: an integer from 1 to 10000`;
    this.header = {
      ...(bucket === undefined ? {} : { bucket: bucket }),
      ...(model === undefined ? {} : { model: model as string }),
      ...(clients === undefined ? {} : { clients: clients as number }),
    };
    return undefined;
  }

  private checked(line: number, raw: Raw): TraceLine {
    if (!this.trusted) {
      const problems = problemsOf(raw);
      if (problems.length > 0) return { line, problems };
    }
    const operation = operationOf(raw);
    const { at } = operation;
    if (at === undefined) {
      if (this.latest >= 0)
        return { line, problems: ["is a load behind operations with an instant; loads come first"] };
    } else if (at < this.latest) {
      return { line, problems: [`goes back in time: at_us is ${at}, and the line before has ${this.latest}`] };
    } else this.latest = at;
    return { line, operation };
  }

  private takeLine(): string | undefined {
    if (this.at >= this.text.length) return undefined;
    const end = this.text.indexOf("\n", this.at);
    const line = this.text.slice(this.at, end < 0 ? this.text.length : end);
    this.at = end < 0 ? this.text.length : end + 1;
    this.line++;
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  /** A text is a problem. */
  private takeObject(): Raw | string | typeof BLANK | undefined {
    const text = this.takeLine();
    if (text === undefined) return undefined;
    if (text.trim() === "") return BLANK;
    if (text.length > MOST_CHARACTERS) return `is longer than ${MOST_CHARACTERS} characters`;
    const value = parsed(text);
    return isRecord(value) ? value : `is no JSON object: ${shownText(text)}`;
  }

  private takeRow(): Raw | string | typeof BLANK | undefined {
    let text = this.takeLine();
    if (text === undefined) return undefined;
    if (text.trim() === "") return BLANK;
    // An end of line within quotes is part of the field.
    while (!isClosed(text)) {
      const more = this.takeLine();
      if (more === undefined || text.length + more.length > MOST_CHARACTERS)
        return "opens a quote that is never closed";
      text += `\n${more}`;
    }
    const fields = fieldsOf(text);
    if (fields.length !== this.columns.length)
      return `has ${fields.length} fields, and there are ${this.columns.length} columns`;
    const raw: Record<string, unknown> = {};
    for (const [i, column] of this.columns.entries()) {
      const field = fields[i];
      if (field === "") continue;
      if (INTEGERS[column] !== undefined) raw[column] = /^-?\d{1,16}$/.test(field.trim()) ? Number(field) : field;
      else if (column === "keys") raw[column] = parsed(field) ?? field;
      else if (column === "blind") raw[column] = field === "true" ? true : field;
      else raw[column] = field;
    }
    return raw;
  }
}

type Raw = Readonly<Record<string, unknown>>;
const BLANK: unique symbol = Symbol("a line with nothing on it");

/** Everything that is wrong with a line. */
function problemsOf(raw: Raw): readonly string[] {
  const { op } = raw;
  if (op === undefined) return ["lacks op"];
  if (typeof op !== "string" || !Object.hasOwn(PARTS, op)) {
    const known = Object.keys(PARTS);
    const near = typeof op === "string" ? nearest(op, known) : undefined;
    return [`has op ${shown(op)}; ${near === undefined ? `known: ${known.join(", ")}` : `did you mean "${near}"?`}`];
  }
  const kind = op as TracedKind;
  const { needs, may } = PARTS[kind];
  const problems: string[] = [];
  for (const name of Object.keys(raw)) {
    if (name === "op" || (name === "client" && kind !== "load") || needs.includes(name as Column)) continue;
    if (may.includes(name as Column) || (name === "at_us" && kind !== "load")) continue;
    const near = (COLUMNS as readonly string[]).includes(name) ? undefined : nearest(name, COLUMNS);
    problems.push(
      `has ${shown(name)}, which is no part of ${shown(kind)}${near === undefined ? "" : `; did you mean "${near}"?`}`,
    );
  }
  for (const name of kind === "load" ? needs : (["at_us", ...needs] as const))
    if (raw[name] === undefined) problems.push(`lacks ${name}, which ${shown(kind)} needs`);
  for (const [name, [least, most]] of Object.entries(INTEGERS))
    if (raw[name] !== undefined && !isWithin(raw[name], [least, most]))
      problems.push(`has ${name} ${shown(raw[name])}; allowed: an integer from ${least} to ${most}`);
  const empty = kind === "scan" || kind === "list";
  checkKey("key", raw.key, empty, problems);
  checkKey("scan_end", raw.scan_end, true, problems);
  checkText("delimiter", raw.delimiter, 16, problems);
  checkText("value", raw.value, INTEGERS.size![1], problems);
  if (raw.size !== undefined && raw.value !== undefined) problems.push("has size and value; keep one of them");
  if (raw.size === undefined && raw.value === undefined && NEED_A_SIZE.includes(kind))
    problems.push(`lacks size, which ${shown(kind)} needs`);
  if (raw.blind !== undefined && raw.blind !== true)
    problems.push(`has blind ${shown(raw.blind)}; allowed: true, or nothing`);
  const { keys } = raw;
  if (keys !== undefined) {
    if (!Array.isArray(keys) || keys.length === 0 || keys.length > MOST_KEYS)
      problems.push(`has keys ${shown(keys)}; allowed: a list of 1 to ${MOST_KEYS} keys`);
    else for (const key of keys) checkKey("keys", key, false, problems);
  }
  return problems;
}

/** Of a line with which nothing is wrong. */
function operationOf(raw: Raw): TracedOperation {
  const names = raw.keys as readonly string[] | undefined;
  const operation: { -readonly [Name in keyof TracedOperation]: TracedOperation[Name] } = {
    at: raw.at_us as number | undefined,
    op: raw.op as TracedKind,
    key: (raw.key as string | undefined) ?? names?.[0] ?? "",
  };
  if (raw.size !== undefined) operation.size = raw.size as number;
  if (raw.value !== undefined) operation.value = raw.value as string;
  if (raw.client !== undefined) operation.client = raw.client as number;
  if (raw.scan_length !== undefined) operation.scanLength = raw.scan_length as number;
  if (raw.scan_end !== undefined) operation.scanEnd = raw.scan_end as string;
  if (names !== undefined) operation.keys = names;
  if (raw.delimiter !== undefined) operation.delimiter = raw.delimiter as string;
  if (raw.blind === true) operation.blind = true;
  return operation;
}

/** The header of a trace that is written, with the end of its line. */
export function headerText(header: TraceHeader, form: TraceForm): string {
  const json = JSON.stringify({ schema: TRACE_SCHEMA, ...header });
  return form === "jsonl" ? `${json}\n` : `# ${json}\n${COLUMNS.join(",")}\n`;
}

/** One operation, with the end of its line. */
export function operationText(operation: TracedOperation, form: TraceForm): string {
  const { at, op, key, size, value, client, scanLength, scanEnd, keys, delimiter, blind } = operation;
  const cells: Readonly<Record<Column, unknown>> = {
    at_us: at,
    op,
    key: keys === undefined ? key : undefined,
    size,
    value,
    client,
    scan_length: scanLength,
    scan_end: scanEnd,
    keys,
    delimiter,
    blind,
  };
  // Undefined members are left out.
  if (form === "jsonl") return `${JSON.stringify(cells)}\n`;
  return `${COLUMNS.map((column) => fieldText(cells[column])).join(",")}\n`;
}

function fieldText(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

function isClosed(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 0;
}

/** RFC 4180. */
function fieldsOf(text: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = "";
    if (text[at] === '"') {
      at++;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) return [...fields, field + text.slice(at)];
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
    }
    const comma = text.indexOf(",", at);
    fields.push(field + text.slice(at, comma < 0 ? text.length : comma));
    if (comma < 0) return fields;
    at = comma + 1;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWithin(value: unknown, [least, most]: readonly [number, number]): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function checkKey(name: Column, key: unknown, mayBeEmpty: boolean, problems: string[]): void {
  if (key === undefined) return;
  if (typeof key !== "string" || (key === "" && !mayBeEmpty)) {
    problems.push(`has ${name} ${shown(key)}; allowed: a text${mayBeEmpty ? "" : " that is not empty"}`);
    return;
  }
  const bytes = key.length * 3 < MAX_KEY_BYTES ? key.length : octetsFromText(key).length;
  if (bytes > MAX_KEY_BYTES) problems.push(`has a ${name} of ${bytes} bytes; allowed: at most ${MAX_KEY_BYTES}`);
}

function checkText(name: Column, value: unknown, most: number, problems: string[]): void {
  if (value === undefined || (typeof value === "string" && value !== "" && value.length <= most)) return;
  problems.push(`has ${name} ${shown(value)}; allowed: a text of 1 to ${most} characters`);
}

function shown(value: unknown): string {
  return shownText(JSON.stringify(value) ?? "undefined");
}

function shownText(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}
