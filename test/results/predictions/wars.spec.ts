/** The model against cases that can be worked out, and against the authors' own way of asking trial by trial. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { distributionOf } from "../../../engine/vocabulary/distributions";
import { Random } from "../../../engine/vocabulary/random";
import type { DistributionSettings } from "../../../engine/vocabulary/settings";
import { MODELS } from "../../../results/predictions/models";
import { publishedCell, PUBLISHED_PAIRS } from "../../../results/predictions/published";
import { SortedSample } from "../../../results/predictions/sorted-sample";
import { simulateWars, type QuorumPair, type WarsModel } from "../../../results/predictions/wars";

const constant = (valueMs: number): DistributionSettings => ({ dist: "constant", valueMs });
const exponential = (meanMs: number): DistributionSettings => ({ dist: "exponential", meanMs, shiftMs: 0 });

/** As in the authors' program: is the read that begins t after the acknowledgement stale? Same draws, nothing else shared. */
function staleByHand(
  model: WarsModel,
  n: number,
  { r, w }: QuorumPair,
  trials: number,
  seed: number,
  t: number,
): number {
  const root = Random.fromSeed(seed).fork("wars");
  const draw = (["w", "a", "r", "s"] as const).map((leg) => {
    const of = distributionOf(model.legs[leg]);
    const random = root.fork(leg);
    return () => of.fromUniform(random.nextFloat()) / 1000;
  });
  const [nearWrite, nearRead] = [root.fork("near the writer"), root.fork("near the reader")];
  const far = model.distanceMs ?? 0;
  let stale = 0;
  for (let trial = 0; trial < trials; trial++) {
    const localWrite = far > 0 ? nearWrite.nextBelow(n) : -1;
    const localRead = far > 0 ? nearRead.nextBelow(n) : -1;
    const replicas = Array.from({ length: n }, (_, i) => {
      const [out, back, ask, answer] = draw.map((one) => one());
      const writeFar = i === localWrite ? 0 : far;
      const readFar = i === localRead ? 0 : far;
      const sent = out + writeFar;
      const asked = ask + readFar;
      return { sent, acknowledged: sent + back + writeFar, asked, answered: asked + answer + readFar };
    });
    const committed = replicas.map(({ acknowledged }) => acknowledged).sort((a, b) => a - b)[w - 1];
    const first = [...replicas].sort((a, b) => a.answered - b.answered).slice(0, r);
    if (!first.some(({ asked, sent }) => committed + t + asked >= sent)) stale++;
  }
  return stale;
}

describe("the WARS model", () => {
  it("finds as many reads stale as asking trial by trial does, at every t", () => {
    const legs = fc.constantFrom<DistributionSettings>(
      exponential(2),
      constant(1),
      { dist: "pareto", minMs: 0.5, alpha: 1.2 },
      { dist: "uniform", minMs: 0, maxMs: 3 },
    );
    const models = fc.record({
      legs: fc.record({ w: legs, a: legs, r: legs, s: legs }),
      distanceMs: fc.constantFrom(0, 5),
    });
    fc.assert(
      fc.property(models, fc.integer({ min: 1, max: 6 }), fc.nat(), fc.nat(), fc.nat(1000), (model, n, r, w, seed) => {
        const pair = { r: 1 + (r % n), w: 1 + (w % n) };
        const windowMs = simulateWars({ model, n, pairs: [pair], trials: 200, seed }).windowMs(pair);
        for (const t of [0.0001, 0.3, 1.1, 7.3]) {
          assert.equal(200 - windowMs.countAtOrBelow(t), staleByHand(model, n, pair, 200, seed, t));
        }
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it("has the chance that analysis gives where only the way of the write takes time", () => {
    // Of two replicas the first to acknowledge commits; the other has the write an exponential time later.
    const model = { legs: { w: exponential(10), a: constant(0), r: constant(0), s: exponential(1) } };
    const pair = { r: 1, w: 1 };
    const trials = 200_000;
    const windowMs = simulateWars({ model, n: 2, pairs: [pair], trials, seed: 3 }).windowMs(pair);
    for (const t of [0, 5, 20]) {
      const expected = 1 - 0.5 * Math.exp(-t / 10);
      const { value } = windowMs.shareAtOrBelow(t);
      assert.ok(Math.abs(value - expected) < 4 * Math.sqrt((expected * (1 - expected)) / trials), `${t}: ${value}`);
    }
  });

  it("has the latencies of order statistics", () => {
    const model = { legs: { w: exponential(6), a: constant(1), r: constant(2), s: exponential(3) } };
    const trials = 200_000;
    const outcome = simulateWars({ model, n: 3, pairs: [{ r: 1, w: 3 }], trials, seed: 5 });
    // The least of three exponentials is one of a third of the mean; the greatest is below x with the cube of the chance.
    const read = outcome.readMs(1).quantile(0.5).value;
    assert.ok(Math.abs(read - (2 + Math.LN2)) < 0.01, `${read}`);
    const write = outcome.writeMs(3).quantile(0.9).value;
    assert.ok(Math.abs(write - (1 - 6 * Math.log(1 - Math.cbrt(0.9)))) < 0.15, `${write}`);
  });

  it("finds no read stale where quorums overlap, whatever the delays", () => {
    const model = { legs: { w: exponential(100), a: constant(0), r: constant(0), s: constant(0) }, distanceMs: 75 };
    const pairs = [1, 2, 3, 4, 5]
      .flatMap((r) => [1, 2, 3, 4, 5].map((w) => ({ r, w })))
      .filter(({ r, w }) => r + w > 5);
    const outcome = simulateWars({ model, n: 5, pairs, trials: 5000, seed: 1 });
    for (const pair of pairs) assert.equal(outcome.windowMs(pair).countAtOrBelow(0), 5000, `${pair.r}/${pair.w}`);
  });

  it("answers for a pair the same alone and among others", () => {
    const model = MODELS.get("wan")!;
    const together = simulateWars({ model, n: 3, pairs: PUBLISHED_PAIRS, trials: 5000, seed: 4 });
    for (const pair of PUBLISHED_PAIRS) {
      const alone = simulateWars({ model, n: 3, pairs: [pair, pair], trials: 5000, seed: 4 });
      assert.deepEqual(together.windowMs(pair), alone.windowMs(pair));
      assert.deepEqual(together.readMs(pair.r), alone.readMs(pair.r));
      assert.deepEqual(together.writeMs(pair.w), alone.writeMs(pair.w));
    }
    assert.throws(() => together.windowMs({ r: 3, w: 3 }), /R=3 W=3 was not asked for/);
  });

  it("does not reshuffle three legs where the fourth is changed", () => {
    const legs = { w: exponential(6), a: exponential(1), r: exponential(2), s: exponential(3) };
    const pairs = [{ r: 2, w: 2 }];
    const before = simulateWars({ model: { legs }, n: 3, pairs, trials: 5000, seed: 4 });
    const after = simulateWars({ model: { legs: { ...legs, a: constant(9) } }, n: 3, pairs, trials: 5000, seed: 4 });
    assert.deepEqual(after.readMs(2), before.readMs(2));
    assert.notDeepEqual(after.writeMs(2), before.writeMs(2));
  });

  it("tells how far it is, and ends at all trials", () => {
    const told: number[] = [];
    const model = { legs: { w: constant(1), a: constant(1), r: constant(1), s: constant(1) } };
    const request = { model, n: 3, pairs: [{ r: 1, w: 1 }], seed: 1 };
    simulateWars({ ...request, trials: 10_000, onProgress: (done) => told.push(done) });
    assert.ok(told.length > 1 && told.every((done, i) => i === 0 || done > told[i - 1]));
    assert.equal(told.at(-1), 10_000);
  });

  it("refuses what cannot be", () => {
    const model = { legs: { w: constant(1), a: constant(1), r: constant(1), s: constant(1) } };
    const good = { model, n: 3, pairs: [{ r: 1, w: 1 }], trials: 10, seed: 1 };
    const bad: readonly (readonly [Partial<typeof good & { model: WarsModel }>, RegExp])[] = [
      [{ n: 0 }, /N is 0/],
      [{ n: 101 }, /N is 101; allowed: an integer from 1 to 100/],
      [{ pairs: [{ r: 4, w: 1 }] }, /R is 4; allowed: an integer from 1 to 3/],
      [{ pairs: [{ r: 1, w: 0 }] }, /W is 0/],
      [{ pairs: [] }, /no quorums/],
      [{ trials: 1.5 }, /trials is 1.5/],
      [{ trials: 10_000_001 }, /trials is 10000001/],
      [{ model: { ...model, distanceMs: NaN } }, /distance is NaN/],
      [{ model: { legs: { ...model.legs, s: constant(-1) } } }, /value is -1 ms/],
    ];
    for (const [part, message] of bad) {
      assert.throws(
        () => simulateWars({ ...good, ...part }),
        (error) => error instanceof RangeError && message.test(error.message),
      );
    }
  });
});

describe("a sorted sample", () => {
  it("has quantiles, shares and mean shares that can be counted on fingers", () => {
    const sample = new SortedSample(Float64Array.of(4, 0, 2, 0, 8));
    assert.equal(sample.size, 5);
    assert.deepEqual([0.1, 0.4, 0.41, 0.6, 0.61, 0.99].map((p) => sample.quantile(p).value), [0, 0, 2, 2, 4, 8]); // prettier-ignore
    assert.deepEqual([-1, 0, 1.9, 2, 8].map((ms) => sample.countAtOrBelow(ms)), [0, 2, 2, 3, 5]); // prettier-ignore
    const { value, lo, hi } = sample.shareAtOrBelow(2);
    assert.ok(value === 0.6 && lo < 0.6 && hi > 0.6);
    // From 0 to 4 the share is 2/5 half of the way and 3/5 the other half.
    assert.ok(Math.abs(sample.meanShare(0, 4) - 0.5) < 1e-12);
    assert.equal(sample.meanShare(2, 2), 0.6);
    assert.throws(() => new SortedSample(new Float64Array(0)), RangeError);
  });

  it("has intervals that hold the true quantile as often as they claim", () => {
    let held = 0;
    for (let seed = 0; seed < 200; seed++) {
      const random = Random.fromSeed(seed);
      const { lo, hi } = new SortedSample(Float64Array.from({ length: 3000 }, () => random.nextFloat())).quantile(0.99);
      if (lo <= 0.99 && 0.99 <= hi) held++;
    }
    assert.ok(held >= 184, `${held} of 200`);
  });
});

describe("published models", () => {
  it("are distributions that can be drawn from, with a source, and say where the record disagrees", () => {
    assert.deepEqual([...MODELS.keys()], ["lnkd-ssd", "lnkd-disk", "ymmr", "ymmr-printed", "wan"]);
    for (const model of MODELS.values()) {
      const { w, a, r, s } = model.legs;
      for (const leg of [w, a, r, s]) assert.ok(distributionOf(leg).meanMicros! > 0);
      assert.match(model.source, /VLDB 2012/);
      assert.ok(model.footnotes.length > 0);
    }
    assert.match(distributionOf(MODELS.get("ymmr")!.legs.w).describe(), /alpha 3\.5\)/);
    assert.match(distributionOf(MODELS.get("ymmr-printed")!.legs.w).describe(), /alpha 3\.35\)/);
  });

  it("have published values at N=3 for six pairs and nowhere else", () => {
    assert.equal(publishedCell("lnkd-disk", 3, { r: 1, w: 2 })?.writeP999Ms, 20.97);
    assert.equal(publishedCell("lnkd-disk", 5, { r: 1, w: 2 }), undefined);
    assert.equal(publishedCell("lnkd-disk", 3, { r: 3, w: 3 }), undefined);
    assert.equal(publishedCell("given", 3, { r: 1, w: 1 }), undefined);
    assert.deepEqual(publishedCell("ymmr-printed", 3, { r: 1, w: 1 }), publishedCell("ymmr", 3, { r: 1, w: 1 }));
  });
});
