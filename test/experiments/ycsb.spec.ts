/**
 * `quorumlab ycsb` as a script would call it: the six workload files in simulation, what beats what, what is refused, and
 * that the report, read by a parser written from YCSB's format alone, says what was asked for to the last operation.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HistogramLogReader } from "hdr-histogram-js";
import { main } from "../../experiments/cli/main";
import { temporaryFolder } from "../results/record/made-up-run";
import { doubleOf, longOf, parseReport, type Report, returnsOf } from "../results/ycsb/report-parser";
import { interruptedIo, recordingIo } from "./recording-io";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly report: Report;
}

describe("quorumlab ycsb", function () {
  this.timeout(60_000);
  let cwd = "";
  beforeEach(() => (cwd = temporaryFolder()));
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  async function ycsb(...argv: readonly string[]): Promise<Ended> {
    const io = recordingIo(cwd);
    const code = await main(["ycsb", ...argv], io);
    return { code, out: io.out(), err: io.err(), report: parseReport(io.out()) };
  }

  const simulated = (line: string): Promise<Ended> => ycsb(...line.split(" "), "--world", "simulation");

  const SMALL = "-p recordcount=100 -p operationcount=300 -threads 4";
  const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
    a: ["READ", "UPDATE"],
    b: ["READ", "UPDATE"],
    c: ["READ"],
    d: ["READ", "INSERT"],
    e: ["SCAN", "INSERT"],
    f: ["READ", "UPDATE", "READ-MODIFY-WRITE"],
  };

  for (const [letter, operations] of Object.entries(OPERATIONS)) {
    it(`runs workload ${letter} to its last operation and reports it as YCSB does`, async () => {
      const { code, report, err } = await simulated(`run basic -P workloads/workload${letter} ${SMALL}`);
      assert.equal(code, 0, err);
      const runtime = longOf(report, "OVERALL", "RunTime(ms)");
      const rate = doubleOf(report, "OVERALL", "Throughput(ops/sec)");
      assert.equal(Math.round((rate * runtime) / 1_000), 300);
      let asked = 0;
      for (const operation of operations) {
        const { OK: ok, ...others } = returnsOf(report, operation);
        assert.deepEqual(others, {}, `${operation} in a calm cluster`);
        assert.equal(longOf(report, operation, "Operations"), ok);
        const least = longOf(report, operation, "MinLatency(us)");
        const most = longOf(report, operation, "MaxLatency(us)");
        const mean = doubleOf(report, operation, "AverageLatency(us)");
        assert(least > 0 && least <= mean && mean <= most, operation);
        for (const percentile of ["50th", "95th", "99th"])
          assert(longOf(report, operation, `${percentile}PercentileLatency(us)`) <= most);
        // The update of a pair is told under its own name too, and so is the pair's read.
        if (letter !== "f" || operation === "READ") asked += ok;
      }
      assert.equal(asked, 300);
      if (letter === "f")
        assert.equal(longOf(report, "UPDATE", "Operations"), longOf(report, "READ-MODIFY-WRITE", "Operations"));
      if (letter === "e") assert(longOf(report, "SCAN-LATENCY-PER-RECORD", "Operations") > 0);
      assert.equal(longOf(report, "CLEANUP", "Operations"), 4);
      assert.match(err, /hottest key: [\d.]+ % of operations expected \((zipfian|latest) over 100 keys/);
      // Ours, in the same shape.
      assert.equal(longOf(report, "WORLD", "Simulation"), 1);
      assert.equal(doubleOf(report, "OUTCOMES", "availability"), 1);
      if (letter !== "e") assert.equal(doubleOf(report, "STALENESS", "p_stale"), 0, "R + W is more than N");
    });
  }

  it("loads, and reports on nothing but inserts", async () => {
    const { code, report, err } = await simulated("load basic -P workloads/workloada -p recordcount=250 -threads 3");
    assert.equal(code, 0, err);
    assert.equal(longOf(report, "INSERT", "Operations"), 250);
    assert.deepEqual(returnsOf(report, "INSERT"), { OK: 250 });
    assert.equal(report.has("READ"), false);
    assert.match(err, /goes with this command's cluster/);
  });

  it("loads a part of the records where insertstart and insertcount say so", async () => {
    const { report } = await simulated(
      "-load -db x -P workloads/workloada -p recordcount=100 -p insertstart=40 -p insertcount=25",
    );
    assert.equal(longOf(report, "INSERT", "Operations"), 25);
  });

  it("is the same to the byte for one seed, and another for another", async () => {
    const line = `run basic -P workloads/workloada ${SMALL}`;
    const [once, again, other] = [await simulated(line), await simulated(line), await simulated(`${line} --seed 9`)];
    assert.equal(once.out, again.out);
    assert.notEqual(once.out, other.out);
  });

  it("applies files in order, -p over files, and options over both", async () => {
    const first = "workload=site.ycsb.workloads.CoreWorkload\nrecordcount=50\noperationcount=10\nreadproportion=1\n";
    writeFileSync(join(cwd, "first"), `${first}updateproportion=0\nthreadcount=2\nlabel=file\\u0020\n`);
    writeFileSync(join(cwd, "second"), "operationcount=20   \n");
    const from = async (line: string): Promise<number> => longOf((await simulated(line)).report, "READ", "Operations");
    assert.equal(await from("-t -P first"), 10);
    assert.equal(await from("-t -P first -P second"), 20);
    assert.equal(await from("-t -P second -P first"), 10);
    assert.equal(await from("-t -p operationcount=30 -P first -P second"), 30);
    const { report, err } = await simulated("-t -P first -threads 5 -s -l cli -target 1000");
    assert.equal(longOf(report, "CLEANUP", "Operations"), 5);
    assert.match(err, /^cli\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3} 0 sec: 0 operations; est completion in /m);
    assert.match(err, / 0 sec: 10 operations; [\d.]+ current ops\/sec; \[READ: Count=10, Max=/);
  });

  it("ends by maxexecutiontime where that comes first, at the target rate", async () => {
    const { report } = await simulated(
      "run basic -P workloads/workloadc -p operationcount=0 -p maxexecutiontime=3 -target 200 -threads 4 -p recordcount=50",
    );
    const done = longOf(report, "READ", "Operations");
    assert(done >= 595 && done <= 605, `${done} operations in three seconds at 200/s`);
  });

  it("counts in a status line what its series count, and no operation that ended after it", async () => {
    const { err } = await simulated(
      "run basic -P workloads/workloada -p operationcount=12000 -threads 4 -s -p status.interval=1 -p recordcount=50",
    );
    const lines = err.split("\n").filter((line) => / sec: \d+ operations; /.test(line));
    assert(lines.length >= 3, err);
    let before = 0;
    for (const line of lines) {
      const operations = Number(/ (\d+) operations; /.exec(line)![1]);
      const told = [...line.matchAll(/\[(?:READ|UPDATE): Count=(\d+)/g)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      );
      assert.equal(operations - before, told, line);
      before = operations;
    }
  });

  it("prints a status line every status.interval of the world's time", async () => {
    const { err } = await simulated(
      "run basic -P workloads/workloadc -p operationcount=500 -target 100 -s -p status.interval=1 -p recordcount=50",
    );
    const lines = err.split("\n").filter((line) => / sec: \d+ operations; /.test(line));
    assert.deepEqual(
      lines.map((line) => Number(/ (\d+) sec: /.exec(line)![1])),
      [0, 1, 2, 3, 4, 4],
    );
    assert.match(
      lines[2],
      / 2 sec: (199|200|201) operations; (99|100|101) current ops\/sec; est completion in \d second \[READ: /,
    );
  });

  it("tells intended latencies apart where both are asked for, and says that a rate was not reached", async () => {
    // One client cannot have more than a few thousand answers a second.
    const { code, report, err } = await simulated(
      "run basic -P workloads/workloadc -p operationcount=500 -target 20000 -p measurement.interval=both -p recordcount=50",
    );
    assert.equal(code, 0);
    const [sent, intended] = ["READ", "Intended-READ"].map((name) => doubleOf(report, name, "AverageLatency(us)"));
    assert(intended > 10 * sent, `${intended} µs against ${sent} µs`);
    assert.match(err, /warning: -target 20000: a target of 20000\/s was not reached: \d+\/s were made by 1 thread/);
    assert.match(err, /^doubtful \(thin-percentiles\): /m);
    assert.match(err, /^what such a doubt means and what helps: quorumlab explain thin-percentiles$/m);
  });

  it("writes the report to exportfile in the form asked for, and logs that HdrHistogram's reader reads", async () => {
    const { code, out } = await simulated(
      "run basic -P workloads/workloada -p recordcount=50 -p operationcount=200 -p exportfile=out.json -p hdrhistogram.fileoutput=true " +
        "-p hdrhistogram.output.path=logs- -p exporter=site.ycsb.measurements.exporter.JSONArrayMeasurementsExporter",
    );
    assert.equal(code, 0);
    assert.equal(out, "");
    const rows = JSON.parse(readFileSync(join(cwd, "out.json"), "utf8")) as readonly {
      metric: string;
      measurement: string;
      value: number;
    }[];
    const reads = rows.find(({ metric, measurement }) => metric === "READ" && measurement === "Operations")!.value;
    const reader = new HistogramLogReader(readFileSync(join(cwd, "logs-READ.hdr"), "utf8"));
    assert.equal(reader.nextIntervalHistogram()!.totalCount, reads);
    assert.equal(reader.nextIntervalHistogram(), null, "without status lines there is one for the whole run");
    assert(existsSync(join(cwd, "logs-UPDATE.hdr")));
  });

  it("verifies what it reads with dataintegrity", async () => {
    const { report } = await simulated(
      `run basic -P workloads/workloadf ${SMALL} -p dataintegrity=true -p fieldcount=3 -p fieldlength=40`,
    );
    const { OK: ok, ...others } = returnsOf(report, "VERIFY");
    assert.deepEqual(others, {});
    assert(ok >= 300, "every read, and every sibling that one brought");
  });

  it("draws field lengths from a histogram file, and names the line that is wrong with one", async () => {
    writeFileSync(join(cwd, "lengths"), "BlockSize\t10\n0\t5\n1\t3\n2\t2\n");
    const histogram = "-p fieldlengthdistribution=histogram -p fieldlengthhistogram=lengths";
    assert.equal((await simulated(`run basic -P workloads/workloada ${SMALL} ${histogram}`)).code, 0);
    writeFileSync(join(cwd, "lengths"), "BlockSize\t10\n0\t5\n2\t3\n");
    const { code, err } = await simulated(`run basic -P workloads/workloada ${SMALL} ${histogram}`);
    assert.equal(code, 2);
    assert.match(err, /-p fieldlengthhistogram=lengths: .*lengths: line 3: bucket 2 where 1 comes next/);
  });

  it("takes the cluster of an experiment, with changes, and one of its cells", async () => {
    const experiment =
      "schema: quorumlab/experiment@1\nname: five\nworld: simulation\ncluster: {nodes: 5}\n" +
      "network: {intra_zone: 1ms}\nsweep: {axes: {r: [1, 3]}}\n";
    writeFileSync(join(cwd, "five.yaml"), experiment);
    const line = `run basic -P workloads/workloadb ${SMALL} --experiment five.yaml`;
    const refused = await ycsb(...line.split(" "));
    assert.equal(refused.code, 2);
    assert.match(refused.err, /five.yaml: has 2 cells, and one cluster is started; choose one, such as --only r=1/);
    const { code, err } = await ycsb(...`${line} --only r=3 -S tunables.w=3`.split(" "));
    assert.equal(code, 0, err);
    assert.match(err, /5 nodes in simulation, N 3 R 3 W 3, 4 threads/);
  });

  it("tells every mistake of the command line at once", async () => {
    const { code, out, err } = await ycsb(
      ..."runn basic extra -p nonsense -thread 3 -threads two --wrld simulation --seed x -target".split(" "),
    );
    assert.equal(code, 2);
    assert.equal(out, "");
    for (const message of [
      /"runn": the first word is load or run; did you mean run\?/,
      /-p nonsense: write name=value/,
      /-thread: no such option; did you mean -threads\?/,
      /-threads two: not an integer/,
      /--wrld: no such option; did you mean --world\?/,
      /--seed x: allowed: an integer/,
      /-target: a value must follow/,
    ])
      assert.match(err, message);
    assert.doesNotMatch(err, /\n\s+at /);
  });

  it("tells every wrong property at once, each with its place", async () => {
    writeFileSync(
      join(cwd, "w"),
      "workload=site.ycsb.workloads.CoreWorkload\n# two of them\nrecordcount=3000000000\nreadproportion=-0.5\n" +
        "requestdistribution=zipfan\nmeasurementtype=hdr\nhdrhistogram.percentiles=50,101\nbad\\u00zz=1\n",
    );
    writeFileSync(join(cwd, "v"), readFileSync(join(cwd, "w"), "latin1").replace(/bad.*\n/, ""));
    assert.match(
      (await simulated("run basic -P w -P absent")).err,
      /w:8: malformed \\u escape[^\n]*\n[^]*absent: no such file/,
    );
    const { code, err } = await simulated("run basic -P v -p exporter=site.ycsb.measurements.exporter.TextExporter");
    assert.equal(code, 2);
    for (const message of [
      /v:3: recordcount: 3000000000 records would be loaded; at most 10000000 are/,
      /v:4: readproportion: "-0.5" is not at least 0/,
      /v:5: requestdistribution: "zipfan" is not one of/,
      /v:6: measurementtype: "hdr" is not one of hdrhistogram, histogram/,
      /v:7: hdrhistogram.percentiles: "50,101" is not a list of percentiles/,
      /-p exporter=\S+: exporter: "site.ycsb.measurements.exporter.TextExporter" is none of/,
    ])
      assert.match(err, message);
  });

  it("refuses what it cannot do in one line each", async () => {
    const refused = async (line: string): Promise<string> => {
      const { code, err } = await simulated(line);
      assert.equal(code, 2, err);
      return err;
    };
    assert.match(await refused("-t -db x"), /no workload: name a property file/);
    assert.match(
      await refused("run basic -P workloads/workloada -p recordcount=0"),
      /2147483647 records would be loaded/,
    );
    const nothing = "-p readproportion=0 -p updateproportion=0";
    assert.match(await refused(`run basic -P workloads/workloada ${nothing}`), /every proportion is 0/);
    assert.match(
      await refused("run basic -P workloads/workloada -S workload.rate=5/s"),
      /the workload is what the properties say/,
    );
    assert.match(await refused("run basic -P workloads/workloada -p exportfile=no/such/place"), /cannot be written/);
  });

  it("names what is understood and changes nothing, and what is not understood", async () => {
    const { code, err } = await simulated(
      `run cassandra-cql -db site.ycsb.db.X -cp a.jar -P workloads/workloada ${SMALL} -p spin.sleep=true -p basicdb.verbose=true ` +
        "-p measurement.trackjvm=true -p readallfieldsbyname=true -p recordcoutn=5",
    );
    assert.equal(code, 0);
    for (const note of [
      /note: db=site.ycsb.db.X: not used/,
      /note: spin.sleep: not used/,
      /note: measurement.trackjvm: there is no Java machine/,
      /note: readallfieldsbyname: a record is one value/,
      /note: properties of a store's binding, ignored: basicdb.verbose/,
      /note: unknown properties, ignored: recordcoutn \(did you mean recordcount\?\)/,
      /note: records are single values: an update replaces the 10 joined fields/,
      /note: -cp: for the Java machine of YCSB/,
    ])
      assert.match(err, note);
  });

  it("runs until it is interrupted where neither a number nor a time ends it, and then reports", async () => {
    const io = interruptedIo(cwd, / 2 sec: /);
    const argv =
      "ycsb run basic -P workloads/workloadc -p operationcount=0 -p recordcount=50 -target 100 -s -p status.interval=1 --world simulation";
    assert.equal(await main(argv.split(" "), io), 0, "that is how such a run ends");
    assert.match(io.err(), /runs until Ctrl-C, then reports/);
    const done = longOf(parseReport(io.out()), "READ", "Operations");
    assert(done >= 199 && done <= 202, `${done}`);
  });

  it("explains itself", async () => {
    const { code, out } = await ycsb("--help");
    assert.equal(code, 0);
    assert.match(out, /Usage: quorumlab ycsb \[load\|run\]/);
    const io = recordingIo(cwd);
    assert.equal(await main(["help", "ycsb"], io), 0);
    assert.equal(io.out(), out);
  });
});
