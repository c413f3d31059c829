/**
 * Options of one request, from its query. Riak looks at them in an order that clients can see: the timeout first, then all
 * quorums and flags together, so that one answer names everything that is wrong with them.
 */
import type { RequestOptions } from "../messages";
import { quorumOfText } from "../riak/quorum-words";
import { beyondN } from "../riak/unsatisfied";
import type { QuorumValue } from "../vocabulary/settings";
import type { Exchange } from "./exchange";

/** What a query asked for. Left out: as the bucket has it. */
export interface AskedOptions {
  readonly r?: QuorumValue;
  readonly w?: QuorumValue;
  readonly dw?: QuorumValue;
  readonly rw?: QuorumValue;
  readonly pr?: QuorumValue;
  readonly pw?: QuorumValue;
  readonly nodeConfirms?: QuorumValue;
  readonly basicQuorum?: boolean;
  readonly notfoundOk?: boolean;
  readonly timeoutMs?: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NOTHING: AskedOptions = {};

const QUORUMS = [
  ["r", "r"],
  ["w", "w"],
  ["dw", "dw"],
  ["rw", "rw"],
  ["pw", "pw"],
  ["node_confirms", "nodeConfirms"],
  ["pr", "pr"],
] as const;

const BOOLEANS = [
  ["basic_quorum", "basicQuorum"],
  ["notfound_ok", "notfoundOk"],
  ["asis", undefined],
] as const;

export const SYNC_WORDS: readonly string[] = ["default", "backend", "one", "all"];
/** 24 days: the longest a timer can wait. */
export const MAX_TIMEOUT_MS = 2_147_483_647;

/** Undefined: it was answered with 400. */
export function optionsOf(exchange: Exchange): AskedOptions | undefined {
  const query = exchange.query();
  if (query === undefined) {
    exchange.text(400, "malformed percent-encoding in the query\n");
    return undefined;
  }
  if (query.size === 0) return NOTHING;
  const asked: Mutable<AskedOptions> = {};
  const timeoutMs = timeoutOf(exchange);
  if (timeoutMs === "answered") return undefined;
  if (timeoutMs !== undefined) asked.timeoutMs = timeoutMs;
  let problems = "";
  for (const [name, field] of QUORUMS) {
    const text = query.get(name);
    if (text === undefined) continue;
    const value = quorumOfText(text);
    if (value === "malformed")
      problems += `${name} query parameter must be an integer or one of the following words: 'one', 'quorum' or 'all'\n`;
    else if (value !== undefined) asked[field] = value;
  }
  const sync = query.get("sync_on_write");
  if (sync !== undefined && !SYNC_WORDS.includes(sync.toLowerCase()))
    problems += `sync_on_write query parameter must be one of the following words: [${SYNC_WORDS.join(",")}]\n`;
  for (const [name, field] of BOOLEANS) {
    const text = query.get(name)?.toLowerCase();
    if (text === undefined || text === "default") continue;
    if (text !== "true" && text !== "false") problems += `${name} query parameter must be true or false\n`;
    else if (field !== undefined) asked[field] = text === "true";
  }
  if (problems === "") return asked;
  exchange.text(400, problems);
  return undefined;
}

/** Of a query that is known to be well-formed. */
export function timeoutOf(exchange: Exchange): number | undefined | "answered" {
  const text = exchange.parameter("timeout");
  if (text === undefined) return undefined;
  const ms = /^\+?\d{1,10}$/.test(text) ? Number(text) : 0;
  if (ms >= 1 && ms <= MAX_TIMEOUT_MS) return ms;
  exchange.text(400, `Bad timeout value ${JSON.stringify(text)}\n`);
  return "answered";
}

/** Of a read; answered with 400 when more replicas are asked for than there are. */
export function readOptions(
  exchange: Exchange,
  asked: AskedOptions,
  nVal: number,
): RequestOptions | undefined | "answered" {
  if (asked === NOTHING) return undefined;
  const { r, pr, nodeConfirms, basicQuorum, notfoundOk, timeoutMs } = asked;
  return fitting(exchange, { r, pr, nodeConfirms, basicQuorum, notfoundOk, timeoutMs }, nVal);
}

/** Of a write. */
export function writeOptions(
  exchange: Exchange,
  asked: AskedOptions,
  nVal: number,
  returnBody: boolean,
): RequestOptions | undefined | "answered" {
  if (asked === NOTHING && !returnBody) return undefined;
  const { w, dw, pw, nodeConfirms, timeoutMs } = asked;
  const options = { w, dw, pw, nodeConfirms, timeoutMs };
  return fitting(exchange, returnBody ? { ...options, returnBody } : options, nVal);
}

/** Of the two halves of a delete: `rw` stands for what neither names. */
export function deleteOptions(
  exchange: Exchange,
  asked: AskedOptions,
  nVal: number,
  rw: QuorumValue,
): { readonly read: RequestOptions; readonly write: RequestOptions } | "answered" {
  const { r, w, dw, pr, pw } = asked;
  const both = asked.rw ?? rw;
  const read = readOptions(exchange, { ...asked, r: r ?? (pr === undefined ? both : undefined) }, nVal);
  if (read === "answered") return read;
  const named = w !== undefined || dw !== undefined || pw !== undefined;
  const write = writeOptions(
    exchange,
    { ...asked, w: w ?? (named ? undefined : both), dw: dw ?? (named ? undefined : both) },
    nVal,
    false,
  );
  if (write === "answered") return write;
  return { read: read!, write: write! };
}

function fitting(exchange: Exchange, options: RequestOptions, nVal: number): RequestOptions | "answered" {
  const problem = beyondN(options, nVal);
  if (problem === undefined) return options;
  exchange.text(400, `${problem}\n`);
  return "answered";
}
