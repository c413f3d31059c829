/**
 * Every doubt that this project knows to have about one trial, in one closed list: what error it would let through, from
 * where on it makes a trial doubtful or invalid, and what to do about it. A doubtful number is shown with its doubt; an
 * invalid trial is marked, shown and never averaged with others. Thresholds are conventions: each says why it stands where it does,
 * and stands nowhere else. `quorumlab explain <kind>` and the reference print the same rows that judge.
 *
 * What a trial claims: the percentiles that its experiment names (headline, SLOs, hypotheses, published values), and the p99 of reads
 * and writes where it names no headline, because then the report prints those by itself. Nobody is told of other metrics
 * that too few operations carry: their intervals are wide and say so themselves.
 */
import type { Calibration, Doubt, MetricValue, Validity, ValidityVerdict } from "../record/figures";
import { shareOfPercentile } from "../record/objectives";

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
  /** The smallest median response time that the run measured. */
  readonly claimedP50Ms: number | undefined;
  /** The percentile of latency furthest out that the run claims and measured; of several the smallest value. */
  readonly claimedTail: ClaimedTail | undefined;
  /** Operations that latencies are of, by kind: `read`, `write_service`. */
  readonly samples: Readonly<Record<string, number>>;
  /** Percentiles claimed with fewer than ten operations beyond: `read_p999_ms (4 of 4,000)`. */
  readonly thinPercentiles: readonly string[];
  readonly histogramOverflow: number;
  /** Of the driver's process; undefined in simulation. */
  readonly driver: ProcessHealth | undefined;
  /** Of nodes that no fault stopped or ended in the measured phase. */
  readonly nodes: readonly (ProcessHealth & { readonly node: string })[];
  readonly recorder: RecorderBacklog | undefined;
  /** Length of `measure.interval`. */
  readonly intervalMs: number;
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
  /** The driver waits without a timer. */
  readonly spins?: boolean;
  readonly world: "processes" | "simulation";
}

export interface ClaimedTail {
  readonly metric: string;
  /** 0 to 100. */
  readonly percentile: number;
  readonly ms: number;
}

/** One process in the measured phase. */
export interface ProcessHealth {
  /** How late a timer of every 10 ms fired. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  /** Pauses of the garbage collector. */
  readonly gcMsPerS: number;
  readonly gcCount: number;
  readonly gcLongestMs: number;
}

/** Operations that had ended and waited to be folded into the figures. */
export interface RecorderBacklog {
  readonly most: number;
  readonly longestWaitMs: number;
}

/** Beyond (or, where `below`, short of) it. `at` 0 means any. */
export interface Threshold {
  readonly at: number;
  /** What `at` counts, in words that follow the number: `of the median response time`. */
  readonly unit: string;
}

export interface ValidityKind {
  readonly kind: string;
  readonly title: string;
  /** The error that a reader would make without it. */
  readonly letsThrough: string;
  readonly doubtful?: Threshold;
  readonly invalid?: Threshold;
  /** Less than the thresholds is bad. */
  readonly below?: true;
  /** Why the thresholds stand where they do. */
  readonly why: string;
  readonly advice: string;
  /** `machine`: real processes alone, for in virtual time nothing is late, nobody else is there and no timer is coarse. */
  readonly about: "trial" | "machine" | "configuration";
}

/** What was seen, in the unit of the thresholds, and in a sentence. */
interface Seen {
  readonly value: number;
  readonly reason: string;
}

interface JudgedKind extends ValidityKind {
  readonly see: (evidence: Evidence) => Seen | undefined;
}

/** Operations beyond a percentile that make it worth claiming: with ten its 95 % interval spans roughly a factor of two in rank. */
const BEYOND = 10;
/** A timer of every 10 ms fires up to this late on an idle machine, for Node.js rounds up to whole milliseconds twice. */
export const LOOP_RESOLUTION_MS = 2;
/** A pause is visible in a percentile when it lasts this share of it. */
const PAUSE_VISIBLE = 0.25;

const JUDGED: readonly JudgedKind[] = [
  {
    kind: "nothing-succeeded",
    title: "No operation succeeded",
    letsThrough: "Figures of an empty set: no latency, no staleness, and a chart that looks like a quiet store.",
    invalid: { at: 0, unit: "measured phase without a single success" },
    why: "Without a success there is nothing to measure.",
    advice: "Look at the errors of the trial; check quorums, timeouts and whether the nodes were up.",
    about: "trial",
    see: (e) => ({
      value: e.succeeded > 0 ? 0 : 1,
      reason: e.due === 0 ? "no operation was due in the measured phase" : `none of ${e.due} operations succeeded`,
    }),
  },
  {
    kind: "load-failures",
    title: "Inserts of the load phase were not acknowledged",
    letsThrough: "Reads of keys that were never written look fast, and like reads of a store that lost them.",
    doubtful: { at: 0, unit: "of the inserts" },
    invalid: { at: 0.01, unit: "of the inserts" },
    why: "A key that is missing is known to be so and can be lived with; with more than one in a hundred, what reads find is the load's doing.",
    advice: "Lower workload.clients for the load, raise tunables.timeout or tunables.admission.",
    about: "trial",
    see: (e) => ({
      value: e.loads === 0 ? 0 : e.loadFailures / e.loads,
      reason: `${e.loadFailures} of ${e.loads} inserts of the load phase were not acknowledged, so reads of those keys may find nothing`,
    }),
  },
  {
    kind: "achieved-rate",
    title: "Fewer operations ended than were offered",
    letsThrough:
      "In an open loop that falls behind, the queue grows for as long as the run lasts, and latency measures its length.",
    below: true,
    doubtful: { at: 0.95, unit: "of the offered rate ended within the measured phase" },
    invalid: { at: 0.5, unit: "of the offered rate ended within the measured phase" },
    why: "At 95 % a twentieth of the operations may be waiting, as many as the p95 has beyond it; at half the waiting is the larger part of every percentile.",
    advice: "Lower workload.rate below what the configuration sustains.",
    about: "trial",
    see: (e) => {
      if (e.offeredPerSecond === undefined || e.offeredPerSecond <= 0) return undefined;
      const achieved = e.endedPerSecond / e.offeredPerSecond;
      return {
        value: achieved,
        reason: `${percent(achieved)} of the offered ${round(e.offeredPerSecond)} operations per second were finished in time; in an open loop that falls behind, latency measures the length of the run`,
      };
    },
  },
  {
    kind: "dropped-operations",
    title: "Operations were due and never sent",
    letsThrough:
      "They would have waited longest: without them every percentile is that of the luckier ones (coordinated omission).",
    doubtful: { at: 0, unit: "of the operations that were due" },
    invalid: { at: 0.05, unit: "of the operations that were due" },
    why: "One dropped operation already is beyond the highest percentile; a twentieth of them reaches down to the p95.",
    advice: "Lower workload.rate, or raise workload.max_outstanding.",
    about: "trial",
    see: (e) => ({
      value: e.dropped / Math.max(1, e.due),
      reason: `${e.dropped} of ${e.due} operations were due but never sent, because too many were open; their latency is missing from every percentile`,
    }),
  },
  {
    kind: "schedule-lag",
    title: "The driver sent operations late",
    letsThrough:
      "The load was not the one that was asked for, and response times, counted from the intended instant, contain the driver's own delay.",
    doubtful: { at: 0.1, unit: "of the median response time (p99 of the lag)" },
    invalid: { at: 1, unit: "of the median response time (p99 of the lag)" },
    why: "A tenth of what is reported is visible in it; when all of it may be the driver's, the driver is what was measured.",
    advice: "Lower workload.rate, give the driver a core of its own (cluster.pin), or close what else runs here.",
    about: "machine",
    see: ({ scheduleLagP99Ms: lag, claimedP50Ms: claimed }) =>
      lag === undefined || claimed === undefined
        ? undefined
        : {
            value: lag / claimed,
            reason: `1 % of operations were sent ${ms(lag)} or more after they were due, against a median response of ${ms(claimed)}`,
          },
  },
  {
    kind: "driver-loop-delay",
    title: "The driver's event loop was held up",
    letsThrough:
      "While the loop is busy an answer waits to be seen and the next operation to be sent: the driver's own tail is reported as the store's.",
    doubtful: { at: 0.25, unit: "of the highest percentile of latency claimed (p99 of the delay, less 2 ms)" },
    invalid: { at: 1, unit: "of the highest percentile of latency claimed (p99 of the delay, less 2 ms)" },
    why: "From a quarter on the tail is visibly the driver's; when its own delay reaches the tail, a store that answers at once would have got the same number. 2 ms are the timer's that measures it.",
    advice: "Lower workload.rate, give the driver a core of its own (cluster.pin), or close what else runs here.",
    about: "machine",
    see: ({ driver, claimedTail: tail }) =>
      driver === undefined || tail === undefined
        ? undefined
        : {
            value: (driver.loopDelayP99Ms - LOOP_RESOLUTION_MS) / tail.ms,
            reason: `for 1 % of the time the driver's event loop was ${ms(driver.loopDelayP99Ms)} or more behind (at most ${ms(driver.loopDelayMaxMs)}), against a ${tail.metric} of ${ms(tail.ms)}`,
          },
  },
  {
    kind: "node-loop-delay",
    title: "A node's event loop was held up",
    letsThrough:
      "Nodes that share too few processors wait for each other, and the tail says how crowded the machine is and not what the protocol costs.",
    doubtful: {
      at: 0.5,
      unit: "of the highest percentile of latency claimed (p99 of the delay of the worst node, less 2 ms)",
    },
    why: "A node's own work delays it too, and that is the store's: so it needs half of the tail, and never makes a trial invalid. Nodes that a fault stopped or ended are left out.",
    advice: "Use fewer nodes a core or less load, or read the tail as that of a crowded machine.",
    about: "machine",
    see: ({ nodes, claimedTail: tail }) => {
      const worst = worstOf(nodes, (one) => one.loopDelayP99Ms);
      if (worst === undefined || tail === undefined) return undefined;
      return {
        value: (worst.loopDelayP99Ms - LOOP_RESOLUTION_MS) / tail.ms,
        reason: `for 1 % of the time the event loop of ${worst.node} was ${ms(worst.loopDelayP99Ms)} or more behind (at most ${ms(worst.loopDelayMaxMs)}), against a ${tail.metric} of ${ms(tail.ms)}`,
      };
    },
  },
  {
    kind: "driver-gc",
    title: "The driver collected garbage",
    letsThrough: "Every operation that is due or answered during a pause of the collector gets the pause added.",
    doubtful: {
      at: 1,
      unit: "× the share of operations beyond the highest percentile claimed (share of time in pauses)",
    },
    invalid: {
      at: 10,
      unit: "× the share of operations beyond the highest percentile claimed (share of time in pauses)",
    },
    why: "Pauses reach a p99 once they cover 1 % of the time, and a p99.9 with a tenth of that; ten times as much is in the p90 too. Counted only where the longest pause is a quarter of the claimed value, for shorter ones cannot be seen in it.",
    advice: "Lower workload.rate, values' size, or what is kept of raw history.",
    about: "machine",
    see: ({ driver, claimedTail }) => (driver === undefined ? undefined : collected("the driver", driver, claimedTail)),
  },
  {
    kind: "node-gc",
    title: "A node collected garbage",
    letsThrough: "Pauses of the collector that this engine is written in are read as the price of the protocol.",
    doubtful: {
      at: 5,
      unit: "× the share of operations beyond the highest percentile claimed (share of time in pauses, worst node)",
    },
    why: "A pause of one node touches the requests that it coordinates or must answer, one in a few; so it takes a few times the share. It is the engine's own cost, which never makes a trial invalid.",
    advice: "Lower the load or the size of values, or take differences from the simulation, which has no collector.",
    about: "machine",
    see: ({ nodes, claimedTail }) => {
      const worst = worstOf(nodes, (one) => one.gcMsPerS);
      return worst === undefined ? undefined : collected(worst.node, worst, claimedTail);
    },
  },
  {
    kind: "outside-load",
    title: "Other programs used the machine",
    letsThrough: "Somebody else's work is in every latency, and differs from one configuration to the next.",
    doubtful: { at: 0.1, unit: "of the machine's processor time" },
    invalid: { at: 0.3, unit: "of the machine's processor time" },
    why: "A tenth is what a desktop does at rest on few cores; with a third, on two cores, every second process of ours has to wait.",
    advice: "Close other programs and run the trial again.",
    about: "machine",
    see: ({ calibration }) => {
      const share = calibration?.outsideCpu ?? NaN;
      return {
        value: share,
        reason: `other programs used ${percent(share)} of this machine's CPU time during the trial`,
      };
    },
  },
  {
    kind: "stolen-time",
    title: "The hypervisor took processor time away",
    letsThrough:
      "Every process stands still at once and nobody inside can tell: all latencies have the neighbours' in them.",
    doubtful: { at: 0.02, unit: "of the processor time" },
    invalid: { at: 0.1, unit: "of the processor time" },
    why: "2 % is more than the operations beyond a p99; with 10 % the p90 is the hypervisor's.",
    advice: "Run on a machine that is not shared, or take differences from the simulation.",
    about: "machine",
    see: ({ calibration }) => {
      const share = calibration?.steal ?? NaN;
      return { value: share, reason: `the hypervisor withheld ${percent(share)} of the CPU time during the trial` };
    },
  },
  {
    kind: "timer-lag",
    title: "The driver's timer is coarse",
    letsThrough: "Arrivals come in bursts that the schedule does not have, and queue behind each other.",
    doubtful: { at: 0.5, unit: "of the median response time (p99 of how late a timer fires)" },
    why: "Operations of half a median response are then begun together. They are timed from when they were due, so nothing is hidden: a doubt and no more.",
    advice: "Trust service time over response time here.",
    about: "machine",
    see: (e) => {
      const lag = e.calibration?.timerLagP99Ms;
      if (lag === undefined || e.claimedP50Ms === undefined || e.offeredPerSecond === undefined) return undefined;
      if (e.spins === true) return undefined;
      return {
        value: lag / e.claimedP50Ms,
        reason: `the driver's timer fires up to ${ms(lag)} late (p99), against a median response of ${ms(e.claimedP50Ms)}, so arrivals come in bursts that the schedule does not have`,
      };
    },
  },
  {
    kind: "timer-resolution",
    title: "The clock that latencies are read from is coarse",
    letsThrough: "Percentiles that are steps of the clock, and differences between configurations that are one step.",
    doubtful: { at: 0.05, unit: "of the median response time (smallest step of the clock)" },
    invalid: { at: 0.5, unit: "of the median response time (smallest step of the clock)" },
    why: "A step of 5 % is as large as differences that people look for; at half a median there are two values in all.",
    advice: "Use a machine with a better clock source, or add injected delays.",
    about: "machine",
    see: (e) => {
      const step = e.calibration?.clockStepMs;
      if (step === undefined || e.claimedP50Ms === undefined) return undefined;
      return {
        value: step / e.claimedP50Ms,
        reason: `the clock moves in steps of ${ms(step)}, against a median response of ${ms(e.claimedP50Ms)}`,
      };
    },
  },
  {
    kind: "time-error",
    title: "The times of processes that make the load may be apart",
    letsThrough:
      "Operations of one process are laid beside those of another, and beside readings of the nodes, as if they had been at one instant.",
    doubtful: { at: 0.1, unit: "of the median response time (greatest difference, as measured)" },
    why: "From a tenth of an operation's length on, which of two processes was first is a guess for many pairs. No latency and no stale read depends on it, for each is judged by the time of one process, whose keys no other writes; so it never makes a trial invalid.",
    advice: "Run less beside it, or use one process (workload.load_processes: 1).",
    about: "machine",
    see: (e) => {
      const error = e.calibration?.timeErrorMs;
      if (error === undefined || e.claimedP50Ms === undefined) return undefined;
      return {
        value: error / e.claimedP50Ms,
        reason: `times of the processes that make the load may differ by ${ms(error)}, against a median response of ${ms(e.claimedP50Ms)}`,
      };
    },
  },
  {
    kind: "recorder-backlog",
    title: "Operations waited to be recorded",
    letsThrough:
      "What had ended is judged after readings of the nodes that came later, and sending stands still while it is worked off.",
    doubtful: { at: 0.1, unit: "of measure.interval (longest wait)" },
    invalid: { at: 1, unit: "of measure.interval (longest wait)" },
    why: "Charts and scans lay operations and nodes side by side by the interval: a tenth is a visible shift, a whole one puts them into the wrong one.",
    advice: "Lower workload.rate, record less raw history (measure.raw.history), or lengthen measure.interval.",
    about: "machine",
    see: ({ recorder, intervalMs }) =>
      recorder === undefined
        ? undefined
        : {
            value: recorder.longestWaitMs / intervalMs,
            reason: `operations waited up to ${ms(recorder.longestWaitMs)} to be recorded, ${recorder.most} at once, against an interval of ${ms(intervalMs)}`,
          },
  },
  {
    kind: "delay-lateness",
    title: "Injected delays came late",
    letsThrough: "Every quorum wait is longer than the network that the experiment describes.",
    doubtful: { at: 0.5, unit: "of the typical injected delay (p99 of how late)" },
    why: "Half as much again is another network. Percentiles below are much less late, so it never makes a trial invalid.",
    advice: "Raise the injected delays, lower the load, or use fewer nodes a core.",
    about: "machine",
    see: (e) =>
      e.injectedDelayMs === undefined || e.injectedDelayMs <= 0
        ? undefined
        : {
            value: e.delayLatenessP99Ms / e.injectedDelayMs,
            reason: `1 % of delayed messages left ${ms(e.delayLatenessP99Ms)} or more after their drawn delay of typically ${ms(e.injectedDelayMs)}`,
          },
  },
  {
    kind: "thin-percentiles",
    title: "Too few operations for a percentile that is claimed",
    letsThrough: "One slow operation more or less moves the percentile, and the next run's will be another.",
    doubtful: { at: 0, unit: `claimed percentile with fewer than ${BEYOND} operations beyond` },
    why: "With ten beyond, the 95 % interval of the rank runs from about five to eighteen; with fewer the value is that of single operations. Others are right, so it never makes a trial invalid. Metrics that nobody claims raise no doubt.",
    advice:
      "Measure longer or at a higher rate (1,000 operations of a kind give ten beyond p99, 10,000 beyond p99.9), or claim a lower percentile.",
    about: "trial",
    see: ({ thinPercentiles: thin }) => ({
      value: thin.length,
      reason: thinInWords(thin),
    }),
  },
  {
    kind: "histogram-overflow",
    title: "Latencies were too long to be recorded",
    letsThrough: "The longest operations are missing from every percentile.",
    doubtful: { at: 0, unit: "of the operations that were due" },
    invalid: { at: 0.01, unit: "of the operations that were due" },
    why: "One is a time base that jumped; one in a hundred reaches a p99.",
    advice: "Look for a time base that jumped; no operation should be open that long.",
    about: "trial",
    see: (e) => ({
      value: e.histogramOverflow === 0 ? 0 : e.histogramOverflow / Math.max(1, e.due),
      reason: `${e.histogramOverflow} latencies above 60,000 s could not be recorded`,
    }),
  },
  {
    kind: "judgement-window",
    title: "Reads could not be judged fresh or stale",
    letsThrough: "They are counted as neither, and may all be stale.",
    doubtful: { at: 0.001, unit: "of the reads" },
    invalid: { at: 0.1, unit: "of the reads" },
    why: "One in a thousand is as much as the staleness that people look for; a tenth would drown any.",
    advice: "Lower the rate of writes to the hottest key, or spread the keys.",
    about: "trial",
    see: (e) => {
      const all = e.readsJudged + e.readsUndecided;
      const share = all === 0 ? 0 : e.readsUndecided / all;
      return {
        value: share,
        reason: `${e.readsUndecided} of ${all} reads (${percent(share)}) could not be judged fresh or stale, because more writes of their key lay between than are held`,
      };
    },
  },
  {
    kind: "judged-early",
    title: "Reads were judged before a write of their key had ended",
    letsThrough: "A read that an open write would show stale counts as fresh.",
    doubtful: { at: 0.001, unit: "of the reads judged" },
    why: "One in a thousand is as much as the staleness that people look for.",
    advice: "Lower the rate or the timeouts, so that fewer operations are open at once.",
    about: "trial",
    see: (e) => ({
      value: e.readsJudgedEarly === 0 ? 0 : e.readsJudgedEarly / Math.max(1, e.readsJudged),
      reason: `${e.readsJudgedEarly} reads were judged while a write that might show them stale was still open`,
    }),
  },
  {
    kind: "unknown-versions",
    title: "Versions were read that nobody wrote",
    letsThrough: "Their past is unknown, so reads of them count as fresh.",
    doubtful: { at: 0, unit: "of the reads judged" },
    invalid: { at: 0.1, unit: "of the reads judged" },
    why: "None should be there at all; with a tenth staleness is mostly unknown.",
    advice:
      "Start from an empty store and let the load phase write every record; wait for all operations before ending.",
    about: "trial",
    see: (e) => {
      const count = e.unknownVersions + e.unknownVersionsForgotten;
      return {
        value: count === 0 ? 0 : e.readsJudged === 0 ? 1 : count / e.readsJudged,
        reason: `${count} versions were read whose writes are not in the history; reads of them count as fresh`,
      };
    },
  },
  {
    kind: "refused-writes-seen",
    title: 'Writes that "did not happen" were read',
    letsThrough: "Whatever is concluded from outcomes is wrong: an indefinite one was called definite.",
    invalid: { at: 0, unit: "such write" },
    why: "One is enough to break what every analysis rests on.",
    advice: "Report it: the store or its adapter calls an indefinite outcome definite, which corrupts every analysis.",
    about: "trial",
    see: (e) => ({
      value: e.refusedWritesSeen,
      reason: `${e.refusedWritesSeen} writes were answered "did not happen" and were read afterwards`,
    }),
  },
  {
    kind: "causality-window",
    title: "Operations could not be judged for anomalies of the clock",
    letsThrough: "Anomalies are counted too low.",
    doubtful: { at: 0.001, unit: "of the operations of a kind of anomaly" },
    why: "One in a thousand is as much as the anomalies that people look for. What is undecided stands in the upper end of the metric, so it never makes a trial invalid.",
    advice:
      "Let all nodes be reachable at the end, inspect every key, lower the rate of writes to the hottest key, or spread the keys.",
    about: "trial",
    see: (e) => {
      const share = ({ judged, undecided }: { judged: number; undecided: number }): number =>
        undecided === 0 ? 0 : undecided / (judged + undecided);
      const at = BY_KIND.get("causality-window")!.doubtful!.at;
      const many = e.anomaliesUndecided.filter((one) => share(one) > at);
      const kinds = many.map(({ kind, judged, undecided }) => `${kind} (${undecided} of ${judged + undecided})`);
      return {
        value: Math.max(0, ...e.anomaliesUndecided.map(share)),
        reason: `operations could not be judged for anomalies of the clock: ${kinds.join(", ")}; their counts are the least there were`,
      };
    },
  },
  {
    kind: "broken-values",
    title: "Values were read that cannot have been written under their key",
    letsThrough: "The store returns wrong bytes, quickly.",
    invalid: { at: 0, unit: "such value" },
    why: "One is enough: a store that returns wrong bytes has no other figure worth reading.",
    advice: "Report it: the store or its adapter returns wrong bytes; or records of another workload lie in the store.",
    about: "trial",
    see: (e) => ({
      value: e.brokenValues,
      reason: `${e.brokenValues} of ${e.checkedValues} values read cannot have been written under their key`,
    }),
  },
  {
    kind: "script-cut",
    title: "The script was not carried out to its end",
    letsThrough: "What is left behind is not what the script makes.",
    invalid: { at: 0, unit: "step that was not begun" },
    why: "A script has one outcome; that of a part of it is another script's.",
    advice: "Lengthen phases.measure, or shorten the script.",
    about: "trial",
    see: (e) => ({
      value: e.stepsLeft,
      reason: `the measured phase ended with ${e.stepsLeft} steps of the script not begun, so what is left behind is not what the script makes`,
    }),
  },
  {
    kind: "identities-ran-out",
    title: "Clients kept an identity that should have ended",
    letsThrough: "A storm of short-lived clients was asked for and not made.",
    doubtful: { at: 0, unit: "such operation" },
    why: "The identities that there were are what was measured; only fewer of them.",
    advice: "Raise workload.client_lifetime, or shorten the trial.",
    about: "trial",
    see: (e) => ({
      value: e.outlivedIdentities,
      reason: `${e.outlivedIdentities} operations were sent under an identity that should have ended, because session numbers had run out`,
    }),
  },
  {
    kind: "queue-drops",
    title: "Messages between nodes were dropped that no experiment asked to lose",
    letsThrough: "Staleness and divergence of an overloaded cluster are read as those of the configuration.",
    doubtful: { at: 0, unit: "such message" },
    why: "The store is made to survive lost messages, so the figures stand; what they are figures of is another question.",
    advice: "Lower the load, or read staleness and divergence as those of an overloaded cluster.",
    about: "trial",
    see: (e) => ({
      value: e.queueDrops,
      reason: `${e.queueDrops} messages between nodes were dropped by full queues or lost links, beyond the loss asked for`,
    }),
  },
];

/** Raised by whoever knows: of a trial on processes, and of a configuration's repetitions taken together. */
const OTHERS: readonly ValidityKind[] = [
  {
    kind: "counters-of-ended-lives",
    title: "A node was ended before it could tell what it had done",
    letsThrough: "Its work since it was last asked is in no count of load, messages or bytes.",
    doubtful: { at: 0.1, unit: "s of a node's work that nobody knows of" },
    why: "Less than that is the answer that was on its way. Clients saw everything, so latencies and staleness stand.",
    advice:
      "Believe what clients saw; for counts of a node that stands still before it is killed, leave the pause out.",
    about: "machine",
  },
  {
    kind: "invalid-trials",
    title: "Repetitions are invalid and left out",
    letsThrough: "A median of few repetitions is read as one of many.",
    doubtful: { at: 0, unit: "of the repetitions" },
    invalid: { at: 1, unit: "of the repetitions, that is all" },
    why: "The others stand as they are; where there are none, nothing is left to summarise.",
    advice: "See the trials themselves, and run the experiment again.",
    about: "configuration",
  },
  {
    kind: "failed-trials",
    title: "Repetitions failed",
    letsThrough: "A median of few repetitions is read as one of many, and of those that the failure spared.",
    doubtful: { at: 0, unit: "of the repetitions" },
    invalid: { at: 1, unit: "of the repetitions, that is all" },
    why: "The others stand as they are; where there are none, nothing was measured.",
    advice:
      "The journal tells which failed; where there are numbers, they are of the others. Run the experiment again.",
    about: "configuration",
  },
];

/** The closed list. */
export const VALIDITY_KINDS: readonly ValidityKind[] = [...JUDGED, ...OTHERS];

const BY_KIND: ReadonlyMap<string, ValidityKind> = new Map(VALIDITY_KINDS.map((row) => [row.kind, row]));

/** The row of a kind; undefined for one that another version knows. */
export function validityKind(kind: string): ValidityKind | undefined {
  return BY_KIND.get(kind);
}

export function adviceOf(kind: string): string {
  return BY_KIND.get(kind)?.advice ?? "";
}

/** Where a level begins, in words: `more than 5 % of the operations that were due`, `any of the inserts`, or `never`. */
export function thresholdInWords({ below }: ValidityKind, threshold: Threshold | undefined): string {
  if (threshold === undefined) return "never";
  const { at, unit } = threshold;
  if (unit.endsWith("that is all")) return "all of the repetitions";
  if (at === 0) return `any ${unit}`;
  const amount = /^(×|s) /.test(unit) ? round(at) : percent(at);
  return `${below === true ? "less" : "more"} than ${amount} ${unit}`;
}

export function judgeValidity(evidence: Evidence): Validity {
  const doubts = JUDGED.flatMap((row): Doubt[] => {
    if (row.about === "machine" && evidence.world === "simulation") return [];
    const seen = row.see(evidence);
    const verdict = seen === undefined ? undefined : levelOf(row, seen.value);
    return verdict === undefined ? [] : [{ kind: row.kind, verdict, reason: seen!.reason, advice: row.advice }];
  });
  return { verdict: worstVerdict(doubts.map((doubt) => doubt.verdict)), doubts };
}

/** What a value in the unit of the thresholds comes to; NaN, which nobody knows, to nothing. */
function levelOf({ below, doubtful, invalid }: ValidityKind, value: number): "doubtful" | "invalid" | undefined {
  const passed = (threshold: Threshold | undefined): boolean =>
    threshold !== undefined && (below === true ? value < threshold.at : value > threshold.at);
  return passed(invalid) ? "invalid" : passed(doubtful) ? "doubtful" : undefined;
}

/** What is missing of nodes that were ended: seconds by node. Undefined where none lacks more than what was on its way. */
export function doubtOfEndedLives(
  unknown: readonly { readonly node: string; readonly seconds: number }[],
): Doubt | undefined {
  const row = BY_KIND.get("counters-of-ended-lives")!;
  const many = unknown.filter(({ seconds }) => levelOf(row, seconds) !== undefined);
  if (many.length === 0) return undefined;
  const which = many.map(({ node, seconds }) => `${node} ${seconds.toFixed(1)} s`).join(", ");
  return {
    kind: row.kind,
    verdict: "doubtful",
    reason: `nodes were ended so long after they had last told their counters: ${which}; their work in that time is in no count of load, messages or bytes`,
    advice: row.advice,
  };
}

export function worstVerdict(verdicts: readonly ValidityVerdict[]): ValidityVerdict {
  if (verdicts.includes("invalid")) return "invalid";
  return verdicts.includes("doubtful") ? "doubtful" : "valid";
}

type Metrics = Readonly<Record<string, MetricValue>>;

/** Printed by every report whose experiment names no headline. */
export const CLAIMED_UNASKED: readonly string[] = ["read_p99_ms", "write_p99_ms"];

/**
 * Of the percentiles above the median that are claimed those with fewer than ten operations beyond, and how many there are. `samples`
 * by what a percentile is of (`read`, `write_service`) tell how many operations one has that was not measured for want of them.
 */
export function thinPercentiles(
  metrics: Metrics,
  claims: readonly string[],
  samples: Readonly<Record<string, number>> = {},
): string[] {
  return claims.flatMap((name) => {
    const percentile = percentileIn(name);
    const count = metrics[name]?.n || (samples[name.replace(/_p\d+_ms$/, "")] ?? 0);
    if (percentile === undefined || percentile <= 50 || count === 0) return [];
    const beyond = Math.round(count * (100 - percentile) * 1e6) / 1e8;
    return beyond < BEYOND ? [`${name} (${Math.floor(beyond)} of ${count})`] : [];
  });
}

/** The claimed percentile of latency that lies furthest out and was measured; of those the smallest. p99s where none is claimed or was measured. */
export function claimedTail(metrics: Metrics, claims: readonly string[]): ClaimedTail | undefined {
  const among = (names: readonly string[]): ClaimedTail[] =>
    names.flatMap((metric) => {
      const percentile = percentileIn(metric);
      const value = metrics[metric]?.value ?? null;
      return percentile === undefined || percentile < 95 || value === null || value <= 0 || !LATENCY.test(metric)
        ? []
        : [{ metric, percentile, ms: value }];
    });
  const claimed = among(claims);
  const known = claimed.length > 0 ? claimed : among([...CLAIMED_UNASKED, "scan_p99_ms"]);
  return [...known].sort((a, b) => b.percentile - a.percentile || a.ms - b.ms)[0];
}

/** The same trial as another experiment would judge it that claims something else: of a trial taken from an earlier run. */
export function judgedByClaims(validity: Validity, metrics: Metrics, claims: readonly string[]): Validity {
  // Of so few that not even a median was made of them, the mean knows how many there were.
  const samples: Record<string, number> = {};
  for (const [name, { n }] of Object.entries(metrics)) {
    const latency = /^(.+)_(?:p50|mean)_ms$/.exec(name)?.[1];
    if (latency !== undefined) samples[latency] = Math.max(samples[latency] ?? 0, n);
  }
  const kind = "thin-percentiles";
  const thin = thinPercentiles(metrics, claims, samples);
  const others = validity.doubts.filter((doubt) => doubt.kind !== kind);
  const doubts: Doubt[] =
    thin.length === 0
      ? others
      : [...others, { kind, verdict: "doubtful", reason: thinInWords(thin), advice: adviceOf(kind) }];
  return { verdict: worstVerdict(doubts.map(({ verdict }) => verdict)), doubts };
}

function thinInWords(thin: readonly string[]): string {
  return `fewer than ten operations lie beyond ${thin.join(", ")}`;
}

const LATENCY = /^(?:[a-z]+|multi_get)(?:_service)?_p\d+_ms$/;

/** `read_p999_ms` is 99.9; undefined where the name says none. */
function percentileIn(name: string): number | undefined {
  const match = /_(p\d{2,6})(?=_|$)/.exec(name);
  const share = match === null ? undefined : shareOfPercentile(match[1]);
  return share === undefined ? undefined : Number((share * 100).toPrecision(12));
}

function collected(who: string, health: ProcessHealth, tail: ClaimedTail | undefined): Seen | undefined {
  if (tail === undefined || health.gcLongestMs < PAUSE_VISIBLE * tail.ms) return undefined;
  return {
    value: Number((health.gcMsPerS / 1_000 / (1 - tail.percentile / 100)).toPrecision(9)),
    reason: `${who} stood still for garbage collection ${ms(health.gcMsPerS)} of every second, ${ms(health.gcLongestMs)} at the longest, against a ${tail.metric} of ${ms(tail.ms)}`,
  };
}

function worstOf<T>(all: readonly T[], of: (one: T) => number): T | undefined {
  return [...all].sort((a, b) => of(b) - of(a))[0];
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
