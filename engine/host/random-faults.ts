/**
 * `faults: random`: a schedule drawn from the seed. All that is drawn lies within the span that was asked for, and what
 * lasts has a length, so that after it the cluster is whole again and a run can be asked whether it heals.
 *
 * Draws come from the stream that is given, in the order of the faults; lengths are whole milliseconds.
 */
import { assert, unreachable } from "../vocabulary/assert";
import {
  type ClientSide,
  type FaultAction,
  type FaultKind,
  type FaultLinks,
  type FaultSettings,
  INSTANTANEOUS,
  type RandomFaultsSettings,
} from "../vocabulary/faults";
import type { Random } from "../vocabulary/random";
import type { ClusterSettings } from "../vocabulary/settings";

/** Kinds that need somebody on the other side. */
const NEEDS_TWO: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "partition",
  "delay",
  "loss",
  "duplicate",
  "reorder",
  "hold",
  "release",
]);

/** In order of beginning, with ids `pause-1`, `kill-2`, … `random` is the run's fork "faults". */
export function randomFaults(
  settings: RandomFaultsSettings,
  cluster: ClusterSettings,
  random: Random,
): readonly FaultSettings[] {
  const { count, fromMs, toMs, longestMs } = settings;
  assert(toMs > fromMs, "random faults have a span to happen in");
  const kinds = settings.kinds.filter((kind) => cluster.members.length > 1 || !NEEDS_TWO.has(kind));
  if (kinds.length === 0) return [];
  const drawn: Omit<FaultSettings, "id">[] = [];
  for (let i = 0; i < count; i++) {
    const kind = kinds[random.nextBelow(kinds.length)];
    const atMs = fromMs + random.nextBelow(Math.max(1, Math.floor(toMs - fromMs)));
    const longest = Math.max(1, Math.floor(Math.min(longestMs, toMs - atMs)));
    const forMs = INSTANTANEOUS.has(kind) ? undefined : 1 + random.nextBelow(longest);
    drawn.push({ atMs, forMs, action: drawAction(kind, cluster, random) });
  }
  return drawn.sort((a, b) => a.atMs - b.atMs).map((fault, i) => ({ id: `${fault.action.kind}-${i + 1}`, ...fault }));
}

function drawAction(kind: FaultKind, cluster: ClusterSettings, random: Random): FaultAction {
  switch (kind) {
    case "kill":
      return { kind, nodes: someNodes(cluster, random), disk: "keep" };
    case "restart":
    case "wipe":
    case "pause":
    case "disk-full":
      return { kind, nodes: someNodes(cluster, random) };
    case "partition":
      return drawPartition(cluster, random);
    case "delay":
      return {
        kind,
        links: drawLinks(cluster, random),
        extra: { dist: "exponential", meanMs: 1 + random.nextBelow(50), shiftMs: 0 },
      };
    case "loss":
    case "duplicate":
    case "reorder":
      return { kind, links: drawLinks(cluster, random), share: drawShare(random) };
    case "hold":
    case "release":
      return { kind, links: drawLinks(cluster, random) };
    case "slow-node":
    case "slow-disk":
      return { kind, nodes: someNodes(cluster, random), factor: 2 + random.nextBelow(15) };
    case "overload":
      // Moderate: more than a workload of a test, less than what would leave time for nothing else.
      return { kind, nodes: someNodes(cluster, random), ratePerSecond: 20 * 2 ** random.nextBelow(6) };
    case "disk-error":
      return { kind, nodes: someNodes(cluster, random), share: drawShare(random) };
    case "torn-write": {
      const damage = (["torn", "lost", "corrupt"] as const)[random.nextBelow(3)];
      return { kind, nodes: oneNode(cluster, random), share: drawShare(random), damage };
    }
    case "clock-skew":
    case "clock-jump":
      return { kind, nodes: someNodes(cluster, random), offsetMs: random.nextBelow(2_001) - 1_000 };
    case "clock-drift":
      return { kind, nodes: someNodes(cluster, random), ppm: random.nextBelow(2_001) - 1_000 };
    case "join":
    case "leave":
    case "remove":
    case "replace":
      throw new RangeError(
        `faults of kind ${kind} are not drawn: which node is to join, and when one is dead, takes a person`,
      );
    default:
      return unreachable(kind, "randomFaults");
  }
}

function oneNode({ members }: ClusterSettings, random: Random): readonly string[] {
  return [members[random.nextBelow(members.length)].id];
}

/** One node mostly, else as many as a minority, now and then a zone. */
function someNodes(cluster: ClusterSettings, random: Random): readonly string[] {
  const { members } = cluster;
  const luck = random.nextBelow(8);
  if (luck === 0) {
    const zones = zonesOf(cluster);
    if (zones.length > 1) return [`zone:${zones[random.nextBelow(zones.length)]}`];
  }
  const minority = Math.max(1, Math.floor((members.length - 1) / 2));
  const wanted = luck === 1 ? 1 + random.nextBelow(minority) : 1;
  const ids = random.shuffle(members.map(({ id }) => id)).slice(0, wanted);
  return ids.sort();
}

function drawLinks(cluster: ClusterSettings, random: Random): FaultLinks {
  const from = oneNode(cluster, random);
  const others = cluster.members.map(({ id }) => id).filter((id) => id !== from[0]);
  const to = random.nextBelow(2) === 0 ? ["all"] : [others[random.nextBelow(others.length)]];
  return { from, to, bothWays: random.nextBelow(2) === 0 };
}

/** Two sides, both with somebody in them; along zones where there are several and luck has it so. */
function drawPartition(cluster: ClusterSettings, random: Random): FaultAction {
  const zones = zonesOf(cluster).map((zone) => `zone:${zone}`);
  const ids = cluster.members.map(({ id }) => id);
  const parts = random.shuffle(zones.length > 1 && random.nextBelow(2) === 0 ? zones : ids);
  const first = 1 + random.nextBelow(parts.length - 1);
  const clients: ClientSide = (["all", "follow-nearest", { group: random.nextBelow(2) }] as const)[random.nextBelow(3)];
  return {
    kind: "partition",
    groups: [parts.slice(0, first).sort(), parts.slice(first).sort()],
    oneWay: random.nextBelow(4) === 0,
    clients,
  };
}

/** From a few in a hundred to all: 1/32 to 1. */
function drawShare(random: Random): number {
  return 1 / 2 ** random.nextBelow(6);
}

function zonesOf({ members }: ClusterSettings): string[] {
  return [...new Set(members.map(({ zone }) => zone))].sort();
}
