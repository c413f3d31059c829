/**
 * Scans while members come and go, crash and lose messages: with R and W of a majority, a page brings of every key in its
 * stretch the last number that was acknowledged before it was asked for, or a later one, and leaves none out.
 */
import { strict as assert } from "node:assert";
import { MovingStore } from "./moving-store";

const SECOND = 1_000_000;
const DISK = { kind: "lmdb", sync: "each" } as const;

describe("scans of a store that changes", () => {
  for (const strategy of ["equal-partitions", "random-tokens", "jump"] as const) {
    it(`are never stale while it grows from 3 to 6 and shrinks back (${strategy})`, () => {
      const store = new MovingStore(3, 6, 40, {
        ring: { strategy, partitions: 64, vnodesPerNode: 8, hash: "murmur3", distinctHosts: "walk" },
      });
      const { cluster } = store;
      store.load(14 * SECOND, 50_000);
      store.scanAlong(14 * SECOND, 10_000, 15);
      cluster.run(cluster.now() + 1 * SECOND);
      for (const node of [3, 4, 5]) store.join(node, node - 3);
      cluster.run(cluster.now() + 6 * SECOND);
      assert.match(store.agreed(), /settled 0,1,2,3,4,5$/);
      for (const node of [0, 1, 2]) cluster.operate(node, { kind: "leave" });
      cluster.run(cluster.now() + 13 * SECOND);
      assert.match(store.agreed(), /settled 3,4,5$/);
      assert.deepEqual(store.problems, []);
      assert.equal(store.failed, 0);
      assert.ok(store.scans > 500, String(store.scans));
    });
  }

  it("are none the less so when nodes crash and messages are lost", () => {
    const store = new MovingStore(5, 6, 40, {
      storage: DISK,
      network: { intraZone: { dist: "exponential", meanMs: 2, shiftMs: 0 }, loss: 0.02, duplicate: 0.05 },
    });
    const { cluster } = store;
    store.load(12 * SECOND, 50_000);
    store.scanAlong(12 * SECOND, 5_000, 10);
    for (const node of [0, 1, 2, 3, 4]) {
      cluster.run(cluster.now() + 1 * SECOND);
      cluster.kill(node);
      cluster.run(cluster.now() + 700_000);
      cluster.boot(node);
    }
    cluster.run(cluster.now() + 8 * SECOND);
    assert.deepEqual(store.problems, []);
    assert.ok(store.scans > 150 && store.writes > 500, `${String(store.scans)} scans, ${String(store.writes)} writes`);
  });

  it("are stale, and said to be, where R and W do not overlap", () => {
    const store = new MovingStore(5, 5, 40, {
      engine: { r: 1, w: 1, readRepair: "none" },
      network: { intraZone: { dist: "exponential", meanMs: 20, shiftMs: 0 }, loss: 0 },
    });
    store.load(5 * SECOND, 20_000);
    store.scanAlong(5 * SECOND, 1_000, 40);
    store.cluster.run(store.cluster.now() + 6 * SECOND);
    assert.ok(
      store.problems.some((problem) => problem.includes("scanned as")),
      "the test sees what it looks for",
    );
  });
});
