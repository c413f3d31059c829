/**
 * An object as it is answered: what of a key's versions is shown, under which tag and date, and how it is written. One live version
 * is the object itself; several, tombstones among them, are *choices*, a text list of their tags or all of them in one multipart
 * body; nothing but tombstones is an object that was deleted.
 */
import { createHash } from "node:crypto";
import type { Version } from "../clocks/clock";
import { type Content, contentOf } from "../riak/content";
import { encodeVclock } from "../riak/vclock";
import { base62, vtagOf, WRITE_ID_HEADER } from "../riak/write-ids";
import type { Micros } from "../vocabulary/micros";
import type { Octets } from "../vocabulary/octets";
import { contentTypeHeader, headerValue, pushContentHeaders } from "./content-headers";
import { secondOf, httpDate } from "./dates";
import type { Exchange } from "./exchange";
import { chooseMediaType, chooseToken } from "./negotiation";

/** What a read found. */
export type Found =
  | { readonly kind: "absent" }
  | { readonly kind: "deleted"; readonly context: Octets; readonly versions: readonly Version[] }
  | StoredObject;

/** Something that can be shown. */
export interface StoredObject {
  readonly kind: "object";
  readonly context: Octets;
  readonly versions: readonly Version[];
  /** The one version that is meant, or undefined: there are choices. */
  readonly chosen: Version | undefined;
  /** A tag was asked for that no version has. */
  readonly noSuchTag: boolean;
}

export function foundIn(versions: readonly Version[], context: Octets, vtag: string | undefined): Found {
  if (versions.length === 0) return { kind: "absent" };
  if (versions.length === 1) {
    const [chosen] = versions;
    if (chosen.tombstone) return { kind: "deleted", context, versions };
    return {
      kind: "object",
      context,
      versions,
      chosen,
      noSuchTag: vtag !== undefined && vtagOf(chosen.writeId) !== vtag,
    };
  }
  if (versions.every(({ tombstone }) => tombstone)) return { kind: "deleted", context, versions };
  const chosen = vtag === undefined ? undefined : versions.find(({ writeId }) => vtagOf(writeId) === vtag);
  return { kind: "object", context, versions, chosen, noSuchTag: vtag !== undefined && chosen === undefined };
}

/** Not quoted. */
export function etagOf({ chosen, context }: StoredObject): string {
  return chosen === undefined ? base62(createHash("md5").update(context, "latin1").digest()) : vtagOf(chosen.writeId);
}

/** The latest of those that are meant; undefined where nobody said. */
export function lastModifiedOf({ chosen, versions }: StoredObject): Micros | undefined {
  if (chosen !== undefined) return contentOf(chosen).lastModifiedMicros;
  let latest: Micros | undefined;
  for (const version of versions) {
    const at = contentOf(version).lastModifiedMicros;
    if (at !== undefined && (latest === undefined || at > latest)) latest = at;
  }
  return latest;
}

export function lastModifiedSecond(object: StoredObject): number | undefined {
  const at = lastModifiedOf(object);
  return at === undefined ? undefined : secondOf(at);
}

export const CHOICES: readonly string[] = ["text/plain", "multipart/mixed"];
const ENCODINGS: readonly string[] = ["identity", "gzip"];

/** How it will be written; undefined where it was answered with 406. */
export interface Representation {
  readonly object: StoredObject;
  /** Undefined: choices. */
  readonly content: Content | undefined;
  /** Of {@link CHOICES}, where there are choices. */
  readonly mediaType: string;
}

export function represent(exchange: Exchange, object: StoredObject): Representation | undefined {
  const content = object.chosen === undefined ? undefined : contentOf(object.chosen);
  const provided = content === undefined ? CHOICES : [content.contentType];
  const mediaType = chooseMediaType(provided, exchange.header("accept"));
  if (mediaType === undefined || !acceptable(exchange, content)) {
    exchange.text(406, `only as ${provided.map(headerValue).join(" or ")}\n`);
    return undefined;
  }
  return { object, content, mediaType };
}

/** Charset and encoding; they are answered as stored, and never compressed here. */
export function acceptable(exchange: Exchange, content: Pick<Content, "charset" | "encoding"> | undefined): boolean {
  const charsets = exchange.header("accept-charset");
  if (charsets !== undefined && content?.charset !== undefined) {
    if (chooseToken([content.charset], charsets, "ISO-8859-1") === undefined) return false;
  }
  const encodings = exchange.header("accept-encoding");
  if (encodings === undefined) return true;
  return (
    chooseToken(content?.encoding === undefined ? ENCODINGS.slice(0, 1) : [content.encoding], encodings, "identity") !==
    undefined
  );
}

/** Headers that both a read and the answer of a write with a body have, in the order in which they are sent. */
function headersOf({ object, content }: Representation): string[] {
  const headers = ["X-Riak-Vclock", encodeVclock(object.context)];
  if (content?.encoding === undefined)
    headers.push("Vary", content === undefined ? "Accept, Accept-Encoding" : "Accept-Encoding");
  else headers.push("Content-Encoding", headerValue(content.encoding));
  const at = content === undefined ? lastModifiedOf(object) : content.lastModifiedMicros;
  if (at !== undefined) headers.push("Last-Modified", httpDate(at));
  headers.push("ETag", `"${etagOf(object)}"`);
  return headers;
}

/** Writes it: 200 or `status` for one version, 300 for choices. */
export function answerObject(
  exchange: Exchange,
  shown: Representation,
  status = 200,
  more: readonly string[] = [],
): void {
  const { object, content, mediaType } = shown;
  const headers = headersOf(shown);
  headers.push(...more);
  if (content !== undefined) {
    const { up } = exchange.context.bucketOf(exchange.version, exchange.type, exchange.bucket);
    pushContentHeaders(headers, content, up, exchange.version);
    if (object.chosen!.tombstone) headers.push("X-Riak-Deleted", "true");
    headers.push("Content-Type", contentTypeHeader(content));
    exchange.answer(status, headers, object.chosen!.value);
  } else if (mediaType === "multipart/mixed") {
    const boundary = boundaryFor(object);
    headers.push("Content-Type", `multipart/mixed; boundary=${boundary}`);
    exchange.answer(300, headers, multipart(exchange, object, boundary));
  } else {
    headers.push("Content-Type", "text/plain");
    const tags = object.versions.map(({ writeId }) => `${vtagOf(writeId)}\n`);
    exchange.answer(300, headers, `Siblings:\n${tags.join("")}`);
  }
}

/** Every version as a part; the body begins with a line break, as Riak's does. */
function multipart(exchange: Exchange, { versions }: StoredObject, boundary: string): Octets {
  const { up } = exchange.context.bucketOf(exchange.version, exchange.type, exchange.bucket);
  let body = "";
  for (const version of versions) {
    const content = contentOf(version);
    const headers = ["Content-Type", contentTypeHeader(content)];
    if (content.encoding !== undefined) headers.push("Content-Encoding", headerValue(content.encoding));
    const rest: string[] = [];
    pushContentHeaders(rest, content, up, exchange.version);
    headers.push(...rest.slice(0, 2), "Etag", vtagOf(version.writeId));
    if (content.lastModifiedMicros !== undefined) headers.push("Last-Modified", httpDate(content.lastModifiedMicros));
    if (version.tombstone) headers.push("X-Riak-Deleted", "true");
    headers.push(...rest.slice(2));
    body += `\r\n--${boundary}\r\n`;
    for (let i = 0; i < headers.length; i += 2) body += `${headers[i]}: ${headers[i + 1]}\r\n`;
    body += `\r\n${version.value}`;
  }
  return `${body}\r\n--${boundary}--\r\n`;
}

/** In no value: a part that contains its own boundary would be cut there. Equal objects have equal ones. */
function boundaryFor({ versions, context }: StoredObject): string {
  for (let salt = 0; ; salt++) {
    const hash = createHash("sha1")
      .update(`${String(salt)}:`)
      .update(context, "latin1");
    const boundary = base62(hash.digest());
    if (!versions.some(({ value }) => value.includes(boundary))) return boundary;
  }
}

export function answerAbsent(exchange: Exchange): void {
  exchange.text(404, "not found\n");
}

/** With its clock, so that the next write of the key replaces the tombstone; and to whoever asks with which deletes. */
export function answerDeleted(exchange: Exchange, context: Octets, versions: readonly Version[]): void {
  const headers = ["X-Riak-Vclock", encodeVclock(context), "X-Riak-Deleted", "true"];
  if (exchange.header(WRITE_ID_HEADER) !== undefined)
    headers.push("X-Quorumlab-Write-Id", versions.map(({ writeId }) => String(writeId)).join(", "));
  exchange.text(404, "not found\n", headers);
}
