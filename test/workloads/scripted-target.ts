/**
 * A store in virtual time for driving the driver: every request is answered after what `serviceMicros` says, as
 * `answer` says. One loop, no timers: the next event is the earliest of the driver's wakeup and the next answer.
 */
import assert from "node:assert/strict";
import { octetsFromText } from "../../engine/vocabulary/octets";
import { Random } from "../../engine/vocabulary/random";
import type { Outcome } from "../../engine/vocabulary/outcomes";
import type { OperationRecord } from "../../results/record/history";
import { Driver, type DriverOptions, type DueRequest } from "../../workloads/driver";
import type { DrawnOperation, OperationKind, Reply, Request, Workload } from "../../workloads/operation";
import type { WorkloadSettings } from "../../workloads/settings";

export function settings(changes: Partial<WorkloadSettings> = {}): WorkloadSettings {
  return {
    name: "test",
    bucketType: "default",
    bucket: "b",
    mix: { read: 1, update: 1, insert: 0, scan: 0, rmw: 0, delete: 0, blindWrite: 0 },
    records: {
      recordCount: 20,
      insertStart: 0,
      insertCount: 20,
      operationCount: 0,
      chooser: { name: "uniform" },
      keyPrefix: "k",
      hashedOrder: false,
      zeroPadding: 1,
      fieldCount: 1,
      fieldLength: { dist: "constant", bytes: 10 },
      fieldNamePrefix: "field",
      writeAllFields: false,
      readAllFields: true,
      scan: { min: 1, max: 10, dist: "uniform" },
      dataIntegrity: false,
    },
    load: { model: "closed", clients: 4, think: undefined, targetPerSecond: undefined },
    context: "session",
    routing: "any",
    preload: false,
    maxOutstanding: 100,
    notes: [],
    ...changes,
  };
}

/** A workload that asks exactly for these, over and over. */
export function scripted(kinds: readonly (readonly [OperationKind, string, "blind"?])[], loadCount = 0): Workload {
  let at = 0;
  let inserts = 0;
  const drawn = (kind: OperationKind, key: string, blind: boolean): DrawnOperation => ({
    kind,
    key: { type: "default", bucket: "b", key: octetsFromText(key) },
    value: kind === "read" ? "" : "v",
    scanLength: kind === "scan" ? 5 : 0,
    blind,
    insertNumber: kind === "insert" && loadCount === 0 ? inserts++ : -1,
  });
  return {
    name: "scripted",
    loadCount,
    loadOperation: (index) => drawn("insert", `load${index}`, false),
    next() {
      const [kind, key, blind] = kinds[at++ % kinds.length];
      return drawn(kind, key, blind === "blind");
    },
    inserted: () => undefined,
    hottestKeyShare: undefined,
    notes: [],
  };
}

export const REPLY: Reply = {
  outcome: "ok",
  versions: [],
  payloads: [],
  values: 0,
  context: "",
  coordinator: 0,
  reason: "",
};

export function refused(outcome: Outcome): Reply {
  return { ...REPLY, outcome, reason: "scripted" };
}

export interface Script {
  readonly driver: Driver;
  /** Microseconds from sending to answer; Infinity never answers. */
  readonly serviceMicros?: (request: Request, now: number) => number;
  readonly answer?: (request: Request, now: number) => Reply;
  /** Sees every request as it goes out. */
  readonly sent?: (request: Request, now: number, outstanding: number) => void;
  /** Instants at which the driver gets no turn: it sleeps from the first to the second. */
  readonly asleep?: readonly [number, number];
  /** Ends the run there. */
  readonly until?: number;
}

/** Runs to the end and returns every record in order of completion. */
export function play(script: Script): OperationRecord[] {
  const { driver } = script;
  const service = script.serviceMicros ?? (() => 1000);
  const answer = script.answer ?? (() => REPLY);
  const waiting: { at: number; due: DueRequest }[] = [];
  const records: OperationRecord[] = [];
  let now = 0;
  const collect = (): void => {
    for (const due of driver.takeRequests()) {
      waiting.push({ at: now + service(due.request, now), due });
      script.sent?.(due.request, now, waiting.length);
    }
    records.push(...driver.takeRecords());
  };
  for (let turn = 0; ; turn++) {
    assert(turn < 2_000_000, "the run comes to an end");
    collect();
    if (driver.done()) break;
    waiting.sort((a, b) => a.at - b.at);
    const wakeup = driver.nextWakeup() ?? Infinity;
    const answered = waiting.length > 0 ? waiting[0].at : Infinity;
    let next = Math.min(wakeup, answered);
    if (script.asleep !== undefined && next >= script.asleep[0] && next < script.asleep[1]) next = script.asleep[1];
    if (script.until !== undefined && next > script.until) {
      now = script.until;
      driver.finish(now);
      continue;
    }
    assert(next < Infinity, "somebody is waited for");
    now = Math.max(now, next);
    if (answered <= now) {
      const { due } = waiting.shift()!;
      driver.completed(due.token, answer(due.request, now), now);
    } else driver.step(now);
  }
  return records;
}

export function driverOf(changes: Partial<DriverOptions> & Pick<DriverOptions, "workload" | "settings">): Driver {
  return new Driver({
    phases: { warmupMs: 0, measureMs: 1000, drainMs: 0 },
    random: Random.fromSeed("driver"),
    start: 0,
    ...changes,
  });
}
