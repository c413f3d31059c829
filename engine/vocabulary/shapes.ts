/**
 * Values written as a map that says which of a family it is: `{dist: exponential, mean: 3ms}`. Every missing, unknown
 * and wrong part is told at once, by its path. A parameter that belongs to another member of the family is a mistake,
 * not a comment: `{dist: lognormal, median: 4ms, p90: 9ms}` must not be drawn from something else.
 */
import { nearest } from "./nearest";
import { checkScalar, printWritten, type Fault, type ScalarKind, type Written } from "./scalar-kinds";

export interface ShapeField {
  readonly kind: ScalarKind;
  /** As written; a field without one must be there. */
  readonly fallback?: Written;
}
export type Shape = Readonly<Record<string, ShapeField>>;

export type Fields =
  | { readonly ok: true; readonly dist: string; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** `{dist: name, …}` against a family of shapes; `extra` names parts that somebody else reads. */
export function readShape(
  family: ReadonlyMap<string, Shape>,
  value: ReadonlyMap<string, Written>,
  extra: readonly string[] = [],
): Fields {
  const faults: Fault[] = [];
  const chosen = value.get("dist");
  const shape = typeof chosen === "string" ? family.get(chosen) : undefined;
  if (shape === undefined || typeof chosen !== "string") {
    const known = [...family.keys()].join(", ");
    if (chosen === undefined)
      return { ok: false, faults: [{ path: [], about: "value", message: `has no dist; known: ${known}` }] };
    const near = typeof chosen === "string" ? nearest(chosen, family.keys()) : undefined;
    const hint = near === undefined ? `known: ${known}` : `did you mean "${near}"? Known: ${known}`;
    const fault: Fault = { path: ["dist"], about: "value", message: `is ${printWritten(chosen)}; ${hint}` };
    return { ok: false, faults: [near === undefined ? fault : { ...fault, suggestion: near }] };
  }
  const values: Record<string, unknown> = {};
  for (const key of value.keys()) {
    if (key === "dist" || Object.hasOwn(shape, key) || extra.includes(key)) continue;
    faults.push(superfluous(key, `dist: ${chosen}`, [...Object.keys(shape), ...extra]));
  }
  for (const [key, field] of Object.entries(shape)) {
    const written = value.get(key) ?? field.fallback;
    if (written === undefined) {
      faults.push({ path: [], about: "value", message: `lacks ${key}, which dist: ${chosen} needs` });
      continue;
    }
    const checked = checkScalar(field.kind, written);
    if (checked.ok) values[key] = checked.value;
    else faults.push(...below(key, checked.faults));
  }
  return faults.length === 0 ? { ok: true, dist: chosen, values } : { ok: false, faults };
}

/** The fault of a part that does not belong there. */
export function superfluous(key: string, what: string, takes: readonly string[]): Fault {
  const near = nearest(key, takes);
  const hint =
    takes.length === 0
      ? "it takes none"
      : near !== undefined
        ? `did you mean "${near}"?`
        : `it takes ${takes.join(", ")}`;
  const fault: Fault = { path: [key], about: "key", message: `is no part of ${what}; ${hint}` };
  return near === undefined ? fault : { ...fault, suggestion: near };
}

/** Faults of a part, as faults of the whole. */
export function below(step: string | number, faults: readonly Fault[]): readonly Fault[] {
  return faults.map((fault) => ({ ...fault, path: [step, ...fault.path] }));
}
