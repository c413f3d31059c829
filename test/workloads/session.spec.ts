import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_SESSIONS, Session } from "../../workloads/session";
import { WaitingLine } from "../../workloads/waiting-line";

describe("sessions", () => {
  it("number their writes from session × 2^32 + 1, safely up to the last session", () => {
    const session = new Session(3, 4);
    assert.deepEqual([session.nextWriteId(), session.nextWriteId()], [3 * 2 ** 32 + 1, 3 * 2 ** 32 + 2]);
    assert(Number.isSafeInteger(new Session(MAX_SESSIONS - 1, 0).nextWriteId()));
    assert.throws(() => new Session(MAX_SESSIONS, 0), /sessions|session numbers/);
  });

  it("remember the latest word on the keys used last, within their bound", () => {
    const key = fc.integer({ min: 0, max: 12 }).map((n) => `k${n}`);
    const step = fc.tuple(fc.constantFrom("remember", "forget"), key);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.array(step, { maxLength: 60 }), (kept, steps) => {
        const session = new Session(1, kept);
        const latest = new Map<string, string>();
        let remembered: string[] = [];
        steps.forEach(([act, name], i) => {
          if (act === "forget") session.forget(name);
          else session.remember(name, `c${i}`, [i]);
          latest.delete(name);
          if (act === "remember") remembered = [...remembered.filter((each) => each !== name), name];
          if (act === "remember") latest.set(name, `c${i}`);
          const known = [...latest.keys()].filter((each) => session.recall(each) !== undefined);
          for (const each of known)
            assert.equal(session.recall(each)!.context, latest.get(each), "never an older word");
          assert(known.length <= kept, "never more than the bound");
          const recently = remembered.toReversed().slice(0, Math.min(4, kept));
          for (const recent of recently.filter((each) => latest.has(each))) {
            assert(session.recall(recent) !== undefined, "the four keys used last are known");
          }
          if (act === "forget") assert.equal(session.recall(name), undefined);
        });
      }),
    );
  });
});

describe("the waiting line", () => {
  it("lets out by instant, then in order of arrival, as sorting would", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 80 }), fc.nat({ max: 25 }), (instants, now) => {
        const line = new WaitingLine<number>();
        instants.forEach((due, item) => line.add(due, item));
        const expected = instants
          .map((due, item) => ({ due, item }))
          .filter(({ due }) => due <= now)
          .sort((a, b) => a.due - b.due || a.item - b.item)
          .map(({ item }) => item);
        const left: number[] = [];
        for (let item = line.takeDue(now); item !== undefined; item = line.takeDue(now)) left.push(item);
        assert.deepEqual(left, expected);
        assert.equal(line.size, instants.length - expected.length);
        const rest = instants.filter((due) => due > now);
        assert.equal(line.first, rest.length === 0 ? undefined : Math.min(...rest));
      }),
    );
  });
});
