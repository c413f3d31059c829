/**
 * Properties of buckets and of types. A change is checked whole before any of it takes effect, and answered once every node that
 * is up has it (see engine/buckets). A type is made by setting its properties: there is no `riak-admin` here.
 */
import type { BucketChange } from "../buckets/properties";
import { changeOf, riakProperties } from "../riak/properties";
import { type Octets, octetsFromText } from "../vocabulary/octets";
import type { Exchange } from "./exchange";
import { answerFailure, answerUnknownType } from "./failures";
import { forbidden } from "./forbidden";
import { mediaTypeOf } from "./content-headers";
import { chooseMediaType } from "./negotiation";
import { acceptable } from "./object";

const JSON_TYPE = "application/json";

export function jsonHeaders(): string[] {
  return ["Vary", "Accept-Encoding", "Content-Type", JSON_TYPE];
}

/** Whether it was answered with 406: there is JSON only. */
export function refusesJson(exchange: Exchange): boolean {
  if (chooseMediaType([JSON_TYPE], exchange.header("accept")) !== undefined && acceptable(exchange, undefined))
    return false;
  exchange.text(406, `only as ${JSON_TYPE}\n`);
  return true;
}

/** The properties as JSON text in octets; undefined where there is no such type. */
export function propsOf(exchange: Exchange, bucket: Octets | undefined): string | undefined {
  const { context, type } = exchange;
  const properties = context.propertiesOf(type, bucket);
  if (properties === undefined) return undefined;
  return octetsFromText(JSON.stringify(riakProperties(properties, context.options.settings.engine, bucket)));
}

function read(exchange: Exchange, bucket: Octets | undefined): void {
  if (forbidden(exchange) || refusesJson(exchange)) return;
  const props = propsOf(exchange, bucket);
  if (props === undefined) answerUnknownType(exchange, exchange.type);
  else exchange.answer(200, jsonHeaders(), `{"props":${props}}`);
}

function write(exchange: Exchange, bucket: Octets | undefined): void {
  if (exchange.refusedForLength()) return;
  exchange.body((body) => {
    const asked = propsIn(body);
    if (asked === undefined) {
      const what = bucket === undefined ? "bucket type" : "bucket";
      return exchange.text(400, `${what} PUT must be a JSON object of the form:\n{"props":{...bucket properties...}}`);
    }
    if (forbidden(exchange) || refusesJson(exchange)) return;
    const { context, type } = exchange;
    const { engine } = context.options.settings;
    const known = context.propertiesOf(type, bucket);
    if (known === undefined && bucket !== undefined) return answerUnknownType(exchange, type);
    const contentType = exchange.header("content-type");
    if (contentType === undefined || mediaTypeOf(contentType).contentType.toLowerCase() !== JSON_TYPE)
      return exchange.text(415, `properties are ${JSON_TYPE}\n`);
    // A new type starts from the cluster's own, and keeps siblings.
    const now = known ?? { ...context.options.node.buckets.cluster, siblings: "keep" };
    const change = changeOf(asked, now, engine, bucket);
    if ("problems" in change) return exchange.text(400, octetsFromText(`${change.problems.join("\n")}\n`));
    ask(exchange, "set", bucket, change.change);
  });
}

function ask(
  exchange: Exchange,
  verb: "set" | "reset",
  bucket: Octets | undefined,
  change: BucketChange | undefined,
): void {
  const { context, type } = exchange;
  context.session.bucket(
    { verb, type, bucket, change },
    exchange.guarded((answer) => {
      if (answer.outcome === "ok") return exchange.answer(204, jsonHeaders());
      if (answer.outcome === "invalid" && answer.properties === undefined) return answerUnknownType(exchange, type);
      answerFailure(exchange, { ...answer, reason: octetsFromText(answer.reason) }, "put");
    }),
  );
}

export function readBucketProps(exchange: Exchange): void {
  read(exchange, exchange.bucket);
}

export function writeBucketProps(exchange: Exchange): void {
  write(exchange, exchange.bucket);
}

export function resetBucketProps(exchange: Exchange): void {
  if (forbidden(exchange) || refusesJson(exchange)) return;
  if (exchange.context.propertiesOf(exchange.type, exchange.bucket) === undefined)
    return answerUnknownType(exchange, exchange.type);
  ask(exchange, "reset", exchange.bucket, undefined);
}

export function readTypeProps(exchange: Exchange): void {
  read(exchange, undefined);
}

export function writeTypeProps(exchange: Exchange): void {
  write(exchange, undefined);
}

/** The members of `props` in a body; undefined where it is none. */
function propsIn(body: Octets): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body, "latin1").toString("utf8"));
    if (!isObject(parsed)) return undefined;
    const { props } = parsed;
    return isObject(props) ? props : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
