/**
 * In what way the primaries of a key differ. *Missing*: one has no copy at all and another has. *Stale*: what one lacks is newer than
 * all it has beyond the others, so whoever is behind has nothing of its own to lose. *Conflicting*: two have each something that the
 * other lacks and that nothing of the other covers; the copies cannot be ordered and both must be kept. A key is of one kind, the first
 * of missing, conflicting, stale that it shows.
 *
 * Covered means in the recorded causal past, which is what clients had read before they wrote, not what a clock believes: under a clock
 * that keeps the last writer only, copies that it would order by their timestamps are conflicting. Where a write's past is no longer held,
 * or a write has not ended, the kind is not known, and the key is unclassified.
 */
import type { WriteId } from "../record/history";
import type { CausalPast } from "./causality-past";

export type DivergenceKind = "missing" | "stale" | "conflicting" | "unclassified";

/** Where pasts of keys are found: the measure of causality keeps them and tells. */
export interface KnownPasts {
  of: (key: string) => CausalPast | undefined;
}

type Covered = "yes" | "no" | "unknown";

/** Of the copies that could be read; undefined when all hold the same. */
export function divergenceKind(
  copies: readonly (readonly WriteId[])[],
  past: CausalPast | undefined,
): DivergenceKind | undefined {
  const different = distinctSets(copies);
  if (different.length < 2) return undefined;
  if (different.some((copy) => copy.size === 0)) return "missing";
  let unknown = false;
  for (let i = 0; i < different.length; i++) {
    for (let j = 0; j < i; j++) {
      const ofFirst = onlyIn(different[i], different[j], past);
      // Nothing of its own: it is behind, or has not yet dropped what the other has replaced.
      if (ofFirst === "yes") continue;
      const ofSecond = onlyIn(different[j], different[i], past);
      if (ofSecond === "yes") continue;
      if (ofFirst === "no" && ofSecond === "no") return "conflicting";
      unknown = true;
    }
  }
  return unknown ? "unclassified" : "stale";
}

/** Is everything that only `a` has covered by something in `b`? */
function onlyIn(a: ReadonlySet<WriteId>, b: ReadonlySet<WriteId>, past: CausalPast | undefined): Covered {
  let all: Covered = "yes";
  for (const id of a) {
    if (b.has(id)) continue;
    const one = covered(id, b, past);
    if (one === "no") return "no";
    if (one === "unknown") all = "unknown";
  }
  return all;
}

function covered(id: WriteId, by: ReadonlySet<WriteId>, past: CausalPast | undefined): Covered {
  const write = past?.find(id);
  let answer: Covered = "no";
  for (const other of by) {
    const heir = past?.find(other);
    const precedes = write === undefined || heir === undefined ? "unknown" : past!.precedes(write, heir);
    if (precedes === "yes") return "yes";
    if (precedes !== "no") answer = "unknown";
  }
  return answer;
}

function distinctSets(copies: readonly (readonly WriteId[])[]): ReadonlySet<WriteId>[] {
  const sets: Set<WriteId>[] = [];
  for (const copy of copies) {
    const set = new Set(copy);
    if (!sets.some((one) => one.size === set.size && [...one].every((id) => set.has(id)))) sets.push(set);
  }
  return sets;
}
