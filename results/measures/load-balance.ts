/**
 * Load balance over nodes: the busiest node over the mean (1 is perfect), and its inverse as Dynamo's figure 8 has it. A
 * node's load is the work it did in the measured phase: replica reads, replica writes and requests coordinated, each counted as one.
 */
import type { NodeCounters } from "../record/history";
import type { FinishContext, Findings, Measure } from "./measure";
import { notMeasured } from "./percentiles";

export class LoadBalanceMeasure implements Measure {
  readonly name = "load_balance";

  operation(): void {
    // Judged from the nodes' own counters of work, which no client can see.
  }

  finish(end: FinishContext): Findings {
    const operations = end.counters.map(workOf);
    const keys = end.counters.map((node) => node.keysHeld);
    const imbalance = peakOverMean(operations);
    const keyImbalance = peakOverMean(keys);
    const n = operations.reduce((sum, one) => sum + one, 0);
    const exact = (value: number | undefined, evidence: number) =>
      value === undefined ? notMeasured("ratio") : { value, lo: null, hi: null, n: evidence, unit: "ratio" };
    return {
      metrics: {
        load_imbalance: exact(imbalance, n),
        load_efficiency: exact(imbalance === undefined ? undefined : 1 / imbalance, n),
        key_imbalance: exact(
          keyImbalance,
          keys.reduce((sum, one) => sum + one, 0),
        ),
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

function workOf(node: NodeCounters): number {
  return node.replicaReads + node.replicaWrites + node.coordinated;
}

function peakOverMean(values: readonly number[]): number | undefined {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum === 0 ? undefined : Math.max(...values) / (sum / values.length);
}
