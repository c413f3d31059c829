/**
 * `{dist: empirical, file: …}`: a distribution somebody measured, read beside the experiment and turned into points, so
 * that a cell's settings hold the numbers themselves and a trial stays what it was when the file is gone.
 *
 * Three formats: HdrHistogram logs (`.hlog`, Tene; the `latency.hlog` of a trial is one), HdrHistogram's percentile
 * tables (`.hgrm`, or `.csv` with its header), and plain CSV of share and duration. None of them names its unit, so
 * `unit:` does: microseconds for logs and milliseconds for tables where it is left out.
 */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname, extname, isAbsolute, join, resolve } from "node:path";
import { decodeFromCompressedBase64, type Histogram } from "hdr-histogram-js";
import { nearest } from "../../engine/vocabulary/nearest";
import { parseDurationMs } from "../../engine/vocabulary/quantities";
import type { Written } from "../../engine/vocabulary/value-kinds";
import { MAX_POINTS } from "../../engine/vocabulary/written-distributions";
import { startOfPaths, written, type Located, type LocatedMap, type Place } from "./located";
import type { Problems } from "./problems";

const MAX_BYTES = 16_777_216;
/** A histogram of three digits over eight decades has some ten thousand characters. */
const MAX_LINE = 262_144;
const UNITS = ["ns", "us", "ms", "s"] as const;
const DEFAULT_UNIT: Readonly<Record<string, string>> = { ".hlog": "us", ".hgrm": "ms", ".csv": "ms" };
const FILE_PARTS = ["dist", "file", "tag", "unit", "weight"];

type Points = readonly (readonly [share: number, value: number])[];
type Reading = { readonly ok: true; readonly points: Points } | { readonly ok: false; readonly message: string };

/** Reads each file once for all cells of an experiment. */
export class RecordedDistributions {
  private readonly readings = new Map<string, Reading>();

  constructor(private readonly experimentPath: string) {}

  /** The value with every file in it as points; undefined after telling what is wrong with one. */
  resolve(node: Located, problems: Problems): Written | undefined {
    if (node.kind === "scalar") return node.value;
    if (node.kind === "list") {
      const items = node.items.map((item) => this.resolve(item, problems));
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    if (isRecorded(node)) return this.points(node, problems);
    const entries = [...node.entries].map(([key, entry]) => [key, this.resolve(entry.node, problems)] as const);
    if (entries.some(([, value]) => value === undefined)) return undefined;
    return new Map(entries as readonly (readonly [string, Written])[]);
  }

  private points(node: LocatedMap, problems: Problems): Written | undefined {
    const part = (key: string): Located | undefined => node.entries.get(key)?.node;
    const tell = (at: Place, message: string, suggestion?: string): undefined => {
      problems.error(at, message, suggestion);
      return undefined;
    };
    for (const [key, entry] of node.entries) {
      if (FILE_PARTS.includes(key)) continue;
      if (key === "points") return tell(entry.keyAt, "points stands beside file; keep one of them");
      const near = nearest(key, FILE_PARTS);
      const hint = near === undefined ? "it takes file, tag and unit" : `did you mean "${near}"?`;
      return tell(entry.keyAt, `${key} is no part of dist: empirical with a file; ${hint}`, near);
    }
    const file = textOf(part("file"));
    const at = part("file")?.at ?? node.at;
    if (file === undefined) return tell(at, "file is no path; it names a .hlog, .hgrm or .csv beside the experiment");
    const kind = extname(file).toLowerCase();
    if (!(kind in DEFAULT_UNIT))
      return tell(at, `file is "${file}"; allowed: a path that ends in .hlog, .hgrm or .csv`);
    const unit = textOf(part("unit")) ?? DEFAULT_UNIT[kind];
    const msPerUnit =
      unit === "ns" ? 1e-6 : (UNITS as readonly string[]).includes(unit) ? parseDurationMs(`1${unit}`) : undefined;
    if (msPerUnit === undefined)
      return tell(part("unit")?.at ?? at, `unit is ${JSON.stringify(unit)}; known: ${UNITS.join(", ")}`);
    const tag = textOf(part("tag"));
    if (tag !== undefined && kind !== ".hlog")
      return tell(part("tag")?.at ?? at, `tag belongs to a .hlog, which holds several histograms; ${file} is none`);
    const reading = this.read(file, startOfPaths(at, this.experimentPath), kind, tag);
    if (!reading.ok) return tell(at, `file "${file}": ${reading.message}`);
    const points: Written = reading.points.map(([share, value]) => [share, `${plain(value * msPerUnit)}ms`]);
    const weight = part("weight");
    return new Map<string, Written>([
      ["dist", "empirical"],
      ["points", points],
      ...(weight === undefined ? [] : [["weight", written(weight)] as const]),
    ]);
  }

  private read(file: string, from: string, kind: string, tag: string | undefined): Reading {
    const path = isAbsolute(file) ? file : join(dirname(resolve(from)), file);
    const key = `${path}\0${tag ?? ""}`;
    let reading = this.readings.get(key);
    if (reading === undefined) {
      const text = textOfFile(path);
      reading = !text.ok ? text : kind === ".hlog" ? fromLog(text.text, tag) : fromTable(text.text);
      this.readings.set(key, reading);
    }
    return reading;
  }
}

function isRecorded(node: LocatedMap): boolean {
  const dist = node.entries.get("dist")?.node;
  return dist?.kind === "scalar" && dist.value === "empirical" && node.entries.has("file");
}

function textOf(node: Located | undefined): string | undefined {
  return node?.kind === "scalar" && typeof node.value === "string" && node.value !== "" ? node.value : undefined;
}

/** Without an exponent, which no duration has. */
function plain(ms: number): string {
  return ms.toFixed(6).replace(/\.?0+$/, "");
}

function textOfFile(
  path: string,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string } {
  const no = (message: string): { readonly ok: false; readonly message: string } => ({ ok: false, message });
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return no(code === "ENOENT" || code === "ENOTDIR" ? "there is no such file" : `it cannot be read (${code})`);
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) return no("that is no regular file");
    if (status.size > MAX_BYTES) return no(`it has ${status.size} bytes; allowed: at most ${MAX_BYTES}`);
    return { ok: true, text: readFileSync(descriptor, "latin1") };
  } finally {
    closeSync(descriptor);
  }
}

/** All intervals of one tag added up. */
function fromLog(text: string, wanted: string | undefined): Reading {
  const no = (message: string): Reading => ({ ok: false, message });
  const tags = new Set<string>();
  let sum: Histogram | undefined;
  for (const [i, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (line === "" || line.startsWith("#") || line.startsWith('"')) continue;
    const fields = line.split(",");
    const tag = fields[0].startsWith("Tag=") ? (fields.shift() ?? "").slice("Tag=".length) : "";
    tags.add(tag);
    if (wanted !== undefined && tag !== wanted) continue;
    const encoded = fields[3] ?? "";
    let histogram: Histogram;
    try {
      if (fields.length !== 4 || encoded.length > MAX_LINE) throw new RangeError("not an interval");
      histogram = decodeFromCompressedBase64(encoded.trim(), 32, false);
      if (sum === undefined) sum = histogram;
      else sum.add(histogram);
    } catch {
      return no(`line ${i + 1} is no interval of an HdrHistogram log`);
    }
  }
  const names = [...tags].map((tag) => (tag === "" ? "(none)" : tag));
  if (wanted === undefined && tags.size > 1)
    return no(`it holds ${tags.size} kinds of values; say which with tag: ${names.slice(0, 12).join(", ")}`);
  if (wanted !== undefined && !tags.has(wanted)) {
    const near = nearest(wanted, tags);
    return no(
      `it has no tag "${wanted}"; ${near === undefined ? `it has ${names.slice(0, 12).join(", ")}` : `did you mean "${near}"?`}`,
    );
  }
  if (sum === undefined || sum.totalCount === 0) return no("it holds no values");
  const histogram = sum;
  return checked(
    SHARES.map((share) => [
      share,
      share === 0 ? histogram.minNonZeroValue : histogram.getValueAtPercentile(100 * share),
    ]),
  );
}

/** Every thousandth, and nine steps in every further decade of the tail. */
const SHARES: readonly number[] = [
  ...Array.from({ length: 1_000 }, (_, i) => i / 1_000),
  ...[3, 4, 5, 6].flatMap((decade) =>
    Array.from({ length: 9 }, (_, i) => Number((1 - (10 - (i + 1)) / 10 ** (decade + 1)).toFixed(12))),
  ),
  1,
];

/** Columns of numbers; a header says which is which, else the share comes first. */
function fromTable(text: string): Reading {
  let share = 0;
  let value = 1;
  const points: [number, number][] = [];
  for (const [i, line] of text.split(/\r\n|\r|\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const fields = trimmed.split(trimmed.includes(",") ? /\s*,\s*/ : /\s+/).map((field) => field.replaceAll('"', ""));
    if (points.length === 0 && /^[A-Za-z]/.test(fields[0])) {
      const names = fields.map((field) => field.toLowerCase());
      share = names.findIndex((name) => name === "percentile" || name === "share");
      value = names.findIndex((name) => !["percentile", "share", "totalcount", "1/(1-percentile)"].includes(name));
      if (share < 0 || value < 0)
        return {
          ok: false,
          message: `line ${i + 1}: the header names no column "Percentile" or "share" beside one of values`,
        };
      continue;
    }
    const point = [Number(fields[share]), Number(fields[value])] as [number, number];
    if (fields.length < 2 || !point.every((number) => Number.isFinite(number) && number >= 0) || point[0] > 1)
      return { ok: false, message: `line ${i + 1} is no share from 0 to 1 and a value` };
    const before = points.at(-1);
    if (before !== undefined && (point[0] < before[0] || point[1] < before[1]))
      return { ok: false, message: `line ${i + 1} is below the line before it; shares and values ascend` };
    points.push(point);
  }
  if (points.length === 0) return { ok: false, message: "it holds no values" };
  if (points[0][0] > 0) points.unshift([0, points[0][1]]);
  const last = points[points.length - 1];
  if (last[0] < 1) points.push([1, last[1]]);
  return checked(points);
}

function checked(points: Points): Reading {
  // Inside a run of one value a point says nothing that the run's ends do not.
  const kept = points.filter(
    ([, value], i) => i === 0 || i === points.length - 1 || points[i - 1][1] !== value || points[i + 1][1] !== value,
  );
  if (kept.length > MAX_POINTS) return { ok: false, message: `it has ${kept.length} points; allowed: ${MAX_POINTS}` };
  return { ok: true, points: kept };
}
