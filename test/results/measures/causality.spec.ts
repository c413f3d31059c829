/**
 * The oracle of causality, itself on trial: each kind of error planted in a history of a few lines, with its good and its
 * indefinite counterpart.
 */
import assert from "node:assert/strict";
import { TrialFold, type TrialResult } from "../../../results/measures/fold";
import type { CopyMetadata, OperationRecord, Snapshot } from "../../../results/record/history";
import { END, get, inOrderOfCompletion, PHASES, put, remove } from "./histories";

type Replicas = readonly (readonly number[] | "unreachable")[];

function snapshot(at: number, keys: Readonly<Record<string, Replicas>>, more: Partial<Snapshot> = {}): Snapshot {
  const found = Object.entries(keys).map(([key, replicas]) => ({ key, busy: false, replicas }));
  return { at, tookMicros: 5, final: true, population: found.length, keys: found, ...more };
}

/** Snapshots are told when they were taken, the final one last. */
function judge(
  history: readonly OperationRecord[],
  end: Replicas | Snapshot | undefined,
  during: readonly Snapshot[] = [],
): TrialResult {
  const trial = new TrialFold({ intervalMs: 100, percentiles: [], phases: PHASES });
  const scans = [...during];
  for (const operation of inOrderOfCompletion(history)) {
    while (scans.length > 0 && scans[0].at <= operation.end) trial.snapshot(scans.shift()!);
    trial.operation(operation);
  }
  for (const scan of scans) trial.snapshot(scan);
  if (end !== undefined) trial.snapshot("population" in end ? end : snapshot(2_000_000, { k: end }));
  return trial.finish(END);
}

/** Lost, missed conflicts, false dominance, undecided. */
function lost(history: readonly OperationRecord[], end: Replicas | Snapshot): number[] {
  const { metrics, figures } = judge(history, end);
  const [one, missed, dominated] = figures.causality!.anomalies;
  assert.deepEqual([one.kind, missed.kind, dominated.kind], ["lost-update", "missed-conflict", "false-dominance"]);
  if (one.outOf > 0) assert.equal(metrics["lost_updates"].value, one.count);
  return [one.count, missed.count, dominated.count, one.undecided];
}

const value = (result: TrialResult, name: string): number | null => result.metrics[name].value;

describe("a lost update", () => {
  it("is an acknowledged write that no write had read and that no replica holds: a missed conflict where a concurrent one survived", () => {
    const blind = [put(1, 0, 10), put(2, 5, 15)];
    assert.deepEqual(lost(blind, [[2], [2], [2]]), [1, 1, 0, 0]);
    assert.deepEqual(lost(blind, [[1, 2], [2], [2]]), [0, 0, 0, 0], "held by one replica");
  });
  it("is false dominance where all that survived is what it had itself replaced", () => {
    assert.deepEqual(lost([put(1, 0, 10), put(2, 20, 30, { seen: [1] })], [[1], [1], [1]]), [1, 0, 1, 0]);
    const through = [put(1, 0, 10), put(2, 20, 30, { seen: [1] }), put(3, 40, 50, { seen: [2] })];
    assert.deepEqual(lost(through, [[1], [1]]), [1, 0, 1, 0], "through another write; which is covered, not lost");
  });
  it("is a missed conflict where one survivor is older and another concurrent: a replica may only be behind", () => {
    const history = [put(1, 0, 10), put(2, 20, 30, { seen: [1] }), put(3, 22, 32, { seen: [1] })];
    assert.deepEqual(lost(history, [[1], [3], [3]]), [1, 1, 0, 0]);
  });
  it("is neither where the key is gone", () => {
    assert.deepEqual(lost([put(1, 0, 10)], [[], [], []]), [1, 0, 0, 0]);
  });
  it("is not one that a later write had read, nor one that an unanswered write had read", () => {
    assert.deepEqual(lost([put(1, 0, 10), put(2, 20, 30, { seen: [1] })], [[2], [2]]), [0, 0, 0, 0]);
    const unanswered = put(2, 20, 30, { seen: [1], outcome: "timeout" });
    assert.deepEqual(lost([put(1, 0, 10), unanswered], [[], []]), [0, 0, 0, 0]);
    const refused = put(2, 20, 30, { seen: [1], outcome: "overloaded" });
    assert.deepEqual(lost([put(1, 0, 10), refused], [[], []]), [1, 0, 0, 0], "a refused one covers nothing");
  });
  it("is not one that was read before it was acknowledged by a write that ended first", () => {
    assert.deepEqual(lost([put(1, 0, 100), put(2, 50, 60, { seen: [1] })], [[2], [2]]), [0, 0, 0, 0]);
  });
  it("is never an unanswered or a refused write", () => {
    const history = [put(1, 0, 10, { outcome: "timeout" }), put(2, 0, 10, { outcome: "unavailable" })];
    assert.deepEqual(lost(history, [[], []]), [0, 0, 0, 0]);
    assert.equal(judge(history, [[], []]).metrics["lost_updates"].value, null, "nothing was acknowledged");
  });
  it("is undecided where a replica was not reached, unless another holds it; a doubt, and only in the upper end", () => {
    const history = [put(1, 0, 10), put(2, 5, 15)];
    assert.deepEqual(lost(history, [[2], "unreachable"]), [0, 0, 0, 1]);
    const { metrics, validity } = judge(history, [[2], "unreachable"]);
    assert.deepEqual([metrics["lost_updates"].value, metrics["lost_updates"].hi, metrics["lost_updates"].n], [0, 1, 1]);
    assert.ok(validity.doubts.some(({ kind }) => kind === "causality-window"));
    assert.ok(!judge(history, [[1, 2], "unreachable"]).validity.doubts.some(({ kind }) => kind === "causality-window"));
  });
  it("may be of any phase", () => {
    const history = [
      put(1, -30, -20, { phase: "load", kind: "insert" }),
      put(2, 0, 10, { phase: "warmup" }),
      put(3, 1_000_010, 1_000_020, { phase: "drain" }),
    ];
    assert.deepEqual(lost(history, [[], []]), [3, 0, 0, 0]);
  });
  it("is a delete only where what it had replaced is there again: its tombstone may have been reaped", () => {
    const history = [put(1, 0, 10), remove(2, 20, 30, { seen: [1] })];
    assert.deepEqual(lost(history, [[], []]), [0, 0, 0, 0]);
    assert.deepEqual(lost(history, [[1], []]), [1, 0, 1, 0]);
    assert.deepEqual(lost([...history, put(3, 21, 31)], [[3], [3]]), [0, 0, 0, 0], "reaped beside a concurrent one");
    const twice = [...history, remove(3, 40, 50, { seen: [2] })];
    assert.deepEqual(lost(twice, [[2], []]), [0, 0, 0, 0], "an older tombstone in its place brings nothing back");
  });
  it("is sought in inspected keys alone; a sample leaves the upper end open, and without an inspection it is not measured", () => {
    const history = [put(1, 0, 10), put(2, 0, 10, { key: "other" })];
    const { metrics } = judge(history, snapshot(2_000_000, { k: [[1]] }, { population: 2 }));
    assert.deepEqual(metrics["lost_updates"], { value: 0, lo: 0, hi: null, n: 1, unit: "count" });
    assert.deepEqual(judge(history, undefined).metrics["lost_updates"].value, null);
  });
  it("comes with the operations that show it and a sentence, and its key is drawn", () => {
    const history = [put(1, 0, 10, { session: 7 }), put(2, 5, 15), get([2], 20, 30)];
    const { evidence, graph } = judge(history, [[2], [2]]).figures.causality!;
    assert.equal(evidence.length, 1);
    const [{ kind, key, writes, read, atS, text }] = evidence;
    assert.deepEqual([kind, key, writes, read, atS], ["missed-conflict", "k", [1, 2], null, 10e-6]);
    assert.match(text, /^The write 0\.1 was acknowledged, .* 0\.2 stands in its place/);
    assert.deepEqual(graph!.writes, [
      { id: 1, session: 7, startS: 0, endS: 10e-6, tombstone: false, saw: [], fate: "lost" },
      { id: 2, session: 1, startS: 5e-6, endS: 15e-6, tombstone: false, saw: [], fate: "held" },
    ]);
  });
});

describe("a false conflict", () => {
  const pairs = (...history: OperationRecord[]): (number | null)[] => {
    const result = judge(history, [[]]);
    const found = result.figures.causality!.anomalies.find(({ kind }) => kind === "false-conflict")!;
    return [value(result, "false_conflicts"), found.count, found.outOf, found.undecided];
  };
  const [a, b] = [put(1, 0, 10), put(2, 20, 30, { seen: [1] })];

  it("is a pair of siblings of which one client had read the other's", () => {
    assert.deepEqual(pairs(a, b, get([1, 2], 40, 50)), [1, 1, 1, 0]);
    assert.deepEqual(pairs(a, put(2, 20, 30), get([1, 2], 40, 50)), [0, 0, 1, 0], "blind: a true conflict");
    assert.deepEqual(pairs(a, b, get([2], 40, 50)), [0, 0, 1, 0]);
  });
  it("is found through writes in between, unanswered ones included, and counts tombstones", () => {
    const lostAnswer = put(2, 20, 90, { seen: [1], outcome: "timeout" });
    assert.deepEqual(pairs(a, lostAnswer, put(3, 40, 50, { seen: [2] }), get([1, 3], 100, 110)), [1, 1, 1, 0]);
    assert.deepEqual(pairs(a, remove(2, 20, 30, { seen: [1] }), get([1, 2], 40, 50, { values: 1 })), [1, 1, 1, 0]);
  });
  it("is found where the write in between ends after the read, and where the siblings' own do", () => {
    const open = put(2, 20, 500, { seen: [1] });
    assert.deepEqual(pairs(a, open, put(3, 40, 50, { seen: [2] }), get([1, 3], 100, 110)), [1, 1, 1, 0]);
    assert.deepEqual(pairs(a, put(2, 20, 500, { seen: [1] }), get([1, 2], 100, 110)), [1, 1, 1, 0]);
    assert.deepEqual(pairs(put(1, 0, 600), put(2, 20, 500, { seen: [1] }), get([1, 2], 100, 110)), [1, 1, 1, 0]);
  });
  it("is counted by pairs, a read with several once among the operations", () => {
    const c = put(3, 40, 50, { seen: [2] });
    assert.deepEqual(pairs(a, b, c, get([1, 2, 3], 60, 70), get([3], 80, 90)), [3, 1, 2, 0]);
  });
  it("counts in the measured phase alone", () => {
    assert.deepEqual(pairs(a, b, get([1, 2], 40, 50, { phase: "warmup" })), [null, 0, 0, 0]);
  });
  it("is undecided with a version that nobody wrote", () => {
    assert.deepEqual(pairs(a, get([1, 77], 40, 50)), [null, 0, 0, 1]);
  });
  it("comes with its evidence, and the graph of its key from there on", () => {
    const read = get([1, 2], 40, 50, { id: 12 });
    const { evidence, graph } = judge([a, b, read, put(3, 60, 70, { seen: [1, 2] })], [[3]]).figures.causality!;
    const [{ writes, read: by, text }] = evidence;
    assert.deepEqual([writes, by], [[1, 2], 12]);
    assert.match(text, /returned 0\.1 and 0\.2 as siblings, although the client that wrote 0\.2 had read 0\.1/);
    assert.deepEqual(
      graph!.writes.map(({ id, saw, fate }) => [id, saw, fate]),
      [
        [1, [], "replaced"],
        [2, [1], "replaced"],
        [3, [2], "held"],
      ],
      "3 saw 1 through 2",
    );
  });
});

describe("a delete that came back", () => {
  const history = [put(1, 0, 10), remove(2, 20, 30, { seen: [1] }), get([1], 100, 110, { id: 5 })];
  const came = (end: Replicas | undefined, during: readonly Snapshot[] = [], more: readonly OperationRecord[] = []) => {
    const { count, outOf, undecided } = judge([...history, ...more], end, during).figures.causality!.anomalies[4];
    return [count, outOf, undecided];
  };

  it("is a read of what an acknowledged delete had replaced, where that is there at the end and the delete is not", () => {
    assert.deepEqual(came([[1], [1], [1]]), [1, 1, 0]);
    assert.deepEqual(came([[1], [], []]), [1, 1, 0]);
  });
  it("is a stale read where the delete, or what replaced it, is still known at the end", () => {
    assert.deepEqual(came([[1], [2], [2]]), [0, 1, 0]);
    assert.deepEqual(came([[], [], []]), [0, 1, 0], "all reaped");
    assert.deepEqual(came([[1], [3], [3]], [], [put(3, 50, 60, { seen: [2] })]), [0, 1, 0]);
  });
  it("is one of a version that an inspection in between had found nowhere", () => {
    const gone = snapshot(40, { k: [[2], [2], []] }, { final: false });
    assert.deepEqual(came([[2], [2], [2]], [gone]), [1, 1, 0]);
    const partly = snapshot(40, { k: [[2], "unreachable", []] }, { final: false });
    assert.deepEqual(came([[2], [2], [2]], [partly]), [0, 1, 0], "a replica not reached may have had it");
    const still = snapshot(40, { k: [[2], [1], []] }, { final: false });
    assert.deepEqual(came([[2], [2], [2]], [still]), [0, 1, 0]);
    const early = snapshot(15, { k: [[], [], []] }, { final: false });
    assert.deepEqual(came([[2], [2], [2]], [early]), [0, 1, 0], "before the delete");
  });
  it("is undecided where a replica was not reached at the end, or nothing was inspected", () => {
    assert.deepEqual(came([[1], "unreachable"]), [0, 0, 1]);
    assert.deepEqual(came(undefined), [0, 0, 1]);
  });
  it("is not one of a version that the delete had not read, nor while the delete was under way or unanswered", () => {
    const of = (deleted: OperationRecord): number =>
      judge([put(1, 0, 10), deleted, get([1], 100, 110)], [[1]]).figures.causality!.anomalies[4].count;
    assert.equal(of(remove(2, 20, 30)), 0);
    assert.equal(of(remove(2, 20, 30, { seen: [1] })), 1);
    const twice = [remove(1, 0, 10), remove(2, 20, 30, { seen: [1] }), get([1], 100, 110, { values: 0 })];
    assert.equal(judge(twice, [[1]]).figures.causality!.anomalies[4].count, 0, "a tombstone");
    assert.equal(of(remove(2, 20, 105, { seen: [1] })), 0);
    assert.equal(of(remove(2, 20, 30, { seen: [1], outcome: "timeout" })), 0);
  });
});

describe("a session's reads", () => {
  const judged = (name: string, ...history: OperationRecord[]): (number | null)[] => {
    const { value: count, n } = judge(history, [[]]).metrics[name];
    return [count, n];
  };
  const [a, b] = [put(1, 0, 10, { session: 9 }), put(2, 20, 30, { seen: [1], session: 9 })];

  it("go back when all that one returned comes before what the one before had returned", () => {
    const back = (...reads: OperationRecord[]) => judged("non_monotonic_reads", a, b, ...reads);
    assert.deepEqual(back(get([2], 40, 50), get([1], 60, 70)), [1, 1]);
    assert.deepEqual(back(get([1], 40, 50), get([2], 60, 70)), [0, 1]);
    assert.deepEqual(back(get([2], 40, 50), get([1, 2], 60, 70)), [0, 1], "one sibling is enough");
    assert.deepEqual(back(get([2], 40, 50), get([1], 60, 70, { session: 2 })), [null, 0], "another session's");
    assert.deepEqual(back(get([2], 40, 50), get([1], 45, 70)), [null, 0], "they overlap");
    assert.deepEqual(back(get([2], 40, 50, { phase: "warmup" }), get([1], 60, 70)), [1, 1], "seen in the warm-up");
    assert.deepEqual(back(get([2], 40, 50), get([], 60, 70)), [1, 1], "nothing at all");
  });
  it("do not go back to a version concurrent with what was returned before", () => {
    const blind = [put(1, 0, 30), put(2, 10, 20)];
    assert.deepEqual(judged("non_monotonic_reads", ...blind, get([2], 40, 50), get([1], 60, 70)), [0, 1]);
  });
  it("may find nothing after a delete, also one that has not ended yet", () => {
    const gone = (deleted: OperationRecord) =>
      judged("non_monotonic_reads", a, b, get([2], 40, 50), deleted, get([], 60, 70));
    assert.deepEqual(gone(remove(3, 52, 58, { session: 3, seen: [2] })), [0, 1]);
    assert.deepEqual(gone(remove(3, 52, 900, { session: 3 })), [0, 1]);
    assert.deepEqual(gone(remove(3, 52, 58, { session: 3, outcome: "overloaded" })), [1, 1]);
  });
  it("miss the session's own write when all that one returned comes before it", () => {
    const own = (...more: OperationRecord[]) => judged("read_your_writes_misses", a, { ...b, session: 1 }, ...more);
    assert.deepEqual(own(get([1], 40, 50)), [1, 1]);
    assert.deepEqual(own(get([1], 30, 50)), [1, 1], "at the very instant of the acknowledgement");
    assert.deepEqual(own(get([1], 25, 50)), [null, 0], "it was still open");
    assert.deepEqual(own(get([2], 40, 50)), [0, 1]);
    assert.deepEqual(own(put(3, 32, 38, { session: 4, seen: [2] }), get([3], 40, 50)), [0, 1], "replaced by another");
    assert.deepEqual(own(put(3, 22, 38, { session: 4 }), get([3], 40, 50)), [0, 1], "concurrent: no proof");
    assert.deepEqual(own(get([], 40, 50)), [1, 1]);
    assert.deepEqual(own(get([1], 40, 50, { session: 2 })), [null, 0]);
  });
  it("are held to no write of their session without an answer", () => {
    const unanswered = { ...b, session: 1, outcome: "timeout" as const };
    assert.deepEqual(judged("read_your_writes_misses", a, unanswered, get([1], 40, 50)), [null, 0]);
  });
});

describe("metadata of copies", () => {
  const copies = (at: number, final: boolean, metadata: readonly (CopyMetadata | null)[]): Snapshot => ({
    ...snapshot(at, {}, { final, population: 1 }),
    keys: [{ key: "k", busy: false, replicas: metadata.map((one) => (one === null ? [] : [1])), metadata }],
  });

  it("are averaged over the copies at the end, shown over time, and by sessions that had written the key", () => {
    const history = [put(1, 0, 10), put(2, 20, 30, { session: 2 }), put(3, 150_000, 150_010, { session: 3 })];
    const first = copies(50_000, false, [{ entries: 1, bytes: 10 }, null]);
    const last = copies(2_000_000, true, [
      { entries: 2, bytes: 20 },
      { entries: 4, bytes: 50 },
    ]);
    const { metrics, figures } = judge(history, last, [first]);
    assert.deepEqual(
      ["clock_entries_mean", "clock_entries_max", "clock_bytes_mean"].map((name) => metrics[name].value),
      [3, 4, 35],
    );
    assert.equal(metrics["clock_entries_mean"].n, 2);
    const { columns, t } = figures.intervals;
    assert.deepEqual(columns["clock_bytes_mean"].slice(0, 2), [10, null]);
    assert.equal(columns["clock_bytes_mean"].length, t.length);
    assert.equal(t.length, 10, "the final inspection makes no interval");
    assert.deepEqual(figures.causality!.metadataByWriters, {
      from: [2, 3],
      to: [3, 4],
      copies: [1, 2],
      bytesMean: [10, 35],
      bytesMax: [10, 50],
      entriesMean: [1, 3],
      entriesMax: [1, 4],
    });
  });
  it("are not measured where no target tells", () => {
    const { metrics, figures } = judge([put(1, 0, 10)], [[1]]);
    assert.equal(metrics["clock_entries_mean"].value, null);
    assert.ok(!("clock_bytes_mean" in figures.intervals.columns));
    assert.deepEqual(figures.causality!.metadataByWriters.from, []);
  });
});

describe("siblings by number of writes", () => {
  it("stand at the writes of the key that had ended", () => {
    const history = [put(1, 0, 10), get([1], 20, 30), put(2, 40, 50), get([1, 2], 60, 70), get([2], 80, 90)];
    assert.deepEqual(judge(history, [[1, 2]]).figures.causality!.siblingsByWrites, {
      from: [1, 2],
      to: [2, 3],
      reads: [1, 2],
      mean: [1, 1.5],
      max: [1, 2],
    });
  });
});
