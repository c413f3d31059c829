/**
 * Acknowledged writes that no write has read: the only ones that can be lost. Every one is put in when it is acknowledged and
 * taken out when a client that had read it writes, so under a clock that loses nothing the table stays as small as the keys have
 * siblings. One that loses leaves them here until the end, when the replicas are looked at; therefore it is one flat table over all
 * keys (20 bytes an entry, no object), by open addressing with linear probing and no tombstones (Knuth, vol. 3, 6.4, algorithm R).
 */
import type { Micros, WriteId } from "../record/history";

export interface UncoveredWrite {
  readonly id: WriteId;
  readonly start: Micros;
  readonly key: number;
  readonly isDelete: boolean;
}

const FIRST_SLOTS = 1_024;
const MOST_SLOTS = 2 ** 22;
const FULL = 0.6;
const LOW_HALF = 2 ** 32;

export class UncoveredWrites {
  private slots: number;
  /** 0: empty. */
  private ids: Float64Array;
  private starts: Float64Array;
  /** Key * 2, plus 1 for a delete. */
  private keys: Int32Array;
  private count = 0;

  constructor(private readonly most: number = MOST_SLOTS) {
    this.slots = Math.min(FIRST_SLOTS, most);
    this.ids = new Float64Array(this.slots);
    this.starts = new Float64Array(this.slots);
    this.keys = new Int32Array(this.slots);
  }

  get size(): number {
    return this.count;
  }

  /** False when there is no room. */
  add({ id, start, key, isDelete }: UncoveredWrite): boolean {
    if (this.count >= FULL * this.slots) {
      if (this.slots >= this.most) return false;
      this.grow();
    }
    this.put(id, start, key * 2 + (isDelete ? 1 : 0));
    return true;
  }

  /** False when it is not there. */
  remove(id: WriteId): boolean {
    let hole = this.slotOf(id);
    if (id === 0 || this.ids[hole] !== id) return false;
    this.count--;
    // What stands behind the hole and would be found no longer moves up.
    for (let next = this.after(hole); this.ids[next] !== 0; next = this.after(next)) {
      const home = this.homeOf(this.ids[next]);
      const stays = hole <= next ? hole < home && home <= next : hole < home || home <= next;
      if (stays) continue;
      this.ids[hole] = this.ids[next];
      this.starts[hole] = this.starts[next];
      this.keys[hole] = this.keys[next];
      hole = next;
    }
    this.ids[hole] = 0;
    return true;
  }

  startOf(id: WriteId): Micros | undefined {
    const slot = this.slotOf(id);
    return this.ids[slot] === id && id !== 0 ? this.starts[slot] : undefined;
  }

  /** In no particular order, the same for the same history. */
  *[Symbol.iterator](): Generator<UncoveredWrite> {
    for (let slot = 0; slot < this.slots; slot++) {
      const id = this.ids[slot];
      if (id === 0) continue;
      const key = this.keys[slot];
      yield { id, start: this.starts[slot], key: key >>> 1, isDelete: (key & 1) === 1 };
    }
  }

  private put(id: WriteId, start: Micros, key: number): void {
    const slot = this.slotOf(id);
    if (this.ids[slot] === 0) this.count++;
    this.ids[slot] = id;
    this.starts[slot] = start;
    this.keys[slot] = key;
  }

  /** Where it is, or the empty slot where it would be. */
  private slotOf(id: WriteId): number {
    let slot = this.homeOf(id);
    while (this.ids[slot] !== 0 && this.ids[slot] !== id) slot = this.after(slot);
    return slot;
  }

  private after(slot: number): number {
    return slot + 1 === this.slots ? 0 : slot + 1;
  }

  /** Session and number of the write, mixed as Murmur3 finishes a word. */
  private homeOf(id: WriteId): number {
    const session = Math.floor(id / LOW_HALF);
    let hash = (id - session * LOW_HALF) ^ Math.imul(session, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) & (this.slots - 1);
  }

  private grow(): void {
    const { ids, starts, keys } = this;
    this.slots *= 2;
    this.ids = new Float64Array(this.slots);
    this.starts = new Float64Array(this.slots);
    this.keys = new Int32Array(this.slots);
    this.count = 0;
    for (let slot = 0; slot < ids.length; slot++) if (ids[slot] !== 0) this.put(ids[slot], starts[slot], keys[slot]);
  }
}
