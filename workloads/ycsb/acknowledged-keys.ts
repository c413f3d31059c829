/**
 * Which key numbers may be chosen. Inserts are handed out one number after the other but end in any order; a chooser
 * that looked at the highest number handed out would ask for records that are not there yet. So, as in YCSB's
 * AcknowledgedCounterGenerator, ended inserts set a flag in a ring of 2^20, and the limit is the end of the contiguous
 * prefix of set flags.
 *
 * As in YCSB too, an insert that *failed* sets its flag: it would otherwise hold the limit for the rest of the run, and
 * `latest` would quietly turn into a fixed hot spot. Its key is then read as absent, which is the truth.
 */
import { assert } from "../../engine/vocabulary/assert";

export const ACKNOWLEDGEMENT_WINDOW = 2 ** 20;

export class AcknowledgedKeys {
  private readonly ended = new Uint8Array(ACKNOWLEDGEMENT_WINDOW);
  private highest: number;
  private following: number;

  /** `recordCount` keys are taken to exist: numbers 0 to recordCount - 1. */
  constructor(recordCount: number) {
    this.highest = recordCount - 1;
    this.following = recordCount;
  }

  /** The newest key number that may be chosen; -1 when there is none. */
  get newest(): number {
    return this.highest;
  }

  /** The number of the next insert. Undefined when a whole window of inserts waits for one that has not ended. */
  take(): number | undefined {
    if (this.following - this.highest > ACKNOWLEDGEMENT_WINDOW) return undefined;
    return this.following++;
  }

  /** The insert of `number` ended. */
  acknowledge(number: number): void {
    assert(number > this.highest && number < this.following, "an insert ends once, after it was handed out");
    const slot = number % ACKNOWLEDGEMENT_WINDOW;
    assert(this.ended[slot] === 0, "an insert ends once");
    this.ended[slot] = 1;
    for (let next = this.highest + 1; next < this.following; next++) {
      const at = next % ACKNOWLEDGEMENT_WINDOW;
      if (this.ended[at] === 0) return;
      this.ended[at] = 0;
      this.highest = next;
    }
  }
}
