/**
 * The clock strategy over dotted version vector sets, and their form on the wire and on disk. Exact: a version
 * leaves a state when, and only when, a later write's client had seen it. The price is one entry per replica that ever
 * coordinated a put of the key, and one more for each boot that did.
 *
 * The algebra itself is in `dotted-set.ts` and is exported again here.
 */
import { type ByteReader, MalformedBytes } from "../vocabulary/octets";
import type { Actor, Clock, Version } from "./clock";
import { compare, describe, event, history, only, size, sync, values, type DvvSet } from "./dotted-set";
import { decodeActor, decodeVersion, encodeActor, encodeVersion } from "./version";
import { actorBytes, MAX_CONTEXT_ENTRIES, readContext, varintBytes, writeContext } from "./version-vector";

export * from "./dotted-set";

export const dvvset: Clock<DvvSet> = {
  name: "dvvset",
  prose:
    "Dotted version vector sets: one entry (replica, counter, versions) per replica that coordinated a put. Each " +
    "sibling keeps the dot of the event that made it, so a write replaces exactly what its client had read, and " +
    "siblings are exactly the writes that nobody had seen overwritten. Metadata grows with replicas, never with clients.",
  source: "Almeida, Baquero, Gonçalves, Preguiça, Fonte, DAIS 2014",
  declares: { mayLose: false, mayConflictFalsely: false, growsWith: "replicas" },
  mintsServerDots: true,

  update(stored, context, version, { actor, minted }) {
    const seen = readContext(context);
    if (stored === undefined) return event(history(seen), actor, version, minted);
    if (seen.ids.length === 0) return event(stored, actor, version, minted);
    const kept = sync(history(seen), stored);
    // A strictly newer context would sweep anonymous versions away; no client has seen them under a dot.
    const { anonymous } = stored;
    return event(kept.anonymous === anonymous ? kept : { ...kept, anonymous }, actor, version, minted);
  },
  sync,
  compare,
  only,
  versions: values,
  context: writeContext,
  checkContext(context) {
    readContext(context);
  },
  entries: (state) => state.ids.length,

  // As `compare`: a dot names its version, so that the versions of events need not be looked at.
  hash(state, into) {
    const { ids, counters, lists, anonymous } = state;
    for (let k = 0; k < ids.length; k++) {
      into.number(ids[k]);
      into.number(counters[k]);
      into.word(lists[k].length);
    }
    for (const version of anonymous) into.number(version.writeId);
  },

  metadataBytes(state) {
    let bytes = varintBytes(state.ids.length) + varintBytes(state.anonymous.length);
    for (let k = 0; k < state.ids.length; k++) {
      bytes += actorBytes(state.ids[k]) + varintBytes(state.counters[k]) + varintBytes(state.lists[k].length);
    }
    return bytes;
  },

  encode(state, writer) {
    writer.varint(state.ids.length);
    for (let k = 0; k < state.ids.length; k++) {
      encodeActor(state.ids[k], writer);
      writer.varint(state.counters[k]);
      const list = state.lists[k];
      writer.varint(list.length);
      for (let v = 0; v < list.length; v++) encodeVersion(list[v], writer);
    }
    writer.varint(state.anonymous.length);
    for (const version of state.anonymous) encodeVersion(version, writer);
  },

  decode(reader) {
    const count = reader.count(5);
    if (count > MAX_CONTEXT_ENTRIES) throw new MalformedBytes("a dotted set with too many entries");
    if (count === 1) return decodeOne(reader);
    const ids: Actor[] = [];
    const counters: number[] = [];
    const lists: (readonly Version[])[] = [];
    let previous = -1;
    for (let k = 0; k < count; k++) {
      previous = decodeActor(reader, previous);
      const counter = reader.varint();
      if (counter === 0) throw new MalformedBytes("a dotted set with a zero counter");
      const length = reader.count(3);
      if (length > counter) throw new MalformedBytes("a dotted set with more versions than events");
      ids.push(previous);
      counters.push(counter);
      lists.push(decodeVersions(reader, length));
    }
    return checked({ ids, counters, lists, anonymous: decodeVersions(reader, reader.count(3)) });
  },

  describe,
};

const NONE: readonly Version[] = [];

/** Most keys were only ever written at one replica: arrays of exactly one element are a third of grown ones. */
function decodeOne(reader: ByteReader): DvvSet {
  const id = decodeActor(reader, -1);
  const counter = reader.varint();
  if (counter === 0) throw new MalformedBytes("a dotted set with a zero counter");
  const length = reader.count(3);
  if (length > counter) throw new MalformedBytes("a dotted set with more versions than events");
  const versions = decodeVersions(reader, length);
  return checked({
    ids: [id],
    counters: [counter],
    lists: [versions],
    anonymous: decodeVersions(reader, reader.count(3)),
  });
}

function checked(set: DvvSet): DvvSet {
  for (let k = 1; k < set.anonymous.length; k++) {
    if (set.anonymous[k].writeId <= set.anonymous[k - 1].writeId) {
      throw new MalformedBytes("a dotted set whose anonymous versions do not ascend");
    }
  }
  if (size(set) === 0) throw new MalformedBytes("a dotted set without versions");
  return set;
}

function decodeVersions(reader: ByteReader, length: number): readonly Version[] {
  if (length === 0) return NONE;
  if (length === 1) return [decodeVersion(reader)];
  const versions: Version[] = [];
  for (let k = 0; k < length; k++) versions.push(decodeVersion(reader));
  return versions;
}
