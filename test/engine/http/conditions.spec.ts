/**
 * Conditional requests: what each of the five headers lets through, of objects, of siblings and of nothing; and that the read which
 * tests a condition and the write after it are two requests, so that two clients may both pass.
 */
import { strict as assert } from "node:assert";
import { HttpFixture } from "./front-fixture";

const TEXT = { "Content-Type": "text/plain" };
const BEFORE = "Mon, 02 Jan 2023 09:59:59 GMT";
const THEN = "Mon, 02 Jan 2023 10:00:00 GMT";
const LATER = "Mon, 02 Jan 2023 10:00:01 GMT";
const FUTURE = "Fri, 01 Jan 2038 00:00:00 GMT";

describe("conditional requests over HTTP", () => {
  let fixture: HttpFixture;
  let etag = "";
  let clock = "";
  let wall = 0;

  beforeEach(async () => {
    wall = Date.UTC(2023, 0, 2, 10, 0, 0) * 1_000 + 1;
    fixture = await HttpFixture.start({ wallMicros: () => wall });
    await fixture.put("/buckets/b/keys/k", "one");
    wall = Date.UTC(2024, 0, 1) * 1_000;
    const read = await fixture.ask("GET /buckets/b/keys/k");
    assert.equal(read.headers["last-modified"], THEN);
    etag = read.headers.etag!;
    clock = read.headers["x-riak-vclock"]!;
  });
  afterEach(() => fixture.stop());

  const status = async (what: string, headers: Readonly<Record<string, string>>): Promise<number> =>
    (
      await fixture.ask(
        what,
        what.startsWith("PUT") || what.startsWith("POST")
          ? { headers: { ...TEXT, ...headers }, body: "x" }
          : { headers },
      )
    ).status;

  it("of a read", async () => {
    const rows: readonly (readonly [Readonly<Record<string, string>>, number])[] = [
      [{ "If-Match": "*" }, 200],
      [{ "If-Match": etag }, 200],
      [{ "If-Match": `"a", ${etag}` }, 200],
      [{ "If-Match": '"a"' }, 412],
      [{ "If-None-Match": "*" }, 304],
      [{ "If-None-Match": `W/"a", ${etag}` }, 304],
      [{ "If-None-Match": '"a"' }, 200],
      [{ "If-Modified-Since": BEFORE }, 200],
      [{ "If-Modified-Since": THEN }, 304],
      [{ "If-Modified-Since": LATER }, 304],
      [{ "If-Modified-Since": "Monday, 02-Jan-23 10:00:00 GMT" }, 304],
      [{ "If-Modified-Since": "Mon Jan  2 10:00:00 2023" }, 304],
      [{ "If-Modified-Since": FUTURE }, 200],
      [{ "If-Modified-Since": "yesterday" }, 200],
      [{ "If-Modified-Since": "2023" }, 200],
      [{ "If-Unmodified-Since": BEFORE }, 412],
      [{ "If-Unmodified-Since": THEN }, 200],
      [{ "If-Unmodified-Since": "5" }, 200],
      // A tag that differs is looked at before a date that would do.
      [{ "If-None-Match": '"a"', "If-Modified-Since": THEN }, 304],
      [{ "If-Match": '"a"', "If-None-Match": "*" }, 412],
    ];
    for (const [headers, expected] of rows) {
      assert.equal(await status("GET /buckets/b/keys/k", headers), expected, JSON.stringify(headers));
      assert.equal(await status("HEAD /buckets/b/keys/k", headers), expected, `HEAD ${JSON.stringify(headers)}`);
    }
    // Absence is found before any condition is looked at.
    assert.equal(await status("GET /buckets/b/keys/none", { "If-None-Match": "*" }), 404);
  });

  it("of a write", async () => {
    const rows: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
      ["PUT /buckets/b/keys/k", { "If-None-Match": "*" }, 412],
      ["POST /buckets/b/keys/k", { "If-None-Match": "*" }, 412],
      ["PUT /buckets/b/keys/k", { "If-None-Match": etag }, 412],
      ["PUT /buckets/b/keys/k", { "If-Match": '"a"' }, 412],
      ["PUT /buckets/b/keys/k", { "If-Unmodified-Since": BEFORE }, 412],
      ["DELETE /buckets/b/keys/k", { "If-None-Match": "*" }, 412],
      ["DELETE /buckets/b/keys/k", { "If-Unmodified-Since": BEFORE }, 412],
      ["PUT /buckets/b/keys/new1", { "If-Match": etag }, 412],
      ["DELETE /buckets/b/keys/none", { "If-Match": "*" }, 412],
      ["DELETE /buckets/b/keys/none", { "If-None-Match": "*" }, 404],
      ["PUT /buckets/b/keys/new1", { "X-Riak-If-Not-Modified": clock }, 409],
      ["PUT /buckets/b/keys/new1", { "If-None-Match": "*" }, 204],
      ["PUT /buckets/b/keys/k", { "X-Riak-If-Not-Modified": "AAAA" }, 409],
      // Riak does not ask it of a POST to a key.
      ["POST /buckets/b/keys/new2", { "X-Riak-If-Not-Modified": "AAAA" }, 204],
      ["PUT /buckets/b/keys/k", { "X-Riak-If-Not-Modified": clock, "X-Riak-Vclock": clock }, 204],
    ];
    for (const [what, headers, expected] of rows)
      assert.equal(await status(what, headers), expected, `${what} ${JSON.stringify(headers)}`);
    const read = await fixture.ask("GET /buckets/b/keys/k");
    assert.equal(
      await status("PUT /buckets/b/keys/k", {
        "If-Match": read.headers.etag!,
        "X-Riak-Vclock": read.headers["x-riak-vclock"]!,
      }),
      204,
    );
    assert.equal(await status("DELETE /buckets/b/keys/k", { "If-Match": etag }), 412, "the tag is an old one");
    assert.equal(await status("DELETE /buckets/b/keys/k", { "If-Match": "*" }), 204);
    assert.equal(await status("PUT /buckets/b/keys/k", { "If-None-Match": "*" }), 204, "deleted is not there");
  });

  it("of siblings: they have a tag of their own, which changes with each of them", async () => {
    await fixture.put("/buckets/b/keys/k", "two");
    const all = (await fixture.ask("GET /buckets/b/keys/k")).headers.etag!;
    assert.notEqual(all, etag);
    assert.equal(await status("GET /buckets/b/keys/k", { "If-None-Match": all }), 304);
    assert.equal(await status("GET /buckets/b/keys/k", { "If-None-Match": etag }), 300);
    const tag = etag.slice(1, -1);
    assert.equal(await status(`GET /buckets/b/keys/k?vtag=${tag}`, { "If-None-Match": etag }), 304);
    assert.equal(await status("PUT /buckets/b/keys/k", { "If-Match": all }), 204);
    assert.notEqual((await fixture.ask("GET /buckets/b/keys/k")).headers.etag, all);
  });
});

describe("two clients that race on a condition", () => {
  it("both pass it, and both writes are kept as siblings: the condition is not atomic", async () => {
    const fixture = await HttpFixture.start({ nodes: 3 });
    try {
      let both = 0;
      for (let round = 0; round < 50; round++) {
        const path = `/buckets/b/keys/race${String(round)}`;
        const answers = await Promise.all(
          [0, 1].map((node) =>
            fixture.ask(
              `PUT ${path}`,
              { headers: { ...TEXT, "If-None-Match": "*" }, body: `by ${String(node)}` },
              node,
            ),
          ),
        );
        const statuses = answers.map(({ status }) => status).sort();
        assert.ok(["204,204", "204,412"].includes(statuses.join()), statuses.join());
        const read = await fixture.ask(`GET ${path}?r=all`, { headers: { Accept: "multipart/mixed, */*;q=0.1" } });
        if (statuses[1] === 204) {
          both++;
          // Nothing that was acknowledged is lost.
          assert.equal(read.status, 300, path);
          assert.ok(read.body.includes("by 0") && read.body.includes("by 1"));
        } else assert.equal(read.status, 200, path);
      }
      assert.ok(both > 0, "in none of fifty races did both pass");
    } finally {
      await fixture.stop();
    }
  });
});
