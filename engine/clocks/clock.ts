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
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { ClockSettings } from "../vocabulary/settings";
import { dvv } from "./dvv";
import { dvvset } from "./dvvset";
import { lww } from "./lww";
import { lwwHlc } from "./lww-hlc";
import { riakDvv } from "./riak-dvv";
import { dating, keepingNewest, namedApart, overwriting } from "./sibling-policy";
import { vvClient } from "./vv-client";
import { vvServer } from "./vv-server";
import { vvServerSeparate } from "./vv-server-separate";

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
  /** When it was written, by the wall time of whoever made the event: only under `siblings: newest` or `overwrite`. */
  readonly date?: Micros;
  /** What a front end keeps beside the value (its media type, metadata of users, …); nobody below looks into it. */
  readonly meta?: Octets;
}

/** Who makes an event, and when. Strategies differ in what of it they believe in. */
export interface EventMaker {
  /** The replica, or the coordinator where an event needs no replica. */
  readonly actor: Actor;
  /** The client session: one number for its whole life, never reused within a run. */
  readonly client: number;
  /** Wall time: the coordinator's, or the client's own (`timestamps: client`). At least 0. */
  readonly at: Micros;
  /**
   * Events that this actor had made before, where a key found absent may have had some that were reaped since; 0 where
   * that cannot be. An event on an absent key counts on from here, so that no dot is given twice.
   */
  readonly minted: number;
  /**
   * Events that this actor had made before it last removed this very key; undefined where it never did. What the copy says
   * of this actor may have come back from others since, by way of some client's old context, and then knows too little.
   */
  readonly removedAt?: number;
  /** As `minted`, also for those that take no notice of that because their replicas are to forget. */
  readonly countedFrom?: number;
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
  /** Which versions those may be, where not any; the property suite holds the strategy to it. */
  readonly loses?: Losses;
  /** May return siblings although one causally precedes the other. */
  readonly mayConflictFalsely: boolean;
  readonly growsWith: "replicas" | "clients" | "nothing";
}

/**
 * `concurrent`: one of two writes of which neither client had seen the other, and never a write in favour of one that it
 * had replaced. `same-client`: only of a client that had not seen its own other write. `same-replica`: only of writes
 * through one replica of which the later had not seen the earlier. Left out: any write, also in favour of one it replaced.
 */
export type Losses = "concurrent" | "same-client" | "same-replica";

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
   * the strategy may lose.
   * @throws MalformedBytes when `context` is not one of ours.
   */
  update(stored: S | undefined, context: Context, version: Version, by: EventMaker): S;

  /** Merge of two replicas' states: commutative, associative, idempotent. May return one of its arguments. */
  sync(a: S, b: S): S;

  /** Whether `a` knows no more (`before`), the same, more, or other things than `b`. Cheap: metadata only. */
  compare(a: S, b: S): Relation;

  /**
   * The same knowledge with `keep`, one of its versions, alone: the others count as overwritten. A merge of states so cut
   * down may leave no version at all; `keep` is then one that either side had.
   */
  only(state: S, keep: Version): S;

  /** `by.minted` is wanted for every key found absent, reaped before or not. */
  readonly freshIdentities?: boolean;
  /**
   * Where buckets differ in what becomes of siblings: the strategy that this key goes by, of the same encoding. Absent: all keys go
   * by this one. See {@link clockAt}.
   */
  at?(address: Address): Clock<S>;
  /** Never holds more than one version, so that a sibling policy has nothing to decide. */
  readonly keepsOne?: boolean;
  /** The strategy as an experiment sets it up; absent where there is nothing to set up. */
  configured?(settings: ClockSettings): Clock<S>;
  /**
   * The latest wall time that a state knows of, for strategies whose nodes learn time from each other (hybrid logical
   * clocks): a node's own stamps stay above what it has received. Absent: nodes believe their own wall time alone.
   */
  latest?(state: S): Micros;

  /** All siblings, tombstones included; at least one. Stable order for equal states. */
  versions(state: S): readonly Version[];

  /** What a client that reads this state should carry to its next write. */
  context(state: S): Context;

  /** Throws MalformedBytes unless `context` could have come from {@link context}. */
  checkContext(context: Context): void;

  /**
   * Feeds what {@link compare} looks at: states that it calls equal feed the same. Absent: the encoded state, less the
   * values, is fed in its place, which is right where equal states have one encoding.
   */
  hash?(state: S, into: StateHash): void;

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

/** Takes in what tells one state from another, in order. */
export interface StateHash {
  /** 32 bits. */
  word(value: number): void;
  /** A non-negative safe integer. */
  number(value: number): void;
}

/** Every strategy by the name used in `clock:`. Adding one is one file and one line here. */
export const CLOCKS: ReadonlyMap<string, Clock> = new Map<string, Clock>([
  ["dvvset", dvvset],
  ["dvv", dvv],
  ["riak-dvv", riakDvv],
  ["vv-server", vvServer],
  ["vv-server-separate", vvServerSeparate],
  ["vv-client", vvClient],
  ["lww", lww],
  ["lww-hlc", lwwHlc],
]);

/** The strategy under the settings of an experiment. @throws RangeError when there is none of that name. */
export function clockFor(settings: ClockSettings): Clock {
  const named = clockNamed(settings.clock);
  switch (settings.siblings) {
    case undefined:
    case "keep":
      return named.configured?.(settings) ?? named;
    case "newest": {
      const clock = named.configured?.(settings) ?? named;
      return clock.keepsOne === true ? clock : keepingNewest(clock);
    }
    case "overwrite": {
      // Who looks at nothing cannot tell a key that it forgot from one that never was.
      const clock = named.configured?.({ ...settings, actorEpochs: false }) ?? named;
      return clock.keepsOne === true ? clock : overwriting(clock);
    }
  }
}

/**
 * The strategy with a policy of its own for each key: `siblings` says what becomes of a key's, undefined where nothing was ever
 * said of it and the cluster's holds. A policy that was set may be followed by another, which has to make do with what it finds. What is asked without an address (encoding,
 * sizes, all that a copy holds) is alike for all policies, and answered by the strategy without any.
 */
export function clockByBucket(
  settings: ClockSettings,
  siblings: (address: Address) => ClockSettings["siblings"],
): Clock {
  const cluster = clockFor(settings);
  const others = new Map<string, Clock>();
  return {
    ...clockFor({ ...settings, siblings: "keep" }),
    at(address) {
      const policy = siblings(address);
      if (policy === undefined) return cluster;
      let clock = others.get(policy);
      if (clock === undefined) others.set(policy, (clock = clockOfBucket(settings, policy)));
      return clock;
    },
  };
}

function clockOfBucket(settings: ClockSettings, policy: NonNullable<ClockSettings["siblings"]>): Clock {
  const kept = clockFor({ ...settings, siblings: "keep" });
  if (kept.keepsOne === true) return kept;
  if (policy === "keep") return dating(kept);
  const clock = clockFor({ ...settings, siblings: policy });
  return policy === "overwrite" ? namedApart(clock) : clock;
}

/** What a key goes by. */
export function clockAt<S>(clock: Clock<S>, address: Address): Clock<S> {
  return clock.at === undefined ? clock : clock.at(address);
}

/** The strategy called `name`; throws RangeError with the known names otherwise. */
export function clockNamed(name: string): Clock {
  const clock = CLOCKS.get(name);
  if (clock === undefined) throw new RangeError(`no clock "${name}"; known: ${[...CLOCKS.keys()].join(", ")}`);
  return clock;
}
