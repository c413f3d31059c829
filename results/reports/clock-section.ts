/**
 * The section that answers whether the clock erred: a sentence from the counts, the rates, one key drawn, and the table of
 * cases with the operations that show each. Every case leads to its writes in the drawing where its key is drawn; it works as
 * plain links, so paper-minded browsers and those without scripts lose nothing. What the clock costs (siblings, metadata)
 * closes the section, because an answer to "which clock" needs both.
 */
import { anomalies } from "../charts/anomalies";
import { anomalyWords, ANOMALIES, writeName } from "../charts/anomaly-words";
import { chartInput, type ChartInput } from "../charts/cells";
import type { ChartDefinition } from "../charts/chart";
import { drawnGraphs, numberedEvidence, writeElementId, type NumberedEvidence } from "../charts/evidence";
import { escapeText, slug } from "../charts/markup";
import { metadataByWriters } from "../charts/metadata-by-writers";
import { count, counted } from "../charts/numbers";
import { siblingsByWrites } from "../charts/siblings-by-writes";
import { versionGraph } from "../charts/version-graph";
import { shownWrites } from "../charts/version-graph-drawing";
import type { WorldFigure } from "../charts/worlds-apart";
import type { LoadedRun } from "../record/run-folder";
import { inWorld, worldsOf } from "../statistics/worlds";
import { chartInWorlds, type ChartSectionOptions } from "./chart-section";
import { clockInWords } from "./clock-verdict";
import { worldBadge } from "./world-badge";

/** In the order of the section. */
export const CLOCK_CHARTS: readonly ChartDefinition[] = [anomalies, versionGraph, siblingsByWrites, metadataByWriters];

export const CLOCK_SECTION = { id: "clock", name: "Clock" } as const;

/** HTML. */
export function clockSection(
  run: LoadedRun,
  drawn: ReadonlyMap<string, readonly WorldFigure[]>,
  options: ChartSectionOptions,
): string {
  const worlds = worldsOf(run);
  const inputs = worlds.map((world) => ({ world, input: chartInput(inWorld(run, world)) }));
  const badge = (world: (typeof worlds)[number]): string => (worlds.length < 2 ? "" : `${worldBadge(world)} `);
  const answers = inputs
    .map(({ world, input }) => ({ world, text: clockInWords(input.cells.filter(({ invalid }) => !invalid)) }))
    .filter(({ text }) => text !== "");
  const words = ANOMALIES.map(({ one }) => `${escapeText(one)} ${help(`word-${slug(one)}`, `What is a ${one}?`)}`).join(
    " · ",
  );
  return (
    `<h2>Did the clock err?</h2>` +
    answers.map(({ world, text }) => `<p class="answer">${badge(world)}${escapeText(text)}</p>`).join("") +
    `<p class="facts">Judged against what every client had read before it wrote, which the recorder knows and the store does not. In words: ${words}</p>` +
    CLOCK_CHARTS.map(
      (chart) =>
        `<div class="part" id="${chart.id}"><h3>${escapeText(chart.question)}</h3>` +
        chartInWorlds(chart, drawn.get(chart.id) ?? [], options) +
        (chart === versionGraph
          ? inputs.map(({ world, input }) => evidenceHtml(run, input, world, badge(world), options)).join("")
          : "") +
        `</div>`,
    ).join("\n")
  );
}

/** All cases as a table for a file. */
export function evidenceTable(input: ChartInput): {
  readonly columns: readonly string[];
  readonly rows: (string | number | null)[][];
} {
  return {
    columns: [
      ...["case", "configuration", "repetition", "trial", "kind", "at (s)", "key", "writes"],
      ...["write ids", "read", "what happened"],
    ],
    rows: casesOf(input).map(({ number, cell, repetition, trial, evidence }) => [
      ...[`E${number}`, cell.label, repetition, trialOf(input, trial), evidence.kind],
      ...[Number(evidence.atS.toFixed(6)), evidence.key, evidence.writes.map(writeName).join(" ")],
      ...[evidence.writes.join(" "), evidence.read, evidence.text],
    ]),
  };
}

function casesOf(input: ChartInput): NumberedEvidence[] {
  return numberedEvidence(input, drawnGraphs(input));
}

/** More are in the CSV file. */
const MOST_CASES = 40;

function evidenceHtml(
  run: LoadedRun,
  input: ChartInput,
  world: ReturnType<typeof worldsOf>[number],
  badge: string,
  options: ChartSectionOptions,
): string {
  const cases = casesOf(input);
  const heading = `<h4 class="cases">${badge}The cases, with the operations that show them</h4>`;
  if (cases.length === 0) return `${heading}<p class="absent">No case: no error of the clock was found.</p>`;
  const shown = cases.slice(0, MOST_CASES);
  const several = input.cells.some(({ figures }) => figures.length > 1);
  const rows = shown.map((one) => {
    const { number, cell, repetition, evidence } = one;
    const words = anomalyWords(evidence.kind);
    return (
      `<tr id="case-${world}-${number}"><th scope="row">E${number}</th>` +
      `<td class="error"><a href="#word-${slug(words.one)}">${escapeText(words.one)}</a></td>` +
      `<td class="told">${escapeText(evidence.text)}</td><td>${writesOf(one)}</td>` +
      `<td class="whose">${escapeText(cell.label)}${several ? `<span class="interval">repetition ${repetition}</span>` : ""}</td>` +
      `<td class="number">${evidence.atS.toFixed(3)}</td><td class="key">${escapeText(cut(evidence.key))}</td>` +
      `<td class="number">${evidence.read === null ? "–" : count(evidence.read)}</td></tr>`
    );
  });
  const file = options.figureFiles ? ` <a href="figures/${evidenceFile(run, world)}">CSV</a>` : "";
  const rest = cases.length - shown.length;
  return (
    heading +
    `<div class="scroll tall"><table class="cases"><thead><tr><th>case</th><th>error</th><th>what happened</th><th>writes</th><th>configuration</th><th class="number">at (s)</th><th>key</th><th class="number">read</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>` +
    `<p class="facts">${escapeText(
      `The first few of each kind in each repetition, ${counted(cases.length, "case")}${rest === 0 ? "" : `, of which ${count(rest)} are in the file only`}. ` +
        "A write is named session.number; where its key is drawn, the name leads to it. The column read holds the number of the read in the trial's history; – where the replicas themselves show it at the end.",
    )}${file}</p>` +
    watching(run, input, shown)
  );
}

function writesOf({ cell, evidence, drawn }: NumberedEvidence): string {
  const inPicture = new Set(drawn === undefined ? [] : shownWrites(drawn.graph, drawn.evidence).map(({ id }) => id));
  return evidence.writes
    .slice(0, MOST_WRITES)
    .map((id) =>
      inPicture.has(id) ? `<a href="#${escapeText(writeElementId(cell, id))}">${writeName(id)}</a>` : writeName(id),
    )
    .concat(evidence.writes.length > MOST_WRITES ? [`and ${evidence.writes.length - MOST_WRITES} more`] : [])
    .join(" ");
}

const MOST_WRITES = 8;

/** A simulated case can be watched message by message. */
function watching({ manifest, trials }: LoadedRun, input: ChartInput, cases: readonly NumberedEvidence[]): string {
  const [first] = cases;
  const record = trials.find(({ figures }) => figures === first.trial)?.record;
  if (record?.world !== "simulation") return "";
  const from = Math.max(0, first.evidence.atS - 0.4);
  const window = `--from ${from.toFixed(3)}s --to ${(first.evidence.atS + 0.1).toFixed(3)}s`;
  return `<p class="facts">Simulated, so every case can be watched message by message; E${first.number}: <code>npx quorumlab replay ${escapeText(manifest.run)} --trial ${escapeText(trialOf(input, first.trial))} ${window}</code></p>`;
}

export function evidenceFile(run: LoadedRun, world: ReturnType<typeof worldsOf>[number]): string {
  return worldsOf(run).length < 2 ? "cases.csv" : `cases-${world}.csv`;
}

function trialOf({ run }: ChartInput, trial: NumberedEvidence["trial"]): string {
  return run.trials.find(({ figures }) => figures === trial)?.record.id ?? "";
}

function cut(key: string): string {
  return key.length > 40 ? `${key.slice(0, 39)}…` : key;
}

function help(id: string, label: string): string {
  return `<a class="help" href="#${id}" aria-label="${escapeText(label)}">?</a>`;
}
