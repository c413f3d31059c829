import { strict as assert } from "node:assert";
import type { ScanAnswer } from "../../engine/messages";
import { MAX_ADDRESS_BYTES } from "../../engine/node";
import { afterPrefix, bucketPrefix, encodeAddress, typePrefix } from "../../engine/vocabulary/address";
import { address, MiniWorld, type WorldOptions } from "./mini-world";

const keysOf = (answer: ScanAnswer): string[] => answer.keys.map(({ key }) => key);
const valuesOf = (answer: ScanAnswer): string[][] =>
  answer.keys.map(({ versions }) => versions.map(({ value }) => value).sort());
const KEYS = Array.from({ length: 30 }, (_, i) => `k${String(i).padStart(2, "0")}`);

function filled(options: WorldOptions = {}): MiniWorld {
  const world = new MiniWorld(options);
  KEYS.forEach((key, i) => world.put(i % world.machines.length, key, `v${key}`));
  world.run(50_000);
  return world;
}

describe("a node that is asked to scan", () => {
  for (const ring of [
    {},
    { strategy: "random-tokens" },
    { strategy: "claim", distinctHosts: "claim", partitions: 16 },
  ] as const) {
    it(`returns a range in order, whichever node is asked: ${JSON.stringify(ring)}`, () => {
      const world = filled({ nodes: 7, ring });
      for (let node = 0; node < 7; node++) {
        const page = world.scan(node, { start: "k05", end: "k25", limit: 12 });
        assert.deepEqual([page.outcome, page.coordinator, page.next], ["ok", node, "k17"], page.reason);
        assert.deepEqual(keysOf(page), KEYS.slice(5, 17));
        assert.deepEqual(valuesOf(page), KEYS.slice(5, 17).map((key) => [`v${key}`])); // prettier-ignore
        const rest = world.scan(node, { start: page.next, end: "k25", limit: 12 });
        assert.deepEqual([keysOf(rest), rest.next], [KEYS.slice(17, 25), ""]);
      }
    });
  }

  it("finds nothing in an empty range, in one that ends before it begins, behind the last key or in another bucket", () => {
    const world = filled();
    const other = bucketPrefix("default", "tesu");
    for (const range of [
      { start: "k055", end: "k06" },
      { start: "k09", end: "k03" },
      { start: "l" },
      { bucket: other },
    ]) {
      const { outcome, keys, next } = world.scan(0, range);
      assert.deepEqual({ outcome, keys, next }, { outcome: "ok", keys: [], next: "" });
    }
    assert.deepEqual(keysOf(world.scan(0, { start: "" })), KEYS);
  });

  it("stays within the bucket, to its very last key", () => {
    const world = filled();
    const last = "\u00ff".repeat(5);
    world.put(0, last, "last");
    // The next bucket in order.
    const stranger = encodeAddress({ type: "default", bucket: "tesu", key: "a" });
    const put = { ...world.putMessage("x", "of another bucket"), address: stranger };
    const box = world.ask(0, put);
    assert.ok(world.run(1_000_000, () => box.answer !== undefined));
    assert.deepEqual(keysOf(world.scan(1)), [...KEYS, last]);
  });

  it("leaves deleted keys out, and keeps siblings together", () => {
    const world = filled();
    world.put(0, "k03", "blind");
    const { context } = world.get(0, "k04");
    const gone = { ...world.putMessage("k04", ""), context, version: { writeId: 900, value: "", tombstone: true } };
    const box = world.ask(0, gone);
    assert.ok(world.run(1_000_000, () => box.answer !== undefined));
    const page = world.scan(2, { start: "k02", limit: 3 });
    assert.deepEqual(keysOf(page), ["k02", "k03", "k05"]);
    assert.deepEqual(valuesOf(page)[1], ["blind", "vk03"]);
  });

  it("sees what was acknowledged on receipt and is not on any disk yet, as a get does", () => {
    const world = new MiniWorld({ storeDelay: 300_000, settings: { dw: 0 } });
    world.put(0, "b", "v1");
    const before = world.now;
    assert.deepEqual(
      [world.stored(0, "b"), world.stored(1, "b"), world.stored(2, "b")],
      [undefined, undefined, undefined],
    );
    assert.deepEqual(valuesOf(world.scan(1)), [["v1"]]);
    assert.ok(world.now - before < 300_000, "nothing had been stored by then");
    // And newer than what is stored.
    world.run(1_000_000);
    world.put(0, "b", "v2", world.get(0, "b").context);
    assert.deepEqual(valuesOf(world.scan(2)), [["v2"]]);
  });

  it("sees a write whose store ends while its page is on the way", () => {
    const world = new MiniWorld({ storeDelay: 5_000, settings: { dw: 0 } });
    world.put(0, "b", "v1");
    // The page is read now, without the write, and told of after the write is stored and forgotten by the replica.
    for (const { disk } of world.machines) {
      const read = disk.range.bind(disk);
      disk.range = (token, asked, events): void =>
        read(token, asked, { ranged: (of, page) => world.after(20_000, () => events.ranged(of, page)) });
    }
    assert.deepEqual(valuesOf(world.scan(1)), [["v1"]]);
  });

  it("does not bring back what all replicas have removed, though disks still have the value that was deleted", () => {
    const world = new MiniWorld({ storeDelay: 300_000, settings: { dw: 0, deleteMode: "immediate" } });
    world.put(0, "b", "v1");
    world.put(0, "c", "v2");
    world.run(1_000_000);
    const { context } = world.get(0, "b");
    const gone = { ...world.putMessage("b", ""), context, version: { writeId: 900, value: "", tombstone: true } };
    const box = world.ask(0, gone);
    assert.ok(world.run(100_000, () => box.answer !== undefined));
    world.run(50_000);
    // All hold the tombstone, in memory, and so all have removed it; their disks have seen nothing of either yet.
    assert.equal(world.get(0, "b").versions.length, 0);
    assert.ok(world.stored(0, "b") !== undefined && world.stored(1, "b") !== undefined);
    for (let node = 0; node < 3; node++) assert.deepEqual(keysOf(world.scan(node)), ["c"]);
  });

  it("asks R nodes of three, and R may be asked for", () => {
    const world = filled();
    const askedFor = (r: 1 | 2 | "all"): number => {
      const before = world.sent.length;
      assert.equal(world.scan(0, { options: { r } }).outcome, "ok");
      return world.sent.slice(before).filter(({ message }) => message.kind === "range").length;
    };
    // Itself costs no message.
    assert.deepEqual([askedFor(1), askedFor(2), askedFor("all")], [0, 1, 2]);
  });

  it("finds the newer copy wherever one of R replicas has it", () => {
    // The third node misses the second write.
    let cut = false;
    const world = new MiniWorld({
      delay: (_from, to, { kind }) => (cut && to === 2 && kind.startsWith("replica-put") ? undefined : 1_000),
    });
    world.put(0, "k", "old");
    world.run(50_000);
    cut = true;
    world.put(0, "k", "new", world.get(0, "k").context);
    for (let node = 0; node < 3; node++) assert.deepEqual(valuesOf(world.scan(node)), [["new"]]);
    assert.deepEqual(valuesOf(world.scan(2, { options: { r: "one" } })), [["old"]], "one is not enough");
    assert.equal(world.notes.filter(({ note }) => note.kind === "read-repair").length, 0, "and it repairs nothing");
  });

  it("refuses definitely, before it asks anybody, when too few are believed up", () => {
    const world = filled();
    world.crash(1);
    world.crash(2);
    world.run(2_000_000);
    const before = world.sent.length;
    assert.equal(world.scan(0).outcome, "unavailable");
    assert.ok(world.sent.slice(before).every(({ message }) => message.kind !== "range"));
    assert.deepEqual(keysOf(world.scan(0, { options: { r: 1 } })), KEYS);
  });

  it("asks another when one that is thought to be up says nothing for half of the time", () => {
    const world = filled();
    world.crash(1);
    for (let i = 0; i < 4; i++) {
      const began = world.now;
      const page = world.scan(0);
      assert.deepEqual([page.outcome, keysOf(page)], ["ok", KEYS]);
      assert.ok(world.now - began < 110_000);
    }
  });

  it("says timeout, indefinitely, when nobody else has the copies of whoever says nothing", () => {
    const world = filled();
    world.crash(1);
    const page = world.scan(0, { options: { r: "all" } });
    assert.deepEqual([page.outcome, page.keys], ["timeout", []]);
    const { node } = world.machines[0];
    const before = node.count().coordinatedScans;
    world.scan(0, { options: { r: 1 } });
    assert.equal(node.count().coordinatedScans, before + 1);
  });

  it("replaces a node whose disk fails, and says quorum_unreachable where it cannot", () => {
    const world = filled();
    const fail = (i: number): void => {
      world.machines[i].disk.range = (token, { from }, events) =>
        events.ranged(token, { entries: [], upTo: from, failure: "worn out" });
    };
    fail(2);
    for (let i = 0; i < 3; i++) assert.deepEqual(keysOf(world.scan(i)), KEYS);
    fail(1);
    assert.equal(world.scan(0).outcome, "quorum_unreachable");
    assert.ok(world.notes.some(({ note }) => note.kind === "storage-failed" && note.reason === "worn out"));
  });

  it("refuses what is no range of a bucket, quorums that cannot be, and more than it may have in progress", () => {
    const world = filled({ settings: { admission: 1 } });
    const long = "k".repeat(MAX_ADDRESS_BYTES - address("").length + 1);
    for (const range of [
      { bucket: address("k") },
      { bucket: "\u0005" },
      { bucket: "" },
      { limit: 0 },
      { start: long },
      { end: long },
    ])
      assert.equal(world.scan(0, range).outcome, "invalid", JSON.stringify(range).slice(0, 60));
    assert.equal(world.scan(0, { options: { r: 4 } }).outcome, "invalid");
    assert.equal(world.scan(0, { start: long.slice(1), end: long.slice(1) }).outcome, "ok");
    world.ask(0, world.putMessage("k", "v"));
    assert.equal(world.scan(0).outcome, "overloaded");
  });

  describe("of all buckets of a type", () => {
    const name = (bucket: string, key: string): string => bucketPrefix("", bucket).slice(1) + key;
    const written = (world: MiniWorld, type: string, bucket: string, key: string, value = "v"): string => {
      const put = { ...world.putMessage(key, value), address: encodeAddress({ type, bucket, key }) };
      const box = world.ask(0, put);
      assert.ok(world.run(1_000_000, () => box.answer !== undefined));
      return box.answer!.context;
    };
    const NAMES = [
      ["", "k"],
      ["a", ""],
      ["a", "k"],
      ["a", "\u00ff"],
      ["\u00ff", "k"],
      // Longer names come later: the length stands first.
      ["aa", "k"],
      ["b".repeat(300), "k"],
    ] as const;

    it("returns their keys, each behind its bucket, page by page, and of no other type", () => {
      const world = new MiniWorld({ nodes: 5 });
      for (const [bucket, key] of NAMES) written(world, "t", bucket, key, bucket + key);
      for (const type of ["", "s", "tt", "u", "t\u0000"]) written(world, type, "a", "other");
      world.run(50_000);
      const expected = NAMES.map(([bucket, key]) => name(bucket, key));
      for (let node = 0; node < 5; node++) {
        const all = world.scan(node, { bucket: typePrefix("t") });
        assert.deepEqual([all.outcome, all.next, keysOf(all)], ["ok", "", expected]);
        assert.deepEqual(valuesOf(all), NAMES.map(([bucket, key]) => [bucket + key])); // prettier-ignore
      }
      const keys: string[] = [];
      let pages = 0;
      for (let start = ""; ; pages++) {
        const page = world.scan(1, { bucket: typePrefix("t"), start, limit: 2 });
        keys.push(...keysOf(page));
        start = page.next;
        if (start === "") break;
      }
      assert.deepEqual(keys, expected);
      assert.equal(pages, 3);
      // From behind one bucket to another, as whoever lists buckets goes on.
      const from = afterPrefix(name("a", ""));
      assert.deepEqual(keysOf(world.scan(2, { bucket: typePrefix("t"), start: from, end: name("aa", "") })), [
        name("\u00ff", "k"),
      ]);
      assert.deepEqual(keysOf(world.scan(0, { bucket: typePrefix("nobody's") })), []);
      assert.deepEqual(keysOf(world.scan(0, { bucket: typePrefix("") })), [name("a", "other")]);
    });

    it("leaves out what is deleted", () => {
      const world = new MiniWorld();
      const context = written(world, "t", "a", "k");
      written(world, "t", "b", "k");
      const gone = { writeId: 900, value: "", tombstone: true };
      const put = {
        ...world.putMessage("k", "", context),
        address: encodeAddress({ type: "t", bucket: "a", key: "k" }),
      };
      const box = world.ask(0, { ...put, version: gone });
      assert.ok(world.run(1_000_000, () => box.answer !== undefined));
      assert.deepEqual(keysOf(world.scan(1, { bucket: typePrefix("t") })), [name("b", "k")]);
    });

    it("refuses prefixes of neither a type nor a bucket, whoever asks", () => {
      const world = new MiniWorld();
      const type = typePrefix("default");
      const hostile = ["\u00ff", type.slice(0, -1), `${type}x`, `\u0006${type.slice(1)}`, `${type}\u0000\u0004tes`];
      for (const bucket of hostile) {
        const { outcome, reason } = world.scan(0, { bucket });
        assert.equal(outcome, "invalid", JSON.stringify(bucket));
        assert.match(reason, /not a range of a bucket's or a type's keys/);
      }
      const tooLong = "\u00ff".repeat(MAX_ADDRESS_BYTES - type.length + 1);
      for (const range of [{ start: tooLong }, { end: tooLong }, { limit: 0 }])
        assert.equal(world.scan(0, { bucket: type, ...range }).outcome, "invalid");
      assert.equal(world.scan(0, { bucket: type, start: tooLong.slice(1), end: "" }).outcome, "ok");
      const before = world.sent.length;
      const range = { kind: "range", id: 1, part: 1, vnodes: [0], start: "", end: "", limit: 10 } as const;
      for (const bucket of hostile)
        world.machines[0].host.deliver({ kind: "received", from: 1, message: { ...range, bucket } });
      const replies = world.sent.slice(before).flatMap(({ message }) => (message.kind === "range-reply" ? [message.status] : [])); // prettier-ignore
      assert.deepEqual(
        replies,
        hostile.map(() => "failed"),
      );
    });
  });

  it("answers no stranger's nonsense but with a failure", () => {
    const world = filled();
    const range = { kind: "range", id: 1, part: 1, vnodes: [0], start: "", end: "", limit: 10 } as const;
    const before = world.sent.length;
    for (const bucket of ["", address("k"), address("") + "\u0000"]) {
      world.machines[0].host.deliver({ kind: "received", from: 1, message: { ...range, bucket } });
    }
    const replies = world.sent.slice(before).flatMap(({ message }) => (message.kind === "range-reply" ? [message.status] : [])); // prettier-ignore
    assert.deepEqual(replies, ["failed", "failed", "failed"]);
    // A page that nobody asked for is ignored.
    const page = { kind: "range-reply", id: 77, part: 1, status: "ok", copies: [], upTo: "" } as const;
    world.machines[0].host.deliver({ kind: "received", from: 1, message: page });
    assert.deepEqual(keysOf(world.scan(0)), KEYS);
  });

  it("reads neither hints nor fallbacks' copies, and counts its work", () => {
    const world = filled({ nodes: 5, settings: { sloppyQuorum: true, standIn: "fallback", w: "all" } });
    const [down] = world.owners("z");
    world.crash(down);
    world.run(2_000_000);
    const other = (down + 1) % 5;
    assert.equal(world.put(other, "z", "v").outcome, "ok");
    const page = world.scan(other, { start: "z" });
    // Two of its three primaries are up, and have it.
    assert.deepEqual(keysOf(page), ["z"]);
    assert.equal(world.scan(other, { start: "z", options: { r: "all" } }).outcome, "unavailable");
    const counts = world.machines[other].node.count();
    assert.ok(
      counts.replicaScans >= 1 && counts.rangeRecords >= 1 && counts.coordinatedScans === 1,
      JSON.stringify(counts),
    );
  });
});
