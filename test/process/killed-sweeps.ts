/**
 * A sweep that is killed (SIGKILL, no goodbye) at a random moment, resumed, killed again, until it gets to its end; over and over, until so many
 * kills have been made. A moment is drawn over the length of the same sweep left alone, start of the program and
 * writing of the report included. After every kill everything that has its final name must be whole, and at the end the run must be the one
 * that nobody killed, byte for byte.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../engine/vocabulary/random";
import { readJournal } from "../../results/record/journal";
import { loadRun } from "../../results/record/reader";
import { storedTrial } from "../../results/record/whole-trial";
import { assertAccountedFor, summaryFiles, Workplace } from "../experiments/sweeps/small-sweep";

const COMMAND = join(__dirname, "..", "..", "dist", "experiments", "cli", "main.js");

export interface Killing {
  readonly text: string;
  /** Trials that the file means. */
  readonly trials: number;
  readonly kills: number;
  readonly seed: number;
  readonly jobs: number;
  readonly log: (line: string) => void;
}

export interface Killed {
  readonly rounds: number;
  readonly kills: number;
  /** By what the killed process was about. */
  readonly moments: Readonly<Record<string, number>>;
}

export async function killSweeps(options: Killing): Promise<Killed> {
  const random = Random.fromSeed(options.seed).fork("kills");
  const whole = new Workplace(options.text);
  const moments: Record<string, number> = {};
  let kills = 0;
  let rounds = 0;
  try {
    const began = performance.now();
    const code = await ended(start(whole, ["run", "sweep.yaml"], options).child);
    assert.equal(code, 0, "left alone it ends well");
    const length = performance.now() - began;
    const expected = summaryFiles(whole.folders()[0]);
    for (; kills < options.kills; rounds++) {
      const at = new Workplace(options.text);
      try {
        for (let done = false; !done;) {
          const words = isBegun(at) ? ["resume", "sweep"] : ["run", "sweep.yaml"];
          const { child, said } = start(at, words, options);
          const over = ended(child);
          const wait = kills < options.kills ? (random.nextUint32() / 2 ** 32) * length : Infinity;
          const killed = await killAfter(child, over, wait);
          if (killed) {
            kills++;
            const moment = momentOf(at);
            moments[moment] = (moments[moment] ?? 0) + 1;
            options.log(`kill ${String(kills)}, ${String(Math.round(wait))} ms after ${words[0]}: ${moment}`);
            assertWholeOrAbsent(at);
            done = isOver(at);
          } else {
            assert.equal(await over, 0, said());
            done = true;
          }
        }
        const [run, ...others] = at.folders();
        assert.deepEqual(others, [], "one run, whatever happened to it");
        assertAccountedFor(run, options.trials);
        assert.deepEqual(summaryFiles(run), expected);
        const verified = await at.type(`verify ${run} --sample 1 -j 1`);
        assert.equal(verified.code, 0, verified.out);
      } finally {
        rmSync(at.cwd, { recursive: true, force: true });
      }
    }
  } finally {
    rmSync(whole.cwd, { recursive: true, force: true });
  }
  return { rounds, kills, moments };
}

function start(
  { cwd }: Workplace,
  words: readonly string[],
  { jobs }: Killing,
): { readonly child: ChildProcess; readonly said: () => string } {
  const child = spawn(process.execPath, [COMMAND, ...words, "-j", String(jobs)], {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => (text += more));
  return { child, said: () => text };
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code));
  });
}

/** False: it was over before. */
async function killAfter(child: ChildProcess, over: Promise<number | null>, ms: number): Promise<boolean> {
  const timer = ms === Infinity ? undefined : setTimeout(() => child.kill("SIGKILL"), ms);
  try {
    await over;
    return child.signalCode === "SIGKILL";
  } finally {
    clearTimeout(timer);
  }
}

/** A run that has a plan. */
function isBegun(at: Workplace): boolean {
  const experiment = join(at.runs, "sweep");
  return existsSync(experiment) && at.folders().some((run) => existsSync(join(run, "manifest.json")));
}

/** Killed when there was nothing left to do but to end. */
function isOver(at: Workplace): boolean {
  return isBegun(at) && at.folders().some((run) => existsSync(join(run, "SHA256SUMS")));
}

function momentOf(at: Workplace): string {
  if (!isBegun(at)) return "before the plan";
  const run = at.folders().find((folder) => existsSync(join(folder, "manifest.json")))!;
  const entries = readJournal(join(run, "journal.jsonl"));
  const last = entries.at(-1)?.event ?? "nothing";
  const { status } = loadRun(run).manifest;
  return status === "running" ? `after "${last}"` : `after the manifest said ${status}`;
}

/** What has its name is whole; a run that has a manifest can be read. */
function assertWholeOrAbsent(at: Workplace): void {
  if (!existsSync(join(at.runs, "sweep"))) return;
  for (const run of at.folders()) if (existsSync(join(run, "manifest.json"))) loadRun(run);
  const trials = at.trials();
  for (const id of existsSync(trials) ? readdirSync(trials) : []) {
    if (id.startsWith(".")) continue;
    const stored = storedTrial(join(trials, id));
    assert.equal(stored.kind, "whole", `${id}: ${JSON.stringify(stored)}`);
  }
}
