/**
 * The machine's monotonic clock as `Micros`, the same time base in every process of one machine: the client's history
 * and the nodes' notes can be laid side by side. Read through `performance.now`, which costs half of an `hrtime` call.
 */
import type { Alarm } from "../host/ports";
import type { Micros } from "../vocabulary/micros";

/** Pairs of readings taken to relate the two scales. */
const PAIRS = 32;
const { baseMicros, baseMs } = relate();

/**
 * The same instant on both scales. A process that is put aside between the two readings would believe for all its life
 * that its time is off by so much, and messages would seem to arrive before they left: the closest pair of many is taken.
 */
function relate(): { readonly baseMicros: Micros; readonly baseMs: number } {
  let closest = Infinity;
  let found = { baseMicros: 0, baseMs: 0 };
  for (let i = 0; i < PAIRS; i++) {
    const before = process.hrtime.bigint();
    const ms = performance.now();
    const after = process.hrtime.bigint();
    const apart = Number(after - before);
    if (apart >= closest) continue;
    closest = apart;
    found = { baseMicros: Number((before + after) / 2_000n), baseMs: ms };
  }
  return found;
}

/** Microseconds since the machine's monotonic origin (boot, on Linux). */
export function monotonicMicros(): Micros {
  return baseMicros + Math.floor((performance.now() - baseMs) * 1000);
}

/** One operating-system timer, re-armed. Node's timers round up to whole milliseconds. */
export class TimerAlarm implements Alarm {
  private timer: NodeJS.Timeout | undefined;

  now(): Micros {
    return monotonicMicros();
  }

  set(at: Micros, wake: () => void): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    // Beyond its longest the system's timer fires at once; waking too early is allowed, the host then asks again.
    const ms = Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil((at - monotonicMicros()) / 1000)));
    this.timer = setTimeout(wake, ms);
  }

  cancel(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
  }
}

/** 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
