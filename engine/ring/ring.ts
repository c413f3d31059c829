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
  /** Set on a fallback: whose place it takes. Its `vnode` is then the hinted one. */
  readonly home?: Replica;
}

/** Copies under such a vnode are kept for another node: hints. Vnodes of one's own lie below. */
export const HINTED = 0x8000;
/** Ranges or nodes of a ring that can lend and borrow; the last number means any of them (see `ANY_HINT`). */
export const MAX_HOMES = 0x7fff;

/** The last position of a range, and whose it is. */
export interface Token {
  readonly at: number;
  readonly node: number;
  readonly vnode: number;
}

/** The keys that the same replicas hold: what two of them have in common, and may compare. */
export interface ReplicaGroup {
  readonly id: number;
  /** In order of node, then vnode; in any order of preference. */
  readonly replicas: readonly Replica[];
}

interface Grouping {
  readonly groups: readonly ReplicaGroup[];
  /** By range. */
  readonly ids: Uint32Array;
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
  /** At [n]; made when first asked for. */
  private readonly groupings: (Grouping | undefined)[] = [];
  /** By (node, vnode): the range that belongs to it. Made when first asked for. */
  private ranks: Map<number, number> | undefined;

  private constructor(settings: RingSettings, members: readonly MemberSettings[], tokens: readonly Token[]) {
    // Where copies are stored under their own vnodes, these must not look like those of hints.
    if (settings.distinctHosts === "claim" && tokens.some(({ vnode }) => vnode >= HINTED))
      throw new RangeError(`a ring whose hosts repeat (claim) has at most ${HINTED} vnodes, and as many to a node`);
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

  /**
   * The preference list of `address` with a fallback in the place of each member of `missing` (bit i: member i). As Riak
   * does it: for each in order, the next member of the ring behind the list that is `up` lends its place; where the ring
   * walks, no node stands twice. Places for which nobody is left keep their primary.
   */
  withFallbacks(address: Octets, n: number, missing: number, up: (node: number) => boolean): readonly Replica[] {
    const position = hashPosition(this.hash, address);
    const primaries = this.preferenceListAt(position, n);
    const list = primaries.slice();
    const taken = this.walks ? new Set(primaries.map(({ node }) => node)) : undefined;
    const from = this.rangeOf(position);
    // Where the ring does not walk, the list is the ranges right after `from`; those behind it lend.
    let step = this.walks ? 0 : primaries.length;
    for (let at = 0; at < primaries.length; at++) {
      if ((missing & (1 << at)) === 0) continue;
      for (; step < this.ordered.length; step++) {
        const { node } = this.ordered[(from + step) % this.ordered.length];
        if (taken?.has(node) === true || !up(node)) continue;
        taken?.add(node);
        list[at] = { node, vnode: this.hintedVnode(primaries[at]), home: primaries[at] };
        step++;
        break;
      }
    }
    return list;
  }

  /** The vnode under which others keep copies for this member of a preference list. */
  hintedVnode(home: Replica): number {
    if (this.walks) return HINTED | home.node;
    this.ranks ??= new Map(this.ordered.map(({ node, vnode }, rank) => [node * MAX_VNODES + vnode, rank]));
    return HINTED | this.ranks.get(home.node * MAX_VNODES + home.vnode)!;
  }

  /** Whose copies a hinted vnode holds; undefined of a vnode that is none of this ring's. */
  homeOf(hintedVnode: number): Replica | undefined {
    const at = hintedVnode - HINTED;
    if (this.walks) return at >= 0 && at < this.members.length ? { node: at, vnode: 0 } : undefined;
    const token = this.ordered[at] as Token | undefined;
    return token === undefined ? undefined : { node: token.node, vnode: token.vnode };
  }

  /** Whether every home has a hinted vnode of its own. */
  get canLend(): boolean {
    return (this.walks ? this.members.length : this.ordered.length) <= MAX_HOMES;
  }

  /** The distinct sets of replicas that hold `n` copies, in the order in which the ring meets them: `id` is the place in it. */
  groups(n: number): readonly ReplicaGroup[] {
    return (this.groupings[n] ?? this.groupingFor(n)).groups;
  }

  /** The group of the keys at a position. */
  groupAt(position: number, n: number): number {
    return (this.groupings[n] ?? this.groupingFor(n)).ids[this.rangeOf(position)];
  }

  private groupingFor(n: number): Grouping {
    const groups: ReplicaGroup[] = [];
    const known = new Map<string, number>();
    const ids = Uint32Array.from(this.ordered, ({ at }) => {
      const replicas = this.preferenceListAt(at, n).slice();
      replicas.sort((a, b) => a.node - b.node || a.vnode - b.vnode);
      const name = replicas.map(({ node, vnode }) => `${node}.${vnode}`).join(" ");
      const id = known.get(name) ?? groups.length;
      if (id === groups.length) {
        known.set(name, id);
        groups.push({ id, replicas });
      }
      return id;
    });
    while (this.groupings.length <= n) this.groupings.push(undefined);
    return (this.groupings[n] = { groups, ids });
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
