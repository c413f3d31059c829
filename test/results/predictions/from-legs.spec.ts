/** Predictions from recorded delays: the model that made the delays comes out again, and the distance is one's own sum. */
import assert from "node:assert/strict";
import { distributionOf } from "../../../engine/vocabulary/distributions";
import { MODELS } from "../../../results/predictions/models";
import { areComplete, distanceFromBins, predictedInBin, predictFromLegs } from "../../../results/predictions/from-legs";
import type { DelayQuantiles, LegDelays } from "../../../results/record/figures";
import type { DistributionSettings } from "../../../engine/vocabulary/settings";

/** The quantiles a perfect recorder would keep, in a thousand steps and finer ones at the end. */
function recorded(settings: DistributionSettings): DelayQuantiles {
  const of = distributionOf(settings);
  const draws = Float64Array.from({ length: 200_000 }, (_, i) => of.fromUniform((i + 0.5) / 200_000) / 1000).sort();
  const at = [
    ...Array.from({ length: 1000 }, (_, i) => i / 1000),
    ...Array.from({ length: 100 }, (_, i) => 0.999 + i * 1e-5),
    1,
  ];
  return {
    count: draws.length,
    at,
    ms: at.map((p) => draws[Math.min(draws.length - 1, Math.floor(p * draws.length))]),
  };
}

function legsOf(name: string): LegDelays {
  const { w, a } = MODELS.get(name)!.legs;
  const rest = recorded(a);
  return { w: recorded(w), a: rest, r: rest, s: rest, how: "made for a test" };
}

const NOTHING: DelayQuantiles = { count: 0, at: [], ms: [] };

describe("a prediction from a run's delays", () => {
  const disk = legsOf("lnkd-disk");
  const question = { n: 3, r: 1, w: 1, trials: 50_000, seed: "test" };

  it("comes back to the published chance where the delays are the published ones", () => {
    const curve = predictFromLegs([disk], question, [0, 10]);
    assert.deepEqual(curve.tMs, [0, 10]);
    assert.equal(curve.trials, 50_000);
    for (const [i, published] of [0.439, 0.925].entries()) {
      assert.ok(Math.abs(curve.p[i] - published) < 0.01, `${curve.p[i]} is not ${published}`);
      assert.ok(curve.lo[i] < curve.p[i] && curve.p[i] < curve.hi[i] && curve.hi[i] - curve.lo[i] < 0.01);
    }
    assert.deepEqual(predictFromLegs([disk], question, [0, 10]).p, curve.p);
  });

  it("gives the whole curve, ascending, where no times are asked for", () => {
    const { tMs, p } = predictFromLegs([disk], question);
    assert.equal(tMs[0], 0);
    assert.ok(tMs.length > 20 && tMs.every((t, i) => i === 0 || t > tMs[i - 1]));
    assert.ok(p.every((chance, i) => i === 0 || chance >= p[i - 1]) && p.at(-1)! > 0.99);
  });

  it("pools repetitions in equal parts", () => {
    const ssd = legsOf("lnkd-ssd");
    const alone = [disk, ssd].map((legs) => predictFromLegs([legs], question, [0]).p[0]);
    const together = predictFromLegs([disk, ssd], question, [0]);
    assert.ok(Math.abs(together.p[0] - (alone[0] + alone[1]) / 2) < 0.01);
    assert.equal(together.trials, 50_000);
  });

  it("is 1 where quorums overlap, without a draw", () => {
    const curve = predictFromLegs([disk], { ...question, r: 2, w: 2 }, [0, 1]);
    assert.deepEqual(curve.p, [1, 1]);
    assert.equal(curve.trials, 0);
    assert.equal(curve.meanOver(0, 5), 1);
  });

  it("takes a single delay for a constant one, and knows when a kind of message was never seen", () => {
    const still: DelayQuantiles = { count: 3, at: [0], ms: [2] };
    const curve = predictFromLegs([{ w: still, a: still, r: still, s: still, how: "" }], question, [0]);
    assert.equal(curve.p[0], 1);
    assert.equal(areComplete(disk), true);
    assert.equal(areComplete({ ...disk, s: NOTHING }), false);
    assert.throws(() => predictFromLegs([], question), RangeError);
  });

  it("knows of a bin whether its reads stand at an edge or anywhere in it", () => {
    // Consistent in step with the square of t up to 10 ms.
    const p = (t: number): number => Math.min(1, (t / 10) ** 2);
    const steps = 1000;
    const mean = (from: number, to: number): number =>
      Array.from({ length: steps }, (_, i) => p(from + ((i + 0.5) * (to - from)) / steps)).reduce((a, b) => a + b, 0) /
      steps;
    const curve = {
      ...predictFromLegs([disk], question, [0]),
      meanOver: (from: number, to: number) => (from === to ? p(from) : mean(from, to)),
    };
    const inBin = (meanMs?: number, toMs = 6): number => predictedInBin(curve, { fromMs: 2, toMs, meanMs });
    const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);
    near(inBin(), mean(2, 6));
    near(inBin(4), mean(2, 6));
    near(inBin(2), p(2));
    near(inBin(6), p(6));
    // Three quarters at its beginning, the rest anywhere: of mean 2.5.
    near(inBin(2.5), 0.75 * p(2) + 0.25 * mean(2, 6));
    near(inBin(7.5, Infinity), p(7.5));
    near(inBin(undefined, Infinity), p(3));
  });

  it("is as far from the bins as one reckons by hand, and says what chance would be", () => {
    const curve = { ...predictFromLegs([disk], question, [0]), meanOver: () => 0.5 };
    const bins = { fromMs: [0, 1, 2], toMs: [1, 2, Infinity], reads: [10, 0, 30], consistent: [5, 0, 30] };
    const { rms, byChance, reads } = distanceFromBins(curve, bins)!;
    assert.equal(reads, 40);
    // Ten reads at 0, thirty at one half; each of the two bins has a variance of a quarter to share out.
    assert.ok(Math.abs(rms - Math.sqrt((30 * 0.25) / 40)) < 1e-12);
    assert.ok(Math.abs(byChance - Math.sqrt(0.5 / 40)) < 1e-12);
    assert.equal(distanceFromBins(curve, { fromMs: [0], toMs: [1], reads: [0], consistent: [0] }), undefined);
  });
});
