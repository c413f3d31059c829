/**
 * Which cells stand beside which. A run is a cloud of cells; a picture holds few. The quorum (N, R, W and their kin)
 * is what most experiments vary, so it is told apart by colour, dash and marker inside a panel, and everything else
 * that varies (the clock, the ring) makes panels side by side with the same axes. Nothing here knows an experiment:
 * only which axes vary. Chunks of more than six lines are split, because nobody reads the seventh.
 */
import type { TrialFigures } from "../record/figures";
import type { AxisValues, CellSummary, LoadedRun } from "../record/run-folder";
import { targetOfRecord } from "../record/capabilities";
import { inAxisOrder } from "../statistics/axis-order";
import { isSound } from "../statistics/summarise";
import { otherAxes, WORLD_IN_WORDS } from "../statistics/worlds";
import { seriesStyle, type SeriesStyle } from "./theme";

export interface ChartCell {
  readonly summary: CellSummary;
  /** All axes: `R=1 W=1 · dvvset`; `(invalid)` behind it where no repetition is valid. */
  readonly label: string;
  /** Quorum axes only: `R=1 W=1`; empty when none varies. */
  readonly quorum: string;
  /** The other axes only: `dvvset`. */
  readonly other: string;
  /**
   * Figures of the repetitions that the summary is made of: those not invalid. Where there is none the first invalid one's,
   * alone: it can be looked at, and nothing is averaged or pooled with it.
   */
  readonly figures: readonly TrialFigures[];
  /** Invalid repetitions that are in neither. */
  readonly leftOut: number;
  /** No repetition is valid: what is drawn is one invalid repetition, for want of better. */
  readonly invalid: boolean;
  /** N, R and W as numbers where they are known. */
  readonly n: number | undefined;
  readonly r: number | undefined;
  readonly w: number | undefined;
  /** Nodes stand in zones that are some way apart, so that one replica of a key may be much nearer than the others. */
  readonly apart: boolean;
  /** Whether the experiment wants the WARS model's prediction laid over what was measured. */
  readonly predicted: boolean;
}

export interface ChartInput {
  readonly run: LoadedRun;
  readonly cells: readonly ChartCell[];
  /** Sides of a comparison stand in `quorum`, what was matched in `other`: a panel each of those, however few. */
  readonly compared?: true;
}

export interface Series {
  readonly cell: ChartCell;
  readonly name: string;
  readonly style: SeriesStyle;
}

export interface Facet {
  /** Empty when there is one facet. */
  readonly title: string;
  readonly series: readonly Series[];
}

const QUORUM_AXES = ["n_val", "n", "r", "w", "pr", "pw", "dw"];
const MOST_SERIES = 6;
/** Small multiples beyond this are left to the data table. */
export const MOST_PANELS = 12;

export function chartInput(unordered: LoadedRun): ChartInput {
  const run = inAxisOrder(unordered);
  const trialsOf = new Map<string, LoadedRun["trials"][number][]>();
  for (const trial of run.trials) {
    const ofCell = trialsOf.get(trial.record.cell);
    if (ofCell === undefined) trialsOf.set(trial.record.cell, [trial]);
    else ofCell.push(trial);
  }
  const severalWorlds = new Set(run.cells.map((cell) => cell.world)).size > 1;
  const cells = run.cells.map((summary): ChartCell => {
    const trials = (trialsOf.get(summary.id) ?? []).filter(({ record }) => record.outcome === "done");
    const sound = trials.filter(isSound).flatMap((trial) => trial.figures ?? []);
    const spoilt = trials.flatMap((trial) => (trial.summary !== null && !isSound(trial) ? (trial.figures ?? []) : []));
    const invalid = sound.length === 0 && spoilt.length > 0;
    const figures = invalid ? spoilt.slice(0, 1) : sound;
    const settings = { ...trialsOf.get(summary.id)?.[0].record.resolved, ...summary.axes };
    // Of a store that takes no quorums what the file says of them has no effect.
    const quorums = targetOfRecord(summary).can.perRequestQuorums !== false;
    const n = quorums ? numberOf(settings, "n_val", undefined) : undefined;
    const axes = otherAxes(summary.axes);
    const quorum = axesInWords(axes, (key) => isQuorumAxis(key));
    const others = axesInWords(axes, (key) => !isQuorumAxis(key));
    const world = severalWorlds ? WORLD_IN_WORDS[summary.world] : "";
    const other = [others, world].filter((part) => part !== "").join(" · ");
    const label = [quorum, other].filter((part) => part !== "").join(" · ");
    return {
      summary: summary.validity.verdict === "invalid" ? withoutValid(summary) : summary,
      label: marked(label === "" ? summary.id : label, invalid),
      quorum,
      other,
      figures,
      leftOut: spoilt.length - (invalid ? 1 : 0),
      invalid,
      n,
      r: quorums ? numberOf(settings, "r", n) : undefined,
      w: quorums ? numberOf(settings, "w", n) : undefined,
      predicted: run.manifest.report?.modelOverlay?.includes("pbs") ?? true,
      apart: (settings["network.inter_zone"] ?? "none") !== "none" && isSeveral(settings["cluster.zones"]),
    };
  });
  return { run, cells };
}

/** Of what its trials measured, none of which counts. */
function withoutValid(summary: CellSummary): CellSummary {
  const metrics = Object.entries(summary.metrics).map(([name, metric]) => [
    name,
    metric.value === null ? { ...metric, noneValid: true } : metric,
  ]);
  return { ...summary, metrics: Object.fromEntries(metrics) as CellSummary["metrics"] };
}

/** Panels of series. Cells without figures are left out. */
export function facets(input: ChartInput): Facet[] {
  const cells = input.cells.filter((cell) => cell.figures.length > 0);
  if (cells.length === 0) return [];
  const quorums = distinct(cells.map((cell) => cell.quorum));
  const others = distinct(cells.map((cell) => cell.other));
  if ((cells.length <= 4 && input.compared !== true) || quorums.length === 1 || others.length === 1) {
    const name = (cell: ChartCell): string =>
      quorums.length > 1 && others.length > 1
        ? cell.label
        : quorums.length > 1
          ? marked(cell.quorum, cell.invalid)
          : cell.other === ""
            ? cell.label
            : marked(cell.other, cell.invalid);
    return chunked(
      cells.map((cell, index) => ({ cell, name: name(cell), style: seriesStyle(index) })),
      "",
    );
  }
  return others.flatMap((other) =>
    chunked(
      cells
        .filter((cell) => cell.other === other)
        .map((cell) => ({
          cell,
          name: marked(cell.quorum, cell.invalid),
          style: seriesStyle(quorums.indexOf(cell.quorum)),
        })),
      other,
    ),
  );
}

/** Cells with figures, for one small panel each. */
export function panelCells(input: ChartInput): { readonly shown: readonly ChartCell[]; readonly note: string } {
  const cells = input.cells.filter((cell) => cell.figures.length > 0);
  return {
    shown: cells.slice(0, MOST_PANELS),
    note: cells.length > MOST_PANELS ? ` The first ${MOST_PANELS} of ${cells.length} configurations are drawn.` : "",
  };
}

/** R + W > N: every read quorum meets every write quorum. undefined when one of the three is not known. */
export function quorumsOverlap(cell: ChartCell): boolean | undefined {
  if (cell.n === undefined || cell.r === undefined || cell.w === undefined) return undefined;
  return cell.r + cell.w > cell.n;
}

/** `median of 3 repetitions`; of one there is no median: `1 repetition`. */
export function medianOf(cells: readonly ChartCell[]): string {
  return cells.every((cell) => cell.figures.length === 1) ? repetitions(cells) : `median of ${repetitions(cells)}`;
}

/**
 * Fewest and most repetitions of a cell: `3 repetitions` or `2 to 3 repetitions`, and how many were left out:
 * `2 to 3 repetitions (1 invalid one left out)`. Of a configuration without a valid one, the invalid one that is drawn is told apart.
 */
export function repetitions(cells: readonly ChartCell[]): string {
  const valid = cells.filter((cell) => !cell.invalid);
  const counts = (valid.length > 0 ? valid : cells).map((cell) => cell.figures.length);
  const lo = Math.min(...counts);
  const hi = Math.max(...counts);
  const range = lo === hi ? `${hi} ${hi === 1 ? "repetition" : "repetitions"}` : `${lo} to ${hi} repetitions`;
  const leftOut = cells.reduce((sum, cell) => sum + cell.leftOut, 0);
  const invalid = cells.length - valid.length;
  const notes = [
    ...(leftOut === 0 ? [] : [`${leftOut} invalid ${leftOut === 1 ? "one" : "ones"} left out`]),
    ...(invalid === 0
      ? []
      : [
          `${cells.length === 1 ? "" : `${invalid} of ${cells.length} configurations `}without a valid one: an invalid one is drawn`,
        ]),
  ];
  return notes.length === 0 ? range : `${range} (${notes.join("; ")})`;
}

function marked(name: string, invalid: boolean): string {
  return invalid ? `${name} (invalid)` : name;
}

export function axesInWords(axes: AxisValues, wanted: (key: string) => boolean): string {
  return Object.entries(axes)
    .filter(([key]) => wanted(key))
    .map(([key, value]) => axisInWords(key, value))
    .join(axesJoin(axes, wanted));
}

/** `r`, 1 → `R=1`; `clock`, dvvset → `dvvset`; `ring.vnodes_per_node`, 16 → `vnodes per node=16`. */
export function axisInWords(key: string, value: string | number | boolean): string {
  const name = lastName(key);
  if (isQuorumAxis(key)) return `${name === "n_val" ? "N" : name.toUpperCase()}=${String(value)}`;
  const words = name.replace(/_/g, " ");
  if (typeof value === "boolean") return `${words}=${value ? "on" : "off"}`;
  if (typeof value === "string" && !/^[\d.]/.test(value))
    return name === "clock" || name === "detector" || key.endsWith("detector.name") ? value : `${words}=${value}`;
  return `${words}=${String(value)}`;
}

/** `r` and `tunables.r`, but not any key that ends so: `network.wars.r` is a delay. */
export function isQuorumAxis(key: string): boolean {
  return QUORUM_AXES.includes(key.replace(/^tunables\./, ""));
}

function axesJoin(axes: AxisValues, wanted: (key: string) => boolean): string {
  return Object.keys(axes).filter(wanted).every(isQuorumAxis) ? "\u00a0" : ", ";
}

function lastName(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

function numberOf(
  settings: Readonly<Record<string, unknown>>,
  name: string,
  n: number | undefined,
): number | undefined {
  const value = settings[name] ?? settings[`tunables.${name}`];
  if (typeof value === "number") return value;
  if (value === "one") return 1;
  if (value === "quorum" && n !== undefined) return Math.floor(n / 2) + 1;
  if (value === "all") return n;
  const parsed = typeof value === "string" ? Number(value) : NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** `{a: 2, b: 1}`, but not `{a: 3}`. */
function isSeveral(zones: unknown): boolean {
  return typeof zones === "object" && zones !== null && Object.keys(zones).length > 1;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/** One facet, or several of at most six series. */
export function chunked(series: readonly Series[], title: string): Facet[] {
  if (series.length <= MOST_SERIES) return [{ title, series }];
  const parts = Math.ceil(series.length / MOST_SERIES);
  const size = Math.ceil(series.length / parts);
  return Array.from({ length: parts }, (_, part) => ({
    title: `${title === "" ? "" : `${title}, `}part ${part + 1} of ${parts}`,
    series: series.slice(part * size, (part + 1) * size),
  }));
}
