/**
 * A node's links over TCP: one outgoing connection to every peer (answers come back over the peer's own), and incoming
 * ones from peers and clients told apart by their handshake. A lost link is retried with a growing pause and bounded
 * patience per try; messages to a peer that is away are dropped and counted, as a network would.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Transport } from "../host/ports";
import { Traffic, type TrafficByCause } from "../host/traffic";
import type { Input, Session } from "../io";
import type { ClientAnswer, NodeIndex, PeerMessage } from "../messages";
import { LegHistograms, legOf, type SparseLegs } from "../vocabulary/leg-delays";
import type { Micros } from "../vocabulary/micros";
import { type ByteReader, MalformedBytes } from "../vocabulary/octets";
import type { ClusterSettings } from "../vocabulary/settings";
import { Codec, WIRE_VERSION } from "../wire/codec";
import { decodeHello, type Hello } from "../wire/frames";
import { decodeSendingInstant } from "../wire/sending-instant";
import { clockFor } from "../clocks/clock";
import type { NodeCondition } from "./condition";
import { Connection } from "./connection";
import { DelayLine, type LinkShape } from "./delay-line";
import { clientLinkShape, type NodeLink, nodeLinks } from "./link-shapes";
import { monotonicMicros } from "./monotonic";

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

export interface TransportOptions {
  readonly self: NodeIndex;
  readonly cluster: ClusterSettings;
  readonly deliver: (input: Input) => void;
  readonly log: (line: string) => void;
  /** Record how long messages of the four legs of the WARS model were on their way. All nodes of a cluster or none. */
  readonly measureLegs?: boolean;
}

export interface TransportCounts {
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly lost: number;
  readonly queueDrops: number;
  /** Messages to peers that no connection was open to. */
  readonly away: number;
  readonly latenessP99Ms: number;
  readonly byCause: TrafficByCause;
  /** Only where they are measured. */
  readonly legs?: SparseLegs;
}

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1_000;
const HANDSHAKE_MS = 5_000;
const MAX_CONNECTIONS = 4_096;

interface PeerLink {
  address: NodeAddress | undefined;
  connection: Connection | undefined;
  /** The try under way: at most one a link. */
  dialling: Socket | undefined;
  retryMs: number;
  retry: NodeJS.Timeout | undefined;
}

export class TcpTransport implements Transport {
  private readonly codec: Codec;
  private readonly server: Server;
  private readonly links: PeerLink[];
  private readonly sessions = new Map<Session, Connection>();
  /** Sessions of front ends in this process. */
  private readonly attached = new Map<Session, (message: ClientAnswer) => void>();
  private readonly incoming = new Set<Connection>();
  private nextSession = 1;
  private readonly delays = new DelayLine();
  private readonly shapes: readonly NodeLink[];
  /** From the instant the protocol handed a message over until it was delivered; of messages that arrived here. */
  private readonly legs: LegHistograms | undefined;
  private readonly clientShape: LinkShape | undefined;
  private readonly traffic = new Traffic();
  private closing = false;
  /** Sent on connections that are gone, so that counts never go back. */
  private pastMessages = 0;
  private pastBytes = 0;
  private drops = 0;
  private away = 0;
  /** What faults do to this node's links; see {@link suffer}. */
  private harms: NodeCondition["links"] = [];
  private unheard: readonly number[] = [];
  /** Peers whose own connection to this node is open. */
  private readonly heard = new Map<NodeIndex, Connection>();

  constructor(private readonly options: TransportOptions) {
    const { cluster, self } = options;
    this.codec = new Codec(clockFor(cluster.engine));
    this.links = cluster.members.map(() => ({
      address: undefined,
      connection: undefined,
      dialling: undefined,
      retryMs: FIRST_RETRY_MS,
      retry: undefined,
    }));
    this.shapes = nodeLinks(cluster, self);
    this.legs = options.measureLegs === true ? new LegHistograms() : undefined;
    this.clientShape = clientLinkShape(cluster, self, "to-client");
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Listens on the loopback interface; port 0 takes a free one. Resolves to the port. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, "127.0.0.1", () => {
        this.server.off("error", reject);
        this.server.on("error", (error) => this.options.log(`server: ${error.message}`));
        const address = this.server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** (Re)connects to every other member. */
  connectPeers(addresses: readonly NodeAddress[]): void {
    addresses.forEach((address, index) => {
      if (index === this.options.self) return;
      const link = this.links[index];
      const moved = link.address?.port !== address.port || link.address.host !== address.host;
      link.address = address;
      if (moved && link.connection !== undefined) link.connection.close("peer moved");
      link.retryMs = FIRST_RETRY_MS;
      // One that has never run has no address yet; it is told when it has.
      if (link.connection === undefined && address.port !== 0) this.dial(index);
    });
  }

  /** Peers with an open outgoing connection. */
  connectedPeers(): number {
    return this.links.filter((link) => link.connection !== undefined).length;
  }

  /** Of these peers, how many have links both ways. */
  linkedPeers(peers: readonly NodeIndex[]): number {
    return peers.filter((peer) => this.links[peer].connection !== undefined && this.heard.has(peer)).length;
  }

  /** What faults do to links from now on; what they hold back no more leaves now, in the order it was sent. */
  suffer({ links, unheard }: Pick<NodeCondition, "links" | "unheard">): void {
    this.harms = links;
    this.unheard = unheard;
    this.shapes.forEach((shape, to) => shape.suffer(links[to] ?? undefined));
    this.delays.letGo((link) => links[link]?.held === true);
  }

  /** A connection tells that its other end lives; across a partition nobody would hear of it. */
  private tellOfLink(kind: "link-up" | "link-down", node: NodeIndex): void {
    if (this.harms[node]?.cut !== true && !this.unheard.includes(node)) this.options.deliver({ kind, node });
  }

  send(to: NodeIndex, message: PeerMessage): void {
    if (to >= this.links.length) {
      this.toClient(to - this.links.length, message);
      return;
    }
    const shape = this.shapes[to].of(message.kind);
    const sentAt = this.legs !== undefined && legOf(message.kind) !== undefined ? monotonicMicros() : undefined;
    if (shape === undefined) this.sendNow(to, message, sentAt);
    else this.delays.pass(shape, () => this.sendNow(to, message, sentAt));
  }

  /**
   * A session of this process's own, for a front end: what answers it goes to `sink` at once, within the step's turn. No
   * delay of the modelled network is on its way: whoever speaks through a front end is as far away as his own connection.
   */
  attach(sink: (message: ClientAnswer) => void): Session {
    const session = this.nextSession++;
    this.attached.set(session, sink);
    return session;
  }

  /** What still answers the session is dropped. */
  detach(session: Session): void {
    this.attached.delete(session);
  }

  answer(session: Session, message: ClientAnswer): void {
    const sink = this.attached.size === 0 ? undefined : this.attached.get(session);
    if (sink !== undefined) {
      sink(message);
      return;
    }
    // Inspection is measurement: it is not part of the modelled network.
    if (this.clientShape === undefined || message.kind === "inspection") this.sessions.get(session)?.send(message);
    else this.toClient(session, message);
  }

  private toClient(session: Session, message: PeerMessage | ClientAnswer): void {
    this.delays.pass(this.clientShape, () => this.sessions.get(session)?.send(message));
  }

  /** Starts a new span for what has no difference between two readings: lateness of injected delays, delays of legs. */
  startSpan(): void {
    this.delays.forgetLateness();
    this.legs?.reset();
  }

  /** Totals since the start; lateness and legs since {@link startSpan}. */
  counts(): TransportCounts {
    let messagesSent = this.pastMessages;
    let bytesSent = this.pastBytes;
    let queueDrops = this.drops + this.delays.overflowed;
    for (const { connection } of this.links) {
      if (connection === undefined) continue;
      messagesSent += connection.messagesSent;
      bytesSent += connection.bytesSent;
      queueDrops += connection.dropped;
    }
    return {
      messagesSent,
      bytesSent,
      lost: this.delays.lost,
      queueDrops,
      away: this.away,
      latenessP99Ms: this.delays.latenessP99Ms(),
      byCause: this.traffic.byCause(),
      ...(this.legs === undefined ? {} : { legs: this.legs.toSparse() }),
    };
  }

  async close(): Promise<void> {
    this.closing = true;
    this.attached.clear();
    this.delays.close();
    for (const link of this.links) {
      if (link.retry !== undefined) clearTimeout(link.retry);
      link.dialling?.destroy();
      link.connection?.close("stopping");
    }
    for (const connection of this.incoming) connection.close("stopping");
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private sendNow(to: NodeIndex, message: PeerMessage, sentAt: Micros | undefined): void {
    if (to === this.options.self) {
      // Through a timer's turn or not, never within the step that sent it.
      process.nextTick(() => this.arrived(to, message, sentAt));
      return;
    }
    const { connection } = this.links[to];
    if (connection === undefined) this.away++;
    else if (connection.send(message, sentAt)) this.traffic.count(message, connection.lastBytes);
  }

  private arrived(from: NodeIndex, message: PeerMessage, sentAt: Micros | undefined): void {
    if (sentAt !== undefined && this.legs !== undefined) {
      const leg = legOf(message.kind);
      // Two processes' readings of one time may differ by a microsecond or two.
      if (leg !== undefined) this.legs.record(leg, Math.max(0, monotonicMicros() - sentAt));
    }
    this.options.deliver({ kind: "received", from, message });
  }

  private dial(index: NodeIndex): void {
    const link = this.links[index];
    if (this.closing || link.address === undefined) return;
    if (link.retry !== undefined) clearTimeout(link.retry);
    link.retry = undefined;
    link.dialling?.destroy();
    const socket = connect({ host: link.address.host, port: link.address.port, noDelay: true });
    link.dialling = socket;
    let opened: Connection | undefined;
    const failed = (): void => {
      socket.destroy();
      if (link.dialling !== socket) return;
      link.dialling = undefined;
      // Refused again and again: a connection that never was ends like one that is lost, only later.
      if (link.retryMs === LAST_RETRY_MS) this.tellOfLink("link-down", index);
      this.redial(index);
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      link.dialling = undefined;
      const openedAt = monotonicMicros();
      opened = new Connection(socket, this.codec, {
        // Peers only listen on connections they accept.
        frame: () => undefined,
        closed: (reason) => {
          if (link.connection !== opened) return;
          link.connection = undefined;
          this.pastMessages += opened!.messagesSent;
          this.pastBytes += opened!.bytesSent;
          this.drops += opened!.dropped;
          if (this.closing) return;
          // A peer that accepts and then refuses us is a failed try, not a link that was lost.
          if (monotonicMicros() - openedAt > LAST_RETRY_MS * 1_000) link.retryMs = FIRST_RETRY_MS;
          this.options.log(`link to ${this.options.cluster.members[index].id} lost: ${reason}`);
          this.tellOfLink("link-down", index);
          this.redial(index);
        },
      });
      opened.hello(this.helloOf({ kind: "node", index: this.options.self }));
      link.connection = opened;
      this.tellOfLink("link-up", index);
    });
  }

  private redial(index: NodeIndex): void {
    const link = this.links[index];
    if (this.closing || link.retry !== undefined) return;
    link.retry = setTimeout(() => this.dial(index), link.retryMs);
    link.retryMs = Math.min(LAST_RETRY_MS, link.retryMs * 2);
  }

  private helloOf(sender: Hello["sender"]): Hello {
    const { cluster } = this.options;
    return { wireVersion: WIRE_VERSION, cluster: cluster.name, clock: cluster.engine.clock, sender };
  }

  // ---- incoming ------------------------------------------------------------------------------------------------

  private accept(socket: Socket): void {
    let sender: Hello["sender"] | undefined;
    let session: Session = 0;
    const connection: Connection = new Connection(socket, this.codec, {
      frame: (body) => {
        if (sender === undefined) {
          clearTimeout(patience);
          sender = this.admit(body);
          if (sender.kind === "node") this.heard.set(sender.index, connection);
          else {
            session = this.nextSession++;
            this.sessions.set(session, connection);
          }
        } else if (sender.kind === "node") this.fromPeer(sender.index, body);
        else this.fromClient(session, body, sender.kind === "coordinator");
      },
      closed: (reason) => {
        clearTimeout(patience);
        this.incoming.delete(connection);
        this.sessions.delete(session);
        if (sender?.kind === "node" && this.heard.get(sender.index) === connection) this.heard.delete(sender.index);
        if (reason.startsWith("malformed")) this.options.log(`connection from ${connection.remote} closed: ${reason}`);
      },
    });
    const patience = setTimeout(() => connection.close("malformed: no handshake in time"), HANDSHAKE_MS);
    patience.unref();
    this.incoming.add(connection);
  }

  private admit(body: ByteReader): Hello["sender"] {
    const hello = decodeHello(body);
    const { cluster } = this.options;
    if (hello.wireVersion !== WIRE_VERSION)
      throw new MalformedBytes(`wire version ${String(hello.wireVersion)}, ours is ${String(WIRE_VERSION)}`);
    if (hello.cluster !== cluster.name) throw new MalformedBytes("a member of another cluster");
    if (hello.clock !== cluster.engine.clock)
      throw new MalformedBytes(`clock ${hello.clock}, ours is ${cluster.engine.clock}`);
    if (
      hello.sender.kind === "node" &&
      (hello.sender.index >= this.links.length || hello.sender.index === this.options.self)
    ) {
      throw new MalformedBytes(`node ${String(hello.sender.index)} is not a member`);
    }
    return hello.sender;
  }

  private fromPeer(from: NodeIndex, body: ByteReader): void {
    const sentAt = decodeSendingInstant(body);
    const message = this.codec.decode(body);
    switch (message.kind) {
      case "inspect":
      case "inspection":
      case "scan":
      case "scan-answer":
      case "bucket":
      case "bucket-answer":
      case "membership-poll":
      case "membership":
      case "client-coordinated":
        throw new MalformedBytes(`${message.kind} from a node`);
      default:
        this.arrived(from, message, sentAt);
    }
  }

  private fromClient(session: Session, body: ByteReader, coordinates: boolean): void {
    const message = this.codec.decode(body);
    switch (message.kind) {
      case "get":
      case "put":
      case "scan":
      case "bucket":
      case "inspect":
        this.options.deliver({ kind: "asked", session, message });
        return;
      case "membership-poll":
      case "client-coordinated":
        if (!coordinates) throw new MalformedBytes(`${message.kind} from a client that did not say it coordinates`);
        this.options.deliver({ kind: "asked", session, message });
        return;
      default:
        throw new MalformedBytes(`${message.kind} from a client`);
    }
  }
}
