/**
 * The small core of a bad history, for people to read. Only what cannot make a good history bad may be left out: the end
 * of the story (a history that is linearizable is so at every earlier instant), reads, and writes that no read left
 * can have seen. A delete that may be what a read of nothing saw stays: without it that read would convict the store.
 */
import type { Micros } from "../record/history";
import type { RegisterHistory, RegisterRead, RegisterWrite } from "./register-history";

/** Trials at most; each is one search. */
const MOST_TRIALS = 400;

/** `isBad(history)` holds, and holds for what is returned. */
export function shrunk(history: RegisterHistory, isBad: (part: RegisterHistory) => boolean): RegisterHistory {
  let trials = 0;
  const stillBad = (part: RegisterHistory): boolean => trials++ < MOST_TRIALS && isBad(part);
  const ends = [...new Set(history.reads.map(({ end }) => end))].sort((a, b) => a - b);
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stillBad(until(history, ends[middle]))) high = middle;
    else low = middle + 1;
  }
  let core = ends.length === 0 ? history : until(history, ends[high]);
  core = { ...core, reads: without(core.reads, (reads) => stillBad({ ...core, reads })) };
  const named = new Set(core.reads.flatMap(({ versions }) => versions));
  const empty = core.reads.filter(({ versions }) => versions.length === 0);
  const needed = core.writes.filter(
    (write) => named.has(write.id) || (write.isDelete && empty.some((read) => mayExplain(write, read, history))),
  );
  const others = core.writes.filter((write) => !needed.includes(write));
  return {
    ...core,
    writes: [...needed, ...without(others, (some) => stillBad({ ...core, writes: [...needed, ...some] }))],
  };
}

/** Unless a value was written wholly between them, a read of nothing may have seen the delete. */
function mayExplain(deletion: RegisterWrite, read: RegisterRead, { writes }: RegisterHistory): boolean {
  if (deletion.start > read.end) return false;
  return !writes.some(
    ({ fate, isDelete, start, end }) =>
      fate === "acknowledged" && !isDelete && deletion.end < start && end < read.start,
  );
}

/** What was known at `instant`: a write still open then may or may not have happened. */
function until(history: RegisterHistory, instant: Micros): RegisterHistory {
  return {
    reads: history.reads.filter(({ end }) => end <= instant),
    writes: history.writes
      .filter(({ start }) => start <= instant)
      .map((write) =>
        write.fate === "acknowledged" && write.end > instant
          ? { ...write, end: Infinity, fate: "indefinite" as const }
          : write,
      ),
  };
}

/** Leaves out ever smaller pieces as long as `keeps` holds of the rest. */
function without<T>(items: readonly T[], keeps: (rest: readonly T[]) => boolean): readonly T[] {
  let rest = items;
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < rest.length;) {
      const fewer = [...rest.slice(0, at), ...rest.slice(at + size)];
      if (keeps(fewer)) rest = fewer;
      else at += size;
    }
  }
  return rest;
}
