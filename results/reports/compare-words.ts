/**
 * A comparison in words, once for the terminal, the page and Markdown: a verdict with an arrow for the way the value went and a word for
 * what that means, a reason wherever there is no verdict, and one sentence a side. "Inconclusive" is never let stand as agreement: it
 * says what would decide it.
 */
import { signedPercent } from "../charts/forest";
import { count, counted, listed, metricInWords, plain, signedWithUnit, withUnit } from "../charts/numbers";
import type { ComparedMetric, ComparedSide, RunComparison, SideValue } from "../comparison/run-comparison";

/** `▲ worse`, `~ same`, `? inconclusive`. */
export function verdictMark({ verdict, difference }: ComparedMetric): string {
  switch (verdict) {
    case "same":
      return "~ same";
    case "inconclusive":
      return "? inconclusive";
    case "incomparable":
      return "– not comparable";
    case "better":
    case "worse":
    case "different":
      return `${difference === null || difference === 0 ? "≠" : difference > 0 ? "▲" : "▼"} ${verdict}`;
  }
}

/** The mark, and the reason where there is one. */
export function verdictInFull(row: ComparedMetric): string {
  return row.reason === null ? verdictMark(row) : `${verdictMark(row)}: ${row.reason}`;
}

/** `25 ms [24.6, 25.5]`; of what did not happen everywhere in how many. */
export function valueInWords(value: SideValue | null): string {
  if (value === null) return "not measured";
  if (value.value === null) return "no value";
  const never = value.never === undefined ? "" : ` (never in ${value.never} of ${value.n})`;
  return metricInWords(value) + never;
}

export function differenceInWords({ difference, lo, hi, unit }: ComparedMetric): string {
  if (difference === null) return "–";
  const bare = (value: number): string => signedWithUnit(value, unit).replace(/\u00a0\D*$/, "");
  return `${signedWithUnit(difference, unit)}${lo === null || hi === null ? "" : ` [${bare(lo)}, ${bare(hi)}]`}`;
}

export function relativeInWords({ relative }: ComparedMetric): string {
  return relative === null ? "–" : signedPercent(relative.value);
}

/** Never nought. */
export function pInWords({ pAdjusted }: ComparedMetric): string {
  if (pAdjusted === null) return "–";
  return pAdjusted < 0.0001 ? "< 0.0001" : plain(Number(pAdjusted.toPrecision(2)));
}

/** Lower or higher is better; nothing where neither is. */
export function goodness({ better }: ComparedMetric): string {
  return better === "neutral" ? "" : `${better} is better`;
}

export function sideInWords({ letter, name }: ComparedSide): string {
  return `${letter} (${name})`;
}

/** `12 pairs` or `12, two samples`. */
export function evidenceInWords({ n, method }: ComparedMetric): string {
  if (method === "none") return "–";
  return method === "signed-rank" ? counted(n, "pair") : `${count(n)} a side, unpaired`;
}

/** One sentence a side that is held against A, then what cannot be said. */
export function verdictSentences(comparison: RunComparison): string[] {
  const { sides, rows, comparability } = comparison;
  if (rows.length === 0)
    return [
      comparability.comparable
        ? "Nothing was compared: no metric was measured on any side that the others have."
        : "These runs may not be compared, so there are no numbers here.",
    ];
  return sides.slice(1).map((side) => {
    const ofSide = rows.filter(({ letter }) => letter === side.letter);
    const of = (verdict: ComparedMetric["verdict"]): ComparedMetric[] =>
      ofSide.filter((row) => row.verdict === verdict);
    const [worse, better, different, same] = [of("worse"), of("better"), of("different"), of("same")];
    const open = of("inconclusive").length;
    const refused = of("incomparable").length;
    const parts = [
      ...(worse.length > 0 ? [`worse in ${told(worse)}`] : []),
      ...(better.length > 0 ? [`better in ${told(better)}`] : []),
      ...(different.length > 0 ? [`different in ${told(different)}`] : []),
      ...(same.length > 0
        ? [`the same within the noise floor in ${count(same.length)} of ${count(ofSide.length)}`]
        : []),
    ];
    const who = `${sideInWords(side)} against ${sideInWords(sides[0])}`;
    const found = parts.length === 0 ? "no difference and no sameness is shown" : listed(parts);
    const left = [
      ...(open === 0
        ? []
        : [
            `${counted(open, "row")} of ${count(ofSide.length)} ${open === 1 ? "is" : "are"} inconclusive, which is not the same as equal`,
          ]),
      ...(refused === 0 ? [] : [`${counted(refused, "row")} cannot be compared`]),
    ];
    return `${who}: ${found}${left.length === 0 ? "" : `; ${listed(left)}`}.`;
  });
}

function told(rows: readonly ComparedMetric[]): string {
  const sorted = [...rows].sort((a, b) => Math.abs(b.relative?.value ?? 0) - Math.abs(a.relative?.value ?? 0));
  const shown = sorted
    .slice(0, 3)
    .map((row) => `${row.title} (${relativeInWords(row) === "–" ? differenceInWords(row) : relativeInWords(row)})`);
  return `${count(rows.length)}: ${listed(shown)}${sorted.length > 3 ? ` and ${sorted.length - 3} more` : ""}`;
}

/** What stands behind the table. */
export function methodInWords({ analysis, rows, groups }: RunComparison): string {
  const methods = new Set(rows.map(({ method }) => method));
  const how = [
    ...(methods.has("signed-rank")
      ? [
          "repetitions of equal seed and workload are paired (Hodges-Lehmann estimate, its interval and p from the signed-rank test)",
        ]
      : []),
    ...(methods.has("mann-whitney")
      ? ["repetitions that are no pairs are two samples (Hodges-Lehmann shift, its interval and p from Mann-Whitney)"]
      : []),
  ];
  return (
    `Values are medians over repetitions; a difference is the other side minus A${how.length === 0 ? "" : `; ${how.join("; ")}`}. ` +
    (analysis.tested === 0 ? "No row could be tested. " : "") +
    `p is corrected (Holm) over all ${counted(analysis.tested, "comparison")} of ${counted(groups.length, "matched configuration")} and held against ${plain(analysis.alpha)}; a difference within ±${plain(100 * analysis.noiseFloor)} % of A is noise. ` +
    `“Same” means that the whole interval lies inside that floor; “inconclusive” that these repetitions cannot tell.`
  );
}

export function geometricMeansInWords({ geometricMeans }: RunComparison): string[] {
  return geometricMeans.map(
    ({ letter, unit, metrics, ratio, n }) =>
      `${letter}: ${plain(ratio)} times A in the geometric mean of ${counted(n, "ratio")} of medians in ${unit === "" ? "no unit" : unit} (${listed(metrics)}); no test stands behind it.`,
  );
}

/** As it would be printed beside a value: for tables whose heading has no unit. */
export function unitOf({ unit, baseline }: ComparedMetric): string {
  return withUnit(baseline?.value ?? 0, unit) === "" ? "" : unit === "ratio" ? "%" : unit;
}

export const WEIGHT_IN_WORDS = { refusal: "not comparable", caution: "caution", note: "note" } as const;
