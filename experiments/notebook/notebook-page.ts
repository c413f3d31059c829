/**
 * A notebook as one HTML page that needs no network, with the look of a report: the same shell, style sheet and charts. Sections
 * begin at headings of the second order, so that the navigation is the notebook's own outline.
 */
import { CHARTS } from "../../results/charts/chart";
import type { ChartFigure } from "../../results/charts/chart";
import { escapeText, slug } from "../../results/charts/markup";
import type { WorldFigure } from "../../results/charts/worlds-apart";
import { chartInWorlds } from "../../results/reports/chart-section";
import { renderPage, type PageSection } from "../../results/reports/page";
import { dataTable } from "../../results/reports/tables";
import { isFolded, type NotebookCell } from "./cells";
import type { NotebookResult } from "./notebook-process";
import type { ChartOutput, ExpectationOutput, Output } from "./outputs";
import { expectationText } from "./output-text";
import { proseHtml } from "./prose";
import { titleOf } from "./notebook-title";

export interface PageOptions {
  /** Of the program that made it. */
  readonly version: string;
  readonly profile: string;
  /** As it is to be named. */
  readonly name: string;
}

export function notebookPage(result: NotebookResult, { version, profile, name }: PageOptions): string {
  const page = new Page();
  for (const { cell, outputs } of result.cells) {
    if (cell.kind === "markdown") page.prose(cell.source);
    else page.code(cell);
    for (const output of outputs) page.output(output);
    for (const error of result.errors.filter((one) => one.file === result.file && isIn(one.line, cell, result)))
      page.add(
        `<div class="warnings"><strong>This cell broke off</strong><p>line ${error.line}, column ${error.column}: ${escapeText(error.message)}</p></div>`,
      );
  }
  const { header, sections } = page.whole();
  return renderPage({
    title: titleOf(result),
    header,
    sections,
    footer: `Made by quorumlab ${escapeText(version)} from ${escapeText(name)}, profile ${escapeText(profile)}. This page loads nothing from anywhere.`,
    charts: page.configs.size === 0 ? undefined : Object.fromEntries(page.configs),
    styles: STYLES,
  });
}

function isIn(line: number, cell: NotebookCell, { cells }: NotebookResult): boolean {
  const next = cells[cell.index + 1]?.cell.line ?? Infinity;
  return (line >= cell.line || cell.index === 0) && line < next;
}

const FOLDED = "The code of this cell";

const STYLES = `main li{max-width:75ch;margin:.2rem 0}
main section>p,main section>blockquote,.shown>p,header.top>p{max-width:75ch}
blockquote{margin:.7rem 0;padding:.1rem 0 .1rem .9rem;border-left:4px solid var(--s1)}
section>h3{margin-top:1.3rem;font-size:1.15rem}
pre.code{font-size:.83rem;line-height:1.5}
pre.console{border-style:dashed;font-size:.83rem}
.expected{margin:.4rem 0;padding:.1rem 0 .1rem .9rem;border-left:4px solid var(--good)}
.expected.not{border-color:var(--bad)}
.shown>figure,.shown>.scroll{margin:.8rem 0 1.2rem}
.shown caption{text-align:left;color:var(--muted);font-size:.9rem;padding-bottom:.3rem}
details.answer{border:1px solid var(--line);border-radius:.4rem;padding:.3rem .9rem;margin:.8rem 0}
details.answer>p{max-width:75ch}`;

interface OpenSection {
  readonly id: string;
  readonly name: string;
  readonly parts: string[];
}

class Page {
  /** Configurations by figure. */
  readonly configs = new Map<string, readonly unknown[]>();
  private readonly sections: OpenSection[] = [];
  private readonly head: string[] = [];
  private readonly explained = new Set<string>();
  private readonly ids = new Set<string>();

  add(html: string): void {
    (this.sections.at(-1)?.parts ?? this.head).push(html);
  }

  prose(text: string): void {
    for (const part of byHeading(text)) {
      const heading = /^## +(.+)$/m.exec(part.split("\n")[0]);
      if (heading !== null) {
        const name = heading[1].replace(/[*_`]/g, "");
        this.sections.push({ id: this.unique(slug(name)), name, parts: [] });
      }
      this.add(proseHtml(part));
    }
  }

  code(cell: NotebookCell): void {
    if (cell.source === "") return;
    const code = `<pre class="code"><code>${escapeText(cell.source)}</code></pre>`;
    this.add(isFolded(cell) ? `<details><summary>${FOLDED}</summary>${code}</details>` : code);
  }

  output(output: Output): void {
    this.add(`<div class="shown">${this.shown(output)}</div>`);
  }

  whole(): { readonly header: string; readonly sections: readonly PageSection[] } {
    const about = [...this.explained].map((id) => {
      const { title, prose } = CHARTS.get(id)!;
      return `<dt id="about-${id}">${escapeText(title)}</dt><dd>${escapeText(prose)}</dd>`;
    });
    const sections = this.sections.map(({ id, name, parts }) => ({ id, name, body: parts.join("\n") }));
    if (about.length > 0)
      sections.push({
        id: this.unique("reading"),
        name: "How to read the charts",
        body: `<h2>How to read the charts</h2><dl class="glossary">${about.join("")}</dl>`,
      });
    return { header: this.head.join("\n"), sections };
  }

  private shown(output: Output): string {
    switch (output.kind) {
      case "chart":
        return this.chart(output);
      case "table": {
        const caption = output.caption === "" ? "" : `<p class="facts">${escapeText(output.caption)}</p>`;
        return `${caption}${dataTable(output.table, MOST_ROWS, output.table.rows.length > TALL ? "tall" : "plain")}`;
      }
      case "markdown":
        return proseHtml(output.text);
      case "answer":
        return `<details class="answer"><summary>${escapeText(output.summary)}</summary>${proseHtml(output.text)}</details>`;
      case "expectation":
        return expectationHtml(output);
      case "console":
      case "value":
        return `<pre class="console"><code>${escapeText(output.text.trimEnd())}</code></pre>`;
    }
  }

  private chart({ chart, drawn }: ChartOutput): string {
    const definition = CHARTS.get(chart);
    if (definition === undefined) return `<p class="absent">${escapeText(chart)}: no such chart.</p>`;
    this.explained.add(chart);
    const named = drawn.map(({ world, figure }): WorldFigure => ({
      world,
      figure: figure === undefined ? undefined : this.named(figure),
    }));
    return chartInWorlds(definition, named, { figureFiles: false, svg: true });
  }

  /** The same chart may stand in a notebook several times. */
  private named(figure: ChartFigure): ChartFigure {
    const id = this.unique(figure.id);
    this.configs.set(
      id,
      figure.panels.map(({ drawing }) => (drawing.kind === "chart" ? drawing.config : null)),
    );
    return { ...figure, id };
  }

  private unique(wanted: string): string {
    for (let i = 1; ; i++) {
      const id = i === 1 ? wanted : `${wanted}-${i}`;
      if (this.ids.has(id)) continue;
      this.ids.add(id);
      return id;
    }
  }
}

const MOST_ROWS = 500;
const TALL = 15;

function expectationHtml(output: ExpectationOutput): string {
  return `<p class="expected${output.verdict === "holds" ? "" : " not"}">${escapeText(expectationText(output))}</p>`;
}

/** Cut before each heading of the second order that is no line of a code fence. */
function byHeading(text: string): readonly string[] {
  const parts: string[][] = [[]];
  let fenced = false;
  for (const line of text.split("\n")) {
    if (/^(```|~~~)/.test(line)) fenced = !fenced;
    if (!fenced && /^## +\S/.test(line)) parts.push([]);
    parts.at(-1)!.push(line);
  }
  return parts.map((lines) => lines.join("\n")).filter((part) => part.trim() !== "");
}
