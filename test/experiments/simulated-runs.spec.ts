/** The second world from the experiment file to the run's folder: threads, digests, verification, checks. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promiseOf } from "../../experiments/cli/check";
import { main } from "../../experiments/cli/main";
import { firstDifference } from "../../experiments/verification";
import { SimulatedTrial } from "../../experiments/simulated-trial";
import { runExperiment } from "../../experiments/runner";
import { resolveExperiment } from "../../experiments/spec/resolve";
import type { Experiment } from "../../experiments/spec/experiment";
import type { TrialRecord } from "../../results/record/run-folder";
import { recordingIo } from "./recording-io";

const FILE = `
schema: quorumlab/experiment@1
name: small
title: A small simulated run
world: simulation
seed: 7
cluster: {nodes: 5}
network: {intra_zone: {dist: exponential, mean: 3ms}, client: 1ms}
tunables: {n_val: 3, w: 1, sloppy_quorum: false, stand_in: none}
workload: {model: closed, clients: 4, mix: {read: 0.5, update: 0.5}, keys: {count: 20, popularity: uniform}, value_size: 20B}
phases: {warmup: 50ms, measure: 400ms, drain: 100ms}
measure: {interval: 100ms, raw: {history: all}}
sweep: {axes: {r: [1, 3]}}
repetitions: {count: 2}
`;

function experiment(text: string): Experiment {
  const resolved = resolveExperiment({ path: "small.yaml", text });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  return resolved.experiment;
}

describe("a simulated run", function () {
  this.timeout(60_000);
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "quorumlab-sim-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const carryOut = async (text: string, jobs: number, below: string): Promise<string> => {
    const { folder, exit } = await runExperiment(experiment(text), {
      resultsRoot: join(root, below),
      argv: [],
      tags: {},
      onError: "stop",
      jobs,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    assert.equal(exit, 0);
    return folder;
  };
  const records = (folder: string): readonly TrialRecord[] => {
    const trials = join(folder, "..", "trials");
    return readdirSync(trials)
      .sort()
      .map((id) => JSON.parse(readFileSync(join(trials, id, "trial.json"), "utf8")) as TrialRecord);
  };

  it("comes out the same on one thread and on three: ids, digests, figures and tables (long)", async () => {
    const one = await carryOut(FILE, 1, "one");
    const three = await carryOut(FILE, 3, "three");
    const essence = (folder: string): unknown =>
      records(folder).map(({ id, simulation, operations }) => ({ id, digest: simulation?.digest, operations }));
    assert.deepEqual(essence(three), essence(one));
    for (const { id } of records(one)) {
      for (const name of ["summary.json", "figures.json", "series.csv", "latency.hlog"]) {
        const of = (folder: string): string => readFileSync(join(folder, "..", "trials", id, name), "utf8");
        assert.equal(of(three), of(one), name);
      }
    }
    for (const name of ["cells.csv", "trials.csv"]) {
      assert.equal(
        readFileSync(join(three, "summaries", name), "utf8"),
        readFileSync(join(one, "summaries", name), "utf8"),
      );
    }
  });

  it("is verified from its seeds, and a changed digest is named with the event from which it differs", async () => {
    const folder = await carryOut(FILE, 1, "runs");
    const verify = async (): Promise<{ code: number; out: string }> => {
      const io = recordingIo(root);
      const code = await main(["verify", folder, "--json", "-j", "1"], io);
      return { code, out: io.out() };
    };
    const good = await verify();
    assert.equal(good.code, 0, good.out);
    assert.deepEqual((JSON.parse(good.out) as { trials: number; mismatches: unknown[] }).mismatches, []);

    const [record] = records(folder);
    const file = join(folder, "..", "trials", record.id, "trial.json");
    const { simulation } = record;
    assert.ok(simulation !== undefined);
    const at = Math.floor(simulation.checkpoints.length / 2);
    const checkpoints = simulation.checkpoints.map((value, i) => (i < at ? value : (value ^ 1) >>> 0));
    const forged = { ...record, simulation: { ...simulation, digest: "0".repeat(16), checkpoints } };
    writeFileSync(file, JSON.stringify(forged));
    const bad = await verify();
    assert.equal(bad.code, 1);
    const { ok, mismatches, files } = JSON.parse(bad.out) as {
      ok: boolean;
      files: string[];
      mismatches: { trial: string; firstEvent: string }[];
    };
    assert.equal(ok, false);
    assert.equal(files.length, 1, "the changed file is seen too");
    assert.deepEqual(
      mismatches.map(({ trial }) => trial),
      [record.id],
    );
    assert.match(
      mismatches[0].firstEvent,
      new RegExp(`^event ${String(at * simulation.every + 1)} at \\d+\\.\\d{6} s: `),
    );
  });

  it("does not believe a cell that was changed behind the trial's back", async () => {
    const folder = await carryOut(FILE, 1, "runs");
    const file = join(folder, "provenance", "cells.json");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll('"nVal":3', '"nVal":2'));
    const io = recordingIo(root);
    assert.equal(await main(["verify", folder], io), 1);
    assert.match(io.out(), /hashes to [0-9a-f]{12}, not to the trial's id/);
  });

  it("keeps histories that fit what its quorums promise, and says what they do not", async () => {
    const folder = await carryOut(FILE, 1, "runs");
    const io = recordingIo(root);
    assert.equal(await main(["check", folder, "--json"], io), 0, io.err());
    const { trials } = JSON.parse(io.out()) as {
      trials: {
        cell: string;
        promised: string | null;
        check: { promises: { multiValue: { yes: number; no: number } } };
      }[];
    };
    const strict = trials.filter(({ cell }) => cell.includes("r3"));
    assert.ok(strict.length > 0);
    for (const { promised, check } of strict) {
      assert.equal(promised, "multiValue");
      assert.ok(check.promises.multiValue.yes > 0);
      assert.equal(check.promises.multiValue.no, 0);
    }
    const weak = trials.filter(({ promised }) => promised === null);
    assert.ok(
      weak.some(({ check }) => check.promises.multiValue.no > 0),
      "at R = W = 1 some read misses a write",
    );
  });
});

describe("a simulated trial", () => {
  const through = (text: string, batch: number): readonly unknown[] => {
    const { cells, seed } = experiment(text);
    const seen: unknown[] = [];
    const trial = new SimulatedTrial(
      { id: "trial", index: 0, cell: cells[0], repetition: 1, seed },
      {
        begun: (phases) => seen.push(phases),
        record: ({ key, start, end, outcome }) => seen.push([key, start, end, outcome]),
        snapshot: ({ at, final }) => seen.push({ at, final }),
      },
    );
    while (!trial.over) trial.advance(batch);
    const { digest } = trial.cluster;
    return [...seen, digest.hex(), digest.events, trial.cluster.now()];
  };

  for (const storage of ["memory", "lmdb"]) {
    const text = FILE.replace("nodes: 5", `nodes: 5, storage: ${storage}`);
    it(`on ${storage} is the same however often one looks up from it, and ends when its phases do`, () => {
      const once = through(text, 1_000_000);
      for (const batch of [1, 997]) assert.deepEqual(through(text, batch), once);
      const told = once as readonly {
        readonly endOfMeasure?: number;
        readonly final?: boolean;
        readonly at?: number;
      }[];
      const endOfMeasure = told.find((one) => one.endOfMeasure !== undefined)?.endOfMeasure ?? NaN;
      const at = told.find((one) => one.final === true)?.at;
      assert.equal(at, endOfMeasure + 100_000, "the final inspection is at the end of the drain");
    });
  }
});

describe("the first difference of two executions", () => {
  const of = (events: number, every: number, checkpoints: readonly number[]) => ({ events, every, checkpoints });
  it("is the span before the first checkpoint that differs, at the coarser spacing", () => {
    assert.equal(firstDifference(of(8, 2, [1, 2, 3, 4]), of(8, 2, [1, 2, 3, 4])), undefined);
    assert.deepEqual(firstDifference(of(8, 2, [1, 2, 3, 4]), of(8, 2, [1, 2, 9, 8])), { after: 4, upTo: 6 });
    assert.deepEqual(firstDifference(of(8, 2, [1, 2, 3, 4]), of(8, 4, [2, 9])), { after: 4, upTo: 8 });
  });
  it("is what lies beyond the end of the shorter one", () => {
    assert.deepEqual(firstDifference(of(4, 2, [1, 2]), of(7, 2, [1, 2, 3])), { after: 4, upTo: 6 });
    assert.deepEqual(firstDifference(of(5, 2, [1, 2]), of(4, 2, [1, 2])), { after: 4, upTo: 5 });
  });
});

describe("what a configuration promises", () => {
  const cell = (changes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
    "tunables.n_val": 3,
    "tunables.r": "quorum",
    "tunables.w": 2,
    "tunables.pr": 0,
    "tunables.pw": 0,
    "tunables.dw": "one",
    "tunables.clock": "dvvset",
    ...changes,
  });
  it("is regularity where quorums overlap, with siblings where the clock keeps them", () => {
    assert.equal(promiseOf(cell({})), "multiValue");
    assert.equal(promiseOf(cell({ "tunables.clock": "lww" })), "regular");
    assert.equal(promiseOf(cell({ "tunables.r": "all", "tunables.w": "one" })), "multiValue");
  });
  const nothing = (changes: Readonly<Record<string, unknown>>): string => {
    const promise = promiseOf(cell(changes));
    return typeof promise === "string" ? promise : promise.nothing;
  };
  it("is nothing where stand-ins count, but for what primaries promise among themselves", () => {
    const sloppy = { "tunables.sloppy_quorum": true, "tunables.stand_in": "fallback" };
    assert.equal(nothing(sloppy), "stand-ins count to its quorums (sloppy_quorum)");
    assert.equal(promiseOf(cell({ ...sloppy, "tunables.stand_in": "none" })), "multiValue");
    assert.equal(promiseOf(cell({ ...sloppy, "tunables.pr": 2, "tunables.pw": 2 })), "multiValue");
    assert.equal(nothing({ "tunables.grace": "10d" }), "tombstones are reaped");
  });
  it("is nothing where they do not, and nothing for timestamps of clocks that are wrong", () => {
    assert.equal(nothing({ "tunables.r": 1 }), "reads and writes need not meet");
    const wrong = "the newest timestamp need not be the latest write's";
    assert.equal(nothing({ "tunables.clock": "lww", "node_model.clock_skew": "1ms" }), wrong);
    assert.equal(nothing({ "tunables.clock": "lww-hlc", "node_model.clock_drift": 50 }), wrong);
    assert.equal(nothing({ "tunables.clock": "lww", "tunables.timestamps": "client" }), wrong);
  });
  it("is nothing where a clock, its settings or a sibling policy may lose a write, or tombstones go", () => {
    const loses = "its clock may lose an acknowledged write";
    for (const clock of ["vv-client", "vv-server-separate"]) assert.equal(nothing({ "tunables.clock": clock }), loses);
    assert.equal(promiseOf(cell({ "tunables.clock": "riak-dvv" })), "multiValue");
    assert.equal(nothing({ "tunables.clock": "riak-dvv", "tunables.actor_epochs": false }), loses);
    assert.equal(nothing({ "tunables.siblings": "newest" }), loses);
    assert.equal(nothing({ "tunables.delete_mode": "immediate" }), "tombstones are reaped");
    const written = { "tunables.siblings": "keep", "tunables.delete_mode": "keep", "tunables.actor_epochs": true };
    assert.equal(promiseOf(cell(written)), "multiValue");
  });
  it("is nothing where faults may take what was acknowledged, however they are written", () => {
    const taken = "faults may take what was acknowledged";
    assert.equal(nothing({ faults: "random" }), taken);
    assert.equal(nothing({ faults: { random: { count: 2 } } }), taken);
    assert.equal(nothing({ "faults.crash": { id: "crash", kind: "kill" } }), taken);
    assert.equal(promiseOf(cell({ faults: "none" })), "multiValue");
    const resolved = (faults: string): Readonly<Record<string, unknown>> =>
      experiment(`${FILE.replace("r: [1, 3]", "r: [3]")}faults: ${faults}\n`).cells[0].resolved;
    assert.equal(typeof promiseOf(resolved("[{kind: kill, node: node-1, at: 100ms, for: 100ms}]")), "object");
    assert.equal(typeof promiseOf(resolved("random")), "object");
    for (const faults of ["[]", "none"]) assert.equal(promiseOf(resolved(faults)), "multiValue", faults);
  });
});
