/**
 * A client session: the thread of operations that one user of the store sees as his own. It numbers its writes, so that
 * every version ever read names the write that made it, and it remembers the causal context the store last gave it for
 * a key, which is what makes the next write of that key an overwrite and not a sibling.
 *
 * Contexts are kept for the keys used most recently, within a bound: a session that has forgotten a key writes it
 * without context, as a client that restarted would. A write that carries less than its session has seen makes a
 * sibling, never a loss; the history says which contexts were sent, so figures stay true either way.
 */
import type { Context } from "../engine/clocks/clock";
import { assert } from "../engine/vocabulary/assert";

/** Keys whose context a session remembers at most, unless the driver is told otherwise; the latest half of them surely. */
export const CONTEXTS_PER_SESSION = 1024;
/** Session numbers stay below this, so that a write id is a safe integer. */
export const MAX_SESSIONS = 2 ** 21;

/** What a session knows of a key: the store's context, and the versions that came with it. */
export interface KnownContext {
  readonly context: Context;
  readonly versions: readonly number[];
}

export class Session {
  readonly number: number;
  private writes = 0;
  /**
   * Two generations instead of a list in order of use: when the young one is full it becomes the old one, and what the
   * old one held is forgotten. The keys used last are always there, and using one costs no reordering.
   */
  private readonly generation: number;
  private young = new Map<string, KnownContext>();
  private old = new Map<string, KnownContext>();

  /** `contextsKept`: at most so many keys are remembered, and at least the latest half as many; 0 remembers nothing. */
  constructor(number: number, contextsKept: number) {
    assert(number >= 0 && number < MAX_SESSIONS, "session numbers are below 2^21");
    this.number = number;
    this.generation = Math.ceil(contextsKept / 2);
  }

  /** A write id never used before: session × 2^32 + a counter from 1. */
  nextWriteId(): number {
    this.writes++;
    assert(this.writes < WRITES_PER_SESSION, "a session makes fewer than 2^32 writes");
    return this.number * WRITES_PER_SESSION + this.writes;
  }

  recall(key: string): KnownContext | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  remember(key: string, known: KnownContext): void {
    if (this.young.size >= this.generation && !this.young.has(key)) {
      this.old = this.young;
      this.young = new Map();
    }
    if (this.generation > 0) this.young.set(key, known);
  }

  forget(key: string): void {
    this.young.delete(key);
    this.old.delete(key);
  }
}

const WRITES_PER_SESSION = 0x100000000;
