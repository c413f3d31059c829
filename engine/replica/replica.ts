/**
 * One node's own copies: load, make or merge, store. The rule that everything depends on: what happens to one key is
 * serialised here. Two loads of one key interleaved with two stores would let both writers extend the same history and
 * mint the same dot twice. So the first task on a key loads it, later ones queue behind that load and then work on the
 * state in memory; the entry goes away when nothing is queued and nothing is being stored.
 *
 * Reads of a key with a store under way answer from memory: a write acknowledged on receipt (W) must be visible to
 * whoever asks this replica next, durable or not. A crash loses exactly what was acknowledged as received only.
 *
 * An event whose store failed is out in the world under its dot, while the disk still has the state before it. To load
 * that and count on from there would give the dot away again. So the state stays in memory until a later store of the
 * key succeeds; such keys are few or the replica makes no further events. (A floor of the counter alone would not do: in
 * a merged vector it claims to have seen the very event that it has lost.) A crash may forget them: the next life has
 * another name.
 */
import { type Actor, type Clock, clockAt, type Context, type Version, packActor } from "../clocks/clock";
import { bytesOf } from "../clocks/version";
import type { Effect, Note } from "../io";
import { MAX_STATE_BYTES, type Writer } from "../messages";
import { RequestTable } from "../quorum/request-table";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import { MalformedBytes } from "../vocabulary/octets";
import { HINTED } from "../ring/ring";
import { BorrowedNames } from "./borrowed-names";
import { Graves, MOST_GRAVES } from "./graves";

/** What a task wants to know. Exactly the named callbacks are called, each at most once. */
export type ReplicaTask =
  | { readonly kind: "read"; readonly done: (status: "found" | "absent" | "failed", state: unknown) => void }
  | {
      readonly kind: "update";
      readonly context: Context;
      readonly version: Version;
      readonly writer: Writer;
      /** The event was made (or refused); it is not stored yet. */
      readonly made: (
        outcome: "ok" | "too_many_siblings" | "invalid" | "failed",
        state: unknown,
        reason: string,
      ) => void;
      /** The event is stored as the sync mode promises, or failed to be. Only after `made` said ok. */
      readonly stored: (ok: boolean) => void;
    }
  | {
      readonly kind: "merge";
      readonly state: unknown;
      /** `news`: the copy has changed by it. */
      readonly received: (news: boolean) => void;
      readonly stored: (ok: boolean) => void;
    }
  /** Removes the copy if it still is this state; anything written since stays. */
  | { readonly kind: "reap"; readonly state: unknown }
  /** The same for a copy that was kept for another node, which has it now. */
  | { readonly kind: "drop"; readonly state: unknown };

/** A key being worked on; also the token of its load. */
interface Entry {
  id: number;
  readonly kind: "load";
  readonly vnode: number;
  readonly address: Address;
  /** The task that asked for the load, and those that came while it was under way. */
  first: ReplicaTask | undefined;
  later: ReplicaTask[] | undefined;
  loading: boolean;
  /** Tasks that waited for the load have their turn. */
  running: boolean;
  /** Let go of. */
  gone: boolean;
  /** Newest state known, stored or being stored. */
  state: unknown;
  /** Stores on their way. */
  storing: number;
  /** Stores begun so far; the last of an event made here, and the last that succeeded. Each holds all before it. */
  stores: number;
  event: number;
  safe: number;
}

interface StoreToken {
  id: number;
  readonly kind: "store";
  readonly entry: Entry;
  /** Which of the entry's stores. */
  readonly ordinal: number;
  /** Undefined: a new try to store what failed before; nobody waits for it. */
  readonly task: StoringTask | undefined;
}

type StoringTask = Extract<ReplicaTask, { kind: "update" | "merge" }>;

/** Keys whose last event could not be stored and is kept in memory; with so many, no event is made on any other key. */
export const MAX_UNSTORED = 1_024;

export interface ReplicaOptions {
  readonly node: number;
  /** Durable count of this identity's boots: part of every dot. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly maxSiblings: number;
  /** A wall time for an event of this writer. */
  readonly stamp: (writer: Writer) => Micros;
  /** A state knows of this wall time: later stamps lie above it. */
  readonly learnt: (at: Micros) => void;
  /** Tombstones are reaped, or copies given up: a key found absent may have had events before. */
  readonly reaps: boolean;
  /** Tombstones are reaped: what was sent before is not to bring them back. */
  readonly buries: boolean;
  /** An actor that has forgotten a key takes a fresh identity for it. */
  readonly actorEpochs: boolean;
  readonly now: () => Micros;
  /** Told of every change of a copy before it is stored; undefined: absent. */
  readonly changed?: ((vnode: number, address: Address, before: unknown, after: unknown) => void) | undefined;
  /** Whether a state is a delete that is remembered nowhere any more. */
  readonly forgotten?: ((state: unknown) => boolean) | undefined;
  /** A copy that {@link changed} told of did not reach the disk. */
  readonly storeFailed?: (() => void) | undefined;
  /** Primaries' copies are all in vnode 0, so that other numbers are free for names. */
  readonly walks: boolean;
  /** How long a message may be on its way at most, as far as anybody waits for it. */
  readonly messageLifetime: Micros;
}

export class Replica {
  /** Keys being worked on. Bounded by admission at coordinators and by the requests that peers may have in progress. */
  private readonly entries = new Map<string, Entry>();
  private readonly tokens = new RequestTable<Entry | StoreToken>();
  /** Events made here since the boot; with reaping, counters of fresh keys go on from here. */
  private minted = 0;
  private readonly graves: Graves | undefined;
  /** By key that was reaped here in this life: {@link minted} at that moment. Bounded, the oldest goes first. */
  private readonly reapedAt = new Map<string, number>();
  private readonly borrowed: BorrowedNames;
  /** Entries with an event that no store has made safe, the longest untried first. They outlive their tasks. */
  private readonly unstored = new Set<Entry>();
  private retrying = false;
  reads = 0;
  writes = 0;
  reaped = 0;

  constructor(
    private readonly options: ReplicaOptions,
    private readonly emit: (effect: Effect) => void,
    private readonly note: (note: Note) => void,
  ) {
    this.borrowed = new BorrowedNames(options.walks);
    if (options.buries && options.actorEpochs) this.graves = new Graves(options.messageLifetime);
  }

  perform(vnode: number, address: Address, task: ReplicaTask): void {
    const key = storageKey(vnode, address);
    const entry = this.entries.get(key);
    if (entry === undefined) {
      const fresh: Entry = {
        id: 0,
        kind: "load",
        vnode,
        address,
        first: task,
        later: undefined,
        loading: true,
        running: false,
        gone: false,
        state: undefined,
        storing: 0,
        stores: 0,
        event: 0,
        safe: 0,
      };
      this.entries.set(key, fresh);
      this.tokens.add(fresh);
      this.emit({ kind: "load", token: fresh.id, vnode, address });
    } else if (entry.loading) {
      (entry.later ??= []).push(task);
    } else {
      this.run(entry, task);
      this.release(entry);
    }
  }

  loaded(id: number, state: unknown): void {
    const entry = this.tokens.get(id);
    if (entry?.kind !== "load") return;
    this.tokens.remove(id);
    const { first, later } = entry;
    entry.first = undefined;
    entry.later = undefined;
    entry.loading = false;
    entry.state = state;
    // What one of them leads to may itself come back to this key, and must not let it go before all have had their turn.
    entry.running = true;
    if (first !== undefined) this.run(entry, first);
    if (later !== undefined) for (const task of later) this.run(entry, task);
    entry.running = false;
    this.release(entry);
  }

  loadFailed(id: number, reason: string): void {
    const entry = this.tokens.get(id);
    if (entry?.kind !== "load") return;
    this.tokens.remove(id);
    this.note({ kind: "storage-failed", address: entry.address, reason });
    const tasks = [entry.first, ...(entry.later ?? [])];
    entry.first = undefined;
    entry.later = undefined;
    // Nothing is known of this key: whoever comes next must load again.
    this.entries.delete(storageKey(entry.vnode, entry.address));
    for (const task of tasks) {
      if (task?.kind === "read") task.done("failed", undefined);
      else if (task?.kind === "update") task.made("failed", undefined, reason);
      else if (task?.kind === "merge") task.stored(false);
    }
  }

  stored(id: number): void {
    this.storeEnded(id, true);
  }

  storeFailed(id: number, reason: string): void {
    const token = this.tokens.get(id);
    if (token?.kind === "store") this.note({ kind: "storage-failed", address: token.entry.address, reason });
    this.storeEnded(id, false);
  }

  private storeEnded(id: number, ok: boolean): void {
    const token = this.tokens.get(id);
    if (token?.kind !== "store") return;
    this.tokens.remove(id);
    const { entry, ordinal, task } = token;
    entry.storing--;
    if (ok && ordinal > entry.safe) entry.safe = ordinal;
    if (!ok) this.options.storeFailed?.();
    if (!ok || this.unstored.size > 0) this.reckon(entry);
    if (task === undefined) this.retrying = false;
    else task.stored(ok);
    this.release(entry);
    if (ok && this.unstored.size > 0) this.retry();
  }

  /** A store of the entry has ended: is there an event left that only memory has? */
  private reckon(entry: Entry): void {
    // What failed again goes to the end: one key that can never be stored does not stand in the way of the others.
    this.unstored.delete(entry);
    if (entry.event > entry.safe) this.unstored.add(entry);
  }

  /** Tries to store one of those that failed; one at a time, and only when there is a reason to hope. */
  private retry(): void {
    if (this.retrying) return;
    for (const entry of this.unstored) {
      if (entry.storing > 0) continue;
      this.retrying = true;
      this.store(entry, entry.state, undefined);
      return;
    }
  }

  /** Copies of which memory may know more than the disk: being stored, or not stored when that was tried. */
  unsettled(visit: (vnode: number, address: Address, state: unknown) => void): void {
    for (const entry of this.entries.values()) {
      if (!entry.loading) visit(entry.vnode, entry.address, entry.state);
    }
  }

  private run(entry: Entry, task: ReplicaTask): void {
    switch (task.kind) {
      case "read":
        this.reads++;
        task.done(entry.state === undefined ? "absent" : "found", entry.state);
        return;
      case "update":
        this.update(entry, task);
        return;
      case "merge":
        this.merge(entry, task);
        return;
      case "reap":
        this.reap(entry, task.state);
        return;
      case "drop":
        this.drop(entry, task.state);
        return;
    }
  }

  private update(entry: Entry, task: Extract<ReplicaTask, { kind: "update" }>): void {
    const { maxSiblings, node, epoch, actorEpochs, reaps } = this.options;
    const clock = this.clockOf(entry);
    if (this.unstored.size >= MAX_UNSTORED && !this.unstored.has(entry)) {
      const reason = `${String(this.unstored.size)} keys have an event that could not be stored, limit ${String(MAX_UNSTORED)}`;
      this.note({ kind: "storage-failed", address: entry.address, reason });
      task.made("failed", undefined, reason);
      // Who is refused finds out whether the disk is well again.
      this.retry();
      return;
    }
    // Without epochs an actor that lost its disk, or reaped the key, counts from one again: to be studied, never the default.
    const vnode =
      entry.vnode < HINTED ? entry.vnode : this.borrowed.nameFor(storageKey(entry.vnode, entry.address), entry.vnode);
    if (vnode === undefined) {
      task.made("failed", undefined, "no name is left for events on this fallback copy");
      return;
    }
    const actor: Actor = packActor(node, vnode, actorEpochs ? epoch : 1);
    const mayReuse = actorEpochs && (reaps || clock.freshIdentities === true);
    let next: unknown;
    try {
      next = clock.update(entry.state, task.context, task.version, {
        actor,
        client: task.writer.client,
        at: this.options.stamp(task.writer),
        minted: mayReuse ? this.minted : 0,
        ...this.removal(entry, mayReuse),
      });
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      task.made("invalid", undefined, `context refused: ${error.message}`);
      return;
    }
    const versions = clock.versions(next);
    const siblings = versions.length;
    if (siblings > maxSiblings) {
      task.made("too_many_siblings", undefined, `${String(siblings)} siblings, limit ${String(maxSiblings)}`);
      return;
    }
    if (siblings > 1) {
      let bytes = 0;
      for (const version of versions) bytes += bytesOf(version);
      if (bytes > MAX_STATE_BYTES) {
        const reason = `${String(siblings)} siblings of ${String(bytes)} bytes, limit ${String(MAX_STATE_BYTES)}`;
        task.made("too_many_siblings", undefined, reason);
        return;
      }
    }
    this.writes++;
    this.minted++;
    this.store(entry, next, task);
    task.made("ok", next, "");
  }

  private removal({ vnode, address }: Entry, mayReuse: boolean): { readonly removedAt?: number } {
    const removedAt = mayReuse && this.reapedAt.size > 0 ? this.reapedAt.get(storageKey(vnode, address)) : undefined;
    return removedAt === undefined ? NEVER : { removedAt };
  }

  private merge(entry: Entry, task: Extract<ReplicaTask, { kind: "merge" }>): void {
    const clock = this.clockOf(entry);
    this.writes++;
    if (clock.latest !== undefined) this.options.learnt(clock.latest(task.state));
    const before = entry.state;
    if (this.graves !== undefined && this.isBuried(entry, task.state)) {
      task.received(false);
      task.stored(true);
      return;
    }
    if (before === undefined && this.options.forgotten?.(task.state) === true) {
      task.received(false);
      task.stored(true);
      return;
    }
    const next = before === undefined ? task.state : clock.sync(before, task.state);
    const known = before !== undefined && (next === before || clock.compare(before, next) === "equal");
    if (known && entry.storing === 0 && entry.event <= entry.safe) {
      task.received(false);
      task.stored(true);
      return;
    }
    // Known but not on the disk, or still on its way: storing again gives this acknowledgement a completion of its own.
    this.store(entry, known ? before : next, task);
    task.received(!known);
  }

  private reap(entry: Entry, state: unknown): void {
    const clock = this.clockOf(entry);
    const held = entry.state;
    if (held === undefined || clock.compare(held, state) !== "equal") return;
    if (clock.versions(held).some((version) => !version.tombstone)) return;
    this.reaped++;
    const key = storageKey(entry.vnode, entry.address);
    this.graves?.dig(key, held, this.options.now());
    this.rememberRemoval(key);
    this.remove(entry, held);
  }

  /** The home has it: no trace is left but of the names that events were given here. */
  private drop(entry: Entry, state: unknown): void {
    const held = entry.state;
    if (held === undefined || this.clockOf(entry).compare(held, state) !== "equal") return;
    if (entry.event > entry.safe) {
      // The disk has never had this: first it is to have it. Where nothing else is stored, nobody else would try.
      this.retry();
      return;
    }
    const key = storageKey(entry.vnode, entry.address);
    this.borrowed.dropped(key);
    // A copy of this node's own: its events had counters, and the key may come back.
    if (entry.vnode < HINTED) this.rememberRemoval(key);
    this.remove(entry, held);
  }

  /** Events on that key, should there be any again, count on from here. */
  private rememberRemoval(key: string): void {
    this.reapedAt.delete(key);
    if (this.reapedAt.size >= MOST_GRAVES) this.reapedAt.delete(this.reapedAt.keys().next().value!);
    this.reapedAt.set(key, this.minted);
  }

  /** Whether the disk has all that memory knows of this copy. */
  isSettled(vnode: number, address: Address): boolean {
    const entry = this.entries.get(storageKey(vnode, address));
    return entry === undefined || (!entry.loading && entry.storing === 0 && entry.event <= entry.safe);
  }

  /** If the disk does not take it, `held` is there as before, and whoever is told of changes is to know that. */
  private remove(entry: Entry, held: unknown): void {
    const stored = (ok: boolean): void => {
      if (ok || entry.state !== undefined) return;
      this.options.changed?.(entry.vnode, entry.address, undefined, held);
      entry.state = held;
    };
    this.store(entry, undefined, { kind: "merge", state: undefined, received: () => undefined, stored });
  }

  /** Whether this state was sent before the tombstone that replaced it was removed here. */
  private isBuried(entry: Entry, state: unknown): boolean {
    const tombstone = this.graves!.find(storageKey(entry.vnode, entry.address), this.options.now());
    if (tombstone === undefined) return false;
    const relation = this.clockOf(entry).compare(state, tombstone);
    return relation === "before" || relation === "equal";
  }

  /**
   * What a copy goes by: a bucket may have a policy of its own. An entry of a coordinator's log has a longer name and goes by the
   * cluster's, which makes no difference: nothing is ever merged with it.
   */
  private clockOf({ address }: Entry): Clock {
    return clockAt(this.options.clock, address);
  }

  private store(entry: Entry, state: unknown, task: StoringTask | undefined): void {
    this.options.changed?.(entry.vnode, entry.address, entry.state, state);
    entry.state = state;
    entry.storing++;
    const ordinal = ++entry.stores;
    if (task?.kind === "update") entry.event = ordinal;
    const token: StoreToken = { id: 0, kind: "store", entry, ordinal, task };
    this.tokens.add(token);
    this.emit({ kind: "store", token: token.id, vnode: entry.vnode, address: entry.address, state });
  }

  private release(entry: Entry): void {
    if (entry.loading || entry.running || entry.gone || entry.storing > 0 || entry.event > entry.safe) return;
    // Once: by another time that key may be worked on under an entry of its own.
    entry.gone = true;
    this.entries.delete(storageKey(entry.vnode, entry.address));
  }
}

const NEVER: { readonly removedAt?: number } = {};

/** Nearly all copies live in vnode 0: no string is made for those. Characters above 255 occur in no address. */
function storageKey(vnode: number, address: Address): string {
  return vnode === 0 ? address : String.fromCharCode(0x100 + (vnode >>> 8), 0x100 + (vnode & 0xff)) + address;
}
