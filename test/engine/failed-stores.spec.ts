/**
 * What a replica owes to the world when its own disk fails after it has made an event and sent it: the dot is taken.
 * Whatever happens next, no other write may get it, the client is not told that nothing happened, and what is kept in
 * memory for this is bounded.
 */
import { strict as assert } from "node:assert";
import { CLOCKS } from "../../engine/clocks/clock";
import type { StorageEvents } from "../../engine/host/ports";
import { MAX_UNSTORED } from "../../engine/replica/replica";
import { certainty } from "../../engine/vocabulary/outcomes";
import { MiniWorld, type WorldOptions } from "./mini-world";

/** Strategies that make their events at a replica and lose nothing. */
const EXACT = [...CLOCKS.values()].filter(({ mintsServerDots, declares }) => mintsServerDots && !declares.mayLose);

const values = (answer: { versions: readonly { value: string }[] }): string[] =>
  answer.versions.map(({ value }) => value).sort();

/** A world in which the disk of one node can be told to fail. */
function worldWithDisk(
  node: number,
  options: WorldOptions,
): { world: MiniWorld; disk: { fails: boolean; stores: number } } {
  const world = new MiniWorld(options);
  const { disk } = world.machines[node];
  const store = disk.store.bind(disk);
  const condition = { fails: false, stores: 0 };
  disk.store = (token, vnode, address, state, events: StorageEvents) => {
    condition.stores++;
    if (condition.fails) events.storeFailed(token, "disk full");
    else store(token, vnode, address, state, events);
  };
  return { world, disk: condition };
}

describe("a replica whose store of an event failed", () => {
  for (const { name: clock } of EXACT) {
    it(`gives the dot of the event to no other write (${clock})`, () => {
      const { world, disk } = worldWithDisk(0, { settings: { clock } });
      disk.fails = true;
      assert.equal(world.put(0, "k", "first").outcome, "ok", "the other two have it");
      disk.fails = false;
      world.run(50_000);
      for (const value of ["second", "third"]) assert.equal(world.put(0, "k", value).outcome, "ok");
      world.run(50_000);
      for (const node of [0, 1, 2]) assert.deepEqual(values(world.get(node, "k")), ["first", "second", "third"]);
    });

    it(`gives it to no other write when it crashes before the event is stored (${clock})`, () => {
      const { world, disk } = worldWithDisk(0, { settings: { clock, r: 3 } });
      disk.fails = true;
      world.put(0, "k", "first");
      world.run(50_000);
      world.crash(0);
      world.boot(0);
      disk.fails = false;
      assert.equal(world.stored(0, "k"), undefined);
      assert.equal(world.put(0, "k", "second").outcome, "ok");
      world.run(50_000);
      for (const node of [0, 1, 2]) assert.deepEqual(values(world.get(node, "k")), ["first", "second"]);
    });
  }

  it("tells the client that the write may have happened", () => {
    const { world, disk } = worldWithDisk(0, { settings: { w: 3, dw: 3 } });
    disk.fails = true;
    const { outcome } = world.put(0, "k", "v");
    assert.equal(outcome, "quorum_unreachable");
    assert.equal(certainty(outcome), "indefinite");
    world.run(50_000);
    assert.deepEqual(values(world.get(1, "k")), ["v"]);
  });

  it("shows the event to readers from memory, and keeps it through further failures", () => {
    const { world, disk } = worldWithDisk(0, { settings: { r: 1, w: 1, dw: 0, readRepair: "none" } });
    disk.fails = true;
    world.put(0, "k", "first");
    world.put(0, "k", "second");
    world.run(50_000);
    assert.equal(world.stored(0, "k"), undefined);
    assert.deepEqual(values(world.get(0, "k")), ["first", "second"]);
  });

  it("stores the event as soon as another store shows that the disk is well again", () => {
    const { world, disk } = worldWithDisk(0, {});
    disk.fails = true;
    for (const key of ["a", "b", "c"]) world.put(0, key, "v");
    disk.fails = false;
    world.put(0, "d", "v");
    world.run(50_000);
    for (const key of ["a", "b", "c", "d"]) assert.match(world.stored(0, key) ?? "nothing", /n0:1/, key);
    assert.equal(disk.stores, 7);
    // Nothing is left to try.
    world.put(0, "e", "v");
    world.run(50_000);
    assert.equal(disk.stores, 8);
  });

  it("acknowledges as stored what it only has in memory after storing it, never before", () => {
    const { world, disk } = worldWithDisk(0, { settings: { w: 1, dw: 0, r: 3, readRepair: "none" } });
    disk.fails = true;
    world.put(0, "k", "v");
    world.run(50_000);
    disk.fails = false;
    const state = world.sent.flatMap(({ message }) => (message.kind === "replica-put" ? [message] : []))[0];
    world.machines[0].host.deliver({ kind: "received", from: 1, message: { ...state, id: 77, acknowledge: "stored" } });
    assert.match(world.stored(0, "k") ?? "nothing", /w1/);
    const replies = world.sent.filter(
      ({ to, message }) => to === 1 && message.kind === "replica-put-reply" && message.id === 77,
    );
    assert.equal(replies.length, 1);
  });

  it("refuses further events definitely once too many keys wait, and makes them again when the disk is well", () => {
    const { world, disk } = worldWithDisk(0, { nodes: 1, settings: { nVal: 1, w: 1, dw: 0, r: 1 } });
    disk.fails = true;
    for (let i = 0; i < MAX_UNSTORED; i++) assert.equal(world.put(0, `k${String(i)}`, "v").outcome, "ok");
    for (let i = 0; i < 3; i++) {
      const refused = world.put(0, "one too many", "v");
      assert.equal(refused.outcome, "unavailable");
      assert.match(refused.reason, /limit 1024/);
      assert.equal(certainty(refused.outcome), "definite");
    }
    assert.equal(world.put(0, "k7", "again").outcome, "ok", "a key that waits already takes no further room");
    assert.deepEqual(values(world.get(0, "one too many")), [], "what was refused did not happen");
    disk.fails = false;
    assert.equal(world.put(0, "one too many", "v").outcome, "unavailable", "the one that finds out");
    world.run(50_000);
    assert.equal(world.put(0, "one too many", "v").outcome, "ok");
    for (let i = 0; i < MAX_UNSTORED; i++) assert.notEqual(world.stored(0, `k${String(i)}`), undefined);
  });

  it("lets one key that can never be stored stand in nobody's way", () => {
    const { world, disk } = worldWithDisk(0, {});
    disk.fails = true;
    for (const key of ["poison", "a", "b"]) world.put(0, key, "v");
    disk.fails = false;
    const { disk: storage } = world.machines[0];
    const store = storage.store.bind(storage);
    storage.store = (token, vnode, address, state, events) => {
      if (address.includes("poison")) events.storeFailed(token, "never");
      else store(token, vnode, address, state, events);
    };
    for (const key of ["c", "d"]) world.put(0, key, "v");
    world.run(50_000);
    for (const key of ["a", "b"]) assert.notEqual(world.stored(0, key), undefined, key);
    assert.equal(world.stored(0, "poison"), undefined);
  });
});
