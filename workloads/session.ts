/**
 * A client session: the thread of operations that one user of the store sees as his own. It numbers its writes, so that
 * every version ever read names the write that made it, and it remembers the causal context the store last gave it for
 * a key, which is what makes the next write of that key an overwrite and not a sibling.
 *
 * Contexts are kept within a bound: a session that has forgotten a key writes it without context, as a client that
 * restarted would. A write that carries less than its session has seen makes a sibling, never a loss; the history says
 * which contexts were sent, so figures stay true either way.
 */
import type { Context } from "../engine/clocks/clock";
import { assert } from "../engine/vocabulary/assert";

/** Keys whose context a session remembers at most, unless the driver is told otherwise. */
export const CONTEXTS_PER_SESSION = 1024;
/** Session numbers stay below this, so that a write id is a safe integer. */
export const MAX_SESSIONS = 2 ** 21;

/** What a session knows of a key: the store's context, and the versions that came with it. Read it at once: reused. */
export interface KnownContext {
  readonly context: Context;
  readonly versions: readonly number[];
}

interface Entry {
  key: string;
  context: Context;
  versions: readonly number[];
}

export class Session {
  readonly number: number;
  private writes = 0;
  /**
   * Sets of a few entries each, like a processor's cache; a key belongs to one set, where the entry used longest ago
   * gives way. One map in order of use would be simpler, but with a map a session the churn of their tables costs more
   * than the whole rest of the driver.
   */
  private readonly entries: (Entry | undefined)[];
  private readonly ways: number;
  private readonly sets: number;

  /** `contextsKept`: at most so many keys are remembered; the last four used always are (or all, if fewer). */
  constructor(number: number, contextsKept: number) {
    assert(number >= 0 && number < MAX_SESSIONS, "session numbers are below 2^21");
    this.number = number;
    this.ways = Math.min(WAYS, contextsKept);
    this.sets = this.ways === 0 ? 0 : Math.floor(contextsKept / this.ways);
    this.entries = new Array<Entry | undefined>(this.sets * this.ways).fill(undefined);
  }

  /** A write id never used before: session × 2^32 + a counter from 1. */
  nextWriteId(): number {
    this.writes++;
    assert(this.writes < WRITES_PER_SESSION, "a session makes fewer than 2^32 writes");
    return this.number * WRITES_PER_SESSION + this.writes;
  }

  recall(key: string): KnownContext | undefined {
    if (this.sets === 0) return undefined;
    const first = this.firstOf(key);
    for (let at = first; at < first + this.ways; at++) {
      const entry = this.entries[at];
      if (entry === undefined) return undefined;
      if (entry.key === key) return entry;
    }
    return undefined;
  }

  remember(key: string, context: Context, versions: readonly number[]): void {
    if (this.sets === 0) return;
    const first = this.firstOf(key);
    let at = first;
    while (at < first + this.ways - 1 && this.entries[at] !== undefined && this.entries[at]!.key !== key) at++;
    let entry = this.entries[at];
    // The ones used later move back by one place, and this one stands in front.
    for (; at > first; at--) this.entries[at] = this.entries[at - 1];
    if (entry === undefined) entry = { key, context, versions };
    else {
      entry.key = key;
      entry.context = context;
      entry.versions = versions;
    }
    this.entries[first] = entry;
  }

  forget(key: string): void {
    if (this.sets === 0) return;
    const first = this.firstOf(key);
    const last = first + this.ways - 1;
    let at = first;
    while (at <= last && this.entries[at]?.key !== key) at++;
    for (; at <= last; at++) this.entries[at] = at < last ? this.entries[at + 1] : undefined;
  }

  /** Where the key's set begins: FNV-1a over the end of the key, which is where keys of one workload differ. */
  private firstOf(key: string): number {
    let hash = 0x811c9dc5;
    for (let i = Math.max(0, key.length - HASHED_END); i < key.length; i++) {
      hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    }
    return ((hash >>> 0) % this.sets) * this.ways;
  }
}

const WAYS = 4;
const HASHED_END = 12;
const WRITES_PER_SESSION = 0x100000000;
