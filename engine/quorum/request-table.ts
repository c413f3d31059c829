/**
 * Requests in progress, found by the id that replies echo. An id is a counter; its low bits are the slot, the whole is
 * the generation check, so a late reply to an ended request finds a stranger or nothing and is ignored, and no
 * hash map is touched. When the slot of the next id is still taken by a slow request, that id is skipped.
 *
 * A process that starts again must not count from 1 again: a reply to its former life, late because the peer's disk is
 * slow, would be taken for one to another request. So each life begins elsewhere.
 */
const ID_SPACE = 2 ** 30;

/** The first id of a life: lives that follow each other are hundreds of millions of requests apart. */
export function firstIdOf(epoch: number): number {
  return 1 + (((epoch - 1) * LIFE_STRIDE) % (ID_SPACE - 1));
}

/** The golden section of the space, which spreads multiples of it most evenly. */
const LIFE_STRIDE = 663_608_941;

export interface Identified {
  /** Assigned by {@link RequestTable.add}. */
  id: number;
}

export class RequestTable<T extends Identified> {
  private slots: (T | undefined)[];
  private mask: number;
  private next: number;
  size = 0;

  /** `capacity` is a power of two; the table doubles when half full. */
  constructor(capacity = 256, first = 1) {
    this.next = first;
    this.slots = new Array<T | undefined>(capacity).fill(undefined);
    this.mask = capacity - 1;
  }

  /** Assigns `item.id` and keeps the item until {@link remove}. */
  add(item: T): void {
    if (this.size * 2 >= this.slots.length) this.grow();
    let id = this.next;
    while (this.slots[id & this.mask] !== undefined) id = id + 1 === ID_SPACE ? 1 : id + 1;
    this.next = id + 1 === ID_SPACE ? 1 : id + 1;
    item.id = id;
    this.slots[id & this.mask] = item;
    this.size++;
  }

  get(id: number): T | undefined {
    const item = this.slots[id & this.mask];
    return item !== undefined && item.id === id ? item : undefined;
  }

  remove(id: number): void {
    const at = id & this.mask;
    const item = this.slots[at];
    if (item === undefined || item.id !== id) return;
    this.slots[at] = undefined;
    this.size--;
  }

  /** All items, in slot order. */
  items(): T[] {
    return this.slots.filter((item): item is T => item !== undefined);
  }

  /** Ids that differ in their low bits differ in one more bit too: doubling never makes two items clash. */
  private grow(): void {
    const old = this.slots;
    this.slots = new Array<T | undefined>(old.length * 2).fill(undefined);
    this.mask = this.slots.length - 1;
    for (const item of old) if (item !== undefined) this.slots[item.id & this.mask] = item;
  }
}
