/**
 * The closed list of doubts, kind by kind: evidence made by hand that lies exactly on a threshold raises nothing, a little beyond it is
 * doubtful, and beyond the second invalid. Whoever adds a kind without a case here breaks the last test. Run with
 * `-g "validity, kind by kind"` it prints one line for every reason there is.
 */
import assert from "node:assert/strict";
import type { Calibration, Doubt } from "../../results/record/figures";
import { summariseCells } from "../../results/statistics/summarise";
import {
  adviceOf,
  CLAIMED_UNASKED,
  claimedTail,
  doubtOfEndedLives,
  judgedByClaims,
  judgeValidity,
  thinPercentiles,
  thresholdInWords,
  VALIDITY_KINDS,
  validityKind,
  worstVerdict,
  type Evidence,
  type ProcessHealth,
} from "../../results/statistics/validity";
import { trial } from "./statistics/trials";

const QUIET: Calibration = {
  nullRoundTripP50Ms: 0.05,
  nullRoundTripP99Ms: 0.1,
  timerLagP50Ms: 0.01,
  timerLagP99Ms: 0.1,
  clockStepMs: 0.001,
  placement: "none",
  outsideCpu: 0.02,
  steal: 0,
  loadAverage: 0.3,
};
const CALM: ProcessHealth = { loopDelayP99Ms: 1, loopDelayMaxMs: 90, gcMsPerS: 1, gcCount: 5, gcLongestMs: 1 };

/** A trial on processes that nobody doubts: p50 of 10 ms, p99 of 40 ms claimed. */
const SOUND: Evidence = {
  due: 10_000,
  succeeded: 10_000,
  dropped: 0,
  endedPerSecond: 1_000,
  offeredPerSecond: 1_000,
  loads: 1_000,
  loadFailures: 0,
  scheduleLagP99Ms: 0.1,
  claimedP50Ms: 10,
  claimedTail: { metric: "read_p99_ms", percentile: 99, ms: 40 },
  samples: {},
  thinPercentiles: [],
  histogramOverflow: 0,
  driver: CALM,
  nodes: [{ node: "node-1", ...CALM }],
  recorder: { most: 3, longestWaitMs: 0.2 },
  intervalMs: 1_000,
  delayLatenessP99Ms: 0.1,
  injectedDelayMs: 4,
  queueDrops: 0,
  brokenValues: 0,
  checkedValues: 1_000,
  stepsLeft: 0,
  outlivedIdentities: 0,
  readsJudged: 1_000,
  readsUndecided: 0,
  readsInexact: 0,
  readsJudgedEarly: 0,
  unknownVersions: 0,
  unknownVersionsForgotten: 0,
  refusedWritesSeen: 0,
  anomaliesUndecided: [],
  calibration: QUIET,
  world: "processes",
};

const quiet = (more: Partial<Calibration>): Partial<Evidence> => ({ calibration: { ...QUIET, ...more } });
const driver = (more: Partial<ProcessHealth>): Partial<Evidence> => ({ driver: { ...CALM, ...more } });
const node = (more: Partial<ProcessHealth>): Partial<Evidence> => ({
  nodes: [
    { node: "node-1", ...CALM },
    { node: "node-2", ...CALM, ...more },
  ],
});
const undecided = (count: number): Partial<Evidence> => ({
  anomaliesUndecided: [{ kind: "lost-update", judged: 100_000 - count, undecided: count }],
});

interface Case {
  /** On the threshold, or as near as there is: raises nothing. */
  readonly sound: Partial<Evidence>;
  readonly doubtful?: Partial<Evidence>;
  /** On the second threshold: still doubtful. */
  readonly justDoubtful?: Partial<Evidence>;
  readonly invalid?: Partial<Evidence>;
}

const CASES: Readonly<Record<string, Case>> = {
  "nothing-succeeded": { sound: { succeeded: 1 }, invalid: { succeeded: 0 } },
  "load-failures": {
    sound: { loadFailures: 0 },
    doubtful: { loadFailures: 1 },
    justDoubtful: { loadFailures: 10 },
    invalid: { loadFailures: 11 },
  },
  "achieved-rate": {
    sound: { endedPerSecond: 950 },
    doubtful: { endedPerSecond: 949 },
    justDoubtful: { endedPerSecond: 500 },
    invalid: { endedPerSecond: 499 },
  },
  "dropped-operations": {
    sound: { dropped: 0 },
    doubtful: { dropped: 1 },
    justDoubtful: { dropped: 500 },
    invalid: { dropped: 501 },
  },
  "schedule-lag": {
    sound: { scheduleLagP99Ms: 1 },
    doubtful: { scheduleLagP99Ms: 1.1 },
    justDoubtful: { scheduleLagP99Ms: 10 },
    invalid: { scheduleLagP99Ms: 10.1 },
  },
  "driver-loop-delay": {
    sound: driver({ loopDelayP99Ms: 12 }),
    doubtful: driver({ loopDelayP99Ms: 13 }),
    justDoubtful: driver({ loopDelayP99Ms: 42 }),
    invalid: driver({ loopDelayP99Ms: 43 }),
  },
  "node-loop-delay": { sound: node({ loopDelayP99Ms: 22 }), doubtful: node({ loopDelayP99Ms: 23 }) },
  "driver-gc": {
    sound: driver({ gcMsPerS: 10, gcLongestMs: 10 }),
    doubtful: driver({ gcMsPerS: 11, gcLongestMs: 10 }),
    justDoubtful: driver({ gcMsPerS: 100, gcLongestMs: 10 }),
    invalid: driver({ gcMsPerS: 101, gcLongestMs: 10 }),
  },
  "node-gc": { sound: node({ gcMsPerS: 50, gcLongestMs: 10 }), doubtful: node({ gcMsPerS: 51, gcLongestMs: 10 }) },
  "outside-load": {
    sound: quiet({ outsideCpu: 0.1 }),
    doubtful: quiet({ outsideCpu: 0.11 }),
    justDoubtful: quiet({ outsideCpu: 0.3 }),
    invalid: quiet({ outsideCpu: 0.31 }),
  },
  "stolen-time": {
    sound: quiet({ steal: 0.02 }),
    doubtful: quiet({ steal: 0.03 }),
    justDoubtful: quiet({ steal: 0.1 }),
    invalid: quiet({ steal: 0.11 }),
  },
  "timer-lag": { sound: quiet({ timerLagP99Ms: 5 }), doubtful: quiet({ timerLagP99Ms: 5.1 }) },
  "timer-resolution": {
    sound: quiet({ clockStepMs: 0.5 }),
    doubtful: quiet({ clockStepMs: 0.6 }),
    justDoubtful: quiet({ clockStepMs: 5 }),
    invalid: quiet({ clockStepMs: 5.1 }),
  },
  "time-error": { sound: quiet({ timeErrorMs: 1 }), doubtful: quiet({ timeErrorMs: 1.1 }) },
  "recorder-backlog": {
    sound: { recorder: { most: 90, longestWaitMs: 100 } },
    doubtful: { recorder: { most: 90, longestWaitMs: 101 } },
    justDoubtful: { recorder: { most: 900, longestWaitMs: 1_000 } },
    invalid: { recorder: { most: 900, longestWaitMs: 1_001 } },
  },
  "delay-lateness": { sound: { delayLatenessP99Ms: 2 }, doubtful: { delayLatenessP99Ms: 2.1 } },
  "thin-percentiles": { sound: { thinPercentiles: [] }, doubtful: { thinPercentiles: ["read_p99_ms (9 of 900)"] } },
  "histogram-overflow": {
    sound: { histogramOverflow: 0 },
    doubtful: { histogramOverflow: 1 },
    justDoubtful: { histogramOverflow: 100 },
    invalid: { histogramOverflow: 101 },
  },
  "judgement-window": {
    sound: { readsJudged: 999, readsUndecided: 1 },
    doubtful: { readsJudged: 998, readsUndecided: 2 },
    justDoubtful: { readsJudged: 900, readsUndecided: 100 },
    invalid: { readsJudged: 899, readsUndecided: 101 },
  },
  "judged-early": { sound: { readsJudgedEarly: 1 }, doubtful: { readsJudgedEarly: 2 } },
  "unknown-versions": {
    sound: { unknownVersions: 0 },
    doubtful: { unknownVersions: 1 },
    justDoubtful: { unknownVersions: 50, unknownVersionsForgotten: 50 },
    invalid: { unknownVersions: 50, unknownVersionsForgotten: 51 },
  },
  "refused-writes-seen": { sound: { refusedWritesSeen: 0 }, invalid: { refusedWritesSeen: 1 } },
  "causality-window": { sound: undecided(100), doubtful: undecided(101) },
  "broken-values": { sound: { brokenValues: 0 }, invalid: { brokenValues: 1 } },
  "script-cut": { sound: { stepsLeft: 0 }, invalid: { stepsLeft: 1 } },
  "identities-ran-out": { sound: { outlivedIdentities: 0 }, doubtful: { outlivedIdentities: 1 } },
  "queue-drops": { sound: { queueDrops: 0 }, doubtful: { queueDrops: 1 } },
};

const judged = (evidence: Partial<Evidence>): readonly Doubt[] => judgeValidity({ ...SOUND, ...evidence }).doubts;

/** Doubts that are not judged from evidence, by who raises them. */
const OTHERS: Readonly<Record<string, () => void>> = {
  "counters-of-ended-lives": () => {
    assert.equal(doubtOfEndedLives([{ node: "node-1", seconds: 0.1 }]), undefined);
    const doubt = doubtOfEndedLives([
      { node: "node-1", seconds: 0.1 },
      { node: "node-2", seconds: 0.2 },
    ])!;
    assert.equal(doubt.verdict, "doubtful");
    assert.match(doubt.reason, /: node-2 0\.2 s;/);
  },
  "invalid-trials": () => {
    const of = (invalid: number): string[] =>
      summariseCells([1, 2, 3].map((k) => trial("a", k, { read_p99_ms: k }, { invalid: k <= invalid })))[0]
        .validity.doubts.filter(({ kind }) => kind === "invalid-trials")
        .map(({ verdict }) => verdict);
    assert.deepEqual([of(0), of(1), of(2), of(3)], [[], ["doubtful"], ["doubtful"], ["invalid"]]);
  },
  "failed-trials": () => {
    const of = (failed: number): string[] =>
      summariseCells([1, 2].map((k) => trial("a", k, { read_p99_ms: k }, { failed: k <= failed })))[0]
        .validity.doubts.filter(({ kind }) => kind === "failed-trials")
        .map(({ verdict }) => verdict);
    assert.deepEqual([of(0), of(1), of(2)], [[], ["doubtful"], ["invalid"]]);
  },
};

describe("validity, kind by kind", () => {
  for (const [kind, { sound, doubtful, justDoubtful, invalid }] of Object.entries(CASES)) {
    const levels = [
      ...(doubtful === undefined ? [] : [`doubtful: ${judged(doubtful)[0]?.reason}`]),
      ...(invalid === undefined ? [] : [`invalid: ${judged(invalid)[0]?.reason}`]),
    ];
    it(`${kind}   ${levels.join("   ")}`, () => {
      assert.deepEqual(judged(sound), [], "on the threshold");
      for (const [evidence, verdict] of [
        [doubtful, "doubtful"],
        [justDoubtful, "doubtful"],
        [invalid, "invalid"],
      ] as const) {
        if (evidence === undefined) continue;
        const doubts = judged(evidence);
        assert.deepEqual(
          doubts.map((one) => [one.kind, one.verdict, one.advice]),
          [[kind, verdict, adviceOf(kind)]],
        );
        assert.equal(judgeValidity({ ...SOUND, ...evidence }).verdict, verdict);
        assert.ok(doubts[0].reason.length > 20, doubts[0].reason);
        assert.doesNotMatch(doubts[0].reason, /NaN|undefined|Infinity/);
      }
      const row = validityKind(kind)!;
      assert.deepEqual(
        [row.doubtful !== undefined, row.invalid !== undefined],
        [doubtful !== undefined, invalid !== undefined],
        "a level without a case",
      );
    });
  }
  for (const [kind, test] of Object.entries(OTHERS)) it(`${kind}   ${validityKind(kind)!.title}`, test);

  it("has a case for every kind, and no other", () => {
    assert.deepEqual(
      [...Object.keys(CASES), ...Object.keys(OTHERS)].sort(),
      VALIDITY_KINDS.map(({ kind }) => kind).sort(),
    );
  });
  it("says of every kind what it lets through, why its thresholds stand where they do, and what to do", () => {
    for (const row of VALIDITY_KINDS) {
      for (const text of [row.letsThrough, row.why, row.advice]) assert.match(text, /^[A-Z\d].{20,}\.$/s, row.kind);
      assert.ok(row.doubtful !== undefined || row.invalid !== undefined, row.kind);
      const [doubtful, invalid] = [row.doubtful, row.invalid].map((level) => thresholdInWords(row, level));
      assert.doesNotMatch(doubtful + invalid, /undefined|NaN/);
      if (row.doubtful !== undefined && row.invalid !== undefined) {
        const worse = row.below === true ? row.invalid.at < row.doubtful.at : row.invalid.at > row.doubtful.at;
        assert.ok(worse, `${row.kind}: invalid is the worse of the two`);
        assert.equal(row.invalid.unit.split(",")[0], row.doubtful.unit.split(",")[0], row.kind);
      }
    }
  });
  it("raises no doubt of what nobody measured", () => {
    const nothing: Partial<Evidence> = {
      calibration: { ...QUIET, outsideCpu: NaN, steal: NaN, timerLagP99Ms: NaN, clockStepMs: NaN },
      driver: undefined,
      nodes: [],
      recorder: undefined,
      scheduleLagP99Ms: undefined,
      claimedP50Ms: undefined,
      claimedTail: undefined,
      offeredPerSecond: undefined,
      injectedDelayMs: undefined,
    };
    assert.deepEqual(judged(nothing), []);
    assert.deepEqual(judged({ calibration: null }), []);
  });
  it("judges the machine on real processes alone", () => {
    const machine = VALIDITY_KINDS.filter(({ kind, about }) => about === "machine" && kind in CASES);
    assert.ok(machine.length >= 9);
    for (const { kind } of machine) {
      const { doubtful, invalid } = CASES[kind];
      assert.deepEqual(judged({ ...(invalid ?? doubtful), world: "simulation" }), [], kind);
    }
  });
  it("is as bad as the worst of its doubts", () => {
    const { verdict, doubts } = judgeValidity({ ...SOUND, dropped: 1, stepsLeft: 1, ...quiet({ steal: 0.05 }) });
    assert.deepEqual(
      doubts.map(({ kind }) => kind),
      ["dropped-operations", "stolen-time", "script-cut"],
    );
    assert.equal(verdict, "invalid");
    assert.deepEqual(
      [worstVerdict([]), worstVerdict(["valid", "doubtful"]), worstVerdict(["invalid", "doubtful"])],
      ["valid", "doubtful", "invalid"],
    );
  });
});

describe("validity of what is claimed", () => {
  const of = (n: number, value: number | null = 5) => ({ value, lo: null, hi: null, n, unit: "ms" });

  it("takes ten operations beyond a percentile that is claimed, p99.9 and p99.99 as well as p99", () => {
    const metrics = {
      read_p95_ms: of(199),
      read_p99_ms: of(999),
      read_p999_ms: of(0, null),
      read_p9999_ms: of(99_999),
    };
    assert.deepEqual(thinPercentiles(metrics, ["read_p99_ms"]), ["read_p99_ms (9 of 999)"]);
    assert.deepEqual(thinPercentiles({ read_p99_ms: of(1_000) }, ["read_p99_ms"]), []);
    assert.deepEqual(thinPercentiles({ read_p999_ms: of(10_000) }, ["read_p999_ms"]), []);
    assert.deepEqual(thinPercentiles(metrics, ["read_p9999_ms"]), ["read_p9999_ms (9 of 99999)"]);
    assert.deepEqual(thinPercentiles(metrics, ["read_p95_ms"]), ["read_p95_ms (9 of 199)"]);
    assert.deepEqual(
      thinPercentiles(metrics, ["read_p999_ms"], { read: 4_000 }),
      ["read_p999_ms (4 of 4000)"],
      "also where it was not measured for want of them",
    );
  });
  it("says nothing of metrics that nobody claims, of medians, of what is no percentile and of kinds that did not happen", () => {
    const metrics = { rmw_p99_ms: of(10), read_p50_ms: of(3), read_p99_ms: of(5_000), p_stale: of(3) };
    assert.deepEqual(thinPercentiles(metrics, ["read_p99_ms", "read_p50_ms", "p_stale", "write_p99_ms"]), []);
    assert.deepEqual(thinPercentiles(metrics, ["rmw_p99_ms"]), ["rmw_p99_ms (0 of 10)"]);
    assert.deepEqual(thinPercentiles({ read_p99_ms: of(500) }, CLAIMED_UNASKED), ["read_p99_ms (5 of 500)"]);
  });
  it("holds the machine against the percentile furthest out that is claimed, and p99 where none is", () => {
    const metrics = { read_p99_ms: of(1, 9), write_p99_ms: of(1, 7), read_p999_ms: of(1, 30), read_p50_ms: of(1, 2) };
    assert.deepEqual(claimedTail(metrics, ["read_p99_ms", "read_p999_ms"]), {
      metric: "read_p999_ms",
      percentile: 99.9,
      ms: 30,
    });
    assert.equal(claimedTail(metrics, ["read_p50_ms"])?.metric, "write_p99_ms", "the smaller of the two");
    assert.equal(claimedTail({}, ["read_p99_ms"]), undefined);
    const gc = (percentile: number, ms: number, gcMsPerS: number): string[] =>
      judgeValidity({
        ...SOUND,
        claimedTail: { metric: "read_p99_ms", percentile, ms },
        ...driver({ gcMsPerS, gcLongestMs: 3 }),
      }).doubts.map(({ kind, verdict }) => `${kind} ${verdict}`);
    assert.deepEqual(gc(99.9, 10, 2), ["driver-gc doubtful"], "a p99.9 is reached by a tenth of what reaches a p99");
    assert.deepEqual(gc(99, 10, 2), []);
    assert.deepEqual(gc(99.9, 20, 200), [], "pauses too short to be seen in it");
  });
  it("is judged anew where a trial is taken over by an experiment that claims something else", () => {
    const metrics = { read_p50_ms: of(400), read_p99_ms: of(400), read_p999_ms: of(0, null) };
    const queue = { kind: "queue-drops", verdict: "doubtful", reason: "3 messages", advice: "Wait." } as const;
    const before = { verdict: "doubtful", doubts: [queue] } as const;
    const more = judgedByClaims(before, metrics, ["read_p999_ms"]);
    assert.deepEqual(
      more.doubts.map(({ kind, reason }) => [kind, reason]),
      [
        ["queue-drops", "3 messages"],
        ["thin-percentiles", "fewer than ten operations lie beyond read_p999_ms (0 of 400)"],
      ],
    );
    assert.deepEqual(judgedByClaims(more, metrics, ["read_p50_ms"]), before);
    assert.equal(judgedByClaims({ verdict: "valid", doubts: [] }, metrics, ["read_p99_ms"]).verdict, "doubtful");
  });
  it("does not hold two milliseconds of a coarse timer against a fast store", () => {
    const fast = { claimedTail: { metric: "read_p99_ms", percentile: 99, ms: 0.5 } };
    assert.deepEqual(judged({ ...fast, ...driver({ loopDelayP99Ms: 2 }) }), []);
    assert.equal(judged({ ...fast, ...driver({ loopDelayP99Ms: 2.6 }) })[0].verdict, "invalid");
  });
});
