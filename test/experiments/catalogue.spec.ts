/** Every ready experiment parses and plans, as it stands and under each of its profiles; two of them keep promises. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { catalogueFile, catalogueNames } from "../../experiments/catalogue";
import { estimatePlan, planTrials } from "../../experiments/plan";
import type { Experiment } from "../../experiments/spec/experiment";
import { profileNames, resolveExperiment } from "../../experiments/spec/resolve";

function load(name: string, profile?: string): Experiment {
  const path = catalogueFile(name);
  const text = readFileSync(path, "utf8");
  const resolution = resolveExperiment({ path, text, ...(profile === undefined ? {} : { profile }) });
  assert.ok(
    resolution.ok,
    resolution.ok ? "" : resolution.problems.map((problem) => `${problem.line}: ${problem.message}`).join("\n"),
  );
  return resolution.experiment;
}

describe("the catalogue", () => {
  for (const name of catalogueNames()) {
    const path = catalogueFile(name);
    const profiles = profileNames({ path, text: readFileSync(path, "utf8") });

    it(`${name} plans under every profile, asks something and has a smoke profile`, () => {
      assert.ok(profiles.includes("smoke"));
      for (const profile of [undefined, ...profiles]) {
        const experiment = load(name, profile);
        assert.equal(experiment.name, name);
        assert.ok(experiment.question.length > 20 && experiment.hypotheses.length > 0);
        const trials = planTrials(experiment, "test");
        assert.equal(trials.length, experiment.cells.length * experiment.repetitions);
        assert.equal(new Set(trials.map((trial) => trial.id)).size, trials.length);
      }
    });

    it(`${name} names the metrics and nodes it needs within 20 seconds of smoke`, () => {
      assert.ok(estimatePlan(load(name, "smoke")).seconds < 20);
    });
  }

  it("quickstart crosses four quorums with two clocks in about a minute", () => {
    const experiment = load("quickstart");
    assert.deepEqual(
      experiment.cells.map((cell) => cell.id),
      ["r1-w1", "r1-w2", "r2-w2", "r3-w1"].flatMap((id) => [`${id}-vv-server`, `${id}-dvvset`]),
    );
    const [cell] = experiment.cells;
    assert.equal(cell.cluster.members.length, 5);
    assert.equal(cell.cluster.engine.nVal, 3);
    assert.equal(cell.workload.name, "YCSB A");
    assert.equal(experiment.baseline, "r2-w2-dvvset");
    const { seconds } = estimatePlan(experiment);
    assert.ok(seconds > 45 && seconds < 75, String(seconds));
  });

  it("a-a compares two cells that are the same in everything that is run", () => {
    const [a, b] = load("a-a").cells;
    const { id: _a, axes: _b, resolved: _c, ...first } = a;
    const { id: _d, axes: _e, resolved: _f, ...second } = b;
    assert.deepEqual(first, second);
    assert.deepEqual(estimatePlan(load("a-a")).warnings, []);
  });

  it("vnodes draws its tokens at random, with equal partitions as the contrast", () => {
    const experiment = load("vnodes");
    const rings = experiment.cells.map((cell) => `${cell.cluster.ring.strategy} ${cell.cluster.ring.vnodesPerNode}`);
    assert.deepEqual(
      rings.slice(0, 5),
      [1, 4, 16, 64, 256].map((count) => `random-tokens ${count}`),
    );
    assert.match(rings[5], /^equal-partitions/);
  });

  for (const letter of "abcdef") {
    it(`ycsb-${letter} reads its file unchanged`, () => {
      const { workload } = load(`ycsb-${letter}`).cells[0];
      assert.equal(workload.name, `YCSB ${letter.toUpperCase()}`);
      assert.ok(!workload.notes.some((note) => note.startsWith("properties overridden")));
      assert.equal(workload.records.recordCount, 1000);
    });
  }
});
