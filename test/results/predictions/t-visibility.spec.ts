/** The walk that stops early, against a walk that really draws fresh trials at every step. */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { SortedSample } from "../../../results/predictions/sorted-sample";
import { firstCrossing, gridFor, GRIDS, staleByStep, walk } from "../../../results/predictions/t-visibility";

/** Windows are exponential, so with a mean of 1 ms 99 % are consistent from ln 100 = 4.605 ms on. */
function exponentialWindows(size: number, meanMs = 1): SortedSample {
  const random = Random.fromSeed("windows");
  return new SortedSample(Float64Array.from({ length: size }, () => -meanMs * Math.log(1 - random.nextFloat())));
}

/** At every step as many windows as the authors draw trials; nothing is binomial here. */
function walkByHand(stepMs: number, target: number, trials: number, random: Random): number {
  for (let i = 0; ; i++) {
    let stale = 0;
    for (let trial = 0; trial < trials; trial++) if (-Math.log(1 - random.nextFloat()) > i * stepMs) stale++;
    if (1 - stale / trials >= target - 1e-12) return i * stepMs;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("t-visibility", () => {
  it("ends its walks where walks with fresh trials end, and both are early", () => {
    const windows = exponentialWindows(400_000);
    const steps = staleByStep(windows, { stepMs: 0.05, endMs: 20 });
    const ours = Array.from({ length: 400 }, (_, i) => walk(steps, 0.05, 0.99, 1000, Random.fromSeed(`ours ${i}`)));
    const theirs = Array.from({ length: 150 }, (_, i) => walkByHand(0.05, 0.99, 1000, Random.fromSeed(`theirs ${i}`)));
    const spread = Math.sqrt(mean(theirs.map((t) => (t - mean(theirs)) ** 2)));
    const doubt = 4 * spread * Math.sqrt(1 / 150 + 1 / 400);
    assert.ok(Math.abs(mean(ours) - mean(theirs)) < doubt, `${mean(ours)} and ${mean(theirs)} ± ${doubt}`);
    const exact = windows.quantile(0.99).value;
    assert.ok(Math.abs(exact - Math.log(100)) < 0.05, `${exact}`);
    assert.ok(mean(ours) < 0.97 * exact && mean(ours) > 0.8 * exact, `${mean(ours)} and ${exact}`);
  });

  it("walks to the step where nothing is stale, and off a grid where everything is", () => {
    const random = Random.fromSeed(1);
    assert.equal(walk([1, 1, 0, 0], 0.5, 0.999, 50_000, random), 1);
    assert.equal(walk([0], 0.5, 0.999, 50_000, random), 0);
    assert.equal(walk([1, 1], 0.5, 0.999, 50_000, random), Infinity);
    // Fifty of 50,000 are still 99.9 %.
    assert.equal(walk([1e-9], 1, 0.999, 50_000, random), 0);
  });

  it("says how much of a first crossing is luck, the same for a seed", () => {
    const windows = exponentialWindows(100_000, 10);
    const crossing = firstCrossing(windows, 0.999, "medium", 7);
    assert.deepEqual(firstCrossing(windows, 0.999, "medium", 7), crossing);
    assert.notDeepEqual(firstCrossing(windows, 0.999, "medium", 8), crossing);
    assert.ok(crossing.lo! < crossing.value! && crossing.value! < crossing.hi!);
    const { lo, value } = firstCrossing(new SortedSample(Float64Array.of(5000, 6000)), 0.999, "long", 7);
    assert.deepEqual([lo, value], [null, null]);
    assert.throws(() => firstCrossing(windows, 1, "long", 7), RangeError);
  });

  it("takes the finest grid that holds the quantile", () => {
    assert.deepEqual([0, 3.9, 4, 149, 150, 250, 9000].map(gridFor), [
      ...["fine", "fine", "medium", "medium", "default", "long", "long"],
    ]);
    for (const [name, grid] of Object.entries(GRIDS)) {
      const steps = staleByStep(new SortedSample(Float64Array.of(1e9)), grid);
      assert.equal(steps.length, Math.round(grid.endMs / grid.stepMs), name);
    }
  });
});
