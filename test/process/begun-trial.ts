/** A trial on processes that a test has begun and watches while it runs: what is recorded, which phases it comes through, and how to end it. */
import type { PlannedTrial } from "../../experiments/plan";
import { runOnProcesses } from "../../experiments/processes-trial";
import type { OperationRecord } from "../../results/record/history";

export interface BegunTrial {
  readonly ended: ReturnType<typeof runOnProcesses>;
  readonly records: OperationRecord[];
  readonly phases: Set<string>;
  readonly stop: AbortController;
}

export function begin(trial: PlannedTrial): BegunTrial {
  const records: OperationRecord[] = [];
  const phases = new Set<string>();
  const stop = new AbortController();
  const ended = runOnProcesses({
    trial,
    signal: stop.signal,
    progress: (phase) => phases.add(phase),
    log: () => undefined,
    record: (record) => records.push(record),
  });
  // Awaited by the test, perhaps later.
  ended.catch(() => undefined);
  return { ended, records, phases, stop };
}
