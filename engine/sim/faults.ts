/**
 * Faults in virtual time: each begins and ends through an event of the queue, so they stand in the digest like anything
 * else that happens. What a fault does and how several compose is the same in both worlds and stands in the host's room;
 * here it is carried out on a {@link SimulatedCluster}.
 */
import type { OperatorVerb } from "../io";
import { type DiskCondition, Faults, type FaultWorld, type LinkRule, type PartitionRule } from "../host/faults";
import { NO_REQUESTS, Overload, type OverloadStream } from "../host/overload";
import type { FaultOccurrence, FaultSettings, OverloadCounts } from "../vocabulary/faults";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { MemberSettings } from "../vocabulary/settings";
import type { SimulatedCluster } from "./cluster";
import type { EventHandle } from "./event-queue";
import { OUTSIDER } from "./network";

export { randomFaults } from "../host/random-faults";

export interface RunningFaults {
  /** What really happened so far, in order of beginning; what has not ended yet has no end. */
  occurrences(): readonly FaultOccurrence[];
}

/**
 * From now on the faults happen to the cluster. Their times count from `origin`, the start of the warm-up, which must not
 * lie in the past. Nodes they name must exist (checked where the experiment is read; unknown ones are nobody).
 */
export function scheduleFaults(
  cluster: SimulatedCluster,
  faults: readonly FaultSettings[],
  origin: Micros,
): RunningFaults {
  const running = new Faults(
    new SimulatedFaultWorld(cluster),
    () => cluster.now(),
    ({ id, action }, phase, what) => cluster.watcher?.fault(cluster.now(), id, phase, `${action.kind} ${what}`),
  );
  // Beginnings first: where one fault ends as another begins, a node that both hold down does not start in between.
  for (const fault of faults) cluster.at(origin + fromMs(fault.atMs), () => running.begin(fault));
  for (const fault of faults) {
    if (fault.forMs !== undefined) cluster.at(origin + fromMs(fault.atMs + fault.forMs), () => running.end(fault));
  }
  return running;
}

class SimulatedFaultWorld implements FaultWorld {
  readonly members: readonly MemberSettings[];
  /** By node: what faults have made of its wall time. */
  private readonly offsets: Micros[];
  private readonly own: readonly number[];
  /** Where anybody is overloaded. */
  private flood: Overload | undefined;
  private flooding: { readonly handle: EventHandle; readonly at: Micros } | undefined;

  constructor(private readonly cluster: SimulatedCluster) {
    this.members = cluster.settings.members;
    this.offsets = this.members.map(() => 0);
    this.own = cluster.machines.map(({ driftPpm }) => driftPpm);
  }

  kill(node: number): void {
    this.cluster.kill(node);
  }

  start(node: number): void {
    this.cluster.boot(node);
  }

  wipe(node: number): void {
    this.cluster.machines[node].wipe();
  }

  pause(node: number): void {
    this.cluster.pause(node);
  }

  resume(node: number): void {
    this.cluster.resume(node);
  }

  links(rules: readonly LinkRule[]): void {
    this.cluster.setRules(rules);
  }

  partitions(partitions: readonly PartitionRule[]): void {
    this.cluster.setPartitions(partitions);
  }

  slowNode(node: number, factor: number): void {
    this.cluster.machines[node].slowness = factor;
  }

  disk(node: number, condition: DiskCondition): void {
    this.cluster.machines[node].disk?.suffer(condition);
  }

  corrupt(node: number, share: number): void {
    this.cluster.machines[node].disk?.corrupt(share);
  }

  wall(node: number, offset: Micros, ppm: number): void {
    this.cluster.machines[node].setWall(offset - this.offsets[node], this.own[node] + ppm);
    this.offsets[node] = offset;
  }

  overload(node: number, streams: readonly OverloadStream[]): void {
    this.flood ??= this.makeFlood();
    this.flood.set(node, streams, this.cluster.now());
    this.flow();
  }

  operate(node: number, verb: OperatorVerb): void {
    this.cluster.operate(node, verb);
  }

  requestsOf(fault: string): OverloadCounts {
    return this.flood?.requestsOf(fault) ?? NO_REQUESTS;
  }

  private makeFlood(): Overload {
    const { cluster } = this;
    const client = cluster.client({ routing: "any", graceMs: OVERLOAD_GRACE_MS, direct: true });
    return new Overload({
      ring: cluster.ring,
      nVal: cluster.settings.engine.nVal,
      seed: cluster.settings.seed,
      get: (node, address, done) => client.get(OUTSIDER, address, undefined, ({ outcome }) => done(outcome), node),
    });
  }

  /** One event a request that is due, as for any other client. */
  private flow(): void {
    const { cluster, flood, flooding } = this;
    const at = flood?.nextWakeup();
    if (flooding?.at === at) return;
    if (flooding !== undefined) cluster.cancel(flooding.handle);
    this.flooding = undefined;
    if (flood === undefined || at === undefined) return;
    const handle = cluster.at(Math.max(at, cluster.now()), () => {
      this.flooding = undefined;
      flood.wake(cluster.now());
      this.flow();
    });
    this.flooding = { handle, at };
  }
}

/** A client gives up so long after the store's own timeout. */
const OVERLOAD_GRACE_MS = 500;
