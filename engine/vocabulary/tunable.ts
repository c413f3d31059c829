/**
 * A tunable is a row: one record says how a knob is written, what it may hold, what raising it buys and what that
 * costs, where the idea comes from and what other stores call it. Parsing, `explain`, the reference, the editor schema,
 * sweeps and chart labels are all made from the rows, so a knob cannot be described in one place and behave otherwise
 * in another. The prose follows hashicorp/memberlist: what it does, what it enters into, the price of each direction.
 */
import type { ValueKind } from "./value-kinds";

/** Who may set it: once for the cluster, per node, per bucket, per request, or on the side of the clients. */
export type Scope = "cluster" | "node" | "bucket" | "request" | "client";

/** Charts of the report by their titles. */
export type ChartName =
  | "trade-off"
  | "percentile spectrum"
  | "latency over time"
  | "throughput and outcomes"
  | "t-visibility"
  | "k-staleness"
  | "divergence"
  | "siblings"
  | "ring balance"
  | "imbalance over time"
  | "membership"
  | "method";

export interface Tunable {
  /** Dotted, as in the experiment file: `tunables.r`, `ring.partitions`. */
  readonly key: string;
  readonly scope: Scope;
  readonly kind: ValueKind;
  /** As it would be written; empty when leaving the key out means something no value says. */
  readonly default: string;
  readonly title: string;
  /** What raising it, or choosing it, buys. */
  readonly buys: string;
  /** What that costs. */
  readonly costs: string;
  /** A paper or a system. */
  readonly source: string;
  readonly names: { readonly riak?: string; readonly cassandra?: string; readonly voldemort?: string };
  readonly charts: readonly ChartName[];
  /** The only world in which it has an effect; left out: both. */
  readonly world?: "simulation" | "processes";
  /** In names of cells, where the last part of the key would be long. */
  readonly short?: string;
}
