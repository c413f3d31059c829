/**
 * `faults:` as settings: a list of faults, `none`, `random`, or `{random: {…}}`. What each kind takes stands in one table
 * (`engine/vocabulary/rows/fault-kinds.ts`); this file reads it, resolves the short names of nodes (`b1`, the first of
 * zone b) and tells everything wrong at once. A fault that hurts nobody because its node is misspelt would be the worst
 * outcome: the experiment would show that the store survives it.
 */
import type { FaultSettings, RandomFaultsSettings } from "../../engine/vocabulary/faults";
import { printWritten } from "../../engine/vocabulary/value-kinds";
import type { PhaseSettings } from "./experiment";
import { FaultReader, type FaultTime, type Surroundings } from "./fault-reader";
import { idOf, nodeAt, placeOf, written, type LocatedMap } from "./located";
import { MOST_FAULTS, readRandomFaults } from "./random-faults";

/** A fault and where it was written, for checks that compare faults. */
export interface ReadFault {
  /** Of one that comes again, the first. */
  readonly settings: FaultSettings;
  /** All that happen, in order. */
  readonly occurrences: readonly FaultSettings[];
  readonly node: LocatedMap;
}

/** The time of a fault in which something else is wrong. */
export interface TimedFault {
  readonly time: FaultTime;
  readonly node: LocatedMap;
}

export type ReadFaults =
  | { readonly kind: "list"; readonly faults: readonly ReadFault[]; readonly times: readonly TimedFault[] }
  | { readonly kind: "random"; readonly settings: RandomFaultsSettings };

/** Where they are wrong themselves: any time lies within them. */
const ANY_PHASES: PhaseSettings = { warmupMs: 0, measureMs: Infinity, drainMs: 0 };

/** What `faults:` of this tree says; faults with a mistake are told and left out. */
export function readFaults(tree: LocatedMap, known: PhaseSettings | undefined, around: Surroundings): ReadFaults {
  const node = nodeAt(tree, ["faults"]);
  const phases = known ?? ANY_PHASES;
  const none: ReadFaults = { kind: "list", faults: [], times: [] };
  if (node === undefined || (node.kind === "scalar" && node.value === "none")) return none;
  if (node.kind === "scalar" && node.value === "random")
    return { kind: "random", settings: readRandomFaults(undefined, phases, around) };
  if (node.kind === "map") {
    const inner = node.entries.get("random")?.node;
    for (const [key, entry] of node.entries) {
      if (key !== "random")
        around.problems.error(
          entry.keyAt,
          `unknown key "${key}" in faults; as a map it has random alone, else it is a list of faults`,
        );
    }
    if (inner?.kind === "map") return { kind: "random", settings: readRandomFaults(inner, phases, around) };
    if (inner !== undefined || node.entries.size === 0)
      around.problems.error(node.at, "faults.random is no map; write {random: {count: 5}} or faults: random");
    return none;
  }
  if (node.kind !== "list") {
    around.problems.error(
      node.at,
      `faults is ${printWritten(written(node))}; allowed: none, random, or a list of faults`,
    );
    return none;
  }
  if (node.items.length > MOST_FAULTS) {
    around.problems.error(node.at, `faults has ${node.items.length} items; allowed: at most ${MOST_FAULTS}`);
    return none;
  }
  const faults: ReadFault[] = [];
  const times: TimedFault[] = [];
  const ids = new Map<string, number>();
  node.items.forEach((item, i) => {
    if (item.kind !== "map") {
      around.problems.error(item.at, `faults.${i} is no map; write {id: split, kind: partition, at: 5s, for: 10s, …}`);
      return;
    }
    const id = idOf(item);
    const earlier = id === undefined ? undefined : ids.get(id);
    if (earlier !== undefined)
      around.problems.error(
        placeOf(item, ["id"], "value"),
        `faults.${i} has the id "${id}" of faults.${earlier}; ids name lanes in charts and keys, one each`,
      );
    else if (id !== undefined) ids.set(id, i);
    const reader = new FaultReader(item, i, around);
    const settings = reader.read();
    const end = phases.warmupMs + phases.measureMs + phases.drainMs;
    const occurrences = settings === undefined ? [] : reader.occurrences(settings, end);
    if (settings !== undefined && occurrences.length > 0) faults.push({ settings, occurrences, node: item });
    if (reader.time !== undefined) times.push({ time: reader.time, node: item });
  });
  for (const { time, node: item } of times) {
    const other = idOf(item) === undefined ? ids.get(time.id) : undefined;
    if (other !== undefined)
      around.problems.error(
        item.at,
        `a fault without id is called ${time.id}, which is the id of faults.${other}; give one of them another id`,
      );
  }
  return { kind: "list", faults, times };
}
