/** YCSB's workload E, as short as its smoke profile makes it, in virtual time: every scan is answered, and with what was asked for. */
import assert from "node:assert/strict";
import { smoke, valueOf } from "./smoke-cells";

describe("workload E (long)", function () {
  this.timeout(120_000);

  it("is answered whole: no failure, as many records as were asked for, every value its key's own", async () => {
    const properties = "workload.properties={dataintegrity: true, fieldlengthdistribution: constant}";
    const cells = await smoke("ycsb-e", [
      "world=simulation",
      "network.client=0.5ms",
      "phases.measure=200ms",
      properties,
    ]);
    for (const r of [1, 2]) {
      const where = { r };
      assert.equal(valueOf(cells, "availability", where), 1);
      // Lengths are drawn evenly from 1 to 100, and few scans come to the end of the keys.
      const records = valueOf(cells, "scan_records_mean", where);
      assert.ok(records > 40 && records < 51.5, String(records));
    }
    // The node asked has all copies: with a quorum of one it asks nobody, with two it asks one other, and waits for it.
    assert.equal(valueOf(cells, "messages_per_op_reading", { r: 1 }), 0);
    assert.ok(valueOf(cells, "messages_per_op_reading", { r: 2 }) > 1.8);
    assert.ok(valueOf(cells, "scan_mean_ms", { r: 2 }) > valueOf(cells, "scan_mean_ms", { r: 1 }) + 1.5);
    assert.ok(valueOf(cells, "throughput_ops_s", { r: 2 }) < valueOf(cells, "throughput_ops_s", { r: 1 }));
    for (const { output } of cells) {
      const { validity, figures } = output;
      assert.ok(!validity.doubts.some(({ kind }) => kind === "broken-values"));
      const roles = Object.fromEntries((figures.work?.roles ?? []).map(({ role, counts }) => [role, sumOf(counts)]));
      assert.ok(roles["coordinating scans"] > 300, JSON.stringify(roles));
      assert.ok(roles["range reads"] > 30 * roles["coordinating scans"], JSON.stringify(roles));
    }
  });
});

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
