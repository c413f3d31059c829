/**
 * What a cluster and its node processes say over the control channel (the pipe that `fork` opens). Control only: no
 * operation of a client ever travels here. When the channel closes, the parent is gone and the node ends.
 */
import type { SparseLegs } from "../vocabulary/leg-delays";
import type { Micros } from "../vocabulary/micros";
import type { ClusterSettings } from "../vocabulary/settings";
import type { WallError } from "../vocabulary/wall-error";
import type { NodeAddress } from "./tcp-transport";

/** The file a node process is started with. */
export interface ServerConfig {
  readonly index: number;
  readonly cluster: ClusterSettings;
  readonly directory: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Wall time less monotonic time: one number for all nodes, so that their wall times agree to the microsecond. */
  readonly wallOffset: Micros;
  /** By how much this node's own wall time is made wrong, and monotonic time when its drift began. */
  readonly wallError: WallError;
  readonly wallSince: Micros;
  readonly measureLegs: boolean;
}

export type ToNode =
  | { readonly type: "connect"; readonly addresses: readonly NodeAddress[] }
  | { readonly type: "count"; readonly id: number }
  | { readonly type: "stop" };

export type FromNode =
  | { readonly type: "listening"; readonly port: number; readonly epoch: number }
  /** Links to `peers` others are open. */
  | { readonly type: "connected"; readonly peers: number }
  | { readonly type: "counts"; readonly id: number; readonly counts: ServerCounts }
  | { readonly type: "log"; readonly line: string }
  /** The node cannot start or go on; it exits right after. */
  | { readonly type: "failed"; readonly reason: string };

/**
 * Totals since the process started. What has no difference is that since the last count: the percentile of lateness, and
 * the delays of legs, which add up over nodes by `LegHistograms.merge`.
 */
export interface ServerCounts {
  readonly coordinated: number;
  readonly forwarded: number;
  readonly refused: number;
  readonly readRepairs: number;
  readonly replicaReads: number;
  readonly replicaWrites: number;
  readonly inspectedKeys: number;
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly lost: number;
  readonly queueDrops: number;
  readonly latenessP99Ms: number;
  /** One-way delays of messages that arrived at this node; only where the cluster measures them. */
  readonly legs?: SparseLegs;
  readonly keysHeld: number;
  readonly steps: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}
