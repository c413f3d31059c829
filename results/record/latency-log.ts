/**
 * `latency.hlog`: the HdrHistogram log format 1.3, so that any HdrHistogram tool plots it. One line an interval and tag;
 * the tag is `<operation>.<outcome>.<service|response|wait>`; waits stand there from the first operation on that left late. Values are microseconds, times are seconds from the start of
 * the warm-up, the interval's maximum is printed in milliseconds as the format's custom is.
 */
import { LatencyHistogram } from "./histogram";

export interface LatencyLogLine {
  readonly tag: string;
  readonly startSeconds: number;
  readonly lengthSeconds: number;
  readonly histogram: LatencyHistogram;
}

const LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"';
const MICROS_PER_MS = 1_000;

/** The lines that every log opens with. */
export function latencyLogHeader(): string {
  return [
    "#[Histogram log format version 1.3]",
    "#[Values in microseconds; times in seconds from the start of the warm-up]",
    LEGEND,
    "",
  ].join("\n");
}

/** One interval line, newline included. */
export function latencyLogLine(line: LatencyLogLine): string {
  if (/[,\s]/.test(line.tag)) throw new RangeError(`a tag holds no comma and no space: "${line.tag}"`);
  const max = line.histogram.maxMicros / MICROS_PER_MS;
  const fields = [line.startSeconds.toFixed(3), line.lengthSeconds.toFixed(3), max.toFixed(3), line.histogram.encode()];
  return `Tag=${line.tag},${fields.join(",")}\n`;
}

/** All interval lines of a log. Throws SyntaxError with the line's number when one cannot be read. */
export function readLatencyLog(text: string): LatencyLogLine[] {
  const lines: LatencyLogLine[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || line.startsWith("#") || line.startsWith('"')) continue;
    const match = /^(?:Tag=([^,]*),)?([\d.]+),([\d.]+),[\d.]+,([A-Za-z0-9+/=]+)$/.exec(line);
    const unreadable = new SyntaxError(`line ${index + 1} is not a line of a histogram log`);
    if (match === null) throw unreadable;
    let histogram: LatencyHistogram;
    try {
      histogram = LatencyHistogram.decode(match[4]);
    } catch {
      throw unreadable;
    }
    lines.push({
      tag: match[1] ?? "",
      startSeconds: Number(match[2]),
      lengthSeconds: Number(match[3]),
      histogram,
    });
  }
  return lines;
}
