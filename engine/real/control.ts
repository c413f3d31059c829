/**
 * What a cluster and its node processes say over the control channel (the pipe that `fork` opens). Control only: no
 * operation of a client ever travels here. When the channel closes, the parent is gone and the node ends.
 */
import type { OperatorVerb, RingSeen } from "../io";
import type { RingState } from "../messages";
import type { NodeCounts } from "../node";
import type { Micros } from "../vocabulary/micros";
import type { ClusterSettings } from "../vocabulary/settings";
import type { NodeCondition } from "./condition";
import type { FrontPlan } from "./fronts";
import type { ProcessCounts } from "./process-watch";
import type { NodeAddress, TransportCounts } from "./tcp-transport";

/** Of a node's own folder, where its records are; beside it stands the count of its boots. */
export const DATA_FOLDER = "lmdb";

/** The file a node process is started with. */
export interface ServerConfig {
  readonly index: number;
  readonly cluster: ClusterSettings;
  readonly directory: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Wall time less monotonic time: one number for all nodes, so that their wall times agree to the microsecond. */
  readonly wallOffset: Micros;
  /** What faults do to it, and by how much its own wall time is wrong, when it starts. */
  readonly condition: NodeCondition;
  /** Shares of records that rotted while it was down. */
  readonly corrupted: readonly number[];
  readonly measureLegs: boolean;
  /** Undefined: the binary protocol alone. */
  readonly front?: FrontPlan;
}

export type ToNode =
  /** Linked is who has links to and from these peers. */
  | { readonly type: "connect"; readonly addresses: readonly NodeAddress[]; readonly peers: readonly number[] }
  /** With `span` a new span begins for what has no difference between two counts. */
  | { readonly type: "count"; readonly id: number; readonly span: boolean }
  | { readonly type: "suffer"; readonly id: number; readonly condition: NodeCondition }
  | { readonly type: "operate"; readonly id: number; readonly verb: OperatorVerb }
  /** Which state of the ring do you go by? */
  | { readonly type: "ring"; readonly id: number }
  | { readonly type: "corrupt"; readonly id: number; readonly share: number }
  | { readonly type: "stop" };

export type FromNode =
  /** With the ports of the front ends that were asked for. */
  | {
      readonly type: "listening";
      readonly port: number;
      readonly epoch: number;
      readonly http?: number;
      readonly pb?: number;
    }
  /** Links to `peers` others are open. */
  | { readonly type: "connected"; readonly peers: number }
  /** What was asked for under this number holds from now on. */
  | { readonly type: "done"; readonly id: number }
  | { readonly type: "counts"; readonly id: number; readonly counts: ServerCounts }
  /** Undefined where membership is fixed, or none is known yet. */
  | { readonly type: "ring"; readonly id: number; readonly state: RingState | undefined }
  /** It goes by another state of the ring, by its own monotonic time. */
  | { readonly type: "view"; readonly seen: RingSeen }
  /** It takes clients' requests, or no more. */
  | { readonly type: "serving"; readonly on: boolean }
  /** It has left the ring and keeps nothing any more: it ends. */
  | { readonly type: "retired"; readonly counts: ServerCounts }
  | { readonly type: "log"; readonly line: string }
  /** It suspects a peer, or trusts it again, by its own monotonic time. */
  | { readonly type: "opinion"; readonly at: Micros; readonly subject: number; readonly suspected: boolean }
  /** The node cannot start or go on; it exits right after. */
  | { readonly type: "failed"; readonly reason: string };

/**
 * Totals since the process started. What has no difference is that since the span began: percentiles of lateness, what was
 * longest, and the delays of legs, which add up over nodes by `LegHistograms.merge`.
 */
export interface ServerCounts extends Readonly<NodeCounts>, TransportCounts, ProcessCounts {
  readonly keysHeld: number;
  readonly steps: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}
