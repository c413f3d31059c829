/**
 * Chart configurations as a page carries them. Hundreds of panels repeat the same axes, ticks and callbacks, and write `{"x":…,"y":…}`
 * before every point: more than half of a large page was that. Parts that occur more than once stand once, in a list; points
 * of equal shape become one flat list of numbers. `unpackCharts` is one function without an outside reference, because
 * the page receives its source text.
 */

export interface PackedCharts {
  readonly parts: readonly unknown[];
  readonly charts: Readonly<Record<string, readonly unknown[]>>;
}

/** Shorter ones are not worth a reference. */
const WORTH = 24;

export function packCharts(charts: Readonly<Record<string, readonly unknown[]>>): PackedCharts {
  const seen = new Map<string, { count: number; part: number }>();
  const keys = new Map<unknown, string>();
  /** With points flat; counts how often each object occurs. */
  const visit = (value: unknown): unknown => {
    if (value === null || typeof value !== "object") return value;
    let made: unknown;
    if (Array.isArray(value)) {
      const flat = flatPoints(value);
      if (flat !== undefined) return flat;
      made = value.map(visit);
    } else {
      made = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner)]));
    }
    const key = JSON.stringify(made);
    if (key.length >= WORTH) {
      keys.set(made, key);
      const known = seen.get(key);
      if (known === undefined) seen.set(key, { count: 1, part: -1 });
      else known.count++;
    }
    return made;
  };
  const visited = visit(charts);
  const parts: unknown[] = [];
  const refer = (value: unknown): unknown => {
    if (value === null || typeof value !== "object") return value;
    const known = seen.get(keys.get(value) ?? "");
    if (known !== undefined && known.part >= 0) return { $part: known.part };
    const made = Array.isArray(value)
      ? value.map(refer)
      : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, refer(inner)]));
    if (known === undefined || known.count < 2) return made;
    known.part = parts.length;
    parts.push(made);
    return { $part: known.part };
  };
  return { parts, charts: refer(visited) as PackedCharts["charts"] };
}

/** `[x, y, x, y, …]` of points that hold just those two numbers. */
function flatPoints(list: readonly unknown[]): { readonly $xy: readonly number[] } | undefined {
  if (list.length < 2) return undefined;
  const flat: number[] = [];
  for (const item of list) {
    if (item === null || typeof item !== "object" || Array.isArray(item)) return undefined;
    const { x, y } = item as { readonly x?: unknown; readonly y?: unknown };
    if (typeof x !== "number" || typeof y !== "number" || Object.keys(item).length !== 2) return undefined;
    flat.push(x, y);
  }
  return { $xy: flat };
}

/** The configuration of one panel as it was; every call makes new objects. */
export function unpackCharts(packed: PackedCharts, id: string, panel: number): unknown {
  const open = (value: unknown): unknown => {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(open);
    const given = value as { readonly $part?: number; readonly $xy?: readonly number[] };
    if (given.$part !== undefined) return open(packed.parts[given.$part]);
    if (given.$xy !== undefined) {
      const points: unknown[] = [];
      for (let i = 0; i < given.$xy.length; i += 2) points.push({ x: given.$xy[i], y: given.$xy[i + 1] });
      return points;
    }
    const out: Record<string, unknown> = {};
    for (const key of Object.keys(value)) out[key] = open((value as Record<string, unknown>)[key]);
    return out;
  };
  const panels = packed.charts[id];
  return panels === undefined ? undefined : open(panels[panel]);
}
