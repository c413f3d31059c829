/**
 * The shell of a page that must work from a file, for ever, with the network cut: everything is inside it, and a
 * content security policy says so to the browser. Data stand once, as JSON in a script element that does not run.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { embedJson, escapeText } from "../charts/markup";
import { packCharts } from "./packed-charts";
import { pageScript } from "./page-script";
import { stylesheet } from "./stylesheet";

export interface PageSection {
  readonly id: string;
  /** In the navigation. */
  readonly name: string;
  /** HTML. */
  readonly body: string;
}

export interface PageContent {
  readonly title: string;
  /** HTML above the navigation. */
  readonly header: string;
  readonly sections: readonly PageSection[];
  /** HTML. */
  readonly footer: string;
  /** Until the reader chooses; `auto`, or left out, follows the reader's system. Paper is light. */
  readonly theme?: "auto" | "light" | "dark";
  /** Chart configurations by chart id and panel; undefined for a page without charts. */
  readonly charts: Readonly<Record<string, readonly unknown[]>> | undefined;
  /** Rules beyond those of every page. */
  readonly styles?: string;
}

/** A whole HTML document. */
export function renderPage(content: PageContent): string {
  const nav =
    content.sections.length < 2
      ? ""
      : `<nav class="sections" aria-label="Sections"><div class="row"><ol>${content.sections
          .map(({ id, name }) => `<li><a href="#${id}">${escapeText(name)}</a></li>`)
          .join(
            "",
          )}</ol><button id="all-time" type="button" hidden>All of the time</button><button id="theme" type="button">Dark page</button></div></nav>`;
  const scripts =
    content.charts === undefined
      ? ""
      : `<script type="application/json" id="charts">${packed(content.charts)}</script>\n` +
        `<script>${chartLibrary()}</script>\n<script>${pageScript()}</script>\n`;
  return (
    `<!doctype html>\n<html lang="en"${content.theme === "light" || content.theme === "dark" ? ` data-theme="${content.theme}"` : ""}><head><meta charset="utf-8">\n` +
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">\n` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">\n` +
    `<title>${escapeText(content.title)}</title>\n<link rel="icon" href="data:,">\n<style>${stylesheet()}${content.styles ?? ""}</style></head>\n<body>\n` +
    `<header class="top">${content.header}</header>\n${nav}\n<main>\n` +
    content.sections.map(({ id, body }) => `<section id="${id}">\n${body}\n</section>`).join("\n") +
    `\n</main>\n<footer>${content.footer}</footer>\n${scripts}</body></html>\n`
  );
}

export const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

let library: string | undefined;

/** Chart.js for browsers as one script, from the installed package. */
function chartLibrary(): string {
  if (library === undefined) {
    const file = join(dirname(require.resolve("chart.js")), "chart.umd.min.js");
    library = readFileSync(file, "utf8").replace(/\/\/# sourceMappingURL=.*\s*$/, "");
    if (/<\/script/i.test(library)) throw new Error(`${file} holds "</script" and cannot be put inside a page`);
  }
  return library;
}

/** A page is made once to see how large it is, and again with what pictures it has room for: its charts are the same both times. */
const packings = new WeakMap<object, string>();

function packed(charts: Readonly<Record<string, readonly unknown[]>>): string {
  let known = packings.get(charts);
  if (known === undefined) packings.set(charts, (known = embedJson(packCharts(charts))));
  return known;
}
