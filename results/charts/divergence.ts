/**
 * Chart 14, divergence: keys whose replicas do not hold the same state, found by asking the replicas themselves and
 * not the store's own opinion. The axis is log10(1 + keys), so that ten thousand and one fit on it together with the
 * zero that everyone waits for; a hollow circle marks the first scan after the last difference. A missing copy is a
 * difference of its own kind and gets a line of its own.
 */
import { facets, medianOf, type ChartCell, type ChartInput, type Series } from "./cells";
import type { ChartDefinition, ChartFigure, Plain } from "./chart";
import { chartPanel, legendOf, line, panelSize } from "./frame";
import { count, counted, median, percent, plain, trimmed } from "./numbers";
import { lastInstant, overRepetitions, type Band } from "./over-time";

export const divergence: ChartDefinition = {
  id: "divergence",
  number: 14,
  title: "Keys whose replicas differ",
  question: "How far apart are replicas, and how long until they agree?",
  prose:
    "At an interval the replicas of many keys are read directly and compared; keys with a write in flight are left out. A line at zero means that all copies looked at were equal. Dashed and pale: keys of which a replica held no copy at all. A hollow circle: from this scan on no difference was found.",
  absence: "Replicas were not inspected, or no scan finished, so it is unknown how far apart they were.",
  draw,
};

interface Lines {
  readonly differing: Band;
  readonly missing: Band | undefined;
  readonly agreedAt: number | undefined;
}

const scaled = (value: number): number => Math.log10(1 + value);
const unscaled = (value: number): number => Math.pow(10, value) - 1;

function draw(input: ChartInput): ChartFigure | undefined {
  const parts = facets(input)
    .map((facet) => ({ facet, lines: facet.series.map(({ cell }) => linesOf(cell)) }))
    .filter(({ lines }) => lines.some((one) => one !== undefined));
  if (parts.length === 0) return undefined;
  const all = parts.flatMap(({ lines }) => lines).filter((one) => one !== undefined);
  const cells = parts.flatMap(({ facet }) => facet.series.map(({ cell }) => cell));
  const top = Math.max(
    ...all.flatMap((one) => [...one.differing.high, ...(one.missing?.high ?? [])].map((point) => point.y)),
  );
  const end = lastInstant(cells.flatMap((cell) => cell.figures.map((figures) => figures.divergence)));
  const missing = all.some((one) => one.missing !== undefined);
  const size = panelSize(parts.length);
  const perScan = median(
    cells.flatMap((cell) =>
      cell.figures.flatMap((figures) =>
        (figures.divergence.columns["examined"] ?? []).filter((value): value is number => value !== null),
      ),
    ),
  );
  return {
    id: divergence.id,
    number: divergence.number,
    title: divergence.title,
    question: divergence.question,
    answer: answerOf(cells),
    caption:
      `By direct inspection of replicas${perScan === undefined ? "" : `, about ${count(Math.round(perScan))} keys a scan`}; ${medianOf(cells)}. ` +
      "Hollow circle: no difference found from here on. " +
      (missing ? "Thin dashed: keys with a copy missing." : "No replica was found without its copy of a key."),
    description:
      "Lines of the number of keys whose replicas differ over time. " +
      parts.flatMap(({ facet, lines }) => facet.series.map(({ cell }, i) => describe(cell, lines[i]))).join("; ") +
      ".",
    axes: { x: "time (s)", y: "keys" },
    legend: legendOf(parts.flatMap(({ facet }) => facet.series)),
    panels: parts.map(({ facet, lines }) =>
      chartPanel(facet.title, size, {
        type: "line",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: {
          title: "differing (keys, log scale)",
          scale: "log1p",
          min: 0,
          max: Math.max(1.05, top * 1.05),
          unit: "keys",
          name: "keys",
        },
        datasets: facet.series.flatMap((series, i) => datasets(series, lines[i])),
      }),
    ),
    table: {
      columns: ["configuration", "time (s)", "keys that differ", "keys with a copy missing"],
      rows: parts.flatMap(({ facet, lines }) =>
        facet.series.flatMap(({ cell }, i) =>
          (lines[i]?.differing.middle ?? []).map((point, k) => [
            cell.label,
            point.x,
            Math.round(unscaled(point.y) * 10) / 10,
            lines[i]!.missing === undefined ? 0 : Math.round(unscaled(lines[i]!.missing.middle[k]?.y ?? 0) * 10) / 10,
          ]),
        ),
      ),
    },
  };
}

function linesOf(cell: ChartCell): Lines | undefined {
  const series = cell.figures.map((figures) => figures.divergence);
  const differing = overRepetitions(series, "divergent", scaled);
  if (differing === undefined) return undefined;
  const missing = overRepetitions(series, "missing", scaled);
  // Where nothing ever differed there is no "from here on".
  let agreedAt: number | undefined;
  let differed = false;
  for (const point of differing.middle) {
    if (point.y > 0) {
      agreedAt = undefined;
      differed = true;
    } else if (differed) agreedAt ??= point.x;
  }
  return { differing, missing: missing?.high.some((point) => point.y > 0) === true ? missing : undefined, agreedAt };
}

function datasets({ name, style }: Series, lines: Lines | undefined): { readonly [key: string]: Plain }[] {
  if (lines === undefined) return [];
  const out = [line(name, style, lines.differing.middle, { pointRadius: 0, clip: 5 })];
  if (lines.missing !== undefined)
    out.push(
      line(name, style, lines.missing.middle, {
        label: `${name}, copy missing`,
        borderWidth: 0.9,
        borderDash: [3, 3],
        borderColor: `${style.colour}/70`,
        pointRadius: 0,
      }),
    );
  if (lines.agreedAt !== undefined)
    out.push(
      line(name, style, [{ x: lines.agreedAt, y: 0 }], {
        label: `${name}, no difference from here on`,
        showLine: false,
        pointRadius: 5,
        pointStyle: "circle",
        backgroundColor: "$page",
        borderWidth: 2,
        borderDash: [],
        clip: false,
      }),
    );
  return out;
}

function answerOf(cells: readonly ChartCell[]): string {
  let differ = 0;
  let examined = 0;
  let worst: { cell: ChartCell; keys: number } | undefined;
  let untouched = 0;
  for (const cell of cells)
    for (const figures of cell.figures) {
      differ += figures.divergence.finalDivergent;
      examined += figures.divergence.finalExamined;
      if (figures.divergence.finalExamined === 0) untouched += 1;
      for (const value of figures.divergence.columns["divergent"] ?? [])
        if (value !== null && (worst === undefined || value > worst.keys)) worst = { cell, keys: value };
    }
  const peak =
    worst === undefined || worst.keys === 0
      ? "No scan found two replicas that differ"
      : `The most keys that differed in one scan were ${count(worst.keys)} (${worst.cell.label})`;
  const doubt = untouched > 0 ? ` ${counted(untouched, "trial")} ended without a final scan.` : "";
  if (examined === 0) return `${peak}; there was no scan at the end.`;
  const final =
    differ === 0
      ? `at the end none of ${count(examined)} keys examined did`
      : `at the end ${count(differ)} of ${count(examined)} keys examined (${percent(differ / examined)}) still did`;
  return `${peak}; ${final}.${doubt}`;
}

function describe(cell: ChartCell, lines: Lines | undefined): string {
  if (lines === undefined) return `${cell.label}: not inspected`;
  const high = Math.max(...lines.differing.middle.map((point) => unscaled(point.y)));
  return `${cell.label}: up to ${plain(trimmed(high))} keys${lines.agreedAt === undefined ? "" : `, none from ${plain(lines.agreedAt)} s on`}`;
}
