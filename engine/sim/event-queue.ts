/**
 * The future of a simulated world: what happens next, in order of time, and in the order it was asked for where times
 * are equal. A binary heap as parallel typed arrays (a heap of objects costs twice as much at a hundred pending events and
 * five times as much at a million); what an event carries lies in a slot beside the heap and never moves.
 *
 * A cancelled event leaves a tombstone in the heap, which costs nothing until it comes up; when more than half of the heap
 * is tombstones it is rebuilt without them, so cancelled timers cannot fill the memory.
 */
import { assert } from "../vocabulary/assert";
import type { Micros } from "../vocabulary/micros";

/** Names a pending event: slot and generation in one safe integer. Never 0. */
export type EventHandle = number;

const GENERATIONS = 2 ** 21;
const FIRST_CAPACITY = 1_024;
/** Below this many, tombstones are left alone. */
const TOLERATED_TOMBSTONES = 1_024;

export class EventQueue {
  // The heap: position -> time, order of asking, slot.
  private times = new Float64Array(FIRST_CAPACITY);
  private orders = new Float64Array(FIRST_CAPACITY);
  private heapSlots = new Uint32Array(FIRST_CAPACITY);
  private length = 0;
  private asked = 0;

  // The slots: what an event is.
  private kinds = new Uint8Array(FIRST_CAPACITY);
  private firsts = new Int32Array(FIRST_CAPACITY);
  private seconds = new Int32Array(FIRST_CAPACITY);
  private stamps = new Float64Array(FIRST_CAPACITY);
  private generations = new Uint32Array(FIRST_CAPACITY);
  private payloads: unknown[] = new Array<unknown>(FIRST_CAPACITY).fill(undefined);
  private free = new Uint32Array(FIRST_CAPACITY);
  private freeCount = 0;
  private slotCount = 0;
  private tombstones = 0;

  /** The event taken last, until the next is taken. */
  at: Micros = 0;
  kind = 0;
  first = 0;
  second = 0;
  stamp = 0;
  payload: unknown = undefined;
  /** The most that were ever pending. */
  peak = 0;

  /** Events that will still happen. */
  get pending(): number {
    return this.length - this.tombstones;
  }

  /** `kind` from 1 to 255; `first`, `second` 32-bit integers and `stamp` a number, all the caller's. */
  schedule(at: Micros, kind: number, first: number, second: number, stamp: number, payload: unknown): EventHandle {
    const slot = this.freeCount > 0 ? this.free[--this.freeCount] : this.slotCount++;
    if (slot >= this.kinds.length) this.growSlots();
    this.kinds[slot] = kind;
    this.firsts[slot] = first;
    this.seconds[slot] = second;
    this.stamps[slot] = stamp;
    this.payloads[slot] = payload;
    if (this.length === this.times.length) this.growHeap();
    const order = this.asked++;
    const { times, orders, heapSlots } = this;
    // Sift up: a new event is later than all that were asked for at the same time, so only times are compared.
    let position = this.length++;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (times[parent] <= at) break;
      times[position] = times[parent];
      orders[position] = orders[parent];
      heapSlots[position] = heapSlots[parent];
      position = parent;
    }
    times[position] = at;
    orders[position] = order;
    heapSlots[position] = slot;
    if (this.length > this.peak) this.peak = this.length;
    return this.generations[slot] * 2 ** 32 + slot + 1;
  }

  /** Whether it was still pending. */
  cancel(handle: EventHandle): boolean {
    const slot = (handle % 2 ** 32) - 1;
    if (slot < 0 || slot >= this.slotCount || this.kinds[slot] === 0) return false;
    if (this.generations[slot] !== Math.floor(handle / 2 ** 32)) return false;
    this.kinds[slot] = 0;
    this.payloads[slot] = undefined;
    this.tombstones++;
    if (this.tombstones > TOLERATED_TOMBSTONES && this.tombstones * 2 > this.length) this.rebuild();
    return true;
  }

  /** When the next event happens; undefined when none is pending. */
  nextTime(): Micros | undefined {
    this.dropTombstones();
    return this.length === 0 ? undefined : this.times[0];
  }

  /** Takes the next event into the public fields; false when nothing is pending. */
  take(): boolean {
    this.dropTombstones();
    if (this.length === 0) return false;
    const slot = this.heapSlots[0];
    this.at = this.times[0];
    this.kind = this.kinds[slot];
    this.first = this.firsts[slot];
    this.second = this.seconds[slot];
    this.stamp = this.stamps[slot];
    this.payload = this.payloads[slot];
    this.payloads[slot] = undefined;
    this.release(slot);
    this.removeTop();
    return true;
  }

  private dropTombstones(): void {
    if (this.tombstones === 0) return;
    while (this.length > 0 && this.kinds[this.heapSlots[0]] === 0) {
      this.release(this.heapSlots[0]);
      this.removeTop();
      this.tombstones--;
    }
  }

  private release(slot: number): void {
    this.kinds[slot] = 0;
    this.generations[slot] = (this.generations[slot] + 1) % GENERATIONS;
    this.free[this.freeCount++] = slot;
  }

  private removeTop(): void {
    const { times, orders, heapSlots } = this;
    const last = --this.length;
    if (last === 0) return;
    const time = times[last];
    const order = orders[last];
    const slot = heapSlots[last];
    let position = 0;
    for (;;) {
      let child = position * 2 + 1;
      if (child >= last) break;
      const right = child + 1;
      if (
        right < last &&
        (times[right] < times[child] || (times[right] === times[child] && orders[right] < orders[child]))
      )
        child = right;
      if (times[child] > time || (times[child] === time && orders[child] > order)) break;
      times[position] = times[child];
      orders[position] = orders[child];
      heapSlots[position] = heapSlots[child];
      position = child;
    }
    times[position] = time;
    orders[position] = order;
    heapSlots[position] = slot;
  }

  /** The heap without its tombstones. Order of asking decides between equal times, so the order of events is unchanged. */
  private rebuild(): void {
    const kept: number[] = [];
    for (let i = 0; i < this.length; i++) {
      if (this.kinds[this.heapSlots[i]] === 0) this.release(this.heapSlots[i]);
      else kept.push(i);
    }
    const order = kept.sort((a, b) => this.times[a] - this.times[b] || this.orders[a] - this.orders[b]);
    // A sorted array is a heap.
    const times = order.map((i) => this.times[i]);
    const orders = order.map((i) => this.orders[i]);
    const slots = order.map((i) => this.heapSlots[i]);
    this.times.set(times);
    this.orders.set(orders);
    this.heapSlots.set(slots);
    this.length = order.length;
    this.tombstones = 0;
  }

  private growHeap(): void {
    const size = this.times.length * 2;
    assert(size <= MAX_PENDING, "a simulation has a bounded future");
    this.times = larger(this.times, new Float64Array(size));
    this.orders = larger(this.orders, new Float64Array(size));
    this.heapSlots = larger(this.heapSlots, new Uint32Array(size));
  }

  private growSlots(): void {
    const size = this.kinds.length * 2;
    this.kinds = larger(this.kinds, new Uint8Array(size));
    this.firsts = larger(this.firsts, new Int32Array(size));
    this.seconds = larger(this.seconds, new Int32Array(size));
    this.stamps = larger(this.stamps, new Float64Array(size));
    this.generations = larger(this.generations, new Uint32Array(size));
    this.free = larger(this.free, new Uint32Array(size));
    for (let i = this.payloads.length; i < size; i++) this.payloads.push(undefined);
  }
}

/** Events pending at once; a loop that feeds itself ends here and not in the swap. */
const MAX_PENDING = 2 ** 26;

function larger<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
