/**
 * What charts on failure detectors share: which trials they are about, and which cells stand beside which. An axis that is the
 * detector's (its name, its threshold, a tag that begins with `detector`) tells lines and points apart; every other axis
 * (the network, the pauses) makes a panel, because a detector is only to be held against another one in equal weather.
 */
import { parseDurationMs } from "../../engine/vocabulary/quantities";
import type { DetectionFigures, TrialFigures } from "../record/figures";
import { kaplanMeier, type SurvivalStep } from "../statistics/kaplan-meier";
import { poissonInterval } from "../statistics/poisson";
import { otherAxes } from "../statistics/worlds";
import { axesInWords, isQuorumAxis, type ChartCell, type ChartInput } from "./cells";

/** Somebody suspected somebody: of a crash or a pause, or by mistake. */
export function knowsDetection({ detection }: TrialFigures): boolean {
  if (detection === undefined) return false;
  const { accuracy, crash, pause } = detection;
  return (
    accuracy.mistakes > 0 || crash.detected.some((pairs) => pairs > 0) || pause.detected.some((pairs) => pairs > 0)
  );
}

export function detectionsOf(cell: ChartCell): readonly DetectionFigures[] {
  return cell.figures.flatMap(({ detection }) => detection ?? []);
}

export interface DetectorCell {
  readonly cell: ChartCell;
  /** `phi-normal`, where the detector's name is an axis. */
  readonly kind: string;
  /** All axes of the detector: `phi-normal, phi=8`; the cell's label where there is none. */
  readonly detector: string;
}

export interface Weather {
  /** Empty where nothing but the detector varies. */
  readonly title: string;
  readonly cells: readonly DetectorCell[];
}

/** Cells with a record of their detectors, by everything that is not the detector's, in order of first appearance. */
export function weathers({ cells }: ChartInput): Weather[] {
  const out = new Map<string, DetectorCell[]>();
  const known = cells.filter((cell) => detectionsOf(cell).length > 0);
  const varies = known.some(({ summary }) => Object.keys(summary.axes).some(isDetectorAxis));
  for (const cell of known) {
    const axes = otherAxes(cell.summary.axes);
    const title = varies ? inWords(axes, (key) => !isDetectorAxis(key)) : "";
    const detector = inWords(axes, isDetectorAxis);
    const kind = Object.entries(axes).find(([key]) => key === "tags.detector" || key.endsWith("detector.name"))?.[1];
    // `timeout 500ms`: a tag says what a detector is set to behind its name.
    const one = {
      cell,
      kind: kind === undefined ? "" : String(kind).split(" ")[0],
      detector: `${detector === "" ? cell.label : detector}${detector !== "" && cell.invalid ? " (invalid)" : ""}`,
    };
    const beside = out.get(title);
    if (beside === undefined) out.set(title, [one]);
    else beside.push(one);
  }
  return [...out].map(([title, all]) => ({ title, cells: all }));
}

/** `tunables.detector.threshold`, `tags.detector_patience`. */
export function isDetectorAxis(key: string): boolean {
  return /(^|\.)detector/.test(key);
}

function inWords(axes: Parameters<typeof axesInWords>[0], wanted: (key: string) => boolean): string {
  const quorum = axesInWords(axes, (key) => wanted(key) && isQuorumAxis(key));
  const others = axesInWords(axes, (key) => wanted(key) && !isQuorumAxis(key));
  return [quorum, others].filter((part) => part !== "").join(" · ");
}

/** Of all repetitions together: mistakes are too rare to take medians of. A rate of zero stands at the upper end of what it could be. */
export interface Rate {
  readonly mistakes: number;
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
  /** None was seen: `value` is what could have been and still not shown. */
  readonly bound: boolean;
}

export function mistakeRateOf(cell: ChartCell): Rate | undefined {
  const all = detectionsOf(cell).map(({ accuracy }) => accuracy);
  const seconds = all.reduce((sum, { pairSeconds }) => sum + pairSeconds, 0);
  if (seconds <= 0) return undefined;
  const mistakes = all.reduce((sum, one) => sum + one.mistakes, 0);
  const { lo, hi } = poissonInterval(mistakes);
  const bound = mistakes === 0;
  return {
    mistakes,
    value: (bound ? hi : mistakes) / seconds,
    lo: (bound ? hi : lo) / seconds,
    hi: hi / seconds,
    bound,
  };
}

export interface DetectionCurve {
  readonly steps: readonly SurvivalStep[];
  /** Of an observer and a subject, and how many of them never found out. */
  readonly pairs: number;
  readonly missed: number;
}

/** Times of all pairs and repetitions of a configuration, milliseconds; undefined where there is none. */
export function detectionCurve(cell: ChartCell, kind: "crash" | "pause"): DetectionCurve | undefined {
  const departures = detectionsOf(cell).flatMap((one) =>
    one[kind].ms.map((at, i) => ({ at, events: one[kind].detected[i], censored: one[kind].censored[i] })),
  );
  if (departures.length === 0) return undefined;
  return {
    steps: kaplanMeier(departures),
    pairs: departures.reduce((sum, { events, censored }) => sum + events + censored, 0),
    missed: departures.reduce((sum, { censored }) => sum + censored, 0),
  };
}

/** The detector's axis of numbers or durations with most values, where there are three or more; undefined otherwise. */
export function sweptAxis(cells: readonly DetectorCell[]): string | undefined {
  const candidates = [...new Set(cells.flatMap(({ cell }) => Object.keys(cell.summary.axes)))].filter(isDetectorAxis);
  return candidates
    .map((axis) => ({ axis, values: cells.map((one) => numberOf(one, axis)) }))
    .filter(({ values }) => values.every((value) => value !== undefined) && new Set(values).size >= 3)
    .sort((a, b) => new Set(b.values).size - new Set(a.values).size)[0]?.axis;
}

export function numberOf({ cell }: DetectorCell, axis: string): number | undefined {
  const value = cell.summary.axes[axis];
  if (typeof value === "number") return value;
  return typeof value === "string" ? parseDurationMs(value) : undefined;
}

/** What tells a line from the others: the detector's axes but the swept one. */
export function restOf({ cell, detector }: DetectorCell, axis: string): string {
  const others = Object.entries(cell.summary.axes).filter(([key]) => isDetectorAxis(key) && key !== axis);
  if (others.length === 0) return "all";
  return others
    .map(([key, value]) =>
      key === "tags.detector" || key.endsWith("detector.name") ? String(value) : `${wordsOf(key)} ${String(value)}`,
    )
    .join(", ")
    .concat(detector.endsWith("(invalid)") ? " (invalid)" : "");
}

export function wordsOf(axis: string): string {
  return axis.slice(axis.lastIndexOf(".") + 1).replace(/_/g, " ");
}

/** Those that a chart with one panel a configuration shows, where there are too many: spread over all of them. */
export function spread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]);
}
