/**
 * The trees of a node against what its copies are: through walks that meet keys in any order, pages that come late, stores
 * that the disk shows late or never, and writes and removals in between.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { Fingerprints } from "../../../engine/clocks/fingerprint";
import { type Copy, Forest, type ForestActs } from "../../../engine/antientropy/forest";
import { MerkleTree } from "../../../engine/antientropy/merkle-tree";
import { clockNamed } from "../../../engine/clocks/clock";
import type { LwwState } from "../../../engine/clocks/lww";
import { Ring } from "../../../engine/ring/ring";
import type { Address } from "../../../engine/vocabulary/address";
import { Random } from "../../../engine/vocabulary/random";
import type { RingSettings } from "../../../engine/vocabulary/settings";
import { address, storageKey, World } from "./fake-wire";

const clock = clockNamed("lww");
const shape = { fanout: 4, depth: 2 };
const members = ["a", "b", "c", "d"].map((id) => ({ id, zone: "z", weight: 1 }));
const walks: RingSettings = {
  strategy: "random-tokens",
  partitions: 0,
  vnodesPerNode: 3,
  hash: "murmur3",
  distinctHosts: "walk",
};
/** Deals hosts out so that one may hold two copies of a key. */
const claims: RingSettings = { ...walks, strategy: "equal-partitions", partitions: 9, distinctHosts: "claim" };
const INTERVAL = 1_000_000;
const REBUILD = 60_000_000;

/** What a test may do wrong on purpose. */
interface Plant {
  readonly forgetsRemovals?: boolean;
  readonly ignoresUnsettled?: boolean;
  readonly forgetsWhatCameBefore?: boolean;
}

/** A node's storage and memory around a forest. */
class Soil {
  now = 0;
  readonly forest: Forest;
  readonly ring: Ring;
  /** What the node would answer a read with: the truth. */
  readonly memory = new Map<string, Copy>();
  readonly disk = new Map<string, Copy>();
  /** Stores on their way to the disk, the oldest first. */
  readonly stores: { readonly name: string; readonly copy: Copy }[] = [];
  /** Of the disk's, those that no walk can read. */
  readonly unreadable = new Set<Address>();
  page:
    { readonly token: number; readonly entries: Copy[]; readonly cursor: unknown; readonly left: number } | undefined;
  private order: Copy[] = [];
  private writes = 0;
  works = true;

  constructor(
    settings: RingSettings,
    private readonly index: number,
    private readonly random: Random,
    private readonly plant: Plant = {},
    private readonly limit = 2,
  ) {
    this.ring = Ring.build(settings, members, Random.fromSeed(3));
    const acts: ForestActs = {
      scan: (token, cursor) => this.scan(token, cursor),
      unsettled: (visit) => {
        if (plant.ignoresUnsettled === true) return;
        const newest = new Map(this.stores.map(({ name, copy }) => [name, copy]));
        for (const { vnode, address: at, state } of newest.values()) visit(vnode, at, state);
      },
      mayWork: () => this.works,
    };
    this.forest = new Forest(
      {
        index,
        ring: this.ring,
        n: 3,
        clock,
        hash: "clock",
        shape,
        rebuildEvery: REBUILD,
        doubtEvery: INTERVAL,
        rest: 10_000,
        now: () => this.now,
      },
      acts,
    );
  }

  /** In any order; what the disk has at that moment. */
  private scan(token: number, cursor: unknown): void {
    if (cursor === undefined) this.order = this.random.shuffle([...this.disk.values()]);
    const from = (cursor as number | undefined) ?? 0;
    const entries: Copy[] = [];
    let left = 0;
    for (const { vnode, address: at } of this.order.slice(from, from + this.limit)) {
      const copy = this.disk.get(storageKey(vnode, at));
      if (this.unreadable.has(at)) left++;
      else if (copy !== undefined) entries.push(copy);
    }
    const next = from + this.limit < this.order.length ? from + this.limit : undefined;
    assert.equal(this.page, undefined, "one page at a time");
    this.page = { token, entries, cursor: next, left };
  }

  deliver(): void {
    const { page } = this;
    this.page = undefined;
    if (page !== undefined) this.forest.scanned(page.token, page.entries, page.cursor, page.left);
  }

  wake(): void {
    this.now = Math.max(this.now, this.forest.next() === Infinity ? 0 : this.forest.next());
    this.forest.advance(this.now);
  }

  /** Every copy of a key that this node holds is written, or removed. */
  write(key: number, remove: boolean): void {
    const at = address(`key${key}`);
    const mine = this.ring.preferenceList(at, 3).filter(({ node }) => node === this.index);
    for (const { vnode } of mine) this.change(vnode, at, remove);
  }

  private change(vnode: number, at: Address, remove: boolean): void {
    const name = storageKey(vnode, at);
    const before = this.memory.get(name)?.state;
    const version = { writeId: ++this.writes, value: "", tombstone: false };
    const after: LwwState | undefined = remove ? undefined : { at: this.writes, version };
    const copy = { vnode, address: at, state: after };
    if (after === undefined) this.memory.delete(name);
    else this.memory.set(name, copy);
    this.stores.push({ name, copy });
    if (this.plant.forgetsRemovals === true && remove) return;
    this.forest.changed(vnode, at, this.plant.forgetsWhatCameBefore === true ? undefined : before, after);
  }

  /** The oldest store reaches the disk, or fails: memory then has what it had before. */
  settle(fails = false): void {
    const store = this.stores.shift();
    if (store === undefined) return;
    const { name, copy } = store;
    if (fails) {
      // As a merge that failed: unless something newer is under way, the next load finds what is on the disk.
      this.forest.doubt();
      if (this.stores.some((later) => later.name === name)) return;
      const held = this.disk.get(name);
      if (held === undefined) this.memory.delete(name);
      else this.memory.set(name, held);
    } else if (copy.state === undefined) this.disk.delete(name);
    else this.disk.set(name, copy);
  }

  /** Until a walk ends that began after now. */
  build(): void {
    const { builds } = this.forest;
    for (let i = 0; i < 10_000 && this.forest.builds === builds; i++) {
      if (this.page !== undefined) this.deliver();
      else this.wake();
    }
    assert.ok(this.forest.builds > builds, "a walk ends");
  }

  /** Every tree, and the same worked out from memory. */
  check(): void {
    const fingerprints = new Fingerprints(clock, "clock");
    for (const plot of this.forest.all()) {
      const expected = new MerkleTree(shape);
      for (const { vnode, address: at, state } of this.memory.values()) {
        if (vnode !== plot.vnode || this.ring.groupAt(this.ring.position(at), 3) !== plot.group.id) continue;
        const segment = expected.segmentOf(fingerprints.ofAddress(at));
        fingerprints.ofState(state);
        expected.toggle(segment, fingerprints.high, fingerprints.low);
        expected.insert(segment, at);
      }
      const tree = plot.tree!;
      assert.equal(tree.describe(), expected.describe());
      for (let segment = 0; segment < tree.segments; segment++) {
        assert.deepEqual(tree.keysOf(segment), expected.keysOf(segment));
        assert.equal(tree.high(shape.depth, segment), expected.high(shape.depth, segment));
      }
    }
  }
}

type Act =
  | { readonly kind: "write" | "remove"; readonly key: number }
  | { readonly kind: "settle" | "wake" | "deliver" | "rest" }
  | { readonly kind: "later"; readonly seconds: number };

const key = fc.nat(15);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const), key }) },
  { weight: 5, arbitrary: fc.constant({ kind: "settle" as const }) },
  { weight: 6, arbitrary: fc.constant({ kind: "wake" as const }) },
  { weight: 6, arbitrary: fc.constant({ kind: "deliver" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "rest" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("later" as const), seconds: fc.nat(90) }) },
);

function holds(plant: Plant, numRuns: number, seed?: number) {
  return fc.check(
    fc.property(
      fc.constantFrom(walks, claims),
      fc.nat(3),
      fc.array(act, { maxLength: 150 }),
      fc.nat(),
      (settings, index, acts, shuffles) => {
        const soil = new Soil(settings, index, Random.fromSeed(shuffles), plant);
        for (const one of acts) {
          if (one.kind === "write" || one.kind === "remove") soil.write(one.key, one.kind === "remove");
          else if (one.kind === "settle") soil.settle();
          else if (one.kind === "deliver") soil.deliver();
          else if (one.kind === "rest") soil.works = !soil.works;
          else if (one.kind === "later") soil.now += one.seconds * 1_000_000;
          else if (soil.page === undefined) soil.wake();
          if (soil.forest.builds > 0) soil.check();
        }
        soil.works = true;
        if (soil.forest.builds === 0) soil.build();
        soil.check();
        soil.build();
        soil.check();
      },
    ),
    { numRuns, ...(seed === undefined ? {} : { seed }) },
  );
}

describe("a node's trees", () => {
  it("are at every moment what its copies are, from the first walk on, whatever happens during walks", () => {
    const result = holds({}, 400);
    assert.ok(!result.failed, fc.defaultReportMessage(result) ?? "");
  });

  it("would not be if upkeep forgot removals, or what a write replaced, or a walk what is being stored", () => {
    // The property above can fail: these are the mistakes that it is there to find.
    for (const plant of [{ forgetsRemovals: true }, { forgetsWhatCameBefore: true }, { ignoresUnsettled: true }]) {
      assert.ok(holds(plant, 200, 7).failed, JSON.stringify(plant));
    }
  });

  it("are built anew when a store has failed, and are right again then", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.boolean(), fc.boolean(), fc.boolean())), fc.nat(), (writes, shuffles) => {
        const soil = new Soil(walks, 0, Random.fromSeed(shuffles));
        soil.build();
        for (const [at, remove, fails, pages] of writes) {
          soil.write(at, remove);
          soil.settle(fails);
          if (pages && soil.page === undefined) soil.wake();
          if (pages) soil.deliver();
        }
        // A walk that was under way may have counted what failed; the one after it has not.
        soil.build();
        soil.build();
        soil.check();
      }),
    );
  });

  it("wait a while before they are built anew however often stores fail, and are built anew in time anyway", () => {
    const soil = new Soil(walks, 0, Random.fromSeed(1));
    soil.write(1, false);
    soil.settle();
    soil.build();
    const built = soil.now;
    assert.equal(soil.forest.next(), built + REBUILD);
    for (let i = 0; i < 100; i++) soil.forest.doubt();
    assert.equal(soil.forest.next(), built + INTERVAL);
    soil.build();
    assert.equal(soil.forest.next(), soil.now + REBUILD, "the doubt is settled");
  });

  it("count what a walk could not read once it is written, and are built anew for the rest, ever more seldom", () => {
    const soil = new Soil(walks, 0, Random.fromSeed(1));
    for (let i = 0; i < 12; i++) soil.write(i, false);
    while (soil.stores.length > 0) soil.settle();
    for (const { address: at } of soil.disk.values()) soil.unreadable.add(at);
    soil.build();
    for (let i = 0; i < 12; i++) soil.write(i, i % 3 === 0);
    soil.check();
    while (soil.stores.length > 0) soil.settle();
    const waits = Array.from({ length: 14 }, () => {
      soil.build();
      return soil.forest.next() - soil.now;
    });
    assert.deepEqual(waits.slice(0, 3), [2 * INTERVAL, 4 * INTERVAL, 8 * INTERVAL]);
    assert.ok(waits.slice(6).every((wait) => wait === REBUILD));
    soil.unreadable.clear();
    soil.build();
    soil.check();
    assert.equal(soil.forest.next(), soil.now + REBUILD);
    for (let i = 0; i < 12; i++) soil.write(i, false);
    soil.check();
  });

  it("serve while others are built to replace them", () => {
    const soil = new Soil(walks, 0, Random.fromSeed(1));
    for (let i = 0; i < 12; i++) soil.write(i, false);
    while (soil.stores.length > 0) soil.settle();
    soil.build();
    soil.now += REBUILD;
    soil.wake();
    const plots = soil.forest.all();
    assert.ok(plots.every(({ tree, growing }) => tree !== undefined && growing !== undefined));
    for (let i = 0; i < 16; i++) soil.write(i, i % 3 === 0);
    soil.check();
    soil.build();
    soil.check();
    assert.ok(plots.every(({ growing }) => growing === undefined));
  });

  it("begin a walk anew whose page is lost or fails, and take no page of an older walk", () => {
    const soil = new Soil(walks, 0, Random.fromSeed(1));
    for (let i = 0; i < 12; i++) soil.write(i, false);
    while (soil.stores.length > 0) soil.settle();
    soil.wake();
    const lost = soil.page!;
    soil.page = undefined;
    // The page does not come.
    soil.wake();
    soil.forest.scanned(lost.token, lost.entries, lost.cursor);
    assert.equal(soil.page, undefined, "the walk is given up");
    soil.wake();
    const failed = soil.page! as { token: number };
    assert.notEqual(failed.token, lost.token);
    soil.page = undefined;
    soil.forest.scanFailed(failed.token);
    soil.build();
    soil.check();
  });

  it("take a page at a time, with time for others in between, and none while background work rests", () => {
    const soil = new Soil(walks, 0, Random.fromSeed(1));
    for (let i = 0; i < 12; i++) soil.write(i, false);
    while (soil.stores.length > 0) soil.settle();
    soil.wake();
    soil.deliver();
    assert.ok(soil.forest.next() > soil.now, "not at once");
    soil.works = false;
    for (let i = 0; i < 5; i++) {
      soil.wake();
      assert.equal(soil.page, undefined);
    }
    soil.works = true;
    soil.build();
    soil.check();
  });

  it("are refused at once in a shape that no tree can have", () => {
    assert.throws(() => new World({ aae: { fanout: 1_024, depth: 3 } }), /more than 1048576 segments/);
  });

  it("are of those groups that the node belongs to, and heed no hints", () => {
    const soil = new Soil(claims, 1, Random.fromSeed(1));
    for (const { group, vnode } of soil.forest.all()) {
      assert.ok(group.replicas.some((replica) => replica.node === 1 && replica.vnode === vnode));
    }
    soil.build();
    const before = soil.forest.all().map(({ tree }) => tree!.describe());
    soil.forest.changed(0x8001, address("k"), undefined, {
      at: 1,
      version: { writeId: 1, value: "", tombstone: false },
    });
    assert.deepEqual(
      soil.forest.all().map(({ tree }) => tree!.describe()),
      before,
    );
  });
});
