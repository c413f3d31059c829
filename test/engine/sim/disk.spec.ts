import { strict as assert } from "node:assert";
import fc from "fast-check";
import { clockNamed, packActor } from "../../../engine/clocks/clock";
import { type DiskCondition, SOUND_DISK } from "../../../engine/host/faults";
import { type DiskOptions, SimulatedDisk } from "../../../engine/sim/disk";
import type { StorageEvents } from "../../../engine/host/ports";
import type { DamagedRecord, RangePage, ScannedRecord } from "../../../engine/io";
import { decodeAddress } from "../../../engine/vocabulary/address";
import { distributionOf } from "../../../engine/vocabulary/distributions";
import { Random } from "../../../engine/vocabulary/random";
import { key } from "./settings";
import { by } from "../clocks/event-maker";

const clock = clockNamed("dvvset");
const state = (writeId: number, value = `v${String(writeId)}`): unknown =>
  clock.update(undefined, "", { writeId, value, tombstone: false }, by(packActor(0, 0, 1)));
const idOf = (held: unknown): number | undefined => (held === undefined ? undefined : clock.versions(held)[0].writeId);

const ms = (valueMs: number): DiskOptions["read"] => distributionOf({ dist: "constant", valueMs });

const nameOf = (address: string): string => decodeAddress(address)?.key ?? "no key";

const SILENT: StorageEvents = {
  loaded: () => undefined,
  loadFailed: () => undefined,
  stored: () => undefined,
  storeFailed: () => undefined,
  scanned: () => undefined,
  ranged: () => undefined,
};

/** A disk, the time it lives in, and everything it reported: `12 stored 3` at 12 ms. */
class Desk {
  readonly disk: SimulatedDisk;
  readonly reports: string[] = [];
  readonly loads = new Map<number, unknown>();
  cursor: unknown;
  private now = 0;
  private later: { at: number; order: number; act: () => void }[] = [];
  private asked = 0;
  private token = 0;

  constructor(options: Partial<DiskOptions> = {}) {
    const random = Random.fromSeed(7);
    this.disk = new SimulatedDisk(
      {
        now: () => this.now,
        later: (at, act) => this.later.push({ at, order: this.asked++, act }),
        report: (act) => act(),
      },
      {
        clock,
        sync: "each",
        read: ms(1),
        write: ms(2),
        syncing: ms(10),
        speed: 1,
        keepStates: false,
        random: random.fork("costs"),
        misfortune: random.fork("faults"),
        ...options,
      },
    );
  }

  store(name: string, writeId: number, vnode = 0): number {
    const token = ++this.token;
    this.disk.store(token, vnode, key(name), state(writeId), this.events);
    return token;
  }

  /** The next page of a walk, or the first one. */
  scan(limit: number, cursor: unknown = undefined): number {
    const token = ++this.token;
    this.disk.scan(token, cursor, limit, this.events);
    return token;
  }

  range(from: string, to: string, limit = 1_000): number {
    const token = ++this.token;
    const asked = { vnodes: [0], from: key(from), to: key(to), limit, bytes: 1_000_000 };
    this.disk.range(token, asked, this.events);
    return token;
  }

  load(name: string, vnode = 0): number {
    const token = ++this.token;
    this.disk.load(token, vnode, key(name), this.events);
    return token;
  }

  /** Loads and waits: the write id held, undefined for none, or why it failed. */
  held(name: string, vnode = 0): number | string | undefined {
    const token = this.load(name, vnode);
    this.runUntilQuiet();
    const report = this.reports.find((line) => line.includes(` failed ${String(token)}:`));
    return report === undefined ? idOf(this.loads.get(token)) : report.split(": ")[1];
  }

  run(untilMs: number): void {
    this.runTo(untilMs * 1_000);
  }

  runUntilQuiet(): void {
    while (this.later.length > 0) this.runTo(Math.min(...this.later.map(({ at }) => at)));
  }

  private runTo(until: number): void {
    for (;;) {
      this.later.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.later[0] as (typeof this.later)[number] | undefined;
      if (next === undefined || next.at > until) break;
      this.later.shift();
      this.now = next.at;
      next.act();
    }
    this.now = Math.max(this.now, until);
  }

  crash(): void {
    // The world forgets what belonged to the life that ended.
    this.later = [];
    this.disk.crash();
  }

  suffer(condition: Partial<DiskCondition>): void {
    this.disk.suffer({ ...SOUND_DISK, ...condition });
  }

  private readonly events = {
    loaded: (token: number, loaded: unknown): void => {
      this.loads.set(token, loaded);
      this.report(`loaded ${String(token)}`);
    },
    loadFailed: (token: number, reason: string): void => this.report(`load failed ${String(token)}: ${reason}`),
    stored: (token: number): void => this.report(`stored ${String(token)}`),
    storeFailed: (token: number, reason: string): void => this.report(`store failed ${String(token)}: ${reason}`),
    scanned: (
      token: number,
      entries: readonly ScannedRecord[],
      cursor: unknown,
      damaged: readonly DamagedRecord[],
    ): void => {
      this.cursor = cursor;
      const found = entries.map(
        ({ vnode, address, state: held }) => `${nameOf(address)}/${String(vnode)}=${String(idOf(held))}`,
      );
      const bad = damaged.map(({ vnode, address, reason }) => `${nameOf(address)}/${String(vnode)} ${reason}`);
      this.report(`scanned ${String(token)}: ${[...found, ...bad].join(", ")}${cursor === undefined ? " end" : ""}`);
    },
    ranged: (token: number, { entries, upTo, failure }: RangePage): void => {
      const found = entries.map(({ address, state: held }) => `${nameOf(address)}=${String(idOf(held))}`);
      const end = upTo === undefined ? "end" : `up to ${nameOf(upTo)}`;
      this.report(`ranged ${String(token)}: ${[...found, failure ?? end].join(", ")}`);
    },
  };

  private report(what: string): void {
    this.reports.push(`${String(this.now / 1_000)} ${what}`);
  }
}

describe("ranges of a simulated disk", () => {
  const filled = (options: Partial<DiskOptions> = {}): Desk => {
    const desk = new Desk({ sync: "never", write: undefined, ...options });
    ["d", "b", "a", "c"].forEach((name, i) => desk.store(name, i + 1));
    desk.runUntilQuiet();
    desk.reports.length = 0;
    return desk;
  };

  it("take a load's time for each record, and for one where there is none", () => {
    const desk = filled();
    const [whole, page, none] = [desk.range("a", "e"), desk.range("b", "e", 2), desk.range("x", "z")];
    desk.runUntilQuiet();
    assert.deepEqual(desk.reports, [
      `1 ranged ${String(none)}: end`,
      `2 ranged ${String(page)}: b=2, c=4, up to d`,
      `4 ranged ${String(whole)}: a=3, b=2, c=4, d=1, end`,
    ]);
  });

  it("know what was stored, replaced and removed since the last one", () => {
    const desk = filled();
    desk.range("a", "z");
    desk.runUntilQuiet();
    desk.store("bb", 7);
    desk.store("a", 8);
    desk.disk.store(99, 0, key("c"), undefined, SILENT);
    const token = desk.range("a", "z");
    desk.runUntilQuiet();
    assert.equal(desk.reports.at(-1), `8 ranged ${String(token)}: a=8, b=2, bb=7, d=1, end`);
    desk.store("c", 9);
    const again = desk.range("b", "d");
    desk.runUntilQuiet();
    assert.ok(desk.reports.at(-1)!.endsWith(`ranged ${String(again)}: b=2, bb=7, c=9, end`), desk.reports.at(-1));
  });

  it("after a crash are of what survived it", () => {
    const desk = new Desk();
    desk.store("a", 1);
    desk.runUntilQuiet();
    desk.range("a", "z");
    desk.runUntilQuiet();
    desk.store("b", 2);
    desk.crash();
    const token = desk.range("a", "z");
    desk.runUntilQuiet();
    assert.ok(desk.reports.at(-1)!.endsWith(`ranged ${String(token)}: a=1, end`), desk.reports.at(-1));
  });

  it("end before a record that cannot be read, and fail at one", () => {
    const desk = filled();
    desk.suffer({ torn: 1 });
    desk.store("c", 9);
    desk.suffer({});
    desk.runUntilQuiet();
    const [before, at] = [desk.range("a", "z"), desk.range("c", "z")];
    desk.runUntilQuiet();
    assert.ok(desk.reports.some((line) => line.endsWith(`ranged ${String(before)}: a=3, b=2, up to c`)));
    assert.ok(desk.reports.some((line) => line.endsWith(`ranged ${String(at)}: checksum mismatch`)));
    desk.suffer({ errors: 1 });
    const failed = desk.range("a", "z");
    desk.runUntilQuiet();
    assert.ok(desk.reports.at(-1)!.endsWith(`ranged ${String(failed)}: read error`));
  });
});

describe("a simulated disk's time", () => {
  it("syncs each store by itself, one after another", () => {
    const desk = new Desk();
    for (let i = 0; i < 3; i++) desk.store("k", i);
    desk.runUntilQuiet();
    assert.deepEqual(desk.reports, ["12 stored 1", "24 stored 2", "36 stored 3"]);
  });

  it("with group, syncs together what arrived while the last sync was under way", () => {
    const desk = new Desk({ sync: "group" });
    desk.store("a", 1);
    desk.run(5);
    for (const name of ["b", "a", "c"]) desk.store(name, 2);
    desk.run(13);
    desk.store("d", 3);
    desk.runUntilQuiet();
    assert.deepEqual(desk.reports, ["12 stored 1", "28 stored 2", "28 stored 3", "28 stored 4", "40 stored 5"]);
  });

  it("with never, says stored once a store is handed over", () => {
    const desk = new Desk({ sync: "never" });
    desk.store("a", 1);
    desk.store("a", 2);
    desk.runUntilQuiet();
    assert.deepEqual(desk.reports, ["2 stored 1", "4 stored 2"]);
  });

  it("reads what was handed over at once, without queueing behind stores", () => {
    const desk = new Desk();
    desk.store("a", 1);
    desk.load("a");
    desk.load("b");
    desk.run(1);
    assert.deepEqual(desk.reports, ["1 loaded 2", "1 loaded 3"]);
    assert.equal(idOf(desk.loads.get(2)), 1);
    assert.equal(desk.loads.get(3), undefined);
  });

  it("is slower by the factor of a fault and faster by its machine's speed", () => {
    const desk = new Desk({ speed: 2 });
    desk.store("a", 1);
    desk.runUntilQuiet();
    desk.suffer({ slowness: 8 });
    desk.store("a", 2);
    desk.load("a");
    desk.runUntilQuiet();
    assert.deepEqual(desk.reports, ["6 stored 1", "10 loaded 3", "54 stored 2"]);
  });

  it("completes the stores of a key in order, whatever the mode, the draws and the failures", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("each" as const, "group" as const, "never" as const),
        fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.nat(30), fc.boolean()), { maxLength: 40 }),
        (sync, stores) => {
          const drawn = distributionOf({ dist: "exponential", meanMs: 5, shiftMs: 0 });
          const desk = new Desk({ sync, write: drawn, syncing: drawn });
          let at = 0;
          for (const [name, gap, full] of stores) {
            desk.run((at += gap));
            desk.suffer({ full });
            desk.store(name, 1);
          }
          desk.runUntilQuiet();
          const tokens = desk.reports.map((line) => Number(/(\d+)(?::.*)?$/.exec(line)![1]));
          assert.deepEqual(
            tokens,
            stores.map((_, i) => i + 1),
          );
        },
      ),
      { numRuns: 60, seed: 2 },
    );
  });

  it("goes on after thousands of stores, forgetting what it has done", () => {
    for (const sync of ["each", "group", "never"] as const) {
      const desk = new Desk({ sync });
      for (let i = 0; i < 5_000; i++) desk.store(`k${String(i % 10)}`, i);
      desk.runUntilQuiet();
      assert.equal(desk.reports.length, 5_000);
      assert.equal(desk.held("k9"), 4_999);
      assert.equal(desk.disk.count(), 10);
    }
  });
});

describe("a scan", () => {
  it("takes a read's time for each record of its page, at the disk's present speed", () => {
    const desk = new Desk({ write: undefined, syncing: undefined });
    for (const [i, name] of ["a", "b", "c"].entries()) desk.store(name, i, i === 2 ? 513 : 0);
    desk.run(0);
    desk.scan(2);
    desk.runUntilQuiet();
    desk.suffer({ slowness: 4 });
    desk.scan(2, desk.cursor);
    desk.runUntilQuiet();
    assert.deepEqual(desk.reports.slice(3), ["2 scanned 4: a/0=0, b/0=1", "6 scanned 5: c/513=2 end"]);
  });

  it("tells what is stored when its page ends, and nothing of what has gone by then", () => {
    const desk = new Desk({ write: undefined, syncing: undefined });
    desk.store("a", 1);
    desk.store("b", 2);
    desk.run(0);
    desk.scan(10);
    desk.store("a", 3);
    desk.disk.store(99, 0, key("b"), undefined, SILENT);
    desk.runUntilQuiet();
    assert.equal(desk.reports.at(-1), "2 scanned 3: a/0=3 end");
  });

  it("passes over what is damaged or cannot be read, says so, and comes to all that is sound", () => {
    const desk = new Desk({ sync: "never" });
    for (let i = 0; i < 300; i++) desk.store(`k${String(i)}`, i);
    desk.runUntilQuiet();
    desk.disk.corrupt(0.2);
    desk.suffer({ errors: 0.1 });
    let lines = "";
    for (let pages = 0; pages === 0 || desk.cursor !== undefined; pages++) {
      assert.ok(pages < 60);
      desk.scan(7, desk.cursor);
      desk.runUntilQuiet();
      lines += `, ${desk.reports.at(-1)!.replace(/^\S+ scanned \d+: | end$/g, "")}`;
    }
    const { corrupt, mismatches, errors } = desk.disk.mishaps;
    const told = lines.split(", ").filter((line) => line !== "");
    assert.equal(new Set(told.map((line) => line.split("/")[0])).size, 300);
    assert.equal(told.length, 300);
    assert.equal(told.filter((line) => line.endsWith("checksum mismatch")).length, mismatches);
    assert.equal(told.filter((line) => line.endsWith("read error")).length, errors);
    assert.ok(corrupt > 30 && errors > 10 && mismatches > 20 && mismatches <= corrupt);
  });

  it("of a machine that crashes never ends; the walk of its next life is whole", () => {
    const desk = new Desk();
    desk.store("a", 1);
    desk.store("b", 2);
    desk.runUntilQuiet();
    desk.store("a", 3);
    desk.scan(1);
    desk.crash();
    desk.runUntilQuiet();
    assert.ok(!desk.reports.some((line) => line.includes("scanned")));
    desk.scan(5);
    desk.runUntilQuiet();
    assert.ok(desk.reports.at(-1)!.endsWith("a/0=1, b/0=2 end"), desk.reports.at(-1));
  });
});

describe("a crash", () => {
  for (const keepStates of [false, true]) {
    const how = keepStates ? "kept as states" : "kept as bytes";

    it(`loses exactly what was not synced, records ${how}`, () => {
      const desk = new Desk({ keepStates });
      desk.store("a", 1);
      desk.runUntilQuiet();
      desk.store("a", 2);
      desk.store("b", 3);
      desk.store("a", 4);
      desk.run(12 + 12);
      assert.equal(desk.reports.length, 2, "the second store is synced, the others are not");
      desk.crash();
      assert.equal(desk.held("a"), 2);
      assert.equal(desk.held("b"), undefined);
      assert.equal(desk.disk.mishaps.undone, 2);
      desk.store("b", 5);
      desk.runUntilQuiet();
      assert.equal(desk.held("b"), 5, "the disk works on after a crash");
    });
  }

  it("with group, keeps a batch whole or not at all", () => {
    // One store until 12 ms, then three together until 28 ms.
    for (const [until, held] of [
      [27, undefined],
      [28, 2],
    ] as const) {
      const desk = new Desk({ sync: "group" });
      desk.store("x", 1);
      for (const name of ["a", "b", "c"]) desk.store(name, 2);
      desk.run(until);
      desk.crash();
      assert.deepEqual(
        ["x", "a", "b", "c"].map((name) => desk.held(name)),
        [1, held, held, held],
      );
    }
  });

  it("with never, loses a random suffix: what survives is always what was stored first", () => {
    const survivors = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const desk = new Desk({ sync: "never", misfortune: Random.fromSeed(seed) });
      for (let i = 1; i <= 4; i++) desk.store(`k${String(i)}`, i);
      desk.runUntilQuiet();
      desk.crash();
      const held = [1, 2, 3, 4].map((i) => desk.held(`k${String(i)}`));
      const kept = held.filter((id) => id !== undefined).length;
      assert.deepEqual(
        held,
        [1, 2, 3, 4].map((i) => (i <= kept ? i : undefined)),
      );
      survivors.add(kept);
    }
    assert.deepEqual([...survivors].sort(), [0, 1, 2, 3, 4]);
  });

  it("with never, keeps what the system has written back by then", () => {
    for (let seed = 0; seed < 20; seed++) {
      const desk = new Desk({ sync: "never", misfortune: Random.fromSeed(seed) });
      desk.store("old", 1);
      desk.run(31_000);
      desk.store("young", 2);
      desk.runUntilQuiet();
      desk.crash();
      assert.equal(desk.held("old"), 1);
    }
  });

  it("leaves what a list of all stores says it must, whatever was stored and when it came", () => {
    const store = fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(15));
    fc.assert(
      fc.property(
        fc.constantFrom("each" as const, "group" as const),
        fc.array(store),
        fc.nat(200),
        (sync, stores, at) => {
          const desk = new Desk({ sync });
          const names: string[] = [];
          let now = 0;
          for (const [name, gap] of stores) {
            now += gap;
            if (now > at) break;
            desk.run(now);
            names.push(name);
            desk.store(name, names.length);
          }
          desk.run(at);
          const stored = desk.reports.length;
          desk.crash();
          for (const name of ["a", "b", "c"]) {
            // The dumb twin: the last store of that key that was reported.
            const last = names.slice(0, stored).lastIndexOf(name);
            assert.equal(desk.held(name), last < 0 ? undefined : last + 1);
          }
        },
      ),
      { numRuns: 100, seed: 6 },
    );
  });

  it("is not undone by a wipe, which leaves nothing", () => {
    const desk = new Desk();
    desk.store("a", 1);
    desk.runUntilQuiet();
    desk.store("a", 2);
    desk.crash();
    desk.disk.wipe();
    assert.equal(desk.held("a"), undefined);
    assert.equal(desk.disk.count(), 0);
  });
});

describe("a disk that fails", () => {
  it("when full refuses stores, keeps what it has and loads it", () => {
    const desk = new Desk();
    desk.store("a", 1);
    desk.runUntilQuiet();
    desk.suffer({ full: true });
    desk.store("a", 2);
    desk.runUntilQuiet();
    assert.equal(desk.reports.at(-1), "14 store failed 2: disk full");
    assert.equal(desk.held("a"), 1);
    desk.suffer({});
    desk.store("a", 3);
    desk.runUntilQuiet();
    desk.crash();
    assert.equal(desk.held("a"), 3);
  });

  it("with errors fails the share of loads and stores it was told, and those only", () => {
    const desk = new Desk({ read: undefined, write: undefined, syncing: undefined });
    desk.store("a", 1);
    desk.runUntilQuiet();
    desk.suffer({ errors: 0.25 });
    for (let i = 0; i < 4_000; i++) {
      desk.load("a");
      desk.store("b", i);
    }
    desk.runUntilQuiet();
    const failed = (what: string): number => desk.reports.filter((line) => line.includes(what)).length;
    for (const what of ["load failed", "store failed"]) {
      assert.ok(Math.abs(failed(what) / 4_000 - 0.25) < 0.035, `${String(failed(what))} ${what}`);
    }
    assert.equal(desk.disk.mishaps.errors, failed("failed"));
  });

  for (const keepStates of [false, true]) {
    const how = keepStates ? "kept as states" : "kept as bytes";

    it(`finds every torn record by its checksum, never serves it, and heals with the next store, records ${how}`, () => {
      const desk = new Desk({ keepStates });
      desk.suffer({ torn: 1 });
      for (let i = 0; i < 50; i++) desk.store(`k${String(i)}`, i);
      desk.runUntilQuiet();
      for (let i = 0; i < 50; i++) assert.equal(desk.held(`k${String(i)}`), "checksum mismatch");
      assert.equal(desk.disk.mishaps.mismatches, 50);
      desk.suffer({});
      desk.store("k7", 70);
      desk.runUntilQuiet();
      assert.equal(desk.held("k7"), 70);
    });

    it(`finds a write that never reached the platter: neither the old record nor absence is served, records ${how}`, () => {
      const desk = new Desk({ keepStates });
      desk.store("a", 1);
      desk.runUntilQuiet();
      desk.suffer({ lost: 1 });
      desk.store("a", 2);
      desk.store("b", 3);
      desk.runUntilQuiet();
      assert.match(desk.reports.at(-1)!, /stored 3/, "it was acknowledged");
      assert.equal(desk.held("a"), "checksum mismatch");
      assert.equal(desk.held("b"), "checksum mismatch");
    });

    it(`finds every record that rots at rest, and leaves the others as they were, records ${how}`, () => {
      const desk = new Desk({ keepStates });
      const COUNT = 400;
      for (let i = 0; i < COUNT; i++) desk.store(`k${String(i)}`, i);
      desk.runUntilQuiet();
      desk.disk.corrupt(0.25);
      let damaged = 0;
      for (let i = 0; i < COUNT; i++) {
        const held = desk.held(`k${String(i)}`);
        if (held === "checksum mismatch") damaged++;
        else assert.equal(held, i);
      }
      assert.equal(damaged, desk.disk.mishaps.corrupt);
      assert.ok(damaged > 60 && damaged < 140, `${String(damaged)} of ${String(COUNT)}`);
    });
  }

  it("a store that a crash undoes takes its damage along", () => {
    const desk = new Desk();
    desk.store("a", 1);
    desk.runUntilQuiet();
    desk.suffer({ torn: 1 });
    desk.store("a", 2);
    desk.crash();
    assert.equal(desk.held("a"), 1);
  });

  it("whatever goes wrong never shifts the times that are drawn for service", () => {
    const drawn = distributionOf({ dist: "exponential", meanMs: 5, shiftMs: 0 });
    const reportsOf = (condition: Partial<DiskCondition>): string[] => {
      const desk = new Desk({ write: drawn, syncing: drawn });
      desk.suffer(condition);
      for (let i = 0; i < 20; i++) desk.store("a", i);
      desk.runUntilQuiet();
      return desk.reports;
    };
    assert.deepEqual(reportsOf({ torn: 0.5, lost: 0.5 }), reportsOf({}));
  });
});
