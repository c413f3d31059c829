/**
 * Heat tables: do numbers stand at their row and column, is brightness the order and its direction the metric's, can the ink be read on every
 * colour, and does a hole, a bound or a missing value stay without one? Names of tables are what the choices above them say, which is all that
 * the page's script goes by.
 */
import assert from "node:assert/strict";
import type { MetricValue } from "../../../results/record/figures";
import type { AxisValues, CellSummary, LoadedRun } from "../../../results/record/run-folder";
import { colourAt, heatSection, inkOn, luminance } from "../../../results/reports/heat-table";
import { MANIFEST } from "../record/made-up-run";

function cell(axes: AxisValues, metrics: Readonly<Record<string, Partial<MetricValue>>>): CellSummary {
  const whole = Object.entries(metrics).map(([name, one]) => [
    name,
    { value: null, lo: null, hi: null, n: 8, unit: name.endsWith("_ms") ? "ms" : "ratio", ...one },
  ]);
  return {
    id: JSON.stringify(axes),
    axes,
    world: "simulation",
    metrics: Object.fromEntries(whole) as CellSummary["metrics"],
    trials: [],
    validity: { verdict: "valid", doubts: [] },
  };
}

function runOf(cells: readonly CellSummary[], headline: readonly string[], axes: readonly string[]): LoadedRun {
  const manifest = { ...MANIFEST, worlds: ["simulation" as const], axes, report: { headline } };
  return { folder: "", manifest: manifest, cells, trials: [], comparisons: [] };
}

function colours(html: string): Map<string, string> {
  const cells = [...html.matchAll(/<td style="background:(#\w{6});color:(#\w{3})">([^<]+)/g)];
  return new Map(cells.map(([, colour, , text]) => [text, colour]));
}

const brightness = (colour: string): number =>
  luminance(
    [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) as unknown as Parameters<typeof luminance>[0],
  );

describe("heat tables", () => {
  const grid = [1, 2, 3].flatMap((r) => [1, 2].map((w) => ({ r, w })));

  it("have each number at its row and column, the best brightest", () => {
    const cells = grid.map((axes) => cell(axes, { read_p99_ms: { value: axes.r + axes.w / 10 } }));
    const html = heatSection(runOf(cells, ["read_p99_ms"], ["r", "w"]));
    const rows = [...html.matchAll(/<tr><th scope="row">(\d)<\/th>(.*?)<\/tr>/g)];
    assert.deepEqual(
      rows.map(([, r, tds]) => [r, ...[...tds.matchAll(/">([\d.]+)/g)].map(([, text]) => text)]),
      [["1", "1.1", "1.2"], ["2", "2.1", "2.2"], ["3", "3.1", "3.2"]], // prettier-ignore
    );
    const order = [...colours(html)].map(([text, colour]) => [Number(text), brightness(colour)]);
    order.sort(([a], [b]) => a - b);
    for (let i = 1; i < order.length; i++) assert.ok(order[i][1] < order[i - 1][1], `${order[i][0]} is darker`);
    assert.match(html, /best: 1\.1\sms.*worst: 3\.2\sms.*even scale; the darker the worse/s);
    assert.match(html, /Of 6 configurations, .* is best at R=1 W=1 \(1\.1\sms\) and worst at R=3 W=2/);
    assert.doesNotMatch(html, /<select/, "one metric and two axes leave nothing to choose");
  });

  it("claim no order by intervals that are not there", () => {
    const some = (lo: number | null) =>
      grid.map((axes) => {
        const value = 10 * axes.r + axes.w;
        return cell(axes, { read_p99_ms: { value, lo: lo === null ? null : value - lo, hi: lo === null ? null : value + lo } }); // prettier-ignore
      });
    assert.match(heatSection(runOf(some(null), ["read_p99_ms"], ["r", "w"])), /not all of them have intervals/);
    assert.match(heatSection(runOf(some(0.1), ["read_p99_ms"], ["r", "w"])), /no other interval reaches the first/);
  });

  it("turn round for a metric that is better when higher, and use a scale of factors over a wide range", () => {
    const cells = grid.map((axes, i) => cell(axes, { availability: { value: [0.01, 0.1, 1, 0.5, 0.2, 0.3][i] } }));
    const html = heatSection(runOf(cells, ["availability"], ["r", "w"]));
    const of = colours(html);
    assert.ok(
      brightness(of.get("100")!) > brightness(of.get("10")!) && brightness(of.get("10")!) > brightness(of.get("1")!),
    );
    assert.match(html, /best: 100\s%.*worst: 1\s%.*scale of factors/s);
    // Half way in factors is the middle of the sequence.
    assert.equal(
      of.get("10"),
      `#${colourAt(0.5)
        .map((one) => one.toString(16).padStart(2, "0"))
        .join("")}`,
    );
  });

  it("give no colour to a hole, to a bound and to what was not measured", () => {
    const cells = grid
      .filter(({ r, w }) => r !== 3 || w !== 2)
      .map((axes, i) => cell(axes, { convergence_s: [{ value: 7, atLeast: true as const }, { value: null }][i] ?? { value: i } })); // prettier-ignore
    const html = heatSection(runOf(cells, ["convergence_s"], ["r", "w"]));
    assert.match(html, /<td>≥ 7/);
    assert.match(html, /<td class="dim">–<\/td>/);
    assert.match(html, /<td class="dim">not run<\/td>/);
    assert.equal(colours(html).size, 3);
  });

  it("choose the metric and the other axes, one table shown without scripts", () => {
    const cells = ["dvv", "<b>lww"].flatMap((clock) =>
      grid.map((axes, i) => cell({ ...axes, clock }, { read_p99_ms: { value: i }, availability: { value: i / 10 } })),
    );
    const html = heatSection(runOf(cells, ["read_p99_ms", "availability"], ["r", "w", "clock"]));
    const tables = [...html.matchAll(/<div class="heat" data-heat="([\d ]+)"( hidden)?>/g)];
    assert.deepEqual(tables.map(([, id, hidden]) => [id, hidden === undefined]), [["0 0", true], ["0 1", false], ["1 0", false], ["1 1", false]]); // prettier-ignore
    assert.equal([...html.matchAll(/<option value="(\d)">/g)].length, 4);
    assert.ok(html.includes("&lt;b&gt;lww") && !html.includes("<b>"), "what a person wrote is escaped");
  });

  it("are none of one axis, of grids too large to read, and of metrics that are the same everywhere", () => {
    const one = [1, 2].map((r) => cell({ r }, { read_p99_ms: { value: r } }));
    assert.equal(heatSection(runOf(one, ["read_p99_ms"], ["r"])), "");
    const same = grid.map((axes) => cell(axes, { read_p99_ms: { value: 1 } }));
    assert.equal(heatSection(runOf(same, ["read_p99_ms"], ["r", "w"])), "");
    const large = Array.from({ length: 26 }, (_, i) => cell({ r: i >> 1, w: i & 1 }, { read_p99_ms: { value: i } }));
    assert.equal(heatSection(runOf(large, ["read_p99_ms"], ["r", "w"])), "");
  });

  it("have an ink that stands out on every colour by 4.5 to 1 or more", () => {
    for (let i = 0; i <= 500; i++) {
      const colour = colourAt(i / 500);
      const own = luminance(colour);
      const contrast = inkOn(colour) === "#000" ? (own + 0.05) / 0.05 : 1.05 / (own + 0.05);
      assert.ok(contrast >= 4.5, `${i}: ${contrast}`);
    }
  });
});
