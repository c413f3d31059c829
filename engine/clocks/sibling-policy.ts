/**
 * What becomes of siblings, as an axis of its own over any strategy. `keep` is the strategy itself. `newest` and
 * `overwrite` put a date on each version, the wall time of whoever made its event, and keep one version per key.
 *
 * `newest` is Riak's `allow_mult = false`: causality first, and where that leaves several, the latest date. What the date
 * displaced counts as overwritten. That makes merging depend on its order where dates contradict causality: a version
 * with an early date may replace a later one that its client had read, and be displaced itself by one in between. Two
 * states may even each count the other's version as overwritten; then too the latest date stays.
 *
 * `overwrite` is Riak's `last_write_wins = true`: the event is made from the context alone, nothing is loaded before it
 * is sent, and a copy takes what has the later date. Two events may then share a dot, so the metadata is carried along
 * and never believed. Where it is one bucket's policy it is believed once the bucket has another one, and dots are told apart
 * ({@link namedApart}).
 *
 * Equal dates: a value beats a tombstone, then the greater bytes, then the greater meta, then the greater write id.
 * Source: riak_object's reconciliation and riak_kv_vnode's put, Riak KV 2 and 3.
 */
import type { Clock, Version } from "./clock";
import { compareMeta, MAX_VNODES, packActor, unpackActor } from "./version";

/** Riak's `allow_mult = false` over a strategy. */
export function keepingNewest<S>(clock: Clock<S>): Clock<S> {
  const settle = (state: S): S => {
    const versions = clock.versions(state);
    return versions.length === 1 ? state : clock.only(state, newestOf(versions));
  };
  const sync = (a: S, b: S): S => {
    const relation = clock.compare(a, b);
    if (relation !== "concurrent") return relation === "before" ? b : a;
    const merged = clock.sync(a, b);
    if (clock.versions(merged).length > 0) return settle(merged);
    return clock.only(merged, newestOf([...clock.versions(a), ...clock.versions(b)]));
  };
  return {
    ...clock,
    declares: { ...clock.declares, mayLose: true, loses: undefined, mayConflictFalsely: false },
    keepsOne: true,
    versions: (state) => chosen(clock.versions(state)),
    update: (stored, context, version, by) => settle(clock.update(stored, context, { ...version, date: by.at }, by)),
    sync,
    compare(a, b) {
      const relation = clock.compare(a, b);
      if (relation !== "concurrent") return relation;
      const merged = sync(a, b);
      if (clock.compare(merged, a) === "equal") return "after";
      return clock.compare(merged, b) === "equal" ? "before" : "concurrent";
    },
  };
}

/** Riak's `last_write_wins = true` over a strategy. */
export function overwriting<S>(clock: Clock<S>): Clock<S> {
  const compareDates = (a: S, b: S): number =>
    compareVersions(newestOf(clock.versions(a)), newestOf(clock.versions(b)));
  const later = (a: S, b: S): S => (compareDates(a, b) >= 0 ? a : b);
  return {
    ...clock,
    declares: { ...clock.declares, mayLose: true, loses: undefined, mayConflictFalsely: false },
    mintsServerDots: false,
    keepsOne: true,
    versions: (state) => chosen(clock.versions(state)),
    update(stored, context, version, by) {
      const event = clock.update(undefined, context, { ...version, date: by.at }, by);
      return stored === undefined ? event : later(stored, event);
    },
    sync: later,
    // The metadata is never believed: only what decides which of two copies stays.
    hash(state, into) {
      const version = newestOf(clock.versions(state));
      into.number(version.date ?? 0);
      into.number(version.writeId);
      into.word(version.tombstone ? 1 : 0);
    },
    compare(a, b) {
      const order = compareDates(a, b);
      return order === 0 ? "equal" : order < 0 ? "before" : "after";
    },
  };
}

/**
 * `keep` where other policies may follow, or have been: with a date, so that what is written meanwhile is not the oldest of all to a
 * policy that goes by dates.
 */
export function dating<S>(clock: Clock<S>): Clock<S> {
  return {
    ...clock,
    update: (stored, context, version, by) => clock.update(stored, context, { ...version, date: by.at }, by),
  };
}

/**
 * For `overwrite` where other policies may follow, or where not all have heard of it: no event shares a dot with another. A
 * coordinator's events are counted on from its wall time, and in a name that it has as a coordinator and no replica has.
 */
export function namedApart<S>(clock: Clock<S>): Clock<S> {
  return {
    ...clock,
    update(stored, context, version, by) {
      const { node, epoch } = unpackActor(by.actor);
      const actor = packActor(node, AS_COORDINATOR, epoch);
      const minted = Math.min(by.at, LATEST);
      return clock.update(stored, context, version, { ...by, actor, minted, countedFrom: minted });
    },
  };
}

/** Beyond all vnodes that keep hints for a home, and all but the last of as many partitions as there can be. */
const AS_COORDINATOR = MAX_VNODES - 1;
/** Whatever a client's clock shows, there is room to count on. */
const LATEST = 2 ** 52;

/** A bucket that has kept siblings until now still has some: whoever reads sees the one that stays. */
function chosen(versions: readonly Version[]): readonly Version[] {
  return versions.length === 1 ? versions : [newestOf(versions)];
}

function newestOf(versions: readonly Version[]): Version {
  return versions.length === 1
    ? versions[0]
    : versions.reduce((newest, version) => (compareVersions(version, newest) > 0 ? version : newest));
}

/** A total order of dated versions: above 0 when `x` is to stay. */
function compareVersions(x: Version, y: Version): number {
  const [dateX, dateY] = [x.date ?? 0, y.date ?? 0];
  if (dateX !== dateY) return dateX - dateY;
  if (x.tombstone !== y.tombstone) return x.tombstone ? -1 : 1;
  // A character is a byte: this is the order of unsigned bytes.
  if (x.value !== y.value) return x.value < y.value ? -1 : 1;
  if (x.meta !== y.meta) return compareMeta(x, y);
  return x.writeId - y.writeId;
}
