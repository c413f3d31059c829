/**
 * Completion: what may stand at the cursor is read off the program itself, so every command and option that help shows completes; and
 * the script of bash is run by bash, where a word with `=`, a blank in a file's name or noise on a stream would show.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../experiments/cli/main";
import { catalogueNames } from "../../experiments/catalogue";
import { knownNames } from "../../experiments/cli/explain";
import { recordingIo } from "./recording-io";

describe("completion", () => {
  let cwd = "";
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), "quorumlab-completion-"));
    for (const id of ["20261126T010158Z-58xnj1", "20261127T010158Z-aaaaaa", "latest"])
      mkdirSync(join(cwd, "results", "runs", "mine", id), { recursive: true });
    writeFileSync(join(cwd, "my own.yaml"), "profiles: {tiny: {}, big: {}}\n");
  });
  after(() => rmSync(cwd, { recursive: true, force: true }));

  const lines = async (...words: readonly string[]): Promise<readonly string[]> => {
    const io = recordingIo(cwd);
    assert.equal(await main(["__complete", ...words], io), 0);
    assert.equal(io.err(), "");
    return io.out().split("\n").slice(0, -1);
  };
  const values = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await lines(...words)).filter((line) => !line.startsWith(":")).map((line) => line.split("\t")[0]);

  it("knows every command that help shows, and every option of each", async () => {
    const help = recordingIo(cwd);
    await main(["--help"], help);
    const commands = [...help.out().matchAll(/^ {2}([a-z]+)[ |].*$/gm)].map(([, name]) => name);
    assert.ok(commands.length > 15);
    const completed = await values("");
    for (const name of commands) {
      if (name === "quorumlab") continue;
      assert.ok(completed.includes(name), name);
      if (name === "ycsb" || name === "help") continue;
      const own = recordingIo(cwd);
      await main([name, "--help"], own);
      const options = [...own.out().matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option);
      const offered = await values(name, "--");
      for (const option of options) assert.ok(offered.includes(option), `${name} ${option}`);
    }
    assert.ok(
      completed.every((name) => !name.startsWith("_")),
      "what is for scripts is not offered",
    );
  });

  it("offers experiments, files, run ids, profiles, keys, metrics and choices where they belong", async () => {
    const run = await lines("run", "");
    assert.deepEqual([run[0], run.length], [":files", 1 + catalogueNames().length]);
    assert.deepEqual(await values("show", ""), [
      "latest",
      "mine",
      "20261127T010158Z-aaaaaa",
      "20261126T010158Z-58xnj1",
    ]);
    assert.deepEqual(await values("show", "20261126"), ["20261126T010158Z-58xnj1"]);
    assert.deepEqual(await values("run", "quickstart", "--profile", ""), ["smoke", "full", "thorough"]);
    assert.deepEqual(await lines("run", "x", "-S", "hint_w"), [
      ":open",
      "hint_window=\tFor how long an absent replica is left hints",
    ]);
    assert.deepEqual(await values("explain", "read_rep"), ["read_repair", "read_repair_chance", "read_repairs"]);
    assert.deepEqual(await values("explain", "read_p999"), ["read_p999_ms"]);
    assert.deepEqual(await values("list", "te"), ["templates"]);
    assert.deepEqual(await values("run", "x", "--on-error", ""), ["continue", "stop"]);
    assert.deepEqual(await values("notebook", "ch"), ["check"]);
    assert.deepEqual(await lines("notebook", "run", ""), [":files"]);
    assert.deepEqual(await lines("init", ""), [":folders"]);
    assert.deepEqual(await values("help", "ini"), ["init"]);
    assert.deepEqual(await values("predict", "--model", "ymmr"), ["ymmr", "ymmr-printed"]);
  });

  it("completes the value behind an equals sign, broken by the shell or not", async () => {
    assert.deepEqual(await values("init", "--template=s"), ["--template=sweep"]);
    assert.deepEqual(await values("init", "--template", "=", "s"), ["sweep"]);
    assert.deepEqual(await values("init", "--template", "="), ["quickstart", "sweep", "partition", "paper", "course"]);
  });

  it("has nothing to say about what it does not know, and no complaint", async () => {
    for (const words of [
      ["nothing", ""],
      ["run", "--seed", ""],
      ["run", "nowhere.yaml", "--profile", ""],
      ["list", "x", "y"],
      ["show", "--", "-"],
    ])
      assert.deepEqual(await values(...words), [], words.join(" "));
    assert.ok((await values()).length > 10, "no word at all is an empty one");
  });

  it("offers no name that a shell would carry out, or take for something else", async () => {
    const runs = join(cwd, "results", "runs");
    for (const name of [
      "$(touch x)",
      "a\n:open",
      ":files",
      "good",
      "good/20260101T000000Z-`x`",
      "good/20260101T000000Z-abc;x",
    ])
      mkdirSync(join(runs, name), { recursive: true });
    const offered = await values("show", "");
    assert.ok(offered.includes("good"));
    assert.ok(!(await lines("show", "")).includes(":open"));
    writeFileSync(
      join(cwd, "hostile.yaml"),
      'name: x\nprofiles: {"$(touch x)": {seed: 1}, "a b": {seed: 1}, smoke: {seed: 1}}\n',
    );
    assert.deepEqual(await values("run", "hostile.yaml", "--profile", ""), ["smoke"]);
    for (const value of offered) assert.match(value, /^[\w.-]+$/);
    for (const name of ["$(touch x)", "a\n:open", ":files", "good"]) rmSync(join(runs, name), { recursive: true });
  });

  it("drops none of its own words for that", async () => {
    const own = [...new Set(knownNames())].filter((name) => !/\s/.test(name));
    assert.deepEqual([...(await values("explain", ""))].sort(), own.sort());
  });

  const scriptOf = async (shell: string): Promise<string> => {
    const io = recordingIo(cwd);
    assert.equal(await main(["completion", shell], io), 0);
    return io.out();
  };

  it("bash runs its script: words, files with blanks, values behind =", async () => {
    // In place of the program a shell function that notes the question and answers as the program did above.
    const script = (await scriptOf("bash")).replace(/'[^']*' '[^']*main\.js' __complete/, "answer");
    assert.match(script, /< <\(answer /);
    const answers = {
      "init --template = s": await lines("init", "--template", "=", "s"),
      "run my": await lines("run", "my"),
      "run x -S clo": await lines("run", "x", "-S", "clo"),
      comp: await lines("comp"),
    };
    const cases = Object.entries(answers)
      .map(
        ([words, told]) =>
          `  "${words}") printf '%s\\n' ${told.map((line) => `'${line.replaceAll("'", "'\\''")}'`).join(" ")};;`,
      )
      .join("\n");
    const program = `set -u
answer() { local IFS=" "; case "$*" in
${cases}
  *) echo "asked: $*" >&2;; esac; }
${script}
ask() { COMP_WORDS=(quorumlab "$@"); COMP_CWORD=$#; _quorumlab; printf '[%s]' "\${COMPREPLY[@]}"; echo; }
ask comp
ask run my
ask run x -S clo
ask init --template = s
complete -p quorumlab
`;
    const { stdout, stderr } = spawnSync("bash", ["-c", program], { cwd, encoding: "utf8" });
    assert.equal(stderr, "");
    assert.deepEqual(stdout.trimEnd().split("\n"), [
      "[compare][completion]",
      "[my own.yaml]",
      "[clock=]",
      "[sweep]",
      "complete -F _quorumlab quorumlab",
    ]);
  });

  for (const shell of ["zsh", "fish"]) {
    it(`${shell} reads its script`, async function () {
      const script = await scriptOf(shell);
      assert.match(script, /main\.js' __complete /);
      assert.equal(script.includes("\\$"), false, "no escape of ours is left");
      if (spawnSync(shell, ["--version"]).error !== undefined) {
        console.log(`        ${shell} is not installed here: its script was not read by it`);
        return this.skip();
      }
      execFileSync(shell, ["-n", "-c", script], { encoding: "utf8" });
    });
  }
});
