/**
 * The latency logs of a run's trials, put together: interval by interval and tag by tag, which histograms allow without
 * loss. Lines are kept as text and unpacked one interval at a time, because an unpacked histogram takes a hundred times the
 * room. Pooled percentiles answer "what did all operations see"; they are not the median over repetitions that tables
 * show, and whatever is made from here says so.
 */
import { existsSync, readFileSync } from "node:fs";
import { LatencyHistogram } from "../record/histogram";
import { latencyLogLine } from "../record/latency-log";
import type { LoadedRun } from "../record/run-folder";
import { ExportRefused, trialFile, type Trial } from "./format";

/** A line of a log, still packed. */
export interface PackedLine {
  readonly tag: string;
  readonly startSeconds: number;
  readonly lengthSeconds: number;
  readonly packed: string;
}

/** Undefined where the trial has no log. Throws {@link ExportRefused} where a line is none. */
export function packedLog(run: LoadedRun, trial: Trial): readonly PackedLine[] | undefined {
  const file = trialFile(run, trial, "latency.hlog");
  if (!existsSync(file)) return undefined;
  const lines: PackedLine[] = [];
  for (const [i, line] of readFileSync(file, "utf8").split(/\r?\n/).entries()) {
    if (line === "" || line.startsWith("#") || line.startsWith('"')) continue;
    const match = LINE.exec(line);
    if (match === null) throw new ExportRefused(`${file}: line ${i + 1} is not a line of a histogram log`);
    lines.push({
      tag: match[1] ?? "",
      startSeconds: Number(match[2]),
      lengthSeconds: Number(match[3]),
      packed: match[4],
    });
  }
  return lines;
}

const LINE = /^(?:Tag=([^,]*),)?([\d.]+),([\d.]+),[\d.]+,([A-Za-z0-9+/=]+)$/;

/** Lines of several logs as one log: equal intervals and tags become one line each, in order of time. */
export function* mergedLines(logs: readonly (readonly PackedLine[])[]): Generator<string> {
  const groups = new Map<string, PackedLine[]>();
  for (const line of logs.flat()) {
    const key = `${line.startSeconds.toFixed(3)} ${line.tag}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [line]);
    else group.push(line);
  }
  const inOrder = [...groups.values()].sort(([a], [b]) => a.startSeconds - b.startSeconds);
  for (const group of inOrder) {
    const histogram = mergedHistogram(group);
    const { tag, startSeconds } = group[0];
    const lengthSeconds = Math.max(...group.map((line) => line.lengthSeconds));
    yield latencyLogLine({ tag, startSeconds, lengthSeconds, histogram });
    histogram.destroy();
  }
}

/** The caller destroys it. Throws {@link ExportRefused} where one cannot be unpacked. */
export function mergedHistogram(lines: readonly PackedLine[]): LatencyHistogram {
  const whole = new LatencyHistogram();
  for (const { tag, startSeconds, packed } of lines) {
    let one: LatencyHistogram;
    try {
      one = LatencyHistogram.decode(packed);
    } catch {
      whole.destroy();
      throw new ExportRefused(`the histogram of ${tag} at ${startSeconds} s is damaged`);
    }
    whole.merge(one);
    one.destroy();
  }
  return whole;
}
