/**
 * The section on saturation: the answer of each search, the curve, and every rate that was tried, for the page, the terminal and
 * programs.
 */
import type { ChartTable } from "../charts/chart";
import { escapeText } from "../charts/markup";
import { counted, listed, percent, plain, trimmed } from "../charts/numbers";
import { answerInWords, curveInWords, rateInWords, tallyInWords, targetsInWords } from "../charts/saturation-words";
import { describeMetric } from "../record/metrics";
import type { LoadedRun } from "../record/run-folder";
import { saturationsOf, type Saturation, type Spread, type TriedRate } from "../statistics/saturation";
import { MOST_RETRIES } from "../statistics/saturation-search";
import { dataTable } from "./tables";

/** `read_p99_ms ≤ 20 ms holds up to a rate between 1 610 /s and 1 834 /s at R=1; ...`. */
export function saturationInBrief(run: LoadedRun): string {
  const question = run.manifest.saturation;
  if (question === undefined) return "";
  const curves = saturationsOf(run);
  const parts = curves.slice(0, MOST_TOLD).map((curve) => {
    const name = curveInWords(run, curve);
    return `${endsInWords(curve)}${name === "" ? "" : ` at ${name}`}`;
  });
  const more = curves.length > parts.length ? `; and ${counted(curves.length - parts.length, "other")}` : "";
  return `Highest offered rate at which ${targetsInWords(question)} holds: ${parts.join("; ")}${more}. Each rate was decided by ${counted(question.repetitions, "trial")}; at the first of two it held in all of them, at the second in none.`;
}

const MOST_TOLD = 8;

function endsInWords({ outcome, answer: { highestMet, lowestFailed, undecidedAt } }: Saturation): string {
  const [from, to] = [highestMet, lowestFailed].map((rate) => (rate === undefined ? "" : rateInWords(rate)));
  const known =
    from === ""
      ? to === ""
        ? "not known"
        : `below ${to}`
      : to === ""
        ? `at least ${from}`
        : `between ${from} and ${to}`;
  if (outcome === "unfinished") return `${known} so far`;
  return outcome === "undecided" && undecidedAt !== undefined
    ? `${known} (not decided at ${rateInWords(undecidedAt)})`
    : known;
}

/** Of one curve, for a terminal. */
export interface SaturationText {
  readonly heading: string;
  readonly table: ChartTable;
  readonly answer: string;
}

export function saturationTexts(run: LoadedRun): readonly SaturationText[] {
  const question = run.manifest.saturation;
  if (question === undefined) return [];
  return saturationsOf(run).map((curve) => ({
    heading: curveInWords(run, curve),
    table: {
      columns: [
        "offered (1/s)",
        "achieved (1/s)",
        ...question.targets.map(
          ({ metric, unit }) =>
            `${metric}${unit === "ms" || unit === "1/s" || unit === "" ? "" : ` (${unit === "ratio" ? "%" : unit})`}`,
        ),
        "",
        "trials",
      ],
      rows: curve.rates.map((rate) => [
        rateInWords(rate.ratePerSecond).replace(/\u00a0\/s$/, ""),
        spreadInWords(rate.achieved, "1/s"),
        ...question.targets.map(({ metric, unit }) => spreadInWords(rate.metrics[metric], unit)),
        MARKS[rate.verdict],
        tallyInWords(rate),
      ]),
    },
    answer: answerInWords(curve, question),
  }));
}

export const MARKS: Readonly<Record<TriedRate["verdict"], string>> = {
  met: "✓",
  failed: "✗",
  grey: "~",
  undecided: "?",
  open: "…",
};

/** `8.1 [7.9, 8.3]`: the median, and the least and most of the trials where there are several. */
function spreadInWords(spread: Spread | undefined, unit: string): string {
  if (spread === undefined) return "-";
  const bare = (value: number): string => (unit === "ratio" ? percent(value).replace(/\u00a0%$/, "") : plain(value));
  const { median, least, most } = spread;
  return least === most ? bare(median) : `${bare(median)} [${bare(least)}, ${bare(most)}]`;
}

export const SATURATION_SECTION = { id: "saturation", name: "Saturation" } as const;

/** HTML: the answers, and the table of the rates of each curve. `chart`: the curve itself, already drawn. */
export function saturationSection(run: LoadedRun, chart: string): string {
  const question = run.manifest.saturation!;
  const curves = saturationsOf(run);
  const answers = curves
    .map((curve) => {
      const name = curveInWords(run, curve);
      return `<p class="answer">${name === "" ? "" : `<strong>${escapeText(name)}</strong>: `}${escapeText(answerInWords(curve, question))}</p>`;
    })
    .join("");
  const metrics = question.targets.map((target) => {
    const described = describeMetric(target.metric);
    return `${target.metric}${described === undefined ? "" : ` (${described.title.toLowerCase()})`}`;
  });
  const table: ChartTable = {
    columns: [
      ...(curves.length > 1 ? ["configuration"] : []),
      "offered (1/s)",
      "achieved (1/s)",
      ...question.targets.map(
        ({ metric, unit }) => `${metric}${unit === "" ? "" : ` (${unit === "ratio" ? "share" : unit})`}`,
      ),
      "met",
      "of",
      "overloaded",
      "said nothing",
      "verdict",
      "why not",
    ],
    rows: curves.flatMap((curve) =>
      curve.rates.map((rate) => [
        ...(curves.length > 1 ? [curveInWords(run, curve)] : []),
        rate.ratePerSecond,
        numberOf(rate.achieved),
        ...question.targets.map(({ metric }) => numberOf(rate.metrics[metric])),
        rate.met,
        rate.met + rate.failed,
        rate.overloaded,
        rate.undecided,
        `${MARKS[rate.verdict]} ${rate.verdict}`,
        rate.why[0] ?? "",
      ]),
    ),
  };
  const tried = counted(table.rows.length, "rate");
  return (
    `<h2>How much load does it bear?</h2>${answers}${chart}` +
    `<details><summary>Every rate tried (${tried})</summary>${dataTable(table)}</details>` +
    `<p class="facts">Searched for: ${escapeText(listed(metrics))}, ${escapeText(targetsInWords(question))}, from ${escapeText(rateInWords(question.fromPerSecond))} to at most ${escapeText(rateInWords(question.toPerSecond))}, to within ${escapeText(percent(question.precision))}; each rate decided by ${escapeText(counted(question.repetitions, "trial"))}. Numbers are medians over them. A trial in which less was achieved than offered, operations were dropped, or fewer than 95 % succeeded did not meet it, whatever its percentiles say. One that the machine spoilt decides nothing and was repeated, at most ${MOST_RETRIES} times.</p>`
  );
}

function numberOf(spread: Spread | undefined): number | null {
  return spread === undefined ? null : trimmed(spread.median);
}

/** For programs. */
export function saturationDocuments(run: LoadedRun): readonly object[] {
  const snake = ({ median, least, most }: Spread): object => ({ median, lo: least, hi: most });
  return saturationsOf(run).map(({ axes, world, outcome, answer, rates }) => ({
    axes,
    world,
    outcome,
    highest_met_per_s: answer.highestMet ?? null,
    lowest_failed_per_s: answer.lowestFailed ?? null,
    grey_per_s: answer.grey,
    not_met_below_per_s: answer.notMetBelow,
    undecided_at_per_s: answer.undecidedAt ?? null,
    rates: rates.map((rate) => ({
      rate_per_s: rate.ratePerSecond,
      cell: rate.cell,
      verdict: rate.verdict,
      met: rate.met,
      failed: rate.failed,
      overloaded: rate.overloaded,
      undecided: rate.undecided,
      why: rate.why,
      achieved_per_s: rate.achieved === undefined ? null : snake(rate.achieved),
      metrics: Object.fromEntries(Object.entries(rate.metrics).map(([name, spread]) => [name, snake(spread)])),
    })),
  }));
}
