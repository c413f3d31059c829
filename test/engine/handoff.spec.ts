/**
 * The index of hints by itself, where the moment matters: a world in which every read answers when the test says so.
 * What nodes make of hints together is in `stand-ins.spec.ts`.
 */
import { strict as assert } from "node:assert";
import { Handoff, type HandoffActs } from "../../engine/handoff/handoff";
import { HINTED } from "../../engine/ring/ring";
import { encodeAddress } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import type { HintSettings } from "../../engine/vocabulary/settings";

const HOME = HINTED | 1;

function made(settings: Partial<HintSettings>, logs = false) {
  const reads: ((status: "found" | "absent" | "failed", state: unknown) => void)[] = [];
  const dropped: unknown[] = [];
  const acts: HandoffActs = {
    read: (_vnode, _address, done) => void reads.push(done),
    merge: () => assert.fail("nothing comes home here"),
    drop: (_vnode, _address, state) => void dropped.push(state),
    send: () => undefined,
    believedUp: () => false,
    mayWork: () => true,
    note: () => undefined,
  };
  const handoff = new Handoff(
    {
      settings: { batch: 10, idleMs: 0, concurrency: 2, ...settings },
      logs,
      epoch: 1,
      random: Random.fromSeed(1),
      patience: 1_000_000,
      homeOf: (vnode) => (vnode === HOME ? { node: 1, vnode: 0 } : undefined),
      sizeOf: () => 10,
    },
    acts,
  );
  return { handoff, reads, dropped };
}

describe("the index of hints", () => {
  it("lets a hint expire as it was found, and never one that was written while it was read", () => {
    for (const isWritten of [false, true]) {
      const { handoff, reads, dropped } = made({ expiryMs: 1_000 });
      handoff.changed(0, HOME, "k", "old");
      handoff.advance(1_000_000);
      assert.equal(reads.length, 1);
      if (isWritten) handoff.changed(1_000_001, HOME, "k", "new");
      reads[0]("found", isWritten ? "new" : "old");
      assert.deepEqual(dropped, isWritten ? [] : ["old"]);
      assert.equal(handoff.counts.hintsHeld, isWritten ? 1 : 0);
    }
  });

  it("asks again for one that has expired and cannot be read, until it is gone or another", () => {
    for (const meanwhile of ["well again", "written anew", "gone"]) {
      const { handoff, reads, dropped } = made({ expiryMs: 1_000 });
      handoff.changed(0, HOME, "k", "old");
      handoff.advance(1_000_000);
      reads[0]("failed", undefined);
      handoff.advance(handoff.next() - 1);
      assert.equal(reads.length, 1, "not as fast as the disk fails");
      handoff.advance(handoff.next());
      reads[1]("failed", undefined);
      if (meanwhile === "written anew") handoff.changed(handoff.next(), HOME, "k", "new");
      handoff.advance(handoff.next());
      assert.equal(reads.length, 3);
      reads[2](meanwhile === "gone" ? "absent" : "found", meanwhile === "gone" ? undefined : "on the disk");
      assert.deepEqual(dropped, meanwhile === "well again" ? ["on the disk"] : [], meanwhile);
      if (meanwhile !== "written anew") assert.equal(handoff.next(), Infinity);
      assert.equal(handoff.counts.hintsExpired, 1);
    }
  });

  it("finds the entries of a log by their key, those too that came or went since it was last asked", () => {
    const { handoff } = made({}, true);
    const names = ["a", "b", "a"].map((key) => handoff.logName(key));
    for (const name of names) handoff.changed(0, HOME, name, "state");
    const of = (key: string): readonly string[] => handoff.hintsOf(key).map(({ address }) => address);
    assert.deepEqual(of("a"), [names[0], names[2]]);
    assert.deepEqual(of("c"), []);
    handoff.changed(1, HOME, names[0], undefined);
    assert.deepEqual(of("a"), [names[2]]);
    const late = handoff.logName("c");
    handoff.changed(2, HOME, late, "state");
    assert.deepEqual([of("b"), of("c")], [[names[1]], [late]]);
  });

  it("answers for many keys of a long log without looking through it for each", () => {
    const { handoff } = made({}, true);
    for (let i = 0; i < 20_000; i++) handoff.changed(0, HOME, handoff.logName(`key${i}`), "state");
    // 400 million entries one after the other would take far longer than a test may.
    for (let i = 0; i < 20_000; i++) assert.equal(handoff.hintsOf(`key${i}`).length, 1);
  });

  it("goes home behind many that a full disk has refused, without a rest for each of those", () => {
    const key = encodeAddress({ type: "default", bucket: "b", key: "k" });
    let now = 0;
    const waiting: (() => void)[] = [];
    const later = (act: () => void): void => void waiting.push(act);
    const sent: unknown[] = [];
    const handoff: Handoff = new Handoff(
      {
        settings: { batch: 1, idleMs: 0, concurrency: 1 },
        logs: true,
        epoch: 1,
        random: Random.fromSeed(1),
        patience: 1_000_000,
        homeOf: () => ({ node: 1, vnode: 0 }),
        sizeOf: () => 10,
      },
      {
        read: (_vnode, stored, done) => later(() => (stored === last ? done("found", "s") : done("absent", undefined))),
        merge: () => assert.fail("nothing comes home here"),
        drop: (vnode, stored) => later(() => handoff.changed(now, vnode, stored, undefined)),
        send: (to, message) => {
          assert.ok(message.kind === "handoff");
          sent.push(...message.entries);
          later(() => handoff.replied(now, to, { kind: "handoff-reply", id: message.id, status: "stored" }));
        },
        believedUp: () => true,
        mayWork: () => true,
        note: () => undefined,
      },
    );
    for (let i = 0; i < 200; i++) handoff.changed(0, HOME, handoff.logName(key), "s");
    const last = handoff.logName(key);
    handoff.changed(0, HOME, last, "s");
    while (handoff.counts.hintsHeld > 0 && now < 2_000_000) {
      now = waiting.length > 0 ? now + 100 : Math.max(now, handoff.next());
      waiting.shift()?.();
      handoff.advance(now);
    }
    assert.equal(handoff.counts.hintsHeld, 0);
    assert.deepEqual(sent, [{ address: key, state: "s" }]);
  });

  it("cannot be kept from going home by another keeper whose disk cannot read what it keeps", () => {
    const store = owner(["readable", "unreadable"]);
    const reached = store.run(120_000_000);
    assert.deepEqual([...new Set(reached)], ["readable"], "at a place that one alone can have");
  });
});

/** An owner that takes one delivery at a time, and keepers of one hint each; messages take a millisecond. */
function owner(keepers: readonly ("readable" | "unreadable")[]): { run(until: number): readonly string[] } {
  const reached: string[] = [];
  const due: { readonly at: number; readonly act: () => void }[] = [];
  let now = 0;
  const later = (act: () => void): void => void due.push({ at: now + 1_000, act });
  const nodes: Handoff[] = [...keepers, "owner"].map((what, self) => {
    const acts: HandoffActs = {
      read: (_vnode, _address, done) => later(() => done(what === "unreadable" ? "failed" : "found", what)),
      merge: (_vnode, _address, state, done) => {
        reached.push(String(state));
        later(() => done(true));
      },
      drop: (vnode, address) => later(() => nodes[self].changed(now, vnode, address, undefined)),
      send: (to, message) =>
        later(() => {
          if (message.kind === "handoff") nodes[to].received(now, self, message);
          else nodes[to].replied(now, self, message);
        }),
      believedUp: () => true,
      mayWork: () => true,
      note: () => undefined,
    };
    return new Handoff(
      {
        settings: { batch: 1, idleMs: 0, concurrency: 1 },
        logs: false,
        epoch: 1,
        random: Random.fromSeed(self),
        patience: 1_000_000,
        homeOf: () => ({ node: keepers.length, vnode: 0 }),
        sizeOf: () => 10,
      },
      acts,
    );
  });
  const key = encodeAddress({ type: "default", bucket: "b", key: "k" });
  const run = (until: number): readonly string[] => {
    // The unreadable one is there first, as who asks more often is sooner or later.
    keepers.forEach((what, self) => due.push({ at: what === "unreadable" ? 0 : 2_000, act: () => nodes[self].changed(now, HOME, key, what) })); // prettier-ignore
    for (;;) {
      const first = due.length === 0 ? undefined : due.reduce((a, b) => (b.at < a.at ? b : a));
      const wake = Math.min(...nodes.map((node) => node.next()));
      now = Math.max(now, Math.min(first?.at ?? Infinity, wake));
      if (now > until) return reached;
      if (first !== undefined && first.at <= now) {
        due.splice(due.indexOf(first), 1);
        first.act();
      } else for (const node of nodes) node.advance(now);
    }
  };
  return { run };
}
