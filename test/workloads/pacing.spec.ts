import assert from "node:assert/strict";
import { Random } from "../../engine/vocabulary/random";
import { arrivals } from "../../workloads/pacing";
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
});
