/**
 * The list of runs, `results/runs/index.html`: a static page, newest first, that links to each run's report. It is made
 * from the manifests that are there, so it can be thrown away and made again.
 */
import { escapeText } from "../charts/markup";
import { counted } from "../charts/numbers";
import { utc } from "./method";
import { renderPage } from "./page";

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
}

export function renderIndex(entries: readonly IndexEntry[]): string {
  const sorted = [...entries].sort((a, b) =>
    a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : a.run < b.run ? 1 : -1,
  );
  const rows = sorted.map((entry) => {
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
    return (
      `<tr><td class="name">${escapeText(utc(entry.startedAt))}</td><td>${link}${labels}</td><td class="name">${escapeText(entry.experiment)}</td><td>${escapeText(entry.profile)}</td>` +
      `<td class="number">${entry.cells}</td><td class="number">${entry.trials}</td><td>${entry.status}</td>` +
      `<td class="${entry.trials > 0 && entry.validity === "valid" ? "dim" : "doubt"}">${entry.trials === 0 ? "nothing measured" : entry.validity}</td><td class="name"><code>${escapeText(entry.run)}</code></td></tr>`
    );
  });
  const table =
    rows.length === 0
      ? `<p class="absent">No run yet. <code>npx quorumlab run experiments/catalogue/quickstart.yaml</code> makes the first.</p>`
      : `<div class="scroll"><table><thead><tr><th>started (UTC)</th><th>title</th><th>experiment</th><th>profile</th><th class="number">configurations</th><th class="number">trials</th><th>status</th><th>validity</th><th>run</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
  return renderPage({
    title: "Runs · quorumlab",
    header: `<h1>Runs</h1><p class="question">${counted(entries.length, "run")}, newest first.</p>`,
    sections: [{ id: "runs", name: "Runs", body: table }],
    footer: "Made from the run folders beside this page.",
    charts: undefined,
  });
}

/** A path that cannot be taken for a scheme or another host. */
function relative(path: string): string {
  return `./${path.split("/").map(encodeURIComponent).join("/")}`;
}
