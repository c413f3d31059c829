/**
 * What a world cannot do. Virtual time has no processors to pin; real processes have no service times to set. Where the
 * experiment runs on processes alone, asking for such a thing is a mistake; where it compares both worlds, it is a part
 * of the comparison that processes ignore, and the cell carries that as a warning.
 */
import { MAX_PROCESSES } from "../../engine/vocabulary/structures";
import { TUNABLES } from "../../engine/vocabulary/tunables";
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import { hasMean } from "../../engine/vocabulary/written-distributions";
import { distributionOf } from "../../engine/vocabulary/distributions";
import { MICROS_PER_MS } from "../../engine/vocabulary/micros";
import { formatDuration } from "../../engine/vocabulary/quantities";
import type { World } from "./experiment";
import type { Place } from "./located";
import type { Problems } from "./problems";
import type { Values } from "./values";

export type Warn = (at: Place, message: string) => void;

/** `worlds` are those of the whole experiment; `nodes` the size of this cell's cluster. */
export function checkWorld(
  values: Values,
  nodes: number | undefined,
  worlds: ReadonlySet<World>,
  warn: Warn,
  problems: Problems,
): void {
  const world = values.text("world");
  for (const row of TUNABLES) {
    if (row.world === undefined || row.world === world || !values.given(row.key) || !values.sound(row.key)) continue;
    // A value that switches nothing on.
    if (String(values.printed(row.key)) === row.default) continue;
    onlyInWorld(row.key, row.world, values.place(row.key), worlds, warn, problems);
  }
  if (values.text("tunables.detector.name") === "perfect" && world === "processes") {
    problems.error(
      values.place("tunables.detector.name"),
      "tunables.detector.name perfect exists only in world: simulation, where the world knows who is up; processes have all others",
    );
  }
  if (world === "processes" && nodes !== undefined && nodes > MAX_PROCESSES) {
    const key = values.given("cluster.nodes") ? "cluster.nodes" : "cluster.zones";
    problems.error(
      values.place(key),
      `the cluster has ${nodes} nodes; as processes at most ${MAX_PROCESSES} are allowed, in world: simulation 5000`,
    );
  }
}

/** `what` is written and belongs to another world than the cell's. */
export function onlyInWorld(
  what: string,
  world: World,
  at: Place,
  worlds: ReadonlySet<World>,
  warn: Warn,
  problems: Problems,
): void {
  if (worlds.size > 1) {
    const others = world === "simulation" ? "cells on processes ignore it" : "simulated cells ignore it";
    warn(at, `${what} has an effect only in world: ${world}; ${others}`);
  } else if (world === "simulation" && what.startsWith("node_model.")) {
    // A model stands for a machine: where there is a real one, it is not needed. What it left out is seen there.
    warn(at, `${what} is the simulation's model of a machine; real processes cost what they cost`);
  } else if (world === "simulation") {
    problems.error(
      at,
      `${what} works only in world: simulation; on real processes with a later version (say world: simulation, or leave it out)`,
    );
  } else {
    warn(at, `${what} has no effect in world: simulation; it belongs to processes`);
  }
}

/** Where a sum or a rate over many draws is what counts. */
const NEED_A_MEAN = [
  "workload.think",
  "workload.probe.after",
  "node_model.service.message",
  "node_model.service.read",
  "node_model.service.write",
  "node_model.service.sync",
  "node_model.pauses.every",
  "node_model.pauses.length",
];
const SHORTEST_MEAN_BETWEEN_PAUSES_MS = 1;

export function checkDistributions(values: Values, warn: Warn, problems: Problems): void {
  for (const key of NEED_A_MEAN) {
    const settings = values.get(key) as DistributionSettings | undefined;
    if (settings === undefined || hasMean(settings)) continue;
    warn(
      values.place(key),
      `${key} has no mean (a pareto with alpha of 1 or less): the longer the run, the longer the longest draw, and averages never settle`,
    );
  }
  if (!values.sound("node_model.pauses.every", "node_model.pauses.length")) return;
  const every = values.get("node_model.pauses.every") as DistributionSettings | undefined;
  const length = values.get("node_model.pauses.length") as DistributionSettings | undefined;
  if ((every === undefined) !== (length === undefined)) {
    const [have, lack] = every === undefined ? ["length", "every"] : ["every", "length"];
    problems.error(
      values.place(`node_model.pauses.${have}`),
      `node_model.pauses.${have} needs node_model.pauses.${lack} beside it`,
    );
  }
  const mean = every === undefined ? undefined : distributionOf(every).meanMicros;
  if (mean !== undefined && mean < SHORTEST_MEAN_BETWEEN_PAUSES_MS * MICROS_PER_MS) {
    problems.error(
      values.place("node_model.pauses.every"),
      `node_model.pauses.every has a mean of ${formatDuration(mean / MICROS_PER_MS)}; allowed: at least ${SHORTEST_MEAN_BETWEEN_PAUSES_MS}ms`,
    );
  }
}
