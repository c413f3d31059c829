/**
 * What nodes say of the ring while a trial runs, for whoever wants to know: which state each goes by and since when, and
 * who takes requests. Nodes speak before anybody has begun to measure, so what is said early waits.
 */
import type { RingView } from "../results/record/membership";

export class Views {
  private early: RingView[] = [];
  private told: ((view: RingView) => void) | undefined;
  private readonly servers = new Map<number, boolean>();
  private served: ((node: number, on: boolean) => void) | undefined;
  private moved: (() => void) | undefined;

  /** A node goes by another state from `at` on. */
  changed(view: RingView): void {
    if (this.told === undefined) this.early.push(view);
    else this.told(view);
    this.moved?.();
  }

  serving(node: number, on: boolean): void {
    this.servers.set(node, on);
    this.served?.(node, on);
  }

  /** From now on, and once for what was said so far. */
  follow(served: (node: number, on: boolean) => void, moved: () => void): void {
    this.served = served;
    this.moved = moved;
    for (const [node, on] of this.servers) served(node, on);
  }

  judge(told: (view: RingView) => void): void {
    this.told = told;
    for (const view of this.early.splice(0)) told(view);
  }
}
