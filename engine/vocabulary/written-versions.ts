/**
 * Two tunables about how long versions and their clocks are remembered, as a person writes them: when entries of a version
 * vector are pruned, and when tombstones are removed. Pruning has the published settings by name, because the four numbers
 * mean something only together.
 */
import type { PruneSettings } from "./settings";
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

/** Riak's bucket defaults (small_vclock, big_vclock, young_vclock, old_vclock); Dynamo's limit of ten pairs, section 4.4. */
export const PRUNINGS: Readonly<Record<string, PruneSettings>> = {
  riak: { small: 50, big: 50, youngMs: 20_000, oldMs: 86_400_000 },
  dynamo: { small: 10, big: 10, youngMs: 0, oldMs: 0 },
};

export const PRUNE_TEXT =
  "none, riak (50, 50, 20s, 24h), dynamo (10, 10, 0ms, 0ms), or {small, big, young, old}: two numbers of entries and two durations";
export const DELETE_MODE_TEXT = "keep, immediate, or a duration such as 3s";

const ENTRIES: ScalarKind = { kind: "integer", min: 1, max: 4_096 };
const AGE: ScalarKind = { kind: "duration", minMs: 0, maxMs: 31_536_000_000 };
const FIELDS: readonly (readonly [string, keyof PruneSettings, ScalarKind])[] = [
  ["small", "small", ENTRIES],
  ["big", "big", ENTRIES],
  ["young", "youngMs", AGE],
  ["old", "oldMs", AGE],
];

/** {@link PruneSettings}, or undefined for none. */
export function checkPrune(value: Written): Checked {
  if (value === "none") return { ok: true, value: undefined };
  if (typeof value === "string" && Object.hasOwn(PRUNINGS, value)) return { ok: true, value: PRUNINGS[value] };
  if (!isMap(value)) {
    const near = typeof value === "string" ? nearest(value, ["none", ...Object.keys(PRUNINGS)]) : undefined;
    const hint = near === undefined ? "" : `did you mean "${near}"? `;
    return wrong(`is ${printWritten(value)}; ${hint}allowed: ${PRUNE_TEXT}`, near);
  }
  const faults: Fault[] = [];
  const names = FIELDS.map(([name]) => name);
  for (const key of value.keys()) if (!names.includes(key)) faults.push(superfluous(key, "prune", names));
  const settings: Record<string, number> = {};
  for (const [name, field, kind] of FIELDS) {
    const written = value.get(name);
    if (written === undefined) {
      faults.push({ path: [], about: "value", message: `lacks ${name}; allowed: ${PRUNE_TEXT}` });
      continue;
    }
    const checked = checkScalar(kind, written);
    if (checked.ok) settings[field] = checked.value as number;
    else faults.push(...below(name, checked.faults));
  }
  if (faults.length === 0 && settings.big < settings.small)
    faults.push({ path: ["big"], about: "value", message: `is below small, ${String(settings.small)}` });
  return faults.length === 0 ? { ok: true, value: settings } : { ok: false, faults };
}

/** `keep`, `immediate`, or how long the tombstone stays after all replicas have it. */
export function checkDeleteMode(value: Written): Checked {
  if (value === "keep" || value === "immediate") return { ok: true, value };
  const checked = checkScalar({ kind: "duration", minMs: 1, maxMs: 864_000_000 }, value);
  if (checked.ok) return { ok: true, value: { afterMs: checked.value } };
  const near = typeof value === "string" ? nearest(value, ["keep", "immediate"]) : undefined;
  const hint = near === undefined ? "" : `did you mean "${near}"? `;
  return wrong(`is ${printWritten(value)}; ${hint}allowed: ${DELETE_MODE_TEXT}`, near);
}
