/**
 * Factors and their levels in words, the same in the picture, the tables and the sentences about effects. A tag that names the steps of a
 * zip group stands for all that is zipped with it, as it does in the names of cells; without one the keys are written out.
 */
import type { AxisValues } from "../record/run-folder";
import { sizeOf } from "../statistics/axis-order";
import type { Effect, Step } from "../statistics/effects";
import type { Factor } from "../statistics/factors";
import { axisInWords, isQuorumAxis } from "./cells";

/** `R`, `clock`, `vnodes per node`, `R with W`. */
export function factorInWords(factor: Factor): string {
  return shownAxes(factor).map(axisName).join(" with ");
}

/** `R=1`, `dvvset`, `R=1 W=3`. */
export function levelInWords(factor: Factor, level: AxisValues): string {
  return shownAxes(factor)
    .map((axis) => (level[axis] === undefined ? "–" : axisInWords(axis, level[axis])))
    .join(" ");
}

/** The value alone, where the factor's name stands beside it: `1`, `dvvset`, `1, 3`. */
export function levelValue(factor: Factor, level: AxisValues): string {
  return shownAxes(factor)
    .map((axis) => {
      const value = level[axis];
      if (value === undefined) return "–";
      return typeof value === "boolean" ? (value ? "on" : "off") : String(value);
    })
    .join(", ");
}

/** Of a factor of one axis whose values are all numbers, durations or rates: where each stands on a scale of numbers. */
export function levelSizes(factor: Factor): readonly number[] | undefined {
  const [axis, ...others] = shownAxes(factor);
  if (others.length > 0) return undefined;
  const sizes = factor.levels.map((level) => sizeOf(level[axis]));
  return sizes.every((size) => size !== undefined) && new Set(sizes).size === sizes.length ? sizes : undefined;
}

export function stepInWords({ factor, from, to }: Step): string {
  return `from ${levelInWords(factor, from)} to ${levelInWords(factor, to)}`;
}

export function isShown({ verdict }: Effect): boolean {
  return verdict === "better" || verdict === "worse" || verdict === "different";
}

function shownAxes({ axes, levels }: Factor): readonly string[] {
  const tag = axes.find(
    (axis) => axis.startsWith("tags.") && new Set(levels.map((level) => level[axis])).size === levels.length,
  );
  return tag === undefined ? axes : [tag];
}

function axisName(axis: string): string {
  const name = axis.slice(axis.lastIndexOf(".") + 1);
  if (isQuorumAxis(axis)) return name === "n_val" ? "N" : name.toUpperCase();
  return name.replace(/_/g, " ");
}
