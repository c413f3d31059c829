/**
 * Those who wait for an instant: clients that think, clients held back to their rate, loads to be tried again. A binary
 * heap by (instant, order of arrival), so that equal instants leave in the order they came and a run is the same every
 * time. Bounded by its users: nobody waits twice.
 */
import type { Micros } from "../engine/vocabulary/micros";

interface Place<T> {
  readonly due: Micros;
  readonly order: number;
  readonly item: T;
}

export class WaitingLine<T> {
  private readonly heap: Place<T>[] = [];
  private arrived = 0;

  get size(): number {
    return this.heap.length;
  }

  /** When the first is due; undefined when nobody waits. */
  get first(): Micros | undefined {
    return this.heap.length === 0 ? undefined : this.heap[0].due;
  }

  add(due: Micros, item: T): void {
    const heap = this.heap;
    const place = { due, order: this.arrived++, item };
    let at = heap.length;
    heap.push(place);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(place, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = place;
  }

  /** The first one due at `now` or before, taken out; undefined when there is none. */
  takeDue(now: Micros): T | undefined {
    const heap = this.heap;
    if (heap.length === 0 || heap[0].due > now) return undefined;
    const { item } = heap[0];
    const last = heap.pop()!;
    if (heap.length > 0) this.sink(last);
    return item;
  }

  private sink(place: Place<T>): void {
    const heap = this.heap;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], place)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = place;
  }
}

function before<T>(a: Place<T>, b: Place<T>): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
