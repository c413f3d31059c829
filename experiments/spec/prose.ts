/**
 * The parts of an experiment that say why it is done: tags, citations, published values (hypotheses stand in
 * `objectives.ts`). They change no
 * number, but a wrong key in them is told like any other.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import { parseRatio } from "../../engine/vocabulary/quantities";
import { printWritten } from "../../engine/vocabulary/value-kinds";
import type { PublishedValue } from "../../results/record/run-folder";
import { describeMetric, METRICS } from "../../results/record/metrics";
import { meaningOf } from "./keys";
import { nodeAt, written, type Located, type LocatedMap, type Place } from "./located";
import type { Problems } from "./problems";

/** The items of a list of maps at `key`; anything else is told. */
export function records(
  tree: LocatedMap,
  key: string,
  known: readonly string[],
  problems: Problems,
): readonly LocatedMap[] {
  const node = nodeAt(tree, key.split("."));
  if (node === undefined) return [];
  if (node.kind !== "list") {
    problems.error(node.at, `${key} is no list; write ${key}: [{${known.join(": …, ")}: …}]`);
    return [];
  }
  const maps: LocatedMap[] = [];
  node.items.forEach((item, i) => {
    if (item.kind !== "map") {
      problems.error(item.at, `${key}.${i} is no map; it has ${known.join(", ")}`);
      return;
    }
    maps.push(item);
    for (const [name, entry] of item.entries) {
      if (known.includes(name)) continue;
      const near = nearest(name, known);
      problems.error(
        entry.keyAt,
        `unknown key "${name}" in ${key}; ${near === undefined ? `known: ${known.join(", ")}` : `did you mean "${near}"?`}`,
        near,
      );
    }
  });
  return maps;
}

/** A text that must be there. */
export function textOf(map: LocatedMap, key: string, what: string, problems: Problems): string {
  const node = map.entries.get(key)?.node;
  if (node?.kind === "scalar" && (typeof node.value === "string" || typeof node.value === "number"))
    return String(node.value).trim();
  problems.error(
    node?.at ?? map.at,
    node === undefined ? `${what} lacks ${key}` : `${what}.${key} is ${printWritten(written(node))}; allowed: text`,
  );
  return "";
}

export function readTags(tree: LocatedMap, problems: Problems): Readonly<Record<string, string>> {
  const node = nodeAt(tree, ["tags"]);
  if (node === undefined) return {};
  if (node.kind !== "map") {
    problems.error(node.at, "tags is no map; write tags: {paper: section-4}");
    return {};
  }
  const tags: [string, string][] = [];
  for (const [name, entry] of node.entries) {
    if (entry.node.kind === "scalar" && entry.node.value !== null) tags.push([name, String(entry.node.value)]);
    else
      problems.error(
        entry.node.at,
        `tags.${name} is ${printWritten(written(entry.node))}; a tag is one word or number`,
      );
  }
  return Object.fromEntries(tags);
}

export function readCitations(tree: LocatedMap, problems: Problems): readonly string[] {
  const node = nodeAt(tree, ["citations"]);
  if (node === undefined) return [];
  if (node.kind === "list" && node.items.every((item) => item.kind === "scalar" && typeof item.value === "string")) {
    return node.items.flatMap((item) => (item.kind === "scalar" ? [String(item.value)] : []));
  }
  problems.error(node.at, "citations is no list of keys; write citations: [decandia2007dynamo]");
  return [];
}

export function readPublished(tree: LocatedMap, problems: Problems): readonly PublishedValue[] {
  const maps = records(
    tree,
    "published",
    ["metric", "where", "relative_to", "value", "source", "tolerance", "within", "at_most"],
    problems,
  );
  return maps.map((map) => {
    const value = numberOf(map, "value", problems);
    const optional = (key: string): number | undefined =>
      map.entries.has(key) ? numberOf(map, key, problems) : undefined;
    const [tolerance, within, atMost] = [optional("tolerance"), optional("within"), optional("at_most")];
    if (tolerance !== undefined && within !== undefined)
      problems.error(
        map.at,
        "published has both tolerance, relative to the value, and within, in its own unit; keep one",
      );
    if (atMost !== undefined && (tolerance !== undefined || within !== undefined))
      problems.error(map.at, "published has at_most, a bound, and a tolerance too; keep one");
    if (atMost !== undefined && atMost < value)
      problems.error(map.at, "published has at_most below its value: what was published would not be inside");
    return {
      metric: metricOf(map, "published", "metric", problems),
      where: whereOf(map, "where", problems),
      ...(map.entries.has("relative_to") ? { relativeTo: whereOf(map, "relative_to", problems) } : {}),
      value,
      source: textOf(map, "source", "published", problems),
      tolerance: tolerance ?? (within === undefined ? 0 : value === 0 ? within : within / Math.abs(value)),
      ...(within === undefined ? {} : { within }),
      ...(atMost === undefined ? {} : { atMost }),
    };
  });
}

/** The name of a metric in `key` of an item. */
export function metricOf(map: LocatedMap, what: string, key: string, problems: Problems): string {
  const name = textOf(map, key, what, problems);
  if (name !== "") checkMetric(name, map.entries.get(key)!.node.at, `${what}.${key}`, problems);
  return name;
}

/** Tells where `name` is no metric. */
export function checkMetric(name: string, at: Place, what: string, problems: Problems): boolean {
  if (describeMetric(name) !== undefined) return true;
  const near = nearest(
    name,
    METRICS.map((metric) => metric.name),
  );
  const hint = near === undefined ? "quorumlab list metrics tells them" : `did you mean "${near}"?`;
  problems.error(at, `${what} is "${name}", which is no metric; ${hint}`, near);
  return false;
}

function numberOf(map: LocatedMap, key: string, problems: Problems): number {
  const node: Located | undefined = map.entries.get(key)?.node;
  const value = node?.kind === "scalar" ? parseRatio(node.value) : undefined;
  if (value === undefined)
    problems.error(
      node?.at ?? map.at,
      `published ${node === undefined ? "lacks" : "has no number in"} ${key}; write a number or a percentage`,
    );
  return value ?? 0;
}

function whereOf(map: LocatedMap, key: "where" | "relative_to", problems: Problems): PublishedValue["where"] {
  const node = map.entries.get(key)?.node;
  if (node === undefined) return {};
  const where: [string, string | number | boolean][] = [];
  if (node.kind !== "map") problems.error(node.at, `published.${key} is no map of axis values, such as {r: 1, w: 1}`);
  else {
    for (const [axis, entry] of node.entries) {
      if (entry.node.kind === "scalar" && entry.node.value !== null) where.push([axis, entry.node.value]);
      else problems.error(entry.node.at, `published.${key}.${axis} is no single value`);
    }
  }
  return Object.fromEntries(where);
}

/** Profiles are checked as far as their shape goes; what they say is checked where they are applied. */
export function checkProfiles(tree: LocatedMap, problems: Problems): readonly string[] {
  const node = nodeAt(tree, ["profiles"]);
  if (node === undefined) return [];
  if (node.kind !== "map") {
    problems.error(node.at, "profiles is no map; write profiles: {smoke: {repetitions: {count: 1}}}");
    return [];
  }
  for (const [name, entry] of node.entries) {
    if (entry.node.kind !== "map") problems.error(entry.node.at, `profiles.${name} is no map of keys`);
    else {
      for (const [key, inner] of entry.node.entries) {
        if (["profiles", "schema", "name", "extends"].includes(key))
          problems.error(inner.keyAt, `a profile cannot set ${key}`);
        else if (meaningOf(key.split(".")[0]).kind === "unknown")
          problems.error(inner.keyAt, `unknown key "${key}" in profiles.${name}`);
      }
    }
  }
  return [...node.entries.keys()];
}
