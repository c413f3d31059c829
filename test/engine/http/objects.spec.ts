/**
 * Objects over HTTP: the three layouts of paths name the same keys, names and values are any octets, and what is stored beside a
 * value comes back with it.
 */
import { strict as assert } from "node:assert";
import { gzipSync } from "node:zlib";
import { NOBODY } from "../../../engine/messages";
import { DEFAULT_TYPE } from "../../../engine/buckets/book";
import { encodeContent } from "../../../engine/riak/content";
import { FrontSession } from "../../../engine/riak/session";
import { encodeAddress } from "../../../engine/vocabulary/address";
import { HttpFixture } from "./front-fixture";

describe("objects over HTTP", () => {
  let fixture: HttpFixture;
  beforeEach(async () => (fixture = await HttpFixture.start()));
  afterEach(async () => {
    await fixture.stop();
    assert.deepEqual(fixture.nodes.logged, []);
  });

  it("one key has three paths", async () => {
    await fixture.put("/riak/b/k", "old");
    for (const path of ["/riak/b/k", "/buckets/b/keys/k", "/types/default/buckets/b/keys/k", "//buckets//b/keys/k/"])
      assert.equal((await fixture.ask(`GET ${path}`)).body, "old", path);
    const links = await Promise.all(
      ["/riak/b/k", "/buckets/b/keys/k", "/types/default/buckets/b/keys/k"].map((path) => fixture.ask(`GET ${path}`)),
    );
    assert.deepEqual(
      links.map(({ headers }) => headers.link),
      ['</riak/b>; rel="up"', '</buckets/b>; rel="up"', '</buckets/b>; rel="up"'],
    );
    const other = await fixture.ask("GET /types/other/buckets/b/keys/k");
    assert.deepEqual([other.status, other.body], [404, "Unknown bucket type: other"]);
  });

  it("keys and values are any octets", async () => {
    const bytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
    const key = [...bytes].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
    await fixture.put(`/buckets/b%2fb%00/keys/${key}`, bytes, { "Content-Type": "application/x-bytes" });
    const read = await fixture.ask(`GET /buckets/b%2Fb%00/keys/${key.toUpperCase()}`);
    assert.equal(read.body, bytes);
    assert.equal(read.headers.link, '</buckets/b%2Fb%00>; rel="up"');
    // As in Riak a plus sign is a space, in a path too.
    await fixture.put("/buckets/b/keys/a+b", "space");
    assert.equal((await fixture.ask("GET /buckets/b/keys/a%20b")).body, "space");
    assert.equal((await fixture.ask("GET /buckets/b/keys/a%2bb")).status, 404);
  });

  it("an empty value and a large one", async () => {
    await fixture.put("/buckets/b/keys/empty", "");
    const empty = await fixture.ask("GET /buckets/b/keys/empty");
    assert.deepEqual([empty.status, empty.body, empty.headers["content-length"]], [200, "", "0"]);
    const large = "0123456789abcdef".repeat(64 * 1024);
    await fixture.put("/buckets/b/keys/large", large);
    assert.equal((await fixture.ask("GET /buckets/b/keys/large")).body, large);
  });

  it("what is stored beside a value comes back with it, and goes with the next write", async () => {
    const gzip = gzipSync("zipped").toString("latin1");
    const headers = {
      "Content-Type": "text/plain; charset=iso-8859-15",
      "Content-Encoding": "gzip",
      "X-Riak-Meta-Owner": "ada",
      "x-riak-meta-Colour": "grün".normalize(),
      "X-Riak-Index-age_int": "42",
      "X-Riak-Index-Tags_bin": "a, b",
      Link: '</buckets/people/keys/ada%20l>; riaktag="friend", </buckets/b>; rel="up"',
    };
    await fixture.put("/buckets/b/keys/k", gzip, {
      ...headers,
      "x-riak-meta-Colour": Buffer.from("grün").toString("latin1"),
    });
    const read = await fixture.ask("GET /buckets/b/keys/k", { headers: { "Accept-Encoding": "gzip" } });
    assert.equal(read.status, 200);
    assert.equal(read.body, gzip);
    assert.equal(read.headers["content-type"], "text/plain; charset=iso-8859-15");
    assert.equal(read.headers["content-encoding"], "gzip");
    assert.equal(read.headers.vary, undefined, "there is one encoding only");
    assert.equal(read.headers["x-riak-meta-owner"], "ada");
    assert.equal(read.headers["x-riak-meta-colour"], Buffer.from("grün").toString("latin1"));
    assert.equal(read.headers["x-riak-index-age_int"], "42");
    assert.equal(read.headers["x-riak-index-tags_bin"], "a, b");
    assert.equal(read.headers.link, '</buckets/people/keys/ada%20l>; riaktag="friend", </buckets/b>; rel="up"');
    assert.ok(read.raw.includes("X-Riak-Meta-Owner"), "the name as it was written");
    assert.equal(
      (await fixture.ask("GET /riak/b/k", { headers: { "Accept-Encoding": "*" } })).headers.link,
      '</riak/people/ada%20l>; riaktag="friend", </riak/b>; rel="up"',
    );
    await fixture.put("/buckets/b/keys/k", "plain", { "X-Riak-Vclock": read.headers["x-riak-vclock"]! });
    const again = await fixture.ask("GET /buckets/b/keys/k");
    assert.deepEqual(
      [again.headers["x-riak-meta-owner"], again.headers["content-encoding"], again.headers.link, again.headers.vary],
      [undefined, undefined, '</buckets/b>; rel="up"', "Accept-Encoding"],
    );
  });

  it("links on the oldest paths are written in the oldest form", async () => {
    await fixture.put("/riak/b/k", "x", { Link: '</riak/p/q>;riaktag="t",</riak/b>; rel="up"' });
    assert.equal(
      (await fixture.ask("GET /buckets/b/keys/k")).headers.link,
      '</buckets/p/keys/q>; riaktag="t", </buckets/b>; rel="up"',
    );
  });

  it("the server chooses keys of 62 characters, each another one", async () => {
    const keys = new Set<string>();
    for (const [path, location] of [
      ["/buckets/b/keys", /^\/buckets\/b\/keys\/([0-9A-Za-z]{22})$/],
      ["/riak/b", /^\/riak\/b\/([0-9A-Za-z]{22})$/],
      ["/types/default/buckets/b/keys", /^\/types\/default\/buckets\/b\/keys\/([0-9A-Za-z]{22})$/],
    ] as const) {
      const made = await fixture.ask(`POST ${path}`, { headers: { "Content-Type": "text/plain" }, body: "made" });
      assert.equal(made.status, 201);
      assert.equal(made.body, "");
      const key = location.exec(made.headers.location!);
      assert.ok(key, made.headers.location);
      keys.add(key[1]);
      assert.equal((await fixture.ask(`GET ${made.headers.location!}`)).body, "made");
    }
    assert.equal(keys.size, 3);
    const made = await fixture.ask("POST /buckets/b/keys?returnbody=true", {
      headers: { "Content-Type": "text/plain" },
      body: "seen",
    });
    assert.deepEqual([made.status, made.body], [201, "seen"]);
    assert.ok(
      made.headers.location !== undefined &&
        made.headers["x-riak-vclock"] !== undefined &&
        made.headers.etag !== undefined,
    );
  });

  it("POST to a key is PUT, and returnbody answers with the object", async () => {
    const put = await fixture.ask("PUT /buckets/b/keys/k?returnbody=true", {
      headers: { "Content-Type": "text/plain", "X-Riak-Meta-A": "1" },
      body: "one",
    });
    assert.deepEqual([put.status, put.body, put.headers["x-riak-meta-a"]], [200, "one", "1"]);
    const vclock = put.headers["x-riak-vclock"]!;
    const post = await fixture.ask("POST /buckets/b/keys/k?returnbody=true", {
      headers: { "Content-Type": "text/x", "X-Riak-Vclock": vclock },
      body: "two",
    });
    assert.deepEqual([post.status, post.body, post.headers["content-type"]], [200, "two", "text/x"]);
    assert.notEqual(post.headers.etag, put.headers.etag);
    const read = await fixture.ask("GET /buckets/b/keys/k");
    assert.deepEqual(
      [read.body, read.headers.etag, read.headers["x-riak-vclock"]],
      ["two", post.headers.etag, post.headers["x-riak-vclock"]],
    );
    assert.equal(
      (
        await fixture.ask("PUT /buckets/b/keys/k?returnbody=yes", {
          headers: { "Content-Type": "text/plain" },
          body: "",
        })
      ).status,
      204,
    );
  });

  it("HEAD is GET without the body", async () => {
    await fixture.put("/buckets/b/keys/k", "twelve bytes");
    const [get, head] = [await fixture.ask("GET /buckets/b/keys/k"), await fixture.ask("HEAD /buckets/b/keys/k")];
    assert.deepEqual([head.status, head.body, head.headers["content-length"]], [200, "", "12"]);
    for (const name of ["etag", "x-riak-vclock", "last-modified", "content-type", "vary", "link"])
      assert.equal(head.headers[name], get.headers[name], name);
    assert.equal((await fixture.ask("HEAD /buckets/b/keys/none")).status, 404);
  });

  it("DELETE reads first where it is given no vclock, and a deleted key is absent with its clock", async () => {
    await fixture.put("/buckets/b/keys/k", "x");
    const before = (await fixture.ask("GET /buckets/b/keys/k")).headers["x-riak-vclock"];
    const deleted = await fixture.ask("DELETE /buckets/b/keys/k");
    assert.deepEqual(
      [deleted.status, deleted.headers["content-type"], deleted.headers.vary],
      [204, "text/html", "Accept-Encoding"],
    );
    const gone = await fixture.ask("GET /buckets/b/keys/k");
    assert.deepEqual([gone.status, gone.body, gone.headers["x-riak-deleted"]], [404, "not found\n", "true"]);
    const clock = gone.headers["x-riak-vclock"]!;
    assert.ok(clock !== before);
    assert.equal((await fixture.ask("DELETE /buckets/b/keys/k")).status, 404, "it is deleted already");
    await fixture.put("/buckets/b/keys/k", "again", { "X-Riak-Vclock": clock });
    assert.equal((await fixture.ask("GET /buckets/b/keys/k")).body, "again");
  });

  it("DELETE with a vclock reads nothing: an absent key too, and a stale clock makes a sibling", async () => {
    await fixture.put("/buckets/b/keys/k", "one");
    const old = (await fixture.ask("GET /buckets/b/keys/k")).headers["x-riak-vclock"]!;
    await fixture.put("/buckets/b/keys/k", "two", { "X-Riak-Vclock": old });
    const reads = fixture.nodes.node().count().coordinatedGets;
    assert.equal((await fixture.ask("DELETE /buckets/b/keys/k", { headers: { "X-Riak-Vclock": old } })).status, 204);
    assert.equal(
      (await fixture.ask("DELETE /buckets/b/keys/absent", { headers: { "X-Riak-Vclock": old } })).status,
      204,
    );
    assert.equal(fixture.nodes.node().count().coordinatedGets, reads);
    const siblings = await fixture.ask("GET /buckets/b/keys/k", { headers: { Accept: "multipart/mixed" } });
    assert.equal(siblings.status, 300);
    assert.match(siblings.body, /X-Riak-Deleted: true\r\n\r\n\r\n--/);
    assert.match(siblings.body, /\r\n\r\ntwo\r\n--/);
  });

  it("a value written over the binary protocol is octets without a date", async () => {
    const { node, deliver, open } = fixture.nodes.options();
    assert.ok(node !== undefined);
    await new Promise<void>((resolve) => {
      const session = open(() => resolve());
      const address = encodeAddress({ type: DEFAULT_TYPE, bucket: "b", key: "raw" });
      const version = { writeId: 7, value: "raw", tombstone: false };
      deliver({
        kind: "asked",
        session,
        message: {
          kind: "put",
          id: 1,
          forwarded: false,
          address,
          context: "",
          version,
          writer: NOBODY,
          options: undefined,
        },
      });
    });
    const { status, headers, body } = await fixture.ask("GET /buckets/b/keys/raw");
    assert.deepEqual([status, body, headers["content-type"]], [200, "raw", "application/octet-stream"]);
    assert.equal(headers["last-modified"], undefined);
    assert.equal(headers.etag, '"000000007"');
    // A condition on a date that nobody knows does not hold anything up.
    const since = {
      "If-Modified-Since": "Mon, 02 Jan 2023 10:00:00 GMT",
      "If-Unmodified-Since": "Mon, 02 Jan 2023 10:00:00 GMT",
    };
    assert.equal((await fixture.ask("GET /buckets/b/keys/raw", { headers: since })).status, 200);
  });

  it("a value that another protocol stored cannot write headers", async () => {
    const session = new FrontSession(fixture.nodes.options());
    const meta = encodeContent({
      contentType: "text/plain\r\nX-Evil: 1",
      encoding: "a\nb",
      userMeta: [
        ["Ok", "line\r\nX-Evil: 2"],
        ["Bad Name\r\n", "x"],
      ],
      links: [["b", 'k"\r\nX-Evil: 3', "t"]],
      indexes: [["a_bin", "\0"]],
    });
    for (const value of ["one", "two"]) {
      await new Promise<void>((resolve) => {
        session.put(
          encodeAddress({ type: DEFAULT_TYPE, bucket: "b", key: "k" }),
          "",
          { value, tombstone: false, meta },
          1,
          undefined,
          () => resolve(),
        );
        if (value === "one") void fixture.ask("GET /buckets/b/keys/k", { headers: { "Accept-Encoding": "*" } });
      });
    }
    const both = await fixture.ask("GET /buckets/b/keys/k", { headers: { Accept: "multipart/mixed" } });
    assert.equal(both.status, 300);
    assert.doesNotMatch(both.body, /\nX-Evil/);
    const tag = /Etag: (\w+)/.exec(both.body)![1];
    const one = await fixture.ask(`GET /buckets/b/keys/k?vtag=${tag}`, { headers: { "Accept-Encoding": "*" } });
    assert.equal(one.status, 200);
    assert.equal(one.headers["x-evil"], undefined);
    assert.equal(one.headers["content-type"], "text/plain%0D%0AX-Evil: 1");
    assert.equal(one.headers["x-riak-meta-ok"], "line%0D%0AX-Evil: 2");
    assert.equal(one.headers["x-riak-index-a_bin"], "%00");
    session.close();
  });

  it("a write may be named by its client, and is found under that name", async () => {
    await fixture.put("/buckets/b/keys/k", "x", { "X-Quorumlab-Write-Id": "4294967299" });
    assert.equal((await fixture.ask("GET /buckets/b/keys/k")).headers.etag, '"0004gfFC7"');
    const bad = await fixture.ask("PUT /buckets/b/keys/k", {
      headers: { "Content-Type": "a/b", "X-Quorumlab-Write-Id": "1x" },
      body: "",
    });
    assert.equal(bad.status, 400);
  });
});

describe("returnbody where the write has lost", () => {
  it("answers with what is stored, whatever it is, and never as if the write had failed", async () => {
    let wall = 2_000_000_000_000_000;
    const fixture = await HttpFixture.start({
      engine: { siblings: "newest", timestamps: "client" },
      wallMicros: () => wall,
    });
    try {
      const write = { headers: { "Content-Type": "text/plain", Accept: "text/plain" }, body: "mine" };
      await fixture.put("/buckets/b/keys/k", "{}", { "Content-Type": "application/json" });
      wall -= 1_000_000_000;
      const lost = await fixture.ask("PUT /buckets/b/keys/k?returnbody=true", write);
      assert.deepEqual([lost.status, lost.body, lost.headers["content-type"]], [200, "{}", "application/json"]);
      wall += 2_000_000_000;
      assert.equal((await fixture.ask("DELETE /buckets/b/keys/k")).status, 204);
      wall -= 1_000_000_000;
      const gone = await fixture.ask("PUT /buckets/b/keys/k?returnbody=true", write);
      assert.deepEqual([gone.status, gone.body, gone.headers["x-riak-deleted"]], [200, "", "true"]);
    } finally {
      await fixture.stop();
    }
  });
});
