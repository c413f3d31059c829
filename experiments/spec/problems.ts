/**
 * Everything that is wrong with an experiment, collected instead of thrown: a person who mends a file wants the whole
 * list, once. The same complaint about the same place (each cell of a sweep finds it again) is kept once.
 */
import type { Problem } from "./experiment";
import type { Place } from "./located";

/** More than this helps nobody. */
const MOST = 200;

export class Problems {
  private readonly found = new Map<string, Problem>();

  /** `main`: the file that comes first; others are those it extends. */
  constructor(private readonly main?: string) {}

  error(at: Place, message: string, suggestion?: string): void {
    this.add(at, "error", message, suggestion);
  }

  warning(at: Place, message: string): void {
    this.add(at, "warning", message, undefined);
  }

  get hasErrors(): boolean {
    return [...this.found.values()].some((problem) => problem.severity === "error");
  }

  sorted(): readonly Problem[] {
    return inOrder([...this.found.values()], this.main);
  }

  private add(at: Place, severity: Problem["severity"], message: string, suggestion: string | undefined): void {
    const key = `${at.file}:${at.line}:${at.column}:${message}`;
    if (this.found.has(key) || this.found.size >= MOST) return;
    const { file, line, column } = at;
    this.found.set(key, { file, line, column, severity, message, ...(suggestion === undefined ? {} : { suggestion }) });
  }
}

/** In the order of the file `main`, then of those it extends; those of flags last. */
export function inOrder(problems: readonly Problem[], main: string | undefined): readonly Problem[] {
  const rank = ({ file }: Problem): number => (file.startsWith("-") ? 2 : main === undefined || file === main ? 0 : 1);
  return [...problems].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (rank(a) === 0 ? 0 : compare(a.file, b.file)) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.message, b.message),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
