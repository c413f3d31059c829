/**
 * `<prefix>READ.hdr`: the HdrHistogram log that YCSB writes, one interval a status line. As there, values are microseconds
 * and the column of maxima is theirs over a million, so it reads in seconds where the format's custom is milliseconds;
 * and times count from the start time in the head, which is absolute. A `BaseTime` line, which YCSB leaves out, lets
 * readers place the intervals without guessing.
 */
import type { LatencyHistogram } from "../record/histogram";

const MICROS_PER_SECOND = 1_000_000;

export class HdrLog {
  constructor(
    name: string,
    private readonly file: { write(text: string): void; close(): void },
    beganMs: number,
  ) {
    const seconds = (beganMs / 1_000).toFixed(3);
    file.write(
      `#[Logging for: ${name}]\n` +
        "#[Histogram log format version 1.3]\n" +
        `#[StartTime: ${seconds} (seconds since epoch), ${new Date(beganMs).toUTCString()}]\n` +
        `#[BaseTime: ${seconds} (seconds since epoch)]\n` +
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n',
    );
  }

  /** Times from the beginning of the run. */
  interval(fromMs: number, toMs: number, histogram: LatencyHistogram): void {
    const fields = [fromMs / 1_000, (toMs - fromMs) / 1_000, histogram.maxMicros / MICROS_PER_SECOND];
    this.file.write(`${fields.map((field) => field.toFixed(3)).join(",")},${histogram.encode()}\n`);
  }

  close(): void {
    this.file.close();
  }
}
