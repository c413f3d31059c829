/**
 * A comparison as one page, in the order in which it must be read: may these be compared, what differs in what was asked for, what
 * differs in what came out, then the pictures. Its shell, its charts and its rules are those of a run's report: one file, no network,
 * SVG first. A comparison that was refused is a page too, with the reason and without numbers.
 */
import type { ChartDefinition, ChartFigure } from "../charts/chart";
import type { ComparisonChart } from "../charts/comparison-chart";
import { convergence } from "../charts/convergence";
import { divergence } from "../charts/divergence";
import { forest } from "../charts/forest";
import { latencyCompared } from "../charts/latency-compared";
import { escapeText } from "../charts/markup";
import { count, counted, listed } from "../charts/numbers";
import { percentileSpectrum } from "../charts/percentile-spectrum";
import { shift } from "../charts/shift";
import { siblings } from "../charts/siblings";
import { slope } from "../charts/slope";
import { tVisibility } from "../charts/t-visibility";
import type { Compared } from "../comparison/compare-runs";
import { overlay } from "../comparison/overlay";
import type { ComparedMetric, RunComparison } from "../comparison/run-comparison";
import { describeMetric } from "../record/metrics";
import { WORLD_IN_WORDS } from "../statistics/worlds";
import { figureHtml } from "./chart-section";
import {
  differenceInWords,
  evidenceInWords,
  geometricMeansInWords,
  goodness,
  methodInWords,
  pInWords,
  relativeInWords,
  sideInWords,
  valueInWords,
  verdictMark,
  verdictSentences,
  WEIGHT_IN_WORDS,
} from "./compare-words";
import { utc } from "./method";
import { renderPage, type PageSection } from "./page";
import { worldBadge } from "./world-badge";

export interface ComparisonPageOptions {
  /** Equal parameters too. */
  readonly all?: boolean;
  readonly geometricMeans?: boolean;
  /** Above this its SVG goes. Default 5,000,000. */
  readonly maxBytes?: number;
}

const LARGE_PAGE_BYTES = 5_000_000;

/** Charts of a run that are laid over each other, by the name that the navigation has for them. */
const OVERLAID: readonly (readonly [chart: ChartDefinition, name: string])[] = [
  [percentileSpectrum, "Tail"],
  [latencyCompared, "Over time"],
  [tVisibility, "Visibility"],
  [divergence, "Divergence"],
  [convergence, "Convergence"],
  [siblings, "Siblings"],
];

interface Drawn {
  readonly chart: ChartDefinition | ComparisonChart;
  readonly name: string;
  readonly figure: ChartFigure | undefined;
}

/** A whole HTML document. */
export function renderComparisonPage(compared: Compared, options: ComparisonPageOptions = {}): string {
  const drawn = compared.comparison.rows.length === 0 ? [] : drawAll(compared);
  const page = compose(compared.comparison, drawn, options, true);
  if (Buffer.byteLength(page) <= (options.maxBytes ?? LARGE_PAGE_BYTES)) return page;
  return compose(compared.comparison, drawn, options, false);
}

/** Every chart of a comparison, with its figure where there is one. */
export function drawAll(compared: Compared): Drawn[] {
  const { comparison } = compared;
  const own = (chart: ComparisonChart, name: string): Drawn => ({ chart, name, figure: chart.draw(comparison) });
  const input = overlay(compared);
  return [
    own(forest, "Differences"),
    own(shift, "Shift"),
    ...OVERLAID.map(([chart, name]): Drawn => ({ chart, name, figure: chart.draw(input) })),
    own(slope, "Seeds"),
  ];
}

function compose(
  comparison: RunComparison,
  drawn: readonly Drawn[],
  options: ComparisonPageOptions,
  svg: boolean,
): string {
  const shown = drawn.filter(({ figure, chart }) => figure !== undefined || chart === forest || chart === slope);
  const absent = drawn.filter((one) => !shown.includes(one));
  const sections: PageSection[] = [
    { id: "comparable", name: "Comparable?", body: comparableSection(comparison) },
    { id: "parameters", name: "Parameters", body: parametersSection(comparison, options.all === true) },
    { id: "verdicts", name: "Verdicts", body: verdictsSection(comparison, options) },
    ...shown.map(({ chart, name, figure }) => ({
      id: chart.id,
      name,
      body: `<h2>${escapeText(chart.question)}</h2>${figureHtml({ ...chart, draw: () => undefined }, figure, { figureFiles: false, svg })}`,
    })),
    { id: "method", name: "Method", body: methodSection(comparison, drawn, absent) },
  ];
  const title = `${comparison.sides.slice(1).map(sideInWords).join(", ")} against ${sideInWords(comparison.sides[0])}`;
  return renderPage({
    title: `${title} · quorumlab`,
    header: header(comparison, title, svg),
    sections,
    footer: "Made by quorumlab from the files of the runs named above. This page loads nothing from anywhere.",
    charts: Object.fromEntries(
      shown.flatMap(({ figure }) =>
        figure === undefined
          ? []
          : [[figure.id, figure.panels.map(({ drawing }) => (drawing.kind === "chart" ? drawing.config : null))]],
      ),
    ),
  });
}

function header(comparison: RunComparison, title: string, svg: boolean): string {
  const { sides, comparability, groups } = comparison;
  const titles = [...new Set(sides.map((side) => side.title))];
  const worlds = [...new Set(groups.map(({ world }) => world))];
  const badge = comparability.comparable
    ? `<li class="valid"><a href="#comparable" style="color:inherit">comparable</a></li>`
    : `<li class="invalid"><a href="#comparable" style="color:inherit">not comparable</a></li>`;
  return (
    `<h1>${escapeText(title)}</h1><p class="question">${escapeText(listed(titles))}</p>` +
    `<ul class="badges">${worlds.map((world) => `<li class="bare">${worldBadge(world)}</li>`).join("")}${badge}</ul>` +
    verdictSentences(comparison)
      .map((text) => `<p class="verdict">${escapeText(text)}</p>`)
      .join("") +
    `<p class="facts">${sides
      .map(
        ({ letter, name, experiment, run, startedAt, profile, trials }) =>
          `<strong>${letter}</strong> ${escapeText(name)} · ${escapeText(experiment)} <code>${escapeText(run)}</code> · ${escapeText(utc(startedAt))} UTC · profile ${escapeText(profile)} · ${counted(trials, "trial")}`,
      )
      .join("<br>")}</p>` +
    (svg ? "" : `<div class="warnings">This page would have grown too large, so its pictures need JavaScript.</div>`)
  );
}

function comparableSection({ comparability, unmatched, groups, sides }: RunComparison): string {
  const { comparable, differences } = comparability;
  const cautions = differences.filter(({ weight }) => weight === "caution").length;
  const answer = !comparable
    ? "No: what differs makes the numbers meaningless beside each other."
    : differences.length === 0
      ? `Yes: ${counted(groups.length, "configuration")} of ${counted(sides.length, "side")} are matched, and nothing but what was asked for differs.`
      : `Yes: ${counted(groups.length, "configuration")} ${groups.length === 1 ? "is" : "are"} matched, with ${cautions === 0 ? "nothing to beware of" : `${counted(cautions, "caution")} to keep in mind`} and ${counted(differences.length - cautions, "note")}.`;
  const list =
    differences.length === 0
      ? ""
      : `<ul class="plain-list">${differences.map(({ weight, text }) => `<li><strong class="${weight === "refusal" ? "doubt" : ""}">${WEIGHT_IN_WORDS[weight]}</strong>: ${escapeText(text)}</li>`).join("")}</ul>`;
  const alone =
    unmatched.length === 0
      ? ""
      : `<h3>On one side only, not compared</h3><div class="scroll"><table><thead><tr><th>side</th><th>configuration</th><th>why</th></tr></thead><tbody>${unmatched.map(({ letter, label, why }) => `<tr><td>${letter}</td><td class="name">${escapeText(label)}</td><td>${escapeText(why)}</td></tr>`).join("")}</tbody></table></div>`;
  return `<h2>May these be compared?</h2><p class="answer">${escapeText(answer)}</p>${list}${alone}`;
}

function parametersSection(comparison: RunComparison, all: boolean): string {
  const differing = comparison.parameters.filter(({ differs }) => differs);
  const same = comparison.parameters.filter(({ differs }) => !differs);
  const table = (rows: RunComparison["parameters"]): string =>
    `<div class="scroll"><table><thead><tr><th>parameter</th>${comparison.sides.map(({ letter }) => `<th>${letter}</th>`).join("")}</tr></thead><tbody>${rows
      .map(
        ({ key, values }) =>
          `<tr><td class="name"><code>${escapeText(key)}</code></td>${values.map((value) => `<td>${escapeText(value)}</td>`).join("")}</tr>`,
      )
      .join("")}</tbody></table></div>`;
  const answer =
    differing.length === 0
      ? `No parameter differs: all ${count(same.length)} are the same.`
      : `${counted(differing.length, "parameter")} ${differing.length === 1 ? "differs" : "differ"}; ${count(same.length)} are the same.`;
  return (
    `<h2>What was set differently?</h2><p class="answer">${escapeText(answer)}</p>` +
    (differing.length === 0 ? "" : table(differing)) +
    (same.length === 0
      ? ""
      : `<details${all ? " open" : ""}><summary>The parameters that are the same (${count(same.length)})</summary>${table(same)}</details>`)
  );
}

function verdictsSection(comparison: RunComparison, options: ComparisonPageOptions): string {
  const { rows, groups, counts, sides } = comparison;
  if (rows.length === 0)
    return `<h2>What came out differently?</h2><p class="answer">Nothing is compared here.</p><p class="absent">The reasons stand above.</p>`;
  const decided = counts.better + counts.worse + counts.different;
  const kinds =
    decided === 0
      ? "none shows a difference"
      : `${count(decided)} ${decided === 1 ? "shows" : "show"} a difference (${count(counts.worse)} worse, ${count(counts.better)} better${counts.different === 0 ? "" : `, ${count(counts.different)} neither`})`;
  const be = (n: number): string => `${count(n)} ${n === 1 ? "is" : "are"}`;
  const answer = `Of ${counted(rows.length, "row")}, ${kinds}, ${be(counts.same)} the same within the noise floor and ${be(counts.inconclusive)} inconclusive${counts.incomparable === 0 ? "" : `; ${count(counts.incomparable)} cannot be compared`}.`;
  const several = groups.length > 1;
  const tables = groups
    .map(({ id, label }) => ({ label, rows: rows.filter(({ group }) => group === id) }))
    .filter((one) => one.rows.length > 0)
    .map(
      ({ label, rows: ofGroup }) =>
        `${several ? `<h3>${escapeText(label)}</h3>` : ""}${verdictTable(comparison, ofGroup)}`,
    )
    .join("\n");
  const means =
    options.geometricMeans === true
      ? geometricMeansInWords(comparison)
          .map((text) => `<p class="facts">${escapeText(text)}</p>`)
          .join("")
      : "";
  return (
    `<h2>What came out differently?</h2><p class="answer">${escapeText(answer)}</p><style>${STYLE}</style>` +
    (sides.length > 2 ? glance(comparison) : "") +
    tables +
    `<p class="facts">${escapeText(methodInWords(comparison))}</p>${means}`
  );
}

/** On a phone a row is a paragraph and the verdict its second line: nobody scrolls sideways for the answer. */
const STYLE = `.verdicts td.what{min-width:11rem}
@media (max-width:700px){.verdicts,.verdicts tbody{display:block}.verdicts thead{display:none}
.verdicts tr{display:flex;flex-direction:column;border-bottom:1px solid var(--line);padding:.5rem 0}
.verdicts td{border:0;padding:.05rem 0;text-align:left;white-space:normal}.verdicts td.name{order:-2;font-weight:600}.verdicts td.name .interval{display:inline;font-weight:400;margin-left:.5rem}
.verdicts td.what{order:-1}.verdicts td[data-label]::before{content:attr(data-label) ": ";color:var(--muted)}.verdicts td[data-label] .interval{display:inline;margin-left:.5rem}}`;

/** Of three sides and more: a row a metric, A first. */
function glance({ sides, groups, rows }: RunComparison): string {
  const several = groups.length > 1;
  const body = groups.flatMap(({ id, label }) => {
    const ofGroup = rows.filter(({ group }) => group === id);
    return [...new Set(ofGroup.map(({ metric }) => metric))].map((metric) => {
      const ofMetric = ofGroup.filter((row) => row.metric === metric);
      const others = sides.slice(1).map(({ letter }) => {
        const row = ofMetric.find((one) => one.letter === letter);
        return row === undefined
          ? `<td class="dim" data-label="${letter}">no such configuration</td>`
          : `<td class="number ${tone(row)}" data-label="${letter}">${escapeText(valueInWords(row.value))}<span class="interval">${escapeText(`${relativeInWords(row)} · ${verdictMark(row)}`)}</span></td>`;
      });
      return `<tr>${several ? `<td class="name">${escapeText(label)}</td>` : ""}<td class="name">${escapeText(ofMetric[0].title)}<span class="interval">${escapeText(goodness(ofMetric[0]))}</span></td><td class="number" data-label="A">${escapeText(valueInWords(ofMetric[0].baseline))}</td>${others.join("")}</tr>`;
    });
  });
  return `<h3>At a glance</h3><div class="scroll"><table class="verdicts"><thead><tr>${several ? "<th>configuration</th>" : ""}<th>metric</th>${sides.map((side, i) => `<th class="number">${escapeText(sideInWords(side))}${i === 0 ? `<span class="unit">baseline</span>` : ""}</th>`).join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table></div><h3>Row by row</h3>`;
}

function verdictTable({ sides }: RunComparison, rows: readonly ComparedMetric[]): string {
  const several = sides.length > 2;
  const body = rows.map((row) => {
    const decided = row.verdict === "better" || row.verdict === "worse" || row.verdict === "different";
    return (
      `<tr${decided ? "" : ' class="dim"'}><td class="name"><a href="#metric-${escapeText(row.metric)}">${escapeText(row.title)}</a><span class="interval">${escapeText(goodness(row))}</span></td>` +
      `${several ? `<td data-label="side">${row.letter}</td>` : ""}<td class="number" data-label="A">${escapeText(valueInWords(row.baseline))}</td><td class="number" data-label="${row.letter}">${escapeText(valueInWords(row.value))}</td>` +
      `<td class="number" data-label="difference">${escapeText(differenceInWords(row))}<span class="interval">${escapeText(row.relative === null ? "" : `${relativeInWords(row)} of A`)}</span></td>` +
      `<td class="number" data-label="p, adjusted">${escapeText(pInWords(row))}<span class="interval">${escapeText(evidenceInWords(row))}</span></td>` +
      `<td class="what ${tone(row)}"><strong>${escapeText(verdictMark(row))}</strong>${row.reason === null ? "" : `<span class="interval">${escapeText(row.reason)}</span>`}</td></tr>`
    );
  });
  return `<div class="scroll"><table class="verdicts"><thead><tr><th>metric</th>${several ? "<th>side</th>" : ""}<th class="number">A<span class="unit">baseline</span></th><th class="number">${several ? "other" : sides[1].letter}</th><th class="number">difference<span class="unit">and its 95 % interval</span></th><th class="number">p<span class="unit">adjusted</span></th><th>verdict</th></tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

function tone({ verdict }: ComparedMetric): string {
  return verdict === "better" || verdict === "worse" ? verdict : "";
}

function methodSection(comparison: RunComparison, drawn: readonly Drawn[], absent: readonly Drawn[]): string {
  const metrics = [...new Set(comparison.rows.map(({ metric }) => metric))];
  const worlds = [...new Set(comparison.groups.map(({ world }) => WORLD_IN_WORDS[world]))];
  const left =
    absent.length === 0
      ? ""
      : `<p class="facts">Not drawn: ${absent.map(({ chart }) => `${escapeText(chart.title)} (${escapeText(chart.absence)})`).join(" ")}</p>`;
  return (
    `<h2>How was this compared?</h2><p class="answer">${escapeText(`${counted(comparison.groups.length, "configuration")} ${worlds.length === 0 ? "" : `${listed(worlds)}, `}compared in ${counted(metrics.length, "metric")}; each further metric or configuration would cost the others power.`)}</p>` +
    `<p class="facts">${escapeText(methodInWords(comparison))}</p>${left}` +
    `<h3>Metrics</h3><dl class="glossary">${metrics
      .map((name) => {
        const metric = describeMetric(name);
        return `<dt id="metric-${escapeText(name)}">${escapeText(metric?.title ?? name)} <code>${escapeText(name)}</code></dt><dd>${escapeText(metric?.definition ?? "A metric that this version does not know.")}</dd>`;
      })
      .join("")}</dl>` +
    `<h3>Charts</h3><dl class="glossary">${drawn
      .filter(({ figure }) => figure !== undefined)
      .map(
        ({ chart }) => `<dt id="about-${chart.id}">${escapeText(chart.title)}</dt><dd>${escapeText(chart.prose)}</dd>`,
      )
      .join("")}</dl>`
  );
}
