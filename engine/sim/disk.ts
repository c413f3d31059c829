/**
 * A simulated disk: what was handed over is seen at once by later loads of the same process, and survives a crash only
 * once it was synced. Loads and stores take the node model's time.
 */
import type { Storage, StorageEvents } from "../host/ports";
import type { Address } from "../vocabulary/address";
import type { Distribution } from "../vocabulary/distributions";
import type { Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";

/** What a disk needs of the world around it. */
export interface DiskWorld {
  now(): Micros;
  /** Calls `act` at `time` unless the process has died by then; while it stands still, afterwards. */
  later(time: Micros, act: () => void): void;
}

export interface DiskCosts {
  readonly read: Distribution | undefined;
  readonly write: Distribution | undefined;
  readonly sync: Distribution | undefined;
}

export class SimulatedDisk implements Storage {
  readonly immediate = false;
  private readonly cached = new Map<string, unknown>();
  private readonly durable = new Map<string, unknown>();

  constructor(
    private readonly world: DiskWorld,
    private readonly costs: DiskCosts,
    private readonly random: Random,
  ) {}

  load(token: number, vnode: number, address: Address, events: StorageEvents): void {
    const at = this.world.now() + (this.costs.read?.sample(this.random) ?? 0);
    this.world.later(at, () => events.loaded(token, this.cached.get(keyOf(vnode, address))));
  }

  store(token: number, vnode: number, address: Address, state: unknown, events: StorageEvents): void {
    const key = keyOf(vnode, address);
    this.cached.set(key, state);
    const cost = (this.costs.write?.sample(this.random) ?? 0) + (this.costs.sync?.sample(this.random) ?? 0);
    this.world.later(this.world.now() + cost, () => {
      this.durable.set(key, state);
      events.stored(token);
    });
  }

  count(): number {
    return this.cached.size;
  }

  /** The process died: what was not synced is gone. */
  crash(): void {
    this.cached.clear();
    for (const [key, state] of this.durable) this.cached.set(key, state);
  }

  wipe(): void {
    this.cached.clear();
    this.durable.clear();
  }
}

function keyOf(vnode: number, address: Address): string {
  return `${String(vnode)}/${address}`;
}
