/**
 * What it costs to agree: one node joins an idle cluster of n, and news of it travels by gossip alone (a perfect detector, no
 * copies to move, messages of a millisecond). A change is three steps, and each needs the word of every member: so the time
 * is some rounds of gossip, of which there are about log n, and the bytes are those of n entries that change three times.
 * Full state: every node knows every other. Beside it how long a node takes to build the new ring, at 256 tokens a node.
 */
import "../../engine/real/native-octets";
import { SimulatedCluster } from "../../engine/sim/cluster";
import { firstPlan } from "../../engine/ring/plan";
import { Ring } from "../../engine/ring/ring";
import { Random } from "../../engine/vocabulary/random";
import type { ClusterSettings, MemberSettings } from "../../engine/vocabulary/settings";

export interface MembershipFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

export const INTERVAL_MS = 1_000;
/** Agreement is looked for so often. */
const LOOK = 10_000;

/** `n` members and one that is to join. */
export function gossiping(n: number, seed: number, payloadBytes: number): ClusterSettings {
  const members: MemberSettings[] = Array.from({ length: n + 1 }, (_, i) => ({
    id: `node-${String(i + 1)}`,
    zone: "a",
    weight: 1,
    ...(i === n ? { joins: true as const } : {}),
  }));
  return {
    name: "agreement",
    seed,
    members,
    ring: { strategy: "random-tokens", partitions: 64, vnodesPerNode: 4, hash: "murmur3", distinctHosts: "walk" },
    network: { intraZone: { dist: "constant", valueMs: 1 }, loss: 0 },
    storage: { kind: "memory", sync: "each" },
    engine: {
      nVal: 3,
      r: "quorum",
      w: "quorum",
      pr: 0,
      pw: 0,
      dw: 0,
      notfoundOk: true,
      basicQuorum: false,
      coordinator: "replica",
      clock: "dvvset",
      maxSiblings: 100,
      readRepair: "async",
      readTimeoutMs: 1_000,
      writeTimeoutMs: 1_000,
      admission: 1_000,
      detector: { name: "perfect", heartbeatIntervalMs: 1_000, timeoutMs: 3_000 },
      membership: {
        intervalMs: INTERVAL_MS,
        fanout: 1,
        seeds: [0, 1, 2],
        pushPullMs: 30 * INTERVAL_MS,
        payloadBytes,
        doubleWrites: true,
        transferBatch: 100,
      },
    },
  };
}

export interface Agreement {
  /** From the order to join until the last member goes by the ring with it, in intervals of gossip. */
  readonly intervals: number;
  /** A node and second. */
  readonly idleBytes: number;
  readonly changeBytes: number;
}

/** @throws Error where there is none within so many intervals. */
export function agreeOnJoin(n: number, seed: number, payloadBytes: number, patience = 400): Agreement {
  const cluster = new SimulatedCluster({ cluster: gossiping(n, seed, payloadBytes) });
  const second = 1_000_000;
  const interval = INTERVAL_MS * 1_000;
  const bytes = (): number => cluster.machines.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  // First all come to know all: then only rounds are left.
  let before = 0;
  let last = Infinity;
  for (let quiet = 0, rounds = 0; quiet < 3; rounds++) {
    if (rounds > patience) throw new Error(`${String(n)} nodes do not come to know each other`);
    cluster.run(cluster.now() + 5 * interval);
    const sent = bytes() - before;
    before += sent;
    quiet = sent <= last * 1.02 && sent < 5 * n * 100 ? quiet + 1 : 0;
    last = sent;
  }
  const idleBytes = last / n / ((5 * interval) / second);
  const began = cluster.now();
  cluster.boot(n);
  cluster.operate(n, { kind: "join", via: 0, replaces: undefined });
  const agreed = (): boolean =>
    cluster.machines.every((_, node) => {
      const state = cluster.ringStateOf(node);
      return state?.phase === "settled" && state.plan.members.length === n + 1;
    });
  while (!agreed()) {
    if (cluster.now() - began > patience * interval) throw new Error(`${String(n)} nodes do not agree`);
    cluster.run(cluster.now() + LOOK);
  }
  const took = cluster.now() - began;
  return { intervals: took / interval, idleBytes, changeBytes: (bytes() - before) / n / (took / second) };
}

/** Of processor time, the least of three. */
function rebuild(n: number): number {
  const members: MemberSettings[] = Array.from({ length: n }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: "a", weight: 1 })); // prettier-ignore
  const settings = { strategy: "random-tokens", partitions: 64, vnodesPerNode: 256, hash: "murmur3", distinctHosts: "walk" } as const; // prettier-ignore
  const random = Random.fromSeed(1);
  const plan = firstPlan(settings, members, random);
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const began = process.cpuUsage();
    Ring.of(settings, members, plan, random);
    const { user, system } = process.cpuUsage(began);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

export function measureMembership(): readonly MembershipFigure[] {
  const figures: MembershipFigure[] = [];
  for (const n of [10, 30, 100, 300, 1_000]) {
    // A thousand that tell each other of a thousand take minutes.
    const seeds = n <= 100 ? [1, 2, 3, 4, 5] : [1];
    const all = seeds.map((seed) => agreeOnJoin(n, seed, PAYLOAD));
    const median = (of: (one: Agreement) => number): number => all.map(of).sort((a, b) => a - b)[all.length >> 1];
    const add = (name: string, value: number, unit: string, note: string): void =>
      void figures.push({ name: `membership: ${String(n)} nodes, ${name}`, value, unit, note });
    add("agreement on a join", median(({ intervals }) => intervals), "intervals", `median of ${String(seeds.length)} seeds`); // prettier-ignore
    add(
      "gossip at rest",
      median(({ idleBytes }) => idleBytes),
      "B/s a node",
      `one round in ${String(INTERVAL_MS)} ms`,
    );
    add("gossip during the change", median(({ changeBytes }) => changeBytes), "B/s a node", `payload ${String(PAYLOAD)} B`); // prettier-ignore
    add("ring built", rebuild(n), "ms", "256 tokens a node, processor time");
  }
  return figures;
}

/** A datagram that no network cuts up. */
export const PAYLOAD = 1_400;
