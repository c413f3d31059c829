/** The catalogue from the folders: what is there, what is damaged, filters over settings and metrics, and the index made again. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { shownIn, sortKey } from "../../../results/catalogue/columns";
import { filterRuns, FilterNotUnderstood } from "../../../results/catalogue/filter";
import { indexPage, rebuildIndex } from "../../../results/catalogue/index-files";
import { readCatalogue, type Catalogue, type KnownRuns } from "../../../results/catalogue/run-catalogue";
import { HOSTILE } from "../fixtures";
import { around, madeUpComparable, writeMadeUp } from "../comparison/made-up-runs";
import { temporaryFolder } from "../record/made-up-run";

describe("the catalogue of runs", () => {
  let root: string;
  let catalogue: Catalogue;
  before(() => {
    root = temporaryFolder();
    writeMadeUp(
      root,
      madeUpComparable(
        {
          r1: { axes: { r: 1 }, resolved: { "tunables.r": 1 }, repetitions: around("read_p99_ms", 8) },
          r3: { axes: { r: 3 }, resolved: { "tunables.r": 3 }, repetitions: around("read_p99_ms", 31) },
        },
        {
          id: "20261126T100000Z-aaaaaa",
          experiment: "swept",
          manifest: { tags: { paper: "s4" }, startedAt: "2026-11-26T10:00:00.000Z" },
        },
      ),
    );
    writeMadeUp(
      root,
      madeUpComparable(
        { base: { resolved: { "tunables.r": 2 }, repetitions: around("read_p99_ms", 15) } },
        {
          id: "20261126T110000Z-bbbbbb",
          experiment: "single",
          manifest: { title: HOSTILE, startedAt: "2026-11-26T11:00:00.000Z" },
        },
      ),
    );
    writeMadeUp(
      root,
      madeUpComparable(
        { base: { resolved: { "tunables.r": 2 }, repetitions: [null, null] } },
        {
          id: "20261126T120000Z-cccccc",
          experiment: "single",
          manifest: { status: "failed", startedAt: "2026-11-26T12:00:00.000Z" },
        },
      ),
    );
    fs.writeFileSync(
      path.join(root, "swept", "20261126T100000Z-aaaaaa", "summaries", "slos.json"),
      JSON.stringify({ schema: "quorumlab/slos@1", slos: [{ verdict: "pass" }, { verdict: "fail" }] }),
    );
    const damaged = path.join(root, "single", "20261126T130000Z-dddddd");
    fs.mkdirSync(damaged);
    fs.writeFileSync(path.join(damaged, "manifest.json"), '{"schema": "quorumlab/manifest@1", "run": ');
    const older = path.join(root, "single", "20251126T130000Z-eeeeee");
    fs.mkdirSync(older);
    fs.writeFileSync(path.join(older, "manifest.json"), '{"schema": "quorumlab/manifest@0"}');
    const begun = path.join(root, "single", "20261126T140000Z-ffffff");
    fs.mkdirSync(begun);
    fs.writeFileSync(path.join(begun, "plan.jsonl"), "");
    fs.mkdirSync(path.join(root, "single", "notes"));
    catalogue = readCatalogue(root);
  });
  after(() => fs.rmSync(root, { recursive: true, force: true }));

  const kept = (condition: string): string[] =>
    filterRuns(catalogue.runs, condition).map(({ run }) => run.run.slice(-6));

  it("lists runs newest first, and damaged folders with the reason instead of dying of them", () => {
    assert.deepEqual(
      catalogue.runs.map(({ run }) => run.slice(-6)),
      ["cccccc", "bbbbbb", "aaaaaa"],
    );
    const reasons = Object.fromEntries(catalogue.damaged.map(({ run, reason }) => [run.slice(-6), reason]));
    assert.match(reasons["dddddd"], /not JSON; it is damaged or was cut off/);
    assert.match(reasons["eeeeee"], /another version of quorumlab \(quorumlab\/manifest@0/);
    assert.match(reasons["ffffff"], /no manifest/);
    assert.equal(catalogue.damaged.length, 3);
    assert.deepEqual(readCatalogue(path.join(root, "nowhere")).runs, []);
  });

  it("reads only what has changed, for who looks again", () => {
    const known: KnownRuns = new Map();
    const first = readCatalogue(root, known);
    assert.equal(readCatalogue(root, known).runs[0], first.runs[0]);
    const manifest = path.join(first.runs[2].folder, "manifest.json");
    const content = fs.readFileSync(manifest, "utf8");
    fs.writeFileSync(manifest, content.replace('"done"', '"interrupted"'));
    const again = readCatalogue(root, known);
    assert.equal(again.runs[0], first.runs[0]);
    assert.equal(again.runs[2].manifest.status, "interrupted");
    fs.writeFileSync(manifest, content);
  });

  it("filters by tags, settings, metrics and fields, one configuration meeting the whole condition", () => {
    assert.deepEqual(kept("tag.paper=s4 and read_p99_ms<20"), ["aaaaaa"]);
    assert.deepEqual(
      kept("r == 3 and read_p99_ms < 20ms"),
      [],
      "R is 3 in one configuration and the latency low in another",
    );
    assert.deepEqual(kept("read_p99_ms < 20"), ["bbbbbb", "aaaaaa"]);
    assert.deepEqual(kept("r = 2"), ["cccccc", "bbbbbb"]);
    assert.deepEqual(kept("status != done"), ["cccccc"]);
    assert.deepEqual(kept("verdict = fail"), ["aaaaaa"]);
    assert.deepEqual(kept("tag.paper != s4"), ["cccccc", "bbbbbb"]);
    assert.deepEqual(kept("not read_p99_ms < 20"), ["aaaaaa"], "what was not measured meets no condition");
    assert.deepEqual(kept("experiment == 'swept' or trials == 2"), ["cccccc", "aaaaaa"]);
    assert.deepEqual(
      filterRuns(catalogue.runs, "read_p99_ms > 20").map(({ cells }) => cells.map(({ id }) => id)),
      [["r3"]],
    );
  });

  it("points out what it does not understand", () => {
    const says = (condition: string): string => {
      try {
        filterRuns(catalogue.runs, condition);
      } catch (error) {
        assert.ok(error instanceof FilterNotUnderstood);
        return error.message;
      }
      return assert.fail("it was understood");
    };
    assert.match(says("red_p99_ms < 20"), /did you mean read_p99_ms/);
    assert.match(says("read_p99_ms <"), /read_p99_ms <: /);
    assert.match(says("process.exit(1)"), /process/);
    assert.match(says("foo = bar"), /no run has anything called/);
  });

  it("shows a value, a range over configurations, or nothing", () => {
    const [failed, single, swept] = catalogue.runs;
    assert.equal(shownIn(swept, swept.cells, "r"), "1/3");
    assert.match(
      shownIn(swept, swept.cells, "read_p99_ms").replace(/\u00a0/g, " "),
      /^7\.9\d…3[01](\.\d)? ms$|^8(\.\d+)?…3[01](\.\d)? ms$/,
    );
    assert.equal(shownIn(failed, failed.cells, "read_p99_ms"), "");
    assert.equal(shownIn(single, single.cells, "workload.rate"), "500/s");
    assert.ok(
      (sortKey(swept, swept.cells, "read_p99_ms", false) as number) <
        (sortKey(swept, swept.cells, "read_p99_ms", true) as number),
    );
    assert.equal(sortKey(failed, failed.cells, "read_p99_ms", false), undefined);
  });

  it("makes the index again from the folders, and its page with the damage, the outcomes and what to compare", () => {
    fs.writeFileSync(path.join(root, "index.jsonl"), "not json\n");
    assert.equal(rebuildIndex(catalogue), 3);
    const lines = fs
      .readFileSync(path.join(root, "index.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { schema: string; run: string });
    assert.deepEqual(
      lines.map(({ schema, run }) => [schema, run.slice(-6)]),
      [
        ["quorumlab/index@1", "aaaaaa"],
        ["quorumlab/index@1", "bbbbbb"],
        ["quorumlab/index@1", "cccccc"],
      ],
    );
    const page = fs.readFileSync(path.join(root, "index.html"), "utf8");
    assert.ok(page.indexOf("cccccc") < page.indexOf("aaaaaa"));
    assert.match(page, /damaged or was cut off/);
    assert.match(page, /✗ objective missed/);
    assert.match(page, /quorumlab compare 20261126T110000Z-bbbbbb 20261126T120000Z-cccccc/);
    assert.doesNotMatch(page, /<script>alert/);
    const live = indexPage(catalogue, { compareAt: "/compare" });
    assert.match(live, /\/compare\?a=swept%2F20261126T100000Z-aaaaaa&amp;by=r/);
    assert.match(live, /a=single%2F20261126T110000Z-bbbbbb&amp;b=single%2F20261126T120000Z-cccccc/);
  });
});
