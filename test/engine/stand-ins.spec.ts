/** Who takes a missing replica's place, what waits where, and how it comes home. Virtual time, real codec. */
import { strict as assert } from "node:assert";
import { clockFor, packActor } from "../../engine/clocks/clock";
import { MOST_HINTS } from "../../engine/handoff/handoff";
import { ANY_HINT, type Message } from "../../engine/messages";
import { HINTED } from "../../engine/ring/ring";
import type { EngineSettings, StandIn } from "../../engine/vocabulary/settings";
import { address, MiniWorld, type WorldOptions } from "./mini-world";

const MAKER = { actor: packActor(0, 0, 1), client: 1, at: 0, minted: 0 };
const HINT = { batch: 10, idleMs: 0, concurrency: 2 };

function world(settings: Partial<EngineSettings>, more: Partial<WorldOptions> = {}): MiniWorld {
  const small = new MiniWorld({
    nodes: 5,
    ...more,
    settings: { standIn: "fallback", sloppyQuorum: true, hint: HINT, ...settings },
  });
  small.run(1_000_000);
  return small;
}

/** Kills a node and waits until the others have noticed. */
function lose(small: MiniWorld, ...nodes: readonly number[]): void {
  for (const node of nodes) small.crash(node);
  small.run(1_500_000);
}

function held(small: MiniWorld): number {
  return small.machines.reduce((sum, { up, node }) => sum + (up ? node.count().hintsHeld : 0), 0);
}

/** Writes of a key that wait as hints at `node`. */
function hintsAt(small: MiniWorld, node: number, key: string): readonly number[] | "failed" | undefined {
  const box = small.ask(node, { kind: "inspect", id: 1, vnodes: [ANY_HINT], addresses: [address(key)] });
  small.run(100_000, () => box.inspection !== undefined);
  return box.inspection?.held[0];
}

describe("a fallback", () => {
  it("takes the place of a primary that is away, counts to W and R, and hands the copy home", () => {
    const small = world({ w: "all", r: "all" });
    const [first, second, third] = small.owners("k");
    lose(small, second);
    assert.equal(small.put(first, "k", "v").outcome, "ok");
    assert.equal(small.get(third, "k").versions.length, 1);
    assert.equal(held(small), 1);
    small.boot(second);
    assert.ok(small.run(3_000_000, () => small.stored(second, "k") !== undefined));
    small.run(1_000_000);
    assert.equal(held(small), 0);
    assert.ok(
      small.machines.every(({ disk }) => disk.count() <= 1),
      "no copy is left under a hinted vnode",
    );
  });

  it("does not count to PW or PR", () => {
    const small = world({ pw: "all", w: 1 });
    const [first, second] = small.owners("k");
    lose(small, second);
    const answer = small.put(first, "k", "v");
    assert.equal(answer.outcome, "unavailable");
    assert.match(answer.reason, /2 primaries believed up, 3 needed/);
    const reading = world({ pr: "all", r: 1 });
    lose(reading, reading.owners("k")[1]);
    assert.equal(reading.get(reading.owners("k")[0], "k").outcome, "unavailable");
  });

  it("takes no writes beyond the window, and is read as before", () => {
    const small = world({ w: 1, r: 1, hint: { ...HINT, windowMs: 3_000 } });
    lose(small, ...small.owners("k"));
    const asked = small.stranger("k");
    assert.equal(small.put(asked, "k", "v").outcome, "ok");
    small.run(4_000_000);
    assert.equal(small.put(asked, "k", "w").outcome, "unavailable");
    assert.equal(small.get(asked, "k").versions.length, 1);
    const before = held(small);
    small.run(1_000_000);
    assert.equal(held(small), before, "nor is it repaired into");
  });

  it("is not asked where quorums are strict", () => {
    const small = world({ sloppyQuorum: false, w: "all" });
    const [first, second] = small.owners("k");
    lose(small, second);
    assert.equal(small.put(first, "k", "v").outcome, "unavailable");
  });

  it("that is empty makes a false not-found with notfound_ok, and none without", () => {
    for (const notfoundOk of [true, false]) {
      const small = world({ w: 1, r: 1, notfoundOk, readRepair: "none", coordinator: "any" });
      const owners = small.owners("k");
      small.put(owners[0], "k", "v");
      small.run(1_000_000);
      // One primary is left, and two fallbacks that have nothing and may answer first.
      const answers = new Set<number>();
      lose(small, owners[0], owners[1]);
      for (let i = 0; i < 20; i++) {
        small.machines.forEach(({ up }, node) => {
          if (up) answers.add(small.get(node, "k").versions.length);
        });
      }
      assert.equal(answers.has(0), notfoundOk, `notfound_ok ${String(notfoundOk)}: ${[...answers].join()}`);
    }
  });

  it("makes events while every primary is away, and never gives a name twice over two such absences", () => {
    const small = world({ w: 1, r: 1 }, { nodes: 4 });
    const owners = small.owners("k");
    const other = small.stranger("k");
    const contexts: string[] = [];
    for (let absence = 0; absence < 3; absence++) {
      lose(small, ...owners);
      for (let i = 0; i < 2; i++) {
        const answer = small.put(other, "k", `v${String(absence)}.${String(i)}`);
        assert.equal(answer.outcome, "ok", answer.reason);
        contexts.push(answer.context);
      }
      for (const owner of owners) small.boot(owner);
      assert.ok(small.run(10_000_000, () => held(small) === 0));
    }
    // Blind writes: every one of them is concurrent with all the others, and all are there.
    small.run(5_000_000);
    assert.equal(small.get(owners[0], "k").versions.length, 6);
    assert.equal(new Set(contexts).size, 6);
  });

  it("takes nothing more when it is full, whoever asks and whether or not it coordinates; nothing is called stored", () => {
    for (const through of ["itself", "another"] as const) {
      for (const clock of ["dvvset", "lww"] as const) {
        const small = world({ w: 1, coordinator: "any", clock });
        const owners = small.owners("k");
        lose(small, ...owners);
        const [one, other] = [0, 1, 2, 3, 4].filter((node) => !owners.includes(node));
        for (const node of [one, other]) {
          const { handoff } = small.machines[node].node as unknown as { handoff: { counts: { hintsHeld: number } } };
          handoff.counts.hintsHeld = MOST_HINTS;
        }
        const { outcome } = small.put(through === "itself" ? one : other, "k", "v");
        assert.equal(outcome, clock === "dvvset" ? "unavailable" : "quorum_unreachable");
        assert.ok([one, other].every((node) => small.machines[node].disk.count() === 0));
      }
    }
  });

  it("steps back while a primary is up: events are made where the history lives", () => {
    const small = world({ w: 1 });
    const [first, second] = small.owners("k");
    lose(small, first);
    const fallback = small.ring
      .withFallbacks(address("k"), 3, 1, (node) => node !== first)
      .find(({ home }) => home !== undefined)!.node;
    small.put(fallback, "k", "v");
    assert.match(small.stored(second, "k")!, new RegExp(`n${String(second)}[^.]`));
  });

  it("keeps its copy while somebody goes on using it, however long its home has been back", () => {
    const small = world({ w: 1, hint: { ...HINT, idleMs: 400 } });
    const [first, second] = small.owners("k");
    lose(small, second);
    small.put(first, "k", "v");
    small.run(100_000);
    small.boot(second);
    const hv = small.ring.hintedVnode({ node: second, vnode: 0 });
    const keeper = small.machines.findIndex(({ node }) => node.count().hintsHeld > 0);
    for (let i = 0; i < 20; i++) {
      small.machines[keeper].host.deliver({
        kind: "received",
        from: first,
        message: { kind: "replica-get", id: 0, vnode: hv, address: address("k") },
      });
      small.run(200_000);
    }
    assert.equal(held(small), 1);
    assert.ok(small.run(2_000_000, () => held(small) === 0));
  });
});

for (const standIn of ["coordinator-log", "peer-slop"] as const) {
  describe(`a ${standIn}`, () => {
    it("keeps what a replica missed, answers no read, and brings it home", () => {
      const small = world({ standIn, sloppyQuorum: false, w: 2, r: 1, readRepair: "none" });
      const [first, second] = small.owners("k");
      lose(small, second);
      const one = small.put(first, "k", "v1");
      assert.equal(one.outcome, "ok");
      small.put(first, "k", "v2", one.context);
      small.run(500_000);
      assert.equal(held(small), standIn === "coordinator-log" ? 2 : 1);
      assert.equal(small.put(first, "k", "v3").outcome, "ok");
      assert.ok((hintsAt(small, standIn === "coordinator-log" ? first : keeperOf(small), "k") ?? []).length > 0);
      small.boot(second);
      assert.ok(small.run(5_000_000, () => held(small) === 0));
      assert.match(small.stored(second, "k")!, /w2.*w3|w3.*w2/);
    });

    it("does not make a quorum where it is strict, and does where it is sloppy", () => {
      for (const sloppyQuorum of [false, true]) {
        const small = world({ standIn, sloppyQuorum, w: "all" });
        const [first, second] = small.owners("k");
        lose(small, second);
        assert.equal(small.put(first, "k", "v").outcome, sloppyQuorum ? "ok" : "unavailable");
      }
    });

    it("also takes what a replica believed up did not acknowledge in time", () => {
      let cut = -1;
      const small = world(
        { standIn, sloppyQuorum: false, w: 1, r: 1, readRepair: "none" },
        { delay: (_from, to, message) => (to === cut && message.kind === "replica-put" ? undefined : 1_000) },
      );
      const [first, second] = small.owners("k");
      cut = second;
      assert.equal(small.put(first, "k", "v").outcome, "ok");
      small.run(50_000);
      assert.equal(held(small), 0);
      cut = -1;
      // After the write timeout; by then the home is long reachable again.
      assert.ok(small.run(2_000_000, () => small.stored(second, "k") !== undefined));
      assert.ok(small.run(2_000_000, () => held(small) === 0));
    });

    it("takes nothing for whoever is away for longer than the window", () => {
      const small = world({ standIn, sloppyQuorum: false, w: 2, hint: { ...HINT, windowMs: 5_000 } });
      const [first, second] = small.owners("k");
      lose(small, second);
      small.put(first, "k", "v");
      small.run(300_000);
      assert.equal(held(small), 1);
      small.run(5_000_000);
      small.put(first, "other", "v");
      small.run(300_000);
      assert.equal(held(small), 1);
    });
  });
}

function keeperOf(small: MiniWorld): number {
  return small.machines.findIndex(({ up, node }) => up && node.count().hintsHeld > 0);
}

describe("hints on their way home", () => {
  const STAND_INS: readonly StandIn[] = ["fallback", "coordinator-log", "peer-slop"];

  it("survive the crash of whoever keeps them", () => {
    for (const standIn of STAND_INS) {
      const small = world({ standIn, sloppyQuorum: standIn === "fallback", w: 2, readRepair: "none" });
      const [first, second] = small.owners("k");
      lose(small, second);
      for (let i = 0; i < 5; i++) small.put(first, "k", `v${String(i)}`);
      small.run(500_000);
      const keeper = keeperOf(small);
      const before = small.machines[keeper].node.count().hintsHeld;
      small.crash(keeper);
      small.boot(keeper);
      small.run(1_000_000);
      assert.equal(small.machines[keeper].node.count().hintsHeld, before, standIn);
      small.boot(second);
      assert.ok(
        small.run(5_000_000, () => held(small) === 0),
        standIn,
      );
      for (let i = 1; i <= 5; i++) assert.match(small.stored(second, "k")!, new RegExp(`w${String(i)}\\b`), standIn);
    }
  });

  it("stay until the owner says they are stored, whatever becomes of messages", () => {
    for (const standIn of STAND_INS) {
      const losing = { share: 0.4 };
      const small = world(
        { standIn, sloppyQuorum: standIn === "fallback", w: 2, readRepair: "none" },
        {
          seed: 7,
          storeDelay: 3_000,
          delay: (_from, _to, message: Message, random) =>
            message.kind.startsWith("handoff") && random.nextFloat() < losing.share ? undefined : 1_000,
        },
      );
      const [first, second] = small.owners("k");
      lose(small, second);
      for (let i = 0; i < 30; i++) small.put(first, `k${String(i)}`, "v");
      small.run(500_000);
      small.boot(second);
      assert.ok(
        small.run(600_000_000, () => held(small) === 0),
        standIn,
      );
      for (let i = 0; i < 30; i++) {
        const key = `k${String(i)}`;
        if (small.owners(key).includes(second)) assert.ok(small.stored(second, key) !== undefined, `${standIn} ${key}`);
      }
    }
  });

  it("do not go before the owner's disk has them: a crash between message and store costs nothing", () => {
    const small = world({ w: 2, readRepair: "none" }, { storeDelay: 50_000 });
    const [first, second] = small.owners("k");
    lose(small, second);
    small.put(first, "k", "v");
    small.run(500_000);
    small.boot(second);
    // The copy has arrived and is not stored yet.
    assert.ok(small.run(5_000_000, () => small.sent.some(({ message }) => message.kind === "handoff")));
    small.run(5_000);
    small.crash(second);
    small.run(1_500_000);
    assert.equal(held(small), 1);
    small.boot(second);
    assert.ok(small.run(10_000_000, () => held(small) === 0));
    assert.ok(small.stored(second, "k") !== undefined);
  });

  it("are not dropped on an answer that was meant for a former life of their keeper", () => {
    let lost = false;
    let batches = 0;
    let late = 0;
    const small = world(
      { w: 1, readRepair: "none" },
      {
        delay: (_from, _to, message: Message) => {
          if (message.kind === "handoff" && message.entries.length > 0) batches++;
          if (message.kind === "handoff-reply") return batches === 1 && late++ === 0 ? 300_000 : 1_000;
          return message.kind === "handoff" && lost && batches > 1 ? undefined : 1_000;
        },
      },
    );
    const [first, second] = small.owners("k");
    lose(small, second);
    small.put(first, "k", "one");
    small.run(500_000);
    const keeper = keeperOf(small);
    small.boot(second);
    assert.ok(small.run(2_000_000, () => batches === 1));
    small.run(10_000);
    lost = true;
    // Its copy changes, it restarts and sends that, in vain; then the answer to the first comes.
    const clock = clockFor(small.settings);
    const version = { writeId: 77, value: "two", tombstone: false };
    const state = clock.update(undefined, "", version, { actor: packActor(first, 0, 9), client: 1, at: 1, minted: 0 });
    const message = {
      vnode: small.ring.hintedVnode({ node: second, vnode: 0 }),
      address: address("k"),
      state,
    } as const;
    small.machines[keeper].host.deliver({
      kind: "received",
      from: first,
      message: { kind: "replica-put", id: 0, ...message, acknowledge: "none", cause: "replication" },
    });
    small.crash(keeper);
    small.boot(keeper);
    small.run(500_000);
    assert.equal(held(small), 1);
    lost = false;
    assert.ok(small.run(30_000_000, () => held(small) === 0));
    assert.match(small.stored(second, "k")!, /w1.*w77|w77.*w1/);
  });

  it("go home between two nodes that have some for each other, one delivery at a time, in step", () => {
    let apart = true;
    const small = world(
      { standIn: "coordinator-log", sloppyQuorum: false, w: 1, readRepair: "none", hint: { ...HINT, concurrency: 1 } },
      { nodes: 3, delay: (from, to) => (apart && from < 2 && to < 2 ? undefined : 1_000) },
    );
    for (const [node, key] of [0, 1].map((i) => [i, `k${String(i)}`] as const)) small.put(node, key, "v");
    small.run(1_000_000);
    assert.equal(held(small), 2);
    apart = false;
    assert.ok(small.run(20_000_000, () => held(small) === 0));
  });

  it("are still known where the disk refused to remove them, and go when it is well again", () => {
    const small = world({ w: 1, readRepair: "none" });
    const [first, second] = small.owners("k");
    lose(small, second);
    small.put(first, "k", "v");
    small.run(500_000);
    const { disk } = small.machines[keeperOf(small)];
    const store = disk.store.bind(disk);
    let fails = true;
    disk.store = (token, vnode, stored, state, events) => {
      if (fails && state === undefined) events.storeFailed(token, "disk full");
      else store(token, vnode, stored, state, events);
    };
    small.boot(second);
    assert.ok(small.run(3_000_000, () => small.stored(second, "k") !== undefined));
    small.run(1_000_000);
    assert.equal(held(small), 1);
    fails = false;
    assert.ok(small.run(20_000_000, () => held(small) === 0));
    assert.equal(disk.count(), 0);
  });

  it("are found after a restart though the disk could not read them at that moment", () => {
    const small = world({ w: 1, readRepair: "none" });
    const [first, second] = small.owners("k");
    lose(small, second);
    small.put(first, "k", "v");
    small.run(500_000);
    const keeper = keeperOf(small);
    const { disk } = small.machines[keeper];
    const scan = disk.scan.bind(disk);
    disk.scan = (token, cursor, limit, events) =>
      scan(token, cursor, limit, {
        ...events,
        scanned: (id, entries, next) =>
          events.scanned(
            id,
            [],
            next,
            entries.map(({ vnode, address: at }) => ({ vnode, address: at, reason: "read error" })),
          ),
      });
    small.crash(keeper);
    small.boot(keeper);
    small.run(1_000_000);
    small.boot(second);
    assert.ok(small.run(20_000_000, () => held(small) === 0 && small.stored(second, "k") !== undefined));
  });

  it("wait with a peer that is not their home, though their home is next on a ring where hosts repeat", () => {
    const mute = new Set<number>();
    const small = world(
      { standIn: "peer-slop", sloppyQuorum: false, w: 1, readRepair: "none" },
      {
        ring: { distinctHosts: "claim", strategy: "random-tokens", vnodesPerNode: 4 },
        nodes: 3,
        delay: (_from, to, message) => (mute.has(to) && message.kind === "replica-put" ? undefined : 1_000),
      },
    );
    for (let i = 0; i < 60; i++) {
      const key = `k${String(i)}`;
      const [first, ...others] = small.owners(key);
      for (const other of others) if (other !== first) mute.add(other);
      small.put(first, key, "v");
      small.run(30_000);
      mute.clear();
    }
    small.run(400_000);
    for (const { to, message } of small.sent) {
      if (message.kind !== "replica-put" || message.vnode < HINTED) continue;
      assert.notEqual(small.ring.homeOf(message.vnode)!.node, to);
    }
    assert.ok(small.run(60_000_000, () => held(small) === 0));
  });

  it("keep to their batch, their rate and the limit of deliveries at both ends", () => {
    const small = world({ w: 1, hint: { batch: 2, idleMs: 0, concurrency: 1, rateBytesPerSecond: 100 } });
    const [, second] = small.owners("k");
    lose(small, second);
    const keys = Array.from({ length: 40 }, (_, i) => `k${String(i)}`).filter((key) =>
      small.owners(key).includes(second),
    );
    for (const key of keys)
      small.put(
        small.owners(key).find((node) => node !== second)!,
        key,
        "v".repeat(20),
      );
    small.run(500_000);
    const waiting = held(small);
    small.boot(second);
    const began = small.now;
    assert.ok(small.run(600_000_000, () => held(small) === 0));
    const seconds = (small.now - began) / 1e6;
    const batches = small.sent.flatMap(({ message }) => (message.kind === "handoff" ? [message.entries.length] : []));
    assert.ok(batches.every((count) => count <= 2));
    // Every keeper may send 100 bytes a second; a copy is a little over 20 bytes.
    assert.ok(seconds > (waiting * 20) / 100 / 4, `${String(waiting)} hints in ${String(seconds)} s`);
  });

  it("are dropped once they are too old, and counted", () => {
    const small = world({ w: 1, hint: { ...HINT, expiryMs: 10_000 } });
    const [first, second] = small.owners("k");
    lose(small, second);
    small.put(first, "k", "v");
    small.run(500_000);
    assert.equal(held(small), 1);
    small.run(11_000_000);
    assert.equal(held(small), 0);
    assert.equal(
      small.machines.reduce((sum, { up, node }) => sum + (up ? node.count().hintsExpired : 0), 0),
      1,
    );
    const keeper = small.ring.withFallbacks(address("k"), 3, 2, (node) => node !== second)[1];
    assert.equal(small.stored(keeper.node, "k", HINTED | second), undefined);
  });

  it("are as old as the newest write in them: that is not dropped with the first", () => {
    const small = world({ w: 1, hint: { ...HINT, expiryMs: 10_000 } });
    const [first, second] = small.owners("k");
    lose(small, second);
    small.put(first, "k", "old");
    small.run(8_000_000);
    small.put(first, "k", "new");
    small.run(5_000_000);
    assert.equal(held(small), 1, "written 5 s ago");
    small.run(6_000_000);
    assert.equal(held(small), 0);
  });

  it("are refused where one of them is no key, with nothing taken in", () => {
    const small = world({});
    const state = clockFor(small.settings).update(undefined, "", { writeId: 1, value: "v", tombstone: false }, MAKER);
    small.machines[0].host.deliver({
      kind: "received",
      from: 1,
      message: {
        kind: "handoff",
        id: 5,
        vnode: 0,
        entries: [address("k"), "\u0007"].map((at) => ({ address: at, state })),
      },
    });
    const replies = small.sent.flatMap(({ message }) => (message.kind === "handoff-reply" ? [message.status] : []));
    assert.deepEqual(replies, ["failed"]);
    assert.equal(small.machines[0].disk.count(), 0);
  });

  it("are refused for a hinted vnode: they would be lost there", () => {
    const small = world({});
    small.machines[0].host.deliver({
      kind: "received",
      from: 1,
      message: { kind: "handoff", id: 5, vnode: HINTED | 1, entries: [] },
    });
    const replies = small.sent.flatMap(({ message }) => (message.kind === "handoff-reply" ? [message.status] : []));
    assert.deepEqual(replies, ["failed"]);
  });
});
