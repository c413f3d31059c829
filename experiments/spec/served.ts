/**
 * The one configuration of an experiment that `quorumlab serve` starts. An experiment has as many as its sweep makes; a
 * cluster to talk to has one: the baseline, where the sweep names it, else the values outside the sweep, and whatever the
 * flags say over both. What is about a run and not about a cluster (faults, objectives, measures) is left out before
 * anything is checked, and so a file whose hypotheses are wrong can still be served.
 */
import type { Cell, Experiment, Problem } from "./experiment";
import { axisKey } from "./keys";
import { layersOf } from "./layers";
import { nodeAt, toJson, written, type LocatedMap } from "./located";
import { applySets } from "./overlay";
import { Problems } from "./problems";
import { findBaseline, resolveExperiment, type ResolveRequest } from "./resolve";
import { expandSweep } from "./sweep";
import { spreadWorlds } from "./worlds";

export interface Served {
  readonly experiment: Experiment;
  readonly cell: Cell;
  /** What the sweep would vary and `-S` does not decide. */
  readonly axes: readonly string[];
  /** `key=value` of those that its baseline decides and `-S` does not, as they can be typed; empty without one. */
  readonly baseline: readonly string[];
  /** The file has faults, which nobody injects. */
  readonly faults: boolean;
}

export type ServedResolution =
  { readonly ok: true; readonly served: Served } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Of a run; no part of a cluster that is served. */
const OF_A_RUN = [
  ..."workload phases faults measure repetitions hypotheses slos published analysis report budget".split(" "),
];
/** Stands for whoever will come: it is never made, and nothing that is checked depends on it. */
const NO_LOAD = ["workload.model=open", "workload.rate=1/s"];
/** Whose cluster is ours. */
const OURS = ["engine", "engine-http", "autocannon"];

export function resolveServed(request: Omit<ResolveRequest, "only">): ServedResolution {
  const { sets = [] } = request;
  const problems = new Problems(request.path);
  const refused = (): ServedResolution => ({ ok: false, problems: problems.sorted() });
  const read = layersOf({ ...request, sets: [] }, problems);
  if (read === undefined) return refused();
  let { tree } = spreadWorlds(read.layers[read.layers.length - 1].tree, problems);
  const sweep = expandSweep(tree, problems);
  const named = findBaseline(tree, sweep, problems);
  if (problems.hasErrors) return refused();
  const baseline = (named ?? [])
    .filter(({ axis }) => axisKey(axis) !== "world")
    .map(({ axis, value }) => `${axis}=${JSON.stringify(toJson(written(value)))}`);
  const hasFaults = nodeAt(tree, ["faults"]) !== undefined;
  tree = applySets(tree, [...baseline, ...sets], problems);
  refuseOtherStores(tree, problems);
  if (problems.hasErrors) return refused();

  // As a cell of both worlds: what belongs to the simulation alone is then a warning, where it would be an error.
  const last = [
    "sweep=",
    ...OF_A_RUN.map((key) => `${key}=`),
    "target=",
    "hosts=",
    NO_LOAD,
    "world=[processes, simulation]",
  ].flat();
  const resolution = resolveExperiment({ ...request, sets: [...baseline, ...sets, ...last] });
  if (!resolution.ok) return resolution;
  const { experiment } = resolution;
  const cell = experiment.cells.find(({ world }) => world === "processes");
  if (cell === undefined) throw new Error("the cell on processes is missing");
  const varied = sweep.axisKeys.filter((key) => axisKey(key) !== "world");
  const left = { axes: others(varied, sets), baseline: others(baseline, sets) };
  return { ok: true, served: { experiment, cell, ...left, faults: hasFaults } };
}

/** Those of `keys`, each with or without its `=value`, that no flag sets. */
function others(keys: readonly string[], sets: readonly string[]): readonly string[] {
  const keyOf = (text: string): string => axisKey(text.split("=", 1)[0].trim());
  const set = new Set(sets.map(keyOf));
  return keys.filter((key) => !set.has(keyOf(key)));
}

function refuseOtherStores(tree: LocatedMap, problems: Problems): void {
  const node = nodeAt(tree, ["target"]);
  // What is no name is told when the cell is resolved.
  if (node?.kind !== "scalar" || typeof node.value !== "string" || OURS.includes(node.value)) return;
  problems.error(
    node.at,
    `target is ${node.value}, a store of somebody else, which runs or does not whatever quorumlab does; ` +
      "serve starts the engine's nodes: use -S target=engine",
  );
}
