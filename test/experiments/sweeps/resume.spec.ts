/**
 * `quorumlab resume`: a run that was cut off, however it was, goes on in its folder and ends as if nothing had happened; one that cannot go on is left as it
 * is, with the reason. Kills of the whole process are in `test/process/killed-sweep.spec.ts`; here what a kill leaves is made by hand.
 */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SEMANTICS_VERSION } from "../../../engine/vocabulary/semantics";
import { openInterrupted } from "../../../experiments/resume";
import type { ProgressEvent } from "../../../experiments/run-types";
import { runExperiment } from "../../../experiments/runner";
import { resolveExperiment } from "../../../experiments/spec/resolve";
import { accountOf } from "../../../results/record/journal";
import { ownOwner } from "../../../results/record/owner";
import { loadRun } from "../../../results/record/reader";
import { assertAccountedFor, halfWritten, journalOf, summaryFiles, SWEEP, Workplace } from "./small-sweep";

/** Ctrl-C at the end of the nth trial. */
function interruptAfter(n: number): (event: ProgressEvent, interrupt: () => void) => void {
  let ended = 0;
  return (event, interrupt) => {
    if (event.kind === "trial-done" && ++ended === n) interrupt();
  };
}

/** How many trials ended how, each by its last end. */
function endsOf(run: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const end of accountOf(journalOf(run)).ends.values()) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

describe("quorumlab resume", function () {
  this.timeout(60_000);
  let whole: Workplace;
  let at: Workplace;
  before(async () => {
    whole = new Workplace();
    await whole.type("run sweep.yaml");
  });
  after(() => rmSync(whole.cwd, { recursive: true, force: true }));
  beforeEach(() => (at = new Workplace()));
  afterEach(() => rmSync(at.cwd, { recursive: true, force: true }));

  const assertAsIfWhole = (run: string): void => {
    assertAccountedFor(run, 6);
    assert.deepEqual(summaryFiles(run), summaryFiles(whole.folders()[0]));
    assert.equal(loadRun(run).manifest.status, "done");
  };
  /** What a process that was killed between two trials leaves: no end in the manifest, no summaries that are right, its lock. */
  const killedAfter = async (n: number): Promise<string> => {
    await at.type("run sweep.yaml", interruptAfter(n));
    const [run] = at.folders();
    const manifest = JSON.parse(readFileSync(join(run, "manifest.json"), "utf8")) as object;
    const running = { ...manifest, status: "running", endedAt: null, wallSeconds: null, cpuSeconds: null };
    writeFileSync(join(run, "manifest.json"), JSON.stringify(running));
    rmSync(join(run, "SHA256SUMS"));
    const entries = readFileSync(join(run, "journal.jsonl"), "utf8").split("\n");
    writeFileSync(join(run, "journal.jsonl"), entries.filter((line) => !/"interrupted"/.test(line)).join("\n"));
    // A process number that is nobody's.
    const [, start, machine, boot] = ownOwner().split("-");
    writeFileSync(join(run, ".lock"), `${["4194305", start, machine, boot].join("-")}\n`);
    return run;
  };

  it("goes on after Ctrl-C, as the interrupted run said, and ends as if there had been none", async () => {
    const stopped = await at.type("run sweep.yaml --note why", interruptAfter(2));
    assert.equal(stopped.code, 130);
    assert.match(
      stopped.err,
      /^interrupted: 2 of 6 done, in results\/runs\/sweep\/.*\nnext: npx quorumlab resume sweep@latest /m,
    );
    const resumed = await at.type("resume sweep@latest");
    assert.equal(resumed.code, 0, resumed.err);
    assert.match(resumed.err, /2 of 6 trials done, 4 left\n2 of 6 done, 4 to run\n/);
    const [run, ...others] = at.folders();
    assert.deepEqual(others, []);
    assertAsIfWhole(run);
    assert.deepEqual(
      journalOf(run)
        .map(({ event }) => event)
        .filter((event) => event !== "started" && event !== "done"),
      ["planned", "interrupted", "resumed"],
    );
    const { manifest } = loadRun(run);
    assert.equal(manifest.note, "why");
    assert.deepEqual(
      [manifest.argv, manifest.resumed?.map(({ argv }) => argv)],
      [["quorumlab", "run", "sweep.yaml", "--note", "why"], [["quorumlab", "resume", "sweep@latest"]]],
    );
    assert.equal((await at.type(`verify ${run}`)).code, 0);
    assert.match(
      (await at.type("resume sweep")).err,
      /^error: .* is done: all 6 trials are there; quorumlab show sweep/,
    );
  });

  it("goes on after a kill: a torn line, a half-filled folder, a trial whose end nobody wrote down, a dead owner's lock", async () => {
    const run = await killedAfter(3);
    // The third trial stands, but the line that says so was cut off.
    const journal = join(run, "journal.jsonl");
    const text = readFileSync(journal, "utf8").trimEnd();
    truncateSync(journal, Buffer.byteLength(text) - 20);
    const dead = readFileSync(join(run, ".lock"), "utf8").trim();
    for (const name of [`.0123456789ab.${dead}.partial`, ".fedcba987654.partial"]) {
      mkdirSync(join(at.trials(), name));
      writeFileSync(join(at.trials(), name, "trial.json"), "{");
    }
    writeFileSync(join(run, `.manifest.json.${dead}.partial`), "{");
    const { code, err } = await at.type("resume");
    assert.equal(code, 0, err);
    assert.match(err, /^3 of 6 done, 3 to run$/m);
    assertAsIfWhole(run);
    assert.ok(loadRun(run).manifest.wallSeconds! > 0);
    assert.equal(loadRun(run).manifest.cpuSeconds, null, "nobody knows what the killed one used");
  });

  it("only writes the end of a run whose trials had all ended", async () => {
    const run = await killedAfter(6);
    rmSync(join(run, "report"), { recursive: true });
    const { code, err } = await at.type("resume");
    assert.equal(code, 0, err);
    assert.match(err, /^6 of 6 done, 0 to run$/m);
    assertAsIfWhole(run);
    assert.ok(existsSync(join(run, "report", "index.html")));
  });

  it("does not go on from what another process has changed since it looked", async () => {
    const run = await killedAfter(3);
    const opened = openInterrupted(run, false);
    assert.equal((await at.type("resume")).code, 0);
    const before = journalOf(run);
    const options = {
      argv: [],
      tags: {},
      onError: "continue",
      resultsRoot: at.runs,
      progress: () => undefined,
    } as const;
    await assert.rejects(
      async () =>
        runExperiment(opened.experiment, { ...options, signal: new AbortController().signal, resumed: opened }),
      /went on in another process meanwhile; type the command again/,
    );
    assert.deepEqual(journalOf(run), before);
    assertAsIfWhole(run);
  });

  it("puts a trial back that was moved aside and never replaced", async () => {
    const run = await killedAfter(6);
    const dead = readFileSync(join(run, ".lock"), "utf8").trim();
    const [id] = readdirSync(at.trials()).sort();
    const { renameSync } = await import("node:fs");
    renameSync(join(at.trials(), id), join(at.trials(), `.${id}.${dead}.replaced`));
    assert.equal((await at.type("resume")).code, 0);
    assertAsIfWhole(run);
  });

  it("leaves alone what somebody is filling who lives, and a run that is still running", async () => {
    const run = await killedAfter(2);
    const living = ownOwner();
    const filling = join(at.trials(), `.0123456789ab.${living}.partial`);
    mkdirSync(filling);
    writeFileSync(join(run, ".lock"), `${living}\n`);
    const before = journalOf(run);
    const refused = await at.type("resume sweep");
    assert.equal(refused.code, 2);
    assert.match(refused.err, new RegExp(`^error: \\S+ is still running, in process ${process.pid}\\n`));
    assert.match((await at.type("resume")).err, /^error: no run below results\/runs was interrupted; /);
    const [pid, start, , boot] = living.split("-");
    writeFileSync(join(run, ".lock"), `${[pid, start, "00000000", boot].join("-")}\n`);
    assert.match(
      (await at.type("resume sweep")).err,
      /may be running on another machine \(process \d+ there\); if it is not, remove .*\.lock\n/,
    );
    assert.deepEqual(journalOf(run), before);
    rmSync(join(run, ".lock"));
    assert.equal((await at.type("resume")).code, 0);
    assert.ok(existsSync(filling));
  });

  it("makes a trial again that its journal has and its disk has not, or not whole", async () => {
    const run = await killedAfter(3);
    const done = journalOf(run).flatMap(({ event, trial }) => (event === "done" ? [trial!] : []));
    rmSync(join(at.trials(), done[0]), { recursive: true });
    truncateSync(join(at.trials(), done[1], "summary.json"), 10);
    const { code, err } = await at.type("resume");
    assert.equal(code, 0, err);
    assert.match(err, new RegExp(`^warning: trial ${done[0]} .* is made again: its folder is gone$`, "m"));
    assert.match(err, new RegExp(`^warning: trial ${done[1]} .* is made again: summary\\.json cannot be read$`, "m"));
    assert.match(err, /^1 of 6 done, 5 to run$/m);
    assert.deepEqual(summaryFiles(run), summaryFiles(whole.folders()[0]));
  });

  it("goes on with the plan of its folder, whatever has become of the file", async () => {
    await at.type("run sweep.yaml -S repetitions.count=1", interruptAfter(1));
    at.file(SWEEP.replace("seed: 5", "seed: 6").replace("r: [1, 2, 3]", "r: [2]"));
    const { code, err } = await at.type("resume");
    assert.equal(code, 0, err);
    const run = loadRun(at.folders()[0]);
    assert.deepEqual(run.cells.map(({ id }) => id).sort(), ["r1", "r2", "r3"]);
    assert.deepEqual([...new Set(run.trials.map(({ record }) => record.repetition))], [1]);
  });

  it("finds a run by its experiment, the beginning of its id, or its folder; unasked the latest that was interrupted (long)", async () => {
    await at.type("run sweep.yaml -S name=older", interruptAfter(1));
    await at.type("run sweep.yaml -S name=newer", interruptAfter(1));
    await at.type("run sweep.yaml -S name=last");
    const left = { max: 1 };
    const [newer] = at.folders("newer");
    const [older] = at.folders("older");
    const said = async (line: string): Promise<string> => (await at.type(line, interruptAfter(left.max))).err;
    assert.match(await said("resume"), /^newer {2}/);
    assert.match(await said(`resume ${newer.split("/").at(-1)!.slice(0, -2)}`), /^newer {2}/);
    assert.match(await said(`resume ${older}`), /^older {2}/);
    assert.match(await said("resume older@latest"), /^older {2}/);
    assert.match(await said("resume last"), /^error: .* is done/);
    assert.match(await said("resume oldre"), /^error: oldre: no such run; did you mean older\?/);
  });

  it("takes of two runs of one second the one that was begun later", async () => {
    const run = await killedAfter(1);
    for (const [id, ms] of [
      ["20990101T000000Z-zzzzzz", "100"],
      ["20990101T000000Z-aaaaaa", "200"],
    ]) {
      const other = join(run, "..", id);
      cpSync(run, other, { recursive: true });
      const manifest = JSON.parse(readFileSync(join(run, "manifest.json"), "utf8")) as object;
      const changed = { ...manifest, run: id, startedAt: `2099-01-01T00:00:00.${ms}Z` };
      writeFileSync(join(other, "manifest.json"), JSON.stringify(changed));
    }
    assert.match((await at.type("resume", interruptAfter(1))).err, /^sweep {2}20990101T000000Z-aaaaaa /);
  });

  it("makes the trial whose schedule was to be kept, although an earlier run left one like it (long)", async () => {
    await at.type("run sweep.yaml");
    const stopped = await at.type("run sweep.yaml --record-trace day.jsonl", (event, interrupt) => {
      if (event.kind === "trial-started") interrupt();
    });
    assert.equal(stopped.code, 130, stopped.err);
    assert.ok(!existsSync(join(at.cwd, "day.jsonl")));
    const resumed = await at.type("resume");
    assert.equal(resumed.code, 0, resumed.err);
    assert.match(resumed.err, /^5 of 6 reused, 1 to run$/m);
    assert.ok(existsSync(join(at.cwd, "day.jsonl")));
    assert.deepEqual(endsOf(at.folders()[1]), { reused: 5, done: 1 });
  });

  it("starts no trial beyond its budget, and the next sitting has it anew or is given another", async () => {
    const spent = await at.type("run sweep.yaml -S budget.wall=1s", (event) => {
      if (event.kind !== "trial-done") return;
      const until = performance.now() + 1_000;
      while (performance.now() < until);
    });
    assert.equal(spent.code, 130, spent.err);
    assert.match(spent.err, /^stopped: budget\.wall of 1s is used up; 5 of 6 trials were not started; /m);
    assert.match(spent.err, /^next: npx quorumlab resume sweep@latest /m);
    assert.equal(loadRun(at.folders()[0]).manifest.stopped?.by, "budget");
    const resumed = await at.type("resume --budget none");
    assert.equal(resumed.code, 0, resumed.err);
    assertAsIfWhole(at.folders()[0]);
    assert.equal(loadRun(at.folders()[0]).manifest.stopped, undefined);
    assert.equal((await at.type("resume --budget soon")).code, 2);
  });

  it("says that a run in stages is not over whose budget was used up between two of them", async () => {
    const resolution = resolveExperiment({ path: "sweep.yaml", text: SWEEP });
    assert.ok(resolution.ok);
    const experiment = { ...resolution.experiment, budget: { wallMs: undefined, diskBytes: 1 } };
    const [{ id: cell }] = experiment.cells;
    const result = await runExperiment(experiment, {
      ...({ argv: [], tags: {}, onError: "continue", jobs: 1 } as const),
      ...{ resultsRoot: at.runs, progress: () => undefined, signal: new AbortController().signal },
      nextStage: (ended) => ({ experiment, trials: [{ cell, repetition: ended.length + 1 }], expected: 0 }),
    });
    assert.equal(result.exit, 130);
    assert.match(result.stopped ?? "", /^budget\.disk of 1 B is used up; 1 of 2 trials were not started$/);
    assert.equal(loadRun(result.folder).manifest.status, "interrupted");
  });

  it("writes the end once more of a run that broke off while it wrote it", async () => {
    await at.type("run sweep.yaml");
    const [run] = at.folders();
    rmSync(join(run, "SHA256SUMS"));
    rmSync(join(run, "report"), { recursive: true });
    assert.equal((await at.type("resume")).code, 0);
    assertAsIfWhole(run);
    assert.ok(existsSync(join(run, "report", "index.html")));
    assert.match((await at.type("resume")).err, /^error: no run below results\/runs was interrupted/);
  });

  it("leaves failed trials as they are until they are to be tried again", async () => {
    const operation = (at_us: number): string => `{"at_us":${at_us},"op":"read","key":"a","client":1}\n`;
    const header = '{"schema":"quorumlab/operations@1"}\n';
    const [one, other] = ["a.jsonl", "b.jsonl"].map((name) => join(at.cwd, name));
    writeFileSync(one, header + operation(30_000));
    writeFileSync(other, header + operation(40_000));
    at.file(
      SWEEP.replace(/workload: .*/, `workload: {mix_name: trace, trace: ${one}}`).replace(
        "axes: {r: [1, 2, 3]}, baseline: {r: 1}",
        `axes: {workload.trace: [${one}, ${other}]}`,
      ),
    );
    const gone = (event: ProgressEvent): void => {
      if (event.kind === "planned") rmSync(one);
    };
    const stopped = await at.type("run sweep.yaml --on-error stop --exit-zero", gone);
    assert.equal(stopped.code, 0, stopped.err);
    assert.match(stopped.err, /^1 of the trials failed, and [123] of 4 were not begun; /m);
    assert.match(stopped.err, /^next: npx quorumlab resume sweep@latest --retry-failed /m);
    const continued = await at.type("resume");
    assert.equal(continued.code, 3, continued.err);
    assert.match(continued.err, /^failed {2}.*a\.jsonl: the trace cannot be read/m);
    const [run] = at.folders();
    assert.deepEqual(endsOf(run), { done: 3, failed: 1 });
    const refused = await at.type("resume sweep");
    assert.equal(refused.code, 2);
    assert.match(
      refused.err,
      /^error: .* has nothing left to begin; 1 of 4 trials failed, and --retry-failed carries them out again\n/,
    );
    const retried = await at.type("resume --retry-failed");
    assert.equal(retried.code, 0, retried.err);
    assert.deepEqual(endsOf(run), { done: 4 });
    writeFileSync(one, header + operation(30_000));
    await at.type("run sweep.yaml --fresh");
    await at.type("run sweep.yaml");
    const [, fresh, reused] = at.folders();
    assert.deepEqual(summaryFiles(run), summaryFiles(fresh));
    assert.deepEqual(summaryFiles(reused), summaryFiles(fresh), "doubts of a single operation included");
  });

  describe("refuses, before it touches a file,", () => {
    const refusal = async (run: string, line = `resume ${run}`): Promise<string> => {
      const files = (): unknown => readdirSync(run, { recursive: true }).map(String).sort();
      const before = [files(), journalOf(run)];
      const { code, out, err } = await at.type(line);
      assert.equal(code, 2, err);
      assert.equal(out, "");
      assert.deepEqual([files(), journalOf(run)], before);
      return err;
    };
    const changed = (run: string, name: string, change: (text: string) => string): (() => void) => {
      const file = join(run, name);
      const text = readFileSync(file, "utf8");
      writeFileSync(file, change(text));
      return () => writeFileSync(file, text);
    };

    it("another engine, a damaged folder, one of an older version, and a search", async () => {
      const run = await killedAfter(1);
      for (const [name, change, why] of [
        [
          "manifest.json",
          (text: string) => text.replace(`"semanticsVersion":"${SEMANTICS_VERSION}"`, '"semanticsVersion":"0"'),
          /was begun under semantics version 0 of the engine, and this one has .*; run the experiment again/,
        ],
        [
          "manifest.json",
          (text: string) => text.slice(0, 100),
          /manifest\.json is not JSON; it is damaged or was cut off; run the experiment again/,
        ],
        [
          "plan.jsonl",
          (text: string) => text.slice(0, -20),
          /cannot be resumed: plan\.jsonl, line 6 is damaged; run the experiment again: simulated/,
        ],
        ["plan.jsonl", () => "", /plan\.jsonl is empty/],
        [
          "plan.jsonl",
          (text: string) => text.replace('"cell":"r2"', '"cell":"r1"'),
          /names a trial that is not the one of cell r1 and its seed/,
        ],
        [
          "provenance/cells.json",
          (text: string) => text.slice(0, 999),
          /provenance\/cells\.json is missing or damaged/,
        ],
        [
          "provenance/execution.json",
          (text: string) => text.replace('"seed":5', '"seed":6'),
          /provenance\/execution\.json is damaged or was changed/,
        ],
        [
          "provenance/execution.json",
          (text: string) => text.replace("execution@1", "execution@9"),
          /execution\.json was written by another version \(quorumlab\/execution@9\)/,
        ],
        ["journal.jsonl", () => "", /journal\.jsonl is missing or damaged/],
        [
          "manifest.json",
          (text: string) => text.replace('"status":"running"', '"status":"running","saturation":{}'),
          /saturation|search/,
        ],
      ] as const) {
        const back = changed(run, name, change);
        assert.match(await refusal(run), why);
        back();
      }
      rmSync(join(run, "provenance", "execution.json"));
      assert.match(await refusal(run), /has no provenance\/execution\.json: a version made it that could not resume/);
    });

    it("a copy under another name, which would go on in the folder of the run itself", async () => {
      const run = await killedAfter(1);
      const copy = `${run}-copy`;
      cpSync(run, copy, { recursive: true });
      assert.match(
        await refusal(copy),
        /is the run \S+ of sweep under another name, and would go on in sweep\/\S+; give/,
      );
      const renamed = join(at.runs, "renamed");
      cpSync(join(run, ".."), renamed, { recursive: true });
      assert.match(await refusal(join(renamed, run.split("/").at(-1)!)), /is the run \S+ of sweep under another name/);
      const { code, err } = await at.type("resume");
      assert.equal(code, 0, err);
      assert.equal(loadRun(copy).manifest.status, "running");
      for (const other of [copy, renamed]) rmSync(other, { recursive: true });
      assertAsIfWhole(run);
    });

    it("a run of which nothing is left, or that an objective stopped", async () => {
      at.file(
        `${SWEEP}slos: [{id: none, sli: throughput_ops_s, over: {repetitions: max}, op: "==", value: 0, severity: abort}]\n`,
      );
      assert.equal((await at.type("run sweep.yaml")).code, 1);
      const [run] = at.folders();
      assert.match(
        await refusal(run),
        /stopped itself: objective none \(severity: abort\) fails in r\d, .*; what it would do next is stop again/,
      );
      assert.match(
        await refusal(run, "resume -o results/nowhere"),
        /^error: no run below results\/nowhere was interrupted; /,
      );
    });
  });

  it("leaves nothing half written behind a run that ends well", () => {
    assert.deepEqual(halfWritten(whole.runs), []);
  });
});
