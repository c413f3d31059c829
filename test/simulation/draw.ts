/**
 * One seed, one whole scenario: how large the cluster is, what it promises, how its network and disks behave, what goes
 * wrong when, and who asks for what. A person who writes tests by hand combines the settings that come to mind; a seed
 * has no such habits, and is the shortest description of a failure there is.
 *
 * All faults end before the scenario does: first safety while everything breaks, then liveness once it is whole again.
 */
import { clockFor, CLOCKS } from "../../engine/clocks/clock";
import { DETECTORS } from "../../engine/detectors/detector";
import { detectorNamedWith, QUICK } from "../engine/detectors/named";
import { FAULT_VERBS } from "../../engine/host/faults";
import { randomFaults } from "../../engine/sim/faults";
import { type FaultKind, type FaultSettings, OF_MEMBERSHIP } from "../../engine/vocabulary/faults";
import { type BucketDraw, drawBuckets } from "./draw-buckets";
import { type ChangeDraw, drawMembership, membershipTraits } from "./draw-membership";
import { Random } from "../../engine/vocabulary/random";
import type {
  ClusterSettings,
  DistributionSettings,
  EngineSettings,
  MemberSettings,
  NetworkSettings,
  NodeModelSettings,
  QuorumValue,
  RingSettings,
} from "../../engine/vocabulary/settings";

/** What a session sends along with a write. */
export type ContextHabit = "session" | "none" | "read-first";

export interface WorkloadDraw {
  readonly keys: number;
  /** One habit a session. */
  readonly sessions: readonly ContextHabit[];
  readonly think: DistributionSettings;
  /** Shares of 1; the rest are puts. */
  readonly gets: number;
  readonly deletes: number;
  readonly routing: "any" | "token-aware" | "client-driven";
  /** Requests bring quorums of their own now and then. */
  readonly ownQuorums: boolean;
  readonly valueBytes: number;
  /** As by a front end: requests ask for all that may be asked differently, and values have something beside them. */
  readonly asFrontEnds?: boolean;
}

export interface Scenario {
  readonly seed: number;
  readonly cluster: ClusterSettings;
  readonly workload: WorkloadDraw;
  readonly faults: readonly FaultSettings[];
  /** What operators ask for; none where membership is fixed. */
  readonly changes: readonly ChangeDraw[];
  /** Nodes go by what is said of the workload's bucket. Undefined: by what they are set up with. */
  readonly buckets?: BucketDraw;
  /** Sessions begin nothing after this, and no fault lasts beyond it. */
  readonly endMs: number;
  /** What was drawn, in words: for the report on what ever fired. */
  readonly traits: readonly string[];
}

/** Draws of the kinds a scenario needs. */
export class Draws {
  constructor(readonly random: Random) {}

  fork(name: string): Draws {
    return new Draws(this.random.fork(name));
  }

  chance(share: number): boolean {
    return this.random.nextFloat() < share;
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + this.random.nextBelow(high - low + 1);
  }

  real(low: number, high: number): number {
    return low + (high - low) * this.random.nextFloat();
  }

  pick<T>(items: readonly T[]): T {
    return items[this.random.nextBelow(items.length)];
  }

  /** At least one and not all of `items`, in their order. */
  some<T>(items: readonly T[], most: number): T[] {
    const count = this.integer(1, Math.max(1, Math.min(most, items.length - 1)));
    const chosen = new Set(this.random.shuffle(items.map((_, i) => i)).slice(0, count));
    return items.filter((_, i) => chosen.has(i));
  }
}

export const DISTRIBUTIONS: readonly DistributionSettings["dist"][] = [
  "constant",
  "uniform",
  "exponential",
  "normal",
  "lognormal",
  "pareto",
  "weibull",
  "empirical",
  "mixture",
];

/** Of any kind, with a typical length of about `ms`. */
export function distribution(draws: Draws, ms: number, kind = draws.pick(DISTRIBUTIONS)): DistributionSettings {
  switch (kind) {
    case "constant":
      return { dist: "constant", valueMs: ms };
    case "uniform":
      return { dist: "uniform", minMs: ms / 4, maxMs: ms * 2 };
    case "exponential":
      return { dist: "exponential", meanMs: ms, shiftMs: draws.pick([0, ms / 4]) };
    case "normal":
      return { dist: "normal", meanMs: ms, sdMs: ms / 3 };
    case "lognormal":
      return { dist: "lognormal", medianMs: ms, p99Ms: ms * draws.real(2, 10) };
    case "pareto":
      return { dist: "pareto", minMs: ms / 2, alpha: draws.real(1.5, 4) };
    case "weibull":
      return { dist: "weibull", scaleMs: ms, shape: draws.real(0.7, 2) };
    case "empirical":
      return {
        dist: "empirical",
        points: [
          [0, ms / 5],
          [0.5, ms],
          [0.99, ms * 3],
          [1, ms * 8],
        ],
      };
    case "mixture":
      return {
        dist: "mixture",
        parts: [
          { weight: 9, of: { dist: "exponential", meanMs: ms, shiftMs: 0 } },
          { weight: 1, of: { dist: "uniform", minMs: ms * 3, maxMs: ms * 6 } },
        ],
      };
  }
}

export function drawScenario(seed: number): Scenario {
  const root = new Draws(Random.fromSeed(seed).fork("swarm"));
  const cluster = drawCluster(seed, root.fork("cluster"));
  const endMs = root.fork("length").integer(800, 2_500);
  const workload = drawWorkload(root.fork("workload"));
  const faults = drawFaults(root.fork("faults"), cluster, endMs);
  const changes: readonly ChangeDraw[] = [];
  if (seed < FIRST_WITH_REPAIR)
    return { seed, cluster, workload, faults, changes, endMs, traits: traitsOf(cluster, workload) };
  const draws = root.fork("repair");
  const repairing = { ...cluster.engine, ...drawRepair(draws, cluster.engine) };
  const engine =
    seed < FIRST_WITH_DETECTORS ? repairing : { ...repairing, detector: drawDetector(root.fork("detector")) };
  const whole = { ...cluster, engine };
  const all = engine.standIn === undefined ? faults : withAbsences(draws.fork("absences"), faults, whole, endMs);
  const busy = {
    ...workload,
    // Where tombstones are removed, there should be some.
    ...(removesTombstones(engine)
      ? { deletes: Math.max(workload.deletes, draws.fork("deletes").real(0.05, 0.2)) }
      : {}),
    // A hundred siblings of two thousand bytes in every message take minutes and find nothing.
    valueBytes: Math.min(workload.valueBytes, engine.maxSiblings > 10 ? 100 : Infinity),
  };
  const drawn = seed < FIRST_WITH_CLIENTS ? busy : { ...busy, routing: routingOf(engine) };
  const { load, nodeConfirms } =
    seed < FIRST_WITH_OPTIONS
      ? { load: drawn, nodeConfirms: undefined }
      : drawOptions(root.fork("options"), busy, drawn, engine.nVal);
  const confirmed = nodeConfirms === undefined ? whole : { ...whole, engine: { ...engine, nodeConfirms } };
  const fixed = {
    seed,
    cluster: confirmed,
    workload: load,
    faults: all,
    changes,
    endMs,
    traits: traitsOf(confirmed, load),
  };
  const scenario = changesMembers(seed) ? drawChanging(root.fork("membership"), fixed) : fixed;
  return seed < FIRST_WITH_BUCKETS ? scenario : inDisguise(root.fork("buckets"), scenario);
}

/** The same world, of nodes that are set up otherwise. What coordinates inside clients knows nothing of buckets. */
function inDisguise(draws: Draws, scenario: Scenario): Scenario {
  const { cluster, workload, endMs, traits } = scenario;
  const routing = workload.routing === "client-driven" ? "token-aware" : workload.routing;
  const buckets = drawBuckets(draws, cluster, endMs);
  const { nVal, siblings } = buckets.ofCluster;
  const differs = nVal === cluster.engine.nVal ? "the cluster's own n" : "an n of its own";
  const said = [`buckets: ${differs}`, `buckets: a cluster with siblings ${String(siblings)}`];
  return { ...scenario, workload: { ...workload, routing }, buckets, traits: [...traits, ...said] };
}

/** The same world with nodes that come and go, and faults that know of all of them. */
function drawChanging(draws: Draws, fixed: Scenario): Scenario {
  const endMs = fixed.endMs + draws.integer(300, 2_500);
  const { cluster, changes } = drawMembership(draws.fork("changes"), fixed.cluster, endMs);
  const faults = drawFaults(draws.fork("faults"), cluster, endMs);
  const all =
    cluster.engine.standIn === undefined ? faults : withAbsences(draws.fork("absences"), faults, cluster, endMs);
  const traits = [...traitsOf(cluster, fixed.workload), ...membershipTraits(cluster, changes)];
  return { ...fixed, cluster, faults: all, changes, endMs, traits };
}

/**
 * Seeds below draw what they drew before there were stand-ins and anti-entropy: what they found
 * once they would find again, and they are quick. From here on everything that repairs is drawn, from forks of its own.
 */
export const FIRST_WITH_REPAIR = 2_000_000;
/** From here on members come and go, up to the first that draws a detector; and again from the other one on. */
export const FIRST_WITH_MEMBERSHIP = 3_000_000;
export const FIRST_WITH_MEMBERSHIP_AND_DETECTORS = 9_000_000;

/** From here on clients coordinate by themselves; and where members come and go, from the other one on. */
export const FIRST_WITH_CLIENTS = 12_000_000;
export const FIRST_WITH_CLIENTS_AND_MEMBERSHIP = 15_000_000;

/** From here on requests ask for all that front ends ask for, by any routing; members come and go in every second world. */
export const FIRST_WITH_OPTIONS = 18_000_000;

/** From here on nodes are set up otherwise than the scenario says, which is said of its bucket instead. */
export const FIRST_WITH_BUCKETS = 21_000_000;

function drawOptions(
  draws: Draws,
  busy: WorkloadDraw,
  drawn: WorkloadDraw,
  nVal: number,
): { readonly load: WorkloadDraw; readonly nodeConfirms: QuorumValue | undefined } {
  const routing = draws.chance(0.6) ? busy.routing : drawn.routing;
  const load = { ...drawn, routing, ownQuorums: draws.chance(0.8), asFrontEnds: true };
  return { load, nodeConfirms: draws.chance(0.4) ? quorum(draws, nVal, 1) : undefined };
}

function changesMembers(seed: number): boolean {
  if (seed >= FIRST_WITH_OPTIONS) return seed % 2 === 0;
  return (
    (seed >= FIRST_WITH_MEMBERSHIP && seed < FIRST_WITH_DETECTORS) ||
    (seed >= FIRST_WITH_MEMBERSHIP_AND_DETECTORS && seed < FIRST_WITH_CLIENTS) ||
    seed >= FIRST_WITH_CLIENTS_AND_MEMBERSHIP
  );
}

/** A client that makes events itself has no disk for a log of hints: no experiment may ask for that. */
function routingOf(engine: EngineSettings): WorkloadDraw["routing"] {
  return engine.standIn === "coordinator-log" && !clockFor(engine).mintsServerDots ? "token-aware" : "client-driven";
}

/** Seeds below know two detectors. */
export const FIRST_WITH_DETECTORS = 6_000_000;

function drawDetector(draws: Draws): EngineSettings["detector"] {
  return detectorNamedWith(draws.pick([...DETECTORS.keys()]), {
    ...QUICK,
    window: draws.pick([5, 1_000]),
    probe_order: draws.pick(["round-robin", "random"]),
    probe_phase: draws.pick(["random", "common"]),
    dissemination: draws.pick(["infection", "infection", "multicast", "none"]),
    indirect_probes: draws.integer(0, 3),
    suspicion_mult: draws.pick([0, 3]),
    max_updates: draws.pick([1, 6]),
    scaling: draws.pick(["memberlist", "paper"]),
    rumour_interval: draws.pick(["none", "10ms"]),
    avoid_suspects: draws.chance(0.3),
    buddy: draws.chance(0.5),
    max_health: draws.pick([0, 3]),
  });
}

export function removesTombstones({ deleteMode, graceMs }: EngineSettings): boolean {
  return graceMs !== undefined || (deleteMode !== undefined && deleteMode !== "keep");
}

/** Who stands in for whom, what brings copies together again, and how reads go about it. */
function drawRepair(draws: Draws, engine: EngineSettings): Partial<EngineSettings> {
  return {
    ...drawStandIns(draws.fork("stand-ins"), engine),
    ...drawAntiEntropy(draws.fork("anti-entropy")),
    ...drawRemoval(draws.fork("removal")),
  };
}

function drawStandIns(draws: Draws, { nVal, detector }: EngineSettings): Partial<EngineSettings> {
  if (draws.chance(0.4)) return {};
  const standIn = draws.pick(["fallback", "fallback", "coordinator-log", "peer-slop"] as const);
  // Without it a fallback lends nothing.
  const sloppyQuorum = draws.chance(standIn === "fallback" ? 0.9 : 0.5);
  return {
    standIn,
    sloppyQuorum,
    hint: {
      batch: draws.pick([1, 3, 100]),
      idleMs: draws.pick([0, 0, 50, 300]),
      concurrency: draws.pick([1, 1, 2, 4]),
      ...(draws.chance(0.2) ? { windowMs: draws.integer(100, 2_000) } : {}),
      ...(draws.chance(0.2) ? { rateBytesPerSecond: draws.pick([20_000, 500_000]) } : {}),
      ...(draws.chance(0.15) ? { expiryMs: draws.integer(200, 2_000) } : {}),
    },
    ...(sloppyQuorum && draws.chance(0.4) ? { pw: draws.integer(1, nVal), pr: draws.integer(1, nVal) } : {}),
    // Whoever is away is to be missed before a run of a second or two is over.
    detector: { ...detector, heartbeatIntervalMs: 40, timeoutMs: draws.integer(120, 250) },
  };
}

/** Nobody stands in where nobody is away: beside the other faults, some that keep nodes away for a while. */
function withAbsences(
  draws: Draws,
  faults: readonly FaultSettings[],
  cluster: ClusterSettings,
  endMs: number,
): readonly FaultSettings[] {
  if (draws.chance(0.1)) return faults;
  const kinds: FaultKind[] = ["kill", "kill", "pause", "partition", "partition", "loss"];
  const settings = { count: draws.integer(1, 5), kinds, fromMs: 0, toMs: endMs, longestMs: endMs };
  const more = randomFaults(settings, cluster, draws.random.fork("random"));
  const both = [...faults, ...more].sort((a, b) => a.atMs - b.atMs);
  return both.map((fault, i) => ({ ...fault, id: `${fault.action.kind}-${String(i + 1)}` }));
}

function drawAntiEntropy(draws: Draws): Partial<EngineSettings> {
  if (!draws.chance(0.35)) return {};
  return {
    aae: {
      intervalMs: draws.integer(10, 80),
      fanout: draws.pick([2, 2, 4]),
      depth: draws.integer(1, 3),
      hash: draws.pick(["clock", "content"] as const),
      repair: draws.pick(["gets", "stream"] as const),
      concurrency: draws.pick([1, 2, 3]),
      ...(draws.chance(0.3) ? { rebuildMs: draws.integer(300, 3_000) } : {}),
    },
    ...(draws.chance(0.15) ? { backgroundP99Ms: draws.pick([2, 20, 200]) } : {}),
  };
}

function drawRemoval(draws: Draws): Partial<EngineSettings> {
  return {
    ...(draws.chance(0.12)
      ? { deleteMode: draws.pick(["immediate" as const, { afterMs: draws.integer(5, 500) }]) }
      : {}),
    ...(draws.chance(0.08) ? { graceMs: draws.integer(200, 1_500) } : {}),
  };
}

function drawCluster(seed: number, draws: Draws): ClusterSettings {
  const nodes = draws.integer(1, 8);
  const zones = draws.pick([["a"], ["a"], ["a", "b"], ["a", "b", "c"]]);
  const weighted = draws.chance(0.2);
  const members: MemberSettings[] = Array.from({ length: nodes }, (_, i) => ({
    id: `node-${String(i + 1)}`,
    zone: zones[i % zones.length],
    weight: weighted ? draws.integer(1, 4) : 1,
    ...(draws.chance(0.1) ? { speed: draws.pick([0.3, 2]) } : {}),
  }));
  const storage =
    draws.chance(0.4) && !draws.chance(0.2)
      ? ({ kind: "memory", sync: "group" } as const)
      : ({ kind: "lmdb", sync: draws.pick(["each", "group", "never"] as const) } as const);
  const localDelay = draws.chance(0.2) ? distribution(draws, draws.real(0.01, 0.5)) : undefined;
  return {
    name: `swarm-${String(seed)}`,
    seed,
    members,
    ring: drawRing(draws, nodes),
    engine: drawEngine(seed, draws, nodes),
    network: drawNetwork(draws, zones),
    storage,
    ...(draws.chance(0.7) ? { nodeModel: drawNodeModel(draws) } : {}),
    // The codec is part of what is tested: never bypassed.
    simulation: { codec: "real", ...(localDelay === undefined ? {} : { localDelay }) },
  };
}

function drawRing(draws: Draws, nodes: number): RingSettings {
  return {
    strategy: draws.pick(["equal-partitions", "random-tokens"]),
    partitions: nodes * draws.integer(2, 8),
    vnodesPerNode: draws.integer(3, 16),
    hash: draws.pick(["murmur3", "md5", "sha1", "fnv1a"]),
    distinctHosts: draws.chance(0.2) ? "claim" : "walk",
  };
}

function quorum(draws: Draws, n: number, least: number): QuorumValue {
  return draws.chance(0.4) ? draws.pick(["one", "quorum", "all"]) : draws.integer(least, n);
}

function drawEngine(seed: number, draws: Draws, nodes: number): EngineSettings {
  const nVal = Math.min(nodes, draws.pick([1, 2, 3, 3, 3, 3, 4, 5]));
  const heartbeatIntervalMs = draws.integer(40, 120);
  return {
    nVal,
    r: draws.chance(0.5) ? "quorum" : quorum(draws, nVal, 0),
    w: draws.chance(0.5) ? "quorum" : quorum(draws, nVal, 0),
    pr: draws.chance(0.8) ? 0 : quorum(draws, nVal, 0),
    pw: draws.chance(0.8) ? 0 : quorum(draws, nVal, 0),
    dw: draws.chance(0.5) ? "one" : quorum(draws, nVal, 0),
    notfoundOk: draws.chance(0.75),
    basicQuorum: draws.chance(0.25),
    coordinator: draws.pick(["replica", "any"]),
    clock: draws.pick([...CLOCKS.keys()]),
    maxSiblings: draws.pick([2, 4, 100, 100]),
    readRepair: draws.chance(0.75) ? "async" : "none",
    ...drawReads(draws.fork("reads"), seed),
    readTimeoutMs: draws.integer(100, 400),
    writeTimeoutMs: draws.integer(100, 400),
    admission: draws.chance(0.1) ? draws.integer(1, 3) : 1_000,
    detector: {
      name: draws.pick(["timeout", "perfect"]),
      heartbeatIntervalMs,
      timeoutMs: heartbeatIntervalMs * draws.integer(3, 6),
    },
  };
}

/** Seeds below have stories that were told, and bugs that were found, without any of this. */
const FIRST_WITH_STRATEGIES = 5_000;

function drawReads(draws: Draws, seed: number): Partial<EngineSettings> {
  if (seed < FIRST_WITH_STRATEGIES || draws.chance(0.5)) return {};
  const few = draws.chance(0.6);
  const speculativeRetry = draws.pick([undefined, "p99", "always", { afterMs: draws.real(1, 50) }] as const);
  return {
    ...(draws.chance(0.5) ? { readRepair: "blocking" as const } : {}),
    ...(draws.chance(0.5) ? { digestReads: true } : {}),
    ...(draws.chance(0.3) ? { readRepairChance: draws.real(0, 0.5) } : {}),
    ...(few ? { readFanout: "quorum" as const } : {}),
    ...(few && speculativeRetry !== undefined ? { speculativeRetry } : {}),
  };
}

function drawNetwork(draws: Draws, zones: readonly string[]): NetworkSettings {
  const typical = draws.pick([0.2, 1, 5]);
  const noisy = draws.chance(0.25);
  const wars = draws.chance(0.2)
    ? {
        w: distribution(draws, typical),
        a: distribution(draws, typical),
        r: distribution(draws, typical),
        s: distribution(draws, typical),
      }
    : undefined;
  return {
    intraZone: distribution(draws, typical),
    ...(zones.length > 1 ? { interZone: distribution(draws, typical * 3) } : {}),
    ...(zones.length > 2
      ? { zonePairs: [{ from: zones[0], to: zones[2], delay: distribution(draws, typical * 5) }] }
      : {}),
    client: distribution(draws, typical / 2),
    ...(draws.chance(0.2) ? { local: distribution(draws, 0.05) } : {}),
    ...(wars === undefined ? {} : { wars }),
    loss: noisy ? draws.real(0, 0.05) : 0,
    ...(noisy ? { duplicate: draws.real(0, 0.05), reorder: draws.real(0, 0.1) } : {}),
    ...(draws.chance(0.15) ? { bandwidthBytesPerSecond: draws.integer(500_000, 5_000_000) } : {}),
  };
}

function drawNodeModel(draws: Draws): NodeModelSettings {
  const model = drawMachine(draws);
  if (model.queueLimit > SMALL_QUEUE) return model;
  // A short queue never fills before quick workers. From a fork of its own: other seeds stay as they are.
  const slow = draws.fork("small queue");
  // No heavy tail: a single worker that takes minutes for one message is a dead node, and nothing heals it.
  const kind = slow.pick(["constant", "uniform", "exponential", "normal"] as const);
  const service = { ...model.service, message: distribution(slow, slow.real(0.3, 1), kind) };
  return { ...model, service, workers: 1 };
}

export const SMALL_QUEUE = 12;

function drawMachine(draws: Draws): NodeModelSettings {
  return {
    service: {
      ...(draws.chance(0.6) ? { message: distribution(draws, draws.real(0.01, 0.1)) } : {}),
      ...(draws.chance(0.7) ? { read: distribution(draws, draws.real(0.02, 0.5)) } : {}),
      ...(draws.chance(0.7) ? { write: distribution(draws, draws.real(0.02, 0.5)) } : {}),
      ...(draws.chance(0.8) ? { sync: distribution(draws, draws.pick([0.5, 5, 20])) } : {}),
    },
    workers: draws.integer(1, 4),
    queueLimit: draws.chance(0.15) ? draws.integer(3, SMALL_QUEUE) : 10_000,
    ...(draws.chance(0.15) ? { pauses: { every: distribution(draws, 300), length: distribution(draws, 15) } } : {}),
    ...(draws.chance(0.5) ? { clockSkew: distribution(draws, 20), clockDriftPpm: draws.integer(0, 500) } : {}),
  };
}

function drawWorkload(draws: Draws): WorkloadDraw {
  return {
    keys: draws.pick([1, 2, 5, 12]),
    sessions: Array.from({ length: draws.integer(2, 6) }, () =>
      draws.pick<ContextHabit>(["session", "session", "read-first", "none"]),
    ),
    think: distribution(draws, draws.real(5, 40)),
    gets: draws.real(0.2, 0.7),
    deletes: draws.chance(0.5) ? draws.real(0, 0.1) : 0,
    routing: draws.pick(["any", "token-aware"]),
    ownQuorums: draws.chance(0.2),
    valueBytes: draws.pick([0, 10, 2_000]),
  };
}

/** Kinds of fault that a swarm draws from; who is a member is drawn apart. */
export const FAULT_KINDS = (Object.keys(FAULT_VERBS) as FaultKind[]).filter((kind) => !OF_MEMBERSHIP.has(kind));

function drawFaults(draws: Draws, cluster: ClusterSettings, endMs: number): readonly FaultSettings[] {
  if (draws.chance(0.12)) return [];
  // A swarm that always draws everything tests one mixture: each seed has favourites of its own.
  const kinds = draws.some(FAULT_KINDS, 8);
  const settings = { count: draws.integer(1, 8), kinds, fromMs: 0, toMs: endMs, longestMs: Math.floor(endMs / 2) };
  return randomFaults(settings, cluster, draws.random.fork("random"));
}

function traitsOf({ members, ring, engine, network, storage, nodeModel }: ClusterSettings, w: WorkloadDraw): string[] {
  const kinds = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("dist" in value) kinds.add(String(value.dist));
    for (const inner of Object.values(value)) look(inner);
  };
  look(network);
  look(nodeModel);
  return [
    `nodes ${String(members.length)}`,
    `n ${String(engine.nVal)}`,
    `clock ${engine.clock}`,
    `coordinator ${engine.coordinator}`,
    `detector ${engine.detector.name}`,
    `storage ${storage.kind === "memory" ? "memory" : `lmdb, sync ${storage.sync}`}`,
    `ring ${ring.strategy}, ${ring.distinctHosts}`,
    `hash ${ring.hash}`,
    `read repair ${engine.readRepair}`,
    ...repairTraits(engine),
    ...(engine.digestReads === true ? ["digest reads"] : []),
    ...(engine.readFanout === "quorum" ? ["reads of few"] : []),
    ...(engine.readRepairChance === undefined ? [] : ["read repair by chance"]),
    ...(engine.speculativeRetry === undefined
      ? []
      : [`speculation ${typeof engine.speculativeRetry === "string" ? engine.speculativeRetry : "after a time"}`]),
    `notfound_ok ${String(engine.notfoundOk)}`,
    ...(engine.basicQuorum ? ["basic quorum"] : []),
    ...(network.wars === undefined ? [] : ["legs of WARS"]),
    ...(network.bandwidthBytesPerSecond === undefined ? [] : ["bandwidth"]),
    ...(engine.admission < 10 ? ["small admission"] : []),
    ...(nodeModel !== undefined && nodeModel.queueLimit < 100 ? ["small queue"] : []),
    ...(w.ownQuorums ? ["quorums by request"] : []),
    ...(w.asFrontEnds === true ? ["requests as by front ends"] : []),
    ...(engine.nodeConfirms === undefined ? [] : ["node confirms"]),
    `routing ${w.routing}`,
    ...[...new Set(w.sessions)].map((habit) => `contexts ${habit}`),
    ...[...kinds].map((kind) => `delays ${kind}`),
  ];
}

/** What may be set of whatever repairs: each is to be drawn sooner or later. */
export const REPAIR_TRAITS = [
  "stand-in fallback",
  "stand-in coordinator-log",
  "stand-in peer-slop",
  "sloppy quorum",
  "hints: window",
  "hints: rate",
  "hints: expiry",
  "hints: idle time",
  "hints: one delivery at a time",
  "anti-entropy by gets, hash of the clock",
  "anti-entropy by gets, hash of the content",
  "anti-entropy by stream, hash of the clock",
  "anti-entropy by stream, hash of the content",
  "anti-entropy: trees built anew",
  "background work gives way",
  "read repair blocking",
  "reads of few",
  "digest reads",
  "read repair by chance",
  "speculation p99",
  "speculation always",
  "speculation after a time",
  "tombstones removed by agreement",
  "tombstones removed alone",
] as const;

function repairTraits(engine: EngineSettings): string[] {
  const { standIn, hint, aae } = engine;
  const traits: [(typeof REPAIR_TRAITS)[number] | undefined, boolean][] = [
    [standIn === undefined ? undefined : `stand-in ${standIn}`, standIn !== undefined],
    ["sloppy quorum", standIn !== undefined && engine.sloppyQuorum === true],
    ["hints: window", hint?.windowMs !== undefined],
    ["hints: rate", hint?.rateBytesPerSecond !== undefined],
    ["hints: expiry", hint?.expiryMs !== undefined],
    ["hints: idle time", (hint?.idleMs ?? 0) > 0],
    ["hints: one delivery at a time", hint?.concurrency === 1],
    [aae && `anti-entropy by ${aae.repair}, hash of the ${aae.hash}`, aae !== undefined],
    ["anti-entropy: trees built anew", aae?.rebuildMs !== undefined],
    ["background work gives way", engine.backgroundP99Ms !== undefined],
    ["tombstones removed by agreement", engine.deleteMode !== undefined && engine.deleteMode !== "keep"],
    ["tombstones removed alone", engine.graceMs !== undefined],
  ];
  return traits.flatMap(([name, holds]) => (holds && name !== undefined ? [name] : []));
}
