/**
 * Numbers as a Java program prints them, because that is what readers of YCSB's output were written for: a double always
 * has a fraction or an exponent (`5000.0`, `1.25E7`), a status line rounds to two places half to even and leaves trailing
 * zeros away (`DecimalFormat("#.##")`). Printed as JavaScript would, `5000` reads back as a long where a double was.
 * Source: java.lang.Double.toString, java.text.DecimalFormat.
 */

/** What Java's Long holds at most: the minimum of no values. */
export const LONGEST = "9223372036854775807";

/** `Double.toString`. */
export function javaDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [digits, exponent] = value.toExponential().split("e");
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}

/** `DecimalFormat("#.##")` in an English locale, without its grouping; NaN as newer Javas print it. */
export function twoPlaces(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  // Both round the double's exact value; they differ where it lies halfway, which only eighths do.
  const halfway = Number.isInteger(value * 8) && !Number.isInteger(value * 4);
  const rounded = halfway ? (2 * Math.round(value * 50)) / 100 : value;
  // A pattern of nothing but "#" before its point has a digit there all the same (one of "#.00" would have none).
  return rounded.toFixed(2).replace(/\.?0+$/, "");
}

/** `50th`, `1st`, `99.9`: how YCSB names a percentile; fractions have no ending. */
export function ordinal(percentile: number): string {
  if (percentile % 1 !== 0) return javaDouble(percentile);
  if (percentile % 100 >= 11 && percentile % 100 <= 13) return `${percentile}th`;
  return `${percentile}${["th", "st", "nd", "rd"][percentile % 10] ?? "th"}`;
}
