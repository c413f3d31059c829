/**
 * A figure as PDF, from the same definition as the page and the SVG. Text stays text, in a font that travels inside the
 * file (a subset of DejaVu Sans Condensed, which is as wide as the Helvetica that widths are measured by and has Greek,
 * ≤ and raised digits): journals refuse figures whose fonts are not embedded, and a figure of outlines can be neither
 * searched nor read aloud. The same figure gives the same bytes: no date but a fixed one, no random name.
 */
import { dirname, join } from "node:path";
import type { ChartFigure } from "./chart";
import { inkOfPaper, layOut, type FigureOptions } from "./figure-svg";
import { escapeText } from "./markup";

export type PdfOptions = Omit<FigureOptions, "theme">;

/** One page, as large as the figure. */
export function figurePdf(figure: ChartFigure, options: PdfOptions = {}): Promise<Buffer> {
  return figuresPdf([figure], options);
}

/** A page for each figure, as large as it; fonts are inside once. */
export async function figuresPdf(figures: readonly ChartFigure[], options: PdfOptions = {}): Promise<Buffer> {
  const Document = require("pdfkit") as typeof import("pdfkit");
  const document = new Document({
    autoFirstPage: false,
    info: {
      Title: figures.map(({ title }) => title).join("; "),
      Subject: figures.map(({ description }) => description).join(" "),
      Creator: "quorumlab",
      CreationDate: DATE,
    },
  });
  const pieces: Buffer[] = [];
  const whole = new Promise<Buffer>((resolve, reject) => {
    document.on("data", (piece: Buffer) => pieces.push(piece));
    document.on("end", () => resolve(Buffer.concat(pieces)));
    document.on("error", reject);
  });
  const fonts = join(dirname(require.resolve("dejavu-fonts-ttf/package.json")), "ttf");
  document.registerFont("text", join(fonts, "DejaVuSansCondensed.ttf"));
  document.registerFont("text-bold", join(fonts, "DejaVuSansCondensed-Bold.ttf"));
  for (const figure of figures) page(document, figure, options);
  document.end();
  return whole;
}

function page(document: PDFKit.PDFDocument, figure: ChartFigure, options: PdfOptions): void {
  const draw = require("svg-to-pdfkit") as typeof import("svg-to-pdfkit");
  const { width, height, scale, content } = layOut(figure, options);
  const size: [number, number] = [round(width * scale), round(height * scale)];
  const troubles: string[] = [];
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${size[0]}" height="${size[1]}" ` +
    `font-family="text" font-size="12"><title>${escapeText(figure.title)}</title>${inkOfPaper(content)}</svg>`;
  document.addPage({ size, margin: 0 });
  draw(document, svg, 0, 0, {
    width: size[0],
    height: size[1],
    assumePt: true,
    fontCallback: (_family, bold) => (bold ? "text-bold" : "text"),
    warningCallback: (trouble) => troubles.push(trouble),
  });
  if (troubles.length > 0) throw new Error(`figure ${figure.id} cannot be drawn as PDF: ${troubles.join("; ")}`);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A file that says when it was made differs each time it is made. */
const DATE = new Date(Date.UTC(2000, 0, 1));
