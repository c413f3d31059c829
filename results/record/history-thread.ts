/** The thread that makes a raw history's lines, compresses them and writes them to disk, for `history-file.ts`. Ends with the history. */
import * as fs from "node:fs";
import { pipeline } from "node:stream";
import { parentPort, workerData } from "node:worker_threads";
import * as zlib from "node:zlib";
import { operationsOf, type HistoryBlock } from "./history-block";
import type { HistoryHeader } from "./history-file";

export interface HistoryThreadData {
  readonly file: string;
  readonly header: HistoryHeader;
  /** Raised by one for every block that is through: compressed, or thrown away after a failure. */
  readonly through: Int32Array;
}

export type ToHistoryThread = { readonly type: "block"; readonly block: HistoryBlock } | { readonly type: "end" };

export type FromHistoryThread =
  /** A block was read, and its array is free. */
  | { readonly type: "read"; readonly numbers: Float64Array }
  /** Something could not be written; the rest is taken and thrown away. */
  | { readonly type: "failed"; readonly failure: { readonly message: string; readonly code: string | undefined } };

function tell(message: FromHistoryThread, ...transferred: ArrayBuffer[]): void {
  port.postMessage(message, transferred);
}

function done(): void {
  Atomics.add(through, 0, 1);
  Atomics.notify(through, 0);
}

const port = parentPort!;
const { file, header, through } = workerData as HistoryThreadData;
let failed = false;
let ended = false;

const gzip = zlib.createGzip();
pipeline(gzip, fs.createWriteStream(file, { flags: "w", flush: true }), (error) => {
  failed = error !== null && error !== undefined;
  if (failed) {
    const { message, code } = error as NodeJS.ErrnoException;
    tell({ type: "failed", failure: { message, code } });
  }
  // What still comes after a failure has to be taken, or it would pile up.
  if (ended) port.close();
});
gzip.write(JSON.stringify(header) + "\n");

port.on("message", (message: ToHistoryThread) => {
  if (message.type === "end") {
    ended = true;
    if (failed) port.close();
    else gzip.end();
    return;
  }
  if (failed) return done();
  let lines = "";
  for (const operation of operationsOf(message.block)) lines += JSON.stringify(operation) + "\n";
  // Called when it is compressed and handed on, and also when it never will be.
  gzip.write(lines, done);
  const { numbers } = message.block;
  tell({ type: "read", numbers }, numbers.buffer as ArrayBuffer);
});
