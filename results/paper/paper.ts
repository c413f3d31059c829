/**
 * `quorumlab export RUN paper`: a folder from which a paper is written and an artifact is evaluated. Figures at the width of a column and of
 * a page and as PGFPlots source, tables, every number as a macro, the works cited, what is claimed and how it is checked, and
 * the scripts that do it. All of it is made from the stored run; the same run gives the same bytes.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { chartsOf, type ChartFigure } from "../charts/chart";
import { figureSvg } from "../charts/figure-svg";
import { drawInWorlds } from "../charts/worlds-apart";
import type { ExportFile, ExportFormat, ExportPlan, ExportRequest, Piece } from "../export/format";
import type { LoadedRun } from "../record/run-folder";
import { inAxisOrder } from "../statistics/axis-order";
import { WORLD_IN_WORDS } from "../statistics/worlds";
import { CHECK_CLAIMS, reproduceScript } from "./again";
import { referencesBib, unknownWorks } from "./bibtex";
import { claimsOfRun } from "./claims";
import { appendixTex, claimsJson, claimsMarkdown, claimsYaml, mainTex, MAKEFILE, type PaperParts } from "./documents";
import { numbersTex } from "./macros";
import { pgfFigure } from "./pgfplots";
import { tablesOf } from "./tables";

const COLUMN_MM = 85;
const PAGE_MM = 178;

export const paper: ExportFormat = {
  name: "paper",
  title: "figures, tables, numbers and claims for LaTeX, with scripts that run it again",
  plan: ({ run }: ExportRequest) => planOf(inAxisOrder(run)),
};

function planOf(run: LoadedRun): ExportPlan {
  const drawn = figuresOf(run);
  const withoutSource: string[] = [];
  const figures = drawn.map(({ name, figure, world }) => {
    const pgf = pgfFigure(figure, name);
    if (pgf === undefined) withoutSource.push(name);
    return { name, figure, world, pgf };
  });
  const tables = tablesOf(run);
  const shownBy = (metric: string): readonly string[] =>
    tables.filter(({ metrics }) => metrics.includes(metric)).map(({ name }) => `tables/${name}.tex`);
  const parts: PaperParts = {
    run,
    tables,
    claims: claimsOfRun(run, shownBy),
    figures: figures.map(({ name, figure, world, pgf }) => ({
      ...{ name, title: figure.title, caption: figure.caption, world, pgf: pgf !== undefined },
    })),
  };
  const given = experimentFiles(run);
  const text = (name: string, content: string, executable = false): ExportFile => ({
    name,
    pieces: () => [content],
    ...(executable ? { executable } : {}),
  });
  const files: ExportFile[] = [
    ...figures.flatMap(({ name, figure, pgf }) => [
      picture(`figures/${name}.pdf`, figure, COLUMN_MM),
      picture(`figures/${name}-wide.pdf`, figure, PAGE_MM),
      text(`figures/${name}.svg`, figureSvg(figure, { widthMm: COLUMN_MM, title: false, theme: "light" })),
      text(`figures/${name}-wide.svg`, figureSvg(figure, { widthMm: PAGE_MM, title: false, theme: "light" })),
      ...(pgf === undefined ? [] : [text(`figures/${name}.tex`, pgf.tex), text(`figures/${name}.csv`, pgf.csv)]),
    ]),
    ...tables.map(({ name, content }) => text(`tables/${name}.tex`, content)),
    text("numbers.tex", numbersTex(run)),
    text("references.bib", referencesBib(run)),
    text("CLAIMS.md", claimsMarkdown(parts)),
    text("claims.yaml", claimsYaml(parts)),
    text("claims.json", claimsJson(parts)),
    text("artifact-appendix.tex", appendixTex(parts)),
    text("main.tex", mainTex(parts)),
    text("Makefile", MAKEFILE),
    ...given.map(([name, content]) => text(`experiment/${name}`, content)),
    text("reproduce.sh", reproduceScript(run, given[0]?.[1] ?? ""), true),
    text("check-claims.js", CHECK_CLAIMS),
  ];
  const missing = unknownWorks(run);
  return {
    files,
    notes: [
      ...(given.length === 0
        ? ["the run's folder has no experiment.yaml, so that reproduce.sh has nothing to run"]
        : []),
      ...(withoutSource.length === 0 ? [] : [`as PDF and SVG only, no PGFPlots source: ${withoutSource.join(", ")}`]),
      ...(missing.length === 0 ? [] : [`not in the bibliography, add them by hand: ${missing.join(", ")}`]),
    ],
  };
}

function figuresOf(
  run: LoadedRun,
): readonly { readonly name: string; readonly figure: ChartFigure; readonly world: string }[] {
  const several = run.manifest.worlds.length > 1;
  return [...drawInWorlds(run, chartsOf(run)).values()].flatMap((worlds) =>
    worlds.flatMap(({ figure, world }) =>
      figure === undefined
        ? []
        : [
            {
              name: `fig-${figure.id}${several && !figure.id.endsWith(world) ? `-${world}` : ""}`,
              figure,
              world: WORLD_IN_WORDS[world],
            },
          ],
    ),
  );
}

function picture(name: string, figure: ChartFigure, widthMm: number): ExportFile {
  return {
    name,
    binary: true,
    async *pieces(): AsyncGenerator<Piece> {
      const { figurePdf } = require("../charts/pdf") as typeof import("../charts/pdf");
      yield await figurePdf(figure, { widthMm, title: false });
    },
  };
}

/** The experiment as it was given, with what it extends; a folder may hold anything, so names are ours. */
function experimentFiles({ folder }: LoadedRun): readonly (readonly [name: string, content: string])[] {
  const names = ["experiment.yaml", ...Array.from({ length: 16 }, (_, i) => `experiment.base-${i + 1}.yaml`)];
  return names.flatMap((name) => {
    const file = path.join(folder, name);
    const found = fs.lstatSync(file, { throwIfNoEntry: false });
    return found?.isFile() === true ? [[name, fs.readFileSync(file, "utf8")] as const] : [];
  });
}
