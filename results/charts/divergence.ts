/**
 * Chart 14, divergence: keys whose replicas do not hold the same state, found by asking the replicas themselves and
 * not the store's own opinion. The axis is log10(1 + keys), so that ten thousand and one fit on it together with the
 * zero that everyone waits for; a hollow circle marks the first scan after the last difference in any repetition. A
 * missing copy is a difference of its own kind and gets a line of its own. A scan of a sample is scaled to all keys, as
 * `divergent_keys_max` is: raw counts would make a small sample look like a consistent store.
 */
import type { TimeSeries } from "../record/figures";
import { facets, medianOf, type ChartCell, type ChartInput, type Series } from "./cells";
import type { ChartDefinition, ChartFigure, Plain } from "./chart";
import { faultLanes } from "./fault-lanes";
import { chartPanel, legendOf, line, panelSize, type Point } from "./frame";
import { count, counted, median, metricInWords, percent, plain, trimmed } from "./numbers";
import { alignedByTime, lastInstant, overRepetitions, type Band } from "./over-time";

export const divergence: ChartDefinition = {
  id: "divergence",
  number: 14,
  title: "Keys whose replicas differ",
  question: "How far apart are replicas, and how long until they agree?",
  prose:
    "At an interval the replicas of many keys are read directly and compared; keys with a write in flight are left out. Where only a sample of the keys was read, the number is an estimate for all of them: the share that differed times the number of keys. A line at zero means that all copies looked at were equal. Dashed and pale: keys of which a replica held no copy at all. A hollow circle: from this scan on no repetition found a difference.",
  absence: "Replicas were not inspected, or no scan finished, so it is unknown how far apart they were.",
  draw,
};

interface Lines {
  readonly differing: Band;
  readonly missing: Band | undefined;
  readonly agreedAt: number | undefined;
}

/** As the axis shows it. */
const onAxis = (keys: number): number => trimmed(Math.log10(1 + keys));
const pointsOnAxis = (points: readonly Point[]): Point[] => points.map(({ x, y }) => ({ x, y: onAxis(y) }));

function draw(input: ChartInput): ChartFigure | undefined {
  const parts = facets(input)
    .map((facet) => ({ facet, lines: facet.series.map(({ cell }) => linesOf(cell)) }))
    .filter(({ lines }) => lines.some((one) => one !== undefined));
  if (parts.length === 0) return undefined;
  const all = parts.flatMap(({ lines }) => lines).filter((one) => one !== undefined);
  const cells = parts.flatMap(({ facet }) => facet.series.map(({ cell }) => cell));
  const top = Math.max(
    ...all.flatMap((one) => [...one.differing.high, ...(one.missing?.high ?? [])].map((point) => onAxis(point.y))),
  );
  const end = lastInstant(cells.flatMap((cell) => cell.figures.map((figures) => figures.divergence)));
  const faults = faultLanes(cells, end);
  const missing = all.some((one) => one.missing !== undefined);
  const size = panelSize(parts.length);
  const estimated = cells.some((cell) => cell.figures.some(({ divergence: scans }) => isSampled(scans)));
  const several = cells.some((cell) => cell.figures.length > 1);
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
      `By direct inspection of replicas${perScan === undefined ? "" : `, about ${count(Math.round(perScan))} keys a scan`}` +
      `${estimated ? ", scaled to all keys" : ""}; ${medianOf(cells)}${several ? ", put side by side by time" : ""}. ` +
      `Hollow circle: no difference found ${several ? "in any repetition " : ""}from here on. ` +
      (missing ? "Thin dashed: keys with a copy missing." : "No replica was found without its copy of a key.") +
      ` ${coverage(cells)}${faults.note}`,
    description:
      "Lines of the number of keys whose replicas differ over time. " +
      parts.flatMap(({ facet, lines }) => facet.series.map(({ cell }, i) => describe(cell, lines[i]))).join("; ") +
      ".",
    axes: { x: "time (s)", y: "keys" },
    legend: [...legendOf(parts.flatMap(({ facet }) => facet.series)), ...faults.legend],
    panels: parts.map(({ facet, lines }) =>
      chartPanel(facet.title, size, {
        type: "line",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: {
          title: estimated ? "differing (keys, estimated; log)" : "differing (keys, log scale)",
          scale: "log1p",
          min: 0,
          max: Math.max(1.05, top * 1.05),
          unit: "keys",
          name: "keys",
        },
        datasets: facet.series.flatMap((series, i) => datasets(series, lines[i])),
        faults: faults.of(facet.series.map(({ cell }) => cell)),
      }),
    ),
    table: {
      columns: [
        "configuration",
        "time (s)",
        estimated ? "keys that differ (estimate)" : "keys that differ",
        estimated ? "keys with a copy missing (estimate)" : "keys with a copy missing",
      ],
      rows: parts.flatMap(({ facet, lines }) =>
        facet.series.flatMap(({ cell }, i) =>
          (lines[i]?.differing.middle ?? []).map((point) => {
            const missed = lines[i]!.missing?.middle.find(({ x }) => x === point.x)?.y;
            return [
              cell.label,
              point.x,
              Math.round(point.y * 10) / 10,
              lines[i]!.missing === undefined ? 0 : missed === undefined ? null : Math.round(missed * 10) / 10,
            ];
          }),
        ),
      ),
    },
  };
}

/** Whether a number is about all keys or about those of a sample. */
function coverage(cells: readonly ChartCell[]): string {
  const all = cells
    .flatMap((cell) => cell.figures.map((figures) => figures.divergence))
    .filter(({ t }) => t.length > 0);
  const scans = all.reduce((sum, { t }) => sum + t.length, 0);
  const sampled = all.reduce((sum, one) => sum + one.t.filter((_, index) => sampledAt(one, index)).length, 0);
  const final = all.filter((one) => one.finalPopulation !== undefined && one.finalPopulation > 0);
  const whole = final.filter((one) => one.finalInspected! >= one.finalPopulation!).length;
  const mid =
    sampled === 0
      ? "Every scan looked at all keys"
      : sampled === scans
        ? "No scan looked at all keys"
        : `${count(scans - sampled)} of ${counted(scans, "scan")} looked at all keys`;
  if (final.length === 0) return `${mid}.`;
  return `${mid}; the last ${whole === final.length ? "did in every trial" : `did in ${count(whole)} of ${counted(final.length, "trial")}`}.`;
}

/** Not all keys were looked at. Older figures bound the keys looked at from above: unreachable ones may be judged. */
function sampledAt({ columns }: TimeSeries, index: number): boolean {
  const at = (name: string): number => columns[name]?.[index] ?? 0;
  if (columns["inspected"] !== undefined) return at("inspected") < at("population");
  return at("examined") + at("busy") + at("unreachable") < at("population");
}

function isSampled(scans: TimeSeries): boolean {
  return scans.t.some((_, index) => sampledAt(scans, index));
}

/** Scaled from a sample to all keys. Where no key could be judged, nothing is known: a gap, not a zero. */
function ofAllKeys(scans: TimeSeries): TimeSeries {
  return scaledToAllKeys(scans, ["divergent", "missing"]);
}

/** The named columns, of a sample as of all keys. */
export function scaledToAllKeys(scans: TimeSeries, names: readonly string[]): TimeSeries {
  const scaledTo = (name: string): (number | null)[] =>
    scans.t.map((_, index) => {
      const value = scans.columns[name]?.[index] ?? null;
      const examined = scans.columns["examined"]?.[index] ?? null;
      if (value === null || examined === 0) return null;
      return examined !== null && sampledAt(scans, index)
        ? (value * scans.columns["population"][index]!) / examined
        : value;
    });
  return { t: scans.t, columns: Object.fromEntries(names.map((name) => [name, scaledTo(name)])) };
}

function linesOf(cell: ChartCell): Lines | undefined {
  const series = alignedByTime(cell.figures.map((figures) => ofAllKeys(figures.divergence)));
  const differing = overRepetitions(series, "divergent");
  if (differing === undefined) return undefined;
  const missing = overRepetitions(series, "missing");
  // Where nothing ever differed there is no "from here on".
  let agreedAt: number | undefined;
  let differed = false;
  for (const point of differing.high) {
    if (point.y > 0) {
      agreedAt = undefined;
      differed = true;
    } else if (differed) agreedAt ??= point.x;
  }
  return { differing, missing: missing?.high.some((point) => point.y > 0) === true ? missing : undefined, agreedAt };
}

function datasets({ name, style }: Series, lines: Lines | undefined): { readonly [key: string]: Plain }[] {
  if (lines === undefined) return [];
  const out = [line(name, style, pointsOnAxis(lines.differing.middle), { pointRadius: 0, clip: 5 })];
  if (lines.missing !== undefined)
    out.push(
      line(name, style, pointsOnAxis(lines.missing.middle), {
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
  let untouched = 0;
  for (const cell of cells)
    for (const figures of cell.figures) {
      differ += figures.divergence.finalDivergent;
      examined += figures.divergence.finalExamined;
      if (figures.divergence.finalExamined === 0) untouched += 1;
    }
  const doubt = untouched > 0 ? ` ${counted(untouched, "trial")} ended without a final scan.` : "";
  if (examined === 0) return `${peakOf(cells)}; there was no scan at the end.`;
  const final =
    differ === 0
      ? `at the end none of ${count(examined)} keys examined did`
      : `at the end ${count(differ)} of ${count(examined)} keys examined (${percent(differ / examined)}) still did`;
  return `${peakOf(cells)}; ${final}.${doubt}`;
}

/** By the metric where it was measured, which knows the measured phase and an interval; else by the scans drawn. */
function peakOf(cells: readonly ChartCell[]): string {
  const known = cells
    .map((cell) => ({ cell, metric: cell.summary.metrics["divergent_keys_max"] }))
    .filter(({ metric }) => metric !== undefined && metric.value !== null)
    .sort((a, b) => b.metric.value! - a.metric.value!)[0];
  if (known !== undefined)
    return known.metric.value === 0
      ? "No scan of the measured phase found two replicas that differ"
      : `In the worst scan of the measured phase ${metricInWords(known.metric)} differed (${known.cell.label})`;
  const worst = cells
    .map((cell) => {
      const scans = cell.figures.flatMap((figures) => ofAllKeys(figures.divergence).columns["divergent"]);
      const estimated = cell.figures.some((figures) => isSampled(figures.divergence));
      return { cell, keys: Math.max(0, ...scans.map((value) => value ?? 0)), estimated };
    })
    .sort((a, b) => b.keys - a.keys)[0];
  return worst.keys === 0
    ? "No scan found two replicas that differ"
    : `The most keys that differed in one scan were ${worst.estimated ? "an estimated " : ""}${plain(worst.keys)} (${worst.cell.label})`;
}

function describe(cell: ChartCell, lines: Lines | undefined): string {
  if (lines === undefined) return `${cell.label}: not inspected`;
  const high = Math.max(...lines.differing.middle.map((point) => point.y));
  return `${cell.label}: up to ${plain(trimmed(high))} keys${lines.agreedAt === undefined ? "" : `, none from ${plain(lines.agreedAt)} s on`}`;
}
