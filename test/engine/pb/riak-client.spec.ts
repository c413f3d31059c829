/**
 * An unmodified Riak client from npm, `no-riak`, against a node of ours: it brings its own idea of the protocol, its own
 * connection pool and its own reading of answers, and none of it knows us. What works here works for who has Riak clients.
 */
import { strict as assert } from "node:assert";
import { LoneNode } from "./lone-node";
import { openRiakClient, type Params, type RiakClient, texts } from "./no-riak";

describe("an unmodified client of Riak's protocol buffers", () => {
  let lone: LoneNode;
  let client: RiakClient;

  before(async () => {
    lone = await LoneNode.start();
    client = openRiakClient([lone.port], 4);
  });

  after(async () => {
    await client.end();
    await lone.stop();
  });

  it("pings, names itself and asks who is there", async () => {
    await client.ping();
    await client.init();
    assert.deepEqual({ ...(await client.getServerInfo()) }, { node: "alone", server_version: "3.2.0" });
  });

  it("stores and reads values with their type, metadata, links and index entries", async () => {
    const content = {
      value: Buffer.from([0, 1, 254, 255]),
      content_type: "application/x-bytes",
      usermeta: [{ key: "owner", value: "me" }],
      links: [{ bucket: "other", key: "thing", tag: "next" }],
      indexes: [{ key: "age_int", value: "42" }],
    };
    assert.equal(await client.put({ bucket: "plain", key: "bytes", content }), null);
    const got = await client.get({ bucket: "plain", key: "bytes" });
    const [{ vtag, last_mod, last_mod_usecs, ...only }, ...others] = got!.content!;
    assert.equal(others.length, 0);
    assert.deepEqual(JSON.parse(JSON.stringify(only)), JSON.parse(JSON.stringify(content)));
    assert.ok(last_mod_usecs! < 1_000_000 && vtag!.length > 0 && Math.abs(last_mod! - Date.now() / 1_000) < 60);
    assert.equal(await client.get({ bucket: "plain", key: "nothing" }), null);
  });

  it("stores and reads objects as JSON, a megabyte, and keys that are not ASCII", async () => {
    await client.put({ bucket: "plain", key: "json", content: { value: { a: [1, "ü"] } } });
    assert.deepEqual((await client.get({ bucket: "plain", key: "json" }))!.content![0].value, { a: [1, "ü"] });
    const large = "0123456789".repeat(100_000);
    await client.put({ bucket: "plain", key: "große", content: { value: large } });
    assert.deepEqual(texts(await client.get({ bucket: "plain", key: "große" })), [large]);
  });

  it("sees siblings and resolves them with the clock it was given", async () => {
    const at = { bucket: "siblings", key: "k" };
    await client.put({ ...at, content: { value: "one" } });
    await client.put({ ...at, content: { value: "two" } });
    const both = await client.get(at);
    assert.deepEqual(texts(both), ["one", "two"]);
    const stored = await client.put({ ...at, vclock: both!.vclock, content: { value: "both" }, return_body: true });
    assert.deepEqual(texts(stored), ["both"]);
    assert.deepEqual(texts(await client.get(at)), ["both"]);
    // Its own read-modify-write.
    await client.update({ ...at, content: { value: "updated" } });
    assert.deepEqual(texts(await client.get(at)), ["updated"]);
  });

  it("puts under conditions", async () => {
    const at = { bucket: "conditions", key: "k" };
    const fails = (params: Params, text: string): Promise<void> =>
      assert.rejects(client.put(params), { message: text });
    await fails({ ...at, if_not_modified: true, content: { value: "x" } }, "notfound");
    await client.put({ ...at, if_none_match: true, content: { value: "first" } });
    await fails({ ...at, if_none_match: true, content: { value: "x" } }, "match_found");
    const { vclock } = (await client.get(at))!;
    await client.put({ ...at, if_not_modified: true, vclock, content: { value: "second" } });
    await fails({ ...at, if_not_modified: true, vclock, content: { value: "x" } }, "modified");
    assert.deepEqual(texts(await client.get(at)), ["second"]);
    const clock = (await client.get(at))!.vclock!;
    const unchanged = await client.get({ ...at, if_modified: Buffer.from(clock, "base64") });
    assert.equal(unchanged!.unchanged, true);
  });

  it("of those that race under a condition all that pass are there", async () => {
    const at = { bucket: "race", key: "k" };
    const racing = Array.from({ length: 4 }, (_, i) =>
      client
        .put({ ...at, if_none_match: true, content: { value: `racer ${String(i)}` } })
        .then(() => 1)
        .catch((error: Error) => {
          assert.equal(error.message, "match_found");
          return 0;
        }),
    );
    const passed = (await Promise.all(racing)).reduce<number>((sum, one) => sum + one, 0);
    assert.ok(passed >= 1);
    // Whoever passed is there: beside each other, for none has seen another.
    assert.equal(texts(await client.get(at)).length, passed);
  });

  it("deletes, with and without a clock, and what is not there", async () => {
    const at = { bucket: "deletes", key: "k" };
    await client.del(at);
    await client.put({ ...at, content: { value: "x" } });
    await client.del(at);
    assert.equal(await client.get(at), null);
    await client.put({ ...at, content: { value: "y" } });
    const { vclock } = (await client.get(at))!;
    await client.del({ ...at, vclock });
    assert.equal(await client.get(at), null);
    const tombstone = await client.get({ ...at, deletedvclock: true });
    assert.ok(tombstone === null || tombstone.vclock !== undefined, "a clock, or reaped already");
  });

  it("lets the server choose a key", async () => {
    const stored = await client.put({ bucket: "chosen", content: { value: "x" } });
    assert.match(stored!.key!, /^[0-9A-Za-z]+$/);
    assert.deepEqual(texts(await client.get({ bucket: "chosen", key: stored!.key })), ["x"]);
  });

  it("lists keys and buckets, streamed", async () => {
    const keys = Array.from({ length: 700 }, (_, i) => `key${String(i)}`);
    for (const key of keys) await client.put({ bucket: "listed", key, content: { value: "v" } });
    assert.deepEqual((await client.listKeys({ bucket: "listed" })).sort(), keys.sort());
    const buckets = await client.listBuckets();
    for (const bucket of ["listed", "plain", "siblings"]) assert.ok(buckets.includes(bucket), bucket);
    assert.equal(new Set(buckets).size, buckets.length);
    assert.deepEqual(await client.listKeys({ bucket: "nothing in it" }), []);
  });

  it("reads, changes, writes back and resets bucket properties, by words and by numbers", async () => {
    const bucket = "properties";
    const { props } = await client.getBucket({ bucket });
    assert.deepEqual([props.n_val, props.r, props.allow_mult], [3, "quorum", true]);
    await client.setBucket({ bucket, props: { ...props, r: "all", w: 1, allow_mult: false } });
    const changed = (await client.getBucket({ bucket })).props;
    assert.deepEqual([changed.r, changed.w, changed.allow_mult, changed.n_val], ["all", 1, false, 3]);
    await client.put({ bucket, key: "k", content: { value: "one" } });
    await client.put({ bucket, key: "k", content: { value: "two" } });
    assert.deepEqual(texts(await client.get({ bucket, key: "k" })), ["two"], "no siblings there");
    await assert.rejects(
      client.setBucket({ bucket, props: { small_vclock: 3 } }),
      /Invalid bucket properties: small_vclock/,
    );
    await client.resetBucket({ bucket });
    assert.deepEqual((await client.getBucket({ bucket })).props, props);
  });

  it("makes a bucket type and works in it", async () => {
    await assert.rejects(client.getBucketType({ type: "maps" }), /No bucket-type named 'maps'/);
    await client.setBucketType({ type: "maps", props: { pw: "one" } });
    assert.equal((await client.getBucketType({ type: "maps" })).props.pw, "one");
    await client.put({ type: "maps", bucket: "b", key: "k", content: { value: "typed" } });
    assert.equal(await client.get({ bucket: "b", key: "k" }), null);
    assert.deepEqual(texts(await client.get({ type: "maps", bucket: "b", key: "k" })), ["typed"]);
    assert.deepEqual(await client.listBuckets({ type: "maps" }), ["b"]);
  });

  it("is told what is not supported, and goes on", async () => {
    const unsupported = (code: number): RegExp => new RegExp(`message code ${String(code)} is not supported`);
    await assert.rejects(client.index({ bucket: "b", index: "i_bin", qtype: 0, key: "k" }), unsupported(25));
    await assert.rejects(client.mapReduce({ request: { inputs: "b", query: [] } }), unsupported(23));
    await assert.rejects(client.updateCounter({ bucket: "b", key: "k", amount: 1 }), unsupported(50));
    await client.ping();
  });

  it("is told which quorum was not reached", async () => {
    await assert.rejects(
      client.get({ bucket: "b", key: "k", r: 7 }),
      /Specified w\/dw\/pw\/node_confirms values invalid for bucket n value of 3/,
    );
  });
});
