/**
 * A version vector: for every actor, how many of its events are known, all from the first on (Parker et al. 1983).
 * Strategies that mint events at servers hand it to clients as their causal context.
 *
 * A context makes a round trip through a client, so it is hostile on return: it has a format byte, ascending actors,
 * no zero counters, integers of minimal length and a bounded number of entries. Thus each vector has exactly one
 * encoding, and whatever `readContext` accepts is what `writeContext` would have written. An actor is written as its
 * three small parts, which take three bytes where the packed integer takes six.
 */
import { MalformedBytes, type ByteReader, type ByteWriter } from "../vocabulary/octets";
import type { Actor, Context, Relation } from "./clock";
import { moreOfContext, nextOfContext, openContext, varint } from "./context-text";
import { decodeActor, describeActor, encodeActor, MAX_EPOCH, MAX_NODES, MAX_VNODES } from "./version";

/** Parallel arrays, actors strictly ascending, counters at least 1. Never mutated once handed out. */
export interface VersionVector {
  readonly ids: readonly Actor[];
  readonly counters: readonly number[];
}

export const EMPTY_VECTOR: VersionVector = { ids: [], counters: [] };

/** First byte of a context that is a vector of replicas. */
const CONTEXT_FORMAT = 1;
/** Each boot of each replica of one key may add an entry; more than this is not a context but an attack. */
export const MAX_CONTEXT_ENTRIES = 4096;

/** The empty vector is the empty string. */
export function writeContext(vector: VersionVector): Context {
  const { ids, counters } = vector;
  if (ids.length === 0) return "";
  let text = String.fromCharCode(CONTEXT_FORMAT);
  for (let k = 0; k < ids.length; k++) {
    const id = ids[k];
    const epoch = id % MAX_EPOCH;
    const rest = (id - epoch) / MAX_EPOCH;
    text += varint(rest >>> 16) + varint(rest & 0xffff) + varint(epoch) + varint(counters[k]);
  }
  return text;
}

/** @throws MalformedBytes unless `context` is what {@link writeContext} gives for some vector. */
export function readContext(context: Context): VersionVector {
  if (context.length === 0) return EMPTY_VECTOR;
  openContext(context, CONTEXT_FORMAT);
  const ids: Actor[] = [];
  const counters: number[] = [];
  let previous = -1;
  while (moreOfContext()) {
    const node = nextOfContext();
    const vnode = nextOfContext();
    const epoch = nextOfContext();
    const counter = nextOfContext();
    if (node >= MAX_NODES || vnode >= MAX_VNODES || epoch >= MAX_EPOCH) {
      throw new MalformedBytes("a causal context names an impossible actor");
    }
    const id = (node * MAX_VNODES + vnode) * MAX_EPOCH + epoch;
    if (id <= previous) throw new MalformedBytes("a causal context whose actors do not ascend");
    if (counter === 0) throw new MalformedBytes("a causal context with a zero counter");
    if (ids.length === MAX_CONTEXT_ENTRIES) throw new MalformedBytes("a causal context with too many entries");
    previous = id;
    ids.push(id);
    counters.push(counter);
  }
  return { ids, counters };
}

/** How the history of `a` relates to that of `b`. */
export function compareVectors(a: VersionVector, b: VersionVector): Relation {
  if (a === b) return "equal";
  const { ids: idsA, counters: countersA } = a;
  const { ids: idsB, counters: countersB } = b;
  let onlyA = false;
  let onlyB = false;
  let i = 0;
  let j = 0;
  while (i < idsA.length && j < idsB.length) {
    if (idsA[i] === idsB[j]) {
      if (countersA[i] > countersB[j]) onlyA = true;
      else if (countersA[i] < countersB[j]) onlyB = true;
      i++;
      j++;
    } else if (idsA[i] < idsB[j]) {
      onlyA = true;
      i++;
    } else {
      onlyB = true;
      j++;
    }
  }
  if (i < idsA.length) onlyA = true;
  if (j < idsB.length) onlyB = true;
  return relation(onlyA, onlyB);
}

/** What "a knows something b does not" and the converse make together. */
export function relation(onlyA: boolean, onlyB: boolean): Relation {
  if (onlyA) return onlyB ? "concurrent" : "after";
  return onlyB ? "before" : "equal";
}

/** The least vector that covers both. */
export function mergeVectors(a: VersionVector, b: VersionVector): VersionVector {
  const ids: Actor[] = [];
  const counters: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.ids.length || j < b.ids.length) {
    const idA = i < a.ids.length ? a.ids[i] : Infinity;
    const idB = j < b.ids.length ? b.ids[j] : Infinity;
    ids.push(Math.min(idA, idB));
    counters.push(Math.max(idA <= idB ? a.counters[i] : 0, idB <= idA ? b.counters[j] : 0));
    if (idA <= idB) i++;
    if (idB <= idA) j++;
  }
  return { ids, counters };
}

/** How many events of `id` are known. */
export function counterOf(vector: VersionVector, id: Actor): number {
  const at = insertionPoint(vector.ids, id);
  return vector.ids[at] === id ? vector.counters[at] : 0;
}

/**
 * The count of the next event. A context may claim any number of events, but not that there can be no more.
 * @throws MalformedBytes
 */
export function nextCounter(counter: number): number {
  if (counter >= Number.MAX_SAFE_INTEGER) throw new MalformedBytes("a causal context that leaves no next event");
  return counter + 1;
}

/** One more event of `id`, counted on from `above` where less is known. */
export function incrementVector(vector: VersionVector, id: Actor, above = 0): VersionVector {
  const at = insertionPoint(vector.ids, id);
  const counters = vector.counters.slice();
  if (vector.ids[at] === id) {
    counters[at] = nextCounter(Math.max(counters[at], above));
    return { ids: vector.ids, counters };
  }
  const ids = vector.ids.slice();
  ids.splice(at, 0, id);
  counters.splice(at, 0, nextCounter(above));
  return { ids, counters };
}

/** Where `id` is, or belongs, among ascending `ids`. */
export function insertionPoint(ids: readonly Actor[], id: Actor): number {
  let at = 0;
  if (ids.length > SHORT) {
    let end = ids.length;
    while (at < end) {
      const middle = (at + end) >>> 1;
      if (ids[middle] < id) at = middle + 1;
      else end = middle;
    }
    return at;
  }
  while (at < ids.length && ids[at] < id) at++;
  return at;
}

/** Up to so many ids are looked through one by one: a key's replicas are few, its clients need not be. */
const SHORT = 16;

/** Bytes of an actor in an encoded state or a context. */
export function actorBytes(id: Actor): number {
  const epoch = id % MAX_EPOCH;
  const rest = (id - epoch) / MAX_EPOCH;
  return varintBytes(rest >>> 16) + varintBytes(rest & 0xffff) + varintBytes(epoch);
}

/** Bytes of {@link encodeVector}. */
export function vectorBytes({ ids, counters }: VersionVector): number {
  let bytes = varintBytes(ids.length);
  for (let k = 0; k < ids.length; k++) bytes += actorBytes(ids[k]) + varintBytes(counters[k]);
  return bytes;
}

/** A vector inside an encoded state. */
export function encodeVector({ ids, counters }: VersionVector, writer: ByteWriter): void {
  writer.varint(ids.length);
  for (let k = 0; k < ids.length; k++) {
    encodeActor(ids[k], writer);
    writer.varint(counters[k]);
  }
}

/** @throws MalformedBytes */
export function decodeVector(reader: ByteReader): VersionVector {
  const count = reader.count(4);
  if (count === 0) return EMPTY_VECTOR;
  if (count > MAX_CONTEXT_ENTRIES) throw new MalformedBytes("a version vector with too many entries");
  const ids: Actor[] = [];
  const counters: number[] = [];
  let previous = -1;
  for (let k = 0; k < count; k++) {
    previous = decodeActor(reader, previous);
    const counter = reader.varint();
    if (counter === 0) throw new MalformedBytes("a version vector with a zero counter");
    ids.push(previous);
    counters.push(counter);
  }
  return { ids, counters };
}

/** `n0:2 n1:1` */
export function describeVector(vector: VersionVector): string {
  return vector.ids.map((id, k) => `${describeActor(id)}:${vector.counters[k]}`).join(" ");
}

/** Bytes of {@link ByteWriter.varint}. */
export function varintBytes(value: number): number {
  let bytes = 1;
  let limit = 128;
  while (value >= limit) {
    bytes++;
    limit *= 128;
  }
  return bytes;
}
