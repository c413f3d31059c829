import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../../engine/vocabulary/random";
import type { ChooserSettings } from "../../../workloads/settings";
import { ACKNOWLEDGEMENT_WINDOW, AcknowledgedKeys } from "../../../workloads/ycsb/acknowledged-keys";
import { CHOOSERS, createChooser, type KeyChooser, type KeyRange } from "../../../workloads/ycsb/chooser";
import { GrayZipfian } from "../../../workloads/ycsb/gray-zipfian";
import { KeyHash } from "../../../workloads/ycsb/key-number";
import { zeta } from "../../../workloads/ycsb/zeta";
import { SCRAMBLED_ITEMS, SCRAMBLED_ZETA } from "../../../workloads/ycsb/zipfian";
import { assertFits } from "../goodness-of-fit";
import { CHOOSER_LAWS, drawsOf } from "./chooser-laws";

function range(count: number, changes: Partial<KeyRange> = {}): KeyRange {
  const first = changes.first ?? 0;
  const recordCount = changes.recordCount ?? first + count;
  return {
    first,
    count,
    recordCount,
    expectedInserts: 0,
    growing: false,
    acknowledged: new AcknowledgedKeys(recordCount),
    ...changes,
  };
}

function countsOf(chooser: KeyChooser, draws: number, keys: number, seed = "fit"): number[] {
  const random = Random.fromSeed(seed);
  const counts = new Array<number>(keys).fill(0);
  for (let i = 0; i < draws; i++) counts[chooser.next(random)]++;
  return counts;
}

/** Sum of k^-theta the plain way. */
function plainZeta(n: number, theta: number): number {
  let sum = 0;
  for (let k = n; k >= 1; k--) sum += Math.pow(k, -theta);
  return sum;
}

const DRAWS = 200_000;

describe("key choosers", () => {
  it("zeta agrees with the plain sum, theta 1 and large n included", () => {
    for (const theta of [0, 0.5, 0.99, 1, 1.5, 3]) {
      for (const n of [1, 2, 1000, 1025, 300_000]) {
        const plain = plainZeta(n, theta);
        assert(Math.abs(zeta(n, theta) / plain - 1) < 1e-11, `n ${n}, theta ${theta}`);
      }
    }
    // YCSB's constant is its own sum over 10^10 terms, whose rounding shows in the tenth digit.
    assert(Math.abs(zeta(SCRAMBLED_ITEMS - 1, 0.99) / SCRAMBLED_ZETA - 1) < 1e-6);
  });

  it("uniform is uniform over the loaded range", () => {
    const counts = countsOf(createChooser({ name: "uniform" }, range(50, { first: 10 })), DRAWS, 60);
    assert.equal(
      counts.slice(0, 10).some((count) => count > 0),
      false,
    );
    assertFits(counts.slice(10), new Array<number>(50).fill(1 / 50));
  });

  for (const theta of [0, 0.5, 0.99, 1, 1.000001, 1.2, 3]) {
    it(`zipf with theta ${theta} has exactly the masses k^-theta / zeta`, () => {
      const n = 1000;
      const chooser = createChooser({ name: "zipf", theta }, range(n));
      const total = plainZeta(n, theta);
      const masses = Array.from({ length: n }, (_, k) => Math.pow(k + 1, -theta) / total);
      assertFits(countsOf(chooser, DRAWS, n), masses);
      assert(Math.abs(chooser.hottestShare()! - masses[0]) < 1e-12);
    });
  }

  it("zipf works on one key and on a thousand million", () => {
    assert.equal(createChooser({ name: "zipf", theta: 0.99 }, range(1)).next(Random.fromSeed(1)), 0);
    const chooser = createChooser({ name: "zipf", theta: 1 }, range(1e9));
    const random = Random.fromSeed(2);
    const decades = new Array<number>(9).fill(0);
    for (let i = 0; i < DRAWS; i++) decades[Math.floor(Math.log10(chooser.next(random) + 1))]++;
    const total = zeta(1e9, 1);
    const masses = decades.map((_, d) => (zeta(10 ** (d + 1) - 1, 1) - (d === 0 ? 0 : zeta(10 ** d - 1, 1))) / total);
    // The last of the thousand million ranks, 10^9 itself, is left out of the nine decades.
    assertFits(
      decades,
      masses.map((mass) => mass / masses.reduce((a, b) => a + b)),
    );
  });

  it("Gray's ranks have the masses of the algorithm, which sum to 1", () => {
    for (const n of [1, 2, 3, 1000]) {
      const law = new GrayZipfian(n);
      const masses = Array.from({ length: n }, (_, rank) => law.mass(rank));
      const random = Random.fromSeed("gray");
      const counts = new Array<number>(n).fill(0);
      for (let i = 0; i < DRAWS; i++) counts[law.rank(random.nextFloat())]++;
      assertFits(counts, masses);
    }
  });

  it("a law that grew equals one made large", () => {
    const grown = new GrayZipfian(100);
    for (let items = 101; items <= 5000; items += 7) grown.grow(items);
    grown.grow(5000);
    const made = new GrayZipfian(5000);
    for (let i = 0; i < 1000; i++) assert.equal(grown.rank(i / 1000), made.rank(i / 1000));
  });

  it("YCSB's zipfian draws Gray's ranks over 10^10 and folds them by hash", () => {
    const law = new GrayZipfian(SCRAMBLED_ITEMS, SCRAMBLED_ZETA);
    const hash = new KeyHash();
    const keys = range(997, { first: 3 });
    const chooser = createChooser({ name: "zipfian" }, keys);
    const drawn = Random.fromSeed("twin");
    const twin = Random.fromSeed("twin");
    for (let i = 0; i < 20_000; i++) {
      let expected = Infinity;
      while (expected > keys.acknowledged.newest) {
        const rank = law.rank(twin.nextFloat());
        expected = 3 + Number(BigInt(hash.of(rank).text()) % 998n);
      }
      assert.equal(chooser.next(drawn), expected);
    }
  });

  it("YCSB's zipfian gives its keys the folded masses, the hottest about 3.8 % whatever their number", () => {
    const keys = 1000;
    const law = new GrayZipfian(SCRAMBLED_ITEMS, SCRAMBLED_ZETA);
    const hash = new KeyHash();
    const masses = new Array<number>(keys + 1).fill(0);
    let named = 0;
    for (let rank = 0; rank < 300_000; rank++) {
      masses[hash.of(rank).mod(keys + 1)] += law.mass(rank);
      named += law.mass(rank);
    }
    const all = masses.map((mass) => mass + (1 - named) / (keys + 1)).slice(0, keys);
    const kept = all.reduce((a, b) => a + b);
    const chooser = createChooser({ name: "zipfian" }, range(keys));
    assertFits(
      countsOf(chooser, DRAWS, keys),
      all.map((mass) => mass / kept),
    );
    assert(Math.abs(chooser.hottestShare()! - Math.max(...all) / kept) < 1e-4);
    const many = createChooser({ name: "zipfian" }, range(1_000_000)).hottestShare()!;
    assert(Math.abs(many - 1 / SCRAMBLED_ZETA) < 1e-4, `${many}`);
  });

  it("latest counts back from the newest acknowledged key, and follows it", () => {
    const keys = range(500, { growing: true });
    const chooser = createChooser({ name: "latest" }, keys);
    const law = new GrayZipfian(499);
    const counts = countsOf(chooser, DRAWS, 500);
    assertFits(
      counts.toReversed(),
      Array.from({ length: 500 }, (_, back) => (back < 499 ? law.mass(back) : 0)),
    );
    const first = keys.acknowledged.take()!;
    const second = keys.acknowledged.take()!;
    keys.acknowledged.acknowledge(second);
    assert.equal(Math.max(...Array.from({ length: 2000 }, newest(chooser))), 499, "501 is not seen before 500 ended");
    keys.acknowledged.acknowledge(first);
    assert.equal(Math.max(...Array.from({ length: 2000 }, newest(chooser))), 501);
    assert.equal(chooser.hottestShare(), undefined);
  });

  it("latest and the others serve a single record", () => {
    const settings: ChooserSettings[] = [
      { name: "uniform" },
      { name: "zipfian" },
      { name: "zipf", theta: 1 },
      { name: "latest" },
      { name: "hotspot", dataFraction: 0.2, operationFraction: 0.8 },
      { name: "sequential" },
      { name: "exponential", percentile: 95, fraction: 0.857 },
    ];
    assert.deepEqual(settings.map(({ name }) => name).sort(), Object.keys(CHOOSERS).sort());
    for (const each of settings) {
      const chooser = createChooser(each, range(1));
      const random = Random.fromSeed(7);
      for (let i = 0; i < 100; i++) assert.equal(chooser.next(random), 0, each.name);
      assert(Math.abs(chooser.hottestShare()! - 1) < 1e-9, each.name);
    }
  });

  it("hotspot gives the lowest fifth of the keys four fifths of the draws", () => {
    const chooser = createChooser({ name: "hotspot", dataFraction: 0.2, operationFraction: 0.8 }, range(100));
    const masses = Array.from({ length: 100 }, (_, k) => (k < 20 ? 0.8 / 20 : 0.2 / 80));
    assertFits(countsOf(chooser, DRAWS, 100), masses);
    assert.equal(chooser.hottestShare(), 0.8 / 20);
  });

  it("hotspot with an empty hot or cold set uses the other", () => {
    for (const dataFraction of [0, 1]) {
      const chooser = createChooser({ name: "hotspot", dataFraction, operationFraction: 0.5 }, range(10));
      assertFits(countsOf(chooser, DRAWS, 10), new Array<number>(10).fill(0.1));
    }
  });

  it("sequential goes round the loaded range", () => {
    const chooser = createChooser({ name: "sequential" }, range(3, { first: 5 }));
    const random = Random.fromSeed(1);
    assert.deepEqual(
      Array.from({ length: 7 }, () => chooser.next(random)),
      [5, 6, 7, 5, 6, 7, 5],
    );
  });

  it("exponential falls off by its own law, cut at key 0", () => {
    const n = 200;
    const chooser = createChooser({ name: "exponential", percentile: 95, fraction: 0.8571428571 }, range(n));
    const gamma = -Math.log(0.05) / (n * 0.8571428571);
    const kept = 1 - Math.exp(-gamma * n);
    const masses = Array.from(
      { length: n },
      (_, back) => (Math.exp(-gamma * back) - Math.exp(-gamma * (back + 1))) / kept,
    );
    assertFits(countsOf(chooser, DRAWS, n).toReversed(), masses);
    assert(Math.abs(chooser.hottestShare()! - masses[0]) < 1e-12);
  });

  it("never chooses a key above the newest acknowledged one", () => {
    const names = ["uniform", "zipfian", "latest", "sequential"] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.integer({ min: 1, max: 60 }),
        fc.nat({ max: 40 }),
        fc.nat(),
        (name, count, expectedInserts, seed) => {
          const keys = range(count, { expectedInserts, growing: true });
          const chooser = createChooser({ name }, keys);
          const random = Random.fromSeed(seed);
          for (let i = 0; i < 200; i++) {
            const number = chooser.next(random);
            assert(number >= 0 && number <= keys.acknowledged.newest);
            if (i % 9 === 0) keys.acknowledged.acknowledge(keys.acknowledged.take()!);
          }
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });
});

function newest(chooser: KeyChooser): () => number {
  const random = Random.fromSeed("newest");
  return () => chooser.next(random);
}

describe("key choosers, a million draws each against the exact masses", () => {
  for (const law of CHOOSER_LAWS) it(law.name, () => assertFits(drawsOf(law, 1_000_000), law.masses()));

  it("a law that is off by two parts in a hundred is told", () => {
    const law = CHOOSER_LAWS.find(({ name }) => name === "uniform")!;
    const tilted = law.masses().map((mass, key) => mass * (key < 500 ? 1.02 : 0.98));
    assert.throws(() => assertFits(drawsOf(law, 1_000_000), tilted), /chi-square/);
  });
});

describe("acknowledged keys", () => {
  it("follow the contiguous prefix, whatever the order of acknowledgements", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 20 }),
        fc.shuffledSubarray(Array.from({ length: 30 }, (_, i) => i)),
        (records, order) => {
          const keys = new AcknowledgedKeys(records);
          for (let i = 0; i < 30; i++) assert.equal(keys.take(), records + i);
          const ended = new Set<number>();
          for (const offset of order) {
            keys.acknowledge(records + offset);
            ended.add(offset);
            let prefix = 0;
            while (ended.has(prefix)) prefix++;
            assert.equal(keys.newest, records + prefix - 1);
          }
        },
      ),
    );
  });

  it("hand out no more than a window of inserts ahead, and go on past it", () => {
    const keys = new AcknowledgedKeys(0);
    for (let i = 0; i < ACKNOWLEDGEMENT_WINDOW; i++) assert.equal(keys.take(), i);
    assert.equal(keys.take(), undefined);
    keys.acknowledge(0);
    assert.equal(keys.take(), ACKNOWLEDGEMENT_WINDOW);
  });
});
