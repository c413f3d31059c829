/**
 * Drives a `Driver` in virtual time: the simulation's counterpart of `real-time.ts`. The world is an event list with a
 * present; the driver is woken by an event at the instant it asked for, and a reply is worked off at the instant it comes,
 * requests that follow from it included. There is no timer and no promise, so a run is a function of its seeds alone.
 *
 * An event list cannot take an event back, and a driver's next wake-up moves with every reply. One wake-up is armed at a
 * time; a new one is asked for only when the need has become earlier than every one armed, and one that comes before
 * anything is due only arms the next. So wake-ups are as many as there are instants at which something is due, not as
 * many as replies.
 */
import { assert } from "../engine/vocabulary/assert";
import type { Micros } from "../engine/vocabulary/micros";
import type { OperationRecord } from "../results/record/history";
import type { Driver } from "./driver";
import type { Target } from "./targets/target";

/** What is needed of a simulation: its present, and something to happen at `time`, which is never before it. */
export interface VirtualWorld {
  now(): Micros;
  at(time: Micros, act: () => void): void;
}

export interface VirtualTimeOptions {
  readonly driver: Driver;
  readonly target: Pick<Target, "submit">;
  readonly world: VirtualWorld;
  /** Every record, in order of completion. */
  readonly record: (record: OperationRecord) => void;
  /** Called after each turn: phase changes are seen here first. */
  readonly turned: () => void;
}

export interface VirtualDrive {
  /** True once the driver is done; the world may go on, the driver takes no more turns. */
  readonly over: boolean;
  /** Ends the run now: what is outstanding is given up and recorded. Without effect once over. */
  finish(): void;
  /** To be called when the driver was told something from outside, which may have moved what it waits for. */
  told(): void;
}

/** Begins with the world's next event at or after the driver's start; what `record` and `turned` throw, the world's act throws. */
export function driveInVirtualTime(options: VirtualTimeOptions): VirtualDrive {
  const { driver, target, world } = options;
  /** Instants of wake-ups asked for and not yet come: each earlier than the one before it, so the last comes first. */
  const armed: Micros[] = [];
  let submitting = false;
  let over = false;

  const arm = (): void => {
    const next = driver.nextWakeup();
    if (next === undefined) return;
    const at = Math.max(next, world.now());
    if (armed.length > 0 && armed[armed.length - 1] <= at) return;
    armed.push(at);
    world.at(at, wake);
  };
  const wake = (): void => {
    armed.pop();
    if (over) return;
    const now = world.now();
    const next = driver.nextWakeup();
    // Meant for something that a reply has since done or moved.
    if (next === undefined || next > now) return arm();
    driver.step(now);
    turn();
  };
  const turn = (): void => {
    for (const { token, request } of driver.takeRequests()) {
      submitting = true;
      target.submit(request, (reply) => {
        assert(!submitting, "a target answers after submit has returned");
        if (over) return;
        driver.completed(token, reply, world.now());
        turn();
      });
      submitting = false;
    }
    for (const record of driver.takeRecords()) options.record(record);
    options.turned();
    if (driver.done()) over = true;
    else arm();
  };

  arm();
  return {
    get over() {
      return over;
    },
    told() {
      if (!over) arm();
    },
    finish() {
      if (over) return;
      over = true;
      driver.finish(world.now());
      for (const record of driver.takeRecords()) options.record(record);
    },
  };
}
