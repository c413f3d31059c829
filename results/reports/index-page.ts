/**
 * The list of runs, `results/runs/index.html`: a static page, newest first, that links to each run's report and says whether its
 * numbers may be believed and its objectives hold. It is made from the manifests that are there, so it can be thrown away and made
 * again. Two runs of one experiment are the question that people come back with: each run names the one before it, as a command on
 * the static page and as a link where somebody answers. On a phone each run is a paragraph, since nobody reads a table sideways.
 */
import { escapeText } from "../charts/markup";
import { counted } from "../charts/numbers";
import { WORLD_IN_WORDS, type World } from "../statistics/worlds";
import { utc } from "./method";
import { renderPage, type PageSection } from "./page";

export interface IndexEntry {
  readonly experiment: string;
  readonly run: string;
  readonly title: string;
  readonly profile: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly status: "running" | "done" | "interrupted" | "failed";
  readonly validity: "valid" | "doubtful" | "invalid";
  readonly cells: number;
  readonly trials: number;
  readonly note?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
  /** Relative to the index: `quickstart/20261123T043021Z-7f3a9c/report/index.html`; undefined when there is no report. */
  readonly report: string | undefined;
  /** Of its objectives; undefined where it has none, or nobody says. */
  readonly verdict?: "pass" | "fail" | "inconclusive" | undefined;
  readonly worlds?: readonly World[];
  /** Axes that a comparison within the run could split it by. */
  readonly axes?: readonly string[];
}

export interface IndexOptions {
  /** Folders that are runs and cannot be read. */
  readonly damaged?: readonly { readonly experiment: string; readonly run: string; readonly reason: string }[];
  /** Where comparisons are made on demand: `/compare`. Without it they are commands. */
  readonly compareAt?: string;
}

export function renderIndex(entries: readonly IndexEntry[], options: IndexOptions = {}): string {
  // A run that was resumed has a line for each time that it ended: the last one counts.
  const newest = new Map(entries.map((entry) => [`${entry.experiment}/${entry.run}`, entry]));
  const sorted = [...newest.values()].sort((a, b) =>
    a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : a.run < b.run ? 1 : -1,
  );
  const rows = sorted.map((entry, i) =>
    rowOf(
      entry,
      sorted.slice(i + 1).find(({ experiment, trials }) => experiment === entry.experiment && trials > 0),
      options.compareAt,
    ),
  );
  const table =
    rows.length === 0
      ? `<p class="absent">No run yet. <code>npx quorumlab run experiments/catalogue/quickstart.yaml</code> makes the first.</p>`
      : `<style>${STYLE}</style><div class="scroll"><table class="runs"><thead><tr><th>title</th><th>run<span class="unit">and when it started (UTC)</span></th><th>outcome<span class="unit">and validity</span></th><th>what</th><th>compare</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>${commandFor(sorted, options)}`;
  const damaged = options.damaged ?? [];
  const experiments = new Set(sorted.map(({ experiment }) => experiment)).size;
  return renderPage({
    title: "Runs · quorumlab",
    header: `<h1>Runs</h1><p class="question">${counted(sorted.length, "run")} of ${counted(experiments, "experiment")}, newest first.</p>`,
    sections: [{ id: "runs", name: "Runs", body: table }, ...damagedSection(damaged)],
    footer: "Made from the run folders beside this page.",
    charts: undefined,
  });
}

function rowOf(entry: IndexEntry, before: IndexEntry | undefined, compareAt: string | undefined): string {
  const title = escapeText(entry.title === "" ? entry.experiment : entry.title);
  const link =
    entry.report === undefined
      ? `${title} <span class="dim">(no report)</span>`
      : `<a href="${escapeText(relative(entry.report))}">${title}</a>`;
  const words = [
    ...Object.entries(entry.tags ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(entry.note === undefined || entry.note === null || entry.note === "" ? [] : [entry.note]),
  ];
  const labels = words.length === 0 ? "" : `<span class="interval">${escapeText(words.join(" · "))}</span>`;
  const what = [
    entry.experiment,
    `profile ${entry.profile}`,
    `${counted(entry.cells, "configuration")}, ${counted(entry.trials, "trial")}`,
    ...(entry.worlds === undefined || entry.worlds.length === 0
      ? []
      : [entry.worlds.map((world) => WORLD_IN_WORDS[world]).join(" and ")]),
  ];
  const believed =
    entry.trials === 0
      ? `<span class="doubt">nothing measured</span>`
      : `<span class="${entry.validity === "valid" ? "dim" : "doubt"}">${entry.validity}</span>`;
  return (
    `<tr><td class="title">${link}${labels}</td><td class="name"><code>${escapeText(entry.run)}</code><span class="interval">${escapeText(utc(entry.startedAt))}</span></td>` +
    `<td class="name">${outcomeOf(entry)} <br>${believed}</td>` +
    `<td><span class="what">${escapeText(what[0])}</span> <span class="interval">${escapeText(what.slice(1).join(" · "))}</span></td>` +
    `<td class="name compare">${comparisons(entry, before, compareAt)}</td></tr>`
  );
}

/** A run that is not whole has no verdict worth telling. */
function outcomeOf({ status, verdict, trials }: IndexEntry): string {
  if (status !== "done") return `<span class="doubt">${status}</span>`;
  if (trials === 0) return `<span class="dim">done</span>`;
  switch (verdict) {
    case "pass":
      return `<span class="better">✓ objectives met</span>`;
    case "fail":
      return `<span class="worse">✗ objective missed</span>`;
    case "inconclusive":
      return `<span class="doubt">? undecided</span>`;
    case undefined:
      return `<span class="dim">done</span>`;
  }
}

function comparisons(entry: IndexEntry, before: IndexEntry | undefined, compareAt: string | undefined): string {
  if (entry.trials === 0) return `<span class="dim">–</span>`;
  const name = ({ experiment, run }: IndexEntry): string => encodeURIComponent(`${experiment}/${run}`);
  if (compareAt === undefined)
    return before === undefined
      ? `<span class="dim">–</span>`
      : `<span class="dim">with <code>${escapeText(before.run)}</code></span>`;
  const links = [
    ...(before === undefined
      ? []
      : [`<a href="${compareAt}?a=${name(before)}&amp;b=${name(entry)}">with the one before</a>`]),
    ...(entry.cells < 2
      ? []
      : (entry.axes ?? [])
          .slice(0, MOST_AXES)
          .map(
            (axis) =>
              `<a href="${compareAt}?a=${name(entry)}&amp;by=${encodeURIComponent(axis)}">by ${escapeText(axis)}</a>`,
          )),
  ];
  return links.length === 0 ? `<span class="dim">–</span>` : links.join("<br>");
}

/** The newest run that has one before it, as a command that can be typed. */
function commandFor(sorted: readonly IndexEntry[], { compareAt }: IndexOptions): string {
  if (compareAt !== undefined) return "";
  for (const [i, entry] of sorted.entries()) {
    const before = sorted.slice(i + 1).find(({ experiment, trials }) => experiment === entry.experiment && trials > 0);
    if (entry.trials > 0 && before !== undefined)
      return `<p class="facts">Compare two of them: <code>npx quorumlab compare ${escapeText(before.run)} ${escapeText(entry.run)}</code>; all of this with links: <code>npx quorumlab browse</code></p>`;
  }
  return "";
}

function damagedSection(damaged: NonNullable<IndexOptions["damaged"]>): PageSection[] {
  if (damaged.length === 0) return [];
  const items = damaged.map(
    ({ experiment, run, reason }) =>
      `<li><code>${escapeText(`${experiment}/${run}`)}</code>: ${escapeText(reason)}</li>`,
  );
  return [
    {
      id: "damaged",
      name: "Damaged",
      body: `<h2>Which folders cannot be read?</h2><p class="answer">${counted(damaged.length, "folder")} look${damaged.length === 1 ? "s" : ""} like a run and cannot be read as one.</p><ul class="plain-list">${items.join("")}</ul>`,
    },
  ];
}

const MOST_AXES = 4;

const STYLE = `.runs td.title{min-width:12rem;font-weight:600}.runs td:nth-child(4){min-width:13rem}.runs td.title .interval{font-weight:400}
@media (max-width:700px){.runs,.runs tbody,.runs tr{display:block}.runs thead,.runs br{display:none}.runs tr{border-bottom:1px solid var(--line);padding:.6rem 0}
.runs td{display:block;border:0;padding:.05rem 0}.runs td.name{white-space:normal}.runs td.name .interval{display:inline;margin-left:.6rem}
.runs .compare::before{content:"compare: ";color:var(--muted)}.runs .compare a{margin-right:.8rem}}`;

/** A path that cannot be taken for a scheme or another host. */
function relative(path: string): string {
  return `./${path.split("/").map(encodeURIComponent).join("/")}`;
}
