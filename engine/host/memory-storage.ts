/**
 * Storage in memory, for both worlds: states are immutable values, so keeping a reference is keeping a copy. Stored
 * means applied; nothing survives the process, which is what this tunable promises.
 */
import type { Address } from "../vocabulary/address";
import type { Storage, StorageEvents } from "./ports";

export class MemoryStorage implements Storage {
  readonly immediate = true;
  /** Nearly all copies live in vnode 0 (`distinct_hosts: walk`); others get a map each. */
  private readonly first = new Map<Address, unknown>();
  private readonly vnodes = new Map<number, Map<Address, unknown>>([[0, this.first]]);

  load(token: number, vnode: number, address: Address, events: StorageEvents): void {
    events.loaded(token, vnode === 0 ? this.first.get(address) : this.vnodes.get(vnode)?.get(address));
  }

  store(token: number, vnode: number, address: Address, state: unknown, events: StorageEvents): void {
    let keys = vnode === 0 ? this.first : this.vnodes.get(vnode);
    if (keys === undefined) this.vnodes.set(vnode, (keys = new Map<Address, unknown>()));
    if (state === undefined) keys.delete(address);
    else keys.set(address, state);
    events.stored(token);
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
