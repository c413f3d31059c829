/**
 * Riak's HTTP API on one node. The server reads requests, bounds them, finds their row and hands them over; every connection's
 * requests are worked off one after the other, so that a pipelined PUT and GET mean what their order says. What is too much is
 * refused or waits: connections beyond the limit are closed, requests read ahead of their turn stop the reading, a reader who is
 * slow to take answers gets no more of them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP, type Socket } from "node:net";
import { customAlphabet } from "nanoid";
import { FRONT_LIMITS, type FrontLimits, type FrontOptions } from "../riak/front";
import { FrontSession } from "../riak/session";
import { HttpContext } from "./context";
import { Dispatch } from "./dispatch";
import { Exchange, type Line } from "./exchange";
import { SAMPLE_MS } from "./lately";
import { ROUTES } from "./routes";

/** What a front has done since it started. */
export interface HttpCounts {
  readonly requests: number;
  readonly connections: number;
  readonly inFlight: number;
  /** Operations refused because too many were in progress; and never answered by the node. */
  readonly refused: number;
  readonly unanswered: number;
  /** Answers by status. */
  readonly answers: ReadonlyMap<number, number>;
}

/** Methods that HTTP knows: others are 501, these 405 where they are not for the path. */
const KNOWN_METHODS: ReadonlySet<string> = new Set("GET HEAD POST PUT DELETE TRACE CONNECT OPTIONS PATCH".split(" "));
/** 22 characters of 62 are 131 bits, as many as Riak's own keys have. */
const newKey = customAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 22);
/** Answers that a connection's client has not taken yet; beyond, its next request waits. */
const MAX_UNREAD_BYTES = 1_048_576;
const CHECK_MS = 1_000;

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly expects: boolean;
}

/** A connection. */
class Connection implements Line {
  client = 0;
  busy = false;
  /** The one that is worked on, or was last. */
  current: Exchange | undefined;
  waiting: Waiting[] = [];
  /** Not read from; and about to be so. */
  paused = false;
  pausing = false;
  /** What is to happen once all that came has been answered. */
  afterwards: (() => void) | undefined;

  constructor(readonly socket: Socket) {}
}

export class HttpFront {
  private readonly server: Server;
  private readonly dispatch = new Dispatch(ROUTES);
  private readonly limits: FrontLimits;
  private readonly session: FrontSession;
  private readonly context: HttpContext;
  private readonly connections = new Map<Socket, Connection>();
  private readonly sampling: NodeJS.Timeout;
  private readonly ended = (exchange: Exchange): void => this.next(exchange.line as Connection);
  private requests = 0;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: FrontOptions) {
    this.limits = { ...FRONT_LIMITS, ...options.limits };
    const { maxHeaderBytes, headersTimeoutMs, requestTimeoutMs, idleTimeoutMs, maxConnections } = this.limits;
    this.session = new FrontSession(options);
    this.context = new HttpContext(options, this.limits, this.session, newKey);
    this.server = createServer({
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, headersTimeoutMs),
      noDelay: true,
    });
    this.server.maxConnections = maxConnections;
    this.server.timeout = idleTimeoutMs;
    this.server.on("connection", (socket: Socket) => this.connected(socket));
    this.server.on("request", (request, response) => this.requested(request, response, false));
    this.server.on("checkContinue", (request, response) => this.requested(request, response, true));
    // An expectation that is none of HTTP's: the request is served as if it had none.
    this.server.on("checkExpectation", (request, response) => this.requested(request, response, false));
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket) => this.broken(error, socket as Socket));
    this.server.on("timeout", (socket: Socket) => this.idle(socket));
    this.context.lately.sample(options.now(), options.counts());
    this.sampling = setInterval(() => this.context.lately.sample(options.now(), options.counts()), SAMPLE_MS);
    this.sampling.unref();
  }

  /** Resolves to the port; 0 takes a free one. Rejects as `listen` does. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, () => {
        this.server.off("error", reject);
        this.server.on("error", (error) => this.options.log(`http: ${error.message}`));
        const address = this.server.address();
        const taken = typeof address === "object" && address !== null ? address : { port, address: host };
        this.context.loopback = isLoopback(taken.address);
        this.context.port = taken.port;
        resolve(taken.port);
      });
    });
  }

  /** No new requests; those under way are answered as far as the node still answers. */
  close(): Promise<void> {
    this.closing ??= new Promise<void>((resolve) => {
      clearInterval(this.sampling);
      this.server.close(() => resolve());
      this.session.close();
      this.server.closeIdleConnections();
      for (const { busy, socket } of this.connections.values()) if (!busy) socket.destroySoon();
    });
    return this.closing;
  }

  counts(): HttpCounts {
    return {
      requests: this.requests,
      connections: this.connections.size,
      inFlight: this.session.inFlight,
      refused: this.session.refused,
      unanswered: this.session.unanswered,
      answers: this.context.answers,
    };
  }

  private connected(socket: Socket): void {
    const connection = new Connection(socket);
    this.connections.set(socket, connection);
    socket.once("close", () => {
      this.connections.delete(socket);
      connection.waiting = [];
    });
  }

  private requested(request: IncomingMessage, response: ServerResponse, expects: boolean): void {
    const connection = this.connections.get(request.socket);
    if (connection === undefined) return;
    this.requests++;
    if (!connection.busy) return this.begin(connection, { request, response, expects });
    connection.waiting.push({ request, response, expects });
    if (connection.waiting.length < this.limits.maxPipelined || connection.pausing) return;
    connection.paused = connection.pausing = true;
    // Not now: as soon as a request is whole, Node reads on by itself.
    process.nextTick(() => {
      connection.pausing = false;
      if (connection.paused) connection.socket.pause();
    });
  }

  /** It ends in a later turn, so that a chunk with a thousand requests in it keeps nobody else waiting. */
  private begin(connection: Connection, { request, response, expects }: Waiting): void {
    connection.busy = true;
    const exchange = new Exchange(this.context, request, response, connection, expects, this.ended);
    connection.current = exchange;
    try {
      this.serve(exchange);
    } catch (error) {
      exchange.fail(error);
    }
  }

  private serve(exchange: Exchange): void {
    const { request } = exchange;
    const url = request.url!;
    if (!KNOWN_METHODS.has(exchange.method)) return exchange.text(501, "not implemented\n");
    const coding = request.headers["transfer-encoding"];
    // The body would be stored as it is encoded, under a header that does not say so.
    if (coding !== undefined && coding.toLowerCase() !== "chunked")
      return exchange.text(501, "the only transfer encoding here is chunked\n", ["Connection", "close"]);
    if (url.length > this.limits.maxUrlBytes)
      return exchange.text(414, `a target of more than ${String(this.limits.maxUrlBytes)} bytes\n`);
    const found = this.dispatch.find(exchange);
    if (found === "found") exchange.route!.handler(exchange);
    else if (found === "not-found") exchange.text(404, "not found\n");
    else if (found === "malformed") exchange.text(400, "malformed percent-encoding in the path\n");
    else exchange.text(405, `only ${found.allow}\n`, ["Allow", found.allow]);
  }

  /** An exchange has ended: the next one of its connection begins, once its client has taken what it was sent. */
  private next(connection: Connection): void {
    const { socket } = connection;
    connection.busy = false;
    if (socket.writableLength > MAX_UNREAD_BYTES) {
      connection.busy = true;
      socket.once("drain", () => this.next(connection));
      return;
    }
    const { response } = connection.current!;
    // Its answer waits behind others that are not taken yet, outside of what the socket counts.
    if (response.socket === null && !response.writableFinished && !socket.destroyed) {
      connection.busy = true;
      response.once("finish", () => this.next(connection));
      return;
    }
    const waiting = connection.waiting.shift();
    if (waiting !== undefined) this.begin(connection, waiting);
    if (connection.paused && connection.waiting.length * 2 <= this.limits.maxPipelined) {
      connection.paused = false;
      socket.resume();
    }
    if (waiting === undefined) connection.afterwards?.();
    if (this.closing !== undefined && waiting === undefined) socket.destroySoon();
  }

  /** What is no HTTP, too much of it, or too slow; a client that has merely gone is not written to. */
  private broken(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const connection = this.connections.get(socket);
    // What comes behind that is no better.
    if (connection?.afterwards !== undefined) return;
    this.context.sendDue();
    const status =
      error.code === "HPE_HEADER_OVERFLOW"
        ? "431 Request Header Fields Too Large"
        : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? "408 Request Timeout"
          : error.code === "HPE_CHUNK_EXTENSIONS_OVERFLOW"
            ? "413 Payload Too Large"
            : "400 Bad Request";
    this.context.answered(Number(status.slice(0, 3)));
    const current = connection?.current;
    const owes = connection?.busy === true;
    const tell = (): void => {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
    };
    // Into the middle of an answer nothing is written, nor before one that is due: it would be taken for that one.
    if (owes && (current!.response.socket === null || !current!.giveUp())) connection.afterwards = tell;
    else if (owes || current === undefined || current.response.writableFinished) tell();
    else current.response.once("finish", tell);
  }

  /** Nothing moved for the idle time: the client has gone to sleep, unless it is the store that is waited for. */
  private idle(socket: Socket): void {
    const connection = this.connections.get(socket);
    if (connection?.busy === true && socket.writableLength === 0 && this.session.inFlight > 0)
      socket.setTimeout(this.limits.idleTimeoutMs);
    else socket.destroy();
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127.")) || address.startsWith("::ffff:127.");
}
