/**
 * The whole surface of a node: inputs go in through `step`, effects come out of `takeEffects`, and the only question
 * about time is `nextWakeup`. Whatever the world is made of, sockets or an event queue, it speaks these records.
 */
import type { ClientAnswer, ClientMessage, NodeIndex, PeerMessage, RingPhase } from "./messages";
import type { Address } from "./vocabulary/address";
import type { Micros } from "./vocabulary/micros";

/** A client connection as the host numbers it. */
export type Session = number;

/** A copy as a walk over the storage finds it. */
export interface ScannedRecord {
  readonly vnode: number;
  readonly address: Address;
  readonly state: unknown;
}

/** A copy that is there and cannot be read. */
export interface DamagedRecord {
  readonly vnode: number;
  readonly address: Address;
  readonly reason: string;
}

/** Which copies a range read is of: addresses from `from` up to before `to` (empty: no end), under these vnodes. */
export interface RangeAsked {
  readonly vnodes: readonly number[];
  readonly from: Address;
  readonly to: Address;
  readonly limit: number;
  /** Enough: the page may end once its records are as long as this, as far as the storage knows. */
  readonly bytes: number;
}

/** Copies in order of address, then vnode: all that there are below `upTo` (undefined: all that were asked for). */
export interface RangePage {
  readonly entries: readonly ScannedRecord[];
  readonly upTo: Address | undefined;
  /** The very first record cannot be read, or none can: the page is nothing. */
  readonly failure?: string;
}

export type Input =
  /** A message from another node. */
  | { readonly kind: "received"; readonly from: NodeIndex; readonly message: PeerMessage }
  /** A client's question. */
  | { readonly kind: "asked"; readonly session: Session; readonly message: ClientMessage }
  /** Completion of a load; `state` undefined when the replica holds nothing. */
  | { readonly kind: "loaded"; readonly token: number; readonly state: unknown }
  | { readonly kind: "load-failed"; readonly token: number; readonly reason: string }
  /** Completion of a store: durable as the storage's sync mode promises. */
  | { readonly kind: "stored"; readonly token: number }
  | { readonly kind: "store-failed"; readonly token: number; readonly reason: string }
  /** A page of a walk over the storage; `cursor` undefined when the walk is over. */
  | {
      readonly kind: "scanned";
      readonly token: number;
      readonly entries: readonly ScannedRecord[];
      readonly cursor: unknown;
      /** Records of the page that could not be read. */
      readonly damaged: readonly DamagedRecord[];
    }
  /** The page that a range read was for. */
  | { readonly kind: "ranged"; readonly token: number; readonly page: RangePage }
  | { readonly kind: "link-up"; readonly node: NodeIndex }
  | { readonly kind: "link-down"; readonly node: NodeIndex }
  /** The instant asked for by `nextWakeup` has come. */
  | { readonly kind: "woken" }
  /** An operator asks this node to do something about membership. */
  | { readonly kind: "operate"; readonly verb: OperatorVerb };

export type Effect =
  /** Beyond the last node there are clients that coordinate: `to` is their session, counted on from there. */
  | { readonly kind: "send"; readonly to: NodeIndex; readonly message: PeerMessage }
  | { readonly kind: "answer"; readonly session: Session; readonly message: ClientAnswer }
  | { readonly kind: "load"; readonly token: number; readonly vnode: number; readonly address: Address }
  /** `state` undefined removes what is held. */
  | {
      readonly kind: "store";
      readonly token: number;
      readonly vnode: number;
      readonly address: Address;
      readonly state: unknown;
    }
  /** Reads on in a walk over the storage; `cursor` undefined begins one. */
  | { readonly kind: "scan"; readonly token: number; readonly cursor: unknown; readonly limit: number }
  /** Reads copies in order of address. */
  | { readonly kind: "range"; readonly token: number; readonly asked: RangeAsked }
  /** Outlives the process, beside what is stored; durable before what follows is sent. It replaces the last one of its slot. */
  | { readonly kind: "persist"; readonly slot: PersistSlot; readonly text: string }
  | { readonly kind: "note"; readonly note: Note };

/** Of what a node keeps beside its copies: what it has promised as a member, and what it knows to be said of buckets. */
export type PersistSlot = "membership" | "buckets";

/** What an operator asks of one node. */
export type OperatorVerb =
  /** Wants to be in the ring: it asks `via` first, and takes the place of a dead member, if any. */
  | { readonly kind: "join"; readonly via: NodeIndex | undefined; readonly replaces: NodeIndex | undefined }
  | { readonly kind: "leave" }
  /** That other node is dead, and out of the ring for ever. */
  | { readonly kind: "remove"; readonly node: NodeIndex };

/** Whom it declares dead. */
export function goneBy(verb: OperatorVerb): NodeIndex | undefined {
  return verb.kind === "remove" ? verb.node : verb.kind === "join" ? verb.replaces : undefined;
}

/** A node goes by another state of the ring from `at` on, as a world tells it to whoever measures. */
export interface RingSeen {
  readonly at: Micros;
  readonly node: NodeIndex;
  readonly version: number;
  readonly proposer: NodeIndex;
  /** `left`: it has left, and ends. */
  readonly phase: RingPhase | "left";
  readonly first: boolean;
}

/** About membership; rare. */
export type MembershipNote =
  /** This node goes by another state of the ring. */
  | {
      readonly kind: "ring";
      readonly version: number;
      readonly proposer: NodeIndex;
      readonly phase: RingPhase;
      /** The first that it has ever gone by. */
      readonly first: boolean;
    }
  | { readonly kind: "proposed"; readonly version: number; readonly phase: RingPhase }
  | { readonly kind: "removed"; readonly node: NodeIndex }
  | { readonly kind: "gossip-refused"; readonly node: NodeIndex; readonly reason: string }
  /** It takes clients, or no more. */
  | { readonly kind: "serving"; readonly on: boolean }
  /** It has left, keeps nothing, and may be switched off. */
  | { readonly kind: "retired" };

/** The structured trace. Rare events are always noted; the walk of single operations only when tracing is on. */
export type Note =
  | MembershipNote
  | { readonly kind: "suspected"; readonly node: NodeIndex }
  | { readonly kind: "trusted"; readonly node: NodeIndex }
  | { readonly kind: "refused"; readonly outcome: string; readonly reason: string }
  | {
      readonly kind: "coordinating";
      readonly operation: "get" | "put" | "scan";
      readonly address: Address;
      readonly replicas: readonly NodeIndex[];
    }
  | { readonly kind: "event"; readonly address: Address; readonly state: string }
  | {
      readonly kind: "answered";
      readonly operation: "get" | "put" | "scan";
      readonly outcome: string;
      /** Of a scan: keys. */
      readonly versions: number;
    }
  | { readonly kind: "read-repair" | "anti-entropy"; readonly address: Address; readonly to: NodeIndex }
  /** Replicas were late: one more was asked. */
  | { readonly kind: "speculating"; readonly address: Address; readonly on: NodeIndex }
  /** All N replicas hold the same tombstone and are told to remove it. */
  | { readonly kind: "reaping"; readonly address: Address }
  /** Too many removals waited: this one is left to a later read. */
  | { readonly kind: "reap-dropped"; readonly address: Address }
  /** Of hints: sent home, refused by the owner, dropped for age, or not taken because there are too many. */
  | {
      readonly kind: "hint-delivery" | "hint-refused" | "hint-expired" | "hints-full";
      readonly node: NodeIndex;
      readonly count: number;
    }
  | { readonly kind: "storage-failed"; readonly address: Address; readonly reason: string }
  /** A request of a peer was not carried out, nor answered: a second copy, or for or from a life that has ended. */
  | { readonly kind: "ignored"; readonly from: NodeIndex; readonly reason: string }
  /** A peer has properties of buckets for which there is no room. */
  | { readonly kind: "buckets-full"; readonly from: NodeIndex }
  /** So many requests are missing that one of this peer would be ignored if it came yet. */
  | { readonly kind: "tickets-full"; readonly from: NodeIndex };

/**
 * Effects of one step, in order. The same object is filled again by the step after next, so it must be worked off before.
 * (A fresh array for each of the ten steps of an operation was a sixth of all garbage.)
 */
export class Effects {
  private readonly items: Effect[] = [];
  count = 0;

  push(effect: Effect): void {
    this.items[this.count++] = effect;
  }

  at(index: number): Effect {
    return this.items[index];
  }

  clear(): void {
    this.count = 0;
  }
}

/** A protocol node as a value machine. */
export interface ProtocolNode {
  step(now: Micros, input: Input): void;
  nextWakeup(): Micros | undefined;
  /** Everything decided since the last call, in order; valid until the step after the next call. */
  takeEffects(): Effects;
}
