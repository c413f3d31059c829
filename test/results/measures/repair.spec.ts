/** What healing cost, from made-up counters of two nodes; and writes that wait in a hint at the end. */
import assert from "node:assert/strict";
import { TrialFold, type TrialResult } from "../../../results/measures/fold";
import { type KeySnapshot, THE_CLIENT_ITSELF } from "../../../results/record/history";
import {
  repairBetween,
  repairOfAll,
  type CounterSample,
  type MessageCause,
  type MessagesAndBytes,
} from "../../../results/record/repair-counters";
import { END, PHASES, counters, get, put } from "./histories";

const SECOND = 1_000_000;
const PHASES_2S = { ...PHASES, startOfMeasure: SECOND, endOfMeasure: 3 * SECOND };

function causes(
  each: Partial<Record<MessageCause, [number, number]>>,
): Partial<Record<MessageCause, MessagesAndBytes>> {
  return Object.fromEntries(Object.entries(each).map(([cause, [messages, bytes]]) => [cause, { messages, bytes }]));
}

function judge(samples: readonly CounterSample[], requests = 4, coordinator = 0): TrialResult {
  const trial = new TrialFold({ intervalMs: 1_000, percentiles: [], phases: PHASES_2S });
  const all = [...samples];
  for (let i = 0; i < requests; i++) {
    const at = SECOND + (i * 4 * SECOND) / requests;
    while (all.length > 0 && all[0].at <= at) trial.counters(all.shift()!);
    trial.operation(get([], at, at + 10, { id: i, coordinator }));
  }
  for (const one of all) trial.counters(one);
  return trial.finish(END);
}

/** One sample a second; `a` at one node, `b` at the other. */
function samples(
  a: readonly CounterSample["nodes"][number][],
  b: readonly CounterSample["nodes"][number][],
): CounterSample[] {
  return a.map((one, i) => ({ at: i * SECOND, nodes: b[i] === undefined ? [one] : [one, b[i]] }));
}

describe("the price of repair", () => {
  const node = (name: string, hint: number, aae: number, held: number, expired = 0) => ({
    node: name,
    hintsHeld: held,
    hintsExpired: expired,
    keysStreamed: aae,
    keysOverstreamed: aae / 2,
    byCause: causes({
      replication: [100 * hint, 1_000 * hint],
      hint: [hint, 10 * hint],
      "anti-entropy": [aae, 100 * aae],
    }),
  });
  const run = samples(
    [
      node("a", 0, 0, 0),
      node("a", 10, 0, 5),
      node("a", 20, 2, 9, 1),
      node("a", 30, 4, 3, 1),
      node("a", 30, 8, 0, 3),
      node("a", 30, 8, 0, 3),
    ],
    [
      node("b", 0, 0, 0),
      node("b", 0, 0, 0),
      node("b", 0, 0, 4),
      node("b", 0, 0, 1),
      node("b", 0, 0, 0),
      node("b", 0, 0, 0),
    ],
  );

  it("is bytes of read repair, hints and anti-entropy over requests, from the measured phase to the end", () => {
    const { metrics } = judge(run);
    // From second 1 on: 20 hints of 10 bytes, 8 keys of 100 bytes; four requests.
    const { value, n, unit } = metrics["repair_bytes_per_op"];
    assert.deepEqual([value, n, unit], [(200 + 800) / 4, 4, "bytes/op"]);
    assert.equal(metrics["hints_held_max"].value, 13);
    assert.equal(metrics["hints_expired"].value, 3);
    assert.equal(metrics["keys_overstreamed"].value, 4);
  });
  it("over time is a rate by cause; hints are what waits, of all and at the fullest node", () => {
    const { repair } = judge(run).figures;
    assert.deepEqual(repair!.t, [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(repair!.columns["bytes_hint"], [100, 100, 100, 0, 0, null]);
    assert.deepEqual(repair!.columns["messages_anti_entropy"], [0, 2, 2, 4, 0, null]);
    assert.deepEqual(repair!.columns["hints_held"], [0, 5, 13, 4, 0, 0]);
    assert.deepEqual(repair!.columns["hints_held_fullest"], [0, 5, 9, 3, 0, 0]);
    assert.equal(repair!.totals["hints_expired"], 3);
    assert.equal(repair!.totals["exchanges"], null, "nobody counts them");
    assert.deepEqual(
      repair!.byCause.map(({ cause, messages, bytes }) => [cause, messages, bytes]),
      [
        ["replication", 2_000, 20_000],
        ["hint", 20, 200],
        ["anti-entropy", 8, 800],
      ],
    );
  });
  it("takes counters that fell for a process that started again, and a node that does not answer for one that still holds its hints", () => {
    const { figures } = judge(
      samples(
        [
          { node: "a", hintsHeld: 0, keysStreamed: 0 },
          { node: "a", hintsHeld: 0, keysStreamed: 50 },
          { node: "a", hintsHeld: 1, keysStreamed: 20 },
        ],
        [
          { node: "b", hintsHeld: 0, keysStreamed: 0 },
          { node: "b", hintsHeld: 7, keysStreamed: 0 },
        ],
      ),
    );
    assert.deepEqual(figures.repair!.columns["keys_streamed"], [50, 20, null]);
    assert.deepEqual(figures.repair!.columns["hints_held"], [0, 7, 8]);
  });
  it("tells nothing that clients do when they coordinate reads, rather than that it was never done", () => {
    const idle = { node: "a", hintsWritten: 0, readRepairs: 0, speculations: 0, digestReads: 0 };
    const told = (coordinator: number): unknown[] => {
      const { totals, columns } = judge(samples([idle, idle, { ...idle, digestReads: 9 }], []), 4, coordinator).figures
        .repair!;
      return [totals["read_repairs"], totals["speculations"], totals["digest_reads"], columns["read_repairs"] === undefined]; // prettier-ignore
    };
    assert.deepEqual(told(0), [0, 0, 9, false]);
    assert.deepEqual(told(THE_CLIENT_ITSELF), [null, null, 9, true]);
  });
  it("is absent where no node counts any of it, and without a second sample", () => {
    const plain = samples([{ node: "a" }, { node: "a" }], []);
    assert.equal(judge(plain).figures.repair, undefined);
    assert.equal(judge(run.slice(0, 1)).figures.repair, undefined);
    for (const name of ["repair_bytes_per_op", "hints_held_max", "hints_expired", "keys_overstreamed"])
      assert.equal(judge(plain).metrics[name], undefined);
  });
  it("has no bytes where messages are not encoded, and still counts messages", () => {
    const bare = (hint: number) => ({ node: "a", byCause: causes({ hint: [hint, NaN] }) });
    const { metrics, figures } = judge(samples([bare(0), bare(1), bare(3)], []));
    assert.equal(metrics["repair_bytes_per_op"].value, null);
    assert.equal(figures.repair!.columns["bytes_hint"], undefined);
    assert.deepEqual(figures.repair!.columns["messages_hint"], [1, 2, null]);
    assert.equal(figures.repair!.byCause[0].bytes, null);
  });
  it("keeps a bounded number of rows, with nothing lost from totals or rates", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({
      at: i * 1_000,
      nodes: [{ node: "a", keysStreamed: 2 * i }],
    }));
    const { repair } = judge(many).figures;
    assert.ok(repair!.t.length <= 2_049);
    assert.ok(repair!.columns["keys_streamed"].slice(0, -1).every((rate) => Math.abs(rate! - 2_000) < 1e-6));
    assert.equal(repair!.totals["keys_streamed"], 2 * 8_999);
  });
  it("is split by cause per request of the measured phase, where all nodes tell", () => {
    const trial = (nodes: Parameters<typeof counters>[1][]) => {
      const fold = new TrialFold({ intervalMs: 1_000, percentiles: [], phases: PHASES_2S });
      fold.operation(put(1, SECOND, SECOND + 10));
      fold.operation(put(2, SECOND, 2 * SECOND));
      return fold.finish({ ...END, counters: nodes.map((one, i) => counters(`n${i}`, one)) }).metrics;
    };
    const one = { byCause: causes({ replication: [4, 400], "read-repair": [1, 50] }) };
    assert.equal(trial([one, one])["bytes_per_op_replication"].value, 400);
    assert.equal(trial([one, one])["messages_per_op_read_repair"].value, 1);
    assert.equal(trial([one, {}])["bytes_per_op_replication"], undefined);
  });
});

describe("counters of repair", () => {
  it("are differences of totals and the later gauge; what a side lacks is absent", () => {
    assert.deepEqual(
      repairBetween(
        { hintsWritten: 5, hintsHeld: 3, exchanges: 1, byCause: causes({ hint: [5, 50] }) },
        { hintsWritten: 9, hintsHeld: 1, keysStreamed: 4, byCause: causes({ hint: [6, 61], detector: [2, 8] }) },
      ),
      { hintsWritten: 4, hintsHeld: 1, byCause: causes({ detector: [2, 8], hint: [1, 11] }) },
    );
  });
  it("of all nodes are sums, of fields that every node has", () => {
    assert.deepEqual(repairOfAll([{ exchanges: 1, hintsHeld: 2 }, { exchanges: 2 }]), { exchanges: 3 });
    assert.deepEqual(repairOfAll([]), {});
  });
});

describe("a write that waits in a hint at the end", () => {
  const atTheEnd = (key: Partial<KeySnapshot>): TrialResult => {
    const trial = new TrialFold({ intervalMs: 100, percentiles: [], phases: PHASES });
    trial.operation(put(1, 0, 10));
    trial.operation(put(2, 20, 30, { session: 2 }));
    const snapshot: KeySnapshot = { key: "k", busy: false, replicas: [[1], [1], [1]], ...key };
    trial.snapshot({ at: SECOND, tookMicros: 1, final: true, population: 1, keys: [snapshot] });
    return trial.finish(END);
  };
  it("is not lost, and counted", () => {
    const { metrics } = atTheEnd({ hinted: [2] });
    assert.deepEqual([metrics["lost_updates"].value, metrics["hinted_writes_final"].value], [0, 1]);
    assert.equal(metrics["hinted_writes_final"].n, 2);
  });
  it("is lost where no hint holds it; what a replica holds too does not wait", () => {
    const { metrics } = atTheEnd({ hinted: [1] });
    assert.deepEqual([metrics["lost_updates"].value, metrics["hinted_writes_final"].value], [1, 0]);
  });
  it("is not known of where nobody looked for hints", () => {
    const { metrics } = atTheEnd({});
    assert.equal(metrics["lost_updates"].value, 1);
    assert.equal(metrics["hinted_writes_final"], undefined);
  });
  it("may wait at a node that was not reached: then it is not known to be lost", () => {
    const { metrics } = atTheEnd({ hinted: [], hintsUnknown: true });
    assert.deepEqual([metrics["lost_updates"].value, metrics["lost_updates"].hi], [0, 1]);
  });
  it("may be the delete of what a read still returned: nothing has come back", () => {
    const resurrected = (key: Partial<KeySnapshot>): readonly unknown[] => {
      const trial = new TrialFold({ intervalMs: 100, percentiles: [], phases: PHASES });
      trial.operation(put(1, 0, 10));
      trial.operation(put(2, 20, 30, { kind: "delete", seen: [1] }));
      const read = { kind: "read", writeId: 0, versions: [1], values: 1 } as const;
      trial.operation(put(0, 40, 50, { ...read, session: 3 }));
      const snapshot: KeySnapshot = { key: "k", busy: false, replicas: [[1], [1], [1]], ...key };
      trial.snapshot({ at: SECOND, tookMicros: 1, final: true, population: 1, keys: [snapshot] });
      const { value, hi } = trial.finish(END).metrics["resurrected_deletes"];
      return [value, hi];
    };
    assert.deepEqual(resurrected({ hinted: [] }), [1, 1]);
    assert.deepEqual(resurrected({ hinted: [2] }), [0, 0]);
    assert.deepEqual(resurrected({ hinted: [], hintsUnknown: true }), [null, null], "the only one, and undecided");
  });
  it("is not called lost in the drawing of its key either", () => {
    const { causality } = atTheEnd({ hinted: [2] }).figures;
    assert.deepEqual(
      causality!.graph!.writes.map(({ fate }) => fate),
      ["held", "unknown"],
    );
  });
});
