/**
 * `npm run bench`: what the machine, the bare ceiling and the engine can do, as tables and as results/bench/<time>.json.
 * The figure to trust is the ratio of engine to ceiling within one run; a ceiling far below what such a machine gives on
 * a quiet day means that somebody else was using it, and marks the run doubtful.
 *
 *     npm run bench            everything, about seven minutes
 *     npm run bench -- engine  one part: micro, engine, ring, memory, simulation, clocks, predict, anti-entropy, and those that
 *                              only run when named, each some minutes: durability, hints, aae-upkeep, membership, dissemination,
 *                              driver, recording, choosers, long-load, http, http-driver, report
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { pinThisProcess, place } from "../../engine/real/placement";
import { measureAaeUpkeep } from "./aae-upkeep";
import { measureAntiEntropy } from "./anti-entropy";
import { measureMembership } from "./membership";
import { type RunningCeiling, startCeiling } from "./ceiling";
import { measureDissemination } from "./dissemination";
import { measureChoosers } from "./choosers";
import { measureDriver } from "./driver";
import { measureDurability } from "./durability";
import { type EngineFigures, type RunningEngine, startEngine } from "./engine";
import { measureHints } from "./hints";
import { measureHttp } from "./http";
import { measureHttpDriver } from "./http-driver";
import { measureLongLoad } from "./long-load";
import { measureMemory } from "./memory";
import { measureMicro } from "./micro";
import { measureClocks } from "./clocks";
import { measurePredictions } from "./predict";
import { measureRecording } from "./recording";
import { measureReports } from "./report";
import { measureRing } from "./ring";
import { measureSimulation } from "./simulation";

interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

/** Answers per second of such a ceiling on a quiet machine with two cores, 64 in flight: nodes pinned to one core and the client to the other; unpinned. */
const QUIET_CEILING = { pinned: 167_000, unpinned: 186_000 } as const;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
/** Five processes that share a core need this long until their hot code is compiled. */
const WARMUP_MS = 12_000;
const SETTLE_MS = 500;
const MEASURE_MS = 2_500;
const KEYS = 10_000;
/** Bytes of a request and of an answer as the engine's codec makes them for a 100-byte value, averaged over gets and puts. */
const REQUEST_BYTES = 110;
const ANSWER_BYTES = 110;

const results: Result[] = [];
const doubts: string[] = [];

function report(name: string, value: number, unit: string, note = ""): void {
  results.push({ name, value, unit, note });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length % 2 === 1
    ? sorted[(sorted.length - 1) / 2]
    : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}

function thousands(value: number): string {
  return (value / 1_000).toFixed(1).padStart(8) + " k";
}

function pressure(): number | undefined {
  try {
    return Number(/avg10=([\d.]+)/.exec(readFileSync("/proc/pressure/cpu", "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

async function engineAgainstCeiling(): Promise<void> {
  console.log(
    `\nEngine against bare ceiling: 5 processes each, N=3 R=W=2, 100-byte values, YCSB zipfian over ${String(KEYS)} keys, half gets`,
  );
  console.log(
    `both warmed up for ${String(WARMUP_MS / 1000)} s, then ${String(ROUNDS)} interleaved rounds of ${String(MEASURE_MS / 1000)} s; medians\n`,
  );
  console.log(
    "placement  in flight   ceiling/s    engine/s   ratio [min, max]      p50 us   p99 us   node CPU us/op  messages/op  steps/op",
  );
  for (const pin of ["pinned", "unpinned"] as const) {
    const placement = place(pin === "pinned" ? "auto" : "none", 5);
    const unpin = pinThisProcess(placement.driver);
    const ceiling = await startCeiling(placement, REQUEST_BYTES, ANSWER_BYTES);
    const engine = await startEngine(placement, KEYS);
    try {
      await ceiling.run({ inFlight: 64, warmupMs: 0, measureMs: WARMUP_MS });
      await engine.run({ inFlight: 64, warmupMs: 0, measureMs: WARMUP_MS });
      for (const inFlight of [1, 8, 64]) await compare(pin, placement.description, inFlight, ceiling, engine);
    } finally {
      ceiling.stop();
      await engine.stop();
      unpin();
    }
  }
}

async function compare(
  pin: keyof typeof QUIET_CEILING,
  placement: string,
  inFlight: number,
  ceiling: RunningCeiling,
  engine: RunningEngine,
): Promise<void> {
  const round = { inFlight, warmupMs: SETTLE_MS, measureMs: MEASURE_MS };
  const bare: number[] = [];
  const ours: EngineFigures[] = [];
  const ratios: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    // A B, B A, …: a machine that gets busier does so for both.
    if (i % 2 === 0) bare.push((await ceiling.run(round)).perSecond);
    const figures = await engine.run(round);
    ours.push(figures);
    if (i % 2 === 1) bare.push((await ceiling.run(round)).perSecond);
    ratios.push(figures.perSecond / bare[i]);
    if (figures.failed > 0)
      doubts.push(`${String(figures.failed)} operations failed at ${String(inFlight)} in flight, ${pin}`);
  }
  const of = (pick: (figures: EngineFigures) => number): number => median(ours.map(pick));
  const ratio = median(ratios);
  const rate = of(({ perSecond }) => perSecond);
  const ceilingRate = median(bare);
  const cpu = of(({ nodeCpuUsPerOp }) => nodeCpuUsPerOp);
  console.log(
    [
      `${pin.padEnd(9)} ${String(inFlight).padStart(9)}  ${thousands(ceilingRate)}  ${thousands(rate)}`,
      `${ratio.toFixed(3)} [${Math.min(...ratios).toFixed(3)}, ${Math.max(...ratios).toFixed(3)}]`,
      of(({ p50Us }) => p50Us)
        .toFixed(0)
        .padStart(7),
      of(({ p99Us }) => p99Us)
        .toFixed(0)
        .padStart(6),
      cpu.toFixed(1).padStart(14),
      of(({ messagesPerOp }) => messagesPerOp)
        .toFixed(2)
        .padStart(11),
      of(({ stepsPerOp }) => stepsPerOp)
        .toFixed(1)
        .padStart(8),
    ].join("  "),
  );
  const note = `${placement}; rounds ${ratios.map((value) => value.toFixed(3)).join(" ")}`;
  report(`engine/ceiling@${String(inFlight)} ${pin}`, ratio, "ratio", note);
  report(`engine@${String(inFlight)} ${pin}`, rate, "1/s", note);
  report(`ceiling@${String(inFlight)} ${pin}`, ceilingRate, "1/s", note);
  report(
    `engine p99@${String(inFlight)} ${pin}`,
    of(({ p99Us }) => p99Us),
    "us",
    note,
  );
  report(`node CPU@${String(inFlight)} ${pin}`, cpu, "us/op", note);
  if (inFlight === 64 && ceilingRate < 0.7 * QUIET_CEILING[pin]) {
    doubts.push(
      `the ceiling ${pin} reached ${(ceilingRate / 1000).toFixed(0)} k/s, less than 70 % of ${String(QUIET_CEILING[pin] / 1000)} k/s: the machine is not quiet, or its system calls are dearer (a bare one takes ${systemCallNs().toFixed(0)} ns)`,
    );
  }
}

/** The smallest system call Node makes, net of the call into native code: on some virtual machines it decides everything. */
function systemCallNs(): number {
  const calls = 100_000;
  const time = (call: () => void): number => {
    const began = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) call();
    return Number(process.hrtime.bigint() - began) / calls;
  };
  const native = (): void => void process.uptime();
  const system = (): void => void process.getuid?.();
  time(native);
  time(system);
  return Math.max(0, time(system) - time(native));
}

async function main(): Promise<void> {
  const part = process.argv[2];
  const before = pressure();
  if (before !== undefined && before > 5) doubts.push(`CPU pressure was ${String(before)} % before the start`);
  if (part === undefined || part === "micro") {
    for (const { name, perSecond, samples } of await measureMicro()) {
      report(name, perSecond, "1/s", `tinybench, ${String(samples)} samples`);
    }
  }
  if (part === undefined || part === "engine") await engineAgainstCeiling();
  if (part === "report") {
    for (const { name, value, unit } of measureReports()) report(name, value, unit);
  }
  if (part === undefined || part === "ring") {
    for (const { name, value, unit } of await measureRing()) report(name, value, unit);
  }
  if (part === undefined || part === "memory") {
    for (const { name, megabytes, note } of await measureMemory()) report(name, megabytes, "MB", note);
  }
  if (part === undefined || part === "simulation") {
    for (const { name, value, unit, note } of await measureSimulation()) report(name, value, unit, note);
  }
  if (part === undefined || part === "clocks") {
    for (const { clock, keys, ratio, least, most } of measureClocks())
      report(`store/${clock}@${String(keys)}`, ratio, "ratio to lww", `[${least.toFixed(2)}, ${most.toFixed(2)}]`);
  }
  if (part === undefined || part === "predict") {
    for (const { name, value, unit, note } of measurePredictions()) report(name, value, unit, note);
  }
  if (part === undefined || part === "anti-entropy") {
    for (const { name, value, unit, note } of measureAntiEntropy()) report(name, value, unit, note);
  }
  if (part === "membership") {
    for (const { name, value, unit, note } of measureMembership()) report(name, value, unit, note);
  }
  if (part === "dissemination") {
    for (const { name, value, unit, note } of measureDissemination()) report(name, value, unit, note);
  }
  if (part === "durability") {
    for (const { name, value, unit, note } of await measureDurability()) report(name, value, unit, note);
  }
  if (part === "driver") {
    for (const { name, value, unit, note } of await measureDriver()) report(name, value, unit, note);
  }
  if (part === "recording") {
    for (const { name, value, unit, note } of await measureRecording()) report(name, value, unit, note);
  }
  if (part === "choosers") {
    for (const { name, value, unit, note } of measureChoosers()) report(name, value, unit, note);
  }
  if (part === "long-load") {
    for (const { name, value, unit, note } of measureLongLoad(Number(process.argv[3] ?? 100)))
      report(name, value, unit, note);
  }
  if (part === "http") {
    for (const { name, value, unit, note } of await measureHttp()) report(name, value, unit, note);
  }
  if (part === "http-driver") {
    for (const { name, value, unit, note } of await measureHttpDriver()) report(name, value, unit, note);
  }
  if (part === "hints") {
    for (const { name, value, unit, note } of await measureHints()) report(name, value, unit, note);
  }
  if (part === "aae-upkeep") {
    for (const { name, value, unit, note } of measureAaeUpkeep()) report(name, value, unit, note);
  }
  const after = pressure();
  if (before !== undefined && after !== undefined)
    console.log(`\nCPU pressure (avg10): ${String(before)} % before, ${String(after)} % after, its own included`);
  if (doubts.length > 0) console.log(`\nDOUBTFUL:\n${doubts.map((doubt) => `  - ${doubt}`).join("\n")}`);
  const cores = cpus();
  const document = {
    schema: "quorumlab/bench@1",
    at: new Date().toISOString(),
    machine: {
      cpu: cores[0]?.model.trim(),
      cores: cores.length,
      kernel: release(),
      node: process.version,
      cpuPressureAvg10: before ?? null,
      cpuPressureAvg10After: after ?? null,
    },
    validity: { verdict: doubts.length === 0 ? "valid" : "doubtful", doubts },
    results,
  };
  const folder = join(__dirname, "..", "..", "results", "bench");
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(document, null, 1) + "\n";
  const file = `${document.at.replace(/[-:]/g, "").replace(/\.\d+/, "")}.json`;
  writeFileSync(join(folder, file), text);
  writeFileSync(join(folder, "latest.json"), text);
  console.log(`\nwritten: results/bench/${file}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
