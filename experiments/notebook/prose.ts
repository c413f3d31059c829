/**
 * Markdown to HTML for pages that must be safe to open: markup that somebody wrote into the prose is shown as text, links lead
 * only where a browser asks or within the page, and pictures, which a page that loads nothing could not show, become links.
 */
import { Marked } from "marked";
import { escapeText } from "../../results/charts/markup";

const SAFE_LINK = /^(?:https?:|mailto:|#|\.{0,2}\/?[\w.-]+(?:\/|$|#|\?))/i;

const markdown = new Marked({
  gfm: true,
  async: false,
  renderer: {
    html({ text }) {
      return escapeText(text);
    },
    link({ href, tokens }) {
      const words = this.parser.parseInline(tokens);
      return isSafe(href) ? `<a href="${escapeText(href)}">${words}</a>` : words;
    },
    image({ href, text }) {
      return isSafe(href) ? `<a href="${escapeText(href)}">${escapeText(text)}</a>` : escapeText(text);
    },
  },
});

export function proseHtml(text: string): string {
  return markdown.parse(text) as string;
}

function isSafe(href: string): boolean {
  return SAFE_LINK.test(href) && !/^[a-z][a-z0-9+.-]*:/i.test(href.replace(/^(?:https?|mailto):/i, ""));
}
