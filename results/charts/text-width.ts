/**
 * How wide a text is without a font at hand: the advance widths of Helvetica, which Arial and Liberation Sans share,
 * in thousandths of the font size (Adobe Font Metrics). Chart.js asks for widths to place ticks and legends; a table
 * makes the answer the same on every machine, where a real font would not.
 */

/** Width in the unit of `sizePx`. Characters outside the table count as an average letter. */
export function textWidth(text: string, sizePx: number, bold: boolean): number {
  let thousandths = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    thousandths += code >= 32 && code < 127 ? WIDTHS[code - 32] : (OTHERS[character] ?? AVERAGE);
  }
  return (thousandths * sizePx * (bold ? BOLD : 1)) / 1000;
}

/** Lines of words, none wider than asked unless a single word is. */
export function wrapped(text: string, width: number, size: number, bold: boolean): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter((one) => one !== "")) {
    const last = lines.at(-1);
    if (last === undefined || textWidth(`${last} ${word}`, size, bold) * ROOMY > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Fonts differ: the reader's, or the one in the PDF, may be a little wider than the table of widths says. */
const ROOMY = 1.04;

const AVERAGE = 600;
/** Bold Helvetica is about a sixteenth wider over ordinary text. */
const BOLD = 1.065;
const OTHERS: Readonly<Record<string, number>> = {
  "\u00a0": 278,
  "\u202f": 200,
  "·": 278,
  "–": 556,
  "…": 1000,
  "×": 584,
  "≥": 549,
  "≤": 549,
  µ: 556,
};

/** Codes 32 (space) to 126 (~). */
const WIDTHS: readonly number[] = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
];
