/**
 * Conditional requests, tested in webmachine's order against what a *separate* read has found. That read and the write after it
 * are two requests, and anything may happen between them: of two clients that race on `If-None-Match: *` both may pass,
 * and both write. So it is in Riak, and it is kept: a store without consensus cannot do better, only hide it.
 */
import { decodeVclock } from "../riak/vclock";
import { secondOfHttpDate } from "./dates";
import type { Exchange } from "./exchange";
import { etagOf, type Found, lastModifiedSecond, type StoredObject } from "./object";

const WRITE_CONDITIONS = ["if-none-match", "if-match", "if-unmodified-since", "x-riak-if-not-modified"] as const;

/** Whether a write has to be preceded by a read. */
export function isConditional(exchange: Exchange): boolean {
  return WRITE_CONDITIONS.some((name) => exchange.header(name) !== undefined);
}

/** The status that the request ends with; undefined: it goes on. */
export function failedCondition(exchange: Exchange, found: Found, nowSecond: number): 304 | 412 | undefined {
  if (found.kind !== "object" || found.noSuchTag) return exchange.header("if-match") === undefined ? undefined : 412;
  return failedOf(exchange, found, nowSecond);
}

function failedOf(exchange: Exchange, object: StoredObject, nowSecond: number): 304 | 412 | undefined {
  const { method } = exchange;
  const reads = method === "GET" || method === "HEAD";
  const ifMatch = exchange.header("if-match");
  if (ifMatch !== undefined && ifMatch !== "*" && !tagsOf(ifMatch).includes(etagOf(object))) return 412;
  const ifUnmodified = exchange.header("if-unmodified-since");
  if (ifUnmodified !== undefined) {
    const since = secondOfHttpDate(ifUnmodified);
    const modified = lastModifiedSecond(object);
    if (since !== undefined && modified !== undefined && modified > since) return 412;
  }
  const ifNoneMatch = exchange.header("if-none-match");
  if (ifNoneMatch !== undefined && (ifNoneMatch === "*" || tagsOf(ifNoneMatch).includes(etagOf(object))))
    return reads ? 304 : 412;
  const ifModified = exchange.header("if-modified-since");
  if (ifModified !== undefined && reads) {
    const since = secondOfHttpDate(ifModified);
    const modified = lastModifiedSecond(object);
    if (since !== undefined && since <= nowSecond && modified !== undefined && modified <= since) return 304;
  }
  return undefined;
}

/** Whether a PUT that names the clock it has seen meets another one, or nothing. `malformed`: it names none. */
export function isConflict(exchange: Exchange, found: Found): boolean | "malformed" {
  const header = exchange.header("x-riak-if-not-modified");
  if (header === undefined || exchange.method !== "PUT") return false;
  const context = decodeVclock(header);
  if (context === undefined) return "malformed";
  return found.kind !== "object" || found.context !== context;
}

/** Quoted strings in a list of tags. */
function tagsOf(header: string): readonly string[] {
  return [...header.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, tag]) => tag.replace(/\\(.)/g, "$1"));
}
