/** A load made by two processes against a small cluster: one history, nothing lost, nothing left behind, however it ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { PlannedTrial } from "../../experiments/plan";
import { boundsOf, greatestDifference } from "../../experiments/time-error";
import type { OperationRecord } from "../../results/record/history";
import { sharedLoad } from "./fixtures/shared-load";
import { begin } from "./begun-trial";
import { needsCompiledNodes } from "./live-cluster";
import { alive, childrenOf, processesNaming } from "./processes";
import { until } from "./until";

const ROOT = join(__dirname, "..", "..");

const planned = (measure: string): PlannedTrial => sharedLoad(measure, `test-${String(process.pid)}`);

/** Of the trial that process `by` carries out. */
const loadsOf = ({ id }: PlannedTrial, by = process.pid): readonly number[] =>
  processesNaming(`${id}-${String(by)}/load-`);

describe("a load made by two processes", function () {
  this.timeout(120_000);
  before(function () {
    needsCompiledNodes(this);
  });

  it("is one history in order: every operation once, with keys and sessions of either's own (long)", async () => {
    const trial = planned("2s");
    const { ended, records, phases } = begin(trial);
    const output = await ended;
    assert(output !== undefined);
    const of = (phase: string): OperationRecord[] => records.filter((record) => record.phase === phase);
    assert.equal(of("load").length, 300);
    assert.equal(new Set(of("load").map(({ key }) => key)).size, 300);
    assert.equal(of("warmup").length, 60);
    assert.equal(of("measure").length, 400);
    const ends = records.map(({ end }) => end);
    assert(ends.every((end, i) => i === 0 || end >= ends[i - 1]));
    assert.equal(new Set(records.map(({ id }) => id)).size, records.length);
    const driversOf = new Map<string, Set<number>>();
    for (const { key, session } of records) driversOf.set(key, (driversOf.get(key) ?? new Set()).add(session % 2));
    assert([...driversOf.values()].every(({ size }) => size === 1));
    assert.deepEqual([...new Set(of("measure").map(({ session }) => session))].sort(), [0, 1, 2, 3]);
    // Evenly spaced, in turn, from one instant on.
    const due = of("measure").map(({ intended }) => intended);
    assert.deepEqual(
      [...due].sort((a, b) => a - b).map((at, i, all) => (i === 0 ? 5_000 : at - all[i - 1])),
      due.map(() => 5_000),
    );
    const kinds = output.validity.doubts.map(({ kind }) => kind);
    assert(!kinds.includes("broken-values"), kinds.join());
    assert(!kinds.includes("unknown-versions"), kinds.join());
    assert.equal(output.figures.divergence.finalExamined, 300);
    assert(output.figures.divergence.t.length >= 5);
    const { calibration } = output.summary;
    assert(calibration?.timeErrorMs !== undefined && calibration.timeErrorMs > 0);
    assert(phases.has("preload") && phases.has("measure"));
    await until("its processes are gone", () => childrenOf(process.pid).length === 0);
  });

  it("fails, and says why, when one of the processes is killed; nothing is left of the others", async () => {
    const trial = planned("60s");
    const { ended, phases } = begin(trial);
    await until("the measured phase", () => phases.has("measure"), 60_000);
    const pids = loadsOf(trial);
    assert.equal(pids.length, 2);
    process.kill(pids[0], "SIGKILL");
    await assert.rejects(ended, /load process [12] ended during the trial \(SIGKILL\)/);
    await until("its processes are gone", () => childrenOf(process.pid).length === 0 && !pids.some(alive));
  });

  it("ends when it is interrupted, and leaves nothing", async () => {
    const trial = planned("60s");
    const { ended, phases, stop } = begin(trial);
    await until("the warm-up", () => phases.has("warmup"), 60_000);
    // As Ctrl-C does, which reaches the whole group: only the trial decides.
    const pids = loadsOf(trial);
    for (const pid of pids) process.kill(pid, "SIGINT");
    assert(pids.length === 2 && pids.every(alive));
    stop.abort();
    assert.equal(await ended, undefined);
    await until("its processes are gone", () => childrenOf(process.pid).length === 0 && !pids.some(alive));
  });
});

describe("processes of a load", function () {
  this.timeout(120_000);
  before(function () {
    needsCompiledNodes(this);
  });

  it("do not outlive their trial, whose program is killed (long)", async () => {
    const nonce = `killed-${String(process.pid)}`;
    const program = join(__dirname, "fixtures", "shared-load.ts");
    const child = spawn(process.execPath, ["-r", "ts-node/register", program, nonce], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    const trial = sharedLoad("60s", nonce);
    try {
      await until("the measured phase", () => said.includes("measure"), 90_000);
      assert.equal(loadsOf(trial, child.pid).length, 2);
      const pids = childrenOf(child.pid!);
      assert.equal(pids.length, 5);
      child.kill("SIGKILL");
      await until("its processes are gone", () => !pids.some(alive), 20_000);
    } finally {
      child.kill("SIGKILL");
    }
  });
});

describe("the error of common time", () => {
  it("lies between what the quickest rounds leave of it", () => {
    const rounds = [
      { sent: 0, told: 130, came: 100 },
      { sent: 200, told: 260, came: 220 },
      { sent: 300, told: 390, came: 380 },
    ];
    // 40 to 60 more, and a microsecond of rounding on both sides.
    assert.deepEqual(boundsOf(rounds), { least: 39, most: 61 });
  });

  it("is the greatest difference that is possible between any two, whoever asked included", () => {
    const a = { least: -30, most: 20 };
    const b = { least: 10, most: 60 };
    assert.equal(greatestDifference([a]), 30);
    assert.equal(greatestDifference([a, b]), 90);
    assert.equal(greatestDifference([]), 0);
  });
});
