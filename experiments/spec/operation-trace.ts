/**
 * `mix_name: trace`: recorded operations read from a file beside the experiment, checked to the last line before anything
 * runs, every fault with its place in that file. What a cell keeps is not the operations but their digest and what it has
 * to know of them; a trial reads the file again and refuses one that has changed.
 */
import { createHash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname, extname, isAbsolute, join, resolve } from "node:path";
import { formatDuration } from "../../engine/vocabulary/quantities";
import { TraceReader, type TracedKind, type TraceForm, type TraceHeader } from "../../workloads/mixes/trace-lines";
import type { MixSettings, TraceSettings, WorkloadSettings } from "../../workloads/settings";
import type { PhaseSettings } from "./experiment";
import { startOfPaths, type Place } from "./located";
import { NOTHING, recordsOf, type Mixture } from "./mixture";
import type { Problems } from "./problems";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

/** One text of so many bytes is what the program can hold. */
export const MOST_TRACE_BYTES = 268_435_456;
/** Faulty lines that are told. */
const MOST_TOLD = 20;
const MOST_CLIENTS = 10_000;

interface TraceReading {
  readonly sha256: string;
  readonly form: TraceForm;
  readonly header: TraceHeader | undefined;
  readonly loads: number;
  /** Microseconds, as recorded. */
  readonly instants: Float64Array;
  readonly counts: Readonly<Record<TracedKind, number>>;
  readonly mostBytes: number;
  readonly values: boolean;
  /** The highest number of a client, -1 where none has one. */
  readonly lastClient: number;
}

/** Files are read once for all cells of an experiment; undefined for one that is at fault, which has been told. */
const READINGS = new WeakMap<Problems, Map<string, TraceReading | undefined>>();

export function traceOf(values: Values, experimentPath: string, problems: Problems): Mixture | undefined {
  if (!values.sound("workload.trace", "workload.trace_speed")) return undefined;
  const file = values.text("workload.trace");
  if (file === "") {
    problems.error(
      values.place("workload.mix_name"),
      "workload.mix_name is trace, which needs workload.trace, such as trace: recorded.jsonl",
    );
    return undefined;
  }
  const at = values.place("workload.trace");
  const path = isAbsolute(file) ? file : join(dirname(resolve(startOfPaths(at, experimentPath))), file);
  const reading = readingOf(path, file, at, problems);
  if (reading === undefined) return undefined;
  const { sha256, form, header, loads, instants, counts, mostBytes } = reading;
  const mixture: TraceSettings = {
    name: "trace",
    path,
    sha256,
    form,
    loads,
    operations: instants.length,
    mostBytes,
    values: reading.values,
    speed: values.number("workload.trace_speed"),
    ...(header?.model === undefined ? {} : { recordedModel: header.model }),
  };
  const scans = counts.scan + counts.list;
  const { read, update, insert, rmw } = counts;
  const mix: MixSettings = {
    ...NOTHING,
    ...{ read, update, insert, rmw, scan: scans, delete: counts.delete, multiGet: counts["multi-get"] },
  };
  return {
    name: `trace ${file}`,
    mixture,
    mix,
    records: recordsOf(Math.max(1, loads), { dist: "constant", bytes: mostBytes }, loads),
    ...(header?.bucket === undefined ? {} : { bucket: header.bucket }),
    notes: [
      `${instants.length} operations of ${file} at their recorded instants${mixture.speed === 1 ? "" : `, ${mixture.speed} times as fast`}`,
    ],
  };
}

/** Open, whatever recorded it: at the mean rate of what is due within the phases. */
export function loadOfTrace(
  values: Values,
  mixture: TraceSettings,
  problems: Problems,
): WorkloadSettings["load"] | undefined {
  const reading = READINGS.get(problems)?.get(mixture.path);
  if (reading === undefined) return undefined;
  const { header, lastClient, instants } = reading;
  const clients = Math.max(1, Math.min(MOST_CLIENTS, Math.max(header?.clients ?? 1, lastClient + 1)));
  const seconds = (values.number("phases.warmup") + values.number("phases.measure")) / 1_000;
  const due = countBefore(instants, seconds * 1e6 * mixture.speed);
  // Only a trial's length is reckoned from it; what was due is counted.
  return { model: "open", clients, ratePerSecond: Math.max(0.01, due / Math.max(seconds, 1e-3)), arrivals: "trace" };
}

/** What of a trace will not happen, or not as it did. */
export function checkTrace(
  values: Values,
  { mixture, load, preload }: WorkloadSettings,
  phases: PhaseSettings | undefined,
  warn: Warn,
  problems: Problems,
): void {
  if (mixture?.name !== "trace") return;
  const reading = READINGS.get(problems)?.get(mixture.path);
  if (reading === undefined) return;
  const { instants } = reading;
  const at = values.place("workload.trace");
  if (mixture.recordedModel !== undefined && mixture.recordedModel !== "open")
    warn(
      at,
      `the trace was recorded from a ${mixture.recordedModel} load, whose clients waited for that store's answers; here it is an open load, which does not wait`,
    );
  if (preload && mixture.loads === 0)
    warn(
      at,
      "the trace has no loads, so nothing is written before the warm-up; reads find what the trace itself has put",
    );
  if (load.clients === 1 && reading.lastClient < 0)
    warn(at, "the trace says no clients, so one session sends everything; name them in a column client");
  if (phases === undefined) return;
  const from = phases.warmupMs;
  const to = from + phases.measureMs;
  const due = countBefore(instants, to * 1_000 * mixture.speed);
  const beyond = instants.length - due;
  if (beyond > 0)
    warn(
      at,
      `${beyond} of the ${instants.length} operations of the trace lie beyond the measured phase, which ends ${formatDuration(to)} from its beginning, and do not happen`,
    );
  const measured = due - countBefore(instants, from * 1_000 * mixture.speed);
  if (measured === 0) {
    problems.error(
      at,
      `no operation of the trace lies in the measured phase, from ${formatDuration(from)} to ${formatDuration(to)}`,
    );
    return;
  }
  const last = instants[instants.length - 1] / 1_000 / mixture.speed;
  // The last of a steady stream is never at the very end.
  if (beyond === 0 && to - last > Math.max(100, 0.05 * phases.measureMs))
    warn(
      at,
      `the trace ends at ${formatDuration(Math.round(last))}, and the measured phase goes on in silence until ${formatDuration(to)}`,
    );
}

function readingOf(path: string, file: string, at: Place, problems: Problems): TraceReading | undefined {
  let readings = READINGS.get(problems);
  if (readings === undefined) {
    readings = new Map<string, TraceReading | undefined>();
    READINGS.set(problems, readings);
  }
  if (!readings.has(path)) readings.set(path, read(path, file, at, problems));
  return readings.get(path);
}

function read(path: string, file: string, at: Place, problems: Problems): TraceReading | undefined {
  const no = (message: string): undefined => {
    problems.error(at, `workload.trace is "${file}", ${message}`);
    return undefined;
  };
  const form = extname(path).toLowerCase();
  if (form !== ".jsonl" && form !== ".csv") return no("which is neither .jsonl nor .csv");
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return no(
      code === "ENOENT" || code === "ENOTDIR" ? "but there is no such file" : `but it cannot be read (${code})`,
    );
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) return no("but that is no regular file");
    if (status.size > MOST_TRACE_BYTES)
      return no(`but it has ${status.size} bytes; allowed: at most ${MOST_TRACE_BYTES}, such as its first lines`);
    const bytes = readFileSync(descriptor);
    if (!isUtf8(bytes)) return no("but it is not UTF-8 text");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return summary(bytes.toString("utf8"), form === ".csv" ? "csv" : "jsonl", sha256, path, at, problems);
  } finally {
    closeSync(descriptor);
  }
}

function summary(
  text: string,
  form: TraceForm,
  sha256: string,
  path: string,
  at: Place,
  problems: Problems,
): TraceReading | undefined {
  const reader = new TraceReader(text, form);
  const counts: Record<TracedKind, number> = {
    ...{ load: 0, read: 0, update: 0, insert: 0, delete: 0, scan: 0, rmw: 0, "multi-get": 0, list: 0 },
  };
  let instants = new Float64Array(1024);
  let operations = 0;
  let mostBytes = 0;
  let values = false;
  let lastClient = -1;
  let faulty = 0;
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    if ("problems" in next) {
      faulty++;
      const where: Place = { ...at, file: path, line: next.line, column: 1 };
      if (faulty <= MOST_TOLD) for (const problem of next.problems) problems.error(where, `this line ${problem}`);
      continue;
    }
    const { operation } = next;
    counts[operation.op]++;
    mostBytes = Math.max(mostBytes, operation.size ?? 0);
    values ||= operation.value !== undefined;
    lastClient = Math.max(lastClient, operation.client ?? -1);
    if (operation.at === undefined) continue;
    if (operations === instants.length) {
      const longer = new Float64Array(2 * operations);
      longer.set(instants);
      instants = longer;
    }
    instants[operations++] = operation.at;
  }
  if (faulty > MOST_TOLD)
    problems.error(at, `workload.trace has ${faulty} faulty lines; the first ${MOST_TOLD} are told`);
  else if (faulty === 0 && operations === 0)
    problems.error({ ...at, file: path, line: 1, column: 1 }, "this trace has no operations behind its first line");
  if (faulty > 0 || operations === 0) return undefined;
  return {
    ...{ sha256, form, header: reader.header, loads: counts.load, counts, mostBytes, values, lastClient },
    instants: instants.slice(0, operations),
  };
}

/** Instants ascend. */
function countBefore(instants: Float64Array, end: number): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (instants[middle] < end) low = middle + 1;
    else high = middle;
  }
  return low;
}
