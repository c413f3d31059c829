/**
 * Puts under a clock that needs nothing stored (last write wins): made at the coordinator, sent to all replicas at once.
 * The last test holds the engine against the WARS model itself, computed apart from the delays that were drawn.
 */
import { NOBODY } from "../../engine/messages";
import { strict as assert } from "node:assert";
import type { Message } from "../../engine/messages";
import { legOf } from "../../engine/vocabulary/leg-delays";
import { address, MiniWorld, type WorldOptions } from "./mini-world";

const values = (answer: { versions: readonly { value: string }[] }): string[] =>
  answer.versions.map(({ value }) => value).sort();
const kindsSent = (world: MiniWorld): string[] =>
  world.sent.map(({ message }) => message.kind).filter((kind) => kind !== "heartbeat");
const lww = (options: WorldOptions): MiniWorld =>
  new MiniWorld({ ...options, settings: { clock: "lww", coordinator: "any", ...options.settings } });

describe("a put that needs nothing stored", () => {
  it("is sent to all N replicas at once by a coordinator that holds none", () => {
    const world = lww({ nodes: 5, settings: { w: 3 } });
    const began = world.now;
    const answer = world.put(world.stranger("k"), "k", "v");
    assert.equal(answer.outcome, "ok");
    assert.equal(answer.coordinator, world.stranger("k"));
    assert.equal(world.now - began, 2_000, "one way there and one back, for all three");
    assert.deepEqual(kindsSent(world).sort(), [
      ...Array<string>(3).fill("replica-put"),
      ...Array<string>(3).fill("replica-put-reply"),
    ]);
    for (const owner of world.owners("k")) assert.match(world.stored(owner, "k")!, /\[w1\]/);
    assert.deepEqual(values(world.get(world.stranger("k"), "k")), ["v"]);
  });

  it("is merged by a coordinator's own replica for nothing, or over the network where its messages to itself travel", () => {
    for (const loopback of [false, true]) {
      const world = lww({ nodes: 5, loopback, settings: { w: 1, r: 1 } });
      const holder = world.owners("k")[1];
      const began = world.now;
      assert.equal(world.put(holder, "k", "v").outcome, "ok");
      assert.equal(world.now - began, loopback ? 2_000 : 0);
      const toItself = world.sent.filter(({ from, to }) => from === to);
      assert.equal(toItself.length, loopback ? 2 : 0);
      world.run(10_000);
      for (const owner of world.owners("k")) assert.match(world.stored(owner, "k")!, /\[w1\]/);
    }
  });

  it("counts W on receipt, DW once stored and PW like W", () => {
    const took = (settings: object): number => {
      const world = lww({ nodes: 5, storeDelay: 20_000, settings });
      const began = world.now;
      assert.equal(world.put(world.stranger("k"), "k", "v").outcome, "ok");
      return world.now - began;
    };
    assert.equal(took({ w: 3, dw: 0 }), 2_000);
    assert.equal(took({ w: 1, dw: 0, pw: 2 }), 2_000);
    assert.equal(took({ w: 1, dw: 3 }), 22_000);
  });

  it("goes to a member of the preference list first when replicas coordinate", () => {
    const world = lww({ nodes: 5, settings: { coordinator: "replica" } });
    const answer = world.put(world.stranger("k"), "k", "v");
    assert.equal(answer.outcome, "ok");
    assert.ok(world.owners("k").includes(answer.coordinator));
    assert.ok(!kindsSent(world).includes("replica-update"));
    assert.deepEqual(values(world.get(0, "k")), ["v"]);
  });

  it("keeps the order of one coordinator's writes, though its wall time stands still or goes back", () => {
    let wall = 5_000_000;
    const world = lww({ settings: { w: 3, r: 3 }, wallTime: () => wall });
    for (let i = 0; i < 4; i++) {
      assert.equal(world.put(0, "k", `v${String(i)}`).outcome, "ok");
      if (i === 1) wall -= 1_000_000;
      assert.deepEqual(values(world.get(1, "k")), [`v${String(i)}`]);
    }
  });

  it("is lost, acknowledged and all, when its coordinator's wall time is behind", () => {
    const world = lww({ settings: { w: 3, r: 3 }, wallTime: (node, now) => (node === 1 ? now - 1_000_000 : now) });
    const first = world.put(0, "k", "first");
    assert.equal(world.put(1, "k", "second", first.context).outcome, "ok");
    assert.deepEqual(values(world.get(0, "k")), ["first"]);
  });

  it("is refused definitely, and sends nothing, with a context that is not one of ours", () => {
    const world = lww({});
    assert.equal(world.put(0, "k", "v", "garbage").outcome, "invalid");
    assert.deepEqual(kindsSent(world), []);
    assert.deepEqual(values(world.get(0, "k")), []);
  });

  it("deletes by a tombstone that any read returns as such", () => {
    const world = lww({ settings: { w: 3 } });
    world.put(0, "k", "v");
    world.run(1_000);
    const version = { writeId: 9, value: "", tombstone: true };
    const box = world.ask(0, {
      kind: "put",
      id: 1,
      forwarded: false,
      address: address("k"),
      context: "",
      version,
      writer: NOBODY,
      options: undefined,
    });
    assert.ok(world.run(1_000_000, () => box.answer !== undefined));
    assert.deepEqual(
      world.get(1, "k").versions.map(({ writeId, tombstone }) => [writeId, tombstone]),
      [[9, true]],
    );
  });
});

describe("the engine against the WARS model", () => {
  interface Drawn {
    readonly w: number[];
    readonly a: number[];
    readonly r: number[];
    readonly s: number[];
  }

  /** One put, one get `pause` after its answer, and what the model says about both from the same delays. */
  function trial(nodes: number, coordinator: number, r: number, w: number, pause: number, seed: number): boolean {
    const drawn: Drawn = { w: [], a: [], r: [], s: [] };
    const world = lww({
      nodes,
      loopback: true,
      seed,
      settings: {
        r,
        w,
        dw: 0,
        readRepair: "none",
        detector: { name: "perfect", heartbeatIntervalMs: 1, timeoutMs: 1 },
      },
      delay: (from: number, to: number, message: Message, random) => {
        const leg = legOf(message.kind);
        assert.ok(leg !== undefined, message.kind);
        const delay = 1 + random.nextBelow(leg === "w" ? 20_000 : 5_000);
        drawn[leg][leg === "w" || leg === "r" ? to : from] = delay;
        return delay;
      },
    });
    const owners = world.owners("k");
    const began = world.now;
    assert.equal(world.put(coordinator, "k", "v").outcome, "ok");
    const took = world.now - began;
    world.run(pause);
    const asked = world.now;
    const fresh = world.get(coordinator, "k").versions.length > 0;
    const readTook = world.now - asked;
    world.run(100_000);
    const acknowledged = owners.map((i) => drawn.w[i] + drawn.a[i]).sort((x, y) => x - y);
    assert.equal(took, acknowledged[w - 1], "a write takes as long as its W-th fastest replica");
    const responders = [...owners].sort((i, j) => drawn.r[i] + drawn.s[i] - drawn.r[j] - drawn.s[j]).slice(0, r);
    const last = responders[r - 1];
    assert.equal(readTook, drawn.r[last] + drawn.s[last], "a read takes as long as its R-th fastest replica");
    const expected = responders.some((i) => took + pause + drawn.r[i] >= drawn.w[i]);
    assert.equal(fresh, expected, `seed ${String(seed)}`);
    return fresh;
  }

  it("answers when the model does and is stale exactly when the model is, wherever the coordinator stands", () => {
    let stale = 0;
    for (let seed = 1; seed <= 60; seed++) {
      for (const [r, w] of [
        [1, 1],
        [1, 2],
        [2, 1],
        [2, 2],
        [3, 1],
      ] as const) {
        const coordinator = seed % 5;
        if (!trial(5, coordinator, r, w, (seed % 4) * 1_000, seed)) stale++;
      }
    }
    assert.ok(stale > 30, `${String(stale)} stale reads were seen`);
  });
});
