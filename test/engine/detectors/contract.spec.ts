/**
 * What every detector promises, over all of the map in virtual time: no mistakes while nothing is wrong, a node that dies is at last
 * suspected by all, one that starts again is trusted by all; and of those that watch more than connections and requests,
 * the same for one that merely stands still. Clients ask all the while, as detectors that judge by requests need.
 */
import { strict as assert } from "node:assert";
import { DETECTORS } from "../../../engine/detectors/detector";
import type { Note } from "../../../engine/io";
import type { Watcher } from "../../../engine/sim/trace";
import { KEYS_OF_DETECTORS } from "../../../engine/vocabulary/written-detectors";
import { Bench, type Changes, members } from "../sim/settings";
import { detectorNamedWith, QUICK, type Keys } from "./named";

const NODES = 5;

/** Opinions as nodes note them. */
class Opinions {
  readonly suspected = Array.from({ length: NODES }, () => new Set<number>());
  mistakes = 0;

  readonly watcher: Watcher = {
    sent: () => 0,
    arrived: () => undefined,
    failed: () => undefined,
    stored: () => undefined,
    node: (_at, node, state) => {
      // A process that ends takes its opinions along.
      if (state === "down") this.suspected[node].clear();
    },
    noted: (_at, node, note: Note) => {
      if (note.kind === "suspected") {
        this.suspected[node].add(note.node);
        this.mistakes++;
      } else if (note.kind === "trusted") this.suspected[node].delete(note.node);
    },
    fault: () => undefined,
  };

  /** How many of the others suspect `node`. */
  against(node: number): number {
    return this.suspected.filter((of, observer) => observer !== node && of.has(node)).length;
  }
}

function begin(
  name: string,
  keys: Keys = {},
  changes: Changes = {},
): { bench: Bench; opinions: Opinions; live: (ms: number) => void } {
  const opinions = new Opinions();
  const detector = detectorNamedWith(name, { ...QUICK, ...keys });
  const engine = { detector, readTimeoutMs: 100, writeTimeoutMs: 100, r: 1, w: 1, coordinator: "any" as const };
  const bench = new Bench({ members: members(NODES), engine, ...changes }, { watcher: opinions.watcher });
  let asked = 0;
  const live = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 5) {
      bench.get(`key-${String(asked)}`, asked % 7);
      asked++;
      bench.runMs(5);
    }
  };
  return { bench, opinions, live };
}

const NAMES = [...DETECTORS.keys()];
/** Detectors that are told of nothing by a process that stands still. */
const BY_CONNECTION = new Set(["perfect"]);

describe("every failure detector", () => {
  it("has settings, and only its own", () => {
    assert.deepEqual([...KEYS_OF_DETECTORS.keys()].sort(), [...NAMES].sort());
  });

  for (const name of NAMES) {
    describe(name, () => {
      it("suspects nobody while nothing is wrong", () => {
        // Bertier's has no margin beyond what it has seen, and is mistaken wherever delays vary.
        const network = { intraZone: { dist: "constant", valueMs: 1 }, loss: 0 } as const;
        const { opinions, live } = begin(name, {}, name === "bertier" ? { network } : {});
        live(3_000);
        assert.equal(opinions.mistakes, 0);
      });

      it("suspects who has died at every node, and nobody else; trusts whoever is back at every node", () => {
        const { bench, opinions, live } = begin(name);
        live(1_000);
        bench.cluster.kill(2);
        live(4_000);
        assert.equal(opinions.against(2), NODES - 1);
        for (const other of [0, 1, 3, 4]) assert.equal(opinions.against(other), 0, `node-${String(other + 1)}`);
        bench.cluster.boot(2);
        live(2_000);
        for (let node = 0; node < NODES; node++) assert.equal(opinions.against(node), 0, `node-${String(node + 1)}`);
      });

      it("finds the dead again after its own restart", () => {
        const { bench, opinions, live } = begin(name);
        live(500);
        bench.cluster.kill(1);
        live(3_000);
        bench.cluster.kill(3);
        live(50);
        bench.cluster.boot(3);
        live(4_000);
        assert.ok(opinions.suspected[3].has(1), "a new life learns what the old one knew");
        bench.cluster.boot(1);
        live(2_000);
        assert.equal(opinions.against(1), 0);
        assert.equal(opinions.against(3), 0);
      });

      if (!BY_CONNECTION.has(name))
        it("suspects who stands still, and trusts it when it goes on", () => {
          const { bench, opinions, live } = begin(name);
          live(1_000);
          bench.cluster.pause(2);
          live(4_000);
          assert.equal(opinions.against(2), NODES - 1);
          bench.cluster.resume(2);
          live(3_000);
          for (let node = 0; node < NODES; node++) assert.equal(opinions.against(node), 0, `node-${String(node + 1)}`);
        });

      it("finds both sides again after a partition", () => {
        const { bench, opinions, live } = begin(name);
        live(500);
        bench.cluster.setPartitions([{ groupOf: [0, 0, 1, 1, 1], groups: 2, oneWay: false, sideOf: undefined }]);
        live(3_000);
        bench.cluster.setPartitions([]);
        live(4_000);
        for (let node = 0; node < NODES; node++) assert.equal(opinions.against(node), 0, `node-${String(node + 1)}`);
      });
    });
  }

  it("swim by multicast finds both sides again too: an objection reaches those whom the objector believes dead", () => {
    const { bench, opinions, live } = begin("swim", { dissemination: "multicast" });
    live(500);
    bench.cluster.setPartitions([{ groupOf: [0, 0, 1, 1, 1], groups: 2, oneWay: false, sideOf: undefined }]);
    live(3_000);
    assert.equal(opinions.against(0), 3);
    bench.cluster.setPartitions([]);
    live(4_000);
    for (let node = 0; node < NODES; node++) assert.equal(opinions.against(node), 0, `node-${String(node + 1)}`);
  });

  it("link does not see who stands still, without ticks", () => {
    const { bench, opinions, live } = begin("link", { net_tick: "none" });
    live(500);
    bench.cluster.pause(2);
    live(3_000);
    assert.equal(opinions.against(2), 0);
    bench.cluster.resume(2);
    bench.cluster.kill(2);
    live(50);
    assert.equal(opinions.against(2), NODES - 1, "connections that end are seen within a message's time");
  });

  it("those without heartbeats send nothing while all is well", () => {
    for (const name of ["local", "success-ratio", "perfect"]) {
      const { bench, live } = begin(name);
      live(1_000);
      for (let node = 0; node < NODES; node++) assert.equal(bench.cluster.counts(node)!.byCause.detector.messages, 0);
    }
  });
});
