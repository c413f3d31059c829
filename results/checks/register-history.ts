/**
 * The history of one key as a check wants it: what was certainly written, what may have been, what certainly was not,
 * and what reads returned. Every version names the write that made it, so it is known for every read *which* write it
 * saw; that is what turns an intractable question into sorting.
 *
 * An indefinite write may take effect at any time after it began, or never: its end is infinite whatever the client's
 * patience was. A read that failed says nothing. The record that spans a read-modify-write is left out, its parts are
 * records of their own.
 */
import { assert } from "../../engine/vocabulary/assert";
import { certaintyOf, type Micros, type OperationRecord, type WriteId } from "../record/history";

export interface RegisterWrite {
  readonly kind: "write";
  /** `OperationRecord.id`. */
  readonly operation: number;
  readonly id: WriteId;
  readonly session: number;
  readonly start: Micros;
  /** Infinity unless acknowledged. */
  readonly end: Micros;
  readonly fate: "acknowledged" | "indefinite" | "refused";
  readonly isDelete: boolean;
  /** Versions whose context the write carried. */
  readonly seen: readonly WriteId[];
}

/** A read that was answered. */
export interface RegisterRead {
  readonly kind: "read";
  readonly operation: number;
  readonly session: number;
  readonly start: Micros;
  readonly end: Micros;
  readonly versions: readonly WriteId[];
}

export interface RegisterHistory {
  readonly writes: readonly RegisterWrite[];
  readonly reads: readonly RegisterRead[];
}

/** Whether a record says something about its key. */
export function tells(record: OperationRecord): boolean {
  if (record.kind === "read") return record.outcome === "ok";
  return record.writeId !== 0;
}

/**
 * The history of one key, which must be whole: with a write missing, a read that returned it looks like a read of what
 * nobody wrote. Records in any order.
 */
export function registerHistory(records: Iterable<OperationRecord>): RegisterHistory {
  const writes: RegisterWrite[] = [];
  const reads: RegisterRead[] = [];
  let key: string | undefined;
  for (const record of records) {
    key ??= record.key;
    assert(record.key === key, "a register is one key");
    if (!tells(record)) continue;
    const { id: operation, session, start, end } = record;
    if (record.kind === "read") {
      reads.push({ kind: "read", operation, session, start, end, versions: record.versions });
      continue;
    }
    const certainty = certaintyOf(record.outcome);
    writes.push({
      kind: "write",
      operation,
      id: record.writeId,
      session,
      start,
      end: certainty === "ok" ? end : Infinity,
      fate: certainty === "ok" ? "acknowledged" : certainty === "definite" ? "refused" : "indefinite",
      isDelete: record.kind === "delete",
      seen: record.seen,
    });
  }
  return { writes, reads };
}

/** Writes by id; asserts that ids are unique. */
export function writesById(history: RegisterHistory): ReadonlyMap<WriteId, RegisterWrite> {
  const byId = new Map<WriteId, RegisterWrite>();
  for (const write of history.writes) {
    assert(!byId.has(write.id), "a write id is used once");
    byId.set(write.id, write);
  }
  return byId;
}
