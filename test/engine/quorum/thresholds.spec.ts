/** Verdicts and shortfalls of both coordinators against plain counting, with hosts that have several copies. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { clockNamed, packActor } from "../../../engine/clocks/clock";
import type { Shortfall } from "../../../engine/messages";
import { nodesOf } from "../../../engine/quorum/arithmetic";
import { GetCoordination, type GetStatus } from "../../../engine/quorum/get-coordinator";
import { PutCoordination } from "../../../engine/quorum/put-coordinator";
import type { Replica } from "../../../engine/ring/ring";
import { address } from "../mini-world";
import { by } from "../clocks/event-maker";

const clock = clockNamed("dvvset");
const KEY = address("k");
const STATE = clock.update(undefined, "", { writeId: 1, value: "v", tombstone: false }, by(packActor(0, 0, 1)));
const NOBODY = { kind: "nobody", id: 0 } as const;
const MOST = 5;

/** Up to five copies on up to three nodes, each under a vnode of its own. */
const places = fc
  .array(fc.nat(2), { minLength: 1, maxLength: MOST })
  .map((nodes) => nodes.map((node, vnode): Replica => ({ node, vnode })));
const upTo = (n: number): fc.Arbitrary<number> => fc.nat(n);
const distinct = (places: readonly Replica[]): number => new Set(places.map(({ node }) => node)).size;

describe("nodes of a set of replicas", () => {
  it("are counted once each", () => {
    fc.assert(
      fc.property(places, fc.nat(2 ** MOST - 1), (replicas, bits) => {
        const set = bits & (2 ** replicas.length - 1);
        assert.equal(nodesOf(set, replicas), distinct(replicas.filter((_, i) => (set & (1 << i)) !== 0)));
      }),
    );
    const many = Array.from({ length: 30 }, (_, i) => ({ node: i % 7 }));
    assert.equal(nodesOf(2 ** 30 - 1, many), 7);
  });
});

/** In the order in which Riak names them, so far as several are missed. */
type Missed = readonly [Shortfall["what"], got: number, wanted: number, isNamed: boolean];

function firstOf(missed: readonly Missed[]): Shortfall | undefined {
  const found = missed.find(([, got, wanted, isNamed]) => got < wanted && isNamed);
  return found === undefined ? undefined : { what: found[0], got: found[1], wanted: found[2] };
}

describe("a read", () => {
  const answers = fc.array(fc.tuple(upTo(MOST - 1), fc.constantFrom<GetStatus>("found", "absent", "failed")), {
    maxLength: 8,
  });
  const read = places.chain((replicas) =>
    fc.record({
      replicas: fc.constant(replicas),
      asked: fc.nat(2 ** replicas.length - 1),
      fallbacks: fc.nat(2 ** replicas.length - 1),
      r: upTo(replicas.length),
      pr: upTo(replicas.length),
      nodeConfirms: upTo(replicas.length),
      notfoundOk: fc.boolean(),
      answers,
    }),
  );

  it("is over exactly when it is decided, and names the threshold that was missed", () => {
    let [met, unreachable, byNodes] = [0, 0, 0];
    fc.assert(
      fc.property(read, ({ replicas, asked, fallbacks, r, pr, nodeConfirms, notfoundOk, answers: said }) => {
        const quorum = { n: replicas.length, r, pr, notfoundOk, basicQuorum: false, nodeConfirms };
        const bits = [...replicas.keys()].filter((i) => (asked & (1 << i)) !== 0);
        const primaries = asked & ~fallbacks;
        const get = new GetCoordination(NOBODY, KEY, replicas, asked, bits.length, quorum, primaries);
        const first = new Map<number, GetStatus>();
        for (const [at, status] of said) {
          if (at >= replicas.length) continue;
          get.add(replicas[at].node, replicas[at].vnode, status, status === "found" ? STATE : undefined);
          if (bits.includes(at) && !first.has(at)) first.set(at, status);
        }
        const isGood = (status: GetStatus | undefined): boolean =>
          status === "found" || (status === "absent" && notfoundOk);
        const good = bits.filter((i) => isGood(first.get(i)));
        const hoped = bits.filter((i) => !first.has(i) || isGood(first.get(i)));
        const enough = (some: readonly number[]): boolean =>
          some.length >= r &&
          some.filter((i) => (primaries & (1 << i)) !== 0).length >= pr &&
          distinct(some.map((i) => replicas[i])) >= nodeConfirms;
        const expected = enough(good) ? "met" : enough(hoped) ? "pending" : "unreachable";
        assert.equal(get.verdict(), expected);
        const byPrimaries = good.filter((i) => (primaries & (1 << i)) !== 0).length;
        const shortfall = firstOf([
          ["node_confirms", distinct(good.map((i) => replicas[i])), nodeConfirms, true],
          ["pr", byPrimaries, pr, good.length >= r || pr >= r],
          ["r", good.length, r, true],
        ]);
        assert.deepEqual(get.shortfall(), shortfall);
        assert.equal(shortfall === undefined, expected === "met", "what is not met has fallen short of something");
        if (expected === "met") met++;
        else if (expected === "unreachable") unreachable++;
        if (shortfall?.what === "node_confirms" && good.length >= r) byNodes++;
      }),
      { numRuns: 2_000 },
    );
    assert.ok(met > 100 && unreachable > 100 && byNodes > 50, [met, unreachable, byNodes].join());
  });
});

describe("a write", () => {
  const acks = fc.array(fc.tuple(upTo(MOST - 1), fc.constantFrom("received", "stored", "failed")), { maxLength: 12 });
  const write = places.chain((replicas) =>
    fc.record({
      replicas: fc.constant(replicas),
      asked: fc.nat(2 ** replicas.length - 1),
      hinted: fc.nat(2 ** replicas.length - 1),
      fallbacks: fc.nat(2 ** replicas.length - 1),
      w: upTo(replicas.length),
      dw: upTo(replicas.length),
      pw: upTo(replicas.length),
      nodeConfirms: upTo(replicas.length),
      acks,
    }),
  );

  it("is over exactly when it is decided, and names the threshold that was missed", () => {
    let [met, unreachable, byNodes] = [0, 0, 0];
    fc.assert(
      fc.property(write, ({ replicas, asked, hinted, fallbacks, w, dw, pw, nodeConfirms, acks: said }) => {
        const standIns = hinted & ~asked;
        const primaries = asked & ~fallbacks;
        const quorum = { n: replicas.length, w, dw, pw, nodeConfirms };
        const put = new PutCoordination(NOBODY, KEY, replicas, asked, -1, quorum, primaries, standIns);
        put.state = STATE;
        const has = (set: number) => (i: number) => (set & (1 << i)) !== 0;
        const all = [...replicas.keys()];
        const [received, stored, failed] = [new Set<number>(), new Set<number>(), new Set<number>()];
        for (const [at, status] of said) {
          // Who has failed says nothing more of this write.
          if (at >= replicas.length || failed.has(at)) continue;
          if (has(standIns)(at)) {
            put.addStandIn(at, status !== "failed");
            if (stored.has(at)) continue;
            if (status === "failed") failed.add(at);
            else {
              received.add(at);
              stored.add(at);
            }
            continue;
          }
          put.add(replicas[at].node, replicas[at].vnode, status);
          if (!has(asked)(at)) continue;
          if (status === "failed") failed.add(at);
          else received.add(at);
          if (status === "stored") stored.add(at);
        }
        const counts = all.filter(has(asked | standIns));
        const hoped = (of: ReadonlySet<number>): number[] => counts.filter((i) => of.has(i) || !failed.has(i));
        const nodes = (some: readonly number[]): number => distinct(some.filter(has(asked)).map((i) => replicas[i]));
        const enough = (got: readonly number[], kept: readonly number[]): boolean =>
          got.length >= w &&
          kept.length >= dw &&
          got.filter(has(primaries)).length >= pw &&
          nodes(kept) >= nodeConfirms;
        const isMet = enough([...received], [...stored]);
        const expected = isMet ? "met" : enough(hoped(received), hoped(stored)) ? "pending" : "unreachable";
        assert.equal(put.verdict(), expected);
        const others = received.size >= w && stored.size >= dw;
        const shortfall = firstOf([
          ["pw", [...received].filter(has(primaries)).length, pw, others || pw >= dw],
          ["node_confirms", nodes([...stored]), nodeConfirms, others || nodeConfirms >= dw],
          ["dw", stored.size, dw, received.size >= w || dw >= w],
          ["w", received.size, w, true],
        ]);
        assert.deepEqual(put.shortfall(), shortfall);
        assert.equal(shortfall === undefined, isMet, "what is not met has fallen short of something");
        if (isMet) met++;
        else if (expected === "unreachable") unreachable++;
        if (shortfall?.what === "node_confirms" && others) byNodes++;
      }),
      { numRuns: 3_000 },
    );
    assert.ok(met > 100 && unreachable > 100 && byNodes > 20, [met, unreachable, byNodes].join());
  });

  it("asks of replicas to say when they have stored it, where nodes are to confirm that", () => {
    const of = (w: number, dw: number, pw: number, nodeConfirms: number): string =>
      new PutCoordination(NOBODY, KEY, [{ node: 0, vnode: 0 }], 1, -1, { n: 1, w, dw, pw, nodeConfirms }, 1, 0).acknowledge(); // prettier-ignore
    assert.deepEqual([of(1, 0, 0, 0), of(1, 0, 0, 1)], ["received", "both"]);
    assert.deepEqual([of(0, 0, 0, 1), of(1, 1, 1, 1)], ["stored", "stored"]);
  });
});
