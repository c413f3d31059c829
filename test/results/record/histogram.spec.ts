import assert from "node:assert/strict";
import fc from "fast-check";
import { build, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import { HIGHEST_MICROS, LatencyHistogram } from "../../../results/record/histogram";
import { latencyLogHeader, latencyLogLine, readLatencyLog } from "../../../results/record/latency-log";

describe("a latency histogram", () => {
  it("gives percentiles within a thousandth of the sorted values", () => {
    const values = fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.constantFrom(1, 50, 90, 99, 99.9, 100), (micros, percentile) => {
        const histogram = new LatencyHistogram();
        for (const value of micros) histogram.record(value);
        const sorted = [...micros].sort((a, b) => a - b);
        const rank = Math.max(1, Math.ceil((percentile / 100) * sorted.length - 1e-9));
        for (const found of [histogram.percentile(percentile), histogram.valueAtRank(rank)])
          assert.ok(
            Math.abs(found - sorted[rank - 1]) <= sorted[rank - 1] / 1_000 + 1,
            `${found} for ${sorted[rank - 1]}`,
          );
        assert.equal(histogram.maxMicros, sorted.at(-1));
        histogram.destroy();
      }),
      { numRuns: 200, seed: 1 },
    );
  });
  it("counts more than 16 bits hold", () => {
    const histogram = new LatencyHistogram();
    for (let i = 0; i < 200_000; i++) histogram.record(100);
    histogram.record(5_000);
    assert.equal(histogram.count, 200_001);
    assert.equal(histogram.percentile(99.9), 100);
    assert.equal(histogram.maxMicros, 5_000);
    histogram.destroy();
  });
  it("counts what is above its range and records what is below as one microsecond", () => {
    const histogram = new LatencyHistogram();
    histogram.record(0);
    histogram.record(0.3);
    histogram.record(HIGHEST_MICROS);
    histogram.record(HIGHEST_MICROS + 1);
    assert.deepEqual([histogram.count, histogram.overflow, histogram.percentile(50)], [3, 1, 1]);
    assert.throws(() => histogram.record(-1), RangeError);
    assert.throws(() => histogram.record(NaN), RangeError);
    histogram.destroy();
  });
  it("merges without loss and starts anew after a reset", () => {
    const [a, b] = [new LatencyHistogram(), new LatencyHistogram()];
    for (let i = 1; i <= 100; i++) (i % 2 === 0 ? a : b).record(i * 1_000);
    b.record(HIGHEST_MICROS * 2);
    a.merge(b);
    assert.deepEqual([a.count, a.overflow, a.maxMicros], [100, 1, 100_000]);
    assert.ok(Math.abs(a.percentile(50) - 50_000) <= 50);
    a.reset();
    assert.deepEqual([a.count, a.overflow, a.maxMicros], [0, 0, 0]);
    assert.ok(Number.isNaN(a.percentile(50)), "nothing measured is not zero");
    a.destroy();
    b.destroy();
  });
  it("says what the library says that is given every value at once", () => {
    const values = fc.array(
      fc.oneof(
        fc.integer({ min: 1, max: 5_000 }),
        fc.constantFrom(1, 2_047, 2_048, 2 ** 24 - 2, 2 ** 24 - 1, 2 ** 24, 59_999_999_999),
        fc.double({ min: 0, max: 35, noNaN: true }).map((exponent) => Math.floor(2 ** exponent)),
      ),
      { minLength: 1, maxLength: 50 },
    );
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), fc.boolean(), (parts, askedBetween) => {
        const ours = new LatencyHistogram();
        const library = build({
          bitBucketSize: 32,
          autoResize: false,
          lowestDiscernibleValue: 1,
          highestTrackableValue: 60_000_000_000,
          numberOfSignificantValueDigits: 3,
          useWebAssembly: true,
        });
        for (const [i, part] of parts.entries()) {
          const other = i % 2 === 0 ? ours : new LatencyHistogram();
          for (const value of part) other.record(value);
          for (const value of part) library.recordValue(value);
          if (askedBetween) other.percentile(50);
          if (other === ours) continue;
          ours.merge(other);
          other.destroy();
        }
        assert.equal(ours.count, library.totalCount);
        assert.equal(ours.maxMicros, Math.max(...parts.flat()));
        assert.equal(ours.minMicros, Math.min(...parts.flat()));
        assert.equal(ours.meanMicros, library.mean);
        for (const percentile of [0, 10, 50, 90, 99, 99.9])
          assert.equal(ours.percentile(percentile), Math.min(library.getValueAtPercentile(percentile), ours.maxMicros));
        assert.equal(ours.encode(), encodeIntoCompressedBase64(library));
        ours.destroy();
        library.destroy?.();
      }),
      { numRuns: 100 },
    );
  });

  it("gives its memory back", () => {
    const histogram = new LatencyHistogram();
    histogram.destroy();
    assert.throws(() => histogram.record(1));
  });
});

describe("a latency log", () => {
  it("reads back as written: tags, times and every count", () => {
    const histogram = new LatencyHistogram();
    for (let i = 1; i <= 1_000; i++) histogram.record(i * 17);
    const text =
      latencyLogHeader() +
      latencyLogLine({ tag: "read.ok.response", startSeconds: 3, lengthSeconds: 1, histogram }) +
      latencyLogLine({ tag: "update.timeout.service", startSeconds: 4, lengthSeconds: 0.5, histogram });
    assert.match(text, /^#\[Histogram log format version 1\.3\]\n/);
    const [first, second] = readLatencyLog(text);
    assert.deepEqual([first.tag, first.startSeconds, first.lengthSeconds], ["read.ok.response", 3, 1]);
    assert.deepEqual([second.tag, second.startSeconds, second.lengthSeconds], ["update.timeout.service", 4, 0.5]);
    assert.equal(first.histogram.count, 1_000);
    for (const percentile of [1, 50, 99, 100])
      assert.ok(Math.abs(first.histogram.percentile(percentile) / histogram.percentile(percentile) - 1) < 0.001);
    for (const one of [histogram, first.histogram, second.histogram]) one.destroy();
  });
  it("is refused line by line when damaged", () => {
    assert.throws(() => readLatencyLog("Tag=a,1.0,1.0,1.0,HISTFAAA"), /line 1 is not a line of a histogram log/);
    assert.throws(() => readLatencyLog("# fine\nnonsense"), /line 2/);
    const histogram = new LatencyHistogram();
    assert.throws(() => latencyLogLine({ tag: "a,b", startSeconds: 0, lengthSeconds: 1, histogram }), RangeError);
    histogram.destroy();
  });
});
