/**
 * The thread in which a notebook runs, for `notebook-process.ts`: a thread so that it can be stopped whatever it does and has a bound on its
 * memory. Everything it shows goes out as a message at once, so that what was seen before a crash or a timeout is not lost.
 */
import { Console } from "node:console";
import { writeFileSync } from "node:fs";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { LIBRARY_SYMBOL } from "./bundle";
import * as library from "./library";
import { setHost, type NotebookSettings, type Output } from "./outputs";

export interface ThreadData {
  readonly code: string;
  /** Where the module is written to be loaded. */
  readonly module: string;
  readonly settings: NotebookSettings;
}

export type FromThread =
  | { readonly type: "begin"; readonly cell: number }
  | { readonly type: "show"; readonly output: Output }
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly name: string; readonly message: string; readonly stack: string };

const port = parentPort!;
const { code, module: file, settings } = workerData as ThreadData;

function tell(message: FromThread): void {
  port.postMessage(message);
}

function fail(error: unknown): void {
  const known = error instanceof Error;
  tell({
    type: "failed",
    name: known ? error.name : "",
    message: known ? error.message : String(error),
    stack: known ? (error.stack ?? "") : "",
  });
}

function sink(stream: "stdout" | "stderr"): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Uint8Array, _encoding, done) {
      const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
      tell({ type: "show", output: { kind: "console", stream, text } });
      done();
    },
  });
}

async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const [stdout, stderr] = [sink("stdout"), sink("stderr")];
  globalThis.console = new Console({ stdout, stderr });
  (globalThis as unknown as Record<symbol, unknown>)[Symbol.for(LIBRARY_SYMBOL)] = library;
  setHost({
    settings,
    begin: (cell) => tell({ type: "begin", cell }),
    show: (output) => tell({ type: "show", output }),
  });
  process.on("unhandledRejection", fail);
  process.on("uncaughtException", fail);
  writeFileSync(file, code);
  // A compiler that makes CommonJS of this file must not make a `require` of this import.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const load = new Function("url", "return import(url)") as (url: string) => Promise<void>;
  await load(pathToFileURL(file).href);
  tell({ type: "done" });
}

run().catch(fail);
