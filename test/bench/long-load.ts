/**
 * A load as long as one likes: millions of operations (YCSB A) through the driver and the whole fold, without raw history, and the
 * resident set after every tenth of them. What a run holds depends on how many keys there are, how many clients know how many
 * of them (what the measure of causality holds until its own bounds, some 150 bytes a client and key, is most of it) and how many
 * intervals its series have, not on how many operations it makes: once every client has met every key, nothing grows. In
 * virtual time, as fast as it goes.
 *
 *     npm run bench -- long-load 100     so many millions
 */
import { TrialFold } from "../../results/measures/fold";
import type { Reply, Request } from "../../workloads/operation";
import { driverFor, Machine, openAt, WRITTEN, ycsbB, type DriverFigure } from "./driver";

const KEYS = 2_000;
const CLIENTS = 16;
const STEPS = 10;
const MILLION = 1_000_000;
/** Of virtual time, a microsecond a turn of the machine. */
const PER_SECOND = 1_000_000;
const INTERVALS = 100;
/** By the half everybody has met everything. */
const MOST_GROWTH = 0.05;

/** A store of one copy: a read brings what was written last. */
function oneCopy(): (request: Request) => Reply {
  const written = new Map<string, number>();
  return ({ kind, key, writeId }) => {
    const before = written.get(key.key);
    if (kind !== "get") {
      written.set(key.key, writeId);
      return { ...WRITTEN, versions: [writeId] };
    }
    if (before === undefined) return { ...WRITTEN, context: "" };
    return { ...WRITTEN, versions: [before], payloads: ["v"], values: 1 };
  };
}

export function measureLongLoad(millions: number): readonly DriverFigure[] {
  const operations = millions * MILLION;
  console.log(
    `\nA long load: ${String(millions)} M operations, half of them updates, over ${String(KEYS)} keys, ${String(CLIENTS)} clients, driver and fold, no raw history\n`,
  );
  const measureMs = (operations / PER_SECOND) * 2_000;
  const settings = ycsbB({ ...openAt(PER_SECOND, "poisson"), clients: CLIENTS }, KEYS);
  // Half updates: what is held of writes is bounded by hundreds of thousands of them, which B's mix takes long to make.
  const updating = { ...settings, mix: { ...settings.mix, read: 0.5, update: 0.5 } };
  const driver = driverFor(updating, 0, {
    warmupMs: 0,
    measureMs,
  });
  const fold = new TrialFold({
    intervalMs: measureMs / INTERVALS,
    percentiles: [],
    phases: { startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: measureMs * 1_000 },
    latencyLog: () => undefined,
  });
  const machine = new Machine(driver, (record) => fold.operation(record), oneCopy());
  const began = process.cpuUsage();
  const sizes: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    machine.run(operations / STEPS);
    global.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    sizes.push(heapUsed / 1e6);
    const { user, system } = process.cpuUsage(began);
    console.log(
      `  ${((millions * step) / STEPS).toFixed(1).padStart(6)} M   ${(rss / 1e6).toFixed(0).padStart(5)} MB resident   ${(heapUsed / 1e6).toFixed(1).padStart(7)} MB of heap   ${((user + system) / 1e6).toFixed(0).padStart(4)} s of CPU`,
    );
  }
  const half = sizes[STEPS / 2 - 1];
  const growth = sizes[STEPS - 1] / half - 1;
  console.log(
    `\n  heap after all against after half: ${growth >= 0 ? "+" : ""}${(growth * 100).toFixed(1)} % (goal: at most ${String(MOST_GROWTH * 100)} %)`,
  );
  return [
    {
      name: `long load, ${String(millions)} M operations: growth of the heap from the half on`,
      value: growth,
      unit: "ratio",
      note: `${half.toFixed(1)} to ${sizes[STEPS - 1].toFixed(1)} MB${global.gc === undefined ? ", not collected before" : ""}; goal at most ${String(MOST_GROWTH)}`,
    },
  ];
}
