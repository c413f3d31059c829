/**
 * Quantities as people write them: `5ms`, `500/s`, `1KiB`. A unit is mandatory, because a bare `200` that one reader
 * takes for milliseconds and the next for seconds is the oldest bug of configuration files. The parsers return
 * undefined for anything that is not exactly a non-negative number and a unit.
 */

const NUMBER = /^(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-zµ/]+)$/;

const MS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["us", 0.001],
  ["µs", 0.001],
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const PER_SECOND: ReadonlyMap<string, number> = new Map([
  ["/s", 1],
  ["/m", 1 / 60],
  ["/min", 1 / 60],
  ["/h", 1 / 3600],
]);

const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["kB", 1_000],
  ["KB", 1_000],
  ["MB", 1_000_000],
  ["GB", 1_000_000_000],
  ["KiB", 1_024],
  ["MiB", 1_048_576],
  ["GiB", 1_073_741_824],
]);

function parse(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const match = NUMBER.exec(text.trim());
  if (match === null) return undefined;
  const factor = units.get(match[2]);
  if (factor === undefined) return undefined;
  const value = Number(match[1]) * factor;
  return Number.isFinite(value) ? value : undefined;
}

/** Milliseconds, rounded to whole nanoseconds so that `10us` is 0.01 exactly as written. */
export function parseDurationMs(text: string): number | undefined {
  const ms = parse(text, MS_PER_UNIT);
  return ms === undefined ? undefined : Math.round(ms * 1e6) / 1e6;
}

/** Bytes a second: a size and what it is divided by, such as `1MB/s`. */
export function parseBytesPerSecond(text: string): number | undefined {
  const match = NUMBER.exec(text.trim());
  const slash = match?.[2].indexOf("/") ?? -1;
  if (match === null || slash < 0) return undefined;
  const bytes = BYTES_PER_UNIT.get(match[2].slice(0, slash));
  const perSecond = PER_SECOND.get(match[2].slice(slash));
  if (bytes === undefined || perSecond === undefined) return undefined;
  const value = Number(match[1]) * bytes * perSecond;
  return Number.isFinite(value) ? value : undefined;
}

/** Per second. */
export function parseRatePerSecond(text: string): number | undefined {
  return parse(text, PER_SECOND);
}

/** Whole bytes, or undefined when the size is no whole number of bytes. */
export function parseSizeBytes(text: string): number | undefined {
  const bytes = parse(text, BYTES_PER_UNIT);
  return bytes !== undefined && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A share of one: `0.05` or `5%`. */
export function parseRatio(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*%$/.exec(value.trim());
  return match === null ? undefined : Number((Number(match[1]) / 100).toPrecision(15));
}

/** `1500` → `1.5s`, `0.01` → `10us`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0ms";
  if (ms < 1) return `${trim(ms * 1_000)}us`;
  if (ms < 1_000) return `${trim(ms)}ms`;
  if (ms < 60_000) return `${trim(ms / 1_000)}s`;
  // 200 s are no 3.33333 minutes: where a larger unit has no few digits for whole seconds, a smaller one does.
  if (ms < 3_600_000) return exactIn(ms, 60_000) || ms % 1_000 !== 0 ? `${trim(ms / 60_000)}m` : `${ms / 1_000}s`;
  if (ms < 172_800_000) {
    if (exactIn(ms, 3_600_000) || ms % 1_000 !== 0) return `${trim(ms / 3_600_000)}h`;
    return exactIn(ms, 60_000) ? `${trim(ms / 60_000)}m` : `${ms / 1_000}s`;
  }
  return `${trim(ms / 86_400_000)}d`;
}

/** `1024` → `1KiB`, `1000000` → `1MB`, `100` → `100B`. */
export function formatSize(bytes: number): string {
  for (const unit of ["GiB", "GB", "MiB", "MB", "KiB"]) {
    const factor = BYTES_PER_UNIT.get(unit) ?? 1;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}

/** Whether two decimals of the unit say it all. */
function exactIn(ms: number, unit: number): boolean {
  return (ms * 100) % unit === 0;
}

function trim(value: number): string {
  return String(Number(value.toPrecision(6)));
}
