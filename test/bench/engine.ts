/** The engine in memory on five processes, driven through its own client library. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../../engine/real/client";
import { RealCluster } from "../../engine/real/cluster";
import type { Placement } from "../../engine/real/placement";
import { Ring } from "../../engine/ring/ring";
import { encodeAddress } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import { zipfianChooser } from "./keys";
import { closedLoop, type LoadFigures } from "./load";

export const BENCH_CLUSTER: ClusterSettings = {
  name: "bench",
  seed: 1,
  members: Array.from({ length: 5 }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: "a", weight: 1 })),
  ring: { strategy: "equal-partitions", partitions: 64, vnodesPerNode: 16, hash: "murmur3", distinctHosts: "walk" },
  engine: {
    nVal: 3,
    r: 2,
    w: 2,
    pr: 0,
    pw: 0,
    dw: "one",
    notfoundOk: true,
    basicQuorum: false,
    coordinator: "replica",
    clock: "dvvset",
    maxSiblings: 100,
    readRepair: "async",
    readTimeoutMs: 5_000,
    writeTimeoutMs: 5_000,
    admission: 10_000,
    detector: { name: "timeout", heartbeatIntervalMs: 200, timeoutMs: 5_000 },
  },
  network: { loss: 0 },
  storage: { kind: "memory", sync: "never" },
};

export interface EngineFigures extends LoadFigures {
  /** Processor time of all five nodes over the loop, microseconds an operation. */
  readonly nodeCpuUsPerOp: number;
  readonly messagesPerOp: number;
  readonly stepsPerOp: number;
}

/** A loop of so many requests for so long; the processes behind it stay up, so that they need to warm up once. */
export interface Round {
  readonly inFlight: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

export interface RunningEngine {
  run(round: Round): Promise<EngineFigures>;
  stop(): Promise<void>;
}

/** Half gets, half puts of 100 bytes; each put carries the context of the latest answer for its key. */
export async function startEngine(placement: Placement, keys: number): Promise<RunningEngine> {
  const directory = mkdtempSync(join(tmpdir(), "quorumlab-bench-"));
  const log = (): void => undefined;
  const cluster = await RealCluster.start({ settings: BENCH_CLUSTER, directory, placement, log });
  const ring = Ring.build(BENCH_CLUSTER.ring, BENCH_CLUSTER.members, Random.fromSeed(1).fork("ring"));
  const client = await Client.open({
    cluster: BENCH_CLUSTER,
    addresses: cluster.addresses(),
    ring,
    routing: "token-aware",
    connectionsPerNode: 1,
    shaped: false,
    graceMs: 1_000,
  });
  const addresses = Array.from({ length: keys }, (_, i) =>
    encodeAddress({ type: "default", bucket: "ycsb", key: `user${String(i).padStart(10, "0")}` }),
  );
  const contexts = new Array<string>(keys).fill("");
  const value = "v".repeat(100);
  let writeId = 1;
  const put = (key: number, done: (ok: boolean) => void): void => {
    const version = { writeId: writeId++, value, tombstone: false };
    client.put(addresses[key], contexts[key], version, undefined, (answer) => {
      if (answer.context !== "") contexts[key] = answer.context;
      done(answer.outcome === "ok");
    });
  };
  const get = (key: number, done: (ok: boolean) => void): void =>
    client.get(addresses[key], undefined, (answer) => {
      contexts[key] = answer.context;
      done(answer.outcome === "ok");
    });
  for (let from = 0; from < keys; from += 256) {
    const some = Array.from({ length: Math.min(256, keys - from) }, (_, i) => from + i);
    await Promise.all(some.map((key) => new Promise((resolve) => put(key, resolve))));
  }
  const next = zipfianChooser(keys, 7);
  const random = Random.fromSeed(3);
  return {
    async run(round) {
      const before = await cluster.counts();
      const load = await closedLoop({
        ...round,
        issue: (done) => ((random.nextUint32() & 1) === 0 ? get(next(), done) : put(next(), done)),
      });
      const after = await cluster.counts();
      const total = (field: "cpuMs" | "messagesSent" | "steps" | "coordinated"): number =>
        after.reduce((sum, counts, i) => sum + (counts?.[field] ?? 0) - (before[i]?.[field] ?? 0), 0);
      const operations = total("coordinated");
      return {
        ...load,
        nodeCpuUsPerOp: (total("cpuMs") * 1_000) / operations,
        messagesPerOp: total("messagesSent") / operations,
        stepsPerOp: total("steps") / operations,
      };
    },
    async stop() {
      client.close();
      await cluster.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
