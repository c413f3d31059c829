/**
 * The dotted version vector set: all siblings of a key and their causal metadata in one structure about the size of a
 * version vector. Entry (id, n, list) says that events 1..n of `id` are known and that list[k] is the version made by
 * event n-k; the events before those of the list are known and overwritten. So a write that carries an *old* context
 * overwrites exactly what its client had seen, where one merged version vector can no longer tell siblings apart.
 * Versions in the `anonymous` list have no event of their own: they stand for the whole vector and fall only to a
 * strictly newer one. They come from `reconcile` and from a client's new version that is not yet an event.
 *
 * Source: Almeida, Baquero, Gonçalves, Preguiça, Fonte, "Scalable and Accurate Causality Tracking for Eventually
 * Consistent Stores" (DAIS 2014), and the authors' Erlang library of dotted version vector sets.
 */
import { assert } from "../vocabulary/assert";
import type { Actor, Relation, Version } from "./clock";
import { byWriteId, describeActor, describeVersions } from "./version";
import { compareVectors, insertionPoint, nextCounter, relation, type VersionVector } from "./version-vector";

type Versions = readonly Version[];

/** Parallel arrays, ids strictly ascending, lists newest first. Immutable: results share arrays with arguments. */
export interface DvvSet extends VersionVector {
  readonly lists: readonly Versions[];
  /** In order of write id. */
  readonly anonymous: Versions;
}

/** The one empty list: most entries of most states have no version of their own. */
const NONE: Versions = [];

/** A version without history. */
export function newSet(version: Version): DvvSet {
  return { ids: [], counters: [], lists: [], anonymous: [version] };
}

/** A version written by a client that had seen `context`. */
export function newSetWith(context: VersionVector, version: Version): DvvSet {
  return { ...history(context), anonymous: [version] };
}

/** `context` as a set without versions. */
export function history(context: VersionVector): DvvSet {
  return { ids: context.ids, counters: context.counters, lists: context.ids.map(() => NONE), anonymous: NONE };
}

/** Everything the set knows of, as a version vector: the context for whoever reads it. */
export function join(set: DvvSet): VersionVector {
  return { ids: set.ids, counters: set.counters };
}

/** Anonymous versions first, then those of each id, newest first. */
export function values(set: DvvSet): readonly Version[] {
  const { lists, anonymous } = set;
  let only: Versions = anonymous;
  let filled = anonymous.length > 0 ? 1 : 0;
  for (let k = 0; k < lists.length; k++) {
    if (lists[k].length > 0) {
      filled++;
      only = lists[k];
    }
  }
  return filled <= 1 ? only : anonymous.concat(...lists);
}

/** Whether the history of `a` is a strict part of that of `b`. */
export function less(a: DvvSet, b: DvvSet): boolean {
  return compareVectors(a, b) === "before";
}

/** How many versions the set holds. */
export function size(set: DvvSet): number {
  let count = set.anonymous.length;
  for (let k = 0; k < set.lists.length; k++) count += set.lists[k].length;
  return count;
}

export function ids(set: DvvSet): readonly Actor[] {
  return set.ids;
}

/** Same ids, counters and list lengths; with those, same versions, as an event makes one version only. */
export function equal(a: DvvSet, b: DvvSet): boolean {
  return compare(a, b) === "equal";
}

/**
 * Whether `sync` would take all from one side: `before` when sync(a, b) is b and not a. Metadata only. Unlike the bare
 * vectors this sees that one side still holds a version which the other knows to be overwritten.
 */
export function compare(a: DvvSet, b: DvvSet): Relation {
  if (a === b) return "equal";
  const idsA = a.ids;
  const idsB = b.ids;
  let onlyA = false;
  let onlyB = false;
  let i = 0;
  let j = 0;
  while (i < idsA.length && j < idsB.length) {
    if (idsA[i] === idsB[j]) {
      const countA = a.counters[i];
      const countB = b.counters[j];
      const baseA = countA - a.lists[i].length;
      const baseB = countB - b.lists[j].length;
      if (countA > countB || baseA > baseB) onlyA = true;
      if (countA < countB || baseA < baseB) onlyB = true;
      i++;
      j++;
    } else if (idsA[i] < idsB[j]) {
      onlyA = true;
      i++;
    } else {
      onlyB = true;
      j++;
    }
  }
  if (i < idsA.length) onlyA = true;
  if (j < idsB.length) onlyB = true;
  if (a.anonymous.length > 0 || b.anonymous.length > 0) {
    const merged = syncAnonymous(a, b);
    if (!sameVersions(merged, a.anonymous)) onlyB = true;
    if (!sameVersions(merged, b.anonymous)) onlyA = true;
  }
  return relation(onlyA, onlyB);
}

/**
 * What two replicas know together: of each id the later counter, less what either knows to be overwritten. Returns an
 * argument where one has it all. Commutative, associative and idempotent on sets without anonymous versions; those are
 * only as ordered as the vectors they stand for.
 */
export function sync(a: DvvSet, b: DvvSet): DvvSet {
  if (a === b) return a;
  const idsA = a.ids;
  const idsB = b.ids;
  const count = idsA.length;
  if (count !== idsB.length || a.anonymous.length + b.anonymous.length > 0) return syncGeneral(a, b);
  // Replicas of one key nearly always know the same actors. Decide by reading alone; build only on a true merge.
  const countersA = a.counters;
  const countersB = b.counters;
  const listsA = a.lists;
  const listsB = b.lists;
  let onlyA = false;
  let onlyB = false;
  for (let k = 0; k < count; k++) {
    if (idsA[k] !== idsB[k]) return syncGeneral(a, b);
    const ahead = countersA[k] - countersB[k];
    // By how much more A knows to be overwritten: of counters less lengths.
    const further = ahead - listsA[k].length + listsB[k].length;
    if (ahead > 0 || further > 0) onlyA = true;
    if (ahead < 0 || further < 0) onlyB = true;
  }
  if (!onlyB) return a;
  if (!onlyA) return b;
  const counters: number[] = countersA.slice();
  const lists: Versions[] = listsA.slice();
  for (let k = 0; k < count; k++) {
    const countA = countersA[k];
    const countB = countersB[k];
    if (countA === countB && listsA[k].length <= listsB[k].length) continue;
    if (countB > countA) counters[k] = countB;
    lists[k] = mergeLists(countA, listsA[k], countB, listsB[k]);
  }
  return { ids: idsA, counters, lists, anonymous: NONE };
}

/** Merge-join over the ids of both. */
function syncGeneral(a: DvvSet, b: DvvSet): DvvSet {
  const idsA = a.ids;
  const idsB = b.ids;
  const ids: Actor[] = [];
  const counters: number[] = [];
  const lists: Versions[] = [];
  let i = 0;
  let j = 0;
  while (i < idsA.length || j < idsB.length) {
    if (j === idsB.length || (i < idsA.length && idsA[i] < idsB[j])) {
      ids.push(idsA[i]);
      counters.push(a.counters[i]);
      lists.push(a.lists[i++]);
    } else if (i === idsA.length || idsB[j] < idsA[i]) {
      ids.push(idsB[j]);
      counters.push(b.counters[j]);
      lists.push(b.lists[j++]);
    } else {
      ids.push(idsA[i]);
      counters.push(Math.max(a.counters[i], b.counters[j]));
      lists.push(mergeLists(a.counters[i], a.lists[i], b.counters[j], b.lists[j]));
      i++;
      j++;
    }
  }
  return { ids, counters, lists, anonymous: syncAnonymous(a, b) };
}

/** The newer side's list, without what either side knows to be overwritten. */
function mergeLists(countA: number, listA: Versions, countB: number, listB: Versions): Versions {
  const baseA = countA - listA.length;
  const baseB = countB - listB.length;
  if (countA >= countB) {
    return baseA >= baseB ? listA : firstOf(listA, countA - baseB);
  }
  return baseB >= baseA ? listB : firstOf(listB, countB - baseA);
}

function firstOf(list: Versions, count: number): Versions {
  return count <= 0 ? NONE : list.slice(0, count);
}

function syncAnonymous(a: DvvSet, b: DvvSet): Versions {
  if (a.anonymous.length === 0 && b.anonymous.length === 0) return NONE;
  const vectors = compareVectors(a, b);
  if (vectors === "before") return b.anonymous;
  if (vectors === "after") return a.anonymous;
  const known = new Set(a.anonymous.map((version) => version.writeId));
  return [...a.anonymous, ...b.anonymous.filter((version) => !known.has(version.writeId))].sort(byWriteId);
}

function sameVersions(a: Versions, b: Versions): boolean {
  return a.length === b.length && a.every((version, k) => version.writeId === b[k].writeId);
}

/** The set without what a client that saw `context` has seen. */
export function discard(set: DvvSet, context: VersionVector): DvvSet {
  return sync(set, history(context));
}

/**
 * `version` as the next event of `id`. Anonymous versions stay. Where no version of `id` is left, which counts back from
 * the last event, the count may go on from `above`: events up to there were made and forgotten since.
 */
export function event(set: DvvSet, id: Actor, version: Version, above = 0): DvvSet {
  const at = insertionPoint(set.ids, id);
  const counters = set.counters.slice();
  const lists = set.lists.slice();
  if (at < set.ids.length && set.ids[at] === id) {
    if (lists[at].length === 0) {
      counters[at] = nextCounter(Math.max(counters[at], above));
      lists[at] = [version];
    } else {
      counters[at] = nextCounter(counters[at]);
      lists[at] = [version, ...lists[at]];
    }
    return { ids: set.ids, counters, lists, anonymous: set.anonymous };
  }
  const ids = set.ids.slice();
  ids.splice(at, 0, id);
  counters.splice(at, 0, nextCounter(above));
  lists.splice(at, 0, [version]);
  return { ids, counters, lists, anonymous: set.anonymous };
}

/**
 * A put at replica `id`. `client` has exactly one version, anonymous ({@link newSet}, {@link newSetWith}). With
 * `stored`, what the client saw leaves it, the client's version becomes an event, and anonymous versions of `stored`
 * stay: no event of theirs is in any context, so none can be known as seen by name.
 */
export function update(client: DvvSet, id: Actor): DvvSet;
export function update(client: DvvSet, stored: DvvSet, id: Actor): DvvSet;
export function update(client: DvvSet, storedOrId: DvvSet | Actor, id?: Actor): DvvSet {
  assert(client.anonymous.length === 1, "a put carries exactly one version");
  const version = client.anonymous[0];
  const seen: DvvSet = { ids: client.ids, counters: client.counters, lists: client.lists, anonymous: NONE };
  if (typeof storedOrId === "number") return event(seen, storedOrId, version);
  assert(id !== undefined, "a put names the replica that makes the event");
  const merged = sync(seen, storedOrId);
  const kept = merged.anonymous === storedOrId.anonymous ? merged : { ...merged, anonymous: storedOrId.anonymous };
  return event(kept, id, version);
}

/** All versions replaced by the one that `resolve` makes of them, without a new event. `resolve` must be deterministic. */
export function reconcile(resolve: (versions: readonly Version[]) => Version, set: DvvSet): DvvSet {
  return newSetWith(join(set), resolve(values(set)));
}

/** Last write wins: the greatest version alone, in its own slot. `atMost(x, y)` says that x comes no later than y. */
export function lww(atMost: (x: Version, y: Version) => boolean, set: DvvSet): DvvSet {
  let winner: Version | undefined;
  let slot = -1;
  const consider = (version: Version, at: number): void => {
    if (winner !== undefined && atMost(version, winner)) return;
    winner = version;
    slot = at;
  };
  for (const version of set.anonymous) consider(version, -1);
  set.lists.forEach((list, at) => list.forEach((version) => consider(version, at)));
  if (winner === undefined) return set;
  if (slot < 0) return newSetWith(join(set), winner);
  const kept = winner;
  return { ...join(set), lists: set.lists.map((_, at) => (at === slot ? [kept] : NONE)), anonymous: NONE };
}

/**
 * The knowledge of `set` with `version` alone: in the slot that holds it, or else anonymous, standing for the whole vector.
 */
export function only(set: DvvSet, version: Version): DvvSet {
  const same = (one: Version): boolean => one.writeId === version.writeId;
  const slot = set.lists.findIndex((list) => list.some(same));
  if (slot < 0) return newSetWith(join(set), version);
  if (size(set) === 1) return set;
  return { ...join(set), lists: set.lists.map((_, at) => (at === slot ? [version] : NONE)), anonymous: NONE };
}

/** `n0:2[w3] n1:1[w4]`, anonymous versions as `~[w5]`. */
export function describe(set: DvvSet): string {
  const list = (versions: Versions): string => `[${describeVersions(versions)}]`;
  const parts = set.ids.map((id, k) => `${describeActor(id)}:${set.counters[k]}${list(set.lists[k])}`);
  if (set.anonymous.length > 0) parts.push(`~${list(set.anonymous)}`);
  return parts.join(" ");
}
