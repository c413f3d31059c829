/**
 * The bytes of a record. A YCSB record is a row of named fields; a store of opaque values has no columns, so a record is
 * ONE value: its fields' bytes joined, in order, without names. What travels:
 *
 * - a load or an insert, or an update under `writeallfields=true`: all fields, by default 10 × 100 = 1000 bytes;
 * - any other update: one field's bytes alone, by default 100. The other fields are not read and not carried along, the
 *   written value *is* the new value of the key, and a later read brings those 100 bytes back. Sizes of updates on the
 *   wire are YCSB's; sizes of reads after updates are smaller than on a store with columns, and the report says so;
 * - a read: whatever is stored, also under `readallfields=false`.
 *
 * Bytes are printable ASCII as in YCSB, cut from one seeded block at a drawn place: a cut costs no copy, and no store
 * under study compresses. Writes are told apart by their ids; two of them share their bytes with a chance of 1 in 65,536.
 */
import type { Octets } from "../../engine/vocabulary/octets";
import type { Random } from "../../engine/vocabulary/random";
import type { LengthSettings, RecordSettings } from "../settings";
import { GrayZipfian } from "./gray-zipfian";

export interface RecordValues {
  /** All fields joined. */
  whole(key: Octets): Octets;
  /** What an update of one random field, or of all, writes. */
  updated(key: Octets): Octets;
  /** Whether `value` is one that this workload may have written under `key`; always true without data integrity. */
  verify(key: Octets, value: Octets): boolean;
}

/** `random` draws lengths, fields and places in the block. */
export function recordValues(records: RecordSettings, random: Random): RecordValues {
  return records.dataIntegrity ? new DeterministicValues(records, random) : new RandomValues(records, random);
}

/** Draws a field's length in bytes. */
export function lengthChooser(length: LengthSettings): (random: Random) => number {
  switch (length.dist) {
    case "constant":
      return () => length.bytes;
    case "histogram":
      return histogramChooser(length.blockBytes, length.weights);
    default:
      return rangeChooser(length.dist, length.minBytes, length.maxBytes);
  }
}

/**
 * YCSB's HistogramGenerator: always the upper end of a bucket, but for the last, which stands for the same length as the one
 * before it; and the first bucket is likelier by one part of the whole. Both are kept: lengths are to be those of YCSB.
 */
function histogramChooser(blockBytes: number, weights: readonly number[]): (random: Random) => number {
  const area = weights.reduce((sum, weight) => sum + weight, 0);
  const last = weights.length - 1;
  return (random) => {
    let left = random.nextBelow(area);
    for (let bucket = 0; bucket < last; bucket++) {
      left -= weights[bucket];
      if (left <= 0) return (bucket + 1) * blockBytes;
    }
    return last * blockBytes;
  };
}

/** Draws an integer in [min, max], evenly or (YCSB's zipfian) favouring the low end. */
export function rangeChooser(dist: "uniform" | "zipfian", min: number, max: number): (random: Random) => number {
  if (dist === "uniform") return (random) => min + random.nextBelow(max - min + 1);
  const law = new GrayZipfian(max - min + 1);
  return (random) => min + law.rank(random.nextFloat());
}

/** The most bytes a field can have. */
export function longestField(length: LengthSettings): number {
  switch (length.dist) {
    case "constant":
      return length.bytes;
    case "histogram":
      return (length.weights.length - 1) * length.blockBytes;
    default:
      return length.maxBytes;
  }
}

class RandomValues implements RecordValues {
  private readonly random: Random;
  private readonly block: Octets;
  private readonly length: (random: Random) => number;
  private readonly fields: number;
  private readonly writeAllFields: boolean;

  constructor(records: RecordSettings, random: Random) {
    this.random = random;
    this.length = lengthChooser(records.fieldLength);
    this.fields = records.fieldCount;
    this.writeAllFields = records.writeAllFields;
    const longest = longestField(records.fieldLength) * records.fieldCount;
    this.block = printableBlock(random.fork("block"), longest + DISTINCT_PLACES);
  }

  whole(): Octets {
    let bytes = 0;
    for (let i = 0; i < this.fields; i++) bytes += this.length(this.random);
    return this.cut(bytes);
  }

  updated(): Octets {
    return this.writeAllFields ? this.whole() : this.cut(this.length(this.random));
  }

  verify(): boolean {
    return true;
  }

  private cut(bytes: number): Octets {
    const at = this.random.nextBelow(DISTINCT_PLACES);
    return this.block.slice(at, at + bytes);
  }
}

/**
 * YCSB's `dataintegrity=true`: a field's bytes follow from the key and the field's name, so that any reader can tell a
 * value that was never written there.
 */
class DeterministicValues implements RecordValues {
  private readonly random: Random;
  private readonly bytes: number;
  private readonly names: readonly string[];
  private readonly writeAllFields: boolean;

  constructor(records: RecordSettings, random: Random) {
    this.random = random;
    this.bytes = longestField(records.fieldLength);
    this.names = Array.from({ length: records.fieldCount }, (_, i) => `${records.fieldNamePrefix}${i}`);
    this.writeAllFields = records.writeAllFields;
  }

  whole(key: Octets): Octets {
    return this.names.map((name) => deterministicField(key, name, this.bytes)).join("");
  }

  updated(key: Octets): Octets {
    if (this.writeAllFields) return this.whole(key);
    return deterministicField(key, this.names[this.random.nextBelow(this.names.length)], this.bytes);
  }

  verify(key: Octets, value: Octets): boolean {
    if (value === this.whole(key)) return true;
    return this.names.some((name) => value === deterministicField(key, name, this.bytes));
  }
}

/** `key:field`, then `:` and Java's hash of the text so far, again and again, cut to `bytes`. */
export function deterministicField(key: Octets, field: string, bytes: number): Octets {
  let text = `${key}:${field}`;
  let hash = javaHash(text, 0);
  while (text.length < bytes) {
    hash = javaHash(":", hash);
    const digits = String(hash);
    text += ":" + digits;
    hash = javaHash(digits, hash);
  }
  return text.slice(0, bytes);
}

/** java.lang.String.hashCode, going on from the hash of what came before. */
function javaHash(text: string, before: number): number {
  let hash = before;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

export function printableBlock(random: Random, length: number): Octets {
  const pieces: string[] = [];
  for (let done = 0; done < length; done += PIECE) {
    const codes = Array.from({ length: Math.min(PIECE, length - done) }, () => 32 + random.nextBelow(95));
    pieces.push(String.fromCharCode(...codes));
  }
  // Splitting and joining leaves one flat string: cuts then point straight into it.
  return pieces.join("");
}

/** Places where a value may be cut from the block. */
export const DISTINCT_PLACES = 65_536;
const PIECE = 4096;
