/** The document that `run`, `show` and `report` print with --json, as other programs rely on it. */
import assert from "node:assert/strict";
import { runDocument } from "../../experiments/cli/run-document";
import type { LoadedRun } from "../../results/record/run-folder";
import { madeUpRun, twoWorldRun } from "../results/fixtures";

interface Document {
  readonly world: readonly string[];
  readonly validity: string;
  readonly note: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly cells: readonly {
    readonly id: string;
    readonly world: string;
    readonly metrics: Readonly<Record<string, { readonly interval: string; readonly n: number }>>;
    readonly published?: Readonly<Record<string, unknown>>;
  }[];
  readonly distance: readonly { readonly processes: string; readonly simulation: string; readonly rows: unknown[] }[];
}

function documentOf(run: LoadedRun): Document {
  return JSON.parse(JSON.stringify(runDocument(run, "folder", "report/index.html"))) as Document;
}

describe("the JSON document of a run", () => {
  it("names its worlds and those of its cells, and has their distance", () => {
    const two = documentOf(twoWorldRun());
    assert.deepEqual(two.world, ["processes", "simulation"]);
    assert.deepEqual([...new Set(two.cells.map(({ world }) => world))], ["processes", "simulation"]);
    assert.equal(two.distance.length, 8);
    assert.match(two.distance[0].processes, /-processes$/);
    assert.match(two.distance[0].simulation, /-simulation$/);
    assert.ok(two.distance[0].rows.length > 10);
    assert.deepEqual(documentOf(madeUpRun()).distance, []);
  });

  it("says of each metric what its interval speaks of, and has note and tags", () => {
    const { cells, note, tags } = documentOf(madeUpRun());
    assert.deepEqual([cells[0].metrics["p_stale"].n, cells[0].metrics["p_stale"].interval], [3, "envelope"]);
    assert.deepEqual([note, tags], ["made up for tests", { made: "up" }]);
  });

  it("has published values only in cells for which the experiment names one", () => {
    const two = twoWorldRun();
    const published = [
      {
        metric: "p_stale",
        where: { r: 1, w: 1, clock: "dvvset", world: "simulation" },
        value: 0.9,
        source: "s",
        tolerance: 0.1,
      },
    ];
    const { cells } = documentOf({ ...two, manifest: { ...two.manifest, published } });
    assert.deepEqual(
      cells.flatMap(({ id, published: beside }) => (beside === undefined ? [] : [[id, beside]])),
      [["r1-w1-dvvset-simulation", { p_stale: { value: 0.9, source: "s", tolerance: 0.1, verdict: "fail" } }]],
    );
  });

  it("does not call a run without a cell valid", () => {
    assert.equal(documentOf({ ...madeUpRun(), cells: [], trials: [] }).validity, "invalid");
  });
});
