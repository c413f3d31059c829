/**
 * Clients that coordinate by a view of the ring that is older than the ring, for they ask for it every ten seconds and nobody waits
 * for them. What is to hold is all that holds of members, but that a request may be refused: nothing that was acknowledged is
 * missing, and no read is stale with R + W > N, at any moment of any change.
 *
 * The trap is a client that is never behind: so each test looks whether requests were refused for that, and one plants nodes that
 * do not refuse, to see that the harm would be seen.
 */
import { strict as assert } from "node:assert";
import { Node } from "../../../engine/node";
import type { NodeFactory } from "../../../engine/sim/machine";
import { type Changes, key } from "../sim/settings";
import { MovingStore } from "./moving-store";

const SECOND = 1_000_000;

const CLOCKS: readonly NonNullable<Changes["engine"]>[] = [
  { clock: "dvvset" },
  { clock: "lww", timestamps: "coordinator" },
  { clock: "vv-client" },
];

/** Does as it is asked, however old the view is. */
const heedless: NodeFactory = (options, now) => {
  const node = new Node(options, now);
  const step = node.step.bind(node);
  node.step = (at, input): void => {
    if (input.kind !== "asked" || input.message.kind !== "client-coordinated") return step(at, input);
    const ring = { version: 1_000_000, proposer: 0 };
    step(at, { ...input, message: { ...input.message, ring } });
  };
  return node;
};

interface Course {
  readonly store: MovingStore;
  readonly refused: number;
}

/** Grows from 3 to 6 and shrinks to 3 others. */
function course(engine: Changes["engine"], seed: number, create?: NodeFactory): Course {
  const store = new MovingStore(
    3,
    6,
    60,
    {
      seed,
      engine,
      network: {
        intraZone: { dist: "exponential", meanMs: 3, shiftMs: 0 },
        client: { dist: "exponential", meanMs: 5, shiftMs: 0 },
        loss: 0,
      },
    },
    create,
    "client-driven",
  );
  const { cluster } = store;
  store.load(14 * SECOND, 30_000);
  cluster.run(cluster.now() + 1 * SECOND);
  for (const node of [3, 4, 5]) store.join(node, node - 3);
  cluster.run(cluster.now() + 6 * SECOND);
  for (const node of [0, 1, 2]) cluster.operate(node, { kind: "leave" });
  cluster.run(cluster.now() + 15 * SECOND);
  const refused = cluster.machines.reduce((sum, { node }) => sum + (node?.count().refused ?? 0), 0);
  return { store, refused };
}

describe("clients with an old view of the ring", () => {
  for (const engine of CLOCKS) {
    for (const seed of [1, 2]) {
      it(`lose nothing and read nothing stale while the ring changes (${String(engine.clock)}, seed ${String(seed)})`, () => {
        const { store, refused } = course(engine, seed);
        assert.match(store.agreed(), /settled 3,4,5$/);
        assert.deepEqual(store.problems, []);
        assert.deepEqual(store.lost(), []);
        assert.deepEqual(store.leftOver(), []);
        assert.ok(
          store.writes > 500 && store.reads > 500,
          `${String(store.writes)} writes, ${String(store.reads)} reads`,
        );
        assert.ok(refused > 0, "no client was ever behind");
        // A refusal brings the new view: one trip later all goes on.
        assert.ok(store.failed < 0.02 * (store.writes + store.reads), `${String(store.failed)} failed`);
        assert.ok((store.bench.client.coordinated?.views ?? 0) >= 4);
      });
    }
  }

  it("ask at once when too few can be reached: who is down may have been removed", () => {
    const store = new MovingStore(4, 4, 0, { engine: { r: "all" } }, undefined, "client-driven");
    const { cluster, bench } = store;
    cluster.run(cluster.now() + 1 * SECOND);
    // Suspected, polled for, and still a member.
    cluster.kill(3);
    cluster.run(cluster.now() + 1 * SECOND);
    cluster.operate(0, { kind: "remove", node: 3 });
    cluster.run(cluster.now() + 4 * SECOND);
    assert.match(store.agreed(), /settled 0,1,2$/);
    const names = Array.from({ length: 20 }, (_, i) => `k${String(i)}`);
    const { plan } = cluster.ringStateOf(0)!;
    assert.deepEqual(plan.members, [0, 1, 2]);
    const refused = names.filter((name) => bench.wait(bench.get(name)).outcome === "unavailable");
    assert.ok(refused.length > 0 && refused.length < names.length, "the first to be refused was the last");
    cluster.run(cluster.now() + 0.2 * SECOND);
    assert.deepEqual(
      names.filter((name) => bench.wait(bench.get(name)).outcome !== "ok"),
      [],
    );
  });

  it("are told of no write that a slow disk let in only after its copies were moved", () => {
    // Two of three load keys for as long as the ring changes; the third never hears of the writes.
    let slow = false;
    const create: NodeFactory = (options, now) => {
      const node = new Node(options, now);
      const step = node.step.bind(node);
      const waiting: Parameters<typeof step>[1][] = [];
      node.step = (at, input): void => {
        if (!slow) for (const loaded of waiting.splice(0)) step(at, loaded);
        if (slow && options.index === 2 && input.kind === "asked") return;
        if (slow && input.kind === "loaded") waiting.push(input);
        else step(at, input);
      };
      return node;
    };
    const engine = { clock: "lww", timestamps: "coordinator", writeTimeoutMs: 30_000 } as const;
    const store = new MovingStore(3, 4, 0, { engine }, create, "client-driven");
    const { cluster, bench } = store;
    cluster.run(cluster.now() + 1 * SECOND);
    slow = true;
    const names = Array.from({ length: 30 }, (_, i) => `k${String(i)}`);
    const puts = names.map((name) => bench.put(name));
    cluster.run(cluster.now() + 0.1 * SECOND);
    store.join(3, 0);
    cluster.run(cluster.now() + 8 * SECOND);
    assert.match(store.agreed(), /settled 0,1,2,3$/);
    slow = false;
    cluster.run(cluster.now() + 0.2 * SECOND);
    const lost = names.filter((name, i) => {
      if (puts[i].answer?.outcome !== "ok") return false;
      const owners = cluster.ring.preferenceList(key(name), 3);
      return owners.filter(({ node, vnode }) => cluster.machines[node].peek(vnode, key(name)) !== undefined).length < 2;
    });
    assert.deepEqual(lost, []);
  });

  it("would do both if nodes did as they are asked (long)", () => {
    const harm = [1, 2, 3].map((seed) => {
      const { store } = course({ clock: "lww", timestamps: "coordinator" }, seed, heedless);
      return store.problems.length + store.lost().length;
    });
    assert.ok(
      harm.some((count) => count > 0),
      harm.join(),
    );
  });
});
