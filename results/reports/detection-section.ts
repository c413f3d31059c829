/**
 * The section on failure detection: how soon, how often wrong, what it cost clients, by configuration; then five charts. It stands
 * where somebody was suspected, rightly or not, and nowhere else. The tables tell apart what is easily confounded: mistakes
 * about nodes that ran, suspicions of nodes that stood still, and requests that suffered from either.
 */
import type { ChartCell } from "../charts/cells";
import type { ChartDefinition, ChartTable } from "../charts/chart";
import { detectionCurve, detectionsOf, knowsDetection, mistakeRateOf } from "../charts/detection-cells";
import { detectionFront } from "../charts/detection-front";
import { detectionTime } from "../charts/detection-time";
import { mistakeRate } from "../charts/mistake-rate";
import { count, counted, percent, plain, trimmed } from "../charts/numbers";
import { opinionsOverTime } from "../charts/opinions-over-time";
import { suspicionLevel } from "../charts/suspicion-level";
import type { WorldFigure } from "../charts/worlds-apart";
import type { ClientsThen, DetectionFigures } from "../record/figures";
import type { LoadedRun } from "../record/run-folder";
import { survivalQuantile } from "../statistics/kaplan-meier";
import type { ChartSectionOptions } from "./chart-section";
import { SectionParts } from "./section-parts";

/** In the order of the section. */
export const DETECTION_CHARTS: readonly ChartDefinition[] = [
  detectionTime,
  mistakeRate,
  detectionFront,
  suspicionLevel,
  opinionsOverTime,
];

export const DETECTION_SECTION = { id: "failure-detection", name: "Failure detection" } as const;

/** HTML. */
export function detectionSection(
  run: LoadedRun,
  drawn: ReadonlyMap<string, readonly WorldFigure[]>,
  options: ChartSectionOptions,
): string {
  const parts = new SectionParts(run, drawn, options, (cell) => detectionsOf(cell).length > 0, MOST_ROWS);
  const concerns = ({ concerns: of }: ChartDefinition): boolean =>
    of === undefined || run.trials.some(({ figures }) => figures !== null && of(figures));
  const part = (chart: ChartDefinition): string => (concerns(chart) ? parts.chart(chart) : "");
  return (
    `<h2>How soon is a failure found out, and how often is there none?</h2>` +
    parts.answers(inWords) +
    parts.table("Quality of service", qualityTable, QUALITY_NOTE) +
    part(detectionTime) +
    part(mistakeRate) +
    part(detectionFront) +
    parts.table("What clients saw of it", clientTable, CLIENT_NOTE) +
    part(suspicionLevel) +
    part(opinionsOverTime)
  );
}

const MOST_ROWS = 60;
const QUALITY_NOTE =
  "Of the measured phase, all repetitions of a configuration together. Detection: from a node's true end to the suspicion that stays, over pairs of a running observer and a crashed node; by all: until every observer has it, over crashes; not while watched: pairs in which the observer had not found out when the node came back, the trial ended or it went down or stood still itself. Mistakes: suspicions of a node that ran and could be reached, also one that comes just after it is back. Suspicions of nodes that stood still are neither.";
const CLIENT_NOTE =
  "Reads and writes of the measured phase. Before detection: those that began while some node was down or stood still and some running node trusted it still; the median over repetitions of their p99. Refused by mistake: no quorum although every node ran and could be reached, while one was suspected.";

function qualityTable(cells: readonly ChartCell[]): ChartTable {
  const pauses = cells.some((cell) => detectionCurve(cell, "pause") !== undefined);
  return {
    columns: [
      ...["configuration", "detection, p50 (ms)", "p99 (ms)", "by all, p50 (ms)", "not while watched"],
      ...["mistakes", "per pair (1/s)", "at healthy nodes", "mean length (ms)", "query accuracy"],
      ...(pauses ? ["suspicions of paused"] : []),
    ],
    rows: cells.map((cell) => {
      const all = detectionsOf(cell);
      const curve = detectionCurve(cell, "crash");
      const rate = mistakeRateOf(cell);
      const sum = (of: (one: DetectionFigures) => number): number => all.reduce((total, one) => total + of(one), 0);
      const quantile = (p: number): string | number | null => {
        if (curve === undefined) return null;
        const { value, observed } = survivalQuantile(curve.steps, p);
        return value === null ? `over ${plain(trimmed(observed))}` : trimmed(value);
      };
      const mistakes = sum(({ accuracy }) => accuracy.mistakes);
      const mistaken = sum(({ accuracy }) => accuracy.mistakenSeconds);
      const judged = sum(({ accuracy }) => accuracy.pairSeconds);
      return [
        ...[cell.label, quantile(0.5), quantile(0.99), metric(cell, "fd_dissemination_ms")],
        curve === undefined ? null : `${count(curve.missed)} of ${count(curve.pairs)}`,
        ...[mistakes, rate === undefined ? null : rate.bound ? `under ${plain(rate.hi)}` : plain(rate.value)],
        sum(({ accuracy }) => accuracy.mistakesByHealthy),
        mistakes === 0 ? null : trimmed((1_000 * mistaken) / mistakes),
        judged === 0 ? null : percent(1 - mistaken / judged),
        ...(pauses ? [sum(({ accuracy }) => accuracy.pauseSuspicions)] : []),
      ];
    }),
  };
}

function clientTable(cells: readonly ChartCell[]): ChartTable {
  const known = cells.filter((cell) =>
    detectionsOf(cell).some(({ client }) => client.undetected.operations > 0 || client.refusedByMistake > 0),
  );
  return {
    columns: [
      ...["configuration", "undetected for (s)", "requests then", "of them failed", "p99 then (ms)"],
      ...["p99 otherwise (ms)", "refused by mistake"],
    ],
    rows: known.map((cell) => {
      const all = detectionsOf(cell).map(({ client }) => client);
      const sum = (of: (one: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
      const operations = sum(({ undetected }) => undetected.operations);
      const failed = sum(({ undetected }) => undetected.failed);
      return [
        ...[cell.label, trimmed(sum(({ undetectedSeconds }) => undetectedSeconds) / all.length), operations],
        operations === 0 ? null : percent(failed / operations),
        ...[middle(all.map(({ undetected }) => undetected)), middle(all.map(({ otherwise }) => otherwise))],
        sum(({ refusedByMistake }) => refusedByMistake),
      ];
    }),
  };
}

function middle(all: readonly ClientsThen[]): number | null {
  const values = all.flatMap(({ p99Ms }) => p99Ms ?? []).sort((a, b) => a - b);
  return values.length === 0 ? null : trimmed(values[values.length >> 1]);
}

function metric({ summary }: ChartCell, name: string): string | number | null {
  const found = summary.metrics[name];
  if (found === undefined || found.value === null) return null;
  return found.atLeast === true ? `over ${plain(found.value)}` : trimmed(found.value);
}

function inWords(cells: readonly ChartCell[]): string {
  const told = cells.filter(({ figures }) => figures.some(knowsDetection));
  if (told.length === 0) return "";
  const all = cells.flatMap((cell) => detectionsOf(cell));
  const sum = (of: (one: DetectionFigures) => number): number => all.reduce((total, one) => total + of(one), 0);
  const pairs = sum(({ crash }) => total(crash.detected) + total(crash.censored));
  const missed = sum(({ crash }) => total(crash.censored));
  const mistakes = sum(({ accuracy }) => accuracy.mistakes);
  const paused = sum(({ accuracy }) => accuracy.pauseSuspicions);
  const pairSeconds = sum(({ accuracy }) => accuracy.pairSeconds);
  const crashes =
    pairs === 0
      ? "No node crashed while another one watched"
      : missed === 0
        ? `Every crash was found out by everybody who watched (${counted(pairs, "pair")} of an observer and a crashed node, all configurations together)`
        : `Of ${counted(pairs, "pair")} of an observer and a crashed node, all configurations together, ${count(missed)} had not found out when the node was back, the trial ended or the observer stopped too`;
  const stood = paused === 0 ? "" : `; nodes that stood still were suspected ${counted(paused, "time")}`;
  return `${crashes}. Running nodes were taken for dead ${counted(mistakes, "time")} in ${count(Math.round(pairSeconds))} seconds of pairs${stood}.`;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
