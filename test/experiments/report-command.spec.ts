/**
 * `quorumlab report` with its options: every link of the page leads to a file that is there, with figures as PDF and
 * without; the bound on the page's size is kept, or said to be passed; and no desktop is no failure.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { main } from "../../experiments/cli/main";
import { whyNoDesktop } from "../../experiments/cli/report";
import { parseCsv } from "../../results/record/csv";
import type { LoadedRun } from "../../results/record/run-folder";
import { temporaryFolder } from "../results/record/made-up-run";
import { storedRun } from "../results/export/stored-run";
import { recordingIo } from "./recording-io";

describe("quorumlab report, its files", () => {
  let root: string;
  let run: LoadedRun;
  before(() => {
    root = temporaryFolder();
    run = storedRun(root, { history: false, trace: false });
  });
  after(() => fs.rmSync(root, { recursive: true }));

  const report = async (...args: string[]): Promise<{ page: string; err: string }> => {
    const io = recordingIo(root);
    assert.equal(await main(["report", run.manifest.run, "-o", root, ...args], io), 0, io.err());
    return { page: fs.readFileSync(path.join(run.folder, "report", "index.html"), "utf8"), err: io.err() };
  };
  const linked = (page: string): string[] => [...page.matchAll(/href="(figures\/[^"]+)"/g)].map(([, name]) => name);
  const there = (): string[] => fs.readdirSync(path.join(run.folder, "report", "figures"));

  it("links to files that are there", async () => {
    const plain = linked((await report()).page);
    assert.ok(plain.length > 9 && plain.every((name) => there().includes(path.basename(name))));
    assert.ok(plain.some((name) => name.endsWith(".json")) && !plain.some((name) => name.endsWith(".pdf")));
  });

  it("links to figures as PDF when they were made, and only then (long)", async () => {
    const all = linked((await report("--pdf")).page);
    assert.ok(all.every((name) => there().includes(path.basename(name))));
    const pdfs = all.filter((name) => name.endsWith(".pdf"));
    assert.equal(pdfs.length, all.filter((name) => name.endsWith(".csv")).length);
    for (const name of pdfs)
      assert.equal(
        fs
          .readFileSync(path.join(run.folder, "report", name))
          .subarray(0, 5)
          .toString(),
        "%PDF-",
      );
    await report();
    assert.ok(!there().some((name) => name.endsWith(".pdf")), "figures as PDF of an earlier page stay");
  });

  it("gives a figure's numbers as JSON, the same as its table", async () => {
    await report();
    for (const name of there().filter((one) => one.endsWith(".json"))) {
      const figure = JSON.parse(fs.readFileSync(path.join(run.folder, "report", "figures", name), "utf8")) as {
        schema: string;
        run: string;
        columns: string[];
        rows: unknown[][];
      };
      assert.deepEqual([figure.schema, figure.run], ["quorumlab/figure@1", run.manifest.run]);
      const file = path.join(run.folder, "report", "figures", name.replace(/json$/, "csv"));
      const [header, ...rows] = parseCsv(fs.readFileSync(file, "utf8"));
      assert.deepEqual(figure.columns, header);
      assert.equal(figure.rows.length, rows.length);
      figure.rows.forEach((row, i) =>
        row.forEach((value, column) => {
          if (typeof value === "number") assert.equal(rows[i][column], String(value));
        }),
      );
    }
  });

  it("says when a page passes its bound although it left out what it could", async () => {
    const whole = await report();
    assert.doesNotMatch(whole.err, /warning/);
    const small = await report("--max-size", "100KB");
    assert.match(small.err, /warning: the page has [\d.]+ MB, more than 0\.1 MB/);
    assert.ok(small.page.length < whole.page.length);
    const io = recordingIo(root);
    assert.equal(await main(["report", run.manifest.run, "-o", root, "--max-size", "5"], io), 2);
    assert.match(io.err(), /a size with its unit, such as 5MB/);
  });

  it("says that nobody can be handed the page where there is no desktop", () => {
    const here = fs.mkdtempSync(path.join(root, "bin-"));
    assert.equal(whyNoDesktop("xdg-open", { PATH: here, DISPLAY: ":0" }), "xdg-open is not here");
    fs.writeFileSync(path.join(here, "xdg-open"), "", { mode: 0o755 });
    assert.equal(whyNoDesktop("xdg-open", { PATH: `/nowhere${path.delimiter}${here}`, DISPLAY: ":0" }), undefined);
    assert.equal(whyNoDesktop("xdg-open", { PATH: here }), "no desktop is running here");
    assert.equal(whyNoDesktop("xdg-open", {}), "xdg-open is not here");
  });
});
