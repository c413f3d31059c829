/**
 * Main effects and interactions against a twin that goes over the list of trials again and again and knows no levels, blocks or masks,
 * against a linear model whose effects are known because they were put in, and against the cases that make tables of effects lie: holes in
 * the design, values that are only bounds, trials that do not count, and axes that nothing tells apart.
 */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import type { AxisValues, RunManifest } from "../../../results/record/run-folder";
import { effectsOf, type Effect, type Effects } from "../../../results/statistics/effects";
import { designOf } from "../../../results/statistics/factors";
import { hodgesLehmann, signedRank } from "../../../results/statistics/signed-rank";
import type { MeasuredTrial } from "../../../results/statistics/summarise";
import { trial } from "./trials";

const METRIC = "read_p99_ms";

function manifest(axisGroups: readonly (readonly string[])[], more: Partial<RunManifest> = {}): RunManifest {
  return {
    axes: axisGroups.flat(),
    axisGroups,
    report: { headline: [METRIC] },
    ...more,
  } as unknown as RunManifest;
}

interface Made {
  readonly axes: AxisValues;
  readonly repetition: number;
  readonly value: number | null;
  readonly atLeast?: boolean;
  readonly invalid?: boolean;
  readonly metric?: string;
}

function made({ axes, repetition, value, atLeast, invalid, metric = METRIC }: Made): MeasuredTrial {
  const one = trial(JSON.stringify(axes), repetition, { [metric]: value }, { ...(invalid && { invalid }) });
  const found = one.summary!.metrics[metric];
  const metrics = { [metric]: { ...found, ...(atLeast === true ? { atLeast } : {}) } };
  return { record: { ...one.record, axes }, summary: { ...one.summary!, metrics } };
}

/** Every combination of the values, as the sweep makes them. */
function grid(axes: Readonly<Record<string, readonly (string | number)[]>>): AxisValues[] {
  let cells: AxisValues[] = [{}];
  for (const [axis, values] of Object.entries(axes))
    cells = cells.flatMap((cell) => values.map((value) => ({ ...cell, [axis]: value })));
  return cells;
}

function simulate(
  cells: readonly AxisValues[],
  repetitions: number,
  value: (axes: AxisValues, repetition: number) => number | null,
): MeasuredTrial[] {
  return cells.flatMap((axes) =>
    Array.from({ length: repetitions }, (_, k) => made({ axes, repetition: k, value: value(axes, k) })),
  );
}

function find(effects: readonly Effect[], ...to: readonly AxisValues[]): Effect {
  const wanted = JSON.stringify(to);
  const found = effects.find(({ steps }) => JSON.stringify(steps.map((step) => step.to)) === wanted);
  assert.ok(found, `no row for ${wanted} among ${JSON.stringify(effects.map(({ steps }) => steps.map((s) => s.to)))}`);
  return found;
}

function only(trials: readonly MeasuredTrial[], groups: readonly (readonly string[])[]): Effects {
  const all = effectsOf({ manifest: manifest(groups), trials });
  assert.equal(all.length, 1);
  return all[0];
}

/** Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.nextFloat())) * Math.cos(2 * Math.PI * random.nextFloat());
}

/** The contrast of each repetition in one axis, straight from the list: pairs of trials that differ in that axis and in nothing else. */
function twinOfMain(trials: readonly MeasuredTrial[], axis: string, from: unknown, to: unknown): number[] {
  const byRepetition = new Map<number, number[]>();
  for (const low of trials)
    for (const high of trials) {
      if (low.record.repetition !== high.record.repetition) continue;
      const differing = Object.keys(low.record.axes).filter((key) => low.record.axes[key] !== high.record.axes[key]);
      if (differing.length !== 1 || differing[0] !== axis) continue;
      if (low.record.axes[axis] !== from || high.record.axes[axis] !== to) continue;
      const difference = high.summary!.metrics[METRIC].value! - low.summary!.metrics[METRIC].value!;
      byRepetition.set(low.record.repetition, [...(byRepetition.get(low.record.repetition) ?? []), difference]);
    }
  return [...byRepetition.values()].map((all) => all.reduce((sum, one) => sum + one, 0) / all.length);
}

/** How the effect in `a` differs between two values of `b`: twice the twin above, on the trials of one value of `b` each. */
function twinOfInteraction(trials: readonly MeasuredTrial[], a: readonly unknown[], b: readonly unknown[]): number[] {
  const [axis, from, to] = a as [string, unknown, unknown];
  const [second, low, high] = b as [string, unknown, unknown];
  const at = (value: unknown): number[] =>
    twinOfMain(trials.filter(({ record }) => record.axes[second] === value), axis, from, to); // prettier-ignore
  const [less, more] = [at(low), at(high)];
  return more.map((one, k) => one - less[k]);
}

function near(actual: number | null, expected: number | null, message: string): void {
  if (actual === null || expected === null) assert.equal(actual, expected, message);
  else assert.ok(Math.abs(actual - expected) < 1e-9, `${message}: ${actual} is not ${expected}`);
}

describe("main effects and interactions", () => {
  const axes = { r: [1, 2, 3], clock: ["dvv", "lww"], delay: ["2ms", "10ms"] };
  const groups = [["r"], ["clock"], ["delay"]];

  it("are those of the twin that only looks for pairs of trials", () => {
    const random = Random.fromSeed("effects twin");
    const trials = simulate(grid(axes), 9, () => 10 * random.nextFloat());
    const { mains, interactions } = only(trials, groups);
    assert.equal(mains.length, 2 + 1 + 1);
    assert.equal(interactions.length, 2 + 2 + 1);
    for (const [axis, from, to] of [
      ["r", 1, 2],
      ["r", 1, 3],
      ["clock", "dvv", "lww"],
      ["delay", "2ms", "10ms"],
    ] as const) {
      // prettier-ignore
      const row = find(mains, { [axis]: to });
      const contrasts = twinOfMain(trials, axis, from, to);
      const expected = hodgesLehmann(contrasts);
      near(row.difference, expected.estimate, `${axis} ${to}`);
      near(row.lo, expected.lo, `${axis} ${to} lo`);
      near(row.hi, expected.hi, `${axis} ${to} hi`);
      near(row.p, signedRank(contrasts).p, `${axis} ${to} p`);
      assert.deepEqual([row.n, row.repetitions, row.blocks, row.blocksOf], [9, 9, 12 / axes[axis].length, 12 / axes[axis].length]); // prettier-ignore
    }
    for (const to of [2, 3]) {
      const row = find(interactions, { r: to }, { clock: "lww" });
      const expected = hodgesLehmann(twinOfInteraction(trials, ["r", 1, to], ["clock", "dvv", "lww"]));
      near(row.difference, expected.estimate, `r ${to} × clock`);
      near(row.lo, expected.lo, `r ${to} × clock lo`);
      assert.equal(row.blocks, 2);
    }
  });

  it("find what was put into a linear model, and nothing that was not", () => {
    const random = Random.fromSeed("effects model");
    // Delay adds 8; R adds 3 and 5; the clock adds nothing by itself, but with R = 3 it takes 4: on average over R that is -4/3.
    const model = ({ r, clock, delay }: AxisValues): number =>
      20 + [0, 0, 3, 5][r as number] + (delay === "10ms" ? 8 : 0) - (r === 3 && clock === "lww" ? 4 : 0);
    const seeds = Array.from({ length: 14 }, () => 20 * normal(random));
    const trials = simulate(grid(axes), 14, (of, k) => 200 + model(of) + seeds[k] + 0.5 * normal(random));
    const { mains, interactions } = only(trials, groups);
    const truths: readonly (readonly [Effect, number])[] = [
      [find(mains, { r: 2 }), 3],
      [find(mains, { r: 3 }), 5 - 4 / 2],
      [find(mains, { clock: "lww" }), -4 / 3],
      [find(mains, { delay: "10ms" }), 8],
      [find(interactions, { r: 2 }, { clock: "lww" }), 0],
      [find(interactions, { r: 3 }, { clock: "lww" }), -4],
      [find(interactions, { r: 2 }, { delay: "10ms" }), 0],
      [find(interactions, { r: 3 }, { delay: "10ms" }), 0],
      [find(interactions, { clock: "lww" }, { delay: "10ms" }), 0],
    ];
    for (const [row, truth] of truths) {
      const what = `${row.steps.map(({ factor }) => factor.axes[0]).join(" × ")}: ${row.difference} [${row.lo}, ${row.hi}]`;
      assert.ok(Math.abs(row.difference! - truth) < 0.75, `${what} is not ${truth}`);
      assert.equal(row.pAdjusted! < 0.05, truth !== 0, `${what}, p ${row.pAdjusted}`);
    }
    // The seeds' spread is forty times the noise: without pairing none of this could be seen.
    assert.deepEqual(
      truths.map(([{ verdict }]) => verdict),
      // A noise floor of 2 % of some 220 ms is 4.4 ms.
      ["same", "same", "same", "worse", "same", "same", "same", "same", "same"],
    );
    const strict = effectsOf({ manifest: manifest(groups, { analysis: { alpha: 0.05, noiseFloor: 0 } }), trials })[0];
    assert.equal(find(strict.mains, { clock: "lww" }).verdict, "better");
    assert.equal(find(strict.interactions, { r: 3 }, { clock: "lww" }).verdict, "different");
  });

  it("cover the true effect in at least 94 % of experiments, and find none where there is none", () => {
    const random = Random.fromSeed("effects coverage");
    const experiments = 200;
    let [covered, tables] = [0, 0];
    for (let i = 0; i < experiments; i++) {
      const trials = simulate(
        grid({ a: [1, 2], b: [1, 2] }),
        8,
        ({ a }) => 100 + (a as number) + Math.exp(normal(random)),
      );
      const { mains } = only(trials, [["a"], ["b"]]);
      const row = find(mains, { a: 2 });
      if (row.lo! <= 1 && 1 <= row.hi!) covered++;
      const none = only(
        simulate(grid({ a: [1, 2], b: [1, 2] }), 8, () => 100 * Math.exp(normal(random))),
        [["a"], ["b"]],
      );
      if ([...none.mains].some(({ verdict }) => verdict === "better" || verdict === "worse")) tables++;
    }
    // The levels are exact (at n = 8 the interval covers 96.1 %, a table of two errs in at most 4.7 %); three standard errors in 200 are 4.5 points.
    assert.ok(covered / experiments >= 0.916, `${covered} of ${experiments}`);
    assert.ok(tables / experiments <= 0.092, `${tables} of ${experiments}`);
  });
});

describe("a sweep with holes", () => {
  it("has no effect where every setting was measured in other repetitions", () => {
    const cells = grid({ r: [1, 2], w: [1, 2, 3] });
    const trials = simulate(cells, 3, ({ r, w }, k) => (k === (w as number) - 1 ? (r as number) : null));
    const row = find(only(trials, [["r"], ["w"]]).mains, { r: 2 });
    assert.deepEqual([row.difference, row.p, row.n, row.verdict], [null, null, 0, "inconclusive"]);
    assert.match(row.reason!, /no repetition measured it in the same settings/);
  });

  it("is compared in the blocks that have both sides, and says in how many", () => {
    // r = 3 was left out with w = 1.
    const cells = grid({ r: [1, 3], w: [1, 2, 3] }).filter(({ r, w }) => r !== 3 || w !== 1);
    const trials = simulate(cells, 8, ({ r, w }, k) => 10 * (r as number) + (w as number) + k / 8);
    const { mains, interactions } = only(trials, [["r"], ["w"]]);
    const r = find(mains, { r: 3 });
    assert.deepEqual([r.difference, r.blocks, r.blocksOf], [20, 2, 2]);
    const w = find(mains, { w: 3 });
    assert.deepEqual([w.difference, w.blocks, w.blocksOf], [2, 1, 1]);
    const none = find(interactions, { r: 3 }, { w: 2 });
    assert.deepEqual([none.difference, none.p, none.n, none.verdict], [null, null, 0, "inconclusive"]);
    assert.match(none.reason!, /no setting of the other axes has both sides/);
    assert.equal(none.pAdjusted, null, "what was not tested is not corrected for");
  });

  it("is not filled in where values are bounds: the block goes, and not only its runs that went badly", () => {
    const trials = simulate(grid({ a: [1, 2], b: [1, 2] }), 8, ({ a }, k) => (a as number) * 10 + k).map((one) =>
      one.record.axes["a"] === 2 && one.record.axes["b"] === 2 && one.record.repetition === 0
        ? made({ axes: one.record.axes, repetition: 0, value: 5, atLeast: true })
        : one,
    );
    const row = find(only(trials, [["a"], ["b"]]).mains, { a: 2 });
    assert.deepEqual([row.n, row.blocks, row.blocksOf, row.difference], [8, 1, 2, 10]);
    const all = trials.map(({ record }) => made({ axes: record.axes, repetition: record.repetition, value: 5, atLeast: true })); // prettier-ignore
    const none = find(only(all, [["a"], ["b"]]).mains, { a: 2 });
    assert.deepEqual([none.difference, none.blocks], [null, 0]);
    assert.match(none.reason!, /only known to be at least/);
  });

  it("loses the repetitions in which a trial does not count, from all blocks, and counts them", () => {
    const trials = simulate(grid({ a: [1, 2], b: [1, 2] }), 8, ({ a }, k) => (a as number) * 10 + k).map((one) =>
      one.record.axes["a"] === 1 && one.record.axes["b"] === 1 && one.record.repetition === 3
        ? made({ axes: one.record.axes, repetition: 3, value: -1e6, invalid: true })
        : one,
    );
    const effects = only(trials, [["a"], ["b"]]);
    const row = find(effects.mains, { a: 2 });
    assert.deepEqual([row.n, row.repetitions, row.blocks, row.difference], [7, 8, 2, 10]);
    assert.equal(effects.leftOut, 1);
  });

  it("leaves out a block that few repetitions measured, and a metric that nobody did", () => {
    const trials = simulate(grid({ a: [1, 2], b: [1, 2] }), 8, ({ a, b }, k) => (b === 2 && k > 1 ? null : (a as number) * 10)); // prettier-ignore
    const row = find(only(trials, [["a"], ["b"]]).mains, { a: 2 });
    assert.deepEqual([row.n, row.blocks, row.blocksOf], [8, 1, 2]);
    const b = find(only(trials, [["a"], ["b"]]).mains, { b: 2 });
    assert.deepEqual([b.n, b.blocks], [2, 2], "here the two are all there is");
    const nothing = simulate(grid({ a: [1, 2], b: [1, 2] }), 8, () => null);
    assert.deepEqual(only(nothing, [["a"], ["b"]]).mains, []);
  });

  it("has no effect where all values are equal, whatever rounding makes of them", () => {
    const trials = simulate(grid({ a: [1, 2], b: [1, 2], c: [1, 2] }), 12, ({ a, b }) => ((a === b ? 0.3 : 0.1) + (a === b ? 0 : 0.2))); // prettier-ignore
    for (const row of only(trials, [["a"], ["b"], ["c"]]).mains) {
      assert.deepEqual([row.difference, row.p, row.verdict], [0, 1, "same"]);
    }
  });
});

describe("the factors of a run", () => {
  it("are the axes of its sweep that vary, zipped keys as one, in order of size", () => {
    const cells = ["10ms", "2ms"].flatMap(
      (delay) =>
      [["a", 1], ["b", 2], ["c", 1]].map(([name, r]) => ({ "tags.kind": name, r, delay, n: 3, world: "simulation" })), // prettier-ignore
    );
    const { factors, levelsOf } = designOf([["n"], ["tags.kind", "r"], ["delay"], ["world"]], cells);
    assert.deepEqual(
      factors.map(({ axes, levels }) => [axes, levels]),
      [
        [["tags.kind", "r"], [{ "tags.kind": "a", r: 1 }, { "tags.kind": "b", r: 2 }, { "tags.kind": "c", r: 1 }]], // prettier-ignore
        [["delay"], [{ delay: "2ms" }, { delay: "10ms" }]],
      ],
    );
    assert.deepEqual(levelsOf(cells[0]), [0, 1]);
    assert.deepEqual(levelsOf({ "tags.kind": "zzz", r: 1, delay: "2ms" }), [-1, 0]);
  });
  it("are one where nothing tells two axes apart", () => {
    const diagonal = [1, 2, 3].map((i) => ({ r: i, w: 4 - i }));
    assert.deepEqual(designOf([["r"], ["w"]], diagonal).factors.map(({ axes }) => axes), [["r", "w"]]); // prettier-ignore
    const trials = simulate(diagonal, 8, ({ r }) => r as number);
    assert.deepEqual(effectsOf({ manifest: manifest([["r"], ["w"]]), trials }), [], "one factor is a comparison");
  });
  it("with many levels are compared at their ends", () => {
    const trials = simulate(grid({ a: [1, 2, 3, 4, 5, 6, 7, 8], b: [1, 2] }), 6, ({ a }) => a as number);
    const { mains } = only(trials, [["a"], ["b"]]);
    assert.deepEqual(mains.map(({ steps, difference }) => [steps[0].to, difference]), [[{ a: 8 }, 7], [{ b: 2 }, 0]]); // prettier-ignore
  });
  it("of a search for the saturating rate are none, and worlds are kept apart", () => {
    const trials = simulate(grid({ a: [1, 2], b: [1, 2] }), 6, ({ a }) => a as number);
    const searched = manifest([["a"], ["b"]], { saturation: {} as RunManifest["saturation"] });
    assert.deepEqual(effectsOf({ manifest: searched, trials }), []);
    const both = [
      ...trials,
      ...trials.map((one) => ({ ...one, record: { ...one.record, world: "processes" as const } })),
    ];
    assert.deepEqual(effectsOf({ manifest: manifest([["a"], ["b"], ["world"]]), trials: both }).map(({ world }) => world), ["processes", "simulation"]); // prettier-ignore
  });
});
