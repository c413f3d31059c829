/** The closed forms against enumeration of all quorums, and against what the paper prints. */
import assert from "node:assert/strict";
import {
  leastLoad,
  missChance,
  monotonicReads,
  withinVersions,
  withinVersionsAt,
} from "../../../results/predictions/closed-forms";

function subsets(n: number, size: number): number[] {
  return Array.from({ length: 2 ** n }, (_, bits) => bits).filter(
    (bits) => Array.from({ length: n }, (_, i) => (bits >> i) & 1).reduce((sum, bit) => sum + bit, 0) === size,
  );
}

describe("closed forms of partial quorums", () => {
  it("miss as often as one counts over all pairs of quorums", () => {
    for (let n = 1; n <= 6; n++) {
      for (let r = 1; r <= n; r++) {
        for (let w = 1; w <= n; w++) {
          const pairs = subsets(n, r).flatMap((read) => subsets(n, w).map((write) => read & write));
          const expected = pairs.filter((both) => both === 0).length / pairs.length;
          assert.ok(Math.abs(missChance({ n, r, w }) - expected) < 1e-12, `${n} ${r} ${w}`);
        }
      }
    }
  });

  it("have the paper's values, and survive a hundred replicas and ten thousand", () => {
    const near = (value: number, expected: number, off: number): void =>
      assert.ok(Math.abs(value - expected) <= off, `${value} is not ${expected}`);
    near(missChance({ n: 100, r: 30, w: 30 }), 1.88e-6, 0.005e-6);
    near(withinVersions({ n: 3, r: 1, w: 1 }, 2), 5 / 9, 1e-12);
    near(withinVersions({ n: 3, r: 1, w: 1 }, 3), 19 / 27, 1e-12);
    assert.ok(withinVersions({ n: 3, r: 1, w: 1 }, 5) > 0.868);
    assert.ok(withinVersions({ n: 3, r: 1, w: 1 }, 10) > 0.98);
    near(withinVersions({ n: 3, r: 2, w: 1 }, 2), 8 / 9, 1e-12);
    assert.ok(withinVersions({ n: 3, r: 1, w: 2 }, 5) > 0.995);
    assert.equal(missChance({ n: 3, r: 2, w: 2 }), 0);
    const many = missChance({ n: 10_000, r: 100, w: 100 });
    near(many, Math.exp(-1), 0.01);
  });

  it("read monotonically the surer the more writes lie between two reads", () => {
    const quorums = { n: 3, r: 1, w: 1 };
    const reads = (writesPerSecond: number, strict = false): number =>
      monotonicReads(quorums, { writesPerSecond, readsPerSecond: 10 }, strict);
    assert.ok(Math.abs(reads(0) - 1 / 3) < 1e-12);
    assert.ok(Math.abs(reads(10) - 5 / 9) < 1e-12);
    assert.ok(Math.abs(reads(10, true) - 1 / 3) < 1e-12);
    assert.ok(reads(100) > reads(10));
    assert.throws(() => monotonicReads(quorums, { writesPerSecond: 1, readsPerSecond: NaN }), RangeError);
  });

  it("bound the load from below, by less the more versions may be missed", () => {
    // Strict quorums: Naor and Wool's 1/√N.
    assert.equal(leastLoad(9, 0, 1), 1 / 3);
    assert.ok(Math.abs(leastLoad(9, 0.25, 1) - 0.5 / 3) < 1e-12);
    const byK = [1, 2, 4, 8].map((k) => leastLoad(9, 0.1, k));
    assert.ok(
      byK.every((load, i) => i === 0 || load < byK[i - 1]),
      byK.join(" "),
    );
    assert.equal(leastLoad(9, 1, 3), 0);
  });

  it("raise the chance to miss at t to the power of k", () => {
    assert.ok(Math.abs(withinVersionsAt(0.9, 2) - 0.99) < 1e-12);
    assert.equal(withinVersionsAt(1, 3), 1);
  });

  it("refuse what cannot be", () => {
    assert.throws(() => missChance({ n: 3, r: 4, w: 1 }), /R is 4/);
    assert.throws(() => missChance({ n: 3, r: 1, w: 0 }), /W is 0/);
    assert.throws(() => missChance({ n: 0, r: 1, w: 1 }), /N is 0/);
    assert.throws(() => withinVersions({ n: 3, r: 1, w: 1 }, 0), /k is 0/);
    assert.throws(() => leastLoad(3, 1.1, 1), RangeError);
  });
});
