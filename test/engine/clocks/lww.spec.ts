import { strict as assert } from "node:assert";
import fc from "fast-check";
import { type Version } from "../../../engine/clocks/clock";
import { lww, type LwwState } from "../../../engine/clocks/lww";
import { encoded } from "./causal-histories";
import { by } from "./event-maker";

const state = (at: number, writeId: number, value: string, tombstone = false, meta?: string): LwwState => ({
  at,
  version: meta === undefined ? { writeId, value, tombstone } : { writeId, value, tombstone, meta },
});
/** Few distinct values of each part, so that ties of every depth are drawn. */
const states = fc
  .tuple(
    fc.nat(2),
    fc.nat(3),
    fc.constantFrom("", "a", "b", "ab", "\xff"),
    fc.boolean(),
    fc.constantFrom(undefined, "", "m", "\xff"),
  )
  .map((parts) => state(...parts));

describe("last write wins", () => {
  const wins = (winner: LwwState, loser: LwwState): void => {
    assert.equal(lww.sync(winner, loser), winner);
    assert.equal(lww.sync(loser, winner), winner);
    assert.equal(lww.compare(loser, winner), "before");
    assert.equal(lww.compare(winner, loser), "after");
  };

  it("keeps the greater timestamp, whatever else the versions are", () => {
    wins(state(11, 1, "a"), state(10, 9, "z"));
    wins(state(11, 1, "a"), state(10, 9, "", true));
  });

  it("settles a tie by tombstone, then by the greater bytes, unsigned, of value and then of meta, then by write id", () => {
    wins(state(10, 1, "", true), state(10, 9, "z"));
    wins(state(10, 1, "b"), state(10, 9, "a"));
    wins(state(10, 1, "ab"), state(10, 9, "a"));
    wins(state(10, 1, "\x80"), state(10, 9, "\x7f"));
    wins(state(10, 1, "a", false, ""), state(10, 9, "a"));
    wins(state(10, 1, "a", false, "\x80"), state(10, 9, "a", false, "\x7f"));
    wins(state(10, 9, "a", false, "m"), state(10, 1, "a", false, "m"));
    wins(state(10, 9, "a"), state(10, 1, "a"));
    wins(state(10, 9, "", true), state(10, 1, "", true));
  });

  it("orders all states, so that merges of any number of them agree in any order", () => {
    fc.assert(
      fc.property(fc.array(states, { minLength: 1, maxLength: 6 }), fc.nat(), (some, turn) => {
        const bytes = (all: readonly LwwState[]): string =>
          encoded(
            lww,
            all.reduce((a, b) => lww.sync(a, b)),
          );
        const turned = some.map((_, i) => some[(i + turn) % some.length]);
        assert.equal(bytes(turned), bytes(some));
        assert.equal(bytes([...some].reverse()), bytes(some));
      }),
      { numRuns: 500 },
    );
  });

  it("loses a write made through a node whose time is behind, although its client had read what it overwrites", () => {
    const version = (writeId: number): Version => ({ writeId, value: `v${writeId}`, tombstone: false });
    const first = lww.update(undefined, "", version(1), by(0, 1_000));
    const second = lww.update(first, lww.context(first), version(2), by(1, 900));
    assert.deepEqual(lww.versions(second), [version(1)]);
    assert.equal(lww.describe(second), "@1000[w1]");
  });

  it("takes its own contexts and refuses others", () => {
    const some = state(1_700_000_000_000_000, 1, "v");
    lww.checkContext(lww.context(some));
    lww.checkContext("");
    for (const bad of ["@", "1", "@01", "@1x", "x@1", "@12345678901234567", "\x01\x00"]) {
      assert.throws(() => lww.checkContext(bad), /not a timestamp/, bad);
    }
  });
});
