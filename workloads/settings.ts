/**
 * A resolved workload: what is asked, how fast, by whom. Both a YCSB property file and the native `workload:` block of
 * an experiment end up as this one record, so there is one core workload and one driver.
 */
import type { DistributionSettings } from "../engine/vocabulary/settings";
import type { ScriptStep } from "../engine/vocabulary/written-scripts";

export interface MixSettings {
  /** Weights; need not sum to 1. */
  readonly read: number;
  readonly update: number;
  readonly insert: number;
  readonly scan: number;
  readonly rmw: number;
  readonly delete: number;
  readonly blindWrite: number;
  /** Reads of `fanOut` keys at once. */
  readonly multiGet?: number;
}

export type ChooserSettings =
  | { readonly name: "uniform" }
  /** YCSB's scrambled zipfian over a fixed 10^10 ranks, folded by hash. */
  | { readonly name: "zipfian" }
  /** A zipf law over exactly the keys there are. */
  | { readonly name: "zipf"; readonly theta: number }
  | { readonly name: "latest" }
  | { readonly name: "hotspot"; readonly dataFraction: number; readonly operationFraction: number }
  | { readonly name: "sequential" }
  | { readonly name: "exponential"; readonly percentile: number; readonly fraction: number };

export type LengthSettings =
  | { readonly dist: "constant"; readonly bytes: number }
  | { readonly dist: "uniform"; readonly minBytes: number; readonly maxBytes: number }
  /** Favours short values (YCSB). */
  | { readonly dist: "zipfian"; readonly minBytes: number; readonly maxBytes: number }
  /** A file of YCSB's: bucket i is drawn with weight `weights[i]` and stands for (i + 1) × `blockBytes`. */
  | { readonly dist: "histogram"; readonly blockBytes: number; readonly weights: readonly number[] };

/** The records and how they are chosen. Field layout is YCSB's; a native workload has one field. */
export interface RecordSettings {
  readonly recordCount: number;
  readonly insertStart: number;
  readonly insertCount: number;
  /** Only used for zipfian's room for inserts; 0 is "unknown". */
  readonly operationCount: number;
  readonly chooser: ChooserSettings;
  readonly keyPrefix: string;
  readonly hashedOrder: boolean;
  readonly zeroPadding: number;
  readonly fieldCount: number;
  readonly fieldLength: LengthSettings;
  readonly fieldNamePrefix: string;
  readonly writeAllFields: boolean;
  readonly readAllFields: boolean;
  readonly scan: { readonly min: number; readonly max: number; readonly dist: "uniform" | "zipfian" };
  readonly dataIntegrity: boolean;
  /** Keys of a multi-get; 1 when left out. */
  readonly fanOut?: number;
  /** Of a driver's part of the records: which numbers its own, from 0, stand for. Left out: they are the numbers themselves. */
  readonly numbering?: KeyNumbering;
}

/** Numbers below `loaded` stand for those from `first` on; then come keys inserted in the run, from `inserted` on in steps. */
export interface KeyNumbering {
  readonly first: number;
  readonly loaded: number;
  readonly inserted: number;
  readonly step: number;
}

/** What the clients do, where it is not YCSB's reads and writes by weight; one file each in `mixes/`. */
export type MixtureSettings =
  | { readonly name: "scripted"; readonly steps: readonly ScriptStep[] }
  | CartSettings
  | CounterSettings
  | TimeOrderedSettings
  | DeleteHeavySettings
  | ObjectIndexSettings
  | TraceSettings;

export interface CartSettings {
  readonly name: "cart";
  readonly carts: number;
  /** Number of the first one; 0 when left out. */
  readonly first?: number;
  readonly items: number;
  /** Share of changes that take an item out. */
  readonly remove: number;
  /** Share of a shopper's operations that only look. */
  readonly view: number;
  /** The last so many clients are robots. */
  readonly robots: number;
  /** Of an open load: share of operations that robots make. */
  readonly robotShare: number;
  /** Changes after which another key takes a cart's place. */
  readonly checkout: number;
  readonly resolver: "union" | "newest" | "none";
}

export interface CounterSettings {
  readonly name: "counters";
  readonly counters: number;
  /** Share of operations that only look. */
  readonly view: number;
  readonly resolver: "counter" | "newest" | "none";
}

export interface TimeOrderedSettings {
  readonly name: "time-ordered";
  readonly series: number;
  readonly popularity: ChooserSettings;
  /** Points of each series that the load phase writes. */
  readonly initial: number;
  /** Shares of what is asked, deletes aside; the rest are reads. */
  readonly insert: number;
  readonly scan: number;
  /** A read wants one of so many points at the end of a series, a scan so many. */
  readonly latest: number;
  readonly window: number;
  /** Points of a series beyond which its oldest is deleted; for ever when left out. */
  readonly keep?: number;
}

export interface DeleteHeavySettings {
  readonly name: "delete-heavy";
  readonly keys: number;
  /** Share of the keys that are there at a time. */
  readonly alive: number;
  /** Share of operations that are reads, and of these the share of keys that are gone. */
  readonly read: number;
  readonly readGone: number;
}

export interface ObjectIndexSettings {
  readonly name: "object-index";
  readonly objects: number;
  readonly folders: number;
  /** In each folder. */
  readonly subfolders: number;
  readonly popularity: ChooserSettings;
  /** Shares; the rest are gets. */
  readonly put: number;
  readonly remove: number;
  readonly list: number;
  /** Keys of a page. */
  readonly page: number;
  /** Empty for none. */
  readonly delimiter: string;
}

/** Operations as they were recorded. Which ones they are is said by the digest; the path says only where they are. */
export interface TraceSettings {
  readonly name: "trace";
  readonly path: string;
  readonly sha256: string;
  readonly form: "jsonl" | "csv";
  /** Lines of the load phase and those after. */
  readonly loads: number;
  readonly operations: number;
  readonly mostBytes: number;
  /** Some lines say the very bytes to write. */
  readonly values: boolean;
  /** So many times as fast as it was recorded. */
  readonly speed: number;
  /** Who decided when the recorded operations were sent, where the trace says. */
  readonly recordedModel?: string;
  /** What is in the file; put in by whoever starts a trial, and no part of what addresses it. */
  readonly text?: string;
}

/** A rate that goes up and down once a period, beginning at its lowest. */
export interface DiurnalSettings {
  readonly periodMs: number;
  /** The lowest rate over the highest; 0 to 1. */
  readonly trough: number;
}

/** Bursts of a steady rate, and lulls between them. */
export interface BurstSettings {
  readonly onMs: number;
  readonly offMs: number;
  /** The rate of a lull over that of a burst; 0 to 1. */
  readonly lull: number;
}

/** From one rate to the workload's, in a straight line. */
export interface RampSettings {
  readonly fromPerSecond: number;
  readonly overMs: number;
}

/** A rate from an instant on, until the next step. */
export interface RateStep {
  readonly atMs: number;
  readonly ratePerSecond: number;
}

/** So many times the rate for a while. */
export interface SpikeSettings {
  readonly atMs: number;
  readonly forMs: number;
  readonly factor: number;
}

/** When an open load wants its operations; times count from the start of the warm-up. */
export interface ArrivalSettings {
  /** Of arrivals whose rate changes, see each; of `steps`, the first of them. */
  readonly ratePerSecond: number;
  /** `trace`: when the workload itself says. */
  readonly arrivals: "constant" | "poisson" | "bursts" | "diurnal" | "ramp" | "steps" | "spike" | "trace";
  readonly bursts?: BurstSettings;
  readonly diurnal?: DiurnalSettings;
  readonly ramp?: RampSettings;
  readonly steps?: readonly RateStep[];
  readonly spike?: SpikeSettings;
  /** Of constant arrivals that several drivers take in turn: whose turn it is first, so that together they are evenly spaced. */
  readonly turn?: { readonly index: number; readonly of: number };
}

export interface WorkloadSettings {
  readonly name: string;
  readonly bucketType: string;
  readonly bucket: string;
  /** Left out: YCSB's, by `mix`. */
  readonly mixture?: MixtureSettings;
  /** By weight; of a mixture what it comes to. */
  readonly mix: MixSettings;
  readonly records: RecordSettings;
  readonly load:
    | {
        readonly model: "closed";
        readonly clients: number;
        /** One operation is out at a time, whichever client's: a script. Left out: one a client. */
        readonly oneAtATime?: true;
        readonly think: DistributionSettings | undefined;
        readonly targetPerSecond: number | undefined;
      }
    | ({ readonly model: "open"; readonly clients: number } & ArrivalSettings)
    /** Sessions come as an open load does, at `ratePerSecond / requestsPerSession`; each asks, waits and thinks, and leaves. */
    | ({
        readonly model: "partly-open";
        readonly clients: number;
        /** The mean of a geometric law; 1 and more. */
        readonly requestsPerSession: number;
        readonly think: DistributionSettings | undefined;
      } & ArrivalSettings);
  /** Which context an update carries: `last-read` forgets what the session's own writes brought. */
  readonly context: "session" | "last-read" | "none" | "read-first";
  /** Operations after which a client goes on under another session; for ever when left out. */
  readonly clientLifetime?: number;
  /**
   * The t of t-visibility: after this share of acknowledged writes of the mix, the same client reads the same key once
   * more, so much after the acknowledgement. The probe is an operation of its own, in the history like any other.
   */
  readonly probe?: { readonly share: number; readonly after: DistributionSettings };
  readonly routing: "any" | "token-aware" | "client-driven";
  /** Client-driven: between two polls for the membership. */
  readonly membershipPollMs?: number;
  /** In real time: how the driver waits for the instant at which the next operation is due; sleeping when left out. */
  readonly pacing?: "spin";
  /** Drivers that share the load, each with its part of the keys, the clients and the rate; 1 when left out. */
  readonly loadProcesses?: number;
  /** Write every record before the warm-up. */
  readonly preload: boolean;
  /** Operations outstanding at once before the driver counts further ones as dropped (open loop). */
  readonly maxOutstanding: number;
  /** Shown in the report: unknown properties, go-ycsb recognised, … */
  readonly notes: readonly string[];
}
