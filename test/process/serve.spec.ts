/**
 * `quorumlab serve` as a process of its own: what it prints, that what it prints works, and that nothing is left when it
 * ends, whichever way it is ended.
 */
import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { needsCompiledNodes, temporaryFolder } from "./live-cluster";
import { alive, processesNaming } from "./processes";
import { until } from "./until";

const ROOT = join(__dirname, "..", "..");
const FILE = `
name: served
cluster: {nodes: 3}
tunables: {n_val: 3, r: 2, w: 2, clock: dvvset, detector: {name: link}}
faults:
  - {id: gone, kind: kill, node: node-1, at: 1s, for: 1s}
sweep:
  axes: {r: [1, 2]}
  baseline: {r: 2}
`;

interface Line {
  readonly schema: string;
  readonly nodes: readonly { readonly id: string; readonly http: string; readonly pb: number; readonly pid: number }[];
}

class Served {
  out = "";
  err = "";
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  private readonly child: ChildProcess;

  constructor(
    readonly folder: string,
    args: readonly string[],
  ) {
    this.child = spawn(
      process.execPath,
      [join(ROOT, "dist", "experiments", "cli", "main.js"), "serve", join(folder, "x.yaml"), ...args],
      // Nodes are started with a file of their cluster's folder, which makes them ours to find.
      { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TMPDIR: folder } },
    );
    this.child.stdout!.on("data", (chunk: Buffer) => (this.out += chunk.toString("utf8")));
    this.child.stderr!.on("data", (chunk: Buffer) => (this.err += chunk.toString("utf8")));
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  async line(): Promise<Line> {
    const text = await until(
      `the line of the nodes (${this.err})`,
      () => {
        if (this.child.exitCode !== null) throw new Error(`it ended: ${this.err}`);
        return this.out.includes("\n") ? this.out : undefined;
      },
      30_000,
    );
    return JSON.parse(text) as Line;
  }

  get pid(): number {
    return this.child.pid!;
  }

  async signal(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return (await this.ended).code;
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}

async function put(url: string, value: string): Promise<number> {
  const response = await fetch(url, { method: "PUT", headers: { "content-type": "text/plain" }, body: value });
  await response.arrayBuffer();
  return response.status;
}

async function get(url: string): Promise<readonly [number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

describe("quorumlab serve on processes", function () {
  this.timeout(60_000);
  let folder = "";
  const running: Served[] = [];
  const serve = (...args: string[]): Served => {
    const one = new Served(folder, args);
    running.push(one);
    return one;
  };
  before(function () {
    needsCompiledNodes(this);
  });
  beforeEach(() => {
    folder = temporaryFolder();
    writeFileSync(join(folder, "x.yaml"), FILE);
  });
  afterEach(async () => {
    for (const one of running.splice(0)) {
      one.kill();
      await one.ended;
    }
    const left = await until("its nodes are gone", () => {
      const found = processesNaming(folder);
      return found.length === 0 ? found : undefined;
    }).catch(() => processesNaming(folder));
    for (const pid of left) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(left, [], "no node is left");
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`one line of JSON, a cluster that answers, and nothing left after ${signal}`, async () => {
      const served = serve("--json", "--http-port", "0", "--pb-port", "0");
      const { schema, nodes } = await served.line();
      assert.equal(schema, "quorumlab/serve@1");
      assert.deepEqual(
        nodes.map(({ id }) => id),
        ["node-1", "node-2", "node-3"],
      );
      assert(nodes.every(({ pid, pb }) => alive(pid) && pb > 0));
      assert.equal(await put(`${nodes[0].http}/buckets/b/keys/k`, "v"), 204);
      assert.deepEqual(await get(`${nodes[2].http}/buckets/b/keys/k`), [200, "v"]);
      assert.equal(served.out.trimEnd().split("\n").length, 1, "nothing else is on standard output");
      assert.equal(await served.signal(signal), 0, served.err);
      assert(!nodes.some(({ pid }) => alive(pid)), "the nodes have ended with it");
      const left = readdirSync(folder).filter((name) => name.startsWith("quorumlab-"));
      assert.deepEqual(left, [], "and their data is gone");
    });
  }

  it("for people: a table, lines for curl that work, what it is and how it ends; --duration ends it (long)", async () => {
    const served = serve("--http-port", "0", "--duration", "4s", "-S", "w=3");
    await until(`the last line (${served.err})`, () => served.out.includes("Ctrl-C"), 30_000);
    assert.match(served.out, /N=3 R=2 W=3, clock dvvset, siblings keep, storage memory/);
    assert.match(served.out, /The file's faults are not injected/);
    assert.match(served.out, /the baseline: r=2/);
    assert.match(served.out, new RegExp(`Ctrl-C, or kill ${String(served.pid)}, ends it`));
    assert.match(served.out, /node-3 +http:\/\/127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+ +\d+/);
    const [, putUrl, value] = /curl -i -X PUT (\S+) .* -d (\w+)/.exec(served.out) ?? [];
    const [, getUrl] = /curl -i (http\S+)/.exec(served.out) ?? [];
    assert.equal(await put(putUrl, value), 204);
    assert.deepEqual(await get(getUrl), [200, value]);
    assert.deepEqual(await served.ended, { code: 0, signal: null });
  });

  it("a node that dies is told, and comes back where it was", async () => {
    const served = serve("--json", "--http-port", "0", "--pb-port", "0");
    const { nodes } = await served.line();
    assert.equal(await put(`${nodes[0].http}/buckets/b/keys/k`, "v"), 204);
    process.kill(nodes[1].pid, "SIGKILL");
    await until("it is up again", () => /node-2 is up again, where it was, pid \d+/.test(served.err), 20_000);
    assert.match(served.err, /node-2 ended \(SIGKILL\); starting it again, empty: cluster\.storage is memory/);
    assert.deepEqual(await get(`${nodes[1].http}/buckets/b/keys/k`), [200, "v"], "its neighbours have the value");
    assert.equal(await served.signal("SIGINT"), 0);
  });

  it("--data: what was written is there next time, and in the meantime nobody else's (long)", async () => {
    const data = join(folder, "data");
    const first = serve("--json", "--http-port", "0", "--pb-port", "0", "--data", data);
    const { nodes } = await first.line();
    assert.equal(await put(`${nodes[0].http}/buckets/b/keys/k`, "kept"), 204);
    const second = serve("--json", "--http-port", "0", "--pb-port", "0", "--data", data);
    assert.deepEqual(await second.ended, { code: 2, signal: null });
    assert.match(second.err, /is in use by another quorumlab serve/);
    assert.equal(await first.signal("SIGINT"), 0);
    const third = serve("--json", "--http-port", "0", "--pb-port", "0", "--data", data);
    const again = await third.line();
    assert.deepEqual(await get(`${again.nodes[1].http}/buckets/b/keys/k`), [200, "kept"]);
    assert.equal(await third.signal("SIGINT"), 0);
  });

  it("a port that was asked for and is taken: says which, starts nothing, ends with 3", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => {
        const address = other.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    try {
      const served = serve("--http-port", String(port - 1), "--pb-port", "0");
      assert.deepEqual(await served.ended, { code: 3, signal: null });
      assert.match(served.err, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use|port ${port - 1} on`));
    } finally {
      other.close();
    }
  });

  it("Ctrl-C while nodes start ends it too", async () => {
    const served = serve("--http-port", "0", "--pb-port", "0");
    await until("nodes start", () => served.err.includes("starting 3 nodes"), 20_000);
    assert.equal(await served.signal("SIGINT"), 0, served.err);
    assert.equal(served.out, "");
  });
});
