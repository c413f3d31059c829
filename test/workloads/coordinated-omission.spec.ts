/**
 * The canonical case of coordinated omission (Tene, "How NOT to measure latency"): 100 requests a second for 200 s, 1 ms
 * each, and the store stands still from 100 s to 200 s. Whoever waits for an answer before asking again asks once in the
 * second half and reports 1 ms at p99.99; whoever keeps the schedule finds that half of what was wanted waited, 50 s on average.
 */
import assert from "node:assert/strict";
import { LatencyHistogram } from "../../results/record/histogram";
import type { OperationRecord } from "../../results/record/history";
import type { DriverProgress } from "../../workloads/driver";
import type { WorkloadSettings } from "../../workloads/settings";
import { drive, EventList, FreezingStore } from "./event-list";
import { driverOf, REPLY, scripted, settings } from "./scripted-target";

const SECOND = 1_000_000;

interface Outcome {
  readonly service: LatencyHistogram;
  readonly response: LatencyHistogram;
  readonly progress: DriverProgress;
}

function freeze(load: WorkloadSettings["load"], measureMs = 200_000): Outcome {
  const world = new EventList();
  const driver = driverOf({
    workload: scripted([["read", "k"]]),
    settings: settings({ load, maxOutstanding: 20_000 }),
    phases: { warmupMs: 0, measureMs, drainMs: 0 },
  });
  const service = new LatencyHistogram();
  const response = new LatencyHistogram();
  const record = ({ intended, start, end, outcome }: OperationRecord): void => {
    assert.equal(outcome, "ok");
    service.record(end - start);
    response.record(end - intended);
  };
  const target = new FreezingStore(world, 1000, [100 * SECOND, 200 * SECOND], REPLY);
  drive({ driver, target, world, record });
  return { service, response, progress: driver.progress() };
}

function within(relative: number, found: number, expected: number): void {
  assert(Math.abs(found / expected - 1) <= relative, `${found} against ${expected}`);
}

describe("coordinated omission", () => {
  it("is what one client that waits for its answers commits: 1 ms at p99.99, 11 ms on average", () => {
    const load = { model: "closed", clients: 1, think: undefined, targetPerSecond: 100 } as const;
    const { service, progress } = freeze(load);
    assert.equal(service.count, 10_001);
    within(0.01, service.percentile(99.99), 0.001 * SECOND);
    within(0.01, service.meanMicros, 0.011 * SECOND);
    within(0.01, service.maxMicros, 100 * SECOND);
    // What it never asked is not in any of its latencies, but it is on record.
    assert.equal(progress.unsent, 20_000 - 10_001);
    assert.equal(progress.measured.due, 20_000);
  });

  it("shows between the two times of one trial, where a client that kept its rate works off what it missed", () => {
    const load = { model: "closed", clients: 1, think: undefined, targetPerSecond: 100 } as const;
    const { service, response, progress } = freeze(load, 400_000);
    assert.equal(progress.unsent, 0);
    assert.equal(service.count, 40_000);
    // The one request that the store froze with took 100 s; those that were due meanwhile left late and took 1 ms.
    within(0.01, service.percentile(99.99), 0.001 * SECOND);
    within(0.01, service.maxMicros, 100 * SECOND);
    within(0.01, response.percentile(99.99), 100 * SECOND);
  });

  it("is not committed by an open loop timed from the intended instants", () => {
    const load = { model: "open", clients: 1, ratePerSecond: 100, arrivals: "constant" } as const;
    const { response, progress } = freeze(load);
    assert.equal(response.count, 20_000);
    assert.deepEqual([progress.dropped, progress.unsent, progress.failed], [0, 0, 0]);
    within(0.01, response.meanMicros, 25.0 * SECOND);
    within(0.01, response.percentile(50), 0.001 * SECOND);
    within(0.01, response.percentile(75), 50 * SECOND);
    within(0.01, response.percentile(99), 98 * SECOND);
    within(0.01, response.percentile(99.99), 99.98 * SECOND);
  });

  it("leaves alone who came before and after: as many operations wait as were due, as long as the store stood, and no others", () => {
    for (const arrivals of ["constant", "poisson"] as const) {
      const world = new EventList();
      const driver = driverOf({
        workload: scripted([["read", "k"]]),
        settings: settings({
          load: { model: "open", clients: 1, ratePerSecond: 100, arrivals },
          maxOutstanding: 20_000,
        }),
        phases: { warmupMs: 0, measureMs: 60_000, drainMs: 0 },
      });
      const [from, until] = [20 * SECOND, 30 * SECOND];
      const records: OperationRecord[] = [];
      const target = new FreezingStore(world, 1000, [from, until], REPLY);
      drive({ driver, target, world, record: (record) => records.push(record) });
      const due = records.filter(({ intended }) => intended > from - 1000 && intended < until);
      const waited = records.filter(({ intended, end }) => end - intended > 1000);
      assert.deepEqual(
        waited.map(({ id }) => id),
        due.map(({ id }) => id),
      );
      const expected = 100 * 10;
      // Of arrivals by chance the count scatters, and the seed is fixed.
      assert(Math.abs(due.length - expected) <= (arrivals === "constant" ? 1 : 3 * Math.sqrt(expected)));
      within(0.01, Math.max(...waited.map(({ intended, end }) => end - intended)), until - from);
      for (const { start, end } of records) if (start >= until) assert.equal(end - start, 1000);
    }
  });
});
