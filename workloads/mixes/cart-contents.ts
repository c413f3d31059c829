/**
 * What is in a shopping cart, as bytes that can be merged. Every addition has an id of its own; a removal names the
 * additions it has seen. Merged are the additions of all versions less what any of them removed, so an addition made
 * beside a removal of the same item stays ("add wins") and what was removed stays removed. This is the merge that Dynamo
 * leaves to the application (section 4.4), in the form of an observed-remove set (Shapiro et al. 2011).
 *
 * The trap it avoids: a merge by items alone, which cannot tell a removed item from one that a version has not seen yet,
 * and so brings removed items back. Dynamo's own cart did.
 */
import { ByteReader, ByteWriter, MalformedBytes, type Octets } from "../../engine/vocabulary/octets";
import type { Mergeable } from "./resolver";

/** Immutable, in normal form: equal contents are deeply equal. */
export interface Cart {
  /** Which cart it is, and which of those that have had its number. */
  readonly number: number;
  readonly generation: number;
  /** Number of the last change. */
  readonly stamp: number;
  /** In order of id, none of them removed. */
  readonly additions: readonly Addition[];
  /** Ids of additions that were removed, ascending. */
  readonly removed: readonly number[];
}

export interface Addition {
  readonly id: number;
  readonly item: number;
}

export function emptyCart(number: number, generation: number): Cart {
  return { number, generation, stamp: 0, additions: [], removed: [] };
}

export function addItem(cart: Cart, item: number, change: number): Cart {
  return { ...cart, stamp: change, additions: sortedById([...cart.additions, { id: change, item }]) };
}

/** Takes out every addition of `item` that this cart shows. */
export function removeItem(cart: Cart, item: number, change: number): Cart {
  const gone = cart.additions.filter((addition) => addition.item === item).map(({ id }) => id);
  const additions = cart.additions.filter((addition) => addition.item !== item);
  return { ...cart, stamp: change, additions, removed: ascending([...cart.removed, ...gone]) };
}

/** Different items, ascending. */
export function itemsOf(cart: Cart): readonly number[] {
  return ascending(cart.additions.map(({ item }) => item));
}

export function mergeCarts(a: Cart, b: Cart): Cart {
  const removed = ascending([...a.removed, ...b.removed]);
  const gone = new Set(removed);
  const additions = new Map<number, Addition>();
  for (const addition of [...a.additions, ...b.additions]) {
    if (!gone.has(addition.id)) additions.set(addition.id, addition);
  }
  const { number, generation } = a;
  return {
    number,
    generation,
    stamp: Math.max(a.stamp, b.stamp),
    additions: sortedById([...additions.values()]),
    removed,
  };
}

export const CARTS: Mergeable<Cart> = {
  decode: decodeCart,
  merge: mergeCarts,
  stamp: ({ stamp }) => stamp,
  difference(kept, merged) {
    const shown = new Set(kept.additions.map(({ id }) => id));
    const right = new Set(merged.additions.map(({ id }) => id));
    return {
      dropped: merged.additions.filter(({ id }) => !shown.has(id)).length,
      undone: kept.additions.filter(({ id }) => !right.has(id)).length,
    };
  },
};

/** First byte: what the bytes are, and in which layout. */
const FORMAT = 0xc1;

/** Ids ascend and are written as steps from one to the next. */
export function encodeCart(cart: Cart): Octets {
  const writer = new ByteWriter(64);
  writer.u8(FORMAT);
  writer.varint(cart.number);
  writer.varint(cart.generation);
  writer.varint(cart.stamp);
  writer.varint(cart.additions.length);
  let last = 0;
  for (const { id, item } of cart.additions) {
    writer.varint(id - last);
    writer.varint(item);
    last = id;
  }
  writer.varint(cart.removed.length);
  last = 0;
  for (const id of cart.removed) {
    writer.varint(id - last);
    last = id;
  }
  return writer.toOctets();
}

/** Undefined for bytes that are no cart. */
export function decodeCart(bytes: Octets): Cart | undefined {
  try {
    const reader = ByteReader.ofOctets(bytes);
    if (reader.u8() !== FORMAT) return undefined;
    const number = reader.varint();
    const generation = reader.varint();
    const stamp = reader.varint();
    const additions: Addition[] = [];
    let id = 0;
    for (let left = reader.count(2); left > 0; left--) {
      id = stepUp(id, reader);
      additions.push({ id, item: reader.varint() });
    }
    const removed: number[] = [];
    id = 0;
    for (let left = reader.count(1); left > 0; left--) {
      id = stepUp(id, reader);
      removed.push(id);
    }
    reader.finish();
    const gone = new Set(removed);
    if (additions.some((addition) => gone.has(addition.id))) return undefined;
    return { number, generation, stamp, additions, removed };
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

function stepUp(from: number, reader: ByteReader): number {
  const step = reader.varint();
  if (step === 0 || from + step > Number.MAX_SAFE_INTEGER) throw new MalformedBytes("ids that do not ascend");
  return from + step;
}

function sortedById(additions: Addition[]): readonly Addition[] {
  return additions.sort((a, b) => a.id - b.id);
}

/** Without repetitions. */
function ascending(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
