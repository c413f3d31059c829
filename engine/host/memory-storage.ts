/**
 * Storage in memory, for both worlds: states are immutable values, so keeping a reference is keeping a copy. Stored
 * means applied; nothing survives the process, which is what this tunable promises.
 */
import type { RangeAsked, ScannedRecord } from "../io";
import type { Address } from "../vocabulary/address";
import { inOrder, OrderedKeys } from "./ordered-keys";
import type { Storage, StorageEvents } from "./ports";

/**
 * Where a walk stands: iterators of maps are live, which is just what is asked for. A key that is set again keeps its
 * place, so it is met once; one that is new is met at the end.
 */
interface Walk {
  readonly vnodes: Iterator<[number, Map<Address, unknown>]>;
  vnode: number;
  keys: Iterator<[Address, unknown]> | undefined;
}

export class MemoryStorage implements Storage {
  readonly immediate = true;
  /** Nearly all copies live in vnode 0 (`distinct_hosts: walk`); others get a map each. */
  private readonly first = new Map<Address, unknown>();
  private readonly vnodes = new Map<number, Map<Address, unknown>>([[0, this.first]]);
  /** By vnode, once somebody has read a range of it. */
  private readonly orders = new Map<number, OrderedKeys>();

  load(token: number, vnode: number, address: Address, events: StorageEvents): void {
    events.loaded(token, vnode === 0 ? this.first.get(address) : this.vnodes.get(vnode)?.get(address));
  }

  store(token: number, vnode: number, address: Address, state: unknown, events: StorageEvents): void {
    let keys = vnode === 0 ? this.first : this.vnodes.get(vnode);
    if (keys === undefined) this.vnodes.set(vnode, (keys = new Map<Address, unknown>()));
    if (this.orders.size > 0) this.reorder(vnode, keys, address, state);
    if (state === undefined) keys.delete(address);
    else keys.set(address, state);
    events.stored(token);
  }

  private reorder(vnode: number, keys: ReadonlyMap<Address, unknown>, address: Address, state: unknown): void {
    const order = this.orders.get(vnode);
    if (order === undefined || keys.has(address) === (state !== undefined)) return;
    if (state !== undefined) order.add(address);
    else if (order.removed()) this.orders.delete(vnode);
  }

  /** States have no size here: the page ends at the limit alone. */
  range(token: number, { vnodes, from, to, limit }: RangeAsked, events: Pick<StorageEvents, "ranged">): void {
    const entries: ScannedRecord[] = [];
    let upTo: Address | undefined;
    for (const { vnode, address } of inOrder(vnodes, (of) => this.orderOf(of).from(from))) {
      if (to !== "" && address >= to) break;
      const state = this.vnodes.get(vnode)?.get(address);
      if (state === undefined) continue;
      if (entries.length >= limit && entries[entries.length - 1].address !== address) {
        upTo = address;
        break;
      }
      entries.push({ vnode, address, state });
    }
    events.ranged(token, { entries, upTo });
  }

  private orderOf(vnode: number): OrderedKeys {
    let order = this.orders.get(vnode);
    if (order === undefined) this.orders.set(vnode, (order = new OrderedKeys(this.vnodes.get(vnode)?.keys() ?? [])));
    return order;
  }

  scan(token: number, cursor: unknown, limit: number, events: StorageEvents): void {
    const walk = (cursor as Walk | undefined) ?? { vnodes: this.vnodes.entries(), vnode: 0, keys: undefined };
    const entries: ScannedRecord[] = [];
    while (entries.length < limit) {
      if (walk.keys === undefined) {
        const vnode = walk.vnodes.next();
        if (vnode.done === true) return events.scanned(token, entries, undefined, []);
        [walk.vnode] = vnode.value;
        walk.keys = vnode.value[1].entries();
      }
      const next = walk.keys.next();
      if (next.done === true) walk.keys = undefined;
      else entries.push({ vnode: walk.vnode, address: next.value[0], state: next.value[1] });
    }
    events.scanned(token, entries, walk, []);
  }

  peek(vnode: number, address: Address): unknown {
    return this.vnodes.get(vnode)?.get(address);
  }

  count(): number {
    let total = 0;
    for (const keys of this.vnodes.values()) total += keys.size;
    return total;
  }
}
