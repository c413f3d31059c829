/** A thread that carries out simulated trials, one at a time, for `trial-pool.ts`. */
import { parentPort } from "node:worker_threads";
import { TrialFailed, type TrialOutput } from "./trial";
import type { FromWorker, ToWorker } from "./trial-pool";
import { runTrial } from "./world";

const port = parentPort!;
let abort = new AbortController();

function tell(message: FromWorker): void {
  port.postMessage(message);
}

async function carryOut(message: Extract<ToWorker, { type: "run" }>): Promise<void> {
  abort = new AbortController();
  try {
    const output = await runTrial({
      trial: message.trial,
      ...(message.history === undefined ? {} : { history: message.history }),
      ...(message.traces === undefined ? {} : { traces: message.traces }),
      ...(message.schedule === undefined ? {} : { schedule: message.schedule }),
      signal: abort.signal,
      progress: (phase, elapsedMs, totalMs, operations) => {
        tell({ type: "progress", phase, elapsedMs, totalMs, operations });
      },
      log: (line) => tell({ type: "log", line }),
    });
    // What was written is not told as well.
    tell({ type: "done", output: output === undefined ? undefined : withoutTraces(output) });
  } catch (error) {
    const { message: reason, stack } = error instanceof Error ? error : new Error(String(error));
    tell({ type: "failed", reason, stack: stack ?? "", expected: error instanceof TrialFailed });
  }
}

function withoutTraces({ traces: _written, ...output }: TrialOutput): TrialOutput {
  return output;
}

port.on("message", (message: ToWorker) => {
  if (message.type === "abort") abort.abort();
  else void carryOut(message);
});
