/**
 * What makes an event is carried out at most once, whichever copies the network delivers when, and to whichever life of
 * the receiver: one write is one event, and a write that was refused definitely has not happened.
 */
import { strict as assert } from "node:assert";
import { CLOCKS } from "../../engine/clocks/clock";
import type { Message } from "../../engine/messages";
import { certainty } from "../../engine/vocabulary/outcomes";
import { address, MiniWorld, type WorldOptions } from "./mini-world";

/** Strategies that make their events at a replica and lose nothing. */
const EXACT = [...CLOCKS.values()].filter(({ mintsServerDots, declares }) => mintsServerDots && !declares.mayLose);

const values = (answer: { versions: readonly { value: string }[] }): string[] =>
  answer.versions.map(({ value }) => value).sort();

/** Five nodes that deliver every request to make an event twice: at once, and `later` microseconds after. */
function doubling(later: number, options: WorldOptions = {}): MiniWorld {
  const makesAnEvent = ({ kind }: Message): boolean => kind === "put" || kind === "replica-update";
  return new MiniWorld({
    nodes: 5,
    delay: (_from, _to, message) => (makesAnEvent(message) ? [1_000, 1_000 + later] : 1_000),
    ...options,
  });
}

const ignored = (world: MiniWorld): string[] =>
  world.notes.flatMap(({ note }) => (note.kind === "ignored" ? [note.reason] : []));

describe("a request that arrives twice", () => {
  for (const coordinator of ["replica", "any"] as const) {
    for (const { name: clock } of EXACT) {
      for (const [when, later] of [
        ["together", 0],
        ["while the first is under way", 10_000],
        ["after the first has ended", 300_000],
      ] as const) {
        it(`makes one event (coordinator ${coordinator}, ${clock}, ${when})`, () => {
          const world = doubling(later, { settings: { coordinator, clock, dw: 2 }, storeDelay: 20_000 });
          const stranger = world.stranger("k");
          const first = world.put(stranger, "k", "v1");
          assert.equal(first.outcome, "ok");
          const second = world.put(stranger, "k", "v2", first.context);
          world.run(500_000);
          assert.deepEqual(values(world.get(stranger, "k")), ["v2"]);
          assert.equal(world.put(stranger, "k", "v3", second.context).outcome, "ok");
          world.run(500_000);
          for (const owner of world.owners("k")) assert.match(world.stored(owner, "k")!, /:3.*w3/, "three events");
          assert.deepEqual(ignored(world), ["repeated", "repeated", "repeated"]);
        });
      }
    }
  }

  it("does not bring back under last-write-wins what was overwritten in between", () => {
    const world = doubling(100_000, { settings: { clock: "lww", dw: 0 } });
    const stranger = world.stranger("k");
    const owner = world.owners("k")[0];
    world.put(stranger, "k", "old");
    world.put(owner, "k", "new");
    world.run(300_000);
    assert.deepEqual(values(world.get(owner, "k")), ["new"]);
  });

  it("is answered as the first copy was, and not refused because the first was carried out", () => {
    const world = doubling(0, { settings: { maxSiblings: 2 } });
    const stranger = world.stranger("k");
    for (const value of ["a", "b"]) assert.equal(world.put(stranger, "k", value).outcome, "ok", value);
    const refused = world.put(stranger, "k", "c");
    assert.equal(refused.outcome, "too_many_siblings");
    world.run(300_000);
    assert.deepEqual(values(world.get(stranger, "k")), ["a", "b"]);
  });

  it("is not carried out late when the first copy was refused definitely", () => {
    const world = doubling(50_000, { settings: { admission: 1 } });
    const stranger = world.stranger("k");
    const owner = world.owners("k")[0];
    // The owner is busy with one of its own as the first copy comes, and idle when the second does.
    let asked = 0;
    world.after(
      500,
      () => void (asked = world.ask(owner, world.putMessage("k", "other")).answer === undefined ? 1 : 2),
    );
    const refused = world.put(stranger, "k", "shed");
    assert.equal(asked, 1);
    assert.equal(refused.outcome, "overloaded");
    assert.equal(certainty(refused.outcome), "definite");
    world.run(300_000);
    assert.deepEqual(values(world.get(owner, "k")), ["other"]);
  });
});

describe("a request that outlives one of its ends", () => {
  it("is not carried out again by the receiver's next life, which is asked anew without loss", () => {
    const world = doubling(60_000);
    const stranger = world.stranger("k");
    const owner = world.owners("k")[0];
    const put = world.put(stranger, "k", "v1");
    world.run(5_000);
    world.crash(owner);
    world.boot(owner);
    world.run(200_000);
    assert.deepEqual(ignored(world), ["misaddressed"]);
    const next = world.put(stranger, "k", "v2", put.context);
    assert.equal(next.outcome, "ok");
    assert.equal(next.coordinator, owner);
    world.run(200_000);
    assert.deepEqual(values(world.get(stranger, "k")), ["v2"]);
  });

  it("is not taken for one of the sender's next life, whose requests count from the beginning", () => {
    const world = doubling(60_000);
    const stranger = world.stranger("k");
    world.put(stranger, "k", "v1");
    world.run(5_000);
    world.crash(stranger);
    world.boot(stranger);
    world.run(5_000);
    const { context } = world.get(stranger, "k");
    const next = world.put(stranger, "k", "v2", context);
    assert.equal(next.outcome, "ok");
    world.run(200_000);
    assert.deepEqual(ignored(world), ["stale", "repeated"]);
    assert.deepEqual(values(world.get(stranger, "k")), ["v2"]);
  });

  for (const detector of ["timeout", "perfect"]) {
    it(`finds both in their later lives after one round trip (detector ${detector})`, () => {
      const settings = { detector: { name: detector, heartbeatIntervalMs: 100_000, timeoutMs: 500_000 } };
      const world = new MiniWorld({ nodes: 5, settings });
      const stranger = world.stranger("k");
      for (const node of [world.owners("k")[0], stranger, stranger]) {
        world.crash(node);
        world.boot(node);
        world.run(3_000);
        assert.equal(world.put(stranger, "k", "v").outcome, "ok");
      }
      assert.deepEqual(ignored(world), []);
    });
  }

  it("costs one request, no more, when nobody has told the sender of the receiver's new life", () => {
    let deaf = false;
    const settings = { detector: { name: "perfect", heartbeatIntervalMs: 1_000, timeoutMs: 5_000 } };
    const delay = (_from: number, _to: number, { kind }: Message): number | undefined =>
      deaf && kind === "heartbeat" ? undefined : 1_000;
    const world = new MiniWorld({ nodes: 5, settings, delay });
    const stranger = world.stranger("k");
    const owner = world.owners("k")[0];
    deaf = true;
    world.crash(owner);
    world.boot(owner);
    world.run(5_000);
    deaf = false;
    const lost = world.put(stranger, "k", "v1");
    assert.equal(lost.outcome, "timeout");
    assert.equal(certainty(lost.outcome), "indefinite");
    assert.equal(world.put(stranger, "k", "v2").outcome, "ok");
    assert.deepEqual(values(world.get(owner, "k")), ["v2"]);
  });
});

describe("a reply to a node's former life", () => {
  it("is not taken for a reply to a request of this one", () => {
    // Replies of node 1 take long; node 0 asks it, dies, and asks as many things again.
    let slow = true;
    const world = new MiniWorld({
      settings: { r: 2, w: 1, dw: 0, readRepair: "none" },
      delay: (from, to, message) =>
        message.kind === "heartbeat" ? 1_000 : from === 2 || to === 2 ? undefined : from === 1 && slow ? 30_000 : 1_000,
    });
    world.put(0, "mine", "v1");
    world.put(1, "other", "v2");
    world.run(100_000);
    world.crash(0);
    world.boot(0);
    world.run(5_000);
    world.ask(0, { kind: "get", id: 1, forwarded: false, address: address("mine"), options: undefined });
    world.run(2_000);
    world.crash(0);
    world.boot(0);
    slow = false;
    // A reply to this one takes two milliseconds; that to the former life's is half a millisecond away.
    world.run(28_500);
    const box = world.ask(0, { kind: "get", id: 1, forwarded: false, address: address("other"), options: undefined });
    world.run(100_000, () => box.answer !== undefined);
    assert.deepEqual(values(box.answer!), ["v2"]);
  });
});
