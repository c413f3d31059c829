/**
 * What the catalogue's experiments about failure and repair say they expect, held by their smoke profiles in virtual time:
 * each could come out otherwise. (slow-replica has a file of its own.)
 */
import assert from "node:assert/strict";
import { type Cell, smoke, valueOf } from "./smoke-cells";

/** The figure of the one cell whose axes, as one text, have all these words. */
function at(cells: readonly Cell[], metric: string, ...words: readonly string[]): number {
  const found = cells.filter(({ axes }) => words.every((word) => JSON.stringify(axes).includes(word)));
  assert.equal(found.length, 1, `one cell has ${words.join(", ")} of ${JSON.stringify(cells.map(({ axes }) => axes))}`);
  return found[0].output.metrics[metric]?.value ?? NaN;
}

describe("experiments about failure and repair (long)", function () {
  this.timeout(120_000);

  it("hint-storm: a log brings home all that was missed, fallbacks most, and nobody nothing", async () => {
    const cells = await smoke("hint-storm");
    const left = (standIn: string): number => valueOf(cells, "divergent_keys_final", { stand_in: standIn });
    assert.equal(left("coordinator-log"), 0);
    assert.ok(left("fallback") > 0 && left("fallback") < left("none") / 2);
    assert.equal(valueOf(cells, "hints_held_max", { stand_in: "none" }), 0);
  });

  it("handoff-starvation: hints that are in use pile up, unless they need no rest", async () => {
    const cells = await smoke("handoff-starvation");
    const held = (idle: string): number => valueOf(cells, "hints_held_max", { hint_idle: idle });
    assert.ok(held("1s") > 3 * held("0ms"), `${String(held("1s"))} against ${String(held("0ms"))}`);
  });

  it("merkle-overstream: keys are sent for nothing as a leaf has keys, and none by single reads", async () => {
    const cells = await smoke("merkle-overstream");
    const over = (leaves: string, repair: string): number =>
      valueOf(cells, "keys_overstreamed", { "tags.leaves": leaves, "tags.repair": repair });
    assert.equal(over("2^10", "gets"), 0);
    // 4,096 keys: 128, 16 and 4 a leaf.
    assert.ok(over("2^5", "stream") > 4 * over("2^8", "stream"));
    assert.ok(over("2^8", "stream") > 2 * over("2^10", "stream"));
    assert.ok(over("2^10", "stream") > over("2^15", "stream"));
    for (const { output } of cells) assert.equal(output.metrics.divergent_keys_final?.value, 0);
  });

  it("repair-cost: anti-entropy heals all, a log of hints nearly all for fewer bytes, nothing nothing", async () => {
    const cells = await smoke("repair-cost", ["sweep.axes.read_repair=[none]"]);
    const nobody = '"stand_in":"none"';
    const none = [nobody, "disabled"];
    assert.ok(at(cells, "divergent_keys_final", ...none) > 20);
    assert.equal(at(cells, "divergent_keys_final", nobody, "interval"), 0);
    const logged = at(cells, "divergent_keys_final", "coordinator-log", "disabled");
    assert.ok(logged < at(cells, "divergent_keys_final", ...none) / 5, String(logged));
    const bytes = (...words: string[]): number => at(cells, "repair_bytes_per_op", ...words);
    assert.equal(bytes(...none), 0);
    assert.ok(bytes("coordinator-log", "disabled") < bytes(nobody, "interval"));
  });

  it("write-buffer: at the busy rate not waiting for disks at least halves the tail (DYN-5), at the quiet rate hardly matters", async () => {
    const cells = await smoke("write-buffer", ["phases.measure=8s", "sweep.axes.dw=[0, 2]"]);
    const p99 = (load: string, dw: number): number => valueOf(cells, "write_p99_ms", { "tags.load": load, dw });
    assert.ok(p99("busy", 2) > 1.8 * p99("busy", 0), `${String(p99("busy", 2))} against ${String(p99("busy", 0))}`);
    assert.ok(p99("quiet", 2) < 1.3 * p99("quiet", 0), `${String(p99("quiet", 2))} against ${String(p99("quiet", 0))}`);
  });

  it("resurrection: deletes come back after an absence beyond the grace, never where they are remembered", async () => {
    const cells = await smoke("resurrection");
    const back = (away: string, grace: string): number =>
      valueOf(cells, "resurrected_deletes", { "tags.away": away, grace });
    assert.ok(back("17 days", "10d") > 0);
    assert.equal(back("17 days", "none"), 0);
    assert.equal(back("7 days", "none"), 0);
  });

  it("clock-skew: last write wins loses what a wrong clock dates, hybrid time and dots lose nothing", async () => {
    const cells = await smoke("clock-skew");
    const lost = (clock: string, offset: string): number =>
      valueOf(cells, "lost_updates", { clock, "faults.wrong.offset": offset });
    assert.ok(lost("lww", "1s") > 0);
    for (const [clock, offset] of [
      ["lww", "1ms"],
      ["lww-hlc", "1s"],
      ["dvvset", "1s"],
    ]) {
      assert.equal(
        valueOf(cells, "false_dominance", { clock, "faults.wrong.offset": offset }),
        0,
        `${clock} ${offset}`,
      );
    }
    assert.equal(lost("dvvset", "1s"), 0);
  });

  it("wiped-disk: writes are lost where a forgetful replica keeps its name, and keys stay missing without anti-entropy", async () => {
    const cells = await smoke("wiped-disk");
    const figure = (metric: string, epochs: boolean, aae: string): number =>
      at(cells, metric, `"actor_epochs":${String(epochs)}`, aae);
    assert.ok(figure("lost_updates", false, "disabled") > 0);
    assert.equal(figure("lost_updates", true, "disabled"), 0);
    assert.equal(figure("lost_updates", true, "interval"), 0);
    assert.ok(figure("divergent_keys_final", true, "disabled") > 50);
    assert.equal(figure("divergent_keys_final", true, "interval"), 0);
  });
});
