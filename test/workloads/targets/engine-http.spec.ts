/**
 * Our own cluster over HTTP: what the driver writes is found at the replicas under the driver's own ids, or divergence would
 * be total and mean nothing; and faults, delays and routes are what they are over the binary protocol.
 */
import { strict as assert } from "node:assert";
import type { PartitionRule } from "../../../engine/host/faults";
import type { Inspection } from "../../../engine/messages";
import { Ring } from "../../../engine/ring/ring";
import { encodeAddress } from "../../../engine/vocabulary/address";
import { Random } from "../../../engine/vocabulary/random";
import type { NetworkSettings } from "../../../engine/vocabulary/settings";
import type { Reply, Request } from "../../../workloads/operation";
import { EngineHttpTarget, type EngineHttpOptions } from "../../../workloads/targets/engine-http";
import { HttpFixture } from "../../engine/http/front-fixture";
import { until } from "../../process/until";

const NODES = 3;
const TIMEOUT_MS = 400;
/** Of session s, its n-th. */
const id = (session: number, n: number): number => session * 2 ** 32 + n;

describe("the engine over HTTP as a target", () => {
  let fixture: HttpFixture;
  const targets: EngineHttpTarget[] = [];

  beforeEach(async () => {
    fixture = await HttpFixture.start({
      nodes: NODES,
      engine: { readTimeoutMs: TIMEOUT_MS, writeTimeoutMs: TIMEOUT_MS, r: 2, w: 2 },
    });
  });
  afterEach(async () => {
    for (const target of targets.splice(0)) await target.close();
    await fixture.stop();
  });

  const ring = (): Ring => {
    const { settings } = fixture.nodes;
    return Ring.build(settings.ring, settings.members, Random.fromSeed(settings.seed).fork("ring"));
  };
  const open = async (
    options: Partial<EngineHttpOptions> = {},
    network: NetworkSettings = { loss: 0 },
  ): Promise<EngineHttpTarget> => {
    const target = await EngineHttpTarget.open({
      cluster: { ...fixture.nodes.settings, network },
      fronts: fixture.ports.map((port) => ({ host: "127.0.0.1", port })),
      ring: ring(),
      routing: "any",
      shaped: true,
      graceMs: 100,
      returnBody: false,
      ...options,
    });
    targets.push(target);
    return target;
  };
  const named = (key: string): Request["key"] => ({ type: "default", bucket: "b", key });
  const ask = (target: EngineHttpTarget, request: Partial<Request> & Pick<Request, "kind">): Promise<Reply> => {
    const usual = { key: named("k"), session: 0, value: "", writeId: 0, context: "", scanLength: 0, scanEnd: "" };
    return new Promise((resolve) => target.submit({ ...usual, ...request }, resolve));
  };
  const put = (target: EngineHttpTarget, key: string, writeId: number, value: string, context = ""): Promise<Reply> =>
    ask(target, { kind: "put", key: named(key), writeId, value, context, session: Math.floor(writeId / 2 ** 32) });
  const get = (target: EngineHttpTarget, key: string, session = 0): Promise<Reply> =>
    ask(target, { kind: "get", key: named(key), session });

  /** Write ids at each replica of a key, in order of preference, as an inspection brings them. */
  const held = async (key: string): Promise<readonly (readonly number[])[]> => {
    const address = encodeAddress(named(key));
    const found: (readonly number[])[] = [];
    for (const { node, vnode } of ring().preferenceList(address, NODES)) {
      const { deliver, open: session } = fixture.nodes.options(node);
      let inspection: Inspection | undefined;
      const sink = session((message) => {
        if (message.kind === "inspection") inspection = message;
      });
      deliver({
        kind: "asked",
        session: sink,
        message: { kind: "inspect", id: 1, vnodes: [vnode], addresses: [address] },
      });
      await until("the inspection", () => inspection !== undefined);
      found.push(inspection!.held.map((one) => (Array.isArray(one) ? (one as readonly number[]) : []))[0]);
    }
    return found;
  };

  it("writes are found at every replica under the driver's own ids, deletes too", async () => {
    const target = await open();
    assert.equal((await put(target, "k", id(3, 7), "v")).outcome, "ok");
    await until("all replicas", async () => (await held("k")).every((ids) => ids.length === 1));
    assert.deepEqual(await held("k"), [[id(3, 7)], [id(3, 7)], [id(3, 7)]]);
    const { context } = await get(target, "k");
    assert.equal((await ask(target, { kind: "delete", writeId: id(4, 1), context })).outcome, "ok");
    await until("all replicas", async () => (await held("k")).every(([one]) => one === id(4, 1)));
    // A read of a deleted key tells by which delete.
    const gone = await get(target, "k");
    assert.deepEqual([gone.outcome, gone.versions, gone.values], ["ok", [id(4, 1)], 0]);
    assert.notEqual(gone.context, "");
  });

  it("a delete that has seen nothing is written all the same, beside what it has not seen", async () => {
    const target = await open();
    await put(target, "k", id(0, 1), "v");
    assert.equal((await ask(target, { kind: "delete", writeId: id(1, 1), session: 1 })).outcome, "ok");
    const both = await get(target, "k");
    assert.deepEqual([[...both.versions].sort((a, b) => a - b), both.values], [[id(0, 1), id(1, 1)], 1]);
    assert.equal((await ask(target, { kind: "delete", key: named("never"), writeId: id(1, 2) })).outcome, "ok");
    assert.deepEqual((await get(target, "never")).versions, [id(1, 2)]);
  });

  it("siblings come with every byte, and two deletes are told apart", async () => {
    const target = await open();
    const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    await put(target, "s", id(0, 1), bytes);
    await put(target, "s", id(1, 1), `\r\n--x\r\n${bytes}`);
    const { versions, payloads, values } = await get(target, "s");
    const order = versions.map((_, i) => i).sort((a, b) => versions[a] - versions[b]);
    assert.deepEqual(order.map((i) => [versions[i], payloads[i]]), [[id(0, 1), bytes], [id(1, 1), `\r\n--x\r\n${bytes}`]]); // prettier-ignore
    assert.equal(values, 2);
    for (const session of [5, 6])
      await ask(target, { kind: "delete", key: named("d"), writeId: id(session, 1), session });
    assert.deepEqual(
      [...(await get(target, "d")).versions].sort((a, b) => a - b),
      [id(5, 1), id(6, 1)],
    );
  });

  it("puts that bring back the body bring the context of what stands after them", async () => {
    const target = await open({ returnBody: true });
    const first = await put(target, "k", id(0, 1), "a");
    assert.deepEqual([first.outcome, first.versions], ["ok", [id(0, 1)]]);
    const second = await put(target, "k", id(0, 2), "b", first.context);
    assert.deepEqual(second.versions, [id(0, 2)]);
    const blind = await put(target, "k", id(0, 3), "c");
    assert.equal(blind.versions.length, 2);
    assert.deepEqual((await get(target, "k")).context, blind.context);
    assert.equal((await put(await open(), "k", id(1, 1), "d", blind.context)).context, "");
  });

  it("a value that is not the driver's own makes a read invalid, and no crash", async () => {
    const target = await open();
    await fixture.put("/buckets/b/keys/foreign", "written by somebody else");
    const { outcome, reason } = await get(target, "foreign");
    assert.deepEqual([outcome, reason], ["invalid", "a value that no write of this run made"]);
    assert.equal((await ask(target, { kind: "get", key: named("") })).outcome, "invalid");
    assert.equal((await ask(target, { kind: "scan", scanLength: 3 })).outcome, "unsupported");
  });

  it("a node that is gone costs no request; one whose front is gone is not asked", async () => {
    const target = await open();
    await fixture.fronts[1].close();
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, i) => put(target, `k${String(i)}`, id(0, i + 1), "v")),
    );
    assert.ok(
      all.every(({ outcome }) => outcome === "ok"),
      JSON.stringify(all.map(({ outcome }) => outcome)),
    );
    assert.ok(!target.connectedTo(1));
    target.serves(0, false);
    assert.equal((await get(target, "k1")).outcome, "ok");
    target.serves(2, false);
    assert.equal((await get(target, "k1")).outcome, "not_sent");
  });

  it("behind a partition a session asks the others; what is under way is not heard, and ends by its own deadline", async () => {
    const target = await open();
    /** Session 0 is with node 0, all others with the rest. */
    const sideOf = (session: number): number => (session === 0 ? 0 : 1);
    const apart: PartitionRule = { groupOf: [0, 1, 1], groups: 2, oneWay: false, sideOf };
    const before = put(target, "k", id(1, 1), "v");
    // Sent to node 0, which session 1 is cut off from now.
    target.partitioned([apart]);
    const { outcome } = await before;
    assert.equal(outcome, "timeout");
    target.partitioned([]);
    assert.deepEqual((await get(target, "k", 1)).versions, [id(1, 1)], "it happened, unheard");
    target.partitioned([apart]);
    const asked = await Promise.all(Array.from({ length: 6 }, () => get(target, "k", 1)));
    assert.ok(asked.every((reply) => reply.outcome === "ok"));
    assert.equal(target.outstanding(), 0);
  });

  it("clients' delays are on both ways, and end in a time-out where they are longer than the deadline", async () => {
    const constant = (valueMs: number): NetworkSettings => ({ loss: 0, client: { dist: "constant", valueMs } });
    const near = await open({}, constant(30));
    const began = performance.now();
    assert.equal((await get(near, "k")).outcome, "ok");
    assert.ok(performance.now() - began >= 58, `${String(performance.now() - began)} ms`);
    assert.equal(near.takeDelayLatenessP99Ms() >= 0, true);
    const far = await open({}, constant(300));
    assert.equal((await put(far, "far", id(0, 9), "v")).outcome, "timeout");
    const away = await open({}, constant(2_000));
    assert.equal((await put(away, "away", id(0, 10), "v")).outcome, "not_sent");
  });

  it("token-aware requests go to a replica, in the order of the ring", async () => {
    const target = await open({ routing: "token-aware" });
    const first = ring().preferenceList(encodeAddress(named("k")), NODES)[0].node;
    const counted = (): number[] => fixture.fronts.map((front) => front.counts().requests);
    const before = counted();
    for (let i = 0; i < 5; i++) assert.equal((await get(target, "k")).outcome, "ok");
    const asked = counted().map((count, node) => count - before[node]);
    assert.deepEqual(asked, [0, 1, 2].map((node) => (node === first ? 5 : 0))); // prettier-ignore
  });

  it("what is under way when it is closed is lost, not undone", async () => {
    const target = await open();
    for (let node = 0; node < NODES; node++) fixture.nodes.silence(node);
    const asked = [put(target, "k", id(0, 1), "v"), get(target, "k")];
    await until("them to be sent", () => fixture.fronts.some((front) => front.counts().inFlight > 0));
    await target.close();
    for (const one of asked) assert.equal((await one).outcome, "connection_lost");
    assert.equal((await get(target, "k")).outcome, "not_sent");
  });
});
