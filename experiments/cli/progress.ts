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
    case "planned":
      return standing(event);
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

/** Empty where everything is to be carried out. */
function standing(event: Extract<ProgressEvent, { kind: "planned" }>): string {
  const { trials, done, reused, failed, left } = event;
  if (left === trials) return "";
  const before =
    done === reused
      ? `${reused} of ${trials} reused`
      : `${done} of ${trials} done${reused === 0 ? "" : `, ${reused} of them reused`}`;
  return `${before}${failed === 0 ? "" : `, ${failed} failed`}, ${left} to run\n`;
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
  /** Trials to be carried out, once that is known; what stands on disk takes no time. */
  private left: number | undefined;
  private ended = 0;
  /** Of trials under way, by their place in the plan, what is done of them. */
  private readonly underWay = new Map<number, number>();

  constructor(
    private readonly sink: Sink,
    private readonly now: () => number,
    private readonly columns: number,
  ) {
    this.started = now();
  }

  event(event: ProgressEvent): void {
    switch (event.kind) {
      case "planned":
        this.left = event.left;
        this.clear();
        this.sink.write(plainLine(event));
        break;
      case "log":
      case "search":
        this.clear();
        this.sink.write(plainLine(event));
        break;
      case "trial-failed":
        this.over(event.index);
        this.clear();
        this.sink.write(plainLine(event));
        break;
      case "trial-started":
        this.underWay.set(event.index, 0);
        this.draw(this.fraction(event, 0), `${count(event)} ${event.cell}`);
        break;
      case "trial-progress": {
        const inTrial = event.totalMs > 0 ? Math.min(1, event.elapsedMs / event.totalMs) : 0;
        this.underWay.set(event.index, inTrial);
        if (this.now() - this.drawnAt < REDRAW_MS) return;
        this.draw(this.fraction(event, inTrial), `${count(event)} ${event.cell} ${event.phase}`);
        break;
      }
      case "trial-done":
        this.over(event.index);
        this.draw(this.fraction(event, 1), `${count(event)} ${event.cell}`);
        break;
    }
  }

  clear(): void {
    if (this.shown) this.sink.write("\r\u001b[2K");
    this.shown = false;
  }

  private over(index: number): void {
    this.underWay.delete(index);
    this.ended++;
  }

  /** Of what is to be carried out; of a search, whose plan nobody knows, by the place of the trial. */
  private fraction({ index, total }: { readonly index: number; readonly total: number }, inTrial: number): number {
    if (this.left === undefined || this.left === 0) return (index + inTrial) / total;
    const parts = [...this.underWay.values()].reduce((all, part) => all + part, 0);
    return Math.min(1, (this.ended + parts) / this.left);
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
