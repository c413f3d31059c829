/**
 * Failure detectors judged against what really happened: how long until a crash is found out, how often and for how long a
 * running node is taken for dead, and what clients saw of either. Opinions and truth are told as they happen and judged
 * at the end (`detection-quality.ts` says what counts as what); operations are sorted into windows as they come.
 *
 * Rates are per pair of observer and subject, so that clusters of different size can be set side by side. No mistake in the
 * time there was is no rate of zero: the upper end of its interval says how much was looked at. Detection times are
 * estimated with those that were never detected counted for as long as they were watched (Kaplan and Meier).
 */
import type { DetectionFigures, DetectionTimes, MetricValue, Suspicion } from "../record/figures";
import { type DetectionEvent, isApart } from "../record/detection";
import { certaintyOf, type Micros, type OperationRecord, isSpan } from "../record/history";
import { LatencyHistogram } from "../record/histogram";
import { kaplanMeier, survivalQuantile, type Departures } from "../statistics/kaplan-meier";
import { poissonInterval } from "../statistics/poisson";
import { type DetectionHistory, DetectionRecorder, troubles } from "./detection-history";
import {
  type Episode,
  episodesOf,
  type PairAccuracy,
  qualityOf,
  type Quality,
  trustedAt,
  type Watch,
} from "./detection-quality";
import { DetectionWindows } from "./detection-windows";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { isMeasurable, latencyPercentile, notMeasured } from "./percentiles";

const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_MS = 1_000;
/** Kept for charts. */
const MOST_SUSPICIONS = 600;
const MOST_TRUTHS = 300;
const MOST_EPISODES = 400;
const MOST_OBSERVERS = 256;
const MOST_LEVELS = 2_048;
/** Of the normal distribution, at 95 %. */
const NORMAL_95 = 1.96;

interface Clients {
  readonly histogram: LatencyHistogram;
  operations: number;
  failed: number;
}

export class DetectionMeasure implements Measure {
  readonly name = "detection";
  private readonly grid: IntervalGrid;
  private readonly recorder = new DetectionRecorder();
  private readonly windows: DetectionWindows;
  private clients: { readonly undetected: Clients; readonly otherwise: Clients } | undefined;
  private refusedByMistake = 0;
  private scale: { readonly unit: string; readonly threshold: number } | undefined;
  private level: { observer: number; subject: number; at: Micros[]; level: number[] } | undefined;
  /** Only every so many samples of the level are kept. */
  private keepOneIn = 1;
  private sampled = 0;

  constructor(setup: Pick<MeasureSetup, "grid">) {
    this.grid = setup.grid;
    this.windows = new DetectionWindows(() => {
      // Before the warm-up there is no measured phase, and nobody asks for it either.
      if (!this.grid.begun) return { from: Infinity, to: Infinity };
      const { startOfMeasure, endOfMeasure } = this.grid.phases;
      return { from: startOfMeasure, to: endOfMeasure };
    });
  }

  detection(event: DetectionEvent): void {
    if (event.kind === "scale") this.scale = event;
    else if (event.kind === "level") this.sample(event);
    else {
      this.recorder.add(event);
      this.windows.change(event);
    }
  }

  operation(operation: OperationRecord): void {
    if (!this.recorder.told || operation.phase !== "measure" || isSpan(operation.kind)) return;
    const { start, end, outcome } = operation;
    const clients = (this.clients ??= { undetected: newClients(), otherwise: newClients() });
    const then = this.windows.undetectedAt(start) ? clients.undetected : clients.otherwise;
    then.operations++;
    if (certaintyOf(outcome) === "ok") then.histogram.record(Math.max(0, end - operation.intended));
    else then.failed++;
    const refused = outcome === "unavailable" || outcome === "quorum_unreachable";
    if (refused && (this.windows.mistakenAt(start) || this.windows.mistakenAt(end))) this.refusedByMistake++;
  }

  finish(): Findings {
    const { recorder, clients } = this;
    if (!recorder.told) return {};
    const { startOfMeasure, endOfMeasure } = this.grid.phases;
    const history = recorder.history(startOfMeasure, endOfMeasure);
    const quality = qualityOf(history);
    const crashes = episodesOf(history, quality.crashes, "down");
    const pauses = episodesOf(history, quality.pauses, "paused");
    const findings = {
      metrics: {
        ...this.metricsOf(quality, crashes, pauses),
        fd_trusted_final: inView(trustedAt(history, history.to)),
        ...this.clientMetrics(),
      },
      figures: { detection: this.figuresOf(history, quality, crashes, pauses) },
    };
    clients?.undetected.histogram.destroy();
    clients?.otherwise.histogram.destroy();
    this.clients = undefined;
    return findings;
  }

  private sample({ at, observer, subject, level }: Extract<DetectionEvent, { kind: "level" }>): void {
    if (!Number.isFinite(level)) return;
    const kept = (this.level ??= { observer, subject, at: [], level: [] });
    if (this.sampled++ % this.keepOneIn !== 0) return;
    kept.at.push(at);
    kept.level.push(level);
    if (kept.at.length < MOST_LEVELS) return;
    // Half as often from now on, of two the higher: what a chart must not lose is how high it went.
    const higher = kept.level.flatMap((_, i) =>
      i % 2 === 0 ? [(kept.level[i + 1] ?? -Infinity) > kept.level[i] ? i + 1 : i] : [],
    );
    kept.at = higher.map((i) => kept.at[i]);
    kept.level = higher.map((i) => kept.level[i]);
    this.keepOneIn *= 2;
    this.sampled = 0;
  }

  private metricsOf(
    quality: Quality,
    crashes: readonly Episode[],
    pauses: readonly Episode[],
  ): Record<string, MetricValue> {
    const all = together(quality.observers);
    const pairSeconds = all.judged / MICROS_PER_SECOND;
    const count = (value: number): MetricValue => exact(value, all.mistakes, "count");
    const ofCrashes = departures(quality.crashes);
    const ofPauses = departures(quality.pauses);
    const metrics: Record<string, MetricValue> = {
      fd_mistake_rate: rate(all.mistakes, pairSeconds),
      fd_mistake_ms:
        all.mistakes === 0
          ? notMeasured("ms")
          : {
              ...exact(all.mistakeTime / MICROS_PER_MS / all.mistakes, all.mistakes, "ms"),
              ...(all.openMistakes > 0 ? { atLeast: true as const } : {}),
            },
      fd_query_accuracy:
        all.judged === 0 ? notMeasured("ratio") : exact(1 - all.mistaken / all.judged, all.mistakes, "ratio"),
      fd_false_positives: all.judged === 0 ? notMeasured("count") : count(all.mistakes),
      fd_false_positives_healthy: all.judged === 0 ? notMeasured("count") : count(quality.mistakesByHealthy),
      fd_false_positives_of_healthy: all.judged === 0 ? notMeasured("count") : count(quality.mistakesOfHealthy),
      fd_false_positives_among_healthy: all.judged === 0 ? notMeasured("count") : count(quality.mistakesAmongHealthy),
    };
    const times = (prefix: string, pairs: readonly Departures[], episodes: readonly Episode[]): void => {
      if (pairs.length === 0) return;
      const first = episodes.map(({ first: took, length }) => departure(took, length));
      const whole = episodes.map(({ all: took, length }) => departure(took, length));
      metrics[`${prefix}detection_ms`] = quantile(pairs, 0.5);
      metrics[`${prefix}detection_p99_ms`] = quantile(pairs, 0.99);
      metrics[`${prefix}first_detection_ms`] = quantile(first, 0.5);
      metrics[`${prefix}first_detection_p99_ms`] = quantile(first, 0.99);
      metrics[`${prefix}dissemination_ms`] = quantile(whole, 0.5);
      metrics[`${prefix}dissemination_p99_ms`] = quantile(whole, 0.99);
    };
    times("fd_", ofCrashes, crashes);
    if (ofCrashes.length > 0) {
      metrics["fd_detection_max_ms"] = longest(quality.crashes);
      metrics["fd_first_detection_mean_ms"] = meanFirst(crashes);
    }
    times("fd_pause_", ofPauses, pauses);
    if (ofCrashes.length > 0) {
      const missed = quality.crashes.filter(({ detected, throughout }) => !detected && throughout).length;
      metrics["fd_undetected_crashes"] = exact(missed, quality.crashes.length, "count");
    }
    if (ofPauses.length > 0)
      metrics["fd_pause_suspicions"] = exact(quality.pauseSuspicions, quality.pauses.length, "count");
    const returns = quality.returns + quality.openReturns;
    if (returns > 0)
      metrics["fd_return_ms"] = {
        ...exact(quality.returnTime / MICROS_PER_MS / Math.max(1, quality.returns), returns, "ms"),
        ...(quality.returns === 0 ? { value: null, n: 0 } : {}),
      };
    return metrics;
  }

  private clientMetrics(): Record<string, MetricValue> {
    const { clients, windows } = this;
    const seconds = windows.undetectedSeconds(this.grid.phases.endOfMeasure);
    if (clients === undefined) return {};
    const { undetected } = clients;
    return {
      fd_undetected_s: exact(seconds, undetected.operations, "s"),
      fd_refused_by_mistake: exact(
        this.refusedByMistake,
        undetected.operations + clients.otherwise.operations,
        "count",
      ),
      ...(undetected.operations === 0
        ? {}
        : {
            fd_undetected_p99_ms: latencyPercentile(undetected.histogram, 99),
            fd_undetected_failure_ratio: exact(
              undetected.failed / undetected.operations,
              undetected.operations,
              "ratio",
            ),
          }),
    };
  }

  private figuresOf(
    history: DetectionHistory,
    quality: Quality,
    crashes: readonly Episode[],
    pauses: readonly Episode[],
  ): DetectionFigures {
    const { startOfWarmup } = this.grid.phases;
    const seconds = (at: Micros): number => (at - startOfWarmup) / MICROS_PER_SECOND;
    const until = (at: Micros | undefined): number | null => (at === undefined ? null : seconds(at));
    const suspicions = suspicionsOf(history, startOfWarmup);
    const truth = truthOf(history).filter(({ to }) => to === undefined || to > startOfWarmup);
    const all = together(quality.observers);
    const sum = (time: Micros): number => time / MICROS_PER_SECOND;
    const { level, scale, clients } = this;
    const mean = (watches: readonly Watch[]): number | null => {
      const found = watches.filter(({ detected }) => detected);
      return found.length === 0
        ? null
        : found.reduce((total, { took }) => total + took, 0) / found.length / MICROS_PER_MS;
    };
    return {
      nodes: history.nodes,
      fromS: seconds(history.from),
      toS: seconds(history.to),
      dropped: history.dropped,
      crash: timesOf(quality.crashes, crashes, seconds),
      pause: timesOf(quality.pauses, pauses, seconds),
      accuracy: {
        pairSeconds: sum(all.judged),
        mistakes: all.mistakes,
        mistakesByHealthy: quality.mistakesByHealthy,
        mistakesOfHealthy: quality.mistakesOfHealthy,
        mistakesAmongHealthy: quality.mistakesAmongHealthy,
        mistakenSeconds: sum(all.mistaken),
        openMistakes: all.openMistakes,
        recurrences: { count: all.recurrences, seconds: sum(all.recurrenceTime) },
        goodPeriods: { count: all.goodPeriods, seconds: sum(all.goodTime) },
        returns: { count: quality.returns, open: quality.openReturns, seconds: sum(quality.returnTime) },
        pauseSuspicions: quality.pauseSuspicions,
        cutSuspicions: quality.cutSuspicions,
      },
      observers: quality.observers.slice(0, MOST_OBSERVERS).map((one, node) => {
        const own = quality.crashes.filter(({ observer }) => observer === node);
        return {
          node: history.nodes[node],
          pairSeconds: sum(one.judged),
          mistakes: one.mistakes,
          mistakenSeconds: sum(one.mistaken),
          detected: own.filter(({ detected }) => detected).length,
          missed: own.filter(({ detected, throughout }) => !detected && throughout).length,
          meanDetectionMs: mean(own),
        };
      }),
      suspicions: suspicions.slice(0, MOST_SUSPICIONS).map(({ observer, subject, from, to, of }) => ({
        ...{ observer, subject, fromS: seconds(from), toS: until(to), of },
      })),
      suspicionsLeftOut: Math.max(0, suspicions.length - MOST_SUSPICIONS),
      truth: truth.slice(0, MOST_TRUTHS).map(({ node, state, from, to }) => ({
        ...{ node, state, fromS: seconds(from), toS: until(to) },
      })),
      ...(level === undefined || scale === undefined
        ? {}
        : {
            level: {
              observer: level.observer,
              subject: level.subject,
              unit: scale.unit,
              threshold: scale.threshold,
              t: level.at.map(seconds),
              level: level.level.map((value) => Number(value.toPrecision(5))),
            },
          }),
      client: {
        undetectedSeconds: this.windows.undetectedSeconds(this.grid.phases.endOfMeasure),
        undetected: clientsThen(clients?.undetected),
        otherwise: clientsThen(clients?.otherwise),
        refusedByMistake: this.refusedByMistake,
      },
    };
  }
}

function newClients(): Clients {
  return { histogram: new LatencyHistogram(), operations: 0, failed: 0 };
}

function clientsThen(clients: Clients | undefined): DetectionFigures["client"]["undetected"] {
  if (clients === undefined) return { operations: 0, failed: 0, p50Ms: null, p99Ms: null };
  const { histogram, operations, failed } = clients;
  const at = (percentile: number): number | null =>
    isMeasurable(histogram.count, percentile) ? histogram.percentile(percentile) / MICROS_PER_MS : null;
  return { operations, failed, p50Ms: at(50), p99Ms: at(99) };
}

function together(observers: readonly PairAccuracy[]): PairAccuracy {
  const sum = { ...observers[0] };
  for (const one of observers.slice(1))
    for (const key of Object.keys(sum) as (keyof PairAccuracy)[]) sum[key] += one[key];
  return sum;
}

function exact(value: number, n: number, unit: string): MetricValue {
  return { value, lo: null, hi: null, n, unit };
}

/** Per pair and second, with the interval of a count as if mistakes were independent, which bursts are not. */
function rate(mistakes: number, pairSeconds: number): MetricValue {
  if (pairSeconds <= 0) return notMeasured("1/s");
  const { lo, hi } = poissonInterval(mistakes);
  return { value: mistakes / pairSeconds, lo: lo / pairSeconds, hi: hi / pairSeconds, n: mistakes, unit: "1/s" };
}

/** Four significant digits: few instants, however many pairs. */
function inMs(took: Micros): number {
  return Number((took / MICROS_PER_MS).toPrecision(4));
}

function departure(took: Micros | undefined, length: Micros): Departures {
  return took === undefined ? { at: inMs(length), events: 0, censored: 1 } : { at: inMs(took), events: 1, censored: 0 };
}

/** In order of time, those of one instant together. */
function departures(watches: readonly Watch[]): Departures[] {
  const byTime = new Map<number, { events: number; censored: number }>();
  for (const { took, detected } of watches) {
    const at = inMs(took);
    let cell = byTime.get(at);
    if (cell === undefined) byTime.set(at, (cell = { events: 0, censored: 0 }));
    if (detected) cell.events++;
    else cell.censored++;
  }
  return [...byTime].sort(([a], [b]) => a - b).map(([at, counts]) => ({ at, ...counts }));
}

function quantile(all: readonly Departures[], p: number): MetricValue {
  const n = all.reduce((sum, { events, censored }) => sum + events + censored, 0);
  if (n === 0) return notMeasured("ms");
  const { value, lo, hi, observed } = survivalQuantile(kaplanMeier(all), p);
  if (value === null) return { value: observed, lo: lo ?? observed, hi: null, n, unit: "ms", atLeast: true };
  return { value, lo, hi, n, unit: "ms" };
}

/** Of pairs that watched to the end, or found out before. */
function longest(watches: readonly Watch[]): MetricValue {
  const counted = watches.filter(({ detected, throughout }) => detected || throughout);
  if (counted.length === 0) return notMeasured("ms");
  const took = counted.reduce((most, { took: one }) => Math.max(most, one), 0) / MICROS_PER_MS;
  const missed = counted.some(({ detected }) => !detected);
  return { ...exact(took, counted.length, "ms"), ...(missed ? { atLeast: true as const } : {}) };
}

/** With the interval of a mean, crashes taken as independent. */
function meanFirst(crashes: readonly Episode[]): MetricValue {
  const n = crashes.length;
  if (n === 0) return notMeasured("ms");
  const times = crashes.map(({ first, length }) => (first ?? length) / MICROS_PER_MS);
  const mean = times.reduce((sum, time) => sum + time, 0) / n;
  const variance = times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / Math.max(1, n - 1);
  const room = n < 2 ? undefined : NORMAL_95 * Math.sqrt(variance / n);
  const missed = crashes.some(({ first }) => first === undefined);
  return {
    value: mean,
    lo: room === undefined ? null : Math.max(0, mean - room),
    hi: room === undefined || missed ? null : mean + room,
    ...{ n, unit: "ms" },
    ...(missed ? { atLeast: true as const } : {}),
  };
}

function inView(trusted: readonly number[]): MetricValue {
  if (trusted.length === 0) return notMeasured("nodes");
  return exact(trusted.reduce((sum, one) => sum + one, 0) / trusted.length, trusted.length, "nodes");
}

function timesOf(
  watches: readonly Watch[],
  episodes: readonly Episode[],
  seconds: (at: Micros) => number,
): DetectionTimes {
  const all = departures(watches);
  const ms = (took: Micros | undefined): number | null => (took === undefined ? null : took / MICROS_PER_MS);
  return {
    ms: all.map(({ at }) => at),
    detected: all.map(({ events }) => events),
    censored: all.map(({ censored }) => censored),
    episodes: episodes.slice(0, MOST_EPISODES).map(({ subject, from, length, observers, first, all: whole }) => ({
      node: subject,
      fromS: seconds(from),
      lengthMs: length / MICROS_PER_MS,
      observers,
      firstMs: ms(first),
      allMs: ms(whole),
    })),
  };
}

interface Stood {
  readonly observer: number;
  readonly subject: number;
  readonly from: Micros;
  readonly to: Micros | undefined;
  readonly of: Suspicion["of"];
}

/** Suspicions that stood at or after `from`; one ends with its observer's life. In order of beginning. */
function suspicionsOf(history: DetectionHistory, since: Micros): Stood[] {
  const { nodes, opinions, states, cuts } = history;
  const deaths = states.map((changes) =>
    changes.filter(({ state }) => state === "down" || state === "absent").map(({ at }) => at),
  );
  const open = new Map<number, { from: Micros; of: Suspicion["of"] }>();
  const all: Stood[] = [];
  const close = (observer: number, subject: number, at: Micros): void => {
    const pair = observer * nodes.length + subject;
    const begun = open.get(pair);
    if (begun === undefined) return;
    open.delete(pair);
    const death = deaths[observer].find((died) => died > begun.from && died < at);
    const to = death ?? (at === Infinity ? undefined : at);
    if (to === undefined || to > since) all.push({ observer, subject, ...begun, to });
  };
  for (const { at, observer, subject, suspected } of opinions) {
    const pair = observer * nodes.length + subject;
    if (!suspected) {
      close(observer, subject, at);
      continue;
    }
    // Whoever suspects again without having trusted has died in between.
    const before = open.get(pair);
    if (before !== undefined && !deaths[observer].some((died) => died > before.from && died <= at)) continue;
    close(observer, subject, at);
    const state = lastUpTo(states[subject], at)?.state;
    const apart = isApart(lastUpTo(cuts, at)?.cuts ?? [], observer, subject);
    const of = state === "up" ? (apart ? "cut" : "running") : state === "paused" ? "paused" : "down";
    open.set(pair, { from: at, of });
  }
  for (const pair of [...open.keys()]) close(Math.floor(pair / nodes.length), pair % nodes.length, Infinity);
  return all.sort((a, b) => a.from - b.from || a.observer - b.observer || a.subject - b.subject);
}

/** When nodes were down or stood still, and when they were cut off from anybody. In order of beginning. */
function truthOf(
  history: DetectionHistory,
): { node: number; state: "down" | "paused" | "cut"; from: Micros; to: Micros | undefined }[] {
  const { states, cuts, nodes, end } = history;
  const own = states.flatMap((changes, node) => troubles(changes, end).map((one) => ({ node, ...one })));
  const cut = cuts.flatMap(({ at, cuts: now }, i) => {
    const to = cuts[i + 1]?.at;
    return nodes.flatMap((_, node) => {
      const apart = nodes.some((__, other) => isApart(now, node, other));
      return apart ? [{ node, state: "cut" as const, from: at, to }] : [];
    });
  });
  return [...own, ...cut].sort((a, b) => a.from - b.from || a.node - b.node);
}

/** Of what is in order of time, the last at or before an instant. */
function lastUpTo<T extends { readonly at: Micros }>(all: readonly T[], at: Micros): T | undefined {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle].at <= at) low = middle + 1;
    else high = middle;
  }
  return all[low - 1];
}
