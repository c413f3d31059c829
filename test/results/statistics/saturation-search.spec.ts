/**
 * The search for the saturating rate as a value: fed by made-up stores (a step, noise around a step, never, always, a hump), it must
 * end, stay within its bound, and never claim more than what it was told.
 */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Random } from "../../../engine/vocabulary/random";
import {
  knownSoFar,
  MOST_RATES,
  MOST_RETRIES,
  nextStep,
  verdictOf,
  type RateEvidence,
  type SearchAnswer,
  type SearchBounds,
} from "../../../results/statistics/saturation-search";

const BOUNDS: SearchBounds = { fromPerSecond: 100, toPerSecond: 100_000, precision: 0.05, repetitions: 3 };
type Outcome = "met" | "failed" | "undecided";

interface Searched {
  readonly answer: SearchAnswer;
  readonly tried: readonly RateEvidence[];
  readonly trials: number;
}

/** Asks `store` for every trial that the search wants. */
function search(store: (rate: number, trial: number) => Outcome, bounds = BOUNDS): Searched {
  const tried = new Map<number, { ratePerSecond: number; met: number; failed: number; undecided: number }>();
  for (let trials = 0; ;) {
    const step = nextStep([...tried.values()], bounds);
    if (step.kind === "over") return { answer: step.answer, tried: [...tried.values()], trials };
    assert.ok(step.wanted.length > 0 && step.expected >= 0);
    for (const { ratePerSecond, trials: wanted } of step.wanted) {
      assert.ok(wanted > 0);
      const known = tried.get(ratePerSecond) ?? { ratePerSecond, met: 0, failed: 0, undecided: 0 };
      for (let i = 0; i < wanted; i++) known[store(ratePerSecond, trials++)]++;
      tried.set(ratePerSecond, known);
    }
    assert.ok(tried.size <= MOST_RATES, `${tried.size} rates`);
  }
}

const step =
  (knee: number) =>
  (rate: number): Outcome =>
    rate <= knee ? "met" : "failed";

describe("the search for the saturating rate", () => {
  it("encloses the knee of a step within the precision, in few rates", () => {
    const { answer, tried } = search(step(3_217));
    assert.equal(answer.outcome, "found");
    assert.ok(answer.highestMet! <= 3_217 && answer.lowestFailed! > 3_217);
    assert.ok(answer.lowestFailed! / answer.highestMet! <= 1.05);
    assert.deepEqual([answer.grey, answer.notMetBelow, answer.undecidedAt], [[], [], undefined]);
    // Six doublings to 6400, five halvings of a factor of two, and what draws the curve.
    assert.ok(tried.length <= 16, `${tried.length} rates`);
  });

  it("encloses any knee, whatever the bounds, and never tries above the ceiling", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1_000, noNaN: true }),
        fc.double({ min: 1.01, max: 500, noNaN: true }),
        fc.double({ min: 1.5, max: 5_000, noNaN: true }),
        fc.constantFrom(0.005, 0.02, 0.05, 0.5, 1),
        (from, times, ceiling, precision) => {
          const knee = from * times;
          const bounds = { ...BOUNDS, fromPerSecond: from, toPerSecond: from * ceiling, precision };
          const { answer, tried } = search(step(knee), bounds);
          assert.ok(tried.every(({ ratePerSecond }) => ratePerSecond <= bounds.toPerSecond));
          if (knee >= bounds.toPerSecond) assert.equal(answer.outcome, "never-failed");
          else {
            assert.equal(answer.outcome, "found");
            assert.ok(answer.highestMet! <= knee && answer.lowestFailed! > knee);
            // Rates have four digits: a finer gap cannot be halved.
            assert.ok(answer.lowestFailed! / answer.highestMet! <= 1 + Math.max(precision, 0.002));
          }
        },
      ),
    );
  });

  it("draws the whole curve: nothing between two neighbours is farther than a third of the answer", () => {
    const { answer, tried } = search(step(777));
    const below = tried
      .map(({ ratePerSecond }) => ratePerSecond)
      .filter((rate) => rate <= answer.highestMet!)
      .sort((a, b) => a - b);
    below.slice(1).forEach((rate, i) => assert.ok(rate - below[i] < answer.highestMet! / 3));
    assert.ok(below[0] <= answer.highestMet! / 3);
  });

  it("says so where even the lowest rate fails, without a second rate", () => {
    const { answer, tried } = search(() => "failed");
    assert.deepEqual(answer, {
      outcome: "never-met",
      highestMet: undefined,
      lowestFailed: 100,
      grey: [],
      notMetBelow: [],
      undecidedAt: undefined,
    });
    assert.equal(tried.length, 1);
  });

  it("says so where nothing fails up to the ceiling, which it tries", () => {
    const { answer, tried } = search(() => "met");
    assert.deepEqual([answer.outcome, answer.highestMet, answer.lowestFailed], ["never-failed", 100_000, undefined]);
    assert.ok(tried.some(({ ratePerSecond }) => ratePerSecond === 100_000));
  });

  it("with one rate to try, tries that", () => {
    const bounds = { ...BOUNDS, toPerSecond: 100 };
    assert.equal(search(step(99), bounds).answer.outcome, "never-met");
    assert.equal(search(step(100), bounds).answer.outcome, "never-failed");
  });

  it("leaves the rates at which trials disagree grey, between one that always met and one that never did", () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = Random.fromSeed(seed);
      // Surely met below 1800, surely failed above 2600, a coin between.
      const store = (rate: number): Outcome =>
        rate < 1_800 || (rate <= 2_600 && random.nextUint32() % 2 === 0) ? "met" : "failed";
      const { answer, tried } = search(store);
      assert.equal(answer.outcome, "found");
      const of = (rate: number): string =>
        verdictOf(
          tried.find(({ ratePerSecond }) => ratePerSecond === rate)!,
          BOUNDS.repetitions,
        );
      assert.equal(of(answer.highestMet!), "met");
      assert.equal(of(answer.lowestFailed!), "failed");
      assert.ok(answer.highestMet! >= 1_700 && answer.lowestFailed! <= 2_700, `${seed}`);
      for (const rate of answer.grey) {
        assert.equal(of(rate), "grey");
        assert.ok(rate > answer.highestMet! && rate < answer.lowestFailed!);
      }
      // Wider than the precision only where something grey stands between, and never more than that at its ends.
      const marks = [answer.highestMet!, ...answer.grey, answer.lowestFailed!];
      assert.ok(marks[1] / marks[0] <= 1.05 && marks.at(-1)! / marks.at(-2)! <= 1.05, `${seed}: ${marks.join(" ")}`);
    }
  });

  it("does not call a store saturated whose trials disagree at the lowest rate and fail above", () => {
    const { answer } = search((rate, trial) => (rate === 100 && trial > 0 ? "met" : "failed"));
    assert.deepEqual(
      [answer.outcome, answer.highestMet, answer.grey, answer.lowestFailed],
      ["never-met", undefined, [100], 200],
    );
  });

  it("notes lower rates that failed although a higher one met", () => {
    // Slow when idle (a cold cache, a sleeping core), well in between, over above.
    const { answer } = search((rate) => (rate < 90 || rate > 450 ? "failed" : "met"));
    assert.equal(answer.outcome, "found");
    assert.ok(answer.highestMet! <= 450 && answer.lowestFailed! > 450);
    // The answer is drawn at a quarter of some 440, where nobody would have looked.
    const slowBelow = search((rate) => (rate < 130 && rate !== 100 ? "failed" : step(450)(rate))).answer;
    assert.equal(slowBelow.outcome, "found");
    assert.equal(slowBelow.notMetBelow.length, 1);
    assert.ok(slowBelow.notMetBelow[0] < 130);
  });

  it("repeats a trial that says nothing, in place of it and not beside the others", () => {
    const { answer, tried, trials } = search((rate, trial) => (trial === 1 ? "undecided" : step(300)(rate)));
    assert.equal(answer.outcome, "found");
    assert.deepEqual(tried[0], { ratePerSecond: 100, met: 3, failed: 0, undecided: 1 });
    assert.equal(trials, 3 * tried.length + 1);
  });

  it("gives up where trials keep saying nothing, names the rate and keeps what it knew", () => {
    const { answer, tried } = search((rate) => (rate > 300 && rate < 500 ? "undecided" : step(700)(rate)));
    assert.deepEqual(
      [answer.outcome, answer.highestMet, answer.undecidedAt, answer.lowestFailed],
      ["undecided", 200, 400, undefined],
    );
    const { undecided } = tried.find(({ ratePerSecond }) => ratePerSecond === 400)!;
    assert.ok(undecided > MOST_RETRIES && undecided <= MOST_RETRIES + BOUNDS.repetitions, `${undecided} trials`);
  });

  it("gives up in the middle of halving as well", () => {
    const { answer } = search((rate) => (rate > 220 && rate < 390 ? "undecided" : step(300)(rate)));
    assert.deepEqual([answer.outcome, answer.highestMet, answer.lowestFailed], ["undecided", 200, 400]);
    assert.ok(answer.undecidedAt! > 220 && answer.undecidedAt! < 390);
  });

  it("keeps its answer where a rate says nothing that only draws the curve", () => {
    const { answer } = search((rate) => (rate < 95 ? "undecided" : step(300)(rate)));
    assert.deepEqual([answer.outcome, answer.undecidedAt], ["found", undefined]);
  });

  it("goes on from any part of its trials to the same answer", () => {
    const whole = search(step(3_217));
    for (let count = 0; count < whole.tried.length; count++) {
      const part = whole.tried.slice(0, count);
      const known = knownSoFar(part, BOUNDS);
      assert.ok((known.highestMet ?? 0) <= 3_217 && (known.lowestFailed ?? Infinity) > 3_217);
      const next = nextStep(part, BOUNDS);
      assert.equal(next.kind, "try");
      if (next.kind === "try") assert.equal(next.wanted[0].ratePerSecond, whole.tried[count].ratePerSecond);
    }
    assert.deepEqual(nextStep(whole.tried, BOUNDS), { kind: "over", answer: whole.answer });
  });

  it("finishes a rate that was interrupted among its trials", () => {
    const next = nextStep([{ ratePerSecond: 100, met: 1, failed: 0, undecided: 0 }], BOUNDS);
    assert.ok(next.kind === "try");
    assert.deepEqual(next.wanted, [{ ratePerSecond: 100, trials: 2, why: "repeat" }]);
  });
});
