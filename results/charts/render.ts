/**
 * From a panel to SVG. Chart.js runs here in Node on a recording surface (`svg-canvas.ts`) with a platform that has
 * no events and no document; what comes out is the picture that the page shows without JavaScript, that print shows,
 * and that `figures/*.svg` holds. The page draws the same configuration on a canvas.
 */
import { BasicPlatform, Chart, registerables, type ChartConfiguration } from "chart.js";
import { chartCallbacks } from "./callbacks";
import type { ChartFigure, Panel } from "./chart";
import { faultLanesPlugin } from "./fault-lanes-plugin";
import { heatMapPlugin } from "./heat-map-plugin";
import { escapeText } from "./markup";
import { SvgCanvas } from "./svg-canvas";
import { textWidth, wrapped } from "./text-width";
import { cssVariables } from "./theme";

Chart.register(...registerables);

/**
 * Inline `<svg>` for a page that defines the theme's CSS variables. `idPrefix` must be unique in the page. The element
 * around it carries the description, because a canvas may take the SVG's place.
 */
export function panelSvg(panel: Panel, idPrefix: string): string {
  const content = drawing(panel, idPrefix, { legend: false, title: "" });
  return (
    `<svg viewBox="0 0 ${panel.width} ${panel.height}" aria-hidden="true" ` +
    `font-family="${PICTURE_FONT}" font-size="12">${content}</svg>`
  );
}

/** A picture file of its own: legend, title, background, light and dark by the viewer's preference. */
export function standaloneSvg(figure: ChartFigure, index: number): string {
  const panel = figure.panels[index];
  const title = panel.title === "" ? figure.title : `${figure.title}: ${panel.title}`;
  const content = drawing(panel, "f", { legend: true, title: panel.title });
  const { width, height } = panel;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `role="img" font-family="${PICTURE_FONT}" font-size="12"><title>${escapeText(title)}</title>` +
    `<desc>${escapeText(figure.description)}</desc>` +
    `<style>:root{${cssVariables("light")}}@media (prefers-color-scheme:dark){:root{${cssVariables("dark")}}}</style>` +
    `<rect width="${width}" height="${height}" fill="var(--page)"/>${content}</svg>\n`
  );
}

/** The inside of an `<svg>`, drawn for this size; neither legend nor title. What is drawn by hand has one size. */
export function panelContent(
  panel: Panel,
  idPrefix: string,
  size: { readonly width: number; readonly height: number },
): string {
  return drawing({ ...panel, ...size }, idPrefix, { legend: false, title: "" });
}

interface Extras {
  readonly legend: boolean;
  readonly title: string;
}

interface MutableOptions {
  options: {
    scales: Record<string, { title?: { text: string | string[] } } | undefined>;
    plugins: { legend: { display: boolean }; title: { display: boolean; text: string } };
  };
}

/** A page and the file beside it show the same picture, and drawing is what costs: bare pictures by their definition. */
const bare = new WeakMap<object, { readonly size: string; readonly content: string }>();
/** Stands for the prefix of ids in them; no text can hold it, for escaping replaces it. */
const PREFIX = "\u0001";

function drawing(panel: Panel, idPrefix: string, extras: Extras): string {
  if (panel.drawing.kind === "svg") return panel.drawing.content;
  if (extras.legend || extras.title !== "") return drawn(panel, idPrefix, extras);
  const size = `${panel.width}x${panel.height}`;
  let known = bare.get(panel.drawing);
  if (known?.size !== size) {
    known = { size, content: drawn(panel, PREFIX, extras) };
    bare.set(panel.drawing, known);
  }
  return known.content.replaceAll(PREFIX, idPrefix);
}

function drawn(panel: Panel, idPrefix: string, extras: Extras, titleRoom = panel.width - 80): string {
  if (panel.drawing.kind === "svg") return panel.drawing.content;
  const config = chartCallbacks().hydrate(panel.drawing.config) as ChartConfiguration & MutableOptions;
  config.options.plugins.legend.display = extras.legend;
  if (extras.title !== "")
    config.options.plugins.title = { ...config.options.plugins.title, display: true, text: extras.title };
  fitTitles(config, titleRoom, panel.height - 50);
  const surface = new SvgCanvas(panel.width, panel.height, idPrefix);
  const chart = new Chart(surface.canvas, {
    ...config,
    plugins: [faultLanesPlugin(), heatMapPlugin()],
    platform: BasicPlatform,
  });
  const content = surface.content();
  const x = chart.scales["x"] as { readonly left: number; readonly right: number } | undefined;
  chart.destroy();
  if (x === undefined) return content;
  // The name stands under the middle of the plot, which is far right where rows have long names; how far, only the layout tells.
  const middle = (x.left + x.right) / 2;
  const room = 2 * Math.min(middle, panel.width - middle);
  const text = config.options.scales["x"]?.title?.text ?? "";
  const longest = Math.max(...[text].flat().map((line) => textWidth(line, 12, false)));
  return longest > room && room < titleRoom && text.includes(" ") ? drawn(panel, idPrefix, extras, room) : content;
}

/** The names of axes in two lines where a small picture has no room for one. */
function fitTitles({ options }: MutableOptions, width: number, height: number): void {
  for (const [name, scale] of Object.entries(options.scales ?? {})) {
    const text = scale?.title?.text;
    if (scale?.title === undefined || typeof text !== "string") continue;
    const room = name === "x" ? width : height;
    if (textWidth(text, 12, false) > room) scale.title.text = [...wrapped(text, room, 12, false)];
  }
}

export const PICTURE_FONT = "Helvetica Neue,Helvetica,Arial,Liberation Sans,sans-serif";
