/**
 * Answers read off a connection: the same however the bytes are cut on their way, one after the other, and nothing taken for
 * an answer whose end is in doubt. Node's own parser, which is written by others, is the second opinion on what stands in them.
 */
import { strict as assert } from "node:assert";
import { request as httpRequest } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import fc from "fast-check";
import { AnswerReader, type HttpAnswer, MalformedAnswer } from "../../../workloads/targets/http-answer";

const BOUNDS = { mostHeadBytes: 2_000, mostBodyBytes: 5_000 };

/** All answers of these bytes, which come in pieces; the reader afterwards. */
function read(pieces: readonly Buffer[], ended = false): { answers: HttpAnswer[]; reader: AnswerReader } {
  const reader = new AnswerReader(BOUNDS);
  const answers: HttpAnswer[] = [];
  for (const piece of pieces) {
    const answer = reader.push(piece);
    if (answer !== undefined) answers.push(answer);
  }
  const last = ended ? reader.end() : undefined;
  if (last !== undefined) answers.push(last);
  return { answers, reader };
}

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

function cut(whole: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => whole.subarray(from, at[i] ?? whole.length));
}

const body = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets).toString("latin1"));
const header = fc.tuple(
  fc.constantFrom("X-Riak-Vclock", "ETag", "Content-Type", "X-Riak-Meta-A"),
  fc.constantFrom('"tag"', "a/b; c=d", "\u00e4", ""),
);
interface Written {
  status: number;
  headers: (readonly [string, string])[];
  body: string;
  chunks: number;
}
const written: fc.Arbitrary<Written> = fc.record({
  status: fc.constantFrom(200, 300, 404, 503),
  headers: fc.uniqueArray(header, { selector: ([name]) => name, maxLength: 4 }),
  body,
  chunks: fc.nat(3),
});

function textOf({ status, headers, body: content, chunks }: Written): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  if (chunks === 0)
    return `HTTP/1.1 ${String(status)} Why\r\n${lines}Content-Length: ${String(content.length)}\r\n\r\n${content}`;
  const size = Math.max(1, Math.ceil(content.length / chunks));
  let coded = "";
  for (let at = 0; at < content.length; at += size) {
    const chunk = content.slice(at, at + size);
    coded += `${chunk.length.toString(16)};x=y\r\n${chunk}\r\n`;
  }
  return `HTTP/1.1 ${String(status)} Why\r\n${lines}Transfer-Encoding: chunked\r\n\r\n${coded}0\r\nTrailer: t\r\n\r\n`;
}

describe("answers off a connection", () => {
  it("are the same however the bytes are cut, and leave the connection to the next request", () => {
    fc.assert(
      fc.property(written, fc.array(fc.nat(10_000), { maxLength: 6 }), (one, places) => {
        const { answers, reader } = read(cut(bytes(textOf(one)), places));
        assert.equal(answers.length, 1);
        const [answer] = answers;
        assert.equal(answer.status, one.status);
        assert.equal(answer.body.toString("latin1"), one.body);
        for (const [name, value] of one.headers) assert.equal(answer.headers[name.toLowerCase()], value);
        assert.ok(reader.reusable);
        assert.ok(!reader.begun);
        assert.equal(reader.push(bytes(textOf(one)))?.status, one.status);
      }),
    );
  });

  it("are what Node's own parser makes of them", async () => {
    const samples = fc.sample(written, { numRuns: 60, seed: 5 });
    let next = 0;
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end(bytes(textOf(samples[next]))));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      for (next = 0; next < samples.length; next++) {
        const theirs = await new Promise<{ status: number; headers: object; body: string }>((resolve, reject) => {
          const asked = httpRequest({ host: "127.0.0.1", port, agent: false }, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("end", () => {
              const { statusCode: status = 0, headers } = response;
              resolve({ status, headers: { ...headers }, body: Buffer.concat(chunks).toString("latin1") });
            });
          });
          asked.on("error", reject);
          asked.end();
        });
        const [ours] = read([bytes(textOf(samples[next]))]).answers;
        assert.deepEqual(
          { status: ours.status, headers: { ...ours.headers }, body: ours.body.toString("latin1") },
          theirs,
        );
      }
    } finally {
      server.close();
    }
  });

  it("have no body where there can be none, and end with the connection where nothing else ends them", () => {
    for (const status of [204, 304]) {
      const { answers, reader } = read([bytes(`HTTP/1.1 ${String(status)} N\r\nContent-Length: 7\r\n\r\n`)]);
      assert.deepEqual([answers.length, answers[0].body.length, reader.reusable], [1, 0, true]);
    }
    const open = "HTTP/1.1 200 OK\r\n\r\nall of it";
    assert.equal(read([bytes(open)]).answers.length, 0);
    const { answers, reader } = read([bytes(open)], true);
    assert.deepEqual([answers[0].body.toString(), reader.reusable], ["all of it", false]);
    const interim = read([bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 N\r\n\r\n")]);
    assert.deepEqual([interim.answers.length, interim.answers[0].status], [1, 204]);
    for (const [head, reusable] of [
      ["HTTP/1.1 204 N\r\nConnection: close", false],
      ["HTTP/1.0 204 N", false],
      ["HTTP/1.0 204 N\r\nConnection: Keep-Alive", true],
      ["HTTP/1.1 204 N\r\nKeep-Alive: timeout=5, max=9", true],
    ] as const) {
      const one = read([bytes(`${head}\r\n\r\n`)]).reader;
      assert.equal(one.reusable, reusable, head);
      if (head.includes("timeout")) assert.equal(one.keptMs, 5_000);
    }
  });

  it("of which the end is in doubt are none, and bounds hold whatever is announced", () => {
    const heads = ["", "Content-Length: x", "Content-Length: -1", "Content-Length: 5001", "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "no colon", ": no name", "a b: c", " folded: x", "X: \u0000", `X: ${"x".repeat(2_000)}`]; // prettier-ignore
    for (const head of heads.slice(1)) {
      assert.throws(() => read([bytes(`HTTP/1.1 200 OK\r\n${head}\r\n\r\nabc`)]), MalformedAnswer, head);
    }
    for (const start of [
      "HTTP/2 200 OK",
      "HTTP/1.1 20 OK",
      "HTTP/1.1 600 X",
      "ICY 200 OK",
      "HTTP/1.1 101 Switching",
      "HTTP/1.1  200 OK",
    ])
      assert.throws(() => read([bytes(`${start}\r\n\r\n`)]), MalformedAnswer, start);
    const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const coded of ["x\r\n", "-1\r\n", "3\r\nabcd\r\n", "\r\n", "fffffffffffff\r\n", `${"1".repeat(20_000)}`])
      assert.throws(() => read([bytes(chunked + coded)]), MalformedAnswer, coded.slice(0, 20));
    assert.throws(() => read([bytes(`${chunked}ffffff\r\n`), Buffer.alloc(5_001)]), MalformedAnswer);
    assert.throws(() => read([bytes("HTTP/1.1 200 OK\r\n\r\n"), Buffer.alloc(5_001)]), MalformedAnswer);
    assert.throws(() => read([bytes("HTTP/1.1 100 C\r\n\r\n".repeat(9))]), MalformedAnswer);
    assert.equal(read([bytes("HTTP/1.1 204 N\r\n\r\nmore")]).reader.reusable, false);
  });

  it("are never anything but an answer or a refusal, whatever comes", () => {
    const piece = fc.constantFrom("HTTP/1.1 200 OK\r\n", "\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "3\r\n", "abc", "0\r\n", "\u0000", "HTTP/1.1 100 C\r\n\r\n"); // prettier-ignore
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, body), { maxLength: 12 }), (pieces) => {
        try {
          read(pieces.map(bytes), true);
        } catch (error) {
          assert.ok(error instanceof MalformedAnswer, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
