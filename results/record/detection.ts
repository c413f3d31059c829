/**
 * What is needed to judge failure detectors: every change of opinion (who suspects whom, from when), and what was really so.
 * Opinions are the nodes' own; the truth comes from whoever ended, stopped or cut off the nodes, and never from a node. The
 * mistake this avoids is to judge a detector by what another detector, or the experiment's file, believed.
 *
 * All instants are of the run's one time base. Events may be told a little out of order (a process that stood still tells
 * late what it thought); who judges them sorts them.
 */
import type { Micros } from "./history";

/**
 * `absent`: has not started yet, or was told to leave: nobody's business. `down`: its process has ended. `paused`: its
 * process stands still, so it answers nobody and thinks nothing.
 */
export type NodeState = "absent" | "up" | "paused" | "down";

/** Nodes of different groups do not reach each other, -1 stands in none; `oneWay`: only the earlier group's messages vanish. */
export interface Cut {
  readonly groupOf: readonly number[];
  readonly oneWay: boolean;
}

/** Nodes are numbers: places in the list that `nodes` gave. */
export type DetectionEvent =
  /** First of all. */
  | { readonly kind: "nodes"; readonly ids: readonly string[] }
  | { readonly kind: "node"; readonly at: Micros; readonly node: number; readonly state: NodeState }
  /** All partitions from now on. */
  | { readonly kind: "cuts"; readonly at: Micros; readonly cuts: readonly Cut[] }
  | {
      readonly kind: "opinion";
      readonly at: Micros;
      readonly observer: number;
      readonly subject: number;
      readonly suspected: boolean;
    }
  /** What levels are counted in, and where the detector suspects. */
  | { readonly kind: "scale"; readonly unit: string; readonly threshold: number }
  /** How much one node doubts another. */
  | {
      readonly kind: "level";
      readonly at: Micros;
      readonly observer: number;
      readonly subject: number;
      readonly level: number;
    }
  /** Nobody looks any more: after the drain, before the last inspection. */
  | { readonly kind: "end"; readonly at: Micros };

/** Whether what one of the two asks of the other may stay without an answer because messages are cut off: in either direction. */
export function isApart(cuts: readonly Cut[], a: number, b: number): boolean {
  return cuts.some(({ groupOf }) => groupOf[a] >= 0 && groupOf[b] >= 0 && groupOf[a] !== groupOf[b]);
}
