/** The keys of uneven nodes and of load that changes: what an experiment file makes of them, and what it is told when they do nothing. */
import assert from "node:assert/strict";
import { errorsOf, experimentOf, problemsOf } from "./problems-of";

const OPEN = "workload: {model: open, rate: 50/s}\n";
const told = (text: string): string[] => problemsOf(text).map(({ message }) => message);

describe("a load that follows a day", () => {
  it("has its period and trough, and the rate as its mean", () => {
    const text = "workload: {model: open, rate: 50/s, arrivals: diurnal, diurnal: {period: 30s, trough: 25%}}\n";
    const { load } = experimentOf(text).cells[0].workload;
    assert.deepEqual(load, {
      model: "open",
      clients: 8,
      ratePerSecond: 50,
      arrivals: "diurnal",
      diurnal: { periodMs: 30_000, trough: 0.25 },
    });
  });

  it("is a day of four minutes from an eighth of its peak where nothing is said", () => {
    const { load } = experimentOf("workload: {model: open, rate: 50/s, arrivals: diurnal}\n").cells[0].workload;
    assert.ok(load.model === "open");
    assert.deepEqual(load.diurnal, { periodMs: 240_000, trough: 0.125 });
  });

  it("belongs to arrivals diurnal, but may stand where arrivals are varied", () => {
    assert.deepEqual(errorsOf("workload: {model: open, rate: 50/s, diurnal: {period: 30s}}\n"), [
      "1:55 workload.diurnal.period belongs to arrivals diurnal, and workload.arrivals is constant; set workload.arrivals: diurnal, or leave it out",
    ]);
    assert.deepEqual(errorsOf("workload: {diurnal: {trough: 0.5}}\n"), [
      "1:30 workload.diurnal.trough belongs to arrivals diurnal, and workload.arrivals is constant; set workload.arrivals: diurnal, or leave it out",
    ]);
    const varied = experimentOf(
      "workload: {model: open, rate: 50/s, diurnal: {period: 30s}}\nsweep: {axes: {workload.arrivals: [poisson, diurnal]}}\n",
    );
    assert.deepEqual(
      varied.cells.map(({ workload: { load } }) => load.model === "open" && load.diurnal !== undefined),
      [false, true],
    );
  });
});

describe("nodes of unequal speed", () => {
  it("are so in both worlds", () => {
    for (const world of ["simulation", "processes"]) {
      const [cell] = experimentOf(`world: ${world}\ncluster: {nodes: 3, speed: {node-2: 4}}\n${OPEN}`).cells;
      assert.deepEqual(
        cell.cluster.members.map(({ speed }) => speed),
        [undefined, 4, undefined],
      );
    }
  });

  it("are told that nothing is divided where a simulated node takes no time", () => {
    const warning = told("world: simulation\ncluster: {speed: {node-1: 2}}\n").filter((one) => one.includes("speed"));
    assert.equal(warning.length, 1);
    assert.match(warning[0], /^cluster\.speed has no effect: it divides node_model\.service\.message/);
    const timed = "world: simulation\ncluster: {speed: {node-1: 2}}\nnode_model: {service: {message: 1ms}}\n";
    assert.ok(!told(timed).some((one) => one.includes("cluster.speed")));
    assert.ok(!told("world: processes\ncluster: {speed: {node-1: 2}}\n").some((one) => one.includes("cluster.speed")));
  });
});
