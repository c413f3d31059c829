/**
 * Axes of a sweep at their edges: ranges whose steps no binary fraction can hold, values that no cell is left of, conditions and
 * baselines that name nothing. The values of a range are checked against exact arithmetic in integers.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { main } from "../../experiments/cli/main";
import { catalogueFile } from "../../experiments/catalogue";
import { templatesFolder } from "../../experiments/templates";
import { errorsOf, experimentOf, problemsOf } from "./problems-of";
import { recordingIo } from "./recording-io";

const NETWORK = "world: simulation\nnetwork: {intra_zone: 1ms}\n";

describe("axes of a sweep", () => {
  const values = (key: string, range: string): readonly unknown[] =>
    experimentOf(`${NETWORK}sweep: {axes: {${key}: {range: ${range}}}}`).cells.map(({ axes }) => axes[key]);

  it("ranges have the values a person would write, and both ends where they are hit", () => {
    assert.deepEqual(values("network.loss", "{from: 0, to: 0.5, step: 0.1}"), [0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    assert.deepEqual(values("network.loss", "{from: 0.1, to: 0.35, step: 0.1}"), [0.1, 0.2, 0.3]);
    assert.deepEqual(values("tunables.timeout.read", "{from: 1.1ms, to: 1.4ms, step: 0.1ms}"), [
      "1.1ms",
      "1.2ms",
      "1.3ms",
      "1.4ms",
    ]);
    assert.deepEqual(values("tunables.timeout.read", "{from: 10ms, to: 1000ms, factor: 10}"), [
      "10ms",
      "100ms",
      "1000ms",
    ]);
    assert.deepEqual(values("tunables.timeout.read", "{from: 5000µs, to: 7000µs, step: 1000µs}").length, 3);
    assert.deepEqual(values("r", "{from: 2, to: 2, step: 1}"), [2]);
  });

  it("steps are those of exact arithmetic, whatever the fraction", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 12 }),
        (from, step, count) => {
          // In thousandths: integers know no drift.
          const text = (thousandths: number): string => String(thousandths / 1_000);
          const to = from + step * count;
          fc.pre(to <= 999);
          const expected = Array.from({ length: count + 1 }, (_, i) => Number(text(from + step * i)));
          assert.deepEqual(
            values("network.loss", `{from: ${text(from)}, to: ${text(to)}, step: ${text(step)}}`),
            expected,
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it("ranges are bounded, and their mistakes told", () => {
    const told = (range: string): string => errorsOf(`${NETWORK}sweep: {axes: {network.loss: {range: ${range}}}}`)[0];
    assert.match(
      told("{from: 0, to: 0.9, step: 0.0001}"),
      /^3:\d+ the range of axis network\.loss has more than 200 values/,
    );
    assert.match(told("{from: 0, to: 0.9, step: 0}"), /has a step of 0/);
    assert.match(told("{from: 0, to: 0.9, factor: 2}"), /needs a factor above 1 and from above 0/);
    assert.match(told("{from: 0.1, to: 0.9, factor: 1}"), /needs a factor above 1/);
    assert.match(told("{from: 0.1, to: 0.9, factor: 2, step: 1}"), /needs either step or factor/);
    assert.match(told("{from: 1ms, to: 2s, step: 1ms}"), /mixes units/);
    assert.match(told("{from: x, to: 2, step: 1}"), /has from that is no number or quantity/);
    assert.match(told("{from: 0, to: 0.9, stride: 0.1}"), /unknown key "stride"; known: from, to, step, factor/);
  });

  it("warns of a value that no cell is left of, where that value stands", () => {
    const warnings = (sweep: string): readonly string[] =>
      problemsOf(`tunables: {n_val: 3}\nsweep:\n  axes:\n    r: [1, 2, 3]\n    w: [2, 3]\n${sweep}`).map(
        ({ severity, line, column, message }) => `${severity} ${line}:${column} ${message}`,
      );
    assert.deepEqual(warnings("  exclude: [{r: 2, w: 2}]\n"), []);
    assert.deepEqual(warnings("  exclude: [{r: 2}]\n"), [
      "warning 4:12 no cell has r 2: sweep.exclude takes out every cell with it",
    ]);
    assert.deepEqual(warnings('  where: "w < 3"\n'), [
      "warning 5:12 no cell has w 3: sweep.where takes out every cell with it (w < 3)",
    ]);
    assert.deepEqual(warnings('  exclude: [{r: 3}]\n  where: "r == 1"\n'), [
      "warning 4:12 no cell has r 2: sweep.where takes out every cell with it (r == 1)",
      "warning 4:15 no cell has r 3: sweep.exclude takes out every cell with it",
    ]);
  });

  it("warns of a step of a zip group by all of its values, and of the group once", () => {
    const problems = problemsOf(
      'tunables: {n_val: 3}\nsweep:\n  axes: {quorum: {zip: {r: [1, 4], w: [3, 4]}}}\n  where: "r <= n_val"\n',
    );
    assert.deepEqual(
      problems.map(({ message }) => message),
      ["no cell has r 4 and w 4: sweep.where takes out every cell with it (r <= n_val)"],
    );
  });

  it("refuses a sweep of which nothing is left, and a baseline that is not among its cells", () => {
    const sweep = (rest: string): readonly string[] => errorsOf(`sweep:\n  axes: {r: [1, 2], w: [2, 3]}\n${rest}`);
    assert.deepEqual(sweep("  exclude: [{r: 1}, {r: 2}]\n"), ["3:12 sweep.exclude takes every cell out"]);
    assert.match(sweep('  where: "r > 3"\n')[0], /^3:10 sweep\.where takes every cell out: \(r > 3\) holds in none/);
    assert.deepEqual(sweep("  baseline: {r: 3, w: 2}\n"), [
      "3:13 sweep.baseline must name one cell: no cell has these values",
    ]);
    assert.deepEqual(sweep("  baseline: {r: 1}\n"), [
      "3:13 sweep.baseline must name one cell: 2 cells have these values; name also w",
    ]);
    assert.deepEqual(sweep("  exclude: [{r: 1, w: 2}]\n  baseline: {r: 1, w: 2}\n"), [
      "4:13 sweep.baseline must name one cell: no cell has these values",
    ]);
    assert.match(sweep("  exclude: [{clock: lww}]\n")[0], /sweep\.exclude names "clock", which is no axis; axes: r, w/);
  });

  it("sees nothing amiss in the catalogue's sweeps", async () => {
    const io = recordingIo(process.cwd());
    assert.equal(await main(["validate", catalogueFile("partition-siblings")], io), 0);
    assert.doesNotMatch(io.out(), /no cell has/);
  });

  it("plan says what a range makes", async () => {
    const io = recordingIo(process.cwd());
    const path = join(templatesFolder(), "sweep", "sweep.yaml");
    assert.equal(await main(["plan", path], io), 0);
    assert.match(io.out(), /^range {2}network\.intra_zone\.mean: 2ms to 8ms, times 2: 3 values$/m);
    const text = { from: "1ms", to: "4ms", factor: 2 };
    const { ranges } = experimentOf(
      `${NETWORK}sweep: {axes: {network.intra_zone: {range: ${JSON.stringify(text)}}, r: {range: {from: 1, to: 3, step: 1}}, w: [1, 2]}}`,
    );
    assert.deepEqual(ranges, {
      "network.intra_zone": "1ms to 4ms, times 2: 3 values",
      r: "1 to 3, in steps of 1: 3 values",
    });
    const zipped = experimentOf("sweep: {axes: {q: {zip: {r: {range: {from: 1, to: 3, step: 1}}, w: [3, 2, 1]}}}}");
    assert.deepEqual(zipped.ranges, { r: "1 to 3, in steps of 1: 3 values" });
  });
});
