/**
 * One node over HTTP, against servers that do what servers do: refuse, close at once, say nothing, say too much, talk
 * nonsense. What matters each time is whether the request is said to have left, and that there is one outcome.
 */
import { strict as assert } from "node:assert";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { HttpNodes } from "../../../workloads/targets/http-nodes";
import {
  type Exchange,
  type HttpLimits,
  type HttpRequest,
  objectPath,
  RiakHttpNode,
  segment,
} from "../../../workloads/targets/riak-http";
import { until } from "../../process/until";

const GET: HttpRequest = { method: "GET", path: "/ping", headers: [], timeoutMs: 2_000 };
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";

/** A server of bytes: `answer` is given what came on a connection whenever more has come. */
class Bytes {
  readonly sockets = new Set<Socket>();
  accepted = 0;
  private constructor(private readonly server: Server) {}

  static async listen(answer: (socket: Socket, received: string) => void, port = 0): Promise<Bytes> {
    const server = createServer();
    const made = new Bytes(server);
    server.on("connection", (socket) => {
      made.accepted++;
      made.sockets.add(socket);
      let received = "";
      socket.on("data", (chunk) => answer(socket, (received += chunk.toString("latin1"))));
      socket.on("error", () => undefined);
      socket.on("close", () => made.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return made;
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (this.server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe("a node over HTTP", () => {
  const closers: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  const serve = async (answer: (socket: Socket, received: string) => void, port = 0): Promise<Bytes> => {
    const server = await Bytes.listen(answer, port);
    closers.push(() => server.close());
    return server;
  };
  const nodeAt = (address: { host: string; port: number }, limits: Partial<HttpLimits> = {}): RiakHttpNode => {
    const node = new RiakHttpNode(address, limits);
    closers.push(() => node.close());
    return node;
  };
  const ask = (node: RiakHttpNode, request: Partial<HttpRequest> = {}): Promise<Exchange> =>
    new Promise((resolve) => {
      let within = true;
      node.exchange({ ...GET, ...request }, (exchange) => {
        assert.ok(!within, "not within the call");
        resolve(exchange);
      });
      within = false;
    });
  const failure = (exchange: Exchange): readonly [boolean, string] => {
    assert.equal(exchange.kind, "failed");
    return exchange.kind === "failed" ? [exchange.sent, exchange.because] : [false, ""];
  };
  const whole = (received: string): boolean => received.includes("\r\n\r\n");

  it("sends what it is asked to and brings the answer, on connections that are kept", async () => {
    const requests: string[] = [];
    const server = await serve((socket, received) => {
      requests.push(received);
      socket.write(OK);
    });
    const node = nodeAt(server.address, { connections: 2 });
    const body = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    const first = await ask(node, {
      method: "PUT",
      path: "/buckets/b/keys/%00",
      headers: ["X-Riak-Vclock", "abc="],
      body,
    });
    assert.ok(first.kind === "answered");
    assert.deepEqual([first.answer.status, first.answer.body.toString()], [200, "OK"]);
    assert.match(requests[0], /^PUT \/buckets\/b\/keys\/%00 HTTP\/1\.1\r\n/);
    assert.match(requests[0], /\r\nX-Riak-Vclock: abc=\r\n/i);
    assert.ok(requests[0].endsWith(`\r\n\r\n${body}`));
    for (let i = 0; i < 20; i++) assert.equal((await ask(node)).kind, "answered");
    assert.ok(server.accepted <= 2);
  });

  it("says that nothing left when nobody listens, or no connection was free in time", async () => {
    const gone = await Bytes.listen(() => undefined);
    const { address } = gone;
    await gone.close();
    assert.deepEqual(failure(await ask(nodeAt(address))), [false, "connection"]);
    const silent = await serve(() => undefined);
    const busy = nodeAt(silent.address, { connections: 1 });
    const first = ask(busy, { timeoutMs: 300 });
    const second = ask(busy, { timeoutMs: 100 });
    assert.deepEqual(failure(await second), [false, "deadline"]);
    assert.deepEqual(failure(await first), [true, "deadline"]);
    // What had waited in vain was not sent later.
    assert.equal(silent.accepted, 1);
  });

  it("says that something may have arrived when the connection ends without an answer, or in the middle of one", async () => {
    const parts = [
      "",
      "HTTP/1.1 2",
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
      "\u0000\u0001 nonsense\r\n\r\n",
    ];
    for (const part of parts) {
      const server = await serve((socket, received) => {
        if (whole(received)) socket.end(Buffer.from(part, "latin1"));
      });
      assert.deepEqual(failure(await ask(nodeAt(server.address))), [true, "connection"], JSON.stringify(part));
    }
  });

  it("sends nothing again when a kept connection was closed in the same moment", async () => {
    let seen = 0;
    const server = await serve((socket, received) => {
      const count = received.split("\r\n\r\n").length - 1;
      seen++;
      if (count === 1) socket.write(OK);
      else socket.destroy();
    });
    const node = nodeAt(server.address, { connections: 1 });
    assert.equal((await ask(node)).kind, "answered");
    assert.deepEqual(failure(await ask(node, { method: "PUT", body: "x", headers: ["Content-Type", "a/b"] })), [
      true,
      "connection",
    ]);
    assert.equal(seen, 2);
  });

  it("reads no answer that is longer than it may be, whatever length it was said to have", async () => {
    const long = "x".repeat(5_000);
    for (const head of ["Content-Length: 5000\r\n", "Connection: close\r\n", "Content-Length: 99999999999999\r\n"]) {
      const server = await serve((socket, received) => {
        if (whole(received)) socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n${long}`);
      });
      assert.deepEqual(
        failure(await ask(nodeAt(server.address, { mostAnswerBytes: 1_000 }))),
        [true, "connection"],
        head,
      );
    }
    const server = await serve((socket, received) => {
      if (whole(received)) socket.write(`HTTP/1.1 200 OK\r\nX-Long: ${"y".repeat(2_000_000)}\r\n\r\n`);
    });
    assert.deepEqual(failure(await ask(nodeAt(server.address))), [true, "connection"]);
  });

  it("never has more connections than it may, and answers everything", async () => {
    const server = await serve((socket, received) => {
      if (received.endsWith("\r\n\r\n")) setImmediate(() => socket.write(OK));
    });
    const node = nodeAt(server.address, { connections: 3 });
    const all = await Promise.all(Array.from({ length: 200 }, () => ask(node)));
    assert.ok(all.every(({ kind }) => kind === "answered"));
    assert.ok(server.accepted <= 3, String(server.accepted));
    assert.equal(node.outstanding(), 0);
  });

  it("refuses what is no request, without blaming the server", async () => {
    const server = await serve((socket) => socket.write(OK));
    const node = nodeAt(server.address);
    assert.deepEqual(failure(await ask(node, { headers: ["X-Riak-Vclock", "a\r\nb: c"] })), [false, "request"]);
    assert.deepEqual(failure(await ask(node, { path: "/with blank" })), [false, "request"]);
    assert.equal(server.accepted, 0);
  });

  it("ends what is under way when it is closed, and everything after it", async () => {
    const server = await serve(() => undefined);
    const node = nodeAt(server.address, { connections: 1 });
    const asked = [ask(node), ask(node)];
    await until("the first to be sent", () => server.accepted === 1 && server.sockets.size === 1);
    node.close();
    const [first, second] = await Promise.all(asked);
    assert.equal(failure(second)[0], false);
    assert.equal(failure(first)[1], "closed");
    assert.deepEqual(failure(await ask(node)), [false, "closed"]);
  });

  it("nodes in turn: one that is gone is left out until it listens again, and may listen elsewhere", async () => {
    const servers = [await serve((socket) => socket.write(OK)), await serve((socket) => socket.write(OK))];
    const addresses = servers.map(({ address }) => address);
    const nodes = await HttpNodes.open(addresses);
    closers.push(() => nodes.close());
    assert.deepEqual([nodes.next(), nodes.next(), nodes.next()], [0, 1, 0]);
    await servers[1].close();
    const ask1 = (): Promise<Exchange> => new Promise((resolve) => nodes.exchange(1, GET, resolve));
    assert.deepEqual(failure(await ask1()), [false, "connection"]);
    assert.equal(nodes.takes(1), false);
    assert.deepEqual([nodes.next(), nodes.next()], [0, 0]);
    await serve((socket) => socket.write(OK), addresses[1].port);
    await until("it to be found again", () => nodes.takes(1));
    assert.equal((await ask1()).kind, "answered");
    const elsewhere = await serve((socket) => socket.write(OK));
    nodes.moved([addresses[0], elsewhere.address]);
    await until("it to be found elsewhere", () => nodes.takes(1));
    assert.equal((await ask1()).kind, "answered");
    assert.ok(elsewhere.accepted >= 1);
    await assert.rejects(
      HttpNodes.open([{ host: "127.0.0.1", port: 1 }]),
      /no node takes HTTP connections: 127\.0\.0\.1:1/,
    );
  });

  it("names of objects are paths that decode to the same bytes", () => {
    const octets = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => String.fromCharCode(...bytes));
    fc.assert(
      fc.property(fc.oneof(octets, fc.constantFrom(".", "..", "...", "a/b", "%2F", "a.b", "~")), (name) => {
        const text = segment(name);
        assert.match(text, /^[0-9A-Za-z_~.%-]+$/);
        assert.ok(text !== "." && text !== "..");
        const decoded = text.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
        assert.equal(decoded, name);
      }),
    );
    const name = { type: "default", bucket: "b", key: "k/1" };
    assert.equal(objectPath(name), "/buckets/b/keys/k%2F1");
    assert.equal(objectPath({ ...name, type: "t" }), "/types/t/buckets/b/keys/k%2F1");
    assert.equal(typeof objectPath({ ...name, key: "" }), "object");
    assert.equal(typeof objectPath({ ...name, bucket: "" }), "object");
  });
});
