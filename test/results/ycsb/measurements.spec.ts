/**
 * YCSB's report from hand-written histories: which names and statuses come of an outcome, what each type of series says,
 * that the logs are read by HdrHistogram's own reader, and the forms of exporters and status lines.
 */
import assert from "node:assert/strict";
import { HistogramLogReader } from "hdr-histogram-js";
import type { OperationRecord } from "../../../results/record/history";
import { EXPORTER_CLASSES, EXPORTERS, exporterNamed } from "../../../results/ycsb/exporters";
import { javaDouble, ordinal, twoPlaces } from "../../../results/ycsb/java-numbers";
import { Measurements } from "../../../results/ycsb/measurements";
import { statusOf, YcsbRecorder } from "../../../results/ycsb/recorder";
import { type MeasurementSettings, USUAL_MEASUREMENT } from "../../../results/ycsb/settings";
import { remaining, statusLine } from "../../../results/ycsb/status-line";
import { doubleOf, longOf, parseReport, type Report, returnsOf } from "./report-parser";

const RECORD: OperationRecord = {
  id: 1,
  phase: "measure",
  kind: "read",
  key: "k",
  session: 0,
  intended: 0,
  start: 0,
  end: 1_000,
  outcome: "ok",
  writeId: 0,
  versions: [1],
  values: 1,
  seen: [],
  contextInBytes: 0,
  contextOutBytes: 0,
  coordinator: 0,
};

interface Made {
  readonly report: Report;
  readonly text: string;
  readonly standard: string;
  readonly files: ReadonlyMap<string, string>;
}

class Bench {
  readonly files = new Map<string, string>();
  standard = "";
  readonly measurements: Measurements;
  readonly recorder: YcsbRecorder;

  constructor(settings: Partial<MeasurementSettings> = {}, options: { paced?: boolean; verifies?: boolean } = {}) {
    this.measurements = new Measurements({
      settings: { ...USUAL_MEASUREMENT, ...settings },
      outputs: {
        file: (path, mode) => {
          if (mode === "write" || !this.files.has(path)) this.files.set(path, "");
          return { write: (text) => void this.files.set(path, this.files.get(path)! + text), close: () => undefined };
        },
        standard: (text) => void (this.standard += text),
      },
      beganMs: 1_700_000_000_000,
    });
    const { paced = false, verifies = false } = options;
    this.recorder = new YcsbRecorder({ measurements: this.measurements, paced, verifies, began: 0 });
  }

  feed(...records: readonly Partial<OperationRecord>[]): this {
    for (const record of records) this.recorder.operation({ ...RECORD, ...record });
    return this;
  }

  finish(nowMs = 1_000): Made {
    this.recorder.settle();
    const exporter = EXPORTERS.TextMeasurementsExporter();
    this.measurements.export(exporter, nowMs);
    const text = exporter.finish();
    return { report: parseReport(text), text, standard: this.standard, files: this.files };
  }
}

describe("YCSB's measurements", () => {
  it("report what YCSB reports of an operation, in its words and types", () => {
    const reads = Array.from({ length: 100 }, (_, i) => ({ end: (i + 1) * 100 }));
    const { text, report } = new Bench({ percentiles: [50, 95, 99, 99.9, 1, 2, 3, 11] }).feed(...reads).finish();
    assert.deepEqual(text.split("\n").slice(0, 13), [
      "[READ], Operations, 100",
      "[READ], AverageLatency(us), 5051.42",
      "[READ], MinLatency(us), 100",
      "[READ], MaxLatency(us), 10000",
      "[READ], 50thPercentileLatency(us), 5003",
      "[READ], 95thPercentileLatency(us), 9503",
      "[READ], 99thPercentileLatency(us), 9903",
      "[READ], 99.9PercentileLatency(us), 10000",
      "[READ], 1stPercentileLatency(us), 100",
      "[READ], 2ndPercentileLatency(us), 200",
      "[READ], 3rdPercentileLatency(us), 300",
      "[READ], 11thPercentileLatency(us), 1100",
      "[READ], Return=OK, 100",
    ]);
    assert.equal(longOf(report, "READ", "Operations"), 100);
    assert.equal(doubleOf(report, "READ", "AverageLatency(us)"), 5051.42);
  });

  it("report no time for what took none", () => {
    const bench = new Bench({ percentiles: [50, 99] });
    for (const fromSend of [0, 0, 0, 8])
      bench.measurements.operation("VERIFY", "OK", { fromSend, fromIntended: fromSend }, 1);
    bench.measurements.operation("CLEANUP", "OK", { fromSend: 0, fromIntended: 0 }, 1);
    assert.match(
      bench.measurements.summary(1),
      /VERIFY: Count=4, Max=8, Min=0, Avg=2, 50=0, 90=8, .*CLEANUP: Count=1, Max=0, Min=0, Avg=0, 50=0/,
    );
    const { text } = bench.finish();
    assert.deepEqual(text.replaceAll(/\[|\(us\)|Latency/g, "").split("\n"), [
      ...["VERIFY], Operations, 4", "VERIFY], Average, 2.0", "VERIFY], Min, 0", "VERIFY], Max, 8"],
      ...["VERIFY], 50thPercentile, 0", "VERIFY], 99thPercentile, 8", "VERIFY], Return=OK, 4"],
      ...["CLEANUP], Operations, 1", "CLEANUP], Average, 0.0", "CLEANUP], Min, 0", "CLEANUP], Max, 0"],
      ...["CLEANUP], 50thPercentile, 0", "CLEANUP], 99thPercentile, 0", "CLEANUP], Return=OK, 1"],
      "",
    ]);
  });

  it("map outcomes to YCSB's statuses, and never what may have happened to a failure", () => {
    const status = (changes: Partial<OperationRecord>): string => statusOf({ ...RECORD, ...changes });
    assert.equal(status({}), "OK");
    assert.equal(status({ values: 0 }), "NOT_FOUND");
    assert.equal(status({ kind: "scan", values: 0 }), "OK");
    assert.equal(status({ kind: "update", values: 0 }), "OK");
    for (const outcome of ["unavailable", "overloaded", "not_sent"] as const)
      assert.equal(status({ outcome }), "SERVICE_UNAVAILABLE");
    assert.equal(status({ outcome: "invalid" }), "BAD_REQUEST");
    assert.equal(status({ outcome: "unsupported" }), "NOT_IMPLEMENTED");
    assert.equal(status({ outcome: "too_many_siblings" }), "ERROR");
    for (const outcome of ["timeout", "quorum_unreachable", "connection_lost"] as const)
      assert.equal(status({ outcome }), "INDEFINITE");
    const { report } = new Bench()
      .feed(
        { kind: "update" },
        { kind: "update", outcome: "timeout" },
        { kind: "update", outcome: "overloaded" },
        { kind: "read", values: 0 },
      )
      .finish();
    assert.deepEqual(returnsOf(report, "UPDATE"), { OK: 1, INDEFINITE: 1, SERVICE_UNAVAILABLE: 1 });
    assert.equal(longOf(report, "UPDATE", "Operations"), 1);
    assert.equal(longOf(report, "UPDATE-INDEFINITE", "Operations"), 1);
    assert.equal(longOf(report, "UPDATE-FAILED", "Operations"), 1);
    assert.equal(longOf(report, "READ-FAILED", "Operations"), 1);
    assert.deepEqual(returnsOf(report, "READ"), { NOT_FOUND: 1 });
    assert.equal(doubleOf(report, "READ", "AverageLatency(us)"), NaN);
  });

  it("keep single errors apart where that is asked for", () => {
    const failures = [{ outcome: "overloaded" as const }, { outcome: "invalid" as const }];
    const all = new Bench({ eachError: true }).feed(...failures).finish().report;
    assert.deepEqual([...all.keys()], ["READ", "READ-SERVICE_UNAVAILABLE", "READ-BAD_REQUEST"]);
    const one = new Bench({ trackedErrors: ["BAD_REQUEST"] }).feed(...failures).finish().report;
    assert.deepEqual([...one.keys()], ["READ", "READ-FAILED", "READ-BAD_REQUEST"]);
  });

  const pair: readonly Partial<OperationRecord>[] = [
    { kind: "read", intended: 100, start: 300, end: 1_000 },
    { kind: "update", intended: 1_000, start: 1_000, end: 1_500 },
    { kind: "rmw", intended: 100, start: 300, end: 1_500 },
  ];

  it("count the halves of a pair and the pair, the update from when the pair was due", () => {
    const { report } = new Bench({ interval: "both" }, { paced: true }).feed(...pair).finish();
    const max = (metric: string): number => longOf(report, metric, "MaxLatency(us)");
    assert.deepEqual([max("READ"), max("UPDATE"), max("READ-MODIFY-WRITE")], [700, 500, 1_200]);
    assert.equal(max("Intended-READ"), 900);
    assert.equal(max("Intended-UPDATE"), 1_400, "the read and its wait are in it");
    assert.equal(max("Intended-READ-MODIFY-WRITE"), 1_400);
  });

  it("take intended for sent where there is no target, and the plain name where intended is all", () => {
    const both = new Bench({ interval: "both" }).feed(...pair).finish().report;
    for (const metric of ["READ", "UPDATE", "READ-MODIFY-WRITE"])
      assert.equal(
        longOf(both, `Intended-${metric}`, "MaxLatency(us)"),
        longOf(both, metric, "MaxLatency(us)"),
        metric,
      );
    const intended = new Bench({ interval: "intended" }, { paced: true }).feed(...pair).finish().report;
    assert.deepEqual([...intended.keys()], ["READ", "UPDATE", "READ-MODIFY-WRITE"]);
    assert.equal(longOf(intended, "UPDATE", "MaxLatency(us)"), 1_400);
  });

  it("do not take another's update for the end of a pair", () => {
    const { report } = new Bench({ interval: "both" }, { paced: true })
      .feed(
        { kind: "update", session: 1, intended: 1_000, start: 1_000, end: 1_500 },
        { kind: "rmw", session: 2, intended: 100, start: 300, end: 1_500, outcome: "timeout" },
      )
      .finish();
    assert.equal(longOf(report, "Intended-UPDATE", "MaxLatency(us)"), 500);
    assert.deepEqual(returnsOf(report, "READ-MODIFY-WRITE"), { INDEFINITE: 1 });
  });

  it("divide a scan by its records, and survive one that found none", () => {
    const { report } = new Bench().feed({ kind: "scan", values: 10 }, { kind: "scan", values: 0 }).finish();
    assert.equal(longOf(report, "SCAN", "Operations"), 2);
    assert.equal(longOf(report, "SCAN-LATENCY-PER-RECORD", "Operations"), 1);
    assert.equal(longOf(report, "SCAN-LATENCY-PER-RECORD", "MaxLatency(us)"), 100);
  });

  it("tell what verification found: right, wrong, and nothing to verify", () => {
    const bench = new Bench({}, { verifies: true });
    bench.recorder.verified(true, 3);
    bench.recorder.verified(false, 4);
    const { report } = bench.feed({}, {}, { values: 0 }).finish();
    assert.deepEqual(returnsOf(report, "VERIFY"), { OK: 1, UNEXPECTED_STATE: 1, ERROR: 1 });
  });

  it("in buckets of a millisecond: variance, the lower ends of buckets, and what lies beyond", () => {
    const settings = { type: "histogram", buckets: 5, verbose: true } as const;
    const { text } = new Bench(settings).feed({ end: 500 }, { end: 1_500 }, { end: 99_000 }).finish();
    assert.deepEqual(text.trimEnd().split("\n"), [
      "[READ], Operations, 3",
      "[READ], AverageLatency(us), 33666.666666666664",
      "[READ], LatencyVariance(us), 2.1343888888888893E9",
      "[READ], MinLatency(us), 500",
      "[READ], MaxLatency(us), 99000",
      "[READ], Return=OK, 3",
      "[READ], 0, 1",
      "[READ], 1, 1",
      "[READ], 2, 0",
      "[READ], 3, 0",
      "[READ], 4, 0",
      "[READ], >5, 1",
    ]);
    const { report } = new Bench({ type: "histogram" }).feed({ end: 500 }, { end: 7_900 }).finish();
    assert.equal(longOf(report, "READ", "95thPercentileLatency(us)"), 7_000);
  });

  it("as a series in time: the mean of each stretch from the first value on", () => {
    const at = (end: number): Partial<OperationRecord> => ({ start: end - 2_000, end });
    const { report } = new Bench({ type: "timeseries", granularityMs: 10 })
      .feed(at(5_000), at(6_000), { start: 0, end: 29_000 })
      .finish();
    assert.equal(doubleOf(report, "READ", "0"), 2_000);
    assert.equal(doubleOf(report, "READ", "20"), 29_000);
    assert.equal(report.get("READ")!.has("10"), false, "nothing happened there");
  });

  it("raw: every value with its time, then exact percentiles unless they are not wanted", () => {
    const { standard, report } = new Bench({ type: "raw" }).feed({ end: 2_000 }, { end: 1_000 }).finish();
    assert.deepEqual(standard.split("\n").slice(1), [
      "READ latency raw data: op, timestamp(ms), latency(us)",
      "READ,1700000000002,2000",
      "READ,1700000000001,1000",
      "",
    ]);
    assert.equal(longOf(report, "READ", "Total Operations"), 2);
    assert.equal(longOf(report, "READ", "p99.99"), 2_000);
    const { files, text } = new Bench({ type: "raw", rawFile: "raw.csv", rawNoSummary: true }).feed({}).finish();
    assert.match(files.get("raw.csv")!, /^READ,1700000000001,1000$/m);
    assert.equal(text, "[READ], Total Operations, 1\n[READ], Return=OK, 1\n");
  });

  it("two at once under names that tell them apart", () => {
    for (const [type, names] of [
      ["hdrhistogram+histogram", ["HdrREAD", "BucketREAD"]],
      ["hdrhistogram+raw", ["HdrREAD", "RawREAD"]],
    ] as const) {
      const { report } = new Bench({ type }).feed({}).finish();
      assert.deepEqual([...report.keys()], names);
      assert.deepEqual(returnsOf(report, names[0]), { OK: 1 });
      assert.deepEqual(returnsOf(report, names[1]), {});
    }
  });

  it("write logs that HdrHistogram's reader reads: an interval a status line, values that add up to the report", () => {
    const bench = new Bench({ hdrPrefix: "out-" });
    bench.feed(...Array.from({ length: 50 }, (_, i) => ({ end: 1_000 + i })));
    bench.measurements.summary(10_000);
    bench.feed(...Array.from({ length: 30 }, (_, i) => ({ end: 5_000 + i })));
    const { files, report } = bench.finish(12_500);
    assert.deepEqual([...files.keys()], ["out-READ.hdr"]);
    const text = files.get("out-READ.hdr")!;
    const reader = new HistogramLogReader(text);
    const first = reader.nextIntervalHistogram()!;
    const second = reader.nextIntervalHistogram()!;
    assert.equal(reader.nextIntervalHistogram(), null);
    assert.deepEqual([first.totalCount, second.totalCount], [50, 30]);
    assert.equal(first.startTimeStampMsec, 1_700_000_000_000);
    assert.equal(second.startTimeStampMsec, 1_700_000_010_000);
    assert.equal(second.endTimeStampMsec, 1_700_000_012_500);
    first.add(second);
    assert.equal(first.totalCount, longOf(report, "READ", "Operations"));
    // Within the three digits that a bucket keeps.
    assert(Math.abs(first.maxValue - longOf(report, "READ", "MaxLatency(us)")) <= 4);
    const maxima = text.split("\n").flatMap((line) => /^[\d.]+,[\d.]+,([\d.]+),/.exec(line)?.[1] ?? []);
    assert.deepEqual(maxima, ["0.001", "0.005"], "as in YCSB the column reads in seconds");
  });

  it("show the buckets of a histogram where that is asked for, and all values are in them", () => {
    const ends = Array.from({ length: 200 }, (_, i) => ({ end: 10 + 37 * i }));
    const { report } = new Bench({ verbose: true }).feed(...ends).finish();
    const buckets = [...report.get("READ")!].filter(([name]) => /^\d+$/.test(name));
    assert.equal(
      buckets.reduce((sum, [, count]) => sum + Number(count), 0),
      200,
    );
  });
});

describe("YCSB's status line", () => {
  const line = {
    label: "run-7 ",
    date: new Date(2026, 3, 9, 8, 7, 6, 5),
    elapsedMs: 12_345,
    operations: 4_000,
    todo: 6_000,
    lately: { operations: 900, ms: 2_000 },
    summary: "",
  };

  it("tells how far, how fast and how long, and every series since the line before", () => {
    const bench = new Bench().feed({ end: 1_000 }, { end: 3_000 }, { kind: "insert", end: 250 });
    const summary = bench.measurements.summary(10_000);
    assert.equal(
      statusLine({ ...line, summary }),
      "run-7 2026-04-09 08:07:06:005 12 sec: 4000 operations; 450 current ops/sec; est completion in 19 seconds " +
        "[READ: Count=2, Max=3000, Min=1000, Avg=2000.5, 50=1000, 90=3000, 99=3000, 99.9=3000, 99.99=3000] " +
        "[INSERT: Count=1, Max=250, Min=250, Avg=250, 50=250, 90=250, 99=250, 99.9=250, 99.99=250] \n",
    );
    // Of an interval in which nothing happened.
    assert.match(bench.measurements.summary(20_000), /\[READ: Count=0, Max=0, Min=9223372036854775807, Avg=NaN, 50=0,/);
    assert.equal(longOf(bench.finish().report, "READ", "Operations"), 2, "the report is of the whole");
  });

  it("has no current rate before the first operation and no end where there is none", () => {
    assert.equal(
      statusLine({ ...line, elapsedMs: 0, operations: 0, lately: { operations: 0, ms: 0 } }),
      "run-7 2026-04-09 08:07:06:005 0 sec: 0 operations; est completion in 0 second \n",
    );
    assert.equal(
      statusLine({ ...line, todo: 0 }),
      "run-7 2026-04-09 08:07:06:005 12 sec: 4000 operations; 450 current ops/sec; \n",
    );
  });

  it("says the remaining time as YCSB does", () => {
    assert.equal(remaining(5), "5 second ");
    assert.equal(remaining(59), "59 seconds ");
    assert.equal(remaining(61), "1 minute ");
    assert.equal(remaining(7_260), "2 hours 1 minute ");
    assert.equal(remaining(90_061), "1 day 1 hour ");
    assert.equal(remaining(NaN), "0 second ");
    assert.equal(remaining(Infinity), "106751991167300 days 15 hours ");
  });
});

describe("numbers and forms of YCSB's report", () => {
  it("numbers are printed as Java prints them", () => {
    const printed = [0, 1, 5_050.5, 1e7, 12_345_678.9, 0.001, 0.000_123, -2, NaN, Infinity].map(javaDouble);
    assert.deepEqual(printed.join(" "), "0.0 1.0 5050.5 1.0E7 1.23456789E7 0.001 1.23E-4 -2.0 NaN Infinity");
    assert.deepEqual(
      [0, 0.5, 12, 1.005, 2.675, 0.125, 7.375, 1e6, NaN].map(twoPlaces).join(" "),
      "0 0.5 12 1 2.67 0.12 7.38 1000000 NaN",
    );
    assert.deepEqual(
      [1, 2, 3, 4, 11, 12, 13, 21, 95, 99.9].map(ordinal).join(" "),
      "1st 2nd 3rd 4th 11th 12th 13th 21st 95th 99.9",
    );
  });

  it("exporters go by the Java class that a script names, in either package, and by no other", () => {
    assert.equal(exporterNamed("site.ycsb.measurements.exporter.TextMeasurementsExporter"), "TextMeasurementsExporter");
    assert.equal(
      exporterNamed("com.yahoo.ycsb.measurements.exporter.JSONArrayMeasurementsExporter"),
      "JSONArrayMeasurementsExporter",
    );
    for (const unknown of ["TextMeasurementsExporter", "site.ycsb.measurements.exporter.toString", "x"])
      assert.equal(exporterNamed(unknown), undefined);
    assert.equal(EXPORTER_CLASSES.length, 6);
  });

  it("JSON is a stream of objects, or one array that any parser reads", () => {
    const written = (name: keyof typeof EXPORTERS): string => {
      const exporter = EXPORTERS[name]();
      exporter.write("OVERALL", "RunTime(ms)", { long: 12 });
      exporter.write("READ", "AverageLatency(us)", { double: 3 });
      exporter.write("READ", "Average", { double: NaN });
      return exporter.finish();
    };
    assert.deepEqual(JSON.parse(written("JSONArrayMeasurementsExporter")), [
      { metric: "OVERALL", measurement: "RunTime(ms)", value: 12 },
      { metric: "READ", measurement: "AverageLatency(us)", value: 3 },
      { metric: "READ", measurement: "Average", value: "NaN" },
    ]);
    const stream = written("JSONMeasurementsExporter");
    assert.throws(() => JSON.parse(stream) as unknown, "as YCSB's, the stream is no document");
    assert(stream.startsWith('{\n  "metric" : "OVERALL",\n  "measurement" : "RunTime(ms)",\n  "value" : 12\n} {'));
    assert.equal(written("TextMeasurementsExporter").split("\n")[1], "[READ], AverageLatency(us), 3.0");
  });
});
