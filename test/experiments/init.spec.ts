/**
 * `quorumlab init`: what it writes is sound, small and complete; what is there already is never touched. The folders are real ones,
 * because links, files in the way and half-written folders are what could go wrong.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { main } from "../../experiments/cli/main";
import { readCells } from "../../experiments/notebook/cells";
import { estimatePlan, planTrials } from "../../experiments/plan";
import { runInSimulation } from "../../experiments/simulated-trial";
import { checkEverything, resolveExperiment } from "../../experiments/spec/resolve";
import { readTemplate, TEMPLATE_NAMES } from "../../experiments/templates";
import { recordingIo } from "./recording-io";

let cwd = "";

async function quorumlab(argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const io = recordingIo(cwd);
  const code = await main(argv, io);
  return { code, out: io.out(), err: io.err() };
}

describe("init", () => {
  beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), "quorumlab-init-"))));
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  for (const name of TEMPLATE_NAMES) {
    it(`writes ${name}: experiments without a warning, and a smoke profile of seconds that runs`, async () => {
      const { code, out, err } = await quorumlab(["init", "deep/new", "--template", name]);
      assert.equal(code, 0, err);
      const folder = join(cwd, "deep", "new");
      const files = readdirSync(folder).sort();
      assert.deepEqual(
        out.trimEnd().split("\n"),
        files.map((file) => `deep/new/${file}`),
      );
      for (const wanted of [".gitignore", "CITATION.cff", "README.md"]) assert.ok(files.includes(wanted), wanted);
      for (const file of files) assert.doesNotMatch(readFileSync(join(folder, file), "utf8"), /\{\{/, file);
      const experiments = files.filter((file) => file.endsWith(".yaml"));
      assert.ok(experiments.length > 0);
      for (const file of experiments) {
        const path = join(folder, file);
        const text = readFileSync(path, "utf8");
        assert.deepEqual(checkEverything({ path, text }), [], file);
        assert.match(text, /^# .*\?|^# The same|^# A zone|^# An e/, "opens with what it is about");
        const resolved = resolveExperiment({ path, text, profile: "smoke" });
        assert.ok(resolved.ok);
        const { experiment } = resolved;
        assert.equal(
          experiment.cells.every(({ world }) => world === "simulation"),
          true,
        );
        const estimate = estimatePlan(experiment, 2);
        assert.ok(estimate.seconds < 5, `${file}: ${estimate.seconds} s`);
        const whole = resolveExperiment({ path, text });
        assert.ok(whole.ok);
        assert.deepEqual(estimatePlan(whole.experiment, 2).warnings, [], "as it stands it can show a difference");
        const output = await runInSimulation({
          trial: planTrials(experiment, "")[0],
          signal: new AbortController().signal,
          progress: () => undefined,
          log: () => undefined,
        });
        assert.ok((output?.metrics.throughput_ops_s?.value ?? 0) > 0);
      }
    });

    it(`${name} names commands and files that there are`, async () => {
      const { files, experiment, title } = readTemplate(name, "a/");
      assert.notEqual(title, "");
      const names = files.map((file) => file.name);
      assert.ok(names.includes(experiment));
      const help = await quorumlab(["--help"]);
      const commands = new Set([...help.out.matchAll(/^ {2}([a-z]+)[ |]/gm)].map(([, word]) => word));
      for (const { text, name: file } of files) {
        for (const [, command] of text.matchAll(/npx quorumlab ([a-z]+)/g)) {
          // The exporter of papers and others may be newer than this list of commands.
          assert.ok(commands.has(command), `${file}: quorumlab ${command}`);
        }
        for (const [, path] of text.matchAll(/ a\/([\w.-]+\.(?:yaml|ts))/g))
          assert.ok(names.includes(path), `${file}: ${path}`);
        for (const [, path] of text.matchAll(/simulate\("\.\/([^"]+)"/g))
          assert.ok(names.includes(path), `${file}: ${path}`);
        if (file.endsWith(".nb.ts")) assert.deepEqual(readCells(text).faults, [], file);
      }
      const citation = files.find((file) => file.name === "CITATION.cff");
      const { "cff-version": version, authors } = parse(citation?.text ?? "") as Record<string, unknown>;
      assert.deepEqual([version, Array.isArray(authors)], ["1.2.0", true]);
    });
  }

  it("fills an existing folder without what it has, and says what to type next", async () => {
    writeFileSync(join(cwd, "notes.txt"), "mine\n");
    const { code, err } = await quorumlab(["init"]);
    assert.equal(code, 0);
    assert.match(
      err,
      /^next: npx quorumlab plan experiment\.yaml +npx quorumlab run experiment\.yaml --profile smoke$/m,
    );
    assert.equal(readFileSync(join(cwd, "notes.txt"), "utf8"), "mine\n");
    assert.match(readFileSync(join(cwd, "README.md"), "utf8"), /npx quorumlab run experiment\.yaml /);
  });

  it("tells everything that is in the way at once, and writes nothing", async () => {
    writeFileSync(join(cwd, "README.md"), "mine\n");
    mkdirSync(join(cwd, "sweep.yaml"));
    symlinkSync("nowhere", join(cwd, "CITATION.cff"));
    const { code, out, err } = await quorumlab(["init", ".", "-t", "sweep"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.equal(
      err,
      "error: nothing was written, because these are there already:\n  CITATION.cff\n  README.md\n  sweep.yaml\n",
    );
    assert.deepEqual(readdirSync(cwd).sort(), ["CITATION.cff", "README.md", "sweep.yaml"]);
    assert.equal(readFileSync(join(cwd, "README.md"), "utf8"), "mine\n");
  });

  it("refuses folders that are none, templates by a path, and names no command line can hold", async () => {
    writeFileSync(join(cwd, "file"), "");
    symlinkSync("nowhere", join(cwd, "link"));
    for (const [argv, told] of [
      [["init", "file"], /^error: file: is a file; name a folder\n$/],
      [["init", "file/below"], /^error: file\/below: .*file is a file; name a folder\n$/],
      [["init", "link/below"], /is a link to something that is not there\n$/],
      [["init", ""], /name is empty/],
      [["init", "a\nb"], /control character/],
      [["init", "-t", "../catalogue"], /Allowed choices are quickstart, sweep, partition, paper, course/],
    ] as const) {
      const { code, err } = await quorumlab(argv);
      assert.equal(code, 2, argv.join(" "));
      assert.match(err, told);
    }
    assert.deepEqual(readdirSync(cwd).sort(), ["file", "link"]);
  });

  it("writes paths with blanks so that they can be typed", async () => {
    assert.equal((await quorumlab(["init", "my study"])).code, 0);
    assert.match(
      readFileSync(join(cwd, "my study", "README.md"), "utf8"),
      /npx quorumlab run 'my study\/'experiment\.yaml/,
    );
  });

  it("writes every folder's name as it is: dollar signs, quotes, dashes in front", async () => {
    for (const [name, written] of [
      ["cost$$", "'cost$$/'experiment.yaml"],
      ["a$&b", "'a$&b/'experiment.yaml"],
      ["it's", "'it'\\''s/'experiment.yaml"],
      ["-x", "./-x/experiment.yaml"],
    ]) {
      const { code, err } = await quorumlab(["init", "--", name]);
      assert.equal(code, 0, err);
      const readme = readFileSync(join(cwd, name, "README.md"), "utf8");
      assert.ok(readme.includes(`npx quorumlab run ${written}`), readme);
      assert.ok(err.includes(`next: npx quorumlab plan ${written}`), err);
    }
  });

  it("says where a folder cannot be made, and does not try for ever", async function () {
    if (!existsSync("/proc/self")) {
      console.log("      no /proc here, where the system refuses folders with ENOENT");
      return this.skip();
    }
    const { code, err } = await quorumlab(["init", "/proc/quorumlab/study"]);
    assert.equal(code, 2);
    assert.match(err, /^error: \/proc\/quorumlab\/study: the folder cannot be made; name another one\n$/);
  });

  it("goes where it is told, also above the folder it is typed in", async () => {
    mkdirSync(join(cwd, "here"));
    const io = recordingIo(join(cwd, "here"));
    assert.equal(await main(["init", "../there"], io), 0);
    assert.ok(existsSync(join(cwd, "there", "experiment.yaml")));
    assert.ok(
      readFileSync(join(cwd, "there", "README.md"), "utf8").includes(`npx quorumlab run ${cwd}/there/experiment.yaml`),
    );
  });

  it("is one document for programs", async () => {
    const { out } = await quorumlab(["init", "x", "-t", "course", "--json"]);
    const document = JSON.parse(out) as { schema: string; template: string; files: string[] };
    assert.deepEqual([document.schema, document.template], ["quorumlab/init@1", "course"]);
    assert.ok(document.files.includes("x/exercise.yaml"));
  });

  it("list templates tells them all", async () => {
    const { out } = await quorumlab(["list", "templates"]);
    for (const name of TEMPLATE_NAMES) assert.match(out, new RegExp(`^  ${name} +[A-Z].{10}`, "m"));
  });
});
