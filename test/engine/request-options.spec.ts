/** What a client may ask differently from the bucket's values, and which threshold an answer names that was missed. */
import { strict as assert } from "node:assert";
import type { AnswerMessage, Message, RequestOptions } from "../../engine/messages";
import type { EngineSettings } from "../../engine/vocabulary/settings";
import { MiniWorld, type WorldOptions } from "./mini-world";

/** Two nodes for three copies: one of them has two. */
const DOUBLED: WorldOptions = { nodes: 2, ring: { strategy: "claim", distinctHosts: "claim", partitions: 8 } };
const HINT = { batch: 10, idleMs: 0, concurrency: 2 };

/** The node that has two copies of the key, and the one that has one. */
function doubled(world: MiniWorld, key: string): readonly [number, number] {
  const owners = world.owners(key);
  const twice = owners.filter((node) => owners.indexOf(node) !== owners.lastIndexOf(node))[0];
  return [twice, 1 - twice];
}

/** Messages that reach or leave this node are lost, once `broken`. */
function losing(node: () => number, broken: () => boolean) {
  return (from: number, to: number, message: Message): number | undefined =>
    broken() && (from === node() || to === node()) && message.kind !== "heartbeat" ? undefined : 1_000;
}

function fallbacks(settings: Partial<EngineSettings> = {}, more: Partial<WorldOptions> = {}): MiniWorld {
  const world = new MiniWorld({
    nodes: 5,
    ...more,
    settings: { standIn: "fallback", sloppyQuorum: true, hint: HINT, ...settings },
  });
  world.run(1_000_000);
  return world;
}

/** Kills nodes and waits until the others have noticed. */
function lose(world: MiniWorld, ...nodes: readonly number[]): void {
  for (const node of nodes) world.crash(node);
  world.run(1_500_000);
}

const told = ({ outcome, shortfall }: AnswerMessage): unknown => ({ outcome, shortfall });
const missed = (outcome: string, what: string, got: number, wanted: number): unknown => ({
  outcome,
  shortfall: { what, got, wanted },
});

describe("node_confirms", () => {
  for (const by of ["request", "tunable"] as const) {
    it(`is not met by two copies on one node (by ${by})`, () => {
      let [broken, silent] = [false, -1];
      const delay = losing(
        () => silent,
        () => broken,
      );
      const asked: RequestOptions = { explain: true, ...(by === "request" ? { nodeConfirms: 2 } : {}) };
      const world = new MiniWorld({ ...DOUBLED, delay, settings: by === "tunable" ? { nodeConfirms: 2 } : {} });
      const [twice, once] = doubled(world, "k");
      silent = once;
      assert.equal(world.put(twice, "k", "v", "", asked).outcome, "ok");
      assert.equal(world.get(twice, "k", asked).outcome, "ok");
      broken = true;
      assert.deepEqual(told(world.get(twice, "k", asked)), missed("timeout", "node_confirms", 1, 2));
      assert.deepEqual(told(world.put(twice, "k", "w", "", asked)), missed("timeout", "node_confirms", 1, 2));
      const without: RequestOptions = { explain: true, nodeConfirms: 1 };
      assert.deepEqual(told(world.get(twice, "k", without)), { outcome: "ok", shortfall: undefined });
      assert.deepEqual(told(world.put(twice, "k", "x", "", without)), { outcome: "ok", shortfall: undefined });
    });
  }

  it("is refused at once where too few nodes are believed up, and where it is more than N", () => {
    const world = new MiniWorld(DOUBLED);
    for (const answer of [
      world.get(0, "k", { nodeConfirms: "all", explain: true }),
      world.put(0, "k", "v", "", { nodeConfirms: 3, explain: true }),
    ]) {
      assert.deepEqual(told(answer), missed("unavailable", "node_confirms", 2, 3));
      assert.equal(answer.reason, "replicas on 2 nodes believed up, 3 needed");
    }
    for (const answer of [world.get(0, "k", { nodeConfirms: 4 }), world.put(0, "k", "v", "", { nodeConfirms: 4 })]) {
      assert.equal(answer.outcome, "invalid");
      assert.match(answer.reason, /node_confirms is not between 0 and 3/);
    }
  });

  it("of a put waits for storing, though DW asks for none", () => {
    for (const [nodeConfirms, least] of [
      [0, 0],
      [2, 40_000],
    ]) {
      const world = new MiniWorld({ storeDelay: 40_000, settings: { dw: 0, w: 1 } });
      const [first] = world.owners("k");
      const before = world.now;
      assert.equal(world.put(first, "k", "v", "", { nodeConfirms }).outcome, "ok");
      const took = world.now - before;
      assert.ok(took >= least && (least > 0 || took < 40_000), String(took));
    }
  });

  it("counts fallbacks, each for the node it is on", () => {
    const world = fallbacks();
    const [first, second, third] = world.owners("k");
    lose(world, second, third);
    assert.equal(world.put(first, "k", "v", "", { nodeConfirms: 3, w: 1 }).outcome, "ok");
    assert.equal(world.get(first, "k", { nodeConfirms: 3, r: 1 }).outcome, "ok");
    const strict = world.get(first, "k", { nodeConfirms: 2, r: 1, sloppy: false, explain: true });
    assert.deepEqual(told(strict), missed("unavailable", "node_confirms", 1, 2));
  });

  it("is not met by hints that wait in a log", () => {
    const world = fallbacks({ standIn: "coordinator-log" }, { nodes: 3 });
    const [first, second, third] = world.owners("k");
    lose(world, second, third);
    assert.equal(world.put(first, "k", "v", "", { w: 3 }).outcome, "ok");
    const answer = world.put(first, "k", "v", "", { w: 3, nodeConfirms: 2, explain: true });
    assert.deepEqual(told(answer), missed("unavailable", "node_confirms", 1, 2));
  });

  it("has as many replicas contacted as it needs, also where reads contact only a quorum", () => {
    const world = new MiniWorld({ ...DOUBLED, settings: { readFanout: "quorum" } });
    const [twice] = doubled(world, "k");
    world.put(twice, "k", "v");
    const asked = { r: 1, nodeConfirms: 2 };
    const answer = world.get(twice, "k", asked);
    assert.equal(answer.outcome, "ok", answer.reason);
    // The two that are nearest are on one node: the third is asked once that shows.
    assert.equal(world.sent.filter(({ message }) => message.kind === "replica-get").length, 1);
  });

  it("travels with a request that is forwarded", () => {
    const world = new MiniWorld({ nodes: 5 });
    const [first, second, third] = world.owners("k");
    lose(world, second, third);
    const options: RequestOptions = { r: 1, w: 1, nodeConfirms: 2, explain: true };
    const stranger = world.stranger("k");
    for (const answer of [world.put(stranger, "k", "v", "", options), world.get(stranger, "k", options)])
      assert.deepEqual([answer.coordinator, told(answer)], [first, missed("unavailable", "node_confirms", 1, 2)]);
  });
});

describe("sloppy: false", () => {
  it("asks primaries alone where fallbacks would take their places", () => {
    const world = fallbacks();
    const [first, second] = world.owners("k");
    lose(world, second);
    assert.equal(world.put(first, "k", "v", "", { w: "all" }).outcome, "ok");
    const put = world.put(first, "k", "w", "", { w: "all", sloppy: false, explain: true });
    assert.deepEqual(told(put), missed("unavailable", "w", 2, 3));
    world.sent.length = 0;
    assert.equal(world.put(first, "k", "w", "", { w: 2, sloppy: false }).outcome, "ok");
    assert.equal(world.get(first, "k", { r: 2, sloppy: false }).outcome, "ok");
    world.run(300_000);
    const owners = world.owners("k");
    const asked = world.sent.filter(({ message }) => message.kind === "replica-put" || message.kind === "replica-get");
    assert.deepEqual(
      asked.filter(({ to }) => !owners.includes(to)),
      [],
    );
    const get = world.get(first, "k", { r: "all", sloppy: false, explain: true });
    assert.deepEqual(told(get), missed("unavailable", "r", 2, 3));
  });

  it("leaves hints for whoever is away, and does not count them", () => {
    for (const standIn of ["coordinator-log", "peer-slop"] as const) {
      const world = fallbacks({ standIn });
      const [first, second, third] = world.owners("k");
      lose(world, second, third);
      assert.equal(world.put(first, "k", "v", "", { w: 3 }).outcome, "ok", standIn);
      const strict = world.put(first, "k", "v", "", { w: 3, sloppy: false, explain: true });
      assert.deepEqual(told(strict), missed("unavailable", "w", 1, 3), standIn);
      const held = (): number =>
        world.machines.reduce((sum, { up, node }) => sum + (up ? node.count().hintsHeld : 0), 0);
      const before = held();
      assert.equal(world.put(first, "j", "v", "", { w: 1, sloppy: false }).outcome, "ok", standIn);
      world.run(300_000);
      const away = world.owners("j").filter((node) => node === second || node === third).length;
      assert.ok(away > 0, "somebody who is away has a copy of it");
      assert.equal(held() - before, away, standIn);
    }
  });

  it("travels with a request that is forwarded", () => {
    const world = fallbacks();
    const [first, second, third] = world.owners("k");
    lose(world, second, third);
    const stranger = world.stranger("k");
    assert.equal(world.put(stranger, "k", "v", "", { w: 3 }).outcome, "ok");
    const answer = world.put(stranger, "k", "v", "", { w: 3, sloppy: false, explain: true });
    assert.deepEqual([answer.coordinator, told(answer)], [first, missed("unavailable", "w", 1, 3)]);
    // Where no primary is up there is nobody to forward to.
    lose(world, first);
    assert.equal(world.put(stranger, "k", "v", "", { w: 0, sloppy: false }).outcome, "unavailable");
    assert.equal(world.get(stranger, "k", { r: 1, sloppy: false }).outcome, "unavailable");
    assert.equal(world.get(stranger, "k", { r: 1 }).outcome, "ok");
  });
});

describe("n_val of a request", () => {
  it("is the first so many of the preference list: no others are asked or written to", () => {
    const world = new MiniWorld({ nodes: 5, settings: { r: 2, w: 2 } });
    const [first, second, third] = world.owners("k");
    assert.equal(world.put(first, "k", "v", "", { nVal: 1 }).outcome, "ok");
    world.run(100_000);
    assert.ok(world.stored(first, "k") !== undefined);
    assert.deepEqual([second, third].map((node) => world.stored(node, "k")), [undefined, undefined]); // prettier-ignore
    assert.equal(world.get(second, "k", { nVal: 1 }).versions.length, 1, "forwarded to the one there is");
    // Quorums are of as many.
    assert.equal(world.get(first, "k", { nVal: 2, r: "all" }).outcome, "ok");
    const answer = world.get(first, "k", { nVal: 2, r: 3 });
    assert.deepEqual([answer.outcome, answer.reason], ["invalid", "r, pr or node_confirms is not between 0 and 2"]);
  });

  it("is at most the bucket's", () => {
    const world = new MiniWorld({ nodes: 5 });
    for (const nVal of [0, 4, 255, 2 ** 40]) {
      for (const { outcome, reason } of [world.get(0, "k", { nVal }), world.put(0, "k", "v", "", { nVal })])
        assert.deepEqual([outcome, reason], ["invalid", "n_val is not between 1 and 3"]);
    }
    assert.equal(world.put(0, "k", "v", "", { nVal: 3 }).outcome, "ok");
  });

  it("takes no tombstone for one that all replicas hold", () => {
    const world = new MiniWorld({ settings: { deleteMode: "immediate", w: "all", readRepair: "none" } });
    const [first] = world.owners("k");
    const { context } = world.put(first, "k", "v");
    const gone = { writeId: 900, value: "", tombstone: true };
    const box = world.ask(first, { ...world.putMessage("k", "", context, { nVal: 1, w: 1 }), version: gone });
    assert.ok(world.run(100_000, () => box.answer !== undefined));
    world.get(first, "k", { nVal: 1, r: 1 });
    world.run(100_000);
    assert.match(world.stored(first, "k") ?? "", /†/, "the tombstone stays: two others have the value yet");
    assert.equal(world.get(first, "k", { r: "all" }).versions.every(({ tombstone }) => tombstone), true); // prettier-ignore
  });

  it("has its stand-ins, one for each that is away", () => {
    const world = fallbacks();
    const [first, second, third] = world.owners("k");
    lose(world, first, second);
    world.sent.length = 0;
    assert.equal(world.put(third, "k", "v", "", { nVal: 2, w: 2 }).outcome, "ok");
    const written = new Set(world.sent.flatMap(({ to, message }) => (message.kind === "replica-put" ? [to] : [])));
    assert.ok(!written.has(first) && !written.has(second));
  });
});

describe("an answer to a put", () => {
  const described = { writeId: 500, value: "value", tombstone: false, meta: "text/plain" };

  it("has heads, and whole siblings where it was asked for them", () => {
    for (const coordinator of ["replica", "any"] as const) {
      const world = new MiniWorld({ nodes: 5, settings: { coordinator } });
      for (const asked of [world.owners("k")[0], world.stranger("k")]) {
        world.put(asked, "k", "other");
        const put = (options: RequestOptions | undefined): AnswerMessage => {
          const box = world.ask(asked, { ...world.putMessage("k", "", "", options), version: described });
          assert.ok(world.run(1_000_000, () => box.answer !== undefined));
          return box.answer!;
        };
        const heads = put({ explain: true });
        assert.ok(heads.versions.length >= 2);
        assert.deepEqual(new Set(heads.versions.map(({ value }) => value)), new Set([""]));
        assert.ok(heads.versions.every((version) => !("meta" in version)));
        const whole = put({ returnBody: true });
        assert.deepEqual(
          whole.versions.find(({ writeId }) => writeId === 500),
          described,
        );
        assert.ok(whole.versions.some(({ value }) => value === "other"));
        assert.equal(whole.versions.length, world.get(asked, "k").versions.length);
      }
    }
  });

  it("says what came of a value's meta when it is read", () => {
    const world = new MiniWorld({ nodes: 5 });
    const [first, second] = world.owners("k");
    const box = world.ask(first, { ...world.putMessage("k", ""), version: described });
    assert.ok(world.run(1_000_000, () => box.answer !== undefined));
    assert.deepEqual(world.get(second, "k").versions, [described]);
    world.run(100_000);
    world.crash(second);
    world.boot(second);
    assert.deepEqual(world.get(second, "k", { nVal: 3, r: "all" }).versions, [described], "from its disk");
    assert.deepEqual(world.scan(0).keys, [{ key: "k", versions: [described] }]);
  });
});

describe("a threshold that was missed", () => {
  it("is named only to those who want to know", () => {
    const world = new MiniWorld({ nodes: 5 });
    const [first, second, third] = world.owners("k");
    lose(world, second, third);
    for (const options of [undefined, {}, { explain: false }, { r: "all" as const, w: "all" as const }]) {
      assert.equal("shortfall" in world.get(first, "k", options), false);
      assert.equal("shortfall" in world.put(first, "k", "v", "", options), false);
    }
    assert.equal(world.get(first, "k", { explain: true }).reason, world.get(first, "k").reason);
  });

  it("is that of replicas or primaries believed up, before anything is asked", () => {
    const world = fallbacks();
    const [first, second, third] = world.owners("k");
    lose(world, second, third);
    const explain = true;
    for (const asked of [first, world.stranger("k")]) {
      const get = (options: RequestOptions): unknown => told(world.get(asked, "k", { explain, ...options }));
      const put = (options: RequestOptions): unknown => told(world.put(asked, "k", "v", "", { explain, ...options }));
      assert.deepEqual(get({ pr: 2 }), missed("unavailable", "pr", 1, 2));
      assert.deepEqual(put({ pw: 3 }), missed("unavailable", "pw", 1, 3));
      assert.deepEqual(get({ sloppy: false }), missed("unavailable", "r", 1, 2));
      assert.deepEqual(put({ sloppy: false }), missed("unavailable", "w", 1, 2));
      assert.deepEqual(put({ sloppy: false, dw: 3 }), missed("unavailable", "dw", 1, 3));
      // Primaries come first, as in Riak.
      assert.deepEqual(get({ sloppy: false, r: 3, pr: 2 }), missed("unavailable", "pr", 1, 2));
    }
  });

  it("is named at the timeout, with what had come by then", () => {
    let broken = false;
    const silent: number[] = [];
    const delay = (from: number, to: number, { kind }: Message): number | undefined =>
      broken && (silent.includes(from) || silent.includes(to)) && kind !== "heartbeat" ? undefined : 1_000;
    const world = new MiniWorld({ nodes: 5, delay, settings: { standIn: undefined } });
    world.run(1_000_000);
    const [first, second, third] = world.owners("k");
    silent.push(second, third);
    broken = true;
    const explain = true;
    const get = (options: RequestOptions): unknown => told(world.get(first, "k", { explain, ...options }));
    const put = (options: RequestOptions): unknown => told(world.put(first, "k", "v", "", { explain, ...options }));
    assert.deepEqual(get({}), missed("timeout", "r", 1, 2));
    assert.deepEqual(get({ pr: 3 }), missed("timeout", "pr", 1, 3));
    assert.deepEqual(get({ r: 1, nodeConfirms: 2 }), missed("timeout", "node_confirms", 1, 2));
    assert.deepEqual(put({}), missed("timeout", "w", 1, 2));
    assert.deepEqual(put({ w: 1, dw: 2 }), missed("timeout", "dw", 1, 2));
    assert.deepEqual(put({ w: 1, pw: 2 }), missed("timeout", "pw", 1, 2));
    assert.deepEqual(put({ w: 1, nodeConfirms: 3 }), missed("timeout", "node_confirms", 1, 3));
  });

  it("is named when failures have made it unreachable, through the node that forwarded too", () => {
    const world = new MiniWorld({ nodes: 5, storeDelay: 1_000 });
    world.run(1_000_000);
    const [first, second, third] = world.owners("k");
    for (const node of [second, third]) {
      const { disk } = world.machines[node];
      disk.store = (token, _vnode, _address, _state, events): void => events.storeFailed(token, "full");
      disk.load = (token, _vnode, _address, events): void => events.loadFailed(token, "broken");
    }
    for (const asked of [first, world.stranger("k")]) {
      const get = world.get(asked, "k", { explain: true });
      assert.deepEqual(told(get), missed("quorum_unreachable", "r", 1, 2));
      assert.match(get.reason, /of 2 replicas answered, 2 failed$/);
      const put = world.put(asked, "k", "v", "", { dw: 2, explain: true });
      assert.deepEqual(told(put), missed("quorum_unreachable", "dw", 1, 2));
      assert.equal(put.coordinator, first);
      const nodes = world.put(asked, "k", "v", "", { w: 1, nodeConfirms: 2, explain: true });
      assert.deepEqual(told(nodes), missed("quorum_unreachable", "node_confirms", 1, 2));
      assert.match(nodes.reason, /stored 1\/1 on 1\/2 nodes$/);
    }
  });

  it("is none where it is something else that is wrong", () => {
    const world = new MiniWorld({ settings: { maxSiblings: 1 } });
    const [first] = world.owners("k");
    world.put(first, "k", "v");
    const explain = true;
    for (const answer of [
      world.put(first, "k", "w", "", { explain }),
      world.get(first, "k", { r: 9, explain }),
      world.put(first, "x".repeat(3_000), "w", "", { explain }),
    ])
      assert.deepEqual(told(answer), { outcome: answer.outcome, shortfall: undefined }, answer.outcome);
    assert.equal(world.get(first, "k", { explain }).outcome, "ok");
  });
});
