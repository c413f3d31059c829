/** Two worlds in one run: never mixed, compared within themselves, and apart by a distance that is computed by hand here. */
import assert from "node:assert/strict";
import type { LatencySpectrum, TrialFigures } from "../../../results/record/figures";
import type { LoadedRun, TrialRecord } from "../../../results/record/run-folder";
import { compareCells } from "../../../results/statistics/compare";
import { distanceTable, worldDistances, type DistanceRow } from "../../../results/statistics/distance";
import { intervalKind, summariseCells } from "../../../results/statistics/summarise";
import { summaryTables } from "../../../results/statistics/tables";
import { inWorld, settingOf, twins, worldsOf, type World } from "../../../results/statistics/worlds";
import { emptyRun, madeUpRun, twoWorldRun } from "../fixtures";
import { trial } from "./trials";

function inThe(world: World, r: number, repetition: number, value: number): ReturnType<typeof trial> {
  const one = trial(`r${r}-${world}`, repetition, { read_p99_ms: value });
  return { ...one, record: { ...one.record, world, axes: { r, world } } };
}

describe("cells of two worlds", () => {
  it("are twins when they differ in nothing else, whatever the order of their axes", () => {
    assert.equal(settingOf({ r: 1, w: 2, world: "simulation" }), settingOf({ w: 2, r: 1 }));
    const run = twoWorldRun();
    const pairs = twins(run.cells);
    assert.equal(pairs.length, 8);
    for (const { processes, simulation } of pairs) {
      assert.deepEqual([processes.world, simulation.world], ["processes", "simulation"]);
      assert.equal(settingOf(processes.axes), settingOf(simulation.axes));
    }
    assert.deepEqual(twins(madeUpRun().cells), []);
  });

  it("fall into one run a world, with trials and comparisons of that world alone", () => {
    const run = twoWorldRun();
    assert.deepEqual(worldsOf(run), ["processes", "simulation"]);
    for (const world of worldsOf(run)) {
      const part = inWorld(run, world);
      assert.deepEqual([part.cells.length, part.trials.length, part.comparisons.length], [8, 24, 14]);
      assert.ok(part.cells.every((cell) => cell.world === world));
      assert.ok(part.trials.every(({ record }) => record.world === world));
      assert.ok(part.comparisons.every(({ cell, baseline }) => cell.endsWith(world) && baseline.endsWith(world)));
      assert.deepEqual(part.manifest.axes, ["r", "w", "clock"]);
    }
  });

  it("are compared with the baseline's twin in their own world, and corrected within it", () => {
    const trials = (["processes", "simulation"] as const).flatMap((world) =>
      [1, 2, 3].flatMap((r) =>
        Array.from({ length: 6 }, (_, k) => inThe(world, r, k, (world === "processes" ? 100 : 10) + r + k / 100)),
      ),
    );
    for (const baseline of ["r1-processes", "r1-simulation"]) {
      const rows = compareCells(trials, { baseline, metrics: ["read_p99_ms"], alpha: 0.1, noiseFloor: 0 });
      assert.deepEqual(
        rows.map((row) => [row.cell, row.baseline, Math.round(row.difference!)]),
        [
          ["r2-processes", "r1-processes", 1],
          ["r3-processes", "r1-processes", 2],
          ["r2-simulation", "r1-simulation", 1],
          ["r3-simulation", "r1-simulation", 2],
        ],
      );
      // Two rows a world: 2/2^6 twice, and not four times.
      for (const row of rows) assert.equal(row.pAdjusted, 2 * row.p!);
    }
  });

  it("have no comparison where the baseline has no twin", () => {
    const trials = [inThe("processes", 1, 0, 1), inThe("processes", 2, 0, 1), inThe("simulation", 2, 0, 1)];
    const rows = compareCells(trials, {
      baseline: "r1-processes",
      alpha: 0.05,
      noiseFloor: 0,
      metrics: ["read_p99_ms"],
    });
    assert.deepEqual(
      rows.map(({ cell }) => cell),
      ["r2-processes"],
    );
  });

  it("name their world in every table, once", () => {
    const trials = [inThe("processes", 1, 0, 1), inThe("simulation", 1, 0, 1)];
    const tables = summaryTables(["r", "world"], trials, summariseCells(trials), []);
    for (const { name, header, rows } of tables) {
      assert.equal(header.filter((column) => column === "world").length, 1, name);
      for (const row of rows) assert.match(String(row[header.indexOf("world")]), /^(processes|simulation)$/);
    }
  });
});

describe("what an interval is called", () => {
  it("is an interval over repetitions from six on, and an envelope or the run's own before", () => {
    assert.deepEqual([1, 2, 5, 6].map(intervalKind), ["within-run", "envelope", "envelope", "over-repetitions"]);
  });

  it("stands in cells.csv beside the interval", () => {
    for (const [repetitions, kind] of [
      [1, "within-run"],
      [3, "envelope"],
      [6, "over-repetitions"],
    ] as const) {
      const trials = Array.from({ length: repetitions }, (_, k) => trial("a", k, { p_stale: k / 10 }, { spread: 0.1 }));
      const cells = summaryTables(["r"], trials, summariseCells(trials), []).find(({ name }) => name === "cells")!;
      assert.equal(cells.rows[0][cells.header.indexOf("interval")], kind);
    }
  });
});

const PERCENTILES = [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9];

function spectrum(kind: string, ms: readonly number[], count = 100_000): LatencySpectrum {
  return { kind, basis: "response", percentiles: PERCENTILES, ms, count, maxMs: 1_000 };
}

/** One cell in both worlds; `ms` gives the read latencies of a repetition, `stale` its share. */
function runOf(
  repetitions: number,
  ms: (world: World, repetition: number) => readonly number[],
  stale: (world: World, repetition: number) => number = () => 0.25,
): LoadedRun {
  const empty = emptyRun();
  const figures: TrialFigures = empty.trials[0].figures!;
  const trials = (["processes", "simulation"] as const).flatMap((world) =>
    Array.from({ length: repetitions }, (_, repetition) => {
      const one = trial(`a-${world}`, repetition, { p_stale: stale(world, repetition) }, { spread: 0.01 });
      const record: TrialRecord = { ...one.record, world, axes: { r: 1, world } };
      return {
        record,
        summary: one.summary,
        figures: { ...figures, spectra: [spectrum("read", ms(world, repetition))] },
      };
    }),
  );
  return { ...empty, trials, cells: summariseCells(trials), comparisons: [] };
}

const CURVE = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 30, 60];

describe("the distance between the worlds", () => {
  const rowOf = (run: LoadedRun, quantity: string, percentile: number | null): DistanceRow =>
    worldDistances(run)[0].rows.find((row) => row.quantity === quantity && row.percentile === percentile)!;

  it("is nought and one where the worlds are equal", () => {
    const [one] = worldDistances(runOf(6, () => CURVE));
    assert.deepEqual([one.processes, one.simulation, one.axes], ["a-processes", "a-simulation", { r: 1 }]);
    assert.deepEqual(
      one.rows.filter(({ quantity }) => quantity === "read").map(({ percentile }) => percentile),
      PERCENTILES.slice(1),
    );
    for (const row of one.rows)
      assert.deepEqual([row.difference.value, row.difference.lo, row.ratio!.value], [0, 0, 1], String(row.percentile));
    assert.deepEqual(
      one.nrmse.map(({ value, percentiles }) => [value, percentiles]),
      [[0, 100]],
    );
  });

  it("is the Hodges-Lehmann centre with the signed-rank interval from six pairs on", () => {
    // The processes take 1.1 to 1.6 times as long in repetition 0 to 5.
    const run = runOf(6, (world, k) => CURVE.map((ms) => (world === "processes" ? ms * (1.1 + k / 10) : ms)));
    const row = rowOf(run, "read", 50);
    assert.deepEqual([row.n, row.interval], [6, "over-repetitions"]);
    const logs = [1.1, 1.2, 1.3, 1.4, 1.5, 1.6].map(Math.log);
    const walsh = logs.flatMap((a, i) => logs.slice(i).map((b) => (a + b) / 2)).sort((a, b) => a - b);
    assert.ok(Math.abs(row.ratio!.value - Math.exp(walsh[10])) < 1e-9, "the middle of 21 Walsh means");
    assert.ok(Math.abs(row.ratio!.lo! - 1.1) < 1e-9 && Math.abs(row.ratio!.hi! - 1.6) < 1e-9, "all six cover 96.9 %");
    assert.ok(Math.abs(row.difference.value - 6 * 0.35) < 1e-9);
    assert.ok(Math.abs(row.difference.lo! - 0.6) < 1e-9 && Math.abs(row.difference.hi! - 3.6) < 1e-9);
  });

  it("pairs repetitions: what moves both worlds alike does not widen it", () => {
    const run = runOf(6, (world, k) => CURVE.map((ms) => ms * 2 ** k * (world === "processes" ? 1.25 : 1)));
    const { ratio } = rowOf(run, "read", 99);
    for (const end of [ratio!.value, ratio!.lo!, ratio!.hi!]) assert.ok(Math.abs(end - 1.25) < 1e-9);
  });

  it("with fewer pairs is the envelope of what the ranks within the runs leave open, and says so", () => {
    const run = runOf(2, (world, k) => CURVE.map((ms) => (world === "processes" ? ms * (1.2 + k / 10) : ms)));
    const row = rowOf(run, "read", 50);
    assert.deepEqual([row.n, row.interval], [2, "envelope"]);
    assert.ok(row.ratio!.lo! < 1.2 && row.ratio!.lo! > 1.15 && row.ratio!.hi! > 1.3 && row.ratio!.hi! < 1.36);
    assert.equal(
      rowOf(
        runOf(1, () => CURVE),
        "read",
        50,
      ).interval,
      "within-run",
    );
    assert.deepEqual(
      [rowOf(run, "read", 99.9).ratio!.lo, rowOf(run, "read", 99.9).ratio!.hi],
      [null, null],
      "beyond the last percentile kept nothing bounds it",
    );
  });

  it("of a metric uses the metric's own interval, and has no ratio to nought", () => {
    const row = rowOf(
      runOf(
        1,
        () => CURVE,
        (world) => (world === "processes" ? 0.05 : 0),
      ),
      "p_stale",
      null,
    );
    assert.ok(Math.abs(row.difference.value - 0.05) < 1e-12);
    assert.ok(Math.abs(row.difference.lo! - 0.03) < 1e-12 && Math.abs(row.difference.hi! - 0.07) < 1e-12);
    assert.equal(row.ratio, null);
  });

  it("over the whole curve is the root mean squared difference over the range on processes", () => {
    // Everywhere 2 ms more, over a range of 60.5 - 3.5.
    const run = runOf(1, (world) => CURVE.map((ms) => (world === "processes" ? ms + 2 : ms)));
    const [{ value, lo, n }] = worldDistances(run)[0].nrmse;
    assert.ok(Math.abs(value - 2 / (62 - 3.5)) < 1e-12, String(value));
    assert.deepEqual([lo, n], [null, 1]);
  });

  it("leaves invalid repetitions out, and compares nothing where there are no others", () => {
    const run = runOf(3, (world, k) => CURVE.map((ms) => (world === "processes" && k === 0 ? ms * 50 : ms)));
    const spoil = (which: (record: TrialRecord) => boolean): LoadedRun => ({
      ...run,
      trials: run.trials.map((one) =>
        which(one.record)
          ? { ...one, summary: { ...one.summary!, validity: { verdict: "invalid", doubts: [] } } }
          : one,
      ),
    });
    const some = worldDistances(spoil(({ world, repetition }) => world === "processes" && repetition === 0))[0];
    assert.deepEqual([some.rows[4].n, some.rows[4].ratio!.value], [2, 1]);
    assert.deepEqual(
      worldDistances(spoil(({ world }) => world === "processes")),
      [],
      "nothing is compared with an invalid trial",
    );
  });

  it("is not there without a twin or without figures", () => {
    assert.deepEqual(worldDistances(madeUpRun()), []);
    const run = runOf(2, () => CURVE);
    assert.deepEqual(worldDistances(inWorld(run, "simulation")), []);
    const bare = { ...run, trials: run.trials.map((one) => ({ ...one, summary: null, figures: null })) };
    assert.deepEqual(worldDistances(bare), []);
  });

  it("is a tidy table: axes without the world, a row a quantity, every row as long as its header", () => {
    const { header, rows } = distanceTable(["r", "world"], worldDistances(runOf(2, () => CURVE)));
    assert.deepEqual(header.slice(0, 4), ["cell_processes", "cell_simulation", "r", "quantity"]);
    assert.equal(rows.length, 10 + 1 + 1);
    for (const row of rows) assert.equal(row.length, header.length);
    assert.equal(rows.at(-1)![3], "read_nrmse");
  });
});
