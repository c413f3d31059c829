/**
 * The dumb twin of the staleness measure: the definition, written down over the whole history at once. For every read all
 * writes of its key, for every write the whole closure of what it had seen. Quadratic and worse; no window, no order of arrival.
 */
import { certaintyOf, type OperationRecord } from "../../../results/record/history";

export interface OracleVerdict {
  readonly read: OperationRecord;
  readonly written: boolean;
  readonly stale: boolean;
  readonly behind: number;
  /** From the end of the latest acknowledged write to the beginning of the read. */
  readonly sinceLatestMicros: number;
  readonly missedForMicros: number;
}

export function judgeAll(history: readonly OperationRecord[]): OracleVerdict[] {
  const writes = history.filter((one) => one.writeId !== 0 && certaintyOf(one.outcome) !== "definite");
  const byId = new Map(writes.map((write) => [write.writeId, write]));

  const past = (write: OperationRecord): Set<number> => {
    const all = new Set<number>();
    const visit = (ids: readonly number[]): void => {
      for (const id of ids) {
        if (all.has(id)) continue;
        all.add(id);
        visit(byId.get(id)?.seen ?? []);
      }
    };
    visit(write.seen);
    return all;
  };
  const isBefore = (version: number, write: OperationRecord): boolean => {
    if (past(write).has(version)) return true;
    const made = byId.get(version);
    return made !== undefined && made.outcome === "ok" && made.end < write.start;
  };

  return history
    .filter((one) => one.kind === "read" && one.outcome === "ok" && one.phase === "measure")
    .map((read) => {
      const ofKey = writes.filter((write) => write.key === read.key);
      // A session's own write comes before its next operation, also where no time passes between the two.
      const acknowledged = ofKey.filter(
        ({ outcome, end, session }) =>
          outcome === "ok" && (end < read.start || (end === read.start && session === read.session)),
      );
      const empty = read.versions.length === 0;
      const returned = empty
        ? ofKey.filter((write) => write.kind === "delete" && write.start < read.end).map((write) => write.writeId)
        : read.versions;
      const missed = acknowledged.filter(
        (write) => !(empty && write.kind === "delete") && returned.every((version) => isBefore(version, write)),
      );
      return {
        read,
        written: acknowledged.length > 0,
        stale: missed.length > 0,
        behind: missed.length,
        sinceLatestMicros: read.start - Math.max(...acknowledged.map((write) => write.end)),
        missedForMicros: read.start - Math.min(...missed.map((write) => write.end)),
      };
    });
}
