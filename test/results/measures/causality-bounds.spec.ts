/** The parts that keep the oracle of causality within its memory, beside what they stand for. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../../engine/vocabulary/random";
import { CausalityMeasure } from "../../../results/measures/causality";
import { CountBins } from "../../../results/measures/causality-bins";
import { KeyWriters } from "../../../results/measures/causality-metadata";
import { UncoveredWrites } from "../../../results/measures/causality-uncovered";
import { IntervalGrid } from "../../../results/measures/interval-grid";
import { WaitingReads } from "../../../results/measures/waiting-reads";
import { get, PHASES, put } from "./histories";

describe("the table of uncovered writes", () => {
  it("holds what a map holds, whatever is put in and taken out", () => {
    // Few sessions and numbers, so that homes collide and runs of full slots wrap around.
    const ids = fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 40 })).map(([session, n]) => session * 2 ** 32 + n);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), ids), { maxLength: 400, size: "max" }), (steps) => {
        const table = new UncoveredWrites(256);
        const twin = new Map<number, number>();
        for (const [i, [adds, id]] of steps.entries()) {
          if (adds) {
            const full = !table.add({ id, start: i, key: i, isDelete: i % 3 === 0 });
            assert.ok(!full || twin.size >= 0.6 * 256 - 1);
            if (!full) twin.set(id, i);
          } else assert.equal(table.remove(id), twin.delete(id));
          assert.equal(table.size, twin.size);
        }
        const held = [...table].sort((a, b) => a.id - b.id);
        const expected = [...twin].sort(([a], [b]) => a - b);
        assert.deepEqual(
          held,
          expected.map(([id, i]) => ({ id, start: i, key: i, isDelete: i % 3 === 0 })),
        );
        for (const [id, i] of expected) assert.equal(table.startOf(id), i);
      }),
      { numRuns: 300, seed: 20_261_127 },
    );
  });
  it("knows no write 0, and says when it is full", () => {
    const table = new UncoveredWrites(16);
    assert.equal(table.remove(0), false);
    assert.equal(table.startOf(0), undefined);
    const added = Array.from({ length: 16 }, (_, i) => table.add({ id: i + 1, start: 0, key: 0, isDelete: false }));
    assert.equal(added.filter(Boolean).length, 10);
  });
});

describe("bins over a count", () => {
  it("are one a number up to 128, then eighths of a doubling, and every number falls between the edges of its own", () => {
    const bins = new CountBins(1);
    for (let at = 0; at < 5_000; at++) bins.add(at, at);
    const { from, to, count, mean, max } = bins.figure();
    assert.deepEqual([from[0], to[0], from[127], to[127]], [0, 1, 127, 128]);
    for (const [i, start] of from.entries()) {
      if (i > 0) assert.equal(start, to[i - 1]);
      const last = Math.min(to[i], 5_000) - 1;
      assert.deepEqual([count[i], mean[0][i], max[0][i]], [last - start + 1, (start + last) / 2, last]);
    }
    assert.equal(from.indexOf(256) - from.indexOf(128), 8);
  });
});

describe("the writers of a key", () => {
  it("are counted each once, few or many", () => {
    const room = { held: 0 };
    const writers = new KeyWriters();
    const random = Random.fromSeed("writers");
    const twin = new Set<number>();
    for (let i = 0; i < 400; i++) {
      const session = random.nextBelow(1 + Math.floor(i / 4));
      writers.add(session, room);
      twin.add(session);
      assert.equal(writers.size, twin.size);
    }
    assert.equal(room.held, twin.size - 1);
    assert.ok(writers.exact);
  });
  it("are no longer exact when there is no room for one more", () => {
    const writers = new KeyWriters();
    writers.add(1, { held: 0 });
    writers.add(2, { held: 2_000_000 });
    assert.deepEqual([writers.size, writers.exact], [1, false]);
  });
});

describe("reads that wait", () => {
  it("are looked at again when all they wait for has happened, and for good when their time is over", () => {
    const looked: string[] = [];
    const happened = new Set<number>();
    const reads = new WaitingReads<{ name: string; end: number; needs: number[] }, number>(({ name, needs }, last) => {
      looked.push(last ? `${name}!` : name);
      return needs.filter((one) => !happened.has(one));
    });
    const happens = (event: number): void => {
      happened.add(event);
      reads.happened(event);
    };
    reads.add({ name: "a", end: 1, needs: [1, 2] });
    reads.add({ name: "b", end: 2, needs: [2, 3] });
    reads.add({ name: "c", end: 3, needs: [] });
    assert.deepEqual(looked.splice(0), ["a", "b", "c"]);
    happens(2);
    assert.deepEqual(looked.splice(0), []);
    happens(1);
    assert.deepEqual(looked.splice(0), ["a"]);
    reads.settleUntil(1.5);
    assert.deepEqual(looked.splice(0), [], "a is decided");
    reads.settleUntil(2);
    assert.deepEqual(looked.splice(0), ["b!"]);
    happens(3);
    assert.deepEqual(looked, [], "and is not judged again");
    assert.equal(reads.judgedEarly, 0);
  });
  it("are judged early, and counted, when too many wait", () => {
    let judged = 0;
    const reads = new WaitingReads<{ end: number }, number>((_, last) => {
      if (last) judged++;
      return [1];
    });
    for (let end = 0; end < 50_010; end++) reads.add({ end });
    assert.deepEqual([judged, reads.judgedEarly], [10, 10]);
  });
});

describe("memory of the oracle of causality", () => {
  const measure = (): CausalityMeasure => {
    const grid = new IntervalGrid(100);
    grid.begin(PHASES);
    return new CausalityMeasure({ grid });
  };
  const inside = (of: CausalityMeasure) =>
    of as unknown as { room: { held: number }; uncovered: UncoveredWrites; reads: { queue: unknown[] } };

  it("does not grow with the number of writes and reads of a key", () => {
    const one = measure();
    for (let i = 1; i <= 60_000; i++) {
      const key = `k${i % 7}`;
      one.operation(put(i, i * 10, i * 10 + 5, { id: 2 * i, key, seen: i > 7 ? [i - 7] : [] }));
      // Of the write that will end next: it waits.
      one.operation(get(i > 7 ? [i, i + 7] : [i], i * 10 + 6, i * 10 + 8, { id: 2 * i + 1, key }));
    }
    const { room, uncovered, reads } = inside(one);
    assert.ok(room.held <= 7 * 128, `${room.held} writes held`);
    assert.equal(uncovered.size, 7);
    assert.ok(reads.queue.length < 10_000, `${reads.queue.length} reads in the queue`);
    const [lost, , , conflicts] = one.finish().figures!.causality!.anomalies;
    assert.deepEqual([lost.outOf, conflicts.count, conflicts.undecided], [0, 59_986, 7], "the last seven wait in vain");
  });
});
