/**
 * What trials of both worlds have in common: what they are given, how they fail, and how node counters and the ring become
 * figures.
 */
import { Ring } from "../engine/ring/ring";
import { encodeAddress } from "../engine/vocabulary/address";
import type { FaultOccurrence, FaultSettings } from "../engine/vocabulary/faults";
import { distributionOf } from "../engine/vocabulary/distributions";
import { MICROS_PER_SECOND, type Micros } from "../engine/vocabulary/micros";
import { textFromOctets } from "../engine/vocabulary/octets";
import { Random } from "../engine/vocabulary/random";
import type { ClusterSettings } from "../engine/vocabulary/settings";
import type { TrialResult } from "../results/measures/fold";
import type { PhaseInstants } from "../results/measures/interval-grid";
import type { FinishContext } from "../results/measures/measure";
import type { Doubt, FaultLane, TrialFigures } from "../results/record/figures";
import type { OperationRecord } from "../results/record/history";
import type { SimulationRecord, StoreRecord } from "../results/record/run-folder";
import type { StoredTrace } from "../results/record/trace-file";
import { worstVerdict } from "../results/statistics/validity";
import { offeredBetween } from "../workloads/pacing";
import type { Workload } from "../workloads/operation";
import type { WorkloadSettings } from "../workloads/settings";
import type { PlannedTrial } from "./plan";
import type { Phase } from "./run-types";

/** The trial could not be carried out; the message says why and, where it helps, what to do. */
export class TrialFailed extends Error {
  override readonly name = "TrialFailed";
}

export interface TrialOptions {
  readonly trial: PlannedTrial;
  readonly signal: AbortSignal;
  readonly progress: (phase: Phase, elapsedMs: number, totalMs: number, operations: number) => void;
  readonly log: (line: string) => void;
  /** Receives every operation, after it was folded: for raw history. */
  readonly record?: (record: OperationRecord) => void;
  readonly latencyLog?: (lines: string) => void;
  /** The clients' work made from what the cell says: with an end of its own, or watched. */
  readonly workload?: (own: Workload) => Workload;
  /** Once the phases are known: before any record of the warm-up, when it has one, and of the measured phase is told. */
  readonly begun?: (phases: PhaseInstants) => void;
}

/** A trial's figures; of a simulated one also what makes it replayable. */
export interface TrialOutput extends TrialResult {
  readonly simulation?: SimulationRecord;
  /** Of each of the cell's trace windows, in order. */
  readonly traces?: readonly {
    readonly window: { readonly fromMs: number; readonly toMs: number };
    readonly trace: StoredTrace;
  }[];
  /** Of a store of somebody else. */
  readonly store?: StoreRecord;
  /** Of `faults: random`. */
  readonly drawnFaults?: readonly FaultSettings[];
}

/** A client waits this much longer than the store's own timeout. */
export const CLIENT_GRACE_MS = 500;

/** What the load asks for in the measured phase: a rate, and where it changes over the run, how. Nothing where every client waits for its answer. */
export function offeredBy(
  load: WorkloadSettings["load"],
  phases: { readonly warmupMs: number; readonly measureMs: number },
  dueInMeasure: number,
): Pick<FinishContext, "offeredPerSecond" | "offeredBetween"> {
  if (load.model === "closed")
    return load.targetPerSecond === undefined ? {} : { offeredPerSecond: load.targetPerSecond };
  const from = phases.warmupMs / 1_000;
  const to = from + phases.measureMs / 1_000;
  // Nothing but the trace knows.
  if (load.arrivals === "trace") return { offeredPerSecond: dueInMeasure / (to - from) };
  if (load.arrivals === "constant" || load.arrivals === "poisson") return { offeredPerSecond: load.ratePerSecond };
  return {
    offeredPerSecond: offeredBetween(load, from, to),
    offeredBetween: (begin, end) => offeredBetween(load, begin, end),
  };
}

/** By node. */
export function weightsOf({ members }: ClusterSettings): Readonly<Record<string, number>> {
  return Object.fromEntries(members.map(({ id, weight }) => [id, weight]));
}

/** Faults as they really began and ended, in seconds from the start of the warm-up. */
export function faultLanes(occurrences: readonly FaultOccurrence[], warmup: Micros): readonly FaultLane[] {
  const seconds = (at: Micros): number => (at - warmup) / MICROS_PER_SECOND;
  return occurrences.map(({ id, kind, what, fromMicros, toMicros, requests }) => ({
    id,
    kind,
    what,
    fromS: seconds(fromMicros),
    toS: toMicros === undefined ? null : seconds(toMicros),
    ...(requests === undefined ? {} : { requests }),
  }));
}

/** A doubt that only the trial knows of. */
export function withDoubt(result: TrialResult, doubt: Doubt): TrialResult {
  const { validity } = result;
  const verdict = worstVerdict([validity.verdict, doubt.verdict]);
  const doubted = { verdict, doubts: [...validity.doubts, doubt] };
  return { ...result, validity: doubted, summary: { ...result.summary, validity: doubted } };
}

export function medianDelayMs(settings: NonNullable<ClusterSettings["network"]["intraZone"]>): number {
  const distribution = distributionOf(settings);
  const random = Random.fromSeed("median");
  const draws = Array.from({ length: 999 }, () => distribution.sample(random)).sort((a, b) => a - b);
  return draws[499] / 1_000;
}

export type KeyEntry = readonly [string, { readonly name: Parameters<typeof encodeAddress>[0] }];

/** The ring as drawn, with one key on it. */
export function ringFigure(ring: Ring, settings: ClusterSettings, example: KeyEntry | undefined): TrialFigures["ring"] {
  const id = (node: number): string => settings.members[node].id;
  const name = example?.[1].name ?? { type: "", bucket: "", key: "example" };
  const address = encodeAddress(name);
  return {
    strategy: settings.ring.strategy,
    tokens: ring.tokens().map(({ at, node }) => ({ at, node: id(node) })),
    example: {
      key: textFromOctets(name.key),
      at: ring.position(address),
      preferenceList: ring.preferenceList(address, settings.engine.nVal).map(({ node }) => id(node)),
    },
  };
}
