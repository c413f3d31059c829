/**
 * One key's writes, as far back as staleness needs them, and the judgement of one read against them. The definition:
 * a read is stale when some acknowledged write w ended before the read began and every version returned comes before w,
 * in the recorded causal past (transitively through `seen`) or in real time (its write ended before w started). "Before" is strict to
 * the microsecond: when in doubt, not stale. One tie is no doubt: a session's read that begins at the very instant its own write
 * ended comes after it, as in virtual time a probe at t = 0 does. A version concurrent with w makes the read fresh with respect to w. A write that is not
 * acknowledged makes no read stale and never comes before anything in real time: its end is unknown.
 *
 * A read that returned nothing is judged as if it had returned the tombstone of every delete of the key that may
 * have happened by its end; without a delete, any acknowledged write makes it stale. A delete itself never does.
 *
 * Of many writes the oldest are folded into bounds on when they started and ended. Where the bounds decide, the
 * judgement is the same as with the whole history; where they do not, it says so instead of guessing.
 */
import type { Micros, WriteId } from "../record/history";

export interface KeyWrite {
  readonly id: WriteId;
  readonly session: number;
  readonly start: Micros;
  /** Infinity unless acknowledged. */
  readonly end: Micros;
  readonly isDelete: boolean;
  readonly seen: readonly WriteId[];
}

export interface KeyRead {
  readonly start: Micros;
  readonly end: Micros;
  readonly versions: readonly WriteId[];
  readonly session: number;
}

export type Judgement =
  /** No acknowledged write ended before the read began. */
  | { readonly kind: "unwritten" }
  /** The writes that decide it are no longer held. */
  | { readonly kind: "undecided" }
  | {
      readonly kind: "judged";
      readonly stale: boolean;
      /** Acknowledged writes that make it stale, and the end of the earliest of them (Infinity when fresh). */
      readonly behind: number;
      readonly missedSince: Micros;
      /** False: `behind` is a lower bound and `missedSince` an upper one, because older writes are no longer held. */
      readonly exact: boolean;
      /** End of the latest acknowledged write before the read. */
      readonly latestEnd: Micros;
      /** A write that has not ended yet may change this: judge again when it has. */
      readonly waiting: boolean;
    };

/** Writes of one key held at least; twice as many before the older half is folded. */
export const WRITES_HELD = 64;

type Before = "yes" | "no" | "pending" | "unknown";

/** A version as far as its write is known. */
type Returned =
  | { readonly kind: "held"; readonly write: KeyWrite }
  | { readonly kind: "folded" }
  | { readonly kind: "open"; readonly id: WriteId };

function endedBefore(write: KeyWrite, read: KeyRead): boolean {
  return write.end < read.start || (write.end === read.start && write.session === read.session);
}

export class KeyHistory {
  /** In order of completion. */
  private writes: KeyWrite[] = [];
  /** Of acknowledged writes no longer held. */
  private folded = 0;

  private foldedMaxStart = -Infinity;
  private foldedMaxEnd = -Infinity;
  private foldedFirstEnd = Infinity;
  /** Unacknowledged writes no longer held: their ends are unknown for ever. */
  private foldedUnacknowledged = 0;
  /** A delete, acknowledged or not, is among those no longer held. */
  private foldedDelete = false;

  /** `write` has ended; a definite failure is never added. Returns how many fewer or more writes are held. */
  add(write: KeyWrite, held: number = WRITES_HELD): number {
    const before = this.writes.length;
    this.writes.push(write);
    if (this.writes.length > 2 * held) this.fold(held);
    return this.writes.length - before;
  }

  find(id: WriteId): KeyWrite | undefined {
    for (let i = this.writes.length - 1; i >= 0; i--) if (this.writes[i].id === id) return this.writes[i];
    return undefined;
  }

  /**
   * Judges a read against the writes known now. `ended` tells whether a write has ended; with `lastCall` what is still open counts as
   * never ending, and the answer is not `waiting`.
   */
  judge(read: KeyRead, ended: (id: WriteId) => boolean, lastCall: boolean): Judgement {
    if (this.folded > 0 && this.foldedMaxEnd >= read.start) return { kind: "undecided" };
    const empty = read.versions.length === 0;
    const returned = empty ? this.deletesBy(read.end) : read.versions.map((id) => this.resolve(id, ended));
    let behind = 0;
    let missedSince = Infinity;
    let latestEnd = this.foldedMaxEnd;
    let pending = false;
    let unknown = false;
    for (const write of this.writes) {
      if (!endedBefore(write, read)) continue;
      if (write.end > latestEnd) latestEnd = write.end;
      const before = this.allBefore(returned, write, ended);
      if (before === "yes") {
        behind++;
        if (write.end < missedSince) missedSince = write.end;
      } else if (before === "pending") pending = true;
      else if (before === "unknown") unknown = true;
    }
    if (latestEnd === -Infinity) return { kind: "unwritten" };
    if (this.folded > 0) {
      const before = this.allBeforeFolded(returned);
      if (before === "yes") {
        behind += this.folded;
        if (this.foldedFirstEnd < missedSince) missedSince = this.foldedFirstEnd;
      } else if (before === "pending") pending = true;
      else if (before === "unknown") unknown = true;
    }
    const stale = behind > 0;
    const waiting = !lastCall && (pending || (empty && stale));
    if (!stale && unknown && !waiting) return { kind: "undecided" };
    return { kind: "judged", stale, behind, missedSince, exact: !unknown, latestEnd, waiting };
  }

  private resolve(id: WriteId, ended: (id: WriteId) => boolean): Returned {
    const write = this.find(id);
    if (write !== undefined) return { kind: "held", write };
    const mayBeFolded = this.folded + this.foldedUnacknowledged > 0 && ended(id);
    return mayBeFolded ? { kind: "folded" } : { kind: "open", id };
  }

  /** Among them every acknowledged delete that ended before the read began, so that no delete makes an empty answer stale. */
  private deletesBy(end: Micros): Returned[] {
    const deletes: Returned[] = this.foldedDelete ? [{ kind: "folded" }] : [];
    for (const write of this.writes) if (write.isDelete && write.start < end) deletes.push({ kind: "held", write });
    return deletes;
  }

  private allBefore(returned: readonly Returned[], write: KeyWrite, ended: (id: WriteId) => boolean): Before {
    let all: Before = "yes";
    for (const version of returned) {
      const one = this.before(version, write, ended);
      if (one === "no") return "no";
      if (one === "pending" || all === "yes") all = one;
    }
    return all;
  }

  private before(version: Returned, write: KeyWrite, ended: (id: WriteId) => boolean): Before {
    switch (version.kind) {
      case "held":
        if (version.write === write) return "no";
        if (version.write.end < write.start) return "yes";
        // What started later cannot have been seen.
        if (version.write.start >= write.start) return "no";
        return this.inPast(write, version.write.id, version.write.start, ended);
      case "folded":
        return this.foldedUnacknowledged === 0 && this.foldedMaxEnd < write.start ? "yes" : "unknown";
      case "open":
        return this.inPast(write, version.id, -Infinity, ended);
    }
  }

  /** Is `id`, started at `start`, in the causal past of `write`? */
  private inPast(write: KeyWrite, id: WriteId, start: Micros, ended: (id: WriteId) => boolean): Before {
    if (write.seen.length === 0) return "no";
    const visited = new Set<WriteId>();
    const stack = [...write.seen];
    let answer: Before = "no";
    while (stack.length > 0) {
      const seen = stack.pop()!;
      if (seen === id) return "yes";
      if (visited.has(seen)) continue;
      visited.add(seen);
      const known = this.find(seen);
      if (known !== undefined) {
        if (known.start > start) stack.push(...known.seen);
      } else if (!ended(seen)) answer = "pending";
      else if (answer === "no" && this.foldedMaxStart > start) answer = "unknown";
    }
    return answer;
  }

  /** Do all versions come before each of the folded acknowledged writes? */
  private allBeforeFolded(returned: readonly Returned[]): Before {
    let all: Before = "yes";
    for (const version of returned) {
      if (version.kind === "held" && version.write.start >= this.foldedMaxStart) return "no";
      // An open version that ends soon will show when it started.
      if (version.kind === "open") all = "pending";
      else if (all === "yes") all = "unknown";
    }
    return all;
  }

  /** Keeps the newest writes. Unacknowledged ones, of which only the id can be compared, are kept as long as there are few. */
  private fold(held: number): void {
    const surplus = this.writes.length - held;
    let unacknowledged = this.writes.reduce((count, write) => count + (write.end === Infinity ? 1 : 0), 0);
    let dropped = 0;
    this.writes = this.writes.filter((write) => {
      if (dropped >= surplus) return true;
      if (write.end === Infinity) {
        if (unacknowledged <= held / 2) return true;
        unacknowledged--;
        this.foldedUnacknowledged++;
      } else {
        this.folded++;
        this.foldedFirstEnd = Math.min(this.foldedFirstEnd, write.end);
        this.foldedMaxEnd = Math.max(this.foldedMaxEnd, write.end);
      }
      if (write.isDelete) this.foldedDelete = true;
      this.foldedMaxStart = Math.max(this.foldedMaxStart, write.start);
      dropped++;
      return false;
    });
  }
}
