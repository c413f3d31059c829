/**
 * A cluster of ours through an unmodified client of Riak's protocol buffers from npm (`no-riak`): what one node was told another one
 * answers, over siblings, conditions, deletes, listings and properties; and what it is told while a node is down.
 */
import { strict as assert } from "node:assert";
import { openRiakClient, type RiakClient, texts } from "../engine/pb/no-riak";
import { LiveCluster, needsCompiledNodes } from "./live-cluster";
import { until } from "./until";

describe("Riak's clients over protocol buffers: no-riak against three nodes", function () {
  this.timeout(40_000);
  let live: LiveCluster;
  let clients: readonly RiakClient[] = [];
  before(async function () {
    needsCompiledNodes(this);
    live = await LiveCluster.start({ nodes: 3, front: { pb: "free" } });
    clients = live.cluster.fronts().map(({ pb }) => openRiakClient([pb], 2));
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await live?.end();
  });

  it("objects with their types and metadata through any node", async () => {
    for (const [i, client] of clients.entries()) {
      assert.deepEqual(
        { ...(await client.getServerInfo()) },
        { node: `node-${String(i + 1)}`, server_version: "3.2.0" },
      );
    }
    const content = { value: "words", content_type: "text/plain", usermeta: [{ key: "owner", value: "ada" }] };
    await clients[0].put({ bucket: "people", key: "ada", w: 3, content });
    for (const client of clients) {
      const [only] = (await client.get({ bucket: "people", key: "ada" }))!.content!;
      assert.deepEqual([(only.value as Buffer).toString(), only.content_type], ["words", "text/plain"]);
      assert.deepEqual(JSON.parse(JSON.stringify(only.usermeta)), content.usermeta);
    }
  });

  it("siblings through two nodes, resolved through a third", async () => {
    const at = { bucket: "siblings", key: "k" };
    await clients[0].put({ ...at, content: { value: "one" } });
    await clients[1].put({ ...at, content: { value: "two" } });
    const both = await clients[2].get(at);
    assert.deepEqual(texts(both), ["one", "two"]);
    await clients[2].put({ ...at, vclock: both!.vclock, content: { value: "both" } });
    for (const client of clients) assert.deepEqual(texts(await client.get(at)), ["both"]);
  });

  it("conditional puts; and two that race through different nodes may both pass, then both are there", async () => {
    const at = { bucket: "conditions", key: "k" };
    await clients[0].put({ ...at, if_none_match: true, content: { value: "first" } });
    await assert.rejects(clients[1].put({ ...at, if_none_match: true, content: { value: "x" } }), {
      message: "match_found",
    });
    const { vclock } = (await clients[1].get(at))!;
    await clients[1].put({ ...at, if_not_modified: true, vclock, content: { value: "second" } });
    const stale = clients[2].put({ ...at, if_not_modified: true, vclock, content: { value: "x" } });
    await assert.rejects(stale, { message: "modified" });
    assert.deepEqual(texts(await clients[0].get(at)), ["second"]);
    let raced = 0;
    for (let round = 0; round < 200 && raced === 0; round++) {
      const key = `race ${String(round)}`;
      const racing = clients.slice(0, 2).map((client, i) =>
        client
          .put({ bucket: "conditions", key, if_none_match: true, content: { value: `racer ${String(i)}` } })
          .then(() => 1)
          .catch((error: Error) => {
            assert.equal(error.message, "match_found");
            return 0;
          }),
      );
      const [a, b] = await Promise.all(racing);
      const there = texts(await clients[2].get({ bucket: "conditions", key }));
      assert.equal(there.length, a + b, "whoever passed is there");
      if (a + b === 2) raced++;
    }
    assert.ok(raced > 0, "in none of 200 races both passed, though nothing keeps them from it");
  });

  it("deletes through one node are seen by all, and what is missing may be deleted", async () => {
    const at = { bucket: "deletes", key: "k" };
    await clients[0].del(at);
    await clients[0].put({ ...at, content: { value: "x" } });
    const { vclock } = (await clients[1].get(at))!;
    await clients[1].del({ ...at, vclock });
    for (const client of clients) assert.equal(await client.get(at), null);
    await clients[2].put({ ...at, content: { value: "again" } });
    assert.ok(texts(await clients[0].get(at)).includes("again"));
  });

  it("listings know the keys of all nodes, each once", async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `key${String(i)}`);
    await Promise.all(keys.map((key, i) => clients[i % 3].put({ bucket: "listed", key, content: { value: "v" } })));
    for (const client of clients)
      assert.deepEqual((await client.listKeys({ bucket: "listed" })).sort(), [...keys].sort());
    const buckets = await clients[1].listBuckets();
    for (const bucket of ["people", "listed", "siblings"]) assert.ok(buckets.includes(bucket), bucket);
  });

  it("properties and types told to one node hold on all", async () => {
    const bucket = "last-one-wins";
    await clients[0].setBucket({ bucket, props: { allow_mult: false, n_val: 2 } });
    for (const client of clients) {
      const { props } = await client.getBucket({ bucket });
      assert.deepEqual([props.allow_mult, props.n_val], [false, 2]);
    }
    await clients[1].put({ bucket, key: "k", content: { value: "one" } });
    await clients[2].put({ bucket, key: "k", content: { value: "two" } });
    assert.equal(texts(await clients[0].get({ bucket, key: "k" })).length, 1);
    const refused = /Specified w\/dw\/pw\/node_confirms values invalid for bucket n value of 2/;
    await assert.rejects(clients[2].get({ bucket, key: "k", r: 3 }), refused);
    await clients[2].setBucketType({ type: "loose", props: { r: "one", w: "one" } });
    const { props } = await clients[0].getBucketType({ type: "loose" });
    assert.deepEqual([props.r, props.w], ["one", "one"]);
    await clients[0].put({ type: "loose", bucket: "b", key: "k", content: { value: "typed" } });
    assert.equal(await clients[1].get({ bucket: "b", key: "k" }), null);
  });

  it("while a node is down a write of all three copies is told which quorum failed; others are answered", async () => {
    await clients[0].put({ bucket: "down", key: "k", w: 3, content: { value: "v" } });
    await live.cluster.kill(2);
    assert.deepEqual(texts(await clients[0].get({ bucket: "down", key: "k" })), ["v"]);
    await until("the node is believed down", async () => {
      const told = await clients[0].get({ bucket: "down", key: "k", pr: 3, timeout: 500 }).then(
        () => "answered",
        (error: Error) => error.message,
      );
      return told === "PR-value unsatisfied: 2/3";
    });
    await assert.rejects(clients[1].put({ bucket: "down", key: "k", pw: 3, content: { value: "w" } }), {
      message: "PW-value unsatisfied: 2/3",
    });
  });
});
