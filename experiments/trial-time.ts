/**
 * How long a trial takes on the wall, roughly: for a plan that says "minutes" or "days", not for a promise. A trial on
 * processes takes its phases and what starting and preloading cost. A simulated one takes what its events cost, however
 * long the virtual time; operations and heartbeats are nearly all of them.
 */
import { distributionOf } from "../engine/vocabulary/distributions";
import { MICROS_PER_MS } from "../engine/vocabulary/micros";
import type { DetectorSettings, DistributionSettings } from "../engine/vocabulary/settings";
import { stepCount } from "../engine/vocabulary/written-scripts";
import type { Cell } from "./spec/experiment";

/** Starting and stopping a process node, opening connections, calibrating. */
const START_MS = 400;
const START_MS_PER_NODE = 80;
const PRELOADS_PER_MS = 8;

/** A plain machine of 2026, one core: operations on three replicas through the codec, and messages of any other kind. */
const SIMULATED_OPERATIONS_PER_MS = 30;
const BYPASS_FACTOR = 1.6;
const SIMULATED_MESSAGES_PER_MS = 300;
const SIMULATION_START_MS = 150;
/** Shortest time from one operation of a closed client to its next. */
const SHORTEST_CYCLE_MS = 0.05;

export function trialMs(cell: Cell): number {
  return cell.world === "processes" ? onProcesses(cell) : inSimulation(cell);
}

/** Of a trial's folder, roughly: its figures, a row an interval, and what is kept raw, compressed. */
export function trialBytes(cell: Cell): number {
  const { phases, measure, workload } = cell;
  const intervals = (phases.warmupMs + phases.measureMs + phases.drainMs) / measure.intervalMs;
  const asked =
    workload.mixture?.name === "scripted"
      ? stepCount(workload.mixture.steps)
      : (operationsPerSecond(cell) * (phases.warmupMs + phases.measureMs)) / 1_000;
  const operations = asked * operationsFor(cell);
  const raw = measure.rawHistory;
  const kept = raw.kind === "none" ? 0 : raw.kind === "all" ? 1 : raw.fraction;
  const tracedMs = (measure.traceWindows ?? []).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const traced = (tracedMs / 1_000) * operationsPerSecond(cell) * operationsFor(cell);
  return (
    FIGURES_BYTES +
    intervals * BYTES_AN_INTERVAL +
    operations * kept * BYTES_AN_OPERATION +
    traced * (4 + 4 * cell.cluster.engine.nVal) * BYTES_A_TRACED_EVENT
  );
}

/** Measured on runs of the catalogue; gzip included where it is used. */
const FIGURES_BYTES = 60_000;
const BYTES_AN_INTERVAL = 2_500;
const BYTES_AN_OPERATION = 16;
const BYTES_A_TRACED_EVENT = 14;

function onProcesses(cell: Cell): number {
  const { warmupMs, measureMs, drainMs } = cell.phases;
  const preload = cell.workload.preload ? cell.workload.records.insertCount / PRELOADS_PER_MS : 0;
  return START_MS + START_MS_PER_NODE * cell.cluster.members.length + preload + warmupMs + measureMs + drainMs;
}

function inSimulation(cell: Cell): number {
  const { cluster, workload, phases } = cell;
  const preloads = workload.preload ? workload.records.insertCount : 0;
  const loadedMs = phases.warmupMs + phases.measureMs;
  const asked =
    workload.mixture?.name === "scripted"
      ? stepCount(workload.mixture.steps)
      : (operationsPerSecond(cell) * loadedMs) / 1_000;
  const operations = preloads + asked * operationsFor(cell);
  // Each operation is a few messages to its coordinator and a few for each replica.
  const cost = (2 + cluster.engine.nVal) / 5;
  const rate = SIMULATED_OPERATIONS_PER_MS * (cluster.simulation?.codec === "bypass" ? BYPASS_FACTOR : 1);
  const nodes = cluster.members.length;
  const heartbeats = nodes * (loadedMs + phases.drainMs) * messagesPerNodeMs(cluster.engine.detector, nodes);
  return SIMULATION_START_MS + (operations * cost) / rate + heartbeats / SIMULATED_MESSAGES_PER_MS;
}

/** Of the detector, while nothing is wrong. */
function messagesPerNodeMs({ name, heartbeatIntervalMs, swim, link }: DetectorSettings, nodes: number): number {
  if (swim !== undefined) return 2 / swim.probeIntervalMs;
  if (link !== undefined) return link.netTickMs === undefined ? 0 : (4 * (nodes - 1)) / link.netTickMs;
  return HEARTBEATING.has(name) ? (nodes - 1) / heartbeatIntervalMs : 0;
}

const HEARTBEATING = new Set(["timeout", "chen", "bertier", "phi-normal", "phi-exponential"]);

/** Of the mix; those that come along are counted by {@link operationsFor}. */
function operationsPerSecond({ workload, cluster }: Cell): number {
  const { load } = workload;
  if (load.model !== "closed") return load.ratePerSecond;
  const { network, nodeModel } = cluster;
  const wars = network.wars;
  const between =
    wars === undefined ? 2 * meanMs(network.intraZone) : meanMs(wars.r ?? wars.w) + meanMs(wars.s ?? wars.a);
  const cycleMs = meanMs(load.think) + 2 * meanMs(network.client) + between + 3 * meanMs(nodeModel?.service.message);
  const closed = (1_000 * load.clients) / Math.max(SHORTEST_CYCLE_MS, cycleMs);
  return Math.min(closed, load.targetPerSecond ?? Infinity);
}

/** Operations for one of the mix, with the reads that go before or after. */
function operationsFor({ workload }: Cell): number {
  const { mix, context, probe } = workload;
  const all = Object.values({ ...mix }).reduce((sum, weight) => sum + weight, 0);
  const writes = mix.update + mix.insert + mix.delete + mix.blindWrite + mix.rmw;
  const extra =
    mix.rmw +
    (mix.multiGet ?? 0) * ((workload.records.fanOut ?? 1) - 1) +
    (context === "read-first" ? mix.update : 0) +
    (probe?.share ?? 0) * writes;
  return 1 + extra / all;
}

/** 0 where there is none, or none to speak of. */
function meanMs(settings: DistributionSettings | undefined): number {
  return settings === undefined ? 0 : (distributionOf(settings).meanMicros ?? 0) / MICROS_PER_MS;
}
