/**
 * Which tunable matters, in words and as tables: for each metric the step of an axis that changed it most among those that were shown to
 * change it at all, then what one axis does depending on another. A step that was not shown to matter is called undecided unless its whole
 * interval lies within the noise floor; and a run whose repetitions could not show any step, however large, says that in place of a table of
 * question marks.
 */
import { effectsChart } from "../charts/effects";
import { factorInWords, isShown, levelValue, stepInWords } from "../charts/factor-words";
import { escapeText } from "../charts/markup";
import { count, counted, listed, percent, signedWithUnit } from "../charts/numbers";
import type { WorldFigure } from "../charts/worlds-apart";
import type { LoadedRun } from "../record/run-folder";
import { effectsOf, type Effect, type Effects } from "../statistics/effects";
import { worldsOf } from "../statistics/worlds";
import { chartInWorlds, type ChartSectionOptions } from "./chart-section";
import { alphaOf, needed, probability, smallestAdjusted } from "./comparison";
import { headlines } from "./headline";
import { worldBadge } from "./world-badge";

export const EFFECTS_SECTION = { id: "effects", name: "What matters" } as const;

/** HTML: sentence, chart and tables; of a run with one axis the chart alone. */
export function effectsSection(run: LoadedRun, drawn: readonly WorldFigure[], options: ChartSectionOptions): string {
  const effects = effectsOf(run);
  const several = worldsOf(run).length > 1;
  const badge = (of: Effects): string => (several ? `${worldBadge(of.world)} ` : "");
  const answers = effects.map((of) => `<p class="answer">${badge(of)}${escapeText(effectsInWords(run, of))}</p>`);
  const tables = effects.map((of) => {
    const note = [
      `Each row is what the metric changes by when one axis goes from its first value to another and everything else stays as it is, averaged over the settings of everything else: one contrast a repetition, paired by seed, then the Hodges-Lehmann estimate with the interval and p of the signed-rank test over repetitions.`,
      ` p is adjusted (Holm) for the ${count(tested(of.mains))} main effects and, apart from them, for the ${count(tested(of.interactions))} interactions. An interaction is the change of the first step when the second is made too; 0 is none.`,
      of.leftOut === 0
        ? ""
        : ` ${counted(of.leftOut, "trial")} that failed or ${of.leftOut === 1 ? "is" : "are"} invalid ${of.leftOut === 1 ? "is" : "are"} in no contrast.`,
    ].join("");
    return (
      `<h3>${badge(of)}What each axis changes by itself</h3>${table(run, of.mains)}<p class="facts">${escapeText(note)}</p>` +
      (of.interactions.length === 0
        ? ""
        : `<details><summary>What one axis changes depending on another (${count(of.interactions.length)} rows)</summary>${table(run, of.interactions)}</details>`)
    );
  });
  const parts =
    drawn.length === 0
      ? ""
      : `<div class="part"><h3>How it changes</h3>${chartInWorlds(effectsChart, drawn, options)}</div>`;
  return `<h2>${escapeText(effectsChart.question)}</h2>${answers.join("")}${tables.join("")}${parts}`;
}

/** Whether any row could have come out, whatever the numbers. */
export function couldShow(run: LoadedRun, { mains }: Effects): boolean {
  const n = mains.filter(({ p }) => p !== null).map((row) => row.n);
  return n.length > 0 && smallestAdjusted(Math.max(...n), n.length) < alphaOf(run);
}

/** The sentence of one world. */
export function effectsInWords(run: LoadedRun, effects: Effects): string {
  const { mains, interactions, factors } = effects;
  const rows = mains.filter(({ p }) => p !== null);
  const names = listed(factors.map(factorInWords));
  if (rows.length === 0)
    return `Which of ${names} matters cannot be told: ${counted(0, "step")} of an axis had valid measurements on both sides.`;
  if (!couldShow(run, effects)) {
    const most = Math.max(...rows.map(({ n }) => n));
    return `${counted(most, "repetition")} ${most === 1 ? "is" : "are"} too few to show that any of ${names} matters, however much it does: for ${counted(rows.length, "main effect")} it takes at least ${count(needed(rows.length, alphaOf(run)))}.`;
  }
  const strongest = strongestByMetric(mains);
  if (strongest.length === 0)
    return `No axis of ${names} was shown to change any of ${counted(new Set(rows.map(({ metric }) => metric)).size, "metric")} by more than the noise floor: ${count(rows.filter(({ verdict }) => verdict === "same").length)} of ${counted(rows.length, "main effect")} are within it, the others are undecided.`;
  const told = strongest
    .slice(0, 3)
    .map((row) => `${titleOf(run, row.metric)} ${changeInWords(row)} ${stepInWords(row.steps[0])}`);
  const more = strongest.length > 3 ? `; ${counted(strongest.length - 3, "further metric")} in the table` : "";
  const changing = interactions.filter(isShown);
  const depends =
    interactions.length === 0
      ? ""
      : changing.length === 0
        ? ` None of ${counted(interactions.length, "interaction")} was shown.`
        : ` ${count(changing.length)} of ${counted(interactions.length, "interaction")} ${changing.length === 1 ? "was" : "were"} shown, the largest for its size: what ${factorInWords(largest(changing).steps[0].factor)} does to ${titleOf(run, largest(changing).metric)} depends on ${factorInWords(largest(changing).steps[1].factor)} (${signedWithUnit(largest(changing).difference!, largest(changing).unit)}).`;
  return `The largest change of each metric that was shown, on average over everything else: ${told.join("; ")}${more}.${depends}`;
}

/** `+4.2 ms [+3.9, +4.6] (52 %)`. */
function changeInWords({ difference, lo, hi, unit, relative }: Effect): string {
  const bare = (value: number): string => signedWithUnit(unit === "ratio" ? value * 100 : value, "");
  const interval = lo === null || hi === null ? "" : ` [${bare(lo)}, ${bare(hi)}]`;
  return `${signedWithUnit(difference!, unit)}${interval}${relative === null ? "" : ` (${percent(Math.abs(relative))})`}`;
}

/** Of each metric the shown step that changes it most, in the order of metrics. */
export function strongestByMetric(mains: readonly Effect[]): Effect[] {
  const best = new Map<string, Effect>();
  for (const row of mains.filter(isShown)) {
    const known = best.get(row.metric);
    if (known === undefined || Math.abs(row.difference!) > Math.abs(known.difference!)) best.set(row.metric, row);
  }
  return [...best.values()];
}

function largest(rows: readonly Effect[]): Effect {
  return rows.reduce((a, b) => (Math.abs(b.relative ?? 0) > Math.abs(a.relative ?? 0) ? b : a));
}

function tested(rows: readonly Effect[]): number {
  return rows.filter(({ p }) => p !== null).length;
}

function titleOf(run: LoadedRun, metric: string): string {
  return (
    headlines(run).find(({ name }) => name === metric)?.title ??
    run.manifest.metrics.find(({ name }) => name === metric)?.title ??
    metric
  );
}

function table(run: LoadedRun, effects: readonly Effect[]): string {
  const rows = effects.map((row) => {
    const interval =
      row.lo === null || row.hi === null
        ? ""
        : `<span class="interval">[${escapeText(signedWithUnit(row.lo, row.unit))}, ${escapeText(signedWithUnit(row.hi, row.unit))}]</span>`;
    const steps = row.steps.map(
      ({ factor, from, to }) =>
        `<td class="name">${escapeText(factorInWords(factor))}<span class="interval">${escapeText(`${levelValue(factor, from)} → ${levelValue(factor, to)}`)}</span></td>`,
    );
    return (
      `<tr${isShown(row) ? "" : ' class="dim"'}><td class="name">${escapeText(titleOf(run, row.metric))}</td>${steps.join("")}` +
      `<td class="name ${row.verdict === "better" || row.verdict === "worse" ? row.verdict : ""}">${escapeText(verdictInWords(row))}</td>` +
      `<td class="number">${escapeText(row.difference === null ? "–" : signedWithUnit(row.difference, row.unit))}${interval}</td>` +
      `<td class="number">${row.relative === null ? "–" : escapeText(signedWithUnit(row.relative, "ratio").replace("-points", ""))}</td>` +
      `<td class="number">${row.pAdjusted === null ? "–" : escapeText(probability(row.pAdjusted))}</td>` +
      `<td class="number">${count(row.n)} of ${count(row.repetitions)}<span class="interval">${count(row.blocks)} of ${count(row.blocksOf)}</span></td></tr>`
    );
  });
  const axes = (effects[0]?.steps.length ?? 1) > 1 ? ["axis", "and axis"] : ["axis"];
  return (
    `<div class="scroll tall"><table><thead><tr><th>metric</th>${axes.map((name) => `<th>${name}</th>`).join("")}<th>verdict</th><th class="number">change<span class="unit">and its 95 % interval</span></th>` +
    `<th class="number">of the first</th><th class="number">p<span class="unit">adjusted</span></th><th class="number">repetitions<span class="unit">and settings</span></th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`
  );
}

function verdictInWords({ verdict, difference, steps, reason }: Effect): string {
  if (reason !== undefined) return `? ${reason}`;
  if (verdict === "same")
    return steps.length > 1 ? "~ none (inside the noise floor)" : "~ same (inside the noise floor)";
  if (verdict === "inconclusive") return "? undecided";
  const arrow = difference === null || difference === 0 ? "≠" : difference > 0 ? "▲" : "▼";
  return `${arrow} ${steps.length > 1 ? "depends on it" : verdict}`;
}
