/**
 * Copies that have to be somewhere else: what a new owner lacks while the ring changes, and what is left over at nodes that
 * own it no more. One walk over all that this node stores, a page at a time; for each page and each node it concerns, an
 * offer of keys and hashes, then the copies that are asked for, then the next. What arrives is durable before it counts.
 *
 * To offer before sending makes it resumable without a memory: after a crash of either side the walk begins anew, and what
 * is there already is offered once more and not sent. For the same reason what clients' writes have brought to the new owner
 * meanwhile does not travel twice.
 *
 * A copy that is left over is dropped when every owner has it, or something newer of it, on its disk; and only if it has not
 * changed since. Nothing here trusts that the ring is right: a copy that no ring places here is never thrown away, it is
 * brought to whoever the ring says owns it. That is why a ring that was wrong for a while costs time and no data.
 *
 * A copy that cannot be read cannot be sent either. A disk may be unwell for a moment, so the walk is repeated, but not for
 * ever: one damaged record would hold up the change for good. After that the copy is given up, as a lost one is.
 *
 * Sources: riak_core's ownership transfer; Cassandra's bootstrap and cleanup, which this joins.
 */
import type { NodeIndex, TransferCopies, TransferOffer, TransferReply } from "../messages";
import type { Digest } from "../quorum/digest";
import { firstIdOf } from "../quorum/request-table";
import { HINTED, type Replica as Place } from "../ring/ring";
import { type Address, isAddress } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";
import type { ScannedRecord } from "../io";

/** Records of one page of the walk. */
const PAGE = 256;
/** Of one message, beside the limit by number. */
const MOST_BYTES = 1_048_576;
const FIRST_PAUSE: Micros = 50_000;
const LAST_PAUSE: Micros = 2_000_000;
/** While foreground work has precedence. */
const GIVE_WAY: Micros = 50_000;
/** A page that has not come by then was lost with its disk: the walk begins anew. */
const PAGE_PATIENCE: Micros = 30_000_000;
/** Walks that are repeated for nothing but copies that cannot be read. */
const MOST_UNREADABLE_WALKS = 10;
/** Before the next of them: the disk may recover. */
const UNREADABLE_REST: Micros = 2_000_000;

export interface RelocationJob {
  /** Where this copy has to be; nowhere else: empty. Under a hinted vnode, `address` is as it is stored. */
  readonly targets: (vnode: number, address: Address) => readonly Place[];
  /** Whose copy it is: log entries of hints are stored under longer names. */
  readonly addressOf: (vnode: number, address: Address) => Address;
  /** Copies go once all their targets have them; the walk is repeated until it finds none. */
  readonly drops: boolean;
  readonly done: () => void;
}

export interface RelocationOptions {
  readonly self: NodeIndex;
  readonly epoch: number;
  readonly random: Random;
  /** Keys in one message. */
  readonly batch: number;
  readonly rateBytesPerSecond: number | undefined;
  readonly patience: Micros;
  readonly digest: (address: Address, state: unknown) => Digest;
  readonly now: () => Micros;
  readonly sizeOf: (state: unknown) => number;
}

export interface RelocationActs {
  /** `unreadable`: copies of the page that were left out. */
  scan(
    cursor: unknown,
    limit: number,
    done: (entries: readonly ScannedRecord[], cursor: unknown, unreadable: number) => void,
  ): void;
  /** Copies of which memory may know more than the disk. */
  unsettled(visit: (vnode: number, address: Address, state: unknown) => void): void;
  read(vnode: number, address: Address, done: (status: "found" | "absent" | "failed", state: unknown) => void): void;
  /** Whether all that is known of the copy is on the disk. Asked within {@link read}. */
  isSettled(vnode: number, address: Address): boolean;
  merge(vnode: number, address: Address, state: unknown, stored: (ok: boolean) => void): void;
  drop(vnode: number, address: Address, state: unknown): void;
  send(to: NodeIndex, message: TransferOffer | TransferCopies | TransferReply): void;
  believedUp(node: NodeIndex): boolean;
  mayWork(): boolean;
}

export interface RelocationCounts {
  /** Keys that a peer was asked about; copies sent, and their bytes; copies taken in; copies dropped since others have them. */
  keysOffered: number;
  keysMoved: number;
  bytesMoved: number;
  keysTaken: number;
  keysLeft: number;
}

/** A copy of this page, and how many of its targets have still to say that they have it. */
interface Item {
  readonly vnode: number;
  readonly stored: Address;
  readonly address: Address;
  state: unknown;
  digest: Digest | undefined;
  /** It changed between two offers: the first was of another state. */
  changed: boolean;
  missing: number;
}

/** What one target is to have of this page. */
interface Parcel {
  readonly to: Place;
  readonly items: Item[];
}

interface Exchange {
  readonly id: number;
  readonly parcel: Parcel;
  /** Those of the parcel that this message is about. */
  readonly items: readonly Item[];
  readonly kind: "offer" | "copies";
  readonly bytes: number;
  readonly deadline: Micros;
}

export class Relocation {
  private job: RelocationJob | undefined;
  /** Raised when a job begins or ends: what belongs to another is void. */
  private serial = 0;
  private cursor: unknown;
  private walking = false;
  private walked = false;
  private pageDeadline: Micros = Infinity;
  private parcels: Parcel[] = [];
  private current: Exchange | undefined;
  /** Copies given up by this walk, or kept: it has to be repeated. */
  private unfinished = false;
  /** There were some that could not be read; and walks in a row of which that was all. */
  private unreadable = false;
  private unreadableWalks = 0;
  /** The next thing to do is to begin anew. */
  private again = false;
  private due: Micros = Infinity;
  private pause = FIRST_PAUSE;
  private restUntil: Micros = 0;
  private nextId: number;
  readonly counts: RelocationCounts = { keysOffered: 0, keysMoved: 0, bytesMoved: 0, keysTaken: 0, keysLeft: 0 };

  constructor(
    private readonly options: RelocationOptions,
    private readonly acts: RelocationActs,
  ) {
    this.nextId = firstIdOf(options.epoch);
  }

  get busy(): boolean {
    return this.job !== undefined;
  }

  /** In place of whatever was under way. */
  begin(now: Micros, job: RelocationJob, wait: Micros = 0): void {
    this.stop();
    this.job = job;
    this.unreadableWalks = 0;
    this.again = true;
    this.due = now + wait;
  }

  /** There is more to do than the walk that is under way may find. */
  disturb(): void {
    this.unfinished = true;
  }

  stop(): void {
    this.serial++;
    this.job = undefined;
    this.walking = false;
    this.again = false;
    this.parcels = [];
    this.current = undefined;
    this.due = Infinity;
    this.pageDeadline = Infinity;
  }

  next(): Micros {
    const exchange = this.current?.deadline ?? Infinity;
    return Math.min(this.due, exchange, this.pageDeadline);
  }

  advance(now: Micros): void {
    if (this.job === undefined) return;
    if (this.current !== undefined && now >= this.current.deadline) this.failed(now);
    if (now >= this.pageDeadline) {
      // Should the page come after all, it is no page of this walk.
      this.serial++;
      this.startWalk(now);
    }
    if (now >= this.due) this.goOn(now);
  }

  // ---- the walk ------------------------------------------------------------------------------------------------

  private startWalk(now: Micros): void {
    this.cursor = undefined;
    this.walked = false;
    this.walking = false;
    this.unfinished = false;
    this.unreadable = false;
    this.pageDeadline = Infinity;
    const parcels = new Map<string, Parcel>();
    // A walk may miss what is on its way to the disk.
    this.acts.unsettled((vnode, address, state) => {
      if (state !== undefined) this.sort(parcels, vnode, address, state);
      // Until the disk has it too, a removal may be undone.
      else if (this.job!.drops) this.unfinished = true;
    });
    this.parcels = [...parcels.values()];
    this.due = now;
  }

  private goOn(now: Micros): void {
    this.due = Infinity;
    if (this.current !== undefined || this.walking || this.job === undefined) return;
    if (this.again) {
      this.again = false;
      this.startWalk(now);
    }
    if (now < this.restUntil) {
      this.due = this.restUntil;
      return;
    }
    if (!this.acts.mayWork()) {
      this.due = now + GIVE_WAY;
      return;
    }
    const parcel = this.parcels.find(({ to: { node } }) => node === this.options.self || this.acts.believedUp(node));
    if (parcel !== undefined) return this.offer(parcel);
    if (this.parcels.length > 0) {
      this.due = now + FIRST_PAUSE;
      return;
    }
    if (!this.walked) return this.nextPage(now);
    const { job } = this;
    if (this.unfinished || this.unreadable) {
      this.unreadableWalks = this.unfinished ? 0 : this.unreadableWalks + 1;
      if (this.unreadableWalks < MOST_UNREADABLE_WALKS) {
        this.again = true;
        this.due = now + (this.unfinished ? this.lengthened() : UNREADABLE_REST);
        return;
      }
    }
    this.stop();
    job.done();
  }

  private nextPage(now: Micros): void {
    const { serial } = this;
    this.walking = true;
    this.pageDeadline = now + PAGE_PATIENCE;
    this.acts.scan(this.cursor, PAGE, (entries, cursor, unreadable) => {
      if (serial !== this.serial || !this.walking) return;
      this.walking = false;
      this.pageDeadline = Infinity;
      this.cursor = cursor;
      if (unreadable > 0) this.unreadable = true;
      this.walked = cursor === undefined;
      const parcels = new Map<string, Parcel>();
      for (const { vnode, address, state } of entries) this.sort(parcels, vnode, address, state);
      this.parcels = [...parcels.values()];
      this.due = this.options.now();
    });
  }

  private sort(parcels: Map<string, Parcel>, vnode: number, stored: Address, state: unknown): void {
    const job = this.job!;
    const targets = job.targets(vnode, stored);
    if (targets.length === 0) return;
    const address = job.addressOf(vnode, stored);
    const item: Item = { vnode, stored, address, state, digest: undefined, changed: false, missing: targets.length };
    for (const to of targets) {
      const name = `${String(to.node)}.${String(to.vnode)}`;
      let parcel = parcels.get(name);
      if (parcel === undefined) parcels.set(name, (parcel = { to, items: [] }));
      parcel.items.push(item);
    }
  }

  // ---- sending -------------------------------------------------------------------------------------------------

  private offer(parcel: Parcel): void {
    const { serial } = this;
    const items = parcel.items.slice(0, this.options.batch);
    let reading = items.length;
    const read: Item[] = [];
    this.walking = true;
    for (const item of items) {
      this.acts.read(item.vnode, item.stored, (status, state) => {
        if (serial !== this.serial) return;
        if (status === "found") {
          const digest = this.options.digest(item.address, state);
          const { digest: before } = item;
          if (before !== undefined && (before.high !== digest.high || before.low !== digest.low)) item.changed = true;
          item.digest = digest;
          item.state = state;
          read.push(item);
        } else if (status === "failed") {
          item.changed = true;
          this.unreadable = true;
        }
        if (--reading > 0) return;
        this.walking = false;
        parcel.items.splice(0, items.length);
        if (read.length === 0) this.arrived(this.options.now(), parcel, []);
        else if (parcel.to.node === this.options.self) this.keepHere(parcel, read);
        else this.sendOffer(this.options.now(), parcel, read);
      });
    }
  }

  /** A hint for a node that is gone, whose place this node has. */
  private keepHere(parcel: Parcel, items: readonly Item[]): void {
    const { serial } = this;
    let left = items.length;
    this.walking = true;
    const ended = (): void => {
      if (--left > 0) return;
      this.walking = false;
      this.arrived(this.options.now(), parcel, items);
    };
    for (const item of items) {
      const { vnode } = parcel.to;
      this.acts.merge(vnode, item.address, item.state, (ok) => {
        if (serial !== this.serial) return;
        if (ok) return ended();
        item.changed = true;
        // What lies there and cannot be read is waited for no longer than what cannot be sent: nobody else could be asked to go.
        this.acts.read(vnode, item.address, (status) => {
          if (serial !== this.serial) return;
          if (status === "failed") this.unreadable = true;
          else this.unfinished = true;
          ended();
        });
      });
    }
  }

  private sendOffer(now: Micros, parcel: Parcel, items: readonly Item[]): void {
    const hashes: number[] = [];
    for (const { digest } of items) hashes.push(digest!.high >>> 0, digest!.low >>> 0);
    const exchange = this.exchange(now, parcel, items, "offer", 0);
    this.counts.keysOffered += items.length;
    const addresses = items.map(({ address }) => address);
    this.acts.send(parcel.to.node, {
      kind: "transfer-offer",
      id: exchange.id,
      vnode: parcel.to.vnode,
      addresses,
      hashes,
    });
  }

  private exchange(
    now: Micros,
    parcel: Parcel,
    items: readonly Item[],
    kind: Exchange["kind"],
    bytes: number,
  ): Exchange {
    const exchange = { id: this.nextId, parcel, items, kind, bytes, deadline: now + this.options.patience };
    this.nextId = (this.nextId % 0x3fff_ffff) + 1;
    this.current = exchange;
    return exchange;
  }

  replied(now: Micros, from: NodeIndex, { id, status, wanted }: TransferReply): void {
    const { current } = this;
    if (current === undefined || current.id !== id || current.parcel.to.node !== from) return;
    this.current = undefined;
    if (status !== "ok") {
      this.current = current;
      return this.failed(now);
    }
    this.pause = FIRST_PAUSE;
    if (current.kind === "copies") {
      this.counts.keysMoved += current.items.length;
      this.counts.bytesMoved += current.bytes;
      const rate = this.options.rateBytesPerSecond;
      if (rate !== undefined) this.restUntil = Math.max(now, this.restUntil) + Math.ceil((current.bytes / rate) * 1e6);
      return this.arrived(now, current.parcel, current.items);
    }
    const missing = new Set(wanted);
    const there = current.items.filter((_, i) => !missing.has(i));
    const toSend = current.items.filter((_, i) => missing.has(i));
    if (toSend.length === 0) return this.arrived(now, current.parcel, there);
    this.settle(there);
    this.sendCopies(now, current.parcel, toSend);
  }

  private sendCopies(now: Micros, parcel: Parcel, items: readonly Item[]): void {
    let bytes = 0;
    let count = 0;
    for (const { address, state } of items) {
      const size = address.length + this.options.sizeOf(state);
      if (count > 0 && bytes + size > MOST_BYTES) break;
      bytes += size;
      count++;
    }
    const sent = items.slice(0, count);
    // What did not fit is offered again.
    if (count < items.length) parcel.items.unshift(...items.slice(count));
    const { id } = this.exchange(now, parcel, sent, "copies", bytes);
    const entries = sent.map(({ address, state }) => ({ address, state }));
    this.acts.send(parcel.to.node, { kind: "transfer-copies", id, vnode: parcel.to.vnode, entries });
  }

  private arrived(now: Micros, parcel: Parcel, items: readonly Item[]): void {
    this.settle(items);
    if (parcel.items.length === 0) this.parcels = this.parcels.filter((other) => other !== parcel);
    this.due = Math.max(now, this.restUntil);
  }

  /** These are with one more of their targets. */
  private settle(items: readonly Item[]): void {
    for (const item of items) {
      if (--item.missing > 0 || this.job?.drops !== true) continue;
      // Repeated until a walk finds nothing: what has changed meanwhile is still there.
      this.unfinished = true;
      if (item.changed) continue;
      this.counts.keysLeft++;
      this.acts.drop(item.vnode, item.stored, item.state);
    }
  }

  private failed(now: Micros): void {
    const { parcel, items } = this.current!;
    this.current = undefined;
    parcel.items.unshift(...items);
    // To the end: others need not wait for whoever does not answer.
    this.parcels = [...this.parcels.filter((other) => other !== parcel), parcel];
    this.due = now + this.lengthened();
  }

  private lengthened(): Micros {
    const pause = this.pause + Math.floor(this.options.random.nextFloat() * this.pause);
    this.pause = Math.min(LAST_PAUSE, this.pause * 2);
    return pause;
  }

  // ---- receiving -----------------------------------------------------------------------------------------------

  offered(from: NodeIndex, { id, vnode, addresses, hashes }: TransferOffer): void {
    if (vnode >= HINTED || !addresses.every(isAddress)) return this.reply(from, id, "failed", []);
    const wanted: number[] = [];
    let left = addresses.length;
    if (left === 0) return this.reply(from, id, "ok", []);
    addresses.forEach((address, i) => {
      this.acts.read(vnode, address, (status, state) => {
        if (status !== "found" || !this.acts.isSettled(vnode, address)) wanted.push(i);
        else {
          const { high, low } = this.options.digest(address, state);
          if (high >>> 0 !== hashes[2 * i] || low >>> 0 !== hashes[2 * i + 1]) wanted.push(i);
        }
        if (--left === 0)
          this.reply(
            from,
            id,
            "ok",
            wanted.sort((a, b) => a - b),
          );
      });
    });
  }

  taken(from: NodeIndex, { id, vnode, entries }: TransferCopies): void {
    if (vnode >= HINTED || !entries.every(({ address }) => isAddress(address)))
      return this.reply(from, id, "failed", []);
    let left = entries.length;
    let all = true;
    if (left === 0) return this.reply(from, id, "ok", []);
    for (const { address, state } of entries) {
      this.acts.merge(vnode, address, state, (ok) => {
        if (ok) this.counts.keysTaken++;
        else all = false;
        if (--left === 0) this.reply(from, id, all ? "ok" : "failed", []);
      });
    }
  }

  private reply(to: NodeIndex, id: number, status: TransferReply["status"], wanted: readonly number[]): void {
    this.acts.send(to, { kind: "transfer-reply", id, status, wanted });
  }
}
