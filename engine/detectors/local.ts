/**
 * Dynamo's purely local notion of failure: a node that did not respond to my messages is down for me, whatever others think, and I
 * try it again from time to time. No opinion is exchanged and nothing is sent while requests flow; in the absence of requests
 * nobody needs to know. The paper's argument against more: decentralised detection exists to keep requests from failing, and
 * requests themselves show when they do.
 *
 * What counts is an answer to one's own request. That a node speaks is no proof where messages pass one way only.
 */
import type { NodeIndex, ProbeMessage } from "../messages";
import { assert } from "../vocabulary/assert";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { DetectorSettings } from "../vocabulary/settings";
import type { Detector, DetectorContext, DetectorFactory } from "./detector";
import { RecoveryPings } from "./recovery-pings";

class Local implements Detector {
  readonly heartbeatIntervalMicros = Infinity;
  private readonly limit: number;
  private readonly pings: RecoveryPings;
  /** In a row, by peer; those at the limit are suspected. */
  private readonly failures = new Map<NodeIndex, number>();
  private changed: NodeIndex[] = [];

  constructor(settings: DetectorSettings, context: DetectorContext, peers: readonly NodeIndex[]) {
    assert(settings.local !== undefined, "local has its settings");
    this.limit = settings.local.failures;
    this.pings = new RecoveryPings(context, fromMs(settings.local.retryMs));
    this.follow(peers);
  }

  get hasNews(): boolean {
    return this.changed.length > 0;
  }

  heard(): void {
    // See above.
  }

  outcome(node: NodeIndex, answered: boolean, _tookMicros: Micros, now: Micros): void {
    if (answered) {
      this.clear(node);
      return;
    }
    const failures = this.failures.get(node);
    if (failures === undefined || failures >= this.limit) return;
    this.failures.set(node, failures + 1);
    if (failures + 1 < this.limit) return;
    this.changed.push(node);
    this.pings.begin(node, now);
  }

  private clear(node: NodeIndex): void {
    const failures = this.failures.get(node);
    if (failures === undefined || failures === 0) return;
    this.failures.set(node, 0);
    if (failures < this.limit) return;
    this.changed.push(node);
    this.pings.end(node);
  }

  received(from: NodeIndex, message: ProbeMessage): void {
    if (this.pings.received(from, message)) this.clear(from);
  }

  follow(peers: readonly NodeIndex[]): void {
    const left = new Set(this.failures.keys());
    for (const peer of peers) if (!left.delete(peer)) this.failures.set(peer, 0);
    for (const node of left) {
      this.failures.delete(node);
      this.pings.end(node);
    }
  }

  suspected(node: NodeIndex): boolean {
    const failures = this.failures.get(node);
    return failures !== undefined && failures >= this.limit;
  }

  /** Failures in a row, in units of how many convict. */
  level(node: NodeIndex): number {
    return (this.failures.get(node) ?? 0) / this.limit;
  }

  advance(now: Micros): readonly NodeIndex[] {
    this.pings.advance(now);
    const { changed } = this;
    if (changed.length > 0) this.changed = [];
    return changed;
  }

  nextWakeup(): Micros | undefined {
    return this.pings.nextWakeup();
  }
}

export const local: DetectorFactory = {
  name: "local",
  prose:
    "Suspects a node that left so many requests in a row unanswered, and pings it until it answers. Costs nothing while all is well; " +
    "each node must find out on its own requests, and on its clients' time.",
  source: "DeCandia et al., Dynamo, SOSP 2007, section 4.8.3",
  level: { unit: "failures in a row, in failures allowed", threshold: () => 1 },
  create: (settings, context, peers) => new Local(settings, context, peers),
};
