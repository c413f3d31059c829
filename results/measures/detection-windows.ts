/**
 * Which operations met a fault that was not found out yet, and which were refused for a fault that was none. A window is open
 * while some node is down or stands still and some running node trusts it still: whatever is sent there is waited for. What a
 * detector costs its clients is the latency in these windows; outside them requests go elsewhere, or nothing is wrong.
 *
 * Operations are told when they end, windows are looked up by when they began; so what was true is remembered for a while, in
 * bounded room. Who began earlier than is remembered is judged by the earliest that is.
 */
import { type Cut, type DetectionEvent, isApart, type NodeState } from "../record/detection";
import type { Micros } from "../record/history";

/** What was true from `at` until the next. */
interface Stretch {
  readonly at: Micros;
  readonly undetected: boolean;
  readonly mistaken: boolean;
}

/** Changes that are remembered: of an operation's length, a second or so. */
const MOST_STRETCHES = 8_192;

export class DetectionWindows {
  private readonly states: NodeState[] = [];
  private opinions: Set<number>[] = [];
  /** By subject: running observers that suspect it. Kept up by opinions, made anew when a state changes. */
  private suspectedBy: number[] = [];
  private running = 0;
  /** Suspicions of running observers, but for those of nodes that were removed or have left, which nobody takes back. */
  private standing = 0;
  private cuts: readonly Cut[] = [];
  private stretches: Stretch[] = [{ at: -Infinity, undetected: false, mistaken: false }];
  private undetectedTime: Micros = 0;

  constructor(private readonly phase: () => { readonly from: Micros; readonly to: Micros }) {}

  change(event: DetectionEvent): void {
    switch (event.kind) {
      case "nodes":
        this.opinions = event.ids.map(() => new Set());
        this.suspectedBy = event.ids.map(() => 0);
        event.ids.forEach((_, node) => (this.states[node] = "absent"));
        return;
      case "node":
        this.states[event.node] = event.state;
        if (event.state === "down" || event.state === "absent") this.opinions[event.node].clear();
        this.recount();
        break;
      case "cuts":
        this.cuts = event.cuts;
        break;
      case "opinion": {
        const { observer, subject, suspected } = event;
        const held = this.opinions[observer];
        if (held.has(subject) === suspected) return;
        if (suspected) held.add(subject);
        else held.delete(subject);
        if (this.states[observer] !== "up") return;
        this.suspectedBy[subject] += suspected ? 1 : -1;
        if (this.states[subject] !== "absent") this.standing += suspected ? 1 : -1;
        break;
      }
      default:
        return;
    }
    this.note(event.at);
  }

  /** Some node that was down or stood still was trusted by a running one. */
  undetectedAt(at: Micros): boolean {
    return this.stretchAt(at).undetected;
  }

  /** Every node ran and reached every other, and one was suspected. */
  mistakenAt(at: Micros): boolean {
    return this.stretchAt(at).mistaken;
  }

  /** Of the measured phase, up to an instant that nothing happened after. */
  undetectedSeconds(until: Micros): number {
    const last = this.stretches.at(-1)!;
    return (this.undetectedTime + (last.undetected ? this.within(last.at, until) : 0)) / 1_000_000;
  }

  private recount(): void {
    const { states, opinions } = this;
    this.suspectedBy.fill(0);
    this.running = 0;
    this.standing = 0;
    for (let observer = 0; observer < opinions.length; observer++) {
      if (states[observer] !== "up") continue;
      this.running++;
      for (const subject of opinions[observer]) {
        this.suspectedBy[subject]++;
        if (states[subject] !== "absent") this.standing++;
      }
    }
  }

  private note(at: Micros): void {
    const { stretches, states } = this;
    let troubled = false;
    let undetected = false;
    for (let subject = 0; subject < states.length; subject++) {
      if (states[subject] !== "down" && states[subject] !== "paused") continue;
      troubled = true;
      if (this.suspectedBy[subject] < this.running) undetected = true;
    }
    const mistaken = !troubled && this.standing > 0 && !this.anybodyCut();
    const last = stretches.at(-1)!;
    if (last.undetected === undetected && last.mistaken === mistaken) return;
    if (last.undetected) this.undetectedTime += this.within(last.at, at);
    // Told late: it cannot have begun before what was told already.
    stretches.push({ at: Math.max(at, last.at), undetected, mistaken });
    if (stretches.length > 2 * MOST_STRETCHES) this.stretches = stretches.slice(-MOST_STRETCHES);
  }

  private anybodyCut(): boolean {
    const { cuts, states } = this;
    if (cuts.length === 0) return false;
    return states.some((_, a) => states.some((__, b) => b > a && isApart(cuts, a, b)));
  }

  private within(from: Micros, to: Micros): Micros {
    const phase = this.phase();
    return Math.max(0, Math.min(to, phase.to) - Math.max(from, phase.from));
  }

  private stretchAt(at: Micros): Stretch {
    const { stretches } = this;
    let [low, high] = [0, stretches.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (stretches[middle].at <= at) low = middle;
      else high = middle - 1;
    }
    return stretches[low];
  }
}
