import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { csv, parseCsv } from "../../../results/record/csv";
import { OPERATION_KINDS, PHASES, RECORDED_OUTCOMES, type OperationRecord } from "../../../results/record/history";
import { partialName } from "../../../results/record/half-written";
import { HistoryPacker, operationsOf } from "../../../results/record/history-block";
import { HistoryWriter, keepsKey, readHistory } from "../../../results/record/history-file";
import { readJournal } from "../../../results/record/journal";
import { describeMetric, HEADLINE_METRICS, METRICS } from "../../../results/record/metrics";
import { loadRun, resolveRun, RunNotReadable } from "../../../results/record/reader";
import { ResultsNotWritable } from "../../../results/record/results-not-writable";
import type { SimulationRecord } from "../../../results/record/run-folder";
import { RunWriter } from "../../../results/record/writer";
import { get } from "../measures/histories";
import { MANIFEST, record, temporaryFolder, writeRun } from "./made-up-run";

let root: string;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

/** The one sentence that a person sees. */
function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof RunNotReadable, String(error));
    assert.ok(!error.message.includes("\n") && !/^\s+at /m.test(error.message));
    return error.message;
  }
  assert.fail("it was read");
}

describe("a run on disk", () => {
  it("reads back as written", () => {
    const writer = writeRun(root);
    const run = loadRun(writer.folder);
    assert.deepEqual(run.manifest, MANIFEST);
    assert.equal(run.trials.length, 1);
    const { files, ...written } = run.trials[0].record;
    assert.deepEqual(written, record("3fa1c09b77d2"));
    assert.ok(Object.keys(files ?? {}).includes("figures.json"), "sealed by its checksums");
    assert.equal(run.trials[0].figures!.stale.hits, 1);
    assert.equal(run.trials[0].summary!.metrics["p_stale"].value, 1);
    assert.equal(run.cells[0].metrics["p_stale"].n, 1);
    const series = parseCsv(fs.readFileSync(path.join(root, "made-up/trials/3fa1c09b77d2/series.csv"), "utf8"));
    assert.equal(series[0][0], "t_s");
    assert.equal(series.length, 1 + 10);
  });

  it("is found by path, name, experiment and latest", () => {
    const older = writeRun(root, "20260101T000000Z-aaaaaa").folder;
    const newer = writeRun(root).folder;
    const find = (where: string): string => resolveRun(where, { root });
    assert.equal(find(older), fs.realpathSync(older));
    assert.equal(find("20260101T000000Z-aaaaaa"), fs.realpathSync(older));
    assert.equal(find("made-up/20260101T000000Z-aaaaaa"), fs.realpathSync(older));
    for (const where of ["made-up", "made-up@latest", "@latest", path.join(root, "made-up"), path.join(root, "latest")])
      assert.equal(find(where), fs.realpathSync(newer), where);
    fs.rmSync(path.join(root, "made-up", "latest"));
    fs.rmSync(path.join(root, "latest"));
    assert.equal(find("made-up@latest"), fs.realpathSync(newer), "without links, by the order of names");
    assert.equal(find("@latest"), fs.realpathSync(newer));
  });

  it("that does not exist is answered with those that do", () => {
    writeRun(root);
    assert.match(
      refusal(() => loadRun("nothing-here", { root })),
      /there is no run "nothing-here"; .* holds runs of made-up/,
    );
    assert.match(
      refusal(() => loadRun("made-up@first", { root })),
      /only "latest" is understood/,
    );
    assert.match(
      refusal(() => loadRun("@latest", { root: path.join(root, "empty") })),
      /holds no runs yet/,
    );
    assert.match(
      refusal(() => loadRun(path.join(root, "made-up", "trials"), { root })),
      /holds no manifest/,
    );
    assert.match(
      refusal(() => loadRun("", { root })),
      /no run was named/,
    );
    refusal(() => loadRun("../../../etc/passwd", { root }));
  });

  it("carries a legend of its tables, which explains every column that they have", () => {
    const { folder } = writeRun(root);
    const legend = fs.readFileSync(path.join(folder, "summaries/README.txt"), "utf8");
    for (const column of ["ci_lo", "ci_hi", "sd", "diff", "p_adj", "interval", "envelope", "within-run", "nrmse"])
      assert.ok(legend.includes(column), column);
    assert.match(legend, /the cell minus the baseline/);
    for (const line of legend.split("\n")) assert.ok(line.length <= 80, line);
  });

  it("reads back what a simulated trial and a newer manifest have besides, and refuses it damaged", () => {
    const writer = writeRun(root);
    const simulation = {
      digest: "00c0ffee",
      events: 9,
      every: 4,
      checkpoints: [1, 2],
      virtualSeconds: 1,
      wallSeconds: 2,
    };
    const published = [
      { metric: "p_stale", where: { r: 1 }, value: 0.5, source: "analytic", tolerance: 0.1, within: 0.05 },
    ];
    const manifest = { ...MANIFEST, analysis: { alpha: 0.01, noiseFloor: 0.02 }, published };
    const figures = loadRun(writer.folder).trials[0].figures!;
    const write = (more: { simulation?: unknown; faults?: unknown; published?: unknown; phases?: unknown }): void => {
      const trial = writer.trial("3fa1c09b77d2");
      trial.writeRecord({
        ...record("3fa1c09b77d2"),
        simulation: (more.simulation ?? simulation) as SimulationRecord,
      });
      trial.write(
        "figures.json",
        JSON.stringify({ ...figures, faults: more.faults ?? [], phases: more.phases ?? figures.phases }),
      );
      trial.commit();
      writer.write("manifest.json", JSON.stringify({ ...manifest, published: more.published ?? published }));
    };
    write({ faults: [{ id: "split", kind: "partition", what: "a | b", fromS: 1, toS: null }] });
    const run = loadRun(writer.folder);
    assert.deepEqual(run.manifest, manifest);
    assert.deepEqual(run.trials[0].record.simulation, simulation);
    assert.equal(run.trials[0].figures!.faults![0].toS, null);
    const damaged = (more: Parameters<typeof write>[0]): string => {
      write(more);
      return refusal(() => loadRun(writer.folder));
    };
    assert.match(damaged({ simulation: { ...simulation, digest: 7 } }), /simulation\.digest should be a string/);
    assert.match(damaged({ faults: [{ id: "split" }] }), /faults\[0\]\.kind should be a string/);
    assert.match(damaged({ faults: 3 }), /faults should be an array/);
    assert.match(damaged({ phases: { measureFromS: "now" } }), /phases\.measureFromS should be a number/);
    assert.match(damaged({ published: [{ metric: "p_stale" }] }), /published\[0\]\.where should be an object/);
    assert.match(damaged({ published: [{ ...published[0], within: "half" }] }), /published\[0\]\.within should be/);
  });

  it("that is damaged is refused in one sentence that names the file", () => {
    const { folder } = writeRun(root);
    const trial = path.join(root, "made-up/trials/3fa1c09b77d2");
    const damage = (file: string, content: string, expected: RegExp): void => {
      const before = fs.readFileSync(file);
      fs.writeFileSync(file, content);
      assert.match(
        refusal(() => loadRun(folder)),
        expected,
      );
      fs.writeFileSync(file, before);
    };
    const manifest = path.join(folder, "manifest.json");
    damage(manifest, '{"schema": "quorumlab/man', /manifest\.json is not JSON/);
    damage(manifest, "", /is not JSON/);
    damage(manifest, "null", /is not a manifest of quorumlab/);
    damage(manifest, JSON.stringify({ ...MANIFEST, schema: "quorumlab/manifest@0" }), /another version .*manifest@0/);
    damage(manifest, JSON.stringify({ ...MANIFEST, axes: "r" }), /damaged: axes should be an array/);
    damage(manifest, JSON.stringify({ ...MANIFEST, status: "perfect" }), /status should be running or done/);
    damage(path.join(folder, "trials.txt"), "../../../../etc\n", /which is no trial's name/);
    damage(path.join(trial, "trial.json"), "[]", /is not a trial of quorumlab/);
    const figures = JSON.parse(fs.readFileSync(path.join(trial, "figures.json"), "utf8")) as Record<string, unknown>;
    damage(
      path.join(trial, "figures.json"),
      JSON.stringify({ ...figures, spectra: [{}] }),
      /spectra\[0\]\.kind should be a string/,
    );
    damage(
      path.join(trial, "figures.json"),
      JSON.stringify({ ...figures, intervals: { t: [0], columns: { ok: ["many"] } } }),
      /intervals\.columns\.ok\[0\] should be a number/,
    );
    const summary = {
      schema: "quorumlab/summary@1",
      metrics: { p_stale: 3 },
      validity: { verdict: "valid", doubts: [] },
      calibration: null,
    };
    damage(path.join(trial, "summary.json"), JSON.stringify(summary), /metrics\.p_stale should be an object/);
    assert.equal(loadRun(folder).trials.length, 1, "and is whole again");
    fs.rmSync(path.join(trial, "trial.json"));
    assert.match(
      refusal(() => loadRun(folder)),
      /trial\.json cannot be read: it does not exist/,
    );
  });

  it("survives any bytes in any of its files without another kind of error", () => {
    const { folder } = writeRun(root);
    const trial = path.join(root, "made-up/trials/3fa1c09b77d2");
    const files = ["manifest.json", "trials.txt", "summaries/cells.json"].map((name) => path.join(folder, name));
    files.push(...["trial.json", "summary.json", "figures.json"].map((name) => path.join(trial, name)));
    const contents = files.map((file) => fs.readFileSync(file));
    fc.assert(
      fc.property(
        fc.nat(files.length - 1),
        fc.nat(100_000),
        fc.uint8Array({ minLength: 1, maxLength: 6 }),
        (which, at, bytes) => {
          const broken = Buffer.from(contents[which]);
          broken.set(bytes.subarray(0, Math.max(0, broken.length - (at % broken.length))), at % broken.length);
          fs.writeFileSync(files[which], broken);
          try {
            loadRun(folder);
          } catch (error) {
            assert.ok(error instanceof RunNotReadable, String(error));
          } finally {
            fs.writeFileSync(files[which], contents[which]);
          }
        },
      ),
      { numRuns: 200, seed: 9 },
    );
  });

  it("has checksums that sha256sum verifies, trials included", () => {
    const writer = writeRun(root);
    writer.writeChecksums(["3fa1c09b77d2"]);
    const sums = fs.readFileSync(path.join(writer.folder, "SHA256SUMS"), "utf8");
    assert.match(sums, /^[0-9a-f]{64} {2}\.\.\/trials\/3fa1c09b77d2\/figures\.json$/m);
    execFileSync("sha256sum", ["--quiet", "-c", "SHA256SUMS"], { cwd: writer.folder });
  });
});

describe("a trial's folder", () => {
  it("has its name only once it is whole", () => {
    const writer = new RunWriter({ root, experiment: "made-up", run: "one" });
    const trial = writer.trial("abc");
    trial.writeRecord(record("abc"));
    assert.ok(!fs.existsSync(writer.trialFolder("abc")));
    trial.commit();
    assert.deepEqual(fs.readdirSync(path.join(root, "made-up/trials")), ["abc"]);
    assert.throws(() => writer.trial("empty").commit(), /not whole/);
  });
  it("leaves nothing when it is abandoned, and replaces an older one whole", () => {
    const writer = new RunWriter({ root, experiment: "made-up", run: "one" });
    for (const operations of [1, 2]) {
      const trial = writer.trial("abc");
      trial.writeRecord({ ...record("abc"), operations });
      if (operations === 1) trial.write("leftover.txt", "old");
      trial.commit();
    }
    const trial = writer.trial("abc");
    trial.writeRecord({ ...record("abc"), operations: 3 });
    trial.abandon();
    assert.deepEqual(fs.readdirSync(path.join(root, "made-up/trials")), ["abc"]);
    assert.deepEqual(fs.readdirSync(path.join(root, "made-up/trials/abc")), ["trial.json"]);
    assert.match(fs.readFileSync(path.join(root, "made-up/trials/abc/trial.json"), "utf8"), /"operations": 2/);
  });
  it("cannot be named out of its place", () => {
    const writer = new RunWriter({ root, experiment: "made-up", run: "one" });
    for (const name of ["../x", "a/b", ".hidden", "", "a\0b"]) {
      assert.throws(() => writer.trial(name), RangeError);
      assert.throws(() => new RunWriter({ root, experiment: name, run: "one" }), RangeError);
    }
    assert.throws(() => new RunWriter({ root, experiment: "made-up", run: "trials" }), RangeError);
  });
});

describe("results that cannot be written", () => {
  it("are one sentence that says what to do, when a file is in the way of the folder", () => {
    const file = path.join(root, "file");
    fs.writeFileSync(file, "");
    assert.throws(
      () => new RunWriter({ root: file, experiment: "made-up", run: "one" }),
      (error) =>
        error instanceof ResultsNotWritable &&
        /^cannot write results to .*choose another place with -o$/.test(error.message),
    );
  });
  it("leave no trial that looks whole when the disk is full", function () {
    if (!fs.existsSync("/dev/full")) {
      console.log("      skipped: this system has no /dev/full");
      this.skip();
    }
    const writer = new RunWriter({ root, experiment: "made-up", run: "one" });
    const trial = writer.trial("abc");
    fs.symlinkSync("/dev/full", path.join(root, "made-up/trials", partialName("abc"), "trial.json"));
    assert.throws(
      () => {
        trial.writeRecord(record("abc"));
        trial.commit();
      },
      (error) =>
        error instanceof ResultsNotWritable && error.code === "ENOSPC" && error.message.includes("the disk is full"),
    );
    assert.deepEqual(fs.readdirSync(path.join(root, "made-up/trials")), []);
  });
  it("are found out before anything is measured, when the folder is read-only", function () {
    if (process.getuid?.() === 0) {
      console.log("      skipped: the superuser may write to read-only folders");
      this.skip();
    }
    fs.chmodSync(root, 0o555);
    assert.throws(() => new RunWriter({ root, experiment: "made-up", run: "one" }), ResultsNotWritable);
    fs.chmodSync(root, 0o755);
  });
  it("include a raw history, which says so when it is closed", async function () {
    if (!fs.existsSync("/dev/full")) {
      console.log("      skipped: this system has no /dev/full");
      this.skip();
    }
    const history = new HistoryWriter("/dev/full", 1);
    for (let i = 0; i < 5_000; i++) history.operation(get([i], i, i + 1, { id: i }));
    await assert.rejects(history.close(), (error) => error instanceof ResultsNotWritable && error.code === "ENOSPC");
  });
});

describe("a journal", () => {
  it("keeps every event in order and survives a torn last line", () => {
    const writer = new RunWriter({ root, experiment: "made-up", run: "one" });
    const file = path.join(writer.folder, "journal.jsonl");
    assert.deepEqual(readJournal(file), []);
    writer.journal.append({ at: "t1", event: "planned", trial: "abc" });
    writer.journal.append({ at: "t2", event: "started", trial: "abc" });
    fs.appendFileSync(file, '{"at":"t3","ev');
    const resumed = new RunWriter({ root, experiment: "made-up", run: "one" });
    resumed.journal.append({ at: "t4", event: "done", trial: "abc" });
    assert.deepEqual(
      readJournal(file).map((entry) => `${entry.at} ${entry.event}`),
      ["t1 planned", "t2 started", "t4 done"],
    );
  });
});

describe("a raw history", () => {
  it("makes whoever records wait where it cannot keep up: memory is bounded, and nothing is lost", async function () {
    this.timeout(60_000);
    const file = path.join(root, "long.jsonl.gz");
    const history = new HistoryWriter(file, 1);
    // Half as many again as may wait, without a turn of the event loop between.
    for (let i = 0; i < 200_000; i++) history.operation(get([], i, i + 1, { id: i }));
    await history.close();
    const { operations } = readHistory(file);
    assert.equal(operations.length, 200_000);
    assert.ok(operations.every(({ id }, i) => id === i));
  });

  it("does not wait for a disk that is full", async function () {
    this.timeout(60_000);
    if (!fs.existsSync("/dev/full")) {
      console.log("      skipped: this system has no /dev/full");
      this.skip();
    }
    const history = new HistoryWriter("/dev/full", 1);
    for (let i = 0; i < 200_000; i++) history.operation(get([], i, i + 1, { id: i }));
    await assert.rejects(history.close(), (error) => error instanceof ResultsNotWritable && error.code === "ENOSPC");
  });

  it("is thinned by key and says by how much", async () => {
    const file = path.join(root, "history.jsonl.gz");
    const history = new HistoryWriter(file, 0.25);
    for (let i = 0; i < 4_000; i++) history.operation(get([i], i, i + 1, { id: i, key: `user${i % 1_000}` }));
    await history.close();
    const { header, operations } = readHistory(file);
    assert.equal(header.keyFraction, 0.25);
    const keys = new Map<string, number>();
    for (const { key } of operations) keys.set(key, (keys.get(key) ?? 0) + 1);
    assert.ok(
      [...keys.values()].every((count) => count === 4),
      "all operations of a key or none",
    );
    assert.ok(keys.size > 190 && keys.size < 310, `${keys.size} of 1,000 keys`);
    assert.deepEqual(
      operations[0],
      get([operations[0].id], operations[0].id, operations[0].id + 1, { id: operations[0].id, key: operations[0].key }),
    );
  });
  it("keeps every field of every operation on the way to the thread that writes it", () => {
    const ids = fc.array(fc.integer({ min: 1, max: 2 ** 52 }), { maxLength: 40 });
    const operation: fc.Arbitrary<OperationRecord> = fc.record({
      id: fc.nat(),
      phase: fc.constantFrom(...PHASES),
      kind: fc.constantFrom(...OPERATION_KINDS),
      key: fc.string({ unit: "grapheme", maxLength: 30 }),
      session: fc.nat(),
      intended: fc.integer({ min: 0, max: 2 ** 52 }),
      start: fc.integer({ min: 0, max: 2 ** 52 }),
      end: fc.integer({ min: 0, max: 2 ** 52 }),
      outcome: fc.constantFrom(...RECORDED_OUTCOMES),
      writeId: fc.integer({ min: 0, max: 2 ** 52 }),
      versions: ids,
      values: fc.nat(),
      seen: ids,
      contextInBytes: fc.nat(),
      contextOutBytes: fc.nat(),
      coordinator: fc.integer({ min: -2, max: 1_000 }),
    });
    const packer = new HistoryPacker();
    fc.assert(
      fc.property(fc.array(fc.array(operation, { maxLength: 20 }), { maxLength: 3 }), (blocks) => {
        for (const block of blocks) {
          for (const one of block) packer.add(one);
          const lines = [...operationsOf(packer.take())].map((one) => JSON.stringify(one));
          assert.deepEqual(
            lines,
            block.map((one) => JSON.stringify(one)),
          );
        }
      }),
    );
  });
  it("keeps all keys or none at the ends", () => {
    assert.ok(keepsKey("k", 1));
    assert.ok(!keepsKey("k", 0));
  });
});

describe("CSV", () => {
  it("reads back any text", () => {
    const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é", ";") });
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field), { minLength: 1 }), (rows) => {
        assert.deepEqual(parseCsv(csv(["x", "y"], rows)), [["x", "y"], ...rows]);
      }),
      { seed: 4 },
    );
  });
  it("leaves missing values empty and ends records with CRLF", () => {
    assert.equal(csv(["a", "b", "c", "d"], [[null, undefined, NaN, 0.1]]), "a,b,c,d\r\n,,,0.1\r\n");
  });
});

describe("the table of metrics", () => {
  it("names each metric once, with a unit, a direction and a definition", () => {
    assert.equal(new Set(METRICS.map((metric) => metric.name)).size, METRICS.length);
    for (const metric of METRICS) assert.ok(metric.unit !== "" && metric.definition.endsWith("."), metric.name);
    for (const name of HEADLINE_METRICS) assert.ok(describeMetric(name) !== undefined, name);
  });
  it("describes percentiles that it does not list, and nothing unknown", () => {
    assert.equal(describeMetric("read_service_p9999_ms")!.unit, "ms");
    assert.match(describeMetric("scan_p90_ms")!.definition, /90th percentile of successful scans/);
    assert.match(describeMetric("read_p9999_ms")!.definition, /99\.99th percentile/);
    assert.equal(describeMetric("multi_get_p999_ms")!.title, "multi-get p99.9");
    assert.equal(describeMetric("happiness_p99_ms"), undefined);
    assert.equal(describeMetric("nonsense"), undefined);
  });
});
