/**
 * Whom a client that coordinates believes to be up. It hears no heartbeats and sends none: a store with ten thousand clients cannot
 * owe each of them a second of its attention every second. What it has is its connections (one that is closed is a node that
 * cannot be asked) and what became of its own requests, which is Dynamo's purely local notion of failure (section 4.8.3).
 *
 * The two are told apart: a connection that is open again takes back what its loss said, and nothing else; a node that left
 * requests unanswered has to answer one, or the ping that it is sent every now and then.
 *
 * The mistake it avoids: to ask the nodes whom they suspect. They see other links than the client does.
 */
import type { NodeIndex, ProbeMessage } from "../messages";
import type { Micros } from "../vocabulary/micros";
import type { DetectorSettings } from "../vocabulary/settings";
import type { Detector, DetectorContext } from "./detector";
import { local } from "./local";

/** Where an experiment's own detector is another: those of the `local` detector's rows. */
const FAILURES = { failures: 3, retryMs: 1_000 };

class ClientOpinion implements Detector {
  readonly heartbeatIntervalMicros = Infinity;
  private readonly requests: Detector;
  /** Whose connections are closed. */
  private readonly closed = new Set<NodeIndex>();
  private changed: NodeIndex[] = [];

  constructor(settings: DetectorSettings, context: DetectorContext, peers: readonly NodeIndex[], now: Micros) {
    this.requests = local.create({ ...settings, local: settings.local ?? FAILURES }, context, peers, now);
  }

  get hasNews(): boolean {
    return this.changed.length > 0 || this.requests.hasNews;
  }

  heard(): void {
    // That a node speaks does not say that it answers.
  }

  told(node: NodeIndex, up: boolean): void {
    if (this.closed.has(node) !== up) return;
    if (up) this.closed.delete(node);
    else this.closed.add(node);
    this.changed.push(node);
  }

  outcome(node: NodeIndex, answered: boolean, tookMicros: Micros, now: Micros): void {
    this.requests.outcome!(node, answered, tookMicros, now);
  }

  received(from: NodeIndex, message: ProbeMessage, now: Micros): void {
    this.requests.received!(from, message, now);
  }

  follow(peers: readonly NodeIndex[], now: Micros): void {
    this.requests.follow(peers, now);
  }

  suspected(node: NodeIndex): boolean {
    return this.closed.has(node) || this.requests.suspected(node);
  }

  advance(now: Micros): readonly NodeIndex[] {
    const news = this.requests.advance(now);
    if (this.changed.length === 0) return news;
    const all = [...new Set([...this.changed, ...news])];
    this.changed = [];
    return all;
  }

  nextWakeup(): Micros | undefined {
    return this.requests.nextWakeup();
  }
}

export function clientOpinion(
  settings: DetectorSettings,
  context: DetectorContext,
  peers: readonly NodeIndex[],
  now: Micros,
): Detector {
  return new ClientOpinion(settings, context, peers, now);
}
