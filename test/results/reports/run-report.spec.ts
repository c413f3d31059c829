/**
 * The report as a reader and an attacker would read its bytes: every question answered, every unit named, no text of
 * a person's run as markup, no path of the machine, nothing loaded from anywhere.
 */
import assert from "node:assert/strict";
import type { MetricValue } from "../../../results/record/figures";
import type { CellSummary, ComparisonRow, LoadedRun } from "../../../results/record/run-folder";
import { CHARTS, chartsOf } from "../../../results/charts/chart";
import { CLOCK_CHARTS } from "../../../results/reports/clock-section";
import { DETECTION_CHARTS } from "../../../results/reports/detection-section";
import { HEALING_CHARTS } from "../../../results/reports/healing-section";
import { renderIndex } from "../../../results/reports/index-page";
import { reproduceCommand } from "../../../results/reports/method";
import { POLICY } from "../../../results/reports/page";
import { renderRunReport, reportFiles } from "../../../results/reports/run-report";
import { bare } from "../../../results/reports/tables";
import { renderTerminal } from "../../../results/reports/terminal";
import { verdictOf } from "../../../results/reports/verdict";
import { emptyRun, HOSTILE, madeUpRun, QUICKSTART_LIKE } from "../fixtures";

const run = madeUpRun();
const page = renderRunReport(run);
/** The page without Chart.js, our script and the data: what a reader without JavaScript gets. */
const markup = page.replace(/<script[\s\S]*?<\/script>/g, "");

describe("run report", () => {
  it("stays small", () => {
    assert.ok(Buffer.byteLength(page) < 3_600_000, `${Buffer.byteLength(page)} bytes`);
  });

  it("gives the same bytes for the same run", () => {
    assert.equal(renderRunReport(madeUpRun()), page);
  });

  it("has a section for every chart, each beginning with a question and an answer with a number", () => {
    const together = [...CLOCK_CHARTS, ...HEALING_CHARTS, ...DETECTION_CHARTS];
    for (const chart of chartsOf(run)) {
      if (together.includes(chart)) continue;
      const section = new RegExp(`<section id="${chart.id}">\\s*<h2>([^<]+)</h2><p class="answer">([^<]+)</p>`).exec(
        markup,
      );
      assert.ok(section !== null, chart.id);
      assert.match(section[2], /\d/);
    }
    assert.equal(markup.match(/<section /g)?.length, chartsOf(run).length - together.length + 3 + 5);
  });

  it("gives every picture a role, a name, a description, a way to its explanation and its numbers", () => {
    for (const chart of chartsOf(run)) {
      assert.match(markup, new RegExp(`role="img" aria-label="[^"]+" aria-describedby="${chart.id}-description"`));
      assert.match(markup, new RegExp(`id="${chart.id}-description">[^<]{40,}`));
      assert.match(markup, new RegExp(`href="#about-${chart.id}"`));
      assert.match(markup, new RegExp(`id="about-${chart.id}"`));
    }
    assert.equal(markup.match(/The numbers behind this chart/g)?.length, chartsOf(run).length);
  });

  it("leads every link inside the page to something", () => {
    for (const [, id] of markup.matchAll(/href="#([^"]+)"/g)) assert.ok(markup.includes(`id="${id}"`), id);
    const ids = [...markup.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, "an id stands twice");
  });

  it("escapes what people wrote, in text, attributes and data", () => {
    assert.ok(!page.includes(HOSTILE));
    assert.ok(!/<img/i.test(markup));
    assert.ok(!/<script>alert/.test(page));
    assert.ok(markup.includes("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"));
    const hostileCell: LoadedRun = {
      ...run,
      cells: run.cells.map((cell) => ({
        ...cell,
        axes: { ...cell.axes, clock: `${HOSTILE}${String(cell.axes["clock"])}` },
      })),
    };
    const other = renderRunReport(hostileCell);
    assert.ok(!other.includes(HOSTILE));
    const json = /<script type="application\/json" id="charts">([\s\S]*?)<\/script>/.exec(other);
    assert.ok(
      json !== null && JSON.stringify(JSON.parse(json[1])).includes("<script>alert"),
      "data arrive whole, though escaped",
    );
  });

  it("loads nothing: no address, no import, a policy that forbids all else", () => {
    assert.ok(page.includes(POLICY));
    assert.doesNotMatch(markup, /(src|href)="(?!#|data:,|\.\.\/)/);
    assert.doesNotMatch(markup, /@import|url\((?!#)/);
    assert.doesNotMatch(page, /sourceMappingURL/);
  });

  it("shows no number that is none", () => {
    assert.doesNotMatch(markup.replace(/<style>[\s\S]*?<\/style>/, ""), /NaN|undefined|Infinity/);
  });

  it("draws every picture without JavaScript", () => {
    const pictures = markup.match(/class="picture/g)?.length ?? 0;
    assert.ok(pictures > 30);
    assert.equal(markup.match(/class="picture[^>]*><svg /g)?.length, pictures);
  });

  it("puts doubts and uncommitted changes before the numbers", () => {
    const before = markup.slice(0, markup.indexOf('id="results"'));
    assert.match(before, /doubtful: 1 of 8 configurations/);
    assert.match(before, /uncommitted changes/);
    assert.match(before, /r \+ w &lt;= n_val/);
    assert.match(markup, /! doubtful/);
    assert.match(markup, /use fewer clients/);
  });

  it("never calls inconclusive the same", () => {
    const row = /<tr class="dim">(?:(?!<\/tr>)[\s\S])*inconclusive(?:(?!<\/tr>)[\s\S])*<\/tr>/.exec(markup);
    assert.ok(row !== null);
    assert.doesNotMatch(row[0], /~ same/);
    assert.match(markup, /at least 10 repetitions are needed/);
  });

  describe("comparison", () => {
    const undecided = (n: number, more: Partial<ComparisonRow> = {}): LoadedRun => ({
      ...run,
      comparisons: run.comparisons.map((row) => ({ ...row, verdict: "inconclusive", lo: null, hi: null, n, ...more })),
    });
    const sectionOf = (of: LoadedRun): string =>
      /<section id="comparison">([\s\S]*?)<\/section>/.exec(renderRunReport(of))![1];

    it("says in one sentence that too few repetitions show nothing, and folds the rows away", () => {
      const section = sectionOf(undecided(3));
      assert.match(
        section,
        /3 repetitions of each configuration are too few to show a difference from R=1\u00a0W=1 · vv-server, however large: for 14 comparisons it takes at least 10\./,
      );
      assert.equal(section.replace(/<details>[\s\S]*<\/details>/, "").includes("inconclusive"), false);
      assert.equal(section.match(/\? inconclusive/g)?.length, 14);
      const text = renderTerminal(undecided(3), { color: false, columns: 120 });
      assert.match(text, /3 repetitions of each configuration are too few/);
      assert.doesNotMatch(text, /inconclusive/);
    });

    it("keeps the table open where the repetitions could have shown something (long)", () => {
      assert.doesNotMatch(sectionOf(undecided(10)), /too few|<details>/);
      assert.match(sectionOf(undecided(9)), /too few/);
      const unpaired = undecided(3, { method: "mann-whitney" } as Partial<ComparisonRow>);
      assert.doesNotMatch(sectionOf(unpaired), /<details>/);
    });

    it("calls a row without a single pair not measured, in words and not as null (long)", () => {
      const empty = {
        n: 0,
        difference: null,
        lo: null,
        hi: null,
        p: null,
        pAdjusted: null,
        verdict: "inconclusive",
      } as const;
      const some: LoadedRun = {
        ...run,
        comparisons: run.comparisons.slice(0, 4).map((row, i) => (i === 0 ? { ...row, ...empty } : row)),
      };
      const none: LoadedRun = { ...run, comparisons: run.comparisons.slice(0, 4).map((row) => ({ ...row, ...empty })) };
      for (const each of [some, none]) {
        const section = sectionOf(each);
        const text = renderTerminal(each, { color: false, columns: 120 });
        assert.match(section, /\? not measured on both sides/);
        for (const words of [section, text]) assert.doesNotMatch(words, /NaN|null|undefined|Infinity|unknown/);
      }
      assert.match(renderTerminal(some, { color: false, columns: 120 }), /- +\? not measured on both sides/);
      assert.match(sectionOf(some), /With 3 pairs the smallest possible p is 0\.25/);
      assert.match(sectionOf(none), /0 of 4 comparisons had valid measurements on both sides/);
    });
  });

  it("says which metrics of the headline were not compared, and which rows rest on lower bounds (long)", () => {
    const [first] = run.comparisons;
    const open = { n: 0, difference: null, lo: null, hi: null, p: null, pAdjusted: null } as const;
    const rows: ComparisonRow[] = [
      { ...first, metric: "read_p99_ms" },
      { ...first, ...open, metric: "convergence_s", unit: "s", verdict: "inconclusive" },
    ];
    const late = { value: 9, lo: 9, hi: null, n: 1, unit: "s", atLeast: true } as const;
    const trials = run.trials.map((one) => ({
      ...one,
      summary: one.summary && { ...one.summary, metrics: { ...one.summary.metrics, convergence_s: late } },
    }));
    const of = (comparisons: readonly ComparisonRow[], headline: readonly string[]): string =>
      /<section id="comparison">([\s\S]*?)<\/section>/.exec(
        renderRunReport({ ...run, trials, comparisons, manifest: { ...run.manifest, report: { headline } } }),
      )![1];
    const headline = ["read_p99_ms", "convergence_s", "hints_expired"];
    const section = of(rows, headline);
    assert.match(section, /only known to be at least so much/);
    assert.doesNotMatch(section, /\? not measured on both sides/);
    assert.match(section, /Not measured on both sides, and so not compared: [Hh]ints[ _]expired\./);
    assert.match(of([rows[1]], headline), /0 of 1 comparison had .*; 1 had values that are only known/);
    assert.doesNotMatch(of(rows, ["p_stale"]), /and so not compared/, "a run of before compared other metrics");
  });

  it("names a command that holds no path of the machine", () => {
    assert.match(
      reproduceCommand(run),
      /^git checkout 0123456789ab && npm ci\nnpx quorumlab run experiments\/catalogue\/made-up.yaml --profile smoke --seed 1$/,
    );
    const elsewhere: LoadedRun = { ...run, manifest: { ...run.manifest, configPath: "/home/someone/my file.yaml" } };
    assert.doesNotMatch(renderRunReport(elsewhere), /home\/someone/);
    const hostile: LoadedRun = { ...run, manifest: { ...run.manifest, configPath: "a b'; rm -rf x.yaml" } };
    assert.match(reproduceCommand(hostile), /'a b'\\''; rm -rf x.yaml'/);
  });

  it("says why each chart is absent when nothing was measured", () => {
    const empty = renderRunReport(emptyRun());
    for (const chart of CHARTS.values())
      assert.equal(
        empty.includes(chart.absence.replace(/'/g, "&#39;")),
        chart.concerns === undefined && (chart.concernsRun === undefined || chart.concernsRun(emptyRun())),
        chart.id,
      );
    assert.doesNotMatch(
      empty.replace(/<script[\s\S]*?<\/script>/g, "").replace(/<style>[\s\S]*?<\/style>/, ""),
      /NaN|undefined|Infinity/,
    );
  });

  it("reports a run of which nothing finished", () => {
    const nothing: LoadedRun = {
      ...run,
      cells: [],
      trials: [],
      comparisons: [],
      manifest: { ...run.manifest, status: "failed" },
    };
    assert.match(renderRunReport(nothing), /No configuration finished/);
    assert.match(renderTerminal(nothing, { color: false, columns: 80 }), /no configuration finished/i);
  });

  it("leaves the pictures to JavaScript where the page would pass its bound, and says so", () => {
    const small = renderRunReport(run, { maxBytes: 1_000_000 });
    assert.ok(Buffer.byteLength(small) < 0.75 * Buffer.byteLength(page));
    assert.match(
      small,
      /With all of its pictures this page would have grown too large: \d+ figures further down are drawn/,
    );
    assert.doesNotMatch(markup, /would have grown too large/);
    // As many as there is room for, those that are read first.
    const some = renderRunReport(run, {
      maxBytes: Math.round((Buffer.byteLength(small) + Buffer.byteLength(page)) / 2),
    });
    assert.ok(Buffer.byteLength(some) > Buffer.byteLength(small) && Buffer.byteLength(some) < Buffer.byteLength(page));
    const pictured = [...some.matchAll(/data-chart="([\w-]+)" data-panel="0">(<svg)?/g)].map(
      ([, , svg]) => svg !== undefined,
    );
    assert.ok(pictured[0] && !pictured.at(-1)!);
    assert.doesNotMatch(some, /<!--picture/);
    const pictures = (html: string): string[] =>
      [...html.matchAll(/class="picture"[^>]*data-chart="([^"]+)"/g)].map(([, id]) => id);
    const points = pictures(page).filter((id) => id.startsWith("raw-operations"));
    assert.ok(points.length > 0);
    assert.deepEqual(
      pictures(small),
      pictures(page).filter((id) => !points.includes(id)),
    );
    assert.match(small, /Single operations are left out of this page for its size/);
    assert.doesNotMatch(markup, /Single operations are left out/);
  });

  it("writes a picture for each panel and a table for each chart, and links to them", () => {
    const files = reportFiles(run);
    const index = files.get("index.html")!;
    for (const [, path] of index.matchAll(/href="(figures\/[^"]+)"/g)) assert.ok(files.has(path), path);
    assert.ok([...files.keys()].filter((path) => path.endsWith(".svg")).length > 30);
    const csv = files.get("figures/trade-off.csv")!;
    assert.match(csv, /^configuration,read p99 \(ms\),lo,hi/);
    assert.equal(csv.trim().split("\r\n").length, 9);
  });
});

describe("verdict", () => {
  it("tells staleness along the line of overlapping quorums, from the numbers", () => {
    assert.match(
      verdictOf(run),
      /Where R \+ W ≤ N, a read can miss a write that was already acknowledged: at R=1\u00a0W=1 · [\w-]+ this happened to 3\.\d+\u00a0% \[2\.8, 3\.6\] of reads, and the envelope of the runs' own intervals lies above zero\. That is the highest of 2 configurations with R=1\u00a0W=1; the lowest is 3\.\d+\u00a0% \[2\.8, 3\.6\] \([\w-]+\); the intervals overlap, so they are not told apart\. Where R \+ W > N, it was not seen; at 95 % confidence for these runs it happens to at most 0\.04\u00a0% of reads in any of these configurations\. /,
    );
  });

  describe("of stale reads", () => {
    const stale = (of: LoadedRun, p: (cell: CellSummary) => Partial<MetricValue>): string =>
      verdictOf({
        ...of,
        cells: of.cells.map((cell) => ({
          ...cell,
          metrics: { ...cell.metrics, p_stale: { ...cell.metrics["p_stale"], ...p(cell) } },
        })),
      });
    const oneClock = madeUpRun({ ...QUICKSTART_LIKE, clocks: ["dvvset"] });
    const isWeak = ({ axes }: CellSummary): boolean => Number(axes["r"]) + Number(axes["w"]) <= 3;

    it("says when the interval reaches zero, or is not known", () => {
      const reaches = stale(oneClock, (cell) => (isWeak(cell) ? { value: 0.01, lo: 0, hi: 0.03, n: 6 } : { n: 6 }));
      assert.match(reaches, /1\u00a0% \[0, 3\] of reads, and the 95\u00a0% interval reaches down to zero/);
      assert.match(reaches, /not seen; at 95 % confidence .*cannot tell the two apart/);
      assert.match(
        stale(oneClock, (cell) => (isWeak(cell) ? { value: 0.01, lo: null, hi: null } : {})),
        /1\u00a0% of reads, and there are too few repetitions for an interval/,
      );
    });

    it("names the highest where overlapping quorums were stale too", () => {
      assert.match(
        stale(oneClock, (cell) => (isWeak(cell) ? {} : { value: 0.001, lo: 0.0005, hi: 0.002, n: 6 })),
        /Where R \+ W > N, the highest share was 0\.1\u00a0% \[0\.05, 0\.2\] \(R=\d\u00a0W=\d · dvvset\), and at 95 % confidence no configuration is above 0\.2\u00a0%/,
      );
    });

    it("does not call the median's interval of nothing a bound of nothing", () => {
      // Twelve repetitions without a stale read have a median of 0 and an interval from 0 to 0.
      const strict = madeUpRun({ ...QUICKSTART_LIKE, quorums: [[2, 2]], clocks: ["dvvset"] });
      assert.match(
        stale(strict, () => ({ value: 0, lo: 0, hi: 0, n: 12 })),
        /No stale read was seen in the one configuration; at 95 % confidence it happens to at most 0\.02\u00a0% of reads/,
      );
    });

    it("names no configuration that is invalid where there is a better one", () => {
      const cells = run.cells.map((cell) =>
        cell.axes["r"] === 1 && cell.axes["clock"] === "dvvset"
          ? { ...cell, validity: { verdict: "invalid" as const, doubts: [] } }
          : cell,
      );
      const text = verdictOf({ ...run, cells });
      assert.match(text, /^Do not use 2 of 8/);
      assert.match(text, /at R=1\u00a0W=1 · vv-server this happened/);
    });
  });

  it("claims no difference where intervals overlap", () => {
    const wide: LoadedRun = {
      ...run,
      cells: run.cells.map((cell) => ({
        ...cell,
        metrics: {
          p_stale: { ...cell.metrics["p_stale"], lo: 0, hi: 0.2 },
          read_p99_ms: { ...cell.metrics["read_p99_ms"], lo: 1, hi: 50 },
        },
      })),
    };
    assert.match(verdictOf(wide), /cannot tell the two apart/);
    assert.match(verdictOf(wide), /no configuration is shown to be faster/);
  });

  it("warns that one run is one run", () => {
    assert.match(
      verdictOf(madeUpRun({ ...QUICKSTART_LIKE, repetitions: 1 })),
      /Each configuration ran once|no telling/,
    );
  });

  it("begins with the doubt where no configuration is valid", () => {
    const cells = run.cells.map((cell) => ({ ...cell, validity: { verdict: "invalid" as const, doubts: [] } }));
    assert.match(verdictOf({ ...run, cells }), /^The run's own checks call every configuration invalid/);
    assert.match(verdictOf({ ...run, cells: [cells[0], ...run.cells.slice(1)] }), /^Do not use 1 of 8 configurations/);
  });

  it("bounds what was never seen instead of calling it never", () => {
    const strict = madeUpRun({ ...QUICKSTART_LIKE, quorums: [[2, 2]] });
    assert.match(
      verdictOf(strict),
      /No stale read was seen in any of 2 configurations; at 95 % confidence for these runs it happens to at most 0\.04\u00a0%/,
    );
  });
});

describe("verdict of what was not served", () => {
  it("comes first, because latencies are of what was answered; and is not there where all was", () => {
    const lowered = run.cells.map((cell, i) => {
      const availability = { ...cell.metrics["availability"], value: i === 0 ? 0.51 : i === 1 ? 0.99 : 1 };
      return { ...cell, metrics: { ...cell.metrics, availability } };
    });
    assert.match(
      verdictOf({ ...run, cells: lowered }),
      /^Of the operations that were due only 51\s% .*succeeded at R=1.*, and 1 other configuration fewer than 99\.9\s%/,
    );
    assert.doesNotMatch(verdictOf(run), /were due only/);
  });
});

describe("terminal report", () => {
  it("fits the width, names what it left out, and marks doubts", () => {
    for (const columns of [80, 120, 200]) {
      const text = renderTerminal(run, { color: false, columns });
      const table = text.split("\n").filter((line) => /^(R {2}W|\d {2}\d)/.test(line));
      assert.equal(table.length, 9);
      for (const line of table) assert.ok(line.length <= columns, `${line.length} > ${columns}: ${line}`);
      assert.match(text, / ! /);
      assert.match(text, columns === 80 ? /not shown for want of room: / : /stale reads %/);
    }
  });

  it("keeps undecided comparisons to a count, and never calls them the same", () => {
    const text = renderTerminal(run, { color: false, columns: 120 });
    assert.match(text, /12 differences, 1 the same, 1 inconclusive of 14 comparisons/);
    assert.match(text, /never that they are\s+the same/);
    assert.doesNotMatch(text, /\? inconclusive/);
  });

  it("colours only when asked, and obeys no control character of a title", () => {
    const title = "evil\u001b[2Jtitle";
    const evil: LoadedRun = { ...run, manifest: { ...run.manifest, title } };
    assert.ok(!renderTerminal(evil, { color: false, columns: 100 }).includes("\u001b"));
    assert.ok(renderTerminal(evil, { color: true, columns: 100 }).includes("\u001b[1m"));
    assert.ok(!renderTerminal(evil, { color: true, columns: 100 }).includes("\u001b[2J"));
  });
});

describe("index of runs", () => {
  it("lists the newest first, escaped, with links that stay inside", () => {
    const entry = {
      experiment: "x",
      profile: "smoke",
      status: "done",
      validity: "valid",
      cells: 8,
      trials: 24,
    } as const;
    const html = renderIndex([
      { ...entry, run: "a", title: HOSTILE, startedAt: "2026-01-01T00:00:00Z", report: "x/a/report/index.html" },
      {
        ...entry,
        run: "b",
        title: "later",
        startedAt: "2026-01-02T00:00:00Z",
        report: "javascript:alert(1)//index.html",
      },
    ]);
    assert.ok(html.indexOf("later") < html.indexOf("&lt;script"));
    assert.ok(!html.includes(HOSTILE));
    assert.match(html, /href="\.\/x\/a\/report\/index\.html"/);
    assert.doesNotMatch(html, /href="javascript/);
  });

  it("says what to do when there is no run", () => {
    assert.match(renderIndex([]), /quorumlab run/);
  });
});

describe("a value in a column whose head has its unit", () => {
  it("has none of its own, whatever it is", () => {
    for (const unit of ["objects", "records", "1/op", "ms", "1/s"]) assert.equal(bare(7, unit), "7");
    assert.equal(bare(0.07, "ratio"), "7");
    assert.equal(bare(7, "count"), "7");
    assert.equal(bare(7, ""), "7");
  });
});
