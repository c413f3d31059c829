import assert from "node:assert/strict";
import { Random } from "../../engine/vocabulary/random";
import { type ArrivalSettings, ARRIVALS, arrivals, offeredBetween } from "../../workloads/pacing";
import { assertFits } from "./goodness-of-fit";

describe("arrival schedules", () => {
  it("constant arrivals are evenly spaced, and a rate that does not divide a second does not drift", () => {
    const schedule = arrivals({ arrivals: "constant", ratePerSecond: 300_007 }, Random.fromSeed(1));
    let last = 0;
    for (let k = 0; k < 300_007; k++) last = schedule.next();
    assert.equal(schedule.next(), 1_000_000);
    assert(last < 1_000_000 && last >= 999_996);
  });

  it("Poisson arrivals keep their mean rate although instants are whole microseconds", () => {
    const rate = 700_000;
    const schedule = arrivals({ arrivals: "poisson", ratePerSecond: rate }, Random.fromSeed("rate"));
    let at = 0;
    for (let k = 0; k < rate; k++) {
      const next = schedule.next();
      assert(Number.isSafeInteger(next) && next >= at);
      at = next;
    }
    // The standard deviation of the time of the n-th arrival is sqrt(n) gaps.
    assert(Math.abs(at - 1e6) < (5 * Math.sqrt(rate) * 1e6) / rate, `${at}`);
  });

  it("Poisson arrivals come in Poisson numbers", () => {
    const schedule = arrivals({ arrivals: "poisson", ratePerSecond: 2000 }, Random.fromSeed("counts"));
    const perMs = new Array<number>(20_000).fill(0);
    for (let at = schedule.next(); at < 20_000_000; at = schedule.next()) perMs[Math.floor(at / 1000)]++;
    const counts = new Array<number>(12).fill(0);
    for (const count of perMs) counts[Math.min(11, count)]++;
    const masses: number[] = [];
    for (let k = 0, mass = Math.exp(-2); k < 11; k++, mass *= 2 / k) masses.push(mass);
    masses.push(1 - masses.reduce((sum, mass) => sum + mass, 0));
    assertFits(counts, masses);
  });

  const DAY: ArrivalSettings = {
    arrivals: "diurnal",
    ratePerSecond: 900,
    diurnal: { periodMs: 20_000, trough: 0.125 },
  };

  it("a day goes from its lowest to its highest rate and back, and its mean is the rate", () => {
    const rate = ARRIVALS.diurnal.rate(DAY);
    assert.ok(Math.abs(rate.at(0) - 200) < 1e-9, "one ninth and eight ninths of twice the mean");
    assert.ok(Math.abs(rate.at(10) - 1_600) < 1e-9);
    assert.ok(Math.abs(rate.at(5) - 900) < 1e-9);
    assert.equal(rate.highest, 1_600);
    assert.ok(Math.abs(offeredBetween(DAY, 0, 20) - 900) < 1e-9);
    assert.ok(
      Math.abs(offeredBetween(DAY, 5, 15) - (900 + (700 * 2) / Math.PI)) < 1e-9,
      "the bright half of a sinusoid",
    );
    assert.equal(offeredBetween({ arrivals: "poisson", ratePerSecond: 70 }, 3, 9), 70);
  });

  it("arrivals of a day are a Poisson process of the rate that each hour has", () => {
    const schedule = arrivals(DAY, Random.fromSeed("day"));
    const hours = 40;
    const days = 25;
    const counts = new Array<number>(hours).fill(0);
    let last = 0;
    for (let at = schedule.next(); at < days * 20_000_000; at = schedule.next()) {
      assert.ok(Number.isSafeInteger(at) && at >= last);
      last = at;
      counts[Math.floor((at % 20_000_000) / 500_000)]++;
    }
    const masses = counts.map((_, hour) => offeredBetween(DAY, hour / 2, (hour + 1) / 2) / (hours * 900));
    assertFits(counts, masses);
    const all = counts.reduce((sum, count) => sum + count, 0);
    assert.ok(Math.abs(all - days * 18_000) < 5 * Math.sqrt(days * 18_000), String(all));
  });

  it("a day whose trough is its peak is a Poisson process of one rate; one whose trough is 0 begins with nobody", () => {
    const flat = ARRIVALS.diurnal.rate({ ...DAY, diurnal: { periodMs: 1_000, trough: 1 } });
    assert.deepEqual([flat.at(0), flat.at(0.5), flat.highest], [900, 900, 900]);
    const deep = ARRIVALS.diurnal.rate({ ...DAY, diurnal: { periodMs: 1_000, trough: 0 } });
    assert.ok(deep.at(0) < 1e-9 && deep.highest === 1_800);
  });

  it("the same seed gives the same day", () => {
    const [a, b] = [arrivals(DAY, Random.fromSeed(7)), arrivals(DAY, Random.fromSeed(7))];
    for (let k = 0; k < 1_000; k++) assert.equal(a.next(), b.next());
  });
});
