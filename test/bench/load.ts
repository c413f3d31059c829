/** A closed loop that keeps `inFlight` requests outstanding for a while and reports what came back. */
import { histogram, type RecordableHistogram } from "./latencies";

export interface LoadFigures {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly failed: number;
}

/** `issue(done)` starts one request and calls `done(ok)` when it ended. */
export async function closedLoop(options: {
  readonly inFlight: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly issue: (done: (ok: boolean) => void) => void;
}): Promise<LoadFigures> {
  const { inFlight, warmupMs, measureMs, issue } = options;
  const latencies: RecordableHistogram = histogram();
  let count = 0;
  let failed = 0;
  const begin = performance.now();
  const from = begin + warmupMs;
  const until = from + measureMs;
  await new Promise<void>((resolve) => {
    let open = 0;
    const one = (): void => {
      const sent = performance.now();
      open++;
      issue((ok) => {
        const now = performance.now();
        open--;
        if (now >= from && now < until) {
          count++;
          if (!ok) failed++;
          latencies.record((now - sent) * 1000);
        }
        if (now < until) one();
        else if (open === 0) resolve();
      });
    };
    for (let i = 0; i < inFlight; i++) one();
  });
  return {
    perSecond: (count * 1000) / measureMs,
    p50Us: latencies.percentile(50),
    p99Us: latencies.percentile(99),
    failed,
  };
}
