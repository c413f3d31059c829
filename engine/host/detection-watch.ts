/**
 * For who judges failure detectors: what nodes think of each other, and what is so, from the same verbs in both worlds. Opinions come
 * from the nodes' notes; the truth comes from whoever ends, stops and cuts off nodes, at the instant that it does so. The mistake this
 * avoids is to take a node's own word for its death: a process that stands still says nothing, and later that nothing was.
 */
import type { Micros } from "../vocabulary/micros";
import type { PartitionRule } from "./faults";

export interface DetectionWatch {
  opinion(at: Micros, observer: number, subject: number, suspected: boolean): void;
  /** Nodes that have never been told of have not started; `absent`: it has left, or an operator has removed it, and is nobody's business. */
  node(at: Micros, node: number, state: "up" | "down" | "paused" | "absent"): void;
  /** All that hold from now on. */
  partitions(at: Micros, partitions: readonly PartitionRule[]): void;
}
