/**
 * What the SWIM paper derives, measured in simulated clusters (reference/papers.md, SWIM-1, 2, 3 and 5): a smaller number of crashes than the
 * catalogue's experiment, and therefore wider bounds, but enough to tell a protocol from one that is subtly another.
 */
import { strict as assert } from "node:assert";
import { SimulatedCluster } from "../../../engine/sim/cluster";
import { fromMs, type Micros } from "../../../engine/vocabulary/micros";
import { members, settings } from "../sim/settings";
import { detectorNamedWith, type Keys } from "./named";

const PERIOD: Micros = fromMs(2_000);
const PAPER: Keys = {
  probe_interval: "2s",
  probe_timeout: "500ms",
  probe_phase: "common",
  probe_order: "random",
  indirect_probes: 1,
  suspicion_mult: 0,
  retransmit_mult: 3,
  scaling: "paper",
  rumour_interval: "none",
  reconnect_interval: "none",
  revival: false,
};

interface Suspected {
  readonly at: Micros;
  readonly by: number;
}

function group(n: number, seed: number, keys: Keys, loss = 0): { cluster: SimulatedCluster; suspicions: Suspected[] } {
  const suspicions: Suspected[] = [];
  const cluster = new SimulatedCluster({
    cluster: settings({
      seed,
      members: members(n),
      ring: { strategy: "equal-partitions", partitions: 64, vnodesPerNode: 16, hash: "murmur3", distinctHosts: "walk" },
      network: { intraZone: { dist: "constant", valueMs: 1 }, loss },
      engine: { detector: detectorNamedWith("swim", { ...PAPER, ...keys }) },
    }),
    watcher: {
      sent: () => 0,
      arrived: () => undefined,
      failed: () => undefined,
      stored: () => undefined,
      node: () => undefined,
      fault: () => undefined,
      noted: (at, by, note) => {
        if (note.kind === "suspected") suspicions.push({ at, by });
      },
    },
  });
  return { cluster, suspicions };
}

describe("SWIM, in a group", () => {
  /** SWIM-1. e/(e - 1) = 1.58 for large groups; of n, 1 / (1 - (1 - 1/(n - 1))^(n - 1)). */
  it("first finds a crash in 1.58 periods, however large the group", () => {
    for (const n of [8, 40]) {
      let periods = 0;
      const crashes = 250;
      for (let seed = 1; seed <= crashes; seed++) {
        const { cluster, suspicions } = group(n, seed, {});
        cluster.run(10 * PERIOD - 1);
        cluster.kill(seed % n);
        while (suspicions.length === 0) cluster.run(cluster.now() + PERIOD);
        periods += Math.round((suspicions[0].at - 10 * PERIOD) / PERIOD);
      }
      const others = n - 1;
      const expected = 1 / (1 - (1 - 1 / others) ** others);
      assert.ok(Math.abs(periods / crashes - expected) < 0.2, `${String(periods / crashes)}, not ${String(expected)}`);
    }
  });

  /** SWIM-2. */
  it("costs each member two messages a period, with no failures and no loss", () => {
    for (const n of [8, 28]) {
      const { cluster } = group(n, 3, { suspicion_mult: 3 });
      cluster.run(10 * PERIOD - 1);
      const sent = (): number =>
        cluster.machines.reduce((sum, _, i) => sum + cluster.counts(i)!.byCause.detector.messages, 0);
      const before = sent();
      cluster.run(110 * PERIOD - 1);
      assert.equal((sent() - before) / n / 100, 2);
    }
  });

  /** SWIM-3, per period: the paper's factor e/(e - 1) makes it a chance per time of detection. */
  it("is wrong as often as lost messages make a probe and all its relays fail", () => {
    for (const [q, k] of [
      [0.9, 1],
      [0.95, 1],
    ] as const) {
      const [n, periods] = [20, 2_000];
      const apart = { dissemination: "none", reconnect_interval: "2s", revival: true, indirect_probes: k };
      const { cluster, suspicions } = group(n, 5, apart, 1 - q);
      cluster.run(periods * PERIOD);
      const rate = suspicions.length / n / periods;
      const expected = (1 - q ** 2) * (1 - q ** 4) ** k;
      assert.ok(Math.abs(rate / expected - 1) < 0.1, `${String(rate)} instead of ${String(expected)}`);
    }
  });

  /** SWIM-5: each member by itself, in rounds. */
  it("is found by every single member within 2N - 1 periods", () => {
    const n = 6;
    let longest = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { cluster, suspicions } = group(n, seed, { probe_order: "round-robin", dissemination: "none" });
      // Right after the probes of a period, anywhere in a round; for some it was that of the node that dies.
      const last = 10 + (seed % (n - 1));
      cluster.run(last * PERIOD + fromMs(100));
      cluster.kill(seed % n);
      cluster.run(40 * PERIOD);
      assert.equal(new Set(suspicions.map(({ by }) => by)).size, n - 1);
      // The period of the crash, which was over for the probes, is counted.
      for (const { at } of suspicions) longest = Math.max(longest, Math.round((at - last * PERIOD) / PERIOD));
    }
    assert.ok(longest <= 2 * n - 1, String(longest));
    assert.ok(longest >= 2 * n - 3, `${String(longest)}: the bound is nearly met`);
  });
});
