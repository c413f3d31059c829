/** What a right experiment becomes: settings, cells, names, origins; and who wins when several say something. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { catalogueFolder } from "../../experiments/catalogue";
import { errorsOf, experimentOf, PATH, problemsOf } from "./problems-of";

const only = (text: string, rest = {}) => experimentOf(text, rest).cells[0];

describe("a resolved experiment", () => {
  it("has every default where nothing is said", () => {
    const experiment = experimentOf("name: nothing\n");
    const [cell] = experiment.cells;
    assert.equal(experiment.cells.length, 1);
    assert.equal(cell.id, "base");
    assert.equal(experiment.profile, "default");
    assert.equal(experiment.repetitions, 6);
    assert.deepEqual(cell.cluster.engine, {
      nVal: 3,
      r: "quorum",
      w: "quorum",
      pr: 0,
      pw: 0,
      dw: "one",
      notfoundOk: true,
      basicQuorum: false,
      coordinator: "replica",
      clock: "dvvset",
      sloppyQuorum: true,
      standIn: "fallback",
      hint: { windowMs: 10_800_000, rateBytesPerSecond: 1_048_576, batch: 100, idleMs: 1000, concurrency: 2 },
      maxSiblings: 100,
      readRepair: "async",
      readTimeoutMs: 1000,
      writeTimeoutMs: 1000,
      admission: 10_000,
      detector: { name: "timeout", heartbeatIntervalMs: 250, timeoutMs: 2000 },
    });
    assert.deepEqual(cell.cluster.network, { loss: 0 });
    assert.deepEqual(
      cell.cluster.members.map((member) => member.id),
      ["node-1", "node-2", "node-3", "node-4", "node-5"],
    );
    assert.equal(cell.resolved["tunables.timeout.read"], "1s");
    assert.equal(experiment.origins["tunables.r"].from, "default");
  });

  it("says of reads what has an effect, and tells whoever asked for what has none", () => {
    const reads = (tunables: string): { settings: object; told: readonly string[] } => {
      const { cells, warnings } = experimentOf(`tunables: {${tunables}}\n`);
      const { readRepair, readRepairChance, digestReads, readFanout, speculativeRetry } = cells[0].cluster.engine;
      const given = Object.entries({ readRepair, readRepairChance, digestReads, readFanout, speculativeRetry });
      return {
        settings: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
        told: warnings.map(({ message }) => message).filter((message) => message.includes("has no effect")),
      };
    };
    assert.deepEqual(reads("read_fanout: quorum, speculative_retry: p99, digest_reads: true, read_repair: blocking"), {
      settings: { readRepair: "blocking", digestReads: true, readFanout: "quorum", speculativeRetry: "p99" },
      told: [],
    });
    assert.deepEqual(reads("read_fanout: quorum, speculative_retry: 2.5ms, read_repair_chance: 10%"), {
      settings: {
        readRepair: "async",
        readRepairChance: 0.1,
        readFanout: "quorum",
        speculativeRetry: { afterMs: 2.5 },
      },
      told: [],
    });
    assert.deepEqual(reads("read_repair: none, read_repair_chance: 0.5").told, []);
    for (const [tunables, told] of [
      ["speculative_retry: always", "speculative_retry has no effect: with tunables.read_fanout all every replica"],
      ["speculative_retry: p99, read_fanout: quorum, r: 2, pr: 3", "speculative_retry has no effect: all 3 replicas"],
      ["read_fanout: quorum, r: all", "read_fanout has no effect: all 3 replicas must answer"],
      ["read_fanout: quorum, r: 1, digest_reads: true", "digest_reads has no effect: a read is sent to one replica"],
      ["read_repair_chance: 1%", "read_repair_chance has no effect: every read is sent to all N"],
      ["read_fanout: quorum, r: 1, read_repair: async", "read_repair has no effect: a read is sent to one replica"],
      ["r: 1, read_repair: blocking", "read_repair has no effect: one replica is enough"],
    ] as const) {
      assert.ok(
        reads(tunables).told.some((message) => message.startsWith(`tunables.${told}`)),
        `${tunables}: ${reads(tunables).told.join("; ")}`,
      );
    }
  });

  it("takes its name from the file where it has none", () => {
    assert.equal(experimentOf("seed: 3\n").name, "try");
  });

  it("reads quantities in their units", () => {
    const cell = only(
      "network: {intra_zone: {dist: exponential, mean: 250us}, client: 0.2ms, loss: 1.5%}\n" +
        "phases: {warmup: 0s, measure: 1.5m, drain: 1h}\n" +
        "workload: {model: open, rate: 30000/min, value_size: {dist: uniform, min: 10B, max: 1KiB}}\n",
    );
    assert.deepEqual(cell.cluster.network, {
      intraZone: { dist: "exponential", meanMs: 0.25, shiftMs: 0 },
      client: { dist: "constant", valueMs: 0.2 },
      loss: 0.015,
    });
    assert.deepEqual(cell.phases, { warmupMs: 0, measureMs: 90_000, drainMs: 3_600_000 });
    assert.equal(cell.workload.load.model === "open" && cell.workload.load.ratePerSecond, 500);
    assert.deepEqual(cell.workload.records.fieldLength, { dist: "uniform", minBytes: 10, maxBytes: 1024 });
  });

  it("numbers nodes through the zones and gives weights", () => {
    const { cluster } = only("cluster: {zones: {b: 2, a: 1}, weights: {node-3: 0.5}}\n");
    assert.deepEqual(cluster.members, [
      { id: "node-1", zone: "b", weight: 1 },
      { id: "node-2", zone: "b", weight: 1 },
      { id: "node-3", zone: "a", weight: 0.5 },
    ]);
  });

  it("sets kinds that a given mix leaves out to 0", () => {
    const { mix } = only("workload: {mix: {read: 3, blind_write: 1}}\n").workload;
    assert.deepEqual(mix, { read: 3, update: 0, insert: 0, scan: 0, rmw: 0, delete: 0, blindWrite: 1, multiGet: 0 });
  });

  it("knows popularities by name, by shorthand and with parameters", () => {
    const chooser = (written: string) => only(`workload: {keys: {popularity: ${written}}}`).workload.records.chooser;
    assert.deepEqual(chooser("zipfian"), { name: "zipfian" });
    assert.deepEqual(chooser("zipf(0.8)"), { name: "zipf", theta: 0.8 });
    assert.deepEqual(chooser("{dist: zipf}"), { name: "zipf", theta: 0.99 });
    assert.deepEqual(chooser("{dist: hotspot, data_fraction: 10%}"), {
      name: "hotspot",
      dataFraction: 0.1,
      operationFraction: 0.8,
    });
  });

  it("takes records and mix from a YCSB file and the load from the experiment", () => {
    const { workload } = only(
      "workload: {ycsb: B, properties: {recordcount: 77}, model: open, rate: 9/s, context: none}\n",
    );
    assert.equal(workload.name, "YCSB B");
    assert.equal(workload.mix.read, 0.95);
    assert.equal(workload.records.recordCount, 77);
    assert.deepEqual(workload.load, { model: "open", clients: 8, ratePerSecond: 9, arrivals: "constant" });
    assert.equal(workload.context, "none");
    assert.ok(workload.notes.includes("properties overridden: recordcount=77"));
  });

  it("takes clients and target from YCSB properties unless the experiment has its own", () => {
    const load = (more: string) =>
      only(`workload: {ycsb: a, properties: {threadcount: 3, target: 50}${more}}`).workload.load;
    assert.deepEqual(load(""), { model: "closed", clients: 3, think: undefined, targetPerSecond: 50 });
    assert.deepEqual(load(", clients: 5"), { model: "closed", clients: 5, think: undefined, targetPerSecond: 50 });
  });

  it("lets divergence_scan be switched off and a detector be named by a word", () => {
    const cell = only("measure: {divergence_scan: none}\ntunables: {detector: timeout}\n");
    assert.equal(cell.measure.divergenceScan, undefined);
    assert.equal(cell.cluster.engine.detector.name, "timeout");
    assert.deepEqual(only("tunables: {detector: phi-normal}\n").cluster.engine.detector, {
      name: "phi-normal",
      heartbeatIntervalMs: 250,
      timeoutMs: 2_000,
      phiNormal: { window: 1_000, threshold: 8, minDeviationMs: 100, acceptablePauseMs: 3_000 },
    });
  });

  it("reads how much history to keep", () => {
    const kept = (written: string) => only(`measure: {raw: {history: "${written}"}}`).measure.rawHistory;
    assert.deepEqual(kept("keys:5%"), { kind: "keys", fraction: 0.05 });
    assert.deepEqual(kept("keys:0.5"), { kind: "keys", fraction: 0.5 });
    assert.deepEqual(kept("all"), { kind: "all" });
  });

  it("carries a weak choice as a warning of the cell and of the experiment", () => {
    const experiment = experimentOf("tunables: {r: 1, w: 2}\n");
    const message = "r + w = 3 does not exceed n_val = 3 (r 1, w 2): a read may miss the latest acknowledged write";
    assert.deepEqual(experiment.cells[0].warnings, [message]);
    assert.deepEqual(experiment.warnings, [{ file: PATH, line: 1, column: 15, severity: "warning", message }]);
  });

  it("warns of a key without effect", () => {
    assert.match(problemsOf("ring: {vnodes_per_node: 4}\n")[0].message, /^ring.vnodes_per_node has no effect/);
    assert.match(problemsOf("cluster: {sync: never}\n")[0].message, /^cluster.sync has no effect/);
    assert.match(problemsOf("network: {inter_zone: 5ms}\n")[0].message, /^network.inter_zone has no effect/);
  });

  it("keeps what says why", () => {
    const experiment = experimentOf(
      "title: T\nquestion: >\n  why\n  not\nhypotheses: [{id: H1, text: yes it is}]\ntags: {course: 6}\ncitations: [a]\n" +
        "published: [{metric: p_stale, where: {r: 1}, value: 2.6%, source: a paper, tolerance: 0.01}, {metric: p_stale, value: 0.5, source: a book, within: 0.005}]\nanalysis: {noise_floor: 5%, alpha: 0.01}\n",
    );
    assert.equal(experiment.title, "T");
    assert.equal(experiment.question, "why not");
    assert.deepEqual(experiment.hypotheses, [{ id: "H1", text: "yes it is" }]);
    assert.deepEqual(experiment.tags, { course: "6" });
    assert.deepEqual(experiment.published, [
      { metric: "p_stale", where: { r: 1 }, value: 0.026, source: "a paper", tolerance: 0.01 },
      { metric: "p_stale", where: {}, value: 0.5, source: "a book", tolerance: 0.01, within: 0.005 },
    ]);
    assert.deepEqual(experiment.analysis, { noiseFloor: 0.05, alpha: 0.01 });
  });
});

describe("a sweep", () => {
  it("multiplies lists as a grid, the last axis fastest", () => {
    const experiment = experimentOf("sweep: {axes: {r: [1, 3], clock: [vv-server, dvvset]}}\n");
    assert.deepEqual(
      experiment.cells.map((cell) => cell.id),
      ["r1-vv-server", "r1-dvvset", "r3-vv-server", "r3-dvvset"],
    );
    assert.deepEqual(experiment.axisKeys, ["r", "clock"]);
    assert.deepEqual(experiment.cells[2].axes, { r: 3, clock: "vv-server" });
    assert.equal(experiment.cells[2].cluster.engine.r, 3);
    assert.equal(experiment.origins["tunables.r"].from, "axis");
  });

  it("runs zipped lists in step, beside other axes", () => {
    const experiment = experimentOf("sweep: {axes: {q: {zip: {r: [1, 2], w: [3, 2]}}, notfound_ok: [true, false]}}\n");
    assert.deepEqual(
      experiment.cells.map((cell) => [cell.cluster.engine.r, cell.cluster.engine.w, cell.cluster.engine.notfoundOk]),
      [
        [1, 3, true],
        [1, 3, false],
        [2, 2, true],
        [2, 2, false],
      ],
    );
    assert.equal(experiment.cells[0].id, "r1-w3-notfound_ok-true");
  });

  it("names cells by the tag of a zip group, which stands for what goes with it", () => {
    const zipped = (tags: string): string =>
      `world: simulation\nsweep: {axes: {r: [1, 2], d: {zip: {tags.delay: ${tags}, network.wars.w: [{dist: exponential, mean: 1ms}, 2ms]}}}}\n`;
    const experiment = experimentOf(zipped("[short, long]"));
    assert.deepEqual(experiment.axisKeys, ["r", "tags.delay"]);
    const [, second] = experiment.cells;
    assert.equal(second.id, "r1-delay-long");
    assert.deepEqual(second.axes, { r: 1, "tags.delay": "long" });
    assert.equal(second.resolved["network.wars.w"], "2ms");
    assert.equal(experiment.origins["network.wars.w"].from, "axis");
    // It stays an axis for conditions.
    assert.equal(experimentOf(zipped("[short, long]"), { only: ["network.wars.w=2ms"] }).cells.length, 2);
    // A tag that does not tell them apart cannot stand for them.
    assert.deepEqual(experimentOf(zipped("[same, same]")).axisKeys, ["r", "tags.delay", "network.wars.w"]);
  });

  it("spreads ranges by step and by factor, keeping units", () => {
    const values = (range: string, key: string) =>
      experimentOf(`workload: {model: open, rate: 1/s}\nsweep: {axes: {${key}: {range: ${range}}}}`).cells.map(
        (cell) => cell.axes[key],
      );
    assert.deepEqual(values("{from: 1, to: 64, factor: 4}", "max_siblings"), [1, 4, 16, 64]);
    assert.deepEqual(values("{from: 0.1, to: 0.35, step: 0.1}", "network.loss"), [0.1, 0.2, 0.3]);
    assert.deepEqual(values("{from: 100/s, to: 400/s, factor: 2}", "workload.rate"), ["100/s", "200/s", "400/s"]);
    assert.deepEqual(errorsOf("sweep: {axes: {r: {range: {from: 3, to: 1, step: 1}}}}"), [
      "1:27 the range of axis r ends before it begins",
    ]);
    assert.deepEqual(errorsOf("sweep: {axes: {r: {range: {from: 1, to: 2}}}}"), [
      "1:27 the range of axis r needs either step or factor",
    ]);
  });

  it("varies parts of values and dotted keys", () => {
    const experiment = experimentOf(
      "network: {intra_zone: {dist: exponential, mean: 1ms}}\nsweep: {axes: {network.intra_zone.mean: [2ms, 4ms], cluster.weights.node-1: [2]}}\n",
    );
    assert.deepEqual(
      experiment.cells.map((cell) => cell.cluster.network.intraZone),
      [
        { dist: "exponential", meanMs: 2, shiftMs: 0 },
        { dist: "exponential", meanMs: 4, shiftMs: 0 },
      ],
    );
    assert.equal(experiment.cells[0].cluster.members[0].weight, 2);
  });

  it("takes exclusions out and finds the baseline", () => {
    const experiment = experimentOf(
      "sweep:\n  axes: {r: [1, 2], w: [1, 2]}\n  exclude: [{r: 1, w: 1}, {r: 2, w: 1}]\n  baseline: {w: 2, r: 2}\n",
    );
    assert.deepEqual(
      experiment.cells.map((cell) => cell.id),
      ["r1-w2", "r2-w2"],
    );
    assert.equal(experiment.baseline, "r2-w2");
  });

  it("knows cells that differ in a label alone", () => {
    const experiment = experimentOf("sweep: {axes: {tags.arm: [a, b]}, baseline: {tags.arm: a}}\n");
    assert.deepEqual(
      experiment.cells.map((cell) => [cell.id, cell.axes["tags.arm"], cell.resolved["tags.arm"]]),
      [
        ["arm-a", "a", "a"],
        ["arm-b", "b", "b"],
      ],
    );
  });

  it("gives cells names that are unique and safe as files", () => {
    const experiment = experimentOf(
      'sweep: {axes: {workload.ycsb: [a, ycsb/workloada], network.loss: ["1%", 0.02], ring.hash: [md5]}}\n',
      { path: join(catalogueFolder(), "try.yaml") },
    );
    const ids = experiment.cells.map((cell) => cell.id);
    assert.equal(new Set(ids.map((id) => id.toLowerCase())).size, 4);
    for (const id of ids) assert.match(id, /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/);
  });

  it("writes keys out only where two names would be the same", () => {
    const ids = experimentOf(
      "sweep: {axes: {notfound_ok: [true], coordinator: [replica, any], workload.routing: [any, token-aware]}}",
    ).cells.map((cell) => cell.id);
    assert.equal(new Set(ids).size, 4);
    assert.deepEqual(ids[0], "notfound_ok-true-replica-routing-any");
  });

  it("keeps only the cells that are asked for, under the same names", () => {
    const text = "sweep: {axes: {r: [1, 2], clock: [vv-server, dvvset]}, baseline: {r: 1, clock: dvvset}}\n";
    const ids = (...conditions: string[]) => experimentOf(text, { only: conditions }).cells.map((cell) => cell.id);
    assert.deepEqual(ids("r=1"), ["r1-vv-server", "r1-dvvset"]);
    assert.deepEqual(ids("r=1", "clock == dvvset"), ["r1-dvvset"]);
    assert.deepEqual(ids("r=2 and clock='dvvset'"), ["r2-dvvset"]);
    assert.equal(experimentOf(text, { only: ["r=2"] }).baseline, undefined);
    assert.deepEqual(errorsOf(text, { only: ["w=1"] }), ['--only w=1 "w" is no axis; axes: r, clock']);
    assert.deepEqual(errorsOf(text, { only: ["r=9"] }), ["--only r=9 no cell meets this condition"]);
    assert.deepEqual(errorsOf(text, { only: ["r"] }), ['--only r "r" is no axis=value, such as --only r=1']);
  });
});

describe("precedence", () => {
  const TEXT =
    "tunables: {r: 1, timeout: {read: 100ms, write: 200ms}}\nnetwork: {intra_zone: {dist: exponential, mean: 3ms}}\n" +
    "profiles:\n  smoke: {tunables: {r: 2}, tunables.timeout: {read: 300ms}, network.intra_zone: {dist: constant, value: 1ms}}\n";

  it("is flag, then profile, then file, then default", () => {
    const engine = (rest: object) => only(TEXT, rest).cluster.engine;
    assert.equal(only("name: a").cluster.engine.r, "quorum");
    assert.equal(engine({}).r, 1);
    assert.equal(engine({ profile: "smoke" }).r, 2);
    assert.equal(engine({ profile: "smoke", sets: ["r=3"] }).r, 3);
    const { origins } = experimentOf(TEXT, { profile: "smoke", sets: ["w=all"], seed: 5 });
    assert.deepEqual(
      ["tunables.r", "tunables.w", "tunables.timeout.write", "tunables.n_val", "seed"].map((key) => origins[key].from),
      ["profile", "set", "file", "default", "set"],
    );
  });

  it("merges maps key by key and replaces distributions whole", () => {
    const { cluster } = only(TEXT, { profile: "smoke" });
    assert.equal(cluster.engine.readTimeoutMs, 300);
    assert.equal(cluster.engine.writeTimeoutMs, 200);
    assert.deepEqual(cluster.network.intraZone, { dist: "constant", valueMs: 1 });
  });

  it("replaces axes and baseline, and takes keys away with an empty value", () => {
    const text =
      "sweep: {axes: {q: {zip: {r: [1, 2], w: [2, 2]}}, ring.vnodes_per_node: [1, 2]}, baseline: {r: 1, ring.vnodes_per_node: 1}}\n" +
      "ring: {strategy: random-tokens}\n" +
      "profiles:\n  one: {sweep.axes.ring.vnodes_per_node: [8], sweep.baseline: {r: 2}}\n  flat: {sweep: }\n  zip: {sweep.axes.q.zip.w: [3, 3]}\n";
    const one = experimentOf(text, { profile: "one" });
    assert.deepEqual(
      one.cells.map((cell) => cell.id),
      ["r1-w2-t8", "r2-w2-t8"],
    );
    assert.equal(one.baseline, "r2-w2-t8");
    assert.equal(experimentOf(text, { profile: "flat" }).cells.length, 1);
    assert.equal(experimentOf(text, { profile: "zip" }).cells[0].cluster.engine.w, 3);
  });

  it("reads flags as YAML, by short and by full name", () => {
    const { cells, seed } = experimentOf("name: a", {
      sets: ["tunables.r=one", "timeout={read: 7ms}", "workload.mix={read: 1}", "seed=9", "sweep.axes.w=[1, 2]"],
    });
    assert.equal(seed, 9);
    assert.equal(cells.length, 2);
    assert.equal(cells[0].cluster.engine.readTimeoutMs, 7);
    assert.equal(cells[0].workload.mix.update, 0);
  });

  it("tells wrong flags and profiles by name", () => {
    assert.deepEqual(
      errorsOf("name: a", { sets: ["r", "tunabels.r=1", "clok=dvvset", "presets=1", "r=7"], profile: "smoke" }),
      [
        '--profile no profile "smoke"; the file has none',
        '-S clok=dvvset unknown key "clok"; did you mean "clock"?',
        "-S presets=1 presets is not supported by this version yet",
        "-S r is no key=value, such as -S r=2 or -S workload.rate=500/s",
        "-S r=7 r is 7 but n_val is 3; allowed: at most 3, or one, quorum, all",
        '-S tunabels.r=1 unknown key "tunabels.r" at the top of the file; did you mean "tunables"?',
      ],
    );
  });

  it("shows how several values are written where a flag takes one", () => {
    for (const [set, axis] of [
      ["tunables.clock=[dvvset, lww]", "tunables.clock"],
      ["target=[engine, engine-http]", "target"],
    ] as const)
      assert.deepEqual(errorsOf("world: processes", { sets: [set] }), [
        `-S ${set} ${axis} takes one value; several are an axis: -S 'sweep.axes.${set}'`,
      ]);
  });

  it("refuses a flag that the sweep would override in silence", () => {
    assert.match(errorsOf("sweep: {axes: {r: [1, 2]}}", { sets: ["r=2"] })[0], /^-S r=2 r is an axis of the sweep/);
  });
});
