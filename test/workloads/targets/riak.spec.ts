/**
 * Any Riak by HTTP: what it is asked for is what the experiment says, properties are set and checked, and what the run wrote is
 * taken away. Once against a server that answers as a Riak KV 3.2 was recorded to (engines.md 3.9) and keeps every request,
 * once against nodes of ours.
 */
import { strict as assert } from "node:assert";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostPort } from "../../../engine/vocabulary/written-hosts";
import type { Reply, Request } from "../../../workloads/operation";
import { type RiakOptions, RiakTarget } from "../../../workloads/targets/riak";
import { HttpFixture } from "../../engine/http/front-fixture";

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Heard {
  readonly what: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers by a script, and remembers what it was asked. */
class RecordedRiak {
  readonly heard: Heard[] = [];
  /** Of the bucket, as a created type has them. */
  properties: Record<string, unknown> = { n_val: 3, allow_mult: false, last_write_wins: false, dvv_enabled: false };
  /** Properties that it takes and forgets. */
  deaf: readonly string[] = [];
  object: Answer = { status: 404, headers: { "Content-Type": "text/plain" }, body: "not found\n" };
  stats: Answer = { status: 200, headers: { "Content-Type": "application/json" }, body: '{"riak_kv_version":"3.2.5"}' };
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString("latin1");
        const what = `${String(request.method)} ${String(request.url)}`;
        this.heard.push({ what, headers: request.headers, body });
        const { status, headers = {}, body: said = "" } = this.answer(request.method ?? "", request.url ?? "", body);
        response.writeHead(status, headers);
        response.end(status === 204 ? undefined : Buffer.from(said, "latin1"));
      });
    });
  }

  private answer(method: string, url: string, body: string): Answer {
    if (url === "/ping") return { status: 200, headers: { "Content-Type": "text/html" }, body: "OK" };
    if (url === "/stats") return this.stats;
    if (url.endsWith("/props")) {
      if (method === "GET") return { status: 200, body: JSON.stringify({ props: this.properties }) };
      if (method === "PUT") {
        const { props } = JSON.parse(body) as { props: Record<string, unknown> };
        for (const name of Object.keys(props)) if (!this.deaf.includes(name)) this.properties[name] = props[name];
      }
      return { status: 204 };
    }
    if (method === "PUT") return { status: 204, headers: { "Content-Type": "text/plain", Vary: "Accept-Encoding" } };
    if (method === "DELETE") return { status: 204 };
    return this.object;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const OPTIONS: Omit<RiakOptions, "hosts" | "log"> = {
  run: "run-1",
  connections: 8,
  ...{ nVal: 3, r: 1, w: "quorum", pr: 0, pw: 1, dw: "one", notfoundOk: false, basicQuorum: true },
  ...{ siblings: "keep", returnBody: false, bucketType: "default", bucket: "b" },
  ...{ readTimeoutMs: 700, writeTimeoutMs: 900, graceMs: 200, clientTimestamps: false },
};

const named = (key: string): Request["key"] => ({ type: "default", bucket: "b", key });
const ask = (target: RiakTarget, request: Partial<Request> & Pick<Request, "kind">): Promise<Reply> => {
  const usual = { key: named("k"), session: 0, value: "", writeId: 0, context: "", scanLength: 0, scanEnd: "" };
  return new Promise((resolve) => target.submit({ ...usual, ...request }, resolve));
};

describe("a Riak of somebody else", () => {
  const closers: (() => Promise<unknown>)[] = [];
  const logged: string[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    logged.length = 0;
  });

  const riak = async (change: (riak: RecordedRiak) => void = () => undefined): Promise<[RecordedRiak, string]> => {
    const server = new RecordedRiak();
    change(server);
    const host = await server.listen();
    closers.push(() => server.close());
    return [server, host];
  };
  const open = async (hosts: readonly string[], options: Partial<RiakOptions> = {}): Promise<RiakTarget> => {
    const target = await RiakTarget.open({ ...OPTIONS, hosts, log: (line) => logged.push(line), ...options });
    closers.push(() => target.close());
    return target;
  };

  it("is asked for just what the experiment says, and nothing of ours", async () => {
    const [server, host] = await riak();
    const target = await open([host], { nodeConfirms: 2 });
    await ask(target, { kind: "get" });
    await ask(target, { kind: "put", value: "v", writeId: 40, context: "a85hYGBg" });
    await ask(target, { kind: "delete", writeId: 41, context: "a85hYGBg" });
    const [get, put, erase] = server.heard.slice(-3);
    const object = "/buckets/quorumlab%3Arun-1%3Ab/keys/k";
    assert.equal(get.what, `GET ${object}?r=1&pr=0&notfound_ok=false&basic_quorum=true&node_confirms=2&timeout=700`);
    assert.equal(get.headers.accept, "multipart/mixed, */*;q=0.5");
    assert.equal(put.what, `PUT ${object}?w=quorum&pw=1&dw=one&node_confirms=2&timeout=900`);
    assert.deepEqual([put.body, put.headers["x-riak-vclock"], put.headers["content-type"]], ["14:v", "a85hYGBg", "application/octet-stream"]); // prettier-ignore
    assert.equal(erase.what, `DELETE ${object}?r=1&pr=0&w=quorum&pw=1&dw=one&node_confirms=2&timeout=900`);
    assert.ok(server.heard.every(({ headers }) => Object.keys(headers).every((name) => !name.includes("quorumlab"))));
    const typed = await open([host], { returnBody: true, bucketType: "strong/1" });
    await ask(typed, { kind: "put", key: { type: "strong/1", bucket: "b", key: "\u00ff" }, writeId: 1 });
    assert.match(
      server.heard.at(-1)!.what,
      /^PUT \/types\/strong%2F1\/buckets\/quorumlab%3Arun-1%3Ab\/keys\/%FF\?.*&returnbody=true$/,
    );
    assert.equal((await ask(target, { kind: "scan", scanLength: 1 })).outcome, "unsupported");
  });

  it("tells its version, and how it is asked stands beside it", async () => {
    const [, host] = await riak();
    const { identity } = await open([host]);
    assert.deepEqual([identity.product, identity.version], ["Riak KV", "3.2.5"]);
    assert.equal(identity.settings.properties, "n_val 3, allow_mult true, last_write_wins false");
    for (const body of ["not json", "[]", '{"riak_kv_version":7}', "null"]) {
      const [, other] = await riak((one) => (one.stats = { status: 200, body }));
      assert.equal((await open([other])).identity.version, "not told", body);
    }
    const [, without] = await riak((one) => (one.stats = { status: 404, body: "" }));
    assert.equal((await open([without])).identity.version, "not told");
  });

  it("has its bucket's properties set before the load; one that it does not take is told, and nothing runs", async () => {
    const [server, host] = await riak();
    await (await open([host])).prepare();
    assert.equal(server.properties.allow_mult, true);
    const [, deaf] = await riak((one) => (one.deaf = ["allow_mult"]));
    await assert.rejects((await open([deaf])).prepare(), /the bucket was told allow_mult true and has false/);
    const newest = await open([host], { siblings: "overwrite", nVal: 5 });
    await newest.prepare();
    assert.deepEqual([server.properties.allow_mult, server.properties.last_write_wins, server.properties.n_val], [false, true, 5]); // prettier-ignore
    await assert.rejects(RiakTarget.open({ ...OPTIONS, hosts: ["127.0.0.1:1"], log: () => undefined }), /Riak at 127.0.0.1:1 cannot be used: no node takes HTTP connections/); // prettier-ignore
  });

  it("answers as recorded: siblings with their values, a deleted key, a refusal", async () => {
    const [server, host] = await riak();
    const target = await open([host]);
    const absent = await ask(target, { kind: "get" });
    assert.deepEqual([absent.outcome, absent.versions, absent.context, absent.coordinator], ["ok", [], "", -1]);
    const part = (value: string): string => `\r\n--B\r\nContent-Type: text/plain\r\nLink: </buckets/b>; rel="up"\r\nEtag: t\r\n\r\n${value}`; // prettier-ignore
    server.object = {
      status: 300,
      headers: { "Content-Type": "multipart/mixed; boundary=B", "X-Riak-Vclock": "a85hYGBg", Vary: "Accept, Accept-Encoding" }, // prettier-ignore
      body: `${part("1:a")}${part("2:\r\nb")}\r\n--B--\r\n`,
    };
    const both = await ask(target, { kind: "get" });
    assert.deepEqual(
      [both.versions, both.payloads, both.values, both.context],
      [[1, 2], ["a", "\r\nb"], 2, "a85hYGBg"],
    );
    server.object = {
      status: 404,
      headers: { "X-Riak-Deleted": "true", "X-Riak-Vclock": "abc=" },
      body: "not found\n",
    };
    const gone = await ask(target, { kind: "get" });
    assert.deepEqual([gone.outcome, gone.versions, gone.values, gone.context], ["ok", [], 0, "abc="]);
    server.object = { status: 503, body: "R-value unsatisfied: 1/2\n" };
    const few = await ask(target, { kind: "get" });
    assert.deepEqual([few.outcome, few.reason], ["quorum_unreachable", "503 R-value unsatisfied: 1/2"]);
    let last: Reply | undefined;
    target.readLast(named("k"), (reply) => (last = reply));
    while (last === undefined) await new Promise((resolve) => setImmediate(resolve));
    assert.match(server.heard.at(-1)!.what, /\?r=all&pr=all&notfound_ok=true&timeout=700$/);
  });

  it("that is gone from one of its addresses is asked at the others", async () => {
    const [gone, one] = await riak();
    const [, other] = await riak();
    const target = await open([one, other]);
    await gone.close();
    closers.splice(closers.length - 3, 1);
    const all = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(target, { kind: "put", writeId: i + 1 })));
    // A connection that was kept may have been used in the moment of its end.
    assert.ok(all.every(({ outcome }) => outcome === "ok" || outcome === "connection_lost"));
    assert.ok((await ask(target, { kind: "get" })).outcome === "ok");
    assert.ok((await ask(target, { kind: "get" })).outcome === "ok");
  });

  it("of nodes of ours takes the properties, keeps siblings, and is left as it was", async () => {
    const fixture = await HttpFixture.start({ nodes: 3 });
    closers.push(() => fixture.stop());
    const hosts = fixture.ports.map((port) => `127.0.0.1:${String(port)}`);
    assert.equal(hostPort(hosts[0]).port, fixture.ports[0]);
    const target = await open(hosts, { nVal: 2, notfoundOk: true, returnBody: true });
    await target.prepare();
    await target.ping();
    const bucket = "/buckets/quorumlab%3Arun-1%3Ab";
    const properties = async (): Promise<unknown> => {
      const { props } = JSON.parse((await fixture.ask(`GET ${bucket}/props`)).body) as { props: { n_val: number } };
      return props.n_val;
    };
    assert.equal(await properties(), 2);
    const first = await ask(target, { kind: "put", value: "a", writeId: 1 });
    assert.deepEqual([first.outcome, first.versions], ["ok", [1]], first.reason);
    await ask(target, { kind: "put", value: "b", writeId: 2 });
    const both = await ask(target, { kind: "get" });
    assert.deepEqual([...both.versions].sort(), [1, 2]);
    assert.deepEqual((await ask(target, { kind: "put", value: "c", writeId: 3, context: both.context })).versions, [3]);
    assert.equal((await fixture.ask(`GET ${bucket}/keys/k`)).body, "3:c");
    await target.dispose();
    assert.equal((await fixture.ask(`GET ${bucket}/keys/k`)).status, 404);
    assert.equal(await properties(), 3);
    assert.deepEqual(logged, []);
  });
});
