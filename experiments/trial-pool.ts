/**
 * Simulated trials on several cores. A simulation is a function of its cell and seed, so which thread runs it, beside what,
 * changes nothing but the time it takes; results are the same for every number of threads. Trials of real processes never
 * come here: they are run alone, because company would be measured.
 */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { PlannedTrial } from "./plan";
import type { Phase } from "./run-types";
import { TrialFailed, type TrialOptions, type TrialOutput } from "./trial";
import type { ExecutionOptions } from "./world";

/** What a trial is to leave on disk: see `ExecutionOptions`. */
type KeptOfTrial = Pick<ExecutionOptions, "history" | "traces" | "schedule">;

export type ToWorker =
  ({ readonly type: "run"; readonly trial: PlannedTrial } & KeptOfTrial) | { readonly type: "abort" };

export type FromWorker =
  | {
      readonly type: "progress";
      readonly phase: Phase;
      readonly elapsedMs: number;
      readonly totalMs: number;
      readonly operations: number;
    }
  | { readonly type: "log"; readonly line: string }
  | { readonly type: "done"; readonly output: TrialOutput | undefined }
  /** `expected`: a TrialFailed; otherwise a fault of the program's own. */
  | { readonly type: "failed"; readonly reason: string; readonly stack: string; readonly expected: boolean };

export type PooledTrial = Pick<TrialOptions, "trial" | "signal" | "progress" | "log"> & KeptOfTrial;

export class TrialPool {
  private readonly idle: Worker[] = [];
  private readonly all: Worker[] = [];

  /** Rejects with {@link TrialFailed}; resolves to undefined when the signal fired. At most as many at once as there are threads wanted. */
  async run(options: PooledTrial): Promise<TrialOutput | undefined> {
    const worker = this.idle.pop() ?? this.start();
    try {
      const output = await this.carryOut(worker, options);
      this.idle.push(worker);
      return output;
    } catch (error) {
      if (error instanceof TrialFailed) this.idle.push(worker);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((worker) => worker.terminate()));
  }

  private start(): Worker {
    // Compiled beside this file, or as source under the same loader that runs this one.
    const source = __filename.endsWith(".ts");
    const worker = new Worker(join(__dirname, source ? "trial-worker.ts" : "trial-worker.js"), {
      ...(source ? { execArgv: ["-r", "ts-node/register"] } : {}),
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    });
    this.all.push(worker);
    return worker;
  }

  private carryOut(worker: Worker, options: PooledTrial): Promise<TrialOutput | undefined> {
    const { trial, history, traces, schedule, signal, progress, log } = options;
    return new Promise((resolve, reject) => {
      const abort = (): void => worker.postMessage({ type: "abort" } satisfies ToWorker);
      const end = (act: () => void): void => {
        signal.removeEventListener("abort", abort);
        worker.removeAllListeners("message");
        worker.removeAllListeners("error");
        worker.removeAllListeners("exit");
        act();
      };
      worker.on("message", (message: FromWorker) => {
        switch (message.type) {
          case "progress":
            progress(message.phase, message.elapsedMs, message.totalMs, message.operations);
            return;
          case "log":
            log(message.line);
            return;
          case "done":
            end(() => resolve(message.output));
            return;
          case "failed":
            end(() => reject(message.expected ? new TrialFailed(message.reason) : new Error(message.stack)));
            return;
        }
      });
      worker.once("error", (error) => end(() => reject(error instanceof Error ? error : new Error(String(error)))));
      worker.once("exit", (code) =>
        end(() => reject(new Error(`a thread of the simulation ended with ${String(code)}`))),
      );
      signal.addEventListener("abort", abort, { once: true });
      worker.postMessage({
        type: "run",
        trial,
        ...(history === undefined ? {} : { history }),
        ...(traces === undefined ? {} : { traces }),
        ...(schedule === undefined ? {} : { schedule }),
      } satisfies ToWorker);
      if (signal.aborted) abort();
    });
  }
}
