import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { parseCsv, csv } from "../../../results/record/csv";
import { compareCells } from "../../../results/statistics/compare";
import { rankSum, shift } from "../../../results/statistics/rank-sum";
import { hodgesLehmann, signedRank } from "../../../results/statistics/signed-rank";
import { summariseCells, type MeasuredTrial } from "../../../results/statistics/summarise";
import { summaryTables } from "../../../results/statistics/tables";
import { trial } from "./trials";

const OPTIONS = { baseline: "a", metrics: ["read_p99_ms"], alpha: 0.05, noiseFloor: 0.02 };

/** Twelve repetitions of two cells. */
function pairs(
  a: (k: number) => number,
  b: (k: number) => number,
  metric = "read_p99_ms",
  count = 12,
): MeasuredTrial[] {
  return Array.from({ length: count }, (_, k) => [
    trial("a", k, { [metric]: a(k) }),
    trial("b", k, { [metric]: b(k) }),
  ]).flat();
}

describe("a comparison with the baseline", () => {
  it("is better or worse by the metric's direction", () => {
    const [slower] = compareCells(
      pairs(
        (k) => 10 + k,
        (k) => 13 + k + k / 100,
      ),
      OPTIONS,
    );
    assert.equal(slower.verdict, "worse");
    assert.equal(slower.method, "signed-rank");
    assert.equal(slower.n, 12);
    assert.ok(Math.abs(slower.difference! - 3.055) < 0.001);
    const [faster] = compareCells(
      pairs(
        (k) => 13 + k + k / 100,
        (k) => 10 + k,
      ),
      OPTIONS,
    );
    assert.equal(faster.verdict, "better");
    const more = pairs(
      (k) => 100 + k,
      (k) => 200 + k,
      "throughput_ops_s",
    );
    assert.equal(compareCells(more, { ...OPTIONS, metrics: ["throughput_ops_s"] })[0].verdict, "better");
  });
  it("is different, and neither better nor worse, for a metric without a direction", () => {
    const repairs = pairs(
      (k) => 10 + k,
      (k) => 20 + 2 * k,
      "read_repairs",
    );
    assert.equal(compareCells(repairs, { ...OPTIONS, metrics: ["read_repairs"] })[0].verdict, "different");
  });
  it("is made in the metrics that the report's headline names and the run has, each by its own direction", () => {
    const trials = ["a", "b"].flatMap((cell) =>
      Array.from({ length: 12 }, (_, k) =>
        trial(cell, k, {
          read_p99_ms: 10 + k,
          repair_bytes_per_op: (cell === "a" ? 100 : 200) + k / 100,
          availability: (cell === "a" ? 0.5 : 0.9) + k / 10_000,
        }),
      ),
    );
    const headline = ["repair_bytes_per_op", "availability", "convergence_s", "availability"];
    const rows = compareCells(trials, { ...OPTIONS, metrics: headline });
    assert.deepEqual(
      rows.map(({ metric, verdict }) => [metric, verdict]),
      [
        ["repair_bytes_per_op", "worse"],
        ["availability", "better"],
      ],
    );
    // Corrected for these two, and not for metrics that nobody asks about.
    assert.ok(Math.abs(rows[0].pAdjusted! - (2 * 2) / 2 ** 12) < 1e-9, String(rows[0].pAdjusted));
    for (const metrics of [undefined, []])
      assert.deepEqual(
        compareCells(trials, { baseline: "a", alpha: 0.05, noiseFloor: 0.02, ...(metrics && { metrics }) }).map(
          ({ metric }) => metric,
        ),
        ["read_p99_ms"],
      );
  });
  it("is the same only when the whole interval lies within the noise floor", () => {
    const close = pairs(
      (k) => 100 + k,
      (k) => 100 + k + (k % 2 === 0 ? 0.3 : -0.3),
    );
    assert.equal(compareCells(close, OPTIONS)[0].verdict, "same");
    const noisy = pairs(
      (k) => 100 + k,
      (k) => 100 + k + (k % 2 === 0 ? 9 : -9),
    );
    assert.equal(compareCells(noisy, OPTIONS)[0].verdict, "inconclusive");
  });
  it("calls a significant difference below the noise floor the same, not worse", () => {
    const [row] = compareCells(
      pairs(
        (k) => 100 + k,
        (k) => 101 + k + k / 1000,
      ),
      OPTIONS,
    );
    assert.ok(row.pAdjusted! < 0.05);
    assert.equal(row.verdict, "same");
  });
  it("is inconclusive with fewer repetitions than any test can decide on", () => {
    const [row] = compareCells(
      pairs(
        () => 10,
        () => 99,
        "read_p99_ms",
        5,
      ),
      OPTIONS,
    );
    assert.deepEqual([row.verdict, row.lo, row.hi], ["inconclusive", null, null]);
  });
  it("pairs repetitions only where their seeds agree", () => {
    const trials = Array.from({ length: 8 }, (_, k) => [
      trial("a", k, { read_p99_ms: 10 + k }),
      trial("b", k, { read_p99_ms: 50 + k }, { seed: 1_000 + k }),
    ]).flat();
    const [row] = compareCells(trials, OPTIONS);
    assert.equal(row.method, "mann-whitney");
    assert.equal(row.verdict, "worse");
  });
  it("leaves out repetitions in which one side has no value, and metrics that nobody measured", () => {
    const trials = pairs(
      (k) => 10 + k,
      (k) => 20 + k,
    );
    trials.push(trial("a", 12, { read_p99_ms: null }), trial("b", 12, { read_p99_ms: 5 }));
    trials.push(trial("a", 13, {}, { failed: true }), trial("b", 13, { read_p99_ms: 5 }));
    assert.equal(compareCells(trials, OPTIONS)[0].n, 12);
    assert.deepEqual(compareCells(trials, { ...OPTIONS, metrics: ["p_stale"] }), []);
    assert.deepEqual(compareCells(trials, { ...OPTIONS, baseline: undefined }), []);
  });
  it("corrects over the whole table", () => {
    const trials = [..."bcdefgh"].flatMap((cell) =>
      Array.from({ length: 8 }, (_, k) => trial(cell, k, { read_p99_ms: 20 + k })),
    );
    trials.push(...Array.from({ length: 8 }, (_, k) => trial("a", k, { read_p99_ms: 10 + k })));
    for (const row of compareCells(trials, OPTIONS)) {
      assert.equal(row.p, 2 / 2 ** 8);
      assert.equal(row.pAdjusted, (7 * 2) / 2 ** 8);
      assert.equal(row.verdict, "inconclusive", "eight repetitions cannot carry seven comparisons");
    }
  });
  it("is the same for two cells that never differ, zeros included", () => {
    assert.equal(
      compareCells(
        pairs(
          () => 0,
          () => 0,
          "p_stale",
        ),
        { ...OPTIONS, metrics: ["p_stale"] },
      )[0].verdict,
      "same",
    );
  });
});

describe("identical cells (A/A), made up", () => {
  const EXPERIMENTS = 1_500;
  /** Four standard errors above nominal: a correct procedure passes almost surely, one at 7 % fails. */
  const allowed = (rate: number): number => rate + 4 * Math.sqrt((rate * (1 - rate)) / EXPERIMENTS);
  const noises: Readonly<Record<string, (random: Random) => number>> = {
    normal: (random) => 100 + 5 * normal(random),
    lognormal: (random) => 10 * Math.exp(0.5 * normal(random)),
    "heavy-tailed": (random) => 10 / Math.sqrt(1 - random.nextFloat()),
  };

  for (const [name, draw] of Object.entries(noises)) {
    it(`are found to differ no more often than alpha, paired, noise ${name}`, () => {
      const random = Random.fromSeed(`a-a ${name}`);
      let single = 0;
      let anyOfFive = 0;
      for (let i = 0; i < EXPERIMENTS; i++) {
        const trials: MeasuredTrial[] = [];
        for (const cell of "abcdef")
          for (let k = 0; k < 12; k++) trials.push(trial(cell, k, { read_p99_ms: draw(random) }));
        const rows = compareCells(trials, { ...OPTIONS, noiseFloor: 0 });
        if (rows[0].p! < 0.05) single++;
        if (rows.some((row) => row.verdict === "better" || row.verdict === "worse")) anyOfFive++;
      }
      assert.ok(single / EXPERIMENTS <= allowed(0.05), `single tests: ${single} of ${EXPERIMENTS}`);
      assert.ok(single / EXPERIMENTS >= 0.02, `a test that never rejects is no test: ${single}`);
      assert.ok(anyOfFive / EXPERIMENTS <= allowed(0.05), `families of five: ${anyOfFive} of ${EXPERIMENTS}`);
    });

    it(`are found to differ no more often than alpha, unpaired, noise ${name}`, () => {
      const random = Random.fromSeed(`a-a unpaired ${name}`);
      let found = 0;
      for (let i = 0; i < EXPERIMENTS; i++) {
        const [a, b] = [0, 0].map(() => Array.from({ length: 9 }, () => draw(random)));
        if (rankSum(a, b).p < 0.05) found++;
      }
      assert.ok(found / EXPERIMENTS <= allowed(0.05), `${found} of ${EXPERIMENTS}`);
      assert.ok(found / EXPERIMENTS >= 0.02, `a test that never rejects is no test: ${found}`);
    });

    it(`have intervals that cover a true difference in at least 94 %, noise ${name}`, () => {
      const random = Random.fromSeed(`coverage ${name}`);
      const trueDifference = 3;
      const covered = { six: 0, twelve: 0, unpaired: 0 };
      for (let i = 0; i < EXPERIMENTS; i++) {
        const differences = Array.from({ length: 12 }, () => draw(random) + trueDifference - draw(random));
        if (covers(hodgesLehmann(differences.slice(0, 6)), trueDifference)) covered.six++;
        if (covers(hodgesLehmann(differences), trueDifference)) covered.twelve++;
        const [a, b] = [trueDifference, 0].map((offset) => Array.from({ length: 9 }, () => draw(random) + offset));
        if (covers(shift(a, b), trueDifference)) covered.unpaired++;
      }
      for (const [what, count] of Object.entries(covered))
        assert.ok(count / EXPERIMENTS >= 0.94, `${what}: ${count} of ${EXPERIMENTS}`);
    });
  }

  it("have power: a shift of one and a half standard deviations is found at twelve repetitions", () => {
    const random = Random.fromSeed("power");
    let found = 0;
    for (let i = 0; i < 300; i++) {
      const differences = Array.from({ length: 12 }, () => 1.5 + Math.SQRT2 * normal(random));
      if (signedRank(differences).p < 0.05) found++;
    }
    assert.ok(found > 240, `${found} of 300`);
  });
});

describe("a cell's summary", () => {
  it("is the median with its order-statistic interval from six repetitions on", () => {
    const trials = [5, 1, 4, 2, 6, 3].map((value, k) => trial("a", k, { read_p99_ms: value }, { spread: 100 }));
    const [cell] = summariseCells(trials);
    assert.deepEqual(cell.metrics["read_p99_ms"], { value: 3.5, lo: 1, hi: 6, n: 6, unit: "ms" });
    assert.deepEqual(cell.trials.length, 6);
    assert.equal(cell.validity.verdict, "valid");
  });
  it("is the median with the envelope of the runs' own intervals before", () => {
    const trials = [5, 1, 4].map((value, k) => trial("a", k, { read_p99_ms: value }, { spread: 0.5 }));
    assert.deepEqual(summariseCells(trials)[0].metrics["read_p99_ms"], {
      value: 4,
      lo: 0.5,
      hi: 5.5,
      n: 3,
      unit: "ms",
    });
  });
  it("leaves out what was not measured and says so with n 0 when nothing was", () => {
    const trials = [
      trial("a", 0, { read_p99_ms: null, p_stale: 0.25 }),
      trial("a", 1, { read_p99_ms: null, p_stale: null }),
    ];
    const [cell] = summariseCells(trials);
    assert.deepEqual(cell.metrics["read_p99_ms"], { value: null, lo: null, hi: null, n: 0, unit: "ms" });
    assert.equal(cell.metrics["p_stale"].n, 1);
  });
  it("leaves out invalid repetitions where there are better ones, and says so", () => {
    const trials = [
      ...[1, 2, 3].map((k) => trial("a", k, { read_p99_ms: 10 * k }, { spread: 1 })),
      trial("a", 4, { read_p99_ms: 9_000 }, { invalid: true }),
    ];
    const [cell] = summariseCells(trials);
    assert.deepEqual(cell.metrics["read_p99_ms"], { value: 20, lo: 9, hi: 31, n: 3, unit: "ms" });
    assert.equal(cell.trials.length, 4, "it is still shown");
    assert.equal(cell.validity.verdict, "doubtful");
    assert.match(
      cell.validity.doubts[0].reason,
      /^3 of 4 repetitions count; 1 is invalid and left out: somebody else was busy$/,
    );
    const cells = summaryTables(["r"], trials, [cell], []).find(({ name }) => name === "cells")!;
    const row = Object.fromEntries(cells.header.map((name, i) => [name, cells.rows[0][i]]));
    assert.deepEqual([row["n"], row["median"], row["mean"], row["max"]], [3, 20, 20, 30]);
  });
  it("has no value where no repetition is valid: none is averaged, all stay in the table of trials", () => {
    const trials = [1, 2, 3].map((k) => trial("a", k, { read_p99_ms: 5 * k }, { invalid: true }));
    const [hopeless] = summariseCells(trials);
    assert.equal(hopeless.validity.verdict, "invalid");
    assert.deepEqual(hopeless.metrics["read_p99_ms"], { value: null, lo: null, hi: null, n: 0, unit: "ms" });
    assert.match(
      hopeless.validity.doubts.find(({ kind }) => kind === "invalid-trials")!.reason,
      /^no repetition counts; 3 are invalid and left out: outside-load$/,
    );
    const [all, long, cells] = summaryTables(["r"], trials, [hopeless], []);
    assert.ok(long.rows.every((row) => row[long.header.indexOf("validity")] === "invalid"));
    const column = (name: string) => all.rows.map((row) => row[all.header.indexOf(name)]);
    assert.deepEqual(column("validity"), ["invalid", "invalid", "invalid"]);
    assert.deepEqual(column("read_p99_ms"), [5, 10, 15]);
    const row = Object.fromEntries(cells.header.map((name, i) => [name, cells.rows[0][i]]));
    assert.deepEqual([row["n"], row["median"], row["mean"], row["min"]], [0, null, null, null]);
    const mixed = summariseCells([...trials, trial("b", 1, { read_p99_ms: 7 }), trial("b", 2, {}, { failed: true })]);
    assert.deepEqual([mixed[0].metrics["read_p99_ms"].value, mixed[1].metrics["read_p99_ms"].value], [null, 7]);
  });
  it("takes what had not happened for a lower bound: the median is one, unless it would be the same had it never happened", () => {
    const all = (...bounds: readonly boolean[]) =>
      summariseCells(
        bounds.map((atLeast, k) => {
          const made = trial("a", k, { convergence_s: 10 * (k + 1) });
          const metrics = {
            convergence_s: { ...made.summary!.metrics["convergence_s"], ...(atLeast ? { atLeast } : {}) },
          };
          return { ...made, summary: { ...made.summary!, metrics } };
        }),
      )[0].metrics["convergence_s"];
    assert.deepEqual([all(false, false, false).value, all(false, false, false).atLeast], [20, undefined]);
    assert.deepEqual([all(false, false, true).value, all(false, false, true).atLeast], [20, undefined]);
    assert.deepEqual([all(true, false, false).value, all(true, false, false).atLeast], [20, true]);
    assert.deepEqual([all(false, true, true).value, all(false, true, true).hi], [20, null]);
  });
  it("does not compare bounds: neither a difference nor a rank can be told from one", () => {
    const bound = (cell: string, k: number, atLeast: boolean) => {
      const made = trial(cell, k, { convergence_s: 10 });
      const metrics = { convergence_s: { ...made.summary!.metrics["convergence_s"], ...(atLeast ? { atLeast } : {}) } };
      return { ...made, summary: { ...made.summary!, metrics } as typeof made.summary };
    };
    const arms = [0, 1, 2, 3].flatMap((k) => [bound("a", k, false), bound("b", k, k > 0)]);
    const [row] = compareCells(arms, { ...OPTIONS, baseline: "a", metrics: ["convergence_s"] });
    assert.deepEqual([row.difference, row.n, row.verdict], [null, 0, "inconclusive"]);
    const cells = summaryTables(["r"], arms, summariseCells(arms), []);
    for (const { name, header, rows } of cells.filter(({ name: of }) => of === "cells" || of === "metrics_long")) {
      const column = header.indexOf("at_least");
      assert.equal(column, header.length - (name === "cells" ? 1 : 2), `${name}: what came later stands behind`);
      assert.ok(rows.some((row) => row[column] === 1) && rows.some((row) => row[column] === null), name);
    }
  });
  it("compares no invalid repetition, and pairs the others as before", () => {
    const arm = (cell: string, value: number, invalid: (k: number) => boolean) =>
      Array.from({ length: 8 }, (_, k) =>
        trial(cell, k, { read_p99_ms: invalid(k) ? 1e6 : value + k }, { invalid: invalid(k) }),
      );
    const options = { ...OPTIONS, baseline: "a", metrics: ["read_p99_ms"] };
    const [row] = compareCells([...arm("a", 20, () => false), ...arm("b", 10, (k) => k === 3)], options);
    assert.deepEqual([row.method, row.n, row.difference, row.verdict], ["signed-rank", 7, -10, "better"]);
    const [none] = compareCells([...arm("a", 20, () => false), ...arm("b", 10, () => true)], options);
    assert.deepEqual([none.n, none.difference, none.p, none.verdict], [0, null, null, "inconclusive"]);
  });
  it("counts failed repetitions as a doubt, and a cell of failures as invalid", () => {
    const [cell] = summariseCells([trial("a", 0, { p_stale: 0 }), trial("a", 1, {}, { failed: true })]);
    assert.equal(cell.validity.verdict, "doubtful");
    assert.match(cell.validity.doubts[0].reason, /1 of 2 repetitions failed: node-2 did not start/);
    assert.equal(summariseCells([trial("a", 1, {}, { failed: true })])[0].validity.verdict, "invalid");
  });
});

describe("the tables of a run", () => {
  it("are tidy: axes as columns, a row a trial, a row a metric, empty where nothing was measured", () => {
    const trials = [trial("a", 0, { p_stale: 0.5, read_p99_ms: null }), trial("b, or so", 0, { p_stale: 1 })];
    const tables = summaryTables(
      ["r"],
      trials,
      summariseCells(trials),
      compareCells(trials, { ...OPTIONS, metrics: ["p_stale"] }),
    );
    assert.deepEqual(
      tables.map((table) => table.name),
      ["trials", "metrics_long", "cells", "comparisons"],
    );
    for (const table of tables) {
      const rows = parseCsv(csv(table.header, table.rows));
      for (const row of rows) assert.equal(row.length, table.header.length, table.name);
      assert.equal(rows.length, table.rows.length + 1);
    }
    const [header, first, second] = parseCsv(csv(tables[0].header, tables[0].rows));
    assert.equal(first[header.indexOf("read_p99_ms")], "");
    assert.equal(second[header.indexOf("cell")], "b, or so");
    assert.equal(second[header.indexOf("r")], "b, or so");
    const comparison = parseCsv(csv(tables[3].header, tables[3].rows));
    assert.equal(comparison[1][comparison[0].indexOf("verdict")], "inconclusive");
  });
});

function covers(interval: { lo: number | null; hi: number | null }, value: number): boolean {
  return interval.lo !== null && interval.hi !== null && interval.lo <= value && value <= interval.hi;
}

/** Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.nextFloat())) * Math.cos(2 * Math.PI * random.nextFloat());
}
