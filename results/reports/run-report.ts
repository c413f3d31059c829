/**
 * The report of one run: a single HTML file in the order of a reader's questions. It is made from stored figures and
 * never runs anything, so it can be rebuilt at any time; the same run gives the same bytes. Every section begins with
 * one sentence that answers its question with numbers.
 */
import { CHARTS, type ChartFigure } from "../charts/chart";
import { chartInput, inAxisOrder, type ChartInput } from "../charts/cells";
import { escapeText } from "../charts/markup";
import { count, counted } from "../charts/numbers";
import { standaloneSvg } from "../charts/render";
import type { LoadedRun } from "../record/run-folder";
import { chartSection, figurePath } from "./chart-section";
import { comparisonSection } from "./comparison";
import { worstValidity } from "./headline";
import { glossarySection, methodSection, utc } from "./method";
import { renderPage, type PageSection } from "./page";
import { allMetricsTable, cellsTable } from "./tables";
import { verdictOf } from "./verdict";

export interface RunReportOptions {
  /** Link to `figures/*.svg` and `figures/*.csv` beside the page; `reportFiles` writes them. Default false. */
  readonly figureFiles?: boolean;
  /** Above this a page is slow to open and to send: its SVG goes, and the page says so. Default 5,000,000. */
  readonly maxBytes?: number;
}

const LARGE_PAGE_BYTES = 5_000_000;

/** The whole page. Relative links assume that it stands in `report/` of the run's folder. */
export function renderRunReport(run: LoadedRun, options: RunReportOptions = {}): string {
  const figures = drawAll(chartInput(run));
  const figureFiles = options.figureFiles ?? false;
  const ordered = inAxisOrder(run);
  const page = compose(ordered, figures, { figureFiles, svg: true });
  if (Buffer.byteLength(page) <= (options.maxBytes ?? LARGE_PAGE_BYTES)) return page;
  return compose(ordered, figures, { figureFiles, svg: false });
}

/** The page and its figures as files, by path relative to the run's `report/` folder. */
export function reportFiles(run: LoadedRun, options: RunReportOptions = {}): ReadonlyMap<string, string> {
  const files = new Map([["index.html", renderRunReport(run, { ...options, figureFiles: true })]]);
  for (const figure of drawAll(chartInput(run)).values()) {
    figure.panels.forEach((_, i) => files.set(`figures/${figurePath(figure, i)}`, standaloneSvg(figure, i)));
    files.set(`figures/${figure.id}.csv`, csv(figure));
  }
  return files;
}

function drawAll(input: ChartInput): ReadonlyMap<string, ChartFigure> {
  const figures = new Map<string, ChartFigure>();
  for (const chart of CHARTS.values()) {
    const figure = chart.draw(input);
    if (figure !== undefined) figures.set(chart.id, figure);
  }
  return figures;
}

function compose(
  run: LoadedRun,
  figures: ReadonlyMap<string, ChartFigure>,
  options: { readonly figureFiles: boolean; readonly svg: boolean },
): string {
  const sections: PageSection[] = [{ id: "results", name: "Results", body: resultsSection(run) }];
  if (run.comparisons.length > 0) sections.push({ id: "comparison", name: "Comparison", body: comparisonSection(run) });
  for (const chart of CHARTS.values())
    sections.push({
      id: chart.id,
      name: NAMES[chart.id] ?? chart.title,
      body: chartSection(chart, figures.get(chart.id), options),
    });
  sections.push({ id: "method", name: "Method", body: methodSection(run) });
  sections.push({ id: "glossary", name: "Glossary", body: glossarySection(run) });
  return renderPage({
    title: `${run.manifest.title} · ${run.manifest.run}`,
    header: header(run, options.svg),
    sections,
    footer: `Made by quorumlab ${escapeText(run.manifest.quorumlab.version)} from the files of run ${escapeText(run.manifest.run)}. This page loads nothing from anywhere.`,
    charts: Object.fromEntries(
      [...figures.values()].map((figure) => [
        figure.id,
        figure.panels.map((panel) => (panel.drawing.kind === "chart" ? panel.drawing.config : null)),
      ]),
    ),
  });
}

/** What a section is called in the navigation, where room is short. */
const NAMES: Readonly<Record<string, string>> = {
  "trade-off": "Trade-off",
  "percentile-spectrum": "Tail",
  "latency-over-time": "Over time",
  outcomes: "Outcomes",
  "t-visibility": "Visibility",
  "k-staleness": "Age",
  divergence: "Divergence",
  siblings: "Siblings",
  "ring-balance": "Balance",
};

function header(run: LoadedRun, svg: boolean): string {
  const { manifest } = run;
  const worst = worstValidity(run.cells);
  const real = manifest.worlds.includes("processes");
  const simulated = manifest.worlds.includes("simulation");
  const world =
    real && simulated ? "measured on real processes, and simulated" : real ? "measured on real processes" : "simulated";
  const validity =
    worst.verdict === "valid"
      ? "valid: no doubts"
      : `${worst.verdict}: ${count(worst.count)} of ${counted(run.cells.length, "configuration")}`;
  const badges = [
    `<li>${world}</li>`,
    `<li class="${worst.verdict}"><a href="#method" style="color:inherit">${validity}</a></li>`,
    ...(manifest.quorumlab.dirty === true ? [`<li class="dirty">made with uncommitted changes</li>`] : []),
    ...(manifest.status === "done" ? [] : [`<li class="doubtful">${STATUS[manifest.status]}</li>`]),
  ];
  const warnings = [
    ...manifest.warnings,
    ...(manifest.quorumlab.dirty === true
      ? ["The program had uncommitted changes: the commit alone does not reproduce this run."]
      : []),
    ...(svg
      ? []
      : [
          "This page would have grown too large, so its pictures need JavaScript; the figures also stand beside it as files.",
        ]),
  ];
  return (
    `<h1>${escapeText(manifest.title)}</h1><p class="question">${escapeText(manifest.question)}</p>` +
    `<ul class="badges">${badges.join("")}</ul><p class="verdict">${escapeText(verdictOf(run))}</p>` +
    `<p class="facts">Run <code>${escapeText(manifest.run)}</code> · <span>${escapeText(utc(manifest.startedAt))} UTC</span> · profile ${escapeText(manifest.profile)} · <a href="#method">how to reproduce it</a></p>` +
    (warnings.length === 0
      ? ""
      : `<div class="warnings"><strong>Keep in mind</strong><ul>${warnings
          .slice(0, 12)
          .map((text) => `<li>${escapeText(text)}</li>`)
          .join(
            "",
          )}${warnings.length > 12 ? `<li>and ${warnings.length - 12} more, in manifest.json</li>` : ""}</ul></div>`)
  );
}

const STATUS = {
  running: "still running when this page was made",
  interrupted: "interrupted: not all trials ran",
  failed: "failed: not all trials ran",
  done: "",
} as const;

function resultsSection(run: LoadedRun): string {
  const finished = new Set(
    run.trials.filter((trial) => trial.record.outcome === "done").map((trial) => trial.record.cell),
  );
  const perCell = run.cells.map((cell) => cell.trials.length);
  const repetitions = perCell.length === 0 ? 0 : Math.min(...perCell);
  const answer =
    run.cells.length === 0
      ? "No configuration finished."
      : `${counted(finished.size, "configuration")} ran, ${counted(repetitions, "repetition")} each` +
        (repetitions < 2
          ? "; intervals then cover the operations of that one run, not how another run would differ, so small differences between rows mean nothing."
          : "; each value is the median over repetitions, with its 95\u00a0% interval below it.");
  return (
    `<h2>What came out?</h2><p class="answer">${escapeText(answer)}</p>${cellsTable(run)}` +
    `<p class="facts">Latencies are response times of successful operations, from the instant the schedule wanted them sent. Names of columns lead to their definitions.</p>` +
    `<details><summary>All metrics of all configurations</summary>${allMetricsTable(run)}</details>`
  );
}

/** The chart's table as RFC 4180. Text that a spreadsheet would run as a formula gets a quote mark before it. */
function csv(figure: ChartFigure): string {
  const field = (value: string | number | null): string => {
    if (value === null) return "";
    if (typeof value === "number") return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  return [figure.table.columns, ...figure.table.rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}
