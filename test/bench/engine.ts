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

/** Half gets, half puts of 100 bytes; each put carries the context of a get of its key that the same loop made. */
export async function measureEngine(options: {
  readonly placement: Placement;
  readonly inFlight: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly keys: number;
}): Promise<EngineFigures> {
  const directory = mkdtempSync(join(tmpdir(), "quorumlab-bench-"));
  const cluster = await RealCluster.start({
    settings: BENCH_CLUSTER,
    directory,
    placement: options.placement,
    log: () => undefined,
  });
  try {
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
    const addresses = Array.from({ length: options.keys }, (_, i) =>
      encodeAddress({ type: "default", bucket: "ycsb", key: `user${String(i).padStart(10, "0")}` }),
    );
    const contexts = new Array<string>(options.keys).fill("");
    const value = "v".repeat(100);
    let writeId = 1;
    await Promise.all(
      addresses.map(
        (address, i) =>
          new Promise<void>((resolve) =>
            client.put(address, "", { writeId: writeId++, value, tombstone: false }, undefined, (answer) => {
              contexts[i] = answer.context;
              resolve();
            }),
          ),
      ),
    );
    const next = zipfianChooser(options.keys, 7);
    const random = Random.fromSeed(3);
    const before = await cluster.counts();
    const load = await closedLoop({
      ...options,
      issue: (done) => {
        const key = next();
        if ((random.nextUint32() & 1) === 0) {
          client.get(addresses[key], undefined, (answer) => {
            contexts[key] = answer.context;
            done(answer.outcome === "ok");
          });
        } else {
          client.put(
            addresses[key],
            contexts[key],
            { writeId: writeId++, value, tombstone: false },
            undefined,
            (answer) => {
              if (answer.context !== "") contexts[key] = answer.context;
              done(answer.outcome === "ok");
            },
          );
        }
      },
    });
    const after = await cluster.counts();
    client.close();
    const total = (field: "cpuMs" | "messagesSent" | "steps" | "coordinated"): number =>
      after.reduce((sum, counts, i) => sum + (counts?.[field] ?? 0) - (before[i]?.[field] ?? 0), 0);
    const operations = total("coordinated");
    return {
      ...load,
      nodeCpuUsPerOp: (total("cpuMs") * 1_000) / operations,
      messagesPerOp: total("messagesSent") / operations,
      stepsPerOp: total("steps") / operations,
    };
  } finally {
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
