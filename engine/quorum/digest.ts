/**
 * What a replica says of its copy instead of sending it: 64 bits of everything that a clock compares and of the values
 * themselves. Equal digests are taken for equal copies, at odds of one in 2^64 that they are not.
 *
 * Either half of it alone would be wrong here. Of the clock alone, a copy whose value rotted on its disk looks sound; of
 * the values alone (Cassandra, whose timestamps stand beside them), a reader gets a context that knows less than the
 * replicas do. Source: Cassandra's digest reads.
 */
import { Fingerprints } from "../clocks/fingerprint";
import type { Clock } from "../clocks/clock";
import type { Address } from "../vocabulary/address";

/** Two signed 32-bit halves. */
export class Digest {
  constructor(
    readonly high: number,
    readonly low: number,
  ) {}
}

/** Bytes of a digest in a reply. */
export const DIGEST_BYTES = 8;

export class Digests {
  private readonly clocks: Fingerprints;
  private readonly contents: Fingerprints;

  constructor(clock: Clock) {
    this.clocks = new Fingerprints(clock, "clock");
    this.contents = new Fingerprints(clock, "content");
  }

  of(address: Address, state: unknown): Digest {
    const { clocks, contents } = this;
    clocks.of(address, state);
    contents.of(address, state);
    // Turned against each other, so that what both feed alike does not cancel out.
    return new Digest(clocks.high ^ ((contents.high << 7) | (contents.high >>> 25)), (clocks.low + contents.low) | 0);
  }

  matches({ high, low }: Digest, address: Address, state: unknown): boolean {
    const digest = this.of(address, state);
    return digest.high === high && digest.low === low;
  }
}
