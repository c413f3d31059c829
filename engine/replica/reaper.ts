/**
 * When tombstones go. Removing one too early lets the value it replaced come back from a replica that never heard of the
 * delete; so a coordinator first sees the same tombstone at all N replicas, then tells each of them, and each removes it
 * at once or after a delay, and only if nothing was written since (Riak's `delete_mode`).
 *
 * What this cannot promise is the subject of experiments: a replica that dies between agreement and removal keeps its
 * tombstone, because the wait is in memory, and a write that began the key anew meets it later ("doomstone").
 *
 * Queues in order of time, all bounded. What does not fit is noted and left to the next read that finds the tombstone, or,
 * where each replica removes its own when they are old, to a walk over all it has. Source: riak_kv_delete and riak_kv_vnode's delete_mode, tombstone_pause.
 */
import type { Address } from "../vocabulary/address";
import { fromMs, type Micros } from "../vocabulary/micros";

/** Between the answer to a delete and the look at all replicas: time for the last of them to store it. */
const TOMBSTONE_PAUSE: Micros = 2_000;
/** Between tries where the disk does not take a removal: a full one says so at once, and again. */
const RETRY_PAUSE: Micros = 1_000_000;
/** Deletes looked after at once, of each kind. */
export const MOST_WAITING = 65_536;

export type DeleteMode = "keep" | "immediate" | { readonly afterMs: number };

export interface ReaperActs {
  /** Look whether all replicas of the key hold the same tombstone. */
  check(address: Address): void;
  /** Remove the copy if it still is this state. */
  remove(vnode: number, address: Address, state: unknown): void;
  dropped(address: Address): void;
}

interface Check {
  readonly due: Micros;
  readonly address: Address;
}

interface Removal extends Check {
  readonly vnode: number;
  readonly state: unknown;
}

/** First in, first out, without moving what waits. */
class Line<T extends { readonly due: Micros }> {
  private items: T[] = [];
  private head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  get due(): Micros {
    return this.size === 0 ? Infinity : this.items[this.head].due;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** In its place by time. */
  insert(item: T): void {
    let low = this.head;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.items[middle].due <= item.due) low = middle + 1;
      else high = middle;
    }
    this.items.splice(low, 0, item);
  }

  shift(): T {
    const item = this.items[this.head++];
    if (this.head >= 1_024 && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}

export class Reaper {
  private readonly checks = new Line<Check>();
  private readonly removals = new Line<Removal>();
  private readonly old = new Line<Removal>();
  private passedOver = false;
  private readonly delay: Micros;

  /** `graceMs`: how long a replica keeps a tombstone before it removes it without asking anybody; undefined: for ever. */
  constructor(
    mode: DeleteMode,
    private readonly acts: ReaperActs,
    private readonly graceMs?: number,
  ) {
    this.reaps = mode !== "keep";
    this.delay = typeof mode === "object" ? fromMs(mode.afterMs) : 0;
  }

  /** Tombstones are removed by agreement. */
  readonly reaps: boolean;

  /**
   * This replica has stored `state`, a tombstone of that `age`. Removed alone when the age is the grace, as Cassandra does it:
   * at about the same time everywhere, so that nobody can give it back to whoever has removed it. `isBack`: there was nothing
   * before; if it is that old it was removed already, and the disk did not take it.
   */
  buried(now: Micros, vnode: number, address: Address, state: unknown, age: Micros, isBack = false): void {
    if (this.graceMs === undefined) return;
    if (this.old.size >= MOST_WAITING) {
      this.passedOver = true;
      this.acts.dropped(address);
      return;
    }
    const left = fromMs(this.graceMs) - age;
    this.old.insert({ due: now + (left > 0 ? left : isBack ? RETRY_PAUSE : 0), vnode, address, state });
  }

  /**
   * Whether, now that none waits any more, there are tombstones for which there was no room: nobody's read brings those back
   * here, they have to be looked for. Says so once.
   */
  takePassedOver(): boolean {
    if (!this.passedOver || this.old.size > 0) return false;
    this.passedOver = false;
    return true;
  }

  /** A delete of this key was acknowledged. */
  deleted(now: Micros, address: Address): void {
    if (this.checks.size >= MOST_WAITING) this.acts.dropped(address);
    else this.checks.push({ due: now + TOMBSTONE_PAUSE, address });
  }

  /** All N replicas hold `state`, a tombstone. */
  agreed(now: Micros, vnode: number, address: Address, state: unknown): void {
    if (this.delay === 0) this.acts.remove(vnode, address, state);
    else if (this.removals.size >= MOST_WAITING) this.acts.dropped(address);
    else this.removals.push({ due: now + this.delay, vnode, address, state });
  }

  /** When `advance` should be called next; Infinity: nothing waits. */
  next(): Micros {
    return Math.min(this.checks.due, this.removals.due, this.old.due);
  }

  advance(now: Micros): void {
    while (this.checks.due <= now) this.acts.check(this.checks.shift().address);
    while (this.removals.due <= now) {
      const { vnode, address, state } = this.removals.shift();
      this.acts.remove(vnode, address, state);
    }
    while (this.old.due <= now) {
      const { vnode, address, state } = this.old.shift();
      this.acts.remove(vnode, address, state);
    }
  }
}
