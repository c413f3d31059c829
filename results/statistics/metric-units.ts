/**
 * What the unit of a metric counts, so that `20ms` can be held against a value in milliseconds and `30s` against one in
 * seconds. A unit that is none of time, rate or bytes is a plain number.
 */
import type { Dimension } from "../../engine/vocabulary/expression";

/** `own`: how much one of the unit is in milliseconds, per second or bytes. */
export function dimensionOfUnit(unit: string): { readonly dimension: Dimension; readonly own: number } {
  switch (unit) {
    case "ms":
      return { dimension: "duration", own: 1 };
    case "s":
      return { dimension: "duration", own: 1_000 };
    case "1/s":
      return { dimension: "rate", own: 1 };
    case "bytes":
    case "bytes/op":
      return { dimension: "size", own: 1 };
    default:
      return { dimension: "plain", own: 1 };
  }
}
