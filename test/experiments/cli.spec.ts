/**
 * The command line, run in this process: what goes to which stream, which exit code, what a wrong word is answered
 * with. Only what needs a process (a reader that goes away, start-up) is left to tests with real ones.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io, Sink } from "../../experiments/cli/io";
import { main } from "../../experiments/cli/main";
import { catalogueFile, packageRoot } from "../../experiments/catalogue";

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let cwd = "";

async function quorumlab(argv: readonly string[], env: Record<string, string> = {}, terminal = false): Promise<Said> {
  let out = "";
  let err = "";
  const sink = (write: (text: string) => void): Sink => ({
    write,
    isTTY: terminal,
    columns: terminal ? 80 : undefined,
  });
  const io: Io = {
    stdout: sink((text) => (out += text)),
    stderr: sink((text) => (err += text)),
    env,
    cwd,
    onInterrupt: () => () => undefined,
    exitNow: () => assert.fail("nothing here ends at once"),
  };
  const code = await main(argv, io);
  return { code, out, err };
}

describe("the command line", () => {
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), "quorumlab-cli-"));
    writeFileSync(
      join(cwd, "good.yaml"),
      "name: good\nsweep: {axes: {r: [1, 2]}}\nrepetitions: {count: 2}\nworld: processes\n",
    );
    writeFileSync(join(cwd, "weak.yaml"), "name: weak\ntunables: {r: 1}\nworld: processes\n");
    writeFileSync(join(cwd, "bad.yaml"), "tunables:\n  clok: dvvset\n  r: 9\nphases: {measure: 5}\nworld: processes\n");
    writeFileSync(join(cwd, "profile.yaml"), "profiles: {smoke: {tunables.r: 9}}\nworld: processes\n");
    writeFileSync(join(cwd, "binary.yaml"), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe, 0x00]));
    writeFileSync(join(cwd, "huge.yaml"), `# ${"x".repeat(2_000_000)}\n`);
    mkdirSync(join(cwd, "folder"));
  });
  after(() => rmSync(cwd, { recursive: true, force: true }));

  describe("help", () => {
    for (const name of ["validate", "plan", "run", "show", "report", "list", "explain"]) {
      it(`of ${name} leads with examples and goes to standard output`, async () => {
        const { code, out, err } = await quorumlab([name, "--help"]);
        assert.equal(code, 0);
        assert.match(out, new RegExp(`^Examples:\n  quorumlab ${name}`));
        assert.match(out, /--json/);
        assert.equal(err, "");
      });
    }

    it("says what each exit code means, and that hypotheses with a condition set it", async () => {
      const { out } = await quorumlab(["--help"]);
      assert.match(
        out,
        /^ {2}0 +done; a published value that is missed, and a hypothesis without a condition \(expect\), change nothing$/m,
      );
      assert.match(
        out,
        /^ {2}1 +run: an objective \(slos\) failed or a hypothesis \(expect\) does not hold; verify: .*;\n +check: .*; saturate: not even /m,
      );
      assert.match(
        out,
        /^ {2}4 +run: an objective or hypothesis could not be decided, or no trial of a configuration is valid;$/m,
      );
    });

    it("is what no arguments and `help` give", async () => {
      const bare = await quorumlab([]);
      assert.equal(bare.code, 0);
      assert.match(bare.out, /^Examples:/);
      assert.equal((await quorumlab(["--help"])).out, bare.out);
      assert.equal((await quorumlab(["help", "plan"])).out, (await quorumlab(["plan", "-h"])).out);
    });

    it("answers a misspelt command or option with the nearest", async () => {
      const command = await quorumlab(["vaildate", "x"]);
      assert.equal(command.code, 2);
      assert.equal(command.out, "");
      assert.match(command.err, /unknown command 'vaildate'\n\(Did you mean validate\?\)/);
      const option = await quorumlab(["plan", "good.yaml", "--sed", "1"]);
      assert.equal(option.code, 2);
      assert.match(option.err, /unknown option '--sed'\n\(Did you mean one of --seed, --set\?/);
    });

    it("tells a wrong value of an option", async () => {
      assert.equal((await quorumlab(["plan", "good.yaml", "--seed", "x"])).code, 2);
      assert.match((await quorumlab(["list", "tunable"])).err, /Allowed choices are experiments, metrics/);
      assert.match((await quorumlab(["run", "good.yaml", "--tag", "x"])).err, /write key=value/);
    });
  });

  describe("validate", () => {
    it("prints every problem with its place, and ends with 2", async () => {
      const { code, out } = await quorumlab(["validate", "bad.yaml"]);
      assert.equal(code, 2);
      assert.equal(
        out,
        'bad.yaml:2:3  error    unknown key "clok" in tunables; did you mean "clock"?\n' +
          "bad.yaml:3:6  error    r is 9 but n_val is 3; allowed: at most 3, or one, quorum, all\n" +
          "bad.yaml:4:19  error    phases.measure is 5 without a unit; write a duration with its unit (us, ms, s, m, h, d), such as 5ms\n" +
          "3 errors      (quorumlab explain clock)\n",
      );
    });

    it("checks the profiles too", async () => {
      const { code, out } = await quorumlab(["validate", "profile.yaml"]);
      assert.equal(code, 2);
      assert.match(out, /^profile.yaml:1:32 {2}error {4}r is 9 but n_val is 3/);
    });

    it("takes warnings for errors with --strict", async () => {
      const mild = await quorumlab(["validate", "weak.yaml"]);
      assert.equal(mild.code, 0);
      assert.match(mild.out, /^weak.yaml:2:15 {2}warning {2}r \+ w = 3 does not exceed n_val = 3/);
      assert.match(mild.err, /^next: (npx )?quorumlab plan weak.yaml/);
      assert.equal((await quorumlab(["validate", "--strict", "weak.yaml"])).code, 2);
    });

    it("tells files that cannot be read, and goes on with the others", async () => {
      const { code, out } = await quorumlab([
        "validate",
        "god.yaml",
        "folder",
        "binary.yaml",
        "huge.yaml",
        "weak.yaml",
      ]);
      assert.equal(code, 2);
      assert.deepEqual(out.split("\n").slice(0, 4), [
        "god.yaml:1:1  error    no such file; did you mean good.yaml?",
        "folder:1:1  error    is a folder; name a file in it",
        "binary.yaml:1:1  error    is not text; an experiment is a YAML file in UTF-8",
        "huge.yaml:1:1  error    has 2000003 bytes; an experiment has at most 1048576",
      ]);
      assert.match(out, /weak.yaml:2:15 {2}warning/);
    });

    it("answers programs with one document", async () => {
      const { code, out, err } = await quorumlab(["validate", "bad.yaml", "--json"]);
      assert.equal(code, 2);
      assert.equal(err, "");
      const document = JSON.parse(out) as { schema: string; ok: boolean; problems: object[] };
      assert.equal(document.schema, "quorumlab/validate@1");
      assert.equal(document.ok, false);
      assert.deepEqual(document.problems[0], {
        file: "bad.yaml",
        line: 2,
        column: 3,
        severity: "error",
        message: 'unknown key "clok" in tunables; did you mean "clock"?',
        suggestion: "clock",
      });
    });
  });

  describe("plan", () => {
    it("says cells, trials, time and power", async () => {
      const { code, out, err } = await quorumlab(["plan", "good.yaml"]);
      assert.equal(code, 0);
      assert.match(out, /^good {3}1 axis → 2 cells × 2 repetitions = 4 trials\nest\. \d+s/);
      assert.match(out, /power {2}paired tests: smallest p 0\.5/);
      assert.match(out, /warning {2}repetitions.count 2 cannot show/);
      assert.match(out, /\n {2}r1 +1\n {2}r2 +2\n/);
      assert.match(err, /next: (npx )?quorumlab run good.yaml\n$/);
    });

    it("names the run that was planned, with the options that shaped it", async () => {
      const { err } = await quorumlab([
        ...["plan", "good.yaml", "--seed", "7", "-S", "sweep.axes={r: [1, 2]}", "-S", "w=2", "--only", "r=2"],
        ...["--budget", "9m"],
      ]);
      const run = "quorumlab run good.yaml --seed 7 -S 'sweep.axes={r: [1, 2]}' -S w=2 --only r=2 --budget 9m";
      assert(err.endsWith(`next: npx ${run}\n`), err);
    });

    it("lists trials in the order they would run", async () => {
      const { out } = await quorumlab(["plan", "good.yaml", "--table", "--only", "r=2"]);
      assert.match(out, /# {2}cell {2}repetition +seed\n {2}1 {2}r2 +1 +\d+\n {2}2 {2}r2 +2 +\d+\n/);
    });

    it("answers programs with one document", async () => {
      const { out } = await quorumlab(["plan", "good.yaml", "--json", "-S", "repetitions.count=3"]);
      const document = JSON.parse(out) as Record<string, unknown>;
      assert.equal(document.schema, "quorumlab/plan@1");
      assert.deepEqual([document.cells, document.trials, document.cached], [2, 6, 0]);
      assert.equal(typeof document.estimate_s, "number");
    });

    it("refuses a wrong experiment on standard error, with nothing on the other", async () => {
      const { code, out, err } = await quorumlab(["plan", "bad.yaml"]);
      assert.equal(code, 2);
      assert.equal(out, "");
      assert.match(err, /3 errors; nothing was done {6}\(quorumlab explain clock\)\n$/);
      const json = await quorumlab(["plan", "bad.yaml", "--json"]);
      assert.equal((JSON.parse(json.out) as { ok: boolean }).ok, false);
    });

    it("knows the catalogue by name", async () => {
      assert.match((await quorumlab(["plan", "quickstart", "--profile", "smoke"])).out, /^quickstart {3}/);
      assert.match((await quorumlab(["plan", "quikstart"])).err, /no such file; did you mean .*quickstart\.yaml\?/);
      assert.match((await quorumlab(["plan", "folder"])).err, /^error: folder: is a folder/);
    });
  });

  describe("explain", () => {
    it("says what a tunable buys and costs, by its last name", async () => {
      const { code, out } = await quorumlab(["explain", "r"]);
      assert.equal(code, 0);
      assert.match(out, /^tunables\.r {3}R, how many replicas must answer a read\n {2}default {4}quorum\n/);
      for (const label of ["range", "scope", "buys", "costs", "elsewhere", "source", "charts"])
        assert.match(out, new RegExp(`\n  ${label} `));
    });

    it("says why YCSB's zipfian is none over the keys there are", async () => {
      const { out } = await quorumlab(["explain", "zipfian"]);
      assert.match(
        out.replaceAll(/\s+/g, " "),
        /first rank has 1\/26\.469 = 3\.78 % of the operations whatever the number of keys/,
      );
    });

    it("knows every kind of fault that list faults tells, how it is written, and those of later versions", async () => {
      const listed = (await quorumlab(["list", "faults", "--json"])).out;
      const { lists } = JSON.parse(listed) as {
        readonly lists: readonly { readonly items: readonly { name: string }[] }[];
      };
      const names = lists[0].items.map(({ name }) => name);
      assert.ok(names.includes("partition") && names.length > 15);
      for (const name of names) {
        const { out, code } = await quorumlab(["explain", name, "--json"]);
        assert.equal(code, 0, name);
        const { explanations } = JSON.parse(out) as { readonly explanations: readonly Record<string, string>[] };
        assert.deepEqual([explanations[0].kind, explanations[0].name], ["fault", name]);
        assert.match(explanations[0].example, new RegExp(`kind: ${name}\\b`));
        assert.ok(explanations[0].needs.startsWith("at ("));
      }
      const loss = (await quorumlab(["explain", "loss"])).out;
      assert.ok(loss.includes("(faults)") && loss.includes("network.loss"), "both meanings");
      assert.match((await quorumlab(["explain", "faults"])).out, /faults compose and neither ends the other/);
      assert.match((await quorumlab(["explain", "partitoin"])).err, /did you mean "partition"\?/);
    });

    it("knows clocks, metrics, groups, other stores' names and later keys", async () => {
      assert.match((await quorumlab(["explain", "vv-server"])).out, /may err/);
      assert.match((await quorumlab(["explain", "target"])).out, /range +engine, engine-http, /);
      assert.match((await quorumlab(["explain", "allow_mult"])).out, /^tunables\.siblings /);
      assert.match((await quorumlab(["explain", "plan"])).err, /is a command/);
      assert.match((await quorumlab(["explain", "swim"])).out, /a failure detector[\s\S]*probe_interval[\s\S]*Das/);
      assert.match((await quorumlab(["explain", "p_stale"])).out, /^p_stale/);
      const lag = (await quorumlab(["explain", "schedule-lag"])).out;
      assert.match(lag, /doubtful +more than 10 % of the median[\s\S]*invalid +more than 100 %[\s\S]*advice +Lower/);
      assert.match((await quorumlab(["explain", "network"])).out, /network\.loss/);
      assert.match((await quorumlab(["explain", "num_tokens"])).out, /^ring\.vnodes_per_node/);
      assert.match((await quorumlab(["explain", "presets"])).out, /not supported by this version yet/);
      assert.match((await quorumlab(["explain", "repetitions.count"])).out, /Trials of each cell/);
      assert.match((await quorumlab(["explain", "sweep"])).out, /what is varied/);
    });

    it("answers an unknown name with the nearest", async () => {
      const { code, err } = await quorumlab(["explain", "read_repiar"]);
      assert.equal(code, 2);
      assert.equal(err, 'error: nothing is called "read_repiar"; did you mean "read_repair"?\n');
      assert.match((await quorumlab(["explain", "xylophone"])).err, /quorumlab list shows what is/);
    });

    it("answers a value with its keys; an experiment, a list and a command with the line that shows it", async () => {
      for (const [word, answer] of [
        ["partly-open", 'nothing is called "partly-open" alone; it is part of: workload.model (one of its values)'],
        ["open-closed", '"open-closed" is an experiment; see it with: quorumlab plan open-closed'],
        ["validity", '"validity" is a list; see it with: quorumlab list validity'],
        ["saturate", '"saturate" is a command; see it with: quorumlab saturate --help'],
      ]) {
        const { code, err } = await quorumlab(["explain", word]);
        assert.equal(code, 2);
        assert.equal(err, `error: ${answer}\n`);
      }
    });

    it("shows all keys of a group of the file, also of one inside another", async () => {
      const { code, out } = await quorumlab(["explain", "analysis"]);
      assert.equal(code, 0);
      for (const key of ["compare_to", "noise_floor", "alpha", "correction", "pareto", "model_overlay"])
        assert.match(out, new RegExp(`^analysis\\.${key} {3}`, "m"));
      const scan = await quorumlab(["explain", "divergence_scan"]);
      assert.equal(scan.code, 0);
      for (const key of ["every", "keys"])
        assert.match(scan.out, new RegExp(`^measure\\.divergence_scan\\.${key} `, "m"));
    });

    it("answers a word with the names that have it", async () => {
      const answer = async (word: string): Promise<string> => {
        const { code, err } = await quorumlab(["explain", word]);
        assert.equal(code, 2, word);
        assert.ok(err.startsWith(`error: nothing is called "${word}" alone; it is part of: `), err);
        return err;
      };
      const hints = await answer("hints");
      for (const name of ["tunables.hint_window", "hints_held_max", "measure.probes (its probe hints)"])
        assert.ok(hints.includes(name), hints);
      const repair = await answer("repair");
      for (const name of ["tunables.read_repair", "repair_bytes_per_op"]) assert.ok(repair.includes(name), repair);
      assert.match(await answer("expect"), /part of: hypotheses$/m);
      assert.match(await answer("p99"), / and \d+ more \(quorumlab list\)$/m);
    });

    it("answers programs with one document", async () => {
      const document = JSON.parse((await quorumlab(["explain", "w", "--json"])).out) as {
        schema: string;
        explanations: { name: string }[];
      };
      assert.equal(document.schema, "quorumlab/explain@1");
      assert.equal(document.explanations[0].name, "tunables.w");
    });
  });

  describe("list", () => {
    for (const [kind, line] of [
      ["experiments", /^ {2}quickstart +What R, W/m],
      ["tunables", /^ {2}tunables\.r +R, how many/m],
      ["clocks", /^ {2}dvvset /m],
      ["workloads", /^ {2}ycsb: f +read 0\.5, rmw 0\.5/m],
      ["metrics", /^ {2}p_stale /m],
      ["validity", /^ {2}schedule-lag +The driver sent/m],
    ] as const) {
      it(`shows ${kind}, a line each`, async () => {
        const { code, out, err } = await quorumlab(["list", kind], { COLUMNS: "70" });
        assert.equal(code, 0);
        assert.match(out, line);
        for (const one of out.split("\n")) assert.ok(one.length <= 70, one);
        assert.match(err, /^next: /);
      });
    }

    it("shows everything, for programs as one document", async () => {
      const document = JSON.parse((await quorumlab(["list", "--json"])).out) as {
        lists: { kind: string; items: object[] }[];
      };
      assert.deepEqual(
        document.lists.map((list) => list.kind),
        ["experiments", "metrics", "faults", "workloads", "tunables", "clocks", "targets", "validity", "templates"],
      );
      for (const { items } of document.lists) assert.ok(items.length > 0);
    });
  });

  describe("show and report", () => {
    for (const command of ["show", "report"]) {
      it(`${command} says that there is no run, and how to make one`, async () => {
        const { code, out, err } = await quorumlab([command, "quickstart"]);
        assert.equal(code, 2);
        assert.equal(out, "");
        assert.match(
          err,
          /^error: quickstart: there is no run below results\/runs; quorumlab run quickstart makes one/,
        );
      });
    }
  });

  describe("colour", () => {
    const escape = "\u001b[";
    const coloured = async (argv: string[], env: Record<string, string>, terminal: boolean): Promise<boolean> =>
      (await quorumlab(["validate", "bad.yaml", ...argv], env, terminal)).out.includes(escape);

    it("is for terminals, unless somebody says otherwise", async () => {
      assert.equal(await coloured([], {}, true), true);
      assert.equal(await coloured([], {}, false), false);
      assert.equal(await coloured([], { NO_COLOR: "1" }, true), false);
      assert.equal(await coloured([], { TERM: "dumb" }, true), false);
      assert.equal(await coloured([], { FORCE_COLOR: "1" }, false), true);
      assert.equal(await coloured(["--no-color"], { FORCE_COLOR: "1" }, true), false);
    });
  });

  it("shows no stack trace unless asked", async () => {
    const calm = await quorumlab(["plan", "nope.yaml"]);
    assert.doesNotMatch(calm.err, /\n {4}at /);
    const loud = await quorumlab(["plan", "nope.yaml"], { QUORUMLAB_DEBUG: "1" });
    assert.match(loud.err, /\n {4}at /);
  });

  it("starts as a program and keeps results apart from the rest", () => {
    const program = join(packageRoot(), "experiments", "cli", "main.ts");
    const out = execFileSync(
      process.execPath,
      ["-r", "ts-node/register", program, "plan", catalogueFile("a-a"), "--json"],
      {
        cwd: packageRoot(),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    assert.equal((JSON.parse(out) as { experiment: string }).experiment, "a-a");
  });
});
