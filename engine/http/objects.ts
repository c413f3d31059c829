/**
 * Reading, storing and deleting objects. The steps of each handler stand in the order in which Riak tests: what is malformed
 * (400), what is forbidden (403), whether the type is there (404), what the client accepts (406), then, where a condition asks for
 * it, what is stored (412, 409), whether the body's type can be stored (415), and only then the deed. Clients see that
 * order whenever a request is wrong in two ways.
 */
import { createHash } from "node:crypto";
import { MAX_ADDRESS_BYTES } from "../node";
import type { BucketProperties } from "../buckets/properties";
import { type AnswerMessage, MAX_STATE_BYTES, type RequestOptions } from "../messages";
import { type Content, contentOf, encodeContent, PLAIN } from "../riak/content";
import { decodeVclock } from "../riak/vclock";
import { WRITE_ID_HEADER, writeIdOfHeader } from "../riak/write-ids";
import type { Address } from "../vocabulary/address";
import type { Octets } from "../vocabulary/octets";
import { failedCondition, isConditional, isConflict } from "./conditions";
import { contentOfRequest, contentTypeHeader, headerValue, isMediaType } from "./content-headers";
import type { Exchange } from "./exchange";
import { answerFailure, answerUnknownType } from "./failures";
import { forbidden } from "./forbidden";
import { chooseMediaType } from "./negotiation";
import {
  acceptable,
  answerAbsent,
  answerDeleted,
  answerObject,
  CHOICES,
  etagOf,
  foundIn,
  type Found,
  represent,
} from "./object";
import { type AskedOptions, deleteOptions, optionsOf, readOptions, writeOptions } from "./options";
import { percentEncoded } from "./url";

// ---- reading ---------------------------------------------------------------------------------------------------------

export function readObject(exchange: Exchange): void {
  const asked = optionsOf(exchange);
  if (asked === undefined || forbidden(exchange)) return;
  const properties = typeOf(exchange);
  if (properties === undefined) return;
  const options = readOptions(exchange, asked, properties.nVal);
  if (options === "answered") return;
  const address = addressOf(exchange);
  if (address === undefined) return;
  exchange.context.session.get(
    address,
    options,
    exchange.guarded((answer) => answerRead(exchange, answer)),
  );
}

function answerRead(exchange: Exchange, answer: AnswerMessage): void {
  if (answer.outcome !== "ok") return answerFailure(exchange, answer, "get");
  const found = foundIn(answer.versions, answer.context, exchange.parameter("vtag"));
  if (found.kind === "absent") return answerAbsent(exchange);
  if (found.kind === "deleted") return answerDeleted(exchange, found.context, found.versions);
  const representation = represent(exchange, found);
  if (representation === undefined) return;
  const failed = failedCondition(exchange, found, nowSecond(exchange));
  if (failed === 304) return exchange.answer(304, ["ETag", `"${etagOf(found)}"`, "Vary", "Accept-Encoding"]);
  if (failed !== undefined) return exchange.text(412, "precondition failed\n");
  if (found.noSuchTag) return answerAbsent(exchange);
  answerObject(exchange, representation);
}

// ---- storing ---------------------------------------------------------------------------------------------------------

/** PUT, and POST to a key. */
export function storeObject(exchange: Exchange): void {
  store(exchange, undefined);
}

/** POST to a bucket: the server chooses the key. */
export function createObject(exchange: Exchange): void {
  store(exchange, exchange.context.newKey());
}

interface Storing {
  readonly properties: BucketProperties;
  readonly asked: AskedOptions;
  readonly content: Content;
  readonly returnBody: boolean;
  /** Path of the new object. */
  readonly location: string | undefined;
  value: Octets;
}

function store(exchange: Exchange, newKey: string | undefined): void {
  const contentType = exchange.header("content-type");
  if (contentType === undefined || contentType === "") return exchange.text(400, "Missing Content-Type request header");
  const asked = optionsOf(exchange);
  if (asked === undefined) return;
  const content = contentOfRequest(exchange, contentType);
  if (content === undefined || forbidden(exchange)) return;
  const properties = typeOf(exchange);
  if (properties === undefined) return;
  if (exchange.refusedForLength()) return;
  if (
    chooseMediaType([content.contentType], exchange.header("accept")) === undefined ||
    !acceptable(exchange, { charset: content.charset })
  )
    return exchange.text(406, `only as ${headerValue(content.contentType)}\n`);
  let location: string | undefined;
  if (newKey !== undefined) {
    exchange.key = newKey;
    location = pathOf(exchange);
  }
  const returnBody = exchange.parameter("returnbody") === "true";
  const storing: Storing = { properties, asked, content, returnBody, location, value: "" };
  exchange.body((value) => {
    if (!isWholeBody(exchange, value)) return exchange.text(400, "the body is not what Content-MD5 says\n");
    storing.value = value;
    if (newKey !== undefined) {
      if (failedCondition(exchange, { kind: "absent" }, 0) !== undefined)
        return exchange.text(412, "precondition failed\n");
      return put(exchange, storing);
    }
    if (!isConditional(exchange)) return put(exchange, storing);
    condition(exchange, asked, properties.nVal, (found) => {
      const conflict = isConflict(exchange, found);
      if (conflict === "malformed") return exchange.text(400, "X-Riak-If-Not-Modified is no vclock\n");
      if (conflict) return exchange.text(409, "conflict: the object is not at that vclock\n");
      put(exchange, storing);
    });
  });
}

function put(exchange: Exchange, { properties, asked, content, returnBody, location, value }: Storing): void {
  if (!isMediaType(content.contentType))
    return exchange.text(
      415,
      `"${headerValue(content.contentType)}" is not a valid media type for the Content-type header.\n`,
    );
  const options = writeOptions(exchange, asked, properties.nVal, returnBody);
  if (options === "answered") return;
  const context = contextOf(exchange);
  const address = addressOf(exchange);
  if (context === undefined || address === undefined) return;
  const named = nameOfWrite(exchange);
  if (named === "malformed") return;
  const { session, options: front } = exchange.context;
  const meta = encodeContent(content, front.wallMicros());
  const bytes = value.length + meta.length + context.length;
  if (bytes > MAX_STATE_BYTES)
    return exchange.text(
      413,
      `too_large: value, metadata and vclock of ${String(bytes)} bytes, limit ${String(MAX_STATE_BYTES)}\n`,
    );
  const written = { value, tombstone: false, meta, writeId: named };
  session.put(
    address,
    context,
    written,
    clientOf(exchange, named),
    options,
    exchange.guarded((answer) => {
      if (answer.outcome !== "ok") return answerFailure(exchange, answer, "put");
      if (returnBody) return answerStored(exchange, answer, location);
      const headers = ["Vary", "Accept-Encoding", "Content-Type", contentTypeHeader(content)];
      if (location === undefined) return exchange.answer(204, headers);
      headers.push("Location", location);
      exchange.answer(201, headers);
    }),
  );
}

/** What is stored after a write, whatever it is: another write, a delete among them, may have come between. Never a failure. */
function answerStored(exchange: Exchange, { versions, context }: AnswerMessage, location: string | undefined): void {
  const chosen = versions.length === 1 ? versions[0] : undefined;
  const object = { kind: "object", context, versions, chosen, noSuchTag: false } as const;
  if (chosen === undefined) {
    const accept = exchange.header("accept");
    const mediaType = chooseMediaType(["multipart/mixed", "text/plain"], accept ?? "text/plain") ?? CHOICES[0];
    return answerObject(exchange, { object, content: undefined, mediaType });
  }
  const content = contentOf(chosen);
  const shown = { object, content, mediaType: content.contentType };
  if (location === undefined) answerObject(exchange, shown);
  else answerObject(exchange, shown, 201, ["Location", location]);
}

/** Paths of the newest layout name the type, as they were asked. */
function pathOf({ version, type, bucket, key }: Exchange): string {
  const [b, k] = [percentEncoded(bucket), percentEncoded(key)];
  if (version === 1) return `/riak/${b}/${k}`;
  return version === 2 ? `/buckets/${b}/keys/${k}` : `/types/${percentEncoded(type)}/buckets/${b}/keys/${k}`;
}

function isWholeBody(exchange: Exchange, value: Octets): boolean {
  const checksum = exchange.header("content-md5");
  return checksum === undefined || createHash("md5").update(value, "latin1").digest("base64") === checksum;
}

// ---- deleting --------------------------------------------------------------------------------------------------------

export function deleteObject(exchange: Exchange): void {
  const asked = optionsOf(exchange);
  if (asked === undefined || forbidden(exchange)) return;
  const properties = typeOf(exchange);
  if (properties === undefined) return;
  if (chooseMediaType(["text/html"], exchange.header("accept")) === undefined || !acceptable(exchange, undefined))
    return exchange.text(406, "only as text/html\n");
  const address = addressOf(exchange);
  if (address === undefined) return;
  if (!isConditional(exchange)) return remove(exchange, address, asked, properties);
  condition(exchange, asked, properties.nVal, (found) => {
    if (found.kind === "deleted") return answerDeleted(exchange, found.context, found.versions);
    if (found.kind === "absent" || found.noSuchTag) return answerAbsent(exchange);
    remove(exchange, address, asked, properties);
  });
}

function remove(exchange: Exchange, address: Address, asked: AskedOptions, { nVal, rw }: BucketProperties): void {
  const options = deleteOptions(exchange, asked, nVal, rw);
  if (options === "answered") return;
  const { session } = exchange.context;
  if (exchange.header("x-riak-vclock") !== undefined) {
    const context = contextOf(exchange);
    if (context !== undefined) bury(exchange, address, context, options.write);
    return;
  }
  session.get(
    address,
    options.read,
    exchange.guarded((answer) => {
      if (answer.outcome !== "ok") return answerFailure(exchange, answer, "get");
      const found = foundIn(answer.versions, answer.context, undefined);
      if (found.kind !== "object") return answerAbsent(exchange);
      bury(exchange, address, answer.context, options.write);
    }),
  );
}

function bury(exchange: Exchange, address: Address, context: Octets, options: RequestOptions): void {
  const named = nameOfWrite(exchange);
  if (named === "malformed") return;
  const { session, options: front } = exchange.context;
  const meta = encodeContent(PLAIN, front.wallMicros());
  const tombstone = { value: "", tombstone: true, meta, writeId: named };
  session.put(
    address,
    context,
    tombstone,
    clientOf(exchange, named),
    options,
    exchange.guarded((answer) => {
      if (answer.outcome !== "ok") answerFailure(exchange, answer, "put");
      else exchange.answer(204, ["Vary", "Accept-Encoding", "Content-Type", "text/html"]);
    }),
  );
}

// ---- what they share -------------------------------------------------------------------------------------------------

/** The properties of the bucket; undefined where its type is not there, which was answered. */
function typeOf(exchange: Exchange): BucketProperties | undefined {
  const properties = exchange.context.propertiesOf(exchange.type, exchange.bucket);
  if (properties === undefined) answerUnknownType(exchange, exchange.type);
  return properties;
}

/** Undefined where the name is too long, which was answered. */
function addressOf(exchange: Exchange): Address | undefined {
  const { type, bucket, key, version, context } = exchange;
  if (type.length + bucket.length + key.length + 3 <= MAX_ADDRESS_BYTES)
    return context.bucketOf(version, type, bucket).prefix + key;
  exchange.text(400, `type, bucket and key are longer than ${String(MAX_ADDRESS_BYTES - 3)} bytes together\n`);
  return undefined;
}

/** What the client has seen: nothing without the header. Undefined where it is no clock, which was answered. */
function contextOf(exchange: Exchange): Octets | undefined {
  const header = exchange.header("x-riak-vclock");
  if (header === undefined) return "";
  const context = decodeVclock(header);
  if (context === undefined) exchange.text(400, "X-Riak-Vclock is no vclock\n");
  return context;
}

function nameOfWrite(exchange: Exchange): number | undefined | "malformed" {
  const header = exchange.header(WRITE_ID_HEADER);
  if (header === undefined) return undefined;
  const id = writeIdOfHeader(header);
  if (id !== undefined) return id;
  exchange.text(400, `${WRITE_ID_HEADER} is no write id\n`);
  return "malformed";
}

/** A client of ours counts its writes above its own number; others are told apart by their connections. */
function clientOf({ line, context }: Exchange, named: number | undefined): number {
  if (named !== undefined) return Math.floor(named / 2 ** 32);
  if (line.client === 0) line.client = context.session.nextWriteId();
  return line.client;
}

/** Reads what is stored and tests the request's conditions against it; goes on where they hold. */
function condition(exchange: Exchange, asked: AskedOptions, nVal: number, then: (found: Found) => void): void {
  const options = readOptions(exchange, asked, nVal);
  const address = addressOf(exchange);
  if (options === "answered" || address === undefined) return;
  exchange.context.session.get(
    address,
    options,
    exchange.guarded((answer) => {
      if (answer.outcome !== "ok") return answerFailure(exchange, answer, "get");
      const found = foundIn(answer.versions, answer.context, exchange.parameter("vtag"));
      if (failedCondition(exchange, found, nowSecond(exchange)) !== undefined)
        return exchange.text(412, "precondition failed\n");
      then(found);
    }),
  );
}

function nowSecond(exchange: Exchange): number {
  return Math.floor(exchange.context.options.wallMicros() / 1_000_000);
}
