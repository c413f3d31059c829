/**
 * The exported `.ipynb` in the real Jupyter: valid by its schema, and executed once more by the tslab kernel with `quorumlab/notebook` found
 * as a project would find it. Skipped, with the reason printed, where Jupyter or tslab is not installed (`npm install tslab` in any folder,
 * and TSLAB=<its bin/tslab>).
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { packageRoot } from "../../experiments/catalogue";
import { execute } from "../../experiments/notebook/notebook-process";
import { notebookIpynb } from "../../experiments/notebook/notebook-ipynb";

const BOOK = `// %% [markdown]
// # In Jupyter
// %% simulate
import { answer, chart, display, markdown, simulate, table } from "quorumlab/notebook";
const run = await simulate({
  name: "jupyter", seed: 1, cluster: { nodes: 3, storage: "memory" },
  network: { wars: { w: { dist: "exponential", mean: "10ms" }, a: "1ms", r: "1ms", s: "1ms" } },
  tunables: { n_val: 3, clock: "lww", read_repair: "none" },
  workload: { model: "open", rate: "300/s", mix: { read: 0.6, update: 0.4 }, keys: { count: 10, popularity: "uniform" }, value_size: "10B" },
  phases: { warmup: "50ms", measure: "1s", drain: "50ms" },
  sweep: { axes: { quorum: { zip: { r: [1, 2], w: [1, 2] } } } },
  repetitions: { count: 1 },
});
console.log("operations", run.operations);
// %% shown
display(chart.tVisibility(run));
display(table(run.cells(["p_stale"])));
markdown(\`stale: \${run.words("p_stale", { r: 1 })}\`);
answer("open", "*so*");
run.expect("p_stale == 0", { r: 2 });
`;

interface Book {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly outputs?: readonly { readonly output_type: string; readonly data?: Readonly<Record<string, unknown>> }[];
  }[];
}

/** Where the command stands, by PATH. */
function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

describe("notebooks: Jupyter", function () {
  this.timeout(180_000);

  it("an exported notebook is valid, and tslab executes it again with the same outputs (long)", async function () {
    const nbconvert = onPath("jupyter-nbconvert");
    const tslab = process.env.TSLAB ?? onPath("tslab") ?? join(packageRoot(), "node_modules", ".bin", "tslab");
    const built = join(packageRoot(), "dist", "experiments", "notebook", "library.js");
    const lacking =
      nbconvert === undefined
        ? "jupyter-nbconvert is not installed (Debian: jupyter-nbconvert, jupyter-client)"
        : !existsSync(tslab)
          ? "tslab is not installed (npm install -g tslab, or TSLAB=<path of bin/tslab>)"
          : !existsSync(built)
            ? "the package is not built (npm run build)"
            : undefined;
    if (lacking !== undefined || nbconvert === undefined) {
      console.log(`      skipped: ${lacking ?? ""}`);
      this.skip();
    }
    const project = mkdtempSync(join(tmpdir(), "jupyter-"));
    try {
      const books = join(project, "notebooks");
      mkdirSync(books);
      mkdirSync(join(project, "node_modules"));
      mkdirSync(join(project, "results", "runs"), { recursive: true });
      symlinkSync(packageRoot(), join(project, "node_modules", "quorumlab"), "junction");
      writeFileSync(join(books, "book.nb.ts"), BOOK);
      const result = await execute(join(books, "book.nb.ts"), {
        settings: { folder: books, cwd: project, resultsRoot: join(project, "mine"), profile: "smoke", fresh: true },
        ...{ timeoutMs: 60_000, memoryMb: 1_024, signal: new AbortController().signal },
      });
      assert.deepEqual(result.errors, []);
      writeFileSync(join(books, "book.ipynb"), notebookIpynb(result));
      const kernel = join(project, "jupyter", "kernels", "tslab");
      mkdirSync(kernel, { recursive: true });
      writeFileSync(
        join(kernel, "kernel.json"),
        JSON.stringify({
          argv: [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"],
          display_name: "TypeScript",
          language: "typescript",
        }),
      );
      const done = spawnSync(
        nbconvert,
        [
          "--to",
          "notebook",
          "--execute",
          "--ExecutePreprocessor.kernel_name=tslab",
          "--output",
          "again.ipynb",
          "book.ipynb",
        ],
        {
          cwd: books,
          encoding: "utf8",
          timeout: 150_000,
          env: { ...process.env, JUPYTER_PATH: join(project, "jupyter"), PYDEVD_DISABLE_FILE_VALIDATION: "1" },
        },
      );
      assert.equal(done.status, 0, done.stderr);
      // nbconvert validates what it reads and says so; it does not refuse it.
      assert.ok(!/invalid|not valid|ValidationError/i.test(done.stderr), done.stderr);
      const [ours, theirs] = ["book.ipynb", "again.ipynb"].map((name) =>
        outputsOf(JSON.parse(readFileSync(join(books, name), "utf8")) as Book),
      );
      assert.deepEqual(theirs, ours);
      assert.ok(ours.some(([, ...media]) => media.includes("image/svg+xml")));
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  });
});

/** Kind, media types and text of every output: the same run gives the same numbers in both. */
function outputsOf({ cells }: Book): string[][] {
  return cells.flatMap(({ outputs = [] }) =>
    outputs.map(({ output_type, data = {}, ...rest }) => [
      output_type,
      ...Object.keys(data).sort(),
      JSON.stringify(data["text/plain"] ?? (rest as { text?: unknown }).text),
    ]),
  );
}
