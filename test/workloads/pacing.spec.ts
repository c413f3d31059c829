import assert from "node:assert/strict";
import { Random } from "../../engine/vocabulary/random";
import { type ArrivalSettings, ARRIVALS, arrivals, offeredBetween, scaledArrivals } from "../../workloads/pacing";
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

  const CHANGING: readonly [
    string,
    ArrivalSettings,
    lengthS: number,
    days: number,
    atS: readonly [number, number][],
  ][] = [
    [
      "bursts",
      { arrivals: "bursts", ratePerSecond: 900, bursts: { onMs: 1_000, offMs: 4_000, lull: 0.25 } },
      5,
      40,
      // 1 s at b and 4 s at b / 4 make 5 s at 900.
      [
        [0.5, 2_250],
        [1.5, 562.5],
        [5.5, 2_250],
      ],
    ],
    [
      "ramp",
      { arrivals: "ramp", ratePerSecond: 2_000, ramp: { fromPerSecond: 500, overMs: 10_000 } },
      20,
      1,
      [
        [0, 500],
        [5, 1_250],
        [10, 2_000],
        [19, 2_000],
      ],
    ],
    [
      "steps",
      {
        arrivals: "steps",
        ratePerSecond: 400,
        steps: [
          { atMs: 0, ratePerSecond: 400 },
          { atMs: 5_000, ratePerSecond: 3_000 },
          { atMs: 8_000, ratePerSecond: 50 },
        ],
      },
      20,
      1,
      [
        [4.999, 400],
        [5, 3_000],
        [19, 50],
      ],
    ],
    [
      "spike",
      { arrivals: "spike", ratePerSecond: 500, spike: { atMs: 4_000, forMs: 2_000, factor: 6 } },
      20,
      1,
      [
        [3.9, 500],
        [4, 3_000],
        [6, 500],
      ],
    ],
  ];

  for (const [name, settings, lengthS, turns, rates] of CHANGING) {
    it(`${name}: the rate is what was asked for at every instant, and arrivals are a Poisson process of it`, () => {
      const rate = ARRIVALS[settings.arrivals].rate(settings);
      for (const [at, expected] of rates) assert.ok(Math.abs(rate.at(at) - expected) < 1e-6, `${rate.at(at)} at ${at}`);
      assert.equal(rate.highest, Math.max(...rates.map(([, one]) => one)));
      // The integral against the sum of the rate over fine pieces.
      for (const until of [0.3, 4.2, 7.7, 19.9]) {
        const fine = 50_000;
        let sum = 0;
        for (let i = 0; i < fine; i++) sum += (rate.at(((i + 0.5) * until) / fine) * until) / fine;
        assert.ok(
          Math.abs(rate.expectedBy(until) / sum - 1) < 1e-3,
          `${rate.expectedBy(until)} and ${sum} by ${until}`,
        );
      }
      const schedule = arrivals(settings, Random.fromSeed(name));
      const hours = 40;
      const counts = new Array<number>(hours).fill(0);
      let last = 0;
      const end = turns * lengthS * 1e6;
      for (let at = schedule.next(); at < end; at = schedule.next()) {
        assert.ok(Number.isSafeInteger(at) && at >= last);
        last = at;
        counts[Math.floor(((at % (lengthS * 1e6)) / (lengthS * 1e6)) * hours)]++;
      }
      const expected = counts.map(
        (_, hour) => rate.expectedBy(((hour + 1) * lengthS) / hours) - rate.expectedBy((hour * lengthS) / hours),
      );
      const total = expected.reduce((sum, one) => sum + one, 0);
      assertFits(
        counts,
        expected.map((one) => one / total),
      );
      const all = counts.reduce((sum, count) => sum + count, 0);
      assert.ok(Math.abs(all - turns * total) < 5 * Math.sqrt(turns * total), `${all} of ${turns * total}`);
    });
  }

  it("gaps within a step are exponential, also across its edges", () => {
    // Bursts without a lull between would be a plain Poisson process: the pieces must leave no seam.
    const seamless: ArrivalSettings = {
      arrivals: "bursts",
      ratePerSecond: 1_000,
      bursts: { onMs: 2, offMs: 3, lull: 1 },
    };
    const schedule = arrivals(seamless, Random.fromSeed("seams"));
    const bins = new Array<number>(10).fill(0);
    let last = 0;
    for (let k = 0; k < 200_000; k++) {
      const at = schedule.next();
      bins[Math.min(9, Math.floor((at - last) / 400))]++;
      last = at;
    }
    const beyond = (micros: number): number => Math.exp(-micros / 1_000);
    assertFits(
      bins,
      // A gap of whole microseconds is the difference of two rounded instants: half a microsecond to both sides.
      bins.map((_, i) => (i === 0 ? 1 : beyond(i * 400 - 0.5)) - (i === 9 ? 0 : beyond((i + 1) * 400 - 0.5))),
    );
  });

  it("bursts with silent lulls have no arrival in a lull, however long", () => {
    const silent: ArrivalSettings = {
      arrivals: "bursts",
      ratePerSecond: 10,
      bursts: { onMs: 10, offMs: 990, lull: 0 },
    };
    const schedule = arrivals(silent, Random.fromSeed("silent"));
    for (let k = 0; k < 5_000; k++) assert.ok(schedule.next() % 1e6 <= 10_000);
  });

  it("a schedule that is scaled has so many times the rate at every instant", () => {
    for (const [, settings] of CHANGING) {
      const half = scaledArrivals(settings, 0.5);
      const [whole, scaled] = [settings, half].map((one) => ARRIVALS[one.arrivals].rate(one));
      for (const at of [0, 1, 4.5, 7, 12]) assert.ok(Math.abs(scaled.at(at) * 2 - whole.at(at)) < 1e-6);
    }
  });
});
