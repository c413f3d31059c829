/**
 * Anti-entropy's over-streaming and the simulator's own speed, and what is on the list and not covered. A Merkle tree says which segment
 * differs and not which key; how many keys that costs follows from the engine's own tree: two of them, some keys changed in one, the
 * differing segments found by walking down as an exchange does.
 */
import { MerkleTree } from "../../engine/antientropy/merkle-tree";
import { Random } from "../../engine/vocabulary/random";
import type { ReproducedPoint } from "../../results/record/reproduction";
import { atLeast, near, shown } from "./judge";
import { meanOf, type MeasuringContext } from "./measuring";
import type { Measured, Target } from "./target";

const KEYS = 1_000_000;

interface Shape {
  readonly fanout: number;
  readonly depth: number;
}

/** Segments that differ, found from the root down. */
function dirtySegments(a: MerkleTree, b: MerkleTree): readonly number[] {
  let nodes = [0];
  for (let level = 0; level <= a.depth; level++) {
    nodes = nodes.filter(
      (node) => a.high(level, node) !== b.high(level, node) || a.low(level, node) !== b.low(level, node),
    );
    if (level < a.depth)
      nodes = nodes.flatMap((node) => Array.from({ length: a.fanout }, (_, i) => node * a.fanout + i));
  }
  return nodes;
}

/** A million keys with random hashes in two equal trees, of which some keys then differ: dirty segments and keys sent each way. */
async function overStreaming(context: MeasuringContext, shape: Shape, divergent: number, rounds: number) {
  const random = Random.fromSeed(11).fork(`${shape.fanout}/${shape.depth}/${divergent}`);
  const a = new MerkleTree(shape);
  const b = new MerkleTree(shape);
  const segmentOf = new Int32Array(KEYS);
  const held = new Uint32Array(a.segments);
  for (let key = 0; key < KEYS; key++) {
    const segment = a.segmentOf(random.nextUint32());
    segmentOf[key] = segment;
    held[segment]++;
    const [high, low] = [random.nextUint32() | 0, random.nextUint32() | 0];
    a.toggle(segment, high, low);
    b.toggle(segment, high, low);
  }
  const dirty: number[] = [];
  const streamed: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await context.breathe();
    const changes: (readonly [number, number, number])[] = [];
    const chosen = new Set<number>();
    while (chosen.size < divergent) chosen.add(random.nextBelow(KEYS));
    for (const key of chosen) changes.push([segmentOf[key], random.nextUint32() | 0, random.nextUint32() | 0]);
    for (const change of changes) b.toggle(...change);
    const found = dirtySegments(a, b);
    dirty.push(found.length);
    streamed.push(found.reduce((sum, segment) => sum + held[segment], 0));
    for (const change of changes) b.toggle(...change);
  }
  return { dirty: meanOf(dirty), streamed: meanOf(streamed) };
}

async function trees(context: MeasuringContext): Promise<Measured> {
  const deep = { fanout: 32, depth: 3 };
  const one = await overStreaming(context, deep, 1, context.quick ? 300 : 2_000);
  const many = await overStreaming(context, deep, 1_000, 20);
  const fine = await overStreaming(context, { fanout: 1_024, depth: 2 }, 1_000, 20);
  const derived = (label: string, value: number) => ({ label, unit: "keys", derived: value });
  const room = { ratio: 0.1 };
  return {
    points: [
      near({ label: "2¹⁵ leaves, one key differs: keys sent", unit: "keys", published: 30 }, one.streamed, room),
      near({ label: "2¹⁵ leaves, 1,000 keys differ: dirty leaves", unit: "", derived: 985 }, many.dirty, room),
      near(derived("2¹⁵ leaves, 1,000 keys differ: keys sent", 30_057), many.streamed, room),
      near({ label: "2²⁰ leaves, 1,000 keys differ: dirty leaves", unit: "", derived: 1_000 }, fine.dirty, room),
      near(derived("2²⁰ leaves, 1,000 keys differ: keys sent", 1_950), fine.streamed, room),
    ],
  };
}

/** Thirty nodes under load: events handled in a second of this machine, and seconds simulated in one. */
async function speed(context: MeasuringContext): Promise<Measured> {
  const run = await context.run({
    experiment: "client-driven",
    sets: [
      "sweep.axes={workload.routing: [any], clock: [dvvset]}",
      "sweep.baseline={workload.routing: any, clock: dvvset}",
      "repetitions.count=2",
      `phases.measure=${context.quick ? 5 : 20}s`,
    ],
  });
  const records = run.trials.flatMap(({ record: { simulation } }) => (simulation === undefined ? [] : [simulation]));
  const sum = (of: (one: (typeof records)[number]) => number): number =>
    records.reduce((total, one) => total + of(one), 0);
  const wall = sum(({ wallSeconds }) => wallSeconds);
  const points: ReproducedPoint[] = [
    atLeast(
      { label: "events a second, 30 nodes under 1,500 operations a second", unit: "1/s" },
      { value: sum(({ events }) => events) / wall },
      300_000,
    ),
    shown(
      { label: "seconds simulated in one, of a loaded store (TigerBeetle's simulator tells about 700)", unit: "times" },
      { value: sum(({ virtualSeconds }) => virtualSeconds) / wall },
    ),
  ];
  return { points };
}

export const REPAIR: readonly Target[] = [
  {
    id: "AE-1",
    claim: "One damaged key among a million costs about thirty keys sent, with a tree of 32,768 leaves.",
    ...{ paper: "repair", source: "vendor documentation (DataStax)", read: "secondary", world: "simulation", tier: 1 },
    tolerance: "± 10 %, and of the model's other rows",
    run: "two of the engine's Merkle trees over a million keys, walked down as an exchange does; 2,000 rounds of one key (quick: 300), 20 of a thousand",
    footnote: "Published for one key; the other rows follow from L(1 − (1 − 1/L)^d) dirty leaves of K/L keys.",
    minutes: { quick: 0.2, full: 0.3 },
    measure: trees,
  },
  {
    id: "AE-2",
    claim: "Dots beat Merkle trees on traffic.",
    ...{
      paper: "repair",
      source: "Gonçalves et al., SRDS 2017: numbers not obtained",
      read: "derived",
      world: "simulation",
      tier: 3,
    },
    tolerance: "entries of an object's clock at most 1.1 at rest; less traffic",
    run: "nothing yet",
    notCovered:
      "The engine has no anti-entropy by node-wide dot clocks (DottedDB), only by Merkle trees; the paper's numbers were not obtained.",
  },
];

export const SPEED: readonly Target[] = [
  {
    id: "PERF-1",
    claim: "A protocol can be simulated faster than it runs.",
    ...{
      paper: "speed",
      source: "TigerBeetle (about 700 times), FoundationDB (about 10 to 1): other machines, other work",
      read: "secondary",
      world: "simulation",
      tier: 3,
    },
    tolerance: "no gate; aim of 300,000 protocol events a second",
    run: "client-driven under vector clocks, 30 nodes, two trials",
    footnote:
      "Depends on the machine and on what else runs on it. What one simulator calls an event, and how much it has to do between two, another does not.",
    minutes: { quick: 0.2, full: 0.5 },
    measure: speed,
  },
];
