/**
 * One history of the records of several drivers, in order of completion. Each driver's come in order, but late and in
 * batches; with each it says until when it has told everything. What ended before the earliest of these instants cannot
 * be preceded by anything that is still to come, and is told; the rest waits. (Watermarks, as in stream processing: Akidau
 * et al., "The Dataflow Model", VLDB 2015.)
 *
 * Whatever else was seen in the meantime, such as a reading of the replicas, takes its place in that order by its own
 * instant. Otherwise it would overtake the operations that ended before it, and be judged without them.
 */
import { assert } from "../engine/vocabulary/assert";
import type { Micros } from "../engine/vocabulary/micros";
import type { OperationRecord } from "../results/record/history";

interface Lane {
  records: OperationRecord[];
  /** Those before it are told. */
  at: number;
  until: Micros;
  told: number;
}

export class MergedHistory {
  private readonly lanes: readonly Lane[];
  private readonly acts: { readonly at: Micros; readonly act: () => void }[] = [];

  constructor(
    drivers: number,
    private readonly tell: (record: OperationRecord, driver: number) => void,
  ) {
    this.lanes = Array.from({ length: drivers }, () => ({ records: [], at: 0, until: -Infinity, told: 0 }));
  }

  /** More of a driver's records, after which it has none that ended before `until`; Infinity when there will be none. */
  add(driver: number, records: readonly OperationRecord[], until: Micros): void {
    const lane = this.lanes[driver];
    assert(until >= lane.until, "what was told completely stays so");
    for (const record of records) {
      const last = lane.records.at(-1)?.end ?? lane.until;
      assert(record.end >= Math.max(last, lane.until), "a driver's records come in order of completion");
      lane.records.push(record);
    }
    lane.until = until;
    this.flow();
  }

  /** Acts once everything that ended before `at` is told; at once where it is. */
  after(at: Micros, act: () => void): void {
    let place = this.acts.length;
    while (place > 0 && this.acts[place - 1].at > at) place--;
    this.acts.splice(place, 0, { at, act });
    this.flow();
  }

  /** Of a driver: how many of its records were told. */
  told(driver: number): number {
    return this.lanes[driver].told;
  }

  /** Records that wait. */
  get waiting(): number {
    return this.lanes.reduce((sum, { records, at }) => sum + records.length - at, 0);
  }

  private flow(): void {
    const safe = Math.min(...this.lanes.map(({ until }) => until));
    for (;;) {
      const driver = this.next(safe);
      const end = driver < 0 ? Infinity : this.lanes[driver].records[this.lanes[driver].at].end;
      if (this.acts.length > 0 && this.acts[0].at <= Math.min(end, safe)) {
        this.acts.shift()!.act();
        continue;
      }
      if (driver < 0) break;
      const lane = this.lanes[driver];
      lane.told++;
      this.tell(lane.records[lane.at++], driver);
    }
    for (const lane of this.lanes) {
      if (lane.at === 0) continue;
      lane.records = lane.records.slice(lane.at);
      lane.at = 0;
    }
  }

  /** Whose record is the next; of several that ended at one instant the first driver's. -1: none before `safe`. */
  private next(safe: Micros): number {
    let found = -1;
    let earliest = safe;
    this.lanes.forEach(({ records, at }, driver) => {
      if (at >= records.length || records[at].end >= earliest) return;
      earliest = records[at].end;
      found = driver;
    });
    return found;
  }
}
