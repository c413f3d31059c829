/**
 * What each clock strategy costs, by actors and siblings: an event, a merge with an equal and with a newer copy, a
 * comparison, encoding and decoding. Copies have been through the codec, as between replicas: strategies that answer at
 * once when both sides are one object would otherwise look free. A cell that a strategy cannot reach (siblings under last
 * write wins, more siblings than clients under their vectors) is left out.
 *
 * The merge of dotted sets is on the path of every replica's put and every quorum read, so it has figures of its own, over
 * a pool of copies, with the heap watched: it must not allocate where one side has it all.
 */
import { Bench } from "tinybench";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CLOCKS, packActor, type Clock, type EventMaker, type Version } from "../../engine/clocks/clock";
import { dvvset, type DvvSet } from "../../engine/clocks/dvvset";
import { ByteReader, ByteWriter } from "../../engine/vocabulary/octets";
import type { MicroFigure } from "./micro";

const ACTORS = [1, 3, 10, 100];
const SIBLINGS = [1, 2, 10, 100];
const OPERATIONS = ["update", "sync equal", "sync newer", "compare", "encode", "decode"] as const;
const VALUE = "v".repeat(100);

function version(writeId: number): Version {
  return { writeId: 2 ** 33 + writeId, value: VALUE, tombstone: false };
}

/** The `k`-th of `actors` replicas, or of as many clients. */
function maker(k: number, actors: number): EventMaker {
  const at = k % actors;
  return { actor: packActor(at, 0, 1), client: 1_000 + at, at: 1_700_000_000_000_000 + 1_000 * k, minted: 0 };
}

interface Cell {
  readonly clock: Clock;
  readonly actors: number;
  readonly siblings: number;
  readonly state: unknown;
  readonly newer: unknown;
}

/** `actors` write in turn, each having read; then `siblings` writes, all with the context of that. Undefined: cannot be. */
function cellOf(clock: Clock, actors: number, siblings: number): Cell | undefined {
  let state: unknown;
  let writes = 0;
  for (; writes < actors; writes++) {
    const context = state === undefined ? "" : clock.context(state);
    state = clock.update(state, context, version(writes), maker(writes, actors));
  }
  const context = clock.context(state);
  for (let k = 0; k < siblings; k++, writes++) {
    state = clock.update(state, context, version(writes), maker(writes, actors));
  }
  if (clock.versions(state).length !== siblings) return undefined;
  if (clock.declares.growsWith === "nothing" && actors > 1) return undefined;
  const newer = clock.update(state, clock.context(state), version(writes), maker(writes, actors));
  return { clock, actors, siblings, state, newer };
}

function encode(clock: Clock, state: unknown): Uint8Array {
  const writer = new ByteWriter();
  clock.encode(state, writer);
  return writer.view().slice();
}

export async function measureClocks(): Promise<readonly MicroFigure[]> {
  const cells = [...CLOCKS.values()].flatMap((clock) =>
    ACTORS.flatMap((actors) => SIBLINGS.flatMap((siblings) => cellOf(clock, actors, siblings) ?? [])),
  );
  const bench = new Bench({ time: 30, warmupTime: 10 });
  let sink = 0;
  const batches: number[] = [];
  for (const { clock, actors, siblings, state, newer } of cells) {
    const bytes = encode(clock, state);
    const copy = clock.decode(new ByteReader(bytes));
    const newerCopy = clock.decode(new ByteReader(encode(clock, newer)));
    const context = clock.context(state);
    const written = version(10 ** 6);
    const by = maker(actors + siblings + 1, actors);
    const writer = new ByteWriter(2 * bytes.length + 64);
    const reader = new ByteReader(bytes);
    const operations: Record<(typeof OPERATIONS)[number], () => number> = {
      update: () => (clock.update(state, context, written, by) === state ? 1 : 0),
      "sync equal": () => (clock.sync(state, copy) === state ? 1 : 0),
      "sync newer": () => (clock.sync(state, newerCopy) === newerCopy ? 1 : 0),
      compare: () => clock.compare(state, copy).length,
      encode: () => {
        writer.reset();
        clock.encode(state, writer);
        return writer.length;
      },
      decode: () => {
        reader.reset(bytes, 0, bytes.length);
        return clock.decode(reader) === state ? 1 : 0;
      },
    };
    // One call alone would measure the timer.
    const batch = siblings * actors >= 1_000 ? 2 : siblings >= 10 || actors >= 10 ? 20 : 200;
    for (const name of OPERATIONS) {
      const operation = operations[name];
      batches.push(batch);
      bench.add(`clock ${clock.name} ${name}, ${String(actors)} actors, ${String(siblings)} siblings`, () => {
        for (let i = 0; i < batch; i++) sink += operation();
      });
    }
  }
  await bench.run();
  if (!Number.isFinite(sink)) throw new Error("a benchmark computed nonsense");

  const figures = bench.tasks.map((task, k): MicroFigure => {
    const { result } = task;
    if (result.state !== "completed") throw new Error(`${task.name}: ${result.state}`);
    return {
      name: task.name,
      perSecond: result.throughput.p50 * batches[k],
      samples: result.latency.samplesCount,
    };
  });
  console.log("\nClocks by actors and siblings, 100-byte values, thousands a second (tinybench, medians)\n");
  const heading = OPERATIONS.map((name) => name.padStart(11)).join("");
  console.log(`  ${"clock".padEnd(19)} actors siblings entries metadata${heading}`);
  cells.forEach(({ clock, actors, siblings, state }, row) => {
    const rates = OPERATIONS.map((_, column) => {
      const rate = figures[row * OPERATIONS.length + column].perSecond / 1_000;
      return rate.toFixed(rate < 100 ? 1 : 0).padStart(11);
    });
    const shape = [String(actors).padStart(6), String(siblings).padStart(8), String(clock.entries(state)).padStart(7)];
    console.log(
      `  ${clock.name.padEnd(19)} ${shape.join(" ")} ${String(clock.metadataBytes(state)).padStart(6)} B${rates.join("")}`,
    );
  });
  return figures;
}

/** Copies in the pool: more than one, so that no branch is learnt by heart, and few enough to stay in the cache. */
const POOL = 64;
const CALLS = 10_000_000;
const ROUNDS = 5;
/** What the merge of dotted sets is to reach on one core. */
const WANTED = { equal: 20e6, newer: 8e6, concurrent: 8e6 } as const;

/** The merge of dotted sets of three actors, the two sides decoded apart; prints rates and what the heap grew by. */
export function measureDottedSync(): readonly MicroFigure[] {
  const collect = collector();
  const event = (set: DvvSet, node: number, writeId: number): DvvSet =>
    dvvset.update(set, dvvset.context(set), version(writeId), maker(node, 3));
  const through = (set: DvvSet): DvvSet => dvvset.decode(new ByteReader(encode(dvvset, set)));
  const pairs: Record<keyof typeof WANTED, Pair[]> = { equal: [], newer: [], concurrent: [] };
  const add = (kind: keyof typeof WANTED, a: DvvSet, b: DvvSet): void => {
    pairs[kind].push({ a: through(a), b: through(b) });
  };
  for (let k = 0; k < POOL; k++) {
    let set = dvvset.update(undefined, "", version(10 * k), maker(0, 3));
    set = event(event(set, 1, 10 * k + 1), 2, 10 * k + 2);
    add("equal", set, set);
    add("newer", set, event(set, k % 3, 10 * k + 3));
    add("concurrent", event(set, 0, 10 * k + 4), event(set, 1, 10 * k + 5));
  }
  console.log(
    `\nMerging dotted sets of 3 actors, decoded apart, ${String(CALLS / 1e6)} M calls, by processor time, best of ${String(ROUNDS)}\n`,
  );
  return (Object.keys(WANTED) as (keyof typeof WANTED)[]).map((kind) => {
    const pool = pairs[kind];
    let best = 0;
    let growth = 0;
    mergeAll(pool);
    for (let round = 0; round < ROUNDS; round++) {
      collect();
      const before = process.memoryUsage().heapUsed;
      const began = process.cpuUsage();
      const entries = mergeAll(pool);
      const { user, system } = process.cpuUsage(began);
      const seconds = (user + system) / 1e6;
      // Where nothing is to be allocated the heap is read as it is; a true merge makes a new set, which is garbage by then.
      if (kind === "concurrent") collect();
      growth = Math.max(growth, process.memoryUsage().heapUsed - before);
      if (entries !== 3 * CALLS) throw new Error("a benchmark computed nonsense");
      best = Math.max(best, CALLS / seconds);
    }
    const wanted = WANTED[kind];
    const name = `clock dvvset sync ${kind}, 3 actors, pool of copies`;
    console.log(
      `  ${kind.padEnd(11)} ${(best / 1e6).toFixed(1).padStart(6)} M/s (${String(wanted / 1e6)} wanted${best < wanted ? ", MISSED" : ""})` +
        `   heap grew by ${(growth / 1e6).toFixed(2)} MB${growth > 1e6 ? ", MORE THAN 1" : ""}`,
    );
    return { name, perSecond: best, samples: ROUNDS };
  });
}

interface Pair {
  readonly a: DvvSet;
  readonly b: DvvSet;
}

function mergeAll(pool: readonly Pair[]): number {
  let entries = 0;
  for (let i = 0; i < CALLS; i++) {
    const pair = pool[i & (POOL - 1)];
    entries += dvvset.sync(pair.a, pair.b).ids.length;
  }
  return entries;
}

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
