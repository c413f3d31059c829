/**
 * The keys of segments in bounded portions: segments in the order asked for, keys in order of address within each, so
 * that "go on after this key" means the same at two replicas that hold different keys. And work on many keys with only
 * so many at once, because a page of a hundred loads in one instant would stand before every read of a client.
 *
 * Mistake avoided: a place in the list as cursor. Keys come and go between two pages, and a place would skip some.
 */
import type { Address } from "../vocabulary/address";
import type { MerkleTree } from "./merkle-tree";

export interface KeyPage {
  /** So many of the segments asked for are through. */
  readonly complete: number;
  /** Of the next one, the last key that is in this page; empty: none yet. */
  readonly last: Address;
  readonly addresses: readonly Address[];
}

/** Remembers the segment that it is in, as sorting a large one for every page would take long. */
export class SegmentPages {
  private segment = -1;
  private keys: readonly Address[] = [];

  /** At most `limit` keys, beginning after `after` in the first segment (empty: at its beginning). */
  take(tree: MerkleTree, segments: readonly number[], after: Address, limit: number): KeyPage {
    const addresses: Address[] = [];
    let complete = 0;
    let last = after;
    for (; complete < segments.length; complete++) {
      const keys = this.sorted(tree, segments[complete], last === "");
      const from = placeAfter(keys, last);
      const to = Math.min(keys.length, from + limit - addresses.length);
      for (let i = from; i < to; i++) addresses.push(keys[i]);
      if (to < keys.length) {
        if (to > from) last = keys[to - 1];
        break;
      }
      last = "";
    }
    return { complete, last, addresses };
  }

  /** All keys that a page of somebody else's speaks of: those after `after`, up to where that page ends. */
  covered(tree: MerkleTree, segments: readonly number[], after: Address, page: Omit<KeyPage, "addresses">): Address[] {
    const addresses: Address[] = [];
    for (let at = 0; at <= page.complete && at < segments.length; at++) {
      if (at === page.complete && page.last === "") break;
      const keys = this.sorted(tree, segments[at], at > 0 || after === "");
      const from = at === 0 ? placeAfter(keys, after) : 0;
      const to = at === page.complete ? placeAfter(keys, page.last) : keys.length;
      for (let i = from; i < to; i++) addresses.push(keys[i]);
    }
    return addresses;
  }

  private sorted(tree: MerkleTree, segment: number, afresh: boolean): readonly Address[] {
    if (afresh || segment !== this.segment) {
      this.segment = segment;
      this.keys = tree.keysOf(segment);
    }
    return this.keys;
  }
}

/** How many of the ascending `keys` are at or below `after`. */
function placeAfter(keys: readonly Address[], after: Address): number {
  let from = 0;
  let to = keys.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (keys[middle] <= after) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Starts `count` pieces of work, `atOnce` under way at most, and says when all have ended. Ends may come within the start. */
export function eachOf(
  count: number,
  atOnce: number,
  start: (index: number, ended: () => void) => void,
  finished: () => void,
): void {
  let next = 0;
  let ended = 0;
  let starting = false;
  const go = (): void => {
    if (starting) return;
    starting = true;
    while (next < count && next - ended < atOnce) start(next++, end);
    starting = false;
    if (ended === count) finished();
  };
  const end = (): void => {
    ended++;
    go();
  };
  go();
}
