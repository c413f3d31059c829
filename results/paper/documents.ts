/**
 * The texts of an exported paper: CLAIMS.md and claims.yaml for whoever evaluates the artifact, its appendix filled in as far as a run can
 * know it, and a document that takes everything in, so that what is exported is seen to compile. Times are those of the
 * run itself; where a run does not know (how long reading takes, whose terms apply) the text says where to look.
 */
import { count, counted, plain } from "../charts/numbers";
import type { LoadedRun } from "../record/run-folder";
import { WORLD_IN_WORDS } from "../statistics/worlds";
import { flagsOf, quoted } from "./again";
import { citedKeys, unknownWorks } from "./bibtex";
import type { Claims } from "./claims";
import type { PaperTable } from "./tables";
import { tex, texCode, texComment } from "./tex";

export interface PaperFigure {
  /** `fig-trade-off` */
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly world: string;
  /** Whether there is PGFPlots source, too. */
  readonly pgf: boolean;
}

export interface PaperParts {
  readonly run: LoadedRun;
  readonly figures: readonly PaperFigure[];
  readonly tables: readonly PaperTable[];
  readonly claims: Claims;
}

/** Of the run: minutes of wall time, at least a tenth. */
export function minutesOf(run: LoadedRun): string {
  const seconds = run.manifest.wallSeconds;
  return seconds === null ? "not known: the run did not end" : `${Math.max(0.1, Number((seconds / 60).toFixed(1)))}`;
}

function worldsInWords(run: LoadedRun): string {
  return run.manifest.worlds.map((world) => WORLD_IN_WORDS[world]).join(" and ");
}

function trialsInWords(run: LoadedRun): string {
  return `${counted(run.cells.length, "configuration")}, ${counted(run.trials.length, "trial")}, profile ${run.manifest.profile}`;
}

export function claimsMarkdown({ run, claims: { claims, unsupported } }: PaperParts): string {
  const cell = (text: string): string =>
    text
      .replaceAll("|", "\\|")
      .replaceAll(/[\r\n]+/g, " ")
      .replaceAll("<", "&lt;");
  const rows = claims.map(
    ({ id, claim, world, shown, expected, measured }) =>
      `| ${id} | ${cell(claim)} | ${world} | ${shown.join(", ") || "report"} | ${cell(expected)} | ${cell(measured)} |`,
  );
  const minutes = minutesOf(run);
  return [
    `# Claims of ${cell(run.manifest.title)}`,
    "",
    `Experiment \`${run.manifest.experiment}\` (${trialsInWords(run)}; ${worldsInWords(run)}), seed ${run.manifest.seed}.`,
    "Every claim is checked by one command:",
    "",
    `    ./reproduce.sh --full     # ${minutes} min on the machine of artifact-appendix.tex`,
    "    ./reproduce.sh --smoke    # a short version: does everything run? It supports no claim",
    "",
    claims.length === 0
      ? "This run supports no claim that a program could check: its experiment names no objective, hypothesis or published value that was met."
      : "| | claim | world | shown in | expected | measured |\n| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    "## Not supported",
    "",
    ...(unsupported.length === 0
      ? [
          claims.length === 0
            ? "The experiment demands, supposes and quotes nothing."
            : "Nothing that the experiment demands, supposes or sets beside a published value was left open or refuted.",
        ]
      : unsupported.map(({ claim, why }) => `- ${cell(claim)}: ${cell(why)}`)),
    "",
  ].join("\n");
}

/** For people and for programs that read YAML. */
export function claimsYaml({ run, claims: { claims, unsupported } }: PaperParts): string {
  const { stringify } = require("yaml") as typeof import("yaml");
  return stringify({
    experiment: run.manifest.experiment,
    run: run.manifest.run,
    profile: run.manifest.profile,
    minutes: { full: minutesOf(run), smoke: "under 1, where the profile smoke is made for it" },
    command: { full: "./reproduce.sh --full", smoke: "./reproduce.sh --smoke" },
    claims: claims.map(({ check, ...one }) => ({ ...one, check: finite(check) })),
    unsupported,
  });
}

export function claimsJson({ claims: { claims } }: PaperParts): string {
  return `${JSON.stringify({ schema: "quorumlab/claims@1", claims }, null, 1)}\n`;
}

function finite(check: object): object {
  return Object.fromEntries(
    Object.entries(check).filter(([, value]) => typeof value !== "number" || Number.isFinite(value)),
  );
}

export function appendixTex({ run, figures, tables, claims }: PaperParts): string {
  const { machine, quorumlab, title, question, experiment } = run.manifest;
  const memory = `${plain(machine.memoryBytes / 2 ** 30)} GiB`;
  const dirty = quorumlab.dirty === true ? ", with local changes (provenance/dirty.patch of the run)" : "";
  const item = (name: string, text: string): string => `  \\item[${tex(name)}] ${text}`;
  return [
    texComment("Artifact appendix, filled in from the run; read it before you submit it."),
    "\\section*{Artifact appendix}",
    "\\subsection*{Abstract}",
    `This artifact runs the experiment ${texCode(experiment)} (${tex(title)}) on Quorumlab, a workbench for Dynamo-style stores, and checks the claims made of it. ${tex(question)}`,
    "\\subsection*{Checklist}",
    "\\begin{description}",
    item("Program", `Quorumlab ${tex(quorumlab.version)}, TypeScript on Node.js`),
    item("Run", `${texCode(run.manifest.run)}: ${tex(trialsInWords(run))}; ${tex(worldsInWords(run))}`),
    item("Data", "none beside what the experiment generates from its seed"),
    item(
      "Output",
      `${count(figures.length)} figures, ${count(tables.length)} tables, numbers as macros, one HTML report`,
    ),
    item("Time", `${minutesOf(run)} minutes for everything, as measured in this run; the short version under one`),
    item("Disk", "the run's folder; \\texttt{quorumlab plan} tells how much before"),
    item("Public", "Apache-2.0; the fixed version is the commit below"),
    "\\end{description}",
    "\\subsection*{Hardware}",
    `${tex(machine.cpu)}, ${count(machine.cores)} cores, ${memory} of memory. ${run.manifest.worlds.includes("processes") ? "Latencies on processes are this machine's." : "Simulated results do not depend on the machine."}`,
    "\\subsection*{Software}",
    `${tex(machine.os)}, kernel ${tex(machine.kernel)}; Node.js ${tex(machine.node)}; Quorumlab ${tex(quorumlab.version)}${quorumlab.commit === null ? "" : `, commit ${texCode(quorumlab.commit.slice(0, 12))}`}${tex(dirty)}.`,
    "\\subsection*{Workflow}",
    `In a clone, \\texttt{npm ci}; then in this folder \\texttt{./reproduce.sh -{}-smoke} (does everything run?) and \\texttt{./reproduce.sh -{}-full}, which is ${texCode(["quorumlab run experiment/experiment.yaml", ...flagsOf(run).map(quoted)].join(" "))} and a check of every claim.`,
    "\\subsection*{Expected results}",
    claims.claims.length === 0
      ? "The run supports no claim that a program checks; its tables and figures are to be compared by eye."
      : `\\begin{description}\n${claims.claims.map((one) => item(one.id, `${tex(one.claim)}: ${tex(one.measured)} (expected: ${tex(one.expected)})`)).join("\n")}\n\\end{description}`,
    claims.unsupported.length === 0
      ? "Nothing that the experiment asked was left open."
      : `Not supported by this run:\n\\begin{itemize}\n${claims.unsupported.map(({ claim, why }) => `  \\item ${tex(claim)}: ${tex(why)}`).join("\n")}\n\\end{itemize}`,
    "",
  ].join("\n");
}

export function mainTex({ run, figures, tables }: PaperParts): string {
  const unknown = unknownWorks(run);
  return [
    texComment("Everything that was exported, in one document, to see it and to take from it what is wanted."),
    "\\documentclass[10pt]{article}",
    "\\usepackage[T1]{fontenc}\\usepackage[utf8]{inputenc}\\usepackage{lmodern,textcomp,amsmath,booktabs,graphicx,pgfplots}",
    "\\usepackage[margin=16mm]{geometry}",
    "\\usepgfplotslibrary{fillbetween,groupplots}\\pgfplotsset{compat=1.17}",
    "\\input{numbers}",
    "\\begin{document}",
    `\\section*{${tex(run.manifest.title)}}`,
    `${tex(run.manifest.question)} ${citedKeys(run)
      .map((key) => `\\cite{${key}}`)
      .join("")}${unknown.length === 0 ? "" : ` (${tex(`no entry for ${unknown.join(", ")}`)})`}`,
    ...tables.map(
      ({ name, caption }) =>
        `\\begin{table}[p]\\centering\\caption{${tex(caption)}}\\label{tab:${name.replace(/^tab-/, "")}}\\small\\input{tables/${name}}\\end{table}`,
    ),
    ...figures.map(({ name, title, caption, world, pgf }) => {
      const picture = pgf ? `\\input{figures/${name}}` : `\\includegraphics[width=85mm]{figures/${name}.pdf}`;
      return `\\begin{figure}[p]\\centering ${picture}\\caption{${tex(title)}. ${tex(caption)} ${tex(capital(world))}.}\\label{${name.replace(/^fig-/, "fig:")}}\\end{figure}\\clearpage`;
    }),
    "\\input{artifact-appendix}",
    "\\bibliographystyle{plain}\\bibliography{references}",
    "\\end{document}",
    "",
  ].join("\n");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const MAKEFILE = `# make: main.pdf from what was exported; make smoke, make full: run the experiment again
main.pdf: main.tex numbers.tex artifact-appendix.tex references.bib $(wildcard figures/*) $(wildcard tables/*)
\tpdflatex -interaction=nonstopmode -halt-on-error main
\tif command -v bibtex >/dev/null; then bibtex main; fi
\tpdflatex -interaction=nonstopmode -halt-on-error main
\tpdflatex -interaction=nonstopmode -halt-on-error main

smoke:
\t./reproduce.sh --smoke

full:
\t./reproduce.sh --full

clean:
\trm -f main.aux main.bbl main.blg main.log main.out

.PHONY: smoke full clean
`;
