/**
 * Load balance over nodes: the busiest node over the mean (1 is perfect), and its inverse as Dynamo's figure 8 has it. A
 * node's load is the work it did in the measured phase: replica reads (a page of a scan is one), replica writes and requests
 * coordinated, each counted as one.
 *
 * Uneven machines have uneven shares on purpose: those are held against the weights, by what nodes hold and do as replicas alone.
 * Who coordinates is up to how clients route their requests, which no weight knows of.
 *
 * Spares that never start, and nodes that were gone before, are no nodes of the phase: each would make the others look busier than
 * their mean. And who holds how many keys is asked of those alone that the ring names at the end.
 */
import type { MetricValue } from "../record/figures";
import type { NodeCounters } from "../record/history";
import { requestsOf } from "../record/repair-counters";
import type { FinishContext, Findings, Measure } from "./measure";
import { notMeasured } from "./percentiles";

export class LoadBalanceMeasure implements Measure {
  readonly name = "load_balance";

  operation(): void {
    // Judged from the nodes' own counters of work, which no client can see.
  }

  finish(end: FinishContext): Findings {
    const present = end.counters.filter((node) => tookPart(node, end));
    const owners = present.filter(({ node }) => (end.ringShares[node] ?? 0) > 0);
    const holders = owners.length > 0 ? owners : present;
    const operations = present.map(requestsOf);
    const asReplica = present.map((node) => node.replicaReads + node.replicaWrites + (node.replicaScans ?? 0));
    const keys = holders.map((node) => node.keysHeld);
    const imbalance = peakOverMean(operations);
    const keyImbalance = peakOverMean(keys);
    const n = sumOf(operations);
    const weightsOf = (nodes: readonly NodeCounters[]): readonly (number | undefined)[] =>
      nodes.map(({ node }) => end.weights?.[node]);
    return {
      metrics: {
        load_imbalance: exact(imbalance, n),
        load_efficiency: exact(imbalance === undefined ? undefined : 1 / imbalance, n),
        load_cv: exact(variation(operations), n),
        load_per_weight_error: exact(furthestFromWeight(asReplica, weightsOf(present)), sumOf(asReplica)),
        keys_per_weight_error: exact(furthestFromWeight(keys, weightsOf(holders)), sumOf(keys)),
        key_imbalance: exact(keyImbalance, sumOf(keys)),
      },
      figures: {
        load: end.counters.map((node) => ({
          node: node.node,
          operations: requestsOf(node),
          keys: node.keysHeld,
          ringShare: end.ringShares[node.node] ?? 0,
        })),
      },
    };
  }
}

/** Whether it was there in the phase: who runs says something, and whoever is to run has a part of the ring. */
export function tookPart(node: NodeCounters, { ringShares }: Pick<FinishContext, "ringShares">): boolean {
  return requestsOf(node) > 0 || node.messagesSent > 0 || (ringShares[node.node] ?? 0) > 0;
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
