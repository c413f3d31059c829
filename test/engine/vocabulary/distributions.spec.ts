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

const SOLID_STATE: DistributionSettings = {
  dist: "mixture",
  parts: [
    { weight: 91.22, of: { dist: "pareto", minMs: 23.5, alpha: 10 } },
    { weight: 8.78, of: { dist: "exponential", meanMs: 100 / 1.66, shiftMs: 0 } },
  ],
};

interface Example {
  readonly settings: DistributionSettings;
  readonly mean: number;
  /** Of 40,000 draws within 3 %, unless the tail is so heavy that they scatter more. */
  readonly sd: number;
  readonly scatter?: number;
  readonly below: (x: number) => number;
}

const LOGNORMAL_SIGMA = Math.log(5) / 2.3263478740408408;

const examples: readonly Example[] = [
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
    // Rayleigh's: a Weibull of shape 2.
    settings: { dist: "weibull", scaleMs: 3, shape: 2 },
    mean: 3000 * (Math.sqrt(Math.PI) / 2),
    sd: 3000 * Math.sqrt(1 - Math.PI / 4),
    below: (x) => 1 - Math.exp(-((x / 3000) ** 2)),
  },
  {
    // Heavier than an exponential: Γ(3) = 2, Γ(5) = 24.
    settings: { dist: "weibull", scaleMs: 3, shape: 0.5 },
    mean: 6000,
    sd: 3000 * Math.sqrt(20),
    below: (x) => 1 - Math.exp(-Math.sqrt(x / 3000)),
  },
  {
    // Two straight stretches: 80 % from 1 to 2 ms, 20 % from 2 to 12 ms.
    settings: {
      dist: "empirical",
      points: [
        [0, 1],
        [0.8, 2],
        [1, 12],
      ],
    },
    mean: 0.8 * 1500 + 0.2 * 7000,
    sd: Math.sqrt(0.8 * (7 / 3) * 1e6 + 0.2 * (172 / 3) * 1e6 - 2600 ** 2),
    below: (x) => (x < 2000 ? (0.8 * (x - 1000)) / 1000 : 0.8 + (0.2 * (x - 2000)) / 10_000),
  },
  {
    // Body and tail of the solid-state disks of Bailis and others, a hundred times slower: at their own speed a whole
    // microsecond is a step of 4 % in the distribution function, which is why predictions draw without rounding.
    settings: SOLID_STATE,
    mean: 0.9122 * ((10 * 23_500) / 9) + 0.0878 * (100_000 / 1.66),
    // Second moments of the parts: a m^2 / (a - 2) and 2 mean^2.
    sd: Math.sqrt(
      0.9122 * ((10 * 23_500 ** 2) / 8) +
        0.0878 * 2 * (100_000 / 1.66) ** 2 -
        (0.9122 * ((10 * 23_500) / 9) + 0.0878 * (100_000 / 1.66)) ** 2,
    ),
    below: (x) => 0.9122 * (x < 23_500 ? 0 : 1 - (23_500 / x) ** 10) + 0.0878 * (1 - Math.exp((-1.66 * x) / 100_000)),
  },
  {
    settings: { dist: "normal", meanMs: 20, sdMs: 3 },
    mean: 20_000,
    sd: 3000,
    below: (x) => normalBelow((x - 20_000) / 3000),
  },
  {
    settings: { dist: "lognormal", medianMs: 2, p99Ms: 10 },
    mean: 2000 * Math.exp(LOGNORMAL_SIGMA ** 2 / 2),
    sd: 2000 * Math.exp(LOGNORMAL_SIGMA ** 2 / 2) * Math.sqrt(Math.exp(LOGNORMAL_SIGMA ** 2) - 1),
    below: (x) => normalBelow(Math.log(x / 2000) / LOGNORMAL_SIGMA),
  },
  {
    settings: { dist: "pareto", minMs: 1.05, alpha: 3.5 },
    mean: (3.5 * 1050) / 2.5,
    // Draws have no fourth moment: their deviation settles slowly.
    sd: (1050 / 2.5) * Math.sqrt(3.5 / 1.5),
    scatter: 0.1,
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

function table(...points: readonly (readonly [number, number])[]): DistributionSettings {
  return { dist: "empirical", points };
}

function blend(...weights: readonly number[]): DistributionSettings {
  return { dist: "mixture", parts: weights.map((weight) => ({ weight, of: { dist: "constant", valueMs: 1 } })) };
}

/** A constant in so many mixtures. */
function nested(depth: number): DistributionSettings {
  const inner: DistributionSettings = depth === 1 ? { dist: "constant", valueMs: 1 } : nested(depth - 1);
  return { dist: "mixture", parts: [{ weight: 1, of: inner }] };
}

describe("distributions", () => {
  for (const { settings, mean, sd, scatter = 0.03, below } of examples) {
    it(`draw ${distributionOf(settings).describe()} with its mean and its shape`, () => {
      const values = draws(settings);
      const seen = moments(values);
      const one = distributionOf(settings);
      assert.ok(Math.abs(one.meanMicros! / mean - 1) < 1e-9, `${one.meanMicros} is not ${mean}`);
      const doubt = (5 * seen.sd) / Math.sqrt(DRAWS);
      assert.ok(Math.abs(seen.mean - mean) < doubt, `mean ${seen.mean} is not ${mean}`);
      assert.ok(Math.abs(seen.sd / sd - 1) < scatter, `sd ${seen.sd} is not ${sd}`);
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
    assert.deepEqual(moments(draws({ dist: "constant", valueMs: 2 }, 100)), { mean: 2000, sd: 0 });
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
      {
        dist: "empirical",
        points: [
          [0, 3],
          [1, 3],
        ],
      },
      { dist: "mixture", parts: [{ weight: 2, of: { dist: "constant", valueMs: 3 } }] },
    ];
    for (const settings of none) {
      assert.deepEqual(new Set(draws(settings, 100)), new Set([3000]), settings.dist);
      assert.equal(distributionOf(settings).minimumMicros, 3000, settings.dist);
      assert.equal(distributionOf(settings).meanMicros, 3000, settings.dist);
    }
  });

  it("have Weibull's mean for every shape, by the gamma function", () => {
    // Γ(1 + 1/shape) in closed form: n! for shape 1/n, half-integers by Γ(1/2) = √π, and Γ(4/3) to sixteen digits.
    const known: readonly (readonly [number, number])[] = [
      [1, 1],
      [0.5, 2],
      [1 / 3, 6],
      [0.25, 24],
      [0.1, 3_628_800],
      [2, Math.sqrt(Math.PI) / 2],
      [2 / 3, (3 / 4) * Math.sqrt(Math.PI)],
      [0.4, (15 / 8) * Math.sqrt(Math.PI)],
      [3, 0.8929795115692493],
      [1e9, 1 - 0.5772156649015329e-9],
    ];
    for (const [shape, gamma] of known) {
      const mean = distributionOf({ dist: "weibull", scaleMs: 1e-3, shape }).meanMicros!;
      assert.ok(Math.abs(mean / gamma - 1) < 1e-11, `shape ${shape}: ${mean} is not ${gamma}`);
    }
    // 100! at the heaviest tail there is; it must not outgrow a double on the way.
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1).reduce((product, factor) => product * factor, 1);
    const mean = distributionOf({ dist: "weibull", scaleMs: 1e-3, shape: 0.01 }).meanMicros!;
    assert.ok(Math.abs(mean / hundred - 1) < 1e-9, `${mean}`);
  });

  it("turn a uniform number into the quantile there, before rounding", () => {
    const quantiles: readonly (readonly [DistributionSettings, (u: number) => number])[] = [
      [{ dist: "constant", valueMs: 0.0004 }, () => 0.4],
      [{ dist: "uniform", minMs: 2, maxMs: 5 }, (u) => 2000 + 3000 * u],
      [{ dist: "exponential", meanMs: 4, shiftMs: 1.5 }, (u) => 1500 - 4000 * Math.log1p(-u)],
      [{ dist: "pareto", minMs: 1.05, alpha: 1.51 }, (u) => 1050 * (1 - u) ** (-1 / 1.51)],
      [{ dist: "weibull", scaleMs: 3, shape: 0.7 }, (u) => 3000 * (-Math.log1p(-u)) ** (1 / 0.7)],
    ];
    for (const [settings, quantile] of quantiles) {
      const one = distributionOf(settings);
      for (const u of [0, 2 ** -20, 0.125, 0.5, 0.9, 0.999, 1 - 2 ** -40]) {
        const expected = quantile(u);
        const seen = one.fromUniform(u);
        assert.ok(Math.abs(seen - expected) <= 1e-9 * expected, `${one.describe()} at ${u}: ${seen}, not ${expected}`);
      }
    }
    for (const settings of [
      { dist: "normal", meanMs: 20, sdMs: 3 },
      { dist: "lognormal", medianMs: 20, p99Ms: 60 },
    ] as const) {
      assert.ok(Math.abs(distributionOf(settings).fromUniform(0.5) - 20_000) < 1e-6);
    }
    assert.ok(
      Math.abs(distributionOf({ dist: "lognormal", medianMs: 2, p99Ms: 10 }).fromUniform(0.99) - 10_000) < 1e-6,
    );
    // Of a normal distribution cut in its middle, the median is the 75th percentile of the whole.
    const half = distributionOf({ dist: "normal", meanMs: 0, sdMs: 1 }).fromUniform(0.5);
    assert.ok(Math.abs(half - 674.4897501960817) < 1e-6, `${half}`);
  });

  it("make one step of the random source a draw, so that a part does not reshuffle what follows", () => {
    const all: readonly DistributionSettings[] = [
      ...examples.map(({ settings }) => settings),
      { dist: "normal", meanMs: 0, sdMs: 1 },
      { dist: "mixture", parts: [{ weight: 1, of: { dist: "constant", valueMs: 3 } }] },
    ];
    for (const settings of all) {
      const one = distributionOf(settings);
      const random = Random.fromSeed(3);
      const beside = Random.fromSeed(3);
      for (let i = 0; i < 20; i++) {
        const drawn = one.sample(random);
        assert.equal(drawn, Math.round(one.fromUniform(beside.nextFloat())), one.describe());
      }
      assert.equal(random.nextUint32(), beside.nextUint32(), one.describe());
    }
  });

  it("read an empirical distribution off its points, jumps and ends included", () => {
    const one = distributionOf({
      dist: "empirical",
      points: [
        [0, 0.5],
        [0, 1],
        [0.25, 2],
        [0.25, 4],
        [0.5, 4],
        [1, 8],
        [1, 9],
      ],
    });
    const at = (u: number): number => one.fromUniform(u) / 1000;
    assert.deepEqual(
      [0, 0.125, 0.2499999999, 0.25, 0.4, 0.75, 1 - 2 ** -53].map(at).map((v) => Number(v.toFixed(6))),
      [1, 1.5, 2, 4, 4, 6, 8],
    );
    assert.equal(one.minimumMicros, 1000);
    assert.ok(Math.abs(one.meanMicros! - 1000 * (0.25 * 1.5 + 0.25 * 4 + 0.5 * 6)) < 1e-9);
  });

  it("find the stretch of an empirical distribution as a search from the front would", () => {
    const points = fc
      .array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true })), {
        minLength: 2,
        maxLength: 40,
      })
      .map((pairs) => {
        const at = pairs.map(([p]) => p).sort((a, b) => a - b);
        const length = pairs.map(([, v]) => v).sort((a, b) => a - b);
        at[0] = 0;
        at[at.length - 1] = 1;
        return at.map((p, i) => [p, length[i]] as const);
      });
    fc.assert(
      fc.property(points, fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }), (table, u) => {
        let i = 0;
        while (table[i + 1][0] <= u) i++;
        const [[p0, v0], [p1, v1]] = [table[i], table[i + 1]];
        const expected = 1000 * (v0 + ((v1 - v0) * (u - p0)) / (p1 - p0));
        const seen = distributionOf({ dist: "empirical", points: table }).fromUniform(u);
        assert.ok(Math.abs(seen - expected) <= 1e-6, `${seen} is not ${expected}`);
      }),
      { numRuns: 2000, seed: 5 },
    );
  });

  it("draw the parts of a mixture as often as they weigh, and never one of weight 0", () => {
    const constant = (valueMs: number): DistributionSettings => ({ dist: "constant", valueMs });
    const values = draws({
      dist: "mixture",
      parts: [
        { weight: 0, of: { dist: "pareto", minMs: 1000, alpha: 0.5 } },
        { weight: 1, of: constant(1) },
        {
          weight: 3,
          of: {
            dist: "mixture",
            parts: [
              { weight: 5, of: constant(2) },
              { weight: 15, of: constant(3) },
            ],
          },
        },
      ],
    });
    const share = (value: number): number => values.filter((one) => one === value).length / values.length;
    for (const [value, expected] of [
      [1000, 1 / 4],
      [2000, 3 / 16],
      [3000, 9 / 16],
    ] as const) {
      const doubt = 4 * Math.sqrt((expected * (1 - expected)) / DRAWS);
      assert.ok(Math.abs(share(value) - expected) < doubt, `${value}: ${share(value)}, not ${expected}`);
    }
    assert.equal(share(1000) + share(2000) + share(3000), 1);
  });

  it("give a mixture the mean of its parts, and none where a part has none", () => {
    const heavy: DistributionSettings = { dist: "pareto", minMs: 1, alpha: 1 };
    const light: DistributionSettings = { dist: "exponential", meanMs: 4, shiftMs: 1 };
    const mixed = (weight: number): DistributionSettings => ({
      dist: "mixture",
      parts: [
        { weight, of: { dist: "mixture", parts: [{ weight: 1, of: heavy }] } },
        { weight: 1, of: light },
      ],
    });
    assert.equal(distributionOf(mixed(0.001)).meanMicros, undefined);
    assert.equal(distributionOf(mixed(0)).meanMicros, 5000);
    assert.equal(distributionOf(mixed(0)).describe(), "mixture(100 % exponential(1 ms + mean 4 ms))");
    assert.equal(distributionOf(mixed(1)).minimumMicros, 1000);
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
      fc.record({
        dist: fc.constant("weibull" as const),
        scaleMs: length,
        shape: fc.double({ min: 0.01, max: 1000, noNaN: true }),
      }),
      fc.tuple(length, length, length).map((lengths) => ({
        dist: "empirical" as const,
        points: [...lengths].sort((a, b) => a - b).map((value, i) => [i / 2, value] as const),
      })),
    );
    const mixed: fc.Arbitrary<DistributionSettings> = fc
      .array(fc.record({ weight: positive, of: any }), { minLength: 1, maxLength: 5 })
      .map((parts) => ({ dist: "mixture", parts }));
    fc.assert(
      fc.property(fc.oneof(any, mixed), fc.nat(), (settings, seed) => {
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

  it("draw a normal length whose mean is eight deviations above 0", () => {
    const one = distributionOf({ dist: "normal", meanMs: 8.119447044780273, sdMs: 1 });
    for (const u of [0, Number.MIN_VALUE, 1e-16, 0.5]) assert.ok(one.fromUniform(u) >= 0, `${u}`);
    assert.ok(Math.abs(one.fromUniform(0.5) - 8119) < 1);
  });

  it("take mixtures four deep", () => {
    assert.equal(distributionOf(nested(4)).meanMicros, 1000);
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
      [{ dist: "weibull", scaleMs: -1, shape: 1 }, /scale is -1 ms/],
      [{ dist: "weibull", scaleMs: 1, shape: 0.001 }, /shape 0.001 must be at least 0.01/],
      [{ dist: "weibull", scaleMs: 1, shape: NaN }, /shape NaN/],
      [{ dist: "empirical", points: [[0, 1]] }, /needs two points/],
      [table([0, 1], [0.9, 2]), /from probability 0 to 1/],
      [table([0.1, 1], [1, 2]), /from probability 0 to 1/],
      [table([0, 1], [0.6, 2], [0.5, 3], [1, 4]), /must ascend/],
      [table([0, 1], [NaN, 2], [1, 3]), /must ascend/],
      [table([0, 2], [1, 1]), /must ascend/],
      [table([0, 1], [1, NaN]), /a point is NaN ms/],
      [
        { dist: "empirical", points: Array.from({ length: 10_001 }, (_, i) => [i / 10_000, i] as const) },
        /allowed: 10000/,
      ],
      [{ dist: "mixture", parts: [] }, /has no parts/],
      [blend(-1, 2), /weights must be at least 0/],
      [blend(NaN, 1), /weights must be at least 0/],
      [blend(0, 0), /one above 0/],
      [blend(Infinity, 1), /weights/],
      [{ dist: "mixture", parts: [{ weight: 1, of: { dist: "constant", valueMs: -3 } }] }, /value is -3 ms/],
      // A part that is never drawn is wrong all the same.
      [
        {
          dist: "mixture",
          parts: [
            { weight: 0, of: { dist: "constant", valueMs: -3 } },
            { weight: 1, of: { dist: "constant", valueMs: 3 } },
          ],
        },
        /value is -3 ms/,
      ],
      [nested(5), /nested more than 4 deep/],
      [
        {
          dist: "mixture",
          parts: Array.from({ length: 65 }, () => ({ weight: 1, of: { dist: "constant" as const, valueMs: 1 } })),
        },
        /has 65 parts; allowed: 64/,
      ],
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
