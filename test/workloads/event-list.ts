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

/** One server, first come first served, `serviceMicros` each. */
export class SingleServer implements Pick<Target, "submit"> {
  private freeAt = 0;
  /** Time spent serving what was submitted so far, some of it in the future. */
  busyMicros = 0;

  constructor(
    private readonly world: VirtualWorld,
    private readonly serviceMicros: () => number,
    private readonly reply: Reply,
  ) {}

  submit(_request: Request, done: (reply: Reply) => void): void {
    const service = this.serviceMicros();
    this.busyMicros += service;
    this.freeAt = Math.max(this.freeAt, this.world.now()) + service;
    this.world.at(this.freeAt, () => done(this.reply));
  }
}

/** Everybody is served at once and takes `serviceMicros`, except that nothing moves within [from, until). */
export class FreezingStore implements Pick<Target, "submit"> {
  constructor(
    private readonly world: VirtualWorld,
    private readonly serviceMicros: number,
    private readonly frozen: readonly [from: number, until: number],
    private readonly reply: Reply,
  ) {}

  submit(_request: Request, done: (reply: Reply) => void): void {
    const [from, until] = this.frozen;
    const now = this.world.now();
    let end = now + this.serviceMicros;
    if (now < until && end > from) end += until - Math.max(from, now);
    this.world.at(end, () => done(this.reply));
  }
}
