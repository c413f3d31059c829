/**
 * How an application makes one value of the siblings a read brought. A merge by meaning loses nothing; `newest` and `none`
 * do what an application does that was never told about siblings: it goes on with one of them and writes with the context
 * of all, which tells the store that the others are done with. What that costs is counted here against the merge, which
 * is known all the time. A value that cannot be read is left out of the merging; the driver has counted it as broken.
 */
import type { Octets } from "../../engine/vocabulary/octets";
import type { MergeCounts } from "../operation";

export type ResolverName = "union" | "counter" | "newest" | "none";

/** Values that can be merged. */
export interface Mergeable<V extends object> {
  /** Undefined when the bytes are no such value. */
  decode(bytes: Octets): V | undefined;
  /** Commutative, associative, idempotent. */
  merge(a: V, b: V): V;
  /** Number of the change that made it: later changes have larger ones. */
  stamp(value: V): number;
  /** What `kept` lacks of `merged`, and has in spite of it. */
  difference(kept: V, merged: V): { readonly dropped: number; readonly undone: number };
}

export class Resolver<V extends object> {
  private readonly counted = { reads: 0, versions: 0, dropped: 0, undone: 0 };

  constructor(
    private readonly name: ResolverName,
    private readonly values: Mergeable<V>,
  ) {}

  get counts(): MergeCounts {
    return this.counted;
  }

  /** The value to go on with; undefined where nothing was read. Tombstones, which have no bytes, say nothing. */
  resolve(payloads: readonly Octets[]): V | undefined {
    const versions = payloads.flatMap((bytes) => (bytes === "" ? [] : (this.values.decode(bytes) ?? [])));
    if (versions.length <= 1) return versions[0];
    const { values, counted } = this;
    const merged = versions.reduce((a, b) => values.merge(a, b));
    counted.reads++;
    counted.versions += versions.length;
    if (this.name === "union" || this.name === "counter") return merged;
    const kept =
      this.name === "none" ? versions[0] : versions.reduce((a, b) => (values.stamp(b) > values.stamp(a) ? b : a));
    const { dropped, undone } = values.difference(kept, merged);
    counted.dropped += dropped;
    counted.undone += undone;
    return kept;
  }
}
