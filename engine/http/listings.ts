/**
 * Lists of keys and of buckets, whole or as a stream of JSON objects one after the other without anything between them, the last of
 * which is empty. A stream that fails has begun with 200 long before: it ends with an object that names the error. Names
 * are octets and JSON is text: a name that is UTF-8 is written as that text, any other as its bytes, a character each.
 */
import type { ScanAnswer } from "../messages";
import { listBuckets, listKeys, type ListTaker } from "../riak/listing";
import { octetsFromText, type Octets } from "../vocabulary/octets";
import type { Exchange } from "./exchange";
import { answerFailure, answerUnknownType } from "./failures";
import { forbidden } from "./forbidden";
import { timeoutOf } from "./options";
import { jsonHeaders, propsOf, refusesJson } from "./props";

/** A whole list is one body, and this long at most: what has more is streamed. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A name as a JSON string, in octets. */
export function jsonName(name: Octets): Octets {
  if (/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(name)) return `"${name}"`;
  try {
    return octetsFromText(JSON.stringify(utf8.decode(Buffer.from(name, "latin1"))));
  } catch {
    return octetsFromText(JSON.stringify(name));
  }
}

class WholeList implements ListTaker {
  private body: Octets[] = [];
  private bytes = 0;

  constructor(
    private readonly exchange: Exchange,
    private readonly what: "keys" | "buckets",
    private readonly before: Octets,
  ) {}

  get abandoned(): boolean {
    return this.exchange.answered || this.exchange.isAbandoned;
  }

  names(names: readonly Octets[], more: () => void): void {
    for (const name of names) {
      const text = jsonName(name);
      this.bytes += text.length + 1;
      this.body.push(text);
    }
    if (this.bytes <= MAX_LIST_BYTES) return more();
    this.body = [];
    this.exchange.text(500, `Error:\nmore than ${String(MAX_LIST_BYTES)} bytes of ${this.what}: ask for a stream\n`);
  }

  done(): void {
    this.exchange.answer(200, jsonHeaders(), `{${this.before}"${this.what}":[${this.body.join(",")}]}`);
  }

  failed(answer: Pick<ScanAnswer, "outcome" | "reason">): void {
    answerFailure(this.exchange, { ...answer, reason: octetsFromText(answer.reason) }, "list");
  }
}

class StreamedList implements ListTaker {
  constructor(
    private readonly exchange: Exchange,
    private readonly what: "keys" | "buckets",
    before: Octets,
  ) {
    exchange.begin(200, jsonHeaders());
    if (before !== "") exchange.write(before, () => undefined);
  }

  get abandoned(): boolean {
    return this.exchange.isAbandoned;
  }

  names(names: readonly Octets[], more: () => void): void {
    this.exchange.write(`{"${this.what}":[${names.map(jsonName).join(",")}]}`, more);
  }

  done(): void {
    this.exchange.write(`{"${this.what}":[]}`, () => this.exchange.finish());
  }

  failed({ outcome }: Pick<ScanAnswer, "outcome" | "reason">): void {
    this.exchange.write(`{"error":"${outcome}"}`, () => this.exchange.finish());
  }
}

export function readKeys(exchange: Exchange): void {
  const timeoutMs = queriedTimeout(exchange);
  if (timeoutMs === "answered" || forbidden(exchange) || refusesJson(exchange)) return;
  if (exchange.context.propertiesOf(exchange.type, exchange.bucket) === undefined)
    return answerUnknownType(exchange, exchange.type);
  keys(exchange, timeoutMs, undefined);
}

/** `GET /riak/B`: the properties of the bucket, its keys, or both. */
export function readOldBucket(exchange: Exchange): void {
  const timeoutMs = queriedTimeout(exchange);
  if (timeoutMs === "answered") return;
  const wanted = exchange.parameter("keys");
  const withProps = exchange.parameter("props") !== "false";
  if (wanted !== "true" && wanted !== "stream" && !withProps) return exchange.text(404, "not found\n");
  if (forbidden(exchange) || refusesJson(exchange)) return;
  const props = withProps ? propsOf(exchange, exchange.bucket)! : undefined;
  if (wanted === "true" || wanted === "stream") keys(exchange, timeoutMs, props);
  else exchange.answer(200, jsonHeaders(), `{"props":${props!}}`);
}

function keys(exchange: Exchange, timeoutMs: number | undefined, props: string | undefined): void {
  const { context, type, bucket } = exchange;
  const wanted = exchange.parameter("keys");
  if (wanted === "stream") {
    const first = exchange.version !== 1 ? "" : props === undefined ? "{}" : `{"props":${props}}`;
    listKeys(context.session, type, bucket, timeoutMs, new StreamedList(exchange, "keys", first));
  } else if (wanted === "true") {
    const before = props === undefined ? "" : `"props":${props},`;
    listKeys(context.session, type, bucket, timeoutMs, new WholeList(exchange, "keys", before));
  } else exchange.answer(200, jsonHeaders(), "{}");
}

export function readBuckets(exchange: Exchange): void {
  const timeoutMs = queriedTimeout(exchange);
  if (timeoutMs === "answered" || forbidden(exchange) || refusesJson(exchange)) return;
  const { context, type } = exchange;
  if (context.propertiesOf(type, undefined) === undefined) return answerUnknownType(exchange, type);
  const wanted = exchange.parameter("buckets");
  if (wanted === "stream") listBuckets(context.session, type, timeoutMs, new StreamedList(exchange, "buckets", ""));
  else if (wanted === "true") listBuckets(context.session, type, timeoutMs, new WholeList(exchange, "buckets", ""));
  else exchange.answer(200, jsonHeaders(), `{"buckets":[]}`);
}

function queriedTimeout(exchange: Exchange): number | undefined | "answered" {
  if (exchange.query() !== undefined) return timeoutOf(exchange);
  exchange.text(400, "malformed percent-encoding in the query\n");
  return "answered";
}
