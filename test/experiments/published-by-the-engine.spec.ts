/**
 * PBS-0 and PBS-EXP of Bailis and others (VLDB 2012) from the engine itself: the catalogue's own files, nodes, codec, driver
 * and measures included, with fewer writes than the experiments have. A prediction that agrees with the paper would prove
 * nothing about the store; this does. Tolerances are the published ones plus three standard errors of so few reads, and the
 * experiments hold the published ones alone at full size (`quorumlab run pbs`, `run pbs-exponential`).
 *
 * The time until 999 of 1,000 reads are consistent takes a short cut, because only one read in a thousand says anything about
 * it: where the way of a write takes an exponential time, the chance to miss it falls exactly exponentially
 * in t (whoever is late stays late without memory), so that the time follows from the chance at an earlier one.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planTrials } from "../../experiments/plan";
import { runExperiment } from "../../experiments/runner";
import { runInSimulation } from "../../experiments/simulated-trial";
import type { Experiment } from "../../experiments/spec/experiment";
import { resolveExperiment } from "../../experiments/spec/resolve";
import { loadRun } from "../../results/record/reader";
import { besidePublished } from "../../results/reports/published";

const WRITES = 10_000;
const SIGMAS = 3;

function catalogue(name: string, only: readonly string[], sets: readonly string[] = []): Experiment {
  const path = join(__dirname, "..", "..", "experiments", "catalogue", `${name}.yaml`);
  const resolution = resolveExperiment({ path, text: readFileSync(path, "utf8"), only, sets });
  if (!resolution.ok) assert.fail(JSON.stringify(resolution.problems));
  return resolution.experiment;
}

/** How many of the reads that came `afterMs` behind an acknowledged write returned it. */
async function probe(
  experiment: Experiment,
  afterMs: number,
): Promise<{ readonly share: number; readonly reads: number }> {
  assert.equal(experiment.cells.length, 1);
  const [planned] = planTrials(experiment, "");
  const { cell } = planned;
  const { load } = cell.workload;
  assert.ok(load.model === "open");
  assert.equal(cell.cluster.engine.readRepair, "none");
  const trial = {
    ...planned,
    cell: {
      ...cell,
      workload: { ...cell.workload, probe: { share: 1, after: { dist: "constant", valueMs: afterMs } as const } },
      phases: { warmupMs: 0, measureMs: (1000 * WRITES) / load.ratePerSecond, drainMs: 5_000 },
    },
  };
  const output = await runInSimulation({
    trial,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  });
  const { reads, consistent } = output!.figures.tVisibility;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  assert.ok(sum(reads) > 0.95 * WRITES, `${sum(reads)} reads`);
  if (afterMs === 0) assert.equal(output!.metrics["p_consistent_at_commit"].value, sum(consistent) / sum(reads));
  return { share: sum(consistent) / sum(reads), reads: sum(reads) };
}

function near(measured: number, published: number, room: number, what: string): void {
  assert.ok(
    Math.abs(measured - published) <= room,
    `${what}: ${measured.toFixed(4)}, published ${published} ± ${room.toFixed(4)}`,
  );
}

function standardError(share: number, reads: number): number {
  return Math.sqrt((share * (1 - share)) / reads);
}

describe("published targets of PBS, from the engine in simulation (long)", function () {
  this.timeout(60_000);

  for (const [model, published] of [
    ["lnkd-ssd", 0.974],
    ["lnkd-disk", 0.439],
    ["ymmr", 0.893],
    ["wan", 0.33],
  ] as const) {
    it(`PBS-0: ${model} is consistent at commit as often as published`, async () => {
      const { share, reads } = await probe(catalogue("pbs", [`tags.model=${model}`, "r=1", "w=1"]), 0);
      near(share, published, 0.005 + SIGMAS * standardError(published, reads), model);
    });
  }

  it("PBS-0: reads of overlapping quorums are never stale", async () => {
    const { share } = await probe(catalogue("pbs", ["tags.model=lnkd-disk", "r=2", "w=2"]), 0);
    assert.equal(share, 1);
  });

  for (const [writeDelayMs, atCommit, windowMs, earlierMs] of [
    [0.25, 0.94, 1, 0.4],
    [10, 0.41, 65, 40],
  ] as const) {
    it(`PBS-EXP: writes that take ${writeDelayMs} ms on average`, async () => {
      const experiment = catalogue("pbs-exponential", [`tags.write_delay=${writeDelayMs}ms`]);
      const { share, reads } = await probe(experiment, 0);
      near(share, atCommit, 0.015 + SIGMAS * standardError(atCommit, reads), "at commit");
      const later = await probe(experiment, earlierMs);
      const missed = (1 - later.share) * later.reads;
      const window = earlierMs + writeDelayMs * Math.log(missed / later.reads / 0.001);
      near(window, windowMs, 0.05 * windowMs + (SIGMAS * writeDelayMs) / Math.sqrt(missed), "t-visibility");
    });
  }

  it("stand in the run's folder beside what was measured", async () => {
    const root = mkdtempSync(join(tmpdir(), "quorumlab-published-"));
    try {
      const sets = ["phases={warmup: 0s, measure: 500ms, drain: 1s}", "measure.interval=100ms"];
      const { folder } = await runExperiment(catalogue("pbs-exponential", ["tags.write_delay=10ms"], sets), {
        resultsRoot: root,
        argv: [],
        tags: {},
        onError: "stop",
        jobs: 1,
        progress: () => undefined,
        signal: new AbortController().signal,
      });
      const beside = besidePublished(loadRun(folder));
      const [{ published, measured, verdict }] = beside.filter(
        ({ published: one }) => one.metric === "p_consistent_at_commit",
      );
      assert.deepEqual([published.value, published.within], [0.41, 0.015]);
      assert.ok(Math.abs(measured!.value! - 0.42) < 0.1);
      assert.notEqual(verdict, "not-run");
      assert.ok(beside.every(({ cell }) => cell.axes["tags.write_delay"] === "10ms"));
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
