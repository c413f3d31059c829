/**
 * Deadlines of requests. Nearly all requests share a few timeouts, and under one timeout deadlines fall due in the
 * order they were set: so a first-in-first-out queue per distinct timeout, with ended requests dropped as they reach
 * the head, costs O(1) where a heap of dead timers would hold a second's worth of finished work. Queues are rings of
 * numbers: an object a request would be garbage that lives as long as the longest timeout.
 */
import type { Micros } from "../vocabulary/micros";

/** Distinct timeouts kept exactly; a request with a further one is rounded up to a power of two milliseconds. */
const MAX_DISTINCT = 64;
/** Deadlines a lane has room for at first; a power of two. */
const FIRST_ROOM = 16;

/** Deadlines under one timeout, earliest first. */
class Lane {
  private deadlines = new Float64Array(FIRST_ROOM);
  private ids = new Int32Array(FIRST_ROOM);
  private head = 0;
  private size = 0;

  constructor(readonly timeoutMs: number) {}

  push(deadline: Micros, id: number): void {
    if (this.size === this.ids.length) this.resize(this.size * 2);
    const at = (this.head + this.size++) & (this.ids.length - 1);
    this.deadlines[at] = deadline;
    this.ids[at] = id;
  }

  /** Drops ended requests from the front; the first deadline of one that still waits, or Infinity. */
  next(live: (id: number) => boolean): Micros {
    while (this.size > 0 && !live(this.ids[this.head])) this.shift();
    return this.size === 0 ? Infinity : this.deadlines[this.head];
  }

  shift(): number {
    const id = this.ids[this.head];
    this.head = (this.head + 1) & (this.ids.length - 1);
    this.size--;
    if (this.ids.length > KEPT_ROOM && this.size * 8 < this.ids.length) this.resize(this.ids.length / 2);
    return id;
  }

  private resize(room: number): void {
    const deadlines = new Float64Array(room);
    const ids = new Int32Array(room);
    for (let i = 0; i < this.size; i++) {
      const at = (this.head + i) & (this.ids.length - 1);
      deadlines[i] = this.deadlines[at];
      ids[i] = this.ids[at];
    }
    this.deadlines = deadlines;
    this.ids = ids;
    this.head = 0;
  }
}

export class Deadlines {
  private readonly lanes: Lane[] = [];

  /** `live(id)` says whether a request still waits. Ids are below 2^31. */
  constructor(private readonly live: (id: number) => boolean) {}

  add(now: Micros, timeoutMs: number, id: number): void {
    const lane = this.laneFor(timeoutMs);
    lane.push(now + Math.round(lane.timeoutMs * 1000), id);
  }

  /** The earliest deadline of a request that still waits. */
  next(): Micros | undefined {
    let earliest = Infinity;
    for (let i = 0; i < this.lanes.length; i++) {
      const deadline = this.lanes[i].next(this.live);
      if (deadline < earliest) earliest = deadline;
    }
    return earliest === Infinity ? undefined : earliest;
  }

  /** Removes and returns one request that is overdue, if any. */
  takeDue(now: Micros): number | undefined {
    for (let i = 0; i < this.lanes.length; i++) {
      if (this.lanes[i].next(this.live) <= now) return this.lanes[i].shift();
    }
    return undefined;
  }

  private laneFor(timeoutMs: number): Lane {
    const known = this.laneOf(timeoutMs);
    if (known !== undefined) return known;
    let rounded = timeoutMs;
    if (this.lanes.length >= MAX_DISTINCT) {
      rounded = 1;
      while (rounded < timeoutMs) rounded *= 2;
    }
    const lane = this.laneOf(rounded) ?? new Lane(rounded);
    if (!this.lanes.includes(lane)) this.lanes.push(lane);
    return lane;
  }

  private laneOf(timeoutMs: number): Lane | undefined {
    for (let i = 0; i < this.lanes.length; i++) if (this.lanes[i].timeoutMs === timeoutMs) return this.lanes[i];
    return undefined;
  }
}

/** A burst may make a lane longer; it does not stay so. */
const KEPT_ROOM = 1_024;
