/**
 * States that are plain sets of siblings, each with a causal history of its own: version vectors per sibling, dots with
 * contexts. Such a state needs one question answered, which of two versions makes the other obsolete, and all the rest
 * follows: a merge keeps of both sides what nothing on the other side beats. It is the oldest form of all and the
 * largest, because what siblings know alike is stored once for each of them.
 *
 * One write may come with two histories where a sibling policy credited it with those of siblings that it displaced: then
 * it is one sibling with both. Source: the sets of clocks with their `sync` in Preguiça, Baquero, Almeida, Fonte,
 * Gonçalves, "Dotted Version Vectors" (2010/2012).
 */
import { MalformedBytes, type ByteReader } from "../vocabulary/octets";
import type { Relation, Version } from "./clock";
import { relation } from "./version-vector";

/** One version with its own history. Immutable. */
export interface Sibling {
  readonly version: Version;
}

/** In order of rank; at least one. */
export type Siblings<X extends Sibling> = readonly X[];

/** What a strategy knows of its histories. */
export interface Obsolescence<X extends Sibling> {
  /** The order of siblings in a state; 0 says that both are one and the same, perhaps with different histories. */
  rank(x: X, y: X): number;
  /** Whether `y` is obsolete where `x` is known. Of two different siblings. */
  beats(x: X, y: X): boolean;
  /** What is known of one sibling that both are: an argument where it knows all that the other does. */
  combine(x: X, y: X): X;
}

/** What nothing on the other side makes obsolete; an argument where that is all of it. */
export function syncSiblings<X extends Sibling>(order: Obsolescence<X>, a: Siblings<X>, b: Siblings<X>): Siblings<X> {
  if (a === b) return a;
  const merged: X[] = [];
  let isA = true;
  let isB = true;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = i < a.length ? a[i] : undefined;
    const y = j < b.length ? b[j] : undefined;
    const ahead = x === undefined ? 1 : y === undefined ? -1 : order.rank(x, y);
    if (ahead === 0) {
      // What stands beside the others in both states is made obsolete by none of them.
      const both = order.combine(x!, y!);
      if (both !== x) isA = false;
      if (both !== y && order.combine(y!, x!) !== y) isB = false;
      merged.push(both);
      i++;
      j++;
    } else if (ahead < 0) {
      if (!isBeaten(order, x!, b)) {
        merged.push(x!);
        isB = false;
      } else isA = false;
      i++;
    } else {
      if (!isBeaten(order, y!, a)) {
        merged.push(y!);
        isA = false;
      } else isB = false;
      j++;
    }
  }
  return isA ? a : isB ? b : merged;
}

/**
 * Whether something in `by` makes `one` obsolete. Two that beat each other both stay: no event makes such a pair, but a
 * sibling policy may, and decides between them.
 */
function isBeaten<X extends Sibling>(order: Obsolescence<X>, one: X, by: Siblings<X>): boolean {
  for (const other of by) {
    if (order.beats(other, one) && !order.beats(one, other)) return true;
  }
  return false;
}

/** Whether a merge would take all from one side. */
export function compareSiblings<X extends Sibling>(order: Obsolescence<X>, a: Siblings<X>, b: Siblings<X>): Relation {
  if (a === b) return "equal";
  return relation(!isCovered(order, a, b), !isCovered(order, b, a));
}

/** Whether `by` knows each of `some`, or what makes it obsolete. */
function isCovered<X extends Sibling>(order: Obsolescence<X>, some: Siblings<X>, by: Siblings<X>): boolean {
  let j = 0;
  for (const one of some) {
    while (j < by.length && order.rank(by[j], one) < 0) j++;
    const isThere = j < by.length && order.rank(by[j], one) === 0;
    if (isThere ? order.combine(by[j], one) !== by[j] : !isBeaten(order, one, by)) return false;
  }
  return true;
}

/** The siblings that one event leaves of `stored`, and itself, unless one of them makes it obsolete. */
export function addSibling<X extends Sibling>(
  order: Obsolescence<X>,
  stored: Siblings<X> | undefined,
  one: X,
): Siblings<X> {
  return stored === undefined ? [one] : syncSiblings(order, stored, [one]);
}

export function versionsOf<X extends Sibling>(state: Siblings<X>): readonly Version[] {
  return state.map((sibling) => sibling.version);
}

/** @throws MalformedBytes unless there are some, in order. */
export function decodeSiblings<X extends Sibling>(
  order: Obsolescence<X>,
  reader: ByteReader,
  minimumBytes: number,
  decode: (reader: ByteReader) => X,
): Siblings<X> {
  const count = reader.count(minimumBytes);
  if (count === 0) throw new MalformedBytes("a state without versions");
  const siblings: X[] = [];
  for (let k = 0; k < count; k++) {
    const sibling = decode(reader);
    if (k > 0 && order.rank(siblings[k - 1], sibling) >= 0) throw new MalformedBytes("siblings that do not ascend");
    siblings.push(sibling);
  }
  return siblings;
}
