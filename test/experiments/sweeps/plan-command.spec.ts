/** `quorumlab plan` where the experiment has run before: what is there already, and what the rest will take by what it took. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { estimatePlan, planTrials } from "../../../experiments/plan";
import { pastTrials } from "../../../experiments/past-trials";
import { resolveExperiment } from "../../../experiments/spec/resolve";
import type { Experiment } from "../../../experiments/spec/experiment";
import { SWEEP, Workplace } from "./small-sweep";

function experiment(text: string): Experiment {
  const resolved = resolveExperiment({ path: "sweep.yaml", text });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  return resolved.experiment;
}

describe("a plan of an experiment that has run before", function () {
  this.timeout(60_000);
  let at: Workplace;
  before(async () => {
    at = new Workplace();
    await at.type("run sweep.yaml --only r=1 -o kept");
    await at.type("run sweep.yaml --only r=2 -o kept");
  });
  after(() => rmSync(at.cwd, { recursive: true, force: true }));

  it("says what a run would take as it is, in words, in the table and in JSON, and a run agrees", async () => {
    const told = await at.type("plan sweep.yaml -o kept --table");
    assert.match(told.out, /^sweep +1 axis → 3 cells × 2 repetitions = 6 trials {2}\(4 reused, 2 to run\)$/m);
    assert.match(told.out, /^est\. \d+s of simulating, one trial a core at once \(from 4 past trials\)$/m);
    const rows = told.out.split("\n").filter((line) => /^ +\d/.test(line));
    assert.deepEqual(
      rows.map((row) => /reused$/.test(row)),
      rows.map((row) => /r[12] /.test(row)),
    );
    assert.match(told.err, /next: npx quorumlab run sweep\.yaml -o kept\n$/);
    const { out } = await at.type("plan sweep.yaml -o kept --json");
    const document = JSON.parse(out) as Record<string, unknown> & { order: { cell: string; cached: boolean }[] };
    assert.deepEqual([document.trials, document.cached, document.to_run, document.past_trials], [6, 4, 2, 4]);
    assert.ok(document.order.every(({ cell, cached }) => cached === (cell !== "r3")));
    const elsewhere = JSON.parse((await at.type("plan sweep.yaml --json")).out) as Record<string, unknown>;
    assert.deepEqual([elsewhere.cached, elsewhere.past_trials], [0, 0]);
    const fresh = JSON.parse((await at.type("plan sweep.yaml -o kept --fresh --json")).out) as Record<string, unknown>;
    assert.deepEqual([fresh.cached, fresh.past_trials], [0, 4], "what they took is known all the same");
    const run = await at.type("run sweep.yaml -o kept");
    assert.match(run.err, /^4 of 6 reused, 2 to run$/m);
    assert.match((await at.type("plan sweep.yaml -o kept")).out, /\(6 reused, 0 to run\)\nnothing is left to run: /);
  });

  it("does not count a damaged trial", async () => {
    const damaged = new Workplace();
    try {
      await damaged.type("run sweep.yaml --only r=1");
      const [id] = readdirSync(damaged.trials());
      truncateSync(join(damaged.trials(), id, "latency.hlog"), 5);
      const { out } = await damaged.type("plan sweep.yaml");
      assert.match(out, /\(1 reused, 5 to run\)/);
    } finally {
      rmSync(damaged.cwd, { recursive: true, force: true });
    }
  });

  it("reckons time and bytes from trials of the same cell, and those of other cells by how far the model was off", () => {
    const what = experiment(SWEEP);
    const plan = planTrials(what, "");
    const root = join(at.cwd, "made-up");
    const put = (cell: string, ms: number, bytes: number): void => {
      const {
        id,
        cell: planned,
        repetition,
        seed,
      } = plan.find((trial) => trial.cell.id === cell && trial.repetition === 1)!;
      const folder = join(root, "sweep", "trials", id);
      mkdirSync(folder, { recursive: true });
      const record = {
        ...{ schema: "quorumlab/trial@1", id, cell, repetition, seed, world: "simulation", outcome: "done" },
        ...{ resolved: planned.resolved, startedAt: new Date(0).toISOString(), endedAt: new Date(ms).toISOString() },
        files: { "history.jsonl.gz": { bytes, sha256: "" } },
      };
      writeFileSync(join(folder, "trial.json"), JSON.stringify(record));
    };
    put("r1", 40_000, 5_000_000);
    const own = readFileSync(
      join(
        root,
        "sweep",
        "trials",
        plan.find(({ cell, repetition }) => cell.id === "r1" && repetition === 1)!.id,
        "trial.json",
      ),
    ).length;
    const past = pastTrials(root, what, plan);
    assert.deepEqual([past.count, past.cached.size], [1, 0], "a record without its files is no trial to take");
    const model = estimatePlan(what, 1);
    const known = estimatePlan(what, 1, past);
    // All three cells are one to the model, so each of six trials is as the one that ran.
    assert.ok(Math.abs(known.simulationSeconds - 240) < 1e-6, String(known.simulationSeconds));
    assert.ok(Math.abs(known.bytes - 6 * (5_000_000 + own)) < 1, String(known.bytes));
    assert.ok(model.simulationSeconds < 100 && model.pastTrials === 0);
    // Its own past goes before the others'.
    put("r2", 10_000, 5_000_000);
    const two = estimatePlan(what, 1, pastTrials(root, what, plan));
    assert.ok(Math.abs(two.simulationSeconds - 2 * (40 + 10 + 25)) < 1e-6, String(two.simulationSeconds));
    // What is there takes nothing, and the rest shares the cores.
    const cached = new Set(plan.filter(({ cell }) => cell.id === "r1").map(({ id }) => id));
    const rest = estimatePlan(what, 2, { ...past, cached });
    assert.ok(Math.abs(rest.simulationSeconds - (4 * 40) / 2) < 1e-6, String(rest.simulationSeconds));
    assert.equal(rest.cached, 2);
  });

  it("takes a profile's or another file's trials for what they are: of other cells", () => {
    const longer = experiment(SWEEP.replace("measure: 200ms", "measure: 900ms"));
    const past = pastTrials(join(at.cwd, "kept"), longer, planTrials(longer, ""));
    assert.deepEqual([past.count, past.cached.size], [0, 0]);
  });
});
