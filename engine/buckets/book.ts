/**
 * What is said of types and buckets, as one node knows it: a small table that every node has whole, of which the later entry about
 * a name wins, by (version, node). A version is one more than any that its maker had seen in its book, so that whoever has seen an
 * entry can only be followed, and of two that had not seen each other all nodes choose the same one.
 *
 * A reset is an entry too, one that says nothing: were it a removal, the next node to compare books would bring the old one back. So
 * the table only grows, and is bounded: so many entries may be made ({@link MAX_ENTRIES}); what others made beyond that during a
 * partition is still taken in, up to {@link MAX_KEPT}, because their clients were told that it was kept.
 *
 * Requests ask it for each key. With nothing in it the answer is one comparison; else two lookups, and never a computation:
 * effective properties are worked out when an entry comes.
 */
import { assert } from "../vocabulary/assert";
import { type Address, bucketPrefix, MAX_TYPE_BYTES, typePrefix } from "../vocabulary/address";
import type { Octets } from "../vocabulary/octets";
import { applied, type BucketChange, type BucketProperties, describeChange } from "./properties";

/** What stands for "no type" in interfaces that know of types: its properties are the cluster's own. It is always there. */
export const DEFAULT_TYPE: Octets = "default";

/** Entries that may be made, and that are kept at most. */
export const MAX_ENTRIES = 1_024;
export const MAX_KEPT = 2_048;
/** Of type and bucket together: longer ones name no key that could be stored. */
export const MAX_NAME_BYTES = 1_900;

/** Whoever is out of its mind may name any version; of this one there are more than anybody lives to see, and numbers to spare. */
export const MAX_VERSION = 2 ** 48;

/** What is said of a bucket, or of a type (no bucket): all of it, not the last change alone. */
export interface BucketEntry {
  readonly type: Octets;
  readonly bucket: Octets | undefined;
  readonly said: BucketChange;
  /** From 1 to {@link MAX_VERSION}. */
  readonly version: number;
  /** Who made it. */
  readonly node: number;
}

export class BucketBook {
  /** By bucket prefix, or type prefix: no prefix of either kind is one of the other. */
  private readonly byName = new Map<Octets, BucketEntry>();
  /** Undefined while there are no entries: the one comparison. */
  private effective: Map<Octets, BucketProperties> | undefined;
  private highest = 0;
  private sum: readonly [number, number] = [0, 0];
  /** Raised with each entry taken in. */
  serial = 0;

  constructor(
    /** Of all that nothing is said of. */
    readonly cluster: BucketProperties,
  ) {}

  get isEmpty(): boolean {
    return this.effective === undefined;
  }

  get size(): number {
    return this.byName.size;
  }

  /** Those of a key's bucket; the cluster's where its type is not known. */
  ofAddress(address: Address): BucketProperties {
    const { effective } = this;
    if (effective === undefined) return this.cluster;
    const typeEnd = 1 + address.charCodeAt(0);
    const bucketEnd = typeEnd + 2 + ((address.charCodeAt(typeEnd) << 8) | address.charCodeAt(typeEnd + 1));
    return effective.get(address.slice(0, bucketEnd)) ?? effective.get(address.slice(0, typeEnd)) ?? this.cluster;
  }

  /** Of a bucket, or of a type's buckets of which nothing else is said; undefined: there is no such type. */
  propertiesOf(type: Octets, bucket: Octets | undefined): BucketProperties | undefined {
    if (!this.hasType(type)) return undefined;
    if (this.effective === undefined) return this.cluster;
    const own = bucket === undefined ? undefined : this.effective.get(bucketPrefix(type, bucket));
    return own ?? this.effective.get(typePrefix(type)) ?? this.cluster;
  }

  /** A type is there once something, or nothing in particular, was said of it. */
  hasType(type: Octets): boolean {
    return type === DEFAULT_TYPE || (type.length <= MAX_TYPE_BYTES && this.byName.has(typePrefix(type)));
  }

  /** Types in order, the one that is always there among them. */
  types(): readonly Octets[] {
    const types = new Set([DEFAULT_TYPE]);
    for (const { type, bucket } of this.byName.values()) if (bucket === undefined) types.add(type);
    return [...types].sort();
  }

  entryOf(type: Octets, bucket: Octets | undefined): BucketEntry | undefined {
    return this.byName.get(nameOf(type, bucket));
  }

  /** All of them, in the order in which their names first came. */
  entries(): readonly BucketEntry[] {
    return [...this.byName.values()];
  }

  /** The least number of copies that any bucket of the type has. */
  fewestCopies(type: Octets): number {
    let least = (this.propertiesOf(type, undefined) ?? this.cluster).nVal;
    for (const entry of this.byName.values()) {
      if (entry.type !== type || entry.bucket === undefined) continue;
      least = Math.min(least, this.propertiesOf(type, entry.bucket)?.nVal ?? least);
    }
    return least;
  }

  /** All numbers of copies in use, the cluster's first. */
  copies(): readonly number[] {
    const all = new Set([this.cluster.nVal]);
    if (this.effective !== undefined) for (const { nVal } of this.effective.values()) all.add(nVal);
    return [...all];
  }

  /** Of all buckets whose keys lie or are merged otherwise than the cluster's: equal texts, equal ways. */
  get ways(): string {
    if (this.effective === undefined) return "";
    const { nVal, siblings } = this.cluster;
    return [...this.effective]
      .filter(([, other]) => other.nVal !== nVal || other.siblings !== siblings)
      .map(([name, other]) => `${name}\n${String(other.nVal)} ${other.siblings}`)
      .sort()
      .join("\n");
  }

  /** Nothing can follow what is known. */
  get isWornOut(): boolean {
    return this.highest >= MAX_VERSION;
  }

  /** An entry that replaces what is known of the name; not taken in yet. */
  make(type: Octets, bucket: Octets | undefined, said: BucketChange, node: number): BucketEntry {
    return { type, bucket, said, version: this.highest + 1, node };
  }

  /** Takes an entry in. `old`: it is known, or something later is. `full`: there is no room. */
  take(entry: BucketEntry): "news" | "old" | "full" {
    const name = nameOf(entry.type, entry.bucket);
    assert(entry.version >= 1, "versions count from one");
    const known = this.byName.get(name);
    if (known !== undefined && compareEntries(entry, known) <= 0) return "old";
    if (known === undefined && this.byName.size >= MAX_KEPT) return "full";
    this.byName.set(name, entry);
    this.highest = Math.max(this.highest, entry.version);
    if (known !== undefined) this.add(known);
    this.add(entry);
    this.serial++;
    this.reckon(entry);
    return "news";
  }

  /** Two unsigned halves: equal books have equal ones, whatever the order in which entries came. */
  get hash(): readonly [number, number] {
    return this.sum;
  }

  /** Short stable text, in order of name. */
  describe(): string {
    return [...this.byName.keys()]
      .sort()
      .map((name) => describeEntry(this.byName.get(name)!))
      .join("\n");
  }

  /** What follows from an entry: of a type, all its buckets too. */
  private reckon({ type, bucket, said }: BucketEntry): void {
    const effective = (this.effective ??= new Map<Octets, BucketProperties>());
    const ofType = typePrefix(type);
    if (bucket !== undefined) {
      effective.set(bucketPrefix(type, bucket), applied(effective.get(ofType) ?? this.cluster, said));
      return;
    }
    // A created type keeps siblings, as Riak's do, whatever the cluster's own buckets are set up to.
    const above: BucketProperties = type === DEFAULT_TYPE ? this.cluster : { ...this.cluster, siblings: "keep" };
    effective.set(ofType, applied(above, said));
    for (const other of this.byName.values()) if (other.bucket !== undefined && other.type === type) this.reckon(other);
  }

  /** Adding once more takes away. */
  private add(entry: BucketEntry): void {
    const [high, low] = this.sum;
    const text = textOf(entry);
    this.sum = [(high ^ fnv(text, 0x811c9dc5)) >>> 0, (low ^ fnv(text, 0x1b873593)) >>> 0];
  }
}

/** Above 0: `x` is the later one. Only what was forgotten and said anew can be of one version and node and differ. */
export function compareEntries(x: BucketEntry, y: BucketEntry): number {
  if (x.version !== y.version) return x.version - y.version;
  if (x.node !== y.node) return x.node - y.node;
  const [textX, textY] = [textOf(x), textOf(y)];
  return textX < textY ? -1 : textX > textY ? 1 : 0;
}

export function describeEntry(entry: BucketEntry): string {
  const { type, bucket, said, version, node } = entry;
  const name = bucket === undefined ? type : `${type}/${bucket}`;
  return `${name} v${String(version)} of n${String(node)}: ${describeChange(said) || "nothing"}`;
}

/** Whether keys of such a bucket, or any bucket of such a type, can be stored at all. */
export function isName(type: Octets, bucket: Octets | undefined): boolean {
  if (type.length > MAX_TYPE_BYTES || (bucket !== undefined && bucket.length === 0)) return false;
  return type.length > 0 && type.length + (bucket ?? "").length <= MAX_NAME_BYTES;
}

function nameOf(type: Octets, bucket: Octets | undefined): Octets {
  return bucket === undefined ? typePrefix(type) : bucketPrefix(type, bucket);
}

/** The same of equal entries. */
function textOf({ type, bucket, said, version, node }: BucketEntry): string {
  return `${nameOf(type, bucket)}\n${String(version)}\n${String(node)}\n${describeChange(said)}`;
}

/** FNV-1a over characters, finished as Murmur3 is, so that all bits of a text reach all of the sum. */
function fnv(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
