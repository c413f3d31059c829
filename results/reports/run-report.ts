/**
 * The report of one run: a single HTML file in the order of a reader's questions. It is made from stored figures and
 * never runs anything, so it can be rebuilt at any time; the same run gives the same bytes. Every section begins with
 * one sentence that answers its question with numbers.
 */
import { chartsOf, type ChartFigure, type ChartTable } from "../charts/chart";
import { chartInput } from "../charts/cells";
import { loadCurve } from "../charts/load-curve";
import { figureSvg } from "../charts/figure-svg";
import { intervalsInWords } from "../charts/interval-words";
import { effectsChart } from "../charts/effects";
import { escapeText } from "../charts/markup";
import { count, counted } from "../charts/numbers";
import { rawOperations } from "../charts/raw-operations";
import { visibilityInWorlds } from "../charts/visibility-in-worlds";
import { worldDistance } from "../charts/world-distance";
import { drawInWorlds, type WorldFigure } from "../charts/worlds-apart";
import { csv } from "../record/csv";
import type { LoadedRun } from "../record/run-folder";
import { inAxisOrder } from "../statistics/axis-order";
import { distanceTable, worldDistances } from "../statistics/distance";
import { effectsOf } from "../statistics/effects";
import { effectsTable } from "../statistics/effects-table";
import { inWorld, worldsOf } from "../statistics/worlds";
import { chartInWorlds, chartSection, figurePath, leftOutForSize, withPictures } from "./chart-section";
import { CLOCK_CHARTS, CLOCK_SECTION, clockSection, evidenceFile, evidenceTable } from "./clock-section";
import { comparisonSection } from "./comparison";
import { EFFECTS_SECTION, effectsSection } from "./effects";
import { DETECTION_CHARTS, DETECTION_SECTION, detectionSection } from "./detection-section";
import { distanceSection, type DistanceFigures } from "./distance";
import { HEALING_CHARTS, HEALING_SECTION, healingSection } from "./healing-section";
import { worstValidity } from "./headline";
import { HEAT_SECTION, heatSection } from "./heat-table";
import { glossarySection, methodSection, utc } from "./method";
import { hasObjectives, objectivesSection, OBJECTIVES_SECTION } from "./objectives";
import { missingInWords } from "./left-out";
import { renderPage, type PageSection } from "./page";
import { publishedSection } from "./published";
import { SATURATION_SECTION, saturationSection } from "./saturation";
import { allMetricsTable, cellsTable } from "./tables";
import { comparableInWords, targetsInWords } from "./targets";
import { verdictsOf } from "./verdict";
import { worldBadge } from "./world-badge";

export interface RunReportOptions {
  /** Link to `figures/*.svg`, `figures/*.csv` and `figures/*.json` beside the page; `reportFiles` makes them. Default false. */
  readonly figureFiles?: boolean;
  /** Link to `figures/*.pdf`, too; `reportPdfs` makes them. Default false. */
  readonly pdf?: boolean;
  /** Above this a page is slow to open and to send: its SVG goes, and the page says so. Default 5,000,000. */
  readonly maxBytes?: number;
}

const LARGE_PAGE_BYTES = 5_000_000;

/** The whole page. Relative links assume that it stands in `report/` of the run's folder. */
export function renderRunReport(run: LoadedRun, options: RunReportOptions = {}): string {
  const ordered = inAxisOrder(run);
  return compose(ordered, drawAll(ordered), options);
}

/**
 * The page, its figures as files and the tables made from figures, by path relative to the run's `report/` folder: the distance
 * between the worlds is a table of the run (`../summaries/distance.csv`), but it takes the figures of trials to make it.
 */
export function reportFiles(run: LoadedRun, options: RunReportOptions = {}): ReadonlyMap<string, string> {
  const ordered = inAxisOrder(run);
  const drawings = drawAll(ordered);
  const files = new Map([["index.html", compose(ordered, drawings, { ...options, figureFiles: true })]]);
  for (const figure of figuresOf(drawings)) {
    figure.panels.forEach((panel, i) => {
      const title = panel.title === "" ? figure.title : `${figure.title}: ${panel.title}`;
      const alone = { ...figure, title, panels: [{ ...panel, title: "" }] };
      files.set(`figures/${figurePath(figure, i)}`, figureSvg(alone));
    });
    files.set(`figures/${figure.id}.csv`, csv(figure.table.columns, figure.table.rows.map(safeRow)));
    files.set(`figures/${figure.id}.json`, figureData(run, figure));
  }
  for (const world of worldsOf(run)) {
    const cases = evidenceTable(chartInput(inWorld(run, world)));
    if (cases.rows.length > 0)
      files.set(`figures/${evidenceFile(run, world)}`, csv(cases.columns, cases.rows.map(safeRow)));
  }
  const effects = effectsOf(run);
  if (effects.length > 0) {
    const { name, header, rows } = effectsTable(effects);
    files.set(`../summaries/${name}.csv`, csv(header, rows));
  }
  const distances = worldDistances(inAxisOrder(run));
  if (distances.length > 0) {
    const { name, header, rows } = distanceTable(run.manifest.axes, distances);
    files.set(`../summaries/${name}.csv`, csv(header, rows));
    files.set(
      `../summaries/${name}.json`,
      `${JSON.stringify({ schema: "quorumlab/distance@1", distances }, null, 1)}\n`,
    );
  }
  return files;
}

/** The figures as PDF, all panels of one in one file, by path relative to `report/`. A fifth of a second each. */
export async function* reportPdfs(run: LoadedRun): AsyncGenerator<readonly [path: string, content: Buffer]> {
  const { figurePdf } = require("../charts/pdf") as typeof import("../charts/pdf");
  for (const figure of figuresOf(drawAll(inAxisOrder(run))))
    yield [`figures/${figure.id}.pdf`, await figurePdf(figure)];
}

/** What a figure says and the numbers behind it: names of columns carry their units. */
function figureData(run: LoadedRun, figure: ChartFigure): string {
  const { id, number, question, title, answer, caption, axes, table } = figure;
  const about = { experiment: run.manifest.experiment, run: run.manifest.run };
  return `${JSON.stringify({ schema: "quorumlab/figure@1", ...about, id, number, question, title, answer, caption, axes, ...table }, null, 1)}\n`;
}

interface Drawings {
  readonly charts: ReadonlyMap<string, readonly WorldFigure[]>;
  /** Of a run with both worlds. */
  readonly distance: DistanceFigures;
}

function drawAll(run: LoadedRun): Drawings {
  return {
    charts: drawInWorlds(run, chartsOf(run)),
    distance:
      worldsOf(run).length > 1
        ? { latency: worldDistance.draw(chartInput(run)), visibility: visibilityInWorlds.draw(chartInput(run)) }
        : { latency: undefined, visibility: undefined },
  };
}

function figuresOf({ charts, distance }: Drawings): ChartFigure[] {
  const drawn = [...charts.values()].flatMap((worlds) => worlds.flatMap(({ figure }) => figure ?? []));
  return [distance.latency, distance.visibility, ...drawn].filter((figure) => figure !== undefined);
}

function compose(
  run: LoadedRun,
  drawings: Drawings,
  { figureFiles = false, pdf = false, maxBytes }: RunReportOptions,
): string {
  const options = { figureFiles, pdf, svg: "later" } as const;
  const curve = chartInWorlds(loadCurve, drawings.charts.get(loadCurve.id) ?? [], options);
  const sections: PageSection[] = [
    ...(run.manifest.saturation === undefined ? [] : [{ ...SATURATION_SECTION, body: saturationSection(run, curve) }]),
    ...(hasObjectives(run) ? [{ ...OBJECTIVES_SECTION, body: objectivesSection(run) }] : []),
    { id: "results", name: "Results", body: resultsSection(run) },
  ];
  if (worldsOf(run).length > 1)
    sections.push({ id: worldDistance.id, name: "Two worlds", body: distanceSection(run, drawings.distance, options) });
  if (run.comparisons.length > 0) sections.push({ id: "comparison", name: "Comparison", body: comparisonSection(run) });
  for (const chart of chartsOf(run)) {
    // It is what a search is made for, and stands first.
    if (chart === loadCurve && run.manifest.saturation !== undefined) continue;
    if (chart === effectsChart) {
      const heat = heatSection(run);
      if (heat !== "") sections.push({ ...HEAT_SECTION, body: heat });
      sections.push({ ...EFFECTS_SECTION, body: effectsSection(run, drawings.charts.get(chart.id) ?? [], options) });
      continue;
    }
    if (CLOCK_CHARTS.includes(chart)) {
      if (!sections.some(({ id }) => id === CLOCK_SECTION.id))
        sections.push({ ...CLOCK_SECTION, body: clockSection(run, drawings.charts, options) });
      continue;
    }
    if (DETECTION_CHARTS.includes(chart)) {
      if (!sections.some(({ id }) => id === DETECTION_SECTION.id))
        sections.push({ ...DETECTION_SECTION, body: detectionSection(run, drawings.charts, options) });
      continue;
    }
    if (HEALING_CHARTS.includes(chart)) {
      if (!sections.some(({ id }) => id === HEALING_SECTION.id))
        sections.push({ ...HEALING_SECTION, body: healingSection(run, drawings.charts, options) });
      continue;
    }
    sections.push({
      id: chart.id,
      name: NAMES[chart.id] ?? chart.title,
      body: chartSection(chart, drawings.charts.get(chart.id) ?? [], options),
    });
  }
  sections.push({ id: "method", name: "Method", body: methodSection(run) });
  sections.push({ id: "glossary", name: "Glossary", body: glossarySection(run) });
  const figures = figuresOf(drawings);
  const points = (drawings.charts.get(rawOperations.id) ?? []).flatMap(({ figure }) => figure ?? []);
  const within = (withPoints: boolean): { readonly page: string; readonly left: number } => {
    const shown = withPoints ? figures : figures.filter((figure) => !points.includes(figure));
    const charts: Record<string, readonly unknown[]> = {};
    for (const { id, panels } of shown)
      charts[id] = panels.map(({ drawing }) => (drawing.kind === "chart" ? drawing.config : null));
    const bodies = sections.map(({ id, body }) =>
      withPoints || id !== rawOperations.id ? body : leftOutForSize(rawOperations, points, options),
    );
    const page = (filled: readonly string[], left: number): string =>
      renderPage({
        title: `${run.manifest.title} · ${run.manifest.run}`,
        header: header(run, left, withPoints),
        sections: sections.map(({ id, name }, i) => ({ id, name, body: filled[i] })),
        footer: `Made by quorumlab ${escapeText(run.manifest.quorumlab.version)} from the files of run ${escapeText(run.manifest.run)}. This page loads nothing from anywhere.`,
        theme: run.manifest.report?.theme ?? "auto",
        charts,
      });
    const bare = page(bodies, shown.length);
    const filled = withPictures(bodies, shown, (maxBytes ?? LARGE_PAGE_BYTES) - Buffer.byteLength(bare));
    return { page: page(filled.bodies, filled.left.length), left: filled.left.length };
  };
  const whole = within(true);
  // Single points go first: the heat map beside them shows the same of all operations.
  return whole.left === 0 || points.length === 0 ? whole.page : within(false).page;
}

/** What a section is called in the navigation, where room is short. */
const NAMES: Readonly<Record<string, string>> = {
  "trade-off": "Trade-off",
  "percentile-spectrum": "Tail",
  "latency-over-time": "Over time",
  "means-and-tails": "Means and tails",
  "raw-operations": "Operations",
  "latency-heat-map": "Heat map",
  outcomes: "Outcomes",
  "load-curve": "Load",
  "t-visibility": "Visibility",
  "k-staleness": "Age",
  "one-copy": "One copy",
  divergence: "Divergence",
  siblings: "Siblings",
  "ring-balance": "Balance",
  "ring-metadata": "Metadata",
  "ring-changes": "Movement",
  "ring-views": "Ring views",
  "work-by-role": "Roles",
  "imbalance-over-time": "Imbalance",
  "faults-compared": "Fault by fault",
  repetitions: "Repetitions",
};

/** `left`: figures that the page has no SVG of. `withPoints`: single operations are in it. */
function header(run: LoadedRun, left: number, withPoints: boolean): string {
  const { manifest } = run;
  const worst = worstValidity(run.cells);
  const validity =
    worst.verdict === "nothing"
      ? "nothing measured"
      : worst.verdict === "valid"
        ? "valid: no doubts"
        : `${worst.verdict}: ${count(worst.count)} of ${counted(run.cells.length, "configuration")}`;
  const badges = [
    ...worldsOf(run).map((world) => `<li class="bare">${worldBadge(world)}</li>`),
    `<li class="${worst.verdict === "nothing" ? "invalid" : worst.verdict}"><a href="#method" style="color:inherit">${validity}</a></li>`,
    ...(manifest.quorumlab.dirty === true ? [`<li class="dirty">made with uncommitted changes</li>`] : []),
    ...(manifest.status === "done" ? [] : [`<li class="doubtful">${STATUS[manifest.status]}</li>`]),
  ];
  const warnings = [
    ...[missingInWords(run), comparableInWords(run)].filter((text) => text !== ""),
    ...(manifest.stopped === undefined ? [] : [`The run stopped itself: ${manifest.stopped.reason}`]),
    ...manifest.warnings,
    ...(manifest.quorumlab.dirty === true
      ? ["The program had uncommitted changes: the commit alone does not reproduce this run."]
      : []),
    ...(withPoints
      ? []
      : [
          "Single operations are left out of this page for its size; pictures and numbers of them stand beside it as files.",
        ]),
    ...(left === 0
      ? []
      : [
          `With all of its pictures this page would have grown too large: ${counted(left, "figure")} further down ${left === 1 ? "is" : "are"} drawn by JavaScript alone, and not in print; they also stand beside it as files.`,
        ]),
  ];
  return (
    `<h1>${escapeText(manifest.title)}</h1><p class="question">${escapeText(manifest.question)}</p>` +
    `<ul class="badges">${badges.join("")}</ul>${verdictHtml(run)}` +
    `<p class="facts">Run <code>${escapeText(manifest.run)}</code> · <span>${escapeText(utc(manifest.startedAt))} UTC</span> · ${targetLink(run)}profile ${escapeText(manifest.profile)} · <a href="#method">how to reproduce it</a>${labelsHtml(run)}</p>` +
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

function verdictHtml(run: LoadedRun): string {
  const verdicts = verdictsOf(run);
  return verdicts
    .map(
      ({ world, text }) =>
        `<p class="verdict">${world === undefined || verdicts.length < 2 ? "" : `${worldBadge(world)} `}${escapeText(text)}</p>`,
    )
    .join("");
}

function targetLink(run: LoadedRun): string {
  const what = targetsInWords(run);
  return what === "" ? "" : `<a href="#targets">${escapeText(what)}</a> · `;
}

/** The note and the tags that somebody gave this run. */
function labelsHtml({ manifest }: LoadedRun): string {
  const tags = Object.entries(manifest.tags).map(
    ([key, value]) => ` · <span class="tag">${escapeText(`${key}=${value}`)}</span>`,
  );
  const note = manifest.note === null || manifest.note === "" ? "" : `<br>Note: ${escapeText(manifest.note)}`;
  return tags.join("") + note;
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
  const worlds = worldsOf(run);
  const answer =
    run.cells.length === 0
      ? "No configuration finished."
      : `${counted(finished.size, "configuration")} ran, ${counted(repetitions, "repetition")} each; ${intervalsInWords(run.cells)}.`;
  const tables =
    worlds.length < 2
      ? cellsTable(inWorld(run, worlds[0] ?? "processes"))
      : worlds.map((world) => `<h3 class="whose">${worldBadge(world)}</h3>${cellsTable(inWorld(run, world))}`).join("");
  return (
    `<h2>What came out?</h2><p class="answer">${escapeText(answer)}</p>${tables}` +
    `<p class="facts">Latencies are response times of successful operations, from the instant the schedule wanted them sent. Names of columns lead to their definitions.</p>` +
    publishedSection(run) +
    `<details><summary>All metrics of all configurations</summary>${allMetricsTable(run)}</details>`
  );
}

/** Text that a spreadsheet would run as a formula gets a quote mark before it: names come from files that anyone may have written. */
function safeRow(row: ChartTable["rows"][number]): ChartTable["rows"][number] {
  return row.map((field) => (typeof field === "string" && /^[=+\-@\t\r]/.test(field) ? `'${field}` : field));
}
