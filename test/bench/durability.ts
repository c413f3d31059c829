/**
 * What durability costs: stores a second of LMDB that syncs each write, syncs a turn's writes together or never syncs,
 * beside memory, and beside what the device itself can do in the same minute on the same file system: 4 KiB written over in
 * a file that has its size already, and fdatasync, one after another. That is the least a durable commit can cost, and LMDB's
 * commits have two (pages, then the meta page that makes them true), so half of it is a fair ceiling for `each`.
 *
 * Rounds are interleaved and ratios are taken within a round: a device whose neighbour got busy was busy for all of them.
 */
import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import "../../engine/real/native-octets";
import { clockNamed, packActor } from "../../engine/clocks/clock";
import { MemoryStorage } from "../../engine/host/memory-storage";
import type { Storage, StorageEvents } from "../../engine/host/ports";
import { LmdbStorage } from "../../engine/real/lmdb-storage";
import { encodeAddress } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import { median, medianInterval } from "../../results/statistics/order-statistics";
import { by } from "../engine/clocks/event-maker";

export interface DurabilityFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

const KEYS = 10_000;
const BLOCK = 4_096;
/** The file that the device is measured with: beyond it, from the front again. */
const BLOCKS = 4_096;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 11);
const WARMUP_MS = 100;
const MEASURE_MS = 400;
const IN_FLIGHT = [1, 16, 128];
const MODES = ["each", "group", "never", "memory"] as const;
type Mode = (typeof MODES)[number];

/** Syncs a second. */
function deviceRate(file: number, block: Buffer, ms: number): number {
  let done = 0;
  const began = performance.now();
  let now = began;
  while (now - began < ms) {
    writeSync(file, block, 0, BLOCK, (done % BLOCKS) * BLOCK);
    fdatasyncSync(file);
    done++;
    now = performance.now();
  }
  return (done * 1_000) / (now - began);
}

/** One storage, driven with so many stores outstanding. */
class Driven {
  private readonly clock = clockNamed("dvvset");
  private readonly states: readonly unknown[];
  private readonly addresses = Array.from({ length: KEYS }, (_, i) =>
    encodeAddress({ type: "default", bucket: "bench", key: `user${String(i).padStart(8, "0")}` }),
  );
  private readonly random = Random.fromSeed(9);

  constructor(private readonly storage: Storage) {
    const actor = packActor(0, 0, 1);
    this.states = this.addresses.map((_, i) =>
      this.clock.update(undefined, "", { writeId: i, value: "v".repeat(100), tombstone: false }, by(actor, i, 1)),
    );
  }

  /** Stores a second that were acknowledged. */
  async rate(inFlight: number): Promise<number> {
    const from = performance.now() + WARMUP_MS;
    const until = from + MEASURE_MS;
    let done = 0;
    let last = from;
    await new Promise<void>((resolve, reject) => {
      let outstanding = 0;
      let pumping = false;
      const never = (): never => {
        throw new Error("nobody loads or scans here");
      };
      const events: StorageEvents = {
        stored: () => {
          outstanding--;
          const now = performance.now();
          if (now >= from && now < until) {
            done++;
            last = now;
          }
          pump();
        },
        storeFailed: (_, reason) => reject(new Error(reason)),
        loaded: never,
        loadFailed: never,
        scanned: never,
        ranged: never,
      };
      const pump = (): void => {
        // A storage that completes within the call comes back here: the loop below goes on.
        if (pumping) return;
        pumping = true;
        while (outstanding < inFlight && performance.now() < until) {
          outstanding++;
          const at = this.random.nextBelow(KEYS);
          this.storage.store(0, 0, this.addresses[at], this.states[at], events);
        }
        pumping = false;
        if (outstanding === 0) resolve();
      };
      pump();
    });
    return done === 0 ? 0 : (done * 1_000) / (last - from);
  }
}

export async function measureDurability(): Promise<readonly DurabilityFigure[]> {
  const results = join(__dirname, "..", "..", "results", "bench");
  mkdirSync(results, { recursive: true });
  const folder = mkdtempSync(join(results, "durability-"));
  const opened: LmdbStorage[] = [];
  const file = openSync(join(folder, "device"), "w+");
  try {
    const block = Buffer.alloc(BLOCK, 0x5a);
    for (let i = 0; i < BLOCKS; i++) writeSync(file, block, 0, BLOCK, i * BLOCK);
    fdatasyncSync(file);
    const storageOf = (mode: Mode): Storage => {
      if (mode === "memory") return new MemoryStorage();
      mkdirSync(join(folder, mode));
      const storage = new LmdbStorage(join(folder, mode), clockNamed("dvvset"), mode);
      opened.push(storage);
      return storage;
    };
    const arms = MODES.map((mode) => ({ mode, driven: new Driven(storageOf(mode)) }));
    console.log(
      `\nDurability: stores a second of 100-byte values over ${String(KEYS)} keys, dvvset; ${String(ROUNDS)} interleaved rounds of ${String(MEASURE_MS)} ms; medians [95 %]\n`,
    );
    return await rounds(arms, () => deviceRate(file, block, MEASURE_MS));
  } finally {
    for (const storage of opened) await storage.close();
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rounds(
  arms: readonly { readonly mode: Mode; readonly driven: Driven }[],
  device: () => number,
): Promise<readonly DurabilityFigure[]> {
  const figures: DurabilityFigure[] = [];
  const add = (name: string, values: readonly number[], unit: string, note = ""): string => {
    const { lo, hi } = medianInterval(values);
    const show = (value: number | null): string =>
      value === null ? "?" : unit === "1/s" ? value.toFixed(0) : value.toPrecision(3);
    const interval = `[${show(lo)}, ${show(hi)}]`;
    figures.push({ name: `durability ${name}`, value: median(values), unit, note: `95 % ${interval}${note}` });
    return `${show(median(values))} ${interval}`;
  };
  console.log(
    `${"in flight".padEnd(10)}${"storage".padEnd(9)}${"stores/s".padEnd(30)}${"over the device's syncs/s".padEnd(28)}over memory`,
  );
  const allSyncs: number[] = [];
  for (const inFlight of IN_FLIGHT) {
    const rates = new Map<Mode, number[]>(MODES.map((mode) => [mode, []]));
    const syncs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // There and back again: who comes first changes.
      const order = round % 2 === 0 ? arms : [...arms].reverse();
      const before = device();
      for (const { mode, driven } of order) rates.get(mode)!.push(await driven.rate(inFlight));
      syncs.push((before + device()) / 2);
    }
    allSyncs.push(...syncs);
    const memory = rates.get("memory")!;
    for (const mode of MODES) {
      const own = rates.get(mode)!;
      const at = `${mode}@${String(inFlight)}`;
      const rate = add(`${at} stores`, own, "1/s");
      const overDevice = own.map((value, i) => value / syncs[i]);
      const overMemory = own.map((value, i) => value / memory[i]);
      const device = mode === "memory" ? "" : add(`${at} over device`, overDevice, "ratio");
      const share = mode === "memory" ? "" : add(`${at} over memory`, overMemory, "ratio");
      console.log(`${String(inFlight).padEnd(10)}${mode.padEnd(9)}${rate.padEnd(30)}${device.padEnd(28)}${share}`);
    }
  }
  const itself = add("device", allSyncs, "1/s", `; ${String(BLOCK)} bytes and fdatasync, before and after each round`);
  console.log(`\nThe device: ${itself} syncs/s of ${String(BLOCK)} bytes`);
  return figures;
}
