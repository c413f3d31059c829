import { strict as assert } from "node:assert";
import fc from "fast-check";
import { Arrivals } from "../../../engine/detectors/chen";
import { deviationsAt, phiOfNormal } from "../../../engine/detectors/phi-normal";
import { phiOfExponential } from "../../../engine/detectors/phi-exponential";
import { SlidingWindow } from "../../../engine/detectors/sliding-window";
import { retransmissions, shrunk, suspicionPeriods } from "../../../engine/detectors/suspicion";
import { normalProbability, normalTailLog10 } from "../../../engine/vocabulary/mathematics";

const close = (actual: number, expected: number, relative = 1e-6): void =>
  assert.ok(
    Math.abs(actual - expected) <= relative * Math.max(1, Math.abs(expected)),
    `${String(actual)} is not ${String(expected)}`,
  );

describe("the decimal logarithm of the normal tail", () => {
  it("is right from the middle to where the tail itself is no number any more", () => {
    // Of erfc, and from 50 on of its asymptotic series in forty decimals.
    for (const [x, expected] of [
      [-8, 0],
      [0, -0.30103],
      [1, -0.7995457],
      [2, -1.6430161],
      [3, -2.869699],
      [4, -4.4993349],
      [5, -6.5426457],
      [10, -23.1180534],
      [20, -88.5600953],
      [50, -544.966336],
      [100, -2173.871543],
      [500, -54289.9083],
    ] as const)
      close(normalTailLog10(x), expected);
    assert.equal(normalTailLog10(Infinity), -Infinity);
    assert.ok(Number.isFinite(normalTailLog10(1e6)));
  });

  it("has no step where one form gives way to the other", () => {
    close(normalTailLog10(5 - 1e-9), normalTailLog10(5), 1e-7);
  });

  it("falls, whatever the distance", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -6, max: 1_000, noNaN: true }),
        fc.double({ min: 1e-3, max: 10, noNaN: true }),
        (x, d) => {
          assert.ok(normalTailLog10(x + d) < normalTailLog10(x));
        },
      ),
    );
  });
});

describe("phi", () => {
  it("of a normal silence is what the threshold waits for", () => {
    for (const threshold of [0.5, 1, 2, 3, 4, 8, 16, 100]) {
      const [mean, deviation] = [104_000, 5_000];
      close(phiOfNormal(mean + deviationsAt(threshold) * deviation, mean, deviation), threshold);
    }
    assert.equal(phiOfNormal(9, 10, 0), 0);
    assert.equal(phiOfNormal(11, 10, 0), Infinity);
  });

  it("of 1 to 3 is a chance of a tenth, a hundredth, a thousandth", () => {
    for (const phi of [1, 2, 3]) close(1 - normalProbability(deviationsAt(phi)), 10 ** -phi);
  });

  it("of an exponential silence is 0.4343 a mean: 8 is 18.4 means", () => {
    close(phiOfExponential(1_000_000, 1_000_000), 0.4342945);
    close(phiOfExponential(18.420681 * 250_000, 250_000), 8);
  });
});

describe("a sliding window", () => {
  it("has the mean and variance of its last samples, however many there were before", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 4_000_000 }), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 0, max: 10 ** 14 }),
        (limit, values, offset) => {
          const window = new SlidingWindow(limit);
          values.forEach((value, i) => {
            window.add(offset + value);
            const last = values.slice(Math.max(0, i + 1 - limit), i + 1);
            const mean = last.reduce((sum, one) => sum + one, 0) / last.length;
            const squares = last.reduce((sum, one) => sum + (one - mean) ** 2, 0);
            assert.ok(Math.abs(window.mean - offset - mean) < 0.1);
            if (last.length > 1) close(window.variance, squares / (last.length - 1), 1e-5);
            assert.equal(window.count, last.length);
          });
          window.clear();
          assert.equal(window.count, 0);
          assert.ok(Number.isNaN(window.mean));
        },
      ),
    );
  });
});

describe("the expected arrival of NFD-E", () => {
  it("is the mean lag behind the grid, ahead by as many intervals", () => {
    const arrivals = new Arrivals(3, 1_000);
    for (const [sequence, at] of [
      [1, 1_900],
      [2, 2_100],
      [3, 3_200],
      [5, 5_300],
    ] as const)
      arrivals.add(sequence, at);
    // Lags of the last three: 100, 200, 300.
    close(arrivals.expected(6), 6_200);
    close(arrivals.expected(9), 9_200);
  });
});

describe("suspicion and retransmissions", () => {
  it("in the paper are 3⌈ln(N + 1)⌉: 9, 12 from N = 20, 15 from N = 54", () => {
    for (const [n, expected] of [
      [8, 9],
      [19, 9],
      [20, 12],
      [53, 12],
      [54, 15],
    ] as const) {
      assert.equal(suspicionPeriods(n, 3, "paper"), expected);
      assert.equal(retransmissions(n, 3, "paper"), expected);
    }
  });

  it("of memberlist go by the decimal logarithm, rounded for retransmissions and not for suspicion", () => {
    // Lifeguard's figures at n = 128: 4.2, 8.4 and 10.5 s for alpha 2, 4 and 5.
    for (const [alpha, expected] of [
      [2, 4.2144],
      [4, 8.4288],
      [5, 10.536],
    ] as const)
      close(suspicionPeriods(128, alpha, "memberlist"), expected, 1e-4);
    assert.equal(suspicionPeriods(3, 4, "memberlist"), 4);
    for (const [n, expected] of [
      [1, 4],
      [9, 4],
      [10, 8],
      [99, 8],
      [100, 12],
      [999, 12],
      [1_000, 16],
      [99_999, 20],
    ] as const)
      assert.equal(retransmissions(n, 4, "memberlist"), expected, String(n));
  });

  it("shrink from the longest to the least time with each further accuser, the first counting most", () => {
    assert.equal(shrunk(10, 60, 0, 3), 60);
    close(shrunk(10, 60, 1, 3), 35);
    close(shrunk(10, 60, 2, 3), 60 - (50 * Math.log(3)) / Math.log(4));
    close(shrunk(10, 60, 3, 3), 10);
    close(shrunk(10, 60, 9, 3), 10);
    assert.equal(shrunk(10, 60, 0, 0), 10);
  });
});
