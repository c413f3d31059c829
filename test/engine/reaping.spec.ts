/** Deletes, the removal of their tombstones, and the write that meets one again. Virtual time. */
import { strict as assert } from "node:assert";
import { clockFor, packActor } from "../../engine/clocks/clock";
import type { AnswerMessage, Message, PeerMessage } from "../../engine/messages";
import type { StorageEvents } from "../../engine/host/ports";
import { NOBODY } from "../../engine/messages";
import { Graves, MOST_GRAVES } from "../../engine/replica/graves";
import { MOST_WAITING, Reaper } from "../../engine/replica/reaper";
import type { EngineSettings } from "../../engine/vocabulary/settings";
import { address, MiniWorld } from "./mini-world";

function deleted(world: MiniWorld, node: number, key: string, context: string): AnswerMessage {
  const version = { writeId: 900, value: "", tombstone: true };
  const box = world.ask(node, {
    kind: "put",
    id: 9,
    forwarded: false,
    address: address(key),
    context,
    version,
    writer: NOBODY,
    options: undefined,
  });
  world.run(1_000_000, () => box.answer !== undefined);
  assert.equal(box.answer?.outcome, "ok");
  return box.answer;
}

function world(
  settings: Partial<EngineSettings>,
  delay?: (to: number, message: Message) => number | undefined,
): MiniWorld {
  return new MiniWorld({
    settings: { w: "all", r: "all", ...settings },
    ...(delay === undefined ? {} : { delay: (_from, to, message) => delay(to, message) }),
  });
}

describe("a tombstone", () => {
  for (const clock of ["dvvset", "riak-dvv", "vv-server", "lww"]) {
    it(`under ${clock} stays with delete_mode keep, and goes once all replicas hold it otherwise`, () => {
      for (const deleteMode of ["keep", "immediate"] as const) {
        const small = world({ clock, deleteMode });
        const [owner] = small.owners("k");
        const first = small.put(owner, "k", "v");
        deleted(small, owner, "k", first.context);
        small.run(1_000_000);
        const held = small.owners("k").map((node) => small.stored(node, "k"));
        if (deleteMode === "keep") assert.ok(held.every((state) => state?.includes("w900†")));
        else assert.deepEqual(held, [undefined, undefined, undefined]);
        assert.deepEqual(
          small.get(owner, "k").versions.map(({ writeId }) => writeId),
          deleteMode === "keep" ? [900] : [],
        );
      }
    });
  }

  it("goes after the delay of delete_mode and not before", () => {
    const small = world({ deleteMode: { afterMs: 300 } });
    const [owner] = small.owners("k");
    deleted(small, owner, "k", small.put(owner, "k", "v").context);
    small.run(250_000);
    assert.ok(small.stored(owner, "k")?.includes("w900†"));
    small.run(100_000);
    assert.equal(small.stored(owner, "k"), undefined);
  });

  it("stays where a replica does not hold it yet: the value it replaced would come back", () => {
    let cut = -1;
    const small = world({ deleteMode: "immediate", w: 2, r: 1, readRepair: "none" }, (to) =>
      to === cut ? undefined : 1_000,
    );
    const [owner, , last] = small.owners("k");
    const first = small.put(owner, "k", "v");
    small.run(100_000);
    cut = last;
    deleted(small, owner, "k", first.context);
    small.run(2_000_000);
    assert.ok(small.stored(owner, "k")?.includes("w900†"), "kept");
    assert.ok(small.stored(last, "k")?.includes("w1"), "the replica that was cut off still has the value");
  });

  it("stays when the key is written again before the removal", () => {
    const small = world({ deleteMode: { afterMs: 300 } });
    const [owner] = small.owners("k");
    const gone = deleted(small, owner, "k", small.put(owner, "k", "v").context);
    small.run(100_000);
    const again = small.put(owner, "k", "new", gone.context);
    small.run(1_000_000);
    assert.deepEqual(
      again.versions.map(({ writeId }) => writeId),
      [2],
    );
    assert.deepEqual(
      small.get(owner, "k").versions.map(({ value }) => value),
      ["new"],
    );
  });
});

describe("a key written anew after its tombstone was reaped, by a client that remembers what came before", () => {
  for (const clock of ["riak-dvv", "dvvset", "dvv", "vv-server"]) {
    it(`gives no name twice under ${clock}: who knows the tombstone does not overwrite what it has not read`, () => {
      const small = world({ clock, deleteMode: "immediate" });
      const [owner, other] = small.owners("k");
      const first = small.put(owner, "k", "v");
      const gone = deleted(small, owner, "k", first.context);
      small.run(2_000_000);
      assert.equal(small.stored(owner, "k"), undefined, "reaped");
      // The owner's copy comes back by way of another replica, and knows of one event of the owner's where there were two.
      small.put(other, "k", "theirs", first.context);
      small.put(owner, "k", "mine");
      small.put(other, "k", "late", gone.context);
      const values = small.get(owner, "k").versions.map(({ value }) => value);
      assert.ok(values.includes("mine"), values.join());
    });
  }
});

describe("a key written anew after its tombstone was reaped, where one replica missed the removal", () => {
  /** The doomstone of riak_kv issue 679: one replica dies between agreement and removal. Returns what all replicas give. */
  function rewritten(settings: Partial<EngineSettings>): { values: string[]; tombstones: number } {
    let deaf = -1;
    const small = world({ deleteMode: "immediate", ...settings }, (to, message) =>
      to === deaf && message.kind === "replica-put" && message.cause === "reap" ? undefined : 1_000,
    );
    const [owner, , last] = small.owners("k");
    deaf = last;
    const older = small.put(owner, "k", "v", small.put(owner, "k", "u").context);
    deleted(small, owner, "k", older.context);
    small.run(100_000);
    assert.equal(small.stored(owner, "k"), undefined, "reaped here");
    assert.ok(small.stored(last, "k")?.includes("w900†"), "and not there");
    small.put(owner, "k", "new");
    const { versions } = small.get(owner, "k");
    return {
      values: versions.filter(({ tombstone }) => !tombstone).map(({ value }) => value),
      tombstones: versions.filter(({ tombstone }) => tombstone).length,
    };
  }

  for (const clock of ["riak-dvv", "dvvset", "dvv", "vv-server"]) {
    it(`is not lost under ${clock} with epochs`, () => {
      assert.deepEqual(rewritten({ clock }).values, ["new"]);
    });
    it(`is lost under ${clock} without them, although it was acknowledged by all`, () => {
      assert.deepEqual(rewritten({ clock, actorEpochs: false }), { values: [], tombstones: 1 });
    });
  }
});

describe("a message that was sent before its key was deleted and reaped", () => {
  /** The last replica gets the first write twice, the second time long after everything is over. */
  function late(actorEpochs: boolean): { world: MiniWorld; last: number; owner: number; message: PeerMessage } {
    const small = new MiniWorld({
      settings: { w: "all", r: "all", deleteMode: "immediate", actorEpochs, readRepair: "none" },
    });
    const [owner, , last] = small.owners("k");
    const first = small.put(owner, "k", "v");
    const sent = small.sent.find(({ to, message }) => to === last && message.kind === "replica-put");
    deleted(small, owner, "k", first.context);
    small.run(100_000);
    assert.equal(small.stored(last, "k"), undefined, "reaped");
    const message = sent!.message as PeerMessage;
    small.machines[last].host.deliver({ kind: "received", from: owner, message });
    small.run(10_000);
    return { world: small, last, owner, message };
  }

  it("is ignored: the deleted value does not come back, and a new write is news to everybody", () => {
    const { world: small, last, owner, message } = late(true);
    assert.equal(small.stored(last, "k"), undefined);
    small.put(owner, "k", "new");
    small.run(10_000);
    // And once more, now that the key is there again.
    small.machines[last].host.deliver({ kind: "received", from: owner, message });
    small.run(10_000);
    assert.deepEqual(
      small.get(owner, "k").versions.map(({ value }) => value),
      ["new"],
    );
  });

  it("brings the value back where replicas do not remember, without actor epochs", () => {
    const { world: small, last } = late(false);
    assert.ok(small.stored(last, "k")?.includes("w1"));
  });

  it("is only ignored while it can be on its way, and of so many keys at most", () => {
    const graves = new Graves(1_000);
    graves.dig("k", "tombstone", 0);
    assert.equal(graves.find("k", 999), "tombstone");
    assert.equal(graves.find("k", 1_000), undefined);
    for (let i = 0; i < MOST_GRAVES + 10; i++) graves.dig(`k${String(i)}`, i, 500);
    assert.equal(graves.size, MOST_GRAVES);
    assert.equal(graves.find("k3", 600), undefined, "the oldest gave way");
    graves.dig("last", "x", 5_000);
    assert.equal(graves.size, 1, "what is over is forgotten");
  });
});

describe("the reaper", () => {
  it("keeps its queues within a bound and says what it leaves for later", () => {
    const seen = { checked: 0, removed: 0, dropped: 0 };
    const reaper = new Reaper(
      { afterMs: 1_000 },
      { check: () => seen.checked++, remove: () => seen.removed++, dropped: () => seen.dropped++ },
    );
    for (let i = 0; i < 70_000; i++) reaper.agreed(i, 0, "k", undefined);
    assert.equal(seen.dropped, 70_000 - 65_536);
    assert.equal(reaper.next(), 1_000_000);
    reaper.advance(999_999);
    assert.equal(seen.removed, 0);
    reaper.advance(1_000_000);
    assert.equal(seen.removed, 1);
    reaper.advance(2_000_000);
    assert.equal(seen.removed, 65_536);
    assert.equal(reaper.next(), Infinity);
  });
});

describe("the grace of deletes", () => {
  it("ends for more of them than are waited for at once, too", () => {
    const small = world({ clock: "lww", graceMs: 5_000 });
    const clock = clockFor(small.settings);
    const { host, disk } = small.machines[0];
    const version = { writeId: 900, value: "", tombstone: true };
    const by = { actor: packActor(1, 0, 1), client: 0, at: small.now, minted: 0 };
    const state = clock.update(undefined, "", { ...version, date: small.now }, by);
    const count = MOST_WAITING + 10;
    for (let i = 0; i < count; i++) {
      const message = { id: 0, vnode: 0, address: address(`k${i}`), state, acknowledge: "none" } as const;
      host.deliver({ kind: "received", from: 1, message: { kind: "replica-put", ...message, cause: "replication" } });
    }
    assert.equal(disk.count(), count);
    small.run(4_000_000);
    assert.equal(disk.count(), count);
    small.run(2_000_000);
    assert.equal(disk.count(), 0);
  });

  function stored(small: MiniWorld, key: string): number {
    return small.owners(key).filter((node) => small.stored(node, key) !== undefined).length;
  }

  it("lets every replica remove a tombstone of that age alone, also after a restart, and no younger one", () => {
    const small = world({ graceMs: 5_000 });
    const [owner, second] = small.owners("k");
    deleted(small, owner, "k", small.put(owner, "k", "v").context);
    small.run(4_000_000);
    assert.equal(stored(small, "k"), 3);
    small.crash(second);
    small.boot(second);
    small.run(2_000_000);
    // The delete says when it was made: a restart forgets nothing, and nobody removes it much later than the others.
    assert.equal(stored(small, "k"), 0);
    assert.equal(small.put(owner, "k", "again").outcome, "ok");
    small.run(20_000_000);
    assert.equal(stored(small, "k"), 3);
  });

  it("ends in its own time where a full disk takes no removal, and is not tried as fast as that fails", () => {
    const small = world({ graceMs: 5_000 });
    const [owner] = small.owners("k");
    deleted(small, owner, "k", small.put(owner, "k", "v").context);
    small.run(1_000_000);
    const { disk } = small.machines[owner];
    const store = disk.store.bind(disk);
    let tries = 0;
    disk.store = (token, _vnode, _address, _state, events: StorageEvents) => {
      if (++tries > 100) throw new Error("as fast as the disk says no");
      events.storeFailed(token, "disk full");
    };
    small.run(14_000_000);
    assert.ok(tries >= 5, `${tries} tries in ten seconds`);
    assert.equal(stored(small, "k"), 1);
    disk.store = store;
    small.run(2_000_000);
    assert.equal(stored(small, "k"), 0);
  });

  it("is not prolonged by repair: an old tombstone is not taken in again by who has none", () => {
    const small = world({
      graceMs: 5_000,
      aae: { intervalMs: 300, depth: 4, fanout: 2, hash: "clock", repair: "gets", concurrency: 2 },
    });
    const [owner, second] = small.owners("k");
    deleted(small, owner, "k", small.put(owner, "k", "v").context);
    small.run(1_000_000);
    small.crash(second);
    small.run(6_000_000);
    small.boot(second);
    small.run(10_000);
    // It holds the tombstone for a moment, and removes it by its age; exchanges meanwhile give it to nobody.
    small.run(20_000_000);
    assert.equal(stored(small, "k"), 0);
  });

  it("lets a delete be undone by a replica that was away for longer, and does not while it is remembered", () => {
    for (const away of [1_000_000, 10_000_000]) {
      const small = new MiniWorld({ settings: { w: 1, r: 3, graceMs: 5_000, readRepair: "async" } });
      const [owner, second] = small.owners("k");
      const put = small.put(owner, "k", "v");
      small.run(500_000);
      small.crash(second);
      small.run(1_000_000);
      deleted(small, owner, "k", put.context);
      small.run(away);
      small.boot(second);
      small.run(2_000_000);
      small.get(owner, "k");
      small.run(1_000_000);
      const values = small.get(owner, "k").versions.filter(({ tombstone }) => !tombstone);
      assert.equal(values.length, away > 5_000_000 ? 1 : 0);
    }
  });
});
