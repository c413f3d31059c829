/**
 * Faults as an experiment states them, with one meaning for both worlds: what is hurt, when, for how long. Times count
 * from the start of the warm-up. A fault is data; `engine/sim/faults.ts` carries the verbs out in virtual time, and the
 * same verbs act on real processes from their own room.
 *
 * A target is a node's id (`node-3`), `zone:<name>`, or `all`; lists are unions. Links are directed pairs of targets.
 */
import type { DistributionSettings } from "./settings";

export type FaultTarget = string;

/** Messages from any of `from` to any of `to`; `bothWays` adds the way back. */
export interface FaultLinks {
  readonly from: readonly FaultTarget[];
  readonly to: readonly FaultTarget[];
  readonly bothWays: boolean;
}

/** Whom clients can reach while the cluster is cut. */
export type ClientSide = "all" | "follow-nearest" | { readonly group: number };

export type FaultAction =
  /** The process ends at once. With a length it is started again after that. `disk: wipe` loses what it had stored. */
  | { readonly kind: "kill"; readonly nodes: readonly FaultTarget[]; readonly disk: "keep" | "wipe" }
  /** Starts nodes that are down. Instantaneous. */
  | { readonly kind: "restart"; readonly nodes: readonly FaultTarget[] }
  /** Ends the process, deletes its disk and starts it again. Instantaneous. */
  | { readonly kind: "wipe"; readonly nodes: readonly FaultTarget[] }
  /** The process stands still, as under SIGSTOP or in a long garbage collection; what arrives waits. */
  | { readonly kind: "pause"; readonly nodes: readonly FaultTarget[] }
  /** Messages between different groups vanish; nodes in no group reach everybody. `oneWay`: only from earlier to later groups. */
  | {
      readonly kind: "partition";
      readonly groups: readonly (readonly FaultTarget[])[];
      readonly oneWay: boolean;
      readonly clients: ClientSide;
    }
  | { readonly kind: "delay"; readonly links: FaultLinks; readonly extra: DistributionSettings }
  | { readonly kind: "loss"; readonly links: FaultLinks; readonly share: number }
  | { readonly kind: "duplicate"; readonly links: FaultLinks; readonly share: number }
  | { readonly kind: "reorder"; readonly links: FaultLinks; readonly share: number }
  /** Messages wait until the fault ends (or `release` comes), then all arrive in order. */
  | { readonly kind: "hold"; readonly links: FaultLinks }
  | { readonly kind: "release"; readonly links: FaultLinks }
  /** Service times of messages (slow-node) or of the disk (slow-disk) are multiplied. */
  | { readonly kind: "slow-node"; readonly nodes: readonly FaultTarget[]; readonly factor: number }
  | { readonly kind: "slow-disk"; readonly nodes: readonly FaultTarget[]; readonly factor: number }
  /** Every store fails; loads go on. */
  | { readonly kind: "disk-full"; readonly nodes: readonly FaultTarget[] }
  /** Loads and stores fail with this chance. */
  | { readonly kind: "disk-error"; readonly nodes: readonly FaultTarget[]; readonly share: number }
  /** This share of records is damaged: on writing (torn, lost) or at rest when the fault begins (corrupt). */
  | {
      readonly kind: "torn-write";
      readonly nodes: readonly FaultTarget[];
      readonly share: number;
      readonly damage: "torn" | "lost" | "corrupt";
    }
  /** Wall time is set off by so much for the fault's length. */
  | { readonly kind: "clock-skew"; readonly nodes: readonly FaultTarget[]; readonly offsetMs: number }
  /** Wall time gains so many microseconds a second. */
  | { readonly kind: "clock-drift"; readonly nodes: readonly FaultTarget[]; readonly ppm: number }
  /** Wall time jumps and stays. Instantaneous. */
  | { readonly kind: "clock-jump"; readonly nodes: readonly FaultTarget[]; readonly offsetMs: number };

export type FaultKind = FaultAction["kind"];

export interface FaultSettings {
  /** Unique in the experiment; charts name its lane by it. */
  readonly id: string;
  readonly atMs: number;
  /** Undefined: instantaneous by nature, or until the end of the run. */
  readonly forMs: number | undefined;
  readonly action: FaultAction;
}

/** `faults: random`: how much the seed may draw. */
export interface RandomFaultsSettings {
  readonly count: number;
  readonly kinds: readonly FaultKind[];
  /** Faults begin and end within [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly longestMs: number;
}

/** What really happened, for lanes and tables. `to` undefined: had not ended when the run did. */
export interface FaultOccurrence {
  readonly id: string;
  readonly kind: FaultKind;
  /** Targets in words: `node-2`, `zone:a | zone:b, zone:c`. */
  readonly what: string;
  readonly fromMicros: number;
  readonly toMicros: number | undefined;
}
