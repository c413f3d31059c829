/**
 * Storage on LMDB: a memory-mapped copy-on-write B-tree, so a crash leaves the last committed state, never a torn one.
 * `sync` decides what "stored" means: `each` commits and syncs one write at a time, `group` lets the writes of a turn
 * share one synced commit, `never` commits to the operating system only (survives the process, not the power).
 *
 * Reads are synchronous (the map is in memory). Every record carries a checksum: a page that rotted is a failed read,
 * never data.
 */
import { open, type RootDatabase } from "lmdb";
import type { Clock } from "../clocks/clock";
import { cutBefore } from "../host/ordered-keys";
import type { Storage, StorageEvents } from "../host/ports";
import type { DamagedRecord, RangeAsked, RangePage, ScannedRecord } from "../io";
import type { Address } from "../vocabulary/address";
import { ByteReader, ByteWriter, MalformedBytes } from "../vocabulary/octets";
import type { StorageSettings } from "../vocabulary/settings";

const RECORD_VERSION = 1;
const HEADER = 5;
/** LMDB's own bound at its page size. */
const MAX_KEY_BYTES = 1_978;

/** What becomes of a record on its way to the disk: torn after so many bytes, or never written though acknowledged. */
export type RecordFate = "written" | "lost" | { readonly torn: number };

type RangeIterator = Iterator<{ readonly key: Buffer; readonly value: Buffer }, undefined>;

/** Where a range read stands in the records of one vnode. */
interface RangeCursor {
  readonly vnode: number;
  readonly records: RangeIterator;
  /** The next record, read at once: it may lie in a buffer that another cursor fills again. */
  head:
    | {
        readonly address: Address;
        readonly length: number;
        readonly state: unknown;
        readonly failure: string | undefined;
      }
    | undefined;
}

export class LmdbStorage implements Storage {
  readonly immediate = false;
  /** Asked for each record's fate by its length (0: a removal), where a fault decides it. */
  fateOf: ((length: number) => RecordFate) | undefined;
  private readonly db: RootDatabase<Buffer, Buffer>;
  private readonly writer = new ByteWriter(4096);

  constructor(
    directory: string,
    private readonly clock: Clock,
    private readonly sync: StorageSettings["sync"],
  ) {
    this.db = open<Buffer, Buffer>({
      path: directory,
      encoding: "binary",
      keyEncoding: "binary",
      // With overlapping sync a commit's promise would resolve before the flush, and DW would promise too much.
      overlappingSync: false,
      noSync: sync === "never",
      compression: false,
    });
  }

  load(token: number, vnode: number, address: Address, events: StorageEvents): void {
    let state: unknown;
    try {
      const record = this.db.getBinary(keyOf(vnode, address));
      state = record === undefined ? undefined : this.decode(record);
    } catch (error) {
      events.loadFailed(token, error instanceof Error ? error.message : String(error));
      return;
    }
    events.loaded(token, state);
  }

  store(token: number, vnode: number, address: Address, state: unknown, events: StorageEvents): void {
    const key = keyOf(vnode, address);
    // A peer may ask for what a coordinator would refuse; LMDB throws half-way into its batch of writes.
    if (key.length > MAX_KEY_BYTES) {
      events.storeFailed(token, `a key of ${String(key.length)} bytes, limit ${String(MAX_KEY_BYTES)}`);
      return;
    }
    let record = state === undefined ? undefined : this.encode(state);
    if (this.fateOf !== undefined) {
      const fate = this.fateOf(record?.length ?? 0);
      if (fate === "lost" && record === undefined) {
        events.stored(token);
        return;
      }
      if (record !== undefined) record = this.spoilt(record, fate, key);
    }
    const lost = (error: unknown): void =>
      events.storeFailed(token, error instanceof Error ? error.message : String(error));
    if (this.sync === "each") {
      try {
        if (record === undefined) this.db.removeSync(key);
        else this.db.putSync(key, record);
      } catch (error) {
        lost(error);
        return;
      }
      events.stored(token);
      return;
    }
    (record === undefined ? this.db.remove(key) : this.db.put(key, record)).then((ok) => {
      if (ok) events.stored(token);
      else lost("write refused");
    }, lost);
  }

  scan(token: number, cursor: unknown, limit: number, events: StorageEvents): void {
    const entries: ScannedRecord[] = [];
    const damaged: DamagedRecord[] = [];
    let last = cursor as Buffer | undefined;
    let seen = 0;
    try {
      const after = last === undefined ? {} : { start: last, exclusiveStart: true };
      for (const { key, value } of this.db.getRange({ ...after, limit })) {
        // Both may lie in a buffer that the next step of the walk fills again.
        last = Buffer.from(key);
        seen++;
        const vnode = last.readUInt16BE(0);
        const address = last.toString("latin1", 2);
        try {
          entries.push({ vnode, address, state: this.decode(value) });
        } catch (error) {
          damaged.push({ vnode, address, reason: error instanceof Error ? error.message : String(error) });
        }
      }
    } catch (error) {
      // The tree itself cannot be walked: there is no place to go on from.
      damaged.push({ vnode: 0, address: "", reason: error instanceof Error ? error.message : String(error) });
      seen = 0;
    }
    events.scanned(token, entries, seen < limit ? undefined : last, damaged);
  }

  range(token: number, asked: RangeAsked, events: Pick<StorageEvents, "ranged">): void {
    const cursors: RangeCursor[] = [];
    let page: RangePage;
    try {
      for (const vnode of [...asked.vnodes].sort((a, b) => a - b)) {
        const start = keyOf(vnode, asked.from);
        const end = asked.to === "" ? keyOf(vnode + 1, "") : keyOf(vnode, asked.to);
        const records = this.db.getRange({ start, end })[Symbol.iterator]() as RangeIterator;
        const cursor: RangeCursor = { vnode, records, head: undefined };
        cursors.push(cursor);
        this.advance(cursor);
      }
      page = this.pageOf(cursors, asked);
    } catch (error) {
      // The tree itself cannot be walked.
      page = { entries: [], upTo: asked.from, failure: error instanceof Error ? error.message : String(error) };
    }
    for (const { records } of cursors) records.return?.();
    events.ranged(token, page);
  }

  private pageOf(cursors: readonly RangeCursor[], { limit, bytes }: RangeAsked): RangePage {
    const entries: ScannedRecord[] = [];
    let size = 0;
    for (;;) {
      let least: RangeCursor | undefined;
      for (const cursor of cursors) {
        if (cursor.head !== undefined && (least?.head === undefined || cursor.head.address < least.head.address))
          least = cursor;
      }
      if (least?.head === undefined) return { entries, upTo: undefined };
      const { address, state, length, failure } = least.head;
      if ((entries.length >= limit || size >= bytes) && entries[entries.length - 1].address !== address)
        return { entries, upTo: address };
      if (failure !== undefined) return cutBefore(entries, address, failure);
      entries.push({ vnode: least.vnode, address, state });
      size += length;
      this.advance(least);
    }
  }

  private advance(cursor: RangeCursor): void {
    const next = cursor.records.next();
    cursor.head = undefined;
    if (next.done === true) return;
    const { key, value } = next.value;
    const address = key.toString("latin1", 2);
    const { length } = value;
    try {
      cursor.head = { address, length, state: this.decode(value), failure: undefined };
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      cursor.head = { address, length, state: undefined, failure };
    }
  }

  /** Flips a bit of every record for which `flip`, given its length, names one. */
  rot(flip: (length: number) => { readonly at: number; readonly bit: number } | undefined): void {
    const keys: Buffer[] = [];
    for (const key of this.db.getKeys()) keys.push(Buffer.from(key));
    this.db.transactionSync(() => {
      for (const key of keys) {
        const record = this.db.getBinary(key);
        const flipped = record === undefined ? undefined : flip(record.length);
        if (record === undefined || flipped === undefined) continue;
        const rotten = Buffer.from(record);
        rotten[flipped.at] ^= 1 << flipped.bit;
        this.db.putSync(key, rotten);
      }
    });
  }

  /**
   * What the disk then holds. The checksum is always the new record's, as if it stood apart from it in an index: a
   * write that never happened is found like one that happened in part.
   */
  private spoilt(record: Buffer, fate: RecordFate, key: Buffer): Buffer {
    if (fate === "written") return record;
    const body = fate === "lost" ? this.db.getBinary(key)?.subarray(HEADER) : record.subarray(HEADER, fate.torn);
    return Buffer.concat([record.subarray(0, HEADER), body ?? Buffer.alloc(0)]);
  }

  count(): number {
    const stats = this.db.getStats() as { entryCount?: number };
    return stats.entryCount ?? 0;
  }

  close(): Promise<void> {
    return this.db.close();
  }

  private encode(state: unknown): Buffer {
    const { writer } = this;
    writer.reset();
    writer.u8(RECORD_VERSION);
    writer.u32(0);
    this.clock.encode(state, writer);
    const record = Buffer.from(writer.view());
    record.writeUInt32BE(checksum(record), 1);
    return record;
  }

  private decode(record: Buffer): unknown {
    if (record.length < HEADER || record[0] !== RECORD_VERSION) throw new MalformedBytes("not a record of ours");
    if (record.readUInt32BE(1) !== checksum(record)) throw new MalformedBytes("checksum does not match");
    const reader = new ByteReader(record, HEADER);
    const state = this.clock.decode(reader);
    reader.finish();
    return state;
  }
}

function keyOf(vnode: number, address: Address): Buffer {
  const key = Buffer.allocUnsafe(2 + address.length);
  key.writeUInt16BE(vnode, 0);
  key.write(address, 2, "latin1");
  return key;
}

/** FNV-1a over the bytes behind the header. */
function checksum(record: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = HEADER; i < record.length; i++) hash = Math.imul(hash ^ record[i], 0x01000193);
  return hash >>> 0;
}
