/**
 * Drives a `Driver` in real time: wakes it when it asks to be woken, hands its requests to the target and the replies
 * back, and passes its records on in order of completion. The driver itself knows no timer.
 *
 * Two manners of waiting for the next instant (YCSB's `spin.sleep` chooses between the same two). *Sleep* leaves the
 * processor to others until a timer fires; Node's timers are a millisecond coarse, so an operation leaves up to about two
 * late. *Spin* asks what time it is in every turn of the event loop: operations leave within microseconds, sockets
 * are served as ever, and a processor is never idle. Either way what leaves late is timed from its intended instant, and
 * how late is measured (schedule lag).
 */
import type { Micros } from "../engine/vocabulary/micros";
import type { OperationRecord } from "../results/record/history";
import type { Driver, DueRequest } from "./driver";
import type { Target } from "./targets/target";

export interface RealTimeOptions {
  readonly driver: Driver;
  readonly target: Target;
  readonly now: () => Micros;
  /** Every record, in order of completion. */
  readonly record: (record: OperationRecord) => void;
  /** Called after each turn: phase changes are seen here first. */
  readonly turned: () => void;
  /** Gets what is to be called when the driver was told something from outside, which may have moved what it waits for. */
  readonly waker?: (wake: () => void) => void;
  readonly signal: AbortSignal;
}

/** Resolves when the driver is done, or has been made to finish by the signal. Rejects with what `record` throws. */
export function driveInRealTime(options: RealTimeOptions): Promise<void> {
  const { driver, target, now, signal } = options;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    /** When the timer was asked to fire. */
    let timerAt: Micros = Infinity;
    /** Replies have come, or an instant that is waited for is near: the next turn of the event loop looks. */
    let looking: NodeJS.Immediate | undefined;
    let replied = false;
    let over = false;

    const end = (act: () => void): void => {
      over = true;
      if (timer !== undefined) clearTimeout(timer);
      if (looking !== undefined) clearImmediate(looking);
      signal.removeEventListener("abort", aborted);
      act();
    };
    const failed = (error: unknown): void => {
      end(() => reject(error instanceof Error ? error : new Error(String(error))));
    };
    const submit = ({ token, request }: DueRequest): void => {
      target.submit(request, (reply) => {
        if (over) return;
        try {
          driver.completed(token, reply, now());
        } catch (error) {
          failed(error);
          return;
        }
        // Replies of one turn are worked off together.
        replied = true;
        looking ??= setImmediate(look);
      });
    };
    const look = (): void => {
      looking = undefined;
      if (over) return;
      const present = now();
      if (!replied && present < (driver.nextWakeup() ?? Infinity)) wait(present);
      else pump(present);
    };
    const pump = (present: Micros): void => {
      replied = false;
      try {
        driver.step(present);
        for (const due of driver.takeRequests()) submit(due);
        for (const record of driver.takeRecords()) options.record(record);
        options.turned();
      } catch (error) {
        failed(error);
        return;
      }
      if (driver.done()) end(resolve);
      else wait(now());
    };
    const wait = (present: Micros): void => {
      const next = driver.nextWakeup();
      if (next === undefined) return;
      if (next <= present || driver.spins) {
        looking ??= setImmediate(look);
        return;
      }
      // One that fires before it is needed looks again, which costs less than to set it anew in every turn.
      if (timerAt <= next) return;
      if (timer !== undefined) clearTimeout(timer);
      timerAt = next;
      timer = setTimeout(fired, Math.min(LONGEST_TIMER_MS, Math.ceil((next - present) / 1000)));
    };
    const fired = (): void => {
      timer = undefined;
      timerAt = Infinity;
      look();
    };
    const aborted = (): void => {
      driver.finish(now());
      for (const record of driver.takeRecords()) options.record(record);
      end(resolve);
    };
    options.waker?.(() => {
      if (!over) looking ??= setImmediate(look);
    });
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
    else pump(now());
  });
}

/** Beyond it the system's timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
