import { strict as assert } from "node:assert";
import { NOBODY, type ReplicaGet } from "../../engine/messages";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { clockNamed } from "../../engine/clocks/clock";
import type { Message } from "../../engine/messages";
import type { Client } from "../../engine/real/client";
import { encodeAddress } from "../../engine/vocabulary/address";
import { ByteWriter } from "../../engine/vocabulary/octets";
import { Codec, WIRE_VERSION } from "../../engine/wire/codec";
import { beginFrame, encodeHello, endFrame, type Hello, MAX_FRAME_BYTES } from "../../engine/wire/frames";
import { get, LiveCluster, needsCompiledNodes, put } from "./live-cluster";
import { until } from "./until";
import { by } from "../engine/clocks/event-maker";

const codec = new Codec(clockNamed("dvvset"));

/** A raw connection to the node under attack. */
class Stranger {
  /** The node has ended its side, or the whole connection is gone. */
  closed = false;
  received = 0;

  private constructor(readonly socket: Socket) {
    for (const event of ["close", "end"]) socket.on(event, () => (this.closed = true));
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => (this.received += chunk.length));
  }

  static open(port: number, halfOpen = false): Promise<Stranger> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: halfOpen });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Stranger(socket));
      });
    });
  }

  get name(): string {
    return `127.0.0.1:${String(this.socket.localPort)}`;
  }
}

function helloBytes(hello: Partial<Hello> & { readonly cluster: string }): Uint8Array {
  const out = new ByteWriter();
  encodeHello({ wireVersion: WIRE_VERSION, clock: "dvvset", sender: { kind: "client" }, ...hello }, out);
  return out.view().slice();
}

function framed(...bodies: readonly ((out: ByteWriter) => void)[]): Uint8Array {
  const out = new ByteWriter();
  for (const body of bodies) {
    const at = beginFrame(out);
    body(out);
    endFrame(out, at);
  }
  return out.view().slice();
}

const saying = (message: Message): Uint8Array => framed((out) => codec.encode(message, out));
const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

describe("a node among hostile connections", function () {
  this.timeout(60_000);
  let live: LiveCluster;
  let client: Client;
  let port = 0;
  let rssBefore = 0;
  const silent: Stranger[] = [];

  before(async function () {
    needsCompiledNodes(this);
    live = await LiveCluster.start({ nodes: 2, engine: { nVal: 2, w: 1, r: 1 } });
    client = await live.client({ routing: "token-aware" });
    port = live.cluster.addresses()[0].port;
    // Connections that say nothing, or half a handshake, wait out their welcome while the other tests run.
    const silentOnes = await Promise.all([Stranger.open(port), Stranger.open(port), Stranger.open(port, true)]);
    silent.push(...silentOnes);
    silent[1].socket.write(helloBytes({ cluster: live.settings.name }).subarray(0, 9));
    rssBefore = (await live.cluster.counts())[0]!.rssBytes;
  });

  after(async () => {
    for (const { socket } of silent) socket.destroy();
    await live?.end();
  });

  /** The node under attack serves a client that keeps the rules, on a connection that never broke. */
  const stillServes = async (): Promise<void> => {
    const key = live.keyOwnedFirstBy(0);
    const value = `value ${String(live.writeId())}`;
    const context = (await get(client, key, { timeoutMs: 8_000 })).context;
    const written = await put(client, key, live.writeId(), value, { timeoutMs: 8_000 }, context);
    assert.deepEqual([written.outcome, written.coordinator], ["ok", 0], written.reason);
    const read = await get(client, key, { timeoutMs: 8_000 });
    assert.deepEqual(
      read.versions.map((version) => version.value),
      [value],
    );
    assert.deepEqual(live.deaths, []);
  };

  /** Sends `bytes`; the node closes that connection and logs why. */
  const refused = async (bytes: Uint8Array, reason: RegExp, finish = false): Promise<void> => {
    const stranger = await Stranger.open(port);
    const { name } = stranger;
    try {
      stranger.socket.write(bytes);
      if (finish) stranger.socket.end();
      await until(`the connection is closed (${String(reason)})`, () => stranger.closed);
      const line = await until(`a log line about ${name}`, () => live.logs.find((text) => text.includes(`${name} `)));
      assert.match(line, reason);
      assert.match(line, /^node-1: /);
    } finally {
      stranger.socket.destroy();
    }
  };

  const welcome = (): Uint8Array => helloBytes({ cluster: live.settings.name });

  it("refuses other protocols", async () => {
    await refused(textBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), /malformed: frame of \d+ bytes/);
    await refused(textBytes("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001"), /malformed/);
    await stillServes();
  });

  it("refuses a length above the limit, before and after the handshake", async () => {
    const huge = new ByteWriter();
    huge.u32(MAX_FRAME_BYTES + 1);
    await refused(huge.view(), /malformed: frame of 8388609 bytes/);
    await refused(joined(welcome(), Uint8Array.of(255, 255, 255, 255)), /malformed: frame of 4294967295 bytes/);
    await refused(joined(welcome(), Uint8Array.of(0, 0, 0, 0)), /malformed: frame of 0 bytes/);
    await stillServes();
  });

  it("refuses a handshake of another cluster, version, clock or of no member", async () => {
    const cluster = live.settings.name;
    await refused(helloBytes({ cluster: "somewhere else" }), /another cluster/);
    await refused(helloBytes({ cluster, wireVersion: WIRE_VERSION + 1 }), /wire version/);
    await refused(helloBytes({ cluster, clock: "vv-server" }), /clock vv-server/);
    await refused(helloBytes({ cluster, sender: { kind: "node", index: 7 } }), /not a member/);
    await refused(helloBytes({ cluster, sender: { kind: "node", index: 0 } }), /not a member/);
    await refused(joined(welcome(), welcome()), /malformed/);
    await stillServes();
  });

  it("logs a stream that ends inside a frame, before and after the handshake", async () => {
    await refused(welcome().subarray(0, 11), /malformed: .*inside a frame/, true);
    const key = live.keyOwnedFirstBy(0);
    const whole = saying({ kind: "get", id: 1, forwarded: false, address: key, options: undefined });
    await refused(joined(welcome(), whole.subarray(0, 3)), /malformed: .*inside a frame/, true);
    await refused(joined(welcome(), whole, whole.subarray(0, -1)), /malformed: .*inside a frame/, true);
    await stillServes();
  });

  it("refuses what only nodes may say, from a client", async () => {
    const key = live.keyOwnedFirstBy(0);
    const state = clockNamed("dvvset").update(
      undefined,
      "",
      { writeId: 999_999, value: "forged", tombstone: false },
      by(1),
    );
    const peerOnly: readonly Message[] = [
      { kind: "heartbeat", epoch: 1, sequence: 1 },
      { kind: "replica-put", id: 1, vnode: 0, address: key, state, acknowledge: "none", cause: "read-repair" },
      { kind: "replica-get", id: 1, vnode: 0, address: key },
      { kind: "answer", id: 1, outcome: "ok", coordinator: 0, versions: [], context: "", reason: "" },
      { kind: "inspection", id: 1, held: [], metadata: [] },
    ];
    for (const message of peerOnly) await refused(joined(welcome(), saying(message)), /from a client/);
    await stillServes();
    const read = await get(client, key);
    assert.ok(!read.versions.some(({ writeId }) => writeId === 999_999), "nothing forged was stored");
  });

  it("refuses a client that coordinates without having said so, and what it may not ask", async () => {
    const key = live.keyOwnedFirstBy(0);
    const whole: Message = {
      kind: "client-coordinated",
      ring: { version: 0, proposer: 0 },
      request: { kind: "replica-get", id: 1, vnode: 0, address: key },
    };
    await refused(joined(welcome(), saying(whole)), /did not say it coordinates/);
    await refused(joined(welcome(), saying({ kind: "membership-poll", id: 1 })), /did not say it coordinates/);
    const coordinator = helloBytes({ cluster: live.settings.name, sender: { kind: "coordinator" } });
    const strange: Message = { ...whole, request: { kind: "replica-get", id: 1, vnode: 0, address: "" } };
    await refused(joined(coordinator, saying(strange)), /not an address/);
    await refused(joined(coordinator, saying({ kind: "heartbeat", epoch: 9, sequence: 1 })), /heartbeat from a client/);
    // And one that keeps the rules is answered, however long its key.
    const honest = await Stranger.open(port);
    const long = encodeAddress({ type: "default", bucket: "b", key: "k".repeat(60_000) });
    const asks: readonly Message[] = [{ ...whole, request: { ...whole.request, address: long } as ReplicaGet }, whole];
    honest.socket.write(joined(coordinator, ...asks.map(saying)));
    await until("two answers", () => honest.received > 20);
    honest.socket.destroy();
    await stillServes();
  });

  it("answers a client that only said it is done, then closes", async () => {
    const stranger = await Stranger.open(port, true);
    const ask: Message = { kind: "get", id: 5, forwarded: false, address: live.keyOwnedFirstBy(0), options: undefined };
    stranger.socket.write(joined(welcome(), saying(ask)));
    await until("an answer", () => stranger.received > 0);
    stranger.socket.end();
    await until("the other half is closed too", () => stranger.closed);
    await stillServes();
  });

  it("takes addresses no client may write, from a member gone wrong, and lives", async () => {
    const stranger = await Stranger.open(port);
    const state = clockNamed("dvvset").update(undefined, "", { writeId: 1, value: "v", tombstone: false }, by(1));
    const sender = { kind: "node" as const, index: 1 };
    stranger.socket.write(helloBytes({ cluster: live.settings.name, sender }));
    for (const key of ["", "x", "y".repeat(70_000)]) {
      stranger.socket.write(saying({ kind: "replica-get", id: 1, vnode: 65_535, address: key }));
      stranger.socket.write(
        saying({
          kind: "replica-put",
          id: 1,
          vnode: 65_535,
          address: key,
          state,
          acknowledge: "stored",
          cause: "replication",
        }),
      );
      const version = { writeId: 2, value: "v", tombstone: false };
      stranger.socket.write(
        saying({
          kind: "replica-update",
          id: 1,
          vnode: 65_535,
          address: key,
          context: "\u0001?",
          version,
          writer: NOBODY,
          acknowledge: "stored",
          ticket: { fromEpoch: 1, toEpoch: 1, number: key.length + 1 },
        }),
      );
    }
    await stillServes();
    stranger.socket.destroy();
  });

  it("survives a welcome guest who then talks garbage (150 of them)", async () => {
    const garbage = fc.array(
      fc.oneof(
        {
          weight: 3,
          arbitrary: fc
            .uint8Array({ minLength: 1, maxLength: 80 })
            .map((bytes) => framed((out) => bytes.forEach((b) => out.u8(b)))),
        },
        // A known kind byte makes the decoder go on into the fields.
        {
          weight: 4,
          arbitrary: fc
            .tuple(fc.integer({ min: 1, max: 12 }), fc.uint8Array({ maxLength: 60 }))
            .map(([kind, bytes]) => framed((out) => [kind, ...bytes].forEach((b) => out.u8(b)))),
        },
        { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 200 }) },
      ),
      { minLength: 1, maxLength: 3 },
    );
    const samples = fc.sample(fc.tuple(garbage, fc.boolean()), { numRuns: 150, seed: 20_240_607 });
    let at = 0;
    const guest = async (): Promise<void> => {
      while (at < samples.length) {
        const [frames, asNode] = samples[at++];
        const stranger = await Stranger.open(port);
        const sender = asNode ? ({ kind: "node", index: 1 } as const) : ({ kind: "client" } as const);
        stranger.socket.write(joined(helloBytes({ cluster: live.settings.name, sender }), ...frames));
        stranger.socket.end();
        await until("the guest is shown out", () => stranger.closed);
      }
    };
    await Promise.all(Array.from({ length: 6 }, guest));
    await stillServes();
  });

  it("forgets what it was sent: memory does not grow with broken connections", async () => {
    const most = new Uint8Array(2 * 1024 * 1024);
    const cut = new ByteWriter();
    cut.u32(MAX_FRAME_BYTES);
    for (let i = 0; i < 60; i++) {
      const stranger = await Stranger.open(port);
      stranger.socket.write(joined(welcome(), cut.view(), most));
      stranger.socket.end();
      await until("the stream is over", () => stranger.closed);
    }
    await stillServes();
    // 120 MB of unfinished frames went in; what stays is a few of them and the collector's slack.
    const rss = await until("memory to settle", async () => {
      const now = (await live.cluster.counts())[0]!.rssBytes;
      return now - rssBefore < 100 * 1024 * 1024 ? now : undefined;
    });
    assert.ok(rss > 0);
  });

  it("shows out those who connect and never say who they are (long)", async () => {
    await until("silent connections are closed", () => silent.every(({ closed }) => closed), 15_000);
    await until("and logged", () => live.logs.filter((line) => line.includes("no handshake in time")).length >= 3);
    await stillServes();
  });
});
