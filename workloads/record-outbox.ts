/**
 * Records on their way to whoever puts them together (`merged-history.ts`), in bounded batches, so many under way at most;
 * what is not taken in time waits here, where it costs memory and no latency. With each batch goes until when the records
 * are complete: what waits still holds that back, or the other end would go on without it.
 */
import { assert } from "../engine/vocabulary/assert";
import type { Micros } from "../engine/vocabulary/micros";
import type { OperationRecord } from "../results/record/history";

export interface OutboxOptions {
  /** Records of one batch, at most. */
  readonly batch: number;
  /** Records sent and not taken, at most. */
  readonly underWay: number;
  readonly send: (records: readonly OperationRecord[], until: Micros) => void;
}

export class RecordOutbox {
  private records: OperationRecord[] = [];
  private sent = 0;
  private taken = 0;
  private ended = false;

  constructor(private readonly options: OutboxOptions) {}

  /** Records that wait to be sent. */
  get waiting(): number {
    return this.records.length;
  }

  /** A whole batch waits, and may go. */
  get full(): boolean {
    const { batch } = this.options;
    return this.records.length >= batch && this.room >= batch;
  }

  keep(record: OperationRecord): void {
    this.records.push(record);
  }

  /** Sends what may go, and at least one batch, be it empty: everything that ended before `now` was kept. */
  flush(now: Micros): void {
    const { batch, send } = this.options;
    do {
      const records = this.records.slice(0, Math.min(batch, this.room));
      if (records.length > 0) this.records = this.records.slice(records.length);
      this.sent += records.length;
      send(records, this.records.length > 0 ? this.records[0].end : this.ended ? Infinity : now);
    } while (this.records.length >= (this.ended ? 1 : batch) && this.room > 0);
  }

  /** No record follows; the last goes as soon as there is room. */
  end(now: Micros): void {
    this.ended = true;
    this.flush(now);
  }

  /** So many of all that were sent are taken. */
  took(records: number): void {
    assert(records >= this.taken && records <= this.sent, "what was sent is taken, once");
    this.taken = records;
    // Who has ended says nothing more unless there is something to say.
    if (this.ended && this.records.length > 0) this.flush(Infinity);
  }

  private get room(): number {
    return this.options.underWay - (this.sent - this.taken);
  }
}
