/** Sibling policies over strategies: which version stays, what it costs in bytes, and what is lost. */
import assert from "node:assert/strict";
import {
  type Clock,
  clockFor,
  clockNamed,
  decodeVersion,
  encodeVersion,
  packActor,
  type Version,
} from "../../../engine/clocks/clock";
import { ByteReader, ByteWriter, MalformedBytes } from "../../../engine/vocabulary/octets";
import { encoded, writeIds } from "./causal-histories";
import { by } from "./event-maker";

const actors = [0, 1, 2, 3].map((node) => packActor(node, 0, 1));
const v = (writeId: number, value = `v${writeId}`, tombstone = false): Version => ({ writeId, value, tombstone });
const SIBLING_CLOCKS = ["dvvset", "dvv", "riak-dvv", "vv-server", "vv-server-separate", "vv-client"];
const ids = (clock: Clock, state: unknown): number[] => writeIds(clock.versions(state));

describe("a version with a date", () => {
  function bytesOf(version: Version): string {
    const writer = new ByteWriter();
    encodeVersion(version, writer);
    return writer.toOctets();
  }

  it("comes back as it went, and takes its date's bytes more and no others", () => {
    for (const tombstone of [false, true]) {
      for (const date of [0, 127, 1_700_000_000_000_000]) {
        const version: Version = { ...v(300, "abc", tombstone), date };
        const reader = ByteReader.ofOctets(bytesOf(version));
        assert.deepEqual(decodeVersion(reader), version);
        reader.finish();
        const dateBytes = date < 128 ? 1 : 8;
        assert.equal(bytesOf(version).length, bytesOf(v(300, "abc", tombstone)).length + dateBytes);
      }
    }
  });

  it("does not change what is written where there is none", () => {
    assert.equal(bytesOf(v(5, "ab")), "\x00\x05\x02ab");
    assert.equal(bytesOf(v(5, "", true)), "\x01\x05\x00");
  });

  it("is refused with unknown flags", () => {
    for (const flags of [8, 16, 64, 128, 255]) {
      const bytes = String.fromCharCode(flags) + "\x05\x00\x00\x00";
      assert.throws(() => decodeVersion(ByteReader.ofOctets(bytes)), new RegExp(`version flags ${flags}$`));
    }
  });

  it("may have something beside its value, dated or not, deleted or not, and be it nothing", () => {
    for (const tombstone of [false, true]) {
      for (const meta of ["", "text/plain", "\x00\xff".repeat(100)]) {
        const plain = v(300, "abc", tombstone);
        for (const version of [plain, { ...plain, date: 1_000 }]) {
          const described: Version = { ...version, meta };
          const reader = ByteReader.ofOctets(bytesOf(described));
          assert.deepEqual(decodeVersion(reader), described);
          reader.finish();
          const length = meta.length < 128 ? 1 : 2;
          assert.equal(bytesOf(described).length, bytesOf(version).length + length + meta.length);
        }
      }
    }
  });

  it("is refused where its meta breaks off", () => {
    const bytes = bytesOf({ ...v(5, "ab"), meta: "media" });
    for (let length = 0; length < bytes.length; length++)
      assert.throws(() => decodeVersion(ByteReader.ofOctets(bytes.slice(0, length))), MalformedBytes);
  });
});

describe("siblings: keep", () => {
  it("is the strategy itself, under any name for it", () => {
    assert.equal(clockFor({ clock: "dvvset" }), clockNamed("dvvset"));
    assert.equal(clockFor({ clock: "dvvset", siblings: "keep" }), clockNamed("dvvset"));
  });

  it("is all that a clock of one version needs", () => {
    for (const clock of ["lww", "lww-hlc"]) {
      for (const siblings of ["newest", "overwrite"] as const) {
        assert.equal(clockFor({ clock, siblings }), clockNamed(clock));
      }
    }
  });
});

for (const name of SIBLING_CLOCKS) {
  describe(`siblings: newest over ${name}`, () => {
    const clock = clockFor({ clock: name, siblings: "newest" });

    it("keeps the later of two concurrent versions, in either order and on both sides", () => {
      for (const [first, second] of [
        [20, 10],
        [10, 20],
      ]) {
        const one = clock.update(undefined, "", v(1), by(actors[0], first, 1));
        const two = clock.update(undefined, "", v(2), by(actors[1], second, 2));
        const later = first > second ? 1 : 2;
        assert.deepEqual(ids(clock, clock.sync(one, two)), [later]);
        assert.deepEqual(ids(clock, clock.sync(two, one)), [later]);
        if (name !== "vv-server-separate") {
          assert.deepEqual(ids(clock, clock.update(one, "", v(2), by(actors[0], second, 2))), [later]);
        }
      }
    });

    it("goes by causality first: a write replaces what its client had read, whatever its date", () => {
      const one = clock.update(undefined, "", v(1), by(actors[0], 20, 1));
      const two = clock.update(one, clock.context(one), v(2), by(actors[1], 10, 2));
      assert.deepEqual(ids(clock, two), [2]);
      assert.deepEqual(ids(clock, clock.sync(one, two)), [2]);
    });

    it("settles equal dates by value before tombstone, greater bytes, greater meta, greater write id", () => {
      const made = (version: Version, node: number): unknown =>
        clock.update(undefined, "", version, by(actors[node], 10, node));
      for (const [winner, loser] of [
        [v(1, "a"), v(2, "", true)],
        [v(1, "b"), v(2, "a")],
        [v(1, "\x80"), v(2, "\x7f")],
        [{ ...v(1, "a"), meta: "" }, v(2, "a")],
        [
          { ...v(1, "a"), meta: "\x80" },
          { ...v(2, "a"), meta: "\x7f" },
        ],
        [v(2, "a"), v(1, "a")],
      ]) {
        assert.deepEqual(ids(clock, clock.sync(made(winner, 0), made(loser, 1))), [winner.writeId]);
        assert.deepEqual(ids(clock, clock.sync(made(loser, 0), made(winner, 1))), [winner.writeId]);
      }
    });

    it("costs the date and nothing else", () => {
      const plain = clockNamed(name);
      const maker = by(actors[0], 1_700_000_000_000_000, 1);
      const bytes = encoded(plain, plain.update(undefined, "", v(1), maker)).length;
      assert.equal(encoded(clock, clock.update(undefined, "", v(1), maker)).length, bytes + 8);
    });
  });

  describe(`siblings: overwrite over ${name}`, () => {
    const clock = clockFor({ clock: name, siblings: "overwrite" });

    it("makes an event of the context alone, at any coordinator", () => {
      assert.equal(clock.mintsServerDots, false);
      const one = clock.update(undefined, "", v(1), by(actors[0], 10, 1));
      const next = clock.update(one, clock.context(one), v(2), by(actors[0], 20, 1));
      assert.equal(encoded(clock, next), encoded(clock, clock.update(undefined, clock.context(one), v(2), by(actors[0], 20, 1)))); // prettier-ignore
    });

    it("keeps the later date, also where the earlier had read it or shares its dot", () => {
      const one = clock.update(undefined, "", v(1), by(actors[0], 20, 1));
      const behind = clock.update(undefined, clock.context(one), v(2), by(actors[1], 10, 2));
      const sameDot = clock.update(undefined, "", v(3), by(actors[0], 30, 1));
      assert.deepEqual(ids(clock, clock.sync(one, behind)), [1]);
      assert.deepEqual(ids(clock, clock.sync(behind, one)), [1]);
      assert.deepEqual(ids(clock, clock.sync(one, sameDot)), [3]);
      assert.equal(clock.compare(one, sameDot), "before");
    });

    it("does not grow with the writes of one session", () => {
      let state = clock.update(undefined, "", v(1), by(actors[0], 10, 1));
      for (let write = 2; write <= 50; write++) {
        state = clock.update(state, clock.context(state), v(write), by(actors[write % 3], 10 * write, 1));
      }
      assert.ok(clock.entries(state) <= 4, clock.describe(state));
    });
  });
}

describe("siblings: newest, where times are behind", () => {
  /**
   * w1 at 10; w2 had read it and is stamped 5; w3 and w4 are concurrent with all, at 7 and 1. One replica has met w1, w3
   * and w4, another w2 and w3: each counts the other's version as overwritten.
   */
  function crossed(clock: Clock): unknown[] {
    const w1 = clock.update(undefined, "", v(1), by(actors[0], 10, 1));
    const w2 = clock.update(undefined, clock.context(w1), v(2), by(actors[2], 5, 2));
    const w3 = clock.update(undefined, "", v(3), by(actors[1], 7, 3));
    const w4 = clock.update(undefined, "", v(4), by(actors[3], 1, 4));
    const one = clock.sync(clock.sync(w1, w3), w4);
    const other = clock.sync(w2, w3);
    assert.deepEqual([ids(clock, one), ids(clock, other)], [[1], [3]], clock.name);
    return [one, other];
  }

  for (const name of SIBLING_CLOCKS) {
    it(`loses a write in favour of one that it had replaced, and still agrees in any order, over ${name}`, () => {
      const clock = clockFor({ clock: name, siblings: "newest" });
      const [one, other] = crossed(clock);
      const merged = clock.sync(one, other);
      assert.deepEqual(ids(clock, merged), [1], "w2, which had replaced w1, is nowhere");
      assert.equal(encoded(clock, merged), encoded(clock, clock.sync(other, one)));
      assert.equal(encoded(clock, clock.sync(merged, one)), encoded(clock, merged));
      assert.equal(encoded(clock, clock.sync(merged, other)), encoded(clock, merged));
      assert.equal(clock.compare(one, merged), "before");
      assert.equal(clock.compare(other, merged), "before");
    });
  }

  it("is declared to lose anything", () => {
    for (const name of SIBLING_CLOCKS) {
      const { mayLose, loses, mayConflictFalsely } = clockFor({ clock: name, siblings: "newest" }).declares;
      assert.deepEqual(
        { mayLose, loses, mayConflictFalsely },
        { mayLose: true, loses: undefined, mayConflictFalsely: false },
      );
    }
  });
});
