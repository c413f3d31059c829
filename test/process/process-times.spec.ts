/**
 * What node processes tell of their own event loops and garbage: over a span, over lives, and who was let run undisturbed. How late
 * they are is the machine's business; a node that was stopped is late by as long as it stood still, on any machine.
 */
import { strict as assert } from "node:assert";
import { monotonicMicros } from "../../engine/real/monotonic";
import { LiveCluster, needsCompiledNodes, settingsOf } from "./live-cluster";

describe("the times of node processes", function () {
  this.timeout(30_000);
  before(function () {
    needsCompiledNodes(this);
  });

  it("tell of a node that stood still, in that span alone, and the cluster of who was disturbed and since when", async () => {
    const live = await LiveCluster.startWith(settingsOf({ nodes: 2 }));
    const { cluster } = live;
    try {
      const started = monotonicMicros();
      assert.ok(cluster.undisturbedSince(0) <= started && cluster.undisturbedSince(1) <= started);
      await cluster.counts(10_000, true);
      cluster.pause(1);
      const paused = monotonicMicros();
      assert.equal(cluster.undisturbedSince(1), Infinity, "one that stands still tells nothing");
      // Something to wait for: answers of the node that runs.
      while (monotonicMicros() - paused < 300_000) await cluster.counts(10_000);
      cluster.resume(1);
      assert.ok(cluster.undisturbedSince(1) >= paused && cluster.undisturbedSince(0) <= started);
      const still = (await cluster.counts(10_000, true))[1]!;
      assert.ok(still.loopDelayMaxMs >= 280, `${String(still.loopDelayMaxMs)} ms`);
      assert.ok(still.loopDelayP99Ms > 0 && still.loopDelayP99Ms <= still.loopDelayMaxMs);
      const [, after] = await cluster.counts(10_000);
      assert.ok(after!.gcMs >= still.gcMs && after!.gcCount >= still.gcCount, "totals go on");
      await cluster.kill(1);
      assert.equal(cluster.undisturbedSince(1), Infinity);
      await cluster.restart(1);
      assert.ok(cluster.undisturbedSince(1) > started);
      const [, reborn] = await cluster.counts(10_000);
      assert.ok(reborn!.gcCount >= after!.gcCount, "a second life adds to the first");
    } finally {
      await live.end();
    }
  });
});
