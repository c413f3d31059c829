/** Hand-written views of a ring: when members agree, what a change takes, and what counts for neither. */
import { strict as assert } from "node:assert";
import { IntervalGrid } from "../../../results/measures/interval-grid";
import { MembershipMeasure } from "../../../results/measures/membership";
import type { FinishContext } from "../../../results/measures/measure";
import type { RingView } from "../../../results/record/membership";

const SECOND = 1_000_000;
const WARMUP = 10 * SECOND;

function measured(
  views: readonly RingView[],
  nodes = ["node-1", "node-2", "node-3"],
  silent: readonly string[] = [],
): ReturnType<MembershipMeasure["finish"]> {
  const grid = new IntervalGrid(1_000);
  grid.begin({ startOfWarmup: WARMUP, startOfMeasure: WARMUP + SECOND, endOfMeasure: WARMUP + 11 * SECOND });
  const measure = new MembershipMeasure({ grid });
  for (const view of views) measure.view(view);
  for (const at of [1, 11])
    measure.counters({
      at: WARMUP + at * SECOND,
      nodes: [...nodes, ...silent].map((node) => ({
        node,
        ...(silent.includes(node) ? {} : WORK(at)),
      })),
    });
  const weights = Object.fromEntries(nodes.map((node) => [node, 1]));
  const end = { weights, ringShares: weights, counters: [] } as unknown as FinishContext;
  return measure.finish(end);
}

const WORK = (at: number): object => ({
  transferKeys: 5 * at,
  transferBytes: 100 * at,
  byCause: { gossip: { messages: at, bytes: 20 * at } },
});

function view(
  s: number,
  node: number,
  version: number,
  phase: RingView["phase"],
  first = false,
  proposer = 0,
): RingView {
  return { at: WARMUP + s * SECOND, node, version, proposer, phase, first };
}

const CHANGE = [
  view(2, 0, 2, "joining"),
  view(2.1, 1, 2, "joining"),
  view(2.3, 2, 2, "joining"),
  view(3, 0, 3, "switching"),
  view(3.1, 1, 3, "switching"),
  view(3.2, 2, 3, "switching"),
  view(4, 0, 4, "settled"),
  view(4.5, 2, 4, "settled"),
  view(4.6, 1, 4, "settled"),
];

describe("the measure of membership", () => {
  it("takes a change from the first node that leaves the settled ring to the last that is settled again", () => {
    const { metrics } = measured(CHANGE);
    assert.equal(metrics!.ring_changes.value, 1);
    assert.ok(Math.abs(metrics!.ring_change_s.value! - 2.6) < 1e-9);
    assert.ok(Math.abs(metrics!.ring_agreement_ms.value! - 300) < 1e-9);
    assert.ok(Math.abs(metrics!.ring_agreement_max_ms.value! - 600) < 1e-9);
    assert.equal(metrics!.ring_agreement_ms.n, 3);
  });

  it("tells two states apart that were proposed under one version", () => {
    const both = [
      view(2, 0, 2, "joining"),
      view(2.1, 1, 2, "joining", false, 1),
      view(2.4, 0, 2, "joining", false, 1),
      view(2.5, 2, 2, "joining", false, 1),
      ...CHANGE.slice(3),
    ];
    const { figures } = measured(both);
    assert.deepEqual(
      figures!.membership!.states.slice(0, 2).map(({ nodes }) => nodes),
      [1, 3],
    );
  });

  it("adds up what moved in the measured phase over all nodes", () => {
    const { metrics } = measured(CHANGE);
    assert.equal(metrics!.transferred_keys.value, 150);
    assert.equal(metrics!.transferred_bytes.value, 3_000);
    assert.equal(metrics!.gossip_bytes_per_node_s.value, 20);
  });

  it("tells what a node says of those that say something: spares that never start are no nodes", () => {
    const { metrics } = measured(CHANGE, undefined, ["spare-1", "spare-2"]);
    assert.equal(metrics!.gossip_bytes_per_node_s.value, 20);
    assert.equal(metrics!.gossip_bytes_per_node_s.n, 3);
  });

  it("does not wait for a node that learns its first ring later, nor count it from the beginning", () => {
    const { metrics, figures } = measured(
      [...CHANGE, view(9, 3, 4, "settled", true)],
      ["node-1", "node-2", "node-3", "node-4"],
    );
    assert.ok(Math.abs(metrics!.ring_agreement_max_ms.value! - 600) < 1e-9);
    assert.deepEqual(figures!.membership!.first, [0, 1, 2]);
  });

  it("calls a change that is not over none, and ignores what a node hears after it has left", () => {
    const { metrics } = measured(CHANGE.slice(0, 6));
    assert.equal(metrics!.ring_changes.value, 0);
    assert.equal(metrics!.ring_change_s, undefined);
    const after = measured([...CHANGE, view(5, 2, 4, "left"), view(8, 2, 4, "settled")]);
    assert.ok(Math.abs(after.metrics!.ring_agreement_max_ms.value! - 600) < 1e-9);
  });

  it("has nothing to say where the ring is fixed", () => {
    assert.deepEqual(measured([]), {});
  });
});
