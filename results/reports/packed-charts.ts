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

/** A value that was met, all its equals with it. */
interface Seen {
  readonly name: string;
  /** Characters of its JSON; of an empty list or object one too few, which is far from worth a reference. */
  readonly length: number;
  count: number;
  part: number;
}

interface Visited {
  readonly made: unknown;
  /** What it is called within what holds it; undefined for what JSON leaves out. */
  readonly name: string | undefined;
  readonly length: number;
}

export function packCharts(charts: Readonly<Record<string, readonly unknown[]>>): PackedCharts {
  const seen = new Map<string, Seen>();
  const known = new Map<unknown, Seen>();
  /** By what a part holds: parts within it stand as their numbers, so that no text is made of them again at every level above. */
  const met = (key: string, length: number): Seen => {
    let found = seen.get(key);
    if (found === undefined) seen.set(key, (found = { name: `#${seen.size}`, length, count: 0, part: -1 }));
    return found;
  };
  /** With points flat; counts how often each object occurs. */
  const visit = (value: unknown): Visited => {
    if (value === null || typeof value !== "object") {
      const text = JSON.stringify(value) as string | undefined;
      return { made: value, name: text, length: text?.length ?? 0 };
    }
    let made: unknown;
    let key: string;
    let length: number;
    if (Array.isArray(value)) {
      const flat = flatPoints(value);
      if (flat !== undefined) {
        const text = JSON.stringify(flat);
        return { made: flat, ...met(text, text.length) };
      }
      const items = value.map(visit);
      made = items.map((item) => item.made);
      key = `[${items.map(({ name }) => name ?? "null").join(",")}]`;
      length = 1 + items.reduce((sum, item) => sum + 1 + (item.name === undefined ? 4 : item.length), 0);
    } else {
      const fields: [string, unknown][] = [];
      const names: string[] = [];
      length = 1;
      for (const [field, inner] of Object.entries(value)) {
        const item = visit(inner);
        fields.push([field, item.made]);
        if (item.name === undefined) continue;
        const quoted = JSON.stringify(field);
        names.push(`${quoted}:${item.name}`);
        length += quoted.length + 2 + item.length;
      }
      made = Object.fromEntries(fields);
      key = `{${names.join(",")}}`;
    }
    const found = met(key, length);
    if (length >= WORTH) {
      found.count++;
      known.set(made, found);
    }
    return { made, name: found.name, length };
  };
  const visited = visit(charts).made;
  const parts: unknown[] = [];
  const refer = (value: unknown): unknown => {
    if (value === null || typeof value !== "object") return value;
    const found = known.get(value);
    if (found !== undefined && found.part >= 0) return { $part: found.part };
    const made = Array.isArray(value)
      ? value.map(refer)
      : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, refer(inner)]));
    if (found === undefined || found.count < 2) return made;
    found.part = parts.length;
    parts.push(made);
    return { $part: found.part };
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
  // The panels of two charts may be alike, and then are a part themselves.
  let panels: unknown = packed.charts[id];
  while (panels !== undefined && !Array.isArray(panels))
    panels = packed.parts[(panels as { readonly $part: number }).$part];
  return panels === undefined ? undefined : open((panels as readonly unknown[])[panel]);
}
