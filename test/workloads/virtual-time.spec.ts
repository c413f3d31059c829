import assert from "node:assert/strict";
import { Random } from "../../engine/vocabulary/random";
import type { OperationRecord } from "../../results/record/history";
import type { Driver } from "../../workloads/driver";
import type { Reply, Request } from "../../workloads/operation";
import type { WorkloadSettings } from "../../workloads/settings";
import { driveInVirtualTime } from "../../workloads/virtual-time";
import { drive, EventList } from "./event-list";
import { driverOf, play, REPLY, scripted, settings } from "./scripted-target";

const OPEN = { model: "open", clients: 3, ratePerSecond: 1000, arrivals: "poisson" } as const;
const think = { dist: "exponential", meanMs: 20, shiftMs: 0 } as const;
const CLOSED = { model: "closed", clients: 8, think, targetPerSecond: undefined } as const;

function delayed(
  world: EventList,
  delay: () => number,
): { submit(request: Request, done: (reply: Reply) => void): void } {
  return { submit: (_request, done) => world.at(world.now() + delay(), () => done(REPLY)) };
}

function mixed(load: WorkloadSettings["load"]): Driver {
  return driverOf({
    workload: scripted(
      [
        ["read", "a"],
        ["update", "b"],
        ["rmw", "c"],
      ],
      10,
    ),
    settings: settings({ load, preload: true }),
    phases: { warmupMs: 100, measureMs: 500, drainMs: 50 },
  });
}

describe("driving in virtual time", () => {
  for (const load of [OPEN, CLOSED]) {
    it(`leaves the records that a loop looking at every instant leaves (${load.model} loop)`, () => {
      const world = new EventList();
      const records: OperationRecord[] = [];
      const service =
        (random = Random.fromSeed("service")) =>
        () =>
          100 + random.nextBelow(30_000);
      drive({
        driver: mixed(load),
        target: delayed(world, service()),
        world,
        record: (record) => records.push(record),
      });
      const draws = service();
      assert.deepEqual(records, play({ driver: mixed(load), serviceMicros: draws }));
      assert(records.length > 100);
    });
  }

  it("asks for no more wake-ups than there are instants at which something is due", () => {
    const world = new EventList();
    let asked = 0;
    const counting = {
      now: () => world.now(),
      at: (time: number, act: () => void) => {
        asked++;
        world.at(time, act);
      },
    };
    const records: OperationRecord[] = [];
    // A hundred clients, a reply every few microseconds, and nothing but the ends of two phases to wake up for.
    const load = { model: "closed", clients: 100, think: undefined, targetPerSecond: undefined } as const;
    const driver = driverOf({ workload: scripted([["read", "k"]]), settings: settings({ load }) });
    const run = driveInVirtualTime({
      driver,
      target: delayed(world, () => 1000),
      world: counting,
      record: (record) => records.push(record),
      turned: () => undefined,
    });
    while (!run.over) assert(world.turn());
    assert.equal(records.length, 100 * 1000);
    assert(asked <= 3, `${asked} wake-ups`);
  });

  it("sends every arrival at its own instant, and shows each turn's phase before the next", () => {
    const world = new EventList();
    const driver = driverOf({
      workload: scripted([["read", "k"]]),
      settings: settings({ load: { ...OPEN, arrivals: "constant" } }),
      phases: { warmupMs: 10, measureMs: 10, drainMs: 10 },
    });
    const seen: [string, number][] = [];
    const records: OperationRecord[] = [];
    drive({
      driver,
      target: delayed(world, () => 500),
      world,
      record: (record) => records.push(record),
      turned: () => {
        if (seen.length === 0 || seen[seen.length - 1][0] !== driver.phase) seen.push([driver.phase, world.now()]);
      },
    });
    assert.deepEqual(seen, [
      ["warmup", 0],
      ["measure", 10_000],
      ["drain", 20_000],
    ]);
    assert.deepEqual(
      records.map(({ start, end }) => [start, end]),
      Array.from({ length: 20 }, (_, i) => [i * 1000, i * 1000 + 500]),
    );
    assert.equal(world.now(), 30_000, "the drain takes its time");
  });

  it("ends when told to, and hears no reply after that", () => {
    const world = new EventList();
    const records: OperationRecord[] = [];
    const driver = driverOf({ workload: scripted([["update", "k"]]), settings: settings() });
    const run = driveInVirtualTime({
      driver,
      target: delayed(world, () => 1000),
      world,
      record: (record) => records.push(record),
      turned: () => undefined,
    });
    for (let i = 0; i < 10; i++) world.turn();
    run.finish();
    assert.equal(run.over, true);
    const made = records.length;
    assert.equal(records.filter(({ outcome }) => outcome === "timeout").length, 4);
    while (world.turn());
    run.finish();
    assert.equal(records.length, made);
  });

  it("does not take an answer from within submit", () => {
    const world = new EventList();
    const driver = driverOf({ workload: scripted([["read", "k"]]), settings: settings() });
    const hasty = { submit: (_request: Request, done: (reply: Reply) => void) => done(REPLY) };
    assert.throws(() => drive({ driver, target: hasty, world, record: () => undefined }), /after submit/);
  });
});
