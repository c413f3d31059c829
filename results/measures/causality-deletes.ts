/**
 * Deleted versions that came back. A read that returns a version which an acknowledged delete had replaced is, as a rule, only
 * stale: with R = 1 it asked a replica that the delete had not reached yet, and an earlier read that had already seen the delete
 * proves nothing, since it asked another. Two things do prove it. Either an inspection after the delete had reached every primary
 * and found the version at none, and a later read returned it. Or it is there at the end and nothing that replaced it is: the delete is forgotten
 * and the version is not. Until then such a read is a suspect.
 */
import type { OperationRecord, Snapshot, WriteId } from "../record/history";
import { type JudgedKey, type KeyAtEnd, type Suspect, Verdicts } from "./causality-key";
import type { HeldWrite } from "./causality-past";

/** Versions suspected of having come back, over all keys. */
const MOST_SUSPECTS = 65_536;

export interface Resurrection {
  readonly key: JudgedKey;
  readonly suspect: Omit<Suspect, "reads">;
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
    const versions = read.versions.map((id) => past.hold(id));
    const deletes = past.held.filter(({ write }) => write?.isDelete === true && write.end < read.start);
    let waitsFor: WriteId | undefined;
    let unknown = false;
    for (const version of versions) {
      // An id that is no longer held: who replaced it is forgotten too.
      if (version === undefined || past.forgottenDelete > (version.write?.start ?? -Infinity)) unknown = true;
      if (version === undefined) continue;
      for (const one of deletes) {
        const answer = past.precedes(version, one);
        if (answer === "yes") {
          this.suspect(key, read, version, one);
          return undefined;
        }
        if (answer === "unknown") unknown = true;
        else if (answer !== "no") waitsFor ??= answer;
      }
    }
    if (waitsFor !== undefined && !lastCall) return waitsFor;
    if (unknown || waitsFor !== undefined) this.verdicts.undecided++;
    else this.verdicts.judged++;
    return undefined;
  }

  /** What the final inspection says of the suspects. */
  finish(atEnd: (key: JudgedKey) => KeyAtEnd | undefined): void {
    for (const key of this.suspected) {
      for (const suspect of key.suspects!.values()) {
        const verdict = suspectAtEnd(key, suspect, atEnd(key));
        if (verdict === "undecided") this.verdicts.undecided += suspect.reads;
        else this.verdicts.judged += suspect.reads;
        if (verdict !== "resurrected") continue;
        this.verdicts.count += suspect.reads;
        this.found({ key, suspect, shown: "end" });
      }
    }
  }

  private suspect(key: JudgedKey, read: OperationRecord, version: HeldWrite, by: HeldWrite): void {
    const suspect = { deleted: version.id, by: by.id, read: read.id, at: read.end };
    const { inspection } = key;
    const gone =
      inspection !== undefined &&
      inspection.began > by.write!.end &&
      inspection.ended < read.start &&
      !inspection.found.has(version.id);
    if (gone) {
      this.verdicts.judged++;
      this.verdicts.count++;
      if (this.told.size < MOST_SUSPECTS && !this.told.has(version.id)) {
        this.told.add(version.id);
        this.found({ key, suspect, shown: "inspection" });
      }
      return;
    }
    if (key.suspects === undefined) {
      key.suspects = new Map();
      this.suspected.push(key);
    }
    const known = key.suspects.get(version.id);
    if (known !== undefined) known.reads++;
    else if (this.suspects >= MOST_SUSPECTS) this.verdicts.undecided++;
    else {
      this.suspects++;
      key.suspects.set(version.id, { ...suspect, reads: 1 });
    }
  }
}

function suspectAtEnd(
  { past }: JudgedKey,
  { deleted }: Suspect,
  end: KeyAtEnd | undefined,
): "resurrected" | "stale" | "undecided" {
  if (end === undefined) return "undecided";
  const version = past.find(deleted);
  let unknown = false;
  for (const id of end.found) {
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
