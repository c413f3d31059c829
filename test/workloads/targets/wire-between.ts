/**
 * A wire between a client and a store, which a test can hold, cut and take away: what a client does when answers do not come, when a
 * connection ends under a request, and when nobody listens, without hurting the store itself. It also counts what went by, so
 * that a request that a library sent twice is seen.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** `cut`: what a client sends arrives, and then its connection ends in place of the answer. */
export type WireState = "open" | "silent" | "cut";

const MOST_KEPT = 8_388_608;

export class WireBetween {
  state: WireState = "open";
  private server: Server | undefined;
  private port = 0;
  private readonly sockets = new Set<Socket>();
  private sent = "";

  private constructor(private readonly store: { readonly host: string; readonly port: number }) {}

  /** `store`: `host:port`. */
  static async to(store: string): Promise<WireBetween> {
    const [host, port] = store.split(":");
    const wire = new WireBetween({ host, port: Number(port) });
    await wire.listen();
    return wire;
  }

  get host(): string {
    return `127.0.0.1:${String(this.port)}`;
  }

  /** How often the bytes occurred in what clients sent since the last `forget`. */
  count(bytes: string): number {
    return this.sent.split(bytes).length - 1;
  }

  forget(): void {
    this.sent = "";
  }

  /** Nobody listens any more, and every connection is gone. */
  async takeAway(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  /** At the same address as before. */
  async listen(): Promise<void> {
    this.state = "open";
    const server = (this.server = createServer((client) => this.join(client)));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
    this.port = (server.address() as AddressInfo).port;
  }

  private join(client: Socket): void {
    const store = connect(this.store);
    for (const socket of [client, store]) {
      this.sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.sockets.delete(socket);
        client.destroy();
        store.destroy();
      });
    }
    client.on("data", (bytes) => {
      if (this.state === "silent") return;
      this.sent = (this.sent + bytes.toString("latin1")).slice(-MOST_KEPT);
      // The client's end goes when the store has taken it.
      store.write(bytes, () => {
        if (this.state === "cut") client.destroy();
      });
    });
    store.on("data", (bytes) => {
      if (this.state === "open") client.write(bytes);
    });
  }
}
