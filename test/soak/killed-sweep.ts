/**
 * `npm run soak -- killed-sweep [--kills 20] [--seed S] [--jobs 2]`: a sweep of 12 trials with raw histories, killed at random moments and resumed
 * until so many kills have been made. See `test/process/killed-sweeps.ts` for what must hold.
 */
import { killSweeps } from "../process/killed-sweeps";
import { SWEEP } from "../experiments/sweeps/small-sweep";

const LONGER = SWEEP.replace("r: [1, 2, 3]", "r: [1, 2, 3], w: [1, 3]")
  .replace("baseline: {r: 1}", "baseline: {r: 1, w: 1}")
  .replace("measure: {interval: 50ms}", "measure: {interval: 50ms, raw: {history: all}}");

export async function killedSweep(args: readonly string[]): Promise<number> {
  const numbers = new Map([
    ["--kills", 20],
    ["--seed", 1],
    ["--jobs", 2],
  ]);
  for (let i = 0; i < args.length; i += 2) {
    const value = Number(args[i + 1]);
    if (!numbers.has(args[i]) || !Number.isSafeInteger(value) || value < 1) {
      console.error(
        `killed-sweep ${args.slice(i, i + 2).join(" ")}: allowed: ${[...numbers.keys()].join(", ")}, a whole number each`,
      );
      return 2;
    }
    numbers.set(args[i], value);
  }
  const [kills, seed, jobs] = [...numbers.values()];
  const log = (line: string): void => console.log(line);
  const { rounds, moments } = await killSweeps({ text: LONGER, trials: 12, kills, seed, jobs, log });
  console.log(
    `\n${String(kills)} kills in ${String(rounds)} sweeps, each done in the end and the same as one that nobody killed`,
  );
  for (const [moment, count] of Object.entries(moments).sort())
    console.log(`  ${String(count).padStart(3)}  ${moment}`);
  return 0;
}
