/**
 * Our own cluster over Riak's HTTP interface: the same routes, faults and injected delays as the binary client has
 * (`engine/real/client.ts`), so that a difference between the two is what HTTP costs and nothing else.
 *
 * Three things HTTP does not carry by itself. Who wrote: each write names itself (`x-quorumlab-write-id`), and nodes keep the
 * name, so that replicas can be looked at; values carry it too, so that reads tell it. Delays: a node delays what it says
 * to clients on its binary connections alone, so both ways are delayed here. Contexts after a put: a session that goes on with
 * what its own writes left asks for the body, as a client of Riak's would, for an answer without one has no clock.
 *
 * Behind a partition nothing is heard: an answer, or the end of a connection, that comes from the other side is kept back
 * until the request's own deadline.
 */
import type { PartitionRule } from "../../engine/host/faults";
import { isCut } from "../../engine/host/link-harm";
import { DelayLine, type LinkShape } from "../../engine/real/delay-line";
import { balancerShape, clientLinkShape, inSuccession } from "../../engine/real/link-shapes";
import type { Ring } from "../../engine/ring/ring";
import { type Address, encodeAddress } from "../../engine/vocabulary/address";
import { monotonicMicros } from "../../engine/real/monotonic";
import type { Micros } from "../../engine/vocabulary/micros";
import type { Outcome } from "../../engine/vocabulary/outcomes";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import { TARGETS } from "../../results/record/capabilities";
import type { Reply, Request } from "../operation";
import { HttpNodes } from "./http-nodes";
import { type Exchange, type HttpAddress, type HttpLimits, objectPath } from "./riak-http";
import { failedReply, replyOfOurs } from "./riak-replies";
import { ANSWERS, objectRequest, type ObjectRequest, type RequestWays } from "./riak-requests";
import type { Target } from "./target";

export interface EngineHttpOptions {
  readonly cluster: ClusterSettings;
  /** Of every node its HTTP address; port 0 where it has never run. */
  readonly fronts: readonly HttpAddress[];
  readonly ring: Ring;
  readonly routing: "any" | "token-aware";
  /** Inject the experiment's client delays. */
  readonly shaped: boolean;
  /** Added to the store's own timeout before the client gives up by itself. */
  readonly graceMs: number;
  /** Puts bring back what stands after them, and its context. */
  readonly returnBody: boolean;
  readonly limits?: Partial<HttpLimits>;
}

/** One request of the driver's, under way. */
interface Asked {
  readonly session: number;
  readonly address: Address;
  readonly http: ObjectRequest;
  readonly kind: keyof typeof ANSWERS;
  readonly done: (reply: Reply) => void;
  readonly deadline: Micros;
  timer: NodeJS.Timeout | undefined;
  node: number;
  sent: boolean;
  over: boolean;
}

export class EngineHttpTarget implements Target {
  readonly name = "engine-http";
  readonly capabilities = TARGETS["engine-http"].can;
  private readonly delays = new DelayLine();
  private readonly ways: RequestWays;
  private readonly there: readonly (LinkShape | undefined)[];
  private readonly back: readonly (LinkShape | undefined)[];
  private readonly serving: boolean[];
  private readonly underWay = new Set<Asked>();
  private partitions: readonly PartitionRule[] = [];
  private ring: Ring;
  private closed = false;

  private constructor(
    private readonly nodes: HttpNodes,
    private readonly options: EngineHttpOptions,
  ) {
    const { cluster, fronts, shaped, routing, ring } = options;
    this.ring = ring;
    // Quorums are the cluster's own, as over the binary protocol.
    this.ways = { query: NO_QUERY, returnBody: options.returnBody, namesWrites: true };
    this.serving = cluster.members.map(({ joins }) => joins !== true);
    const shapes = (direction: "to-node" | "to-client"): (LinkShape | undefined)[] =>
      fronts.map((_, node) => {
        if (!shaped) return undefined;
        const link = clientLinkShape(cluster, node, direction);
        return routing === "any" ? inSuccession(link, balancerShape(cluster, node, direction)) : link;
      });
    this.there = shapes("to-node");
    this.back = shapes("to-client");
  }

  /** Rejects when no node takes HTTP connections. */
  static async open(options: EngineHttpOptions): Promise<EngineHttpTarget> {
    return new EngineHttpTarget(await HttpNodes.open(options.fronts, options.limits), options);
  }

  /** Nodes may listen elsewhere after a restart. */
  moved(fronts: readonly HttpAddress[]): void {
    this.nodes.moved(fronts);
  }

  /** A node takes requests from now on, or no more; what it has is still to be answered. */
  serves(node: number, on: boolean): void {
    this.serving[node] = on;
  }

  /** Replicas are found by this ring from now on. */
  ringChanged(ring: Ring): void {
    this.ring = ring;
  }

  /** Who is cut off from whom, from now on: see {@link EngineHttpTarget}. */
  partitioned(partitions: readonly PartitionRule[]): void {
    this.partitions = partitions;
  }

  connectedTo(node: number): boolean {
    return this.nodes.takes(node);
  }

  outstanding(): number {
    return this.underWay.size;
  }

  /** How late injected delays let messages leave or arrive, 99th percentile since this was last asked. */
  takeDelayLatenessP99Ms(): number {
    const lateness = this.delays.latenessP99Ms();
    this.delays.forgetLateness();
    return lateness;
  }

  submit(request: Request, done: (reply: Reply) => void): void {
    if (request.kind === "scan") return later(done, "unsupported", TARGETS["engine-http"].why.scans ?? "no scans");
    const path = objectPath(request.key);
    if (typeof path !== "string") return later(done, "invalid", path.why);
    const { engine } = this.options.cluster;
    const timeoutMs = request.kind === "get" ? engine.readTimeoutMs : engine.writeTimeoutMs;
    const asked: Asked = {
      session: request.session,
      address: encodeAddress(request.key),
      http: objectRequest(request, path, this.ways),
      kind: request.kind,
      done,
      deadline: monotonicMicros() + (timeoutMs + this.options.graceMs) * 1_000,
      timer: undefined,
      node: -1,
      sent: false,
      over: false,
    };
    this.underWay.add(asked);
    asked.node = this.route(asked);
    const shape = this.there[asked.node];
    if (shape === undefined) this.transmit(asked);
    else {
      this.expire(asked);
      this.delays.pass(shape, () => this.transmit(asked));
    }
  }

  /** Requests without an answer end as lost, or as not sent. */
  close(): Promise<void> {
    this.closed = true;
    this.delays.close();
    this.nodes.close();
    for (const asked of [...this.underWay]) this.settle(asked, asked.sent ? "connection_lost" : "not_sent", "closed");
    return Promise.resolve();
  }

  private transmit(asked: Asked): void {
    if (asked.over) return;
    // The node may have gone while the message waited: any other will do, it forwards.
    if (asked.node < 0 || !this.nodes.takes(asked.node))
      asked.node = this.nodes.next((node) => this.reaches(asked, node));
    if (asked.node < 0 || this.closed) {
      process.nextTick(() => this.settle(asked, "not_sent", "no node takes connections"));
      return;
    }
    const timeoutMs = Math.max(1, Math.ceil((asked.deadline - monotonicMicros()) / 1_000));
    asked.sent = true;
    this.nodes.exchange(asked.node, { ...asked.http, timeoutMs }, (exchange) => this.ended(asked, exchange));
  }

  private ended(asked: Asked, exchange: Exchange): void {
    if (asked.over) return;
    const { node } = asked;
    if (exchange.kind === "failed" && !exchange.sent) {
      asked.sent = false;
      // Nothing has left: another node will do. This one counts as down now, so that it goes on only as long as there are nodes.
      if (exchange.because === "connection" && !this.closed) {
        this.transmit(asked);
        return;
      }
    }
    // Who is cut off from the node hears nothing of it, and waits.
    if (asked.sent && this.isCut(asked.session, node, false)) {
      this.expire(asked);
      return;
    }
    const settle = (): void => {
      if (this.finish(asked)) asked.done(replyOfOurs(asked.kind, ANSWERS[asked.kind](exchange)));
    };
    const shape = exchange.kind === "answered" ? this.back[node] : undefined;
    if (shape === undefined) settle();
    else {
      this.expire(asked);
      this.delays.pass(shape, settle);
    }
  }

  /** It ends by its own deadline, whatever comes. */
  private expire(asked: Asked): void {
    if (asked.timer !== undefined) return;
    const ms = Math.max(1, Math.ceil((asked.deadline - monotonicMicros()) / 1_000));
    asked.timer = setTimeout(() => this.settle(asked, asked.sent ? "timeout" : "not_sent", "no answer in time"), ms);
  }

  private settle(asked: Asked, outcome: Outcome, reason: string): void {
    if (this.finish(asked)) asked.done(failedReply(outcome, reason));
  }

  /** False where it is over already. */
  private finish(asked: Asked): boolean {
    if (asked.over) return false;
    asked.over = true;
    clearTimeout(asked.timer);
    this.underWay.delete(asked);
    return true;
  }

  /** No node at all: -1. */
  private route(asked: Asked): number {
    const { routing, cluster } = this.options;
    if (routing === "token-aware") {
      for (const { node } of this.ring.preferenceList(asked.address, cluster.engine.nVal)) {
        if (this.nodes.takes(node) && this.reaches(asked, node)) return node;
      }
    }
    return this.nodes.next((node) => this.reaches(asked, node));
  }

  /** Whether the node serves, and what the session says arrives there. */
  private reaches({ session }: Asked, node: number): boolean {
    return this.serving[node] && !this.isCut(session, node, true);
  }

  private isCut(session: number, node: number, toNode: boolean): boolean {
    if (this.partitions.length === 0) return false;
    const nodes = this.nodes.size;
    return toNode
      ? isCut(this.partitions, nodes, nodes + session, node)
      : isCut(this.partitions, nodes, node, nodes + session);
  }
}

function later(done: (reply: Reply) => void, outcome: Outcome, reason: string): void {
  process.nextTick(() => done(failedReply(outcome, reason)));
}

const NO_QUERY = { get: "", put: "", delete: "" };
