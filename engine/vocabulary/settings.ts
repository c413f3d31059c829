/**
 * What a resolved experiment tells the engine. Every field is the value of a tunable row (`tunables.ts` carries the
 * prose, units, defaults and ranges); nothing here has a default, because a default that is applied twice is applied
 * differently. Plain data: it crosses process boundaries as JSON and stands in every run folder.
 */

/** A quorum as a person states it. `quorum` is floor(N/2)+1. */
export type QuorumValue = number | "one" | "quorum" | "all";

export interface EngineSettings {
  readonly nVal: number;
  readonly r: QuorumValue;
  readonly w: QuorumValue;
  readonly pr: QuorumValue;
  readonly pw: QuorumValue;
  readonly dw: QuorumValue;
  readonly notfoundOk: boolean;
  readonly basicQuorum: boolean;
  /** `replica`: forwarded once to a member of the preference list. `any`: the node that was asked. */
  readonly coordinator: "replica" | "any";
  readonly clock: string;
  readonly maxSiblings: number;
  readonly readRepair: "async" | "none";
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  /** Operations in progress a node coordinates at once before it refuses. */
  readonly admission: number;
  readonly detector: DetectorSettings;
}

export interface DetectorSettings {
  readonly name: string;
  readonly heartbeatIntervalMs: number;
  readonly timeoutMs: number;
}

export type RingStrategy = "equal-partitions" | "random-tokens";
export type HashName = "murmur3" | "md5" | "sha1" | "fnv1a";

export interface RingSettings {
  readonly strategy: RingStrategy;
  /** Q, for equal partitions. */
  readonly partitions: number;
  /** T, for random tokens: tokens of a node of weight 1. */
  readonly vnodesPerNode: number;
  readonly hash: HashName;
  /** `walk` skips hosts already taken; `claim` takes the next positions as they come. */
  readonly distinctHosts: "walk" | "claim";
}

export interface MemberSettings {
  /** `node-1`, `node-2`, …: the position in the list is the node's index everywhere else. */
  readonly id: string;
  readonly zone: string;
  readonly weight: number;
}

/** A distribution of a duration as written in the experiment, lengths in milliseconds. */
export type DistributionSettings =
  | { readonly dist: "constant"; readonly valueMs: number }
  | { readonly dist: "uniform"; readonly minMs: number; readonly maxMs: number }
  | { readonly dist: "exponential"; readonly meanMs: number; readonly shiftMs: number }
  | { readonly dist: "normal"; readonly meanMs: number; readonly sdMs: number }
  | { readonly dist: "lognormal"; readonly medianMs: number; readonly p99Ms: number }
  | { readonly dist: "pareto"; readonly minMs: number; readonly alpha: number };

/** One-way delay by class of link; undefined adds nothing to what the real network costs. */
export interface NetworkSettings {
  readonly intraZone?: DistributionSettings;
  readonly interZone?: DistributionSettings;
  /** Between a client and the node it talks to. */
  readonly client?: DistributionSettings;
  /** A node to itself. */
  readonly local?: DistributionSettings;
  /** Probability that a message between two nodes is dropped. */
  readonly loss: number;
}

export interface StorageSettings {
  readonly kind: "memory" | "lmdb";
  /** When LMDB calls a write durable: synced each, synced as a group, or handed to the operating system only. */
  readonly sync: "each" | "group" | "never";
}

/** All that a cluster needs to start. */
export interface ClusterSettings {
  /** Distinguishes clusters: nodes refuse peers of another cluster. */
  readonly name: string;
  readonly seed: number;
  readonly members: readonly MemberSettings[];
  readonly ring: RingSettings;
  readonly engine: EngineSettings;
  readonly network: NetworkSettings;
  readonly storage: StorageSettings;
}
