/**
 * One trial on real processes: a cluster is started, loaded, warmed up, measured and left to drain while its clients'
 * history is folded into figures; at the end every replica is inspected and every process is gone, whatever happened.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../engine/real/client";
import { RealCluster } from "../engine/real/cluster";
import type { ServerCounts } from "../engine/real/control";
import { type RunningRealFaults, scheduleFaults } from "../engine/real/faults";
import { Flood, overloads } from "../engine/real/flood";
import type { DetectionWatch } from "../engine/host/detection-watch";
import { randomFaults } from "../engine/host/random-faults";
import { monotonicMicros } from "../engine/real/monotonic";
import type { ProcessCounts } from "../engine/real/process-watch";
import { pinThisProcess, type Placement, place } from "../engine/real/placement";
import { compareRingIds, NO_RING } from "../engine/membership/ring-ids";
import { RingMaker } from "../engine/ring/ring-maker";
import { type FaultSettings, OF_MEMBERSHIP } from "../engine/vocabulary/faults";
import { LegHistograms } from "../engine/vocabulary/leg-delays";
import { Random } from "../engine/vocabulary/random";
import type { Micros } from "../engine/vocabulary/micros";
import type { ClusterSettings } from "../engine/vocabulary/settings";
import { TrialFold } from "../results/measures/fold";
import type { DetectionEvent } from "../results/record/detection";
import type { LegDelays } from "../results/record/figures";
import type { NodeCounters, ProcessTimes } from "../results/record/history";
import { type NodeTotals, repairBetween, repairOf, requestsOf } from "../results/record/repair-counters";
import { doubtOfEndedLives } from "../results/statistics/validity";
import type { WorkloadSettings } from "../workloads/settings";
import { driverOfShare, driversOf } from "../workloads/shares";
import { AutocannonLoad } from "./autocannon-load";
import { calibrationOf, clockStepMs, nullRoundTrips, outsideLoad, readCpu, timerLags } from "./calibration";
import { watchDetection } from "./detection-watch";
import { drawnRings } from "./drawn-rings";
import { floodingStudy } from "./flooding-study";
import { Inspector } from "./inspector";
import { LoadProcesses } from "./load-processes";
import { loadAverage } from "./provenance";
import { withRecorded } from "./recorded-operations";
import { httpAddresses, reach } from "./load-target";
import { type LoadReading, OwnLoad, type TrialLoad, wallBase } from "./trial-load";
import { Views } from "./views";
import type { PlannedTrial } from "./plan";
import type { Phase } from "./run-types";
import {
  CLIENT_GRACE_MS,
  faultLanes,
  medianDelayMs,
  offeredBy,
  ringFigure,
  TrialFailed,
  type TrialOptions,
  type TrialOutput,
  weightsOf,
  withDoubt,
} from "./trial";

/** Beyond the phases' own length, a trial may take this long (start, load, stragglers) before it is given up. */
const PATIENCE_MS = 120_000;
const PROGRESS_EVERY_MS = 200;
const INSPECTION_PATIENCE_MS = 2_000;
/** Nodes that a fault may end tell their counters so often. */
const COUNTS_EVERY_MS = 1_000;
const COUNTS_PATIENCE_MS = 2_000;

/** Carries out one trial. Rejects with {@link TrialFailed} or, when the signal fired, resolves to undefined. */
export async function runOnProcesses(options: TrialOptions): Promise<TrialOutput | undefined> {
  const { trial } = options;
  const { cell, seed } = trial;
  const settings: ClusterSettings = { ...cell.cluster, name: `${trial.id}-${String(process.pid)}`, seed };
  const directory = mkdtempSync(join(tmpdir(), "quorumlab-"));
  const placement = place(cell.pin, settings.members.length, undefined, undefined, driversOf(cell.workload));
  const unpin = pinThisProcess(placement.driver);
  const stop = new AbortController();
  const forwardAbort = (): void => stop.abort();
  options.signal.addEventListener("abort", forwardAbort, { once: true });
  if (options.signal.aborted) stop.abort();
  let failure: string | undefined;
  const fail = (why: string): void => {
    failure ??= why;
    stop.abort();
  };
  const closers: (() => Promise<void> | void)[] = [];
  // What is told while the cluster starts waits for somebody to be told it.
  const early: DetectionEvent[] = [{ kind: "nodes", ids: settings.members.map(({ id }) => id) }];
  let heard = (event: DetectionEvent): void => void early.push(event);
  const views = new Views();
  const watch = watchDetection((event) => heard(event));
  try {
    options.progress("start", 0, 0, 0);
    const cluster = await RealCluster.start({
      settings,
      directory,
      placement,
      measureLegs: true,
      log: options.log,
      detection: watch,
      ...(speaksHttp(cell) ? { front: { http: "free" as const } } : {}),
      viewed: (seen) => views.changed(seen),
      serving: (index, on) => views.serving(index, on),
      died: (index, how) => fail(`${settings.members[index].id} ended during the trial (${how})`),
    });
    closers.push(() => cluster.stop());
    return await measure({
      ...options,
      cluster,
      settings,
      placement,
      stop,
      fail,
      closers,
      why: () => failure,
      detection: watch,
      views,
      judge: (judged) => {
        heard = judged;
        for (const event of early.splice(0)) judged(event);
      },
    });
  } catch (error) {
    if (options.signal.aborted) return undefined;
    throw error instanceof TrialFailed
      ? error
      : new TrialFailed(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    options.signal.removeEventListener("abort", forwardAbort);
    for (const close of closers.reverse()) await close();
    unpin();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Running extends TrialOptions {
  readonly cluster: RealCluster;
  readonly settings: ClusterSettings;
  readonly placement: Placement;
  readonly stop: AbortController;
  readonly fail: (why: string) => void;
  readonly why: () => string | undefined;
  readonly detection: DetectionWatch;
  readonly views: Views;
  /** From now on failure detectors are judged there, with all that was told before. */
  readonly judge: (judged: (event: DetectionEvent) => void) => void;
  readonly closers: (() => Promise<void> | void)[];
}

/** With connections to the nodes, ready to begin. */
async function loadOf(running: Running, workload: WorkloadSettings, rings: RingMaker): Promise<TrialLoad> {
  const { cluster, settings, trial, placement } = running;
  const { cell, seed } = trial;
  const addresses = cluster.addresses();
  const fronts = httpAddresses(cluster.fronts());
  if (driversOf(workload) > 1) {
    const { phases } = cell;
    const cores = placement.loads;
    const of = { cluster: settings, target: cell.target, addresses, fronts, workload, seed, phases, cores };
    return LoadProcesses.start({ ...of, failed: running.fail });
  }
  if (cell.target === "autocannon")
    return AutocannonLoad.open({
      ...{ cluster: settings, fronts, ring: rings.of(rings.first), workload, seed, phases: cell.phases },
      ...(running.workload === undefined ? {} : { made: running.workload }),
    });
  const { target, link } = await reach({
    ...{ target: cell.target, cluster: settings, addresses, fronts, rings, workload, wall: wallBase() },
  });
  const driver = driverOfShare({
    settings: workload,
    turn: { index: 0, of: 1 },
    root: Random.fromSeed(seed),
    phases: cell.phases,
    start: monotonicMicros(),
    ...(running.workload === undefined ? {} : { made: running.workload }),
  });
  return new OwnLoad(driver, target, link, rings);
}

function speaksHttp({ target }: PlannedTrial["cell"]): boolean {
  return target === "engine-http" || target === "autocannon";
}

async function measure(running: Running): Promise<TrialOutput | undefined> {
  const { cluster, settings, trial, stop, closers } = running;
  const { cell, seed } = trial;
  const { phases } = cell;
  const load = withRecorded(cell.workload);
  const root = Random.fromSeed(seed);
  const rings = new RingMaker(settings, root.fork("ring"));
  let ring = rings.of(rings.first);
  let ringId = NO_RING;
  const addresses = cluster.addresses();
  const observer = await Client.open({
    cluster: settings,
    addresses,
    ring,
    graceMs: CLIENT_GRACE_MS,
    routing: "any",
    connectionsPerNode: 1,
    shaped: false,
  });
  closers.push(() => observer.close());
  const drawn = "count" in cell.faults ? randomFaults(cell.faults, settings, root.fork("faults")) : undefined;
  const scheduled = drawn ?? (cell.faults as readonly FaultSettings[]);
  const flood = overloads(scheduled) ? new Flood({ settings, addresses, failed: running.fail }) : undefined;
  closers.push(() => flood?.stop());
  await flood?.ready;
  const loadBefore = loadAverage();
  const roundTrips = await nullRoundTrips(observer);
  const lags = await timerLags();
  const step = clockStepMs();
  const maker = await loadOf(running, load, rings);
  closers.push(() => maker.close());
  running.views.follow(
    (index, on) => [maker, observer].forEach((one) => one.serves(index, on)),
    () =>
      void cluster.ringState().then((state) => {
        // Answers to an earlier question may come later.
        if (state === undefined || compareRingIds(state.id, ringId) < 0) return;
        ringId = state.id;
        ring = rings.of(state.plan);
        maker.ringChanged(state.plan);
      }),
  );

  const fold = new TrialFold({
    intervalMs: cell.measure.intervalMs,
    percentiles: cell.measure.percentiles,
    slowMs: cell.measure.slowMs,
    latencyLog: running.latencyLog,
  });
  const judged = (event: DetectionEvent): void => maker.inOrder(() => fold.detection(event));
  running.judge(judged);
  running.views.judge((view) => maker.inOrder(() => fold.view(view)));
  const scan = cell.measure.divergenceScan;
  const inspector = new Inspector({
    now: monotonicMicros,
    ask: (node, vnodes, addresses, done) => {
      void observer.inspect(node, vnodes, addresses, INSPECTION_PATIENCE_MS).then(done);
    },
    ring: () => ring,
    nVal: settings.engine.nVal,
    driver: maker,
    seed,
    sample: scan?.keys ?? 0,
    hints: settings.engine.standIn !== undefined,
  });

  const began = monotonicMicros();
  const phasesMs = phases.warmupMs + phases.measureMs + phases.drainMs;
  const patience = setTimeout(
    () => running.fail("it did not end in time: the store stopped answering"),
    phasesMs + PATIENCE_MS,
  );
  closers.push(() => clearTimeout(patience));
  let phase = "";
  let lastProgress = -Infinity;
  const scans: Promise<void>[] = [];
  // What nodes repaired and sent so far, about once an interval; at the instants of the readings these say it themselves.
  let samples = Promise.resolve();
  let nextSample = Infinity;
  const sampled = (nodes: Promise<Counts>): void => {
    const at = monotonicMicros();
    samples = Promise.all([nodes, samples]).then(([all]) => {
      maker.inOrder(() => fold.counters({ at, nodes: totalsOf(settings, all) }));
    });
  };
  let nextScan = Infinity;
  let atMeasureStart: Promise<Reading> | undefined;
  let atMeasureEnd: Promise<Reading> | undefined;
  let begun = false;
  const mayEnd = scheduled.some(
    ({ action }) => action.kind === "kill" || action.kind === "wipe" || OF_MEMBERSHIP.has(action.kind),
  );
  let faults: RunningRealFaults | undefined;
  // Before any record of the warm-up is folded, and also where the warm-up is over before anybody looked.
  const begin = (): void => {
    const { warmup, measure: measured, drain } = maker.phaseStarts;
    if (begun || drain === Infinity) return;
    begun = true;
    fold.begin({ startOfWarmup: warmup, startOfMeasure: measured, endOfMeasure: drain });
    running.begun?.({ startOfWarmup: warmup, startOfMeasure: measured, endOfMeasure: drain });
    nextScan = scan === undefined ? Infinity : warmup;
    nextSample = warmup;
    fold.watchFaults(() =>
      (faults?.occurrences() ?? []).map(({ id, fromMicros, toMicros }) => ({ id, from: fromMicros, to: toMicros })),
    );
    if (scheduled.length === 0) return;
    faults = scheduleFaults({
      cluster,
      faults: scheduled,
      origin: warmup,
      failed: running.fail,
      log: running.log,
      ...(flood === undefined ? {} : { flood }),
      partitioned: (partitions) => {
        running.detection.partitions(monotonicMicros(), partitions);
        maker.partitioned(partitions);
      },
      revived: () => {
        maker.moved(cluster.addresses(), httpAddresses(cluster.fronts()));
        observer.moved(cluster.addresses());
      },
    });
    closers.push(() => faults?.stop());
    if (!mayEnd) return;
    const asking = setInterval(() => void cluster.counts(COUNTS_EVERY_MS), COUNTS_EVERY_MS);
    closers.push(() => clearInterval(asking));
  };
  const turned = (): void => {
    const now = monotonicMicros();
    begin();
    if (maker.phase !== phase) {
      phase = maker.phase;
      const reading = phase === "measure" || phase === "drain" ? read(cluster, maker, faults) : undefined;
      if (phase === "measure") atMeasureStart = reading;
      else if (phase === "drain") atMeasureEnd = reading;
      if (reading !== undefined) sampled(reading.then(({ nodes }) => nodes));
    } else if (now >= nextSample && phase !== "load") {
      nextSample = now + cell.measure.intervalMs * 1_000;
      sampled(cluster.counts(COUNTS_PATIENCE_MS));
    }
    if (now >= nextScan && (phase === "warmup" || phase === "measure" || phase === "drain")) {
      nextScan += scan!.everyMs * 1_000;
      scans.push(
        new Promise((resolve) => {
          inspector.sample((snapshot) => {
            maker.inOrder(() => {
              if (snapshot !== undefined) fold.snapshot(snapshot);
              resolve();
            });
          });
        }),
      );
    }
    if (now - lastProgress >= PROGRESS_EVERY_MS * 1_000) {
      lastProgress = now;
      const shown = phase === "load" || phase === "" ? "preload" : (phase as Phase);
      running.progress(shown, (now - began) / 1_000, phasesMs, maker.progress().operations);
    }
  };
  // The driver sleeps in a quiet phase; scans and progress do not wait for it.
  const ticker = setInterval(turned, Math.min(PROGRESS_EVERY_MS, scan?.everyMs ?? PROGRESS_EVERY_MS) / 2);
  closers.push(() => clearInterval(ticker));

  await maker.run({
    record: (record) => {
      begin();
      fold.operation(record);
      running.record?.(record);
    },
    turned,
    signal: stop.signal,
  });
  clearInterval(ticker);
  sampled(cluster.counts(COUNTS_PATIENCE_MS));
  // Of a trial that broke off some would wait for ever.
  if (maker.done()) await Promise.all([...scans, samples]);
  // A node may still be on its way up: what became of the store is looked at when it is.
  await faults?.settled();
  judged({ kind: "end", at: monotonicMicros() });
  const failure = running.why();
  if (failure !== undefined) throw new TrialFailed(failure);
  if (running.signal.aborted) return undefined;
  fold.endMeasure(maker.phaseStarts.drain);

  running.progress("inspect", (monotonicMicros() - began) / 1_000, phasesMs, maker.progress().operations);
  const lastState = await cluster.ringState();
  if (lastState !== undefined) ring = rings.of(lastState.plan);
  await new Promise<void>((resolve) => {
    inspector.final((snapshot) => {
      fold.snapshot(snapshot);
      resolve();
    });
  });
  const from = await atMeasureStart;
  const to = await atMeasureEnd;
  if (from === undefined || to === undefined) throw new TrialFailed("the measured phase was not reached");
  const counters = workBetween(
    settings.members.map(({ id }) => id),
    withUnborn(from.nodes, from.unborn),
    withUnborn(to.nodes, to.unborn),
    mayEnd,
    to.undisturbedSince.map((since) => since <= from.at),
  );
  if (counters.length === 0) running.log("a node did not tell its counters: load, messages and bytes are not known");
  const cpuOfNodesMs = counters.length === 0 ? NaN : counters.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const oursSeconds = (to.ownCpuMs - from.ownCpuMs + cpuOfNodesMs) / 1_000;
  const calibration = calibrationOf({
    roundTrips,
    timerLags: lags,
    clockStepMs: step,
    placement: running.placement.description,
    loadAverage: loadBefore,
    ...(maker.timeErrorMs === undefined ? {} : { timeErrorMs: maker.timeErrorMs }),
    ...outsideLoad(from.cpu, to.cpu, oursSeconds),
  });
  const { intraZone, interZone, client: toClient } = settings.network;
  const injected = intraZone ?? interZone ?? toClient;
  const ended = maker.progress();
  const backlog = maker.backlog();
  const ofRings = drawnRings(cell, settings.seed);
  const flooding = floodingStudy(cell, settings.seed);
  const result = fold.finish({
    counters,
    weights: weightsOf(settings),
    ringShares: Object.fromEntries(
      ring.replicaShare(settings.engine.nVal).map((share, i) => [settings.members[i].id, share]),
    ),
    ring: ringFigure(ring, settings, [...maker.keysWritten][0]),
    ...(ofRings === undefined ? {} : { drawnRings: ofRings }),
    ...(flooding === undefined ? {} : { flooding }),
    calibration,
    ...offeredBy(load.load, phases, ended.measured.due),
    dropped: ended.measured.dropped,
    operations: ended.measured,
    integrity: ended.integrity,
    stepsLeft: ended.stepsLeft,
    identities: ended.identities,
    ...(ended.merges === undefined ? {} : { merges: ended.merges }),
    ...(ended.listings === undefined ? {} : { listings: ended.listings }),
    driverDelayLatenessP99Ms: to.load.latenessP99Ms,
    ...worstOf(from.load.processes, to.load.processes),
    ...(backlog === undefined ? {} : { recorder: backlog }),
    ...(load.pacing === "spin" ? { spins: true as const } : {}),
    ...(trial.claims === undefined ? {} : { claims: trial.claims }),
    ...(injected === undefined ? {} : { injectedDelayMs: medianDelayMs(injected) }),
  });
  const legs = legsOf(to.nodes.filter((counts, i) => counts !== undefined || !to.unborn.includes(i)));
  const lanes = faults === undefined ? undefined : faultLanes(faults.occurrences(), maker.phaseStarts.warmup);
  const secondOpinion = maker.secondOpinion?.();
  const figures = {
    ...result.figures,
    ...(secondOpinion === undefined ? {} : { secondOpinion }),
    ...(legs === undefined ? {} : { legs }),
    ...(lanes === undefined ? {} : { faults: lanes }),
  };
  const unknown = doubtOfEndedLives(
    cluster
      .lostWork()
      .map(({ node, unknownMicros }) => ({ node: settings.members[node].id, seconds: unknownMicros / 1e6 })),
  );
  if (unknown !== undefined) running.log(unknown.reason);
  return {
    ...(unknown === undefined ? { ...result, figures } : withDoubt({ ...result, figures }, unknown)),
    ...(drawn === undefined ? {} : { drawnFaults: drawn }),
  };
}

/** One-way delays of the measured phase over all nodes; undefined when a node did not tell its own. */
function legsOf(nodes: Counts): LegDelays | undefined {
  const all = new LegHistograms();
  for (const counts of nodes) {
    if (counts?.legs === undefined) return undefined;
    all.merge(counts.legs);
  }
  return {
    ...all.toQuantiles(),
    how: "one-way delays of every message in the measured phase, injected delay and real cost together, by the machine's own clock",
  };
}

interface Reading {
  readonly nodes: readonly (ServerCounts | undefined)[];
  /** Those that had never started by then. */
  readonly unborn: readonly number[];
  readonly load: LoadReading;
  readonly cpu: ReturnType<typeof readCpu>;
  readonly ownCpuMs: number;
  readonly at: Micros;
  /** By node; Infinity for one that does not run. */
  readonly undisturbedSince: readonly Micros[];
}

async function read(cluster: RealCluster, maker: TrialLoad, faults: RunningRealFaults | undefined): Promise<Reading> {
  const at = monotonicMicros();
  const asked = maker.reading();
  const undisturbedSince = cluster.settings.members.map((_, index) => cluster.undisturbedSince(index));
  const unborn = cluster.settings.members.flatMap((_, index) => (cluster.epoch(index) === 0 ? [index] : []));
  const nodes = await cluster.counts(COUNTS_PATIENCE_MS, true);
  const load = await asked;
  const loadCpuMs = ((await faults?.loadCpuMs()) ?? 0) + load.cpuMs;
  const own = process.cpuUsage();
  const ownCpuMs = (own.user + own.system) / 1_000 + loadCpuMs;
  return { nodes, unborn, load, cpu: readCpu(), ownCpuMs, at, undisturbedSince };
}

type Counts = readonly (ServerCounts | undefined)[];

/**
 * Every node's work between two readings, by its totals at each. Empty when any node's reading is missing: the sum over the
 * others would pass for the work of all, and totals since its start for work in between. Messages to peers without a
 * connection are drops unless nodes `mayBeAway`. How late its loop was is told of an `undisturbed` node: of others it is a fault's doing.
 */
export function workBetween(
  nodes: readonly string[],
  from: Counts,
  to: Counts,
  mayBeAway = false,
  undisturbed: readonly boolean[] = [],
): readonly NodeCounters[] {
  return nodes.every((_, i) => from[i] !== undefined && to[i] !== undefined)
    ? nodes.map((node, i) => ({
        ...difference(node, from[i]!, to[i]!, mayBeAway),
        ...(undisturbed[i] === true ? { times: timesBetween(from[i]!, to[i]!) } : {}),
      }))
    : [];
}

/** What a process told at the end of a span, its totals as differences. */
export function timesBetween(from: ProcessCounts, to: ProcessCounts): ProcessTimes {
  const { loopDelayP99Ms, loopDelayMaxMs, gcLongestMs } = to;
  return { loopDelayP99Ms, loopDelayMaxMs, gcLongestMs, gcMs: to.gcMs - from.gcMs, gcCount: to.gcCount - from.gcCount };
}

/** Of several processes whichever is worse in each respect: what it did to its own operations is in every percentile. */
function worstOf(from: readonly ProcessCounts[], to: readonly ProcessCounts[]): { readonly driver?: ProcessTimes } {
  if (from.length === 0 || from.length !== to.length) return {};
  const each = from.map((counts, i) => timesBetween(counts, to[i]));
  const worst = (of: (times: ProcessTimes) => number): number => Math.max(...each.map(of));
  return {
    driver: {
      loopDelayP99Ms: worst((times) => times.loopDelayP99Ms),
      loopDelayMaxMs: worst((times) => times.loopDelayMaxMs),
      gcMs: worst((times) => times.gcMs),
      gcCount: worst((times) => times.gcCount),
      gcLongestMs: worst((times) => times.gcLongestMs),
    },
  };
}

/** Who has never started has done nothing; who has, and does not tell, is not known. */
export function withUnborn(all: Counts, unborn: readonly number[]): Counts {
  const some = all.find((counts) => counts !== undefined);
  if (some === undefined || unborn.length === 0) return all;
  const nothing = Object.fromEntries(
    Object.entries(some).map(([name, value]) => [name, typeof value === "number" ? 0 : value]),
  ) as unknown as ServerCounts;
  const { byCause } = some;
  const caused = Object.fromEntries(Object.keys(byCause).map((cause) => [cause, { messages: 0, bytes: 0 }]));
  const { legs: _legs, ...zero } = nothing;
  const idle: ServerCounts = { ...zero, byCause: caused as ServerCounts["byCause"] };
  return all.map((counts, i) => (counts === undefined && unborn.includes(i) ? idle : counts));
}

function difference(node: string, from: ServerCounts, to: ServerCounts, mayBeAway: boolean): NodeCounters {
  return {
    node,
    coordinated: to.coordinated - from.coordinated,
    coordinatedGets: to.coordinatedGets - from.coordinatedGets,
    forwarded: to.forwarded - from.forwarded,
    replicaReads: to.replicaReads - from.replicaReads,
    replicaWrites: to.replicaWrites - from.replicaWrites,
    coordinatedScans: to.coordinatedScans - from.coordinatedScans,
    replicaScans: to.replicaScans - from.replicaScans,
    rangeRecords: to.rangeRecords - from.rangeRecords,
    readRepairs: to.readRepairs - from.readRepairs,
    messagesSent: to.messagesSent - from.messagesSent,
    bytesSent: to.bytesSent - from.bytesSent,
    refused: to.refused - from.refused,
    keysHeld: to.keysHeld,
    lost: to.lost - from.lost,
    // Messages to a node that a fault took down are not dropped by a queue.
    queueDrops: to.queueDrops - from.queueDrops + (mayBeAway ? 0 : to.away - from.away),
    delayLatenessP99Ms: to.latenessP99Ms,
    cpuMs: to.cpuMs - from.cpuMs,
    rssBytes: to.rssBytes,
    ...repairBetween(from, to),
  };
}

/** Of the nodes that answered. */
function totalsOf({ members }: ClusterSettings, all: Counts): NodeTotals[] {
  return all.flatMap((counts, i) =>
    counts === undefined
      ? []
      : [{ node: members[i].id, readRepairs: counts.readRepairs, requests: requestsOf(counts), ...repairOf(counts) }],
  );
}
