/**
 * Key numbers a second from every chooser, and finished names a second: of keys whose names are kept, of fresh ones (hashed
 * as YCSB does, and plain), each with its characters side by side in memory, as whoever sends or prints it needs them. By CPU
 * time, best and median of some rounds.
 */
import { octetsFromText } from "../../engine/vocabulary/octets";
import { Random } from "../../engine/vocabulary/random";
import type { ChooserSettings } from "../../workloads/settings";
import { chooserOver } from "../../workloads/ycsb/chooser";
import { coreWorkload } from "../../workloads/ycsb/core-workload";
import { KeyNamer } from "../../workloads/ycsb/key-number";
import { openAt, ycsbB, type DriverFigure } from "./driver";

const KEYS = 100_000;
const DRAWS = 2_000_000;
const NAMES = 1_000_000;
const ROUNDS = 7;
const GOAL_INDICES = 8e6;
const GOAL_NAMES = 5e6;

const CHOSEN: readonly ChooserSettings[] = [
  { name: "uniform" },
  { name: "zipfian" },
  { name: "zipf", theta: 0.99 },
  { name: "latest" },
  { name: "hotspot", dataFraction: 0.2, operationFraction: 0.8 },
  { name: "sequential" },
  { name: "exponential", percentile: 95, fraction: 0.8571428571 },
];

export function measureChoosers(): readonly DriverFigure[] {
  const figures: DriverFigure[] = [];
  /** Read by nobody, but not to be optimised away. */
  let sum = 0;
  const one = (name: string, count: number, goal: number | undefined, run: () => void): void => {
    const rates: number[] = [];
    for (let i = 0; i <= ROUNDS; i++) {
      const before = process.cpuUsage();
      run();
      const { user, system } = process.cpuUsage(before);
      if (i > 0) rates.push((count * 1e6) / (user + system));
    }
    rates.sort((a, b) => a - b);
    const [best, median] = [rates[rates.length - 1], rates[rates.length >> 1]];
    const millions = (rate: number): string => (rate / 1e6).toFixed(1);
    console.log(`  ${name.padEnd(36)} best ${millions(best).padStart(6)}  median ${millions(median).padStart(6)} M/s`);
    const note = `best ${millions(best)} M/s${goal === undefined ? "" : `; goal ${millions(goal)} M/s`}`;
    figures.push({ name: `choosers/${name}`, value: median, unit: "1/s of CPU", note });
  };

  console.log(`\nKey numbers out of ${String(KEYS)}, and names: a second of CPU\n`);
  for (const settings of CHOSEN) {
    const chooser = chooserOver(settings, KEYS);
    const random = Random.fromSeed("choosers");
    one(settings.name, DRAWS, GOAL_INDICES, () => {
      for (let i = 0; i < DRAWS; i++) sum += chooser.next(random);
    });
  }
  for (const hashed of [true, false]) {
    const namer = new KeyNamer({ prefix: octetsFromText("user"), hashed, zeroPadding: hashed ? 1 : 12 });
    let number = 0;
    one(`names, ${hashed ? "hashed" : "in order"}, fresh`, NAMES, GOAL_NAMES, () => {
      for (let i = 0; i < NAMES; i++) sum += lastCharacter(namer.name(number++));
    });
  }
  for (const [what, keys] of [
    ["kept", KEYS],
    ["more than are kept", 10_000_000],
  ] as const) {
    const settings = ycsbB(openAt(1, "constant"), keys);
    const reads = { ...settings.mix, read: 1, update: 0 };
    const workload = coreWorkload({ ...settings, mix: reads }, Random.fromSeed("names"));
    one(`operations drawn, names ${what}`, NAMES, undefined, () => {
      for (let i = 0; i < NAMES; i++) sum += lastCharacter(workload.next().key.key);
    });
  }
  if (!Number.isFinite(sum)) throw new Error("a benchmark computed nonsense");
  return figures;
}

/** Reads it, for which its characters have to stand side by side. */
function lastCharacter(name: string): number {
  return name.charCodeAt(name.length - 1);
}
