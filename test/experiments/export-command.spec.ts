/**
 * `quorumlab export` as somebody types it: where files go, what it refuses, and that nothing half-written is ever left
 * behind under a name that looks whole.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { EXPORT_FORMATS } from "../../experiments/cli/export";
import { main } from "../../experiments/cli/main";
import { writeExportFile, writeExportFolder } from "../../results/export/export-files";
import { FORMATS } from "../../results/export/formats";
import type { LoadedRun } from "../../results/record/run-folder";
import { temporaryFolder } from "../results/record/made-up-run";
import { storedRun } from "../results/export/stored-run";
import { recordingIo } from "./recording-io";

describe("quorumlab export", () => {
  let root: string;
  let cwd: string;
  let run: LoadedRun;
  before(() => {
    root = temporaryFolder();
    run = storedRun(path.join(root, "results", "runs"));
  });
  beforeEach(() => (cwd = fs.mkdtempSync(path.join(root, "cwd-"))));
  after(() => fs.rmSync(root, { recursive: true }));

  const asked = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const io = recordingIo(cwd);
    const code = await main(["export", ...args, "--runs", path.join(root, "results", "runs")], io);
    return { code, out: io.out(), err: io.err() };
  };
  const files = (): string[] =>
    (fs.readdirSync(cwd, { recursive: true }) as string[])
      .filter((name) => fs.statSync(path.join(cwd, name)).isFile())
      .sort();

  it("offers in its help what there is", async () => {
    assert.deepEqual([...FORMATS.keys()], [...EXPORT_FORMATS]);
    const { out } = await asked("--help");
    assert.ok(out.startsWith("Examples:"));
    for (const name of FORMATS.keys()) assert.match(out, new RegExp(`\\b${name}\\b`));
  });

  it("writes every format, each file whole, and says which and what comes next", async () => {
    for (const format of FORMATS.keys()) {
      const { code, out, err } = await asked("latest", format, "-o", `${format}/`);
      assert.equal(code, 0, err);
      for (const line of out.trim().split("\n")) {
        const [, shown, bytes] = /^(\S+) {2}(\d+) bytes$/.exec(line)!;
        assert.equal(fs.statSync(path.resolve(cwd, shown)).size, Number(bytes));
      }
      assert.match(err, /next: npx quorumlab show/);
    }
    assert.ok(files().length > 15);
    assert.ok(files().every((name) => !path.basename(name).startsWith(".")));
  });

  it("names files after the run unless told otherwise", async () => {
    await asked("latest", "json");
    await asked("latest", "csv");
    await asked("latest", "json", "-o", "deep/down/all.json");
    const { run: id } = run.manifest;
    assert.deepEqual(files(), [
      ...["cells", "comparisons", "metrics_long", "series", "trials"].map((name) => `${id}-csv/${name}.csv`),
      `${id}-run.json`,
      "deep/down/all.json",
    ]);
  });

  it("replaces nothing unless told to", async () => {
    fs.writeFileSync(path.join(cwd, "mine.json"), "precious");
    const refused = await asked("latest", "json", "-o", "mine.json");
    assert.equal(refused.code, 2);
    assert.match(refused.err, /mine\.json is there already; --force replaces it/);
    assert.equal(fs.readFileSync(path.join(cwd, "mine.json"), "utf8"), "precious");
    assert.equal((await asked("latest", "json", "-o", "mine.json", "--force")).code, 0);
    assert.match(fs.readFileSync(path.join(cwd, "mine.json"), "utf8"), /^\{"schema":"quorumlab\/whole-run@1"/);
    fs.mkdirSync(path.join(cwd, "t"));
    fs.writeFileSync(path.join(cwd, "t", "series.csv"), "precious");
    assert.equal((await asked("latest", "csv", "-o", "t")).code, 2);
    assert.deepEqual(fs.readdirSync(path.join(cwd, "t")), ["series.csv"]);
  });

  it("prints one text, and says why it does not print others", async () => {
    const printed = await asked("latest", "openmetrics", "--stdout");
    assert.ok(printed.code === 0 && printed.out.endsWith("# EOF\n") && printed.out.startsWith("# TYPE"));
    assert.equal((await asked("latest", "openmetrics", "-o", "-")).out, printed.out);
    const one = await asked("latest", "hgrm", "--cell", "r1", "--stdout");
    assert.match(one.out, /^ +Value +Percentile/);
    assert.match((await asked("latest", "csv", "--stdout")).err, /csv makes 5 files here .*--cell or --trial/);
    assert.equal((await asked("latest", "hgrm", "--stdout")).code, 2);
    assert.match((await asked("latest", "json", "--stdout", "--json")).err, /choose one/);
    const { code, err } = await asked("latest", "parquet", "--trial", "r1:1", "--stdout");
    assert.ok(code === 2 && /parquet/.test(err));
    assert.deepEqual(files(), []);
  });

  it("tells programs which files it wrote", async () => {
    const { out } = await asked("latest", "hlog", "--trial", "r2:2", "--json");
    const told = JSON.parse(out) as { schema: string; format: string; files: { path: string; bytes: number }[] };
    assert.deepEqual([told.schema, told.format, told.files.length], ["quorumlab/exported@1", "hlog", 1]);
    assert.equal(fs.statSync(path.join(cwd, told.files[0].path)).size, told.files[0].bytes);
  });

  it("answers what it does not know with the nearest", async () => {
    for (const [args, expected] of [
      [["latest", "parket"], /no format "parket"; did you mean parquet\?/],
      [["latest", "paper"], /no format "paper"; choose one of|did you mean/],
      [["latest", "csv", "--cell", "r3"], /no cell "r3"; did you mean r\d\?/],
      [["latest", "csv", "--trial", "zz"], /no trial is called "zz"; there is r1:1 \(11a1c09b77d2\), r1:2/],
      [["latest", "csv", "--trial", "../../../etc/passwd"], /no trial is called/],
      [["no-such-run", "csv"], /no-such-run/],
      [["latest", "hgrm", "--op", "scan"], /nothing was recorded as scan\.ok\.response; there is/],
    ] as const) {
      if (args[1] === "paper" && FORMATS.has("paper")) continue;
      const { code, err } = await asked(...args);
      assert.equal(code, 2, args.join(" "));
      assert.match(err, expected);
    }
  });

  it("refuses names in a run's files that lead elsewhere", async () => {
    const folder = fs.mkdtempSync(path.join(root, "hostile-"));
    const hostile = storedRun(folder);
    const trial = path.join(path.dirname(hostile.folder), "trials", "11a1c09b77d2", "trial.json");
    const text = fs.readFileSync(trial, "utf8");
    for (const [change, format] of [
      [text.replace('"id": "11a1c09b77d2"', '"id": "../../../../etc"'), "csv"],
      [text.replace('"cell": "r1"', '"cell": "../../r1"'), "trace"],
      [text.replace('"cell": "r1"', '"cell": "a/../b"'), "trace"],
    ]) {
      assert.notEqual(change, text);
      fs.writeFileSync(trial, change);
      const io = recordingIo(cwd);
      assert.equal(await main(["export", hostile.manifest.run, format, "--runs", folder, "-o", "out"], io), 2);
      assert.match(io.err(), /cannot be (the name of a trial's folder|part of a file's name)/);
    }
    assert.deepEqual(files(), []);
  });

  it("leaves nothing behind when it breaks off half way", async () => {
    const good = { name: "a.txt", pieces: () => ["whole"] };
    const bad = {
      name: "b.txt",
      *pieces(): Generator<string> {
        yield "half";
        throw new Error("the disk is on fire");
      },
    };
    await assert.rejects(writeExportFolder([good, bad], cwd, { force: false }), /on fire/);
    assert.deepEqual(files(), []);
    fs.writeFileSync(path.join(cwd, "b.txt"), "the old one");
    await assert.rejects(writeExportFile(bad, path.join(cwd, "b.txt"), { force: true }), /on fire/);
    assert.equal(fs.readFileSync(path.join(cwd, "b.txt"), "utf8"), "the old one");
    for (const name of ["../a.txt", "/a.txt", "x/../../a.txt", ".hidden", ""])
      await assert.rejects(writeExportFolder([{ ...good, name }], cwd, { force: true }), /no name for a file/);
    await assert.rejects(writeExportFolder([good, good], cwd, { force: true }), /two files .* a\.txt/);
    await assert.rejects(writeExportFile(good, cwd, { force: true }), /is a folder/);
  });

  it("ends at Ctrl-C with nothing written", async () => {
    const io = recordingIo(cwd);
    const begun = main(["export", "latest", "hlog", "--runs", path.join(root, "results", "runs")], {
      ...io,
      onInterrupt: (handler) => {
        handler();
        return () => undefined;
      },
    });
    assert.equal(await begun, 130, io.err());
    assert.match(io.err(), /interrupted: nothing was written/);
    assert.deepEqual(files(), []);
  });

  it("says so where a run has no trials, or a trial lacks its files", async () => {
    const folder = fs.mkdtempSync(path.join(root, "empty-"));
    const bare = storedRun(folder, { history: false, trace: false });
    fs.rmSync(path.join(path.dirname(bare.folder), "trials", "11a1c09b77d2", "latency.hlog"));
    const io = recordingIo(cwd);
    assert.equal(await main(["export", bare.manifest.run, "hlog", "--runs", folder, "-o", "h/"], io), 0);
    assert.deepEqual(files(), ["h/r1.hlog", "h/r2.hlog"]);
    assert.match(fs.readFileSync(path.join(cwd, "h", "r1.hlog"), "utf8"), /, 1 repetition; run/);
    fs.rmSync(path.join(path.dirname(bare.folder), "trials"), { recursive: true });
    const none = recordingIo(cwd);
    assert.equal(await main(["export", bare.manifest.run, "csv", "--runs", folder], none), 2);
    assert.match(none.err(), /no trial that ended; there is nothing to export/);
  });
});
