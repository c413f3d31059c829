/**
 * Values that say which write made them: the mark, a colon, and bytes that follow from the key and the mark. So whoever
 * reads one can tell a value that was never written under that key, or is to be written only later, without remembering
 * what was. YCSB's `dataintegrity` (`record-values.ts`) makes a key's bytes the same for ever; here two writes of one key
 * differ, and with mixes that delete and create anew that is the point.
 *
 * A value too short for a mark has bytes that follow from the key alone, and is checked against those.
 */
import type { Octets } from "../../engine/vocabulary/octets";
import type { Random } from "../../engine/vocabulary/random";
import type { LengthSettings } from "../settings";
import { DISTINCT_PLACES, lengthChooser, longestField, printableBlock } from "../ycsb/record-values";

/** Shorter values carry no mark. */
export const MARKED_FROM = 16;
/** What {@link MarkedValues.markOf} says of a value too short to tell. */
export const UNMARKED = 0;

export class MarkedValues {
  private readonly length: (random: Random) => number;
  private readonly lengths: Random;
  private readonly block: Octets;
  private readonly shortest: number;
  private readonly longest: number;

  /** `random` draws lengths; the bytes come from its fork alone. */
  constructor(length: LengthSettings, random: Random) {
    this.lengths = random;
    this.length = lengthChooser(length);
    this.longest = longestField(length);
    this.shortest = shortestOf(length);
    this.block = printableBlock(random.fork("block"), this.longest + DISTINCT_PLACES);
  }

  /** The value of the write `mark` (from 1, below 2^50) of `key`; its length is drawn. */
  drawn(key: Octets, mark: number): Octets {
    return this.of(key, mark, this.length(this.lengths));
  }

  /** The same, with so many bytes. */
  of(key: Octets, mark: number, bytes: number): Octets {
    const head = bytes < MARKED_FROM ? "" : `${mark.toString(36)}:`;
    const at = placeOf(key, head);
    return head + this.block.slice(at, at + bytes - head.length);
  }

  /** The mark in `value`, {@link UNMARKED} where it is too short for one; undefined when no write of `key` can have made it. */
  markOf(key: Octets, value: Octets): number | undefined {
    if (value.length < this.shortest || value.length > this.longest) return undefined;
    if (value.length < MARKED_FROM) return value === this.of(key, UNMARKED, value.length) ? UNMARKED : undefined;
    const colon = value.indexOf(":");
    if (colon < 1 || colon > MOST_DIGITS) return undefined;
    const mark = parseInt(value.slice(0, colon), 36);
    return mark >= 1 && value === this.of(key, mark, value.length) ? mark : undefined;
  }
}

function shortestOf(length: LengthSettings): number {
  switch (length.dist) {
    case "constant":
      return length.bytes;
    case "histogram":
      return Math.min(length.blockBytes, longestField(length));
    default:
      return length.minBytes;
  }
}

/** FNV-1a. */
function placeOf(key: Octets, head: Octets): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < head.length; i++) hash = Math.imul(hash ^ head.charCodeAt(i), 0x01000193);
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % DISTINCT_PLACES;
}

/** Digits of 2^50 in base 36. */
const MOST_DIGITS = 10;
