/**
 * What is kept of single operations: all failures and the slowest while there is room, a sample that does not depend on the order
 * of arrival, and a table in which every answered operation stands once, at the place where counting by hand puts it.
 */
import assert from "node:assert/strict";
import { IntervalGrid } from "../../../results/measures/interval-grid";
import { binOf, SingleOperationsMeasure } from "../../../results/measures/single-operations";
import type { OperationRecord } from "../../../results/record/history";
import { EDGES_MICROS } from "../../../results/record/single-operations";
import { END, get, put, setup } from "./histories";

const SECOND = 1_000_000;

function figuresOf(operations: readonly OperationRecord[], seconds: number) {
  const grid = new IntervalGrid(1_000);
  grid.begin({ startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: seconds * SECOND });
  const measure = new SingleOperationsMeasure(setup(grid));
  for (const one of operations) measure.operation(one);
  return (measure as { finish(end: unknown): { figures?: Partial<Record<string, unknown>> } }).finish(END)
    .figures as unknown as {
    operations: import("../../../results/record/single-operations").OperationSample;
    latencyBins: import("../../../results/record/single-operations").LatencyBins;
  };
}

/** 20,000 reads over 40 s, each a little different; every 1,000th takes 2 s, every 500th write is refused. */
function history(): OperationRecord[] {
  return Array.from({ length: 20_000 }, (_, id) => {
    const start = id * 2_000;
    if (id % 500 === 7) return put(id, start, start + 300, { id, outcome: "unavailable" });
    const slow = id % 1_000 === 0;
    return get([], start, start + (slow ? 2 * SECOND : 900 + ((id * 37) % 400)), { id });
  });
}

describe("single operations", () => {
  it("keep every failure and every one of the slowest, and a bounded sample of the rest", () => {
    const { operations } = figuresOf(history(), 40);
    assert.deepEqual(operations.of, [19_960, 40, 0]);
    assert.equal(operations.drawn, 320);
    assert.equal(operations.t.length, operations.drawn + operations.slowest + 40);
    assert.equal(operations.ms.filter((ms) => ms === 2_000).length, 20);
    assert.equal(operations.fate.filter((fate) => fate === 1).length, 40);
    assert.deepEqual(operations.kinds, ["read", "update"]);
    // A uniform sample: each quarter of the run has about a quarter of it.
    for (let quarter = 0; quarter < 4; quarter++) {
      const inside = operations.t.slice(0, 320).filter((t) => Math.floor(t / 10) === quarter).length;
      assert.ok(Math.abs(inside - 80) < 35, `${inside} of 320 in quarter ${quarter}`);
    }
  });

  it("are the same whatever the order of arrival, and bounded where everything fails", () => {
    const forward = figuresOf(history(), 40);
    const backward = figuresOf(history().reverse(), 40);
    assert.deepEqual(backward.operations, { ...forward.operations, of: backward.operations.of });
    assert.deepEqual(backward.latencyBins, forward.latencyBins);
    const failed = figuresOf(
      history().map((one) => ({ ...one, outcome: "timeout" as const })),
      40,
    );
    assert.deepEqual([failed.operations.of[2], failed.operations.t.length], [20_000, 160]);
    assert.equal(failed.latencyBins, undefined);
  });

  it("leave out the load phase, spans and what was never sent", () => {
    assert.equal(
      figuresOf(
        [
          get([], 0, 10, { phase: "load" }),
          get([], 0, 10, { kind: "multi-get" }),
          get([], 0, 10, { outcome: "not_sent" }),
        ],
        1,
      ),
      undefined,
    );
  });

  it("all stand in the table of time by latency, where counting by hand puts them, columns growing with the run", () => {
    for (const stretch of [1, 60]) {
      const operations = history().map((one) => ({
        ...one,
        intended: one.start * stretch,
        end: one.start * stretch + one.end - one.start,
      }));
      const { latencyBins: bins } = figuresOf(operations, 40 * stretch);
      assert.equal(bins.widthS, stretch === 1 ? 0.4 : 25.6);
      assert.ok(bins.planes[0].columns.length <= 120);
      const byHand = new Map<string, number>();
      for (const { intended, end, outcome } of operations) {
        if (outcome !== "ok") continue;
        const column = Math.floor(end / SECOND / bins.widthS + 1e-12);
        const bin = bins.edgesMs.findLastIndex((edge) => edge <= (end - intended) / 1_000);
        byHand.set(`${column} ${bin}`, (byHand.get(`${column} ${bin}`) ?? 0) + 1);
      }
      const [plane] = bins.planes;
      const found = new Map<string, number>();
      plane.columns.forEach(([first, ...counts], column) =>
        counts.forEach((count, i) => count > 0 && found.set(`${column} ${first + i}`, count)),
      );
      assert.deepEqual(new Map([...found].sort()), new Map([...byHand].sort()));
      assert.equal(plane.count, 19_960);
    }
  });

  it("fall into the bin whose edges hold them, at every edge and beside it", () => {
    EDGES_MICROS.slice(0, -1).forEach((edge, bin) => {
      assert.equal(binOf(edge), bin);
      assert.equal(binOf(EDGES_MICROS[bin + 1] - 1), bin);
    });
    assert.deepEqual([binOf(0), binOf(3), binOf(1e9)], [0, 0, EDGES_MICROS.length - 2]);
  });
});
