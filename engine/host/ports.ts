/**
 * What a world provides to a node: links, a disk, a way to be woken. The two worlds differ here and nowhere else.
 * Completions may be called back within the call (memory) or later (a disk); the host copes with both.
 */
import type { ClientAnswer, NodeIndex, PeerMessage } from "../messages";
import type { DamagedRecord, RangeAsked, RangePage, ScannedRecord, Session } from "../io";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";

export interface Transport {
  /**
   * Best effort, in order per link unless the network's tunables say otherwise. Never blocks, never throws. Numbers from that
   * of the nodes on are sessions of clients that coordinate.
   */
  send(to: NodeIndex, message: PeerMessage): void;
  answer(session: Session, message: ClientAnswer): void;
}

/** Where a storage reports completions, by the token it was given. */
export interface StorageEvents {
  /** `state` is undefined when nothing is held. */
  loaded(token: number, state: unknown): void;
  loadFailed(token: number, reason: string): void;
  stored(token: number): void;
  storeFailed(token: number, reason: string): void;
  /**
   * A page of a scan, and the cursor of the next one; without a cursor the walk is over. `damaged` could not be read:
   * the walk goes on without them. A state may be older than one whose store has not completed yet.
   */
  scanned(token: number, entries: readonly ScannedRecord[], cursor: unknown, damaged: readonly DamagedRecord[]): void;
  /** A page of a range read; a state may be older than one whose store has not completed yet. */
  ranged(token: number, page: RangePage): void;
}

export interface Storage {
  /** Completions come within the call: memory. */
  readonly immediate: boolean;
  load(token: number, vnode: number, address: Address, events: StorageEvents): void;
  /** `state` undefined: nothing is held of the key any more. `stored` once durable as the sync mode promises; stores of one key complete in order. */
  store(token: number, vnode: number, address: Address, state: unknown, events: StorageEvents): void;
  /**
   * Reads on in a walk over all records, at most `limit` of them, in any order. Without a cursor a walk begins; a cursor
   * serves once. What is there from beginning to end of a walk comes exactly once; what is written for the first time or
   * removed meanwhile may come or not.
   */
  scan(token: number, cursor: unknown, limit: number, events: StorageEvents): void;
  /**
   * Reads copies in order of address: one page. It ends at the limit, though never between two copies of one address, or
   * before a record that cannot be read. The order costs those who store nothing until somebody has asked for it.
   */
  range(token: number, asked: RangeAsked, events: Pick<StorageEvents, "ranged">): void;
  /** Keys held. */
  count(): number;
}

export interface Alarm {
  now(): Micros;
  /** Calls the host's `wake` at `at` or as soon after as the world can. A later call replaces an earlier one. */
  set(at: Micros, wake: () => void): void;
}
