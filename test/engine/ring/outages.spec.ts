/** Failures over real rings against the closed form, and against cases whose answer is plain. */
import assert from "node:assert/strict";
import { type OutageSettings, simulateOutages } from "../../../engine/ring/outages";
import { Ring } from "../../../engine/ring/ring";
import { Random } from "../../../engine/vocabulary/random";
import type { MemberSettings, RingSettings } from "../../../engine/vocabulary/settings";
import { NETFLIX_2018, predictOutages } from "../../../results/predictions/outages";

const SETTINGS: RingSettings = {
  strategy: "random-tokens",
  partitions: 64,
  vnodesPerNode: 16,
  hash: "murmur3",
  distinctHosts: "walk",
  spread: "zones",
};
const nodes = (count: number): MemberSettings[] =>
  Array.from({ length: count }, (_, i) => ({ id: `node-${i + 1}`, zone: `zone-${i % 3}`, weight: 1 }));
const { bytesPerNode, inBytesPerSecond, outBytesPerSecond, failuresPerCentury } = NETFLIX_2018;
const failing: OutageSettings = {
  ...{ bytesPerNode, inBytesPerSecond, outBytesPerSecond, failuresPerCentury },
  centuries: 10,
  acceleration: 10,
};

describe("failures over a ring", () => {
  it("take the quorum as often as the closed form says, within a tenth", () => {
    for (const vnodesPerNode of [8, 64]) {
      const random = Random.fromSeed(`outages ${vnodesPerNode}`);
      const ring = Ring.build({ ...SETTINGS, vnodesPerNode }, nodes(96), random.fork("ring"));
      const { perCentury, counted } = simulateOutages(ring, 3, { ...failing, centuries: 30 }, random.fork("failures"));
      const { outagesPerCentury } = predictOutages({ ...NETFLIX_2018, vnodesPerNode });
      assert.ok(counted > 2_000);
      assert.ok(Math.abs(perCentury / outagesPerCentury - 1) < 0.1, `${perCentury} for ${outagesPerCentury}`);
    }
  });

  it("are as many as the rate says, but for those of nodes already down", () => {
    const random = Random.fromSeed("rate");
    const ring = Ring.build(SETTINGS, nodes(30), random);
    const { failures } = simulateOutages(ring, 3, failing, random);
    assert.ok(Math.abs(failures / (30 * 25 * 10 * 10) - 1) < 0.02, String(failures));
  });

  it("take nothing where one copy may always be missing and a rebuild takes no time", () => {
    const random = Random.fromSeed("none");
    const ring = Ring.build(SETTINGS, nodes(30), random);
    assert.equal(simulateOutages(ring, 3, { ...failing, bytesPerNode: 1e-6 }, random).counted, 0);
  });

  it("each take a key where there is one copy of it", () => {
    const random = Random.fromSeed("one");
    const ring = Ring.build(SETTINGS, nodes(30), random);
    const { failures, counted } = simulateOutages(ring, 1, { ...failing, centuries: 1 }, random);
    assert.equal(counted, failures);
  });

  it("are the same for the same stream", () => {
    const once = (): unknown => {
      const random = Random.fromSeed("again");
      return simulateOutages(Ring.build(SETTINGS, nodes(12), random), 3, { ...failing, centuries: 1 }, random);
    };
    assert.deepEqual(once(), once());
  });
});
