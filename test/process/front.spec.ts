/**
 * A cluster of ours through an unmodified HTTP client for Riak from npm (`nodiak`, of 2013): siblings and their resolution,
 * conditional puts, deletes, listings, bucket properties. One part of it does not run on a Node.js of today, the agent of
 * another package that keeps its connections; the one of node:http stands in for it.
 */
import { strict as assert } from "node:assert";
import { Agent } from "node:http";
import { createServer } from "node:net";
import { NodeDidNotStart } from "../../engine/real/cluster";
import { LiveCluster, needsCompiledNodes } from "./live-cluster";
import { until } from "./until";

type Callback<T> = (error: RiakError | null, result: T) => void;

interface RiakError extends Error {
  readonly status_code?: number;
}

interface Metadata {
  vclock?: string;
  etag?: string;
  content_type?: string;
  [header: string]: unknown;
}

interface RObject {
  key: string | null;
  data: unknown;
  metadata: Metadata;
  siblings?: readonly RObject[];
  save(done: Callback<RObject>): void;
  delete(done: Callback<unknown>): void;
}

interface Bucket {
  props: Record<string, unknown>;
  getSiblingsSync: boolean;
  readonly objects: {
    new: (key: string | null, data?: unknown, metadata?: Metadata) => RObject;
    get: ((key: string, options: object, resolver: (all: RObject[]) => RObject, done: Callback<RObject>) => void) &
      ((key: string, options: object, done: Callback<RObject>) => void);
    exists(key: string, done: Callback<boolean>): void;
    all(done: Callback<readonly RObject[]>): void;
  };
  getProps(done: Callback<Record<string, unknown>>): void;
  saveProps(merge: boolean, done: Callback<Bucket>): void;
}

interface RiakClient {
  ping(done: Callback<string>): void;
  stats(done: Callback<Record<string, unknown>>): void;
  bucket(name: string): Bucket;
  readonly _bucket: {
    list(done: Callback<readonly string[]>): void;
    keys(bucket: string, options: object, done: Callback<readonly string[]>): void;
  };
}

function nodiak(port: number): RiakClient {
  const backend = require("nodiak/lib/backends/http") as { prototype: { agent: typeof Agent } };
  backend.prototype.agent = Agent;
  const library = require("nodiak") as {
    getClient(backend: string, host: string, port: number, defaults: object): RiakClient;
  };
  return library.getClient("http", "127.0.0.1", port, { retry: { maxAttempts: 0 } });
}

function told<T>(act: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    act((error, result) => (error === null || error === undefined ? resolve(result) : reject(error)));
  });
}

async function statusOf(act: (done: Callback<unknown>) => void): Promise<number | undefined> {
  return told(act).then(
    () => undefined,
    (error: RiakError) => error.status_code,
  );
}

describe("Riak's clients over HTTP: nodiak against three nodes", function () {
  this.timeout(40_000);
  let live: LiveCluster;
  let clients: readonly RiakClient[] = [];
  before(async function () {
    needsCompiledNodes(this);
    live = await LiveCluster.start({ nodes: 3, front: { http: "free" } });
    clients = live.cluster.fronts().map(({ http }) => nodiak(http));
  });
  after(() => live?.end());
  afterEach(() => assert.deepEqual(live.deaths, []));

  const store = (at: number, bucket: string, key: string, data: unknown, metadata: Metadata = {}): Promise<RObject> =>
    told((done) => clients[at].bucket(bucket).objects.new(key, data, metadata).save(done));
  const read = (at: number, bucket: string, key: string, options: object = {}): Promise<RObject> =>
    told((done) => clients[at].bucket(bucket).objects.get(key, options, done));
  const readStatus = (at: number, bucket: string, key: string, options: object = {}): Promise<number | undefined> =>
    statusOf((done) => clients[at].bucket(bucket).objects.get(key, options, done as Callback<RObject>));

  it("ping, stats, and objects with their types and metadata through any node", async () => {
    for (const client of clients) assert.equal(await told((done) => client.ping(done)), "OK");
    await store(0, "people", "ada", { born: 1815 }, { meta: { owner: "charles" } });
    const ada = await read(2, "people", "ada");
    assert.deepEqual(ada.data, { born: 1815 });
    assert.deepEqual(ada.metadata.meta, { owner: "charles" });
    assert.equal(ada.metadata.content_type, "application/json");
    await store(1, "people", "note", "plain words", { content_type: "text/plain" });
    assert.equal((await read(0, "people", "note")).data, "plain words");
    const stats = await told<Record<string, unknown>>((done) => clients[0].stats(done));
    assert(Number(stats.node_puts_total) > 0, JSON.stringify(stats).slice(0, 200));
  });

  for (const atOnce of [false, true]) {
    it(`siblings, fetched ${atOnce ? "as one multipart body" : "by their tags"}, and their resolution`, async () => {
      const key = `cart-${String(atOnce)}`;
      await Promise.all([store(0, "carts", key, ["milk"]), store(1, "carts", key, ["bread"])]);
      const bucket = clients[2].bucket("carts");
      bucket.getSiblingsSync = atOnce;
      const merged = await told<RObject>((done) =>
        bucket.objects.get(
          key,
          {},
          (all) => {
            const [first] = all;
            first.data = all
              .flatMap(
                ({ data }) =>
                  (Buffer.isBuffer(data)
                    ? JSON.parse(data.toString())
                    : typeof data === "string"
                      ? JSON.parse(data)
                      : data) as string[],
              )
              .sort();
            return first;
          },
          done,
        ),
      );
      assert.equal(merged.siblings?.length, 2);
      assert.deepEqual(merged.data, ["bread", "milk"]);
      // As the clock of any sibling is that of them all.
      const vclock = merged.metadata.vclock ?? (await vclockOf(live.cluster.fronts()[2].http, "carts", key));
      await store(2, "carts", key, merged.data, { vclock });
      for (const at of [0, 1, 2]) {
        const one = await read(at, "carts", key);
        assert.equal(one.siblings, undefined);
        assert.deepEqual(one.data, ["bread", "milk"]);
      }
    });
  }

  it("conditional puts: only if absent, only if it is what was read", async () => {
    const put = (data: unknown, metadata: Metadata): Promise<number | undefined> =>
      statusOf((done) => clients[0].bucket("locks").objects.new("l", data, metadata).save(done));
    assert.equal(await put(1, { "if-none-match": "*" }), undefined);
    assert.equal(await put(2, { "if-none-match": "*" }), 412);
    const first = await read(1, "locks", "l");
    assert.equal(first.data, 1);
    const { etag, vclock } = first.metadata;
    assert.equal(await put(3, { "if-match": '"another"', vclock }), 412);
    assert.equal(await put(3, { "if-match": etag, vclock }), undefined);
    assert.equal(await put(4, { "if-match": etag, vclock }), 412, "it is not what was read any more");
    assert.equal(await put(5, { "x-riak-if-not-modified": vclock, vclock }), 409);
    const now = (await read(2, "locks", "l")).metadata.vclock;
    assert.equal(await put(6, { "x-riak-if-not-modified": now, vclock: now }), undefined);
    assert.equal((await read(2, "locks", "l")).data, 6);
  });

  it("deletes: gone from every node, missing ones are no error of the client, and a key may come again", async () => {
    await store(0, "gone", "k", "v", { content_type: "text/plain" });
    const exists = (at: number): Promise<boolean> =>
      told((done) => clients[at].bucket("gone").objects.exists("k", done));
    assert.equal(await exists(1), true);
    await told((done) => clients[1].bucket("gone").objects.new("k").delete(done));
    for (const at of [0, 1, 2]) {
      assert.equal(await readStatus(at, "gone", "k"), 404);
      assert.equal(await exists(at), false);
    }
    // The client takes a 404 for done.
    await told((done) => clients[2].bucket("gone").objects.new("k").delete(done));
    await store(2, "gone", "k", "again", { content_type: "text/plain" });
    assert.equal((await read(0, "gone", "k")).data, "again");
  });

  it("lists keys, by stream as well, and buckets; a key that the server chose among them", async () => {
    const names = Array.from({ length: 60 }, (_, i) => `key ${String(i)}/ü`);
    await Promise.all(names.map((name, i) => store(i % 3, "listed", name, i)));
    const chosen = await told<RObject>((done) => clients[1].bucket("listed").objects.new(null, "x").save(done));
    assert.match(chosen.key ?? "", /^[0-9A-Za-z]{20,}$/);
    const wanted = [...names, chosen.key].sort();
    for (const at of [0, 2]) {
      const keys = await told<readonly string[]>((done) => clients[at]._bucket.keys("listed", {}, done));
      assert.deepEqual([...keys].sort(), wanted);
    }
    const all = await told<readonly RObject[]>((done) => clients[0].bucket("listed").objects.all(done));
    assert.equal(all.length, wanted.length);
    const buckets = await told<readonly string[]>((done) => clients[2]._bucket.list(done));
    assert(
      ["people", "carts", "locks", "listed"].every((name) => buckets.includes(name)),
      buckets.join(),
    );
  });

  it("bucket properties: written by one node, read by another, and in effect", async () => {
    const bucket = clients[0].bucket("narrow");
    bucket.props = { n_val: 2, allow_mult: false };
    // It reads all of them and writes them back with the changes.
    await told((done) => bucket.saveProps(true, done));
    const props = await told<Record<string, unknown>>((done) => clients[2].bucket("narrow").getProps(done));
    assert.deepEqual([props.n_val, props.allow_mult, props.name], [2, false, "narrow"]);
    const others = await told<Record<string, unknown>>((done) => clients[2].bucket("wide").getProps(done));
    assert.deepEqual([others.n_val, others.allow_mult], [3, true]);
    await store(0, "narrow", "k", 1);
    await store(1, "narrow", "k", 2);
    for (const at of [0, 1, 2]) assert.equal((await read(at, "narrow", "k")).data, 2, "no siblings: the newest");
    assert.equal(await readStatus(1, "narrow", "k", { r: 3 }), 400, "more replicas than the bucket has");
    assert.equal(await readStatus(1, "narrow", "k", { r: 2 }), undefined);
  });

  it("a node that was killed serves under the same port again", async () => {
    const before = live.cluster.fronts();
    await store(0, "kept", "k", "v", { content_type: "text/plain" });
    await live.restart(1);
    assert.deepEqual(live.cluster.fronts(), before);
    assert.equal((await read(1, "kept", "k")).data, "v");
  });
});

async function vclockOf(port: number, bucket: string, key: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/buckets/${bucket}/keys/${key}`);
  await response.arrayBuffer();
  const vclock = response.headers.get("x-riak-vclock");
  assert(vclock !== null);
  return vclock;
}

describe("Riak's clients over HTTP: what a conditional put does not promise", function () {
  this.timeout(40_000);
  before(function () {
    needsCompiledNodes(this);
  });

  it("two clients may both find a key absent; then both have written, and neither is lost", async () => {
    // The condition is a read of its own before the write; with a distance between nodes it is easily overtaken.
    const live = await LiveCluster.start({
      nodes: 3,
      network: { intraZone: { dist: "constant", valueMs: 4 } },
      front: { http: "free" },
    });
    try {
      const [a, b, c] = live.cluster.fronts().map(({ http }) => nodiak(http));
      const race = async (client: RiakClient, key: string, value: string): Promise<"written" | "refused"> => {
        const metadata = { "if-none-match": "*", content_type: "text/plain" };
        const status = await statusOf((done) => client.bucket("race").objects.new(key, value, metadata).save(done));
        assert(status === undefined || status === 412, `an answer of ${String(status)}`);
        return status === undefined ? "written" : "refused";
      };
      let both = 0;
      let round = 0;
      await until(
        "both of two clients pass",
        async () => {
          const key = `k${String(++round)}`;
          const outcomes = await Promise.all([race(a, key, "of a"), race(b, key, "of b")]);
          const written = ["of a", "of b"].filter((_, i) => outcomes[i] === "written");
          assert(written.length > 0, "an absent key can be written by somebody");
          const seen: string[] = [];
          const read = await told<RObject>((done) =>
            c.bucket("race").objects.get(
              key,
              {},
              (all) => {
                seen.push(...all.map(({ data }) => String(data)));
                return all[0];
              },
              done,
            ),
          );
          if (seen.length === 0) seen.push(String(read.data));
          assert.deepEqual(seen.sort(), written, "what was acknowledged is there, as siblings where both were");
          if (written.length === 2) both++;
          assert.equal(await race(a, key, "late"), "refused", "once it is there, both know");
          return both >= 3;
        },
        30_000,
      );
    } finally {
      await live.end();
    }
  });
});

describe("ports of front ends", function () {
  this.timeout(40_000);
  before(function () {
    needsCompiledNodes(this);
  });

  it("one in use fails the start, and says which and for what", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => {
        const address = other.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    try {
      await assert.rejects(LiveCluster.start({ nodes: 1, front: { http: [port] } }), (error: Error) => {
        assert(error instanceof NodeDidNotStart);
        assert.equal(
          error.message,
          `node-1 did not start: port ${String(port)} on 127.0.0.1, for HTTP, is in use by another process`,
        );
        return true;
      });
    } finally {
      other.close();
    }
  });
});
