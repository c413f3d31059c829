import { strict as assert } from "node:assert";
import type { BucketChange } from "../../engine/buckets/properties";
import { type AnswerMessage, type BucketAnswer, type RequestOptions, THE_CLIENT } from "../../engine/messages";
import { type Outcome } from "../../engine/vocabulary/outcomes";
import { address, get, inParallel, LiveCluster, needsCompiledNodes, put } from "./live-cluster";
import { until } from "./until";

const keysOf = (count: number): string[] => Array.from({ length: count }, (_, i) => address(`k${String(i)}`));

describe("the client library against processes", function () {
  this.timeout(60_000);

  before(function () {
    needsCompiledNodes(this);
  });

  it("token-aware reaches a replica directly; any goes round and is forwarded once", async () => {
    const live = await LiveCluster.start({ nodes: 5 });
    const totals = async (): Promise<{ forwarded: number; coordinated: number[] }> => {
      const counts = await live.cluster.counts();
      return {
        forwarded: counts.reduce((sum, count) => sum + count!.forwarded, 0),
        coordinated: counts.map((count) => count!.coordinated),
      };
    };
    try {
      const keys = keysOf(60);
      const aware = await live.client({ routing: "token-aware" });
      await inParallel(keys, 8, async (key) => {
        const written = await put(aware, key, live.writeId(), "v", { timeoutMs: 5_000 });
        assert.equal(written.outcome, "ok");
        const read = await get(aware, key, { timeoutMs: 5_000 });
        assert.equal(read.outcome, "ok");
        for (const { coordinator } of [written, read])
          assert.equal(coordinator, live.owners(key)[0], "the first replica");
      });
      assert.equal((await totals()).forwarded, 0);

      const any = await live.client({ routing: "any" });
      let expected = 0;
      for (const [at, key] of keys.entries()) {
        const { outcome, coordinator } = await get(any, key, { timeoutMs: 5_000 });
        assert.equal(outcome, "ok");
        assert.ok(live.owners(key).includes(coordinator), "a replica coordinates in the end");
        // Nodes are asked in turn, from the first.
        if (!live.owners(key).includes(at % 5)) expected++;
      }
      assert.ok(expected > 0);
      assert.equal((await totals()).forwarded, expected, "one hop for each key that the node asked does not hold");
      assert.ok((await totals()).coordinated.every((count) => count > 0));
    } finally {
      await live.end();
    }
  });

  it("client-driven asks the replicas itself: no node coordinates a read, and none forwards", async () => {
    const live = await LiveCluster.start({ nodes: 5 });
    try {
      const client = await live.client({ routing: "client-driven" });
      const keys = keysOf(60);
      await inParallel(keys, 8, async (key) => {
        const written = await put(client, key, live.writeId(), "v", { timeoutMs: 5_000 });
        assert.deepEqual([written.outcome, written.coordinator], ["ok", live.owners(key)[0]]);
        const read = await get(client, key, { timeoutMs: 5_000 });
        assert.deepEqual([read.outcome, read.coordinator, read.versions[0]?.value], ["ok", THE_CLIENT, "v"]);
      });
      const counts = await live.cluster.counts();
      for (const count of counts) assert.deepEqual([count!.coordinatedGets, count!.forwarded], [0, 0]);
      assert.equal(client.coordinated?.counts.coordinatedGets, keys.length);

      // One of them ends: its connections say so, and the others answer.
      const [key] = keys;
      const [first] = live.owners(key);
      await live.cluster.kill(first);
      await until("a read without the dead node", async () => (await get(client, key)).outcome === "ok");
      await live.restart(first);
      const before = (await live.cluster.counts())[first]!.replicaReads;
      await until("the node is asked again", async () => {
        await get(client, key);
        return (await live.cluster.counts())[first]!.replicaReads > before;
      });
    } finally {
      await live.end();
    }
  });

  it("client-driven makes events where the clock lets anybody, and passes no balancer", async () => {
    const balancer = { dist: "constant", valueMs: 40 } as const;
    const live = await LiveCluster.start({
      nodes: 3,
      engine: { clock: "lww", timestamps: "coordinator" },
      network: { balancer },
    });
    try {
      const [driven, any] = [
        await live.client({ routing: "client-driven", shaped: true }),
        await live.client({ routing: "any", shaped: true }),
      ];
      const key = address("a");
      const written = await put(driven, key, live.writeId(), "v");
      assert.deepEqual([written.outcome, written.coordinator], ["ok", THE_CLIENT]);
      const took = async (client: typeof any): Promise<number> => {
        const began = performance.now();
        assert.equal((await get(client, key)).versions[0]?.value, "v");
        return performance.now() - began;
      };
      // Timers are a millisecond coarse. A busy machine makes any of them longer, but not all of ten.
      const times = { driven: Infinity, any: Infinity };
      for (let i = 0; i < 10; i++) {
        times.driven = Math.min(times.driven, await took(driven));
        times.any = Math.min(times.any, await took(any));
      }
      assert.ok(times.any >= 78, `${String(times.any)} ms by way of the balancer`);
      assert.ok(times.driven < 40, `${String(times.driven)} ms without`);
    } finally {
      await live.end();
    }
  });

  it("calls a request connection_lost when its connection died after sending, not_sent when there was none", async () => {
    const live = await LiveCluster.start({
      nodes: 1,
      engine: { nVal: 1, writeTimeoutMs: 20_000, readTimeoutMs: 20_000 },
    });
    try {
      const client = await live.client();
      const key = address("k");
      assert.equal((await put(client, key, live.writeId(), "v")).outcome, "ok");
      // Paused, the node takes the bytes and answers nothing; then it dies with the request unanswered.
      live.cluster.pause(0);
      const unanswered = [put(client, key, live.writeId(), "w"), get(client, key)];
      assert.equal(client.outstanding(), 2);
      // One turn of the event loop: what was corked has gone to the socket.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await live.cluster.kill(0);
      for (const { outcome } of await Promise.all(unanswered)) assert.equal(outcome, "connection_lost");
      await until("the client sees that nobody is there", () => !client.connectedTo(0));
      const late: string[] = [];
      const refused = put(client, key, live.writeId(), "x");
      void refused.then(({ outcome }) => late.push(outcome));
      assert.deepEqual(late, [], "never within the caller's own call");
      assert.equal((await refused).outcome, "not_sent");
      assert.equal((await get(client, key)).outcome, "not_sent");
      await live.restart(0);
      await until("the client has found the node again", () => client.connectedTo(0));
      assert.equal((await put(client, key, live.writeId(), "y")).outcome, "ok");
    } finally {
      await live.end();
    }
  });

  it("passes options on, and keeps what is beside a value over a restart on disks", async () => {
    const live = await LiveCluster.start({ nodes: 5, storage: { kind: "lmdb", sync: "group" } });
    try {
      const client = await live.client();
      const key = address("described");
      const version = { writeId: live.writeId(), value: "v", tombstone: false, meta: "text/plain\u0000\u00ff" };
      const written = (options: RequestOptions): Promise<AnswerMessage> =>
        new Promise((resolve) => client.put(key, "", version, options, resolve));
      const whole = await written({ w: "all", dw: "all", returnBody: true, nodeConfirms: 3, timeoutMs: 5_000 });
      assert.deepEqual([whole.outcome, whole.versions], ["ok", [version]], whole.reason);
      const owners = live.owners(key);
      for (const owner of owners) await live.restart(owner);
      await until("a read of all three from their disks", async () => {
        const { outcome, versions } = await get(client, key, { r: "all", nodeConfirms: 3, sloppy: false });
        return outcome === "ok" && versions[0].meta === version.meta;
      });
      assert.equal((await get(client, key, { nVal: 4 })).outcome, "invalid");
      // Two of the three are gone, and known to be.
      for (const owner of owners.slice(1)) await live.cluster.kill(owner);
      await until("a refusal that says what was missed", async () => {
        const { outcome, shortfall } = await get(client, key, { r: 1, nodeConfirms: 2, explain: true });
        return outcome === "unavailable" && shortfall?.what === "node_confirms";
      });
      const { shortfall } = await get(client, key, { r: 1, pr: 3, explain: true });
      assert.deepEqual(shortfall, { what: "pr", got: 1, wanted: 3 });
    } finally {
      await live.end();
    }
  });

  it("asks one node, or any, for properties of a bucket, and has them changed", async () => {
    const live = await LiveCluster.start({ nodes: 3 });
    try {
      const client = await live.client();
      const bucket = (node: number | "any", verb: "get" | "set", change?: BucketChange): Promise<BucketAnswer> =>
        new Promise((resolve) => client.bucket(node, { verb, type: "default", bucket: "b", change }, resolve));
      const before = await bucket("any", "get");
      assert.deepEqual([before.outcome, before.properties?.nVal], ["ok", 3], before.reason);
      const set = await bucket(1, "set", { nVal: 2 });
      assert.deepEqual([set.outcome, set.coordinator, set.properties?.nVal], ["ok", 1, 2], set.reason);
      for (const node of [0, 2]) assert.equal((await bucket(node, "get")).properties?.nVal, 2);
      assert.equal((await bucket(1, "set", { nVal: 4 })).outcome, "invalid");
      await live.cluster.kill(2);
      await until("the connection is gone", () => !client.connectedTo(2));
      assert.equal((await bucket(2, "get")).outcome, "not_sent");
    } finally {
      await live.end();
    }
  });

  it("answers every request exactly once when a node is killed under load and when the client closes", async () => {
    const live = await LiveCluster.start({ engine: { writeTimeoutMs: 300, readTimeoutMs: 300 } });
    try {
      const client = await live.client({ connectionsPerNode: 2 });
      const answers: number[] = [];
      const outcomes = new Map<Outcome, number>();
      const issue = (): void => {
        const id = answers.push(0) - 1;
        const done = ({ outcome }: { outcome: Outcome }): void => {
          answers[id]++;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        };
        const key = address(`once-${String(id % 50)}`);
        if (id % 2 === 0) client.get(key, undefined, done);
        else client.put(key, "", { writeId: live.writeId(), value: "v", tombstone: false }, undefined, done);
      };
      let feeding = true;
      const feed = (): void => {
        while (feeding && client.outstanding() < 40) issue();
        if (feeding) setImmediate(feed);
      };
      feed();
      await until("load before the kill", () => (outcomes.get("ok") ?? 0) > 300);
      await live.cluster.kill(1);
      const atKill = outcomes.get("ok") ?? 0;
      await until("load after the kill", () => (outcomes.get("ok") ?? 0) > atKill + 300);
      await live.restart(1);
      await until("a connection to the new process", () => client.connectedTo(1));
      feeding = false;
      await until("every answer", () => client.outstanding() === 0);
      const before = answers.length;
      for (let i = 0; i < 20; i++) issue();
      client.close();
      assert.equal(client.outstanding(), 0);
      const closing = answers.slice(before);
      assert.equal(closing.length, 20);
      // Another turn, so that anything answered twice would show.
      await new Promise<void>((resolve) => setImmediate(resolve));
      assert.deepEqual(
        answers.flatMap((count, id) => (count === 1 ? [] : [`${String(id)}: ${String(count)}`])),
        [],
      );
      assert.ok((outcomes.get("connection_lost") ?? 0) >= 20, "what was under way at the close is indefinite");
    } finally {
      await live.end();
    }
  });
});
