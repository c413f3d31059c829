/**
 * What every target owes the driver, on both arms of the engine and over HTTP, as a cluster of ours and as anybody's Riak: one reply to each request, never within the call, and by
 * the target's own deadline even where the store says nothing; what was written comes back byte for byte with its write
 * ids; what a target declares itself capable of it does, and what not it refuses definitely. A driver that trusted more
 * than this would measure the two worlds differently.
 */
import { strict as assert } from "node:assert";
import { certainty } from "../../engine/vocabulary/outcomes";
import { SimulatedCluster } from "../../engine/sim/cluster";
import type { Reply, Request } from "../../workloads/operation";
import { EngineTarget } from "../../workloads/targets/engine";
import { EngineHttpTarget } from "../../workloads/targets/engine-http";
import { RiakTarget } from "../../workloads/targets/riak";
import { SimulatedTarget } from "../../workloads/targets/simulated";
import type { Target } from "../../workloads/targets/target";
import { members, settings } from "../engine/sim/settings";
import { LiveCluster, needsCompiledNodes } from "../process/live-cluster";
import { until } from "../process/until";

const NODES = 3;
const TIMEOUT_MS = 1_000;
const GRACE_MS = 300;

interface Arm {
  readonly target: Target;
  /** Lets the world go on until `condition`. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Every node stands still; connections stay open. */
  silence(): void;
  speak(): void;
  /** Answers say which node coordinated. */
  readonly saysWho: boolean;
  /** Every node is gone, and the client has noticed. */
  destroy(): Promise<void>;
  end(): Promise<void>;
}

async function onProcesses(): Promise<Arm> {
  const live = await LiveCluster.start({
    nodes: NODES,
    engine: { readTimeoutMs: TIMEOUT_MS, writeTimeoutMs: TIMEOUT_MS },
  });
  const client = await live.client({ graceMs: GRACE_MS });
  const nodes = Array.from({ length: NODES }, (_, i) => i);
  const target = new EngineTarget(client);
  return {
    target,
    saysWho: true,
    ...waitsAndHurts(live),
    destroy: async () => {
      for (const node of nodes) await live.cluster.kill(node);
      await until("the client to notice", () => nodes.every((node) => !client.connectedTo(node)));
    },
    end: async () => {
      await target.close();
      await live.end();
    },
  };
}

function waitsAndHurts({ cluster }: LiveCluster): Pick<Arm, "until" | "silence" | "speak"> {
  const nodes = Array.from({ length: NODES }, (_, i) => i);
  return {
    until: async (what, condition) => {
      await until(what, condition, 20_000);
    },
    silence: () => nodes.forEach((node) => cluster.pause(node)),
    speak: () => nodes.forEach((node) => cluster.resume(node)),
  };
}

const served = (): Promise<LiveCluster> =>
  LiveCluster.start({
    nodes: NODES,
    engine: { readTimeoutMs: TIMEOUT_MS, writeTimeoutMs: TIMEOUT_MS },
    front: { http: "free" },
  });

function overHttp(live: LiveCluster, target: Target): Arm {
  return {
    target,
    saysWho: false,
    ...waitsAndHurts(live),
    destroy: async () => {
      for (let node = 0; node < NODES; node++) await live.cluster.kill(node);
      await until("the client to notice", async () => {
        const usual = { session: 0, value: "", writeId: 0, context: "", scanLength: 0, scanEnd: "" };
        const key = { type: "default", bucket: "b", key: "k" };
        const { outcome } = await new Promise<Reply>((resolve) =>
          target.submit({ kind: "get", key, ...usual }, resolve),
        );
        return outcome === "not_sent";
      });
    },
    end: async () => {
      await target.close();
      await live.end();
    },
  };
}

/** Our own driver for our own cluster. */
async function overOurHttp(): Promise<Arm> {
  const live = await served();
  const target = await EngineHttpTarget.open({
    cluster: live.settings,
    fronts: live.cluster.fronts().map(({ http }) => ({ host: "127.0.0.1", port: http })),
    ring: live.ring,
    routing: "any",
    shaped: false,
    graceMs: GRACE_MS,
    returnBody: true,
  });
  return overHttp(live, target);
}

/** The same cluster as a Riak of which nothing is known but where it is. */
async function asAnyRiak(): Promise<Arm> {
  const live = await served();
  const target = await RiakTarget.open({
    hosts: live.cluster.fronts().map(({ http }) => `127.0.0.1:${String(http)}`),
    run: "contract",
    connections: 100,
    ...{ nVal: 3, r: "quorum", w: "quorum", pr: 0, pw: 0, dw: "quorum", notfoundOk: true, basicQuorum: false },
    ...{ siblings: "keep", returnBody: true, bucketType: "default", bucket: "b" },
    ...{ readTimeoutMs: TIMEOUT_MS, writeTimeoutMs: TIMEOUT_MS, graceMs: GRACE_MS, clientTimestamps: false },
    log: (line) => live.logs.push(line),
  });
  await target.prepare();
  // What it wrote cannot be taken away any more: its nodes are gone by then.
  return overHttp(live, target);
}

function inVirtualTime(): Promise<Arm> {
  const detector = { name: "timeout", heartbeatIntervalMs: 100, timeoutMs: 1_000 };
  const cluster = new SimulatedCluster({
    cluster: settings({
      members: members(NODES),
      engine: { readTimeoutMs: TIMEOUT_MS, writeTimeoutMs: TIMEOUT_MS, detector },
    }),
  });
  cluster.run(cluster.ready);
  const client = cluster.client({ routing: "any", graceMs: GRACE_MS });
  const target = new SimulatedTarget(client);
  const each = (act: (node: number) => void): void => cluster.machines.forEach((_, node) => act(node));
  const goOn = (what: string, condition: () => boolean): Promise<void> => {
    const end = cluster.now() + 20_000_000;
    while (!condition()) {
      assert.ok(cluster.now() < end, `not within 20 s: ${what}`);
      // Where nothing is left to happen, time goes on all the same.
      cluster.at(cluster.now() + 1_000, () => undefined);
      cluster.run(cluster.now() + 1_000);
    }
    return Promise.resolve();
  };
  return Promise.resolve({
    target,
    saysWho: true,
    until: goOn,
    silence: () => each((node) => cluster.pause(node)),
    speak: () => each((node) => cluster.resume(node)),
    destroy: async () => {
      each((node) => cluster.kill(node));
      const then = cluster.now();
      await goOn("the client to notice", () => cluster.now() > then + 100_000);
    },
    end: () => target.close(),
  });
}

/** One request and every reply to it. */
interface Asked {
  readonly replies: Reply[];
}

for (const { name, open, real } of [
  { name: "the engine as a target: processes", open: onProcesses, real: true },
  { name: "the engine as a target: virtual time", open: inVirtualTime, real: false },
  { name: "the engine as a target: processes, over HTTP", open: overOurHttp, real: true },
  { name: "any Riak as a target", open: asAnyRiak, real: true },
]) {
  describe(name, function () {
    this.timeout(60_000);
    let arm: Arm;
    const all: Asked[] = [];
    let writes = 0;

    before(async function () {
      if (real) needsCompiledNodes(this);
      arm = await open();
    });
    after(async () => {
      // Undefined where the suite was skipped, or could not begin.
      if ((arm as Arm | undefined) !== undefined) await arm.end();
    });

    const submit = (request: Partial<Request> & Pick<Request, "kind">): Asked => {
      const asked: Asked = { replies: [] };
      all.push(asked);
      const usual = { key: { type: "default", bucket: "b", key: "k" }, session: 0, value: "", writeId: 0, context: "" };
      arm.target.submit({ ...usual, scanLength: 0, scanEnd: "", ...request }, (reply) => asked.replies.push(reply));
      assert.deepEqual(asked.replies, [], "never before submit returns");
      return asked;
    };
    const ask = async (request: Partial<Request> & Pick<Request, "kind">): Promise<Reply> => {
      const { replies } = submit(request);
      await arm.until("the reply", () => replies.length > 0);
      return replies[0];
    };
    const key = (text: string): Request["key"] => ({ type: "default", bucket: "b", key: text });
    const put = (text: string, value: string, context = ""): Promise<Reply> =>
      ask({ kind: "put", key: key(text), value, writeId: ++writes, context });
    const get = (text: string): Promise<Reply> => ask({ kind: "get", key: key(text) });

    it("brings back what was written, with the id of its write", async () => {
      const written = await put("one", "milk");
      assert.equal(written.outcome, "ok", written.reason);
      const { outcome, versions, payloads, values, coordinator } = await get("one");
      assert.deepEqual(
        { outcome, versions, payloads, values },
        { outcome: "ok", versions: [writes], payloads: ["milk"], values: 1 },
      );
      assert.ok(arm.saysWho ? coordinator >= 0 && coordinator < NODES : coordinator === -1);
    });

    it("says of an absent key that it found nothing, which is no failure", async () => {
      const { outcome, versions, payloads, values, context } = await get("nobody wrote this");
      assert.deepEqual(
        { outcome, versions, payloads, values, context },
        { outcome: "ok", versions: [], payloads: [], values: 0, context: "" },
      );
    });

    it("keeps every byte of keys and values", async () => {
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
    });

    it("carries contexts round, and keeps siblings apart, as it declares", async () => {
      const { capabilities } = arm.target;
      assert.ok(capabilities.contexts && capabilities.siblings);
      await put("siblings", "a");
      const first = writes;
      const read = await get("siblings");
      assert.notEqual(read.context, "");
      await put("siblings", "b", read.context);
      assert.deepEqual((await get("siblings")).versions, [writes], "what was read is replaced");
      // With the old context again: what was written since was not seen, and stays.
      await put("siblings", "c", read.context);
      const { versions, payloads, values } = await get("siblings");
      assert.deepEqual([...versions].sort(), [first + 1, first + 2]);
      assert.deepEqual([...payloads].sort(), ["b", "c"]);
      assert.equal(values, 2);
    });

    it("deletes by writing a tombstone, which counts as a version, where it can be told, and not as a value", async () => {
      await put("gone", "v");
      const { context } = await get("gone");
      const id = ++writes;
      assert.equal((await ask({ kind: "delete", key: key("gone"), writeId: id, context })).outcome, "ok");
      const { versions, values } = await get("gone");
      const told = arm.target.capabilities.deletes ? [id] : [];
      assert.deepEqual({ versions, values }, { versions: told, values: 0 });
    });

    it("scans a bucket's keys in order, page by page, with what each page's keys hold; or says that it does not scan", async () => {
      if (!arm.target.capabilities.scans) {
        const { outcome, reason } = await ask({ kind: "scan", scanLength: 5 });
        assert.equal(outcome, "unsupported");
        assert.notEqual(reason, "");
        return;
      }
      const bucket = (text: string): Request["key"] => ({ type: "default", bucket: "scanned", key: text });
      const store = (text: string, value: string): Promise<Reply> =>
        ask({ kind: "put", key: bucket(text), value, writeId: ++writes });
      const first = writes + 1;
      for (let i = 0; i < 25; i++) assert.equal((await store(`p${String(i).padStart(2, "0")}`, `v${String(i)}`)).outcome, "ok"); // prettier-ignore
      await store("p07", "sibling");
      const { context } = await ask({ kind: "get", key: bucket("p09") });
      await ask({ kind: "delete", key: bucket("p09"), writeId: ++writes, context });
      const scan = (start: string, scanEnd: string, scanLength: number): Promise<Reply> =>
        ask({ kind: "scan", key: bucket(start), scanEnd, scanLength });
      const page = await scan("p05", "p20", 5);
      assert.deepEqual([page.outcome, page.values, page.context, page.versions, page.next], ["ok", 5, "", [], "p11"]);
      const [five, six, seven, eight, ten] = page.records!;
      assert.deepEqual(five, { key: "p05", versions: [first + 5], payloads: ["v5"] });
      assert.deepEqual([six.key, seven.key, eight.key, ten.key], ["p06", "p07", "p08", "p10"]);
      assert.deepEqual([...seven.payloads].sort(), ["sibling", "v7"]);
      const rest = await scan(page.next!, "p20", 100);
      assert.deepEqual(rest.records!.map(({ key: name }) => name), Array.from({ length: 9 }, (_, i) => `p${String(i + 11)}`)); // prettier-ignore
      assert.ok(!("next" in rest), "the range is over");
      for (const [start, end] of [
        ["q", ""],
        ["p20", "p05"],
        ["p091", "p099"],
      ]) {
        const nothing = await scan(start, end, 10);
        assert.deepEqual([nothing.outcome, nothing.values, nothing.records, nothing.next], ["ok", 0, [], undefined]);
      }
      assert.equal((await scan("p", "", 0)).outcome, "invalid");
    });

    it("answers each of many requests under way at once", async () => {
      const many = Array.from({ length: 300 }, (_, i) =>
        submit({ kind: "put", key: key(`many-${String(i)}`), session: i % 7, value: String(i), writeId: ++writes }),
      );
      await arm.until("all replies", () => many.every(({ replies }) => replies.length > 0));
      for (const { replies } of many) assert.equal(replies[0].outcome, "ok", replies[0].reason);
    });

    it("answers indefinitely, by its own deadline, where the store says nothing; what was asked may have happened", async () => {
      arm.silence();
      const writeId = ++writes;
      const silent = [submit({ kind: "put", key: key("silent"), value: "v", writeId }), submit({ kind: "get" })];
      if (arm.target.capabilities.scans) silent.push(submit({ kind: "scan", scanLength: 5 }));
      await arm.until("replies", () => silent.every(({ replies }) => replies.length > 0));
      for (const { replies } of silent) assert.equal(certainty(replies[0].outcome), "indefinite");
      arm.speak();
      let seen = await get("silent");
      // The nodes may still be working off what waited, or suspect each other.
      for (let i = 0; i < 200 && seen.outcome !== "ok"; i++) seen = await get("silent");
      assert.equal(seen.outcome, "ok", seen.reason);
    });

    it("says not_sent, definitely and not within the call, when nobody can be reached", async () => {
      await arm.destroy();
      const replies = [await ask({ kind: "get" }), await put("late", "v")];
      if (arm.target.capabilities.scans) replies.push(await ask({ kind: "scan", scanLength: 5 }));
      for (const { outcome } of replies) assert.equal(outcome, "not_sent");
    });

    it("has given one reply to each request in the end, and no more", () => {
      assert.ok(all.length > 300);
      for (const { replies } of all) assert.equal(replies.length, 1);
    });
  });
}
