/**
 * What a trial leaves for charts and comparisons: figures with their evidence counts, no raw operations. Written as
 * `figures.json` in the trial's folder beside `summary.json`. All arrays are parallel and in order of x; NaN is written
 * as null. Times are seconds from the start of the warm-up, latencies milliseconds.
 */
import type { MembershipFigure } from "./membership";
import type { LatencyBins, OperationSample } from "./single-operations";

export interface MetricValue {
  readonly value: number | null;
  /** Interval at 95 %, where one is known. */
  readonly lo: number | null;
  readonly hi: number | null;
  /** Evidence: operations (one trial) or repetitions (a cell). */
  readonly n: number;
  readonly unit: string;
  /** What is timed had not happened when nobody looked any more: the value is a lower bound (right-censored). */
  readonly atLeast?: true;
  /** Of a configuration in which it was measured, but in no valid trial; only where a report needs to say so. */
  readonly noneValid?: true;
}

export interface Fraction {
  readonly hits: number;
  readonly total: number;
  readonly lo: number;
  readonly hi: number;
}

export interface LatencySpectrum {
  /** `read`, `update`, `insert`, `rmw`, `write` (all kinds of write) */
  readonly kind: string;
  readonly basis: "response" | "service";
  /** Percentiles (0 to 100) and latency at each; cut where fewer than ten samples remain above. */
  readonly percentiles: readonly number[];
  readonly ms: readonly number[];
  readonly count: number;
  readonly maxMs: number;
}

export interface TimeSeries {
  readonly t: readonly number[];
  /** Keyed by name, e.g. `read_p50_ms`, `ok`, `stale_ok`, `not_found`, `indefinite`, `definite`, `offered`. */
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

/** What a load generator that is not ours counted of the measured phase, beside our own count of the same requests. */
export interface SecondOpinion {
  /** With its version. */
  readonly tool: string;
  readonly theirs: AnswersCounted;
  readonly ours: AnswersCounted;
}

export interface AnswersCounted {
  readonly seconds: number;
  readonly answers: number;
  readonly perSecond: number;
  /** Answers of status 200 to 299. */
  readonly ok: number;
  /** Requests without an answer: connections that broke, and time that ran out. */
  readonly errors: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface TrialFigures {
  readonly schema: "quorumlab/figures@1";
  readonly spectra: readonly LatencySpectrum[];
  /** Per `measure.interval`: latency percentiles, throughput by outcome, stale reads, siblings. */
  readonly intervals: TimeSeries;
  /**
   * Chart 14: keys whose replicas differ (`divergent`), with a copy missing (`missing`), judged (`examined`), looked at (`inspected`), and all
   * that exist (`population`). Of the divergent ones without a missing copy some are `stale`, `conflicting` or, where no past tells, `unclassified`:
   * the four add up. Runs of before those columns have none of the last three.
   */
  readonly divergence: TimeSeries & {
    readonly finalDivergent: number;
    readonly finalExamined: number;
    /** Keys there were at the final scan, and how many of them it looked at; equal when it looked at all. */
    readonly finalPopulation?: number;
    readonly finalInspected?: number;
  };
  /** Charts 7 and 8: single operations, and all of them by time and latency. Runs of before these fields have none. */
  readonly operations?: OperationSample;
  readonly latencyBins?: LatencyBins;
  /** Chart 11: by time since the latest acknowledged write ended; `consistent` reads of `reads` in each bin [fromMs, toMs). */
  readonly tVisibility: {
    readonly fromMs: readonly number[];
    readonly toMs: readonly number[];
    readonly reads: readonly number[];
    readonly consistent: readonly number[];
    /** Mean age of the reads in each bin: many stand at its very beginning. Runs of before this field have none. */
    readonly meanMs?: readonly number[];
  };
  /** Chart 12: index k holds reads that were k acknowledged writes behind; index 0 fresh; last index "this or more". */
  readonly kStaleness: readonly number[];
  readonly stale: Fraction;
  /** Chart 16: reads by number of siblings returned (index = number of values), and keys by number at the end. */
  readonly siblingsPerRead: readonly number[];
  readonly siblingsPerKeyAtEnd: readonly number[];
  /** Chart 20. */
  readonly load: readonly {
    readonly node: string;
    readonly operations: number;
    readonly keys: number;
    readonly ringShare: number;
  }[];
  /** Of a load made by somebody else's generator. */
  readonly secondOpinion?: SecondOpinion;
  /** Chart 40: how much each node did of each role in the measured phase, in the order of `nodes`. */
  readonly work?: {
    readonly nodes: readonly string[];
    readonly roles: readonly {
      readonly role: string;
      readonly unit: "requests" | "copies" | "messages";
      readonly counts: readonly number[];
    }[];
    /** Operations of the measured phase that clients coordinated themselves, where they do: no node's work. */
    readonly byClients?: { readonly gets: number; readonly puts: number };
  };
  /**
   * Chart 41: by window, the share of nodes whose requests differ from the mean of all by `threshold` or more, and requests a second and
   * node. Seconds from the start of the warm-up. Absent where nodes do not tell their work while the load runs.
   */
  readonly imbalance?: TimeSeries & {
    readonly threshold: number;
    readonly windowS: number;
    /** Load at its highest was at least twice that at its lowest, by quarters of windows. */
    readonly rises: boolean;
  };
  /** Chart 42: what clients got in each outage, by when operations were due. Absent without one. */
  readonly outages?: readonly {
    readonly faults: readonly string[];
    readonly fromS: number;
    /** Or the end of the measured phase, where it went on beyond. */
    readonly toS: number;
    readonly due: number;
    readonly ok: number;
    /** Null: too few to say. */
    readonly readP99Ms: number | null;
    readonly writeP99Ms: number | null;
  }[];
  /** A key shown on the ring: preference list by node id. */
  readonly ring: {
    readonly strategy: string;
    readonly tokens: readonly { readonly at: number; readonly node: string }[];
    readonly example: { readonly key: string; readonly at: number; readonly preferenceList: readonly string[] };
  };
  readonly validity: Validity;
  readonly calibration: Calibration | null;
  /** When load was measured, seconds from the start of the warm-up: intervals from `measureToS` on are of the drain. */
  readonly phases?: { readonly measureFromS: number; readonly measureToS: number };
  /** Faults as they really began and ended: lanes of every time chart. */
  readonly faults?: readonly FaultLane[];
  /** One-way delays of the four legs of the WARS model as they happened in this trial: what a prediction is made from. */
  readonly legs?: LegDelays;
  /** The clock against the causal truth. Absent where nobody judged it. */
  readonly causality?: CausalityFigures;
  /** Chart 15: how long until replicas agreed after faults had ended. Absent where no fault ended or nobody looked afterwards. */
  readonly convergence?: ConvergenceFigures;
  /** What clients saw before, during and after faults, in this order. Absent without a fault. */
  readonly staleByWindow?: readonly StaleWindow[];
  readonly sessionsByWindow?: readonly SessionWindow[];
  /** Charts 18 and 19: what nodes sent and repaired over time. Absent where they do not count it. */
  readonly repair?: RepairFigures;
  /** Chart 27: how far the history is from that of one register, by value. */
  readonly zones?: ZoneFigures;
  /** Charts 43 and 44: rings drawn besides the one that was run, whose metrics begin with ring_. */
  readonly rings?: RingsFigures;
  /** From each acknowledgement until the last primary had stored the write or what replaced it, where the world tells. */
  readonly trueWindow?: TrueWindow;
  /** Charts 29 to 33: how good the failure detectors were. Absent where nobody told opinions and truth. */
  readonly detection?: DetectionFigures;
  /** How members came to agree on the ring, where it may change. */
  readonly membership?: MembershipFigure;
}

/** Of a trial's failure detectors, against what really happened. Seconds from the start of the warm-up; lengths in ms. */
export interface DetectionFigures {
  readonly nodes: readonly string[];
  /** Judged from here to there: the measured phase. Ends earlier where more happened than is kept; `dropped` events then. */
  readonly fromS: number;
  readonly toS: number;
  readonly dropped: number;
  /** By what befell the subject. */
  readonly crash: DetectionTimes;
  readonly pause: DetectionTimes;
  readonly accuracy: DetectionAccuracy;
  /** One entry an observer, in order of `nodes`; the first 256. */
  readonly observers: readonly ObserverQuality[];
  /** Suspicions as they stood, in order of beginning, bounded: `suspicionsLeftOut` more. */
  readonly suspicions: readonly Suspicion[];
  readonly suspicionsLeftOut: number;
  /** When nodes were not up, bounded likewise. */
  readonly truth: readonly {
    readonly node: number;
    readonly state: "down" | "paused" | "cut";
    readonly fromS: number;
    readonly toS: number | null;
  }[];
  /** How much one node doubted another; absent where the detector has no level. */
  readonly level?: {
    readonly observer: number;
    readonly subject: number;
    readonly unit: string;
    /** At and above it the subject is suspected. */
    readonly threshold: number;
    readonly t: readonly number[];
    readonly level: readonly number[];
  };
  /** What clients saw meanwhile. */
  readonly client: DetectionClient;
}

/**
 * From the true beginning to the final suspicion: pairs of a running observer and a subject that crashed (or stood still).
 * `ms` ascend, four significant digits; `detected` pairs, and `censored` ones watched so long without. The episodes: one a
 * subject that was down, by the first observer and by all that still ran; null where that never came while it lasted.
 */
export interface DetectionTimes {
  readonly ms: readonly number[];
  readonly detected: readonly number[];
  readonly censored: readonly number[];
  /** Bounded: the first of them; the metrics are of all. */
  readonly episodes: readonly {
    readonly node: number;
    readonly fromS: number;
    readonly lengthMs: number;
    readonly observers: number;
    readonly firstMs: number | null;
    readonly allMs: number | null;
  }[];
}

/** Of all pairs while both ran and reached each other. */
export interface DetectionAccuracy {
  readonly pairSeconds: number;
  readonly mistakes: number;
  /** By observers that had never stood still, been down or cut off; about subjects of that kind; both. */
  readonly mistakesByHealthy: number;
  readonly mistakesOfHealthy: number;
  readonly mistakesAmongHealthy: number;
  readonly mistakenSeconds: number;
  /** Mistakes that were still standing when the pair could be judged no longer. */
  readonly openMistakes: number;
  /** T_MR and T_G: sums over times between two mistakes of a pair, and over good times between two. */
  readonly recurrences: { readonly count: number; readonly seconds: number };
  readonly goodPeriods: { readonly count: number; readonly seconds: number };
  /** Rightly begun, and standing on when the subject was back: not mistakes. Times until trusted again. */
  readonly returns: { readonly count: number; readonly open: number; readonly seconds: number };
  /** Suspicions of a subject that stood still, or was cut off from the observer. */
  readonly pauseSuspicions: number;
  readonly cutSuspicions: number;
}

export interface ObserverQuality {
  readonly node: string;
  readonly pairSeconds: number;
  readonly mistakes: number;
  readonly mistakenSeconds: number;
  /** Crashes of others that it found out, and that it did not while it watched. */
  readonly detected: number;
  readonly missed: number;
  readonly meanDetectionMs: number | null;
}

export interface Suspicion {
  readonly observer: number;
  readonly subject: number;
  readonly fromS: number;
  readonly toS: number | null;
  /** What was so when it began. */
  readonly of: "running" | "down" | "paused" | "cut";
}

/**
 * Reads and writes of the measured phase, by whether, when they began, some node was down or stood still and some running
 * node trusted it still (`undetected`), or not. Refused by mistake: without a quorum although every node ran and reached
 * every other, while somebody was suspected.
 */
export interface DetectionClient {
  readonly undetectedSeconds: number;
  readonly undetected: ClientsThen;
  readonly otherwise: ClientsThen;
  readonly refusedByMistake: number;
}

export interface ClientsThen {
  readonly operations: number;
  readonly failed: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface RingsFigures {
  readonly drawn: number;
  /** In words: `equal-partitions, dealt at random`. */
  readonly strategy: string;
}

/** Seconds; times of keys count from the end of the last fault before them. */
export interface ConvergenceFigures {
  /** The longest time between two scans that looked: nothing below it can be told apart. */
  readonly resolutionS: number;
  /** Faults that ended and that no scan looked at before the next one began. */
  readonly unobserved: number;
  readonly healings: readonly Healing[];
}

/** From when the last active fault had ended until the next one begins or the run ends. */
export interface Healing {
  /** Those that had been active together, in order of beginning. */
  readonly faults: readonly string[];
  /** From the start of the warm-up. */
  readonly endedAtS: number;
  /** The first scan from which on no inspected key diverged; null: there is none. */
  readonly convergedS: number | null;
  /** The last scan that found a difference; 0 where none did. */
  readonly divergedUntilS: number;
  /** The last scan that looked. */
  readonly observedS: number;
  /** Keys that diverged at the end of the fault, by when: parallel, ascending. `converged` to stay so, or `censored`. */
  readonly keys: {
    readonly atS: readonly number[];
    readonly converged: readonly number[];
    readonly censored: readonly number[];
  };
}

export type FaultWindow = "before" | "during" | "after";

/** Reads that began in the window. Quantiles are of stale reads; null where too few. */
export interface StaleWindow {
  readonly window: FaultWindow;
  readonly reads: number;
  readonly stale: number;
  readonly missedP50Ms: number | null;
  readonly missedP99Ms: number | null;
  readonly behindP50: number | null;
  readonly behindP99: number | null;
}

export interface SessionWindow {
  readonly window: FaultWindow;
  /** Own writes missed, of reads judged for it; reads that went back, of those. */
  readonly missedOwn: number;
  readonly judgedOwn: number;
  readonly wentBack: number;
  readonly judgedBack: number;
}

/** Per second from one sample at `t` to the next, null at the last; gauges (`hints_held`, `hints_held_fullest`, `hint_bytes_held`) as at `t`. */
export interface RepairFigures extends TimeSeries {
  /** From the beginning of the measured phase to the last sample; null where a node does not count it. */
  readonly totals: Readonly<Record<string, number | null>>;
  /** Messages and bytes by cause, over the same time. */
  readonly byCause: readonly { readonly cause: string; readonly messages: number; readonly bytes: number | null }[];
  /** Requests that ended in that time. */
  readonly requests: number;
}

/** Values are writes of the measured phase, and older ones that it read. */
export interface ZoneFigures {
  readonly values: number;
  readonly gamma: ScoreDistribution;
  readonly delta: ScoreDistribution;
  /** Reads left out: of several versions, of a key with deletes that found nothing, of a value no longer held. */
  readonly readsLeftOut: number;
  /** Values whose scores may be higher, because others had been forgotten by then. */
  readonly valuesCut: number;
  /** Written to keys that there was no room to follow. */
  readonly valuesLeftOut: number;
}

export interface ScoreDistribution {
  readonly positive: number;
  /** Of positive scores. */
  readonly positiveMs: DelayQuantiles;
}

export interface TrueWindow {
  readonly writes: number;
  /** Stored everywhere before the client was told. */
  readonly none: number;
  /** Never everywhere before the run ended, or not followed. */
  readonly open: number;
  readonly ms: DelayQuantiles;
}

/**
 * `lost-update`: an acknowledged write that is in no replica at the end and that no write had read. Those are of two kinds,
 * or neither when the key is simply gone: `missed-conflict`, what survived is concurrent with it; `false-dominance`, it lost
 * against a version that it had itself replaced. `false-conflict`: two versions returned by one read, of which one is in
 * the other's past. `resurrected-delete`: a read brought a version that an acknowledged delete had replaced.
 */
export type AnomalyKind =
  "lost-update" | "missed-conflict" | "false-dominance" | "false-conflict" | "resurrected-delete";

export interface CausalityFigures {
  /**
   * One entry a kind, in the order above. `count` of `outOf` operations showed it: acknowledged writes of inspected keys for the
   * first three, measured reads for the others (a read with three false pairs counts once here, thrice in the metric `false_conflicts`).
   * `undecided` more could have shown it and could not be judged.
   */
  readonly anomalies: readonly {
    readonly kind: AnomalyKind;
    readonly count: number;
    readonly outOf: number;
    readonly undecided: number;
  }[];
  /** The first few of each kind, with the operations that show it. */
  readonly evidence: readonly AnomalyEvidence[];
  /** Siblings that reads returned, by how many writes of their key had ended before: bins [from, to). */
  readonly siblingsByWrites: {
    readonly from: readonly number[];
    readonly to: readonly number[];
    readonly reads: readonly number[];
    readonly mean: readonly number[];
    readonly max: readonly number[];
  };
  /** Metadata of inspected copies by how many sessions had written the key: bins [from, to). Empty where no target tells. */
  readonly metadataByWriters: {
    readonly from: readonly number[];
    readonly to: readonly number[];
    readonly copies: readonly number[];
    readonly bytesMean: readonly number[];
    readonly bytesMax: readonly number[];
    readonly entriesMean: readonly number[];
    readonly entriesMax: readonly number[];
  };
  /** The writes of one key: of the first anomaly, else of the key with the most siblings. Null without writes. */
  readonly graph: VersionGraph | null;
}

export interface AnomalyEvidence {
  readonly kind: AnomalyKind;
  readonly key: string;
  /** Seconds from the start of the warm-up. */
  readonly atS: number;
  /** The writes concerned, the one that suffered first. */
  readonly writes: readonly number[];
  /** The read that shows it, by its number in the history; null when the final inspection does. */
  readonly read: number | null;
  /** One sentence for a reader. */
  readonly text: string;
}

/** Which write saw which, as the recorder knows it. Definite failures are left out: they did not happen. */
export interface VersionGraph {
  readonly key: string;
  /** In order of start. Bounded: `dropped` older ones are left out, and `later` newer ones. */
  readonly writes: readonly {
    readonly id: number;
    readonly session: number;
    readonly startS: number;
    /** Null: never answered. */
    readonly endS: number | null;
    readonly tombstone: boolean;
    /** Writes whose versions its client had read (the newest of them; older ones follow from those). May name writes left out. */
    readonly saw: readonly number[];
    /**
     * `held`: at some replica at the end; `replaced`: a later write had read it; `lost`; `unknown`: no answer and not seen, or nobody can
     * tell (a replica was not reached, a tombstone may have been reaped, the key was not inspected).
     */
    readonly fate: "held" | "replaced" | "lost" | "unknown";
  }[];
  readonly dropped: number;
  readonly later?: number;
}

/** Seconds from the start of the warm-up; `toS` null: had not ended when the trial did. */
export interface FaultLane {
  readonly id: string;
  readonly kind: string;
  readonly what: string;
  readonly fromS: number;
  readonly toS: number | null;
  /** Of an overload: what became of its requests, which are in no other figure. */
  readonly requests?: {
    readonly sent: number;
    readonly answered: number;
    readonly refused: number;
    readonly unanswered: number;
    readonly dropped: number;
  };
}

/** An empirical distribution: `ms[i]` is the delay at probability `at[i]`; both ascend, from 0 to 1. */
export interface DelayQuantiles {
  readonly count: number;
  readonly at: readonly number[];
  readonly ms: readonly number[];
}

/** Write out, acknowledgement, read out, response; messages of a coordinator to itself included where they travel. */
export interface LegDelays {
  readonly w: DelayQuantiles;
  readonly a: DelayQuantiles;
  readonly r: DelayQuantiles;
  readonly s: DelayQuantiles;
  /** How they were taken, one sentence for the caption. */
  readonly how: string;
}

export type ValidityVerdict = "valid" | "doubtful" | "invalid";

export interface Doubt {
  /** Stable name of the kind of doubt, e.g. `schedule-lag`. */
  readonly kind: string;
  readonly verdict: "doubtful" | "invalid";
  readonly reason: string;
  readonly advice: string;
}

export interface Validity {
  readonly verdict: ValidityVerdict;
  readonly doubts: readonly Doubt[];
}

/** Measured before the trial on the machine it ran on; real processes only. */
export interface Calibration {
  /** Round trip of an empty request over one connection, milliseconds. */
  readonly nullRoundTripP50Ms: number;
  readonly nullRoundTripP99Ms: number;
  /** How late the driver's timer fires. */
  readonly timerLagP50Ms: number;
  readonly timerLagP99Ms: number;
  /** Smallest step of the clock that latencies are read from. Runs of before this field have none. */
  readonly clockStepMs?: number;
  /** `pinned: nodes 0, driver 1` or `none`. */
  readonly placement: string;
  /** Share of CPU time used by others during the trial, 0 to 1, and stolen by the hypervisor. */
  readonly outsideCpu: number;
  readonly steal: number;
  readonly loadAverage: number;
  /** Where several processes make the load: by how much their times may be apart, as measured. Older runs and others have none. */
  readonly timeErrorMs?: number;
}
