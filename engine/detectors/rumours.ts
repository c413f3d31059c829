/**
 * Updates on their way through the group by infection: each is passed on with messages that are sent anyway, the least passed on
 * first, and dropped after so many times. One update about each node: the newer replaces the older and starts anew.
 *
 * Updates stand in one stack for each number of times sent, so that taking a few costs as much as there are few, however many wait;
 * one that was replaced stays in its stack until it comes up, or until those are the majority.
 */
import type { LifeUpdate, NodeIndex } from "../messages";

interface Rumour {
  readonly update: LifeUpdate;
  sent: number;
}

export class Rumours {
  private readonly stacks: Rumour[][] = [];
  private readonly current = new Map<NodeIndex, Rumour>();
  /** In the stacks, replaced ones too. */
  private stacked = 0;

  /** `limit`: how often each is passed on. */
  constructor(public limit: number) {}

  get isEmpty(): boolean {
    return this.current.size === 0;
  }

  spread(update: LifeUpdate): void {
    const rumour = { update, sent: 0 };
    this.current.set(update.node, rumour);
    this.push(rumour);
  }

  drop(node: NodeIndex): void {
    this.current.delete(node);
  }

  /** Up to `count` updates, which are counted as sent. */
  take(count: number): readonly LifeUpdate[] {
    if (this.current.size === 0 || count === 0) return NONE;
    const taken: Rumour[] = [];
    for (const stack of this.stacks) {
      while (taken.length < count && stack.length > 0) {
        const rumour = stack.pop()!;
        this.stacked--;
        if (this.current.get(rumour.update.node) === rumour) taken.push(rumour);
      }
      if (taken.length === count) break;
    }
    for (const rumour of taken) {
      rumour.sent++;
      if (rumour.sent >= this.limit) this.current.delete(rumour.update.node);
      else this.push(rumour);
    }
    return taken.map(({ update }) => update);
  }

  private push(rumour: Rumour): void {
    while (this.stacks.length <= rumour.sent) this.stacks.push([]);
    this.stacks[rumour.sent].push(rumour);
    this.stacked++;
    if (this.stacked > 2 * this.current.size + SPARE) this.clearOut();
  }

  private clearOut(): void {
    this.stacked = 0;
    for (let i = 0; i < this.stacks.length; i++) {
      this.stacks[i] = this.stacks[i].filter((rumour) => this.current.get(rumour.update.node) === rumour);
      this.stacked += this.stacks[i].length;
    }
  }
}

/** Replaced updates that may lie about before anybody looks. */
const SPARE = 64;
const NONE: readonly LifeUpdate[] = [];
