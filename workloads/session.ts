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
   * than the whole rest of the driver. Hashes stand beside the entries, so that looking for a key touches the one entry that
   * has it and none of its neighbours: what this costs is memory that is not in the processor's cache.
   */
  private readonly entries: (Entry | undefined)[];
  /**
   * Of each set, in one line of that cache, the hashes of its entries, and their places from the one used last on, two bits
   * each; places without an entry come last.
   */
  private readonly sets: Int32Array;
  private readonly ways: number;
  private readonly count: number;

  /** `contextsKept`: at most so many keys are remembered; the last four used always are (or all, if fewer). */
  constructor(number: number, contextsKept: number) {
    assert(number >= 0 && number < MAX_SESSIONS, "session numbers are below 2^21");
    this.number = number;
    this.ways = Math.min(WAYS, contextsKept);
    this.count = this.ways === 0 ? 0 : Math.floor(contextsKept / this.ways);
    this.entries = new Array<Entry | undefined>(this.count * this.ways).fill(undefined);
    this.sets = new Int32Array(this.count * LINE);
    for (let set = 0; set < this.count; set++) this.sets[set * LINE + ORDER] = IN_ORDER;
  }

  /** A write id never used before: session × 2^32 + a counter from 1. */
  nextWriteId(): number {
    this.writes++;
    assert(this.writes < WRITES_PER_SESSION, "a session makes fewer than 2^32 writes");
    return this.number * WRITES_PER_SESSION + this.writes;
  }

  /** `hash` here and below: {@link hashOfKey}, where it is known. */
  recall(key: string, hash: number = hashOfKey(key)): KnownContext | undefined {
    if (this.count === 0) return undefined;
    const set = (hash >>> 0) % this.count;
    const place = this.placeOf(key, hash, set);
    return place === NONE ? undefined : this.entries[set * this.ways + place];
  }

  remember(key: string, context: Context, versions: readonly number[], hash: number = hashOfKey(key)): void {
    if (this.count === 0) return;
    const set = (hash >>> 0) % this.count;
    const line = set * LINE;
    const order = this.sets[line + ORDER];
    let place = this.placeOf(key, hash, set);
    if (place === NONE) place = placeAt(order, this.ways - 1);
    this.sets[line + place] = hash;
    this.sets[line + ORDER] = broughtForward(order, place);
    const at = set * this.ways + place;
    const entry = this.entries[at];
    if (entry === undefined) this.entries[at] = { key, context, versions };
    else {
      entry.key = key;
      entry.context = context;
      entry.versions = versions;
    }
  }

  forget(key: string, hash: number = hashOfKey(key)): void {
    if (this.count === 0) return;
    const set = (hash >>> 0) % this.count;
    const place = this.placeOf(key, hash, set);
    if (place === NONE) return;
    this.entries[set * this.ways + place] = undefined;
    const line = set * LINE;
    this.sets[line + ORDER] = putLast(this.sets[line + ORDER], place, this.ways);
  }

  /** Where in its set the key's entry stands. */
  private placeOf(key: string, hash: number, set: number): number {
    const line = set * LINE;
    for (let place = 0; place < this.ways; place++) {
      if (this.sets[line + place] === hash && this.entries[set * this.ways + place]?.key === key) return place;
    }
    return NONE;
  }
}

/** FNV-1a over the end of the key, which is where keys of one workload differ. */
export function hashOfKey(key: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = Math.max(0, key.length - HASHED_END); i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  return hash;
}

function placeAt(order: number, at: number): number {
  return (order >> (2 * at)) & 3;
}

/** The place comes first; those before it move back by one. */
function broughtForward(order: number, place: number): number {
  if (placeAt(order, 0) === place) return order;
  let at = 1;
  while (placeAt(order, at) !== place) at++;
  const before = (1 << (2 * at)) - 1;
  const behind = ~((1 << (2 * at + 2)) - 1);
  return (order & behind) | ((order & before) << 2) | place;
}

/** The place comes last of `ways`; those behind it move up by one. */
function putLast(order: number, place: number, ways: number): number {
  let at = 0;
  while (placeAt(order, at) !== place) at++;
  let changed = order;
  for (; at < ways - 1; at++) changed = withPlace(changed, at, placeAt(order, at + 1));
  return withPlace(changed, at, place);
}

function withPlace(order: number, at: number, place: number): number {
  return (order & ~(3 << (2 * at))) | (place << (2 * at));
}

/** A place of a set is two bits. */
const WAYS = 4;
const NONE = -1;
/** Numbers that a set has: a hash for each place, the order of places, and some to spare, so that none lies across two lines. */
const LINE = 8;
const ORDER = WAYS;
/** Places 0, 1, 2, 3. */
const IN_ORDER = 0b11_10_01_00;
const HASHED_END = 12;
const WRITES_PER_SESSION = 0x100000000;
