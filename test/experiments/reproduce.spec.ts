/**
 * `quorumlab reproduce` without its long runs: how a value is judged (each verdict, failing ones first of all), that the list is the
 * papers' and says nothing that nobody published, that what can be measured at once is, through the command, and that an interrupted
 * reproduction goes on where it stopped. The page's numbers are checked by its own spec.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../experiments/cli/main";
import { efficiency } from "../../experiments/reproduce/figure-8";
import { atLeast, atMost, between, exactly, near, shown, verdictOn } from "../../experiments/reproduce/judge";
import { chiSquareOverLimit } from "../../experiments/reproduce/load";
import { meanOf, type MeasuringContext, metricOf, ratioOfPairs } from "../../experiments/reproduce/measuring";
import { exitOf, reproduce, type SessionOptions } from "../../experiments/reproduce/session";
import { type CoveredTarget, isCovered, keyOf, PAPERS, verdictOf } from "../../experiments/reproduce/target";
import { TARGETS, targetsNamed } from "../../experiments/reproduce/targets";
import type { ReproducedPoint, Reproduction } from "../../results/record/reproduction";
import type { LoadedRun } from "../../results/record/run-folder";
import { recordingIo } from "./recording-io";

const about = { label: "a value", unit: "ms" };

describe("a measured value beside a published one", () => {
  it("around a value passes inside, fails outside, and stays open where its interval reaches in", () => {
    const judged = (value: number | null, lo: number | null = null, hi: number | null = null) =>
      near({ ...about, published: 100 }, { value, lo, hi }, { ratio: 0.05 }).verdict;
    assert.equal(judged(104), "pass");
    assert.equal(judged(105), "pass", "the edge belongs to it");
    assert.equal(judged(105.1), "fail");
    assert.equal(judged(105.1, 105.05, 105.2), "fail");
    assert.equal(judged(94, 93, 95.5), "inconclusive");
    assert.equal(judged(94, 93, 94.9), "fail");
    assert.equal(judged(101, 97, 104), "pass");
    assert.equal(judged(104, 102, 106), "pass", "tolerances hold our own error at the stated size");
    assert.equal(judged(null), "not-run");
    assert.equal(judged(NaN), "not-run");
  });

  it("does not pass where the interval is wider than all of the tolerance", () => {
    assert.equal(
      near({ ...about, published: 100 }, { value: 100, lo: 94, hi: 106 }, { ratio: 0.05 }).verdict,
      "inconclusive",
    );
    assert.equal(
      near({ ...about, published: 100 }, { value: 100, lo: 95.1, hi: 104.9 }, { ratio: 0.05 }).verdict,
      "pass",
    );
  });

  it("on one side needs the whole interval on its side, to pass as to fail", () => {
    const most = (lo: number | null, value: number, hi: number | null) => atMost(about, { value, lo, hi }, 10).verdict;
    assert.deepEqual(
      [most(8, 9, 9.9), most(8, 9, 11), most(9, 11, 12), most(10.5, 11, 12), most(null, 9, null), most(null, 11, null)],
      ["pass", "inconclusive", "inconclusive", "fail", "pass", "fail"],
    );
    const least = (lo: number, value: number, hi: number) => atLeast(about, { value, lo, hi }, 10).verdict;
    assert.deepEqual([least(10, 11, 12), least(9, 11, 12), least(8, 9, 9.5)], ["pass", "inconclusive", "fail"]);
  });

  it("is exact where nothing is left to chance, and not judged where it is only shown", () => {
    assert.equal(exactly({ ...about, published: 101 }, { value: 101 }).verdict, "pass");
    assert.equal(exactly({ ...about, published: 101 }, { value: 100 }).verdict, "fail");
    assert.equal(between(about, { value: 4 }, 2, 3).verdict, "fail");
    assert.equal(shown({ ...about, published: 1 }, { value: 5 }).verdict, "pass");
    assert.equal(verdictOn(0.95, null, null, 0.95 + 1e-12, 1.05), "pass", "up to rounding");
  });

  it("keeps what was derived out of the published column", () => {
    const derived = near({ ...about, derived: 2 }, { value: 2 }, { ratio: 0.1 });
    assert.deepEqual([derived.published, derived.expected], [null, 2]);
  });

  it("makes a target as good as its worst value, and one about shape never fail", () => {
    const of = (...verdicts: ReproducedPoint["verdict"][]): ReproducedPoint[] =>
      verdicts.map((verdict) => ({ ...shown(about, { value: 1 }), verdict }));
    assert.equal(verdictOf(of("pass", "pass"), 1), "pass");
    assert.equal(verdictOf(of("pass", "inconclusive"), 1), "inconclusive");
    assert.equal(verdictOf(of("pass", "inconclusive", "fail"), 2), "fail");
    assert.equal(verdictOf(of("pass", "fail"), 3), "inconclusive");
    assert.equal(verdictOf(of("pass", "not-run"), 1), "inconclusive");
    assert.equal(verdictOf(of("not-run"), 1), "not-run");
    assert.equal(verdictOf([], 1), "not-run");
  });

  it("has the interval of its repetitions' own ratios", () => {
    // Common seeds: every repetition is exactly twice, whatever its level.
    const exact = ratioOfPairs([[2, 1], [20, 10], [6, 3]]); // prettier-ignore
    assert.deepEqual([exact.value, exact.lo, exact.hi], [2, 2, 2]);
    // Worked by hand: mean 2, standard deviation 1, Student's t at two degrees of freedom 4.30.
    const { value, lo, hi } = meanOf([1, 2, 3]);
    assert.equal(value, 2);
    assert.ok(Math.abs(hi! - (2 + 4.303 / Math.sqrt(3))) < 0.06 && Math.abs(lo! + hi! - 4) < 1e-9, `${lo} ${hi}`);
    assert.deepEqual(meanOf([7]), { value: 7, lo: null, hi: null });
    assert.equal(meanOf([]).value, null);
    assert.equal(ratioOfPairs([]).value, null);
  });

  it("tells counts of another law from those of their own", () => {
    const masses = Array.from({ length: 100 }, () => 0.01);
    assert.ok(
      chiSquareOverLimit(
        Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1_010 : 990)),
        masses,
        100_000,
      ) < 1,
    );
    assert.ok(
      chiSquareOverLimit(
        Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1_100 : 900)),
        masses,
        100_000,
      ) > 1,
    );
  });
});

/** Section 11 of the list that the targets were taken from. */
const LISTED =
  "DYN-8a DYN-8b DYN-8c DYN-6 DYN-4 DYN-5 DYN-T2 DYN-63 DYN-VC PBS-K PBS-0 PBS-T4L PBS-T4t PBS-T4q PBS-N PBS-EXP PBS-VAL PBS-LAT " +
  "DVV-1 DVV-2 DVV-3 FD-PHI FD-QOS FD-CMP SWIM-1 SWIM-2 SWIM-3 SWIM-4 SWIM-5 LIFE-4 LIFE-5 LIFE-7 CO-1 OC-1 YCSB-Z CC-1 AE-1 AE-2 CH-1 CH-2 " +
  "AV-1 AV-2 TAIL-1 TAIL-2 RRP-1 MAEL-1 PERF-1";

describe("what a target takes from a run", () => {
  const cell = (validity: string, metric: object): LoadedRun["cells"][number] =>
    ({
      ...{ id: "c", axes: { "workload.clients": 4 }, world: "simulation", trials: [] },
      ...{ metrics: { x_ms: metric }, validity: { verdict: validity, doubts: [] } },
    }) as unknown as LoadedRun["cells"][number];
  const runOf = (one: LoadedRun["cells"][number]): LoadedRun =>
    ({ manifest: { experiment: "made-up" }, cells: [one], trials: [] }) as unknown as LoadedRun;

  it("is no bound and nothing invalid", () => {
    const metric = { value: 7, lo: 6, hi: 8, n: 8, unit: "ms" };
    const of = (validity: string, more = {}): number | null =>
      metricOf(runOf(cell(validity, { ...metric, ...more })), "x_ms", {}).value;
    assert.deepEqual([of("valid"), of("invalid"), of("valid", { atLeast: true, hi: null })], [7, null, null]);
  });

  it("passes no target of nought where no trial is valid", async () => {
    const target = TARGETS.find(({ id }) => id === "DYN-VC") as CoveredTarget;
    const cells = [4, 8, 10, 12, 16, 32].map((clients) => ({
      ...cell("invalid", {}),
      ...{ id: String(clients), axes: { "workload.clients": clients } },
    }));
    const run = { ...runOf(cells[0]), cells };
    const context = { run: () => Promise.resolve(run) } as unknown as MeasuringContext;
    const { points } = await target.measure(context);
    assert.deepEqual([...new Set(points.map(({ verdict }) => verdict))], ["not-run"]);
  });
});

describe("the list of targets", () => {
  it("is that of the papers, covered or not, each once a variant", () => {
    assert.deepEqual([...new Set(TARGETS.map(({ id }) => id))].sort(), LISTED.split(" ").sort());
    assert.equal(new Set(TARGETS.map(keyOf)).size, TARGETS.length);
    for (const target of TARGETS) {
      assert.ok(target.claim.endsWith(".") && target.source !== "" && target.tolerance !== "", keyOf(target));
      if (!isCovered(target)) assert.ok(target.notCovered.length > 20, keyOf(target));
    }
    assert.deepEqual(TARGETS.filter((target) => !isCovered(target)).map(keyOf), ["AE-2", "AV-2"]);
  });

  it("is quick in five minutes by its own estimate, where two targets that share a run count it twice", () => {
    const minutes = TARGETS.filter(isCovered).reduce((sum, { minutes: { quick = 0 } }) => sum + quick, 0);
    assert.ok(minutes > 1 && minutes < 14, String(minutes));
    assert.ok(TARGETS.filter(isCovered).every(({ minutes: { quick = 0, full } }) => quick <= full));
  });

  it("finds a target with all its variants, or one, in any case", () => {
    assert.deepEqual(targetsNamed("co-1").map(keyOf), ["CO-1", "CO-1/processes"]);
    assert.deepEqual(targetsNamed("CO-1/processes").map(keyOf), ["CO-1/processes"]);
    assert.deepEqual(targetsNamed("PBS"), []);
  });

  it("would fail if a strategy of figure 8 were another", () => {
    // Eight tokens, by strategy: the paper has .69, .70 and .90.
    const [random, dealt] = [efficiency(1, 8, 40).value!, efficiency(3, 8, 40).value!];
    assert.ok(Math.abs(random - 0.69) < 0.04 && Math.abs(dealt - 0.9) < 0.02, `${random} ${dealt}`);
    assert.equal(near({ label: "", unit: "", published: 0.9 }, { value: random }, { within: 0.02 }).verdict, "fail");
  });
});

describe("quorumlab reproduce", function () {
  this.timeout(60_000);
  let folder = "";
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "quorumlab-reproduce-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("measures what can be measured at once, and leaves the page, the numbers and the next command", async () => {
    const io = recordingIo(folder);
    const code = await main(["reproduce", "DVV-2", "DVV-3", "AE-2", "--json"], io);
    assert.equal(code, 0, io.err());
    const document = JSON.parse(io.out()) as Reproduction & { readonly page: string };
    assert.equal(document.schema, "quorumlab/reproduce@1");
    const [two, three, none] = document.targets;
    assert.deepEqual([two.id, two.verdict, two.published, two.measured], ["DVV-2", "pass", [0, 3, 2, 2], [0, 3, 2, 2]]);
    assert.deepEqual([three.verdict, three.measured], ["pass", [1_000, 3]]);
    assert.deepEqual([none.verdict, none.published, none.measured, none.minutes], ["not-run", [], [], null]);
    assert.match(none.reason!, /^not covered: /);
    const page = readFileSync(join(folder, document.page), "utf8");
    assert.match(page, /2 of 2 results came out; 1 was not run\./);
    assert.deepEqual(readdirSync(join(folder, "results", "reproduce")).length, 2, "the stamp and latest");
    assert.match(io.err(), /next: npx quorumlab reproduce --list\n$/);
  });

  it("lists, for people and programs, and names what is there for an id that is not", async () => {
    const io = recordingIo(folder);
    assert.equal(await main(["reproduce", "--list"], io), 0);
    for (const target of TARGETS) assert.ok(io.out().includes(`  ${keyOf(target)} `), keyOf(target));
    const wrong = recordingIo(folder);
    assert.equal(await main(["reproduce", "DYN-9"], wrong), 2);
    assert.match(wrong.err(), /there is no target DYN-9; there are DYN-8a, .*DYN-VC/);
    const json = recordingIo(folder);
    assert.equal(await main(["reproduce", "--list", "--json", "CO-1"], json), 0);
    assert.equal((JSON.parse(json.out()) as { targets: unknown[] }).targets.length, 2);
  });

  it("leaves out by world and by size, and says so", async () => {
    const io = recordingIo(folder);
    assert.equal(await main(["reproduce", "DVV-2", "DVV-1/processes", "--quick", "--only", "sim", "--json"], io), 0);
    const [, left] = (JSON.parse(io.out()) as Reproduction).targets.map(({ reason }) => reason).sort();
    assert.match(
      (JSON.parse(io.out()) as Reproduction).targets.find(({ variant }) => variant === "processes")!.reason!,
      /--only sim/,
    );
    assert.equal(left, undefined);
  });

  const made = (id: string, measure: CoveredTarget["measure"], tier: 1 | 2 | 3 = 1): CoveredTarget => ({
    ...{
      id,
      claim: "c.",
      paper: "dynamo",
      source: "s",
      read: "primary",
      world: "simulation",
      tier,
      tolerance: "t",
      run: "r",
    },
    ...{ minutes: { quick: 0.1, full: 0.1 }, measure },
  });
  const point = (value: number): ReproducedPoint => near({ ...about, published: 1 }, { value }, { within: 0.1 });
  const options = (targets: readonly CoveredTarget[], signal = new AbortController().signal): SessionOptions => ({
    ...{
      size: "full",
      out: join(folder, "out"),
      runsRoot: join(folder, "runs"),
      argv: [],
      fresh: false,
      signal,
      targets,
    },
    runner: () => assert.fail("nothing is run here"),
    progress: () => undefined,
    onTarget: () => undefined,
  });

  it("goes on where it was interrupted, measuring nothing twice, and begins anew once it is done", async () => {
    const interrupt = new AbortController();
    let measured = 0;
    const targets = [
      made("A", () => Promise.resolve({ points: [point(1 + ++measured / 100)] })),
      made("B", async (context) => {
        if (measured === 1) interrupt.abort();
        await context.breathe();
        return { points: [point(1)] };
      }),
    ];
    const first = await reproduce(options(targets, interrupt.signal));
    assert.equal(exitOf(first), 130);
    assert.deepEqual(
      first.document.targets.map(({ verdict }) => verdict),
      ["pass", "not-run"],
    );
    measured = 7;
    const kept: string[] = [];
    const second = await reproduce({
      ...options(targets),
      onTarget: (event) => event.kind === "kept" && kept.push(event.key),
    });
    assert.equal(second.folder, first.folder);
    assert.deepEqual(kept, ["A"]);
    assert.deepEqual(
      second.document.targets.map((one) => one.measured),
      [[1.01], [1]],
    );
    assert.equal(exitOf(second), 0);
    const third = await reproduce(options(targets));
    assert.deepEqual(third.document.targets[0].measured, [1.08], "one that ended is not taken for a new one");
  });

  it("ends by what came out: failed before open, broken before both, shape never", async () => {
    const exit = async (...targets: readonly CoveredTarget[]): Promise<number> =>
      exitOf(await reproduce({ ...options(targets), fresh: true }));
    const of = (value: number, tier: 1 | 2 | 3 = 1) =>
      made(`v${value}`, () => Promise.resolve({ points: [point(value)] }), tier);
    const wide = made("open", () =>
      Promise.resolve({ points: [near({ ...about, published: 1 }, { value: 1, lo: 0, hi: 2 }, { within: 0.1 })] }),
    );
    const broken = made("broken", () => Promise.reject(new Error("no such metric")));
    assert.equal(await exit(of(1)), 0);
    assert.equal(await exit(of(1), of(2)), 1);
    assert.equal(await exit(of(1), wide), 4);
    assert.equal(await exit(wide, of(2)), 1);
    assert.equal(await exit(of(2), broken, of(1)), 3);
    assert.equal(await exit(of(1), of(2, 3)), 0);
    const result = await reproduce({ ...options([broken, of(1)]), fresh: true });
    assert.deepEqual(result.document.targets.map(({ verdict, reason }) => [verdict, reason]), [["not-run", "broke off: no such metric"], ["pass", undefined]]); // prettier-ignore
  });

  it("names every paper once", () => {
    assert.equal(new Set(Object.values(PAPERS)).size, Object.keys(PAPERS).length);
  });
});
