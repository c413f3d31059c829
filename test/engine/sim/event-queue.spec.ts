import { strict as assert } from "node:assert";
import fc from "fast-check";
import { type EventHandle, EventQueue } from "../../../engine/sim/event-queue";

/** The dumb twin: a list in order of asking, searched for its earliest. */
class NaiveQueue {
  private events: { at: number; name: number; handle: EventHandle }[] = [];

  schedule(at: number, name: number, handle: EventHandle): void {
    this.events.push({ at, name, handle });
  }

  cancel(handle: EventHandle): boolean {
    const before = this.events.length;
    this.events = this.events.filter((event) => event.handle !== handle);
    return this.events.length < before;
  }

  nextTime(): number | undefined {
    return this.events.length === 0 ? undefined : Math.min(...this.events.map(({ at }) => at));
  }

  take(): { at: number; name: number } | undefined {
    const at = this.nextTime();
    const index = this.events.findIndex((event) => event.at === at);
    return index < 0 ? undefined : this.events.splice(index, 1)[0];
  }

  get pending(): number {
    return this.events.length;
  }
}

type Step =
  | { readonly kind: "schedule"; readonly at: number }
  | { readonly kind: "cancel"; readonly which: number }
  | { readonly kind: "take" };

const step: fc.Arbitrary<Step> = fc.oneof(
  // Few instants, so that ties are the rule.
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("schedule" as const), at: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(1_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("take" as const) }) },
);

describe("the queue of events", () => {
  it("does what a sorted list does, whatever is scheduled, cancelled and taken", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const queue = new EventQueue();
        const twin = new NaiveQueue();
        const handles: EventHandle[] = [];
        steps.forEach((one, name) => {
          if (one.kind === "schedule") {
            const handle = queue.schedule(one.at, 1, name, -name, name / 2, { name });
            assert.ok(handle > 0);
            handles.push(handle);
            twin.schedule(one.at, name, handle);
          } else if (one.kind === "cancel") {
            if (handles.length === 0) return;
            // Also handles that were taken or cancelled long ago.
            const handle = handles[one.which % handles.length];
            assert.equal(queue.cancel(handle), twin.cancel(handle));
          } else {
            assert.equal(queue.nextTime(), twin.nextTime());
            const taken = twin.take();
            assert.equal(queue.take(), taken !== undefined);
            if (taken === undefined) return;
            const { at, first, second, stamp, payload } = queue;
            assert.deepEqual(
              { at, first, second, stamp, payload },
              {
                at: taken.at,
                first: taken.name,
                second: taken.name === 0 ? 0 : -taken.name,
                stamp: taken.name / 2,
                payload: { name: taken.name },
              },
            );
          }
          assert.equal(queue.pending, twin.pending);
        });
        for (let taken = twin.take(); taken !== undefined; taken = twin.take()) {
          assert.ok(queue.take());
          assert.equal(queue.first, taken.name);
        }
        assert.equal(queue.take(), false);
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it("keeps the order of what is left when tombstones are swept out, and grows without losing any", () => {
    const queue = new EventQueue();
    const handles: EventHandle[] = [];
    const COUNT = 10_000;
    for (let i = 0; i < COUNT; i++) handles.push(queue.schedule(i % 7, 1, i, 0, 0, undefined));
    // Two of three are cancelled: far more than half are tombstones on the way.
    for (let i = 0; i < COUNT; i++) if (i % 3 !== 0) assert.ok(queue.cancel(handles[i]));
    const expected = Array.from({ length: COUNT }, (_, i) => i)
      .filter((i) => i % 3 === 0)
      .sort((a, b) => (a % 7) - (b % 7) || a - b);
    assert.equal(queue.pending, expected.length);
    const taken: number[] = [];
    while (queue.take()) taken.push(queue.first);
    assert.deepEqual(taken, expected);
    assert.equal(queue.peak, COUNT);
  });

  it("holds no more slots for cancelled events than for pending ones", () => {
    const queue = new EventQueue();
    // A timer that is set again and again, as an alarm is.
    let handle = queue.schedule(1_000_000, 1, 0, 0, 0, undefined);
    for (let i = 0; i < 100_000; i++) {
      assert.ok(queue.cancel(handle));
      handle = queue.schedule(1_000_000 + i, 1, i, 0, 0, undefined);
    }
    assert.equal(queue.pending, 1);
    assert.ok(queue.peak < 5_000, `at most ${String(queue.peak)} entries`);
  });

  it("refuses a handle whose slot belongs to another event by now", () => {
    const queue = new EventQueue();
    const old = queue.schedule(1, 1, 1, 0, 0, undefined);
    assert.ok(queue.take());
    const young = queue.schedule(2, 1, 2, 0, 0, undefined);
    assert.equal(queue.cancel(old), false);
    assert.equal(queue.pending, 1);
    assert.ok(queue.cancel(young));
    assert.equal(queue.cancel(young), false);
    assert.equal(queue.take(), false);
    assert.equal(queue.cancel(0), false);
  });

  it("says when nothing is pending", () => {
    const queue = new EventQueue();
    assert.equal(queue.nextTime(), undefined);
    const handle = queue.schedule(5, 1, 0, 0, 0, undefined);
    assert.equal(queue.nextTime(), 5);
    queue.cancel(handle);
    assert.equal(queue.nextTime(), undefined);
    assert.equal(queue.pending, 0);
  });
});
