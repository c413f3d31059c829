/** Hybrid logical clocks: the send and receive rules of the paper, and what they save that wall time alone loses. */
import assert from "node:assert/strict";
import { type Version } from "../../../engine/clocks/clock";
import { lww } from "../../../engine/clocks/lww";
import { lwwHlc, MAX_COUNT, MAX_TIME, type HybridState } from "../../../engine/clocks/lww-hlc";
import { ByteReader } from "../../../engine/vocabulary/octets";
import { encoded } from "./causal-histories";
import { by } from "./event-maker";

const v = (writeId: number, value = `v${writeId}`, tombstone = false): Version => ({ writeId, value, tombstone });
const state = (l: number, c: number, version = v(1)): HybridState => ({ l, c, version });

describe("last write wins by hybrid logical clocks", () => {
  it("takes wall time where it is ahead, and counts where it is not", () => {
    const after = (context: string, at: number): string =>
      lwwHlc.context(lwwHlc.update(undefined, context, v(2), by(0, at)));
    assert.equal(after("", 0), "@0.0");
    assert.equal(after("", 500), "@500.0");
    assert.equal(after("@500.7", 501), "@501.0");
    assert.equal(after("@500.7", 500), "@500.8");
    assert.equal(after("@500.7", 20), "@500.8");
  });

  it("goes on by a microsecond when the count is full", () => {
    const after = lwwHlc.update(undefined, `@500.${MAX_COUNT}`, v(2), by(0, 20));
    assert.equal(lwwHlc.context(after), "@501.0");
    assert.throws(
      () => lwwHlc.update(undefined, `@${MAX_TIME}.${MAX_COUNT}`, v(2), by(0, 20)),
      /at the end of time/,
      "and refuses where there is none left",
    );
  });

  it("keeps a write through a node whose time is behind, where last write wins by wall time loses it", () => {
    const behind = 900;
    for (const [clock, survivor] of [
      [lww, 1],
      [lwwHlc, 2],
    ] as const) {
      const first = clock.update(undefined, "", v(1), by(0, 1_000));
      const second = clock.sync(first as never, clock.update(undefined, clock.context(first as never), v(2), by(1, behind)) as never); // prettier-ignore
      assert.deepEqual(clock.versions(second as never), [v(survivor)], clock.name);
    }
  });

  it("tells nodes the latest time that a state knows of", () => {
    assert.equal(lwwHlc.latest!(state(500, 3)), 500);
  });

  it("orders by time, count, tombstone, bytes and write id", () => {
    const descending = [
      state(501, 0),
      state(500, 2),
      state(500, 1, v(1, "", true)),
      state(500, 1, v(1, "b")),
      state(500, 1, v(9, "a")),
      state(500, 1, v(1, "a")),
    ];
    for (let i = 0; i < descending.length; i++) {
      for (let j = 0; j < descending.length; j++) {
        const expected = i === j ? "equal" : i < j ? "after" : "before";
        assert.equal(lwwHlc.compare(descending[i], descending[j]), expected);
        assert.equal(lwwHlc.sync(descending[i], descending[j]), descending[Math.min(i, j)]);
      }
    }
  });

  it("takes its own contexts and refuses others", () => {
    for (const good of ["", "@0.0", "@1700000000000000.65535", `@${MAX_TIME}.0`]) lwwHlc.checkContext(good);
    for (const bad of ["@", "@5", "@5.", "@.5", "@05.1", "@5.01", "@5.65536", `@${MAX_TIME + 1}.0`, "@5.1 ", "5.1"]) {
      assert.throws(() => lwwHlc.checkContext(bad), /hybrid time/, bad);
    }
  });

  it("refuses states of impossible times", () => {
    const bytes = encoded(lwwHlc, state(5, 3));
    assert.deepEqual(lwwHlc.decode(ByteReader.ofOctets(bytes)), state(5, 3));
    const late = encoded(lwwHlc, state(MAX_TIME + 1, 3));
    assert.throws(() => lwwHlc.decode(ByteReader.ofOctets(late)), /impossible hybrid time/);
    const full = encoded(lwwHlc, state(5, MAX_COUNT + 1));
    assert.throws(() => lwwHlc.decode(ByteReader.ofOctets(full)), /impossible hybrid time/);
  });
});
