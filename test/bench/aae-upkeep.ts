/**
 * What anti-entropy costs while nothing is wrong: processor time per operation of the whole engine with trees and exchanges
 * against without, on two clusters in virtual time in one process, turn by turn over the same operations. A third cluster is
 * the same as the one without: the difference between those two is what the machine makes of nothing, and stands beside.
 *
 * Virtual time makes load and exchanges meet as they would: an open loop at a stated rate, an exchange on each node every 15 s as
 * with Riak (and every second, to see what they cost), no copy that differs. First builds are over before anything is measured.
 * The simulator's own work is part of both sides, as a process's system calls would be, which cost more.
 */
import "../../engine/real/native-octets";
import { SimulatedCluster } from "../../engine/sim/cluster";
import type { SimulatedClient } from "../../engine/sim/client";
import { encodeAddress } from "../../engine/vocabulary/address";
import { MICROS_PER_SECOND } from "../../engine/vocabulary/micros";
import { Random } from "../../engine/vocabulary/random";
import type { AaeSettings, ClusterSettings } from "../../engine/vocabulary/settings";
import { median, medianInterval } from "../../results/statistics/order-statistics";
import { BENCH_CLUSTER } from "./engine";

export interface UpkeepFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

const KEYS = 20_000;
const PER_SECOND = 2_000;
/** 15 s in virtual time, so that each round has the same share of exchanges. */
const OPERATIONS = 30_000;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 21);
const WARMUPS = 3;
/** Upper bound of the interval that is aimed at. */
const GOAL = 0.05;
const AAE: Omit<AaeSettings, "intervalMs" | "fanout"> = {
  depth: 2,
  hash: "clock",
  repair: "gets",
  concurrency: 2,
};

class Arm {
  readonly cluster: SimulatedCluster;
  private readonly client: SimulatedClient;
  private readonly contexts = new Array<string>(KEYS).fill("");
  private writes = 0;
  private ended = 0;

  constructor(aae: AaeSettings | undefined, share: number) {
    const settings: ClusterSettings = {
      ...BENCH_CLUSTER,
      engine: { ...BENCH_CLUSTER.engine, ...(aae === undefined ? {} : { aae }) },
      network: { intraZone: { dist: "constant", valueMs: 0.3 }, client: { dist: "constant", valueMs: 0.3 }, loss: 0 },
    };
    this.reads = share;
    this.cluster = new SimulatedCluster({ cluster: settings });
    this.cluster.run(this.cluster.ready);
    this.client = this.cluster.client({ routing: "token-aware", graceMs: 500 });
    for (let key = 0; key < KEYS; key++) {
      this.put(key);
      if (key % 100 === 99) this.cluster.run(this.cluster.now() + 5_000);
    }
    this.cluster.run(this.cluster.now() + 60 * MICROS_PER_SECOND);
    if (this.ended !== KEYS) throw new Error("not every key was written");
  }

  private readonly reads: number;

  private put(key: number): void {
    const version = { writeId: ++this.writes, value: "v".repeat(100), tombstone: false };
    this.client.put(0, addressOf(key), this.contexts[key], version, undefined, (answer) => {
      if (answer.outcome !== "ok") throw new Error(`a put ended as ${answer.outcome}`);
      this.contexts[key] = answer.context;
      this.ended++;
    });
  }

  private get(key: number): void {
    this.client.get(0, addressOf(key), undefined, (answer) => {
      this.contexts[key] = answer.context;
      this.ended++;
    });
  }

  /** Processor microseconds an operation; the same operations for the same round. */
  round(round: number): number {
    const random = Random.fromSeed(round);
    const { cluster } = this;
    const began = cluster.now();
    const spacing = MICROS_PER_SECOND / PER_SECOND;
    const before = this.ended;
    for (let i = 0; i < OPERATIONS; i++) {
      const key = random.nextBelow(KEYS);
      const reads = random.nextFloat() < this.reads;
      cluster.at(began + Math.floor(i * spacing), () => (reads ? this.get(key) : this.put(key)));
    }
    const cpu = process.cpuUsage();
    cluster.run(began + Math.floor(OPERATIONS * spacing) + 100_000);
    const { user, system } = process.cpuUsage(cpu);
    if (this.ended - before !== OPERATIONS) throw new Error("an operation did not end");
    return (user + system) / OPERATIONS;
  }

  exchanges(): { readonly begun: number; readonly repaired: number } {
    const counts = this.cluster.settings.members.map((_, i) => this.cluster.counts(i)!);
    return {
      begun: counts.reduce((sum, { exchanges }) => sum + exchanges, 0),
      repaired: counts.reduce((sum, { keysRepairedByAae }) => sum + keysRepairedByAae, 0),
    };
  }
}

const addresses: string[] = [];
function addressOf(key: number): string {
  return (addresses[key] ??= encodeAddress({ type: "default", bucket: "bench", key: `user${String(key)}` }));
}

export function measureAaeUpkeep(): readonly UpkeepFigure[] {
  const figures: UpkeepFigure[] = [];
  console.log(
    `\nAnti-entropy that finds nothing: processor time an operation, 5 nodes, N=3, ${String(KEYS)} keys, ${String(PER_SECOND)} operations/s in virtual time; ${String(ROUNDS)} interleaved rounds of ${String(OPERATIONS)}\n`,
  );
  // 128^2 segments are about as many as there are keys; 1024^2 are Riak's, for many more keys than these, and megabytes of memory
  // a tree that five nodes of one process drive out of one cache.
  for (const [load, share, intervalMs, fanout] of [
    ["half gets, every 15 s", 0.5, 15_000, 128],
    ["puts alone, every 15 s", 0, 15_000, 128],
    ["half gets, every second", 0.5, 1_000, 128],
    ["half gets, Riak's trees", 0.5, 15_000, 1_024],
  ] as const) {
    const arms = [undefined, { ...AAE, intervalMs, fanout }, undefined].map((aae) => new Arm(aae, share));
    const costs: number[][] = arms.map(() => []);
    let before = arms[1].exchanges();
    for (let round = -WARMUPS; round < ROUNDS; round++) {
      if (round === 0) before = arms[1].exchanges();
      const shift = (round + WARMUPS) % arms.length;
      arms.forEach((_, i) => {
        const at = (i + shift) % arms.length;
        const cost = arms[at].round(round);
        if (round >= 0) costs[at].push(cost);
      });
    }
    const after = arms[1].exchanges();
    const begun = after.begun - before.begun;
    if (ROUNDS > 3 && begun === 0) throw new Error("no exchange happened, so nothing was measured");
    if (after.repaired !== before.repaired) throw new Error("something was repaired where nothing was wrong");
    const [without, trees, again] = costs;
    const off = median(without);
    const add = (name: string, values: readonly number[], note: string): number => {
      const { lo, hi } = medianInterval(values);
      const percent = (value: number | null): string => (value === null ? "?" : (100 * value).toFixed(2));
      const text = `[${percent(lo)}, ${percent(hi)}] 95 %${note}`;
      figures.push({ name: `aae-upkeep ${name}, ${load}`, value: 100 * median(values), unit: "%", note: text });
      console.log(`  ${load.padEnd(24)} ${name.padEnd(30)} ${percent(median(values)).padStart(7)} %  ${text}`);
      return hi ?? NaN;
    };
    const upper = add(
      "more than without",
      trees.map((cost, i) => cost / ((without[i] + again[i]) / 2) - 1),
      `; without: ${off.toFixed(1)} us an operation; ${String(begun)} exchanges`,
    );
    add(
      "two alike, the machine's own",
      again.map((cost, i) => cost / without[i] - 1),
      "",
    );
    figures.push({ name: `aae-upkeep upper bound, ${load}`, value: 100 * upper, unit: "%", note: `goal at most ${String(100 * GOAL)} %` }); // prettier-ignore
    console.log(`  ${load.padEnd(24)} upper bound ${(100 * upper).toFixed(2)} %: ${upper <= GOAL ? "within" : "above"} the goal of ${String(100 * GOAL)} %`); // prettier-ignore
  }
  return figures;
}
