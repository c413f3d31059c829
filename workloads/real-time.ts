/**
 * Drives a `Driver` in real time: wakes it when it asks to be woken, hands its requests to the target and the replies
 * back, and passes its records on in order of completion. The driver itself knows no timer.
 *
 * Node's timers are a millisecond coarse; an operation that leaves late is still timed from its intended instant, and
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
  readonly signal: AbortSignal;
}

/** Resolves when the driver is done, or has been made to finish by the signal. Rejects with what `record` throws. */
export function driveInRealTime(options: RealTimeOptions): Promise<void> {
  const { driver, target, now, signal } = options;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let pumping: NodeJS.Immediate | undefined;
    let over = false;

    const end = (act: () => void): void => {
      over = true;
      if (timer !== undefined) clearTimeout(timer);
      if (pumping !== undefined) clearImmediate(pumping);
      signal.removeEventListener("abort", aborted);
      act();
    };
    const submit = ({ token, request }: DueRequest): void => {
      target.submit(request, (reply) => {
        if (over) return;
        try {
          driver.completed(token, reply, now());
        } catch (error) {
          end(() => reject(error instanceof Error ? error : new Error(String(error))));
          return;
        }
        // Replies of one turn are worked off together.
        pumping ??= setImmediate(pump);
      });
    };
    const pump = (): void => {
      pumping = undefined;
      if (over) return;
      try {
        driver.step(now());
        for (const due of driver.takeRequests()) submit(due);
        for (const record of driver.takeRecords()) options.record(record);
        options.turned();
      } catch (error) {
        end(() => reject(error instanceof Error ? error : new Error(String(error))));
        return;
      }
      if (driver.done()) {
        end(resolve);
        return;
      }
      if (timer !== undefined) clearTimeout(timer);
      timer = undefined;
      const next = driver.nextWakeup();
      if (next !== undefined) timer = setTimeout(pump, Math.max(0, Math.ceil((next - now()) / 1000)));
    };
    const aborted = (): void => {
      driver.finish(now());
      for (const record of driver.takeRecords()) options.record(record);
      end(resolve);
    };
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
    else pump();
  });
}
