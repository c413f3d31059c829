/**
 * The comparison with the baseline in words and as a table. What is inconclusive is called so: absence of a proven
 * difference is not proof of sameness. And a run that had too few repetitions to show any difference, however large,
 * says that in one sentence; a wall of "inconclusive" would read as if something had been tried and failed. The smallest
 * two-sided p of n pairs is 2/2^n (signed-rank test), and Holm's correction multiplies the smallest p of the table by
 * its rows.
 */
import { chartInput } from "../charts/cells";
import { escapeText } from "../charts/markup";
import { count, counted, plain, signedWithUnit } from "../charts/numbers";
import type { ComparisonRow, LoadedRun } from "../record/run-folder";
import { inWorld, worldsOf } from "../statistics/worlds";
import { describeMetric } from "./headline";
import { comparableInWords } from "./targets";
import { worldBadge } from "./world-badge";

/** `run.comparisons` must not be empty. HTML. Each world is compared within itself. */
export function comparisonSection(run: LoadedRun): string {
  const between = comparableInWords(run);
  const heading = `<h2>What is different from the baseline?</h2>${between === "" ? "" : `<p class="facts">${escapeText(between)}</p>`}`;
  const parts = worldsOf(run)
    .map((world) => ({ world, part: inWorld(run, world) }))
    .filter(({ part }) => part.comparisons.length > 0);
  if (parts.length < 2) return heading + ofOneWorld(parts[0]?.part ?? run);
  return (
    heading +
    `<p class="answer">${escapeText(`Each of the ${count(parts.length)} worlds is compared within itself; what lies between them stands under “How far apart are the two worlds?”.`)}</p>` +
    parts
      .map(
        ({ world, part }) => `<div class="of-world"><p class="whose">${worldBadge(world)}</p>${ofOneWorld(part)}</div>`,
      )
      .join("\n")
  );
}

function ofOneWorld(run: LoadedRun): string {
  const hopeless = whyNothingCanShow(run);
  if (hopeless !== undefined)
    return (
      `<p class="answer">${escapeText(hopeless + notCompared(run))}</p>` +
      `<details><summary>The undecided rows (${count(run.comparisons.length)})</summary>${comparisonTable(run)}</details>`
    );
  const rows = run.comparisons.filter(isComparable);
  const refused = run.comparisons.length - rows.length;
  const decided = rows.filter(isDecided).length;
  const open = rows.filter((row) => row.verdict === "inconclusive").length;
  const tested = rows.filter((row) => row.n > 0);
  const pairs = Math.min(...tested.map((row) => row.n));
  const few =
    open > 0 && tested.length > 0 && smallestAdjusted(pairs, tested.length) >= alphaOf(run)
      ? ` With ${counted(pairs, "pair")} the smallest possible p is ${Number((2 / 2 ** pairs).toPrecision(2))} before adjustment: at least ${needed(tested.length, alphaOf(run))} repetitions are needed to show anything.`
      : "";
  return (
    `<p class="answer">${escapeText(
      `Against ${baselineOf(run)}, ${count(decided)} of ${counted(rows.length, "comparison")} show a difference and ${count(open)} ${open === 1 ? "is" : "are"} inconclusive.${refused === 0 ? "" : ` ${counted(refused, "row")} cannot be compared, and ${refused === 1 ? "says" : "say"} why.`}${few}`,
    )}</p>${comparisonTable(run)}` +
    `<p class="facts">${escapeText(comparedMetrics(run))} Differences are the configuration minus the baseline and pair repetitions of equal seed; p is adjusted (Holm) for ${count(tested.length)} comparisons and held against ${plain(alphaOf(run))}. “Inconclusive” means that this run cannot tell, never that the two are the same.</p>`
  );
}

/** Which metrics were compared: every further one would cost the others power. */
export function comparedMetrics(run: LoadedRun): string {
  const names = [...new Set(run.comparisons.map(({ metric }) => metric))];
  const titles = names.map((name) => describeMetric(run, name)?.title ?? name);
  return `Compared ${names.length === 1 ? "is" : "are"} ${titles.join(", ")}; all other metrics stand in the tables and are not tested.${notCompared(run)}`;
}

/** What the headline asks for and no row has, as a sentence to follow another; empty where there is nothing such. */
function notCompared(run: LoadedRun): string {
  const asked = run.manifest.report?.headline ?? [];
  const compared = new Set(run.comparisons.map(({ metric }) => metric));
  // Runs of before the headline was what is compared have other metrics in their table.
  if (![...compared].every((name) => asked.includes(name))) return "";
  const missing = asked.filter((name) => !compared.has(name));
  if (missing.length === 0) return "";
  return ` Not measured on both sides, and so not compared: ${missing.map((name) => describeMetric(run, name)?.title ?? name).join(", ")}.`;
}

/** One sentence where no row could have come out, whatever the numbers; undefined where the rows are worth reading. */
export function whyNothingCanShow(run: LoadedRun): string | undefined {
  const rows = run.comparisons.filter(isComparable);
  if (rows.length === 0 || rows.some((row) => row.verdict !== "inconclusive")) return undefined;
  const tested = rows.filter((row) => row.n > 0);
  if (tested.length === 0) {
    const bounded = rows.filter((row) => restsOnBounds(run, row)).length;
    const also = bounded === 0 ? "" : `; ${count(bounded)} had values that are only known to be at least so much`;
    return `Nothing could be compared with ${baselineOf(run)}: 0 of ${counted(rows.length, "comparison")} had valid measurements on both sides${also}.`;
  }
  const most = Math.max(...tested.map((row) => row.n));
  if (!tested.every(isPaired) || smallestAdjusted(most, tested.length) < alphaOf(run)) return undefined;
  return `${counted(most, "repetition")} of each configuration ${most === 1 ? "is" : "are"} too few to show a difference from ${baselineOf(run)}, however large: for ${counted(tested.length, "comparison")} it takes at least ${needed(tested.length, alphaOf(run))}.`;
}

/** Anything that the row would compare had not happened when its repetition ended: neither a difference nor a rank is known. */
function restsOnBounds(run: LoadedRun, { cell, baseline, metric }: ComparisonRow): boolean {
  return run.trials.some(
    ({ record, summary }) =>
      (record.cell === cell || record.cell === baseline) &&
      summary?.validity.verdict !== "invalid" &&
      summary?.metrics[metric]?.atLeast === true,
  );
}

/** `▲ worse`, `~ same`, `? inconclusive`: the arrow is the direction of the value, the word its meaning. */
export function verdictInWords(row: ComparisonRow): string {
  switch (row.verdict) {
    case "same":
      return "~ same (inside the noise floor)";
    case "inconclusive":
      return row.n === 0 ? "? not measured on both sides" : "? inconclusive: add repetitions";
    case "incomparable":
      return `not comparable: ${row.reason ?? "the targets differ"}`;
    case "better":
    case "worse":
    case "different":
      return `${row.difference === null || row.difference === 0 ? "≠" : row.difference > 0 ? "▲" : "▼"} ${row.verdict}`;
  }
}

/** Anything but what targets do not both show. */
export function isComparable(row: ComparisonRow): boolean {
  return row.verdict !== "incomparable";
}

export function isDecided(row: ComparisonRow): boolean {
  return row.verdict === "better" || row.verdict === "worse" || row.verdict === "different";
}

function comparisonTable(run: LoadedRun): string {
  const labels = new Map(chartInput(run).cells.map((cell) => [cell.summary.id, cell.label]));
  const rows = run.comparisons.map((row) => {
    const metric = describeMetric(run, row.metric);
    const interval =
      row.lo === null || row.hi === null
        ? ""
        : `<span class="interval">[${escapeText(signedWithUnit(row.lo, row.unit))}, ${escapeText(signedWithUnit(row.hi, row.unit))}]</span>`;
    return (
      `<tr${isDecided(row) ? "" : ' class="dim"'}><td class="name">${escapeText(labels.get(row.cell) ?? row.cell)}</td>` +
      `<td class="name">${escapeText(metric?.title ?? row.metric)}</td>` +
      `<td class="name ${row.verdict === "better" || row.verdict === "worse" ? row.verdict : ""}">${escapeText(row.n === 0 && restsOnBounds(run, row) ? "? some are only known to be at least so much" : verdictInWords(row))}</td>` +
      `<td class="number">${escapeText(row.difference === null ? "–" : signedWithUnit(row.difference, row.unit))}${interval}</td>` +
      `<td class="number">${row.pAdjusted === null ? "–" : escapeText(probability(row.pAdjusted))}</td><td class="number">${count(row.n)}</td></tr>`
    );
  });
  return (
    `<div class="scroll"><table><thead><tr><th>configuration</th><th>metric</th><th>verdict</th><th class="number">difference<span class="unit">and its 95 % interval</span></th>` +
    `<th class="number">p<span class="unit">adjusted</span></th><th class="number">n<span class="unit">pairs</span></th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`
  );
}

function baselineOf(run: LoadedRun): string {
  const id = run.comparisons[0].baseline;
  return chartInput(run).cells.find((cell) => cell.summary.id === id)?.label ?? id;
}

/** The smallest p that `pairs` can give after correction for `rows`. */
export function smallestAdjusted(pairs: number, rows: number): number {
  return Math.min(1, (rows * 2) / 2 ** pairs);
}

export function needed(rows: number, alpha: number): number {
  let pairs = 1;
  while (smallestAdjusted(pairs, rows) >= alpha) pairs++;
  return pairs;
}

/** Rows of a run say how they were tested where the file they come from does; runs pair repetitions by seed. */
function isPaired(row: ComparisonRow & { readonly method?: string }): boolean {
  return row.method === undefined || row.method === "signed-rank";
}

/** p-values print their first two digits, and never as nought. */
export function probability(p: number): string {
  return p < 0.0001 ? "< 0.0001" : plain(Number(p.toPrecision(2)));
}

/** What the run's comparisons were held against. */
export function alphaOf(run: LoadedRun): number {
  return run.manifest.analysis?.alpha ?? ALPHA_BEFORE;
}

/** Of runs that do not say. */
const ALPHA_BEFORE = 0.05;
