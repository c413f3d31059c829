/** Conditions, objectives and what a report is to show, as an experiment resolves them. */
import assert from "node:assert/strict";
import { experimentOf, problemsOf } from "./problems-of";

const GRID = "sweep:\n  axes: {r: [1, 2, 3], w: [1, 2, quorum], read_repair: [none, async]}\n";

describe("sweep.where", () => {
  it("takes cells out before they are checked, and counts them with the exclusions", () => {
    const text = `tunables: {n_val: 2}\ncluster: {nodes: 3}\n${GRID}`;
    assert.ok(problemsOf(text).some(({ message }) => message.startsWith("r is 3 but n_val is 2")));
    const { cells, excluded } = experimentOf(
      `${text}  where: "r <= n_val and w <= n_val"\n  exclude: [{r: 1, w: 1}]\n`,
    );
    assert.equal(cells.length, 10);
    assert.equal(excluded, 8);
  });

  it("takes words of quorums for the numbers they are", () => {
    const { cells } = experimentOf(`${GRID}  where: "r + w > n_val and read_repair == 'none'"\n`);
    assert.deepEqual(
      cells.map(({ axes }) => [axes.r, axes.w]),
      [
        [2, 2],
        [2, "quorum"],
        [3, 1],
        [3, 2],
        [3, "quorum"],
      ],
    );
  });

  it("compares axes that are words in one cell and structures in another", () => {
    const { cells } = experimentOf(
      "sweep: {axes: {aae: [disabled, {interval: 15s, tree_depth: 10}]}, where: \"aae != 'disabled'\"}\n",
    );
    assert.deepEqual(
      cells.map(({ axes }) => axes.aae),
      ["{interval: 15s, tree_depth: 10}"],
    );
  });

  it("reads faults, tags, units and what is not set", () => {
    const text =
      "faults: [{id: split, kind: partition, at: 1s, for: 2s, groups: [[node-1], [node-2]]}]\n" +
      "sweep:\n  axes: {tags.arm: [a, b], faults.split.for: [1s, 2s], tunables.timeout.read: [100ms, 1s]}\n";
    const only = (where: string): readonly unknown[] =>
      experimentOf(`${text}  where: "${where}"\n`).cells.map(({ axes }) => Object.values(axes).join(" "));
    assert.deepEqual(only("tags.arm == 'a' and faults.split.for >= 2s and timeout.read < 1s"), ["a 2s 100ms"]);
    assert.equal(only("workload.rate == 'none' and faults.split.kind == 'partition'").length, 8);
  });

  it("that leaves nothing is a mistake", () => {
    assert.deepEqual(
      problemsOf(`${GRID}  where: "r > 3"\n`).flatMap(({ severity, message }) =>
        severity === "error" ? [message] : [],
      ),
      ["sweep.where takes every cell out: (r > 3) holds in none"],
    );
  });
});

describe("hypotheses with a condition", () => {
  it("know their cells, which also --only narrows", () => {
    const text = `${GRID}hypotheses:\n  - {id: H1, text: t, expect: "p_stale > 0 and read_p99_ms < 1s", where: "r == 1"}\n  - {id: H2, text: u}\n`;
    const { hypotheses, cells } = experimentOf(text, { only: ["read_repair=none"] });
    assert.deepEqual(
      hypotheses[0].cells,
      cells.filter(({ axes }) => axes.r === 1).map(({ id }) => id),
    );
    assert.equal(hypotheses[0].cells.length, 3);
    assert.deepEqual(hypotheses[1], { id: "H2", text: "u" });
  });

  it("warn where they select none", () => {
    const text = `${GRID}hypotheses: [{id: H1, text: t, expect: "p_stale > 0", where: "r == 7"}]\n`;
    assert.ok(problemsOf(text).some(({ message }) => message.startsWith("hypotheses.where selects no cell")));
  });
});

describe("objectives", () => {
  it("are kept in the metric's own unit, with the median over repetitions unless said", () => {
    const { objectives } = experimentOf(
      "faults: [{id: split, kind: kill, node: node-1, at: 1s, for: 1s}]\nslos:\n" +
        '  - {id: fast, sli: read_p99_ms, over: {time: measure, outcome: ok}, op: "<=", value: 0.02s}\n' +
        '  - {id: heals, sli: convergence_s, over: {fault: split, keys: max, repetitions: p90}, op: "<=", value: 500ms}\n' +
        '  - {id: fresh, sli: p_stale, op: "<", value: 1%, severity: abort}\n',
    );
    assert.deepEqual(objectives, [
      { id: "fast", metric: "read_p99_ms", repetitions: "median", op: "<=", value: 20, unit: "ms", severity: "fail" },
      {
        ...{ id: "heals", metric: "convergence_s", repetitions: "p90", fault: "split", keys: "max" },
        ...{ op: "<=", value: 0.5, unit: "s", severity: "fail" },
      },
      { id: "fresh", metric: "p_stale", repetitions: "median", op: "<", value: 0.01, unit: "ratio", severity: "abort" },
    ]);
  });

  it("are addressed by their ids in profiles and flags, and a wrong id is told", () => {
    const text =
      'slos: [{id: fast, sli: read_p99_ms, op: "<=", value: 20ms}]\nprofiles: {smoke: {slos.fast: {value: 1s}}}\n';
    assert.equal(experimentOf(text, { profile: "smoke" }).objectives[0].value, 1_000);
    assert.equal(experimentOf(text, { sets: ["slos.fast.value=30ms"] }).objectives[0].value, 30);
    assert.ok(
      problemsOf(text, { sets: ["slos.fsat.value=1ms"] }).some(
        ({ message }) => message === 'slos.fsat.value: there is no objective "fsat"; did you mean "fast"?',
      ),
    );
  });
});

describe("the rest of what a report shows", () => {
  it("is kept with the experiment", () => {
    const experiment = experimentOf(
      "analysis: {pareto: [{minimise: read_p99_ms}, {maximise: throughput_ops_s}], model_overlay: [pbs]}\n" +
        "report: {headline: [p_stale, read_p99_ms], theme: dark}\nbudget: {wall: 10m, disk: 1GB}\nmeasure: {probes: [siblings]}\n",
    );
    assert.deepEqual(experiment.pareto, [
      { goal: "minimise", metric: "read_p99_ms" },
      { goal: "maximise", metric: "throughput_ops_s" },
    ]);
    assert.deepEqual(experiment.report, {
      headline: ["p_stale", "read_p99_ms"],
      theme: "dark",
      probes: ["siblings"],
      modelOverlay: ["pbs"],
    });
    assert.deepEqual(experiment.budget, { wallMs: 600_000, diskBytes: 1e9 });
    assert.deepEqual(experimentOf("report: {theme: light}\n").report, { theme: "light" });
  });

  it("says why no prediction will lie over the charts", () => {
    const apart =
      "cluster: {nodes: 4, zones: {a: 2, b: 2}}\nnetwork: {inter_zone: 5ms, intra_zone: 1ms}\nworld: simulation\n";
    const warned = (text: string): readonly string[] =>
      problemsOf(text).flatMap(({ message }) => (message.startsWith("analysis.model_overlay") ? [message] : []));
    assert.match(warned(`${apart}analysis: {model_overlay: [pbs]}\n`).join(), /no pbs curve is drawn: zones are apart/);
    assert.deepEqual(warned(`${apart}analysis: {model_overlay: none}\n`), []);
    assert.match(
      warned("faults: [{kind: kill, node: node-1, at: 1s, for: 1s}]\nanalysis: {model_overlay: [pbs]}\n").join(),
      /knows no faults/,
    );
  });

  it("keeps windows of messages out of a cell on processes, and out of the address of a trial without them", () => {
    const text = "measure: {raw: {trace_windows: [{from: 1s, to: 2s}, {from: 2s, to: 2500ms}]}}\n";
    const simulated = experimentOf(`world: simulation\nnetwork: {intra_zone: 1ms}\n${text}`).cells[0].measure;
    assert.deepEqual(simulated.traceWindows, [
      { fromMs: 1_000, toMs: 2_000 },
      { fromMs: 2_000, toMs: 2_500 },
    ]);
    const [cell] = experimentOf(text).cells;
    assert.ok(!("traceWindows" in cell.measure));
    assert.ok(cell.warnings.some((warning) => warning.includes("only in world: simulation")));
  });

  it("reads a session's writes back by a probe without delay, and not beside another", () => {
    const share = "workload: {session: {read_your_writes_probe: 5%}";
    assert.deepEqual(experimentOf(`${share}}\n`).cells[0].workload.probe, {
      share: 0.05,
      after: { dist: "constant", valueMs: 0 },
    });
    assert.ok(
      problemsOf(`${share}, probe: {share: 1}}\n`).some(({ message }) =>
        message.startsWith("workload.probe.share cannot stand beside workload.session.read_your_writes_probe"),
      ),
    );
  });
});
