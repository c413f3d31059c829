/**
 * The published figures of "Probabilistically Bounded Staleness" (Bailis and others, VLDB 2012) that a prediction has to
 * meet, and how closely. One million trials a model, shared by its six quorum pairs; half a million
 * for the sweeps, whose tolerances are wider. Seeds are fixed and were not looked for.
 *
 * Two quantities are sampled so coarsely by a million trials that the printed values contradict one another by more than
 * the 2 % asked for elsewhere: writes at W=1 over the wide area (55.12, 56.36 and 55.19 ms are printed for one quantity; eight
 * million of our trials give 54.5) and Yammer's reads at R=2 (32.6 and 33.18; ours 32.5). These stand with the tails, at 5 %,
 * and a test below says that they are what they are taken for.
 */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { withinVersions } from "../../../results/predictions/closed-forms";
import { MODELS } from "../../../results/predictions/models";
import { publishedCell, PUBLISHED_PAIRS } from "../../../results/predictions/published";
import { firstCrossing } from "../../../results/predictions/t-visibility";
import { simulateWars, type QuorumPair, type WarsModel, type WarsOutcome } from "../../../results/predictions/wars";

const MILLION = 1_000_000;
const TARGET = 0.999;
const PUBLISHED = ["lnkd-ssd", "lnkd-disk", "ymmr", "wan"] as const;

const outcomes = new Map<string, WarsOutcome>();

function outcomeOf(name: string): WarsOutcome {
  let known = outcomes.get(name);
  if (known === undefined) {
    known = simulateWars({ model: MODELS.get(name)!, n: 3, pairs: PUBLISHED_PAIRS, trials: MILLION, seed: 1 });
    outcomes.set(name, known);
  }
  return known;
}

function near(measured: number, published: number, tolerance: number, what: string): void {
  const off = Math.abs(measured - published);
  assert.ok(off <= tolerance, `${what}: measured ${measured.toFixed(4)}, published ${published}, ± ${tolerance}`);
}

function nearRatio(measured: number, published: number, ratio: number, what: string): void {
  near(measured, published, ratio * published, what);
}

function consistentAt(model: WarsModel, n: number, tMs: number, trials = MILLION): number {
  const pair = { r: 1, w: 1 };
  return simulateWars({ model, n, pairs: [pair], trials, seed: 1 })
    .windowMs(pair)
    .shareAtOrBelow(tMs).value;
}

/** Quantities that a million trials know to no better than 2 %. */
function isTail(model: string, kind: "read" | "write", { r, w }: QuorumPair): boolean {
  if (kind === "read") return (r === 3 && model !== "lnkd-ssd") || (model === "ymmr" && r === 2);
  return (w === 3 && model !== "lnkd-ssd") || (model === "ymmr" && w >= 2) || (model === "wan" && w === 1);
}

describe("published targets of PBS, predicted (long)", function () {
  // Draws some sixty million delays in all.
  this.timeout(120_000);

  after(() => outcomes.clear());

  it("PBS-K: fixed random quorums are within k versions as often as the closed form says", () => {
    const random = Random.fromSeed("PBS-K");
    const quorum = (size: number): number => {
      let bits = 0;
      for (let taken = 0; taken < size;) {
        const bit = 1 << random.nextBelow(3);
        if ((bits & bit) === 0) taken++;
        bits |= bit;
      }
      return bits;
    };
    const published: readonly (readonly [number, number, ReadonlyMap<number, number>])[] = [
      [1, 1, new Map([[1, 1 / 3], [2, 0.556], [3, 0.704], [5, 0.868], [10, 0.983]])], // prettier-ignore
      [1, 2, new Map([[1, 2 / 3], [2, 0.889], [5, 0.996]])], // prettier-ignore
      [2, 1, new Map([[1, 2 / 3], [2, 0.889], [5, 0.996]])], // prettier-ignore
    ];
    for (const [r, w, byK] of published) {
      /** How many writes back the newest that the read quorum meets is: 1 for the last. */
      const back = new Uint32Array(12);
      for (let trial = 0; trial < MILLION; trial++) {
        const read = quorum(r);
        let k = 1;
        while (k < 11 && (quorum(w) & read) === 0) k++;
        back[k]++;
      }
      for (const [k, expected] of byK) {
        const within = back.slice(1, k + 1).reduce((sum, count) => sum + count, 0) / MILLION;
        near(within, expected, 0.003, `R=${r} W=${w} k=${k}`);
        near(withinVersions({ n: 3, r, w }, k), expected, 0.001, `closed form, R=${r} W=${w} k=${k}`);
      }
    }
  });

  for (const name of PUBLISHED) {
    it(`PBS-0: ${name} is consistent at commit as often as published`, () => {
      const pair = { r: 1, w: 1 };
      const measured = outcomeOf(name).windowMs(pair).shareAtOrBelow(0).value;
      near(measured, publishedCell(name, 3, pair)!.atCommit!, 0.005, name);
    });

    it(`PBS-T4L: ${name} has the published latencies, twelve cells`, () => {
      const outcome = outcomeOf(name);
      for (const pair of PUBLISHED_PAIRS) {
        const { readP999Ms, writeP999Ms } = publishedCell(name, 3, pair)!;
        const at = `${name} R=${pair.r} W=${pair.w}`;
        const read = outcome.readMs(pair.r).quantile(0.999).value;
        const write = outcome.writeMs(pair.w).quantile(0.999).value;
        nearRatio(read, readP999Ms, isTail(name, "read", pair) ? 0.05 : 0.02, `${at}, reads`);
        nearRatio(write, writeP999Ms, isTail(name, "write", pair) ? 0.05 : 0.02, `${at}, writes`);
      }
    });
  }

  it("PBS-0: the printed shape of Yammer's writes does not give the printed result", () => {
    const measured = consistentAt(MODELS.get("ymmr-printed")!, 3, 0, 500_000);
    near(measured, 0.8871, 0.002, "ymmr-printed");
    assert.ok(0.893 - measured > 0.005, `${measured} would pass for the printed 0.893`);
  });

  it("PBS-T4L: the two quantities that stand with the tails are known no better by a million trials", () => {
    for (const { value, lo, hi } of [
      outcomeOf("wan").writeMs(1).quantile(0.999),
      outcomeOf("ymmr").readMs(2).quantile(0.999),
    ]) {
      assert.ok(hi - lo > 2 * 0.02 * value, `[${lo}, ${hi}] is narrower than ± 2 %`);
    }
  });

  /** Where the published t is not 0: model, R, W, our reference for the exact quantile (2 million trials or more). */
  const windows: readonly (readonly [(typeof PUBLISHED)[number], number, number, number])[] = [
    ["lnkd-ssd", 1, 1, 2.0],
    ["lnkd-ssd", 1, 2, 1.88],
    ["lnkd-disk", 1, 1, 52.5],
    ["lnkd-disk", 1, 2, 48.7],
    ["lnkd-disk", 2, 1, 14.2],
    ["ymmr", 1, 1, 1453],
    ["ymmr", 1, 2, 1426],
    ["ymmr", 2, 1, 222],
    ["wan", 1, 1, 115],
    ["wan", 2, 1, 30.6],
  ];
  for (const [name, r, w, reference] of windows) {
    const pair = { r, w };
    it(`PBS-T4t: a first crossing of ${name} at R=${r} W=${w} is where it was published`, () => {
      const published = publishedCell(name, 3, pair)!.tVisibilityMs;
      const crossing = firstCrossing(outcomeOf(name).windowMs(pair), TARGET, MODELS.get(name)!.grid, 1);
      nearRatio(crossing.value!, published, name === "ymmr" && r === 2 ? 0.25 : 0.08, "first crossing");
    });

    it(`PBS-T4q: the exact quantile of ${name} at R=${r} W=${w} lies above it, at the reference`, () => {
      const windowMs = outcomeOf(name).windowMs(pair);
      const exact = windowMs.quantile(TARGET).value;
      nearRatio(exact, reference, 0.04, "exact quantile");
      assert.ok(exact > firstCrossing(windowMs, TARGET, MODELS.get(name)!.grid, 1).value!);
    });
  }

  it("PBS-T4t: where the table has 0, 99.9 % of reads are consistent at once", () => {
    let cells = 0;
    for (const name of PUBLISHED) {
      for (const pair of PUBLISHED_PAIRS) {
        if (publishedCell(name, 3, pair)!.tVisibilityMs > 0) continue;
        cells++;
        const windowMs = outcomeOf(name).windowMs(pair);
        const at = `${name} R=${pair.r} W=${pair.w}`;
        assert.equal(windowMs.quantile(TARGET).value, 0, at);
        assert.equal(firstCrossing(windowMs, TARGET, MODELS.get(name)!.grid, 1).value, 0, at);
        if (pair.r + pair.w > 3) assert.equal(windowMs.countAtOrBelow(0), MILLION, at);
      }
    }
    assert.equal(cells, 14);
  });

  it("PBS-N: more replicas lower consistency at commit and hardly move t-visibility (long)", () => {
    const disk = MODELS.get("lnkd-disk")!;
    const pair = { r: 1, w: 1 };
    // On which of its grids the sweep was walked is not on record. On the finer one of table 4 the printed value for N=10 is
    // beyond nine walks in ten (and equal to the exact quantile), that for N=2 in the midst of them.
    const published: readonly (readonly [number, number, number])[] = [
      [2, 0.575, 45.3],
      [10, 0.211, 53.7],
    ];
    for (const [n, atCommit, crossing] of published) {
      const windowMs = simulateWars({ model: disk, n, pairs: [pair], trials: MILLION / 2, seed: 1 }).windowMs(pair);
      near(windowMs.shareAtOrBelow(0).value, atCommit, 0.005, `N=${n}`);
      nearRatio(firstCrossing(windowMs, TARGET, "default", 1).value!, crossing, 0.1, `N=${n}, first crossing`);
    }
  });

  it("PBS-LAT: Yammer at R=2 W=1 saves four fifths of the latency of its fastest strict quorum", () => {
    const ymmr = outcomeOf("ymmr");
    const combined = ({ r, w }: QuorumPair): number =>
      ymmr.readMs(r).quantile(0.999).value + ymmr.writeMs(w).quantile(0.999).value;
    const strict = Math.min(...PUBLISHED_PAIRS.filter(({ r, w }) => r + w > 3).map(combined));
    near(combined({ r: 2, w: 1 }) / strict - 1, -0.8, 0.03, "partial against strict");
  });

  const sweep: readonly (readonly [number, number, number])[] = [
    [4, 0.94, 1],
    [0.1, 0.41, 65],
  ];
  for (const [rate, atCommit, window] of sweep) {
    it(`PBS-EXP: exponential writes of ${rate}/ms against the rest of 1/ms`, () => {
      const rest = { dist: "exponential", meanMs: 1, shiftMs: 0 } as const;
      const model = { legs: { w: { ...rest, meanMs: 1 / rate }, a: rest, r: rest, s: rest } };
      const pair = { r: 1, w: 1 };
      const windowMs = simulateWars({ model, n: 3, pairs: [pair], trials: 500_000, seed: 1 }).windowMs(pair);
      near(windowMs.shareAtOrBelow(0).value, atCommit, 0.015, "at commit");
      nearRatio(windowMs.quantile(TARGET).value, window, 0.05, "t-visibility");
    });
  }
});
