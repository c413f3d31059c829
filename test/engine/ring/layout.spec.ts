/** Dealing partitions to nodes: fair shares, and copies apart. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { layOut, partitionCounts } from "../../../engine/ring/layout";

/** The least number of steps around the ring from a partition to the next one of the same node. */
function leastGap(ring: readonly number[]): number {
  let least = ring.length;
  for (let from = 0; from < ring.length; from++) {
    let step = 1;
    while (ring[(from + step) % ring.length] !== ring[from]) step++;
    least = Math.min(least, step);
  }
  return least;
}

function tally(ring: readonly number[], nodes: number): number[] {
  const counts = new Array<number>(nodes).fill(0);
  for (const node of ring) counts[node]++;
  return counts;
}

const weights = fc.array(fc.constantFrom(0.25, 0.5, 1, 1, 1, 2, 3.7), { minLength: 1, maxLength: 12 });

describe("shares of partitions", () => {
  it("are whole, at least one, complete, and never in the wrong order of weights", () => {
    fc.assert(
      fc.property(weights, fc.nat(300), (given, extra) => {
        const partitions = given.length + extra;
        const counts = partitionCounts(partitions, given);
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          partitions,
        );
        for (let i = 0; i < given.length; i++) {
          assert.ok(Number.isInteger(counts[i]) && counts[i] >= 1);
          for (let j = 0; j < given.length; j++) if (given[i] > given[j]) assert.ok(counts[i] >= counts[j]);
        }
      }),
    );
  });

  it("are within one of what the weights ask, where that is at least one partition each", () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 200, max: 2000 }), (given, partitions) => {
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const quotas = given.map((weight) => (partitions * weight) / total);
        fc.pre(quotas.every((quota) => quota >= 1));
        partitionCounts(partitions, given).forEach((count, node) => assert.ok(Math.abs(count - quotas[node]) < 1));
      }),
    );
  });
});

describe("the layout of partitions", () => {
  it("is plain round robin where the nodes divide the partitions", () => {
    assert.deepEqual(layOut([2, 2, 2]), [0, 1, 2, 0, 1, 2]);
  });

  it("keeps equal nodes as far apart as any layout could, tail and head included", () => {
    for (let nodes = 1; nodes <= 14; nodes++) {
      for (let partitions = nodes; partitions <= 7 * nodes; partitions++) {
        const counts = partitionCounts(partitions, new Array<number>(nodes).fill(1));
        const ring = layOut(counts);
        assert.deepEqual(tally(ring, nodes), counts);
        // A node with ceil(Q/S) partitions has two of them within this many steps, whatever the layout.
        const best = Math.floor(partitions / Math.ceil(partitions / nodes));
        assert.equal(leastGap(ring), best, `${partitions} partitions of ${nodes} nodes`);
      }
    }
  });

  it("puts three copies on three hosts for Riak's usual ring of 64 and any cluster of 4 to 16 nodes", () => {
    for (let nodes = 4; nodes <= 16; nodes++) {
      assert.ok(leastGap(layOut(partitionCounts(64, new Array<number>(nodes).fill(1)))) >= 3, `${nodes} nodes`);
    }
  });

  it("deals each node its share for any weights, and never puts neighbours on one node without need", () => {
    fc.assert(
      fc.property(weights, fc.nat(200), (given, extra) => {
        const counts = partitionCounts(given.length + extra, given);
        const ring = layOut(counts);
        assert.deepEqual(tally(ring, given.length), counts);
        // Each has at most half, so neighbours can differ all around.
        if (ring.length > 1 && Math.max(...counts) <= ring.length / 2) assert.ok(leastGap(ring) >= 2, ring.join(" "));
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps three copies on three hosts for mixed weights, where no node has more than a fourth", () => {
    fc.assert(
      fc.property(weights, fc.nat(200), (given, extra) => {
        const counts = partitionCounts(given.length + extra, given);
        const ring = layOut(counts);
        fc.pre(Math.max(...counts) <= ring.length / 4);
        assert.ok(leastGap(ring) >= 3, ring.join(" "));
      }),
      { numRuns: 500 },
    );
  });
});
