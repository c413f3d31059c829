/**
 * What a page carries is what was drawn: packing and unpacking gives every configuration back, in the form in which the page runs
 * the function, and takes much less room.
 */
import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { chartInput } from "../../../results/charts/cells";
import { CHARTS } from "../../../results/charts/chart";
import { packCharts, unpackCharts } from "../../../results/reports/packed-charts";
import { madeUpRun } from "../fixtures";

describe("packed charts", () => {
  it("unpack to what was packed, as the page does it, in less than half the room", () => {
    const input = chartInput(madeUpRun());
    const charts: Record<string, readonly unknown[]> = {};
    for (const chart of CHARTS.values())
      charts[chart.id] = (chart.draw(input)?.panels ?? []).map(({ drawing }) =>
        drawing.kind === "chart" ? drawing.config : null,
      );
    const packed = JSON.parse(JSON.stringify(packCharts(charts))) as ReturnType<typeof packCharts>;
    const inPage = runInNewContext(`(${unpackCharts.toString()})`) as typeof unpackCharts;
    for (const [id, panels] of Object.entries(charts))
      panels.forEach((config, i) => {
        assert.equal(JSON.stringify(unpackCharts(packed, id, i)), JSON.stringify(config), `${id} ${i}`);
        assert.equal(JSON.stringify(inPage(packed, id, i)), JSON.stringify(config));
      });
    assert.ok(JSON.stringify(packed).length < JSON.stringify(charts).length / 2);
    assert.equal(unpackCharts(packed, "no such chart", 0), undefined);
  });

  it("are all there where the charts of two worlds are alike", () => {
    const drawn = CHARTS.get("t-visibility")!.draw(chartInput(madeUpRun()))!;
    const panels = drawn.panels.map(({ drawing }) => (drawing.kind === "chart" ? drawing.config : null));
    const packed = JSON.parse(JSON.stringify(packCharts({ processes: panels, simulation: panels }))) as ReturnType<
      typeof packCharts
    >;
    for (const id of ["processes", "simulation"])
      panels.forEach((config, i) => assert.deepEqual(unpackCharts(packed, id, i), config, `${id} ${i}`));
  });

  it("keep points that hold more than two numbers, strings that look like references, and new objects each time", () => {
    const charts = {
      a: [
        {
          data: [
            { x: 1, y: 2, r: 3 },
            { x: 4, y: 5 },
          ],
          text: "$part",
          names: ["x", "y"],
        },
      ],
      b: [
        {
          data: [
            { x: 1, y: 2 },
            { x: 4, y: null },
          ],
        },
        { long: "the same text in both, long enough to be worth it" },
      ],
      c: [{ long: "the same text in both, long enough to be worth it" }, null],
    };
    const packed = packCharts(charts);
    assert.deepEqual(unpackCharts(packed, "a", 0), charts.a[0]);
    assert.deepEqual(unpackCharts(packed, "b", 0), charts.b[0]);
    assert.deepEqual(unpackCharts(packed, "c", 0), charts.c[0]);
    assert.equal(unpackCharts(packed, "c", 1), null);
    assert.equal(packed.parts.length, 1);
    assert.notEqual(unpackCharts(packed, "b", 1), unpackCharts(packed, "c", 0));
  });
});
