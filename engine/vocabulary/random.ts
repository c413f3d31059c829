/**
 * Seeded randomness: xoshiro128** (Blackman and Vigna 2018), seeded through SplitMix32. One root seed a run; every
 * component forks a stream *by name*, so a draw added in one place never shifts the draws of another. Only 32-bit
 * integer arithmetic is used, so the streams are the same on every machine and engine version.
 */
export class Random {
  private s0 = 0;
  private s1 = 0;
  private s2 = 0;
  private s3 = 0;
  /** What names this stream: forks depend on it alone, never on how many draws were made. */
  private readonly label: string;

  private constructor(label: string) {
    this.label = label;
    let h = hashLabel(label);
    const next = (): number => {
      h = (h + 0x9e3779b9) | 0;
      let z = h;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return z ^ (z >>> 16);
    };
    // A second hash of the label keeps streams apart whose first hashes collide.
    const other = hashLabel("·" + label);
    this.s0 = next();
    this.s1 = next() ^ other;
    this.s2 = next();
    this.s3 = next() ^ Math.imul(other, 0x27d4eb2f);
    if ((this.s0 | this.s1 | this.s2 | this.s3) === 0) this.s0 = 1;
    for (let i = 0; i < 8; i++) this.nextUint32();
  }

  /** The root stream of a run. `seed`: any integer or text; equal seeds give equal streams. */
  static fromSeed(seed: number | string): Random {
    return new Random(`seed:${String(seed)}`);
  }

  /** An independent stream, determined by this stream's name and `name` only. */
  fork(name: string): Random {
    return new Random(`${this.label}/${name}`);
  }

  /** Keeps this stream's state in four places of `states` from `at` on: many streams that seldom draw need no object each. */
  copyTo(states: Int32Array, at: number): void {
    states[at] = this.s0;
    states[at + 1] = this.s1;
    states[at + 2] = this.s2;
    states[at + 3] = this.s3;
  }

  /** Goes on as the stream whose state is there; {@link fork} still names this one. False, and nothing done, where there is none. */
  copyFrom(states: Int32Array, at: number): boolean {
    const s0 = states[at];
    const s1 = states[at + 1];
    const s2 = states[at + 2];
    const s3 = states[at + 3];
    // No stream is ever all zero.
    if ((s0 | s1 | s2 | s3) === 0) return false;
    this.s0 = s0;
    this.s1 = s1;
    this.s2 = s2;
    this.s3 = s3;
    return true;
  }

  /** Uniform in [0, 2^32). */
  nextUint32(): number {
    const s1 = this.s1;
    const x = Math.imul(s1, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9);
    const t = s1 << 9;
    this.s2 ^= this.s0;
    this.s3 ^= s1;
    this.s1 ^= this.s2;
    this.s0 ^= this.s3;
    this.s2 ^= t;
    this.s3 = (this.s3 << 11) | (this.s3 >>> 21);
    return result >>> 0;
  }

  /** Uniform in [0, 1) with 53 random bits. */
  nextFloat(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform integer in [0, bound), 1 <= bound <= 2^53, without modulo bias. */
  nextBelow(bound: number): number {
    if (bound <= 0x100000000) {
      const limit = 0x100000000 - (0x100000000 % bound);
      let draw = this.nextUint32();
      while (draw >= limit) draw = this.nextUint32();
      return draw % bound;
    }
    return Math.floor(this.nextFloat() * bound);
  }

  /** In-place Fisher-Yates. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.nextBelow(i + 1);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
    return items;
  }
}

function hashLabel(label: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) {
    h = Math.imul(h ^ (label.charCodeAt(i) & 0xff), 0x01000193);
    h = Math.imul(h ^ (label.charCodeAt(i) >>> 8), 0x01000193);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  return h ^ (h >>> 13);
}
