/**
 * Riak's protocol buffers interface of one node: a TCP server beside the node's own, for clients that exist already. It takes
 * connections up to a bound (and closes the longest idle one before it turns a new one away), hands what they ask to the
 * rooms that answer it, and looks once in a while for clients that are too slow.
 *
 * The mistake to avoid is a promise for each request: everything here goes by callbacks, and over memory an answer leaves
 * in the turn that brought the question.
 */
import { createServer, type Server, type Socket } from "node:net";
import { FRONT_LIMITS, type FrontLimits, type FrontOptions } from "../riak/front";
import { FrontSession } from "../riak/session";
import type { FrontStatistics } from "../riak/statistics";
import { unreachable } from "../vocabulary/assert";
import { Buckets } from "./buckets";
import { octetsFromText } from "../vocabulary/octets";
import { type Answering, errorFrame, PbConnection } from "./connection";
import { CLIENT_ID, CODES, SERVER_INFO } from "./messages";
import { Objects } from "./objects";
import { MAX_CLIENT_ID_BYTES, type Request } from "./requests";

/** What a front end of protocol buffers has seen; totals since it began to listen. */
export interface PbCounts {
  readonly connections: number;
  readonly connectionsTotal: number;
  readonly requestsTotal: number;
  /** Connections that sent what is no message, or not in time. */
  readonly malformedTotal: number;
  /** Connections turned away because there were too many. */
  readonly refusedTotal: number;
  readonly inFlight: number;
}

/** The Riak whose interface this is: clients choose what they may send by it. */
const INTERFACE_VERSION = "3.2.0";
/** How often clients are looked at that may be too slow. */
const LOOK_MS = 500;

export class PbFront {
  private readonly server: Server;
  private readonly session: FrontSession;
  private readonly statistics: FrontStatistics;
  private readonly objects: Objects;
  private readonly buckets: Buckets;
  private readonly limits: FrontLimits;
  private readonly connections = new Set<PbConnection>();
  private looking: NodeJS.Timeout | undefined;
  private connectionsTotal = 0;
  private requestsTotal = 0;
  private malformedTotal = 0;
  private refusedTotal = 0;

  constructor(private readonly options: FrontOptions) {
    this.limits = { ...FRONT_LIMITS, ...options.limits };
    this.session = new FrontSession(options);
    this.statistics = this.session.statistics;
    this.objects = new Objects(this.session, options, this.limits.maxBodyBytes);
    this.buckets = new Buckets(this.session, options);
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  /** Resolves to the port; 0 takes a free one. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, () => {
        this.server.off("error", reject);
        this.server.on("error", (error) => this.options.log(`protocol buffers: ${error.message}`));
        this.looking = setInterval(() => this.look(), LOOK_MS);
        this.looking.unref();
        const address = this.server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** No new connections, and an end to those that there are. */
  close(): Promise<void> {
    clearInterval(this.looking);
    for (const connection of this.connections) connection.close();
    this.session.close();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  counts(): PbCounts {
    const { connectionsTotal, requestsTotal, malformedTotal, refusedTotal } = this;
    const { inFlight } = this.session;
    return {
      connections: this.connections.size,
      connectionsTotal,
      requestsTotal,
      malformedTotal,
      refusedTotal,
      inFlight,
    };
  }

  private accept(socket: Socket): void {
    if (this.connections.size >= this.limits.maxConnections && !this.makeRoom()) {
      this.refusedTotal++;
      socket.on("error", () => undefined);
      socket.end(errorFrame(`too many connections, limit ${String(this.limits.maxConnections)}`));
      socket.destroySoon();
      return;
    }
    const connection: PbConnection = new PbConnection(socket, this.session.nextWriteId(), this.limits, {
      now: this.options.now,
      carryOut: (request, answering) => this.carryOut(request, answering),
      malformed: () => this.malformedTotal++,
      closed: () => {
        if (!this.connections.delete(connection)) return;
        this.statistics.pbDisconnected();
      },
    });
    this.connectionsTotal++;
    this.connections.add(connection);
    this.statistics.pbConnected();
  }

  /** Riak keeps idle connections for ever, and so do we as long as nobody else wants their place. */
  private makeRoom(): boolean {
    let idlest: PbConnection | undefined;
    for (const connection of this.connections) {
      if (connection.isIdle && (idlest === undefined || connection.lastHeardAt < idlest.lastHeardAt))
        idlest = connection;
    }
    if (idlest === undefined || idlest.lastHeardAt > this.options.now() - this.limits.idleTimeoutMs * 1_000)
      return false;
    idlest.close();
    return true;
  }

  private look(): void {
    const now = this.options.now();
    for (const connection of this.connections) connection.look(now);
  }

  private carryOut(request: Request, answering: Answering): void {
    this.requestsTotal++;
    switch (request.kind) {
      case "get":
        this.objects.get(request.fields, answering);
        return;
      case "put":
        this.objects.put(request.fields, answering);
        return;
      case "delete":
        this.objects.delete(request.fields, answering);
        return;
      case "ping":
        answering.acknowledge(CODES.pong);
        return;
      case "get-client-id":
        answering.answer(CODES.clientId, CLIENT_ID, { clientId: answering.clientId });
        return;
      case "set-client-id":
        if (request.fields.clientId.length > MAX_CLIENT_ID_BYTES) {
          answering.fail(`client id longer than ${String(MAX_CLIENT_ID_BYTES)} bytes`);
          return;
        }
        answering.clientId = request.fields.clientId;
        answering.acknowledge(CODES.clientIdSet);
        return;
      case "server-info":
        answering.answer(CODES.serverInfo, SERVER_INFO, {
          node: octetsFromText(this.options.members[this.options.index].id),
          version: INTERFACE_VERSION,
        });
        return;
      case "list-keys":
        this.buckets.listKeys(request.fields, answering);
        return;
      case "list-buckets":
        this.buckets.listBuckets(request.fields, answering);
        return;
      case "get-bucket":
        this.buckets.get(request.fields, answering);
        return;
      case "set-bucket":
        this.buckets.set(request.fields, answering);
        return;
      case "reset-bucket":
        this.buckets.reset(request.fields, answering);
        return;
      case "get-bucket-type":
        this.buckets.getType(request.fields, answering);
        return;
      case "set-bucket-type":
        this.buckets.setType(request.fields, answering);
        return;
      case "preference-list":
        this.objects.preferenceList(request.fields, answering);
        return;
      case "unknown":
        answering.fail(
          request.code === CODES.startTls
            ? "Security not enabled; STARTTLS not allowed."
            : `message code ${String(request.code)} is not supported`,
        );
        return;
      case "malformed":
        // Its connection tells the client by itself.
        return;
      default:
        unreachable(request, "PbFront.carryOut");
    }
  }
}
