/**
 * `faults.split.at`: a dotted path goes through a list by the ids of its items. An id that is not there must be told; to
 * make an item of it would be to schedule half a fault, to pass it over would be to run another experiment than asked.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import { idOf, nodeAt, type LocatedMap, type Place } from "./located";
import type { Problems } from "./problems";

/** Whether `path` can be set; false after telling why not. Paths that go through no list always can. */
export function checkItem(tree: LocatedMap, path: readonly string[], at: Place, problems: Problems): boolean {
  if (path[0] !== "faults" || path.length === 1) return true;
  const faults = nodeAt(tree, ["faults"]);
  // `{random: {…}}` is a map like any other, and `random` short for it.
  const drawn =
    faults === undefined || faults.kind === "map" || (faults.kind === "scalar" && faults.value === "random");
  if (path[1] === "random" && drawn) return true;
  if (nodeAt(tree, path.slice(0, 2)) !== undefined) return true;
  const ids = faults?.kind === "list" ? faults.items.flatMap((item) => idOf(item) ?? []) : [];
  const near = nearest(path[1], ids);
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : ids.length === 0
        ? "no fault has an id"
        : `the faults are ${ids.join(", ")}`;
  problems.error(at, `${path.join(".")}: there is no fault "${path[1]}"; ${hint}`, near);
  return false;
}
