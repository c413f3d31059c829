/**
 * Sweeps and their end by force or Ctrl-C, with processes of their own: the command killed at random moments (in full: `npm run soak -- killed-sweep`), and an
 * experiment on processes, whose trials count only for the run that made them.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { assertAccountedFor, journalOf, SWEEP, Workplace } from "../experiments/sweeps/small-sweep";
import { killSweeps } from "./killed-sweeps";

const ON_PROCESSES = `
schema: quorumlab/experiment@1
name: sweep
title: A small sweep in both worlds
seed: 3
cluster: {nodes: 3, storage: memory}
network: {intra_zone: 1ms}
workload: {model: closed, clients: 2, mix: {read: 0.5, update: 0.5}, keys: {count: 20, popularity: uniform}, value_size: 20B}
phases: {warmup: 20ms, measure: 150ms, drain: 20ms}
measure: {interval: 50ms}
sweep: {axes: {world: [processes, simulation], r: [1, 2]}}
repetitions: {count: 2}
`;

describe("a sweep that is cut off", function () {
  this.timeout(120_000);

  it("is killed at random moments and resumed until it is done: each trial once, nothing half written, the same tables", async () => {
    const lines: string[] = [];
    const killed = await killSweeps({
      text: SWEEP,
      trials: 6,
      kills: 3,
      seed: 8,
      jobs: 2,
      log: (line) => lines.push(line),
    });
    assert.equal(killed.kills, 3, lines.join("\n"));
  });

  it("keeps the trials on processes that this run has made, takes none of an earlier run, and runs simulations after them", async () => {
    const at = new Workplace(ON_PROCESSES);
    try {
      let done = 0;
      const stopped = await at.type("run sweep.yaml", (event, interrupt) => {
        if (event.kind === "trial-done" && ++done === 2) interrupt();
      });
      assert.equal(stopped.code, 130, stopped.err);
      const [run] = at.folders();
      const record = (id: string): string => readFileSync(join(at.trials(), id, "trial.json"), "utf8");
      const before = readdirSync(at.trials()).map((id) => [id, record(id)] as const);
      assert.deepEqual(
        before.map(([, text]) => (JSON.parse(text) as { world: string }).world),
        ["processes", "processes"],
      );
      const resumed = await at.type("resume --exit-zero");
      assert.equal(resumed.code, 0, resumed.err);
      assert.match(resumed.err, /^2 of 8 done, 6 to run$/m);
      for (const [id, text] of before) assert.equal(record(id), text, "made once");
      assertAccountedFor(run, 8);
      assertInterleaved(run);

      const again = await at.type("run sweep.yaml --exit-zero");
      assert.equal(again.code, 0, again.err);
      assert.match(again.err, /^4 of 8 reused, 4 to run$/m);
      const [, second] = at.folders();
      const worlds = journalOf(second).flatMap(({ event, cell }) => (event === "reused" ? [cell!] : []));
      assert.ok(
        worlds.every((cell) => cell.includes("simulation")),
        worlds.join(),
      );
    } finally {
      rmSync(at.cwd, { recursive: true, force: true });
    }
  });
});

/** Processes before simulations, and of processes every cell once before any comes again. */
function assertInterleaved(run: string): void {
  const order = journalOf(run).flatMap(({ event, cell, repetition }) =>
    event === "done" ? [{ processes: cell!.includes("processes"), cell: cell!, repetition: repetition! }] : [],
  );
  assert.deepEqual(
    order.map(({ processes }) => processes),
    [true, true, true, true, false, false, false, false],
  );
  const first = order.slice(0, 2);
  const second = order.slice(2, 4);
  assert.deepEqual(
    [...first, ...second].map(({ repetition }) => repetition),
    [1, 1, 2, 2],
  );
  assert.notEqual(first[0].cell, first[1].cell);
  assert.notEqual(second[0].cell, second[1].cell);
}
