/**
 * The notebooks that come along: what stands beside each (Markdown, pictures, `.ipynb`) is of its present text, and, in the long run, of what it
 * shows when it is run again: a notebook whose numbers have moved away from its prose teaches something wrong.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../experiments/catalogue";
import { main } from "../../experiments/cli/main";
import { chart, idOf } from "../../experiments/notebook/charts";
import { readCells } from "../../experiments/notebook/cells";
import { CHARTS } from "../../results/charts/chart";
import { recordingIo } from "../experiments/recording-io";

const FOLDER = join(packageRoot(), "notebooks");
const BOOKS = readdirSync(FOLDER).filter((name) => name.endsWith(".nb.ts"));

function read(...path: readonly string[]): string {
  return readFileSync(join(FOLDER, ...path), "utf8");
}

describe("notebooks that come along", () => {
  it("each has a title, a guess to make, exercises, and expectations that could fail", () => {
    assert.ok(BOOKS.length >= 3);
    for (const name of BOOKS) {
      const { cells, faults } = readCells(read(name));
      assert.deepEqual(faults, [], name);
      const prose = cells.filter(({ kind }) => kind === "markdown").map(({ source }) => source);
      assert.match(prose[0], /^# /, name);
      assert.ok(
        prose.some((text) => text.includes("## Your prediction first")),
        name,
      );
      assert.match(prose.at(-1)!, /## Exercises\n\n1\. /, name);
      const expectations = read(name).match(/^(expect|\w+\.expect)\(/gm) ?? [];
      assert.ok(expectations.length >= 5, name);
    }
  });

  it("what was exported of them is of their present text", () => {
    for (const name of BOOKS) {
      const stem = name.slice(0, -".nb.ts".length);
      const { cells } = readCells(read(name));
      const book = JSON.parse(read(`${stem}.ipynb`)) as { cells: { cell_type: string; source: string[] }[] };
      assert.deepEqual(
        book.cells.map(({ cell_type, source }) => [cell_type, source.join("")]),
        cells.map(({ kind, source }) => [kind, source]),
        `${stem}.ipynb; quorumlab notebook export notebooks`,
      );
      const text = read(`${stem}.md`);
      for (const { source } of cells) assert.ok(text.includes(source), `${stem}.md lacks ${source.slice(0, 60)}`);
      const pictures = [...text.matchAll(/\]\(([\w-]+\/[\w-]+\.svg)\)/g)].map(([, path]) => path);
      for (const path of pictures) assert.ok(existsSync(join(FOLDER, path)), path);
      assert.deepEqual(readdirSync(join(FOLDER, stem)).length, pictures.length, "no picture is left over");
      assert.ok(!/^- [✗?] /m.test(text), `${stem}.md shows an expectation that does not hold`);
    }
  });

  it("every chart of a report has its name in the library", () => {
    const names = new Set(Object.keys(chart).map(idOf));
    const missing = [...CHARTS.keys()].filter((id) => !names.has(id));
    assert.deepEqual(missing, [], "add these to the names in experiments/notebook/charts.ts");
    assert.throws(() => chart.named("t-visiblity", {} as never), /did you mean t-visibility/);
  });

  it("they compile, run, hold what they say and show what was committed (long)", async function () {
    this.timeout(600_000);
    const io = recordingIo(packageRoot());
    const code = await main(["notebook", "check", "notebooks"], io);
    assert.equal(code, 0, io.err());
    assert.equal(io.out().match(/ ok /g)?.length, BOOKS.length, io.out());
    assert.ok(!io.err().includes("were not checked"), io.err());
  });
});
