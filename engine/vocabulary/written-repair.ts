/**
 * Tunables about what is missed and brought back, as a person writes them: durations that may be `none`, and anti-entropy,
 * whose parts mean something only together. A tree's number of segments is fan-out to the power of depth; it is bounded
 * here, because it is memory on every node whatever the number of keys.
 */
import { nearest } from "./nearest";
import {
  checkScalar,
  isMap,
  printWritten,
  wrong,
  type Checked,
  type Fault,
  type ScalarKind,
  type Written,
} from "./scalar-kinds";
import { below, superfluous } from "./shapes";

/** Segments of one tree at most: Riak's 1024 × 1024. */
export const MOST_SEGMENTS = 1_048_576;
const LONGEST_MS = 31_536_000_000;

export const OPTIONAL_DURATION_TEXT = "none, or a duration from 1 ms to 1 year such as 3h";
export const ANTI_ENTROPY_TEXT =
  "disabled, or {interval, tree_depth, fanout, hash: clock or content, repair: gets or stream, concurrency, rebuild}, " +
  "of which only interval must be given";

/** Milliseconds, or undefined for none. */
export function checkOptionalDuration(value: Written): Checked {
  if (value === "none") return { ok: true, value: undefined };
  const checked = checkScalar({ kind: "duration", minMs: 1, maxMs: LONGEST_MS }, value);
  return checked.ok ? checked : wrong(`is ${printWritten(value)}; allowed: ${OPTIONAL_DURATION_TEXT}`);
}

interface Part {
  readonly field: string;
  readonly kind: ScalarKind;
  readonly fallback?: Written;
}

const PARTS: ReadonlyMap<string, Part> = new Map<string, Part>([
  ["interval", { field: "intervalMs", kind: { kind: "duration", minMs: 1, maxMs: LONGEST_MS } }],
  ["tree_depth", { field: "depth", kind: { kind: "integer", min: 1, max: 20 }, fallback: 10 }],
  ["fanout", { field: "fanout", kind: { kind: "integer", min: 2, max: 1_024 }, fallback: 2 }],
  ["hash", { field: "hash", kind: { kind: "choice", values: ["clock", "content"], later: [] }, fallback: "clock" }],
  ["repair", { field: "repair", kind: { kind: "choice", values: ["gets", "stream"], later: [] }, fallback: "gets" }],
  ["concurrency", { field: "concurrency", kind: { kind: "integer", min: 1, max: 64 }, fallback: 2 }],
]);

/** `AaeSettings`, or undefined when disabled. */
export function checkAntiEntropy(value: Written): Checked {
  if (value === "disabled" || value === "none") return { ok: true, value: undefined };
  if (!isMap(value)) {
    const near = typeof value === "string" ? nearest(value, ["disabled"]) : undefined;
    const hint = near === undefined ? "" : `did you mean "${near}"? `;
    return wrong(`is ${printWritten(value)}; ${hint}allowed: ${ANTI_ENTROPY_TEXT}`, near);
  }
  const faults: Fault[] = [];
  const names = [...PARTS.keys(), "rebuild"];
  for (const key of value.keys()) if (!names.includes(key)) faults.push(superfluous(key, "aae", names));
  const settings: Record<string, unknown> = {};
  for (const [name, { field, kind, fallback }] of PARTS) {
    const written = value.get(name) ?? fallback;
    if (written === undefined) {
      faults.push({ path: [], about: "value", message: `lacks ${name}; allowed: ${ANTI_ENTROPY_TEXT}` });
      continue;
    }
    const checked = checkScalar(kind, written);
    if (checked.ok) settings[field] = checked.value;
    else faults.push(...below(name, checked.faults));
  }
  const rebuild = checkOptionalDuration(value.get("rebuild") ?? "none");
  if (!rebuild.ok) faults.push(...below("rebuild", rebuild.faults));
  else if (rebuild.value !== undefined) settings.rebuildMs = rebuild.value;
  const { fanout, depth } = settings as { fanout?: number; depth?: number };
  if (fanout !== undefined && depth !== undefined && isTooLarge(fanout, depth)) {
    const message = `has ${String(fanout)} to the power of ${String(depth)} segments; a tree has at most ${String(MOST_SEGMENTS)}`;
    faults.push({ path: ["tree_depth"], about: "value", message });
  }
  return faults.length === 0 ? { ok: true, value: settings } : { ok: false, faults };
}

/** Whole numbers, multiplied until there is no doubt: a power would be exact here, and nowhere promised to be. */
function isTooLarge(fanout: number, depth: number): boolean {
  let segments = 1;
  for (let level = 0; level < depth && segments <= MOST_SEGMENTS; level++) segments *= fanout;
  return segments > MOST_SEGMENTS;
}
