/**
 * How a load reaches the cluster that is ours: over the binary protocol or over HTTP, from whichever process. Both are told of the
 * same things (who serves, which ring, who is cut off, where nodes have moved), each in its own terms.
 */
import type { PartitionRule } from "../engine/host/faults";
import { Client } from "../engine/real/client";
import type { NodeAddress } from "../engine/real/tcp-transport";
import type { Ring } from "../engine/ring/ring";
import type { RingMaker } from "../engine/ring/ring-maker";
import type { ClusterSettings } from "../engine/vocabulary/settings";
import type { TargetName } from "../results/record/capabilities";
import { LOAD_CONCURRENCY } from "../workloads/loader";
import type { WorkloadSettings } from "../workloads/settings";
import { EngineTarget } from "../workloads/targets/engine";
import { EngineHttpTarget } from "../workloads/targets/engine-http";
import type { HttpAddress } from "../workloads/targets/riak-http";
import type { Target } from "../workloads/targets/target";
import { CLIENT_GRACE_MS } from "./trial";
import { loadClientOptions, timestampsOf, type WallBase } from "./trial-load";

/** How clients of a load reach the nodes, as far as they are told what becomes of these. */
export interface LoadLink {
  serves(node: number, on: boolean): void;
  ringChanged(ring: Ring): void;
  partitioned(partitions: readonly PartitionRule[]): void;
  /** Where nodes are now: over the binary protocol, and over HTTP where they speak it. */
  moved(addresses: readonly NodeAddress[], fronts: readonly HttpAddress[]): void;
  takeDelayLatenessP99Ms(): number;
  close(): void;
}

export interface Reached {
  readonly target: Target;
  readonly link: LoadLink;
}

export interface ReachOptions {
  /** The engine where left out. */
  readonly target: TargetName | undefined;
  readonly cluster: ClusterSettings;
  readonly addresses: readonly NodeAddress[];
  readonly fronts: readonly HttpAddress[];
  readonly rings: RingMaker;
  readonly workload: WorkloadSettings;
  readonly wall: WallBase;
  /** Which of the load's drivers this is for. */
  readonly number?: number;
}

/** Rejects when no node can be reached. */
export function reach(options: ReachOptions): Promise<Reached> {
  return options.target === "engine-http" ? overHttp(options) : overBinary(options);
}

async function overBinary({ cluster, addresses, rings, workload, wall, number }: ReachOptions): Promise<Reached> {
  const numbered = number === undefined ? {} : { number };
  const client = await Client.open(loadClientOptions({ cluster, addresses, rings, workload, ...numbered }));
  return { target: new EngineTarget(client, timestampsOf(cluster, wall)), link: client };
}

async function overHttp({ cluster, fronts, rings, workload }: ReachOptions): Promise<Reached> {
  const target = await EngineHttpTarget.open({
    ...{ cluster, fronts, ring: rings.of(rings.first), shaped: true, graceMs: CLIENT_GRACE_MS },
    routing: workload.routing === "token-aware" ? "token-aware" : "any",
    returnBody: returnsBody(workload),
    limits: { connections: connectionsToEach(workload) },
  });
  return { target, link: linkOverHttp(target) };
}

/** Over HTTP nodes are elsewhere than over the binary protocol. */
export function linkOverHttp(target: EngineHttpTarget): LoadLink {
  return {
    serves: (node, on) => target.serves(node, on),
    ringChanged: (ring) => target.ringChanged(ring),
    partitioned: (partitions) => target.partitioned(partitions),
    moved: (_, fronts) => target.moved(fronts),
    takeDelayLatenessP99Ms: () => target.takeDelayLatenessP99Ms(),
    close: () => void target.close(),
  };
}

/** Whether puts over HTTP bring back what stands after them: sessions that go on with it have no other way to learn it. */
export function returnsBody({ context }: WorkloadSettings): boolean {
  return context === "session";
}

/** As many as requests may be under way at one node, within reason. */
export function connectionsToEach({ load, maxOutstanding }: WorkloadSettings): number {
  const together = load.model === "closed" ? load.clients : Math.max(load.clients, maxOutstanding);
  return Math.min(MOST_CONNECTIONS, Math.max(LOAD_CONCURRENCY, together));
}

const MOST_CONNECTIONS = 256;

/** Those of the cluster's nodes. */
export function httpAddresses(fronts: readonly { readonly http: number }[]): readonly HttpAddress[] {
  return fronts.map(({ http }) => ({ host: "127.0.0.1", port: http }));
}
