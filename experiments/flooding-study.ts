/**
 * A study beside the trial: `measure.flooding` floods values over a fixed graph of the cell's nodes and measures what Maelstrom's
 * broadcast exercise does. It is no part of the store and touches nothing of the trial, but uses the cell's network, the engine's
 * codec and virtual time; the same for the same seed in both worlds.
 */
import { type Flooded, simulateFlooding } from "../engine/sim/flooding";
import { Random } from "../engine/vocabulary/random";
import type { MetricValue } from "../results/record/figures";
import type { Cell } from "./spec/experiment";

/** Undefined where it is not asked for. */
export function floodingStudy(cell: Cell, seed: number): Readonly<Record<string, MetricValue>> | undefined {
  const { flooding } = cell.measure;
  if (flooding === undefined) return undefined;
  const random = Random.fromSeed(seed).fork("flooding");
  return metricsOf(simulateFlooding(flooding, { ...cell.cluster, name: "flooding", seed }, random));
}

function metricsOf({ stable, everywhere, operations, messages, bytes }: Flooded): Record<string, MetricValue> {
  const exact = (value: number, n: number, unit: string): MetricValue => ({ value, lo: null, hi: null, n, unit });
  const inOrder = [...stable].sort((a, b) => a - b);
  const reached = everywhere.filter((time) => time !== Infinity).sort((a, b) => a - b);
  const n = inOrder.length;
  const at = (all: readonly number[], p: number): number =>
    all[Math.min(all.length - 1, Math.ceil(p * all.length) - 1)] / 1_000;
  return {
    ...(n === 0
      ? {}
      : {
          flood_stable_p50_ms: exact(at(inOrder, 0.5), n, "ms"),
          flood_stable_p95_ms: exact(at(inOrder, 0.95), n, "ms"),
          flood_stable_p99_ms: exact(at(inOrder, 0.99), n, "ms"),
          flood_stable_max_ms: exact(at(inOrder, 1), n, "ms"),
        }),
    ...(reached.length === 0 ? {} : { flood_everywhere_ms: exact(at(reached, 0.5), reached.length, "ms") }),
    flood_missing: exact(n - reached.length, n, "count"),
    flood_messages_per_op: exact(messages / operations, operations, "1/op"),
    flood_bytes_per_op: exact(bytes / operations, operations, "bytes/op"),
  };
}
