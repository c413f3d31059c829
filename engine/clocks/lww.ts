/**
 * Last write wins: one version per key, the one with the greatest timestamp. Not a logical clock at all but what the
 * largest stores use in its place, and the plainest way to lose an acknowledged write: two concurrent writers leave one
 * version, and a coordinator whose wall time runs behind writes into the past, where nobody will see it.
 *
 * Timestamps are microseconds from the coordinator or, where so configured, from the client, as Cassandra's are. Ties are
 * settled as Cassandra settles them: a tombstone beats a value, then the greater value bytes win, then the greater meta.
 * Should those be equal too, the greater write id wins, so that a merge never depends on its order. No event needs what is
 * stored: a put loads nothing before it is sent.
 *
 * The context names the timestamp that was read and a put takes no notice of it, as those stores do: a client's next
 * write overwrites what it read only if its coordinator's time says so. The recorder knows what the client had seen.
 */
import { MalformedBytes } from "../vocabulary/octets";
import type { Micros } from "../vocabulary/micros";
import type { Clock, Context, Version } from "./clock";
import { compareMeta, decodeVersion, describeVersion, encodeVersion } from "./version";
import { varintBytes } from "./version-vector";

/** Immutable. */
export interface LwwState {
  /** Wall time of whoever made it. */
  readonly at: Micros;
  readonly version: Version;
}

export const lww: Clock<LwwState> = {
  name: "lww",
  prose:
    "Last write wins: each version carries the wall time of its coordinator, or of its client, in microseconds and the greatest one is kept. No " +
    "siblings, hardly any metadata, no load before a write. Concurrent writes are lost without a word, and so are " +
    "writes through a node whose wall time is behind.",
  source: "Apache Cassandra's reconciliation of cells; Dynamo's timestamp-based reconciliation, SOSP 2007, section 4.4",
  declares: { mayLose: true, mayConflictFalsely: false, growsWith: "nothing" },
  mintsServerDots: false,
  keepsOne: true,

  update(stored, context, version, { at }) {
    checkContext(context);
    const event: LwwState = { at, version };
    return stored === undefined ? event : later(stored, event);
  },
  sync: later,
  compare(a, b) {
    const order = compareStates(a, b);
    return order === 0 ? "equal" : order < 0 ? "before" : "after";
  },
  only: (state) => state,
  versions: (state) => [state.version],
  context: (state) => `@${state.at}`,
  checkContext,
  // Of a tie, the write id alone tells what the tombstone and the value would.
  hash({ at, version }, into) {
    into.number(at);
    into.number(version.writeId);
    into.word(version.tombstone ? 1 : 0);
  },
  entries: () => 0,
  metadataBytes: (state) => varintBytes(state.at),

  encode(state, writer) {
    writer.varint(state.at);
    encodeVersion(state.version, writer);
  },
  decode: (reader) => ({ at: reader.varint(), version: decodeVersion(reader) }),

  describe: ({ at, version }) => `@${at}[${describeVersion(version)}]`,
};

/** The winner, one of the two. Of equal states the first: they differ in nothing that anybody can see. */
function later(a: LwwState, b: LwwState): LwwState {
  return compareStates(a, b) >= 0 ? a : b;
}

/** A total order: below 0 when `b` wins. */
function compareStates(a: LwwState, b: LwwState): number {
  return a.at !== b.at ? a.at - b.at : settleTie(a.version, b.version);
}

/** Cassandra's order of two versions of one timestamp, carried on to a total one: below 0 when `y` wins. */
export function settleTie(x: Version, y: Version): number {
  if (x.tombstone !== y.tombstone) return x.tombstone ? 1 : -1;
  // A character is a byte: this is the order of unsigned bytes.
  if (x.value !== y.value) return x.value < y.value ? -1 : 1;
  if (x.meta !== y.meta) return compareMeta(x, y);
  return x.writeId - y.writeId;
}

/** `@` and the timestamp in digits. */
const CONTEXT = /^@(?:0|[1-9][0-9]{0,15})$/;

function checkContext(context: Context): void {
  if (context !== "" && !CONTEXT.test(context)) throw new MalformedBytes("a context that is not a timestamp");
}
