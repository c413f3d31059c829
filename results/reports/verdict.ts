/**
 * The run in a few sentences, from its numbers alone. What the experiment claims comes first; then where
 * something failed, or nodes mended something: who injects a fault asks what it did. Which sentences follow depends on what varied: where the
 * quorums of some cells do not overlap (R + W <= N), staleness is told along that line, because it is the line the
 * theory draws (Gifford 1979); else the most and the least stale cell are named. No difference is claimed whose
 * intervals overlap, nothing is called impossible because it was not seen, and nothing is called unseen that an excluded
 * repetition or configuration saw. A run in both worlds has a verdict for each, and one on their distance.
 */
import { chartInput, quorumsOverlap, type ChartCell } from "../charts/cells";
import { intervalNoun } from "../charts/interval-words";
import { counted, listed, metricInWords, percent, plain } from "../charts/numbers";
import { distanceInWords } from "../charts/world-distance";
import type { MetricValue } from "../record/figures";
import type { LoadedRun } from "../record/run-folder";
import { inAxisOrder } from "../statistics/axis-order";
import { worldDistances } from "../statistics/distance";
import type { HypothesisVerdict } from "../statistics/expectations";
import { intervalKind } from "../statistics/summarise";
import { wilson } from "../statistics/wilson";
import { inWorld, WORLD_IN_WORDS, worldsOf, type World } from "../statistics/worlds";
import { saturationInBrief } from "./saturation";
import { clockInWords } from "./clock-verdict";
import { healingInBrief } from "./healing-verdict";
import { decidingHypotheses } from "./run-verdict";

export interface Verdict {
  /** undefined: about both. */
  readonly world: World | undefined;
  /** Plain text, not escaped. */
  readonly text: string;
}

/** One for each world, and with both one on the distance between them. */
export function verdictsOf(run: LoadedRun): Verdict[] {
  const worlds = worldsOf(run);
  if (worlds.length < 2) return [{ world: worlds[0], text: ofOneWorld(run) }];
  const distances = worldDistances(inAxisOrder(run));
  const names = new Map(chartInput(inWorld(run, "processes")).cells.map((cell) => [cell.summary.id, cell.label]));
  return [
    ...worlds.map((world) => ({ world, text: ofOneWorld(inWorld(run, world)) })),
    ...(distances.length === 0 ? [] : [{ world: undefined, text: distanceInWords(distances, names) }]),
  ];
}

/** Plain text, not escaped; with two worlds each is named before its own. */
export function verdictOf(run: LoadedRun): string {
  const verdicts = verdictsOf(run);
  return verdicts
    .map(({ world, text }) =>
      world === undefined || verdicts.length < 2 ? text : `${capital(WORLD_IN_WORDS[world])}: ${text}`,
    )
    .join(" ");
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function ofOneWorld(run: LoadedRun): string {
  // A search overloads on purpose: its rates are no configurations to choose from.
  if (run.manifest.saturation !== undefined && run.cells.length > 0) return saturationInBrief(run);
  const cells = chartInput(run).cells;
  // What the run's own checks call invalid shows nothing.
  const named = cells.filter((cell) => cell.summary.validity.verdict !== "invalid");
  if (named.length === 0 && cells.length > 0)
    return [invalid(cells), seenElsewhere(run, named)].filter((sentence) => sentence !== "").join(" ");
  const sentences = [
    claims(run),
    unserved(named),
    healingInBrief(named),
    doubtful(cells),
    staleness(named),
    seenElsewhere(run, named),
    price(named),
    conflicts(named),
    clockInWords(named),
    chance(named),
  ].filter((sentence) => sentence !== "");
  if (sentences.every((sentence) => sentence === doubtful(cells)))
    return run.cells.length === 0
      ? "No configuration finished, so there is nothing to conclude."
      : "Neither stale reads nor read latencies were measured, so this run has no verdict of its own; see the tables.";
  return [invalid(cells), ...sentences].filter((sentence) => sentence !== "").join(" ");
}

/** What the experiment itself asked, and whether that could be decided: it is what its reader came for, and the exit code says the same. */
function claims(run: LoadedRun): string {
  const judged = decidingHypotheses(run);
  const of = (wanted: HypothesisVerdict): string[] =>
    judged.filter(({ verdict }) => verdict === wanted).map(({ hypothesis }) => hypothesis.id);
  const say = (ids: readonly string[], one: string, more: string): string[] =>
    ids.length === 0 ? [] : [`${listed(ids)} ${ids.length === 1 ? one : more}`];
  const parts = [
    ...say(of("holds"), "holds", "hold"),
    ...say(of("does not hold"), "does not hold", "do not hold"),
    ...say(of("inconclusive"), "is not decided", "are not decided"),
  ];
  return parts.length === 0 ? "" : `Of what the experiment claims, ${parts.join(", ")}.`;
}

/** Below this, what follows about latency is about the luckier part of what was asked. */
const SERVED = 0.999;

/** Latencies and staleness are of what was answered: where much was not, that comes first. */
function unserved(cells: readonly ChartCell[]): string {
  const known = measured(cells, "availability");
  const worst = known[0];
  if (worst === undefined || worst.metric.value >= SERVED) return "";
  const others = known.filter(({ metric }) => metric.value < SERVED).length - 1;
  const more = others === 0 ? "" : `, and ${counted(others, "other configuration")} fewer than ${percent(SERVED)}`;
  return `Of the operations that were due only ${metricInWords(worst.metric)} succeeded at ${worst.cell.label}${more}: latencies and stale reads are of those alone.`;
}

interface Measured {
  readonly cell: ChartCell;
  readonly metric: MetricValue & { readonly value: number };
}

/**
 * Stale reads of what the sentences leave out. A store that was seen to lose sight of a write did so, however busy the machine
 * was: the rate is in doubt then, the fact is not.
 */
function seenElsewhere(run: LoadedRun, named: readonly ChartCell[]): string {
  if (named.some((cell) => cell.figures.some(({ stale }) => stale.hits > 0))) return "";
  const inUse = new Set(named.flatMap((cell) => cell.figures));
  const excluded = run.trials.filter(({ figures }) => figures !== null && !inUse.has(figures));
  const seen = excluded.filter(({ figures }) => figures!.stale.hits > 0);
  if (seen.length === 0) return "";
  const hits = seen.reduce((sum, { figures }) => sum + figures!.stale.hits, 0);
  const labels = new Map(chartInput(run).cells.map((cell) => [cell.summary.id, cell.label]));
  const where = [...new Set(seen.map(({ record }) => labels.get(record.cell) ?? record.cell))];
  return `But ${counted(seen.length, "repetition")} left out as invalid (${where.slice(0, 3).join(", ")}${where.length > 3 ? ` and ${where.length - 3} more` : ""}) did see ${counted(hits, "stale read")}: it happens, how often is in doubt.`;
}

function staleness(cells: readonly ChartCell[]): string {
  const known = measured(cells, "p_stale");
  if (known.length === 0) return "";
  const weak = known.filter(({ cell }) => quorumsOverlap(cell) === false);
  const strict = known.filter(({ cell }) => quorumsOverlap(cell) === true);
  if (weak.length > 0 && (strict.length > 0 || weak.length === known.length))
    return [ofWeakQuorums(weak), ofStrictQuorums(strict, weak.at(-1))].filter((sentence) => sentence !== "").join(" ");
  const stalest = known.at(-1)!;
  const freshest = known[0];
  if (stalest.metric.value === 0)
    return `No stale read was seen in ${known.length === 1 ? "the one configuration" : `any of ${known.length} configurations`}${atMost(known)}.`;
  if (known.length === 1) return `Of all reads of written keys, ${metricInWords(stalest.metric)} were stale.`;
  return lower(stalest) > upper(freshest)
    ? `Stale reads ranged from ${metricInWords(freshest.metric)} (${freshest.cell.label}) to ${metricInWords(stalest.metric)} (${stalest.cell.label}).`
    : `Stale reads lay between ${metricInWords(freshest.metric)} and ${metricInWords(stalest.metric)}; the intervals overlap, so no configuration is shown to be fresher than another.`;
}

/** Names the stalest and says whether that is more than nothing; what differs at the same quorum is put beside it. */
function ofWeakQuorums(weak: readonly Measured[]): string {
  const worst = weak.at(-1)!;
  if (worst.metric.value === 0)
    return `No stale read was seen even where R + W ≤ N, where a read can miss a write that was already acknowledged${atMost(weak)}.`;
  const { lo } = worst.metric;
  const doubt =
    lo === null
      ? "there are too few repetitions for an interval"
      : lo > 0
        ? `the ${intervalNoun(worst.metric)} lies above zero`
        : `the ${intervalNoun(worst.metric)} reaches down to zero, so this run does not prove that it happens again`;
  const first = `Where R + W ≤ N, a read can miss a write that was already acknowledged: at ${worst.cell.label} this happened to ${metricInWords(worst.metric)} of reads, and ${doubt}.`;
  const least = weak.find(({ cell }) => cell.quorum !== "" && cell.quorum === worst.cell.quorum);
  const peers = weak.filter(({ cell }) => cell.quorum === worst.cell.quorum).length;
  if (least === undefined || least === worst) return first;
  const apart = lower(worst) > upper(least) ? "" : "; the intervals overlap, so they are not told apart";
  return `${first} That is the highest of ${peers} configurations with ${worst.cell.quorum}; the lowest is ${metricInWords(least.metric)} (${least.cell.other})${apart}.`;
}

function ofStrictQuorums(strict: readonly Measured[], worstWeak: Measured | undefined): string {
  const worst = strict.at(-1);
  if (worst === undefined) return "";
  const bound = Math.max(...strict.map(confidentAtMost));
  const apart = worstWeak === undefined || worstWeak.metric.value === 0 || lower(worstWeak) > bound;
  const undecided = apart ? "" : "; the intervals overlap, so this run cannot tell the two apart";
  return worst.metric.value === 0
    ? `Where R + W > N, it was not seen${atMost(strict)}${undecided}.`
    : `Where R + W > N, the highest share was ${metricInWords(worst.metric)} (${worst.cell.label})${undecided}${apart ? `, and ${confidence(strict)} no configuration is above ${percent(bound)}` : ""}.`;
}

/** Six repetitions speak of the next one; fewer only of the reads that these had. */
function confidence(cells: readonly Measured[]): string {
  return cells.every(({ metric }) => intervalKind(metric.n) === "over-repetitions")
    ? "at 95 % confidence"
    : "at 95 % confidence for these runs";
}

/** What was never seen is bounded, not called never. */
function atMost(cells: readonly Measured[]): string {
  const bound = Math.max(...cells.map(confidentAtMost));
  return bound > 0
    ? `; ${confidence(cells)} it happens to at most ${percent(bound)} of reads${cells.length > 1 ? " in any of these configurations" : ""}`
    : "";
}

/**
 * The upper end of the interval, or of that of all reads together where it is further up: of repetitions that saw
 * nothing, the interval of the median ends at zero, however few reads there were.
 */
function confidentAtMost(one: Measured): number {
  const hits = one.cell.figures.reduce((sum, { stale }) => sum + stale.hits, 0);
  const total = one.cell.figures.reduce((sum, { stale }) => sum + stale.total, 0);
  return Math.max(upper(one), total === 0 ? 0 : wilson(hits, total).hi);
}

function price(cells: readonly ChartCell[]): string {
  const known = measured(cells, "read_p99_ms");
  if (known.length === 0) return "";
  const fastest = known[0];
  const slowest = known.at(-1)!;
  if (known.length === 1) return `99 of 100 reads took no longer than ${metricInWords(fastest.metric)}.`;
  return upper(fastest) < lower(slowest)
    ? `99 of 100 reads took no longer than ${metricInWords(fastest.metric)} at ${fastest.cell.label} and ${metricInWords(slowest.metric)} at ${slowest.cell.label}.`
    : `Read latency (p99) lay between ${metricInWords(fastest.metric)} and ${metricInWords(slowest.metric)}; the intervals overlap, so no configuration is shown to be faster.`;
}

/** How many versions a read handed back: the other half of what a quorum and a clock decide. */
function conflicts(cells: readonly ChartCell[]): string {
  const means = measured(cells, "siblings_mean");
  if (means.length === 0) return "";
  const most = measured(cells, "siblings_max").at(-1);
  const highest = means.at(-1)!;
  const lowest = means[0];
  if (most !== undefined && most.metric.value <= 1) return "No read returned siblings.";
  const peak = most === undefined ? "" : `, one as many as ${plain(most.metric.value)} (${most.cell.label})`;
  if (means.length === 1) return `Siblings: reads returned ${metricInWords(highest.metric)} on average${peak}.`;
  const first = `Siblings: reads returned on average between ${plain(lowest.metric.value)} (${lowest.cell.label}) and ${metricInWords(highest.metric)} (${highest.cell.label})${peak}`;
  return lower(highest) > upper(lowest)
    ? `${first}.`
    : `${first}; the intervals of the averages overlap, so no configuration is shown to have fewer.`;
}

/** What the sentences before do not cover. Intervals of few repetitions speak of their operations, not of another run. */
function chance(cells: readonly ChartCell[]): string {
  if (cells.length < 2) return "";
  if (cells.some((cell) => cell.figures.length === 1))
    return "Each configuration ran once: the intervals do not cover how much another run would differ.";
  if (cells.some((cell) => intervalKind(cell.figures.length) === "envelope"))
    return "With fewer than six repetitions what stands in brackets is the envelope of the runs' own intervals: it does not cover how much another run would differ.";
  const latencies = measured(cells, "read_p99_ms");
  return latencies.some(({ metric }) => metric.lo === null || metric.hi === null)
    ? "There are too few repetitions for intervals of the latencies: their differences may be chance."
    : "";
}

/** This comes first: numbers that show nothing must not be read as a result. */
function invalid(cells: readonly ChartCell[]): string {
  const count = cells.filter((cell) => cell.summary.validity.verdict === "invalid").length;
  if (count === 0) return "";
  return count === cells.length
    ? "The run's own checks call every configuration invalid: no trial counts, and nothing is summarised. See the doubts for why."
    : `Do not use ${count} of ${cells.length} configurations: the run's own checks call them invalid.`;
}

function doubtful(cells: readonly ChartCell[]): string {
  return cells.length > 0 && cells.every((cell) => cell.summary.validity.verdict === "doubtful")
    ? "The run's own checks doubt every configuration: take the numbers with care."
    : "";
}

/** Cells that have the metric, lowest value first. */
function measured(cells: readonly ChartCell[], name: string): Measured[] {
  return cells
    .flatMap((cell): Measured[] => {
      const metric = cell.summary.metrics[name];
      return metric === undefined || metric.value === null
        ? []
        : [{ cell, metric: { ...metric, value: metric.value } }];
    })
    .sort((a, b) => a.metric.value - b.metric.value);
}

function lower({ metric }: Measured): number {
  return metric.lo ?? metric.value;
}

function upper({ metric }: Measured): number {
  return metric.hi ?? metric.value;
}
