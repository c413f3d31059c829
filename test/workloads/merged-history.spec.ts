/** Records of several drivers become one history, however late and uneven they come: against sorting them at the end. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { LatencyHistogram } from "../../results/record/histogram";
import { readLatencyLog } from "../../results/record/latency-log";
import { TrialFold, type TrialResult } from "../../results/measures/fold";
import type { OperationRecord } from "../../results/record/history";
import { MergedHistory } from "../../workloads/merged-history";
import { RecordPacker, RecordUnpacker } from "../../workloads/record-batch";

function record(id: number, end: number, changes: Partial<OperationRecord> = {}): OperationRecord {
  return {
    id,
    phase: "measure",
    kind: "read",
    key: `k${id % 7}`,
    session: id % 5,
    intended: end - 10,
    start: end - 9,
    end,
    outcome: "ok",
    writeId: 0,
    versions: [],
    values: 0,
    seen: [],
    contextInBytes: 0,
    contextOutBytes: 0,
    coordinator: 0,
    ...changes,
  };
}

/** By driver: batches, each with its records and until when they are all. */
type Batches = readonly (readonly { readonly records: readonly OperationRecord[]; readonly until: number }[])[];

const batches: fc.Arbitrary<Batches> = fc
  .array(fc.array(fc.record({ gaps: fc.array(fc.nat(5), { maxLength: 6 }), quiet: fc.nat(8) }), { maxLength: 8 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((drivers) =>
    drivers.map((list, driver) => {
      let now = 0;
      let made = 0;
      return list.map(({ gaps, quiet }) => {
        const records = gaps.map((gap) => record(++made * drivers.length + driver, (now += gap)));
        // Something more may end at the very instant.
        return { records, until: (now += quiet) };
      });
    }),
  );

describe("the merged history", () => {
  it("is every record once, in order of completion, told as soon as nothing can precede it", () => {
    fc.assert(
      fc.property(batches, fc.infiniteStream(fc.nat(3)), (drivers, turns) => {
        const told: OperationRecord[] = [];
        const merged = new MergedHistory(drivers.length, (one) => told.push(one));
        const places = drivers.map(() => 0);
        const untils = drivers.map(() => -Infinity);
        const given: OperationRecord[] = [];
        const left = (): number[] => drivers.flatMap((list, i) => (places[i] < list.length ? [i] : []));
        for (let open = left(); open.length > 0; open = left()) {
          const driver = open[turns.next().value! % open.length];
          const { records, until } = drivers[driver][places[driver]++];
          merged.add(driver, records, until);
          given.push(...records);
          untils[driver] = until;
          const safe = Math.min(...untils);
          assert.equal(told.length, given.filter(({ end }) => end < safe).length);
          assert.equal(merged.waiting, given.length - told.length);
        }
        drivers.forEach((_, driver) => merged.add(driver, [], Infinity));
        const driverOf = ({ id }: OperationRecord): number => id % drivers.length;
        const wanted = [...given].sort((a, b) => a.end - b.end || driverOf(a) - driverOf(b) || a.id - b.id);
        assert.deepEqual(
          told.map(({ id }) => id),
          wanted.map(({ id }) => id),
        );
        drivers.forEach((list, driver) =>
          assert.equal(
            merged.told(driver),
            list.reduce((sum, { records }) => sum + records.length, 0),
          ),
        );
      }),
    );
  });

  it("lets a reading of the nodes wait for what ended before it, and not for what ended later", () => {
    const seen: string[] = [];
    const merged = new MergedHistory(2, ({ id }) => seen.push(`operation ${id}`));
    merged.add(0, [record(1, 10), record(2, 20), record(3, 30)], 40);
    merged.after(20, () => seen.push("reading at 20"));
    merged.after(15, () => seen.push("reading at 15"));
    assert.equal(seen.length, 0);
    merged.add(1, [record(4, 12)], 15);
    assert.deepEqual(seen, ["operation 1", "operation 4", "reading at 15"]);
    merged.add(1, [record(5, 19)], 25);
    assert.deepEqual(seen.slice(3), ["operation 5", "reading at 20", "operation 2"]);
    merged.add(1, [], Infinity);
    merged.add(0, [], Infinity);
    merged.after(99, () => seen.push("at the end"));
    assert.deepEqual(seen.slice(6), ["operation 3", "at the end"]);
  });

  it("refuses what comes out of order", () => {
    const merged = new MergedHistory(1, () => undefined);
    merged.add(0, [record(1, 10)], 20);
    assert.throws(() => merged.add(0, [record(2, 19)], 30), /order of completion/);
    assert.throws(() => merged.add(0, [], 10), /stays so/);
  });
});

describe("records on their way between processes", () => {
  it("arrive as they were, names of keys included", () => {
    const some = fc.array(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { maxLength: 4 });
    const made = fc.record({
      id: fc.integer({ min: 1, max: 2 ** 40 }),
      end: fc.integer({ min: 0, max: 2 ** 45 }),
      changes: fc.record({
        key: fc.oneof(fc.string(), fc.constantFrom("a", "b", "c", "ключ")),
        kind: fc.constantFrom<OperationRecord["kind"]>("read", "update", "rmw", "multi-get"),
        phase: fc.constantFrom<OperationRecord["phase"]>("load", "warmup", "measure", "drain"),
        outcome: fc.constantFrom<OperationRecord["outcome"]>("ok", "timeout", "not_sent"),
        writeId: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        coordinator: fc.integer({ min: -1, max: 100 }),
        versions: some,
        seen: some,
      }),
    });
    fc.assert(
      fc.property(fc.array(fc.array(made, { maxLength: 20 }), { maxLength: 5 }), fc.nat(4), (lists, names) => {
        const packer = new RecordPacker(names);
        const unpacker = new RecordUnpacker();
        for (const list of lists) {
          const records = list.map(({ id, end, changes }) => record(id, end, changes));
          assert.deepEqual(unpacker.unpack(structuredClone(packer.pack(records))), records);
        }
      }),
    );
  });
});

describe("percentiles of several drivers", () => {
  it("are those of their histograms put together: merging records and merging histograms is the same", () => {
    const lists = [0, 1, 2].map((driver) =>
      Array.from({ length: 400 }, (_, i) => {
        const end = 100_000 + i * 2_000 + driver * 300;
        return record(i * 3 + driver + 1, end, { intended: end - 50 - ((i * 7919 + driver * 104_729) % 90_000) });
      }),
    );
    const phases = { startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: 1_000_000 };
    const folded = (feed: (fold: TrialFold) => void): TrialResult => {
      const fold = new TrialFold({ intervalMs: 250, percentiles: [], phases });
      feed(fold);
      return fold.finish({
        counters: [],
        ringShares: {},
        ring: { strategy: "", tokens: [], example: { key: "", at: 0, preferenceList: [] } },
        calibration: null,
        dropped: 0,
      });
    };
    const together = folded((fold) => {
      const merged = new MergedHistory(3, (one) => fold.operation(one));
      lists.forEach((list, driver) => merged.add(driver, list, Infinity));
    });
    const byLine = (results: readonly TrialResult[]): Map<string, LatencyHistogram> => {
      const lines = new Map<string, LatencyHistogram>();
      for (const { latencyLog } of results) {
        for (const { tag, startSeconds, histogram } of readLatencyLog(latencyLog)) {
          const name = `${tag} at ${startSeconds}`;
          const there = lines.get(name);
          if (there === undefined) lines.set(name, histogram);
          else there.merge(histogram);
        }
      }
      return lines;
    };
    const apart = byLine(lists.map((list) => folded((fold) => list.forEach((one) => fold.operation(one)))));
    const whole = byLine([together]);
    assert(whole.size >= 8);
    assert.deepEqual([...whole.keys()].sort(), [...apart.keys()].sort());
    for (const [name, histogram] of whole) assert.deepEqual(histogram.recorded(), apart.get(name)!.recorded(), name);
  });
});
