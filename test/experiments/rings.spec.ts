/** Rings in experiment files: what reaches the engine, what is refused or doubted, and rings drawn besides the one that runs. */
import assert from "node:assert/strict";
import { drawnRings } from "../../experiments/drawn-rings";
import { experimentOf, problemsOf } from "./problems-of";

const told = (text: string): readonly string[] =>
  problemsOf(text)
    .filter(({ message }) => /ring|partition|weight|token/.test(message))
    .map(({ severity, message }) => `${severity}: ${message}`);

describe("a ring in an experiment", () => {
  it("reaches the engine with what its strategy uses, and with nothing else", () => {
    const ring = (text: string) => experimentOf(`cluster: {nodes: 5}\nring: ${text}\n`).cells[0].cluster.ring;
    const base = { partitions: 64, vnodesPerNode: 16, hash: "murmur3", distinctHosts: "walk" };
    assert.deepEqual(ring("{}"), { ...base, strategy: "equal-partitions" });
    assert.deepEqual(ring("{dealing: random}"), { ...base, strategy: "equal-partitions", dealing: "random" });
    assert.deepEqual(ring("{strategy: claim}"), { ...base, strategy: "claim", targetN: 4 });
    assert.deepEqual(ring("{strategy: claim, target_n: 3, target_location_n: 2}"), {
      ...{ ...base, strategy: "claim" },
      ...{ targetN: 3, targetLocationN: 2 },
    });
    assert.deepEqual(ring("{strategy: allocate}"), { ...base, strategy: "allocate", replication: 3 });
    assert.deepEqual(ring("{strategy: jump}"), { ...base, strategy: "jump" });
    assert.deepEqual(ring("{strategy: explicit, owners: [node-1, node-2, node-3, node-4, node-5]}"), {
      ...{ ...base, strategy: "explicit" },
      owners: ["node-1", "node-2", "node-3", "node-4", "node-5"],
    });
  });

  for (const [what, text, expected] of [
    [
      "fewer partitions to claim than nodes",
      "cluster: {nodes: 5}\nring: {strategy: claim, partitions: 4}\n",
      ["error: ring.partitions is 4 but there are 5 nodes; every node needs at least one partition"],
    ],
    [
      "an explicit ring without owners",
      "ring: {strategy: explicit}\n",
      [
        "error: ring.strategy is explicit but ring.owners is not given; name the node of each partition, such as [node-1, node-2]",
      ],
    ],
    [
      "owners that are no nodes, and nodes that own nothing",
      "cluster: {nodes: 3}\nring: {strategy: explicit, owners: [node-1, node-7]}\n",
      [
        "warning: ring.owners gives no partition to node-2, node-3, which therefore store nothing",
        'error: ring.owners names "node-7", but the nodes are node-1 to node-3',
      ],
    ],
    [
      "tokens too many to be allocated",
      "world: simulation\ncluster: {nodes: 300}\nring: {strategy: allocate, vnodes_per_node: 256}\n",
      ["error: 76800 tokens are too many to be allocated one by one; allowed: at most 65536"],
    ],
    [
      "settings of other strategies",
      "cluster: {nodes: 4}\nring: {strategy: jump, partitions: 64, vnodes_per_node: 4, target_n: 3}\n",
      [
        "warning: ring.partitions has no effect with ring.strategy jump; it belongs to equal-partitions, tokens-over-equal-partitions and claim",
        "warning: ring.vnodes_per_node has no effect with ring.strategy jump; it belongs to random-tokens, tokens-over-equal-partitions and allocate",
        "warning: ring.target_n has no effect with ring.strategy jump; it belongs to claim",
      ],
    ],
    [
      "weights that so few partitions cannot follow",
      "cluster: {nodes: 4, weights: {node-1: 0.5}}\nring: {partitions: 4}\n",
      [
        "warning: 4 partitions cannot follow cluster.weights: node-1 gets 1 where its weight asks for 0.6; more ring.partitions come nearer",
      ],
    ],
    [
      "a weight that no node can have of copies",
      "cluster: {nodes: 4, weights: {node-1: 9}}\n",
      [
        "warning: node-1 has 75 % of the weight, but with n_val 3 no node can hold more than one copy of a key: its share of copies ends at 33 %",
      ],
    ],
    [
      "copies spread over one zone",
      "ring: {spread: zones}\n",
      ["warning: ring.spread zones has no effect with one zone; name several in cluster.zones"],
    ],
    [
      "an owner that is no name",
      "ring: {strategy: explicit, owners: [1, 2]}\n",
      [
        "error: ring.owners is [1, 2]; allowed: a list of nodes, one for each partition, such as [node-1, node-2, node-3, node-1]",
      ],
    ],
  ] as const) {
    it(`is told of ${what}`, () => assert.deepEqual(told(text), expected));
  }
});

describe("rings drawn besides the one that runs", () => {
  const cell = (text: string) => experimentOf(`world: simulation\nnetwork: {client: 1ms}\n${text}`).cells[0];

  it("are none unless asked for", () => {
    assert.equal(drawnRings(cell("name: a\n"), 1), undefined);
  });

  it("have the imbalance that the closed form says, and the same for the same seed", () => {
    const text = "cluster: {nodes: 10}\nring: {strategy: random-tokens, vnodes_per_node: 16}\nmeasure: {rings: 400}\n";
    const metrics = drawnRings(cell(text), 5)!.metrics;
    assert.equal(metrics.ring_primary_cv.n, 400);
    assert.ok(Math.abs(metrics.ring_primary_cv.value! / Math.sqrt(9 / 161) - 1) < 0.05);
    assert.equal(metrics.ring_metadata_entries.value, 160);
    assert.ok(metrics.ring_efficiency.lo! < metrics.ring_efficiency.value!);
    assert.equal(metrics.ring_join_moved_ratio.n, 60);
    assert.deepEqual(drawnRings(cell(text), 5)!.metrics, metrics);
    assert.notDeepEqual(drawnRings(cell(text), 6)!.metrics, metrics);
  });

  it("are not given one more node than they have partitions for", () => {
    const metrics = drawnRings(cell("cluster: {nodes: 4}\nring: {partitions: 4}\nmeasure: {rings: 2}\n"), 1)!.metrics;
    assert.equal(metrics.ring_join_moved, undefined);
    assert.ok(metrics.ring_leave_moved.value! > 0);
  });

  it("let nodes fail over them where that is asked for, with the count as evidence", () => {
    const text = "cluster: {nodes: 12}\nmeasure: {availability: {centuries: 2, acceleration: 20}}\n";
    const { outages_per_century: outages, ...others } = drawnRings(cell(text), 1)!.metrics;
    assert.deepEqual(others, {});
    assert.ok(outages.value! > 0 && outages.n > 10 && outages.lo! < outages.value!);
  });
});
