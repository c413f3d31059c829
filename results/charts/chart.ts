/**
 * What a chart is: figures of cells in, a finished picture in words and data out. A chart answers one question of a
 * reader; its title may be a finding, its caption says of how many and how they were put together, its table holds
 * the numbers drawn. Configurations are plain data for Chart.js: `$name` is a colour, `@name` a function from
 * `callbacks.ts`, so the same value becomes SVG in Node and a canvas in the page.
 *
 * To add a chart: one file that exports a `ChartDefinition`, one line in the map below, its test.
 */
import type { TrialFigures } from "../record/figures";
import { showsChart } from "../record/probes";
import type { LoadedRun } from "../record/run-folder";
import { anomalies } from "./anomalies";
import { convergence } from "./convergence";
import { detectionFront } from "./detection-front";
import { detectionTime } from "./detection-time";
import { divergence } from "./divergence";
import { divergenceByKind } from "./divergence-by-kind";
import { effectsChart } from "./effects";
import { faultsCompared } from "./faults-compared";
import { hintsOverTime } from "./hints-over-time";
import { imbalanceOverTime } from "./imbalance-over-time";
import { kStaleness } from "./k-staleness";
import { latencyHeatMap } from "./latency-heat-map";
import { latencyOverTime } from "./latency-over-time";
import { meansAndTails } from "./means-and-tails";
import { loadCurve } from "./load-curve";
import { metadataByWriters } from "./metadata-by-writers";
import { mistakeRate } from "./mistake-rate";
import { opinionsOverTime } from "./opinions-over-time";
import { outcomes } from "./outcomes";
import { percentileSpectrum } from "./percentile-spectrum";
import { oneCopy } from "./one-copy";
import { rawOperations } from "./raw-operations";
import { repairWork } from "./repair-work";
import { repetitionsApart } from "./repetitions";
import { ringBalance } from "./ring-balance";
import { ringChanges } from "./ring-changes";
import { ringMetadata } from "./ring-metadata";
import { ringViews } from "./ring-views";
import { siblings } from "./siblings";
import { siblingsByWrites } from "./siblings-by-writes";
import { staleOverTime } from "./stale-over-time";
import { suspicionLevel } from "./suspicion-level";
import { tVisibility } from "./t-visibility";
import { tradeOff } from "./trade-off";
import { versionGraph } from "./version-graph";
import { workByRole } from "./work-by-role";
import type { ChartInput } from "./cells";

/** Data that survives JSON. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

export interface LegendEntry {
  readonly series: string;
  readonly colour: string;
  readonly dash: readonly number[];
  /** `line`, `thin` (a pale line), `bar`, or the name of a Chart.js marker. */
  readonly mark: string;
  /** Stands for the datasets of this `group`, which cuts across series, and not for a series. */
  readonly group?: string;
}

/** One drawing. Several make small multiples with equal axes. */
export interface Panel {
  /** Empty when the chart has one panel. */
  readonly title: string;
  /** Size of the picture as drawn, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** On a narrow page the picture is drawn lower, but not below this, in CSS pixels; 250 where it is not given. */
  readonly leastHeight?: number;
  readonly drawing:
    | { readonly kind: "chart"; readonly config: { readonly [key: string]: Plain } }
    /** Drawn by hand: the inside of an `<svg>` element. `scrolled`: as large as it is, in a box of its own that scrolls. */
    | { readonly kind: "svg"; readonly content: string; readonly scrolled?: boolean };
}

export interface ChartTable {
  /** Names with units. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

export interface ChartFigure {
  readonly id: string;
  /** Its number in the list of the report's charts. */
  readonly number: number;
  /** A finding where the numbers carry one, else neutral. */
  readonly title: string;
  /** What is drawn, of how many, how put together. */
  readonly caption: string;
  readonly question: string;
  /** One sentence that answers the question with numbers and their doubt. */
  readonly answer: string;
  /** For those who cannot see the picture. */
  readonly description: string;
  readonly axes: { readonly x: string; readonly y: string };
  readonly legend: readonly LegendEntry[];
  readonly panels: readonly Panel[];
  readonly table: ChartTable;
}

export interface ChartDefinition {
  readonly id: string;
  readonly number: number;
  /** Neutral title, used where there is nothing to draw. */
  readonly title: string;
  readonly question: string;
  /** How to read it, in a few sentences: the glossary's entry. */
  readonly prose: string;
  /** Why the chart is absent when `draw` finds nothing to draw. */
  readonly absence: string;
  /** What a trial must have recorded for a report to speak of this chart at all; without it, of every trial. */
  readonly concerns?: (figures: TrialFigures) => boolean;
  /** The same of the run: what it varied. */
  readonly concernsRun?: (run: LoadedRun) => boolean;
  /** undefined when the run holds nothing this chart could show. */
  readonly draw: (input: ChartInput) => ChartFigure | undefined;
}

/** Every chart, in the order of a reader's questions. */
export const CHARTS: ReadonlyMap<string, ChartDefinition> = new Map(
  [
    tradeOff,
    effectsChart,
    percentileSpectrum,
    latencyOverTime,
    meansAndTails,
    rawOperations,
    latencyHeatMap,
    outcomes,
    loadCurve,
    tVisibility,
    kStaleness,
    oneCopy,
    divergence,
    staleOverTime,
    divergenceByKind,
    convergence,
    repairWork,
    hintsOverTime,
    detectionTime,
    mistakeRate,
    detectionFront,
    suspicionLevel,
    opinionsOverTime,
    siblings,
    anomalies,
    versionGraph,
    siblingsByWrites,
    metadataByWriters,
    ringViews,
    ringBalance,
    ringMetadata,
    ringChanges,
    workByRole,
    imbalanceOverTime,
    faultsCompared,
    repetitionsApart,
  ].map((chart) => [chart.id, chart]),
);

/** The charts that a report of this run speaks of, absent ones with their reason; those of probes not asked for are left out. */
export function chartsOf(run: LoadedRun): ChartDefinition[] {
  return [...CHARTS.values()].filter(
    ({ id, concerns, concernsRun }) =>
      showsChart(id, run.manifest.report?.probes) &&
      (concernsRun === undefined || concernsRun(run)) &&
      (concerns === undefined || run.trials.some(({ figures }) => figures !== null && concerns(figures))),
  );
}
