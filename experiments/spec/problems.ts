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

  error(at: Place, message: string, suggestion?: string): void {
    this.add(at, "error", message, suggestion);
  }

  warning(at: Place, message: string): void {
    this.add(at, "warning", message, undefined);
  }

  get hasErrors(): boolean {
    return [...this.found.values()].some((problem) => problem.severity === "error");
  }

  /** In the order of the file; those of flags last. */
  sorted(): readonly Problem[] {
    return [...this.found.values()].sort(
      (a, b) =>
        fileRank(a) - fileRank(b) ||
        (fileRank(a) === 1 ? compare(a.file, b.file) : 0) ||
        a.line - b.line ||
        a.column - b.column ||
        compare(a.message, b.message),
    );
  }

  private add(at: Place, severity: Problem["severity"], message: string, suggestion: string | undefined): void {
    const key = `${at.file}:${at.line}:${at.column}:${message}`;
    if (this.found.has(key) || this.found.size >= MOST) return;
    const { file, line, column } = at;
    this.found.set(key, { file, line, column, severity, message, ...(suggestion === undefined ? {} : { suggestion }) });
  }
}

function fileRank(problem: Problem): number {
  return problem.file.startsWith("-") ? 1 : 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
