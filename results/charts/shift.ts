/**
 * The shift plot: B's latency over A's at every percentile. Two spectra on a log axis hide a difference of a tenth; their ratio shows
 * it, and whether the body moved or only the tail, which no single percentile can (a shift function, Doksum 1974, as a ratio). Both
 * sides are pooled over their repetitions; the band is a bootstrap over repetitions, and where there is one alone there is no band.
 */
import { RESAMPLES } from "../comparison/shift";
import type { RunComparison, ShiftCurve } from "../comparison/run-comparison";
import { MOST_PANELS } from "./cells";
import type { ChartFigure, Plain } from "./chart";
import { shownGroups, sideCalled, styleOfSide, type ComparisonChart } from "./comparison-chart";
import { band, chartPanel, legendOf, line, logBounds, panelSize, type Point } from "./frame";
import { counted, plain, trimmed } from "./numbers";

export const shift: ComparisonChart = {
  id: "shift",
  number: 0,
  title: "Latency over A's, percentile by percentile",
  question: "Did the body move, or the tail?",
  prose:
    "From left to right operations become slower and rarer, as in the percentile spectrum. At 1 both sides take as long; at 1.2 the other side takes a fifth longer than A at that percentile. A level line means that everything became slower alike; one that leaves 1 only at the right, that only the tail did. The band is what repetitions leave open; with fewer than about ten of them it is narrower than it should be.",
  absence: "One of the sides kept no latencies of successful operations, so there is no ratio to draw.",
  draw,
};

function draw(comparison: RunComparison): ChartFigure | undefined {
  const { shown, note } = shownGroups(comparison.groups, MOST_PANELS / 2);
  const parts = shown.flatMap(({ id, label }) =>
    (["read", "write"] as const).flatMap((kind) => {
      const curves = comparison.shifts.filter((curve) => curve.group === id && curve.kind === kind);
      return curves.length === 0 ? [] : [{ title: label === "" ? `${kind}s` : `${kind}s, ${label}`, curves }];
    }),
  );
  if (parts.length === 0) return undefined;
  const curves = parts.flatMap((part) => part.curves);
  const bounds = logBounds([...curves.flatMap(({ ratio, lo, hi }) => [...ratio, ...lo, ...hi]), 0.9, 1.1]);
  const last = Math.max(...curves.map(({ percentiles }) => onAxis(percentiles.at(-1)!))) * 1.15;
  const size = panelSize(parts.length);
  const letters = [...new Set(curves.map(({ letter }) => letter))];
  const least = Math.min(...curves.map(({ repetitions }) => repetitions));
  const banded = curves.some(({ lo }) => lo.length > 0);
  return {
    id: shift.id,
    number: shift.number,
    title: shift.title,
    question: shift.question,
    answer: answerOf(comparison, curves),
    caption:
      `Pooled: the operations of all repetitions of a side make one distribution (${counted(least, "repetition")} or more a side), straight between the percentiles that are kept. ` +
      `Response time of successful operations; lines end where a repetition has fewer than ten operations left. ` +
      (banded
        ? `Shaded: 95 % of ${RESAMPLES} resamples of the repetitions${curves.some(({ paired }) => paired) ? ", the same ones on both sides where they are paired by seed" : ""}${least < 10 ? "; with so few repetitions the band is narrower than it should be" : ""}. `
        : "One repetition a side leaves no band. ") +
      `The rule at 1 is A.${note}`,
    description: `Lines of the ratio of latency to that of A, by percentile. ${curves.map((curve) => `${sideCalled(comparison, curve.letter)}, ${curve.kind}s: between ${plain(Math.min(...curve.ratio))} and ${plain(Math.max(...curve.ratio))}`).join("; ")}.`,
    axes: { x: "percentile of operations", y: "latency / latency of A (ratio)" },
    legend: legendOf(
      letters.map((letter) => ({ name: sideCalled(comparison, letter), style: styleOfSide(comparison, letter) })),
    ),
    panels: parts.map(({ title, curves: ofPanel }) =>
      chartPanel(title, size, {
        type: "line",
        x: {
          title: "operations at least this fast (percentile)",
          scale: "percentile",
          min: 1,
          max: last,
          unit: "%",
          name: "percentile",
        },
        y: { title: "times A's latency (log)", scale: "logarithmic", ...bounds, unit: "times A", name: "ratio" },
        datasets: [
          {
            type: "line",
            label: "",
            series: "",
            data: [
              { x: 1, y: 1 },
              { x: last, y: 1 },
            ],
            borderColor: "$ink",
            borderWidth: 1.25,
            pointRadius: 0,
            pointHitRadius: 0,
            order: 2,
          },
          ...ofPanel.flatMap((curve): { readonly [key: string]: Plain }[] => {
            const name = sideCalled(comparison, curve.letter);
            const style = styleOfSide(comparison, curve.letter);
            return [
              line(name, style, pointsOf(curve, curve.ratio), { pointRadius: 0 }),
              ...(curve.lo.length === 0 ? [] : band(name, style, pointsOf(curve, curve.lo), pointsOf(curve, curve.hi))),
            ];
          }),
        ],
      }),
    ),
    table: {
      columns: ["configuration", "side", "operation", "percentile (%)", "ratio to A", "lo", "hi", "repetitions"],
      rows: curves.flatMap((curve) =>
        curve.percentiles.map((p, i) => [
          comparison.groups.find(({ id }) => id === curve.group)?.label ?? "",
          ...[curve.letter, curve.kind, p, trimmed(curve.ratio[i])],
          ...[curve.lo[i], curve.hi[i]].map((value) => (value === undefined ? null : trimmed(value))),
          curve.repetitions,
        ]),
      ),
    },
  };
}

function pointsOf({ percentiles }: ShiftCurve, values: readonly number[]): Point[] {
  return percentiles.map((p, i) => ({ x: onAxis(p), y: trimmed(values[i]) }));
}

function onAxis(percentile: number): number {
  return Number((1 / (1 - percentile / 100)).toPrecision(5));
}

function answerOf(comparison: RunComparison, curves: readonly ShiftCurve[]): string {
  const reads = curves.filter(({ kind }) => kind === "read");
  const farthest = (reads.length > 0 ? reads : curves)
    .map((curve) => ({ curve, size: Math.max(...curve.ratio.map((ratio) => Math.abs(Math.log(ratio)))) }))
    .sort((a, b) => b.size - a.size)[0].curve;
  const at = (p: number): string => {
    const i = farthest.percentiles.findIndex((one) => one >= p);
    const k = i < 0 ? farthest.percentiles.length - 1 : i;
    const [lo, hi] = [farthest.lo[k], farthest.hi[k]];
    return `${plain(farthest.ratio[k])}${lo === undefined ? "" : ` [${plain(lo)}, ${plain(hi)}]`} times A's at ${farthest.percentiles[k]} %`;
  };
  const label = comparison.groups.find(({ id }) => id === farthest.group)?.label ?? "";
  return `Farthest from A are the ${farthest.kind}s of ${sideCalled(comparison, farthest.letter)}${label === "" ? "" : ` at ${label}`}: ${at(50)} and ${at(99)}.`;
}
