/**
 * Published values beside measured ones. A paper's number belongs to cells, named by their axes or settings; whether ours lies within the
 * tolerance that the experiment states is said in words, and when the point lies outside but its interval reaches in, that is
 * neither a success nor a failure. A value that nobody measured but somebody derived is labelled as analytic by its source.
 */
import { chartInput } from "../charts/cells";
import { escapeText } from "../charts/markup";
import { count, metricInWords, NBSP, percent, plain, withUnit } from "../charts/numbers";
import type { MetricValue } from "../record/figures";
import type { CellSummary, LoadedRun, PublishedValue } from "../record/run-folder";
import { describeMetric as describeKnown } from "../record/metrics";
import { publishedFor } from "../statistics/published-values";
import { WORLD_IN_WORDS, worldsOf } from "../statistics/worlds";
import { dataTable } from "./tables";

export type PublishedVerdict = "pass" | "fail" | "inconclusive" | "not-run";

export interface BesidePublished {
  readonly cell: CellSummary;
  readonly published: PublishedValue;
  readonly measured: MetricValue | undefined;
  readonly verdict: PublishedVerdict;
}

/** Every published value with every cell it belongs to, in the experiment's order. */
export function besidePublished(run: LoadedRun): BesidePublished[] {
  return (run.manifest.published ?? []).flatMap((published) =>
    run.cells
      .filter((cell) => publishedFor(run, cell, published))
      .map((cell) => {
        const measured = cell.metrics[published.metric];
        return { cell, published, measured, verdict: verdictOn(published, measured) };
      }),
  );
}

/** HTML; empty when the experiment names no published value. */
export function publishedSection(run: LoadedRun): string {
  const wanted = run.manifest.published ?? [];
  if (wanted.length === 0) return "";
  const all = besidePublished(run);
  const labels = new Map(chartInput(run).cells.map((cell) => [cell.summary.id, cell]));
  const inside = all.filter(({ verdict }) => verdict === "pass").length;
  const without = wanted.filter((one) => !all.some(({ published }) => published === one)).length;
  const worlds = worldsOf(run).length;
  const rows = all.map(({ cell, published, measured, verdict }) => {
    const unit = measured?.unit ?? describeKnown(published.metric)?.unit ?? "";
    return [
      [labels.get(cell.id)?.quorum, labels.get(cell.id)?.other].filter(Boolean).join(" · ") || cell.id,
      ...(worlds > 1 ? [WORLD_IN_WORDS[cell.world]] : []),
      describeKnown(published.metric)?.title ?? published.metric,
      asPublished(published.value, unit),
      `±${NBSP}${roomInWords(published, unit)}`,
      metricInWords(measured),
      VERDICT_IN_WORDS[verdict],
      /^analytic/i.test(published.source) ? published.source : `published: ${published.source}`,
    ];
  });
  return (
    `<h3 id="published">Published beside measured</h3><p class="answer">${escapeText(
      `${count(inside)} of ${count(all.length)} measured values lie within the tolerance around the published one.` +
        (without === 0 ? "" : ` ${count(without)} published values belong to no configuration of this run.`),
    )}</p>` +
    `<div class="wide">` +
    dataTable(
      {
        columns: [
          "configuration",
          ...(worlds > 1 ? ["world"] : []),
          ...["metric", "published", "tolerance", "measured", "verdict", "source"],
        ],
        rows,
      },
      Infinity,
      "plain",
    ) +
    "</div>"
  );
}

export const VERDICT_IN_WORDS: Readonly<Record<PublishedVerdict, string>> = {
  pass: "✓ inside",
  fail: "✗ outside",
  inconclusive: "? outside, but its interval reaches inside",
  "not-run": "– not measured",
};

/** To the last digit of the source: 1364 ms are not 1360. */
function asPublished(value: number, unit: string): string {
  const bare = (number: number): string => String(Number(number.toPrecision(12)));
  if (unit === "ratio") return `${bare(100 * value)}${NBSP}%`;
  return withUnit(1, unit).replace("1", bare(value));
}

/** A share's room in its own unit is in points: "± 0.5 %" would also mean five thousandths of it. */
function roomInWords({ value, tolerance, within }: PublishedValue, unit: string): string {
  const room = within ?? (value === 0 ? tolerance : undefined);
  if (room === undefined) return percent(tolerance);
  return unit === "ratio" ? `${plain(100 * room)}${NBSP}points` : withUnit(room, unit);
}

/** Within the tolerance, bounds included: up to rounding, so that 0.95 is within 5 % of 1. */
function verdictOn({ value, tolerance, within }: PublishedValue, measured: MetricValue | undefined): PublishedVerdict {
  if (measured === undefined || measured.value === null) return "not-run";
  const room = (within ?? (value === 0 ? tolerance : tolerance * Math.abs(value))) * (1 + 1e-9);
  if (Math.abs(measured.value - value) <= room) return "pass";
  const { lo, hi } = measured;
  return lo !== null && hi !== null && lo <= value + room && hi >= value - room ? "inconclusive" : "fail";
}
