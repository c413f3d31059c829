/**
 * Keys of a bucket, or buckets of a type, page by page: the next page is asked for when the last one has been taken, so that a client
 * that reads slowly slows the listing down and not the node. There is no snapshot: a key that is written meanwhile is in it or
 * not, one that was there all along is in it once.
 *
 * Buckets are not kept anywhere; they are the buckets that some key is in. A page of a type's addresses brings its keys, and the next
 * one begins behind the last bucket seen, however many keys that has.
 */
import type { ScanAnswer } from "../messages";
import { afterPrefix, bucketPrefix, typePrefix } from "../vocabulary/address";
import type { Octets } from "../vocabulary/octets";
import type { FrontSession } from "./session";

/** Gets names, then calls `more` when it can take others. */
export interface ListTaker {
  names(names: readonly Octets[], more: () => void): void;
  done(): void;
  failed(answer: Pick<ScanAnswer, "outcome" | "reason">): void;
  /** Nobody wants it any more. */
  readonly abandoned: boolean;
}

/** Keys asked for at once: values come with them. */
const KEYS_A_PAGE = 256;
const BUCKET_KEYS_A_PAGE = 64;

export function listKeys(
  session: FrontSession,
  type: Octets,
  bucket: Octets,
  timeoutMs: number | undefined,
  taker: ListTaker,
): void {
  const prefix = bucketPrefix(type, bucket);
  const options = timeoutMs === undefined ? undefined : { timeoutMs };
  const page = (start: Octets): void => {
    session.scan({ bucket: prefix, start, end: "", limit: KEYS_A_PAGE }, options, (answer) => {
      if (taker.abandoned) return;
      if (answer.outcome !== "ok") return taker.failed(answer);
      const { next } = answer;
      const goOn = (): void => {
        if (taker.abandoned) return;
        if (next === "") taker.done();
        else page(next);
      };
      if (answer.keys.length === 0) return goOn();
      taker.names(
        answer.keys.map(({ key }) => key),
        () => later(goOn),
      );
    });
  };
  page("");
}

export function listBuckets(
  session: FrontSession,
  type: Octets,
  timeoutMs: number | undefined,
  taker: ListTaker,
): void {
  const prefix = typePrefix(type);
  const options = timeoutMs === undefined ? undefined : { timeoutMs };
  const page = (start: Octets): void => {
    session.scan({ bucket: prefix, start, end: "", limit: BUCKET_KEYS_A_PAGE }, options, (answer) => {
      if (taker.abandoned) return;
      if (answer.outcome !== "ok") return taker.failed(answer);
      const buckets: Octets[] = [];
      for (const { key } of answer.keys) {
        const bucket = bucketIn(key);
        if (bucket !== buckets[buckets.length - 1]) buckets.push(bucket);
      }
      const last = buckets[buckets.length - 1];
      // Behind all keys of the last bucket; a page without keys may still have a next one.
      const behind = last === undefined ? "" : afterPrefix(bucketPrefix("", last).slice(1));
      const next = answer.next === "" ? "" : behind > answer.next ? behind : answer.next;
      const goOn = (): void => {
        if (taker.abandoned) return;
        if (next === "") taker.done();
        else page(next);
      };
      if (buckets.length === 0) return goOn();
      taker.names(buckets, () => later(goOn));
    });
  };
  page("");
}

/** Of what remains of an address without its type. */
function bucketIn(rest: Octets): Octets {
  const length = (rest.charCodeAt(0) << 8) | rest.charCodeAt(1);
  return rest.slice(2, 2 + length);
}

/** Pages from memory come within the call: each in a turn of its own, so that a long list does not hold up everybody else. */
function later(then: () => void): void {
  setImmediate(then);
}
