/**
 * What one node knows of all others: an entry a node, each written by that node alone and ordered by (life, version), so
 * that news may come in any order, twice, and through anybody, and all who have heard the same know the same. One thing is
 * said of a node by others: that an operator has removed it. That is never unsaid, whatever the node itself says later.
 *
 * Three mistakes are kept out here. A *ghost*: the last words of a removed node still travel, and whoever has forgotten the
 * removal takes it back in; so removals are remembered, for the quarantine. A *generation from the future*: one damaged
 * life number would outrank everything that the node ever says again; so a life may be ahead of what is known by so much and
 * no more. And somebody else who speaks in this node's name: its own entry is written by itself.
 *
 * Sources: Apache Cassandra's Gossiper (generation and version, quarantine, MAX_GENERATION_DIFFERENCE).
 */
import type { MemberEntry, NodeIndex, RingId } from "../messages";
import type { Micros } from "../vocabulary/micros";
import { NO_RING } from "./ring-ids";

/** Lives by which an entry may be ahead of what is known of its node. */
export const MOST_LIVES_AHEAD = 1_000;

export type Refusal = "generation from the future" | "another speaks in this node's name" | "no such node";

export class Members {
  private readonly entries = new Map<NodeIndex, MemberEntry>();
  private readonly removedAt = new Map<NodeIndex, Micros>();
  /** In order of node; made anew when one comes or goes, and else written over. */
  private ordered: MemberEntry[] | undefined;
  /** Of all entries together: a sum, so that one that changes costs one. */
  private sum = 0;
  /** Raised with every change; and with those of who there is and what it wishes. */
  changes = 0;
  people = 0;

  constructor(
    private readonly self: NodeIndex,
    private readonly universe: number,
    own: Pick<MemberEntry, "epoch" | "wish" | "replaces">,
    private readonly quarantine: Micros,
  ) {
    this.put({ node: self, version: 1, seen: NO_RING, sent: NO_RING, removed: false, ...own });
  }

  get own(): MemberEntry {
    return this.entries.get(this.self)!;
  }

  of(node: NodeIndex): MemberEntry | undefined {
    return this.entries.get(node);
  }

  /** In order of node; only until the next change. */
  all(): readonly MemberEntry[] {
    return (this.ordered ??= [...this.entries.values()].sort((a, b) => a.node - b.node));
  }

  get size(): number {
    return this.entries.size;
  }

  isRemoved(node: NodeIndex): boolean {
    return this.removedAt.has(node);
  }

  removed(): readonly NodeIndex[] {
    return [...this.removedAt.keys()].sort((a, b) => a - b);
  }

  seen(node: NodeIndex): RingId {
    return this.entries.get(node)?.seen ?? NO_RING;
  }

  /** This node says something new of itself. */
  say(change: Partial<Pick<MemberEntry, "wish" | "replaces" | "seen" | "sent">>): void {
    const { own } = this;
    this.put({ ...own, ...change, version: own.version + 1 });
  }

  /** An operator has removed a node. */
  remove(node: NodeIndex, now: Micros): boolean {
    if (this.removedAt.has(node)) return false;
    this.removedAt.set(node, now);
    const known = this.entries.get(node);
    this.put(
      known === undefined
        ? { node, epoch: 0, version: 0, wish: "gone", replaces: undefined, seen: NO_RING, sent: NO_RING, removed: true }
        : { ...known, removed: true },
    );
    return true;
  }

  /** Takes in what another has said: whether it was news, or why it was refused. */
  merge(entry: MemberEntry, now: Micros): "news" | "known" | Refusal {
    const { node } = entry;
    if (node >= this.universe) return "no such node";
    if (node === this.self) return this.heardOfSelf(entry, now);
    const known = this.entries.get(node);
    if (entry.epoch > (known?.epoch ?? 0) + MOST_LIVES_AHEAD) return "generation from the future";
    let news = false;
    if (entry.removed && !this.removedAt.has(node)) news = this.remove(node, now);
    const held = this.entries.get(node);
    if (held === undefined || isNewer(entry, held)) {
      this.put({ ...entry, removed: this.removedAt.has(node) });
      news = true;
    }
    // Its successor says so: it is dead.
    const { replaces } = entry;
    if (replaces !== undefined && replaces !== node && replaces < this.universe && !entry.removed)
      news = this.remove(replaces, now) || news;
    return news ? "news" : "known";
  }

  private heardOfSelf(entry: MemberEntry, now: Micros): "news" | "known" | Refusal {
    const { own } = this;
    if (entry.removed && !this.removedAt.has(this.self)) {
      this.remove(this.self, now);
      return "news";
    }
    if (!isNewer(entry, own)) return "known";
    if (entry.epoch > own.epoch) return "another speaks in this node's name";
    // Said by this life and not remembered: what is said from now on must be newer.
    this.put({ ...own, version: entry.version + 1 });
    return "news";
  }

  /** Forgets removals whose quarantine is over, with all that was known of the node, unless `kept` still needs it. */
  forget(now: Micros, kept: (node: NodeIndex) => boolean): void {
    if (this.quarantine === Infinity || this.removedAt.size === 0) return;
    for (const [node, since] of this.removedAt) {
      if (node === this.self || now - since < this.quarantine || kept(node)) continue;
      this.removedAt.delete(node);
      const entry = this.entries.get(node);
      if (entry !== undefined) this.sum = (this.sum - hashOf(entry)) | 0;
      this.entries.delete(node);
      this.ordered = undefined;
      this.people++;
      this.changes++;
    }
  }

  /** Three numbers for each entry in order of node; a removed one has life 0 and version 1. */
  digests(): number[] {
    const digests: number[] = [];
    for (const { node, epoch, version, removed } of this.all())
      digests.push(node, removed ? 0 : epoch, removed ? 1 : version);
    return digests;
  }

  /**
   * What is known here and not to whoever has these digests, and of whom it knows more. `complete`: it knows of nobody
   * else. Otherwise they are some in a row, in order of node with the first behind the last: it knows of nobody between two.
   * A removal counts as more than anything.
   */
  compare(
    digests: readonly number[],
    complete: boolean,
  ): { readonly news: readonly MemberEntry[]; readonly wants: NodeIndex[] } {
    const news: MemberEntry[] = [];
    const wants: NodeIndex[] = [];
    const listed = new Set<NodeIndex>();
    for (let i = 0; i + 2 < digests.length; i += 3) {
      const node = digests[i];
      listed.add(node);
      const theirs = { epoch: digests[i + 1], version: digests[i + 2] };
      const mine = this.entries.get(node);
      const removedThere = theirs.epoch === 0 && theirs.version === 1;
      if (mine === undefined) wants.push(node);
      else if (mine.removed) {
        if (!removedThere) news.push(mine);
      } else if (removedThere) wants.push(node);
      else if (isNewer(mine, theirs)) news.push(mine);
      else if (isNewer(theirs, mine)) wants.push(node);
    }
    if (listed.size === this.entries.size && wants.length === 0) return { news, wants };
    const from = digests[0];
    const to = digests[digests.length - 3];
    for (const entry of this.all()) {
      if (listed.has(entry.node)) continue;
      if (complete || (listed.size > 1 && isBetween(entry.node, from, to))) news.push(entry);
    }
    return { news, wants };
  }

  /** Equal for all who know the same; 32 bits. */
  hash(): number {
    return this.sum >>> 0;
  }

  private put(entry: MemberEntry): void {
    const { node } = entry;
    const before = this.entries.get(node);
    this.entries.set(node, entry);
    this.changes++;
    this.sum = (this.sum + hashOf(entry) - (before === undefined ? 0 : hashOf(before))) | 0;
    if (before === undefined) this.ordered = undefined;
    else if (this.ordered !== undefined) this.ordered[placeOf(this.ordered, node)] = entry;
    if (before === undefined || before.wish !== entry.wish || before.removed !== entry.removed) this.people++;
  }
}

/** Of what a digest says of an entry: 32 bits, well mixed, because they are added up. */
function hashOf({ node, epoch, version, removed }: MemberEntry): number {
  let hash = 0x811c9dc5;
  for (const number of removed ? [node, 0, 1] : [node, epoch, version]) {
    hash = Math.imul(hash ^ (number & 0xffff), 0x01000193);
    hash = Math.imul(hash ^ Math.floor(number / 0x10000), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Where a node that is there stands. */
function placeOf(ordered: readonly MemberEntry[], node: NodeIndex): number {
  let low = 0;
  let high = ordered.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ordered[middle].node < node) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Going up from `from`, and on from the lowest behind the highest. */
function isBetween(node: NodeIndex, from: NodeIndex, to: NodeIndex): boolean {
  return from < to ? node > from && node < to : node > from || node < to;
}

function isNewer(a: { epoch: number; version: number }, b: { epoch: number; version: number }): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.version > b.version);
}
