/**
 * Tombstones that a replica removed a moment ago. A message sent before the removal may still be on its way with an older
 * state of the key; taken for news, it would bring the deleted value back, and the replica would count its events on from
 * there and give a dot twice. So for as long as such a message can live, what is no newer than the tombstone is ignored.
 *
 * Bounded in number and time: what falls out is as unknown as a key that never was. A restart forgets all graves, and takes
 * a new actor, so no dot is at risk then. Riak has no such memory (riak_kv issue 679 is what that costs).
 */
import type { Micros } from "../vocabulary/micros";

/** Keys remembered at once. */
export const MOST_GRAVES = 65_536;

interface Grave {
  readonly state: unknown;
  readonly until: Micros;
}

export class Graves {
  /** In order of removal, which is the order of `until`. */
  private readonly graves = new Map<string, Grave>();

  constructor(private readonly lifetime: Micros) {}

  /** The tombstone `state` of `key` was removed at `now`. */
  dig(key: string, state: unknown, now: Micros): void {
    this.graves.delete(key);
    this.forget(now);
    if (this.graves.size >= MOST_GRAVES) this.graves.delete(this.graves.keys().next().value!);
    this.graves.set(key, { state, until: now + this.lifetime });
  }

  /** The tombstone that was removed not long ago. */
  find(key: string, now: Micros): unknown {
    const grave = this.graves.get(key);
    return grave === undefined || grave.until <= now ? undefined : grave.state;
  }

  get size(): number {
    return this.graves.size;
  }

  private forget(now: Micros): void {
    for (const [key, { until }] of this.graves) {
      if (until > now) return;
      this.graves.delete(key);
    }
  }
}
