/**
 * Which keys the driver has written, and when last: what an inspection of the replicas needs to know, because a key with
 * a write on its way differs between replicas for the best of reasons. One entry a key written, for the whole run.
 */
import type { KeyName } from "../engine/vocabulary/address";
import type { Micros } from "../engine/vocabulary/micros";

export interface KeyActivity {
  readonly name: KeyName;
  /** Writes sent and not yet answered or given up. */
  readonly writesInFlight: number;
  /** When the latest write of the key was sent or ended, whichever was later. */
  readonly lastWriteActivity: Micros;
}

interface Entry {
  readonly name: KeyName;
  writesInFlight: number;
  lastWriteActivity: Micros;
}

export class KeyActivities {
  private readonly entries = new Map<string, Entry>();

  /** By printable key, in order of first write. */
  get written(): ReadonlyMap<string, KeyActivity> {
    return this.entries;
  }

  sent(key: string, name: KeyName, now: Micros): void {
    const entry = this.entries.get(key);
    if (entry === undefined) {
      this.entries.set(key, { name, writesInFlight: 1, lastWriteActivity: now });
      return;
    }
    entry.writesInFlight++;
    entry.lastWriteActivity = now;
  }

  ended(key: string, now: Micros): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    entry.writesInFlight--;
    entry.lastWriteActivity = now;
  }
}
