/** Properties of buckets among real processes on LMDB: all know them, they mean what they say, and they outlive kills and the cluster. */
import { strict as assert } from "node:assert";
import type { BucketChange } from "../../engine/buckets/properties";
import type { BucketAnswer } from "../../engine/messages";
import type { Client } from "../../engine/real/client";
import { encodeAddress } from "../../engine/vocabulary/address";
import { inspectAll, LiveCluster, needsCompiledNodes, put } from "./live-cluster";
import { until } from "./until";

const about = { type: "default", bucket: "one" } as const;
const set = (client: Client, node: number, change: BucketChange): Promise<BucketAnswer> =>
  new Promise((resolve) => client.bucket(node, { verb: "set", ...about, change }, resolve));
const get = (client: Client, node: number): Promise<BucketAnswer> =>
  new Promise((resolve) => client.bucket(node, { verb: "get", ...about, change: undefined }, resolve));

describe("properties of buckets among processes", function () {
  this.timeout(60_000);
  let live: LiveCluster;

  before(function () {
    needsCompiledNodes(this);
  });

  afterEach(() => live.end());

  it("are known to all, tell how many copies there are, and outlive a killed node and the whole cluster", async () => {
    const options = {
      storage: { kind: "lmdb", sync: "group" },
      engine: { aae: { intervalMs: 50, depth: 2, fanout: 4, hash: "clock", repair: "gets", concurrency: 4 } },
    } as const;
    live = await LiveCluster.start(options);
    let client = await live.client();
    const answer = await set(client, 0, { nVal: 1, w: "all" });
    assert.deepEqual([answer.outcome, answer.reason, answer.properties?.nVal], ["ok", "", 1]);
    for (const node of [0, 1, 2]) assert.equal((await get(client, node)).properties?.nVal, 1);
    const keys = (bucket: string): readonly string[] =>
      Array.from({ length: 20 }, (_, i) => encodeAddress({ type: "default", bucket, key: `k${String(i)}` }));
    for (const key of [...keys("one"), ...keys("usual")])
      assert.equal((await put(client, key, live.writeId(), "v", { w: "all" })).outcome, "ok");
    const copies = async (bucket: string): Promise<readonly number[]> => {
      const held = await inspectAll(client, 3, keys(bucket));
      return keys(bucket).map((_, i) => held.filter((of) => of[i] !== undefined).length);
    };
    const asSaid = async (): Promise<void> => {
      assert.deepEqual(new Set(await copies("one")), new Set([1]));
      assert.deepEqual(new Set(await copies("usual")), new Set([3]));
    };
    await asSaid();

    await live.restart(1);
    const known = (node: number, nVal: number) => (): Promise<true | undefined> =>
      get(client, node).then(({ properties }) => (properties?.nVal === nVal ? true : undefined));
    await until("the killed node knows it still", known(1, 1));
    await asSaid();

    const { directory } = live;
    await live.stop();
    live = await LiveCluster.start({ ...options, directory });
    client = await live.client();
    for (const node of [0, 1, 2]) assert.equal((await get(client, node)).properties?.w, "all");
    await asSaid();
    // What was said before the restart is older than what is said after it, whoever says it.
    assert.equal((await set(client, 2, { nVal: 2 })).outcome, "ok");
    for (const node of [0, 1, 2]) await until("all know the later word", known(node, 2));
    await until("anti-entropy brings the second copies", async () =>
      (await copies("one")).every((count) => count === 2) ? true : undefined,
    );
  });
});
