/**
 * What makes "the same run" a thing that can be checked: every event is mixed into a rolling digest, and the digest is
 * noted every so many events. Two runs are the same when their digests are; when they are not, the first checkpoint that
 * differs says after which event to look. Checkpoints are bounded: when there are too many, every second one is dropped.
 */

/** Checkpoints kept at most; between two of them lie `every` events. */
const MAX_CHECKPOINTS = 4_096;

export class TraceDigest {
  private a = 0x811c9dc5 | 0;
  private b = 0x9e3779b9 | 0;
  private left = 1;
  events = 0;
  every = 1;
  private kept: number[] = [];

  /** One integer of the event under way; also beyond 32 bits. */
  mix(value: number): void {
    const low = value | 0;
    const high = Math.floor(value / 0x100000000) | 0;
    this.a = Math.imul(this.a ^ low, 0x01000193) ^ high;
    this.b = Math.imul(rotate(this.b ^ low, 13), 0x85ebca6b) + high;
  }

  /** The bytes of a message. */
  mixBytes(bytes: Uint8Array, from: number, to: number): void {
    let { a, b } = this;
    let i = from;
    for (; i + 4 <= to; i += 4) {
      const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
      a = Math.imul(a ^ word, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(rotate(b ^ word, 13), 0x85ebca6b);
    }
    for (; i < to; i++) {
      a = Math.imul(a ^ bytes[i], 0x01000193);
      b = Math.imul(rotate(b ^ bytes[i], 13), 0x85ebca6b);
    }
    this.a = a;
    this.b = b;
  }

  /** The event is whole. */
  close(): void {
    this.a ^= this.a >>> 13;
    this.events++;
    if (--this.left > 0) return;
    this.left = this.every;
    this.kept.push(this.a >>> 0);
    if (this.kept.length < MAX_CHECKPOINTS) return;
    this.kept = this.kept.filter((_, i) => i % 2 === 1);
    this.every *= 2;
    this.left = this.every;
  }

  /** 16 hexadecimal digits. */
  hex(): string {
    return hex32(this.a ^ this.events) + hex32(this.b);
  }

  /** Rolling digest after (i + 1) * every events. */
  get checkpoints(): readonly number[] {
    return this.kept;
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
