/**
 * A simulated cluster as a world of durability: the same load, faults and check as on real processes, in virtual time.
 * Waiting lets virtual time go by, so nothing here takes longer than its events do.
 */
import type { Inspected } from "../../engine/messages";
import { SimulatedCluster } from "../../engine/sim/cluster";
import { scheduleFaults } from "../../engine/sim/faults";
import type { FaultSettings } from "../../engine/vocabulary/faults";
import { fromMs, MICROS_PER_MS } from "../../engine/vocabulary/micros";
import type { NodeFactory } from "../../engine/sim/machine";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import type { DurableWorld } from "../process/durability";
import type { Field } from "./rounds";
import { drawSettings, endOf, type Soaked } from "./scenario";

export interface Simulated extends DurableWorld {
  faults(faults: readonly FaultSettings[]): void;
}

export function simulationOf(settings: ClusterSettings, create?: NodeFactory): Simulated {
  const cluster = new SimulatedCluster({ cluster: settings, ...(create === undefined ? {} : { create }) });
  const client = cluster.client({ routing: "any", graceMs: 100 });
  const advance = (ms: number): void => {
    const until = cluster.now() + Math.max(1, Math.round(fromMs(ms)));
    // Time goes on even where nothing happens.
    cluster.at(until, () => undefined);
    cluster.run(until);
  };
  advance(cluster.ready / MICROS_PER_MS);
  return {
    name: "simulation",
    settings,
    ring: cluster.ring,
    nowMs: () => cluster.now() / MICROS_PER_MS,
    get: (session, key, options, done) => client.get(session, key, options, done),
    put: (session, key, context, version, options, done) => client.put(session, key, context, version, options, done),
    outstanding: () => client.outstanding(),
    later: (ms, act) => void cluster.at(cluster.now() + Math.round(fromMs(ms)), act),
    pass: (ms) => {
      advance(ms);
      return Promise.resolve();
    },
    inspect: (node, vnodes, keys) => {
      let seen: Inspected | undefined;
      let ended = false;
      cluster.inspect(node, vnodes, keys, (inspected) => {
        seen = inspected;
        ended = true;
      });
      while (!ended) advance(1);
      return Promise.resolve(seen);
    },
    hintsHeld: () => {
      const all = settings.members.map((_, node) => cluster.counts(node)?.hintsHeld ?? 0);
      return Promise.resolve(all.reduce((sum, held) => sum + held, 0));
    },
    faults: (faults) => void scheduleFaults(cluster, faults, cluster.now()),
  };
}

/** The cluster that a seed draws, on a model of a machine; `create` may plant a bug in its nodes. */
export function simulatedField(soaked: Soaked, create?: NodeFactory, syncMs = 1): Field {
  const settings = drawSettings(soaked);
  const exponential = (meanMs: number) => ({ dist: "exponential", meanMs, shiftMs: 0 }) as const;
  const network = { ...settings.network, intraZone: exponential(0.3), client: exponential(0.2) };
  const service = {
    message: exponential(0.05),
    read: exponential(0.05),
    write: exponential(0.05),
    sync: exponential(syncMs),
  };
  const nodeModel = { service, workers: 1, queueLimit: 10_000 };
  const world = simulationOf({ ...settings, network, nodeModel }, create);
  return {
    world,
    faults: async (round) => {
      world.faults(round.faults);
      await world.pass(endOf(round));
    },
  };
}
