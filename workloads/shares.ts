/**
 * A load that several drivers make together: who has which part of it. Each has records of its own, side by side as YCSB's
 * `insertstart` and `insertcount` cut them, every so-manieth client, and so the numbers that those clients would have had
 * alone, and its part of the rate. Parts never overlap: no two drivers write one key, give one session's number twice, or
 * one write's id; and together they are the whole, so that twice the drivers is not twice the load.
 *
 * What is not the same as one driver's: each chooses among its own keys by the same law, so there are as many hottest keys
 * as drivers, and new keys are numbered in turn, so that the newest key of one is not that of all.
 */
import { assert } from "../engine/vocabulary/assert";
import type { Micros } from "../engine/vocabulary/micros";
import type { Random } from "../engine/vocabulary/random";
import { Driver, type DriverOptions } from "./driver";
import { LOAD_CONCURRENCY } from "./loader";
import { workloadFor } from "./mixes/mix";
import type { Workload } from "./operation";
import { scaledArrivals } from "./pacing";
import type { ArrivalSettings, MixtureSettings, WorkloadSettings } from "./settings";

/** Driver `index` of `of`. */
export interface Turn {
  readonly index: number;
  readonly of: number;
}

export function driversOf({ loadProcesses = 1 }: WorkloadSettings): number {
  return loadProcesses;
}

/** The contiguous part of `total` things, in order of the drivers; parts differ by one thing at most. */
export function partOf(total: number, { index, of }: Turn): { readonly first: number; readonly count: number } {
  const first = Math.floor((total * index) / of);
  return { first, count: Math.floor((total * (index + 1)) / of) - first };
}

/** How many of `total` things fall to a driver when they are dealt out in turn. */
export function dealt(total: number, { index, of }: Turn): number {
  return Math.max(0, Math.ceil((total - index) / of));
}

/** The number, among those of all drivers, of what a driver counts as its `own`-th from 1 on. */
export function operationId(own: number, { index, of }: Turn): number {
  return (own - 1) * of + index + 1;
}

/** What a driver is to do of the whole. With one driver, the whole. */
export function shareOf(settings: WorkloadSettings, turn: Turn): WorkloadSettings {
  const { index, of } = turn;
  assert(index >= 0 && index < of, "a share is one of those there are");
  if (of === 1) return settings;
  assert(whyNotShared(settings) === undefined, "a load is shared that can be shared");
  const { records, mixture, maxOutstanding } = settings;
  const own = partOf(records.insertCount, turn);
  return {
    ...settings,
    ...(mixture === undefined ? {} : { mixture: mixtureOf(mixture, turn) }),
    records: {
      ...records,
      recordCount: own.count,
      insertStart: 0,
      insertCount: own.count,
      operationCount: partOf(records.operationCount, turn).count,
      numbering: {
        first: records.insertStart + own.first,
        loaded: own.count,
        inserted: records.recordCount + index,
        step: of,
      },
    },
    load: loadOf(settings.load, turn),
    maxOutstanding: partOf(maxOutstanding, turn).count,
  };
}

function loadOf(load: WorkloadSettings["load"], turn: Turn): WorkloadSettings["load"] {
  const clients = dealt(load.clients, turn);
  if (load.model !== "closed") return { ...load, ...arrivalsOf(load, turn), clients };
  const { targetPerSecond: rate } = load;
  // By clients and not by drivers: each client keeps the pace that it would have among all.
  return { ...load, clients, targetPerSecond: rate === undefined ? undefined : (rate * clients) / load.clients };
}

/** Independent users stay so when they are fewer; what is evenly spaced is taken in turn. */
function arrivalsOf(load: ArrivalSettings, turn: Turn): ArrivalSettings {
  const scaled = scaledArrivals(load, 1 / turn.of);
  return load.arrivals === "constant" ? { ...scaled, turn } : scaled;
}

function mixtureOf(mixture: MixtureSettings, turn: Turn): MixtureSettings {
  assert(mixture.name === "cart", "of the mixes only carts are shared");
  const { first, count } = partOf(mixture.carts, turn);
  return { ...mixture, carts: count, first };
}

/** Of a load that several drivers cannot make together: which of its settings is in the way, and why. */
export interface NotShared {
  readonly key: string;
  readonly why: string;
}

/** Undefined where each driver gets a part of everything. */
export function whyNotShared(settings: WorkloadSettings): NotShared | undefined {
  const of = driversOf(settings);
  const { load, records, mixture, maxOutstanding, mix } = settings;
  if (of === 1) return undefined;
  const few = (key: string, there: number): NotShared | undefined =>
    there >= of ? undefined : { key, why: `${key} is ${there}; allowed: at least one for each driver` };
  if (mixture !== undefined) {
    const why = MIXES_ALONE[mixture.name];
    if (why !== undefined)
      return { key: "workload.mix_name", why: `mix_name ${mixture.name} is made by one driver: ${why}` };
    if (mixture.name === "cart" && mixture.robots > 0) {
      const why = "robots change one cart together, which takes one driver; allowed beside it: workload.cart.robots: 0";
      return { key: "workload.cart.robots", why };
    }
  }
  const wanted = (mix.multiGet ?? 0) > 0 ? (records.fanOut ?? 1) : 1;
  const keys = mixture?.name === "cart" ? "workload.cart.carts" : "workload.keys.count";
  const smallest = Math.floor(records.insertCount / of);
  return (
    few("workload.clients", load.clients) ??
    few("workload.max_outstanding", maxOutstanding) ??
    few(keys, records.insertCount) ??
    (wanted > smallest
      ? {
          key: "workload.fan_out",
          why: `workload.fan_out is ${wanted}, and the smallest driver has ${smallest} of the ${records.insertCount} keys; allowed: at most as many`,
        }
      : undefined)
  );
}

/** Why; undefined for those that can be shared. */
const MIXES_ALONE: Readonly<Record<MixtureSettings["name"], string | undefined>> = {
  scripted: "its steps are taken one after the other",
  trace: "it was recorded as one sequence",
  counters: "all clients count on the same counters",
  "time-ordered": "one clock gives the points of all series their order",
  "delete-heavy": "it keeps account of which keys are gone",
  "object-index": "its ledger judges listings by all that was put and removed",
  cart: undefined,
};

/** The driver of a part; with others, it is held until `release` when its load is done. */
export function driverOfShare(options: {
  readonly settings: WorkloadSettings;
  readonly turn: Turn;
  /** The trial's. */
  readonly root: Random;
  readonly phases: DriverOptions["phases"];
  readonly start: Micros;
  /** Wraps the workload that the settings describe. */
  readonly made?: (own: Workload) => Workload;
}): Driver {
  const { settings, turn, root, phases, start, made = (own) => own } = options;
  const { index, of } = turn;
  const share = shareOf(settings, turn);
  const stream = (name: string): Random => root.fork(of === 1 ? name : `${name}/${String(index)}`);
  return new Driver({
    workload: made(workloadFor(share, stream("workload"))),
    settings: share,
    phases,
    random: stream("driver"),
    start,
    ...(of === 1
      ? {}
      : {
          sessionBase: index,
          sessionStep: of,
          loadConcurrency: Math.max(1, Math.floor(LOAD_CONCURRENCY / of)),
          held: true as const,
        }),
  });
}
