/**
 * Numbers of a run as LaTeX. They are rounded by the report's own functions (shares that are nearly all or nearly none keep
 * their digits, counts are exact), so that paper and page never disagree; a bound says that it is one; what was not measured is a dash and never a nought. Ratios are percentages, as
 * everywhere.
 */
import type { MetricValue } from "../record/figures";
import { count, percent, plain } from "../charts/numbers";
import { tex } from "./tex";

/** Thousands set apart by a thin space; a minus that is one; `--` for what there is not. */
export function numberInTex(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "--";
  return inMathematics(plain(value));
}

function inMathematics(plainText: string): string {
  const text = plainText.replaceAll("\u202f", "\\,").replace(/^-/, "\\ensuremath{-}");
  const power = /^(.*)e−(\d+)$/.exec(text);
  return power === null ? text : `\\ensuremath{${power[1].replace("\\ensuremath{-}", "-")}\\times10^{-${power[2]}}}`;
}

/** As `withUnit` shows it, without the unit. */
function shown(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "--";
  if (unit === "ratio")
    return inMathematics(percent(value).replace(/\u00a0%$/, "")).replace(/^under /, "\\ensuremath{<}\\,");
  return unit === "count" ? inMathematics(count(value)) : numberInTex(value);
}

/** Without its unit. */
export function inTex({ value, unit, atLeast }: Pick<MetricValue, "value" | "unit" | "atLeast">): string {
  if (value === null) return "--";
  return `${atLeast === true ? "\\ensuremath{\\ge}\\," : ""}${shown(value, unit)}`;
}

/** `[7.9, 8.3]`; a dash where there is none, and for a bound, whose interval would say more than was seen. */
export function intervalInTex({ lo, hi, unit, atLeast }: Pick<MetricValue, "lo" | "hi" | "unit" | "atLeast">): string {
  if (lo === null || hi === null || atLeast === true) return "--";
  return `[${shown(lo, unit)}, ${shown(hi, unit)}]`;
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
      return `\\,${tex(unit)}`;
  }
}

/** For the head of a column. */
export function unitOfColumn(unit: string): string {
  return unitInTex(unit).replace(/^\\,/, "");
}
