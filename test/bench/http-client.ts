/**
 * The cheapest HTTP client that still checks what it gets: one request at a time on each connection, bytes made in
 * advance, the answer's status, head and body cut out by its length. A load generator with more comforts would take the
 * processor that is measured; one with fewer would count any answer as the right one.
 */
import { connect, type Socket } from "node:net";

export interface HttpAnswer {
  readonly status: number;
  /** The lines of the head as they came, without the status line. */
  readonly head: string;
  readonly body: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");

export class HttpConnection {
  private waiting: ((answer: HttpAnswer) => void) | undefined;
  private received: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly socket: Socket,
    private readonly failed: (why: string) => void,
  ) {
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
      this.cut();
    });
    socket.on("error", (error) => failed(error.message));
    socket.on("close", () => {
      if (this.waiting !== undefined) failed("the connection was closed before an answer");
    });
  }

  static open(port: number, failed: (why: string) => void): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new HttpConnection(socket, failed));
      });
    });
  }

  send(request: Buffer | string, done: (answer: HttpAnswer) => void): void {
    if (this.waiting !== undefined) throw new Error("one request at a time");
    this.waiting = done;
    if (typeof request === "string") this.socket.write(request, "latin1");
    else this.socket.write(request);
  }

  close(): void {
    this.socket.destroy();
  }

  private cut(): void {
    const { received, waiting } = this;
    if (waiting === undefined) return;
    const end = received.indexOf(HEAD_END);
    if (end < 0) return;
    const head = received.toString("latin1", 0, end);
    const status = Number(head.slice(9, 12));
    const length = lengthOf(head);
    if (length === undefined && status !== 204 && status !== 304) {
      this.failed(`an answer without a length: ${head.slice(0, 60)}`);
      return;
    }
    const whole = end + HEAD_END.length + (length ?? 0);
    if (received.length < whole) return;
    this.waiting = undefined;
    this.received = received.subarray(whole);
    waiting({
      status,
      head: head.slice(head.indexOf("\n") + 1),
      body: received.subarray(end + HEAD_END.length, whole),
    });
  }
}

function lengthOf(head: string): number | undefined {
  const value = headerOf(head, "Content-Length");
  return value === undefined ? undefined : Number(value);
}

/** Of a header as the server writes it, or in lower case. */
export function headerOf(head: string, name: string): string | undefined {
  let at = head.indexOf(`\n${name}: `);
  if (at < 0 && head.startsWith(`${name}: `)) at = -1;
  else if (at < 0) return undefined;
  const from = at + name.length + 3;
  const end = head.indexOf("\r", from);
  return head.slice(from, end < 0 ? undefined : end);
}
