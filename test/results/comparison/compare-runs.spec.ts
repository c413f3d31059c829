/** Who is compared with whom, whether they may be, and what the rows say; each way that two runs fail to fit has its sentence. */
import assert from "node:assert/strict";
import { compareRuns, type ComparisonOptions } from "../../../results/comparison/compare-runs";
import type { RunComparison } from "../../../results/comparison/run-comparison";
import { fewestRepetitions } from "../../../results/comparison/rows";
import { NotComparable } from "../../../results/comparison/sides";
import { Random } from "../../../engine/vocabulary/random";
import type { LoadedRun } from "../../../results/record/run-folder";
import { holm } from "../../../results/statistics/holm";
import { hodgesLehmann, signedRank } from "../../../results/statistics/signed-rank";
import { around, madeUpComparable } from "./made-up-runs";

const compared = (runs: readonly LoadedRun[], options: ComparisonOptions = {}): RunComparison =>
  compareRuns(
    runs.map((run) => ({ run })),
    options,
  ).comparison;

const single = (value: number, n = 12, resolved: Readonly<Record<string, unknown>> = {}): LoadedRun =>
  madeUpComparable({ base: { repetitions: around("read_p99_ms", value, n), resolved } });

const kinds = ({ comparability }: RunComparison): string[] => comparability.differences.map(({ kind }) => kind);

describe("a comparison of runs", () => {
  it("matches the only configurations of two runs, named by what differs, and decides as the paired test does", () => {
    const comparison = compared([single(20, 12, { "tunables.r": 1 }), single(25, 12, { "tunables.r": 2 })]);
    assert.deepEqual(
      comparison.sides.map(({ letter, name }) => [letter, name]),
      [
        ["A", "r=1"],
        ["B", "r=2"],
      ],
    );
    const [row] = comparison.rows;
    const differences = around("read_p99_ms", 25).map(
      (one, i) => one.read_p99_ms - around("read_p99_ms", 20)[i].read_p99_ms,
    );
    const twin = hodgesLehmann(differences);
    assert.deepEqual([row.difference, row.lo, row.hi], [twin.estimate, twin.lo, twin.hi]);
    assert.equal(row.p, signedRank(differences).p);
    assert.equal(row.verdict, "worse");
    assert.equal(row.method, "signed-rank");
    assert.equal(row.pairs.length, 12);
    assert.deepEqual(
      comparison.parameters.filter(({ differs }) => differs),
      [{ key: "tunables.r", values: ["1", "2"], differs: true }],
    );
    assert.equal(comparison.comparability.comparable, true);
  });

  it("calls better what is better, and neither where a metric has no good direction", () => {
    const rows = (metric: string): readonly string[] =>
      compared(
        [10, 20].map((value) => madeUpComparable({ base: { repetitions: around(metric, value) } })),
        { metrics: [metric] },
      ).rows.map(({ verdict }) => verdict);
    assert.deepEqual(rows("throughput_ops_s"), ["better"]);
    assert.deepEqual(rows("read_p99_ms"), ["worse"]);
    assert.deepEqual(rows("read_repairs"), ["different"]);
  });

  it("corrects over the whole table: all configurations, metrics and sides", () => {
    const run = (by: number): LoadedRun =>
      madeUpComparable(
        Object.fromEntries(
          [1, 2].map((r) => [
            `r${r}`,
            {
              axes: { r },
              repetitions: around("read_p99_ms", 10 * r + by, 9, 0.03).map((one, i) => ({
                ...one,
                write_p99_ms: 10 + ((i * 7 + by) % 5),
              })),
            },
          ]),
        ),
      );
    const { rows, analysis } = compared([run(0), run(0.05), run(3)], { metrics: ["read_p99_ms", "write_p99_ms"] });
    assert.equal(rows.length, 8);
    assert.equal(analysis.tested, 8);
    assert.deepEqual(
      rows.map(({ pAdjusted }) => pAdjusted),
      holm(rows.map(({ p }) => p)),
    );
  });

  it("lists configurations that stand on one side only, and compares the others", () => {
    const run = (values: readonly number[]): LoadedRun =>
      madeUpComparable(
        Object.fromEntries(values.map((r) => [`r${r}`, { axes: { r }, repetitions: around("read_p99_ms", r) }])),
      );
    const { groups, unmatched, rows } = compared([run([1, 2, 3]), run([2, 3, 4])]);
    assert.deepEqual(
      groups.map(({ label }) => label),
      ["R=2", "R=3"],
    );
    assert.deepEqual(
      unmatched.map(({ letter, label }) => `${letter} ${label}`),
      ["A R=1", "B R=4"],
    );
    assert.equal(rows.length, 2);
  });

  it("matches by what is set where the runs vary different axes", () => {
    const swept = madeUpComparable(
      Object.fromEntries(
        [1, 2].map((r) => [
          `r${r}`,
          { axes: { r }, resolved: { "tunables.r": r }, repetitions: around("read_p99_ms", r) },
        ]),
      ),
    );
    const { groups, unmatched } = compared([single(7, 12, { "tunables.r": 2 }), swept]);
    assert.deepEqual(
      groups.map(({ cells }) => cells),
      [["base", "r2"]],
    );
    assert.deepEqual(
      unmatched.map(({ cell }) => cell),
      ["r1"],
    );
  });

  it("splits one run by an axis, all else equal, the first value being the baseline", () => {
    const run = madeUpComparable(
      Object.fromEntries(
        [
          { r: 1, w: 1 },
          { r: 3, w: 1 },
          { r: 2, w: 2 },
        ].map((axes) => [`r${axes.r}-w${axes.w}`, { axes, repetitions: around("read_p99_ms", 10 * axes.r) }]),
      ),
    );
    const comparison = compared([run], { by: ["r"] });
    assert.deepEqual(
      comparison.sides.map(({ name }) => name),
      ["R=1", "R=3", "R=2"],
    );
    assert.deepEqual(
      comparison.groups.map(({ cells }) => cells),
      [["r1-w1", "r3-w1", null]],
    );
    assert.deepEqual(
      comparison.unmatched.map(({ cell }) => cell),
      ["r2-w2"],
    );
    assert.deepEqual(
      compared([run], { by: ["r", "w"] }).rows.map(({ letter, verdict }) => letter + verdict),
      ["Bworse", "Cworse"],
    );
  });

  it("pairs by seed only where the workload is the same, and says when it does not", () => {
    const other = madeUpComparable(
      { base: { repetitions: around("read_p99_ms", 30) } },
      { seed: (i) => 100 + i, manifest: { seed: 2 } },
    );
    const unpaired = compared([single(20), other]);
    assert.equal(unpaired.rows[0].method, "mann-whitney");
    assert.equal(unpaired.rows[0].verdict, "worse");
    assert.deepEqual(unpaired.rows[0].pairs, []);
    assert.ok(kinds(unpaired).includes("seed"));
    const busier = compared([single(20), single(30, 12, { "workload.rate": "900/s" })]);
    assert.equal(busier.rows[0].method, "mann-whitney");
    assert.match(
      busier.comparability.differences.map(({ text }) => text).join(),
      /workload differs, so repetitions are not paired: workload\.rate/,
    );
  });

  it("pairs the repetitions that both have, where one run is shorter", () => {
    const short = compared([single(20, 12), single(25, 9)]);
    assert.equal(short.rows[0].method, "signed-rank");
    assert.equal(short.rows[0].n, 9);
    assert.equal(short.rows[0].baseline?.n, 12);
  });

  it("leaves failed and invalid trials out, and tells", () => {
    const spoilt = madeUpComparable(
      { base: { repetitions: [...around("read_p99_ms", 25, 10), null, null] } },
      { invalid: [0] },
    );
    const comparison = compared([single(20), spoilt]);
    assert.equal(comparison.rows[0].n, 9);
    assert.ok(["failed-trials", "invalid-trials"].every((kind) => kinds(comparison).includes(kind)));
  });

  it("tells what differs around the numbers: versions, profile, phases, experiment, an unfinished run, missing trials", () => {
    const b = madeUpComparable(
      { base: { repetitions: around("read_p99_ms", 20), resolved: { "phases.measure": "20s" } } },
      {
        experiment: "other",
        semantics: "4",
        manifest: {
          profile: "smoke",
          status: "interrupted",
          quorumlab: { ...single(1).manifest.quorumlab, version: "9.9.9" },
        },
      },
    );
    const missing = { ...b, cells: b.cells.map((cell) => ({ ...cell, trials: [...cell.trials, "gone"] })) };
    const comparison = compared([single(20), missing]);
    for (const kind of ["semantics", "version", "profile", "phases", "experiment", "unfinished", "missing-trials"])
      assert.ok(kinds(comparison).includes(kind), kind);
    assert.equal(comparison.comparability.comparable, true);
    // Another semantics version may draw other streams from equal seeds.
    assert.equal(comparison.rows[0].method, "mann-whitney");
  });

  it("refuses times that two machines measured, and shows them with the refusal when forced; virtual time knows no machine", () => {
    const machine = { ...single(1).manifest.machine, cpu: "another" };
    const pair = (world: "processes" | "simulation"): LoadedRun[] => [
      madeUpComparable({ base: { repetitions: around("read_p99_ms", 20) } }, { world }),
      madeUpComparable({ base: { repetitions: around("read_p99_ms", 25) } }, { world, manifest: { machine } }),
    ];
    const refused = compared(pair("processes"));
    assert.equal(refused.comparability.comparable, false);
    assert.deepEqual([refused.rows, refused.shifts], [[], []]);
    const forced = compared(pair("processes"), { force: true });
    assert.equal(forced.comparability.comparable, false);
    assert.equal(forced.rows[0].verdict, "worse");
    const simulated = compared(pair("simulation"));
    assert.deepEqual(
      simulated.comparability.differences.map(({ kind, weight }) => [kind, weight]),
      [["hardware", "note"]],
    );
  });

  it("never holds a simulated configuration against a measured one", () => {
    const comparison = compared([
      madeUpComparable({ base: { repetitions: around("read_p99_ms", 20) } }, { world: "processes" }),
      madeUpComparable({ base: { repetitions: around("read_p99_ms", 20) } }, { world: "simulation" }),
    ]);
    assert.equal(comparison.comparability.comparable, false);
    assert.equal(comparison.rows.length, 0);
    assert.match(comparison.unmatched[0].why, /measured on processes/);
  });

  it("tells trials that both runs share: they agree by construction", () => {
    const a = single(20);
    const b = { ...single(20), trials: a.trials };
    const comparison = compared([a, b]);
    assert.ok(kinds(comparison).includes("shared-trials"));
    assert.equal(comparison.rows[0].verdict, "same");
  });

  it("refuses in one sentence what is no comparison", () => {
    const a = single(20);
    const says = (act: () => unknown): string => {
      try {
        act();
      } catch (error) {
        assert.ok(error instanceof NotComparable);
        return error.message;
      }
      return assert.fail("it was compared");
    };
    assert.match(
      says(() => compared([a])),
      /--by/,
    );
    assert.match(
      says(() => compared([a, a])),
      /the same run .* a run does not differ from itself/,
    );
    assert.match(
      says(() => compared([a, { ...single(1), trials: [] }])),
      /no trial/,
    );
    assert.match(
      says(() => compared([a], { by: ["r"] })),
      /varies nothing/,
    );
    const swept = madeUpComparable({ r1: { axes: { r: 1 }, repetitions: around("read_p99_ms", 1) } });
    assert.match(
      says(() => compared([swept], { by: ["w"] })),
      /does not vary w; it varies r/,
    );
    assert.match(
      says(() => compared([swept], { by: ["r"] })),
      /the same r/,
    );
    assert.match(
      says(() => compared([a, swept], { by: ["r"] })),
      /one run/,
    );
    assert.match(
      says(() => compareRuns([{ run: a, cell: "none" }, { run: swept }])),
      /no configuration "none"; it has base/,
    );
    assert.match(
      says(() => compared(Array.from({ length: 13 }, () => single(1)))),
      /13 sides are too many/,
    );
  });

  it("compares two configurations of one run when they are named", () => {
    const run = madeUpComparable({
      r1: { axes: { r: 1 }, repetitions: around("read_p99_ms", 20) },
      r2: { axes: { r: 2 }, repetitions: around("read_p99_ms", 30) },
    });
    const { comparison } = compareRuns([
      { run, cell: "r1" },
      { run, cell: "r2" },
    ]);
    assert.deepEqual(
      comparison.groups.map(({ cells }) => cells),
      [["r1", "r2"]],
    );
    assert.equal(comparison.rows[0].verdict, "worse");
  });
});

describe("a row without a verdict", () => {
  const rowOf = (
    a: readonly object[],
    b: readonly object[],
    metrics: readonly string[],
  ): RunComparison["rows"][number] =>
    compared(
      [a, b].map((repetitions) => madeUpComparable({ base: { repetitions: repetitions as never } })),
      { metrics },
    ).rows[0];
  const twelve = (value: unknown): object[] =>
    Array.from({ length: 12 }, () => ({ convergence_s: value, read_p50_ms: 1 }));

  it("says that one side did not measure it", () => {
    const row = rowOf(around("read_p99_ms", 2), around("read_p50_ms", 2), ["read_p99_ms"]);
    assert.equal(row.verdict, "incomparable");
    assert.equal(row.reason, "B did not measure it");
    assert.equal(row.value, null);
  });

  it("says that nothing could be measured where no operation succeeded", () => {
    const row = rowOf(twelve(3), twelve(null), ["convergence_s"]);
    assert.equal(row.verdict, "inconclusive");
    assert.match(row.reason!, /B has no value/);
  });

  it("never replaces what never happened by when one looked last", () => {
    const row = rowOf(
      twelve(3),
      twelve(9).map((one, i) => (i < 5 ? { ...one, convergence_s: { atLeast: 60 } } : one)),
      ["convergence_s"],
    );
    assert.equal(row.verdict, "inconclusive");
    assert.equal(row.difference, null);
    assert.equal(row.value?.never, 5);
    assert.match(row.reason!, /never happened in 5 of 12 repetitions of B/);
  });

  it("says how many repetitions would be needed to show anything at all", () => {
    const row = rowOf(around("read_p99_ms", 2, 1), around("read_p99_ms", 4, 1), ["read_p99_ms"]);
    assert.equal(row.verdict, "inconclusive");
    assert.equal(row.n, 1);
    assert.deepEqual([row.lo, row.hi], [null, null]);
    assert.equal(row.needs, 6);
    assert.match(row.reason!, /at least 6 are needed/);
  });

  it("guesses how many would decide it from how wide the interval is", () => {
    // Twelve differences of about nought that are as often up as down, 3 % apart: wider than the floor of 2 %.
    const b = around("read_p99_ms", 100, 12, 0).map((one, i) => ({
      read_p99_ms: one.read_p99_ms + 3 * (i % 2 === 0 ? 1 : -1) + i / 100,
    }));
    const row = rowOf(around("read_p99_ms", 100, 12, 0), b, ["read_p99_ms"]);
    assert.equal(row.verdict, "inconclusive");
    const half = Math.max(row.hi! - row.difference!, row.difference! - row.lo!);
    assert.equal(row.needs, Math.ceil(12 * (half / (2 - Math.abs(row.difference!))) ** 2));
  });

  it("knows the fewest repetitions that pass a correction", () => {
    // 2/2^9 × 10 = 0.039 and 2/2^8 × 10 = 0.078; 2/C(12, 6) × 10 = 0.022 and 2/C(10, 5) × 10 = 0.079.
    assert.equal(fewestRepetitions("signed-rank", 10, 0.05), 9);
    assert.equal(fewestRepetitions("mann-whitney", 10, 0.05), 6);
    assert.equal(fewestRepetitions("signed-rank", 1, 0.05), 6);
  });
});

describe("an A/A comparison", () => {
  const METRICS = ["read_p50_ms", "read_p99_ms", "write_p50_ms", "write_p99_ms", "throughput_ops_s"];
  /** How many of so many comparisons of equal runs show any difference. */
  const falseFindings = (comparisons: number, seedOfB: (i: number) => number, heavy: boolean): number => {
    const random = Random.fromSeed(`a/a ${heavy}`);
    const unit = (): number => (random.nextUint32() + 0.5) / 2 ** 32;
    const normal = (): number => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit());
    const noise = (): number =>
      heavy ? Math.exp(0.2 * normal()) / Math.max(0.05, unit()) ** 0.3 : Math.exp(0.05 * normal());
    const run = (seed: (i: number) => number): LoadedRun =>
      madeUpComparable(
        {
          base: {
            repetitions: Array.from({ length: 12 }, () =>
              Object.fromEntries(METRICS.map((name) => [name, 20 * noise()])),
            ),
          },
        },
        { seed },
      );
    let found = 0;
    for (let k = 0; k < comparisons; k++) {
      const { counts } = compared([run((i) => i), run(seedOfB)], { metrics: METRICS, noiseFloor: 0 });
      if (counts.better + counts.worse + counts.different > 0) found++;
    }
    return found;
  };
  // Three standard deviations above the nominal rate of 5 %.
  const most = (comparisons: number): number => comparisons * 0.05 + 3 * Math.sqrt(comparisons * 0.05 * 0.95);
  const holdsOver = (comparisons: number): void => {
    for (const [name, count] of [
      ["paired", falseFindings(comparisons, (i) => i, false)],
      ["unpaired", falseFindings(comparisons, (i) => 1_000 + i, false)],
      ["heavy", falseFindings(comparisons, (i) => i, true)],
    ] as const)
      assert.ok(count <= most(comparisons), `${name}: ${count} of ${comparisons}`);
  };

  it("shows a difference no more often than promised, over the whole table, paired and unpaired, heavy tails too", () =>
    holdsOver(40));

  it("does so over five hundred of each (long)", () => holdsOver(500)).timeout(120_000);

  it("comes out the same where the floor is wide enough, and inconclusive where it is not, never silently", () => {
    const { rows } = compared([single(20), single(20.02)], { noiseFloor: 0.02 });
    assert.equal(rows[0].verdict, "same");
    const strict = compared([single(20, 5), single(20.02, 5)], { noiseFloor: 0.02 });
    assert.equal(strict.rows[0].verdict, "inconclusive");
    assert.match(strict.rows[0].reason!, /too few/);
  });
});
