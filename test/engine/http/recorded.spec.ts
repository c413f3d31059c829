/**
 * What a running Riak KV (3.2 line) was recorded to answer (reference/engines.md, section 3.9), request by request; where
 * ours differs on purpose, the test says what is different, and the README says why.
 */
import { strict as assert } from "node:assert";
import { HttpFixture } from "./front-fixture";

describe("recorded answers of Riak", () => {
  let fixture: HttpFixture;
  before(async () => (fixture = await HttpFixture.start({ nodes: 3 })));
  after(() => fixture.stop());

  it("PUT of an object without returnbody: 204, its type echoed, Vary, no vclock", async () => {
    const { status, headers, body } = await fixture.put("/buckets/rec/keys/a", "x", {
      "Content-Type": "text/plain; charset=utf-8",
    });
    assert.equal(status, 204);
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(headers.vary, "Accept-Encoding");
    assert.equal(headers["x-riak-vclock"], undefined);
    assert.equal(headers["content-length"], undefined);
    assert.equal(body, "");
  });

  it("GET of two siblings: 300 with a list of tags", async () => {
    await fixture.put("/buckets/rec/keys/s", "one");
    await fixture.put("/buckets/rec/keys/s", "two");
    const { status, reason, headers, body } = await fixture.ask("GET /buckets/rec/keys/s");
    assert.equal(status, 300);
    assert.equal(reason, "Multiple Choices");
    assert.equal(headers["content-type"], "text/plain");
    assert.match(body, /^Siblings:\n\w+\n\w+\n$/);
    assert.ok(headers["x-riak-vclock"]);
    assert.equal(headers.vary, "Accept, Accept-Encoding");
    assert.match(headers.etag!, /^"\w+"$/);
    assert.match(headers["last-modified"]!, / GMT$/);
  });

  it("the same as multipart/mixed: parts with their headers, the body begins with a blank line", async () => {
    const { status, headers, body } = await fixture.ask("GET /buckets/rec/keys/s", {
      headers: { Accept: "multipart/mixed" },
    });
    assert.equal(status, 300);
    const boundary = /^multipart\/mixed; boundary=(\w+)$/.exec(headers["content-type"]!)![1];
    const parts = body.split(`\r\n--${boundary}`);
    assert.equal(parts.length, 4);
    assert.equal(parts[0], "");
    assert.equal(parts[3], "--\r\n");
    for (const part of parts.slice(1, 3))
      assert.match(
        part,
        /^\r\nContent-Type: text\/plain\r\nLink: <\/buckets\/rec>; rel="up"\r\nEtag: \w+\r\nLast-Modified: [^\r]+ GMT\r\n\r\n(one|two)$/,
      );
  });

  it("GET of what is not there: 404 Object Not Found", async () => {
    const { status, reason, headers, body } = await fixture.ask("GET /buckets/rec/keys/none");
    assert.equal(status, 404);
    assert.equal(reason, "Object Not Found");
    assert.equal(headers["content-type"], "text/plain");
    assert.equal(headers["x-riak-deleted"], undefined);
    assert.equal(body, "not found\n");
  });

  it("DELETE of what is not there: 404", async () => {
    const { status, body } = await fixture.ask("DELETE /buckets/rec/keys/none");
    assert.equal(status, 404);
    assert.equal(body, "not found\n");
  });

  it("GET with r=9 and N=3: 400 in the words of a put", async () => {
    const { status, body } = await fixture.ask("GET /buckets/rec/keys/a?r=9");
    assert.equal(status, 400);
    assert.equal(body, "Specified w/dw/pw/node_confirms values invalid for bucket n value of 3\n");
  });

  it("PUT to /: 405, Allow: GET, HEAD", async () => {
    const { status, headers } = await fixture.ask("PUT /", { headers: { "Content-Type": "text/plain" }, body: "x" });
    assert.equal(status, 405);
    assert.equal(headers.allow, "GET, HEAD");
  });

  it("properties of the default type: Riak's, but siblings and clock are the experiment's", async () => {
    const { status, headers, body } = await fixture.ask("GET /buckets/rec/props");
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "application/json");
    assert.deepEqual(JSON.parse(body), {
      props: {
        name: "rec",
        allow_mult: true,
        basic_quorum: false,
        big_vclock: 50,
        chash_keyfun: { mod: "riak_core_util", fun: "chash_std_keyfun" },
        dvv_enabled: true,
        dw: "one",
        last_write_wins: false,
        linkfun: { mod: "riak_kv_wm_link_walker", fun: "mapreduce_linkfun" },
        n_val: 3,
        node_confirms: 0,
        notfound_ok: true,
        old_vclock: 86400,
        postcommit: [],
        pr: 0,
        precommit: [],
        pw: 0,
        r: "quorum",
        rw: "quorum",
        small_vclock: 50,
        sync_on_write: "backend",
        w: "quorum",
        young_vclock: 20,
      },
    });
  });

  it("properties of a created type: the same, with allow_mult and dvv_enabled", async () => {
    const created = await fixture.ask("PUT /types/made/props", {
      headers: { "Content-Type": "application/json" },
      body: '{"props":{}}',
    });
    assert.equal(created.status, 204, created.body);
    const { body } = await fixture.ask("GET /types/made/buckets/rec/props");
    const { props } = JSON.parse(body) as { readonly props: Readonly<Record<string, unknown>> };
    assert.equal(props.allow_mult, true);
    assert.equal(props.dvv_enabled, true);
    assert.equal(props.n_val, 3);
  });
});

describe("under an experiment that is set up like Riak's default type", () => {
  it("allow_mult and dvv_enabled are false, and a read never gives siblings", async () => {
    const fixture = await HttpFixture.start({ engine: { siblings: "newest", clock: "vv-server" } });
    try {
      const { props } = JSON.parse((await fixture.ask("GET /buckets/b/props")).body) as {
        readonly props: Readonly<Record<string, unknown>>;
      };
      assert.deepEqual([props.allow_mult, props.last_write_wins, props.dvv_enabled], [false, false, false]);
      await fixture.put("/buckets/b/keys/k", "one");
      await fixture.put("/buckets/b/keys/k", "two");
      const { status, body } = await fixture.ask("GET /buckets/b/keys/k");
      assert.deepEqual([status, body], [200, "two"]);
    } finally {
      await fixture.stop();
    }
  });
});
