/**
 * Mean and spread of the last so many samples, each step in constant time. Samples are kept as differences from the first one,
 * because squares of microseconds soon pass what a double holds exactly and the variance would be the small difference of two large
 * numbers; and the sums are made anew each time the ring has gone round, so that no rounding stays for longer than a window.
 *
 * Room grows with what is there: a thousand peers that have each sent ten heartbeats do not need a thousand places each.
 */
import { assert } from "../vocabulary/assert";

export class SlidingWindow {
  private samples = new Float64Array(FIRST_ROOM);
  private origin = 0;
  /** Where the next sample goes, once all `limit` places are taken. */
  private next = 0;
  private sum = 0;
  private squares = 0;
  count = 0;

  constructor(private readonly limit: number) {
    assert(limit >= 1, "a window has room for a sample");
  }

  add(sample: number): void {
    if (this.count === 0) this.origin = sample;
    const value = sample - this.origin;
    if (this.count < this.limit) {
      if (this.count === this.samples.length) this.grow();
      this.samples[this.count++] = value;
      this.sum += value;
      this.squares += value * value;
      return;
    }
    const oldest = this.samples[this.next];
    this.samples[this.next] = value;
    this.sum += value - oldest;
    this.squares += value * value - oldest * oldest;
    this.next++;
    if (this.next < this.limit) return;
    this.next = 0;
    this.sumUp();
  }

  clear(): void {
    this.count = 0;
    this.next = 0;
    this.sum = 0;
    this.squares = 0;
  }

  /** NaN of no samples. */
  get mean(): number {
    return this.origin + this.sum / this.count;
  }

  /** Of the population they are drawn from: divided by one less than there are; 0 of one sample. */
  get variance(): number {
    if (this.count < 2) return 0;
    return Math.max(0, (this.squares - (this.sum * this.sum) / this.count) / (this.count - 1));
  }

  private sumUp(): void {
    this.sum = 0;
    this.squares = 0;
    for (let i = 0; i < this.count; i++) {
      const value = this.samples[i];
      this.sum += value;
      this.squares += value * value;
    }
  }

  private grow(): void {
    const larger = new Float64Array(Math.min(this.limit, 2 * this.samples.length));
    larger.set(this.samples);
    this.samples = larger;
  }
}

const FIRST_ROOM = 8;
