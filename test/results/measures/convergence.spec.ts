/** How long until replicas agree after a fault, in scans of a few keys; and in what way copies differ. */
import assert from "node:assert/strict";
import { divergenceKind } from "../../../results/measures/divergence-kinds";
import { CausalPast } from "../../../results/measures/causality-past";
import { FaultTimes, type FaultSpan } from "../../../results/measures/fault-times";
import { TrialFold, type TrialResult } from "../../../results/measures/fold";
import type { KeySnapshot, OperationRecord, Snapshot } from "../../../results/record/history";
import { END, PHASES, get, put } from "./histories";

const SECOND = 1_000_000;
const PHASES_10S = { ...PHASES, endOfMeasure: 10 * SECOND };

/** One letter a key: `=` agrees, `x` differs, `?` busy, `-` two of three primaries not reached. */
function scan(atS: number, states: string, more: Partial<Snapshot> = {}): Snapshot {
  const keys = [...states].map((state, i): KeySnapshot => {
    const other = state === "x" ? [2] : [1];
    return {
      key: `k${i}`,
      busy: state === "?",
      replicas: state === "-" ? [[1], "unreachable", "unreachable"] : [[1], other, [1]],
    };
  });
  return { at: atS * SECOND, tookMicros: 1_000, final: false, population: keys.length, keys, ...more };
}

function fault(id: string, fromS: number, toS: number | undefined): FaultSpan {
  return { id, from: fromS * SECOND, to: toS === undefined ? undefined : toS * SECOND };
}

/** As the trial tells it: a fault's end is known when it has come. */
function converge(faults: readonly FaultSpan[], ...scans: Snapshot[]): TrialResult {
  const trial = new TrialFold({ intervalMs: 1_000, percentiles: [], phases: PHASES_10S });
  let now = 0;
  trial.watchFaults(() =>
    faults
      .filter(({ from }) => from <= now)
      .map((one) => ({ ...one, to: one.to !== undefined && one.to <= now ? one.to : undefined })),
  );
  for (const one of scans) {
    now = one.at + one.tookMicros;
    trial.snapshot(one);
  }
  now = Infinity;
  return trial.finish(END);
}

const CUT = fault("cut", 1, 3);

describe("time to convergence", () => {
  it("is that of the first scan from which on nothing differs, bounded below by the last that found something", () => {
    const { metrics, figures } = converge([CUT], scan(2, "xx="), scan(4, "x=="), scan(5, "==="), scan(6, "==="));
    assert.deepEqual(metrics["convergence_s"], { value: 2, lo: 1, hi: 2, n: 1, unit: "s" });
    assert.equal(metrics["unconverged_faults"].value, 0);
    const [healing] = figures.convergence!.healings;
    assert.deepEqual(healing.faults, ["cut"]);
    assert.deepEqual(healing.keys, { atS: [1, 2], converged: [1, 1], censored: [0, 0] });
    assert.equal(figures.convergence!.resolutionS, 1);
  });
  it("begins anew where a key differs again", () => {
    const { metrics, figures } = converge([CUT], scan(2, "x="), scan(4, "=="), scan(5, "x="), scan(6, "=="));
    assert.equal(metrics["convergence_s"].value, 3);
    assert.deepEqual(figures.convergence!.healings[0].keys, { atS: [3], converged: [1], censored: [0] });
  });
  it("is at least so long where the run ends before it came", () => {
    const { metrics } = converge([CUT], scan(2, "xx"), scan(4, "x="), scan(6, "x="), scan(9, "x=", { final: true }));
    assert.deepEqual(metrics["convergence_s"], { value: 6, lo: 6, hi: null, n: 1, unit: "s", atLeast: true });
    assert.equal(metrics["convergence_keys_p50_s"].value, 1);
    assert.deepEqual([metrics["convergence_keys_p90_s"].value, metrics["convergence_keys_p90_s"].atLeast], [6, true]);
    assert.equal(metrics["unconverged_faults"].value, 1);
  });
  it("ends with the next fault: what had not agreed by then is censored, and the worst is the worst of both", () => {
    const again = fault("again", 6, 7);
    const { metrics, figures } = converge(
      [CUT, again],
      ...[scan(2, "x="), scan(4, "x="), scan(5, "x="), scan(6.5, "xx"), scan(8, "=="), scan(9, "==")],
    );
    const [first, second] = figures.convergence!.healings;
    assert.deepEqual([first.convergedS, first.observedS], [null, 2]);
    assert.deepEqual(first.keys, { atS: [2], converged: [0], censored: [1] });
    assert.deepEqual([second.convergedS, second.keys.converged], [1, [2]]);
    assert.deepEqual([metrics["convergence_s"].value, metrics["convergence_s"].atLeast], [2, true]);
  });
  it("of faults that overlap begins when the last of them has ended", () => {
    const { figures } = converge([CUT, fault("loss", 2, 5)], scan(2, "x"), scan(4, "="), scan(6, "x"), scan(7, "="));
    assert.deepEqual(
      figures.convergence!.healings.map(({ faults, endedAtS, convergedS }) => [faults, endedAtS, convergedS]),
      [[["cut", "loss"], 5, 2]],
    );
  });
  it("of a fault that is over at once begins there", () => {
    const { figures } = converge([fault("wipe", 3, 3)], scan(2, "="), scan(4, "x="), scan(5, "=="));
    assert.deepEqual(figures.convergence!.healings[0].keys, { atS: [2], converged: [1], censored: [0] });
  });
  it("learns nothing from keys that could not be judged", () => {
    const { figures } = converge([CUT], scan(2, "xx"), scan(4, "?-"), scan(5, "=-"), scan(6, "=-"));
    const [healing] = figures.convergence!.healings;
    assert.equal(healing.convergedS, 2, "all that could be judged agree");
    assert.deepEqual(healing.keys, { atS: [0, 2], converged: [0, 1], censored: [1, 0] });
  });
  it("is not measured of a fault that never ended, that nobody looked after, or without one", () => {
    assert.equal(converge([fault("cut", 1, undefined)], scan(2, "x"), scan(4, "x")).figures.convergence, undefined);
    assert.equal(converge([], scan(2, "x")).metrics["convergence_s"], undefined);
    const unseen = converge([CUT, fault("again", 4, 6)], scan(2, "x"), scan(7, "="));
    assert.equal(unseen.figures.convergence!.unobserved, 1);
    assert.equal(converge([CUT]).metrics["convergence_s"].value, null);
  });
});

describe("the window of a read", () => {
  it("is before, during or after faults by its beginning", () => {
    const times = new FaultTimes();
    times.watch(() => [CUT, fault("wipe", 5, 5)]);
    const at = [0, 1, 2.999, 3, 5, 6].map((s) => times.windowOf(s * SECOND));
    assert.deepEqual(at, ["before", "during", "during", "after", "after", "after"]);
  });
  it("is looked up again when a fault has begun or ended since", () => {
    const times = new FaultTimes();
    const spans: FaultSpan[] = [];
    times.watch(() => spans);
    assert.equal(times.windowOf(1), "before");
    spans.push({ id: "a", from: 2, to: undefined });
    assert.equal(times.windowOf(3, 4), "during");
    spans[0] = { id: "a", from: 2, to: 5 };
    assert.deepEqual([times.windowOf(4), times.windowOf(6)], ["during", "after"]);
  });
  it("splits stale reads, own writes missed and reads that went back", () => {
    const trial = new TrialFold({ intervalMs: 1_000, percentiles: [], phases: PHASES_10S });
    trial.watchFaults(() => [CUT]);
    const s = SECOND;
    const history: OperationRecord[] = [
      put(1, 0, 10, { session: 1 }),
      get([1], 20, 30),
      put(2, 1.1 * s, 1.2 * s, { session: 1, seen: [1] }),
      get([2], 1.3 * s, 1.4 * s),
      get([1], 1.5 * s, 1.6 * s),
      get([2], 4 * s, 4.1 * s),
      get([1], 5 * s, 5.1 * s, { session: 9 }),
    ];
    for (const one of history) trial.operation(one);
    const { staleByWindow, sessionsByWindow } = trial.finish(END).figures;
    assert.deepEqual(
      staleByWindow!.map(({ window, reads, stale }) => [window, reads, stale]),
      [
        ["before", 1, 0],
        ["during", 2, 1],
        ["after", 2, 1],
      ],
    );
    assert.deepEqual(
      sessionsByWindow!.map(({ missedOwn, judgedOwn, wentBack, judgedBack }) => [
        missedOwn,
        judgedOwn,
        wentBack,
        judgedBack,
      ]),
      [
        [0, 1, 0, 0],
        [1, 2, 1, 2],
        [0, 1, 0, 1],
      ],
    );
  });
  it("stands nowhere in a trial without a fault", () => {
    const trial = new TrialFold({ intervalMs: 1_000, percentiles: [], phases: PHASES_10S });
    trial.operation(put(1, 0, 10));
    trial.operation(get([1], 20, 30));
    const { figures } = trial.finish(END);
    assert.equal(figures.staleByWindow ?? figures.sessionsByWindow, undefined);
  });
});

describe("in what way copies differ", () => {
  const past = new CausalPast({ held: 0, most: 1_000 }, () => true);
  // 1 <- 2 <- 3; 4 had read 1 only; 5 had read nothing.
  for (const [id, seen] of [
    [1, []],
    [2, [1]],
    [3, [2]],
    [4, [1]],
    [5, []],
  ] as const)
    past.add({ id, session: id, start: id * 10, end: id * 10 + 5, isDelete: false, seen }, () => undefined);
  const cases: readonly [string, number[][], string | undefined][] = [
    [
      "the same in another order",
      [
        [1, 5],
        [5, 1],
      ],
      undefined,
    ],
    ["no copy beside one", [[3], [], [3]], "missing"],
    ["no copy beside two that conflict", [[3], [4], []], "missing"],
    ["an older version", [[3], [1]], "stale"],
    ["a subset", [[3, 5], [3]], "stale"],
    ["one that has not dropped what the other replaced", [[3], [1, 3]], "stale"],
    ["one behind in two ways", [[3, 5], [1], [3, 5]], "stale"],
    ["two that neither had read of the other", [[3], [4]], "conflicting"],
    ["one pair of three", [[3, 4], [3], [4]], "conflicting"],
    ["versions that nobody knows", [[3], [77]], "unclassified"],
    ["a subset of versions that nobody knows", [[77, 78], [77]], "stale"],
  ];
  for (const [name, copies, kind] of cases)
    it(`${name}: ${kind ?? "not at all"}`, () => assert.equal(divergenceKind(copies, past), kind));

  it("is told of every scan, with pasts that the history of clients gives, and the kinds add up", () => {
    const trial = new TrialFold({ intervalMs: 1_000, percentiles: [], phases: PHASES_10S });
    trial.operation(put(1, 0, 10));
    trial.operation(put(2, 20, 30, { seen: [1] }));
    trial.operation(put(3, 20, 30, { session: 2, key: "other" }));
    trial.operation(put(4, 21, 31, { session: 3, key: "other" }));
    const keys: KeySnapshot[] = [
      { key: "k", busy: false, replicas: [[1], [2], [2]] },
      { key: "other", busy: false, replicas: [[3], [4], [3]] },
      { key: "third", busy: false, replicas: [[], [9], [9]] },
      { key: "fourth", busy: false, replicas: [[8], [9], [9]] },
      { key: "fifth", busy: false, replicas: [[8], [8], [8]] },
    ];
    trial.snapshot({ at: SECOND, tookMicros: 10, final: true, population: 5, keys });
    const { metrics, figures } = trial.finish(END);
    const { divergent, missing, stale, conflicting, unclassified } = figures.divergence.columns;
    assert.deepEqual([divergent, missing, stale, conflicting, unclassified], [[4], [1], [1], [1], [1]]);
    assert.deepEqual([metrics["missing_keys_final"].value, metrics["missing_keys_final"].hi], [1, 1]);
    assert.deepEqual([metrics["stale_keys_final"].value, metrics["stale_keys_final"].hi], [1, 2]);
    assert.deepEqual([metrics["conflicting_keys_final"].value, metrics["conflicting_keys_final"].hi], [1, 2]);
  });
});
