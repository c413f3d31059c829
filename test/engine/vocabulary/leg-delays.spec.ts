import { strict as assert } from "node:assert";
import fc from "fast-check";
import { distributionOf } from "../../../engine/vocabulary/distributions";
import { DelayHistogram, LegHistograms, LEGS, legOf, type Quantiles } from "../../../engine/vocabulary/leg-delays";
import { Random } from "../../../engine/vocabulary/random";

/** The delay at a probability, by straight lines between points. */
function quantile({ at, ms }: Quantiles, p: number): number {
  let i = 1;
  while (at[i] < p) i++;
  const width = at[i] - at[i - 1];
  return width === 0 ? ms[i] : ms[i - 1] + ((p - at[i - 1]) / width) * (ms[i] - ms[i - 1]);
}

const micros = fc.oneof(
  fc.nat(300),
  fc.nat(100_000),
  fc.integer({ min: 2 ** 31 - 3, max: 2 ** 31 + 3 }),
  fc.nat(2 ** 36),
);

describe("delays of legs", () => {
  it("are off by less than 1 % in every bin, and ascend from 0 to 1", () => {
    fc.assert(
      fc.property(fc.array(micros, { minLength: 1, maxLength: 60 }), (values) => {
        const histogram = new DelayHistogram();
        for (const value of values) histogram.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        const { count, at, ms } = histogram.toQuantiles();
        assert.equal(count, values.length);
        assert.equal(at[0], 0);
        assert.equal(at.at(-1), 1);
        assert.equal(ms[0], sorted[0] / 1000);
        assert.equal(ms.at(-1), sorted.at(-1)! / 1000);
        for (let i = 1; i < at.length; i++) assert.ok(at[i] >= at[i - 1] && ms[i] >= ms[i - 1], "ascends");
        sorted.forEach((value, i) => {
          const seen = quantile({ count, at, ms }, (i + 0.5) / sorted.length) * 1000;
          assert.ok(Math.abs(seen - value) <= Math.max(1, value * 0.01), `${String(seen)} for ${String(value)}`);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("of one length are that length exactly", () => {
    const histogram = new DelayHistogram();
    for (let i = 0; i < 10; i++) histogram.record(12_345);
    const { ms } = histogram.toQuantiles();
    assert.deepEqual([...new Set(ms)], [12.345]);
  });

  it("give an exponential back at every quantile that has evidence, in some two thousand points", () => {
    const histogram = new DelayHistogram();
    const random = Random.fromSeed(3).fork("legs");
    const delays = distributionOf({ dist: "exponential", meanMs: 10, shiftMs: 0 });
    for (let i = 0; i < 400_000; i++) histogram.record(delays.sample(random));
    const quantiles = histogram.toQuantiles();
    assert.ok(quantiles.at.length > 500 && quantiles.at.length < 2_200, String(quantiles.at.length));
    for (const p of [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999]) {
      const expected = -10 * Math.log(1 - p);
      // Four standard errors of a sample quantile, and the bins.
      const error = 4 * 10 * Math.sqrt(p / ((1 - p) * 400_000)) + expected * 0.01;
      assert.ok(Math.abs(quantile(quantiles, p) - expected) < error, `p ${String(p)}`);
    }
  });

  it("keep a wide gap a gap", () => {
    const histogram = new DelayHistogram();
    for (let i = 0; i < 5_000; i++) histogram.record(i < 2_500 ? 1_000 + (i % 10) : 90_000 + (i % 10));
    const quantiles = histogram.toQuantiles();
    assert.ok(quantile(quantiles, 0.4999) < 1.1);
    assert.ok(quantile(quantiles, 0.5001) > 89);
  });

  it("add up: what many recorded and sent as bins is what one would have recorded", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...LEGS), micros), { maxLength: 80 }), (values) => {
        const one = new LegHistograms();
        const many = [new LegHistograms(), new LegHistograms()];
        values.forEach(([leg, value], i) => {
          one.record(leg, value);
          many[i % 2].record(leg, value);
        });
        const sum = new LegHistograms();
        for (const each of many)
          sum.merge(JSON.parse(JSON.stringify(each.toSparse())) as ReturnType<typeof one.toSparse>);
        assert.deepEqual(sum.toSparse(), one.toSparse());
        assert.deepEqual(sum.toQuantiles(), one.toQuantiles());
        one.reset();
        assert.deepEqual(one.toQuantiles().w, { count: 0, at: [], ms: [] });
      }),
      { numRuns: 100 },
    );
  });

  it("belong to six kinds of messages", () => {
    assert.deepEqual(
      ["replica-put", "replica-update", "replica-put-reply", "replica-updated", "replica-get", "replica-get-reply"].map(
        legOf,
      ),
      ["w", "w", "a", "a", "r", "s"],
    );
    for (const kind of ["heartbeat", "get", "put", "answer", "constructor"]) assert.equal(legOf(kind), undefined);
  });
});
