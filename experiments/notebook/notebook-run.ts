/**
 * A run as a notebook speaks of it: its configurations by what varies, one number of one of them, a condition that must hold. What
 * is asked for and not there is an error that names what is, never `undefined` that travels into a sentence; and a number in
 * words brings its interval along.
 */
import { namesOf, parseExpression } from "../../engine/vocabulary/expression";
import { nearest } from "../../engine/vocabulary/nearest";
import { axisInWords, chartInput, type ChartCell } from "../../results/charts/cells";
import { count, metricInWords, percent } from "../../results/charts/numbers";
import type { MetricValue, TrialFigures } from "../../results/record/figures";
import { describeMetric } from "../../results/record/metrics";
import type { AxisValues, CellSummary, LoadedRun } from "../../results/record/run-folder";
import { judgeHypotheses } from "../../results/statistics/expectations";
import { wilson } from "../../results/statistics/wilson";
import { UserError } from "../cli/user-error";
import type { ExpectationVerdict } from "./outputs";
import { showExpectation } from "./show";

/** Values of axes, by their last name (`{ r: 1 }`) or in full (`{ "faults.split.at": "2s" }`). */
export type Where = Readonly<Record<string, string | number | boolean>>;

export interface ConfigurationRow {
  readonly label: string;
  readonly axes: AxisValues;
  readonly metrics: Readonly<Record<string, MetricValue>>;
}

/** Configurations beside each other, for `table`. */
export class Configurations {
  constructor(
    readonly rows: readonly ConfigurationRow[],
    readonly metrics: readonly string[],
  ) {}
}

/** How many reads of a certain age returned what they should. */
export interface ReadsOfAge {
  readonly share: number;
  /** 95 % Wilson interval. */
  readonly lo: number;
  readonly hi: number;
  readonly reads: number;
  /** What counts as this age: the bin [fromMs, toMs) that the age lies in. */
  readonly fromMs: number;
  readonly toMs: number;
}

export class Run {
  /** All that the run folder holds. */
  readonly loaded: LoadedRun;
  private readonly views: readonly ChartCell[];

  constructor(run: LoadedRun) {
    const { run: ordered, cells } = chartInput(run);
    this.loaded = ordered;
    this.views = cells;
  }

  get title(): string {
    return this.loaded.manifest.title;
  }

  /** Of all trials together. */
  get operations(): number {
    return this.loaded.trials.reduce((sum, { record }) => sum + record.operations, 0);
  }

  /** Repetitions of the configuration that has the fewest. */
  get repetitions(): number {
    return Math.min(...this.loaded.cells.map(({ trials }) => trials.length));
  }

  /** Names of what was measured, sorted. */
  get metrics(): readonly string[] {
    return [...new Set(this.loaded.cells.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
  }

  /** The same run, of these configurations alone. Throws when there is none. */
  where(where: Where): Run {
    const kept = new Set(this.chosen(where).map(({ summary }) => summary.id));
    return new Run({
      ...this.loaded,
      cells: this.loaded.cells.filter(({ id }) => kept.has(id)),
      trials: this.loaded.trials.filter(({ record }) => kept.has(record.cell)),
      comparisons: this.loaded.comparisons.filter(({ cell }) => kept.has(cell)),
    });
  }

  /** The configurations with these metrics; all that were measured where none is named. */
  cells(metrics: readonly string[] = this.metrics, where: Where = {}): Configurations {
    for (const name of metrics) this.check(name);
    const rows = this.chosen(where).map(({ summary, label }) => ({
      label,
      axes: summary.axes,
      metrics: Object.fromEntries(metrics.flatMap((name) => entry(name, summary.metrics[name]))),
    }));
    return new Configurations(rows, metrics);
  }

  /** Value, interval, unit and number of repetitions. Throws when not exactly one configuration is meant, or it lacks the metric. */
  metric(name: string, where: Where = {}): MetricValue {
    this.check(name);
    const cell = this.only(where);
    const metric = cell.metrics[name];
    if (metric === undefined || metric.value === null)
      throw new UserError(`${name} was not measured in ${this.labelOf(cell)}`);
    return metric;
  }

  /** The median over repetitions, in the metric's unit; a ratio is 0 to 1. */
  value(name: string, where: Where = {}): number {
    return this.metric(name, where).value!;
  }

  /** One for each repetition that measured it, in their order: with common seeds the same place in two lists is the same seed. */
  values(name: string, where: Where = {}): readonly number[] {
    this.check(name);
    const { id } = this.only(where);
    return this.loaded.trials
      .filter(({ record }) => record.cell === id)
      .sort((a, b) => a.record.repetition - b.record.repetition)
      .flatMap(({ summary }) => summary?.metrics[name]?.value ?? []);
  }

  /** `4.1 ms [3.9, 4.3]`: with the 95 % interval over repetitions where there are six or more. */
  words(name: string, where: Where = {}): string {
    return metricInWords(this.metric(name, where));
  }

  /** Reads that began `ms` after the latest acknowledged write of their key: how many returned it. */
  readsAt(ms: number, where: Where = {}): ReadsOfAge {
    const cell = this.only(where);
    const found = readsOfAge(this.figuresOf(cell), ms);
    if (found === undefined)
      throw new UserError(`no read of ${this.labelOf(cell)} began ${ms} ms after the latest write of its key`);
    return found;
  }

  /** What every repetition left for charts, of the one configuration that is meant. */
  figures(where: Where = {}): readonly TrialFigures[] {
    return this.figuresOf(this.only(where));
  }

  /**
   * A condition that every configuration (of `where`) must meet, such as `p_stale < 1%` or `p_stale at 100ms < 0.01`. With six
   * repetitions or more the whole 95 % interval must meet it; with fewer the values at hand. What is neither met nor refuted is
   * open, and `notebook check` fails on it as on one that does not hold.
   */
  expect(condition: string, where: Where = {}): void {
    const cells = this.chosen(where);
    const judged = this.judge(
      condition,
      cells.map(({ summary }) => summary),
    );
    const names = cells.length === this.views.length ? "" : ` where ${inWords(where)}`;
    showExpectation({ text: `${condition}${names}`, ...judged });
  }

  private judge(
    condition: string,
    cells: readonly CellSummary[],
  ): { readonly verdict: ExpectationVerdict; readonly evidence: string } {
    const ages = [...condition.matchAll(AT)].map(([whole, number, unit]) => ({
      whole,
      ms: Number(number) * (unit === "s" ? 1_000 : 1),
      name: `p_stale_at_${number.replace(".", "_")}${unit}`,
    }));
    const text = ages.reduce((all, { whole, name }) => all.replaceAll(whole, name), condition);
    const parsed = parseExpression(text);
    if (!parsed.ok)
      throw new UserError(`expect(${JSON.stringify(condition)}): at ${parsed.fault.at + 1}, ${parsed.fault.message}`);
    const seen = cells.map((cell) => ({
      ...cell,
      metrics: { ...cell.metrics, ...Object.fromEntries(ages.map(({ name, ms }) => [name, this.staleAt(cell, ms)])) },
    }));
    const { manifest, trials } = this.loaded;
    const ids = seen.map(({ id }) => id);
    const [judged] = judgeHypotheses({
      manifest: { ...manifest, hypotheses: [{ id: "expected", text, expect: text, cells: ids }] },
      cells: seen,
      trials,
    });
    const names = namesOf(parsed.expression);
    const evidence = seen
      .flatMap((cell) => {
        const of = names.flatMap((name) =>
          cell.metrics[name] === undefined ? [] : [`${name} ${metricInWords(cell.metrics[name])}`],
        );
        return of.length === 0 ? [] : [`${this.labelOf(cell)}: ${of.join(", ")}`];
      })
      .slice(0, MOST_SHOWN)
      .join("; ");
    const unknown = names.find((name) => seen.every((cell) => !isKnown(name, cell, trials)));
    if (unknown !== undefined) throw new UserError(`expect(${JSON.stringify(condition)}): ${this.noSuch(unknown)}`);
    const few = judged.repetitions < FEWEST_FOR_INTERVAL && judged.verdict === "inconclusive";
    const soFar = new Set([...judged.met, ...judged.soFar]);
    if (few && soFar.size === ids.length)
      return { verdict: "holds", evidence: `${evidence} (values of ${count(judged.repetitions)}, no interval)` };
    if (few && judged.open.every((id) => !soFar.has(id)) && judged.met.length === 0)
      return { verdict: "fails", evidence: `${evidence} (values of ${count(judged.repetitions)}, no interval)` };
    return { verdict: VERDICTS[judged.verdict], evidence };
  }

  private staleAt(cell: CellSummary, ms: number): MetricValue {
    const found = readsOfAge(this.figuresOf(cell), ms);
    if (found === undefined) return { value: null, lo: null, hi: null, n: 0, unit: "ratio" };
    return { value: 1 - found.share, lo: 1 - found.hi, hi: 1 - found.lo, n: found.reads, unit: "ratio" };
  }

  private figuresOf(cell: CellSummary): readonly TrialFigures[] {
    return this.views.find(({ summary }) => summary.id === cell.id)?.figures ?? [];
  }

  private labelOf(cell: CellSummary): string {
    return this.views.find(({ summary }) => summary.id === cell.id)?.label ?? cell.id;
  }

  private chosen(where: Where): readonly ChartCell[] {
    const axes = this.loaded.manifest.axes;
    const wanted = Object.entries(where).map(([name, value]) => {
      const axis = axes.find((one) => one === name || lastName(one) === name);
      if (axis === undefined) {
        const near = nearest(name, axes.map(lastName));
        const hint = near === undefined ? `it varies ${axes.join(", ") || "nothing"}` : `did you mean ${near}?`;
        throw new UserError(`${name} does not vary in this run; ${hint}`);
      }
      return { axis, value };
    });
    const found = this.views.filter(({ summary }) =>
      wanted.every(({ axis, value }) => String(summary.axes[axis]) === String(value)),
    );
    if (found.length > 0) return found;
    const there = this.views.map(({ label }) => label).slice(0, MOST_SHOWN);
    throw new UserError(`no configuration has ${inWords(where)}; there are ${there.join("; ")}`);
  }

  private only(where: Where): CellSummary {
    const found = this.chosen(where);
    if (found.length === 1) return found[0].summary;
    const there = found.map(({ label }) => label).slice(0, MOST_SHOWN);
    throw new UserError(`${count(found.length)} configurations are meant, and one is needed: ${there.join("; ")}`);
  }

  private check(name: string): void {
    if (!this.metrics.includes(name) && describeMetric(name) === undefined) throw new UserError(this.noSuch(name));
  }

  private noSuch(name: string): string {
    const near = nearest(name, [...this.metrics, ...this.loaded.manifest.axes]);
    return `there is no metric ${name}${near === undefined ? "; quorumlab list metrics shows those there are" : `; did you mean ${near}?`}`;
  }
}

const MOST_SHOWN = 6;
const FEWEST_FOR_INTERVAL = 6;
/** `p_stale at 100ms`: of reads of that age. */
const AT = /\bp_stale at (\d+(?:\.\d+)?)(ms|s)\b/g;
const VERDICTS = {
  holds: "holds",
  "does not hold": "fails",
  inconclusive: "open",
  stated: "open",
} as const;

function readsOfAge(figures: readonly TrialFigures[], ms: number): ReadsOfAge | undefined {
  let [reads, consistent, fromMs, toMs] = [0, 0, 0, Infinity];
  for (const { tVisibility } of figures) {
    const at = tVisibility.fromMs.findIndex((from, i) => from <= ms && ms < tVisibility.toMs[i]);
    if (at < 0) continue;
    reads += tVisibility.reads[at];
    consistent += tVisibility.consistent[at];
    [fromMs, toMs] = [tVisibility.fromMs[at], tVisibility.toMs[at]];
  }
  if (reads === 0) return undefined;
  const { lo, hi } = wilson(consistent, reads);
  return { share: consistent / reads, lo, hi, reads, fromMs, toMs };
}

function isKnown(name: string, cell: CellSummary, trials: LoadedRun["trials"]): boolean {
  if (cell.metrics[name] !== undefined || describeMetric(name) !== undefined) return true;
  const resolved = trials.find(({ record }) => record.cell === cell.id)?.record.resolved ?? {};
  return [...Object.keys(resolved), ...Object.keys(cell.axes)].some((key) => key === name || lastName(key) === name);
}

function entry(name: string, metric: MetricValue | undefined): (readonly [string, MetricValue])[] {
  return metric === undefined ? [] : [[name, metric]];
}

function lastName(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

function inWords(where: Where): string {
  return Object.entries(where)
    .map(([key, value]) => axisInWords(key, value))
    .join(", ");
}

/** `12.3 % of 4 000 reads`. */
export function shareInWords({ share, reads }: Pick<ReadsOfAge, "share" | "reads">): string {
  return `${percent(share)} of ${count(reads)} reads`;
}
