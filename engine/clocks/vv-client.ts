/**
 * A version vector of *clients* for each sibling: Riak before it moved the ids to its servers, Dynamo in spirit. An event
 * is the client's context with the client's own entry one higher. It needs nothing that is stored, so any coordinator can
 * make it, and it is exact as long as a client has always read its own last write of the key. One that has not (its
 * session moved to a replica that lags) counts the same number twice: two writes with one vector, of which one must go.
 *
 * The vector gains an entry for every client that ever wrote the key. `prune` drops old entries by Riak's rule, when a
 * write makes its event and at no other time. A pruned vector has forgotten part of its past: it no longer covers what
 * it had replaced, so replaced versions come back as siblings, and it may be covered by what it should have replaced.
 *
 * Riak stamps entries with seconds; we use milliseconds, so that runs of minutes can prune. Without pruning no stamps
 * are stored, sent or compared.
 *
 * Sources: Riak KV before 1.0 and `vclock_prune` of riak_core; DeCandia et al., SOSP 2007, section 4.4 (ten entries).
 */
import { MalformedBytes, type ByteReader, type ByteWriter } from "../vocabulary/octets";
import type { PruneSettings } from "../vocabulary/settings";
import type { Clock, ClockDeclaration, Context, EventMaker, Version } from "./clock";
import { moreOfContext, nextOfContext, openContext, varint } from "./context-text";
import {
  addSibling,
  compareSiblings,
  decodeSiblings,
  type Obsolescence,
  type Sibling,
  type Siblings,
  syncSiblings,
  versionsOf,
} from "./separate-siblings";
import { byWriteId, decodeVersion, describeVersion, encodeVersion } from "./version";
import { compareVectors, incrementVector, insertionPoint, mergeVectors, varintBytes } from "./version-vector";

/** Parallel arrays, clients ascending. Immutable. */
export interface ClientVector {
  /** Clients. */
  readonly ids: readonly number[];
  readonly counters: readonly number[];
  /** When each entry last rose, in milliseconds; empty where nothing is pruned. */
  readonly times: readonly number[];
}

export interface ClientSibling extends Sibling, ClientVector {}

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
    const vectors = compareVectors(x, y);
    return vectors === "after" || (vectors === "equal" && x.version.writeId > y.version.writeId);
  },
  combine(x, y) {
    const vectors = compareVectors(x, y);
    if (vectors === "equal" && (x.times === NONE || sameNumbers(x.times, y.times))) return x;
    if (vectors === "after" && x.times === NONE) return x;
    if (vectors === "before" && x.times === NONE) return y;
    const merged = siblingOf(x.version, merge(x, y));
    if (sameVector(merged, x)) return x;
    return sameVector(merged, y) ? y : merged;
  },
};

/** The strategy, with or without pruning. */
function clientVectors(prune: PruneSettings | undefined): Clock<Siblings<ClientSibling>> {
  const timed = prune !== undefined;
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
      return addSibling(order, stored, siblingOf(version, timed ? pruned(event, millisecondsOf(by), prune) : event));
    },
    sync: (a, b) => syncSiblings(order, a, b),
    compare: (a, b) => compareSiblings(order, a, b),
    only(state, keep) {
      if (state.length === 1 && state[0].version.writeId === keep.writeId) return state;
      return [siblingOf(keep, joinOf(state))];
    },
    versions: versionsOf,
    context: (state) => writeContext(joinOf(state), timed),
    checkContext(context) {
      readContext(context, timed);
    },
    entries: (state) => state.reduce((count, { ids }) => count + ids.length, 0),

    metadataBytes(state) {
      let bytes = varintBytes(state.length);
      for (const { ids, counters, times } of state) {
        bytes += varintBytes(ids.length);
        for (let k = 0; k < ids.length; k++) bytes += varintBytes(ids[k]) + varintBytes(counters[k]);
        for (let k = 0; k < times.length; k++) bytes += varintBytes(times[k]);
      }
      return bytes;
    },

    encode(state, writer) {
      writer.varint(state.length);
      for (const sibling of state) {
        encodeVector(sibling, writer);
        encodeVersion(sibling.version, writer);
      }
    },
    decode: (reader) =>
      decodeSiblings(order, reader, 4, () => {
        const vector = decodeVector(reader, timed);
        return siblingOf(decodeVersion(reader), vector);
      }),

    describe: (state) =>
      state.map((sibling) => `${describeVector(sibling)}[${describeVersion(sibling.version)}]`).join(" | "),
  };
}

export const vvClient = clientVectors(undefined);

/**
 * Riak's rule on a vector at one instant: entries by time and then by id, the oldest first; while there are more than
 * `small`, and the oldest is at least `young` old, and there are more than `big` or it is older than `old`, it goes.
 */
export function pruned(vector: ClientVector, now: number, { small, big, youngMs, oldMs }: PruneSettings): ClientVector {
  const { ids, counters, times } = vector;
  if (ids.length <= small) return vector;
  const byAge = ids.map((_, k) => k).sort((x, y) => times[x] - times[y] || ids[x] - ids[y]);
  let dropped = 0;
  while (ids.length - dropped > small) {
    const age = now - times[byAge[dropped]];
    if (age < youngMs || (ids.length - dropped <= big && age <= oldMs)) break;
    dropped++;
  }
  if (dropped === 0) return vector;
  const kept = byAge.slice(dropped).sort((x, y) => x - y);
  return { ids: kept.map((k) => ids[k]), counters: kept.map((k) => counters[k]), times: kept.map((k) => times[k]) };
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

function siblingOf(version: Version, { ids, counters, times }: ClientVector): ClientSibling {
  return { version, ids, counters, times };
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
