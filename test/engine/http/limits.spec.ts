/**
 * What a node does not let happen to itself: targets, headers and bodies that are too long, requests that never end, more
 * connections and more requests than it takes on, and bytes that are no HTTP. Each is refused, and the next client finds the
 * node as it was. And what well-behaved clients may count on: kept connections, pipelining in order, word before a body.
 */
import { strict as assert } from "node:assert";
import { connect, type Socket } from "node:net";
import { HttpFront } from "../../../engine/http/server";
import { MAX_STATE_BYTES } from "../../../engine/messages";
import { type Asked, FrontFixture, HttpFixture } from "./front-fixture";

const HOST = "Host: localhost\r\n";

/** Status lines of what came. */
function statuses(received: string): readonly number[] {
  return [...received.matchAll(/(?:^|\r\n|\n|[^\r\n])HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
}

function put(key: string, value: string, more = ""): string {
  return `PUT /buckets/b/keys/${key} HTTP/1.1\r\n${HOST}Content-Type: text/plain\r\n${more}Content-Length: ${String(value.length)}\r\n\r\n${value}`;
}

function get(key: string, more = ""): string {
  return `GET /buckets/b/keys/${key} HTTP/1.1\r\n${HOST}${more}\r\n`;
}

describe("connections over HTTP", () => {
  let fixture: HttpFixture;
  beforeEach(async () => (fixture = await HttpFixture.start()));
  afterEach(async () => {
    await fixture.stop();
    assert.deepEqual(fixture.nodes.logged, []);
  });

  it("are kept, and pipelined requests are answered in order, each after the one before", async () => {
    const count = 200;
    let requests = "";
    for (let i = 0; i < count; i++)
      requests += put("k", `value${String(i)}.`) + get("k", i === count - 1 ? "Connection: close\r\n" : "");
    // Without a vclock each PUT would add a sibling: under this bucket they replace each other.
    assert.equal(
      (
        await fixture.ask("PUT /buckets/b/props", {
          headers: { "Content-Type": "application/json" },
          body: '{"props":{"allow_mult":false}}',
        })
      ).status,
      204,
    );
    const received = await fixture.raw(requests);
    assert.deepEqual(statuses(received), Array.from({ length: count }, () => [204, 200]).flat());
    const values = [...received.matchAll(/value(\d+)\./g)].map(([, i]) => Number(i));
    assert.deepEqual(
      values,
      Array.from({ length: count }, (_, i) => i),
    );
  });

  it("are closed where the client wants it, and under HTTP/1.0", async () => {
    assert.match(await fixture.raw(`GET /ping HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`), /Connection: close\r\n/);
    assert.match(await fixture.raw("GET /ping HTTP/1.0\r\n\r\n"), /\r\n\r\nOK$/);
  });

  it("Expect: 100-continue: the body is asked for once the headers are good, and not otherwise", async () => {
    const head = (more: string): string =>
      `PUT /buckets/b/keys/k HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n${more}\r\n`;
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(fixture.ports[0], "127.0.0.1");
      let received = "";
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        if (received === "HTTP/1.1 100 Continue\r\n\r\n") socket.write("hello");
        if (received.includes(" 204 ")) {
          socket.destroy();
          resolve(received);
        }
      });
      socket.write(head("Content-Type: text/plain\r\n"));
    });
    assert.deepEqual(statuses(answer), [100, 204]);
    assert.equal((await fixture.ask("GET /buckets/b/keys/k")).body, "hello");
    const refused = await fixture.raw(head(""), (received) => received.includes("header"));
    assert.deepEqual(statuses(refused), [400]);
  });

  it("chunked bodies are taken", async () => {
    const chunked = `PUT /buckets/b/keys/k HTTP/1.1\r\n${HOST}Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`;
    assert.deepEqual(statuses(await fixture.raw(chunked)), [204]);
    assert.equal((await fixture.ask("GET /buckets/b/keys/k")).body, "abcde");
  });

  it("a target in the absolute form names the same", async () => {
    await fixture.put("/buckets/b/keys/k", "x");
    const received = await fixture.raw(
      `GET http://localhost/buckets/b/keys/k HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
    );
    assert.match(received, /\r\n\r\nx$/);
  });

  it("bytes that are no HTTP are answered 400 and the connection closed", async () => {
    for (const bytes of [
      "\0\0\0\x01\x01",
      "nonsense\r\n\r\n",
      "GET /ping HTTP/9.9\r\n\r\n",
      "GET /ping HTTP/1.1\r\n\r\n",
      `GET /ping HTTP/1.1\r\n${HOST}Bad Header: x\r\n\r\n`,
      `PUT /buckets/b/keys/k HTTP/1.1\r\n${HOST}Content-Type: a/b\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc`,
      `PUT /buckets/b/keys/k HTTP/1.1\r\n${HOST}Content-Type: a/b\r\nContent-Length: -1\r\n\r\n`,
    ]) {
      const received = await fixture.raw(bytes);
      assert.deepEqual(statuses(received), [400], JSON.stringify(bytes));
      assert.doesNotMatch(received, /\bat .*\.(ts|js):\d/, "no stack trace");
    }
    assert.equal((await fixture.ask("GET /ping")).body, "OK");
  });

  it("so is a mistake in what a handler does when the body or the node's answer has come", async () => {
    const { context } = fixture.fronts[0] as unknown as {
      readonly context: {
        readonly session: { put: (...all: unknown[]) => void; get: (...all: unknown[]) => void };
      };
    };
    const { session } = context;
    const [realGet, realPut] = [session.get, session.put];
    // An answer without anything that answers have; and a body that cannot even be handed on.
    session.get = (...all) => void setImmediate(() => (all[2] as (answer: unknown) => void)(undefined));
    session.put = (): void => {
      throw new Error("the secret of file.ts:2");
    };
    try {
      const ping = `GET /ping HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
      const received = await fixture.raw(get("k") + put("k", "v") + ping);
      assert.deepEqual(statuses(received), [500, 500, 200]);
      assert.doesNotMatch(received, /secret|\.ts/);
      assert.equal(fixture.nodes.logged.length, 2);
    } finally {
      [session.get, session.put] = [realGet, realPut];
      fixture.nodes.logged.length = 0;
    }
  });

  it("a mistake of a handler is 500 without a word of it, and the connection goes on", async () => {
    const { session } = (
      fixture.fronts[0] as unknown as { readonly context: { readonly session: { get: () => void } } }
    ).context;
    const real = session.get;
    session.get = (): void => {
      throw new Error("the secret of file.ts:1");
    };
    try {
      const received = await fixture.raw(get("k") + `GET /ping HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
      assert.deepEqual(statuses(received), [500, 200]);
      assert.doesNotMatch(received, /secret|\.ts/);
      assert.match(fixture.nodes.logged.join("\n"), /secret/);
    } finally {
      session.get = real;
      fixture.nodes.logged.length = 0;
    }
  });
});

describe("limits over HTTP", () => {
  it("of headers: 431", async () => {
    const fixture = await HttpFixture.start({ limits: { maxHeaderBytes: 4_096 } });
    try {
      assert.deepEqual(statuses(await fixture.raw(get("k", `X-Long: ${"x".repeat(5_000)}\r\n`))), [431]);
      assert.equal((await fixture.ask("GET /ping")).status, 200);
    } finally {
      await fixture.stop();
    }
  });

  it("of bodies: 413 as soon as it is known, nothing stored, the rest not waited for", async () => {
    const fixture = await HttpFixture.start({ limits: { maxBodyBytes: 1_000 } });
    try {
      await fixture.put("/buckets/b/keys/k", "x".repeat(1_000));
      // Declared: not a byte of the body is needed.
      const declared = `PUT /buckets/b/keys/big HTTP/1.1\r\n${HOST}Content-Type: a/b\r\nContent-Length: 1000000000\r\n\r\n`;
      assert.deepEqual(statuses(await fixture.raw(declared)), [413]);
      // Not declared: at the first byte too many.
      const chunked = `PUT /buckets/b/keys/big HTTP/1.1\r\n${HOST}Content-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${"x".repeat(2_000)}\r\n`;
      assert.deepEqual(statuses(await fixture.raw(chunked)), [413]);
      assert.equal((await fixture.ask("GET /buckets/b/keys/big")).status, 404);
      assert.equal(fixture.nodes.node().count().replicaWrites, 1);
    } finally {
      await fixture.stop();
    }
  });

  it("of time: headers or a body that do not come are given up with 408, a silent connection is closed", async () => {
    const fixture = await HttpFixture.start({
      limits: { headersTimeoutMs: 300, requestTimeoutMs: 600, idleTimeoutMs: 3_000 },
    });
    try {
      const slow = await Promise.all([
        fixture.raw("GET /ping HTTP/1.1\r\nHost: loc"),
        fixture.raw(`PUT /buckets/b/keys/k HTTP/1.1\r\n${HOST}Content-Type: a/b\r\nContent-Length: 10\r\n\r\nabc`),
        fixture.raw(`GET /ping HTTP/1.1\r\n${HOST}\r\n`),
      ]);
      assert.deepEqual(statuses(slow[0]), [408]);
      assert.deepEqual(statuses(slow[1]), [408]);
      assert.deepEqual(statuses(slow[2]), [200]);
      assert.equal((await fixture.ask("GET /buckets/b/keys/k")).status, 404, "half a body is none");
    } finally {
      await fixture.stop();
    }
  });

  it("of connections: those beyond are closed, and those within are served", async () => {
    const fixture = await HttpFixture.start({ limits: { maxConnections: 3 } });
    const sockets: Socket[] = [];
    try {
      const opened = (): Promise<Socket> =>
        new Promise((resolve, reject) => {
          const socket = connect(fixture.ports[0], "127.0.0.1", () => resolve(socket));
          socket.once("error", reject);
          sockets.push(socket);
        });
      const answered = (socket: Socket): Promise<string> =>
        new Promise((resolve) => {
          socket.once("data", (chunk) => resolve(chunk.toString("latin1")));
          socket.once("close", () => resolve("closed"));
          socket.on("error", () => undefined);
          socket.write(`GET /ping HTTP/1.1\r\n${HOST}\r\n`);
        });
      for (let i = 0; i < 3; i++) assert.match(await answered(await opened()), / 200 /);
      assert.equal(await answered(await opened()), "closed");
      assert.match(await answered(sockets[0]), / 200 /);
    } finally {
      for (const socket of sockets) socket.destroy();
      await fixture.stop();
    }
  });

  it("of operations: what is beyond is refused as overload, definitely", async () => {
    const nodes = new FrontFixture({ limits: { maxInFlight: 2 } });
    const held: (() => void)[] = [];
    // A node that does not answer before it is let.
    const { deliver, ...options } = nodes.options();
    const front = new HttpFront({ ...options, deliver: (input) => held.push(() => deliver(input)) });
    const port = await front.listen("127.0.0.1", 0);
    const status = async (): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${String(port)}/buckets/b/keys/k`);
      return `${String(answer.status)} ${await answer.text()}`;
    };
    try {
      const first = [status(), status()];
      while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(await status(), "500 Error:\noverload\n");
      assert.deepEqual([front.counts().inFlight, front.counts().refused], [2, 1]);
      for (const go of held.splice(0)) go();
      assert.deepEqual(await Promise.all(first), ["404 not found\n", "404 not found\n"]);
      assert.equal(front.counts().inFlight, 0);
    } finally {
      await front.close();
      nodes.stop();
    }
  });

  it("of patience with the node: what it never answers is answered 503 after the timeout and the grace", async () => {
    const nodes = new FrontFixture({ limits: { graceMs: 50 } });
    const front = new HttpFront({ ...nodes.options(), deliver: () => undefined });
    const port = await front.listen("127.0.0.1", 0);
    try {
      const answer = await fetch(`http://127.0.0.1:${String(port)}/buckets/b/keys/k?timeout=10`);
      assert.deepEqual([answer.status, await answer.text()], [503, "request timed out\n"]);
      assert.deepEqual([front.counts().unanswered, front.counts().inFlight], [1, 0]);
    } finally {
      await front.close();
      nodes.stop();
    }
  });

  it("of objects: what no message between nodes could hold is refused, and nothing of it is stored anywhere", async () => {
    const fixture = await HttpFixture.start({ nodes: 3 });
    const write = (value: string, more: Readonly<Record<string, string>> = {}): Asked => ({
      headers: { "Content-Type": "text/plain", ...more },
      body: value,
    });
    try {
      const whole = await fixture.ask("PUT /buckets/b/keys/whole?w=1", write("x".repeat(8 * 1024 * 1024)));
      assert.deepEqual([whole.status, whole.body.startsWith("too_large: ")], [413, true]);
      for (const at of [0, 1, 2])
        assert.equal((await fixture.ask("GET /buckets/b/keys/whole?r=1&timeout=15000", {}, at)).status, 404);
      // One that is nearly as long gets to all of them, with about as much metadata as headers may have.
      const most = write("x".repeat(MAX_STATE_BYTES - 60_000), { "X-Riak-Meta-Long": "y".repeat(59_000) });
      assert.equal((await fixture.ask("PUT /buckets/b/keys/most?w=all&dw=all&timeout=15000", most)).status, 204);
      // Siblings are one state.
      assert.equal(
        (await fixture.ask("PUT /buckets/b/keys/two?w=all&timeout=15000", write("a".repeat(5_000_000)))).status,
        204,
      );
      const second = await fixture.ask("PUT /buckets/b/keys/two?w=all&timeout=15000", write("b".repeat(5_000_000)));
      assert.deepEqual([second.status, second.body], [500, "Error:\ntoo_many_siblings\n"]);
      for (const at of [0, 1, 2]) {
        const kept = await fixture.ask("GET /buckets/b/keys/two?timeout=15000", {}, at);
        assert.deepEqual([kept.status, kept.body[0], kept.body.length], [200, "a", 5_000_000]);
      }
    } finally {
      await fixture.stop();
    }
  });

  it("of clients: one that leaves before its answer harms nobody", async () => {
    const nodes = new FrontFixture();
    const held: (() => void)[] = [];
    const { deliver, ...options } = nodes.options();
    const front = new HttpFront({ ...options, deliver: (input) => held.push(() => deliver(input)) });
    const port = await front.listen("127.0.0.1", 0);
    try {
      for (const request of [get("k"), put("k", "x"), `GET /buckets/b/keys?keys=stream HTTP/1.1\r\n${HOST}\r\n`]) {
        const socket = connect(port, "127.0.0.1");
        socket.write(request + request);
        while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
        socket.destroy();
        while (front.counts().connections > 0) await new Promise((resolve) => setImmediate(resolve));
        for (const go of held.splice(0)) go();
        assert.equal(front.counts().inFlight, 0);
      }
      assert.equal(await (await fetch(`http://127.0.0.1:${String(port)}/ping`)).text(), "OK");
      assert.deepEqual(nodes.logged, []);
    } finally {
      await front.close();
      nodes.stop();
    }
  });

  it("of a turn: a chunk full of requests that are answered at once gives way to others in between", async () => {
    const fixture = await HttpFixture.start();
    try {
      const front = fixture.fronts[0] as unknown as { begin(...all: unknown[]): void };
      const begin = front.begin.bind(front);
      let begun = 0;
      let most = 0;
      front.begin = (...all) => {
        if (begun++ === 0) setImmediate(() => (begun = 0));
        most = Math.max(most, begun);
        begin(...all);
      };
      const count = 500;
      const last = `GET /ping HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
      const received = await fixture.raw(`GET /ping HTTP/1.1\r\n${HOST}\r\n`.repeat(count) + last);
      assert.deepEqual(
        statuses(received),
        Array.from({ length: count + 1 }, () => 200),
      );
      assert.equal(most, 1, "requests in one turn");
      // What is no HTTP behind them is told, behind their answers.
      for (const good of [1, 2, 16]) {
        const bytes = `GET /ping HTTP/1.1\r\n${HOST}\r\n`.repeat(good);
        const answers = Array.from({ length: good }, () => 200);
        assert.deepEqual(statuses(await fixture.raw(`${bytes}nonsense\r\n\r\n`)), [...answers, 400]);
      }
    } finally {
      await fixture.stop();
    }
  });

  it("of reading ahead: a client that pipelines without end and reads nothing is not read on", async () => {
    const fixture = await HttpFixture.start({ limits: { maxPipelined: 8 } });
    try {
      await fixture.put("/buckets/b/keys/k", "x".repeat(1_000_000));
      const socket = connect(fixture.ports[0], "127.0.0.1");
      socket.on("error", () => undefined);
      const request = get("k");
      let sent = 0;
      while (sent < 200_000) sent += socket.write(request.repeat(100)) ? 100 : 100;
      for (let i = 0; i < 100; i++) await fixture.ask("GET /ping");
      const { requests } = fixture.fronts[0].counts();
      assert.ok(requests < 10_000, `${String(requests)} requests were read`);
      assert.ok(process.memoryUsage().external + process.memoryUsage().heapUsed < 700_000_000);
      socket.destroy();
      assert.equal((await fixture.ask("GET /ping")).status, 200);
    } finally {
      await fixture.stop();
    }
  });
});

describe("a front end that closes", () => {
  it("answers what is under way as lost, takes no more, and is gone", async () => {
    const nodes = new FrontFixture();
    const front = new HttpFront({ ...nodes.options(), deliver: () => undefined });
    const port = await front.listen("127.0.0.1", 0);
    const asked = fetch(`http://127.0.0.1:${String(port)}/buckets/b/keys/k`);
    while (front.counts().inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    await front.close();
    assert.equal((await asked).status, 503);
    await assert.rejects(fetch(`http://127.0.0.1:${String(port)}/ping`));
    nodes.stop();
  });
});
