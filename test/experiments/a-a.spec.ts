/**
 * The workbench held against itself, from the experiment's file to the verdict: arms that differ in nothing but their label. In virtual time
 * two such arms of one seed must be the same to the last digit, or a label shifts somebody's random stream and no pairing by seed is worth
 * anything. And trials of many seeds, dealt into two arms again and again, must come out different no more often than alpha a table, with the
 * metrics of real trials (correlated, tied, skewed, zero) in place of drawn ones. Real processes: `quorumlab run a-a`.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { catalogueFile } from "../../experiments/catalogue";
import { planTrials } from "../../experiments/plan";
import { runInSimulation } from "../../experiments/simulated-trial";
import { resolveExperiment } from "../../experiments/spec/resolve";
import { Random } from "../../engine/vocabulary/random";
import { compareCells } from "../../results/statistics/compare";
import type { MeasuredTrial } from "../../results/statistics/summarise";
import { trial } from "../results/statistics/trials";

const OPTIONS = { baseline: "a", alpha: 0.05, noiseFloor: 0.02 };

async function simulate(
  repetitions: number,
): Promise<readonly { readonly arm: string; readonly trial: MeasuredTrial }[]> {
  const path = catalogueFile("a-a");
  const sets = ["world=simulation", `repetitions.count=${repetitions}`];
  const resolved = resolveExperiment({ path, text: readFileSync(path, "utf8"), profile: "smoke", sets });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  const trials = [];
  for (const planned of planTrials(resolved.experiment, "")) {
    const arm = String(planned.cell.axes["tags.arm"]);
    // One arm is enough of the seeds that the other is not asked about.
    if (arm === "b" && planned.repetition > 3) continue;
    const output = await runInSimulation({
      trial: planned,
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
    });
    assert.ok(output !== undefined);
    const made = trial(arm, planned.repetition, {}, { seed: planned.seed });
    trials.push({ arm, trial: { ...made, summary: { ...made.summary!, metrics: output.metrics } } });
  }
  return trials;
}

describe("two arms that differ in their label alone", function () {
  this.timeout(60_000);
  let all: Awaited<ReturnType<typeof simulate>> = [];
  before(async () => {
    all = await simulate(17);
  });

  it("are the same to the last digit under one seed", () => {
    const both = all.map((one) => one.trial).filter(({ record }) => record.repetition <= 3);
    assert.ok(both.length >= 6);
    const rows = compareCells(both, OPTIONS);
    assert.ok(rows.length >= 4, JSON.stringify(rows.map(({ metric }) => metric)));
    for (const { metric, method, difference, p } of rows)
      assert.deepEqual([metric, method, difference, p], [metric, "signed-rank", 0, 1]);
  });

  for (const paired of [true, false])
    it(`are found to differ in at most alpha of the tables, whatever trials are dealt to them, ${paired ? "as pairs" : "as two samples"}`, () => {
      const pool = all.filter(({ arm }) => arm === "a").map((one) => one.trial);
      const random = Random.fromSeed(`deal ${String(paired)}`);
      const tables = 200;
      let found = 0;
      let open = 0;
      for (let t = 0; t < tables; t++) {
        const left = [...pool];
        const deal = (arm: string): MeasuredTrial[] =>
          Array.from({ length: 8 }, (_, k) => {
            const [taken] = left.splice(Math.floor(random.nextFloat() * left.length), 1);
            const seed = paired ? k : taken.record.seed;
            return { ...taken, record: { ...taken.record, cell: arm, axes: { r: arm }, repetition: k, seed } };
          });
        const rows = compareCells([...deal("a"), ...deal("b")], { ...OPTIONS, noiseFloor: 0 });
        assert.ok(rows.length >= 4 && rows.every(({ method }) => method === (paired ? "signed-rank" : "mann-whitney")));
        if (rows.some(({ verdict }) => !["same", "inconclusive"].includes(verdict))) found++;
        if (rows.some(({ p }) => p !== null && p < 0.2)) open++;
      }
      // Three standard errors of 5 % in 200.
      assert.ok(found / tables <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / tables), `${found} of ${tables}`);
      assert.ok(open > tables / 10, `tests that never come near are no tests: ${open}`);
    });
});
