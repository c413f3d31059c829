/**
 * Logical clocks: how a replica tells a newer version from a concurrent one. A strategy owns the whole state of one key
 * at one replica (all siblings and their causal metadata) as an immutable value; replicas never look inside.
 *
 * Three verbs carry the protocol: `update` makes a new event at the one replica that coordinates a put, `sync` merges
 * the states of two replicas, `context` is what a client carries from a read to its next write. What a strategy may do
 * wrong is *declared*, because the recorder knows the causal truth and will check.
 *
 * Sources: Preguiça, Baquero, Almeida, Fonte, Gonçalves, "Dotted Version Vectors" (2010/2012) and "Scalable and
 * Accurate Causality Tracking for Eventually Consistent Stores" (DAIS 2014).
 */
import type { ByteReader, ByteWriter, Octets } from "../vocabulary/octets";
import type { Micros } from "../vocabulary/micros";
import { dvvset } from "./dvvset";
import { lww } from "./lww";
import { vvServer } from "./vv-server";

export {
  byWriteId,
  decodeVersion,
  encodeVersion,
  MAX_EPOCH,
  MAX_NODES,
  MAX_VNODES,
  packActor,
  unpackActor,
} from "./version";

/** One value as some client wrote it. Immutable. */
export interface Version {
  /** The id of the write that made it: the recorder's handle on the truth, never used by a clock. */
  readonly writeId: number;
  readonly value: Octets;
  /** A delete is a write of a tombstone. */
  readonly tombstone: boolean;
}

/**
 * Who makes an event: (node index, vnode, durable boot epoch) packed in one safe integer. An actor is never reused, so
 * (actor, counter) names one event for ever even when a node forgets what it had stored.
 */
export type Actor = number;

/** A causal context, opaque to clients. The empty string is "I have read nothing". */
export type Context = Octets;

/** How one state's history relates to another's. */
export type Relation = "equal" | "before" | "after" | "concurrent";

/** What a strategy may get wrong, and what its metadata grows with. */
export interface ClockDeclaration {
  /** May drop a version that no client had seen overwritten. */
  readonly mayLose: boolean;
  /** May return siblings although one causally precedes the other. */
  readonly mayConflictFalsely: boolean;
  readonly growsWith: "replicas" | "clients" | "nothing";
}

/** A strategy. `S` is the state of one key at one replica, siblings included; states are never mutated. */
export interface Clock<S = unknown> {
  readonly name: string;
  /** One paragraph for `explain`. */
  readonly prose: string;
  readonly source: string;
  readonly declares: ClockDeclaration;
  /**
   * True when events are minted by the coordinating replica: `coordinator: any` must then still store at a replica first.
   * False when an event needs nothing that is stored: the coordinator makes it and sends it to all replicas at once.
   */
  readonly mintsServerDots: boolean;

  /**
   * The state after `version` is written by a client that had seen `context`, at the replica `actor`.
   * `stored` is undefined when the replica has nothing. Strictly after `stored`'s seen part and after `context`, unless
   * the strategy may lose. `at` is the wall time of whoever coordinates the put, for strategies that believe in it.
   * @throws MalformedBytes when `context` is not one of ours.
   */
  update(stored: S | undefined, context: Context, version: Version, actor: Actor, at: Micros): S;

  /** Merge of two replicas' states: commutative, associative, idempotent. May return one of its arguments. */
  sync(a: S, b: S): S;

  /** Whether `a` knows no more (`before`), the same, more, or other things than `b`. Cheap: metadata only. */
  compare(a: S, b: S): Relation;

  /** All siblings, tombstones included; at least one. Stable order for equal states. */
  versions(state: S): readonly Version[];

  /** What a client that reads this state should carry to its next write. */
  context(state: S): Context;

  /** Throws MalformedBytes unless `context` could have come from {@link context}. */
  checkContext(context: Context): void;

  /** (actor, counter) entries of metadata in the state. */
  entries(state: S): number;
  /** Bytes of causal metadata in the encoded state: the encoding less the versions. */
  metadataBytes(state: S): number;

  encode(state: S, writer: ByteWriter): void;
  /** @throws MalformedBytes */
  decode(reader: ByteReader): S;

  /** Short stable text for traces and golden files, e.g. `n0:2[w3] n1:1[w4]`. */
  describe(state: S): string;
}

/** Every strategy by the name used in `clock:`. Adding one is one file and one line here. */
export const CLOCKS: ReadonlyMap<string, Clock> = new Map<string, Clock>([
  ["dvvset", dvvset],
  ["vv-server", vvServer],
  ["lww", lww],
]);

/** The strategy called `name`; throws RangeError with the known names otherwise. */
export function clockNamed(name: string): Clock {
  const clock = CLOCKS.get(name);
  if (clock === undefined) throw new RangeError(`no clock "${name}"; known: ${[...CLOCKS.keys()].join(", ")}`);
  return clock;
}
