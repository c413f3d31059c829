/** Resident memory of one node against the number of keys it holds: three nodes of N=3, so that every node holds all. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../../engine/real/client";
import { RealCluster } from "../../engine/real/cluster";
import { place } from "../../engine/real/placement";
import { Ring } from "../../engine/ring/ring";
import { encodeAddress } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import { BENCH_CLUSTER } from "./engine";

const STEP = 100_000;
const STEPS = 3;
const IN_FLIGHT = 256;

export interface MemoryFigure {
  readonly name: string;
  readonly megabytes: number;
  readonly note: string;
}

export async function measureMemory(): Promise<readonly MemoryFigure[]> {
  console.log("\nMemory of a node, 100-byte values, dvvset, memory storage (resident set, median of three nodes)\n");
  const settings = { ...BENCH_CLUSTER, name: "bench-memory", members: BENCH_CLUSTER.members.slice(0, 3) };
  const directory = mkdtempSync(join(tmpdir(), "quorumlab-bench-"));
  const cluster = await RealCluster.start({ settings, directory, placement: place("none", 3), log: () => undefined });
  const figures: MemoryFigure[] = [];
  try {
    const ring = Ring.build(settings.ring, settings.members, Random.fromSeed(1).fork("ring"));
    const client = await Client.open({
      cluster: settings,
      addresses: cluster.addresses(),
      ring,
      routing: "token-aware",
      connectionsPerNode: 1,
      shaped: false,
      graceMs: 1_000,
    });
    const resident = async (): Promise<number> => {
      const counts = await cluster.counts();
      const sorted = counts.map((one) => (one?.rssBytes ?? NaN) / 1e6).sort((a, b) => a - b);
      return sorted[1];
    };
    const empty = await resident();
    console.log(`      empty  ${empty.toFixed(0).padStart(6)} MB`);
    figures.push({ name: "node memory empty", megabytes: empty, note: "resident set" });
    let stored = 0;
    for (let step = 1; step <= STEPS; step++) {
      const target = step * STEP;
      await new Promise<void>((resolve) => {
        let open = 0;
        const more = (): void => {
          while (open < IN_FLIGHT && stored < target) {
            const i = stored++;
            open++;
            const address = encodeAddress({
              type: "default",
              bucket: "ycsb",
              key: `user${String(i).padStart(16, "0")}`,
            });
            // Distinct values: equal ones might share memory.
            const value = `${String(i)}:`.padEnd(100, "x");
            client.put(address, "", { writeId: i + 1, value, tombstone: false }, undefined, () => {
              open--;
              if (stored < target) more();
              else if (open === 0) resolve();
            });
          }
        };
        more();
      });
      const now = await resident();
      const perKeys = ((now - empty) * STEP) / target;
      console.log(
        `${String(target).padStart(9)} k  ${now.toFixed(0).padStart(6)} MB   ${perKeys.toFixed(1)} MB per 100,000 keys`.replace(
          "000 k",
          " k ",
        ),
      );
      figures.push({
        name: `node memory at ${String(target)} keys`,
        megabytes: now,
        note: `${perKeys.toFixed(1)} MB per 100,000 keys above an empty node`,
      });
    }
    client.close();
  } finally {
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  return figures;
}
