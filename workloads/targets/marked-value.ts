/**
 * A value that carries the id of its write to a store that knows nothing of write ids: the id in base 36, a colon, the
 * payload's bytes. Staleness, session anomalies and lost updates are told from these ids alone, so a value that came back must
 * name the write that made it. (`mixes/marked-values.ts` is something else: payloads of a workload that can be checked.)
 *
 * What comes back is whatever the store holds: bytes of another program, of a half-written value, of nobody. There is one
 * way to write each id, so nothing but a mark is taken for one: a lenient parse (`parseInt` takes "1e" of "1e:x", "+1",
 * "1 ", and ids beyond 2^53 lose their last digits) would count values that no write of the run made.
 */
import { assert } from "../../engine/vocabulary/assert";
import type { Octets } from "../../engine/vocabulary/octets";

/** Bytes that a mark adds to a payload at most. */
export const MARK_BYTES = 12;

export interface MarkedValue {
  readonly writeId: number;
  readonly payload: Octets;
}

/** `writeId`: a non-negative safe integer. */
export function marked(writeId: number, payload: Octets): Octets {
  assert(Number.isSafeInteger(writeId) && writeId >= 0, "a write id is a non-negative safe integer");
  return `${writeId.toString(36)}:${payload}`;
}

/** What {@link marked} made; undefined where it cannot have made this. */
export function unmarked(value: Octets): MarkedValue | undefined {
  let writeId = 0;
  for (let at = 0; at < MARK_BYTES && at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code === COLON) return at === 0 ? undefined : { writeId, payload: value.slice(at + 1) };
    const digit = digitOf(code);
    // One way to write each number: no digit follows a leading zero.
    if (digit === undefined || (at > 0 && writeId === 0)) return undefined;
    writeId = writeId * 36 + digit;
    if (writeId > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return undefined;
}

function digitOf(code: number): number | undefined {
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO;
  if (code >= SMALL_A && code < SMALL_A + 26) return code - SMALL_A + 10;
  return undefined;
}

const COLON = 0x3a;
const ZERO = 0x30;
const SMALL_A = 0x61;
