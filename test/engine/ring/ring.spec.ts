/** The ring against a twin that walks it step by step, and against the weights it was given. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { hashPosition } from "../../../engine/ring/hash";
import { Ring, type Replica } from "../../../engine/ring/ring";
import { Random } from "../../../engine/vocabulary/random";
import type { MemberSettings, RingSettings } from "../../../engine/vocabulary/settings";

const TOP = 0xffffffff;

function members(...weights: readonly number[]): MemberSettings[] {
  return weights.map((weight, i) => ({ id: `node-${i + 1}`, zone: "zone-1", weight }));
}

function settings(changes: Partial<RingSettings>): RingSettings {
  return {
    strategy: "equal-partitions",
    partitions: 64,
    vnodesPerNode: 16,
    hash: "murmur3",
    distinctHosts: "walk",
    ...changes,
  };
}

function build(changes: Partial<RingSettings>, nodes: readonly MemberSettings[], seed = 1): Ring {
  return Ring.build(settings(changes), nodes, Random.fromSeed(seed));
}

/** The twin: looks at every token for the nearest one clockwise, again and again. */
function walk(ring: Ring, position: number, n: number, distinct: boolean): Replica[] {
  const list: Replica[] = [];
  let left = [...ring.tokens()];
  const distance = (at: number): number => (at >= position ? at - position : at - position + 2 ** 32);
  while (list.length < n && left.length > 0) {
    const next = left.reduce((a, b) => (distance(b.at) < distance(a.at) ? b : a));
    if (distinct) {
      list.push({ node: next.node, vnode: 0 });
      left = left.filter((token) => token.node !== next.node);
    } else {
      list.push({ node: next.node, vnode: next.vnode });
      left = left.filter((token) => token !== next);
    }
  }
  return list;
}

describe("the hinted vnode of a home that is an owner by another ring only", () => {
  it("is that of its range, where hosts repeat: its hint comes to whoever owns the range then", () => {
    const ring = build({ distinctHosts: "claim" }, members(1, 1, 1));
    for (const vnode of [0, 5, 63]) {
      const [owner] = ring.tokens().filter((token) => token.vnode === vnode);
      const hinted = ring.hintedVnode({ node: (owner.node + 1) % 3, vnode });
      assert.equal(hinted, ring.hintedVnode(owner));
      assert.equal(ring.homeOf(hinted)!.vnode, vnode);
    }
  });
});

const anyRing = fc
  .record({
    weights: fc.array(fc.constantFrom(0.3, 1, 1, 2.5), { minLength: 1, maxLength: 7 }),
    strategy: fc.constantFrom("equal-partitions" as const, "random-tokens" as const),
    distinctHosts: fc.constantFrom("walk" as const, "claim" as const),
    extra: fc.nat(40),
    vnodesPerNode: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(1000),
  })
  .map(({ weights, extra, seed, ...chosen }) => ({
    ring: build({ ...chosen, partitions: weights.length + extra }, members(...weights), seed),
    distinct: chosen.distinctHosts === "walk",
  }));

describe("a preference list", () => {
  it("is what walking the tokens one by one gives, at any position and on the very edges of ranges", () => {
    fc.assert(
      fc.property(anyRing, fc.array(fc.nat(TOP), { maxLength: 20 }), fc.nat(9), ({ ring, distinct }, positions, n) => {
        const edges = ring.tokens().flatMap(({ at }) => [at, (at + 1) >>> 0, (at - 1) >>> 0]);
        for (const position of [0, TOP, ...positions, ...edges]) {
          assert.deepEqual(ring.preferenceListAt(position, n), walk(ring, position, n, distinct));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("is the same array each time: a lookup makes nothing", () => {
    const ring = build({}, members(1, 1, 1, 1));
    assert.equal(ring.preferenceListAt(12345, 3), ring.preferenceListAt(12346, 3));
    assert.equal(ring.preferenceListAt(12345, 9), ring.preferenceListAt(12345, 4));
  });

  it("of a key is that of its position", () => {
    for (const hash of ["murmur3", "md5", "sha1", "fnv1a"] as const) {
      const ring = build({ hash }, members(1, 1, 1));
      const address = "\x07default\x00\x05usersalice";
      assert.equal(ring.position(address), hashPosition(hash, address));
      assert.equal(ring.preferenceList(address, 2), ring.preferenceListAt(hashPosition(hash, address), 2));
    }
  });

  it("has one entry a host when walking, and is shorter than n where there are fewer hosts", () => {
    const ring = build({ strategy: "random-tokens" }, members(1, 1, 1));
    const list = ring.preferenceListAt(7, 5);
    assert.deepEqual(list.map((replica) => replica.node).sort(), [0, 1, 2]);
    assert.ok(list.every((replica) => replica.vnode === 0));
  });

  it("repeats hosts when it trusts the claim, each copy in a partition of its own", () => {
    const ring = build({ partitions: 4, distinctHosts: "claim" }, members(1, 1));
    assert.deepEqual(ring.preferenceListAt(0, 3), [
      { node: 0, vnode: 0 },
      { node: 1, vnode: 1 },
      { node: 0, vnode: 2 },
    ]);
    assert.equal(ring.preferenceListAt(0, 9).length, 4);
    assert.deepEqual(ring.preferenceListAt(TOP, 2), [
      { node: 1, vnode: 3 },
      { node: 0, vnode: 0 },
    ]);
  });

  it("numbers the tokens of a node when it trusts the claim over random tokens", () => {
    const ring = build({ strategy: "random-tokens", vnodesPerNode: 4, distinctHosts: "claim" }, members(1, 2));
    const all = ring.preferenceListAt(0, 100);
    assert.equal(all.length, 12);
    const ordinals = (node: number) => all.filter((one) => one.node === node).map((one) => one.vnode);
    assert.deepEqual(
      ordinals(0).sort((a, b) => a - b),
      [0, 1, 2, 3],
    );
    assert.deepEqual(
      ordinals(1).sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
  });

  it("refuses a number of replicas that is none", () => {
    const ring = build({}, members(1, 1));
    for (const n of [-1, 1.5, NaN]) assert.throws(() => ring.preferenceListAt(0, n), RangeError);
    assert.deepEqual(ring.preferenceListAt(0, 0), []);
  });
});

describe("equal partitions", () => {
  it("put position p into partition floor(p Q / 2^32)", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4096 }), fc.nat(TOP), (partitions, position) => {
        const ring = build({ partitions, distinctHosts: "claim" }, members(1));
        const partition = Math.floor((position * partitions) / 2 ** 32);
        assert.equal(ring.preferenceListAt(position, 1)[0].vnode, partition);
        const { at } = ring.tokens()[partition];
        assert.ok(position <= at && (partition === 0 || position > ring.tokens()[partition - 1].at));
      }),
      { numRuns: 30 },
    );
  });

  it("do not depend on the seed", () => {
    const nodes = members(1, 2, 1, 1);
    assert.deepEqual(build({}, nodes, 1).tokens(), build({}, nodes, 2).tokens());
  });

  it("put three copies of every key on three hosts without skipping any, though 5 does not divide 64", () => {
    const ring = build({ partitions: 64, distinctHosts: "claim" }, members(1, 1, 1, 1, 1));
    for (const { at } of ring.tokens()) {
      const hosts = ring.preferenceListAt(at, 4).map((replica) => replica.node);
      assert.equal(new Set(hosts).size, 4, `${at}: ${hosts.join(" ")}`);
    }
  });
});

describe("random tokens", () => {
  it("are as many as the weight asks, and at least one", () => {
    const ring = build({ strategy: "random-tokens", vnodesPerNode: 10 }, members(1, 0.5, 2.04, 0.001));
    const counts = [0, 0, 0, 0];
    for (const { node } of ring.tokens()) counts[node]++;
    assert.deepEqual(counts, [10, 5, 20, 1]);
  });

  it("stay where they are when a node is added, and move with the seed", () => {
    const chosen = { strategy: "random-tokens" as const };
    const before = build(chosen, members(1, 1, 1)).tokens();
    const after = build(chosen, members(1, 1, 1, 1)).tokens();
    assert.deepEqual(
      after.filter((token) => token.node < 3),
      before,
    );
    assert.notDeepEqual(build(chosen, members(1, 1, 1), 2).tokens(), before);
  });

  it("are never two at one position", () => {
    const ring = build({ strategy: "random-tokens", vnodesPerNode: 30_000 }, members(1, 1, 1));
    const tokens = ring.tokens();
    assert.equal(tokens.length, 90_000);
    for (let i = 1; i < tokens.length; i++) assert.ok(tokens[i - 1].at < tokens[i].at);
  });

  it("balance better the more there are", () => {
    const worst = (vnodesPerNode: number): number => {
      let sum = 0;
      for (let seed = 0; seed < 20; seed++) {
        const ring = build({ strategy: "random-tokens", vnodesPerNode }, members(1, 1, 1, 1, 1), seed);
        sum += Math.max(...ring.ownership()) * 5;
      }
      return sum / 20;
    };
    const [one, sixteen, many] = [worst(1), worst(16), worst(256)];
    assert.ok(one > 1.7 && sixteen > 1.1 && sixteen < 1.6 && many < 1.12, `${one} ${sixteen} ${many}`);
  });
});

describe("shares", () => {
  it("are what counting positions finds", () => {
    fc.assert(
      fc.property(anyRing, fc.integer({ min: 1, max: 4 }), ({ ring }, n) => {
        const first = ring.members.map(() => 0);
        const copies = ring.members.map(() => 0);
        let total = 0;
        const samples = 20_000;
        for (let k = 0; k < samples; k++) {
          const list = ring.preferenceListAt(Math.floor(((k + 0.5) * 2 ** 32) / samples), n);
          first[list[0].node] += 1 / samples;
          for (const { node } of list) copies[node]++;
          total += list.length;
        }
        ring.ownership().forEach((share, node) => assert.ok(Math.abs(share - first[node]) < 0.01));
        ring.replicaShare(n).forEach((share, node) => assert.ok(Math.abs(share - copies[node] / total) < 0.01));
      }),
      { numRuns: 30 },
    );
  });

  it("add up to one", () => {
    fc.assert(
      fc.property(anyRing, fc.integer({ min: 1, max: 9 }), ({ ring }, n) => {
        for (const shares of [ring.ownership(), ring.replicaShare(n)]) {
          assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
        }
      }),
    );
  });

  it("follow the weights", () => {
    const weights = [1, 2, 1, 4];
    const equal = build({ partitions: 64 }, members(...weights)).ownership();
    const random = build({ strategy: "random-tokens", vnodesPerNode: 512 }, members(...weights)).ownership();
    weights.forEach((weight, node) => {
      assert.ok(Math.abs(equal[node] - weight / 8) < 1e-6);
      assert.ok(Math.abs(random[node] - weight / 8) < 0.02, `${node}: ${random[node]}`);
    });
  });

  it("of copies are equal where every node holds everything", () => {
    assert.deepEqual(
      build({ strategy: "random-tokens" }, members(1, 5, 1))
        .replicaShare(3)
        .map((share) => share.toFixed(9)),
      ["0.333333333", "0.333333333", "0.333333333"],
    );
  });
});

describe("groups of replicas", () => {
  it("are the distinct sets of replicas, and every position's is that of its preference list", () => {
    fc.assert(
      fc.property(anyRing, fc.array(fc.nat(TOP)), fc.nat(5), ({ ring }, positions, n) => {
        const groups = ring.groups(n);
        const named = groups.map(({ replicas }) => JSON.stringify(replicas));
        assert.equal(new Set(named).size, groups.length, "each set once");
        groups.forEach(({ id }, at) => assert.equal(id, at));
        for (const position of [...positions, 0, TOP, ...ring.tokens().map(({ at }) => at)]) {
          const list = [...ring.preferenceListAt(position, n)].sort((a, b) => a.node - b.node || a.vnode - b.vnode);
          assert.deepEqual(groups[ring.groupAt(position, n)].replicas, list);
        }
        assert.equal(new Set(ring.tokens().map(({ at }) => ring.groupAt(at, n))).size, groups.length, "none is idle");
      }),
    );
  });

  it("are few where few nodes hold everything, and the same for every order of preference", () => {
    const ring = build({ strategy: "random-tokens" }, members(1, 1, 1));
    assert.deepEqual(
      ring.groups(3).map(({ replicas }) => replicas.map(({ node }) => node)),
      [[0, 1, 2]],
    );
    assert.equal(ring.groups(2).length, 3);
    assert.equal(ring.groups(1).length, 3);
  });
});

describe("building a ring", () => {
  it("says what cannot be met", () => {
    const three = members(1, 1, 1);
    const bad: readonly (readonly [Partial<RingSettings>, readonly MemberSettings[], RegExp])[] = [
      [{}, [], /at least one node/],
      [{ partitions: 2 }, three, /partitions \(Q\) is 2 for 3 nodes/],
      [{ partitions: 7.5 }, three, /whole number/],
      [{ partitions: 65_537 }, three, /at most 65536/],
      [{ partitions: 32_769, distinctHosts: "claim" }, three, /\(claim\) has at most 32768 vnodes/],
      [{ strategy: "random-tokens", vnodesPerNode: 0 }, three, /at least 1/],
      [{ strategy: "random-tokens", vnodesPerNode: 1.5 }, three, /whole number/],
      [{ strategy: "random-tokens", vnodesPerNode: 40_000 }, members(1, 2), /node-2 would have 80000 vnodes/],
      [{}, members(1, 0), /node-2 has weight 0/],
      [{}, members(1, NaN), /weight NaN/],
      [{}, [...three, three[0]], /two nodes are called node-1/],
    ];
    for (const [changes, nodes, message] of bad) {
      assert.throws(
        () => build(changes, nodes),
        (error) => error instanceof RangeError && message.test(error.message),
      );
    }
  });

  it("describes itself in a line", () => {
    assert.equal(
      build({ partitions: 8 }, members(1, 3)).describe(),
      "8 partitions, murmur3, walk: node-1 25.00%, node-2 75.00%",
    );
  });
});
