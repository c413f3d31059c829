/**
 * What the catalogue's experiments about clocks say they expect, held by their smoke profiles in virtual time: each of them
 * could come out otherwise, and a change of clocks, engine or oracle that makes it so has to say why.
 */
import assert from "node:assert/strict";
import { smoke, valueOf } from "./smoke-cells";

describe("experiments about clocks (long)", function () {
  this.timeout(120_000);

  it("sibling-explosion: 101 siblings under vv-server, 2 under dvvset, in both scripts", async () => {
    const cells = await smoke("sibling-explosion");
    for (const script of ["explosion-1", "explosion-2"]) {
      assert.equal(valueOf(cells, "siblings_max", { clock: "vv-server", "workload.script": script }), 101);
      assert.equal(valueOf(cells, "siblings_max", { clock: "dvvset", "workload.script": script }), 2);
      assert.ok(valueOf(cells, "false_conflicts", { clock: "vv-server", "workload.script": script }) > 0);
      assert.equal(valueOf(cells, "false_conflicts", { clock: "dvvset", "workload.script": script }), 0);
    }
  });

  it("seven-writers: at most seven versions with dots, more without", async () => {
    const cells = await smoke("seven-writers");
    assert.ok(valueOf(cells, "siblings_max", { clock: "dvvset" }) <= 7);
    assert.ok(valueOf(cells, "siblings_max", { clock: "vv-server" }) > 7);
  });

  it("actor-explosion: an entry for each client, and false conflicts above the limit of pruning alone", async () => {
    const cells = await smoke("actor-explosion");
    const at = (clock: string, prune: string, clients: number): number => {
      const found = cells.filter(
        ({ axes }) =>
          axes.clock === clock && Number(axes["workload.clients"]) === clients && String(axes.prune).includes(prune),
      );
      assert.equal(found.length, 1);
      return found[0].output.metrics.false_conflicts.value!;
    };
    const entries = (clock: string, clients: number): number =>
      cells.find(
        ({ axes }) =>
          axes.clock === clock && Number(axes["workload.clients"]) === clients && String(axes.prune) === "none",
      )!.output.metrics.clock_entries_max.value!;
    for (const clients of [8, 100]) {
      assert.ok(entries("dvvset", clients) <= 3);
      assert.ok(entries("vv-client", clients) >= 0.9 * clients, "nearly every client has written by then");
      assert.equal(at("vv-client", "none", clients), 0);
      assert.equal(at("dvvset", "none", clients), 0);
    }
    assert.equal(at("vv-client", "dynamo", 8), 0);
    assert.equal(at("vv-client", "50", 8), 0);
    assert.ok(at("vv-client", "dynamo", 100) > 0);
  });

  it("truncation: none with ten writers, some with thirty-two", async () => {
    const cells = await smoke("truncation");
    assert.equal(valueOf(cells, "false_conflicts", { "workload.clients": 10 }), 0);
    assert.ok(valueOf(cells, "false_conflicts", { "workload.clients": 32 }) > 0);
  });

  it("lost-updates: lww loses acknowledged writes by mere skew, hlc none to what they replaced, dvvset none", async () => {
    const cells = await smoke("lost-updates");
    const skewed = (clock: string, timestamps: string) => ({ clock, timestamps, "node_model.clock_skew": "1s" });
    const lost = valueOf(cells, "lost_updates", skewed("lww", "coordinator"));
    assert.ok(
      lost >
        10 * (1 + valueOf(cells, "lost_updates", { ...skewed("lww", "coordinator"), "node_model.clock_skew": "none" })),
    );
    assert.ok(valueOf(cells, "lost_updates", skewed("lww", "client")) > 0);
    assert.ok(valueOf(cells, "false_dominance", skewed("lww", "coordinator")) > 0);
    assert.equal(valueOf(cells, "false_dominance", skewed("lww-hlc", "coordinator")), 0);
    assert.ok(valueOf(cells, "lost_updates", skewed("lww-hlc", "coordinator")) < lost);
    for (const skew of ["none", "1s"])
      assert.equal(valueOf(cells, "lost_updates", { clock: "dvvset", "node_model.clock_skew": skew }), 0);
  });

  it("doomstone: acknowledged writes are lost without epochs alone", async () => {
    const cells = await smoke("doomstone");
    assert.ok(valueOf(cells, "lost_updates", { delete_mode: "immediate", actor_epochs: false }) > 0);
    assert.equal(valueOf(cells, "lost_updates", { delete_mode: "immediate", actor_epochs: true }), 0);
    assert.equal(valueOf(cells, "lost_updates", { delete_mode: "keep", actor_epochs: true }), 0);
    assert.equal(valueOf(cells, "lost_updates", { delete_mode: "keep", actor_epochs: false }), 0);
  });

  it("cart: robots make versions diverge, lost messages far less", async () => {
    const cells = await smoke("cart");
    const several = (robots: number, loss: number): number => {
      const found = cells.find(
        ({ axes }) => Number(axes["workload.cart.robots"]) === robots && Number(axes["network.loss"]) === loss,
      )!;
      const { siblingsPerRead } = found.output.figures;
      const all = siblingsPerRead.reduce((sum, count) => sum + count, 0);
      return siblingsPerRead.slice(2).reduce((sum, count) => sum + count, 0) / all;
    };
    assert.ok(several(4, 0) > several(0, 0.01), `${String(several(4, 0))} against ${String(several(0, 0.01))}`);
    assert.equal(several(0, 0), 0);
  });
});
