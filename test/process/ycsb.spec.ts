/**
 * `quorumlab ycsb` on real processes: a paced run of pairs to its last operation, a load, and a run that only Ctrl-C ends.
 * What the report says is read by the parser that is written from YCSB's format; nothing may be left running.
 */
import { strict as assert } from "node:assert";
import { rmSync } from "node:fs";
import { main } from "../../experiments/cli/main";
import { interruptedIo, recordingIo } from "../experiments/recording-io";
import { temporaryFolder } from "../results/record/made-up-run";
import { doubleOf, longOf, parseReport, returnsOf } from "../results/ycsb/report-parser";
import { needsCompiledNodes } from "./live-cluster";
import { processesNaming } from "./processes";

describe("quorumlab ycsb on processes", function () {
  this.timeout(60_000);
  let cwd = "";
  before(function () {
    needsCompiledNodes(this);
  });
  let usualTemporary: string | undefined;
  beforeEach(() => {
    cwd = temporaryFolder();
    // Nodes are started with a file of their cluster's folder, which makes them ours to find.
    usualTemporary = process.env.TMPDIR;
    process.env.TMPDIR = cwd;
  });
  afterEach(() => {
    if (usualTemporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usualTemporary;
    const left = processesNaming(cwd);
    rmSync(cwd, { recursive: true, force: true });
    assert.deepEqual(left, [], "every node has ended");
  });

  it("runs workload F at a rate, to its last operation, and tells intended latencies apart", async () => {
    const io = recordingIo(cwd);
    const line =
      "ycsb run basic -P workloads/workloadf -threads 4 -target 400 -s -p status.interval=1 " +
      "-p recordcount=100 -p operationcount=400 -p measurement.interval=both -p dataintegrity=true";
    assert.equal(await main(line.split(" "), io), 0, io.err());
    const report = parseReport(io.out());
    const reads = returnsOf(report, "READ");
    const updates = returnsOf(report, "UPDATE");
    const pairs = returnsOf(report, "READ-MODIFY-WRITE");
    const sum = (counts: Readonly<Record<string, number>>): number =>
      Object.values(counts).reduce((total, count) => total + count, 0);
    // Every operation reads; on a machine under load one of them may have had no answer in time.
    assert.equal(sum(reads), 400);
    assert(reads.OK >= 390, JSON.stringify(reads));
    assert(updates.OK > 100 && sum(pairs) >= sum(updates), JSON.stringify({ updates, pairs }));
    assert(longOf(report, "OVERALL", "RunTime(ms)") >= 900, "400 operations at 400/s take a second");
    const [sent, intended] = ["UPDATE", "Intended-UPDATE"].map((name) => doubleOf(report, name, "AverageLatency(us)"));
    assert(intended > sent, "the intended latency of a pair's update has the read in it");
    assert(returnsOf(report, "VERIFY").OK >= 390);
    assert.equal(longOf(report, "WORLD", "Simulation"), 0);
    assert.match(io.err(), / 1 sec: \d+ operations; [\d.]+ current ops\/sec; .*\[READ: Count=\d+/);
  });

  it("loads, each record once", async () => {
    const io = recordingIo(cwd);
    const line = "ycsb load basic -P workloads/workloada -threads 8 -p recordcount=300";
    assert.equal(await main(line.split(" "), io), 0, io.err());
    assert.deepEqual(returnsOf(parseReport(io.out()), "INSERT"), { OK: 300 });
  });

  it("runs until Ctrl-C, and then reports what was done (long)", async () => {
    const io = interruptedIo(cwd, / 1 sec: /);
    const line =
      "ycsb -t -P workloads/workloadc -target 200 -s -p status.interval=1 -p operationcount=0 -p recordcount=50";
    assert.equal(await main(line.split(" "), io), 0, io.err());
    const report = parseReport(io.out());
    const done = longOf(report, "READ", "Operations");
    assert(done >= 150 && done < 1_000, `${done} reads in about a second at 200/s`);
  });
});
