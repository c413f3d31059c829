/**
 * Commands over run folders that were damaged, cut off, copied in part, written by another version or by somebody unfriendly: each file of a
 * run in turn. The answer is one plain line and an exit code, never a stack trace, never a number that is none, and nothing
 * outside the folder is read or written.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { main } from "../../experiments/cli/main";
import { summariseCells } from "../../results/statistics/summarise";
import { loadRun } from "../../results/record/reader";
import { MANIFEST, record, temporaryFolder, writeRun } from "../results/record/made-up-run";
import { recordingIo } from "./recording-io";

const TRIAL = "3fa1c09b77d2";
const COMMANDS = ["show", "report", "verify", "check", "replay"] as const;

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(root: string, ...argv: string[]): Promise<Answer> {
  const io = recordingIo(root);
  const code = await main(argv, io);
  return { code, out: io.out(), err: io.err() };
}

describe("damaged runs (long)", () => {
  let root = "";
  let folder = "";
  let trial = "";
  beforeEach(() => {
    root = temporaryFolder();
    const runs = path.join(root, "results", "runs");
    const writer = writeRun(runs);
    writer.writeChecksums([TRIAL]);
    folder = writer.folder;
    trial = path.join(runs, "made-up", "trials", TRIAL);
  });
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

  /** Every command that reads a run gives a plain answer; returns what they said. */
  async function plainly(what: string, commands: readonly string[] = COMMANDS): Promise<Record<string, Answer>> {
    const answers: Record<string, Answer> = {};
    for (const command of commands) {
      const answer = await run(root, command, folder);
      const said = `${what}, ${command}: exit ${answer.code}\n${answer.err}`;
      assert.ok([0, 1, 2, 3, 4].includes(answer.code), said);
      assert.doesNotMatch(answer.err, /^ +at |\.ts:\d+|\.js:\d+|fault of quorumlab|TypeError|RangeError/m, said);
      assert.doesNotMatch(answer.out, /\bNaN\b|\bundefined\b|\bInfinity\b/, said);
      if (answer.code === 2) assert.ok(answer.err.trim().split("\n").length <= 3, said);
      answers[command] = answer;
    }
    return answers;
  }

  const files = (): readonly string[] => [
    path.join(folder, "manifest.json"),
    path.join(folder, "trials.txt"),
    path.join(folder, "SHA256SUMS"),
    path.join(folder, "summaries", "cells.json"),
    path.join(trial, "trial.json"),
    path.join(trial, "summary.json"),
    path.join(trial, "figures.json"),
    path.join(trial, "latency.hlog"),
  ];

  it("are answered plainly when a file is missing, empty, cut off or another file", async () => {
    const damages: readonly [string, (bytes: Buffer) => Buffer | undefined][] = [
      ["missing", () => undefined],
      ["empty", () => Buffer.alloc(0)],
      ["cut off", (bytes) => bytes.subarray(0, bytes.length >> 1)],
      ["a list", () => Buffer.from("[]")],
      ["bytes", () => Buffer.from([0, 255, 254, 0, 10, 13, 128])],
    ];
    for (const file of files()) {
      const before = fs.readFileSync(file);
      for (const [what, damage] of damages) {
        const after = damage(before);
        if (after === undefined) fs.rmSync(file);
        else fs.writeFileSync(file, after);
        const answers = await plainly(`${path.basename(file)} ${what}`, ["show", "verify"]);
        if (file.endsWith(".json") && what !== "missing") {
          assert.equal(answers["show"].code, 2, `${file} ${what}`);
          assert.ok(answers["show"].err.includes(path.basename(file)), answers["show"].err);
        }
        fs.writeFileSync(file, before);
      }
    }
    assert.equal((await plainly("whole again", ["show"]))["show"].code, 0);
  });

  it("are answered plainly by every command when what they need is cut off", async () => {
    for (const file of [path.join(folder, "manifest.json"), path.join(trial, "figures.json")]) {
      const before = fs.readFileSync(file);
      fs.writeFileSync(file, before.subarray(0, before.length - 7));
      for (const [command, { code, err }] of Object.entries(await plainly(path.basename(file)))) {
        assert.equal(code, 2, command);
        assert.match(err, /is not JSON; it is damaged or was cut off/);
      }
      fs.writeFileSync(file, before);
    }
  });

  it("with numbers beyond all numbers, or words in their place, are refused by the place", async () => {
    const figures = fs.readFileSync(path.join(trial, "figures.json"), "utf8");
    for (const [wrong, expected] of [
      ["1e999", /intervals\.t\[0\] is beyond all numbers/],
      ['"NaN"', /intervals\.t\[0\] should be a number/],
      ["null", /intervals\.t\[0\] should be a number/],
    ] as const) {
      fs.writeFileSync(
        path.join(trial, "figures.json"),
        figures.replace(/("intervals":\s*\{\s*"t":\s*\[\s*)[\d.]+/, `$1${wrong}`),
      );
      const { show } = await plainly(wrong, ["show", "report"]);
      assert.equal(show.code, 2);
      assert.match(show.err, expected);
    }
  });

  it("of another version say which: of an older one, and of a newer one", async () => {
    const names = [
      [path.join(folder, "manifest.json"), "manifest"],
      [path.join(trial, "trial.json"), "trial"],
      [path.join(trial, "summary.json"), "summary"],
      [path.join(trial, "figures.json"), "figures"],
      [path.join(folder, "summaries", "cells.json"), "cells"],
    ] as const;
    for (const [file, kind] of names) {
      const before = fs.readFileSync(file, "utf8");
      for (const [version, told] of [
        [0, /another version of quorumlab, an older one/],
        [7, /another version of quorumlab, a newer one: update/],
      ] as const) {
        fs.writeFileSync(file, before.replace(`quorumlab/${kind}@1`, `quorumlab/${kind}@${version}`));
        const { show } = await plainly(`${kind}@${version}`, ["show"]);
        assert.equal(show.code, 2);
        assert.match(show.err, told);
        assert.match(show.err, new RegExp(`schema quorumlab/${kind}@${version}`));
      }
      fs.writeFileSync(file, before);
    }
  });

  it("say which trials are missing, and go on with the rest", async () => {
    fs.appendFileSync(path.join(folder, "trials.txt"), "aaaabbbbcccc\n");
    const { show } = await plainly("a trial is missing", ["show", "report"]);
    assert.equal(show.code, 0);
    assert.match(show.out, /1 of 2 trials that this run names is not in its experiment's folder/);
    assert.match(show.out, /aaaabbbbcccc/);
    assert.match(fs.readFileSync(path.join(folder, "report", "index.html"), "utf8"), /aaaabbbbcccc/);
  });

  it("with names that lead elsewhere read and write nothing there", async () => {
    const outside = path.join(root, "outside");
    fs.mkdirSync(outside);
    fs.cpSync(trial, path.join(outside, "trial"), { recursive: true });
    const before = fs.readdirSync(outside, { recursive: true }).sort();
    const list = path.join(folder, "trials.txt");
    for (const name of [
      "../../../../outside/trial",
      path.join(outside, "trial"),
      "..",
      ".",
      `${TRIAL}/../${TRIAL}`,
      `${TRIAL}\u0000`,
    ]) {
      fs.writeFileSync(list, `${name}\n`);
      for (const [command, { code, err }] of Object.entries(await plainly(JSON.stringify(name)))) {
        assert.equal(code, 2, `${command} ${name}`);
        assert.match(err, /which is no trial's name/);
      }
    }
    fs.writeFileSync(list, `${TRIAL}\n`);
    // A trial's folder that is a link out of the results.
    fs.rmSync(trial, { recursive: true });
    fs.symlinkSync(path.join(outside, "trial"), trial);
    const { show } = await plainly("a link", ["show"]);
    assert.equal(show.code, 2);
    assert.match(show.err, /is a link/);
    fs.rmSync(trial);
    fs.cpSync(path.join(outside, "trial"), trial, { recursive: true });
    // A report's folder that is a link: nothing is written through it.
    fs.rmSync(path.join(folder, "report"), { recursive: true, force: true });
    fs.symlinkSync(outside, path.join(folder, "report"));
    const { report } = await plainly("the report's folder is a link", ["report"]);
    assert.equal(report.code, 2);
    assert.match(report.err, /it is a link, which is not followed/);
    fs.rmSync(path.join(folder, "report"));
    // Names inside files: of the run, of the experiment, of a cell.
    const manifest = path.join(folder, "manifest.json");
    const cells = path.join(folder, "summaries", "cells.json");
    const evil = "../../../../outside/evil";
    fs.writeFileSync(manifest, JSON.stringify({ ...MANIFEST, run: evil, experiment: evil, configPath: evil }));
    fs.writeFileSync(cells, fs.readFileSync(cells, "utf8").replaceAll('"r1"', JSON.stringify(evil)));
    fs.writeFileSync(
      path.join(trial, "trial.json"),
      JSON.stringify({ ...record(TRIAL), cell: evil, experiment: evil }),
    );
    await plainly("names in files", ["show", "report", "verify"]);
    fs.appendFileSync(path.join(folder, "SHA256SUMS"), `${"0".repeat(64)}  ../../../../outside/trial/trial.json\n`);
    const { verify } = await plainly("a checksum of a file outside", ["verify"]);
    assert.equal(verify.code, 1);
    assert.deepEqual(fs.readdirSync(outside, { recursive: true }).sort(), before);
    assert.ok(!fs.existsSync(path.join(root, "evil")));
  });

  it("of one repetition without a success have a report that says so", async () => {
    const summary = JSON.parse(fs.readFileSync(path.join(trial, "summary.json"), "utf8")) as {
      metrics: Record<string, object>;
    };
    for (const metric of Object.keys(summary.metrics))
      summary.metrics[metric] = { ...summary.metrics[metric], value: null, lo: null, hi: null, n: 0 };
    fs.writeFileSync(path.join(trial, "summary.json"), JSON.stringify(summary));
    const loaded = loadRun(folder);
    fs.writeFileSync(
      path.join(folder, "summaries", "cells.json"),
      JSON.stringify({ schema: "quorumlab/cells@1", cells: summariseCells(loaded.trials) }),
    );
    const { show } = await plainly("no success", ["show", "report"]);
    assert.equal(show.code, 0);
    const page = fs.readFileSync(path.join(folder, "report", "index.html"), "utf8");
    const markup = page.replace(/<script[\s\S]*?<\/script>/g, "").replace(/<style>[\s\S]*?<\/style>/g, "");
    assert.doesNotMatch(markup, /\bNaN\b|\bundefined\b|\bInfinity\b/);
  });
});
