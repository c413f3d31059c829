/**
 * Deadlines of requests. Nearly all requests share a few timeouts, and under one timeout deadlines fall due in the
 * order they were set: so a first-in-first-out queue per distinct timeout, with ended requests dropped as they reach
 * the head, costs O(1) where a heap of dead timers would hold a second's worth of finished work.
 */
import type { Micros } from "../vocabulary/micros";

/** Distinct timeouts kept exactly; a request with a further one is rounded up to a power of two milliseconds. */
const MAX_DISTINCT = 64;

interface Entry {
  readonly deadline: Micros;
  readonly id: number;
}

interface Lane {
  entries: Entry[];
  head: number;
}

export class Deadlines {
  private readonly lanes = new Map<number, Lane>();

  /** `live(id)` says whether a request still waits. */
  constructor(private readonly live: (id: number) => boolean) {}

  add(now: Micros, timeoutMs: number, id: number): void {
    let key = timeoutMs;
    if (!this.lanes.has(key) && this.lanes.size >= MAX_DISTINCT) {
      key = 1;
      while (key < timeoutMs) key *= 2;
    }
    let lane = this.lanes.get(key);
    if (lane === undefined) this.lanes.set(key, (lane = { entries: [], head: 0 }));
    lane.entries.push({ deadline: now + Math.round(key * 1000), id });
  }

  /** The earliest deadline of a request that still waits. */
  next(): Micros | undefined {
    let earliest: Micros | undefined;
    for (const lane of this.lanes.values()) {
      const entry = this.trim(lane);
      if (entry !== undefined && (earliest === undefined || entry.deadline < earliest)) earliest = entry.deadline;
    }
    return earliest;
  }

  /** Removes and returns one request that is overdue, if any. */
  takeDue(now: Micros): number | undefined {
    for (const lane of this.lanes.values()) {
      const entry = this.trim(lane);
      if (entry !== undefined && entry.deadline <= now) {
        lane.head++;
        return entry.id;
      }
    }
    return undefined;
  }

  private trim(lane: Lane): Entry | undefined {
    const { entries } = lane;
    while (lane.head < entries.length && !this.live(entries[lane.head].id)) lane.head++;
    if (lane.head > 1024 && lane.head * 2 > entries.length) {
      lane.entries = entries.slice(lane.head);
      lane.head = 0;
    }
    return lane.entries[lane.head];
  }
}
