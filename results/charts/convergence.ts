/**
 * Chart 15, convergence: the share of keys still divergent, by time since the fault ended (Kaplan and Meier's estimator, `statistics/kaplan-meier.ts`).
 * An average over keys that agreed would leave out those that never did, which are the ones that matter: here they keep the line from
 * reaching zero, and a tick marks where they were last seen. Steps are as wide as the distance between two scans, because nothing
 * finer was looked at.
 */
import { facets, repetitions, type ChartCell, type ChartInput, type Series } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Plain } from "./chart";
import { chartPanel, legendOf, line, panelSize, type Point } from "./frame";
import { healedOf, knowsTrouble, type Healed } from "./healing";
import { survivalQuantile } from "../statistics/kaplan-meier";
import { count, counted, listed, percent, plain, trimmed } from "./numbers";

export const convergence: ChartDefinition = {
  id: "convergence",
  number: 15,
  title: "Keys still divergent after a fault",
  question: "How long until replicas agree again?",
  prose:
    "Time from left to right, from the end of the fault. The line is the share of keys whose replicas still differ, of those that differed when it ended (all faults and repetitions together). A key has healed when its replicas agree and go on agreeing until the next fault or the end of the run. A tick on the line: keys that were watched no longer and had not healed; the line takes them for neither healed nor ill from there on. Shaded: 95 % band of the line, for these keys. A line that stays above zero ends with keys that never healed while anybody looked.",
  absence:
    "No fault ended with keys whose replicas differed, or nobody looked at replicas afterwards, so there is no healing to time.",
  concerns: knowsTrouble,
  draw,
};

const CENSORED: LegendEntry = { series: "watched no longer, not healed", colour: "$muted", dash: [], mark: "crossRot" };

function draw(input: ChartInput): ChartFigure | undefined {
  const drawn = facets(input)
    .map((facet) => ({ facet, curves: facet.series.map(({ cell }) => healedOf(cell)) }))
    .filter(({ curves }) => curves.some((curve) => curve !== undefined));
  if (drawn.length === 0) return undefined;
  const all = drawn.flatMap(({ facet, curves }) =>
    facet.series.flatMap(({ cell }, i) => (curves[i] === undefined ? [] : [{ cell, healed: curves[i] }])),
  );
  const end = Math.max(...all.map(({ healed }) => healed.steps.at(-1)!.at));
  const size = panelSize(drawn.length);
  const censored = all.some(({ healed }) => healed.never > 0);
  const resolution = Math.max(...all.map(({ healed }) => healed.resolutionS));
  return {
    id: convergence.id,
    number: convergence.number,
    title: convergence.title,
    question: convergence.question,
    answer: answerOf(all),
    caption:
      `${counted(
        all.reduce((sum, { healed }) => sum + healed.keys, 0),
        "key",
      )} that differed when a fault ended, of ${repetitions(all.map(({ cell }) => cell))}, pooled within each configuration; shaded: 95 % band (Greenwood, log-log). ` +
      `Scans lay ${resolution === 0 ? "as far apart as the table shows" : `up to ${plain(trimmed(resolution))} s apart: a key healed up to so much earlier than drawn`}.`,
    description:
      "Falling steps of the share of keys still divergent, by seconds since the end of the fault. " +
      all.map(({ cell, healed }) => `${cell.label}: ${inWords(healed)}`).join("; ") +
      ".",
    axes: { x: "time since the fault ended (s)", y: "keys still divergent (%)" },
    legend: [
      ...legendOf(
        drawn.flatMap(({ facet }) => facet.series),
        "line",
      ),
      ...(censored ? [CENSORED] : []),
    ],
    panels: drawn.map(({ facet, curves }) =>
      chartPanel(facet.title, size, {
        type: "line",
        x: { title: "time since the fault ended (s)", scale: "linear", min: 0, max: end, unit: "s", name: "after (s)" },
        y: { title: "keys still divergent (%)", scale: "linear", min: 0, max: 100, unit: "%", name: "still divergent" },
        datasets: [
          ...facet.series.flatMap((series, i) => datasets(series, curves[i])),
          ...(censored ? [censoredKey()] : []),
        ],
      }),
    ),
    table: {
      columns: ["configuration", "after (s)", "watched", "healed", "left", "still divergent (%)", "lo (%)", "hi (%)"],
      rows: all.flatMap(({ cell, healed }) =>
        healed.steps.map(({ at, atRisk, events, censored: left, survival, lo, hi }) => [
          ...[cell.label, trimmed(at), atRisk, events, left],
          ...[trimmed(100 * survival), trimmed(100 * lo), trimmed(100 * hi)],
        ]),
      ),
    },
  };
}

function datasets({ name, style }: Series, healed: Healed | undefined): { readonly [key: string]: Plain }[] {
  if (healed === undefined) return [];
  const points = (of: (step: Healed["steps"][number]) => number): Point[] => [
    { x: 0, y: 100 },
    ...healed.steps.map((step) => ({ x: trimmed(step.at), y: trimmed(100 * of(step)) })),
  ];
  const edge = { borderWidth: 0, pointRadius: 0, label: "", pointHitRadius: 0, stepped: true };
  const ticks = healed.steps.flatMap(({ at, censored, survival }) =>
    censored === 0 ? [] : [{ x: trimmed(at), y: trimmed(100 * survival) }],
  );
  return [
    line(
      name,
      style,
      points(({ survival }) => survival),
      { pointRadius: 0, stepped: true },
    ),
    {
      ...line(
        name,
        style,
        points(({ lo }) => lo),
      ),
      ...edge,
      fill: false,
    },
    {
      ...line(
        name,
        style,
        points(({ hi }) => hi),
      ),
      ...edge,
      fill: "-1",
      backgroundColor: `${style.colour}/16`,
    },
    ...(ticks.length === 0
      ? []
      : [
          line(name, style, ticks, {
            label: `${name}, watched no longer`,
            showLine: false,
            pointStyle: "crossRot",
            pointRadius: 5,
            borderWidth: 2,
            borderDash: [],
            clip: false,
          }),
        ]),
  ];
}

/** Empty, so that a picture of its own names the ticks. */
function censoredKey(): { readonly [key: string]: Plain } {
  return line(CENSORED.series, { colour: CENSORED.colour, dash: [], marker: "crossRot" }, [], { showLine: false });
}

function inWords(healed: Healed): string {
  const half = survivalQuantile(healed.steps, 0.5);
  const most = survivalQuantile(healed.steps, 0.9);
  const say = ({ value, observed }: typeof half): string =>
    value === null ? `not within ${plain(trimmed(observed))} s` : `after ${plain(trimmed(value))} s`;
  const never =
    healed.never > 0
      ? `${count(healed.never)} of ${count(healed.keys)} had not healed when last seen`
      : `all healed, the last after ${plain(trimmed(healed.steps.at(-1)!.at))} s`;
  return `half healed ${say(half)}, nine of ten ${say(most)}; ${never}`;
}

interface Named {
  readonly cell: ChartCell;
  readonly healed: Healed;
}

/**
 * By the share that was not seen to heal, the run's metric for the time until all agreed (median over repetitions), the last key of any
 * repetition, nine keys of ten and half of them, in this order: who is named quickest is slower than nobody at the worst.
 */
function slowness({ cell, healed }: Named): readonly number[] {
  const metric = cell.summary.metrics["convergence_s"];
  return [
    healed.steps.at(-1)!.survival,
    metric === undefined || metric.atLeast === true ? Infinity : (metric.value ?? Infinity),
    healed.never > 0 ? Infinity : healed.steps.at(-1)!.at,
    survivalQuantile(healed.steps, 0.9).value ?? Infinity,
    survivalQuantile(healed.steps, 0.5).value ?? Infinity,
  ].map((value) => (value === Infinity ? value : trimmed(value)));
}

function answerOf(all: readonly Named[]): string {
  const ranked = all
    .map((one) => ({ ...one, slow: slowness(one) }))
    .sort((a, b) => {
      const i = a.slow.findIndex((value, at) => value !== b.slow[at]);
      return i < 0 ? 0 : a.slow[i] < b.slow[i] ? -1 : 1;
    });
  const [best, worst] = [ranked[0], ranked.at(-1)!];
  const alike = ({ slow }: typeof best): typeof ranked =>
    ranked.filter((one) => one.slow.every((value, i) => value === slow[i]));
  const at = (group: typeof ranked): string => {
    const labels = group.slice(0, MOST_NAMED).map(({ cell }) => cell.label);
    const more = group.length - labels.length;
    return more > 0 ? `${labels.join(", ")} and ${counted(more, "other")}` : listed(labels);
  };
  if (ranked.length === 1)
    return `Of ${counted(worst.healed.keys, "key")} that differed when a fault ended, at ${worst.cell.label}: ${inWords(worst.healed)}.`;
  const [quickest, slowest] = [alike(best), alike(worst)];
  if (quickest.length === ranked.length)
    return `Alike in all ${count(ranked.length)} configurations: ${wordsOf(quickest)}.`;
  const [left] = worst.slow;
  const still = left > 0 ? ` (about ${percent(left)} of keys were still divergent at its end)` : "";
  // Somebody else may have healed most keys sooner.
  const rivalled = ranked.some(({ slow }) => slow.some((value, i) => value < best.slow[i]));
  const first = rivalled ? "Among the quickest" : "Quickest";
  return `${namely("Slowest", slowest)} at ${at(slowest)}: ${wordsOf(slowest)}${still}. ${namely(first, quickest)} at ${at(quickest)}: ${wordsOf(quickest)}.`;
}

/** Those who are tied took alike; how many keys they had may differ. */
function wordsOf(group: readonly Named[]): string {
  const [first, ...others] = group.map(({ healed }) => inWords(healed));
  return others.every((one) => one === first) ? first : `${first} (of the first of these)`;
}

function namely(rank: string, group: readonly unknown[]): string {
  return group.length > 1 ? `${rank}, tied,` : rank;
}

const MOST_NAMED = 3;
