/**
 * Load balance over nodes: the busiest node over the mean (1 is perfect), and its inverse as Dynamo's figure 8 has it. A
 * node's load is the work it did in the measured phase: replica reads, replica writes and requests coordinated, each counted as one.
 *
 * Uneven machines have uneven shares on purpose: those are held against the weights, by what nodes hold and do as replicas alone.
 * Who coordinates is up to how clients route their requests, which no weight knows of.
 */
import type { MetricValue } from "../record/figures";
import { requestsOf } from "../record/repair-counters";
import type { FinishContext, Findings, Measure } from "./measure";
import { notMeasured } from "./percentiles";

export class LoadBalanceMeasure implements Measure {
  readonly name = "load_balance";

  operation(): void {
    // Judged from the nodes' own counters of work, which no client can see.
  }

  finish(end: FinishContext): Findings {
    const operations = end.counters.map(requestsOf);
    const asReplica = end.counters.map((node) => node.replicaReads + node.replicaWrites);
    const keys = end.counters.map((node) => node.keysHeld);
    const imbalance = peakOverMean(operations);
    const keyImbalance = peakOverMean(keys);
    const n = sumOf(operations);
    const weights = end.counters.map(({ node }) => end.weights?.[node]);
    return {
      metrics: {
        load_imbalance: exact(imbalance, n),
        load_efficiency: exact(imbalance === undefined ? undefined : 1 / imbalance, n),
        load_cv: exact(variation(operations), n),
        load_per_weight_error: exact(furthestFromWeight(asReplica, weights), sumOf(asReplica)),
        keys_per_weight_error: exact(furthestFromWeight(keys, weights), sumOf(keys)),
        key_imbalance: exact(keyImbalance, sumOf(keys)),
      },
      figures: {
        load: end.counters.map((node, index) => ({
          node: node.node,
          operations: operations[index],
          keys: node.keysHeld,
          ringShare: end.ringShares[node.node] ?? 0,
        })),
      },
    };
  }
}

function exact(value: number | undefined, n: number): MetricValue {
  return value === undefined ? notMeasured("ratio") : { value, lo: null, hi: null, n, unit: "ratio" };
}

export function peakOverMean(values: readonly number[]): number | undefined {
  const sum = sumOf(values);
  return sum === 0 ? undefined : Math.max(...values) / (sum / values.length);
}

/** Standard deviation over the mean, of these nodes and no sample of others. */
function variation(values: readonly number[]): number | undefined {
  const mean = sumOf(values) / values.length;
  if (!(mean > 0)) return undefined;
  return Math.sqrt(sumOf(values.map((value) => (value - mean) ** 2)) / values.length) / mean;
}

/** The largest |share / share of the weights - 1| of a node. */
function furthestFromWeight(values: readonly number[], weights: readonly (number | undefined)[]): number | undefined {
  const all = sumOf(values);
  const known = weights.filter((weight) => weight !== undefined);
  if (all === 0 || known.length !== values.length) return undefined;
  const whole = sumOf(known);
  return Math.max(...values.map((value, i) => Math.abs(value / all / (known[i] / whole) - 1)));
}

function sumOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
