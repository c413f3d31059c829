/**
 * What an answer of Riak's HTTP API says of an operation (reference: engines.md 3.4 to 3.6 and 3.9). Three kinds of operation,
 * three readings of one status: a 404 is an answer to a get, and to a delete it says that nothing was there to be deleted.
 *
 * The mistake to avoid is to take a refusal for a failure. A 503 on a put says that too few replicas answered, not that none
 * stored it; a 500 may be raised before or after. Only what Riak decides before it sends anything is definite: faults of the
 * request (4xx), an empty preference list, too few vnodes, and a coordinator that refuses another sibling. A server whose
 * answer cannot be understood has been asked all the same. Bodies and headers of the server are looked at, never trusted.
 */
import { WRITE_ID_HEADER, writeIdOfHeader } from "../../engine/riak/write-ids";
import type { Octets } from "../../engine/vocabulary/octets";
import type { Outcome } from "../../engine/vocabulary/outcomes";
import type { Exchange, HttpAnswer } from "./riak-http";
import { boundaryOf, partsOf } from "./multipart";

/** One value, or one tombstone, of an object. */
export interface RiakSibling {
  readonly value: Octets;
  readonly deleted: boolean;
  /** Without quotes; empty where the answer has none. */
  readonly etag: string;
  /** Where the answer itself names the write. */
  readonly writeId?: number;
}

export interface RiakAnswer {
  readonly outcome: Outcome;
  readonly siblings: readonly RiakSibling[];
  /** `X-Riak-Vclock` as it came; empty where none did. */
  readonly context: Octets;
  /** One line, where the outcome is not ok or the answer says less than it should. */
  readonly reason: string;
}

export function answerToGet(exchange: Exchange): RiakAnswer {
  if (exchange.kind === "failed") return unanswered(exchange);
  const { answer } = exchange;
  switch (answer.status) {
    case 200:
    case 300:
      return found(answer);
    case 404: {
      const text = textOf(answer);
      if (!text.toLowerCase().includes("not found")) return refused(answer, "invalid");
      const context = contextOf(answer);
      if (context === undefined) return refused(answer, "invalid", STRANGE_CLOCK);
      return {
        ...NOTHING,
        siblings: headerOf(answer, "x-riak-deleted") === "true" ? tombstonesOf(answer) : [],
        context,
      };
    }
    default:
      return failed(answer);
  }
}

/** Its siblings are those after the put, where the request asked for them. */
export function answerToPut(exchange: Exchange): RiakAnswer {
  if (exchange.kind === "failed") return unanswered(exchange);
  const { answer } = exchange;
  switch (answer.status) {
    case 200:
    case 201:
    case 204:
    case 300: {
      // It is stored, whatever else the answer says of it.
      const context = contextOf(answer) ?? "";
      if (answer.status === 204 || answer.body.length === 0) return { ...NOTHING, context };
      const seen = found(answer);
      return seen.outcome === "ok" ? seen : { ...NOTHING, context, reason: seen.reason };
    }
    case 404: {
      // Stored, and deleted since by somebody else; or there is no such type. Of anything else nobody knows.
      if (headerOf(answer, "x-riak-deleted") === "true") return { ...NOTHING, context: contextOf(answer) ?? "" };
      const known = /bucket type/i.test(textOf(answer));
      return known ? refused(answer, "invalid") : refused(answer, "connection_lost", NOT_UNDERSTOOD);
    }
    default:
      return failed(answer);
  }
}

/** With a clock a tombstone is written; without one Riak looks first, and where nothing is, writes nothing and says 404. */
export function answerToDelete(exchange: Exchange): RiakAnswer {
  if (exchange.kind === "failed") return unanswered(exchange);
  const { answer } = exchange;
  switch (answer.status) {
    case 200:
    case 204:
      return { ...NOTHING, context: contextOf(answer) ?? "" };
    default:
      return failed(answer);
  }
}

/** Our own nodes refuse for overload before anything is done; of Riak's that is not certain. */
export function answerOfOurs(answer: RiakAnswer): RiakAnswer {
  const refused = answer.outcome === "quorum_unreachable" && /^500 Error: overload$/.test(answer.reason);
  return refused ? { ...answer, outcome: "overloaded" } : answer;
}

/** A header that came once; undefined otherwise. */
export function headerOf({ headers }: HttpAnswer, name: string): string | undefined {
  const value: string | string[] | undefined = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

function found(answer: HttpAnswer): RiakAnswer {
  const context = contextOf(answer);
  if (context === undefined) return refused(answer, "invalid", STRANGE_CLOCK);
  const contentType = headerOf(answer, "content-type") ?? "";
  if (answer.status !== 300) {
    const deleted = headerOf(answer, "x-riak-deleted") === "true";
    const value = answer.body.toString("latin1");
    return { ...NOTHING, siblings: [{ value, deleted, etag: etagOf(answer) }], context };
  }
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return refused(answer, "invalid", "siblings, but not their values");
  const parts = partsOf(answer.body, boundary);
  if (typeof parts === "string") return refused(answer, "invalid", `a body of siblings that ${parts}`);
  const siblings = parts.map(({ headers, body }) => ({
    value: body,
    deleted: headers.get("x-riak-deleted") === "true",
    etag: unquoted(headers.get("etag") ?? ""),
  }));
  return { ...NOTHING, siblings, context };
}

function unanswered({ sent, because, reason }: Extract<Exchange, { kind: "failed" }>): RiakAnswer {
  if (sent) return { ...NOTHING, outcome: because === "deadline" ? "timeout" : "connection_lost", reason };
  return { ...NOTHING, outcome: because === "request" ? "invalid" : "not_sent", reason };
}

/** What stands for no success. */
function failed(answer: HttpAnswer): RiakAnswer {
  const { status } = answer;
  if (DEFINITE.has(status)) return refused(answer, "invalid");
  const text = textOf(answer);
  if (status === 429) return refused(answer, "overloaded");
  if (status === 500 || status === 503) {
    for (const [pattern, outcome] of TEXTS) if (pattern.test(text)) return refused(answer, outcome);
    return refused(answer, "quorum_unreachable");
  }
  // Whatever it is, the request was there.
  return refused(answer, "connection_lost", NOT_UNDERSTOOD);
}

function refused(answer: HttpAnswer, outcome: Outcome, what = ""): RiakAnswer {
  const text = textOf(answer);
  const why = [what, text].filter((part) => part !== "").join(": ");
  return { ...NOTHING, outcome, reason: `${String(answer.status)}${why === "" ? "" : ` ${why}`}` };
}

/** The beginning of the body, as one line. */
function textOf({ body }: HttpAnswer): string {
  return body
    .toString("latin1", 0, Math.min(body.length, MOST_TEXT))
    .replace(/[^\x21-\x7e]+/g, " ")
    .trim();
}

/** Empty where there is none; undefined where it is no clock. */
function contextOf(answer: HttpAnswer): Octets | undefined {
  if (!Object.hasOwn(answer.headers, "x-riak-vclock")) return "";
  const text = headerOf(answer, "x-riak-vclock");
  return text !== undefined && CLOCK.test(text) ? text : undefined;
}

function etagOf(answer: HttpAnswer): string {
  return unquoted(headerOf(answer, "etag") ?? "");
}

/** Of a deleted key. Our own nodes name the deletes; others are as good as one without a name. */
function tombstonesOf(answer: HttpAnswer): readonly RiakSibling[] {
  const nameless = [{ value: "", deleted: true, etag: etagOf(answer) }];
  const names = headerOf(answer, WRITE_ID_HEADER)?.split(/, ?/, MOST_TOMBSTONES).map(writeIdOfHeader) ?? [];
  if (names.length === 0) return nameless;
  return names.flatMap((writeId) =>
    writeId === undefined ? nameless : { value: "", deleted: true, etag: "", writeId },
  );
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

const NOTHING: RiakAnswer = { outcome: "ok", siblings: [], context: "", reason: "" };
const NOT_UNDERSTOOD = "an answer that is not understood";
const STRANGE_CLOCK = "an X-Riak-Vclock that is none";
const MOST_TEXT = 200;
const MOST_TOMBSTONES = 10_000;
const CLOCK = /^[0-9A-Za-z+/=_-]+$/;
/** Decided on the request alone, or on a read before it. */
const DEFINITE: ReadonlySet<number> = new Set([
  304, 400, 401, 403, 404, 405, 406, 409, 411, 412, 413, 414, 415, 426, 431, 501,
]);
/** Of a 500 or a 503, first that fits. What is not here was tried. */
const TEXTS: readonly (readonly [RegExp, Outcome])[] = [
  [/too_many_siblings|too many siblings/i, "too_many_siblings"],
  // Before anything was sent.
  [/all[_ ]nodes[_ ]down|insufficient[_ ]vnodes|unable to connect to riak/i, "unavailable"],
  [/client not available/i, "connection_lost"],
  [/timed? ?out|timeout/i, "timeout"],
];
