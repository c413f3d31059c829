/**
 * A disk that is slow, full, failing or lying, around the real one. It means what the simulated disk means: a store
 * that fails was not written, a record that was damaged or never arrived is found by its checksum when it is loaded and is
 * never served as data, and what rots at rest is found the same way. With a sound disk every call goes straight through.
 *
 * Real storage has no service time that could be multiplied, so its own is measured: each completion waits the factor's
 * rest on top of what it took. Reading a mapped page takes next to nothing, which times ten is still nothing, so an access
 * is taken for at least what one to a solid-state disk costs.
 */
import { type DiskCondition, SOUND_DISK } from "../host/faults";
import type { Storage, StorageEvents } from "../host/ports";
import { cutBefore } from "../host/ordered-keys";
import type { DamagedRecord, RangeAsked, RangePage, ScannedRecord } from "../io";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";
import { DelayLine } from "./delay-line";
import type { LmdbStorage, RecordFate } from "./lmdb-storage";
import { monotonicMicros } from "./monotonic";

/** One random access of a solid-state disk. */
const ACCESS_AT_LEAST: Micros = 100;

export class FaultyStorage implements Storage {
  readonly immediate: boolean;
  private condition = SOUND_DISK;
  private readonly line = new DelayLine();
  /** No completion overtakes an earlier one: stores of one key complete in order. */
  private lastDue: Micros = 0;

  constructor(
    private readonly inner: LmdbStorage,
    private readonly misfortune: Random,
  ) {
    this.immediate = inner.immediate;
  }

  suffer(condition: DiskCondition): void {
    this.condition = condition;
    const spoils = condition.torn > 0 || condition.lost > 0;
    this.inner.fateOf = spoils ? (length) => this.fate(length) : undefined;
  }

  /** Flips a bit of each record with this chance. */
  corrupt(share: number): void {
    this.inner.rot((length) =>
      this.happens(share) ? { at: this.misfortune.nextBelow(length), bit: this.misfortune.nextBelow(8) } : undefined,
    );
  }

  load(token: number, vnode: number, address: Address, events: StorageEvents): void {
    const told = this.slowed(events);
    if (this.happens(this.condition.errors)) told.loadFailed(token, "read error");
    else this.inner.load(token, vnode, address, told);
  }

  store(token: number, vnode: number, address: Address, state: unknown, events: StorageEvents): void {
    const told = this.slowed(events);
    if (this.condition.full) told.storeFailed(token, "disk full");
    else if (this.happens(this.condition.errors)) told.storeFailed(token, "write error");
    else this.inner.store(token, vnode, address, state, told);
  }

  scan(token: number, cursor: unknown, limit: number, events: StorageEvents): void {
    this.inner.scan(token, cursor, limit, this.slowed(events));
  }

  /** Each record is an access of its own, as on the simulated disk: it may fail, and takes its time. */
  range(token: number, asked: RangeAsked, events: Pick<StorageEvents, "ranged">): void {
    const began = monotonicMicros();
    this.inner.range(token, asked, {
      ranged: (_token, read) => {
        const page = this.condition.errors > 0 ? this.failing(read) : read;
        if (this.condition.slowness === 1 && began >= this.lastDue) events.ranged(token, page);
        else this.tellLater(began, Math.max(1, read.entries.length), () => events.ranged(token, page));
      },
    });
  }

  private failing(page: RangePage): RangePage {
    const unlucky = page.entries.find(() => this.happens(this.condition.errors));
    return unlucky === undefined ? page : cutBefore(page.entries, unlucky.address, "read error");
  }

  count(): number {
    return this.inner.count();
  }

  close(): Promise<void> {
    this.line.close();
    return this.inner.close();
  }

  private fate(length: number): RecordFate {
    if (this.happens(this.condition.lost)) return "lost";
    return length > 0 && this.happens(this.condition.torn) ? { torn: this.misfortune.nextBelow(length) } : "written";
  }

  private slowed(events: StorageEvents): StorageEvents {
    const began = monotonicMicros();
    if (this.condition.slowness === 1 && began >= this.lastDue) return events;
    return new Slowed(events, (act) => this.tellLater(began, 1, act));
  }

  private tellLater(began: Micros, accesses: number, act: () => void): void {
    const now = monotonicMicros();
    const rest = Math.max(accesses * ACCESS_AT_LEAST, now - began) * (this.condition.slowness - 1);
    this.lastDue = Math.max(this.lastDue, now + rest);
    this.line.at(this.lastDue, act);
  }

  private happens(share: number): boolean {
    return share > 0 && this.misfortune.nextFloat() < share;
  }
}

/** Completions of one request, each told later. */
class Slowed implements StorageEvents {
  constructor(
    private readonly events: StorageEvents,
    private readonly later: (act: () => void) => void,
  ) {}

  loaded(token: number, state: unknown): void {
    this.later(() => this.events.loaded(token, state));
  }

  loadFailed(token: number, reason: string): void {
    this.later(() => this.events.loadFailed(token, reason));
  }

  stored(token: number): void {
    this.later(() => this.events.stored(token));
  }

  storeFailed(token: number, reason: string): void {
    this.later(() => this.events.storeFailed(token, reason));
  }

  scanned(token: number, entries: readonly ScannedRecord[], cursor: unknown, damaged: readonly DamagedRecord[]): void {
    this.later(() => this.events.scanned(token, entries, cursor, damaged));
  }

  ranged(token: number, page: RangePage): void {
    this.later(() => this.events.ranged(token, page));
  }
}
