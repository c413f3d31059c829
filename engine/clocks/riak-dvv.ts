/**
 * Riak's dotted version vectors: one merged vector per key, and beside each sibling the dot of the event that made it.
 * The vector says all that is known, the dots say which of it still stands, so a merge drops a sibling whose dot the
 * other copy's vector covers while the other no longer carries it. What clients see is what `dvvset` shows them; the
 * metadata is a dot larger per sibling, and fails in Riak's way.
 *
 * That way is forgetting. A replica that coordinates a write of a key it no longer holds (a reaped tombstone, a lost
 * disk) would count from one again, and an old copy that turns up later would cover its new writes: the "doomstone" of
 * basho/riak_kv#679. Hence the *per-key actor epoch*: ids are (actor, incarnation), and a replica that finds the key
 * absent, finds no entry of its own in it, or meets a context that knows more of it than it does itself, goes on as a
 * new incarnation. With `actorEpochs: false` there is one incarnation, and one boot, for ever.
 *
 * Source: riak_object's merge, riak_kv_vnode's put and its key epochs, Riak KV 2.1 to 3.
 */
import { MalformedBytes, type ByteReader, type ByteWriter } from "../vocabulary/octets";
import { type Actor, type Clock, type Context, type EventMaker, type Relation, type Version } from "./clock";
import { moreOfContext, nextOfContext, openContext, varint } from "./context-text";
import {
  byWriteId,
  decodeActor,
  decodeVersion,
  describeActor,
  describeVersion,
  encodeActor,
  encodeVersion,
  MAX_EPOCH,
  MAX_NODES,
  MAX_VNODES,
  packActor,
  unpackActor,
} from "./version";
import { actorBytes, MAX_CONTEXT_ENTRIES, nextCounter, relation, varintBytes } from "./version-vector";

/** Who makes an event of one key: an actor, and how often it had forgotten the key before. */
interface Identity {
  readonly actor: Actor;
  readonly incarnation: number;
}

/** The event that made a sibling. */
interface Dot extends Identity {
  readonly counter: number;
}

/** Events 1 to `counter` of one identity are known. */
type Entry = Dot;

/** By actor, then incarnation. Immutable. */
type EpochVector = readonly Entry[];

export interface RiakSibling {
  readonly version: Version;
  readonly dot: Dot;
}

/** Immutable. */
export interface RiakState {
  readonly vector: EpochVector;
  /** In order of write id, then dot; at least one. */
  readonly siblings: readonly RiakSibling[];
}

/** First byte of a context whose ids have incarnations. */
const CONTEXT_FORMAT = 4;

function riakObjects(epochs: boolean): Clock<RiakState> {
  return {
    name: "riak-dvv",
    prose:
      "One version vector per key and a dot per sibling, as Riak has it since 2.0. Exact while no replica forgets: one " +
      "that finds a key absent goes on under a fresh identity, unless `actor_epochs` is off, and then writes that follow " +
      "a reaped tombstone or a lost disk are covered by old copies and lost.",
    source: "Riak KV 2.1 to 3: riak_object, riak_kv_vnode; basho/riak_kv#679",
    declares: epochs
      ? { mayLose: false, mayConflictFalsely: false, growsWith: "replicas" }
      : { mayLose: true, loses: "same-replica", mayConflictFalsely: true, growsWith: "replicas" },
    mintsServerDots: true,
    freshIdentities: epochs,
    configured: (settings) => (settings.actorEpochs === false ? withoutEpochs : riakDvv),

    update(stored, context, version, { actor, minted, removedAt, countedFrom = 0 }) {
      const seen = readContext(context);
      const known = stored?.vector ?? NONE;
      const by = epochs
        ? identityOf({ actor, minted, removedAt }, known, seen)
        : { actor: firstBoot(actor), incarnation: 0 };
      const all = stored === undefined ? seen : mergeVectors(seen, known);
      const counter = nextCounter(Math.max(counterOf(all, by), countedFrom));
      const dot: Dot = { actor: by.actor, incarnation: by.incarnation, counter };
      const one: RiakSibling = { version, dot };
      if (stored === undefined) return { vector: withEntry(seen, dot), siblings: [one] };
      const unseen = stored.siblings.filter((sibling) => !covers(seen, sibling.dot));
      return { vector: withEntry(all, dot), siblings: unseen.length === 0 ? [one] : [...unseen, one].sort(byRank) };
    },

    sync(a, b) {
      switch (compareVectors(a.vector, b.vector)) {
        case "after":
          return a;
        case "before":
          return b;
        case "equal": {
          const siblings = mergeSiblings(a, b);
          if (siblings === a.siblings) return a;
          return siblings === b.siblings ? b : { vector: a.vector, siblings };
        }
        case "concurrent":
          return { vector: mergeVectors(a.vector, b.vector), siblings: mergeSiblings(a, b) };
      }
    },

    compare(a, b): Relation {
      if (a === b) return "equal";
      const vectors = compareVectors(a.vector, b.vector);
      if (vectors !== "equal") return vectors;
      const siblings = mergeSiblings(a, b);
      return relation(!sameSiblings(siblings, b.siblings), !sameSiblings(siblings, a.siblings));
    },

    only(state, keep) {
      if (state.siblings.length === 1) return state;
      return {
        vector: state.vector,
        siblings: state.siblings.filter(({ version }) => version.writeId === keep.writeId).slice(0, 1),
      };
    },
    versions: (state) => state.siblings.map((sibling) => sibling.version),
    context: (state) => writeContext(state.vector),
    checkContext(context) {
      readContext(context);
    },
    entries: (state) => state.vector.length + state.siblings.length,

    metadataBytes({ vector, siblings }) {
      let bytes = varintBytes(vector.length) + varintBytes(siblings.length);
      for (const entry of vector) bytes += entryBytes(entry);
      for (const { dot } of siblings) bytes += entryBytes(dot);
      return bytes;
    },

    encode({ vector, siblings }, writer) {
      writer.varint(vector.length);
      for (const entry of vector) encodeEntry(entry, writer);
      writer.varint(siblings.length);
      for (const { version, dot } of siblings) {
        encodeEntry(dot, writer);
        encodeVersion(version, writer);
      }
    },

    decode(reader) {
      const vector: Entry[] = [];
      const entries = reader.count(5);
      if (entries > MAX_CONTEXT_ENTRIES) throw new MalformedBytes("a version vector with too many entries");
      for (let k = 0; k < entries; k++) {
        const entry = decodeEntry(reader);
        if (k > 0 && byIdentity(vector[k - 1], entry) >= 0) throw new MalformedBytes("actors that do not ascend");
        vector.push(entry);
      }
      const siblings: RiakSibling[] = [];
      const count = reader.count(8);
      if (count === 0) throw new MalformedBytes("a state without versions");
      for (let k = 0; k < count; k++) {
        const dot = decodeEntry(reader);
        const sibling: RiakSibling = { version: decodeVersion(reader), dot };
        if (!covers(vector, dot)) throw new MalformedBytes("a dot outside the vector");
        if (k > 0 && byRank(siblings[k - 1], sibling) >= 0) throw new MalformedBytes("siblings that do not ascend");
        siblings.push(sibling);
      }
      return { vector, siblings };
    },

    describe({ vector, siblings }) {
      const list = siblings.map(({ version, dot }) => `${describeVersion(version)}(${describeEntry(dot)})`);
      return `${vector.map(describeEntry).join(" ")} [${list.join(",")}]`;
    },
  };
}

const NONE: EpochVector = [];

export const riakDvv = riakObjects(true);
const withoutEpochs = riakObjects(false);

/**
 * Under which identity an actor goes on: the last that the copy knows of, or a new one where there is none, where the client
 * knows of a later event, or where it is from before the key was removed here and came back with somebody's old context. A new one lies above all that are known of, also when `minted` does not.
 */
function identityOf(
  by: Pick<EventMaker, "actor" | "minted" | "removedAt">,
  stored: EpochVector,
  seen: EpochVector,
): Identity {
  const { actor, minted, removedAt = 0 } = by;
  const own = lastOf(stored, actor);
  const told = lastOf(seen, actor);
  const isWhole = own !== undefined && own.incarnation >= removedAt;
  if (isWhole && (told === undefined || byDot(told, own) <= 0)) return own;
  const above = told === undefined ? 0 : Math.max(told.incarnation, own?.incarnation ?? 0) + 1;
  return { actor, incarnation: Math.max(minted, above) };
}

/** The entry of an actor's last incarnation. */
function lastOf(vector: EpochVector, actor: Actor): Entry | undefined {
  for (let k = vector.length - 1; k >= 0; k--) if (vector[k].actor === actor) return vector[k];
  return undefined;
}

/** The same replica as in its first boot: without epochs nothing tells boots apart. */
function firstBoot(actor: Actor): Actor {
  const { node, vnode } = unpackActor(actor);
  return packActor(node, vnode, 1);
}

/**
 * The siblings of both, less those that the other side's vector covers and the other side no longer carries. Where each
 * side lets go of all that the other has, all stay, as a state is never empty: dots given twice make such states, and so
 * may a sibling policy.
 */
function mergeSiblings(a: RiakState, b: RiakState): readonly RiakSibling[] {
  const merged: RiakSibling[] = [];
  let fromA = 0;
  let fromB = 0;
  let i = 0;
  let j = 0;
  while (i < a.siblings.length || j < b.siblings.length) {
    const order = i === a.siblings.length ? 1 : j === b.siblings.length ? -1 : byRank(a.siblings[i], b.siblings[j]);
    const sibling = order <= 0 ? a.siblings[i] : b.siblings[j];
    if (order === 0 || stays(sibling, order < 0 ? b : a)) {
      merged.push(sibling);
      if (order <= 0) fromA++;
      if (order >= 0) fromB++;
    }
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  if (merged.length === 0) return [...a.siblings, ...b.siblings].sort(byRank);
  if (fromA === merged.length && fromA === a.siblings.length) return a.siblings;
  return fromB === merged.length && fromB === b.siblings.length ? b.siblings : merged;
}

/** Whether a sibling that the other side lacks is news to it, or shares its dot, given twice, with one of the other's. */
function stays(sibling: RiakSibling, other: RiakState): boolean {
  return !covers(other.vector, sibling.dot) || isCarried(other, sibling);
}

function isCarried({ siblings }: RiakState, { dot }: RiakSibling): boolean {
  for (const other of siblings) {
    if (byIdentity(other.dot, dot) === 0 && other.dot.counter === dot.counter) return true;
  }
  return false;
}

function sameSiblings(a: readonly RiakSibling[], b: readonly RiakSibling[]): boolean {
  return a === b || (a.length === b.length && a.every((sibling, k) => byRank(sibling, b[k]) === 0));
}

function byRank(x: RiakSibling, y: RiakSibling): number {
  return byWriteId(x.version, y.version) || byIdentity(x.dot, y.dot) || x.dot.counter - y.dot.counter;
}

function byIdentity(x: Identity, y: Identity): number {
  return x.actor - y.actor || x.incarnation - y.incarnation;
}

/** Of one actor: by incarnation, then counter. */
function byDot(x: Dot, y: Dot): number {
  return x.incarnation - y.incarnation || x.counter - y.counter;
}

function covers(vector: EpochVector, dot: Dot): boolean {
  return counterOf(vector, dot) >= dot.counter;
}

function counterOf(vector: EpochVector, identity: Identity): number {
  for (const entry of vector) if (byIdentity(entry, identity) === 0) return entry.counter;
  return 0;
}

/** The vector with the event `dot` added. */
function withEntry(vector: EpochVector, dot: Dot): EpochVector {
  let at = 0;
  while (at < vector.length && byIdentity(vector[at], dot) < 0) at++;
  const changed = vector.slice();
  changed.splice(at, at < vector.length && byIdentity(vector[at], dot) === 0 ? 1 : 0, dot);
  return changed;
}

function compareVectors(a: EpochVector, b: EpochVector): Relation {
  if (a === b) return "equal";
  let onlyA = false;
  let onlyB = false;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const order = byIdentity(a[i], b[j]);
    if (order < 0 || (order === 0 && a[i].counter > b[j].counter)) onlyA = true;
    if (order > 0 || (order === 0 && a[i].counter < b[j].counter)) onlyB = true;
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  if (i < a.length) onlyA = true;
  if (j < b.length) onlyB = true;
  return relation(onlyA, onlyB);
}

/** The least vector that covers both. */
function mergeVectors(a: EpochVector, b: EpochVector): EpochVector {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: Entry[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const order = i === a.length ? 1 : j === b.length ? -1 : byIdentity(a[i], b[j]);
    merged.push(order < 0 || (order === 0 && a[i].counter >= b[j].counter) ? a[i] : b[j]);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return merged;
}

function writeContext(vector: EpochVector): Context {
  if (vector.length === 0) return "";
  let text = String.fromCharCode(CONTEXT_FORMAT);
  for (const { actor, incarnation, counter } of vector) {
    const { node, vnode, epoch } = unpackActor(actor);
    text += varint(node) + varint(vnode) + varint(epoch) + varint(incarnation) + varint(counter);
  }
  return text;
}

/** @throws MalformedBytes unless `context` is what {@link writeContext} gives for some vector. */
function readContext(context: Context): EpochVector {
  if (context.length === 0) return NONE;
  openContext(context, CONTEXT_FORMAT);
  const vector: Entry[] = [];
  while (moreOfContext()) {
    const node = nextOfContext();
    const vnode = nextOfContext();
    const epoch = nextOfContext();
    const incarnation = nextOfContext();
    const counter = nextOfContext();
    if (node >= MAX_NODES || vnode >= MAX_VNODES || epoch >= MAX_EPOCH) {
      throw new MalformedBytes("a causal context names an impossible actor");
    }
    const entry: Entry = { actor: packActor(node, vnode, epoch), incarnation, counter };
    if (vector.length > 0 && byIdentity(vector[vector.length - 1], entry) >= 0) {
      throw new MalformedBytes("a causal context whose actors do not ascend");
    }
    checkEntry(entry);
    if (vector.length === MAX_CONTEXT_ENTRIES) throw new MalformedBytes("a causal context with too many entries");
    vector.push(entry);
  }
  return vector;
}

function entryBytes({ actor, incarnation, counter }: Entry): number {
  return actorBytes(actor) + varintBytes(incarnation) + varintBytes(counter);
}

function encodeEntry({ actor, incarnation, counter }: Entry, writer: ByteWriter): void {
  encodeActor(actor, writer);
  writer.varint(incarnation);
  writer.varint(counter);
}

function decodeEntry(reader: ByteReader): Entry {
  const entry: Entry = { actor: decodeActor(reader, -1), incarnation: reader.varint(), counter: reader.varint() };
  checkEntry(entry);
  return entry;
}

/** Counting on must stay exact. */
function checkEntry({ incarnation, counter }: Entry): void {
  if (counter === 0) throw new MalformedBytes("an entry with a zero counter");
  if (incarnation >= Number.MAX_SAFE_INTEGER) throw new MalformedBytes("an impossible incarnation");
}

/** `n0:2`, of a later incarnation `n0#7:2`. */
function describeEntry({ actor, incarnation, counter }: Entry): string {
  return `${describeActor(actor)}${incarnation === 0 ? "" : `#${incarnation}`}:${counter}`;
}
