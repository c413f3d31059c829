/**
 * What was under load, and what may be compared. Where a run has cells of several targets, a reader sees equal columns and
 * takes them for equal things: so one sentence, made from what the targets declare, says what the comparison rests on, and a
 * table says of each target what it does not show, and why.
 *
 * Where the load was made by a generator that is not ours, its own count stands beside ours. They differ in how they look
 * (its latencies are whole milliseconds); that they agree in how many is what makes either believable.
 */
import { chartInput } from "../charts/cells";
import { escapeText } from "../charts/markup";
import { count, counted, plain, trimmed } from "../charts/numbers";
import {
  CAPABILITY_TITLES,
  type Capability,
  targetOfRecord,
  type TargetRecord,
  whyNotSeen,
} from "../record/capabilities";
import type { SecondOpinion } from "../record/figures";
import type { LoadedRun } from "../record/run-folder";
import { dataTable } from "./tables";

/** Each once, in order of the cells. */
export function targetsOf(run: LoadedRun): TargetRecord[] {
  const found = new Map<string, TargetRecord>();
  for (const cell of run.cells.length > 0 ? run.cells : run.trials.map(({ record }) => record)) {
    const target = targetOfRecord(cell);
    if (!found.has(target.name)) found.set(target.name, target);
  }
  return [...found.values()];
}

/** `target engine`, `targets engine and autocannon`; empty where nothing ran. */
export function targetsInWords(run: LoadedRun): string {
  const names = targetsOf(run).map(({ name }) => name);
  if (names.length === 0) return "";
  return names.length === 1 ? `target ${names[0]}` : `targets ${listed(names)}`;
}

/** One sentence where there are several targets, else nothing. */
export function comparableInWords(run: LoadedRun): string {
  const targets = targetsOf(run);
  if (targets.length < 2) return "";
  const blind = OF_METRICS.flatMap((capability) => {
    const reasons = targets.flatMap((target) => {
      const why = whyNotSeen(capability, target);
      return why === undefined ? [] : [{ name: target.name, why }];
    });
    if (reasons.length === 0) return [];
    const shared = reasons.every(({ why }) => why === reasons[0].why);
    const told = shared
      ? `${listed(reasons.map(({ name }) => name))}: ${reasons[0].why}`
      : reasons.map(({ name, why }) => `${name}: ${why}`).join("; ");
    return [`what rests on ${CAPABILITY_TITLES[capability]} (${told})`];
  });
  const base = `Between ${listed(targets.map(({ name }) => name))} may be compared what their clients saw: latency, throughput, outcomes, staleness, session anomalies and lost updates`;
  return blind.length === 0 ? `${base}, and all else.` : `${base}; not ${blind.join(", nor ")}${lostInWords(targets)}.`;
}

/** Both mean that no client can have the update any more; what a replica holds and no read brings, only one of them sees. */
function lostInWords(targets: readonly TargetRecord[]): string {
  const inspected = (wanted: boolean): string[] =>
    targets.filter(({ can }) => (can["inspection"] !== false) === wanted).map(({ name }) => name);
  const [looked, read] = [inspected(true), inspected(false)];
  if (looked.length === 0 || read.length === 0) return "";
  return `; whether an update is lost is told for ${listed(looked)} by looking at every replica at the end, for ${listed(read)} by reading every key once more`;
}

/** HTML, for the method: which cell ran on what. */
export function targetsSection(run: LoadedRun): string {
  const targets = targetsOf(run);
  if (targets.length === 0) return "";
  const labels = chartInput(run).cells;
  const what =
    targets.length === 1
      ? `<p>All configurations were run on ${escapeText(`${targets[0].name}: ${targets[0].title}`)}.${escapeText(blindInWords(targets[0]))}</p>`
      : `<p>${escapeText(comparableInWords(run))}</p>${dataTable(
          {
            columns: ["target", "what it is", "configurations", "what it does not show"],
            rows: targets.map((target) => [
              target.name,
              target.title,
              run.cells
                .flatMap((cell, i) => (targetOfRecord(cell).name === target.name ? [labels[i]?.label ?? cell.id] : []))
                .join(", "),
              blindOf(target).join("; ") || "nothing is missing",
            ]),
          },
          Infinity,
          "plain",
        )}`;
  const stores = storesInWords(run);
  const told = stores.length === 0 ? "" : `<p>${stores.map(escapeText).join("<br>")}</p>`;
  const others = targets.filter(({ store }) => store === "others").map(({ name }) => name);
  const settings =
    others.length === 0
      ? ""
      : `<p>${escapeText(`Of the settings below, those of cluster, ring, network and tunables are our engine's. What ${listed(others)} was asked with of them is told with the target; those that a person wrote and that have no effect on it stand among the warnings above.`)}</p>`;
  return `<h3 id="targets">Target</h3>${what}${told}${settings}${secondOpinions(run)}`;
}

/** Stores of others as they told themselves, a line each: what somebody believes to have started is often another version. */
export function storesInWords(run: LoadedRun): string[] {
  const lines = run.trials.flatMap(({ record }) => {
    if (record.store === undefined) return [];
    const { product, version, hosts, settings } = record.store;
    const which = version === "not told" ? `${product}, which tells no version,` : `${product} ${version}`;
    const how = Object.entries(settings).map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`);
    const asked = how.length === 0 ? "" : `: ${how.join(", ")}`;
    return [`${targetOfRecord(record).name} was ${which} at ${listed(hosts)} by its own account${asked}.`];
  });
  return [...new Set(lines)];
}

function blindInWords(target: TargetRecord): string {
  const blind = blindOf(target);
  return blind.length === 0 ? "" : ` It does not show everything: ${blind.join("; ")}.`;
}

function blindOf(target: TargetRecord): string[] {
  return OF_METRICS.flatMap((capability) => {
    const why = whyNotSeen(capability, target);
    return why === undefined ? [] : [`${CAPABILITY_TITLES[capability]} (${why})`];
  });
}

export interface CellOpinion {
  readonly label: string;
  readonly repetition: number;
  readonly opinion: SecondOpinion;
}

export function opinionsOf(run: LoadedRun): CellOpinion[] {
  const labels = new Map(chartInput(run).cells.map((cell) => [cell.summary.id, cell.label]));
  return run.trials.flatMap(({ record, figures }) =>
    figures?.secondOpinion === undefined
      ? []
      : [
          {
            label: labels.get(record.cell) ?? record.cell,
            repetition: record.repetition,
            opinion: figures.secondOpinion,
          },
        ],
  );
}

/** `autocannon's own count and ours: 12,034 and 12,034 answers, …`; one line a trial. */
export function opinionInWords({ label, repetition, opinion: { tool, theirs, ours } }: CellOpinion): string {
  return (
    `${label}, repetition ${repetition}: ${tool}'s own count and ours: ${count(theirs.answers)} and ${count(ours.answers)} answers, ` +
    `${plain(theirs.perSecond)} and ${plain(ours.perSecond)} per s`
  );
}

function secondOpinions(run: LoadedRun): string {
  const all = opinionsOf(run);
  if (all.length === 0) return "";
  const { tool } = all[0].opinion;
  const rows = all.flatMap(({ label, repetition, opinion }) =>
    [
      { who: "its own", counts: opinion.theirs },
      { who: "ours", counts: opinion.ours },
    ].map(({ who, counts }) => [
      label,
      repetition,
      who,
      counts.answers,
      counts.ok,
      counts.answers - counts.ok,
      counts.errors,
      trimmed(counts.seconds),
      trimmed(counts.perSecond),
      counts.p50Ms === null ? null : trimmed(counts.p50Ms),
      counts.p99Ms === null ? null : trimmed(counts.p99Ms),
    ]),
  );
  const apart = all.filter(({ opinion }) => opinion.theirs.answers !== opinion.ours.answers).length;
  const verdict =
    apart === 0
      ? `In ${counted(all.length, "trial")} both counted the same answers.`
      : `In ${counted(apart, "trial")} of ${count(all.length)} they counted different answers.`;
  return (
    `<h3 id="second-opinion">${escapeText(`${tool}'s own count and ours`)}</h3>` +
    `<p>${escapeText(`${verdict} Both are of the same requests of the measured phase: its own from its summary, whose latencies are whole milliseconds and whose length is from its start to its last sample; ours from each of its responses, in microseconds. It calls every status below 200 or above 299 no success; here 300 (siblings) and 404 (no such key) are answers like any other, and count among them.`)}</p>` +
    dataTable(
      {
        columns: [
          ...["configuration", "repetition", "count", "answers", "status 2xx", "other status", "errors"],
          ...["seconds", "answers per s", "p50 (ms)", "p99 (ms)"],
        ],
        rows,
      },
      Infinity,
      "plain",
    )
  );
}

/** Capabilities that metrics rest on; the others say what may be asked, and not what is seen. */
const OF_METRICS: readonly Capability[] = [
  "siblings",
  "contexts",
  "scans",
  "deletes",
  "inspection",
  "counters",
  "openLoop",
];

function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
