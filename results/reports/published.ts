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
  /** All that a share is summed over, `cell` the first; else `cell` alone. */
  readonly cells: readonly CellSummary[];
  readonly published: PublishedValue;
  readonly measured: MetricValue | undefined;
  readonly verdict: PublishedVerdict;
}

/** Every published value with every cell it belongs to, in the experiment's order. */
export function besidePublished(run: LoadedRun): BesidePublished[] {
  return (run.manifest.published ?? []).flatMap((published) => {
    const cells = run.cells.filter((cell) => publishedFor(run, cell, published));
    const { relativeTo } = published;
    if (relativeTo === undefined)
      return cells.map((cell) => {
        const measured = cell.metrics[published.metric];
        return { cell, cells: [cell], published, measured, verdict: verdictOn(published, measured) };
      });
    const where = { ...published.where, ...relativeTo };
    return worldsOf(run).flatMap((world) => {
      const own = cells.filter((cell) => cell.world === world);
      if (own.length === 0) return [];
      const others = run.cells.filter(
        (cell) => cell.world === world && publishedFor(run, cell, { ...published, where }),
      );
      const measured = shareOf(own, others, published.metric);
      return [{ cell: own[0], cells: own, published, measured, verdict: verdictOn(published, measured) }];
    });
  });
}

/**
 * The metric of some cells as a share of what it is in as many others, each summed. Without an interval: what makes one cell's count large
 * in a trial makes the others' large too, so that their own intervals say little about their quotient.
 */
function shareOf(own: readonly CellSummary[], others: readonly CellSummary[], metric: string): MetricValue | undefined {
  const values = (cells: readonly CellSummary[]): (number | null)[] =>
    cells.map((cell) => cell.metrics[metric]?.value ?? null);
  const all = [...values(own), ...values(others)];
  const sum = (cells: readonly CellSummary[]): number =>
    values(cells).reduce<number>((total, one) => total + (one ?? 0), 0);
  const bound = (cells: readonly CellSummary[]): boolean =>
    cells.some((cell) => cell.metrics[metric]?.atLeast === true);
  if (own.length !== others.length || all.includes(null) || sum(others) === 0 || bound(others)) return undefined;
  return {
    value: sum(own) / sum(others),
    ...{ lo: null, hi: null, n: own.length, unit: "ratio" },
    ...(bound(own) ? { atLeast: true as const } : {}),
  };
}

/** What a published value is about: its cell, or what the cells that are summed have in common. */
export function aboutInWords(
  { cell, cells, published }: BesidePublished,
  label: (cell: CellSummary) => string,
): string {
  if (published.relativeTo === undefined) return label(cell);
  const named = (values: PublishedValue["where"]): string =>
    Object.entries(values)
      .map(([name, value]) => `${name.split(".").at(-1)!} ${String(value)}`)
      .join(", ");
  const over = cells.length > 1 ? `, over ${count(cells.length)} cells` : "";
  return `${named(published.where)} as a share of ${named(published.relativeTo)}${over}`;
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
  const rows = all.map((one) => {
    const { cell, published, measured, verdict } = one;
    const unit =
      measured?.unit ?? (published.relativeTo === undefined ? describeKnown(published.metric)?.unit : "ratio") ?? "";
    return [
      aboutInWords(one, ({ id }) => [labels.get(id)?.quorum, labels.get(id)?.other].filter(Boolean).join(" · ") || id),
      ...(worlds > 1 ? [WORLD_IN_WORDS[cell.world]] : []),
      describeKnown(published.metric)?.title ?? published.metric,
      asPublished(published.value, unit),
      published.atMost === undefined
        ? `±${NBSP}${roomInWords(published, unit)}`
        : `at most ${asPublished(published.atMost, unit)}`,
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
function verdictOn(published: PublishedValue, measured: MetricValue | undefined): PublishedVerdict {
  if (measured === undefined || measured.value === null) return "not-run";
  const { value, tolerance, within, atMost } = published;
  if (atMost !== undefined) {
    if (measured.value <= atMost * (1 + 1e-9)) return "pass";
    return measured.lo !== null && measured.lo <= atMost ? "inconclusive" : "fail";
  }
  const room = (within ?? (value === 0 ? tolerance : tolerance * Math.abs(value))) * (1 + 1e-9);
  if (Math.abs(measured.value - value) <= room) return "pass";
  const { lo, hi } = measured;
  return lo !== null && hi !== null && lo <= value + room && hi >= value - room ? "inconclusive" : "fail";
}
