/**
 * Reads that no store of any consistency may answer so: a version that nobody wrote, one whose write was refused for
 * certain, and one whose write began only after the read had ended. Every check looks for these first.
 */
import type { WriteId } from "../record/history";
import type { RegisterHistory, RegisterRead, RegisterWrite } from "./register-history";
import { nameOf, no, type Verdict } from "./verdict";

/** The first such read by its end, or undefined when there is none. */
export function impossibleReads(
  history: RegisterHistory,
  byId: ReadonlyMap<WriteId, RegisterWrite>,
): (Verdict & { readonly verdict: "no" }) | undefined {
  let first: { readonly read: RegisterRead; readonly version: WriteId } | undefined;
  let offending = 0;
  for (const read of history.reads) {
    const version = read.versions.find((id) => isImpossible(read, byId.get(id)));
    if (version === undefined) continue;
    offending++;
    if (first === undefined || read.end < first.read.end) first = { read, version };
  }
  if (first === undefined) return undefined;
  const { read, version } = first;
  const write = byId.get(version);
  const verdict = no(
    `${nameOf(version)} was read, ${reasonOf(write)}`,
    write === undefined ? [read] : [write, read],
    offending,
  );
  return verdict as Verdict & { readonly verdict: "no" };
}

function isImpossible(read: RegisterRead, write: RegisterWrite | undefined): boolean {
  return write === undefined || write.fate === "refused" || read.end < write.start;
}

function reasonOf(write: RegisterWrite | undefined): string {
  if (write === undefined) return "but no write of this key made it";
  if (write.fate === "refused") return "but its write had been refused for certain";
  return "but its write began only after the read had ended";
}
