/**
 * What a soak's seed draws: the cluster's ways of repair once, and for each round the faults. Every other round has faults
 * of one kind alone, so that a table can say what each kind did; the rounds between mix them. Kills keep to some rounds
 * together: a process that never lives for some minutes shows no leak.
 *
 * All that is drawn keeps the promise that is checked: a node's disk stays (kill keeps it, memory is never killed), unless
 * `wipe` says that one node a round loses it; then only writes whose DW was at least two are demanded back.
 */
import { randomFaults } from "../../engine/host/random-faults";
import { type FaultKind, type FaultSettings, INSTANTANEOUS } from "../../engine/vocabulary/faults";
import { Random } from "../../engine/vocabulary/random";
import type { ClusterSettings, EngineSettings, QuorumValue } from "../../engine/vocabulary/settings";

export interface Soaked {
  readonly seed: number;
  readonly storage: "lmdb" | "memory";
  readonly wipe: boolean;
  /** Every round has this kind alone; see {@link turnsOf}. */
  readonly only?: string | undefined;
}

/** Of so many rounds the first few may kill processes; in the others these live long enough for their memory to be judged. */
const BLOCK = 40;
const DEADLY = 12;

export const NODES = 5;
export const ROUND_MS = 12_000;
const LONGEST_MS = 5_000;
/** Faults begin when the load has come up. */
const FIRST_MS = 500;

const OF_ANY: readonly FaultKind[] = ["pause", "partition", "loss", "delay", "duplicate", "reorder"];
const OF_DISKS: readonly FaultKind[] = ["kill", "slow-disk", "disk-full", "disk-error"];

export function kindsOf({ storage }: Soaked): readonly FaultKind[] {
  return storage === "lmdb" ? [...OF_DISKS, ...OF_ANY] : OF_ANY;
}

/** A kind of the soak's own: every node is killed at once, as where a room loses power. Only what is on disks is left. */
const POWER = "power";

/** Kinds that a round may have alone. */
export function turnsOf(soaked: Soaked): readonly (FaultKind | typeof POWER)[] {
  const kinds = kindsOf(soaked);
  return kinds.includes("kill") ? [POWER, ...kinds] : kinds;
}

/** DW of writes; and of these, what must be there in the end. */
export const DW: readonly QuorumValue[] = ["one", "quorum", "all"];
export function isPromised({ wipe }: Soaked, dw: QuorumValue): boolean {
  return !wipe || dw !== "one";
}

export function drawSettings({ seed, storage }: Soaked): ClusterSettings {
  const random = Random.fromSeed(seed).fork("settings");
  const pick = <T>(choices: readonly T[]): T => choices[random.nextBelow(choices.length)];
  const standIn = pick(["fallback", "coordinator-log", "peer-slop"] as const);
  const engine: EngineSettings = {
    nVal: 3,
    r: "quorum",
    w: "quorum",
    pr: 0,
    pw: 0,
    dw: "one",
    notfoundOk: true,
    basicQuorum: false,
    coordinator: pick(["replica", "any"] as const),
    clock: "dvvset",
    maxSiblings: 1_000,
    readRepair: pick(["async", "async", "none"] as const),
    standIn,
    sloppyQuorum: standIn === "fallback" || pick([true, false]),
    hint: { batch: 50, idleMs: pick([0, 100]), concurrency: 2 },
    aae: {
      intervalMs: 200,
      depth: 2,
      fanout: 16,
      hash: pick(["clock", "content"] as const),
      repair: pick(["gets", "stream"] as const),
      concurrency: 2,
      rebuildMs: 30_000,
    },
    readTimeoutMs: 400,
    writeTimeoutMs: 400,
    admission: 1_000,
    detector: { name: "timeout", heartbeatIntervalMs: 100, timeoutMs: 600 },
  };
  return {
    name: `soak-${String(seed)}`,
    seed,
    members: Array.from({ length: NODES }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: "a", weight: 1 })),
    ring: {
      strategy: pick(["equal-partitions", "random-tokens"] as const),
      partitions: 32,
      vnodesPerNode: 16,
      hash: "murmur3",
      distinctHosts: "walk",
    },
    engine,
    network: { loss: 0 },
    storage: { kind: storage, sync: pick(["group", "group", "each"] as const) },
  };
}

export function describeSettings({ engine, storage, ring }: ClusterSettings): string {
  const { standIn, sloppyQuorum, coordinator, readRepair, hint, aae } = engine;
  return [
    `${String(NODES)} nodes, N=3, R=W=2, DW drawn of one, quorum and all`,
    `${storage.kind}${storage.kind === "lmdb" ? `, sync ${storage.sync}` : ""}, ${ring.strategy}`,
    `stand-in ${String(standIn)}${sloppyQuorum === true ? " (sloppy)" : ""}, hints idle ${String(hint?.idleMs)} ms`,
    `coordinator ${coordinator}, read repair ${readRepair}`,
    `anti-entropy by ${String(aae?.repair)}, hash of the ${String(aae?.hash)}`,
  ].join("; ");
}

export interface Round {
  readonly number: number;
  readonly seed: number;
  /** The one kind, or `several`. */
  readonly label: string;
  readonly faults: readonly FaultSettings[];
}

/** `number` counts from 1. Equal seeds draw equal faults. */
export function drawRound(soaked: Soaked, cluster: ClusterSettings, number: number): Round {
  const random = Random.fromSeed(soaked.seed).fork(`round/${String(number)}`);
  const spares = (number - 1) % BLOCK >= DEADLY;
  const kinds = kindsOf(soaked).filter((kind) => !spares || kind !== "kill");
  // One after the other, so that a short soak has met all.
  const turns = turnsOf(soaked).filter((kind) => !spares || (kind !== "kill" && kind !== POWER));
  const turn = number % 2 === 1 ? turns[((number - 1) / 2) % turns.length] : undefined;
  const only = turnsOf(soaked).find((kind) => kind === soaked.only) ?? turn;
  const count = 2 + random.nextBelow(3);
  const drawn = randomFaults(
    {
      count: only === POWER ? 0 : count,
      kinds: only === undefined || only === POWER ? kinds : [only],
      fromMs: FIRST_MS,
      toMs: ROUND_MS,
      longestMs: LONGEST_MS,
    },
    cluster,
    random.fork("faults"),
  );
  const failures =
    only === POWER ? count : only === undefined && kinds.includes("kill") && random.nextBelow(3) === 0 ? 1 : 0;
  const outages = Array.from({ length: failures }, (_, i) => powerFailure(i, random));
  const victim = cluster.members[random.nextBelow(cluster.members.length)].id;
  const atMs = FIRST_MS + random.nextBelow(ROUND_MS - FIRST_MS);
  const wiped: FaultSettings = { id: "wipe", atMs, forMs: undefined, action: { kind: "wipe", nodes: [victim] } };
  const faults = [...drawn, ...outages, ...(soaked.wipe ? [wiped] : [])];
  return { number, seed: random.nextUint32(), label: only === undefined || soaked.wipe ? "several" : only, faults };
}

function powerFailure(number: number, random: Random): FaultSettings {
  const forMs = 1 + random.nextBelow(1_500);
  const atMs = FIRST_MS + random.nextBelow(ROUND_MS - FIRST_MS - forMs);
  return { id: `${POWER}-${String(number + 1)}`, atMs, forMs, action: { kind: "kill", nodes: ["all"], disk: "keep" } };
}

/** When the last of a round's faults is over, if all goes as drawn. */
export function endOf({ faults }: Round): number {
  return Math.max(...faults.map(({ atMs, forMs, action }) => atMs + (INSTANTANEOUS.has(action.kind) ? 0 : (forMs ?? 0)))); // prettier-ignore
}
