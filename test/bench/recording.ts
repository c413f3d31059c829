/**
 * What it costs the driver's thread to record an operation: the latency histograms, the raw history, both together as a trial
 * has them, and the whole fold with all its measures. In nanoseconds of CPU time of this thread an operation (where the
 * system tells it by thread; else of the process), less what it costs to hand the operations over; beside it that of all
 * threads, of which one turns the raw history into compressed lines and others collect garbage.
 *
 * Operations are those that YCSB's B mix leaves, in a time base as processes have it, sent late: one that leaves when it is
 * wanted costs less. A few thousand are made beforehand and handed over again and again at later times, because in a trial
 * they come fresh from the driver, and so many that no cache holds them would be slower than they are there.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TrialFold } from "../../results/measures/fold";
import { FaultTimes } from "../../results/measures/fault-times";
import { IntervalGrid } from "../../results/measures/interval-grid";
import { MEASURES } from "../../results/measures/measure";
import { HistoryWriter } from "../../results/record/history-file";
import type { OperationRecord } from "../../results/record/history";
import { driverFor, Machine, openAt, ycsbB, type DriverFigure } from "./driver";

const TEMPLATES = 4_096;
const OPERATIONS = 1_000_000;
/** Fewer than may wait for the history's thread: at a hundred times the rate of any store the driver would wait for it. */
const HISTORY = 120_000;
/** The whole fold is slow enough to be measured with fewer. */
const FOLDED = 100_000;
const ROUNDS = 5;
const GOAL_NS = 200;
const RATE = 100_000;
const SECOND = 1_000_000;
const LATE_MICROS = 300;
const SERVICE_MICROS = 400;
/** Beyond 31 bits. */
const BEGIN = 2 ** 40;

type Mutable = { -readonly [Field in keyof OperationRecord]: OperationRecord[Field] };

export function templates(count: number): Mutable[] {
  const records: Mutable[] = [];
  const load = openAt(SECOND, "constant");
  const machine = new Machine(driverFor(ycsbB(load), 0, { warmupMs: 0, measureMs: 1e9 }), (record) =>
    records.push({ ...record, phase: "measure" }),
  );
  machine.run(count);
  return records;
}

/** Hands so many over, one after the other, in order of completion. */
function feed(records: readonly Mutable[], count: number, consume: (record: OperationRecord) => void): void {
  for (let i = 0; i < count; i++) {
    const record = records[i % records.length];
    record.intended = BEGIN + Math.floor((i * SECOND) / RATE);
    record.start = record.intended + 1 + ((i * 7919) % LATE_MICROS);
    record.end = record.start + SERVICE_MICROS + ((i * 104_729) % 3_000);
    record.id = i + 1;
    consume(record);
  }
}

interface Cpu {
  readonly thread: number;
  readonly all: number;
}

function cpuNs(): Cpu {
  const { user, system } = process.cpuUsage();
  const all = (user + system) * 1_000;
  try {
    const file = `/proc/self/task/${String(process.pid)}/schedstat`;
    return { thread: Number(readFileSync(file, "latin1").split(" ")[0]), all };
  } catch {
    return { thread: all, all };
  }
}

export async function measureRecording(): Promise<readonly DriverFigure[]> {
  console.log(
    `\nRecording operations of YCSB B: ns of CPU an operation, on the driver's thread (best, median of ${String(ROUNDS)} rounds) and on all\n`,
  );
  const records = templates(TEMPLATES);
  const folder = mkdtempSync(join(tmpdir(), "quorumlab-bench-"));
  const file = join(folder, "history.jsonl.gz");
  const figures: DriverFigure[] = [];
  let handing: Cpu = { thread: 0, all: 0 };

  const one = async (
    name: string,
    count: number,
    begin: () => { readonly consume: (record: OperationRecord) => void; readonly end?: () => Promise<void> },
    goal?: number,
  ): Promise<Cpu> => {
    const rounds: Cpu[] = [];
    for (let i = 0; i <= ROUNDS; i++) {
      const { consume, end } = begin();
      const before = cpuNs();
      feed(records, count, consume);
      const thread = (cpuNs().thread - before.thread) / count - handing.thread;
      await end?.();
      if (i > 0) rounds.push({ thread, all: (cpuNs().all - before.all) / count - handing.all });
    }
    rounds.sort((a, b) => a.thread - b.thread);
    const [best, median] = [rounds[0], rounds[rounds.length >> 1]];
    const text = (ns: number): string => ns.toFixed(0).padStart(5);
    console.log(
      `  ${name.padEnd(40)} ${text(best.thread)} ${text(median.thread)} ns    all threads ${text(median.all)} ns`,
    );
    const note = `best ${best.thread.toFixed(0)}, all threads ${median.all.toFixed(0)} ns`;
    figures.push({
      name: `recording/${name}`,
      value: median.thread,
      unit: "ns",
      note: goal === undefined ? note : `${note}; goal ${String(goal)} ns`,
    });
    return median;
  };
  const setup = (): Parameters<(typeof MEASURES)[string]>[0] => {
    const grid = new IntervalGrid(1_000);
    grid.begin({
      startOfWarmup: BEGIN,
      startOfMeasure: BEGIN,
      endOfMeasure: BEGIN + Math.ceil(OPERATIONS / RATE) * SECOND,
    });
    const pasts = { of: () => undefined };
    return { grid, percentiles: [], latencyLog: () => undefined, faults: new FaultTimes(), pasts };
  };
  const alone = (name: string) => () => {
    const measure = MEASURES[name](setup());
    return { consume: (record: OperationRecord) => measure.operation(record) };
  };
  try {
    let sum = 0;
    handing = await one("(handing over, not in the others)", OPERATIONS, () => ({
      consume: (record) => void (sum += record.end),
    }));
    if (!Number.isFinite(sum)) throw new Error("a benchmark computed nonsense");
    await one("latency histograms", OPERATIONS, alone("latency"));
    await one("history, every key", HISTORY, () => {
      const history = new HistoryWriter(file, 1);
      return { consume: (record) => history.operation(record), end: () => history.close() };
    });
    await one(
      "both",
      HISTORY,
      () => {
        const history = new HistoryWriter(file, 1);
        const latency = MEASURES["latency"](setup());
        return {
          consume: (record) => {
            latency.operation(record);
            history.operation(record);
          },
          end: () => history.close(),
        };
      },
      GOAL_NS,
    );
    console.log(`    the history has ${(statSync(file).size / HISTORY).toFixed(1)} bytes an operation on disk`);
    await one("fold with all measures", FOLDED, () => {
      const { phases } = setup().grid;
      const fold = new TrialFold({ intervalMs: 1_000, percentiles: [], phases, latencyLog: () => undefined });
      return { consume: (record) => fold.operation(record) };
    });
    for (const name of Object.keys(MEASURES)) await one(`  ${name}`, FOLDED, alone(name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return figures;
}
