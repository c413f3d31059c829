/**
 * CSV as RFC 4180 has it: CRLF between records, a field quoted when it holds a comma, a quote, or a line break, quotes
 * doubled. Missing values are empty fields, never 0 and never the text "null"; numbers keep every digit and are
 * written with a point whatever the machine's locale.
 */

export type CsvField = string | number | boolean | null | undefined;

/** A whole file: header and rows, ended by a line break. */
export function csv(header: readonly string[], rows: Iterable<readonly CsvField[]>): string {
  const lines = [header.map(field).join(",")];
  for (const row of rows) lines.push(row.map(field).join(","));
  return lines.join("\r\n") + "\r\n";
}

function field(value: CsvField): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Records of a CSV text, as the same standard reads them (also with bare LF). For tests and small files. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let current = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') current += c;
      else if (text[i + 1] === '"') {
        current += '"';
        i++;
      } else quoted = false;
    } else if (c === '"' && current === "") quoted = true;
    else if (c === "," || c === "\n" || (c === "\r" && text[i + 1] === "\n")) {
      row.push(current);
      current = "";
      if (c === ",") continue;
      if (c === "\r") i++;
      rows.push(row);
      row = [];
    } else current += c;
  }
  if (current !== "" || row.length > 0) rows.push([...row, current]);
  return rows;
}
