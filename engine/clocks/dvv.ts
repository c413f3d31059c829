/**
 * Dotted version vectors, one for each sibling: the dot of the event that made it, and apart from it the vector of what
 * its client had read. So the vector may say "of replica A the first two", and the dot "and the fifth": what no single
 * vector can, and just what is needed when a write with an old context meets newer ones. Exact. A version is obsolete
 * when its dot, one pair, is in the vector of another; histories are never compared entry by entry.
 *
 * The price over the compact set (`dvvset.ts`) is a vector for every sibling, most of which say the same.
 *
 * Source: Preguiça, Baquero, Almeida, Fonte, Gonçalves, "Dotted Version Vectors: Logical Clocks for Optimistic
 * Replication" (2010), and the shorter PODC 2012 announcement.
 */
import { assert } from "../vocabulary/assert";
import { MalformedBytes, type ByteReader } from "../vocabulary/octets";
import type { Actor, Clock, Version } from "./clock";
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
import {
  byWriteId,
  decodeActor,
  decodeVersion,
  describeActor,
  describeVersion,
  encodeActor,
  encodeVersion,
} from "./version";
import {
  actorBytes,
  compareVectors,
  counterOf,
  decodeVector,
  describeVector,
  EMPTY_VECTOR,
  encodeVector,
  insertionPoint,
  mergeVectors,
  nextCounter,
  readContext,
  varintBytes,
  vectorBytes,
  type VersionVector,
  writeContext,
} from "./version-vector";

/** The dot (`actor`, `counter`) and the vector of what its client had read. */
export interface DottedSibling extends Sibling, VersionVector {
  readonly actor: Actor;
  readonly counter: number;
}

const order: Obsolescence<DottedSibling> = {
  // A put that was sent twice makes two events of one write.
  rank: (x, y) => byWriteId(x.version, y.version) || x.actor - y.actor || x.counter - y.counter,
  beats: (x, y) => counterOf(x, y.actor) >= y.counter,
  combine(x, y) {
    switch (compareVectors(x, y)) {
      case "equal":
      case "after":
        return x;
      case "before":
        return y;
      case "concurrent":
        return siblingOf(x.version, x.actor, x.counter, mergeVectors(x, y));
    }
  },
};

export const dvv: Clock<Siblings<DottedSibling>> = {
  name: "dvv",
  prose:
    "Dotted version vectors: each sibling has the dot (replica, count) of its own event beside the vector its client had " +
    "read, so a write replaces exactly what was read. Exact, like dvvset, with a whole vector for each sibling.",
  source: "Preguiça, Baquero, Almeida, Fonte, Gonçalves, Dotted Version Vectors (2010, PODC 2012)",
  declares: { mayLose: false, mayConflictFalsely: false, growsWith: "replicas" },
  mintsServerDots: true,

  update(stored, context, version, { actor, minted, removedAt = 0 }) {
    const seen = readContext(context);
    let known = 0;
    if (stored !== undefined) for (const sibling of stored) known = Math.max(known, knownOf(sibling, actor));
    const counter = nextCounter(Math.max(counterOf(seen, actor), known > removedAt ? known : minted));
    return addSibling(order, stored, siblingOf(version, actor, counter, seen));
  },
  sync: (a, b) => syncSiblings(order, a, b),
  compare: (a, b) => compareSiblings(order, a, b),
  only(state, keep) {
    const kept = state.find((sibling) => sibling.version.writeId === keep.writeId);
    assert(kept !== undefined, "the version to keep is one of the state's");
    if (state.length === 1) return state;
    return [siblingOf(keep, kept.actor, kept.counter, joinOf(state))];
  },
  versions: versionsOf,
  context: (state) => writeContext(joinOf(state)),
  checkContext(context) {
    readContext(context);
  },
  entries: (state) => state.reduce((count, { ids }) => count + ids.length + 1, 0),
  metadataBytes: (state) =>
    state.reduce(
      (bytes, sibling) => bytes + actorBytes(sibling.actor) + varintBytes(sibling.counter) + vectorBytes(sibling),
      varintBytes(state.length),
    ),

  encode(state, writer) {
    writer.varint(state.length);
    for (const sibling of state) {
      encodeActor(sibling.actor, writer);
      writer.varint(sibling.counter);
      encodeVector(sibling, writer);
      encodeVersion(sibling.version, writer);
    }
  },
  decode: (reader) => decodeSiblings(order, reader, 8, decodeSibling),

  describe: (state) =>
    state
      .map((sibling) => {
        const dot = `${describeActor(sibling.actor)}:${sibling.counter}`;
        return `(${dot})${describeVector(sibling)}[${describeVersion(sibling.version)}]`;
      })
      .join(" | "),
};

function siblingOf(version: Version, actor: Actor, counter: number, { ids, counters }: VersionVector): DottedSibling {
  return { version, actor, counter, ids, counters };
}

/** The last event of `actor` that the sibling is or knows of. */
function knownOf(sibling: DottedSibling, actor: Actor): number {
  return Math.max(counterOf(sibling, actor), sibling.actor === actor ? sibling.counter : 0);
}

/** The vector of all that the siblings are and know of. */
function joinOf(state: Siblings<DottedSibling>): VersionVector {
  let join: VersionVector = EMPTY_VECTOR;
  for (const sibling of state) join = withDot(join.ids.length === 0 ? sibling : mergeVectors(join, sibling), sibling);
  return join;
}

function withDot({ ids, counters }: VersionVector, { actor, counter }: DottedSibling): VersionVector {
  const at = insertionPoint(ids, actor);
  if (ids[at] === actor) {
    if (counters[at] >= counter) return { ids, counters };
    const raised = counters.slice();
    raised[at] = counter;
    return { ids, counters: raised };
  }
  return {
    ids: [...ids.slice(0, at), actor, ...ids.slice(at)],
    counters: [...counters.slice(0, at), counter, ...counters.slice(at)],
  };
}

function decodeSibling(reader: ByteReader): DottedSibling {
  const actor = decodeActor(reader, -1);
  const counter = reader.varint();
  if (counter === 0) throw new MalformedBytes("a dot with a zero counter");
  const vector = decodeVector(reader);
  return siblingOf(decodeVersion(reader), actor, counter, vector);
}
