/**
 * One experiment over the binary protocol and over HTTP: the same kinds of figures, from the same evidence. Were writes known to
 * nodes by other ids than the driver's, every write would look lost and every version unknown; so that is what is looked for.
 */
import assert from "node:assert/strict";
import { planTrials, type PlannedTrial } from "../../experiments/plan";
import { runOnProcesses } from "../../experiments/processes-trial";
import type { TrialOutput } from "../../experiments/trial";
import type { OperationRecord } from "../../results/record/history";
import { experimentOf } from "../experiments/problems-of";
import { needsCompiledNodes } from "./live-cluster";
import { childrenOf } from "./processes";
import { until } from "./until";

interface Ran {
  readonly output: TrialOutput;
  readonly records: readonly OperationRecord[];
}

async function run(text: string): Promise<Ran> {
  const trial: PlannedTrial = planTrials(experimentOf(text), `test-${String(process.pid)}`)[0];
  const records: OperationRecord[] = [];
  const output = await runOnProcesses({
    trial,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
    record: (record) => records.push(record),
  });
  assert(output !== undefined);
  await until("its processes are gone", () => childrenOf(process.pid).length === 0);
  return { output, records };
}

/** Reads from one replica of three that are milliseconds apart: some are stale, and siblings come about. */
const loose = (target: string): string => `
world: processes
target: ${target}
cluster: {nodes: 3, pin: none}
tunables: {n_val: 3, r: one, w: one}
network: {intra_zone: {dist: exponential, mean: 8ms}}
workload:
  clients: 8
  context: session
  mix: {read: 0.6, update: 0.35, delete: 0.05}
  keys: {count: 10, popularity: uniform}
phases: {warmup: 300ms, measure: 2s, drain: 500ms}
repetitions: {count: 1}
measure: {interval: 200ms, divergence_scan: {every: 200ms, keys: all}}
`;

/** Seen by clients, by looking at replicas, and told by nodes. */
const KINDS = [
  ...["throughput_ops_s", "availability", "read_p50_ms", "update_p50_ms", "p_stale", "siblings_mean"],
  ...["lost_updates", "missed_conflicts", "resurrected_deletes", "read_your_writes_misses", "context_bytes_mean"],
  ...["divergent_keys_final", "missing_keys_final", "stale_keys_final", "clock_entries_mean"],
  ...["messages_per_op", "bytes_per_op", "read_repairs", "load_imbalance"],
];

const metric = ({ output }: Ran, name: string): { readonly value: number | null; readonly n: number } =>
  (output.summary.metrics as Readonly<Record<string, { readonly value: number | null; readonly n: number }>>)[name];

describe("our cluster over HTTP and over the binary protocol", function () {
  this.timeout(180_000);
  before(function () {
    needsCompiledNodes(this);
  });

  it("show the same kinds of figures of one experiment (long)", async () => {
    for (const target of ["engine", "engine-http"]) {
      const ran = await run(loose(target));
      assert.deepEqual(KINDS.filter((name) => metric(ran, name).value === null || metric(ran, name).n === 0), [], target); // prettier-ignore
      const doubts = ran.output.validity.doubts.map(({ kind }) => kind);
      assert(!doubts.includes("unknown-versions"), doubts.join());
      // Under an id of the node's own every write would be lost, and every key different from what clients know.
      assert.equal(metric(ran, "lost_updates").value, 0, target);
      assert.equal(metric(ran, "missing_keys_final").value, 0, target);
      assert.equal(metric(ran, "divergent_keys_final").n, 10);
      assert((metric(ran, "divergent_keys_final").value ?? 1) < 1, target);
      const seen = ran.records.filter(({ kind, outcome }) => kind === "read" && outcome === "ok");
      const written = new Set(ran.records.map(({ writeId }) => writeId));
      assert(seen.some(({ versions }) => versions.length > 1) && seen.every(({ versions }) => versions.every((id) => written.has(id)))); // prettier-ignore
      const deleted = new Set(ran.records.filter(({ kind }) => kind === "delete").map(({ writeId }) => writeId));
      assert(
        seen.some(({ versions }) => versions.some((id) => deleted.has(id))),
        "reads tell by which delete",
      );
    }
  });

  it("is loaded by two processes over HTTP, and goes on where a node is killed and comes back (long)", async () => {
    const { records, output } = await run(`
world: processes
target: engine-http
cluster: {nodes: 3, pin: none}
tunables: {n_val: 3, r: quorum, w: quorum}
workload:
  model: open
  rate: 60/s
  clients: 4
  load_processes: 2
  mix: {read: 0.5, update: 0.5}
  keys: {count: 20, popularity: uniform}
phases: {warmup: 300ms, measure: 6s, drain: 500ms}
repetitions: {count: 1}
faults: [{id: gone, kind: kill, node: node-2, at: 1s, for: 2s}]
`);
    const measured = records.filter(({ phase }) => phase === "measure");
    assert.equal(measured.length, 360);
    assert.deepEqual([...new Set(measured.map(({ session }) => session % 2))].sort(), [0, 1]);
    const failed = measured.filter(({ outcome }) => outcome !== "ok");
    // What was under way at that instant is lost, at worst; nobody asks a node that is gone for two seconds.
    assert(failed.length <= 20, JSON.stringify(failed.map(({ outcome }) => outcome)));
    const last = measured.slice(-60);
    assert(
      last.every(({ outcome }) => outcome === "ok"),
      JSON.stringify(last.map(({ outcome }) => outcome)),
    );
    assert.equal((output.summary.metrics as Readonly<Record<string, { value: number | null }>>).lost_updates.value, 0);
  });
});
