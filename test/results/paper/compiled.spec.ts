/**
 * An exported paper's parts as LaTeX reads them: numbers, a table and figures in one document whose title is hostile. A warning in
 * a log that no one reads is a hole in a printed page, so that the log is read here, and the page's own text.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { chartInput } from "../../../results/charts/cells";
import { CHARTS } from "../../../results/charts/chart";
import { macrosOf, numbersTex } from "../../../results/paper/macros";
import { pgfFigure } from "../../../results/paper/pgfplots";
import { pointsOf } from "../../../results/paper/plotted-lines";
import { tablesOf } from "../../../results/paper/tables";
import { tex } from "../../../results/paper/tex";
import { madeUpRun, QUICKSTART_LIKE } from "../fixtures";
import { temporaryFolder } from "../record/made-up-run";

const run = madeUpRun({ ...QUICKSTART_LIKE, intervals: 8, clocks: ["dvvset"] });
const DRAWN = ["trade-off", "outcomes", "percentile-spectrum"];
const figures = DRAWN.map((id) => CHARTS.get(id)!.draw(chartInput(run))!);
const TITLE = "a_b & 50% $x$ \\input{/etc/passwd} Γ ≤ 💥";

describe("figures of a paper", () => {
  it("have in their file the points that the chart draws, stacked ones summed up", () => {
    const outcomes = figures[DRAWN.indexOf("outcomes")];
    const rows = pgfFigure(outcomes, "f")!.csv.trim().split("\n").slice(1);
    const drawn = outcomes.panels.flatMap(({ drawing }, panel) =>
      drawing.kind === "chart" ? pointsOf(drawing.config, panel).flatMap(({ points }) => points) : [],
    );
    assert.equal(rows.length, drawn.length);
    const made = (points: readonly (readonly number[])[]): Record<string, unknown> => ({
      ...{ showLine: true, borderColor: "$s1", backgroundColor: "$s1/40", stack: "a", fill: "-1" },
      data: points.map(([x, y]) => ({ x, y })),
    });
    const config = {
      type: "line",
      options: { scales: { y: { stacked: true } } },
      data: {
        datasets: [
          {
            ...made([
              [0, 1],
              [1, 2],
            ]),
            fill: "origin",
          },
          made([
            [0, 10],
            [1, 20],
          ]),
        ],
      },
    };
    const [floor, first, second] = pointsOf(config, 0);
    assert.deepEqual(floor.points, [
      [0, 0],
      [1, 0],
    ]);
    assert.deepEqual(first.points, [
      [0, 1],
      [1, 2],
    ]);
    assert.deepEqual(second.points, [
      [0, 11],
      [1, 22],
    ]);
    assert.equal(second.fill!.to, first.path);
  });

  it("compile with numbers and tables, with every sign shown and every font embedded (long)", function () {
    this.timeout(60_000);
    if (spawnSync("pdflatex", ["--version"]).status !== 0 || spawnSync("pdffonts", ["-v"]).error !== undefined) {
      console.log("      skipped: pdflatex and pdffonts are not both installed");
      this.skip();
    }
    const folder = temporaryFolder();
    try {
      const write = (name: string, text: string): void => fs.writeFileSync(path.join(folder, name), text);
      write("numbers.tex", numbersTex(run));
      const [table] = tablesOf(run);
      write("table.tex", table.content);
      for (const figure of figures) {
        const made = pgfFigure({ ...figure, title: TITLE }, figure.id)!;
        write(`${figure.id}.tex`, made.tex);
        write(`${figure.id}.csv`, made.csv);
      }
      write(
        "main.tex",
        [
          "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage[utf8]{inputenc}",
          "\\usepackage{lmodern,textcomp,amsmath,booktabs,pgfplots}\\usepgfplotslibrary{fillbetween,groupplots}",
          "\\pgfplotsset{compat=1.17}\\input{numbers}\\def\\figuredir{.}\\begin{document}",
          `\\section{${tex(TITLE)}} \\${macrosOf(run)[0].name}, see Table~\\ref{tab:a}.`,
          `\\begin{table}\\caption{${tex(table.caption)}}\\label{tab:a}\\input{table}\\end{table}`,
          ...figures.map(({ id }) => `\\begin{figure}\\input{${id}}\\end{figure}\\clearpage`),
          "\\end{document}",
        ].join("\n"),
      );
      const typeset = (): string =>
        spawnSync("pdflatex", ["-interaction=nonstopmode", "main"], { cwd: folder, encoding: "utf8" }).stdout;
      typeset();
      const log = typeset();
      assert.doesNotMatch(log, /^!|undefined|Missing character/m);
      const text = spawnSync("pdftotext", ["main.pdf", "-"], { cwd: folder, encoding: "utf8" }).stdout;
      assert.ok(text.replaceAll(/\s+/g, " ").includes("a_b & 50% $x$ \\input{/etc/passwd} Γ ≤ U+1F4A5"), text);
      const fonts = spawnSync("pdffonts", ["main.pdf"], { cwd: folder, encoding: "utf8" }).stdout;
      const rows = fonts.trim().split("\n").slice(2);
      assert.ok(rows.length > 0);
      for (const row of rows) assert.match(row, /\s+yes\s+(yes|no)\s+(yes|no)\s+\d+\s+\d+$/, row);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
