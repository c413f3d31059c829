/**
 * The ring: which nodes hold the copies of a key, in order of preference. Positions are the 2^32 points of a circle; a
 * position belongs to the first token at or after it. Tokens are either drawn at random, so many to a node by weight
 * (Dynamo's strategy 1, Cassandra), or they are the ends of Q equal partitions dealt to nodes (strategy 3, Riak).
 *
 * The preference list goes on from there. `walk` skips a host that already has a copy, as Dynamo, Cassandra and Voldemort
 * do; `claim` takes the next partitions as they come, as Riak does, and so trusts whoever laid them out: where hosts
 * repeat, two "copies" share one machine's fate. Then each copy has a vnode of its own to be stored under.
 *
 * Lists are made once for each (range, n) and handed out again: a lookup allocates nothing. All is immutable to callers.
 */
import type { Octets } from "../vocabulary/octets";
import type { Random } from "../vocabulary/random";
import type { HashName, MemberSettings, RingSettings } from "../vocabulary/settings";
import { hashPosition, POSITIONS } from "./hash";
import { layOut, partitionCounts } from "./layout";

/** One copy's place. `node` is the index among members; `vnode` is 0 where a node holds at most one copy of a key. */
export interface Replica {
  readonly node: number;
  readonly vnode: number;
}

/** The last position of a range, and whose it is. */
export interface Token {
  readonly at: number;
  readonly node: number;
  readonly vnode: number;
}

/** A vnode is stored in 16 bits; so is a node. */
const MAX_VNODES = 65_536;
const MAX_NODES = 65_536;

export class Ring {
  readonly members: readonly MemberSettings[];
  private readonly hash: HashName;
  private readonly walks: boolean;
  /** Q where the ranges are equal partitions, else 0. */
  private readonly partitions: number;
  private readonly ordered: readonly Token[];
  /** `ordered[i].at`, for the search. */
  private readonly ends: Uint32Array;
  /** For the top bits of a position, the first range that any position with them can belong to. */
  private readonly index: Uint32Array;
  private readonly indexShift: number;
  /** At [n][range]. */
  private readonly lists: ((readonly Replica[] | undefined)[] | undefined)[] = [];
  private readonly longest: number;

  private constructor(settings: RingSettings, members: readonly MemberSettings[], tokens: readonly Token[]) {
    this.members = members;
    this.hash = settings.hash;
    this.walks = settings.distinctHosts === "walk";
    this.partitions = settings.strategy === "equal-partitions" ? settings.partitions : 0;
    this.ordered = tokens;
    this.ends = Uint32Array.from(tokens, (token) => token.at);
    this.longest = this.walks ? members.length : tokens.length;
    let bits = 1;
    while (bits < 16 && 1 << bits < 2 * tokens.length) bits++;
    this.indexShift = 32 - bits;
    this.index = new Uint32Array(1 << bits);
    for (let top = 0, range = 0; top < this.index.length; top++) {
      while (range < tokens.length && this.ends[range] < top * 2 ** this.indexShift) range++;
      this.index[top] = range;
    }
  }

  /**
   * `random` is only forked, by member id: a node's tokens do not depend on the other nodes' (a collision apart).
   * @throws RangeError naming the setting that cannot be met.
   */
  static build(settings: RingSettings, members: readonly MemberSettings[], random: Random): Ring {
    checkMembers(members);
    switch (settings.strategy) {
      case "equal-partitions":
        return new Ring(settings, members, equalPartitions(settings, members));
      case "random-tokens":
        return new Ring(settings, members, randomTokens(settings, members, random));
    }
  }

  /** Where `address` falls: an unsigned 32-bit integer. */
  position(address: Octets): number {
    return hashPosition(this.hash, address);
  }

  /**
   * Who should hold the `n` copies of `address`, most preferred first. Shorter than `n` where the ring is exhausted:
   * fewer hosts than `n` (walk) or fewer ranges (claim). The same array each time; never to be changed.
   */
  preferenceList(address: Octets, n: number): readonly Replica[] {
    return this.preferenceListAt(hashPosition(this.hash, address), n);
  }

  /** As {@link preferenceList}, for an unsigned 32-bit position. */
  preferenceListAt(position: number, n: number): readonly Replica[] {
    const lists = this.lists[n] ?? this.listsFor(n);
    const range = this.rangeOf(position);
    return lists[range] ?? (lists[range] = this.makeList(range, Math.min(n, this.longest)));
  }

  /** Share of all positions each node is first for. */
  ownership(): readonly number[] {
    const shares = this.members.map(() => 0);
    this.ordered.forEach((token, range) => (shares[token.node] += this.width(range) / POSITIONS));
    return shares;
  }

  /** Share of all copies each node holds when every key has `n`. */
  replicaShare(n: number): readonly number[] {
    const shares = this.members.map(() => 0);
    let total = 0;
    this.ordered.forEach((token, range) => {
      const list = this.preferenceListAt(token.at, n);
      const width = this.width(range);
      total += width * list.length;
      for (const replica of list) shares[replica.node] += width;
    });
    return total === 0 ? shares : shares.map((share) => share / total);
  }

  /** In ring order: each owns the positions up to and including `at` that the one before does not. */
  tokens(): readonly Token[] {
    return this.ordered;
  }

  /** Short stable text: tokens, then each node's ownership in percent. */
  describe(): string {
    const owned = this.ownership().map((share, node) => `${this.members[node].id} ${(100 * share).toFixed(2)}%`);
    const kind = this.partitions > 0 ? `${this.partitions} partitions` : `${this.ordered.length} tokens`;
    return `${kind}, ${this.hash}, ${this.walks ? "walk" : "claim"}: ${owned.join(", ")}`;
  }

  private rangeOf(position: number): number {
    if (this.partitions > 0) return Math.floor((position * this.partitions) / POSITIONS);
    let range = this.index[position >>> this.indexShift];
    // The index leaves half a token on average, but nothing bounds how many fall under one entry.
    const { ends } = this;
    while (range < ends.length && ends[range] < position) range++;
    return range === ends.length ? 0 : range;
  }

  private listsFor(n: number): (readonly Replica[] | undefined)[] {
    if (!Number.isInteger(n) || n < 0) throw new RangeError(`a preference list of ${n} replicas`);
    const most = Math.min(n, this.longest);
    while (this.lists.length <= most) this.lists.push(undefined);
    return (this.lists[most] ??= new Array<readonly Replica[] | undefined>(this.ordered.length).fill(undefined));
  }

  private makeList(from: number, n: number): readonly Replica[] {
    const list: Replica[] = [];
    const taken = new Set<number>();
    for (let step = 0; step < this.ordered.length && list.length < n; step++) {
      const { node, vnode } = this.ordered[(from + step) % this.ordered.length];
      if (!this.walks) {
        list.push({ node, vnode });
      } else if (!taken.has(node)) {
        taken.add(node);
        list.push({ node, vnode: 0 });
      }
    }
    return list;
  }

  /** Positions in a range. The one that wraps has what lies beyond the last token too. */
  private width(range: number): number {
    const before = range === 0 ? this.ends[this.ends.length - 1] - POSITIONS : this.ends[range - 1];
    return this.ends[range] - before;
  }
}

function checkMembers(members: readonly MemberSettings[]): void {
  if (members.length === 0) throw new RangeError("a ring needs at least one node");
  if (members.length > MAX_NODES) throw new RangeError(`${members.length} nodes; at most ${MAX_NODES}`);
  const ids = new Set<string>();
  for (const { id, weight } of members) {
    if (ids.has(id)) throw new RangeError(`two nodes are called ${id}`);
    ids.add(id);
    if (!(weight > 0 && weight < Infinity)) throw new RangeError(`${id} has weight ${weight}; it must be above 0`);
  }
}

/** Partition i holds the positions p with floor(p Q / 2^32) = i. */
function equalPartitions(settings: RingSettings, members: readonly MemberSettings[]): readonly Token[] {
  const { partitions } = settings;
  if (!Number.isInteger(partitions) || partitions < members.length) {
    throw new RangeError(
      `partitions (Q) is ${partitions} for ${members.length} nodes; ` +
        "it must be a whole number, and at least one partition a node",
    );
  }
  if (partitions > MAX_VNODES) throw new RangeError(`partitions (Q) is ${partitions}; at most ${MAX_VNODES}`);
  const weights = members.map((member) => member.weight);
  return layOut(partitionCounts(partitions, weights)).map((node, partition) => ({
    at: Math.ceil(((partition + 1) * POSITIONS) / partitions) - 1,
    node,
    vnode: partition,
  }));
}

function randomTokens(settings: RingSettings, members: readonly MemberSettings[], random: Random): readonly Token[] {
  const { vnodesPerNode } = settings;
  if (!Number.isInteger(vnodesPerNode) || vnodesPerNode < 1) {
    throw new RangeError(`vnodes per node (T) is ${vnodesPerNode}; it must be a whole number of at least 1`);
  }
  const tokens: Token[] = [];
  const drawn = new Set<number>();
  members.forEach(({ id, weight }, node) => {
    const count = Math.max(1, Math.round(vnodesPerNode * weight));
    if (count > MAX_VNODES) throw new RangeError(`${id} would have ${count} vnodes; at most ${MAX_VNODES}`);
    const source = random.fork(id);
    for (let vnode = 0; vnode < count; vnode++) {
      let at = source.nextUint32();
      while (drawn.has(at)) at = source.nextUint32();
      drawn.add(at);
      tokens.push({ at, node, vnode });
    }
  });
  return tokens.sort((a, b) => a.at - b.at);
}
