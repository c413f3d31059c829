/**
 * What a Merkle tree keeps of one copy and a digest says of it: 64 bits of (address, state), as two signed halves. Two
 * replicas whose states a clock calls equal get the same bits whatever their histories, or every exchange would repair
 * what is whole.
 *
 * `clock` hashes what the clock compares and nothing else, as Riak does: cheap, and blind to two values under one clock.
 * `content` hashes write ids, tombstones, value bytes and meta, as Cassandra does: it sees what a disk did to a value, costs
 * their length, and is blind to a difference in metadata alone. The address is always in it. A hash of the key only
 * cannot see that values differ; a hash of the state only would let two keys that are written alike cancel each other
 * in an accumulator of XOR. Siblings are added up, so that their order does not matter.
 *
 * Sources: riak_kv_index_hashtree (object hash version 0); Cassandra's Digest. The mixing is MurmurHash3's.
 */
import { type Clock, clockAt, type StateHash } from "./clock";
import type { Address } from "../vocabulary/address";
import { ByteWriter, type Octets } from "../vocabulary/octets";

const C1 = 0xcc9e2d51 | 0;
const C2 = 0x1b873593;
const C3 = 0x239b961b;
const C4 = 0xab0e9789 | 0;
/** Begins the hash of one version, so that a version never looks like an address. */
const VERSION = 0x38495ab5;

/** 64 bits under way. The result is in `high` and `low` after {@link finish}. */
export class Mixer implements StateHash {
  high = 0;
  low = 0;

  begin(high: number, low: number): void {
    this.high = high;
    this.low = low;
  }

  word(value: number): void {
    const first = Math.imul(value, C1);
    const high = this.high ^ Math.imul((first << 15) | (first >>> 17), C2);
    this.high = (Math.imul((high << 13) | (high >>> 19), 5) + 0xe6546b64) | 0;
    const second = Math.imul(value, C3);
    const low = this.low ^ Math.imul((second << 16) | (second >>> 16), C4);
    this.low = (Math.imul((low << 17) | (low >>> 15), 5) + 0x561ccd1b) | 0;
  }

  number(value: number): void {
    this.word(value | 0);
    // Counters are small: what fits one word takes one, and no two numbers feed the same words.
    if (value > 0x7fffffff) this.word(~Math.floor(value / 0x100000000));
  }

  /** As many calls of {@link word}, with both halves at hand: addresses are most of what is hashed. */
  octets(text: Octets): void {
    let { high, low } = this;
    const { length } = text;
    for (let i = 0; i < length; i += 4) {
      let value = text.charCodeAt(i);
      if (i + 3 < length) {
        value |= (text.charCodeAt(i + 1) << 8) | (text.charCodeAt(i + 2) << 16) | (text.charCodeAt(i + 3) << 24);
      } else {
        if (i + 1 < length) value |= text.charCodeAt(i + 1) << 8;
        if (i + 2 < length) value |= text.charCodeAt(i + 2) << 16;
      }
      const first = Math.imul(value, C1);
      high ^= Math.imul((first << 15) | (first >>> 17), C2);
      high = (Math.imul((high << 13) | (high >>> 19), 5) + 0xe6546b64) | 0;
      const second = Math.imul(value, C3);
      low ^= Math.imul((second << 16) | (second >>> 16), C4);
      low = (Math.imul((low << 17) | (low >>> 15), 5) + 0x561ccd1b) | 0;
    }
    this.high = high ^ length;
    this.low = low ^ length;
  }

  finish(): void {
    let high = (this.high + this.low) | 0;
    let low = (this.low + high) | 0;
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b);
    high = Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    high ^= high >>> 16;
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
    low = Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    low ^= low >>> 16;
    high = (high + low) | 0;
    this.high = high;
    this.low = (low + high) | 0;
  }
}

/** Takes the encoding of a state in place of a buffer, less the bytes of values. */
class EncodingHash extends ByteWriter {
  constructor(private readonly into: Mixer) {
    super(0);
  }

  override u8(value: number): void {
    this.into.word(value);
  }
  override u16(value: number): void {
    this.into.word(value);
  }
  override u32(value: number): void {
    this.into.word(value | 0);
  }
  override u64(value: number): void {
    this.into.number(value);
  }
  override varint(value: number): void {
    this.into.number(value);
  }
  /** Of a state, values alone are octets. */
  override octets(): void {
    return;
  }
}

/** Fingerprints under one clock. Results are left in `high` and `low`, because a pair a write would be garbage. */
export class Fingerprints {
  /** Of the last {@link ofState}. */
  high = 0;
  low = 0;
  /** Of the last {@link ofAddress}. */
  private addressHigh = 0;
  private addressLow = 0;
  private readonly mixer = new Mixer();
  private readonly encoding = new EncodingHash(this.mixer);
  /** What the last {@link ofAddress} goes by. */
  private current: Clock;

  constructor(
    private readonly clock: Clock,
    private readonly hash: "clock" | "content",
  ) {
    this.current = clock;
  }

  /** Comes before {@link ofState}; the hash of the address alone, unsigned, which says where in a tree the key belongs. */
  ofAddress(address: Address): number {
    const { mixer } = this;
    mixer.begin(0, 0);
    mixer.octets(address);
    mixer.finish();
    this.addressHigh = mixer.high;
    this.addressLow = mixer.low;
    this.current = clockAt(this.clock, address);
    return mixer.high >>> 0;
  }

  /** The fingerprint of the last address with this state; of no state, nothing: zeros. */
  ofState(state: unknown): void {
    if (state === undefined) {
      this.high = 0;
      this.low = 0;
      return;
    }
    const { mixer } = this;
    mixer.begin(this.addressHigh, this.addressLow);
    if (this.hash === "content") this.feedContent(state);
    else if (this.current.hash === undefined) this.current.encode(state, this.encoding);
    else this.current.hash(state, mixer);
    mixer.finish();
    this.high = mixer.high;
    this.low = mixer.low;
  }

  of(address: Address, state: unknown): void {
    this.ofAddress(address);
    this.ofState(state);
  }

  private feedContent(state: unknown): void {
    const { mixer } = this;
    const versions = this.current.versions(state);
    let high = 0;
    let low = 0;
    for (const { writeId, tombstone, value, meta } of versions) {
      mixer.begin(VERSION, (tombstone ? 1 : 0) | (meta === undefined ? 0 : 2));
      mixer.number(writeId);
      mixer.octets(value);
      if (meta !== undefined) mixer.octets(meta);
      mixer.finish();
      high = (high + mixer.high) | 0;
      low = (low + mixer.low) | 0;
    }
    mixer.begin(this.addressHigh, this.addressLow);
    mixer.word(high);
    mixer.word(low);
    mixer.word(versions.length);
  }
}
