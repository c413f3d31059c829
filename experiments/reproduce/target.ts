/**
 * What a target is: a published result, said in plain words, with its source, its tolerance and the way it is measured. A target is
 * data; only `measure` runs anything, and what it returns are judged points, never a verdict of its own. What the code base cannot
 * measure stands in the list as well, with the reason, so that nobody takes silence for success.
 */
import type {
  ReproducedCurve,
  ReproducedPoint,
  ReproductionSize,
  ReproductionVerdict,
  ReproducedTarget,
} from "../../results/record/reproduction";
import type { MeasuringContext } from "./measuring";

/** In the order of the page. */
export const PAPERS = {
  dynamo: "Dynamo (DeCandia et al., SOSP 2007)",
  pbs: "Probabilistically Bounded Staleness (Bailis et al., VLDB 2012)",
  dvv: "Dotted version vectors (Gonçalves, Almeida, Preguiça, Baquero)",
  detectors: "Failure detectors (Chen et al. 2002; Hayashibara et al. 2004)",
  swim: "SWIM (Das, Gupta, Motivala, DSN 2002)",
  lifeguard: "Lifeguard (Dadgar, Phillips, Currey 2018)",
  load: "Measuring load (Tene 2013; Schroeder et al. 2006; YCSB)",
  measures: "Measures of consistency (Golab et al. 2011, 2014)",
  repair: "Anti-entropy (DataStax; DottedDB 2017)",
  rings: "Partitioning (Karger et al. 1997; Lamping, Veach 2014; Lynch, Snyder 2018)",
  tails: "Tails and hedging (Dean, Barroso 2013; Cassandra 2.0.2)",
  maelstrom: "Dissemination (Maelstrom's documentation)",
  speed: "Speed of simulators",
} as const;

export type PaperId = keyof typeof PAPERS;

/** What a target says of itself, as it is kept of one that was measured. */
export interface TargetRecord extends Pick<
  ReproducedTarget,
  "id" | "variant" | "claim" | "source" | "read" | "world" | "tier" | "tolerance" | "run" | "footnote"
> {
  readonly paper: PaperId;
}

export interface Measured {
  readonly points: readonly ReproducedPoint[];
  readonly curves?: readonly ReproducedCurve[];
  /** Said of this measurement, beside the target's own footnote. */
  readonly remarks?: readonly string[];
}

/** Minutes on two quiet cores, roughly: for the list and the time left. Without `quick` it is no part of `--quick`. */
export interface CoveredTarget extends TargetRecord {
  readonly minutes: { readonly quick?: number; readonly full: number };
  measure(context: MeasuringContext): Promise<Measured>;
}

export interface UncoveredTarget extends TargetRecord {
  readonly notCovered: string;
}

export type Target = CoveredTarget | UncoveredTarget;

export function isCovered(target: Target): target is CoveredTarget {
  return "measure" in target;
}

/** `CO-1`, `CO-1/processes`. */
export function keyOf({ id, variant }: { readonly id: string; readonly variant?: string }): string {
  return variant === undefined ? id : `${id}/${variant}`;
}

export function inSize(target: CoveredTarget, size: ReproductionSize): boolean {
  return size === "full" || target.minutes.quick !== undefined;
}

/**
 * The worst of its points: one outside is outside. A point that could not be measured leaves the rest undecided, and a target about
 * shape alone (tier 3) does not fail.
 */
export function verdictOf(points: readonly ReproducedPoint[], tier: 1 | 2 | 3): ReproductionVerdict {
  const has = (verdict: ReproductionVerdict): boolean => points.some((point) => point.verdict === verdict);
  if (points.length === 0 || points.every(({ verdict }) => verdict === "not-run")) return "not-run";
  if (has("fail")) return tier === 3 ? "inconclusive" : "fail";
  return has("inconclusive") || has("not-run") ? "inconclusive" : "pass";
}
