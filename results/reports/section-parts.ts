/**
 * What a section of several charts and tables is put together from: the sentence of each world, a table of each world that has
 * rows, and a chart as a part of the section, where the probes of the run ask for it. The sections on failure and repair and on
 * failure detection differ in what they say and not in how.
 */
import { chartInput, type ChartCell } from "../charts/cells";
import type { ChartDefinition, ChartTable } from "../charts/chart";
import { escapeText } from "../charts/markup";
import type { WorldFigure } from "../charts/worlds-apart";
import { showsChart } from "../record/probes";
import type { LoadedRun } from "../record/run-folder";
import { inWorld, worldsOf } from "../statistics/worlds";
import { chartInWorlds, type ChartSectionOptions } from "./chart-section";
import { dataTable } from "./tables";
import { worldBadge } from "./world-badge";

/** All HTML. */
export class SectionParts {
  private readonly worlds: readonly { readonly badge: string; readonly cells: readonly ChartCell[] }[];

  /** Of the cells that the section is about. */
  constructor(
    private readonly run: LoadedRun,
    private readonly drawn: ReadonlyMap<string, readonly WorldFigure[]>,
    private readonly options: ChartSectionOptions,
    concerned: (cell: ChartCell) => boolean,
    private readonly mostRows: number,
  ) {
    const worlds = worldsOf(run);
    this.worlds = worlds.map((world) => ({
      badge: worlds.length < 2 ? "" : `${worldBadge(world)} `,
      cells: chartInput(inWorld(run, world)).cells.filter(concerned),
    }));
  }

  /** Worlds of which there is nothing to say are left out, and so are configurations without a valid repetition. */
  answers(inWords: (cells: readonly ChartCell[]) => string): string {
    return this.worlds
      .map(({ badge, cells }) => ({ badge, text: inWords(cells.filter(({ invalid }) => !invalid)) }))
      .filter(({ text }) => text !== "")
      .map(({ badge, text }) => `<p class="answer">${badge}${escapeText(text)}</p>`)
      .join("");
  }

  table(title: string, table: (cells: readonly ChartCell[]) => ChartTable, note: string): string {
    return this.worlds
      .map(({ badge, cells }) => ({ badge, data: table(cells) }))
      .filter(({ data }) => data.rows.length > 0)
      .map(
        ({ badge, data }) =>
          `<h4 class="cases">${badge}${escapeText(title)}</h4>${dataTable(data, this.mostRows, "plain")}<p class="facts">${escapeText(note)}</p>`,
      )
      .join("");
  }

  /** What comes `after` the chart stands also where the chart does not. */
  chart(chart: ChartDefinition, after = ""): string {
    if (!showsChart(chart.id, this.run.manifest.report?.probes)) return after;
    return `<div class="part" id="${chart.id}"><h3>${escapeText(chart.question)}</h3>${chartInWorlds(chart, this.drawn.get(chart.id) ?? [], this.options)}${after}</div>`;
  }
}
