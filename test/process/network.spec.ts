import { strict as assert } from "node:assert";
import { monotonicMicros } from "../../engine/real/monotonic";
import { address, get, LiveCluster, type LiveOptions, needsCompiledNodes, put } from "./live-cluster";

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
