/**
 * Whom SWIM may ask: the members that are not dead, with the two ways of choosing the next one to probe. At random, each period is an
 * independent draw and a dead member may by bad luck be missed for long; in rounds over a shuffled list, shuffled again at its end,
 * everybody is probed within two rounds. Newcomers are put into the rest of the round at random.
 *
 * A list with the place of each member makes leaving and drawing cost the same for ten and for ten thousand.
 */
import type { NodeIndex } from "../messages";
import type { Random } from "../vocabulary/random";

export class Roster {
  private readonly members: NodeIndex[] = [];
  /** Of each node in `members`; undefined or -1: none. */
  private readonly places: number[] = [];
  private round: NodeIndex[] = [];
  private at = 0;

  constructor(
    private readonly random: Random,
    private readonly order: "round-robin" | "random",
  ) {}

  get size(): number {
    return this.members.length;
  }

  has(node: NodeIndex): boolean {
    return (this.places[node] ?? -1) >= 0;
  }

  add(node: NodeIndex): void {
    if (this.has(node)) return;
    this.places[node] = this.members.length;
    this.members.push(node);
    // Before the first round, and at the end of one, the next is made of all.
    if (this.at >= this.round.length || this.round.includes(node, this.at)) return;
    this.round.splice(this.at + this.random.nextBelow(this.round.length - this.at + 1), 0, node);
  }

  remove(node: NodeIndex): void {
    if (!this.has(node)) return;
    const place = this.places[node];
    const last = this.members.pop()!;
    if (last !== node) {
      this.members[place] = last;
      this.places[last] = place;
    }
    this.places[node] = -1;
  }

  /** Whom to probe next; undefined: there is nobody. */
  next(): NodeIndex | undefined {
    if (this.members.length === 0) return undefined;
    if (this.order === "random") return this.any();
    for (;;) {
      while (this.at < this.round.length) {
        const node = this.round[this.at++];
        if (this.has(node)) return node;
      }
      this.round = this.random.shuffle([...this.members]);
      this.at = 0;
    }
  }

  any(): NodeIndex | undefined {
    return this.members.length === 0 ? undefined : this.members[this.random.nextBelow(this.members.length)];
  }

  /** Up to `count` different members other than `not`. */
  some(count: number, not: NodeIndex): readonly NodeIndex[] {
    const { members, random } = this;
    const others = members.length - (this.has(not) ? 1 : 0);
    if (others <= count) return members.filter((node) => node !== not);
    const chosen: NodeIndex[] = [];
    while (chosen.length < count) {
      const node = members[random.nextBelow(members.length)];
      if (node !== not && !chosen.includes(node)) chosen.push(node);
    }
    return chosen;
  }

  /** All members, in no order. */
  all(): readonly NodeIndex[] {
    return this.members;
  }
}
