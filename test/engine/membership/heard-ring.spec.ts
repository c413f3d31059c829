/**
 * The ring by hearsay: what is kept of states that were heard, and that a request never claims to be of a newer state than the one
 * it was begun under, however many came since.
 */
import { strict as assert } from "node:assert";
import { HeardRing } from "../../../engine/membership/heard-ring";
import { compareRingIds, NO_RING } from "../../../engine/membership/ring-ids";
import type { RingState } from "../../../engine/messages";
import { RingMaker } from "../../../engine/ring/ring-maker";
import { Random } from "../../../engine/vocabulary/random";
import { settings } from "../sim/settings";

describe("the ring as a client has heard of it", () => {
  const rings = new RingMaker(settings(), Random.fromSeed(1).fork("ring"));
  const state = (version: number): RingState => ({
    id: { version, proposer: 0 },
    phase: "settled",
    plan: rings.first,
    next: undefined,
    former: [],
    without: [],
  });
  const hearing = (): HeardRing => new HeardRing(rings.of(rings.first), rings, true);

  it("takes news alone: nothing as old as what it has, and nothing where membership is fixed", () => {
    const heard = hearing();
    assert.deepEqual([heard.hear(state(2)), heard.hear(state(2)), heard.hear(state(1))], [true, false, false]);
    assert.deepEqual([heard.serial, heard.id.version], [1, 2]);
    const fixed = new HeardRing(rings.of(rings.first), undefined, true);
    assert.deepEqual([fixed.hear(state(2)), fixed.id], [false, NO_RING]);
  });

  it("knows under which state a request was begun, and of one that it has forgotten never tells a newer one", () => {
    const heard = hearing();
    const began: { serial: number; version: number }[] = [{ serial: heard.serial, version: 0 }];
    for (let version = 1; version <= 100; version++) {
      heard.hear(state(version));
      began.push({ serial: heard.serial, version });
    }
    assert.deepEqual(began.slice(-20).map(({ serial }) => heard.idAt(serial).version), began.slice(-20).map(({ version }) => version)); // prettier-ignore
    for (const { serial, version } of began)
      assert.ok(compareRingIds(heard.idAt(serial), { version, proposer: 0 }) <= 0, `begun under ${String(version)}`);
  });
});
