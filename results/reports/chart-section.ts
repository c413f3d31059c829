/**
 * One chart in a page: the reader's question as heading, a sentence that answers it, the picture with its legend, what
 * it is a picture of, and the numbers behind it. A chart that has nothing to show leaves its section with a sentence
 * that says why, so that a missing picture is never mistaken for a good result.
 */
import type { ChartDefinition, ChartFigure, LegendEntry, Panel } from "../charts/chart";
import { legendMark } from "../charts/legend-marks";
import { escapeText } from "../charts/markup";
import { count } from "../charts/numbers";
import { panelSvg } from "../charts/render";
import type { WorldFigure } from "../charts/worlds-apart";
import { dataTable } from "./tables";
import { worldBadge } from "./world-badge";

export interface ChartSectionOptions {
  /** Links to `figures/<chart>-<panel>.svg`, `figures/<chart>.csv` and `figures/<chart>.json` beside the page. */
  readonly figureFiles: boolean;
  /** And to `figures/<chart>.pdf`, which take a while to make. */
  readonly pdf?: boolean;
  /**
   * False leaves the SVG to JavaScript: for pages that would grow too large. `later` puts a mark in its place, which `withPictures`
   * fills once it is known how much room there is.
   */
  readonly svg: boolean | "later";
}

/** `drawn` has one entry a world; the section stays one, and each drawing says which world it is of. */
export function chartSection(
  definition: ChartDefinition,
  drawn: readonly WorldFigure[],
  options: ChartSectionOptions,
): string {
  return `<h2>${escapeText(definition.question)}</h2>${chartInWorlds(definition, drawn, options)}`;
}

/** The same without the heading. */
export function chartInWorlds(
  definition: ChartDefinition,
  drawn: readonly WorldFigure[],
  options: ChartSectionOptions,
): string {
  if (drawn.length < 2) return figureHtml(definition, drawn[0]?.figure, options);
  return drawn
    .map(
      ({ world, figure }) =>
        `<div class="of-world"><p class="whose">${worldBadge(world)}</p>${figureHtml(definition, figure, options)}</div>`,
    )
    .join("\n");
}

/** Answer, picture and numbers, or why there is none. */
export function figureHtml(
  definition: ChartDefinition,
  figure: ChartFigure | undefined,
  options: ChartSectionOptions,
): string {
  if (figure === undefined)
    return `<p class="answer">${escapeText(definition.title)}: no chart.</p><p class="absent">${escapeText(definition.absence)}</p>`;
  const layout = layoutOf(figure.panels);
  return (
    `<p class="answer">${escapeText(figure.answer)}</p>\n<figure>` +
    `<h3>${escapeText(figure.title)} <a class="help" href="#about-${definition.id}" aria-label="How to read this chart">?</a></h3>` +
    legendHtml(figure) +
    `<div class="panels ${layout}">${figure.panels.map((panel, i) => panelHtml(figure, panel, i, options)).join("\n")}</div>` +
    `<p class="visually-hidden" id="${figure.id}-description">${escapeText(figure.description)}</p>` +
    `<figcaption>${escapeText(figure.caption)}${options.figureFiles ? ` ${fileLinks(figure, options.pdf === true)}` : ""}</figcaption>` +
    `<details><summary>The numbers behind this chart (${count(figure.table.rows.length)} rows)</summary>${dataTable(figure.table)}</details></figure>`
  );
}

/** The section of a chart whose data a page has no room for; the files beside it have. */
export function leftOutForSize(
  { question, title }: ChartDefinition,
  figures: readonly ChartFigure[],
  options: ChartSectionOptions,
): string {
  const files = options.figureFiles
    ? figures.map((figure) => ` ${fileLinks(figure, options.pdf === true)}`).join("")
    : "";
  return (
    `<h2>${escapeText(question)}</h2><p class="answer">${escapeText(figures.map(({ answer }) => answer).join(" "))}</p>` +
    `<p class="absent">${escapeText(title)}: left out of this page for its size.${files}</p>`
  );
}

/** As drawn, CSS pixels. */
const WIDE = 900;

function layoutOf(panels: readonly Panel[]): string {
  // Wide ones stand below each other: a pair on one time axis.
  if (panels.length === 1 || panels.every(({ width }) => width >= WIDE)) return "one";
  // What scrolls in its own box needs room more than company.
  if (panels.some(isScrolled)) return "two";
  return panels.length === 2 || panels.length === 4 ? "two" : "many";
}

function isScrolled({ drawing }: Panel): boolean {
  return drawing.kind === "svg" && drawing.scrolled === true;
}

function panelHtml(figure: ChartFigure, panel: Panel, index: number, options: ChartSectionOptions): string {
  const title = panel.title === "" ? "" : `<h4>${escapeText(panel.title)}</h4>`;
  const label = panel.title === "" ? figure.title : `${figure.title}: ${panel.title}`;
  const isChart = panel.drawing.kind === "chart";
  const data = isChart ? ` data-chart="${figure.id}" data-panel="${index}"` : "";
  const kind = isChart ? "" : isScrolled(panel) ? " graph" : " ring";
  const sizes =
    `--shape:${panel.width}/${panel.height}` +
    (isScrolled(panel) ? `;--wide:${panel.width}px` : "") +
    (panel.leastHeight === undefined ? "" : `;--least:${panel.leastHeight}px`);
  return (
    `<div class="panel">${title}<div class="picture${kind}" role="img" aria-label="${escapeText(label)}" ` +
    `aria-describedby="${figure.id}-description"${isScrolled(panel) ? ' tabindex="0"' : ""} style="${sizes}"${data}>` +
    `${pictureOf(figure, index, isChart ? options.svg : true)}</div></div>`
  );
}

function pictureOf(figure: ChartFigure, index: number, svg: ChartSectionOptions["svg"]): string {
  if (svg === "later") return `<!--picture ${figure.id} ${index}-->`;
  return svg ? pictureSvg(figure, index) : "";
}

function pictureSvg(figure: ChartFigure, index: number): string {
  const panel = figure.panels[index];
  let svg = PICTURES.get(panel);
  if (svg === undefined) PICTURES.set(panel, (svg = panelSvg(panel, `${figure.id}-${index}-`)));
  return svg;
}

/** A page that turns out too large is put together once more, of the same pictures. */
const PICTURES = new WeakMap<Panel, string>();

/**
 * HTML with its marks filled by the pictures of these figures, in order, while there is room for all of a figure; the marks of the
 * others go. `left`: figures without a picture.
 */
export function withPictures(
  bodies: readonly string[],
  figures: readonly ChartFigure[],
  bytes: number,
): { readonly bodies: readonly string[]; readonly left: readonly string[] } {
  const pictures = new Map<string, readonly string[]>();
  let room = bytes;
  for (const figure of figures) {
    if (room <= 0) break;
    const drawn = figure.panels.map(({ drawing }, i) => (drawing.kind === "chart" ? pictureSvg(figure, i) : ""));
    room -= drawn.reduce((sum, svg) => sum + Buffer.byteLength(svg), 0);
    if (room >= 0) pictures.set(figure.id, drawn);
  }
  return {
    bodies: bodies.map((body) =>
      body.replace(
        /<!--picture ([\w-]+) (\d+)-->/g,
        (_, id: string, index: string) => pictures.get(id)?.[Number(index)] ?? "",
      ),
    ),
    left: figures.flatMap(({ id, panels }) =>
      pictures.has(id) || panels.every(({ drawing }) => drawing.kind === "svg") ? [] : [id],
    ),
  };
}

function legendHtml(figure: ChartFigure): string {
  if (figure.legend.length < 2 && figure.panels.length === 1) return "";
  const all = figure.panels.flatMap(datasetsOf);
  return `<ul class="legend" aria-label="Legend">${figure.legend
    .map((entry) => {
      const words = `${swatch(entry)}${escapeText(entry.series)}`;
      const switched =
        entry.group === undefined
          ? all.some(({ series }) => series === entry.series) && `data-series="${escapeText(entry.series)}"`
          : all.some(({ group }) => group === entry.group) && `data-group="${escapeText(entry.group)}"`;
      return switched === false
        ? `<li><button type="button" disabled>${words}</button></li>`
        : `<li><button type="button" class="switch" disabled aria-pressed="true" data-chart="${figure.id}" ${switched}>${words}</button></li>`;
    })
    .join("")}</ul>`;
}

function datasetsOf(panel: Panel): readonly { readonly series: string; readonly group?: string }[] {
  if (panel.drawing.kind !== "chart") return [];
  return (panel.drawing.config["data"] as unknown as { readonly datasets: ReturnType<typeof datasetsOf> }).datasets;
}

function swatch(entry: LegendEntry): string {
  const { width, height, content } = legendMark(entry);
  return `<svg width="${width}" height="${height}" aria-hidden="true">${content}</svg>`;
}

/** Each leads to a file that is made together with the page: see `reportFiles`. */
function fileLinks(figure: ChartFigure, pdf: boolean): string {
  const pictures =
    figure.panels.length === 1
      ? `<a href="figures/${figure.id}.svg">SVG</a>`
      : `SVG ${figure.panels.map((_, i) => `<a href="figures/${figurePath(figure, i)}">${i + 1}</a>`).join(" ")}`;
  const others = [...(pdf ? ["pdf"] : []), "csv", "json"].map(
    (kind) => `<a href="figures/${figure.id}.${kind}">${kind.toUpperCase()}</a>`,
  );
  return `<span class="files">Files: ${[pictures, ...others].join(" · ")}</span>`;
}

/** The file name of a panel's picture. */
export function figurePath(figure: ChartFigure, index: number): string {
  return figure.panels.length === 1 ? `${figure.id}.svg` : `${figure.id}-${index + 1}.svg`;
}
