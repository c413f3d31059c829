import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { open } from "lmdb";
import { type Clock, clockNamed, packActor } from "../../engine/clocks/clock";
import { SOUND_DISK } from "../../engine/host/faults";
import { MemoryStorage } from "../../engine/host/memory-storage";
import type { Storage } from "../../engine/host/ports";
import type { DamagedRecord, RangeAsked, RangePage, ScannedRecord } from "../../engine/io";
import { MAX_ADDRESS_BYTES } from "../../engine/node";
import { FaultyStorage } from "../../engine/real/faulty-storage";
import { LmdbStorage } from "../../engine/real/lmdb-storage";
import { SimulatedDisk } from "../../engine/sim/disk";
import { EventQueue } from "../../engine/sim/event-queue";
import { distributionOf } from "../../engine/vocabulary/distributions";
import { Random } from "../../engine/vocabulary/random";
import type { StorageSettings } from "../../engine/vocabulary/settings";
import { address } from "../engine/mini-world";
import { by } from "../engine/clocks/event-maker";

type Report =
  | { readonly kind: "loaded"; readonly token: number; readonly state: unknown }
  | { readonly kind: "stored"; readonly token: number }
  | {
      readonly kind: "scanned";
      readonly token: number;
      readonly entries: readonly ScannedRecord[];
      readonly cursor: unknown;
      readonly damaged: readonly DamagedRecord[];
    }
  | { readonly kind: "ranged"; readonly token: number; readonly page: RangePage }
  | { readonly kind: "load-failed" | "store-failed"; readonly token: number; readonly reason: string };

/** A storage with everything it reported, in order. */
class Desk {
  readonly reports: Report[] = [];
  private nextToken = 1;
  private readonly waiting = new Map<number, (report: Report) => void>();
  private readonly events = {
    loaded: (token: number, state: unknown): void => this.report({ kind: "loaded", token, state }),
    stored: (token: number): void => this.report({ kind: "stored", token }),
    loadFailed: (token: number, reason: string): void => this.report({ kind: "load-failed", token, reason }),
    storeFailed: (token: number, reason: string): void => this.report({ kind: "store-failed", token, reason }),
    scanned: (
      token: number,
      entries: readonly ScannedRecord[],
      cursor: unknown,
      damaged: readonly DamagedRecord[],
    ): void => this.report({ kind: "scanned", token, entries, cursor, damaged }),
    ranged: (token: number, page: RangePage): void => this.report({ kind: "ranged", token, page }),
  };

  constructor(readonly storage: Storage) {}

  load(vnode: number, key: string): Promise<Report> {
    return this.ask((token) => this.storage.load(token, vnode, key, this.events));
  }

  store(vnode: number, key: string, state: unknown): Promise<Report> {
    return this.ask((token) => this.storage.store(token, vnode, key, state, this.events));
  }

  /** A whole walk in pages of `limit`; `between` is called before each page but the first. */
  async walk(
    limit: number,
    between: () => Promise<void> = () => Promise.resolve(),
  ): Promise<{ entries: ScannedRecord[]; damaged: DamagedRecord[] }> {
    const entries: ScannedRecord[] = [];
    const damaged: DamagedRecord[] = [];
    let cursor: unknown;
    for (let pages = 0; pages === 0 || cursor !== undefined; pages++) {
      assert.ok(pages < 10_000, "a walk without an end");
      if (pages > 0) await between();
      const page = await this.ask((token) => this.storage.scan(token, cursor, limit, this.events));
      assert.ok(page.kind === "scanned");
      assert.ok(page.entries.length + page.damaged.length <= limit, "a page of at most the limit");
      entries.push(...page.entries);
      damaged.push(...page.damaged);
      ({ cursor } = page);
    }
    return { entries, damaged };
  }

  async range(asked: Partial<RangeAsked>): Promise<RangePage> {
    const whole = { vnodes: [0], from: "", to: "", limit: 1_000, bytes: 1_000_000 };
    const report = await this.ask((token) => this.storage.range(token, { ...whole, ...asked }, this.events));
    assert.ok(report.kind === "ranged");
    return report.page;
  }

  async loaded(vnode: number, key: string): Promise<unknown> {
    const report = await this.load(vnode, key);
    assert.equal(report.kind, "loaded", JSON.stringify(report));
    return report.kind === "loaded" ? report.state : undefined;
  }

  async stored(vnode: number, key: string, state: unknown): Promise<void> {
    assert.equal((await this.store(vnode, key, state)).kind, "stored");
  }

  private ask(act: (token: number) => void): Promise<Report> {
    const token = this.nextToken++;
    return new Promise((resolve) => {
      this.waiting.set(token, resolve);
      act(token);
    });
  }

  private report(report: Report): void {
    const asked = this.waiting.get(report.token);
    assert.ok(asked !== undefined, `token ${String(report.token)} was reported before or never given`);
    this.waiting.delete(report.token);
    this.reports.push(report);
    asked(report);
  }
}

/** States of a key after some writes at some replicas, blind or informed. */
function states(clock: Clock): fc.Arbitrary<unknown> {
  const octets = fc.uint8Array({ maxLength: 300 }).map((bytes) => String.fromCharCode(...bytes));
  const version = fc.record({ writeId: fc.nat(), value: octets, tombstone: fc.boolean() });
  return fc
    .array(fc.tuple(version, fc.nat(4), fc.nat(3), fc.integer({ min: 1, max: 9 }), fc.boolean()), {
      minLength: 1,
      maxLength: 6,
    })
    .map((writes) => {
      let state: unknown;
      for (const [written, node, vnode, epoch, informed] of writes) {
        const context = informed && state !== undefined ? clock.context(state) : "";
        state = clock.update(state, context, written, by(packActor(node, vnode, epoch)));
      }
      return state;
    });
}

interface Kind {
  readonly name: string;
  readonly open: (folder: string, clock: Clock) => Storage & { close?: () => Promise<void> };
}

/** The disk of the simulation, in a time that goes on whenever the program has a turn for it. */
function simulatedDisk(clock: Clock, sync: StorageSettings["sync"], keepStates: boolean): Storage {
  const queue = new EventQueue();
  const random = Random.fromSeed(5);
  let time = 0;
  let turn = false;
  const goOn = (): void => {
    turn = false;
    while (queue.take()) {
      time = queue.at;
      (queue.payload as () => void)();
    }
  };
  const cost = distributionOf({ dist: "exponential", meanMs: 1, shiftMs: 0 });
  return new SimulatedDisk(
    {
      now: () => time,
      later: (at, act) => {
        queue.schedule(at, 1, 0, 0, 0, act);
        if (!turn) setImmediate(goOn);
        turn = true;
      },
      report: (act) => act(),
    },
    {
      clock,
      sync,
      read: cost,
      write: cost,
      syncing: cost,
      speed: 1,
      keepStates,
      random: random.fork("costs"),
      misfortune: random.fork("misfortune"),
    },
  );
}

const KINDS: readonly Kind[] = [
  { name: "memory", open: () => new MemoryStorage() },
  ...(["each", "group", "never"] as const).flatMap((sync) =>
    [false, true].map((keepStates) => ({
      name: `simulated disk, sync ${sync}, records kept as ${keepStates ? "states" : "bytes"}`,
      open: (_folder: string, clock: Clock) => simulatedDisk(clock, sync, keepStates),
    })),
  ),
  ...(["each", "group", "never"] as const).map((sync) => ({
    name: `LMDB, sync ${sync}`,
    open: (folder: string, clock: Clock) => new LmdbStorage(folder, clock, sync),
  })),
  ...[1, 3].map((slowness) => ({
    name: `LMDB, sync group, behind a disk that is ${String(slowness)} times as slow`,
    open: (folder: string, clock: Clock) => {
      const storage = new FaultyStorage(new LmdbStorage(folder, clock, "group"), Random.fromSeed(3));
      storage.suffer({ ...SOUND_DISK, slowness });
      return storage;
    },
  })),
];

const stateOf = (clock: Clock, writeId: number, value = "v"): unknown =>
  clock.update(undefined, "", { writeId, value, tombstone: false }, by(packActor(0, 0, 1)));

for (const { name, open: openStorage } of KINDS) {
  describe(`storage: ${name}`, () => {
    for (const clockName of ["dvvset", "vv-server"]) {
      describe(`with ${clockName}`, () => {
        const clock = clockNamed(clockName);
        let folder = "";
        let storage: ReturnType<Kind["open"]>;
        let desk: Desk;

        beforeEach(() => {
          folder = mkdtempSync(join(tmpdir(), "quorumlab-storage-"));
          storage = openStorage(folder, clock);
          desk = new Desk(storage);
        });

        afterEach(async () => {
          await storage.close?.();
          rmSync(folder, { recursive: true, force: true });
        });

        it("holds nothing at first, and says so without failing", async () => {
          assert.equal(await desk.loaded(0, address("absent")), undefined);
          assert.equal(storage.count(), 0);
        });

        it("returns any state as it was stored, at once", async () => {
          await fc.assert(
            fc.asyncProperty(
              states(clock),
              fc.uint8Array({ maxLength: 40 }),
              fc.nat(65_535),
              async (state, bytes, vnode) => {
                const key = address(String.fromCharCode(...bytes));
                await desk.stored(vnode, key, state);
                const loaded = await desk.loaded(vnode, key);
                assert.equal(clock.compare(loaded, state), "equal");
                assert.equal(clock.describe(loaded), clock.describe(state));
                // Cloned: generated records have no prototype.
                assert.deepEqual(structuredClone(clock.versions(loaded)), structuredClone(clock.versions(state)));
                assert.equal(clock.context(loaded), clock.context(state));
              },
            ),
            { numRuns: 25, seed: 5 },
          );
        });

        it("keeps keys, and vnodes of one key, apart", async () => {
          const keys = [address("a"), address("aa"), address("\u0000"), address("\u00ff".repeat(9))];
          const vnodes = [0, 1, 255, 256, 65_535];
          let writeId = 1;
          for (const key of keys) for (const vnode of vnodes) await desk.stored(vnode, key, stateOf(clock, writeId++));
          writeId = 1;
          for (const key of keys) {
            for (const vnode of vnodes) {
              assert.deepEqual(
                clock.versions(await desk.loaded(vnode, key)).map((version) => version.writeId),
                [writeId++],
              );
            }
          }
          assert.equal(storage.count(), keys.length * vnodes.length);
          await desk.stored(0, keys[0], stateOf(clock, 77));
          assert.equal(storage.count(), keys.length * vnodes.length, "a key stored again is still one key");
        });

        it("completes the stores of one key in order, the last one staying", async () => {
          const key = address("busy");
          const stores = Array.from({ length: 20 }, (_, i) =>
            desk.store(0, key, stateOf(clock, i + 1, `v${String(i)}`)),
          );
          await Promise.all(stores);
          const tokens = desk.reports.map(({ token }) => token);
          assert.deepEqual(
            tokens,
            [...tokens].sort((a, b) => a - b),
          );
          assert.deepEqual(
            clock.versions(await desk.loaded(0, key)).map(({ value }) => value),
            ["v19"],
          );
        });

        it("walks over nothing in one page", async () => {
          assert.deepEqual(await desk.walk(10), { entries: [], damaged: [] });
        });

        it("walks over every record of every vnode once, as it was stored, whatever the size of a page", async () => {
          const names = ["", "a", "aa", "b", "\u0000", "\u00ff".repeat(9)];
          const vnodes = [0, 1, 255, 256, 0x8000, 65_535];
          const stored = new Map<string, number>();
          for (const name of names) {
            for (const vnode of vnodes) {
              const writeId = stored.size + 1;
              stored.set(`${String(vnode)} ${address(name)}`, writeId);
              await desk.stored(vnode, address(name), stateOf(clock, writeId));
            }
          }
          for (const limit of [1, 4, 36, 37, 1_000]) {
            const { entries, damaged } = await desk.walk(limit);
            assert.deepEqual(damaged, []);
            assert.equal(entries.length, stored.size, `pages of ${String(limit)}`);
            const found = entries.map(({ vnode, address: at, state }): [string, number] => [
              `${String(vnode)} ${at}`,
              clock.versions(state)[0].writeId,
            ]);
            assert.deepEqual(new Map(found), stored);
          }
        });

        it("meets what stays exactly once while other keys and the same ones are written and removed", async () => {
          const random = Random.fromSeed(11);
          const staying = Array.from({ length: 60 }, (_, i) => address(`stays ${String(i)}`));
          const passing = Array.from({ length: 60 }, (_, i) => address(`passes ${String(i)}`));
          const vnodeOf = (key: string): number => (key.length % 2 === 0 ? 0 : 7);
          let writeId = 1;
          for (const key of [...staying, ...passing.slice(0, 30)]) {
            await desk.stored(vnodeOf(key), key, stateOf(clock, writeId++));
          }
          const { entries, damaged } = await desk.walk(5, async () => {
            for (let i = 0; i < 6; i++) {
              const again = staying[random.nextBelow(staying.length)];
              await desk.stored(vnodeOf(again), again, stateOf(clock, writeId++));
              const other = passing[random.nextBelow(passing.length)];
              const state = random.nextBelow(2) === 0 ? undefined : stateOf(clock, writeId++);
              await desk.stored(vnodeOf(other), other, state);
            }
          });
          assert.deepEqual(damaged, []);
          const times = new Map<string, number>();
          for (const { vnode, address: at } of entries) {
            assert.equal(vnode, vnodeOf(at));
            times.set(at, (times.get(at) ?? 0) + 1);
          }
          for (const key of staying) assert.equal(times.get(key), 1, key);
          for (const key of times.keys()) assert.ok(staying.includes(key) || passing.includes(key), key);
        });

        it("reads any range of any vnodes in order, in pages that leave nothing out, as a sorted list would", async () => {
          const name = fc
            .array(fc.constantFrom(0, 1, 97, 98, 254, 255), { maxLength: 4 })
            .map((bytes) => String.fromCharCode(...bytes));
          const stored = new Map<string, { vnode: number; address: string; writeId: number }>();
          let writeId = 1;
          await fc.assert(
            fc.asyncProperty(
              fc.array(fc.tuple(fc.constantFrom(0, 3, 7, 256, 0x8001), name, fc.boolean()), { maxLength: 25 }),
              fc.subarray([0, 3, 7, 256]),
              name,
              fc.option(name, { nil: undefined }),
              fc.integer({ min: 1, max: 9 }),
              async (writes, vnodes, first, last, limit) => {
                for (const [vnode, text, isRemoval] of writes) {
                  const at = address(text);
                  const state = isRemoval ? undefined : stateOf(clock, writeId);
                  await desk.stored(vnode, at, state);
                  if (isRemoval) stored.delete(`${String(vnode)} ${at}`);
                  else stored.set(`${String(vnode)} ${at}`, { vnode, address: at, writeId: writeId++ });
                }
                const from = address(first);
                const to = last === undefined ? "" : address(last);
                const wanted = [...stored.values()]
                  .filter(({ vnode }) => vnodes.includes(vnode))
                  .filter(({ address: at }) => at >= from && (to === "" || at < to))
                  .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.vnode - b.vnode));
                const found: typeof wanted = [];
                let next: string | undefined = from;
                for (let pages = 0; next !== undefined; pages++) {
                  assert.ok(pages <= wanted.length, "pages go on");
                  const page: RangePage = await desk.range({ vnodes, from: next, to, limit });
                  assert.equal(page.failure, undefined);
                  for (const { vnode, address: at, state } of page.entries)
                    found.push({ vnode, address: at, writeId: clock.versions(state)[0].writeId });
                  const addresses = new Set(page.entries.map(({ address: at }) => at));
                  // So many more as one address has copies.
                  assert.ok(page.entries.length < limit + vnodes.length || vnodes.length === 0);
                  if (page.upTo !== undefined) {
                    assert.ok(page.entries.length >= limit && page.upTo > next && !addresses.has(page.upTo));
                  }
                  next = page.upTo;
                }
                assert.deepEqual(found, wanted);
              },
            ),
            { numRuns: 40, seed: 9 },
          );
        });

        it("reads nothing where a range ends before it begins, or lies behind everything", async () => {
          for (const text of ["a", "b", "c"]) await desk.stored(0, address(text), stateOf(clock, 1));
          assert.deepEqual(await desk.range({ from: address("c"), to: address("a") }), {
            entries: [],
            upTo: undefined,
          });
          assert.deepEqual(await desk.range({ from: address("b"), to: address("b") }), {
            entries: [],
            upTo: undefined,
          });
          assert.deepEqual(await desk.range({ from: address("d") }), { entries: [], upTo: undefined });
          assert.deepEqual(await desk.range({ vnodes: [] }), { entries: [], upTo: undefined });
          const longest = address("\u00ff".repeat(MAX_ADDRESS_BYTES - address("").length));
          assert.deepEqual(await desk.range({ from: longest, to: longest }), { entries: [], upTo: undefined });
        });

        it("is immediate exactly when it says so", async () => {
          const pending = desk.store(0, address("k"), stateOf(clock, 1));
          // One that is not immediate may still be quick; one that is must be.
          if (storage.immediate) assert.equal(desk.reports.length, 1);
          await pending;
        });

        it("takes the longest address a node lets through", async () => {
          const key = address("k".repeat(MAX_ADDRESS_BYTES - address("").length));
          assert.equal(key.length, MAX_ADDRESS_BYTES);
          await desk.stored(3, key, stateOf(clock, 1));
          assert.notEqual(await desk.loaded(3, key), undefined);
        });
      });
    }
  });
}

describe("a range of a disk that fails", () => {
  it("ends before the record that could not be read, on either arm, and fails where that is the first", async () => {
    const clock = clockNamed("dvvset");
    const folder = mkdtempSync(join(tmpdir(), "quorumlab-storage-"));
    const lmdb = new FaultyStorage(new LmdbStorage(folder, clock, "group"), Random.fromSeed(3));
    const simulated = simulatedDisk(clock, "group", false) as SimulatedDisk;
    try {
      for (const storage of [lmdb, simulated]) {
        const desk = new Desk(storage);
        const keys = Array.from({ length: 40 }, (_, i) => address(`k${String(i + 10)}`));
        for (const [i, key] of keys.entries()) await desk.stored(0, key, stateOf(clock, i));
        storage.suffer({ ...SOUND_DISK, errors: 0.1 });
        const lengths: number[] = [];
        let failures = 0;
        for (let next: string | undefined = ""; next !== undefined;) {
          const page: RangePage = await desk.range({ from: next });
          if (page.failure !== undefined) {
            failures++;
            assert.deepEqual([page.failure, page.entries], ["read error", []]);
            continue;
          }
          const from = lengths.reduce((sum, length) => sum + length, 0);
          lengths.push(page.entries.length);
          assert.deepEqual(page.entries.map(({ address: at }) => at), keys.slice(from, from + page.entries.length)); // prettier-ignore
          next = page.upTo;
        }
        assert.equal(lengths.reduce((sum, length) => sum + length, 0), 40, "all are found in the end"); // prettier-ignore
        assert.ok(lengths.length > 1, `${lengths.join(" ")}, ${String(failures)} failures`);
      }
    } finally {
      await lmdb.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

for (const sync of ["each", "group", "never"] as const) {
  describe(`LMDB storage, sync ${sync}`, () => {
    const clock = clockNamed("dvvset");
    let folder = "";

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "quorumlab-storage-"));
    });

    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it("keeps what was stored when it is closed and opened again", async () => {
      const first = new LmdbStorage(folder, clock, sync);
      const keys = Array.from({ length: 50 }, (_, i) => address(`k${String(i)}`));
      const desk = new Desk(first);
      await Promise.all(keys.map((key, i) => desk.stored(i % 3, key, stateOf(clock, i + 1))));
      await first.close();
      const second = new LmdbStorage(folder, clock, sync);
      try {
        const again = new Desk(second);
        assert.equal(second.count(), 50);
        for (const [i, key] of keys.entries()) {
          assert.deepEqual(
            clock.versions(await again.loaded(i % 3, key)).map(({ writeId }) => writeId),
            [i + 1],
          );
        }
      } finally {
        await second.close();
      }
    });

    it("fails to read a record that rotted or is not ours, and never takes it for data or for absence", async () => {
      const first = new LmdbStorage(folder, clock, sync);
      const key = address("k");
      await new Desk(first).stored(0, key, stateOf(clock, 1, "a value long enough to damage"));
      await first.close();
      const raw = open<Buffer, Buffer>({ path: folder, encoding: "binary", keyEncoding: "binary" });
      const [at] = [...raw.getKeys()].map((found) => Buffer.from(found));
      const good = Buffer.from(raw.getBinary(at)!);
      await raw.close();
      const flipped = Buffer.from(good);
      flipped[good.length - 4] ^= 1;
      const versioned = Buffer.from(good);
      versioned[0]++;
      const bad = [
        flipped,
        versioned,
        good.subarray(0, good.length - 1),
        Buffer.concat([good, Buffer.of(0)]),
        good.subarray(0, 3),
      ];
      bad.push(Buffer.from("something else"), Buffer.alloc(0), Buffer.alloc(good.length));
      for (const record of bad) {
        const damage = open<Buffer, Buffer>({ path: folder, encoding: "binary", keyEncoding: "binary" });
        await damage.put(at, record);
        await damage.close();
        const storage = new LmdbStorage(folder, clock, sync);
        try {
          const report = await new Desk(storage).load(0, key);
          assert.equal(report.kind, "load-failed", `${record.toString("hex")} gave ${JSON.stringify(report)}`);
        } finally {
          await storage.close();
        }
      }
    });

    it("passes over records that rotted in a walk, says which, and comes to all others", async () => {
      const first = new LmdbStorage(folder, clock, sync);
      const keys = Array.from({ length: 30 }, (_, i) => address(`k${String(i)}`));
      const desk = new Desk(first);
      for (const [i, key] of keys.entries()) await desk.stored(i % 4, key, stateOf(clock, i + 1, "a value"));
      await first.close();
      const raw = open<Buffer, Buffer>({ path: folder, encoding: "binary", keyEncoding: "binary" });
      const rotten = new Set<string>();
      for (const [i, at] of [...raw.getKeys()].map((found) => Buffer.from(found)).entries()) {
        if (i % 3 !== 0) continue;
        const record = Buffer.from(raw.getBinary(at)!);
        record[record.length - 2] ^= 1;
        await raw.put(at, record);
        rotten.add(at.toString("latin1", 2));
      }
      await raw.close();
      const storage = new LmdbStorage(folder, clock, sync);
      try {
        const { entries, damaged } = await new Desk(storage).walk(4);
        assert.deepEqual(new Set(damaged.map(({ address: at }) => at)), rotten);
        assert.equal(damaged.length, rotten.size);
        assert.ok(damaged.every(({ vnode, address: at }) => vnode === keys.indexOf(at) % 4));
        assert.deepEqual(entries.map(({ address: at }) => at).sort(), keys.filter((key) => !rotten.has(key)).sort());
      } finally {
        await storage.close();
      }
    });

    it("ends a page of a range before a record that rotted, fails at it, and keeps to a number of bytes", async () => {
      const first = new LmdbStorage(folder, clock, sync);
      const names = ["a", "b", "c", "d"];
      for (const [i, text] of names.entries())
        await new Desk(first).stored(0, address(text), stateOf(clock, i, "v".repeat(1_000)));
      await first.close();
      const raw = open<Buffer, Buffer>({ path: folder, encoding: "binary", keyEncoding: "binary" });
      const [, , third] = [...raw.getKeys()].map((found) => Buffer.from(found));
      const record = Buffer.from(raw.getBinary(third)!);
      record[record.length - 2] ^= 1;
      await raw.put(third, record);
      await raw.close();
      const storage = new LmdbStorage(folder, clock, sync);
      try {
        const desk = new Desk(storage);
        const page = await desk.range({});
        assert.deepEqual(
          [page.entries.map(({ address: at }) => at), page.upTo, page.failure],
          [[address("a"), address("b")], address("c"), undefined],
        );
        const failed = await desk.range({ from: address("c") });
        assert.deepEqual([failed.entries, failed.failure], [[], "checksum does not match"]);
        const small = await desk.range({ bytes: 500 });
        assert.deepEqual([small.entries.length, small.upTo], [1, address("b")]);
      } finally {
        await storage.close();
      }
    });

    it("reports an address too long for it as a failure of that operation", async () => {
      const storage = new LmdbStorage(folder, clock, sync);
      try {
        const desk = new Desk(storage);
        const key = "x".repeat(70_000);
        assert.equal((await desk.store(0, key, stateOf(clock, 1))).kind, "store-failed");
        assert.equal((await desk.load(0, key)).kind, "load-failed");
        await desk.stored(0, address("k"), stateOf(clock, 2));
        assert.equal(storage.count(), 1);
      } finally {
        await storage.close();
      }
    });
  });
}
