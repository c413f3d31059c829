/**
 * A simulated disk. Stores go through it one after another and take the node model's time; what was handed over is seen
 * at once by later loads of the same process, and survives a crash only once it was synced. Loads take their time but do
 * not queue behind stores, as reads of mapped pages do not.
 *
 * `each` syncs every store by itself; `group` writes all that arrived while the last sync was under way and syncs them
 * together; `never` says stored once a store was handed over, and a crash then loses a random suffix of what the system
 * had not written back yet. (A crash here is one of the machine, not of the process alone: the system's cache goes too.)
 *
 * Records are encoded, and their checksums stand with the index, apart from them, as ZFS keeps them in the parent block:
 * a checksum beside its record finds a torn write and a flipped bit, but never a write that did not happen. A record that
 * does not match is a failed load, not data and not absence. A scan and a range read take a load's time for each record (a
 * range of none, for one): random reads, as from a store that keeps its keys apart from its values. Where the codec is bypassed an undamaged record is kept as
 * the state that it encodes, which is immutable.
 */
import type { Clock } from "../clocks/clock";
import type { Storage, StorageEvents } from "../host/ports";
import { type DiskCondition, SOUND_DISK } from "../host/faults";
import { cutBefore, inOrder, OrderedKeys } from "../host/ordered-keys";
import { fnv1a32 } from "../ring/hash";
import type { DamagedRecord, RangeAsked, ScannedRecord } from "../io";
import type { Address } from "../vocabulary/address";
import type { Distribution } from "../vocabulary/distributions";
import type { Micros } from "../vocabulary/micros";
import { ByteReader, ByteWriter, MalformedBytes, type Octets } from "../vocabulary/octets";
import type { Random } from "../vocabulary/random";
import type { StorageSettings } from "../vocabulary/settings";

/** What a disk needs of the world around it. */
export interface DiskWorld {
  now(): Micros;
  /** Calls `act` at `time` unless the process has died by then. A disk goes on while its process stands still. */
  later(time: Micros, act: () => void): void;
  /** Tells the process: at once, or when it runs again. */
  report(act: () => void): void;
}

export interface DiskOptions {
  readonly clock: Clock;
  readonly sync: StorageSettings["sync"];
  /** Time of a load, of handing over a store, of a sync; undefined: none. */
  readonly read: Distribution | undefined;
  readonly write: Distribution | undefined;
  readonly syncing: Distribution | undefined;
  /** Times are divided by it. */
  readonly speed: number;
  /** Keep undamaged records as states. */
  readonly keepStates: boolean;
  readonly random: Random;
  /** For what goes wrong: a fault never shifts the service times. */
  readonly misfortune: Random;
}

/** What went wrong on this disk so far, by kind. */
export interface DiskMishaps {
  full: number;
  errors: number;
  torn: number;
  lost: number;
  corrupt: number;
  /** Stores that a crash undid. */
  undone: number;
  /** Loads, and records of scans, that found damage. */
  mismatches: number;
}

/** What the platter holds of a key, and the checksum the index holds of it. */
interface Record {
  /** Undefined while the record is kept as a state. */
  readonly bytes: Octets | undefined;
  readonly checksum: number;
  readonly state: unknown;
}

/** Handed over and not safe yet: what to go back to. */
interface Unsafe {
  readonly key: string;
  readonly before: Record | undefined;
  readonly at: Micros;
}

/** A store under way; without a record it is going to fail. */
interface Job {
  readonly token: number;
  readonly events: StorageEvents;
  readonly failure: string | undefined;
}

/** Linux writes back what has been dirty for so long (vm.dirty_expire_centisecs). */
const WRITE_BACK: Micros = 30_000_000;
/** Spent entries at the front of a list before it is cut. */
const MAX_SPENT = 1_024;

export class SimulatedDisk implements Storage {
  readonly immediate = false;
  readonly mishaps: DiskMishaps = { full: 0, errors: 0, torn: 0, lost: 0, corrupt: 0, undone: 0, mismatches: 0 };
  private readonly records = new Map<string, Record>();
  /** Keys of records in order, once somebody has read a range. */
  private order: OrderedKeys | undefined;
  /** In order of handing over; entries before `safe` are on the platter. */
  private unsafe: Unsafe[] = [];
  private safe = 0;
  private jobs: Job[] = [];
  private next = 0;
  private busy = false;
  private condition = SOUND_DISK;
  private readonly writer = new ByteWriter(1_024);
  private readonly reader = new ByteReader(new Uint8Array(0));

  constructor(
    private readonly world: DiskWorld,
    private readonly options: DiskOptions,
  ) {}

  load(token: number, vnode: number, address: Address, events: StorageEvents): void {
    const { world } = this;
    const fails = this.happens(this.condition.errors);
    world.later(world.now() + this.cost(this.options.read), () => {
      if (fails) {
        this.mishaps.errors++;
        world.report(() => events.loadFailed(token, "read error"));
        return;
      }
      const record = this.records.get(keyOf(vnode, address));
      let state: unknown;
      try {
        state = record === undefined ? undefined : this.stateOf(record);
      } catch (error) {
        if (!(error instanceof MalformedBytes)) throw error;
        this.mishaps.mismatches++;
        const { message } = error;
        world.report(() => events.loadFailed(token, message));
        return;
      }
      world.report(() => events.loaded(token, state));
    });
  }

  store(token: number, vnode: number, address: Address, state: unknown, events: StorageEvents): void {
    const failure = this.refusal();
    if (failure === undefined) this.handOver(keyOf(vnode, address), state);
    this.jobs.push({ token, events, failure });
    this.work();
  }

  /** Which records a page is of is settled at its beginning, what they say at its end, as a load does. */
  scan(token: number, cursor: unknown, limit: number, events: StorageEvents): void {
    const { world } = this;
    // A live iterator: a record that is replaced keeps its place in the map.
    const walk = (cursor as Iterator<string> | undefined) ?? this.records.keys();
    const keys: string[] = [];
    const failing: boolean[] = [];
    let over = false;
    let took = 0;
    while (keys.length < limit && !over) {
      const next = walk.next();
      if (next.done === true) over = true;
      else {
        keys.push(next.value);
        failing.push(this.happens(this.condition.errors));
        took += this.cost(this.options.read);
      }
    }
    world.later(world.now() + took, () => {
      const entries: ScannedRecord[] = [];
      const damaged: DamagedRecord[] = [];
      for (let i = 0; i < keys.length; i++) {
        const record = this.records.get(keys[i]);
        if (record === undefined) continue;
        const vnode = vnodeOf(keys[i]);
        const address = vnode === 0 ? keys[i] : keys[i].slice(2);
        if (failing[i]) {
          this.mishaps.errors++;
          damaged.push({ vnode, address, reason: "read error" });
          continue;
        }
        try {
          entries.push({ vnode, address, state: this.stateOf(record) });
        } catch (error) {
          if (!(error instanceof MalformedBytes)) throw error;
          this.mishaps.mismatches++;
          damaged.push({ vnode, address, reason: error.message });
        }
      }
      world.report(() => events.scanned(token, entries, over ? undefined : walk, damaged));
    });
  }

  /** Which records a page is of is settled at its beginning, what they say at its end. It ends before one that fails. */
  range(token: number, { vnodes, from, to, limit, bytes }: RangeAsked, events: Pick<StorageEvents, "ranged">): void {
    const { world } = this;
    const found: { readonly vnode: number; readonly address: Address; readonly fails: boolean }[] = [];
    let upTo: Address | undefined;
    let took = 0;
    let size = 0;
    for (const { vnode, address } of inOrder(vnodes, (of) => this.addressesFrom(of, from))) {
      if (to !== "" && address >= to) break;
      const record = this.records.get(keyOf(vnode, address));
      if (record === undefined) continue;
      if ((found.length >= limit || size >= bytes) && found[found.length - 1].address !== address) {
        upTo = address;
        break;
      }
      found.push({ vnode, address, fails: this.happens(this.condition.errors) });
      took += this.cost(this.options.read);
      size += record.bytes?.length ?? 0;
    }
    if (found.length === 0) took = this.cost(this.options.read);
    world.later(world.now() + took, () => {
      const entries: ScannedRecord[] = [];
      for (const { vnode, address, fails } of found) {
        const record = this.records.get(keyOf(vnode, address));
        if (record === undefined) continue;
        let failure = fails ? "read error" : undefined;
        if (fails) this.mishaps.errors++;
        else {
          try {
            entries.push({ vnode, address, state: this.stateOf(record) });
            continue;
          } catch (error) {
            if (!(error instanceof MalformedBytes)) throw error;
            this.mishaps.mismatches++;
            failure = error.message;
          }
        }
        const page = cutBefore(entries, address, failure ?? "");
        world.report(() => events.ranged(token, page));
        return;
      }
      world.report(() => events.ranged(token, { entries, upTo }));
    });
  }

  /** Addresses under one vnode in order; removed ones may be among them. */
  private *addressesFrom(vnode: number, from: Address): Generator<Address, undefined> {
    this.order ??= new OrderedKeys(this.records.keys());
    for (const key of this.order.from(keyOf(vnode, from))) {
      if (vnodeOf(key) !== vnode) return undefined;
      yield vnode === 0 ? key : key.slice(2);
    }
    return undefined;
  }

  /** A record comes or goes, other than by a crash. */
  private reorder(key: string, comes: boolean): void {
    if (this.order === undefined || this.records.has(key) === comes) return;
    if (comes) this.order.add(key);
    else if (this.order.removed()) this.order = undefined;
  }

  count(): number {
    return this.records.size;
  }

  /** What a load would find, at once and without a chance of an error; undefined also where the record is damaged. */
  peek(vnode: number, address: Address): unknown {
    const record = this.records.get(keyOf(vnode, address));
    try {
      return record === undefined ? undefined : this.stateOf(record);
    } catch (error) {
      if (error instanceof MalformedBytes) return undefined;
      throw error;
    }
  }

  suffer(condition: DiskCondition): void {
    this.condition = condition;
  }

  /** Flips a bit of each record with this chance. */
  corrupt(share: number): void {
    const { misfortune } = this.options;
    for (const [key, record] of this.records) {
      if (!this.happens(share)) continue;
      const bytes = this.bytesOf(record);
      // Nothing can rot where a lost write left nothing.
      if (bytes === "") continue;
      this.mishaps.corrupt++;
      const at = misfortune.nextBelow(bytes.length);
      const flipped = String.fromCharCode(bytes.charCodeAt(at) ^ (1 << misfortune.nextBelow(8)));
      this.records.set(key, this.damaged(record, bytes.slice(0, at) + flipped + bytes.slice(at + 1)));
    }
  }

  /** The machine died: what was not safe is gone. */
  crash(): void {
    this.jobs = [];
    this.next = 0;
    this.busy = false;
    let survive = this.safe;
    if (this.options.sync === "never") {
      this.writeBack();
      survive = this.safe + this.options.misfortune.nextBelow(this.unsafe.length - this.safe + 1);
    }
    // Backwards, so that a key stored twice ends up as it was before the first.
    for (let i = this.unsafe.length - 1; i >= survive; i--) {
      const { key, before } = this.unsafe[i];
      if (before === undefined) this.records.delete(key);
      else this.records.set(key, before);
      this.mishaps.undone++;
    }
    this.unsafe = [];
    this.safe = 0;
    this.order = undefined;
  }

  wipe(): void {
    this.order = undefined;
    this.records.clear();
    this.unsafe = [];
    this.safe = 0;
  }

  // ---- storing -------------------------------------------------------------------------------------------------

  private refusal(): string | undefined {
    if (this.condition.full) {
      this.mishaps.full++;
      return "disk full";
    }
    if (!this.happens(this.condition.errors)) return undefined;
    this.mishaps.errors++;
    return "write error";
  }

  private handOver(key: string, state: unknown): void {
    const before = this.records.get(key);
    if (state === undefined) {
      this.remove(key, before);
      return;
    }
    const record = this.keep(state);
    this.reorder(key, true);
    if (this.happens(this.condition.lost)) {
      this.mishaps.lost++;
      // The index tells of the new record; the platter still has the old one, or nothing.
      this.records.set(key, this.damaged(record, before === undefined ? "" : this.bytesOf(before)));
    } else if (this.happens(this.condition.torn)) {
      this.mishaps.torn++;
      const bytes = this.bytesOf(record);
      this.records.set(key, this.damaged(record, bytes.slice(0, this.options.misfortune.nextBelow(bytes.length))));
    } else this.records.set(key, record);
    if (this.options.sync === "never") this.writeBack();
    this.unsafe.push({ key, before, at: this.world.now() });
  }

  /** A removal that is lost leaves the record as it was: the index is one page, written whole or not at all. */
  private remove(key: string, before: Record | undefined): void {
    if (this.happens(this.condition.lost)) this.mishaps.lost++;
    else {
      this.reorder(key, false);
      this.records.delete(key);
    }
    if (this.options.sync === "never") this.writeBack();
    this.unsafe.push({ key, before, at: this.world.now() });
  }

  /** Starts on what waits: one store, or with `group` all of them. */
  private work(): void {
    if (this.busy || this.next === this.jobs.length) return;
    const { sync, write, syncing } = this.options;
    const first = this.next;
    this.next = sync === "group" ? this.jobs.length : first + 1;
    let took = 0;
    let written = false;
    for (let i = first; i < this.next; i++) {
      took += this.cost(write);
      written ||= this.jobs[i].failure === undefined;
    }
    if (written && sync !== "never") took += this.cost(syncing);
    this.busy = true;
    const count = this.next - first;
    this.world.later(this.world.now() + took, () => {
      this.finish(first, count);
      this.busy = false;
      this.work();
    });
  }

  private finish(first: number, count: number): void {
    const { world } = this;
    const { sync } = this.options;
    const finished = this.jobs.slice(first, first + count);
    if (this.next > MAX_SPENT && this.next * 2 > this.jobs.length) {
      this.jobs = this.jobs.slice(this.next);
      this.next = 0;
    }
    // All are safe before the first is told of: a report may end the process.
    if (sync !== "never") for (const { failure } of finished) if (failure === undefined) this.safe++;
    this.trim();
    for (const { token, events, failure } of finished) {
      world.report(() => {
        if (failure === undefined) events.stored(token);
        else events.storeFailed(token, failure);
      });
    }
  }

  private writeBack(): void {
    const { unsafe } = this;
    const since = this.world.now() - WRITE_BACK;
    while (this.safe < unsafe.length && unsafe[this.safe].at <= since) this.safe++;
    this.trim();
  }

  private trim(): void {
    if (this.safe <= MAX_SPENT || this.safe * 2 <= this.unsafe.length) return;
    this.unsafe = this.unsafe.slice(this.safe);
    this.safe = 0;
  }

  // ---- records -------------------------------------------------------------------------------------------------

  private keep(state: unknown): Record {
    if (this.options.keepStates) return { bytes: undefined, checksum: 0, state };
    const bytes = this.encode(state);
    return { bytes, checksum: checksumOf(bytes), state: undefined };
  }

  private damaged(meant: Record, bytes: Octets): Record {
    const checksum = meant.bytes === undefined ? checksumOf(this.encode(meant.state)) : meant.checksum;
    return { bytes, checksum, state: undefined };
  }

  private bytesOf({ bytes, state }: Record): Octets {
    return bytes ?? this.encode(state);
  }

  /** @throws MalformedBytes when the record is not the one that was stored. */
  private stateOf({ bytes, checksum, state }: Record): unknown {
    if (bytes === undefined) return state;
    if (checksumOf(bytes) !== checksum) throw new MalformedBytes("checksum mismatch");
    const { writer, reader } = this;
    writer.reset();
    writer.octets(bytes);
    // Behind the length, which is not part of the record.
    reader.reset(writer.bytes, writer.length - bytes.length, writer.length);
    const decoded = this.options.clock.decode(reader);
    reader.finish();
    return decoded;
  }

  private encode(state: unknown): Octets {
    this.writer.reset();
    this.options.clock.encode(state, this.writer);
    return this.writer.toOctets();
  }

  // ---- time and chance -----------------------------------------------------------------------------------------

  private cost(of: Distribution | undefined): Micros {
    if (of === undefined) return 0;
    return Math.round((of.sample(this.options.random) * this.condition.slowness) / this.options.speed);
  }

  private happens(share: number): boolean {
    return share > 0 && this.options.misfortune.nextFloat() < share;
  }
}

/** A single changed octet always changes it; so that a shorter record does too, its length goes in. */
function checksumOf(bytes: Octets): number {
  return fnv1a32(bytes) * 0x100000 + (bytes.length & 0xfffff);
}

/** Nearly all copies live in vnode 0: no string is made for those. Characters above 255 occur in no address. */
function keyOf(vnode: number, address: Address): string {
  return vnode === 0 ? address : String.fromCharCode(0x100 + (vnode >>> 8), 0x100 + (vnode & 0xff)) + address;
}

function vnodeOf(key: string): number {
  const high = key.charCodeAt(0) - 0x100;
  return high < 0 ? 0 : (high << 8) | (key.charCodeAt(1) - 0x100);
}
