/**
 * Γ and Δ in histories of five lines, and against a dumb twin: stretch every operation (or move every read's beginning back) a
 * microsecond further until an exhaustive search finds an order, which is what the definitions say and nobody could afford on a run.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { TrialFold } from "../../../results/measures/fold";
import { IntervalGrid } from "../../../results/measures/interval-grid";
import { ZonesMeasure } from "../../../results/measures/zones";
import type { OperationRecord } from "../../../results/record/history";
import { END, PHASES, get, inOrderOfCompletion, put, remove } from "./histories";

interface Scores {
  readonly values: number;
  /** Microseconds. */
  readonly gamma: number;
  readonly delta: number;
  readonly positive: number;
  readonly leftOut: number;
  readonly cut: number;
}

function scores(operations: readonly OperationRecord[], held?: number): Scores {
  const grid = new IntervalGrid(100);
  grid.begin(PHASES);
  const measure = new ZonesMeasure({ grid }, held);
  for (const operation of inOrderOfCompletion(operations)) measure.operation(operation);
  const { metrics, figures } = measure.finish();
  const { values, gamma, readsLeftOut, valuesCut } = figures?.zones ?? {
    ...{ values: 0, gamma: { positive: 0 }, readsLeftOut: 0, valuesCut: 0 },
  };
  return {
    values,
    gamma: Math.round(1_000 * (metrics!["gamma_max_ms"].value ?? 0)),
    delta: Math.round(1_000 * (metrics!["delta_max_ms"].value ?? 0)),
    positive: gamma.positive,
    leftOut: readsLeftOut,
    cut: valuesCut,
  };
}

describe("zones", () => {
  it("score nothing in a history of one register", () => {
    const good = [put(1, 0, 10), get([1], 20, 30), put(2, 40, 50), get([2], 45, 55), get([2], 60, 70)];
    assert.deepEqual(scores(good), { values: 2, gamma: 0, delta: 0, positive: 0, leftOut: 0, cut: 0 });
  });
  it("of a stale read score how late it began, after the write that it missed had ended", () => {
    const bad = [put(1, 0, 10), put(2, 20, 30), get([2], 40, 50), get([1], 65, 75)];
    // Value 1 lasted from 10 to 65, value 2 from 30 to 40: 2 lies inside 1 and is nearer to its beginning.
    assert.deepEqual(scores(bad), { values: 2, gamma: 30, delta: 35, positive: 2, leftOut: 0, cut: 0 });
  });
  it("of two values in turn score the shorter way out of each other", () => {
    const turns = [put(1, 0, 10), put(2, 5, 15), get([1], 20, 30), get([2], 35, 45), get([1], 50, 60)];
    assert.equal(scores(turns).gamma, 25);
    assert.equal(scores(turns).delta, 25);
  });
  it("do not score what overlaps: either order would do", () => {
    assert.equal(scores([put(1, 0, 50), put(2, 10, 60), get([1], 55, 70), get([2], 65, 80)]).gamma, 0);
  });
  it("know of a write without an answer what its readers tell", () => {
    const unread = [put(1, 0, 10), put(2, 20, 30, { outcome: "timeout" }), get([1], 40, 50)];
    assert.deepEqual(scores(unread), { values: 1, gamma: 0, delta: 0, positive: 0, leftOut: 0, cut: 0 });
    assert.equal(scores([...unread, get([2], 60, 70), get([1], 80, 90)]).gamma, 10);
    assert.equal(scores([put(1, 0, 10), put(2, 20, 30, { outcome: "unavailable" })]).values, 1);
  });
  it("take a read of nothing for the state before all writes, unless the key has a delete", () => {
    assert.equal(scores([put(1, 0, 10), get([], 25, 30)]).gamma, 15);
    const deleted = [put(1, 0, 10), remove(2, 15, 20), get([], 25, 30)];
    assert.deepEqual([scores(deleted).gamma, scores(deleted).leftOut], [0, 1]);
  });
  it("leave reads of several versions out, and count them", () => {
    const siblings = [put(1, 0, 10), put(2, 20, 30), get([1, 2], 40, 50), get([2], 60, 70)];
    assert.deepEqual([scores(siblings).gamma, scores(siblings).leftOut], [0, 1]);
  });
  it("take a write of the load phase for ended when the warm-up begins", () => {
    const load = put(1, -90, -80, { phase: "load" });
    assert.equal(scores([load, get([1], 10, 20)]).values, 1);
    assert.equal(scores([load, put(2, 10, 20), get([2], 30, 40), get([1], 50, 60)]).gamma, 30);
  });
  it("of other phases are history and no values of their own", () => {
    const early = [put(1, 0, 10, { phase: "warmup" }), put(2, 20, 30), get([1], 40, 50)];
    assert.equal(scores(early).values, 2);
    assert.equal(scores([put(1, 0, 10, { phase: "warmup" })]).values, 0);
  });
  it("are told apart by key", () => {
    assert.equal(scores([put(1, 0, 10), put(2, 20, 30, { key: "b" }), get([1], 40, 50)]).gamma, 0);
  });

  it("score what the definitions say, for any small history", () => {
    fc.assert(
      fc.property(histories(), (operations) => {
        const { gamma, delta } = scores(operations);
        assert.equal(gamma, leastThatMends(operations, stretched), "Γ");
        assert.equal(delta, leastThatMends(operations, movedBack), "Δ");
      }),
      { numRuns: 300, seed: 1 },
    );
  });
  it("score no more with little memory than with much, and say when it may be less", () => {
    let cut = 0;
    fc.assert(
      fc.property(histories(), (operations) => {
        const [whole, little] = [scores(operations), scores(operations, 3)];
        assert.ok(little.gamma <= whole.gamma && little.delta <= whole.delta);
        // An unanswered write of which only its readers tell may be forgotten before they come.
        assert.ok(little.values === whole.values || little.leftOut > whole.leftOut);
        if (little.gamma < whole.gamma) assert.ok(little.cut + little.leftOut > 0);
        cut += little.cut;
      }),
      { numRuns: 300, seed: 2 },
    );
    assert.ok(cut > 0, "some history was cut");
  });
  it("keep a bounded number of values of a key", () => {
    const grid = new IntervalGrid(100);
    grid.begin(PHASES);
    const measure = new ZonesMeasure({ grid });
    for (let i = 1; i <= 20_000; i++) measure.operation(put(i, i * 10, i * 10 + 5, { key: `k${i % 3}` }));
    assert.ok((measure as unknown as { held: number }).held <= 3 * 64);
    assert.equal(measure.finish().figures?.zones?.values, 20_000);
  });
  it("are left out and counted where there is no room for a new key", () => {
    const grid = new IntervalGrid(100);
    grid.begin(PHASES);
    const measure = new ZonesMeasure({ grid }, 64, 2);
    for (const [i, key] of ["a", "b", "c", "a"].entries()) measure.operation(put(i + 1, i * 10, i * 10 + 5, { key }));
    const { values, valuesLeftOut } = measure.finish().figures!.zones!;
    assert.deepEqual([values, valuesLeftOut], [3, 1]);
  });
  it("are a metric and a figure of a trial, with a share and its interval", () => {
    const trial = new TrialFold({ intervalMs: 100, percentiles: [], phases: PHASES });
    for (const one of [put(1, 0, 10), put(2, 20, 30), get([2], 40, 50), get([1], 65, 75), put(3, 80, 90, { key: "b" })])
      trial.operation(one);
    const { metrics, figures } = trial.finish(END);
    const { value, lo, hi, n } = metrics["gamma_positive"];
    assert.deepEqual([value, n], [2 / 3, 3]);
    assert.ok(lo! < 2 / 3 && hi! > 2 / 3);
    assert.deepEqual(figures.zones!.gamma, { positive: 2, positiveMs: { count: 2, at: [0.5, 1], ms: [0.03, 0.03] } });
  });
});

/** Up to seven operations on one key, of single versions that had begun when the read ended; some writes unanswered. */
function histories(): fc.Arbitrary<OperationRecord[]> {
  const times = fc.record({ start: fc.integer({ min: 1, max: 40 }), length: fc.integer({ min: 1, max: 12 }) });
  const writes = fc.array(fc.record({ at: times, answered: fc.boolean() }), { minLength: 1, maxLength: 4 });
  const reads = fc.array(fc.record({ at: times, pick: fc.nat(4) }), { maxLength: 4 });
  return fc.record({ writes, reads }).map(({ writes: made, reads: asked }) => {
    const puts = made.map(({ at, answered }, i) =>
      put(i + 1, at.start, at.start + at.length, {
        id: i,
        session: i + 1,
        outcome: answered || i === 0 ? "ok" : "timeout",
      }),
    );
    const gets = asked.flatMap(({ at, pick }, i) => {
      const end = at.start + at.length;
      const possible = [0, ...puts.filter(({ start }) => start <= end).map(({ writeId }) => writeId)];
      const id = possible[pick % possible.length];
      return [get(id === 0 ? [] : [id], at.start, end, { id: 10 + i, session: 10 + i })];
    });
    return [...puts, ...gets];
  });
}

type Change = (operation: OperationRecord, by: number) => OperationRecord;

/** In half microseconds, so that half of an odd stretch is a whole number. */
const stretched: Change = (one, by) => ({ ...one, start: 2 * one.start - by, end: 2 * one.end + by });
const movedBack: Change = (one, by) => ({
  ...one,
  start: 2 * one.start - (one.kind === "read" ? 2 * by : 0),
  end: 2 * one.end,
});

function leastThatMends(operations: readonly OperationRecord[], change: Change): number {
  for (let by = 0; by < 200; by++) if (hasOrder(operations.map((one) => change(one, by)))) return by;
  return assert.fail("nothing mends it");
}

/** Is there an order of all operations, respecting real time, in which every read returns the write before it? */
function hasOrder(operations: readonly OperationRecord[]): boolean {
  // What was not answered may never have happened; a read of it says that it has.
  const needed = operations.filter(
    ({ kind, outcome, writeId }) =>
      kind === "read" || outcome === "ok" || operations.some(({ versions }) => versions.includes(writeId)),
  );
  const end = ({ outcome, end: at }: OperationRecord): number => (outcome === "ok" ? at : Infinity);
  const search = (left: readonly OperationRecord[], value: number): boolean => {
    if (left.length === 0) return true;
    return left.some((next) => {
      if (left.some((other) => other !== next && end(other) < next.start)) return false;
      const rest = left.filter((other) => other !== next);
      if (next.kind !== "read") return search(rest, next.writeId);
      return (next.versions[0] ?? 0) === value && search(rest, value);
    });
  };
  return search(needed, 0);
}
