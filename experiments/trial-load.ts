/**
 * Whoever makes the load of a trial on processes: a driver in this process, or several in processes of their own. The trial
 * tells it what it needs to know of the cluster, takes its records as one history in order of completion, and gives its own
 * readings of the nodes their place in it.
 */
import type { ClientOptions } from "../engine/real/client";
import type { PartitionRule } from "../engine/host/faults";
import { monotonicMicros } from "../engine/real/monotonic";
import { type ProcessCounts, ProcessWatch } from "../engine/real/process-watch";
import type { NodeAddress } from "../engine/real/tcp-transport";
import type { RingPlan } from "../engine/ring/plan";
import type { RingMaker } from "../engine/ring/ring-maker";
import type { Micros } from "../engine/vocabulary/micros";
import type { ClusterSettings } from "../engine/vocabulary/settings";
import { ClientTimestamps } from "../engine/vocabulary/wall-error";
import type { SecondOpinion } from "../results/record/figures";
import type { OperationRecord, Phase } from "../results/record/history";
import type { RecorderBacklog } from "../results/statistics/validity";
import type { Driver } from "../workloads/driver";
import type { LoadSource } from "../workloads/driver-group";
import { driveInRealTime } from "../workloads/real-time";
import type { WorkloadSettings } from "../workloads/settings";
import type { HttpAddress } from "../workloads/targets/riak-http";
import type { Target } from "../workloads/targets/target";
import type { WrittenKeys } from "./inspector";
import type { LoadLink } from "./load-target";
import { RecorderWatch } from "./recorder-watch";
import { CLIENT_GRACE_MS } from "./trial";

export interface TrialLoad extends LoadSource, WrittenKeys {
  readonly phase: Phase;
  serves(node: number, on: boolean): void;
  ringChanged(plan: RingPlan): void;
  partitioned(partitions: readonly PartitionRule[]): void;
  /** Where nodes are now: over the binary protocol, and over HTTP where they speak it. */
  moved(addresses: readonly NodeAddress[], fronts: readonly HttpAddress[]): void;
  /** What a load generator that is not ours counted by itself, beside our count of the same; absent where there is none. */
  secondOpinion?(): SecondOpinion | undefined;
  /** Resolves when all is done and recorded, or the signal fired. */
  run(options: {
    /** In order of completion. */
    readonly record: (record: OperationRecord) => void;
    readonly turned: () => void;
    readonly signal: AbortSignal;
  }): Promise<void>;
  /** Acts when everything that has ended by now is recorded. */
  inOrder(act: () => void): void;
  /** What its processes have cost so far; a span of their own counts begins. */
  reading(): Promise<LoadReading>;
  /** Ended operations that waited for the recorder; undefined where they wait in order with what else is recorded. */
  backlog(): RecorderBacklog | undefined;
  /** How far times of its processes may be apart, as measured; undefined where there is one. */
  readonly timeErrorMs: number | undefined;
  close(): void;
}

export interface LoadReading {
  /** Of the delays that its clients inject, since the reading before. */
  readonly latenessP99Ms: number;
  /** Of processes beside this one. */
  readonly cpuMs: number;
  /** Of each process that sends. */
  readonly processes: readonly ProcessCounts[];
}

/** What clients of the load are opened with, in whichever process. */
export function loadClientOptions(options: {
  readonly cluster: ClusterSettings;
  readonly addresses: readonly NodeAddress[];
  readonly rings: RingMaker;
  readonly workload: WorkloadSettings;
  readonly number?: number;
}): ClientOptions {
  const { cluster, addresses, rings, workload, number } = options;
  const { routing, membershipPollMs: pollMs } = workload;
  return {
    ...{ cluster, addresses, rings, routing },
    ring: rings.of(rings.first),
    ...(pollMs === undefined ? {} : { pollMs }),
    ...(number === undefined ? {} : { number }),
    connectionsPerNode: 1,
    shaped: true,
    graceMs: CLIENT_GRACE_MS,
  };
}

/** When a trial's wall times begin. */
export interface WallBase {
  readonly since: Micros;
  /** Wall time less monotonic time. */
  readonly offset: Micros;
}

export function wallBase(): WallBase {
  const since = monotonicMicros();
  return { since, offset: Date.now() * 1_000 - since };
}

/** Wall times that clients give their writes, each as wrong as its session's machine; none where nobody asks for them. */
export function timestampsOf(
  settings: ClusterSettings,
  { since, offset }: WallBase,
): ((session: number) => number) | undefined {
  if (settings.engine.timestamps !== "client") return undefined;
  const timestamps = new ClientTimestamps(settings);
  return (session) => {
    const now = monotonicMicros();
    return timestamps.next(session, now + offset, now - since);
  };
}

/** One driver, in this very process. */
export class OwnLoad implements TrialLoad {
  readonly timeErrorMs = undefined;
  private readonly watch = new ProcessWatch();
  private readonly recorder = new RecorderWatch(monotonicMicros);

  constructor(
    private readonly driver: Driver,
    private readonly target: Target,
    private readonly client: LoadLink,
    private readonly rings: RingMaker,
  ) {}

  get phase(): Phase {
    return this.driver.phase;
  }

  get phaseStarts(): Driver["phaseStarts"] {
    return this.driver.phaseStarts;
  }

  get keysWritten(): Driver["keysWritten"] {
    return this.driver.keysWritten;
  }

  writesInFlight(key: string): boolean {
    return this.driver.writesInFlight(key);
  }

  lastWriteActivity(key: string): Micros {
    return this.driver.lastWriteActivity(key);
  }

  progress(): ReturnType<Driver["progress"]> {
    return this.driver.progress();
  }

  done(): boolean {
    return this.driver.done();
  }

  serves(node: number, on: boolean): void {
    this.client.serves(node, on);
  }

  ringChanged(plan: RingPlan): void {
    this.client.ringChanged(this.rings.of(plan));
  }

  partitioned(partitions: readonly PartitionRule[]): void {
    this.client.partitioned(partitions);
  }

  moved(...where: Parameters<LoadLink["moved"]>): void {
    this.client.moved(...where);
  }

  run({ record, turned, signal }: Parameters<TrialLoad["run"]>[0]): Promise<void> {
    return driveInRealTime({
      driver: this.driver,
      target: this.target,
      now: monotonicMicros,
      record: (one) => {
        this.recorder.takes(one);
        record(one);
      },
      turned: () => {
        this.recorder.turned();
        turned();
      },
      signal,
    });
  }

  inOrder(act: () => void): void {
    act();
  }

  reading(): Promise<LoadReading> {
    const counts = this.watch.counts();
    this.watch.startSpan();
    return Promise.resolve({
      latenessP99Ms: this.client.takeDelayLatenessP99Ms(),
      cpuMs: 0,
      processes: [counts],
    });
  }

  backlog(): RecorderBacklog {
    return this.recorder.backlog();
  }

  close(): void {
    this.watch.stop();
    this.client.close();
  }
}
