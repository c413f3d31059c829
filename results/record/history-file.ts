/**
 * `history.jsonl.gz`: raw operations for whoever wants to judge them anew, one JSON object a line. A whole history is
 * large, so it may be thinned: by key, never by operation, because staleness and lost updates can only be judged on all
 * operations of a key. The first line says which fraction of the keys was kept. Compression runs off the main thread, so
 * that it does not delay the driver that is being measured.
 */
import * as fs from "node:fs";
import * as zlib from "node:zlib";
import { asNotWritable } from "./results-not-writable";
import type { OperationRecord } from "./history";

export interface HistoryHeader {
  readonly schema: "quorumlab/history@1";
  /** Share of keys kept, 0 to 1. */
  readonly keyFraction: number;
}

export class HistoryWriter {
  private readonly gzip: zlib.Gzip;
  private readonly file: fs.WriteStream;
  private failure: unknown;
  private readonly ended: Promise<void>;
  private pending = "";

  /** `keyFraction` of all keys is kept, the same keys in every trial. */
  constructor(
    private readonly path: string,
    private readonly keyFraction: number,
  ) {
    if (!(keyFraction >= 0 && keyFraction <= 1))
      throw new RangeError(`a fraction lies between 0 and 1, not ${keyFraction}`);
    this.gzip = zlib.createGzip();
    this.file = fs.createWriteStream(path, { flags: "w", flush: true });
    this.ended = new Promise((resolve) => {
      const fail = (error: unknown): void => {
        this.failure ??= error;
        this.gzip.destroy();
        resolve();
      };
      this.gzip.on("error", fail);
      this.file.on("error", fail);
      this.file.on("close", () => resolve());
    });
    this.gzip.pipe(this.file);
    this.line({ schema: "quorumlab/history@1", keyFraction } satisfies HistoryHeader);
  }

  operation(operation: OperationRecord): void {
    if (keepsKey(operation.key, this.keyFraction)) this.line(operation);
  }

  /** Resolves when every line is on disk; rejects with ResultsNotWritable when one could not be written. */
  async close(): Promise<void> {
    this.flush();
    if (this.failure === undefined) this.gzip.end();
    await this.ended;
    if (this.failure !== undefined) throw asNotWritable(this.path, this.failure);
  }

  private line(value: unknown): void {
    this.pending += JSON.stringify(value) + "\n";
    if (this.pending.length >= 65_536) this.flush();
  }

  private flush(): void {
    if (this.failure === undefined) this.gzip.write(this.pending);
    this.pending = "";
  }
}

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
