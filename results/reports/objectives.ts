/**
 * The first section of a report and the first table of the terminal: which objectives are met where, what became of each
 * hypothesis, and which cells stand on the Pareto front. Three marks, each with its word, because colour alone says
 * nothing in print: ✓ pass, ✗ fail, ? inconclusive, and beside the last what would decide it.
 */
import { chartInput } from "../charts/cells";
import { escapeText } from "../charts/markup";
import { count, counted, listed, plain, withUnit } from "../charts/numbers";
import { describeMetric as describeKnown } from "../record/metrics";
import type { Hypothesis, Objective, ParetoGoal } from "../record/objectives";
import type { LoadedRun } from "../record/run-folder";
import { judgeHypotheses, type HypothesisVerdict, type JudgedHypothesis } from "../statistics/expectations";
import { paretoFront } from "../statistics/pareto";
import { judgeObjectives, type JudgedObjective, type ObjectiveVerdict } from "../statistics/service-levels";
import { REPETITIONS_FOR_INTERVAL } from "../statistics/summarise";

export const OBJECTIVES_SECTION = { id: "objectives", name: "Objectives" } as const;

export const MARKS: Readonly<Record<ObjectiveVerdict, string>> = { pass: "✓", fail: "✗", inconclusive: "?" };
const CLASSES: Readonly<Record<ObjectiveVerdict, string>> = { pass: "better", fail: "worse", inconclusive: "dim" };
const ORDER: readonly ObjectiveVerdict[] = ["pass", "fail", "inconclusive"];

export function hasObjectives({ manifest }: LoadedRun): boolean {
  return (manifest.slos ?? []).length > 0 || (manifest.hypotheses ?? []).length > 0;
}

/** `p90(convergence_s after split) ≤ 30 s`. */
export function objectiveInWords({ metric, fault, keys, repetitions, op, value, unit }: Objective): string {
  const after = fault === undefined ? "" : ` after ${fault}`;
  const of = keys === undefined || keys === "max" ? "" : ` of ${keys} of keys`;
  return `${repetitions}(${metric}${of}${after}) ${SIGNS[op]} ${withUnit(value, unit)}`;
}

const SIGNS: Readonly<Record<Objective["op"], string>> = {
  "<": "<",
  "<=": "≤",
  ">": ">",
  ">=": "≥",
  "==": "=",
  "!=": "≠",
};

/** The value that was judged. */
export function valueInWords({ value, atLeast, objective }: JudgedObjective): string {
  if (value === null) return "not measured";
  return `${atLeast ? "at least " : ""}${withUnit(value, objective.unit)}`;
}

/** Why a verdict is what it is, one sentence without its full stop; of a decided one the evidence. */
export function groundInWords(judged: JudgedObjective): string {
  const { ground, objective, n, of, lo, hi } = judged;
  const what = `${objective.repetitions} of ${counted(n, "repetition")}`;
  switch (ground) {
    case "decided":
      return what;
    case "not-measured":
      return of === 1 ? "the one repetition did not measure it" : `none of ${counted(of, "repetition")} measured it`;
    case "partly-measured":
      return `${count(of - n)} of ${counted(of, "repetition")} did not measure it`;
    case "invalid":
      return "the run's own checks call every repetition invalid";
    case "too-few-repetitions":
      return `a median takes ${REPETITIONS_FOR_INTERVAL} repetitions for its interval, and there ${n === 1 ? "is one" : `are ${n}`}`;
    case "censored":
      return `${what}: it had not happened when nobody looked any more; a longer phases.drain would tell`;
    case "straddles":
      return `${what}: it lies between ${endInWords(lo, objective.unit)} and ${endInWords(hi, objective.unit)}; ${remedyOf(objective)} would tell`;
  }
}

/** What narrows it: of one repetition that decides, the time of agreement is known to the distance of two scans, and no more of them change that. */
function remedyOf({ metric, repetitions }: Objective): string {
  if (metric !== "convergence_s") return "more repetitions";
  return repetitions === "median"
    ? "more repetitions, or a shorter measure.divergence_scan.every,"
    : "a shorter measure.divergence_scan.every";
}

function endInWords(value: number | null, unit: string): string {
  return value === null ? "anything" : withUnit(value, unit);
}

export interface ToldTogether {
  readonly first: JudgedObjective;
  readonly many: number;
  /** One value where all print alike, else from the least to the most. */
  readonly value: string;
  readonly ground: string;
}

/** Cells with the same verdict for the same reason as one; nothing that is printed of it is untrue of any of them. */
export function toldTogether(judged: readonly JudgedObjective[]): readonly ToldTogether[] {
  const groups = new Map<string, JudgedObjective[]>();
  for (const one of judged) {
    const { objective, verdict, ground, n, of, value } = one;
    const key = [objective.id, verdict, ground, n, of, value === null].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((all) => {
    const sorted = [...all].sort((a, b) => a.value! - b.value! || Number(a.atLeast) - Number(b.atLeast));
    const [least, most] = [sorted[0], sorted.at(-1)!].map(valueInWords);
    // What never came while anybody looked may be later than what came last: the end is open where any is.
    const open = all.some(({ atLeast }) => atLeast) && !sorted.at(-1)!.atLeast;
    const upper = open ? valueInWords({ ...sorted.at(-1)!, atLeast: true }) : most;
    const ends = (of: (one: JudgedObjective) => number | null, pick: (...values: number[]) => number): number | null =>
      all.some((one) => of(one) === null) ? null : pick(...all.map((one) => of(one)!));
    const widest = {
      ...all[0],
      lo: ends(({ lo }) => lo, Math.min),
      hi: ends(({ hi }) => hi, Math.max),
    };
    return {
      first: all[0],
      many: all.length,
      value: least === upper ? least : `${least} to ${upper}`,
      ground: groundInWords(widest),
    };
  });
}

/** How many cells each objective has of each verdict, in the order of the experiment. */
export function countVerdicts(
  judged: readonly JudgedObjective[],
): readonly { readonly objective: Objective; readonly counts: Readonly<Record<ObjectiveVerdict, number>> }[] {
  const objectives = [...new Set(judged.map(({ objective }) => objective))];
  return objectives.map((objective) => {
    const of = judged.filter((one) => one.objective === objective);
    const number = (verdict: ObjectiveVerdict): number => of.filter((one) => one.verdict === verdict).length;
    return { objective, counts: { pass: number("pass"), fail: number("fail"), inconclusive: number("inconclusive") } };
  });
}

/** The verdict over all objectives and cells; undefined without objectives. */
export function overallVerdict(judged: readonly JudgedObjective[]): ObjectiveVerdict | undefined {
  if (judged.length === 0) return undefined;
  return (["fail", "inconclusive"] as const).find((verdict) => judged.some((one) => one.verdict === verdict)) ?? "pass";
}

/** For other programs: `slos.json`, and `slos` of the run's document. */
export function sloDocuments(judged: readonly JudgedObjective[]): readonly object[] {
  return countVerdicts(judged).map(({ objective, counts }) => ({
    ...objective,
    ...counts,
    cells: judged
      .filter((one) => one.objective === objective)
      .map((one) => ({
        cell: one.cell.id,
        ...{ verdict: one.verdict, value: one.value, lo: one.lo, hi: one.hi, n: one.n },
        ...(one.atLeast ? { atLeast: true } : {}),
        reason: groundInWords(one).replaceAll("\u00a0", " "),
      })),
  }));
}

/** HTML. */
export function objectivesSection(run: LoadedRun): string {
  const judged = judgeObjectives(run);
  const hypotheses = judgeHypotheses(run);
  const labels = labelsOf(run);
  return (
    `<h2>Does it meet its objectives?</h2><p class="answer">${escapeText(answerOf(judged, hypotheses))}</p>` +
    (judged.length === 0 ? "" : countsTable(judged) + cellsTable(run, judged, labels)) +
    (hypotheses.length === 0 ? "" : hypothesesTable(hypotheses, labels))
  );
}

function answerOf(judged: readonly JudgedObjective[], hypotheses: readonly JudgedHypothesis[]): string {
  const objectives = countVerdicts(judged);
  const everywhere = objectives.filter(({ counts }) => counts.fail === 0 && counts.inconclusive === 0);
  const failed = objectives.filter(({ counts }) => counts.fail > 0);
  const open = objectives.length - everywhere.length - failed.length;
  const ids = failed.map(({ objective }) => objective.id);
  const first =
    objectives.length === 0
      ? ""
      : `Of ${counted(objectives.length, "objective")}, ${count(everywhere.length)} ${everywhere.length === 1 ? "is" : "are"} met in every configuration, ` +
        `${failed.length === 0 ? "none fails" : `${count(failed.length)} ${failed.length === 1 ? "fails" : "fail"} in some`}${ids.length === 0 ? "" : ` (${listed(ids)})`}` +
        `${open === 0 ? "" : ` and ${count(open)} ${open === 1 ? "is" : "are"} not decided everywhere`}.`;
  const tested = hypotheses.filter(({ verdict }) => verdict !== "stated");
  if (tested.length === 0)
    return first === "" ? "The experiment states its hypotheses in words alone; a reader judges them." : first;
  const of = (verdict: HypothesisVerdict): string =>
    listed(tested.filter((one) => one.verdict === verdict).map(({ hypothesis }) => hypothesis.id));
  const parts = (["holds", "does not hold", "inconclusive"] as const).flatMap((verdict) =>
    of(verdict) === "" ? [] : [`${of(verdict)}: ${verdict}`],
  );
  return [first, `Hypotheses with a condition: ${parts.join("; ")}.`].filter((part) => part !== "").join(" ");
}

function countsTable(judged: readonly JudgedObjective[]): string {
  const rows = countVerdicts(judged).map(
    ({ objective, counts }) =>
      `<tr><th scope="row" class="name">${escapeText(objective.id)}</th><td>${escapeText(objectiveInWords(objective))}${objective.severity === "abort" ? ` <span class="interval">stops the run where it fails</span>` : ""}</td>` +
      ORDER.map(
        (verdict) =>
          `<td class="number${counts[verdict] === 0 ? " dim" : verdict === "inconclusive" ? "" : ` ${CLASSES[verdict]}`}">${count(counts[verdict])}</td>`,
      ).join("") +
      "</tr>",
  );
  return (
    `<div class="scroll"><table class="objectives"><thead><tr><th>objective</th><th>what is asked</th>` +
    ORDER.map((verdict) => `<th class="number">${MARKS[verdict]} ${verdict}</th>`).join("") +
    `</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`
  );
}

function cellsTable(run: LoadedRun, judged: readonly JudgedObjective[], labels: ReadonlyMap<string, string>): string {
  const objectives = countVerdicts(judged).map(({ objective }) => objective);
  const rows = run.cells.map((cell) => {
    const values = objectives.map((objective) => {
      const one = judged.find((each) => each.objective === objective && each.cell === cell);
      if (one === undefined) return `<td class="dim">–</td>`;
      return (
        `<td><span class="${CLASSES[one.verdict]}">${MARKS[one.verdict]} ${one.verdict}</span> ${escapeText(valueInWords(one))}` +
        (one.ground === "decided" ? "" : `<span class="interval">${escapeText(groundInWords(one))}</span>`) +
        "</td>"
      );
    });
    return `<tr><th scope="row">${escapeText(labels.get(cell.id) ?? cell.id)}</th>${values.join("")}</tr>`;
  });
  return (
    `<details${rows.length * objectives.length <= OPEN_UP_TO ? " open" : ""}><summary>Every configuration against every objective</summary>` +
    `<div class="scroll"><table class="objectives"><thead><tr><th>configuration</th>${objectives
      .map(
        ({ id, metric, repetitions }) =>
          `<th><a href="#metric-${escapeText(metric)}">${escapeText(id)}</a><span class="unit">${escapeText(repetitions)} of repetitions</span></th>`,
      )
      .join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div></details>` +
    `<p class="facts">A median is judged by its 95 % interval over repetitions; max, min and other percentiles are those of the repetitions at hand. Inconclusive means that this run cannot tell.</p>`
  );
}

function hypothesesTable(hypotheses: readonly JudgedHypothesis[], labels: ReadonlyMap<string, string>): string {
  const rows = hypotheses.map((one) => {
    const { hypothesis, verdict } = one;
    const style = verdict === "holds" ? "better" : verdict === "does not hold" ? "worse" : "dim";
    return (
      `<tr><th scope="row" class="name">${escapeText(hypothesis.id)}</th><td>${escapeText(hypothesis.text)}${conditionHtml(hypothesis)}</td>` +
      `<td><span class="${style}">${HYPOTHESIS_MARKS[verdict]} ${verdict === "stated" ? "for the reader to judge" : verdict}</span>` +
      `<span class="interval">${escapeText(evidenceInWords(one, labels))}</span></td></tr>`
    );
  });
  return (
    `<h3 id="hypotheses">Hypotheses</h3><div class="scroll"><table class="objectives"><thead><tr><th></th><th>what was expected, before it was measured</th><th>what came of it</th></tr></thead>` +
    `<tbody>${rows.join("\n")}</tbody></table></div>`
  );
}

const HYPOTHESIS_MARKS: Readonly<Record<HypothesisVerdict, string>> = {
  holds: "✓",
  "does not hold": "✗",
  inconclusive: "?",
  stated: "–",
};

function conditionHtml({ expect, where }: Hypothesis): string {
  if (expect === undefined) return "";
  const selected = where === undefined ? "" : ` where <code>${escapeText(where)}</code>`;
  return `<span class="interval"><code>${escapeText(expect)}</code>${selected}</span>`;
}

/** What the cells say, without a full stop. */
export function evidenceInWords(one: JudgedHypothesis, labels: ReadonlyMap<string, string>): string {
  const { verdict, met, refuted, open, soFar, repetitions } = one;
  if (verdict === "stated") return "";
  const all = met.length + refuted.length + open.length;
  if (all === 0) return "no configuration of this run is one that it is about";
  const named = (ids: readonly string[]): string => {
    const some = ids.slice(0, 3).map((id) => labels.get(id) ?? id);
    return `${some.join("; ")}${ids.length > some.length ? ` and ${count(ids.length - some.length)} more` : ""}`;
  };
  if (refuted.length > 0)
    return `refuted by ${count(refuted.length)} of ${counted(all, "configuration")}: ${named(refuted)}`;
  if (open.length === 0) return `met in ${all === 1 ? "the one configuration" : `all ${count(all)} configurations`}`;
  const few =
    repetitions < REPETITIONS_FOR_INTERVAL
      ? `${counted(repetitions, "repetition")} ${repetitions === 1 ? "gives" : "give"} no interval, ${REPETITIONS_FOR_INTERVAL} do; `
      : "";
  return `${few}so far it is met in ${count(met.length + soFar.length)} of ${counted(all, "configuration")}`;
}

/** Labels of cells by id. */
export function labelsOf(run: LoadedRun): ReadonlyMap<string, string> {
  return new Map(chartInput(run).cells.map((cell) => [cell.summary.id, cell.label]));
}

export type CellMark = "" | "★" | "☆";

/** ★: on the Pareto front, and every objective met; ☆: on it, and an objective fails or is open. */
export function markCells(run: LoadedRun): ReadonlyMap<string, CellMark> {
  const front = paretoFront(run);
  if (front === undefined) return new Map();
  const judged = judgeObjectives(run);
  return new Map(
    run.cells.map(({ id }) => {
      if (!front.front.has(id)) return [id, ""];
      return [id, judged.some(({ cell, verdict }) => cell.id === id && verdict !== "pass") ? "☆" : "★"];
    }),
  );
}

/** What the stars mean, with what was left out; empty without a front. */
export function frontInWords(run: LoadedRun): string {
  const front = paretoFront(run);
  if (front === undefined) return "";
  const slos = (run.manifest.slos ?? []).length > 0;
  const marks = [...markCells(run).values()];
  const missing =
    front.left.length === 0
      ? ""
      : ` ${counted(front.left.length, "configuration")} could not be placed: a metric was not measured, or the checks call it invalid.`;
  const star = slos ? "★ on the Pareto front with every objective met, ☆ on it without" : "★ on the Pareto front";
  return (
    `${star} (${front.goals.map(goalInWords).join(", ")}): no other configuration is better in one without being worse in another, by the estimates; ` +
    `${plain(marks.filter((mark) => mark !== "").length)} of ${counted(run.cells.length, "configuration")}.${missing}`
  );
}

function goalInWords({ metric, goal }: ParetoGoal): string {
  return `${goal === "minimise" ? "least" : "most"} ${describeKnown(metric)?.title.toLowerCase() ?? metric}`;
}

/** Values of a table that stands open; a larger one is a click away. */
const OPEN_UP_TO = 120;
