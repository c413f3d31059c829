/**
 * `npm run swarm -- --minutes 5 [--from S]` tries seed after seed and reports what really fired; `--seed S` replays one.
 * Every seed runs twice and must give one digest. A seed that breaks a promise ends the swarm: one line to replay it,
 * what was promised, what shows that it was not kept. Exit code 1 then, 2 for options that mean nothing.
 */
import { Census } from "./census";
import { drawScenario } from "./draw";
import { describeFailure, type Failure, tryTwice } from "./twice";

interface Options {
  readonly minutes: number;
  readonly from: number;
  readonly seed: number | undefined;
}

const USAGE = "Usage: npm run swarm -- [--minutes M] [--from S] [--seed S]";

function parse(args: readonly string[]): Options {
  let options: Options = { minutes: 1, from: 2_000_000, seed: undefined };
  for (let i = 0; i < args.length; i += 2) {
    const value = Number(args[i + 1]);
    const whole = Number.isSafeInteger(value) && value >= 0;
    if (args[i] === "--minutes" && value > 0 && value < 10_000) options = { ...options, minutes: value };
    else if (args[i] === "--from" && whole) options = { ...options, from: value };
    else if (args[i] === "--seed" && whole) options = { ...options, seed: value };
    else
      throw new RangeError(`${String(args[i])} ${String(args[i + 1] ?? "")}: no such option, or not a number for it`);
  }
  return options;
}

function replay(seed: number): number {
  const scenario = drawScenario(seed);
  console.log(`seed ${String(seed)}: ${scenario.traits.join(", ")}`);
  for (const { id, atMs, forMs, action } of scenario.faults) {
    console.log(`  ${String(atMs)} ms ${id}${forMs === undefined ? "" : ` for ${String(forMs)} ms`} ${JSON.stringify(action)}`); // prettier-ignore
  }
  const { run, failure } = tryTwice(seed);
  console.log(`  ${String(run.operations)} operations, ${String(run.events)} events, digest ${run.digest}`);
  for (const { bug, violation } of run.known) console.log(`  open bug (${bug.name}): ${violation.invariant}: ${violation.evidence}`); // prettier-ignore
  for (const { at, invariant, evidence } of run.violations) console.log(`  ${String(at)} ${invariant}: ${evidence}`);
  if (failure === undefined) return 0;
  console.error(describeFailure(failure));
  return 1;
}

function swarm({ minutes, from }: Options): number {
  const census = new Census();
  const began = performance.now();
  const end = began + minutes * 60_000;
  let seeds = 0;
  let operations = 0;
  let told = began;
  let failure: Failure | undefined;
  for (let seed = from; performance.now() < end && failure === undefined; seed++) {
    const tried = tryTwice(seed);
    failure = tried.failure;
    seeds++;
    operations += tried.run.operations;
    census.merge(tried.run.census);
    if (performance.now() - told < 10_000) continue;
    told = performance.now();
    console.error(`${String(Math.round((told - began) / 1000))} s: ${String(seeds)} seeds, ${String(operations)} operations`); // prettier-ignore
  }
  const spent = (performance.now() - began) / 60_000;
  for (const line of census.lines()) console.log(line);
  for (const what of census.missing()) console.log(`warning: never fired: ${what}`);
  console.log(`${String(seeds)} seeds from ${String(from)}, each twice, ${String(Math.round(seeds / spent))} a minute, ${String(operations)} operations`); // prettier-ignore
  if (failure === undefined) return 0;
  console.error(describeFailure(failure));
  return 1;
}

function main(): number {
  let options: Options;
  try {
    options = parse(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  return options.seed === undefined ? swarm(options) : replay(options.seed);
}

process.exitCode = main();
