/** Recorded operations as a workload: every fault with its place, and in simulation the same history to the last byte. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planTrials } from "../../experiments/plan";
import { runExperiment } from "../../experiments/runner";
import type { Experiment } from "../../experiments/spec/experiment";
import { resolveExperiment, type ResolveRequest } from "../../experiments/spec/resolve";
import { TrialFailed, type TrialOutput } from "../../experiments/trial";
import { plannedFrom } from "../../experiments/verification";
import { runTrial } from "../../experiments/world";
import { loadRun } from "../../results/record/reader";

const HEADER = '{"schema":"quorumlab/operations@1"}';
const SIMULATED =
  "world: simulation\nnetwork: {intra_zone: 1ms, client: 0.5ms}\ncluster: {nodes: 3, storage: memory}\n" +
  "phases: {warmup: 100ms, measure: 1s, drain: 200ms}\nseed: 7\n";
const RECORDED = `${SIMULATED}workload: {model: open, rate: 400/s, arrivals: poisson, clients: 5, keys: {count: 50}, mix: {read: 2, update: 1, delete: 0.2}}\n`;

describe("an experiment that follows a trace of operations", function () {
  this.timeout(30_000);
  let folder = "";
  const file = (name: string): string => join(folder, name);
  const resolved = (text: string, rest: Partial<ResolveRequest> = {}) =>
    resolveExperiment({ path: file("try.yaml"), text, ...rest });
  const experimentOf = (text: string, rest: Partial<ResolveRequest> = {}): Experiment => {
    const resolution = resolved(text, rest);
    assert.ok(resolution.ok, resolution.ok ? "" : resolution.problems.map(({ message }) => message).join("\n"));
    return resolution.experiment;
  };
  const toldOf = (text: string): readonly string[] => {
    const resolution = resolved(text);
    const problems = resolution.ok ? resolution.experiment.warnings : resolution.problems;
    return problems.map(
      ({ file: where, line, column, severity, message }) =>
        `${where.slice(folder.length + 1)}:${line}:${column} ${severity} ${message}`,
    );
  };
  const following = (trace: string, rest = ""): string =>
    `${SIMULATED}workload: {mix_name: trace, trace: ${trace}${rest}}\n`;
  const carryOut = async (experiment: Experiment, schedule?: string): Promise<TrialOutput> => {
    const output = await runTrial({
      trial: planTrials(experiment, "")[0],
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
      ...(schedule === undefined ? {} : { schedule }),
    });
    assert.ok(output !== undefined);
    return output;
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorumlab-trace-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const kind of ["jsonl", "csv"]) {
    it(`has the same history every time, and is recorded as the same ${kind} byte for byte`, async () => {
      const original = await carryOut(experimentOf(RECORDED), file(`first.${kind}`));
      const text = following(`first.${kind}`);
      const first = await carryOut(experimentOf(text), file(`second.${kind}`));
      const second = await carryOut(experimentOf(text));
      assert.equal(first.simulation!.digest, second.simulation!.digest);
      assert.equal(readFileSync(file(`second.${kind}`), "utf8"), readFileSync(file(`first.${kind}`), "utf8"));
      assert.equal(first.operations, original.operations);
      assert.deepEqual(first.validity, original.validity);
    });
  }

  it("offers the identical schedule to every cell of a sweep", async () => {
    await carryOut(experimentOf(RECORDED), file("first.jsonl"));
    const { cells } = experimentOf(`${following("first.jsonl")}sweep: {axes: {r: [1, 3]}}\n`);
    assert.equal(cells.length, 2);
    const recorded: string[] = [];
    for (const cell of cells) {
      const experiment = experimentOf(`${following("first.jsonl")}tunables: {r: ${String(cell.axes.r)}}\n`);
      await carryOut(experiment, file("again.jsonl"));
      recorded.push(readFileSync(file("again.jsonl"), "utf8"));
    }
    assert.equal(recorded[0], recorded[1]);
    assert.equal(recorded[0], readFileSync(file("first.jsonl"), "utf8"));
  });

  it("is addressed by what is in the trace, and not by where it lies", () => {
    const id = (name: string): string => planTrials(experimentOf(following(name)), "")[0].id;
    const lines = `${HEADER}\n{"at_us":200000,"op":"read","key":"a","client":1}\n`;
    writeFileSync(file("a.jsonl"), lines);
    writeFileSync(file("b.jsonl"), lines);
    writeFileSync(file("c.jsonl"), lines.replace("200000", "200001"));
    assert.equal(id("a.jsonl"), id("b.jsonl"));
    assert.notEqual(id("a.jsonl"), id("c.jsonl"));
  });

  it("keeps the trace with the run, so that its trials can be run again without the file", async () => {
    await carryOut(experimentOf(RECORDED), file("kept.jsonl"));
    const experiment = experimentOf(`${following("kept.jsonl")}repetitions: {count: 1}\n`);
    const { folder: stored, exit } = await runExperiment(experiment, {
      resultsRoot: file("runs"),
      argv: [],
      tags: {},
      onError: "stop",
      jobs: 1,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    assert.equal(exit, 0);
    writeFileSync(file("kept.jsonl"), `${HEADER}\n`);
    const [{ record }] = loadRun(stored).trials;
    const planned = plannedFrom(stored, record);
    if (typeof planned === "string") assert.fail(planned);
    const again = await runTrial({
      trial: planned,
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
    });
    assert.equal(again!.simulation!.digest, record.simulation!.digest);
  });

  it("is not run with another trace than it was read with", async () => {
    writeFileSync(file("changing.jsonl"), `${HEADER}\n{"at_us":200000,"op":"read","key":"first","client":1}\n`);
    const experiment = experimentOf(following("changing.jsonl"));
    writeFileSync(file("changing.jsonl"), `${HEADER}\n{"at_us":200000,"op":"read","key":"other","client":1}\n`);
    await assert.rejects(
      carryOut(experiment),
      (error: Error) => error instanceof TrialFailed && /is not the one/.test(error.message),
    );
    rmSync(file("changing.jsonl"));
    await assert.rejects(carryOut(experiment), /cannot be read \(ENOENT\)/);
  });

  it("is told every faulty line with its place in the trace, up to twenty", () => {
    const line = '{"at_us":200000,"op":"read","key":"a","client":1}';
    writeFileSync(file("bad.jsonl"), [HEADER, line, line.replace("200000", "199999"), "what", line, ""].join("\n"));
    assert.deepEqual(toldOf(following("bad.jsonl")), [
      "bad.jsonl:3:1 error this line goes back in time: at_us is 199999, and the line before has 200000",
      "bad.jsonl:4:1 error this line is no JSON object: what",
    ]);
    writeFileSync(file("worse.jsonl"), [HEADER, ...new Array<string>(50).fill("{}")].join("\n"));
    const told = toldOf(following("worse.jsonl"));
    assert.equal(told.length, 21);
    assert.ok(told.some((one) => one.endsWith("workload.trace has 50 faulty lines; the first 20 are told")));
  });

  it("is told what is wrong with the file as a whole", () => {
    const place = (rest = ""): string => `try.yaml:6:36 error workload.trace is ${rest}`;
    const told = (name: string): readonly string[] => toldOf(following(name));
    assert.deepEqual(told("none.jsonl"), [place('"none.jsonl", but there is no such file')]);
    assert.deepEqual(told("none.txt"), [place('"none.txt", which is neither .jsonl nor .csv')]);
    writeFileSync(file("binary.jsonl"), Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    assert.deepEqual(told("binary.jsonl"), [place('"binary.jsonl", but it is not UTF-8 text')]);
    writeFileSync(file("huge.jsonl"), HEADER);
    truncateSync(file("huge.jsonl"), 300_000_000);
    assert.deepEqual(told("huge.jsonl"), [
      place('"huge.jsonl", but it has 300000000 bytes; allowed: at most 268435456, such as its first lines'),
    ]);
    writeFileSync(file("empty.jsonl"), "");
    assert.match(told("empty.jsonl")[0], /^empty.jsonl:1:1 error this line is empty; the first line is a header/);
    writeFileSync(file("header.jsonl"), `${HEADER}\r\n`);
    assert.deepEqual(told("header.jsonl"), [
      "header.jsonl:1:1 error this trace has no operations behind its first line",
    ]);
    assert.deepEqual(toldOf(`${SIMULATED}workload: {mix_name: trace}\n`), [
      "try.yaml:6:22 error workload.mix_name is trace, which needs workload.trace, such as trace: recorded.jsonl",
    ]);
    writeFileSync(file("one.jsonl"), `${HEADER}\n{"at_us":200000,"op":"read","key":"a","client":1}\n`);
    assert.deepEqual(toldOf(following("one.jsonl", ", model: open, rate: 5/s, preload: none")).slice(1), [
      "try.yaml:6:47 error workload.model has no place beside mix_name trace: a trace says who asks for what and when",
      "try.yaml:6:60 error workload.rate has no place beside mix_name trace: a trace says who asks for what and when",
    ]);
    assert.deepEqual(toldOf(following("one.jsonl", ", arrivals: trace, preload: none")), [
      "try.yaml:6:36 warning the trace ends at 200ms, and the measured phase goes on in silence until 1.1s",
    ]);
  });

  it("is told what of a trace will not happen, or not as it did", () => {
    const at = (micros: number): string => `{"at_us":${micros},"op":"read","key":"a"}`;
    const header = '{"schema":"quorumlab/operations@1","model":"closed"}';
    writeFileSync(file("long.jsonl"), [header, at(0), at(500_000), at(1_099_999), at(1_100_000), at(9e6)].join("\n"));
    assert.deepEqual(toldOf(following("long.jsonl")), [
      "try.yaml:6:36 warning 2 of the 5 operations of the trace lie beyond the measured phase, which ends 1.1s from its beginning, and do not happen",
      "try.yaml:6:36 warning the trace has no loads, so nothing is written before the warm-up; reads find what the trace itself has put",
      "try.yaml:6:36 warning the trace says no clients, so one session sends everything; name them in a column client",
      "try.yaml:6:36 warning the trace was recorded from a closed load, whose clients waited for that store's answers; here it is an open load, which does not wait",
    ]);
    writeFileSync(file("outside.jsonl"), [header, at(0), at(9e6)].join("\n"));
    assert.ok(
      toldOf(following("outside.jsonl")).includes(
        "try.yaml:6:36 error no operation of the trace lies in the measured phase, from 100ms to 1.1s",
      ),
    );
    assert.ok(toldOf(following("outside.jsonl", ", trace_speed: 10")).every((one) => !one.includes(" error ")));
  });
});
