/**
 * Deletes while the ring changes. Tombstones are removed when all owners hold the same one; but while copies move there are
 * copies at nodes that are owners no more, or not yet, and a value that one of them kept would come back with its next move.
 */
import { strict as assert } from "node:assert";
import { key } from "../sim/settings";
import { MovingStore } from "./moving-store";

const SECOND = 1_000_000;
const KEYS = 60;

describe("a delete while the ring changes", () => {
  it("stays one though an owner to come missed it, where tombstones are removed by agreement", () => {
    const store = new MovingStore(3, 4, 0, {
      engine: { deleteMode: "immediate" },
      membership: { transferRateBytesPerSecond: 250 },
    });
    const { bench, cluster } = store;
    const contexts: string[] = [];
    for (let i = 0; i < KEYS; i++) contexts.push(bench.wait(bench.put(`k${String(i)}`, "v")).context);
    store.join(3, 0);
    // It has got some of its copies, and gets the rest later.
    for (let i = 0; i < 5_000 && cluster.machines[3].keysHeld() < 20; i++) cluster.run(cluster.now() + 1_000);
    assert.match(store.viewOf(0), /joining/);
    cluster.setPartitions([{ groupOf: [0, 0, 0, 1], groups: 2, oneWay: false, sideOf: undefined }]);
    const acknowledged: boolean[] = [];
    for (let i = 0; i < KEYS; i++) {
      const version = { writeId: 1_000 + i, value: "", tombstone: true };
      bench.client.put(i % 3, key(`k${String(i)}`), contexts[i], version, undefined, ({ outcome }) => {
        acknowledged[i] = outcome === "ok";
      });
    }
    cluster.run(cluster.now() + 200_000);
    assert.ok(acknowledged.filter((ok) => ok).length > 20);
    cluster.setPartitions([]);
    cluster.run(cluster.now() + 20 * SECOND);
    assert.match(store.agreed(), /settled 0,1,2,3$/);
    const back: string[] = [];
    for (let i = 0; i < KEYS; i++) {
      const { versions } = bench.wait(bench.get(`k${String(i)}`));
      if (acknowledged[i] && versions.some(({ tombstone }) => !tombstone)) back.push(`k${String(i)}`);
    }
    assert.deepEqual(back, []);
  });

  it("is forgotten once the change is over and nothing is left over", () => {
    const store = new MovingStore(3, 4, 0, { engine: { deleteMode: "immediate" } });
    const { bench, cluster } = store;
    const contexts: string[] = [];
    for (let i = 0; i < KEYS; i++) contexts.push(bench.wait(bench.put(`k${String(i)}`, "v")).context);
    store.join(3, 0);
    cluster.run(cluster.now() + 6 * SECOND);
    assert.match(store.agreed(), /settled 0,1,2,3$/);
    for (let i = 0; i < KEYS; i++) {
      const version = { writeId: 1_000 + i, value: "", tombstone: true };
      bench.client.put(i % 3, key(`k${String(i)}`), contexts[i], version, undefined, () => undefined);
    }
    cluster.run(cluster.now() + 3 * SECOND);
    for (let i = 0; i < KEYS; i++) bench.wait(bench.get(`k${String(i)}`));
    cluster.run(cluster.now() + SECOND);
    assert.deepEqual(
      cluster.machines.map((machine) => machine.keysHeld()),
      [0, 0, 0, 0],
    );
  });
});
