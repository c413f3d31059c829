/** Outboxes and the history that they feed, under every order of batches and acknowledgements: nothing lost, late or stuck. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { OperationRecord } from "../../results/record/history";
import { MergedHistory } from "../../workloads/merged-history";
import { RecordOutbox } from "../../workloads/record-outbox";

const recordAt = (id: number, end: number): OperationRecord => ({ id, end }) as OperationRecord;

describe("an outbox of records", () => {
  it("feeds one history in order, within its bounds, and comes to an end however slowly records are taken", () => {
    const doing = fc.record({
      driver: fc.nat(2),
      what: fc.constantFrom("record", "record", "record", "flush", "deliver", "deliver", "acknowledge"),
      later: fc.nat(3),
    });
    fc.assert(
      fc.property(
        fc.array(doing, { maxLength: 200 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 4, max: 9 }),
        (acts, batch, underWay) => {
          let now = 1;
          const told: OperationRecord[] = [];
          const merged = new MergedHistory(3, (record) => told.push(record));
          const ways = [0, 1, 2].map(
            () => [] as { readonly records: readonly OperationRecord[]; readonly until: number }[],
          );
          const sent = [0, 0, 0];
          const taken = [0, 0, 0];
          const made = [0, 0, 0];
          const boxes = ways.map(
            (way, i) =>
              new RecordOutbox({
                batch,
                underWay,
                send: (records, until) => {
                  assert(records.length <= batch);
                  sent[i] += records.length;
                  assert(sent[i] - taken[i] <= underWay);
                  way.push({ records, until });
                },
              }),
          );
          const deliver = (i: number): void => {
            const first = ways[i].shift();
            if (first !== undefined) merged.add(i, first.records, first.until);
          };
          const acknowledge = (i: number): void => {
            taken[i] = merged.told(i);
            boxes[i].took(taken[i]);
          };
          for (const { driver, what, later } of acts) {
            now += later;
            if (what === "record") boxes[driver].keep(recordAt(3 * made[driver]++ + driver, now));
            else if (what === "flush") boxes[driver].flush(now);
            else if (what === "deliver") deliver(driver);
            else acknowledge(driver);
          }
          // Something ends later, so that no whole window has ended at one instant.
          now += 1;
          for (const box of boxes) box.end(now);
          for (let round = 0; round < 400; round++) {
            for (const i of [0, 1, 2]) {
              deliver(i);
              if (merged.told(i) !== taken[i]) acknowledge(i);
            }
          }
          const ends = told.map(({ end }) => end);
          assert(ends.every((end, i) => i === 0 || end >= ends[i - 1]));
          if (windowsMove(acts, underWay)) {
            assert.equal(told.length, made[0] + made[1] + made[2]);
            assert.equal(merged.waiting, 0);
            assert(boxes.every(({ waiting }) => waiting === 0));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("says that a batch waits only when it may go", () => {
    const batches: number[] = [];
    const box = new RecordOutbox({ batch: 2, underWay: 4, send: (records) => batches.push(records.length) });
    for (let i = 0; i < 7; i++) box.keep(recordAt(i, i));
    assert(box.full);
    box.flush(10);
    assert.deepEqual([batches, box.waiting, box.full], [[2, 2], 3, false]);
    box.flush(11);
    assert.deepEqual([batches, box.waiting], [[2, 2, 0], 3]);
    box.took(2);
    assert(box.full);
    assert.throws(() => box.took(1), /taken, once/);
    assert.throws(() => box.took(5), /taken, once/);
    box.end(12);
    assert.deepEqual([batches, box.waiting], [[2, 2, 0, 2], 1]);
    box.took(3);
    assert.deepEqual([batches, box.waiting], [[2, 2, 0, 2, 1], 0]);
  });
});

/** Not a whole window of one driver's records ended at one instant: of those none could be told before the next is known. */
function windowsMove(
  acts: readonly { readonly driver: number; readonly what: string; readonly later: number }[],
  underWay: number,
): boolean {
  let now = 1;
  const at = new Map<string, number>();
  for (const { driver, what, later } of acts) {
    now += later;
    if (what === "record") at.set(`${driver} at ${now}`, (at.get(`${driver} at ${now}`) ?? 0) + 1);
  }
  return Math.max(0, ...at.values()) < underWay;
}
