import { strict as assert } from "node:assert";
import { monotonicMicros } from "../../engine/real/monotonic";
import { LegHistograms, type Quantiles } from "../../engine/vocabulary/leg-delays";
import { address, get, inParallel, LiveCluster, type LiveOptions, needsCompiledNodes, put } from "./live-cluster";
import { until } from "./until";

/** A message may leave half a millisecond early, on each of two ways. */
const EARLY_MICROS = 1_000;
const PATIENT = { heartbeatIntervalMs: 100, timeoutMs: 60_000, name: "timeout" };

/** Microseconds that the fastest of `count` puts took. */
async function fastestPut(options: LiveOptions, count: number): Promise<number> {
  const live = await LiveCluster.start(options);
  try {
    const client = await live.client({ routing: "token-aware" });
    let fastest = Infinity;
    for (let i = 0; i < count; i++) {
      const began = monotonicMicros();
      const { outcome } = await put(client, address(`n${String(i)}`), live.writeId(), "v", { w: 2, timeoutMs: 5_000 });
      fastest = Math.min(fastest, monotonicMicros() - began);
      assert.equal(outcome, "ok");
    }
    return fastest;
  } finally {
    await live.end();
  }
}

describe("injected networks between processes", function () {
  this.timeout(60_000);

  before(function () {
    needsCompiledNodes(this);
  });

  it("make a put with W=2 wait for a way there and a way back", async () => {
    const plain = await fastestPut({}, 25);
    const delayed = await fastestPut({ network: { intraZone: { dist: "constant", valueMs: 20 } } }, 25);
    assert.ok(delayed >= 2 * 20_000 - EARLY_MICROS, `the fastest took ${String(delayed)} us`);
    assert.ok(plain * 3 < delayed, `without: ${String(plain)} us, with: ${String(delayed)} us`);
  });

  it("that double deliver each write twice, and it is one write", async () => {
    const live = await LiveCluster.start({ network: { duplicate: 1 }, engine: { readRepair: "none", r: 3, w: 3 } });
    try {
      const client = await live.client({ routing: "token-aware" });
      const keys = Array.from({ length: 10 }, (_, i) => address(`twice-${String(i)}`));
      for (const key of keys) assert.equal((await put(client, key, live.writeId(), "v")).outcome, "ok");
      await until("two replicas of each key have stored it twice", async () => {
        const counts = await live.cluster.counts();
        return counts.reduce((sum, one) => sum + (one?.replicaWrites ?? 0), 0) === 5 * keys.length ? true : undefined;
      });
      for (const key of keys) assert.equal((await get(client, key)).versions.length, 1);
    } finally {
      await live.end();
    }
  });

  it("that reorder hold messages back by a second delay", async () => {
    const intraZone = { dist: "constant" as const, valueMs: 15 };
    const fastest = await fastestPut({ network: { intraZone, reorder: 1 } }, 10);
    assert.ok(fastest >= 4 * 15_000 - EARLY_MICROS, `twice each way: the fastest took ${String(fastest)} us`);
  });

  it("with WARS legs delay each kind of message by its own leg, to oneself too, and tell how long each really took", async () => {
    const constant = (valueMs: number) => ({ dist: "constant" as const, valueMs });
    const wars = { w: constant(24), a: constant(12), r: constant(16), s: constant(8) };
    const live = await LiveCluster.start({
      network: { wars },
      engine: { clock: "lww", coordinator: "any", readRepair: "none", detector: PATIENT, dw: 0 },
      measureLegs: true,
    });
    /** Delays of legs that arrived since this was last asked, over all nodes. */
    const legs = async (): Promise<Record<keyof typeof wars, Quantiles>> => {
      const sum = new LegHistograms();
      for (const counts of await live.cluster.counts(2_000, true)) {
        assert.ok(counts?.legs !== undefined, "every node tells its legs");
        sum.merge(counts.legs);
      }
      return sum.toQuantiles();
    };
    try {
      const client = await live.client();
      await legs();
      const operations = 30;
      let [fastestPut, fastestGet] = [Infinity, Infinity];
      await inParallel(
        Array.from({ length: operations }, (_, i) => address(`w${String(i)}`)),
        5,
        async (key) => {
          const began = monotonicMicros();
          assert.equal((await put(client, key, live.writeId(), "v", { w: 1, timeoutMs: 5_000 })).outcome, "ok");
          const between = monotonicMicros();
          assert.equal((await get(client, key, { r: 1, timeoutMs: 5_000 })).outcome, "ok");
          fastestPut = Math.min(fastestPut, between - began);
          fastestGet = Math.min(fastestGet, monotonicMicros() - between);
        },
      );
      assert.ok(fastestPut >= 36_000 - EARLY_MICROS, `W=1 waits for w and a: ${String(fastestPut)} us`);
      assert.ok(fastestGet >= 24_000 - EARLY_MICROS, `R=1 waits for r and s: ${String(fastestGet)} us`);
      // The other replicas' answers are still on their way when the first has answered.
      let seen = { w: 0, a: 0, r: 0, s: 0 };
      await until("all answers", async () => {
        const now = await legs();
        for (const leg of ["w", "a", "r", "s"] as const) {
          const { count, ms } = now[leg];
          seen = { ...seen, [leg]: seen[leg] + count };
          if (count > 0) assert.ok(ms[0] >= wars[leg].valueMs - EARLY_MICROS / 2_000, `${leg}: ${String(ms[0])} ms`);
          if (count > operations) assert.ok(ms[0] < wars[leg].valueMs + 4, `${leg}: ${String(ms[0])} ms at the least`);
        }
        return Object.values(seen).every((count) => count >= 3 * operations) ? true : undefined;
      });
      // Each operation travels to all three, the coordinator itself among them, and each of them answers once.
      assert.deepEqual(seen, { w: 3 * operations, a: 3 * operations, r: 3 * operations, s: 3 * operations });
    } finally {
      await live.end();
    }
  });

  it("that lose everything leave W=1 alone and make W=2 indefinite", async () => {
    const live = await LiveCluster.start({
      network: { loss: 1 },
      engine: { detector: PATIENT, dw: 0, writeTimeoutMs: 100, readTimeoutMs: 100 },
    });
    try {
      const client = await live.client({ routing: "token-aware" });
      for (let i = 0; i < 8; i++) {
        const key = address(`lost-${String(i)}`);
        assert.equal((await put(client, key, live.writeId(), "v", { w: 2 })).outcome, "timeout");
        assert.equal((await put(client, key, live.writeId(), "w", { w: 1 })).outcome, "ok");
        assert.equal((await get(client, key, { r: 1 })).versions.length, 2, "the indefinite put did happen here");
        assert.equal((await get(client, key, { r: 2 })).outcome, "timeout");
      }
      const counts = await live.cluster.counts();
      for (const count of counts) assert.ok(count!.lost > 0, "what was lost is counted");
    } finally {
      await live.end();
    }
  });
});
