/**
 * What a workload asks of a store, free of any store: keys by number or name, sessions, and the intended instant. A
 * workload (`ycsb/`, `mixes/`) draws operations; the driver decides when; a target carries them out.
 */
import type { KeyName } from "../engine/vocabulary/address";
import type { Context } from "../engine/clocks/clock";
import type { Micros } from "../engine/vocabulary/micros";
import type { Outcome } from "../engine/vocabulary/outcomes";
import type { Octets } from "../engine/vocabulary/octets";
import type { Arrivals } from "./pacing";

export type OperationKind = "read" | "update" | "insert" | "delete" | "scan" | "rmw" | "multi-get" | "list";

/** The key of an operation. Workloads that keep names keep beside them what would be reckoned anew for every operation. */
export interface OperationKey extends KeyName {
  /** As in records, of a key in the workload's own bucket. */
  readonly printed?: string;
  /** `hashOfKey` of it. */
  readonly hash?: number | undefined;
}

/** An operation as drawn from a mix, before a session sends it. */
export interface DrawnOperation {
  readonly kind: OperationKind;
  readonly key: OperationKey;
  /** The bytes to write; empty for reads, deletes and scans. */
  readonly value: Octets;
  /** Records wanted, for scans. */
  readonly scanLength: number;
  /** Of a scan: keys from here on are not wanted; none when left out or empty. */
  readonly scanEnd?: Octets;
  /** Of a `multi-get`: all that is asked for at once, `key` among them. */
  readonly keys?: readonly KeyName[];
  /** A write that never carries a context, whatever the workload's `context` rule. */
  readonly blind: boolean;
  /** For inserts: handed back to the workload when the insert ended, so that `latest` may choose it. -1 otherwise. */
  readonly insertNumber: number;
  /** Which of the load's clients sends it, for workloads that say who does what; the driver's choice when left out. */
  readonly client?: number;
  /** Of a read-modify-write: makes the bytes to write from what the read brought (a merge by the application). */
  readonly merge?: (payloads: readonly Octets[]) => Octets;
  /** Of a `list`: names are shown up to the next occurrence of it behind `key`, once each. Told to whoever records operations. */
  readonly delimiter?: Octets;
  /** Of a `list`: the next page, a scan too, from the page that came; undefined when that was all. Not called for a page that failed. */
  readonly then?: (page: Reply) => DrawnOperation | undefined;
}

/** What an application that merges siblings has seen; a read that brought one version merges nothing. */
export interface MergeCounts {
  /** Read-modify-writes whose read brought more than one version, and the versions that these brought. */
  readonly reads: number;
  readonly versions: number;
  /** Entries of versions that the resolver passed over, which the merged value lacks although nobody had removed them. */
  readonly dropped: number;
  /** Entries of the merged value that a version passed over had removed. */
  readonly undone: number;
}

/** What listings showed of what they had to show, by the order in which clients were answered. Counts of the whole run. */
export interface ListingCounts {
  readonly listings: number;
  /** Pages that were answered, and judged. */
  readonly pages: number;
  /** Objects that pages had to show, and those of them that they did not. */
  readonly due: number;
  readonly missing: number;
  /** Objects that pages must not show, and those of them that they did. */
  readonly gone: number;
  readonly ghosts: number;
}

/** An operation and the instant at which it was wanted. */
export interface DueOperation {
  readonly operation: DrawnOperation;
  /** Who sends it, from 0; -1 in the load phase. */
  readonly client: number;
  /** The intended instant, from the start of the warm-up; undefined in the load phase. */
  readonly at: Micros | undefined;
}

/** A source of operations: YCSB's core workload, a cart, a script. All randomness comes from the given stream. */
export interface Workload {
  readonly name: string;
  /** Number of records of the load phase; `loadOperation(i)` for i in [0, loadCount). */
  readonly loadCount: number;
  loadOperation(index: number): DrawnOperation;
  /** The next operation of the transaction phase. `client`: whose turn it is, unless the operation says otherwise. */
  next(client?: number): DrawnOperation;
  /**
   * A script has come to its end: `next` is not called any more. Absent where there is no end. With a client's number: that
   * client of a closed load has nothing more to do.
   */
  over?(client?: number): boolean;
  /** Where it is a number of operations that ends the run: once it is over and all is answered, the measured phase ends. */
  readonly endsMeasure?: true;
  /** Where the workload says itself when its operations are due, as a recorded one does: `next` is called once for each instant, in order. Called once. */
  arrivals?(): Arrivals;
  /** Of a script: how long it waits, after the answer it has just got, before `next`. */
  pause?(): Micros;
  /** Of a script: steps that were not begun yet. */
  stepsLeft?(): number;
  /** Where read-modify-writes merge: what the merging came to so far. */
  readonly merges?: MergeCounts;
  /**
   * An insert ended. As in YCSB, also one that failed: it would otherwise hold back every later one, and its key is then
   * honestly read as absent.
   */
  inserted(insertNumber: number): void;
  /** An operation ended, for workloads that keep an account of them: each that `next` gave, and those of the load that happened or may have. */
  ended?(operation: DrawnOperation, outcome: Outcome): void;
  /** Set by whoever records a schedule: sees every operation when it becomes due, whether it is then sent or not. */
  due?: (due: DueOperation) => void;
  /** Where folders are listed: what of it is known so far. */
  readonly listings?: ListingCounts;
  /** Whether `value` may have been written under `key`; absent where the workload cannot tell. */
  verify?(key: KeyName, value: Octets): boolean;
  /** Expected share of operations that go to the hottest key, 0 to 1; undefined when not known in closed form. */
  readonly hottestKeyShare: number | undefined;
  /** For the report: what a reader should know (e.g. unknown properties ignored). */
  readonly notes: readonly string[];
}

/** What a target is asked. One `Request` is one message to the store; a read-modify-write is two. */
export interface Request {
  readonly kind: "get" | "put" | "delete" | "scan";
  readonly key: KeyName;
  readonly session: number;
  readonly value: Octets;
  readonly writeId: number;
  /** Causal context as the store gave it; empty for none. */
  readonly context: Context;
  readonly scanLength: number;
  /** Of a scan: keys from here on are not wanted; empty for none. */
  readonly scanEnd: Octets;
}

/** One record of a scan's answer: a key that has a value, with all its siblings. */
export interface ScannedKey {
  readonly key: Octets;
  readonly versions: readonly number[];
  readonly payloads: readonly Octets[];
}

export interface Reply {
  readonly outcome: Outcome;
  /** Write ids of the versions returned, tombstones included. */
  readonly versions: readonly number[];
  /** Values parallel to `versions`, where the caller asked for them. */
  readonly payloads: readonly Octets[];
  /** Versions that are not tombstones. */
  readonly values: number;
  readonly context: Context;
  /** The store knows no contexts, so nothing is sent along with a write: what its session had seen is what it had read. */
  readonly contextless?: true;
  /** Node index that coordinated; -1 unknown. */
  readonly coordinator: number;
  /** For refusals: one line for the log. */
  readonly reason: string;
  /** Of a scan: what it found, in order of key; `values` is how many. */
  readonly records?: readonly ScannedKey[];
  /** Of a scan: the key to go on from. Left out when nothing is left of the range. */
  readonly next?: Octets;
}
