/**
 * What of an experiment is there already counts, and nothing else: simulated trials that are whole, by the same measures. `run` says how many, makes
 * the others, and leaves what earlier runs say of the trials that they share as true as it was.
 */
import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { loadRun } from "../../../results/record/reader";
import { journalOf, summaryFiles, SWEEP, Workplace } from "./small-sweep";

describe("a run of an experiment that has run before", function () {
  this.timeout(60_000);
  let at: Workplace;
  beforeEach(() => (at = new Workplace()));
  afterEach(() => rmSync(at.cwd, { recursive: true, force: true }));

  const ends = (run: string): readonly string[] =>
    journalOf(run)
      .map(({ event }) => event)
      .filter((event) => event === "done" || event === "reused");

  it("takes its simulated trials as they are, says so, and comes to the same tables", async () => {
    const first = await at.type("run sweep.yaml");
    assert.equal(first.code, 0, first.err);
    assert.ok(!/reused/.test(first.err), first.err);
    const second = await at.type("run sweep.yaml --json");
    assert.equal(second.code, 0, second.err);
    assert.match(second.err, /^6 of 6 reused, 0 to run$/m);
    const [one, two] = at.folders();
    assert.deepEqual(ends(two), Array(6).fill("reused"));
    assert.deepEqual(summaryFiles(two), summaryFiles(one));
    const document = JSON.parse(second.out) as { trials: unknown; status: string };
    assert.deepEqual(document.trials, { done: 6, failed: 0, invalid: 0, reused: 6 });
    assert.equal(document.status, "done");
    assert.equal((await at.type(`verify ${two}`)).code, 0);
  });

  it("makes the new cells only when an axis grows, whatever the command shows them by", async () => {
    await at.type("run sweep.yaml --only r=1");
    const { err } = await at.type("run sweep.yaml --progress json");
    const events = err
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const { schema: _schema, ...planned } = events.find(({ kind }) => kind === "planned")!;
    assert.deepEqual(planned, { kind: "planned", trials: 6, done: 2, reused: 2, failed: 0, left: 4 });
    const cells = events.filter(({ kind }) => kind === "trial-done").map(({ cell }) => cell);
    assert.deepEqual([...new Set(cells)].sort(), ["r2", "r3"]);
    assert.equal(cells.length, 4);
  });

  it("makes them all again with --fresh, which leaves bytes and checksums of earlier runs as they were", async () => {
    await at.type("run sweep.yaml");
    const bytes = (): unknown =>
      readdirSync(at.trials()).map((id) => [
        id,
        statSync(join(at.trials(), id, "trial.json")).mtimeMs,
        readFileSync(join(at.trials(), id, "trial.json"), "utf8"),
      ]);
    const before = bytes();
    const { err } = await at.type("run sweep.yaml --fresh");
    assert.ok(!/reused|replaces/.test(err), err);
    const [one, two] = at.folders();
    assert.deepEqual(ends(two), Array(6).fill("done"));
    assert.deepEqual(bytes(), before, "the same trials stay where they are");
    assert.deepEqual(summaryFiles(two), summaryFiles(one));
    for (const run of [one, two]) {
      const verified = await at.type(`verify ${run}`);
      assert.equal(verified.code, 0, verified.out);
    }
  });

  it("makes again, and names, what was cut off, changed, lost or failed, or is of other measures (long)", async () => {
    await at.type("run sweep.yaml");
    const ids = readdirSync(at.trials()).sort();
    const file = (i: number, name: string): string => join(at.trials(), ids[i], name);
    truncateSync(file(0, "figures.json"), 100);
    appendFileSync(file(1, "latency.hlog"), "#\n");
    rmSync(file(2, "series.csv"));
    const change = (i: number, fields: object): void => {
      const record = JSON.parse(readFileSync(file(i, "trial.json"), "utf8")) as object;
      writeFileSync(file(i, "trial.json"), JSON.stringify({ ...record, ...fields }));
    };
    change(3, { outcome: "failed", error: "nothing is left to happen" });
    change(4, { measures: "0" });
    const { code, err } = await at.type("run sweep.yaml");
    assert.equal(code, 0, err);
    assert.match(err, /^1 of 6 reused, 5 to run$/m);
    const told = (i: number, why: RegExp): void =>
      assert.match(
        err,
        new RegExp(`^warning: trial ${ids[i]} \\(r\\d, repetition \\d\\) is made again: ${why.source}$`, "m"),
      );
    told(0, /figures\.json cannot be read/);
    told(1, /latency\.hlog has \d+ bytes of \d+/);
    told(2, /series\.csv is missing/);
    told(3, /it failed before/);
    assert.match(err, /^1 trial on disk of another version, to be made again$/m);
    const [one, two] = at.folders();
    assert.deepEqual(summaryFiles(two), summaryFiles(one));
    assert.equal((await at.type(`verify ${two}`)).code, 0);
    // Of the older run it is true that trials stand there that it did not make.
    const older = await at.type(`verify ${one}`);
    assert.equal(older.code, 1);
    assert.match(older.out, new RegExp(`trials/${ids[0]}/trial\\.json: changed`));
    assert.equal(loadRun(one).trials.length, 6);
  });

  it("takes none whose record was changed or cannot be read, and none that is a link; what it makes stands in their place (long)", async () => {
    await at.type("run sweep.yaml");
    const ids = readdirSync(at.trials()).sort();
    const change = (i: number, fields: object): void => {
      const file = join(at.trials(), ids[i], "trial.json");
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), ...fields }));
    };
    change(0, { files: { "summary.json": null } });
    change(1, { files: null });
    change(2, { seed: 1 });
    change(3, { axes: { r: 9 } });
    const elsewhere = join(at.cwd, "elsewhere");
    renameSync(join(at.trials(), ids[4]), elsewhere);
    symlinkSync(elsewhere, join(at.trials(), ids[4]));
    symlinkSync("nowhere", join(at.trials(), "0123456789ab"));
    const planned = await at.type("plan sweep.yaml");
    assert.equal(planned.code, 0, planned.err);
    assert.match(planned.out, /\(1 reused, 5 to run\)/);
    const { code, err } = await at.type("run sweep.yaml");
    assert.equal(code, 0, err);
    assert.match(err, /^1 of 6 reused, 5 to run$/m);
    for (const [i, why] of [
      [0, "trial.json has no checksums that can be read"],
      [1, "trial.json has no checksums that can be read"],
      [2, "its record has another seed or other axes than it was made with"],
      [3, "its record has another seed or other axes than it was made with"],
      [4, "it is a link, which is not followed"],
    ] as const)
      assert.match(err, new RegExp(`^warning: trial ${ids[i]} .* is made again: ${why}$`, "m"));
    const [one, two] = at.folders();
    assert.deepEqual(summaryFiles(two), summaryFiles(one));
    assert.ok(existsSync(join(elsewhere, "trial.json")), "where a link leads nothing is touched");
    assert.match((await at.type("run sweep.yaml")).err, /^6 of 6 reused, 0 to run$/m);
  });

  it("judges a trial that it took by what it claims itself, in its own folder (long)", async () => {
    await at.type("run sweep.yaml");
    at.file(`${SWEEP}report: {headline: [read_p999_ms]}\n`);
    await at.type("run sweep.yaml");
    const fresh = new Workplace(`${SWEEP}report: {headline: [read_p999_ms]}\n`);
    try {
      await fresh.type("run sweep.yaml");
      const [one, two] = at.folders();
      const [alone] = fresh.folders();
      const doubts = (run: string): unknown =>
        loadRun(run).trials.map(({ record, summary }) => [
          record.id,
          summary?.validity.doubts.map(({ reason }) => reason),
        ]);
      assert.deepEqual(doubts(two), doubts(alone));
      assert.notDeepEqual(doubts(one), doubts(alone));
      assert.deepEqual(summaryFiles(two), summaryFiles(alone));
    } finally {
      rmSync(fresh.cwd, { recursive: true, force: true });
    }
  });

  it("carries out the trial whose schedule is to be kept", async () => {
    await at.type("run sweep.yaml");
    const { err } = await at.type("run sweep.yaml --record-trace day.jsonl");
    assert.match(err, /^5 of 6 reused, 1 to run$/m);
    assert.match(err, /^recorded: day\.jsonl/m);
  });

  it("has as many simulated trials under way as -j says, each cell once before any comes again (long)", async () => {
    const begun: [string, number][] = [];
    let underWay = 0;
    let most = 0;
    const { code, err } = await at.type("run sweep.yaml -j 2", (event) => {
      if (event.kind === "trial-started") {
        begun.push([event.cell, event.repetition]);
        most = Math.max(most, ++underWay);
      }
      if (event.kind === "trial-done") underWay--;
    });
    assert.equal(code, 0, err);
    assert.equal(most, 2);
    assert.deepEqual(
      begun.map(([, repetition]) => repetition),
      [1, 1, 1, 2, 2, 2],
    );
    for (const half of [begun.slice(0, 3), begun.slice(3)])
      assert.deepEqual(half.map(([cell]) => cell).sort(), ["r1", "r2", "r3"]);
  });
});
