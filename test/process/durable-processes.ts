/**
 * A live cluster of processes as a world of durability: one client that partitions reach, for the load, and one that none
 * does, for looking into nodes. Clients learn where nodes are whenever one came up again.
 */
import type { FaultSettings } from "../../engine/vocabulary/faults";
import { NOBODY } from "../../engine/messages";
import type { Client, Routing } from "../../engine/real/client";
import { type RunningRealFaults, scheduleFaults } from "../../engine/real/faults";
import { monotonicMicros } from "../../engine/real/monotonic";
import type { DurableWorld } from "./durability";
import type { LiveCluster } from "./live-cluster";

export interface Processes extends DurableWorld {
  /** Starts a node that was killed, and tells clients where it is. */
  revive(node: number): Promise<void>;
  /** Faults whose times count from now. */
  faults(faults: readonly FaultSettings[], failed: (why: string) => void): RunningRealFaults;
}

export async function processesOf(live: LiveCluster, routing: Routing = "any"): Promise<Processes> {
  const client: Client = await live.client({ routing, graceMs: 100 });
  const observer: Client = await live.client();
  const moved = (): void => [client, observer].forEach((one) => one.moved(live.cluster.addresses()));
  return {
    name: "processes",
    settings: live.settings,
    ring: live.ring,
    nowMs: () => performance.now(),
    get: (session, key, options, done) => client.get(key, options, done, session),
    put: (session, key, context, version, options, done) =>
      client.put(key, context, version, options, done, { ...NOBODY, client: session }, session),
    outstanding: () => client.outstanding(),
    later: (ms, act) => void setTimeout(act, ms),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    inspect: (node, vnodes, keys) => observer.inspect(node, vnodes, keys, 3_000),
    hintsHeld: async () => {
      let held = 0;
      for (const counts of await live.cluster.counts()) {
        if (counts === undefined) return undefined;
        held += counts.hintsHeld;
      }
      return held;
    },
    revive: async (node) => {
      await live.cluster.revive(node);
      moved();
    },
    faults: (faults, failed) =>
      scheduleFaults({
        cluster: live.cluster,
        faults,
        origin: monotonicMicros(),
        failed,
        partitioned: (partitions) => client.partitioned(partitions),
        revived: moved,
      }),
  };
}
