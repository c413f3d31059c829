import { strict as assert } from "node:assert";
import fc from "fast-check";
import { resolveQuorum, Tally } from "../../../engine/quorum/arithmetic";
import { Deadlines } from "../../../engine/quorum/deadlines";
import { RequestTable } from "../../../engine/quorum/request-table";

describe("quorum arithmetic", () => {
  it("resolves symbolic values and refuses what is not between 0 and n", () => {
    for (const [n, quorum] of [
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 3],
      [5, 3],
    ]) {
      assert.equal(resolveQuorum("one", n), 1);
      assert.equal(resolveQuorum("quorum", n), quorum);
      assert.equal(resolveQuorum("all", n), n);
      assert.equal(resolveQuorum(n, n), n);
      assert.equal(resolveQuorum(n + 1, n), undefined);
    }
    assert.equal(resolveQuorum(-1, 3), undefined);
    assert.equal(resolveQuorum(1.5, 3), undefined);
    assert.equal(resolveQuorum(NaN, 3), undefined);
  });

  it("says met exactly when enough succeeded and unreachable exactly when enough cannot", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 }), fc.array(fc.boolean(), { maxLength: 7 }), (needed, answers) => {
        const tally = new Tally(needed, 7);
        for (const ok of answers)
          if (ok) tally.ok++;
          else tally.failed++;
        const best = tally.ok + (7 - answers.length);
        const expected = tally.ok >= needed ? "met" : best < needed ? "unreachable" : "pending";
        assert.equal(tally.verdict(), expected);
      }),
    );
  });
});

describe("the request table", () => {
  it("agrees with a map through any adds and removes, and forgets ended ids", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 40 }), { maxLength: 400 }), (script) => {
        const table = new RequestTable<{ id: number; readonly n: number }>(4);
        const twin = new Map<number, number>();
        const ended: number[] = [];
        script.forEach((step, n) => {
          if (step >= 0 || twin.size === 0) {
            const item = { id: 0, n };
            table.add(item);
            assert.ok(!twin.has(item.id), "an id in use is not given again");
            twin.set(item.id, n);
          } else {
            const id = [...twin.keys()][-step % twin.size];
            table.remove(id);
            twin.delete(id);
            ended.push(id);
          }
        });
        assert.equal(table.size, twin.size);
        for (const [id, n] of twin) assert.equal(table.get(id)?.n, n);
        for (const id of ended) assert.equal(table.get(id), undefined);
      }),
    );
  });
});

describe("deadlines", () => {
  it("fall due in order over several timeouts and ignore ended requests", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ wait: fc.integer({ min: 1, max: 5 }), ended: fc.boolean() }), { maxLength: 60 }),
        (requests) => {
          const live = new Set<number>();
          const deadlines = new Deadlines((id) => live.has(id));
          const due: { at: number; id: number }[] = [];
          requests.forEach(({ wait, ended }, id) => {
            const now = id * 100;
            live.add(id);
            deadlines.add(now, wait, id);
            if (ended) live.delete(id);
            else due.push({ at: now + wait * 1000, id });
          });
          const earliest = due.reduce((least, { at }) => Math.min(least, at), Infinity);
          assert.equal(deadlines.next() ?? Infinity, earliest);
          const taken: number[] = [];
          for (let id = deadlines.takeDue(1e9); id !== undefined; id = deadlines.takeDue(1e9)) {
            taken.push(id);
            live.delete(id);
          }
          assert.deepEqual(taken.sort(), due.map(({ id }) => id).sort());
          assert.equal(deadlines.next(), undefined);
        },
      ),
    );
  });

  it("follow a plain list through bursts and lulls, as the rings behind them grow, wrap and shrink", () => {
    const live = new Map<number, number>();
    const deadlines = new Deadlines((id) => live.has(id));
    let [now, id, most] = [0, 0, 0];
    for (let round = 0; round < 60; round++) {
      const burst = round % 20 === 5 ? 5_000 : 40;
      for (let i = 0; i < burst; i++) {
        now += 7;
        const wait = 1 + (id % 3);
        deadlines.add(now, wait, id);
        live.set(id, now + wait * 1_000);
        // Some end by themselves, long before their deadline.
        if (id % 5 === 0) live.delete(id);
        id++;
      }
      most = Math.max(most, live.size);
      now += 900;
      const due = [...live].filter(([, at]) => at <= now).map(([which]) => which);
      const taken: number[] = [];
      for (let one = deadlines.takeDue(now); one !== undefined; one = deadlines.takeDue(now)) {
        taken.push(one);
        live.delete(one);
      }
      assert.deepEqual(
        taken.sort((a, b) => a - b),
        due,
      );
      assert.equal(deadlines.next(), live.size === 0 ? undefined : Math.min(...live.values()));
    }
    assert.ok(most > 3_000, "the burst was larger than the first room");
  });

  it("rounds up beyond its bound of distinct timeouts instead of growing", () => {
    const deadlines = new Deadlines(() => true);
    for (let i = 0; i < 64; i++) deadlines.add(0, 10_000 + i, i);
    deadlines.add(0, 1_500, 99);
    assert.equal(deadlines.next(), 2_048_000);
  });
});
