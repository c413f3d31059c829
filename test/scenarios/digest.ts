/**
 * A simulation of middle size that touches most of the engine, for its digest alone: it changes exactly when equal cells
 * and equal seeds may give other histories than before, which is when the semantics version must be raised.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scheduleFaults } from "../../engine/sim/faults";
import { SimulatedCluster } from "../../engine/sim/cluster";
import { encodeAddress } from "../../engine/vocabulary/address";
import { distributionOf } from "../../engine/vocabulary/distributions";
import { fromMs } from "../../engine/vocabulary/micros";
import { Random } from "../../engine/vocabulary/random";
import { SEMANTICS_VERSION } from "../../engine/vocabulary/semantics";
import type { ClusterSettings } from "../../engine/vocabulary/settings";

export interface GoldenDigest {
  readonly semantics: string;
  readonly digest: string;
  readonly events: number;
  readonly answered: number;
}

const FILE = join(__dirname, "golden-digest.json");
const LENGTH_MS = 4_000;

const CLUSTER: ClusterSettings = {
  name: "golden",
  seed: 7,
  members: Array.from({ length: 7 }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: i < 4 ? "a" : "b", weight: 1 })),
  ring: { strategy: "random-tokens", partitions: 64, vnodesPerNode: 12, hash: "murmur3", distinctHosts: "walk" },
  engine: {
    nVal: 3,
    r: "quorum",
    w: "quorum",
    pr: 0,
    pw: 0,
    dw: "one",
    notfoundOk: true,
    basicQuorum: false,
    coordinator: "replica",
    clock: "dvvset",
    maxSiblings: 20,
    readRepair: "async",
    sloppyQuorum: true,
    standIn: "fallback",
    hint: { batch: 5, idleMs: 50, concurrency: 2, rateBytesPerSecond: 20_000 },
    aae: { intervalMs: 300, depth: 4, fanout: 2, hash: "clock", repair: "gets", concurrency: 2 },
    readTimeoutMs: 150,
    writeTimeoutMs: 150,
    admission: 1_000,
    detector: { name: "timeout", heartbeatIntervalMs: 50, timeoutMs: 200 },
  },
  network: {
    intraZone: { dist: "lognormal", medianMs: 0.5, p99Ms: 4 },
    interZone: { dist: "pareto", minMs: 2, alpha: 2.5 },
    client: { dist: "exponential", meanMs: 0.2, shiftMs: 0 },
    loss: 0.01,
    duplicate: 0.01,
    reorder: 0.02,
  },
  storage: { kind: "lmdb", sync: "group" },
  nodeModel: {
    service: {
      message: { dist: "exponential", meanMs: 0.02, shiftMs: 0 },
      read: { dist: "weibull", scaleMs: 0.1, shape: 1.2 },
      write: { dist: "uniform", minMs: 0.05, maxMs: 0.2 },
      sync: { dist: "normal", meanMs: 2, sdMs: 0.5 },
    },
    workers: 2,
    queueLimit: 1_000,
  },
  simulation: { codec: "real" },
};

/** Five sessions, thirty keys, a crash, a pause, a partition. */
export function goldenDigest(): GoldenDigest {
  const cluster = new SimulatedCluster({ cluster: CLUSTER });
  const client = cluster.client({ routing: "token-aware", graceMs: 100 });
  const think = distributionOf({ dist: "exponential", meanMs: 8, shiftMs: 0 });
  let answered = 0;
  let nextWrite = 1;
  scheduleFaults(
    cluster,
    [
      { id: "kill", atMs: 800, forMs: 500, action: { kind: "kill", nodes: ["node-2"], disk: "keep" } },
      { id: "pause", atMs: 1_600, forMs: 300, action: { kind: "pause", nodes: ["node-6"] } },
      {
        id: "cut",
        atMs: 2_200,
        forMs: 700,
        action: { kind: "partition", groups: [["zone:a"], ["zone:b"]], oneWay: false, clients: "all" },
      },
    ],
    0,
  );
  for (let session = 0; session < 5; session++) {
    const random = Random.fromSeed(CLUSTER.seed).fork(`golden/${String(session)}`);
    const contexts = new Map<string, string>();
    const next = (): void => {
      const at = cluster.now() + think.sample(random);
      if (at < fromMs(LENGTH_MS)) cluster.at(at, act);
    };
    const act = (): void => {
      const address = encodeAddress({ type: "default", bucket: "golden", key: `k${String(random.nextBelow(30))}` });
      const done = ({ outcome, context }: { outcome: string; context: string }): void => {
        answered++;
        if (outcome === "ok") contexts.set(address, context);
        next();
      };
      if (random.nextFloat() < 0.5) return client.get(session, address, undefined, done);
      const writeId = nextWrite++;
      const version = { writeId, value: `v${String(writeId)}`, tombstone: random.nextBelow(20) === 0 };
      client.put(session, address, contexts.get(address) ?? "", version, undefined, done);
    };
    next();
  }
  cluster.run(fromMs(LENGTH_MS + 1_000));
  const { digest } = cluster;
  return { semantics: SEMANTICS_VERSION, digest: digest.hex(), events: digest.events, answered };
}

export function committedDigest(): GoldenDigest {
  return JSON.parse(readFileSync(FILE, "utf8")) as GoldenDigest;
}

export function recordDigest(): boolean {
  const text = JSON.stringify(goldenDigest(), undefined, 2) + "\n";
  if (text === readFileSync(FILE, "utf8")) return false;
  writeFileSync(FILE, text);
  return true;
}
