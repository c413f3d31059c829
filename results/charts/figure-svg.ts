/**
 * A whole figure as one picture: title, the legend that its panels share, and the panels in rows. A page leaves that to
 * HTML; a paper, a slide or a file has no HTML, so it is laid out here. For print the charts are drawn anew at
 * the column's width instead of being shrunk: 960 pixels squeezed into a column of 85 mm have text of three points, which is
 * the usual way in which a good figure becomes unreadable. Texts keep their size and the plot gives way.
 */
import type { ChartFigure, LegendEntry, Panel } from "./chart";
import { legendMark } from "./legend-marks";
import { escapeText } from "./markup";
import { panelContent, PICTURE_FONT } from "./render";
import { brief } from "./svg-canvas";
import { textWidth, wrapped } from "./text-width";
import { cssVariables, THEMES } from "./theme";

export interface FigureOptions {
  /** Of the picture; 85 is a column, 178 a page of two columns. Left out: as large as it is drawn on the page. */
  readonly widthMm?: number;
  /** Size of ordinary text in points where a width is given: 8 unless told. */
  readonly fontPt?: number;
  /** A paper's caption says what the title says: leave it out there. Default true. */
  readonly title?: boolean;
  /** `light` for paper; `auto` follows whoever looks at it, which only SVG can. */
  readonly theme?: "light" | "auto";
}

export interface LaidOut {
  /** In drawn pixels. */
  readonly width: number;
  readonly height: number;
  /** Points a drawn pixel. */
  readonly scale: number;
  /** The inside of an `<svg viewBox="0 0 width height">`; colours are CSS variables. */
  readonly content: string;
}

/** A file of its own. */
export function figureSvg(figure: ChartFigure, options: FigureOptions = {}): string {
  const { width, height, scale, content } = layOut(figure, options);
  const size =
    options.widthMm === undefined
      ? `width="${brief(width)}" height="${brief(height)}"`
      : `width="${brief(options.widthMm)}mm" height="${brief((height * scale * MM_PER_INCH) / POINTS_PER_INCH)}mm"`;
  const light = options.theme === "light";
  const style = light
    ? ""
    : `<style>:root{${cssVariables("light")}}@media (prefers-color-scheme:dark){:root{${cssVariables("dark")}}}</style>`;
  const body = `<rect width="${brief(width)}" height="${brief(height)}" fill="var(--page)"/>${content}`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${brief(width)} ${brief(height)}" ${size} ` +
    `role="img" font-family="${PICTURE_FONT}" font-size="${TEXT}"><title>${escapeText(figure.title)}</title>` +
    `<desc>${escapeText(figure.description)}</desc>${style}${light ? inkOfPaper(body) : body}</svg>\n`
  );
}

/** Colour variables as the light theme has them, for whoever knows no stylesheets. */
export function inkOfPaper(content: string): string {
  return content.replace(/var\(--([a-z0-9-]+)\)/g, (all, name: string) => THEMES.light[name] ?? all);
}

export function layOut(figure: ChartFigure, options: FigureOptions = {}): LaidOut {
  const scale = options.widthMm === undefined ? 0.75 : (options.fontPt ?? 8) / TEXT;
  const asked = options.widthMm === undefined ? undefined : (options.widthMm * POINTS_PER_INCH) / MM_PER_INCH / scale;
  const rows = rowsOf(figure.panels, asked);
  const width = asked ?? Math.max(...rows.map((row) => row.reduce((sum, { width: w }) => sum + w + GAP, -GAP)));
  let y = 0;
  let content = "";
  if (options.title !== false)
    for (const text of wrapped(figure.title, width - 8, TITLE, true)) {
      y += TITLE + 5;
      content += `<text x="4" y="${brief(y)}" font-size="${TITLE}" font-weight="bold" fill="var(--ink)">${escapeText(text)}</text>`;
    }
  if (y > 0) y += 6;
  if (figure.legend.length > 1 || figure.panels.length > 1) {
    const legend = legendRows(figure.legend, width, y);
    content += legend.content;
    y = legend.bottom;
  }
  rows.forEach((row, i) => {
    const height = Math.max(...row.map((one) => one.height));
    const titles = row.map(({ panel, width: w }) => wrapped(panel.title, w - 8, TEXT, true));
    const lines = Math.max(...titles.map(({ length }) => length));
    let x = 0;
    row.forEach((one, column) => {
      titles[column].forEach((text, line) => {
        content += `<text x="${brief(x + 4)}" y="${brief(y + 15 * (line + 1))}" font-weight="bold" fill="var(--ink)">${escapeText(text)}</text>`;
      });
      const inside = panelContent(one.panel, `p${i}-${column}-`, one.drawn);
      const factor = one.width / one.drawn.width;
      const zoom = Math.abs(factor - 1) < 1e-9 ? "" : ` scale(${factor.toFixed(4)})`;
      content += `<g transform="translate(${brief(x)} ${brief(y + 15 * lines + (lines > 0 ? 3 : 0))})${zoom}">${inside}</g>`;
      x += one.width + GAP;
    });
    y += height + 15 * lines + (lines > 0 ? 3 : 0) + (i < rows.length - 1 ? GAP : 0);
  });
  return { width, height: Math.ceil(y), scale, content };
}

interface Placed {
  readonly panel: Panel;
  /** The room it takes. */
  readonly width: number;
  readonly height: number;
  /** The size it is drawn at: another only for what is drawn by hand. */
  readonly drawn: { readonly width: number; readonly height: number };
}

/** As many beside each other as are readable: what is drawn by hand shrinks as a whole, charts are drawn for the room. */
function rowsOf(panels: readonly Panel[], asked: number | undefined): Placed[][] {
  const natural = asked ?? Math.max(PAGE, ...panels.map(({ width }) => width));
  const least = Math.max(
    Math.min(...panels.map(({ width }) => Math.min(width, LEAST))),
    ...panels.map(({ width, drawing }) => (drawing.kind === "svg" ? SHRUNK * width : 0)),
  );
  const even = panels.length === 2 || panels.length === 4 ? 2 : 3;
  const columns = panels.some(({ width }) => width >= WIDE)
    ? 1
    : Math.max(1, Math.min(panels.length, even, Math.floor((natural + GAP) / (least + GAP))));
  const room = (natural - GAP * (columns - 1)) / columns;
  const placed = panels.map((panel): Placed => {
    const { width, height } = panel;
    if (panel.drawing.kind === "svg" || asked === undefined) {
      const factor = Math.min(1, room / width);
      return { panel, width: width * factor, height: height * factor, drawn: { width, height } };
    }
    const high = Math.round(Math.max((height * room) / width, panel.leastHeight ?? Math.min(0.64 * room, 240)));
    const drawn = { width: Math.floor(room), height: high };
    return { panel, ...drawn, drawn };
  });
  const rows: Placed[][] = [];
  for (let i = 0; i < placed.length; i += columns) rows.push(placed.slice(i, i + columns));
  return rows;
}

function legendRows(
  legend: readonly LegendEntry[],
  width: number,
  top: number,
): { readonly content: string; readonly bottom: number } {
  let x = 4;
  let y = top;
  let content = "";
  for (const entry of legend) {
    const mark = legendMark(entry);
    const needed = mark.width + 6 + textWidth(entry.series, TEXT, false) * 1.12 + 16;
    if (x > 4 && x + needed - 16 > width) {
      x = 4;
      y += 18;
    }
    content += `<g transform="translate(${brief(x)} ${brief(y + 8 - mark.height / 2)})">${mark.content}</g>`;
    content += `<text x="${brief(x + mark.width + 6)}" y="${brief(y + 12)}" fill="var(--ink)">${escapeText(entry.series)}</text>`;
    x += needed;
  }
  return { content, bottom: legend.length === 0 ? top : y + 24 };
}

const MM_PER_INCH = 25.4;
const POINTS_PER_INCH = 72;
/** Ordinary text, in drawn pixels. */
const TEXT = 12;
const TITLE = 14;
const GAP = 14;
/** The page's column, and what takes a row of it alone. */
const PAGE = 1040;
const WIDE = 900;
/** No panel is narrower. */
const LEAST = 235;
/** What is drawn by hand shrinks with its texts: beside others no further than this. */
const SHRUNK = 0.8;
