/**
 * Members that come and go, drawn from a seed: spares that join, members that leave and come back, dead ones that an
 * operator removes or replaces, removed ones that start again and know nothing of it; how news of it travels, and how
 * copies do. Two habits of people who write such tests by hand are missing: to wait for one change to end before the
 * next, and to change nothing while something else is broken.
 *
 * A node is removed only when it is dead at that moment: that is what an operator promises. What only it had is lost then,
 * and nobody claims otherwise. Tombstones are kept in these worlds: to remove them needs all copies, wherever they are.
 */
import type { ClusterSettings, MembershipSettings, RingSettings } from "../../engine/vocabulary/settings";
import type { Draws } from "./draw";

export type ChangeDraw =
  | { readonly kind: "join"; readonly atMs: number; readonly node: number; readonly via: number | undefined }
  | { readonly kind: "leave"; readonly atMs: number; readonly node: number }
  | { readonly kind: "remove"; readonly atMs: number; readonly node: number; readonly via: number }
  | { readonly kind: "replace"; readonly atMs: number; readonly node: number; readonly by: number }
  /** A removed node starts again. */
  | { readonly kind: "return"; readonly atMs: number; readonly node: number };

/** Shares of the kinds, where they are possible. */
const KINDS = ["join", "join", "join", "leave", "leave", "remove", "replace", "return", "rejoin"] as const;
const MOST_REMOVED = 2;

export function drawMembership(
  draws: Draws,
  fixed: ClusterSettings,
  endMs: number,
): { readonly cluster: ClusterSettings; readonly changes: readonly ChangeDraw[] } {
  const spares = draws.integer(1, 4);
  const zones = [...new Set(fixed.members.map(({ zone }) => zone))];
  const first = fixed.members.length;
  const members = [
    ...fixed.members,
    ...Array.from({ length: spares }, (_, i) => ({
      id: `node-${String(first + i + 1)}`,
      zone: draws.pick(zones),
      weight: draws.chance(0.2) ? 2 : 1,
      joins: true as const,
    })),
  ];
  const { deleteMode: _deleteMode, graceMs: _graceMs, ...engine } = fixed.engine;
  const cluster = {
    ...fixed,
    members,
    ring: drawRing(draws.fork("ring"), fixed.ring, members.length),
    engine: { ...engine, membership: drawGossip(draws.fork("gossip"), first) },
  };
  return { cluster, changes: drawChanges(draws.fork("changes"), first, members.length, endMs) };
}

function drawGossip(draws: Draws, first: number): MembershipSettings {
  return {
    intervalMs: draws.integer(20, 200),
    fanout: draws.pick([1, 1, 2, 3]),
    seeds: Array.from({ length: first }, (_, node) => node).slice(0, draws.integer(1, first)),
    ...(draws.chance(0.6) ? { pushPullMs: draws.integer(200, 1_500) } : {}),
    payloadBytes: draws.pick([20, 60, 1_400]),
    ...(draws.chance(0.2) ? { quarantineMs: 3_600_000 } : {}),
    doubleWrites: true,
    ...(draws.chance(0.4) ? { transferRateBytesPerSecond: draws.pick([1_000, 5_000, 50_000]) } : {}),
    transferBatch: draws.pick([1, 3, 20]),
  };
}

function drawRing(draws: Draws, ring: RingSettings, nodes: number): RingSettings {
  const strategy = draws.pick([
    "equal-partitions",
    "random-tokens",
    "tokens-over-equal-partitions",
    "claim",
    "allocate",
    "jump",
  ] as const);
  // Elsewhere ranges have no number that stays.
  const mayRepeat = strategy === "equal-partitions" || strategy === "claim";
  return {
    ...ring,
    strategy,
    partitions: nodes * draws.integer(2, 8),
    distinctHosts: mayRepeat && ring.distinctHosts === "claim" ? "claim" : "walk",
    ...(strategy === "equal-partitions" && draws.chance(0.3) ? { dealing: "random" as const } : {}),
    ...(draws.chance(0.2) ? { spread: "zones" as const } : {}),
  };
}

function drawChanges(draws: Draws, first: number, all: number, endMs: number): readonly ChangeDraw[] {
  const present = new Set(Array.from({ length: first }, (_, node) => node));
  const spares = Array.from({ length: all - first }, (_, i) => first + i);
  const left: number[] = [];
  const removed: number[] = [];
  const times = Array.from({ length: draws.integer(1, 6) }, () => draws.integer(0, endMs - 1)).sort((a, b) => a - b);
  const changes: ChangeDraw[] = [];
  for (const atMs of times) {
    const kind = draws.pick(KINDS);
    const members = [...present];
    const node = draws.pick(members);
    switch (kind) {
      case "join": {
        const spare = spares.shift();
        if (spare === undefined) break;
        changes.push({ kind, atMs, node: spare, via: draws.chance(0.5) ? node : undefined });
        present.add(spare);
        break;
      }
      case "leave":
        if (present.size < 2) break;
        changes.push({ kind, atMs, node });
        present.delete(node);
        left.push(node);
        break;
      case "remove":
      case "replace": {
        if (present.size < 3 || removed.length >= MOST_REMOVED) break;
        const by = kind === "replace" ? spares.shift() : undefined;
        if (kind === "replace" && by === undefined) break;
        present.delete(node);
        removed.push(node);
        if (by === undefined) changes.push({ kind: "remove", atMs, node, via: draws.pick([...present]) });
        else {
          present.add(by);
          changes.push({ kind: "replace", atMs, node, by });
        }
        break;
      }
      case "return": {
        const ghost = removed.at(-1);
        if (ghost !== undefined) changes.push({ kind, atMs, node: ghost });
        break;
      }
      case "rejoin": {
        const back = left.shift();
        if (back === undefined) break;
        changes.push({ kind: "join", atMs, node: back, via: node });
        present.add(back);
        break;
      }
    }
  }
  return changes;
}

export function membershipTraits(cluster: ClusterSettings, changes: readonly ChangeDraw[]): readonly string[] {
  const { membership } = cluster.engine;
  return [
    ...[...new Set(changes.map(({ kind }) => kind))].map((kind) => `membership: ${kind}`),
    ...(changes.length > 1 ? ["membership: several changes"] : []),
    ...(membership?.pushPullMs === undefined ? [] : ["membership: push-pull"]),
    ...(membership !== undefined && membership.payloadBytes < 100 ? ["membership: small payloads"] : []),
    ...(membership?.transferRateBytesPerSecond === undefined ? [] : ["membership: transfers throttled"]),
  ];
}
