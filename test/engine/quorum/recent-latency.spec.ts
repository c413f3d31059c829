import { strict as assert } from "node:assert";
import fc from "fast-check";
import { ENOUGH_SAMPLES, RECENT, RecentLatency } from "../../../engine/quorum/recent-latency";

/** Keeps everything, sorts, counts windows on its fingers. */
class Twin {
  private readonly samples: { readonly window: number; readonly took: number }[] = [];

  record(now: number, took: number): void {
    this.samples.push({ window: Math.floor(now / RECENT), took });
  }

  quantile(now: number, share: number): number | undefined {
    const window = Math.floor(now / RECENT);
    const recent = this.samples.filter((sample) => sample.window >= window - 1).map(({ took }) => took);
    if (recent.length < ENOUGH_SAMPLES) return undefined;
    recent.sort((a, b) => a - b);
    return recent[Math.max(1, Math.ceil(share * recent.length)) - 1];
  }
}

describe("a recent latency", () => {
  it("is that of an exact list of the last two windows, at most an eighth above", () => {
    const burst = fc.record({
      after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 * RECENT })),
      count: fc.integer({ min: 1, max: 180 }),
      shortest: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 2_000_000 })),
      spread: fc.integer({ min: 1, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(burst, { maxLength: 12 }), fc.double({ min: 0, max: 1, noNaN: true }), (bursts, share) => {
        const latency = new RecentLatency(0);
        const twin = new Twin();
        let now = 0;
        for (const { after, count, shortest, spread } of bursts) {
          now += after;
          for (let i = 0; i < count; i++) {
            const took = shortest + ((i * 7_919) % spread);
            latency.record(now, took);
            twin.record(now, took);
          }
          const exact = twin.quantile(now, share);
          const found = latency.quantile(now, share);
          if (exact === undefined || found === undefined) assert.equal(found, exact);
          else assert.ok(found >= exact && found <= exact * 1.125, `${String(found)} for ${String(exact)}`);
        }
      }),
    );
  });

  it("says nothing before it has a hundred samples, and nothing of what is long past", () => {
    const latency = new RecentLatency(0);
    for (let i = 1; i < ENOUGH_SAMPLES; i++) latency.record(0, 5);
    assert.equal(latency.quantile(0, 0.99), undefined);
    latency.record(0, 5);
    assert.equal(latency.quantile(0, 0.99), 5);
    assert.equal(latency.quantile(2 * RECENT - 1, 0.99), 5);
    assert.equal(latency.quantile(2 * RECENT, 0.99), undefined);
  });

  it("takes the longest of durations too", () => {
    const latency = new RecentLatency(0);
    for (let i = 0; i < ENOUGH_SAMPLES; i++) latency.record(0, Number.MAX_SAFE_INTEGER);
    assert.equal(latency.quantile(0, 0.5), 0x7fffffff);
  });
});
