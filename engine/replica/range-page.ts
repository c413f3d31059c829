/**
 * A replica's answer to a range read: the storage's page, and what memory knows beside it. A get is answered from the copy
 * that is being stored, not from the one on the disk; a page that forgot those would miss writes that were acknowledged on
 * receipt. What memory knows is noted when the page is ordered: by the time it comes a store may be over, and its copy
 * forgotten. Copies are merged by the clock, as the page may by then be the newer one. What memory knows to be removed is left
 * out, though the disk may still have it: the very value perhaps that was deleted. A copy that is removed meanwhile may still be
 * told of, and is a tombstone or another node's.
 *
 * With that the page may be longer than was asked for, and is cut again: by keys, never between two copies of one. A copy that
 * is a page's length by itself begins a page: behind a whole one it might not fit the frame that it would fit alone.
 */
import { type Clock, clockAt } from "../clocks/clock";
import type { RangePage, ScannedRecord } from "../io";
import { MAX_PAGE_BYTES, type RangeCopy } from "../messages";
import type { Address } from "../vocabulary/address";
import type { Octets } from "../vocabulary/octets";

export interface RangeOfKeys {
  readonly copies: readonly RangeCopy[];
  /** All below it is told of; empty: all that was asked for. */
  readonly upTo: Octets;
}

/** `known`: of the range asked for, with vnodes that were; state undefined: removed. `skip`: so much of an address is no part of the key. */
export function rangeOfKeys(
  page: RangePage,
  known: readonly ScannedRecord[],
  clock: Clock,
  limit: number,
  sizeOf: (state: unknown) => number,
  skip: number,
): RangeOfKeys {
  const { upTo } = page;
  const entries = known.length === 0 ? page.entries : withKnown(page, known, clock);
  const copies: RangeCopy[] = [];
  let bytes = 0;
  let last: Address | undefined;
  for (const { vnode, address, state } of entries) {
    const size = sizeOf(state);
    const isFull = copies.length >= limit || bytes >= MAX_PAGE_BYTES || (size >= MAX_PAGE_BYTES && bytes > 0);
    if (isFull && address !== last) return { copies, upTo: address.slice(skip) };
    copies.push({ vnode, key: address.slice(skip), state });
    bytes += address.length - skip + size;
    last = address;
  }
  return { copies, upTo: upTo === undefined ? "" : upTo.slice(skip) };
}

function withKnown(
  { entries, upTo }: RangePage,
  known: readonly ScannedRecord[],
  clock: Clock,
): readonly ScannedRecord[] {
  const all = new Map<string, ScannedRecord>();
  const add = (record: ScannedRecord): void => {
    const { vnode, address, state } = record;
    const name = `${String(vnode)} ${address}`;
    if (state === undefined) {
      all.delete(name);
      return;
    }
    const before = all.get(name);
    all.set(
      name,
      before === undefined ? record : { vnode, address, state: clockAt(clock, address).sync(before.state, state) },
    );
  };
  entries.forEach(add);
  for (const record of known) if (upTo === undefined || record.address < upTo) add(record);
  return [...all.values()].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.vnode - b.vnode));
}
