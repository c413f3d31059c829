/**
 * What must reach those who stay, or outlive the process, though nothing seems to be wrong without: that a leaver is gone,
 * whom it would otherwise be waited for for ever; and that a node was removed, which by a next life would be listened to again.
 */
import { strict as assert } from "node:assert";
import { Membership } from "../../../engine/membership/membership";
import { Random } from "../../../engine/vocabulary/random";
import { MEMBERSHIP, MovingStore } from "./moving-store";

const SECOND = 1_000_000;
const DISK = { kind: "lmdb", sync: "each" } as const;

describe("what is said for the last time", () => {
  it("is told to those who stay and are up, and not to others that leave as well", () => {
    const told: number[] = [];
    const notes: string[] = [];
    const ring = { id: { version: 4, proposer: 0 }, phase: "settled", plan: { members: [4, 5] }, next: undefined, former: [0, 1, 2, 3], without: [] } as const; // prettier-ignore
    const leaver = new Membership(
      {
        self: 0,
        universe: 6,
        epoch: 1,
        settings: MEMBERSHIP,
        first: { members: [0, 1, 2, 3, 4, 5] },
        remembered: { ring, wish: "out", replaces: undefined, removed: [] },
        random: Random.fromSeed(1),
        nextPlan: (_, members) => ({ members }),
        isPossible: () => true,
      },
      {
        send: (to) => told.push(to),
        believedUp: (node) => node !== 4,
        persist: () => undefined,
        ringChanged: () => undefined,
        membersChanged: () => undefined,
        note: ({ kind }) => notes.push(kind),
      },
      0,
    );
    leaver.emptied(0);
    leaver.advance(0);
    assert.equal(told[0], 5);
    assert.equal(told.length, 3);
    // Nobody tells it whether it was heard: it says so three times before it may be switched off.
    assert.ok(!notes.includes("retired"));
    for (let at = 0; !notes.includes("retired"); at = leaver.next()) leaver.advance(at);
    assert.equal(told.filter((node) => node === 5).length, 3);
  });

  it("is taken back by who joins again before it has ended", () => {
    const store = new MovingStore(4, 4, 12);
    const { cluster } = store;
    cluster.run(cluster.now() + SECOND);
    cluster.operate(0, { kind: "leave" });
    const inside = cluster.machines[0].node as unknown as { living: { membership: Membership } };
    const saysFarewell = (): boolean => inside.living.membership.members.own.wish === "gone";
    for (let i = 0; i < 5_000 && !saysFarewell(); i++) cluster.run(cluster.now() + 1_000);
    assert.equal(cluster.machines[0].up, true);
    cluster.operate(0, { kind: "join", via: 1, replaces: undefined });
    cluster.run(cluster.now() + 5 * SECOND);
    assert.equal(cluster.machines[0].up, true);
    assert.match(store.agreed(), /settled 0,1,2,3$/);
  });

  it("is heard on a network that loses half of all messages: the next change does not wait for who has left", () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const store = new MovingStore(4, 5, 12, {
        seed,
        network: { intraZone: { dist: "exponential", meanMs: 1, shiftMs: 0 }, loss: 0.5 },
        engine: { detector: { name: "perfect", heartbeatIntervalMs: 50, timeoutMs: 300 } },
      });
      const { cluster } = store;
      cluster.operate(0, { kind: "leave" });
      cluster.run(cluster.now() + 20 * SECOND);
      assert.equal(cluster.machines[0].up, false);
      store.join(4, 1);
      cluster.run(cluster.now() + 20 * SECOND);
      assert.match(store.agreed(), /settled 1,2,3,4$/);
    }
  });

  it("is remembered by the removed: it answers nobody in its next life either, though it reaches nobody", () => {
    const store = new MovingStore(4, 4, 12, { storage: DISK });
    const { cluster } = store;
    store.load(2 * SECOND);
    cluster.run(cluster.now() + SECOND);
    // It runs, and is told by gossip.
    cluster.operate(0, { kind: "remove", node: 3 });
    cluster.run(cluster.now() + 3 * SECOND);
    assert.equal(cluster.machines[3].node!.serving, false);
    cluster.kill(3);
    cluster.setPartitions([{ groupOf: [0, 0, 0, 1], groups: 2, oneWay: false, sideOf: undefined }]);
    cluster.boot(3);
    cluster.run(cluster.now() + SECOND);
    assert.equal(cluster.machines[3].node!.serving, false);
  });

  it("is not waited for: a leaver that dies and is removed holds up nothing, also when its removal is forgotten", () => {
    const store = new MovingStore(4, 5, 12, { storage: DISK, membership: { quarantineMs: 1_000 } });
    const { cluster } = store;
    store.load(2 * SECOND);
    cluster.run(cluster.now() + SECOND);
    cluster.operate(3, { kind: "leave" });
    for (let i = 0; i < 2_000 && !store.viewOf(3).endsWith("settled 0,1,2"); i++) cluster.run(cluster.now() + 1_000);
    assert.match(store.viewOf(3), /settled 0,1,2$/);
    cluster.kill(3);
    cluster.run(cluster.now() + SECOND);
    cluster.operate(0, { kind: "remove", node: 3 });
    cluster.run(cluster.now() + 5 * SECOND);
    store.join(4, 0);
    cluster.run(cluster.now() + 5 * SECOND);
    assert.match(store.agreed(), /settled 0,1,2,4$/);
  });
});
