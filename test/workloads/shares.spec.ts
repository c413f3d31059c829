/** A load cut into parts: nothing twice, nothing left out, and the same load as one driver's. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../engine/vocabulary/random";
import type { OperationRecord } from "../../results/record/history";
import { DriverGroup, sumOfProgress } from "../../workloads/driver-group";
import { workloadFor } from "../../workloads/mixes/mix";
import { arrivals, offeredBetween } from "../../workloads/pacing";
import { MAX_SESSIONS } from "../../workloads/session";
import type { ArrivalSettings, CartSettings, WorkloadSettings } from "../../workloads/settings";
import {
  dealt,
  driverOfShare,
  driversOf,
  operationId,
  partOf,
  shareOf,
  type Turn,
  whyNotShared,
} from "../../workloads/shares";
import { driveInVirtualTime } from "../../workloads/virtual-time";
import { expectedHottestKey } from "../../workloads/ycsb/hottest-key";
import { EventList } from "./event-list";
import { REPLY, settings } from "./scripted-target";

const turns = (of: number): Turn[] => Array.from({ length: of }, (_, index) => ({ index, of }));
const OPEN = { model: "open", clients: 7, ratePerSecond: 300, arrivals: "constant" } as const;

function shared(of: number, changes: Partial<WorkloadSettings> = {}): WorkloadSettings {
  return settings({ loadProcesses: of, ...changes });
}

describe("parts of a load", () => {
  it("of things that lie side by side are contiguous, whole and even", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 16 }), (total, of) => {
        const parts = turns(of).map((turn) => partOf(total, turn));
        let next = 0;
        for (const { first, count } of parts) {
          assert.equal(first, next);
          next += count;
        }
        assert.equal(next, total);
        const counts = parts.map(({ count }) => count);
        assert(Math.max(...counts) - Math.min(...counts) <= 1);
        assert.equal(
          turns(of).reduce((sum, turn) => sum + dealt(total, turn), 0),
          total,
        );
      }),
    );
  });

  it("of one driver are the whole, unchanged", () => {
    const whole = settings();
    assert.equal(shareOf(whole, { index: 0, of: 1 }), whole);
    assert.equal(driversOf(whole), 1);
  });

  it("load keys that no other loads, and all of them together", () => {
    for (const drivers of [2, 3, 16]) {
      const whole = shared(drivers, {
        load: { ...OPEN, clients: 16 },
        records: { ...settings().records, insertStart: 5, recordCount: 100, insertCount: 50 },
      });
      const alone = workloadFor({ ...whole, loadProcesses: 1 }, Random.fromSeed(1));
      const wanted = Array.from({ length: alone.loadCount }, (_, i) => alone.loadOperation(i).key.key);
      const keys = turns(drivers).flatMap((turn) => {
        const workload = workloadFor(shareOf(whole, turn), Random.fromSeed(turn.index));
        return Array.from({ length: workload.loadCount }, (_, i) => workload.loadOperation(i).key.key);
      });
      assert.deepEqual(keys, wanted);
    }
  });

  it("ask for their own keys alone, by every popularity, also for those inserted in the run", () => {
    const records = { ...settings().records, recordCount: 60, insertCount: 60 };
    const mix = { ...settings().mix, insert: 1, multiGet: 1, scan: 1 };
    const choosers: readonly WorkloadSettings["records"]["chooser"][] = [
      { name: "uniform" },
      { name: "zipfian" },
      { name: "zipf", theta: 0.99 },
      { name: "latest" },
      { name: "hotspot", dataFraction: 0.2, operationFraction: 0.8 },
      { name: "sequential" },
      { name: "exponential", percentile: 95, fraction: 0.8 },
    ];
    for (const chooser of choosers) {
      const whole = shared(3, { mix, records: { ...records, chooser, fanOut: 5 } });
      const owner = new Map<string, number>();
      const inserted: number[] = [];
      for (const turn of turns(3)) {
        const workload = workloadFor(shareOf(whole, turn), Random.fromSeed(turn.index));
        for (let i = 0; i < 2_000; i++) {
          const { key, keys, insertNumber } = workload.next();
          for (const { key: name } of keys ?? [key]) {
            assert.equal(owner.get(name) ?? turn.index, turn.index, `${chooser.name}: ${name}`);
            owner.set(name, turn.index);
          }
          if (insertNumber < 0) continue;
          workload.inserted(insertNumber);
          inserted.push(Number(key.key.slice(1)));
        }
      }
      // As if handed out by one: in turn, from where the records end.
      assert.equal(new Set(inserted).size, inserted.length);
      assert.equal(Math.min(...inserted), 60);
      assert(Math.max(...inserted) < 60 + 3 * inserted.length);
    }
  });

  it("of constant arrivals come in turn: together they are one even schedule", () => {
    for (const drivers of [2, 3, 5]) {
      const whole = shared(drivers, { load: OPEN });
      const together = turns(drivers)
        .flatMap((turn) => {
          const { load } = shareOf(whole, turn);
          assert(load.model === "open");
          const schedule = arrivals(load, Random.fromSeed(1));
          return Array.from({ length: 60 / drivers }, () => schedule.next());
        })
        .sort((a, b) => a - b);
      const alone = arrivals(OPEN, Random.fromSeed(1));
      assert.deepEqual(
        together,
        Array.from({ length: together.length }, () => alone.next()),
      );
    }
  });

  it("of every schedule ask together for the rate of the whole, at every time", () => {
    const schedules: readonly ArrivalSettings[] = [
      { ratePerSecond: 90, arrivals: "poisson" },
      { ratePerSecond: 90, arrivals: "bursts", bursts: { onMs: 300, offMs: 700, lull: 0.1 } },
      { ratePerSecond: 90, arrivals: "diurnal", diurnal: { periodMs: 4_000, trough: 0.2 } },
      { ratePerSecond: 90, arrivals: "ramp", ramp: { fromPerSecond: 10, overMs: 3_000 } },
      {
        ratePerSecond: 10,
        arrivals: "steps",
        steps: [
          { atMs: 0, ratePerSecond: 10 },
          { atMs: 1_500, ratePerSecond: 50 },
        ],
      },
      { ratePerSecond: 90, arrivals: "spike", spike: { atMs: 1_000, forMs: 500, factor: 4 } },
    ];
    for (const schedule of schedules) {
      const whole = shared(3, { load: { model: "open", clients: 3, ...schedule } });
      for (let from = 0; from < 4; from += 0.5) {
        const sum = turns(3).reduce((total, turn) => {
          const { load } = shareOf(whole, turn);
          assert(load.model === "open");
          return total + offeredBetween(load, from, from + 0.5);
        }, 0);
        assert(Math.abs(sum - offeredBetween(schedule, from, from + 0.5)) < 1e-9, schedule.arrivals);
      }
    }
  });

  it("of a closed load under a rate leave every client the pace that it has among all", () => {
    const load = { model: "closed", clients: 7, think: undefined, targetPerSecond: 210 } as const;
    const parts = turns(3).map((turn) => shareOf(shared(3, { load }), turn).load);
    assert.deepEqual(
      parts.map((part) => [part.clients, part.model === "closed" ? part.targetPerSecond : undefined]),
      [
        [3, 90],
        [2, 60],
        [2, 60],
      ],
    );
  });

  it("have hottest keys of their own: each gets its part of what the hottest of so many keys gets", () => {
    const chooser = { name: "zipf", theta: 0.99 } as const;
    const of = (loadProcesses: number, insertCount: number, load: WorkloadSettings["load"]): number =>
      expectedHottestKey(
        shared(loadProcesses, {
          load,
          records: { ...settings().records, chooser, insertCount, recordCount: insertCount },
        }),
      )!.share;
    assert(Math.abs(of(4, 400, { ...OPEN, clients: 4 }) - of(1, 100, OPEN) / 4) < 1e-12);
    const closed = { model: "closed", clients: 7, think: undefined, targetPerSecond: undefined } as const;
    assert(Math.abs(of(2, 200, closed) - (of(1, 100, closed) * 4) / 7) < 1e-12);
  });

  it("number their operations without a collision", () => {
    const ids = turns(3).flatMap((turn) => Array.from({ length: 50 }, (_, i) => operationId(i + 1, turn)));
    assert.deepEqual(
      ids.sort((a, b) => a - b),
      Array.from({ length: 150 }, (_, i) => i + 1),
    );
  });

  it("have carts of their own", () => {
    const carts: CartSettings = {
      name: "cart",
      carts: 11,
      items: 5,
      remove: 0.3,
      view: 0.3,
      robots: 0,
      robotShare: 0,
      checkout: 4,
      resolver: "union",
    };
    const whole = shared(2, { mixture: carts, records: { ...settings().records, insertCount: 11, recordCount: 11 } });
    const seen = turns(2).map((turn) => {
      const share = shareOf(whole, turn);
      const workload = workloadFor(share, Random.fromSeed(1));
      const loaded = Array.from({ length: workload.loadCount }, (_, i) => workload.loadOperation(i));
      assert(loaded.every(({ key, value }) => workload.verify?.(key, value)));
      const names = new Set(loaded.map(({ key }) => key.key));
      for (let i = 0; i < 500; i++) {
        const { key, merge, client } = workload.next(i % share.load.clients);
        assert(client! < share.load.clients);
        names.add(key.key.split(".")[0]);
        if (merge !== undefined) assert(workload.verify?.(key, merge([])), key.key);
      }
      return names;
    });
    assert.deepEqual(
      seen.map(({ size }) => size),
      [5, 6],
    );
    assert.equal(new Set(seen.flatMap((names) => [...names])).size, 11);
  });
});

describe("loads that are not shared", () => {
  it("are told with the setting that is in the way", () => {
    const obstacle = (changes: Partial<WorkloadSettings>): string | undefined =>
      whyNotShared(shared(8, { load: { ...OPEN, clients: 8 }, ...changes }))?.key;
    const { records, mix } = settings();
    assert.equal(obstacle({}), undefined);
    assert.equal(obstacle({ load: OPEN }), "workload.clients");
    assert.equal(obstacle({ maxOutstanding: 7 }), "workload.max_outstanding");
    assert.equal(obstacle({ records: { ...records, insertCount: 7 } }), "workload.keys.count");
    assert.equal(obstacle({ records: { ...records, fanOut: 3 } }), undefined);
    assert.equal(obstacle({ records: { ...records, fanOut: 3 }, mix: { ...mix, multiGet: 1 } }), "workload.fan_out");
    assert.equal(obstacle({ mixture: { name: "scripted", steps: [] } }), "workload.mix_name");
    assert.equal(
      obstacle({ mixture: { name: "counters", counters: 8, view: 0, resolver: "counter" } }),
      "workload.mix_name",
    );
  });
});

/** Every request answered after a millisecond, those of driver 0 after three: its load ends last. */
function play(whole: WorkloadSettings): {
  readonly records: OperationRecord[][];
  readonly group: DriverGroup;
  readonly starts: Set<number>;
} {
  const of = driversOf(whole);
  const world = new EventList();
  const drivers = turns(of).map((turn) =>
    driverOfShare({
      settings: whole,
      turn,
      root: Random.fromSeed(5),
      phases: { warmupMs: 100, measureMs: 1_000, drainMs: 50 },
      start: 0,
    }),
  );
  const group = new DriverGroup(drivers);
  const records: OperationRecord[][] = drivers.map(() => []);
  const drives = drivers.map((driver, i) =>
    driveInVirtualTime({
      driver,
      target: {
        submit: (_request, done) => world.at(world.now() + (i === 0 ? 3_000 : 1_000), () => done(REPLY)),
      },
      world,
      record: (record) => records[i].push(record),
      turned: () => {
        if (group.releaseWhenLoaded(world.now())) for (const drive of drives) drive.told();
      },
    }),
  );
  if (group.releaseWhenLoaded(world.now())) for (const drive of drives) drive.told();
  while (!group.done()) assert(world.turn(), "the run comes to an end");
  return { records, group, starts: new Set(drivers.map(({ phaseStarts }) => phaseStarts.warmup)) };
}

describe("drivers that share a load", () => {
  const whole = shared(3, {
    load: OPEN,
    preload: true,
    records: { ...settings().records, recordCount: 200, insertCount: 200 },
  });

  it("begin their warm-up at one instant, when the slowest has loaded its part", () => {
    const { records, starts } = play(whole);
    assert.equal(starts.size, 1);
    const loads = records.map((list) => list.filter(({ phase }) => phase === "load"));
    assert.deepEqual(
      loads.map(({ length }) => length),
      [66, 67, 67],
    );
    const ends = loads.map((list) => list.at(-1)!.end);
    assert(ends[0] > ends[1]);
    assert.deepEqual([...starts], [ends[0]]);
  });

  it("load nothing where nothing is to be loaded, also while they wait for the warm-up", () => {
    const driver = driverOfShare({
      settings: { ...whole, preload: false },
      turn: { index: 0, of: 3 },
      root: Random.fromSeed(5),
      phases: { warmupMs: 100, measureMs: 1_000, drainMs: 50 },
      start: 0,
    });
    assert(driver.loaded);
    driver.step(0);
    assert.deepEqual([driver.takeRequests(), driver.nextWakeup()], [[], undefined]);
    driver.release(50_000);
    assert.equal(driver.nextWakeup(), 50_000);
  });

  it("ask together for what one driver would: as many, evenly spaced, in the same phases", () => {
    const { records, group } = play(whole);
    const alone = play({ ...whole, loadProcesses: 1 });
    const due = (list: readonly OperationRecord[], start: number): [number, string][] =>
      list
        .filter(({ phase }) => phase !== "load")
        .map(({ intended, phase }): [number, string] => [intended - start, phase])
        .sort(([a], [b]) => a - b);
    assert.deepEqual(
      due(records.flat(), group.phaseStarts.warmup),
      due(alone.records.flat(), alone.group.phaseStarts.warmup),
    );
    const [one, three] = [alone.group.progress(), group.progress()];
    assert.deepEqual([three.measured, three.load, three.operations], [one.measured, one.load, one.operations]);
  });

  it("share no session, no write id and no written key; clients have the numbers that they would have alone", () => {
    const { records, group } = play({ ...whole, clientLifetime: 5 });
    const of = (list: readonly OperationRecord[], what: (record: OperationRecord) => number | string) =>
      new Set(list.filter(({ writeId }) => writeId !== 0).map(what));
    for (const what of [
      (record: OperationRecord) => record.session,
      (record: OperationRecord) => record.key,
      (record: OperationRecord) => record.writeId,
    ]) {
      const sets = records.map((list) => of(list, what));
      assert.equal(
        new Set(sets.flatMap((set) => [...set])).size,
        sets.reduce((sum, { size }) => sum + size, 0),
      );
    }
    assert(group.progress().identities.renewed > 20);
    const first = new Set(
      play(whole)
        .records.flat()
        .filter(({ phase }) => phase !== "load")
        .map(({ session }) => session),
    );
    assert.deepEqual([...first].sort(), [0, 1, 2, 3, 4, 5, 6]);
    assert.equal(group.keysWritten.size, of(records.flat(), ({ key }) => key).size);
    for (const key of group.keysWritten.keys()) assert.equal(group.writesInFlight(key), false);
  });

  it("do the same under the same seed, and each something of its own", () => {
    const keys = (): string[][] =>
      play(whole).records.map((list) => list.filter(({ phase }) => phase !== "load").map(({ key }) => key));
    const [a, b] = [keys(), keys()];
    assert.deepEqual(a, b);
    const places = a.map((list, i) => list.map((key) => Number(key.slice(1)) - partOf(200, { index: i, of: 3 }).first));
    assert.notDeepEqual(places[0].slice(0, 50), places[1].slice(0, 50));
  });

  it("where nothing is loaded begin at once", () => {
    const { starts } = play({ ...whole, preload: false });
    assert.deepEqual([...starts], [0]);
  });

  it("have room for as many identities as one driver has", () => {
    const highest = turns(16).map(({ index, of }) => index + of * (Math.floor(MAX_SESSIONS / of) - 1));
    assert(highest.every((number) => number < MAX_SESSIONS));
  });

  it("are summed field by field", () => {
    const { group } = play(whole);
    const one = group.progress();
    const twice = sumOfProgress([one, one]);
    const flat = (value: unknown, path = ""): [string, unknown][] =>
      typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([name, part]) => flat(part, `${path}.${name}`))
        : [[path, value]];
    const doubled = new Map(flat(twice));
    for (const [path, value] of flat(one))
      assert.equal(doubled.get(path), typeof value === "number" ? value * 2 : value, path);
  });
});
