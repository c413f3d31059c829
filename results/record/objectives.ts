/**
 * What an experiment demands and claims, as the manifest of a run keeps it: objectives (SLOs) on metrics, hypotheses with
 * a condition, the metrics of the Pareto front. They are judged from the run's figures whenever a report is made, so the
 * manifest holds what was asked and never what came of it.
 */
export type ObjectiveOperator = "<" | "<=" | ">" | ">=" | "==" | "!=";

export interface Objective {
  readonly id: string;
  /** Name of the metric: the service level indicator. */
  readonly metric: string;
  /** Of convergence: the time after this fault, through later ones where replicas had not agreed before them. */
  readonly fault?: string;
  /** Of convergence: until so many of the keys that had diverged agree, as `max` (all) or `p90`. */
  readonly keys?: string;
  /** `median`, judged by its interval; `max`, `min` or a percentile such as `p90` speak of the repetitions at hand. */
  readonly repetitions: string;
  readonly op: ObjectiveOperator;
  /** In the metric's unit. */
  readonly value: number;
  readonly unit: string;
  /** `abort`: no further trial is started once a complete trial fails it. */
  readonly severity: "fail" | "abort";
}

export interface Hypothesis {
  readonly id: string;
  readonly text: string;
  /** A condition on metrics and settings that every cell of `cells` is to meet. */
  readonly expect?: string;
  readonly where?: string;
  /** Ids of the cells that `where` selects; all where it is left out. */
  readonly cells?: readonly string[];
}

export interface ParetoGoal {
  readonly metric: string;
  readonly goal: "minimise" | "maximise";
}

/** What the report is to show; what is left out is as without it. */
export interface ReportSettings {
  /** Metrics of the first table, in order. */
  readonly headline?: readonly string[];
  readonly theme?: "auto" | "light" | "dark";
  /** Names of probes (`probes.ts`); all where left out. */
  readonly probes?: readonly string[];
  /** Models whose predictions lie over the charts; where left out, all that apply. */
  readonly modelOverlay?: readonly string[];
}

/** `pNN` as a share: p90 is 0.9, p999 is 0.999; undefined where it is none. */
export function shareOfPercentile(name: string): number | undefined {
  const match = /^p(\d{1,2})(\d{0,4})$/.exec(name);
  if (match === null) return undefined;
  const share = Number(`${match[1]}.${match[2] === "" ? "0" : match[2]}`) / 100;
  return share > 0 ? Number(share.toPrecision(12)) : undefined;
}
