/**
 * One trial in virtual time: the same driver, the same fold and the same final inspection as on processes, around a
 * simulated cluster. What happens is a function of the cell and the seed alone; the program only looks up from it now and
 * then, to show progress and to notice an interruption, and that changes nothing. So the final inspection is an event of
 * the simulation like any other: asked for whenever the program next looked up, it would find a cluster that had gone on
 * repairing itself for as long as the events between two looks last.
 */
import "../engine/real/native-octets";
import { type Clock, clockFor } from "../engine/clocks/clock";
import { POSITIONS } from "../engine/ring/hash";
import { SimulatedCluster, type SimulationOptions } from "../engine/sim/cluster";
import { type RunningFaults, randomFaults, scheduleFaults } from "../engine/sim/faults";
import type { FaultSettings } from "../engine/vocabulary/faults";
import { LegHistograms } from "../engine/vocabulary/leg-delays";
import { fromMs, MICROS_PER_SECOND, type Micros } from "../engine/vocabulary/micros";
import { Random } from "../engine/vocabulary/random";
import type { ClusterSettings } from "../engine/vocabulary/settings";
import { type Address, encodeAddress } from "../engine/vocabulary/address";
import type { FaultSpan } from "../results/measures/fault-times";
import { TrialFold } from "../results/measures/fold";
import type { ReplicaStore } from "../results/measures/true-window";
import type { DetectionEvent } from "../results/record/detection";
import type { RingView } from "../results/record/membership";
import type { FaultLane, LegDelays } from "../results/record/figures";
import type { NodeCounters, OperationRecord } from "../results/record/history";
import { type CounterSample, repairBetween, repairOf, requestsOf } from "../results/record/repair-counters";
import type { TraceEvent, TraceHeader } from "../results/record/trace";
import { DriverGroup, type LoadSource } from "../workloads/driver-group";
import type { Workload } from "../workloads/operation";
import { SimulatedTarget } from "../workloads/targets/simulated";
import { driverOfShare, driversOf, operationId } from "../workloads/shares";
import { driveInVirtualTime } from "../workloads/virtual-time";
import { followedPair, scaleOf, watchDetection } from "./detection-watch";
import { withRecorded } from "./recorded-operations";
import { drawnRings } from "./drawn-rings";
import { floodingStudy } from "./flooding-study";
import { Inspector } from "./inspector";
import type { PlannedTrial } from "./plan";
import type { Phase } from "./run-types";
import { TraceRecorder, type TraceWindow } from "./trace-recorder";
import { TraceWindows } from "./trace-windows";
import {
  CLIENT_GRACE_MS,
  faultLanes,
  offeredBy,
  ringFigure,
  TrialFailed,
  type TrialOptions,
  type TrialOutput,
  weightsOf,
} from "./trial";

/** Virtual time beyond the phases' own length before a trial is given up: the store no longer answers. */
const PATIENCE: Micros = 120 * MICROS_PER_SECOND;
/** Events between two looks at the outside world: some tens of milliseconds. */
const EVENTS_A_TURN = 20_000;
const PROGRESS_EVERY_MS = 200;
/** Between two looks at a level of suspicion, at least. */
const DOUBT_EVERY: Micros = 20_000;
/** Keys whose primaries are remembered. */
const MOST_PLACES = 100_000;

/** Rejects with {@link TrialFailed} or, when the signal fired, resolves to undefined. */
export async function runInSimulation(options: TrialOptions): Promise<TrialOutput | undefined> {
  const began = performance.now();
  const { trial, signal } = options;
  const { cell } = trial;
  const fold = new TrialFold({
    intervalMs: cell.measure.intervalMs,
    percentiles: cell.measure.percentiles,
    slowMs: cell.measure.slowMs,
    latencyLog: options.latencyLog,
  });
  const traced = traceWindowsOf(trial);
  const simulated = new SimulatedTrial(
    trial,
    {
      begun: (phases) => {
        fold.begin(phases);
        options.begun?.(phases);
      },
      record: (record) => {
        fold.operation(record);
        options.record?.(record);
        traced?.watcher.operation(record);
      },
      snapshot: (snapshot) => fold.snapshot(snapshot),
      faults: (spans) => fold.watchFaults(spans),
      counters: (sample) => fold.counters(sample),
      stored: (store) => fold.stored(store),
      detection: (event) => fold.detection(event),
      view: (view) => fold.view(view),
    },
    traced === undefined ? {} : { watcher: traced.watcher },
    options.workload,
  );
  if (traced !== undefined) traced.running.trial = simulated;
  if (!(await carryThrough(simulated, options))) return undefined;
  if (signal.aborted) return undefined;
  const { driver, cluster } = simulated;
  fold.endMeasure(driver.phaseStarts.drain);
  const { ring, settings } = cluster;
  const ended = driver.progress();
  const ofRings = drawnRings(cell, trial.seed);
  const flooding = floodingStudy(cell, trial.seed);
  const result = fold.finish({
    counters: simulated.countersOfMeasure(),
    weights: weightsOf(settings),
    ringShares: Object.fromEntries(
      ring.replicaShare(settings.engine.nVal).map((share, i) => [settings.members[i].id, share]),
    ),
    ring: ringFigure(ring, settings, [...driver.keysWritten][0]),
    ...(ofRings === undefined ? {} : { drawnRings: ofRings }),
    ...(flooding === undefined ? {} : { flooding }),
    calibration: null,
    world: "simulation",
    ...offeredBy(cell.workload.load, cell.phases, ended.measured.due),
    dropped: ended.measured.dropped,
    operations: ended.measured,
    integrity: ended.integrity,
    stepsLeft: ended.stepsLeft,
    identities: ended.identities,
    ...(ended.merges === undefined ? {} : { merges: ended.merges }),
    ...(ended.listings === undefined ? {} : { listings: ended.listings }),
    ...(trial.claims === undefined ? {} : { claims: trial.claims }),
  });
  const { digest } = cluster;
  const { drawnFaults } = simulated;
  return {
    ...result,
    ...(drawnFaults === undefined ? {} : { drawnFaults }),
    ...(traced === undefined ? {} : { traces: traced.finish() }),
    figures: { ...result.figures, faults: simulated.lanes(), legs: simulated.legs() },
    simulation: {
      digest: digest.hex(),
      events: digest.events,
      every: digest.every,
      checkpoints: digest.checkpoints,
      virtualSeconds: cluster.now() / MICROS_PER_SECOND,
      wallSeconds: (performance.now() - began) / 1_000,
    },
  };
}

/** Runs a trial to its end, looking up now and then. False when it was interrupted. */
export async function carryThrough(simulated: SimulatedTrial, options: TrialOptions): Promise<boolean> {
  const { phases } = options.trial.cell;
  const totalMs = phases.warmupMs + phases.measureMs + phases.drainMs;
  let shown = -Infinity;
  while (!simulated.over) {
    simulated.advance(EVENTS_A_TURN);
    if (performance.now() - shown < PROGRESS_EVERY_MS) continue;
    shown = performance.now();
    const { phase, operations } = simulated.driver.progress();
    const name: Phase = phase === "load" ? "preload" : phase;
    options.progress(name, simulated.sinceWarmupMs, totalMs, operations);
    // A signal is only seen when the program's own loop gets a turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (options.signal.aborted) return false;
  }
  return true;
}

export interface TrialListener {
  readonly begun: (phases: {
    readonly startOfWarmup: Micros;
    readonly startOfMeasure: Micros;
    readonly endOfMeasure: Micros;
  }) => void;
  readonly record: (record: OperationRecord) => void;
  readonly snapshot: (snapshot: Parameters<TrialFold["snapshot"]>[0]) => void;
  /** Once, when the warm-up begins: where to look up the faults so far. */
  readonly faults?: (spans: () => readonly FaultSpan[]) => void;
  readonly counters?: (sample: CounterSample) => void;
  /** A primary stores something, from the start of the warm-up on. */
  readonly stored?: (store: ReplicaStore) => void;
  /** Opinions of failure detectors, and what is so; from the start of the cluster on. */
  readonly detection?: (event: DetectionEvent) => void;
  /** A node goes by another state of the ring; from the start of the cluster on. */
  readonly view?: (view: RingView) => void;
}

/** A simulated cluster, its drivers and its faults, wired together and ready to run. */
export class SimulatedTrial {
  readonly cluster: SimulatedCluster;
  readonly driver: LoadSource;
  private readonly clock: Clock;
  private readonly inspector: Inspector;
  private readonly primaries = new Map<Address, readonly number[]>();
  private nextCounters: Micros = Infinity;
  private nextDoubt: Micros = 0;
  private readonly legHistograms = new LegHistograms();
  private measuring = false;
  private faults: RunningFaults | undefined;
  private drawn: readonly FaultSettings[] | undefined;
  /** Whose level is sampled. */
  private pair: ReturnType<typeof followedPair>;
  private warmup: Micros = Infinity;
  private atStart: readonly (NodeCounters | undefined)[] = [];
  private atEnd: readonly (NodeCounters | undefined)[] = [];
  private inspected = false;
  private finalAsked = false;
  private deadline: Micros = Infinity;

  constructor(
    private readonly trial: PlannedTrial,
    private readonly listener: TrialListener,
    watched: Pick<SimulationOptions, "watcher" | "create" | "observe"> = {},
    made: (own: Workload) => Workload = (own) => own,
  ) {
    const { cell, seed } = trial;
    const settings: ClusterSettings = { ...cell.cluster, name: trial.id, seed };
    const root = Random.fromSeed(seed);
    this.clock = clockFor(settings.engine);
    listener.detection?.({ kind: "nodes", ids: settings.members.map(({ id }) => id) });
    const scale = scaleOf(settings.engine.detector);
    if (scale !== undefined) listener.detection?.({ kind: "scale", ...scale });
    const cluster = new SimulatedCluster({
      cluster: settings,
      leg: (leg, micros) => {
        if (this.measuring) this.legHistograms.record(leg, micros);
      },
      ...(listener.stored === undefined
        ? {}
        : {
            stored: (at, node, vnode, address, state) => {
              if (this.warmup !== Infinity) this.stored(at, placeNumber(node, vnode), address, state);
            },
          }),
      ...(listener.detection === undefined ? {} : { detection: watchDetection(listener.detection) }),
      ...(listener.view === undefined ? {} : { viewed: listener.view }),
      ...watched,
    });
    this.cluster = cluster;
    cluster.run(cluster.ready);
    const load = withRecorded(cell.workload);
    const of = driversOf(load);
    const drivers = Array.from({ length: of }, (_, index) =>
      driverOfShare({ settings: load, turn: { index, of }, root, phases: cell.phases, start: cluster.now(), made }),
    );
    const group = of === 1 ? undefined : new DriverGroup(drivers);
    const driver = group ?? drivers[0];
    this.driver = driver;
    this.inspector = new Inspector({
      now: () => cluster.now(),
      ask: (node, vnodes, addresses, done) => cluster.inspect(node, vnodes, addresses, done),
      ring: () => cluster.ring,
      nVal: settings.engine.nVal,
      driver,
      seed,
      sample: cell.measure.divergenceScan?.keys ?? 0,
      hints: settings.engine.standIn !== undefined,
    });
    const drives = drivers.map((one, index) =>
      driveInVirtualTime({
        driver: one,
        target: new SimulatedTarget(
          cluster.client({
            routing: load.routing,
            graceMs: CLIENT_GRACE_MS,
            ...(load.membershipPollMs === undefined ? {} : { pollMs: load.membershipPollMs }),
          }),
        ),
        world: { now: () => cluster.now(), at: (time, act) => void cluster.at(time, act) },
        record: (record) => {
          this.begin();
          listener.record(of === 1 ? record : { ...record, id: operationId(record.id, { index, of }) });
          this.countNow(false);
          this.doubtNow();
        },
        turned: () => {
          if (group?.releaseWhenLoaded(cluster.now()) === true) for (const drive of drives) drive.told();
          this.begin();
          this.end();
        },
      }),
    );
    // Where nothing is loaded.
    if (group?.releaseWhenLoaded(cluster.now()) === true) for (const drive of drives) drive.told();
    this.begin();
  }

  /** Everything has happened, the final inspection included. */
  get over(): boolean {
    return this.inspected;
  }

  /** Virtual milliseconds since the start of the warm-up; 0 before. */
  get sinceWarmupMs(): number {
    return this.warmup === Infinity ? 0 : Math.max(0, (this.cluster.now() - this.warmup) / 1_000);
  }

  /** Virtual time; Infinity before it begins. */
  get startOfWarmup(): Micros {
    const { warmup, drain } = this.driver.phaseStarts;
    return drain === Infinity ? Infinity : warmup;
  }

  /** Works off so many events. Throws {@link TrialFailed} when the store no longer answers. */
  advance(events: number): void {
    const { cluster } = this;
    const end = cluster.run(this.deadline, events);
    if (this.inspected) return;
    if (end === "quiet") throw new TrialFailed("nothing is left to happen, and the trial is not over");
    if (end === "until") throw new TrialFailed("it did not end in time: the store stopped answering");
  }

  /** Before any record of the warm-up is told, and also where the warm-up is over before anybody looked. */
  private begin(): void {
    const { warmup, measure, drain } = this.driver.phaseStarts;
    if (this.warmup !== Infinity || drain === Infinity) return;
    this.warmup = warmup;
    const { cluster, trial, listener } = this;
    const { phases, faults, measure: measures } = trial.cell;
    this.deadline = drain + fromMs(phases.drainMs) + PATIENCE;
    listener.begun({ startOfWarmup: warmup, startOfMeasure: measure, endOfMeasure: drain });
    const now = cluster.now();
    if ("count" in faults)
      this.drawn = randomFaults(faults, cluster.settings, Random.fromSeed(trial.seed).fork("faults"));
    this.pair = followedPair(this.drawn ?? ("count" in faults ? [] : faults), cluster.settings.members);
    this.faults = scheduleFaults(cluster, "count" in faults ? (this.drawn ?? []) : faults, warmup);
    listener.faults?.(() =>
      (this.faults?.occurrences() ?? []).map(({ id, fromMicros, toMicros }) => ({
        id,
        from: fromMicros,
        to: toMicros,
      })),
    );
    this.nextCounters = now;
    this.countNow(true);
    cluster.at(Math.max(now, measure), () => {
      this.measuring = true;
      this.atStart = this.read();
      this.countNow(true);
    });
    cluster.at(Math.max(now, drain), () => {
      this.measuring = false;
      this.atEnd = this.read();
      this.countNow(true);
    });
    const scan = measures.divergenceScan;
    if (scan === undefined) return;
    const every = fromMs(scan.everyMs);
    const end = drain + fromMs(phases.drainMs);
    const look = (at: Micros): void => {
      if (at >= end) return;
      cluster.at(at, () => {
        this.countNow(false);
        this.inspector.sample((snapshot) => snapshot !== undefined && listener.snapshot(snapshot));
        look(at + every);
      });
    };
    look(Math.max(now, warmup));
  }

  /** When the load is over, the whole store is looked at, and with the last answer the trial is over. */
  private end(): void {
    const { cluster } = this;
    if (this.finalAsked || !this.driver.done()) return;
    this.finalAsked = true;
    // A run that its operations ended is over before the instant that had been set.
    if (this.atEnd.length === 0) {
      this.measuring = false;
      this.atEnd = this.read();
    }
    cluster.at(cluster.now(), () => {
      this.countNow(true);
      this.listener.detection?.({ kind: "end", at: cluster.now() });
      this.inspector.final((snapshot) => {
        this.inspected = true;
        this.listener.snapshot(snapshot);
        cluster.stop();
      });
    });
  }

  /**
   * Tells all nodes' totals, about once an interval. No event of its own: what is only looked at must not change what
   * happens, nor the digest, so it is done where something happens anyway.
   */
  private countNow(whatever: boolean): void {
    const { listener, cluster } = this;
    const now = cluster.now();
    if (listener.counters === undefined || (!whatever && now < this.nextCounters)) return;
    this.nextCounters = now + fromMs(this.trial.cell.measure.intervalMs);
    const told = this.read().flatMap((one) => (one === undefined ? [] : { ...one, requests: requestsOf(one) }));
    listener.counters({ at: now, nodes: told });
  }

  /** How much the pair that the chart follows doubts: often, because levels rise and fall with every heartbeat. Not an event either. */
  private doubtNow(): void {
    const { pair, cluster, listener } = this;
    const now = cluster.now();
    if (listener.detection === undefined || pair === undefined || now < this.nextDoubt) return;
    this.nextDoubt = now + Math.max(DOUBT_EVERY, fromMs(this.trial.cell.measure.intervalMs) / 10);
    const level = cluster.doubt(pair.observer, pair.subject);
    if (level !== undefined) listener.detection({ kind: "level", at: now, ...pair, level });
  }

  private stored(at: Micros, place: number, address: Address, state: unknown): void {
    const { cluster, primaries } = this;
    let places = primaries.get(address);
    if (places === undefined) {
      if (primaries.size >= MOST_PLACES || cluster.settings.engine.membership !== undefined) primaries.clear();
      const list = cluster.ring.preferenceList(address, cluster.settings.engine.nVal);
      primaries.set(address, (places = list.map(({ node, vnode }) => placeNumber(node, vnode))));
    }
    const replica = places.indexOf(place);
    if (replica < 0) return;
    const versions = state === undefined ? [] : this.clock.versions(state).map(({ writeId }) => writeId);
    this.listener.stored?.({ at, replica, replicas: places.length, versions });
  }

  /** Every node's work in the measured phase; empty when a node never started. */
  countersOfMeasure(): readonly NodeCounters[] {
    const { atStart, atEnd } = this;
    const all = atEnd.map((to, i) => {
      const from = atStart[i];
      if (from === undefined || to === undefined) return undefined;
      return {
        ...to,
        coordinated: to.coordinated - from.coordinated,
        coordinatedGets: (to.coordinatedGets ?? 0) - (from.coordinatedGets ?? 0),
        forwarded: (to.forwarded ?? 0) - (from.forwarded ?? 0),
        replicaReads: to.replicaReads - from.replicaReads,
        replicaWrites: to.replicaWrites - from.replicaWrites,
        coordinatedScans: (to.coordinatedScans ?? 0) - (from.coordinatedScans ?? 0),
        replicaScans: (to.replicaScans ?? 0) - (from.replicaScans ?? 0),
        rangeRecords: (to.rangeRecords ?? 0) - (from.rangeRecords ?? 0),
        readRepairs: to.readRepairs - from.readRepairs,
        messagesSent: to.messagesSent - from.messagesSent,
        bytesSent: to.bytesSent - from.bytesSent,
        refused: to.refused - from.refused,
        lost: to.lost - from.lost,
        queueDrops: to.queueDrops - from.queueDrops,
        ...repairBetween(from, to),
      };
    });
    return all.every((one) => one !== undefined) ? all : [];
  }

  private read(): readonly (NodeCounters | undefined)[] {
    const { cluster } = this;
    return cluster.settings.members.map(({ id }, i) => {
      const counts = cluster.counts(i);
      if (counts === undefined) return undefined;
      const { coordinated, coordinatedGets, forwarded, replicaReads, replicaWrites } = counts;
      const { coordinatedScans, replicaScans, rangeRecords } = counts;
      const { readRepairs, messagesSent, bytesSent, refused, keysHeld } = counts;
      return {
        node: id,
        coordinated,
        coordinatedGets,
        forwarded,
        replicaReads,
        replicaWrites,
        coordinatedScans,
        replicaScans,
        rangeRecords,
        readRepairs,
        messagesSent,
        bytesSent,
        refused,
        keysHeld,
        // The network's, not a node's: counted once.
        lost: i === 0 ? cluster.network.lost : 0,
        queueDrops: counts.queueDrops,
        delayLatenessP99Ms: 0,
        cpuMs: NaN,
        rssBytes: NaN,
        ...repairOf(counts),
      };
    });
  }

  /** What `faults: random` drew from the seed; undefined where faults are listed. */
  get drawnFaults(): readonly FaultSettings[] | undefined {
    return this.drawn;
  }

  /** Faults as they really began and ended. */
  lanes(): readonly FaultLane[] {
    return faultLanes(this.faults?.occurrences() ?? [], this.warmup);
  }

  /** One-way delays of the measured phase, from the protocol's sending to the node's receiving. */
  legs(): LegDelays {
    return {
      ...this.legHistograms.toQuantiles(),
      how: "one-way delays of every message in the measured phase, in virtual time, from sending to delivery",
    };
  }
}

function placeNumber(node: number, vnode: number): number {
  return node * 0x10000 + vnode;
}

/**
 * What happened in a window of a trial, message by message: the trial is run again with somebody watching. Undefined when
 * it was interrupted.
 */
export async function traceTrial(
  trial: PlannedTrial,
  window: TraceWindow,
  signal: AbortSignal,
  progress: TrialOptions["progress"] = () => undefined,
): Promise<{ readonly header: TraceHeader; readonly events: readonly TraceEvent[] } | undefined> {
  const settings: ClusterSettings = { ...trial.cell.cluster, name: trial.id, seed: trial.seed };
  // Nothing of the warm-up happens before the trial is made.
  const running: { trial?: SimulatedTrial } = {};
  const recorder = new TraceRecorder(settings, window, () => running.trial?.startOfWarmup ?? Infinity);
  const simulated = new SimulatedTrial(
    trial,
    {
      begun: () => undefined,
      record: (record) => recorder.operation(record),
      snapshot: () => undefined,
    },
    { watcher: recorder },
  );
  running.trial = simulated;
  const options: TrialOptions = { trial, signal, progress, log: () => undefined };
  if (!(await carryThrough(simulated, options))) return undefined;
  return finishTrace(simulated, trial, recorder, window);
}

/** What was recorded of a trial that has ended. */
function finishTrace(
  simulated: SimulatedTrial,
  trial: PlannedTrial,
  recorder: TraceRecorder,
  window: TraceWindow,
): { readonly header: TraceHeader; readonly events: readonly TraceEvent[] } {
  const { startOfWarmup: warmup } = simulated;
  const { ring, settings } = simulated.cluster;
  const nameOf = (node: number): string => settings.members[node].id;
  const replicas = new Map<string, readonly string[]>();
  for (const [key, { name }] of simulated.driver.keysWritten) {
    replicas.set(
      key,
      ring.preferenceList(encodeAddress(name), settings.engine.nVal).map(({ node }) => nameOf(node)),
    );
  }
  const events = recorder.finish((key) => replicas.get(key) ?? []);
  return {
    header: {
      schema: "quorumlab/trace@1",
      trial: trial.id,
      cell: trial.cell.id,
      nodes: settings.members.map(({ id, zone }) => ({ id, zone })),
      tokens: ring.tokens().map(({ at, node }) => ({ at: at / POSITIONS, node: nameOf(node) })),
      warmupMicros: warmup,
      fromMicros: warmup + window.fromMicros,
      toMicros: Math.min(warmup + window.toMicros, simulated.cluster.now()),
      dropped: recorder.dropped,
    },
    events,
  };
}

/** Recorders of the cell's `measure.raw.trace_windows`; undefined where there are none. */
function traceWindowsOf(trial: PlannedTrial):
  | {
      readonly watcher: TraceWindows;
      readonly running: { trial?: SimulatedTrial };
      readonly finish: () => NonNullable<TrialOutput["traces"]>;
    }
  | undefined {
  const windows = trial.cell.measure.traceWindows ?? [];
  if (windows.length === 0) return undefined;
  const settings: ClusterSettings = { ...trial.cell.cluster, name: trial.id, seed: trial.seed };
  const running: { trial?: SimulatedTrial } = {};
  const recorded = windows.map((window) => {
    const within = { fromMicros: fromMs(window.fromMs), toMicros: fromMs(window.toMs), maxEvents: MOST_TRACED };
    const recorder = new TraceRecorder(settings, within, () => running.trial?.startOfWarmup ?? Infinity);
    return { window, within, recorder };
  });
  return {
    watcher: new TraceWindows(recorded.map(({ recorder }) => recorder)),
    running,
    finish: () =>
      recorded.map(({ window, within, recorder }) => ({
        window,
        trace: finishTrace(running.trial!, trial, recorder, within),
      })),
  };
}

/** Events kept of one window. */
const MOST_TRACED = 200_000;
