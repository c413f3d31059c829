/**
 * Connections that do what a client should not, and some that do what it may: pipelining, bytes that are no message, frames
 * that never end, answers that nobody fetches, too many connections. Whatever one does, another is served throughout.
 */
import { strict as assert } from "node:assert";
import * as messages from "../../../engine/pb/messages";
import { CODES } from "../../../engine/pb/messages";
import { frameOf } from "../../../engine/pb/octet-fields";
import { Random } from "../../../engine/vocabulary/random";
import type { Input } from "../../../engine/io";
import { type Client, LoneNode, type LoneNodeOptions } from "./lone-node";

let lone: LoneNode;

async function start(options?: LoneNodeOptions): Promise<Client> {
  lone = await LoneNode.start(options);
  return lone.client();
}

const key = (name: string): messages.KeyFields => ({ bucket: "b", key: name });
const putFrame = (name: string, value: string): Buffer =>
  frameOf(CODES.put, messages.PUT, { ...key(name), content: { value } });
const getFrame = (name: string): Buffer => frameOf(CODES.get, messages.GET, key(name));

async function isServing(): Promise<void> {
  const other = await lone.client();
  other.send(CODES.ping);
  assert.equal((await other.frame()).code, CODES.pong);
  other.socket.destroy();
}

/** What a client is told before its connection is closed. */
async function farewell(client: Client): Promise<string> {
  const { message } = await client.expect(CODES.error, messages.ERROR);
  await client.end();
  return message;
}

describe("connections of protocol buffers", () => {
  afterEach(() => lone.stop());

  it("answer ping, server info and the client's own id", async () => {
    const client = await start();
    client.send(CODES.ping);
    assert.deepEqual(await client.frame(), { code: CODES.pong, body: Buffer.alloc(0) });
    client.send(CODES.getServerInfo);
    assert.deepEqual(await client.expect(CODES.serverInfo, messages.SERVER_INFO), { node: "alone", version: "3.2.0" });
    client.send(CODES.getClientId);
    assert.deepEqual(await client.expect(CODES.clientId, messages.CLIENT_ID), { clientId: "\0\0\0\0" });
    client.send(CODES.setClientId, messages.CLIENT_ID, { clientId: "me\xff" });
    assert.equal((await client.frame()).code, CODES.clientIdSet);
    client.send(CODES.getClientId);
    assert.deepEqual(await client.expect(CODES.clientId, messages.CLIENT_ID), { clientId: "me\xff" });
    assert.match(await client.refusal(CODES.setClientId, messages.CLIENT_ID, { clientId: "x".repeat(256) }), /longer/);
    // Another connection is another client.
    const other = await lone.client();
    other.send(CODES.getClientId);
    assert.deepEqual(await other.expect(CODES.clientId, messages.CLIENT_ID), { clientId: "\0\0\0\0" });
  });

  it("refuse codes that are not supported, and go on", async () => {
    const client = await start();
    for (const code of [23, 25, 50, 80, 90, 200, 253, CODES.pong, CODES.got]) {
      client.write(Uint8Array.of(0, 0, 0, 3, code, 0xff, 0xff));
      const { message } = await client.expect(CODES.error, messages.ERROR);
      assert.equal(message, `message code ${String(code)} is not supported`);
    }
    client.send(CODES.startTls);
    assert.match((await client.expect(CODES.error, messages.ERROR)).message, /STARTTLS not allowed/);
    client.send(CODES.ping);
    assert.equal((await client.frame()).code, CODES.pong);
  });

  it("carry out what is pipelined one after the other, answers in order, even where the node answers late", async () => {
    const held: Input[] = [];
    let deliver: ((input: Input) => void) | undefined;
    const client = await start({
      between: (through) => {
        deliver = through;
        return (input) => {
          held.push(input);
          setImmediate(() => through(held.shift()!));
        };
      },
    });
    assert.ok(deliver !== undefined);
    const sent: Buffer[] = [];
    for (let i = 0; i < 50; i++) sent.push(putFrame("k", `v${String(i)}`), getFrame(`other ${String(i)}`));
    sent.push(getFrame("k"), frameOf(CODES.delete, messages.DELETE, key("k")), getFrame("k"));
    client.write(Buffer.concat(sent));
    for (let i = 0; i < 50; i++) {
      assert.equal((await client.frame()).code, CODES.stored);
      assert.deepEqual(await client.frame(), { code: CODES.got, body: Buffer.alloc(0) });
    }
    const { content } = await client.expect(CODES.got, messages.GOT);
    assert.equal(content!.length, 50, "a get reads what was put before it on this connection");
    assert.equal((await client.frame()).code, CODES.deleted);
    assert.deepEqual(await client.frame(), { code: CODES.got, body: Buffer.alloc(0) });
  });

  it("take frames in pieces of any size", async () => {
    const client = await start();
    const random = Random.fromSeed(7).fork("pieces");
    const bytes = Buffer.concat([putFrame("k", "x".repeat(5_000)), getFrame("k"), putFrame("l", ""), getFrame("l")]);
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.nextBelow(700);
      await new Promise<void>((resolve) => client.socket.write(bytes.subarray(at, at + size), () => resolve()));
      at += size;
    }
    assert.equal((await client.frame()).code, CODES.stored);
    assert.equal((await client.expect(CODES.got, messages.GOT)).content![0].value.length, 5_000);
    assert.equal((await client.frame()).code, CODES.stored);
    assert.equal((await client.expect(CODES.got, messages.GOT)).content![0].value, "");
  });

  it("answer what came before a malformed message, tell what is wrong with it, and close", async () => {
    const client = await start();
    client.write(
      Buffer.concat([putFrame("k", "v"), getFrame("k"), Uint8Array.of(0, 0, 0, 3, 9, 0x0a, 9), getFrame("k")]),
    );
    assert.equal((await client.frame()).code, CODES.stored);
    assert.equal((await client.expect(CODES.got, messages.GOT)).content![0].value, "v");
    assert.match(await farewell(client), /^malformed message: /);
    await isServing();
    assert.equal(lone.front.counts().malformedTotal, 1);
  });

  it("refuse frames of no length, and too long ones before their bytes have come", async () => {
    const client = await start();
    client.write(Uint8Array.of(0, 0, 0, 0));
    assert.match(await farewell(client), /frame of 0 bytes/);
    for (const length of [0x7fffffff, 0xffffffff, 9_000_000]) {
      const other = await lone.client();
      const head = Buffer.alloc(4);
      head.writeUInt32BE(length);
      other.write(head);
      assert.equal(await farewell(other), `malformed message: frame of ${String(length)} bytes`);
    }
    // Somebody who speaks HTTP to it.
    const lost = await lone.client();
    lost.write(Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert.match(await farewell(lost), /frame of 1195725856 bytes/);
    await isServing();
  });

  it("cut who begins a message and does not finish it", async () => {
    const client = await start({ limits: { requestTimeoutMs: 20 } });
    client.write(putFrame("k", "v").subarray(0, 9));
    assert.match(await farewell(client), /not finished in time/);
    await isServing();
    // Nobody is cut for saying nothing.
    const idle = await lone.client();
    const slow = await lone.client();
    slow.write(Uint8Array.of(0));
    await farewell(slow);
    idle.send(CODES.ping);
    assert.equal((await idle.frame()).code, CODES.pong);
  });

  it("cut who does not fetch answers; meanwhile nothing more is done for it", async () => {
    let asked = 0;
    const client = await start({
      limits: { requestTimeoutMs: 20 },
      between: (deliver) => (input) => {
        asked++;
        deliver(input);
      },
    });
    client.write(putFrame("k", "x".repeat(1_000_000)));
    assert.equal((await client.frame()).code, CODES.stored);
    client.socket.pause();
    client.write(Buffer.concat(Array.from({ length: 500 }, () => getFrame("k"))));
    const closed = new Promise((resolve) => client.socket.once("close", resolve));
    const deadline = Date.now() + 5_000;
    while (lone.front.counts().connections > 0) {
      assert.ok(Date.now() < deadline, "it was cut");
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(asked < 100, `${String(asked)} requests were carried out`);
    client.socket.resume();
    await closed;
    await isServing();
  });

  it("turn new ones away when there are too many, and make room by closing one that has long been idle", async () => {
    await start({ limits: { maxConnections: 2, idleTimeoutMs: 60_000 } });
    const second = await lone.client();
    second.send(CODES.ping);
    await second.frame();
    const third = await lone.client();
    assert.match(await farewell(third), /too many connections, limit 2/);
    assert.equal(lone.front.counts().refusedTotal, 1);
    await lone.stop();

    const idle = await start({ limits: { maxConnections: 1, idleTimeoutMs: 0 } });
    idle.send(CODES.ping);
    await idle.frame();
    const next = await lone.client();
    next.send(CODES.ping);
    assert.equal((await next.frame()).code, CODES.pong);
    await idle.end();
    assert.equal(lone.front.counts().refusedTotal, 0);
  });

  it("that go away in the middle of everything leave nothing behind", async () => {
    const client = await start();
    const holders = await Promise.all(Array.from({ length: 20 }, () => lone.client()));
    holders.forEach((holder, i) => {
      holder.write(Buffer.concat(Array.from({ length: 20 }, (_, k) => putFrame(`k${String(k)}`, "v".repeat(1_000)))));
      if (i % 2 === 0) holder.socket.destroy();
      else holder.socket.end(getFrame("k").subarray(0, 7));
    });
    const deadline = Date.now() + 5_000;
    while (lone.front.counts().connections > 1) {
      assert.ok(Date.now() < deadline, "all are forgotten");
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.send(CODES.ping);
    assert.equal((await client.frame()).code, CODES.pong);
    assert.equal(lone.front.counts().inFlight, 0);
    assert.deepEqual(lone.logged, []);
  });

  it("40,000 requests sent, whole and mutated, from a fixed seed: one healthy client is served throughout", async () => {
    const healthy = await start();
    const random = Random.fromSeed(20_260_701).fork("noise");
    const samples = [
      putFrame("k", "value"),
      getFrame("k"),
      frameOf(CODES.delete, messages.DELETE, { ...key("k"), rw: 2, timeout: 1 }),
      frameOf(CODES.listKeys, messages.LIST_KEYS, { bucket: "b" }),
      frameOf(CODES.listBuckets, messages.LIST_BUCKETS, { stream: true }),
      frameOf(CODES.getBucket, messages.GET_BUCKET, { bucket: "b" }),
      frameOf(CODES.setBucket, messages.SET_BUCKET, { bucket: "c", properties: { n_val: 2, r: 1, allow_mult: true } }),
      frameOf(CODES.getBucketType, messages.GET_BUCKET_TYPE, { type: "default" }),
      frameOf(CODES.setClientId, messages.CLIENT_ID, { clientId: "c" }),
    ];
    let sent = 0;
    while (sent < 40_000) {
      const client = await lone.client();
      const batch: Uint8Array[] = [];
      for (let i = 0; i < 200; i++) {
        const bytes = Uint8Array.from(samples[random.nextBelow(samples.length)]);
        // Few, for the first that is no message is the last of its connection.
        const changes = random.nextBelow(80) === 0 ? 1 + random.nextBelow(3) : 0;
        for (let c = 0; c < changes; c++) {
          // Behind its length and code: a frame stays a frame, and what is in it is looked at.
          bytes[5 + random.nextBelow(bytes.length - 5)] = random.nextBelow(256);
        }
        batch.push(bytes);
      }
      sent += batch.length;
      client.write(Buffer.concat([...batch, Uint8Array.of(0, 0, 0, 1, CODES.ping)]));
      healthy.write(Buffer.concat([putFrame("healthy", `v${String(sent)}`), getFrame("healthy")]));
      assert.equal((await healthy.frame()).code, CODES.stored);
      const { clock } = await healthy.expect(CODES.got, messages.GOT);
      assert.ok(clock !== undefined);
      healthy.send(CODES.delete, messages.DELETE, { ...key("healthy"), clock });
      assert.equal((await healthy.frame()).code, CODES.deleted);
      // To its last answer, or to where it was closed.
      while (!client.closed && (await client.frame().catch(() => undefined))?.code !== CODES.pong);
      // And some of them in the middle of a frame.
      client.socket.end(getFrame("k").subarray(0, random.nextBelow(12)));
    }
    await isServing();
    assert.deepEqual(lone.logged, [], "nothing was surprised");
    const { malformedTotal, requestsTotal } = lone.front.counts();
    assert.ok(malformedTotal > 50, `${String(malformedTotal)} connections sent what is no message`);
    assert.ok(requestsTotal > 10_000, `${String(requestsTotal)} requests were carried out`);
  });
});
