/** The experiments of time series, of a queue and of an object index, as short as their smoke profiles make them. */
import assert from "node:assert/strict";
import { smoke, valueOf } from "./smoke-cells";

describe("experiments on mixes with keys of their own", function () {
  this.timeout(60_000);

  it("object-index: strict quorums list what was acknowledged, a single answer also what is gone", async () => {
    const cells = await smoke("object-index");
    for (const [r, w] of [
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]) {
      const where = { "tunables.r": r, "tunables.w": w };
      assert.ok(valueOf(cells, "list_due", where) > 1000);
      assert.ok(valueOf(cells, "list_p50_ms", where) > valueOf(cells, "scan_p50_ms", where));
      if (r === 2 && w === 2) {
        assert.equal(valueOf(cells, "list_missing", where), 0);
        assert.equal(valueOf(cells, "list_ghosts", where), 0);
      }
    }
    const wrong = [1, 2].flatMap((w) =>
      ["list_missing", "list_ghosts"].map((metric) => valueOf(cells, metric, { "tunables.r": 1, "tunables.w": w })),
    );
    assert.ok(wrong.reduce((sum, one) => sum + one, 0) > 5, wrong.join(", "));
    for (const { output } of cells) assert.ok(!output.validity.doubts.some(({ kind }) => kind === "broken-values"));
  });

  it("time-ordered: one series burdens the nodes about as evenly as many, and a scan costs more than a read", async () => {
    const cells = await smoke("time-ordered");
    for (const series of [1, 100]) {
      for (const r of [1, 2]) {
        const where = { "workload.time_ordered.series": series, "tunables.r": r };
        assert.ok(valueOf(cells, "load_imbalance", where) < 1.4);
        assert.ok(valueOf(cells, "scan_p50_ms", where) > valueOf(cells, "read_p50_ms", where));
      }
    }
  });

  it("delete-heavy: deletes come back where they are forgotten before a node is, and else none", async () => {
    const cells = await smoke("delete-heavy");
    assert.equal(valueOf(cells, "resurrected_deletes", { grace: "none" }), 0);
    assert.ok(valueOf(cells, "resurrected_deletes", { grace: "300ms" }) > 0);
  });
});
