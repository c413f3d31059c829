/**
 * Failure detectors judged: five-line histories of one or a few pairs, the identities of Chen, Toueg and Aguilera on generated
 * ones, and a dumb twin that looks at every millisecond.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../../engine/vocabulary/random";
import { DetectionRecorder } from "../../../results/measures/detection-history";
import { episodesOf, qualityOf, type Quality } from "../../../results/measures/detection-quality";
import { TrialFold, type TrialResult } from "../../../results/measures/fold";
import type { DetectionEvent } from "../../../results/record/detection";
import type { OperationRecord } from "../../../results/record/history";
import { poissonInterval } from "../../../results/statistics/poisson";
import { END, PHASES, get, put } from "./histories";

const SECOND = 1_000_000;
const NODES = ["a", "b", "c"];
const STATES = { "+": "up", "-": "down", "=": "paused", "~": "absent" } as const;

/**
 * One event a word, in seconds: `a+2` node a is up, `a-2` down, `a=2` stands still, `a~2` is absent; `a?b2` a suspects b, `a!b2` a trusts it;
 * `a|b2` a and b are cut off from each other, `|2` nobody is.
 */
function events(text: string): DetectionEvent[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word): DetectionEvent => {
      const [, left, sign, right, seconds] = /^([abc]?)([-+=~?!|])([abc]?)([\d.]+)$/.exec(word)!;
      const at = Math.round(Number(seconds) * SECOND);
      const [one, other] = [NODES.indexOf(left), NODES.indexOf(right)];
      switch (sign) {
        case "?":
        case "!":
          return { kind: "opinion", at, observer: one, subject: other, suspected: sign === "?" };
        case "|":
          return {
            kind: "cuts",
            at,
            cuts:
              one < 0 ? [] : [{ groupOf: NODES.map((_, i) => (i === one ? 0 : i === other ? 1 : -1)), oneWay: false }],
          };
        default:
          return { kind: "node", at, node: one, state: STATES[sign as keyof typeof STATES] };
      }
    });
}

/** Three nodes, judged from 0 to 10 s unless they are told otherwise. */
function trial(text: string, operations: readonly OperationRecord[] = [], endS = 12): TrialResult {
  const fold = new TrialFold({
    intervalMs: 1_000,
    percentiles: [],
    phases: { ...PHASES, endOfMeasure: 10 * SECOND },
  });
  fold.detection({ kind: "nodes", ids: NODES });
  for (const event of events(`a+0 b+0 c+0 ${text}`)) fold.detection(event);
  for (const operation of operations) fold.operation(operation);
  fold.detection({ kind: "end", at: endS * SECOND });
  return fold.finish(END);
}

function values(result: TrialResult, ...names: string[]): (number | null | undefined)[] {
  return names.map((name) => result.metrics[name]?.value);
}

function quality(text: string): { quality: Quality; episodes: ReturnType<typeof episodesOf> } {
  const recorder = new DetectionRecorder();
  recorder.add({ kind: "nodes", ids: NODES });
  for (const event of events(`a+0 b+0 c+0 ${text}`)) recorder.add(event);
  recorder.add({ kind: "end", at: 12 * SECOND });
  const history = recorder.history(0, 10 * SECOND);
  const judged = qualityOf(history);
  return { quality: judged, episodes: episodesOf(history, judged.crashes, "down") };
}

describe("the quality of failure detectors", () => {
  describe("of a crash", () => {
    it("is the time from its true end to the suspicion that stays, of every observer", () => {
      const result = trial("c-2 a?c2.5 b?c3 c+8 a!c8.1 b!c8.2");
      const names = ["fd_first_detection_ms", "fd_dissemination_ms", "fd_detection_ms", "fd_undetected_crashes"];
      assert.deepEqual(values(result, ...names), [500, 1_000, 500, 0]);
      assert.deepEqual(values(result, "fd_mistake_rate", "fd_query_accuracy"), [0, 1]);
      assert.equal(result.figures.detection!.accuracy.returns.count, 2);
      assert.equal(Math.round(result.metrics["fd_return_ms"].value!), 150);
    });
    it("has a mean of the first to find out, and a longest", () => {
      const two = trial("c-2 a?c2.5 b?c3 c+4 a!c4.1 b!c4.2 c-5 b?c6.5 a?c6.9");
      assert.deepEqual(values(two, "fd_first_detection_mean_ms", "fd_detection_max_ms"), [1_000, 1_900]);
      const once = trial("c-2 a?c2.5 c+4");
      const { fd_first_detection_mean_ms: first, fd_detection_max_ms: most } = once.metrics;
      assert.deepEqual([first.value, first.atLeast, most.value, most.atLeast], [500, undefined, 2_000, true]);
      const never = trial("c-2 c+4").metrics["fd_first_detection_mean_ms"];
      assert.deepEqual([never.value, never.atLeast, never.hi], [2_000, true, null]);
    });
    it("is that of the last suspicion where one was given up in between", () => {
      const { quality: judged } = quality("c-2 a?c2.5 a!c2.6 a?c4 b?c3");
      assert.deepEqual(
        judged.crashes.map(({ observer, took }) => [observer, took / SECOND]),
        [
          [0, 2],
          [1, 1],
        ],
      );
    });
    it("is nothing where the node was suspected already", () => {
      assert.deepEqual(values(trial("a?c1 b?c1.5 c-2"), "fd_detection_ms", "fd_detection_p99_ms"), [0, 0]);
    });
    it("is at least as long as it lasted, or the trial did, where nobody found out", () => {
      const back = trial("c-2 c+5");
      assert.deepEqual(values(back, "fd_detection_ms", "fd_undetected_crashes"), [3_000, 2]);
      assert.equal(back.metrics["fd_detection_ms"].atLeast, true);
      assert.equal(back.metrics["fd_dissemination_ms"].atLeast, true);
      assert.deepEqual(values(trial("c-2"), "fd_detection_ms"), [10_000]);
    });
    it("by all waits for the last that still runs, and for nobody else", () => {
      const { episodes } = quality("c-2 a?c2.5 b=3");
      assert.deepEqual(
        episodes.map(({ observers, first, all }) => [observers, first, all]),
        [[1, 0.5 * SECOND, 0.5 * SECOND]],
      );
      const both = quality("c-2 a?c2.5").episodes[0];
      assert.deepEqual([both.observers, both.first, both.all], [2, 0.5 * SECOND, undefined]);
    });
    it("leaves out who could not see it, who died at the same instant, and who never started", () => {
      assert.deepEqual(
        quality("a|c1 c-2 b?c3").quality.crashes.map(({ observer }) => observer),
        [1],
      );
      assert.deepEqual(
        quality("b-2 c-2").quality.crashes.map(({ observer }) => observer),
        [0, 0],
      );
      const recorder = new DetectionRecorder();
      recorder.add({ kind: "nodes", ids: NODES });
      for (const event of events("a+0 b+0 a?c1 b-2")) recorder.add(event);
      const judged = qualityOf(recorder.history(0, 10 * SECOND));
      assert.deepEqual(
        judged.crashes.map(({ observer, subject }) => [observer, subject]),
        [[0, 1]],
      );
      assert.deepEqual(
        judged.observers.map(({ mistakes }) => mistakes),
        [0, 0, 0],
      );
    });
    it("before the measured phase is not judged, and one in it is followed into the drain", () => {
      const fold = new TrialFold({
        intervalMs: 1_000,
        percentiles: [],
        phases: { startOfWarmup: 0, startOfMeasure: 3 * SECOND, endOfMeasure: 10 * SECOND },
      });
      fold.detection({ kind: "nodes", ids: NODES });
      for (const event of events("a+0 b+0 c+0 b-1 a?b2 c?b2 c-9.5 a?c11")) fold.detection(event);
      fold.detection({ kind: "end", at: 12 * SECOND });
      const { metrics } = fold.finish(END);
      assert.deepEqual([metrics["fd_detection_ms"].value, metrics["fd_detection_ms"].n], [1_500, 1]);
    });
  });

  describe("while nothing is wrong", () => {
    it("counts mistakes over the failure-free time of all pairs, and how long they stand", () => {
      const result = trial("a?b2 a!b2.5 b?c4 b!c5.5");
      const names = ["fd_mistake_rate", "fd_mistake_ms", "fd_query_accuracy", "fd_false_positives"];
      assert.deepEqual(values(result, ...names), [2 / 60, 1_000, 1 - 2 / 60, 2]);
      assert.equal(result.metrics["fd_detection_ms"], undefined);
    });
    it("takes the time of a mistake that had begun before for no other's", () => {
      const recorder = new DetectionRecorder();
      recorder.add({ kind: "nodes", ids: NODES });
      for (const event of events("a+0 b+0 c+0 a?b1 a!b3 a?c6 a!c6.5")) recorder.add(event);
      recorder.add({ kind: "end", at: 12 * SECOND });
      const [{ mistakes, mistaken, mistakeTime }] = qualityOf(recorder.history(2 * SECOND, 10 * SECOND)).observers;
      assert.deepEqual([mistakes, mistaken, mistakeTime], [1, 1.5 * SECOND, 0.5 * SECOND]);
    });
    it("gives a rate of zero the end that so much time can tell", () => {
      const { value, lo, hi } = trial("").metrics["fd_mistake_rate"];
      assert.deepEqual([value, lo], [0, 0]);
      assert.ok(Math.abs(hi! - 3.69 / 60) < 0.001, String(hi));
      const { lo: low, hi: high } = poissonInterval(10);
      assert.ok(Math.abs(low - 4.795) < 0.02 && Math.abs(high - 18.39) < 0.02);
    });
    it("says at least of mistakes that still stand, and cuts them where a fault begins", () => {
      const open = trial("a?b8").metrics["fd_mistake_ms"];
      assert.deepEqual([open.value, open.atLeast], [2_000, true]);
      const struck = trial("a?b2 b-3");
      assert.deepEqual([struck.metrics["fd_mistake_ms"].value, struck.metrics["fd_mistake_ms"].atLeast], [1_000, true]);
    });
    it("leaves whoever is not suspected in view, of nodes that run when the measured phase ends", () => {
      const view = (text: string): (number | null | undefined)[] => values(trial(text), "fd_trusted_final");
      assert.deepEqual(view(""), [3]);
      assert.deepEqual(view("a?b1 a?c2 b?c3 a!c11"), [2], "1, 2 and 3; what comes later does not count");
      assert.deepEqual(view("c-2 a?c3"), [2.5], "the dead have no view");
      assert.deepEqual(view("c?a1 c?b1 c-2 c+3"), [3], "a new life trusts everybody");
    });
    it("tells false positives of observers that had been well from those of others", () => {
      const result = trial("a?b1 a!b1.1 c=2 c+4 c?a4 c?b4 c!a4.5 c!b4.5 a?c5 a!c5.1");
      assert.deepEqual(values(result, "fd_false_positives", "fd_false_positives_healthy"), [4, 2]);
      assert.deepEqual(values(result, "fd_false_positives_of_healthy", "fd_false_positives_among_healthy"), [3, 1]);
      const { accuracy } = result.figures.detection!;
      assert.deepEqual([accuracy.mistakesOfHealthy, accuracy.mistakesAmongHealthy], [3, 1]);
    });
  });

  describe("of a pause or a partition", () => {
    it("is no mistake and no crash: it is counted apart, and not judged until given up", () => {
      const result = trial("c=2 a?c3 c+4 a!c4.2");
      assert.deepEqual(values(result, "fd_pause_suspicions", "fd_mistake_rate", "fd_detection_ms"), [1, 0, undefined]);
      assert.equal(result.metrics["fd_pause_first_detection_ms"].value, 1_000);
      assert.equal(result.metrics["fd_pause_dissemination_ms"].atLeast, true);
    });
    it("is a mistake when it comes after the node runs again", () => {
      assert.deepEqual(values(trial("c=2 c+4 a?c4.1 a!c4.2"), "fd_pause_suspicions", "fd_false_positives"), [0, 1]);
    });
    it("of who is cut off from the observer is neither; for others he is there", () => {
      const result = trial("a|c2 a?c3 b?c3 b!c3.5 |6 a!c6.5");
      assert.equal(result.figures.detection!.accuracy.cutSuspicions, 1);
      assert.deepEqual(values(result, "fd_false_positives", "fd_mistake_ms"), [1, 500]);
    });
    it("leaves an observer that stands still out, and lets one that starts trust everybody", () => {
      const result = trial("a?b1 a-2 a+4 a?b5 a!b6");
      const { accuracy } = result.figures.detection!;
      assert.equal(accuracy.mistakes, 2);
      // a about b and c, b and c about a: 2 s less each; the others whole.
      assert.ok(Math.abs(accuracy.pairSeconds - (4 * 8 + 2 * 10)) < 1e-9);
      assert.ok(Math.abs(accuracy.mistakenSeconds - 2) < 1e-9);
    });
  });

  it("sorts what is told late, and stops judging at the first event that there was no room for", () => {
    const late = trial("c-2 b?c4 a?c3");
    assert.deepEqual(late.figures.detection!.crash.ms, [1_000, 2_000]);
    const recorder = new DetectionRecorder(2);
    recorder.add({ kind: "nodes", ids: NODES });
    for (const event of events("a+0 b+0 c+0 a?b1 a!b2 a?b6 a!b7")) recorder.add(event);
    const history = recorder.history(0, 10 * SECOND);
    assert.deepEqual([history.to, history.end, history.dropped], [6 * SECOND, 6 * SECOND, 2]);
  });

  describe("for clients", () => {
    it("sets operations that met an undetected fault apart from the others", () => {
      const at = (s: number, ms: number, more: Partial<OperationRecord> = {}): OperationRecord =>
        get([], s * SECOND, s * SECOND + ms * 1_000, more);
      const slow = Array.from({ length: 120 }, (_, i) => at(2 + i / 1_000, 80));
      const fast = Array.from({ length: 120 }, (_, i) => at(6 + i / 1_000, 2));
      const lost = at(2.2, 500, { outcome: "timeout" });
      const result = trial("c-2 a?c2.4 b?c3", [...slow, lost, ...fast]);
      const { client } = result.figures.detection!;
      assert.deepEqual(
        [client.undetected.operations, client.undetected.failed, client.otherwise.operations],
        [121, 1, 120],
      );
      assert.ok(client.undetected.p99Ms! > 79 && client.otherwise.p99Ms! < 3);
      assert.deepEqual(values(result, "fd_undetected_s"), [1]);
      assert.ok(Math.abs(result.metrics["fd_undetected_failure_ratio"].value! - 1 / 121) < 1e-12);
    });
    it("counts what was refused although everybody ran, and nothing that a fault explains", () => {
      const refused = (s: number): OperationRecord =>
        put(1, s * SECOND, s * SECOND + 1_000, { outcome: "unavailable" });
      assert.deepEqual(values(trial("a?b2 a!b3", [refused(1), refused(2.5)]), "fd_refused_by_mistake"), [1]);
      assert.deepEqual(values(trial("c-1 a?c1.1 b?c1.1 a?b2 a!b3", [refused(2.5)]), "fd_refused_by_mistake"), [0]);
    });
    it("takes nothing for a mistake because the dead was removed, whom nobody looks at any more", () => {
      const refused = put(1, 3 * SECOND, 3 * SECOND + 1_000, { outcome: "unavailable" });
      assert.deepEqual(values(trial("c-1 a?c1.1 b?c1.1 c~2", [refused]), "fd_refused_by_mistake"), [0]);
      assert.deepEqual(values(trial("c-1 b?c1.1 c~2 a?c2.5", [refused]), "fd_refused_by_mistake"), [0]);
      assert.deepEqual(values(trial("c-1 a?c1.1 c~2 a?b2.5", [refused]), "fd_refused_by_mistake"), [1]);
    });
  });

  it("obeys the identities: lambda_M = 1 / E[T_MR] and P_A = E[T_G] / E[T_MR], within 1 %", () => {
    const random = Random.fromSeed("identities");
    const until = 400_000 * SECOND;
    // Good times uneven, mistakes short and long: the identities are no property of one distribution.
    const draws: (() => { good: number; bad: number })[] = [
      () => ({ good: 1 + random.nextBelow(10 * SECOND), bad: 1 + random.nextBelow(SECOND) }),
      () => ({ good: random.nextBelow(10) === 0 ? 90 * SECOND : SECOND / 2, bad: 3 * SECOND }),
    ];
    for (const draw of draws) {
      const recorder = new DetectionRecorder();
      recorder.add({ kind: "nodes", ids: ["a", "b"] });
      for (const node of [0, 1]) recorder.add({ kind: "node", at: 0, node, state: "up" });
      for (const [observer, subject] of [
        [0, 1],
        [1, 0],
      ]) {
        for (let at = 0; ;) {
          const { good, bad } = draw();
          if (at + good + bad >= until) break;
          recorder.add({ kind: "opinion", at: at + good, observer, subject, suspected: true });
          recorder.add({ kind: "opinion", at: at + good + bad, observer, subject, suspected: false });
          at += good + bad;
        }
      }
      const { observers } = qualityOf(recorder.history(0, until));
      for (const one of observers) {
        assert.ok(one.mistakes > 5_000);
        const lambda = one.mistakes / one.judged;
        const meanRecurrence = one.recurrenceTime / one.recurrences;
        const meanGood = one.goodTime / one.goodPeriods;
        const accuracy = 1 - one.mistaken / one.judged;
        assert.ok(Math.abs(lambda * meanRecurrence - 1) < 0.01, `lambda_M ${lambda * meanRecurrence}`);
        assert.ok(Math.abs(meanGood / meanRecurrence / accuracy - 1) < 0.01, `P_A ${meanGood / meanRecurrence}`);
        // T_MR = T_M + T_G.
        const meanMistake = one.mistaken / one.mistakes;
        assert.ok(Math.abs((meanMistake + meanGood) / meanRecurrence - 1) < 0.01);
      }
    }
  });

  it("says what a twin says that looks at every millisecond", () => {
    const state = fc.constantFrom("+", "-", "=");
    const at = fc.integer({ min: 1, max: 119 });
    const word = fc.oneof(
      fc.tuple(fc.constantFrom("a", "b"), state, at).map(([node, sign, t]) => ({ t, text: `${node}${sign}` })),
      fc.tuple(fc.constantFrom("?", "!"), at).map(([sign, t]) => ({ t, text: `a${sign}b` })),
      fc.tuple(fc.constantFrom("a|b", "|"), at).map(([text, t]) => ({ t, text })),
    );
    fc.assert(
      fc.property(fc.uniqueArray(word, { selector: ({ t }) => t, maxLength: 30 }), (words) => {
        const sorted = [...words].sort((x, y) => x.t - y.t);
        const recorder = new DetectionRecorder();
        recorder.add({ kind: "nodes", ids: NODES });
        const all = events(["a+0", "b+0", ...sorted.map(({ t, text }) => `${text}${t / 1_000}`)].join(" "));
        for (const event of all) recorder.add(event);
        recorder.add({ kind: "end", at: 120_000 });
        const { observers, crashes } = qualityOf(recorder.history(20_000, 100_000));
        const twin = byEveryMillisecond(sorted);
        const [{ judged, mistaken, mistakes }] = observers;
        assert.deepEqual(
          [judged, mistaken, mistakes],
          [twin.judged * 1_000, twin.mistaken * 1_000, twin.mistakes],
          JSON.stringify(sorted),
        );
        const own = crashes.filter(({ observer }) => observer === 0);
        assert.deepEqual(
          own.map(({ took, detected }) => [took / 1_000, detected]),
          twin.crashes,
          JSON.stringify(sorted),
        );
      }),
      { numRuns: 500 },
    );
  });
});

/** Of a about b, from 20 to 100 ms of 120. */
function byEveryMillisecond(words: readonly { t: number; text: string }[]): {
  judged: number;
  mistaken: number;
  mistakes: number;
  crashes: [number, boolean][];
} {
  let [a, b, apart, suspected, pardoned] = ["+", "+", false, false, false];
  const out = { judged: 0, mistaken: 0, mistakes: 0, crashes: [] as [number, boolean][] };
  let crash: { from: number; since: number | undefined } | undefined;
  const close = (t: number): void => {
    if (crash !== undefined) out.crashes.push([(crash.since ?? t) - crash.from, crash.since !== undefined]);
    crash = undefined;
  };
  for (let t = 0; t < 120; t++) {
    const free = a === "+" && b === "+" && !apart;
    const before = suspected;
    for (const { text } of words.filter((one) => one.t === t)) {
      if (text === "a?b") suspected = true;
      else if (text === "a!b") suspected = false;
      else if (text === "a|b" || text === "|") apart = text === "a|b";
      else if (text.startsWith("a")) {
        a = text[1];
        if (a === "-") suspected = false;
      } else {
        if (text[1] !== b) close(t);
        if (text[1] === "-" && b !== "-" && a === "+" && !apart && t >= 20 && t < 100)
          crash = { from: t, since: suspected ? t : undefined };
        b = text[1];
      }
    }
    if (a !== "+" || apart) close(t);
    if (crash !== undefined && crash.from !== t && suspected !== before) crash.since = suspected ? t : undefined;
    const now = a === "+" && b === "+" && !apart;
    // A suspicion that stood when the time began to be free is pardoned until it is given up.
    if (now && !free) pardoned = suspected;
    if (!suspected) pardoned = false;
    if (t < 20 || t >= 100 || !now) continue;
    if (now && free && suspected && !before) out.mistakes++;
    if (pardoned) continue;
    out.judged++;
    if (suspected) out.mistaken++;
  }
  close(120);
  return out;
}
