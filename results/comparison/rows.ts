/**
 * The verdict table. The numbers and verdicts are those of `statistics/compare.ts`, corrected over the whole table, whatever
 * pairs of cells it is made of; here come the sides' own medians, the seeds behind a difference, and a reason for every row that has
 * none. Repetitions are paired where equal seeds drew the same workload; of two runs of unequal length those that both have.
 * An inconclusive row says how many repetitions would be needed: the fewest at which any p could pass the correction, or, where
 * there are enough for that, what the width of the interval makes of it, which shrinks with the root of their number.
 */
import { describeMetric } from "../record/metrics";
import { comparePairs, type CellPair, type DetailedComparison } from "../statistics/compare";
import { isSound, REPETITIONS_FOR_INTERVAL, summariseCells } from "../statistics/summarise";
import { sameWorkload } from "./parameters";
import type { ComparedMetric, MatchedCells, SideValue } from "./run-comparison";
import type { LoadedTrial, Side } from "./sides";

export interface RowOptions {
  readonly metrics: readonly string[];
  readonly alpha: number;
  readonly noiseFloor: number;
}

interface Confronted {
  readonly group: MatchedCells;
  readonly letter: string;
  readonly ours: readonly LoadedTrial[];
  readonly theirs: readonly LoadedTrial[];
  readonly pair: CellPair;
}

export function comparedMetrics(
  sides: readonly Side[],
  groups: readonly MatchedCells[],
  options: RowOptions,
): ComparedMetric[] {
  const confronted = groups.flatMap((group) =>
    sides.slice(1).flatMap((side, i) => {
      const id = group.cells[i + 1];
      return id === null ? [] : [confront(group, side, id, sides[0])];
    }),
  );
  const tested = comparePairs(
    confronted.map(({ pair }) => pair),
    options,
  );
  const found = new Map(tested.map((row) => [`${row.cell}\u0000${row.metric}`, row]));
  const count = tested.filter(({ p }) => p !== null).length;
  return groups.flatMap((group) => {
    const ofGroup = confronted.filter((one) => one.group === group);
    return options.metrics.flatMap((metric) =>
      ofGroup.flatMap((one) => {
        const row = found.get(`${one.pair.cell}\u0000${metric}`);
        return rowOf(one, metric, row, count, options) ?? [];
      }),
    );
  });
}

function confront(group: MatchedCells, side: Side, id: string, baseline: Side): Confronted {
  const theirs = baseline.trials.filter(({ record }) => record.cell === group.cells[0]);
  const ours = side.trials.filter(({ record }) => record.cell === id);
  const pairable =
    sameWorkload(ours[0].record.resolved, theirs[0].record.resolved) &&
    ours[0].record.semanticsVersion === theirs[0].record.semanticsVersion;
  const common = pairable ? commonRepetitions(ours, theirs) : undefined;
  const kept = (trials: readonly LoadedTrial[]): readonly LoadedTrial[] =>
    common === undefined ? trials : trials.filter(({ record }) => common.has(record.repetition));
  return {
    group,
    letter: side.letter,
    ours,
    theirs,
    pair: {
      cell: `${side.letter}\u0000${group.id}`,
      baseline: group.id,
      ofCell: kept(ours),
      ofBaseline: kept(theirs),
      pairable: common !== undefined,
    },
  };
}

/** Repetitions that both have, where all of them have equal seeds; undefined where they are no pairs. */
function commonRepetitions(
  ours: readonly LoadedTrial[],
  theirs: readonly LoadedTrial[],
): ReadonlySet<number> | undefined {
  const seeds = new Map(theirs.map(({ record }) => [record.repetition, record.seed]));
  const common = ours.filter(({ record }) => seeds.has(record.repetition));
  if (common.length === 0 || common.some(({ record }) => seeds.get(record.repetition) !== record.seed))
    return undefined;
  return new Set(common.map(({ record }) => record.repetition));
}

function rowOf(
  { group, letter, ours, theirs, pair }: Confronted,
  metric: string,
  row: DetailedComparison | undefined,
  tested: number,
  options: RowOptions,
): ComparedMetric | undefined {
  const [baseline, value] = [valueOf(theirs, metric), valueOf(ours, metric)];
  if (baseline === null && value === null) return undefined;
  const described = describeMetric(metric);
  const head = {
    ...{ group: group.id, letter, metric, baseline, value },
    title: described?.title ?? metric,
    unit: baseline?.unit ?? value?.unit ?? described?.unit ?? "",
    better: described?.better ?? "neutral",
  } as const;
  if (row === undefined)
    return {
      ...head,
      ...UNTESTED,
      verdict: baseline === null || value === null ? "incomparable" : "inconclusive",
      reason: whyAbsent(letter, baseline, value),
    };
  const { difference, lo, hi, p, pAdjusted, n, method, verdict, baselineMedian } = row;
  const scale = baselineMedian === null || baselineMedian === 0 ? null : Math.abs(baselineMedian);
  const { reason, needs } = openly(row, head, letter, tested, options);
  return {
    ...head,
    ...{ difference, lo, hi, p, pAdjusted, n, method, verdict, reason, needs },
    relative:
      difference === null || scale === null
        ? null
        : { value: difference / scale, lo: lo === null ? null : lo / scale, hi: hi === null ? null : hi / scale },
    pairs: method === "signed-rank" ? pairsOf(pair, metric) : [],
  };
}

const UNTESTED = {
  difference: null,
  lo: null,
  hi: null,
  relative: null,
  p: null,
  pAdjusted: null,
  n: 0,
  needs: null,
  method: "none",
  pairs: [],
} as const;

/** Over all repetitions that count; null where none of them measured it. */
function valueOf(trials: readonly LoadedTrial[], metric: string): SideValue | null {
  const [cell] = summariseCells(trials);
  const summarised = cell.metrics[metric];
  if (summarised === undefined) return null;
  const never = trials.filter((trial) => isSound(trial) && trial.summary?.metrics[metric]?.atLeast === true).length;
  return never === 0 ? summarised : { ...summarised, never };
}

function whyAbsent(letter: string, baseline: SideValue | null, value: SideValue | null): string {
  if (baseline === null) return "A did not measure it";
  if (value === null) return `${letter} did not measure it`;
  const empty = [baseline.value === null ? "A" : "", value.value === null ? letter : ""].filter((who) => who !== "");
  return `${empty.join(" and ")} ${empty.length > 1 ? "have" : "has"} no value: no repetition that counts could measure it`;
}

function pairsOf({ ofCell, ofBaseline }: CellPair, metric: string): ComparedMetric["pairs"] {
  const measured = (trials: CellPair["ofCell"]): Map<number, { seed: number; value: number }> =>
    new Map(
      trials.filter(isSound).flatMap(({ record, summary }) => {
        const value = summary!.metrics[metric]?.value ?? null;
        return value === null ? [] : [[record.repetition, { seed: record.seed, value }] as const];
      }),
    );
  const theirs = measured(ofBaseline);
  return [...measured(ofCell)].flatMap(([repetition, { seed, value }]) => {
    const other = theirs.get(repetition);
    return other === undefined ? [] : [{ seed, baseline: other.value, value }];
  });
}

/** Why a row is open, and what would close it. */
function openly(
  row: DetailedComparison,
  { baseline, value }: { readonly baseline: SideValue | null; readonly value: SideValue | null },
  letter: string,
  tested: number,
  options: RowOptions,
): Pick<ComparedMetric, "reason" | "needs"> {
  if (row.verdict === "incomparable") return { reason: row.reason ?? "the targets differ", needs: null };
  if (row.verdict !== "inconclusive") return { reason: null, needs: null };
  if (row.n === 0) {
    const censored = [...neverIn("A", baseline), ...neverIn(letter, value)];
    return {
      reason:
        censored.length > 0
          ? `it never happened in ${censored.join(" and in ")}: neither a difference nor a rank can be told from a bound`
          : "no repetition counts on both sides",
      needs: null,
    };
  }
  const fewest = fewestRepetitions(row.method, tested, options.alpha);
  if (row.n < fewest)
    return {
      reason: `too few repetitions: with ${tested} ${tested === 1 ? "comparison" : "comparisons"} at least ${fewest} are needed, whatever the difference`,
      needs: fewest,
    };
  // What is not even told apart from nought says nothing of its own size, and so nothing of how many would tell.
  const { difference, lo, hi, baselineMedian } = row;
  const floor = options.noiseFloor * Math.abs(baselineMedian ?? 0);
  if (difference !== null && lo !== null && hi !== null && lo <= 0 && hi >= 0 && Math.abs(difference) > floor)
    return {
      reason: "the interval reaches over 0: more repetitions are needed, these cannot tell how many",
      needs: null,
    };
  const needs = repetitionsNeeded(row, options.noiseFloor);
  return {
    reason:
      needs === null
        ? "the difference is about as large as the noise floor: repetitions may never decide it"
        : `if the difference is what it looks like, about ${Math.max(needs, row.n + 1)} repetitions would decide it`,
    needs: needs === null ? null : Math.max(needs, row.n + 1),
  };
}

function neverIn(letter: string, value: SideValue | null): string[] {
  return value?.never === undefined ? [] : [`${value.never} of ${value.n} repetitions of ${letter}`];
}

/** The fewest a side at which the smallest p there is passes Holm's correction over so many rows. */
export function fewestRepetitions(method: DetailedComparison["method"], rows: number, alpha: number): number {
  for (let n = 1; n <= MOST_REPETITIONS; n++) {
    // Signed-rank: all signs alike. Mann-Whitney: all of one side above all of the other.
    const smallest = method === "mann-whitney" ? 2 / choose(2 * n, n) : 2 / 2 ** n;
    if (smallest * Math.max(1, rows) < alpha)
      return Math.max(n, method === "signed-rank" ? REPETITIONS_FOR_INTERVAL : n);
  }
  return MOST_REPETITIONS;
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
}

/** Until the interval, as wide as the root of their number makes it, is clear of nought or inside the floor; null beyond reach. */
function repetitionsNeeded(
  { difference, lo, hi, n, baselineMedian }: DetailedComparison,
  noise: number,
): number | null {
  if (difference === null || lo === null || hi === null || baselineMedian === null) return null;
  const floor = noise * Math.abs(baselineMedian);
  const size = Math.abs(difference);
  const half = Math.max(hi - difference, difference - lo);
  // To be told from nought it must also lie above the floor.
  const room = size > floor ? size : floor - size;
  if (room <= 0 || half <= 0) return null;
  const needed = Math.ceil(n * (half / room) ** 2);
  return needed > MOST_REPETITIONS ? null : needed;
}

const MOST_REPETITIONS = 1_000;
