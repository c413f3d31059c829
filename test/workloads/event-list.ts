/** The plainest world in virtual time: a heap of acts, let out by instant and, at one instant, in order of asking. */
import assert from "node:assert/strict";
import type { OperationRecord } from "../../results/record/history";
import type { Driver } from "../../workloads/driver";
import type { Reply, Request } from "../../workloads/operation";
import type { Target } from "../../workloads/targets/target";
import { driveInVirtualTime, type VirtualWorld } from "../../workloads/virtual-time";
import { WaitingLine } from "../../workloads/waiting-line";

export class EventList implements VirtualWorld {
  private readonly line = new WaitingLine<() => void>();
  private time = 0;

  now(): number {
    return this.time;
  }

  at(time: number, act: () => void): void {
    assert(time >= this.time, "nothing happens in the past");
    this.line.add(time, act);
  }

  get pending(): number {
    return this.line.size;
  }

  /** The next event happens; false when there is none. */
  turn(): boolean {
    const { first } = this.line;
    if (first === undefined) return false;
    this.time = first;
    this.line.takeDue(first)!();
    return true;
  }
}

/** Runs `driver` against `target` until it is done and returns how many events that took. */
export function drive(options: {
  readonly driver: Driver;
  readonly target: Pick<Target, "submit">;
  readonly world: EventList;
  readonly record: (record: OperationRecord) => void;
  readonly turned?: () => void;
}): number {
  const { world } = options;
  const run = driveInVirtualTime({ turned: () => undefined, ...options });
  let events = 0;
  while (!run.over) {
    assert(world.turn(), "the run comes to an end");
    events++;
  }
  return events;
}

/**
 * One server, first come first served, after `serviceMicros` each. It may be frozen: nothing is begun or
 * finished within [from, until), and what was being served then goes on from `until`.
 */
export class SingleServer implements Pick<Target, "submit"> {
  private freeAt = 0;
  busyMicros = 0;

  constructor(
    private readonly world: VirtualWorld,
    private readonly serviceMicros: () => number,
    private readonly answer: (request: Request) => Reply,
    private readonly frozen: readonly [from: number, until: number] = [Infinity, Infinity],
  ) {}

  submit(request: Request, done: (reply: Reply) => void): void {
    const [from, until] = this.frozen;
    const service = this.serviceMicros();
    let begin = Math.max(this.freeAt, this.world.now());
    if (begin >= from && begin < until) begin = until;
    let end = begin + service;
    if (begin < from && end > from) end += until - from;
    this.freeAt = end;
    this.busyMicros += service;
    this.world.at(end, () => done(this.answer(request)));
  }
}
