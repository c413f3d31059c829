/**
 * What a trial says to a search: overload is an answer, a spoilt machine is none, and a percentile of the few that got through is
 * no success. The kinds of doubt are those of the validity check itself, made by it.
 */
import assert from "node:assert/strict";
import type { MetricValue } from "../../../results/record/figures";
import type { TrialRecord } from "../../../results/record/run-folder";
import type { SaturationQuestion, SaturationTarget } from "../../../results/record/saturation";
import { judgeTrial, rateOf, saturationsOf, triedRates } from "../../../results/statistics/saturation";
import type { MeasuredTrial } from "../../../results/statistics/summarise";
import { fold, get, put } from "../measures/histories";
import { MANIFEST, record } from "../record/made-up-run";

const P99: SaturationTarget = { metric: "read_p99_ms", op: "<=", value: 20, unit: "ms" };
const metric = (value: number | null, more: Partial<MetricValue> = {}): MetricValue => ({
  ...{ value, lo: null, hi: null, n: 100, unit: "ms" },
  ...more,
});

interface Made {
  readonly p99?: MetricValue;
  readonly availability?: number;
  readonly doubts?: readonly (readonly [kind: string, verdict: "doubtful" | "invalid"])[];
  readonly of?: Partial<TrialRecord>;
}

function trial({ p99 = metric(10), availability = 1, doubts = [], of = {} }: Made = {}): MeasuredTrial {
  return {
    record: { ...record("t"), ...of },
    summary: {
      schema: "quorumlab/summary@1",
      metrics: { read_p99_ms: p99, availability: metric(availability), throughput_ops_s: metric(99) },
      validity: {
        verdict:
          doubts.length === 0 ? "valid" : doubts.some(([, verdict]) => verdict === "invalid") ? "invalid" : "doubtful",
        doubts: doubts.map(([kind, verdict]) => ({ kind, verdict, reason: `because of ${kind}`, advice: "Do." })),
      },
      calibration: null,
    },
  };
}

const verdict = (made?: Made, targets = [P99]): string => judgeTrial(trial(made), targets).verdict;

describe("a trial of a search", () => {
  it("meets when every objective holds", () => {
    assert.equal(verdict(), "met");
    assert.equal(verdict({ p99: metric(20) }), "met");
    assert.equal(verdict({ p99: metric(20) }, [{ ...P99, op: "<" }]), "failed");
    assert.equal(verdict({ p99: metric(20.1) }), "failed");
    const available: SaturationTarget = { metric: "availability", op: ">=", value: 0.999, unit: "ratio" };
    assert.equal(verdict({}, [P99, available]), "met");
    assert.equal(verdict({ availability: 0.998 }, [P99, available]), "failed");
    assert.equal(verdict({ p99: metric(30), availability: 0.9999 }, [P99, available]), "failed");
  });

  it("does not meet under overload, however good its percentile is", () => {
    for (const kind of ["achieved-rate", "dropped-operations"])
      for (const grade of ["doubtful", "invalid"] as const)
        assert.equal(verdict({ doubts: [[kind, grade]] }), "overloaded", `${kind} ${grade}`);
    assert.equal(verdict({ p99: metric(null), doubts: [["nothing-succeeded", "invalid"]] }), "overloaded");
  });

  it("does not meet when a store refuses much of what it is asked, unless the objectives say how much it may", () => {
    const refused = judgeTrial(trial({ availability: 0.6 }), [P99]);
    assert.equal(refused.verdict, "overloaded");
    assert.match(refused.why, /60 % of operations succeeded, and 95 % must/);
    assert.equal(verdict({ availability: 0.96 }), "met");
    assert.equal(
      verdict({ availability: 0.6 }, [P99, { metric: "availability", op: ">", value: 0.5, unit: "ratio" }]),
      "met",
    );
  });

  it("says nothing when the machine spoilt it, also under overload, and when it failed", () => {
    assert.equal(verdict({ doubts: [["outside-load", "invalid"]] }), "undecided");
    assert.equal(
      verdict({
        doubts: [
          ["achieved-rate", "invalid"],
          ["stolen-time", "invalid"],
        ],
      }),
      "undecided",
    );
    assert.equal(verdict({ doubts: [["outside-load", "doubtful"]] }), "met", "a doubt is no refusal");
    const failed = judgeTrial({ record: { ...record("t"), error: "no port" }, summary: null }, [P99]);
    assert.deepEqual(failed, { verdict: "undecided", why: "a trial failed: no port" });
  });

  it("says nothing of what it did not measure, unless another objective has failed anyway", () => {
    const judged = judgeTrial(trial({ p99: metric(null) }), [P99]);
    assert.deepEqual(judged, { verdict: "undecided", why: "read_p99_ms was not measured" });
    const throughput: SaturationTarget = { metric: "throughput_ops_s", op: ">", value: 1_000, unit: "1/s" };
    assert.equal(verdict({ p99: metric(null) }, [P99, throughput]), "failed");
  });

  it("takes what had not happened yet for a lower bound", () => {
    assert.equal(verdict({ p99: metric(25, { atLeast: true }) }), "failed");
    assert.equal(verdict({ p99: metric(15, { atLeast: true }) }), "undecided");
    const above: SaturationTarget = { ...P99, op: ">=" };
    assert.equal(verdict({ p99: metric(25, { atLeast: true }) }, [above]), "met");
    assert.equal(verdict({ p99: metric(15, { atLeast: true }) }, [above]), "undecided");
  });

  it("knows the doubts of overload by the names that the validity check gives them", () => {
    // 1,000 reads of 1 ms in a second, of 4,000 that were offered; and none that succeeded.
    const reads = Array.from({ length: 1_000 }, (_, i) =>
      get([], i * 1_000, i * 1_000 + 1_000, { id: i, key: `k${i}` }),
    );
    const behind = fold(reads, { offeredPerSecond: 4_000, calibration: null });
    const dropped = fold([put(1, 0, 1_000), ...reads], { offeredPerSecond: 1_000, dropped: 400, calibration: null });
    const nothing = fold(
      reads.map((one) => ({ ...one, outcome: "timeout" as const, values: 0 })),
      { offeredPerSecond: 1_000, calibration: null },
    );
    for (const [name, { summary }] of Object.entries({ behind, dropped, nothing }))
      assert.equal(judgeTrial({ record: record("t"), summary }, [P99]).verdict, "overloaded", name);
  });
});

describe("a run of a search", () => {
  const question: SaturationQuestion = {
    targets: [P99],
    ...{ fromPerSecond: 100, toPerSecond: 800, precision: 1, repetitions: 2 },
  };
  const at = (rate: number, repetition: number, p99: number, more: Made = {}): MeasuredTrial =>
    trial({
      ...more,
      p99: metric(p99),
      of: { cell: `rate${rate}`, axes: { r: 1, "workload.rate": `${rate}/s` }, repetition, world: "simulation" },
    });

  it("puts trials together by rate, with median, least and most", () => {
    const tried = triedRates([at(200, 1, 30), at(100, 1, 5), at(200, 2, 10), at(100, 2, 7)], question);
    assert.deepEqual(
      tried.map(({ ratePerSecond, met, failed, verdict: of }) => [ratePerSecond, met, failed, of]),
      [
        [100, 2, 0, "met"],
        [200, 1, 1, "grey"],
      ],
    );
    assert.deepEqual(tried[0].metrics["read_p99_ms"], { median: 6, least: 5, most: 7 });
    assert.equal(rateOf({ "workload.rate": "1.5/s" }), 1.5);
    assert.equal(rateOf({ r: 1 }), undefined);
  });

  it("pools no overloaded trial: one of them stands alone where most are, and none counts where few are", () => {
    const drowned = (rate: number, repetition: number, p99: number): MeasuredTrial =>
      at(rate, repetition, p99, { doubts: [["achieved-rate", "invalid"]] });
    const tried = triedRates(
      [drowned(200, 1, 900), drowned(200, 2, 700), at(200, 3, 8), at(100, 1, 5), drowned(100, 2, 800), at(100, 3, 7)],
      { ...question, repetitions: 3 },
    );
    assert.deepEqual(
      tried.map(({ overloaded, metrics }) => [overloaded, metrics["read_p99_ms"]]),
      [
        [1, { median: 6, least: 5, most: 7 }],
        [2, { median: 900, least: 900, most: 900 }],
      ],
    );
  });

  it("pools nothing with a trial that says nothing", () => {
    const spoilt = at(100, 3, 5_000, { doubts: [["outside-load", "invalid"]] });
    const [tried] = triedRates([at(100, 1, 5), spoilt, at(100, 2, 7)], question);
    assert.deepEqual([tried.met, tried.undecided, tried.metrics["read_p99_ms"].most], [2, 1, 7]);
    assert.deepEqual(tried.why, ["because of outside-load"]);
  });

  it("has an answer for each curve, read off the trials, and none where the run is no search", () => {
    const trials = [at(100, 1, 5), at(100, 2, 7), at(200, 1, 25), at(200, 2, 31)];
    const more = [25, 50, 75, 90].flatMap((rate) => [at(rate, 1, 3), at(rate, 2, 3)]);
    const run = (all: readonly MeasuredTrial[], saturation?: SaturationQuestion) => ({
      manifest: { ...MANIFEST, ...(saturation === undefined ? {} : { saturation }) },
      cells: [...new Map(all.map(({ record: of }) => [of.cell, of])).values()].map(({ cell, axes, world }) => ({
        ...{ id: cell, axes, world, metrics: {}, trials: [], validity: { verdict: "valid" as const, doubts: [] } },
      })),
      trials: all.map((one) => ({ ...one, figures: null })),
    });
    assert.deepEqual(saturationsOf(run(trials)), []);
    const [unfinished] = saturationsOf(run(trials, question));
    assert.deepEqual(
      [unfinished.outcome, unfinished.answer.highestMet, unfinished.answer.lowestFailed],
      ["unfinished", 100, 200],
    );
    const [curve, ...others] = saturationsOf(run([...trials, ...more], question));
    assert.deepEqual([others.length, curve.outcome, curve.axes, curve.world], [0, "found", { r: 1 }, "simulation"]);
    assert.deepEqual([curve.answer.highestMet, curve.answer.lowestFailed], [100, 200]);
  });
});
