/**
 * Each estimate, interval and p against numbers that somebody else published or another program computed, with the source beside it:
 * textbooks' data sets, printed tables of critical values, and SciPy 1.17.1 (exact by going over all permutations where there are ties, which
 * R refuses). What is exact here must agree to the last printed digit; two procedures that are both reasonable must not be taken for each
 * other.
 */
import assert from "node:assert/strict";
import { holm } from "../../../results/statistics/holm";
import { quantileRanks } from "../../../results/statistics/order-statistics";
import { rankSum } from "../../../results/statistics/rank-sum";
import { hodgesLehmann, signedRank } from "../../../results/statistics/signed-rank";
import { wilson } from "../../../results/statistics/wilson";

function near(actual: number | null, expected: number, tolerance: number, what: string): void {
  assert.ok(actual !== null && Math.abs(actual - expected) <= tolerance, `${what}: ${actual} is not ${expected}`);
}

// Student, "The probable error of a mean", Biometrika 1908: hours of sleep gained by ten patients under two drugs (R: datasets::sleep).
const FIRST_DRUG = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
const SECOND_DRUG = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

describe("signed ranks, published", () => {
  it("of Darwin's maize: fifteen pairs, crossed less self-fertilised, in eighths of an inch (Fisher, The Design of Experiments, 1935)", () => {
    const differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    const { statistic, p, n } = signedRank(differences);
    assert.deepEqual([statistic, n], [96, 15]);
    // scipy.stats.wilcoxon(differences, method="exact")
    near(p, 0.041259765625, 1e-15, "p");
  });
  it("of Student's sleep data, with ties and a pair that does not differ", () => {
    // As printed, in tenths: 1.2 hours less 0.1 is no tie of 1.1 in binary.
    const differences = SECOND_DRUG.map((hours, i) => Math.round(10 * (hours - FIRST_DRUG[i])));
    const { statistic, p, n } = signedRank(differences);
    // scipy.stats.wilcoxon(differences[differences != 0], method=PermutationMethod(n_resamples=inf)): all 512 signs.
    assert.deepEqual([statistic, n, p], [45, 9, 0.00390625]);
  });
  it("of seven pairs, with the interval that R's wilcox.test(conf.int = TRUE) gives (example of the R package statease)", () => {
    const x = [23, 45, 12, 67, 34, 89, 56];
    const y = [19, 38, 22, 51, 29, 74, 44];
    const differences = x.map((one, i) => one - y[i]);
    assert.equal(signedRank(differences).statistic, 24);
    near(signedRank(differences).p, 0.1094, 5e-5, "p");
    const { lo, hi } = hodgesLehmann(differences);
    assert.deepEqual([lo, hi], [-2.5, 15]);
  });
  it("have the printed critical values: the largest sum with a two-sided p of at most 5 % (Wilcoxon and Wilcox 1964)", () => {
    const table = [0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52, 58, 65, 73, 81, 89];
    for (const [i, critical] of table.entries()) {
      const n = i + 6;
      assert.ok(signedRank(withSum(n, critical)).p <= 0.05, `${critical} of ${n}`);
      assert.ok(signedRank(withSum(n, critical + 1)).p > 0.05, `${critical + 1} of ${n}`);
      // The interval leaves out as many of the Walsh means on either side.
      const values = Array.from({ length: n }, (_, k) => 2 ** k);
      const walsh = values.flatMap((a, k) => values.slice(k).map((b) => (a + b) / 2)).sort((a, b) => a - b);
      const { lo, hi } = hodgesLehmann(values);
      assert.deepEqual([lo, hi], [walsh[critical], walsh[walsh.length - 1 - critical]], `interval of ${n}`);
    }
  });
});

describe("rank sums, published", () => {
  it("of SciPy's example (ages at diagnosis of men and women)", () => {
    const { u, p } = rankSum([19, 22, 16, 29, 24], [20, 11, 17, 12]);
    assert.equal(u, 17);
    near(p, 0.1111111111111111, 1e-15, "p");
  });
  it("of Student's sleep data taken as two samples, with ties", () => {
    const { u, p } = rankSum(FIRST_DRUG, SECOND_DRUG);
    assert.equal(u, 25.5);
    // scipy.stats.mannwhitneyu(first, second, method=PermutationMethod(n_resamples=inf)): all 184,756 ways to deal them.
    near(p, 0.0658165364047717, 1e-14, "p");
  });
  it("have the printed critical values of U: the largest with a two-sided p of at most 5 % (Mann and Whitney 1947, Auble 1953)", () => {
    for (const [m, n, critical] of [
      [5, 5, 2],
      [6, 6, 5],
      [7, 7, 8],
      [8, 8, 13],
      [9, 9, 17],
      [10, 10, 23],
      [12, 12, 37],
      [15, 15, 64],
      [20, 20, 127],
      [5, 10, 8],
      [8, 12, 22],
      [3, 20, 8],
    ]) {
      // prettier-ignore
      assert.ok(rankSum(...samplesWithU(m, n, critical)).p <= 0.05, `U ${critical} of ${m} and ${n}`);
      assert.ok(rankSum(...samplesWithU(m, n, critical + 1)).p > 0.05, `U ${critical + 1} of ${m} and ${n}`);
    }
  });
});

describe("the interval of a median, published", () => {
  it("takes the k-th value from either end (Nair 1940, in Dixon and Massey 1969, for 6 to 65 values)", () => {
    const table = [
      ...[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 8],
      ...[8, 8, 9, 9, 10, 10, 10, 11, 11, 12, 12, 13, 13, 13, 14, 14, 15, 15, 16, 16],
      ...[16, 17, 17, 18, 18, 19, 19, 19, 20, 20, 21, 21, 22, 22, 22, 23, 23, 24, 24, 25],
    ];
    for (const [i, k] of table.entries())
      assert.deepEqual(quantileRanks(i + 6, 0.5), { lo: k, hi: i + 6 + 1 - k }, `${i + 6} values`);
  });
});

describe("Wilson's interval, published", () => {
  it("is what scipy.stats.binomtest(k, n).proportion_ci(method='wilson') gives, out to rare events", () => {
    for (const [k, n, lo, hi] of [
      [1, 10, 0.017876213095072896, 0.4041500267952385],
      [7, 10, 0.39677814746114526, 0.892208732593699],
      [0, 12, 0, 0.24249400665524085],
      [499, 1_000, 0.468073488750724, 0.529934164766247],
      [3, 100_000, 1.0202758544517341e-5, 8.82080492517673e-5],
    ]) {
      near(wilson(k, n).lo, lo, 1e-12, `${k} of ${n}, lo`);
      near(wilson(k, n).hi, hi, 1e-12, `${k} of ${n}, hi`);
    }
  });
});

describe("Holm's correction, published", () => {
  it("gives the example of pingouin's multicomp(method='holm')", () => {
    for (const [i, p] of [0.64, 0.012, 0.64, 0.162, 0.0015].entries())
      near(holm([0.5, 0.003, 0.32, 0.054, 0.0003])[i], p, 1e-12, `p ${i}`);
  });
  it("gives the example of stdlib's padjust(p, 'holm')", () => {
    for (const [i, p] of [0.957, 0.804, 0.957, 0.957, 0.565].entries())
      near(holm([0.319, 0.201, 0.4, 0.374, 0.113])[i], p, 1e-12, `p ${i}`);
  });
});

/** n differences of sizes 1 to n of which the negative ones' sizes add up to `sum`. */
function withSum(n: number, sum: number): number[] {
  let left = sum;
  return Array.from({ length: n }, (_, i) => {
    const size = n - i;
    if (size > left) return size;
    left -= size;
    return -size;
  });
}

/** Samples of m and n different values, of which the first has `u` pairs in which it is the larger. */
function samplesWithU(m: number, n: number, u: number): [number[], number[]] {
  const passed = Array.from({ length: m }, (_, i) => Math.max(0, Math.min(n, u - (m - 1 - i) * n)));
  const second = Array.from({ length: n }, (_, i) => i + 1);
  return [passed.map((count, i) => count + 0.5 + i / 1_000), second];
}
