/** Progress: a line that is redrawn, lines for a pipe, JSON Lines; with a time that the test sets. */
import assert from "node:assert/strict";
import { createProgress, type ProgressMode } from "../../experiments/cli/progress";
import type { ProgressEvent } from "../../experiments/run-types";

const at = { cell: "r1-w1", repetition: 2, index: 1, total: 4 } as const;

function played(
  mode: ProgressMode,
  events: readonly (ProgressEvent & { readonly at: number })[],
  columns = 200,
): string {
  let text = "";
  let now = 0;
  const sink = { write: (more: string) => void (text += more), isTTY: true, columns };
  const progress = createProgress(sink, mode, () => now, columns);
  for (const { at: time, ...event } of events) {
    now = time;
    progress.event(event);
  }
  progress.clear();
  return text;
}

describe("progress", () => {
  it("on a terminal is one line with what is left, reckoned from what it took so far", () => {
    const text = played("line", [
      { at: 0, kind: "trial-started", trial: "x", ...at },
      { at: 30_000, kind: "trial-progress", phase: "measure", elapsedMs: 5_000, totalMs: 10_000, operations: 7, ...at },
    ]);
    const last = text.split("\u001b[2K").at(-2) ?? "";
    assert.match(last, /^ █{9}·{15} {2}38%  30s elapsed, ~50s left  \[2\/4\] r1-w1 measure\r$/);
    assert.ok(text.endsWith("\r\u001b[2K"));
    assert.ok(!text.includes("\n"));
  });

  it("is not redrawn more often than ten times a second, nor wider than the terminal", () => {
    const events = Array.from({ length: 1_000 }, (_, i) => ({
      at: i,
      kind: "trial-progress" as const,
      phase: "measure" as const,
      elapsedMs: i,
      totalMs: 1_000,
      operations: i,
      ...at,
    }));
    const draws = played("line", events, 40).split("\r\u001b[2K").slice(1, -1);
    assert.equal(draws.length, 10);
    for (const line of draws) assert.ok(line.length < 40);
  });

  it("takes the line away before a message", () => {
    const text = played("line", [
      { at: 0, kind: "trial-started", trial: "x", ...at },
      { at: 1, kind: "log", level: "warning", message: "node-1 was slow" },
    ]);
    assert.match(text, /\r\u001b\[2Kwarning: node-1 was slow\n$/);
  });

  it("in a pipe is a line for each trial that ended", () => {
    const text = played("plain", [
      { at: 0, kind: "trial-started", trial: "x", ...at },
      { at: 1, kind: "trial-progress", phase: "measure", elapsedMs: 1, totalMs: 2, operations: 7, ...at },
      { at: 2, kind: "trial-done", elapsedMs: 7_140, operations: 4012, ...at },
      { at: 3, kind: "trial-failed", reason: "node-2 did not start", ...at },
    ]);
    assert.equal(
      text,
      "[2/4] r1-w1 repetition 2: 4012 operations in 7.1s\n[2/4] r1-w1 repetition 2: failed: node-2 did not start\n",
    );
  });

  it("for programs is a JSON document a line", () => {
    const text = played("json", [{ at: 0, kind: "trial-done", elapsedMs: 5, operations: 1, ...at }]);
    const document = JSON.parse(text.trimEnd()) as Record<string, unknown>;
    assert.deepEqual(document, {
      schema: "quorumlab/progress@1",
      kind: "trial-done",
      elapsedMs: 5,
      operations: 1,
      ...at,
    });
  });
});
