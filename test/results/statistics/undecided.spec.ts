/**
 * What could not be decided stays so over repetitions: six runs that each found no lost update, and each could not tell of
 * some writes, do not show together that none was lost. Chance shrinks with repetitions, ignorance does not.
 */
import assert from "node:assert/strict";
import type { MetricValue } from "../../../results/record/figures";
import type { Objective } from "../../../results/record/objectives";
import type { LoadedRun, RunManifest, TrialRecord } from "../../../results/record/run-folder";
import { judgeHypotheses } from "../../../results/statistics/expectations";
import { judgeObjectives } from "../../../results/statistics/service-levels";
import { summariseCells } from "../../../results/statistics/summarise";

function lost(value: number, hi: number | null): MetricValue {
  return { value, lo: value, hi, n: 100, unit: "count" };
}

function judged(all: readonly MetricValue[]) {
  const trials = all.map((metric, i) => ({
    record: {
      cell: "c",
      repetition: i,
      id: `c-${i}`,
      axes: {},
      world: "simulation",
      resolved: {},
    } as unknown as TrialRecord,
    summary: {
      schema: "quorumlab/summary@1" as const,
      metrics: { lost_updates: metric },
      validity: { verdict: "valid" as const, doubts: [] },
      calibration: null,
    },
    figures: null,
  }));
  const objective: Objective = {
    ...{ id: "o", metric: "lost_updates", repetitions: "median", op: "<=", value: 0 },
    ...{ unit: "count", severity: "fail" },
  };
  const manifest: Partial<RunManifest> = {
    slos: [objective],
    hypotheses: [{ id: "H1", text: "nothing is lost", expect: "lost_updates <= 0" }],
  };
  const cells = summariseCells(trials);
  const run: LoadedRun = { folder: "", manifest: manifest as RunManifest, trials, cells, comparisons: [] };
  const { value, lo, hi } = cells[0].metrics["lost_updates"];
  return [[value, lo, hi], judgeObjectives(run)[0].verdict, judgeHypotheses(run)[0].verdict];
}

const six = (one: MetricValue): readonly MetricValue[] => new Array<MetricValue>(6).fill(one);

describe("what could not be decided", () => {
  it("is no part of a count that is known", () => {
    assert.deepEqual(judged(six(lost(0, 0))), [[0, 0, 0], "pass", "holds"]);
    assert.deepEqual(judged(six(lost(2, 2))), [[2, 2, 2], "fail", "does not hold"]);
  });
  it("keeps the upper end up, in as many repetitions as one likes", () => {
    assert.deepEqual(judged(six(lost(0, 5))), [[0, 0, 5], "inconclusive", "inconclusive"]);
    assert.deepEqual(judged([...six(lost(0, 5)), ...six(lost(0, 5))]), [[0, 0, 5], "inconclusive", "inconclusive"]);
  });
  it("leaves it open where only a sample of keys was looked at", () => {
    assert.deepEqual(judged(six(lost(0, null))), [[0, 0, null], "inconclusive", "inconclusive"]);
  });
  it("does not keep from being refuted what is refuted by what is known", () => {
    assert.deepEqual(judged(six(lost(1, null))), [[1, 1, null], "fail", "does not hold"]);
  });
});
