/**
 * What clients notice while hints go home: the 99th percentile of reads during the replay against before the fault, by the
 * rate at which each node may send hints. One of three nodes is down under load and comes back; the other two have logged what it
 * missed. An arm without hints is the control: a node that comes back is slow for a while whether or not anybody tells it anything.
 *
 * In virtual time the figure is exact for its model and comes from several seeds; on processes it is what this machine did, from
 * interleaved cycles. Reads are timed from the instant they were due. The window is the replay, at least a second of it: a
 * replay without a limit is over so soon that hardly a read falls into it, and the second holds all that it disturbed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "../../engine/real/native-octets";
import { Client } from "../../engine/real/client";
import { RealCluster } from "../../engine/real/cluster";
import { monotonicMicros } from "../../engine/real/monotonic";
import { pinThisProcess, place } from "../../engine/real/placement";
import { Ring } from "../../engine/ring/ring";
import { SimulatedCluster } from "../../engine/sim/cluster";
import { type Address, encodeAddress } from "../../engine/vocabulary/address";
import { MICROS_PER_SECOND, type Micros } from "../../engine/vocabulary/micros";
import { Random } from "../../engine/vocabulary/random";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import { median } from "../../results/statistics/order-statistics";
import { BENCH_CLUSTER } from "./engine";

export interface HintsFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

interface Arm {
  readonly name: string;
  readonly hints: boolean;
  /** Of each node. */
  readonly rateBytesPerSecond?: number;
}

const ARMS: readonly Arm[] = [
  { name: "no hints", hints: false },
  { name: "64 KiB/s", hints: true, rateBytesPerSecond: 65_536 },
  { name: "1 MiB/s", hints: true, rateBytesPerSecond: 1_048_576 },
  { name: "no limit", hints: true },
];
/** Of processes; with 0 there is virtual time alone. */
const CYCLES = Number(process.env.BENCH_ROUNDS ?? 3);
const SEEDS = 3;
/** At the default rate of 1 MiB/s a replay should not make the p99 of reads more than this of what it was. */
const GOAL = 1.25;
/** Cycles whose reads were so many times slower than others' before anything happened tell of the machine. */
const UNQUIET = 2;
const VICTIM = 2;
const SECOND = MICROS_PER_SECOND;
/** A replay that takes longer is looked at for so long. */
const LONGEST: Micros = 20 * SECOND;
const SHORTEST: Micros = SECOND;

interface Load {
  readonly keys: number;
  readonly perSecond: number;
  readonly valueBytes: number;
  readonly warmup: Micros;
  readonly before: Micros;
  readonly down: Micros;
  readonly after: Micros;
}

/** About half of what one worker with these times can do. */
const VIRTUAL: Load = {
  keys: 20_000,
  perSecond: 2_000,
  valueBytes: 200,
  warmup: SECOND,
  before: 5 * SECOND,
  down: 5 * SECOND,
  after: 2 * SECOND,
};
/** Far below what the processes can do: reads are slow then because of what happens beside them. */
const REAL: Load = {
  keys: 5_000,
  perSecond: 600,
  valueBytes: 400,
  warmup: 4 * SECOND,
  before: 5 * SECOND,
  down: 5 * SECOND,
  after: 2 * SECOND,
};

interface Seen {
  readonly beforeMs: number;
  readonly duringMs: number;
  readonly afterMs: number;
  /** From the node's return until nobody held a hint. */
  readonly replayS: number;
  /** It had not ended when it was looked at for the last time. */
  readonly unfinished: boolean;
  readonly hintBytes: number;
  readonly failed: number;
}

/** Reads by when they were due. */
class Reads {
  private readonly due: Micros[] = [];
  private readonly took: Micros[] = [];
  failed = 0;

  add(due: Micros, took: Micros): void {
    this.due.push(due);
    this.took.push(took);
  }

  p99Ms(from: Micros, to: Micros): number {
    const all = this.took.filter((_, i) => this.due[i] >= from && this.due[i] < to).sort((a, b) => a - b);
    return all.length === 0 ? NaN : all[Math.min(all.length - 1, Math.ceil(all.length * 0.99) - 1)] / 1_000;
  }
}

function settingsOf(arm: Arm, seed: number, load: Load): ClusterSettings {
  const { rateBytesPerSecond } = arm;
  const limit = rateBytesPerSecond === undefined ? {} : { rateBytesPerSecond };
  const hint = { batch: 100, idleMs: 100, concurrency: 2, ...limit };
  return {
    ...BENCH_CLUSTER,
    name: `bench-hints-${String(process.pid)}`,
    seed,
    members: BENCH_CLUSTER.members.slice(0, 3),
    engine: {
      ...BENCH_CLUSTER.engine,
      // Every write of a key is one state of one size, whatever its context.
      clock: "lww",
      readRepair: "none",
      // As with Cassandra: among three nodes nobody is left who could stand in.
      ...(arm.hints ? { standIn: "coordinator-log", hint } : {}),
      detector: { name: "timeout", heartbeatIntervalMs: 100, timeoutMs: 500 },
    },
    storage: { kind: "lmdb", sync: "group" },
    ...(load === VIRTUAL ? VIRTUAL_WORLD : {}),
  };
}

const exponential = (meanMs: number) => ({ dist: "exponential" as const, meanMs, shiftMs: 0 });
const VIRTUAL_WORLD: Partial<ClusterSettings> = {
  network: { intraZone: exponential(0.3), client: exponential(0.3), loss: 0 },
  nodeModel: {
    service: { message: exponential(0.1), read: exponential(0.1), write: exponential(0.25), sync: exponential(1) },
    workers: 1,
    queueLimit: 5_000,
  },
};

interface World {
  get(address: Address, done: (ok: boolean) => void): void;
  put(address: Address, writeId: number, value: string, done: (ok: boolean) => void): void;
}

/** What is asked at each instant, the same for every arm. */
class Asker {
  readonly reads = new Reads();
  private readonly random: Random;
  private readonly value: string;
  private readonly addresses: readonly Address[];
  private writes = 0;

  constructor(
    private readonly world: World,
    load: Load,
    seed: number,
  ) {
    this.random = Random.fromSeed(seed).fork("load");
    this.value = "v".repeat(load.valueBytes);
    this.addresses = Array.from({ length: load.keys }, (_, i) =>
      encodeAddress({ type: "default", bucket: "bench", key: `user${String(i).padStart(8, "0")}` }),
    );
  }

  write(key: number, done: (ok: boolean) => void): void {
    this.world.put(this.addresses[key], ++this.writes, this.value, done);
  }

  /** One operation that was due then. */
  one(due: Micros, now: () => Micros): void {
    const key = this.random.nextBelow(this.addresses.length);
    if (this.random.nextBelow(2) === 0) {
      this.world.get(this.addresses[key], (ok) => {
        if (ok) this.reads.add(due, now() - due);
        else this.reads.failed++;
      });
    } else this.write(key, () => undefined);
  }

  seen(
    times: { begin: Micros; killed: Micros; up: Micros; empty: Micros; over: Micros },
    load: Load,
  ): Omit<Seen, "hintBytes" | "unfinished"> {
    const { reads } = this;
    const { begin, killed, up, empty, over } = times;
    const end = Math.max(empty, up + SHORTEST);
    return {
      beforeMs: reads.p99Ms(begin + load.warmup, killed),
      duringMs: reads.p99Ms(up, end),
      afterMs: reads.p99Ms(end, over),
      replayS: (empty - up) / SECOND,
      failed: reads.failed,
    };
  }
}

function inVirtualTime(arm: Arm, seed: number): Seen {
  const load = VIRTUAL;
  const cluster = new SimulatedCluster({ cluster: settingsOf(arm, seed, load) });
  cluster.run(cluster.ready + SECOND);
  const client = cluster.client({ routing: "token-aware", graceMs: 500 });
  const now = (): Micros => cluster.now();
  const asker = new Asker(
    {
      get: (address, done) => client.get(0, address, undefined, ({ outcome }) => done(outcome === "ok")),
      put: (address, writeId, value, done) =>
        client.put(0, address, "", { writeId, value, tombstone: false }, undefined, ({ outcome }) =>
          done(outcome === "ok"),
        ),
    },
    load,
    seed,
  );
  for (let key = 0; key < load.keys; key++) {
    asker.write(key, (ok) => {
      if (!ok) throw new Error("a key could not be written beforehand");
    });
    cluster.run(now() + 1_000);
  }
  cluster.run(now() + SECOND);
  const begin = now();
  const killed = begin + load.warmup + load.before;
  const up = killed + load.down;
  const spacing = SECOND / load.perSecond;
  let asked = 0;
  const ask = (): void => {
    asker.one(now(), now);
    asked++;
    cluster.at(begin + Math.floor(asked * spacing), ask);
  };
  cluster.at(begin, ask);
  cluster.run(killed);
  cluster.kill(VICTIM);
  cluster.run(up);
  const held = (): { hints: number; bytes: number } => {
    const all = cluster.settings.members.map((_, i) => cluster.counts(i)!);
    return {
      hints: all.reduce((sum, { hintsHeld }) => sum + hintsHeld, 0),
      bytes: all.reduce((sum, { hintBytesHeld }) => sum + hintBytesHeld, 0),
    };
  };
  const { bytes } = held();
  cluster.boot(VICTIM);
  // Those who keep hints need a heartbeat before they know that it is back.
  do cluster.run(now() + 10_000);
  while (held().hints > 0 && now() - up < LONGEST);
  const empty = now();
  const over = Math.max(empty, up + SHORTEST) + load.after;
  cluster.run(over);
  const seen = asker.seen({ begin, killed, up, empty, over }, load);
  return { ...seen, hintBytes: bytes, unfinished: held().hints > 0 };
}

/** Calls `act` for everything that falls due, a timer's millisecond coarse, until it is stopped. */
function openLoop(perSecond: number, act: (due: Micros) => void): () => void {
  const spacing = SECOND / perSecond;
  const began = monotonicMicros();
  let asked = 0;
  const timer = setInterval(() => {
    const now = monotonicMicros();
    for (let due = began + asked * spacing; due <= now; due = began + ++asked * spacing) act(due);
  }, 1);
  return () => clearInterval(timer);
}

async function onProcesses(arm: Arm, seed: number): Promise<Seen> {
  const load = REAL;
  const settings = settingsOf(arm, seed, load);
  const directory = mkdtempSync(join(tmpdir(), "quorumlab-bench-"));
  const placement = place("auto", settings.members.length);
  const unpin = pinThisProcess(placement.driver);
  const cluster = await RealCluster.start({ settings, directory, placement, log: () => undefined });
  let client: Client | undefined;
  let stop = (): void => undefined;
  try {
    client = await Client.open({
      cluster: settings,
      addresses: cluster.addresses(),
      ring: Ring.build(settings.ring, settings.members, Random.fromSeed(seed).fork("ring")),
      routing: "token-aware",
      connectionsPerNode: 1,
      shaped: false,
      graceMs: 500,
    });
    const opened = client;
    const asker = new Asker(
      {
        get: (address, done) => opened.get(address, undefined, ({ outcome }) => done(outcome === "ok")),
        put: (address, writeId, value, done) =>
          opened.put(address, "", { writeId, value, tombstone: false }, undefined, ({ outcome }) =>
            done(outcome === "ok"),
          ),
      },
      load,
      seed,
    );
    for (let from = 0; from < load.keys; from += 100) {
      const some = Array.from({ length: Math.min(100, load.keys - from) }, (_, i) => from + i);
      await Promise.all(some.map((key) => new Promise((resolve) => asker.write(key, resolve))));
    }
    const held = async (): Promise<{ hints: number; bytes: number }> => {
      const all = await cluster.counts();
      return {
        hints: all.reduce((sum, counts) => sum + (counts?.hintsHeld ?? 0), 0),
        bytes: all.reduce((sum, counts) => sum + (counts?.hintBytesHeld ?? 0), 0),
      };
    };
    /** Looks at the counters all the time, so that looking is part of every window. */
    const until = async (what: (hints: number) => boolean): Promise<void> => {
      do await new Promise((resolve) => setTimeout(resolve, 50));
      while (!what((await held()).hints));
    };
    const begin = monotonicMicros();
    stop = openLoop(load.perSecond, (due) => asker.one(due, monotonicMicros));
    await until(() => monotonicMicros() >= begin + load.warmup + load.before);
    const killed = monotonicMicros();
    await cluster.kill(VICTIM);
    await until(() => monotonicMicros() >= killed + load.down);
    const { bytes } = await held();
    await cluster.revive(VICTIM);
    client.moved(cluster.addresses());
    const up = monotonicMicros();
    let left = Infinity;
    await until((hints) => {
      left = hints;
      return hints === 0 || monotonicMicros() - up >= LONGEST;
    });
    const empty = monotonicMicros();
    const over = Math.max(empty, up + SHORTEST) + load.after;
    await until(() => monotonicMicros() >= over);
    stop();
    return { ...asker.seen({ begin, killed, up, empty, over }, load), hintBytes: bytes, unfinished: left > 0 };
  } finally {
    stop();
    client?.close();
    await cluster.stop();
    unpin();
    rmSync(directory, { recursive: true, force: true });
  }
}

function tell(world: string, arm: Arm, all: readonly Seen[], quiet = true): readonly HintsFigure[] {
  const of = (pick: (seen: Seen) => number): number => median(all.map(pick));
  const factors = all.map(({ beforeMs, duringMs }) => duringMs / beforeMs);
  const least = Math.min(...factors).toFixed(2);
  const most = Math.max(...factors).toFixed(2);
  const factor = median(factors);
  const unfinished = all.filter((seen) => seen.unfinished).length;
  const cut = unfinished === 0 ? "" : ` (${String(unfinished)} had not ended)`;
  const kib = of(({ hintBytes }) => hintBytes) / 1_024;
  console.log(
    [
      world.padEnd(11),
      arm.name.padEnd(9),
      of(({ beforeMs }) => beforeMs)
        .toFixed(2)
        .padStart(10),
      of(({ duringMs }) => duringMs)
        .toFixed(2)
        .padStart(10),
      of(({ afterMs }) => afterMs)
        .toFixed(2)
        .padStart(10),
      `${factor.toFixed(2)} [${least}, ${most}]`.padStart(20),
      of(({ replayS }) => replayS)
        .toFixed(2)
        .padStart(9) + cut,
      of(({ hintBytes, replayS }) => hintBytes / 1_024 / replayS)
        .toFixed(0)
        .padStart(7),
      kib.toFixed(0).padStart(7),
      String(all.reduce((sum, { failed }) => sum + failed, 0)).padStart(7),
    ].join("  "),
  );
  if (quiet && arm.rateBytesPerSecond === 1_048_576) {
    const kept = factor <= GOAL ? "within" : "above";
    console.log(`${world.padEnd(13)}the default rate is ${kept} the factor of ${String(GOAL)} that is aimed at`);
  }
  const note = `[${least}, ${most}] of ${String(all.length)}; replay ${of(({ replayS }) => replayS).toFixed(2)} s${cut} of ${kib.toFixed(0)} KiB`;
  return [{ name: `hints ${world}, ${arm.name}: read p99 during over before`, value: factor, unit: "ratio", note }];
}

export async function measureHints(): Promise<readonly HintsFigure[]> {
  const figures: HintsFigure[] = [];
  console.log("\nHints going home: p99 of reads, milliseconds; medians, the factor with [least, most]\n");
  console.log(
    "world        hints         before      during       after                factor   replay s    KiB/s      KiB   failed",
  );
  for (const arm of ARMS) {
    const all = Array.from({ length: SEEDS }, (_, i) => inVirtualTime(arm, i + 1));
    figures.push(...tell("simulation", arm, all));
  }
  const cycles: Seen[][] = ARMS.map(() => []);
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    for (let i = 0; i < ARMS.length; i++) {
      const at = (i + cycle) % ARMS.length;
      cycles[at].push(await onProcesses(ARMS[at], cycle + 1));
    }
  }
  if (CYCLES === 0) return figures;
  // Before the fault all arms are alike: what they differ by is the machine's doing.
  const before = cycles.flat().map(({ beforeMs }) => beforeMs);
  const [least, most] = [Math.min(...before), Math.max(...before)];
  const quiet = most <= UNQUIET * least;
  ARMS.forEach((arm, i) => figures.push(...tell("processes", arm, cycles[i], quiet)));
  if (!quiet)
    console.log(
      `DOUBTFUL: on processes the p99 before the fault was anything from ${least.toFixed(1)} to ${most.toFixed(1)} ms; the machine was not quiet, and these factors say nothing of hints`,
    );
  return figures;
}
