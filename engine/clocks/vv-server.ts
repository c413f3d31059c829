/**
 * One merged version vector per key beside a plain set of siblings: what Riak did before 2.0, and still does with its
 * dotted version vectors switched off. Kept because it is wrong in an instructive way. The merged vector no longer
 * says which event made which sibling, so a write with an older context cannot replace the siblings its client had
 * read: all are kept. Two clients that write in turn make one sibling more with each write ("sibling explosion").
 *
 * A second consequence: `sync` drops siblings only with a whole state that is strictly dominated. Merged as
 * (a with c) with b or as a with (c with b), where b dominates a, the vectors agree but the first keeps a's
 * siblings. So `sync` is associative in vectors, and in siblings only up to such false conflicts. Nothing that nobody
 * had seen overwritten is lost: a vector covers an event only if the state, or what it replaced, had that version.
 */
import { MalformedBytes } from "../vocabulary/octets";
import type { Clock, Version } from "./clock";
import { byWriteId, decodeVersion, describeVersions, encodeVersion } from "./version";
import {
  compareVectors,
  counterOf,
  decodeVector,
  describeVector,
  encodeVector,
  incrementVector,
  mergeVectors,
  readContext,
  relation,
  varintBytes,
  vectorBytes,
  writeContext,
  type VersionVector,
} from "./version-vector";

/** Immutable. */
export interface VvServerState extends VersionVector {
  /** In order of write id; at least one. */
  readonly siblings: readonly Version[];
}

export const vvServer: Clock<VvServerState> = {
  name: "vv-server",
  prose:
    "A version vector of replicas per key, with a set of siblings under it. A write whose context covers the stored " +
    "vector replaces all siblings; any other write is added to them, also where its client had read some of them, " +
    "because the merged vector cannot tell which. Never loses a version, but keeps overwritten ones as siblings.",
  source: "Riak KV before 2.0 (dvv_enabled = false); Parker et al. 1983",
  declares: { mayLose: false, mayConflictFalsely: true, growsWith: "replicas" },
  mintsServerDots: true,

  update(stored, context, version, { actor, minted, removedAt = 0 }) {
    const seen = readContext(context);
    if (stored === undefined) return stateOf(incrementVector(seen, actor, minted), [version]);
    // A copy that has events of this actor has had all of them, unless they came back after the key was removed here.
    const above = counterOf(stored, actor) > removedAt ? 0 : minted;
    const known = compareVectors(seen, stored);
    if (known === "after" || known === "equal") return stateOf(incrementVector(seen, actor, above), [version]);
    return stateOf(incrementVector(mergeVectors(seen, stored), actor, above), union(stored.siblings, [version]));
  },

  sync(a, b) {
    switch (compareVectors(a, b)) {
      case "after":
        return a;
      case "before":
        return b;
      case "equal": {
        const siblings = union(a.siblings, b.siblings);
        return siblings === a.siblings ? a : siblings === b.siblings ? b : stateOf(a, siblings);
      }
      case "concurrent":
        return stateOf(mergeVectors(a, b), union(a.siblings, b.siblings));
    }
  },

  compare(a, b) {
    const vectors = compareVectors(a, b);
    if (vectors !== "equal") return vectors;
    // Equal vectors do not promise equal siblings: one replica may hold on to a version the other let go.
    const siblings = union(a.siblings, b.siblings);
    return relation(siblings.length > b.siblings.length, siblings.length > a.siblings.length);
  },

  // Of equal vectors a merge keeps the siblings of both: what is left out here comes back from any copy that has it still.
  only: (state, keep) =>
    state.siblings.length === 1 && state.siblings[0].writeId === keep.writeId ? state : stateOf(state, [keep]),
  versions: (state) => state.siblings,
  context: writeContext,
  checkContext(context) {
    readContext(context);
  },
  entries: (state) => state.ids.length,

  metadataBytes: (state) => vectorBytes(state) + varintBytes(state.siblings.length),

  encode(state, writer) {
    encodeVector(state, writer);
    writer.varint(state.siblings.length);
    for (const version of state.siblings) encodeVersion(version, writer);
  },

  decode(reader) {
    const vector = decodeVector(reader);
    const siblings: Version[] = [];
    const length = reader.count(3);
    if (length === 0) throw new MalformedBytes("a version vector without versions");
    for (let k = 0; k < length; k++) {
      const version = decodeVersion(reader);
      if (k > 0 && version.writeId <= siblings[k - 1].writeId) {
        throw new MalformedBytes("siblings that do not ascend");
      }
      siblings.push(version);
    }
    return stateOf(vector, siblings);
  },

  describe: (state) => `${describeVector(state)} [${describeVersions(state.siblings)}]`,
};

function stateOf(vector: VersionVector, siblings: readonly Version[]): VvServerState {
  return { ids: vector.ids, counters: vector.counters, siblings };
}

/** Merge of two lists in order of write id, each write once; an argument where it has all. */
function union(a: readonly Version[], b: readonly Version[]): readonly Version[] {
  const merged: Version[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const order = byWriteId(a[i], b[j]);
    merged.push(order <= 0 ? a[i] : b[j]);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  while (i < a.length) merged.push(a[i++]);
  while (j < b.length) merged.push(b[j++]);
  if (merged.length === a.length) return a;
  return merged.length === b.length ? b : merged;
}
