/**
 * What every store of somebody else owes the driver, arm by arm: Redis itself, DynamoDB's interface by dynalite, and Cassandra's
 * protocol by a server that speaks enough of it. The same as of our own (one reply to each request, never within the call, by the
 * target's own deadline, byte for byte), and what is easily got wrong with somebody else's library in between: a request of which a
 * byte may have left is never told as not having happened, nothing is sent a second time, and a trial leaves no trace.
 */
import { strict as assert } from "node:assert";
import { DynamoDBClient, ListTablesCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { Redis } from "ioredis";
import { encodeAddress } from "../../engine/vocabulary/address";
import { certainty } from "../../engine/vocabulary/outcomes";
import { hostPort } from "../../engine/vocabulary/written-hosts";
import type { Reply, Request } from "../../workloads/operation";
import { type OtherStore, StoreFailed } from "../../workloads/targets/other-store";
import { OTHER_STORES, type StoreOptions } from "../../workloads/targets/stores";
import { until } from "../process/until";
import { FakeCassandra } from "../workloads/targets/fake-cassandra";
import { freePort, needsRedis, startDynalite, startRedis } from "../workloads/targets/store-servers";
import { WireBetween } from "../workloads/targets/wire-between";

const TIMEOUT_MS = 1_000;
const GRACE_MS = 100;
const RUN = "contract-1";

/** One store, started for the tests, and a look behind the target's back. */
interface Arm {
  readonly host: string;
  /** What the target sends for a put, as often as it sends it. */
  readonly putOnTheWire: string;
  /** A value that no write of the run made, under the run's own key. */
  plant(address: string, bytes: string): Promise<void>;
  /** Names of what is there that a trial made: tables, keyspaces, keys. */
  rooms(): Promise<readonly string[]>;
  /** Something of somebody else's, which has to stay. */
  readonly others: string;
  readonly stop: () => Promise<void>;
}

async function redisArm(): Promise<Arm> {
  const { host, stop } = await startRedis();
  const client = new Redis(hostPort(host));
  await client.set("somebody-elses", "thing");
  return {
    host,
    putOnTheWire: "\r\nset\r\n",
    plant: async (address, bytes) => {
      await client.set(Buffer.from(`quorumlab:${RUN}:${address}`, "latin1"), Buffer.from(bytes, "latin1"));
    },
    rooms: () => client.keys("*"),
    others: "somebody-elses",
    stop: async () => {
      client.disconnect();
      await stop();
    },
  };
}

async function dynamoArm(): Promise<Arm> {
  const { host, stop } = await startDynalite();
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new DynamoDBClient({ endpoint: `http://${host}`, region: "local", credentials });
  return {
    host,
    putOnTheWire: "DynamoDB_20120810.PutItem",
    plant: async (address, bytes) => {
      const Item = { k: { B: Buffer.from(address, "latin1") }, v: { B: Buffer.from(bytes, "latin1") } };
      await client.send(new PutItemCommand({ TableName: `quorumlab-${RUN}`, Item }));
    },
    rooms: async () => (await client.send(new ListTablesCommand({}))).TableNames ?? [],
    others: "",
    stop: async () => {
      client.destroy();
      await stop();
    },
  };
}

async function cassandraArm(): Promise<Arm> {
  const fake = await FakeCassandra.start();
  return {
    host: fake.host,
    // A prepared statement goes by its id, which ends so for inserts.
    putOnTheWire: "INSERT\x00",
    plant: (address, bytes) => {
      fake.put(Buffer.from(address, "latin1"), Buffer.from(bytes, "latin1"));
      return Promise.resolve();
    },
    rooms: () => Promise.resolve([...fake.keyspaces.keys()]),
    others: "",
    stop: () => fake.stop(),
  };
}

for (const { target, open } of [
  { target: "redis", open: redisArm },
  { target: "dynamodb", open: dynamoArm },
  { target: "cassandra", open: cassandraArm },
]) {
  describe(`a store of somebody else as a target: ${target}`, function () {
    this.timeout(60_000);
    let arm: Arm;
    let wire: WireBetween;
    let store: OtherStore;
    const all: Reply[][] = [];
    let writes = 0;
    const closers: (() => Promise<unknown>)[] = [];

    const optionsFor = (host: string): StoreOptions => ({
      hosts: [host],
      run: RUN,
      connections: 4,
      ...{ nVal: 1, r: "quorum", w: "quorum", pr: 0, pw: 0, dw: 0, notfoundOk: true, basicQuorum: false },
      ...{ readTimeoutMs: TIMEOUT_MS, writeTimeoutMs: TIMEOUT_MS, graceMs: GRACE_MS, clientTimestamps: false },
      ...{ siblings: "keep", bucketType: "default", bucket: "b", returnBody: true },
      log: () => undefined,
    });

    before(async function () {
      if (target === "redis") needsRedis(this);
      arm = await open();
      closers.push(() => arm.stop());
      wire = await WireBetween.to(arm.host);
      closers.push(() => wire.takeAway());
      store = await OTHER_STORES[target](optionsFor(wire.host));
      closers.push(() => store.close());
      await store.prepare();
    });
    after(async () => {
      for (const close of closers.reverse()) await close();
    });

    const submit = (request: Partial<Request> & Pick<Request, "kind">): Reply[] => {
      const replies: Reply[] = [];
      all.push(replies);
      const usual = { key: { type: "default", bucket: "b", key: "k" }, session: 0, value: "", writeId: 0, context: "" };
      store.submit({ ...usual, scanLength: 0, scanEnd: "", ...request }, (reply) => replies.push(reply));
      assert.deepEqual(replies, [], "never before submit returns");
      return replies;
    };
    const ask = async (request: Partial<Request> & Pick<Request, "kind">): Promise<Reply> => {
      const replies = submit(request);
      await until("the reply", () => replies.length > 0, 20_000);
      return replies[0];
    };
    const key = (text: string): Request["key"] => ({ type: "default", bucket: "b", key: text });
    const put = (text: string, value: string): Promise<Reply> =>
      ask({ kind: "put", key: key(text), value, writeId: ++writes });
    const get = (text: string): Promise<Reply> => ask({ kind: "get", key: key(text) });
    /** Libraries come back to a store in their own time. */
    const backAgain = (): Promise<unknown> => until("the store to answer again", async () => (await get("one")).outcome === "ok", 20_000); // prettier-ignore

    it("tells what it is", () => {
      const { product, version, settings } = store.identity;
      assert.match(product, { redis: /^redis$/i, dynamodb: /DynamoDB's interface/, cassandra: /^Cassandra$/ }[target]!);
      assert.match(version, { redis: /^\d+\.\d+/, dynamodb: /^not told$/, cassandra: /^4\.1\.3$/ }[target]!);
      assert.ok(Object.keys(settings).length > 0);
    });

    it("brings back what was written, with the id of its write", async () => {
      const written = await put("one", "milk");
      assert.equal(written.outcome, "ok", written.reason);
      const { outcome, versions, payloads, values } = await get("one");
      assert.deepEqual(
        { outcome, versions, payloads, values },
        { outcome: "ok", versions: [writes], payloads: ["milk"], values: 1 },
      );
    });

    it("says of an absent key that it found nothing, which is no failure", async () => {
      const { outcome, versions, payloads, values, context } = await get("nobody wrote this");
      assert.deepEqual(
        { outcome, versions, payloads, values, context },
        { outcome: "ok", versions: [], payloads: [], values: 0, context: "" },
      );
    });

    it("keeps every byte of keys and values, and keys apart by bucket and type", async () => {
      const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
      for (const [text, value] of [
        ["empty", ""],
        ["bytes", bytes],
        [bytes, "under a key of all bytes"],
        ["large", bytes.repeat(400)],
      ]) {
        assert.equal((await put(text, value)).outcome, "ok");
        assert.deepEqual((await get(text)).payloads, [value]);
      }
      const elsewhere = { type: "default", bucket: "c", key: "bytes" };
      assert.deepEqual((await ask({ kind: "get", key: elsewhere })).versions, []);
    });

    it("has no contexts and keeps one version, as it declares", async () => {
      const { contexts, siblings } = store.capabilities;
      assert.ok(!contexts && !siblings);
      await put("replaced", "a");
      await put("replaced", "b");
      const { versions, context, contextless } = await get("replaced");
      assert.deepEqual({ versions, context, contextless }, { versions: [writes], context: "", contextless: true });
    });

    it("deletes, and a read then finds nothing", async () => {
      await put("gone", "v");
      assert.equal((await ask({ kind: "delete", key: key("gone"), writeId: ++writes })).outcome, "ok");
      const { outcome, versions } = await get("gone");
      assert.deepEqual({ outcome, versions }, { outcome: "ok", versions: [] });
    });

    it("refuses scans for certain, as it declares", async () => {
      assert.ok(!store.capabilities.scans);
      const { outcome, reason } = await ask({ kind: "scan", scanLength: 5 });
      assert.equal(outcome, "unsupported");
      assert.ok(reason.length > 10);
    });

    it("takes a value that no write of the run made for what it is", async () => {
      for (const planted of ["nobody's", "", ":x", "1e:\u00ff".replace("1e", "01e")]) {
        if (planted === "" && target === "dynamodb") continue;
        await arm.plant(encodeAddress(key("planted")), planted);
        const { outcome, versions, reason } = await get("planted");
        assert.deepEqual({ outcome, versions }, { outcome: "invalid", versions: [] }, JSON.stringify(planted));
        assert.match(reason, /no write of this run/);
      }
    });

    it("answers each of many requests under way at once", async () => {
      const many = Array.from(
        { length: 300 },
        (_, i) =>
        submit({ kind: i % 2 === 0 ? "put" : "get", key: key(`many-${String(i)}`), session: i % 7, value: String(i), writeId: ++writes }), // prettier-ignore
      );
      await until("all replies", () => many.every((replies) => replies.length > 0), 20_000);
      // dynalite takes milliseconds a request, so that of three hundred at once some are late.
      const allowed = target === "dynamodb" ? ["ok", "timeout"] : ["ok"];
      for (const [reply] of many) assert.ok(allowed.includes(reply.outcome), `${reply.outcome} ${reply.reason}`);
    });

    it("answers indefinitely, by its own deadline, where the store says nothing", async () => {
      wire.state = "silent";
      const began = performance.now();
      const silent = [
        submit({ kind: "put", key: key("silent"), value: "v", writeId: ++writes }),
        submit({ kind: "get" }),
      ];
      await until("replies", () => silent.every((replies) => replies.length > 0));
      assert.ok(performance.now() - began < 10 * (TIMEOUT_MS + GRACE_MS));
      for (const [reply] of silent) assert.equal(certainty(reply.outcome), "indefinite", reply.reason);
      await wire.takeAway();
      await wire.listen();
      await backAgain();
    });

    it("says nothing certain of a write whose connection ended under it, and sends it once", async () => {
      wire.forget();
      wire.state = "cut";
      const { outcome, reason } = await put("cut", "arrived");
      assert.equal(certainty(outcome), "indefinite", reason);
      wire.state = "open";
      await backAgain();
      assert.equal(wire.count(arm.putOnTheWire), 1, "no library sent it again");
      assert.deepEqual((await get("cut")).versions, [writes], "it had happened");
    });

    it("says not_sent, definitely and not within the call, when nobody can be reached, and comes back", async () => {
      await wire.takeAway();
      await until("the client to notice", async () => (await get("one")).outcome === "not_sent");
      const { outcome } = await put("late", "v");
      assert.equal(outcome, "not_sent");
      await wire.listen();
      await backAgain();
      assert.deepEqual((await get("late")).versions, [], "it had not happened");
    });

    it("refuses to open where nobody listens, naming the address", async () => {
      const host = `127.0.0.1:${String(await freePort())}`;
      await assert.rejects(OTHER_STORES[target](optionsFor(host)), (error: unknown) => {
        assert.ok(error instanceof StoreFailed);
        assert.ok(error.message.includes(host) && error.message.includes("ECONNREFUSED"), error.message);
        return true;
      });
    });

    it("reads once more at the end, answers a ping, and leaves nothing of its own behind", async () => {
      await store.ping();
      const last = await new Promise<Reply>((resolve) => store.readLast(key("one"), resolve));
      assert.deepEqual(last.payloads, ["milk"]);
      assert.notDeepEqual(await arm.rooms(), arm.others === "" ? [] : [arm.others]);
      await store.dispose();
      assert.deepEqual(await arm.rooms(), arm.others === "" ? [] : [arm.others]);
    });

    it("has given one reply to each request in the end, and no more", () => {
      assert.ok(all.length > 300);
      for (const replies of all) assert.equal(replies.length, 1);
    });
  });
}
