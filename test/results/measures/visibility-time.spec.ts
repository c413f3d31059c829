/** The time from which on reads are consistent, against ages whose answer is known beforehand. */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { VisibilityTime } from "../../../results/measures/visibility-time";
import { risingShares } from "../../../results/statistics/isotonic";

describe("shares that rise", () => {
  it("pool a bin that falls with those before it until nothing falls, and keep every count", () => {
    const bins = [
      { hits: 1, total: 4 },
      { hits: 3, total: 4 },
      { hits: 1, total: 4 },
      { hits: 0, total: 0 },
      { hits: 4, total: 4 },
    ];
    assert.deepEqual(risingShares(bins), [
      { first: 0, last: 0, hits: 1, total: 4 },
      { first: 1, last: 3, hits: 4, total: 8 },
      { first: 4, last: 4, hits: 4, total: 4 },
    ]);
  });
  it("are the best rising fit: no other rising choice is closer (against all choices on a grid)", () => {
    const random = Random.fromSeed("isotonic");
    for (let round = 0; round < 50; round++) {
      const bins = Array.from({ length: 4 }, () => {
        const total = 1 + random.nextBelow(4);
        return { hits: random.nextBelow(total + 1), total };
      });
      const fitted = risingShares(bins).flatMap(({ first, last, hits, total }) =>
        Array.from({ length: last - first + 1 }, () => hits / total),
      );
      const error = (shares: readonly number[]): number =>
        bins.reduce((sum, { hits, total }, i) => sum + total * (hits / total - shares[i]) ** 2, 0);
      for (let i = 1; i < fitted.length; i++) assert.ok(fitted[i] >= fitted[i - 1]);
      const grid = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1];
      for (const a of grid)
        for (const b of grid.filter((x) => x >= a))
          for (const c of grid.filter((x) => x >= b))
            for (const d of grid.filter((x) => x >= c)) assert.ok(error(fitted) <= error([a, b, c, d]) + 1e-12);
    }
  });
});

describe("the time until 99.9 % of reads are consistent", () => {
  /** Reads at ages even in the logarithm from 0.1 ms to 1 s, consistent with probability `p` of the age. */
  const measured = (reads: number, p: (ms: number) => number, designEffect = 1) => {
    const random = Random.fromSeed("visibility");
    const time = new VisibilityTime();
    for (let i = 0; i < reads; i++) {
      const micros = Math.round(100 * 10 ** ((4 * i) / reads));
      time.add(micros, random.nextFloat() < p(micros / 1_000));
    }
    return time.metric(designEffect);
  };

  it("is where an exponential approach crosses it, inside its interval", () => {
    const mean = 5;
    const truth = mean * Math.log(1_000);
    const { value, lo, hi, n, unit } = measured(400_000, (ms) => 1 - Math.exp(-ms / mean));
    assert.ok(Math.abs(value! / truth - 1) < 0.1, `${value} for ${truth}`);
    assert.ok(lo! < truth && truth < hi! && lo! > truth / 2 && hi! < truth * 2, `[${lo}, ${hi}]`);
    assert.deepEqual([n, unit], [400_000, "ms"]);
  });
  it("has a wider interval where reads come in bursts", () => {
    const p = (ms: number): number => 1 - Math.exp(-ms / 5);
    const [narrow, wide] = [measured(200_000, p), measured(200_000, p, 8)];
    assert.equal(wide.value, narrow.value);
    assert.ok(wide.lo! <= narrow.lo! && (wide.hi ?? Infinity) >= narrow.hi!);
  });
  it("is the age of the youngest read where none is stale, and zero at the earliest", () => {
    assert.deepEqual(measured(20_000, () => 1).value, 0.1);
    assert.equal(measured(20_000, () => 1).lo, 0);
  });
  it("has no upper end where too few reads could show one", () => {
    assert.equal(measured(2_000, () => 1).hi, null);
  });
  it("is not measured where it never comes, nor with fewer than 1,000 reads beyond it, nor without reads", () => {
    assert.equal(measured(50_000, () => 0.99).value, null);
    assert.equal(measured(900, () => 1).value, null);
    assert.equal(measured(2_000, (ms) => (ms < 400 ? 0.9 : 1)).value, null);
    assert.equal(measured(0, () => 1).value, null);
    assert.equal(measured(0, () => 1).n, 0);
  });
});
