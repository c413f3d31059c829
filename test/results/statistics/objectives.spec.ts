/** Objectives, hypotheses and the Pareto front on cells made by hand: proved, refuted, and what a run cannot tell. */
import assert from "node:assert/strict";
import type { Healing, MetricValue, TrialFigures } from "../../../results/record/figures";
import { shareOfPercentile, type Hypothesis, type Objective } from "../../../results/record/objectives";
import type { LoadedRun, RunManifest, TrialRecord } from "../../../results/record/run-folder";
import { groundInWords, toldTogether } from "../../../results/reports/objectives";
import { judgeHypotheses } from "../../../results/statistics/expectations";
import { paretoFront } from "../../../results/statistics/pareto";
import { failsAlone, judgeObjectives, type JudgedObjective } from "../../../results/statistics/service-levels";
import { summariseCells } from "../../../results/statistics/summarise";

type Trial = LoadedRun["trials"][number];

function exactly(value: number, unit = "ms"): MetricValue {
  return { value, lo: null, hi: null, n: 100, unit };
}

function trial(
  cell: string,
  repetition: number,
  metrics: Readonly<Record<string, MetricValue>>,
  invalid = false,
): Trial {
  const verdict = invalid ? "invalid" : "valid";
  const doubts = invalid ? [{ kind: "load", verdict: "invalid" as const, reason: "busy", advice: "wait" }] : [];
  return {
    record: {
      cell,
      repetition,
      id: `${cell}-${repetition}`,
      axes: { r: 1 },
      world: "simulation",
      resolved: { "tunables.w": 2 },
    } as unknown as TrialRecord,
    summary: { schema: "quorumlab/summary@1", metrics, validity: { verdict, doubts }, calibration: null },
    figures: null,
  };
}

function isTrial(one: Readonly<Record<string, MetricValue>> | Trial): one is Trial {
  return "record" in one && "cell" in one.record;
}

/** One cell a name, with a trial a value of `read_p99_ms`. */
function run(
  cells: Readonly<Record<string, readonly (Readonly<Record<string, MetricValue>> | Trial)[]>>,
  manifest: Partial<RunManifest>,
): LoadedRun {
  const trials = Object.entries(cells).flatMap(([cell, all]) =>
    all.map((one, i) => (isTrial(one) ? one : trial(cell, i + 1, one))),
  );
  return {
    folder: "",
    manifest: manifest as RunManifest,
    trials,
    cells: summariseCells(trials),
    comparisons: [],
  };
}

function objective(change: Partial<Objective> = {}): Objective {
  return {
    id: "o",
    metric: "read_p99_ms",
    repetitions: "median",
    op: "<=",
    value: 20,
    unit: "ms",
    severity: "fail",
    ...change,
  };
}

function judgedOf(
  values: readonly (number | MetricValue | undefined)[],
  change: Partial<Objective> = {},
): Pick<JudgedObjective, "verdict" | "ground" | "value" | "lo" | "hi" | "n"> {
  const of = values.map((value): Readonly<Record<string, MetricValue>> =>
    value === undefined ? {} : { read_p99_ms: typeof value === "number" ? exactly(value) : value },
  );
  const [{ verdict, ground, value, lo, hi, n }] = judgeObjectives(run({ a: of }, { slos: [objective(change)] }));
  return { verdict, ground, value, lo, hi, n };
}

describe("an objective on a median", () => {
  it("is met or missed where the whole interval says so, and open where it straddles", () => {
    assert.deepEqual(judgedOf([10, 11, 12, 13, 14, 15]), {
      ...{ verdict: "pass", ground: "decided", value: 12.5, lo: 10, hi: 15, n: 6 },
    });
    assert.equal(judgedOf([21, 22, 23, 24, 25, 26]).verdict, "fail");
    assert.deepEqual(
      [judgedOf([10, 11, 12, 13, 14, 21]).verdict, judgedOf([10, 11, 12, 13, 14, 21]).ground],
      ["inconclusive", "straddles"],
    );
  });

  it("is open below six repetitions, however clear they are, and where nothing was measured", () => {
    assert.equal(judgedOf([1, 1, 1, 1, 1]).ground, "too-few-repetitions");
    assert.equal(judgedOf([undefined, undefined]).ground, "not-measured");
  });

  it("takes what had not happened for more than it was seen to be", () => {
    const never: MetricValue = { ...exactly(15), atLeast: true };
    assert.equal(judgedOf([never, never, never, never, never, never]).ground, "censored");
    assert.equal(judgedOf([never, never, never, never, never, never], { value: 10 }).verdict, "fail");
    assert.equal(judgedOf([never, never, never, never, never, never], { op: ">", value: 10 }).verdict, "pass");
    assert.equal(
      judgedOf([11, 11, 11, 11, 11, 11, 11, 11, never]).verdict,
      "pass",
      "one of nine does not move a median",
    );
  });

  it("is not decided by repetitions that are all invalid, nor by any that are", () => {
    const invalid = (i: number): Trial => trial("a", i, { read_p99_ms: exactly(99) }, true);
    const all = run({ a: [1, 2, 3, 4, 5, 6].map(invalid) }, { slos: [objective()] });
    assert.equal(judgeObjectives(all)[0].ground, "invalid");
    const one = run(
      { a: [...[1, 2, 3, 4, 5, 6].map((i) => trial("a", i, { read_p99_ms: exactly(10) })), invalid(7)] },
      { slos: [objective({ repetitions: "max" })] },
    );
    assert.equal(judgeObjectives(one)[0].verdict, "pass");
  });
});

describe("an objective on the repetitions at hand", () => {
  it("asks all of them, one of them, or a share", () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100];
    assert.equal(judgedOf(values, { repetitions: "max" }).verdict, "fail");
    assert.deepEqual(judgedOf(values, { repetitions: "p90" }).value, 9);
    assert.equal(judgedOf(values, { repetitions: "p90" }).verdict, "pass");
    assert.equal(judgedOf(values, { repetitions: "p95" }).verdict, "fail");
    assert.equal(judgedOf(values, { repetitions: "min", op: "<", value: 1 }).verdict, "fail");
    assert.equal(judgedOf([3], { repetitions: "max" }).verdict, "pass", "one repetition is what there is");
  });

  it("keeps open what one of them did not measure, and fails where the others do already", () => {
    assert.equal(judgedOf([1, undefined, 2], { repetitions: "max" }).ground, "partly-measured");
    assert.equal(judgedOf([1, undefined, 99], { repetitions: "max" }).verdict, "fail");
    assert.equal(judgedOf([1, undefined, 2], { repetitions: "min", value: 1 }).verdict, "pass");
  });

  it("does not call nothing lost where something may be", () => {
    const maybe: MetricValue = { value: 0, lo: 0, hi: 3, n: 9, unit: "count" };
    const none: MetricValue = { ...maybe, hi: 0 };
    const zero = { repetitions: "max", op: "==", value: 0, unit: "count" } as const;
    assert.equal(judgedOf([none, none], zero).verdict, "pass");
    assert.equal(judgedOf([none, maybe], zero).verdict, "inconclusive");
    assert.equal(judgedOf([none, { ...maybe, value: 1, lo: 1, hi: 1 }], zero).verdict, "fail");
  });

  it("reads percentiles by their digits", () => {
    assert.deepEqual(["p90", "p5", "p999", "p9999", "p0", "p", "90"].map(shareOfPercentile), [
      ...[0.9, 0.05, 0.999, 0.9999, undefined, undefined, undefined],
    ]);
  });
});

describe("an objective on one fault's convergence", () => {
  const outage = (change: Partial<Healing>): Healing => ({
    ...{ faults: ["split"], endedAtS: 9, convergedS: null, divergedUntilS: 1, observedS: 1 },
    keys: { atS: [1, 4, 6], converged: [2, 7, 0], censored: [0, 0, 1] },
    ...change,
  });
  const judge = (
    healings: readonly Healing[],
    divergent: readonly (number | null)[],
    change: Partial<Objective> = {},
  ): JudgedObjective => {
    const figures = {
      convergence: { resolutionS: 1, unobserved: 0, healings },
      divergence: { t: divergent.map((_, i) => i + 8), columns: { divergent } },
    } as unknown as TrialFigures;
    const one: Trial = { ...trial("a", 1, {}), figures };
    const asked = objective({
      metric: "convergence_s",
      unit: "s",
      fault: "split",
      keys: "max",
      repetitions: "max",
      value: 5,
      ...change,
    });
    return judgeObjectives(run({ a: [one] }, { slos: [asked] }))[0];
  };

  it("counts from the end of that fault, through later ones to the end of the run", () => {
    // 8 9 10 11 12 13 …: the next fault begins at 11 s.
    const healed = judge(
      [outage({}), outage({ faults: ["other"], convergedS: 99, endedAtS: 12 })],
      [5, 5, 4, 3, 2, 0, 0],
    );
    assert.deepEqual([healed.verdict, healed.value, healed.lo, healed.hi], ["pass", 4, 3, 4]);
    const never = judge([outage({})], [5, 5, 4, 0, 2, 1, 1]);
    assert.deepEqual([never.verdict, never.value, never.atLeast, never.ground], ["inconclusive", 5, true, "censored"]);
    assert.equal(judge([outage({})], [5, 5, 4, 0, 2, 1, 1], { value: 4 }).verdict, "fail");
    assert.equal(judge([outage({ convergedS: 2, divergedUntilS: 1 })], [5, 5, 4, 0, 2, 1, 1]).value, 2);
  });

  it("asks a share of the keys where the objective does", () => {
    assert.equal(judge([outage({})], [], { keys: "p50" }).value, 4);
    assert.equal(judge([outage({})], [], { keys: "p99" }).atLeast, true);
  });

  it("is narrowed by looking more often, and by more repetitions only where they are what decides", () => {
    const between = judge([outage({ convergedS: 4, divergedUntilS: 3 })], [], { value: 3.5 });
    assert.equal(between.ground, "straddles");
    assert.match(
      groundInWords(between),
      /it lies between 3\u00a0s and 4\u00a0s; a shorter measure\.divergence_scan\.every would tell$/,
    );
    const median = { ...between, objective: { ...between.objective, repetitions: "median" } };
    assert.match(
      groundInWords(median),
      /; more repetitions, or a shorter measure\.divergence_scan\.every, would tell$/,
    );
    const latency = { ...between, objective: objective() };
    assert.match(groundInWords(latency), /; more repetitions would tell$/);
  });

  it("is not measured where the fault never came", () => {
    assert.equal(judge([outage({ faults: ["other"] })], []).ground, "not-measured");
  });
});

describe("objectives of several configurations told together", () => {
  const slow = (...values: readonly (number | MetricValue)[]): Readonly<Record<string, MetricValue>>[] =>
    values.map((value) => ({ convergence_s: typeof value === "number" ? exactly(value, "s") : value }));
  const never = (value: number): MetricValue => ({ ...exactly(value, "s"), lo: value, atLeast: true });
  const told = (cells: Readonly<Record<string, Readonly<Record<string, MetricValue>>[]>>): string[] =>
    toldTogether(
      judgeObjectives(
        run(cells, { slos: [objective({ metric: "convergence_s", unit: "s", repetitions: "max", value: 3 })] }),
      ).filter(({ verdict }) => verdict !== "pass"),
    ).map(({ first, many, value, ground }) =>
      `${first.cell.id} ${many}: ${value} (${ground})`.replaceAll("\u00a0", " "),
    );

  it("print one value where all have it, and else from the least to the most", () => {
    assert.deepEqual(told({ a: slow(9, 9), b: slow(9, 8), c: slow(1, 1) }), ["a 2: 9 s (max of 2 repetitions)"]);
    assert.deepEqual(told({ a: slow(never(9), 1), b: slow(3.5, 1), c: slow(4, 4) }), [
      "a 3: 3.5 s to at least 9 s (max of 2 repetitions)",
    ]);
    assert.deepEqual(
      told({ a: slow(never(5), 1), b: slow(9, 1) }),
      ["a 2: at least 5 s to at least 9 s (max of 2 repetitions)"],
      "what never came may be later than what came last",
    );
  });

  it("keep apart what is open for different reasons, and give ends that hold for each", () => {
    const between = (lo: number, value: number): MetricValue => ({ ...exactly(value, "s"), lo, hi: value });
    assert.deepEqual(told({ a: slow(between(2, 4)), b: slow(never(2)), c: slow(between(2.5, 5)) }), [
      "a 2: 4 s to 5 s (max of 1 repetition: it lies between 2 s and 5 s; a shorter measure.divergence_scan.every would tell)",
      "b 1: at least 2 s (max of 1 repetition: it had not happened when nobody looked any more; a longer phases.drain would tell)",
    ]);
  });
});

describe("severity abort", () => {
  it("asks whether one trial surely fails by itself", () => {
    const lost = objective({ metric: "lost_updates", op: "==", value: 0, unit: "count", severity: "abort" });
    const of = (value: MetricValue, invalid = false): boolean =>
      failsAlone(lost, trial("a", 1, { lost_updates: value }, invalid));
    assert.equal(of(exactly(1, "count")), true);
    assert.equal(of(exactly(0, "count")), false);
    assert.equal(of({ ...exactly(0, "count"), hi: 2 }), false, "may have lost something");
    assert.equal(of(exactly(1, "count"), true), false, "an invalid trial ends nothing");
  });
});

describe("a hypothesis", () => {
  const six = (values: readonly number[]): readonly Readonly<Record<string, MetricValue>>[] =>
    values.map((value) => ({ read_p99_ms: exactly(value), p_stale: exactly(0.01, "ratio") }));
  const verdictOf = (
    hypothesis: Partial<Hypothesis>,
    cells: Readonly<Record<string, readonly Readonly<Record<string, MetricValue>>[]>>,
  ): readonly unknown[] => {
    const [one] = judgeHypotheses(run(cells, { hypotheses: [{ id: "H", text: "t", ...hypothesis }] }));
    return [one.verdict, one.met, one.refuted, one.open, one.soFar];
  };
  const A = six([10, 11, 12, 13, 14, 15]);
  const B = six([30, 31, 32, 33, 34, 35]);

  it("holds where every cell it is about proves it, and not where one refutes it", () => {
    assert.deepEqual(verdictOf({ expect: "read_p99_ms < 20ms and r == 1 and w == 2" }, { a: A }), [
      "holds",
      ["a"],
      [],
      [],
      [],
    ]);
    assert.deepEqual(verdictOf({ expect: "read_p99_ms < 20" }, { a: A, b: B }), [
      "does not hold",
      ["a"],
      ["b"],
      [],
      [],
    ]);
    assert.deepEqual(verdictOf({ expect: "read_p99_ms < 20", cells: ["a"] }, { a: A, b: B })[0], "holds");
  });

  it("is open where intervals straddle, repetitions are few, or no cell is asked", () => {
    assert.deepEqual(verdictOf({ expect: "read_p99_ms < 12ms" }, { a: A }), ["inconclusive", [], [], ["a"], []]);
    assert.deepEqual(verdictOf({ expect: "read_p99_ms < 20ms" }, { a: A.slice(0, 5) }), [
      "inconclusive",
      [],
      [],
      ["a"],
      ["a"],
    ]);
    assert.deepEqual(verdictOf({ expect: "read_p99_ms < 20ms", cells: [] }, { a: A })[0], "inconclusive");
    assert.deepEqual(verdictOf({ expect: "convergence_s < 20s" }, { a: A })[0], "inconclusive", "not measured");
  });

  it("in words alone is stated", () => {
    assert.deepEqual(verdictOf({}, { a: A })[0], "stated");
  });
});

describe("the Pareto front", () => {
  const cell = (
    latency: number | null,
    stale: number,
    atLeast = false,
  ): readonly Readonly<Record<string, MetricValue>>[] => [
    {
      read_p99_ms: { ...exactly(0), value: latency, ...(atLeast ? { atLeast: true as const } : {}) },
      throughput_ops_s: exactly(stale, "1/s"),
    },
  ];
  const goals = [
    { metric: "read_p99_ms", goal: "minimise" },
    { metric: "throughput_ops_s", goal: "maximise" },
  ] as const;

  it("holds what no other beats, ties included, and leaves out what was not measured", () => {
    const cells = {
      fast: cell(1, 10),
      rich: cell(9, 99),
      both: cell(5, 50),
      same: cell(5, 50),
      beaten: cell(6, 49),
      blank: cell(null, 1_000),
    };
    const front = paretoFront(run(cells, { pareto: goals }));
    assert.deepEqual([...front!.front], ["fast", "rich", "both", "same"]);
    assert.deepEqual(front!.left, ["blank"]);
  });

  it("takes a lower bound for no better than anything", () => {
    const front = paretoFront(run({ never: cell(1, 10, true), slow: cell(50, 10) }, { pareto: goals }));
    assert.deepEqual([...front!.front], ["slow"]);
  });

  it("is none where the experiment names no goals", () => {
    assert.equal(paretoFront(run({ a: cell(1, 1) }, {})), undefined);
  });
});
