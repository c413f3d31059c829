/**
 * One version vector of replicas for each sibling: the obvious reading of "vector clocks with the server's id", and the
 * one that loses updates. An event takes the next count of its replica, and a vector cannot say "count 2, but not
 * count 1": the second of two blind writes through one replica claims to have seen the first, and replaces it. No
 * replica notices, no sibling is left to tell, and both clients have their acknowledgement.
 *
 * What is lost is always a write through a replica through which a later one came that had not seen it. Nothing else
 * goes wrong: what a client had read is replaced, so there are no false siblings.
 *
 * Source: the second scheme that Preguiça et al., "Dotted Version Vectors" (2010), set out to repair.
 */
import type { ByteReader } from "../vocabulary/octets";
import type { Clock, Version } from "./clock";
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
import {
  compareVectors,
  counterOf,
  decodeVector,
  describeVector,
  EMPTY_VECTOR,
  encodeVector,
  incrementVector,
  mergeVectors,
  readContext,
  varintBytes,
  vectorBytes,
  type VersionVector,
  writeContext,
} from "./version-vector";

export interface VectorSibling extends Sibling, VersionVector {}

const order: Obsolescence<VectorSibling> = {
  rank: (x, y) => byWriteId(x.version, y.version),
  beats(x, y) {
    const vectors = compareVectors(x, y);
    return vectors === "after" || (vectors === "equal" && x.version.writeId > y.version.writeId);
  },
  combine(x, y) {
    switch (compareVectors(x, y)) {
      case "equal":
      case "after":
        return x;
      case "before":
        return y;
      case "concurrent":
        return siblingOf(x.version, mergeVectors(x, y));
    }
  },
};

export const vvServerSeparate: Clock<Siblings<VectorSibling>> = {
  name: "vv-server-separate",
  prose:
    "A version vector of replicas for each sibling. A write takes the next count of its replica, and with it claims all " +
    "counts before: of two blind writes through one replica the second silently replaces the first. Loses such updates, " +
    "never shows a false sibling.",
  source: "Preguiça, Baquero, Almeida, Fonte, Gonçalves, Dotted Version Vectors (2010), section on server ids",
  declares: { mayLose: true, loses: "same-replica", mayConflictFalsely: false, growsWith: "replicas" },
  mintsServerDots: true,

  update(stored, context, version, { actor, minted, removedAt = 0 }) {
    const seen = readContext(context);
    let known = 0;
    if (stored !== undefined) for (const sibling of stored) known = Math.max(known, counterOf(sibling, actor));
    const event = incrementVector(seen, actor, known > removedAt ? known : minted);
    return addSibling(order, stored, siblingOf(version, event));
  },
  sync: (a, b) => syncSiblings(order, a, b),
  compare: (a, b) => compareSiblings(order, a, b),
  only(state, keep) {
    if (state.length === 1 && state[0].version.writeId === keep.writeId) return state;
    return [siblingOf(keep, joinOf(state))];
  },
  versions: versionsOf,
  context: (state) => writeContext(joinOf(state)),
  checkContext(context) {
    readContext(context);
  },
  entries: (state) => state.reduce((count, { ids }) => count + ids.length, 0),
  metadataBytes: (state) => state.reduce((bytes, sibling) => bytes + vectorBytes(sibling), varintBytes(state.length)),

  encode(state, writer) {
    writer.varint(state.length);
    for (const sibling of state) {
      encodeVector(sibling, writer);
      encodeVersion(sibling.version, writer);
    }
  },
  decode: (reader) => decodeSiblings(order, reader, 4, decodeSibling),

  describe: (state) =>
    state.map((sibling) => `${describeVector(sibling)}[${describeVersion(sibling.version)}]`).join(" | "),
};

function siblingOf(version: Version, { ids, counters }: VersionVector): VectorSibling {
  return { version, ids, counters };
}

function joinOf(state: Siblings<VectorSibling>): VersionVector {
  return state.length === 1 ? state[0] : state.reduce<VersionVector>(mergeVectors, EMPTY_VECTOR);
}

function decodeSibling(reader: ByteReader): VectorSibling {
  const vector = decodeVector(reader);
  return siblingOf(decodeVersion(reader), vector);
}
