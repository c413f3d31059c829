/** What an experiment demands, from its file to exit codes, the journal and the run's folder: objectives, budgets, kept windows. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDocument } from "../../experiments/cli/run-document";
import type { RunResult } from "../../experiments/run-types";
import { runExperiment } from "../../experiments/runner";
import { resolveExperiment } from "../../experiments/spec/resolve";
import { traceTrial } from "../../experiments/simulated-trial";
import { estimatePlan, planTrials } from "../../experiments/plan";
import type { Experiment } from "../../experiments/spec/experiment";
import { readJournal } from "../../results/record/journal";
import { parseCsv } from "../../results/record/csv";
import { loadRun } from "../../results/record/reader";
import { readTrace } from "../../results/record/trace-file";
import { renderTerminal } from "../../results/reports/terminal";
import { judgeHypotheses } from "../../results/statistics/expectations";

const FILE = `
schema: quorumlab/experiment@1
name: demands
title: What is asked of a small run
world: simulation
seed: 11
cluster: {nodes: 5}
network: {intra_zone: {dist: exponential, mean: 3ms}, client: 1ms}
tunables: {n_val: 3, w: 1}
workload: {model: closed, clients: 8, mix: {read: 0.5, update: 0.5}, keys: {count: 10, popularity: uniform}, value_size: 20B}
phases: {warmup: 50ms, measure: 500ms, drain: 50ms}
measure: {interval: 100ms}
sweep: {axes: {r: [1, 3]}}
repetitions: {count: 2}
`;

function experiment(text: string): Experiment {
  const resolved = resolveExperiment({ path: "demands.yaml", text });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  return resolved.experiment;
}

describe("what an experiment demands", function () {
  this.timeout(120_000);
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "quorumlab-demands-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const carry = (what: Experiment): Promise<RunResult> =>
    runExperiment(what, {
      resultsRoot: root,
      argv: [],
      tags: {},
      onError: "stop",
      jobs: 1,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
  const carryOut = (text: string): Promise<RunResult> => carry(experiment(FILE + text));

  it("ends with 1 where a hypothesis is refuted, and compares the headline's metrics", async () => {
    const what = experiment(
      FILE.replace("sweep: {axes: {r: [1, 3]}}", "sweep: {axes: {r: [1, 3]}, baseline: {r: 1}}").replace(
        "count: 2",
        "count: 6",
      ) +
        "hypotheses: [{id: H1, text: Reads take an hour., expect: read_p50_ms > 3600s}]\n" +
        "published: [{metric: read_p50_ms, where: {r: 1}, value: 3600000, within: 1, source: nobody}]\n" +
        "report: {headline: [read_p50_ms, repair_bytes_per_op, hints_expired]}\n",
    );
    const { exit, folder, because } = await carry(what);
    assert.equal(exit, 1);
    assert.match(because ?? "", /^hypothesis H1 does not hold \(refuted by 2 of 2 configurations: /);
    const [judged] = judgeHypotheses(loadRun(folder));
    assert.equal(judged.verdict, "does not hold");
    const [header, ...rows] = parseCsv(readFileSync(join(folder, "summaries", "comparisons.csv"), "utf8"));
    const metrics = rows.map((row) => row[header.indexOf("metric")]);
    assert.deepEqual(metrics.slice(0, 2), ["read_p50_ms", "repair_bytes_per_op"]);
    assert.ok(!metrics.includes("throughput_ops_s"), metrics.join());
    assert.ok(rows.length <= estimatePlan(what).comparisons && estimatePlan(what).comparisons === 3);
  });

  it("ends with 0 where a hypothesis holds, is in words alone or is about no cell, although a published value is missed; with 4 where it is not decided", async () => {
    const six = FILE.replace("count: 2", "count: 6");
    const holds = "{id: H1, text: Reads are quick., expect: read_p50_ms < 10s}";
    const stated = "{id: H2, text: Reads take an hour.}";
    const missed = "published: [{metric: read_p50_ms, where: {r: 1}, value: 3600000, within: 1, source: nobody}]\n";
    const good = await carry(experiment(`${six}hypotheses: [${holds}, ${stated}]\n${missed}`));
    assert.deepEqual([good.exit, good.because], [0, undefined]);
    const elsewhere = { ...experiment(FILE), hypotheses: [{ id: "H3", text: "t", expect: "p_stale > 2", cells: [] }] };
    assert.equal((await carry(elsewhere)).exit, 0);

    const open = await carryOut(`hypotheses: [${holds}, ${stated}]\n`);
    assert.equal(open.exit, 4);
    assert.match(open.because ?? "", /^hypothesis H1 is not decided \(2 repetitions give no interval, 6 do; so far/);
    const both = await carryOut(`hypotheses: [${holds}, ${holds.replace("H1", "H4")}]\n`);
    assert.equal(both.because, "hypotheses H1 and H4 are not decided (2 repetitions give no interval, 6 do)");
    const run = loadRun(open.folder);
    assert.equal((runDocument(run, "", "") as { verdict: string }).verdict, "inconclusive");
    assert.match(
      renderTerminal(run, { color: false, columns: 200 }),
      /Of what the experiment claims, H1 is not decided\./,
    );
  });

  it("decides the exit code: met, failed before undecided, undecided", async () => {
    const met = '{id: met, sli: read_p50_ms, over: {repetitions: max}, op: "<", value: 10s}';
    const failed = '{id: failed, sli: throughput_ops_s, over: {repetitions: min}, op: ">", value: 1000000/s}';
    const open = '{id: open, sli: read_p99_ms, op: "<", value: 10s}';
    assert.equal((await carryOut(`slos: [${met}]\n`)).exit, 0);
    assert.equal((await carryOut(`slos: [${met}, ${open}]\n`)).exit, 4);
    const { exit, folder } = await carryOut(
      `slos: [${open}, ${failed}, ${met}]\nhypotheses: [{id: H1, text: Reads are quick., expect: read_p99_ms < 10s, where: r == 1}]\n` +
        "analysis: {pareto: [{minimise: read_p99_ms}, {maximise: throughput_ops_s}]}\nreport: {headline: [write_p99_ms], theme: dark}\n",
    );
    assert.equal(exit, 1);
    const written = JSON.parse(readFileSync(join(folder, "summaries", "slos.json"), "utf8")) as {
      slos: { id: string; pass: number; fail: number; inconclusive: number; cells: { verdict: string }[] }[];
    };
    assert.deepEqual(
      written.slos.map(({ id, pass, fail, inconclusive }) => [id, pass, fail, inconclusive]),
      [
        ["open", 0, 0, 2],
        ["failed", 0, 2, 0],
        ["met", 2, 0, 0],
      ],
    );
    const run = loadRun(folder);
    const document = runDocument(run, "", "") as {
      verdict: string;
      slos: unknown;
      pareto: string[];
      hypotheses: { verdict: string; cells: string[] }[];
    };
    assert.equal(document.verdict, "fail");
    assert.deepEqual(document.slos, written.slos);
    assert.deepEqual(
      document.hypotheses.map(({ verdict, cells }) => [verdict, cells]),
      [["inconclusive", ["r1"]]],
    );
    assert.ok(document.pareto.includes("r1"));

    const text = renderTerminal(run, { color: false, columns: 200 });
    assert.match(text, /^failed +min\(throughput_ops_s\) > .* \/s +2 +0 +2 +0$/m);
    assert.match(text, /H1 inconclusive: Reads are quick\. \(2 repetitions give no interval/);
    assert.match(text, /^ +R +SLOs +write p99 ms$/m);
    assert.match(text, /^☆ +1 .*\?open ✗failed/m);
    const page = readFileSync(join(folder, "report", "index.html"), "utf8");
    assert.match(page, /<html lang="en" data-theme="dark">/);
    assert.ok(page.indexOf('id="objectives"') < page.indexOf('id="results"'), "objectives come first");
    assert.match(page, /✗ fail/);
  });

  it("stops after the trial that fails an objective of severity abort, and says so everywhere", async () => {
    const { exit, folder, stopped } = await carryOut(
      'slos: [{id: none-read, sli: throughput_ops_s, over: {repetitions: max}, op: "==", value: 0, severity: abort}]\n',
    );
    assert.equal(exit, 1);
    assert.match(
      stopped ?? "",
      /^objective none-read \(severity: abort\) fails in r\d, repetition 1; 3 of 4 trials were not started$/,
    );
    const { manifest, trials } = loadRun(folder);
    assert.deepEqual([manifest.status, manifest.stopped?.by, trials.length], ["interrupted", "objective", 1]);
    assert.deepEqual(
      readJournal(join(folder, "journal.jsonl")).map(({ event }) => event),
      ["planned", "started", "done", "stopped"],
    );
  });

  it("starts no trial beyond its budget of disk, and is resumable: exit 130", async () => {
    const { exit, stopped, folder } = await carryOut("");
    assert.deepEqual([exit, stopped], [0, undefined]);
    // Below what a file may say, so that the first trial uses it up.
    const second = await carry({
      ...experiment(FILE),
      name: "limited",
      budget: { wallMs: undefined, diskBytes: 1_000 },
    });
    assert.equal(second.exit, 130);
    assert.match(second.stopped ?? "", /^budget\.disk of 1 kB is used up; 3 of 4 trials were not started$/);
    assert.equal(loadRun(second.folder).manifest.stopped?.by, "budget");
    assert.match(
      renderTerminal(loadRun(second.folder), { color: false, columns: 200 }),
      /the run stopped itself: budget\.disk/,
    );
    assert.equal(loadRun(folder).manifest.stopped, undefined);
  });

  it("keeps every message of its windows as a replay would show them, and changes nothing by watching", async () => {
    const windows = "raw: {trace_windows: [{from: 60ms, to: 90ms}, {from: 90ms, to: 120ms}]}";
    const text = FILE.replace("measure: {interval: 100ms}", `measure: {interval: 100ms, ${windows}}`);
    const traced = experiment(text);
    const trial = planTrials(traced, "")[0];
    const { folder } = await carry({ ...traced, cells: [trial.cell], repetitions: 1 });
    const [{ record }] = loadRun(folder).trials;
    const samples = join(folder, "..", "trials", record.id, "samples");
    for (const [from, to] of [
      [60, 90],
      [90, 120],
    ]) {
      const file = join(samples, `trace-${from}ms-${to}ms.jsonl.gz`);
      assert.ok(existsSync(file), file);
      const window = { fromMicros: from * 1_000, toMicros: to * 1_000, maxEvents: 200_000 };
      const again = await traceTrial(trial, window, new AbortController().signal);
      const kept = readTrace(file);
      assert.ok(kept.events.some(({ kind }) => kind === "message"));
      assert.deepEqual(JSON.parse(JSON.stringify(kept.events)), JSON.parse(JSON.stringify(again?.events)));
      assert.deepEqual(kept.header, again?.header);
    }
    const plain = experiment(FILE);
    const untraced = await carry({
      ...plain,
      name: "plain",
      cells: plain.cells.filter(({ id }) => id === trial.cell.id),
      repetitions: 1,
    });
    assert.equal(loadRun(untraced.folder).trials[0].record.simulation?.digest, record.simulation?.digest);
  });
});
