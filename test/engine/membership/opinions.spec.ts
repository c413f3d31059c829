/**
 * What members think of each other when the ring changes: an opinion of somebody who is watched no more is none, and a reader of
 * the notes must not take it for one that lasts; for who comes back later, the time since it was suspected begins anew.
 */
import { strict as assert } from "node:assert";
import { Bench, members } from "../sim/settings";
import { detectorNamedWith, QUICK } from "../detectors/named";
import { MEMBERSHIP } from "./moving-store";

const SECOND = 1_000_000;
const OBSERVERS = [0, 1, 2];

describe("opinions of who has gone", () => {
  for (const detector of ["timeout", "swim", "local"] as const) {
    it(`end when it is removed (${detector})`, () => {
      const opinions = OBSERVERS.map(() => new Set<number>());
      const bench = new Bench(
        {
          members: members(4),
          engine: { detector: detectorNamedWith(detector, QUICK), membership: MEMBERSHIP, coordinator: "any" },
        },
        {
          watcher: {
            sent: () => 0,
            arrived: () => undefined,
            failed: () => undefined,
            stored: () => undefined,
            node: () => undefined,
            fault: () => undefined,
            noted: (_at, node, note) => {
              if (note.kind === "suspected") opinions[node].add(note.node);
              if (note.kind === "trusted") opinions[node].delete(note.node);
            },
          },
        },
      );
      const { cluster } = bench;
      cluster.run(SECOND);
      cluster.kill(3);
      // Detectors that judge by requests need some.
      for (let i = 0; i < 400; i++) {
        bench.get(`key-${String(i)}`, i % 3);
        cluster.run(cluster.now() + SECOND / 100);
      }
      assert.deepEqual(opinions.map((of) => [...of]), [[3], [3], [3]]); // prettier-ignore
      cluster.operate(0, { kind: "remove", node: 3 });
      cluster.run(cluster.now() + 5 * SECOND);
      assert.deepEqual(opinions.map((of) => [...of]), [[], [], []]); // prettier-ignore
    });
  }
});
