/**
 * Histories for tests in a few words: `put(1, 0, 10)` is write 1 of key k from 0 to 10 µs, `get([1], 20, 30)` a read that
 * returned it. Everything is in the measured phase of a run of one second unless said otherwise.
 */
import type { TrialFigures } from "../../../results/record/figures";
import type { NodeCounters, OperationRecord } from "../../../results/record/history";
import type { FinishContext, MeasureSetup } from "../../../results/measures/measure";
import { FaultTimes } from "../../../results/measures/fault-times";
import type { IntervalGrid } from "../../../results/measures/interval-grid";
import { TrialFold, type TrialResult } from "../../../results/measures/fold";

export const PHASES = { startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: 1_000_000 };

/** A read of nothing that took no time. */
export const PLAIN: OperationRecord = {
  id: 0,
  phase: "measure",
  kind: "read",
  key: "k",
  session: 1,
  intended: 0,
  start: 0,
  end: 0,
  outcome: "ok",
  writeId: 0,
  versions: [],
  values: 0,
  seen: [],
  contextInBytes: 0,
  contextOutBytes: 0,
  coordinator: -1,
};

export function put(writeId: number, start: number, end: number, more: Partial<OperationRecord> = {}): OperationRecord {
  return { ...PLAIN, kind: "update", writeId, intended: start, start, end, ...more };
}

export function remove(
  writeId: number,
  start: number,
  end: number,
  more: Partial<OperationRecord> = {},
): OperationRecord {
  return put(writeId, start, end, { kind: "delete", ...more });
}

export function get(
  versions: readonly number[],
  start: number,
  end: number,
  more: Partial<OperationRecord> = {},
): OperationRecord {
  return { ...PLAIN, versions, values: versions.length, intended: start, start, end, ...more };
}

export const RING: TrialFigures["ring"] = {
  strategy: "equal-partitions",
  tokens: [],
  example: { key: "k", at: 0, preferenceList: ["node-1"] },
};

export const END: FinishContext = { counters: [], ringShares: {}, ring: RING, calibration: null, dropped: 0 };

/** Feeds operations in order of completion, as the driver does. */
export function fold(operations: readonly OperationRecord[], end: Partial<FinishContext> = {}): TrialResult {
  const trial = new TrialFold({ intervalMs: 100, percentiles: [50, 99], phases: PHASES });
  for (const operation of inOrderOfCompletion(operations)) trial.operation(operation);
  return trial.finish({ ...END, ...end });
}

export function inOrderOfCompletion(operations: readonly OperationRecord[]): OperationRecord[] {
  return [...operations].sort((a, b) => a.end - b.end || a.id - b.id);
}

/** For a measure on its own. */
export function setup(grid: IntervalGrid): MeasureSetup {
  const faults = new FaultTimes();
  return { grid, percentiles: [], latencyLog: () => undefined, faults, pasts: { of: () => undefined } };
}

export function counters(node: string, more: Partial<NodeCounters> = {}): NodeCounters {
  return {
    node,
    coordinated: 0,
    replicaReads: 0,
    replicaWrites: 0,
    readRepairs: 0,
    messagesSent: 0,
    bytesSent: 0,
    refused: 0,
    keysHeld: 0,
    lost: 0,
    queueDrops: 0,
    delayLatenessP99Ms: 0,
    cpuMs: 0,
    rssBytes: 0,
    ...more,
  };
}
