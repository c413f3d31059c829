/**
 * Members come and go while clients read and write: all go by one ring in the end, nothing that was acknowledged is missing,
 * no read is stale at any moment of the change, and what is left over at former owners goes away.
 */
import { strict as assert } from "node:assert";
import { MovingStore } from "./moving-store";

const SECOND = 1_000_000;

describe("membership", () => {
  it("takes a node into the ring while clients read and write", () => {
    const store = new MovingStore(3, 4, 60);
    const { cluster } = store;
    store.load(8 * SECOND);
    cluster.run(cluster.now() + 2 * SECOND);
    cluster.boot(3);
    cluster.operate(3, { kind: "join", via: 1, replaces: undefined });
    cluster.run(cluster.now() + 12 * SECOND);
    assert.match(store.agreed(), /settled 0,1,2,3$/);
    assert.deepEqual(store.problems, []);
    assert.equal(store.failed, 0);
    assert.deepEqual(store.lost(), []);
    assert.deepEqual(store.leftOver(), []);
    assert.ok(cluster.machines[3].keysHeld() > 0);
  });
});
