/**
 * Keys in order, for storages that keep theirs in a hash map: a sorted list, and before it a short one for what is new, as
 * in a log-structured merge tree (O'Neil et al., Acta Informatica 1996) with two levels and no disk. A new key costs a
 * place in the short list, and a pass over all of them once in a few hundred; a map sorted anew at each scan would cost
 * that pass every time, and a balanced tree would cost every store something, also where nobody ever scans. What is
 * removed stays in the list: whoever reads looks each key up anyway.
 */
import type { RangePage, ScannedRecord } from "../io";
import type { Address } from "../vocabulary/address";

/** New keys before they are merged with all others. */
const MOST_RECENT = 512;

export class OrderedKeys {
  private all: string[];
  private recent: string[] = [];
  private gone = 0;

  constructor(keys: Iterable<string>) {
    this.all = [...keys].sort(byOctets);
  }

  /** A key that was not there, or had been removed. */
  add(key: string): void {
    const at = placeOf(this.recent, key);
    if (this.recent[at] === key) return;
    this.recent.splice(at, 0, key);
    if (this.recent.length > MOST_RECENT) {
      this.all = [...this.from("")];
      this.recent = [];
    }
  }

  /** One key less. True when most of the list is of keys that are no more: it had better be made again. */
  removed(): boolean {
    this.gone++;
    return this.gone > MOST_RECENT && this.gone * 2 > this.all.length;
  }

  /** Every key from `first` on, once, in order; some may have been removed. Not to be used beyond the next `add`. */
  *from(first: string): Generator<string, undefined> {
    const { all, recent } = this;
    let i = placeOf(all, first);
    let j = placeOf(recent, first);
    while (i < all.length || j < recent.length) {
      if (j >= recent.length || (i < all.length && all[i] < recent[j])) yield all[i++];
      else {
        if (i < all.length && all[i] === recent[j]) i++;
        yield recent[j++];
      }
    }
    return undefined;
  }
}

/** The copies of several vnodes: address by address, and those of one address vnode by vnode. */
export function* inOrder(
  vnodes: readonly number[],
  from: (vnode: number) => Iterator<Address, undefined>,
): Generator<{ readonly vnode: number; readonly address: Address }, undefined> {
  const streams = [...vnodes]
    .sort((a, b) => a - b)
    .map((vnode) => {
      const addresses = from(vnode);
      return { vnode, addresses, head: addresses.next().value };
    });
  for (;;) {
    let least: (typeof streams)[number] | undefined;
    for (const stream of streams) {
      if (stream.head !== undefined && (least?.head === undefined || stream.head < least.head)) least = stream;
    }
    if (least?.head === undefined) return undefined;
    yield { vnode: least.vnode, address: least.head };
    least.head = least.addresses.next().value;
  }
}

/** A page of what comes before `address`, where a record cannot be read. Nothing at all is a failure. */
export function cutBefore(entries: readonly ScannedRecord[], address: Address, failure: string): RangePage {
  let count = entries.length;
  while (count > 0 && entries[count - 1].address >= address) count--;
  return count === 0 ? { entries: [], upTo: address, failure } : { entries: entries.slice(0, count), upTo: address };
}

/** The first place whose key is not before `key`. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Code units, which octets are; never by locale. */
function byOctets(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
