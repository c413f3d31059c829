/** `quorumlab predict` as typed: what it prints, what programs read, and every mistake at once. */
import assert from "node:assert/strict";
import type { Io, Sink } from "../../experiments/cli/io";
import { main } from "../../experiments/cli/main";

async function predict(...argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const sink = (write: (text: string) => void): Sink => ({ write, isTTY: false, columns: undefined });
  const io: Io = {
    stdout: sink((text) => (out += text)),
    stderr: sink((text) => (err += text)),
    env: {},
    cwd: ".",
    onInterrupt: () => () => undefined,
    exitNow: () => assert.fail("nothing here ends at once"),
  };
  const code = await main(["predict", ...argv], io);
  return { code, out, err };
}

const FEW = ["--trials", "20000"];

describe("quorumlab predict", () => {
  it("leads its help with examples", async () => {
    const { code, out } = await predict("--help");
    assert.equal(code, 0);
    assert.match(out, /^Examples:\n {2}quorumlab predict --model lnkd-disk/);
  });

  it("answers with the curve, latencies, both estimators beside the published one, and the next command", async () => {
    const { code, out, err } = await predict("--model", "lnkd-disk", "--t", "0,10ms", ...FEW);
    assert.equal(code, 0);
    assert.match(out, /^lnkd-disk {3}LinkedIn's Voldemort on spinning disks/);
    assert.match(out, /N=3 R=1 W=1, 20000 trials, seed 1\n/);
    assert.match(out, /\n +0 +4[34]\.\d\d {2}/);
    assert.match(out, /\n +10 +92\.\d\d {2}/);
    assert.match(out, /latency \(ms\).*published p99\.9\n {2}read.* 0\.66\n {2}write.* 10\.99\n/);
    assert.match(out, /exact quantile +\d+.*95 % interval\n {2}first crossing +\d+.*medium grid\n {2}published +45\.5/);
    assert.match(out, /33\.33 % within 1, 55\.56 %\s+within 2/);
    assert.match(out, /note: the published t-visibility is the first crossing/);
    assert.equal(
      err,
      "next: npx quorumlab predict --n-val 3 -r 2 -w 1 --model lnkd-disk    npx quorumlab list experiments\n",
    );
  });

  it("answers programs with one document, the same for the same seed", async () => {
    const argv = ["--model", "lnkd-ssd", "--seed", "7", "--json", ...FEW];
    const { code, out, err } = await predict(...argv);
    assert.equal(code, 0);
    assert.equal(err, "");
    assert.equal((await predict(...argv)).out, out);
    const document = JSON.parse(out) as Record<string, never> & {
      t_visibility_ms: { quantile: number; first_crossing: number };
      read_ms: Record<string, number>;
      k_staleness: number[];
    };
    const { schema, model, n, r, w, trials, seed } = document;
    assert.deepEqual(
      { schema, model, n, r, w, trials, seed },
      {
        ...{ schema: "quorumlab/predict@1", model: "lnkd-ssd", n: 3, r: 1, w: 1, trials: 20_000, seed: 7 },
      },
    );
    assert.ok(Math.abs(document.p_consistent_at_commit - 0.974) < 0.005);
    assert.ok(document.t_visibility_ms.quantile > 1.5 && document.t_visibility_ms.quantile < 2.5);
    assert.ok(document.t_visibility_ms.first_crossing < document.t_visibility_ms.quantile);
    assert.ok(document.read_ms["p99.9"] > document.read_ms.p50);
    assert.ok(Math.abs(document.k_staleness[1] - 5 / 9) < 1e-9);
    assert.notEqual((await predict(...argv, "--seed", "8")).out, out);
  });

  it("takes words for quorums, and says when no read can be stale", async () => {
    const { out } = await predict("--n-val", "5", "-r", "quorum", "-w", "quorum", "--model", "wan", ...FEW);
    assert.match(out, /N=5 R=3 W=3/);
    assert.match(out, /R \+ W > N: every read quorum meets every write quorum, so no read is stale\./);
    assert.match(out, /\n +0 +100 {2}/);
    assert.doesNotMatch(out, /published/);
  });

  it("takes delays as an experiment file writes them", async () => {
    const mixed =
      "{dist: mixture, of: [{weight: 1, dist: constant, value: 1ms}, {weight: 3, dist: exponential, mean: 10ms}]}";
    for (const [delay, text] of [
      ["{dist: exponential, mean: 10ms}", /exponential\(mean 10 ms\)/],
      ["5ms", /constant\(5 ms\)/],
      ["none", /constant\(0 ms\)/],
      [mixed, /mixture\(25 % constant/],
    ] as const) {
      const { code, out, err } = await predict("--dist-w", delay, "--dist-s", "1ms", "--json", ...FEW);
      assert.equal(code, 0, err);
      const { legs, model, published } = JSON.parse(out) as {
        legs: { w: string; a: string };
        model: string;
        published: null;
      };
      assert.match(legs.w, text);
      assert.equal(legs.a, "constant(0 ms)");
      assert.deepEqual([model, published], ["given", null]);
    }
  });

  it("tells every mistake at once, with the nearest name, and ends with 2", async () => {
    const argv = ["--n-val", "0", "-r", "two", "-w", "-1", "--model", "lnkd-sdd", "--trials", "1e3", "--seed", "-1"];
    const { code, out, err } = await predict(...argv, "--t", "0,x,-1", "--dist-a", "{dist: exponental, mean: 5}");
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.deepEqual(err.split("\n"), [
      '--dist-a  error    dist is "exponental"; did you mean "exponential"? Known: constant, uniform, exponential, normal, lognormal, pareto, weibull, empirical, mixture',
      "--dist-a  error    stands in place of a model; leave out --model, or the delays",
      '--model  error    is "lnkd-sdd"; did you mean "lnkd-ssd"? Known: lnkd-ssd, lnkd-disk, ymmr, ymmr-printed, wan',
      '--n-val  error    is "0"; allowed: an integer from 1 to 100',
      '--seed  error    is "-1"; allowed: an integer from 0 to 9007199254740991',
      '--t  error    has "-1"; allowed: times from 0 to a day, in ms or with a unit, such as 0,1,5,10',
      '--t  error    has "x"; allowed: times from 0 to a day, in ms or with a unit, such as 0,1,5,10',
      '--trials  error    is "1e3"; allowed: an integer from 1000 to 10000000',
      '-r  error    is "two"; allowed: an integer from 1 to 100, or one, quorum, all',
      '-w  error    is "-1"; allowed: an integer from 1 to 100, or one, quorum, all',
      "10 errors; nothing was done      (quorumlab predict --help)",
      "",
    ]);
  });

  it("tells programs the same, and wants a model or delays", async () => {
    const { code, out } = await predict("-r", "4", "--json");
    assert.equal(code, 2);
    const { schema, ok, problems } = JSON.parse(out) as {
      schema: string;
      ok: boolean;
      problems: { message: string }[];
    };
    assert.deepEqual([schema, ok], ["quorumlab/validate@1", false]);
    assert.deepEqual(
      problems.map(({ message }) => message),
      [
        "is missing; known: lnkd-ssd, lnkd-disk, ymmr, ymmr-printed, wan; or give delays with --dist-w, --dist-a, --dist-r, --dist-s",
        'is "4"; allowed: an integer from 1 to 3 (N), or one, quorum, all',
      ],
    );
  });

  it("says beforehand that many trials take a while", async () => {
    const { err } = await predict("--n-val", "100", "--dist-w", "1ms", "--trials", "80000", "--t", "0");
    assert.match(err, /^drawing 80000 trials of 100 replicas …\n/);
  });
});
