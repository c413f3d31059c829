/**
 * The page of a reproduction from made-up records: what it says of verdicts, that it keeps published and derived apart, that a strip puts
 * a value where its tolerance says, and that nothing a record holds gets out of its place.
 */
import assert from "node:assert/strict";
import type { ReproducedPoint, ReproducedTarget, Reproduction } from "../../../results/record/reproduction";
import { reproductionPage } from "../../../results/reports/reproduction-page";
import { scaled, strip } from "../../../results/reports/reproduction-strip";
import { inBrief, tallyInWords } from "../../../results/reports/reproduction-words";

const point = (changes: Partial<ReproducedPoint> = {}): ReproducedPoint => ({
  ...{
    label: "p99.9",
    unit: "ms",
    published: 10,
    expected: 10,
    least: 9,
    most: 11,
    measured: 10.5,
    lo: 10.2,
    hi: 10.8,
  },
  ...{ verdict: "pass" as const },
  ...changes,
});

const target = (changes: Partial<ReproducedTarget> = {}): ReproducedTarget => ({
  ...{
    id: "X-1",
    claim: "It is so.",
    paper: "Paper",
    source: "table 1",
    read: "primary",
    world: "simulation",
    tier: 1,
  },
  ...{
    tolerance: "± 10 %",
    run: "an experiment",
    command: "npx quorumlab reproduce X-1",
    published: [10],
    measured: [10.5],
  },
  ...{
    verdict: "pass",
    points: [point()],
    curves: [],
    minutes: 1.5,
    at: "2026-01-02T03:04:05Z",
    size: "quick",
    runs: [],
  },
  ...changes,
});

const document = (targets: readonly ReproducedTarget[]): Reproduction => ({
  schema: "quorumlab/reproduce@1",
  startedAt: "2026-01-02T03:04:05Z",
  endedAt: "2026-01-02T03:09:05Z",
  size: "quick",
  argv: ["quorumlab", "reproduce", "--quick"],
  quorumlab: { version: "0.1.0", commit: "c0ffee", dirty: false, patchSha256: null, lockfileSha256: null },
  machine: {
    node: "v20",
    v8: "11",
    os: "Linux",
    kernel: "6",
    cpu: "one",
    cores: 2,
    memoryBytes: 2 ** 33,
    container: null,
  },
  semanticsVersion: "3",
  targets,
});

const EVIL = `"><script>alert(1)</script><img src=x onerror=alert(2)> & 'x'`;

describe("the page of a reproduction", () => {
  it("says in its first words how many came out, by paper, and never by colour alone", () => {
    const page = reproductionPage(
      document([
        target(),
        target({ id: "X-2", verdict: "fail" }),
        target({ id: "X-3", verdict: "inconclusive", paper: "Other" }),
        target({ id: "X-4", verdict: "not-run", points: [], minutes: null, reason: "not covered: nothing there" }),
      ]),
      ["Paper", "Other", "Nobody's"],
    );
    assert.match(page, /<p class="verdict">1 of 3 results came out, 1 did not, 1 is open; 1 was not run\.<\/p>/);
    for (const [verdict, mark] of [
      ["pass", "✓"],
      ["fail", "✗"],
      ["inconclusive", "\\?"],
      ["not-run", "–"],
    ])
      // prettier-ignore
      assert.match(page, new RegExp(`<a class="tile ${verdict}"[^>]*>.*?${mark}</a>`));
    assert.ok(!page.includes("Nobody"), "a paper without targets has no section");
    assert.ok(page.includes("npx quorumlab reproduce X-1") && page.includes("c0ffee") && page.includes("simulated"));
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, "every id once");
    for (const [, href] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(href), href);
    assert.ok(!/NaN|undefined|Infinity/.test(page.replace(/<script[\s\S]*?<\/script>/g, "")));
  });

  it("keeps what was derived out of the published column", () => {
    const page = reproductionPage(
      document([target({ points: [point({ published: null, expected: 12.5 })], published: [null] })]),
      ["Paper"],
    );
    assert.match(page, /<th scope="row">p99\.9<\/th><td class="number">–<\/td><td class="number">12\.5\u00a0ms<\/td>/);
  });

  it("lets nothing out of its place", () => {
    const curve = {
      title: EVIL,
      x: { title: EVIL, scale: "linear" as const, unit: "" },
      y: { title: EVIL, scale: "linear" as const, unit: "" },
      series: [{ name: EVIL, kind: "measured" as const, points: [[1, 2], [2, 3]] as const }], // prettier-ignore
    };
    const evil = target({
      ...{ id: EVIL, variant: EVIL, claim: EVIL, paper: EVIL, source: EVIL, tolerance: EVIL, run: EVIL, command: EVIL },
      ...{ footnote: EVIL, reason: EVIL, points: [point({ label: EVIL, unit: EVIL, note: EVIL })], curves: [curve] },
    });
    const page = reproductionPage({ ...document([evil]), argv: [EVIL] }, [EVIL]);
    assert.ok(!page.includes("<script>alert") && !page.includes("<img"));
    assert.match(page, /http-equiv="Content-Security-Policy" content="default-src 'none'/);
    assert.ok(!/(src|href)="https?:/.test(page), "nothing is loaded");
  });

  it("is a page, too, where nothing was run", () => {
    const page = reproductionPage(document([target({ verdict: "not-run", points: [], minutes: null })]), ["Paper"]);
    assert.match(page, /0 of 0 results came out; 1 was not run\./);
  });
});

describe("a strip", () => {
  it("puts the reference in the middle and the edges of the tolerance at one", () => {
    assert.deepEqual(scaled(point({ measured: 11, lo: 10, hi: 12 })), {
      value: 1,
      lo: 0,
      hi: 2,
      least: -1,
      most: 1,
      reference: 0,
    });
    // 2 to 3 around a published 2: the lower edge is the reference.
    assert.equal(scaled(point({ least: 2, most: 3, expected: 2, measured: 2, lo: null, hi: null }))!.value, 0);
    // At most 5, published 1.
    assert.equal(scaled(point({ least: null, most: 5, expected: 1, measured: 9, lo: null, hi: null }))!.value, 2);
    assert.equal(scaled(point({ least: null, most: 5, expected: 1, measured: 1, lo: null, hi: null }))!.value, 0);
    // At least 2, published 5.
    assert.equal(scaled(point({ least: 2, most: null, expected: 5, measured: 2, lo: null, hi: null }))!.value, -1);
    assert.equal(scaled(point({ least: 101, most: 101, expected: 101, measured: 101, lo: null, hi: null }))!.value, 0);
  });

  it("leaves out what is only shown or was not measured, and points at what lies beyond", () => {
    assert.equal(scaled(point({ least: null, most: null })), undefined);
    assert.equal(strip(target({ points: [point({ measured: null })] })), "");
    assert.match(
      strip(target({ points: [point({ measured: 30, lo: null, hi: null, verdict: "fail" })] })),
      /l6 4l-6 4Z" class="fail"/,
    );
  });
});

describe("a reproduction in words", () => {
  it("counts, and tells few values in full and many by their number", () => {
    assert.equal(tallyInWords([target(), target()]), "2 of 2 results came out.");
    assert.match(inBrief(target()), /^10\.5\u00a0ms \[10\.2, 10\.8\] for 10\u00a0ms$/);
    const many = [...Array.from({ length: 4 }, () => point()), point({ verdict: "fail" })];
    assert.equal(inBrief(target({ points: many })), "4 of 5 values inside");
  });
});
