/**
 * The estimator against a published example and against a truth that is known: remissions of acute leukaemia under 6-mercaptopurine
 * (Freireich and others, Blood 1963, as printed in every textbook since Gehan 1965), and times drawn from an exponential distribution
 * of which some are cut off.
 */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { kaplanMeier, survivalQuantile, type Departures } from "../../../results/statistics/kaplan-meier";

/** Weeks; a plus where the patient was still in remission when last seen. */
const SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+";

function departures(text: string): Departures[] {
  return text.split(" ").map((word) => {
    const censored = word.endsWith("+") ? 1 : 0;
    return { at: parseInt(word, 10), events: 1 - censored, censored };
  });
}

describe("the estimator of Kaplan and Meier", () => {
  const steps = kaplanMeier(departures(SIX_MP));
  const relapses = steps.filter(({ events }) => events > 0);

  it("gives the published shares of the remissions under 6-MP, and how many were at risk", () => {
    assert.deepEqual(
      relapses.map(({ at, atRisk, events, survival }) => [at, atRisk, events, Number(survival.toFixed(3))]),
      [
        [6, 21, 3, 0.857],
        [7, 17, 1, 0.807],
        [10, 15, 1, 0.753],
        [13, 12, 1, 0.69],
        [16, 11, 1, 0.627],
        [22, 7, 1, 0.538],
        [23, 6, 1, 0.448],
      ],
    );
  });
  it("gives the published band on the scale log(-log S)", () => {
    assert.deepEqual(
      relapses.map(({ lo, hi }) => [Number(lo.toFixed(3)), Number(hi.toFixed(3))]),
      [
        [0.62, 0.952],
        [0.563, 0.923],
        [0.503, 0.889],
        [0.432, 0.849],
        [0.368, 0.805],
        [0.268, 0.747],
        [0.188, 0.68],
      ],
    );
  });
  it("has the published median of 23 weeks, with an interval that is open above", () => {
    assert.deepEqual(survivalQuantile(steps, 0.5), { value: 23, lo: 13, hi: null, observed: 35 });
    assert.equal(survivalQuantile(steps, 0.9).value, null, "fewer than nine of ten relapsed");
  });
  it("without anybody leaving is the share that is left", () => {
    const shares = kaplanMeier(departures("1 2 3 4")).map(({ survival }) => survival);
    assert.deepEqual(
      shares.map((share) => Number(share.toFixed(6))),
      [0.75, 0.5, 0.25, 0],
    );
    const last = kaplanMeier(departures("1 2 3 4")).at(-1)!;
    assert.equal(last.lo, 0);
    assert.ok(last.hi > 0 && last.hi < 1, "the upper end stays where it was");
  });
  it("reaches nine of ten at nine of ten", () => {
    assert.equal(survivalQuantile(kaplanMeier(departures("1 2 3 4 5 6 7 8 9 10")), 0.9).value, 9);
  });
  it("counts who leaves at the instant of an event as still watched then", () => {
    assert.equal(kaplanMeier(departures("5 5+"))[0].survival, 0.5);
    assert.equal(kaplanMeier([]).length, 0);
    assert.throws(() => kaplanMeier([{ at: -1, events: 1, censored: 0 }]), /no departures/);
  });
  it("has a band that holds the truth about as often as it says", () => {
    const random = Random.fromSeed("kaplan-meier");
    const exponential = (mean: number): number => -mean * Math.log(1 - random.nextFloat());
    const experiments = 1_000;
    let covered = 0;
    let naive = 0;
    for (let i = 0; i < experiments; i++) {
      const observed = Array.from({ length: 80 }, () => {
        const [time, cut] = [exponential(1), 3 * random.nextFloat()];
        return time <= cut ? { at: time, events: 1, censored: 0 } : { at: cut, events: 0, censored: 1 };
      });
      const at = kaplanMeier(observed)
        .filter((step) => step.at <= 0.7)
        .at(-1)!;
      if (at.lo <= Math.exp(-0.7) && Math.exp(-0.7) <= at.hi) covered++;
      // Taking those who left for healed is the mistake that the estimator is there to avoid.
      const left = observed.filter((one) => one.at > 0.7).length / observed.length;
      if (at.lo <= left && left <= at.hi) naive++;
    }
    const share = covered / experiments;
    assert.ok(share > 0.93 && share < 0.97, `the band held the truth in ${share} of ${experiments}`);
    assert.ok(naive / experiments < 0.8, `counting those who left as healed agreed in ${naive}`);
  });
});
