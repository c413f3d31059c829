/**
 * Partly open loads (Schroeder, Wierman, Harchol-Balter, NSDI 2006). One exponential server that visitors come back to is a
 * queue with feedback, whose number of requests is that of M/M/1 whatever the length of a visit (Jackson 1957): at
 * utilisation 0.8 and a service of 1 the mean response is 5, for visits of one request and of many.
 */
import assert from "node:assert/strict";
import { distributionOf } from "../../engine/vocabulary/distributions";
import { Random } from "../../engine/vocabulary/random";
import type { OperationRecord } from "../../results/record/history";
import type { WorkloadSettings } from "../../workloads/settings";
import { drive, EventList, SingleServer } from "./event-list";
import { driverOf, play, REPLY, scripted, settings } from "./scripted-target";

type PartlyOpen = Extract<WorkloadSettings["load"], { readonly model: "partly-open" }>;

const LOAD: PartlyOpen = {
  model: "partly-open",
  clients: 5_000,
  ratePerSecond: 1_000,
  arrivals: "poisson",
  requestsPerSession: 5,
  think: { dist: "constant", valueMs: 3 },
};

function visits(records: readonly OperationRecord[]): readonly (readonly OperationRecord[])[] {
  const by = new Map<number, OperationRecord[]>();
  for (const record of records) by.set(record.session, [...(by.get(record.session) ?? []), record]);
  return [...by.values()];
}

describe("partly open loads", () => {
  it("visitors come by a schedule; each waits for its answer, thinks, asks again and leaves", () => {
    const driver = driverOf({
      workload: scripted([["read", "k"]]),
      settings: settings({ load: LOAD, maxOutstanding: 10_000 }),
      phases: { warmupMs: 0, measureMs: 20_000, drainMs: 0 },
    });
    const records = play({ driver, serviceMicros: () => 2_000 });
    const all = visits(records);
    for (const visit of all)
      for (let i = 1; i < visit.length; i++) assert.equal(visit[i].intended, visit[i - 1].end + 3_000);
    assert.ok(Math.abs(all.length / 4_000 - 1) < 0.08, `${all.length} visitors at 200 a second`);
    // Of visitors that came early enough to finish.
    const whole = all.filter((visit) => visit[0].intended < 19_000_000);
    const mean = whole.reduce((sum, visit) => sum + visit.length, 0) / whole.length;
    assert.ok(Math.abs(mean / 5 - 1) < 0.05, `${mean} requests a visit`);
    const ones = whole.filter((visit) => visit.length === 1).length / whole.length;
    assert.ok(Math.abs(ones - 0.2) < 0.03, `${ones} of visits are of one request: a geometric law`);
    assert.equal(driver.progress().measured.due, records.length);
    assert.equal(driver.progress().visitsCut, 0);
  });

  it("how long a visit is does not depend on how the store fares", () => {
    const lengths = (micros: number): number[] => {
      const load = { ...LOAD, ratePerSecond: 100, think: undefined };
      const driver = driverOf({
        workload: scripted([["read", "k"]]),
        settings: settings({ load, maxOutstanding: 10_000 }),
        phases: { warmupMs: 0, measureMs: 10_000, drainMs: 0 },
      });
      const early = visits(play({ driver, serviceMicros: () => micros })).filter(
        ([first]) => first.intended < 5_000_000,
      );
      return early.sort(([a], [b]) => a.intended - b.intended).map((visit) => visit.length);
    };
    assert.deepEqual(lengths(500), lengths(20_000));
  });

  it("nobody begins anything after the measured phase, and visits end with it", () => {
    const driver = driverOf({
      workload: scripted([["read", "k"]]),
      settings: settings({ load: LOAD, maxOutstanding: 10_000 }),
      phases: { warmupMs: 100, measureMs: 500, drainMs: 500 },
    });
    const records = play({ driver, serviceMicros: () => 4_000 });
    assert.ok(records.every((record) => record.intended < 600_000));
    assert.ok(records.some((record) => record.phase === "warmup") && driver.done());
  });

  it("a visitor who cannot ask because too many are out goes away, and is counted", () => {
    const load = { ...LOAD, think: undefined };
    const driver = driverOf({
      workload: scripted([["read", "k"]]),
      settings: settings({ load, maxOutstanding: 3 }),
    });
    const records = play({ driver, serviceMicros: () => 50_000 });
    const dropped = records.filter((record) => record.outcome === "not_sent");
    assert.equal(driver.progress().dropped, dropped.length);
    assert.ok(dropped.length > 100);
    for (const visit of visits(records)) {
      const at = visit.findIndex((record) => record.outcome === "not_sent");
      assert.ok(at === -1 || at === visit.length - 1, "a drop is the last of its visit");
    }
  });

  for (const { requestsPerSession, utilisation } of [
    { requestsPerSession: 1, utilisation: 0.8 },
    { requestsPerSession: 4, utilisation: 0.8 },
    { requestsPerSession: 20, utilisation: 0.5 },
  ]) {
    it(`one exponential server, utilisation ${utilisation}, ${requestsPerSession} requests a visit: M/M/1's mean`, () => {
      const random = Random.fromSeed(`feedback ${requestsPerSession}`);
      const world = new EventList();
      const service = distributionOf({ dist: "exponential", meanMs: 100, shiftMs: 0 });
      const services = random.fork("service");
      const load = { ...LOAD, ratePerSecond: 10 * utilisation, requestsPerSession, think: undefined };
      const driver = driverOf({
        workload: scripted([["read", "k"]]),
        settings: settings({ load, maxOutstanding: 100_000 }),
        phases: { warmupMs: 1_000_000, measureMs: 40_000_000, drainMs: 0 },
        random: random.fork("driver"),
      });
      let [sum, count] = [0, 0];
      drive({
        driver,
        target: new SingleServer(world, () => service.sample(services), REPLY),
        world,
        record: ({ phase, intended, end }) => {
          if (phase !== "measure") return;
          sum += end - intended;
          count++;
        },
      });
      const meanMs = sum / count / 1_000;
      assert.ok(Math.abs(count / (400_000 * utilisation) - 1) < 0.03, `${count} operations`);
      // Longer visits come in fewer, larger groups, whose means scatter more: hence the lower utilisation for the longest.
      assert.ok(Math.abs(meanMs / (100 / (1 - utilisation)) - 1) < 0.06, `${meanMs} ms`);
    });
  }
});
