/**
 * What the measure of causality knows of one key: its recent writes with their pasts, how many there were, who wrote it, and what
 * replicas held when last inspected. One object a key, so it is lean: a key that was only loaded costs a few hundred bytes.
 */
import type { Micros, WriteId } from "../record/history";
import type { CausalPast } from "./causality-past";
import type { KeyWriters } from "./causality-metadata";

export interface JudgedKey {
  readonly name: string;
  readonly number: number;
  readonly past: CausalPast;
  readonly writers: KeyWriters;
  /** Writes that may have happened, acknowledged ones among them. */
  ended: number;
  acknowledged: number;
  /** Acknowledged writes that found no room among the uncovered ones. */
  untracked: number;
  /** Acknowledged deletes. */
  deletes: number;
  /** The last inspection that reached every primary, of keys with a delete. */
  inspection: { readonly began: Micros; readonly ended: Micros; readonly found: ReadonlySet<WriteId> } | undefined;
  /** Reads that returned a version which an acknowledged delete had replaced: stale or resurrected, as the end will show. */
  suspects: Map<string, Suspect> | undefined;
}

/** Reads that returned the same deleted versions. */
export interface Suspect {
  readonly versions: readonly DeletedVersion[];
  /** Of other versions that they returned it is not known whether they had been deleted. */
  readonly more: boolean;
  /** The first of them, and when it ended. */
  readonly read: number;
  readonly at: Micros;
  reads: number;
}

export interface DeletedVersion {
  readonly deleted: WriteId;
  readonly by: WriteId;
}

/** One key as the final inspection found it. */
export interface KeyAtEnd {
  /** Versions at any replica that was reached. */
  readonly found: ReadonlySet<WriteId>;
  /** Versions that wait in a hint. */
  readonly hinted: ReadonlySet<WriteId>;
  /** Nothing else can hold one: every replica was reached, and wherever anybody looked for hints, every node. */
  readonly allReached: boolean;
}

/** What was judged of one kind of anomaly. */
export class Verdicts {
  count = 0;
  judged = 0;
  undecided = 0;
}
