/**
 * The catalogue's experiments on SWIM, Lifeguard and flooding: that the values they call analytic are those of the formulas, and that
 * their smoke profiles show in seconds what the whole experiments measure.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { catalogueFile } from "../../experiments/catalogue";
import { resolveExperiment } from "../../experiments/spec/resolve";
import type { PublishedValue } from "../../results/record/run-folder";
import { smoke, valueOf } from "./smoke-cells";

const PERIOD_S = 2;

/** SWIM, section 3.1: mean periods until the first of n - 1 others, each probing one of n - 1, meets a dead member. */
function firstDetection(n: number): number {
  const others = n - 1;
  return 1 / (1 - (1 - 1 / others) ** others);
}

/** SWIM, section 3.3, with no faulty members: that a probe and its k relays fail, each leg being delivered with chance q. */
function falseDetection(q: number, k: number): number {
  return (1 - q ** 2) * (1 - q ** 4) ** k;
}

/** SWIM, section 4.3: periods until each member has found out by itself, in rounds. */
function roundsBound(n: number): number {
  return 2 * n - 1;
}

function publishedIn(name: string): readonly PublishedValue[] {
  const path = catalogueFile(name);
  const resolved = resolveExperiment({ path, text: readFileSync(path, "utf8") });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  return resolved.experiment.published;
}

function close(actual: number, expected: number, what: string, tolerance = 0.001): void {
  assert.ok(Math.abs(actual / expected - 1) <= tolerance, `${what}: ${String(actual)} instead of ${String(expected)}`);
}

describe("values that experiments call analytic", () => {
  it("are those of SWIM's formulas", () => {
    for (const [n, periods] of [
      [2, 1],
      [3, 4 / 3],
      [8, 1.515],
      [1e6, 1.582],
    ])
      close(firstDetection(n), periods, `first detection of ${String(n)}`);
    for (const [q, k, chance] of [
      [1, 1, 0],
      [0, 3, 1],
      [0.9, 1, 0.06534],
      [0.99, 3, 1.217e-6],
    ])
      assert.ok(Math.abs(falseDetection(q, k) - chance) <= 0.001 * chance, `${String(q)} ${String(k)}`);
    const scale = publishedIn("swim-scale").filter(({ where }) => "nodes" in where);
    assert.equal(scale.length, 5);
    for (const { where, value } of scale)
      close(value, 1_000 * PERIOD_S * firstDetection(Number(where["nodes"])), `${String(where["nodes"])} nodes`);
    const accuracy = publishedIn("swim-accuracy");
    assert.equal(accuracy.length, 9);
    for (const { where, value } of accuracy) {
      const q = Number(String(where["tags.delivered"]).replace("%", "")) / 100;
      close(value, falseDetection(q, Number(where["tags.relays"])) / 19 / PERIOD_S, JSON.stringify(where));
    }
    for (const { where, value } of publishedIn("swim-bound"))
      assert.equal(value, 1_000 * PERIOD_S * roundsBound(Number(where["cluster.nodes"])));
  });
});

describe("experiments on SWIM and what is like it", function () {
  this.timeout(120_000);

  it("swim-scale: two messages a period; crashes are found out in a period or a few", async () => {
    const cells = await smoke("swim-scale");
    for (const nodes of [8, 28]) {
      assert.equal(valueOf(cells, "detector_messages_per_node_s", { "cluster.nodes": nodes, "tags.fault": "none" }), 1);
      const first = valueOf(cells, "fd_first_detection_mean_ms", { "cluster.nodes": nodes, "tags.fault": "crashes" });
      assert.ok(first >= 2_000 && first < 8_000, String(first));
    }
  });

  it("swim-accuracy: mistakes are as frequent as the formula says", async () => {
    const cells = await smoke("swim-accuracy");
    for (const q of [0.9, 0.95]) {
      const rate = valueOf(cells, "fd_mistake_rate", { "tags.delivered": `${String(100 * q)}%` });
      close(rate, falseDetection(q, 1) / 19 / PERIOD_S, `q ${String(q)}`, 0.2);
    }
  });

  it("swim-membership: suspicion saves most of the group", async () => {
    const cells = await smoke("swim-membership");
    const left = (protocol: string): number[] =>
      cells
        .filter(({ axes }) => axes["tags.protocol"] === protocol)
        .map(({ output }) => output.metrics["fd_trusted_final"].value!);
    assert.ok(Math.min(...left("infection and suspicion")) > 12);
    assert.ok(Math.max(...left("infection"), ...left("basic")) < 6);
  });

  it("swim-bound: no member takes longer than 2N - 1 periods in rounds", async () => {
    const cells = await smoke("swim-bound");
    const longest = valueOf(cells, "fd_detection_max_ms", { "tags.order": "rounds" });
    assert.ok(longest <= 22_000 && longest > 12_000, String(longest));
    assert.equal(valueOf(cells, "fd_undetected_crashes", { "tags.order": "rounds" }), 0);
  });

  it("lifeguard: of SWIM's false positives hardly any are left", async () => {
    const cells = await smoke("lifeguard");
    const at = (metric: string, configuration: string): number =>
      valueOf(cells, metric, { "tags.configuration": configuration });
    assert.ok(at("fd_false_positives_of_healthy", "SWIM") > 300);
    for (const metric of ["fd_false_positives_of_healthy", "fd_false_positives_among_healthy"])
      assert.ok(at(metric, "Lifeguard") <= 0.05 * at(metric, "SWIM"));
  });

  it("lifeguard-detection and -tuning: alpha 2 is half as patient, and still more right than SWIM", async () => {
    const detection = await smoke("lifeguard-detection");
    const took = (configuration: string): number =>
      valueOf(detection, "fd_pause_first_detection_ms", { "tags.configuration": configuration });
    const share = took("alpha 2 beta 6") / took("SWIM");
    assert.ok(share > 0.45 && share < 0.65, String(share));
    const tuning = await smoke("lifeguard-tuning");
    const wrong = (configuration: string): number =>
      valueOf(tuning, "fd_false_positives_of_healthy", { "tags.configuration": configuration });
    assert.ok(wrong("alpha 2 beta 2") > 0 && wrong("alpha 2 beta 2") < wrong("SWIM"));
  });

  it("gossip-spread: the longest latency is the longest way, and messages are those of the graph", async () => {
    const cells = await smoke("gossip-spread");
    const hops = { line: 24, tree: 5, complete: 1 } as const;
    for (const [topology, longest] of Object.entries(hops)) {
      const where = { "measure.flooding.topology": topology };
      const hop = topology === "line" ? 10 : 100;
      const most = valueOf(cells, "flood_stable_max_ms", where);
      assert.ok(most <= longest * hop && most > 0.85 * longest * hop, `${topology}: ${String(most)}`);
      assert.equal(valueOf(cells, "flood_missing", where), 0);
    }
    close(valueOf(cells, "flood_messages_per_op", { "measure.flooding.topology": "complete" }), 288, "complete", 0.12);
  });
});
