/**
 * The status of every kind of answer (reference/engines.md, section 3.5), and the order of tests: a request that is wrong in two
 * ways is answered for the one that Riak looks at first.
 */
import { strict as assert } from "node:assert";
import { type Answered, type Asked, HttpFixture } from "./front-fixture";

const TEXT = { "Content-Type": "text/plain" };
const JSON_TYPE = { "Content-Type": "application/json" };

interface Row {
  readonly what: string;
  readonly asked?: Asked;
  readonly status: number;
  readonly body?: string | RegExp;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

describe("statuses over HTTP", () => {
  let fixture: HttpFixture;
  let clock = "";
  let etag = "";

  before(async () => {
    fixture = await HttpFixture.start({ limits: { maxBodyBytes: 10_000, maxUrlBytes: 4_000, maxHeaderBytes: 16_384 } });
    await fixture.put("/buckets/b/keys/k", "value");
    const read = await fixture.ask("GET /buckets/b/keys/k");
    clock = read.headers["x-riak-vclock"]!;
    etag = read.headers.etag!;
    await fixture.put("/buckets/b/keys/gone", "value");
    await fixture.ask("DELETE /buckets/b/keys/gone");
  });
  after(async () => {
    await fixture.stop();
    assert.deepEqual(fixture.nodes.logged, []);
  });

  function check({ status, body, headers }: Answered, row: Row): void {
    assert.equal(status, row.status, `${row.what}: ${body}`);
    if (typeof row.body === "string") assert.equal(body, row.body, row.what);
    else if (row.body !== undefined) assert.match(body, row.body, row.what);
    for (const [name, value] of Object.entries(row.headers ?? {}))
      assert.equal(headers[name], value, `${row.what}: ${name}`);
  }

  const table = (title: string, rows: () => readonly Row[]): void => {
    it(title, async () => {
      for (const row of rows()) check(await fixture.ask(row.what, row.asked), row);
    });
  };

  const plain = { "content-type": "text/plain" };
  const boom = " query parameter must be an integer or one of the following words: 'one', 'quorum' or 'all'\n";

  table("400: what is malformed, in Riak's words", () => [
    {
      what: "PUT /buckets/b/keys/k",
      asked: { body: "x" },
      status: 400,
      body: "Missing Content-Type request header",
      headers: plain,
    },
    { what: "POST /buckets/b/keys", asked: { body: "x" }, status: 400, body: "Missing Content-Type request header" },
    { what: "GET /buckets/b/keys/k?timeout=soon", status: 400, body: 'Bad timeout value "soon"\n', headers: plain },
    { what: "GET /buckets/b/keys/k?timeout=0", status: 400 },
    { what: "GET /buckets/b/keys/k?timeout=99999999999", status: 400 },
    { what: "GET /buckets/b/keys?keys=true&timeout=-1", status: 400, body: 'Bad timeout value "-1"\n' },
    { what: "GET /buckets?buckets=true&timeout=", status: 400 },
    { what: "GET /buckets/b/keys/k?r=some", status: 400, body: `r${boom}` },
    { what: "GET /buckets/b/keys/k?r=-1", status: 400, body: `r${boom}` },
    {
      what: "GET /buckets/b/keys/k?pr=x&w=1.5&notfound_ok=1",
      status: 400,
      body: `w${boom}pr${boom}notfound_ok query parameter must be true or false\n`,
    },
    {
      what: "PUT /buckets/b/keys/k?sync_on_write=never",
      asked: { headers: TEXT, body: "" },
      status: 400,
      body: "sync_on_write query parameter must be one of the following words: [default,backend,one,all]\n",
    },
    {
      what: "PUT /buckets/b/keys/k?asis=maybe",
      asked: { headers: TEXT, body: "" },
      status: 400,
      body: "asis query parameter must be true or false\n",
    },
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: { ...TEXT, Link: "nonsense" }, body: "" },
      status: 400,
      body: 'Invalid Link header. Links must be of the form\n</buckets/BUCKET/keys/KEY>; riaktag="TAG"\n',
    },
    {
      what: "PUT /riak/b/k",
      asked: { headers: { ...TEXT, Link: '</buckets/b/keys/k>; riaktag="t"' }, body: "" },
      status: 400,
      body: 'Invalid Link header. Links must be of the form\n</riak/BUCKET/KEY>; riaktag="TAG"\n',
    },
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: { ...TEXT, Link: '</buckets/other>; rel="up"' }, body: "" },
      status: 400,
    },
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: { ...TEXT, "X-Riak-Index-a": "1", "X-Riak-Index-b_int": "one" }, body: "" },
      status: 400,
      body: "Unknown field type for field: 'a'.\nCould not parse field 'b_int', value 'one'.\n",
    },
    {
      what: "GET /buckets/b/keys/k?r=2",
      status: 400,
      body: "Specified w/dw/pw/node_confirms values invalid for bucket n value of 1\n",
    },
    { what: "PUT /buckets/b/keys/k?w=2", asked: { headers: TEXT, body: "" }, status: 400, body: /n value of 1\n$/ },
    { what: "DELETE /buckets/b/keys/k?rw=7", status: 400, body: /n value of 1\n$/ },
    { what: "GET /buckets/b/keys/k?node_confirms=3", status: 400, body: /n value of 1\n$/ },
    { what: "GET /buckets/b%/keys/k", status: 400 },
    { what: "GET /buckets/b/keys/%zz", status: 400 },
    { what: "GET /buckets/b/keys/k?vtag=%", status: 400 },
    { what: "GET /buckets?%=1", status: 400 },
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: { ...TEXT, "X-Riak-Vclock": "not base64!" }, body: "" },
      status: 400,
    },
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: { ...TEXT, "X-Riak-Vclock": "/////w==" }, body: "" },
      status: 400,
    },
    { what: "DELETE /buckets/b/keys/k", asked: { headers: { "X-Riak-Vclock": "abc" } }, status: 400 },
    { what: "PUT /buckets/b/keys/k", asked: { headers: { ...TEXT, "Content-MD5": "AAAA" }, body: "x" }, status: 400 },
    { what: `GET /buckets/b/keys/${"k".repeat(2_000)}`, status: 400 },
    {
      what: "PUT /buckets/b/props",
      asked: { headers: JSON_TYPE, body: "{" },
      status: 400,
      body: 'bucket PUT must be a JSON object of the form:\n{"props":{...bucket properties...}}',
    },
    {
      what: "PUT /types/t/props",
      asked: { headers: JSON_TYPE, body: "[]" },
      status: 400,
      body: 'bucket type PUT must be a JSON object of the form:\n{"props":{...bucket properties...}}',
    },
    { what: "PUT /buckets/b/props", asked: { headers: JSON_TYPE, body: '{"props":{"n_val":"many"}}' }, status: 400 },
  ]);

  table("403: who must not be spoken for", () => [
    { what: "GET /buckets/b/keys/k", asked: { headers: { Origin: "null" } }, status: 403, headers: plain },
    { what: "PUT /buckets/b/keys/k", asked: { headers: { ...TEXT, Origin: "null" }, body: "" }, status: 403 },
    { what: "GET /ping", asked: { headers: { Origin: "http://evil.example" } }, status: 403 },
    { what: "GET /stats", asked: { headers: { Referer: "http://evil.example/page" } }, status: 403 },
    { what: "DELETE /buckets/b/keys/k", asked: { headers: { Referer: "https://127.0.0.1:1/" } }, status: 403 },
    { what: "GET /buckets?buckets=true", asked: { headers: { Referer: "not an address" } }, status: 403 },
    { what: "GET /buckets/b/keys?keys=true", asked: { headers: { Host: "rebound.example" } }, status: 403 },
    { what: "GET /buckets/b/props", asked: { headers: { Host: "127.0.0.1.evil.example" } }, status: 403 },
    { what: "GET /", asked: { headers: { Host: "10.0.0.1" } }, status: 403 },
    {
      what: "GET /ping",
      asked: {
        headers: { Host: "localhost:8098", Origin: "http://localhost:8098", Referer: "http://localhost:8098/x?y" },
      },
      status: 200,
    },
    { what: "GET /ping", asked: { headers: { Host: "[::1]:8098" } }, status: 200 },
    { what: "GET /ping", asked: { headers: { Host: "node.localhost" } }, status: 200 },
    { what: "GET /ping", asked: { headers: { Host: "127.9.9.9" } }, status: 200 },
  ]);

  table("404, 405 and 501: what is not there", () => [
    {
      what: "GET /buckets/b/keys/none",
      status: 404,
      body: "not found\n",
      headers: { ...plain, "x-riak-deleted": undefined },
    },
    { what: "GET /buckets/b/keys/gone", status: 404, body: "not found\n", headers: { "x-riak-deleted": "true" } },
    { what: "GET /types/t/buckets/b/keys/k", status: 404, body: "Unknown bucket type: t" },
    {
      what: "PUT /types/t/buckets/b/keys/k",
      asked: { headers: TEXT, body: "" },
      status: 404,
      body: "Unknown bucket type: t",
    },
    { what: "DELETE /types/t/buckets/b/keys/k", status: 404, body: "Unknown bucket type: t" },
    { what: "GET /types/t/buckets/b/keys?keys=true", status: 404 },
    { what: "GET /types/t/buckets?buckets=true", status: 404 },
    { what: "GET /types/t/buckets/b/props", status: 404 },
    { what: "PUT /types/t/buckets/b/props", asked: { headers: JSON_TYPE, body: '{"props":{}}' }, status: 404 },
    { what: "DELETE /types/t/buckets/b/props", status: 404 },
    { what: "GET /types/t/props", status: 404 },
    { what: "GET /riak/b?props=false", status: 404 },
    { what: "GET /nowhere", status: 404 },
    { what: "GET /buckets/b", status: 404 },
    { what: "POST /mapred", status: 404 },
    { what: "GET /buckets/b/keys/k/_,_,_", status: 404 },
    { what: "GET /buckets/b/index/a_bin/x", status: 404 },
    { what: "POST /buckets/b/counters/k", status: 404 },
    { what: `GET /${"a/".repeat(50)}`, status: 404 },
    { what: "PATCH /buckets/b/keys/k", status: 405, headers: { allow: "GET, HEAD, POST, PUT, DELETE" } },
    { what: "OPTIONS /buckets/b/keys/k", status: 405 },
    { what: "DELETE /buckets/b/keys", status: 405, headers: { allow: "GET, HEAD, POST" } },
    { what: "DELETE /riak/b", status: 405, headers: { allow: "GET, HEAD, POST, PUT" } },
    { what: "DELETE /types/t/props", status: 405, headers: { allow: "GET, HEAD, PUT" } },
    { what: "POST /ping", status: 405, headers: { allow: "GET, HEAD" } },
    { what: "PROPFIND /buckets/b/keys/k", status: 501 },
  ]);

  table("406: what cannot be accepted", () => [
    { what: "GET /buckets/b/keys/k", asked: { headers: { Accept: "application/json" } }, status: 406 },
    { what: "GET /buckets/b/keys/k", asked: { headers: { Accept: "text/*" } }, status: 200 },
    { what: "GET /buckets/b/keys/k", asked: { headers: { Accept: "garbage" } }, status: 406 },
    { what: "GET /buckets/b/keys/k", asked: { headers: { "Accept-Encoding": "identity;q=0" } }, status: 406 },
    {
      what: "GET /buckets/b/keys/k",
      asked: { headers: { "Accept-Encoding": "gzip, deflate" } },
      status: 200,
      body: "value",
    },
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: { ...TEXT, Accept: "application/json" }, body: "" },
      status: 406,
    },
    { what: "DELETE /buckets/b/keys/k", asked: { headers: { Accept: "application/json" } }, status: 406 },
    { what: "GET /buckets/b/props", asked: { headers: { Accept: "text/plain" } }, status: 406 },
    { what: "GET /buckets/b/keys?keys=true", asked: { headers: { Accept: "text/plain" } }, status: 406 },
    { what: "GET /stats", asked: { headers: { Accept: "image/png" } }, status: 406 },
    { what: "GET /ping", asked: { headers: { Accept: "application/json" } }, status: 406 },
  ]);

  table("409, 412, 304: what does not hold", () => [
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: { ...TEXT, "X-Riak-If-Not-Modified": "AAAA" }, body: "" },
      status: 409,
    },
    {
      what: "PUT /buckets/b/keys/none",
      asked: { headers: { ...TEXT, "X-Riak-If-Not-Modified": clock }, body: "" },
      status: 409,
    },
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: { ...TEXT, "X-Riak-If-Not-Modified": "?" }, body: "" },
      status: 400,
    },
    { what: "PUT /buckets/b/keys/k", asked: { headers: { ...TEXT, "If-None-Match": "*" }, body: "" }, status: 412 },
    { what: "PUT /buckets/b/keys/k", asked: { headers: { ...TEXT, "If-Match": '"other"' }, body: "" }, status: 412 },
    { what: "PUT /buckets/b/keys/none", asked: { headers: { ...TEXT, "If-Match": "*" }, body: "" }, status: 412 },
    { what: "DELETE /buckets/b/keys/k", asked: { headers: { "If-Match": '"other"' } }, status: 412 },
    { what: "GET /buckets/b/keys/k", asked: { headers: { "If-Match": '"other"' } }, status: 412 },
    {
      what: "GET /buckets/b/keys/k",
      asked: { headers: { "If-None-Match": etag } },
      status: 304,
      body: "",
      headers: { etag },
    },
    { what: "GET /buckets/b/keys/k", asked: { headers: { "If-None-Match": '"other"' } }, status: 200 },
  ]);

  table("413, 414, 415: what is too much, or of no known kind", () => [
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: TEXT, body: "x".repeat(10_001) },
      status: 413,
      headers: { connection: "close" },
    },
    { what: "PUT /buckets/b/props", asked: { headers: JSON_TYPE, body: " ".repeat(10_001) }, status: 413 },
    { what: `GET /buckets/b/keys/k?${"x".repeat(4_000)}`, status: 414 },
    {
      what: "PUT /buckets/b/keys/k",
      asked: { headers: { "Content-Type": "text" }, body: "" },
      status: 415,
      body: '"text" is not a valid media type for the Content-type header.\n',
    },
    { what: "PUT /buckets/b/keys/k", asked: { headers: { "Content-Type": "a/b/c" }, body: "" }, status: 415 },
    { what: "PUT /buckets/b/props", asked: { headers: TEXT, body: '{"props":{}}' }, status: 415 },
  ]);

  table("412: If-Match of an object whose key is yet to be chosen", () => [
    { what: "POST /buckets/b/keys", asked: { headers: { ...TEXT, "If-Match": "*" }, body: "x" }, status: 412 },
    { what: "POST /buckets/b/keys", asked: { headers: { ...TEXT, "If-None-Match": "*" }, body: "x" }, status: 201 },
  ]);

  it("501: a body in a transfer encoding that is not taken off it", async () => {
    const received = await fixture.raw(
      "PUT /buckets/b/keys/coded HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n" +
        "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    );
    assert.match(received, /^HTTP\/1\.1 501 /);
    assert.equal((await fixture.ask("GET /buckets/b/keys/coded")).status, 404);
  });

  it("400 stands before 403, 403 before 404, 404 before 406, 406 before 412, 412 before 409, 409 before 415", async () => {
    const wrong = {
      "Content-Type": "text",
      Accept: "application/json",
      Origin: "null",
      "If-None-Match": "*",
      "X-Riak-If-Not-Modified": "AAAA",
      Link: "nonsense",
    };
    const asked = async (path: string, headers: Readonly<Record<string, string>>): Promise<number> =>
      (await fixture.ask(`PUT ${path}`, { headers, body: "x" })).status;
    // One mistake after the other is mended.
    const { Link: _link, ...linked } = wrong;
    const { Origin: _origin, ...allowed } = linked;
    const { Accept: _accept, ...accepted } = allowed;
    const { "If-None-Match": _none, ...conditional } = accepted;
    const { "X-Riak-If-Not-Modified": _clock, ...unconditional } = conditional;
    assert.equal(await asked("/types/t/buckets/b/keys/k?r=x&timeout=x", wrong), 400);
    assert.equal(await asked("/types/t/buckets/b/keys/k", linked), 403);
    assert.equal(await asked("/types/t/buckets/b/keys/k", allowed), 404);
    assert.equal(await asked("/buckets/b/keys/k", allowed), 406);
    assert.equal(await asked("/buckets/b/keys/k", accepted), 412);
    assert.equal(await asked("/buckets/b/keys/k", conditional), 409);
    assert.equal(await asked("/buckets/b/keys/k", unconditional), 415);
    assert.equal(await asked("/buckets/b/keys/k", TEXT), 204);
  });

  it("405 and 501 stand before everything; of what is malformed the type comes first, then timeout, quorums, links, indexes", async () => {
    assert.equal((await fixture.ask("PATCH /buckets/b/keys/k?r=x", { headers: { Origin: "null" } })).status, 405);
    const bodies: string[] = [];
    const headers = { "X-Riak-Index-a": "1", Link: "nonsense" };
    for (const [query, more] of [
      ["?timeout=x&r=x", headers],
      ["?timeout=x&r=x", { ...headers, ...TEXT }],
      ["?r=x", { ...headers, ...TEXT }],
      ["", { ...headers, ...TEXT }],
      ["", { "X-Riak-Index-a": "1", ...TEXT }],
    ] as const)
      bodies.push((await fixture.ask(`PUT /buckets/b/keys/k${query}`, { headers: more, body: "" })).body.slice(0, 12));
    assert.deepEqual(bodies, ["Missing Cont", "Bad timeout ", "r query para", "Invalid Link", "Unknown fiel"]);
  });
});
