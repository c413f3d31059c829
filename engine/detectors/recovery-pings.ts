/**
 * How detectors that judge by requests find out that a suspect is back: nobody sends it requests any more, so every now and then it
 * is pinged, and an answer clears it. Voldemort runs a thread for that, Dynamo retries periodically. Without it the first
 * suspicion would be the last word.
 */
import type { NodeIndex, ProbeMessage } from "../messages";
import type { Micros } from "../vocabulary/micros";
import type { DetectorContext } from "./detector";

export class RecoveryPings {
  private readonly suspects = new Set<NodeIndex>();
  private next: Micros = Infinity;
  private id = 0;

  constructor(
    private readonly context: DetectorContext,
    private readonly interval: Micros,
  ) {}

  begin(node: NodeIndex, now: Micros): void {
    this.suspects.add(node);
    this.next = Math.min(this.next, now + this.interval);
  }

  end(node: NodeIndex): void {
    this.suspects.delete(node);
    if (this.suspects.size === 0) this.next = Infinity;
  }

  /** Answers pings. True: `from` is a suspect that has answered one. */
  received(from: NodeIndex, message: ProbeMessage): boolean {
    const { self, send } = this.context;
    if (message.what === "ping")
      send(from, { kind: "probe", what: "ack", id: message.id, about: self, updates: NO_UPDATES });
    return message.what === "ack" && message.about === from && this.suspects.has(from);
  }

  advance(now: Micros): void {
    if (now < this.next) return;
    this.next = now + this.interval;
    this.id = (this.id + 1) % ID_SPACE;
    for (const node of this.suspects)
      this.context.send(node, { kind: "probe", what: "ping", id: this.id, about: node, updates: NO_UPDATES });
  }

  nextWakeup(): Micros | undefined {
    return this.next === Infinity ? undefined : this.next;
  }
}

const ID_SPACE = 2 ** 30;
const NO_UPDATES: ProbeMessage["updates"] = [];
