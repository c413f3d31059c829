/**
 * Storage in memory, for both worlds: states are immutable values, so keeping a reference is keeping a copy. Stored
 * means applied; nothing survives the process, which is what this tunable promises.
 */
import type { Address } from "../vocabulary/address";
import type { Storage } from "./ports";

export class MemoryStorage implements Storage {
  readonly immediate = true;
  /** Nearly all copies live in vnode 0 (`distinct_hosts: walk`); others get a map each. */
  private readonly vnodes = new Map<number, Map<Address, unknown>>();

  load(vnode: number, address: Address, done: (state: unknown) => void): void {
    done(this.vnodes.get(vnode)?.get(address));
  }

  store(vnode: number, address: Address, state: unknown, done: () => void): void {
    let keys = this.vnodes.get(vnode);
    if (keys === undefined) this.vnodes.set(vnode, (keys = new Map<Address, unknown>()));
    keys.set(address, state);
    done();
  }

  count(): number {
    let total = 0;
    for (const keys of this.vnodes.values()) total += keys.size;
    return total;
  }
}
