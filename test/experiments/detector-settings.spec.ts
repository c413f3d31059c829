/** What an experiment may say of its failure detector, what becomes of it, and what is told to whoever says too much. */
import assert from "node:assert/strict";
import { DETECTORS } from "../../engine/detectors/detector";
import { tunablesBelow } from "../../engine/vocabulary/tunables";
import { KEYS_OF_DETECTORS } from "../../engine/vocabulary/written-detectors";
import { errorsOf, experimentOf } from "./problems-of";

const detectorOf = (written: string, more = "") =>
  experimentOf(`tunables: {detector: ${written}}\n${more}`).cells[0].cluster.engine.detector;
const warningsOf = (written: string) => experimentOf(`tunables: {detector: ${written}}\n`).cells[0].warnings;

describe("tunables.detector", () => {
  it("has a row for every key that some detector reads, and none that no detector does", () => {
    const rows = tunablesBelow("tunables.detector").map(({ key }) => key.slice("tunables.detector.".length));
    const read = new Set([...KEYS_OF_DETECTORS.values()].flat());
    assert.deepEqual(rows.sort(), ["name", ...read].sort());
  });

  it("makes every detector by its name alone, with what it needs and nothing else", () => {
    for (const name of DETECTORS.keys()) {
      const settings = detectorOf(name, "world: simulation\nworkload: {model: open, rate: 10/s}\n");
      assert.equal(settings.name, name);
      const own = Object.keys(settings).filter((key) => !["name", "heartbeatIntervalMs", "timeoutMs"].includes(key));
      assert.equal(own.length, name === "timeout" || name === "perfect" ? 0 : 1, name);
    }
  });

  it("has the constants of the systems that detectors come from", () => {
    assert.deepEqual(detectorOf("phi-exponential").phiExponential, {
      window: 1_000,
      threshold: 8,
      firstIntervalMs: 2_000,
      maxIntervalMs: 2_000,
      pauseGuardMs: 5_000,
    });
    assert.deepEqual(detectorOf("success-ratio").successRatio, {
      ratio: 0.95,
      minFailures: 30,
      intervalMs: 300_000,
      refusals: 10,
      slowMs: 5_000,
      retryMs: 10_000,
    });
    const swim = {
      probeIntervalMs: 1_000,
      probeTimeoutMs: 500,
      probeOrder: "round-robin",
      probePhase: "random",
      indirectProbes: 3,
      suspicionMult: 4,
      scaling: "memberlist",
      retransmitMult: 4,
      maxUpdates: 6,
      dissemination: "infection",
      rumours: { intervalMs: 200, peers: 3 },
      reconnectMs: 30_000,
      revival: true,
      avoidSuspects: false,
    };
    assert.deepEqual(detectorOf("swim").swim, swim);
    assert.deepEqual(detectorOf("lifeguard").swim, {
      ...swim,
      lifeguard: { maxHealth: 8, nackAt: 0.8, suspicionMaxMult: 6, confirmations: 3, buddy: true },
    });
    assert.deepEqual(detectorOf("link").link, { netTickMs: 60_000 });
    assert.deepEqual(detectorOf("{name: link, net_tick: none}").link, {});
  });

  it("can be the SWIM of the paper", () => {
    const paper =
      "{name: swim, probe_interval: 2s, indirect_probes: 1, probe_order: random, suspicion_mult: 3, retransmit_mult: 3, scaling: paper, " +
      "rumour_interval: none, reconnect_interval: none, revival: false}";
    const { swim } = detectorOf(paper);
    assert.equal(swim?.rumours, undefined);
    assert.equal(swim?.reconnectMs, undefined);
    assert.equal(swim?.revival, false);
    assert.deepEqual(warningsOf(paper), []);
  });

  it("has its long times shortened by time_scale, and its short ones not", () => {
    const { successRatio } = detectorOf("success-ratio", "time_scale: 100\n");
    assert.deepEqual([successRatio?.intervalMs, successRatio?.retryMs, successRatio?.slowMs], [3_000, 100, 5_000]);
    assert.equal(detectorOf("link", "time_scale: 100\n").link?.netTickMs, 600);
    assert.deepEqual(
      [
        detectorOf("swim", "time_scale: 100\n").swim?.reconnectMs,
        detectorOf("swim", "time_scale: 100\n").swim?.probeIntervalMs,
      ],
      [300, 1_000],
    );
  });

  it("warns of a key that the detector does not read, naming who does", () => {
    assert.deepEqual(warningsOf("{name: swim, threshold: 5}"), [
      "tunables.detector.threshold has no effect with tunables.detector.name swim; it belongs to phi-normal, phi-exponential",
    ]);
    assert.deepEqual(warningsOf("{name: chen, threshold: 5, buddy: false}"), [
      "tunables.detector.threshold has no effect with tunables.detector.name chen; it belongs to phi-normal, phi-exponential",
      "tunables.detector.buddy has no effect with tunables.detector.name chen; it belongs to lifeguard",
    ]);
  });

  it("says nothing of what other cells of a sweep need", () => {
    const swept = experimentOf(
      "tunables: {detector: {threshold: 5}}\nsweep: {axes: {tunables.detector.name: [timeout, phi-normal]}}\n",
    );
    assert.deepEqual(swept.warnings, []);
  });

  it("refuses times that contradict each other", () => {
    assert.deepEqual(errorsOf("tunables: {detector: {name: swim, probe_timeout: 1s}}\n"), [
      "1:50 detector.probe_interval (1000 ms) does not exceed detector.probe_timeout (1000 ms): nobody would ever be asked to try in a node's place",
    ]);
    assert.deepEqual(errorsOf("tunables: {detector: {name: chen, timeout: 100ms}}\n").length, 1);
    assert.deepEqual(errorsOf("tunables: {detector: {name: lifeguard, timeout: 100ms}}\n"), [], "not its timeout");
  });

  it("warns of a SWIM whose nodes tell each other nothing", () => {
    assert.match(warningsOf("{name: swim, max_updates: 0}").join(), /no suspect can object/);
    assert.deepEqual(warningsOf("{name: swim, max_updates: 0, dissemination: multicast}"), []);
  });
});
