/**
 * What a simulated cluster tells somebody who watches: every message with its fate, what replicas hold, what nodes note,
 * which node is up. Watching is optional and changes nothing: no draw of randomness, no event.
 */
import type { Note } from "../io";
import type { Message } from "../messages";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";

/** A node, or a client's session. */
export interface Party {
  readonly kind: "node" | "client";
  readonly index: number;
}

export type MessageFate = "delivered" | "lost" | "cut" | "node-down" | "queue-full" | "held" | "in-flight";

export interface Watcher {
  /** A message was handed to the network. Returns a number that {@link arrived} and {@link failed} name it by. */
  sent(at: Micros, from: Party, to: Party, message: Message, bytes: number): number;
  arrived(id: number, at: Micros): void;
  failed(id: number, at: Micros, fate: Exclude<MessageFate, "delivered" | "in-flight">): void;
  stored(at: Micros, node: number, vnode: number, address: Address, state: unknown): void;
  noted(at: Micros, node: number, note: Note): void;
  /** `held`, of a process that has started again: what its storage has of a replica, undefined where nothing readable. */
  node(
    at: Micros,
    node: number,
    state: "up" | "down" | "paused",
    held?: (vnode: number, address: Address) => unknown,
  ): void;
  /** `what` begins with the fault's kind: `partition node-1 | node-2`. */
  fault(at: Micros, id: string, phase: "begin" | "end", what: string): void;
}
