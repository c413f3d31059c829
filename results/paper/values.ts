/**
 * Numbers of a run as LaTeX. They are rounded as the report rounds them, three significant digits, so that paper and page never
 * disagree; a bound says that it is one; what was not measured is a dash and never a nought. Ratios are percentages, as
 * everywhere.
 */
import type { MetricValue } from "../record/figures";
import { plain } from "../charts/numbers";

/** Thousands set apart by a thin space; a minus that is one; `--` for what there is not. */
export function numberInTex(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "--";
  const text = plain(value).replaceAll("\u202f", "\\,").replace(/^-/, "\\ensuremath{-}");
  const power = /^(.*)e−(\d+)$/.exec(text);
  return power === null ? text : `\\ensuremath{${power[1].replace("\\ensuremath{-}", "-")}\\times10^{-${power[2]}}}`;
}

const shown = (value: number, unit: string): number => (unit === "ratio" ? value * 100 : value);

/** Without its unit. */
export function inTex({ value, unit, atLeast }: Pick<MetricValue, "value" | "unit" | "atLeast">): string {
  if (value === null) return "--";
  return `${atLeast === true ? "\\ensuremath{\\ge}\\," : ""}${numberInTex(shown(value, unit))}`;
}

/** `[7.9, 8.3]`; a dash where there is none. */
export function intervalInTex({ lo, hi, unit }: Pick<MetricValue, "lo" | "hi" | "unit">): string {
  if (lo === null || hi === null) return "--";
  return `[${numberInTex(shown(lo, unit))}, ${numberInTex(shown(hi, unit))}]`;
}

/** With the space before it; nothing for what is counted. */
export function unitInTex(unit: string): string {
  switch (unit) {
    case "":
    case "count":
      return "";
    case "ratio":
      return "\\,\\%";
    case "1/s":
      return "\\,/s";
    default:
      return `\\,${unit.replaceAll("%", "\\%").replaceAll("_", "\\_").replaceAll("µ", "\\textmu{}")}`;
  }
}

/** For the head of a column. */
export function unitOfColumn(unit: string): string {
  return unitInTex(unit).replace(/^\\,/, "");
}
