/**
 * `world: [simulation, processes]` is an axis like any other: the list is moved to `sweep.axes.world` before the sweep is
 * spread, as the last axis, so that the two worlds of one configuration stand beside each other. A file that names one
 * world has no such axis, and its cells keep the names they had.
 */
import type { World } from "./experiment";
import { nodeAt, removeAt, setAt, written, type Located, type LocatedMap } from "./located";
import type { Problems } from "./problems";
import type { Combination } from "./sweep";

/** The tree with a list of worlds as an axis; `listed` when there was one. */
export function spreadWorlds(
  tree: LocatedMap,
  problems: Problems,
): { readonly tree: LocatedMap; readonly listed: boolean } {
  const entry = tree.entries.get("world");
  if (entry?.node.kind !== "list") return { tree, listed: false };
  const { node, keyAt } = entry;
  if (nodeAt(tree, ["sweep", "axes", "world"]) !== undefined) {
    problems.error(node.at, "world is a list here and an axis in sweep.axes; keep one of them");
  } else if (node.items.length === 0) {
    problems.error(node.at, "world is an empty list; allowed: simulation, processes, or both");
  } else if (node.items.length === 1) {
    return { tree: setAt(tree, ["world"], node.items[0], keyAt), listed: false };
  } else if (isMapOrAbsent(nodeAt(tree, ["sweep"])) && isMapOrAbsent(nodeAt(tree, ["sweep", "axes"]))) {
    return { tree: setAt(removeAt(tree, ["world"]), ["sweep", "axes", "world"], node, keyAt), listed: true };
  }
  return { tree: removeAt(tree, ["world"]), listed: false };
}

function isMapOrAbsent(node: Located | undefined): boolean {
  return node === undefined || node.kind === "map";
}

/** The worlds that the cells name, each once. */
export function worldsOf(tree: LocatedMap, combinations: readonly Combination[]): ReadonlySet<World> {
  const base = nodeAt(tree, ["world"]);
  const worlds = combinations.map((combination) => combination.find(({ axis }) => axis === "world")?.value ?? base);
  return new Set(
    worlds.map((node) => (node !== undefined && written(node) === "processes" ? "processes" : "simulation")),
  );
}
