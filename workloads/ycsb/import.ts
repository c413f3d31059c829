/**
 * A YCSB property file as the settings of our core workload. The files' meaning is in YCSB's code more than in the
 * files: an absent `readproportion` is 0.95 and not 0, `requestdistribution` is uniform unless said otherwise, a
 * `recordcount` of 0 is 2147483647. Source: YCSB's CoreWorkload and Client; go-ycsb's prop.go for files of that port.
 *
 * YCSB passes unknown keys over in silence; here every key that changes nothing is named in the notes, by the reason
 * why, and every wrong value is reported at once. How a record of fields becomes one value, and which bytes travel for
 * an update, is told in `record-values.ts`.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import type { ChooserSettings, LengthSettings, MixSettings, RecordSettings } from "../settings";
import { MAX_KEY_NUMBER } from "./key-number";
import { readFieldHistogram } from "./field-histogram";
import { PropertyValues } from "./property-values";
import { longestField } from "./record-values";

/** What a file says of a workload; the rest of `WorkloadSettings` (context, routing, …) is not YCSB's to say. */
export interface ImportedWorkload {
  readonly name: string;
  /** `table`, used as the bucket. */
  readonly table: string;
  readonly mix: MixSettings;
  readonly records: RecordSettings;
  /** `threadcount`: clients of a closed loop. */
  readonly threads: number;
  /** `target` over all threads; undefined is unlimited. */
  readonly targetPerSecond: number | undefined;
  /** `maxexecutiontime`; undefined is unlimited. */
  readonly maxSeconds: number | undefined;
  /** `dotransactions`; false makes the file a load phase alone. */
  readonly transactions: boolean;
  readonly measurementInterval: "op" | "intended" | "both";
  readonly dialect: "ycsb" | "go-ycsb";
  readonly notes: readonly string[];
}

export type ImportResult =
  | { readonly ok: true; readonly settings: ImportedWorkload }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface ImportOptions {
  readonly name: string;
  /** Laid over the file, as `-p name=value` on YCSB's command line. */
  readonly overrides?: ReadonlyMap<string, string>;
  /** The text of the file that `fieldlengthhistogram` names, or why it cannot be read. Without it such a file is a problem. */
  readonly readFile?: (path: string) => { readonly text: string } | { readonly problem: string };
  /** Reads keys that are none of the workload's (measuring, status): what it asks for is not noted as unused. */
  readonly also?: (values: PropertyValues) => void;
}

/** Every problem at once, or settings with every default applied. Never throws. */
export function workloadFromProperties(properties: ReadonlyMap<string, string>, options: ImportOptions): ImportResult {
  const values = new PropertyValues(new Map([...properties, ...(options.overrides ?? [])]));
  const notes: string[] = [];
  const dialect = readDialect(values, notes);
  const mix = readMix(values);
  const records = readRecords(values, mix, notes, options);
  const target = values.integer("target", 0, 0, MAX_INT);
  const maxSeconds = values.integer("maxexecutiontime", 0, 0, MAX_INT);
  const threads = values.integer("threadcount", 1, 1, MAX_THREADS);
  const table = values.text("table") ?? "usertable";
  const transactions = values.flag("dotransactions", true);
  const measurementInterval = readMeasurementInterval(values, dialect);
  options.also?.(values);
  noteUnused(values, dialect, notes);
  if (values.problems.length > 0) return { ok: false, problems: values.problems };
  return {
    ok: true,
    settings: {
      name: options.name,
      table,
      mix,
      records,
      threads,
      targetPerSecond: target === 0 ? undefined : target,
      maxSeconds: maxSeconds === 0 ? undefined : maxSeconds,
      transactions,
      measurementInterval,
      dialect,
      notes,
    },
  };
}

function readDialect(values: PropertyValues, notes: string[]): "ycsb" | "go-ycsb" {
  const workload = values.text("workload");
  const interval = values.text("measurement.interval");
  // A file without the line is for YCSB an error too; go-ycsb alone has the short name and a number of seconds here.
  if (workload === undefined) {
    values.problems.push("workload: missing; a core workload says workload=site.ycsb.workloads.CoreWorkload");
  } else if (!CORE_WORKLOADS.includes(workload)) {
    values.problems.push(`workload: "${workload}" is not the core workload (${CORE_WORKLOADS.join(", ")})`);
  }
  const own = GO_ONLY.filter((key) => values.has(key));
  const numeric = interval !== undefined && /^\d+$/.test(interval);
  if (workload !== "core" && !numeric && own.length === 0) return "ycsb";
  const signs = [
    ...(workload === "core" ? ["workload=core"] : []),
    ...(numeric ? [`measurement.interval=${interval} (seconds between its reports, not used)`] : []),
    ...own,
  ];
  notes.push(`a go-ycsb file, recognised by: ${signs.join(", ")}`);
  return "go-ycsb";
}

function readMix(values: PropertyValues): MixSettings {
  const weight = (key: string, fallback: number): number => values.decimal(key, fallback, 0);
  const mix = {
    read: weight("readproportion", 0.95),
    update: weight("updateproportion", 0.05),
    insert: weight("insertproportion", 0),
    scan: weight("scanproportion", 0),
    rmw: weight("readmodifywriteproportion", 0),
    delete: 0,
    blindWrite: 0,
  };
  if (mix.read + mix.update + mix.insert + mix.scan + mix.rmw === 0) {
    values.problems.push("readproportion, updateproportion, …: every proportion is 0, so there is nothing to do");
  }
  return mix;
}

function readRecords(
  values: PropertyValues,
  mix: MixSettings,
  notes: string[],
  options: ImportOptions,
): RecordSettings {
  const given = values.integer("recordcount", 0, 0, MAX_KEY_NUMBER - 1);
  if (given === 0) notes.push(`recordcount absent or 0: read as ${MAX_INT}, as YCSB does`);
  const recordCount = given === 0 ? MAX_INT : given;
  const insertStart = values.integer("insertstart", 0, 0, MAX_KEY_NUMBER - 1);
  const insertCount = values.integer("insertcount", Math.max(0, recordCount - insertStart), 0, MAX_KEY_NUMBER - 1);
  if (recordCount < insertStart + insertCount) {
    values.problems.push(
      `recordcount: ${recordCount} is less than insertstart + insertcount = ${insertStart + insertCount}`,
    );
  } else if (insertCount === 0) {
    values.problems.push("insertcount: no record to choose from");
  }
  const operationCount = values.integer("operationcount", 0, 0, MAX_INT);
  const chooser = readChooser(values, notes);
  if (chooser.name === "zipfian" && !values.has("operationcount")) {
    notes.push("operationcount absent: YCSB refuses a zipfian file without it; no room is made for inserts");
  }
  const room = Math.floor(operationCount * mix.insert * 2);
  if (chooser.name === "zipfian" && room > insertCount * MAX_ROOM) {
    values.problems.push(
      `operationcount: zipfian makes room for ${room} inserts beside ${insertCount} records, so nearly every key ` +
        "drawn would be redrawn (YCSB hangs here); lower operationcount or raise recordcount",
    );
  }
  const scanMin = values.integer("minscanlength", 1, 1, MAX_INT);
  const scanMax = values.integer("maxscanlength", 1000, 1, MAX_INT);
  if (scanMin > scanMax) values.problems.push(`minscanlength: ${scanMin} is above maxscanlength ${scanMax}`);
  const fieldLength = readFieldLength(values, options);
  const dataIntegrity = values.flag("dataintegrity", false);
  if (dataIntegrity && fieldLength.dist !== "constant") {
    values.problems.push("dataintegrity: needs fieldlengthdistribution=constant");
  }
  const fieldCount = values.integer("fieldcount", 10, 1, MAX_FIELDS);
  const longest = longestField(fieldLength) * fieldCount;
  if (longest > MAX_RECORD_BYTES) {
    values.problems.push(`fieldlength: records of ${longest} bytes are above the limit of ${MAX_RECORD_BYTES}`);
  }
  return {
    recordCount,
    insertStart,
    insertCount,
    operationCount,
    chooser,
    keyPrefix: values.text("keyprefix") ?? "user",
    hashedOrder: (values.text("insertorder") ?? "hashed") === "hashed",
    zeroPadding: values.integer("zeropadding", 1, 0, MAX_PADDING),
    fieldCount,
    fieldLength,
    fieldNamePrefix: values.text("fieldnameprefix") ?? "field",
    writeAllFields: values.flag("writeallfields", false),
    readAllFields: values.flag("readallfields", true),
    scan: {
      min: scanMin,
      max: scanMax,
      dist: values.choice("scanlengthdistribution", "uniform", ["uniform", "zipfian"]),
    },
    dataIntegrity,
  };
}

function readChooser(values: PropertyValues, notes: string[]): ChooserSettings {
  // All are read, whichever is used: a wrong number is wrong even where it changes nothing.
  const fraction = (key: string, fallback: number): number => {
    const value = values.decimal(key, fallback);
    if (value >= 0 && value <= 1) return value;
    notes.push(`${key}=${value} is outside 0 to 1: taken as 0, as YCSB does`);
    return 0;
  };
  const dataFraction = fraction("hotspotdatafraction", 0.2);
  const operationFraction = fraction("hotspotopnfraction", 0.8);
  const percentile = values.decimal("exponential.percentile", 95, 0.001, 99.999_999);
  const range = values.decimal("exponential.frac", 0.857_142_857_1, 1e-6, 1e6);
  const name = values.choice("requestdistribution", "uniform", DISTRIBUTIONS);
  switch (name) {
    case "hotspot":
      return { name, dataFraction, operationFraction };
    case "exponential":
      return { name, percentile, fraction: range };
    default:
      return { name };
  }
}

function readFieldLength(values: PropertyValues, options: ImportOptions): LengthSettings {
  const longest = values.integer("fieldlength", 100, 0, MAX_RECORD_BYTES);
  const shortest = values.integer("minfieldlength", 1, 0, MAX_RECORD_BYTES);
  const dist = values.choice("fieldlengthdistribution", "constant", ["constant", "uniform", "zipfian", "histogram"]);
  switch (dist) {
    case "constant":
      return { dist, bytes: longest };
    case "histogram": {
      const path = values.text("fieldlengthhistogram") ?? "hist.txt";
      const read = options.readFile?.(path) ?? { problem: "files are not read here; use uniform or zipfian" };
      const histogram = "text" in read ? readFieldHistogram(read.text) : read;
      if (!("problem" in histogram)) return histogram;
      values.problems.push(`fieldlengthhistogram: ${path}: ${histogram.problem}`);
      return { dist: "constant", bytes: longest };
    }
    default:
      if (shortest > longest) {
        values.problems.push(`minfieldlength: ${shortest} is above fieldlength ${longest}`);
        return { dist: "constant", bytes: longest };
      }
      return { dist, minBytes: shortest, maxBytes: longest };
  }
}

function readMeasurementInterval(values: PropertyValues, dialect: "ycsb" | "go-ycsb"): "op" | "intended" | "both" {
  if (dialect === "go-ycsb" && /^\d+$/.test(values.text("measurement.interval") ?? "")) return "op";
  return values.choice("measurement.interval", "op", ["op", "intended", "both"]);
}

/** Sorts every key that nothing asked for by why it changes nothing. */
function noteUnused(values: PropertyValues, dialect: "ycsb" | "go-ycsb", notes: string[]): void {
  const measurement: string[] = [];
  const client: string[] = [];
  const binding: string[] = [];
  const unknown: string[] = [];
  for (const key of values.unasked()) {
    if (MEASUREMENT.has(key)) measurement.push(key);
    else if (CLIENT.has(key)) client.push(key);
    else if (BINDING.has(key) || BINDING_PREFIXES.some((prefix) => key.startsWith(prefix))) binding.push(key);
    else unknown.push(key);
  }
  const goOnly = dialect === "go-ycsb" ? GO_ONLY.filter((key) => key !== "keyprefix" && values.has(key)) : [];
  if (goOnly.length > 0) notes.push(`properties of go-ycsb's own client, not used: ${goOnly.join(", ")}`);
  if (measurement.length > 0) {
    notes.push(`properties of YCSB's own measurement, not used: ${measurement.join(", ")}`);
  }
  if (client.length > 0) notes.push(`properties of YCSB's own client, not used: ${client.join(", ")}`);
  if (binding.length > 0) notes.push(`properties of a store's binding, ignored: ${binding.join(", ")}`);
  if (unknown.length === 0) return;
  const known = [...KNOWN, ...MEASUREMENT, ...CLIENT, ...BINDING, ...GO_ONLY];
  const listed = unknown.map((key) => {
    const near = nearest(key, known);
    return near === undefined ? key : `${key} (did you mean ${near}?)`;
  });
  notes.push(`unknown properties, ignored: ${listed.join(", ")}`);
}

const MAX_INT = 2_147_483_647;
const MAX_THREADS = 65_536;
const MAX_FIELDS = 10_000;
const MAX_PADDING = 1000;
/** 16 MiB: more would not fit a frame. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;
const MAX_ROOM = 1000;

const CORE_WORKLOADS: readonly string[] = [
  "site.ycsb.workloads.CoreWorkload",
  "com.yahoo.ycsb.workloads.CoreWorkload",
  "core",
];
const DISTRIBUTIONS = ["uniform", "zipfian", "latest", "hotspot", "sequential", "exponential"] as const;

const GO_ONLY: readonly string[] = [
  "warmuptime",
  "batch.size",
  "keyprefix",
  "outputstyle",
  "silence",
  "dropdata",
  "histogram.percentiles.export",
];
/** The keys read above, for suggestions. */
const KNOWN: readonly string[] = [
  ..."workload recordcount operationcount insertstart insertcount threadcount target maxexecutiontime".split(" "),
  ..."dotransactions table fieldcount fieldlength minfieldlength fieldlengthdistribution fieldnameprefix".split(" "),
  "fieldlengthhistogram",
  ..."readallfields writeallfields readproportion updateproportion insertproportion scanproportion".split(" "),
  ..."readmodifywriteproportion requestdistribution hotspotdatafraction hotspotopnfraction".split(" "),
  ..."exponential.percentile exponential.frac minscanlength maxscanlength scanlengthdistribution".split(" "),
  ..."insertorder zeropadding dataintegrity measurement.interval".split(" "),
];
const MEASUREMENT: ReadonlySet<string> = new Set([
  ..."measurementtype hdrhistogram.percentiles hdrhistogram.fileoutput hdrhistogram.output.path".split(" "),
  ..."histogram.buckets measurement.histogram.verbose timeseries.granularity".split(" "),
  ..."measurement.raw.output_file measurement.raw.no_summary measurement.trackjvm".split(" "),
  ..."reportlatencyforeacherror latencytrackederrors timeseries.percentiles".split(" "),
]);
const CLIENT: ReadonlySet<string> = new Set([
  ..."db status status.interval label exporter exportfile readallfieldsbyname fieldlengthhistogram".split(" "),
  ..."core_workload_insertion_retry_limit core_workload_insertion_retry_interval".split(" "),
  ..."core_workload_insertion_keep_going_on_error spin.sleep".split(" "),
]);
const BINDING: ReadonlySet<string> = new Set([
  "columnfamily",
  "maxscanrate",
  "scanoptimelimit",
  "discardscannedrecord",
]);
const BINDING_PREFIXES: readonly string[] = ["basicdb.", "htrace."];
