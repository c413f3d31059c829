/** Who decides when the next operation is sent, as an experiment file says it: every shape, and every mistake by its place. */
import assert from "node:assert/strict";
import { errorsOf, experimentOf } from "./problems-of";

const load = (workload: string): unknown => experimentOf(`workload: ${workload}\n`).cells[0].workload.load;

describe("loads of an experiment", () => {
  it("say how the driver waits for the next instant: asleep unless told to spin", () => {
    const pacing = (workload: string): unknown => experimentOf(`workload: ${workload}\n`).cells[0].workload.pacing;
    assert.equal(pacing("{model: open, rate: 100/s, pacing: spin}"), "spin");
    assert.equal(pacing("{model: open, rate: 100/s, pacing: sleep}"), undefined, "as if nothing had been said");
    assert.equal(errorsOf("workload: {pacing: doze}\n").length, 1);
  });
  it("partly open: sessions of five requests in the mean, at a rate of operations, with thoughts", () => {
    assert.deepEqual(load("{model: partly-open, rate: 100/s, think: 3ms, arrivals: poisson, clients: 9}"), {
      model: "partly-open",
      clients: 9,
      requestsPerSession: 5,
      think: { dist: "constant", valueMs: 3 },
      ratePerSecond: 100,
      arrivals: "poisson",
    });
    assert.deepEqual(
      errorsOf("workload: {model: partly-open}\n").map((one) => one.replace(/^\d+:\d+ /, "")),
      ["workload.model is partly-open, which needs workload.rate, such as rate: 500/s"],
    );
  });

  it("bursts, ramps, steps and spikes carry their shape", () => {
    const open = { model: "open", clients: 8, ratePerSecond: 50 };
    const of = (rest: string): unknown => load(`{model: open, rate: 50/s, ${rest}}`);
    assert.deepEqual(of("arrivals: bursts, bursts: {on: 2s, off: 3s, lull: 10%}"), {
      ...open,
      arrivals: "bursts",
      bursts: { onMs: 2_000, offMs: 3_000, lull: 0.1 },
    });
    assert.deepEqual(of("arrivals: ramp, ramp: {from: 5/s, over: 20s}"), {
      ...open,
      arrivals: "ramp",
      ramp: { fromPerSecond: 5, overMs: 20_000 },
    });
    assert.deepEqual(of("arrivals: spike, spike: {at: 3s, for: 1s, factor: 8}"), {
      ...open,
      arrivals: "spike",
      spike: { atMs: 3_000, forMs: 1_000, factor: 8 },
    });
    const steps = load("{model: open, arrivals: steps, steps: [{at: 0s, rate: 10/s}, {at: 5s, rate: 90/s}]}");
    assert.deepEqual(steps, {
      ...open,
      ratePerSecond: 10,
      arrivals: "steps",
      steps: [
        { atMs: 0, ratePerSecond: 10 },
        { atMs: 5_000, ratePerSecond: 90 },
      ],
    });
  });

  it("steps that have no beginning, go back in time or are no steps are told by their place", () => {
    const steps = (list: string): readonly string[] =>
      errorsOf(`workload: {model: open, arrivals: steps, steps: ${list}}\n`);
    const one = (list: string, wanted: RegExp): void => {
      const found = steps(list);
      assert.ok(
        found.some((message) => wanted.test(message)),
        JSON.stringify(found),
      );
    };
    one("[{at: 1s, rate: 10/s}]", /of the first step must be 0s/);
    one("[{at: 0s, rate: 10/s}, {at: 3s, rate: 5/s}, {at: 3s, rate: 9/s}]", /is not after the step before it/);
    one("[{at: 0s}]", /lacks rate/);
    one("[{at: 0s, rate: 0/s}]", /0\.01/);
    one("[{at: 0s, rate: 1/s, mood: good}]", /a step has at and rate/);
    one("[]", /a list of up to 200 steps/);
    one("five", /a list of up to 200 steps/);
    assert.ok(
      errorsOf("workload: {model: open, arrivals: steps}\n").some((message) => /needs workload\.steps/.test(message)),
    );
    assert.ok(
      errorsOf("workload: {model: open, rate: 5/s, arrivals: steps, steps: [{at: 0s, rate: 1/s}]}\n").some((message) =>
        /has no place beside workload\.steps/.test(message),
      ),
    );
  });

  it("a part of other arrivals is a mistake, all at once, unless arrivals are varied", () => {
    const text =
      "workload: {model: open, rate: 5/s, arrivals: ramp, spike: {at: 1s}, bursts: {on: 1s}, session: {requests: 3}}\n";
    const found = errorsOf(text);
    assert.equal(found.filter((message) => /belongs to arrivals spike/.test(message)).length, 1);
    assert.equal(found.filter((message) => /belongs to arrivals bursts/.test(message)).length, 1);
    assert.equal(found.filter((message) => /belongs to model partly-open/.test(message)).length, 1);
    const varied = experimentOf(
      "workload: {model: open, rate: 5/s, spike: {at: 1s}}\nsweep: {axes: {workload.arrivals: [poisson, spike]}}\n",
    );
    assert.equal(varied.cells.length, 2);
  });

  it("open and closed loads may stand side by side in one sweep", () => {
    const { cells } = experimentOf(
      "sweep: {axes: {who: {zip: {workload.model: [open, closed, partly-open], workload.rate: [5/s, 5/s, 5/s], workload.think: [none, 1ms, 1ms]}}}}\n",
    );
    assert.deepEqual(cells.map(({ workload }) => workload.load.model).sort(), ["closed", "open", "partly-open"]);
  });

  it("arrivals by a trace belong to a mix that is one", () => {
    assert.ok(
      errorsOf("workload: {model: open, rate: 5/s, arrivals: trace}\n").some((message) =>
        /mix_name trace/.test(message),
      ),
    );
  });

  it("a multi-get asks for no more keys than there are, and only where keys are chosen", () => {
    assert.ok(
      errorsOf("workload: {mix: {multi_get: 1}, keys: {count: 5}, fan_out: 6}\n").some((message) =>
        /workload\.fan_out is 6, and there are 5 keys/.test(message),
      ),
    );
    assert.ok(
      errorsOf("workload: {mix_name: cart, fan_out: 6}\n").some((message) =>
        /fan_out belongs to mix_name/.test(message),
      ),
    );
    const { records, mix } = experimentOf("workload: {mix: {multi_get: 1}, fan_out: 7}\n").cells[0].workload;
    assert.equal(records.fanOut, 7);
    assert.equal(mix.multiGet, 1);
  });
});
