/**
 * Copies on their way to where they belong: offered before they are sent, taken up again after a loss, at the rate there is; and
 * given up only where every owner has the very state, and nobody has changed it meanwhile.
 */
import { strict as assert } from "node:assert";
import { Relocation, type RelocationJob, type RelocationOptions } from "../../../engine/handoff/relocation";
import type { TransferCopies, TransferOffer, TransferReply } from "../../../engine/messages";
import { Digest } from "../../../engine/quorum/digest";
import { type Address, encodeAddress } from "../../../engine/vocabulary/address";
import { Random } from "../../../engine/vocabulary/random";

type Sent = TransferOffer | TransferCopies | TransferReply;

const key = (name: string): Address => encodeAddress({ type: "default", bucket: "b", key: name });

/** A sender whose disk is a map of texts, and whose peers answer as they are told to. */
class Mover {
  now = 0;
  readonly disk = new Map<Address, string>();
  readonly unreadable = new Set<Address>();
  readonly sent: { readonly to: number; readonly message: Sent; readonly at: number }[] = [];
  readonly dropped: Address[] = [];
  readonly down = new Set<number>();
  /** How vnode 1 of this node's own is. */
  ownPlace: "well" | "damaged" | "full" = "well";
  finished = 0;
  readonly relocation: Relocation;

  constructor(options: Partial<RelocationOptions> = {}) {
    this.relocation = new Relocation(
      {
        self: 0,
        epoch: 1,
        random: Random.fromSeed(1),
        batch: 2,
        rateBytesPerSecond: undefined,
        patience: 1_000_000,
        digest: (_, state) => new Digest(String(state).length, String(state).charCodeAt(0)),
        sizeOf: (state) => String(state).length,
        now: () => this.now,
        ...options,
      },
      {
        scan: (_, _limit, done) => {
          const readable = [...this.disk].filter(([address]) => !this.unreadable.has(address));
          const entries = readable.map(([address, state]) => ({ vnode: 0, address, state }));
          done(entries, undefined, this.disk.size - readable.length);
        },
        unsettled: () => undefined,
        read: (vnode, address, done) => {
          if (vnode === 1) return done(this.ownPlace === "damaged" ? "failed" : "absent", undefined);
          const state = this.disk.get(address);
          done(state === undefined ? "absent" : "found", state);
        },
        isSettled: () => true,
        merge: (vnode, address, state, stored) => {
          if (vnode === 1 && this.ownPlace !== "well") return stored(false);
          this.disk.set(address, String(state));
          stored(true);
        },
        drop: (_, address, state) => {
          if (this.disk.get(address) !== state) return;
          this.dropped.push(address);
          this.disk.delete(address);
        },
        send: (to, message) => void this.sent.push({ to, message, at: this.now }),
        believedUp: (node) => !this.down.has(node),
        mayWork: () => true,
      },
    );
  }

  begin(targets: readonly number[], drops = false, vnode = 0): void {
    const places = targets.map((node) => ({ node, vnode }));
    const job: RelocationJob = {
      targets: () => places,
      addressOf: (_, address) => address,
      drops,
      done: () => this.finished++,
    };
    this.relocation.begin(this.now, job);
    this.run(0);
  }

  /** Time goes on, wake-up by wake-up. */
  run(micros: number): void {
    const until = this.now + micros;
    for (let next = this.relocation.next(); next <= until; next = this.relocation.next()) {
      this.now = Math.max(this.now, next);
      this.relocation.advance(this.now);
    }
    this.now = until;
  }

  get last(): Sent {
    return this.sent[this.sent.length - 1].message;
  }

  /** The peer that was asked last lacks these, or has taken all. */
  answer(wanted: readonly number[] = [], status: "ok" | "failed" = "ok"): void {
    const { to, message } = this.sent[this.sent.length - 1];
    this.relocation.replied(this.now, to, { kind: "transfer-reply", id: message.id, status, wanted });
    this.run(0);
  }

  kinds(): string {
    return this.sent.map(({ to, message }) => `${message.kind.replace("transfer-", "")}>${String(to)}`).join(" ");
  }
}

describe("relocation", () => {
  it("offers, sends what is wanted and nothing else, and ends", () => {
    const mover = new Mover();
    for (const name of ["a", "b", "c"]) mover.disk.set(key(name), name);
    mover.begin([1]);
    assert.deepEqual((mover.last as TransferOffer).addresses, [key("a"), key("b")]);
    mover.answer([1]);
    assert.deepEqual((mover.last as TransferCopies).entries, [{ address: key("b"), state: "b" }]);
    mover.answer();
    mover.answer([]);
    assert.equal(mover.kinds(), "offer>1 copies>1 offer>1");
    assert.equal(mover.finished, 1);
    assert.equal(mover.disk.size, 3);
    assert.equal(mover.relocation.counts.keysMoved, 1);
  });

  it("goes on where an answer is lost, is no answer of now, or says no", () => {
    const mover = new Mover();
    mover.disk.set(key("a"), "a");
    mover.begin([1]);
    mover.run(1_200_000);
    assert.equal(mover.kinds(), "offer>1 offer>1");
    // The answer to the first comes late, and another node's is none.
    mover.relocation.replied(mover.now, 1, { kind: "transfer-reply", id: mover.sent[0].message.id, status: "ok", wanted: [] }); // prettier-ignore
    mover.relocation.replied(mover.now, 2, { kind: "transfer-reply", id: mover.last.id, status: "ok", wanted: [] });
    mover.run(0);
    assert.equal(mover.finished, 0);
    mover.answer([0]);
    mover.answer([], "failed");
    mover.run(500_000);
    assert.equal(mover.kinds(), "offer>1 offer>1 copies>1 offer>1");
    mover.answer([]);
    assert.equal(mover.finished, 1);
  });

  it("begins anew after a crash, and asks again before it sends", () => {
    const mover = new Mover();
    for (const name of ["a", "b", "c"]) mover.disk.set(key(name), name);
    mover.begin([1]);
    mover.answer([0, 1]);
    mover.answer();
    const again = new Mover({ epoch: 2 });
    for (const [address, state] of mover.disk) again.disk.set(address, state);
    again.begin([1]);
    again.answer([]);
    again.answer([0]);
    again.answer();
    assert.equal(again.kinds(), "offer>1 offer>1 copies>1");
    assert.equal(again.finished, 1);
    assert.notEqual(again.sent[0].message.id, mover.sent[0].message.id);
  });

  it("does not let those wait that answer for one that does not", () => {
    const mover = new Mover();
    mover.disk.set(key("a"), "a");
    mover.down.add(1);
    mover.begin([1, 2]);
    assert.equal(mover.kinds(), "offer>2");
    mover.answer([]);
    mover.run(1_000_000);
    assert.equal(mover.finished, 0);
    mover.down.delete(1);
    mover.run(100_000);
    mover.answer([]);
    assert.equal(mover.finished, 1);
  });

  it("sends so many bytes a second", () => {
    const mover = new Mover({ rateBytesPerSecond: 1_000, batch: 1, patience: 60_000_000 });
    for (const name of ["a", "b", "c", "d"]) mover.disk.set(key(name), "x".repeat(500));
    mover.begin([1]);
    for (let i = 0; i < 20 && mover.finished === 0; i++) {
      mover.answer(mover.last.kind === "transfer-offer" ? [0] : []);
      mover.run(1_000_000);
    }
    const copies = mover.sent.filter(({ message }) => message.kind === "transfer-copies");
    assert.equal(copies.length, 4);
    const took = copies[3].at - copies[0].at;
    assert.ok(took >= 1_500_000, String(took));
  });

  it("gives a copy up when all its owners have it, and not before", () => {
    const mover = new Mover();
    mover.disk.set(key("a"), "a");
    mover.begin([1, 2], true);
    mover.answer([0]);
    mover.answer();
    assert.deepEqual(mover.dropped, []);
    mover.answer([]);
    assert.deepEqual(mover.dropped, [key("a")]);
    mover.run(1_000_000);
    assert.equal(mover.finished, 1);
  });

  it("keeps a copy that has changed between the offers, and offers the new one to all", () => {
    const mover = new Mover();
    mover.disk.set(key("a"), "a");
    mover.begin([1, 2], true);
    mover.disk.set(key("a"), "changed");
    mover.answer([]);
    mover.answer([]);
    assert.deepEqual(mover.dropped, []);
    mover.run(1_000_000);
    mover.answer([]);
    mover.answer([]);
    assert.deepEqual(mover.dropped, [key("a")]);
    assert.equal(mover.kinds(), "offer>1 offer>2 offer>1 offer>2");
  });

  it("keeps a copy that has changed since it was sent", () => {
    const mover = new Mover();
    mover.disk.set(key("a"), "a");
    mover.begin([1], true);
    mover.answer([0]);
    mover.disk.set(key("a"), "changed");
    mover.answer();
    assert.deepEqual(mover.dropped, []);
    assert.equal(mover.finished, 0);
  });

  it("waits for its own place on a full disk, and not for ever where what lies there cannot be read", () => {
    for (const how of ["well", "full", "damaged"] as const) {
      const mover = new Mover();
      mover.disk.set(key("a"), "a");
      mover.ownPlace = how;
      mover.begin([0], false, 1);
      mover.run(1_000_000);
      assert.equal(mover.finished, how === "well" ? 1 : 0, how);
      mover.run(60_000_000);
      assert.equal(mover.finished, how === "full" ? 0 : 1, how);
      mover.ownPlace = "well";
      mover.run(10_000_000);
      assert.equal(mover.finished, 1, how);
      assert.deepEqual(mover.sent, []);
    }
  });

  it("waits for a disk that cannot be read for a moment, and not for ever", () => {
    for (const drops of [false, true]) {
      const mover = new Mover();
      for (const name of ["a", "b"]) mover.disk.set(key(name), name);
      mover.unreadable.add(key("a"));
      mover.begin([1], drops);
      mover.answer([]);
      mover.run(1_500_000);
      assert.equal(mover.finished, 0, "the disk may be well again");
      mover.unreadable.clear();
      mover.run(1_000_000);
      assert.deepEqual((mover.last as TransferOffer).addresses.includes(key("a")), true);
      const broken = new Mover();
      broken.disk.set(key("a"), "a");
      broken.unreadable.add(key("a"));
      broken.begin([1], drops);
      broken.run(60_000_000);
      assert.equal(broken.finished, 1, "one damaged record does not hold up a change");
      assert.ok(broken.disk.has(key("a")));
    }
  });
});
