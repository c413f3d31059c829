/**
 * Every doubt that this project knows to have about one run, in one place, each with what was seen and what to do about
 * it. A doubtful number is shown with its doubt; an invalid one should not be believed at all. Thresholds are
 * conventions, so they are named here and nowhere else; each says what error it lets through.
 */
import type { Calibration, Doubt, Validity, ValidityVerdict } from "../record/figures";

/** What the measures saw that bears on whether to believe them. Absent: not applicable or not measured. */
export interface Evidence {
  /** Operations of the measured phase that were due, succeeded, and were dropped by the driver. */
  readonly due: number;
  readonly succeeded: number;
  readonly dropped: number;
  /** Operations that ended within the measured phase, not in the drain after it. */
  readonly endedPerSecond: number;
  readonly offeredPerSecond: number | undefined;
  readonly loads: number;
  readonly loadFailures: number;
  readonly scheduleLagP99Ms: number | undefined;
  /** The smallest median response time that the run claims. */
  readonly claimedP50Ms: number | undefined;
  /** Metrics p99 with fewer than ten samples beyond. */
  readonly thinPercentiles: readonly string[];
  readonly histogramOverflow: number;
  readonly delayLatenessP99Ms: number;
  readonly injectedDelayMs: number | undefined;
  /** Messages between nodes that no experiment asked to lose. */
  readonly queueDrops: number;
  readonly brokenValues: number;
  readonly checkedValues: number;
  /** Of a script. */
  readonly stepsLeft: number;
  /** Operations under an identity that should have ended: session numbers had run out. */
  readonly outlivedIdentities: number;
  readonly readsJudged: number;
  readonly readsUndecided: number;
  readonly readsInexact: number;
  readonly readsJudgedEarly: number;
  /** Versions returned whose write nobody recorded. */
  readonly unknownVersions: number;
  readonly unknownVersionsForgotten: number;
  /** Writes that were answered with a definite failure and returned by a read all the same. */
  readonly refusedWritesSeen: number;
  /** Kinds of anomaly of the clock with operations that could not be judged. */
  readonly anomaliesUndecided: readonly {
    readonly kind: string;
    readonly judged: number;
    readonly undecided: number;
  }[];
  readonly calibration: Calibration | null;
  readonly world: "processes" | "simulation";
}

/** Lag of the driver against the median it reports: a tenth of it is visible, all of it is the measurement. */
const LAG_DOUBTFUL = 0.1;
const LAG_INVALID = 1;
/** Share of the offered rate that must be finished within the measured phase. */
const ACHIEVED_DOUBTFUL = 0.95;
const ACHIEVED_INVALID = 0.5;
const DROPPED_INVALID = 0.05;
/** Share of the machine's CPU time that others used, 0 to 1. */
const OUTSIDE_DOUBTFUL = 0.1;
const OUTSIDE_INVALID = 0.3;
const STEAL_DOUBTFUL = 0.02;
const STEAL_INVALID = 0.1;
/** Injected delays that come this much too late shift every quorum wait by as much. */
const LATENESS_DOUBTFUL = 0.5;
/** A millisecond's timer lag in an open loop against the median it reports. */
const TIMER_DOUBTFUL = 0.5;
const UNDECIDED_DOUBTFUL = 0.001;
const UNDECIDED_INVALID = 0.1;
const LOAD_FAILURES_INVALID = 0.01;

export function judgeValidity(evidence: Evidence): Validity {
  const checks = evidence.world === "simulation" ? CHECKS : [...CHECKS, ...MACHINE_CHECKS];
  const doubts = checks.flatMap((check) => check(evidence) ?? []);
  return { verdict: worstVerdict(doubts.map((doubt) => doubt.verdict)), doubts };
}

export function worstVerdict(verdicts: readonly ValidityVerdict[]): ValidityVerdict {
  if (verdicts.includes("invalid")) return "invalid";
  return verdicts.includes("doubtful") ? "doubtful" : "valid";
}

type Check = (evidence: Evidence) => Doubt | undefined;

/** About the store and the workload, in either world. */
const CHECKS: readonly Check[] = [
  nothingSucceeded,
  loadFailures,
  achievedRate,
  droppedOperations,
  thinPercentiles,
  histogramOverflow,
  judgementWindow,
  judgedEarly,
  unknownVersions,
  refusedWritesSeen,
  causalityWindow,
  brokenValues,
  scriptCut,
  identitiesRanOut,
  queueDrops,
];
/** About the machine: in virtual time nothing is late, nobody else is there and no timer is coarse. */
const MACHINE_CHECKS: readonly Check[] = [scheduleLag, outsideLoad, stolenTime, timerLag, delayLateness];

function nothingSucceeded(e: Evidence): Doubt | undefined {
  if (e.succeeded > 0) return undefined;
  const reason = e.due === 0 ? "no operation was due in the measured phase" : `none of ${e.due} operations succeeded`;
  const advice = "Look at the errors of the trial; check quorums, timeouts and whether the nodes were up.";
  return { kind: "nothing-succeeded", verdict: "invalid", reason, advice };
}

function loadFailures(e: Evidence): Doubt | undefined {
  if (e.loadFailures === 0) return undefined;
  return {
    kind: "load-failures",
    verdict: e.loadFailures > LOAD_FAILURES_INVALID * e.loads ? "invalid" : "doubtful",
    reason: `${e.loadFailures} of ${e.loads} inserts of the load phase failed, so reads of those keys may find nothing`,
    advice: "Lower workload.clients for the load, raise tunables.timeout or tunables.admission.",
  };
}

function scheduleLag(e: Evidence): Doubt | undefined {
  const { scheduleLagP99Ms: lag, claimedP50Ms: claimed } = e;
  if (lag === undefined || claimed === undefined || lag <= LAG_DOUBTFUL * claimed) return undefined;
  return {
    kind: "schedule-lag",
    verdict: lag > LAG_INVALID * claimed ? "invalid" : "doubtful",
    reason: `1 % of operations were sent ${ms(lag)} or more after they were due, against a median response of ${ms(claimed)}`,
    advice: "Lower workload.rate, give the driver a core of its own (cluster.pin), or close what else runs here.",
  };
}

function achievedRate(e: Evidence): Doubt | undefined {
  if (e.offeredPerSecond === undefined) return undefined;
  const achieved = e.endedPerSecond / e.offeredPerSecond;
  if (achieved >= ACHIEVED_DOUBTFUL) return undefined;
  return {
    kind: "achieved-rate",
    verdict: achieved < ACHIEVED_INVALID ? "invalid" : "doubtful",
    reason: `${percent(achieved)} of the offered ${round(e.offeredPerSecond)} operations per second were finished in time; in an open loop that falls behind, latency measures the length of the run`,
    advice: "Lower workload.rate below what the configuration sustains.",
  };
}

function droppedOperations(e: Evidence): Doubt | undefined {
  if (e.dropped === 0) return undefined;
  return {
    kind: "dropped-operations",
    verdict: e.dropped > DROPPED_INVALID * e.due ? "invalid" : "doubtful",
    reason: `${e.dropped} of ${e.due} operations were due but never sent, because too many were open; their latency is missing from every percentile`,
    advice: "Lower workload.rate, or raise the bound on open operations.",
  };
}

function outsideLoad(e: Evidence): Doubt | undefined {
  const share = e.calibration?.outsideCpu ?? 0;
  if (!(share > OUTSIDE_DOUBTFUL)) return undefined;
  return {
    kind: "outside-load",
    verdict: share > OUTSIDE_INVALID ? "invalid" : "doubtful",
    reason: `other programs used ${percent(share)} of this machine's CPU time during the trial`,
    advice: "Close other programs and run the trial again.",
  };
}

function stolenTime(e: Evidence): Doubt | undefined {
  const share = e.calibration?.steal ?? 0;
  if (!(share > STEAL_DOUBTFUL)) return undefined;
  return {
    kind: "stolen-time",
    verdict: share > STEAL_INVALID ? "invalid" : "doubtful",
    reason: `the hypervisor withheld ${percent(share)} of the CPU time during the trial`,
    advice: "Run on a machine that is not shared, or take differences from the simulation.",
  };
}

function timerLag(e: Evidence): Doubt | undefined {
  const lag = e.calibration?.timerLagP99Ms;
  if (lag === undefined || e.claimedP50Ms === undefined || e.offeredPerSecond === undefined) return undefined;
  if (!(lag > TIMER_DOUBTFUL * e.claimedP50Ms)) return undefined;
  return {
    kind: "timer-lag",
    verdict: "doubtful",
    reason: `the driver's timer fires up to ${ms(lag)} late (p99), against a median response of ${ms(e.claimedP50Ms)}, so arrivals come in bursts that the schedule does not have`,
    advice: "Trust service time over response time here.",
  };
}

function delayLateness(e: Evidence): Doubt | undefined {
  if (e.injectedDelayMs === undefined || e.injectedDelayMs <= 0) return undefined;
  if (e.delayLatenessP99Ms <= LATENESS_DOUBTFUL * e.injectedDelayMs) return undefined;
  return {
    kind: "delay-lateness",
    verdict: "doubtful",
    reason: `1 % of delayed messages left ${ms(e.delayLatenessP99Ms)} or more after their drawn delay of typically ${ms(e.injectedDelayMs)}`,
    advice: "Raise the injected delays, lower the load, or use fewer nodes a core.",
  };
}

function thinPercentiles(e: Evidence): Doubt | undefined {
  if (e.thinPercentiles.length === 0) return undefined;
  return {
    kind: "thin-percentiles",
    verdict: "doubtful",
    reason: `fewer than ten operations lie beyond ${e.thinPercentiles.join(", ")}`,
    advice: "Measure longer or at a higher rate (1,000 operations of a kind give ten beyond p99), or read p50 and p95.",
  };
}

function histogramOverflow(e: Evidence): Doubt | undefined {
  if (e.histogramOverflow === 0) return undefined;
  return {
    kind: "histogram-overflow",
    verdict: "doubtful",
    reason: `${e.histogramOverflow} latencies above 60,000 s could not be recorded`,
    advice: "Look for a time base that jumped; no operation should be open that long.",
  };
}

function judgementWindow(e: Evidence): Doubt | undefined {
  const all = e.readsJudged + e.readsUndecided;
  const share = all === 0 ? 0 : e.readsUndecided / all;
  if (share <= UNDECIDED_DOUBTFUL) return undefined;
  return {
    kind: "judgement-window",
    verdict: share > UNDECIDED_INVALID ? "invalid" : "doubtful",
    reason: `${e.readsUndecided} of ${all} reads (${percent(share)}) could not be judged fresh or stale, because more writes of their key lay between than are held`,
    advice: "Lower the rate of writes to the hottest key, or spread the keys.",
  };
}

function judgedEarly(e: Evidence): Doubt | undefined {
  if (e.readsJudgedEarly <= UNDECIDED_DOUBTFUL * e.readsJudged) return undefined;
  return {
    kind: "judged-early",
    verdict: "doubtful",
    reason: `${e.readsJudgedEarly} reads were judged while a write that might show them stale was still open`,
    advice: "Lower the rate or the timeouts, so that fewer operations are open at once.",
  };
}

function unknownVersions(e: Evidence): Doubt | undefined {
  const count = e.unknownVersions + e.unknownVersionsForgotten;
  if (count === 0) return undefined;
  const share = e.readsJudged === 0 ? 1 : count / e.readsJudged;
  return {
    kind: "unknown-versions",
    verdict: share > UNDECIDED_INVALID ? "invalid" : "doubtful",
    reason: `${count} versions were read whose writes are not in the history; reads of them count as fresh`,
    advice:
      "Start from an empty store and let the load phase write every record; wait for all operations before ending.",
  };
}

function refusedWritesSeen(e: Evidence): Doubt | undefined {
  if (e.refusedWritesSeen === 0) return undefined;
  return {
    kind: "refused-writes-seen",
    verdict: "invalid",
    reason: `${e.refusedWritesSeen} writes were answered "did not happen" and were read afterwards`,
    advice: "Report it: the store or its adapter calls an indefinite outcome definite, which corrupts every analysis.",
  };
}

function causalityWindow(e: Evidence): Doubt | undefined {
  const many = e.anomaliesUndecided.filter(
    ({ judged, undecided }) => undecided > UNDECIDED_DOUBTFUL * (judged + undecided),
  );
  if (many.length === 0) return undefined;
  const kinds = many.map(({ kind, judged, undecided }) => `${kind} (${undecided} of ${judged + undecided})`);
  return {
    kind: "causality-window",
    verdict: "doubtful",
    reason: `operations could not be judged for anomalies of the clock: ${kinds.join(", ")}; their counts are the least there were`,
    advice:
      "Let all nodes be reachable at the end, inspect every key, lower the rate of writes to the hottest key, or spread the keys.",
  };
}

function brokenValues(e: Evidence): Doubt | undefined {
  if (e.brokenValues === 0) return undefined;
  return {
    kind: "broken-values",
    verdict: "invalid",
    reason: `${e.brokenValues} of ${e.checkedValues} values read cannot have been written under their key`,
    advice: "Report it: the store or its adapter returns wrong bytes; or records of another workload lie in the store.",
  };
}

function scriptCut(e: Evidence): Doubt | undefined {
  if (e.stepsLeft === 0) return undefined;
  return {
    kind: "script-cut",
    verdict: "invalid",
    reason: `the measured phase ended with ${e.stepsLeft} steps of the script not begun, so what is left behind is not what the script makes`,
    advice: "Lengthen phases.measure, or shorten the script.",
  };
}

function identitiesRanOut(e: Evidence): Doubt | undefined {
  if (e.outlivedIdentities === 0) return undefined;
  return {
    kind: "identities-ran-out",
    verdict: "doubtful",
    reason: `${e.outlivedIdentities} operations were sent under an identity that should have ended, because session numbers had run out`,
    advice: "Raise workload.client_lifetime, or shorten the trial.",
  };
}

function queueDrops(e: Evidence): Doubt | undefined {
  if (e.queueDrops === 0) return undefined;
  return {
    kind: "queue-drops",
    verdict: "doubtful",
    reason: `${e.queueDrops} messages between nodes were dropped by full queues or lost links, beyond the loss asked for`,
    advice: "Lower the load, or read staleness and divergence as those of an overloaded cluster.",
  };
}

function ms(value: number): string {
  return `${round(value)} ms`;
}

function percent(share: number): string {
  return `${round(share * 100)} %`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
