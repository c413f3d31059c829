/**
 * `faults.split.at`: a dotted path goes through a list by the ids of its items. An id that is not there must be told; to
 * make an item of it would be to schedule half a fault, to pass it over would be to run another experiment than asked.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import { idOf, nodeAt, type LocatedMap, type Place } from "./located";
import type { Problems } from "./problems";

/** Whether `path` can be set; false after telling why not. Paths that go through no list always can. */
export function checkItem(tree: LocatedMap, path: readonly string[], at: Place, problems: Problems): boolean {
  const what = WITH_IDS.get(path[0]);
  if (what === undefined || path.length === 1) return true;
  const items = nodeAt(tree, path.slice(0, 1));
  // `{random: {…}}` is a map like any other, and `random` short for it.
  const drawn = items === undefined || items.kind === "map" || (items.kind === "scalar" && items.value === "random");
  if (path[0] === "faults" && path[1] === "random" && drawn) return true;
  if (nodeAt(tree, path.slice(0, 2)) !== undefined) return true;
  const ids = items?.kind === "list" ? items.items.flatMap((item) => idOf(item) ?? []) : [];
  const near = nearest(path[1], ids);
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : ids.length === 0
        ? `no ${what} has an id`
        : `the ${path[0] === "slos" ? "objectives" : path[0]} are ${ids.join(", ")}`;
  problems.error(at, `${path.join(".")}: there is no ${what} "${path[1]}"; ${hint}`, near);
  return false;
}

/** Lists of the experiment whose items have ids, and what an item is. */
const WITH_IDS: ReadonlyMap<string, string> = new Map([
  ["faults", "fault"],
  ["slos", "objective"],
  ["hypotheses", "hypothesis"],
]);
