/**
 * Notebooks run: each in a thread of its own, with whatever somebody may have written into it. An error is told by the line of the
 * notebook that it stands in; nothing that a notebook does, not even going on for ever, may take the command with it.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../experiments/cli/main";
import { execute, type NotebookResult } from "../../experiments/notebook/notebook-process";
import { interruptedIo, recordingIo } from "../experiments/recording-io";

const SMALL = `{
  name: "small", seed: 1, cluster: { nodes: 3, storage: "memory" },
  network: { wars: { w: { dist: "exponential", mean: "10ms" }, a: "1ms", r: "1ms", s: "1ms" } },
  tunables: { n_val: 3, clock: "lww", read_repair: "none" },
  workload: { model: "open", rate: "300/s", mix: { read: 0.6, update: 0.4 }, keys: { count: 10, popularity: "uniform" }, value_size: "10B", probe: { share: 1, after: "5ms" } },
  phases: { warmup: "50ms", measure: "1s", drain: "50ms" },
  sweep: { axes: { quorum: { zip: { r: [1, 2], w: [1, 2] } } } },
  repetitions: { count: 1 },
  profiles: { smoke: { "phases.measure": "600ms" } },
}`;

describe("notebooks: running", function () {
  this.timeout(60_000);
  let folder = "";
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "notebooks-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function run(text: string, bounds: { timeoutMs?: number; memoryMb?: number } = {}): Promise<NotebookResult> {
    const file = join(folder, "book.nb.ts");
    writeFileSync(file, text);
    return execute(file, {
      settings: { folder, cwd: folder, resultsRoot: join(folder, "runs"), profile: "smoke", fresh: false },
      ...{ timeoutMs: 50_000, memoryMb: 512, signal: new AbortController().signal, ...bounds },
    });
  }

  it("a simulation is run once, stored as a run, and spoken of by its own numbers (long)", async () => {
    writeFileSync(join(folder, "beside.ts"), `export const twice = (n: number): number => 2 * n;\n`);
    const { cells, errors, expectations } = await run(`// %% [markdown]
// # Book
// %% simulate
import { chart, display, expect, predict, simulate, table } from "quorumlab/notebook";
import { basename } from "node:path";
import { twice } from "./beside";
const run = await simulate(${SMALL});
console.log(basename("/a/b"), twice(21), run.loaded.manifest.profile);
// %% once more
const again = await simulate(${SMALL});
expect("the stored run is taken", again.loaded.manifest.run === run.loaded.manifest.run);
// %% shown
display(chart.tVisibility(run, { where: { r: 1 }, overlay: "none" }));
display(table(run.cells(["p_stale"]), "stale"));
display(run.readsAt(5, { r: 1 }).reads > 0);
display(predict({ model: { w: "10ms" }, n: 3, r: 1, w: 3, trials: 1_000 }).atCommit.value);
// %% judged
run.expect("p_stale == 0", { r: 2 });
run.expect("p_stale at 5ms < 0.0001", { r: 1 });
`);
    assert.deepEqual(errors, []);
    assert.deepEqual(cells[1].outputs, [{ kind: "console", stream: "stdout", text: "b 42 smoke\n" }]);
    assert.deepEqual(
      cells[3].outputs.map(({ kind }) => kind),
      ["chart", "table", "value", "value"],
    );
    const [drawn] = cells[3].outputs;
    assert.ok(drawn.kind === "chart" && drawn.drawn[0].figure !== undefined);
    assert.deepEqual(
      drawn.drawn[0].figure.legend.map(({ series }) => series),
      ["R=1\u00a0W=1"],
      "one configuration, and no prediction",
    );
    assert.deepEqual(
      expectations.map(({ expectation: { verdict, line } }) => [verdict, line]),
      [
        ["holds", expectations[0].expectation.line],
        ["holds", expectations[0].expectation.line! + 7],
        ["fails", expectations[0].expectation.line! + 8],
      ],
    );
    assert.equal(readdirSync(join(folder, "runs", "small")).filter((name) => /^\d{8}T/.test(name)).length, 1);
  });

  it("an error is told by its line, in words for people, and what was shown before it is kept", async () => {
    const { cells, errors } = await run(`// %% first
import { load, simulate } from "quorumlab/notebook";
console.log("before");
// %% second
const wait = async (n: number): Promise<void> => {
  await Promise.resolve();
  throw new TypeError("no " + n);
};
await wait(3);
// %% third
await load("x");
`);
    assert.deepEqual(errors, [
      { file: join(folder, "book.nb.ts"), line: 7, column: 9, cell: 'cell 2 "second"', message: "TypeError: no 3" },
    ]);
    assert.deepEqual(cells[0].outputs, [{ kind: "console", stream: "stdout", text: "before\n" }]);
  });

  it("syntax, a package that is not there and text before the first cell are told before anything runs", async () => {
    const missing = await run(`// %% one\nimport { a } from "no-such-package";\nconst b = ;\n`);
    assert.deepEqual(
      missing.errors.map(({ line, column, cell }) => [line, column, cell]),
      [[3, 11, 'cell 1 "one"']],
    );
    const absent = await run(`// %% one\nimport { a } from "no-such-package";\na();\n`);
    assert.match(absent.errors[0].message, /no-such-package.*is it installed/);
    assert.equal(absent.errors[0].line, 2);
    assert.equal((await run("const a = 1;\n")).errors.length, 1);
  });

  it("one that goes on for ever, one that eats memory and one that exits are stopped (long)", async () => {
    const endless = await run("// %% a\n// %% b\nfor (;;);\n", { timeoutMs: 8_000 });
    assert.deepEqual(
      endless.errors.map(({ cell, line }) => [cell, line]),
      [['cell 2 "b"', 2]],
    );
    assert.match(endless.errors[0].message, /longer than 8 s/);
    const hungry = await run(
      "// %% a\nconst all: unknown[] = [];\nfor (;;) all.push(Array.from({ length: 1e5 }, Math.random));\n",
      { memoryMb: 150 },
    );
    assert.match(hungry.errors[0].message, /more than 150 MB/);
    assert.match((await run("// %% a\nprocess.exit(3);\n")).errors[0].message, /exit code 3/);
    const rejected = await run(
      "// %% a\nvoid Promise.reject(new Error('later'));\nawait new Promise(() => setTimeout(() => 0, 60_000));\n",
    );
    assert.deepEqual(
      rejected.errors.map(({ message, line }) => [message, line]),
      [["later", 2]],
    );
    const inside = await run("// %% a\nconst text = `\n// %% b\n`;\n");
    assert.match(inside.errors[0].message, /inside a statement/);
    assert.equal(inside.errors[0].line, 3);
  });

  it("what an experiment or a question is wrong about is told as everywhere else (long)", async () => {
    const told = async (code: string): Promise<string> =>
      (await run(`// %% a\nimport { chart, load, predict, simulate } from "quorumlab/notebook";\n${code}\n`)).errors[0]
        .message;
    assert.match(await told(`await simulate({ ...${SMALL}, wrkload: {} });`), /unknown key "wrkload".*workload/);
    assert.match(await told(`await simulate("quickstart");`), /real processes, and a notebook starts none/);
    assert.match(await told(`await load("no-such-run");`), /no-such-run/);
    assert.match(await told(`predict({ model: "lnkd-dsk", r: 1, w: 1 });`), /did you mean lnkd-disk/);
    assert.match(
      await told(`const run = await simulate(${SMALL}); run.value("p_stal", { r: 1 });`),
      /no metric p_stal; did you mean p_stale/,
    );
    assert.match(
      await told(`const run = await simulate(${SMALL}); run.value("p_stale");`),
      /2 configurations are meant/,
    );
    assert.match(
      await told(`const run = await simulate(${SMALL}); run.value("p_stale", { r: 3 });`),
      /no configuration has R=3/,
    );
    assert.match(
      await told(`const run = await simulate(${SMALL}); run.expect("p_stale < < 1");`),
      /expect\("p_stale < < 1"\)/,
    );
    assert.match(await told(`const run = await simulate(${SMALL}); run.expect("p_stal < 1");`), /no metric p_stal/);
  });

  it("the command checks: types, expectations, and what was committed (long)", async () => {
    const file = join(folder, "book.nb.ts");
    const book = (number: number, more = ""): void =>
      writeFileSync(
        file,
        `// %% [markdown]\n// # Book\n// %% a\nimport { display, expect } from "quorumlab/notebook";\ndisplay({ number: ${number} });\nexpect("three", ${number} < 4);\n${more}`,
      );
    book(3);
    const notebook = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
      const io = recordingIo(folder);
      const code = await main(["notebook", ...argv], io);
      return { code, out: io.out(), err: io.err() };
    };
    const exported = await notebook("export", "book.nb.ts");
    assert.deepEqual([exported.code, exported.out], [0, "book.md\nbook.ipynb\n"]);
    assert.match(readFileSync(join(folder, "book.md"), "utf8"), /✓ three/);
    assert.equal((await notebook("check", ".")).code, 0);
    book(2);
    const drifted = await notebook("check", ".");
    assert.equal(drifted.code, 1);
    assert.match(drifted.err, /book\.md {2}differs[\s\S]*-\{ number: 3 \}\n {2}\+\{ number: 2 \}/);
    book(5);
    const failed = await notebook("check", "book.nb.ts", "--json");
    assert.equal(failed.code, 1);
    const document = JSON.parse(failed.out) as { schema: string; ok: boolean; notebooks: { expectations: object[] }[] };
    assert.deepEqual([document.schema, document.ok], ["quorumlab/notebook@1", false]);
    assert.deepEqual(document.notebooks[0].expectations, [
      { cell: 2, line: 6, text: "three", verdict: "fails", evidence: "" },
    ]);
    book(3, 'const wrong: number = "text";\nwrong.toFixed(1);\n');
    const untyped = await notebook("check", "book.nb.ts");
    assert.equal(untyped.code, 3);
    assert.match(
      untyped.err,
      /book\.nb\.ts:7:7 {2}error {2}cell 2 "a": Type 'string' is not assignable.*\n {4}const wrong/,
    );
    assert.ok(!untyped.err.includes("    at "), "no stack of ours");
    for (const [typed, why] of [
      ["none.nb.ts", /no such file/],
      ["book.md", /is no notebook/],
    ] as const)
      assert.match((await notebook("run", typed)).err, why);
    mkdirSync(join(folder, "odd"));
    writeFileSync(join(folder, "odd", "a b].nb.ts"), "// %% a\n");
    assert.match((await notebook("run", "odd")).err, /name a notebook by letters/);
  });

  it("Ctrl-C stops a notebook, with nothing written (long)", async () => {
    writeFileSync(join(folder, "book.nb.ts"), "// %% a\nfor (;;);\n");
    const io = interruptedIo(folder, /book\.nb\.ts\n/);
    assert.equal(await main(["notebook", "run", "book.nb.ts"], io), 130);
    assert.deepEqual(readdirSync(folder), ["book.nb.ts"]);
  });
});
