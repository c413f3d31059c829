/**
 * `history.jsonl.gz`: raw operations for whoever wants to judge them anew, one JSON object a line. A whole history is
 * large, so it may be thinned: by key, never by operation, because staleness and lost updates can only be judged on all
 * operations of a key. The first line says which fraction of the keys was kept. Lines are made and compressed in a thread of
 * its own (`history-thread.ts`), so that it does not delay the driver that is being measured: there, an operation is a few
 * numbers that are put aside. Where that thread, or the disk, cannot keep up, so many blocks wait for it and then the driver
 * does: late, as its schedule lag will tell, but within bounds and with nothing lost.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Worker } from "node:worker_threads";
import * as zlib from "node:zlib";
import { HistoryPacker } from "./history-block";
import type { OperationRecord } from "./history";
import type { FromHistoryThread, HistoryThreadData, ToHistoryThread } from "./history-thread";
import { asNotWritable } from "./results-not-writable";

export interface HistoryHeader {
  readonly schema: "quorumlab/history@1";
  /** Share of keys kept, 0 to 1. */
  readonly keyFraction: number;
}

export class HistoryWriter {
  private readonly thread: Worker;
  private readonly packer = new HistoryPacker();
  private failure: unknown;
  private readonly ended: Promise<void>;
  /** How many blocks the thread is through with; shared with it. */
  private readonly through = new Int32Array(new SharedArrayBuffer(4));
  private sent = 0;

  /** `keyFraction` of all keys is kept, the same keys in every trial. */
  constructor(
    private readonly file: string,
    private readonly keyFraction: number,
  ) {
    if (!(keyFraction >= 0 && keyFraction <= 1))
      throw new RangeError(`a fraction lies between 0 and 1, not ${keyFraction}`);
    const header: HistoryHeader = { schema: "quorumlab/history@1", keyFraction };
    // Compiled beside this file, or as source under the same loader that runs this one.
    const source = __filename.endsWith(".ts");
    this.thread = new Worker(path.join(__dirname, source ? "history-thread.ts" : "history-thread.js"), {
      workerData: { file, header, through: this.through } satisfies HistoryThreadData,
      ...(source ? { execArgv: ["-r", "ts-node/register"] } : {}),
    });
    this.ended = new Promise((resolve) => {
      this.thread.on("message", (message: FromHistoryThread) => {
        if (message.type === "read") this.packer.giveBack(message.numbers);
        else this.failure ??= message.failure;
      });
      this.thread.on("error", (error) => {
        this.failure ??= error;
      });
      this.thread.on("exit", () => resolve());
    });
  }

  operation(operation: OperationRecord): void {
    if (this.keyFraction < 1 && !keepsKey(operation.key, this.keyFraction)) return;
    this.packer.add(operation);
    if (this.packer.full) this.flush();
  }

  /** Resolves when every line is on disk; rejects with ResultsNotWritable when one could not be written. */
  async close(): Promise<void> {
    this.flush();
    this.tell({ type: "end" });
    await this.ended;
    if (this.failure !== undefined) throw asNotWritable(this.file, this.failure);
  }

  private flush(): void {
    if (this.failure !== undefined) return;
    this.waitForRoom();
    if (this.failure !== undefined) return;
    const block = this.packer.take();
    this.sent++;
    this.tell({ type: "block", block }, block.numbers.buffer as ArrayBuffer);
  }

  private waitForRoom(): void {
    for (;;) {
      const through = Atomics.load(this.through, 0);
      if (this.sent - through < MOST_WAITING_BLOCKS) return;
      if (Atomics.wait(this.through, 0, through, PATIENCE_MS) !== "timed-out") continue;
      this.failure ??= new Error(`nothing could be written for ${PATIENCE_MS / 1_000} s`);
      return;
    }
  }

  private tell(message: ToHistoryThread, ...transferred: ArrayBuffer[]): void {
    this.thread.postMessage(message, transferred);
  }
}

/** Blocks on their way at most: some 130,000 operations. */
const MOST_WAITING_BLOCKS = 64;
/** A disk that takes nothing for so long is given up. */
const PATIENCE_MS = 60_000;

/** Whether a history thinned to `fraction` keeps `key`: FNV-1a with a final mix, the same on every machine. */
export function keepsKey(key: string, fraction: number): boolean {
  let h = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32 < fraction;
}

/** Reads a history back. For tests and small files: it is held in memory whole. */
export function readHistory(path: string): { readonly header: HistoryHeader; readonly operations: OperationRecord[] } {
  const lines = zlib.gunzipSync(fs.readFileSync(path)).toString("utf8").trimEnd().split("\n");
  return {
    header: JSON.parse(lines[0]) as HistoryHeader,
    operations: lines.slice(1).map((line) => JSON.parse(line) as OperationRecord),
  };
}
