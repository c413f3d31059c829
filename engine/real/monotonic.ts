/**
 * The machine's monotonic clock as `Micros`, the same time base in every process of one machine: the client's history
 * and the nodes' notes can be laid side by side. Read through `performance.now`, which costs half of an `hrtime` call.
 */
import type { Alarm } from "../host/ports";
import type { Micros } from "../vocabulary/micros";

const baseMicros = Number(process.hrtime.bigint() / 1000n);
const baseMs = performance.now();

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
    const ms = Math.max(0, Math.ceil((at - monotonicMicros()) / 1000));
    this.timer = setTimeout(wake, ms);
  }

  cancel(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
  }
}
