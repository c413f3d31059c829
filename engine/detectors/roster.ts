/**
 * Whom SWIM may ask: the members that are not dead, with the two ways of choosing the next one to probe. At random, each period is an
 * independent draw and a dead member may by bad luck be missed for long; in rounds over a shuffled list, shuffled again at its end,
 * everybody is probed within two rounds. Newcomers are put into the rest of the round at random.
 *
 * A list with the place of each member makes leaving and drawing cost the same for ten and for ten thousand, and two bytes a node
 * and list leave room for ten thousand rosters of ten thousand in one simulation.
 */
import type { NodeIndex } from "../messages";
import { assert } from "../vocabulary/assert";
import type { Random } from "../vocabulary/random";

export class Roster {
  private members = new Uint16Array(0);
  size = 0;
  /** One more than the place of each node in `members`; 0: none. */
  private places = new Uint16Array(0);
  private round = new Uint16Array(0);
  private roundLength = 0;
  private at = 0;

  constructor(
    private readonly random: Random,
    private readonly order: "round-robin" | "random",
  ) {}

  has(node: NodeIndex): boolean {
    return node < this.places.length && this.places[node] > 0;
  }

  add(node: NodeIndex): void {
    assert(node < MOST_NODES, "nodes are numbered with sixteen bits");
    if (this.has(node)) return;
    this.places = withRoom(this.places, node + 1);
    this.members = withRoom(this.members, this.size + 1);
    this.members[this.size++] = node;
    this.places[node] = this.size;
    // Before the first round, and at the end of one, the next is made of all.
    if (this.at < this.roundLength) this.insert(node);
  }

  /** Somewhere in what is left of the round, unless it is there. */
  private insert(node: NodeIndex): void {
    for (let i = this.at; i < this.roundLength; i++) if (this.round[i] === node) return;
    this.round = withRoom(this.round, this.roundLength + 1);
    const place = this.at + this.random.nextBelow(this.roundLength - this.at + 1);
    this.round.copyWithin(place + 1, place, this.roundLength);
    this.round[place] = node;
    this.roundLength++;
  }

  remove(node: NodeIndex): void {
    if (!this.has(node)) return;
    const place = this.places[node] - 1;
    const last = this.members[--this.size];
    this.members[place] = last;
    this.places[last] = place + 1;
    this.places[node] = 0;
  }

  /** Whom to probe next; undefined: there is nobody. */
  next(): NodeIndex | undefined {
    if (this.size === 0) return undefined;
    if (this.order === "random") return this.any();
    for (;;) {
      while (this.at < this.roundLength) {
        const node = this.round[this.at++];
        if (this.has(node)) return node;
      }
      this.beginRound();
    }
  }

  private beginRound(): void {
    this.round = withRoom(this.round, this.size);
    this.round.set(this.members.subarray(0, this.size));
    this.roundLength = this.size;
    this.at = 0;
    for (let i = this.size - 1; i > 0; i--) {
      const j = this.random.nextBelow(i + 1);
      const kept = this.round[i];
      this.round[i] = this.round[j];
      this.round[j] = kept;
    }
  }

  any(): NodeIndex | undefined {
    return this.size === 0 ? undefined : this.members[this.random.nextBelow(this.size)];
  }

  /** Up to `count` different members other than `not`. */
  some(count: number, not: NodeIndex): readonly NodeIndex[] {
    const { members, random, size } = this;
    const others = size - (this.has(not) ? 1 : 0);
    if (others <= count) return this.all().filter((node) => node !== not);
    const chosen: NodeIndex[] = [];
    while (chosen.length < count) {
      const node = members[random.nextBelow(size)];
      if (node !== not && !chosen.includes(node)) chosen.push(node);
    }
    return chosen;
  }

  /** All members, in no order. */
  all(): readonly NodeIndex[] {
    return [...this.members.subarray(0, this.size)];
  }
}

const MOST_NODES = 65_535;

function withRoom(list: Uint16Array<ArrayBuffer>, length: number): Uint16Array<ArrayBuffer> {
  if (length <= list.length) return list;
  const larger = new Uint16Array(Math.max(length, Math.ceil(1.25 * list.length)));
  larger.set(list);
  return larger;
}
