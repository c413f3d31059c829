/** Which configuration `quorumlab serve` starts, and what it refuses. */
import { strict as assert } from "node:assert";
import { catalogueFile } from "../../experiments/catalogue";
import { readFileSync } from "node:fs";
import { resolveServed, type Served } from "../../experiments/spec/served";

const SWEPT = `
cluster: {nodes: 4}
tunables: {n_val: 3, r: 1, w: 3, clock: vv-server}
faults:
  - {id: gone, kind: kill, node: node-1, at: 1s, for: 1s}
sweep:
  axes:
    quorum: {zip: {r: [1, 2], w: [1, 2]}}
    clock: [dvvset, lww]
    faults.gone.at: [1s, 2s]
`;
const BASELINE = `  baseline: {r: 2, clock: dvvset, faults.gone.at: 2s}\n`;

function served(text: string, sets: readonly string[] = [], profile?: string): Served {
  const resolution = resolveServed({ path: "x.yaml", text, sets, ...(profile === undefined ? {} : { profile }) });
  assert(resolution.ok, resolution.ok ? "" : resolution.problems.map(({ message }) => message).join("; "));
  return resolution.served;
}

function refusal(text: string, sets: readonly string[] = []): string {
  const resolution = resolveServed({ path: "x.yaml", text, sets });
  assert(!resolution.ok, "it is refused");
  return resolution.problems
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => message)
    .join("; ");
}

const quorums = ({ cell }: Served): readonly unknown[] => [
  cell.cluster.engine.r,
  cell.cluster.engine.w,
  cell.cluster.engine.clock,
];

describe("what serve starts", () => {
  it("the baseline of a sweep, with what is zipped to it", () => {
    const one = served(SWEPT + BASELINE);
    assert.deepEqual(quorums(one), [2, 2, "dvvset"]);
    assert.equal(one.cell.world, "processes");
    assert.equal(one.cell.cluster.members.length, 4);
    assert(one.baseline.includes("r=2") && one.baseline.includes("w=2"), one.baseline.join(" "));
  });

  it("the values outside the sweep where it has no baseline", () => {
    assert.deepEqual(quorums(served(SWEPT)), [1, 3, "vv-server"]);
    assert.deepEqual(served(SWEPT).baseline, []);
  });

  it("-S over both, axes too", () => {
    assert.deepEqual(quorums(served(SWEPT + BASELINE, ["r=3", "clock=lww"])), [3, 2, "lww"]);
    assert.equal(served(SWEPT, ["n_val=1", "w=1"]).cell.cluster.engine.nVal, 1);
  });

  it("what -S decides is not told as the baseline's or as left open", () => {
    const { axes, baseline } = served(SWEPT + BASELINE, ["tunables.r=3", " clock = lww"]);
    assert.deepEqual(axes, ["w", "faults.gone.at"]);
    assert.deepEqual(baseline, ["w=2", 'faults.gone.at="2s"']);
    const all = served(SWEPT, ["r=1", "w=1", "clock=lww", "faults.gone.at=1s"]);
    assert.deepEqual([all.axes, all.baseline], [[], []]);
  });

  it("faults, hypotheses and objectives are left out, and it is said that there were faults", () => {
    const one = served(SWEPT + BASELINE + 'hypotheses: [{id: H, text: t, expect: "no_such_metric > 1"}]\n');
    assert.equal(one.faults, true);
    assert.deepEqual(one.cell.faults, []);
    assert.equal(served("cluster: {nodes: 3}\n").faults, false);
  });

  it("whatever world the file names", () => {
    for (const world of ["simulation", "processes", "[simulation, processes]"]) {
      const one = served(`world: ${world}\ncluster: {nodes: 3}\nnode_model: {queue: {limit: 10}}\n`);
      assert.equal(one.cell.world, "processes");
    }
  });

  it("a profile, and the file as it stands in the catalogue", () => {
    const text = readFileSync(catalogueFile("quickstart"), "utf8");
    assert.deepEqual(quorums(served(text, [], "smoke")), [2, 2, "dvvset"]);
  });

  it("no store of somebody else, and says why", () => {
    for (const target of ["riak", "cassandra", "dynamodb", "redis"]) {
      const text = `target: ${target}\nworld: processes\ncluster: {nodes: 3}\n`;
      assert.match(refusal(text), new RegExp(`target is ${target}, a store of somebody else.*-S target=engine`));
      assert.equal(served(text, ["target=engine"]).cell.cluster.members.length, 3);
    }
    for (const target of ["engine", "engine-http", "autocannon"])
      served(`target: ${target}\nworld: processes\ncluster: {nodes: 3}\n`);
  });

  it("nothing that processes cannot be, and every mistake at once", () => {
    assert.match(refusal("tunables: {detector: {name: perfect}}\ncluster: {nodes: 3}\n"), /perfect exists only in/);
    assert.match(refusal("cluster: {nodes: 500}\n"), /at most 64/);
    const both = refusal("tunables: {n_vall: 3}\ncluster: {nodez: 3}\n");
    assert.match(both, /n_vall/);
    assert.match(both, /nodez/);
    assert.match(refusal("cluster: {nodes: 3}\n", ["no_such_key=1"]), /no_such_key/);
  });
});
