/**
 * A reproduction in words, the same on the terminal and on the page: how many published results came out, a target's numbers in brief, a
 * point's value with its interval. Derived values are never called published.
 */
import { count, counted, intervalInWords, NBSP, percent, plain } from "../charts/numbers";
import type { ReproducedPoint, ReproducedTarget, ReproductionVerdict } from "../record/reproduction";

export const VERDICTS: readonly ReproductionVerdict[] = ["pass", "fail", "inconclusive", "not-run"];

export const REPRODUCED: Readonly<Record<ReproductionVerdict, { readonly mark: string; readonly word: string }>> = {
  pass: { mark: "✓", word: "came out" },
  fail: { mark: "✗", word: "did not" },
  inconclusive: { mark: "?", word: "open" },
  "not-run": { mark: "–", word: "not run" },
};

export function keyInWords({ id, variant }: Pick<ReproducedTarget, "id" | "variant">): string {
  return variant === undefined ? id : `${id}/${variant}`;
}

export function tally(targets: readonly ReproducedTarget[]): Readonly<Record<ReproductionVerdict, number>> {
  const of = (wanted: ReproductionVerdict): number => targets.filter(({ verdict }) => verdict === wanted).length;
  return { pass: of("pass"), fail: of("fail"), inconclusive: of("inconclusive"), "not-run": of("not-run") };
}

/** `38 of 42 results came out, 1 did not, 3 are open; 9 were not run.` */
export function tallyInWords(targets: readonly ReproducedTarget[]): string {
  const { pass, fail, inconclusive, "not-run": left } = tally(targets);
  const run = targets.length - left;
  const rest = [
    ...(fail === 0 ? [] : [`${count(fail)} did not`]),
    ...(inconclusive === 0 ? [] : [`${count(inconclusive)} ${inconclusive === 1 ? "is" : "are"} open`]),
  ];
  return (
    `${count(pass)} of ${counted(run, "result")} came out${rest.length === 0 ? "" : `, ${rest.join(", ")}`}` +
    (left === 0 ? "." : `; ${count(left)} ${left === 1 ? "was" : "were"} not run.`)
  );
}

export function valueInWords(value: number | null, unit: string): string {
  if (value === null) return "–";
  if (unit === "ratio")
    return Math.abs(value) < 0.0001 && value !== 0 ? `${plain(100 * value)}${NBSP}%` : percent(value);
  if (unit === "times") return `${plain(value)}${NBSP}×`;
  if (unit === "1/s") return `${plain(value)}${NBSP}/s`;
  return unit === "" ? plain(value) : `${plain(value)}${NBSP}${unit}`;
}

/** With its interval. */
export function measuredInWords({ measured, lo, hi, unit }: ReproducedPoint): string {
  const interval = intervalInWords({ value: measured, lo, hi, n: 1, unit: unit === "ratio" ? unit : "" });
  return `${valueInWords(measured, unit)}${interval === "" || lo === hi ? "" : ` ${interval}`}`;
}

/** `0.5 to 0.54`, `at most 5 %`, `exactly 101`, `not judged`. */
export function toleranceInWords({ least, most, unit }: ReproducedPoint): string {
  if (least === null && most === null) return "shown, not judged";
  if (least === null) return most === 0 ? "none" : `at most ${valueInWords(most, unit)}`;
  if (most === null) return least === Number.MIN_VALUE ? "more than 0" : `at least ${valueInWords(least, unit)}`;
  return least === most
    ? `exactly ${valueInWords(most, unit)}`
    : `${valueInWords(least, unit)} to ${valueInWords(most, unit)}`;
}

export function isJudged({ least, most }: ReproducedPoint): boolean {
  return least !== null || most !== null;
}

const FEW = 3;

/** The target's numbers in a line: all of few, how many of many. */
export function inBrief({ points, reason }: ReproducedTarget): string {
  if (points.length === 0) return reason ?? "";
  const judged = points.filter(isJudged);
  if (judged.length > FEW) {
    const inside = judged.filter(({ verdict }) => verdict === "pass").length;
    return `${count(inside)} of ${count(judged.length)} values inside`;
  }
  return judged.map(pointInBrief).join("; ");
}

/** `0.52 [0.51, 0.53] for 0.5`, `2.4 × (at least 2 ×; published 5 ×)`. */
function pointInBrief(point: ReproducedPoint): string {
  const { published, expected, least, most, unit } = point;
  const reference = published ?? expected;
  if (least !== null && most !== null && reference !== null)
    return `${measuredInWords(point)} for ${valueInWords(reference, unit)}`;
  const told = published === null ? "" : `; published ${valueInWords(published, unit)}`;
  return `${measuredInWords(point)} (${toleranceInWords(point)}${told})`;
}

export function minutesInWords(minutes: number | null): string {
  if (minutes === null) return "–";
  if (minutes < 0.05) return `${plain(Math.max(0.1, Math.round(600 * minutes) / 10))}${NBSP}s`;
  return minutes < 1 ? `${Math.round(60 * minutes)}${NBSP}s` : `${Number(minutes.toFixed(1))}${NBSP}min`;
}
