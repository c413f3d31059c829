/**
 * Text that a person wrote, as LaTeX. What LaTeX reads as an instruction is written as the character it is; signs that the
 * usual fonts lack become mathematics. What is left that nobody knows is shown as its code point, because a missing glyph is
 * a warning in a log that no one reads, and a hole in a printed page.
 */
const ESCAPED: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  "%": "\\%",
  _: "\\_",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "`": "\\textasciigrave{}",
  '"': "\\textquotedbl{}",
  "\u00a0": "~",
  "\u202f": "\\,",
  "–": "--",
  "—": "---",
  "…": "\\ldots{}",
  "‘": "`",
  "’": "'",
  "“": "``",
  "”": "''",
  "„": "\\quotedblbase{}",
  "·": "\\textperiodcentered{}",
  "°": "\\textdegree{}",
  µ: "\\textmu{}",
  "×": "\\ensuremath{\\times}",
  "±": "\\ensuremath{\\pm}",
  "−": "\\ensuremath{-}",
  "≤": "\\ensuremath{\\le}",
  "≥": "\\ensuremath{\\ge}",
  "≠": "\\ensuremath{\\ne}",
  "≈": "\\ensuremath{\\approx}",
  "→": "\\ensuremath{\\rightarrow}",
  "←": "\\ensuremath{\\leftarrow}",
  "↔": "\\ensuremath{\\leftrightarrow}",
  "∞": "\\ensuremath{\\infty}",
  "∆": "\\ensuremath{\\Delta}",
  "★": "\\ensuremath{\\star}",
  "✓": "\\ensuremath{\\surd}",
  "✗": "\\ensuremath{\\times}",
  "²": "\\textsuperscript{2}",
  "³": "\\textsuperscript{3}",
  "⁻": "\\textsuperscript{-}",
};

/** Greek letters as mathematics; those that look Latin are written so. */
const GREEK: Readonly<Record<string, string>> = {
  ...{ α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "varepsilon", ζ: "zeta", η: "eta", θ: "theta", κ: "kappa" },
  ...{ λ: "lambda", μ: "mu", ν: "nu", ξ: "xi", π: "pi", ρ: "rho", σ: "sigma", τ: "tau", φ: "varphi", χ: "chi" },
  ...{ ψ: "psi", ω: "omega", Γ: "Gamma", Δ: "Delta", Θ: "Theta", Λ: "Lambda", Ξ: "Xi", Π: "Pi", Σ: "Sigma" },
  ...{ Φ: "Phi", Ψ: "Psi", Ω: "Omega" },
};

/** On one line; control characters are blanks. */
export function tex(text: string): string {
  let out = "";
  for (const character of text.normalize("NFC")) {
    const code = character.codePointAt(0)!;
    const greek = GREEK[character];
    if (greek !== undefined) out += `\\ensuremath{\\${greek}}`;
    else if (ESCAPED[character] !== undefined) out += ESCAPED[character];
    else if (code < 0x20 || code === 0x7f) out += out.endsWith(" ") ? "" : " ";
    // `--set` is no dash, and two commas no quotation mark: what fonts join is kept apart.
    else if ("-,'".includes(character) && out.endsWith(character)) out += `{}${character}`;
    // Latin-1 and Latin Extended-A stand in T1 fonts.
    else if (code < 0x80 || (code >= 0xa1 && code <= 0x17f)) out += character;
    else out += `\\texttt{U+${code.toString(16).toUpperCase().padStart(4, "0")}}`;
  }
  return out;
}

/** In a comment: one line, nothing more to mind. */
export function texComment(text: string): string {
  return `% ${text.replaceAll(/[\r\n\0]+/g, " ")}`;
}

/** A name or a command, in typewriter, that may break after its punctuation. */
export function texCode(text: string): string {
  return `\\texttt{${tex(text).replaceAll(/([/=,.-])(?=[^\s{}])/g, "$1\\allowbreak{}")}}`;
}
