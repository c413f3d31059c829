/**
 * What an experiment may ask of its target: every combination that cannot work is refused with the reason, where it is
 * written; what is written and has no effect is told in one line, and goes with the cell into the report.
 */
import assert from "node:assert/strict";
import { explanations } from "../../experiments/cli/explain";
import { KINDS } from "../../experiments/cli/list";
import { planTrials } from "../../experiments/plan";
import { TARGET_NAMES, TARGETS } from "../../results/record/capabilities";
import { errorsOf, experimentOf, problemsOf } from "./problems-of";

const NAMED = "name: given\nworld: processes\n";
const of = (target: string, lines: string): readonly string[] => errorsOf(`${NAMED}target: ${target}\n${lines}`);

describe("the target of an experiment", () => {
  it("is the engine where nobody says anything, and trials are then named as they were", () => {
    const silent = experimentOf(NAMED);
    const said = experimentOf(`${NAMED}target: engine\n`);
    assert.equal(silent.cells[0].target, undefined);
    assert.deepEqual(
      planTrials(silent, "n").map(({ id }) => id),
      planTrials(said, "n").map(({ id }) => id),
    );
    const http = experimentOf(`${NAMED}target: engine-http\n`);
    assert.equal(http.cells[0].target, "engine-http");
    assert.notEqual(planTrials(http, "n")[0].id, planTrials(silent, "n")[0].id);
  });

  it("may be an axis: a cell for each, named for it", () => {
    const { cells, baseline } = experimentOf(
      `${NAMED}sweep: {axes: {target: [engine, engine-http, autocannon]}, baseline: {target: engine}}\n`,
    );
    assert.deepEqual(
      cells.map(({ id, target, axes }) => [id, target, axes.target]),
      [
        ["target-engine", undefined, "engine"],
        ["target-engine-http", "engine-http", "engine-http"],
        ["target-autocannon", "autocannon", "autocannon"],
      ],
    );
    assert.equal(baseline, "target-engine");
  });

  it("other than the engine needs processes, and an unknown one gets the nearest name", () => {
    for (const target of TARGET_NAMES.slice(1)) {
      const errors = errorsOf(`name: given\nworld: simulation\nnetwork: {intra_zone: {dist: exponential, mean: 1ms}}\ntarget: ${target}\n`); // prettier-ignore
      assert.deepEqual(errors, [
        `4:9 target ${target}: it is reached over the machine's own network; set world: processes`,
      ]);
    }
    assert.match(of("redsi", "").join(), /target .*redis/);
  });

  it("without scans or deletes is given no mix of them, and the reason is the target's own", () => {
    const mix = "workload: {mix: {read: 0.8, scan: 0.1, delete: 0.1}}\n";
    for (const target of TARGET_NAMES) {
      const { can, why } = TARGETS[target];
      const errors = of(target, mix);
      assert.equal(errors.filter((text) => text.includes(`the mix scans, and ${why.scans ?? "-"}`)).length, can.scans ? 0 : 1, target); // prettier-ignore
      assert.equal(errors.filter((text) => text.includes(`the mix deletes, and ${why.deletes ?? "-"}`)).length, can.deletes ? 0 : 1, target); // prettier-ignore
      assert.equal(errors.length, Number(!can.scans) + Number(!can.deletes), errors.join("\n"));
    }
    assert.match(of("redis", "workload: {mix_name: delete-heavy}\n").join(), /4:22 target redis: the mix deletes/);
  });

  it("of somebody else is not hurt, and says in one line which keys have no effect on it", () => {
    const text = `${NAMED}target: redis\ncluster: {nodes: 3}\ntunables: {r: 2, w: 2, timeout: {read: 1s}}\nring: {partitions: 16}\n`;
    const idle = "target redis is a store of its own making: cluster.nodes, ring.partitions, tunables.r, tunables.w have no effect on it"; // prettier-ignore
    assert.deepEqual(
      problemsOf(text).map(({ severity, message }) => [severity, message]),
      [["warning", idle]],
    );
    assert.deepEqual(experimentOf(text).cells[0].warnings, [idle]);
    const faults = "faults: [{id: gone, kind: kill, node: node-1, at: 2s, for: 1s}]\n";
    assert.deepEqual(of("redis", faults), ["4:1 target redis: no faults can be made: the store is not ours to hurt"]);
    assert.deepEqual(of("engine-http", faults), []);
  });

  it("over HTTP has no clients that coordinate or give timestamps", () => {
    const refused = (lines: string): string => of("engine-http", lines).join("\n");
    assert.match(
      refused("workload: {routing: client-driven}\n"),
      /4:21 target engine-http: workload.routing is client-driven/,
    );
    assert.match(
      refused("tunables: {clock: lww, timestamps: client}\n"),
      /target engine-http: Riak's HTTP API takes no timestamp/,
    );
    // Writes name themselves, and thereby who writes.
    assert.equal(refused("tunables: {clock: vv-client}\n"), "");
    assert.equal(refused("workload: {load_processes: 2}\n"), "");
    assert.match(of("autocannon", "workload: {load_processes: 2}\n").join(), /it is driven from one process/);
    assert.equal(refused("workload: {routing: token-aware}\nnetwork: {client: {dist: exponential, mean: 1ms}}\n"), "");
  });

  it("autocannon is a closed loop that draws each request by itself", () => {
    const refusals: readonly (readonly [string, RegExp])[] = [
      ["workload: {model: open, rate: 100/s}", /4:19 .*workload.model is open, and autocannon sends the next request/],
      ["workload: {think: 5ms}", /do not think/],
      ["workload: {mix: {rmw: 1}}", /two requests in a row/],
      ["workload: {context: read-first}", /4:21 .*two requests in a row/],
      ["workload: {mix: {read: 0.5, multi_get: 0.5}}", /several requests at once/],
      ["workload: {mix_name: cart}", /mix cart decides what to ask by what was answered/],
      ["workload: {probe: {share: 0.1}}", /probes are requests at instants of their own/],
      ["workload: {session: {read_your_writes_probe: 0.1}}", /probes are requests/],
      ["workload: {client_lifetime: 10}", /a client is a connection/],
      ["workload: {load_processes: 2}", /driven from one process/],
      ["workload: {routing: token-aware}", /know no ring/],
      ["network: {client: {dist: exponential, mean: 1ms}}", /4:\d+ .*network.client is added by clients of ours/],
      [
        "faults: [{id: gone, kind: kill, node: node-1, at: 2s, for: 1s}]",
        /no faults can be made: autocannon asks the addresses/,
      ],
    ];
    for (const [lines, message] of refusals) {
      const errors = of("autocannon", `${lines}\n`);
      assert.equal(errors.length, 1, `${lines}: ${errors.join("\n")}`);
      assert.match(errors[0], message);
    }
    assert.deepEqual(
      of("autocannon", "workload: {clients: 16, mix: {read: 0.5, update: 0.3, insert: 0.1, delete: 0.1}}\n"),
      [],
    );
  });

  it("is listed and explained: what it shows, and why not the rest", () => {
    for (const name of TARGET_NAMES) {
      const [{ kind, title, paragraphs }] = explanations(name);
      const { can, why } = TARGETS[name];
      assert.deepEqual([kind, title], ["target", TARGETS[name].title]);
      const told = new Map(paragraphs);
      assert.equal(told.size, paragraphs.length, "each label once: programs read them");
      assert.equal(told.has("lacks"), Object.values(can).includes(false));
      for (const reason of Object.values(why)) assert(told.get("lacks")!.includes(reason), reason);
    }
    assert(KINDS.includes("targets"));
  });

  it("has, for each thing it cannot do, the reason, and none for what it can", () => {
    for (const target of TARGET_NAMES) {
      const { can, why } = TARGETS[target];
      const missing = Object.entries(can).flatMap(([name, there]) => (there ? [] : [name]));
      assert.deepEqual(Object.keys(why).sort(), missing.sort(), target);
    }
  });
});
