/**
 * The thin thread: one object in, out and gone over HTTP, on a node that is in this process.
 */
import { strict as assert } from "node:assert";
import { HttpFixture } from "./front-fixture";

describe("an object over HTTP", () => {
  let fixture: HttpFixture;
  beforeEach(async () => (fixture = await HttpFixture.start()));
  afterEach(() => fixture.stop());

  it("is stored, read and deleted", async () => {
    const stored = await fixture.ask("PUT /buckets/b/keys/k", {
      headers: { "Content-Type": "text/plain" },
      body: "hello",
    });
    assert.equal(stored.status, 204, stored.body);
    const read = await fixture.ask("GET /buckets/b/keys/k");
    assert.equal(read.status, 200);
    assert.equal(read.body, "hello");
    assert.equal(read.headers["content-type"], "text/plain");
    const gone = await fixture.ask("DELETE /buckets/b/keys/k", {
      headers: { "X-Riak-Vclock": read.headers["x-riak-vclock"]! },
    });
    assert.equal(gone.status, 204, gone.body);
    const missing = await fixture.ask("GET /buckets/b/keys/k");
    assert.equal(missing.status, 404);
    assert.equal(missing.body, "not found\n");
    assert.equal(missing.headers["x-riak-deleted"], "true");
    assert.deepEqual(fixture.nodes.logged, []);
  });
});
