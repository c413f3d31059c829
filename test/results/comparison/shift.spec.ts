/** The ratio of pooled latencies, against pools of the raw values. */
import assert from "node:assert/strict";
import { shiftCurve } from "../../../results/comparison/shift";
import { Random } from "../../../engine/vocabulary/random";
import type { LatencySpectrum } from "../../../results/record/figures";

const KEPT = [
  0, 1, 5, 10, 20.56718, 25, 36.90427, 49.88128, 50, 60.18928, 68.37722, 74.88114, 75, 80.04738, 84.15107, 87.41075, 90,
  92.05672, 93.69043, 94.98813, 95, 96.01893, 96.83772, 97.48811, 98.00474, 98.41511, 98.74107, 99, 99.20567, 99.36904,
  99.5,
];

function spectrumOf(values: readonly number[]): LatencySpectrum {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (p: number): number => sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
  return {
    kind: "read",
    basis: "response",
    percentiles: KEPT,
    ms: KEPT.map(at),
    count: values.length,
    maxMs: sorted.at(-1)!,
  };
}

function lognormal(random: Random, n: number, scale: number): number[] {
  const unit = (): number => (random.nextUint32() + 0.5) / 2 ** 32;
  return Array.from(
    { length: n },
    () => scale * Math.exp(0.8 * Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit())),
  );
}

describe("the shift of latency", () => {
  const random = Random.fromSeed("shift spec");
  // Repetitions of unequal speed and size: a mean of percentiles would be another number than the percentile of all.
  const a = [1, 1.6, 0.7, 2.2].map((scale, i) => lognormal(random, 3_000 + 500 * i, scale));
  const kept = (all: readonly (readonly number[])[]) =>
    all.map((values, i) => ({ repetition: i + 1, spectrum: spectrumOf(values) }));

  it("is a level line where every operation takes a fifth longer", () => {
    const curve = shiftCurve(kept(a.map((values) => values.map((v) => 1.2 * v))), kept(a), true, Random.fromSeed("x"))!;
    for (const [i, ratio] of curve.ratio.entries()) {
      assert.ok(Math.abs(ratio - 1.2) < 1e-9, `${curve.percentiles[i]} %: ${ratio}`);
      // Pairs move together: what every repetition has in common is not doubted.
      assert.ok(Math.abs(curve.lo[i] - 1.2) < 1e-9 && Math.abs(curve.hi[i] - 1.2) < 1e-9);
    }
    assert.equal(curve.repetitions, 4);
  });

  it("is within three per cent of the ratio of all raw values pooled, and far from that of mean percentiles", () => {
    const b = [2, 0.9, 1.1, 1].map((scale, i) => lognormal(random, 4_000 - 500 * i, scale));
    const curve = shiftCurve(kept(b), kept(a), true, Random.fromSeed("x"))!;
    const pooled = (all: readonly (readonly number[])[], p: number): number => {
      const sorted = all.flat().sort((x, y) => x - y);
      return sorted[Math.ceil((p / 100) * sorted.length) - 1];
    };
    const wrong: number[] = [];
    curve.percentiles.forEach((p, i) => {
      const raw = pooled(b, p) / pooled(a, p);
      assert.ok(Math.abs(curve.ratio[i] / raw - 1) < 0.03, `${p} %: ${curve.ratio[i]} against ${raw}`);
      const mean = (all: readonly (readonly number[])[]): number =>
        all.reduce((sum, values) => sum + pooled([values], p), 0) / all.length;
      wrong.push(Math.abs(mean(b) / mean(a) / raw - 1));
    });
    assert.ok(Math.max(...wrong) > 0.05, "the two differ here");
  });

  it("ends where a repetition keeps no more, is the same for the same seed, and has no band from one repetition", () => {
    const curve = (): unknown => shiftCurve(kept(a), kept([...a].reverse()), false, Random.fromSeed("same"));
    assert.deepEqual(curve(), curve());
    const one = shiftCurve(kept(a.slice(0, 1)), kept(a.slice(1, 2)), true, Random.fromSeed("x"))!;
    assert.deepEqual([one.lo, one.hi], [[], []]);
    assert.equal(one.percentiles.at(-1), 99.5);
    assert.equal(shiftCurve([], kept(a), true, Random.fromSeed("x")), undefined);
  });
});
