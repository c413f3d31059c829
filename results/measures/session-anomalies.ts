/**
 * What one session sees of one key over time, against two of the session guarantees of Terry and others ("Session Guarantees
 * for Weakly Consistent Replicated Data", PDIS 1994). A read *goes back* when every version it returned comes before one that the same
 * session's previous read of the key had returned; it *misses the session's own write* when every version it returned comes before the
 * latest write of the key that the session had been told had succeeded. "Before" as for stale reads: in the recorded causal past, or
 * acknowledged before the other began. A version concurrent with what is missed proves nothing: when in doubt, neither.
 *
 * An empty answer is judged as if it had brought the tombstone of every delete that may have happened by its end. One view a session
 * and key is kept, the latest; reads whose session's view has been forgotten, or which overlap it, are not judged at all.
 */
import type { Micros, OperationRecord, WriteId } from "../record/history";
import { Verdicts } from "./causality-key";
import type { CausalPast, EndedWrite, Precedes } from "./causality-past";
import { WINDOWS } from "./fault-times";

/** Of all sessions and keys, about 150 bytes each; beyond it the oldest is forgotten. */
const MOST_VIEWS = 500_000;
const MOST_KEYS = 2 ** 32;

interface View {
  versions: readonly WriteId[];
  readEnded: Micros;
  write: WriteId;
  writeEnded: Micros;
}

/** What a read is held to. */
export interface SessionQuestion {
  /** What the session's previous read had returned; undefined: nothing to compare with, or judged. */
  previous: readonly WriteId[] | undefined;
  own: WriteId | undefined;
}

/** A write, or any write of the key, that has to end first. */
export type Pending = WriteId | "any";

export class SessionAnomalies {
  readonly wentBack = new Verdicts();
  readonly missedOwn = new Verdicts();
  /** The same by window of the read's beginning, in the order of `WINDOWS`. */
  readonly byWindow = WINDOWS.map(() => ({ wentBack: new Verdicts(), missedOwn: new Verdicts() }));
  private readonly views = new Map<number, View>();

  constructor(private readonly mostViews: number = MOST_VIEWS) {}

  /** An acknowledged write. */
  wrote({ id, end, session }: EndedWrite, key: number): void {
    const view = this.viewOf(session, key);
    if (end < view.writeEnded) return;
    view.write = id;
    view.writeEnded = end;
  }

  /** A read has ended. What it is to be held to, if anything. */
  read(operation: OperationRecord, key: number): SessionQuestion | undefined {
    const { session, start, end, versions } = operation;
    const view = this.viewOf(session, key);
    const previous = view.readEnded <= start && view.versions.length > 0 ? view.versions : undefined;
    // At the very instant its write ended a session has seen it end.
    const own = view.write !== 0 && view.writeEnded <= start ? view.write : undefined;
    if (end >= view.readEnded) {
      view.versions = versions;
      view.readEnded = end;
    }
    return previous === undefined && own === undefined ? undefined : { previous, own };
  }

  /** Counts what is decided and strikes it out of the question. */
  judge(
    question: SessionQuestion,
    read: OperationRecord,
    past: CausalPast,
    lastCall: boolean,
    window: number,
  ): Pending | undefined {
    const { wentBack, missedOwn } = this.byWindow[window];
    let pending: Pending | undefined;
    if (question.previous !== undefined) {
      const missed = missingOf(question.previous, read.versions);
      pending = settle([this.wentBack, wentBack], missed, read, past, lastCall);
      if (pending === undefined) question.previous = undefined;
    }
    if (question.own !== undefined) {
      const waits = settle([this.missedOwn, missedOwn], missingOf([question.own], read.versions), read, past, lastCall);
      if (waits === undefined) question.own = undefined;
      pending ??= waits;
    }
    return pending;
  }

  private viewOf(session: number, key: number): View {
    const place = session * MOST_KEYS + key;
    let view = this.views.get(place);
    if (view === undefined) {
      view = { versions: [], readEnded: -Infinity, write: 0, writeEnded: -Infinity };
      if (this.views.size >= this.mostViews) this.views.delete(this.views.keys().next().value!);
      this.views.set(place, view);
    }
    return view;
  }
}

function settle(
  each: readonly Verdicts[],
  missed: readonly WriteId[],
  read: OperationRecord,
  past: CausalPast,
  lastCall: boolean,
): Pending | undefined {
  let unknown = false;
  let pending: Pending | undefined;
  for (const write of missed) {
    const answer = allBefore(read, write, past);
    if (answer === "yes") {
      // A delete that explains an empty answer may not have ended yet.
      if (read.versions.length === 0 && !lastCall) return "any";
      for (const verdicts of each) {
        verdicts.count++;
        verdicts.judged++;
      }
      return undefined;
    }
    if (answer === "unknown") unknown = true;
    else if (answer !== "no") pending = answer;
  }
  if (pending !== undefined && !lastCall) return pending;
  for (const verdicts of each) {
    if (unknown || pending !== undefined) verdicts.undecided++;
    else verdicts.judged++;
  }
  return undefined;
}

/** Do all versions that the read returned come before `write`? */
function allBefore(read: OperationRecord, write: WriteId, past: CausalPast): Precedes {
  if (read.versions.length === 0) return deletesBefore(read, write, past);
  let all: Precedes = "yes";
  for (let i = read.versions.length - 1; i >= 0; i--) {
    const answer = past.isBefore(read.versions[i], write);
    if (answer === "no") return "no";
    if (answer !== "yes" && typeof all !== "number") all = answer;
  }
  return all;
}

function deletesBefore(read: OperationRecord, write: WriteId, past: CausalPast): Precedes {
  let all: Precedes = past.forgottenDeletesBefore(write);
  // Asking for a write may give it a place: not while going through them.
  for (const { id, write: made } of [...past.held]) {
    if (made?.isDelete !== true || made.start >= read.end) continue;
    const answer = past.isBefore(id, write);
    if (answer === "no") return "no";
    if (answer !== "yes" && typeof all !== "number") all = answer;
  }
  return all;
}

/** Those of `before` that are not in `now`; both usually in one order. */
function missingOf(before: readonly WriteId[], now: readonly WriteId[]): readonly WriteId[] {
  let at = 0;
  let missing: WriteId[] | undefined;
  for (const id of before) {
    if (now[at] !== id) {
      const found = now.indexOf(id);
      if (found < 0) {
        if (id !== 0) (missing ??= []).push(id);
        continue;
      }
      at = found;
    }
    at++;
  }
  return missing ?? NONE;
}

const NONE: readonly WriteId[] = [];
