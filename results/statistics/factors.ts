/**
 * What an experiment varied, as factors with levels. Keys that were zipped are one factor, whatever their values; and so are axes whose
 * values went hand in hand in every cell that is there, because nothing in the run can tell them apart (aliasing, in the words of Box,
 * Hunter and Hunter, Statistics for Experimenters). To call the effect of two such axes the effect of one of them would be a claim that the
 * data do not carry.
 */
import type { AxisValues } from "../record/run-folder";
import { compareAxisValues } from "./axis-order";
import { WORLD_AXIS } from "./worlds";

export interface Factor {
  /** Keys that vary together: one, unless they were zipped or went hand in hand. */
  readonly axes: readonly string[];
  /** Their values, in order: the first is what the others are set against. */
  readonly levels: readonly AxisValues[];
}

export interface Design {
  /** Those with two levels or more. */
  readonly factors: readonly Factor[];
  /** Of a cell, the index of its level in each factor. */
  readonly levelsOf: (axes: AxisValues) => readonly number[];
}

/** `groups` are the axes of the sweep, zipped keys together; the world is none of them. */
export function designOf(groups: readonly (readonly string[])[], cells: readonly AxisValues[]): Design {
  const varied = groups
    .map((keys) => keys.filter((key) => key !== WORLD_AXIS))
    .filter((keys) => keys.length > 0 && distinct(keys, cells).length > 1);
  const factors = handInHand(varied, cells).map((axes): Factor => ({ axes, levels: levels(axes, cells) }));
  const index = factors.map(
    ({ axes, levels: ofFactor }) => new Map(ofFactor.map((level, i) => [keyOf(axes, level), i])),
  );
  return {
    factors,
    levelsOf: (axes) => factors.map((factor, f) => index[f].get(keyOf(factor.axes, axes)) ?? -1),
  };
}

/** Groups of which each value comes with one value of the other, both ways, become one. */
function handInHand(groups: readonly (readonly string[])[], cells: readonly AxisValues[]): string[][] {
  const merged: string[][] = [];
  for (const keys of groups) {
    const twin = merged.find((known) => {
      const together = distinct([...known, ...keys], cells).length;
      return together === distinct(known, cells).length && together === distinct(keys, cells).length;
    });
    if (twin === undefined) merged.push([...keys]);
    else twin.push(...keys);
  }
  return merged;
}

function levels(axes: readonly string[], cells: readonly AxisValues[]): AxisValues[] {
  const byKey = new Map(
    cells.map((cell) => [
      keyOf(axes, cell),
      Object.fromEntries(axes.flatMap((axis) => (cell[axis] === undefined ? [] : [[axis, cell[axis]]]))),
    ]),
  );
  return [...byKey.values()].sort((a, b) => {
    for (const axis of axes) {
      const order = compareAxisValues(a[axis], b[axis]);
      if (order !== 0) return order;
    }
    return 0;
  });
}

function distinct(axes: readonly string[], cells: readonly AxisValues[]): string[] {
  return [...new Set(cells.map((cell) => keyOf(axes, cell)))];
}

function keyOf(axes: readonly string[], values: AxisValues): string {
  return JSON.stringify(axes.map((axis) => values[axis] ?? null));
}
