/**
 * Exchanges between machines on a fake wire: they end with equal stores, look only where trees differ, keep to their bounds
 * and survive what a network does. The costs of AE-1 (what one wrong key makes a coarse tree send) are here at an eighth
 * of the size; the full size is in the bench.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { Exchange } from "../../../engine/antientropy/exchange";
import { MerkleTree } from "../../../engine/antientropy/merkle-tree";
import { clockNamed, packActor } from "../../../engine/clocks/clock";
import { Fingerprints } from "../../../engine/clocks/fingerprint";
import type { PeerMessage, TreeMessage } from "../../../engine/messages";
import { MAX_SEGMENT_KEYS, MAX_SEGMENTS_ASKED, MAX_TREE_HASHES } from "../../../engine/messages";
import { Random } from "../../../engine/vocabulary/random";
import { by } from "../clocks/event-maker";
import { address, World, type WorldSettings } from "./fake-wire";

const CLAIM = { strategy: "equal-partitions", partitions: 8, distinctHosts: "claim" } as const;

interface Write {
  readonly key: number;
  readonly through: number;
  readonly reaches: readonly number[];
  readonly blind: boolean;
  readonly tombstone: boolean;
}

const writes: fc.Arbitrary<Write[]> = fc.array(
  fc.record({
    key: fc.nat(40),
    through: fc.nat(2),
    reaches: fc.uniqueArray(fc.nat(2), { maxLength: 2 }),
    blind: fc.boolean(),
    tombstone: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);

function play(world: World, script: readonly Write[]): void {
  for (const { key, through, reaches, blind, tombstone } of script) {
    world.write(address(`key${key}`), through, reaches, blind, tombstone);
  }
}

/** `count` keys that all replicas hold alike. */
function settled(settings: WorldSettings, count: number): World {
  const world = new World(settings);
  const actor = packActor(0, 0, 1);
  for (let i = 0; i < count; i++) {
    const version = { writeId: 1_000_000 + i, value: "v", tombstone: false };
    world.settle(address(`user${i}`), world.clock.update(undefined, "", version, by(actor, 1, 1)));
  }
  world.build();
  return world;
}

/** A key that one replica of it has a newer version of. */
function spoil(world: World, i: number): void {
  world.write(address(`user${i}`), 0, []);
}

/** Until all exchanges under way have ended. */
function quieten(world: World): void {
  assert.ok(world.run(600_000, () => world.machines.every((machine) => machine.running === 0)));
}

function total(
  world: World,
  count: "keysStreamed" | "keysOverstreamed" | "exchanges" | "exchangesEqual" | "keysCompared",
) {
  return world.machines.reduce((sum, machine) => sum + machine.counts[count], 0);
}

function kindsOf(world: World, from = 0): string[] {
  return world.sent.slice(from).map(({ message }) => message.kind);
}

describe("anti-entropy", () => {
  for (const repair of ["gets", "stream"] as const) {
    for (const hash of ["clock", "content"] as const) {
      it(`by ${repair} over ${hash} ends with equal stores, whatever differed and whatever the network did`, () => {
        fc.assert(
          fc.property(
            fc.record({
              nodes: fc.integer({ min: 2, max: 4 }),
              n: fc.integer({ min: 2, max: 3 }),
              restarts: fc.array(fc.nat(3), { maxLength: 2 }),
              clock: fc.constantFrom("dvvset", "dvvset", "lww", "riak-dvv", "vv-server"),
              ring: fc.constantFrom({}, CLAIM),
              loss: fc.constantFrom(0, 0.1),
              doubling: fc.constantFrom(0, 0.3),
              slowestMs: fc.constantFrom(1, 40),
              slowDisk: fc.boolean(),
              fanout: fc.constantFrom(2, 4, 16),
              depth: fc.integer({ min: 1, max: 4 }),
              concurrency: fc.integer({ min: 1, max: 3 }),
              seed: fc.nat(),
            }),
            writes,
            writes,
            ({ fanout, depth, concurrency, restarts, ...rest }, first, later) => {
              const world = new World({ ...rest, aae: { repair, hash, fanout, depth, concurrency } });
              play(world, first);
              world.run(20, () => false);
              // Written while trees grow and exchanges are under way.
              play(world, later);
              world.run(3_000);
              // In the middle of an exchange, as often as not: its trees are gone, and so is its side of it.
              for (const [lives, node] of restarts.entries()) {
                world.boot(node % rest.nodes, 2 + lives);
                world.run(500);
              }
              play(world, later.slice(0, 5));
              assert.ok(
                world.run(900_000, () => world.agrees()),
                "stores are equal in the end",
              );
              quieten(world);
              // And stay so: what is whole is found whole.
              const equal = total(world, "exchangesEqual");
              const repaired = world.repairs;
              world.run(30_000);
              assert.ok(total(world, "exchangesEqual") > equal);
              assert.equal(world.repairs, repaired, "nothing is repaired that is whole");
            },
          ),
          { numRuns: 60 },
        );
      });
    }
  }

  it("would leave stores unequal if trees missed changes, or told keys apart and not values: the test above can fail", () => {
    const wrong: Record<string, WorldSettings["upkeep"]> = {
      "a change is not heard of": (machine, vnode, key, before, after) => {
        if (before === undefined) machine.changed(vnode, key, before, after);
      },
      "only keys are told apart": (machine, vnode, key, before, after) => {
        const same = clockNamed("dvvset").update(
          undefined,
          "",
          { writeId: 1, value: "", tombstone: false },
          by(packActor(0, 0, 1)),
        );
        machine.changed(vnode, key, before === undefined ? undefined : same, after === undefined ? undefined : same);
      },
    };
    for (const [label, upkeep] of Object.entries(wrong)) {
      const world = settled({ upkeep, aae: {} }, 20);
      // Reading values again would find it: the trees that were kept up do not.
      spoil(world, 3);
      assert.ok(!world.run(60_000, () => world.agrees()), label);
    }
  });

  it("of equal trees costs two messages and no load", () => {
    const world = settled({}, 100);
    quieten(world);
    const from = world.sent.length;
    const before = total(world, "exchanges");
    world.run(30_000);
    quieten(world);
    const exchanges = total(world, "exchanges") - before;
    assert.ok(exchanges >= 80, `${exchanges} exchanges`);
    assert.equal(world.sent.length - from, 2 * exchanges);
    assert.equal(total(world, "keysCompared"), 0);
  });

  it("with one differing key asks once for each level, once for the segment, and says that it is over", () => {
    const world = settled({ nodes: 2, n: 2, aae: { depth: 3, fanout: 4 } }, 200);
    quieten(world);
    const from = world.sent.length;
    spoil(world, 77);
    world.run(60_000, () => world.agrees());
    quieten(world);
    world.run(100);
    const walk = ["tree", "tree-reply"];
    assert.deepEqual(
      kindsOf(world, from).slice(-9).join(" "),
      [...walk, ...walk, ...walk, "segments", "segments-reply", "tree"].join(" "),
    );
    assert.equal(world.repairs, 1);
    const segment = world.sent.at(-2)!.message;
    assert.ok(segment.kind === "segments-reply" && segment.addresses.includes(address("user77")));
    assert.equal(total(world, "keysCompared"), segment.addresses.length);
  });

  it("looks only where trees differ: hashes and keys looked at grow with the difference, not with the store", () => {
    for (const differing of [1, 5, 25]) {
      const world = settled({ nodes: 2, n: 2, aae: { depth: 3, fanout: 8 } }, 1_024);
      quieten(world);
      const from = world.sent.length;
      for (let i = 0; i < differing; i++) spoil(world, i * 40);
      world.run(60_000, () => world.agrees());
      quieten(world);
      const messages = world.sent.slice(from).map(({ message }) => message);
      const hashes = messages.reduce(
        (sum, message) => sum + (message.kind === "tree-reply" ? message.hashes.length / 2 : 0),
        0,
      );
      assert.ok(hashes <= 8 + differing * (8 + 8), `${hashes} hashes for ${differing} keys`);
      // Two keys a segment on average.
      assert.ok(total(world, "keysCompared") <= 8 * differing + 8, `${total(world, "keysCompared")} keys`);
      assert.equal(world.repairs, differing);
    }
  });

  for (const repair of ["gets", "stream"] as const) {
    it(`by ${repair} fills an empty replica in messages of bounded size, through segments larger than a message`, () => {
      for (const [fanout, depth] of [
        [2, 1],
        [16, 3],
        [1_024, 1],
      ]) {
        const world = new World({ nodes: 2, n: 2, aae: { repair, fanout, depth }, stepTimeoutMs: 5_000 });
        const actor = packActor(0, 0, 1);
        for (let i = 0; i < 1_500; i++) {
          const version = { writeId: i, value: "v".repeat(i % 50 === 0 ? 20_000 : 10), tombstone: false };
          world.put(0, 0, address(`user${i}`), world.clock.update(undefined, "", version, by(actor, 1, 1)));
        }
        assert.ok(world.run(600_000, () => world.agrees()));
        for (const { message, bytes } of world.sent) {
          assert.ok(bytes < 65_536 + 25_000, `${message.kind} of ${bytes} bytes`);
          if (message.kind === "tree-reply") assert.ok(message.hashes.length <= 2 * MAX_TREE_HASHES);
          if (message.kind === "segments") assert.ok(message.segments.length <= MAX_SEGMENTS_ASKED);
          if (message.kind === "segments-reply") assert.ok(message.addresses.length <= MAX_SEGMENT_KEYS);
        }
        // Not more than both sides' exchanges that overlap, and each key at least once.
        if (repair === "stream") assert.ok(total(world, "keysStreamed") >= 1_500);
        else assert.ok(world.repairs >= 1_500);
      }
    });
  }

  it("ends with a peer that answers with fingerprints where copies were asked for, or the other way round", () => {
    for (const repair of ["gets", "stream"] as const) {
      const tree = new MerkleTree({ fanout: 2, depth: 1 });
      const { clock } = new World({ nodes: 2 });
      const plot = { group: { id: 0, replicas: [] }, vnode: 0, tree, growing: undefined, removed: new Set<string>() };
      const asked: TreeMessage[] = [];
      const ends: string[] = [];
      const exchange = new Exchange(
        {
          ...{ id: 1, plot, peer: 1, peerVnode: 0, repair, clock, fingerprints: new Fingerprints(clock, "clock") },
          ...{ stepTimeout: 1_000, rest: 1_000, now: () => 0 },
        },
        {
          read: () => assert.fail("nothing is held here"),
          merge: () => assert.fail("nothing was sent that could be merged"),
          repairByGet: () => assert.fail("nothing was sent that differs"),
          mayWork: () => true,
        },
        { ...new World({ nodes: 2 }).machines[0].counts },
        (message) => asked.push(message),
        (_, end) => ends.push(end),
      );
      exchange.begin();
      const hashes = [1, 1, 1, 1];
      exchange.received({ kind: "tree-reply", id: 1, step: 1, status: "ok", differing: [0], hashes });
      const last = asked.at(-1)!;
      assert.equal(last.kind, "segments");
      const theirs = repair === "gets" ? { hashes: [], states: [clock] } : { hashes: [1, 2], states: [] };
      exchange.received({
        ...{ kind: "segments-reply", id: 1, step: last.step, status: "ok", complete: 2, last: "" },
        ...{ addresses: [address("a")], ...theirs },
      });
      assert.deepEqual(ends, ["refused"]);
    }
  });

  it("takes part in no more exchanges than allowed, on either side, and refuses others by name", () => {
    const world = settled({ nodes: 5, slowDisk: true, slowestMs: 200, aae: { intervalMs: 100, concurrency: 1 } }, 300);
    let most = 0;
    const end = world.now + 40_000_000;
    for (let i = 0; i < 60; i++) spoil(world, i * 5);
    world.run(60_000, () => {
      for (const machine of world.machines) most = Math.max(most, machine.running);
      return world.now >= end;
    });
    assert.equal(most, 1);
    const refusals = world.sent.flatMap(({ message }) => ("status" in message ? [message.status] : []));
    assert.ok(refusals.includes("busy"), "somebody was busy");
    assert.ok(world.machines.some((machine) => machine.counts.exchangesRefused > 0));
    assert.ok(world.run(600_000, () => world.agrees()));
  });

  it("gets no answer from a node that builds its trees but that it does, and tries again", () => {
    const world = settled({ nodes: 2, n: 2 }, 50);
    quieten(world);
    world.boot(1, 2);
    const from = world.sent.length;
    // Long before its first page comes, the other asks.
    world.machines[1].scanned = () => undefined;
    world.run(3_000);
    const replies = world.sent.slice(from).filter(({ message }) => message.kind === "tree-reply");
    assert.ok(replies.length >= 2);
    for (const { message } of replies) assert.equal((message as { status: string }).status, "building");
    assert.ok(world.machines[0].counts.exchangesRefused >= 2);
    world.boot(1, 3);
    const done = world.machines[0].counts.exchangesEqual;
    assert.ok(world.run(10_000, () => world.machines[0].counts.exchangesEqual > done));
  });

  it("gives up on a peer that falls silent, and both sides are free again", () => {
    const world = settled({ nodes: 2, n: 2, slowestMs: 20 }, 200);
    for (let i = 0; i < 50; i++) spoil(world, i);
    assert.ok(world.run(5_000, () => world.machines.some((machine) => machine.running > 0)));
    world.up[1] = false;
    assert.ok(world.run(5_000, () => world.machines[0].running === 0));
    assert.ok(world.machines[0].counts.exchangesTimedOut > 0 || world.machines[0].counts.exchanges > 0);
    // Nobody is asked who is believed down.
    const from = world.sent.length;
    world.run(10_000);
    assert.deepEqual(
      world.sent.slice(from).filter(({ from: node }) => node === 0),
      [],
    );
    world.up[1] = true;
    assert.ok(world.run(60_000, () => world.agrees()));
    quieten(world);
  });

  it("rests while background work must, and goes on afterwards", () => {
    let rests = false;
    const world = settled({ mayWork: () => !rests }, 200);
    for (let i = 0; i < 30; i++) spoil(world, i);
    assert.ok(world.run(5_000, () => world.machines.some((machine) => machine.running > 0)));
    rests = true;
    world.run(300);
    const sent = world.sent.length;
    const repairs = world.repairs;
    world.run(20_000);
    // But for who waits for an answer in vain, and says that it no longer does.
    const meanwhile = world.sent.slice(sent).map(({ message }) => message);
    assert.ok(
      meanwhile.length <= 4 && meanwhile.every((message) => message.kind === "tree" && message.nodes.length === 0),
    );
    assert.equal(world.repairs, repairs);
    rests = false;
    assert.ok(world.run(60_000, () => world.agrees()));
  });

  it("begins exchanges a node at a time, though all nodes begin together", () => {
    const world = settled({ nodes: 4, aae: { concurrency: 1 } }, 10);
    world.run(60_000);
    assert.equal(
      world.machines.reduce((sum, machine) => sum + machine.counts.exchangesRefused, 0),
      0,
    );
    // In turn with every other member of every group.
    const asked = new Map<number, Set<number>>();
    for (const { from, to, message } of world.sent) {
      if (message.kind === "tree") asked.set(from, (asked.get(from) ?? new Set()).add(to));
    }
    for (let node = 0; node < 4; node++) assert.equal(asked.get(node)?.size, 3);
  });

  it("finds a way out where two nodes ask each other in the same moment, also when answers take long", () => {
    for (const slowestMs of [1, 300]) {
      const world = settled({ nodes: 2, n: 2, slowestMs, stepTimeoutMs: 5_000, aae: { concurrency: 1 } }, 10);
      quieten(world);
      // The first begins after half an interval, the second after a whole: started half of one apart, they meet.
      world.boot(1, 2);
      world.run(500);
      world.boot(0, 2);
      assert.ok(world.run(30_000, () => world.machines.every((machine) => machine.counts.exchanges >= 5)));
      assert.ok(
        world.machines.every((machine) => machine.counts.exchangesRefused > 0),
        "they did meet",
      );
    }
  });

  it("survives any message of any peer, and keeps to its bounds", () => {
    const number = fc.oneof(fc.nat(3), fc.nat());
    const numbers = fc.array(fc.oneof(fc.nat(70), fc.nat()), { maxLength: 12 });
    const key = fc.oneof(
      fc.nat(60).map((i) => address(`user${i}`)),
      fc.string({ maxLength: 5 }).map((text) => text.replace(/[^ -~]/g, "?")),
    );
    const clock = clockNamed("dvvset");
    const state = fc
      .nat(50)
      .map((writeId) => clock.update(undefined, "", { writeId, value: "x", tombstone: false }, by(packActor(1, 0, 1))));
    const between = { id: number, step: number, group: number, asking: fc.nat(2), asked: fc.nat(2) };
    const reply = {
      id: fc.integer({ min: 0, max: 12 }),
      step: number,
      status: fc.constantFrom("ok" as const, "ok" as const, "busy" as const, "building" as const, "unknown" as const),
    };
    const question: fc.Arbitrary<TreeMessage> = fc.oneof(
      fc.record({ kind: fc.constant("tree" as const), ...between, level: fc.nat(6), nodes: numbers, hashes: numbers }),
      fc.record({
        kind: fc.constant("segments" as const),
        ...between,
        want: fc.constantFrom("hashes" as const, "states" as const),
        segments: numbers,
        after: key,
      }),
      fc.record({
        kind: fc.constant("stream" as const),
        ...between,
        entries: fc.array(fc.record({ address: key, state }), { maxLength: 4 }),
      }),
    );
    const answer: fc.Arbitrary<PeerMessage> = fc.oneof(
      fc.record({ kind: fc.constant("tree-reply" as const), ...reply, differing: numbers, hashes: numbers }),
      fc.array(fc.tuple(key, state), { maxLength: 4 }).chain((entries) =>
        fc.record({
          kind: fc.constant("segments-reply" as const),
          ...reply,
          complete: fc.nat(70),
          last: key,
          addresses: fc.constant(entries.map(([at]) => at)),
          hashes: fc.constant(entries.flatMap(() => [1, 2])),
          states: fc.constant(entries.map(([, held]) => held)),
        }),
      ),
      fc.record({ kind: fc.constant("stream-reply" as const), ...reply }),
    );
    const messages = fc.array(fc.tuple(fc.nat(3), fc.oneof(question, answer)), { maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom("gets" as const, "stream" as const), messages, (repair, hostile) => {
        const world = settled({ nodes: 3, aae: { repair } }, 60);
        for (let i = 0; i < 10; i++) spoil(world, i);
        for (const [from, message] of hostile) {
          world.run(150);
          world.machines[0].received(from, message);
          assert.ok(world.machines[0].running <= 2);
        }
        // Nothing has taken a place that is not found in a group's copies.
        for (const name of world.stores[0].keys()) assert.match(name, /^0\//);
        assert.ok(
          world.run(200_000, () => world.machines[0].running === 0),
          "every place falls free",
        );
      }),
      { numRuns: 80 },
    );
  });
});

describe("over-streaming (AE-1)", () => {
  /** The model of the published figures: keys, segments, divergent keys to dirty segments and keys sent each way. */
  function model(keys: number, segments: number, divergent: number): { dirty: number; streamed: number } {
    const dirty = segments * (1 - (1 - 1 / segments) ** divergent);
    // In a dirty segment, besides its share of the divergent keys, all others of its own.
    return { dirty, streamed: divergent + dirty * ((keys - divergent) / segments) };
  }

  /** Two replicas and what an exchange of them sends each way for keys that one has a newer version of. */
  function measure(shape: { fanout: number; depth: number }, keys: number, divergent: number, rounds: number) {
    const world = settled(
      { nodes: 2, n: 2, clock: "lww", stepTimeoutMs: 600_000, aae: { ...shape, repair: "stream", concurrency: 1 } },
      keys,
    );
    const random = Random.fromSeed(11);
    let streamed = 0;
    let dirty = 0;
    let over = 0;
    for (let round = 0; round < rounds; round++) {
      quieten(world);
      const [before, overBefore] = [total(world, "keysStreamed"), total(world, "keysOverstreamed")];
      const from = world.sent.length;
      const chosen = new Set<number>();
      while (chosen.size < divergent) chosen.add(random.nextBelow(keys));
      for (const i of chosen) spoil(world, i);
      const spoilt = [...chosen].map((i) => address(`user${i}`));
      assert.ok(world.run(600_000, () => world.agrees(spoilt)));
      quieten(world);
      streamed += total(world, "keysStreamed") - before;
      over += total(world, "keysOverstreamed") - overBefore;
      const asked = new Set<number>();
      for (const { message } of world.sent.slice(from))
        if (message.kind === "segments") for (const segment of message.segments) asked.add(segment);
      dirty += asked.size;
    }
    // Each side sends its own.
    return { dirty: dirty / rounds, streamed: streamed / 2 / rounds, over: over / rounds };
  }

  const within = (value: number, expected: number, share: number, what: string): void => {
    assert.ok(
      Math.abs(value - expected) <= share * expected,
      `${what}: ${value.toFixed(1)}, expected ${expected.toFixed(1)}`,
    );
  };

  it("of one divergent key is a segment's worth, as K/L says", () => {
    const [keys, segments] = [8_192 * 2, 512];
    const seen = measure({ fanout: 8, depth: 3 }, keys, 1, 40);
    const expected = model(keys, segments, 1);
    assert.equal(seen.dirty, 1);
    within(seen.streamed, expected.streamed, 0.1, "keys streamed each way");
    // All but the one that differed, on its way there; and on the way back, all.
    within(seen.over, 2 * expected.streamed - 1, 0.1, "keys streamed for nothing");
  });

  it("of many fills many segments, and with as many segments as keys is about twice what differed", () => {
    for (const [keys, shape, segments, divergent] of [
      [16_384, { fanout: 8, depth: 3 }, 512, 16],
      [16_384, { fanout: 128, depth: 2 }, 16_384, 200],
    ] as const) {
      const seen = measure(shape, keys, divergent, 3);
      const expected = model(keys, segments, divergent);
      within(seen.dirty, expected.dirty, 0.1, "dirty segments");
      within(seen.streamed, expected.streamed, 0.1, "keys streamed each way");
    }
  });
});
