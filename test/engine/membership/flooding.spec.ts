/** Flooding over a fixed graph: the graphs, and that values reach everybody by the shortest ways at the price the graph sets. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FloodingNode, neighboursOn, TOPOLOGIES, type Topology } from "../../../engine/membership/flooding";
import { simulateFlooding, type Flooded } from "../../../engine/sim/flooding";
import { Random } from "../../../engine/vocabulary/random";
import { members, settings } from "../sim/settings";

/** Hops from a node to each other, the dumb way. */
function hopsFrom(graph: readonly (readonly number[])[], start: number): readonly number[] {
  const hops = graph.map(() => Infinity);
  hops[start] = 0;
  for (let round = 0; round < graph.length; round++)
    graph.forEach((others, node) => {
      for (const other of others) hops[other] = Math.min(hops[other], hops[node] + 1);
    });
  return hops;
}

function flooded(
  topology: Topology,
  n: number,
  more: { loss?: number; seed?: number; exponential?: boolean } = {},
): Flooded {
  const { loss = 0, seed = 1, exponential = false } = more;
  const intraZone = exponential
    ? ({ dist: "exponential", meanMs: 10, shiftMs: 0 } as const)
    : ({ dist: "constant", valueMs: 10 } as const);
  const cluster = settings({ seed, members: members(n), network: { intraZone, loss } });
  const load = { topology, ratePerSecond: 50, lengthMs: 4_000 };
  return simulateFlooding(load, cluster, Random.fromSeed(seed).fork("flooding"));
}

describe("flooding over a fixed graph", () => {
  it("knows its graphs: links go both ways, everybody is reached, and the widest are as wide as they should be", () => {
    const width = (topology: Topology, n: number): number => {
      const graph = neighboursOn(topology, n);
      return Math.max(...graph.flatMap((_, node) => hopsFrom(graph, node)));
    };
    const links = (topology: Topology, n: number): number => neighboursOn(topology, n).flat().length / 2;
    assert.deepEqual(
      TOPOLOGIES.map((topology) => width(topology, 25)),
      [24, 8, 5, 1],
    );
    assert.deepEqual(
      TOPOLOGIES.map((topology) => links(topology, 25)),
      [24, 40, 24, 300],
    );
    fc.assert(
      fc.property(fc.constantFrom(...TOPOLOGIES), fc.integer({ min: 1, max: 60 }), (topology, n) => {
        const graph = neighboursOn(topology, n);
        graph.forEach((others, node) => {
          for (const other of others) assert.ok(other !== node && graph[other].includes(node));
        });
        assert.ok(hopsFrom(graph, 0).every((hops) => hops < n));
      }),
    );
  });

  it("tells all neighbours but the one it came from, once", () => {
    const node = new FloodingNode([1, 2, 3]);
    assert.deepEqual(node.receive(7, 2), [1, 3]);
    assert.deepEqual(node.receive(7, 1), []);
    assert.deepEqual(node.begin(8), [1, 2, 3]);
    assert.deepEqual([node.has(7), node.has(9)], [true, false]);
  });

  for (const topology of TOPOLOGIES) {
    it(`takes the shortest ways on a ${topology}, and as many messages as it has links`, () => {
      const n = 25;
      const graph = neighboursOn(topology, n);
      const { everywhere, stable, messages } = flooded(topology, n);
      const widths = new Set(graph.map((_, node) => 10_000 * Math.max(...hopsFrom(graph, node))));
      for (const time of everywhere) assert.ok(widths.has(time), String(time));
      assert.equal(messages, everywhere.length * (graph.flat().length - (n - 1)));
      stable.forEach((time, value) => assert.ok(time >= 0 && time < everywhere[value]));
      assert.ok(Math.max(...stable) > 0);
    });
  }

  it("is faster than the mean of its hops where there are many ways", () => {
    const mean = ({ everywhere }: Flooded): number => everywhere.reduce((sum, one) => sum + one, 0) / everywhere.length;
    for (const topology of ["grid", "complete"] as const)
      assert.ok(mean(flooded(topology, 25, { exponential: true })) < mean(flooded(topology, 25)), topology);
    assert.ok(mean(flooded("line", 25, { exponential: true })) > 0.9 * mean(flooded("line", 25)), "there is one way");
  });

  it("loses values for good with a message on a tree, and hardly any on a complete graph", () => {
    const missing = ({ everywhere }: Flooded): number => everywhere.filter((time) => time === Infinity).length;
    assert.ok(missing(flooded("tree", 25, { loss: 0.05 })) > 20);
    assert.equal(missing(flooded("complete", 25, { loss: 0.05 })), 0);
  });

  it("is the same for the same seed", () => {
    assert.deepEqual(
      flooded("grid", 9, { exponential: true, seed: 4 }),
      flooded("grid", 9, { exponential: true, seed: 4 }),
    );
    assert.notDeepEqual(flooded("grid", 9, { seed: 4 }).stable, flooded("grid", 9, { seed: 5 }).stable);
  });
});
