import { strict as assert } from "node:assert";
import fc from "fast-check";
import { clockNamed, packActor } from "../../../engine/clocks/clock";
import { Digest, Digests } from "../../../engine/quorum/digest";
import { contactsOf, type ReadPlan, StrategicGet } from "../../../engine/quorum/strategic-get";
import type { Replica } from "../../../engine/ring/ring";
import { address } from "../mini-world";
import { by } from "../clocks/event-maker";

const clock = clockNamed("dvvset");
const digests = new Digests(clock);
const KEY = address("k");
const REPLICAS = [0, 1, 2].map((node): Replica => ({ node, vnode: 0 }));
const QUORUM = { n: 3, r: 2, pr: 0, notfoundOk: true, basicQuorum: false };

const write = (writeId: number, onto?: unknown, node = 0, value = "v"): unknown =>
  clock.update(
    onto,
    onto === undefined ? "" : clock.context(onto),
    { writeId, value, tombstone: false },
    by(packActor(node, 0, 1)),
  );
const digestOf = (state: unknown): Digest => digests.of(KEY, state);
const idsOf = (get: StrategicGet): number[] => get.response(clock).versions.map(({ writeId }) => writeId);

function read(plan: Partial<ReadPlan> = {}, quorum: Partial<typeof QUORUM> = {}): StrategicGet {
  const usual = { contacted: 7, reserve: 0, whole: 1, speculative: 0, digests, blocking: false, repairs: true };
  return new StrategicGet({ kind: "nobody", id: 0 }, KEY, REPLICAS, { ...QUORUM, ...quorum }, 7, {
    ...usual,
    startedAt: 100,
    ...plan,
  });
}

describe("the first contacts of a read", () => {
  it("are this node, then primaries, then stand-ins, each in order, and no more than there are", () => {
    fc.assert(
      fc.property(
        fc.nat(63),
        fc.nat(63),
        fc.integer({ min: -1, max: 5 }),
        fc.nat(7),
        (candidates, primaries, self, count) => {
          const replicas = Array.from({ length: 6 }, (_, node): Replica => ({ node, vnode: 0 }));
          const rank = (i: number): number => ((primaries & (1 << i)) === 0 ? 100 : 0) + (i === self ? 0 : 10 + i);
          const expected = replicas
            .map(({ node }) => node)
            .filter((node) => (candidates & (1 << node)) !== 0)
            .sort((a, b) => rank(a) - rank(b))
            .slice(0, count)
            .reduce((set, node) => set | (1 << node), 0);
          assert.equal(contactsOf(replicas, candidates, primaries, self, count), expected);
        },
      ),
    );
  });
});

describe("a read by digests", () => {
  const old = write(1);
  const fresh = write(2, old);

  it("takes a digest that matches for the copy that it matches, which is repaired like any", () => {
    const get = read();
    assert.deepEqual(
      [0, 1, 2].map((at) => get.wantsDigest(at)),
      [false, true, true],
    );
    get.add(0, 0, "found", old);
    get.add(1, 0, "digest", digestOf(old));
    assert.equal(get.verdict(), "met");
    assert.equal(get.takeDiffering(), 0);
    assert.deepEqual(idsOf(get), [1]);
    assert.deepEqual(get.finalAction(clock).targets, []);
    get.add(2, 0, "absent", undefined);
    assert.deepEqual(get.finalAction(clock).targets, [REPLICAS[2]]);
  });

  it("reads in full who differs, and is not over before", () => {
    const get = read();
    get.add(0, 0, "found", old);
    get.add(1, 0, "digest", digestOf(fresh));
    assert.equal(get.takeDiffering(), 0b010);
    assert.equal(get.verdict(), "pending");
    assert.equal(get.wantsDigest(1), false);
    get.add(1, 0, "digest", digestOf(fresh));
    assert.equal(get.verdict(), "pending", "a second copy of a digest says nothing new");
    get.add(1, 0, "found", fresh);
    assert.equal(get.verdict(), "met");
    assert.equal(get.takeDiffering(), 0);
    assert.deepEqual(idsOf(get), [2]);
    assert.deepEqual(get.finalAction(clock).targets, [REPLICAS[0]]);
  });

  it("reads all in full when nobody has sent a copy", () => {
    for (const status of ["absent", "failed"] as const) {
      const get = read();
      get.add(0, 0, status, undefined);
      get.add(1, 0, "digest", digestOf(fresh));
      get.add(2, 0, "digest", digestOf(fresh));
      assert.equal(get.takeDiffering(), 0b110, status);
      assert.equal(get.verdict(), "pending");
    }
  });

  it("does not take one of two differing copies for a third that differs from both", () => {
    const get = read({}, { r: 3 });
    const other = write(3, old, 1);
    get.add(0, 0, "found", old);
    get.add(1, 0, "digest", digestOf(fresh));
    get.add(2, 0, "digest", digestOf(other));
    assert.equal(get.takeDiffering(), 0b110);
    get.add(1, 0, "found", fresh);
    get.add(2, 0, "found", other);
    assert.equal(get.verdict(), "met");
    assert.deepEqual(idsOf(get).sort(), [2, 3]);
  });

  it("sees a value that differs under one clock, and a clock that differs under one value", () => {
    const rotten = write(1, undefined, 0, "w");
    const elsewhere = write(1, undefined, 1);
    assert.ok(digests.matches(digestOf(old), KEY, write(1)));
    assert.ok(!digests.matches(digestOf(old), KEY, rotten));
    assert.ok(!digests.matches(digestOf(old), KEY, elsewhere));
  });

  it("repairs nobody of whom it has heard no more than a digest that matches nothing", () => {
    const get = read();
    get.add(0, 0, "found", old);
    get.add(1, 0, "found", old);
    get.add(2, 0, "digest", digestOf(fresh));
    assert.deepEqual(get.finalAction(clock).targets, []);
    assert.equal(get.agreed(clock), undefined);
  });
});

describe("a read that contacts few", () => {
  it("asks the next one for each that fails, primaries first, until there is none", () => {
    const get = read({ contacted: 1, reserve: 6, digests: undefined }, { r: 1 });
    get.add(0, 0, "failed", undefined);
    assert.equal(get.verdict(), "unreachable");
    assert.equal(get.askNext("failure"), 1);
    assert.equal(get.verdict(), "pending");
    get.add(1, 0, "failed", undefined);
    assert.equal(get.askNext("failure"), 2);
    get.add(2, 0, "failed", undefined);
    assert.equal(get.askNext("failure"), -1);
    assert.equal(get.response(clock).outcome, "quorum_unreachable");
  });

  it("asks nobody else once a majority knows of nothing and basic_quorum is enough", () => {
    const get = read({ contacted: 3, reserve: 4, digests: undefined }, { notfoundOk: false, basicQuorum: true });
    get.add(0, 0, "absent", undefined);
    get.add(1, 0, "absent", undefined);
    assert.equal(get.verdict(), "unreachable");
    assert.equal(get.askNext("failure"), -1);
  });

  it("asks for the whole on speculation while there is no copy at hand, and for a digest else", () => {
    const without = read({ contacted: 3, reserve: 4 });
    without.add(1, 0, "digest", digestOf(write(1)));
    assert.equal(without.wantsDigest(without.askNext("lateness")), false);
    const having = read({ contacted: 3, reserve: 4 });
    having.add(0, 0, "found", write(1));
    assert.equal(having.wantsDigest(having.askNext("lateness")), true);
  });

  it("knows whether speculation helped: only if without that answer there would be too few", () => {
    const state = write(1);
    const answers = (order: readonly number[]): boolean => {
      const get = read({ contacted: 3, reserve: 4, digests: undefined });
      assert.equal(get.askNext("lateness"), 2);
      for (const node of order) get.add(node, 0, "found", state);
      return get.speculationHelped();
    };
    assert.equal(answers([0, 2]), true);
    assert.equal(answers([0, 1]), false);
    assert.equal(answers([0]), false);
    assert.equal(answers([0, 2, 1]), false, "by now it is one of three");
  });

  it("times the first answer of each first contact, and no other", () => {
    const get = read({ contacted: 3, reserve: 4, digests: undefined });
    get.askNext("lateness");
    assert.equal(get.took(1, 0, 350), 250);
    assert.equal(get.took(1, 0, 360), undefined);
    assert.equal(get.took(2, 0, 370), undefined);
    assert.equal(get.took(9, 0, 370), undefined);
  });
});

describe("a read that repairs before it answers", () => {
  const old = write(1);
  const fresh = write(2, old);
  const blocking = { blocking: true, digests: undefined };

  it("waits until as many hold its answer as had to give one", () => {
    const get = read(blocking);
    get.add(0, 0, "found", old);
    get.add(1, 0, "found", fresh);
    assert.deepEqual(get.beginRepair(clock)?.targets, [REPLICAS[0]]);
    assert.equal(get.repairVerdict(clock), "pending");
    get.repaired(2, 0, true);
    assert.equal(get.repairVerdict(clock), "pending", "nobody asked that one");
    get.repaired(0, 0, true);
    assert.equal(get.repairVerdict(clock), "met");
    assert.equal(get.beginRepair(clock), undefined, "once is enough");
    assert.deepEqual(idsOf(get), [2]);
    assert.deepEqual(get.finalAction(clock).targets, [], "nor is it sent again");
  });

  it("counts a replica that answers later with no less", () => {
    for (const [late, verdict] of [
      [fresh, "met"],
      [write(3, fresh), "met"],
      [old, "pending"],
      [write(4, old, 2), "pending"],
    ] as const) {
      const get = read(blocking);
      get.add(0, 0, "found", old);
      get.add(1, 0, "found", fresh);
      get.beginRepair(clock);
      get.add(2, 0, "found", late);
      assert.equal(get.repairVerdict(clock), verdict, clock.describe(late));
    }
  });

  it("returns what it had when the repair began, and repairs with all it knows afterwards", () => {
    const get = read(blocking);
    get.add(0, 0, "found", old);
    get.add(1, 0, "found", fresh);
    get.beginRepair(clock);
    get.add(2, 0, "found", write(3, fresh));
    get.repaired(0, 0, true);
    assert.deepEqual(idsOf(get), [2]);
    const { state, targets } = get.finalAction(clock);
    assert.deepEqual(
      clock.versions(state).map(({ writeId }) => writeId),
      [3],
    );
    assert.deepEqual(targets, [REPLICAS[0], REPLICAS[1]]);
  });

  it("gives up when too many cannot be repaired", () => {
    const get = read({ ...blocking, contacted: 3 });
    get.add(0, 0, "absent", undefined);
    get.add(1, 0, "found", fresh);
    assert.deepEqual(get.beginRepair(clock)?.targets, [REPLICAS[0]]);
    get.repaired(0, 0, false);
    assert.equal(get.repairVerdict(clock), "unreachable");
    assert.equal(get.response(clock).outcome, "quorum_unreachable");
    assert.deepEqual(get.finalAction(clock).targets, [REPLICAS[0]], "it is tried once more, without waiting");
  });

  it("waits for nobody where all that answered know the same, or nothing", () => {
    for (const status of ["found", "absent"] as const) {
      const get = read(blocking);
      for (const node of [0, 1]) get.add(node, 0, status, status === "found" ? fresh : undefined);
      assert.equal(get.beginRepair(clock), undefined);
      assert.equal(get.repairVerdict(clock), "met");
    }
  });

  it("never says met with fewer holders than R, whatever comes in whatever order", () => {
    const states = [undefined, old, fresh, write(3, old, 1)];
    const event = fc.record({
      node: fc.nat(2),
      state: fc.nat(3),
      what: fc.constantFrom("answer" as const, "taken" as const, "not taken" as const),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 14 }), fc.integer({ min: 1, max: 3 }), (events, r) => {
        const get = read(blocking, { r });
        const held = new Map<number, unknown>();
        let sent: { state: unknown; targets: readonly Replica[] } | undefined;
        let begun = false;
        let known: unknown;
        for (const { node, state, what } of events) {
          if (what === "answer") {
            if (!held.has(node)) held.set(node, states[state]);
            get.add(node, 0, states[state] === undefined ? "absent" : "found", states[state]);
          } else if (sent?.targets.includes(REPLICAS[node]) === true) {
            if (what === "taken") held.set(node, clock.sync(held.get(node) ?? sent.state, sent.state));
            get.repaired(node, 0, what === "taken");
          }
          if (get.verdict() !== "met") continue;
          if (!begun) {
            sent = get.beginRepair(clock);
            for (const copy of held.values())
              if (copy !== undefined) known = known === undefined ? copy : clock.sync(known, copy);
          }
          begun = true;
          if (get.repairVerdict(clock) !== "met" || known === undefined) continue;
          const holders = [...held.values()].filter(
            (copy) => copy !== undefined && ["equal", "after"].includes(clock.compare(copy, known)),
          );
          assert.ok(holders.length >= r, `${String(holders.length)} of ${String(r)} hold ${clock.describe(known)}`);
        }
      }),
      { numRuns: 400 },
    );
  });
});
