import assert from "node:assert/strict";
import fc from "fast-check";
import { StalenessMeasure } from "../../../results/measures/staleness";
import { KeyHistory } from "../../../results/measures/key-history";
import { IntervalGrid } from "../../../results/measures/interval-grid";
import type { OperationRecord } from "../../../results/record/history";
import { PHASES, fold, get, inOrderOfCompletion, put, remove, setup } from "./histories";
import { judgeAll } from "./staleness-oracle";

/** Verdicts on the reads of a history: s stale, f fresh, as counts. */
function stale(...history: OperationRecord[]): { hits: number; total: number } {
  const { hits, total } = fold(history).figures.stale;
  return { hits, total };
}

describe("a stale read", () => {
  it("returned only versions whose writes ended before an acknowledged write began", () => {
    assert.deepEqual(stale(put(1, 0, 10), put(2, 20, 30), get([1], 40, 50)), { hits: 1, total: 1 });
  });
  it("is not one that returned the latest acknowledged write", () => {
    assert.deepEqual(stale(put(1, 0, 10), put(2, 20, 30), get([2], 40, 50)), { hits: 0, total: 1 });
  });
  it("is not one that began before the newer write was acknowledged", () => {
    assert.deepEqual(stale(put(1, 0, 10), put(2, 20, 30), get([1], 25, 50)), { hits: 0, total: 1 });
    const elsewhere = { session: 2 };
    assert.deepEqual(
      stale(put(1, 0, 10), put(2, 20, 30), get([1], 30, 50, elsewhere)),
      { hits: 0, total: 1 },
      "equal instants",
    );
  });
  it("is one of the session that wrote last, at the very instant of the acknowledgement", () => {
    assert.deepEqual(stale(put(1, 0, 10), put(2, 20, 30), get([1], 30, 50)), { hits: 1, total: 1 });
    const { figures, metrics } = fold([put(1, 0, 10), put(2, 20, 30), get([1], 30, 50)]);
    assert.deepEqual([figures.tVisibility.fromMs, figures.tVisibility.reads], [[0], [1]]);
    assert.equal(metrics["p_consistent_at_commit"].value, 0);
  });
  it("is one that returned what the missed write had seen, although the two overlapped in time", () => {
    assert.deepEqual(stale(put(1, 0, 100), put(2, 50, 60, { seen: [1] }), get([1], 110, 120)), { hits: 1, total: 1 });
    assert.deepEqual(stale(put(1, 0, 100), put(2, 50, 60), get([1], 110, 120)), { hits: 0, total: 1 }, "blind");
  });
  it("follows the causal past through writes that were never acknowledged", () => {
    const timedOut = put(2, 20, 90, { seen: [1], outcome: "timeout" });
    const history = [put(1, 0, 80), timedOut, put(3, 40, 50, { seen: [2] }), get([1], 100, 110)];
    assert.deepEqual(stale(...history), { hits: 1, total: 1 });
  });
  it("follows the causal past through a write that is still open when the read ends", () => {
    const open = put(2, 20, 500, { seen: [1] });
    assert.deepEqual(stale(put(1, 0, 80), open, put(3, 40, 50, { seen: [2] }), get([1], 100, 110)), {
      hits: 1,
      total: 1,
    });
  });
  it("is never made by a write without an answer, but may return one", () => {
    const lost = put(2, 20, 30, { outcome: "timeout" });
    const { metrics } = fold([put(1, 0, 10), lost, get([1], 40, 50), get([2], 60, 70), get([2], 80, 90)]);
    assert.equal(metrics["p_stale"].value, 0);
    assert.equal(metrics["indefinite_writes_seen"].value, 1);
    assert.equal(metrics["indefinite_writes_seen"].n, 1);
  });
  it("is not one that returned a write without an answer, however old: its end is unknown", () => {
    const lost = put(1, 0, 10, { outcome: "connection_lost" });
    assert.deepEqual(stale(lost, put(2, 20, 30), get([1], 40, 50)), { hits: 0, total: 1 });
    assert.deepEqual(stale(lost, put(2, 20, 30, { seen: [1] }), get([1], 40, 50)), { hits: 1, total: 1 }, "seen");
  });
  it("is not one that returned a write concurrent with the missed one, seen or blind", () => {
    const [a, b] = [put(1, 0, 30), put(2, 10, 20)];
    assert.deepEqual(stale(a, b, get([1], 40, 50), get([2], 60, 70), get([1, 2], 80, 90)), { hits: 0, total: 3 });
  });
  it("has every version behind: one fresh sibling makes it fresh", () => {
    assert.deepEqual(stale(put(1, 0, 10), put(2, 20, 30), get([1, 2], 40, 50)), { hits: 0, total: 1 });
  });
  it("found nothing although a write had been acknowledged", () => {
    assert.deepEqual(stale(put(1, 0, 10), get([], 20, 30)), { hits: 1, total: 1 });
  });
  it("is not one of a key that nobody had written: those are not counted at all", () => {
    assert.deepEqual(stale(get([], 0, 10), put(1, 5, 15)), { hits: 0, total: 0 });
  });
  it("is not one that found nothing after a delete, nor while one is on its way", () => {
    assert.deepEqual(stale(put(1, 0, 10), remove(2, 20, 30), get([], 40, 50)), { hits: 0, total: 1 });
    assert.deepEqual(stale(put(1, 0, 10), remove(2, 20, 300), get([], 40, 50)), { hits: 0, total: 1 }, "open");
    assert.deepEqual(stale(put(1, 0, 10), remove(2, 20, 30, { outcome: "timeout" }), get([], 40, 50)), {
      hits: 0,
      total: 1,
    });
  });
  it("found nothing although a write came after the delete", () => {
    assert.deepEqual(stale(put(1, 0, 10), remove(2, 20, 30), put(3, 40, 50), get([], 60, 70)), { hits: 1, total: 1 });
  });
  it("returned a value although its delete was acknowledged; a tombstone counts as the delete", () => {
    assert.deepEqual(stale(put(1, 0, 10), remove(2, 20, 30), get([1], 40, 50)), { hits: 1, total: 1 });
    assert.deepEqual(stale(put(1, 0, 10), remove(2, 20, 30), get([2], 40, 50, { values: 0 })), { hits: 0, total: 1 });
  });
  it("is not one that returned a write still open, which is before nothing in real time", () => {
    assert.deepEqual(stale(put(1, 0, 10), put(2, 15, 900), put(3, 20, 30), get([2], 40, 50)), { hits: 0, total: 1 });
  });
  it("is not made by a write that was refused for certain", () => {
    assert.deepEqual(stale(put(1, 0, 10), put(2, 20, 30, { outcome: "unavailable" }), get([1], 40, 50)), {
      hits: 0,
      total: 1,
    });
  });
  it("counts reads of the measured phase alone, against writes of all phases", () => {
    const history = [
      put(1, 0, 10, { phase: "load", kind: "insert" }),
      put(2, 20, 30, { phase: "warmup" }),
      get([1], 40, 50, { phase: "warmup" }),
      get([1], 60, 70),
      get([], 80, 90),
    ];
    assert.deepEqual(stale(...history), { hits: 2, total: 2 });
  });
  it("is not stale for a definite failure of its own", () => {
    assert.deepEqual(stale(put(1, 0, 10), get([], 20, 30, { outcome: "unavailable" })), { hits: 0, total: 0 });
  });
});

describe("how stale a read is", () => {
  it("is counted in acknowledged writes and in time since the earliest of them was acknowledged", () => {
    const writes = [put(1, 0, 10), put(2, 20, 30), put(3, 40, 50), put(4, 60, 70)];
    const { figures } = fold([...writes, get([1], 100, 110), get([3], 200, 210), get([4], 300, 310)]);
    assert.deepEqual(figures.kStaleness.slice(0, 4), [1, 1, 0, 1]);
    // The last cell means "this or more", also where nothing is in it: three behind is three and not three or more.
    assert.deepEqual([figures.kStaleness.length, figures.kStaleness.at(-1)], [21, 0]);
    const { metrics } = fold([
      ...writes,
      ...Array.from({ length: 100 }, (_, i) => get([1], 1_030 + i, 2_000, { id: i })),
    ]);
    assert.equal(metrics["staleness_k_p99"].value, 3);
    assert.equal(metrics["staleness_t_p50_ms"].value, 1.049);
  });
  it("is null, not zero, when no read was stale", () => {
    const { metrics } = fold([put(1, 0, 10), get([1], 20, 30)]);
    assert.equal(metrics["staleness_t_p99_ms"].value, null);
    assert.equal(metrics["staleness_t_p99_ms"].n, 0);
    assert.equal(metrics["p_stale"].value, 0);
    assert.ok(metrics["p_stale"].hi! > 0.5, "one read says little");
  });
  it("is binned by the time since the latest acknowledged write", () => {
    const { figures } = fold([put(1, 0, 10), put(2, 20, 30), get([1], 80, 90), get([2], 5_030, 5_040)]);
    const bins = figures.tVisibility;
    assert.equal(bins.fromMs[0], 0);
    assert.deepEqual([bins.reads[0], bins.consistent[0]], [1, 0]);
    assert.deepEqual([bins.reads.at(-1), bins.consistent.at(-1)], [1, 1]);
    assert.ok(bins.fromMs.at(-1)! <= 5 && bins.toMs.at(-1)! > 5);
    // In microseconds after the second write's end at 30: 50 and 5,000.
    assert.deepEqual([bins.meanMs!.length, bins.meanMs![0], bins.meanMs!.at(-1)], [bins.reads.length, 0.05, 5]);
  });
});

describe("the staleness fold against the definition over the whole history", () => {
  /** Sane histories: a write has seen only what began before it, a read returns only what began before it ended. */
  const histories = (size: { writes: number; reads: number }) =>
    fc
      .record({
        writes: fc.array(
          fc.record({
            start: fc.integer({ min: 0, max: 300 }),
            lasts: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 })),
            fate: fc.constantFrom("ok", "ok", "ok", "ok", "timeout", "unavailable"),
            kind: fc.constantFrom("update", "update", "update", "delete"),
            seen: fc.array(fc.nat(1_000), { maxLength: 2 }),
          }),
          { maxLength: size.writes },
        ),
        reads: fc.array(
          fc.record({
            start: fc.integer({ min: 0, max: 400 }),
            lasts: fc.integer({ min: 1, max: 30 }),
            versions: fc.array(fc.nat(1_000), { maxLength: 3 }),
          }),
          { maxLength: size.reads },
        ),
      })
      .map(({ writes, reads }) => {
        const made = writes
          .sort((a, b) => a.start - b.start)
          .map((write, i) => {
            const older = writes.map((_, j) => j).filter((j) => writes[j].start < write.start);
            const seen =
              older.length === 0
                ? []
                : write.seen.map((n) => older[older.length - 1 - (n % Math.min(4, older.length))] + 1);
            return put(i + 1, write.start, write.start + write.lasts, {
              id: i,
              kind: write.kind,
              outcome: write.fate,
              seen,
            });
          });
        const asked = reads.map((read, i) => {
          const end = read.start + read.lasts;
          const known = made.filter((write) => write.start < end && write.outcome !== "unavailable").reverse();
          const versions =
            known.length === 0 ? [] : read.versions.map((n) => known[n % Math.min(8, known.length)].writeId);
          return get([...new Set(versions)], read.start, end, { id: 1_000 + i });
        });
        return inOrderOfCompletion([...made, ...asked]);
      });

  it("gives every read the same verdict, versions behind and time missed", () => {
    fc.assert(
      fc.property(histories({ writes: 25, reads: 15 }), (history) => {
        const { figures, metrics } = fold(history);
        const verdicts = judgeAll(history).filter((verdict) => verdict.written);
        const counts = new Array<number>(21).fill(0);
        for (const { behind } of verdicts) counts[Math.min(behind, 20)]++;
        assert.equal(figures.stale.total, verdicts.length);
        assert.equal(figures.stale.hits, verdicts.filter((verdict) => verdict.stale).length);
        assert.deepEqual(figures.kStaleness, verdicts.length === 0 ? [] : counts);
        const missed = verdicts
          .flatMap((verdict) => (verdict.stale ? [verdict.missedForMicros] : []))
          .sort((a, b) => a - b);
        const middle = missed[Math.ceil(missed.length / 2) - 1];
        assert.equal(
          metrics["staleness_t_p50_ms"].value,
          missed.length < 2 ? null : Math.max(1, middle) / 1_000,
          "of at least 1 µs",
        );
      }),
      { numRuns: 1_500, seed: 20_261_123 },
    );
  });

  it("says undecided rather than something else when a key has more writes than are held", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 130, max: 400 }), (returned, count) => {
        const history: OperationRecord[] = [];
        for (let i = 1; i <= count; i++)
          history.push(put(i, i * 100, i * 100 + 150, { id: i, seen: i % 3 === 0 ? [i - 1] : [] }));
        const version = Math.min(returned, count);
        history.push(get([version], count * 100 + 200, count * 100 + 300, { id: 9_999 }));
        const { figures } = fold(history);
        const [verdict] = judgeAll(history);
        if (figures.stale.total === 0) return;
        assert.equal(figures.stale.hits === 1, verdict.stale);
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it("with the smallest window gives no wrong verdict: the same, or undecided", () => {
    let [judged, undecided, staleReads, bounds] = [0, 0, 0, 0];
    fc.assert(
      fc.property(histories({ writes: 25, reads: 15 }), (history) => {
        const key = new KeyHistory();
        const ended = new Set<number>();
        const waiting: OperationRecord[] = [];
        const verdicts = new Map(judgeAll(history).map((verdict) => [verdict.read.id, verdict]));
        const check = (read: OperationRecord, lastCall: boolean): void => {
          const judgement = key.judge(read, (id) => ended.has(id), lastCall);
          const expected = verdicts.get(read.id)!;
          if (judgement.kind === "unwritten") assert.ok(!expected.written);
          else if (judgement.kind === "undecided") undecided++;
          else if (judgement.waiting) waiting.push(read);
          else {
            judged++;
            if (expected.stale) staleReads++;
            assert.equal(judgement.stale, expected.stale);
            assert.ok(judgement.behind <= expected.behind);
            if (judgement.exact) assert.equal(judgement.behind, expected.behind);
            else bounds++;
            if (judgement.exact && judgement.stale)
              assert.equal(read.start - judgement.missedSince, expected.missedForMicros);
          }
        };
        for (const operation of history) {
          if (operation.kind === "read") {
            check(operation, false);
            continue;
          }
          ended.add(operation.writeId);
          if (operation.outcome === "unavailable") continue;
          const { writeId: id, start, seen, kind, session } = operation;
          const end = operation.outcome === "ok" ? operation.end : Infinity;
          key.add({ id, session, start, end, seen, isDelete: kind === "delete" }, 2);
        }
        for (const read of waiting.splice(0)) check(read, true);
      }),
      { numRuns: 1_500, seed: 20_261_124 },
    );
    assert.ok(
      judged > 1_000 && undecided > 100 && staleReads > 100 && bounds > 100,
      `${judged} ${undecided} ${staleReads} ${bounds}`,
    );
  });

  it("does not call a read fresh when the way from its version to the missed write was forgotten", () => {
    const key = new KeyHistory();
    const unanswered = { session: 1, end: Infinity, isDelete: false, seen: [] as number[] };
    key.add({ id: 2, start: 5, ...unanswered, seen: [1] }, 2);
    key.add({ id: 3, start: 6, ...unanswered }, 2);
    key.add({ id: 4, start: 7, ...unanswered }, 2);
    key.add({ id: 1, start: 0, ...unanswered }, 2);
    key.add({ id: 5, session: 1, start: 10, end: 20, isDelete: false, seen: [2] }, 2);
    assert.equal(key.find(2), undefined, "folded");
    assert.equal(key.judge({ session: 2, start: 30, end: 40, versions: [1] }, () => true, false).kind, "undecided");
  });

  it("still catches an old version after its write was folded away, and reports what it could not judge", () => {
    const history: OperationRecord[] = [];
    for (let i = 1; i <= 1_000; i++) history.push(put(i, i * 10, i * 10 + 5, { id: i }));
    history.push(get([1], 20_000, 20_010, { id: 5_000 }), get([1_000], 20_020, 20_030, { id: 5_001 }));
    // A read that has been open for so long that the writes before it are forgotten.
    history.push(get([3], 40, 20_040, { id: 5_002 }));
    const { figures, validity } = fold(history);
    assert.deepEqual([figures.stale.hits, figures.stale.total], [1, 2]);
    assert.deepEqual(
      validity.doubts.map((doubt) => doubt.kind).filter((kind) => kind === "judgement-window"),
      ["judgement-window"],
    );
    assert.equal(figures.kStaleness.at(-1), 1, "in the cell for this or more");
  });
});

describe("memory of the staleness fold", () => {
  it("does not grow with the number of writes to a key, nor with sessions' counters", () => {
    const grid = new IntervalGrid(100);
    grid.begin(PHASES);
    const measure = new StalenessMeasure(setup(grid));
    for (let i = 1; i <= 50_000; i++) measure.operation(put(i, i * 10, i * 10 + 5, { id: i, key: `k${i % 7}` }));
    const held = (measure as unknown as { writesHeld: number }).writesHeld;
    assert.ok(held <= 7 * 2 * 64, `${held} writes held`);
    measure.finish();
  });
});

describe("versions that should not exist", () => {
  it("are doubts: read but never recorded, and read although refused", () => {
    const unknown = fold([put(1, 0, 10), get([77], 20, 30)]);
    assert.ok(unknown.validity.doubts.some((doubt) => doubt.kind === "unknown-versions"));
    const refused = fold([put(1, 0, 10), put(2, 20, 30, { outcome: "overloaded" }), get([2], 40, 50)]);
    assert.equal(refused.validity.verdict, "invalid");
    assert.ok(refused.validity.doubts.some((doubt) => doubt.kind === "refused-writes-seen"));
    assert.ok(
      !fold([put(1, 0, 10), get([1], 20, 30)]).validity.doubts.some((doubt) => doubt.kind === "unknown-versions"),
    );
  });
});
