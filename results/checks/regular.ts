/**
 * Is a history of one register regular (Lamport, "On interprocess communication", 1986; for several writers the weak form
 * of Shao, Welch, Pierce and Lee, SIAM J. Comput. 2011)? A read returns a write that it overlaps, or one that no
 * other acknowledged write came wholly after, and wholly before the read. Reads are judged one by one: two reads may see two overlapping
 * writes in either order, which is what a linearizable register forbids and what quorums with R + W > N leave open.
 *
 * A write of unknown outcome overlaps everything after its beginning. A read of nothing saw the initial state or a
 * delete, whichever excuses it. "Before" is strict to the microsecond.
 */
import type { Micros } from "../record/history";
import { impossibleReads } from "./impossible-reads";
import { writesById, type RegisterHistory, type RegisterRead, type RegisterWrite } from "./register-history";
import { no, shortly, unknown, type Verdict } from "./verdict";

/** Why a history with siblings is not one that a register could have. */
export const SIBLINGS = "siblings: a read returned more than one version, which a register never does";

export function checkRegular(history: RegisterHistory): Verdict {
  if (history.reads.some(({ versions }) => versions.length > 1)) return unknown(SIBLINGS);
  const byId = writesById(history);
  const impossible = impossibleReads(history, byId);
  if (impossible !== undefined) return impossible;
  const acknowledged = history.writes.filter(({ fate }) => fate === "acknowledged");
  const latestOf = leading(
    acknowledged,
    ({ end }) => end,
    ({ start }) => start,
  );
  const deletes = history.writes.filter(({ isDelete, fate }) => isDelete && fate !== "refused");
  const excuseOf = leading(
    deletes,
    ({ start }) => start,
    ({ end }) => end,
  );
  let first:
    | { readonly read: RegisterRead; readonly seen: RegisterWrite | undefined; readonly missed: RegisterWrite }
    | undefined;
  let offending = 0;
  for (const read of history.reads) {
    const missed = latestOf(read.start, "before");
    if (missed === undefined) continue;
    const seen = read.versions.length === 0 ? excuseOf(read.end, "until") : byId.get(read.versions[0])!;
    if (seen !== undefined && seen.end >= missed.start) continue;
    offending++;
    if (first === undefined || read.end < first.read.end) first = { read, seen, missed };
  }
  if (first === undefined) return { verdict: "yes" };
  const { read, seen, missed } = first;
  const operations = seen === undefined ? [missed, read] : [seen, missed, read];
  const older = seen === undefined ? "" : `began after ${shortly(seen)} had ended, and `;
  const because = `${shortly(read)} missed ${shortly(missed)}, which ${older}ended before the read began`;
  return no(because, operations, offending);
}

/** Of the writes whose `at` lies before (or not after) an instant, the one with the greatest `rank`. */
function leading(
  writes: readonly RegisterWrite[],
  at: (write: RegisterWrite) => Micros,
  rank: (write: RegisterWrite) => Micros,
): (instant: Micros, side: "before" | "until") => RegisterWrite | undefined {
  const sorted = [...writes].sort((a, b) => at(a) - at(b) || a.operation - b.operation);
  const best: RegisterWrite[] = [];
  for (const write of sorted) {
    const previous = best[best.length - 1];
    best.push(previous === undefined || rank(write) > rank(previous) ? write : previous);
  }
  return (instant, side) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const position = at(sorted[middle]);
      if (side === "before" ? position < instant : position <= instant) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : best[low - 1];
  };
}
