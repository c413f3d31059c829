/**
 * `quorumlab run`, `show` and `report` with a runner that the test gives: what it is asked, what becomes of its answer,
 * and what Ctrl-C does. The runs are made up, but written and read by the real writer and reader.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Io } from "../../experiments/cli/io";
import { main } from "../../experiments/cli/main";
import type { RunExperiment, RunOptions, RunResult } from "../../experiments/run-types";
import type { Experiment } from "../../experiments/spec/experiment";
import { ResultsNotWritable } from "../../results/record/results-not-writable";
import { MANIFEST, temporaryFolder, writeRun } from "../results/record/made-up-run";

interface Asked {
  readonly experiment: Experiment;
  readonly options: RunOptions;
}

class Session {
  out = "";
  err = "";
  ended: number | undefined;
  private readonly handlers = new Set<() => void>();
  readonly asked: Asked[] = [];

  constructor(
    private readonly cwd: string,
    private readonly result: (folder: string) => Partial<RunResult> | Error = () => ({}),
    private readonly during: (session: Session) => void = () => undefined,
  ) {}

  interrupt(): void {
    for (const handler of this.handlers) handler();
  }

  get listening(): number {
    return this.handlers.size;
  }

  run(...argv: readonly string[]): Promise<number> {
    const sink = (write: (text: string) => void) => ({ write, isTTY: false, columns: undefined });
    const io: Io = {
      stdout: sink((text) => (this.out += text)),
      stderr: sink((text) => (this.err += text)),
      env: {},
      cwd: this.cwd,
      onInterrupt: (handler) => {
        this.handlers.add(handler);
        return () => this.handlers.delete(handler);
      },
      exitNow: (code) => (this.ended = code),
    };
    const runner: RunExperiment = (experiment, options) => {
      this.asked.push({ experiment, options });
      this.during(this);
      const folder = join(options.resultsRoot, "made-up", MANIFEST.run);
      const result = this.result(folder);
      if (result instanceof Error) return Promise.reject(result);
      writeRun(options.resultsRoot);
      const report = join(folder, "report", "index.html");
      return Promise.resolve({ folder, run: MANIFEST.run, report, exit: 0, failures: [], ...result });
    };
    return main(argv, io, () => runner);
  }
}

describe("quorumlab run", () => {
  let cwd = "";
  beforeEach(() => (cwd = temporaryFolder()));
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  it("hands the runner the resolved experiment and the options", async () => {
    const session = new Session(cwd);
    const argv =
      "run a-a --profile smoke -S w=all --only tags.arm=b --seed 7 --tag paper=s4 -m note -o out --on-error stop --raw all";
    assert.equal(await session.run(...argv.split(" ")), 0);
    const [{ experiment, options }] = session.asked;
    assert.deepEqual([experiment.seed, experiment.profile, experiment.cells.length], [7, "smoke", 1]);
    assert.equal(experiment.cells[0].cluster.engine.w, "all");
    assert.deepEqual(experiment.cells[0].measure.rawHistory, { kind: "all" });
    assert.equal(options.resultsRoot, join(cwd, "out"));
    assert.deepEqual(options.tags, { paper: "s4" });
    assert.deepEqual([options.note, options.onError], ["note", "stop"]);
    assert.deepEqual(options.argv, ["quorumlab", ...argv.split(" ")]);
  });

  it("ends by naming the report on standard output and the next commands on the other", async () => {
    const session = new Session(cwd);
    await session.run("run", "a-a");
    const run = `results/runs/made-up/${MANIFEST.run}`;
    assert.match(session.out, new RegExp(`report: ${run}/report/index.html\n$`));
    assert.match(session.err, new RegExp(`next: npx quorumlab show ${run} .*quorumlab report ${run} --open\n$`));
  });

  it("prints one document and nothing else with --json", async () => {
    const session = new Session(cwd);
    await session.run("run", "a-a", "--json");
    const document = JSON.parse(session.out) as Record<string, unknown>;
    assert.deepEqual([document.schema, document.run], ["quorumlab/run@1", MANIFEST.run]);
    for (const field of [
      "experiment",
      "path",
      "report",
      "world",
      "seed",
      "verdict",
      "validity",
      "cells",
      "slos",
      "warnings",
    ]) {
      assert.ok(field in document, field);
    }
  });

  it("ends with the runner's code, names the failures, and with 0 where that is wanted", async () => {
    const failed = () => ({ exit: 3 as const, failures: ["r1-w1 repetition 1: node-2 did not start"] });
    const strict = new Session(cwd, failed);
    assert.equal(await strict.run("run", "a-a"), 3);
    assert.match(strict.err, /failed {2}r1-w1 repetition 1: node-2 did not start\n/);
    rmSync(join(cwd, "results"), { recursive: true });
    assert.equal(await new Session(cwd, failed).run("run", "a-a", "--exit-zero"), 0);
    rmSync(join(cwd, "results"), { recursive: true });
    assert.equal(await new Session(cwd, () => ({ exit: 130 as const })).run("run", "a-a", "--exit-zero"), 130);
  });

  it("tells where results cannot be written, without a trace", async () => {
    const session = new Session(
      cwd,
      (folder) => new ResultsNotWritable(`${folder}: the disk is full`, folder, "ENOSPC"),
    );
    assert.equal(await session.run("run", "a-a"), 2);
    assert.match(session.err, /error: .*: the disk is full\n$/);
    assert.equal(session.out, "");
  });

  it("tells where the results folder cannot be made, before anything runs", async () => {
    const session = new Session(cwd);
    assert.equal(await session.run("run", "a-a", "-o", "/proc/self/nope/runs"), 2);
    assert.match(session.err, /error: \/proc\/self\/nope: cannot be made; choose another folder with -o DIR\n$/);
    writeFileSync(join(cwd, "file"), "");
    assert.equal(await new Session(cwd).run("run", "a-a", "-o", "file/runs"), 2);
    assert.equal(session.asked.length, 0);
  });

  it("takes an unforeseen error for its own fault, in one line", async () => {
    const session = new Session(cwd, () => new TypeError("x is not a function\nsecond line"));
    assert.equal(await session.run("run", "a-a"), 3);
    assert.match(
      session.err,
      /\nerror: x is not a function \(a fault of quorumlab's own .*QUORUMLAB_DEBUG=1 shows where\)\n$/,
    );
  });

  it("aborts at the first Ctrl-C and ends at once at the second", async () => {
    const session = new Session(
      cwd,
      () => ({ exit: 130 as const }),
      (running) => {
        const { signal } = running.asked[0].options;
        assert.equal(signal.aborted, false);
        running.interrupt();
        assert.equal(signal.aborted, true);
        assert.equal(running.ended, undefined);
        running.interrupt();
        assert.equal(running.ended, 130);
      },
    );
    assert.equal(await session.run("run", "a-a"), 130);
    assert.equal(session.listening, 0);
    assert.match(session.err, /interrupted: stopping the nodes/);
  });

  it("refuses a wrong experiment before it starts anything", async () => {
    const session = new Session(cwd);
    assert.equal(await session.run("run", "a-a", "-S", "r=9"), 2);
    assert.equal(session.asked.length, 0);
    assert.match(session.err, /^-S r=9 {2}error {4}r is 9 but n_val is 3/);
  });
});

describe("quorumlab show and report", () => {
  let cwd = "";
  before(() => {
    cwd = temporaryFolder();
    writeRun(join(cwd, "results", "runs"));
  });
  after(() => rmSync(cwd, { recursive: true, force: true }));

  for (const name of ["made-up", MANIFEST.run, MANIFEST.run.slice(0, 12), `results/runs/made-up/${MANIFEST.run}`]) {
    it(`find a run by ${name}`, async () => {
      const session = new Session(cwd);
      assert.equal(await session.run("show", name, "--json"), 0);
      assert.equal((JSON.parse(session.out) as { run: string }).run, MANIFEST.run);
    });
  }

  it("name the nearest run for one that is not there", async () => {
    const session = new Session(cwd);
    assert.equal(await session.run("show", "made-pu"), 2);
    assert.equal(session.err, "error: made-pu: no such run; did you mean made-up?\n");
  });

  it("report builds the page anew", async () => {
    const session = new Session(cwd);
    const page = join(cwd, "results", "runs", "made-up", MANIFEST.run, "report", "index.html");
    rmSync(page, { force: true });
    assert.equal(await session.run("report", "made-up"), 0);
    assert.ok(existsSync(page));
    assert.match(readFileSync(page, "utf8"), /^<!doctype html>/i);
    assert.equal(session.out, `report: results/runs/made-up/${MANIFEST.run}/report/index.html\n`);
  });
});
