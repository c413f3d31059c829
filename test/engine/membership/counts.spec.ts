/**
 * What a node counts goes on over changes of the ring: rooms that are made anew for another ring must not begin their
 * numbers anew, or the difference of two readings is negative, or too small, and nobody notices.
 */
import { strict as assert } from "node:assert";
import type { NodeCounts } from "../../../engine/node";
import { MovingStore } from "./moving-store";

const SECOND = 1_000_000;
/** What is so now, and may fall. */
const GAUGES: readonly string[] = ["hintsHeld", "hintBytesHeld"];

describe("counters of a node while the ring changes", () => {
  it("never fall, those of anti-entropy either", () => {
    const store = new MovingStore(3, 4, 12, {
      engine: {
        aae: { hash: "content", fanout: 16, depth: 2, intervalMs: 50, concurrency: 4, repair: "stream" },
      },
    });
    const { cluster } = store;
    store.load(3 * SECOND);
    const before: (NodeCounts | undefined)[] = [];
    const joinAt = cluster.now() + 2_200_000;
    const end = joinAt + 3 * SECOND;
    cluster.at(joinAt, () => store.join(3, 1));
    // Exchanges that nobody answered, because not all knew yet that all go by one ring, take their timeout of 1.6 s.
    let exchangesBefore = 0;
    while (cluster.now() < end) {
      cluster.run(cluster.now() + 100_000);
      if (cluster.now() < joinAt) exchangesBefore = cluster.machines[0].count()!.exchanges;
      cluster.machines.forEach((machine, node) => {
        const now = machine.count();
        const then = before[node];
        if (now !== undefined && then !== undefined)
          for (const [name, value] of Object.entries(now))
            if (!GAUGES.includes(name))
              assert.ok(
                value >= then[name as keyof NodeCounts],
                `node ${String(node)}: ${name} fell to ${String(value)}`,
              );
        before[node] = now;
      });
    }
    assert.match(store.agreed(), /settled 0,1,2,3$/);
    assert.ok(exchangesBefore > 0);
    assert.ok(cluster.machines[0].count()!.exchanges > exchangesBefore);
    assert.ok(cluster.machines[0].count()!.treesBuilt >= 2);
  });
});
