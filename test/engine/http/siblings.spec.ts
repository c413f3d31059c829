/**
 * Siblings: shown as tags or as parts, byte for byte as Riak shows them, asked for one by one, and resolved by a write that has seen
 * them all.
 */
import { strict as assert } from "node:assert";
import { HttpFixture } from "./front-fixture";

describe("siblings over HTTP", () => {
  let fixture: HttpFixture;
  let second = 0;
  beforeEach(async () => {
    second = Date.UTC(2023, 0, 2, 10, 0, 0) / 1_000;
    fixture = await HttpFixture.start({ wallMicros: () => second * 1_000_000 + 999_999 });
  });
  afterEach(() => fixture.stop());

  /** The clock puts the later event first. */
  const conflict = async (): Promise<readonly string[]> => {
    second++;
    await fixture.put("/buckets/b1/keys/k", "second value", {
      "Content-Type": "application/json; charset=utf-8",
      "X-Riak-Meta-Owner": "x",
      "X-Quorumlab-Write-Id": "2",
    });
    second--;
    await fixture.put("/buckets/b1/keys/k", "first value", { "X-Quorumlab-Write-Id": "1" });
    return ["000000001", "000000002"];
  };

  it("a multipart body is Riak's to the byte", async () => {
    const [one, two] = await conflict();
    const { status, headers, body } = await fixture.ask("GET /buckets/b1/keys/k", {
      headers: { Accept: "multipart/mixed" },
    });
    assert.equal(status, 300);
    const boundary = headers["content-type"]!.slice("multipart/mixed; boundary=".length);
    assert.equal(
      body,
      [
        "",
        `--${boundary}`,
        "Content-Type: text/plain",
        'Link: </buckets/b1>; rel="up"',
        `Etag: ${one}`,
        "Last-Modified: Mon, 02 Jan 2023 10:00:00 GMT",
        "",
        "first value",
        `--${boundary}`,
        "Content-Type: application/json; charset=utf-8",
        'Link: </buckets/b1>; rel="up"',
        `Etag: ${two}`,
        "Last-Modified: Mon, 02 Jan 2023 10:00:01 GMT",
        "X-Riak-Meta-Owner: x",
        "",
        "second value",
        `--${boundary}--`,
        "",
      ].join("\r\n"),
    );
    assert.equal(headers["last-modified"], "Mon, 02 Jan 2023 10:00:01 GMT", "that of the latest");
  });

  it("a text list is preferred, and multipart where it is wanted more", async () => {
    const [one, two] = await conflict();
    for (const accept of [undefined, "*/*", "text/plain", "text/*", "multipart/mixed;q=0.5, text/plain", "*"]) {
      const { body } = await fixture.ask("GET /buckets/b1/keys/k", {
        headers: accept === undefined ? {} : { Accept: accept },
      });
      assert.equal(body, `Siblings:\n${one}\n${two}\n`, accept);
    }
    for (const accept of [
      "multipart/mixed",
      "multipart/*",
      "multipart/mixed, */*;q=0.9",
      "text/plain;q=0.1, multipart/mixed",
    ]) {
      const { body } = await fixture.ask("GET /buckets/b1/keys/k", { headers: { Accept: accept } });
      assert.ok(body.startsWith("\r\n--"), accept);
    }
    assert.equal(
      (await fixture.ask("GET /buckets/b1/keys/k", { headers: { Accept: "application/json" } })).status,
      406,
    );
  });

  it("one of them by its tag is an object with the clock of all of them", async () => {
    const [one, two] = await conflict();
    const all = await fixture.ask("GET /buckets/b1/keys/k");
    const read = await fixture.ask(`GET /buckets/b1/keys/k?vtag=${two}`);
    assert.deepEqual([read.status, read.body, read.headers.etag], [200, "second value", `"${two}"`]);
    assert.equal(read.headers["x-riak-vclock"], all.headers["x-riak-vclock"]);
    assert.equal(read.headers["x-riak-meta-owner"], "x");
    assert.equal(read.headers.vary, "Accept-Encoding");
    assert.equal((await fixture.ask(`GET /buckets/b1/keys/k?vtag=${one}`)).body, "first value");
    assert.equal((await fixture.ask("GET /buckets/b1/keys/k?vtag=nonesuch")).status, 404);
  });

  it("a write with their clock resolves them; one without adds another", async () => {
    await conflict();
    const { headers } = await fixture.ask("GET /buckets/b1/keys/k");
    const three = await fixture.ask("PUT /buckets/b1/keys/k?returnbody=true", {
      headers: { "Content-Type": "text/plain" },
      body: "third",
    });
    assert.equal(three.status, 300);
    assert.match(three.body, /^Siblings:\n(\w+\n){3}$/);
    const parts = await fixture.ask("PUT /buckets/b1/keys/k?returnbody=true", {
      headers: { "Content-Type": "text/plain", Accept: "multipart/mixed, */*" },
      body: "fourth",
    });
    assert.equal(parts.status, 300);
    assert.match(parts.body, /\r\n\r\nfourth\r\n/);
    assert.equal(
      (await fixture.put("/buckets/b1/keys/k", "merged", { "X-Riak-Vclock": headers["x-riak-vclock"]! })).status,
      204,
    );
    const left = await fixture.ask("GET /buckets/b1/keys/k", { headers: { Accept: "multipart/mixed" } });
    assert.equal(left.status, 300, "what came after the clock is still there");
    assert.doesNotMatch(left.body, /first value|second value/);
    await fixture.put("/buckets/b1/keys/k", "all merged", { "X-Riak-Vclock": left.headers["x-riak-vclock"]! });
    assert.equal((await fixture.ask("GET /buckets/b1/keys/k")).body, "all merged");
  });

  it("a sibling that holds a boundary of its own does not end the part", async () => {
    await conflict();
    const first = await fixture.ask("GET /buckets/b1/keys/k", { headers: { Accept: "multipart/mixed" } });
    const before = /boundary=(\w+)/.exec(first.headers["content-type"]!)![1];
    const hostile = `x\r\n--${before}--\r\n`;
    await fixture.put("/buckets/b1/keys/k", hostile);
    const again = await fixture.ask("GET /buckets/b1/keys/k", { headers: { Accept: "multipart/mixed" } });
    const after = /boundary=(\w+)/.exec(again.headers["content-type"]!)![1];
    assert.equal(again.body.split(`\r\n--${after}`).length, 5);
    assert.ok(again.body.includes(hostile));
  });

  it("a tombstone among them is listed, and is a deleted object by its tag", async () => {
    const [, two] = await conflict();
    const tag = await (async (): Promise<string> => {
      await fixture.ask("DELETE /buckets/b1/keys/k", { headers: { "X-Riak-Vclock": "", "X-Quorumlab-Write-Id": "3" } });
      return "000000003";
    })();
    const { body } = await fixture.ask("GET /buckets/b1/keys/k");
    assert.ok(body.includes(`${tag}\n`) && body.includes(`${two}\n`), body);
    const read = await fixture.ask(`GET /buckets/b1/keys/k?vtag=${tag}`);
    assert.deepEqual([read.status, read.body, read.headers["x-riak-deleted"]], [200, "", "true"]);
  });
});
