/**
 * Rings of the size that the largest clusters have: how long one takes to rebuild when a member comes or goes, and how fast it is asked. A
 * lookup from a key is hashing and a lookup from a position; both stand here, because one may hide the other. The object for each token that
 * rings once had is built beside them, so that the cost of it shows in the same run.
 */
import { Bench } from "tinybench";
import "../../engine/real/native-octets";
import { firstPlan, nextPlan } from "../../engine/ring/plan";
import { Ring } from "../../engine/ring/ring";
import { encodeAddress } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import type { MemberSettings, RingSettings, RingStrategy } from "../../engine/vocabulary/settings";

export interface RingFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const BATCH = 10_000;
const REBUILDS = 15;

const BASE: RingSettings = {
  strategy: "random-tokens",
  partitions: 64,
  vnodesPerNode: 256,
  hash: "murmur3",
  distinctHosts: "walk",
};

export async function measureRing(): Promise<readonly RingFigure[]> {
  const figures: RingFigure[] = [];
  const report = (name: string, value: number, unit: string, target = ""): void => {
    figures.push({ name, value, unit });
    console.log(
      `  ${name.padEnd(64)} ${value.toFixed(2).padStart(9)} ${unit}${target === "" ? "" : `   wanted: ${target}`}`,
    );
  };
  console.log(`\nRings (rebuilds: median of ${REBUILDS}; lookups: tinybench, batches of ${BATCH})\n`);
  for (const [nodes, perNode, target] of [
    [100, 256, ""],
    [1_000, 256, "at most 60"],
  ] as const) {
    const { rebuild, objects } = rebuildMs(nodes, perNode);
    report(`rebuild, ${nodes} nodes x ${perNode} random tokens, one more node`, rebuild, "ms of CPU", target);
    report(`the same with an object for every token`, objects, "ms of CPU");
  }
  for (const [strategy, nodes] of [
    ["equal-partitions", 64],
    ["claim", 64],
    ["allocate", 64],
    ["jump", 1_000],
  ] as const)
    report(`change of plan, ${strategy}, ${nodes} nodes and one more`, changeMs(strategy, nodes), "ms");
  for (const { name, perSecond } of await lookups())
    report(name, perSecond / 1e6, "M/s", WANTED.find(([start]) => name.startsWith(start))?.[1]);
  return figures;
}

const WANTED: readonly (readonly [string, string])[] = [
  ["list by position, 5 nodes x 16 tokens", "at least 8"],
  ["list by position, 100 nodes x 16 tokens", "at least 8"],
  ["list by position, 1000 nodes x 256 tokens", "at least 8"],
  ["list by position, 64 equal partitions", "at least 20"],
  ["list by key, murmur3", "at least 3"],
];

function members(count: number): MemberSettings[] {
  return Array.from({ length: count }, (_, i) => ({ id: `node-${i + 1}`, zone: "a", weight: 1 }));
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Of this process: a rebuild is long enough for others to get in between. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Of a ring whose plan has one member more than the last, so that nothing can be kept. */
function rebuildMs(nodes: number, vnodesPerNode: number): { readonly rebuild: number; readonly objects: number } {
  const settings = { ...BASE, vnodesPerNode };
  const universe = members(nodes + 1);
  const random = Random.fromSeed(1);
  const rebuilds: number[] = [];
  const objects: number[] = [];
  for (let i = 0; i < REBUILDS; i++) {
    const plan = { members: universe.map((_, node) => node).filter((node) => node !== i) };
    const began = cpuMs();
    const ring = Ring.of(settings, universe, plan, random);
    const done = cpuMs();
    const tokens = ring.tokens();
    objects.push(cpuMs() - began);
    rebuilds.push(done - began);
    if (tokens.length !== nodes * vnodesPerNode) throw new Error("a ring lost tokens");
  }
  return { rebuild: median(rebuilds), objects: median(objects) };
}

function changeMs(strategy: RingStrategy, nodes: number): number {
  const settings: RingSettings = { ...BASE, strategy, partitions: 1_024, vnodesPerNode: 16 };
  const universe = members(nodes + 1).map((one, i) => (i === nodes ? { ...one, joins: true as const } : one));
  const random = Random.fromSeed(1);
  const plan = firstPlan(settings, universe, random);
  const all = universe.map((_, node) => node);
  return median(
    Array.from({ length: REBUILDS }, () => {
      const began = performance.now();
      nextPlan(settings, universe, plan, all, random);
      return performance.now() - began;
    }),
  );
}

async function lookups(): Promise<readonly { readonly name: string; readonly perSecond: number }[]> {
  const bench = new Bench({ time: 400, warmupTime: 150 });
  let sink = 0;
  const random = Random.fromSeed("positions");
  const positions = Uint32Array.from({ length: 1 << 16 }, () => random.nextUint32());
  const addresses = Array.from({ length: 1_024 }, (_, i) =>
    encodeAddress({ type: "default", bucket: "ycsb", key: `user${String(i * 7919).padStart(12, "0")}` }),
  );
  const add = (name: string, nodes: number, changes: Partial<RingSettings>): void => {
    const ring = Ring.build({ ...BASE, ...changes }, members(nodes), Random.fromSeed(1));
    for (const position of positions) ring.preferenceListAt(position, 3);
    bench.add(name, () => {
      for (let i = 0; i < BATCH; i++) sink += ring.preferenceListAt(positions[i & 0xffff], 3).length;
    });
  };
  add("list by position, 64 equal partitions", 5, { strategy: "equal-partitions" });
  add("list by position, 100 equal partitions", 5, { strategy: "equal-partitions", partitions: 100 });
  add("list by position, 5 nodes x 16 tokens", 5, { vnodesPerNode: 16 });
  add("list by position, 100 nodes x 16 tokens", 100, { vnodesPerNode: 16 });
  add("list by position, 1000 nodes x 256 tokens", 1_000, {});
  add("list by position, jump over 1000 nodes", 1_000, { strategy: "jump" });
  for (const [name, changes] of [
    ["64 equal partitions", { strategy: "equal-partitions" }],
    ["100 nodes x 16 tokens", { vnodesPerNode: 16 }],
  ] as const) {
    const ring = Ring.build(
      { ...BASE, ...changes },
      members(100).slice(0, name.startsWith("64") ? 5 : 100),
      Random.fromSeed(1),
    );
    bench.add(`list by key, murmur3, ${name}`, () => {
      for (let i = 0; i < BATCH; i++) sink += ring.preferenceList(addresses[i & 1023], 3).length;
    });
  }
  await bench.run();
  if (!Number.isFinite(sink)) throw new Error("a benchmark computed nonsense");
  return bench.tasks.map((task) => {
    const { result } = task;
    if (result.state !== "completed") throw new Error(`${task.name}: ${result.state}`);
    return { name: task.name, perSecond: result.throughput.mean * BATCH };
  });
}
