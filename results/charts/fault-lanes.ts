/**
 * Faults on charts over time: one lane a fault across the top, from when it really began to when it really ended, with light
 * shading below it down to the axis. A dip in throughput beside a fault explains itself; without the lane it is a
 * riddle. Lanes differ in their pattern and not only in their colour, and stand in the legend with what they are.
 *
 * Repetitions may see a fault at slightly different instants (on processes) or other faults altogether (drawn from the seed). The
 * lanes of the first repetition that had any are drawn, and the caption says where others differ.
 */
import type { FaultLane } from "../record/figures";
import type { ChartCell } from "./cells";
import type { LegendEntry, Plain } from "./chart";

/** A fault as a chart draws it; plain data in the chart's options. */
export interface DrawnFault {
  /** Row across the top, from 0. */
  readonly lane: number;
  /** Beside its bar; empty where another bar of the lane carries it. */
  readonly name: string;
  readonly from: number;
  /** Infinity is written as the end of the axis. */
  readonly to: number;
  readonly pattern: number;
  readonly stroke: string;
  readonly fill: string;
  readonly shade: string;
}

export interface FaultLanes {
  /** For the panel of these cells; nothing where they had no fault. */
  readonly of: (cells: readonly ChartCell[]) => readonly DrawnFault[];
  readonly legend: readonly LegendEntry[];
  /** Begins with a space; empty where there is nothing to say. */
  readonly note: string;
}

/** More lanes than this push the picture off its panel; the rest share the last. */
export const MOST_LANES = 6;
/** Okabe and Ito's again; each lane has a pattern of its own besides. */
const COLOURS = ["$s4", "$s6", "$s5", "$s3", "$s1", "$muted"];
/** Starts that differ by less are the same fault: a timer's lag, not another schedule. */
const SAME_WITHIN_S = 0.5;

/** The lanes of a chart that shows these cells from 0 to `end` seconds. */
export function faultLanes(cells: readonly ChartCell[], end: number): FaultLanes {
  const ids = [...new Set(cells.flatMap((cell) => shownFaults([cell]).map(({ id }) => id)))];
  if (ids.length === 0) return { of: () => [], legend: [], note: "" };
  const laneOf = (id: string): number => Math.min(MOST_LANES - 1, ids.indexOf(id));
  const hidden = Math.max(0, ids.length - MOST_LANES + 1);
  const shared = (id: string): boolean => hidden > 1 && laneOf(id) === MOST_LANES - 1;
  const described = new Map(cells.flatMap((cell) => shownFaults([cell])).map((fault) => [fault.id, fault]));
  return {
    of: (panelCells) => {
      const named = new Set<number>();
      return shownFaults(panelCells)
        .filter(({ fromS }) => fromS <= end)
        .map((fault) => {
          const lane = laneOf(fault.id);
          const name = named.has(lane) ? "" : shared(fault.id) ? `${hidden} more` : fault.id;
          named.add(lane);
          const colour = COLOURS[lane];
          return {
            ...{ lane, name, from: Math.max(0, fault.fromS), to: Math.min(end, fault.toS ?? end), pattern: lane },
            ...{ stroke: colour, fill: `${colour}/35`, shade: `${colour}/10` },
          };
        });
    },
    legend: [
      ...ids
        .filter((id) => !shared(id))
        .map((id) => entry(laneOf(id), `fault ${id}: ${described.get(id)!.kind}, ${described.get(id)!.what}`)),
      ...(hidden > 1 ? [entry(MOST_LANES - 1, `${hidden} more faults, listed under Method`)] : []),
    ],
    note: ` Lanes at the top, shaded below: faults${differing(cells) ? "; repetitions had them at other instants, or others, and those of the first are drawn" : ""}.`,
  };
}

/** The faults as plain data for a chart's options. */
export function laneOptions(drawn: readonly DrawnFault[]): Plain {
  return drawn.map((one) => ({ ...one }));
}

function entry(lane: number, series: string): LegendEntry {
  return { series, colour: COLOURS[lane], dash: [], mark: `fault-${lane}` };
}

function shownFaults(cells: readonly ChartCell[]): readonly FaultLane[] {
  const all = cells.flatMap((cell) => cell.figures.map(({ faults }) => faults ?? []));
  return all.find((faults) => faults.length > 0) ?? [];
}

/** Some repetition of the same cell, or another cell, had other faults than the first shown. */
function differing(cells: readonly ChartCell[]): boolean {
  const shown = shownFaults(cells);
  return cells.some((cell) => cell.figures.some(({ faults }) => !same(faults ?? [], shown)));
}

function same(a: readonly FaultLane[], b: readonly FaultLane[]): boolean {
  const near = (x: number | null, y: number | null): boolean =>
    x === null || y === null ? x === y : Math.abs(x - y) <= SAME_WITHIN_S;
  return (
    a.length === b.length &&
    a.every((one, i) => one.id === b[i].id && near(one.fromS, b[i].fromS) && near(one.toS, b[i].toS))
  );
}
