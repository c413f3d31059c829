/** Draws against the moments and quantiles that analysis gives, with fixed seeds. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { distributionOf, LONGEST_MICROS } from "../../../engine/vocabulary/distributions";
import { Random } from "../../../engine/vocabulary/random";
import type { DistributionSettings } from "../../../engine/vocabulary/settings";

const DRAWS = 40_000;

function draws(settings: DistributionSettings, count = DRAWS): number[] {
  const one = distributionOf(settings);
  const random = Random.fromSeed(7).fork(settings.dist);
  return Array.from({ length: count }, () => one.sample(random));
}

function moments(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

/** Share of draws at or below each point, against the distribution function there: Kolmogorov and Smirnov's distance. */
function distance(values: readonly number[], below: (micros: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b);
  let worst = 0;
  for (let i = 0; i < sorted.length; i += 37) {
    worst = Math.max(worst, Math.abs((i + 0.5) / sorted.length - below(sorted[i])));
  }
  return worst;
}

/** Passed once in a hundred thousand by chance, were the seed not fixed. */
const FAR = 2.5 / Math.sqrt(DRAWS);

const examples: readonly { settings: DistributionSettings; mean: number; sd?: number; below: (x: number) => number }[] =
  [
    {
      settings: { dist: "uniform", minMs: 2, maxMs: 5 },
      mean: 3500,
      sd: 3000 / Math.sqrt(12),
      below: (x) => (x - 2000) / 3000,
    },
    {
      settings: { dist: "exponential", meanMs: 4, shiftMs: 1.5 },
      mean: 5500,
      sd: 4000,
      below: (x) => 1 - Math.exp((1500 - x) / 4000),
    },
    {
      settings: { dist: "normal", meanMs: 20, sdMs: 3 },
      mean: 20_000,
      sd: 3000,
      below: (x) => normalBelow((x - 20_000) / 3000),
    },
    {
      settings: { dist: "lognormal", medianMs: 2, p99Ms: 10 },
      mean: 2000 * Math.exp((Math.log(5) / 2.3263478740408408) ** 2 / 2),
      below: (x) => normalBelow(Math.log(x / 2000) / (Math.log(5) / 2.3263478740408408)),
    },
    {
      settings: { dist: "pareto", minMs: 1.05, alpha: 3.5 },
      mean: (3.5 * 1050) / 2.5,
      below: (x) => 1 - (1050 / x) ** 3.5,
    },
  ];

/** By midpoints: slow, and made of nothing that is under test. */
function normalBelow(x: number): number {
  const steps = 400;
  const width = Math.abs(x) / steps;
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += Math.exp(-(((i + 0.5) * width) ** 2) / 2);
  return 0.5 + (Math.sign(x) * sum * width) / Math.sqrt(2 * Math.PI);
}

describe("distributions", () => {
  for (const { settings, mean, sd, below } of examples) {
    it(`draw ${distributionOf(settings).describe()} with its mean and its shape`, () => {
      const values = draws(settings);
      const seen = moments(values);
      const one = distributionOf(settings);
      assert.ok(Math.abs(one.meanMicros! / mean - 1) < 1e-9, `${one.meanMicros} is not ${mean}`);
      const doubt = (5 * seen.sd) / Math.sqrt(DRAWS);
      assert.ok(Math.abs(seen.mean - mean) < doubt, `mean ${seen.mean} is not ${mean}`);
      if (sd !== undefined) assert.ok(Math.abs(seen.sd / sd - 1) < 0.03, `sd ${seen.sd} is not ${sd}`);
      const far = distance(values, below);
      assert.ok(far < FAR, `distance ${far}`);
      assert.ok(values.every((value) => Number.isInteger(value) && value >= one.minimumMicros));
    });
  }

  it("draw a constant without touching the random source", () => {
    const one = distributionOf({ dist: "constant", valueMs: 1.2345 });
    const random = Random.fromSeed(1);
    const untouched = Random.fromSeed(1);
    assert.equal(one.sample(random), 1235);
    assert.equal(random.nextUint32(), untouched.nextUint32());
    assert.equal(one.meanMicros, 1234.5);
    assert.equal(one.minimumMicros, 1235);
  });

  it("cut the normal distribution at 0 and say what its mean is then", () => {
    const settings: DistributionSettings = { dist: "normal", meanMs: 1, sdMs: 2 };
    const one = distributionOf(settings);
    const values = draws(settings);
    const seen = moments(values);
    assert.ok(Math.min(...values) >= 0);
    // Mean of a normal variable above its cut: 1 + 2 φ(-1/2) / (1 - Φ(-1/2)).
    assert.ok(Math.abs(one.meanMicros! - 2018.32) < 0.5, `${one.meanMicros}`);
    assert.ok(Math.abs(seen.mean - one.meanMicros!) < (5 * seen.sd) / Math.sqrt(DRAWS), `${seen.mean}`);
    const half = distributionOf({ dist: "normal", meanMs: 0, sdMs: 1 });
    assert.ok(Math.abs(half.meanMicros! - 1000 * Math.sqrt(2 / Math.PI)) < 1e-6);
  });

  it("hit the median and the 99th percentile a lognormal was given by", () => {
    const sorted = draws({ dist: "lognormal", medianMs: 0.4, p99Ms: 2 }).sort((a, b) => a - b);
    assert.ok(Math.abs(sorted[DRAWS / 2] / 400 - 1) < 0.03);
    assert.ok(Math.abs(sorted[Math.floor(DRAWS * 0.99)] / 2000 - 1) < 0.08);
  });

  it("have no mean where the Pareto tail is too heavy, and are cut at one day", () => {
    const settings: DistributionSettings = { dist: "pareto", minMs: 100, alpha: 0.1 };
    assert.equal(distributionOf(settings).meanMicros, undefined);
    const values = draws(settings, 2000);
    assert.equal(Math.max(...values), LONGEST_MICROS);
    assert.ok(values.every((value) => Number.isSafeInteger(value) && value >= 100_000));
  });

  it("are constant where their width is nothing", () => {
    const none: readonly DistributionSettings[] = [
      { dist: "uniform", minMs: 3, maxMs: 3 },
      { dist: "exponential", meanMs: 0, shiftMs: 3 },
      { dist: "normal", meanMs: 3, sdMs: 0 },
      { dist: "lognormal", medianMs: 3, p99Ms: 3 },
    ];
    for (const settings of none) {
      assert.deepEqual(new Set(draws(settings, 100)), new Set([3000]), settings.dist);
      assert.equal(distributionOf(settings).minimumMicros, 3000, settings.dist);
      assert.equal(distributionOf(settings).meanMicros, 3000, settings.dist);
    }
  });

  it("draw whole, bounded microseconds for any parameters", () => {
    const length = fc.double({ min: 0, max: 3_600_000, noNaN: true });
    const positive = fc.double({ min: 0.001, max: 3_600_000, noNaN: true });
    const any: fc.Arbitrary<DistributionSettings> = fc.oneof(
      fc.record({ dist: fc.constant("constant" as const), valueMs: length }),
      fc.tuple(length, length).map(([a, b]) => ({
        dist: "uniform" as const,
        minMs: Math.min(a, b),
        maxMs: Math.max(a, b),
      })),
      fc.record({ dist: fc.constant("exponential" as const), meanMs: positive, shiftMs: length }),
      fc.record({ dist: fc.constant("normal" as const), meanMs: length, sdMs: length }),
      fc.tuple(positive, positive).map(([a, b]) => ({
        dist: "lognormal" as const,
        medianMs: Math.min(a, b),
        p99Ms: Math.max(a, b),
      })),
      fc.record({
        dist: fc.constant("pareto" as const),
        minMs: positive,
        alpha: fc.double({ min: 0.1, max: 1000, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(any, fc.nat(), (settings, seed) => {
        const one = distributionOf(settings);
        const random = Random.fromSeed(seed);
        const again = Random.fromSeed(seed);
        for (let i = 0; i < 10; i++) {
          const value = one.sample(random);
          assert.ok(Number.isSafeInteger(value) && value >= one.minimumMicros && value <= LONGEST_MICROS, `${value}`);
          assert.equal(one.sample(again), value);
        }
        assert.ok(one.meanMicros === undefined || one.meanMicros >= 0);
      }),
      { numRuns: 500 },
    );
  });

  it("refuse parameters that are no lengths or contradict each other", () => {
    const bad: readonly (readonly [DistributionSettings, RegExp])[] = [
      [{ dist: "constant", valueMs: -1 }, /value is -1 ms/],
      [{ dist: "constant", valueMs: NaN }, /value is NaN ms/],
      [{ dist: "uniform", minMs: 2, maxMs: 1 }, /max 1 ms is below min 2 ms/],
      [{ dist: "exponential", meanMs: Infinity, shiftMs: 0 }, /mean is Infinity/],
      [{ dist: "normal", meanMs: 1, sdMs: -1 }, /sd is -1/],
      [{ dist: "lognormal", medianMs: 0, p99Ms: 1 }, /median must be above 0/],
      [{ dist: "lognormal", medianMs: 2, p99Ms: 1 }, /below the median/],
      [{ dist: "pareto", minMs: 1, alpha: 0 }, /alpha 0/],
    ];
    for (const [settings, message] of bad) {
      assert.throws(
        () => distributionOf(settings),
        (error) => error instanceof RangeError && message.test(error.message),
      );
    }
  });

  it("stretch with their parameters draw by draw, and are not reshuffled", () => {
    const slow = draws({ dist: "exponential", meanMs: 40, shiftMs: 0 }, 1000);
    const fast = draws({ dist: "exponential", meanMs: 4, shiftMs: 0 }, 1000);
    slow.forEach((value, i) => assert.ok(Math.abs(value - 10 * fast[i]) <= 6, `${value} and ${fast[i]}`));
  });
});
