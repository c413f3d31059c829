/**
 * autocannon asked to send, against a server that answers as it is told: what comes back is byte for byte what was sent, its count is
 * ours, the last answers are waited for, and what got no answer is told as lost.
 */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { monotonicMicros } from "../../../engine/real/monotonic";
import { type Asker, barrage, program } from "../../../workloads/targets/autocannon";
import type { HttpAnswer } from "../../../workloads/targets/riak-http";
import type { ObjectRequest } from "../../../workloads/targets/riak-requests";

/** Every byte there is. */
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString("latin1");

interface Heard {
  readonly client: number;
  readonly answer: HttpAnswer;
  readonly micros: number;
  /** Since it was asked, by our own clock. */
  readonly elapsed: number;
}

/** Asks for one thing after the other, and keeps all that it is told. */
class Curious implements Asker {
  readonly requests: { readonly client: number; readonly path: string }[] = [];
  readonly answers: Heard[] = [];
  readonly losses: { readonly client: number; readonly because: string }[] = [];

  private readonly asked: number[] = [];

  constructor(private readonly body?: string) {}

  next(client: number): ObjectRequest {
    const path = `/${String(client)}/${String(this.requests.length)}`;
    this.requests.push({ client, path });
    this.asked[client] = monotonicMicros();
    const { body } = this;
    return { method: body === undefined ? "GET" : "PUT", path, headers: ["X-Odd", "a b"], ...(body === undefined ? {} : { body }) }; // prettier-ignore
  }

  answered(client: number, answer: HttpAnswer, micros: number): void {
    this.answers.push({ client, answer, micros, elapsed: monotonicMicros() - this.asked[client] });
  }

  lost(client: number, because: string): void {
    this.losses.push({ client, because });
  }
}

describe("a barrage of autocannon's", function () {
  this.timeout(30_000);
  let servers: Server[] = [];
  before(() => void program());
  afterEach(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    servers = [];
  });

  async function serve(
    answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void,
  ): Promise<{ host: string; port: number }> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => answer(request, response, Buffer.concat(chunks)));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  }

  const options = { timeoutMs: 2_000, now: monotonicMicros, signal: new AbortController().signal };
  const soon = (ms: number): number => monotonicMicros() + ms * 1_000;

  it("brings back the bytes that it was given, and headers by small letters", async () => {
    const front = await serve((request, response, body) => {
      response.writeHead(200, { "X-Riak-Vclock": "abc", "X-Echo": request.headers["x-odd"] });
      // In two pieces, so that no piece is taken for the whole.
      response.write(body.subarray(0, 130));
      setImmediate(() => response.end(body.subarray(130)));
    });
    const heard = new Curious(BYTES);
    await barrage({ ...options, fronts: [front], clients: 2, until: soon(100), asker: heard });
    assert(heard.answers.length > 2);
    for (const { answer } of heard.answers) {
      assert.equal(answer.body.toString("latin1"), BYTES);
      assert.deepEqual([answer.headers["x-riak-vclock"], answer.headers["x-echo"]], ["abc", "a b"]);
    }
  });

  it("counts as many answers as are told, of either kind, one out a client, and cuts none off", async () => {
    let seen = 0;
    const front = await serve((_, response) => {
      response.statusCode = ++seen % 3 === 0 ? 404 : 204;
      setTimeout(() => response.end(), 5);
    });
    const heard = new Curious();
    const until = soon(300);
    const theirs = await barrage({ ...options, fronts: [front], clients: 4, until, asker: heard });
    assert.deepEqual(heard.losses, []);
    assert.equal(heard.answers.length, heard.requests.length, "each request has its answer");
    assert.equal(theirs.answers, heard.answers.length);
    assert.equal(theirs.ok, heard.answers.filter(({ answer }) => answer.status === 204).length);
    assert(theirs.ok < theirs.answers);
    assert.equal(theirs.errors, 0);
    assert.equal(seen, heard.requests.length, "nothing was asked of which nobody knows");
    assert(
      heard.answers.every(({ micros }) => micros > 1_000 && micros % 1_000 !== 0),
      "not whole milliseconds",
    );
    assert.deepEqual(new Set(heard.requests.map(({ client }) => client)), new Set([0, 1, 2, 3]));
  });

  it("deals its clients out over the nodes in turn", async () => {
    const asked = [0, 1, 2].map(() => new Set<string>());
    const fronts = await Promise.all(
      asked.map((clients) =>
        serve((request, response) => {
          clients.add(request.url!.split("/")[1]);
          response.end("x");
        }),
      ),
    );
    await barrage({ ...options, fronts, clients: 7, until: soon(150), asker: new Curious() });
    assert.deepEqual(asked.map((clients) => [...clients].sort()), [["0", "3", "6"], ["1", "4"], ["2", "5"]]); // prettier-ignore
  });

  it("tells a request that no answer came to as lost, once, by why; and goes on", async () => {
    let seen = 0;
    const front = await serve((request, response) => {
      seen++;
      if (seen === 3) request.socket.destroy();
      else if (seen !== 6) response.end("x");
    });
    const heard = new Curious();
    const theirs = await barrage({ ...options, timeoutMs: 1_000, fronts: [front], clients: 1, until: soon(1_500), asker: heard }); // prettier-ignore
    const because = heard.losses.map((one) => one.because);
    // What the server closes, autocannon asks on another connection at once.
    assert.deepEqual(because, ["connection", "timeout"]);
    assert.equal(heard.answers.length + heard.losses.length, heard.requests.length);
    assert.equal(theirs.answers, heard.answers.length);
    assert(heard.answers.length > 5, "it goes on");
  });

  it("takes no latency, and no byte, of an answer for another's behind a connection that ended", async () => {
    let seen = 0;
    const front = await serve((request, response) => {
      seen++;
      setTimeout(() => {
        if (seen === 3) request.socket.destroy();
        else if (seen === 6) {
          // Half an answer.
          response.writeHead(200, { "Content-Length": "4" });
          response.write("xx", () => request.socket.destroy());
        } else response.end("well");
      }, 20);
    });
    const heard = new Curious();
    await barrage({ ...options, fronts: [front], clients: 1, until: soon(600), asker: heard });
    assert.deepEqual(
      heard.losses.map(({ because }) => because),
      ["connection", "connection"],
    );
    assert(heard.answers.length > 6, "it goes on");
    for (const { answer, micros, elapsed } of heard.answers) {
      assert.equal(answer.body.toString("latin1"), "well");
      assert(micros <= elapsed, `${String(micros)} µs of a request that was asked ${String(elapsed)} µs ago`);
    }
  });

  it("rejects, soon, where nobody listens", async () => {
    const front = await serve(() => undefined);
    servers[0].close();
    const heard = new Curious();
    await assert.rejects(
      barrage({ ...options, fronts: [front], clients: 2, until: soon(60_000), asker: heard }),
      /autocannon lost 100 requests in a row at 127\.0\.0\.1:\d+/,
    );
    assert.equal(heard.losses.length, heard.requests.length);
  });

  it("ends soon after the signal, with every request told", async () => {
    const stop = new AbortController();
    const front = await serve(() => stop.abort());
    const heard = new Curious();
    await barrage({ ...options, signal: stop.signal, fronts: [front], clients: 3, until: soon(60_000), asker: heard });
    assert.equal(heard.losses.length, 3);
    assert.equal(heard.requests.length, 3);
  });
});
