/**
 * The report's charts under names for a notebook: `chart.tVisibility(run)` draws with the definition that the report draws with.
 * The names are those of the map of charts; the list here exists so that an editor completes them.
 */
import { CHARTS, type ChartDefinition } from "../../results/charts/chart";
import { drawInWorlds } from "../../results/charts/worlds-apart";
import type { LoadedRun } from "../../results/record/run-folder";
import { nearest } from "../../engine/vocabulary/nearest";
import { UserError } from "../cli/user-error";
import type { Run, Where } from "./notebook-run";
import type { ChartOutput } from "./outputs";

export interface ChartOptions {
  /** Only these configurations. */
  readonly where?: Where;
  /** Of charts of measured consistency: what the PBS model predicts from the run's own delays, or nothing. */
  readonly overlay?: "pbs" | "none";
}

export type DrawChart = (run: Run, options?: ChartOptions) => ChartOutput;

const NAMES = [
  ...(["tradeOff", "percentileSpectrum", "latencyOverTime", "meansAndTails", "outcomes", "loadCurve"] as const),
  ...(["tVisibility", "kStaleness", "oneCopy", "divergence", "staleOverTime", "divergenceByKind"] as const),
  ...(["convergence", "repairWork", "hintsOverTime", "detectionTime", "mistakeRate", "detectionFront"] as const),
  ...(["suspicionLevel", "opinionsOverTime", "siblings", "anomalies", "versionGraph", "siblingsByWrites"] as const),
  ...(["metadataByWriters", "ringViews", "ringBalance", "ringMetadata", "ringChanges", "workByRole"] as const),
  ...(["imbalanceOverTime", "faultsCompared", "effects", "rawOperations", "latencyHeatMap", "repetitions"] as const),
];

export type ChartName = (typeof NAMES)[number];

export type Charts = Readonly<Record<ChartName, DrawChart>> & {
  /** By its id in the report, such as `t-visibility`. */
  named(id: string, run: Run, options?: ChartOptions): ChartOutput;
};

export const chart: Charts = {
  ...(Object.fromEntries(
    NAMES.map((name) => [name, (run: Run, options?: ChartOptions) => draw(definitionOf(idOf(name)), run, options)]),
  ) as Record<ChartName, DrawChart>),
  named: (id, run, options) => draw(definitionOf(id), run, options),
};

/** `tVisibility` is `t-visibility`. */
export function idOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function definitionOf(id: string): ChartDefinition {
  const found = CHARTS.get(id);
  if (found !== undefined) return found;
  const near = nearest(id, CHARTS.keys());
  const hint = near === undefined ? `there are ${[...CHARTS.keys()].join(", ")}` : `did you mean ${near}?`;
  throw new UserError(`there is no chart ${id}; ${hint}`);
}

function draw(definition: ChartDefinition, run: Run, { where = {}, overlay }: ChartOptions = {}): ChartOutput {
  const chosen = Object.keys(where).length === 0 ? run : run.where(where);
  const drawn = drawInWorlds(overlay === undefined ? chosen.loaded : withOverlay(chosen.loaded, overlay), [definition]);
  return {
    kind: "chart",
    chart: definition.id,
    drawn: (drawn.get(definition.id) ?? []).map(({ world, figure }) =>
      figure === undefined ? { world } : { world, figure },
    ),
  };
}

function withOverlay(run: LoadedRun, overlay: "pbs" | "none"): LoadedRun {
  const { manifest } = run;
  return {
    ...run,
    manifest: { ...manifest, report: { ...manifest.report, modelOverlay: overlay === "none" ? [] : [overlay] } },
  };
}
