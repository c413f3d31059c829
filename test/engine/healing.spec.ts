/** Anti-entropy of whole nodes, and background work that gives way. Virtual time, real codec. */
import { strict as assert } from "node:assert";
import type { Message } from "../../engine/messages";
import type { AaeSettings, EngineSettings } from "../../engine/vocabulary/settings";
import { MiniWorld, type WorldOptions } from "./mini-world";

const AAE: AaeSettings = { intervalMs: 200, depth: 6, fanout: 2, hash: "clock", repair: "gets", concurrency: 2 };
const KEYS = Array.from({ length: 60 }, (_, i) => `k${String(i)}`);

function world(settings: Partial<EngineSettings>, more: Partial<WorldOptions> = {}): MiniWorld {
  return new MiniWorld({ nodes: 4, ...more, settings: { w: 1, r: 1, readRepair: "none", aae: AAE, ...settings } });
}

/** Keys whose owners do not hold the same. */
function divergent(small: MiniWorld): number {
  return KEYS.filter((key) => new Set(small.owners(key).map((node) => small.stored(node, key))).size > 1).length;
}

/** Half of all writes to one node get lost, then nothing any more. */
function withLosses(settings: Partial<EngineSettings>, more: Partial<WorldOptions> = {}): MiniWorld {
  let losing = true;
  const small = world(settings, {
    ...more,
    delay: (_from, _to, message: Message, random) =>
      losing && message.kind === "replica-put" && message.cause === "replication" && random.nextFloat() < 0.5
        ? undefined
        : 1_000,
  });
  for (const key of KEYS) small.put(small.owners(key)[0], key, "v");
  small.run(10_000);
  losing = false;
  return small;
}

describe("anti-entropy between nodes", () => {
  for (const repair of ["gets", "stream"] as const) {
    for (const hash of ["clock", "content"] as const) {
      it(`brings together what writes have missed, by ${repair}, hashing the ${hash}`, () => {
        const small = withLosses({ aae: { ...AAE, repair, hash } });
        assert.ok(divergent(small) > 10);
        assert.ok(small.run(60_000_000, () => divergent(small) === 0));
        const counts = small.machines.map(({ node }) => node.count());
        assert.ok(counts.some(({ keysRepairedByAae }) => keysRepairedByAae > 0));
        assert.equal(
          counts.reduce((sum, { readRepairs }) => sum + readRepairs, 0),
          0,
          "what it repairs is no read repair",
        );
      });
    }
  }

  it("does not happen without: the check can fail", () => {
    const small = withLosses({ aae: undefined });
    small.run(60_000_000);
    assert.ok(divergent(small) > 10);
  });

  it("finds a record that a disk lost, once trees are built anew", () => {
    const small = world({ aae: { ...AAE, rebuildMs: 2_000 }, w: "all" });
    for (const key of KEYS) small.put(small.owners(key)[0], key, "v");
    small.run(3_000_000);
    const [, second] = small.owners("k7");
    small.machines[second].disk.store(0, 0, "\0\0\u0002k7", undefined, {
      loaded: () => undefined,
      loadFailed: () => undefined,
      stored: () => undefined,
      storeFailed: () => undefined,
      scanned: () => undefined,
      ranged: () => undefined,
    });
    const before = small.machines[second].disk.count();
    assert.ok(small.run(60_000_000, () => divergent(small) === 0));
    assert.ok(small.machines[second].disk.count() >= before);
  });

  it("fills a disk that was wiped", () => {
    const small = world({ w: "all" });
    for (const key of KEYS) small.put(small.owners(key)[0], key, "v");
    small.crash(1);
    (small.machines[1] as { disk: unknown }).disk = new (small.machines[1].disk.constructor as new () => unknown)();
    small.boot(1);
    assert.ok(divergent(small) > 0);
    assert.ok(small.run(60_000_000, () => divergent(small) === 0));
  });

  it("is at rest where all is equal: two messages a comparison", () => {
    const small = world({ w: "all" });
    for (const key of KEYS) small.put(small.owners(key)[0], key, "v");
    small.run(5_000_000);
    const from = small.sent.length;
    const before = small.machines.map(({ node }) => node.count());
    small.run(10_000_000);
    const after = small.machines.map(({ node }) => node.count());
    const began = after.reduce((sum, { exchanges }, i) => sum + exchanges - before[i].exchanges, 0);
    const kinds = small.sent.slice(from).map(({ message }) => message.kind);
    const trees = kinds.filter((kind) => kind === "tree" || kind === "tree-reply").length;
    assert.ok(began > 50, String(began));
    assert.ok(Math.abs(trees - 2 * began) <= 4, `${String(trees)} messages for ${String(began)} comparisons`);
    assert.ok(!kinds.includes("segments") && !kinds.includes("stream"));
  });
});

describe("background work", () => {
  it("rests while clients' reads take longer than the bound, and goes on after", () => {
    for (const backgroundP99Ms of [1, undefined]) {
      const small = withLosses({
        ...(backgroundP99Ms === undefined ? {} : { backgroundP99Ms }),
        aae: { ...AAE, intervalMs: 8_000 },
        coordinator: "any",
        r: "all",
      });
      const before = divergent(small);
      // Every read takes two legs of a millisecond; a hundred at each node, before its first exchange, tell that.
      for (let i = 0; i < 4_500; i++) small.get(i % 4, "k0");
      const meanwhile = divergent(small);
      if (backgroundP99Ms === undefined) assert.ok(meanwhile < before, `${String(meanwhile)} of ${String(before)}`);
      else assert.equal(meanwhile, before);
      assert.ok(small.run(120_000_000, () => divergent(small) === 0));
    }
  });
});
