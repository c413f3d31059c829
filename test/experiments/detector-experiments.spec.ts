/**
 * What the catalogue's experiments about failure detectors say they expect, held by their smoke profiles in virtual time; and that
 * to be watched changes nothing of what happens.
 */
import assert from "node:assert/strict";
import { followedPair } from "../../experiments/detection-watch";
import { planTrials } from "../../experiments/plan";
import { SimulatedTrial } from "../../experiments/simulated-trial";
import { resolveExperiment } from "../../experiments/spec/resolve";
import { catalogueFile } from "../../experiments/catalogue";
import { readFileSync } from "node:fs";
import type { DetectionEvent } from "../../results/record/detection";
import { smoke, valueOf } from "./smoke-cells";

describe("experiments about failure detectors (long)", function () {
  this.timeout(120_000);

  it("detectors: calm weather makes no mistake, bursts do; patience is paid for in time; the asked-first are slowest", async () => {
    const cells = await smoke("detectors");
    const at = (metric: string, weather: string, detector: string): number =>
      valueOf(cells, metric, { "tags.weather": weather, "tags.detector": detector });
    for (const detector of ["timeout 1.0s", "phi-normal 3", "lifeguard"]) {
      assert.equal(at("fd_mistake_rate", "steady", detector), 0, detector);
      assert.equal(at("fd_undetected_crashes", "steady", detector), 0, detector);
    }
    assert.ok(at("fd_mistake_rate", "bursts of loss", "phi-normal 3") > 0);
    assert.ok(at("fd_query_accuracy", "bursts of loss", "phi-normal 3") < 1);
    const time = (detector: string): number => at("fd_detection_ms", "steady", detector);
    assert.ok(time("phi-normal 3") < time("timeout 1.0s") && time("timeout 1.0s") < time("lifeguard"));
    // From the last heartbeat on, which was sent up to an interval of 200 ms before the end.
    assert.ok(time("timeout 1.0s") > 790 && time("timeout 1.0s") < 1_010, String(time("timeout 1.0s")));
    assert.ok(at("fd_pause_suspicions", "pauses", "timeout 1.0s") > 0);
    // Who stood still is not well any more, and nobody else errs.
    assert.ok(at("fd_false_positives", "pauses", "timeout 1.0s") > 0);
    assert.equal(at("fd_false_positives_healthy", "pauses", "timeout 1.0s"), 0);
    for (const { output } of cells) assert.equal(output.figures.detection!.dropped, 0);
  });

  it("gc-pause: the guard keeps who wakes from convicting others, and no crash from being found out", async () => {
    const cells = await smoke("gc-pause");
    const at = (metric: string, guard: string, threshold: number): number =>
      valueOf(cells, metric, { "tunables.detector.pause_guard": guard, "tunables.detector.threshold": threshold });
    assert.ok(at("fd_false_positives", "none", 1) > 0);
    assert.equal(at("fd_false_positives", "5s", 1), 0);
    assert.ok(at("fd_pause_suspicions", "5s", 1) > 0, "the guard is of the observer's own pause");
    const [low, high] = [at("fd_detection_ms", "5s", 1), at("fd_detection_ms", "5s", 2)];
    // 2.3 mean intervals of a second for each step of phi.
    assert.ok(high - low > 1_700 && high - low < 2_900, `${String(low)} to ${String(high)}`);
  });

  it("are watched without a trace: the same events happen when nobody looks", () => {
    const path = catalogueFile("detectors");
    const resolved = resolveExperiment({ path, text: readFileSync(path, "utf8"), profile: "smoke", sets: [] });
    assert.ok(resolved.ok);
    const trial = planTrials(resolved.experiment, "")[0];
    const nothing = { begun: () => undefined, record: () => undefined, snapshot: () => undefined };
    const digest = (of: SimulatedTrial): string => {
      while (!of.over) of.advance(100_000);
      return of.cluster.digest.hex();
    };
    const events: DetectionEvent[] = [];
    const watched = digest(new SimulatedTrial(trial, { ...nothing, detection: (event) => events.push(event) }));
    assert.equal(watched, digest(new SimulatedTrial(trial, nothing)));
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of ["nodes", "node", "opinion", "level", "scale", "end"] as const) assert.ok(kinds.has(kind), kind);
    assert.equal(events.filter(({ kind }) => kind === "end").length, 1);
  });

  it("follow a pair of a node that is struck and one that is not", () => {
    const members = ["a", "b", "c"].map((id) => ({ id, zone: "z", weight: 1 }));
    const kill = (node: string) => ({
      id: node,
      atMs: 0,
      forMs: 1_000,
      action: { kind: "kill" as const, nodes: [node], disk: "keep" as const },
    });
    assert.deepEqual(followedPair([kill("a"), kill("b")], members), { observer: 2, subject: 0 });
    assert.deepEqual(followedPair([], members), { observer: 0, subject: 1 });
  });
});
