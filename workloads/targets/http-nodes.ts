/**
 * The nodes of one cluster over HTTP: which of them take connections, whose turn it is, and where they have moved. A
 * client that only learns from refusals of its own requests that a node is gone would pay with a request each time it looks
 * whether it is back; here somebody else looks, every tenth of a second, as the binary client redials.
 */
import { connect } from "node:net";
import { type Exchange, type HttpAddress, type HttpLimits, type HttpRequest, RiakHttpNode } from "./riak-http";

const RETRY_MS = 100;
const CONNECT_PATIENCE_MS = 5_000;
const PROBE_MS = 1_000;

interface Node {
  address: HttpAddress;
  http: RiakHttpNode;
  /** Its last connection, or the last look, was no failure. */
  up: boolean;
  retry: NodeJS.Timeout | undefined;
}

export class HttpNodes {
  private readonly nodes: Node[];
  private turn = 0;
  private closed = false;

  private constructor(
    addresses: readonly HttpAddress[],
    private readonly limits: Partial<HttpLimits>,
  ) {
    this.nodes = addresses.map((address) => ({ address, http: this.made(address), up: false, retry: undefined }));
  }

  /** Rejects when no node takes connections in time. */
  static async open(addresses: readonly HttpAddress[], limits: Partial<HttpLimits> = {}): Promise<HttpNodes> {
    const opened = new HttpNodes(addresses, limits);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, CONNECT_PATIENCE_MS)));
    await Promise.race([Promise.all(opened.nodes.map((node) => opened.look(node))), patience]);
    clearTimeout(timer);
    if (opened.nodes.every(({ up }) => !up)) {
      opened.close();
      const where = addresses.map(({ host, port }) => `${host}:${String(port)}`).join(", ");
      throw new Error(`no node takes HTTP connections: ${where}`);
    }
    return opened;
  }

  get size(): number {
    return this.nodes.length;
  }

  /** Whether the node takes connections, as far as is known. */
  takes(node: number): boolean {
    return this.nodes[node].up;
  }

  /** The next in turn that takes connections and that `may` allows; -1 where there is none. */
  next(may: (node: number) => boolean = () => true): number {
    for (let tried = 0; tried < this.nodes.length; tried++) {
      const node = this.turn;
      this.turn = (this.turn + 1) % this.nodes.length;
      if (this.nodes[node].up && may(node)) return node;
    }
    return -1;
  }

  /** `done` is called once, never before this returns. */
  exchange(index: number, request: HttpRequest, done: (exchange: Exchange) => void): void {
    const node = this.nodes[index];
    const { http } = node;
    http.exchange(request, (exchange) => {
      // One that was lost later says less: servers close connections.
      const refused = exchange.kind === "failed" && !exchange.sent && exchange.because === "connection";
      if (refused && node.http === http) this.lost(node);
      done(exchange);
    });
  }

  /** Nodes may listen elsewhere after a restart. */
  moved(addresses: readonly HttpAddress[]): void {
    addresses.forEach((address, index) => {
      const node = this.nodes[index];
      if (address.host === node.address.host && address.port === node.address.port) return;
      const before = node.http;
      node.address = address;
      node.http = this.made(address);
      // Whoever listened there is gone.
      before.close();
      this.lost(node);
    });
  }

  /** What is under way ends as failed; more than once is once. */
  close(): void {
    this.closed = true;
    for (const { http, retry } of this.nodes) {
      clearTimeout(retry);
      http.close();
    }
  }

  private made(address: HttpAddress): RiakHttpNode {
    return new RiakHttpNode(address, this.limits);
  }

  private lost(node: Node): void {
    node.up = false;
    if (this.closed || node.retry !== undefined) return;
    node.retry = setTimeout(() => {
      node.retry = undefined;
      void this.look(node);
    }, RETRY_MS);
  }

  /** Never rejects; goes on until it takes connections. Of a node that has never run nobody knows the port. */
  private async look(node: Node): Promise<void> {
    const { address } = node;
    const up = address.port !== 0 && (await takesConnections(address));
    if (this.closed || node.address !== address) return;
    node.up = up;
    if (!up) this.lost(node);
  }
}

function takesConnections({ host, port }: HttpAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PROBE_MS });
    const over = (up: boolean) => (): void => {
      socket.destroy();
      resolve(up);
    };
    socket.once("connect", over(true));
    socket.once("error", over(false));
    socket.once("timeout", over(false));
  });
}
