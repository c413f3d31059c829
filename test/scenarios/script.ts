/**
 * What a scenario file says: commands, one a line, each followed by the indented trace that it gives. Lines that begin
 * with `#` are prose. The trace belongs to the recorder; all else is a person's, and kept as it stands.
 */

export interface Line {
  /** From 1. */
  readonly number: number;
  /** As written. */
  readonly text: string;
  /** Undefined: prose, or an empty line. */
  readonly command: Command | undefined;
}

export interface Command {
  readonly verb: string;
  /** What stands after the verb, in order: words that are no `name=value`. */
  readonly words: readonly string[];
  readonly settings: ReadonlyMap<string, string>;
}

export class BadScenario extends Error {
  override readonly name = "BadScenario";
}

const INDENT = "    ";

/** The lines of a file without its traces. */
export function parse(text: string): readonly Line[] {
  const lines: Line[] = [];
  text
    .replace(/\n$/, "")
    .split("\n")
    .forEach((line, at) => {
      if (line.startsWith(" ")) return;
      const isProse = line === "" || line.startsWith("#");
      lines.push({ number: at + 1, text: line, command: isProse ? undefined : commandOf(line) });
    });
  return lines;
}

function commandOf(line: string): Command {
  const [verb, ...rest] = line.trim().split(/\s+/);
  const settings = new Map<string, string>();
  const words: string[] = [];
  for (const word of rest) {
    const at = word.indexOf("=");
    if (at > 0) settings.set(word.slice(0, at), word.slice(at + 1));
    else words.push(word);
  }
  return { verb, words, settings };
}

/** The file as it should be: every command followed by what it gave. @throws BadScenario naming the line */
export function render(lines: readonly Line[], perform: (command: Command) => readonly string[]): string {
  const out: string[] = [];
  for (const { number, text, command } of lines) {
    out.push(text);
    if (command === undefined) continue;
    try {
      for (const line of perform(command)) out.push(INDENT + line);
    } catch (error) {
      if (!(error instanceof BadScenario)) throw error;
      throw new BadScenario(`line ${String(number)}, "${text}": ${error.message}`);
    }
  }
  return out.join("\n") + "\n";
}
