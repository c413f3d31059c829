/** `quorumlab compare` and `quorumlab runs` on run folders: selectors, formats, exit codes, and what is refused. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "../../../experiments/cli/main";
import { around, madeUpComparable, writeMadeUp, type MadeUpOptions } from "../../results/comparison/made-up-runs";
import { temporaryFolder } from "../../results/record/made-up-run";
import { recordingIo } from "../recording-io";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe("quorumlab compare", () => {
  let cwd: string;
  before(() => {
    cwd = temporaryFolder();
    const write = (id: string, value: number, more: MadeUpOptions = {}, n = 12): void =>
      void writeMadeUp(
        join(cwd, "results", "runs"),
        madeUpComparable(
          { base: { resolved: { "tunables.r": value }, repetitions: around("read_p99_ms", 10 * value, n) } },
          { id, experiment: "single", ...more },
        ),
      );
    write("20261126T100000Z-aaaaaa", 1);
    write("20261126T110000Z-bbbbbb", 2);
    write("20261126T120000Z-cccccc", 1.0005);
    write("20261126T130000Z-dddddd", 1, {}, 3);
    const machine = { ...madeUpComparable({}).manifest.machine, cpu: "another" };
    write("20261126T140000Z-eeeeee", 1, { experiment: "real", world: "processes" });
    write("20261126T150000Z-ffffff", 2, { experiment: "real", world: "processes", manifest: { machine } });
    writeMadeUp(
      join(cwd, "results", "runs"),
      madeUpComparable(
        Object.fromEntries([1, 2].map((r) => [`r${r}`, { axes: { r }, repetitions: around("read_p99_ms", 10 * r) }])),
        { id: "20261126T160000Z-999999", experiment: "swept" },
      ),
    );
    const damaged = join(cwd, "results", "runs", "single", "20261126T090000Z-damage");
    mkdirSync(damaged);
    writeFileSync(join(damaged, "manifest.json"), "{");
    const older = join(cwd, "results", "runs", "single", "20251126T090000Z-before");
    mkdirSync(older);
    writeFileSync(join(older, "manifest.json"), '{"schema": "quorumlab/manifest@0"}');
  });
  after(() => rmSync(cwd, { recursive: true, force: true }));

  const type = async (...argv: readonly string[]): Promise<Ended> => {
    const io = recordingIo(cwd);
    const code = await main(argv, io);
    return { code, out: io.out(), err: io.err() };
  };
  const compare = (...argv: readonly string[]): Promise<Ended> => type("compare", ...argv);

  it("takes ids by their beginning, experiments, @latest and paths, and ends with 0 whatever it finds", async () => {
    const { code, out, err } = await compare("20261126T10", "20261126T110000Z-bbbbbb");
    assert.equal(code, 0);
    assert.match(out, /▲ worse/);
    assert.match(err, /next: npx quorumlab compare .* --html/);
    assert.equal((await compare("20261126T10", "single@latest")).code, 0);
    assert.equal((await compare("results/runs/single/20261126T100000Z-aaaaaa", "20261126T11")).code, 0);
  });

  it("fails on a regression, on any difference, and says 4 where it cannot tell, only when asked", async () => {
    const codes = async (b: string): Promise<number[]> => {
      const found: number[] = [];
      for (const on of ["never", "regression", "any"])
        found.push((await compare("20261126T10", b, "--fail-on", on)).code);
      return found;
    };
    assert.deepEqual(await codes("20261126T11"), [0, 1, 1]);
    assert.deepEqual(await codes("20261126T12"), [0, 0, 0]);
    assert.deepEqual(await codes("20261126T13"), [0, 4, 4]);
    const better = async (on: string): Promise<number> =>
      (await compare("20261126T11", "20261126T10", "--fail-on", on)).code;
    assert.deepEqual([await better("regression"), await better("any")], [0, 1]);
    assert.equal((await compare("20261126T10", "20261126T11", "--fail-on", "sometimes")).code, 2);
  });

  it("prints one JSON document, or Markdown, and writes the page beside it", async () => {
    const { out, err } = await compare("20261126T10", "20261126T11", "--json", "--html", "pages/compare.html");
    const document = JSON.parse(out) as {
      schema: string;
      rows: { verdict: string }[];
      sides: { folder: string }[];
      parameters: { key: string }[];
    };
    assert.equal(document.schema, "quorumlab/compare@1");
    assert.deepEqual(
      document.rows.map(({ verdict }) => verdict),
      ["worse"],
    );
    assert.equal(document.sides[0].folder, join("results", "runs", "single", "20261126T100000Z-aaaaaa"));
    assert.deepEqual(
      document.parameters.map(({ key }) => key),
      ["tunables.r"],
    );
    assert.match(err, /page: pages\/compare\.html/);
    assert.match(readFileSync(join(cwd, "pages", "compare.html"), "utf8"), /<!doctype html>/);
    const markdown = await compare("20261126T10", "20261126T11", "--md");
    assert.match(markdown.out, /^## B .*\n[^]*\| metric \| side \|/);
    assert.equal((await compare("20261126T10", "20261126T11", "--md", "--json")).code, 2);
  });

  it("splits one run by an axis, or compares two of its configurations", async () => {
    const by = await compare("swept", "--by", "r");
    assert.equal(by.code, 0);
    assert.match(by.out, /A {2}R=1/);
    assert.match((await compare("swept#r1", "swept#r2")).out, /▲ worse/);
    assert.match((await compare("swept", "single", "--by", "r")).err, /--by splits one run/);
    assert.match((await compare("swept", "--by", "clock")).err, /does not vary clock; it varies r/);
    assert.match((await compare("swept#r9", "swept#r2")).err, /no configuration "r9"; it has r1, r2/);
  });

  it("refuses times of two machines with code 2, and compares them when forced", async () => {
    const refused = await compare("20261126T14", "20261126T15");
    assert.equal(refused.code, 2);
    assert.equal(refused.out, "");
    assert.match(refused.err, /not comparable: Times were measured on different machines.*--force/);
    assert.equal(
      (JSON.parse((await compare("20261126T14", "20261126T15", "--json")).out) as { rows: unknown[] }).rows.length,
      0,
    );
    const forced = await compare("20261126T14", "20261126T15", "--force");
    assert.equal(forced.code, 0);
    assert.match(forced.out, /not comparable: Times were measured/);
    assert.match(forced.out, /▲ worse/);
    // Forcing finds nothing in common either.
    assert.equal((await compare("20261126T10", "20261126T14", "--force")).code, 2);
  });

  it("answers what is no comparison in one line with code 2", async () => {
    for (const [argv, message] of [
      [["20261126T10"], /one run alone .*--by/],
      [["20261126T10", "20261126T10"], /the same run/],
      [["20261126T10", "nowhere"], /nowhere/],
      [["20261126T10", "single/20261126T090000Z-damage"], /not JSON; it is damaged/],
      [["20261126T10", "20251126T09"], /written by another version of quorumlab, .*\(schema quorumlab\/manifest@0/],
      [["20261126T10", "20261126T11", "--metric", "red_p99_ms"], /did you mean read_p99_ms/],
      [["20261126T10", "20261126T11", "--noise", "200%"], /2% or 0\.02/],
      [["20261126T10", "20261126T11", "--alpha", "0"], /between 0 and 1/],
      [["../../../etc", "20261126T10"], /etc/],
      [[], /missing required argument/],
    ] as const) {
      const { code, err, out } = await compare(...argv);
      assert.equal(code, 2, argv.join(" "));
      assert.match(err, message, argv.join(" "));
      assert.equal(out, "");
      assert.doesNotMatch(err, /fault of quorumlab/);
    }
  });

  it("says in its help what the codes mean, examples first", async () => {
    const { out } = await compare("--help");
    assert.ok(out.indexOf("Examples:") < out.indexOf("Usage:"));
    assert.match(out, /4 {4}--fail-on regression or any/);
  });

  describe("quorumlab runs", () => {
    it("lists runs with what they differ in, the damaged one below", async () => {
      const { code, out } = await type("runs");
      assert.equal(code, 0);
      assert.match(out, /20261126T160000Z-999999[^]*20261126T100000Z-aaaaaa/);
      assert.match(out, /started.* r\b/);
      assert.match(out, /damaged: single\/20261126T090000Z-damage/);
    });

    it("filters, sorts, limits and chooses columns", async () => {
      const { out } = await type(
        "runs",
        "--filter",
        "experiment=single and read_p99_ms<15",
        "--sort",
        "-read_p99_ms",
        "--columns",
        "r,read_p99_ms",
        "--limit",
        "2",
      );
      const lines = out.split("\n").filter((line) => /2026/.test(line) && !line.startsWith("damaged"));
      assert.equal(lines.length, 2);
      assert.match(lines[0], /cccccc {2}1\.0005/);
      assert.match(out, /2 of 3 runs/);
      assert.match((await type("runs", "--filter", "experiment=none")).out, /none of 7 runs/);
    });

    it("gives JSON, and the mistakes in a condition or a column", async () => {
      const { out } = await type("runs", "--json", "--filter", "experiment=swept", "--columns", "r");
      const document = JSON.parse(out) as {
        schema: string;
        total: number;
        runs: { cells: { id: string }[]; columns: object }[];
        damaged: object[];
      };
      assert.equal(document.schema, "quorumlab/runs@1");
      assert.deepEqual([document.total, document.runs[0].cells.length, document.damaged.length], [1, 2, 2]);
      assert.deepEqual(document.runs[0].columns, { r: "1/2" });
      for (const [argv, message] of [
        [["--filter", "red_p99_ms<3"], /did you mean read_p99_ms/],
        [["--columns", "red_p99_ms"], /did you mean read_p99_ms/],
        [["--sort", "-nothing_like_it"], /no run has a column/],
        [["--limit", "0"], /at least 1/],
      ] as const) {
        const { code, err } = await type("runs", ...argv);
        assert.equal(code, 2);
        assert.match(err, message);
      }
    });

    it("makes the index again", async () => {
      assert.match((await type("runs", "--reindex")).err, /index\.jsonl and index\.html: 7 runs/);
      assert.ok(existsSync(join(cwd, "results", "runs", "index.html")));
      const { code, out } = await type("runs", "-o", "nowhere");
      assert.equal(code, 0);
      assert.match(out, /there is no run below nowhere/);
    });
  });
});
