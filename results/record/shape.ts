/**
 * Files that were written elsewhere, by an older version or by somebody unfriendly are checked before they are believed. A shape
 * is written as an example of itself: `{ id: "string", axes: "object", t: ["number?"] }`. Fields beyond it are let through,
 * so that newer minor versions still load; `?` allows null or absence.
 */

export type Shape = Leaf | readonly [Shape] | { readonly [field: string]: Shape };
type Leaf =
  | "string"
  | "number"
  | "boolean"
  | "object"
  | "array"
  | "any"
  | "string?"
  | "number?"
  | "object?"
  | "array?"
  | { readonly oneOf: readonly string[] };

/** undefined when `value` has the shape, else where and what, e.g. `spectra[0].ms should be an array`. */
export function shapeProblem(value: unknown, shape: Shape, at = ""): string | undefined {
  // Nearly everything is as it should be, and a thousand trials hold millions of numbers: no path is spelled for those.
  return fits(value, shape) ? undefined : problemOf(value, shape, at);
}

function fits(value: unknown, shape: Shape): boolean {
  if (typeof shape === "string") {
    if (shape === "any") return true;
    const optional = shape.endsWith("?");
    if (value === null || value === undefined) return optional;
    const wanted = optional ? shape.slice(0, -1) : shape;
    if (wanted === "array") return Array.isArray(value);
    // 1e999 is a number in JSON, and Infinity once it is read.
    if (wanted === "number") return Number.isFinite(value);
    return typeof value === wanted && !Array.isArray(value);
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) return false;
    const [inner] = shape;
    if (inner === "number") {
      for (let i = 0; i < value.length; i++) if (!Number.isFinite(value[i])) return false;
      return true;
    }
    for (let i = 0; i < value.length; i++) if (!fits(value[i], inner)) return false;
    return true;
  }
  if (isChoice(shape)) return typeof value === "string" && shape.oneOf.includes(value);
  if (kindOf(value) !== "object") return false;
  for (const field in shape)
    if (!fits((value as Record<string, unknown>)[field], (shape as Readonly<Record<string, Shape>>)[field]))
      return false;
  return true;
}

function problemOf(value: unknown, shape: Shape, at: string): string | undefined {
  const here = at === "" ? "the file" : at;
  if (typeof shape === "string") {
    const wanted = shape.replace("?", "");
    if (wanted === "any" || (shape.endsWith("?") && (value === null || value === undefined))) return undefined;
    if (typeof value === "number" && !Number.isFinite(value)) return `${here} is beyond all numbers`;
    return kindOf(value) === wanted ? undefined : `${here} should be ${article(wanted)}`;
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) return `${here} should be an array`;
    for (const [index, item] of value.entries()) {
      const problem = problemOf(item, shape[0], `${at}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (isChoice(shape)) {
    return typeof value === "string" && shape.oneOf.includes(value)
      ? undefined
      : `${here} should be ${shape.oneOf.join(" or ")}`;
  }
  if (kindOf(value) !== "object") return `${here} should be an object`;
  for (const [field, inner] of Object.entries(shape)) {
    const problem = problemOf((value as Record<string, unknown>)[field], inner, at === "" ? field : `${at}.${field}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Every value of the object `value` has the shape. */
export function shapeProblemOfValues(value: unknown, shape: Shape, at: string): string | undefined {
  if (kindOf(value) !== "object") return `${at} should be an object`;
  for (const [field, item] of Object.entries(value as object)) {
    const problem = shapeProblem(item, shape, `${at}.${field}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function isChoice(shape: object): shape is { readonly oneOf: readonly string[] } {
  return "oneOf" in shape;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return Array.isArray(value) ? "array" : typeof value;
}

function article(noun: string): string {
  return /^[aeo]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}
