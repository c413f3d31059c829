/**
 * `npm run soak -- --minutes 30 --seed S` runs a cluster of real processes for as long as wanted under faults that the
 * seed draws, round after round: sessions write while faults come and go; then all faults end, every operation must have
 * ended, all replicas must come to agree, and every acknowledged write must be there (`test/process/durability.ts`).
 * Meanwhile memory and open files of every process are watched (`vital-signs.ts`). Ends with tables, and with exit code 1
 * when anything was not as promised; Ctrl-C ends the round that is under way and tells of those before it.
 *
 * `--world simulation` runs the same in virtual time: for its row in the table, and to see whether a finding is the
 * protocol's own. There nothing depends on the machine; on processes a seed repeats the faults, not their instants.
 */
import { cpus, loadavg } from "node:os";
import { Books, type DurableWorld } from "../process/durability";
import { type Processes, processesOf } from "../process/durable-processes";
import { LiveCluster } from "../process/live-cluster";
import { type Field, figures, type Load, type Outcome, play, USUAL_LOAD } from "./rounds";
import { describeSettings, drawRound, drawSettings, endOf, type Soaked, turnsOf } from "./scenario";
import { simulatedField } from "./simulated";
import { Life, type LifeTrend, sampleOf, TOLERANCE, WARM_UP_MS } from "./vital-signs";

interface Options extends Soaked, Load {
  readonly world: DurableWorld["name"];
  readonly minutes: number;
  readonly rounds: number;
}

const USAGE = `Usage: npm run soak -- [--minutes M] [--rounds R] [--seed S] [--world processes|simulation]
                       [--storage lmdb|memory] [--sessions N] [--think MS] [--wipe] [--only FAULT]
       npm run soak -- killed-sweep [--kills 20] [--seed S] [--jobs N]
       npm run soak -- coverage [--draws 20000] [--seed S]
  minutes (30)    at most so long; of virtual time in the simulation. Without it, --rounds alone decides
  rounds          at most so many rounds of about 15 s
  seed (1)        draws the cluster's ways of repair and all faults
  storage (lmdb)  memory is never killed, and has no disk that could fail
  sessions (8), think (25): the load; think is the mean pause in milliseconds between two requests of a session
  only            every round has this kind of fault alone: kill, power (all are killed at once), pause, ...
  wipe            one node a round loses its disk; writes with DW one are then not demanded back`;

/** A young generation of the usual size is touched bit by bit for half an hour, which looks just like a leak. */
const NODE_FLAGS = ["--max-semi-space-size=1"];
const SAMPLE_MS = 5_000;
const MOST_BREACHES = 20;

function parse(args: readonly string[]): Options {
  const told = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--wipe") told.set("--wipe", "");
    else told.set(args[i], args[++i] ?? "");
  }
  const take = (name: string): string | undefined => {
    const value = told.get(name);
    told.delete(name);
    return value;
  };
  const number = (name: string, usual: number, least: number): number => {
    const text = take(name);
    const value = text === undefined ? usual : text === "" ? NaN : Number(text);
    if (!(value >= least)) throw new RangeError(`${name} ${String(text)}: a number of at least ${String(least)}`);
    return value;
  };
  const oneOf = <T extends string>(name: string, choices: readonly T[]): T => {
    const text = take(name) ?? choices[0];
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new RangeError(`${name} ${text}: one of ${choices.join(", ")}`);
    return found;
  };
  const options: Options = {
    minutes: number("--minutes", told.has("--rounds") ? Infinity : 30, 0.1),
    rounds: number("--rounds", Infinity, 1),
    seed: number("--seed", 1, 0),
    world: oneOf("--world", ["processes", "simulation"] as const),
    storage: oneOf("--storage", ["lmdb", "memory"] as const),
    sessions: number("--sessions", USUAL_LOAD.sessions, 1),
    convergenceMs: USUAL_LOAD.convergenceMs,
    thinkMs: number("--think", USUAL_LOAD.thinkMs, 1),
    wipe: take("--wipe") !== undefined,
    only: take("--only"),
  };
  const kinds: readonly string[] = turnsOf(options);
  if (options.only !== undefined && !kinds.includes(options.only))
    throw new RangeError(`--only ${options.only}: one of ${kinds.join(", ")}`);
  for (const name of told.keys()) throw new RangeError(`${name}: no such option`);
  if (options.wipe && options.storage === "memory") throw new RangeError("--wipe: memory has no disk");
  return options;
}

/** A running cluster of either world. */
interface Ground extends Field {
  /** Processes to watch, with names that differ between lives. */
  processes(): readonly { readonly who: string; readonly pid: number }[];
  /** What went wrong beside operations, told once. */
  troubles(): readonly string[];
  end(): Promise<void>;
}

const NO_PROCESSES = { processes: () => [], troubles: () => [], end: () => Promise.resolve() };

let interrupted = false;

async function processes(options: Options): Promise<Ground> {
  const settings = drawSettings(options);
  const live = await LiveCluster.startWith(settings, { nodeFlags: NODE_FLAGS });
  let world: Processes;
  try {
    world = await processesOf(live);
  } catch (error) {
    await live.end();
    throw error;
  }
  const troubles: string[] = [];
  return {
    world,
    faults: async (round) => {
      const running = world.faults(round.faults, (why) => void (interrupted || troubles.push(why)));
      const end = performance.now() + endOf(round);
      while (!interrupted && performance.now() < end) await world.pass(50);
      running.finish();
      await running.settled();
      live.logs.length = 0;
    },
    processes: () =>
      live.settings.members.flatMap(({ id }, node) => {
        const pid = live.cluster.pid(node);
        return pid === undefined ? [] : [{ who: `${id}, life ${String(live.cluster.epoch(node))}`, pid }];
      }),
    troubles: () => [...troubles.splice(0), ...live.deaths.splice(0).map((how) => `died by itself: node ${how}`)],
    end: () => live.end(),
  };
}

/** Samples every process now and then. */
class Watch {
  private readonly lives = new Map<string, Life>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly ground: Ground) {
    this.timer = setInterval(() => this.look(), SAMPLE_MS);
    this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The driver's life, and all of nodes' that were long enough to be judged. */
  trends(): { readonly judged: readonly LifeTrend[]; readonly tooShort: number } {
    const trends = [...this.lives.values()].map((life) => life.trend());
    const judged = trends.filter((trend) => trend !== undefined);
    return { judged, tooShort: trends.length - judged.length };
  }

  private look(): void {
    for (const { who, pid } of [{ who: "driver", pid: process.pid }, ...this.ground.processes()]) {
      const sample = sampleOf(pid, performance.now());
      if (sample === undefined) continue;
      let life = this.lives.get(who);
      if (life?.pid !== pid) this.lives.set(who, (life = new Life(who, pid)));
      life.add(sample);
    }
  }
}

function table(rows: readonly (readonly string[])[]): void {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ")); // prettier-ignore
}

function tellVitalSigns({ judged, tooShort }: ReturnType<Watch["trends"]>): void {
  const { memory, files } = TOLERANCE;
  const mib = (bytes: number): string => (bytes / (1 << 20)).toFixed(1);
  console.log(
    `\nMemory and files of ${String(judged.length)} lives of processes (${String(tooShort)} were too short to say; the first ${String(WARM_UP_MS / 1_000)} s are warm-up).`,
  );
  console.log(
    `Not flat: above ${mib(memory.perMinute)} MiB/min and ${mib(memory.rise)} MiB in all, or ${String(files.perMinute)} files/min and ${String(files.rise)} in all.`,
  );
  if (judged.length === 0) return;
  const rows = judged.map(({ who, minutes, memory: own, files: open, flat }) => [
    who,
    minutes.toFixed(1),
    mib(own.last),
    mib(own.perMinute),
    mib(own.rise),
    String(open.last),
    open.perMinute.toFixed(2),
    flat ? "flat" : "RISES",
  ]);
  table([["life of", "minutes", "MiB", "MiB/min", "rise, MiB", "files", "files/min", ""], ...rows]);
}

async function soak(options: Options): Promise<number> {
  console.log(`soak, seed ${String(options.seed)}, ${options.world}: ${describeSettings(drawSettings(options))}`);
  const load = loadavg()[0];
  if (options.world === "processes" && load > cpus().length) {
    console.log(`note: the machine is busy with other things (load ${load.toFixed(1)} on ${String(cpus().length)} cores): times are longer than they would be`); // prettier-ignore
  }
  const ground =
    options.world === "processes" ? await processes(options) : { ...simulatedField(options), ...NO_PROCESSES };
  const watch = options.world === "processes" ? new Watch(ground) : undefined;
  const outcomes: Outcome[] = [];
  const troubles: string[] = [];
  try {
    const books = new Books();
    const began = ground.world.nowMs();
    const minutes = (): number => (ground.world.nowMs() - began) / 60_000;
    for (let n = 1; n <= options.rounds && minutes() < options.minutes && !interrupted; n++) {
      const outcome = await play(
        ground,
        books,
        { soaked: options, load: options },
        drawRound(options, ground.world.settings, n),
        () => interrupted,
      );
      troubles.push(...ground.troubles());
      if (interrupted) break;
      outcomes.push(outcome);
      const { round, convergedMs, breaches } = outcome;
      const faults = round.faults.map(({ id }) => id.replace(/-\d+$/, "")).join(" ");
      const together = convergedMs === undefined ? "never one again" : `one again after ${(convergedMs / 1_000).toFixed(2)} s`; // prettier-ignore
      console.log(
        `${minutes().toFixed(1).padStart(5)} min  round ${String(n)}: ${faults}; ${String(outcome.operations)} operations, ${String(outcome.acknowledged)} acknowledged, ${String(outcome.unknown)} unknown, ${together}${breaches.length === 0 ? "" : `, ${String(breaches.length)} BREACHES`}`,
      );
      for (const { what, evidence } of breaches.slice(0, MOST_BREACHES)) console.log(`        ${what}: ${evidence}`);
      for (const { id, atMs, forMs, action } of breaches.length === 0 ? [] : round.faults)
        console.log(`        ${id} at ${String(atMs)} ms for ${String(forMs)} ms: ${JSON.stringify(action)}`);
      // What follows would be judged by books that no longer hold.
      if (breaches.length > 0 || troubles.length > 0) break;
    }
  } finally {
    watch?.stop();
    await ground.end();
  }
  if (interrupted) console.log("\ninterrupted: the round that was under way is not counted");
  console.log("");
  table(figures(options.world, outcomes));
  const trends = watch?.trends();
  if (trends !== undefined) tellVitalSigns(trends);
  for (const trouble of troubles) console.log(trouble);
  const broken = outcomes.some(({ breaches }) => breaches.length > 0) || troubles.length > 0;
  const rising = trends?.judged.some(({ flat }) => !flat) ?? false;
  if (outcomes.length === 0) console.log("no round was finished");
  const well = !broken && !rising;
  if (well && interrupted) return 130;
  console.log(well ? "\nall promises kept" : `\nNOT WELL: replay the faults with --seed ${String(options.seed)}`);
  return well ? 0 : 1;
}

function onSignal(): void {
  if (interrupted) process.exit(130);
  interrupted = true;
  console.log("\nending (again to end at once)");
}

async function main(): Promise<number> {
  if (process.argv[2] === "coverage") {
    const { coverageSoak } = require("./coverage") as typeof import("./coverage");
    return coverageSoak(process.argv.slice(3));
  }
  if (process.argv[2] === "killed-sweep") {
    const { killedSweep } = require("./killed-sweep") as typeof import("./killed-sweep");
    return killedSweep(process.argv.slice(3));
  }
  let options: Options;
  try {
    options = parse(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return soak(options);
}

void main().then((code) => process.exit(code));
