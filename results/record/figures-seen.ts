/**
 * What a target shows of a trial's figures, as `metricsSeen` has it of metrics. A store that keeps one value a key answers every
 * read with one, and a chart of its siblings would say that there is no explosion; its lost updates are no conflicts that it
 * should have kept. What says nothing is left out, and the charts say that there is nothing.
 */
import type { AnomalyKind, CausalityFigures, TimeSeries, TrialFigures } from "./figures";
import type { TargetRecord } from "./capabilities";
import { metricIsSeen } from "./metrics";

const METRIC_OF: Readonly<Record<AnomalyKind, string>> = {
  "lost-update": "lost_updates",
  "missed-conflict": "missed_conflicts",
  "false-dominance": "false_dominance",
  "false-conflict": "false_conflicts",
  "resurrected-delete": "resurrected_deletes",
};

/** Why an update was lost cannot be told where the why is not seen; that it was, can. */
const KINDS_OF_LOST: readonly AnomalyKind[] = ["missed-conflict", "false-dominance"];

export function figuresSeen(figures: TrialFigures, target: TargetRecord): TrialFigures {
  const { causality } = figures;
  const siblings = metricIsSeen("siblings_mean", target);
  const judged = causality === undefined ? undefined : causalitySeen(causality, target, siblings);
  return {
    ...figures,
    intervals: columnsSeen(figures.intervals, target),
    ...(siblings ? {} : { siblingsPerRead: [], siblingsPerKeyAtEnd: [] }),
    ...(judged === undefined ? {} : { causality: judged }),
  };
}

function columnsSeen(series: TimeSeries, target: TargetRecord): TimeSeries {
  const columns = Object.entries(series.columns).filter(([name]) => metricIsSeen(name, target));
  return { ...series, columns: Object.fromEntries(columns) };
}

function causalitySeen(causality: CausalityFigures, target: TargetRecord, siblings: boolean): CausalityFigures {
  const seen = (kind: AnomalyKind): boolean => metricIsSeen(METRIC_OF[kind], target);
  const evidence = causality.evidence.flatMap((one) => {
    if (seen(one.kind)) return [one];
    return KINDS_OF_LOST.includes(one.kind) ? [{ ...one, kind: "lost-update" as const }] : [];
  });
  return {
    ...causality,
    anomalies: causality.anomalies.filter(({ kind }) => seen(kind)),
    evidence,
    ...(siblings ? {} : { siblingsByWrites: { from: [], to: [], reads: [], mean: [], max: [] } }),
  };
}
