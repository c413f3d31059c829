/**
 * A load as long as one likes: millions of operations through the driver and the whole fold, without raw history, and the
 * resident set after every tenth of them. What a run holds must depend on how many keys there are and how many intervals
 * its series have, not on how many operations it makes. In virtual time, as fast as it goes.
 *
 *     npm run bench -- long-load 100     so many millions
 */
import { TrialFold } from "../../results/measures/fold";
import { driverFor, Machine, openAt, ycsbB, type DriverFigure } from "./driver";

const KEYS = 10_000;
const STEPS = 10;
const MILLION = 1_000_000;
/** Of virtual time, a microsecond a turn of the machine. */
const PER_SECOND = 1_000_000;
const INTERVALS = 100;
/** What the first tenth brings to life; the rest must not add more than so much of it. */
const MOST_GROWTH = 0.1;

export function measureLongLoad(millions: number): readonly DriverFigure[] {
  const operations = millions * MILLION;
  console.log(
    `\nA long load: ${String(millions)} M operations of YCSB B over ${String(KEYS)} keys, driver and fold, no raw history\n`,
  );
  const measureMs = (operations / PER_SECOND) * 2_000;
  const driver = driverFor(ycsbB(openAt(PER_SECOND, "poisson"), KEYS), 0, { warmupMs: 0, measureMs });
  const fold = new TrialFold({
    intervalMs: measureMs / INTERVALS,
    percentiles: [],
    phases: { startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: measureMs * 1_000 },
    latencyLog: () => undefined,
  });
  const machine = new Machine(driver, (record) => fold.operation(record));
  const began = process.cpuUsage();
  const sizes: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    machine.run(operations / STEPS);
    global.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    sizes.push(heapUsed / 1e6);
    const { user, system } = process.cpuUsage(began);
    console.log(
      `  ${((millions * step) / STEPS).toFixed(0).padStart(5)} M   ${(rss / 1e6).toFixed(0).padStart(5)} MB resident   ${(heapUsed / 1e6).toFixed(1).padStart(7)} MB of heap   ${((user + system) / 1e6).toFixed(0).padStart(4)} s of CPU`,
    );
  }
  const growth = sizes[STEPS - 1] / sizes[0] - 1;
  console.log(
    `\n  heap after all against after the first tenth: ${growth >= 0 ? "+" : ""}${(growth * 100).toFixed(1)} % (goal: at most ${String(MOST_GROWTH * 100)} %)`,
  );
  return [
    {
      name: `long load, ${String(millions)} M operations: growth of the heap from the first tenth on`,
      value: growth,
      unit: "ratio",
      note: `${sizes[0].toFixed(1)} to ${sizes[STEPS - 1].toFixed(1)} MB${global.gc === undefined ? ", not collected before" : ""}; goal at most ${String(MOST_GROWTH)}`,
    },
  ];
}
