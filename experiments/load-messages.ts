/** What a trial and the processes that make its load say to each other, over the channel that `fork` opens. */
import type { PartitionRule } from "../engine/host/faults";
import type { ProcessCounts } from "../engine/real/process-watch";
import type { NodeAddress } from "../engine/real/tcp-transport";
import type { RingPlan } from "../engine/ring/plan";
import type { Micros } from "../engine/vocabulary/micros";
import type { ClusterSettings } from "../engine/vocabulary/settings";
import type { TargetName } from "../results/record/capabilities";
import type { DriverOptions, DriverProgress } from "../workloads/driver";
import type { RecordBatch } from "../workloads/record-batch";
import type { WorkloadSettings } from "../workloads/settings";
import type { Turn } from "../workloads/shares";
import type { HttpAddress } from "../workloads/targets/riak-http";
import type { WallBase } from "./trial-load";

export type ToLoad =
  /** First of all. */
  | {
      readonly type: "begin";
      readonly cluster: ClusterSettings;
      readonly target: TargetName | undefined;
      readonly addresses: readonly NodeAddress[];
      readonly fronts: readonly HttpAddress[];
      /** Of the whole load. */
      readonly workload: WorkloadSettings;
      readonly turn: Turn;
      readonly seed: number;
      readonly phases: DriverOptions["phases"];
      readonly wall: WallBase;
    }
  /** What time is it? */
  | { readonly type: "ping"; readonly id: number }
  /** The load phase begins. */
  | { readonly type: "start" }
  /** The warm-up begins then. */
  | { readonly type: "release"; readonly at: Micros }
  | { readonly type: "serves"; readonly node: number; readonly on: boolean }
  | { readonly type: "ring"; readonly plan: RingPlan }
  | { readonly type: "partitions"; readonly partitions: readonly SidedPartition[] }
  | { readonly type: "moved"; readonly addresses: readonly NodeAddress[]; readonly fronts: readonly HttpAddress[] }
  /** So many of all records that you sent are in the history. */
  | { readonly type: "taken"; readonly records: number }
  | { readonly type: "keys"; readonly id: number; readonly keys: readonly string[] }
  | { readonly type: "count"; readonly id: number };

export type FromLoad =
  | { readonly type: "ready" }
  | { readonly type: "pong"; readonly id: number; readonly at: Micros }
  /** All its records are loaded; it waits. */
  | { readonly type: "loaded" }
  | {
      readonly type: "records";
      readonly batch: RecordBatch;
      /** None that ended before this is still to come; Infinity: none at all. */
      readonly until: Micros;
      readonly progress: DriverProgress;
    }
  /** Of each key, in order: whether a write is under way, and when the latest was sent or ended. */
  | { readonly type: "keys"; readonly id: number; readonly activity: Float64Array }
  | {
      readonly type: "counts";
      readonly id: number;
      readonly cpuMs: number;
      readonly latenessP99Ms: number;
      readonly process: ProcessCounts;
    }
  | { readonly type: "failed"; readonly reason: string };

/** A partition as data: sides of the sessions, which go round. */
export interface SidedPartition extends Omit<PartitionRule, "sideOf"> {
  readonly sides: readonly number[] | undefined;
}

export function toSides({ groupOf, groups, oneWay, sideOf }: PartitionRule): SidedPartition {
  const sides = sideOf && Array.from({ length: Math.max(1, groups) }, (_, session) => sideOf(session));
  return { groupOf, groups, oneWay, sides };
}

export function fromSides({ groupOf, groups, oneWay, sides }: SidedPartition): PartitionRule {
  const sideOf = sides && ((session: number): number => sides[session % sides.length]);
  return { groupOf, groups, oneWay, sideOf };
}
