/**
 * A counter that many clients count on, as bytes that can be merged: how far each client has counted, merged by the larger
 * number of each (a grow-only counter, Shapiro et al. 2011). A client knows its own count and does not take it from what
 * it read: a stale read would make it give the same number to two increments, and one of them would be gone.
 */
import { ByteReader, ByteWriter, MalformedBytes, type Octets } from "../../engine/vocabulary/octets";
import type { Mergeable } from "./resolver";

/** Immutable; equal contents are deeply equal. */
export interface Counter {
  readonly number: number;
  /** Number of the last change. */
  readonly stamp: number;
  /** In order of client; no count is 0. */
  readonly counts: readonly ClientCount[];
}

export interface ClientCount {
  readonly client: number;
  readonly count: number;
}

export function emptyCounter(number: number): Counter {
  return { number, stamp: 0, counts: [] };
}

/** What the counter stands at. */
export function total(counter: Counter): number {
  return counter.counts.reduce((sum, { count }) => sum + count, 0);
}

/** `client` has counted to `count`. */
export function countTo(counter: Counter, client: number, count: number, change: number): Counter {
  const own: Counter = { number: counter.number, stamp: change, counts: [{ client, count }] };
  return { ...mergeCounters(counter, own), stamp: change };
}

export function mergeCounters(a: Counter, b: Counter): Counter {
  const counts = new Map(a.counts.map(({ client, count }) => [client, count]));
  for (const { client, count } of b.counts) counts.set(client, Math.max(count, counts.get(client) ?? 0));
  return {
    number: a.number,
    stamp: Math.max(a.stamp, b.stamp),
    counts: [...counts].map(([client, count]) => ({ client, count })).sort((x, y) => x.client - y.client),
  };
}

export const COUNTERS: Mergeable<Counter> = {
  decode: decodeCounter,
  merge: mergeCounters,
  stamp: ({ stamp }) => stamp,
  difference: (kept, merged) => ({ dropped: total(merged) - total(kept), undone: 0 }),
};

/** First byte: what the bytes are, and in which layout. */
const FORMAT = 0xc2;

export function encodeCounter(counter: Counter): Octets {
  const writer = new ByteWriter(64);
  writer.u8(FORMAT);
  writer.varint(counter.number);
  writer.varint(counter.stamp);
  writer.varint(counter.counts.length);
  let next = 0;
  for (const { client, count } of counter.counts) {
    writer.varint(client - next);
    writer.varint(count);
    next = client + 1;
  }
  return writer.toOctets();
}

/** Undefined for bytes that are no counter. */
export function decodeCounter(bytes: Octets): Counter | undefined {
  try {
    const reader = ByteReader.ofOctets(bytes);
    if (reader.u8() !== FORMAT) return undefined;
    const number = reader.varint();
    const stamp = reader.varint();
    const counts: ClientCount[] = [];
    let next = 0;
    for (let left = reader.count(2); left > 0; left--) {
      const client = next + reader.varint();
      const count = reader.varint();
      if (count === 0 || client >= Number.MAX_SAFE_INTEGER) return undefined;
      counts.push({ client, count });
      next = client + 1;
    }
    reader.finish();
    return { number, stamp, counts };
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}
