/**
 * A trial whose load autocannon sends: one history like any other, with records written before and contexts honoured; its
 * own count is ours to the last answer; and it ends when it is told to, leaving nothing.
 */
import assert from "node:assert/strict";
import { planTrials, type PlannedTrial } from "../../experiments/plan";
import type { OperationRecord } from "../../results/record/history";
import { experimentOf } from "../experiments/problems-of";
import { begin } from "./begun-trial";
import { needsCompiledNodes } from "./live-cluster";
import { processesNaming } from "./processes";
import { until } from "./until";

function planned(measure: string, nodes = 1): PlannedTrial {
  const text = `
name: heard
world: processes
target: autocannon
cluster: {nodes: ${String(nodes)}, pin: none}
tunables: {n_val: ${String(nodes)}, r: quorum, w: quorum}
workload: {clients: 4, mix: {read: 0.5, update: 0.4, insert: 0.05, delete: 0.05}, keys: {count: 20, popularity: uniform}}
phases: {warmup: 300ms, measure: ${measure}, drain: 100ms}
repetitions: {count: 1}
`;
  return planTrials(experimentOf(text), `test-${String(process.pid)}`)[0];
}

describe("a load that autocannon sends", function () {
  this.timeout(120_000);
  before(function () {
    needsCompiledNodes(this);
  });

  it("has a count of its own that is ours, and that of the records", async () => {
    const { ended, records } = begin(planned("1s"));
    const output = await ended;
    assert(output !== undefined);
    const opinion = output.figures.secondOpinion;
    assert(opinion !== undefined);
    const { theirs, ours } = opinion;
    assert.match(opinion.tool, /^autocannon \d/);
    assert(theirs.answers > 20, JSON.stringify(theirs));
    assert.deepEqual([ours.answers, ours.ok, ours.errors], [theirs.answers, theirs.ok, theirs.errors]);
    assert.equal(records.filter(({ phase }) => phase === "measure").length, ours.answers + ours.errors);
    // Its own histogram holds whole milliseconds, and ours does not.
    assert(Math.abs(theirs.p50Ms! - ours.p50Ms!) <= 1, JSON.stringify(opinion));
    assert(Math.abs(theirs.seconds - ours.seconds) < 0.5, JSON.stringify(opinion));
  });

  it("is one history in order, of records written before, sessions that honour contexts, and what became of deletes", async () => {
    const { ended, records } = begin(planned("1s", 3));
    const output = await ended;
    assert(output !== undefined);
    const of = (phase: string): OperationRecord[] => records.filter((record) => record.phase === phase);
    assert.equal(new Set(of("load").map(({ key }) => key)).size, 20);
    assert(of("load").every(({ kind, outcome }) => kind === "insert" && outcome === "ok"));
    assert(of("warmup").length > 0 && of("drain").length === 0);
    const ends = records.map(({ end }) => end);
    assert(ends.every((end, i) => i === 0 || end >= ends[i - 1]));
    assert.equal(new Set(records.map(({ id }) => id)).size, records.length);
    const asked = [...of("warmup"), ...of("measure")];
    assert.deepEqual([...new Set(asked.map(({ session }) => session))].sort(), [0, 1, 2, 3]);
    assert.deepEqual([...new Set(asked.map(({ kind }) => kind))].sort(), ["delete", "insert", "read", "update"]);
    const good = asked.filter(({ outcome }) => outcome === "ok");
    // On a machine under load one or the other may have had no answer in time.
    assert(good.length >= 0.9 * asked.length, JSON.stringify(asked.find(({ outcome }) => outcome !== "ok")));
    // Every version read names a write of this run: nothing is invented, nothing lost on the way.
    const written = new Set(records.map(({ writeId }) => writeId));
    const read = good.filter(({ kind }) => kind === "read");
    assert(read.length > 0 && read.every(({ versions }) => versions.every((id) => written.has(id))));
    assert(
      read.some(({ versions, values }) => versions.length > values),
      "a deleted key tells by which delete",
    );
    const updates = good.filter(({ kind }) => kind === "update");
    assert(
      updates.some(({ seen, contextInBytes }) => seen.length > 0 && contextInBytes > 0),
      "contexts are sent",
    );
    assert(updates.every(({ seen }) => seen.every((id) => written.has(id))));
    // Replicas are looked at, and what they hold is told by the clients' ids.
    assert.equal(output.summary.metrics.lost_updates.value, 0);
    assert(output.summary.metrics.lost_updates.n > 20);
    assert.equal(output.figures.divergence.finalDivergent, 0);
  });

  it("ends soon when it is told to, in the midst of the measured phase, and leaves no process", async () => {
    const trial = planned("100s");
    const { ended, phases, stop } = begin(trial);
    await until("the measured phase", () => phases.has("measure"), 60_000);
    stop.abort();
    assert.equal(await ended, undefined);
    assert.deepEqual(processesNaming(`${trial.id}-${String(process.pid)}`), []);
  });
});
