/**
 * Deleted values that came back. A read that returns a value which an acknowledged delete had replaced is, as a rule, only
 * stale: with R = 1 it asked a replica that the delete had not reached yet, and an earlier read that had already seen the delete
 * proves nothing, since it asked another. Two things do prove it. Either an inspection after the delete had reached every primary
 * and found the version at none, and a later read returned it. Or it is there at the end and nothing that replaced it is: the delete is forgotten
 * and the version is not. Until then such a read is a suspect.
 */
import type { Micros, OperationRecord, Snapshot, WriteId } from "../record/history";
import { type DeletedVersion, type JudgedKey, type KeyAtEnd, Verdicts } from "./causality-key";
import type { CausalPast, HeldWrite } from "./causality-past";

/** Versions suspected of having come back, over all keys. */
const MOST_SUSPECTS = 65_536;

export interface Resurrection extends DeletedVersion {
  readonly key: JudgedKey;
  readonly read: number;
  readonly at: Micros;
  readonly shown: "inspection" | "end";
}

export class ResurrectedDeletes {
  readonly verdicts = new Verdicts();
  private readonly suspected: JudgedKey[] = [];
  private suspects = 0;
  /** Told of each version that came back, the first time. */
  private readonly found: (resurrection: Resurrection) => void;
  private readonly told = new Set<WriteId>();

  constructor(found: (resurrection: Resurrection) => void) {
    this.found = found;
  }

  /** Remembers what replicas hold of keys with deletes. */
  snapshot({ at, tookMicros, final, keys }: Snapshot, keyOf: (name: string) => JudgedKey | undefined): void {
    if (final) return;
    for (const { key, busy, replicas } of keys) {
      const state = keyOf(key);
      if (state === undefined || state.deletes === 0 || busy) continue;
      const found = new Set<WriteId>();
      let all = replicas.length > 0;
      for (const replica of replicas) {
        if (replica === "unreachable") all = false;
        else for (const id of replica) found.add(id);
      }
      if (all) state.inspection = { began: at, ended: at + tookMicros, found };
    }
  }

  /** Judges a read that found something; answers with an open write that has to end first. */
  judge(key: JudgedKey, read: OperationRecord, lastCall: boolean): WriteId | undefined {
    const { past } = key;
    const versions = past.holdAll(read.versions);
    const deletes = past.held.filter(({ write }) => write?.isDelete === true && write.end < read.start);
    const deleted: DeletedVersion[] = [];
    let waitsFor: WriteId | undefined;
    let more = false;
    for (const version of versions) {
      const answer = version === undefined ? "unknown" : deletedBy(version, deletes, past);
      if (typeof answer === "number") waitsFor ??= answer;
      else if (answer === "unknown") more = true;
      else if (answer !== "no") deleted.push({ deleted: version!.id, by: answer.id });
    }
    if (waitsFor !== undefined && !lastCall) return waitsFor;
    more ||= waitsFor !== undefined;
    if (deleted.length > 0) this.suspect(key, read, deleted, more);
    else if (more) this.verdicts.undecided++;
    else this.verdicts.judged++;
    return undefined;
  }

  /** What the final inspection says of the suspects. */
  finish(atEnd: (key: JudgedKey) => KeyAtEnd | undefined): void {
    for (const key of this.suspected) {
      const end = atEnd(key);
      for (const { versions, more, reads, read, at } of key.suspects!.values()) {
        const verdicts = versions.map((version) => verdictAtEnd(key, version, end));
        const back = verdicts.indexOf("resurrected");
        if (back >= 0) {
          this.verdicts.judged += reads;
          this.verdicts.count += reads;
          this.found({ key, ...versions[back], read, at, shown: "end" });
        } else if (more || verdicts.includes("undecided")) this.verdicts.undecided += reads;
        else this.verdicts.judged += reads;
      }
    }
  }

  private suspect(key: JudgedKey, read: OperationRecord, versions: readonly DeletedVersion[], more: boolean): void {
    const gone = versions.find((version) => wasGone(key, version, read.start));
    if (gone !== undefined) {
      this.verdicts.judged++;
      this.verdicts.count++;
      if (this.told.size < MOST_SUSPECTS && !this.told.has(gone.deleted)) {
        this.told.add(gone.deleted);
        this.found({ key, ...gone, read: read.id, at: read.end, shown: "inspection" });
      }
      return;
    }
    if (key.suspects === undefined) {
      key.suspects = new Map();
      this.suspected.push(key);
    }
    const which = `${more ? "+" : ""}${versions.map(({ deleted }) => deleted).join()}`;
    const known = key.suspects.get(which);
    if (known !== undefined) known.reads++;
    else if (this.suspects >= MOST_SUSPECTS) this.verdicts.undecided++;
    else {
      this.suspects++;
      key.suspects.set(which, { versions, more, read: read.id, at: read.end, reads: 1 });
    }
  }
}

/** The delete that had replaced `version`, or why there is none. */
function deletedBy(
  version: HeldWrite,
  deletes: readonly HeldWrite[],
  past: CausalPast,
): HeldWrite | "no" | "unknown" | WriteId {
  // An older tombstone brings nothing back; of an open write it is not known yet whether it is one.
  if (version.write === undefined) return version.id;
  if (version.write.isDelete) return "no";
  let answer: "no" | "unknown" | WriteId = "no";
  for (const one of deletes) {
    const precedes = past.precedes(version, one);
    if (precedes === "yes") return one;
    if (precedes !== "no" && typeof answer !== "number") answer = precedes;
  }
  // A delete that is no longer held may have replaced what is older than it.
  if (answer === "no" && past.forgottenDelete > version.write.start) return "unknown";
  return answer;
}

/** An inspection between delete and read had reached every primary and found the version at none. */
function wasGone({ inspection, past }: JudgedKey, { deleted, by }: DeletedVersion, readBegan: Micros): boolean {
  if (inspection === undefined || inspection.found.has(deleted)) return false;
  const end = past.find(by)?.write?.end ?? Infinity;
  return inspection.began > end && inspection.ended < readBegan;
}

function verdictAtEnd(
  { past }: JudgedKey,
  { deleted }: DeletedVersion,
  end: KeyAtEnd | undefined,
): "resurrected" | "stale" | "undecided" {
  if (end === undefined) return "undecided";
  const version = past.find(deleted);
  let unknown = false;
  // A tombstone on its way home in a hint is known too.
  for (const id of [...end.found, ...end.hinted]) {
    if (id === deleted) continue;
    const other = past.find(id);
    const answer = version === undefined || other === undefined ? "unknown" : past.precedes(version, other);
    // What replaced it is still known somewhere: at worst its replicas differ.
    if (answer === "yes") return "stale";
    if (answer !== "no") unknown = true;
  }
  if (!end.found.has(deleted)) return end.allReached ? "stale" : "undecided";
  return unknown || !end.allReached ? "undecided" : "resurrected";
}
