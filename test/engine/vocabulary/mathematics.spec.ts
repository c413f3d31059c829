/** Our own functions against the engine's, and pinned to the bit. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  cosineOfTurns,
  exp,
  ln,
  normalDensity,
  normalProbability,
  normalQuantile,
  pow,
} from "../../../engine/vocabulary/mathematics";

function near(actual: number, expected: number, tolerance: number, what: string): void {
  const scale = Math.max(Math.abs(expected), Number.MIN_VALUE);
  assert.ok(Math.abs(actual - expected) <= tolerance * scale, `${what}: ${actual} is not ${expected}`);
}

const finite = { noNaN: true, noDefaultInfinity: true };

describe("own mathematics", () => {
  it("has the cosine of any angle in turns, exact at the quarters", () => {
    for (let k = -2_000; k <= 2_000; k++) {
      const turns = k / 731;
      assert.ok(Math.abs(cosineOfTurns(turns) - Math.cos(2 * Math.PI * turns)) < 2e-14, String(turns));
    }
    assert.deepEqual([0, 0.5, 1, -3.5, 7].map(cosineOfTurns), [1, -1, 1, -1, 1]);
    for (const quarter of [0.25, 0.75, -0.25]) assert.ok(cosineOfTurns(quarter) === 0, "not 6e-17");
    for (const x of [NaN, Infinity, -Infinity]) assert.ok(Number.isNaN(cosineOfTurns(x)));
  });

  it("has the natural logarithm of every positive number", () => {
    fc.assert(
      fc.property(fc.double({ ...finite, min: Number.MIN_VALUE }), (x) => near(ln(x), Math.log(x), 1e-13, `ln ${x}`)),
      { numRuns: 3000 },
    );
    for (let k = -1074; k < 1024; k++) near(ln(2 ** k), Math.log(2 ** k), 1e-15, `ln 2^${k}`);
    fc.assert(
      fc.property(fc.double({ ...finite, min: 0.5, max: 2 }), (x) => near(ln(x), Math.log(x), 1e-13, `ln ${x}`)),
      { numRuns: 3000 },
    );
  });

  it("has the exponential wherever it is a normal number", () => {
    fc.assert(
      fc.property(fc.double({ ...finite, min: -708, max: 709.78 }), (x) => near(exp(x), Math.exp(x), 1e-13, `e^${x}`)),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.double({ ...finite, min: -2, max: 2 }), (x) => near(exp(x), Math.exp(x), 1e-14, `e^${x}`)),
      { numRuns: 3000 },
    );
  });

  it("has powers", () => {
    fc.assert(
      fc.property(fc.double({ ...finite, min: 1e-6, max: 1e6 }), fc.double({ ...finite, min: -7, max: 7 }), (x, y) =>
        near(pow(x, y), Math.pow(x, y), 1e-13, `${x}^${y}`),
      ),
      { numRuns: 3000 },
    );
    assert.equal(pow(10, 3), 1000);
    assert.equal(pow(2, 32), 4294967296);
  });

  it("knows the edges", () => {
    assert.equal(ln(1), 0);
    assert.equal(ln(0), -Infinity);
    assert.equal(ln(Infinity), Infinity);
    for (const x of [ln(-1), ln(NaN), exp(NaN), pow(-1, 0.5), normalQuantile(-0.1), normalQuantile(1.1)]) {
      assert.ok(Number.isNaN(x));
    }
    assert.equal(exp(0), 1);
    assert.equal(exp(710), Infinity);
    assert.equal(exp(Infinity), Infinity);
    assert.equal(exp(-746), 0);
    assert.equal(exp(-Infinity), 0);
    assert.ok(exp(-740) > 0);
    assert.equal(pow(0, 2), 0);
    assert.equal(pow(0, -1), Infinity);
    assert.equal(pow(5, 0), 1);
    assert.equal(normalQuantile(0), -Infinity);
    assert.equal(normalQuantile(1), Infinity);
  });

  it("has the quantiles of the normal distribution", () => {
    // The values its author gives for checking.
    near(normalQuantile(0.25), -0.6744897501960817, 1e-15, "25 %");
    near(normalQuantile(0.001), -3.090232306167814, 1e-15, "0.1 %");
    near(normalQuantile(1e-20), -9.262340089798408, 1e-15, "1e-20");
    near(normalQuantile(0.99), 2.3263478740408408, 1e-15, "99 %");
    assert.equal(normalQuantile(0.5), 0);
    fc.assert(
      fc.property(fc.double({ ...finite, min: 1e-9, max: 0.5 }), (p) => {
        const upper = 1 - p;
        near(normalQuantile(upper), -normalQuantile(1 - upper), 1e-12, `${p}`);
      }),
    );
  });

  it("has the normal distribution itself, which undoes its quantiles", () => {
    near(normalProbability(1.96), 0.9750021048517795, 1e-14, "1.96");
    near(normalProbability(-1), 0.15865525393145705, 1e-14, "-1");
    near(normalDensity(1), 0.24197072451914337, 1e-14, "density at 1");
    assert.equal(normalProbability(0), 0.5);
    assert.equal(normalProbability(9), 1);
    assert.equal(normalProbability(-9), 0);
    for (let x = -9; x <= 9; x += 0.0007) {
      const p = normalProbability(x);
      assert.ok(p >= 0 && p <= 1, `${p} at ${x}`);
    }
    fc.assert(
      fc.property(fc.double({ ...finite, min: 1e-6, max: 1 - 1e-6 }), (p) => {
        assert.ok(Math.abs(normalProbability(normalQuantile(p)) - p) < 1e-14);
      }),
    );
  });

  it("gives these very bits on every engine", () => {
    let digest = 0;
    const view = new DataView(new ArrayBuffer(8));
    const mix = (x: number): void => {
      view.setFloat64(0, x);
      digest = Math.imul(digest ^ view.getUint32(0), 0x01000193);
      digest = Math.imul(digest ^ view.getUint32(4), 0x01000193);
    };
    for (let k = 1; k < 2000; k++) {
      mix(ln(k / 7));
      mix(exp(k / 31 - 30));
      mix(pow(k / 13, 1.7));
      mix(normalQuantile(k / 2000));
    }
    assert.equal(digest >>> 0, 958578698);
  });
});
