/**
 * Trials that really come out invalid or doubtful, each by a cause that is put there: a store that cannot keep up, a bound on open
 * operations, a script cut short, a driver that is held up between its turns. All in virtual time or under a clock of our own,
 * so that none of it depends on how fast or how busy the machine is. What becomes of an invalid trial afterwards is
 * followed through a run's files to what is printed.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../experiments/cli/main";
import { claimsOf } from "../../experiments/claims";
import { planTrials } from "../../experiments/plan";
import { RecorderWatch } from "../../experiments/recorder-watch";
import { runExperiment } from "../../experiments/runner";
import { runInSimulation } from "../../experiments/simulated-trial";
import type { Experiment } from "../../experiments/spec/experiment";
import { resolveExperiment } from "../../experiments/spec/resolve";
import { ProcessWatch } from "../../engine/real/process-watch";
import { TrialFold } from "../../results/measures/fold";
import type { MetricValue, Validity } from "../../results/record/figures";
import { loadRun } from "../../results/record/reader";
import { chartInput } from "../../results/charts/cells";
import { driveInRealTime } from "../../workloads/real-time";
import { recordingIo } from "../experiments/recording-io";
import { driverOf, REPLY, scripted, settings } from "../workloads/scripted-target";
import { counters, END, fold, get } from "./measures/histories";

const FILE = `
schema: quorumlab/experiment@1
name: injected
world: simulation
seed: 7
cluster: {nodes: 3}
network: {intra_zone: 1ms, client: 1ms}
tunables: {n_val: 3, w: 1}
workload: {model: open, rate: 500/s, clients: 4, mix: {read: 0.5, update: 0.5}, keys: {count: 20, popularity: uniform}, value_size: 20B}
phases: {warmup: 50ms, measure: 400ms, drain: 100ms}
measure: {interval: 100ms}
`;

function experiment(more = "", sets: readonly string[] = [], file = FILE): Experiment {
  const resolved = resolveExperiment({ path: "injected.yaml", text: file + more, sets });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  return resolved.experiment;
}

async function validityOf(more = "", sets: readonly string[] = [], file = FILE): Promise<Validity> {
  const of = experiment(more, sets, file);
  const output = await runInSimulation({
    trial: { ...planTrials(of, "")[0], claims: claimsOf(of) },
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  });
  assert.ok(output !== undefined);
  return output.validity;
}

const kindsOf = ({ doubts }: Validity): string[] => doubts.map(({ kind, verdict }) => `${kind} ${verdict}`);

describe("validity, of trials that are spoilt on purpose", function () {
  this.timeout(60_000);

  it("is valid where nothing is wrong", async () => {
    assert.deepEqual(await validityOf("report: {headline: [read_p50_ms]}\n"), { verdict: "valid", doubts: [] });
  });
  it("achieved-rate: a store that takes longer than the phase lasts", async () => {
    const { verdict, doubts } = await validityOf("report: {headline: [read_p50_ms]}\n", ["network.client=350ms"]);
    assert.equal(verdict, "invalid");
    assert.deepEqual(
      doubts.map((doubt) => [doubt.kind, doubt.verdict]),
      [["achieved-rate", "invalid"]],
    );
  });
  it("dropped-operations: one operation may be open, and more are due", async () => {
    const validity = await validityOf("report: {headline: [read_p50_ms]}\n", ["workload.max_outstanding=1"]);
    assert.equal(validity.verdict, "invalid");
    assert.ok(kindsOf(validity).includes("dropped-operations invalid"), kindsOf(validity).join());
  });
  it("nothing-succeeded: no quorum can be met", async () => {
    const validity = await validityOf(
      "faults: [{kind: partition, at: 0s, for: 1s, groups: [[node-1], [node-2], [node-3]]}]\n",
      ["tunables.r=3", "tunables.w=3", "tunables.sloppy_quorum=false", "tunables.stand_in=none"],
    );
    assert.ok(kindsOf(validity).includes("nothing-succeeded invalid"), kindsOf(validity).join());
  });
  it("script-cut: the phase ends before the script", async () => {
    const of = FILE.replace(/^workload: .*$/m, "workload: {mix_name: scripted, script: explosion-1}").replace(
      "400ms",
      "50ms",
    );
    const validity = await validityOf("", [], of);
    assert.ok(kindsOf(validity).includes("script-cut invalid"), kindsOf(validity).join());
  });
  it("thin-percentiles: a percentile that is claimed of a tiny run, and none that nobody claims", async () => {
    const claimed = await validityOf("report: {headline: [read_p999_ms, throughput_ops_s]}\n");
    assert.deepEqual(kindsOf(claimed), ["thin-percentiles doubtful"]);
    assert.match(claimed.doubts[0].reason, /beyond read_p999_ms \(0 of \d+\)$/);
    const bySlo = await validityOf(
      "report: {headline: [p_stale]}\nslos: [{id: fast, sli: write_p99_ms, op: '<=', value: 5ms}]\n",
    );
    assert.match(bySlo.doubts[0].reason, /beyond write_p99_ms \(/);
    const byHypothesis = await validityOf(
      "report: {headline: [p_stale]}\nhypotheses: [{id: H1, text: Reads are fast., expect: 'read_p99_ms <= 5ms'}]\n",
    );
    assert.match(byHypothesis.doubts[0].reason, /beyond read_p99_ms \(/);
    const unasked = await validityOf();
    assert.match(unasked.doubts[0].reason, /beyond read_p99_ms \(\d of \d+\), write_p99_ms \(/);
    assert.deepEqual(kindsOf(await validityOf("report: {headline: [p_stale]}\n")), []);
  });

  /** The driver of 0.4 s at 500 operations a second on a clock of our own, and a process watch on the same. */
  async function heldUp(
    everyTurnMicros: number,
  ): Promise<{ validity: Validity; metrics: Readonly<Record<string, MetricValue>> }> {
    let clock = 0;
    // Every look at the clock takes a little, so that waiting for a timer is over some time.
    const now = (): number => (clock += 20);
    const watch = new ProcessWatch({
      now: () => clock,
      later: () => () => undefined,
      pauses: () => ({ pending: () => [], stop: () => undefined }),
    });
    const load = { model: "open", clients: 3, ratePerSecond: 500, arrivals: "constant" } as const;
    const driver = driverOf({
      workload: scripted([["read", "k"]]),
      settings: settings({ load, maxOutstanding: 1_000 }),
      phases: { warmupMs: 0, measureMs: 400, drainMs: 0 },
    });
    const trial = new TrialFold({ intervalMs: 100, percentiles: [] });
    const recorder = new RecorderWatch(now);
    let begun = false;
    await driveInRealTime({
      driver,
      target: {
        name: "at-once",
        submit: (_request: unknown, done: (reply: typeof REPLY) => void) =>
          setImmediate(() => ((clock += 500), done(REPLY))),
      } as never,
      now,
      record: (record) => {
        if (!begun) {
          const { warmup, measure, drain } = driver.phaseStarts;
          trial.begin({ startOfWarmup: warmup, startOfMeasure: measure, endOfMeasure: drain });
          begun = true;
        }
        recorder.takes(record);
        trial.operation(record);
      },
      turned: () => {
        recorder.turned();
        // Something else has the processor: the loop stands still.
        clock += everyTurnMicros;
      },
      signal: new AbortController().signal,
    });
    const { validity, metrics } = trial.finish({
      ...END,
      offeredPerSecond: 500,
      operations: driver.progress().measured,
      driver: watch.counts(),
      recorder: recorder.backlog(),
      claims: ["read_p50_ms"],
    });
    watch.stop();
    return { validity, metrics };
  }
  it("schedule-lag and driver-loop-delay: a driver that is held up between its turns", async () => {
    const { validity, metrics } = await heldUp(30_000);
    assert.equal(validity.verdict, "invalid");
    const kinds = kindsOf(validity);
    assert.ok(
      kinds.some((kind) => kind.startsWith("schedule-lag")),
      kinds.join(),
    );
    assert.ok(
      kinds.some((kind) => kind.startsWith("driver-loop-delay")),
      kinds.join(),
    );
    assert.ok(metrics["driver_loop_delay_p99_ms"].value! > 20);
    assert.ok(metrics["recorder_backlog_max"].value! >= 1);
  });

  it("driver-gc, node-gc, node-loop-delay and recorder-backlog: as processes tell them", () => {
    const calm = { loopDelayP99Ms: 1, loopDelayMaxMs: 2, gcMs: 1, gcCount: 1, gcLongestMs: 1 };
    const reads = Array.from({ length: 2_000 }, (_, i) => get([], i * 400, i * 400 + 5_000, { id: i, key: `k${i}` }));
    const of = (
      end: Parameters<typeof fold>[1],
    ): { kinds: string[]; metrics: Readonly<Record<string, MetricValue>> } => {
      const { validity, metrics } = fold(reads, { driver: calm, ...end });
      return { kinds: kindsOf(validity), metrics };
    };
    const node = (more: Partial<typeof calm>) => ({
      counters: [
        counters("node-1", { times: calm }),
        counters("node-2", { times: { ...calm, ...more } }),
        counters("node-3"),
      ],
    });
    assert.deepEqual(of(node({})).kinds, []);
    assert.deepEqual(of({ driver: { ...calm, gcMs: 60, gcLongestMs: 4 } }).kinds, ["driver-gc doubtful"]);
    assert.deepEqual(of({ driver: { ...calm, gcMs: 160, gcLongestMs: 4 } }).kinds, ["driver-gc invalid"]);
    const collecting = of(node({ gcMs: 60, gcLongestMs: 4 }));
    assert.deepEqual(collecting.kinds, ["node-gc doubtful"]);
    assert.deepEqual(
      [collecting.metrics["node_gc_ms_per_s"].value, collecting.metrics["node_gc_ms_per_s"].n],
      [60, 2],
      "the worst of the nodes that tell",
    );
    const slow = of(node({ loopDelayP99Ms: 6 }));
    assert.deepEqual(slow.kinds, ["node-loop-delay doubtful"]);
    assert.equal(slow.metrics["node_loop_delay_p99_ms"].value, 6);
    assert.deepEqual(of({ recorder: { most: 50, longestWaitMs: 11 } }).kinds, ["recorder-backlog doubtful"]);
    assert.deepEqual(of({ recorder: { most: 50, longestWaitMs: 101 } }).kinds, ["recorder-backlog invalid"]);
    assert.equal(of({ recorder: { most: 50, longestWaitMs: 1 } }).metrics["recorder_backlog_max"].value, 50);
    assert.deepEqual(of({ driver: undefined }).metrics["driver_gc_ms_per_s"], undefined, "unknown is not none");
  });
});

describe("validity, what becomes of an invalid trial", function () {
  this.timeout(60_000);
  let root: string;
  before(() => (root = mkdtempSync(join(tmpdir(), "quorumlab-invalid-"))));
  after(() => rmSync(root, { recursive: true, force: true }));

  it("it is marked, shown and in no summary; its configuration has no value and the run ends undecided", async () => {
    const of = experiment(
      "sweep: {axes: {network.client: [1ms, 350ms]}, baseline: {network.client: 1ms}}\nrepetitions: {count: 2}\n" +
        "report: {headline: [read_p50_ms, throughput_ops_s]}\nslos: [{id: fast, sli: read_p50_ms, op: '<=', value: 2s, over: {repetitions: max}}]\n",
    );
    const { folder, exit } = await runExperiment(of, {
      resultsRoot: root,
      argv: [],
      tags: {},
      onError: "stop",
      jobs: 1,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    assert.equal(exit, 4);
    const run = loadRun(folder);
    const [good, bad] = [
      run.cells.find(({ axes }) => axes["network.client"] === "1ms")!,
      run.cells.find(({ axes }) => axes["network.client"] !== "1ms")!,
    ];
    assert.equal(good.validity.verdict, "valid");
    assert.ok(good.metrics["read_p50_ms"].value! > 0);
    assert.equal(bad.validity.verdict, "invalid");
    assert.ok(Object.values(bad.metrics).every(({ value, n }) => value === null && n === 0));

    const lines = readFileSync(join(folder, "summaries", "trials.csv"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const column = (name: string): string[] => lines.slice(1).map((line) => line[lines[0].indexOf(name)]);
    assert.deepEqual(column("validity").sort(), ["invalid", "invalid", "valid", "valid"]);
    assert.ok(
      column("read_p50_ms").every((value) => Number(value) > 0),
      "the table of trials keeps what they measured",
    );
    const rows = readFileSync(join(folder, "summaries", "cells.csv"), "utf8")
      .split("\n")
      .filter((line) => line.startsWith(bad.id));
    assert.ok(rows.length > 0);
    for (const row of rows) assert.match(row, /,0,,,,,,,,/, row);
    assert.ok(run.comparisons.every(({ n, verdict }) => n === 0 && verdict === "inconclusive"));

    const drawn = chartInput(run).cells.find(({ summary }) => summary.id === bad.id)!;
    assert.deepEqual(
      [drawn.figures.length, drawn.leftOut, drawn.invalid],
      [1, 1, true],
      "one alone is drawn, and marked",
    );

    const io = recordingIo(root);
    assert.equal(await main(["show", folder], io), 0);
    assert.match(io.out(), /invalid {2,}/);
    assert.match(io.out(), /no repetition counts; 2 are invalid and left out: achieved-rate\./);
    assert.match(io.out(), /2 trials invalid, in no number above:\n/);
    assert.match(io.out(), /repetition 2: achieved-rate;\s+read p50 \d+ ms/s);
    const json = recordingIo(root);
    assert.equal(await main(["show", folder, "--json"], json), 0);
    const document = JSON.parse(json.out()) as {
      verdict: string;
      validity: string;
      trials: object;
      invalid_trials: { repetition: number; metrics: Record<string, MetricValue> }[];
      slos: { cells: { verdict: string }[] }[];
    };
    assert.deepEqual([document.verdict, document.validity], ["inconclusive", "invalid"]);
    assert.deepEqual(document.trials, { done: 4, failed: 0, invalid: 2, reused: 0 });
    assert.deepEqual(document.invalid_trials.map(({ repetition }) => repetition).sort(), [1, 2]);
    assert.ok(document.invalid_trials[0].metrics["read_p50_ms"].value! > 600);
    const page = readFileSync(join(folder, "report", "index.html"), "utf8");
    assert.match(page, /no valid trial/);
    assert.match(page, /Trials that do not count/);
  });
});
