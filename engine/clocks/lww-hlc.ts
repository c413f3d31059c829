/**
 * Last write wins by hybrid logical clocks: wall time that never runs behind what its writer had read. A timestamp is
 * (l, c): l is the greatest wall time known, the maker's own or that in the client's context, and c counts the events
 * that share an l because the maker's wall time had not yet reached it. So a write comes after everything its client
 * had read, whatever the machines' clocks say, and l stays near wall time. Beside `lww`, which believes wall time alone,
 * it tells apart what skew loses from what one version per key loses anyway: concurrent writes.
 *
 * Nodes take part by the receive rule: their own stamps stay above the l of every state they have received (`latest`).
 * c is bounded, 16 bits as in the paper's encoding; should it run out, l goes on by a microsecond.
 *
 * Source: Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical Physical Clocks and Consistent Snapshots in Globally
 * Distributed Databases" (2014). Ties of (l, c) are settled as Cassandra settles those of timestamps (`lww.ts`).
 */
import { MalformedBytes } from "../vocabulary/octets";
import type { Micros } from "../vocabulary/micros";
import type { Clock, Context, Version } from "./clock";
import { settleTie } from "./lww";
import { decodeVersion, describeVersion, encodeVersion } from "./version";
import { varintBytes } from "./version-vector";

export interface HybridTime {
  readonly l: Micros;
  readonly c: number;
}

/** Immutable. */
export interface HybridState extends HybridTime {
  readonly version: Version;
}

/** The greatest c. */
export const MAX_COUNT = 65_535;
/** The greatest l, far from any wall time and from the end of exact integers: only a hostile client comes near it. */
export const MAX_TIME = 2 ** 52;

export const lwwHlc: Clock<HybridState> = {
  name: "lww-hlc",
  prose:
    "Last write wins by hybrid logical clocks: each version carries wall time, raised where needed above all that its " +
    "client had read. Loses concurrent writes like lww, but never a write to one that it had replaced, whatever the skew.",
  source: "Kulkarni, Demirbas, Madappa, Avva, Leone, Logical Physical Clocks (OPODIS 2014)",
  declares: { mayLose: true, loses: "concurrent", mayConflictFalsely: false, growsWith: "nothing" },
  mintsServerDots: false,
  keepsOne: true,

  update(stored, context, version, { at }) {
    const { l, c } = eventAfter(readContext(context), at);
    const event: HybridState = { l, c, version };
    return stored === undefined ? event : later(stored, event);
  },
  sync: later,
  compare(a, b) {
    const difference = compareStates(a, b);
    return difference === 0 ? "equal" : difference < 0 ? "before" : "after";
  },
  only: (state) => state,
  latest: (state) => state.l,
  versions: (state) => [state.version],
  context: ({ l, c }) => `@${l}.${c}`,
  checkContext(context) {
    readContext(context);
  },
  hash({ l, c, version }, into) {
    into.number(l);
    into.word(c);
    into.number(version.writeId);
    into.word(version.tombstone ? 1 : 0);
  },
  entries: () => 0,
  metadataBytes: ({ l, c }) => varintBytes(l) + varintBytes(c),

  encode({ l, c, version }, writer) {
    writer.varint(l);
    writer.varint(c);
    encodeVersion(version, writer);
  },
  decode(reader) {
    const l = reader.varint();
    const c = reader.varint();
    if (l > MAX_TIME || c > MAX_COUNT) throw new MalformedBytes("an impossible hybrid time");
    return { l, c, version: decodeVersion(reader) };
  },

  describe: ({ l, c, version }) => `@${l}.${c}[${describeVersion(version)}]`,
};

/** The time of an event at wall time `at` by who has seen `seen`. @throws MalformedBytes when no later time is left. */
function eventAfter(seen: HybridTime, at: Micros): HybridTime {
  if (at > seen.l) return { l: at, c: 0 };
  if (seen.c < MAX_COUNT) return { l: seen.l, c: seen.c + 1 };
  if (seen.l >= MAX_TIME) throw new MalformedBytes("a causal context at the end of time");
  return { l: seen.l + 1, c: 0 };
}

/** The winner, one of the two. */
function later(a: HybridState, b: HybridState): HybridState {
  return compareStates(a, b) >= 0 ? a : b;
}

/** A total order: below 0 when `b` wins. */
function compareStates(a: HybridState, b: HybridState): number {
  if (a.l !== b.l) return a.l - b.l;
  return a.c !== b.c ? a.c - b.c : settleTie(a.version, b.version);
}

/** `@`, l, a point, c. */
const CONTEXT = /^@(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,4})$/;
/** Of who has read nothing: any event comes later, also one at the beginning of time. */
const BEFORE_ALL: HybridTime = { l: -1, c: 0 };

function readContext(context: Context): HybridTime {
  if (context === "") return BEFORE_ALL;
  const parts = CONTEXT.exec(context);
  if (parts === null) throw new MalformedBytes("a context that is not a hybrid time");
  const [l, c] = [Number(parts[1]), Number(parts[2])];
  if (l > MAX_TIME || c > MAX_COUNT) throw new MalformedBytes("a context with an impossible hybrid time");
  return { l, c };
}
