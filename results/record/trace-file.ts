/**
 * `trace.jsonl.gz`: the header on the first line, then one event a line. A trace may come from anybody, and a small
 * compressed file can hold endless text, so everything is bounded before it is believed: the file, what it unpacks to,
 * the number and the length of lines, every list and text. What is wrong becomes one sentence with the line's number, as
 * for any other file of a run.
 */
import * as fs from "node:fs";
import * as zlib from "node:zlib";
import { replaceFile } from "./files";
import { RunNotReadable } from "./reader";
import { writing } from "./results-not-writable";
import { shapeProblem, type Shape } from "./shape";
import type { TraceEvent, TraceHeader } from "./trace";

export interface StoredTrace {
  readonly header: TraceHeader;
  readonly events: readonly TraceEvent[];
}

export const TRACE_BOUNDS = {
  fileBytes: 64 * 2 ** 20,
  unpackedBytes: 256 * 2 ** 20,
  events: 1_000_000,
  lineLength: 4 * 2 ** 20,
  textLength: 4_096,
  listLength: 10_000,
  tokens: 200_000,
  nodes: 10_000,
} as const;

const HEADER: Shape = {
  schema: { oneOf: ["quorumlab/trace@1"] },
  trial: "string",
  cell: "string",
  nodes: [{ id: "string", zone: "string" }],
  tokens: [{ at: "number", node: "string" }],
  warmupMicros: "number",
  fromMicros: "number",
  toMicros: "number",
  dropped: "number",
};

const EVENTS: Readonly<Record<TraceEvent["kind"], Shape>> = {
  message: {
    id: "number",
    from: "string",
    to: "string",
    sentAt: "number",
    arrivedAt: "number?",
    fate: { oneOf: ["delivered", "lost", "cut", "node-down", "queue-full", "held", "in-flight"] },
    what: "string",
    key: "string",
    versions: ["number"],
    detail: "string",
    bytes: "number",
  },
  state: { at: "number", node: "string", vnode: "number", key: "string", versions: ["number"], clock: "string" },
  note: { at: "number", node: "string", text: "string" },
  node: { at: "number", node: "string", state: { oneOf: ["up", "down", "paused"] } },
  fault: { at: "number", id: "string", phase: { oneOf: ["begin", "end"] }, what: "string" },
  operation: {
    startedAt: "number",
    endedAt: "number",
    client: "string",
    operation: "string",
    key: "string",
    outcome: "string",
    writeId: "number",
    versions: ["number"],
    stale: "any",
    replicas: ["string"],
  },
};

/** Replaces the file. Throws ResultsNotWritable. */
export function writeTrace(file: string, trace: StoredTrace): void {
  const lines = [trace.header, ...trace.events].map((one) => JSON.stringify(one) + "\n");
  writing(file, () => replaceFile(file, zlib.gzipSync(lines.join(""))));
}

/** Throws RunNotReadable with the first thing that is wrong. What it unpacks to is held in memory whole. */
export function readTrace(file: string, unpackedBytes: number = TRACE_BOUNDS.unpackedBytes): StoredTrace {
  const refuse = (why: string): never => {
    throw new RunNotReadable(`${file} is no trace that can be shown: ${why}`, file);
  };
  const lines = unpacked(file, unpackedBytes, refuse).split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  if (lines.length === 0) refuse("it is empty");
  if (lines.length - 1 > TRACE_BOUNDS.events)
    refuse(`it has ${lines.length - 1} events; allowed: ${TRACE_BOUNDS.events}`);
  const parsed = lines.map((line, i) => {
    if (line.length > TRACE_BOUNDS.lineLength) return refuse(`line ${i + 1} is ${line.length} characters long`);
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return refuse(`line ${i + 1} is no JSON`);
    }
  });
  const [header, ...events] = parsed;
  const wrongHeader = headerProblem(header);
  if (wrongHeader !== undefined) refuse(`line 1: ${wrongHeader}`);
  events.forEach((event, i) => {
    const wrong = eventProblem(event);
    if (wrong !== undefined) refuse(`line ${i + 2}: ${wrong}`);
  });
  return { header: header as TraceHeader, events: (events as TraceEvent[]).map(withoutNulls) };
}

/** The text of the file, within bounds. */
function unpacked(file: string, most: number, refuse: (why: string) => never): string {
  let size: number;
  try {
    const status = fs.statSync(file);
    if (!status.isFile()) return refuse("it is no regular file");
    size = status.size;
  } catch (error) {
    if (error instanceof RunNotReadable) throw error;
    return refuse(`it cannot be opened (${(error as NodeJS.ErrnoException).code ?? "unknown reason"})`);
  }
  if (size > TRACE_BOUNDS.fileBytes) return refuse(`it has ${size} bytes; allowed: ${TRACE_BOUNDS.fileBytes}`);
  try {
    return zlib.gunzipSync(fs.readFileSync(file), { maxOutputLength: most }).toString("utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE"
      ? refuse(`it unpacks to more than ${most} bytes`)
      : refuse("it is not compressed with gzip, or damaged");
  }
}

function headerProblem(value: unknown): string | undefined {
  const shape = shapeProblem(value, HEADER, "header");
  if (shape !== undefined) return shape;
  const header = value as TraceHeader;
  if (header.nodes.length > TRACE_BOUNDS.nodes || header.tokens.length > TRACE_BOUNDS.tokens)
    return `too many nodes or tokens; allowed: ${TRACE_BOUNDS.nodes} and ${TRACE_BOUNDS.tokens}`;
  if (new Set(header.nodes.map(({ id }) => id)).size !== header.nodes.length) return "two nodes have the same id";
  if (!header.tokens.every(({ at }) => at >= 0 && at < 1)) return "tokens lie at 0 or above and below 1";
  const texts = [header.trial, header.cell, ...header.nodes.flatMap(({ id, zone }) => [id, zone])];
  return (
    longText(texts) ??
    wrongCount({ fromMicros: header.fromMicros, warmupMicros: header.warmupMicros, dropped: header.dropped }) ??
    (Number.isSafeInteger(header.toMicros) && header.toMicros >= header.fromMicros
      ? undefined
      : "toMicros should be a whole number and not before fromMicros")
  );
}

function eventProblem(value: unknown): string | undefined {
  const kind = (value as { readonly kind?: unknown } | null)?.kind;
  if (typeof kind !== "string" || !Object.hasOwn(EVENTS, kind))
    return `kind should be one of ${Object.keys(EVENTS).join(", ")}`;
  const shape = shapeProblem(value, EVENTS[kind as TraceEvent["kind"]], kind);
  if (shape !== undefined) return shape;
  const event = value as TraceEvent;
  switch (event.kind) {
    case "message":
      return (
        longText([event.from, event.to, event.what, event.key, event.detail]) ??
        wrongIds(event.versions) ??
        wrongCount({ id: event.id, sentAt: event.sentAt, bytes: event.bytes }) ??
        (isAbsent(event.arrivedAt) ? undefined : notBefore("arrivedAt", event.arrivedAt!, "sentAt", event.sentAt)) ??
        (isAbsent(event.arrivedAt) && event.fate === "delivered" ? "a delivered message has arrivedAt" : undefined)
      );
    case "state":
      return (
        longText([event.node, event.key, event.clock]) ??
        wrongIds(event.versions) ??
        wrongCount({ at: event.at }) ??
        (Number.isSafeInteger(event.vnode) ? undefined : "vnode should be a whole number")
      );
    case "note":
      return longText([event.node, event.text]) ?? wrongCount({ at: event.at });
    case "node":
      return longText([event.node]) ?? wrongCount({ at: event.at });
    case "fault":
      return longText([event.id, event.what]) ?? wrongCount({ at: event.at });
    case "operation":
      return (
        longText([event.client, event.operation, event.key, event.outcome, ...event.replicas]) ??
        wrongIds(event.versions) ??
        (event.replicas.length > TRACE_BOUNDS.nodes ? "too many replicas" : undefined) ??
        wrongCount({ startedAt: event.startedAt, writeId: event.writeId }) ??
        notBefore("endedAt", event.endedAt, "startedAt", event.startedAt) ??
        (isAbsent(event.stale) || typeof event.stale === "boolean"
          ? undefined
          : "stale should be true, false or absent")
      );
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function longText(texts: readonly string[]): string | undefined {
  return texts.every((text) => text.length <= TRACE_BOUNDS.textLength)
    ? undefined
    : `a text is longer than ${TRACE_BOUNDS.textLength} characters`;
}

function wrongIds(ids: readonly number[]): string | undefined {
  if (ids.length > TRACE_BOUNDS.listLength) return `more than ${TRACE_BOUNDS.listLength} versions`;
  return ids.every((id) => Number.isSafeInteger(id) && id >= 0) ? undefined : "versions should be whole numbers";
}

function wrongCount(fields: Readonly<Record<string, number>>): string | undefined {
  const wrong = Object.entries(fields).find(([, value]) => !Number.isSafeInteger(value) || value < 0);
  return wrong === undefined ? undefined : `${wrong[0]} should be a whole number from 0 up`;
}

function notBefore(name: string, value: number, beforeName: string, before: number): string | undefined {
  return Number.isSafeInteger(value) && value >= before
    ? undefined
    : `${name} should be a whole number and not before ${beforeName}`;
}

/** JSON has no "undefined": what is absent or null is made so again. */
function withoutNulls(event: TraceEvent): TraceEvent {
  if (event.kind === "message") return { ...event, arrivedAt: event.arrivedAt ?? undefined };
  if (event.kind === "operation") return { ...event, stale: event.stale ?? undefined };
  return event;
}
