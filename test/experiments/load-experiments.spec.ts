/**
 * The experiments about who asks, run by the engine in virtual time and held to what is known exactly: open against closed
 * (OC-1), coordinated omission (CO-1), fan-out (TAIL-1), and to the shape of Dynamo's figure 4 (DYN-4). Sizes are those that a test can afford; tolerances say how much the
 * remaining chance may do, with seeds fixed. The full experiments are held closer by their own `published` values.
 */
import assert from "node:assert/strict";
import { smoke, valueOf } from "./smoke-cells";

describe("experiments about who asks (long)", function () {
  this.timeout(120_000);

  it("open against closed at one load: the means of M/M/1 and of mean value analysis (OC-1)", async () => {
    const axes =
      "tags.asked: [open, closed 10, closed 1], workload.model: [open, closed, closed], workload.rate: [8000/s, 8000/s, 8000/s], " +
      "workload.clients: [1000, 10, 1], workload.think: [none, {dist: exponential, mean: 968us}, {dist: exponential, mean: 25us}]";
    const cells = await smoke("open-closed", [
      ...["phases.measure=10s", "phases.warmup=500ms"],
      `sweep.axes={asked: {zip: {${axes}}}}`,
    ]);
    const mean = (asked: string): number => valueOf(cells, "read_mean_ms", { "tags.asked": asked });
    // About 80,000 operations: the mean of an M/M/1 queue at 0.8 then scatters by some 2 %.
    for (const [asked, ms, within] of [
      ["open", 0.5, 0.08],
      ["closed 10", 0.2815, 0.02],
      ["closed 1", 0.1, 0.02],
    ] as const)
      assert.ok(Math.abs(mean(asked) / ms - 1) < within, `${asked}: ${mean(asked)} ms for ${ms}`);
    assert.ok(mean("open") > 1.7 * mean("closed 10"));
  });

  it("a standstill of 100 s: p99.99 of 1 ms for who waits, of all but 100 s for who does not (CO-1)", async () => {
    const cells = await smoke("coordinated-omission", [
      ...["phases.warmup=0s", "phases.measure=201s", "faults.standstill={at: 100s, for: 100s}"],
      "sweep.axes={asked: {zip: {workload.model: [closed, open], workload.rate: [990/s, 990/s], workload.think: [none, none]}}}",
    ]);
    const of = (model: string, metric: string): number => valueOf(cells, metric, { "workload.model": model });
    assert.equal(of("closed", "read_p9999_ms"), 1);
    assert.ok(Math.abs(of("open", "read_p9999_ms") / 99_980 - 1) < 0.01);
    assert.ok(Math.abs(of("open", "read_p75_ms") / 50_000 - 1) < 0.01);
    assert.ok(Math.abs(of("open", "read_mean_ms") / 25_000 - 1) < 0.01);
    const open = cells.find(({ axes }) => axes["workload.model"] === "open")!;
    assert.equal(open.output.metrics["availability"].value, 1, "nothing that was due was left out");
  });

  it("over a day tails lie an order of magnitude above means, and the four curves in Dynamo's order (DYN-4)", async () => {
    const [cell] = await smoke("day", ["phases.measure=13s", "workload.diurnal.period=13s"]);
    const ms = (metric: string): number => cell.output.metrics[metric].value!;
    for (const kind of ["read", "write"]) {
      const ratio = ms(`${kind}_p999_ms`) / ms(`${kind}_mean_ms`);
      assert.ok(ratio >= 5 && ratio <= 20, `p99.9 of ${kind}s is ${ratio} times their mean`);
    }
    const order = ["write_p999_ms", "read_p999_ms", "write_mean_ms", "read_mean_ms"].map(ms);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => b - a),
    );
  });

  it("one slow call in a hundred: as many slow operations as chance says (TAIL-1)", async () => {
    const cells = await smoke("fan-out", ["cluster.nodes=40", "ring.partitions=160", "phases.measure=8s"]);
    for (const [fanOut, share] of [
      [1, 0.01],
      [10, 1 - 0.99 ** 10],
      [100, 1 - 0.99 ** 100],
    ] as const) {
      const slow = valueOf(cells, "multi_get_slow_ratio", { "tags.asked": `${fanOut}, one in a hundred slow` });
      // About 800 operations each.
      const spread = Math.sqrt((share * (1 - share)) / 800);
      assert.ok(Math.abs(slow - share) < 4 * spread, `${slow} slow of ${fanOut} calls, ${share} expected`);
    }
    const twice = { "tags.asked": "100, again after 10 ms" };
    const once = { "tags.asked": "100, once" };
    assert.ok(valueOf(cells, "multi_get_p99_ms", twice) < 0.25 * valueOf(cells, "multi_get_p99_ms", once));
    assert.ok(valueOf(cells, "messages_per_op", twice) < 1.05 * valueOf(cells, "messages_per_op", once));
  });
});
