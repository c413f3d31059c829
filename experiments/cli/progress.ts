/**
 * How a long run shows that it lives: one line with a bar and the time left on a terminal, a line a trial in a pipe,
 * JSON Lines for programs. The time left is reckoned from the trials' planned lengths and what they really took, so the
 * overhead of starting processes is learnt after the first trial.
 */
import type { ProgressEvent } from "../run-types";
import type { Sink } from "./io";
import { seconds } from "./table";

export type ProgressMode = "line" | "plain" | "json";

export interface Progress {
  event(event: ProgressEvent): void;
  /** Takes the line away. Call before printing anything else, and at the end. */
  clear(): void;
}

/** `now`: milliseconds of a monotonic clock. `columns`: width of the terminal. */
export function createProgress(sink: Sink, mode: ProgressMode, now: () => number, columns: number): Progress {
  switch (mode) {
    case "json":
      return {
        event: (event) => sink.write(`${JSON.stringify({ schema: "quorumlab/progress@1", ...event })}\n`),
        clear: () => undefined,
      };
    case "plain":
      return { event: (event) => sink.write(plainLine(event)), clear: () => undefined };
    case "line":
      return new ProgressLine(sink, now, columns);
  }
}

/** Empty for events that are not worth a line. */
function plainLine(event: ProgressEvent): string {
  switch (event.kind) {
    case "trial-started":
    case "trial-progress":
      return "";
    case "trial-done":
      return `${count(event)} ${event.cell} repetition ${event.repetition}: ${event.operations} operations in ${(event.elapsedMs / 1_000).toFixed(1)}s\n`;
    case "trial-failed":
      return `${count(event)} ${event.cell} repetition ${event.repetition}: failed: ${event.reason}\n`;
    case "search":
      return `${event.message}\n`;
    case "log":
      return `${event.level === "warning" ? "warning: " : ""}${event.message}\n`;
  }
}

function count(event: { readonly index: number; readonly total: number }): string {
  const width = String(event.total).length;
  return `[${String(event.index + 1).padStart(width)}/${event.total}]`;
}

const BAR = 24;
/** Redraws at most this often. */
const REDRAW_MS = 100;

class ProgressLine implements Progress {
  private readonly started: number;
  private drawnAt = -Infinity;
  private shown = false;

  constructor(
    private readonly sink: Sink,
    private readonly now: () => number,
    private readonly columns: number,
  ) {
    this.started = now();
  }

  event(event: ProgressEvent): void {
    switch (event.kind) {
      case "log":
      case "search":
      case "trial-failed":
        this.clear();
        this.sink.write(plainLine(event));
        break;
      case "trial-started":
        this.draw(event.index / event.total, `${count(event)} ${event.cell}`);
        break;
      case "trial-progress": {
        const inTrial = event.totalMs > 0 ? Math.min(1, event.elapsedMs / event.totalMs) : 0;
        if (this.now() - this.drawnAt < REDRAW_MS) return;
        this.draw((event.index + inTrial) / event.total, `${count(event)} ${event.cell} ${event.phase}`);
        break;
      }
      case "trial-done":
        this.draw((event.index + 1) / event.total, `${count(event)} ${event.cell}`);
        break;
    }
  }

  clear(): void {
    if (this.shown) this.sink.write("\r\u001b[2K");
    this.shown = false;
  }

  private draw(fraction: number, what: string): void {
    this.drawnAt = this.now();
    const elapsed = (this.drawnAt - this.started) / 1_000;
    const filled = Math.round(fraction * BAR);
    const left = fraction > 0.01 ? `, ~${seconds((elapsed / fraction) * (1 - fraction))} left` : "";
    const line = ` ${"█".repeat(filled)}${"·".repeat(BAR - filled)} ${String(Math.round(fraction * 100)).padStart(3)}%  ${seconds(elapsed)} elapsed${left}  ${what}`;
    this.sink.write(`\r\u001b[2K${line.slice(0, Math.max(20, this.columns - 1))}`);
    this.shown = true;
  }
}
