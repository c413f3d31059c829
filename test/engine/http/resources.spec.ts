/**
 * What stands beside objects: properties of buckets and types, lists of keys and buckets, statistics.
 */
import { strict as assert } from "node:assert";
import { connect } from "node:net";
import { FrontSession } from "../../../engine/riak/session";
import { encodeAddress } from "../../../engine/vocabulary/address";
import { HttpFixture } from "./front-fixture";

const TEXT = { "Content-Type": "text/plain" };
const JSON_TYPE = { "Content-Type": "application/json" };

type Props = Readonly<Record<string, unknown>>;

describe("properties over HTTP", () => {
  let fixture: HttpFixture;
  beforeEach(async () => (fixture = await HttpFixture.start({ nodes: 3 })));
  afterEach(async () => {
    await fixture.stop();
    assert.deepEqual(fixture.nodes.logged, []);
  });

  const props = async (path: string, node = 0): Promise<Props> =>
    (JSON.parse((await fixture.ask(`GET ${path}`, {}, node)).body) as { readonly props: Props }).props;
  const set = (path: string, change: Props, node = 0) =>
    fixture.ask(`PUT ${path}`, { headers: JSON_TYPE, body: JSON.stringify({ props: change }) }, node);

  it("take effect on every node, in that bucket alone, and are given up again", async () => {
    assert.equal((await set("/buckets/b/props", { n_val: 1, allow_mult: false, r: 1, w: "one" })).status, 204);
    for (const node of [0, 1, 2]) {
      const now = await props("/buckets/b/props", node);
      assert.deepEqual([now.n_val, now.allow_mult, now.r, now.w, now.name], [1, false, 1, "one", "b"]);
      assert.equal((await props("/buckets/c/props", node)).n_val, 3);
    }
    await fixture.put("/buckets/b/keys/k", "one");
    await fixture.put("/buckets/b/keys/k", "two");
    assert.equal((await fixture.ask("GET /buckets/b/keys/k", {}, 1)).body, "two", "no siblings are kept");
    assert.equal((await fixture.ask("GET /buckets/b/keys/k?r=2", {}, 1)).status, 400, "of one copy");
    assert.equal((await fixture.ask("DELETE /buckets/b/props", {}, 2)).status, 204);
    for (const node of [0, 1, 2]) assert.equal((await props("/buckets/b/props", node)).n_val, 3);
  });

  it("on the oldest path as well, without a DELETE", async () => {
    assert.equal((await set("/riak/b", { n_val: 2 })).status, 204);
    assert.equal((await props("/riak/b")).n_val, 2);
    assert.equal((await props("/types/default/buckets/b/props")).n_val, 2);
  });

  it("of a type are those of its buckets, and a type is made by setting them", async () => {
    assert.equal((await set("/types/t/props", { n_val: 2, last_write_wins: true, allow_mult: false })).status, 204);
    const ofType = await props("/types/t/props", 1);
    assert.deepEqual([ofType.n_val, ofType.last_write_wins, ofType.name], [2, true, undefined]);
    assert.deepEqual((await props("/types/t/buckets/any/props", 2)).n_val, 2);
    assert.equal((await set("/types/t/buckets/b/props", { n_val: 1 }, 1)).status, 204);
    assert.equal((await props("/types/t/buckets/b/props")).n_val, 1);
    await fixture.put("/types/t/buckets/b/keys/k", "typed");
    assert.equal((await fixture.ask("GET /types/t/buckets/b/keys/k", {}, 2)).body, "typed");
    assert.equal((await fixture.ask("GET /buckets/b/keys/k")).status, 404, "another key");
  });

  it("that were read can be written back; what cannot be is refused with every reason", async () => {
    const read = await props("/buckets/b/props");
    const back = await set("/buckets/b/props", read);
    assert.equal(back.status, 204, back.body);
    const { status, body } = await set("/buckets/b/props", {
      ...read,
      n_val: 9,
      dvv_enabled: false,
      allow_mutl: true,
      precommit: [{ mod: "m", fun: "f" }],
      last_write_wins: true,
      name: "c",
      r: "some",
    });
    assert.equal(status, 400);
    for (const reason of [
      /dvv_enabled cannot be anything but true/,
      /allow_mutl is no property .* allow_mult is/,
      /precommit cannot/,
      /contradict/,
      /name cannot/,
      /r is neither/,
    ])
      assert.match(body, reason);
    const tooMany = await set("/buckets/b/props", { n_val: 9 });
    assert.deepEqual([tooMany.status, /n_val 9/.test(tooMany.body)], [400, true], tooMany.body);
    assert.equal((await props("/buckets/b/props")).n_val, 3, "nothing of it took effect");
  });
});

describe("lists over HTTP", () => {
  let fixture: HttpFixture;
  beforeEach(async () => (fixture = await HttpFixture.start({ nodes: 3 })));
  afterEach(async () => {
    await fixture.stop();
    assert.deepEqual(fixture.nodes.logged, []);
  });

  /** JSON objects one after the other without anything between them. */
  function objects(body: string): unknown[] {
    return JSON.parse(`[${Buffer.from(body, "latin1").toString("utf8").replaceAll("}{", "},{")}]`) as unknown[];
  }

  it("keys, whole and as a stream whose last object is empty", async () => {
    const keys = Array.from({ length: 520 }, (_, i) => `key${String(i).padStart(4, "0")}`);
    for (const key of keys) await fixture.put(`/buckets/b/keys/${key}`, "x");
    await fixture.put("/buckets/a/keys/other", "x");
    await fixture.put("/buckets/bb/keys/other", "x");
    for (const path of [
      "/buckets/b/keys?keys=true",
      "/types/default/buckets/b/keys?keys=true",
      "/riak/b?keys=true&props=false",
    ]) {
      const { status, headers, body } = await fixture.ask(`GET ${path}`, {}, 1);
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "application/json");
      assert.deepEqual(JSON.parse(body), { keys }, path);
    }
    const { headers, body } = await fixture.ask("GET /buckets/b/keys?keys=stream");
    assert.equal(headers["transfer-encoding"], "chunked");
    const streamed = objects(body) as { readonly keys: readonly string[] }[];
    assert.ok(streamed.length > 3, "in pages");
    assert.deepEqual(streamed[streamed.length - 1], { keys: [] });
    assert.deepEqual(
      streamed.flatMap((part) => part.keys),
      keys,
    );
    assert.equal((await fixture.ask("GET /buckets/b/keys")).body, "{}");
    assert.deepEqual(JSON.parse((await fixture.ask("GET /buckets/none/keys?keys=true")).body), { keys: [] });
  });

  it("the oldest path has properties with them", async () => {
    await fixture.put("/riak/b/k", "x");
    const both = JSON.parse((await fixture.ask("GET /riak/b?keys=true")).body) as {
      readonly props: Props;
      readonly keys: unknown;
    };
    assert.equal(both.props.name, "b");
    assert.deepEqual(both.keys, ["k"]);
    const streamed = objects((await fixture.ask("GET /riak/b?keys=stream")).body) as {
      readonly props?: Props;
      readonly keys?: unknown;
    }[];
    assert.equal(streamed[0].props!.name, "b");
    assert.deepEqual(streamed.slice(1), [{ keys: ["k"] }, { keys: [] }]);
    assert.deepEqual(objects((await fixture.ask("GET /riak/b?keys=stream&props=false")).body), [
      {},
      { keys: ["k"] },
      { keys: [] },
    ]);
    assert.equal((JSON.parse((await fixture.ask("GET /riak/b")).body) as { readonly props: Props }).props.name, "b");
  });

  it("buckets of a type that have keys, however many each has", async () => {
    const buckets = Array.from({ length: 40 }, (_, i) => `bucket${String(i).padStart(2, "0")}`);
    for (const bucket of buckets)
      for (let key = 0; key < (bucket === "bucket07" ? 150 : 1); key++)
        await fixture.put(`/buckets/${bucket}/keys/k${String(key)}`, "x");
    for (const path of ["/buckets?buckets=true", "/riak?buckets=true", "/types/default/buckets?buckets=true"])
      assert.deepEqual(JSON.parse((await fixture.ask(`GET ${path}`, {}, 2)).body), { buckets }, path);
    const streamed = objects((await fixture.ask("GET /buckets?buckets=stream")).body) as {
      readonly buckets: readonly string[];
    }[];
    assert.deepEqual(
      streamed.flatMap((part) => part.buckets),
      buckets,
    );
    assert.deepEqual(streamed[streamed.length - 1], { buckets: [] });
    assert.deepEqual(JSON.parse((await fixture.ask("GET /buckets")).body), { buckets: [] });
    assert.equal((await fixture.ask("PUT /types/t/props", { headers: JSON_TYPE, body: '{"props":{}}' })).status, 204);
    assert.deepEqual(JSON.parse((await fixture.ask("GET /types/t/buckets?buckets=true")).body), { buckets: [] });
    await fixture.put("/types/t/buckets/typed/keys/k", "x");
    assert.deepEqual(JSON.parse((await fixture.ask("GET /types/t/buckets?buckets=true")).body), { buckets: ["typed"] });
  });

  it("names that are no text are written as bytes, a character each; text is text", async () => {
    for (const key of ["%ff%00", "gr%C3%BCn", "a%22b%5c%0a"]) await fixture.put(`/buckets/b/keys/${key}`, "x");
    const { body } = await fixture.ask("GET /buckets/b/keys?keys=true");
    const { keys } = JSON.parse(Buffer.from(body, "latin1").toString("utf8")) as { readonly keys: readonly string[] };
    assert.deepEqual([...keys].sort(), ['a"b\\\n', "grün", "ÿ\u0000"].sort());
  });

  it("deleted keys are left out", async () => {
    await fixture.put("/buckets/b/keys/a", "x");
    await fixture.put("/buckets/b/keys/b", "x");
    await fixture.ask("DELETE /buckets/b/keys/a");
    assert.deepEqual(JSON.parse((await fixture.ask("GET /buckets/b/keys?keys=true")).body), { keys: ["b"] });
  });

  it("a stream that fails says so in its last object, a whole list by its status", async () => {
    await fixture.put("/buckets/b/keys/a", "x");
    fixture.nodes.silence(1);
    fixture.nodes.silence(2);
    const streamed = await fixture.ask("GET /buckets/b/keys?keys=stream&timeout=50");
    assert.equal(streamed.status, 200);
    assert.deepEqual(objects(streamed.body), [{ error: "timeout" }]);
    const whole = await fixture.ask("GET /buckets/b/keys?keys=true&timeout=50");
    assert.deepEqual([whole.status, whole.body], [503, "request timed out\n"]);
    const buckets = await fixture.ask("GET /buckets?buckets=true&timeout=50");
    assert.deepEqual([buckets.status, buckets.body], [503, "request timed out\n"]);
  });
});

describe("a client that reads a stream slowly", () => {
  it("slows the listing down, and ends it by leaving", async () => {
    const fixture = await HttpFixture.start();
    try {
      // Names long enough that a few hundred fill the socket's buffers.
      const tail = "n".repeat(1_500);
      const front = new FrontSession(fixture.nodes.options());
      const total = 12_000;
      for (let i = 0; i < total; i++)
        front.put(
          encodeAddress({ type: "default", bucket: "b", key: `${String(i).padStart(6, "0")}${tail}` }),
          "",
          { value: "", tombstone: false },
          1,
          undefined,
          () => undefined,
        );
      const before = fixture.nodes.node().count().coordinatedScans;
      const socket = connect(fixture.ports[0], "127.0.0.1");
      socket.write("GET /buckets/b/keys?keys=stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await new Promise((resolve) => socket.once("readable", resolve));
      // Nobody reads: other requests are answered meanwhile, many of them, and the listing comes to a stop well before its end.
      for (let i = 0; i < 200; i++) await fixture.ask("GET /ping");
      const scans = fixture.nodes.node().count().coordinatedScans - before;
      assert.ok(scans > 0 && scans < total / 256 / 2, `${String(scans)} pages without a reader`);
      socket.destroy();
      await until(() => fixture.fronts[0].counts().connections === 0);
      const left = fixture.nodes.node().count().coordinatedScans;
      await fixture.ask("GET /ping");
      assert.equal(fixture.nodes.node().count().coordinatedScans, left);
      front.close();
      assert.deepEqual(fixture.nodes.logged, []);
    } finally {
      await fixture.stop();
    }
  });
});

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error("it never came to that");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("statistics over HTTP", () => {
  let fixture: HttpFixture;
  beforeEach(async () => (fixture = await HttpFixture.start()));
  afterEach(() => fixture.stop());

  const stats = async (): Promise<Readonly<Record<string, string | number>>> =>
    JSON.parse((await fixture.ask("GET /stats")).body) as Readonly<Record<string, string | number>>;

  it("are undefined before there is anything, and count afterwards", async () => {
    const before = await stats();
    for (const name of [
      "node_get_fsm_time_mean",
      "node_get_fsm_time_100",
      "node_put_fsm_time_95",
      "node_get_fsm_siblings_99",
      "node_get_fsm_objsize_median",
    ])
      assert.equal(before[name], "undefined", name);
    assert.deepEqual(
      [before.node_gets, before.node_gets_total, before.vnode_puts, before.vnode_puts_total],
      [0, 0, 0, 0],
    );
    await fixture.put("/buckets/b/keys/k", "x".repeat(1_000));
    await fixture.put("/buckets/b/keys/k", "y".repeat(1_000));
    await fixture.ask("GET /buckets/b/keys/k");
    const after = await stats();
    assert.deepEqual([after.node_gets, after.node_gets_total, after.node_puts, after.node_puts_total], [1, 1, 2, 2]);
    assert.deepEqual([after.vnode_puts, after.vnode_puts_total], [2, 2]);
    assert.equal(after.node_get_fsm_siblings_100, 2);
    assert.ok(
      (after.node_get_fsm_objsize_mean as number) >= 2_000 && (after.node_get_fsm_objsize_mean as number) < 2_100,
    );
    assert.ok((after.node_put_fsm_time_mean as number) > 0);
    assert.deepEqual(
      [after.ring_members, after.ring_num_partitions, after.storage_backend],
      [["node-1"], 16, "memory"],
    );
    assert.equal(after.ring_ownership, "[{'node-1',16}]");
    assert.match(String(after.quorumlab_version), /^\d+\.\d+\.\d+$/);
  });

  it("are JSON, or text for people", async () => {
    const { headers, body } = await fixture.ask("GET /stats", { headers: { Accept: "text/plain" } });
    assert.equal(headers["content-type"], "text/plain");
    assert.match(body, /^\{\n {4}"vnode_gets": 0,\n/);
    assert.equal((await fixture.ask("GET /stats")).headers["content-type"], "application/json");
  });

  it("ping is OK, and / names what else there is", async () => {
    const ping = await fixture.ask("GET /ping");
    assert.deepEqual([ping.status, ping.body, ping.headers["content-type"]], [200, "OK", "text/html"]);
    const page = await fixture.ask("GET /");
    assert.equal(page.headers["content-type"], "text/html");
    const listed = JSON.parse(
      (await fixture.ask("GET /", { headers: { Accept: "application/json" } })).body,
    ) as Readonly<Record<string, string>>;
    for (const path of Object.values(listed))
      assert.equal((await fixture.ask(`GET ${path}`, { headers: TEXT })).status, 200, path);
  });
});
