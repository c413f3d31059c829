/** tinybench on the parts that every operation passes: clocks, hashing, preference lists, codec, histogram. */
import { Bench } from "tinybench";
import { clockNamed, packActor } from "../../engine/clocks/clock";
import type { Message } from "../../engine/messages";
import "../../engine/real/native-octets";
import { hashPosition } from "../../engine/ring/hash";
import { Ring } from "../../engine/ring/ring";
import { encodeAddress } from "../../engine/vocabulary/address";
import { ByteReader, ByteWriter } from "../../engine/vocabulary/octets";
import { Random } from "../../engine/vocabulary/random";
import type { HashName } from "../../engine/vocabulary/settings";
import { Codec } from "../../engine/wire/codec";
import { LatencyHistogram } from "../../results/record/histogram";
import { measureClocks, measureDottedSync } from "./clock-tables";
import { BENCH_CLUSTER } from "./engine";
import { by } from "../engine/clocks/event-maker";

export interface MicroFigure {
  readonly name: string;
  readonly perSecond: number;
  readonly samples: number;
}

/** Work done per task call: one call alone would measure the timer. */
const BATCH = 1_000;

export async function measureMicro(): Promise<readonly MicroFigure[]> {
  const bench = new Bench({ time: 250, warmupTime: 100 });
  /** Results land here, so that no loop is optimised away. */
  let sink = 0;
  const add = (name: string, one: (i: number) => number): void => {
    bench.add(name, () => {
      for (let i = 0; i < BATCH; i++) sink += one(i);
    });
  };
  const addresses = Array.from({ length: 1024 }, (_, i) =>
    encodeAddress({ type: "default", bucket: "ycsb", key: `user${String(i * 7919).padStart(12, "0")}` }),
  );
  const version = { writeId: 2 ** 33 + 7, value: "v".repeat(100), tombstone: false };

  for (const name of ["murmur3", "fnv1a", "md5", "sha1"] as HashName[]) {
    add(`hash ${name}, ${String(addresses[0].length)} bytes`, (i) => hashPosition(name, addresses[i & 1023]));
  }
  for (const strategy of ["equal-partitions", "random-tokens"] as const) {
    const ring = Ring.build({ ...BENCH_CLUSTER.ring, strategy }, BENCH_CLUSTER.members, Random.fromSeed(1));
    add(`preference list by key, ${strategy}`, (i) => ring.preferenceList(addresses[i & 1023], 3)[0].node);
    add(`preference list by position, ${strategy}`, (i) => ring.preferenceListAt((i * 2654435761) >>> 0, 3)[0].node);
  }
  const clock = clockNamed("dvvset");
  const codec = new Codec(clock);
  const state = clock.update(undefined, "", version, by(packActor(0, 0, 1)));
  const messages: readonly Message[] = [
    { kind: "replica-put", id: 77, vnode: 0, address: addresses[0], state, acknowledge: "both", cause: "replication" },
    { kind: "replica-put-reply", id: 77, vnode: 0, status: "stored" },
    { kind: "get", id: 9, forwarded: false, address: addresses[1], options: undefined },
  ];
  const writer = new ByteWriter();
  for (const message of messages) {
    add(`codec encode ${message.kind}`, () => {
      writer.reset();
      codec.encode(message, writer);
      return writer.length;
    });
    const own = new ByteWriter();
    codec.encode(message, own);
    const bytes = own.view().slice();
    const reader = new ByteReader(bytes);
    add(`codec decode ${message.kind}`, () => {
      reader.reset(bytes, 0, bytes.length);
      return codec.decode(reader).kind.length;
    });
  }
  const histogram = new LatencyHistogram();
  add("histogram record", (i) => {
    histogram.record(100 + ((i * 7919) % 50_000));
    return 1;
  });
  await bench.run();
  histogram.destroy();
  if (!Number.isFinite(sink)) throw new Error("a benchmark computed nonsense");
  console.log(`\nParts, one process (tinybench, batches of ${String(BATCH)})\n`);
  const parts = bench.tasks.map((task) => {
    const { result } = task;
    if (result.state !== "completed") throw new Error(`${task.name}: ${result.state}`);
    const perSecond = result.throughput.mean * BATCH;
    console.log(
      `  ${task.name.padEnd(44)} ${(perSecond / 1e6).toFixed(2).padStart(8)} M/s  ± ${result.throughput.rme.toFixed(1)} %`,
    );
    return { name: task.name, perSecond, samples: result.latency.samplesCount };
  });
  return [...parts, ...measureDottedSync(), ...(await measureClocks())];
}
