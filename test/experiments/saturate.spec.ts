/**
 * `quorumlab saturate` as typed. Simulated for good: one node with one worker is the queue M/M/1, whose response time is exponential
 * with rate mu - lambda, so the rate at which its p99 passes x is mu - ln(100)/x, and the search must enclose it. Everything
 * else (what is asked of the runner, interruption, every mistake) with a runner that the test gives.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Io } from "../../experiments/cli/io";
import { main } from "../../experiments/cli/main";
import { runExperiment } from "../../experiments/runner";
import type { RunExperiment, Stage } from "../../experiments/run-types";
import { temporaryFolder } from "../results/record/made-up-run";

/** Messages take an exponential millisecond; nothing else takes time. */
const MM1 = `
schema: quorumlab/experiment@1
name: mm1
question: Where does the simplest queue saturate?
world: simulation
seed: 11
cluster: {nodes: 1, storage: memory}
network: {intra_zone: none, client: none}
node_model: {service: {message: {dist: exponential, mean: 1ms}}, queue: {workers: 1, limit: 5000}}
tunables: {n_val: 1, r: 1, w: 1, read_repair: none, stand_in: none, detector: perfect, timeout: {read: 10s, write: 10s}}
workload: {model: open, rate: 250/s, arrivals: poisson, max_outstanding: 2000, mix: {read: 1}, keys: {count: 50}, value_size: 10B}
phases: {warmup: 1s, measure: 8s, drain: 1s}
measure: {interval: 1s, divergence_scan: none}
`;

class Session {
  out = "";
  err = "";
  private readonly handlers = new Set<() => void>();

  constructor(
    private readonly cwd: string,
    private readonly runner: RunExperiment = runExperiment,
  ) {}

  interrupt(): void {
    for (const handler of this.handlers) handler();
  }

  run(...argv: readonly string[]): Promise<number> {
    this.out = "";
    this.err = "";
    const sink = (write: (text: string) => void) => ({ write, isTTY: false, columns: undefined });
    const io: Io = {
      stdout: sink((text) => (this.out += text)),
      stderr: sink((text) => (this.err += text)),
      env: { COLUMNS: "200" },
      cwd: this.cwd,
      onInterrupt: (handler) => {
        this.handlers.add(handler);
        return () => this.handlers.delete(handler);
      },
      exitNow: () => assert.fail("nothing here ends at once"),
    };
    return main(["saturate", ...argv], io, () => this.runner);
  }
}

interface Document {
  readonly schema: string;
  readonly path: string;
  readonly status: string;
  readonly trials: { readonly done: number; readonly failed: number; readonly reused: number };
  readonly slos: readonly unknown[];
  readonly curves: readonly {
    readonly outcome: string;
    readonly axes: Readonly<Record<string, unknown>>;
    readonly highest_met_per_s: number | null;
    readonly lowest_failed_per_s: number | null;
    readonly rates: readonly { readonly rate_per_s: number; readonly verdict: string; readonly overloaded: number }[];
  }[];
}

describe("quorumlab saturate", function () {
  this.timeout(120_000);
  let cwd = "";
  beforeEach(() => {
    cwd = temporaryFolder();
    writeFileSync(join(cwd, "mm1.yaml"), MM1);
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  describe("in simulation", () => {
    it("encloses the rate at which an M/M/1 queue passes its objective, and leaves a run like any other (long)", async () => {
      const session = new Session(cwd);
      const argv = ["mm1.yaml", "--slo", "read_p99_ms <= 10ms", "--precision", "10%", "-j", "1", "--json"];
      assert.equal(await session.run(...argv), 0, session.err);
      const document = JSON.parse(session.out) as Document;
      assert.deepEqual([document.schema, document.status], ["quorumlab/saturate@1", "done"]);
      assert.deepEqual(document.slos, [{ metric: "read_p99_ms", op: "<=", value: 10, unit: "ms" }]);
      const [curve] = document.curves;
      assert.equal(curve.outcome, "found");
      // mu - ln(100) / x, in requests per second.
      const analytic = 1_000 - Math.log(100) / 0.01;
      const told = `${curve.highest_met_per_s} to ${curve.lowest_failed_per_s}, analytic ${analytic.toFixed(1)}`;
      // A p99 of some four thousand dependent response times is good for 6 %, which is 5 % of the rate.
      assert.ok(curve.highest_met_per_s! < 1.05 * analytic, told);
      assert.ok(curve.lowest_failed_per_s! > 0.95 * analytic, told);
      assert.ok(curve.lowest_failed_per_s! / curve.highest_met_per_s! < 1.3, told);
      // Twice the first rate twice over is all that the node can do: behind, and no percentile can hide it.
      const top = curve.rates.at(-1)!;
      assert.deepEqual([top.rate_per_s, top.verdict], [1_000, "failed"]);

      const folder = join(cwd, document.path);
      const report = readFileSync(join(folder, "report", "index.html"), "utf8");
      assert.match(report, /How much load does it bear\?/);
      assert.ok(report.indexOf('id="saturation"') < report.indexOf('id="results"'), "the answer comes first");
      assert.ok(existsSync(join(folder, "report", "figures", "load-curve.csv")));
      const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Record<string, unknown>;
      assert.deepEqual(manifest.axes, ["workload.rate"]);

      assert.equal(await shown(session, cwd, "verify", folder, "--sample", "2"), 0, session.err);
      assert.match(session.out, /2 of 2 simulated trials came out again, event for event/);
      assert.equal(await shown(session, cwd, "show", folder), 0);
      assert.match(session.out, /Highest offered rate at which read_p99_ms ≤ 10 ms holds: between/);
    });

    it("takes the trials of an earlier search, and makes them again where that is wanted", async () => {
      const session = new Session(cwd);
      const brief = ["-S", "phases.measure=1s", "-S", "phases.warmup=0s", "--repetitions", "1", "-j", "1", "--json"];
      const argv = ["mm1.yaml", "--slo", "read_p99_ms <= 10ms", "--precision", "50%", ...brief];
      await session.run(...argv);
      const first = JSON.parse(session.out) as Document;
      assert.equal(first.trials.reused, 0);
      await session.run(...argv);
      const second = JSON.parse(session.out) as Document;
      assert.equal(second.trials.reused, first.trials.done);
      assert.deepEqual(second.curves, first.curves);
      await session.run(...argv, "--fresh");
      const third = JSON.parse(session.out) as Document;
      assert.equal(third.trials.reused, 0);
      assert.deepEqual(third.curves, first.curves);
    });

    it("stops at an interruption with what it has, and goes on from there", async () => {
      const brief = ["-S", "phases.measure=500ms", "-S", "phases.warmup=0s", "--repetitions", "2", "-j", "1"];
      const argv = ["mm1.yaml", "--slo", "read_p99_ms <= 10ms", ...brief, "--json"];
      let done = 0;
      const session: Session = new Session(cwd, (experiment, options) =>
        runExperiment(experiment, {
          ...options,
          progress: (event) => {
            if (event.kind === "trial-done" && ++done === 3) session.interrupt();
            options.progress(event);
          },
        }),
      );
      assert.equal(await session.run(...argv), 130);
      const stopped = JSON.parse(session.out) as Document;
      assert.deepEqual(
        [stopped.status, stopped.curves[0].outcome, stopped.trials.done],
        ["interrupted", "unfinished", 3],
      );
      assert.match(session.err, /the same command goes on from them\nnext: npx quorumlab saturate mm1\.yaml/);
      const again = new Session(cwd);
      await again.run(...argv);
      const whole = JSON.parse(again.out) as Document;
      assert.deepEqual([whole.status, whole.trials.reused], ["done", 3]);
      assert.notEqual(whole.curves[0].outcome, "unfinished");
    });

    it("ends with 1 where the lowest rate fails, and with 4 where none does", async () => {
      const brief = ["-S", "phases.measure=500ms", "-S", "phases.warmup=0s", "--repetitions", "1", "-j", "1"];
      const session = new Session(cwd);
      assert.equal(await session.run("mm1.yaml", "--slo", "read_p99_ms <= 10us", ...brief), 1);
      assert.match(
        flat(session.out),
        /read_p99_ms ≤ 0\.01 ms does not hold even at 250\/s \(met in 0 of 1\), the lowest rate tried; begin lower \(--from\)\./i,
      );
      assert.equal(await session.run("mm1.yaml", "--slo", "read_p99_ms <= 10s", "--to", "300/s", ...brief), 4);
      assert.match(
        flat(session.out),
        /still holds at 300\/s \(met in 1 of 1\), and no rate up to 300\/s failed every time; go higher \(--to\)/,
      );
      assert.match(session.err, /trying 250\/s\n(.*\n)?250\/s met in 1 of 1, read_p99_ms [\d.]+ ms\ntrying 300\/s/s);
    });

    it("searches once for each cell, on one page", async () => {
      const brief = ["-S", "phases.measure=2s", "-S", "phases.warmup=0s", "--repetitions", "1", "-j", "1"];
      const session = new Session(cwd);
      const axis = [
        "-S",
        "sweep.axes={cluster.nodes: [1, 2], workload.rate: [100/s, 250/s]}",
        "-S",
        "ring.strategy=equal-partitions",
      ];
      const code = await session.run(
        "mm1.yaml",
        "--slo",
        "read_p99_ms <= 10ms",
        "--precision",
        "50%",
        ...axis,
        ...brief,
        "--json",
      );
      assert.ok([0, 1].includes(code), session.err);
      const { curves } = JSON.parse(session.out) as Document;
      assert.deepEqual(
        curves.map(({ axes }) => axes),
        [{ "cluster.nodes": 1 }, { "cluster.nodes": 2 }],
      );
      // From the lowest rate that the file lists.
      for (const { rates } of curves) assert.ok(rates.some(({ rate_per_s }) => rate_per_s === 100));
    });
  });

  describe("as typed", () => {
    const slo = ["--slo", "read_p99_ms <= 20"];
    const refused = async (...argv: readonly string[]): Promise<string> => {
      const session = new Session(cwd, () => assert.fail("nothing is run"));
      assert.equal(await session.run(...argv), 2, session.err);
      assert.equal(session.out, "");
      assert.match(session.err, /nothing was done/);
      return session.err;
    };

    it("leads its help with examples", async () => {
      const session = new Session(cwd);
      assert.equal(await session.run("--help"), 0);
      assert.match(session.out, /^Examples:\n {2}quorumlab saturate saturation --slo 'read_p99_ms <= 20'/);
    });

    it("refuses a closed loop, and says why and how to open it", async () => {
      const error = await refused("ycsb-a", ...slo);
      assert.match(
        error,
        /workload\.model is closed: each client waits for its answer.*use -S workload\.model=open -S workload\.rate=100\/s/,
      );
    });

    it("refuses every kind of condition that is none, pointing at what is wrong", async () => {
      for (const [text, message] of [
        ["read_p99_ms", /no comparison of a metric with a number, such as read_p99_ms <= 20ms/],
        ["read_p99_ms <= read_p50_ms", /no comparison of a metric with a number/],
        ["read_p99_ms <=", /--slo 'read_p99_ms <='/],
        ["reed_p99_ms <= 20", /"reed_p99_ms" is no metric; did you mean "read_p99_ms"\?/],
        ["read_p99_ms <= 20/s", /20\/s does not go with read_p99_ms, whose unit is ms/],
        ["read_p99_ms <= 20 parsecs", /nothing can follow here/],
        [
          "read_p99_ms >= 20",
          /better the lower it is, so ">=" is met by the store that is overloaded most; turn it round/,
        ],
        ["read_p99_ms == 20", /"==" has no side on which a load is too high/],
        ["read_p99_ms <= 20 or availability > 0.9", /no comparison of a metric with a number/],
      ] as const)
        assert.match(await refused("mm1.yaml", "--slo", text), message);
    });

    it("needs an objective, from the command or the file", async () => {
      assert.match(await refused("mm1.yaml"), /--slo.*is missing, and the file has no slos that load decides/);
      const found: Stage[] = [];
      const session = new Session(cwd, (experiment, options) => {
        found.push(options.nextStage!([])!);
        assert.deepEqual(experiment.saturation!.targets, [{ metric: "read_p99_ms", op: "<=", value: 20, unit: "ms" }]);
        throw new Error("seen");
      });
      await session.run("mm1.yaml", "-S", "slos=[{id: a, sli: read_p99_ms, op: '<=', value: 20ms}]");
      assert.equal(found.length, 1, session.err);
    });

    it("refuses rates that cannot be, each with one message", async () => {
      for (const [argv, message] of [
        [["--from", "100"], /--from.*is "100"; write a rate with its unit, such as 500\/s/],
        [["--from", "0/s"], /--from.*is "0\/s"; allowed: a rate from 0\.01\/s to 1000000\/s/],
        [["--to", "fast"], /--to.*is "fast"/],
        [["--from", "500/s", "--to", "100/s"], /--from.*is 500\/s, above --to 100\/s; the search goes upward/],
        [["--to", "100/s"], /is left out, and the file's rate is 250\/s, above --to 100\/s/],
        [["--precision", "0.1%"], /allowed: a share from 0\.5% to 100%/],
        [["--precision", "close"], /--precision.*is "close"/],
        [["--repetitions", "0"], /--repetitions.*an integer from 1 to 100/],
        [["--to", "1e99/s"], /--to/],
        [["--from", "1/s", "--to", "100000000000/s"], /--to.*is "100000000000\/s"; allowed/],
      ] as const)
        assert.match(await refused("mm1.yaml", ...slo, ...argv), message, argv.join(" "));
    });

    it("refuses arrivals that take no rate, and axes that leave rates out", async () => {
      assert.match(
        await refused("mm1.yaml", ...slo, "-S", "sweep={axes: {r: [1]}, where: \"workload.rate < '400/s'\"}"),
        /leaves out r1 at 250\/s or 64000\/s|sweep\.where/,
      );
      assert.match(
        await refused(
          "mm1.yaml",
          ...slo,
          "-S",
          "sweep.axes={a: {zip: {workload.rate: [100/s, 200/s], n_val: [1, 1]}}}",
        ),
        /varied twice/,
      );
    });

    it("tells programs what is wrong as a document", async () => {
      const session = new Session(cwd, () => assert.fail("nothing is run"));
      assert.equal(await session.run("mm1.yaml", "--slo", "x < 1", "--from", "fast", "--json"), 2);
      const document = JSON.parse(session.out) as { ok: boolean; problems: readonly unknown[] };
      assert.deepEqual([document.ok, document.problems.length], [false, 2]);
    });

    it("warns where simulated nodes take no time, for nothing saturates them", async () => {
      const session = new Session(cwd, () => Promise.reject(new Error("seen")));
      await session.run("mm1.yaml", ...slo, "-S", "node_model.service.message=");
      assert.match(
        session.err,
        /warning.*take no time for a request \(node_model\.service\).* -S node_model\.service\.message=1ms/,
      );
      await session.run("mm1.yaml", ...slo);
      assert.doesNotMatch(session.err, /warning/);
    });
  });
});

/** Another command over the same folder. */
async function shown(session: Session, cwd: string, ...argv: readonly string[]): Promise<number> {
  session.out = "";
  session.err = "";
  const sink = (write: (text: string) => void) => ({ write, isTTY: false, columns: undefined });
  return main(argv, {
    stdout: sink((text) => (session.out += text)),
    stderr: sink((text) => (session.err += text)),
    env: { COLUMNS: "200" },
    cwd,
    onInterrupt: () => () => undefined,
    exitNow: () => assert.fail("nothing here ends at once"),
  });
}

/** Without the line breaks of a terminal. */
function flat(text: string): string {
  return text.replace(/\s+/g, " ");
}
