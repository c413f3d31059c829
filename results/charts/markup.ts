/**
 * Putting other people's words into HTML and SVG. Titles, keys and node names come from files that anyone may have
 * written, so every text goes through here: `escapeText` for text and attribute values, `embedJson` for data in a
 * script element, where `</script` and `<!--` would otherwise end or hide the page.
 */

/** For element content and quoted attribute values. Control characters that XML forbids become a replacement mark. */
export function escapeText(text: string): string {
  return text

    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}

/** JSON that is safe inside `<script type="application/json">`. */
export function embedJson(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");
}

/** A text as an HTML id or file name: lower case, digits and dashes. Not unique by itself. */
export function slug(text: string): string {
  const made = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return made === "" ? "x" : made;
}
