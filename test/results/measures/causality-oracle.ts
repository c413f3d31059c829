/**
 * The dumb twin of the measure of causality: sets of write ids over the whole history at once. Every past is a closure computed anew, nothing
 * is forgotten, nothing arrives in any order. Quadratic and worse.
 */
import { certaintyOf, type OperationRecord, type Snapshot } from "../../../results/record/history";

export interface Truth {
  readonly lost: number[];
  readonly missed: number[];
  readonly dominated: number[];
  readonly acknowledged: number;
  readonly undecided: number[];
  readonly falsePairs: number;
  readonly readsWithFalsePairs: number;
  readonly readsWithVersions: number;
  readonly resurrected: number;
  readonly readsOfDeleted: number;
  readonly wentBack: number;
  readonly judgedForGoingBack: number;
  readonly missedOwn: number;
  readonly judgedForOwn: number;
}

const isWrite = (one: OperationRecord): boolean => one.writeId !== 0;

export function causalTruth(history: readonly OperationRecord[], final: Snapshot): Truth {
  const writes = history.filter((one) => isWrite(one) && certaintyOf(one.outcome) !== "definite");
  const byId = new Map(writes.map((write) => [write.writeId, write]));
  const pasts = new Map<number, Set<number>>();
  const past = (id: number): Set<number> => {
    const known = pasts.get(id);
    if (known !== undefined) return known;
    const all = new Set<number>();
    const next = [...(byId.get(id)?.seen ?? [])];
    for (let one = next.pop(); one !== undefined; one = next.pop()) {
      if (all.has(one)) continue;
      all.add(one);
      next.push(...(byId.get(one)?.seen ?? []));
    }
    pasts.set(id, all);
    return all;
  };
  const covered = new Set(writes.flatMap(({ seen }) => seen));

  const lost: number[] = [];
  const missed: number[] = [];
  const dominated: number[] = [];
  const undecided: number[] = [];
  let acknowledged = 0;
  for (const { key, replicas } of final.keys) {
    const held = new Set(replicas.flatMap((replica) => (replica === "unreachable" ? [] : [...replica])));
    for (const write of writes.filter((one) => one.key === key && one.outcome === "ok")) {
      acknowledged++;
      const id = write.writeId;
      if (covered.has(id) || held.has(id)) continue;
      const before = [...held].filter((survivor) => past(id).has(survivor));
      if (replicas.includes("unreachable")) undecided.push(id);
      else if (write.kind !== "delete" || before.some((one) => byId.get(one)?.kind !== "delete")) {
        lost.push(id);
        if (before.length < held.size) missed.push(id);
        else if (before.length > 0) dominated.push(id);
      }
    }
  }

  const measured = history.filter(
    (one) => one.kind === "read" && one.outcome === "ok" && one.phase === "measure" && one.versions.length > 0,
  );
  let falsePairs = 0;
  let readsWithFalsePairs = 0;
  for (const { versions } of measured) {
    const pairs = versions.flatMap((a) => versions.filter((b) => past(b).has(a))).length;
    falsePairs += pairs;
    if (pairs > 0) readsWithFalsePairs++;
  }

  let resurrected = 0;
  let readsOfDeleted = 0;
  let readsUndecided = 0;
  for (const read of measured) {
    const deletes = writes.filter((one) => one.kind === "delete" && one.key === read.key && one.outcome === "ok");
    // Deletes that are told of before the read; which of them ended before it began is asked of each version.
    if (!deletes.some(({ end, id }) => end < read.end || (end === read.end && id < read.id))) continue;
    readsOfDeleted++;
    const deleted = read.versions.filter(
      (version) =>
        byId.get(version)?.kind !== "delete" &&
        deletes.some(({ end, writeId }) => end < read.start && past(writeId).has(version)),
    );
    const replicas = final.keys.find(({ key }) => key === read.key)?.replicas ?? ["unreachable" as const];
    const held = new Set(replicas.flatMap((replica) => (replica === "unreachable" ? [] : [...replica])));
    const forgotten = deleted.filter((version) => ![...held].some((id) => past(id).has(version)));
    if (forgotten.length > 0 && replicas.includes("unreachable")) readsUndecided++;
    else if (forgotten.some((version) => held.has(version))) resurrected++;
  }

  let [wentBack, judgedForGoingBack, missedOwn, judgedForOwn] = [0, 0, 0, 0];
  const reads = history.filter((one) => one.kind === "read" && one.outcome === "ok" && one.phase !== "load");
  const places = new Map(history.map((one, place) => [one, place]));
  for (const read of reads.filter(({ phase }) => phase === "measure")) {
    const mine = (one: OperationRecord): boolean =>
      one.key === read.key && one.session === read.session && places.get(one)! < places.get(read)!;
    const behind = (id: number): boolean => {
      const isBefore = (version: number): boolean => {
        const [a, b] = [byId.get(version), byId.get(id)];
        if (version === id) return false;
        if (past(id).has(version)) return true;
        return a !== undefined && b !== undefined && a.outcome === "ok" && a.end < b.start;
      };
      const versions =
        read.versions.length > 0
          ? read.versions
          : writes
              .filter((one) => one.kind === "delete" && one.key === read.key && one.start < read.end)
              .map(({ writeId }) => writeId);
      return versions.every(isBefore);
    };
    const previous = reads.filter(mine).at(-1);
    if (previous !== undefined && previous.end <= read.start && previous.versions.length > 0) {
      judgedForGoingBack++;
      if (previous.versions.some(behind)) wentBack++;
    }
    const own = writes.filter((one) => mine(one) && one.outcome === "ok" && one.phase !== "load").at(-1);
    if (own !== undefined && own.end <= read.start) {
      judgedForOwn++;
      if (behind(own.writeId)) missedOwn++;
    }
  }
  return {
    lost,
    missed,
    dominated,
    acknowledged,
    undecided,
    falsePairs,
    readsWithFalsePairs,
    readsWithVersions: measured.length,
    resurrected,
    readsOfDeleted: readsOfDeleted - readsUndecided,
    wentBack,
    judgedForGoingBack,
    missedOwn,
    judgedForOwn,
  };
}
