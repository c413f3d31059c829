/** Riak's dotted version vectors: the merge by dots, and what per-key actor epochs are for. */
import assert from "node:assert/strict";
import { clockFor, packActor, type Version } from "../../../engine/clocks/clock";
import { riakDvv, type RiakState } from "../../../engine/clocks/riak-dvv";
import { ByteReader, MalformedBytes } from "../../../engine/vocabulary/octets";
import { encoded, throughTheWire } from "./causal-histories";
import { by } from "./event-maker";

const a = packActor(0, 0, 1);
const b = packActor(1, 0, 1);
const v = (writeId: number): Version => ({ writeId, value: `v${writeId}`, tombstone: false });
const grave = (writeId: number): Version => ({ writeId, value: "", tombstone: true });
const withoutEpochs = clockFor({ clock: "riak-dvv", actorEpochs: false }) as typeof riakDvv;
const show = (state: RiakState): string => riakDvv.describe(state);
const nothing = "";

describe("Riak's dotted version vectors", () => {
  it("overwrite all siblings for a client that had read all, and only what it had read otherwise", () => {
    const one = riakDvv.update(undefined, nothing, v(1), by(a));
    const two = riakDvv.update(one, nothing, v(2), by(a));
    assert.equal(show(two), "n0:2 [w1(n0:1),w2(n0:2)]");
    assert.equal(show(riakDvv.update(two, riakDvv.context(two), v(3), by(a))), "n0:3 [w3(n0:3)]");
    assert.equal(show(riakDvv.update(two, riakDvv.context(one), v(3), by(b))), "n0:2 n1:1 [w2(n0:2),w3(n1:1)]");
  });

  it("drop in a merge what the other side covers and no longer carries", () => {
    const one = riakDvv.update(undefined, nothing, v(1), by(a));
    const replaced = riakDvv.update(one, riakDvv.context(one), v(2), by(a));
    const apart = riakDvv.update(one, nothing, v(3), by(b));
    assert.equal(show(apart), "n0:1 n1:1 [w1(n0:1),w3(n1:1)]");
    assert.equal(show(riakDvv.sync(replaced, apart)), "n0:2 n1:1 [w2(n0:2),w3(n1:1)]");
    assert.equal(riakDvv.compare(replaced, apart), "concurrent");
    assert.equal(riakDvv.sync(one, replaced), replaced);
  });

  it("keep both values of one dot, should it ever have been given twice", () => {
    const [x, y] = [v(1), v(2)].map((version) => withoutEpochs.update(undefined, nothing, version, by(a)));
    assert.equal(show(withoutEpochs.sync(x, y)), "n0:1 [w1(n0:1),w2(n0:1)]");
    assert.equal(withoutEpochs.compare(x, y), "concurrent");
    assert.equal(show(throughTheWire(withoutEpochs, withoutEpochs.sync(y, x))), "n0:1 [w1(n0:1),w2(n0:1)]");
  });

  it("begin a new incarnation where the key is found absent", () => {
    const fresh = riakDvv.update(undefined, nothing, v(9), by(a, 0, 0, 7));
    assert.equal(show(fresh), "n0#7:1 [w9(n0#7:1)]");
    assert.equal(show(riakDvv.update(fresh, riakDvv.context(fresh), v(10), by(a, 0, 0, 12))), "n0#7:2 [w10(n0#7:2)]");
  });

  it("begin a new incarnation where the copy holds nothing of this replica's own", () => {
    const others = riakDvv.update(undefined, nothing, v(1), by(b));
    assert.equal(show(riakDvv.update(others, nothing, v(2), by(a, 0, 0, 3))), "n0#3:1 n1:1 [w1(n1:1),w2(n0#3:1)]");
  });

  it("begin a new incarnation where a client knows more of this replica than it does itself", () => {
    const one = riakDvv.update(undefined, nothing, v(1), by(a));
    const two = riakDvv.update(one, riakDvv.context(one), v(2), by(a));
    // The disk was restored to `one`; `two` had been read.
    const restored = riakDvv.update(one, riakDvv.context(two), v(3), by(a));
    assert.equal(show(restored), "n0:2 n0#1:1 [w3(n0#1:1)]");
    assert.equal(show(riakDvv.update(one, riakDvv.context(two), v(3), by(a, 0, 0, 5))), "n0:2 n0#5:1 [w3(n0#5:1)]");
    // The disk is empty.
    assert.equal(show(riakDvv.update(undefined, riakDvv.context(two), v(3), by(a))), "n0:2 n0#1:1 [w3(n0#1:1)]");
    const later = riakDvv.update(restored, riakDvv.context(restored), v(4), by(a));
    assert.equal(show(later), "n0:2 n0#1:2 [w4(n0#1:2)]");
    assert.equal(show(riakDvv.sync(two, later)), "n0:2 n0#1:2 [w4(n0#1:2)]");
  });

  describe("and the doomstone", () => {
    /** Written, deleted and reaped through one replica, written again; then a copy of the tombstone turns up. */
    function doomstone(clock: typeof riakDvv): RiakState {
      const first = clock.update(undefined, nothing, v(1), by(a));
      const deleted = clock.update(first, clock.context(first), grave(2), by(a, 0, 0, 1));
      const rewritten = clock.update(undefined, nothing, v(3), by(a, 0, 0, 2));
      return clock.sync(rewritten, deleted);
    }

    it("leave the new write standing beside the old tombstone, with epochs", () => {
      assert.equal(show(doomstone(riakDvv)), "n0:2 n0#2:1 [w2†(n0:2),w3(n0#2:1)]");
    });

    it("lose the acknowledged new write to the old tombstone, without", () => {
      assert.equal(show(doomstone(withoutEpochs)), "n0:2 [w2†(n0:2)]");
      assert.ok(withoutEpochs.declares.mayLose && !riakDvv.declares.mayLose);
    });
  });

  it("forget boots as well, without epochs, so that a lost disk overwrites", () => {
    const old = withoutEpochs.update(undefined, nothing, v(1), by(a));
    const older = withoutEpochs.update(old, withoutEpochs.context(old), v(2), by(a));
    const secondBoot = packActor(0, 0, 2);
    const amnesiac = withoutEpochs.update(undefined, nothing, v(3), by(secondBoot, 0, 0, 4));
    assert.equal(show(withoutEpochs.sync(older, amnesiac)), "n0:2 [w2(n0:2)]");
    const told = riakDvv.sync(older, riakDvv.update(undefined, nothing, v(3), by(secondBoot)));
    assert.equal(show(told), "n0:2 n0e2:1 [w2(n0:2),w3(n0e2:1)]");
  });

  it("show a version beside the one that had replaced it, without epochs, where dots were given twice", () => {
    // w1 and w2 through one replica, w3 through another by who had read both.
    const both = withoutEpochs.update(withoutEpochs.update(undefined, nothing, v(1), by(b)), nothing, v(2), by(b));
    const third = withoutEpochs.update(undefined, withoutEpochs.context(both), v(3), by(a));
    // Both disks are lost; w4 and w5 take the same dots again.
    const fourth = withoutEpochs.update(undefined, nothing, v(4), by(packActor(0, 0, 2)));
    const fifth = withoutEpochs.update(undefined, withoutEpochs.context(fourth), v(5), by(packActor(1, 0, 2)));
    const mixed = withoutEpochs.sync(both, fifth);
    assert.equal(show(mixed), "n0:1 n1:2 [w1(n1:1),w2(n1:2),w5(n1:1)]");
    assert.equal(show(withoutEpochs.sync(mixed, third)), "n0:1 n1:2 [w1(n1:1),w2(n1:2),w3(n0:1),w5(n1:1)]");
    assert.ok(withoutEpochs.declares.mayConflictFalsely && !riakDvv.declares.mayConflictFalsely);
  });

  it("refuse dots outside the vector, and entries out of order, in place of a state", () => {
    const state = riakDvv.update(undefined, nothing, v(1), by(a));
    const bytes = encoded(riakDvv, state);
    // Vector: count, node, vnode, epoch, incarnation, counter; then the siblings' count, and the dot of the first.
    const dotCounter = 1 + 5 + 1 + 4;
    const hurt = bytes.slice(0, dotCounter) + "\x02" + bytes.slice(dotCounter + 1);
    assert.throws(() => riakDvv.decode(ByteReader.ofOctets(hurt)), /a dot outside the vector/);
    const entry = "\x00\x00\x01\x00\x01";
    assert.throws(() => riakDvv.decode(ByteReader.ofOctets(`\x02${entry}${entry}${bytes.slice(6)}`)), /do not ascend/);
  });

  it("refuse contexts out of order, with impossible actors, zero or broken off", () => {
    for (const [context, message] of [
      ["\x04\x00\x00\x01\x00\x01\x00\x00\x01\x00\x02", /do not ascend/],
      ["\x04\x00\x00\x01\x01\x01\x00\x00\x01\x00\x02", /do not ascend/],
      ["\x04\x80\x80\x04\x00\x01\x00\x01", /impossible actor/],
      ["\x04\x00\x00\x01\x00\x00", /zero counter/],
      ["\x04\x00\x00\x01\x00", /breaks off/],
      ["\x01\x00\x00\x01\x01", /unknown format/],
    ] as const) {
      const refused = (error: unknown): boolean => error instanceof MalformedBytes && message.test(error.message);
      assert.throws(() => riakDvv.checkContext(context), refused, String(message));
    }
    riakDvv.checkContext("\x04\x00\x00\x01\x00\x01\x00\x00\x01\x01\x02");
  });
});
