/**
 * The pictures of clocks against the truth: bins pooled over repetitions, rates with their bounds, and the version graph with
 * every write, every "had read" and every case in it, whatever the number of sessions.
 */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { anomalyCounts, writeName } from "../../../results/charts/anomaly-words";
import { chartInput, type ChartInput } from "../../../results/charts/cells";
import { CHARTS, chartsOf, type ChartFigure, type Panel } from "../../../results/charts/chart";
import { clockFacets } from "../../../results/charts/clock-facets";
import { drawnGraphs, numberedEvidence } from "../../../results/charts/evidence";
import { binInWords, isWide, middleOf, numberAxis, pooledBins, withoutSaw } from "../../../results/charts/pooled-bins";
import { standaloneSvg } from "../../../results/charts/render";
import { seriesStyle } from "../../../results/charts/theme";
import { drawVersionGraph, shownWrites } from "../../../results/charts/version-graph-drawing";
import type { VersionGraph } from "../../../results/record/figures";
import { CLOCK_CHARTS } from "../../../results/reports/clock-section";
import { DETECTION_CHARTS } from "../../../results/reports/detection-section";
import { HEALING_CHARTS } from "../../../results/reports/healing-section";
import { emptyRun, madeUpRun, QUICKSTART_LIKE } from "../fixtures";
import { madeUpCausality } from "../made-up-causality";

const CLOCKS = ["dvvset", "lww", "vv-client", "vv-server"];
const run = madeUpRun({ ...QUICKSTART_LIKE, quorums: [[1, 1]], clocks: CLOCKS });
const input = chartInput(run);

const draw = (id: string, of: ChartInput = input): ChartFigure => CHARTS.get(id)!.draw(of)!;

interface Dataset {
  readonly label: string;
  readonly series: string;
  readonly group?: string;
  readonly data: { readonly x: number | null; readonly y: number | null }[];
  readonly backgroundColor?: string;
  readonly borderDash?: readonly number[];
}

function datasets(panel: Panel): Dataset[] {
  assert.equal(panel.drawing.kind, "chart");
  if (panel.drawing.kind !== "chart") return [];
  return (panel.drawing.config["data"] as unknown as { datasets: Dataset[] }).datasets;
}

describe("bins over repetitions", () => {
  it("weigh means by observations, keep the largest, and leave out bins without any", () => {
    const pooled = pooledBins([
      { from: [0, 1, 2], to: [1, 2, 4], count: [0, 10, 5], mean: [9, 1, 2], max: [9, 2, 3] },
      { from: [1, 2, 4], to: [2, 4, Infinity], count: [30, 0, 1], mean: [2, 7, 5], max: [4, 7, 5] },
    ]);
    assert.deepEqual(pooled, [
      { from: 1, to: 2, count: 40, mean: 1.75, max: 4 },
      { from: 2, to: 4, count: 5, mean: 2, max: 3 },
      { from: 4, to: Infinity, count: 1, mean: 5, max: 5 },
    ]);
    assert.deepEqual(pooled.map(binInWords), ["1", "2 to 3", "4 or more"]);
    assert.deepEqual(pooled.map(middleOf), [1, 2.449, 4]);
  });

  it("are put together where many small ones differ within, every read kept, and never where they do not", () => {
    const many = (spread: number): ReturnType<typeof pooledBins> =>
      Array.from({ length: 120 }, (_, i) => ({
        from: i + 1,
        to: i + 2,
        count: 3,
        mean: 2 + (i % 3),
        max: 2 + (i % 3) + spread,
      }));
    const merged = withoutSaw(many(1));
    assert.ok(merged.length < 40, `${merged.length}`);
    assert.equal(
      merged.reduce((sum, { count }) => sum + count, 0),
      360,
    );
    merged.slice(1).forEach(({ from }, i) => assert.equal(from, merged[i].to));
    assert.equal(Math.max(...merged.map(({ max }) => max)), 5);
    const mean = merged.reduce((sum, bin) => sum + bin.count * bin.mean, 0) / 360;
    assert.ok(Math.abs(mean - 3) < 1e-9);
    assert.deepEqual(withoutSaw(many(0)), many(0));
    assert.deepEqual(withoutSaw(many(1).slice(0, 20)), many(1).slice(0, 20));
  });

  it("take an open end that JSON made null", () => {
    const [bin] = pooledBins([{ from: [8], to: [null as unknown as number], count: [1], mean: [2], max: [2] }]);
    assert.equal(binInWords(bin), "8 or more");
  });

  it("stand on a log axis only where they span more than a factor of a hundred, nought included where it occurs", () => {
    const axis = (values: number[]): string =>
      numberAxis(values, { title: "x (count$scale)", unit: "", name: "" }).scale;
    assert.equal(axis([1, 50]), "linear");
    assert.equal(axis([1, 500]), "logarithmic");
    assert.equal(axis([0, 1, 500]), "log1p");
    assert.equal(numberAxis([1, 500], { title: "x (count$scale)", unit: "", name: "" }).title, "x (count, log scale)");
    assert.ok(!isWide([]) && !isWide([0]));
  });
});

describe("siblings against writes", () => {
  const figure = draw("siblings-by-writes");

  it("has a mean line for each configuration, and a thinner one of the most in the same colour", () => {
    const lines = datasets(figure.panels[0]).filter(({ data }) => data.length > 0);
    assert.deepEqual(
      lines.filter(({ group }) => group === undefined).map(({ label }) => label),
      CLOCKS,
    );
    for (const most of lines.filter(({ group }) => group === "most")) {
      assert.match(most.label, /, most$/);
      const mean = lines.find(({ label }) => label === most.series)!;
      most.data.forEach(({ y }, i) => assert.ok(y! >= mean.data[i].y!));
    }
  });

  it("says pooled, and answers with the ends of the highest and the lowest line", () => {
    assert.match(figure.caption, /pooled/);
    assert.match(figure.answer, /^Reads returned the most versions at R=1\u00a0W=1 · vv-server: .* after 1 write and /);
    assert.match(figure.answer, /the fewest at R=1\u00a0W=1 · lww: /);
  });

  it("has a row for each bin and configuration, with the reads in it", () => {
    assert.deepEqual(figure.table.columns.slice(1, 3), ["writes before", "reads"]);
    assert.equal(figure.table.rows.length, 4 * 16);
  });
});

describe("metadata against writers", () => {
  it("has bytes and entries with their units, one line for each configuration", () => {
    const figure = draw("metadata-by-writers");
    assert.deepEqual(
      figure.panels.map(({ title }) => title),
      ["bytes", "entries"],
    );
    const svgs = figure.panels.map((_, i) => standaloneSvg(figure, i));
    assert.ok(svgs[0].includes(">clock of a copy (bytes)<") && svgs[1].includes(">clock of a copy (entries)<"));
    for (const panel of figure.panels)
      assert.equal(datasets(panel).filter(({ data, group }) => data.length > 0 && group === undefined).length, 4);
    assert.match(figure.answer, /largest at R=1\u00a0W=1 · vv-client: .* bytes \(.* entries\) with 32 to 47 writers/);
  });

  it("is absent, with its reason, where no target tells the size of its clocks", () => {
    const mute = chartInput({
      ...run,
      trials: run.trials.map((trial) => {
        const causality = trial.figures!.causality!;
        const nothing = { from: [], to: [], copies: [], bytesMean: [], bytesMax: [], entriesMean: [], entriesMax: [] };
        return {
          ...trial,
          figures: { ...trial.figures!, causality: { ...causality, metadataByWriters: nothing } },
        };
      }),
    });
    assert.equal(CHARTS.get("metadata-by-writers")!.draw(mute), undefined);
    assert.match(CHARTS.get("metadata-by-writers")!.absence, /does not tell the size of its clocks/);
  });
});

describe("errors of the clock per million", () => {
  const figure = draw("anomalies");
  const all = datasets(figure.panels[0]);
  const points = (name: string, open: boolean): Dataset["data"] =>
    all
      .filter(({ label, backgroundColor }) => label === name && (backgroundColor === "$page") === open)
      .flatMap(({ data }) => data);

  it("has a filled mark for what was seen and an open one at nought for what was not", () => {
    for (const [i, clock] of CLOCKS.entries()) {
      const counts = anomalyCounts([input.cells[i]]);
      assert.equal(points(clock, false).length, counts.filter(({ count }) => count > 0).length, clock);
      assert.equal(points(clock, true).length, counts.filter(({ count }) => count === 0).length, clock);
      assert.ok(points(clock, true).every(({ x }) => x === 0));
    }
  });

  it("draws the interval through each mark, and the bound of what was not seen as a faint line", () => {
    const faint = all.filter(
      ({ series, label, borderDash }) => label === "" && series === "dvvset" && borderDash !== undefined,
    );
    assert.equal(faint.length, 1);
    const ends = faint[0].data.filter((_, i) => i % 3 === 1).map(({ x }) => 10 ** x! - 1);
    for (const [i, { rate }] of anomalyCounts([input.cells[0]]).entries())
      assert.ok(Math.abs(ends[i] / rate!.hi - 1) < 0.001);
  });

  it("names the kinds on the rows, tells what the millions are of and what was undecided", () => {
    const svg = standaloneSvg(figure, 0);
    for (const kind of ["lost update", "missed conflict", "wrong winner", "false conflict", "back from delete"])
      assert.ok(svg.includes(`>${kind}<`), kind);
    assert.match(
      figure.caption,
      /^Lost updates, missed conflicts and wrong winners per million acknowledged writes; false conflicts and deleted values that came back per million reads\./,
    );
    assert.match(figure.caption, /does not decide them: 84 acknowledged writes\./);
  });

  it("has counts, what they are out of and the interval in its table", () => {
    const row = figure.table.rows.find(([name, kind]) => name === "R=1\u00a0W=1 · lww" && kind === "lost update")!;
    const { count, outOf, undecided, rate } = anomalyCounts([input.cells[1]])[0];
    assert.deepEqual(row.slice(2, 6), [count, outOf, "acknowledged writes", undecided]);
    assert.ok(Number(row[7]) < rate!.value && rate!.value < Number(row[8]));
  });

  it("makes room for its rows however low the page draws it", () => {
    assert.ok(figure.panels[0].leastHeight! >= 5 * (4 * 13 + 12));
  });
});

describe("version graph", () => {
  const graphs = drawnGraphs(input);
  const evidence = numberedEvidence(input, graphs);
  const drawOne = (graph: VersionGraph): ReturnType<typeof drawVersionGraph> =>
    drawVersionGraph({ graph, evidence: [], elementId: String });
  const made = (sessions: number, writes: number): VersionGraph =>
    madeUpCausality(Random.fromSeed("graph"), { clock: "dvvset", key: "k", sessions, writes }).graph!;

  it("draws errors first, each different set once before a second of the same, and one that has none", () => {
    assert.deepEqual(
      graphs.map(({ cell }) => (cell.other === "" ? cell.label : cell.other)),
      ["vv-server", "lww", "dvvset"],
    );
    const clean = madeUpRun({ ...QUICKSTART_LIKE, clocks: ["dvvset"] });
    assert.equal(drawnGraphs(chartInput(clean)).length, 1);
  });

  it("holds every write once with its fate in words, and a line for every write that was read before it", () => {
    for (const { graph } of graphs) {
      const { content } = drawOne(graph);
      assert.equal(content.match(/<g[ >]/g)?.length, graph.writes.length);
      for (const { id, fate, endS } of graph.writes) {
        const words = {
          held: "kept",
          replaced: "replaced",
          lost: "lost",
          unknown: endS === null ? "no answer" : "not known",
        }[fate];
        assert.match(content, new RegExp(`>${writeName(id).replace(".", "\\.")} (delete, )?${words}<`));
      }
      const edges = /<path d="([^"]*)" fill="none" stroke="var\(--muted\)" stroke-width="1.25"/.exec(content)![1];
      assert.equal(
        edges.match(/M/g)?.length,
        graph.writes.reduce((sum, { saw }) => sum + saw.length, 0),
      );
    }
  });

  it("rings the writes of a case, numbers them and joins them; others have no element to lead to", () => {
    const [first] = graphs;
    const mine = evidence.filter(({ drawn }) => drawn === first);
    assert.deepEqual(
      mine.map(({ number }) => number),
      mine.map((_, i) => i + 1),
    );
    const { content } = drawVersionGraph({ graph: first.graph, evidence: mine, elementId: (id) => `w${id}` });
    const concerned = new Set(mine.flatMap((one) => one.evidence.writes));
    assert.deepEqual(new Set([...content.matchAll(/<g id="w(\d+)"/g)].map(([, id]) => Number(id))), concerned);
    assert.equal(content.match(/r="9.5" fill="none" stroke="var\(--bad\)"/g)?.length, concerned.size);
    const joins = /<path d="([^"]*)" fill="none" stroke="var\(--bad\)"/.exec(content)![1];
    assert.equal(joins.match(/M/g)?.length, mine.length);
    assert.match(content, />E1 false conflict/);
  });

  it("tells many cases of one write in ranges, and does not draw a join across the whole picture", () => {
    const graph = made(2, 60);
    const [first, second] = [graph.writes[0].id, graph.writes[59].id];
    const cases = [1, 2, 3, 5].map((number) => ({
      ...evidence[0],
      number,
      evidence: { ...evidence[0].evidence, kind: "false-conflict" as const, writes: [first, second] },
    }));
    const { content } = drawVersionGraph({ graph, evidence: cases, elementId: String });
    assert.match(content, />E1 to E3, E5 false conflict</);
    assert.match(content, />E1 to E3, E5</);
    assert.doesNotMatch(/<path d="([^"]*)" fill="none" stroke="var\(--bad\)"/.exec(content)![1], /C/);
  });

  it("keeps two hundred writes, with the case among them, and says how many it left out", () => {
    const graph = made(5, 500);
    assert.equal(shownWrites(graph, []).length, 200);
    assert.equal(shownWrites(graph, []).at(-1), graph.writes.at(-1));
    const early = graph.writes[90];
    const about = [{ kind: "lost-update", key: "k", atS: 0, writes: [early.id], read: null, text: "" }] as const;
    assert.ok(shownWrites(graph, about).includes(early));
    const figure = draw(
      "version-graph",
      chartInput({
        ...run,
        trials: run.trials.map((trial) => ({
          ...trial,
          figures: {
            ...trial.figures!,
            causality: { ...trial.figures!.causality!, evidence: [], graph: { ...graph, dropped: 40, later: 2 } },
          },
        })),
      }),
    );
    assert.match(figure.caption, /Left out for want of room: 342 writes at /);
    assert.match(draw("version-graph").caption, /No write is left out\./);
  });

  it("lets many sessions share lanes, with the words before them, where they are in sight", () => {
    const few = drawOne(made(14, 120));
    assert.equal(few.lanes, few.sessions);
    const storm: VersionGraph = {
      key: "k",
      dropped: 0,
      writes: Array.from({ length: 150 }, (_, i) => ({
        ...{ id: (i + 1) * 2 ** 32 + 1, session: i + 1, startS: i, endS: i + 0.1, tombstone: false },
        ...{ saw: i === 0 ? [] : [i * 2 ** 32 + 1], fate: "replaced" as const },
      })),
    };
    const many = drawOne(storm);
    assert.equal(many.sessions, 150);
    assert.equal(many.lanes, 1);
    assert.match(many.content, />77\.1 replaced</);
    const words = /<text x="([\d.]+)" y="[\d.]+" fill="var\(--muted\)">77\.1 /.exec(many.content)![1];
    const lanes = [...many.content.matchAll(/<circle cx="([\d.]+)"/g)].map(([, at]) => Number(at));
    assert.ok(Number(words) < Math.min(...lanes));
    const crowd = drawOne(made(40, 200));
    assert.ok(crowd.lanes <= 40 && crowd.width < 1500);
  });

  it("puts no two writes on one place, and every mark inside the picture", () => {
    for (const [sessions, writes] of [
      [1, 1],
      [2, 200],
      [40, 200],
    ]) {
      const { content, width, height } = drawOne(made(sessions, writes));
      const places = [...content.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="8"/g)].map(([, x, y]) => [
        Number(x),
        Number(y),
      ]);
      assert.equal(new Set(places.map(String)).size, places.length);
      for (const [x, y] of places) assert.ok(x > 8 && x < width - 8 && y > 8 && y < height - 8);
      assert.doesNotMatch(content, /NaN|undefined/);
    }
  });

  it("has the writes in its table, named as in the picture", () => {
    const figure = draw("version-graph");
    const [first] = graphs[0].graph.writes;
    assert.deepEqual(figure.table.rows[0].slice(3, 5), [writeName(first.id), first.session]);
    assert.equal(writeName(3 * 2 ** 32 + 12), "3.12");
  });
});

describe("configurations beside each other where the clock is the question", () => {
  const shape = (of: typeof run): unknown =>
    clockFacets(chartInput(of)).map(({ title, series }) => [title, series.map(({ name }) => name)]);
  /** Axes `clock` and more; four settings of the second. */
  const swept = (axes: (clock: string, i: number) => Record<string, string>): typeof run => {
    const many = madeUpRun({
      ...QUICKSTART_LIKE,
      repetitions: 1,
      intervals: 1,
      quorums: [
        [1, 1],
        [2, 2],
      ],
      clocks: CLOCKS,
    });
    return {
      ...many,
      cells: many.cells.map((cell) => ({
        ...cell,
        axes: axes(String(cell.axes["clock"]), Number(cell.axes["r"])),
      })),
      manifest: { ...many.manifest, axes: ["clock", "skew"] },
    };
  };

  it("are the clocks in one panel, and a panel for each value of what else varies", () => {
    assert.deepEqual(shape(swept((clock, i) => ({ clock, skew: `s${i}` }))), [
      ["skew=s1", CLOCKS],
      ["skew=s2", CLOCKS],
    ]);
  });

  it("name the clock with what was chosen together with it", () => {
    const run = swept((clock, i) => ({ clock, skew: `s${i}`, cut: clock === "vv-client" ? "ten" : "none" }));
    assert.deepEqual(shape(run), [
      ["skew=s1", ["dvvset, cut=none", "lww, cut=none", "vv-client, cut=ten", "vv-server, cut=none"]],
      ["skew=s2", ["dvvset, cut=none", "lww, cut=none", "vv-client, cut=ten", "vv-server, cut=none"]],
    ]);
  });

  it("stand as elsewhere when only the clock varies, or there are few of them", () => {
    assert.deepEqual(shape(run), [["", CLOCKS]]);
    const few = madeUpRun({ ...QUICKSTART_LIKE, quorums: [[1, 1]], clocks: ["dvvset"] });
    assert.equal(clockFacets(chartInput(few)).length, 1);
  });

  it("have each a style of their own, also beyond seven", () => {
    const styles = Array.from({ length: 49 }, (_, i) => JSON.stringify(seriesStyle(i)));
    assert.equal(new Set(styles).size, 49);
  });
});

describe("charts of clocks in a report", () => {
  it("belong to it only where a trial was judged", () => {
    const ids = (of: typeof run): string[] => chartsOf(of).map(({ id }) => id);
    // These need axes, not a trial that recorded something.
    assert.deepEqual(
      ids(run),
      [...CHARTS.keys()].filter((id) => id !== "load-curve" && id !== "effects"),
    );
    const silent = [...CHARTS.values()]
      .filter(({ concerns, concernsRun }) => concerns !== undefined || concernsRun !== undefined)
      .map(({ id }) => id);
    for (const { id } of [...CLOCK_CHARTS, ...HEALING_CHARTS, ...DETECTION_CHARTS]) assert.ok(silent.includes(id), id);
    assert.deepEqual(
      ids(emptyRun()).filter((id) => id !== "effects"),
      [...CHARTS.keys()].filter((id) => !silent.includes(id)),
    );
  });
});
