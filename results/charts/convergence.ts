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
import { count, counted, percent, plain, trimmed } from "./numbers";

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
    healed.never === 0 ? "all healed" : `${count(healed.never)} of ${count(healed.keys)} had not healed when last seen`;
  return `half healed ${say(half)}, nine of ten ${say(most)}; ${never}`;
}

function answerOf(all: readonly { readonly cell: ChartCell; readonly healed: Healed }[]): string {
  const rank = ({ healed }: (typeof all)[number]): number => survivalQuantile(healed.steps, 0.9).value ?? Infinity;
  const share = ({ healed }: (typeof all)[number]): number => healed.steps.at(-1)!.survival;
  const sorted = [...all].sort((a, b) => share(b) - share(a) || rank(b) - rank(a));
  const [worst, best] = [sorted[0], sorted.at(-1)!];
  const of = ({ cell, healed }: (typeof all)[number]): string => `${cell.label}: ${inWords(healed)}`;
  if (worst === best)
    return `Of ${counted(worst.healed.keys, "key")} that differed when a fault ended, at ${of(worst)}.`;
  const left = share(worst) > 0 ? ` (about ${percent(share(worst))} of keys were still divergent at its end)` : "";
  return `Slowest at ${of(worst)}${left}. Quickest at ${of(best)}.`;
}
