/**
 * What a resolved experiment tells the engine. Every field is the value of a tunable row (`tunables.ts` carries the
 * prose, units, defaults and ranges); nothing here has a default, because a default that is applied twice is applied
 * differently. Plain data: it crosses process boundaries as JSON and stands in every run folder.
 */

/** A quorum as a person states it. `quorum` is floor(N/2)+1. */
export type QuorumValue = number | "one" | "quorum" | "all";

/** What a clock strategy is set up with. Fields left out have no effect (none pruned, siblings kept, epochs on). */
export interface ClockSettings {
  readonly clock: string;
  /** What becomes of siblings: `keep`; `newest`, the one written last; `overwrite`, written without looking. */
  readonly siblings?: "keep" | "newest" | "overwrite";
  /** When entries of a version vector of clients are dropped. Undefined: never. */
  readonly prune?: PruneSettings;
  /** Whether an actor that has forgotten a key takes a fresh identity for it. */
  readonly actorEpochs?: boolean;
}

/**
 * Riak's rule: with more than `small` entries, the oldest goes if it is older than `youngMs` and there are more than `big`
 * entries or it is older than `oldMs`; again until none goes.
 */
export interface PruneSettings {
  readonly small: number;
  readonly big: number;
  readonly youngMs: number;
  readonly oldMs: number;
}

export interface EngineSettings extends ClockSettings {
  readonly nVal: number;
  readonly r: QuorumValue;
  readonly w: QuorumValue;
  readonly pr: QuorumValue;
  readonly pw: QuorumValue;
  readonly dw: QuorumValue;
  readonly notfoundOk: boolean;
  readonly basicQuorum: boolean;
  /** Different nodes that must have answered, whatever else is enough. Undefined: 0. */
  readonly nodeConfirms?: QuorumValue;
  /** `replica`: forwarded once to a member of the preference list. `any`: the node that was asked. */
  readonly coordinator: "replica" | "any";
  readonly maxSiblings: number;
  /** Whose wall time a timestamp is. Undefined: the coordinator's. */
  readonly timestamps?: "client" | "coordinator";
  /** When a tombstone that all N replicas hold is removed: never, at once, or after so many milliseconds. Undefined: keep. */
  readonly deleteMode?: "keep" | "immediate" | { readonly afterMs: number };
  /** `async`: after the answer, to every replica that answered. `blocking`: to those contacted, before the answer. */
  readonly readRepair: "async" | "blocking" | "none";
  /** Chance that a read is sent to all N and repairs them, whatever `readFanout` says. Undefined: 0. */
  readonly readRepairChance?: number;
  /** One replica returns the copy, the others a digest of theirs. */
  readonly digestReads?: boolean;
  /** A read is sent to all N (undefined), or only to as many as must answer. */
  readonly readFanout?: "all" | "quorum";
  /** When a read that was sent to few asks one more: undefined, never. */
  readonly speculativeRetry?: "p99" | "always" | { readonly afterMs: number };
  /** Stand-ins' answers count to R, W and DW, though never to PR and PW. Undefined: they do not. */
  readonly sloppyQuorum?: boolean;
  /** Where a write waits for a replica that cannot be reached. Undefined: nowhere. */
  readonly standIn?: StandIn;
  readonly hint?: HintSettings;
  /** Undefined: no anti-entropy. */
  readonly aae?: AaeSettings;
  /** Background work rests while the p99 of this node's foreground reads is above. Undefined: it never rests. */
  readonly backgroundP99Ms?: number;
  /** Each replica removes a tombstone of that age on its own, without asking. Undefined: never. */
  readonly graceMs?: number;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  /** Operations in progress a node coordinates at once before it refuses. */
  readonly admission: number;
  readonly detector: DetectorSettings;
  /** Members come to know of each other, and the ring changes while it serves. Undefined: both are fixed. */
  readonly membership?: MembershipSettings;
}

/** How news of members and of the ring travels, and how copies move when the ring changes. */
export interface MembershipSettings {
  /** Between two rounds of gossip of one node. */
  readonly intervalMs: number;
  /** Peers told in one round. */
  readonly fanout: number;
  /** Members that a node without a ring asks first; others are as good. */
  readonly seeds: readonly number[];
  /** Everything that is known is told to one peer, up or not, in so long. Undefined: only differences, to those that are up. */
  readonly pushPullMs?: number;
  /** Bytes of news in one message, about; the rest goes with the next. */
  readonly payloadBytes: number;
  /** A removed node is remembered, and so kept out, for so long. Undefined: for ever. */
  readonly quarantineMs?: number;
  /** While ranges move, writes go to old and new owners. False is wrong, and there to show why. */
  readonly doubleWrites: boolean;
  /** Bytes a second that a node sends to new owners. Undefined: as fast as they are acknowledged. */
  readonly transferRateBytesPerSecond?: number;
  /** Keys in one message of a transfer. */
  readonly transferBatch: number;
}

/**
 * `fallback`: a readable copy at the next live node in ring order (Dynamo, Riak). `coordinator-log`: a log entry at the
 * coordinator (Cassandra). `peer-slop`: a record at some live peer, not readable (Voldemort).
 */
export type StandIn = "fallback" | "coordinator-log" | "peer-slop";

/** Hints: how long they are taken, and how they go home. */
export interface HintSettings {
  /** No hint for a node that has been away for longer. Undefined: for ever. */
  readonly windowMs?: number;
  /** Bytes a second that a node sends home. Undefined: as fast as they are acknowledged. */
  readonly rateBytesPerSecond?: number;
  /** Hints in one message. */
  readonly batch: number;
  /** No hints go home before nobody has used those of that home for so long (fallbacks: a random 1 to 2 times that). */
  readonly idleMs: number;
  /** Deliveries at once that a node takes part in, those it sends and those it receives together. */
  readonly concurrency: number;
  /** A hint of that age is dropped. Undefined: never. */
  readonly expiryMs?: number;
}

/** Merkle trees, exchanged and repaired. */
export interface AaeSettings {
  /** A node begins at most one exchange in so long. */
  readonly intervalMs: number;
  readonly depth: number;
  readonly fanout: number;
  /** What of a copy is hashed: its clock alone (Riak), or versions and values (Cassandra). */
  readonly hash: "clock" | "content";
  /** Single keys by ordinary reads (Riak), or everything in a segment that differs (Cassandra). */
  readonly repair: "gets" | "stream";
  /** Exchanges at once that a node takes part in, on either side. */
  readonly concurrency: number;
  /** Trees are built anew from what is stored after so long. Undefined: only when in doubt. */
  readonly rebuildMs?: number;
}

/** Beside the first three, only what the named detector reads is there, and of that all. */
export interface DetectorSettings {
  readonly name: string;
  readonly heartbeatIntervalMs: number;
  /** Silence before suspicion; to those that learn, of a peer that has not sent a heartbeat yet. */
  readonly timeoutMs: number;
  readonly chen?: {
    /** Heartbeats whose lags are averaged. */
    readonly window: number;
    readonly marginMs: number;
  };
  readonly bertier?: {
    readonly window: number;
    /** How much of the mean error, and of its mean deviation, the margin holds (beta and phi in the paper). */
    readonly meanWeight: number;
    readonly deviationWeight: number;
    /** Weight of the newest error in both means (gamma). */
    readonly gain: number;
  };
  readonly phiNormal?: {
    readonly window: number;
    readonly threshold: number;
    readonly minDeviationMs: number;
    readonly acceptablePauseMs: number;
  };
  readonly phiExponential?: {
    readonly window: number;
    readonly threshold: number;
    /** Stands for the intervals that are not known yet. */
    readonly firstIntervalMs: number;
    /** Longer intervals are no samples. */
    readonly maxIntervalMs: number;
    /** Undefined: no guard. */
    readonly pauseGuardMs?: number;
  };
  readonly successRatio?: SuccessRatioSettings;
  readonly swim?: SwimSettings;
  readonly link?: {
    /** Silence after which a link that stands is given up too. Undefined: never. */
    readonly netTickMs?: number;
  };
  readonly local?: {
    /** Requests in a row that were not answered. */
    readonly failures: number;
    readonly retryMs: number;
  };
}

export interface SuccessRatioSettings {
  /** Fraction of requests that must succeed. */
  readonly ratio: number;
  /** Before that many failures the ratio is not looked at. */
  readonly minFailures: number;
  /** What is older is not counted: counts begin anew after so long. */
  readonly intervalMs: number;
  /** Requests in a row that found no connection. */
  readonly refusals: number;
  /** An answer that took longer is a failure. */
  readonly slowMs: number;
  /** Between two pings of a suspect. */
  readonly retryMs: number;
}

export interface SwimSettings {
  /** The protocol period. */
  readonly probeIntervalMs: number;
  /** Until others are asked to try. */
  readonly probeTimeoutMs: number;
  readonly probeOrder: "round-robin" | "random";
  /** Periods of different nodes begin at random, or all together. */
  readonly probePhase: "random" | "common";
  /** K: how many others. */
  readonly indirectProbes: number;
  /** 0: no suspicion, a failed probe is death. */
  readonly suspicionMult: number;
  /** How the suspicion timeout and the number of retransmissions grow with the group: see `detectors/suspicion.ts`. */
  readonly scaling: "memberlist" | "paper";
  readonly retransmitMult: number;
  /** Updates that one message carries along. */
  readonly maxUpdates: number;
  readonly dissemination: "infection" | "multicast" | "none";
  /** Messages of their own for updates that wait, to so many nodes in so long. Undefined: updates only come along with probes. */
  readonly rumours?: { readonly intervalMs: number; readonly peers: number };
  /** A dead node is pinged in so long. Undefined: never. */
  readonly reconnectMs?: number;
  /** A node that is alive may take its death back; otherwise only a new life does. */
  readonly revival: boolean;
  /** Suspects are not asked any more, as if they were dead. */
  readonly avoidSuspects: boolean;
  /** What Lifeguard adds. */
  readonly lifeguard?: {
    /** Highest score of local health; 0 switches it off. */
    readonly maxHealth: number;
    /** When a relay says that it hears nothing, as a fraction of the probe timeout. */
    readonly nackAt: number;
    /** Suspicion begins at so many times its least. 1 switches it off. */
    readonly suspicionMaxMult: number;
    /** Independent suspicions that bring it down to its least (K). */
    readonly confirmations: number;
    readonly buddy: boolean;
  };
}

export type RingStrategy =
  "equal-partitions" | "random-tokens" | "tokens-over-equal-partitions" | "claim" | "allocate" | "jump" | "explicit";
export type HashName = "murmur3" | "md5" | "sha1" | "fnv1a";

export interface RingSettings {
  readonly strategy: RingStrategy;
  /** Q, where there are equal partitions. */
  readonly partitions: number;
  /** T, where there are tokens: those of a node of weight 1. */
  readonly vnodesPerNode: number;
  readonly hash: HashName;
  /** `walk` skips hosts already taken; `claim` takes the next positions as they come. */
  readonly distinctHosts: "walk" | "claim";
  /** `equal-partitions` are dealt at random, as in Dynamo. Undefined: so that neighbours lie on different nodes. */
  readonly dealing?: "random";
  /** `zones`: a walk prefers zones that have no copy yet. Undefined: nodes alone count. */
  readonly spread?: "zones";
  /** So many partitions in a row on different nodes (`claim`). Undefined: 4. */
  readonly targetN?: number;
  /** So many partitions in a row in different zones, as far as that can be had (`claim`). Undefined: zones do not matter. */
  readonly targetLocationN?: number;
  /** Copies that `allocate` evens out. Undefined: 3. */
  readonly replication?: number;
  /** Owner of each partition by id (`explicit`); their number is Q. */
  readonly owners?: readonly string[];
}

export interface MemberSettings {
  /** `node-1`, `node-2`, …: the position in the list is the node's index everywhere else. */
  readonly id: string;
  readonly zone: string;
  readonly weight: number;
  /** Simulation: service times are divided by it; processes: see `slownessOf` in engine/real/pace.ts. 1 when left out. */
  readonly speed?: number;
  /** Not there at the beginning and in no first ring: it joins later. */
  readonly joins?: true;
}

/** A distribution of a duration as written in the experiment, lengths in milliseconds. */
export type DistributionSettings =
  | { readonly dist: "constant"; readonly valueMs: number }
  | { readonly dist: "uniform"; readonly minMs: number; readonly maxMs: number }
  | { readonly dist: "exponential"; readonly meanMs: number; readonly shiftMs: number }
  | { readonly dist: "normal"; readonly meanMs: number; readonly sdMs: number }
  | { readonly dist: "lognormal"; readonly medianMs: number; readonly p99Ms: number }
  | { readonly dist: "pareto"; readonly minMs: number; readonly alpha: number }
  | { readonly dist: "weibull"; readonly scaleMs: number; readonly shape: number }
  /** A recorded distribution: [probability in 0 to 1, milliseconds], both ascending, straight lines in between. */
  | { readonly dist: "empirical"; readonly points: readonly (readonly [number, number])[] }
  /** Parts are chosen by weight (need not sum to 1), then drawn from. */
  | {
      readonly dist: "mixture";
      readonly parts: readonly { readonly weight: number; readonly of: DistributionSettings }[];
    };

/** One-way delay by class of link; undefined adds nothing to what the real network costs. */
export interface NetworkSettings {
  readonly intraZone?: DistributionSettings;
  readonly interZone?: DistributionSettings;
  /** Between a client and the node it talks to. */
  readonly client?: DistributionSettings;
  /**
   * Added to `client` in either direction for clients that ask any node: what stands between them and the nodes. Undefined:
   * nothing does.
   */
  readonly balancer?: DistributionSettings;
  /** A node to itself. */
  readonly local?: DistributionSettings;
  /** Between two zones, where it differs from `interZone`; holds in both directions unless both are listed. */
  readonly zonePairs?: readonly { readonly from: string; readonly to: string; readonly delay: DistributionSettings }[];
  /**
   * Delays of the four legs of Bailis et al.'s WARS model, by kind of message, in place of `intraZone` and on messages
   * of a coordinator to itself too; between zones, `interZone` (or the pair's own) is added. Legs left out cost nothing.
   */
  readonly wars?: WarsSettings;
  /** Probability that a message between two nodes is dropped. */
  readonly loss: number;
  /** Probability that a message between two nodes arrives a second time, after a delay of its own. */
  readonly duplicate?: number;
  /** Probability that a message is held back by a second draw of its link's delay (1 ms where there is none). */
  readonly reorder?: number;
  /** Of each link in each direction; messages queue behind one another. Undefined: unlimited. */
  readonly bandwidthBytesPerSecond?: number;
}

export interface WarsSettings {
  /** Coordinator to replica: a write. */
  readonly w?: DistributionSettings;
  /** Replica to coordinator: its acknowledgement. */
  readonly a?: DistributionSettings;
  /** Coordinator to replica: a read. */
  readonly r?: DistributionSettings;
  /** Replica to coordinator: its response. */
  readonly s?: DistributionSettings;
}

/** What a simulated node costs; a real one costs what it costs. */
export interface NodeModelSettings {
  /** Time a worker is busy with one of these. Undefined: none. */
  readonly service: {
    /** Any message taken off the network, clients' included. */
    readonly message?: DistributionSettings;
    /** Loading a key from disk. */
    readonly read?: DistributionSettings;
    /** Handing a key to the disk. */
    readonly write?: DistributionSettings;
    /** Making what was handed over durable (`cluster.sync` each or group). */
    readonly sync?: DistributionSettings;
  };
  readonly workers: number;
  /** Messages waiting for a worker; those beyond it are dropped and counted. */
  readonly queueLimit: number;
  /** The whole process stops, as in a garbage collection: gaps between pauses, and their lengths. */
  readonly pauses?: { readonly every: DistributionSettings; readonly length: DistributionSettings };
  /** Each node's wall time is off by a draw of this with a random sign. */
  readonly clockSkew?: DistributionSettings;
  /** Each node's wall time runs fast or slow by up to so many microseconds a second. */
  readonly clockDriftPpm?: number;
}

export interface SimulationSettings {
  /** `real` encodes and decodes every message; `bypass` hands objects over, for speed. */
  readonly codec: "real" | "bypass";
  /** What a coordinator's messages to itself cost, in place of `network.local` and of the WARS legs. */
  readonly localDelay?: DistributionSettings;
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
  /** Simulation only. */
  readonly nodeModel?: NodeModelSettings;
  readonly simulation?: SimulationSettings;
}
