/**
 * A version vector of *clients* for each sibling: Riak before it moved the ids to its servers, Dynamo in spirit. An event
 * is the client's context with the client's own entry one higher. It needs nothing that is stored, so any coordinator can
 * make it, and it is exact as long as a client has always read its own last write of the key. One that has not (its
 * session moved to a replica that lags) counts the same number twice: two writes with one vector, of which one must go.
 *
 * The vector gains an entry for every client that ever wrote the key. `prune` drops old entries by Riak's rule, when a
 * write makes its event and at no other time. What it drops still travels with the event until that meets a copy,
 * because a replica compares before it prunes: were it gone at once, a write beyond the limit would replace nothing
 * anywhere. From then on the vector has forgotten part of its past. It no longer covers what it had replaced, so a replica
 * that missed the write brings the replaced version back as a sibling; and it may be covered by what it had replaced.
 *
 * Riak stamps entries with seconds; we use milliseconds, so that runs of minutes can prune. Without pruning no stamps
 * are stored, sent or compared.
 *
 * Sources: Riak KV before 1.0 and `vclock_prune` of riak_core; DeCandia et al., SOSP 2007, section 4.4 (ten entries).
 */
import { MalformedBytes, type ByteReader, type ByteWriter } from "../vocabulary/octets";
import type { PruneSettings } from "../vocabulary/settings";
import type { Clock, ClockDeclaration, Context, EventMaker, Relation, Version } from "./clock";
import { moreOfContext, nextOfContext, openContext, varint } from "./context-text";
import {
  compareSiblings,
  decodeSiblings,
  type Obsolescence,
  type Sibling,
  type Siblings,
  syncSiblings,
  versionsOf,
} from "./separate-siblings";
import { byWriteId, decodeVersion, describeVersion, encodeVersion } from "./version";
import { compareVectors, incrementVector, insertionPoint, mergeVectors, relation, varintBytes } from "./version-vector";

/** Parallel arrays, clients ascending. Immutable. */
export interface ClientVector {
  /** Clients. */
  readonly ids: readonly number[];
  readonly counters: readonly number[];
  /** When each entry last rose, in milliseconds; empty where nothing is pruned. */
  readonly times: readonly number[];
}

export interface ClientSibling extends Sibling, ClientVector {
  /** What pruning took out of the event's vector, as long as the event has met no other copy. */
  readonly dropped: ClientVector;
}

/** First byte of a context of clients, and of one whose entries have times. */
const PLAIN_FORMAT = 2;
const TIMED_FORMAT = 3;
/** More writers of one key than any experiment has; a context beyond it is an attack. */
export const MAX_CLIENT_ENTRIES = 65_536;

const NONE: readonly number[] = [];
const EMPTY: ClientVector = { ids: NONE, counters: NONE, times: NONE };

const EXACT: ClockDeclaration = {
  mayLose: true,
  loses: "same-client",
  mayConflictFalsely: false,
  growsWith: "clients",
};
/** A vector that has forgotten its past may be covered by any other, or cover less than it replaced. */
const PRUNED: ClockDeclaration = { mayLose: true, mayConflictFalsely: true, growsWith: "clients" };

const order: Obsolescence<ClientSibling> = {
  rank: (x, y) => byWriteId(x.version, y.version),
  beats(x, y) {
    const vectors = compareVectors(whole(x), whole(y));
    return vectors === "after" || (vectors === "equal" && x.version.writeId > y.version.writeId);
  },
  combine(x, y) {
    const vectors = compareVectors(x, y);
    if (x.times === NONE) {
      if (vectors === "equal" || vectors === "after") return x;
      if (vectors === "before") return y;
    }
    const merged = siblingOf(x.version, merge(x, y));
    if (sameSibling(merged, x)) return x;
    return sameSibling(merged, y) ? y : merged;
  },
};

/** A merge under pruning: what met another copy has been compared, and keeps no more than its pruned vector. */
function syncPruned(a: Siblings<ClientSibling>, b: Siblings<ClientSibling>): Siblings<ClientSibling> {
  if (sameSiblings(a, b)) return a;
  const merged = syncSiblings(order, a, b).map(withoutDropped);
  if (sameSiblings(merged, a)) return a;
  return sameSiblings(merged, b) ? b : merged;
}

function comparePruned(a: Siblings<ClientSibling>, b: Siblings<ClientSibling>): Relation {
  const merged = syncPruned(a, b);
  return relation(!sameSiblings(merged, b), !sameSiblings(merged, a));
}

/** The strategy, with or without pruning. */
function clientVectors(pruning: PruneSettings | undefined): Clock<Siblings<ClientSibling>> {
  const timed = pruning !== undefined;
  const sync: Clock<Siblings<ClientSibling>>["sync"] = timed ? syncPruned : (a, b) => syncSiblings(order, a, b);
  return {
    name: "vv-client",
    prose:
      "A version vector of clients for each sibling: the writer's context with its own entry raised. Exact where every " +
      "client has read its own last write; of two writes of a client that had not, one is lost. One entry for every " +
      "client that ever wrote, unless `prune` drops old ones, which brings replaced versions back as siblings.",
    source: "Riak KV before 1.0; riak_core's vclock pruning; DeCandia et al., SOSP 2007, section 4.4",
    declares: timed ? PRUNED : EXACT,
    mintsServerDots: false,
    configured: (settings) => (settings.prune === undefined ? vvClient : clientVectors(settings.prune)),

    update(stored, context, version, by) {
      const seen = readContext(context, timed);
      const event = raise(seen, by, timed);
      if (event.ids.length > MAX_CLIENT_ENTRIES) throw new MalformedBytes("a causal context with too many clients");
      const one = [timed ? prunedSibling(version, event, millisecondsOf(by), pruning) : siblingOf(version, event)];
      return stored === undefined ? one : sync(stored, one);
    },
    sync,
    compare: timed ? comparePruned : (a, b) => compareSiblings(order, a, b),
    only(state, keep) {
      if (state.length === 1 && state[0].version.writeId === keep.writeId) return state;
      return [siblingOf(keep, joinOf(state))];
    },
    versions: versionsOf,
    context: (state) => writeContext(joinOf(state), timed),
    checkContext(context) {
      readContext(context, timed);
    },
    entries: (state) => state.reduce((count, { ids, dropped }) => count + ids.length + dropped.ids.length, 0),

    metadataBytes(state) {
      let bytes = varintBytes(state.length);
      for (const sibling of state) {
        bytes += vectorBytes(sibling);
        if (timed) bytes += vectorBytes(sibling.dropped);
      }
      return bytes;
    },

    encode(state, writer) {
      writer.varint(state.length);
      for (const sibling of state) {
        encodeVector(sibling, writer);
        if (timed) encodeVector(sibling.dropped, writer);
        encodeVersion(sibling.version, writer);
      }
    },
    decode: (reader) =>
      decodeSiblings(order, reader, 4, () => {
        const vector = decodeVector(reader, timed);
        const dropped = timed ? decodeVector(reader, timed) : EMPTY;
        return siblingOf(decodeVersion(reader), vector, dropped);
      }),

    describe: (state) =>
      state
        .map((sibling) => {
          const dropped = sibling.dropped.ids.length === 0 ? "" : ` -(${describeVector(sibling.dropped)})`;
          return `${describeVector(sibling)}${dropped}[${describeVersion(sibling.version)}]`;
        })
        .join(" | "),
  };
}

export const vvClient = clientVectors(undefined);

/**
 * Riak's rule on a vector at one instant: entries by time and then by id, the oldest first; while there are more than
 * `small`, and the oldest is at least `young` old, and there are more than `big` or it is older than `old`, it goes.
 */
export function prune(
  vector: ClientVector,
  now: number,
  { small, big, youngMs, oldMs }: PruneSettings,
): { readonly kept: ClientVector; readonly dropped: ClientVector } {
  const { ids, times } = vector;
  if (ids.length <= small) return { kept: vector, dropped: EMPTY };
  const byAge = ids.map((_, k) => k).sort((x, y) => times[x] - times[y] || ids[x] - ids[y]);
  let dropped = 0;
  while (ids.length - dropped > small) {
    const age = now - times[byAge[dropped]];
    if (age < youngMs || (ids.length - dropped <= big && age <= oldMs)) break;
    dropped++;
  }
  return { kept: entriesAt(vector, byAge.slice(dropped)), dropped: entriesAt(vector, byAge.slice(0, dropped)) };
}

function entriesAt({ ids, counters, times }: ClientVector, positions: readonly number[]): ClientVector {
  if (positions.length === 0) return EMPTY;
  const ascending = [...positions].sort((x, y) => x - y);
  return {
    ids: ascending.map((k) => ids[k]),
    counters: ascending.map((k) => counters[k]),
    times: ascending.map((k) => times[k]),
  };
}

function prunedSibling(version: Version, event: ClientVector, now: number, settings: PruneSettings): ClientSibling {
  const { kept, dropped } = prune(event, now, settings);
  return siblingOf(version, kept, dropped);
}

function withoutDropped(sibling: ClientSibling): ClientSibling {
  return sibling.dropped.ids.length === 0 ? sibling : siblingOf(sibling.version, sibling);
}

/** The vector of an event as it was made. */
function whole(sibling: ClientSibling): ClientVector {
  return sibling.dropped.ids.length === 0 ? sibling : merge(sibling, sibling.dropped);
}

function millisecondsOf({ at }: EventMaker): number {
  return Math.floor(at / 1000);
}

/** The event: the writer's entry one higher, at its time. */
function raise(seen: ClientVector, by: EventMaker, timed: boolean): ClientVector {
  const { ids, counters } = incrementVector(seen, by.client);
  if (!timed) return { ids, counters, times: NONE };
  const at = insertionPoint(seen.ids, by.client);
  const times = seen.times.slice();
  times.splice(at, ids.length === seen.ids.length ? 1 : 0, millisecondsOf(by));
  return { ids, counters, times };
}

/** The least vector that covers both. Of each entry the time of the greater counter, of equal ones the later. */
function merge(a: ClientVector, b: ClientVector): ClientVector {
  const { ids, counters } = mergeVectors(a, b);
  if (a.times === NONE && b.times === NONE) return { ids, counters, times: NONE };
  let i = 0;
  let j = 0;
  const times = ids.map((id, k) => {
    const timeA = a.ids[i] === id && a.counters[i] === counters[k] ? a.times[i] : 0;
    const timeB = b.ids[j] === id && b.counters[j] === counters[k] ? b.times[j] : 0;
    if (a.ids[i] === id) i++;
    if (b.ids[j] === id) j++;
    return Math.max(timeA, timeB);
  });
  return { ids, counters, times };
}

function joinOf(state: Siblings<ClientSibling>): ClientVector {
  return state.length === 1 ? state[0] : state.reduce<ClientVector>(merge, EMPTY);
}

function siblingOf(
  version: Version,
  { ids, counters, times }: ClientVector,
  dropped: ClientVector = EMPTY,
): ClientSibling {
  return { version, ids, counters, times, dropped };
}

function sameSiblings(a: Siblings<ClientSibling>, b: Siblings<ClientSibling>): boolean {
  return a === b || (a.length === b.length && a.every((sibling, k) => sameSibling(sibling, b[k])));
}

function sameSibling(a: ClientSibling, b: ClientSibling): boolean {
  return a.version.writeId === b.version.writeId && sameVector(a, b) && sameVector(a.dropped, b.dropped);
}

function sameVector(a: ClientVector, b: ClientVector): boolean {
  return sameNumbers(a.ids, b.ids) && sameNumbers(a.counters, b.counters) && sameNumbers(a.times, b.times);
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false;
  return true;
}

function vectorBytes({ ids, counters, times }: ClientVector): number {
  let bytes = varintBytes(ids.length);
  for (let k = 0; k < ids.length; k++) bytes += varintBytes(ids[k]) + varintBytes(counters[k]);
  for (let k = 0; k < times.length; k++) bytes += varintBytes(times[k]);
  return bytes;
}

/** `c3:2 c7:1`, times left out. */
function describeVector({ ids, counters }: ClientVector): string {
  return ids.map((id, k) => `c${id}:${counters[k]}`).join(" ");
}

function writeContext({ ids, counters, times }: ClientVector, timed: boolean): Context {
  if (ids.length === 0) return "";
  let text = String.fromCharCode(timed ? TIMED_FORMAT : PLAIN_FORMAT);
  for (let k = 0; k < ids.length; k++) {
    text += varint(ids[k]) + varint(counters[k]);
    if (timed) text += varint(times[k]);
  }
  return text;
}

/** @throws MalformedBytes unless `context` is what {@link writeContext} gives for some vector. */
function readContext(context: Context, timed: boolean): ClientVector {
  if (context.length === 0) return EMPTY;
  openContext(context, timed ? TIMED_FORMAT : PLAIN_FORMAT);
  return readEntries(timed, moreOfContext, nextOfContext);
}

function encodeVector({ ids, counters, times }: ClientVector, writer: ByteWriter): void {
  writer.varint(ids.length);
  for (let k = 0; k < ids.length; k++) {
    writer.varint(ids[k]);
    writer.varint(counters[k]);
    if (times !== NONE) writer.varint(times[k]);
  }
}

/** @throws MalformedBytes */
function decodeVector(reader: ByteReader, timed: boolean): ClientVector {
  let left = reader.count(timed ? 3 : 2);
  return readEntries(
    timed,
    () => left-- > 0,
    () => reader.varint(),
  );
}

function readEntries(timed: boolean, more: () => boolean, next: () => number): ClientVector {
  const ids: number[] = [];
  const counters: number[] = [];
  const times: number[] = [];
  let previous = -1;
  while (more()) {
    const id = next();
    const counter = next();
    if (id <= previous) throw new MalformedBytes("a vector whose clients do not ascend");
    if (counter === 0) throw new MalformedBytes("a vector of clients with a zero counter");
    if (ids.length === MAX_CLIENT_ENTRIES) throw new MalformedBytes("a causal context with too many clients");
    if (timed) times.push(next());
    previous = id;
    ids.push(id);
    counters.push(counter);
  }
  return { ids, counters, times: timed ? times : NONE };
}
