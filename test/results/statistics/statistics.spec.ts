import assert from "node:assert/strict";
import fc from "fast-check";
import { meanOfBlocks, studentQuantile } from "../../../results/statistics/blocks";
import { holm } from "../../../results/statistics/holm";
import { normalQuantile, normalUpperTail } from "../../../results/statistics/normal";
import { median, medianInterval, quantileRanks } from "../../../results/statistics/order-statistics";
import { rankSum, shift } from "../../../results/statistics/rank-sum";
import { hodgesLehmann, signedRank } from "../../../results/statistics/signed-rank";
import { designEffect, wilson, wilsonOfBlocks } from "../../../results/statistics/wilson";

function near(actual: number | null, expected: number, tolerance: number, message?: string): void {
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= tolerance,
    `${message ?? ""} ${actual} is not ${expected}`,
  );
}

describe("Wilson's interval", () => {
  it("gives the values of Newcombe 1998, table I, method 3", () => {
    for (const [hits, total, lo, hi] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ]) {
      near(wilson(hits, total).lo, lo, 5e-5);
      near(wilson(hits, total).hi, hi, 5e-5);
    }
  });
  it("knows nothing of nothing, and has an upper bound for no hits", () => {
    assert.deepEqual(wilson(0, 0), { lo: 0, hi: 1 });
    assert.ok(wilson(0, 1_000).hi > 0.003 && wilson(0, 1_000).hi < 0.004);
    assert.throws(() => wilson(3, 2), RangeError);
  });
  it("widens where hits come in bursts, and not where they are spread evenly", () => {
    const even = Array.from({ length: 20 }, () => ({ hits: 5, total: 100 }));
    const bursts = Array.from({ length: 20 }, (_, i) => ({ hits: i === 7 ? 100 : 0, total: 100 }));
    assert.equal(designEffect(even), 1);
    // All 100 hits of 2,000 in one block of 20: variance 20/19 * (95^2 + 19 * 5^2) / 2000^2 over .05 * .95 / 2000.
    near(designEffect(bursts), ((20 / 19) * (95 ** 2 + 19 * 25)) / 2_000 / 0.0475, 1e-9);
    const [narrow, wide] = [wilsonOfBlocks(even), wilsonOfBlocks(bursts)];
    assert.ok(wide.lo < narrow.lo && wide.hi > narrow.hi);
  });
});

describe("the normal distribution", () => {
  it("agrees with the tables, out to the tail", () => {
    near(normalUpperTail(1.959963984540054), 0.025, 1e-15);
    near(normalUpperTail(0), 0.5, 0);
    near(normalUpperTail(-1), 0.8413447460685429, 1e-14);
    near(normalUpperTail(6) / 9.865876450376946e-10, 1, 1e-12);
    near(normalQuantile(0.975), 1.959963984540054, 1e-12);
    near(normalQuantile(0.01), -2.3263478740408408, 1e-12);
    for (const [p, degrees, t] of [
      [0.975, 5, 2.5706],
      [0.975, 10, 2.2281],
      [0.975, 30, 2.0423],
    ])
      near(studentQuantile(p, degrees), t, 0.01);
  });
});

describe("the interval of a median", () => {
  it("takes the ranks of the published tables", () => {
    assert.deepEqual(quantileRanks(5, 0.5), { lo: null, hi: null });
    // Sign test, two-sided 5 %: 6 [1,6], 8 [1,8], 9 [2,8], 10 [2,9], 12 [3,10], 15 [4,12], 20 [6,15], 25 [8,18]
    for (const [n, lo, hi] of [
      [6, 1, 6],
      [8, 1, 8],
      [9, 2, 8],
      [10, 2, 9],
      [12, 3, 10],
      [15, 4, 12],
      [20, 6, 15],
      [25, 8, 18],
    ])
      assert.deepEqual(quantileRanks(n, 0.5), { lo, hi });
    assert.deepEqual(medianInterval([3, 1, 2, 6, 5, 4]), { lo: 1, hi: 6 });
    assert.deepEqual(medianInterval([3, 1, 2, 5, 4]), { lo: null, hi: null });
    assert.equal(median([4, 1, 3, 2]), 2.5);
  });
  it("covers with at least 95 % and no more than needed, against the binomial summed directly", () => {
    for (const n of [6, 17, 40, 200]) {
      for (const p of [0.1, 0.5, 0.9]) {
        const { lo, hi } = quantileRanks(n, p);
        const below = (k: number): number => binomialUpTo(n, p, k);
        if (lo !== null) {
          assert.ok(below(lo - 1) <= 0.025, `lower tail ${n} ${p}`);
          assert.ok(below(lo) > 0.025, `lower rank could be higher ${n} ${p}`);
        }
        if (hi !== null) {
          assert.ok(1 - below(hi - 1) <= 0.025 + 1e-12, `upper tail ${n} ${p}`);
          assert.ok(1 - below(hi - 2) > 0.025, `upper rank could be lower ${n} ${p}`);
        }
      }
    }
  });
  it("joins the approximation for large samples without a step", () => {
    const exact = quantileRanks(2_000, 0.5);
    const approximate = quantileRanks(2_001, 0.5);
    assert.ok(Math.abs(exact.lo! - approximate.lo!) <= 2 && Math.abs(exact.hi! - approximate.hi!) <= 2);
    assert.deepEqual(quantileRanks(100, 0.99).hi, null, "no rank lies surely beyond p99 of 100");
  });
});

describe("Wilcoxon's signed-rank test", () => {
  // Hollander and Wolfe, example 3.1: Hamilton depression scale before and after.
  const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
  const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  const differences = before.map((value, i) => value - after[i]);

  it("gives the published worked example", () => {
    const test = signedRank(differences);
    assert.equal(test.statistic, 40);
    near(test.p, 0.0390625, 1e-12);
    const { estimate, lo, hi } = hodgesLehmann(differences);
    near(estimate, 0.46, 1e-9);
    near(lo, 0.01, 1e-9);
    near(hi, 0.786, 1e-9);
  });
  it("has no smaller p than 2 in 2^n, and needs six differences for an interval", () => {
    assert.equal(signedRank([1, 2, 3, 4, 5, 6, 7, 8]).p, 2 / 2 ** 8);
    assert.deepEqual(hodgesLehmann([1, 2, 3, 4, 5]), { estimate: 3, lo: null, hi: null });
    assert.deepEqual(hodgesLehmann([1, 2, 3, 4, 5, 6]), { estimate: 3.5, lo: 1, hi: 6 });
  });
  it("leaves zeros out and is certain of nothing when all are zero", () => {
    assert.deepEqual(signedRank([0, 0, 0]), { statistic: 0, p: 1, n: 0 });
    assert.equal(signedRank([0, 1, 2, 0, 3]).n, 3);
    assert.deepEqual(hodgesLehmann([0, 0, 0, 0, 0, 0]), { estimate: 0, lo: 0, hi: 0 });
  });
  it("is exact: the same p as trying every sign, ties and all", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 9 }), (values) => {
        near(signedRank(values).p, signedRankByEnumeration(values), 1e-12);
      }),
      { numRuns: 200, seed: 5 },
    );
  });
  it("hands over to the normal approximation without a step, and errs on the safe side in the tail", () => {
    for (const share of [0.35, 0.25, 0.15, 0.05]) {
      const [exact, approximate] = [50, 51].map(
        (n) => signedRank(withRankSum(n, Math.floor((share * n * (n + 1)) / 2))).p,
      );
      assert.ok(approximate > 0.8 * exact, `${exact} ${approximate}`);
      if (share > 0.3) assert.ok(Math.abs(approximate - exact) < 0.1 * exact, `${exact} ${approximate}`);
    }
  });
});

describe("the Mann-Whitney test", () => {
  // Hollander and Wolfe, example 4.1: permeability of the human chorioamnion.
  const x = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
  const y = [1.15, 0.88, 0.9, 0.74, 1.21];

  it("gives the published worked example", () => {
    const test = rankSum(x, y);
    assert.equal(test.u, 35);
    near(test.p, 2 * 0.1272, 1e-4);
    const { estimate, lo, hi } = shift(x, y);
    near(estimate, 0.305, 1e-9);
    near(lo, -0.15, 1e-9);
    near(hi, 0.76, 1e-9);
  });
  it("is exact: the same p as dealing the values into every two groups, ties and all", () => {
    const small = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(small, small, (a, b) => near(rankSum(a, b).p, rankSumByEnumeration(a, b), 1e-12)),
      { numRuns: 200, seed: 6 },
    );
  });
  it("approximates larger samples with the tie correction, near the exact value", () => {
    const a = Array.from({ length: 21 }, (_, i) => Math.floor(i / 2));
    const b = Array.from({ length: 20 }, (_, i) => Math.floor(i / 2) + 3);
    const exact = rankSum(a.slice(1), b).p;
    const approximate = rankSum(a, b).p;
    assert.ok(Math.abs(exact - approximate) < 0.02, `${exact} ${approximate}`);
    assert.equal(rankSum(new Array<number>(30).fill(1), new Array<number>(30).fill(1)).p, 1);
  });
});

describe("Holm's correction", () => {
  it("gives the textbook example, in the order given", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    for (const [i, p] of [0.03, 0.06, 0.06, 0.02].entries()) near(adjusted[i], p, 1e-12);
  });
  it("skips what was not tested and never leaves [p, 1]", () => {
    assert.deepEqual(holm([null, 0.5, null]), [null, 0.5, null]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (ps) => {
        for (const [i, p] of holm(ps).entries()) assert.ok(p! >= ps[i] && p! <= 1);
      }),
      { seed: 3 },
    );
  });
});

describe("a mean over blocks", () => {
  it("is weighted, and has an interval from six blocks on", () => {
    assert.equal(
      meanOfBlocks([
        { sum: 10, weight: 1 },
        { sum: 10, weight: 4 },
      ]).mean,
      4,
    );
    assert.equal(meanOfBlocks([{ sum: 10, weight: 1 }]).lo, null);
    const { mean, lo, hi } = meanOfBlocks([1, 2, 3, 4, 5, 6].map((sum) => ({ sum, weight: 1 })));
    // Student: 3.5 ± 2.5706 * sqrt(3.5 / 6)
    assert.equal(mean, 3.5);
    near(hi, 3.5 + 2.5706 * Math.sqrt(3.5 / 6), 0.01);
    near(lo, 3.5 - 2.5706 * Math.sqrt(3.5 / 6), 0.01);
  });
});

function binomialUpTo(n: number, p: number, k: number): number {
  let sum = 0;
  let choose = 1;
  for (let i = 0; i <= k; i++) {
    sum += choose * p ** i * (1 - p) ** (n - i);
    choose *= (n - i) / (i + 1);
  }
  return sum;
}

/** n differences of sizes 1 to n of which the negative ones' sizes add up to `sum`. */
function withRankSum(n: number, sum: number): number[] {
  let left = sum;
  return Array.from({ length: n }, (_, i) => {
    const size = n - i;
    if (size > left) return size;
    left -= size;
    return -size;
  });
}

function rankOf(value: number, among: readonly number[]): number {
  const below = among.filter((one) => one < value).length;
  const equal = among.filter((one) => one === value).length;
  return below + (equal + 1) / 2;
}

function signedRankByEnumeration(values: readonly number[]): number {
  const sizes = values.filter((value) => value !== 0).map(Math.abs);
  const signs = values.filter((value) => value !== 0).map((value) => value > 0);
  const ranks = sizes.map((size) => rankOf(size, sizes));
  const sumOf = (positive: (i: number) => boolean): number =>
    ranks.reduce((sum, rank, i) => sum + (positive(i) ? rank : 0), 0);
  const seen = sumOf((i) => signs[i]);
  let low = 0;
  let high = 0;
  for (let mask = 0; mask < 2 ** sizes.length; mask++) {
    const sum = sumOf((i) => (mask & (1 << i)) !== 0);
    if (sum <= seen) low++;
    if (sum >= seen) high++;
  }
  return Math.min(1, (2 * Math.min(low, high)) / 2 ** sizes.length);
}

function rankSumByEnumeration(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b];
  const ranks = all.map((value) => rankOf(value, all));
  const seen = ranks.slice(0, a.length).reduce((sum, rank) => sum + rank, 0);
  let low = 0;
  let high = 0;
  let total = 0;
  for (let mask = 0; mask < 2 ** all.length; mask++) {
    const chosen = ranks.filter((_, i) => (mask & (1 << i)) !== 0);
    if (chosen.length !== a.length) continue;
    const sum = chosen.reduce((one, rank) => one + rank, 0);
    total++;
    if (sum <= seen) low++;
    if (sum >= seen) high++;
  }
  return Math.min(1, (2 * Math.min(low, high)) / total);
}
