/**
 * What the catalogue's experiments on symmetry, uneven machines and load over a day say they expect, held by their smoke profiles in
 * virtual time: each could come out otherwise.
 */
import assert from "node:assert/strict";
import { type Cell, smoke, valueOf } from "./smoke-cells";

describe("experiments about symmetry and uneven load (long)", function () {
  this.timeout(120_000);

  it("kill-each: the absence of any of five like nodes costs about the same, that of a heavy one more", async () => {
    const cells = await smoke("kill-each");
    const alike = (metric: string): number => valueOf(cells, metric, { "tags.nodes": "alike" });
    const heavy = (metric: string): number => valueOf(cells, metric, { "tags.nodes": "one heavy" });
    assert.ok(alike("fault_availability_spread") < heavy("fault_availability_spread") / 2);
    assert.ok(alike("role_imbalance_max") < 1.5 && heavy("role_imbalance_max") > 2);
    for (const { output } of cells)
      assert.deepEqual(
        output.figures.outages!.map(({ faults }) => faults),
        [1, 2, 3, 4, 5].map((node) => [`without-${node}`]),
        "one after the other, never two at once",
      );
    const worst = (cell: Cell): string =>
      [...cell.output.figures.outages!].sort((a, b) => a.ok / a.due - b.ok / b.due)[0].faults[0];
    assert.equal(worst(cells.find(({ axes }) => axes["tags.nodes"] === "one heavy")!), "without-1");
  });

  it("uneven: shares follow weights, and matching ones spare the slow nodes at high load", async () => {
    const cells = await smoke("uneven", ["workload.keys.count=20000", "workload.preload=none"]);
    const p99 = (weights: string, rate: string): number =>
      valueOf(cells, "read_p99_ms", { "tags.weights": weights, "workload.rate": rate });
    assert.ok(p99("even", "5000/s") > 3 * p99("by speed", "5000/s"));
    assert.ok(p99("even", "2000/s") < 10 && p99("by speed", "5000/s") < 10);
    for (const { output } of cells) assert.ok(output.metrics["load_per_weight_error"].value! < 0.15);
    const [bySpeed] = cells.filter(({ axes }) => axes["tags.weights"] === "by speed");
    const share = new Map(bySpeed.output.figures.load.map(({ node, ringShare }) => [node, ringShare]));
    assert.ok(Math.abs(share.get("node-4")! / share.get("node-1")! - 4) < 0.01);
  });

  it("imbalance-over-a-day: fewer nodes are out of balance at high load, unless few keys decide (DYN-6)", async () => {
    const cells = await smoke("imbalance-over-a-day");
    const of = (metric: string, popularity: string): number =>
      valueOf(cells, metric, { "tags.popularity": popularity });
    for (const popularity of ["uniform", "zipf 0.5"])
      assert.ok(of("imbalance_low_load", popularity) >= 1.3 * of("imbalance_high_load", popularity), popularity);
    assert.ok(of("imbalance_high_load", "zipf 0.99") > 0.4);
    const [{ output }] = cells;
    const { columns } = output.figures.intervals;
    const offered = columns["offered"].slice(0, 12).map((value) => value!);
    assert.ok(Math.max(...offered) > 6 * Math.min(...offered), "the day rises from its trough");
    assert.ok(Math.abs(offered.reduce((sum, one) => sum + one, 0) / 12 - 400) < 1, "around its mean");
  });
});
