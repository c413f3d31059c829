/**
 * The client library in virtual time: routes as the real one does, over the simulated network, with exactly one answer to
 * each request. A request that never left is a definite failure; one that left and was not answered is indefinite.
 */
import type { Context, Version } from "../clocks/clock";
import type { AnswerMessage, ClientMessage, RequestOptions } from "../messages";
import { Deadlines } from "../quorum/deadlines";
import { type Identified, RequestTable } from "../quorum/request-table";
import type { Ring } from "../ring/ring";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { Outcome } from "../vocabulary/outcomes";
import type { ClusterSettings } from "../vocabulary/settings";

/** What the client needs of the world around it. */
export interface ClientWorld {
  now(): Micros;
  at(time: Micros, act: () => void): number;
  /** Whether a connection to the node is open. */
  connected(session: number, node: number): boolean;
  /** Hands a request to the network. */
  ask(session: number, node: number, message: ClientMessage): void;
  /** The wall time that this session's machine gives its writes; 0 when they carry none. */
  timestamp(session: number): Micros;
}

export interface SimulatedClientOptions {
  readonly cluster: ClusterSettings;
  readonly ring: Ring;
  readonly routing: "any" | "token-aware";
  /** Added to the store's own timeout before the client gives up by itself. */
  readonly graceMs: number;
}

class Pending implements Identified {
  id = 0;
  constructor(
    readonly node: number,
    readonly session: number,
    readonly askedAt: Micros,
    readonly done: (answer: AnswerMessage) => void,
  ) {}
}

export class SimulatedClient {
  private readonly pending = new RequestTable<Pending>(1024);
  private readonly deadlines = new Deadlines((id) => this.pending.get(id) !== undefined);
  private armedFor: Micros = Infinity;
  private nextNode = 0;

  constructor(
    private readonly world: ClientWorld,
    private readonly options: SimulatedClientOptions,
  ) {}

  /**
   * `session` tells sessions apart in traces and partitions. `done` is called once, never within this call. With `only` that
   * node is asked and no other: not sent where it cannot be reached.
   */
  get(
    session: number,
    address: Address,
    options: RequestOptions | undefined,
    done: (answer: AnswerMessage) => void,
    only?: number,
  ): void {
    const timeout = options?.timeoutMs ?? this.options.cluster.engine.readTimeoutMs;
    const pending = this.open(session, address, timeout, done, only);
    if (pending === undefined) return;
    const { id, node } = pending;
    this.world.ask(session, node, { kind: "get", id, forwarded: false, address, options });
  }

  put(
    session: number,
    address: Address,
    context: Context,
    version: Version,
    options: RequestOptions | undefined,
    done: (answer: AnswerMessage) => void,
  ): void {
    const timeout = options?.timeoutMs ?? this.options.cluster.engine.writeTimeoutMs;
    const pending = this.open(session, address, timeout, done);
    if (pending === undefined) return;
    const { id, node } = pending;
    const writer = { client: session, timestamp: this.world.timestamp(session) };
    this.world.ask(session, node, { kind: "put", id, forwarded: false, address, context, version, writer, options });
  }

  /** Requests that still owe an answer. */
  outstanding(): number {
    return this.pending.size;
  }

  arrived(message: AnswerMessage): void {
    const pending = this.pending.get(message.id);
    if (pending === undefined) return;
    this.pending.remove(pending.id);
    pending.done(message);
  }

  /**
   * Connections to `node` broke at `died`: what was asked of it until then may have happened. What was asked since went
   * to its next life. Sessions that do not hear of it wait on.
   */
  disconnected(node: number, died: Micros, hears: (session: number) => boolean): void {
    for (const pending of this.pending.items()) {
      if (pending.node !== node || pending.askedAt > died || !hears(pending.session)) continue;
      this.giveUp(pending, "connection_lost");
    }
  }

  private open(
    session: number,
    address: Address,
    timeoutMs: number,
    done: (answer: AnswerMessage) => void,
    only?: number,
  ): Pending | undefined {
    const node = only === undefined ? this.route(session, address) : this.world.connected(session, only) ? only : -1;
    if (node < 0) {
      this.world.at(this.world.now(), () => done(unanswered("not_sent", -1)));
      return undefined;
    }
    const pending = new Pending(node, session, this.world.now(), done);
    this.pending.add(pending);
    this.deadlines.add(this.world.now(), timeoutMs + this.options.graceMs, pending.id);
    this.arm();
    return pending;
  }

  private route(session: number, address: Address): number {
    const { routing, ring, cluster } = this.options;
    if (routing === "token-aware") {
      for (const { node } of ring.preferenceList(address, cluster.engine.nVal)) {
        if (this.world.connected(session, node)) return node;
      }
    }
    const count = cluster.members.length;
    for (let tried = 0; tried < count; tried++) {
      const node = this.nextNode;
      this.nextNode = (node + 1) % count;
      if (this.world.connected(session, node)) return node;
    }
    return -1;
  }

  private giveUp(pending: Pending, outcome: Outcome): void {
    if (this.pending.get(pending.id) !== pending) return;
    this.pending.remove(pending.id);
    pending.done(unanswered(outcome, pending.node));
  }

  private arm(): void {
    const next = this.deadlines.next();
    if (next === undefined || next >= this.armedFor) return;
    this.armedFor = next;
    this.world.at(next, () => {
      this.armedFor = Infinity;
      const now = this.world.now();
      for (let id = this.deadlines.takeDue(now); id !== undefined; id = this.deadlines.takeDue(now)) {
        const pending = this.pending.get(id);
        if (pending !== undefined) this.giveUp(pending, "timeout");
      }
      this.arm();
    });
  }
}

function unanswered(outcome: Outcome, node: number): AnswerMessage {
  const reason = outcome === "not_sent" ? "no node can be reached" : "no answer";
  return { kind: "answer", id: 0, outcome, coordinator: node, versions: [], context: "", reason };
}
