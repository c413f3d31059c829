import { strict as assert } from "node:assert";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { NodeDidNotStart } from "../../engine/real/cluster";
import { TcpTransport } from "../../engine/real/tcp-transport";
import type { Client } from "../../engine/real/client";
import { certainty } from "../../engine/vocabulary/outcomes";
import {
  address,
  get,
  inParallel,
  inspectAll,
  LiveCluster,
  type LiveOptions,
  needsCompiledNodes,
  put,
  settingsOf,
  temporaryFolder,
} from "./live-cluster";
import { alive, processesNaming } from "./processes";
import { until } from "./until";

interface Acknowledged {
  readonly key: string;
  readonly writeId: number;
  readonly value: string;
  readonly dw: number;
}

/** Writes new keys in several lanes, DW going round 1, 2, 3, until told to stop; keeps what was acknowledged. */
class Writers {
  readonly acknowledged: Acknowledged[] = [];
  private stopped = false;
  private readonly lanes: Promise<void>[];

  constructor(
    private readonly live: LiveCluster,
    private readonly client: Client,
    lanes: number,
  ) {
    this.lanes = Array.from({ length: lanes }, () => this.lane());
  }

  async more(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    await until(`${String(count)} more acknowledged writes`, () => this.acknowledged.length >= goal, 15_000);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.lanes);
  }

  private async lane(): Promise<void> {
    while (!this.stopped) {
      const writeId = this.live.writeId();
      const key = address(`key-${String(writeId)}`);
      const value = `value of ${String(writeId)}`;
      const dw = 1 + (writeId % 3);
      const { outcome } = await put(this.client, key, writeId, value, { w: dw, dw });
      if (outcome === "ok") this.acknowledged.push({ key, writeId, value, dw });
    }
  }
}

/** Every acknowledged write is on at least DW disks, and a read of all replicas returns its value. */
async function assertNothingLost(live: LiveCluster, writes: readonly Acknowledged[]): Promise<void> {
  const client = await live.client();
  const keys = writes.map(({ key }) => key);
  const held = await inspectAll(client, 3, keys);
  writes.forEach(({ writeId, dw }, at) => {
    const holders = [0, 1, 2].filter((node) => held[node][at]?.includes(writeId));
    assert.ok(
      holders.length >= dw,
      `write ${String(writeId)}, DW ${String(dw)}, is on nodes ${holders.join(" ") || "none"}`,
    );
  });
  await inParallel(writes, 16, async ({ key, value, writeId }) => {
    const answer = await get(client, key, { r: 3, timeoutMs: 4_000 });
    assert.equal(answer.outcome, "ok");
    assert.deepEqual(answer.versions, [{ writeId, value, tombstone: false }]);
  });
}

async function failureOf(options: LiveOptions): Promise<NodeDidNotStart> {
  try {
    const live = await LiveCluster.start(options);
    await live.end();
  } catch (error) {
    assert.ok(error instanceof NodeDidNotStart, String(error));
    return error;
  }
  return assert.fail("the cluster started");
}

function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ server, port: (server.address() as { port: number }).port }));
  });
}

describe("a cluster of processes", function () {
  this.timeout(60_000);
  /** Data that outlives a cluster, and must not outlive its test. */
  const folders: string[] = [];

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  before(function () {
    needsCompiledNodes(this);
  });

  it("starts, answers, and leaves no process when stopped", async () => {
    const live = await LiveCluster.start();
    try {
      const pids = live.pids();
      assert.equal(pids.length, 3);
      assert.ok(pids.every(alive));
      const client = await live.client();
      assert.equal((await put(client, address("k"), live.writeId(), "v")).outcome, "ok");
      assert.deepEqual(
        (await get(client, address("k"))).versions.map(({ value }) => value),
        ["v"],
      );
      await live.stop();
      assert.deepEqual(pids.filter(alive), []);
      assert.deepEqual(live.deaths, [], "an end that was asked for is no death");
    } finally {
      await live.end();
    }
  });

  for (const { sync, lanes, each } of [
    { sync: "group", lanes: 16, each: 60 },
    { sync: "each", lanes: 3, each: 6 },
  ] as const) {
    it(`loses no write acknowledged with DW satisfied when nodes are killed mid-write (LMDB, sync ${sync})`, async () => {
      const storage = { kind: "lmdb", sync } as const;
      const directory = temporaryFolder();
      folders.push(directory);
      const epochs = (live: LiveCluster): number[] => [0, 1, 2].map((node) => live.cluster.epoch(node));
      const live = await LiveCluster.start({ storage, directory });
      let writes: readonly Acknowledged[] = [];
      try {
        assert.deepEqual(epochs(live), [1, 1, 1]);
        const client = await live.client();
        const writers = new Writers(live, client, lanes);
        for (let node = 0; node < 3; node++) {
          await writers.more(each);
          await live.restart(node);
        }
        await writers.more(each);
        await writers.stop();
        writes = writers.acknowledged;
        for (const dw of [1, 2, 3])
          assert.ok(
            writes.some((write) => write.dw === dw),
            `some with DW ${String(dw)}`,
          );
        await assertNothingLost(live, writes);
        assert.deepEqual(epochs(live), [2, 2, 2], "each restart is a boot of its own");
        assert.deepEqual(live.deaths, []);
        // All three at once, as a rack loses power.
        await Promise.all([0, 1, 2].map((node) => live.cluster.kill(node)));
      } finally {
        await live.stop();
      }
      const again = await LiveCluster.start({ storage, directory });
      try {
        assert.deepEqual(epochs(again), [3, 3, 3]);
        await assertNothingLost(again, writes);
        const stored = readFileSync(join(directory, "node-1", "boot-epoch"), "utf8");
        assert.equal(Number(stored), 3, "the epoch is on disk");
      } finally {
        await again.end();
      }
    });
  }

  it("forgets what memory storage held when a node is killed, but not its boot epoch", async () => {
    const live = await LiveCluster.start();
    try {
      const client = await live.client();
      const keys = Array.from({ length: 30 }, (_, i) => address(`m${String(i)}`));
      await inParallel(keys, 8, async (key) => {
        assert.equal((await put(client, key, live.writeId(), "v", { w: 3, dw: 3, timeoutMs: 5_000 })).outcome, "ok");
      });
      await live.restart(1);
      assert.equal(live.cluster.epoch(1), 2);
      const observer = await live.client();
      const held = await inspectAll(observer, 3, keys);
      assert.ok(held[0].every((ids) => ids?.length === 1));
      assert.ok(
        held[1].every((ids) => ids === undefined),
        "the killed node forgot",
      );
    } finally {
      await live.end();
    }
  });

  it("says ok or indefinite, never falsely definite, while a node is paused beyond the timeout", async () => {
    const live = await LiveCluster.start({
      engine: { writeTimeoutMs: 150, readTimeoutMs: 150, coordinator: "replica" },
    });
    try {
      const client = await live.client();
      const outcomes = new Map<number, { key: string; outcome: string }>();
      const tally = { ok: 0, definite: 0, indefinite: 0 };
      let stopped = false;
      const lane = async (): Promise<void> => {
        while (!stopped) {
          const writeId = live.writeId();
          const key = address(`p${String(writeId)}`);
          const { outcome } = await put(client, key, writeId, "v", { w: 2 });
          outcomes.set(writeId, { key, outcome });
          tally[certainty(outcome)]++;
        }
      };
      const lanes = Array.from({ length: 6 }, lane);
      const okBy = (count: number) => (): boolean => tally.ok >= count;
      await until("puts before the pause", okBy(30));
      live.cluster.pause(2);
      await until("an indefinite put", () => tally.indefinite > 0);
      await until("suspicion of the paused node", () => live.logs.some((line) => line.includes("suspected node-3")));
      await until("puts around the paused node", okBy(tally.ok + 30));
      assert.equal(tally.definite, 0, "with two of three up, W=2 is never refused");
      live.cluster.resume(2);
      await until("trust in the resumed node", () => live.logs.some((line) => /node-[12]: trusted node-3/.test(line)));
      await until("puts after the pause", okBy(tally.ok + 30));
      stopped = true;
      await Promise.all(lanes);

      const observer = await live.client();
      const ids = [...outcomes.keys()];
      const whole = await until("three links again", async () => {
        const { outcome } = await get(observer, address("p1"), { r: 3, timeoutMs: 2_000 });
        return outcome === "ok"
          ? inspectAll(
              observer,
              3,
              ids.map((id) => outcomes.get(id)!.key),
            )
          : undefined;
      });
      ids.forEach((id, at) => {
        const { outcome } = outcomes.get(id)!;
        const holders = whole.filter((held) => held[at]?.includes(id)).length;
        if (outcome === "ok") assert.ok(holders >= 2, `write ${String(id)} was acknowledged by two`);
        if (certainty(outcome as "ok") === "definite")
          assert.equal(holders, 0, `${outcome} was definite, yet it happened`);
      });
    } finally {
      await live.end();
    }
  });

  it("names the node and the port when a port is in use, and leaves nothing running", async () => {
    const { server, port } = await listening();
    const directory = temporaryFolder();
    try {
      const { message } = await failureOf({ nodes: 2, ports: [0, port], directory });
      assert.match(message, /node-2/);
      assert.match(message, new RegExp(`port ${String(port)}\\b.*in use`));
      assert.deepEqual(processesNaming(directory), []);
    } finally {
      server.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("names the node that cannot use its folder", async () => {
    for (const blocked of ["node-2", join("node-2", "lmdb"), join("node-2", "boot-epoch")]) {
      const directory = temporaryFolder();
      try {
        const path = join(directory, blocked);
        mkdirSync(join(path, ".."), { recursive: true });
        // A folder where a file is due, and the other way round: refused to any user.
        if (blocked.endsWith("boot-epoch")) mkdirSync(path);
        else writeFileSync(path, "in the way");
        const { message } = await failureOf({ nodes: 2, storage: { kind: "lmdb", sync: "group" }, directory });
        assert.match(message, /node-2/, message);
        assert.ok(message.includes(directory), `the message names the path: ${message}`);
        assert.deepEqual(processesNaming(directory), []);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }
  });

  it("refuses a node and a client of another cluster, and says so", async () => {
    const live = await LiveCluster.start();
    const stranger = settingsOf();
    const heard: string[] = [];
    const transport = new TcpTransport({
      self: 2,
      cluster: stranger,
      deliver: (input) => heard.push(input.kind),
      log: () => undefined,
    });
    try {
      transport.connectPeers(live.cluster.addresses());
      const refused = (line: string): boolean => line.includes("another cluster");
      await until("both nodes refuse the strange node", () =>
        ["node-1", "node-2"].every((id) => live.logs.some((line) => line.startsWith(id) && refused(line))),
      );
      assert.ok(!heard.includes("received"));
      const before = live.logs.filter(refused).length;
      const client = await live.client({ cluster: stranger });
      const answer = await put(client, address("k"), 1, "v");
      assert.notEqual(answer.outcome, "ok");
      await until("the strange client is refused", () => live.logs.filter(refused).length > before);
      const friend = await live.client();
      assert.deepEqual((await get(friend, address("k"), { r: 3 })).versions, []);
    } finally {
      await transport.close();
      await live.end();
    }
  });
});
