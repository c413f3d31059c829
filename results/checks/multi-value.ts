/**
 * Regularity for a store that keeps siblings: a read returns a set of versions, and no acknowledged write may be missing
 * from it without a reason. Every version returned was written by a write that began before the read ended; and every
 * acknowledged write that ended before the read began is returned, or was followed by a write that is returned or
 * overlaps the read. A write follows another when it began after the other had ended, or when it carried a context in
 * which the other was seen; over several steps too.
 *
 * Deletes: a read of nothing counts as returning the tombstone of every delete that may have happened by its end, because
 * tombstones are reaped; and for the same reason a tombstone need not be returned, as long as something returned does
 * not come before it. "Before" is strict to the microsecond, so a doubt never convicts.
 */
import type { Micros, WriteId } from "../record/history";
import { impossibleReads } from "./impossible-reads";
import { writesById, type RegisterHistory, type RegisterRead, type RegisterWrite } from "./register-history";
import { no, shortly, unknown, type Verdict } from "./verdict";

/** Writes looked at over all reads, unless told otherwise. */
export const STEPS_TAKEN = 20_000_000;

export function checkMultiValue(history: RegisterHistory, steps: number = STEPS_TAKEN): Verdict {
  const byId = writesById(history);
  const impossible = impossibleReads(history, byId);
  if (impossible !== undefined) return impossible;
  const past = new Past(history, byId, steps);
  let first: { readonly read: RegisterRead; readonly missed: RegisterWrite } | undefined;
  let offending = 0;
  for (const read of history.reads) {
    const missed = past.missedBy(read);
    if (missed === "unknown") return unknown(`following writes met its bound of ${steps} steps`);
    if (missed === undefined) continue;
    offending++;
    if (first === undefined || read.end < first.read.end) first = { read, missed };
  }
  if (first === undefined) return { verdict: "yes" };
  const { read, missed } = first;
  const returned = read.versions.map((id) => byId.get(id)!);
  const because = missed.isDelete
    ? `${shortly(read)} brought back only what ${shortly(missed)} had come after, and that ended before the read began`
    : `${shortly(missed)} ended before ${shortly(read)} began; it was not returned, and nothing returned or under way came after it`;
  return no(because, [missed, ...returned, read], offending);
}

class Past {
  /** Acknowledged writes by their end. */
  private readonly ended: readonly RegisterWrite[];
  /** Writes that may have happened, by their beginning; and the deletes among them. */
  private readonly begun: readonly RegisterWrite[];
  private readonly deletes: readonly RegisterWrite[];
  /** Writes that carried a context with this one in it. */
  private readonly successors = new Map<WriteId, RegisterWrite[]>();

  constructor(
    { writes }: RegisterHistory,
    private readonly byId: ReadonlyMap<WriteId, RegisterWrite>,
    private steps: number,
  ) {
    this.ended = writes.filter(({ fate }) => fate === "acknowledged").sort((a, b) => a.end - b.end);
    this.begun = writes.filter(({ fate }) => fate !== "refused").sort((a, b) => a.start - b.start);
    this.deletes = this.begun.filter(({ isDelete }) => isDelete);
    for (const write of this.begun) {
      for (const id of write.seen) {
        const known = this.successors.get(id);
        if (known === undefined) this.successors.set(id, [write]);
        else known.push(write);
      }
    }
  }

  /** The latest acknowledged write that is missing from `read` without a reason. */
  missedBy(read: RegisterRead): RegisterWrite | undefined | "unknown" {
    const { versions } = read;
    const isReturned = (write: RegisterWrite): boolean =>
      versions.length === 0 ? write.isDelete && write.start <= read.end : versions.includes(write.id);
    const isExcuse = (write: RegisterWrite): boolean =>
      isReturned(write) || (write.start <= read.end && write.end >= read.start);
    const latest = this.latestExcuse(read, isExcuse);
    for (let i = countWhere(this.ended, ({ end }) => end < read.start) - 1; i >= 0; i--) {
      const write = this.ended[i];
      // Followed by the latest excuse in time, and so are all that ended earlier.
      if (write.end < latest) return undefined;
      if (this.steps-- <= 0) return "unknown";
      if (isReturned(write)) continue;
      const followed = this.reaches(write, read.end, (later) => later.end < latest || isExcuse(later));
      if (followed === undefined) return "unknown";
      if (followed || (write.isDelete && !this.isUndone(write, versions))) continue;
      return write;
    }
    return undefined;
  }

  /** Whether something was returned, and all of it comes before `deletion`. */
  private isUndone(deletion: RegisterWrite, versions: readonly WriteId[]): boolean {
    return versions.length > 0 && versions.every((id) => this.follows(deletion, this.byId.get(id)!));
  }

  /** The latest beginning among what is returned or under way; -Infinity when there is none. */
  private latestExcuse(read: RegisterRead, isExcuse: (write: RegisterWrite) => boolean): Micros {
    let latest = -Infinity;
    for (const id of read.versions) latest = Math.max(latest, this.byId.get(id)!.start);
    if (read.versions.length === 0) {
      const deletes = countWhere(this.deletes, ({ start }) => start <= read.end);
      if (deletes > 0) latest = this.deletes[deletes - 1].start;
    }
    for (let i = countWhere(this.begun, ({ start }) => start <= read.end) - 1; i >= 0; i--) {
      const write = this.begun[i];
      if (write.start <= latest) break;
      if (this.steps-- <= 0) break;
      if (isExcuse(write)) return write.start;
    }
    return latest;
  }

  /** Whether `later` comes after `earlier`, in time or through contexts. */
  private follows(later: RegisterWrite, earlier: RegisterWrite): boolean {
    if (earlier === later) return false;
    return earlier.end < later.start || this.reaches(earlier, later.start, (write) => write === later) === true;
  }

  /** Whether a write that `accepts` is among those that saw `from`, over any number of contexts; undefined at the bound. */
  private reaches(
    from: RegisterWrite,
    latestStart: Micros,
    accepts: (write: RegisterWrite) => boolean,
  ): boolean | undefined {
    const visited = new Set<WriteId>([from.id]);
    const stack = [from];
    while (stack.length > 0) {
      for (const later of this.successors.get(stack.pop()!.id) ?? []) {
        if (visited.has(later.id) || later.start > latestStart) continue;
        if (this.steps-- <= 0) return undefined;
        if (accepts(later)) return true;
        visited.add(later.id);
        stack.push(later);
      }
    }
    return false;
  }
}

/** How many from the front of a sorted list `holds` is true of. */
function countWhere<T>(sorted: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}
