/**
 * Text tables for terminals: columns as wide as their widest cell, numbers to the right, the last column cut rather than
 * wrapped. Nothing clever: the same table goes through a pipe.
 */

/** Lines without trailing blanks, each ended. `columns` bounds their width. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[], columns: number): string {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => (row[i] ?? "").length)));
  const numeric = head.map((_, i) => rows.length > 0 && rows.every((row) => /^[-\d.,%]*$/.test(row[i] ?? "")));
  return all
    .map((row) => {
      const cells = row.map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])));
      const line = `  ${cells.join("  ")}`.trimEnd();
      return line.length > columns ? `${line.slice(0, Math.max(1, columns - 1))}…\n` : `${line}\n`;
    })
    .join("");
}

/** `text` broken at blanks to `width`, each line after `indent`. */
export function wrapText(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  return lines.map((one) => `${indent}${one}\n`).join("");
}

/** Seconds as `57s`, `3m 10s`, `2h 5m`. */
export function seconds(value: number): string {
  const whole = Math.round(value);
  if (whole < 60) return `${whole}s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3_600)}h ${Math.floor((whole % 3_600) / 60)}m`;
}
