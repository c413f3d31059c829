/**
 * The book as text, for what outlives a process. It is read with suspicion and refused as a whole where it has not this shape: a
 * node that has forgotten what was said of a bucket would go by other numbers than its peers, and would not know it.
 */
import { MAX_REPLICAS } from "../quorum/arithmetic";
import type { Octets } from "../vocabulary/octets";
import { type BucketEntry, isName, MAX_KEPT, MAX_VERSION } from "./book";
import { type BucketChange, FLAGS, isQuorum, PROPERTIES, QUORUMS, SIBLING_POLICIES } from "./properties";

export class BrokenBook extends Error {
  override readonly name = "BrokenBook";
}

export function textOfEntries(entries: readonly BucketEntry[]): string {
  return JSON.stringify({ entries });
}

/** @throws BrokenBook saying what is wrong. */
export function entriesFrom(text: string): readonly BucketEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BrokenBook("it is no JSON");
  }
  const { entries } = object(value, "it");
  if (!Array.isArray(entries) || entries.length > MAX_KEPT)
    throw new BrokenBook(`entries is no list of at most ${String(MAX_KEPT)}`);
  return entries.map((entry, i) => entryFrom(object(entry, `entries[${String(i)}]`), `entries[${String(i)}]`));
}

function entryFrom({ type, bucket, said, version, node }: Record<string, unknown>, what: string): BucketEntry {
  const name = octets(type, `${what}.type`);
  const of = bucket === undefined ? undefined : octets(bucket, `${what}.bucket`);
  if (!isName(name, of)) throw new BrokenBook(`${what}: no name of a type or bucket`);
  if (whole(version, 1, `${what}.version`) > MAX_VERSION) throw new BrokenBook(`${what}.version is the last`);
  return {
    type: name,
    bucket: of,
    said: changeFrom(object(said, `${what}.said`), `${what}.said`),
    version: whole(version, 1, `${what}.version`),
    node: whole(node, 0, `${what}.node`),
  };
}

function changeFrom(value: Record<string, unknown>, what: string): BucketChange {
  const names: readonly string[] = PROPERTIES;
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) throw new BrokenBook(`${what}.${name} is no property`);
  }
  if (value.nVal !== undefined && whole(value.nVal, 1, `${what}.nVal`) > MAX_REPLICAS)
    throw new BrokenBook(`${what}.nVal is above ${String(MAX_REPLICAS)}`);
  for (const name of QUORUMS)
    if (value[name] !== undefined && !canBeMet(value[name])) throw new BrokenBook(`${what}.${name} is no quorum`);
  for (const name of FLAGS)
    if (value[name] !== undefined && typeof value[name] !== "boolean") throw new BrokenBook(`${what}.${name}`);
  if (value.siblings !== undefined && !(SIBLING_POLICIES as readonly unknown[]).includes(value.siblings))
    throw new BrokenBook(`${what}.siblings`);
  return value;
}

function canBeMet(value: unknown): boolean {
  return isQuorum(value) && (typeof value !== "number" || value <= MAX_REPLICAS);
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new BrokenBook(`${what} is no object`);
  return value as Record<string, unknown>;
}

/** A character a byte. */
function octets(value: unknown, what: string): Octets {
  if (typeof value !== "string") throw new BrokenBook(`${what} is no text`);
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0xff) throw new BrokenBook(`${what} has no bytes`);
  return value;
}

function whole(value: unknown, least: number, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least)
    throw new BrokenBook(`${what}: ${String(value)} is no whole number from ${String(least)}`);
  return value;
}
