/** Every strategy against the same demands, and each against what its source says of it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { violations } from "../../../engine/ring/claim";
import { bucketCounts, jumpHash } from "../../../engine/ring/jump";
import { firstPlan, nextPlan, type RingPlan } from "../../../engine/ring/plan";
import { balanceOf, metadataOf, movementBetween, neighboursOf } from "../../../engine/ring/properties";
import { Ring } from "../../../engine/ring/ring";
import { Random } from "../../../engine/vocabulary/random";
import type { MemberSettings, RingSettings, RingStrategy } from "../../../engine/vocabulary/settings";

const BASE: RingSettings = {
  strategy: "equal-partitions",
  partitions: 64,
  vnodesPerNode: 8,
  hash: "murmur3",
  distinctHosts: "walk",
};
const STRATEGIES: readonly RingStrategy[] = [
  ...(["equal-partitions", "random-tokens", "tokens-over-equal-partitions"] as const),
  ...(["claim", "allocate", "jump", "explicit"] as const),
];

function universe(weights: readonly number[], first = weights.length, zones = 1): MemberSettings[] {
  return weights.map((weight, i) => ({
    id: `node-${i + 1}`,
    zone: `zone-${(i % zones) + 1}`,
    weight,
    ...(i < first ? {} : { joins: true as const }),
  }));
}

const equal = (nodes: number, first = nodes): MemberSettings[] => universe(Array<number>(nodes).fill(1), first);
const stream = (seed: number): Random => Random.fromSeed(seed).fork("ring");

function settingsFor(strategy: RingStrategy, nodes: readonly MemberSettings[], changes: Partial<RingSettings> = {}) {
  const owners = Array.from({ length: 64 }, (_, i) => nodes[(i + Math.floor(i / 11)) % nodes.length].id);
  return { ...BASE, strategy, ...(strategy === "explicit" ? { owners } : {}), ...changes };
}

function build(
  strategy: RingStrategy,
  nodes: readonly MemberSettings[],
  changes: Partial<RingSettings> = {},
  seed = 1,
) {
  return Ring.build(settingsFor(strategy, nodes, changes), nodes, stream(seed));
}

const cases = fc.record({
  strategy: fc.constantFrom(...STRATEGIES),
  weights: fc.array(fc.constantFrom(0.5, 1, 1, 2), { minLength: 3, maxLength: 9 }),
  zones: fc.integer({ min: 1, max: 4 }),
  spread: fc.boolean(),
  dealing: fc.boolean(),
  seed: fc.nat(500),
  toggled: fc.array(fc.nat(8), { minLength: 1, maxLength: 4 }),
});

describe("every strategy", () => {
  it("puts n copies on n nodes as long as there are so many, gives all of the ring away, and does so again", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 5 }), ({ strategy, weights, zones, spread, dealing, seed }, n) => {
        const nodes = universe(weights, weights.length, zones);
        const changes: Partial<RingSettings> = {
          ...(spread ? { spread: "zones" } : {}),
          ...(dealing ? { dealing: "random" } : {}),
        };
        const ring = build(strategy, nodes, changes, seed);
        for (let i = 0; i < 300; i++) {
          const list = ring.preferenceListAt((i * 14_316_557) >>> 0, n).map(({ node }) => node);
          assert.equal(new Set(list).size, Math.min(n, nodes.length), strategy);
        }
        for (const shares of [ring.ownership(), ring.replicaShare(n)])
          assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
        assert.deepEqual(build(strategy, nodes, changes, seed).tokens(), ring.tokens());
      }),
      { numRuns: 150 },
    );
  });

  it("follows any change of members, with the same plan for all who compute it", () => {
    fc.assert(
      fc.property(cases, ({ strategy, weights, dealing, seed, toggled }) => {
        const nodes = universe(weights);
        const settings = settingsFor(strategy, nodes, dealing ? { dealing: "random" } : {});
        let plan = firstPlan(settings, nodes, stream(seed));
        for (const node of toggled) {
          const members = new Set(plan.members);
          if (!members.delete(node % nodes.length)) members.add(node % nodes.length);
          if (members.size === 0) continue;
          const next = nextPlan(settings, nodes, plan, [...members], stream(seed));
          const told = JSON.parse(JSON.stringify(plan)) as RingPlan;
          assert.deepEqual(nextPlan(settings, nodes, told, [...members], stream(seed)), next);
          const ring = Ring.of(settings, nodes, next, stream(seed));
          const shares = ring.replicaShare(2);
          nodes.forEach((_, one) => assert.equal(shares[one] > 0, members.has(one), `${strategy} ${one}`));
          for (let i = 0; i < 100; i++)
            assert.equal(ring.preferenceListAt((i * 42_949_671) >>> 0, 3).length, Math.min(3, members.size));
          plan = next;
        }
      }),
      { numRuns: 150 },
    );
  });

  it("honours weights: shares of first owners are proportional to them", () => {
    const weights = [1, 2, 1, 4, 2, 2];
    const nodes = universe(weights);
    const tolerance: Partial<Record<RingStrategy, number>> = {
      "random-tokens": 0.02,
      "tokens-over-equal-partitions": 0.02,
      allocate: 0.04,
    };
    for (const strategy of STRATEGIES) {
      if (strategy === "explicit") continue;
      const shares = build(strategy, nodes, { partitions: 1_200, vnodesPerNode: 256, replication: 1 }).ownership();
      weights.forEach((weight, node) =>
        assert.ok(
          Math.abs(shares[node] - weight / 12) <= (tolerance[strategy] ?? 1e-3),
          `${strategy}: ${shares[node]} for ${weight}`,
        ),
      );
    }
  });

  it("knows with how many nodes a node shares keys, and nobody shares with who is not there", () => {
    const nodes = equal(10, 9);
    for (const strategy of STRATEGIES) {
      const ring = build(strategy, nodes, { owners: Array.from({ length: 18 }, (_, i) => `node-${(i % 9) + 1}`) });
      const neighbours = neighboursOf(ring, 3);
      assert.equal(neighbours[9], 0);
      // The nodes before and behind, two each way, at the least.
      for (const count of neighbours.slice(0, 9)) assert.ok(count >= 4 && count <= 8, `${strategy}: ${count}`);
    }
  });

  it("never moves less than the change of shares makes necessary, and nothing where nothing changes", () => {
    for (const strategy of STRATEGIES) {
      const nodes = equal(7, 6);
      const settings = settingsFor(strategy, nodes.slice(0, 6));
      const plan = firstPlan(settings, nodes, stream(3));
      const ring = Ring.of(settings, nodes, plan, stream(3));
      for (const members of [
        [0, 1, 2, 3, 4, 5, 6],
        [0, 1, 3, 4, 5],
      ]) {
        const next = Ring.of(settings, nodes, nextPlan(settings, nodes, plan, members, stream(3)), stream(3));
        const { moved, minimum } = movementBetween(ring, next, 3);
        assert.ok(moved >= minimum - 1e-9 && minimum > 0 && moved < 1, `${strategy}: ${moved} of at least ${minimum}`);
      }
      assert.deepEqual(movementBetween(ring, ring, 3), { moved: 0, minimum: 0 });
    }
  });
});

describe("tokens over equal partitions", () => {
  it("place a partition on the first nodes met from its end", () => {
    const nodes = equal(6);
    const tokens = build("random-tokens", nodes).tokens();
    const ring = build("tokens-over-equal-partitions", nodes, { partitions: 50 });
    for (let partition = 0; partition < 50; partition++) {
      const end = Math.ceil(((partition + 1) * 2 ** 32) / 50) - 1;
      const met: number[] = [];
      for (const { node } of [...tokens.filter(({ at }) => at >= end), ...tokens])
        if (!met.includes(node) && met.length < 3) met.push(node);
      for (const position of [end, end - 40_000_000])
        assert.deepEqual(
          ring.preferenceListAt(position, 3).map(({ node }) => node),
          met,
        );
    }
  });
});

describe("claim", () => {
  const meets = (nodes: number, partitions: number, targetN: number): void => {
    const { owners } = firstPlan({ ...BASE, strategy: "claim", partitions, targetN }, equal(nodes), stream(1));
    assert.equal(violations(owners!, targetN), 0, `${nodes} nodes, ${partitions} partitions, target ${targetN}`);
  };

  it("has no tail violation where dealing round robin has one", () => {
    for (const [partitions, nodes] of [
      [64, 5],
      [64, 6],
      [64, 7],
      [32, 5],
      [128, 9],
      [256, 11],
    ]) {
      const roundRobin = Array.from({ length: partitions }, (_, i) => i % nodes);
      const over = partitions % nodes;
      assert.equal(violations(roundRobin, 4) > 0, over > 0 && over < 4, `${partitions} over ${nodes}`);
      meets(nodes, partitions, 4);
    }
  });

  it("keeps any four partitions in a row on four nodes while the cluster grows node by node", () => {
    const nodes = equal(12, 5);
    const settings: RingSettings = { ...BASE, strategy: "claim" };
    let plan = firstPlan(settings, nodes, stream(1));
    for (let count = 6; count <= 12; count++) {
      plan = nextPlan(
        settings,
        nodes,
        plan,
        Array.from({ length: count }, (_, i) => i),
        stream(1),
      );
      assert.equal(violations(plan.owners!, 4), 0, `${count} nodes`);
    }
  });

  it("leaves 6, 6, 6, 7 and 7 of 32 partitions when a fifth node joins four, not 8 with one", () => {
    const nodes = equal(5, 4);
    const settings: RingSettings = { ...BASE, strategy: "claim", partitions: 32 };
    const plan = nextPlan(settings, nodes, firstPlan(settings, nodes, stream(1)), [0, 1, 2, 3, 4], stream(1));
    const counts = nodes.map((_, node) => plan.owners!.filter((owner) => owner === node).length);
    assert.deepEqual(counts.sort(), [6, 6, 6, 7, 7]);
  });

  it("alternates zones where that costs nothing", () => {
    const nodes = universe(Array<number>(6).fill(1), 6, 3);
    const grouped = [0, 3, 1, 4, 2, 5].map((i) => nodes[i]);
    const lay = (changes: Partial<RingSettings>): number => {
      const settings: RingSettings = { ...BASE, strategy: "claim", partitions: 66, ...changes };
      const { owners } = firstPlan(settings, grouped, stream(1));
      const zones = owners!.map((node) => Number(grouped[node].zone.slice(5)));
      return violations(zones, 3);
    };
    assert.ok(lay({}) > 0, "without the aim zones repeat");
    assert.equal(lay({ targetLocationN: 3 }), 0);
  });
});

describe("allocated tokens", () => {
  it("are far more even than as many random ones", () => {
    const nodes = equal(24);
    const cv = (strategy: RingStrategy): number => {
      const ring = build(strategy, nodes, { vnodesPerNode: 16 });
      return balanceOf(ring, ring.replicaShare(3)).cv;
    };
    const [random, allocated] = [cv("random-tokens"), cv("allocate")];
    assert.ok(allocated < random / 3, `${allocated} against ${random}`);
  });

  it("stay where they are when nodes come and go", () => {
    const nodes = equal(8, 6);
    const settings = settingsFor("allocate", nodes);
    const first = firstPlan(settings, nodes, stream(1));
    const grown = nextPlan(settings, nodes, first, [0, 1, 2, 3, 4, 5, 6, 7], stream(1));
    assert.deepEqual(
      grown.tokens!.filter(([, node]) => node < 6),
      first.tokens,
    );
    assert.equal(grown.tokens!.length, 64);
    const shrunk = nextPlan(settings, nodes, grown, [1, 2, 3, 4, 5, 6], stream(1));
    assert.deepEqual(
      shrunk.tokens,
      grown.tokens!.filter(([, node]) => node !== 0 && node !== 7),
    );
  });

  it("are refused where there would be too many to tell anybody", () => {
    assert.throws(() => build("allocate", equal(300), { vnodesPerNode: 256 }), /at most 65536/);
  });
});

describe("jump hash", () => {
  /** The paper's code, in integers of any length. */
  function asPublished(key: bigint, buckets: number): number {
    let [b, j] = [-1n, 0n];
    while (j < BigInt(buckets)) {
      b = j;
      key = BigInt.asUintN(64, key * 2862933555777941757n + 1n);
      j = BigInt(Math.floor((Number(b) + 1) * (2 ** 31 / (Number(key >> 33n) + 1))));
    }
    return Number(b);
  }

  it("is the paper's, bit for bit", () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.nat(0xffffffff),
        fc.integer({ min: 1, max: 100_000 }),
        (high, low, buckets) => {
          assert.equal(jumpHash(high, low, buckets), asPublished((BigInt(high) << 32n) | BigInt(low), buckets));
        },
      ),
    );
  });

  it("is uniform to sampling noise, and a bucket more moves 1/(n+1) of the keys, all of them into it (long)", () => {
    const random = Random.fromSeed("jump");
    // 9 million keys in all, where the paper's authors and CH-2 take ten: within the time of a test.
    for (const [buckets, keys] of [
      [10, 4_000_000],
      [100, 3_000_000],
      [1_000, 2_000_000],
    ]) {
      const counts = new Uint32Array(buckets);
      let moved = 0;
      let astray = 0;
      for (let i = 0; i < keys; i++) {
        const [high, low] = [random.nextUint32(), random.nextUint32()];
        const before = jumpHash(high, low, buckets);
        counts[before]++;
        const after = jumpHash(high, low, buckets + 1);
        if (after !== before) {
          moved++;
          if (after !== buckets) astray++;
        }
      }
      const expected = keys / buckets;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // Wilson and Hilferty: the cube root is nearly normal; 3.09 is the quantile of p = .001.
      const freedom = buckets - 1;
      const z = (Math.cbrt(chiSquare / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
      assert.ok(z < 3.09, `${buckets} buckets: chi-square ${chiSquare}`);
      assert.equal(astray, 0);
      // Two percent, or three standard deviations where so few keys move that noise alone is more.
      const share = 1 / (buckets + 1);
      const room = Math.max(0.02 * share, 3 * Math.sqrt((share * (1 - share)) / keys));
      assert.ok(Math.abs(moved / keys - share) <= room, `${buckets} buckets: ${moved / keys} moved`);
    }
  }).timeout(20_000);

  it("gives weights by repeating buckets: none for equal weights, few for simple ones", () => {
    assert.deepEqual(bucketCounts([1, 1, 1]), [1, 1, 1]);
    assert.deepEqual(bucketCounts([3, 1.5, 4.5]), [2, 1, 3]);
    for (const [i, count] of bucketCounts([1, 1.37, 2.9]).entries())
      assert.ok(Math.abs(count / bucketCounts([1, 1.37, 2.9])[0] / [1, 1.37, 2.9][i] - 1) < 0.02);
  });

  it("moves a bucket's worth to who joins; who leaves from the middle costs the last one's as well", () => {
    const nodes = equal(11, 10);
    const settings = settingsFor("jump", nodes);
    const plan = firstPlan(settings, nodes, stream(1));
    const ring = Ring.of(settings, nodes, plan, stream(1));
    const after = (members: readonly number[]): Ring =>
      Ring.of(settings, nodes, nextPlan(settings, nodes, plan, members, stream(1)), stream(1));
    const joined = movementBetween(ring, after([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 1);
    assert.ok(Math.abs(joined.moved - 1 / 11) < 0.004 && Math.abs(joined.moved - joined.minimum) < 1e-9);
    const left = movementBetween(ring, after([0, 1, 2, 4, 5, 6, 7, 8, 9]), 1);
    assert.ok(left.moved / left.minimum > 1.8 && left.moved / left.minimum < 2.1, `${left.moved / left.minimum}`);
    const replaced = movementBetween(ring, after([0, 1, 2, 4, 5, 6, 7, 8, 9, 10]), 1);
    assert.ok(Math.abs(replaced.moved - 0.1) < 0.004);
  });
});

describe("zones", () => {
  it("get a copy each, as far as there are copies, and repeat only as often as there are more copies than zones", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(200),
        fc.constantFrom("random-tokens" as const, "equal-partitions" as const, "allocate" as const),
        (zones, n, seed, strategy) => {
          const nodes = universe(Array<number>(15).fill(1), 15, zones);
          const ring = build(strategy, nodes, { spread: "zones" }, seed);
          for (const { at } of ring.tokens()) {
            const list = ring.preferenceListAt(at, n);
            assert.equal(new Set(list.map(({ node }) => node)).size, n);
            assert.equal(new Set(list.map(({ node }) => nodes[node].zone)).size, Math.min(n, zones));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("make a node that is alone in its own hold a copy of everything", () => {
    const nodes = equal(10).map((node, i) => (i === 9 ? { ...node, zone: "new" } : node));
    const aware = build("random-tokens", nodes, { vnodesPerNode: 64, spread: "zones" }).replicaShare(3);
    assert.ok(Math.abs(aware[9] - 1 / 3) < 1e-9, `${aware[9]}`);
    const unaware = build("random-tokens", nodes, { vnodesPerNode: 64 }).replicaShare(3);
    assert.ok(unaware[9] < 0.15, `${unaware[9]}`);
  });
});

describe("an explicit ring", () => {
  it("is what was written, and grows by taking as little as it must", () => {
    const nodes = equal(4, 3);
    const owners = ["node-1", "node-2", "node-3", "node-3", "node-2", "node-1"];
    const settings = settingsFor("explicit", nodes, { owners });
    const plan = firstPlan(settings, nodes, stream(1));
    assert.deepEqual(plan.owners, [0, 1, 2, 2, 1, 0]);
    const grown = nextPlan(settings, nodes, plan, [0, 1, 2, 3], stream(1)).owners!;
    assert.equal(grown.filter((node, i) => node !== plan.owners![i]).length, 1);
  });

  it("names what is wrong with it", () => {
    const nodes = equal(3, 2);
    const of = (owners: readonly string[]) => () =>
      firstPlan({ ...BASE, strategy: "explicit", owners }, nodes, stream(1));
    assert.throws(of(["node-1", "node-9"]), /partition 1 belongs to node-9, which is no node/);
    assert.throws(of(["node-3"]), /node-3, which joins later/);
    assert.throws(of([]), /needs owners/);
  });
});

describe("metadata", () => {
  it("is as many entries as there are tokens, partitions or nodes", () => {
    const nodes = equal(30);
    const entries = (strategy: RingStrategy): number => {
      const settings = settingsFor(strategy, nodes, { vnodesPerNode: 32, partitions: 960 });
      const plan = firstPlan(settings, nodes, stream(1));
      return metadataOf(Ring.of(settings, nodes, plan, stream(1)), settings, plan).entries;
    };
    assert.deepEqual(STRATEGIES.map(entries), [960, 960, 960, 960, 960, 30, 64]);
  });
});
