/** Version vectors of clients: exact but for sessions that have not read their own writes, and Riak's pruning of them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { clockFor, packActor, type Context, type Version } from "../../../engine/clocks/clock";
import { MAX_CLIENT_ENTRIES, prune, vvClient, type ClientVector } from "../../../engine/clocks/vv-client";
import type { PruneSettings } from "../../../engine/vocabulary/settings";
import { encoded, writeIds } from "./causal-histories";
import { by } from "./event-maker";

const server = packActor(0, 0, 1);
const v = (writeId: number): Version => ({ writeId, value: `v${writeId}`, tombstone: false });
const client = (id: number, atMs = 0) => by(server, atMs * 1000, id);
const pruning = (prune: PruneSettings): typeof vvClient => clockFor({ clock: "vv-client", prune }) as typeof vvClient;

describe("version vectors of clients", () => {
  it("raise the writer's entry of the context, wherever the event is made", () => {
    const one = vvClient.update(undefined, "", v(1), client(7));
    assert.equal(vvClient.describe(one), "c7:1[w1]");
    const two = vvClient.update(undefined, vvClient.context(one), v(2), client(3));
    assert.equal(vvClient.describe(two), "c3:1 c7:1[w2]");
    assert.equal(vvClient.sync(one, two), two);
    assert.equal(vvClient.describe(vvClient.update(one, "", v(3), client(3))), "c7:1[w1] | c3:1[w3]");
  });

  it("lose one of two writes of a client that had not read its own", () => {
    const one = vvClient.update(undefined, "", v(1), client(7));
    const other = vvClient.update(undefined, "", v(2), client(7));
    assert.deepEqual(writeIds(vvClient.versions(vvClient.sync(one, other))), [2]);
    assert.deepEqual(writeIds(vvClient.versions(vvClient.sync(other, one))), [2]);
    const second = vvClient.update(one, vvClient.context(one), v(3), client(7));
    assert.equal(vvClient.update(second, "", v(4), client(7)), second, "the write is acknowledged and nowhere");
  });

  it("store no times unless they prune", () => {
    const exact = vvClient.update(undefined, "", v(1), client(7, 1_700_000_000_000));
    const timed = pruning({ small: 10, big: 10, youngMs: 0, oldMs: 0 });
    const stamped = timed.update(undefined, "", v(1), client(7, 1_700_000_000_000));
    assert.equal(vvClient.context(exact), "\x02\x07\x01");
    assert.equal(timed.context(stamped).length, 3 + 6, "a stamp takes six bytes");
    assert.equal(encoded(timed, stamped).length, encoded(vvClient, exact).length + 6 + 1, "and an empty list one");
    assert.throws(() => timed.checkContext(vvClient.context(exact)), /unknown format/);
    assert.throws(() => vvClient.checkContext(timed.context(stamped)), /unknown format/);
  });

  it("refuse contexts with more clients than any key can have, and the write that would make one", () => {
    const many = (count: number): Context =>
      `\x02${Array.from({ length: count }, (_, k) => {
        const id = k + 128 * 128;
        return String.fromCharCode((id & 127) | 128, ((id >>> 7) & 127) | 128, id >>> 14, 1);
      }).join("")}`;
    vvClient.checkContext(many(MAX_CLIENT_ENTRIES));
    assert.throws(() => vvClient.checkContext(many(MAX_CLIENT_ENTRIES + 1)), /too many clients/);
    assert.throws(() => vvClient.update(undefined, many(MAX_CLIENT_ENTRIES), v(1), client(1)), /too many clients/);
  });

  it("refuse contexts whose clients do not ascend, or that count to zero", () => {
    assert.throws(() => vvClient.checkContext("\x02\x07\x01\x07\x01"), /do not ascend/);
    assert.throws(() => vvClient.checkContext("\x02\x07\x00"), /zero counter/);
    assert.throws(() => vvClient.checkContext("\x02\x07"), /breaks off/);
  });
});

describe("Riak's rule of pruning", () => {
  const NOW = 100_000;
  /** Ages in milliseconds at NOW, by client from 1 on. */
  const aged = (...ages: number[]): ClientVector => ({
    ids: ages.map((_, k) => k + 1),
    counters: ages.map(() => 1),
    times: ages.map((age) => NOW - age),
  });
  const left = (vector: ClientVector, small: number, big: number, youngMs: number, oldMs: number): readonly number[] =>
    prune(vector, NOW, { small, big, youngMs, oldMs }).kept.ids;

  it("leaves a vector of up to `small` entries alone, however old", () => {
    assert.deepEqual(left(aged(9_000, 9_000, 9_000), 3, 0, 0, 0), [1, 2, 3]);
  });

  it("drops the oldest down to `small`, where all are older than `old`", () => {
    assert.deepEqual(left(aged(7_000, 9_000, 8_000, 6_000), 2, 50, 0, 5_000), [1, 4]);
  });

  it("drops entries that are not old only above `big`", () => {
    assert.deepEqual(left(aged(400, 300, 200, 100), 1, 3, 0, 5_000), [2, 3, 4]);
    assert.deepEqual(left(aged(400, 300, 200, 100), 1, 4, 0, 5_000), [1, 2, 3, 4]);
  });

  it("never drops an entry younger than `young`, however many there are", () => {
    assert.deepEqual(left(aged(400, 300, 200, 100), 0, 0, 250, 5_000), [3, 4]);
    assert.deepEqual(left(aged(400, 300, 200, 100), 0, 0, 300, 5_000), [3, 4], "of exactly that age it goes");
    assert.deepEqual(left(aged(400, 300, 200, 100), 0, 0, 301, 5_000), [2, 3, 4]);
  });

  it("takes equally old entries by id", () => {
    assert.deepEqual(left(aged(400, 400, 400, 400), 2, 2, 0, 0), [3, 4]);
  });

  it("agrees with the rule read out one entry at a time", () => {
    const ages = fc.array(fc.nat(20), { maxLength: 8 });
    const limit = fc.nat(8);
    const age = fc.nat(20);
    fc.assert(
      fc.property(ages, limit, limit, age, age, (some, small, big, youngMs, oldMs) => {
        let entries = some.map((old, k) => ({ id: k + 1, old }));
        for (;;) {
          const [oldest] = [...entries].sort((x, y) => y.old - x.old || x.id - y.id);
          if (!(entries.length > small)) break;
          if (!(oldest.old >= youngMs)) break;
          if (!(entries.length > big || oldest.old > oldMs)) break;
          entries = entries.filter((entry) => entry !== oldest);
        }
        assert.deepEqual(
          left(aged(...some), small, big, youngMs, oldMs),
          entries.map((entry) => entry.id),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe("pruned vectors of clients", () => {
  /** `writers` clients, each reading and then writing, on a replica that also keeps the first of all states. */
  function chain(limit: number, writers: number): { siblings: number[]; entries: number } {
    const clock = pruning({ small: limit, big: limit, youngMs: 0, oldMs: 0 });
    const first = clock.update(undefined, "", v(1), client(1, 1));
    let state = first;
    for (let write = 2; write <= writers; write++) {
      state = clock.update(state, clock.context(state), v(write), client(write, write));
    }
    const merged = clock.sync(state, first);
    return { siblings: writeIds(clock.versions(merged)), entries: clock.entries(state) };
  }

  it("bring a replaced version back as a sibling only above the limit", () => {
    for (const limit of [10, 50]) {
      assert.deepEqual(chain(limit, limit), { siblings: [limit], entries: limit });
      assert.deepEqual(chain(limit, limit + 1), { siblings: [1, limit + 1], entries: limit });
    }
  });

  it("prune when an event is made, and at no other time", () => {
    const clock = pruning({ small: 1, big: 1, youngMs: 0, oldMs: 0 });
    const one = clock.update(undefined, "", v(1), client(1, 1));
    const other = clock.update(undefined, "", v(2), client(2, 2));
    const both = clock.sync(one, other);
    assert.equal(clock.describe(both), "c1:1[w1] | c2:1[w2]");
    assert.equal(clock.describe(clock.only(both, v(2))), "c1:1 c2:1[w2]");
  });

  it("compare before they forget: an event replaces what its client had read in each copy that it reaches", () => {
    const clock = pruning({ small: 1, big: 1, youngMs: 0, oldMs: 0 });
    const one = clock.update(undefined, "", v(1), client(1, 1));
    const event = clock.update(undefined, clock.context(one), v(2), client(2, 2));
    assert.equal(clock.describe(event), "c2:1 -(c1:1)[w2]");
    assert.equal(clock.context(event), "\x03\x02\x01\x02", "a client never carries what was dropped");
    const stored = clock.sync(one, event);
    assert.equal(clock.describe(stored), "c2:1[w2]");
    assert.equal(clock.compare(event, stored), "before");
    assert.equal(clock.sync(stored, event), stored, "a message that comes twice changes nothing");
    // A replica that missed the event brings the replaced version back.
    assert.equal(clock.describe(clock.sync(stored, one)), "c1:1[w1] | c2:1[w2]");
  });

  it("keep the later time of an entry that rose, through contexts and merges", () => {
    const clock = pruning({ small: 2, big: 2, youngMs: 0, oldMs: 0 });
    const one = clock.update(undefined, "", v(1), client(1, 10));
    const two = clock.update(one, clock.context(one), v(2), client(2, 20));
    // Client 1 writes again: its entry is now the newer of the two, so client 2's goes when a third comes.
    const three = clock.update(two, clock.context(two), v(3), client(1, 30));
    const four = clock.update(three, clock.context(three), v(4), client(3, 40));
    assert.ok(clock.describe(four).includes("c1:2 c3:1[w4]"), clock.describe(four));
  });

  it("take a writer's own stamp as it is, so that one whose time is behind loses its own entry", () => {
    const clock = pruning({ small: 1, big: 1, youngMs: 0, oldMs: 0 });
    const one = clock.update(undefined, "", v(1), client(1, 10));
    const made = (at: number): string =>
      clock.describe(clock.update(undefined, clock.context(one), v(2), client(2, at)));
    assert.equal(made(10), "c2:1 -(c1:1)[w2]");
    assert.equal(made(9), "c1:1 -(c2:1)[w2]");
  });
});
